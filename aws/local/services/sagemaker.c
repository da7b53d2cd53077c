/* SageMaker operations on single training jobs. */
#include "aws/local/services/limits.h"
#include "aws/local/kept/objects.h"
#include "aws/local/services/ops.h"
#include "aws/local/running/runner.h"
#include "aws/local/services/tags.h"
#include "aws/local/services/tuning.h"

/* The API model names this ResourceNotFound; the service itself answers
 * Describe and Stop with a ValidationException of the same words. */
static int not_found(struct call *c)
{
	return fault_set(c->fault, 400, c->e->opt.strict ? "ValidationException" : "ResourceNotFound",
			 "Requested resource not found.");
}

static struct training_job *find(struct call *c)
{
	struct training_job *job = training_jobs_find(c->e, json_get_str(c->in, "TrainingJobName"));

	if (!job)
		not_found(c);
	return job;
}

/* --- CreateTrainingJob: what no single member shows ------------------------------------- */

static int check_algorithm(struct call *c)
{
	const json_t *a = json_object_get(c->in, "AlgorithmSpecification");
	bool image = !str_empty(json_get_str(a, "TrainingImage")), name = !str_empty(json_get_str(a, "AlgorithmName"));

	if (!a)
		return op_invalid(
			c, "1 validation error detected: Value null at 'algorithmSpecification' failed to satisfy "
			   "constraint: Member must not be null");
	if (image == name)
		return op_invalid(c, image ? "You cannot specify both AlgorithmName and TrainingImage."
					   : "You must specify either AlgorithmName or TrainingImage.");
	return 0;
}

static int check_resources(struct call *c)
{
	const json_t *r = json_object_get(c->in, "ResourceConfig");
	bool groups = json_array_size(json_object_get(r, "InstanceGroups")) > 0;

	if (!r)
		return op_invalid(
			c, "1 validation error detected: Value null at 'resourceConfig' failed to satisfy constraint: "
			   "Member must not be null");
	if (!groups && (!json_object_get(r, "InstanceType") || !json_object_get(r, "InstanceCount")))
		return op_invalid(c,
				  "ResourceConfig must have both InstanceType and InstanceCount, or InstanceGroups.");
	if (groups && (json_object_get(r, "InstanceType") || json_object_get(r, "InstanceCount")))
		return op_invalid(
			c, "ResourceConfig cannot have InstanceGroups together with InstanceType or InstanceCount.");
	if (!groups && json_get_i64(r, "InstanceCount", 1) < 1)
		return op_invalid(c, "InstanceCount must be at least 1.");
	if (json_get_i64(r, "KeepAlivePeriodInSeconds", 0) > 0 &&
	    json_get_bool(c->in, "EnableManagedSpotTraining", false))
		return op_invalid(
			c, "Warm pools (KeepAlivePeriodInSeconds) are not supported with managed spot training.");
	return 0;
}

static int check_stopping(struct call *c)
{
	const json_t *s = json_object_get(c->in, "StoppingCondition");
	bool spot = json_get_bool(c->in, "EnableManagedSpotTraining", false);
	int64_t run = json_get_i64(s, "MaxRuntimeInSeconds", 86400), wait = json_get_i64(s, "MaxWaitTimeInSeconds", -1);

	if (!s)
		return op_invalid(
			c,
			"1 validation error detected: Value null at 'stoppingCondition' failed to satisfy constraint: "
			"Member must not be null");
	if (run > 2419200)
		return op_invalid(c, "MaxRuntimeInSeconds must be at most 2419200 seconds (28 days).");
	if (spot && wait < 0)
		return op_invalid(c, "MaxWaitTimeInSeconds must be provided when EnableManagedSpotTraining is true.");
	if (!spot && wait >= 0)
		return op_invalid(c, "MaxWaitTimeInSeconds cannot be set when EnableManagedSpotTraining is false.");
	if (spot && wait < run)
		return op_invalid(c, "MaxWaitTimeInSeconds must be equal to or greater than MaxRuntimeInSeconds.");
	return 0;
}

/* The bucket of an s3:// address must be an S3 one here: https:// forms lead elsewhere. */
static int check_uri(struct call *c, const char *uri, const char *member)
{
	AUTO(str) char *bucket = NULL;
	AUTO(str) char *key = NULL;

	if (!s3_uri_parse(uri, &bucket, &key))
		return op_invalid(c, "%s '%.300s' is not an S3 URI (s3://bucket/prefix).", member, uri);
	return 0;
}

static int check_source(struct call *c, const json_t *channel)
{
	const json_t *source = json_object_get(channel, "DataSource"), *s3 = json_object_get(source, "S3DataSource");
	const char *uri = json_get_str(s3, "S3Uri"), *type = str_or(json_get_str(s3, "S3DataType"), "");
	const char *mode = str_or(json_get_str(channel, "InputMode"),
				  json_get_str(json_object_get(c->in, "AlgorithmSpecification"), "TrainingInputMode"));
	AUTO(str) char *bucket = NULL;
	AUTO(str) char *key = NULL;
	struct object *list = NULL;
	size_t n = 0;

	if (json_object_size(source) != 1)
		return op_invalid(
			c,
			"Exactly one of S3DataSource and FileSystemDataSource must be specified for channel '%.64s'.",
			json_get_str(channel, "ChannelName"));
	if (!s3)
		return 0;
	if (check_uri(c, uri, "S3Uri") < 0)
		return -1;
	if (str_eq(mode, "FastFile") && !str_eq(type, "S3Prefix"))
		return op_invalid(c, "FastFile input mode is only supported with S3DataType S3Prefix.");
	s3_uri_parse(uri, &bucket, &key);
	objects_list(c->e, bucket, key, "", 1, &list, &n);
	objects_list_free(list, n);
	if (!n)
		return op_invalid(
			c,
			"No S3 objects found under S3 URL \"%.400s\" given in input data source. Please ensure "
			"that the bucket "
			"exists in the selected region (%s), that objects exist under that S3 prefix, and that "
			"the role "
			"\"%.300s\" has \"s3:ListBucket\" permissions on bucket \"%.64s\".",
			uri, c->rq->region, json_get_str(c->in, "RoleArn"), bucket);
	return 0;
}

