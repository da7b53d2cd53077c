/* store.h - the durable side: a cache database (XDG_CACHE_HOME, may be lost) and
 * a state database (XDG_STATE_HOME: launch history and queue, must not be lost).
 *
 * One connection each, WAL, ordered migrations run in one transaction. A damaged
 * database is moved aside (*.damaged-<time>) and begun anew, at open or whenever
 * the damage shows; where no file can be written everything is kept in memory.
 * store_notice says so. Several processes may share the files: writes wait for
 * each other briefly (ERR_DB "busy" after that: try again at the next turn).
 * One file per family of tables: store_jobs.c store_resources.c store_logs.c store_metrics.c
 * store_launches.c store_backtests.c store_prices.c store_usage.c store_meta.c. Rows are keyed by account and region
 * through `scope` ("123456789012/us-east-1", or the endpoint for a local engine).
 */
#ifndef SAGETOP_STORE_STORE_H
#define SAGETOP_STORE_STORE_H

#include "model/backtest_run.h"
#include "model/jobs.h"
#include "model/kind.h"
#include "model/launches.h"
#include "model/loglines.h"
#include "model/price.h"
#include "model/series.h"
#include "model/usage.h"

struct store;

/* NULL paths: the XDG ones. ":memory:" works for tests. Fails only where not
 * even memory helps. */
int store_open(const char *cache_path, const char *state_path, const char *scope, struct store **ret,
	       struct err *err) NODISCARD;
void store_close(struct store *s);
AUTO_POINTER(store, struct store, store_close)
/* What happened at open or since (damage, read-only folder), or NULL; borrowed. */
const char *store_notice(const struct store *s);
/* How often the cache was begun anew since it was opened: what was saved before is not in it any more. */
unsigned store_cache_begun(const struct store *s);
/* Rows from now on are those of another account (learned after the open). */
int store_set_scope(struct store *s, const char *scope, struct err *err) NODISCARD;

/* Jobs: whole records, with transitions, tags, hyperparameters, final metrics.
 * A save is one transaction; of a trimmed job only the hot part is written. load
 * gives trimmed jobs (their cold part stays here); load_one gives all of one. What ret
 * has already stays as it is. */
int store_jobs_save(struct store *s, struct job *const *jobs, size_t n, struct err *err) NODISCARD;
int store_jobs_load(struct store *s, struct resources *ret, struct err *err) NODISCARD;
/* The newest n; and n more by name, after *after (NULL: from the first), which is set to
 * the last one's: *ret_more is false at their end. */
int store_jobs_load_newest(struct store *s, size_t n, struct resources *ret, struct err *err) NODISCARD;
int store_jobs_load_next(struct store *s, char **after, size_t n, struct resources *ret, bool *ret_more,
			 struct err *err) NODISCARD;
int store_job_load_one(struct store *s, const char *name, struct job **ret,
		       struct err *err) NODISCARD; /* ERR_NOTFOUND */
/* With its logs and metrics. */
int store_jobs_delete(struct store *s, const char *name, struct err *err) NODISCARD;

/* Things of any kind, all of one: a save is one transaction. load gives trimmed ones;
 * untrim brings the members of a record back (ERR_NOTFOUND), and is for records only. */
int store_resources_save(struct store *s, struct resource *const *items, size_t n, struct err *err) NODISCARD;
int store_resources_load(struct store *s, const struct kind *k, struct resources *ret, struct err *err) NODISCARD;
int store_resource_untrim(struct store *s, struct resource *r, struct err *err) NODISCARD;
int store_resource_delete(struct store *s, const struct kind *k, const char *name, struct err *err) NODISCARD;

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
/* n lines of l from the i-th on. */
int store_log_append_some(struct log_writer *w, const struct loglines *l, size_t i, size_t n,
			  struct err *err) NODISCARD;
int store_log_commit(struct log_writer *w, const struct loglines *l, struct err *err) NODISCARD;
void store_log_close(struct log_writer *w); /* what was not committed is gone */
/* Every line in order; nothing is given where anything is missing. */
typedef void store_line_fn(void *user, const char *stream, int64_t time_ms, const char *text, size_t len);
int store_log_read(struct store *s, const struct kind *kind, const char *name, store_line_fn *fn, void *user,
		   struct err *err) NODISCARD; /* ERR_NOTFOUND */

/* A cached log read backwards, a page of some thousand lines at a time: the lines of a page
 * come in their order. *ret_more is false with the first page of the log, where all that
 * was stored was there; ERR_DB where it was not. */
struct log_pages;
int store_log_open(struct store *s, const struct kind *kind, const char *name, struct log_pages **ret,
		   struct err *err) NODISCARD; /* ERR_NOTFOUND */
const struct strlist *store_log_streams(const struct log_pages *p);
size_t store_log_n(const struct log_pages *p); /* lines of all pages */
int store_log_page(struct log_pages *p, store_line_fn *fn, void *user, bool *ret_more, struct err *err) NODISCARD;
void store_log_pages_free(struct log_pages *p);

/* Prices that were asked for, by region, type and component; the same for every account.
 * put writes all rows in one transaction; where they are `whole` all that was known of
 * their regions goes. load adds to a table; region NULL: of all. */
struct price_rows {
	size_t n;
	bool (*get)(void *user, size_t i, struct price *ret); /* borrowed; false: none at that place */
	void *user;
	bool whole;
};
int store_prices_put(struct store *s, const struct price_rows *rows, struct err *err) NODISCARD;
int store_prices_load(struct store *s, const char *region, struct price_table *into, struct err *err) NODISCARD;

/* What is billed while it is there (usage.h). note takes all that things of a kind hold
 * now; what is not among them has ended when it was seen last. Not to be lost: no call
 * tells it again. */
