/* session.h - everything the screens read: the world as last heard of.
 *
 * sync writes it, tui reads it (const) and says what it wants to see through
 * `wants`; neither knows the other. One struct per account and region (a scope).
 *
 * Several that are looked at together are the parts of a wide session (session_wide_new). Its tables have the things of
 * all, each known by "PROFILE/REGION:NAME" (scope.h); what else there is about a thing (feeds, files, prices, columns)
 * stays in its own session, where the functions below and field_get find it. What stands in a wide session itself
 * (notice, counts, budget) is a summary. */
#ifndef SAGETOP_MODEL_SESSION_H
#define SAGETOP_MODEL_SESSION_H

#include "model/backtest_run.h"
#include "model/files.h"
#include "model/jobs.h"
#include "model/kind.h"
#include "model/launches.h"
#include "model/loglines.h"
#include "model/price.h"
#include "model/series.h"
#include "model/traffic.h"
#include "model/usage.h"

enum notice_level { NOTICE_INFO = 0, NOTICE_WARNING, NOTICE_ERROR };

/* One line for the status row; a newer one replaces it. */
struct notice {
	enum notice_level level;
	int64_t at_ms;
	char text[512];
};

/* Log and metrics of one thing, filled while somebody wants them. */
struct feed {
	char *name;
	struct loglines logs;
	struct series_set metrics; /* from logs, CloudWatch and final metrics */
	bool logs_loaded;	   /* the first page has arrived, or there is none yet */
	bool logs_reading;	   /* the newest lines are there, older ones are on their way */
	bool logs_cut;		   /* ... and would not fit into memory: they were left */
	size_t logs_about;	   /* how many lines there are, about; 0 unknown */
	int64_t logs_read_ms;	   /* when it was left: of the newest event that was read; 0 none */
	bool following;
	bool live;		/* lines are pushed by a live tail, polling only fills its gaps */
	bool live_sampled;	/* the last update left events out: they come by polling */
	int64_t live_minutes;	/* begun so far, as they are billed */
	int64_t live_usd_micro; /* about what they cost */
	size_t n_foreign;	/* events of streams that are not its own: left out */
	char logs_note[320];	/* "no log stream yet", "throttled, retrying in 3 s", "" */
	char metrics_note[160]; /* "metrics of 100 of 240 instances", "" */
	char details_note[160]; /* why the thing could not be described, the last time; "" */
};

struct api_budget {
	double calls_per_s; /* over the last 10 s */
	uint64_t calls, retries, throttled, errors;
	int64_t throttled_until_ms; /* TIME_UNKNOWN where not */
	int64_t silent_ms;	    /* for how long an answer is waited for and nothing comes; 0 */
};

/* One request in the session's log (`!`), secrets never in it. */
struct request_record {
	int64_t at_ms;
	char operation[40]; /* "sagemaker:Search" */
	int http_status;    /* 0: no reply */
	int attempts;
	int64_t took_ms;
	char request_id[64];
	char error[400]; /* "" where it succeeded */
	char scope[80];	 /* of several; else "" */
};
#define REQUEST_LOG_LEN 512

struct session {
	char *profile, *region, *account, *endpoint; /* account may be NULL: not known yet */
	bool local;				     /* talks to the local engine */
	bool read_only;
	char *read_only_by; /* the option or the place in the settings that says so; NULL */
	bool offline;	    /* painted from the store only */
	struct resources tables[KIND_COUNT];
	struct cold_column **cold; /* the cold fields that somebody shows, filters or sorts by */
	size_t n_cold, cap_cold;
	struct backtest_run *backtests; /* the newest first; NULL until somebody asks */
	size_t n_backtests;
	uint64_t backtests_generation;
	struct launch_summaries launches; /* the newest; empty until somebody asks */
	uint64_t launches_generation;
	struct usages usages; /* what was billed while it was there; empty until somebody asks */
	uint64_t usages_generation;
	struct file_download download; /* of one of them: the last that was begun */
	struct map files;	       /* of things, "kind/name" -> struct files *; empty until somebody asks */
	struct map traffic;	       /* of endpoints, by name -> struct traffic *; empty until somebody asks */
	struct price_table prices;
	char prices_as_of[16];
	struct map feeds;   /* "kind/name" -> struct feed * */
	struct map *causes; /* private to failure.c: its texts, and what logs told of failures */
	struct notice notice;
	uint64_t notice_generation;
	struct api_budget budget;
	struct request_record requests[REQUEST_LOG_LEN]; /* ring */
	size_t n_requests;				 /* ever made */
	char trouble[256];				 /* why its jobs are not those of now; "" */
	char *label;					 /* "PROFILE/REGION" */
	struct session_wide *wide;			 /* private: the parts; NULL of a session of one scope */
};

