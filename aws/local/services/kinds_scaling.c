/* Rows of the table of kinds: scalable targets, their policies, scheduled actions and activities. */
#include "aws/local/services/kinds_rows.h"

#include <math.h>

#include "aws/local/running/endpoint.h"
#include "aws/local/running/scaling.h"
#include "base/clock.h"
#include "base/schedule.h"

#define DIMENSIONS                                                                                \
	"sagemaker:variant:DesiredInstanceCount|sagemaker:variant:DesiredProvisionedConcurrency|" \
	"sagemaker:inference-component:DesiredCopyCount"
#define SCALING_ROLE                                                                                         \
	"arn:aws:iam::" ACCOUNT_ID ":role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/" \
	"AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
#define NAMESPACES                                                                                               \
	"ecs|elasticmapreduce|ec2|appstream|dynamodb|rds|sagemaker|custom-resource|comprehend|lambda|cassandra|" \
	"kafka|elasticache|neptune|workspaces"
#define OF_TARGET "ServiceNamespace!:" NAMESPACES " ResourceId!:word ScalableDimension!:" DIMENSIONS
#define TARGET_KEY "ServiceNamespace ResourceId ScalableDimension"
#define TARGET_FILTER "ServiceNamespace=ServiceNamespace ResourceId=ResourceId ScalableDimension=ScalableDimension"
#define NO_TARGET                                                                                                   \
	{                                                                                                           \
		"ObjectNotFoundException",                                                                          \
			"No scalable target found for service namespace, resource ID and scalable dimension: {key}" \
	}

/* --- targets --------------------------------------------------------------------------------- */

static bool scales_something(struct call *c, const char *id)
{
	AUTO(strlist) struct strlist parts = {0};

	strlist_split(&parts, id, '/');
	if (parts.n == 2 && str_eq(parts.items[0], "inference-component"))
		return document_find(c->e, "inference-component", parts.items[1]) != NULL;
	if (parts.n != 4 || !str_eq(parts.items[0], "endpoint") || !str_eq(parts.items[2], "variant"))
		return false;
	const struct document *endpoint = document_find(c->e, "endpoint", parts.items[1]);

	return endpoint && endpoint_find_variant(json_object_get(endpoint->doc, "ProductionVariants"), parts.items[3]);
}

/* Registering again changes what is given and keeps the rest. */
static int target_made(struct call *c, struct document *r)
{
	static const char *const kept[] = {"MinCapacity", "MaxCapacity", "RoleARN", "SuspendedState", SCALING_STATE};
	const char *id = json_get_str(c->in, "ResourceId");
	const struct document *old = document_find(c->e, r->kind, r->key);

	if (!str_eq(json_get_str(c->in, "ServiceNamespace"), "sagemaker"))
		return op_invalid(c, "The local engine scales nothing of the service namespace %.30s.",
				  json_get_str(c->in, "ServiceNamespace"));
	if (!scales_something(c, id))
		return op_invalid(c, "There is no endpoint variant or inference component %.400s.", id);
	for (size_t i = 0; old && i < ARRAY_LEN(kept); i++) {
		if (!json_object_get(c->in, kept[i]) && json_object_get(old->doc, kept[i]))
			json_object_set(r->doc, kept[i], json_object_get(old->doc, kept[i]));
	}
	if (!json_object_get(r->doc, "RoleARN"))
		json_object_set_new(r->doc, "RoleARN", json_string(SCALING_ROLE));
	int64_t min = json_get_i64(r->doc, "MinCapacity", -1), max = json_get_i64(r->doc, "MaxCapacity", -1);

	if (min < 0 || max < 0)
		return op_invalid(c, "MinCapacity and MaxCapacity must be given when a scalable target is registered.");
	if (min > max)
		return op_invalid(c, "Maximum capacity cannot be less than minimum capacity.");
	return 0;
}

static bool target_matches(struct call *c, const struct document *r)
{
	const json_t *ids = json_object_get(c->in, "ResourceIds");

	for (size_t i = 0; i < json_array_size(ids); i++) {
		if (str_eq(json_string_value(json_array_get(ids, i)), json_get_str(r->doc, "ResourceId")))
			return true;
	}
	return !json_array_size(ids);
}

