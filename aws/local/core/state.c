/* The SQLite database: schema, statements, the one open transaction. */
#include "aws/local/core/state.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"

#define MAX_STATEMENTS 96

struct state {
	sqlite3 *db;
	bool in_transaction;
	struct {
		const char *sql;
		sqlite3_stmt *stmt;
	} cache[MAX_STATEMENTS];
	size_t n_cached;
};

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS jobs (name TEXT PRIMARY KEY, seq INTEGER NOT NULL, doc TEXT NOT NULL);"
	"CREATE TABLE IF NOT EXISTS resources (kind TEXT NOT NULL, key TEXT NOT NULL, seq INTEGER NOT NULL,"
	"  arn TEXT NOT NULL, doc TEXT NOT NULL, tags TEXT NOT NULL, PRIMARY KEY (kind, key));"
	"CREATE TABLE IF NOT EXISTS log_groups (name TEXT PRIMARY KEY, created INTEGER NOT NULL);"
	"CREATE TABLE IF NOT EXISTS log_streams (id INTEGER PRIMARY KEY, grp TEXT NOT NULL, name TEXT NOT NULL,"
	"  created INTEGER NOT NULL, first INTEGER NOT NULL DEFAULT 0, last INTEGER NOT NULL DEFAULT 0,"
	"  ingested INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0, next_seq INTEGER NOT NULL DEFAULT 1,"
	"  UNIQUE (grp, name));"
	"CREATE TABLE IF NOT EXISTS log_events (stream INTEGER NOT NULL, time INTEGER NOT NULL, seq INTEGER NOT NULL,"
	"  ingested INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (stream, time, seq)) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS metric_series (id INTEGER PRIMARY KEY, ns TEXT NOT NULL, name TEXT NOT NULL,"
	"  dims TEXT NOT NULL, UNIQUE (ns, name, dims));"
	"CREATE TABLE IF NOT EXISTS metric_points (series INTEGER NOT NULL, time INTEGER NOT NULL, seq INTEGER NOT "
	"NULL,"
	"  value REAL NOT NULL, n REAL NOT NULL DEFAULT 1, low REAL, high REAL,"
	"  PRIMARY KEY (series, time, seq)) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY, created INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS objects (bucket TEXT NOT NULL, key TEXT NOT NULL, blob TEXT NOT NULL,"
	"  size INTEGER NOT NULL, etag TEXT NOT NULL, modified INTEGER NOT NULL, headers TEXT NOT NULL,"
	"  PRIMARY KEY (bucket, key)) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL,"
	"  started INTEGER NOT NULL, headers TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS parts (upload TEXT NOT NULL, number INTEGER NOT NULL, blob TEXT NOT NULL,"
	"  size INTEGER NOT NULL, etag TEXT NOT NULL, modified INTEGER NOT NULL, PRIMARY KEY (upload, number)) WITHOUT "
	"ROWID;"
	"CREATE TABLE IF NOT EXISTS sessions (access_key TEXT PRIMARY KEY, secret TEXT NOT NULL, token TEXT NOT NULL,"
	"  expires INTEGER NOT NULL, arn TEXT NOT NULL, user_id TEXT NOT NULL) WITHOUT ROWID;";

static void die(struct state *s, const char *what)
{
	fprintf(stderr, "sagetop-local: the database failed (%s: %s); stopping so that nothing false is served\n", what,
		sqlite3_errmsg(s->db));
	_exit(1);
}

static int open_database(const char *path, sqlite3 **ret)
{
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK ||
	    sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000;", NULL,
			 NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(db, schema, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(db, "PRAGMA quick_check(1);", NULL, NULL, NULL) != SQLITE_OK) {
		int rc = sqlite3_extended_errcode(db) & 0xff;

		sqlite3_close(db);
		return rc ? rc : SQLITE_ERROR;
	}
	*ret = db;
	return SQLITE_OK;
}

static char *move_aside(const char *path)
{
	char *moved = xasprintf("%s.damaged-%lld", path, (long long)(clock_now_ms() / 1000));

	if (rename(path, moved) < 0) {
		free(moved);
		return NULL;
	}
	static const char *const extras[] = {"-wal", "-shm"};

	for (size_t i = 0; i < ARRAY_LEN(extras); i++) {
		AUTO(str) char *extra = xasprintf("%s%s", path, extras[i]);

		unlink(extra);
	}
	return moved;
}

