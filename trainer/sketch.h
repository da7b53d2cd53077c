/* sketch.h - a few rows whose columns have the quantiles of all the data.
 *
 * libxgboost can take a matrix's histogram bins from another one. Its own sketch
 * of a million rows takes as long as thirty rounds; sorting each column and
 * handing it SKETCH_ROWS exact quantiles is several times faster and no less
 * accurate, but the bins are not to the last digit those of the library, so it is
 * for jobs that ask for it.
 */
#ifndef SAGETOP_TRAINER_SKETCH_H
#define SAGETOP_TRAINER_SKETCH_H

#include "trainer/dataset.h"

#define SKETCH_ROWS 8192

/* Dense data without weights. Column by column: every distinct value where there
 * are at most SKETCH_ROWS, else evenly spaced ranks with least and greatest;
 * missing values are left out. */
struct dataset *sketch_rows(const struct dataset *d, int threads) NODISCARD;

#endif
