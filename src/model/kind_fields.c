/* kind_fields.c - what the kinds other than the training job have: rows only.
 *
 * A field with a path is read out of the service's reply (aws/resource.c) and kept
 * as text, a time in ISO 8601. One that is FIELD_COLD is not in the replies
 * of the list operation: it is known of things that were described or searched. */
#include "model/kind_fields.h"

#include "model/cost.h"
#include "model/endpoint_values.h"
#include "model/field_values.h"
#include "model/session.h"

static struct field_value get_short_name(const struct resource *r, const char *key, const struct field_context *x)
{
	return text_value(kind_short_name(r->name));
}

/* What runs comes first, then what calls for a look. */
static struct field_value get_status(const struct resource *r, const char *key, const struct field_context *x)
{
	static const int rank[STATE_COUNT] = {
		[STATE_RUNNING] = 0, [STATE_BAD] = 1, [STATE_NEUTRAL] = 2, [STATE_GOOD] = 3, [STATE_UNKNOWN] = 4};
	struct field_value v = text_value(r->status_text);

	v.number = rank[r->state];
	return v;
}

/* Where only its ARN is known, the part of it that is its name. */
static struct field_value get_parent(const struct resource *r, const char *key, const struct field_context *x)
{
	return text_value(r->parent && str_starts(r->parent, "arn:") ? kind_short_name(r->parent) : r->parent);
}

static struct field_value get_tag(const struct resource *r, const char *key, const struct field_context *x)
{
	return text_value(strmap_get(&r->tags, key));
}

static struct field_value get_keyed(const struct resource *r, const char *key, const struct field_context *x)
{
	return text_value(strmap_get(&resource_record(r)->keyed, key));
}

static const struct strmap *map_of_keyed(const struct resource *r)
{
	return &resource_record(r)->keyed;
}

/* From its start to its end, or to now. What has no start of its own (a summary
 * gives none) counts from its creation, as an estimate. */
static struct field_value get_took(const struct resource *r, const char *key, const struct field_context *x)
{
	int64_t from = r->start_ms != TIME_UNKNOWN ? r->start_ms : r->created_ms;
	int64_t until = r->end_ms != TIME_UNKNOWN ? r->end_ms : x->now_ms;
	struct field_value v =
		number_value((double)(until - from) / 1000,
			     from != TIME_UNKNOWN && (r->end_ms != TIME_UNKNOWN || resource_is_running(r)));

	v.estimate = v.known && r->start_ms == TIME_UNKNOWN;
	return v;
}

/* By the price row of the kind: type, count and the times between which it is billed. */
static struct field_value get_cost(const struct resource *r, const char *key, const struct field_context *x)
{
	const struct kind *k = r->kind;
	const char *type = record_value(r, k->price_type);
	const struct price *p = type && x->session
					? price_find(&x->session->prices, type, x->session->region, k->price_component)
					: NULL;
	int64_t count = 1;
	int64_t until = r->end_ms != TIME_UNKNOWN ? r->end_ms : x->now_ms;

	if (!p || r->start_ms == TIME_UNKNOWN || (r->end_ms == TIME_UNKNOWN && !resource_is_running(r)) ||
	    (k->price_count &&
	     (!record_value(r, k->price_count) || !str_to_i64(record_value(r, k->price_count), &count))))
		return number_value(0, false);
	struct field_value v =
		number_value((double)cost_micro((until - r->start_ms) / 1000, (int)count, p->usd_micro), true);

	v.estimate = r->end_ms == TIME_UNKNOWN;
	return v;
}

/* --- rows that many kinds have -------------------------------------------------- */

/* clang-format off */
#define BOTH (FIELD_USUAL | FIELD_SCREEN)

#define NAME {"name", NULL, "name", "NAME", "name", FIELD_TEXT, BOTH | FIELD_ASCENDING, {16, 100, 40, 0}, "N", NULL, field_get_name}, SCOPE_FIELDS
/* Of things whose key is long: the screen has the part behind the last slash. */
#define LONG_NAME(help_) {"name", NULL, "name", "NAME", help_, FIELD_TEXT, FIELD_ASCENDING | FIELD_USUAL, {24, 100, 60, 0}, NULL, NULL, field_get_name}, SCOPE_FIELDS
#define SHORT_NAME(name_, heading_, help_, flags_) {name_, NULL, NULL, heading_, help_, FIELD_TEXT, FIELD_ASCENDING | (flags_), {12, 40, 24, 0}, "N", NULL, get_short_name}
#define STATUS {"status", NULL, "status", "STATUS", "status", FIELD_STATE, BOTH | FIELD_ASCENDING, {10, 20, 13, 1}, "S", NULL, get_status}
#define AGE {"age", NULL, NULL, "AGE", "time since it was made", FIELD_AGE, BOTH | FIELD_ASCENDING, {4, 4, 4, 2}, "A", NULL, field_get_age}
#define CREATED {"created", NULL, "created", "CREATED", "time of creation", FIELD_TIME, FIELD_WIDE, {16, 20, 16, 9}, NULL, NULL, field_get_created}
#define MODIFIED {"modified", NULL, "modified", "CHANGED", "time of the last change", FIELD_TIME, FIELD_WIDE, {16, 20, 16, 9}, NULL, NULL, field_get_modified}
#define STARTED(flags_) {"started", NULL, "started", "STARTED", "time of its start", FIELD_TIME, FIELD_WIDE | (flags_), {16, 20, 16, 10}, NULL, NULL, field_get_started}
#define ENDED {"ended", NULL, "ended", "ENDED", "time of its end", FIELD_TIME, FIELD_WIDE, {16, 20, 16, 10}, NULL, NULL, field_get_ended}
#define TOOK {"took", "train", "took_seconds", "TOOK", "from its start to its end, or to now", FIELD_SECONDS, BOTH, {6, 6, 6, 4}, "T", NULL, get_took}
#define COST {"cost", NULL, "cost_usd", "COST", "what it cost, or costs so far", FIELD_MONEY, FIELD_COLD | FIELD_WIDE, {8, 8, 8, 3}, "B", NULL, get_cost}
#define REASON(flags_) {"reason", NULL, "failure_reason", "REASON", "why it failed", FIELD_TEXT, FIELD_WIDE | (flags_), {12, 80, 30, 8}, NULL, NULL, field_get_reason}
#define ARN {"arn", NULL, "arn", "ARN", "Amazon resource name", FIELD_LINK, 0, {20, 120, 60, 12}, NULL, NULL, field_get_arn}
#define COLD_ARN {"arn", NULL, "arn", "ARN", "Amazon resource name", FIELD_LINK, FIELD_COLD, {20, 120, 60, 12}, NULL, NULL, field_get_arn}
#define PARENT(name_, heading_, help_, flags_) {name_, "parent", name_, heading_, help_, FIELD_LINK, FIELD_ASCENDING | (flags_), {10, 40, 20, 5}, "P", NULL, get_parent}
#define TAG {"tag.", NULL, "tags", "TAG", "a tag's value", FIELD_TEXT, FIELD_KEYED | FIELD_COLD, {8, 40, 16, 9}, NULL, NULL, get_tag, field_map_tags}

