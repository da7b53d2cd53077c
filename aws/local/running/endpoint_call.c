/* Calls of an endpoint: which server, the answer, the metrics. */
#include "aws/local/running/endpoint_impl.h"

#include <sys/random.h>

#include "aws/local/kept/metric_store.h"
#include "aws/local/running/scaling.h"
#include "base/clock.h"

#define INVOKE_TIMEOUT_MS 60000
#define METRICS_EVERY_MS 1000

/* --- which server ------------------------------------------------------------------------------ */

static bool serves(const struct fleet *f, const char *variant)
{
	return fleet_count(f, variant, true) > 0 || variant_is_serverless(fleet_variant(f, variant));
}

double endpoint_draw(void)
{
	uint32_t random;

	return getrandom(&random, sizeof(random), 0) == sizeof(random) ? random / 4294967296.0 : 1;
}

/* A fleet that is coming has no weights of its own yet, but those that it will have. */
static double weight_of(const json_t *variant)
{
	return json_get_f64(variant, "CurrentWeight", json_get_f64(variant, "DesiredWeight", 0));
}

/* By the weights of those that can answer now. */
static const char *draw_variant(const struct fleet *f)
{
	const json_t *list = f == f->endpoint->current ? endpoint_variants(f->endpoint) : f->told, *variant;
	double total = 0, drawn;

	for (size_t i = 0; (variant = json_array_get(list, i)); i++)
		total += serves(f, json_get_str(variant, "VariantName")) ? weight_of(variant) : 0;
	drawn = total * endpoint_draw();
	for (size_t i = 0; (variant = json_array_get(list, i)); i++) {
		const char *name = json_get_str(variant, "VariantName");

		if (!serves(f, name))
			continue;
		drawn -= weight_of(variant);
		if (drawn < 0)
			return name;
	}
	return NULL;
}

static struct model_server *least_busy(struct fleet *f, const char *variant)
{
	struct model_server *best = NULL;

	for (struct model_server *s = f->servers; s; s = s->next) {
		if (s->ready && !s->leaving && str_eq(s->variant, variant) && (!best || s->under_way < best->under_way))
			best = s;
	}
	return best;
}

bool endpoint_calls_fleet(const struct endpoint *ep, const struct fleet *f)
{
	return f == ep->current || (f == ep->coming && update_share(ep) > 0);
}

/* By the share that an update has reached. */
static struct fleet *draw_fleet(const struct endpoint *ep)
{
	double share = update_share(ep);

	return ep->coming && share > 0 && endpoint_draw() < share ? ep->coming : ep->current;
}

/* The one that the draw did not give, where it has calls too; NULL. */
static struct fleet *other_fleet(const struct endpoint *ep, const struct fleet *f)
{
	struct fleet *other = f == ep->current ? ep->coming : ep->current;

	return other && endpoint_calls_fleet(ep, other) ? other : NULL;
}

static struct model_server *any_free(const struct fleet *f, int most)
{
	struct model_server *s = f->servers;

	while (s && (!s->ready || s->leaving || s->under_way >= most))
		s = s->next;
	return s;
}

struct model_server *endpoint_pick_server(struct endpoint *ep, int most)
{
	struct fleet *f = draw_fleet(ep);
	const char *variant = draw_variant(f);
	struct model_server *s = variant ? least_busy(f, variant) : NULL;

	if (s && s->under_way < most)
		return s;
	s = any_free(f, most);
	f = s ? NULL : other_fleet(ep, f);
	return f ? any_free(f, most) : s;
}

/* --- metrics ------------------------------------------------------------------------------------- */

static void put(struct endpoint *ep, const struct strmap *dims, const char *name, int64_t at_ms, double value)
{
	metric_add(ep->e, metric_series(ep->e, ENDPOINT_NAMESPACE, name, dims, true), at_ms, value);
}

