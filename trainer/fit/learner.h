/* learner.h - what trains a model round by round: the grower (grow.h) where the job
 * is one for it and the library at hand grows the same tree in a trial, else
 * libxgboost. Both make the same model; nobody above knows which it is.
 */
#ifndef SAGETOP_TRAINER_LEARNER_H
#define SAGETOP_TRAINER_LEARNER_H

#include "trainer/library/booster.h"
#include "trainer/settings/hyperparameters.h"

#define LEARNER_SETS 2 /* train, validation */

/* What learners of one thread with the same settings share. */
struct learner_kit;
struct learner_kit *learner_kit_new(void);
void learner_kit_free(struct learner_kit *k);
AUTO_POINTER(learner_kit, struct learner_kit, learner_kit_free)

struct learner_job {
	const struct hyper *hyper;
	const struct dataset *data[LEARNER_SETS]; /* [1] may be NULL */
	struct matrix_options matrix;		  /* of both; how bins are kept is the learner's choice */
	const struct strlist *metrics;		  /* the library's */
	struct learner_kit *kit;		  /* where several learners follow each other; or NULL */
	bool shared;				  /* with other hosts, which must be met in `loaded` */
	/* Called once: all that is needed of the cells of data[0] has been taken (not
	 * so for tree method approx), and no other host has been spoken to yet. */
	int (*loaded)(void *context, struct err *err);
	void *context;
};

struct learner;
/* params: what the library gets (hyper_library_params). The data is needed as long
 * as the learner lives, but for the cells of data[0]. */
int learner_new(const struct learner_job *job, const struct strmap *params, struct learner **ret,
		struct err *err) NODISCARD;
void learner_free(struct learner *l);
AUTO_POINTER(learner, struct learner, learner_free)

int learner_round(struct learner *l, int round, struct err *err) NODISCARD;
/* The library's metrics, set by set, appended to out. names: of the sets. */
int learner_evaluate(struct learner *l, int round, const char *const *names, struct eval_values *out,
		     struct err *err) NODISCARD;
/* What the model says of a set. */
int learner_predict(struct learner *l, size_t set, struct predictions *out, struct err *err) NODISCARD;

/* The model so far as UBJSON; and on from such bytes, with these params (a new
 * seed), as a fresh learner would. */
int learner_save(struct learner *l, struct buf *out, struct err *err) NODISCARD;
int learner_load(struct learner *l, const struct buf *model, const struct strmap *params, struct err *err) NODISCARD;

/* The first `rounds` rounds as a booster, or as the bytes of a model; the learner is
 * done then. attributes travel in the model; they may be NULL. */
int learner_finish(struct learner *l, int rounds, const struct strmap *attributes, struct booster **ret,
		   struct err *err) NODISCARD;
int learner_write(struct learner *l, int rounds, const struct strmap *attributes, enum model_format format,
		  struct buf *out, struct err *err) NODISCARD;

#endif
