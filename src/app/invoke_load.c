/* invoke_load.c - sagetop invoke --repeat. */
#include "app/invoke_load.h"

#include <math.h>

#include "app/output.h"
#include "app/reference.h"
#include "base/doubles.h"
#include "base/timefmt.h"
#include "sync/deploy_spec.h"

#define EXIT_FAILED 3
#define CAUSES_MAX 20 /* told apart; more are the last one's */

struct cause {
	char *text;
	size_t n;
};

struct load {
	struct app *a;
	const struct runtime_call *call;
	size_t left, under_way, failed;
	double *ms; /* of the calls that went well */
	size_t n_ms;
	struct cause causes[CAUSES_MAX];
	size_t n_causes;
	struct err final; /* it is of no use to go on */
	double seconds;
};

static void load_done(struct load *l)
{
	for (size_t i = 0; i < l->n_causes; i++)
		free(l->causes[i].text);
	free(l->ms);
}
AUTO_EMBEDDED(load, struct load, load_done)

/* --- calls ------------------------------------------------------------------------------ */

static void count_cause(struct load *l, const char *text)
{
	size_t i = 0;

	while (i < l->n_causes && !str_eq(l->causes[i].text, text))
		i++;
	if (i == CAUSES_MAX) {
		i--;
		str_set(&l->causes[i].text, "others");
	} else if (i == l->n_causes) {
		l->causes[l->n_causes++] = (struct cause){.text = xstrdup(text)};
	}
	l->causes[i].n++;
}

static bool is_final(const struct load *l, const struct err *err)
{
	return err->code == ERR_CANCELLED || err->code == ERR_AUTH || err->code == ERR_EXPIRED ||
	       err->code == ERR_DENIED || (!l->n_ms && str_eq(err->aws_code, "ValidationError"));
}

static void on_answer(void *user, const struct runtime_answer *a, const struct err *err)
{
	struct load *l = user;

	l->under_way--;
	if (!err) {
		l->ms[l->n_ms++] = (double)a->took_us / 1000;
		return;
	}
	l->failed++;
	count_cause(l, err->msg);
	if (!l->final.code && is_final(l, err))
		l->final = *err;
}

static int run(struct load *l, size_t parallel, struct err *err)
{
	int64_t began_us = clock_mono_us();

	while ((l->left && !l->final.code) || l->under_way) {
		while (l->left && l->under_way < parallel && !l->final.code) {
			l->left--;
			l->under_way++;
			runtime_invoke(sync_client(l->a->sync), l->call, on_answer, l);
		}
		if (app_turn(l->a, 1000, err) < 0) {
			app_disconnect(l->a); /* the calls under way refer to l */
			return -err->code;
		}
	}
	l->seconds = (double)(clock_mono_us() - began_us) / 1e6;
	if (l->final.code)
		*err = l->final;
	return -l->final.code;
}

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

/* The least that so many of a hundred do not exceed. */
static double percentile(const struct load *l, double percent)
{
	size_t at = (size_t)ceil(percent / 100 * (double)l->n_ms);

	return l->n_ms ? l->ms[MAX(at, (size_t)1) - 1] : NAN;
}

static double rate_of(const struct load *l)
{
	return l->seconds > 0 ? (double)l->n_ms / l->seconds : NAN;
}

/* Dollars a million calls at that rate; USD_UNKNOWN. */
static int64_t million_micro(const struct load *l, int64_t hour_micro)
{
	double micro = (double)hour_micro / 3600 / rate_of(l) * 1e6;

	return hour_micro == USD_UNKNOWN || !isfinite(micro) || micro > 1e18 ? USD_UNKNOWN : llround(micro);
}

static void print_cost(const struct load *l, const json_t *config, int64_t hour_micro)
{
	AUTO(str) char *machines = machines_text(config);
	char hour[24], million[24], prices[SESSION_PRICES_LEN];

	if (!config || !*machines)
		return;
	AUTO(str)
	char *text = xasprintf("%s: %s an hour, %s for a million calls at this rate (%s)", machines,
			       hour_micro == USD_UNKNOWN ? "?" : money_rate_text(hour, hour_micro),
			       money_text(million, million_micro(l, hour_micro)),
			       session_prices_text(sync_session(l->a->sync), prices));

	output_field(l->a, "cost", text);
}

