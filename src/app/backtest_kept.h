/* backtest_kept.h - models of a run that lie here: of a cycle, folder/models/c<cycle>/ has an
 * archive of them (trainer/models/pack.h), named as forecast_model_name does. They come from the
 * run's last jobs, and from slates that were predicted since; a slate whose cycle has models
 * is predicted without training. */
#ifndef SAGETOP_APP_BACKTEST_KEPT_H
#define SAGETOP_APP_BACKTEST_KEPT_H

#include "app/backtest_drive.h"
#include "trainer/forecast/forecast.h"
#include "trainer/models/pack.h"

struct backtest_kept {
	char *dir;
	struct pack *pack;	  /* NULL where there is none yet */
	struct map index;	  /* name of a model -> its place and one */
	json_t *about;		  /* the archive's index; NULL */
	struct kept_model *fresh; /* that are not in it yet */
	size_t n_fresh, cap_fresh;
};
void backtest_kept_done(struct backtest_kept *k);
AUTO_EMBEDDED(backtest_kept, struct backtest_kept, backtest_kept_done)

/* What there is of a cycle below a run's folder; nothing is no error. */
int backtest_kept_open(const char *folder, size_t cycle, struct backtest_kept *ret, struct err *err) NODISCARD;
/* The digest of what they have learned from (forecast_learnt_hex); NULL. Borrowed. */
const char *backtest_kept_learnt(const struct backtest_kept *k, size_t cycle);
/* What was kept is not good any more. */
void backtest_kept_forget(struct backtest_kept *k);
/* forecast_job's kept and keep, with a struct backtest_kept as context. */
int backtest_kept_find(void *context, const struct forecast_model *m, const void **ret, size_t *n,
		       struct err *err) NODISCARD;
int backtest_kept_add(void *context, const struct forecast_model *m, struct err *err) NODISCARD;
/* Write what is fresh beside what was there. columns: of the matrix. */
int backtest_kept_save(struct backtest_kept *k, size_t cycle, json_t *columns, const char *learnt,
		       struct err *err) NODISCARD;

/* The models of that cycle out of its jobs' model.tar.gz, into the run's folder;
 * connected. *ret: how many. A job that left none is no error. */
int backtest_kept_fetch(struct app *a, const struct backtest_work *w, const struct backtest_run *run, size_t *ret,
			struct err *err) NODISCARD;

#endif
