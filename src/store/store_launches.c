/* store_launches.c - every launch, written before it is sent. */
#include "store/store_priv.h"

#include "base/clock.h"

#include <unistd.h>

void launch_done(struct launch *l)
{
	free(l->name);
	free(l->spec_json);
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

static int launch_add(struct store *s, const char *name, const char *spec_json, int64_t *ret_id, struct err *err)
{
	int rc = db_begin(&s->state, err);

	if (rc)
		return rc;
	sqlite3_stmt *st = db_prepare(&s->state,
				      "INSERT INTO launch (scope, name, spec_json, state, queued_ms, pid)"
				      " VALUES (?, ?, ?, 0, ?, ?)",
				      err);

	if (!st) {
		db_rollback(&s->state);
		return -ERR_DB;
	}
	db_bind_text(st, 1, s->scope);
	db_bind_text(st, 2, name);
	db_bind_text(st, 3, spec_json);
	sqlite3_bind_int64(st, 4, clock_now_ms());
	sqlite3_bind_int64(st, 5, (int64_t)getpid());
	rc = db_step_done(&s->state, st, err);
	if (rc) {
		db_rollback(&s->state);
		return rc;
	}
	*ret_id = sqlite3_last_insert_rowid(s->state.handle);
	return db_commit(&s->state, err);
}

int store_launch_add(struct store *s, const char *name, const char *spec_json, int64_t *ret_id, struct err *err)
{
	return RETRY_STATE(s, err, launch_add(s, name, spec_json, ret_id, &e));
}

static int launch_update(struct store *s, int64_t id, enum launch_state state, const char *arn, const char *error,
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

	if (!st) {
		db_rollback(&s->state);
		return -ERR_DB;
	}
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int(st, 2, (int)state);
	db_bind_text(st, 3, arn);
	db_bind_text(st, 4, error);
	sqlite3_bind_int64(st, 5, clock_now_ms());
	sqlite3_bind_int64(st, 6, (int64_t)getpid());
	rc = db_step_done(&s->state, st, err);
	if (rc) {
		db_rollback(&s->state);
		return rc;
	}
	return db_commit(&s->state, err);
}

int store_launch_update(struct store *s, int64_t id, enum launch_state state, const char *arn, const char *error,
			struct err *err)
{
	return RETRY_STATE(s, err, launch_update(s, id, state, arn, error, &e));
}

static int launch_list(struct store *s, bool open_only, struct launch **ret, size_t *ret_n, struct err *err)
{
	sqlite3_stmt *st = db_prepare(&s->state,
				      "SELECT id, name, spec_json, state, queued_ms, sent_ms, settled_ms, pid, arn,"
				      " error FROM launch WHERE scope = ? AND state < ? ORDER BY id",
				      err);
	struct launch *items = NULL;
	size_t n = 0, cap = 0;
	int step;

	if (!st)
		return -ERR_DB;
	db_bind_text(st, 1, s->scope);
	sqlite3_bind_int(st, 2, open_only ? LAUNCH_ACCEPTED : LAUNCH_REFUSED + 1);
	while ((step = sqlite3_step(st)) == SQLITE_ROW) {
		GROW(items, cap, n + 1);
		items[n++] = (struct launch){.id = sqlite3_column_int64(st, 0),
					     .name = db_column_dup(st, 1),
					     .spec_json = db_column_dup(st, 2),
					     .state = (enum launch_state)sqlite3_column_int(st, 3),
					     .queued_ms = sqlite3_column_int64(st, 4),
					     .sent_ms = sqlite3_column_int64(st, 5),
					     .settled_ms = sqlite3_column_int64(st, 6),
					     .pid = sqlite3_column_int64(st, 7),
					     .arn = db_column_dup(st, 8),
					     .error = db_column_dup(st, 9)};
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

int store_launch_list(struct store *s, bool open_only, struct launch **ret, size_t *ret_n, struct err *err)
{
	return RETRY_STATE(s, err, launch_list(s, open_only, ret, ret_n, &e));
}
