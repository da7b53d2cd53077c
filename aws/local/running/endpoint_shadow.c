/* Shadow variants: a share of the calls of the production variant is copied to the shadow. Nobody
 * waits for its answer, and whatever becomes of it, the caller's call is the production variant's;
 * only metrics, capture and log of the shadow tell of it.
 *
 * The share is the shadow's weight by the production variant's.
 */
#include "aws/local/running/endpoint_impl.h"

#include "base/clock.h"

#define MOST_UNDER_WAY 64 /* on one server; what is beyond is not copied, or a slow shadow would gather all bodies */

bool fleet_is_shadow(const struct fleet *f, const char *variant)
{
	return endpoint_find_variant(json_object_get(f->config, "ShadowProductionVariants"), variant) != NULL;
}

static double weight(const struct fleet *f, const char *variant)
{
	const json_t *told = fleet_told(f, variant);

	return json_get_f64(told, "CurrentWeight", json_get_f64(told, "DesiredWeight", 0));
}

static void copy_to(const struct invocation *call, struct model_server *s)
{
	struct invocation *copy = NEW(struct invocation);

	*copy = (struct invocation){.endpoint = call->endpoint,
				    .fleet = call->fleet,
				    .variant = xstrdup(s->variant),
				    .body = BUF_INIT(ENDPOINT_MAX_BODY + 1),
				    .began_us = clock_mono_us(),
				    .timeout_ms = call->timeout_ms,
				    .shadow = true};
	strmap_copy(&copy->headers, &call->headers);
	buf_add(&copy->body, buf_str(&call->body), call->body.len);
	invocation_send(copy, s);
}

void shadow_copy(struct invocation *call)
{
	struct fleet *f = call->fleet;
	const json_t *shadow = json_array_get(json_object_get(f->config, "ShadowProductionVariants"), 0);
	const char *name = json_get_str(shadow, "VariantName");

	if (!name || call->copied)
		return;
	call->copied = true;
	if (endpoint_draw() * weight(f, call->variant) >= weight(f, name))
		return;
	struct model_server *s = endpoint_least_busy(f, name);

	if (s && s->under_way < MOST_UNDER_WAY)
		copy_to(call, s);
	else
		endpoint_put_metric(call->endpoint, name, "NoCapacityInvocationFailures",
				    engine_now_ms(call->endpoint->e), 1);
}
