/* fit.h - the loop over the rounds: train, evaluate, stop early, checkpoint.
 *
 * One struct fit_job says everything about one model, so that a single job, a
 * fold and an entity all run through fit_run. Given the same job it makes the
 * same bytes, interrupted and resumed or not (see checkpoint.h).
 */
#ifndef SAGETOP_TRAINER_FIT_H
#define SAGETOP_TRAINER_FIT_H

#include <signal.h>

#include "trainer/fit/learner.h"
#include "trainer/library/booster.h"
#include "trainer/settings/objective.h"

#define FIT_SETS 2 /* train, validation */

/* Every metric of every round: columns[k] is "validation-rmse". */
struct history {
	struct strlist columns;
	double *values; /* rounds x columns.n */
	size_t rounds, cap;
};
void history_done(struct history *h);
/* The value of a column in a round; NAN where there is no such column. */
double history_value(const struct history *h, size_t round, const char *column);

struct fit_job {
	const struct hyper *hyper;
	const struct objective *objective;
	const char *set_names[FIT_SETS];	       /* "train", "validation" */
	const char *origin;			       /* of both sets, in messages; NULL: the channels */
	const struct dataset *data[FIT_SETS];	       /* data[1] may be NULL */
	struct matrix_options matrix;		       /* threads among them */
	bool shared;				       /* with other hosts */
	int (*loaded)(void *context, struct err *err); /* as the learner's; may be NULL */
	void *context;
	const char *checkpoint_dir;	   /* NULL: none */
	const char *fingerprint;	   /* of data and settings; with checkpoint_dir */
	const volatile sig_atomic_t *stop; /* set: end after the round; may be NULL */
	bool quiet;			   /* no metric lines, no notices; the history may have the last round alone */
	const struct strmap *attributes;   /* to travel in the model; may be NULL */
	const enum model_format *format;   /* the result is the bytes of a model; NULL: a booster */
	struct learner_kit *kit;	   /* shared by the jobs of one thread with the same settings; may be NULL */
};

struct fit_result {
	struct booster *booster; /* or */
	struct buf model;	 /* where the job names a format */
	struct history history;
	int rounds;	      /* in the model */
	int best_round;	      /* -1 without early stopping */
	char best_metric[64]; /* "validation-rmse" */
	double best_value;
	bool stopped_early, interrupted;
};
void fit_result_done(struct fit_result *r);
AUTO_EMBEDDED(fit_result, struct fit_result, fit_result_done)

/* The library's names of the job's metrics ("tweedie-nloglik@1.5"), and back. */
void fit_library_metrics(const struct hyper *h, struct strlist *ret);
const char *fit_job_metric_name(const char *library_name);

int fit_run(const struct fit_job *job, struct fit_result *ret, struct err *err) NODISCARD;

#endif