static void target_stored(struct engine *e, struct document *r)
{
	scaling_wake(e);
}

static void remove_of_target(struct engine *e, const struct document *target, const char *kind)
{
	const struct document_list *list = documents_of(e, kind);

	for (size_t i = list->n; i > 0; i--) {
		const struct document *r = list->items[i - 1];
		size_t n = strlen(target->key);

		if (str_starts(r->key, target->key) && r->key[n] == '/')
			document_remove(e, list->items[i - 1]);
		list = documents_of(e, kind);
	}
}

static int target_removed(struct call *c, struct document *r)
{
	remove_of_target(c->e, r, SCALING_POLICY);
	remove_of_target(c->e, r, SCALING_ACTION);
	return 0;
}

/* --- policies and actions ---------------------------------------------------------------------- */

static int find_target(struct call *c)
{
	static const struct kind_words missing = NO_TARGET;
	const struct document_kind *k = kind_by_id(SCALING_TARGET);
	AUTO(str) char *key = kind_key(k, c->in);

	if (document_find(c->e, k->id, key))
		return 0;
	return kind_fault(c, k, &missing, key, NULL);
}

/* Steps lie beside each other: each value beyond the threshold has one at most. */
static int check_steps(struct call *c, const json_t *config)
{
	const json_t *steps = json_object_get(config, "StepAdjustments"), *a, *b;
	size_t i, k;

	if (!json_get_str(config, "AdjustmentType"))
		return op_invalid(c, "AdjustmentType must be given.");
	if (!json_array_size(steps) || json_array_size(steps) > 20)
		return op_invalid(c, "StepAdjustments must have 1 to 20 steps.");
	json_array_foreach(steps, i, a)
	{
		double low = json_get_f64(a, "MetricIntervalLowerBound", -INFINITY);
		double high = json_get_f64(a, "MetricIntervalUpperBound", INFINITY);

		if (low >= high)
			return op_invalid(c, "MetricIntervalLowerBound must be less than MetricIntervalUpperBound.");
		json_array_foreach(steps, k, b)
		{
			if (k > i && low < json_get_f64(b, "MetricIntervalUpperBound", INFINITY) &&
			    json_get_f64(b, "MetricIntervalLowerBound", -INFINITY) < high)
				return op_invalid(c, "The intervals of StepAdjustments must not overlap.");
		}
	}
	return 0;
}

static int policy_made(struct call *c, struct document *r)
{
	const json_t *config = json_object_get(r->doc, "TargetTrackingScalingPolicyConfiguration");
	const char *metric =
		json_get_str(json_object_get(config, "PredefinedMetricSpecification"), "PredefinedMetricType");
	const json_t *custom = json_object_get(config, "CustomizedMetricSpecification");

	if (find_target(c) < 0)
		return -1;
	if (!str_eq(json_get_str(r->doc, "ScalableDimension"), "sagemaker:variant:DesiredInstanceCount"))
		return op_invalid(c, "The local engine scales sagemaker:variant:DesiredInstanceCount only.");
	/* The service's default. */
	if (str_eq(str_or(json_get_str(r->doc, "PolicyType"), "StepScaling"), "StepScaling") && !config) {
		json_object_set_new(r->doc, "PolicyType", json_string("StepScaling"));
		return check_steps(c, json_object_get(r->doc, "StepScalingPolicyConfiguration"));
	}
	if (!str_eq(json_get_str(r->doc, "PolicyType"), "TargetTrackingScaling") || !config)
		return op_invalid(c, "The local engine carries out policies of PolicyType TargetTrackingScaling and "
				     "StepScaling, each with the configuration of its name.");
	if (!(json_get_f64(config, "TargetValue", 0) > 0))
		return op_invalid(c, "TargetValue must be greater than 0.");
	if ((metric != NULL) == (custom != NULL))
		return op_invalid(c, "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification "
				     "must be given.");
	if (metric && !str_eq(metric, "SageMakerVariantInvocationsPerInstance"))
		return op_invalid(c,
				  "The local engine knows the predefined metric "
				  "SageMakerVariantInvocationsPerInstance only, not %.100s.",
				  metric);
	return 0;
}

