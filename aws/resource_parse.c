/* resource_parse.c - a thing of any kind out of the service's JSON, by its row. Every
 * text passes the sanitiser here. */
#include "aws/resource.h"
#include "aws/sagemaker.h"
#include "base/timefmt.h"
#include "base/utf8.h"

/* Of a record that is kept whole: what nobody reads further is cut. */
#define MEMBERS_MAX 1000
#define MEMBER_TEXT_MAX 8192
#define MEMBERS_TEXT_MAX ((size_t)512 << 10)
#define DEPTH_MAX 16

/* One step of a path behind *p, which moves on; NULL where the step is not there. */
static const json_t *step(const json_t *o, const char **p, const char *end)
{
	const char *at = *p;
	size_t n;

	if (*at == '[') {
		*p = memchr(at, ']', (size_t)(end - at)) ? strchr(at, ']') + 1 : end;
		return json_array_get(o, (size_t)strtoul(at + 1, NULL, 10));
	}
	at += *at == '.';
	n = strcspn(at, ".[|");
	n = MIN(n, (size_t)(end - at));
	*p = at + n;
	return json_object_getn(o, at, n);
}

const json_t *aws_resource_at(const json_t *o, const char *path)
{
	while (path && *path) {
		const char *end = path + strcspn(path, "|");
		const json_t *v = o;

		for (const char *p = path; p < end && v;)
			v = step(v, &p, end);
		if (v && !json_is_null(v))
			return v;
		path = *end ? end + 1 : end;
	}
	return NULL;
}

static char *number_text(double v)
{
	char text[40];

	snprintf(text, sizeof(text), "%.15g", v);
	if (strtod(text, NULL) != v)
		snprintf(text, sizeof(text), "%.17g", v);
	return xstrdup(text);
}

/* A value as text, sanitised; of an object or array its JSON. Owned by the caller. */
static char *value_text(const json_t *value, bool is_time)
{
	char iso[TIMEFMT_LEN];
	int64_t ms;

	if (is_time) {
		ms = json_time_ms(value);
		if (ms == TIME_UNKNOWN)
			return NULL;
		return xstrdup(ms % 1000 ? timefmt_iso_ms(iso, ms) : timefmt_iso(iso, ms));
	}
	if (json_is_string(value))
		return utf8_sanitize_dup(json_string_value(value));
	if (json_is_integer(value))
		return xasprintf("%lld", (long long)json_integer_value(value));
	if (json_is_real(value))
		return number_text(json_real_value(value));
	if (json_is_boolean(value))
		return xstrdup(json_is_true(value) ? "true" : "false");
	if (!value || json_is_null(value))
		return NULL;
	AUTO(str) char *raw = json_text(value);

	return utf8_sanitize_dup(raw);
}

static char *text_at(const json_t *o, const char *path)
{
	return value_text(aws_resource_at(o, path), false);
}

static int64_t time_at(const json_t *o, const char *path)
{
	return json_time_ms(aws_resource_at(o, path));
}

/* --- the name -------------------------------------------------------------------- */

/* "GroupName/Name": a part for each member, a time in ISO 8601. */
static char *made_name(const struct kind *k, const json_t *o)
{
	AUTO(strlist) struct strlist parts = {0};
	AUTO(buf) struct buf name = BUF_INIT(4096);

	strlist_split(&parts, k->members.name, '/');
	for (size_t i = 0; i < parts.n; i++) {
		const json_t *v = aws_resource_at(o, parts.items[i]);
		AUTO(str) char *part = value_text(v, json_is_number(v));

		if (str_empty(part))
			return NULL;
		(void)buf_addf(&name, "%s%s", i ? "/" : "", part);
	}
	return name.overflow ? NULL : buf_take(&name);
}

static char *name_of(const struct kind *k, const json_t *o, const char *parent)
{
	AUTO(str) char *own = strchr(k->members.name, '/') ? made_name(k, o) : text_at(o, k->members.name);

	if (str_empty(own) || k->key != KEY_BY_PARENT)
		return TAKE(own);
	return xasprintf("%s/%s", parent ? kind_short_name(parent) : "?", own);
}

/* --- maps and members ---------------------------------------------------------------- */

static void read_map(const json_t *o, struct strmap *ret)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)o, key, value)
	{
		AUTO(str) char *clean_key = utf8_sanitize_dup(key);
		AUTO(str) char *clean_value = value_text(value, false);

		strmap_set(ret, clean_key, str_or(clean_value, ""));
	}
}

struct flattening {
	struct strmap *members;
	struct buf path;
	size_t bytes;
	int depth;
};

/* Paths are unique by themselves: no search for one that is there. */
static void add_member(struct flattening *f, const json_t *value)
{
	struct strmap *m = f->members;
	char *text = value_text(value, false);

	if (!text || m->n >= MEMBERS_MAX || f->bytes > MEMBERS_TEXT_MAX) {
		free(text);
		return;
	}
	if (strlen(text) > MEMBER_TEXT_MAX) {
		AUTO(buf) struct buf cut = BUF_INIT(2 * MEMBER_TEXT_MAX);

		utf8_add_cut(&cut, text, MEMBER_TEXT_MAX / 4);
		free(text);
		text = buf_take(&cut);
	}
	f->bytes += strlen(text) + f->path.len;
	GROW(m->items, m->cap, m->n + 1);
	m->items[m->n++] = (struct strpair){xstrdup(buf_str(&f->path)), text};
}

