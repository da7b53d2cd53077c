/* backtest_job.h - a job of a backtest: some cycles, and some entities, of a specification.
 *
 * Channel `backtest` has the specification (one .json file), channel `train` the rows.
 * Hyperparameters: backtest_cycles "0-14", both ends count, and backtest_part "1/3" of the
 * entities; nthread. output/data gets predictions.csv (sagetop-backtest(5)),
 * importances.json and backtest.json, of the job with the first cycle never.csv as well; model/
 * the models that the specification keeps, named as forecast_model_name does. */
#ifndef SAGETOP_TRAINER_BACKTEST_JOB_H
#define SAGETOP_TRAINER_BACKTEST_JOB_H

#include <signal.h>

#include "trainer/settings/contract.h"

#define BACKTEST_CHANNEL "backtest"

int backtest_job(const struct contract *c, const volatile sig_atomic_t *stop, struct err *err) NODISCARD;

#endif
