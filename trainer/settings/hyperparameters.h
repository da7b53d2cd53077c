/* hyperparameters.h - the job's settings, parsed and checked by one table.
 *
 * hyperparameters.def has a row for each: type, range, what it needs, help. A
 * value is stored as text in normal form ("1e-3" becomes 0.001 only when asked
 * for as a number) and read through hyper_*. Messages keep the wording that users
 * of SageMaker's own image know, with the nearest name added.
 */
#ifndef SAGETOP_TRAINER_HYPERPARAMETERS_H
#define SAGETOP_TRAINER_HYPERPARAMETERS_H

#include "base/json.h"

enum hyper_id {
#define HP(name, alias, type, range, fallback, use, needs, help) HP_##name,
#include "trainer/settings/hyperparameters.def"
#undef HP
	HYPER_COUNT
};

struct hyper {
	char *given[HYPER_COUNT]; /* NULL where the job does not set it */
	struct strlist metrics;	  /* eval_metric with the tuning objective's metric, in order */
	char *tuning_metric;	  /* "rmse" of validation:rmse, or NULL */
};

void hyper_done(struct hyper *h);
AUTO_EMBEDDED(hyper, struct hyper, hyper_done)

/* root: the object of hyperparameters.json (strings; numbers and booleans are
 * taken too). ERR_INVALID names the hyperparameter and what it accepts. */
int hyper_parse(const json_t *root, struct hyper *ret, struct err *err) NODISCARD;

const char *hyper_name(enum hyper_id id);
bool hyper_given(const struct hyper *h, enum hyper_id id);
const char *hyper_text(const struct hyper *h, enum hyper_id id); /* the fallback where not given; may be NULL */
int64_t hyper_int(const struct hyper *h, enum hyper_id id);	 /* 0 where there is neither */
double hyper_float(const struct hyper *h, enum hyper_id id);	 /* NAN where there is neither */
bool hyper_bool(const struct hyper *h, enum hyper_id id);

/* Constraints against the data: not more values, and no index, than columns. */
int hyper_check_columns(const struct hyper *h, size_t columns, struct err *err) NODISCARD;

/* What the library gets, in a fixed order; nthread included. */
void hyper_library_params(const struct hyper *h, int threads, struct strmap *ret);

/* One line for each setting that has no effect in this job. */
void hyper_notices(const struct hyper *h, bool has_validation, struct strlist *ret);

/* The command `hyperparameters`. */
int command_hyperparameters(int argc, char **argv);

#endif
