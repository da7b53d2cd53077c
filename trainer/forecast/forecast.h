/* forecast.h - the cycles of a backtest: models learn from the rows before each cut-off
 * and say what the rows of the cycle will be.
 *
 * The same code runs inside a job, in the leak check and where a slate is predicted. A row's
 * prediction depends on the specification and on earlier rows alone: not on which cycles
 * or entities share a job, how many threads there are or in what order they end.
 */
#ifndef SAGETOP_TRAINER_FORECAST_H
#define SAGETOP_TRAINER_FORECAST_H

#include <signal.h>

#include "trainer/panel/features.h"
#include "trainer/settings/hyperparameters.h"

/* One model as it is kept: the bytes of an XGBoost model (UBJSON), or of a ridge (JSON). */
struct forecast_model {
	size_t cycle;
	const struct backtest_model *of;
	const char *entity; /* NULL: of all */
	const void *bytes;
	size_t n;
};

struct forecast_job {
	const struct backtest_spec *spec;
	const struct panel *panel;
	const double *matrix;	     /* features_build */
	const struct strlist *names; /* of its columns */
	size_t first_cycle, last_cycle;
	size_t part, parts; /* of the entities: those whose number leaves part - 1 when divided by parts */
	int threads;
	const volatile sig_atomic_t *stop; /* may be NULL */
	/* Called for each model that is trained, one at a time, in no order; may be NULL. */
	int (*keep)(void *context, const struct forecast_model *m, struct err *err);
	void (*progress)(void *context, size_t done, size_t all); /* of its models; may be NULL */
	void *context;
};

struct forecast {
	double *said;	  /* panel rows x models of the specification; NaN where nothing was said */
	double *gains;	  /* models x columns: what each was worth to pooled models, summed over cycles: the gain
			   * of trees, the size of a ridge's weight in deviations of the target */
	size_t trained;	  /* models */
	size_t fallbacks; /* rows of entities with too few rows at the cut-off: they get the season mean */
};
void forecast_done(struct forecast *f);
AUTO_EMBEDDED(forecast, struct forecast, forecast_done)

/* ERR_CANCELLED where it was stopped. */
int forecast_run(const struct forecast_job *job, struct forecast *ret, struct err *err) NODISCARD;

/* What the models say of all rows of some cycles, on every processor: for those who want
 * nothing else. *ret is `said` of the forecast; the caller's. */
int forecast_ask(const struct backtest_spec *spec, const struct panel *p, const struct features *f,
		 const double *matrix, size_t first_cycle, size_t last_cycle, double **ret, struct err *err) NODISCARD;

/* Does this job predict the row? */
bool forecast_covers(const struct forecast_job *job, size_t row);

#endif
