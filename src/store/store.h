/* store.h - the durable side: a cache database (XDG_CACHE_HOME, may be lost) and
 * a state database (XDG_STATE_HOME: launch history and queue, must not be lost).
 *
 * One connection each, WAL, ordered migrations run in one transaction. A damaged
 * cache is moved aside (*.damaged-<time>) and begun anew; store_notice says so.
 * One file per family of tables: store_jobs.c store_logs.c store_metrics.c
 * store_launches.c store_meta.c. Rows are keyed by account and region through
 * `scope` ("123456789012/us-east-1", or the endpoint for a local engine).
 */
#ifndef SAGETOP_STORE_STORE_H
#define SAGETOP_STORE_STORE_H

#include "model/jobs.h"
#include "model/loglines.h"
#include "model/series.h"

struct store;

/* NULL paths: the XDG ones. ":memory:" works for tests. */
int store_open(const char *cache_path, const char *state_path, const char *scope, struct store **ret,
	       struct err *err) NODISCARD;
void store_close(struct store *s);
AUTO_POINTER(store, struct store, store_close)
const char *store_notice(const struct store *s); /* what happened at open, or NULL; borrowed */

/* Jobs: whole records, with transitions, tags, hyperparameters, final metrics. */
int store_jobs_save(struct store *s, struct job *const *jobs, size_t n, struct err *err) NODISCARD; /* one transaction */
int store_jobs_load(struct store *s, struct jobs *ret, struct err *err) NODISCARD;
int store_jobs_delete(struct store *s, const char *name, struct err *err) NODISCARD;

/* Marks of the incremental synchronisation and other small values, per scope. */
int store_meta_set(struct store *s, const char *key, const char *value, struct err *err) NODISCARD;
char *store_meta_get(struct store *s, const char *key) NODISCARD; /* NULL where absent; owned by the caller */

/* Logs of finished jobs (immutable once complete) and metric series. */
int store_logs_save(struct store *s, const char *job, const struct loglines *l, struct err *err) NODISCARD;
int store_logs_load(struct store *s, const char *job, struct loglines *ret, struct err *err) NODISCARD; /* ERR_NOTFOUND */
int store_metrics_save(struct store *s, const char *job, const struct series_set *set, struct err *err) NODISCARD;
int store_metrics_load(struct store *s, const char *job, struct series_set *ret, struct err *err) NODISCARD;

/* Launches: every one is written before it is sent. */
enum launch_state { LAUNCH_QUEUED = 0, LAUNCH_SENT, LAUNCH_ACCEPTED, LAUNCH_REFUSED };
struct launch {
	int64_t id;
	char *name;
	char *spec_json;
	enum launch_state state;
	int64_t queued_ms, sent_ms, settled_ms;
	char *arn;
	char *error;
};
void launch_done(struct launch *l);
int store_launch_add(struct store *s, const char *name, const char *spec_json, int64_t *ret_id, struct err *err) NODISCARD;
int store_launch_update(struct store *s, int64_t id, enum launch_state state, const char *arn, const char *error,
			struct err *err) NODISCARD;
int store_launch_list(struct store *s, bool open_only, struct launch **ret, size_t *ret_n, struct err *err) NODISCARD;

#endif
