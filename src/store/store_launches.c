/* store_launches.c - the queue of launches: every one is a row before it is sent.
 *
 * What decides who may send a row, and whether it may be sent, happens in one
 * transaction of the state database, which all processes share: claim (QUEUED to
 * SENT) and take (of what a dead process left open) succeed for one of them only. */
#include "store/store_priv.h"

#include "base/clock.h"

#include <unistd.h>

void launch_done(struct launch *l)
{
	free(l->name);
	free(l->operation);
	free(l->spec_json);
	free(l->run);
	free(l->arn);
	free(l->error);
	*l = (struct launch){0};
}

void launch_list_free(struct launch *l, size_t n)
{
	for (size_t i = 0; i < n; i++)
		launch_done(&l[i]);
	free(l);
}

/* One writing statement in a transaction of its own; *ret_changed (may be NULL): the
 * rows that it changed. The statement is bound by now, or NULL where it failed. */
static int run(struct store *s, sqlite3_stmt *st, int *ret_changed, struct err *err)
{
	int rc = st ? db_step_done(&s->state, st, err) : -ERR_DB;

	if (rc == 0 && ret_changed)
		*ret_changed = sqlite3_changes(s->state.handle);
	return db_end(&s->state, rc, err);
}

/* --- in ----------------------------------------------------------------------------- */

static int insert(struct store *s, const struct launch *l, int64_t *ret_id, struct err *err)
{
	/* A cycle's pack is one launch however often it is planned. */
	sqlite3_stmt *st = db_prepare(&s->state,
				      "INSERT INTO launch (scope, name, spec_json, state, queued_ms, pid,"
				      " operation, run, cycle, pack, due_ms, concurrency)"
				      " VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
				      " ON CONFLICT (scope, run, operation, cycle, pack) WHERE run IS NOT NULL"
				      " DO NOTHING",
				      err);

	if (!st)
		return -ERR_DB;
	db_bind_text(st, 1, s->scope);
	db_bind_text(st, 2, l->name);
	db_bind_text(st, 3, l->spec_json);
	sqlite3_bind_int64(st, 4, clock_now_ms());
	sqlite3_bind_int64(st, 5, (int64_t)getpid());
	db_bind_text(st, 6, str_or(l->operation, LAUNCH_TRAINING_JOB));
	db_bind_text(st, 7, l->run);
	sqlite3_bind_int64(st, 8, l->cycle);
	sqlite3_bind_int64(st, 9, l->pack);
	sqlite3_bind_int64(st, 10, l->due_ms);
	sqlite3_bind_int(st, 11, l->concurrency);
	int rc = db_step_done(&s->state, st, err);

	if (rc == 0 && ret_id)
		*ret_id = sqlite3_changes(s->state.handle) ? sqlite3_last_insert_rowid(s->state.handle) : 0;
	return rc;
}

static int put_launches(struct store *s, const struct launch *rows, size_t n, int64_t *ret_id, struct err *err)
{
	int rc = db_begin(&s->state, err);

	if (rc)
		return rc;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = insert(s, &rows[i], ret_id, err);
	return db_end(&s->state, rc, err);
}

int store_launch_put(struct store *s, const struct launch *rows, size_t n, struct err *err)
{
	return RETRY_STATE(s, err, put_launches(s, rows, n, NULL, &e));
}

int store_launch_add(struct store *s, const char *name, const char *spec_json, int64_t *ret_id, struct err *err)
{
	struct launch l = {.name = (char *)(uintptr_t)name, .spec_json = (char *)(uintptr_t)spec_json};

	return RETRY_STATE(s, err, put_launches(s, &l, 1, ret_id, &e));
}

/* --- who sends it --------------------------------------------------------------------- */

