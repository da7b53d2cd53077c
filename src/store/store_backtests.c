/* store_backtests.c - the runs of backtests, in the state database; their launches are in the
 * queue (store_launches.c). */
#include "store/store_priv.h"

#include "base/clock.h"

static int put(struct store *s, const struct backtest_run *r, struct err *err)
{
	int rc = db_begin(&s->state, err);

	if (rc)
		return rc;
	sqlite3_stmt *st =
		db_prepare(&s->state,
			   "INSERT INTO backtest (scope, run, state, reason, jobs, retries, concurrency, created_ms,"
			   " changed_ms)"
			   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?8, ?7, ?7) ON CONFLICT (scope, run) DO UPDATE SET"
			   " changed_ms = CASE WHEN state = ?3 THEN changed_ms ELSE ?7 END,"
			   " state = ?3, reason = ?4, jobs = ?5, retries = ?6, concurrency = ?8",
			   err);

	rc = st ? 0 : -ERR_DB;
	if (st) {
		db_bind_text(st, 1, s->scope);
		db_bind_text(st, 2, r->name);
		sqlite3_bind_int(st, 3, (int)r->state);
		db_bind_text(st, 4, r->reason);
		sqlite3_bind_int64(st, 5, r->jobs);
		sqlite3_bind_int64(st, 6, r->retries);
		sqlite3_bind_int64(st, 7, clock_now_ms());
		sqlite3_bind_int64(st, 8, r->concurrency);
		rc = db_step_done(&s->state, st, err);
	}
	return db_end(&s->state, rc, err);
}

int store_backtest_put(struct store *s, const struct backtest_run *r, struct err *err)
{
	return RETRY_STATE(s, err, put(s, r, &e));
}

static struct backtest_run read_run(sqlite3_stmt *st)
{
	return (struct backtest_run){.name = db_column_dup(st, 0),
				     .state = (enum backtest_state)sqlite3_column_int(st, 1),
				     .reason = db_column_dup(st, 2),
				     .jobs = sqlite3_column_int64(st, 3),
				     .retries = sqlite3_column_int64(st, 4),
				     .concurrency = sqlite3_column_int64(st, 5),
				     .created_ms = sqlite3_column_int64(st, 6),
				     .changed_ms = sqlite3_column_int64(st, 7)};
}

/* run NULL: all. */
static int list(struct store *s, const char *run, struct backtest_run **ret, size_t *ret_n, struct err *err)
{
	sqlite3_stmt *st = db_prepare(&s->state,
				      "SELECT run, state, reason, jobs, retries, concurrency, created_ms, changed_ms"
				      " FROM backtest"
				      " WHERE scope = ?1 AND (?2 IS NULL OR run = ?2) ORDER BY created_ms DESC, run",
				      err);
	struct backtest_run *items = NULL;
	size_t n = 0, cap = 0;
	int step;

	if (!st)
		return -ERR_DB;
	db_bind_text(st, 1, s->scope);
	db_bind_text(st, 2, run);
	while ((step = sqlite3_step(st)) == SQLITE_ROW) {
		GROW(items, cap, n + 1);
		items[n++] = read_run(st);
	}
	int rc = step == SQLITE_DONE ? 0 : db_fail(&s->state, err);

	sqlite3_reset(st);
	if (rc) {
		backtest_run_list_free(items, n);
		return rc;
	}
	*ret = items;
	*ret_n = n;
	return 0;
}

int store_backtest_list(struct store *s, struct backtest_run **ret, size_t *ret_n, struct err *err)
{
	return RETRY_STATE(s, err, list(s, NULL, ret, ret_n, &e));
}

int store_backtest_load(struct store *s, const char *run, struct backtest_run *ret, struct err *err)
{
	struct backtest_run *found = NULL;
	size_t n = 0;
	int rc = RETRY_STATE(s, err, list(s, run, &found, &n, &e));

	if (rc)
		return rc;
	if (n)
		*ret = found[0];
	free(found);
	return n ? 0
		 : err_set(err, ERR_NOTFOUND, "there is no backtest %s here: sagetop backtest status names them", run);
}
