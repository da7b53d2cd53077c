/* Rows of the table of kinds: processing, transform and tuning jobs, monitoring. */
#include "aws/local/services/kinds_rows.h"
#include "aws/local/services/tuning.h"

#define JOB_STATUSES "InProgress|Completed|Failed|Stopping|Stopped"
#define JOB_FILTERS (LIST_NAME | LIST_STATUS | LIST_CREATED | LIST_MODIFIED)
#define JOB_SORT "CreationTime|Name|Status"

/* A schedule's type and endpoint stand in its configuration, or in the job definition within. */
static int monitoring_schedule_made(struct call *c, struct document *r)
{
	const json_t *config = json_object_get(r->doc, "MonitoringScheduleConfig");
	const json_t *endpoint =
		json_path_get(config, "MonitoringJobDefinition.MonitoringInputs.0.EndpointInput.EndpointName");

	if (!json_object_get(config, "MonitoringJobDefinition") &&
	    !json_object_get(config, "MonitoringJobDefinitionName"))
		return op_invalid(
			c,
			"MonitoringScheduleConfig must have MonitoringJobDefinition or MonitoringJobDefinitionName.");
	json_object_set_new(r->doc, "MonitoringType",
			    json_string(str_or(json_get_str(config, "MonitoringType"), "DataQuality")));
	if (endpoint)
		json_object_set(r->doc, "EndpointName", (json_t *)endpoint);
	return 0;
}

