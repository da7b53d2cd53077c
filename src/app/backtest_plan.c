/* sagetop backtest plan SPEC: what would run and what it would cost. */
#include "app/backtest.h"
#include "app/backtest_work.h"
#include "app/output.h"
#include "app/quote_text.h"
#include "base/timefmt.h"

/* --- as text ---------------------------------------------------------------------------- */

static void print_alternatives(const struct backtest_work *w, FILE *out)
{
	for (size_t i = 0; i < BACKTEST_ALTERNATIVES; i++) {
		int64_t days = w->alternatives[i].days;
		char way[48] = "never recalibrated";

		if (days)
			snprintf(way, sizeof(way), days == 1 ? "every day" : "every %lld days", (long long)days);
		quote_print(out, way, &w->plan->alternatives[i]);
	}
}

static void print_lines(FILE *out, const char *title, const struct strlist *a, const struct strlist *b)
{
	if (a->n + (b ? b->n : 0))
		fprintf(out, "\n%s\n", title);
	for (size_t i = 0; i < a->n; i++)
		fprintf(out, "  %s\n", a->items[i]);
	for (size_t i = 0; b && i < b->n; i++)
		fprintf(out, "  %s\n", b->items[i]);
}

/* "$0.070 an hour, given (--rate)". Owned by the caller. */
static char *rate_words(const struct backtest_work *w, bool spot)
{
	int64_t rate = spot ? w->input.spot_micro : w->input.demand_micro;
	char usd[24];

	if (rate == USD_UNKNOWN)
		return xasprintf("of %s not known%s", w->spec->instance_type, spot ? " (--rate gives one)" : "");
	money_rate_text(usd, rate);
	if (spot && w->rate_given)
		return xasprintf("%s an hour, as --rate says", usd);
	const char *of = *w->price_of ? w->price_of : "an unknown day";

	if (spot && !w->rate_assumed)
		return xasprintf("%s an hour: %.0f %% less than the price of %s, as %s told", usd, w->spot.mid * 100,
				 of, w->spot.why);
	return xasprintf("%s an hour, %s%s", usd,
			 spot ? "assumed (--rate gives another): 70 % of the price of " : "of ", of);
}

static void print_head(const struct backtest_work *w, FILE *out)
{
	const struct backtest_plan *p = w->plan;
	char rows[32], scored[32], entities[32], slates[32];

	fprintf(out,
		"%s: %zu cycles of %lld days, %s slates, %s rows to predict (%s happened),\n%s entities, up to %zu in "
		"a cycle\n",
		w->name, p->cycles, (long long)w->spec->recalibrate_days, backtest_count_text(slates, p->slates),
		backtest_count_text(rows, p->rows), backtest_count_text(scored, p->scored),
		backtest_count_text(entities, w->entities), p->most_entities);
	fprintf(out, "%zu %s of %s, %lld at a time, on %s%s\n\n", p->n_jobs, p->n_jobs == 1 ? "job" : "jobs",
		p->jobs[0].parts > 1				 ? "parts of a cycle's entities"
		: p->jobs[0].last_cycle > p->jobs[0].first_cycle ? "several cycles"
								 : "one cycle",
		(long long)w->spec->concurrency, w->spec->instance_type, w->spec->spot ? " (spot)" : "");
}

static void print_most(const struct app *a, const struct backtest_work *w, FILE *out)
{
	const struct estimate_quote *q = &w->plan->packed;
	char most[24], retried[24], most_each[TIMEFMT_LEN];

	if (a->local) {
		fprintf(out, "\nOn the local engine it costs nothing; the dollars are those of the service.\n");
		return;
	}
	fprintf(out, "\nAt most %s: every job stopped after %s; %s where each is also retried %lld times.\n",
		money_text(most, q->most_micro), timefmt_duration(most_each, w->spec->max_run_s * 1000),
		money_text(retried, q->retried_micro), (long long)w->spec->retries);
}

void backtest_plan_print(const struct app *a, const struct backtest_work *w, FILE *out)
{
	AUTO(str) char *spot = rate_words(w, true);
	AUTO(str) char *demand = rate_words(w, false);

	print_head(w, out);
	quote_print_head(out);
	quote_print(out, "as planned", &w->plan->packed);
	quote_print(out, w->input.per_entity ? "one entity a job" : "one cycle a job", &w->plan->unpacked);
	print_alternatives(w, out);
	print_most(a, w, out);
	print_lines(out, "Left out", &w->notes, &w->plan->dropped);
	print_lines(out, "Assumed", &w->plan->assumptions, NULL);
	fprintf(out, "  spot %s\n  on demand %s\n", spot, demand);
	print_lines(out, "Learned", &w->learned, NULL);
}

