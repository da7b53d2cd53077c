/* outputs.h - what a job leaves beside its model.
 *
 * output/data: metrics.json (every metric of every round), feature-importance.json,
 * predictions of the channel test or of the folds. model/sagetop: baseline.json
 * for drift checks and model-card.json; in a folder of their own because
 * SageMaker's image takes every file directly under model/ for a model.
 */
#ifndef SAGETOP_TRAINER_OUTPUTS_H
#define SAGETOP_TRAINER_OUTPUTS_H

#include "trainer/job/train.h"

#define CARD_FILE "sagetop/model-card.json"

/* Written while the training data is still in memory. */
int output_baseline(struct train_run *r, struct err *err) NODISCARD;

int output_metrics(const struct train_run *r, const struct fit_result *result, struct err *err) NODISCARD;
int output_importance(const struct train_run *r, struct booster *b, struct err *err) NODISCARD;
/* details: members of its own for the kind of job; borrowed, may be NULL. */
int output_card(const struct train_run *r, const json_t *details, struct err *err) NODISCARD;

/* The channel test, where there is one: predictions-test.csv, and the metrics
 * where it has labels. */
int output_test(struct train_run *r, struct booster *b, struct err *err) NODISCARD;

/* Any JSON below dir (output_dir or model_dir). */
int outputs_write_json(const char *dir, const char *name, const json_t *j, struct err *err) NODISCARD;

#endif