static void put_sample(struct endpoint *ep, const struct sample *s)
{
	AUTO(strmap) struct strmap dims = {0};

	strmap_set(&dims, "EndpointName", ep->name);
	strmap_set(&dims, "VariantName", s->variant);
	put(ep, &dims, "Invocations", s->at_ms, 1);
	if (s->instances)
		put(ep, &dims, "InvocationsPerInstance", s->at_ms, 1.0 / s->instances);
	put(ep, &dims, "Invocation4XXErrors", s->at_ms, s->status >= 400 && s->status < 500);
	put(ep, &dims, "Invocation5XXErrors", s->at_ms, s->status >= 500 || !s->status);
	put(ep, &dims, "InvocationModelErrors", s->at_ms, s->status < 200 || s->status >= 300);
	put(ep, &dims, "ModelLatency", s->at_ms, (double)s->us);
	put(ep, &dims, "OverheadLatency", s->at_ms, (double)s->overhead_us);
}

void endpoint_put_metric(struct endpoint *ep, const char *variant, const char *name, int64_t at_ms, double value)
{
	AUTO(strmap) struct strmap dims = {0};

	strmap_set(&dims, "EndpointName", ep->name);
	if (variant)
		strmap_set(&dims, "VariantName", variant);
	put(ep, &dims, name, at_ms, value);
}

/* Those of the first one's variant and destination, as one object. */
static void store_captures(struct endpoint *ep, size_t first)
{
	const struct sample *one = &ep->samples[first];
	AUTO(buf) struct buf lines = BUF_INIT((size_t)256 << 20);

	for (size_t i = first; i < ep->n_samples && one->capture; i++) {
		struct sample *s = &ep->samples[i];

		if (!s->capture || !str_eq(s->variant, one->variant) || !str_eq(s->destination, one->destination))
			continue;
		buf_addf(&lines, "%s\n", s->capture);
		if (s != one)
			free(TAKE(s->capture));
	}
	endpoint_store_captures(ep, one->destination, one->variant, &lines);
}

void endpoint_write_metrics(struct endpoint *ep)
{
	for (size_t i = 0; i < ep->n_samples; i++) {
		put_sample(ep, &ep->samples[i]);
		store_captures(ep, i);
	}
	for (size_t i = 0; i < ep->n_samples; i++) {
		free(ep->samples[i].variant);
		free(ep->samples[i].capture);
		free(ep->samples[i].destination);
	}
	ep->n_samples = 0;
	state_commit(ep->e->db);
}

static void write_metrics(void *user)
{
	struct endpoint *ep = user;

	ep->metric_timer = 0;
	endpoint_write_metrics(ep);
}

static int count_instances(const struct fleet *f, const char *variant)
{
	int n = 0;

	for (const struct model_server *s = f->servers; s; s = s->next)
		n += s->ready && str_eq(s->variant, variant);
	return variant_is_serverless(fleet_variant(f, variant)) ? 0 : n;
}

static void put_metrics(const struct invocation *call, const struct http_answer *a)
{
	struct endpoint *ep = call->endpoint;
	const json_t *capture = json_object_get(call->fleet->config, "DataCaptureConfig");
	int64_t now_us = clock_mono_us(), sent_us = call->sent_us ? call->sent_us : now_us;

	GROW(ep->samples, ep->cap_samples, ep->n_samples + 1);
	ep->samples[ep->n_samples++] =
		(struct sample){.variant = xstrdup(call->variant),
				.status = a->status,
				.instances = count_instances(call->fleet, call->variant),
				.at_ms = engine_now_ms(ep->e),
				.us = now_us - sent_us,
				.overhead_us = sent_us - call->began_us,
				.capture = endpoint_capture_line(call->fleet, &call->headers, &call->body, a),
				.destination = xstrdup(json_get_str(capture, "DestinationS3Uri"))};
	if (!ep->metric_timer)
		ep->metric_timer = loop_after(ep->e->loop, METRICS_EVERY_MS, write_metrics, ep);
}

/* --- the call ------------------------------------------------------------------------------------ */

static void invocation_free(struct invocation *call)
{
	free(call->target);
	free(call->variant);
	strmap_done(&call->headers);
	buf_done(&call->body);
	free(call);
}

static void tell(struct invocation *call, struct http_answer *a)
{
	AUTO(str) char *stream = xasprintf("%s/%s", call->variant, call->server ? call->server->id : "");
	struct endpoint_answer answer = {.http = a, .variant = call->variant, .log_stream = stream};

	if (!call->async) {
		put_metrics(call, a);
		scaling_count_call(call->endpoint->e, call->endpoint->name, call->variant);
	}
	call->fn(call->user, &answer);
}

