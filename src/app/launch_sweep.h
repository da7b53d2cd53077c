/* launch_sweep.h - `launch --grid` and `clone --grid`, once the jobs are planned. */
#ifndef SAGETOP_APP_LAUNCH_SWEEP_H
#define SAGETOP_APP_LAUNCH_SWEEP_H

#include "app/app.h"
#include "model/grid.h"

/* Show count and price of a plan that has jobs, ask, queue all of them, and wait until each was launched or
 * refused: a line for each on the output. */
int launch_sweep(struct app *a, const struct launch_plan *p, const struct grid *g, struct err *err) NODISCARD;

#endif