static int transform_job_made(struct call *c, struct document *r)
{
	return kind_asked(c, kind_by_id("model"), c->in) ? 0 : -1;
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
		.more = "ProcessingStartTime:time ProcessingEndTime:time ExitMessage:text FailureReason:text "
			"MonitoringScheduleArn:text AutoMLJobArn:text TrainingJobArn:text",
		.missing = {"ValidationException", "Could not find requested job with name: {name}"},
		.taken = {"ResourceInUse", "Job name must be unique within an AWS account and region, and a job with "
					   "this name already exists ({arn})"},
		.list = {"ListProcessingJobs", "ProcessingJobSummaries",
			 "ProcessingJobName ProcessingJobArn CreationTime ProcessingEndTime LastModifiedTime "
			 "ProcessingJobStatus FailureReason ExitMessage",
			 JOB_FILTERS, .sort = JOB_SORT},
		.ops = {{VERB_CREATE, "CreateProcessingJob",
			 "ProcessingInputs:[{InputName!:text}] ProcessingOutputConfig:{Outputs!:[{OutputName!:text}]} "
			 "ProcessingJobName!:name ProcessingResources!:{ClusterConfig!:{InstanceCount!:count "
			 "InstanceType!:text VolumeSizeInGB!:count}} StoppingCondition:{MaxRuntimeInSeconds!:count} "
			 "AppSpecification!:{ImageUri!:text ContainerEntrypoint:[text] ContainerArguments:[text]} "
			 "Environment:<text> NetworkConfig RoleArn!:role Tags:tags ExperimentConfig",
			 "ProcessingJobArn"},
			{VERB_DESCRIBE, "DescribeProcessingJob"},
			{VERB_CHANGE, "StopProcessingJob", .from = "InProgress Stopping", .to = "Stopped",
			 .stamp = "ProcessingEndTime", .refused = NOT_STOPPED},
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
		.hidden = "LastModifiedTime",
		.search_drop = "LastModifiedTime",
		.missing = {"ValidationException", "Could not find requested job with name: {name}"},
		.taken = {"ResourceInUse", "Job name must be unique within an AWS account and region, and a job with "
					   "this name already exists ({arn})"},
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
			 "TransformJobArn", .hook = transform_job_made},
			{VERB_DESCRIBE, "DescribeTransformJob"},
			{VERB_CHANGE, "StopTransformJob", .from = "InProgress Stopping", .to = "Stopped",
			 .stamp = "TransformEndTime", .refused = NOT_STOPPED}},
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
	{
		.id = "monitoring",
		.word = "monitoring-schedule",
		.noun = "monitoring schedule",
		.key = "MonitoringScheduleName",
		.key_input = "MonitoringScheduleName!:name",
		.arn = "MonitoringScheduleArn",
		.arn_path = "monitoring-schedule/{key}",
		.created = "CreationTime",
		.modified = "LastModifiedTime",
		.status = "MonitoringScheduleStatus",
		.statuses = "Pending|Failed|Scheduled|Stopped",
		.begin = JSON({"MonitoringScheduleStatus" : "Pending"}),
		.more = "FailureReason:text EndpointName:name LastMonitoringExecutionSummary "
			"MonitoringType:DataQuality|ModelQuality|ModelBias|ModelExplainability",
		.missing = {"ResourceNotFound", "Monitoring Schedule {arn} not found"},
		.taken = {"ResourceInUse", "Monitoring Schedule with name {name} already exists ({arn})"},
		.list = {"ListMonitoringSchedules", "MonitoringScheduleSummaries",
			 "MonitoringScheduleName MonitoringScheduleArn CreationTime LastModifiedTime "
			 "MonitoringScheduleStatus EndpointName "
			 "MonitoringJobDefinitionName=MonitoringScheduleConfig.MonitoringJobDefinitionName "
			 "MonitoringType",
			 JOB_FILTERS,
			 "EndpointName:name MonitoringJobDefinitionName:name "
			 "MonitoringTypeEquals:DataQuality|ModelQuality|ModelBias|ModelExplainability",
			 "EndpointName=EndpointName MonitoringTypeEquals=MonitoringType "
			 "MonitoringJobDefinitionName=MonitoringScheduleConfig.MonitoringJobDefinitionName",
			 .sort = JOB_SORT},
		.ops = {{VERB_CREATE, "CreateMonitoringSchedule",
			 "MonitoringScheduleName!:name MonitoringScheduleConfig!:{ScheduleConfig:{"
			 "ScheduleExpression!:text} MonitoringJobDefinition MonitoringJobDefinitionName:name "
			 "MonitoringType:DataQuality|ModelQuality|ModelBias|ModelExplainability} Tags:tags",
			 "MonitoringScheduleArn", .hook = monitoring_schedule_made},
			{VERB_DESCRIBE, "DescribeMonitoringSchedule"},
			{VERB_CHANGE, "UpdateMonitoringSchedule",
			 "MonitoringScheduleConfig!:{ScheduleConfig:{"
			 "ScheduleExpression!:text} MonitoringJobDefinition MonitoringJobDefinitionName:name "
			 "MonitoringType:DataQuality|ModelQuality|ModelBias|ModelExplainability}",
			 "MonitoringScheduleArn", .hook = monitoring_schedule_made},
			{VERB_CHANGE, "StartMonitoringSchedule", .to = "Scheduled"},
			{VERB_CHANGE, "StopMonitoringSchedule", .to = "Stopped"},
			{VERB_DELETE, "DeleteMonitoringSchedule"}},
	},
	{
		.id = "monitoring-execution",
		.noun = "monitoring execution",
		.key = "MonitoringScheduleName ScheduledTime",
		.name = "MonitoringScheduleName",
		.created = "CreationTime",
		.modified = "LastModifiedTime",
		.status = "MonitoringExecutionStatus",
		.statuses = "Pending|Completed|CompletedWithViolations|InProgress|Failed|Stopping|Stopped",
		.more = "MonitoringScheduleName!:name ScheduledTime!:time ProcessingJobArn:text EndpointName:name "
			"FailureReason:text MonitoringJobDefinitionName:name "
			"MonitoringType:DataQuality|ModelQuality|ModelBias|ModelExplainability",
		.list = {"ListMonitoringExecutions", "MonitoringExecutionSummaries", NULL,
			 LIST_STATUS | LIST_CREATED | LIST_MODIFIED,
			 "MonitoringScheduleName:name EndpointName:name ScheduledTimeBefore:time "
			 "ScheduledTimeAfter:time MonitoringJobDefinitionName:name "
			 "MonitoringTypeEquals:DataQuality|ModelQuality|ModelBias|ModelExplainability",
			 "MonitoringScheduleName=MonitoringScheduleName EndpointName=EndpointName "
			 "MonitoringJobDefinitionName=MonitoringJobDefinitionName MonitoringTypeEquals=MonitoringType "
			 "ScheduledTimeAfter>ScheduledTime ScheduledTimeBefore<ScheduledTime",
			 .sort = "CreationTime|ScheduledTime|Status"},
	},
	{.id = NULL},
};