static int claim(struct store *s, int64_t id, int64_t now_ms, bool *ret_claimed, struct err *err)
{
	int changed = 0, rc = db_begin(&s->state, err);

	if (rc)
		return rc;
	/* What is sent, and what was accepted and has not ended, takes a place of its run. */
	sqlite3_stmt *st = db_prepare(
		&s->state,
		"UPDATE launch SET state = 1, sent_ms = ?2, pid = ?3, attempts = attempts + 1"
		" WHERE id = ?1 AND state = 0 AND due_ms <= ?2 AND (run IS NULL OR (NOT EXISTS"
		" (SELECT 1 FROM backtest b WHERE b.scope = launch.scope AND b.run = launch.run AND b.state <> 0)"
		" AND (concurrency <= 0 OR concurrency >"
		" (SELECT count(*) FROM launch o WHERE o.scope = launch.scope AND o.run = launch.run"
		" AND (o.state = 1 OR (o.state = 2 AND o.ended_ms IS NULL))))))",
		err);
	if (st) {
		sqlite3_bind_int64(st, 1, id);
		sqlite3_bind_int64(st, 2, now_ms);
		sqlite3_bind_int64(st, 3, (int64_t)getpid());
	}
	rc = run(s, st, &changed, err);
	*ret_claimed = rc == 0 && changed == 1;
	return rc;
}

int store_launch_claim(struct store *s, int64_t id, int64_t now_ms, bool *ret_claimed, struct err *err)
{
	return RETRY_STATE(s, err, claim(s, id, now_ms, ret_claimed, &e));
}

static int take(struct store *s, const struct launch *old, int64_t now_ms, bool *ret_taken, struct err *err)
{
	int changed = 0, rc = db_begin(&s->state, err);

	if (rc)
		return rc;
	sqlite3_stmt *st = db_prepare(&s->state,
				      "UPDATE launch SET pid = ?2, sent_ms = ?3"
				      " WHERE id = ?1 AND state = 1 AND pid IS ?4 AND sent_ms IS ?5",
				      err);
	if (st) {
		sqlite3_bind_int64(st, 1, old->id);
		sqlite3_bind_int64(st, 2, (int64_t)getpid());
		sqlite3_bind_int64(st, 3, now_ms);
		sqlite3_bind_int64(st, 4, old->pid);
		sqlite3_bind_int64(st, 5, old->sent_ms);
	}
	rc = run(s, st, &changed, err);
	*ret_taken = rc == 0 && changed == 1;
	return rc;
}

int store_launch_take(struct store *s, const struct launch *old, int64_t now_ms, bool *ret_taken, struct err *err)
{
	return RETRY_STATE(s, err, take(s, old, now_ms, ret_taken, &e));
}

/* --- what became of it ------------------------------------------------------------------ */

static int update(struct store *s, int64_t id, enum launch_state state, const char *arn, const char *error,
		  struct err *err)
{
	int rc = db_begin(&s->state, err);

	if (rc)
		return rc;
	/* What is settled stays so: two processes may settle one launch. */
	sqlite3_stmt *st = db_prepare(&s->state,
				      "UPDATE launch SET state = ?2, arn = coalesce(?3, arn), error = ?4,"
				      " sent_ms = CASE WHEN ?2 = 1 THEN ?5 ELSE sent_ms END,"
				      " settled_ms = CASE WHEN ?2 >= 2 THEN ?5 ELSE settled_ms END, pid = ?6"
				      " WHERE id = ?1 AND state <> 2",
				      err);
	if (st) {
		sqlite3_bind_int64(st, 1, id);
		sqlite3_bind_int(st, 2, (int)state);
		db_bind_text(st, 3, arn);
		db_bind_text(st, 4, error);
		sqlite3_bind_int64(st, 5, clock_now_ms());
		sqlite3_bind_int64(st, 6, (int64_t)getpid());
	}
	return run(s, st, NULL, err);
}

int store_launch_update(struct store *s, int64_t id, enum launch_state state, const char *arn, const char *error,
			struct err *err)
{
	return RETRY_STATE(s, err, update(s, id, state, arn, error, &e));
}

static int requeue(struct store *s, int64_t id, int64_t due_ms, const char *error, struct err *err)
{
	int rc = db_begin(&s->state, err);

	if (rc)
		return rc;
	sqlite3_stmt *st = db_prepare(
		&s->state, "UPDATE launch SET state = 0, due_ms = ?2, error = ?3 WHERE id = ?1 AND state = 1", err);
	if (st) {
		sqlite3_bind_int64(st, 1, id);
		sqlite3_bind_int64(st, 2, due_ms);
		db_bind_text(st, 3, error);
	}
	return run(s, st, NULL, err);
}

