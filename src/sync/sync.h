/* sync.h - brings AWS state into session and store, and carries out actions.
 *
 * Owns the client, the store and the session of one account and region. Jobs
 * come by Search on LastModifiedTime with an overlap, 100 a page; by
 * ListTrainingJobs and DescribeTrainingJob where Search is denied. Watched jobs
 * are described and their logs and metrics followed. The same calls serve the
 * dashboard (turned by its loop) and commands (by theirs).
 *
 * Callbacks run from sync_poll, exactly once, never from within the call itself.
 * err is NULL on success and borrowed. Failures of what runs by itself become
 * notices of the session; nothing here gives up for good.
 */
#ifndef SAGETOP_SYNC_SYNC_H
#define SAGETOP_SYNC_SYNC_H

#include "aws/client.h"
#include "model/cost.h"
#include "model/member_values.h"
#include "model/price_rules.h"
#include "model/session.h"
#include "store/store.h"
#include "sync/launch_plan.h"

struct sync;

struct sync_options {
	struct aws_options aws;
	bool read_only;
	const char *read_only_by; /* what makes it so, for messages; may be gone after sync_new; NULL */
	bool no_store;		  /* tests: everything in memory */
	bool by_account;	  /* tests: rows are those of the account even where an endpoint is set */
	/* The settings of these names say what is usual. */
	int64_t refresh_ms;	   /* of the jobs; sync_start needs it */
	int64_t overlap_ms;	   /* of the incremental search; 0: none */
	int64_t log_poll_ms;	   /* of followed logs, times the jobs followed */
	int64_t settle_ms;	   /* how long after its end a job's log may still grow */
	int64_t log_bytes;	   /* of the lines of one log that is kept in memory; 0: LOGLINES_MAX_BYTES */
	struct price_rules prices; /* own rates and discounts; they outlive sync */
	int64_t lost_ms; /* how long a request of a process that died may be under way; 0: the default of 90 s */
};

int sync_new(const struct sync_options *opt, struct sync **ret, struct err *err) NODISCARD;
void sync_free(struct sync *s);
AUTO_POINTER(sync, struct sync, sync_free)
struct session *sync_session(struct sync *s);
struct aws_client *sync_client(struct sync *s);
struct store *sync_store(struct sync *s);

/* Paint-first: fill the session from the store, no network: with all jobs; or with the
 * newest n, and the rest in slices from sync_poll (the table is `partial` meanwhile). */
int sync_load(struct sync *s, struct err *err) NODISCARD;
int sync_load_newest(struct sync *s, size_t n, struct err *err) NODISCARD;

/* Refresh by itself from now on (dashboard). */
void sync_start(struct sync *s);
void sync_refresh_now(struct sync *s);

/* Told of each change of status that is seen from sync_start on: r is what it is now, from what its status
 * column said; NULL: it is new. */
typedef void sync_transition_fn(void *user, const struct resource *r, const char *from);
void sync_on_transition(struct sync *s, sync_transition_fn *fn, void *user);

/* One turn of the loop; see aws_client_poll. What sync_poll of one beside it leaves undone is its budget. */
int sync_poll(struct sync *s, struct pollfd *fds, unsigned n_fds, int timeout_ms);
void sync_refresh_budget(struct sync *s);

typedef void sync_done_fn(void *user, const struct err *err);

/* Whose account this is, asked once; an error where the credentials do not tell. */
void sync_identify(struct sync *s, sync_done_fn *fn, void *user);
/* The things of a kind from the store, once; no network. sync_load does it for jobs. */
void sync_load_kind(struct sync *s, const struct kind *k);
/* One pass over the list of a kind, or over the things of one parent (its name; NULL:
 * all). ERR_USAGE where a kind has no list without a parent. */
void sync_kind(struct sync *s, const struct kind *k, const char *parent, sync_done_fn *fn, void *user);
/* How many there are of each kind: one page of each list, one after the other. The
 * tables have what came; those whose `complete` is not set have more. */
