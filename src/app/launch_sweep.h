/* launch_sweep.h - launching what is planned: one job, or the many of `launch --grid`, `clone --grid` and a clone of
 * several jobs. */
#ifndef SAGETOP_APP_LAUNCH_SWEEP_H
#define SAGETOP_APP_LAUNCH_SWEEP_H

#include "app/app.h"
#include "model/grid.h"

/* The grid of --grid; none where it is not given. */
int launch_read_grid(const struct app *a, struct grid *ret, struct err *err) NODISCARD;
/* Show what would be sent with its price, ask, send it, and say how it went; grid: of the plan's sweep, may be empty.
 */
int launch_finish(struct app *a, const struct launch_plan *p, const struct grid *grid, struct err *err) NODISCARD;
/* The same of a plan that has jobs: queue all of them, and wait until each was launched or refused: a line for each on
 * the output. */
int launch_sweep(struct app *a, const struct launch_plan *p, const struct grid *g, struct err *err) NODISCARD;

#endif
