/* Input held against its shape, violations worded as the services word them. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "aws/local/wire/validate.h"

#include <math.h>
#include <pcre2.h>

#include "base/timefmt.h"

#define MAX_VIOLATIONS 10
#define MAX_PATTERNS 128

struct checker {
	struct buf text;
	int n;
	struct fault *fault;
	char path[1024];
};

static bool pattern_matches(const char *pattern, const char *s)
{
	static struct {
		const char *pattern;
		pcre2_code *code;
		pcre2_match_data *data;
	} cache[MAX_PATTERNS];
	static size_t n_cached;
	size_t i = 0;

	while (i < n_cached && cache[i].pattern != pattern)
		i++;
	if (i == n_cached) {
		int code;
		PCRE2_SIZE at;
		AUTO(str) char *whole = xasprintf("\\A(?:%s)\\z", pattern);

		if (n_cached == MAX_PATTERNS)
			abort();
		cache[i].code = pcre2_compile((PCRE2_SPTR)whole, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_DOTALL, &code,
					      &at, NULL);
		if (!cache[i].code)
			abort(); /* a shape table's own pattern is broken */
		cache[i].data = pcre2_match_data_create(1, NULL);
		cache[i].pattern = pattern;
		n_cached++;
	}
	return pcre2_match(cache[i].code, (PCRE2_SPTR)s, strlen(s), 0, 0, cache[i].data, NULL) >= 0;
}

static void violation(struct checker *c, const json_t *value, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void violation(struct checker *c, const json_t *value, const char *fmt, ...)
{
	va_list ap;
	AUTO(str) char *text = NULL;

	if (c->n >= MAX_VIOLATIONS)
		return;
	if (c->n++)
		buf_adds(&c->text, "; ");
	if (json_is_string(value))
		text = xasprintf("'%.200s'", json_string_value(value));
	else if (!value || json_is_null(value))
		text = xstrdup("null");
	else
		text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	buf_addf(&c->text, "Value %.300s at '%s' failed to satisfy constraint: ", text ? text : "?", c->path);
	va_start(ap, fmt);
	buf_addfv(&c->text, fmt, ap);
	va_end(ap);
}

static int wrong_type(struct checker *c, const json_t *value, const char *wanted)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "START_OBJECT",	 [JSON_ARRAY] = "START_ARRAY",	[JSON_STRING] = "STRING_VALUE",
		[JSON_INTEGER] = "NUMBER_VALUE", [JSON_REAL] = "DECIMAL_VALUE", [JSON_TRUE] = "TRUE_VALUE",
		[JSON_FALSE] = "FALSE_VALUE",	 [JSON_NULL] = "NULL_VALUE",
	};

	return fault_set(c->fault, 400, "SerializationException", "%s can not be converted to %s (at '%s')",
			 names[json_typeof(value)], wanted, c->path);
}

static size_t characters(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80;
	return n;
}

static void check_string(struct checker *c, const struct shape *s, const json_t *value)
{
	const char *text = json_string_value(value);
	int64_t length = (int64_t)characters(text);

	if (s->values) {
		AUTO(buf) struct buf all = BUF_INIT(BUF_MAX_TEXT);

		for (size_t i = 0; s->values[i]; i++) {
			if (str_eq(s->values[i], text))
				return;
			buf_addf(&all, "%s%s", i ? ", " : "", s->values[i]);
		}
		violation(c, value, "Member must satisfy enum value set: [%.700s]", buf_str(&all));
		return;
	}
	if (s->max != SHAPE_NO_LIMIT && length > s->max)
		violation(c, value, "Member must have length less than or equal to %lld", (long long)s->max);
	if (s->min != SHAPE_NO_LIMIT && length < s->min)
		violation(c, value, "Member must have length greater than or equal to %lld", (long long)s->min);
	if (s->pattern && !pattern_matches(s->pattern, text))
		violation(c, value, "Member must satisfy regular expression pattern: %s", s->pattern);
}

static void check_number(struct checker *c, const struct shape *s, const json_t *value)
{
	double v = json_number_value(value);

	if (s->max != SHAPE_NO_LIMIT && v > (double)s->max)
		violation(c, value, "Member must have value less than or equal to %lld", (long long)s->max);
	if (s->min != SHAPE_NO_LIMIT && v < (double)s->min)
		violation(c, value, "Member must have value greater than or equal to %lld", (long long)s->min);
}

