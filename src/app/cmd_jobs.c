/* sagetop jobs: the table. */
#include "app/commands.h"
#include "app/jobs_groups.h"
#include "app/listing.h"

int cmd_jobs(struct app *a, struct err *err)
{
	AUTO(listing) struct listing listing = {0};
	struct app_reply reply = {0};

	if (jobs_groups_check(a, err) < 0 || listing_parse(a, &kind_table[KIND_TRAINING_JOB], 0, &listing, err) < 0)
		return -err->code;
	if (app_connect(a, err) < 0 || sync_load(a->sync, err) < 0)
		return -err->code;
	sync_jobs(a->sync, app_reply_done, &reply);
	if (app_wait(a, &reply, err) < 0)
		return -err->code;
	return app_value(a, OPT_GROUP) ? jobs_groups_print(a, &listing, err) : listing_print(a, &listing, err);
}
