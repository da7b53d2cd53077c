/* The tables of services and operations, and how an operation is found. */
#include "aws/local/front/operations.h"

#include "aws/local/services/shapes.h"
#include "aws/local/services/tags.h"
#include "aws/local/wire/shape_text.h"

#define TAGGED "ResourceARN!:arn"
#define TAGS_LIST TAGGED " Tags!:tags"
#define TAGS_KEYS TAGGED " TagKeys!:[tag_key]"
#define JSON_FAULTS "ThrottlingException", "ValidationException"

static const struct service services[] = {
	[SVC_SAGEMAKER] = {{"sagemaker", NULL, JSON_FAULTS}, "SageMaker", "sagemaker", WIRE_JSON_1_1},
	[SVC_RUNTIME] = {{"sagemaker", NULL, "ThrottlingException", "ValidationError"},
			 NULL,
			 "sagemaker",
			 WIRE_REST_JSON},
	[SVC_LOGS] = {{"logs", NULL, "ThrottlingException", "InvalidParameterException"},
		      "Logs_20140328",
		      "logs",
		      WIRE_JSON_1_1},
	[SVC_CLOUDWATCH] = {{"cloudwatch", "http://monitoring.amazonaws.com/doc/2010-08-01/", "Throttling",
			     "ValidationError"},
			    "GraniteServiceVersion20100801",
			    "monitoring",
			    WIRE_JSON_1_0},
	[SVC_EVENTS] = {{"events", NULL, JSON_FAULTS}, "AWSEvents", "events", WIRE_JSON_1_1},
	[SVC_SCHEDULER] = {{"scheduler", NULL, JSON_FAULTS}, NULL, "scheduler", WIRE_REST_JSON},
	[SVC_AUTOSCALING] = {{"application-autoscaling", NULL, JSON_FAULTS},
			     "AnyScaleFrontendService",
			     "application-autoscaling",
			     WIRE_JSON_1_1},
	[SVC_STS] = {{"sts", "https://sts.amazonaws.com/doc/2011-06-15/", "Throttling", "ValidationError"},
		     NULL,
		     "sts",
		     WIRE_QUERY},
	[SVC_PRICING] = {{"pricing", NULL, "ThrottlingException", "InvalidParameterException"},
			 "AWSPriceListService",
			 "pricing",
			 WIRE_JSON_1_1},
	[SVC_COST_EXPLORER] = {{"ce", NULL, "LimitExceededException", "ValidationException"},
			       "AWSInsightsIndexService",
			       "ce",
			       WIRE_JSON_1_1},
	[SVC_S3] = {{"s3", NULL, "SlowDown", "InvalidArgument"}, NULL, "s3", WIRE_S3},
};

