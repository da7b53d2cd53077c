/* store_resources.c - the things of all kinds but the training job's: a row each with
 * what is hot, and the service's record apart. */
#include "store/store_priv.h"

#include "base/json.h"
#include "model/kind.h"

static const char save_sql[] =
	"INSERT OR REPLACE INTO resource (scope_id, kind, name, parent, status, detail, created_ms, modified_ms,"
	" start_ms, end_ms, failure_reason, seen_ms, whole_ms, hot)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
static const char save_cold_sql[] =
	"INSERT OR REPLACE INTO resource_cold (scope_id, kind, name, record) VALUES (?1, ?2, ?3, ?4)";
static const char load_sql[] =
	"SELECT name, parent, status, detail, created_ms, modified_ms, start_ms, end_ms,"
	" failure_reason, seen_ms, whole_ms, hot FROM resource WHERE scope_id = ?1 AND kind = ?2";
static const char load_cold_sql[] = "SELECT record FROM resource_cold WHERE scope_id = ?1 AND kind = ?2 AND name = ?3";

/* Fields by their names, so that a row outlives a change of the table of fields. */
static char *hot_text(const struct record *r)
{
	AUTO(json) json_t *o = json_object();
	json_t *values = json_object();

	for (size_t i = 0; r->kind->fields[i].name; i++) {
		if (r->values[i])
			json_object_set_new(values, r->kind->fields[i].name, json_string(r->values[i]));
	}
	json_object_set_new(o, "values", values);
	if (r->arn)
		json_object_set_new(o, "arn", json_string(r->arn));
	if (r->tags_known)
		json_object_set_new(o, "tags", json_from_strmap(&r->tags));
	if (r->keyed.n)
		json_object_set_new(o, "keyed", json_from_strmap(&r->keyed));
	return json_text(o);
}

static char *cold_text(const struct record *r)
{
	AUTO(json) json_t *o = json_from_strmap(&r->members);

	return json_text(o);
}

static int save_hot(struct store *s, const struct resource *r, struct err *err)
{
	AUTO(str) char *hot = hot_text(resource_record(r));
	sqlite3_stmt *st = store_prepare(s, save_sql, r->kind, r->name, err);

	if (!st)
		return -ERR_DB;
	db_bind_text(st, 4, r->parent);
	db_bind_text(st, 5, r->status_text);
	store_bind_common(st, 6, r);
	sqlite3_bind_int64(st, 12, r->seen_ms);
	sqlite3_bind_int64(st, 13, resource_record(r)->whole_ms);
	db_bind_text(st, 14, hot);
	return db_step_done(&s->cache, st, err);
}

static int save_cold(struct store *s, const struct record *r, struct err *err)
{
	AUTO(str) char *cold = cold_text(r);
	sqlite3_stmt *st = store_prepare(s, save_cold_sql, r->kind, r->name, err);

	if (!st)
		return -ERR_DB;
	db_bind_text(st, 4, cold);
	return db_step_done(&s->cache, st, err);
}

static int save_records(struct store *s, struct resource *const *items, size_t n, struct err *err)
{
	int rc = db_begin(&s->cache, err);

	if (rc)
		return rc;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		const struct record *r = resource_record(items[i]);

		rc = save_hot(s, items[i], err);
		if (rc == 0 && !r->trimmed && r->detail >= DETAIL_SEARCHED)
			rc = save_cold(s, r, err);
	}
	return db_end(&s->cache, rc, err);
}

int store_resources_save(struct store *s, struct resource *const *items, size_t n, struct err *err)
{
	if (n == 0)
		return 0;
	if (items[0]->kind->class == &job_class)
		return store_jobs_save(s, (struct job *const *)items, n, err);
	return RETRY_CACHE(s, err, save_records(s, items, n, &e));
}

