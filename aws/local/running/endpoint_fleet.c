/* Fleets: the servers of one configuration. */
#include "aws/local/running/endpoint_impl.h"

int fleet_count(const struct fleet *f, const char *variant, bool ready)
{
	int n = 0;

	for (const struct model_server *s = f->servers; s; s = s->next)
		n += !s->leaving && str_eq(s->variant, variant) && (s->ready || !ready);
	return n;
}

const json_t *fleet_variant(const struct fleet *f, const char *name)
{
	return endpoint_find_variant(f->variants, name);
}

const json_t *fleet_told(const struct fleet *f, const char *name)
{
	const struct endpoint *ep = f->endpoint;

	return endpoint_find_variant(f == ep->current && ep->doc ? endpoint_variants(ep) : f->told, name);
}

int64_t fleet_wanted(const struct fleet *f, const json_t *variant, bool prove)
{
	const char *name = json_get_str(variant, "VariantName");
	const json_t *told = fleet_told(f, name);

	if (variant_is_serverless(variant))
		return MAX(serverless_provisioned(f, name), (int64_t)prove);
	return json_get_i64(told, "DesiredInstanceCount", json_get_i64(variant, "InitialInstanceCount", 1));
}

struct fleet *fleet_new(struct endpoint *ep, const json_t *config, const json_t *told)
{
	struct fleet *f = NEW(struct fleet);

	*f = (struct fleet){.endpoint = ep,
			    .config = config ? json_deep_copy(config) : json_object(),
			    .told = told ? json_deep_copy(told) : json_array(),
			    .next = ep->fleets};
	f->variants = json_incref(json_object_get(f->config, "ProductionVariants"));
	ep->fleets = f;
	return f;
}

void fleet_set_count(struct fleet *f, const json_t *variant, int64_t count)
{
	const char *name = json_get_str(variant, "VariantName");
	int64_t n = count - fleet_count(f, name, false);

	for (; n > 0; n--)
		server_begin(f, variant);
	for (struct model_server *s = f->servers; s && n < 0; s = s->next) {
		if (s->leaving || !str_eq(s->variant, name) || server_is_serverless(s))
			continue;
		model_server_leave(s);
		n++;
	}
}

void fleet_fill(struct fleet *f, bool prove)
{
	size_t i;
	json_t *variant;

	json_array_foreach(f->variants, i, variant) fleet_set_count(f, variant, fleet_wanted(f, variant, prove));
}

bool fleet_is_ready(const struct fleet *f)
{
	for (const struct model_server *s = f->servers; s; s = s->next) {
		if (!s->ready && !s->leaving && (f == f->endpoint->coming || !server_is_serverless(s)))
			return false;
	}
	return json_array_size(f->variants) > 0;
}

/* --- the end --------------------------------------------------------------------------------------- */

void fleet_free(struct fleet *f)
{
	json_decref(f->config);
	json_decref(f->variants);
	json_decref(f->told);
	free(f);
}

void fleet_leave(struct fleet *f)
{
	for (struct model_server *s = f->servers; s; s = s->next) {
		if (!s->leaving)
			model_server_leave(s);
	}
	fleet_tidy(f);
}

void fleet_tidy(struct fleet *f)
{
	struct endpoint *ep = f->endpoint;
	struct fleet **at = &ep->fleets;

	if (f->servers || f == ep->current || f == ep->coming)
		return;
	while (*at && *at != f)
		at = &(*at)->next;
	if (*at)
		*at = f->next;
	fleet_free(f);
	if (!ep->doc && !ep->fleets)
		endpoint_free(ep);
	else if (ep->doc)
		update_fleet_gone(ep);
}
