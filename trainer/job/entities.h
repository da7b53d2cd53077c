/* entities.h - one model for each entity in one job.
 *
 * The data is read once and grouped by the entity column; a pool of threads, one
 * for each processor, trains one model at a time with one thread each. A plan
 * (channel plan) may name the entities and their date windows; without one every
 * entity of the data is trained on all its rows. Results come out in the order of
 * the plan or, without one, of the entities' names, whatever finished first.
 */
#ifndef SAGETOP_TRAINER_ENTITIES_H
#define SAGETOP_TRAINER_ENTITIES_H

#include "trainer/job/train.h"

/* Dates are YYYYMMDD; both ends count. */
struct date_window {
	int32_t from, to; /* 0: open */
	bool given;
};

struct entity_task {
	char *name;   /* of the model: unique in the job */
	char *entity; /* the value in the entity column */
	struct date_window train, validation;
};

struct entity_plan {
	struct entity_task *tasks;
	size_t n, cap;
	char hash[65]; /* of the plan's file; "" where there is none */
};
void entity_plan_done(struct entity_plan *p);
AUTO_EMBEDDED(entity_plan, struct entity_plan, entity_plan_done)

/* The plan of the channel's folder (its only .json file). */
int entity_plan_load(const char *dir, struct entity_plan *ret, struct err *err) NODISCARD;
/* Every entity of the data, by name. */
void entity_plan_all(const struct dataset *d, struct entity_plan *ret);

int train_entities(struct train_run *r, struct err *err) NODISCARD;

#endif
