/* kfold.h - cross-validation: one model a fold, judged on the rows it never saw.
 *
 * The folds cover the channels train and validation together. They depend on the
 * seed only; classes are spread evenly, the rows of a query stay together.
 */
#ifndef SAGETOP_TRAINER_KFOLD_H
#define SAGETOP_TRAINER_KFOLD_H

#include "trainer/job/train.h"

/* The fold (0 .. k - 1) of every row in one repetition. */
int kfold_assign(const struct dataset *d, const struct objective *o, int k, int64_t seed, int repetition,
		 uint32_t *fold_of_row, struct err *err) NODISCARD;

int train_kfold(struct train_run *r, struct err *err) NODISCARD;

#endif
