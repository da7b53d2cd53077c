/* chart_text.h - metric charts as lines of text, for `sagetop metrics`: the same
 * chart that the dashboard draws, on a surface that is printed. */
#ifndef SAGETOP_APP_CHART_TEXT_H
#define SAGETOP_APP_CHART_TEXT_H

#include "app/app.h"
#include "model/objective.h"

/* Series of the same kind (train:rmse, validation:rmse) share a chart, others
 * get their own; as wide as the terminal, 80 in a pipe. */
void chart_text_print(struct app *a, const struct series_set *set, const struct series *const *series, size_t n,
		      const struct job *j);

#endif
