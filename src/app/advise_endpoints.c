/* Endpoints for advice: their machines, and how often they were called in the last week. */
#include "app/advise_endpoints.h"

#include "app/reference.h"
#include "aws/cloudwatch.h"
#include "base/clock.h"

#define LOOK_MS (7 * DAY_MS)
#define PERIOD_S 3600
#define ENDPOINTS_MAX 50

void advise_endpoints_done(struct advise_endpoints *e)
{
	for (size_t i = 0; i < e->n; i++) {
		free((char *)(uintptr_t)e->items[i].name);
		free((char *)(uintptr_t)e->items[i].instance_type);
	}
	free(e->items);
	*e = (struct advise_endpoints){0};
}

struct calls_reply {
	struct app_reply base;
	double calls;
};

static void on_calls(void *user, const struct cw_series *series, size_t n, const char *next_token,
		     const struct err *err)
{
	struct calls_reply *r = user;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < series[i].n; k++)
			r->calls += series[i].values[k];
	app_reply_done(&r->base, err);
}

/* A week has 168 hours: one page. An endpoint that was never called has no such metric. */
static int count_calls(struct app *a, const char *endpoint, const char *variant, int64_t since_ms, double *ret,
		       struct err *err)
{
	struct calls_reply r = {0};
	struct cw_query q = {.id = "calls",
			     .name_space = "AWS/SageMaker",
			     .metric = "Invocations",
			     .dimension = "EndpointName",
			     .dimension_value = endpoint,
			     .stat = "Sum",
			     .period_s = PERIOD_S,
			     .dimension2 = "VariantName",
			     .dimension2_value = variant};

	(void)cw_get_metric_data(sync_client(a->sync), &q, 1, since_ms, clock_now_ms(), NULL, AWS_USER_ACTION, on_calls,
				 &r);
	if (app_wait(a, &r.base, err) < 0)
		return -err->code;
	*ret += r.calls;
	return 0;
}

/* All variants of one; the type of the first. */
static int load_one(struct app *a, const char *name, struct advice_endpoint *e, struct err *err)
{
	AUTO(json) json_t *raw = NULL, *config = NULL;
	struct resource *r;
	size_t i;
	json_t *variant;

	if (reference_describe(a, &kind_table[KIND_ENDPOINT], name, &r, &raw, err) < 0)
		return -err->code;
	int64_t now = clock_now_ms(), since = MAX(MAX(r->created_ms, r->modified_ms), now - LOOK_MS);
	const char *config_name = json_get_str(raw, "EndpointConfigName");

	e->hours = (double)MAX(now - since, (int64_t)0) / HOUR_MS;
	if (config_name && reference_describe(a, &kind_table[KIND_ENDPOINT_CONFIG], config_name, &r, &config, err) < 0)
		return -err->code;
	e->instance_type =
		xstrdup(json_get_str(json_array_get(json_object_get(config, "ProductionVariants"), 0), "InstanceType"));
	json_array_foreach(json_object_get(raw, "ProductionVariants"), i, variant)
	{
		e->instances += json_get_i64(variant, "CurrentInstanceCount", 0);
		if (count_calls(a, name, str_or(json_get_str(variant, "VariantName"), ""), since, &e->invocations,
				err) < 0)
			return -err->code;
	}
	return 0;
}

/* What an endpoint could not be asked is no reason to say nothing of the others. */
static int go_on(const char *what, struct err *err)
{
	if (err->code == ERR_CANCELLED)
		return -ERR_CANCELLED;
	fprintf(stderr, "sagetop: %s: %s\n", what, err->msg);
	*err = (struct err){0};
	return 0;
}

int advise_endpoints_load(struct app *a, struct advise_endpoints *ret, struct err *err)
{
	const struct resources *t = &sync_session(a->sync)->tables[KIND_ENDPOINT];
	AUTO(strlist) struct strlist names = {0};
	struct app_reply reply = {0};

	sync_kind(a->sync, &kind_table[KIND_ENDPOINT], NULL, app_reply_done, &reply);
	if (app_wait(a, &reply, err) < 0)
		return go_on("endpoints are left out", err);
	for (size_t i = 0; i < t->n && names.n < ENDPOINTS_MAX; i++)
		if (str_eq(t->items[i]->status_text, "InService"))
			strlist_add(&names, t->items[i]->name);
	for (size_t i = 0; i < names.n; i++) {
		struct advice_endpoint e = {.name = names.items[i]};
		int rc = load_one(a, names.items[i], &e, err);

		if (rc == 0) {
			GROW(ret->items, ret->cap, ret->n + 1);
			e.name = xstrdup(e.name);
			ret->items[ret->n++] = e;
			continue;
		}
		free((char *)(uintptr_t)e.instance_type);
		if (go_on(names.items[i], err) < 0)
			return -ERR_CANCELLED;
	}
	return 0;
}