void sync_counts(struct sync *s, sync_done_fn *fn, void *user);
/* One thing in full, with its tags; name is what the user calls it: its name, its ARN in
 * any case, "PARENT/NAME" of what is listed by its parent only. ERR_NOTFOUND names the
 * nearest. r is borrowed, in the session's table; raw is the describe reply, NULL where
 * the kind has none. */
typedef void sync_resource_fn(void *user, struct resource *r, const json_t *raw, const struct err *err);
void sync_resource(struct sync *s, const struct kind *k, const char *name, sync_resource_fn *fn, void *user);
/* What a check of an endpoint's data found (page_findings_job): "feature: check: description", a line
 * each, harmless and borrowed; "" where nothing was. */
typedef void sync_text_fn(void *user, const char *text, const struct err *err);
void sync_findings(struct sync *s, const struct kind *k, const char *name, sync_text_fn *fn, void *user);
/* See sync_job_full. */
struct resource *sync_resource_full(struct sync *s, const struct kind *k, const char *name);
void sync_stop(struct sync *s, const struct kind *k, const char *name, sync_done_fn *fn, void *user);
/* Weights and instances of an endpoint's variants, in words (model/variants.h). */
void sync_vary(struct sync *s, const char *endpoint, const char *text, sync_done_fn *fn, void *user);
void sync_delete(struct sync *s, const struct kind *k, const char *name, sync_done_fn *fn, void *user);

/* One full or incremental pass over the jobs. */
void sync_jobs(struct sync *s, sync_done_fn *fn, void *user);
/* One job in full (Describe, tags); ERR_NOTFOUND names the nearest known job. */
void sync_job(struct sync *s, const char *name, sync_done_fn *fn, void *user);
/* Everything there is of its log / metrics now, in its feed (which stays until other
 * feeds push it out). Of any kind that has a log group. For metrics
 * no line of the log is kept. */
void sync_logs(struct sync *s, const struct kind *kind, const char *name, sync_done_fn *fn, void *user);
void sync_metrics(struct sync *s, const struct kind *kind, const char *name, sync_done_fn *fn, void *user);
/* Follow its state, log and metrics until the last unwatch. */
void sync_watch(struct sync *s, const struct kind *kind, const char *name);
void sync_unwatch(struct sync *s, const struct kind *kind, const char *name);

/* A log handed on line by line and not kept, so that memory stays bounded whatever
 * its length: every line once, in order of time (late ones as they come). Where it
 * follows, fn is called when nothing can come any more; else when all that is there
 * was given. The log of what is over is cached on the way. */
struct sync_reading {
	int64_t since_ms; /* only lines from then on; INT64_MIN: all */
	size_t last;	  /* only the last so many of those that are wanted, read from the end; 0: all */
	bool none;	  /* not even the last one of what is there: with follow what comes from now on */
	bool follow;
	bool (*wants)(void *user, const struct log_line *line);
	void (*line)(void *user, const char *stream, const struct log_line *line); /* each that is wanted */
	void *user;
};
void sync_read_log(struct sync *s, const struct kind *kind, const char *name, const struct sync_reading *r,
		   sync_done_fn *fn, void *user);

/* Lines of what is watched or followed pushed by CloudWatch's live tail (billed by the
 * minute: about LIVE_TAIL_USD_MICRO each), off by default. Polling goes on, slowly, for
 * what the tail leaves out; where the tail ends for good a note says why. */
#define LIVE_TAIL_USD_MICRO 10000
void sync_live(struct sync *s, const struct kind *kind, const char *name, bool on);
void sync_stop_job(struct sync *s, const char *name, sync_done_fn *fn, void *user);

/* Fill the session's columns of these fields (field.h) that are cold, from the store:
 * before they are shown, filtered or sorted by; one that is being filled is not begun again. No network. */