int store_launch_requeue(struct store *s, int64_t id, int64_t due_ms, const char *error, struct err *err)
{
	return RETRY_STATE(s, err, requeue(s, id, due_ms, error, &e));
}

static int give_up(struct store *s, int64_t id, struct err *err)
{
	int rc = db_begin(&s->state, err);

	if (rc)
		return rc;
	sqlite3_stmt *st =
		db_prepare(&s->state, "UPDATE launch SET given_up = 1 WHERE id = ?1 AND state IN (0, 1)", err);
	if (st)
		sqlite3_bind_int64(st, 1, id);
	return run(s, st, NULL, err);
}

int store_launch_give_up(struct store *s, int64_t id, struct err *err)
{
	return RETRY_STATE(s, err, give_up(s, id, &e));
}

static int ended(struct store *s, int64_t id, int64_t ended_ms, struct err *err)
{
	int rc = db_begin(&s->state, err);

	if (rc)
		return rc;
	sqlite3_stmt *st = db_prepare(&s->state,
				      "UPDATE launch SET ended_ms = ?2 WHERE id = ?1 AND state = 2"
				      " AND ended_ms IS NULL",
				      err);
	if (st) {
		sqlite3_bind_int64(st, 1, id);
		sqlite3_bind_int64(st, 2, ended_ms);
	}
	return run(s, st, NULL, err);
}

int store_launch_ended(struct store *s, int64_t id, int64_t ended_ms, struct err *err)
{
	return RETRY_STATE(s, err, ended(s, id, ended_ms, &e));
}

/* --- out ---------------------------------------------------------------------------------- */

static struct launch read_row(sqlite3_stmt *st)
{
	return (struct launch){.id = sqlite3_column_int64(st, 0),
			       .name = db_column_dup(st, 1),
			       .spec_json = db_column_dup(st, 2),
			       .state = (enum launch_state)sqlite3_column_int(st, 3),
			       .queued_ms = sqlite3_column_int64(st, 4),
			       .sent_ms = sqlite3_column_int64(st, 5),
			       .settled_ms = sqlite3_column_int64(st, 6),
			       .pid = sqlite3_column_int64(st, 7),
			       .arn = db_column_dup(st, 8),
			       .error = db_column_dup(st, 9),
			       .operation = db_column_dup(st, 10),
			       .run = db_column_dup(st, 11),
			       .cycle = sqlite3_column_int64(st, 12),
			       .pack = sqlite3_column_int64(st, 13),
			       .due_ms = sqlite3_column_int64(st, 14),
			       .attempts = sqlite3_column_int(st, 15),
			       .concurrency = sqlite3_column_int(st, 16),
			       .ended_ms = sqlite3_column_int64(st, 17),
			       .given_up = sqlite3_column_int(st, 18) != 0};
}

#define COLUMNS_WITH(spec)                                                                                   \
	"SELECT id, name, " spec ", state, queued_ms, sent_ms, settled_ms, pid, arn, error, operation, run," \
	" cycle, pack, due_ms, attempts, concurrency, ended_ms, given_up FROM launch "
#define COLUMNS COLUMNS_WITH("spec_json")

/* By launch_which; ?1 is the scope. Rows that wait are read without those of runs that
 * have no place for them: of thousands only the first matter. */
static const char *const list_statements[] = {
	[LAUNCHES_ALL] = COLUMNS "WHERE scope = ?1 ORDER BY id",
	[LAUNCHES_OPEN] = COLUMNS "WHERE scope = ?1 AND state < 2 ORDER BY id",
	[LAUNCHES_TO_WORK_ON] = COLUMNS
	"WHERE id IN (SELECT id FROM launch WHERE scope = ?1 AND state = 1"
	" UNION ALL SELECT * FROM (SELECT id FROM launch WHERE scope = ?1 AND state = 0 AND (run IS NULL OR run NOT IN"
	" (SELECT o.run FROM launch o WHERE o.scope = ?1 AND (o.state = 1 OR (o.state = 2 AND o.ended_ms IS NULL))"
	" AND o.run IS NOT NULL GROUP BY o.run HAVING count(*) >= max(o.concurrency) AND max(o.concurrency) > 0"
	" UNION ALL SELECT b.run FROM backtest b WHERE b.scope = ?1 AND b.state <> 0))"
	" ORDER BY due_ms, id LIMIT ?2)) ORDER BY id",
	[LAUNCHES_RUNNING] = COLUMNS_WITH("NULL") "WHERE scope = ?1 AND state = 2 AND run IS NOT NULL"
						  " AND ended_ms IS NULL ORDER BY id"};

