/* db.h - one SQLite connection with what every table needs: opening with
 * migrations, damage handling, cached statements, transactions, errors.
 *
 * Private to src/store. A statement from db_prepare belongs to the connection
 * and is reset when it is asked for again; db_fail closes no transaction. */
#ifndef SAGETOP_STORE_DB_H
#define SAGETOP_STORE_DB_H

#include <sqlite3.h>

#include "base/str.h"

#define DB_STATEMENTS_MAX 32

struct db {
	sqlite3 *handle;
	char *path;		       /* ":memory:" where no file is used */
	const char *what;	       /* "cache", "launch history": for messages */
	const char *const *migrations; /* NULL-terminated, never reordered */
	bool durable;		       /* every commit reaches the disk */
	int busy_ms;		       /* how long a write waits for another process */
	bool damaged;		       /* seen by db_fail: db_recover begins anew */
	bool moved;		       /* another process moved the file aside: db_recover opens the new one */
	char *notice;		       /* owned; NULL where all is well */
	struct {
		const char *sql; /* a literal: compared by address */
		sqlite3_stmt *stmt;
	} cached[DB_STATEMENTS_MAX];
	size_t n_cached;
};

/* The caller fills path (owned from then on), what, migrations, durable, busy_ms.
 * A damaged file is moved aside; where no file can be used, memory is. */
int db_open(struct db *d, struct err *err) NODISCARD;
void db_close(struct db *d);

/* Move a database aside whose damage showed during use (or open the new one where
 * another process did so). False where there was nothing to repair. */
bool db_recover(struct db *d);

/* NULL with err set where the statement cannot be made. */
sqlite3_stmt *db_prepare(struct db *d, const char *sql, struct err *err);
/* Run a statement that returns no rows. */
int db_step_done(struct db *d, sqlite3_stmt *st, struct err *err) NODISCARD;
/* A transaction; its end commits where rc is 0, else or where that fails rolls back. Returns rc, or why not. */
int db_begin(struct db *d, struct err *err) NODISCARD;
int db_end(struct db *d, int rc, struct err *err) NODISCARD;
/* An error out of the connection's last result. Returns -ERR_DB. */
int db_fail(struct db *d, struct err *err);

void db_bind_text(sqlite3_stmt *st, int i, const char *s); /* NULL binds NULL; s must outlive the step */
char *db_column_dup(sqlite3_stmt *st, int i);		   /* NULL for NULL; owned by the caller */

#endif