/* One row an operation that is no kind's. */
static const struct route rows[] = {
	{SVC_SAGEMAKER, "CreateTrainingJob", &shape_create_training_job, op_create_training_job},
	{SVC_SAGEMAKER, "DescribeTrainingJob", &shape_job_name, op_describe_training_job},
	{SVC_SAGEMAKER, "ListTrainingJobs", &shape_list_training_jobs, op_list_training_jobs},
	{SVC_SAGEMAKER, "StopTrainingJob", &shape_job_name, op_stop_training_job},
	{SVC_SAGEMAKER, "UpdateTrainingJob", &shape_update_training_job, op_update_training_job},
	{SVC_SAGEMAKER, "DeleteTrainingJob", &shape_job_name, op_delete_training_job},
	{SVC_SAGEMAKER, "ListTrainingJobsForHyperParameterTuningJob", NULL, op_list_tuning_children,
	 "HyperParameterTuningJobName!:name32 NextToken:token MaxResults:page "
	 "StatusEquals:InProgress|Completed|Failed|Stopping|Stopped|Deleting "
	 "SortBy:Name|CreationTime|Status|FinalObjectiveMetricValue SortOrder:order"},
	{SVC_SAGEMAKER, "DescribePipelineDefinitionForExecution", NULL, op_describe_pipeline_definition,
	 "PipelineExecutionArn!:word"},
	{SVC_SAGEMAKER, "ListPipelineParametersForExecution", NULL, op_list_pipeline_parameters,
	 "PipelineExecutionArn!:word NextToken:token MaxResults:page"},
	{SVC_SAGEMAKER, "RetryPipelineExecution", NULL, op_not_yet, "PipelineExecutionArn!:word"},
	{SVC_SAGEMAKER, "CreatePresignedMlflowTrackingServerUrl", NULL, op_not_yet, "TrackingServerName!:name256"},
	{SVC_SAGEMAKER, "CreatePresignedMlflowAppUrl", NULL, op_not_yet, "Arn!:word"},
	{SVC_SAGEMAKER, "Search", &shape_search, op_search},
	{SVC_SAGEMAKER, "ListTags", &shape_list_tags, op_list_tags},
	{SVC_SAGEMAKER, "AddTags", &shape_add_tags, op_add_tags},
	{SVC_SAGEMAKER, "DeleteTags", &shape_delete_tags, op_delete_tags},
	{SVC_RUNTIME, "InvokeEndpoint", NULL, op_invoke_endpoint,
	 "EndpointName!:name TargetVariant:name TargetModel:text"},
	{SVC_RUNTIME, "InvokeEndpointAsync", NULL, op_invoke_endpoint_async,
	 "EndpointName!:name ContentType:text Accept:text CustomAttributes:text InferenceId:inference_id "
	 "InputLocation:s3_uri RequestTTLSeconds:ttl_s InvocationTimeoutSeconds:timeout_s Filename:filename "
	 "S3OutputPathExtension:word"},
	{SVC_RUNTIME, "InvokeEndpointWithResponseStream", NULL, op_not_yet, "EndpointName!:name"},
	{SVC_LOGS, "DescribeLogGroups", &shape_describe_log_groups, op_describe_log_groups},
	{SVC_LOGS, "DescribeLogStreams", &shape_describe_log_streams, op_describe_log_streams},
	{SVC_LOGS, "GetLogEvents", &shape_get_log_events, op_get_log_events},
	{SVC_LOGS, "FilterLogEvents", &shape_filter_log_events, op_filter_log_events},
	{SVC_LOGS, "StartLiveTail", &shape_start_live_tail, op_start_live_tail},
	{SVC_LOGS, "PutLogEvents", &shape_put_log_events, op_put_log_events},
	{SVC_LOGS, "CreateLogStream", &shape_create_log_stream, op_create_log_stream},
	{SVC_LOGS, "CreateLogGroup", &shape_create_log_group, op_create_log_group},
	{SVC_CLOUDWATCH, "GetMetricData", &shape_get_metric_data, op_get_metric_data},
	{SVC_CLOUDWATCH, "GetMetricStatistics", &shape_get_metric_statistics, op_get_metric_statistics},
	{SVC_CLOUDWATCH, "ListMetrics", &shape_list_metrics, op_list_metrics},
	{SVC_CLOUDWATCH, "PutMetricData", &shape_put_metric_data, op_put_metric_data},
	{SVC_CLOUDWATCH, "DeleteAlarms", NULL, op_delete_alarms, "AlarmNames!:[alarm_name]"},
	{SVC_CLOUDWATCH, "EnableAlarmActions", NULL, op_enable_alarm_actions, "AlarmNames!:[alarm_name]"},
	{SVC_CLOUDWATCH, "DisableAlarmActions", NULL, op_disable_alarm_actions, "AlarmNames!:[alarm_name]"},
	{SVC_CLOUDWATCH, "DeleteDashboards", NULL, op_delete_dashboards, "DashboardNames!:[word]"},
	{SVC_CLOUDWATCH, "ListTagsForResource", NULL, op_list_resource_tags, TAGGED},
	{SVC_CLOUDWATCH, "TagResource", NULL, op_tag_resource, TAGS_LIST},
	{SVC_CLOUDWATCH, "UntagResource", NULL, op_untag_resource, TAGS_KEYS},
	{SVC_EVENTS, "ListTargetsByRule", NULL, op_list_targets_by_rule,
	 "Rule!:schedule_name EventBusName:text NextToken:token Limit:page"},
	{SVC_EVENTS, "PutTargets", NULL, op_put_targets,
	 "Rule!:schedule_name EventBusName:text Targets!:[{Id!:schedule_name Arn!:arn RoleArn:arn Input:text}]"},
	{SVC_EVENTS, "RemoveTargets", NULL, op_remove_targets,
	 "Rule!:schedule_name EventBusName:text Ids!:[schedule_name] Force:bool"},
	{SVC_EVENTS, "ListTagsForResource", NULL, op_list_resource_tags, TAGGED},
	{SVC_EVENTS, "TagResource", NULL, op_tag_resource, TAGS_LIST},
	{SVC_EVENTS, "UntagResource", NULL, op_untag_resource, TAGS_KEYS},
	{SVC_SCHEDULER, "ListTagsForResource", NULL, op_list_resource_tags, "ResourceArn!:arn"},
	{SVC_SCHEDULER, "TagResource", NULL, op_tag_resource, "ResourceArn!:arn Tags!:tags"},
	{SVC_SCHEDULER, "UntagResource", NULL, op_untag_resource, "ResourceArn!:arn TagKeys!:[tag_key]"},
	{SVC_AUTOSCALING, "ListTagsForResource", NULL, op_list_resource_tags, TAGGED},
	{SVC_AUTOSCALING, "TagResource", NULL, op_tag_resource, TAGGED " Tags!:<tag_value>"},
	{SVC_AUTOSCALING, "UntagResource", NULL, op_untag_resource, TAGS_KEYS},
	{SVC_STS, "GetCallerIdentity", &shape_get_caller_identity, op_get_caller_identity},
	{SVC_STS, "AssumeRole", &shape_assume_role, op_assume_role},
	{SVC_PRICING, "GetProducts", &shape_get_products, op_get_products},
	{SVC_COST_EXPLORER, "GetCostAndUsage", NULL, op_get_cost_and_usage,
	 "TimePeriod!:{Start!:text End!:text} Granularity!:DAILY|MONTHLY|HOURLY Metrics!:[text] Filter:any "
	 "GroupBy:[{Type:DIMENSION|TAG|COST_CATEGORY Key:text}] NextPageToken:text"},
};