static void print_report(const struct load *l, size_t parallel, const json_t *config, int64_t hour_micro)
{
	AUTO(str)
	char *calls = xasprintf("%zu in %.2f s, %zu at a time", l->n_ms + l->failed, l->seconds, parallel);
	AUTO(str) char *rate = xasprintf("%.1f answers a second", rate_of(l));
	AUTO(str)
	char *latency = xasprintf("p50 %.1f ms, p90 %.1f ms, p99 %.1f ms, longest %.1f ms", percentile(l, 50),
				  percentile(l, 90), percentile(l, 99), percentile(l, 100));
	AUTO(str) char *failed = xasprintf("%zu", l->failed);

	output_field(l->a, "calls", calls);
	output_field(l->a, "rate", l->n_ms ? rate : NULL);
	output_field(l->a, "latency", l->n_ms ? latency : NULL);
	output_field(l->a, "failed", failed);
	for (size_t i = 0; i < l->n_causes; i++) {
		AUTO(str) char *cause = xasprintf("%zu x %s", l->causes[i].n, l->causes[i].text);

		output_field(l->a, "", cause);
	}
	print_cost(l, config, hour_micro);
}

static void put_ms(json_t *o, const char *name, double ms)
{
	json_object_set_new(o, name, isfinite(ms) ? json_real(ms) : json_null());
}

static void print_json(const struct load *l, size_t parallel, const json_t *config, int64_t hour_micro)
{
	AUTO(json) json_t *o = json_object();
	json_t *causes = json_array();

	json_put_str(o, "endpoint", l->call->endpoint);
	json_object_set_new(o, "calls", json_integer((json_int_t)(l->n_ms + l->failed)));
	json_object_set_new(o, "parallel", json_integer((json_int_t)parallel));
	json_object_set_new(o, "failed", json_integer((json_int_t)l->failed));
	put_ms(o, "seconds", l->seconds);
	put_ms(o, "answers_per_second", rate_of(l));
	put_ms(o, "p50_ms", percentile(l, 50));
	put_ms(o, "p90_ms", percentile(l, 90));
	put_ms(o, "p99_ms", percentile(l, 99));
	put_ms(o, "longest_ms", percentile(l, 100));
	for (size_t i = 0; i < l->n_causes; i++)
		json_array_append_new(causes, json_pack("{s:s, s:I}", "error", l->causes[i].text, "calls",
							(json_int_t)l->causes[i].n));
	json_object_set_new(o, "errors", causes);
	AUTO(str) char *machines = machines_text(config);

	json_put_str(o, "instances", *machines ? machines : NULL);
	json_put_usd(o, "usd_per_hour", config ? hour_micro : USD_UNKNOWN);
	json_put_usd(o, "usd_per_million_calls", config ? million_micro(l, hour_micro) : USD_UNKNOWN);
	output_json(l->a, o);
}

int invoke_load(struct app *a, const struct runtime_call *call, size_t calls, size_t parallel, struct err *err)
{
	AUTO(load) struct load l = {.a = a, .call = call, .left = calls, .ms = xcalloc(calls, sizeof(double))};

	if (run(&l, parallel, err) < 0)
		return -err->code;
	doubles_sort(l.ms, l.n_ms);
	AUTO(json) json_t *config = machines_now(a, call->endpoint);

	if (!a->sync)
		return err_set(err, ERR_CANCELLED, "interrupted");
	const struct session *s = sync_session(a->sync);
	int64_t hour_micro = config ? deploy_rate_micro(config, &s->prices, s->region) : USD_UNKNOWN;

	if (output_format(a) == OUTPUT_JSON)
		print_json(&l, parallel, config, hour_micro);
	else
		print_report(&l, parallel, config, hour_micro);
	if (l.failed)
		a->exit_status = EXIT_FAILED;
	return 0;
}
