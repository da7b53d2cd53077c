/* Scaling: the minute's look at every target. */
#include "aws/local/running/scaling.h"

#include <math.h>

#include "aws/local/running/endpoint.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/schedule.h"

#define HIGH_MINUTES 3
#define LOW_MINUTES 15
#define LOW_SHARE 0.9
#define COOLDOWN_S 300
#define KEPT_MS (42 * DAY_MS) /* activities: six weeks */

/* What a policy has seen, newest last. */
struct seen {
	char *policy;
	double values[LOW_MINUTES];
	size_t n;
	struct seen *next;
};

/* A target, as long as the engine runs. */
struct watch {
	char *key, *endpoint, *variant;
	int64_t calls; /* since the last look */
	struct seen *seen;
	struct watch *next;
};

struct scaling {
	struct watch *watches;
	uint64_t timer;
};

/* --- what is watched ----------------------------------------------------------------------------------- */

static void watch_free(struct watch *w)
{
	for (struct seen *s = w->seen, *next; s; s = next) {
		next = s->next;
		free(s->policy);
		free(s);
	}
	free(w->key);
	free(w->endpoint);
	free(w->variant);
	free(w);
}

static struct watch *watch_of(struct engine *e, const struct document *target)
{
	AUTO(strlist) struct strlist parts = {0};
	struct watch *w = e->scaling->watches;

	while (w && !str_eq(w->key, target->key))
		w = w->next;
	strlist_split(&parts, str_or(json_get_str(target->doc, "ResourceId"), ""), '/');
	if (w || parts.n != 4 || !str_eq(parts.items[0], "endpoint"))
		return w;
	w = NEW(struct watch);
	*w = (struct watch){.key = xstrdup(target->key),
			    .endpoint = xstrdup(parts.items[1]),
			    .variant = xstrdup(parts.items[3]),
			    .next = e->scaling->watches};
	e->scaling->watches = w;
	return w;
}

void scaling_count_call(struct engine *e, const char *endpoint, const char *variant)
{
	for (struct watch *w = e->scaling ? e->scaling->watches : NULL; w; w = w->next)
		w->calls += str_eq(w->endpoint, endpoint) && str_eq(w->variant, variant);
}

static struct seen *seen_of(struct watch *w, const char *policy)
{
	struct seen *s = w->seen;

	while (s && !str_eq(s->policy, policy))
		s = s->next;
	if (s)
		return s;
	s = NEW(struct seen);
	*s = (struct seen){.policy = xstrdup(policy), .next = w->seen};
	w->seen = s;
	return s;
}

static void note(struct seen *s, double value)
{
	if (s->n == LOW_MINUTES)
		memmove(s->values, s->values + 1, sizeof(*s->values) * --s->n);
	s->values[s->n++] = value;
}

static bool is_of(const struct document *d, const struct document *target)
{
	static const char *const members[] = {"ServiceNamespace", "ResourceId", "ScalableDimension"};

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		if (!str_eq(json_get_str(d->doc, members[i]), json_get_str(target->doc, members[i])))
			return false;
	}
	return true;
}

static json_t *told_variant(struct document *endpoint, const struct watch *w)
{
	return endpoint_find_variant(json_object_get(endpoint->doc, "ProductionVariants"), w->variant);
}

static bool is_suspended(const struct document *target, const char *member)
{
	return json_get_bool(json_object_get(target->doc, "SuspendedState"), member, false);
}

/* --- activities ---------------------------------------------------------------------------------------- */

static void settle_activity(struct engine *e, struct document *a, const char *code, const char *message)
{
	json_object_set_new(a->doc, "StatusCode", json_string(code));
	json_object_set_new(a->doc, "StatusMessage", json_string(message));
	json_object_set_new(a->doc, "EndTime", json_epoch(engine_now_ms(e)));
	document_save(e, a);
}

