/* Servers of endpoints: whose they are, where their output goes, what their end means. */
#include "aws/local/running/endpoint_impl.h"

#include "base/clock.h"

#define SERVERLESS_STARTUP_S 180 /* within which the service wants a serverless model to stand */

static void describe(struct model_server *s, struct host *h)
{
	const struct endpoint *ep = server_fleet(s)->endpoint;

	h->group = ep->group;
	h->ns = "/aws/sagemaker/Endpoints";
	h->stream = xasprintf("%s/%s", s->variant, s->id);
	h->one_stream = true;
	strmap_set(&h->dims, "EndpointName", ep->name);
	strmap_set(&h->dims, "VariantName", s->variant);
}

static void on_ready(struct model_server *s)
{
	fleet_server_ready(server_fleet(s), s);
}

static void on_failed(struct model_server *s, const char *reason)
{
	AUTO(str)
	char *ping = xasprintf("The primary container for production variant %s did not pass the ping health check. "
			       "Please check CloudWatch logs for this endpoint.",
			       s->variant);

	fleet_server_failed(server_fleet(s), s, str_or(reason, ping));
}

/* One that has served is started again, as the service replaces it. */
static bool is_replaced(const struct model_server *s)
{
	const struct fleet *f = server_fleet(s);

	if (server_is_serverless(s) && fleet_count(f, s->variant, false) > serverless_provisioned(f, s->variant))
		return false;

	return f == f->endpoint->current;
}

static void on_done(struct model_server *s)
{
	struct fleet *f = server_fleet(s);
	struct model_server **at = &f->servers;

	while (*at && *at != s)
		at = &(*at)->next;
	if (*at)
		*at = s->next;
	model_server_free(s);
	fleet_tidy(f);
}

void server_begin(struct fleet *f, const json_t *variant)
{
	static const struct model_server_ops ops = {describe, on_ready, on_failed, is_replaced, on_done};
	struct endpoint *ep = f->endpoint;
	struct model_server **tail = &f->servers;
	AUTO(str) char *parent = xasprintf("%s/endpoints/%s", ep->e->opt.state_dir, ep->name);

	while (*tail)
		tail = &(*tail)->next;
	*tail = model_server_begin(ep->e, &ops, f, xstrdup(str_or(json_get_str(variant, "ModelName"), "")),
				   xstrdup(json_get_str(variant, "VariantName")), xstrdup(ep->doc ? ep->doc->arn : ""),
				   parent);
	(*tail)->begun_ms = (*tail)->idle_ms = clock_mono_ms();
	if (variant_is_serverless(variant))
		(*tail)->startup_s = SERVERLESS_STARTUP_S;
	(*tail)->startup_s = json_get_i64(variant, "ContainerStartupHealthCheckTimeoutInSeconds", (*tail)->startup_s);
}
