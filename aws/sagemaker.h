/* sagemaker.h - what only training jobs have: their record whole (DescribeTrainingJob),
 * CreateTrainingJob. Lists, Search, tags and stopping are every kind's (resource.h).
 * JSON 1.1, target prefix "SageMaker.", API 2017-07-24.
 *
 * Replies become struct job (model/job.h) here and the JSON is dropped. In every
 * callback err is NULL on success; pointers are borrowed for the call's duration
 * unless said otherwise.
 */
#ifndef SAGETOP_AWS_SAGEMAKER_H
#define SAGETOP_AWS_SAGEMAKER_H

#include "aws/client.h"
#include "model/job.h"

typedef void sm_json_fn(void *user, json_t *reply, const struct err *err); /* reply borrowed */

/* The reply as the service sent it, for `job NAME --json`, the y key and clone. */
struct aws_request *sm_describe_job_json(struct aws_client *c, const char *name, enum aws_priority p, sm_json_fn *fn,
					 void *user);
/* spec: the CreateTrainingJob input, borrowed until the call returns. The
 * callback's reply holds TrainingJobArn. */
struct aws_request *sm_create_job(struct aws_client *c, const json_t *spec, sm_json_fn *fn, void *user);

/* Pure: a Describe reply, or a TrainingJob of a Search result, as a struct job. */
int sm_parse_job(const json_t *j, enum detail detail, struct job **ret, struct err *err) NODISCARD;

/* [{"Key":..,"Value":..}], sanitised. */
void sm_parse_tags(const json_t *list, struct strmap *ret);

#endif
