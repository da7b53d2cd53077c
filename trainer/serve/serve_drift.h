/* serve_drift.h - does the data that a model is asked about still look like the
 * data that it was trained on?
 *
 * Rows are added up by column. A batch of DRIFT_BATCH rows or more is judged by
 * itself, smaller ones when DRIFT_WINDOW rows have come together. A column has
 * drifted where its mean moved by half a deviation or more, or its share of missing
 * cells by a fifth, and chance (six standard errors) does not explain it.
 */
#ifndef SAGETOP_TRAINER_SERVE_DRIFT_H
#define SAGETOP_TRAINER_SERVE_DRIFT_H

#include "base/buf.h"
#include "trainer/read/dataset.h"

#define DRIFT_BATCH 50
#define DRIFT_WINDOW 500

struct drift;
/* From the baseline.json of training. columns: of the model. */
int drift_load(const char *path, size_t columns, struct drift **ret, struct err *err) NODISCARD;
void drift_free(struct drift *d);
AUTO_POINTER(drift, struct drift, drift_free)

/* Thread-safe. Appends what has drifted, column by column ("age mean 3.1 -> 7.9,
 * team missing 0.02 -> 0.61"), to report; nothing where all is well or too little is
 * known yet. */
void drift_check(struct drift *d, const struct dataset *data, struct buf *report);

#endif
