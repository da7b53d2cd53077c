/* leaks.h - does a backtest see what was not known? Shown on the data themselves, by changing
 * what must not matter and looking for what changes.
 *
 *   V  values of the day and of later days that are not known before become noise
 *   T  rows of later days are deleted
 *   S  half of the day's rows are deleted
 *   O  the day's rows come in the reverse order
 *
 * On some days each, rows of the day must come out as they did before: every feature, and
 * what the models of one cycle say. Columns that say which rows count (data.count) are
 * changed by S alone. */
#ifndef SAGETOP_TRAINER_LEAKS_H
#define SAGETOP_TRAINER_LEAKS_H

#include "trainer/panel/features.h"

#define LEAK_WAYS "VTSO"
#define LEAK_TOLERANCE 1e-9 /* of the larger value, or of 1: sums in another order */

/* A column that changed, and the first row where it did, for one of the ways. */
struct leak {
	char way;	/* of LEAK_WAYS */
	char *column;	/* a feature, or "prediction of NAME" */
	bool predicted; /* the latter */
	int32_t day;
	char *entity;
	double before, after; /* NaN: missing */
	size_t rows;	      /* in which it changed, of all days looked at */
};

struct leak_report {
	struct leak *items;
	size_t n, cap;
	size_t days, rows, columns; /* that were looked at */
	int32_t predicted_day;	    /* DAY_UNKNOWN where no prediction was looked at */
};
void leak_report_done(struct leak_report *r);
AUTO_EMBEDDED(leak_report, struct leak_report, leak_report_done)

/* What the models say of the rows of a day, which begins a cycle: p->n x spec->n_models into
 * *ret, which is the caller's. */
typedef int leak_predict_fn(void *context, const struct backtest_spec *spec, const struct panel *p,
			    const struct features *f, const double *matrix, int32_t day, double **ret, struct err *err);

struct leak_check {
	const struct backtest_spec *spec;
	const struct frame *frame; /* as it was read, without columns of data.program */
	size_t days;		   /* to look at, spread evenly over the slates; at least 1 */
	leak_predict_fn *predict;  /* NULL: features only */
	void (*progress)(void *context, size_t done, size_t all);
	void *context;
};
/* ret->n is 0 where nothing leaks. */
int leaks_find(const struct leak_check *check, struct leak_report *ret, struct err *err) NODISCARD;

#endif
