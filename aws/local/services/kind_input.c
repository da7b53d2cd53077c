/* The input shapes of the kinds' operations, put together from their rows. */
#include "aws/local/services/kinds.h"
#include "aws/local/wire/shape_text.h"

/* Does the text name the member as required? */
static bool requires(const char *text, const char *member)
{
	size_t n = strlen(member);

	for (const char *at = text; (at = strstr(at, member)); at += n) {
		if ((at == text || at[-1] == ' ') && at[n] == '!')
			return true;
	}
	return false;
}

static void add_list(struct buf *out, const struct document_kind *k)
{
	static const struct {
		int filter;
		const char *text;
	} sets[] = {
		{LIST_NAME, " NameContains:contains"},
		{LIST_CREATED, " CreationTimeAfter:time CreationTimeBefore:time"},
		{LIST_CREATED2, " CreatedAfter:time CreatedBefore:time"},
		{LIST_MODIFIED, " LastModifiedTimeAfter:time LastModifiedTimeBefore:time"},
	};
	const struct document_kind_list *l = &k->list;
	const char *page = l->page ? l->page : "MaxResults";

	buf_adds(out, "NextToken:token");
	if (*page)
		buf_addf(out, " %s:%s", page, l->page_max == 50 ? "page50" : "page");
	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		if (l->filters & sets[i].filter)
			buf_adds(out, sets[i].text);
	}
	if (l->filters & LIST_STATUS)
		buf_addf(out, " StatusEquals:%s", k->statuses);
	if (l->sort)
		buf_addf(out, " SortBy:%s SortOrder:%s", l->sort, l->order ? l->order : "order");
	if (l->more)
		buf_addf(out, " %s", l->more);
}

static void add_change(struct buf *out, const struct document_kind *k, const struct kind_op *op)
{
	char member[128];
	size_t n = strcspn(k->key, " ?");

	str_copy(member, MIN(sizeof(member), n + 1), k->key);
	if (!op->input || !requires(op->input, member))
		buf_adds(out, k->key_input);
	if (op->input)
		buf_addf(out, " %s", op->input);
}

const struct shape *kind_input(const struct document_kind *k, const struct kind_op *op)
{
	static struct map made;
	const char *name = op ? op->name : k->list.op;
	const struct shape *shape = map_get(&made, name);
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);

	if (shape)
		return shape;
	if (!op)
		add_list(&text, k);
	else if (op->verb == VERB_CREATE || op->verb == VERB_PUT || op->verb == VERB_REPLACE)
		buf_adds(&text, op->input);
	else
		add_change(&text, k, op);
	shape = shape_of_text(buf_str(&text));
	map_put(&made, name, (void *)shape);
	return shape;
}

/* --- documents ---------------------------------------------------------------------------- */

const struct shape *kind_document_shape(const struct document_kind *k)
{
	const char *const times[] = {k->created, k->modified};
	AUTO(buf) struct buf own = BUF_INIT(BUF_MAX_TEXT);
	static struct map made;
	const struct shape *shape = map_get(&made, k->id);

	if (shape)
		return shape;
	shape = shape_of_text(k->more ? k->more : "");
	if (k->status)
		buf_addf(&own, "%s:%s", k->status, k->statuses);
	if (k->arn)
		buf_addf(&own, " %s:arn", k->arn);
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		if (times[i])
			buf_addf(&own, " %s:time", times[i]);
	}
	shape = shape_join(shape, shape_of_text(buf_str(&own)));
	for (const struct kind_op *op = k->ops; op->name; op++)
		shape = shape_join(shape, kind_input(k, op));
	map_put(&made, k->id, (void *)shape);
	return shape;
}