/* --- as JSON ----------------------------------------------------------------------------- */

static json_t *jobs_json(const struct backtest_plan *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->n_jobs; i++) {
		const struct backtest_job *j = &p->jobs[i];

		json_array_append_new(list,
				      json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:f}", "name", j->name, "first_cycle",
						(json_int_t)j->first_cycle, "last_cycle", (json_int_t)j->last_cycle,
						"part", (json_int_t)j->part, "parts", (json_int_t)j->parts, "units",
						(json_int_t)j->units, "seconds", j->seconds));
	}
	return list;
}

static json_t *cycles_json(const struct backtest_cadence *cad)
{
	json_t *list = json_array();
	char first[16], last[16];

	for (size_t i = 0; i < cad->n; i++) {
		const struct backtest_cycle *c = &cad->cycles[i];

		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "first_day",
						day_text(first, c->first_day), "last_day", day_text(last, c->last_day),
						"slates", (json_int_t)c->slates, "rows", (json_int_t)c->rows, "scored",
						(json_int_t)c->scored, "learnt", (json_int_t)c->learnt, "entities",
						(json_int_t)c->entities));
	}
	return list;
}

static json_t *texts_json(const struct strlist *a, const struct strlist *b)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->n; i++)
		json_array_append_new(list, json_string(a->items[i]));
	for (size_t i = 0; b && i < b->n; i++)
		json_array_append_new(list, json_string(b->items[i]));
	return list;
}

static json_t *recalibrations_json(const struct backtest_work *w)
{
	json_t *list = json_array();

	for (size_t i = 0; i < BACKTEST_ALTERNATIVES; i++) {
		json_t *o = quote_json(&w->plan->alternatives[i]);
		int64_t days = w->alternatives[i].days;

		json_object_set_new(o, "days", days ? json_integer(days) : json_null());
		json_object_set_new(o, "cycles", json_integer((json_int_t)w->alternatives[i].n));
		json_array_append_new(list, o);
	}
	return list;
}

json_t *backtest_plan_json(const struct backtest_work *w)
{
	const struct backtest_plan *p = w->plan;
	json_t *o = json_pack("{s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:I}", "run", w->name, "instance_type",
			      w->spec->instance_type, "spot", w->spec->spot, "cycles_with_rows", (json_int_t)p->cycles,
			      "slates", (json_int_t)p->slates, "rows", (json_int_t)p->rows, "scored",
			      (json_int_t)p->scored, "entities", (json_int_t)w->entities);

	json_object_set_new(o, "planned", quote_json(&p->packed));
	json_object_set_new(o, "one_unit_a_job", quote_json(&p->unpacked));
	json_object_set_new(o, "recalibrated", recalibrations_json(w));
	json_put_usd(o, "spot_usd_per_hour", w->input.spot_micro);
	json_object_set_new(o, "spot_rate_assumed", json_boolean(w->rate_assumed));
	json_put_usd(o, "on_demand_usd_per_hour", w->input.demand_micro);
	json_put_str(o, "price_of", *w->price_of ? w->price_of : NULL);
	json_object_set_new(o, "left_out", texts_json(&w->notes, &p->dropped));
	json_object_set_new(o, "assumed", texts_json(&p->assumptions, NULL));
	json_object_set_new(o, "learned", texts_json(&w->learned, NULL));
	json_object_set_new(o, "cycles", cycles_json(&w->asked));
	json_object_set_new(o, "jobs", jobs_json(p));
	return o;
}

int backtest_plan(struct app *a, struct err *err)
{
	AUTO(backtest_work) struct backtest_work w = {0};

	if (backtest_work_load(a, a->cli.args.items[1], &w, err) < 0)
		return -err->code;
	if (output_format(a) == OUTPUT_JSON) {
		AUTO(json) json_t *o = backtest_plan_json(&w);

		output_json(a, o);
	} else {
		backtest_plan_print(a, &w, a->out);
	}
	if (a->local)
		return 0;
	return backtest_plan_check_budget(w.plan, (int64_t)(w.spec->budget_usd * 1e6), err);
}
