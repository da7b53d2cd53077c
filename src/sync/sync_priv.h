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
struct follow;

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
	unsigned cache_begun; /* how often its cache was begun anew, as of the last save */
	bool started, closing;
	bool clock_told; /* that the machine's clock is wrong */
	int64_t started_ms;
	sync_transition_fn *on_transition; /* NULL: nobody */
	void *transition_user;
	struct later *laters; /* private to sync.c */
	char *alias;	      /* the scope before the account is known; NULL where the scope is fixed */
	bool identity_known;  /* the account was confirmed, or cannot be learned */
	bool identity_asked;
	int64_t identity_again_ms; /* monotonic: when a failed question is put again; 0 never */
	struct waiters identity_waiters;

	/* lists (sync_kind.c) */
	struct kind_sync kinds[KIND_COUNT];
	bool search_denied;

	/* jobs out of the store (sync_load.c) */
	size_t load_first;   /* how many at once; 0: all */
	char *load_after;    /* the name that the last slice ended with */
	uint64_t load_timer; /* of the next slice */
	struct waiters load_waiters;

	/* the thing that somebody looks at: it stays whole (sync_resource.c) */
	const struct kind *used_kind;
	char *used_name;

	/* how endpoints are called (sync_traffic.c) */
	size_t looks;	       /* under way */
	int64_t look_again_ms; /* monotonic: after one that failed; nothing is asked by itself before */

	/* jobs (sync_jobs.c) */
	uint64_t refresh_timer;
	size_t describes; /* of jobs, under way */

	/* feeds (sync_feed.c) */
	struct map follows;	   /* "kind/name" -> struct follow * */
	struct strlist idle_feeds; /* the same keys, oldest first */

	/* the queue (launch_queue.c) */
	struct sending *sendings;
	uint64_t queue_timer; /* 0: it is being looked at, or not at all */
	int64_t ends_due_ms;  /* when to look again which of its launches have ended */
	uint64_t queue_seen;  /* generation of the jobs */

	/* the header's rate: when the last requests ended */
	int64_t recent_ms[256];
	size_t n_recent;
};

/* sync.c */
void sync_note_error(struct sync *s, const char *what, const struct err *err);
/* Where a job has no price, say once a day how to get it (sync_prices.c). */
void sync_prices_offer(struct sync *s);
void sync_note_success(struct sync *s);
/* Run fn later from sync_poll with a copy of err (NULL: success). */
void sync_later(struct sync *s, sync_done_fn *fn, void *user, const struct err *err);
bool sync_is_watched(const struct sync *s, const struct kind *kind, const char *name);

/* sync_load.c */
int sync_load_again(struct sync *s, struct err *err) NODISCARD;	   /* of another account */
void sync_load_done(struct sync *s, sync_done_fn *fn, void *user); /* once all jobs of the store are there */
void sync_load_rest(struct sync *s);				   /* now */
void sync_load_job(struct sync *s, const char *name);		   /* that one at least, where the store has it */
void sync_load_free(struct sync *s, const struct err *cancelled);

/* sync_jobs.c: put a job into session and store; the job in the table. */
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
struct fill_wish {
	bool tags;
	bool linked;   /* what they link to */
	bool measured; /* how they are called */
};
void sync_fill_whole(struct sync *s, const struct kind *k, struct fill_wish wish, sync_done_fn *fn, void *user);

/* sync_resource.c */
void sync_describe_resource(struct sync *s, const struct kind *k, const char *name, enum aws_priority p,
			    sync_done_fn *fn, void *user);
bool sync_is_in_use(const struct sync *s, const struct resource *r);
void sync_resolve_parent(struct sync *s, struct resource *r);

