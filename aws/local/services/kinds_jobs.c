/* Rows of the table of kinds: processing, transform and tuning jobs. */
#include "aws/local/services/kinds_rows.h"
#include "aws/local/services/tuning.h"

#include "aws/local/kept/objects.h"
#include "aws/local/running/processing.h"
#include "aws/local/running/transform.h"

#define JOB_STATUSES "InProgress|Completed|Failed|Stopping|Stopped"
#define JOB_MISSING                                                                     \
	{                                                                               \
		"ValidationException", "Could not find requested job with name: {name}" \
	}
#define JOB_TAKEN                                                                                   \
	{                                                                                           \
		"ResourceInUse", "Job name must be unique within an AWS account and region, and a " \
				 "job with this name already exists ({arn})"                        \
	}

/* --- processing jobs ------------------------------------------------------------------------ */

static int check_count(struct call *c, const json_t *list, const char *member, size_t most)
{
	if (json_array_size(list) <= most)
		return 0;
	return op_invalid(
		c,
		"1 validation error detected: Value at '%s' failed to satisfy constraint: Member must have length "
		"less than or equal to %zu",
		member, most);
}

/* Both lists have names that are not given twice, and places under /opt/ml/processing. */
static int check_place(struct call *c, const json_t *s3, const char *member, const char *name)
{
	const char *path = json_get_str(s3, "LocalPath");
	AUTO(str) char *bucket = NULL;
	AUTO(str) char *key = NULL;

	if (!s3)
		return op_invalid(c, "%s '%.64s': the local engine serves S3 only.", member, name);
	if (!s3_uri_parse(json_get_str(s3, "S3Uri"), &bucket, &key))
		return op_invalid(c, "S3Uri '%.300s' of '%.64s' is not an S3 URI (s3://bucket/prefix).",
				  str_or(json_get_str(s3, "S3Uri"), ""), name);
	if (path && (!str_starts(path, "/opt/ml/processing/") || !path[19] || strlen(path) > 256 || strstr(path, "..")))
		return op_invalid(c, "LocalPath '%.256s' of '%.64s' must be a folder under /opt/ml/processing.", path,
				  name);
	return 0;
}

static int check_inputs(struct call *c, const json_t *inputs)
{
	AUTO(map) struct map names = {0};
	size_t i;
	json_t *input;

	json_array_foreach((json_t *)inputs, i, input)
	{
		const char *name = json_get_str(input, "InputName");
		const json_t *s3 = json_object_get(input, "S3Input");

		if (map_put(&names, name, input))
			return op_invalid(c, "Input names must be unique; '%.64s' is given twice.", name);
		if (check_place(c, s3, "ProcessingInputs", name) < 0)
			return -1;
		if (str_eq(json_get_str(s3, "S3InputMode"), "Pipe"))
			return op_invalid(
				c, "Input '%.64s': the local engine does not serve the Pipe input mode; use File.",
				name);
		if (!json_get_str(s3, "LocalPath") && !json_get_bool(input, "AppManaged", false))
			return op_invalid(c, "Input '%.64s' must have a LocalPath, since it is not AppManaged.", name);
	}
	return 0;
}

static int check_outputs(struct call *c, const json_t *outputs)
{
	AUTO(map) struct map names = {0};
	size_t i;
	json_t *output;

	json_array_foreach((json_t *)outputs, i, output)
	{
		const char *name = json_get_str(output, "OutputName");

		if (map_put(&names, name, output))
			return op_invalid(c, "Output names must be unique; '%.64s' is given twice.", name);
		if (check_place(c, json_object_get(output, "S3Output"), "ProcessingOutputConfig", name) < 0)
			return -1;
	}
	return 0;
}

static int processing_job_made(struct call *c, struct document *r)
{
	const json_t *inputs = json_object_get(c->in, "ProcessingInputs");
	const json_t *outputs = json_path_get(c->in, "ProcessingOutputConfig.Outputs");
	const json_t *stopping = json_object_get(c->in, "StoppingCondition");
	const json_t *cluster = json_path_get(c->in, "ProcessingResources.ClusterConfig");

	if (check_count(c, inputs, "processingInputs", 10) < 0 ||
	    check_count(c, outputs, "processingOutputConfig.outputs", 10) < 0 || check_inputs(c, inputs) < 0 ||
	    check_outputs(c, outputs) < 0)
		return -1;
	if (json_get_i64(cluster, "InstanceCount", 1) < 1 || json_get_i64(cluster, "InstanceCount", 1) > 100)
		return op_invalid(c, "InstanceCount must be from 1 to 100.");
	if (stopping && (json_get_i64(stopping, "MaxRuntimeInSeconds", 1) < 1 ||
			 json_get_i64(stopping, "MaxRuntimeInSeconds", 1) > 777600))
		return op_invalid(c, "MaxRuntimeInSeconds must be from 1 to 777600 seconds.");
	if (!stopping)
		json_object_set_new(r->doc, "StoppingCondition", json_pack("{s:i}", "MaxRuntimeInSeconds", 86400));
	return 0;
}

