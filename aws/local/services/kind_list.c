/* Lists of every kind: filters, sort keys, pages. */
#include "aws/local/services/kinds_rows.h"

/* A row's place in the order: one of text and number, and its age among equals. */
struct place {
	const char *text; /* NULL: the number counts */
	double number;
	int64_t seq;
};

struct entry {
	const struct document *r;
	struct place place;
};

struct order {
	const char *member; /* of the document */
	bool descending;
};

/* --- filters ------------------------------------------------------------------------------ */

static const char *name_member(const struct document_kind *k, char *buf, size_t size)
{
	if (k->name)
		return k->name;
	str_copy(buf, MIN(size, strcspn(k->key, " ?") + 1), k->key);
	return buf;
}

/* "Wanted=Member": the operator stands between the two. */
static bool compare_member(const json_t *in, const json_t *doc, char *word)
{
	char *at = word + strcspn(word, "=^~<>"), operator= * at;

	*at = 0;
	const json_t *wanted = json_object_get(in, word);
	const json_t *value = json_path_get(doc, at + 1);
	const char *text = json_string_value(value), *pattern = json_string_value(wanted);

	if (!wanted)
		return true;
	switch (operator) {
	case '=':
		return str_eq(text, pattern);
	case '^':
		return text && str_starts(text, pattern);
	case '~':
		return text && strcasestr(text, pattern);
	case '>':
		return json_number_value(value) * 1000 > (double)json_get_time_ms(in, word);
	default:
		return json_number_value(value) * 1000 < (double)json_get_time_ms(in, word);
	}
}

static bool all_members_match(const json_t *in, const json_t *doc, const char *words)
{
	AUTO(strlist) struct strlist list = {0};

	strlist_split(&list, words ? words : "", ' ');
	for (size_t i = 0; i < list.n; i++) {
		if (*list.items[i] && !compare_member(in, doc, list.items[i]))
			return false;
	}
	return true;
}

static bool in_window(const json_t *in, const json_t *doc, const char *member, const char *after, const char *before)
{
	double ms = json_get_f64(doc, member ? member : "", 0) * 1000;

	if (json_object_get(in, after) && ms <= (double)json_get_time_ms(in, after))
		return false;
	return !json_object_get(in, before) || ms < (double)json_get_time_ms(in, before);
}

/* Everything but the status, which the service applies to the page. */
static bool matches(struct call *c, const struct document_kind *k, const struct document *r)
{
	const char *contains = json_get_str(c->in, "NameContains");
	char buf[128];

	if (k->list.filters & LIST_NAME && contains) {
		const char *name = json_get_str(r->doc, name_member(k, buf, sizeof(buf)));

		if (!name || !strcasestr(name, contains))
			return false;
	}
	return in_window(c->in, r->doc, k->created, "CreationTimeAfter", "CreationTimeBefore") &&
	       in_window(c->in, r->doc, k->created, "CreatedAfter", "CreatedBefore") &&
	       in_window(c->in, r->doc, k->modified, "LastModifiedTimeAfter", "LastModifiedTimeBefore") &&
	       all_members_match(c->in, r->doc, k->list.equals) && (!k->list.match || k->list.match(c, r));
}

static bool status_matches(struct call *c, const struct document_kind *k, const struct document *r)
{
	const char *wanted = k->list.filters & LIST_STATUS ? json_get_str(c->in, "StatusEquals") : NULL;

	return !wanted || str_eq(wanted, json_get_str(r->doc, k->status));
}

/* --- order -------------------------------------------------------------------------------- */

/* A value of SortBy that is no member's name becomes that. */
static void find_sort_member(const struct document_kind *k, char *by, size_t size)
{
	AUTO(strlist) struct strlist words = {0};
	size_t n = strlen(by);

	strlist_split(&words, k->list.sort_members ? k->list.sort_members : "", ' ');
	for (size_t i = 0; i < words.n; i++) {
		if (str_starts(words.items[i], by) && words.items[i][n] == '=') {
			str_copy(by, size, words.items[i] + n + 1);
			return;
		}
	}
}

static struct order order_of(struct call *c, const struct document_kind *k, char *buf, size_t size)
{
	const char *by = json_get_str(c->in, "SortBy"), *way = json_get_str(c->in, "SortOrder");
	struct order o = {.descending = way ? str_ieq(way, "Descending") : !k->list.ascending};