static int read_rows(struct store *s, sqlite3_stmt *st, struct launch **ret, size_t *ret_n, struct err *err)
{
	struct launch *items = NULL;
	size_t n = 0, cap = 0;
	int step;

	while ((step = sqlite3_step(st)) == SQLITE_ROW) {
		GROW(items, cap, n + 1);
		items[n++] = read_row(st);
	}
	int rc = step == SQLITE_DONE ? 0 : db_fail(&s->state, err);

	sqlite3_reset(st);
	if (rc) {
		launch_list_free(items, n);
		return rc;
	}
	*ret = items;
	*ret_n = n;
	return 0;
}

static int list_launches(struct store *s, enum launch_which which, struct launch **ret, size_t *ret_n, struct err *err)
{
	sqlite3_stmt *st = db_prepare(&s->state, list_statements[which], err);

	if (!st)
		return -ERR_DB;
	db_bind_text(st, 1, s->scope);
	if (which == LAUNCHES_TO_WORK_ON)
		sqlite3_bind_int(st, 2, LAUNCHES_WAITING_MAX);
	return read_rows(s, st, ret, ret_n, err);
}

int store_launch_list(struct store *s, enum launch_which which, struct launch **ret, size_t *ret_n, struct err *err)
{
	return RETRY_STATE(s, err, list_launches(s, which, ret, ret_n, &e));
}

static int list_run(struct store *s, const char *run, struct launch **ret, size_t *ret_n, struct err *err)
{
	sqlite3_stmt *st =
		db_prepare(&s->state, COLUMNS_WITH("NULL") "WHERE scope = ?1 AND run = ?2 ORDER BY cycle, pack", err);

	if (!st)
		return -ERR_DB;
	db_bind_text(st, 1, s->scope);
	db_bind_text(st, 2, run);
	return read_rows(s, st, ret, ret_n, err);
}

int store_launch_list_run(struct store *s, const char *run, struct launch **ret, size_t *ret_n, struct err *err)
{
	return RETRY_STATE(s, err, list_run(s, run, ret, ret_n, &e));
}

static int waits(struct store *s, const char *name, bool *ret, struct err *err)
{
	sqlite3_stmt *st = db_prepare(&s->state,
				      "SELECT 1 FROM launch WHERE scope = ?1 AND name = ?2 AND state < 2"
				      " AND operation = '" LAUNCH_TRAINING_JOB "' LIMIT 1",
				      err);

	if (!st)
		return -ERR_DB;
	db_bind_text(st, 1, s->scope);
	db_bind_text(st, 2, name);
	int step = sqlite3_step(st), rc = step == SQLITE_ROW || step == SQLITE_DONE ? 0 : db_fail(&s->state, err);

	*ret = step == SQLITE_ROW;
	sqlite3_reset(st);
	return rc;
}

int store_launch_waits(struct store *s, const char *name, bool *ret, struct err *err)
{
	return RETRY_STATE(s, err, waits(s, name, ret, &e));
}

static int count_run(struct store *s, const char *run, size_t ret[LAUNCH_STATES], struct err *err)
{
	sqlite3_stmt *st =
		db_prepare(&s->state,
			   "SELECT state, count(*) FROM launch l WHERE scope = ?1 AND run = ?2 AND NOT EXISTS"
			   " (SELECT 1 FROM launch o WHERE o.scope = ?1 AND o.run = ?2"
			   " AND o.operation = l.operation AND o.pack = l.pack AND o.cycle > l.cycle)"
			   " GROUP BY state",
			   err);
	int step;

	if (!st)
		return -ERR_DB;
	memset(ret, 0, LAUNCH_STATES * sizeof(*ret));
	db_bind_text(st, 1, s->scope);
	db_bind_text(st, 2, run);
	while ((step = sqlite3_step(st)) == SQLITE_ROW)
		if (sqlite3_column_int(st, 0) >= 0 && sqlite3_column_int(st, 0) < LAUNCH_STATES)
			ret[sqlite3_column_int(st, 0)] = (size_t)sqlite3_column_int64(st, 1);
	int rc = step == SQLITE_DONE ? 0 : db_fail(&s->state, err);

	sqlite3_reset(st);
	return rc;
}

