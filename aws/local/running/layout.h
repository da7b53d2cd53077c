/* layout.h - the folder a job runs in: <state>/jobs/<name>/<host>/opt/ml with its
 * configuration files, and the variables that a container would see. */
#ifndef SAGETOP_LOCAL_LAYOUT_H
#define SAGETOP_LOCAL_LAYOUT_H

#include "aws/local/kept/training_job.h"

/* One file to copy into the input folders, from the object store. */
struct copy_item {
	char *source, *target;
	int64_t size;
};
struct copy_plan {
	struct copy_item *items;
	size_t n, cap;
};
void copy_plan_done(struct copy_plan *p);

char *layout_job_dir(const struct engine *e, const struct training_job *job) NODISCARD;
char *layout_root(const struct engine *e, const struct training_job *job, int host) NODISCARD; /* .../opt/ml */
void layout_host_name(int host, char out[16]);						       /* algo-1, from host 0 */

/* A fresh folder with the configuration files; what the channels and the
 * checkpoints need goes to plan. A request that cannot be served is an error
 * whose message is the job's FailureReason. */
int layout_prepare(struct engine *e, const struct training_job *job, const json_t *request, struct copy_plan *plan,
		   struct err *err) NODISCARD;
/* The variables of one host's process. */
void layout_environment(struct engine *e, const struct training_job *job, const json_t *request, int host,
			struct strmap *env);
/* Where CheckpointConfig.LocalPath lies, or NULL without one. */
char *layout_checkpoint_dir(const struct engine *e, const struct training_job *job, const json_t *request,
			    int host) NODISCARD;

#endif