#define TEXT(name_, heading_, help_, flags_, path_, ...) {.name = name_, .json = name_, .heading = heading_, .help = help_, .flags = FIELD_ASCENDING | (flags_), .path = path_, .cells = {__VA_ARGS__}}
#define LINK(name_, heading_, help_, flags_, path_, ...) {.name = name_, .json = name_, .heading = heading_, .help = help_, .type = FIELD_LINK, .flags = FIELD_ASCENDING | (flags_), .path = path_, .cells = {__VA_ARGS__}}
#define OF_TYPE(type_, name_, heading_, help_, flags_, path_, ...) {.name = name_, .json = name_, .heading = heading_, .help = help_, .type = type_, .flags = flags_, .path = path_, .cells = {__VA_ARGS__}}
#define COUNT(...) OF_TYPE(FIELD_COUNT, __VA_ARGS__)
#define WHEN(...) OF_TYPE(FIELD_TIME, __VA_ARGS__)
#define VALUE(...) OF_TYPE(FIELD_VALUE, __VA_ARGS__)
#define FLAG(...) OF_TYPE(FIELD_FLAG, __VA_ARGS__)
#define INSTANCE(flags_, path_) {.name = "instance", .json = "instance_type", .heading = "INSTANCE", .help = "instance type", .type = FIELD_MACHINE, .flags = FIELD_ASCENDING | (flags_), .path = path_, .cells = {13, 18, 15, 5}, .key = "I"}
#define INSTANCES(flags_, path_) {.name = "count", .json = "instance_count", .heading = "COUNT", .help = "number of instances", .type = FIELD_COUNT, .flags = flags_, .path = path_, .cells = {5, 5, 5, 6}}
#define ROLE(path_) LINK("role", "ROLE", "execution role", FIELD_COLD, path_, 20, 80, 40, 11)
#define MEASURED (FIELD_COLD | FIELD_MEASURED | FIELD_SCREEN)
#define END {NULL}

/* --- kinds ----------------------------------------------------------------------- */

const struct field tuning_job_fields[] = {
	NAME, STATUS,
	TEXT("strategy", "STRATEGY", "how the next hyperparameters are chosen", BOTH,
	     "Strategy|HyperParameterTuningJobConfig.Strategy", 8, 9, 9, 6),
	COUNT("done", "DONE", "training jobs that completed", BOTH, "TrainingJobStatusCounters.Completed", 4, 4, 4, 3),
	COUNT("running", "RUN", "training jobs that run", BOTH, "TrainingJobStatusCounters.InProgress", 3, 4, 3, 3),
	COUNT("failed", "FAIL", "training jobs that failed for good", BOTH,
	      "TrainingJobStatusCounters.NonRetryableError", 4, 4, 4, 4),
	COUNT("stopped", "STOP", "training jobs that were stopped", FIELD_WIDE, "TrainingJobStatusCounters.Stopped",
	      4, 4, 4, 7),
	COUNT("retrying", "RETRY", "training jobs that failed and are tried again", FIELD_WIDE,
	      "TrainingJobStatusCounters.RetryableError", 5, 5, 5, 7),
	COUNT("max_jobs", "MAX", "training jobs at most", BOTH,
	      "ResourceLimits.MaxNumberOfTrainingJobs|HyperParameterTuningJobConfig.ResourceLimits.MaxNumberOfTrainingJobs",
	      4, 5, 4, 3),
	COUNT("parallel", "PAR", "training jobs at a time", FIELD_WIDE,
	      "ResourceLimits.MaxParallelTrainingJobs|HyperParameterTuningJobConfig.ResourceLimits.MaxParallelTrainingJobs",
	      3, 4, 3, 7),
	COUNT("measured", "MEAS", "training jobs with an objective", FIELD_WIDE, "ObjectiveStatusCounters.Succeeded", 4, 4, 4, 7),
	TOOK, AGE,
	VALUE("best", "BEST", "objective of the best training job", FIELD_COLD,
	      "BestTrainingJob.FinalHyperParameterTuningJobObjectiveMetric.Value", 8, 10, 8, 5),
	LINK("best_job", "BEST JOB", "the best training job", FIELD_COLD, "BestTrainingJob.TrainingJobName", 16, 64, 40, 8),
	TEXT("objective", "OBJECTIVE", "the metric that is tuned", FIELD_COLD,
	     "HyperParameterTuningJobConfig.HyperParameterTuningJobObjective.MetricName"
	     "|TrainingJobDefinitions[0].TuningObjective.MetricName", 12, 40, 20, 8),
	TEXT("direction", "DIRECTION", "Minimize or Maximize", FIELD_COLD,
	     "HyperParameterTuningJobConfig.HyperParameterTuningJobObjective.Type"
	     "|TrainingJobDefinitions[0].TuningObjective.Type", 8, 8, 8, 9),
	TEXT("early_stop", "EARLY STOP", "whether bad training jobs are stopped early", FIELD_COLD,
	     "HyperParameterTuningJobConfig.TrainingJobEarlyStoppingType", 10, 10, 10, 9),
	INSTANCE(FIELD_COLD, "TrainingJobDefinition.ResourceConfig.InstanceType"
		 "|TrainingJobDefinitions[0].ResourceConfig.InstanceType"),
	{.name = "consumed", .json = "consumed_seconds", .heading = "CONSUMED", .help = "running time of all its training jobs",
	 .type = FIELD_SECONDS, .flags = FIELD_COLD, .path = "ConsumedResources.RuntimeInSeconds", .cells = {8, 8, 8, 9}},
	CREATED, MODIFIED, ENDED, REASON(FIELD_COLD), ARN, TAG, END};