/* How those under way have ended. */
static void look_at_activities(struct engine *e, const struct document *target, const struct document *endpoint,
			       const json_t *variant)
{
	const struct document_list *list = documents_of(e, SCALING_ACTIVITY);
	const char *reason = json_get_str(endpoint->doc, "FailureReason");

	for (size_t i = list->n; i > 0; i--) {
		struct document *a = list->items[i - 1];

		if (!is_of(a, target) || !str_eq(json_get_str(a->doc, "StatusCode"), "InProgress"))
			continue;
		if (reason &&
		    json_get_i64(variant, "DesiredInstanceCount", 0) != json_get_i64(a->doc, SCALING_STATE, 0))
			settle_activity(e, a, "Failed", reason);
		else
			settle_activity(e, a, "Successful",
					"Successfully set desired instance count. Change successfully fulfilled by "
					"sagemaker.");
	}
}

static void forget_old(struct engine *e)
{
	int64_t from_ms = engine_now_ms(e) - KEPT_MS;
	const struct document_list *list = documents_of(e, SCALING_ACTIVITY);

	while (list->n && json_get_f64(list->items[0]->doc, "StartTime", 0) * 1000 < (double)from_ms) {
		document_remove(e, list->items[0]);
		list = documents_of(e, SCALING_ACTIVITY);
	}
}

static void begin_activity(struct engine *e, const struct document *target, int64_t count, const char *cause)
{
	char id[37];

	uuid4(id);
	struct document *a =
		document_new(SCALING_ACTIVITY, id, "",
			     json_pack("{s:s, s:O, s:O, s:O, s:o, s:s, s:o, s:s, s:I}", "ActivityId", id,
				       "ServiceNamespace", json_object_get(target->doc, "ServiceNamespace"),
				       "ResourceId", json_object_get(target->doc, "ResourceId"), "ScalableDimension",
				       json_object_get(target->doc, "ScalableDimension"), "Description",
				       json_sprintf("Setting desired instance count to %lld.", (long long)count),
				       "Cause", cause, "StartTime", json_epoch(engine_now_ms(e)), "StatusCode",
				       "InProgress", SCALING_STATE, (json_int_t)count));

	document_add(e, a);
	document_save(e, a);
}

/* --- what a policy wants ----------------------------------------------------------------------------------- */

/* Capacity that one policy asks for: above, below, or as it is. */
static int64_t wanted(struct engine *e, struct watch *w, const struct document *policy, int64_t calls,
		      int64_t now_count)
{
	const json_t *config = json_object_get(policy->doc, "TargetTrackingScalingPolicyConfiguration");
	const json_t *custom = json_object_get(config, "CustomizedMetricSpecification");
	double target = json_get_f64(config, "TargetValue", 1), most = 0;
	double value = custom ? scaling_metric(e, custom, e->opt.scaling_minute_ms)
			      : (double)calls / (double)MAX(now_count, (int64_t)1);
	struct seen *s = seen_of(w, policy->key);
	size_t above = 0, below = 0;

	if (isnan(value))
		return now_count;
	note(s, value);
	while (above < s->n && s->values[s->n - 1 - above] > target)
		above++;
	for (; below < s->n && s->values[s->n - 1 - below] < LOW_SHARE * target; below++)
		most = MAX(most, s->values[s->n - 1 - below]);
	if (above >= HIGH_MINUTES && now_count)
		return MAX(now_count + 1, (int64_t)ceil(MIN((double)now_count * value / target, 1e6)));
	if (below >= LOW_MINUTES && !json_get_bool(config, "DisableScaleIn", false))
		return MIN(now_count - 1, (int64_t)ceil((double)now_count * most / target));
	return now_count;
}

/* When instances were added last ("Out"), and when they were added or taken away ("Any"), stand with the
 * target, so that a cool-down outlives the engine. */
static bool is_cool(const struct engine *e, const struct document *target, const char *which, const json_t *config,
		    const char *member)
{
	int64_t since_ms = json_get_i64(json_object_get(target->doc, SCALING_STATE), which, TIME_UNKNOWN);
	int64_t cool_ms = json_get_i64(config, member, COOLDOWN_S) * e->opt.scaling_minute_ms / 60;

	return since_ms == TIME_UNKNOWN || engine_now_ms(e) - since_ms >= cool_ms;
}

