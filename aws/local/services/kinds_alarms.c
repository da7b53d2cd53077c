/* Rows of the table of kinds: CloudWatch's alarms and dashboards. */
#include "aws/local/services/kinds_rows.h"

#include "aws/local/running/alarms.h"

#define ACTIONS "[arn]"
#define OPERATORS                                                                                          \
	"GreaterThanOrEqualToThreshold|GreaterThanThreshold|LessThanThreshold|LessThanOrEqualToThreshold|" \
	"LessThanLowerOrGreaterThanUpperThreshold|LessThanLowerThreshold|GreaterThanUpperThreshold"
#define UNITS                                                                                                     \
	"Seconds|Microseconds|Milliseconds|Bytes|Kilobytes|Megabytes|Gigabytes|Terabytes|Bits|Kilobits|Megabits|" \
	"Gigabits|Terabits|Percent|Count|Bytes/Second|Kilobytes/Second|Megabytes/Second|Gigabytes/Second|"        \
	"Terabytes/Second|Bits/Second|Kilobits/Second|Megabits/Second|Gigabits/Second|Terabits/Second|"           \
	"Count/Second|None"
#define STATE_VALUES "OK|ALARM|INSUFFICIENT_DATA"
#define DIMENSIONS "[{Name!:text Value!:text}]"

/* --- alarms ---------------------------------------------------------------------------- */

static int check_alarm(struct call *c)
{
	bool metric = json_object_get(c->in, "MetricName") != NULL;
	bool math = json_array_size(json_object_get(c->in, "Metrics")) > 0;
	int64_t period = json_get_i64(c->in, "Period", 60);
	int64_t points = json_get_i64(c->in, "DatapointsToAlarm", 1),
		periods = json_get_i64(c->in, "EvaluationPeriods", 1);

	if (metric == math)
		return op_invalid(c, "Exactly one of MetricName and Metrics must be given.");
	if (metric && (!json_object_get(c->in, "Namespace") || !json_object_get(c->in, "Period")))
		return op_invalid(c, "Namespace and Period must be given with MetricName.");
	if (metric && !json_object_get(c->in, "Statistic") == !json_object_get(c->in, "ExtendedStatistic"))
		return op_invalid(c, "Exactly one of Statistic and ExtendedStatistic must be given.");
	if (period != 10 && period != 20 && period != 30 && period % 60)
		return op_invalid(c, "Period must be 10, 20, 30 or a multiple of 60.");
	if (!json_object_get(c->in, "EvaluationPeriods") || !json_object_get(c->in, "ComparisonOperator"))
		return op_invalid(c, "EvaluationPeriods and ComparisonOperator must be given.");
	if (points > periods)
		return op_invalid(c, "DatapointsToAlarm must not be greater than EvaluationPeriods.");
	return 0;
}

/* An alarm that is put again keeps its state until it is evaluated anew. */
static int alarm_made(struct call *c, struct document *r)
{
	static const char *const kept[] = {"StateValue", "StateReason", "StateReasonData", "StateUpdatedTimestamp",
					   "StateTransitionedTimestamp"};
	const struct document *old = document_find(c->e, r->kind, r->key);

	if (check_alarm(c) < 0)
		return -1;
	json_object_set_new(r->doc, "AlarmConfigurationUpdatedTimestamp", json_epoch(engine_now_ms(c->e)));
	for (size_t i = 0; old && i < ARRAY_LEN(kept); i++)
		json_object_set(r->doc, kept[i], json_object_get(old->doc, kept[i]));
	if (!old)
		json_object_set(r->doc, "StateUpdatedTimestamp",
				json_object_get(r->doc, "AlarmConfigurationUpdatedTimestamp"));
	alarms_put(c->e, r->key);
	return 0;
}

static bool any_starts(const json_t *list, const char *prefix)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (str_starts(str_or(json_string_value(json_array_get(list, i)), ""), prefix))
			return true;
	}
	return false;
}

static bool any_is(const json_t *list, const char *text)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (str_eq(json_string_value(json_array_get(list, i)), text))
			return true;
	}
	return false;
}

