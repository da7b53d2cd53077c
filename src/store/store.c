/* store.c - opening the two databases; scope and notices. */
#include "store/store_priv.h"

#include "base/fs.h"

/* A paint must not wait: another sagetop's transaction takes milliseconds, and
 * what is not saved now is saved at the next turn. A launch does wait. */
#define CACHE_BUSY_MS 250
#define STATE_BUSY_MS 5000

static int set_scope_id(struct store *s, struct err *err)
{
	sqlite3_stmt *st = db_prepare(&s->cache, "INSERT OR IGNORE INTO scope (name) VALUES (?)", err);

	if (!st)
		return -ERR_DB;
	db_bind_text(st, 1, s->scope);
	int rc = db_step_done(&s->cache, st, err);

	if (rc)
		return rc;
	st = db_prepare(&s->cache, "SELECT id FROM scope WHERE name = ?", err);
	if (!st)
		return -ERR_DB;
	db_bind_text(st, 1, s->scope);
	if (sqlite3_step(st) != SQLITE_ROW)
		return db_fail(&s->cache, err);
	s->scope_id = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return 0;
}

static void join_notices(struct store *s)
{
	free(s->notice);
	s->notice = NULL;
	if (s->state.notice && s->cache.notice)
		s->notice = xasprintf("%s; %s", s->state.notice, s->cache.notice);
	else
		s->notice = xstrdup(s->state.notice ? s->state.notice : s->cache.notice);
}

const char *store_notice(const struct store *s)
{
	return s->notice;
}

bool store_recover_cache(struct store *s)
{
	bool anew = db_recover(&s->cache), again = anew && set_scope_id(s, NULL) == 0;

	s->begun += anew;
	join_notices(s);
	return again;
}

unsigned store_cache_begun(const struct store *s)
{
	return s->begun;
}

bool store_recover_state(struct store *s)
{
	bool again = db_recover(&s->state);

	join_notices(s);
	return again;
}

sqlite3_stmt *store_prepare(struct store *s, const char *sql, const struct kind *kind, const char *name,
			    struct err *err)
{
	sqlite3_stmt *st = db_prepare(&s->cache, sql, err);

	if (!st)
		return NULL;
	sqlite3_bind_int64(st, 1, s->scope_id);
	db_bind_text(st, 2, kind->name);
	if (name)
		db_bind_text(st, 3, name);
	return st;
}

void store_bind_common(sqlite3_stmt *st, int at, const struct resource *r)
{
	/* Whose cold part is lost is known by a summary. */
	sqlite3_bind_int(st, at, (int)(r->lost ? DETAIL_SUMMARY : r->detail));
	sqlite3_bind_int64(st, at + 1, r->created_ms);
	sqlite3_bind_int64(st, at + 2, r->modified_ms);
	sqlite3_bind_int64(st, at + 3, r->start_ms);
	sqlite3_bind_int64(st, at + 4, r->end_ms);
	db_bind_text(st, at + 5, r->failure_reason);
}

void store_read_common(sqlite3_stmt *st, int at, struct resource *r)
{
	int detail = sqlite3_column_int(st, at);

	r->detail = detail >= DETAIL_SUMMARY && detail <= DETAIL_DESCRIBED ? (enum detail)detail : DETAIL_SUMMARY;
	r->created_ms = sqlite3_column_int64(st, at + 1);
	r->modified_ms = sqlite3_column_int64(st, at + 2);
	r->start_ms = sqlite3_column_int64(st, at + 3);
	r->end_ms = sqlite3_column_int64(st, at + 4);
	r->failure_reason = db_column_dup(st, at + 5);
}

int store_set_scope(struct store *s, const char *scope, struct err *err)
{
	str_set(&s->scope, scope);
	return RETRY_CACHE(s, err, set_scope_id(s, &e));
}

int store_open(const char *cache_path, const char *state_path, const char *scope, struct store **ret, struct err *err)
{
	AUTO(store) struct store *s = NEW(struct store);

	s->cache = (struct db){.path = cache_path ? xstrdup(cache_path) : fs_cache_path("cache.db"),
			       .what = "cache",
			       .migrations = store_cache_migrations,
			       .busy_ms = CACHE_BUSY_MS};
	s->state = (struct db){.path = state_path ? xstrdup(state_path) : fs_state_path("state.db"),
			       .what = "launch history",
			       .migrations = store_state_migrations,
			       .durable = true,
			       .busy_ms = STATE_BUSY_MS};
	int rc = db_open(&s->cache, err);

	if (rc == 0)
		rc = db_open(&s->state, err);
	if (rc == 0)
		rc = store_set_scope(s, scope, err);
	if (rc)
		return rc;
	join_notices(s);
	*ret = TAKE(s);
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	db_close(&s->cache);
	db_close(&s->state);
	free(s->scope);
	free(s->notice);
	free(s);
}