/* The training jobs among the tables. */
#define session_jobs(s) (&(s)->tables[KIND_TRAINING_JOB])

struct session *session_new(void) NODISCARD;
void session_free(struct session *s);
AUTO_POINTER(session, struct session, session_free)

/* --- several scopes --- */

/* The parts are borrowed, and are not to be freed before; at most SCOPES_MAX. */
struct session *session_wide_new(struct session *const *parts, size_t n) NODISCARD;
void session_wide_free(struct session_wide *w); /* by session_free */
/* The things of a part are no longer among those of all. */
void session_wide_leave(struct session *part);
/* Sum up what the parts say of themselves: behind each turn of the loop. */
void session_wide_refresh(struct session *wide);
/* How many scopes it has, one where it is not wide, and each of them. */
size_t session_parts(const struct session *s);
const struct session *session_part(const struct session *s, size_t i);
const char *session_label(const struct session *s); /* "PROFILE/REGION", or how many there are */
/* Whether one of several scopes fails, so that what is shown of it is as it was (trouble says why). */
bool session_lacks_some(const struct session *s);
/* The session that a thing belongs to; and that of a thing's name (SCOPE:NAME, or a name that one scope has; NULL:
 * none), with its name there, which is borrowed from it. */
const struct session *session_own(const struct session *s, const struct resource *r);
const struct session *session_within(const struct session *s, const struct kind *kind, const char *name,
				     const char **ret_name);
/* Of "SCOPE:NAME" the place of the scope among its parts, and the name; session_parts(s), and the text itself, where it
 * says none. */
size_t session_scope_of(const struct session *s, const char *text, const char **ret_name);
/* What a thing is known by in the tables of s: its name; of a wide session with its scope, in buf, which it replaces.
 */
const char *session_name_of(const struct session *s, const struct resource *r, struct buf *buf);
struct feed *session_feed(struct session *s, const struct kind *kind, const char *name); /* made where absent */
const struct feed *session_find_feed(const struct session *s, const struct kind *kind, const char *name);
void session_drop_feed(struct session *s, const struct kind *kind, const char *name); /* frees it */
/* What CloudWatch counted of an endpoint, made where absent; it has changed with the endpoints' generation. */
struct traffic *session_traffic(struct session *s, const struct resource *endpoint);
const struct traffic *session_find_traffic(const struct session *s, const struct resource *endpoint); /* NULL */
/* A thing's files in S3, made where absent; they have changed with the kind's generation. */
struct files *session_files(struct session *s, const struct kind *kind, const char *name);
const struct files *session_find_files(const struct session *s, const struct kind *kind, const char *name); /* NULL */
void session_files_clear(struct session *s);
void session_traffic_clear(struct session *s);
/* Values of a cold field (field.h), of a session of one scope; NULL where nobody has asked for it. */
const struct cold_column *session_cold_column(const struct session *s, const struct kind *k, const struct field_ref *f);
/* Whether they are there of all things of the kind, and what is kept of a thing of s; NULL: not known, or it has
 * none. */
bool session_cold_is_complete(const struct session *s, const struct kind *k, const struct field_ref *f);
const char *session_cold_value(const struct session *s, const struct resource *r, const struct field_ref *f);
struct cold_column *session_cold_add(struct session *s, const struct kind *k, const struct field_ref *f);
void session_cold_clear(struct session *s);
/* Take over what r says, whose cold part may be at hand. */
void session_cold_update(struct session *s, const struct resource *r, int64_t now_ms);
/* ERR_DENIED where it is read-only, with what makes it so. */
int session_may_change(const struct session *s, struct err *err) NODISCARD;
/* "prices of 2026-11-01, us-east-1": it stands with every total. buf holds SESSION_PRICES_LEN bytes. */
#define SESSION_PRICES_LEN 96
char *session_prices_text(const struct session *s, char *buf);
void session_notify(struct session *s, enum notice_level level, const char *fmt, ...) PRINTF_LIKE(3, 4);
void session_add_request(struct session *s, const struct request_record *r);
/* What the newest request of an operation of SageMaker's ("ListEndpoints") failed with; "" where it did not. */
const char *session_failure_of(const struct session *s, const char *operation);

#endif
