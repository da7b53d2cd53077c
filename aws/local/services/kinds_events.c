/* Rows of the table of kinds: EventBridge Scheduler's schedules and groups, and
 * EventBridge's rules, which are another service with another list. */
#include "aws/local/services/kinds_rows.h"

#define STATES "ENABLED|DISABLED"
#define SCHEDULE_INPUT                                                                                   \
	"ActionAfterCompletion:NONE|DELETE ClientToken:text Description:text EndDate:time "              \
	"FlexibleTimeWindow!:{MaximumWindowInMinutes:count Mode!:OFF|FLEXIBLE} GroupName:schedule_name " \
	"KmsKeyArn:text Name!:schedule_name ScheduleExpression!:text ScheduleExpressionTimezone:text "   \
	"StartDate:time State:" STATES " Target!:{Arn!:arn RoleArn!:role Input:text}"
#define BUS "EventBusName:text"

static int find_group(struct call *c, const char *name)
{
	const struct document_kind *groups = kind_by_id("schedule-group");

	if (kind_lookup(c, groups, name))
		return 0;
	return kind_fault(c, groups, &groups->missing, name, NULL);
}

static int schedule_made(struct call *c, struct document *r)
{
	const char *expression = json_get_str(r->doc, "ScheduleExpression");
	const json_t *window = json_object_get(r->doc, "FlexibleTimeWindow");
	bool flexible = str_eq(json_get_str(window, "Mode"), "FLEXIBLE");

	if (!str_starts(expression, "at(") && !str_starts(expression, "rate(") && !str_starts(expression, "cron("))
		return op_invalid(c, "Invalid Schedule Expression %.200s.", expression);
	if (flexible != (json_object_get(window, "MaximumWindowInMinutes") != NULL))
		return op_invalid(c, flexible ? "A flexible time window must have MaximumWindowInMinutes."
					      : "MaximumWindowInMinutes is only for a flexible time window.");
	return find_group(c, json_get_str(r->doc, "GroupName"));
}

static int check_group(struct call *c, struct document *r)
{
	const char *group = json_get_str(c->in, "GroupName");

	return group ? find_group(c, group) : 0;
}

/* The group takes its schedules with it; the default one stays. */
static int remove_schedules(struct call *c, struct document *group)
{
	const struct document_list *all = documents_of(c->e, "schedule");

	if (str_eq(group->key, "default"))
		return op_invalid(c, "The default schedule group cannot be deleted.");
	for (size_t i = all->n; i > 0; i--) {
		if (str_eq(json_get_str(all->items[i - 1]->doc, "GroupName"), group->key))
			document_remove(c->e, all->items[i - 1]);
	}
	return 0;
}

/* --- rules ---------------------------------------------------------------------------- */

static int rule_made(struct call *c, struct document *r)
{
	const char *pattern = json_get_str(r->doc, "EventPattern"),
		   *schedule = json_get_str(r->doc, "ScheduleExpression");
	const struct document *old = document_find(c->e, r->kind, r->key);
	AUTO(json) json_t *parsed = NULL;

	if (!str_eq(json_get_str(r->doc, "EventBusName"), "default"))
		return fault_set(c->fault, 400, "ResourceNotFoundException", "Event bus %.200s does not exist.",
				 json_get_str(r->doc, "EventBusName"));
	if (!pattern && !schedule)
		return op_invalid(c, "Parameter(s) EventPattern or ScheduleExpression must be specified.");
	if (pattern &&
	    (json_parse(pattern, strlen(pattern), "EventPattern", &parsed, NULL) < 0 || !json_is_object(parsed)))
		return fault_set(c->fault, 400, "InvalidEventPatternException",
				 "Event pattern is not valid. Reason: it is not a JSON object.");
	if (schedule && !str_starts(schedule, "rate(") && !str_starts(schedule, "cron("))
		return op_invalid(c, "Parameter ScheduleExpression is not valid.");
	if (old)
		json_object_set(r->doc, "Targets", json_object_get(old->doc, "Targets"));
	return 0;
}

static int rule_unused(struct call *c, struct document *rule)
{
	return json_array_size(json_object_get(rule->doc, "Targets"))
		       ? op_invalid(c, "Rule can't be deleted since it has targets.")
		       : 0;
}