static void note_change(struct engine *e, struct document *target, bool out)
{
	json_t *state = json_object_get(target->doc, SCALING_STATE);

	if (!state) {
		state = json_object();
		json_object_set_new(target->doc, SCALING_STATE, state);
	}
	json_object_set_new(state, "Any", json_integer(engine_now_ms(e)));
	if (out)
		json_object_set_new(state, "Out", json_integer(engine_now_ms(e)));
	document_save(e, target);
}

/* What a policy asks for once it has cooled down. alarm: of a step policy the one that sets it off, where one does;
 * without it the policy asks for nothing, which is -1. */
static int64_t asked(struct engine *e, struct watch *w, const struct document *target, const struct document *policy,
		     int64_t calls, int64_t now_count, const struct document **ret_alarm)
{
	const json_t *tracking = json_object_get(policy->doc, "TargetTrackingScalingPolicyConfiguration");
	const json_t *steps = json_object_get(policy->doc, "StepScalingPolicyConfiguration");
	int64_t its;

	*ret_alarm = tracking ? NULL : scaling_alarm_of(e, policy);
	if (!tracking && !*ret_alarm)
		return -1;
	its = tracking ? wanted(e, w, policy, calls, now_count) : scaling_steps(e, policy, *ret_alarm, now_count);
	if ((its > now_count &&
	     !is_cool(e, target, "Out", tracking ? tracking : steps, tracking ? "ScaleOutCooldown" : "Cooldown")) ||
	    (its < now_count &&
	     !is_cool(e, target, "Any", tracking ? tracking : steps, tracking ? "ScaleInCooldown" : "Cooldown")))
		return now_count;
	return its;
}

/* Of all policies the largest; where that is less than there are, all of them agree. *ret_cause: of that one. */
static int64_t ask_policies(struct engine *e, struct watch *w, const struct document *target, int64_t now_count,
			    char **ret_cause)
{
	const struct document_list *list = documents_of(e, SCALING_POLICY);
	int64_t calls = w->calls, most = -1;

	w->calls = 0;
	for (size_t i = 0; i < list->n; i++) {
		const struct document *policy = list->items[i], *alarm;

		if (!is_of(policy, target))
			continue;
		int64_t its = asked(e, w, target, policy, calls, now_count, &alarm);

		if (its <= most)
			continue;
		most = its;
		AUTO(str)
		char *name = alarm ? xstrdup(alarm->key)
				   : xasprintf("TargetTracking-%s-Alarm%s", json_get_str(target->doc, "ResourceId"),
					       its > now_count ? "High" : "Low");

		free(*ret_cause);
		*ret_cause = xasprintf("monitor alarm %s in state ALARM triggered policy %s", name,
				       json_get_str(policy->doc, "PolicyName"));
	}
	return most < 0 ? now_count : most;
}

/* --- scheduled actions ----------------------------------------------------------------------------------- */

static bool is_due(struct engine *e, struct document *action)
{
	int64_t now = engine_now_ms(e), created = json_get_time_ms(action->doc, "CreationTime");
	int64_t from = json_get_time_ms(action->doc, "StartTime"), to = json_get_time_ms(action->doc, "EndTime");
	int64_t last = json_get_i64(action->doc, SCALING_STATE, created), next;
	AUTO(schedule) struct schedule s = {0};

	if (now < from || (to != TIME_UNKNOWN && now > to) ||
	    schedule_parse(json_get_str(action->doc, "Schedule"), json_get_str(action->doc, "Timezone"), &s, NULL) < 0)
		return false;
	next = schedule_next(&s, MAX(created, from), MAX(last, from - 1));
	if (next == TIME_UNKNOWN || next > now)
		return false;
	json_object_set_new(action->doc, SCALING_STATE, json_integer(now));
	document_save(e, action);
	return true;
}

