/* backtest_run.h - a backtest that runs: what became of each of its packs, and what is to be
 * done about it. Plain data and pure functions.
 *
 * A pack is one job of the plan, however often it is tried: try 0 has the plan's name, the
 * others have "-r1", "-r2" ... behind it. The launch queue's number of a pack holds both. */
#ifndef SAGETOP_MODEL_BACKTEST_RUN_H
#define SAGETOP_MODEL_BACKTEST_RUN_H

#include "model/backtest_standing.h"
#include "model/cost.h"
#include "model/jobs.h"

/* Every job of a run has this tag; its value is the run. */
#define BACKTEST_TAG "sagetop:backtest"

/* The numbers are the state database's. */
enum backtest_state { BACKTEST_RUNNING = 0, BACKTEST_PAUSED, BACKTEST_STOPPED, BACKTEST_DONE, BACKTEST_FAILED };

/* Why a try failed; what is done about it follows from it. */
enum backtest_cause {
	CAUSE_NONE = 0,
	CAUSE_SERVICE,	/* the service's own failure */
	CAUSE_CAPACITY, /* no instance, or it was taken back for longer than max_wait */
	CAUSE_CRASH,	/* the container was killed, or ran out of memory */
	CAUSE_OUTPUT,	/* it ended, and its results are missing or torn */
	CAUSE_LOST,	/* the job is not there any more */
	CAUSE_DATA,	/* what it was given; it would fail again */
	CAUSE_TIME,	/* longer than max_run */
	CAUSE_STOPPED,	/* by somebody */
	CAUSE_REFUSED,	/* the service did not take the request */
	CAUSE_COUNT
};

enum backtest_pack_state { PACK_WAITING = 0, PACK_RUNNING, PACK_COMPLETED, PACK_FAILED };

struct backtest_pack {
	int64_t cycle;
	int64_t part;
	int tries;  /* that were launched or wait for it */
	char *name; /* of the last one's job */
	enum backtest_pack_state state;
	enum backtest_cause cause; /* of the last failure */
	char *why;		   /* NULL */
	int64_t ended_ms;	   /* of the last try; TIME_UNKNOWN */
};

struct backtest_run {
	char *name;
	enum backtest_state state;
	char *reason; /* why it does not run; NULL */
	int64_t jobs; /* of the plan */
	int64_t retries, concurrency;
	int64_t created_ms, changed_ms; /* changed: when it last began to run, or ceased to */

	struct backtest_pack *packs; /* by cycle and part */
	size_t n_packs, cap_packs;
	size_t tries;	   /* of all packs */
	int64_t usd_micro; /* of all tries so far; USD_UNKNOWN where one has no price */
	int64_t billed_s;  /* of all tries that are over */
	int64_t ended_s;   /* from first to last: of tries that completed, from launch to end */
	size_t ended;	   /* tries that completed */

	struct backtest_standing standing;
};
void backtest_run_done(struct backtest_run *r);
AUTO_EMBEDDED(backtest_run, struct backtest_run, backtest_run_done)
void backtest_run_list_free(struct backtest_run *r, size_t n);

#define BACKTEST_TRY_STEP ((int64_t)1000000) /* the queue's pack is try * STEP + part */
/* NAME, NAME-r1 ...; owned by the caller. */
char *backtest_try_name(const char *name, int number) NODISCARD;

/* A launch of the run as it stands, its job where it is known (NULL). In order of cycle and
 * pack, so that later tries come last. */
struct backtest_try {
	const char *name;
	int64_t cycle, pack;
	enum { TRY_WAITING, TRY_SENT, TRY_ACCEPTED, TRY_REFUSED } state;
	int64_t ended_ms;  /* it is known to be over; TIME_UNKNOWN */
	const char *error; /* why it was refused; NULL */
	const struct job *job;
};
void backtest_run_add(struct backtest_run *r, const struct backtest_try *t, const struct price_table *prices,
		      const char *region, int64_t now_ms);
/* The packs in order, after the last add. */
void backtest_run_sort(struct backtest_run *r);
/* Of a run whose packs are in order; NULL where it has none. */
struct backtest_pack *backtest_run_pack(const struct backtest_run *r, int64_t cycle, int64_t part);

const char *backtest_state_name(enum backtest_state s); /* "running" */
const char *backtest_cause_name(enum backtest_cause c); /* "data", "service" ... */
enum backtest_cause backtest_cause_of(const struct job *j);
/* Whether the pack is to be tried again by itself. */
bool backtest_pack_retries(const struct backtest_pack *p, int64_t retries);

struct backtest_counts {
	size_t waiting, running, completed, failed, retried; /* failed: for good */
	size_t causes[CAUSE_COUNT];			     /* of those that failed for good */
	const char *why;				     /* of one of them; borrowed, NULL */
};
struct backtest_counts backtest_run_count(const struct backtest_run *r);
/* Milliseconds until the rest is done at the pace so far; -1 where nothing tells. */
int64_t backtest_run_eta_ms(const struct backtest_run *r);
/* What all of it will have cost at the price so far; USD_UNKNOWN where nothing tells. */
int64_t backtest_run_projected_micro(const struct backtest_run *r);

/* Equal failures in a row, since the run last began to run: it is better held. The reason, or
 * NULL; owned by the caller. */
#define BACKTEST_BREAKER 3
char *backtest_run_breaker(const struct backtest_run *r) NODISCARD;

#endif