static int action_made(struct call *c, struct document *r)
{
	const json_t *change = json_object_get(r->doc, "ScalableTargetAction");
	const char *schedule = json_get_str(r->doc, "Schedule");
	AUTO(schedule) struct schedule s = {0};
	int64_t low = json_get_i64(change, "MinCapacity", -1), high = json_get_i64(change, "MaxCapacity", -1);
	struct err err = {0};

	if (find_target(c) < 0)
		return -1;
	if (!schedule || (low < 0 && high < 0))
		return op_invalid(c, "Schedule and ScalableTargetAction must be given.");
	if (schedule_parse(schedule, json_get_str(r->doc, "Timezone"), &s, &err) < 0)
		return op_invalid(c, "%s", err.msg);
	if (schedule_next(&s, engine_now_ms(c->e), engine_now_ms(c->e)) == TIME_UNKNOWN)
		return op_invalid(c, "The time of a schedule must be in the future: %.200s", schedule);
	if (low >= 0 && high >= 0 && low > high)
		return op_invalid(c, "Maximum capacity cannot be less than minimum capacity.");
	return 0;
}

static bool named(struct call *c, const struct document *r, const char *list, const char *member)
{
	const json_t *names = json_object_get(c->in, list);

	for (size_t i = 0; i < json_array_size(names); i++) {
		if (str_eq(json_string_value(json_array_get(names, i)), json_get_str(r->doc, member)))
			return true;
	}
	return !json_array_size(names);
}

static bool policy_matches(struct call *c, const struct document *r)
{
	return named(c, r, "PolicyNames", "PolicyName");
}

static bool action_matches(struct call *c, const struct document *r)
{
	return named(c, r, "ScheduledActionNames", "ScheduledActionName");
}

/* --- the rows ------------------------------------------------------------------------------------ */

