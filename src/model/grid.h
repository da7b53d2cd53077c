/* grid.h - a grid of hyperparameters and other members of a job, of which a sweep makes one job for each combination:
 * parsed, counted, enumerated and named. Pure.
 *
 * "eta=0.1,0.3 max_depth=4..8" are ten. A value is a text; 4..8 stands for the whole numbers from 4 to 8,
 * and 4..8:2 for every second; a comma in a value is written "\,". */
#ifndef SAGETOP_MODEL_GRID_H
#define SAGETOP_MODEL_GRID_H

#include "base/err.h"
#include "base/str.h"

#define GRID_JOBS_MAX 1000
#define SWEEP_TAG "sagetop:sweep" /* the tag of a sweep's jobs: the sweep's name */

struct grid_axis {
	char *name; /* of the hyperparameter, or the path of a member (ResourceConfig.InstanceType) */
	struct strlist values;
};
/* The axes are ordered by name, however they were given: the same grid is the same jobs. */
struct grid {
	struct grid_axis *axes;
	size_t n, cap;
	size_t jobs; /* combinations, from 1 to GRID_JOBS_MAX */
};
void grid_done(struct grid *g);
AUTO_EMBEDDED(grid, struct grid, grid_done)

/* texts: each some NAME=VALUES, separated by blanks. ERR_USAGE says what is wrong with which of them. */
int grid_parse(const struct strlist *texts, struct grid *ret, struct err *err) NODISCARD;

/* Whether what is typed where one value is wanted stands for several: it has a comma, or begins as a range does. What
 * begins as JSON (with a bracket, a brace or a quote) is one value. */
bool grid_is_values(const char *text);
/* The one that it else stands for. The caller's. */
char *grid_one_value(const char *text) NODISCARD;

/* The value that job (below g->jobs) has on an axis; of the last axis they change the fastest. Borrowed. */
const char *grid_value(const struct grid *g, size_t job, size_t axis);

/* The names of all jobs, appended in their order: base and the values (player-eta-0-3-max-depth-4), or
 * where those do not fit a digest of them. Valid, unique, and the same whenever the grid is. base is the
 * name of a training job. */
void grid_job_names(const struct grid *g, const char *base, struct strlist *ret);

#endif