int store_launch_count_run(struct store *s, const char *run, size_t ret[LAUNCH_STATES], struct err *err)
{
	return RETRY_STATE(s, err, count_run(s, run, ret, &e));
}

static int adopt_waiting(struct store *s, const char *name, struct err *err)
{
	int rc = db_begin(&s->state, err);

	if (rc)
		return rc;
	sqlite3_stmt *st = db_prepare(&s->state,
				      "UPDATE launch SET pid = ?3, due_ms = 0"
				      " WHERE scope = ?1 AND run = ?2 AND state = 0",
				      err);
	if (st) {
		db_bind_text(st, 1, s->scope);
		db_bind_text(st, 2, name);
		sqlite3_bind_int64(st, 3, (int64_t)getpid());
	}
	return run(s, st, NULL, err);
}

int store_launch_adopt_waiting(struct store *s, const char *run, struct err *err)
{
	return RETRY_STATE(s, err, adopt_waiting(s, run, &e));
}

static int refuse_waiting(struct store *s, const char *name, const char *why, struct err *err)
{
	int rc = db_begin(&s->state, err);

	if (rc)
		return rc;
	sqlite3_stmt *st = db_prepare(&s->state,
				      "UPDATE launch SET state = 3, error = ?3, settled_ms = ?4"
				      " WHERE scope = ?1 AND run = ?2 AND state = 0",
				      err);
	if (st) {
		db_bind_text(st, 1, s->scope);
		db_bind_text(st, 2, name);
		db_bind_text(st, 3, why);
		sqlite3_bind_int64(st, 4, clock_now_ms());
	}
	return run(s, st, NULL, err);
}

int store_launch_refuse_waiting(struct store *s, const char *run, const char *why, struct err *err)
{
	return RETRY_STATE(s, err, refuse_waiting(s, run, why, &e));
}

/* --- what somebody asked for ------------------------------------------------------------- */

/* Jobs by hand, and sweeps; of a row that was asked for again the last counts. */
static const char summaries_sql[] =
	"SELECT * FROM (SELECT id, name, 0, state = 0, state = 1, state = 2, state = 3, queued_ms, error FROM launch"
	" WHERE scope = ?1 AND run IS NULL ORDER BY id DESC LIMIT ?2)"
	" UNION ALL SELECT max(id), substr(run, 7), 1, sum(state = 0), sum(state = 1), sum(state = 2), sum(state = 3),"
	" max(queued_ms), max(error) FROM launch l WHERE scope = ?1 AND run >= '" LAUNCH_SWEEP "' AND run < 'sweep0'"
	" AND NOT EXISTS (SELECT 1 FROM launch o WHERE o.scope = ?1 AND o.run = l.run"
	" AND o.operation = l.operation AND o.pack = l.pack AND o.cycle > l.cycle) GROUP BY run ORDER BY 1 DESC LIMIT "
	"?2";

static void add_summary(struct launch_summaries *l, sqlite3_stmt *st)
{
	GROW(l->items, l->cap, l->n + 1);
	l->items[l->n++] = (struct launch_summary){.name = db_column_dup(st, 1),
						   .is_sweep = sqlite3_column_int(st, 2) != 0,
						   .queued = (size_t)sqlite3_column_int64(st, 3),
						   .sent = (size_t)sqlite3_column_int64(st, 4),
						   .accepted = (size_t)sqlite3_column_int64(st, 5),
						   .refused = (size_t)sqlite3_column_int64(st, 6),
						   .asked_ms = sqlite3_column_int64(st, 7),
						   .error = db_column_dup(st, 8)};
}