int state_open(const char *dir, struct state **ret, char **ret_moved, struct err *err)
{
	AUTO(str) char *path = fs_join(dir, "engine.db");
	AUTO(str) char *moved = NULL;
	sqlite3 *db = NULL;
	int rc = open_database(path, &db);

	if (rc == SQLITE_NOTADB || rc == SQLITE_CORRUPT) {
		moved = move_aside(path);
		rc = moved ? open_database(path, &db) : rc;
	}
	if (rc == SQLITE_BUSY || rc == SQLITE_LOCKED)
		return err_set(err, ERR_DB, "%s is in use by another engine; stop it, or give another --state", path);
	if (rc != SQLITE_OK)
		return err_set(err, ERR_DB, "cannot open %s: %s; check the folder and its free space", path,
			       sqlite3_errstr(rc));
	struct state *s = NEW(struct state);

	s->db = db;
	*ret = s;
	*ret_moved = TAKE(moved);
	return 0;
}

void state_close(struct state *s)
{
	if (!s)
		return;
	state_commit(s);
	for (size_t i = 0; i < s->n_cached; i++)
		sqlite3_finalize(s->cache[i].stmt);
	sqlite3_close(s->db);
	free(s);
}

sqlite3_stmt *state_prepare(struct state *s, const char *sql)
{
	for (size_t i = 0; i < s->n_cached; i++) {
		if (s->cache[i].sql == sql)
			return s->cache[i].stmt;
	}
	if (s->n_cached == MAX_STATEMENTS)
		die(s, "too many statements");
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL) != SQLITE_OK)
		die(s, sql);
	s->cache[s->n_cached].sql = sql;
	s->cache[s->n_cached++].stmt = st;
	return st;
}

static void state_begin(struct state *s)
{
	if (s->in_transaction)
		return;
	if (sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		die(s, "BEGIN");
	s->in_transaction = true;
}

void state_commit(struct state *s)
{
	if (!s->in_transaction)
		return;
	if (sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		die(s, "COMMIT");
	s->in_transaction = false;
}

int64_t state_last_id(struct state *s)
{
	return sqlite3_last_insert_rowid(s->db);
}

void state_bind_text(sqlite3_stmt *st, int i, const char *text)
{
	sqlite3_bind_text(st, i, text, -1, SQLITE_TRANSIENT);
}

void state_bind_blob(sqlite3_stmt *st, int i, const void *data, size_t n)
{
	sqlite3_bind_text64(st, i, data, n, SQLITE_TRANSIENT, SQLITE_UTF8);
}

void state_bind_i64(sqlite3_stmt *st, int i, int64_t value)
{
	sqlite3_bind_int64(st, i, value);
}

void state_bind_f64(sqlite3_stmt *st, int i, double value)
{
	sqlite3_bind_double(st, i, value);
}

bool state_step(struct state *s, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);

	if (rc == SQLITE_ROW)
		return true;
	if (rc != SQLITE_DONE)
		die(s, sqlite3_sql(st));
	return false;
}

void state_done(sqlite3_stmt *st)
{
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
}

void state_exec(struct state *s, sqlite3_stmt *st)
{
	state_begin(s);
	while (state_step(s, st))
		;
	state_done(st);
}

const char *state_text(sqlite3_stmt *st, int column)
{
	const char *text = (const char *)sqlite3_column_text(st, column);

	return text ? text : "";
}

char *state_meta_get(struct state *s, const char *key)
{
	sqlite3_stmt *st = state_prepare(s, "SELECT value FROM meta WHERE key = ?");
	char *value = NULL;

	state_bind_text(st, 1, key);
	if (state_step(s, st))
		value = xstrdup(state_text(st, 0));
	state_done(st);
	return value;
}

void state_meta_set(struct state *s, const char *key, const char *value)
{
	sqlite3_stmt *st = state_prepare(s, "INSERT OR REPLACE INTO meta VALUES (?, ?)");

	state_bind_text(st, 1, key);
	state_bind_text(st, 2, value);
	state_exec(s, st);
}