const struct field tuning_child_fields[] = {
	NAME, STATUS,
	VALUE("objective", "OBJECTIVE", "final value of the objective", BOTH,
	      "FinalHyperParameterTuningJobObjectiveMetric.Value", 9, 12, 9, 1),
	TEXT("objective_status", "OBJ.STATUS", "whether the objective was measured", FIELD_USUAL | FIELD_WIDE,
	     "ObjectiveStatus", 9, 10, 9, 6),
	TEXT("metric", "METRIC", "name of the objective", FIELD_WIDE, "FinalHyperParameterTuningJobObjectiveMetric.MetricName",
	     12, 30, 18, 8),
	{.name = "hp.", .json = "tuned", .heading = "HP", .help = "a tuned hyperparameter", .type = FIELD_TEXT,
	 .flags = FIELD_KEYED, .path = "TunedHyperParameters", .cells = {8, 16, 10, 5}, .get = get_keyed, .map = map_of_keyed},
	TEXT("definition", "DEFINITION", "the definition it was made of", FIELD_WIDE, "TrainingJobDefinitionName", 10, 30, 16, 9),
	TOOK, AGE, INSTANCE(FIELD_COLD, "ResourceConfig.InstanceType"),
	INSTANCES(FIELD_COLD, "ResourceConfig.InstanceCount"), COST,
	PARENT("tuning_job", "TUNING JOB", "the tuning job", FIELD_WIDE),
	CREATED, STARTED(0), ENDED, REASON(0), ARN, END};

const struct field processing_job_fields[] = {
	NAME, STATUS, INSTANCE(FIELD_COLD, "ProcessingResources.ClusterConfig.InstanceType"),
	INSTANCES(FIELD_COLD, "ProcessingResources.ClusterConfig.InstanceCount"),
	TOOK, AGE, COST,
	TEXT("message", "MESSAGE", "what the job left in /opt/ml/output/message", BOTH, "ExitMessage", 12, 60, 24, 6),
	LINK("image", "IMAGE", "image", FIELD_COLD, "AppSpecification.ImageUri", 20, 80, 40, 10),
	TEXT("entrypoint", "ENTRYPOINT", "first word of the entry point", FIELD_COLD, "AppSpecification.ContainerEntrypoint[0]",
	     12, 60, 20, 10),
	LINK("input", "INPUT", "the first input", FIELD_COLD, "ProcessingInputs[0].S3Input.S3Uri", 20, 80, 40, 10),
	LINK("output", "OUTPUT", "the first output", FIELD_COLD, "ProcessingOutputConfig.Outputs[0].S3Output.S3Uri", 20, 80, 40, 10),
	COUNT("volume", "VOLUME", "GB of its volume", FIELD_COLD, "ProcessingResources.ClusterConfig.VolumeSizeInGB", 6, 6, 6, 11),
	ROLE("RoleArn"), CREATED, STARTED(FIELD_COLD), ENDED, MODIFIED, REASON(0), ARN, TAG, END};

const struct field transform_job_fields[] = {
	NAME, STATUS, INSTANCE(FIELD_COLD, "TransformResources.InstanceType"),
	INSTANCES(FIELD_COLD, "TransformResources.InstanceCount"),
	TOOK, AGE, COST,
	LINK("model", "MODEL", "the model", FIELD_COLD, "ModelName", 12, 40, 20, 6),
	LINK("input", "INPUT", "what is predicted", FIELD_COLD, "TransformInput.DataSource.S3DataSource.S3Uri", 20, 80, 40, 10),
	LINK("output", "OUTPUT", "where predictions go", FIELD_COLD, "TransformOutput.S3OutputPath", 20, 80, 40, 10),
	TEXT("content", "CONTENT", "content type of the input", FIELD_COLD, "TransformInput.ContentType", 8, 20, 10, 10),
	TEXT("split", "SPLIT", "how files are split", FIELD_COLD, "TransformInput.SplitType", 6, 8, 6, 10),
	TEXT("strategy", "STRATEGY", "records of a request", FIELD_COLD, "BatchStrategy", 8, 12, 12, 10),
	COUNT("payload", "PAYLOAD", "MB of a request at most", FIELD_COLD, "MaxPayloadInMB", 7, 7, 7, 10),
	COUNT("parallel", "PAR", "requests at a time of an instance", FIELD_COLD, "MaxConcurrentTransforms", 3, 4, 3, 10),
	CREATED, STARTED(FIELD_COLD), ENDED, MODIFIED, REASON(FIELD_SCREEN), ARN, TAG, END};

const struct field model_fields[] = {
	NAME, AGE, CREATED,
	LINK("image", "IMAGE", "image", FIELD_COLD, "PrimaryContainer.Image|Containers[0].Image", 20, 80, 40, 6),
	LINK("artifact", "ARTIFACT", "the model's archive", FIELD_COLD,
	     "PrimaryContainer.ModelDataUrl|PrimaryContainer.ModelDataSource.S3DataSource.S3Uri|Containers[0].ModelDataUrl",
	     20, 80, 40, 6),
	TEXT("mode", "MODE", "SingleModel or MultiModel", FIELD_COLD, "PrimaryContainer.Mode|Containers[0].Mode", 10, 12, 11, 8),
	LINK("package", "PACKAGE", "the model version it was made of", FIELD_COLD,
	     "PrimaryContainer.ModelPackageName|Containers[0].ModelPackageName", 20, 80, 40, 9),
	FLAG("isolated", "ISOLATED", "without network", FIELD_COLD, "EnableNetworkIsolation", 8, 8, 8, 9),
	ROLE("ExecutionRoleArn"), ARN, TAG, END};

