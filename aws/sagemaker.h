/* sagemaker.h - SageMaker training jobs: Search, ListTrainingJobs,
 * DescribeTrainingJob, CreateTrainingJob, StopTrainingJob, ListTags ...
 * (JSON 1.1, target prefix "SageMaker.", API 2017-07-24).
 *
 * Replies become struct job (model/job.h) here and the JSON is dropped. In every
 * callback err is NULL on success; pointers are borrowed for the call's duration
 * unless said otherwise.
 */
#ifndef SAGETOP_AWS_SAGEMAKER_H
#define SAGETOP_AWS_SAGEMAKER_H

#include "aws/client.h"
#include "model/job.h"

/* A page of jobs: the callback owns each jobs[i] it takes (set it to NULL);
 * those left are freed. next_token is NULL at the end; an empty page with a
 * token is normal. total_hint is -1 where the service does not say. */
typedef void sm_jobs_fn(void *user, struct job **jobs, size_t n, const char *next_token, int64_t total_hint,
			const struct err *err);
typedef void sm_json_fn(void *user, json_t *reply, const struct err *err); /* reply borrowed */
typedef void sm_done_fn(void *user, const struct err *err);
typedef void sm_tags_fn(void *user, const struct strmap *tags, const struct err *err);

struct sm_search {
	int64_t modified_after_ms; /* TIME_UNKNOWN: all */
	const char *name_contains; /* NULL: all */
	const char *status;	   /* NULL: all; else one TrainingJobStatus */
	bool oldest_first;	   /* by LastModifiedTime; default newest first */
	const char *next_token;
};
struct sm_list {
	int64_t modified_after_ms;
	const char *name_contains, *status;
	const char *next_token;
	int max_results; /* 0: 100 */
};

struct aws_request *sm_search_jobs(struct aws_client *c, const struct sm_search *q, enum aws_priority p, sm_jobs_fn *fn,
				   void *user);
struct aws_request *sm_list_jobs(struct aws_client *c, const struct sm_list *q, enum aws_priority p, sm_jobs_fn *fn,
				 void *user);
/* The reply as the service sent it, for `job NAME --json`, the y key and clone. */
struct aws_request *sm_describe_job_json(struct aws_client *c, const char *name, enum aws_priority p, sm_json_fn *fn,
					 void *user);
/* spec: the CreateTrainingJob input, borrowed until the call returns. The
 * callback's reply holds TrainingJobArn. */
struct aws_request *sm_create_job(struct aws_client *c, const json_t *spec, sm_json_fn *fn, void *user);
struct aws_request *sm_stop_job(struct aws_client *c, const char *name, sm_done_fn *fn, void *user);
struct aws_request *sm_list_tags(struct aws_client *c, const char *arn, enum aws_priority p, sm_tags_fn *fn,
				 void *user);

/* Pure: a Describe reply, or a TrainingJob of a Search result, as a struct job. */
int sm_parse_job(const json_t *j, enum detail detail, struct job **ret, struct err *err) NODISCARD;

/* [{"Key":..,"Value":..}], sanitised. */
void sm_parse_tags(const json_t *list, struct strmap *ret);

#endif