const struct document_kind kinds_of_scaling[] = {
	{
		.id = "scalable-target",
		.noun = "scalable target",
		.service = SVC_AUTOSCALING,
		.key = "ServiceNamespace ResourceId ScalableDimension",
		.key_input = "ServiceNamespace!:" NAMESPACES " ResourceId!:word ScalableDimension!:" DIMENSIONS,
		.name = "ResourceId",
		.arn = "ScalableTargetARN",
		.arn_path = "scalable-target/{hash}",
		.arn_service = "application-autoscaling",
		.created = "CreationTime",
		.hidden = SCALING_STATE,
		.begin = JSON({
			"SuspendedState" : {
				"DynamicScalingInSuspended" : false,
				"DynamicScalingOutSuspended" : false,
				"ScheduledScalingSuspended" : false
			}
		}),
		.more = "PredictedCapacity:count",
		.missing =
			{"ObjectNotFoundException",
			 "No scalable target found for service namespace, resource ID and scalable dimension: {key}"},
		.list = {"DescribeScalableTargets", "ScalableTargets", NULL, 0,
			 "ServiceNamespace!:" NAMESPACES " ResourceIds:[word] ScalableDimension:" DIMENSIONS,
			 "ServiceNamespace=ServiceNamespace ScalableDimension=ScalableDimension", .ascending = true,
			 .page_default = 50, .page_max = 50, .match = target_matches},
		.ops = {{VERB_PUT, "RegisterScalableTarget",
			 "ServiceNamespace!:" NAMESPACES " ResourceId!:word ScalableDimension!:" DIMENSIONS
			 " MinCapacity:count MaxCapacity:count RoleARN:word SuspendedState:{"
			 "DynamicScalingInSuspended:bool DynamicScalingOutSuspended:bool "
			 "ScheduledScalingSuspended:bool} Tags:<text>",
			 "ScalableTargetARN", .hook = target_made, .after = target_stored},
			{VERB_DELETE, "DeregisterScalableTarget", .reply = "", .hook = target_removed}},
	},
	{
		.id = SCALING_POLICY,
		.noun = "scaling policy",
		.service = SVC_AUTOSCALING,
		.key = TARGET_KEY " PolicyName",
		.key_input = OF_TARGET " PolicyName!:word",
		.name = "PolicyName",
		.arn = "PolicyARN",
		.arn_path = "scalingPolicy:{hash}:resource/{key}",
		.arn_service = "autoscaling",
		.created = "CreationTime",
		.begin = JSON({"Alarms" : []}),
		.more = "Alarms",
		.missing = {"ObjectNotFoundException", "No scaling policy found for: {key}"},
		.list = {"DescribeScalingPolicies", "ScalingPolicies", NULL, 0,
			 "ServiceNamespace!:" NAMESPACES
			 " PolicyNames:[word] ResourceId:word ScalableDimension:" DIMENSIONS,
			 TARGET_FILTER, .ascending = true, .page_default = 10, .page_max = 10, .match = policy_matches},
		.ops = {{VERB_PUT, "PutScalingPolicy",
			 "PolicyName!:word " OF_TARGET
			 " PolicyType:StepScaling|TargetTrackingScaling|PredictiveScaling "
			 "StepScalingPolicyConfiguration:{AdjustmentType:ChangeInCapacity|PercentChangeInCapacity|"
			 "ExactCapacity StepAdjustments:[{MetricIntervalLowerBound:number "
			 "MetricIntervalUpperBound:number ScalingAdjustment!:number}] MinAdjustmentMagnitude:count "
			 "Cooldown:count MetricAggregationType:Average|Minimum|Maximum} "
			 "TargetTrackingScalingPolicyConfiguration:{TargetValue!:number "
			 "PredefinedMetricSpecification:{PredefinedMetricType!:text ResourceLabel:text} "
			 "CustomizedMetricSpecification:{MetricName:text Namespace:text Dimensions:[{Name!:text "
			 "Value!:text}] Statistic:Average|Minimum|Maximum|SampleCount|Sum Unit:text Metrics} "
			 "ScaleOutCooldown:count ScaleInCooldown:count DisableScaleIn:bool} "
			 "PredictiveScalingPolicyConfiguration",
			 "PolicyARN Alarms", .hook = policy_made},
			{VERB_DELETE, "DeleteScalingPolicy", .reply = ""}},
	},
	{
		.id = SCALING_ACTION,
		.noun = "scheduled action",
		.service = SVC_AUTOSCALING,
		.key = TARGET_KEY " ScheduledActionName",
		.key_input = OF_TARGET " ScheduledActionName!:word",
		.name = "ScheduledActionName",
		.arn = "ScheduledActionARN",
		.arn_path = "scheduledAction:{hash}:resource/{key}",
		.arn_service = "autoscaling",
		.created = "CreationTime",
		.hidden = SCALING_STATE,
		.missing = {"ObjectNotFoundException", "No scheduled action found for: {key}"},
		.list = {"DescribeScheduledActions", "ScheduledActions", NULL, 0,
			 "ServiceNamespace!:" NAMESPACES
			 " ScheduledActionNames:[word] ResourceId:word ScalableDimension:" DIMENSIONS,
			 TARGET_FILTER, .ascending = true, .page_default = 50, .page_max = 50, .match = action_matches},
		.ops = {{VERB_PUT, "PutScheduledAction",
			 OF_TARGET " Schedule:word Timezone:word ScheduledActionName!:word StartTime:time EndTime:time "
				   "ScalableTargetAction:{MinCapacity:count MaxCapacity:count}",
			 "", .hook = action_made},
			{VERB_DELETE, "DeleteScheduledAction", .reply = ""}},
	},
	{
		.id = SCALING_ACTIVITY,
		.noun = "scaling activity",
		.service = SVC_AUTOSCALING,
		.key = "ActivityId",
		.key_input = "ActivityId!:word",
		.created = "StartTime",
		.hidden = SCALING_STATE,
		.more = TARGET_KEY
		" Description:text Cause:text EndTime:time StatusCode:text StatusMessage:text Details:text",
		.missing = {"ObjectNotFoundException", "No scaling activity found for: {key}"},
		.list = {"DescribeScalingActivities", "ScalingActivities", NULL, 0,
			 "ServiceNamespace!:" NAMESPACES " ResourceId:word ScalableDimension:" DIMENSIONS
			 " IncludeNotScaledActivities:bool",
			 TARGET_FILTER, .page_default = 50, .page_max = 50},
	},
	{.id = NULL},
};
