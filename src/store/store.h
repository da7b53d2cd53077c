/* store.h - the durable side: a cache database (XDG_CACHE_HOME, may be lost) and
 * a state database (XDG_STATE_HOME: launch history and queue, must not be lost).
 *
 * One connection each, WAL, ordered migrations run in one transaction. A damaged
 * database is moved aside (*.damaged-<time>) and begun anew, at open or whenever
 * the damage shows; where no file can be written everything is kept in memory.
 * store_notice says so. Several processes may share the files: writes wait for
 * each other briefly (ERR_DB "busy" after that: try again at the next turn).
 * One file per family of tables: store_jobs.c store_logs.c store_metrics.c
 * store_launches.c store_meta.c. Rows are keyed by account and region through
 * `scope` ("123456789012/us-east-1", or the endpoint for a local engine).
 */
#ifndef SAGETOP_STORE_STORE_H
#define SAGETOP_STORE_STORE_H

#include "model/jobs.h"
#include "model/kind.h"
#include "model/loglines.h"
#include "model/price.h"
#include "model/series.h"

struct store;

/* NULL paths: the XDG ones. ":memory:" works for tests. Fails only where not
 * even memory helps. */
int store_open(const char *cache_path, const char *state_path, const char *scope, struct store **ret,
	       struct err *err) NODISCARD;
void store_close(struct store *s);
AUTO_POINTER(store, struct store, store_close)
/* What happened at open or since (damage, read-only folder), or NULL; borrowed. */
const char *store_notice(const struct store *s);
/* Rows from now on are those of another account (learned after the open). */
int store_set_scope(struct store *s, const char *scope, struct err *err) NODISCARD;
const char *store_scope(const struct store *s);

/* Jobs: whole records, with transitions, tags, hyperparameters, final metrics.
 * A save is one transaction; of a trimmed job only the hot part is written. load
 * gives trimmed jobs (their cold part stays here); load_one gives all of one. */
int store_jobs_save(struct store *s, struct job *const *jobs, size_t n, struct err *err) NODISCARD;
int store_jobs_load(struct store *s, struct resources *ret, struct err *err) NODISCARD;
int store_job_load_one(struct store *s, const char *name, struct job **ret,
		       struct err *err) NODISCARD; /* ERR_NOTFOUND */
/* With its logs and metrics. */
int store_jobs_delete(struct store *s, const char *name, struct err *err) NODISCARD;

/* Marks of the incremental synchronisation and other small values, per scope. */
int store_meta_set(struct store *s, const char *key, const char *value, struct err *err) NODISCARD;
char *store_meta_get(struct store *s, const char *key) NODISCARD; /* NULL where absent; owned by the caller */

/* Logs that cannot grow any more, and metric series, of things of any kind. A log
 * that is not complete, or that lost lines for want of memory, is refused. */
int store_logs_save(struct store *s, const struct kind *kind, const char *name, const struct loglines *l,
		    struct err *err) NODISCARD;
int store_logs_load(struct store *s, const struct kind *kind, const char *name, struct loglines *ret,
		    struct err *err) NODISCARD; /* ERR_NOTFOUND */
int store_metrics_save(struct store *s, const struct kind *kind, const char *name, const struct series_set *set,
		       struct err *err) NODISCARD;
int store_metrics_load(struct store *s, const struct kind *kind, const char *name, struct series_set *ret,
		       struct err *err) NODISCARD;

/* The same log piece by piece, for those of any length: it is written while it is
 * read from the service and exists once it is committed. append writes all lines of
 * l, which may forget them then. Errors: the writer is of no more use, close it. */
struct log_writer;
int store_log_begin(struct store *s, const struct kind *kind, const char *name, struct log_writer **ret,
		    struct err *err) NODISCARD;
int store_log_append(struct log_writer *w, const struct loglines *l, struct err *err) NODISCARD;
int store_log_commit(struct log_writer *w, const struct loglines *l, struct err *err) NODISCARD;
void store_log_close(struct log_writer *w); /* what was not committed is gone */
/* Every line in order; nothing is given where anything is missing. */
typedef void store_line_fn(void *user, const char *stream, int64_t time_ms, const char *text, size_t len);
int store_log_read(struct store *s, const struct kind *kind, const char *name, store_line_fn *fn, void *user,
		   struct err *err) NODISCARD; /* ERR_NOTFOUND */

/* Prices learned from the Price List API; not per scope. */
int store_prices_save(struct store *s, const struct price *rows, size_t n, struct err *err) NODISCARD;
int store_prices_load(struct store *s, struct price_table *into, struct err *err) NODISCARD;

/* Launches: every one is written before it is sent. */
enum launch_state { LAUNCH_QUEUED = 0, LAUNCH_SENT, LAUNCH_ACCEPTED, LAUNCH_REFUSED };
struct launch {
	int64_t id;
	char *name;
	char *spec_json;
	enum launch_state state;
	int64_t queued_ms, sent_ms, settled_ms;
	int64_t pid; /* of the process that wrote it last */
	char *arn;
	char *error;
};
void launch_done(struct launch *l);
void launch_list_free(struct launch *l, size_t n);
int store_launch_add(struct store *s, const char *name, const char *spec_json, int64_t *ret_id,
		     struct err *err) NODISCARD;
int store_launch_update(struct store *s, int64_t id, enum launch_state state, const char *arn, const char *error,
			struct err *err) NODISCARD;
/* In order of addition; open_only: those neither accepted nor refused. */
int store_launch_list(struct store *s, bool open_only, struct launch **ret, size_t *ret_n, struct err *err) NODISCARD;

#endif
