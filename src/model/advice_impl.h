/* advice_impl.h - a group of like jobs, as the rules see it; private to advice*.c. */
#ifndef SAGETOP_MODEL_ADVICE_IMPL_H
#define SAGETOP_MODEL_ADVICE_IMPL_H

#include "model/advice.h"
#include "model/cost.h"
#include "model/instance.h"

struct advice_group {
	const struct advice_input *in;
	const struct advice_job **jobs; /* completed ones, oldest first */
	size_t n;
	const struct advice_job **others; /* failed and stopped ones */
	size_t n_others;
	const struct job *newest; /* of the completed */

	/* Sums of the completed, as they were billed; USD_UNKNOWN. */
	int64_t cost_micro;
	int64_t rate_micro; /* an hour of one instance, on demand */
	double billed_s, median_s, longest_s;

	/* Of those that ran for ADVICE_SHORT_S, of all where none did; < 0 not measured. */
	double cpu_pct, memory_pct, disk_pct, gpu_pct, gpu_memory_pct;
	size_t measured;
	bool is_short; /* none of them ran so long */
};

/* Add one; what it saves in the days that were looked at becomes a month's. NULL evidence and the like
 * must not be. All texts become the list's. */
struct advice *advice_add(struct advices *l, const struct advice_group *g, enum advice_kind kind, double saving_micro,
			  char *what, char *evidence, char *command);
void advice_warn(struct advice *a, const char *caution);

#define ADVICE(id, name, fn, help) void fn(struct advices *l, const struct advice_group *g);
#include "model/advice.def"
#undef ADVICE

#endif
