/* jobs_watch.h - sagetop jobs --watch: the table again and again, or a line for each change. */
#ifndef SAGETOP_APP_JOBS_WATCH_H
#define SAGETOP_APP_JOBS_WATCH_H

#include "app/listing.h"

/* What --watch goes with; ERR_USAGE before anything is asked of the service. */
int jobs_watch_check(const struct app *a, struct err *err) NODISCARD;
/* Until an interrupt (ERR_CANCELLED), or until nobody reads the output any more: on a terminal the
 * table in place, else a line for each change of a job that the filter lets through. The jobs
 * were asked for once; sync brings what changes, as often as the setting `refresh` says. */
int jobs_watch(struct app *a, struct listing *l, struct err *err) NODISCARD;

#endif