/* A stored document has nothing to end first. */
static int stop_stored(struct call *c, struct document *r, const char *status, const char *end)
{
	json_object_set_new(r->doc, status, json_string("Stopped"));
	json_object_set_new(r->doc, end, json_epoch(engine_now_ms(c->e)));
	return 0;
}

static int processing_job_stopped(struct call *c, struct document *r)
{
	return processing_stop(c->e, r) ? 0 : stop_stored(c, r, "ProcessingJobStatus", "ProcessingEndTime");
}

static int transform_job_made(struct call *c, struct document *r)
{
	struct err err = {0};

	if (!kind_asked(c, kind_by_id("model"), c->in))
		return -1;
	return transform_check(c->e, c->in, &err) < 0 ? op_invalid(c, "%s", err.msg) : 0;
}

static int transform_job_stopped(struct call *c, struct document *r)
{
	return transform_stop(c->e, r) ? 0 : stop_stored(c, r, "TransformJobStatus", "TransformEndTime");
}

const struct document_kind kinds_of_jobs[] = {
	{
		.id = "processing",
		.word = "processing-job",
		.noun = "processing job",
		.key = "ProcessingJobName",
		.key_input = "ProcessingJobName!:name",
		.arn = "ProcessingJobArn",
		.arn_path = "processing-job/{key}",
		.created = "CreationTime",
		.modified = "LastModifiedTime",
		.status = "ProcessingJobStatus",
		.statuses = JOB_STATUSES,
		.begin = JSON({"ProcessingJobStatus" : "InProgress"}),
		.hidden = PROCESSING_STATE,
		.search_drop = PROCESSING_STATE,
		.more = "ProcessingStartTime:time ProcessingEndTime:time ExitMessage:text FailureReason:text "
			"MonitoringScheduleArn:text AutoMLJobArn:text TrainingJobArn:text",
		.missing = JOB_MISSING,
		.taken = JOB_TAKEN,
		.list = {"ListProcessingJobs", "ProcessingJobSummaries",
			 "ProcessingJobName ProcessingJobArn CreationTime ProcessingEndTime LastModifiedTime "
			 "ProcessingJobStatus FailureReason ExitMessage",
			 JOB_FILTERS, .sort = JOB_SORT},
		.ops = {{VERB_CREATE, "CreateProcessingJob",
			 "ProcessingInputs:[{InputName!:text S3Input:{S3Uri!:text LocalPath:text "
			 "S3DataType!:ManifestFile|S3Prefix S3InputMode:Pipe|File "
			 "S3DataDistributionType:FullyReplicated|ShardedByS3Key S3CompressionType:None|Gzip} "
			 "AppManaged:bool DatasetDefinition}] "
			 "ProcessingOutputConfig:{Outputs!:[{OutputName!:text S3Output:{S3Uri!:text LocalPath:text "
			 "S3UploadMode!:Continuous|EndOfJob} AppManaged:bool FeatureStoreOutput}] KmsKeyId:text} "
			 "ProcessingJobName!:name ProcessingResources!:{ClusterConfig!:{InstanceCount!:count "
			 "InstanceType!:text VolumeSizeInGB!:count}} StoppingCondition:{MaxRuntimeInSeconds!:count} "
			 "AppSpecification!:{ImageUri!:text ContainerEntrypoint:[text] ContainerArguments:[text]} "
			 "Environment:<text> NetworkConfig RoleArn!:role Tags:tags ExperimentConfig",
			 "ProcessingJobArn", .hook = processing_job_made, .after = processing_submit},
			{VERB_DESCRIBE, "DescribeProcessingJob"},
			{VERB_CHANGE, "StopProcessingJob", .from = "InProgress Stopping", .to = "Stopping",
			 .refused = NOT_STOPPED, .hook = processing_job_stopped},
			{VERB_DELETE, "DeleteProcessingJob", .from = "Completed Failed Stopped",
			 .refused = NOT_DELETED}},
	},
	{
		.id = "transform",
		.word = "transform-job",
		.noun = "transform job",
		.key = "TransformJobName",
		.key_input = "TransformJobName!:name",
		.arn = "TransformJobArn",
		.arn_path = "transform-job/{key}",
		.created = "CreationTime",
		.modified = "LastModifiedTime",
		.status = "TransformJobStatus",
		.statuses = JOB_STATUSES,
		.begin = JSON({"TransformJobStatus" : "InProgress"}),
		.more = "TransformStartTime:time TransformEndTime:time FailureReason:text LabelingJobArn:text "
			"AutoMLJobArn:text",
		.hidden = "LastModifiedTime " TRANSFORM_STATE,
		.search_drop = "LastModifiedTime " TRANSFORM_STATE,
		.missing = JOB_MISSING,
		.taken = JOB_TAKEN,
		.list = {"ListTransformJobs", "TransformJobSummaries",
			 "TransformJobName TransformJobArn CreationTime TransformEndTime LastModifiedTime "
			 "TransformJobStatus FailureReason",
			 JOB_FILTERS, .sort = JOB_SORT},
		.ops = {{VERB_CREATE, "CreateTransformJob",
			 "TransformJobName!:name ModelName!:model_name MaxConcurrentTransforms:count ModelClientConfig "
			 "MaxPayloadInMB:count BatchStrategy:MultiRecord|SingleRecord Environment:<text> "
			 "TransformInput!:{DataSource!:{S3DataSource!:{S3DataType!:ManifestFile|S3Prefix|"
			 "AugmentedManifestFile|Converse S3Uri!:s3_uri}} ContentType:text CompressionType:None|Gzip "
			 "SplitType:None|Line|RecordIO|TFRecord} TransformOutput!:{S3OutputPath!:s3_uri Accept:text "
			 "AssembleWith:None|Line KmsKeyId:text} DataCaptureConfig "
			 "TransformResources!:{InstanceType!:text InstanceCount!:count} DataProcessing Tags:tags "
			 "ExperimentConfig",
			 "TransformJobArn", .hook = transform_job_made, .after = transform_submit},
			{VERB_DESCRIBE, "DescribeTransformJob"},
			{VERB_CHANGE, "StopTransformJob", .from = "InProgress Stopping", .to = "Stopping",
			 .refused = NOT_STOPPED, .hook = transform_job_stopped}},
	},
	{
		.id = "tuning",
		.word = "tuning-job",
		.noun = "hyperparameter tuning job",
		.key = "HyperParameterTuningJobName",
		.key_input = "HyperParameterTuningJobName!:name32",
		.arn = "HyperParameterTuningJobArn",
		.arn_path = "hyper-parameter-tuning-job/{key}",
		.created = "CreationTime",
		.modified = "LastModifiedTime",
		.status = "HyperParameterTuningJobStatus",
		.statuses = "Completed|InProgress|Failed|Stopped|Stopping|Deleting|DeleteFailed",
		.begin = JSON({
			"HyperParameterTuningJobStatus" : "InProgress",
			"TrainingJobStatusCounters" : {
				"Completed" : 0,
				"InProgress" : 0,
				"RetryableError" : 0,
				"NonRetryableError" : 0,
				"Stopped" : 0
			},
			"ObjectiveStatusCounters" : {"Succeeded" : 0, "Pending" : 0, "Failed" : 0}
		}),
		.more = "HyperParameterTuningEndTime:time BestTrainingJob OverallBestTrainingJob FailureReason:text "
			"TuningJobCompletionDetails ConsumedResources TrainingJobStatusCounters "
			"ObjectiveStatusCounters",
		.search = "HyperParameterTuningJob",
		.hidden = "Children Ending",
		.search_drop = "Autotune Children Ending",
		.missing = {"ResourceNotFound", "Amazon SageMaker can't find a tuning job named {name}."},
		.taken = {"ResourceInUse", "Hyper parameter tuning job names must be unique within an AWS account and "
					   "region, and a job with this name already exists ({arn})"},
		.list = {"ListHyperParameterTuningJobs", "HyperParameterTuningJobSummaries",
			 "HyperParameterTuningJobName HyperParameterTuningJobArn HyperParameterTuningJobStatus "
			 "Strategy=HyperParameterTuningJobConfig.Strategy CreationTime HyperParameterTuningEndTime "
			 "LastModifiedTime TrainingJobStatusCounters ObjectiveStatusCounters "
			 "ResourceLimits=HyperParameterTuningJobConfig.ResourceLimits",
			 JOB_FILTERS, .sort = "Name|CreationTime|Status", .ascending = true},
		.ops = {{VERB_CREATE, "CreateHyperParameterTuningJob",
			 "HyperParameterTuningJobName!:name32 HyperParameterTuningJobConfig!:{"
			 "Strategy!:Bayesian|Random|Hyperband|Grid StrategyConfig "
			 "HyperParameterTuningJobObjective:{Type!:Maximize|Minimize MetricName!:text} "
			 "ResourceLimits!:{MaxNumberOfTrainingJobs:count MaxParallelTrainingJobs!:count} "
			 "ParameterRanges TrainingJobEarlyStoppingType:Off|Auto TuningJobCompletionCriteria "
			 "RandomSeed:count} TrainingJobDefinition:{AlgorithmSpecification!:any RoleArn!:role "
			 "OutputDataConfig!:any StoppingCondition!:any} TrainingJobDefinitions WarmStartConfig "
			 "Tags:tags Autotune",
			 "HyperParameterTuningJobArn", .hook = tuning_job_made},
			{VERB_DESCRIBE, "DescribeHyperParameterTuningJob"},
			{VERB_CHANGE, "StopHyperParameterTuningJob", .from = "InProgress Stopping", .to = "Stopping",
			 .refused = NOT_STOPPED, .hook = tuning_job_stopped},
			{VERB_DELETE, "DeleteHyperParameterTuningJob", .from = "Completed Failed Stopped DeleteFailed",
			 .refused = {"ValidationException",
				     "The request was rejected because the {noun} is in status {status}."},
			 .missing = {"ValidationException", "Amazon SageMaker can't find a tuning job named {name}."}}},
	},
	{.id = NULL},
};
