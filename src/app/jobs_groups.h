/* jobs_groups.h - sagetop jobs --group: the jobs of a listing, by groups. */
#ifndef SAGETOP_APP_JOBS_GROUPS_H
#define SAGETOP_APP_JOBS_GROUPS_H

#include "app/listing.h"

/* --group, and what goes with it; ERR_USAGE before anything is asked of the service. */
int jobs_groups_check(const struct app *a, struct err *err) NODISCARD;
/* Print the groups of what the filter lets through, as a table, CSV or JSON. */
int jobs_groups_print(struct app *a, const struct listing *l, struct err *err) NODISCARD;

#endif