/* sync_feed.c: one follow per thing whose log or metrics somebody wants. It lives
 * while it is watched, waited for, read, or a request of it is under way.
 *
 * Its log:
 *
 *     IDLE --begin--> READING --its end--> PAUSED --timer--> READING ...
 *                        |  \--its end, nobody watches--> IDLE
 *                        |--fails on its way--> BROKEN --timer--> READING, from its token
 *                        |--fails at its beginning--> PAUSED (IDLE where nobody watches)
 *                        \--its end, and nothing can come any more--> COMPLETE
 *
 * begin from PAUSED or BROKEN does not wait for the timer. Its live tail:
 *
 *     OFF --on--> ASKING (for the account) --known--> OPEN --it ends--> PAUSED --timer--> ASKING
 *                    |                                 |  \--it ends for good--> OFF
 *                    |--off--> OFF                     |--off--> CLOSING --its end--> OFF
 *                    \--not known--> PAUSED           CLOSING --on--> TURNING --its end--> ASKING
 *
 * off from PAUSED is OFF. Its metrics, as its log without BROKEN:
 *
 *     IDLE --begin--> READING --> PAUSED --timer--> READING ... --> COMPLETE
 */
enum log_state { LOG_IDLE = 0, LOG_READING, LOG_PAUSED, LOG_BROKEN, LOG_COMPLETE };
enum tail_state { TAIL_OFF = 0, TAIL_ASKING, TAIL_OPEN, TAIL_PAUSED, TAIL_CLOSING, TAIL_TURNING };
enum metrics_state { METRICS_IDLE = 0, METRICS_READING, METRICS_PAUSED, METRICS_COMPLETE };

/* What a pass over the log is for. */
enum log_pass {
	READ_NEXT = 0, /* what came since the last one */
	READ_WHOLE,    /* all, of a thing that was settled when it began and of which nothing was known */
	READ_CHECK,    /* once more, of a settled thing: complete where it brings nothing new */
	READ_WINDOW,   /* backwards from the end, until enough lines are found (sync_read.c) */
	READ_BACK,     /* backwards, page by page, to the beginning (sync_back.c) */
};
enum log_access { BY_FILTER = 0, BY_STREAM /* FilterLogEvents is denied: GetLogEvents */ };

struct reading;
struct back;

struct follow {
	struct sync *s;
	const struct kind *kind;
	char *name;
	char *group, *prefix; /* of its log; NULL where the kind has none */
	int count;	      /* sync_watch calls */
	int pending;	      /* requests and timers under way */
	uint64_t log_timer, metric_timer, describe_timer, tail_timer;
	struct waiters log_waiters, metric_waiters;

	/* log (sync_logs.c) */
	enum log_state log;
	enum log_access access;
	struct metric_rules *rules;
	enum detail rules_detail; /* of the record they were made of */
	size_t n_lines;		  /* added so far */
	int64_t newest_ms;	  /* time of the newest event so far; 0 none */
	int64_t over_ms;	  /* monotonic: when it was first seen to be over; 0 not yet */
	int passes, log_failures; /* ended well; failed in a row */
	struct {		  /* the pass under way, or that broke */
		enum log_pass kind;
		bool probes;		    /* its first page tells whether the log is long */
		int64_t since_ms, until_ms; /* until 0: without an end */
		size_t n_new, n_repeats;
		size_t n_page;	 /* events of the page that is coming in */
		int64_t last_ms; /* the time of the last of them */
		int restarts;
		char *token;
		struct paging pages;	/* repeats and emptiness */
		struct strlist streams; /* BY_STREAM */
		size_t next_stream;
	} pass;
	struct reading *reading; /* sync_read.c: lines are handed on, not kept; NULL */
	struct back *back;	 /* sync_back.c: it is read backwards; NULL */
	bool no_back;		 /* that is not possible */
	uint64_t back_timer;

	/* on its way into the cache (sync_keep.c) */
	struct log_writer *keep_writer;
	uint64_t keep_timer;
	size_t kept; /* lines */

	/* live tail (sync_live.c) */
	enum tail_state tail;
	struct logs_tail *session;

	/* metrics (sync_metrics.c) */
	enum metrics_state metrics;
	int64_t metrics_until_ms; /* fetched up to here; 0 nothing yet */
	int metric_failures;
};
struct follow *follow_find(const struct sync *s, const struct kind *kind, const char *name);
/* After a request ended: frees w where nobody wants it any more. Code that runs
 * waiters and goes on with w holds it meanwhile. */
