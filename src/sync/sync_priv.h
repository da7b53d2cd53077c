/* sync_priv.h - what the files of sync share.
 *
 * Requests may answer after their purpose is gone: contexts are counted (pending)
 * and freed by the last answer, and `closing` keeps the answers that arrive while
 * the client is freed from starting anything new. */
#ifndef SAGETOP_SYNC_PRIV_H
#define SAGETOP_SYNC_PRIV_H

#include "aws/logs.h"
#include "aws/paging.h"
#include "aws/resource.h"
#include "aws/sagemaker.h"
#include "sync/sync.h"

#define RATE_WINDOW_MS 10000
#define FEEDS_KEPT 8 /* feeds of jobs that nobody watches any more */

/* Somebody who waits for the end of something. */
struct waiter {
	sync_done_fn *fn;
	void *user;
};
struct waiters {
	struct waiter *items;
	size_t n, cap;
};
void waiters_add(struct waiters *w, sync_done_fn *fn, void *user);
void waiters_run(struct waiters *w, const struct err *err); /* each once; empties the list */

struct sync_pass;
struct pass_request;
struct sending;
struct watch;

enum pass_mode {
	PASS_SUMMARIES = 0, /* by the list */
	PASS_WHOLE,	    /* by Search, or by the list and Describe */
	PASS_FIRST_PAGE,
};

/* The passes over one kind. */
struct kind_sync {
	struct sync *s;
	const struct kind *kind;
	struct sync_pass *pass;
	bool loaded;   /* what the store has is in the session */
	bool starting; /* a pass waits for the account's identity */
	char *parent;  /* of that pass, with its mode */
	enum pass_mode mode;
	bool by_user; /* somebody waits for it: ahead of polling */
	struct waiters waiters;
	struct pass_request *next; /* wishes that came too late for the pass under way */
	size_t n_next, cap_next;
	int failures; /* of passes in a row */
};

struct sync {
	struct sync_options opt;
	struct aws_client *aws;
	struct session *session;
	struct store *store;
	bool started, closing;
	struct later *laters; /* private to sync.c */
	char *alias;	      /* the scope before the account is known; NULL where the scope is fixed */
	bool identity_known;  /* the account was confirmed, or cannot be learned */
	bool identity_asked;
	int64_t identity_again_ms; /* monotonic: when a failed question is put again; 0 never */
	struct waiters identity_waiters;

	/* lists (sync_kind.c) */
	struct kind_sync kinds[KIND_COUNT];
	bool search_denied;
	const struct kind *watched_kind; /* the list that somebody looks at; NULL */
	char *watched_parent;
	uint64_t watch_timer;

	/* the thing that somebody looks at: it stays whole (sync_resource.c) */
	const struct kind *used_kind;
	char *used_name;

	/* jobs (sync_jobs.c) */
	uint64_t refresh_timer;
	size_t describes; /* of jobs, under way */

	/* feeds (sync_feed.c) */
	struct map watches;	   /* name -> struct watch * */
	struct strlist idle_feeds; /* oldest first */

	/* the queue (launch_queue.c) */
	struct sending *sendings;
	uint64_t queue_timer; /* 0: it is being looked at, or not at all */

	/* the header's rate: when the last requests ended */
	int64_t recent_ms[256];
	size_t n_recent;
};

/* sync.c */
void sync_note_error(struct sync *s, const char *what, const struct err *err);
void sync_note_success(struct sync *s);
void sync_identify(struct sync *s, sync_done_fn *fn, void *user);
/* Run fn later from sync_poll with a copy of err (NULL: success). */
void sync_later(struct sync *s, sync_done_fn *fn, void *user, const struct err *err);
bool sync_is_watched(const struct sync *s, const char *name);

/* sync_jobs.c: put a job into session and store; the job in the table. */
struct job *sync_put_job(struct sync *s, struct job *j);
void sync_describe(struct sync *s, const char *name, enum aws_priority p, sync_done_fn *fn, void *user);

/* sync_pass.c */
void sync_pass_begin(struct sync *s, const struct kind *k, const char *parent, enum pass_mode mode, bool by_user);
void sync_pass_free(struct sync_pass *p); /* one that waits for its next try */
/* Whether an earlier pass reached the end of the list. */
bool sync_pass_was_complete(struct sync *s, const struct kind *k);
bool sync_can_list(const struct kind *k, const char *parent);
struct resource *sync_put_resource(struct sync *s, struct resource *r); /* into session and store; the one there */
void sync_forget_resource(struct sync *s, const struct kind *k, const char *name);
void sync_save_unsaved(struct sync *s, const struct kind *k);

