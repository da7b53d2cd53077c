/* prediction.h - the lines of predictions.csv (sagetop-backtest(5), PREDICTIONS): written by
 * the jobs of a backtest, and where a slate is predicted.
 *
 * A figure that is not known, NaN, is an empty cell.
 */
#ifndef SAGETOP_TRAINER_PREDICTION_H
#define SAGETOP_TRAINER_PREDICTION_H

#include "trainer/panel/panel.h"

/* What is said of one row. */
struct prediction {
	size_t cycle;
	const double *models;	 /* as the specification has them; borrowed */
	const double *baselines; /* likewise */
	double scale;		 /* naive_scales, of its entity */
};

#define PREDICTION_HEADER "date,entity,group,cycle,scored,actual,prediction,low,high,scale" /* how it begins */

/* Cells that other files of rows have too: "2018-01-31,lebronjames"; a comma and a number, nothing behind it where it
 * is NaN. */
void prediction_add_who(const struct panel *p, size_t row, struct buf *out);
void prediction_add_number(struct buf *out, double v);

/* The header, with its newline. */
void prediction_add_header(const struct backtest_spec *spec, struct buf *out);
/* A row of the panel. The prediction is the plain mean of the models; low and high are left
 * empty, since an interval needs the cycles before. */
void prediction_add_row(const struct backtest_spec *spec, const struct panel *p, size_t row,
			const struct prediction *said, struct buf *out);

/* What the first cycle's models say of every cycle (never.csv): date, entity, a column for
 * each model. */
void prediction_add_never_header(const struct backtest_spec *spec, struct buf *out);
void prediction_add_never_row(const struct backtest_spec *spec, const struct panel *p, size_t row, const double *models,
			      struct buf *out);

#endif
