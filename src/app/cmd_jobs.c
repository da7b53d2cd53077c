/* sagetop jobs: the table, its groups, or what changes. */
#include "app/commands.h"
#include "app/jobs_groups.h"
#include "app/jobs_watch.h"
#include "app/listing.h"

int cmd_jobs(struct app *a, struct err *err)
{
	AUTO(listing) struct listing listing = {0};

	if (jobs_groups_check(a, err) < 0 || jobs_watch_check(a, err) < 0 ||
	    listing_parse(a, &kind_table[KIND_TRAINING_JOB], 0, &listing, err) < 0)
		return -err->code;
	if (app_each_jobs(a, err) < 0)
		return -err->code;
	if (app_flag(a, OPT_WATCH))
		return jobs_watch(a, &listing, err);
	return app_value(a, OPT_GROUP) ? jobs_groups_print(a, &listing, err) : listing_print(a, &listing, err);
}