static int check_channels(struct call *c)
{
	const json_t *channels = json_object_get(c->in, "InputDataConfig");
	AUTO(map) struct map names = {0};
	size_t i;
	json_t *channel;

	json_array_foreach((json_t *)channels, i, channel)
	{
		const char *name = json_get_str(channel, "ChannelName");

		if (map_put(&names, name, channel))
			return op_invalid(c, "Channel names must be unique; '%.64s' is given twice.", name);
		if (str_eq(name, ".") || str_eq(name, ".."))
			return op_invalid(c, "'%s' is not a usable channel name.", name);
		if (check_source(c, channel) < 0)
			return -1;
	}
	return 0;
}

static int check_create(struct call *c)
{
	const json_t *checkpoint = json_object_get(c->in, "CheckpointConfig");

	if (check_algorithm(c) < 0 || check_resources(c) < 0 || check_stopping(c) < 0 ||
	    check_uri(c, json_get_str(json_object_get(c->in, "OutputDataConfig"), "S3OutputPath"), "S3OutputPath") < 0)
		return -1;
	if (checkpoint && check_uri(c, json_get_str(checkpoint, "S3Uri"), "CheckpointConfig.S3Uri") < 0)
		return -1;
	return tags_check(c, json_object_get(c->in, "Tags"));
}

int training_job_check(struct call *c)
{
	return check_create(c) < 0 ? -1 : check_channels(c);
}

int op_create_training_job(struct call *c, json_t **out)
{
	const char *name = json_get_str(c->in, "TrainingJobName");
	const struct training_job *other = training_jobs_find(c->e, name);

	if (check_create(c) < 0)
		return -1;
	if (other)
		return fault_set(
			c->fault, 400, "ResourceInUse",
			"Training job names must be unique within an AWS account and region, and a training job with "
			"this name already exists (%s)",
			other->arn);
	if (check_channels(c) < 0 || limits_check_quota(c) < 0)
		return -1;
	struct training_job *job = training_job_new(name, str_or(c->rq->region, DEFAULT_REGION));

	job->request = json_deep_copy(c->in);
	json_object_del(job->request, "Tags");
	job->created_ms = engine_now_ms(c->e);
	job->spot = json_get_bool(c->in, "EnableManagedSpotTraining", false);
	tags_set(&job->tags, json_object_get(c->in, "Tags"));
	training_jobs_add(c->e, job);
	training_job_enter(c->e, job, "Starting", "Starting the training job");
	training_job_save(c->e, job);
	runner_submit(c->e, job);
	*out = json_pack("{s:s}", "TrainingJobArn", job->arn);
	return 0;
}

int op_describe_training_job(struct call *c, json_t **out)
{
	const struct training_job *job = find(c);

	if (!job)
		return -1;
	*out = training_job_document(c->e, job, false);
	return 0;
}

int op_stop_training_job(struct call *c, json_t **out)
{
	struct training_job *job = find(c);

	if (!job)
		return -1;
	if (training_job_is_over(job))
		return op_invalid(c, "The request was rejected because the training job is in status %s.",
				  training_job_status_name(job->status));
	if (job->status != JOB_STOPPING)
		runner_stop_job(c->e, job);
	*out = json_null();
	return 0;
}

int op_delete_training_job(struct call *c, json_t **out)
{
	struct training_job *job = find(c);

	if (!job)
		return -1;
	if (!training_job_is_over(job))
		return fault_set(c->fault, 400, "ResourceInUse",
				 "The training job %s is in status %s; only jobs that have ended can be deleted.",
				 job->name, training_job_status_name(job->status));
	training_jobs_remove(c->e, job);
	*out = json_null();
	return 0;
}

int op_update_training_job(struct call *c, json_t **out)
{
	static const char *const members[] = {"ProfilerConfig", "ProfilerRuleConfigurations", "RemoteDebugConfig"};
	struct training_job *job = find(c);
	const json_t *resource = json_object_get(c->in, "ResourceConfig");

	if (!job)
		return -1;
	if (training_job_is_over(job) && !resource)
		return op_invalid(c, "The request was rejected because the training job is in status %s.",
				  training_job_status_name(job->status));
	if (!job->request)
		job->request = training_job_request(c->e, job);
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		json_t *value = json_object_get(c->in, members[i]);

		if (value)
			json_object_set(job->request, members[i], value);
	}
	if (resource) {
		json_t *config = json_object_get(job->request, "ResourceConfig");

		if (!json_object_get(config, "KeepAlivePeriodInSeconds"))
			return op_invalid(
				c,
				"The training job has no warm pool whose KeepAlivePeriodInSeconds could be updated.");
		json_object_set(config, "KeepAlivePeriodInSeconds",
				json_object_get(resource, "KeepAlivePeriodInSeconds"));
	}
	job->modified_ms = engine_now_ms(c->e);
	training_job_save(c->e, job);
	*out = json_pack("{s:s}", "TrainingJobArn", job->arn);
	return 0;
}