/* How the REST services' operations come. */
static const struct rest_row {
	enum service_id service;
	const char *name;
	struct rest rest;
} rest_rows[] = {
	{SVC_SCHEDULER, "CreateSchedule", {"POST", "/schedules/{Name}"}},
	{SVC_SCHEDULER, "UpdateSchedule", {"PUT", "/schedules/{Name}"}},
	{SVC_SCHEDULER, "GetSchedule", {"GET", "/schedules/{Name}", "groupName=GroupName"}},
	{SVC_SCHEDULER,
	 "DeleteSchedule",
	 {"DELETE", "/schedules/{Name}", "groupName=GroupName clientToken=ClientToken"}},
	{SVC_SCHEDULER,
	 "ListSchedules",
	 {"GET", "/schedules",
	  "ScheduleGroup=GroupName NamePrefix=NamePrefix State=State MaxResults=MaxResults NextToken=NextToken"}},
	{SVC_SCHEDULER, "CreateScheduleGroup", {"POST", "/schedule-groups/{Name}"}},
	{SVC_SCHEDULER, "GetScheduleGroup", {"GET", "/schedule-groups/{Name}"}},
	{SVC_SCHEDULER, "DeleteScheduleGroup", {"DELETE", "/schedule-groups/{Name}", "clientToken=ClientToken"}},
	{SVC_SCHEDULER,
	 "ListScheduleGroups",
	 {"GET", "/schedule-groups", "NamePrefix=NamePrefix MaxResults=MaxResults NextToken=NextToken"}},
	{SVC_SCHEDULER, "ListTagsForResource", {"GET", "/tags/{ResourceArn}"}},
	{SVC_SCHEDULER, "TagResource", {"POST", "/tags/{ResourceArn}"}},
	{SVC_SCHEDULER, "UntagResource", {"DELETE", "/tags/{ResourceArn}", "TagKeys=TagKeys"}},
	{SVC_RUNTIME,
	 "InvokeEndpoint",
	 {"POST", "/endpoints/{EndpointName}/invocations", NULL,
	  "Content-Type=ContentType Accept=Accept X-Amzn-SageMaker-Target-Variant=TargetVariant "
	  "X-Amzn-SageMaker-Target-Model=TargetModel"}},
	{SVC_RUNTIME,
	 "InvokeEndpointAsync",
	 {"POST", "/endpoints/{EndpointName}/async-invocations", NULL,
	  "X-Amzn-SageMaker-Content-Type=ContentType X-Amzn-SageMaker-Accept=Accept "
	  "X-Amzn-SageMaker-Custom-Attributes=CustomAttributes X-Amzn-SageMaker-Inference-Id=InferenceId "
	  "X-Amzn-SageMaker-InputLocation=InputLocation X-Amzn-SageMaker-RequestTTLSeconds=RequestTTLSeconds "
	  "X-Amzn-SageMaker-InvocationTimeoutSeconds=InvocationTimeoutSeconds X-Amzn-SageMaker-Filename=Filename "
	  "X-Amzn-SageMaker-S3OutputPathExtension=S3OutputPathExtension",
	  202}},
	{SVC_RUNTIME,
	 "InvokeEndpointWithResponseStream",
	 {"POST", "/endpoints/{EndpointName}/invocations-response-stream", NULL, "Content-Type=ContentType"}},
};