void invocation_fail(struct invocation *call, const char *why)
{
	struct http_answer a = {0};

	str_copy(a.error, sizeof(a.error), why);
	tell(call, &a);
	invocation_free(call);
}

static void on_answer(void *user, struct http_answer *a);

void invocation_send(struct invocation *call, struct model_server *s)
{
	call->server = s;
	call->sent_us = clock_mono_us();
	model_server_call(s, "POST", "/invocations", &call->headers, buf_str(&call->body), call->body.len,
			  call->timeout_ms, on_answer, call);
}

/* The call has left its server. */
static void leave_server(struct model_server *s)
{
	model_server_called(s);
	if (server_is_serverless(s))
		serverless_free(s);
}

/* Its server has ended, and we shall be told: the call has not begun, so another may have it. */
static bool goes_elsewhere(struct invocation *call)
{
	struct model_server *s = call->server, *other;
	bool again = server_is_serverless(s) || other_fleet(call->endpoint, server_fleet(s));

	s->ready = false;
	other = server_is_serverless(s) ? NULL : least_busy(server_fleet(s), s->variant);
	if (!other && !again)
		return false;
	model_server_called(s);
	call->server = NULL;
	if (other)
		invocation_send(call, other);
	else
		invocation_dispatch(call);
	return true;
}

static void on_answer(void *user, struct http_answer *a)
{
	struct invocation *call = user;

	if (a->refused && goes_elsewhere(call))
		return;
	struct model_server *s = call->server;

	if (!a->status && !a->timed_out)
		model_server_doubt(s);
	tell(call, a);
	invocation_free(call);
	leave_server(s);
}

/* One that can answer now: the target, or by the weights; NULL: none. */
static const char *variant_in(const struct fleet *f, const char *target)
{
	if (!target)
		return draw_variant(f);
	return fleet_variant(f, target) && serves(f, target) ? target : NULL;
}

/* To a server, or among those that wait. */
static int dispatch(struct invocation *call, struct err *err)
{
	struct endpoint *ep = call->endpoint;

	if (!ep->current || !ep->doc)
		return err_set(err, ERR_NOTFOUND, "Endpoint %.63s of account " ACCOUNT_ID " not found.", ep->name);
	struct fleet *f = draw_fleet(ep), *other = other_fleet(ep, f);
	const char *name = variant_in(f, call->target);

	if (!name && other && (name = variant_in(other, call->target)))
		f = other;
	if (call->target && !name && !fleet_variant(f, call->target) && (!other || !fleet_variant(other, call->target)))
		return err_set(err, ERR_NOTFOUND, "Variant %.63s not found for endpoint %.63s.", call->target,
			       ep->name);
	call->fleet = f;
	str_set(&call->variant, name);
	if (name && variant_is_serverless(fleet_variant(f, name)))
		return serverless_take(call, err);
	struct model_server *s = name ? least_busy(f, name) : NULL;

	if (!s)
		return err_set(err, ERR_LIMIT, "No instance of the endpoint %.63s can serve the request now.",
			       ep->name);
	invocation_send(call, s);
	return 0;
}

void invocation_dispatch(struct invocation *call)
{
	struct err err = {0};

	if (dispatch(call, &err) < 0)
		invocation_fail(call, err.msg);
}

int endpoint_invoke(struct engine *e, const struct document *doc, const char *variant, const struct strmap *headers,
		    const void *body, size_t n, endpoint_answer_fn *fn, void *user, struct err *err)
{
	struct endpoint *ep = endpoint_find(e, doc);

	if (!ep)
		return err_set(err, ERR_NOTFOUND, "Endpoint %.63s of account " ACCOUNT_ID " not found.", doc->key);
	struct invocation *call = NEW(struct invocation);

	*call = (struct invocation){.endpoint = ep,
				    .target = xstrdup(variant),
				    .body = BUF_INIT(ENDPOINT_MAX_BODY + 1),
				    .began_us = clock_mono_us(),
				    .timeout_ms = INVOKE_TIMEOUT_MS,
				    .fn = fn,
				    .user = user};
	strmap_copy(&call->headers, headers);
	buf_add(&call->body, body, n);
	if (dispatch(call, err) < 0) {
		invocation_free(call);
		return -err->code;
	}
	return 0;
}
