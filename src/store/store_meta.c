/* store_meta.c - small values per scope; prices. */
#include "store/store_priv.h"

static int meta_set(struct store *s, const char *key, const char *value, struct err *err)
{
	sqlite3_stmt *st =
		db_prepare(&s->cache, "INSERT OR REPLACE INTO meta (scope_id, key, value) VALUES (?, ?, ?)", err);

	if (!st)
		return -ERR_DB;
	sqlite3_bind_int64(st, 1, s->scope_id);
	db_bind_text(st, 2, key);
	db_bind_text(st, 3, value);
	return db_step_done(&s->cache, st, err);
}

int store_meta_set(struct store *s, const char *key, const char *value, struct err *err)
{
	return RETRY_CACHE(s, err, meta_set(s, key, value, &e));
}

char *store_meta_get(struct store *s, const char *key)
{
	sqlite3_stmt *st = db_prepare(&s->cache, "SELECT value FROM meta WHERE scope_id = ? AND key = ?", NULL);
	char *value = NULL;

	if (!st)
		return NULL;
	sqlite3_bind_int64(st, 1, s->scope_id);
	db_bind_text(st, 2, key);
	if (sqlite3_step(st) == SQLITE_ROW)
		value = db_column_dup(st, 0);
	sqlite3_reset(st);
	return value;
}

static int prices_save(struct store *s, const struct price *rows, size_t n, struct err *err)
{
	int rc = db_begin(&s->cache, err);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		sqlite3_stmt *st =
			db_prepare(&s->cache, "INSERT OR REPLACE INTO price VALUES (?, ?, ?, ?, ?, ?, ?)", err);
		char grade[2] = {rows[i].grade, '\0'};

		if (!st) {
			rc = -ERR_DB;
			break;
		}
		db_bind_text(st, 1, rows[i].instance_type);
		db_bind_text(st, 2, rows[i].region);
		db_bind_text(st, 3, rows[i].component);
		sqlite3_bind_int64(st, 4, rows[i].usd_micro);
		db_bind_text(st, 5, rows[i].as_of);
		db_bind_text(st, 6, grade);
		db_bind_text(st, 7, rows[i].source);
		rc = db_step_done(&s->cache, st, err);
	}
	if (rc) {
		db_rollback(&s->cache);
		return rc;
	}
	return db_commit(&s->cache, err);
}

int store_prices_save(struct store *s, const struct price *rows, size_t n, struct err *err)
{
	return RETRY_CACHE(s, err, prices_save(s, rows, n, &e));
}

static int prices_load(struct store *s, struct price_table *into, struct err *err)
{
	sqlite3_stmt *st = db_prepare(
		&s->cache, "SELECT instance_type, region, component, usd_micro, as_of, grade, source FROM price", err);
	int rc;

	if (!st)
		return -ERR_DB;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		const char *grade = (const char *)sqlite3_column_text(st, 5);
		struct price p = {.instance_type = db_column_dup(st, 0),
				  .region = db_column_dup(st, 1),
				  .component = db_column_dup(st, 2),
				  .usd_micro = sqlite3_column_int64(st, 3),
				  .as_of = db_column_dup(st, 4),
				  .grade = grade ? grade[0] : 'B',
				  .source = db_column_dup(st, 6)};

		price_table_add(into, &p);
		free(p.instance_type);
		free(p.region);
		free(p.component);
		free(p.as_of);
		free(p.source);
	}
	rc = rc == SQLITE_DONE ? 0 : db_fail(&s->cache, err);
	sqlite3_reset(st);
	return rc;
}

int store_prices_load(struct store *s, struct price_table *into, struct err *err)
{
	return RETRY_CACHE(s, err, prices_load(s, into, &e));
}