static int summaries(struct store *s, size_t most, struct launch_summaries *ret, struct err *err)
{
	sqlite3_stmt *st = db_prepare(&s->state, summaries_sql, err);
	int step;

	if (!st)
		return -ERR_DB;
	launch_summaries_done(ret);
	db_bind_text(st, 1, s->scope);
	sqlite3_bind_int64(st, 2, (sqlite3_int64)most);
	while ((step = sqlite3_step(st)) == SQLITE_ROW)
		add_summary(ret, st);
	int rc = step == SQLITE_DONE ? 0 : db_fail(&s->state, err);

	sqlite3_reset(st);
	return rc;
}

int store_launch_summaries(struct store *s, size_t most, struct launch_summaries *ret, struct err *err)
{
	return RETRY_STATE(s, err, summaries(s, most, ret, &e));
}

static int last_spec(struct store *s, const char *name, char **ret, struct err *err)
{
	AUTO(str) char *run = xasprintf(LAUNCH_SWEEP "%s", name);
	sqlite3_stmt *st =
		db_prepare(&s->state,
			   "SELECT spec_json FROM launch WHERE scope = ?1 AND (run = ?3 OR (run IS NULL AND"
			   " name = ?2)) ORDER BY run IS NULL, CASE WHEN run IS NULL THEN -id ELSE id END LIMIT 1",
			   err);

	if (!st)
		return -ERR_DB;
	db_bind_text(st, 1, s->scope);
	db_bind_text(st, 2, name);
	db_bind_text(st, 3, run);
	int step = sqlite3_step(st);
	int rc = step == SQLITE_ROW || step == SQLITE_DONE ? 0 : db_fail(&s->state, err);

	*ret = step == SQLITE_ROW ? db_column_dup(st, 0) : NULL;
	sqlite3_reset(st);
	return rc || *ret ? rc : err_set(err, ERR_NOTFOUND, "nothing was launched from here under the name %s", name);
}

int store_launch_spec(struct store *s, const char *name, char **ret, struct err *err)
{
	return RETRY_STATE(s, err, last_spec(s, name, ret, &e));
}

#define UNDER_THE_NAME                                                                                      \
	" scope = ?1 AND (run = ?3 OR (name = ?2 AND (run IS NULL OR (run >= '" LAUNCH_SWEEP "' AND run < " \
	"'sweep0'))))"

/* sweep: the run of that name; both texts stay until the statement was run. */
static sqlite3_stmt *about_name(struct store *s, const char *sql, const char *name, const char *sweep, struct err *err)
{
	sqlite3_stmt *st = db_prepare(&s->state, sql, err);

	if (st) {
		db_bind_text(st, 1, s->scope);
		db_bind_text(st, 2, name);
		db_bind_text(st, 3, sweep);
	}
	return st;
}

/* What is being sent is settled, but not sent again. */
static int discard(struct store *s, const char *name, const char *why, struct launch_discarded *ret, struct err *err)
{
	AUTO(str) char *sweep = xasprintf(LAUNCH_SWEEP "%s", name);
	int changed = 0, rc = db_begin(&s->state, err);

	if (rc)
		return rc;
	sqlite3_stmt *st =
		about_name(s, "UPDATE launch SET given_up = 1 WHERE state = 1 AND" UNDER_THE_NAME, name, sweep, err);
	rc = st ? db_step_done(&s->state, st, err) : -ERR_DB;
	ret->sent = (size_t)sqlite3_changes(s->state.handle);
	if (rc)
		return db_end(&s->state, rc, err);
	st = about_name(s,
			"UPDATE launch SET state = 3, error = ?4, settled_ms = ?5 WHERE state = 0 AND" UNDER_THE_NAME,
			name, sweep, err);
	if (st) {
		db_bind_text(st, 4, why);
		sqlite3_bind_int64(st, 5, clock_now_ms());
	}
	rc = run(s, st, &changed, err);
	ret->queued = (size_t)changed;
	return rc;
}

int store_launch_discard(struct store *s, const char *name, const char *why, struct launch_discarded *ret,
			 struct err *err)
{
	return RETRY_STATE(s, err, discard(s, name, why, ret, &e));
}
