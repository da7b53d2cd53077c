/* Stored documents: tables in memory by kind, key and ARN, and their rows. */
#include "aws/local/kept/documents.h"

struct documents {
	struct map kinds;  /* word -> struct document_list */
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

const struct document_list *documents_of(const struct engine *e, const char *kind)
{
	static const struct document_list none;
	const struct document_list *list = map_get(&e->documents->kinds, kind);

	return list ? list : &none;
}

struct document *document_find(const struct engine *e, const char *kind, const char *key)
{
	AUTO(str) char *whole = key_of(kind, key);

	return map_get(&e->documents->by_key, whole);
}

struct document *document_by_arn(const struct engine *e, const char *arn)
{
	AUTO(str) char *lower = arn_of(arn);

	return map_get(&e->documents->by_arn, lower);
}

/* --- the table --------------------------------------------------------------------- */

struct document *document_new(const char *kind, const char *key, const char *arn, json_t *doc)
{
	struct document *r = NEW(struct document);

	*r = (struct document){.kind = xstrdup(kind), .key = xstrdup(key), .arn = xstrdup(arn), .doc = doc};
	return r;
}

void document_free(struct document *r)
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

void document_add(struct engine *e, struct document *r)
{
	struct documents *t = e->documents;
	struct document_list *list = map_get(&t->kinds, r->kind);
	AUTO(str) char *key = key_of(r->kind, r->key);
	AUTO(str) char *arn = arn_of(r->arn);

	if (!list) {
		list = NEW(struct document_list);
		map_put(&t->kinds, r->kind, list);
	}
	r->seq = ++t->next_seq;
	GROW(list->items, list->cap, list->n + 1);
	list->items[list->n++] = r;
	map_put(&t->by_key, key, r);
	if (*arn)
		map_put(&t->by_arn, arn, r);
}

static void forget(struct engine *e, const struct document *r)
{
	struct document_list *list = map_get(&e->documents->kinds, r->kind);
	AUTO(str) char *key = key_of(r->kind, r->key);
	AUTO(str) char *arn = arn_of(r->arn);

	for (size_t i = 0; i < list->n; i++) {
		if (list->items[i] == r) {
			memmove(&list->items[i], &list->items[i + 1], (list->n - i - 1) * sizeof(*list->items));
			list->n--;
			break;
		}
	}
	map_remove(&e->documents->by_key, key);
	if (*arn)
		map_remove(&e->documents->by_arn, arn);
}

void document_remove(struct engine *e, struct document *r)
{
	sqlite3_stmt *st = state_prepare(e->db, "DELETE FROM resources WHERE kind = ? AND key = ?");

	state_bind_text(st, 1, r->kind);
	state_bind_text(st, 2, r->key);
	state_exec(e->db, st);
	forget(e, r);
	document_free(r);
}

void documents_free(struct engine *e)
{
	struct documents *t = e->documents;
	const char *kind;
	void *value;

	if (!t)
		return;
	for (size_t at = 0; map_next(&t->kinds, &at, &kind, &value);) {
		struct document_list *list = value;

		for (size_t i = 0; i < list->n; i++)
			document_free(list->items[i]);
		free(list->items);
		free(list);
	}
	map_done(&t->kinds);
	map_done(&t->by_key);
	map_done(&t->by_arn);
	free(t);
	e->documents = NULL;
}

/* --- persistence -------------------------------------------------------------------- */

static char *tags_text(const struct strmap *tags)
{
	AUTO(json) json_t *j = json_from_strmap(tags);

	return json_text(j);
}

void document_save(struct engine *e, const struct document *r)
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
	const char *text = state_text(st, 3), *tags_json = state_text(st, 4);
	int rc = json_parse(text, strlen(text), "resources table", &doc, err);

	if (rc == 0)
		rc = json_parse(tags_json, strlen(tags_json), "resources table", &tags, err);
	if (rc < 0)
		return rc;
	struct document *r = document_new(state_text(st, 0), state_text(st, 1), state_text(st, 2), TAKE(doc));

	json_to_strmap(tags, &r->tags);
	e->documents->next_seq = sqlite3_column_int64(st, 5) - 1;
	document_add(e, r);
	return 0;
}

int documents_load(struct engine *e, struct err *err)
{
	sqlite3_stmt *st = state_prepare(e->db, "SELECT kind, key, arn, doc, tags, seq FROM resources ORDER BY seq");
	int rc = 0;

	e->documents = NEW(struct documents);
	while (rc == 0 && state_step(e->db, st))
		rc = load_row(e, st, err);
	state_done(st);
	return rc;
}
