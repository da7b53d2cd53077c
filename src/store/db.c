/* db.c - opening, recovering and using one SQLite database. */
#include "store/db.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/timefmt.h"

#include <unistd.h>

/* Opening and migrating may wait for another process that is just doing it. */
#define OPEN_BUSY_MS 5000

static bool is_damage(int rc)
{
	return (rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB || rc == SQLITE_IOERR_SHORT_READ ||
	       rc == SQLITE_IOERR_CORRUPTFS;
}

static void set_notice(struct db *d, char *text)
{
	free(d->notice);
	d->notice = text;
	log_info("store: %s", text);
}

static bool is_in_memory(const struct db *d)
{
	return str_eq(d->path, ":memory:");
}

static void close_handle(struct db *d)
{
	for (size_t i = 0; i < d->n_cached; i++)
		sqlite3_finalize(d->cached[i].stmt);
	d->n_cached = 0;
	sqlite3_close_v2(d->handle);
	d->handle = NULL;
}

void db_close(struct db *d)
{
	close_handle(d);
	free(d->path);
	free(d->notice);
	*d = (struct db){0};
}

int db_fail(struct db *d, struct err *err)
{
	int rc = d->handle ? sqlite3_extended_errcode(d->handle) : SQLITE_NOMEM;

	if (is_damage(rc))
		d->damaged = true;
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(err, ERR_DB, "the %s is busy: another sagetop is writing", d->what);
	case SQLITE_FULL:
		return err_set(err, ERR_DB, "the %s cannot grow: no space left for %s", d->what, d->path);
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		return err_set(err, ERR_DB, "the %s cannot be written: check the permissions of %s", d->what, d->path);
	case SQLITE_IOERR:
		return err_set(err, ERR_DB, "the %s cannot be read or written (%s): check the disk of %s", d->what,
			       sqlite3_errstr(rc), d->path);
	default:
		return err_set(err, ERR_DB, "the %s failed: %s (%s)", d->what,
			       d->handle ? sqlite3_errmsg(d->handle) : "out of memory", d->path);
	}
}