void sync_columns(struct sync *s, const struct kind *k, const struct field_list *fields, sync_done_fn *fn, void *user);

/* How often these endpoints (NULL: all) are called and how they answer, into the session (traffic.h), from
 * CloudWatch, where what is known has grown old; those that were never described are left out. By a screen as
 * AWS_POLLING: one at a time, and after a failure not for a while. */
void sync_traffic(struct sync *s, const struct strlist *names, enum aws_priority priority, sync_done_fn *fn,
		  void *user);

/* The files of a transform job, or what an endpoint captured, into the session (files.h); the thing is known in full.
 */
void sync_files(struct sync *s, const struct kind *k, const char *name, sync_done_fn *fn, void *user);

/* What the members of the newest jobs had (at most `most`), into *into, which stays until the callback and grows
 * meanwhile; no network, and no turn of the loop takes more than some milliseconds. */
void sync_member_values(struct sync *s, size_t most, struct member_values *into, sync_done_fn *fn, void *user);

/* The job with its cold part in memory (see job.h), from the store where it was
 * trimmed; no network. NULL where it is not known. It stays whole until the next
 * refresh trims it, or as long as it is watched. */
struct job *sync_job_full(struct sync *s, const char *name);

/* Prices. update asks the Price List API for all of a region (NULL: ours), puts them into
 * the store and, of our region, into the session; got is how many there are. reload takes
 * over what the store has now. */
typedef void sync_prices_fn(void *user, size_t got, const struct err *err);
void sync_prices_update(struct sync *s, const char *region, sync_prices_fn *fn, void *user);
void sync_prices_reload(struct sync *s);
/* What was billed while it was there, from the store into the session; no network. */
void sync_usages(struct sync *s);

/* A launch (launch_plan.h). plan_from_file and plan_clone validate and write nothing;
 * where grid is not NULL, the plan is that of a sweep (sweep.h sends it).
 * send records it in the state database first, then creates the job: a crash in
 * between is settled by name at the next start, so it is never sent twice. */
int launch_plan_from_file(struct sync *s, const char *path, const struct strlist *sets, const struct grid *grid,
			  struct launch_plan **ret, struct err *err) NODISCARD;
/* The same of one that was launched or kept before, under another name (NULL or "": its own), which takes the place of
 * the old one in what the job writes to; diff tells what differs. */
int launch_plan_again(struct sync *s, const json_t *spec, const char *new_name, const struct strlist *sets,
		      const struct grid *grid, struct launch_plan **ret, struct err *err) NODISCARD;
/* A clone needs the job's Describe reply: asynchronous. The callback owns plan.
 * new_name NULL: the source's name with a new suffix. grid stays until the callback. */
typedef void launch_plan_fn(void *user, struct launch_plan *plan, const struct err *err);
void launch_plan_clone(struct sync *s, const char *job, const char *new_name, const struct strlist *sets,
		       const struct grid *grid, launch_plan_fn *fn, void *user);
/* Several jobs (GRID_JOBS_MAX at most, at least one), each with these changes: a sweep called by the suffix of their
 * names (NULL: a new one). An error of one, which it names, is that of all. */
void launch_plan_clones(struct sync *s, const struct strlist *jobs, const char *suffix, const struct strlist *sets,
			launch_plan_fn *fn, void *user);
void launch_send(struct sync *s, const struct launch_plan *p, sync_done_fn *fn, void *user);
/* Into the durable queue, all or none: what is due is sent while sync runs by itself
 * (sync_start), here or in another process, now or at a later start. */
int launch_enqueue(struct sync *s, const struct launch *rows, size_t n, struct err *err) NODISCARD;

/* A backtest with its packs, as queue and jobs stand now; no network. ERR_NOTFOUND. */
int sync_backtest_load(struct sync *s, const char *run, struct backtest_run *ret, struct err *err) NODISCARD;
/* All of them, into the session; no network. */
void sync_backtests(struct sync *s);

#endif