const struct field endpoint_config_fields[] = {
	NAME, AGE, CREATED,
	LINK("model", "MODEL", "model of the first variant", FIELD_COLD, "ProductionVariants[0].ModelName", 12, 40, 20, 4),
	TEXT("variant", "VARIANT", "name of the first variant", FIELD_COLD, "ProductionVariants[0].VariantName", 10, 20, 12, 7),
	TEXT("variant2", "SECOND", "name of the second variant", FIELD_COLD, "ProductionVariants[1].VariantName", 10, 20, 12, 9),
	INSTANCE(FIELD_COLD, "ProductionVariants[0].InstanceType"),
	INSTANCES(FIELD_COLD, "ProductionVariants[0].InitialInstanceCount"),
	VALUE("weight", "WEIGHT", "weight of the first variant", FIELD_COLD, "ProductionVariants[0].InitialVariantWeight", 6, 8, 6, 9),
	TEXT("variants", "VARIANTS", "names of all variants", FIELD_COLD, VARIANT_NAMES, 10, 40, 20, 9),
	TEXT("types", "TYPES", "instance types of all variants", FIELD_COLD, VARIANT_TYPES, 10, 40, 20, 9),
	COUNT("memory", "MEMORY", "MB of the first variant, serverless", FIELD_COLD,
	      "ProductionVariants[0].ServerlessConfig.MemorySizeInMB", 6, 6, 6, 9),
	LINK("capture", "CAPTURE", "where requests are kept", FIELD_COLD, CAPTURE_URI, 20, 80, 40, 10),
	LINK("async", "ASYNC", "where asynchronous replies go", FIELD_COLD, ASYNC_OUTPUT, 20, 80, 40, 10),
	ARN, TAG, END};

const struct field endpoint_fields[] = {
	NAME, STATUS, AGE, MODIFIED,
	TEXT("variants", "VARIANTS", "names of all variants", FIELD_COLD | FIELD_WIDE, VARIANT_NAMES, 10, 40, 20, 4),
	{"instances", NULL, "instances", "INST", "instances of all variants", FIELD_COUNT, FIELD_COLD | FIELD_SCREEN,
	 {4, 5, 4, 4}, NULL, VARIANT_COUNTS, endpoint_get_instances},
	{"rate", NULL, "rate_usd_per_hour", "$/H", "dollars an hour of all variants", FIELD_RATE,
	 FIELD_COLD | FIELD_LINKED | FIELD_SCREEN, {7, 9, 7, 3}, NULL, NULL, endpoint_get_rate},
	{"month", NULL, "month_usd", "$/MONTH", "dollars a month of all variants", FIELD_MONEY,
	 FIELD_COLD | FIELD_LINKED | FIELD_SCREEN, {8, 10, 8, 7}, NULL, NULL, endpoint_get_month},
	{"calls", "rpm", "calls_per_minute", "CALLS/M", "calls a minute in the last quarter of an hour, as CloudWatch counted",
	 FIELD_FIGURE, MEASURED, {7, 8, 7, 3}, NULL, NULL, endpoint_get_calls},
	{"errors", NULL, "failed_calls", "ERR", "calls of the last quarter of an hour that failed", FIELD_COUNT,
	 MEASURED, {3, 6, 3, 4}, NULL, NULL, endpoint_get_errors},
	{"p50", NULL, "latency_p50_ms", "P50 MS", "milliseconds in which the model answered half of these calls",
	 FIELD_FIGURE, MEASURED, {6, 8, 6, 6}, NULL, NULL, endpoint_get_p50},
	{"p95", "latency", "latency_p95_ms", "P95 MS", "milliseconds in which the model answered 95 of 100 of these calls",
	 FIELD_FIGURE, MEASURED, {6, 8, 6, 3}, NULL, NULL, endpoint_get_p95},
	{"idle", NULL, "idle_seconds", "IDLE", "time since its last call, at most: hours are counted; two weeks are looked at", FIELD_SECONDS,
	 MEASURED, {8, 10, 8, 4}, NULL, NULL, endpoint_get_idle},
	LINK("config", "CONFIG", "its configuration", FIELD_COLD, "EndpointConfigName", 12, 40, 24, 5),
	TEXT("variant", "VARIANT", "name of the first variant", FIELD_COLD, "ProductionVariants[0].VariantName", 10, 20, 12, 6),
	COUNT("count", "COUNT", "instances of the first variant", FIELD_COLD, "ProductionVariants[0].CurrentInstanceCount", 5, 5, 5, 5),
	COUNT("desired", "WANTED", "instances of the first variant that are wanted", FIELD_COLD,
	      "ProductionVariants[0].DesiredInstanceCount", 6, 6, 6, 6),
	VALUE("weight", "WEIGHT", "weight of the first variant", FIELD_COLD, "ProductionVariants[0].CurrentWeight", 6, 8, 6, 7),
	TEXT("variant2", "SECOND", "name of the second variant", FIELD_COLD, "ProductionVariants[1].VariantName", 10, 20, 12, 9),
	VALUE("weight2", "WEIGHT 2", "weight of the second variant", FIELD_COLD, "ProductionVariants[1].CurrentWeight", 8, 8, 8, 9),
	LINK("capture", "CAPTURE", "where requests are kept", FIELD_COLD, CAPTURE_URI, 20, 80, 40, 10),
	LINK("async", "ASYNC", "where asynchronous replies go", FIELD_COLD, ASYNC_OUTPUT, 20, 80, 40, 10),
	CREATED, REASON(FIELD_COLD), ARN, TAG, END};

