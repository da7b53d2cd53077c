/* Deployment policies: DeploymentConfig as the plan of an update, and what of it is refused. */
#include "aws/local/running/endpoint_policy.h"

#include "base/json.h"
#include "base/str.h"

#define DEFAULT_ROLLBACK 1.0 /* of the capacity: at once */

/* Of so many instances; batches are whole ones, one at least. */
int64_t deploy_batch(const struct deploy_size *size, int64_t instances)
{
	int64_t n = size->instances ? size->instances : (int64_t)(size->share * (double)instances + 1e-9);

	return MIN(MAX(n, (int64_t)1), MAX(instances, (int64_t)1));
}

static struct deploy_size size_of(const json_t *size, double otherwise)
{
	int64_t value = json_get_i64(size, "Value", 0);

	if (!size)
		return (struct deploy_size){.share = otherwise};
	if (str_eq(json_get_str(size, "Type"), "INSTANCE_COUNT"))
		return (struct deploy_size){.instances = value};
	return (struct deploy_size){.share = (double)value / 100};
}

/* The least number of instances of a variant. */
static int64_t least_instances(const json_t *variants)
{
	int64_t least = INT64_MAX;
	size_t i;
	json_t *variant;

	json_array_foreach((json_t *)variants, i, variant) least =
		MIN(least, json_get_i64(variant, "DesiredInstanceCount", 1));
	return least == INT64_MAX ? 1 : least;
}

static double share_of(const json_t *size, const json_t *variants)
{
	struct deploy_size of = size_of(size, 1);

	return of.instances ? MIN((double)of.instances / (double)least_instances(variants), 1.0) : of.share;
}

static int64_t scaled(const json_t *from, const char *member, int64_t minute_ms)
{
	return json_get_i64(from, member, 0) * minute_ms / 60;
}

void deploy_plan_read(const json_t *policy, const json_t *variants, int64_t minute_ms, struct deploy_plan *ret)
{
	const json_t *green = json_object_get(policy, "BlueGreenUpdatePolicy");
	const json_t *rolling = json_object_get(policy, "RollingUpdatePolicy");
	const json_t *routing = json_object_get(green, "TrafficRoutingConfiguration");
	const char *type = json_get_str(routing, "Type");

	*ret = (struct deploy_plan){.rolling = rolling != NULL, .first = 1, .step = 1};
	ret->limit_s = json_get_i64(rolling ? rolling : green, "MaximumExecutionTimeoutInSeconds", 0);
	ret->limit_ms = ret->limit_s * minute_ms / 60;
	ret->wait_ms = scaled(rolling ? rolling : routing, "WaitIntervalInSeconds", minute_ms);
	ret->end_ms = scaled(green, "TerminationWaitInSeconds", minute_ms);
	if (rolling) {
		ret->batch = size_of(json_object_get(rolling, "MaximumBatchSize"), 1);
		ret->back = size_of(json_object_get(rolling, "RollbackMaximumBatchSize"), DEFAULT_ROLLBACK);
	} else if (str_eq(type, "CANARY")) {
		ret->first = share_of(json_object_get(routing, "CanarySize"), variants);
	} else if (str_eq(type, "LINEAR")) {
		ret->first = ret->step = share_of(json_object_get(routing, "LinearStepSize"), variants);
	}
}

/* --- what is refused ------------------------------------------------------------------------------- */

struct limits {
	const char *member;
	int64_t low, high; /* per cent of each variant's instances */
};

static int check_size(const json_t *size, const struct limits *l, const json_t *variants, struct err *err)
{
	int64_t value = json_get_i64(size, "Value", 0), least = least_instances(variants);
	bool count = str_eq(json_get_str(size, "Type"), "INSTANCE_COUNT");

	if (!size)
		return err_set(err, ERR_INVALID, "%s must be given.", l->member);
	if (count ? value * 100 < l->low * least || value * 100 > l->high * least : value < l->low || value > l->high)
		return err_set(err, ERR_INVALID,
			       "%s must be between %lld%% and %lld%% of each variant's instances; "
			       "the smallest one has %lld.",
			       l->member, (long long)l->low, (long long)l->high, (long long)least);
	return 0;
}

static int check_rolling(const json_t *rolling, const json_t *variants, struct err *err)
{
	static const struct limits batch = {"MaximumBatchSize", 5, 50}, back = {"RollbackMaximumBatchSize", 5, 100};
	const json_t *size = json_object_get(rolling, back.member);

	if (check_size(json_object_get(rolling, batch.member), &batch, variants, err) < 0)
		return -ERR_INVALID;
	return size ? check_size(size, &back, variants, err) : 0;
}

static int check_routing(const json_t *routing, const json_t *variants, struct err *err)
{
	static const struct limits canary = {"CanarySize", 1, 50}, linear = {"LinearStepSize", 10, 50};
	const char *type = str_or(json_get_str(routing, "Type"), "");
	const struct limits *wants = str_eq(type, "CANARY") ? &canary : str_eq(type, "LINEAR") ? &linear : NULL;
	static const struct limits *const all[] = {&canary, &linear};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (all[i] != wants && json_object_get(routing, all[i]->member))
			return err_set(err, ERR_INVALID, "%s must not be given for the traffic routing type %s.",
				       all[i]->member, type);
	}
	return wants ? check_size(json_object_get(routing, wants->member), wants, variants, err) : 0;
}

/* The waits alone must leave time within the limit. */
static int check_time(const json_t *policy, const json_t *variants, struct err *err)
{
	struct deploy_plan plan;
	double waits = 0;

	deploy_plan_read(policy, variants, 60000, &plan);
	if (plan.rolling) {
		int64_t n = least_instances(variants), batch = deploy_batch(&plan.batch, n);

		waits = (double)((n + batch - 1) / batch);
	} else {
		for (double share = plan.first; share < 1 - 1e-9; share += plan.step)
			waits++;
	}
	double seconds = (waits * (double)plan.wait_ms + (double)plan.end_ms) / 1000;

	if (plan.limit_s && seconds >= (double)plan.limit_s)
		return err_set(err, ERR_INVALID,
			       "MaximumExecutionTimeoutInSeconds must be larger than all waiting times together, "
			       "which are %.0f seconds.",
			       seconds);
	return 0;
}

int deploy_policy_check(const json_t *policy, const json_t *variants, struct err *err)
{
	const json_t *green = json_object_get(policy, "BlueGreenUpdatePolicy");
	const json_t *rolling = json_object_get(policy, "RollingUpdatePolicy");
	const json_t *routing = json_object_get(green, "TrafficRoutingConfiguration");
	bool steps = rolling || (routing && !str_eq(json_get_str(routing, "Type"), "ALL_AT_ONCE"));
	size_t i;
	json_t *variant;

	if (green && rolling)
		return err_set(err, ERR_INVALID,
			       "DeploymentConfig must not have both BlueGreenUpdatePolicy and RollingUpdatePolicy.");
	json_array_foreach((json_t *)variants, i, variant)
	{
		if (steps && json_object_get(variant, "DesiredServerlessConfig"))
			return err_set(err, ERR_INVALID,
				       "The variant %.63s is serverless: its traffic is shifted ALL_AT_ONCE.",
				       json_get_str(variant, "VariantName"));
	}
	if ((rolling && check_rolling(rolling, variants, err) < 0) ||
	    (routing && check_routing(routing, variants, err) < 0))
		return -ERR_INVALID;
	return check_time(policy, variants, err);
}
