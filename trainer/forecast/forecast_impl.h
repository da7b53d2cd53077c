/* forecast_impl.h - one model to be trained, as the parts of a forecast share it. */
#ifndef SAGETOP_TRAINER_FORECAST_IMPL_H
#define SAGETOP_TRAINER_FORECAST_IMPL_H

#include "base/buf.h"
#include "trainer/forecast/forecast.h"
#include "trainer/fit/learner.h"

#define FORECAST_MODEL_MAX ((size_t)1 << 30)

/* A model of one cycle: of all entities, or of one. */
struct forecast_task {
	size_t cycle, model;
	uint32_t entity; /* FORECAST_ALL: pooled */
	double *gains;	 /* columns; NULL where they are not wanted */
};
#define FORECAST_ALL UINT32_MAX

/* Some rows of the panel, in its order. */
struct row_list {
	size_t *rows, n, cap;
};
void row_list_done(struct row_list *l);
AUTO_EMBEDDED(row_list, struct row_list, row_list_done)

/* Learn from some rows and say what others will be: said[k] for says->rows[k]. model takes
 * the bytes of the model, where it is not NULL; gains likewise. */
struct forecast_fit {
	const struct forecast_job *job;
	const struct backtest_model *of;
	const struct row_list *learns, *says;
	double *said;
	double *gains;
	struct buf *model;
	const void *kept; /* bytes of the model where it was trained before, n_kept of them; else NULL */
	size_t n_kept;
};
int forecast_trees(const struct forecast_fit *f, struct learner_kit *kit, int threads, struct err *err) NODISCARD;

/* Are the hyperparameters of a model's trees ones that a job would take? */
int forecast_trees_check(const struct backtest_model *m, struct err *err) NODISCARD;

#endif
