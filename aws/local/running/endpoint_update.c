/* Updates: how the calls of an endpoint go from the fleet that serves to a new one, and back.
 *
 * Blue/green: the new fleet stands beside the old one; when all of it is ready its share of the
 * calls grows step by step, with a wait behind each, and after the last wait the old fleet ends.
 * Rolling: the new fleet grows by batches, and the old one shrinks as they are ready.
 *
 * A server of the new fleet that fails, an alarm of AutoRollbackConfiguration or the limit of time
 * take everything back, with the reason; of a rolling update that is batches as well.
 *
 * The document tells of the old configuration until the new fleet has all calls for good. What an
 * engine was killed in begins again from the start, as the document keeps what was asked for.
 *
 * The first fleet of an endpoint comes the same way, in one step.
 */
#include "aws/local/running/endpoint_impl.h"

#include <math.h>

#include "aws/local/running/alarms.h"
#include "aws/local/running/endpoint_policy.h"

#define WATCH_MS 200

/* What Describe calls it stands in tell_status. */
enum phase {
	PHASE_STARTING,	 /* servers of the new fleet */
	PHASE_BAKING,	 /* a wait with some or all of the calls */
	PHASE_RETURNING, /* servers of the old fleet: a rolling update goes back */
	PHASE_STUCK,	 /* which has failed too */
	PHASE_ENDING,	 /* the old fleet's servers end */
};

struct update {
	struct endpoint *ep;
	enum phase phase;
	struct deploy_plan plan;
	json_t *alarms;
	double share;		    /* of the calls that the coming fleet gets */
	double back_to;		    /* RETURNING: what it is when the old servers are ready */
	int64_t begun_ms, phase_ms; /* the engine's time */
	char *reason;		    /* RETURNING: why */
	uint64_t timer, watch;
};

double update_share(const struct endpoint *ep)
{
	return ep->update ? ep->update->share : 0;
}

bool update_is_starting(const struct endpoint *ep)
{
	return ep->update && ep->update->phase == PHASE_STARTING;
}

void update_pause(struct endpoint *ep)
{
	struct update *u = ep->update;

	if (!u)
		return;
	loop_cancel(ep->e->loop, u->timer);
	loop_cancel(ep->e->loop, u->watch);
	u->timer = u->watch = 0;
}

void update_free(struct endpoint *ep)
{
	struct update *u = ep->update;

	update_pause(ep);
	ep->update = NULL;
	if (!u)
		return;
	json_decref(u->alarms);
	free(u->reason);
	free(u);
}

/* --- what is told ------------------------------------------------------------------------------------ */

static void set_variant_status(const struct update *u, json_t *variant, const char *const *states, const char *message)
{
	json_t *list = json_array();

	for (; *states; states++)
		json_array_append_new(list, json_pack("{s:s, s:o, s:s*}", "Status", *states, "StartTime",
						      json_epoch(u->phase_ms), "StatusMessage", message));
	json_object_set_new(variant, "VariantStatus", list);
}

/* A variant of the new fleet. */
static void tell_status(const struct update *u, json_t *variant)
{
	static const char *const creating[] = {"Creating", NULL}, *const deleting[] = {"Deleting", NULL},
				 *const shifting[] = {"ActivatingTraffic", "Baking", NULL},
				 *const baking[] = {"Baking", NULL};
	AUTO(str) char *message = xasprintf("%.0f%% of the traffic", 100 * u->share);

	switch (u->phase) {
	case PHASE_STARTING:
		set_variant_status(u, variant, creating, message);
		break;
	case PHASE_BAKING:
		set_variant_status(u, variant, u->share < 1 ? shifting : baking, message);
		break;
	case PHASE_RETURNING:
	case PHASE_STUCK:
	case PHASE_ENDING:
		set_variant_status(u, variant, deleting, message);
		break;
	}
}

/* Those of the new fleet. */
static json_t *tell_variants(struct update *u, bool shadows)
{
	struct fleet *f = u->ep->coming;
	json_t *list = endpoint_told_variants(f, shadows), *variant;
	size_t i;

	json_array_foreach(list, i, variant)
	{
		const char *name = json_get_str(variant, "VariantName");
		double weight = u->share > 0 ? json_get_f64(variant, "DesiredWeight", 1) : 0;

		json_object_set_new(variant, "CurrentWeight", json_real(weight));
		if (!json_object_get(variant, "DesiredServerlessConfig"))
			json_object_set_new(variant, "CurrentInstanceCount", json_integer(fleet_count(f, name, true)));
		tell_status(u, variant);
	}
	return list;
}

