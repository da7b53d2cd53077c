/* dashboard_host_priv.h - what the files of the dashboard's host share: dashboard_host.c (the table of what screens
 * may ask), host_launch.c (launches) and host_download.c (files). */
#ifndef SAGETOP_APP_DASHBOARD_HOST_PRIV_H
#define SAGETOP_APP_DASHBOARD_HOST_PRIV_H

#include "app/dashboard.h"
#include "app/dashboard_host.h"
#include "sync/learned.h"

struct dashboard_host {
	struct ui_host ops;
	struct sync *sync;
	const struct config *config; /* NULL: no budgets */
	struct launch_plan *plan;    /* prepared last */
	char *draft;		     /* what was typed in the editor and could not be taken; NULL */
	struct learned *learned;     /* for estimates; NULL: not yet */
	int64_t learned_ms;	     /* monotonic */
	struct member_values *values,
		*reading;	   /* of earlier jobs; the next ones, as far as they have been read; NULL */
	int64_t values_ms;	   /* monotonic: when they were complete */
	struct console_kept *kept; /* borrowed */
	struct dashboard_next next;
	struct s3_download *download; /* under way; NULL */
	bool gone;
	size_t calls; /* under way: the last one frees us when gone */
};

/* One request of the screens on its way through sync. */
struct host_call {
	struct dashboard_host *host;
	void *done, *done_user;
	struct launch_plan *plan;
	char *spec_path, *clone_of, *spec; /* of an estimate */
	struct strlist changes, clones;
	struct grid grid; /* of a sweep; no jobs: of none */
	struct err err;
};

struct host_call *host_call_new(struct dashboard_host *h, void *done, void *done_user);
void host_call_end(struct host_call *c);
void host_action_done(void *user, const struct err *err); /* of a call: its host_done_fn is told */

/* host_launch.c: members of struct ui_host */
void host_prepare(void *user, const struct host_launch_request *r, host_preview_fn *done, void *done_user);
void host_edit(void *user, host_preview_fn *done, void *done_user);
void host_estimate(void *user, const struct host_launch_request *r, host_text_fn *done, void *done_user);
char *host_prepared(void *user);
int host_check_change(void *user, const char *change, struct err *err);
struct job *host_job_of(void *user, const char *spec, struct err *err);
const struct member_values *host_member_values(void *user);
void host_member_values_free(struct member_values *v);
void host_launch(void *user, const char *name, host_done_fn *done, void *done_user);

/* host_download.c: likewise */
int host_download(void *user, const struct file_object *o, const char *path, bool replace, struct err *err);
void host_download_stop(void *user);

#endif