int store_usage_note(struct store *s, const struct kind *kind, const struct usages *now, int64_t now_ms,
		     struct err *err) NODISCARD;
int store_usage_load(struct store *s, struct usages *ret, struct err *err) NODISCARD;

/* The queue of launches: every one is a row before it is sent. QUEUED waits until it
 * is due, SENT may have reached the service, the others are settled. Rows of one run
 * keep to its concurrency; a row of no run is one that somebody asked for by hand. */
#define LAUNCH_TRAINING_JOB "CreateTrainingJob"
#define LAUNCH_SWEEP "sweep/" /* with this the run of a sweep begins: no other run's name has a slash */
enum launch_state { LAUNCH_QUEUED = 0, LAUNCH_SENT, LAUNCH_ACCEPTED, LAUNCH_REFUSED };
struct launch {
	int64_t id;
	char *name;	 /* of what is created */
	char *operation; /* NULL when it is put: LAUNCH_TRAINING_JOB */
	char *spec_json; /* the request */
	char *run;	 /* NULL: of none */
	int64_t cycle, pack;
	int concurrency; /* so many of its run at a time; 0: any number */
	enum launch_state state;
	int64_t queued_ms, due_ms, sent_ms, settled_ms;
	int64_t ended_ms; /* what was created has ended; 0 not known */
	int attempts;	  /* how often it was sent */
	int64_t pid;	  /* of the process that wrote it last */
	bool given_up;	  /* its user went away: settle it, do not send it again */
	char *arn;
	char *error; /* the last one */
};
/* TO_WORK_ON: what was sent, and of what waits the first that may be sent now or later,
 * those left out of which the run has no place, or is paused. RUNNING: what was accepted
 * for a run and takes a place of it still, without specs. */
enum launch_which { LAUNCHES_ALL = 0, LAUNCHES_OPEN, LAUNCHES_TO_WORK_ON, LAUNCHES_RUNNING };
#define LAUNCHES_WAITING_MAX 64

void launch_done(struct launch *l);
void launch_list_free(struct launch *l, size_t n);
/* All or none. A row whose (run, operation, cycle, pack) is there already is left as it is. */
int store_launch_put(struct store *s, const struct launch *rows, size_t n, struct err *err) NODISCARD;
/* One of no run, due now. */
int store_launch_add(struct store *s, const char *name, const char *spec_json, int64_t *ret_id,
		     struct err *err) NODISCARD;
/* QUEUED to SENT, where it is due and its run has a place and is not held; of several processes one gets it. */
int store_launch_claim(struct store *s, int64_t id, int64_t now_ms, bool *ret_claimed, struct err *err) NODISCARD;
/* A SENT row of a process that is gone becomes ours, unless another was faster. */
int store_launch_take(struct store *s, const struct launch *old, int64_t now_ms, bool *ret_taken,
		      struct err *err) NODISCARD;
int store_launch_update(struct store *s, int64_t id, enum launch_state state, const char *arn, const char *error,
			struct err *err) NODISCARD;
/* SENT to QUEUED again: to be tried at due_ms. */
int store_launch_requeue(struct store *s, int64_t id, int64_t due_ms, const char *error, struct err *err) NODISCARD;
int store_launch_give_up(struct store *s, int64_t id, struct err *err) NODISCARD;
/* What it created has ended: its place in the run is free. */
int store_launch_ended(struct store *s, int64_t id, int64_t ended_ms, struct err *err) NODISCARD;
/* In order of addition. OPEN: neither accepted nor refused. */
int store_launch_list(struct store *s, enum launch_which which, struct launch **ret, size_t *ret_n,
		      struct err *err) NODISCARD;
/* Those of one run, without their requests. */
int store_launch_list_run(struct store *s, const char *run, struct launch **ret, size_t *ret_n,
			  struct err *err) NODISCARD;
/* Whether a training job of that name waits to be sent, or is being sent. */
int store_launch_waits(struct store *s, const char *name, bool *ret, struct err *err) NODISCARD;
/* How many of a run are in each state; of one that was asked for again only the last row counts. */
#define LAUNCH_STATES 4
int store_launch_count_run(struct store *s, const char *run, size_t ret[LAUNCH_STATES], struct err *err) NODISCARD;
/* What of a run waits is due now, and this process's. */
int store_launch_adopt_waiting(struct store *s, const char *run, struct err *err) NODISCARD;
/* What somebody asked for, the newest first, at most so many: jobs and sweeps. */
int store_launch_summaries(struct store *s, size_t most, struct launch_summaries *ret, struct err *err) NODISCARD;
/* The request (JSON) of the job, or of the first job of the sweep, that was asked for last under that name;
 * ERR_NOTFOUND. The caller's. */
int store_launch_spec(struct store *s, const char *name, char **ret, struct err *err) NODISCARD;
/* What waits of a sweep, or under that name of a job, is refused; what is being sent is settled and not sent again. */
int store_launch_discard(struct store *s, const char *name, const char *why, struct launch_discarded *ret,
			 struct err *err) NODISCARD;
/* What of a run has not been sent is refused. */
int store_launch_refuse_waiting(struct store *s, const char *run, const char *why, struct err *err) NODISCARD;

/* Backtests: one row each. Launches of one that does not run are held back. put adds a row,
 * or changes state and reason of the one there; only the members that the table has. */
int store_backtest_put(struct store *s, const struct backtest_run *r, struct err *err) NODISCARD;
/* ERR_NOTFOUND. */
int store_backtest_load(struct store *s, const char *run, struct backtest_run *ret, struct err *err) NODISCARD;
/* The newest first; packs are not filled. */
int store_backtest_list(struct store *s, struct backtest_run **ret, size_t *ret_n, struct err *err) NODISCARD;

#endif
