/* layout.h - the folder a job runs in: <state>/jobs/<name>/<host>/opt/ml with its
 * configuration files, and the variables that a container would see. */
#ifndef SAGETOP_LOCAL_LAYOUT_H
#define SAGETOP_LOCAL_LAYOUT_H

#include "aws/local/kept/training_job.h"

#define JOB_PATH "/usr/local/bin:/usr/bin:/bin" /* the PATH of what runs here */

/* One file to copy into the input folders, from the object store; or, unpack, an archive
 * whose content goes to the folder target. They are done in order. */
struct copy_item {
	char *source, *target;
	bool unpack;
	char *uri; /* of the object */
};
struct copy_plan {
	struct copy_item *items;
	size_t n, cap;
};
void copy_plan_done(struct copy_plan *p);
void copy_plan_unpack(struct copy_plan *p, char *source, const char *target, const char *uri); /* takes source */

char *layout_job_dir(const struct engine *e, const struct training_job *job) NODISCARD;
char *layout_root(const struct engine *e, const struct training_job *job, int host) NODISCARD; /* .../opt/ml */
void layout_host_name(int host, char out[16]);						       /* algo-1, from host 0 */

/* A fresh folder with the configuration files; what the channels and the
 * checkpoints need goes to plan. A request that cannot be served is an error
 * whose message is the job's FailureReason. */
int layout_prepare(struct engine *e, const struct training_job *job, const json_t *request, struct copy_plan *plan,
		   struct err *err) NODISCARD;
/* The variables of one host's process; seen: where it finds its /opt/ml. */
void layout_environment(struct engine *e, const struct training_job *job, const json_t *request, int host,
			const char *seen, struct strmap *env);
/* Those that every process of the engine has, whatever it does. */
void layout_base_environment(const char *dir, const char *arn, struct strmap *env);
/* Those of the request's Environment that it may set. */
void layout_request_environment(const json_t *environment, struct strmap *env);
/* The archive at uri, to be unpacked in dir. False where there is no such object. */
bool layout_plan_archive(struct engine *e, const char *uri, const char *dir, struct copy_plan *plan) NODISCARD;
/* Objects under an s3:// prefix, or those of a manifest, to dir. host of hosts: every
 * hosts-th of them; hosts 0: all. Returns how many, or an error worded as a FailureReason. */
int layout_plan_data(struct engine *e, const char *uri, const char *type, const char *dir, int host, int hosts,
		     struct copy_plan *plan, struct err *err) NODISCARD;
int layout_write_json(const char *root, const char *name, json_t *j, struct err *err) NODISCARD; /* takes j */
json_t *layout_hosts(int64_t n) NODISCARD;
/* Where CheckpointConfig.LocalPath lies, or NULL without one. */
char *layout_checkpoint_dir(const struct engine *e, const struct training_job *job, const json_t *request,
			    int host) NODISCARD;

#endif
