/* Rows of the table of kinds: monitoring schedules, their executions and definitions. */
#include "aws/local/services/kinds_rows.h"
#include "aws/local/services/monitoring.h"
#include "base/clock.h"

#define TYPES "DataQuality|ModelQuality|ModelBias|ModelExplainability"

/* What a definition and a schedule's own have in common. */
#define RESOURCE "{S3Uri:s3_uri}"
#define BASELINE "{BaseliningJobName:name ConstraintsResource:" RESOURCE " StatisticsResource:" RESOURCE "}"
#define INPUT_MEMBERS                                                                                   \
	" LocalPath!:text S3InputMode:Pipe|File S3DataDistributionType:FullyReplicated|ShardedByS3Key " \
	"FeaturesAttribute:text InferenceAttribute:text ProbabilityAttribute:text "                     \
	"ProbabilityThresholdAttribute:number StartTimeOffset:text EndTimeOffset:text "                 \
	"ExcludeFeaturesAttribute:text"
#define INPUT                                                                                            \
	"{EndpointInput:{EndpointName!:name" INPUT_MEMBERS                                               \
	"} BatchTransformInput:{DataCapturedDestinationS3Uri!:s3_uri DatasetFormat!:{Csv:{Header:bool} " \
	"Json:{Line:bool} Parquet}" INPUT_MEMBERS "}}"
#define OUTPUTS                                                                                               \
	"{MonitoringOutputs!:[{S3Output!:{S3Uri!:s3_uri LocalPath!:text S3UploadMode:Continuous|EndOfJob}}] " \
	"KmsKeyId:text}"
#define RESOURCES "{ClusterConfig!:{InstanceCount!:count InstanceType!:text VolumeSizeInGB!:count VolumeKmsKeyId:text}}"
#define STOPPING "{MaxRuntimeInSeconds!:count}"
#define APP                                                                     \
	"{ImageUri!:text ContainerEntrypoint:[text] ContainerArguments:[text] " \
	"RecordPreprocessorSourceUri:s3_uri PostAnalyticsProcessorSourceUri:s3_uri"
#define CONFIG                                                                                                      \
	"ScheduleConfig:{ScheduleExpression!:text DataAnalysisStartTime:text DataAnalysisEndTime:text} "            \
	"MonitoringJobDefinition:{BaselineConfig:" BASELINE " MonitoringInputs!:[" INPUT                            \
	"] MonitoringOutputConfig!:" OUTPUTS " MonitoringResources!:" RESOURCES " MonitoringAppSpecification!:" APP \
	"} StoppingCondition:" STOPPING                                                                             \
	" Environment:<text> NetworkConfig RoleArn!:role} MonitoringJobDefinitionName:name MonitoringType:" TYPES

/* --- schedules --------------------------------------------------------------------------------- */

static int check_offsets(struct call *c, const json_t *schedule, bool now)
{
	static const char *const names[] = {"DataAnalysisStartTime", "DataAnalysisEndTime"};
	int64_t ms[2] = {0};
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *text = json_get_str(schedule, names[i]);

		if (!text && now)
			return op_invalid(c, "%s must be given with the ScheduleExpression NOW.", names[i]);
		if (text && monitoring_parse_offset(text, HOUR_MS, &ms[i], &err) < 0)
			return op_invalid(c, "%s: %s", names[i], err.msg);
	}
	if (json_get_str(schedule, names[0]) && (ms[0] >= ms[1] || ms[1] - ms[0] > DAY_MS))
		return op_invalid(c, "DataAnalysisStartTime must be before DataAnalysisEndTime, by 24 hours at most.");
	return 0;
}

/* The endpoint is there and captures. *ret: its name, NULL for a batch. */
static int check_input(struct call *c, const struct monitoring_work *w, const char **ret)
{
	const json_t *endpoint = json_object_get(w->input, "EndpointInput");
	const json_t *batch = json_object_get(w->input, "BatchTransformInput");
	const char *local = str_or(json_get_str(endpoint ? endpoint : batch, "LocalPath"), "");

	*ret = json_get_str(endpoint, "EndpointName");
	if (!endpoint == !batch)
		return op_invalid(c, "Exactly one of EndpointInput and BatchTransformInput must be given.");
	if (!str_starts(local, "/opt/ml/processing/") || strstr(local, ".."))
		return op_invalid(c, "LocalPath '%.256s' must be a folder under /opt/ml/processing.", local);
	if (json_object_get(json_object_get(batch, "DatasetFormat"), "Parquet"))
		return op_invalid(c, "The local engine's analyzer reads CSV and JSON lines, not Parquet.");
	if (json_object_get(endpoint ? endpoint : batch, "ExcludeFeaturesAttribute"))
		return op_invalid(
			c, "The local engine checks all features: leave ExcludeFeaturesAttribute out, or edit the "
			   "baseline's constraints.");
	if (!endpoint)
		return 0;
	const struct document *r = document_find(c->e, "endpoint", *ret);

	if (!r)
		return op_invalid(c, "Could not find endpoint \"%s\".", *ret);
	if (!json_get_bool(json_object_get(r->doc, "DataCaptureConfig"), "EnableCapture", false))
		return op_invalid(c,
				  "Endpoint \"%s\" captures no data: its configuration needs a DataCaptureConfig with "
				  "EnableCapture.",
				  *ret);
	return 0;
}

