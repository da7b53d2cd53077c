/* SageMaker Search over training jobs and every kind that it claims: sort, paging,
 * TotalHits. */
#include "aws/local/services/search.h"

static int compare_properties(const struct property *a, const struct property *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->kind == VALUE_TEXT)
		return strcmp(a->text, b->text);
	return (a->number > b->number) - (a->number < b->number);
}

static int compare(const void *x, const void *y, void *user)
{
	const struct candidate *a = x, *b = y;
	int rc = compare_properties(&a->sort_key, &b->sort_key);

	/* Equal keys keep one order from page to page. */
	if (!rc)
		rc = (a->seq > b->seq) - (a->seq < b->seq);
	return *(bool *)user ? -rc : rc;
}

/* Finds its sort key; false where it does not match. */
static bool take(struct call *c, struct candidate *k, const json_t *expression, const char *sort_by)
{
	if (expression && !candidate_matches(c, k, expression)) {
		json_decref(k->document);
		return false;
	}
	if (str_eq(sort_by, "LastModifiedTime"))
		k->sort_key = property_of_time(k->modified_ms);
	else if (str_eq(sort_by, "CreationTime"))
		k->sort_key = property_of_time(k->created_ms);
	else if (!candidate_values(c, k, sort_by, &k->sort_key, 1))
		k->sort_key = (struct property){0};
	return true;
}

static int64_t doc_time_ms(const struct document *r, const char *member)
{
	return member ? (int64_t)(json_get_f64(r->doc, member, 0) * 1000 + 0.5) : 0;
}

/* Trial components belong to jobs: training, processing and transform. */
static bool kind_takes_part(const struct document_kind *k, const char *resource, bool components)
{
	return components ? str_eq(k->id, "processing") || str_eq(k->id, "transform") : str_eq(k->search, resource);
}

static struct candidate *collect(struct call *c, const char *resource, const json_t *expression, const char *sort_by,
				 size_t *ret_n)
{
	bool components = str_eq(resource, "ExperimentTrialComponent");
	const struct job_table *t = c->e->jobs;
	struct candidate *list = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < t->n && (components || str_eq(resource, "TrainingJob")); i++) {
		struct candidate k = {.job = t->items[i],
				      .component = components,
				      .seq = t->items[i]->seq * 2,
				      .created_ms = t->items[i]->created_ms,
				      .modified_ms = t->items[i]->modified_ms};

		GROW(list, cap, n + 1);
		if (take(c, &k, expression, sort_by))
			list[n++] = k;
	}
	const struct document_kind *kind;

	for (size_t row = 0; (kind = kind_at(row)); row++) {
		const struct document_list *all = documents_of(c->e, kind->id);

		for (size_t i = 0; i < all->n && kind_takes_part(kind, resource, components); i++) {
			const struct document *r = all->items[i];
			int64_t created = doc_time_ms(r, kind->created), modified = doc_time_ms(r, kind->modified);
			struct candidate k = {.resource = r,
					      .kind = kind,
					      .component = components,
					      .seq = r->seq * 2 + 1,
					      .created_ms = created,
					      .modified_ms = modified ? modified : created};

			GROW(list, cap, n + 1);
			if (take(c, &k, expression, sort_by))
				list[n++] = k;
		}
	}
	*ret_n = n;
	return list;
}

/* The member of a result that holds the record; NULL for a resource that nothing here is. */
static const char *record_name(const char *resource)
{
	const struct document_kind *kind;

	if (str_eq(resource, "TrainingJob"))
		return resource;
	if (str_eq(resource, "ExperimentTrialComponent"))
		return "TrialComponent";
	if (str_eq(resource, "ExperimentTrial"))
		return "Trial";
	for (size_t row = 0; (kind = kind_at(row)); row++) {
		if (str_eq(kind->search, resource))
			return resource;
	}
	return NULL;
}

/* A page goes on behind the record that the last one ended with, so that no
 * record is missed when others change their place in between. */
static char *position_of(const struct candidate *k)
{
	return xasprintf("%d|%.17g|%lld|%s", k->sort_key.kind, k->sort_key.number, (long long)k->seq,
			 str_or(k->sort_key.text, ""));
}

static int find_offset(struct call *c, const char *token, const struct candidate *list, size_t n, bool descending,
		       size_t *ret)
{
	struct candidate key = {0};
	AUTO(str) char *position = token_decode("search", token);
	int64_t kind;
	char *parts[3] = {position};

	for (size_t i = 1; i < ARRAY_LEN(parts) && parts[i - 1]; i++) {
		parts[i] = strchr(parts[i - 1], '|');
		if (parts[i])
			*parts[i]++ = 0;
	}
	char *text = parts[2] ? strchr(parts[2], '|') : NULL;

	if (!text)
		return op_invalid(c, "Invalid NextToken.");
	*text++ = 0;
	if (!str_to_i64(parts[0], &kind) || kind < VALUE_ABSENT || kind > VALUE_TIME ||
	    !str_to_f64(parts[1], &key.sort_key.number) || !str_to_i64(parts[2], &key.seq))
		return op_invalid(c, "Invalid NextToken.");
	key.sort_key.kind = (enum value_kind)kind;
	key.sort_key.text = text;
	*ret = n;
	for (size_t i = 0; i < n; i++) {
		if (compare(&list[i], &key, &descending) > 0) {
			*ret = i;
			break;
		}
	}
	return 0;
}

static json_t *results_json(struct call *c, const char *record, struct candidate *list, size_t from, size_t end)
{
	json_t *results = json_array();

	for (size_t i = from; i < end; i++)
		json_array_append_new(results, json_pack("{s:O}", record, candidate_document(c, &list[i])));
	return results;
}

int op_search(struct call *c, json_t **out)
{
	const json_t *expression = json_object_get(c->in, "SearchExpression");
	const char *token = json_get_str(c->in, "NextToken"), *resource = json_get_str(c->in, "Resource");
	const char *sort_by = str_or(json_get_str(c->in, "SortBy"), "LastModifiedTime"),
		   *record = record_name(resource);
	bool descending = !str_eq(json_get_str(c->in, "SortOrder"), "Ascending");
	size_t max = (size_t)json_get_i64(c->in, "MaxResults", 10), n = 0, offset = 0;

	if (search_expression_check(c, expression) < 0)
		return -1;
	if (!record)
		return op_invalid(c, "The local engine keeps no resources of type %s.", resource);
	struct candidate *list = collect(c, resource, expression, sort_by, &n);

	if (n)
		qsort_r(list, n, sizeof(*list), compare, &descending);
	int rc = str_empty(token) ? 0 : find_offset(c, token, list, n, descending, &offset);

	if (rc == 0) {
		size_t end = MIN(offset + max, n);

		*out = json_pack("{s:o, s:{s:I, s:s}}", "Results", results_json(c, record, list, offset, end),
				 "TotalHits", "Value", (json_int_t)n, "Relation", "EqualTo");
		if (end < n && end > offset) {
			AUTO(str) char *position = position_of(&list[end - 1]);
			AUTO(str) char *next = token_encode("search", position);

			json_object_set_new(*out, "NextToken", json_string(next));
		}
	}
	for (size_t i = 0; i < n; i++)
		json_decref(list[i].document);
	free(list);
	return rc;
}