const struct field inference_component_fields[] = {
	NAME, STATUS, PARENT("endpoint", "ENDPOINT", "the endpoint", BOTH),
	TEXT("variant", "VARIANT", "the variant", BOTH, "VariantName", 10, 20, 12, 6),
	AGE, MODIFIED,
	LINK("model", "MODEL", "the model", FIELD_COLD, "Specification.ModelName", 12, 40, 20, 7),
	COUNT("copies", "COPIES", "copies that run", FIELD_COLD, "RuntimeConfig.CurrentCopyCount", 6, 6, 6, 7),
	COUNT("desired", "WANTED", "copies that are wanted", FIELD_COLD, "RuntimeConfig.DesiredCopyCount", 6, 6, 6, 8),
	CREATED, REASON(FIELD_COLD), ARN, TAG, END};

const struct field model_group_fields[] = {
	NAME, STATUS, AGE,
	TEXT("description", "DESCRIPTION", "what it is", BOTH, "ModelPackageGroupDescription", 12, 80, 30, 5),
	CREATED, ARN, TAG, END};

const struct field model_version_fields[] = {
	PARENT("group", "GROUP", "the group", BOTH),
	COUNT("version", "VERSION", "number of the version", BOTH, "ModelPackageVersion", 7, 7, 7, 0),
	TEXT("approval", "APPROVAL", "Approved, Rejected or PendingManualApproval", BOTH, "ModelApprovalStatus", 8, 21, 13, 1),
	STATUS,
	TEXT("stage", "STAGE", "stage of its life", BOTH, "ModelLifeCycle.Stage", 8, 20, 11, 5),
	AGE,
	TEXT("description", "DESCRIPTION", "what it is", FIELD_WIDE, "ModelPackageDescription", 12, 80, 30, 8),
	LINK("image", "IMAGE", "image", FIELD_COLD, "InferenceSpecification.Containers[0].Image", 20, 80, 40, 9),
	LINK("artifact", "ARTIFACT", "the model's archive", FIELD_COLD, "InferenceSpecification.Containers[0].ModelDataUrl",
	     20, 80, 40, 9),
	TEXT("comment", "COMMENT", "what was said when it was approved", FIELD_COLD, "ApprovalDescription", 12, 60, 24, 9),
	TEXT("by", "BY", "who made it", FIELD_COLD, "CreatedBy.UserProfileName", 8, 30, 12, 9),
	LONG_NAME("its ARN"), CREATED, ARN, TAG, END};

const struct field pipeline_fields[] = {
	NAME, AGE,
	WHEN("last_run", "LAST RUN", "start of the last execution", BOTH, "LastExecutionTime|LastRunTime", 16, 20, 16, 2),
	TEXT("title", "TITLE", "name for people", FIELD_WIDE, "PipelineDisplayName", 12, 60, 24, 6),
	TEXT("description", "DESCRIPTION", "what it is", BOTH, "PipelineDescription", 12, 80, 24, 5),
	LINK("role", "ROLE", "execution role", 0, "RoleArn", 20, 80, 40, 11),
	CREATED, MODIFIED,
	{"status", NULL, "status", "STATUS", "status", FIELD_STATE, FIELD_COLD | FIELD_ASCENDING, {8, 12, 8, 6}, "S", NULL, get_status},
	ARN, TAG, END};

const struct field pipeline_execution_fields[] = {
	SHORT_NAME("id", "ID", "its id: the end of its ARN", BOTH),
	STATUS,
	TEXT("title", "TITLE", "name for people", BOTH, "PipelineExecutionDisplayName", 16, 60, 28, 3),
	AGE, PARENT("pipeline", "PIPELINE", "the pipeline", FIELD_WIDE),
	TEXT("description", "DESCRIPTION", "what it is", FIELD_WIDE, "PipelineExecutionDescription", 12, 80, 24, 8),
	CREATED,
	{"modified", NULL, "modified", "CHANGED", "time of the last change", FIELD_TIME, FIELD_COLD, {16, 20, 16, 9}, NULL, NULL, field_get_modified},
	REASON(FIELD_SCREEN), LONG_NAME("its ARN"), ARN, TAG, END};

const struct field pipeline_step_fields[] = {
	SHORT_NAME("step", "STEP", "name of the step", BOTH),
	STATUS, TOOK,
	LINK("made", "MADE", "what the step made, or decided", BOTH,
	     "Metadata.TrainingJob.Arn|Metadata.ProcessingJob.Arn|Metadata.TransformJob.Arn|Metadata.TuningJob.Arn"
	     "|Metadata.Model.Arn|Metadata.RegisterModel.Arn|Metadata.Condition.Outcome|Metadata.Lambda.Arn"
	     "|Metadata.Endpoint.Arn|Metadata.EndpointConfig.Arn|Metadata.AutoMLJob.Arn|Metadata.QualityCheck.CheckJobArn"
	     "|Metadata.ClarifyCheck.CheckJobArn|Metadata.EMR.ClusterId|Metadata.Fail.ErrorMessage", 16, 100, 40, 5),
	COUNT("attempts", "TRIES", "attempts", BOTH, "AttemptCount", 5, 5, 5, 6),
	LINK("cached", "CACHED", "the execution whose result was taken", FIELD_WIDE, "CacheHitResult.SourcePipelineExecutionArn",
	     16, 100, 30, 8),
	TEXT("title", "TITLE", "name for people", FIELD_WIDE, "StepDisplayName", 12, 60, 24, 9),
	PARENT("execution", "EXECUTION", "the execution", 0), STARTED(0), ENDED, REASON(FIELD_SCREEN),
	LONG_NAME("id of the execution and name of the step"), END};