static void tell(struct update *u)
{
	struct endpoint *ep = u->ep;

	if (!ep->current || !ep->coming)
		return;
	json_t *shadows = tell_variants(u, true);
	json_t *summary = json_pack("{s:O, s:o, s:o}", "EndpointConfigName",
				    json_object_get(ep->coming->config, "EndpointConfigName"), "ProductionVariants",
				    tell_variants(u, false), "StartTime", json_epoch(u->begun_ms));

	if (json_array_size(shadows))
		json_object_set(summary, "ShadowProductionVariants", shadows);
	json_decref(shadows);
	json_object_set_new(ep->doc->doc, "PendingDeploymentSummary", summary);
	endpoint_tell_current(ep);
}

static void enter(struct update *u, enum phase phase)
{
	u->phase = phase;
	u->phase_ms = engine_now_ms(u->ep->e);
	tell(u);
	endpoint_save(u->ep);
}

/* Nothing is pending any more. */
static void forget(struct endpoint *ep)
{
	json_object_del(ep->doc->doc, "PendingDeploymentSummary");
	json_object_del(ep->doc->doc, ENDPOINT_UPDATE);
}

/* --- the end ----------------------------------------------------------------------------------------- */

/* The old fleet's servers have ended, or there were none. */
static void settle(struct endpoint *ep)
{
	size_t i;
	json_t *variant;

	update_free(ep);
	json_array_foreach(endpoint_variants(ep), i, variant) json_object_del(variant, "VariantStatus");
	endpoint_tell_current(ep);
	endpoint_set_status(ep, "InService", NULL);
}

void update_fleet_gone(struct endpoint *ep)
{
	struct update *u = ep->update;

	for (const struct fleet *f = ep->fleets; f; f = f->next) {
		if (f != ep->current && f != ep->coming)
			return;
	}
	if (u && u->phase == PHASE_ENDING)
		settle(ep);
}

/* The new fleet is the endpoint's from here on; what is left is the end of the old one's servers. */
static void take_over(struct update *u)
{
	static const char *const deleting[] = {"Deleting", NULL};
	struct endpoint *ep = u->ep;
	struct fleet *old = ep->current;
	AUTO(str)
	char *message = xasprintf("Instances of %s are terminated.",
				  str_or(old ? json_get_str(old->config, "EndpointConfigName") : NULL, "?"));
	size_t i;
	json_t *variant;

	update_pause(ep);
	ep->current = TAKE(ep->coming);
	u->share = 0;
	u->phase = PHASE_ENDING;
	u->phase_ms = engine_now_ms(ep->e);
	json_object_set_new(ep->doc->doc, ENDPOINT_STATE, json_string("serving"));
	forget(ep);
	endpoint_tell_fleet(ep, ep->current);
	json_array_foreach(endpoint_variants(ep), i, variant) set_variant_status(u, variant, deleting, message);
	endpoint_save(ep);
	serverless_again(ep);
	async_run(ep);
	fleet_leave(old); /* settles where nothing is left of it */
}

/* The first fleet serves; an update that was under way when the engine was killed goes on. */
static void serve_first(struct endpoint *ep)
{
	json_t *pending = json_object_get(ep->doc->doc, ENDPOINT_UPDATE);

	ep->current = TAKE(ep->coming);
	update_free(ep);
	json_object_set_new(ep->doc->doc, ENDPOINT_STATE, json_string("serving"));
	json_incref(pending);
	endpoint_tell_fleet(ep, ep->current);
	serverless_rest(ep->current);
	serverless_again(ep);
	async_run(ep);
	if (pending)
		update_begin(ep, json_object_get(pending, "Config"), json_object_get(pending, "Variants"),
			     json_get_i64(pending, "BegunMs", engine_now_ms(ep->e)));
	else
		endpoint_set_status(ep, "InService", NULL);
	json_decref(pending);
}

/* --- back -------------------------------------------------------------------------------------------- */

/* The old fleet serves as before. */
static void rolled_back(struct endpoint *ep, const char *reason)
{
	struct fleet *failed = TAKE(ep->coming);

	update_free(ep);
	forget(ep);
	endpoint_tell_fleet(ep, ep->current);
	endpoint_set_status(ep, "InService", reason);
	serverless_again(ep);
	fleet_leave(failed);
}

static void first_failed(struct endpoint *ep, const char *reason)
{
	struct fleet *failed = TAKE(ep->coming);

	update_free(ep);
	forget(ep);
	endpoint_set_status(ep, "Failed", reason);
	serverless_again(ep);
	fleet_leave(failed);
}

static int64_t capacity(const struct fleet *f)
{
	int64_t n = 0;
	size_t i;
	json_t *variant;

	json_array_foreach(f->variants, i, variant) n += fleet_wanted(f, variant, false);
	return n;
}