/* --- all of them, made once ------------------------------------------------------------- */

static struct route *all;
static size_t n_all, cap_all;

static const struct rest *rest_of(enum service_id service, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(rest_rows); i++) {
		if (rest_rows[i].service == service && str_eq(rest_rows[i].name, name))
			return &rest_rows[i].rest;
	}
	return NULL;
}

static void add(struct route route)
{
	GROW(all, cap_all, n_all + 1);
	route.rest = rest_of(route.service, route.name);
	all[n_all++] = route;
}

static void add_kind(const struct document_kind *k)
{
	add((struct route){.service = k->service, .name = k->list.op, .fn = kind_op_list, .kind = k});
	for (const struct kind_op *op = k->ops; op->name; op++)
		add((struct route){
			.service = k->service, .name = op->name, .fn = kind_op_of(op->verb), .kind = k, .op = op});
}

static void make_all(void)
{
	const struct document_kind *k;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		add(rows[i]);
	for (size_t i = 0; (k = kind_at(i)); i++)
		add_kind(k);
}

const struct route *operation_at(size_t i)
{
	if (!all)
		make_all();
	return i < n_all ? &all[i] : NULL;
}

const struct shape *operation_shape(const struct route *route)
{
	struct route *mine = &all[route - all];

	if (!mine->shape)
		mine->shape = mine->kind ? kind_input(mine->kind, mine->op) : shape_of_text(mine->input);
	return mine->shape;
}

/* --- finding one ---------------------------------------------------------------------------- */

const struct service *service_row(enum service_id id)
{
	return &services[id];
}

const struct route *operation_find(enum service_id service, const char *name)
{
	const struct route *r;

	for (size_t i = 0; (r = operation_at(i)); i++) {
		if (r->service == service && str_eq(r->name, name))
			return r;
	}
	return NULL;
}

const struct route *operation_by_target(const char *target)
{
	const char *dot = strrchr(target, '.');

	for (size_t i = 0; dot && i < ARRAY_LEN(services); i++) {
		const char *prefix = services[i].target;

		if (prefix && strlen(prefix) == (size_t)(dot - target) && !strncmp(prefix, target, strlen(prefix)))
			return operation_find((enum service_id)i, dot + 1);
	}
	return NULL;
}

const struct route *operation_by_action(const char *action)
{
	const struct route *r;

	for (size_t i = 0; (r = operation_at(i)); i++) {
		if (services[r->service].wire.xml_ns && str_eq(r->name, action))
			return r;
	}
	return NULL;
}

const struct route *operation_by_path(const char *signing, const char *method, const char *path)
{
	const struct route *r;

	for (size_t i = 0; (r = operation_at(i)); i++) {
		if (r->rest && str_eq(services[r->service].signing, signing) && rest_matches(r->rest, method, path))
			return r;
	}
	return NULL;
}

bool operation_is_rest(const char *signing, const char *path)
{
	return str_eq(signing, "scheduler") || (str_eq(signing, "sagemaker") && str_starts(path, "/endpoints/"));
}
