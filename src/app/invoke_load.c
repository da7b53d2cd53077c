/* invoke_load.c - sagetop invoke --repeat. */
#include "app/invoke_load.h"

#include <math.h>

#include "app/output.h"
#include "app/reference.h"
#include "sync/deploy_spec.h"

#define EXIT_FAILED 3

/* --- what it costs ------------------------------------------------------------------------ */

/* The configuration with the instances that there are now; NULL where it is not known. */
static json_t *machines_now(struct app *a, const char *endpoint)
{
	AUTO(json) json_t *now = NULL, *config = NULL;
	struct resource *r;
	struct err err = {0};
	size_t i, k;
	json_t *variant, *told;

	if (reference_describe(a, &kind_table[KIND_ENDPOINT], endpoint, &r, &now, &err) < 0 || !a->sync)
		return NULL;
	const char *name = json_get_str(now, "EndpointConfigName");

	if (!name || reference_describe(a, &kind_table[KIND_ENDPOINT_CONFIG], name, &r, &config, &err) < 0)
		return NULL;
	json_array_foreach(json_object_get(config, "ProductionVariants"), i, variant)
	{
		json_array_foreach(json_object_get(now, "ProductionVariants"), k, told)
		{
			json_t *count = json_object_get(told, "CurrentInstanceCount");

			if (count && str_eq(json_get_str(told, "VariantName"), json_get_str(variant, "VariantName")))
				json_object_set(variant, "InitialInstanceCount", count);
		}
	}
	return TAKE(config);
}

static char *machines_text(const json_t *config)
{
	struct buf text = BUF_INIT(4096);
	size_t i;
	json_t *variant;

	json_array_foreach(json_object_get(config, "ProductionVariants"), i, variant)
	{
		const char *type = json_get_str(variant, "InstanceType");

		if (type)
			(void)buf_addf(&text, "%s%lld x %s", text.len ? " + " : "",
				       (long long)json_get_i64(variant, "InitialInstanceCount", 1), type);
	}
	return buf_take(&text);
}

/* --- told ---------------------------------------------------------------------------------- */

struct load {
	struct app_reply base;
	struct app *a;
	const char *endpoint;
	struct invoke_report report; /* its own texts */
};

static void load_done(struct load *l)
{
	for (size_t i = 0; i < l->report.n_causes; i++)
		free(l->report.causes[i].text);
	free(l->report.ms);
}
AUTO_EMBEDDED(load, struct load, load_done)

static void print_line(void *user, const char *label, const char *value)
{
	output_field(user, label, value);
}

static void put_ms(json_t *o, const char *name, double ms)
{
	json_object_set_new(o, name, isfinite(ms) ? json_real(ms) : json_null());
}

static void print_json(const struct load *l, const char *machines, int64_t hour_micro)
{
	const struct invoke_report *r = &l->report;
	AUTO(json) json_t *o = json_object();
	json_t *causes = json_array();

	json_put_str(o, "endpoint", l->endpoint);
	json_object_set_new(o, "calls", json_integer((json_int_t)(r->n_ms + r->failed)));
	json_object_set_new(o, "parallel", json_integer((json_int_t)r->parallel));
	json_object_set_new(o, "failed", json_integer((json_int_t)r->failed));
	put_ms(o, "seconds", r->seconds);
	put_ms(o, "answers_per_second", invoke_rate(r));
	put_ms(o, "p50_ms", invoke_percentile(r, 50));
	put_ms(o, "p90_ms", invoke_percentile(r, 90));
	put_ms(o, "p99_ms", invoke_percentile(r, 99));
	put_ms(o, "longest_ms", invoke_percentile(r, 100));
	for (size_t i = 0; i < r->n_causes; i++)
		json_array_append_new(causes, json_pack("{s:s, s:I}", "error", r->causes[i].text, "calls",
							(json_int_t)r->causes[i].n));
	json_object_set_new(o, "errors", causes);
	json_put_str(o, "instances", *machines ? machines : NULL);
	json_put_usd(o, "usd_per_hour", hour_micro);
	json_put_usd(o, "usd_per_million_calls", invoke_million_micro(r, hour_micro));
	output_json(l->a, o);
}

/* The report is the run's, which ends with this. */
static void on_run(void *user, const struct invoke_report *r, const struct err *err)
{
	struct load *l = user;

	l->report = *r;
	l->report.ms = xcalloc(r->n_ms, sizeof(double));
	memcpy(l->report.ms, r->ms, r->n_ms * sizeof(double));
	for (size_t i = 0; i < r->n_causes; i++)
		l->report.causes[i].text = xstrdup(r->causes[i].text);
	app_reply_done(&l->base, err);
}

int invoke_load(struct app *a, const struct runtime_call *call, size_t calls, size_t parallel, struct err *err)
{
	AUTO(load) struct load l = {.a = a, .endpoint = call->endpoint};
	char prices[SESSION_PRICES_LEN];

	invoke_run(sync_client(a->sync), call, calls, parallel, on_run, &l);
	if (app_wait(a, &l.base, err) < 0)
		return -err->code;
	AUTO(json) json_t *config = machines_now(a, call->endpoint);

	if (!a->sync)
		return err_set(err, ERR_CANCELLED, "interrupted");
	const struct session *s = sync_session(a->sync);
	int64_t hour_micro = config ? deploy_rate_micro(config, &s->prices, s->region) : USD_UNKNOWN;
	AUTO(str) char *machines = machines_text(config);

	if (output_format(a) == OUTPUT_JSON)
		print_json(&l, machines, hour_micro);
	else
		invoke_tell(&l.report, machines, hour_micro, session_prices_text(s, prices), print_line, a);
	if (l.report.failed)
		a->exit_status = EXIT_FAILED;
	return 0;
}