static struct document *find_rule(struct call *c)
{
	AUTO(json)
	json_t *name = json_pack("{s:s, s:s*}", "Name", json_get_str(c->in, "Rule"), "EventBusName",
				 json_get_str(c->in, "EventBusName"));

	return kind_asked(c, kind_by_id("rule"), name);
}

int op_list_targets_by_rule(struct call *c, json_t **out)
{
	const struct document *rule = find_rule(c);
	const char *token = json_get_str(c->in, "NextToken");
	int64_t from = 0, limit = json_get_i64(c->in, "Limit", 100);

	if (!rule)
		return -1;
	if (!token_decode_number("rule-targets", token, &from))
		return op_invalid(c, "Parameter NextToken is not valid.");
	const json_t *all = json_object_get(rule->doc, "Targets");
	int64_t n = (int64_t)json_array_size(all), end = MIN(from + limit, n);
	json_t *page = json_array();

	for (int64_t i = from; i < end; i++)
		json_array_append(page, json_array_get(all, (size_t)i));
	*out = json_pack("{s:o}", "Targets", page);
	if (end < n) {
		AUTO(str) char *next = token_encode_number("rule-targets", end);

		json_object_set_new(*out, "NextToken", json_string(next));
	}
	return 0;
}

static size_t target_index(const json_t *targets, const char *id)
{
	size_t i = 0;

	while (i < json_array_size(targets) && !str_eq(json_get_str(json_array_get(targets, i), "Id"), id))
		i++;
	return i;
}

#define MAX_TARGETS 5

int op_put_targets(struct call *c, json_t **out)
{
	struct document *rule = find_rule(c);
	const json_t *targets = json_object_get(c->in, "Targets");
	size_t i;
	json_t *target;

	if (!rule)
		return -1;
	AUTO(json) json_t *all = json_copy(json_object_get(rule->doc, "Targets"));

	if (!all)
		all = json_array();
	json_array_foreach((json_t *)targets, i, target)
	{
		size_t at = target_index(all, json_get_str(target, "Id"));

		if (at < json_array_size(all))
			json_array_set(all, at, target);
		else
			json_array_append(all, target);
	}
	if (json_array_size(all) > MAX_TARGETS)
		return fault_set(c->fault, 400, "LimitExceededException",
				 "The requested resource exceeds the maximum number allowed: %d targets a rule.",
				 MAX_TARGETS);
	json_object_set(rule->doc, "Targets", all);
	document_save(c->e, rule);
	*out = json_pack("{s:i, s:[]}", "FailedEntryCount", 0, "FailedEntries");
	return 0;
}

int op_remove_targets(struct call *c, json_t **out)
{
	struct document *rule = find_rule(c);
	const json_t *ids = json_object_get(c->in, "Ids");
	json_t *failed = json_array(), *all;
	size_t i;
	json_t *id;

	*out = NULL;
	if (!rule) {
		json_decref(failed);
		return -1;
	}
	all = json_object_get(rule->doc, "Targets");
	json_array_foreach((json_t *)ids, i, id)
	{
		size_t at = target_index(all, json_string_value(id));

		if (at < json_array_size(all))
			json_array_remove(all, at);
		else
			json_array_append_new(failed, json_pack("{s:O, s:s, s:s}", "TargetId", id, "ErrorCode",
								"ResourceNotFoundException", "ErrorMessage",
								"The rule has no such target."));
	}
	document_save(c->e, rule);
	*out = json_pack("{s:I, s:o}", "FailedEntryCount", (json_int_t)json_array_size(failed), "FailedEntries",
			 failed);
	return 0;
}

