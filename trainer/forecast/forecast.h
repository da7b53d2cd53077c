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
	bool never;	    /* the first cycle is among them: what do its models say of all cycles? */
	int threads;
	const volatile sig_atomic_t *stop; /* may be NULL */
	/* Called for each model that is trained, one at a time, in no order; may be NULL. */
	int (*keep)(void *context, const struct forecast_model *m, struct err *err);
	/* A model that was trained before, where there is one (*n is 0 where not): it speaks
	 * without training. Called as keep is; the bytes are borrowed until the next call. May be
	 * NULL. */
	int (*kept)(void *context, const struct forecast_model *m, const void **ret, size_t *n, struct err *err);
	void (*progress)(void *context, size_t done, size_t all); /* of its models; may be NULL */
	void *context;
};

struct forecast {
	double *said;	  /* panel rows x models of the specification; NaN where nothing was said */
	double *never;	  /* the same of all cycles by the first one's models; NULL where not asked for */
	double *gains;	  /* models x columns: what each was worth to pooled models, summed over cycles: the gain
			   * of trees, the size of a ridge's weight in deviations of the target */
	size_t trained;	  /* models */
	size_t reused;	  /* models that were kept from before */
	size_t fallbacks; /* rows of entities with too few rows at the cut-off: they get the season mean */
};
void forecast_done(struct forecast *f);
AUTO_EMBEDDED(forecast, struct forecast, forecast_done)

/* ERR_CANCELLED where it was stopped. */
int forecast_run(const struct forecast_job *job, struct forecast *ret, struct err *err) NODISCARD;

/* On every processor, the names of the columns being those of the features. */
int forecast_ask(struct forecast_job *job, const struct features *f, struct forecast *ret, struct err *err) NODISCARD;

/* "c14-trees-2544": what a model is called among others. Owned by the caller. */
char *forecast_model_name(size_t cycle, const struct backtest_model *of, const char *entity) NODISCARD;

/* A digest of who did what on which day before the cut-off of a cycle: models that were kept are
 * good as long as it is the same. hex holds SHA256_HEX_LEN bytes. */
void forecast_learnt_hex(const struct backtest_spec *spec, const struct panel *p, size_t cycle, char *hex);

/* Does this job predict the row? */
bool forecast_covers(const struct forecast_job *job, size_t row);
/* Is the entity one of its part? */
bool forecast_in_part(const struct forecast_job *job, uint32_t entity);

#endif