static bool alarm_matches(struct call *c, const struct document *r)
{
	static const char *const actions[] = {"OKActions", "AlarmActions", "InsufficientDataActions"};
	const json_t *names = json_object_get(c->in, "AlarmNames"), *types = json_object_get(c->in, "AlarmTypes");
	const char *prefix = json_get_str(c->in, "ActionPrefix");
	bool found = !prefix;

	if (json_array_size(types) && !any_is(types, "MetricAlarm"))
		return false;
	if (json_array_size(names) && !any_is(names, r->key))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(actions) && !found; i++)
		found = any_starts(json_object_get(r->doc, actions[i]), prefix);
	return found;
}

static void remove_all(struct call *c, const char *kind, const json_t *names)
{
	size_t i;
	json_t *name;

	json_array_foreach((json_t *)names, i, name)
	{
		struct document *r = document_find(c->e, kind, json_string_value(name));

		if (r)
			document_remove(c->e, r);
	}
}

/* The service says nothing of alarms that are not there. */
int op_delete_alarms(struct call *c, json_t **out)
{
	remove_all(c, ALARM_KIND, json_object_get(c->in, "AlarmNames"));
	*out = json_null();
	return 0;
}

static int switch_actions(struct call *c, bool on)
{
	const json_t *names = json_object_get(c->in, "AlarmNames");
	size_t i;
	json_t *name;

	json_array_foreach((json_t *)names, i, name)
	{
		struct document *r = document_find(c->e, ALARM_KIND, json_string_value(name));

		if (!r)
			continue;
		json_object_set_new(r->doc, "ActionsEnabled", json_boolean(on));
		document_save(c->e, r);
	}
	return 0;
}

int op_enable_alarm_actions(struct call *c, json_t **out)
{
	*out = json_null();
	return switch_actions(c, true);
}

int op_disable_alarm_actions(struct call *c, json_t **out)
{
	*out = json_null();
	return switch_actions(c, false);
}

/* SetAlarmState: until the next evaluation, where its metric has values (running/alarms.h). */
static int alarm_state_set(struct call *c, struct document *r)
{
	json_object_set(r->doc, "StateTransitionedTimestamp", json_object_get(r->doc, "StateUpdatedTimestamp"));
	return 0;
}

/* --- dashboards ------------------------------------------------------------------------- */

