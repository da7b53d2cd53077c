/* store_meta.c - small values per scope. */
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