const struct field schedule_fields[] = {
	NAME, STATUS,
	TEXT("group", "GROUP", "the group", FIELD_WIDE, "GroupName", 8, 30, 10, 6),
	LINK("target", "TARGET", "what it calls", BOTH, "Target.Arn", 16, 100, 40, 4),
	TEXT("expression", "EXPRESSION", "when it runs", FIELD_COLD, "ScheduleExpression", 12, 40, 20, 5),
	TEXT("zone", "ZONE", "time zone of the expression", FIELD_COLD, "ScheduleExpressionTimezone", 8, 24, 12, 7),
	TEXT("description", "DESCRIPTION", "what it is", FIELD_COLD, "Description", 12, 80, 24, 8),
	WHEN("from", "FROM", "not before", FIELD_COLD, "StartDate", 16, 20, 16, 9),
	WHEN("until", "UNTIL", "not after", FIELD_COLD, "EndDate", 16, 20, 16, 9),
	LINK("role", "ROLE", "role of the call", FIELD_COLD, "Target.RoleArn", 20, 80, 40, 11),
	AGE, CREATED, MODIFIED, ARN, END};

const struct field rule_fields[] = {
	NAME, STATUS,
	TEXT("expression", "EXPRESSION", "when it runs, or the events it waits for", BOTH, "ScheduleExpression|EventPattern",
	     16, 100, 40, 2),
	TEXT("description", "DESCRIPTION", "what it is", BOTH, "Description", 12, 80, 24, 6),
	TEXT("bus", "BUS", "the event bus", FIELD_WIDE, "EventBusName", 8, 30, 10, 8),
	TEXT("managed", "MANAGED BY", "the service that keeps it", FIELD_WIDE, "ManagedBy", 10, 30, 12, 9),
	LINK("role", "ROLE", "role of the call", 0, "RoleArn", 20, 80, 40, 11),
	ARN, TAG, END};

const struct field monitoring_schedule_fields[] = {
	NAME, STATUS,
	TEXT("type", "TYPE", "what is checked", BOTH, "MonitoringType", 11, 20, 12, 4),
	PARENT("endpoint", "ENDPOINT", "the endpoint", BOTH), AGE, MODIFIED,
	TEXT("definition", "DEFINITION", "the job definition", FIELD_WIDE,
	     "MonitoringJobDefinitionName|MonitoringScheduleConfig.MonitoringJobDefinitionName", 12, 60, 24, 8),
	TEXT("expression", "EXPRESSION", "when it runs", FIELD_COLD, "MonitoringScheduleConfig.ScheduleConfig.ScheduleExpression",
	     12, 40, 20, 6),
	TEXT("last", "LAST", "how the last check ended", FIELD_COLD,
	     "LastMonitoringExecutionSummary.MonitoringExecutionStatus", 10, 24, 16, 7),
	CREATED, REASON(FIELD_COLD), ARN, TAG, END};

const struct field monitoring_execution_fields[] = {
	WHEN("scheduled", "SCHEDULED", "when it was due", BOTH, "ScheduledTime", 16, 20, 16, 0),
	STATUS,
	TEXT("type", "TYPE", "what is checked", BOTH, "MonitoringType", 11, 20, 12, 5),
	LINK("endpoint", "ENDPOINT", "the endpoint", BOTH, "EndpointName", 10, 40, 20, 6),
	LINK("job", "JOB", "the processing job", BOTH, "ProcessingJobArn", 16, 100, 40, 7),
	PARENT("schedule", "SCHEDULE", "the schedule", FIELD_WIDE), AGE, CREATED, MODIFIED, REASON(FIELD_SCREEN),
	LONG_NAME("name of the schedule and time"), END};

const struct field alarm_fields[] = {
	NAME, STATUS,
	TEXT("metric", "METRIC", "the metric", BOTH, "MetricName|Metrics[0].MetricStat.Metric.MetricName", 12, 40, 18, 4),
	TEXT("compare", "COMPARE", "how it is compared", FIELD_WIDE, "ComparisonOperator", 12, 40, 20, 7),
	VALUE("threshold", "THRESHOLD", "the threshold", BOTH, "Threshold", 9, 10, 9, 3),
	TEXT("statistic", "STATISTIC", "statistic of a period", FIELD_WIDE, "Statistic|ExtendedStatistic", 7, 12, 9, 8),
	{.name = "period", .json = "period_seconds", .heading = "PERIOD", .help = "seconds of a period", .type = FIELD_SECONDS,
	 .flags = FIELD_WIDE, .path = "Period", .cells = {6, 6, 6, 8}},
	COUNT("periods", "PERIODS", "periods that are looked at", FIELD_WIDE, "EvaluationPeriods", 7, 7, 7, 9),
	TEXT("namespace", "NAMESPACE", "namespace of the metric", FIELD_WIDE, "Namespace", 12, 40, 20, 9),
	TEXT("missing", "MISSING", "how missing data counts", FIELD_WIDE, "TreatMissingData", 8, 12, 12, 9),
	TEXT("rule", "RULE", "of a composite alarm", FIELD_WIDE, "AlarmRule", 12, 80, 24, 9),
	TEXT("description", "DESCRIPTION", "what it is", FIELD_WIDE, "AlarmDescription", 12, 80, 24, 9),
	FLAG("actions", "ACTIONS", "whether it acts", FIELD_WIDE, "ActionsEnabled", 7, 7, 7, 9),
	WHEN("since", "SINCE", "since when it is in its state", BOTH, "StateTransitionedTimestamp|StateUpdatedTimestamp", 16, 20, 16, 5),
	{"reason", NULL, "reason", "REASON", "why it is in its state", FIELD_TEXT, BOTH, {12, 100, 30, 6}, NULL, NULL, field_get_reason},
	MODIFIED, ARN, TAG, END};

const struct field dashboard_fields[] = {
	NAME,
	{"modified", NULL, "modified", "CHANGED", "time of the last change", FIELD_TIME, BOTH, {16, 20, 16, 2}, NULL, NULL, field_get_modified},
	COUNT("size", "SIZE", "bytes of its definition", BOTH, "Size", 7, 8, 7, 3), ARN,
	TEXT("body", "BODY", "its definition", FIELD_COLD | FIELD_NO_COLUMN, "DashboardBody", 0), END};