/* sync_kind.c */
void sync_kinds_init(struct sync *s);
void sync_kinds_reset(struct sync *s); /* another account */
void sync_kinds_free(struct sync *s, const struct err *cancelled);
void sync_request_pass(struct sync *s, const struct kind *k, const char *parent, enum pass_mode mode, bool by_user,
		       sync_done_fn *fn, void *user);
void sync_pass_ended(struct sync *s, const struct kind *k, const struct err *err);

/* sync_whole.c: of kinds whose fields stay in memory */
void sync_fill_whole(struct sync *s, const struct kind *k, bool tags, sync_done_fn *fn, void *user);

/* sync_resource.c */
void sync_describe_resource(struct sync *s, const struct kind *k, const char *name, enum aws_priority p,
			    sync_done_fn *fn, void *user);
bool sync_is_in_use(const struct sync *s, const struct resource *r);
void sync_resolve_parent(struct sync *s, struct resource *r);

/* sync_feed.c: one watch per job whose logs or metrics somebody wants. It lives
 * while it is watched, waited for, or a request of it is under way. */
struct watch {
	struct sync *s;
	char *name;
	int count;   /* sync_watch calls */
	int pending; /* requests and timers under way */
	uint64_t log_timer, metric_timer, describe_timer;
	struct waiters log_waiters, metric_waiters;

	/* logs (sync_logs.c) */
	struct metric_rules *rules;
	bool rules_final; /* made of the whole record, not of a summary */
	bool logs_busy;	  /* a pass is under way */
	bool by_stream;	  /* FilterLogEvents is denied: GetLogEvents instead */
	bool final_pass;  /* the pass under way reads all, of a job that is settled */
	bool fresh_pass;  /* nothing was known when it began */
	bool pass_any;	  /* it brought something new */
	bool pass_restarted;
	bool resume;	     /* the next request goes on with the pass that failed, from its token */
	bool missing;	     /* the group or stream is not there (yet) */
	int64_t since_ms;    /* where the pass under way began */
	int64_t newest_ms;   /* time of the newest event so far */
	int64_t terminal_ms; /* monotonic: when the job was first seen to be over; 0 not yet */
	int passes, log_failures;
	size_t repeats; /* known events that the pass brought again */
	char *token;
	struct paging pages;	/* repeats and emptiness of the pass */
	struct strlist streams; /* by_stream */
	size_t next_stream;

	/* live tail (sync_live.c) */
	bool live_wanted;
	struct logs_tail *tail;
	uint64_t live_timer;

	/* metrics (sync_metrics.c) */
	bool metrics_busy, metrics_final, metrics_loaded;
	bool metrics_waited;	  /* they are here: the log is what a waiter waits for */
	int64_t metrics_until_ms; /* fetched up to here; 0 nothing yet */
	int metric_failures;
};
struct watch *watch_find(const struct sync *s, const char *name);
struct watch *watch_get(struct sync *s, const char *name); /* made where absent */
/* After a request ended: frees w where nobody wants it any more. Code that runs
 * waiters and goes on with w holds it meanwhile. */
void watch_check(struct watch *w);
static inline void watch_hold(struct watch *w)
{
	w->pending++;
}
static inline void watch_release(struct watch *w)
{
	w->pending--;
	watch_check(w);
}
struct job_feed *watch_feed(struct watch *w);
const struct job *watch_job(const struct watch *w); /* may be NULL */
/* Whether the job ended so long ago that its log cannot grow any more. */
bool watch_is_settled(const struct watch *w);
/* "retrying in 4 s: reason" into the feed's note; the delay by the count. */
int64_t watch_backoff(struct watch *w, int failures, const char *what, const struct err *err);
void sync_feeds_job_changed(struct sync *s, const struct job *j);
void sync_feeds_free(struct sync *s);
void sync_feeds_reset(struct sync *s); /* another account: what the feeds hold is not ours */
void sync_logs_begin(struct watch *w); /* a pass, unless one is under way */
void sync_logs_add(struct watch *w, const struct log_event *events, size_t n, bool live);
void sync_live_stop(struct watch *w);	  /* the job is over, or nobody looks */
void sync_metrics_begin(struct watch *w); /* the same of CloudWatch's metrics */
void sync_metrics_save(struct watch *w);
void sync_metrics_log_ended(struct watch *w);

/* launch_queue.c: work on the queue now, and by a timer from then on (an aws_timer_fn
 * of struct sync). */
void launch_queue_look(void *user);

#endif
