/* advice.h - what an account could do for less: pure.
 *
 * Jobs that are alike (one image, type and way of paying, names that differ by numbers and
 * times only) are a group. Each rule (advice.def) looks at a group's measured use, times and
 * prices; an advice names the group, what was measured, what it would save a month, and the
 * command that makes the change. Only what completed teaches, and what ran for under five
 * minutes is said to have; what is not measured is not advised about. */
#ifndef SAGETOP_MODEL_ADVICE_H
#define SAGETOP_MODEL_ADVICE_H

#include "model/duration.h"
#include "model/jobs.h"
#include "model/price.h"

#define ADVICE_SHORT_S 300 /* jobs under that tell little of their use */

enum advice_kind {
#define ADVICE(id, name, fn, help) ADVICE_##id,
#include "model/advice.def"
#undef ADVICE
	ADVICE_ENDPOINT, /* an endpoint that nobody calls */
};
const char *advice_name(enum advice_kind k); /* "smaller-type" */

/* A training job with what was measured of it; shares are of the whole machine, 0 to 100, < 0 not
 * measured. The job's cold part is not needed. */
struct advice_job {
	const struct job *job;
	const char *image;				      /* NULL: not known */
	double cpu_pct;					      /* mean */
	double memory_pct, disk_pct, gpu_pct, gpu_memory_pct; /* largest */
	int64_t best_round, rounds;			      /* of its learning curve; -1 not known */
	double download_s;				      /* < 0 not known */
};
/* One with nothing measured. */
struct advice_job advice_job_of(const struct job *j);
/* What its metrics tell (CloudWatch's names; the curve of the objective), and its transitions where
 * it is not trimmed. */
struct series_set;
void advice_job_measure(struct advice_job *a, const struct series_set *metrics);

struct advice_endpoint {
	const char *name;
	const char *instance_type; /* NULL: not known */
	int64_t instances;
	double hours;	    /* that it was looked at */
	double invocations; /* in these; < 0 not known */
};

/* All borrowed. */
struct advice_input {
	const struct advice_job *jobs; /* of the last `days` days, of any state */
	size_t n_jobs;
	const struct advice_endpoint *endpoints;
	size_t n_endpoints;
	const struct duration_history *history; /* what spot saves; NULL: as is usually reckoned with */
	const struct price_table *prices;
	const char *region;
	double days;
	int64_t now_ms;
};

#define ADVICE_UNKNOWN INT64_MIN
struct advice {
	enum advice_kind kind;
	char *subject;	      /* the newest job of the group, or the endpoint */
	size_t jobs;	      /* behind it; 0: of an endpoint */
	int64_t saving_micro; /* a month of 30 days; < 0: it costs so much more; ADVICE_UNKNOWN */
	char *what;	      /* "use ml.m5.large" */
	char *evidence;	      /* the figures */
	char *command;	      /* the change, ready to be run */
	char *caution;	      /* what speaks against it, or how little is known; NULL */
};
struct advices {
	struct advice *items; /* the largest saving first */
	size_t n, cap;
};
void advices_done(struct advices *a);
AUTO_EMBEDDED(advices, struct advices, advices_done)
void advice_find(const struct advice_input *in, struct advices *ret);

/* Which jobs are alike. Owned by the caller. */
char *advice_group_key(const struct advice_job *j) NODISCARD;

#endif
