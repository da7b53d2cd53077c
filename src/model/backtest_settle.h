/* backtest_settle.h - the last word on each row, once what the models said of all cycles is
 * together: how several models become one prediction, and its interval. Pure.
 *
 * Whatever is learned here for a cycle is learned from the scored rows of the cycles before
 * it: a weight, or a residual, is never that of the row it is used for.
 *
 * - Mean: the plain mean of the models. Learned: weights from 0 to 1 in steps of 1/20 that sum
 *   to 1; they begin equal (rounded, the first take what is left), and a step is moved from one
 *   column to another where that lowers the mean absolute error of the cycles before most, until
 *   none does. A baseline to shrink to is one more such column, beside the models (blend
 *   learned) or beside their mean (blend mean).
 * - Interval: residuals (actual - prediction) of the cycles before, in as many bins of their
 *   prediction, of equal number, as have SETTLE_BIN_LEAST each, at most `bins`; the interval
 *   is the prediction with the (1 - coverage)/2 and (1 + coverage)/2 quantiles of its bin's (linear
 *   between order statistics). None where there are fewer than SETTLE_BIN_LEAST. */
#ifndef SAGETOP_MODEL_BACKTEST_SETTLE_H
#define SAGETOP_MODEL_BACKTEST_SETTLE_H

#include "model/backtest_rows.h"

#define SETTLE_BIN_LEAST 20
#define SETTLE_STEPS 20 /* of a weight from 0 to 1 */

struct settle_options {
	bool learned;	       /* blend: weights are learned */
	const char *shrink_to; /* a baseline's name; NULL or "": none */
	double coverage;       /* of the intervals, between 0 and 1 */
	size_t bins;
};

/* rows->fixed[PREDICTION, LOW, HIGH] are replaced; a row whose models have nothing to say has
 * none. weights, where it is not NULL: cycles x (models and 1), the last of the baseline; the
 * caller's. ERR_INVALID where there is no such baseline. */
int backtest_settle(struct backtest_rows *rows, const struct settle_options *opt, double **weights,
		    struct err *err) NODISCARD;

#endif
