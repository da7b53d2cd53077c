/* sagetop estimate SPEC: how long it will take and what it will cost, with the range and the
 * reason of each figure, and the same on every other type. */
#include "app/estimate_spec.h"

#include <math.h>

#include "app/backtest.h"
#include "app/output.h"
#include "app/quote_text.h"
#include "base/timefmt.h"

struct learn_reply {
	struct app_reply base;
	struct learned *learned;
};

static void on_learned(void *user, struct learned *l)
{
	struct learn_reply *r = user;

	r->learned = l;
	app_reply_done(&r->base, NULL);
}

int app_learn(struct app *a, struct learned **ret, struct err *err)
{
	struct learn_reply r = {0};

	sync_learn(a->sync, DURATION_JOBS_MAX, on_learned, &r);
	if (app_wait(a, &r.base, err) < 0) {
		learned_free(r.learned);
		return -err->code;
	}
	*ret = r.learned;
	return 0;
}

/* --- one estimate as text ---------------------------------------------------------------- */

static void put_part(struct table *t, enum duration_part part, const struct duration_range *r)
{
	char mid[TIMEFMT_LEN], low[TIMEFMT_LEN], high[TIMEFMT_LEN], jobs[32];
	AUTO(str)
	char *range =
		r->low_s < 0 ? NULL : xasprintf("%s - %s", quote_span(low, r->low_s), quote_span(high, r->high_s));

	table_cell(t, duration_part_name(part));
	table_cell(t, quote_span(mid, r->mid_s));
	table_cell(t, range);
	table_cell(t, r->jobs ? backtest_count_text(jobs, r->jobs) : "");
	table_cell(t, r->why);
}

static void put_cost(struct table *t, const struct job_estimate *e, const struct estimate_question *q)
{
	char usd[24], low[24], high[24], rate[24];
	AUTO(str)
	char *range = e->low_micro == USD_UNKNOWN
			      ? NULL
			      : xasprintf("%s - %s", money_text(low, e->low_micro), money_text(high, e->high_micro));
	AUTO(str) char *why = NULL;

	if (e->rate_micro == USD_UNKNOWN)
		why = xasprintf("no price of %s in %s (sagetop prices update)", str_or(e->instance_type, "it"),
				q->region);
	else if (!e->price)
		why = xasprintf("%s an hour, as --rate says", money_rate_text(rate, e->rate_micro));
	else
		why = xasprintf("%s an hour (%s)", money_rate_text(rate, e->rate_micro),
				str_or(e->price->as_of, "of an unknown day"));
	table_cell(t, "cost");
	table_cell(t, money_text(usd, e->mid_micro));
	table_cell(t, range);
	table_cell(t, "");
	table_cell(t, why);
}

static void put_spot(struct table *t, const struct job_estimate *e)
{
	char mid[32], range[64] = "", jobs[32];

	snprintf(mid, sizeof(mid), "%.0f %%", e->spot.mid * 100);
	if (e->spot.low >= 0)
		snprintf(range, sizeof(range), "%.0f - %.0f %%", e->spot.low * 100, e->spot.high * 100);
	AUTO(str)
	char *why = e->spot.interruptions_an_hour < 0
			    ? xstrdup(e->spot.why)
			    : xasprintf("%s; %.2g interruptions an hour", e->spot.why, e->spot.interruptions_an_hour);

	table_cell(t, "spot saves");
	table_cell(t, mid);
	table_cell(t, range);
	table_cell(t, e->spot.jobs ? backtest_count_text(jobs, e->spot.jobs) : "");
	table_cell(t, why);
}

static void print_estimate(struct app *a, const char *name, const struct estimate_question *q,
			   const struct job_estimate *e)
{
	AUTO(table) struct table t = {0};
	char usd[24], most[TIMEFMT_LEN];

	fprintf(a->out, "%s: %lld x %s%s\n\n", name, (long long)q->job.instances, str_or(e->instance_type, "?"),
		q->spot ? " (spot)" : "");
	table_column(&t, "", false);
	table_column(&t, "EXPECTED", true);
	table_column(&t, "90 % RANGE", false);
	table_column(&t, "JOBS", true);
	table_column(&t, "FROM", false);
	for (enum duration_part p = 0; p < DURATION_PARTS; p++)
		put_part(&t, p, &e->parts[p]);
	if (q->spot)
		put_spot(&t, e);
	put_cost(&t, e, q);
	table_print_aligned(&t, a);
	fprintf(a->out, "\nAt most %s: stopped after %s%s.\n", money_text(usd, e->most_micro),
		timefmt_duration(most, q->max_run_s * 1000), q->keep_alive_s ? ", its pool kept to the end" : "");
	if (e->stopped)
		fprintf(a->out, "MaxRuntime stops it before its end: what it costs is reckoned until then.\n");
	if (a->local)
		fprintf(a->out, "On the local engine it costs nothing; the dollars are those of the service.\n");
}

/* --- as JSON -------------------------------------------------------------------------------- */

static json_t *known_seconds(double s)
{
	return s < 0 ? json_null() : json_real(s);
}

static json_t *part_json(const struct duration_range *r)
{
	static const char *const basis[] = {"default", "all_jobs", "other_types", "learned"};

	return json_pack("{s:f, s:o, s:o, s:I, s:s, s:s}", "expected", r->mid_s, "low", known_seconds(r->low_s), "high",
			 known_seconds(r->high_s), "jobs", (json_int_t)r->jobs, "basis", basis[r->basis], "why",
			 r->why);
}

