/* deploy_way.c - canary, steps, batches. */
#include "sync/deploy_way.h"

#include "base/timefmt.h"
#include "model/price.h"

#define ALARMS_MAX 10
#define WAIT_MAX_MS 3600000

int deploy_way_check(const struct deploy_way *w, struct err *err)
{
	static const struct {
		const char *option;
		size_t offset;
		int64_t low, high;
	} ways[] = {{"--canary", offsetof(struct deploy_way, canary), 1, 50},
		    {"--linear", offsetof(struct deploy_way, linear), 10, 50},
		    {"--rolling", offsetof(struct deploy_way, rolling), 5, 50}};
	int given = 0;

	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		int64_t percent = *(const int64_t *)((const char *)w + ways[i].offset);

		given += percent != 0;
		if (percent && (percent < ways[i].low || percent > ways[i].high))
			return err_set(err, ERR_USAGE, "%s takes %lld to %lld per cent", ways[i].option,
				       (long long)ways[i].low, (long long)ways[i].high);
	}
	if (given > 1)
		return err_set(err, ERR_USAGE, "an update goes one way: --canary, --linear or --rolling");
	if (w->bake_ms > WAIT_MAX_MS || w->bake_ms % 1000)
		return err_set(err, ERR_USAGE, "--bake takes whole seconds up to an hour");
	if (w->alarms && w->alarms->n > ALARMS_MAX)
		return err_set(err, ERR_USAGE, "--alarm may be given %d times", ALARMS_MAX);
	return 0;
}

bool deploy_way_is_usual(const struct deploy_way *w)
{
	return !w->canary && !w->linear && !w->rolling && !w->bake_ms && !(w->alarms && w->alarms->n);
}

static json_t *percent_of(int64_t percent)
{
	return json_pack("{s:s, s:I}", "Type", "CAPACITY_PERCENT", "Value", (json_int_t)percent);
}

json_t *deploy_way_config(const struct deploy_way *w)
{
	json_int_t wait_s = w->bake_ms / 1000;
	json_t *config, *routing, *alarms = json_array();

	if (deploy_way_is_usual(w)) {
		json_decref(alarms);
		return NULL;
	}
	if (w->rolling) {
		config = json_pack("{s:{s:o, s:I}}", "RollingUpdatePolicy", "MaximumBatchSize", percent_of(w->rolling),
				   "WaitIntervalInSeconds", wait_s);
	} else {
		routing = json_pack("{s:s, s:I}", "Type",
				    w->canary	? "CANARY"
				    : w->linear ? "LINEAR"
						: "ALL_AT_ONCE",
				    "WaitIntervalInSeconds", wait_s);
		if (w->canary)
			json_object_set_new(routing, "CanarySize", percent_of(w->canary));
		if (w->linear)
			json_object_set_new(routing, "LinearStepSize", percent_of(w->linear));
		config = json_pack("{s:{s:o, s:I}}", "BlueGreenUpdatePolicy", "TrafficRoutingConfiguration", routing,
				   "TerminationWaitInSeconds", wait_s);
	}
	for (size_t i = 0; w->alarms && i < w->alarms->n; i++)
		json_array_append_new(alarms, json_pack("{s:s}", "AlarmName", w->alarms->items[i]));
	if (json_array_size(alarms))
		json_object_set_new(config, "AutoRollbackConfiguration", json_pack("{s:O}", "Alarms", alarms));
	json_decref(alarms);
	return config;
}

/* So many batches or steps make a hundred. */
static int64_t steps_of(int64_t percent)
{
	return (100 + percent - 1) / percent;
}

int64_t deploy_way_waits_ms(const struct deploy_way *w)
{
	int64_t waits = w->canary ? 2 : w->linear ? steps_of(w->linear) : w->rolling ? steps_of(w->rolling) : 1;

	return waits * w->bake_ms;
}

int64_t deploy_way_cost_micro(const struct deploy_way *w, int64_t old_micro)
{
	int64_t rate = w->rolling && old_micro != USD_UNKNOWN ? old_micro * w->rolling / 100 : old_micro;

	return rate == USD_UNKNOWN ? USD_UNKNOWN : rate * (deploy_way_waits_ms(w) / 1000) / 3600;
}

char *deploy_way_text(const struct deploy_way *w)
{
	char bake[TIMEFMT_LEN];

	timefmt_duration(bake, w->bake_ms);
	if (w->rolling)
		return xasprintf("%lld%% of the instances at a time, %s between", (long long)w->rolling, bake);
	if (w->canary)
		return xasprintf("%lld%% of the traffic for %s, then all; %s later the old instances end",
				 (long long)w->canary, bake, bake);
	if (w->linear)
		return xasprintf("%lld%% more of the traffic every %s; %s after the last step the old instances end",
				 (long long)w->linear, bake, bake);
	return xasprintf("all traffic at once; %s later the old instances end", bake);
}
