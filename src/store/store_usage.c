/* store_usage.c - what was billed while it was there, noted down at each look. */
#include "store/store_priv.h"

struct noting {
	const struct kind *kind;
	const struct usages *now;
	int64_t now_ms;
};

static sqlite3_stmt *prepare(struct store *s, const char *sql, const struct kind *k, const char *name, const char *part,
			     struct err *err)
{
	sqlite3_stmt *st = db_prepare(&s->state, sql, err);

	if (!st)
		return NULL;
	db_bind_text(st, 1, s->scope);
	db_bind_text(st, 2, k->name);
	db_bind_text(st, 3, name);
	db_bind_text(st, 4, part);
	return st;
}

/* The open span goes on where nothing has changed; else it ends when the new one begins. */
static int note_one(struct store *s, const struct usage *u, int64_t now_ms, struct err *err)
{
	static const char same_sql[] =
		"UPDATE usage SET seen_ms = max(seen_ms, ?5) WHERE scope = ?1 AND kind = ?2 AND name = ?3 AND part = ?4"
		" AND until_ms = 0 AND instance_type IS ?6 AND count = ?7";
	static const char close_sql[] =
		"UPDATE usage SET until_ms = max(from_ms, min(?5, ?6)) WHERE scope = ?1 AND kind = ?2 AND name = ?3"
		" AND part = ?4 AND until_ms = 0";
	static const char open_sql[] =
		"INSERT OR REPLACE INTO usage (scope, kind, name, part, instance_type, count, from_ms, until_ms, "
		"seen_ms,"
		" guessed) SELECT ?1, ?2, ?3, ?4, ?5, ?6, max(?7, ifnull((SELECT max(until_ms) FROM usage WHERE"
		" scope = ?1 AND kind = ?2 AND name = ?3 AND part = ?4), 0)), 0, ?8, ?9";
	sqlite3_stmt *st = prepare(s, same_sql, u->kind, u->name, u->part, err);
	int rc;

	if (!st)
		return -ERR_DB;
	sqlite3_bind_int64(st, 5, now_ms);
	db_bind_text(st, 6, u->type);
	sqlite3_bind_int(st, 7, u->count);
	rc = db_step_done(&s->state, st, err);
	if (rc || sqlite3_changes(s->state.handle) > 0)
		return rc;
	st = prepare(s, close_sql, u->kind, u->name, u->part, err);
	if (!st)
		return -ERR_DB;
	sqlite3_bind_int64(st, 5, u->changed_ms);
	sqlite3_bind_int64(st, 6, now_ms);
	rc = db_step_done(&s->state, st, err);
	bool first = rc == 0 && sqlite3_changes(s->state.handle) == 0;

	st = rc ? NULL : prepare(s, open_sql, u->kind, u->name, u->part, err);
	if (!st)
		return rc ? rc : -ERR_DB;
	db_bind_text(st, 5, u->type);
	sqlite3_bind_int(st, 6, u->count);
	sqlite3_bind_int64(st, 7, first ? u->from_ms : u->changed_ms);
	sqlite3_bind_int64(st, 8, now_ms);
	sqlite3_bind_int(st, 9, first && u->guessed);
	return db_step_done(&s->state, st, err);
}

/* What is not there any more was there until it was seen last, as far as we know. */
static int close_gone(struct store *s, const struct noting *n, struct err *err)
{
	static const char sql[] = "UPDATE usage SET until_ms = max(from_ms, seen_ms) WHERE scope = ?1 AND kind = ?2"
				  " AND until_ms = 0 AND seen_ms < ?3";
	sqlite3_stmt *st = db_prepare(&s->state, sql, err);

	if (!st)
		return -ERR_DB;
	db_bind_text(st, 1, s->scope);
	db_bind_text(st, 2, n->kind->name);
	sqlite3_bind_int64(st, 3, n->now_ms);
	return db_step_done(&s->state, st, err);
}

static int note_all(struct store *s, const struct noting *n, struct err *err)
{
	int rc = db_begin(&s->state, err);

	for (size_t i = 0; rc == 0 && i < n->now->n; i++)
		if (n->now->items[i].kind == n->kind)
			rc = note_one(s, &n->now->items[i], n->now_ms, err);
	if (rc == 0)
		rc = close_gone(s, n, err);
	return db_end(&s->state, rc, err);
}

int store_usage_note(struct store *s, const struct kind *kind, const struct usages *now, int64_t now_ms,
		     struct err *err)
{
	const struct noting n = {kind, now, now_ms};

	return RETRY_STATE(s, err, note_all(s, &n, &e));
}

static int usage_load(struct store *s, struct usages *ret, struct err *err)
{
	sqlite3_stmt *st = db_prepare(&s->state,
				      "SELECT kind, name, part, instance_type, count, from_ms, until_ms, guessed"
				      " FROM usage WHERE scope = ? ORDER BY kind, name, part, from_ms",
				      err);
	int rc;

	if (!st)
		return -ERR_DB;
	db_bind_text(st, 1, s->scope);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		const struct kind *k = kind_find(str_or((const char *)sqlite3_column_text(st, 0), ""));
		struct usage u = {.kind = k,
				  .name = db_column_dup(st, 1),
				  .part = db_column_dup(st, 2),
				  .type = db_column_dup(st, 3),
				  .count = sqlite3_column_int(st, 4),
				  .from_ms = sqlite3_column_int64(st, 5),
				  .until_ms = sqlite3_column_int64(st, 6),
				  .guessed = sqlite3_column_int(st, 7) != 0};

		if (k)
			usages_take(ret, &u);
		usage_done(&u);
	}
	rc = rc == SQLITE_DONE ? 0 : db_fail(&s->state, err);
	sqlite3_reset(st);
	return rc;
}

int store_usage_load(struct store *s, struct usages *ret, struct err *err)
{
	return RETRY_STATE(s, err, usage_load(s, ret, &e));
}