static json_t *estimate_json(const struct estimate_question *q, const struct job_estimate *e)
{
	json_t *o = json_object(), *parts = json_object();

	json_put_str(o, "instance_type", e->instance_type);
	for (enum duration_part p = 0; p < DURATION_PARTS; p++)
		json_object_set_new(parts, duration_part_name(p), part_json(&e->parts[p]));
	json_object_set_new(o, "seconds", parts);
	json_object_set_new(o, "stopped_by_max_runtime", json_boolean(e->stopped));
	json_put_usd(o, "usd", e->mid_micro);
	json_put_usd(o, "low_usd", e->low_micro);
	json_put_usd(o, "high_usd", e->high_micro);
	json_put_usd(o, "on_demand_usd", e->demand_micro);
	json_put_usd(o, "most_usd", e->most_micro);
	json_put_usd(o, "usd_per_hour", e->rate_micro);
	json_put_str(o, "price_as_of", e->price ? e->price->as_of : NULL);
	if (q->spot)
		json_object_set_new(o, "spot",
				    json_pack("{s:f, s:o, s:o, s:o, s:I, s:s}", "saving", e->spot.mid, "low",
					      known_seconds(e->spot.low), "high", known_seconds(e->spot.high),
					      "interruptions_per_hour", known_seconds(e->spot.interruptions_an_hour),
					      "jobs", (json_int_t)e->spot.jobs, "why", e->spot.why));
	return o;
}

/* --- other types ------------------------------------------------------------------------------ */

static void print_comparison(struct app *a, const struct job_estimate *e, size_t n)
{
	static const char *const titles[] = {"TYPE",	"BEST",		"COST",	 "COST RANGE",
					     "DONE IN", "BILLED RANGE", "USD/H", "FROM"};
	AUTO(table) struct table t = {0};

	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		table_column(&t, titles[i], i == 2 || i == 4 || i == 6);
	for (size_t i = 0; i < n; i++) {
		const struct duration_range *r = &e[i].parts[DURATION_BILLED];
		char usd[24], low[24], high[24], done[TIMEFMT_LEN], from[TIMEFMT_LEN], to[TIMEFMT_LEN], rate[24];
		AUTO(str)
		char *range = e[i].low_micro == USD_UNKNOWN ? NULL
							    : xasprintf("%s - %s", money_text(low, e[i].low_micro),
									money_text(high, e[i].high_micro));
		AUTO(str)
		char *span = r->low_s < 0 ? NULL
					  : xasprintf("%s - %s", quote_span(from, r->low_s), quote_span(to, r->high_s));

		table_cell(&t, e[i].instance_type);
		table_cell(&t, e[i].best ? "*" : "");
		table_cell(&t, money_text(usd, e[i].mid_micro));
		table_cell(&t, range);
		table_cell(&t, quote_span(done, e[i].done_s));
		table_cell(&t, span);
		table_cell(&t, money_rate_text(rate, e[i].rate_micro));
		table_cell(&t, r->why);
	}
	table_print(&t, a);
	output_prices(a);
}

static int compare(struct app *a, const struct estimate_question *q, struct err *err)
{
	struct job_estimate *e = NULL;
	size_t n = estimate_job_compare(q, &e);

	if (n == 0) {
		free(e);
		return err_set(err, ERR_NOTFOUND, "no type has a known price for training in %s: sagetop prices update",
			       str_or(q->region, "no region"));
	}
	if (output_format(a) == OUTPUT_JSON) {
		AUTO(json) json_t *list = json_array();

		for (size_t i = 0; i < n; i++) {
			json_t *o = estimate_json(q, &e[i]);

			json_object_set_new(o, "best", json_boolean(e[i].best));
			json_object_set_new(o, "done_in_seconds", json_real(e[i].done_s));
			json_array_append_new(list, o);
		}
		output_json(a, list);
	} else {
		print_comparison(a, e, n);
	}
	free(e);
	return 0;
}

/* --- the whole -------------------------------------------------------------------------------- */

static int load_plan(struct app *a, const char *path, struct launch_plan **ret, struct err *err)
{
	AUTO(strlist) struct strlist changes = {0};

	app_collect_changes(a, &changes);
	if (app_value(a, OPT_TYPE))
		strlist_take(&changes, xasprintf("ResourceConfig.InstanceType=%s", app_value(a, OPT_TYPE)));
	return launch_plan_from_file(a->sync, path, &changes, NULL, ret, err);
}

int estimate_spec(struct app *a, const char *path, struct err *err)
{
	AUTO(launch_plan) struct launch_plan *plan = NULL;
	AUTO(learned) struct learned *l = NULL;
	AUTO(job) struct job *j = NULL;
	struct estimate_question q;
	struct job_group one;
	double usd = -1;

	if (app_take_number(a, OPT_RATE, 1e-6, 1e5, &usd, err) < 0)
		return -err->code;
	if (app_connect(a, err) < 0 || sync_load(a->sync, err) < 0 || load_plan(a, path, &plan, err) < 0 ||
	    learned_job_of_spec(plan->spec, &j, err) < 0 || app_learn(a, &l, err) < 0)
		return -err->code;
	learned_question(l, sync_session(a->sync), j, &one, &q);
	q.spot |= app_flag(a, OPT_SPOT);
	if (usd > 0)
		q.rate_micro = llround(usd * 1e6);
	if (app_flag(a, OPT_COMPARE))
		return compare(a, &q, err);
	struct job_estimate e;

	estimate_job(&q, &e);
	if (output_format(a) == OUTPUT_JSON) {
		AUTO(json) json_t *o = estimate_json(&q, &e);

		json_put_str(o, "name", plan->name);
		output_json(a, o);
	} else {
		print_estimate(a, plan->name, &q, &e);
	}
	return 0;
}
