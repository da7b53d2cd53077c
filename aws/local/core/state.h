/* state.h - the engine's SQLite database: one connection, one open transaction
 * at most, statements prepared once.
 *
 * Writes open a transaction by themselves; state_commit ends it. Whatever a
 * client is told must have been committed first, so the server commits before a
 * reply leaves; log lines and metric points are committed in batches.
 */
#ifndef SAGETOP_LOCAL_STATE_H
#define SAGETOP_LOCAL_STATE_H

#include <sqlite3.h>

#include "base/buf.h"

struct state;

/* A damaged database is moved aside ("engine.db.damaged-<time>") and a new one
 * made; *ret_moved then holds the name it has now (else NULL). */
int state_open(const char *dir, struct state **ret, char **ret_moved, struct err *err) NODISCARD;
void state_close(struct state *s); /* commits */

/* A prepared statement, cached by its text's address: sql must be a literal. It
 * comes reset and unbound; state_done resets it. Aborts on a bad statement, which
 * is a defect. */
sqlite3_stmt *state_prepare(struct state *s, const char *sql);
void state_commit(struct state *s);
int64_t state_last_id(struct state *s);

/* Bind by position, from 1. text may be NULL. */
void state_bind_text(sqlite3_stmt *st, int i, const char *text);
void state_bind_blob(sqlite3_stmt *st, int i, const void *data, size_t n);
void state_bind_i64(sqlite3_stmt *st, int i, int64_t value);
void state_bind_f64(sqlite3_stmt *st, int i, double value);

/* True for a row. A failing step (a full disk) is fatal to the engine: it says
 * so and exits, since nothing it would answer afterwards could be trusted. */
bool state_step(struct state *s, sqlite3_stmt *st);
void state_exec(struct state *s, sqlite3_stmt *st); /* a write: begins, steps, resets */
void state_done(sqlite3_stmt *st);
const char *state_text(sqlite3_stmt *st, int column); /* "" for NULL; valid until the next step */

char *state_meta_get(struct state *s, const char *key) NODISCARD; /* NULL where absent */
void state_meta_set(struct state *s, const char *key, const char *value);

#endif
