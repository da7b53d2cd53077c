/* Serverless variants: a server for each call under way, started when a call finds none that
 * is free and ended when it had none for a while. More than MaxConcurrency calls are refused;
 * ProvisionedConcurrency servers stand always.
 *
 * Of the calls that wait none is without a server that starts: there are never more of them.
 */
#include "aws/local/running/endpoint_impl.h"

#include "base/clock.h"

bool variant_is_serverless(const json_t *variant)
{
	return json_object_get(variant, "ServerlessConfig") != NULL;
}

bool server_is_serverless(const struct model_server *s)
{
	return variant_is_serverless(fleet_variant(server_fleet(s), s->variant));
}

static int64_t setting(const struct fleet *f, const char *variant, const char *name)
{
	const json_t *config = json_object_get(fleet_variant(f, variant), "ServerlessConfig");
	const json_t *told = json_object_get(fleet_told(f, variant), "DesiredServerlessConfig");

	return json_get_i64(told, name, json_get_i64(config, name, 0));
}

int64_t serverless_provisioned(const struct fleet *f, const char *variant)
{
	return setting(f, variant, "ProvisionedConcurrency");
}

/* --- calls ---------------------------------------------------------------------------------------- */

static bool waits_for(const struct invocation *call, const struct fleet *f, const char *variant)
{
	return call->fleet == f && str_eq(call->variant, variant);
}

static int64_t count_waiting(const struct fleet *f, const char *variant)
{
	int64_t n = 0;

	for (const struct invocation *call = f->endpoint->waiting; call; call = call->next)
		n += waits_for(call, f, variant);
	return n;
}

static struct invocation *take_waiting(struct fleet *f, const char *variant)
{
	struct invocation **at = &f->endpoint->waiting;

	while (*at && !waits_for(*at, f, variant))
		at = &(*at)->next;
	struct invocation *call = *at;

	if (call) {
		*at = call->next;
		call->next = NULL;
	}
	return call;
}

/* One that has ended, of which we have not been told yet, is none unless it is started again. */
static int64_t count_starting(const struct fleet *f, const char *variant)
{
	int64_t n = 0;

	for (const struct model_server *s = f->servers; s; s = s->next)
		n += !s->leaving && !s->ready && str_eq(s->variant, variant) && (!s->served || s->ops->again(s));
	return n;
}

static int64_t count_under_way(const struct fleet *f, const char *variant)
{
	int64_t n = 0;

	for (const struct model_server *s = f->servers; s; s = s->next)
		n += str_eq(s->variant, variant) ? s->under_way : 0;
	return n;
}

static struct model_server *find_free(struct fleet *f, const char *variant)
{
	struct model_server *s = f->servers;

	while (s && (!s->ready || s->leaving || s->under_way || !str_eq(s->variant, variant)))
		s = s->next;
	return s;
}

int serverless_take(struct invocation *call, struct err *err)
{
	struct fleet *f = call->fleet;
	struct invocation **tail = &f->endpoint->waiting;
	struct model_server *s = find_free(f, call->variant);
	int64_t most = setting(f, call->variant, "MaxConcurrency");

	if (count_under_way(f, call->variant) + count_waiting(f, call->variant) >= most)
		return err_set(err, ERR_THROTTLED, "Rate exceeded");
	if (s) {
		invocation_send(call, s);
		return 0;
	}
	while (*tail)
		tail = &(*tail)->next;
	*tail = call;
	if (count_waiting(f, call->variant) > count_starting(f, call->variant))
		server_begin(f, fleet_variant(f, call->variant));
	return 0;
}

/* --- servers --------------------------------------------------------------------------------------- */

static void end_idle(void *user);

/* Those beyond what is provisioned end `after_ms` after their last call; when the next one is due,
 * -1: none is. */
static int64_t end_servers(struct fleet *f, int64_t after_ms)
{
	int64_t next = -1, now = clock_mono_ms();

	for (struct model_server *s = f->servers; s; s = s->next) {
		if (!s->ready || s->leaving || s->under_way || !server_is_serverless(s) ||
		    fleet_count(f, s->variant, true) <= serverless_provisioned(f, s->variant))
			continue;
		int64_t left = s->idle_ms + after_ms - now;

		if (left <= 0)
			model_server_leave(s);
		else
			next = next < 0 ? left : MIN(next, left);
	}
	return next;
}

static void watch_idle(struct endpoint *ep)
{
	int64_t next = -1;

	for (struct fleet *f = ep->fleets; f; f = f->next) {
		int64_t its =
			f == ep->coming && update_is_starting(ep) ? -1 : end_servers(f, ep->e->opt.serverless_idle_ms);

		if (its >= 0)
			next = next < 0 ? its : MIN(next, its);
	}
	loop_cancel(ep->e->loop, ep->idle_timer);
	ep->idle_timer = next < 0 ? 0 : loop_after(ep->e->loop, next, end_idle, ep);
}

static void end_idle(void *user)
{
	struct endpoint *ep = user;

	ep->idle_timer = 0;
	watch_idle(ep);
}

void serverless_rest(struct fleet *f)
{
	(void)end_servers(f, INT64_MIN / 2);
}

void serverless_free(struct model_server *s)
{
	struct invocation *call = s->ready && !s->leaving ? take_waiting(server_fleet(s), s->variant) : NULL;

	s->idle_ms = clock_mono_ms();
	if (call)
		invocation_send(call, s);
	else
		watch_idle(server_fleet(s)->endpoint);
}

void serverless_ready(struct model_server *s)
{
	struct fleet *f = server_fleet(s);
	struct endpoint *ep = f->endpoint;

	endpoint_put_metric(ep, s->variant, "ModelSetupTime", engine_now_ms(ep->e),
			    1000.0 * (double)(clock_mono_ms() - s->begun_ms));
	serverless_free(s);
}

void serverless_failed(struct model_server *s, const char *reason)
{
	struct fleet *f = server_fleet(s);

	model_server_leave(s);
	while (count_waiting(f, s->variant) > count_starting(f, s->variant)) {
		/* One that served ended by itself; one that never did would not do better again. */
		if (s->served)
			server_begin(f, fleet_variant(f, s->variant));
		else
			invocation_fail(take_waiting(f, s->variant), reason);
	}
}

/* --- the end of a fleet ------------------------------------------------------------------------------ */

void serverless_again(struct endpoint *ep)
{
	struct invocation *call = ep->waiting, *next;

	ep->waiting = NULL;
	for (; call; call = next) {
		next = call->next;
		call->next = NULL;
		invocation_dispatch(call);
	}
}

void serverless_give_up(struct endpoint *ep, const char *why)
{
	struct invocation *call = ep->waiting, *next;

	ep->waiting = NULL;
	for (; call; call = next) {
		next = call->next;
		invocation_fail(call, why);
	}
}