static void read_hot(struct record *r, const char *text, size_t n)
{
	AUTO(json) json_t *o = NULL;
	const struct field *fields = r->kind->fields;

	if (json_parse(text, n, "a row of the cache", &o, NULL))
		return;
	const json_t *values = json_object_get(o, "values"), *tags = json_object_get(o, "tags");

	for (size_t i = 0; fields[i].name; i++) {
		if (fields[i].path)
			record_set_value(r, i, json_get_str(values, fields[i].name));
	}
	r->arn = xstrdup(json_get_str(o, "arn"));
	r->tags_known = tags != NULL;
	json_to_strmap(tags, &r->tags);
	json_to_strmap(json_object_get(o, "keyed"), &r->keyed);
}

/* A thing out of a row; NULL where the row makes no sense. */
static struct resource *read_row(const struct kind *k, sqlite3_stmt *st)
{
	const char *name = (const char *)sqlite3_column_text(st, 0);
	const char *hot = (const char *)sqlite3_column_text(st, 11);

	if (str_empty(name))
		return NULL;
	struct resource *r = resource_new(k, name);

	r->parent = db_column_dup(st, 1);
	resource_set_status(r, (const char *)sqlite3_column_text(st, 2));
	store_read_common(st, 3, r);
	r->seen_ms = sqlite3_column_int64(st, 9);
	resource_record(r)->whole_ms = sqlite3_column_int64(st, 10);
	r->trimmed = r->detail >= DETAIL_SEARCHED;
	if (hot)
		read_hot(resource_record(r), hot, (size_t)sqlite3_column_bytes(st, 11));
	return r;
}

static int load_records(struct store *s, const struct kind *k, struct resources *ret, struct err *err)
{
	sqlite3_stmt *st = store_prepare(s, load_sql, k, NULL, err);
	int rc;

	if (!st)
		return -ERR_DB;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct resource *r = read_row(k, st);

		if (r)
			resources_put(ret, r, NULL);
	}
	rc = rc == SQLITE_DONE ? 0 : db_fail(&s->cache, err);
	sqlite3_reset(st);
	return rc;
}

int store_resources_load(struct store *s, const struct kind *k, struct resources *ret, struct err *err)
{
	if (k->class == &job_class)
		return store_jobs_load(s, ret, err);
	return RETRY_CACHE(s, err, load_records(s, k, ret, &e));
}

static int load_members(struct store *s, struct resource *r, struct err *err)
{
	sqlite3_stmt *st = store_prepare(s, load_cold_sql, r->kind, r->name, err);
	AUTO(json) json_t *o = NULL;
	int rc;

	if (!st)
		return -ERR_DB;
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(st, 0);

		rc = json_parse(str_or(text, "{}"), text ? (size_t)sqlite3_column_bytes(st, 0) : 2,
				"a record of the cache", &o, err);
	} else {
		rc = rc == SQLITE_DONE ? err_set(err, ERR_NOTFOUND, "%s is not in the cache", r->name)
				       : db_fail(&s->cache, err);
	}
	sqlite3_reset(st);
	if (rc)
		return rc;
	json_to_strmap(o, &resource_record(r)->members);
	r->trimmed = false;
	return 0;
}

int store_resource_untrim(struct store *s, struct resource *r, struct err *err)
{
	if (!r->trimmed)
		return 0;
	return RETRY_CACHE(s, err, load_members(s, r, &e));
}

static int delete_record(struct store *s, const struct kind *k, const char *name, struct err *err)
{
	static const char *const sqls[] = {"DELETE FROM resource WHERE scope_id = ?1 AND kind = ?2 AND name = ?3",
					   "DELETE FROM resource_cold WHERE scope_id = ?1 AND kind = ?2 AND name = ?3"};
	int rc = db_begin(&s->cache, err);

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(sqls); i++) {
		sqlite3_stmt *st = store_prepare(s, sqls[i], k, name, err);

		rc = st ? db_step_done(&s->cache, st, err) : -ERR_DB;
	}
	return db_end(&s->cache, rc, err);
}

int store_resource_delete(struct store *s, const struct kind *k, const char *name, struct err *err)
{
	if (k->class == &job_class)
		return store_jobs_delete(s, name, err);
	return RETRY_CACHE(s, err, delete_record(s, k, name, &e));
}