static int bad_body(struct call *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
static int bad_body(struct call *c, const char *fmt, ...)
{
	char text[700];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	str_copy(c->fault->shape, sizeof(c->fault->shape), "DashboardInvalidInputError");
	return fault_set(c->fault, 400, "InvalidParameterInput", "The dashboard body is invalid: %s", text);
}

static int dashboard_made(struct call *c, struct document *r)
{
	const char *body = json_get_str(r->doc, "DashboardBody");
	AUTO(json) json_t *parsed = NULL;
	struct err err = {0};
	const json_t *widgets;
	size_t i;
	json_t *widget;

	if (json_parse(body, strlen(body), "DashboardBody", &parsed, &err) < 0)
		return bad_body(c, "%.500s", err.msg);
	widgets = json_object_get(parsed, "widgets");
	if (!json_is_array(widgets))
		return bad_body(c, "/widgets: it should be a list.");
	json_array_foreach((json_t *)widgets, i, widget)
	{
		if (!word_in("metric text log alarm explorer custom", json_get_str(widget, "type")))
			return bad_body(c, "/widgets/%zu/type: it should be one of metric, text, log, alarm, explorer.",
					i);
	}
	json_object_set_new(r->doc, "Size", json_integer((json_int_t)strlen(body)));
	return 0;
}

/* All or none. */
int op_delete_dashboards(struct call *c, json_t **out)
{
	const json_t *names = json_object_get(c->in, "DashboardNames");
	size_t i;
	json_t *name;

	json_array_foreach((json_t *)names, i, name)
	{
		if (!document_find(c->e, "dashboard", json_string_value(name)))
			return fault_set(c->fault, 400, "InvalidParameterValue", "Dashboard %.255s does not exist",
					 json_string_value(name));
	}
	remove_all(c, "dashboard", names);
	*out = json_object();
	return 0;
}

const struct document_kind kinds_of_alarms[] = {
	{
		.id = ALARM_KIND,
		.noun = "alarm",
		.service = SVC_CLOUDWATCH,
		.key = "AlarmName",
		.key_input = "AlarmName!:alarm_name",
		.arn = "AlarmArn",
		.arn_path = "alarm:{key}",
		.arn_service = "cloudwatch",
		.status = "StateValue",
		.statuses = STATE_VALUES,
		.begin = JSON({
			"StateValue" : "INSUFFICIENT_DATA",
			"StateReason" : "Unchecked: Initial alarm creation",
			"ActionsEnabled" : true,
			"OKActions" : [],
			"AlarmActions" : [],
			"InsufficientDataActions" : [],
			"Dimensions" : []
		}),
		.more = "AlarmConfigurationUpdatedTimestamp:time StateReason:text StateReasonData:text "
			"StateUpdatedTimestamp:time "
			"StateTransitionedTimestamp:time EvaluationState:text",
		.missing = {"ResourceNotFound", "The alarm {name} does not exist.", 404},
		.list = {"DescribeAlarms", "MetricAlarms", NULL, 0,
			 "AlarmNames:[alarm_name] AlarmNamePrefix:text "
			 "AlarmTypes:[CompositeAlarm|MetricAlarm|LogAlarm] ChildrenOfAlarmName:text "
			 "ParentsOfAlarmName:text StateValue:" STATE_VALUES " ActionPrefix:text",
			 "AlarmNamePrefix^AlarmName StateValue=StateValue", .ascending = true, .page = "MaxRecords",
			 .page_default = 50, .match = alarm_matches},
		.ops = {{VERB_PUT, "PutMetricAlarm",
			 "AlarmName!:alarm_name AlarmDescription:text ActionsEnabled:bool OKActions:" ACTIONS
			 " AlarmActions:" ACTIONS " InsufficientDataActions:" ACTIONS " MetricName:text Namespace:text "
			 "Statistic:SampleCount|Average|Sum|Minimum|Maximum ExtendedStatistic:text "
			 "Dimensions:" DIMENSIONS " Period:count Unit:" UNITS
			 " EvaluationPeriods:count DatapointsToAlarm:count Threshold:number "
			 "ComparisonOperator:" OPERATORS " TreatMissingData:breaching|notBreaching|ignore|missing "
			 "EvaluateLowSampleCountPercentile:text Metrics:[{Id!:text MetricStat:{Metric!:{Namespace:text "
			 "MetricName:text Dimensions:" DIMENSIONS "} Period!:count Stat!:text Unit:" UNITS
			 "} Expression:text Label:text ReturnData:bool Period:count AccountId:text}] Tags:tags "
			 "ThresholdMetricId:text",
			 .hook = alarm_made},
			{VERB_CHANGE, "SetAlarmState",
			 "StateValue!:" STATE_VALUES " StateReason!:text StateReasonData:text",
			 .stamp = "StateUpdatedTimestamp", .hook = alarm_state_set}},
	},
	{
		.id = "dashboard",
		.noun = "dashboard",
		.service = SVC_CLOUDWATCH,
		.key = "DashboardName",
		.key_input = "DashboardName!:word",
		.arn = "DashboardArn",
		.arn_path = "dashboard/{key}",
		.arn_service = "cloudwatch",
		.arn_global = true,
		.modified = "LastModified",
		.begin = JSON({"DashboardValidationMessages" : []}),
		.more = "Size:count DashboardValidationMessages",
		.missing = {"ResourceNotFound", "Dashboard {name} does not exist", 404, "DashboardNotFoundError"},
		.list = {"ListDashboards", "DashboardEntries", "DashboardName DashboardArn LastModified Size", 0,
			 "DashboardNamePrefix:text", "DashboardNamePrefix^DashboardName", .ascending = true, .page = "",
			 .page_default = 1000},
		.ops = {{VERB_PUT, "PutDashboard", "DashboardName!:word DashboardBody!:text Tags:tags",
			 "DashboardValidationMessages", .hook = dashboard_made},
			{VERB_DESCRIBE, "GetDashboard", NULL, "DashboardArn DashboardBody DashboardName"}},
	},
	{.id = NULL},
};