static int exec_sql(struct db *d, const char *sql, struct err *err)
{
	return sqlite3_exec(d->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : db_fail(d, err);
}

sqlite3_stmt *db_prepare(struct db *d, const char *sql, struct err *err)
{
	sqlite3_stmt *st = NULL;

	for (size_t i = 0; i < d->n_cached; i++) {
		if (d->cached[i].sql == sql) {
			sqlite3_reset(d->cached[i].stmt);
			sqlite3_clear_bindings(d->cached[i].stmt);
			return d->cached[i].stmt;
		}
	}
	if (d->n_cached >= DB_STATEMENTS_MAX) {
		(void)err_set(err, ERR_INTERNAL, "too many statements for the %s", d->what);
		return NULL;
	}
	if (sqlite3_prepare_v3(d->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL) != SQLITE_OK) {
		(void)db_fail(d, err);
		return NULL;
	}
	d->cached[d->n_cached].sql = sql;
	d->cached[d->n_cached++].stmt = st;
	return st;
}

int db_step_done(struct db *d, sqlite3_stmt *st, struct err *err)
{
	int rc;

	do
		rc = sqlite3_step(st);
	while (rc == SQLITE_ROW);
	if (rc != SQLITE_DONE) {
		rc = db_fail(d, err);
		sqlite3_reset(st);
		return rc;
	}
	sqlite3_reset(st);
	return 0;
}

int db_begin(struct db *d, struct err *err)
{
	int moved = 0;

	/* Another process may have found it damaged and begun a new one: what is
	 * written to the old file now would be lost. */
	if (sqlite3_file_control(d->handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved) {
		d->moved = true;
		return err_set(err, ERR_DB, "the %s was moved: %s", d->what, d->path);
	}
	return exec_sql(d, "BEGIN IMMEDIATE", err);
}

static void roll_back(struct db *d)
{
	/* A statement under way would hold the transaction open. */
	for (size_t i = 0; i < d->n_cached; i++)
		sqlite3_reset(d->cached[i].stmt);
	if (!sqlite3_get_autocommit(d->handle))
		sqlite3_exec(d->handle, "ROLLBACK", NULL, NULL, NULL);
}

int db_end(struct db *d, int rc, struct err *err)
{
	if (rc == 0)
		rc = exec_sql(d, "COMMIT", err);
	if (rc)
		roll_back(d);
	return rc;
}

void db_bind_text(sqlite3_stmt *st, int i, const char *s)
{
	if (s)
		sqlite3_bind_text(st, i, s, -1, SQLITE_STATIC);
	else
		sqlite3_bind_null(st, i);
}

char *db_column_dup(sqlite3_stmt *st, int i)
{
	const char *s = (const char *)sqlite3_column_text(st, i);

	return s ? xstrndup(s, (size_t)sqlite3_column_bytes(st, i)) : NULL;
}

static int user_version(struct db *d, int *ret, struct err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(d->handle, "PRAGMA user_version", -1, &st, NULL);

	if (rc == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW) {
		*ret = sqlite3_column_int(st, 0);
		rc = 0;
	} else {
		rc = db_fail(d, err);
	}
	sqlite3_finalize(st);
	return rc;
}

/* Bring the schema up to date, all steps in one transaction: another process sees
 * the old or the new one. */
static int migrate(struct db *d, struct err *err)
{
	int version = 0, wanted = 0, rc;

	while (d->migrations[wanted])
		wanted++;
	rc = user_version(d, &version, err);
	if (rc || version == wanted)
		return rc;
	rc = db_begin(d, err);
	if (rc)
		return rc;
	rc = user_version(d, &version, err); /* again: now nobody else changes it */
	for (int i = version; rc == 0 && i < wanted; i++)
		rc = exec_sql(d, d->migrations[i], err);
	if (rc == 0 && version < wanted) {
		char sql[64];

		snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", wanted);
		rc = exec_sql(d, sql, err);
	}
	rc = db_end(d, rc, err);
	if (rc == 0 && version > wanted)
		return err_set(err, ERR_DB, "the %s was written by a newer sagetop: %s", d->what, d->path);
	return rc;
}

static int open_handle(struct db *d, struct err *err)
{
	int rc = sqlite3_open_v2(d->path, &d->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
				 NULL);

	if (rc != SQLITE_OK)
		return db_fail(d, err);
	sqlite3_extended_result_codes(d->handle, 1);
	sqlite3_busy_timeout(d->handle, OPEN_BUSY_MS);
	if (sqlite3_db_readonly(d->handle, "main") == 1)
		return err_set(err, ERR_DB, "the %s cannot be written: check the permissions of %s", d->what, d->path);
	/* Where WAL is not to be had (some network file systems), the rollback
	 * journal does as well, only slower. */
	(void)sqlite3_exec(d->handle, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
	rc = exec_sql(d, d->durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", err);
	if (rc == 0)
		rc = exec_sql(d,
			      "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -2000; PRAGMA foreign_keys = ON;"
			      "PRAGMA journal_size_limit = 4194304",
			      err);
	if (rc == 0)
		rc = migrate(d, err);
	if (rc == 0)
		sqlite3_busy_timeout(d->handle, d->busy_ms);
	return rc;
}

/* Put the file and its companions aside, for whoever wants to look. */
static bool move_aside(struct db *d, char **ret_to)
{
	static const char *const suffixes[] = {"-wal", "-shm", ""};
	char stamp[TIMEFMT_LEN];
	AUTO(str) char *to = xasprintf("%s.damaged-%s", d->path, timefmt_amz(stamp, clock_now_ms()));
	bool moved = false;

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		AUTO(str) char *from_part = xasprintf("%s%s", d->path, suffixes[i]);
		AUTO(str) char *to_part = xasprintf("%s%s", to, suffixes[i]);

		if (rename(from_part, to_part) == 0)
			moved = true;
	}
	*ret_to = TAKE(to);
	return moved && !fs_exists(d->path);
}

static int open_in_memory(struct db *d, const char *why, struct err *err)
{
	close_handle(d);
	set_notice(d, xasprintf("%s; the %s is kept in memory until sagetop ends", why, d->what));
	free(d->path);
	d->path = xstrdup(":memory:");
	d->damaged = false;
	return open_handle(d, err);
}

/* Copy what a file that cannot be written holds, so that it can be shown. */
static void copy_readable(struct db *d, const char *path)
{
	AUTO(str) char *uri = xasprintf("file:%s?immutable=1&mode=ro", path);
	sqlite3 *from = NULL;

	if (!strpbrk(path, "?#%") &&
	    sqlite3_open_v2(uri, &from, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) == SQLITE_OK) {
		sqlite3_backup *b = sqlite3_backup_init(d->handle, "main", from, "main");

		if (b) {
			sqlite3_backup_step(b, -1);
			sqlite3_backup_finish(b);
		}
	}
	sqlite3_close_v2(from);
}

static int begin_anew(struct db *d, struct err *err)
{
	AUTO(str) char *to = NULL;

	close_handle(d);
	d->damaged = false;
	if (!move_aside(d, &to)) {
		AUTO(str) char *why = xasprintf("the %s is damaged and cannot be moved aside (%s)", d->what, d->path);

		return open_in_memory(d, why, err);
	}
	set_notice(d, xasprintf("the %s was damaged: it is now %s, and a new one was begun", d->what, to));
	return open_handle(d, err);
}

int db_open(struct db *d, struct err *err)
{
	struct err why = {0};

	if (is_in_memory(d))
		return open_handle(d, err);
	if (fs_mkdir_parent(d->path, 0700, &why) == 0 && open_handle(d, &why) == 0)
		return 0;
	if (d->damaged) {
		why = (struct err){0};
		if (begin_anew(d, &why) == 0)
			return 0;
	}
	AUTO(str) char *path = xstrdup(d->path);
	int rc = open_in_memory(d, why.msg, err);

	if (rc == 0 && fs_exists(path)) {
		copy_readable(d, path);
		rc = migrate(d, err);
		if (rc) { /* what was copied is of no use: really empty then */
			err_clear(err);
			close_handle(d);
			rc = open_handle(d, err);
		}
	}
	return rc;
}

bool db_recover(struct db *d)
{
	struct err err = {0};

	if ((!d->damaged && !d->moved) || is_in_memory(d))
		return false;
	if (d->moved) {
		d->moved = false;
		close_handle(d);
		if (open_handle(d, &err) == 0)
			return true;
		err_clear(&err);
	}
	if (begin_anew(d, &err) == 0)
		return true;
	return open_in_memory(d, err.msg, NULL) == 0;
}