const struct document_kind kinds_of_events[] = {
	{
		.id = "schedule-group",
		.noun = "Schedule group",
		.service = SVC_SCHEDULER,
		.key = "Name",
		.key_input = "Name!:schedule_name",
		.arn = "Arn",
		.arn_path = "schedule-group/{key}",
		.arn_service = "scheduler",
		.created = "CreationDate",
		.modified = "LastModificationDate",
		.status = "State",
		.statuses = "ACTIVE|DELETING",
		.begin = JSON({"State" : "ACTIVE"}),
		.drop = "ClientToken",
		.missing = {"ResourceNotFoundException", "Schedule group {name} does not exist.", 404},
		.taken = {"ConflictException", "Schedule group {name} already exists.", 409},
		.list = {"ListScheduleGroups", "ScheduleGroups", NULL, 0, "NamePrefix:schedule_name", "NamePrefix^Name",
			 .ascending = true, .page_default = 100},
		.ops = {{VERB_CREATE, "CreateScheduleGroup", "Name!:schedule_name ClientToken:text Tags:tags",
			 "ScheduleGroupArn=Arn"},
			{VERB_DESCRIBE, "GetScheduleGroup"},
			{VERB_DELETE, "DeleteScheduleGroup", "ClientToken:text", "", .hook = remove_schedules}},
	},
	{
		.id = "schedule",
		.noun = "Schedule",
		.service = SVC_SCHEDULER,
		.key = "GroupName?default Name",
		.key_input = "Name!:schedule_name GroupName:schedule_name",
		.name = "Name",
		.arn = "Arn",
		.arn_path = "schedule/{key}",
		.arn_service = "scheduler",
		.created = "CreationDate",
		.modified = "LastModificationDate",
		.status = "State",
		.statuses = STATES,
		.begin = JSON(
			{"State" : "ENABLED", "ScheduleExpressionTimezone" : "UTC", "ActionAfterCompletion" : "NONE"}),
		.drop = "ClientToken",
		.missing = {"ResourceNotFoundException", "Schedule {name} does not exist.", 404},
		.taken = {"ConflictException", "Schedule {name} already exists.", 409},
		.list = {"ListSchedules", "Schedules",
			 "Arn Name GroupName State CreationDate LastModificationDate Target.Arn", 0,
			 "NamePrefix:schedule_name GroupName:schedule_name State:" STATES,
			 "NamePrefix^Name GroupName=GroupName State=State", .ascending = true, .page_default = 100,
			 .hook = check_group},
		.ops = {{VERB_CREATE, "CreateSchedule", SCHEDULE_INPUT, "ScheduleArn=Arn", .hook = schedule_made},
			{VERB_DESCRIBE, "GetSchedule"},
			{VERB_REPLACE, "UpdateSchedule", SCHEDULE_INPUT, "ScheduleArn=Arn", .hook = schedule_made},
			{VERB_DELETE, "DeleteSchedule", "ClientToken:text", ""}},
	},
	{
		.id = "rule",
		.noun = "Rule",
		.service = SVC_EVENTS,
		.key = "EventBusName?default Name",
		.key_input = "Name!:schedule_name " BUS,
		.name = "Name",
		.arn = "Arn",
		.arn_path = "rule/{name}",
		.arn_service = "events",
		.status = "State",
		.statuses = STATES "|ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
		.begin = JSON({"State" : "ENABLED"}),
		.more = "ManagedBy:text CreatedBy:text Targets:[{Id!:text Arn!:arn}]",
		.drop = "Force",
		.hidden = "Targets",
		.missing = {"ResourceNotFoundException", "Rule {name} does not exist on EventBus default."},
		.list = {"ListRules", "Rules",
			 "Name Arn EventPattern State Description ScheduleExpression RoleArn ManagedBy EventBusName", 0,
			 "NamePrefix:schedule_name " BUS, "NamePrefix^Name EventBusName=EventBusName",
			 .ascending = true, .page = "Limit", .page_default = 100},
		.ops = {{VERB_PUT, "PutRule",
			 "Name!:schedule_name ScheduleExpression:text EventPattern:text "
			 "State:" STATES "|ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS Description:text RoleArn:arn "
			 "Tags:tags " BUS,
			 "RuleArn=Arn", .hook = rule_made},
			{VERB_DESCRIBE, "DescribeRule"},
			{VERB_CHANGE, "EnableRule", .to = "ENABLED"},
			{VERB_CHANGE, "DisableRule", .to = "DISABLED"},
			{VERB_DELETE, "DeleteRule", "Force:bool", .hook = rule_unused}},
	},
	{.id = NULL},
};
