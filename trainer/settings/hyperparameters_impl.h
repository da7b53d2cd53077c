/* hyperparameters_impl.h - the table's rows, shared by parser, rules and listing. */
#ifndef SAGETOP_TRAINER_HYPERPARAMETERS_IMPL_H
#define SAGETOP_TRAINER_HYPERPARAMETERS_IMPL_H

#include "trainer/settings/hyperparameters.h"

enum hyper_type { HYPER_INT, HYPER_FLOAT, HYPER_CHOICE, HYPER_TEXT, HYPER_LIST, HYPER_TUPLE, HYPER_NESTED };
enum hyper_use { HYPER_LIBRARY, HYPER_TRAINER, HYPER_NONE };

struct hyper_row {
	const char *name, *alias;
	enum hyper_type type;
	const char *range, *fallback;
	enum hyper_use use;
	const char *needs, *help;
};

extern const struct hyper_row hyper_rows[HYPER_COUNT];

/* The rules between hyperparameters; fills h->metrics and h->tuning_metric. */
int hyper_check(struct hyper *h, struct err *err) NODISCARD;

/* Whether what row id needs ("other=a|b", "other") is there. */

#endif