static void flatten(struct flattening *f, const json_t *value)
{
	size_t len = f->path.len, i;
	const char *key;
	json_t *item;

	if (++f->depth > DEPTH_MAX || (!json_is_object(value) && !json_is_array(value))) {
		add_member(f, value);
	} else if (json_is_object(value)) {
		json_object_foreach((json_t *)value, key, item)
		{
			AUTO(str) char *clean = utf8_sanitize_dup(key);

			(void)buf_addf(&f->path, "%s%s", len ? "." : "", clean);
			flatten(f, item);
			buf_truncate(&f->path, len);
		}
	} else {
		json_array_foreach(value, i, item)
		{
			(void)buf_addf(&f->path, "[%zu]", i);
			flatten(f, item);
			buf_truncate(&f->path, len);
		}
	}
	f->depth--;
}

/* The whole record but for its tags, which are kept apart. */
static void read_members(struct record *r, const json_t *o)
{
	struct flattening f = {.members = &r->members, .path = BUF_INIT(4096)};
	const char *tags = r->kind->members.tags, *key;
	json_t *value;

	json_object_foreach((json_t *)o, key, value)
	{
		AUTO(str) char *clean = utf8_sanitize_dup(key);

		if (str_eq(key, tags))
			continue;
		(void)buf_adds(&f.path, clean);
		flatten(&f, value);
		buf_clear(&f.path);
	}
	buf_done(&f.path);
}

/* "List[*].Member": that member of each, with commas between; one that has none keeps its place. */
static char *texts_at(const json_t *o, const char *path)
{
	const char *star = strstr(path, "[*]");
	AUTO(str) char *list = xstrndup(path, (size_t)(star - path));
	AUTO(buf) struct buf all = BUF_INIT(4096);
	bool any = false;
	size_t i;
	json_t *one;

	json_array_foreach((json_t *)aws_resource_at(o, list), i, one)
	{
		AUTO(str) char *text = text_at(one, star + strlen("[*]"));

		any |= !str_empty(text);
		(void)buf_addf(&all, "%s%s", i ? "," : "", str_or(text, ""));
	}
	return any && !all.overflow ? buf_take(&all) : NULL;
}

/* --- one thing ------------------------------------------------------------------------ */

static void read_fields(struct record *r, const json_t *o)
{
	const struct field *fields = r->kind->fields;

	for (size_t i = 0; fields[i].name; i++) {
		const json_t *v = fields[i].path ? aws_resource_at(o, fields[i].path) : NULL;

		if (!v)
			continue;
		if (strstr(fields[i].path, "[*]")) {
			AUTO(str) char *texts = texts_at(o, fields[i].path);

			record_set_value(r, i, texts);
			continue;
		}
		if (fields[i].flags & FIELD_KEYED) {
			read_map(v, &r->keyed);
			continue;
		}
		AUTO(str) char *text = value_text(v, fields[i].type == FIELD_TIME);

		record_set_value(r, i, str_empty(text) ? NULL : text);
	}
}

static void read_common(struct resource *r, const json_t *o, const char *parent)
{
	const struct kind_members *m = &r->kind->members;
	AUTO(str) char *status = text_at(o, m->status);

	if (!str_empty(status))
		resource_set_status(r, status);
	r->arn = text_at(o, m->arn);
	r->failure_reason = text_at(o, m->reason);
	if (str_eq(r->failure_reason, ""))
		str_set(&r->failure_reason, NULL);
	r->parent = parent ? xstrdup(parent) : text_at(o, m->parent);
	r->created_ms = time_at(o, m->created);
	r->modified_ms = time_at(o, m->modified);
	r->start_ms = time_at(o, m->started);
	r->end_ms = time_at(o, m->ended);
	r->seen_ms = clock_now_ms();
}

/* What the list says of a thing may be all there is to know. */
static bool list_is_whole(const struct kind *k)
{
	return !k->describe.operation || str_eq(k->describe.operation, k->list.operation);
}

int aws_resource_parse(const struct kind *k, const json_t *o, enum detail detail, const char *parent,
		       struct resource **ret, struct err *err)
{
	if (k->class == &job_class) {
		struct job *j = NULL;
		int rc = sm_parse_job(o, detail, &j, err);

		*ret = rc ? NULL : job_resource(j);
		return rc;
	}
	AUTO(str) char *name = name_of(k, o, parent);

	if (str_empty(name))
		return err_set(err, ERR_PARSE, "a row of %s without %s", k->title, k->members.name);
	struct resource *r = resource_new(k, name);

	r->detail = detail == DETAIL_SUMMARY && list_is_whole(k) ? DETAIL_DESCRIBED : detail;
	read_common(r, o, parent);
	read_fields(resource_record(r), o);
	if (k->members.tags && (detail == DETAIL_SEARCHED || json_object_get(o, k->members.tags))) {
		sm_parse_tags(json_object_get(o, k->members.tags), &r->tags);
		r->tags_known = true;
	}
	if (r->detail >= DETAIL_SEARCHED) {
		read_members(resource_record(r), o);
		resource_record(r)->whole_ms = r->seen_ms;
	}
	*ret = r;
	return 0;
}