	str_copy(buf, size, by ? by : "Name");
	if (!by && k->list.sort)
		str_copy(buf, MIN(size, strcspn(k->list.sort, "|") + 1), k->list.sort);
	if (!by && !k->list.sort && !k->list.ascending)
		str_copy(buf, size, "CreationTime");
	find_sort_member(k, buf, size);
	o.member = str_eq(buf, "Name")		 ? name_member(k, buf, size)
		   : str_eq(buf, "CreationTime") ? k->created
		   : str_eq(buf, "Status")	 ? k->status
						 : buf;
	return o;
}

static struct place place_of(const struct order *o, const struct document *r)
{
	const json_t *value = o->member ? json_path_get(r->doc, o->member) : NULL;

	return (struct place){.text = json_string_value(value), .number = json_number_value(value), .seq = r->seq};
}

static int compare_places(const struct place *a, const struct place *b, bool descending)
{
	int rc = a->text && b->text ? strcmp(a->text, b->text) : (a->number > b->number) - (a->number < b->number);

	if (!rc)
		rc = (a->seq > b->seq) - (a->seq < b->seq);
	return descending ? -rc : rc;
}

static int compare(const void *a, const void *b, void *user)
{
	const struct entry *x = a, *y = b;

	return compare_places(&x->place, &y->place, ((const struct order *)user)->descending);
}

/* --- pages ----------------------------------------------------------------------------------- */

static char *token_of(const struct document_kind *k, const struct place *at)
{
	AUTO(str)
	char *position = xasprintf("%lld|%.17g|%c%s", (long long)at->seq, at->number, at->text ? 't' : 'n',
				   at->text ? at->text : "");

	return token_encode(k->id, position);
}

/* A page goes on behind the row that the last one ended with, so that none is
 * missed when others come and go in between. */
static int find_start(struct call *c, const struct document_kind *k, const struct order *o, const struct entry *list,
		      size_t n, size_t *ret)
{
	const char *token = json_get_str(c->in, "NextToken");
	AUTO(str) char *position = str_empty(token) ? NULL : token_decode(k->id, token);
	char *number = position ? strchr(position, '|') : NULL, *text = number ? strchr(number + 1, '|') : NULL;
	struct place at = {0};

	*ret = 0;
	if (str_empty(token))
		return 0;
	if (text)
		*number = *text = 0;
	if (!text || !text[1] || !str_to_i64(position, &at.seq) || !str_to_f64(number + 1, &at.number))
		return op_invalid(c, "Invalid NextToken.");
	at.text = text[1] == 't' ? text + 2 : NULL;
	while (*ret < n && compare_places(&list[*ret].place, &at, o->descending) <= 0)
		++*ret;
	return 0;
}

static struct entry *collect(struct call *c, const struct document_kind *k, const struct order *o, size_t *ret_n)
{
	const struct document_list *all = documents_of(c->e, k->id);
	struct entry *list = xcalloc(all->n + 1, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++) {
		if (matches(c, k, all->items[i]))
			list[n++] = (struct entry){all->items[i], place_of(o, all->items[i])};
	}
	*ret_n = n;
	return list;
}

/* --strict: take the page first and filter it then, as the service does with
 * StatusEquals, which may leave no rows and a token; otherwise fill the page. */
static size_t fill_page(struct call *c, const struct document_kind *k, const struct entry *list, size_t n, size_t from,
			size_t max, json_t *page)
{
	size_t i = from;

	for (; i < n; i++) {
		if (c->e->opt.strict ? i - from == max : json_array_size(page) == max)
			break;
		if (status_matches(c, k, list[i].r))
			json_array_append_new(page, k->list.summary ? kind_project(list[i].r->doc, k->list.summary)
								    : kind_document(k, list[i].r, false));
	}
	return i;
}

int kind_op_list(struct call *c, json_t **out)
{
	const struct document_kind *k = c->kind;
	const char *page_member = k->list.page ? k->list.page : "MaxResults";
	int64_t max = json_get_i64(c->in, page_member, k->list.page_default ? k->list.page_default : 10);
	char buf[128];
	size_t n, start;

	if (k->list.hook && k->list.hook(c, NULL) < 0)
		return -1;
	struct order o = order_of(c, k, buf, sizeof(buf));
	struct entry *list = collect(c, k, &o, &n);

	qsort_r(list, n, sizeof(*list), compare, &o);
	int rc = find_start(c, k, &o, list, n, &start);

	if (rc == 0) {
		json_t *page = json_array();
		size_t end = fill_page(c, k, list, n, start, (size_t)max, page);

		*out = json_pack("{s:o}", k->list.member, page);
		if (end < n && end > start) {
			AUTO(str) char *next = token_of(k, &list[end - 1].place);

			json_object_set_new(*out, "NextToken", json_string(next));
		}
	}
	free(list);
	return rc;
}