/* The servers of the old fleet that the share of the new one leaves; it never ends before all is shifted. */
static void set_old(struct fleet *f, double share)
{
	size_t i;
	json_t *variant;

	json_array_foreach(f->variants, i, variant)
	{
		int64_t all = fleet_wanted(f, variant, false);

		fleet_set_count(f, variant, all - (int64_t)floor((double)all * share + 1e-9));
	}
}

/* What the next batch leaves of the new fleet. */
static double back_step(const struct update *u)
{
	const struct fleet *f = u->ep->coming;
	int64_t left = 0;
	size_t i;
	json_t *variant;

	json_array_foreach(f->variants, i, variant)
	{
		int64_t all = fleet_wanted(f, variant, false);
		int64_t n =
			fleet_count(f, json_get_str(variant, "VariantName"), false) - deploy_batch(&u->plan.back, all);

		left += MAX(n, (int64_t)0);
	}
	return (double)left / (double)MAX(capacity(f), (int64_t)1);
}

static void returned(void *user)
{
	struct update *u = user;
	struct fleet *f = u->ep->coming;
	size_t i;
	json_t *variant;

	u->timer = 0;
	if (u->back_to <= 0) {
		AUTO(str) char *reason = TAKE(u->reason);

		rolled_back(u->ep, reason);
		return;
	}
	u->share = u->back_to;
	json_array_foreach(f->variants, i, variant)
	{
		int64_t all = fleet_wanted(f, variant, false);
		int64_t n =
			fleet_count(f, json_get_str(variant, "VariantName"), false) - deploy_batch(&u->plan.back, all);

		fleet_set_count(f, variant, MAX(n, (int64_t)0));
	}
	u->back_to = back_step(u);
	set_old(u->ep->current, u->back_to);
	enter(u, PHASE_RETURNING);
	if (fleet_is_ready(u->ep->current))
		u->timer = loop_after(u->ep->e->loop, 0, returned, u);
}

static void give_back(struct update *u, const char *reason)
{
	struct endpoint *ep = u->ep;

	update_pause(ep);
	str_set(&u->reason, reason);
	for (struct model_server *s = ep->coming->servers; s; s = s->next) {
		if (!s->ready && !s->leaving)
			model_server_leave(s);
	}
	u->back_to = back_step(u);
	set_old(ep->current, u->back_to);
	enter(u, PHASE_RETURNING);
	if (fleet_is_ready(ep->current))
		u->timer = loop_after(ep->e->loop, 0, returned, u);
}

static void roll_back(struct update *u, const char *reason)
{
	struct endpoint *ep = u->ep;

	if (!ep->current)
		first_failed(ep, reason);
	else if (u->plan.rolling && u->share > 0)
		give_back(u, reason);
	else
		rolled_back(ep, reason);
}

/* Of both fleets some servers are left, and serve. */
static void get_stuck(struct update *u, struct model_server *s, const char *reason)
{
	AUTO(str) char *both = xasprintf("%s The rollback failed: %s", str_or(u->reason, ""), reason);

	update_pause(u->ep);
	model_server_leave(s);
	enter(u, PHASE_STUCK);
	endpoint_set_status(u->ep, "UpdateRollbackFailed", both);
}

/* --- forth ------------------------------------------------------------------------------------------- */

static void activate(struct update *u);

static void next_batch(struct update *u)
{
	struct fleet *f = u->ep->coming;
	size_t i;
	json_t *variant;

	json_array_foreach(f->variants, i, variant)
	{
		int64_t all = fleet_wanted(f, variant, true), batch = deploy_batch(&u->plan.batch, all);
		int64_t n = fleet_count(f, json_get_str(variant, "VariantName"), false);

		fleet_set_count(f, variant, MIN(all, n + batch));
	}
}

static void baked(void *user)
{
	struct update *u = user;

	u->timer = 0;
	if (u->share >= 1) {
		take_over(u);
	} else if (u->plan.rolling) {
		next_batch(u);
		enter(u, PHASE_STARTING);
	} else {
		activate(u);
	}
}

/* The next share of the calls goes to the new fleet, all of whose servers are ready. */
static void activate(struct update *u)
{
	struct endpoint *ep = u->ep;
	struct fleet *f = ep->coming;
	int64_t n = 0;

	for (const struct model_server *s = f->servers; s; s = s->next)
		n += s->ready && !s->leaving;
	if (u->plan.rolling)
		u->share = MIN((double)n / (double)MAX(capacity(f), (int64_t)1), 1.0);
	else
		u->share += u->share > 0 ? u->plan.step : u->plan.first;
	if (u->share > 1 - 1e-9)
		u->share = 1;
	if (u->plan.rolling)
		set_old(ep->current, u->share);
	enter(u, PHASE_BAKING);
	if (u->share >= 1) {
		serverless_rest(f);
		serverless_again(ep);
	}
	async_run(ep);
	u->timer =
		loop_after(ep->e->loop, u->share < 1 || u->plan.rolling ? u->plan.wait_ms : u->plan.end_ms, baked, u);
}