const struct field scalable_target_fields[] = {
	NAME,
	COUNT("min", "MIN", "smallest number", BOTH, "MinCapacity", 4, 6, 4, 1),
	COUNT("max", "MAX", "largest number", BOTH, "MaxCapacity", 4, 6, 4, 1),
	FLAG("in_suspended", "IN", "whether scaling in is suspended", FIELD_WIDE, "SuspendedState.DynamicScalingInSuspended", 4, 4, 4, 7),
	FLAG("out_suspended", "OUT", "whether scaling out is suspended", FIELD_WIDE, "SuspendedState.DynamicScalingOutSuspended",
	     4, 4, 4, 7),
	FLAG("schedule_suspended", "SCHED", "whether scheduled actions are suspended", FIELD_WIDE,
	     "SuspendedState.ScheduledScalingSuspended", 5, 5, 5, 7),
	TEXT("dimension", "DIMENSION", "what is scaled", BOTH, "ScalableDimension", 20, 60, 40, 6),
	LINK("role", "ROLE", "role of the changes", 0, "RoleARN", 20, 80, 40, 11),
	AGE, CREATED, ARN, TAG, END};

const struct field scaling_policy_fields[] = {
	SHORT_NAME("policy", "POLICY", "its name", BOTH),
	TEXT("type", "TYPE", "how it scales", BOTH, "PolicyType", 8, 21, 20, 4),
	TEXT("metric", "METRIC", "the metric that it follows", BOTH,
	     "TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification.PredefinedMetricType"
	     "|TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification.MetricName", 12, 60, 40, 3),
	VALUE("value", "VALUE", "the value of the metric that it keeps to", BOTH,
	      "TargetTrackingScalingPolicyConfiguration.TargetValue", 7, 9, 7, 1),
	COUNT("out_cooldown", "OUT", "seconds between two changes upwards", FIELD_WIDE,
	      "TargetTrackingScalingPolicyConfiguration.ScaleOutCooldown|StepScalingPolicyConfiguration.Cooldown", 4, 6, 4, 7),
	COUNT("in_cooldown", "IN", "seconds between two changes downwards", FIELD_WIDE,
	      "TargetTrackingScalingPolicyConfiguration.ScaleInCooldown", 4, 6, 4, 7),
	AGE, PARENT("target", "TARGET", "what is scaled", FIELD_WIDE), LONG_NAME("what is scaled, and its name"),
	CREATED, ARN, END};

const struct field scaling_activity_fields[] = {
	STARTED(FIELD_USUAL | FIELD_SCREEN), STATUS,
	TEXT("what", "WHAT", "what it did", BOTH, "Description", 16, 80, 36, 2),
	TOOK, REASON(FIELD_USUAL | FIELD_SCREEN),
	TEXT("cause", "CAUSE", "what brought it about", BOTH, "Cause", 16, 200, 40, 5),
	AGE, ENDED, PARENT("target", "TARGET", "what is scaled", FIELD_WIDE), LONG_NAME("its id"), CREATED, END};

const struct field mlflow_server_fields[] = {
	NAME, STATUS,
	TEXT("active", "ACTIVE", "whether it answers", BOTH, "IsActive", 6, 8, 8, 3),
	TEXT("mlflow", "MLFLOW", "version of MLflow", BOTH, "MlflowVersion", 6, 10, 7, 4),
	AGE, MODIFIED,
	TEXT("size", "SIZE", "Small, Medium or Large", FIELD_COLD, "TrackingServerSize", 6, 8, 6, 6),
	LINK("url", "URL", "where it answers", FIELD_COLD, "TrackingServerUrl", 20, 100, 40, 9),
	LINK("artifacts", "ARTIFACTS", "where artefacts are kept", FIELD_COLD, "ArtifactStoreUri", 20, 80, 40, 9),
	ROLE("RoleArn"), CREATED, ARN, TAG, END};

const struct field mlflow_app_fields[] = {
	TEXT("title", "NAME", "name for people", BOTH, "Name", 16, 100, 30, 0),
	STATUS,
	TEXT("mlflow", "MLFLOW", "version of MLflow", BOTH, "MlflowVersion", 6, 10, 7, 4),
	AGE, MODIFIED,
	LINK("artifacts", "ARTIFACTS", "where artefacts are kept", FIELD_COLD, "ArtifactStoreUri", 20, 80, 40, 9),
	ROLE("RoleArn"), CREATED, LONG_NAME("its ARN"), ARN, TAG, END};

const struct field notebook_fields[] = {
	NAME, STATUS, INSTANCE(BOTH, "InstanceType"), AGE, MODIFIED,
	LINK("url", "URL", "where it answers", FIELD_WIDE, "Url", 20, 100, 40, 8),
	TEXT("lifecycle", "LIFECYCLE", "its lifecycle configuration", FIELD_WIDE, "NotebookInstanceLifecycleConfigName", 12, 40, 20, 9),
	COUNT("volume", "VOLUME", "GB of its volume", FIELD_COLD, "VolumeSizeInGB", 6, 6, 6, 9),
	ROLE("RoleArn"), CREATED, REASON(FIELD_COLD), ARN, TAG, END};

const struct field app_fields[] = {
	TEXT("type", "TYPE", "what it is", BOTH, "AppType", 10, 18, 13, 0),
	STATUS,
	TEXT("user", "USER", "the user profile that it is of", BOTH, "UserProfileName", 8, 40, 14, 1),
	TEXT("space", "SPACE", "the space that it is of", BOTH, "SpaceName", 8, 40, 14, 1),
	INSTANCE(BOTH, "ResourceSpec.InstanceType"), AGE,
	TEXT("app", "APP", "name of the app", FIELD_USUAL | FIELD_WIDE, "AppName", 8, 40, 12, 4),
	PARENT("domain", "DOMAIN", "id of the domain", FIELD_WIDE),
	WHEN("last_used", "LAST USED", "last activity", FIELD_COLD, "LastUserActivityTimestamp", 16, 20, 16, 8),
	LONG_NAME("domain, user, type and name"), CREATED, REASON(FIELD_COLD), COLD_ARN, END};

