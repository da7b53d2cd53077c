/* baseline.h - what the columns of the training data looked like, for drift checks:
 * count, missing, mean, deviation, least, greatest and quantiles of each. Quantiles
 * come from at most BASELINE_SAMPLE rows, evenly spread, and are exact on those.
 */
#ifndef SAGETOP_TRAINER_BASELINE_H
#define SAGETOP_TRAINER_BASELINE_H

#include "base/json.h"
#include "trainer/read/dataset.h"

#define BASELINE_FILE "sagetop/baseline.json" /* in the model folder */
#define BASELINE_SAMPLE 65536
#define BASELINE_COLUMNS_MAX 10000 /* further columns are left out, and counted */

/* Object of model/sagetop/baseline.json; new reference. */
json_t *baseline_compute(const struct dataset *d, int threads) NODISCARD;

#endif