static int check_config(struct call *c, const json_t *config, const char **ret_endpoint)
{
	const json_t *schedule = json_object_get(config, "ScheduleConfig");
	const char *name = json_get_str(config, "MonitoringJobDefinitionName");
	const char *type = str_or(json_get_str(config, "MonitoringType"), "DataQuality");
	struct monitoring_times t;
	struct monitoring_work w;
	struct err err = {0};

	if (!name == !json_object_get(config, "MonitoringJobDefinition"))
		return op_invalid(c, "MonitoringScheduleConfig must have MonitoringJobDefinition or "
				     "MonitoringJobDefinitionName, and not both.");
	if (!str_eq(type, "DataQuality"))
		return op_invalid(c, "The local engine runs schedules of the MonitoringType DataQuality only.");
	if (!schedule)
		return op_invalid(c, "MonitoringScheduleConfig must have a ScheduleConfig.");
	if (monitoring_parse(json_get_str(schedule, "ScheduleExpression"), &t, &err) < 0)
		return op_invalid(c, "%s", err.msg);
	if (check_offsets(c, schedule, t.now) < 0)
		return -1;
	if (!monitoring_work_of(c->e, config, &w))
		return op_invalid(c, "Could not find the data quality job definition \"%s\".", name);
	return check_input(c, &w, ret_endpoint);
}

/* From now on; a time that is past is not due. */
static void set_begin(struct call *c, struct document *r)
{
	const char *text =
		json_get_str(json_path_get(r->doc, "MonitoringScheduleConfig.ScheduleConfig"), "ScheduleExpression");

	json_object_set_new(r->doc, MONITORING_STATE, json_integer(str_eq(text, "NOW") ? 0 : engine_now_ms(c->e)));
	monitoring_wake(c->e);
}

static int schedule_made(struct call *c, struct document *r)
{
	const char *endpoint = NULL;

	if (check_config(c, json_object_get(r->doc, "MonitoringScheduleConfig"), &endpoint) < 0)
		return -1;
	json_object_set_new(r->doc, "MonitoringType", json_string("DataQuality"));
	json_object_del(r->doc, "EndpointName");
	if (endpoint)
		json_object_set_new(r->doc, "EndpointName", json_string(endpoint));
	set_begin(c, r);
	return 0;
}

static int schedule_started(struct call *c, struct document *r)
{
	if (json_object_get(r->doc, MONITORING_STATE))
		set_begin(c, r);
	return 0;
}

/* What runs ends with it. */
static int schedule_stopped(struct call *c, struct document *r)
{
	monitoring_stop_running(c->e, r->key);
	return 0;
}

static int schedule_deleted(struct call *c, struct document *r)
{
	if (!monitoring_is_running(c->e, r->key))
		return 0;
	return op_invalid(
		c,
		"Monitoring schedule %s has an execution in progress; stop the schedule, and delete it when the "
		"execution has ended.",
		r->key);
}

/* --- definitions -------------------------------------------------------------------------------- */

static int definition_made(struct call *c, struct document *r)
{
	const struct monitoring_work w = {.input = json_object_get(r->doc, "DataQualityJobInput")};
	const char *endpoint = NULL;

	return check_input(c, &w, &endpoint);
}

