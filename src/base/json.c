/* jansson with our errors, paths and typed getters. */
#include "base/json.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/timefmt.h"
#include "base/utf8.h"

int json_parse(const char *text, size_t n, const char *what, json_t **ret, struct err *err)
{
	json_error_t e;
	size_t mark = n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	json_t *j = json_loadb(text + mark, n - mark, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, &e);

	if (!j)
		return err_set(err, ERR_PARSE, "%s:%d:%d: %s", what, MAX(e.line, 1), MAX(e.column, 1), e.text);
	*ret = j;
	return 0;
}

int json_parse_file(const char *path, size_t max, json_t **ret, struct err *err)
{
	AUTO(buf) struct buf text = BUF_INIT(max);
	int r = fs_read(path, &text, err);

	return r < 0 ? r : json_parse(buf_str(&text), text.len, path, ret, err);
}

const char *json_get_str(const json_t *obj, const char *name)
{
	return json_string_value(json_object_get(obj, name));
}

int64_t json_get_i64(const json_t *obj, const char *name, int64_t fallback)
{
	const json_t *v = json_object_get(obj, name);

	if (json_is_integer(v))
		return json_integer_value(v);
	if (json_is_real(v) && json_real_value(v) > -9.2e18 && json_real_value(v) < 9.2e18)
		return (int64_t)json_real_value(v);
	return fallback;
}

double json_get_f64(const json_t *obj, const char *name, double fallback)
{
	const json_t *v = json_object_get(obj, name);

	return json_is_number(v) ? json_number_value(v) : fallback;
}

bool json_get_bool(const json_t *obj, const char *name, bool fallback)
{
	const json_t *v = json_object_get(obj, name);

	return json_is_boolean(v) ? json_is_true(v) : fallback;
}

int64_t json_get_time_ms(const json_t *obj, const char *name)
{
	return json_time_ms(json_object_get(obj, name));
}

int64_t json_time_ms(const json_t *v)
{
	int64_t ms;

	if (json_is_string(v) && timefmt_parse_iso(json_string_value(v), &ms))
		return ms;
	double s = json_is_number(v) ? json_number_value(v) : 0;
	if (!(s > -9e12 && s < 9e12))
		return TIME_UNKNOWN;
	return (int64_t)(s * 1000.0 + (s < 0 ? -0.5 : 0.5));
}

/* Where the step that starts at path ends. */
static const char *step_end(const char *path)
{
	return path + strcspn(path, ".");
}

static bool step_index(const char *step, size_t *ret)
{
	uint64_t i;

	if (!str_to_u64(step, &i))
		return false;
	*ret = (size_t)i;
	return true;
}

json_t *json_from_strlist(const struct strlist *l)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(list, json_string(l->items[i]));
	return list;
}

json_t *json_from_strmap(const struct strmap *m)
{
	json_t *o = json_object();

	for (size_t i = 0; i < m->n; i++)
		json_object_set_new(o, m->items[i].name, json_string(str_or(m->items[i].value, "")));
	return o;
}

void json_to_strmap(const json_t *obj, struct strmap *ret)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)obj, name, value)
	{
		if (json_is_string(value))
			strmap_set(ret, name, json_string_value(value));
	}
}

json_t *json_path_get(const json_t *root, const char *path)
{
	const json_t *at = root;

	while (at && *path) {
		const char *end = step_end(path);
		AUTO(str) char *step = xstrndup(path, (size_t)(end - path));
		size_t i;
		if (json_is_array(at))
			at = step_index(step, &i) ? json_array_get(at, i) : NULL;
		else
			at = json_object_get(at, step);
		path = *end ? end + 1 : end;
	}
	return (json_t *)at;
}

/* Put value (borrowed) at one step of parent. */
static int set_step(json_t *parent, const char *step, json_t *value, const char *path, struct err *err)
{
	size_t i;

	if (json_is_object(parent))
		return json_object_set(parent, step, value)
			       ? err_set(err, ERR_INVALID, "'%s' is not a member name", path)
			       : 0;
	if (json_is_array(parent) && step_index(step, &i) && i <= json_array_size(parent)) {
		int r = i == json_array_size(parent) ? json_array_append(parent, value)
						     : json_array_set(parent, i, value);
		return r ? err_set(err, ERR_INTERNAL, "cannot set '%s'", path) : 0;
	}
	if (json_is_array(parent))
		return err_set(err, ERR_INVALID, "'%s': the list has %zu elements, '%s' is not an index into it", path,
			       json_array_size(parent), step);
	return err_set(err, ERR_INVALID, "'%s': what '%s' stands in is a plain value, not an object", path, step);
}

int json_path_set(json_t *root, const char *path, json_t *value, struct err *err)
{
	AUTO(json) json_t *owned = value;
	json_t *at = root;

	for (const char *p = path;;) {
		const char *end = step_end(p);
		if (end == p)
			return err_set(err, ERR_INVALID, "'%s' is not a path like ResourceConfig.InstanceType", path);
		AUTO(str) char *step = xstrndup(p, (size_t)(end - p));
		if (!*end)
			return set_step(at, step, owned, path, err);
		json_t *next = json_path_get(at, step);
		if (!next) {
			AUTO(json) json_t *made = json_object();
			int r = set_step(at, step, made, path, err);
			if (r < 0)
				return r;
			next = made;
		}
		at = next;
		p = end + 1;
	}
}

static char *dump(const json_t *j, size_t flags)
{
	char *s = json_dumps(j, flags | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));

	return s ? s : xstrdup("null");
}

char *json_text(const json_t *j)
{
	return dump(j, JSON_COMPACT);
}

static void add_spelled(struct buf *out, uint32_t cp)
{
	if (cp > 0xffff)
		(void)buf_addf(out, "\\u%04x\\u%04x", 0xd800 + ((cp - 0x10000) >> 10),
			       0xdc00 + ((cp - 0x10000) & 0x3ff));
	else
		(void)buf_addf(out, "\\u%04x", cp);
}

/* jansson spells the control characters of ASCII; a terminal obeys others as well. */
static char *spell_hostile(const char *s)
{
	size_t n = strlen(s);
	AUTO(buf) struct buf out = BUF_INIT(SIZE_MAX / 2);

	for (size_t i = 0, len; i < n; i += len) {
		uint32_t cp;

		len = utf8_decode(s + i, n - i, &cp);
		if (cp >= 0x7f && utf8_cp_is_hostile(cp))
			add_spelled(&out, cp);
		else
			(void)buf_add(&out, s + i, len);
	}
	return buf_take(&out);
}

static bool is_ascii(const char *s)
{
	while (*s > 0 && *s < 0x7f)
		s++;
	return *s == '\0';
}

char *json_text_pretty(const json_t *j)
{
	char *text = dump(j, JSON_INDENT(2));

	if (is_ascii(text))
		return text;
	char *spelled = spell_hostile(text);

	free(text);
	return spelled;
}

char *json_text_exact(const json_t *j)
{
	char *s = json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));

	return s ? s : xstrdup("null");
}

void json_add_quoted(struct buf *out, const char *s)
{
	AUTO(json) json_t *j = json_string(s);
	AUTO(str) char *text = j ? json_text(j) : xstrdup("\"\"");

	buf_adds(out, text);
}
