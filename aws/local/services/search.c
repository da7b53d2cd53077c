/* SageMaker Search over training jobs: filters, nesting, sort, paging, TotalHits.
 *
 * Properties are looked up by their path in the job's document; the few that
 * every console asks for come straight from the job, so that 10,000 jobs can be
 * searched without making 10,000 documents. */
#include <math.h>

#include "aws/local/services/ops.h"
#include "aws/local/kept/training_job.h"
#include "base/timefmt.h"

#define MAX_NODES 50
#define MAX_CONTAINS 1

enum value_kind { VALUE_ABSENT, VALUE_TEXT, VALUE_NUMBER, VALUE_TIME };

struct property {
	enum value_kind kind;
	const char *text;
	double number; /* epoch seconds for a time */
	char *owned;
};

struct candidate {
	const struct training_job *job;
	json_t *document; /* made when a property needs it */
	struct property sort_key;
};

static int invalid(struct call *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
static int invalid(struct call *c, const char *fmt, ...)
{
	char text[1000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return fault_set(c->fault, 400, "ValidationException", "%s", text);
}

/* --- properties ------------------------------------------------------------------------ */

static struct property time_property(int64_t ms)
{
	/* Search knows whole seconds: that is all its values can say. */
	return ms ? (struct property){.kind = VALUE_TIME, .number = floor((double)ms / 1000)} : (struct property){0};
}

static struct property text_property(const char *text)
{
	return text ? (struct property){.kind = VALUE_TEXT, .text = text} : (struct property){0};
}

static bool direct_property(const struct training_job *job, const char *name, struct property *ret)
{
	if (str_eq(name, "TrainingJobName"))
		*ret = text_property(job->name);
	else if (str_eq(name, "TrainingJobArn"))
		*ret = text_property(job->arn);
	else if (str_eq(name, "TrainingJobStatus"))
		*ret = text_property(training_job_status_name(job->status));
	else if (str_eq(name, "SecondaryStatus"))
		*ret = text_property(job->secondary);
	else if (str_eq(name, "FailureReason"))
		*ret = text_property(job->failure);
	else if (str_eq(name, "LastModifiedTime"))
		*ret = time_property(job->modified_ms);
	else if (str_eq(name, "CreationTime"))
		*ret = time_property(job->created_ms);
	else if (str_eq(name, "TrainingStartTime"))
		*ret = time_property(job->start_ms);
	else if (str_eq(name, "TrainingEndTime"))
		*ret = time_property(job->end_ms);
	else if (str_starts(name, "Tags."))
		*ret = text_property(strmap_get(&job->tags, name + 5));
	else
		return false;
	return true;
}

static struct property metric_property(const struct training_job *job, const char *name)
{
	for (size_t i = 0; i < job->n_finals; i++) {
		if (str_eq(job->finals[i].name, name))
			return (struct property){.kind = VALUE_NUMBER, .number = job->finals[i].value};
	}
	return (struct property){0};
}

/* Every value that a path leads to; lists fan out. Up to max are returned. */
static size_t walk(const json_t *at, const char *path, struct property *ret, size_t max)
{
	size_t n = 0, i;
	json_t *item;

	if (!at || !max)
		return 0;
	if (json_is_array(at)) {
		json_array_foreach((json_t *)at, i, item) n += walk(item, path, ret + n, max - n);
		return n;
	}
	if (*path) {
		/* The longest member name first: hyperparameter and metric names may hold dots. */
		const json_t *whole = json_object_get(at, path);

		if (whole)
			return walk(whole, "", ret, max);
		const char *dot = strchr(path, '.');

		if (!dot)
			return 0;
		AUTO(str) char *step = xstrndup(path, (size_t)(dot - path));

		return walk(json_object_get(at, step), dot + 1, ret, max);
	}
	if (json_is_string(at))
		ret[0] = text_property(json_string_value(at));
	else if (json_is_number(at))
		ret[0] = (struct property){.kind = VALUE_NUMBER, .number = json_number_value(at)};
	else if (json_is_boolean(at))
		ret[0] = text_property(json_is_true(at) ? "true" : "false");
	else
		return 0;
	return 1;
}

static size_t find_values(struct call *c, struct candidate *k, const char *name, struct property *ret, size_t max)
{
	struct property one = {0};

	if (direct_property(k->job, name, &one) ||
	    (str_starts(name, "Metrics.") && (one = metric_property(k->job, name + 8), true))) {
		ret[0] = one;
		return one.kind != VALUE_ABSENT;
	}
	if (!k->document)
		k->document = training_job_document(c->e, k->job, true);
	return walk(k->document, name, ret, max);
}

/* --- filters ----------------------------------------------------------------------------- */

static bool number_of(const struct property *p, double *ret)
{
	if (p->kind == VALUE_TEXT)
		return str_to_f64(p->text, ret);
	*ret = p->number;
	return p->kind != VALUE_ABSENT;
}

static bool value_number(const struct property *p, const char *value, double *ret)
{
	int64_t ms;

	if (p->kind != VALUE_TIME)
		return str_to_f64(value, ret);
	if (!timefmt_parse_iso(value, &ms))
		return false;
	*ret = floor((double)ms / 1000);
	return true;
}

static bool equals(const struct property *p, const char *value)
{
	double a, b;

	if (p->kind == VALUE_TEXT)
		return str_eq(p->text, value);
	return number_of(p, &a) && value_number(p, value, &b) && fabs(a - b) <= 1e-9 * fmax(1, fabs(a));
}

static bool in_list(const struct property *p, const char *value)
{
	AUTO(strlist) struct strlist items = {0};

	strlist_split(&items, value, ',');
	for (size_t i = 0; i < items.n; i++) {
		if (equals(p, items.items[i]))
			return true;
	}
	return false;
}

static bool holds(const struct property *p, const char *op, const char *value)
{
	double a, b;

	if (str_eq(op, "Equals"))
		return equals(p, value);
	if (str_eq(op, "In"))
		return in_list(p, value);
	if (str_eq(op, "Contains"))
		return p->kind == VALUE_TEXT && strcasestr(p->text, value) != NULL;
	if (!number_of(p, &a) || !value_number(p, value, &b))
		return false;
	if (str_eq(op, "GreaterThan"))
		return a > b;
	if (str_eq(op, "GreaterThanOrEqualTo"))
		return a >= b;
	if (str_eq(op, "LessThan"))
		return a < b;
	return a <= b;
}

static bool filter_matches(struct call *c, struct candidate *k, const json_t *filter, const char *base)
{
	struct property values[64];
	const char *op = str_or(json_get_str(filter, "Operator"), "Equals");
	const char *value = str_or(json_get_str(filter, "Value"), "");
	AUTO(str)
	char *name =
		base ? xasprintf("%s.%s", base, json_get_str(filter, "Name")) : xstrdup(json_get_str(filter, "Name"));
	size_t n = find_values(c, k, name, values, ARRAY_LEN(values));

	if (str_eq(op, "Exists"))
		return n > 0;
	if (str_eq(op, "NotExists"))
		return n == 0;
	if (str_eq(op, "NotEquals")) {
		for (size_t i = 0; i < n; i++) {
			if (equals(&values[i], value))
				return false;
		}
		return true;
	}
	for (size_t i = 0; i < n; i++) {
		if (holds(&values[i], op, value))
			return true;
	}
	return false;
}

/* All filters of a nested group must hold for one and the same element. */
static bool nested_matches(struct call *c, struct candidate *k, const json_t *nested)
{
	const char *path = json_get_str(nested, "NestedPropertyName");
	const json_t *filters = json_object_get(nested, "Filters");
	size_t i, f;
	json_t *element, *filter;

	if (!k->document)
		k->document = training_job_document(c->e, k->job, true);
	json_array_foreach(json_path_get(k->document, path), i, element)
	{
		struct candidate part = {.job = k->job, .document = element};
		bool all = true;

		json_array_foreach((json_t *)filters, f, filter)
		{
			const char *name = json_get_str(filter, "Name");
			size_t n = strlen(path);
			struct property values[64];

			/* Names may be relative to the element, or whole. */
			if (!strncmp(name, path, n) && name[n] == '.')
				name += n + 1;
			AUTO(json) json_t *relative = json_copy(filter);

			json_object_set_new(relative, "Name", json_string(name));
			const char *op = str_or(json_get_str(filter, "Operator"), "Equals");
			size_t found = walk(part.document, name, values, ARRAY_LEN(values));
			bool ok = str_eq(op, "Exists") ? found > 0 : str_eq(op, "NotExists") ? found == 0 : false;

			for (size_t v = 0; v < found && !str_eq(op, "Exists") && !str_eq(op, "NotExists"); v++)
				ok = ok || (str_eq(op, "NotEquals")
						    ? !equals(&values[v], json_get_str(filter, "Value"))
						    : holds(&values[v], op, str_or(json_get_str(filter, "Value"), "")));
			all = all && ok;
		}
		if (all)
			return true;
	}
	return false;
}

static bool expression_matches(struct call *c, struct candidate *k, const json_t *expression)
{
	bool any = str_eq(json_get_str(expression, "Operator"), "Or");
	size_t i;
	json_t *part;

#define COMBINE(test)               \
	do {                        \
		if ((test) == any)  \
			return any; \
	} while (0)
	json_array_foreach(json_object_get(expression, "Filters"), i, part) COMBINE(filter_matches(c, k, part, NULL));
	json_array_foreach(json_object_get(expression, "NestedFilters"), i, part) COMBINE(nested_matches(c, k, part));
	json_array_foreach(json_object_get(expression, "SubExpressions"), i, part)
		COMBINE(expression_matches(c, k, part));
#undef COMBINE
	return !any;
}

/* --- checks -------------------------------------------------------------------------------- */

static bool is_text_property(const char *name)
{
	static const char *const texts[] = {"TrainingJobName", "TrainingJobArn", "TrainingJobStatus",
					    "SecondaryStatus", "FailureReason",	 "RoleArn"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (str_eq(texts[i], name))
			return true;
	}
	return str_starts(name, "Tags.");
}

static int check_filter(struct call *c, const json_t *filter, int *contains)
{
	const char *name = json_get_str(filter, "Name"), *op = str_or(json_get_str(filter, "Operator"), "Equals");
	bool needs_value = !str_eq(op, "Exists") && !str_eq(op, "NotExists");
	int64_t ms;

	if (needs_value && !json_get_str(filter, "Value"))
		return invalid(c, "Value must be specified for the operator %s (property %.200s).", op, name);
	if (!needs_value && json_get_str(filter, "Value"))
		return invalid(c, "Value cannot be specified with the operator %s (property %.200s).", op, name);
	if ((str_starts(op, "Greater") || str_starts(op, "Less")) && is_text_property(name))
		return invalid(c, "The operator %s is not supported for the text property %.200s.", op, name);
	if (str_eq(op, "Contains") && ++*contains > MAX_CONTAINS)
		return invalid(c, "A SearchExpression can include only one Contains operator.");
	if (str_ends(name, "Time") && needs_value && !str_eq(op, "In") &&
	    !timefmt_parse_iso(json_get_str(filter, "Value"), &ms))
		return invalid(c, "The value '%.100s' of the property %.200s must have the form YYYY-mm-dd'T'HH:MM:SS.",
			       json_get_str(filter, "Value"), name);
	return 0;
}

static int check_filters(struct call *c, const json_t *filters, int *nodes, int *contains)
{
	size_t i;
	json_t *part;

	json_array_foreach((json_t *)filters, i, part)
	{
		++*nodes;
		if (check_filter(c, part, contains) < 0)
			return -1;
	}
	return 0;
}

static int check_expression(struct call *c, const json_t *expression, int *nodes, int *contains, int depth)
{
	size_t i;
	json_t *part;
	int before = *nodes;

	if (depth > MAX_NODES)
		return invalid(c, "The SearchExpression is nested too deeply.");
	if (check_filters(c, json_object_get(expression, "Filters"), nodes, contains) < 0)
		return -1;
	json_array_foreach(json_object_get(expression, "NestedFilters"), i, part)
	{
		++*nodes;
		if (check_filters(c, json_object_get(part, "Filters"), nodes, contains) < 0)
			return -1;
	}
	json_array_foreach(json_object_get(expression, "SubExpressions"), i, part)
	{
		++*nodes;
		if (check_expression(c, part, nodes, contains, depth + 1) < 0)
			return -1;
	}
	if (*nodes == before)
		return invalid(c, "A SearchExpression must have at least one filter, nested filter or subexpression.");
	if (*nodes > MAX_NODES)
		return invalid(c,
			       "A SearchExpression can include at most %d filters, nested filters and subexpressions.",
			       MAX_NODES);
	return 0;
}

/* --- the operation ---------------------------------------------------------------------------- */

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
		rc = (a->job->seq > b->job->seq) - (a->job->seq < b->job->seq);
	return *(bool *)user ? -rc : rc;
}

static struct candidate *collect(struct call *c, const json_t *expression, const char *sort_by, size_t *ret_n)
{
	const struct job_table *t = c->e->jobs;
	struct candidate *list = xcalloc(t->n + 1, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		struct candidate k = {.job = t->items[i]};

		if (expression && !expression_matches(c, &k, expression)) {
			json_decref(k.document);
			continue;
		}
		if (str_eq(sort_by, "LastModifiedTime"))
			k.sort_key = (struct property){.kind = VALUE_TIME, .number = (double)k.job->modified_ms};
		else if (str_eq(sort_by, "CreationTime"))
			k.sort_key = (struct property){.kind = VALUE_TIME, .number = (double)k.job->created_ms};
		else if (!find_values(c, &k, sort_by, &k.sort_key, 1))
			k.sort_key = (struct property){0};
		list[n++] = k;
	}
	*ret_n = n;
	return list;
}

/* A page goes on behind the record that the last one ended with, so that no
 * record is missed when others change their place in between. */
static char *position_of(const struct candidate *k)
{
	return xasprintf("%d|%.17g|%lld|%s", k->sort_key.kind, k->sort_key.number, (long long)k->job->seq,
			 str_or(k->sort_key.text, ""));
}

static int find_offset(struct call *c, const char *token, const struct candidate *list, size_t n, bool descending,
		       size_t *ret)
{
	struct training_job at = {0};
	struct candidate key = {.job = &at};
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
		return invalid(c, "Invalid NextToken.");
	*text++ = 0;
	if (!str_to_i64(parts[0], &kind) || kind < VALUE_ABSENT || kind > VALUE_TIME ||
	    !str_to_f64(parts[1], &key.sort_key.number) || !str_to_i64(parts[2], &at.seq))
		return invalid(c, "Invalid NextToken.");
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

int op_search(struct call *c, json_t **out)
{
	const json_t *expression = json_object_get(c->in, "SearchExpression");
	const char *token = json_get_str(c->in, "NextToken");
	const char *sort_by = str_or(json_get_str(c->in, "SortBy"), "LastModifiedTime");
	bool descending = !str_eq(json_get_str(c->in, "SortOrder"), "Ascending");
	size_t max = (size_t)json_get_i64(c->in, "MaxResults", 10), n = 0, offset = 0;
	int nodes = 0, contains = 0;

	if (expression && check_expression(c, expression, &nodes, &contains, 0) < 0)
		return -1;
	if (!str_eq(json_get_str(c->in, "Resource"), "TrainingJob")) {
		*out = json_pack("{s:[], s:{s:i, s:s}}", "Results", "TotalHits", "Value", 0, "Relation", "EqualTo");
		return 0;
	}
	struct candidate *list = collect(c, expression, sort_by, &n);

	qsort_r(list, n, sizeof(*list), compare, &descending);
	int rc = str_empty(token) ? 0 : find_offset(c, token, list, n, descending, &offset);

	if (rc == 0) {
		json_t *results = json_array();
		size_t end = MIN(offset + max, n);

		for (size_t i = offset; i < end; i++)
			json_array_append_new(results, json_pack("{s:o}", "TrainingJob",
								 training_job_document(c->e, list[i].job, true)));
		*out = json_pack("{s:o, s:{s:I, s:s}}", "Results", results, "TotalHits", "Value", (json_int_t)n,
				 "Relation", "EqualTo");
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