const struct field domain_fields[] = {
	NAME, STATUS,
	TEXT("title", "TITLE", "name for people", BOTH, "DomainName", 12, 40, 20, 2),
	AGE, MODIFIED,
	LINK("url", "URL", "where it answers", BOTH, "Url", 20, 100, 40, 6),
	TEXT("auth", "AUTH", "how users sign in", FIELD_COLD, "AuthMode", 4, 6, 4, 8),
	TEXT("vpc", "VPC", "its network", FIELD_COLD, "VpcId", 12, 24, 14, 9),
	CREATED, REASON(FIELD_COLD), ARN, TAG, END};

const struct field project_fields[] = {
	NAME, STATUS, AGE,
	TEXT("id", "ID", "its id", BOTH, "ProjectId", 14, 20, 16, 5),
	TEXT("description", "DESCRIPTION", "what it is", BOTH, "ProjectDescription", 12, 80, 24, 6),
	CREATED, ARN, TAG, END};

const struct field automl_job_fields[] = {
	NAME, STATUS,
	TEXT("step", "STEP", "what it is doing", BOTH, "AutoMLJobSecondaryStatus", 12, 30, 20, 4),
	TOOK, AGE,
	LINK("best", "BEST", "the best candidate", FIELD_COLD, "BestCandidate.CandidateName", 16, 64, 30, 6),
	VALUE("objective", "OBJECTIVE", "objective of the best candidate", FIELD_COLD,
	      "BestCandidate.FinalAutoMLJobObjectiveMetric.Value", 9, 12, 9, 5),
	CREATED, ENDED, MODIFIED, REASON(0), ARN, TAG, END};

const struct field compilation_job_fields[] = {
	NAME, STATUS,
	TEXT("target", "TARGET", "the device", BOTH, "CompilationTargetDevice|CompilationTargetPlatformOs|OutputConfig.TargetDevice",
	     10, 24, 14, 4),
	TOOK, AGE, CREATED, STARTED(0), ENDED, MODIFIED, REASON(FIELD_COLD), ARN, TAG, END};

const struct field labeling_job_fields[] = {
	NAME, STATUS,
	COUNT("labeled", "DONE", "objects that are labelled", BOTH, "LabelCounters.TotalLabeled", 6, 8, 6, 3),
	COUNT("unlabeled", "LEFT", "objects that are not", BOTH, "LabelCounters.Unlabeled", 6, 8, 6, 3),
	COUNT("failed", "FAIL", "objects that could not be labelled", BOTH, "LabelCounters.FailedNonRetryableError", 4, 8, 4, 5),
	AGE, MODIFIED,
	LINK("output", "OUTPUT", "the labels", FIELD_WIDE, "LabelingJobOutput.OutputDatasetS3Uri", 20, 80, 40, 9),
	CREATED, REASON(0), ARN, TAG, END};

const struct field recommendation_job_fields[] = {
	NAME, STATUS,
	TEXT("type", "TYPE", "Default or Advanced", BOTH, "JobType", 8, 10, 8, 5),
	LINK("model", "MODEL", "the model", BOTH, "ModelName", 12, 40, 20, 4),
	TOOK, AGE,
	INSTANCE(FIELD_COLD, "InferenceRecommendations[0].EndpointConfiguration.InstanceType"),
	TEXT("description", "DESCRIPTION", "what it is", FIELD_WIDE, "JobDescription", 12, 80, 24, 8),
	CREATED, ENDED, MODIFIED, REASON(0), ARN, TAG, END};

const struct field feature_group_fields[] = {
	NAME, STATUS,
	TEXT("offline", "OFFLINE", "status of the offline store", BOTH, "OfflineStoreStatus.Status", 8, 10, 8, 4),
	AGE,
	LINK("store", "STORE", "where the offline store is", FIELD_COLD, "OfflineStoreConfig.S3StorageConfig.S3Uri", 20, 80, 40, 8),
	TEXT("key", "KEY", "the feature that names a record", FIELD_COLD, "RecordIdentifierFeatureName", 10, 30, 14, 8),
	CREATED, REASON(FIELD_COLD), ARN, TAG, END};

const struct field model_card_fields[] = {NAME, STATUS, AGE, CREATED, MODIFIED, ARN, TAG, END};

const struct field image_fields[] = {
	NAME, STATUS, TEXT("title", "TITLE", "name for people", BOTH, "DisplayName", 12, 60, 24, 4), AGE,
	TEXT("description", "DESCRIPTION", "what it is", FIELD_WIDE, "Description", 12, 80, 24, 8),
	CREATED, MODIFIED, REASON(0), ARN, TAG, END};

const struct field cluster_fields[] = {
	NAME, STATUS, AGE,
	INSTANCE(FIELD_COLD, "InstanceGroups[0].InstanceType"),
	INSTANCES(FIELD_COLD, "InstanceGroups[0].CurrentCount"),
	CREATED, REASON(FIELD_COLD), ARN, TAG, END};

const struct field training_plan_fields[] = {
	NAME, STATUS,
	COUNT("count", "COUNT", "instances", BOTH, "TotalInstanceCount", 5, 6, 5, 3),
	COUNT("used", "USED", "instances in use", BOTH, "InUseInstanceCount", 5, 6, 5, 4),
	TEXT("fee", "FEE", "what was paid", BOTH, "UpfrontFee", 8, 12, 8, 5),
	STARTED(FIELD_SCREEN), ENDED, REASON(0), ARN, TAG, END};

const struct field experiment_fields[] = {
	NAME, TEXT("title", "TITLE", "name for people", BOTH, "DisplayName", 12, 60, 24, 4), AGE, CREATED, MODIFIED, ARN, TAG, END};

const struct field trial_fields[] = {
	NAME, TEXT("title", "TITLE", "name for people", BOTH, "DisplayName", 12, 60, 24, 4),
	PARENT("experiment", "EXPERIMENT", "the experiment", FIELD_WIDE), AGE, CREATED, MODIFIED, ARN, TAG, END};
/* clang-format on */