void update_server_ready(struct endpoint *ep)
{
	struct update *u = ep->update;

	if (u->phase == PHASE_STARTING && ep->coming && fleet_is_ready(ep->coming)) {
		if (ep->current)
			activate(u);
		else
			serve_first(ep);
	} else if (u->phase == PHASE_RETURNING && fleet_is_ready(ep->current) && !u->timer) {
		u->timer = loop_after(ep->e->loop, 0, returned, u);
	} else {
		tell(u);
		endpoint_save(ep);
	}
}

bool update_server_failed(struct fleet *f, struct model_server *s, const char *reason)
{
	struct endpoint *ep = f->endpoint;
	struct update *u = ep->update;

	if (!u || u->phase == PHASE_ENDING)
		return false;
	if (f == ep->coming && (u->phase == PHASE_STARTING || u->phase == PHASE_BAKING)) {
		model_server_leave(s);
		roll_back(u, reason);
		return true;
	}
	if (f == ep->current && u->phase == PHASE_RETURNING) {
		get_stuck(u, s, reason);
		return true;
	}
	if (f != ep->coming)
		return false;
	model_server_leave(s); /* it would have ended anyway */
	return true;
}

/* --- alarms and the limit --------------------------------------------------------------------------- */

/* The names of those in ALARM, "": none is. */
static char *ringing(const struct update *u)
{
	struct buf names = BUF_INIT(4096);
	size_t i;
	json_t *alarm;

	json_array_foreach(u->alarms, i, alarm)
	{
		const char *name = json_get_str(alarm, "AlarmName");
		const struct document *d = name ? document_find(u->ep->e, ALARM_KIND, name) : NULL;

		if (d && str_eq(json_get_str(d->doc, "StateValue"), "ALARM"))
			(void)buf_addf(&names, "%s%s", names.len ? ", " : "", name);
	}
	return buf_take(&names);
}

static void look(void *user)
{
	struct update *u = user;
	struct endpoint *ep = u->ep;
	AUTO(str) char *names = ringing(u);
	AUTO(str) char *reason = NULL;

	u->watch = 0;
	if (*names)
		reason = xasprintf("The deployment was rolled back: one or more of its alarms went into the ALARM "
				   "state: [%s].",
				   names);
	else if (u->plan.limit_ms && engine_now_ms(ep->e) - u->begun_ms >= u->plan.limit_ms)
		reason = xasprintf("The deployment was rolled back: it took longer than "
				   "MaximumExecutionTimeoutInSeconds (%lld).",
				   (long long)u->plan.limit_s);
	if (reason)
		roll_back(u, reason);
	else
		u->watch = loop_after(ep->e->loop, WATCH_MS, look, u);
}

/* --- the beginning ------------------------------------------------------------------------------------- */

static struct update *begin(struct endpoint *ep, struct fleet *coming, int64_t begun_ms)
{
	struct update *u = NEW(struct update);

	*u = (struct update){.ep = ep, .begun_ms = begun_ms, .phase_ms = engine_now_ms(ep->e)};
	ep->coming = coming;
	ep->update = u;
	return u;
}

void update_first(struct endpoint *ep, struct fleet *f, bool prove)
{
	struct update *u = begin(ep, f, engine_now_ms(ep->e));

	deploy_plan_read(NULL, f->told, 0, &u->plan);
	fleet_fill(f, prove);
	if (!f->servers && fleet_is_ready(f))
		serve_first(ep);
}

void update_begin(struct endpoint *ep, const json_t *config, const json_t *variants, int64_t begun_ms)
{
	const json_t *policy = json_object_get(ep->doc->doc, "LastDeploymentConfig");
	struct update *u = begin(ep, fleet_new(ep, config, variants), begun_ms);

	deploy_plan_read(policy, variants, ep->e->opt.deployment_minute_ms, &u->plan);
	u->alarms = json_incref(json_path_get(policy, "AutoRollbackConfiguration.Alarms"));
	json_object_set_new(ep->doc->doc, ENDPOINT_UPDATE,
			    json_pack("{s:O, s:O, s:I}", "Config", ep->coming->config, "Variants", ep->coming->told,
				      "BegunMs", (json_int_t)begun_ms));
	if (u->plan.rolling)
		next_batch(u);
	else
		fleet_fill(ep->coming, true);
	enter(u, PHASE_STARTING);
	if (u->alarms || u->plan.limit_ms)
		u->watch = loop_after(ep->e->loop, 0, look, u);
}