static void run_actions(struct engine *e, struct document *target)
{
	static const char *const bounds[] = {"MinCapacity", "MaxCapacity"};
	const struct document_list *list = documents_of(e, SCALING_ACTION);

	for (size_t i = 0; i < list->n; i++) {
		struct document *action = list->items[i];
		const json_t *change = json_object_get(action->doc, "ScalableTargetAction");

		/* What is due while it is suspended is not made up for. */
		if (!is_of(action, target) || !is_due(e, action) || is_suspended(target, "ScheduledScalingSuspended"))
			continue;
		for (size_t k = 0; k < ARRAY_LEN(bounds); k++) {
			if (json_object_get(change, bounds[k]))
				json_object_set(target->doc, bounds[k], json_object_get(change, bounds[k]));
		}
		document_save(e, target);
	}
}

/* --- the look --------------------------------------------------------------------------------------------- */

static void set_count(struct engine *e, struct watch *w, struct document *target, struct document *endpoint,
		      int64_t from, int64_t to, const char *cause)
{
	begin_activity(e, target, to, cause);
	json_object_set_new(told_variant(endpoint, w), "DesiredInstanceCount", json_integer(to));
	json_object_set_new(endpoint->doc, "EndpointStatus", json_string("Updating"));
	note_change(e, target, to > from);
	for (struct seen *s = w->seen; s; s = s->next)
		s->n = 0; /* by another number of instances */
	endpoint_resize(e, endpoint);
	document_save(e, endpoint);
}

static void look_at(struct engine *e, struct document *target)
{
	struct watch *w = watch_of(e, target);
	struct document *endpoint = w ? document_find(e, ENDPOINT_KIND, w->endpoint) : NULL;
	json_t *variant = endpoint ? told_variant(endpoint, w) : NULL;
	AUTO(str) char *cause = NULL;

	if (!str_eq(json_get_str(target->doc, "ScalableDimension"), "sagemaker:variant:DesiredInstanceCount"))
		return;
	run_actions(e, target);
	if (!variant || !endpoint_has_servers(e, endpoint) ||
	    !str_eq(json_get_str(endpoint->doc, "EndpointStatus"), "InService"))
		return;
	look_at_activities(e, target, endpoint, variant);
	int64_t low = json_get_i64(target->doc, "MinCapacity", 0), high = json_get_i64(target->doc, "MaxCapacity", 0);
	int64_t n = json_get_i64(variant, "DesiredInstanceCount", 0), to = ask_policies(e, w, target, n, &cause);

	if ((to > n && is_suspended(target, "DynamicScalingOutSuspended")) ||
	    (to < n && is_suspended(target, "DynamicScalingInSuspended")))
		to = n;
	to = MIN(MAX(to, low), high);
	if (to == n)
		return;
	if (!cause || n < low || n > high) {
		free(cause);
		cause = xasprintf("%s capacity was set to %lld", n < low ? "minimum" : "maximum",
				  (long long)(n < low ? low : high));
	}
	set_count(e, w, target, endpoint, n, to, cause);
}

static void look(void *user)
{
	struct engine *e = user;
	const struct document_list *list = documents_of(e, SCALING_TARGET);

	e->scaling->timer = 0;
	for (size_t i = 0; i < list->n; i++)
		look_at(e, list->items[i]);
	forget_old(e);
	state_commit(e->db);
	scaling_wake(e);
}

void scaling_wake(struct engine *e)
{
	if (e->scaling && !e->scaling->timer && documents_of(e, SCALING_TARGET)->n)
		e->scaling->timer = loop_after(e->loop, e->opt.scaling_minute_ms, look, e);
}

void scaling_start(struct engine *e)
{
	e->scaling = NEW(struct scaling);
	*e->scaling = (struct scaling){0};
	scaling_wake(e);
}

void scaling_stop(struct engine *e)
{
	struct scaling *s = TAKE(e->scaling);

	for (struct watch *w = s ? s->watches : NULL, *next; w; w = next) {
		next = w->next;
		watch_free(w);
	}
	if (s)
		loop_cancel(e->loop, s->timer);
	free(s);
}
