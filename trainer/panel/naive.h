/* naive.h - baselines: forecasts that need no model, which every model is held against.
 *
 *   season_mean    the mean of the entity's earlier rows
 *   last_N         the mean of its last N; last_1 is its last value
 *   ewm_H          sum w y / sum w, w = 0.5^(age / H), age in rows, 0 the newest
 *   column:NAME    least squares of the target on a column that is known before, over the rows
 *                  of entities with eligible.min_rows earlier ones before the cycle's cut-off;
 *                  season_mean where the column is not known
 */
#ifndef SAGETOP_TRAINER_NAIVE_H
#define SAGETOP_TRAINER_NAIVE_H

#include "trainer/panel/panel.h"

/* Every baseline of the specification for every row of the panel, row-major, p->n x
 * spec->baselines.n, NaN where there is no earlier row; the caller's. ERR_INVALID names
 * a baseline that there is not. */
int naive_build(const struct backtest_spec *spec, const struct panel *p, double **ret, struct err *err) NODISCARD;

/* The mean of the entity's earlier rows, for every row; the caller's. */
double *naive_season_means(const struct panel *p) NODISCARD;

/* Mean absolute change from row to row of each entity before a day (what MASE divides
 * by); NaN where it has fewer than 2 rows or never changed. One for each entity; the caller's. */
double *naive_scales(const struct panel *p, int32_t before) NODISCARD;

#endif
