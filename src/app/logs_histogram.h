/* logs_histogram.h - a log over time, for `sagetop logs --histogram`: what the dashboard's histogram shows. */
#ifndef SAGETOP_APP_LOGS_HISTOGRAM_H
#define SAGETOP_APP_LOGS_HISTOGRAM_H

#include "app/app.h"
#include "model/log_histogram.h"

/* Twenty buckets at most, each with its lines, errors and warnings; for a person with a bar. Nothing of a log without
 * a line. */
void logs_histogram_print(struct app *a, const struct log_seconds *counts);

#endif
