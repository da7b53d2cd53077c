/* REST-JSON requests matched and read. */
#include "aws/local/wire/rest.h"

#include "aws/local/wire/wire.h"
#include "base/uri.h"

static size_t step_length(const char *at)
{
	return strcspn(at, "/");
}

bool rest_matches(const struct rest *rest, const char *method, const char *path)
{
	const char *want = rest->path;

	if (!str_eq(rest->method, method))
		return false;
	while (*want == '/' && *path == '/') {
		size_t n = step_length(++want), m = step_length(++path);

		if (*want != '{' ? n != m || strncmp(want, path, n) != 0 : !m)
			return false;
		want += n;
		path += m;
	}
	return !*want && (!*path || str_eq(path, "/"));
}

/* The text as the member's type; a list collects what is given several times. */
static void set_member(json_t *in, const struct shape *shape, const char *name, const char *text)
{
	const struct shape_member *member = shape_member_of(shape, name);
	const struct shape *type = member ? member->shape : NULL;
	json_t *list = json_object_get(in, name);
	int64_t number;

	if (!type)
		return;
	if (type->type == SHAPE_LIST) {
		if (!list)
			json_object_set_new(in, name, list = json_array());
		json_array_append_new(list, json_string(text));
	} else if (type->type == SHAPE_INTEGER && str_to_i64(text, &number)) {
		json_object_set_new(in, name, json_integer(number));
	} else if (type->type == SHAPE_BOOLEAN && (str_eq(text, "true") || str_eq(text, "false"))) {
		json_object_set_new(in, name, json_boolean(str_eq(text, "true")));
	} else {
		json_object_set_new(in, name, json_string(text));
	}
}

static int decode(const char *text, size_t n, bool form, struct buf *out, struct fault *f)
{
	if (uri_decode(out, text, n, form) < 0 || memchr(buf_str(out), 0, out->len))
		return fault_set(f, 400, "SerializationException", "the request's URI holds a NUL byte");
	return 0;
}

static int read_labels(const struct rest *rest, const char *path, const struct shape *shape, json_t *in,
		       struct fault *f)
{
	for (const char *want = rest->path; *want == '/' && *path == '/';) {
		size_t n = step_length(++want), m = step_length(++path);
		AUTO(buf) struct buf value = BUF_INIT(BUF_MAX_TEXT);

		if (*want == '{') {
			AUTO(str) char *name = xstrndup(want + 1, n - 2);

			if (decode(path, m, false, &value, f) < 0)
				return -1;
			set_member(in, shape, name, buf_str(&value));
		}
		want += n;
		path += m;
	}
	return 0;
}

/* The member that a word of `bindings` binds the wire's name to; NULL where none. */
static char *bound_member(const char *bindings, const char *name)
{
	AUTO(strlist) struct strlist words = {0};

	strlist_split(&words, bindings, ' ');
	for (size_t i = 0; i < words.n; i++) {
		char *eq = strchr(words.items[i], '=');

		if (eq && strlen(name) == (size_t)(eq - words.items[i]) &&
		    !strncasecmp(words.items[i], name, strlen(name)))
			return xstrdup(eq + 1);
	}
	return NULL;
}

/* The raw query, since a name may be given several times. */
static int read_query(const struct rest *rest, const char *query, const struct shape *shape, json_t *in,
		      struct fault *f)
{
	AUTO(strlist) struct strlist pairs = {0};

	strlist_split(&pairs, query ? query : "", '&');
	for (size_t i = 0; i < pairs.n && rest->query; i++) {
		const char *pair = pairs.items[i], *eq = strchr(pair, '=');
		AUTO(buf) struct buf name = BUF_INIT(BUF_MAX_TEXT);
		AUTO(buf) struct buf value = BUF_INIT(BUF_MAX_TEXT);

		if (decode(pair, eq ? (size_t)(eq - pair) : strlen(pair), true, &name, f) < 0 ||
		    (eq && decode(eq + 1, strlen(eq + 1), true, &value, f) < 0))
			return -1;
		AUTO(str) char *member = bound_member(rest->query, buf_str(&name));

		if (member)
			set_member(in, shape, member, buf_str(&value));
	}
	return 0;
}

static void read_headers(const struct rest *rest, const struct request *rq, const struct shape *shape, json_t *in)
{
	for (size_t i = 0; rest->headers && i < rq->n_headers; i++) {
		AUTO(str) char *member = bound_member(rest->headers, rq->headers[i].name);

		if (member)
			set_member(in, shape, member, rq->headers[i].value);
	}
}

int rest_input(const struct rest *rest, const struct request *rq, const struct shape *shape, json_t **ret,
	       struct fault *f)
{
	AUTO(json) json_t *in = NULL;
	bool json = str_eq(rq->method, "POST") || str_eq(rq->method, "PUT");

	if (json && !rest->headers) {
		if (wire_parse_json(rq, &in, f) < 0)
			return -1;
	} else {
		in = json_object();
	}
	if (read_labels(rest, rq->path, shape, in, f) < 0 || read_query(rest, rq->query, shape, in, f) < 0)
		return -1;
	read_headers(rest, rq, shape, in);
	*ret = TAKE(in);
	return 0;
}
