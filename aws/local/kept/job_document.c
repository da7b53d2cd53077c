/* Describe, Search and List documents of a job. */
#include <math.h>

#include "aws/local/kept/training_job.h"

json_t *training_job_request(struct engine *e, const struct training_job *job)
{
	if (job->request)
		return json_incref(job->request);
	return e->jobs->request_of ? e->jobs->request_of(e, job) : json_object();
}

/* Members that are in the document as they were in the request. */
static const char *const copied[] = {
	"HyperParameters",
	"AlgorithmSpecification",
	"RoleArn",
	"InputDataConfig",
	"ResourceConfig",
	"VpcConfig",
	"StoppingCondition",
	"CheckpointConfig",
	"DebugHookConfig",
	"ExperimentConfig",
	"DebugRuleConfigurations",
	"TensorBoardOutputConfig",
	"ProfilerConfig",
	"Environment",
	"RetryStrategy",
	"TuningJobArn",
	"LabelingJobArn",
	"AutoMLJobArn",
};
static const char *const describe_only[] = {"ProfilerRuleConfigurations", "RemoteDebugConfig", "InfraCheckConfig"};
static const char *const flags[] = {
	"EnableNetworkIsolation",
	"EnableInterContainerTrafficEncryption",
	"EnableManagedSpotTraining",
};

static void copy_members(json_t *doc, const json_t *request, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		json_t *value = json_object_get(request, names[i]);

		if (value)
			json_object_set(doc, names[i], value);
	}
}

static json_t *transitions_json(const struct training_job *job)
{
	json_t *list = json_array();

	for (size_t i = 0; i < job->n_transitions; i++) {
		const struct transition *t = &job->transitions[i];
		json_t *row = json_pack("{s:s, s:o}", "Status", t->status, "StartTime", json_epoch(t->start_ms));

		if (t->end_ms)
			json_object_set_new(row, "EndTime", json_epoch(t->end_ms));
		if (t->message)
			json_object_set_new(row, "StatusMessage", json_string(t->message));
		json_array_append_new(list, row);
	}
	return list;
}

static json_t *finals_json(const struct training_job *job)
{
	json_t *list = json_array();

	for (size_t i = 0; i < job->n_finals; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:f, s:o}", "MetricName", job->finals[i].name, "Value",
						job->finals[i].value, "Timestamp", json_epoch(job->finals[i].at_ms)));
	return list;
}

/* The service adds its own definitions of metrics; we add only what it defaults. */
static json_t *output_config(const json_t *request)
{
	json_t *config = json_copy(json_object_get(request, "OutputDataConfig"));

	if (!config)
		config = json_object();
	if (!json_object_get(config, "KmsKeyId"))
		json_object_set_new(config, "KmsKeyId", json_string(""));
	if (!json_object_get(config, "CompressionType"))
		json_object_set_new(config, "CompressionType", json_string("GZIP"));
	return config;
}

static json_t *model_artifacts(const struct training_job *job, const json_t *request)
{
	const json_t *config = json_object_get(request, "OutputDataConfig");
	const char *base = str_or(json_get_str(config, "S3OutputPath"), "");
	size_t n = strlen(base);
	bool raw = str_eq(json_get_str(config, "CompressionType"), "NONE");

	while (n && base[n - 1] == '/')
		n--;
	AUTO(str) char *uri = xasprintf("%.*s/%s/output/%s", (int)n, base, job->name, raw ? "model/" : "model.tar.gz");

	return json_pack("{s:s}", "S3ModelArtifacts", uri);
}

static void add_times(json_t *doc, const struct training_job *job)
{
	json_object_set_new(doc, "CreationTime", json_epoch(job->created_ms));
	json_object_set_new(doc, "LastModifiedTime", json_epoch(job->modified_ms));
	if (job->start_ms)
		json_object_set_new(doc, "TrainingStartTime", json_epoch(job->start_ms));
	if (job->end_ms)
		json_object_set_new(doc, "TrainingEndTime", json_epoch(job->end_ms));
	if (training_job_is_over(job) && job->start_ms) {
		json_object_set_new(doc, "TrainingTimeInSeconds", json_integer((job->training_ms + 999) / 1000));
		if (job->billable_s >= 0)
			json_object_set_new(doc, "BillableTimeInSeconds", json_integer(job->billable_s));
	}
}

static void add_warm_pool(json_t *doc, const struct training_job *job, const json_t *request)
{
	int64_t keep = json_get_i64(json_object_get(request, "ResourceConfig"), "KeepAlivePeriodInSeconds", 0);
	json_t *loaded = json_object_get(request, "WarmPoolStatus"); /* of a stored job */

	if (loaded)
		json_object_set(doc, "WarmPoolStatus", loaded);
	else if (keep > 0)
		json_object_set_new(doc, "WarmPoolStatus",
				    json_pack("{s:s}", "Status", training_job_is_over(job) ? "Terminated" : "InUse"));
}

json_t *training_job_document(struct engine *e, const struct training_job *job, bool for_search)
{
	AUTO(json) json_t *request = training_job_request(e, job);
	json_t *doc = json_pack("{s:s, s:s, s:s, s:s}", "TrainingJobName", job->name, "TrainingJobArn", job->arn,
				"TrainingJobStatus", training_job_status_name(job->status), "SecondaryStatus",
				job->secondary);

	json_object_set_new(doc, "ModelArtifacts", model_artifacts(job, request));
	copy_members(doc, request, copied, ARRAY_LEN(copied));
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		json_object_set_new(doc, flags[i], json_boolean(json_get_bool(request, flags[i], false)));
	json_object_set_new(doc, "OutputDataConfig", output_config(request));
	if (!json_object_get(doc, "StoppingCondition"))
		json_object_set_new(doc, "StoppingCondition", json_pack("{s:i}", "MaxRuntimeInSeconds", 86400));
	add_times(doc, job);
	add_warm_pool(doc, job, request);
	if (job->failure)
		json_object_set_new(doc, "FailureReason", json_string(job->failure));
	json_object_set_new(doc, "SecondaryStatusTransitions", transitions_json(job));
	if (job->n_finals)
		json_object_set_new(doc, "FinalMetricDataList", finals_json(job));
	if (!for_search) {
		copy_members(doc, request, describe_only, ARRAY_LEN(describe_only));
		json_object_set_new(
			doc, "ProfilingStatus",
			json_string(json_get_bool(json_object_get(request, "ProfilerConfig"), "DisableProfiler",
						  !json_object_get(request, "ProfilerConfig"))
					    ? "Disabled"
					    : "Enabled"));
		return doc;
	}
	json_t *tags = json_array();

	for (size_t i = 0; i < job->tags.n; i++)
		json_array_append_new(tags, json_pack("{s:s, s:s}", "Key", job->tags.items[i].name, "Value",
						      job->tags.items[i].value));
	json_object_set_new(doc, "Tags", tags);
	return doc;
}

json_t *training_job_summary(const struct training_job *job)
{
	json_t *row = json_pack("{s:s, s:s, s:o, s:o, s:s, s:s}", "TrainingJobName", job->name, "TrainingJobArn",
				job->arn, "CreationTime", json_epoch(job->created_ms), "LastModifiedTime",
				json_epoch(job->modified_ms), "TrainingJobStatus",
				training_job_status_name(job->status), "SecondaryStatus", job->secondary);

	if (job->end_ms)
		json_object_set_new(row, "TrainingEndTime", json_epoch(job->end_ms));
	return row;
}