void follow_check(struct follow *w);
static inline void follow_hold(struct follow *w)
{
	w->pending++;
}
static inline void follow_release(struct follow *w)
{
	w->pending--;
	follow_check(w);
}
void follow_start_timer(struct follow *w, uint64_t *timer, int64_t delay_ms, aws_timer_fn *fn);
void follow_stop_timer(struct follow *w, uint64_t *timer);
struct feed *follow_feed(struct follow *w);
const struct resource *follow_resource(const struct follow *w); /* may be NULL */
const struct job *follow_job(const struct follow *w);		/* NULL too where it is no training job */
/* Whether it is over; whether so long ago that its log cannot grow any more. */
bool follow_is_over(const struct follow *w);
bool follow_is_settled(const struct follow *w);
/* "retrying in 4 s: reason" into the feed's note; the delay by the count. */
int64_t follow_backoff(struct follow *w, int failures, const char *what, const struct err *err);
void sync_feeds_job_changed(struct sync *s, const struct job *j);
void sync_feeds_free(struct sync *s);
void sync_feeds_reset(struct sync *s); /* another account: what the feeds hold is not ours */

void sync_logs_begin(struct follow *w);						 /* a pass, unless one is under way */
void sync_logs_push(struct follow *w, const struct log_event *events, size_t n); /* by the live tail */
struct metric_rules *sync_logs_rules(struct follow *w); /* NULL where the kind's lines hold no metrics */

void logs_begin_pass(struct follow *w);
int64_t logs_poll_delay(const struct follow *w); /* between two passes */
void logs_pass_end(struct follow *w);
void logs_pass_failed(struct follow *w, const struct err *err);

/* sync_back.c */
/* What is watched, and of which nothing is known: its newest page first, where it is long. */
bool back_is_wanted(struct follow *w);
void back_begin(struct follow *w);
void back_go_on(struct follow *w);		 /* from where it broke */
int64_t back_reached_ms(const struct follow *w); /* of all streams what is newer was read */
void back_followed(struct follow *w);		 /* a pass over what is new has ended: the next page */
/* Whether it will take the metrics of a line that comes now. */
bool back_measures(struct follow *w, int64_t time_ms);
/* What the cache has of the log: the newest page now, the rest in slices. */
void back_from_cache(struct follow *w);
void back_measure(struct follow *w); /* the metrics of all lines there are, at once */
void back_drop(struct follow *w);    /* with the lines that it has read; nothing where none is under way */
void back_free(struct follow *w);

/* sync_keep.c */
void keep_begin(struct follow *w); /* it is complete */
void keep_stop(struct follow *w);  /* what is not whole is taken back */

/* sync_read.c */
/* Lines are handed on from now on (fn NULL: only their metrics are wanted). */
void reading_start(struct follow *w, const struct sync_reading *r, sync_done_fn *fn, void *user);
void reading_for_metrics(struct follow *w);
bool reading_wants_metrics(const struct follow *w); /* true without a reading */
bool reading_is_cached(struct follow *w);	    /* it was handed on from the cache, to its end */
void reading_begin_pass(struct follow *w);	    /* may make it a READ_WINDOW */
bool reading_skips(const struct follow *w, int64_t time_ms);
void reading_take(struct follow *w); /* hand on what a page brought */
/* A page came that is not the last of its window: true where a narrower one begins. */
bool reading_narrows(struct follow *w, int64_t last_ms);
bool reading_pass_end(struct follow *w); /* false: a further window begins */
void reading_end(struct follow *w, const struct err *err);
bool reading_goes_on(const struct follow *w); /* it follows */

void sync_live_stop(struct follow *w);	   /* it is over, or nobody looks */
void sync_metrics_begin(struct follow *w); /* the same of CloudWatch's metrics */
void sync_metrics_save(struct follow *w);
void sync_metrics_note(struct follow *w); /* they are whole up to now: the job keeps the best of its objective */
/* Those who wait for metrics wait for the log's too: whichever ends last. */
void sync_metrics_answer(struct follow *w, const struct err *err);

/* launch_queue.c: work on the queue now, and by a timer from then on (an aws_timer_fn
 * of struct sync). */
void launch_queue_look(void *user);
/* The same without waiting for the timer. */
void launch_queue_kick(struct sync *s);

#endif
