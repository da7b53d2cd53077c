/* aws_call_named: the request of an operation from its row and its members, for the
 * services that speak JSON, by target or by path. */
#include "aws/op.h"
#include "base/uri.h"

/* A member as text for the URL; NULL where it has none. Owned by the caller. */
static char *member_text(const json_t *value)
{
	if (json_is_string(value))
		return xstrdup(json_string_value(value));
	if (json_is_boolean(value))
		return xstrdup(json_is_true(value) ? "true" : "false");
	return json_is_number(value) ? json_text(value) : NULL;
}

static void add_encoded(struct buf *out, const char *text)
{
	uri_encode(out, text, strlen(text), false);
}

/* "/schedules/{Name}" with the labels' members, which leave body. */
static char *path_of(const struct aws_op *op, json_t *body)
{
	struct buf path = BUF_INIT(BUF_MAX_TEXT);

	for (const char *p = op->path; *p;) {
		size_t plain = strcspn(p, "{");

		buf_add(&path, p, plain);
		p += plain;
		if (!*p)
			break;

		AUTO(str) char *label = xstrndup(p + 1, strcspn(p + 1, "}"));
		AUTO(str) char *text = member_text(json_object_get(body, label));
		add_encoded(&path, str_or(text, ""));
		json_object_del(body, label);
		p += strcspn(p, "}") + 1;
	}
	return buf_take(&path);
}

static void add_parameter(struct buf *query, const char *name, const json_t *value)
{
	AUTO(str) char *text = member_text(value);

	if (!text)
		return;
	buf_adds(query, query->len ? "&" : "");
	add_encoded(query, name);
	buf_addc(query, '=');
	add_encoded(query, text);
}

/* The parameters, one by one in an array's case; their members leave body. */
static char *query_of(const struct aws_op *op, json_t *body)
{
	AUTO(strlist) struct strlist parameters = {0};
	struct buf query = BUF_INIT(BUF_MAX_TEXT);

	if (op->query)
		strlist_split(&parameters, op->query, ' ');
	for (size_t i = 0; i < parameters.n; i++) {
		const char *word = parameters.items[i], *equals = strchr(word, '=');
		AUTO(str) char *member = xstrndup(word, strcspn(word, "="));
		const json_t *value = json_object_get(body, member), *item;
		size_t k;

		if (json_is_array(value))
			json_array_foreach(value, k, item) add_parameter(&query, equals ? equals + 1 : member, item);
		else
			add_parameter(&query, equals ? equals + 1 : member, value);
		json_object_del(body, member);
	}
	return query.len ? buf_take(&query) : NULL;
}

struct aws_request *aws_call_named(struct aws_client *c, const struct aws_op *op, enum aws_priority p, json_t *body,
				   aws_reply_fn *fn, void *ctx)
{
	AUTO(json) json_t *members = op->path ? json_copy(body) : json_incref(body);
	AUTO(str) char *path = op->path ? path_of(op, members) : NULL;
	AUTO(str) char *query = op->path ? query_of(op, members) : NULL;
	bool bare = op->method && (!strcmp(op->method, "GET") || !strcmp(op->method, "DELETE"));
	AUTO(str) char *text = bare ? NULL : json_text(members);
	struct aws_call call = {.op = op,
				.priority = p,
				.method = op->method,
				.path = path,
				.query = query,
				.body = text,
				.body_len = text ? strlen(text) : 0,
				.fn = fn,
				.ctx = ctx};

	json_decref(body);
	return aws_call(c, &call);
}