const struct document_kind kinds_of_monitoring[] = {
	{
		.id = MONITORING_KIND,
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
		.hidden = MONITORING_STATE,
		.more = "FailureReason:text EndpointName:name LastMonitoringExecutionSummary "
			"MonitoringType:" TYPES,
		.missing = {"ResourceNotFound", "Monitoring Schedule {arn} not found"},
		.taken = {"ResourceInUse", "Monitoring Schedule with name {name} already exists ({arn})"},
		.list = {"ListMonitoringSchedules", "MonitoringScheduleSummaries",
			 "MonitoringScheduleName MonitoringScheduleArn CreationTime LastModifiedTime "
			 "MonitoringScheduleStatus EndpointName "
			 "MonitoringJobDefinitionName=MonitoringScheduleConfig.MonitoringJobDefinitionName "
			 "MonitoringType",
			 JOB_FILTERS,
			 "EndpointName:name MonitoringJobDefinitionName:name "
			 "MonitoringTypeEquals:" TYPES,
			 "EndpointName=EndpointName MonitoringTypeEquals=MonitoringType "
			 "MonitoringJobDefinitionName=MonitoringScheduleConfig.MonitoringJobDefinitionName",
			 .sort = JOB_SORT},
		.ops = {{VERB_CREATE, "CreateMonitoringSchedule",
			 "MonitoringScheduleName!:name MonitoringScheduleConfig!:{" CONFIG "} Tags:tags",
			 "MonitoringScheduleArn", .hook = schedule_made},
			{VERB_DESCRIBE, "DescribeMonitoringSchedule"},
			{VERB_CHANGE, "UpdateMonitoringSchedule", "MonitoringScheduleConfig!:{" CONFIG "}",
			 "MonitoringScheduleArn", .hook = schedule_made},
			{VERB_CHANGE, "StartMonitoringSchedule", .to = "Scheduled", .hook = schedule_started},
			{VERB_CHANGE, "StopMonitoringSchedule", .to = "Stopped", .hook = schedule_stopped},
			{VERB_DELETE, "DeleteMonitoringSchedule", .hook = schedule_deleted}},
	},
	{
		.id = MONITORING_EXECUTION,
		.noun = "monitoring execution",
		.key = "MonitoringScheduleName ScheduledTime",
		.name = "MonitoringScheduleName",
		.created = "CreationTime",
		.modified = "LastModifiedTime",
		.status = "MonitoringExecutionStatus",
		.statuses = "Pending|Completed|CompletedWithViolations|InProgress|Failed|Stopping|Stopped",
		.more = "MonitoringScheduleName!:name ScheduledTime!:time ProcessingJobArn:text EndpointName:name "
			"FailureReason:text MonitoringJobDefinitionName:name "
			"MonitoringType:" TYPES,
		.list = {"ListMonitoringExecutions", "MonitoringExecutionSummaries", NULL,
			 LIST_STATUS | LIST_CREATED | LIST_MODIFIED,
			 "MonitoringScheduleName:name EndpointName:name ScheduledTimeBefore:time "
			 "ScheduledTimeAfter:time MonitoringJobDefinitionName:name "
			 "MonitoringTypeEquals:" TYPES,
			 "MonitoringScheduleName=MonitoringScheduleName EndpointName=EndpointName "
			 "MonitoringJobDefinitionName=MonitoringJobDefinitionName MonitoringTypeEquals=MonitoringType "
			 "ScheduledTimeAfter>ScheduledTime ScheduledTimeBefore<ScheduledTime",
			 .sort = "CreationTime|ScheduledTime|Status"},
	},
	{
		.id = MONITORING_DEFINITION,
		.noun = "job definition",
		.key = "JobDefinitionName",
		.key_input = "JobDefinitionName!:name",
		.arn = "JobDefinitionArn",
		.arn_path = "data-quality-job-definition/{key}",
		.created = "CreationTime",
		.missing = {"ResourceNotFound", "Job definition {arn} does not exist"},
		.taken = {"ResourceInUse", "Job definition {name} already exists ({arn})"},
		.list = {"ListDataQualityJobDefinitions", "JobDefinitionSummaries",
			 "MonitoringJobDefinitionName=JobDefinitionName MonitoringJobDefinitionArn=JobDefinitionArn "
			 "CreationTime EndpointName=DataQualityJobInput.EndpointInput.EndpointName",
			 LIST_NAME | LIST_CREATED, "EndpointName:name",
			 "EndpointName=DataQualityJobInput.EndpointInput.EndpointName", .sort = "CreationTime|Name"},
		.ops = {{VERB_CREATE, "CreateDataQualityJobDefinition",
			 "JobDefinitionName!:name DataQualityBaselineConfig:" BASELINE
			 " DataQualityAppSpecification!:" APP " Environment:<text>} DataQualityJobInput!:" INPUT
			 " DataQualityJobOutputConfig!:" OUTPUTS " JobResources!:" RESOURCES
			 " NetworkConfig RoleArn!:role StoppingCondition:" STOPPING " Tags:tags",
			 "JobDefinitionArn", .hook = definition_made},
			{VERB_DESCRIBE, "DescribeDataQualityJobDefinition"},
			{VERB_DELETE, "DeleteDataQualityJobDefinition"}},
	},
	{.id = NULL},
};