static void check_entries(struct checker *c, const struct shape *s, const json_t *value, size_t n)
{
	if (s->max != SHAPE_NO_LIMIT && (int64_t)n > s->max)
		violation(c, value, "Member must have length less than or equal to %lld", (long long)s->max);
	if (s->min != SHAPE_NO_LIMIT && (int64_t)n < s->min)
		violation(c, value, "Member must have length greater than or equal to %lld", (long long)s->min);
}

/* The path of a member as the services write it: 'inputDataConfig.1.member.channelName'. */
static size_t path_push(struct checker *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
static size_t path_push(struct checker *c, const char *fmt, ...)
{
	size_t was = strlen(c->path);
	va_list ap;

	if (was)
		str_copy(c->path + was, sizeof(c->path) - was, ".");
	size_t at = strlen(c->path);

	va_start(ap, fmt);
	vsnprintf(c->path + at, sizeof(c->path) - at, fmt, ap);
	va_end(ap);
	if (c->path[at] >= 'A' && c->path[at] <= 'Z')
		c->path[at] = (char)(c->path[at] + 32);
	return was;
}

static int check(struct checker *c, const struct shape *s, const json_t *value);

static int check_struct(struct checker *c, const struct shape *s, const json_t *value)
{
	if (!json_is_object(value))
		return wrong_type(c, value, "a structure");
	for (const struct shape_member *m = s->members; m && m->name; m++) {
		const json_t *member = json_object_get(value, m->name);
		size_t was = path_push(c, "%s", m->name);

		if (!member || json_is_null(member)) {
			if (m->required)
				violation(c, NULL, "Member must not be null");
		} else if (check(c, m->shape, member) < 0) {
			return -1;
		}
		c->path[was] = 0;
	}
	return 0;
}

static int check_list(struct checker *c, const struct shape *s, const json_t *value)
{
	if (!json_is_array(value))
		return wrong_type(c, value, "a list");
	check_entries(c, s, value, json_array_size(value));
	for (size_t i = 0; i < json_array_size(value); i++) {
		size_t was = path_push(c, "%zu.member", i + 1);

		if (check(c, s->element, json_array_get(value, i)) < 0)
			return -1;
		c->path[was] = 0;
	}
	return 0;
}

static int check_map(struct checker *c, const struct shape *s, const json_t *value)
{
	const char *key;
	json_t *entry;

	if (!json_is_object(value))
		return wrong_type(c, value, "a map");
	check_entries(c, s, value, json_object_size(value));
	json_object_foreach((json_t *)value, key, entry)
	{
		AUTO(json) json_t *name = json_string(key);

		if (s->key && name && check(c, s->key, name) < 0)
			return -1;
		size_t was = path_push(c, "%.100s.member", key);

		if (check(c, s->element, entry) < 0)
			return -1;
		c->path[was] = 0;
	}
	return 0;
}

static int check(struct checker *c, const struct shape *s, const json_t *value)
{
	switch (s->type) {
	case SHAPE_STRING:
		if (!json_is_string(value))
			return wrong_type(c, value, "a String");
		check_string(c, s, value);
		return 0;
	case SHAPE_INTEGER:
		if (!json_is_integer(value) &&
		    !(json_is_real(value) && floor(json_real_value(value)) == json_real_value(value)))
			return wrong_type(c, value, "an Integer");
		check_number(c, s, value);
		return 0;
	case SHAPE_DOUBLE:
		if (!json_is_number(value))
			return wrong_type(c, value, "a Double");
		check_number(c, s, value);
		return 0;
	case SHAPE_BOOLEAN:
		return json_is_boolean(value) ? 0 : wrong_type(c, value, "a Boolean");
	case SHAPE_TIME: {
		int64_t ms;

		if (json_is_number(value) ||
		    (json_is_string(value) && timefmt_parse_iso(json_string_value(value), &ms)))
			return 0;
		return wrong_type(c, value, "a Timestamp");
	}
	case SHAPE_LIST:
		return check_list(c, s, value);
	case SHAPE_MAP:
		return check_map(c, s, value);
	case SHAPE_STRUCT:
		return check_struct(c, s, value);
	case SHAPE_ANY:
		break;
	}
	return 0;
}

int shape_check(const struct shape *shape, const json_t *in, struct fault *f)
{
	struct checker c = {.text = BUF_INIT(BUF_MAX_TEXT), .fault = f};
	int rc = check(&c, shape, in);

	if (rc == 0 && c.n)
		rc = fault_set(f, 400, "ValidationException", "%d validation error%s detected: %.1900s", c.n,
			       c.n == 1 ? "" : "s", buf_str(&c.text));
	buf_done(&c.text);
	return rc;
}

/* --- Query input ---------------------------------------------------------------- */

static json_t *leaf(const struct shape *s, const char *text)
{
	int64_t i;
	double f;

	switch (s->type) {
	case SHAPE_INTEGER:
		return str_to_i64(text, &i) ? json_integer(i) : json_string(text);
	case SHAPE_DOUBLE:
		return str_to_f64(text, &f) ? json_real(f) : json_string(text);
	case SHAPE_BOOLEAN:
		if (str_eq(text, "true") || str_eq(text, "false"))
			return json_boolean(str_eq(text, "true"));
		return json_string(text);
	default:
		return json_string(text);
	}
}

/* Where `name` leads in `root`, step by step along the shape. */
static int set_pair(const struct shape *s, json_t *root, const char *name, const char *text, struct fault *f)
{
	AUTO(strlist) struct strlist steps = {0};
	json_t *at = root;

	strlist_split(&steps, name, '.');
	for (size_t i = 0; i < steps.n; i++) {
		bool last = i + 1 == steps.n;
		json_t *next = NULL;

		if ((s->type == SHAPE_LIST && !json_is_array(at)) || (s->type == SHAPE_STRUCT && !json_is_object(at)))
			return fault_set(f, 400, "MalformedQueryString", "'%s' is given twice, in different forms",
					 name);
		if (s->type == SHAPE_LIST) {
			int64_t index;

			if (!str_eq(steps.items[i], "member") || last || !str_to_i64(steps.items[++i], &index) ||
			    index < 1 || index > 100000)
				return fault_set(f, 400, "MalformedQueryString", "'%s' is not a list member", name);
			last = i + 1 == steps.n;
			s = s->element;
			/* Lists come in order; a gap closes up. */
			if ((size_t)index <= json_array_size(at)) {
				next = json_array_get(at, (size_t)index - 1);
			} else {
				next = last ? leaf(s, text) : s->type == SHAPE_LIST ? json_array() : json_object();
				json_array_append_new(at, next);
			}
		} else if (s->type == SHAPE_STRUCT) {
			const struct shape_member *m = shape_member_of(s, steps.items[i]);

			if (!m)
				return 0;
			s = m->shape;
			next = json_object_get(at, steps.items[i]);
			if (!next) {
				next = last ? leaf(s, text) : s->type == SHAPE_LIST ? json_array() : json_object();
				json_object_set_new(at, steps.items[i], next);
			}
		} else {
			return fault_set(f, 400, "MalformedQueryString", "'%s' goes deeper than its member", name);
		}
		at = next;
	}
	return 0;
}

static int by_member_index(const void *a, const void *b)
{
	return strverscmp(((const struct strpair *)a)->name, ((const struct strpair *)b)->name);
}

int shape_from_query(const struct shape *shape, const struct strmap *pairs, json_t **ret, struct fault *f)
{
	AUTO(json) json_t *root = json_object();
	AUTO(strmap) struct strmap sorted = {0};

	strmap_copy(&sorted, pairs);
	if (sorted.n)
		qsort(sorted.items, sorted.n, sizeof(*sorted.items), by_member_index);
	for (size_t i = 0; i < sorted.n; i++) {
		if (strchr("AV", sorted.items[i].name[0]) &&
		    (str_eq(sorted.items[i].name, "Action") || str_eq(sorted.items[i].name, "Version")))
			continue;
		if (set_pair(shape, root, sorted.items[i].name, sorted.items[i].value, f) < 0)
			return -1;
	}
	*ret = TAKE(root);
	return 0;
}
