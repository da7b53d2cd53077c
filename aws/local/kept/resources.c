/* Stored documents: tables in memory by kind, key and ARN, and their rows. */
#include "aws/local/kept/resources.h"

struct resources {
	struct map kinds;  /* word -> struct resource_list */
	struct map by_key; /* "kind\nkey" */
	struct map by_arn; /* in lower case */
	int64_t next_seq;
};

static char *key_of(const char *kind, const char *key)
{
	return xasprintf("%s\n%s", kind, key);
}

static char *arn_of(const char *arn)
{
	char *lower = xstrdup(arn);

	str_lower(lower);
	return lower;
}

const struct resource_list *resources_of(const struct engine *e, const char *kind)
{
	static const struct resource_list none;
	const struct resource_list *list = map_get(&e->resources->kinds, kind);

	return list ? list : &none;
}

struct resource *resource_find(const struct engine *e, const char *kind, const char *key)
{
	AUTO(str) char *whole = key_of(kind, key);

	return map_get(&e->resources->by_key, whole);
}

struct resource *resource_by_arn(const struct engine *e, const char *arn)
{
	AUTO(str) char *lower = arn_of(arn);

	return map_get(&e->resources->by_arn, lower);
}

/* --- the table --------------------------------------------------------------------- */

struct resource *resource_new(const char *kind, const char *key, const char *arn, json_t *doc)
{
	struct resource *r = NEW(struct resource);

	*r = (struct resource){.kind = xstrdup(kind), .key = xstrdup(key), .arn = xstrdup(arn), .doc = doc};
	return r;
}

void resource_free(struct resource *r)
{
	if (!r)
		return;
	free(r->kind);
	free(r->key);
	free(r->arn);
	json_decref(r->doc);
	strmap_done(&r->tags);
	free(r);
}

void resource_add(struct engine *e, struct resource *r)
{
	struct resources *t = e->resources;
	struct resource_list *list = map_get(&t->kinds, r->kind);
	AUTO(str) char *key = key_of(r->kind, r->key);
	AUTO(str) char *arn = arn_of(r->arn);

	if (!list) {
		list = NEW(struct resource_list);
		map_put(&t->kinds, r->kind, list);
	}
	r->seq = ++t->next_seq;
	GROW(list->items, list->cap, list->n + 1);
	list->items[list->n++] = r;
	map_put(&t->by_key, key, r);
	if (*arn)
		map_put(&t->by_arn, arn, r);
}

static void forget(struct engine *e, const struct resource *r)
{
	struct resource_list *list = map_get(&e->resources->kinds, r->kind);
	AUTO(str) char *key = key_of(r->kind, r->key);
	AUTO(str) char *arn = arn_of(r->arn);

	for (size_t i = 0; i < list->n; i++) {
		if (list->items[i] == r) {
			memmove(&list->items[i], &list->items[i + 1], (list->n - i - 1) * sizeof(*list->items));
			list->n--;
			break;
		}
	}
	map_remove(&e->resources->by_key, key);
	if (*arn)
		map_remove(&e->resources->by_arn, arn);
}

void resource_remove(struct engine *e, struct resource *r)
{
	sqlite3_stmt *st = state_prepare(e->db, "DELETE FROM resources WHERE kind = ? AND key = ?");

	state_bind_text(st, 1, r->kind);
	state_bind_text(st, 2, r->key);
	state_exec(e->db, st);
	forget(e, r);
	resource_free(r);
}

void resources_free(struct engine *e)
{
	struct resources *t = e->resources;
	const char *kind;
	void *value;

	if (!t)
		return;
	for (size_t at = 0; map_next(&t->kinds, &at, &kind, &value);) {
		struct resource_list *list = value;

		for (size_t i = 0; i < list->n; i++)
			resource_free(list->items[i]);
		free(list->items);
		free(list);
	}
	map_done(&t->kinds);
	map_done(&t->by_key);
	map_done(&t->by_arn);
	free(t);
	e->resources = NULL;
}

/* --- persistence -------------------------------------------------------------------- */

static char *tags_text(const struct strmap *tags)
{
	AUTO(json) json_t *j = json_object();

	for (size_t i = 0; i < tags->n; i++)
		json_object_set_new(j, tags->items[i].name, json_string(tags->items[i].value));
	return json_text(j);
}

void resource_save(struct engine *e, const struct resource *r)
{
	AUTO(str) char *doc = json_text(r->doc);
	AUTO(str) char *tags = tags_text(&r->tags);
	sqlite3_stmt *st = state_prepare(e->db, "INSERT OR REPLACE INTO resources (kind, key, seq, arn, doc, tags)"
						" VALUES (?, ?, ?, ?, ?, ?)");

	state_bind_text(st, 1, r->kind);
	state_bind_text(st, 2, r->key);
	state_bind_i64(st, 3, r->seq);
	state_bind_text(st, 4, r->arn);
	state_bind_text(st, 5, doc);
	state_bind_text(st, 6, tags);
	state_exec(e->db, st);
}

static int load_row(struct engine *e, sqlite3_stmt *st, struct err *err)
{
	AUTO(json) json_t *doc = NULL;
	AUTO(json) json_t *tags = NULL;
	const char *text = state_text(st, 3), *tags_json = state_text(st, 4), *key;
	json_t *value;
	int rc = json_parse(text, strlen(text), "resources table", &doc, err);

	if (rc == 0)
		rc = json_parse(tags_json, strlen(tags_json), "resources table", &tags, err);
	if (rc < 0)
		return rc;
	struct resource *r = resource_new(state_text(st, 0), state_text(st, 1), state_text(st, 2), TAKE(doc));

	json_object_foreach(tags, key, value) strmap_set(&r->tags, key, str_or(json_string_value(value), ""));
	e->resources->next_seq = sqlite3_column_int64(st, 5) - 1;
	resource_add(e, r);
	return 0;
}

int resources_load(struct engine *e, struct err *err)
{
	sqlite3_stmt *st = state_prepare(e->db, "SELECT kind, key, arn, doc, tags, seq FROM resources ORDER BY seq");
	int rc = 0;

	e->resources = NEW(struct resources);
	while (rc == 0 && state_step(e->db, st))
		rc = load_row(e, st, err);
	state_done(st);
	return rc;
}
