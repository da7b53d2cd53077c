/* sagetop estimate: what a specification will take and cost, or many small models. */
#include <math.h>

#include "app/backtest.h"
#include "app/commands.h"
#include "app/estimate_spec.h"
#include "app/output.h"
#include "app/quote_text.h"
#include "base/timefmt.h"

#define CONCURRENCY 10

/* Many models, as they are asked for, and what they come to. */
struct season {
	struct estimate_season of;
	struct estimate_terms terms;
	const char *type;	   /* NULL: only a rate is given */
	const char *region;	   /* "" */
	const struct price *price; /* NULL */
	bool spot_given, demand_given;
	struct duration_spot spot;
	struct estimate_quote cycle, all, unpacked;
};

static int64_t number_or(const struct app *a, enum option_id id, int64_t usual)
{
	return app_value(a, id) ? a->cli.numbers[id] : usual;
}

/* --- rates ------------------------------------------------------------------------------ */

/* What spot saves is learned, or assumed; the price list's own spot rate comes before it. */
static void rate_spot(struct season *s, const struct price_table *prices, const struct learned *l)
{
	const struct price *p = price_training(prices, s->type, s->region, true);

	duration_spot(l->history, s->type, &s->spot);
	s->terms.spot_micro = p ? llround((double)p->usd_micro * (1 - s->spot.mid)) : USD_UNKNOWN;
}

static int take_rates(struct app *a, struct season *s, struct err *err)
{
	double usd = -1;
	bool no_region = false;

	if (app_take_number(a, OPT_RATE, 1e-6, 1e5, &usd, err) < 0)
		return -err->code;
	s->type = app_value(a, OPT_TYPE);
	if (!s->type && usd < 0)
		return err_set(err, ERR_USAGE, "what an instance costs is not said: give --type, or --rate");
	s->terms.spot = app_flag(a, OPT_SPOT);
	s->terms.spot_micro = s->terms.demand_micro = USD_UNKNOWN;
	s->region = "";
	if (s->type) {
		AUTO(learned) struct learned *l = NULL;

		if (app_connect_anywhere(a, &no_region, err) < 0 || sync_load(a->sync, err) < 0 ||
		    app_learn(a, &l, err) < 0)
			return -err->code;
		const struct session *session = sync_session(a->sync);

		s->region = no_region ? "" : str_or(session->region, "");
		s->price = price_training(&session->prices, s->type, s->region, false);
		s->terms.demand_micro = s->price ? s->price->usd_micro : USD_UNKNOWN;
		rate_spot(s, &session->prices, l);
	}
	if (usd > 0 && s->terms.spot)
		s->terms.spot_micro = llround(usd * 1e6);
	else if (usd > 0)
		s->terms.demand_micro = llround(usd * 1e6);
	s->spot_given = usd > 0 && s->terms.spot;
	s->demand_given = usd > 0 && !s->terms.spot;
	return 0;
}

static int take_season(struct app *a, struct season *s, struct err *err)
{
	double minutes = ESTIMATE_JOB_S / 60;

	if (app_take_number(a, OPT_MINUTES, 1e-3, 1e5, &minutes, err) < 0 || take_rates(a, s, err) < 0)
		return -err->code;
	s->of = (struct estimate_season){.entities = a->cli.numbers[OPT_ENTITIES],
					 .cycles = number_or(a, OPT_CYCLES, 1),
					 .pack = number_or(a, OPT_PACK, 1),
					 .job_s = minutes * 60,
					 .model_s = ESTIMATE_MODEL_S,
					 .instances = 1};
	s->terms.concurrency = number_or(a, OPT_CONCURRENCY, CONCURRENCY);
	s->terms.quota = app_value(a, OPT_QUOTA) ? MAX(a->cli.numbers[OPT_QUOTA], 1) : 0;
	s->terms.max_run_s = number_or(a, OPT_MAX_RUN, (int64_t)ESTIMATE_MAX_RUN_S * 1000) / 1000;
	s->terms.start_s = ESTIMATE_START_S;
	s->terms.launches_a_s = ESTIMATE_LAUNCHES_A_S;
	struct estimate_season cycle = s->of, unpacked = s->of;

	cycle.cycles = unpacked.pack = 1;
	if (estimate_season(&s->terms, &s->of, &s->all, err) < 0 ||
	    estimate_season(&s->terms, &cycle, &s->cycle, err) < 0 ||
	    estimate_season(&s->terms, &unpacked, &s->unpacked, err) < 0)
		return -err->code;
	return 0;
}

/* --- what it rests on ------------------------------------------------------------------- */

static void add_rates(const struct season *s, struct strlist *ret)
{
	char usd[24];

	if (s->terms.spot_micro == USD_UNKNOWN)
		strlist_add(ret, "what spot costs is not known (--rate with --spot says it)");
	else if (s->spot_given)
		strlist_take(ret,
			     xasprintf("spot %s an hour, as --rate says", money_rate_text(usd, s->terms.spot_micro)));
	else
		strlist_take(ret, xasprintf("spot %s an hour: %.0f %% less, %s",
					    money_rate_text(usd, s->terms.spot_micro), s->spot.mid * 100, s->spot.why));
	if (s->terms.demand_micro == USD_UNKNOWN)
		strlist_take(ret, s->type ? xasprintf("the price of %s %s%s is not known (sagetop prices update)",
						      s->type, *s->region ? "in " : "without a region", s->region)
					  : xstrdup("what it costs on demand is not known (--type says it)"));
	else if (s->demand_given)
		strlist_take(ret, xasprintf("on demand %s an hour, as --rate says",
					    money_rate_text(usd, s->terms.demand_micro)));
	else
		strlist_take(ret, xasprintf("on demand %s an hour of %s", money_rate_text(usd, s->terms.demand_micro),
					    str_or(s->price->as_of, "an unknown day")));
}

static void list_assumptions(const struct app *a, const struct season *s, struct strlist *ret)
{
	char most[TIMEFMT_LEN];

	strlist_take(
		ret,
		xasprintf("a job of one entity is billed for %.4g min%s, and %.4g s pass before its billing begins",
			  s->of.job_s / 60, app_value(a, OPT_MINUTES) ? "" : " (--minutes)", s->terms.start_s));
	if (s->of.pack > 1)
		strlist_take(ret, xasprintf("each further entity of a job takes %.4g s", s->of.model_s));
	strlist_take(ret, xasprintf("%lld jobs at a time%s%s", (long long)s->terms.concurrency,
				    app_value(a, OPT_CONCURRENCY) ? "" : " (--concurrency)",
				    s->terms.quota ? "" : ", which the account's quota allows (--quota)"));
	if (s->terms.quota)
		strlist_take(ret, xasprintf("a quota of %lld instances", (long long)s->terms.quota));
	strlist_take(ret, xasprintf("%.4g launches a second", s->terms.launches_a_s));
	strlist_take(ret, xasprintf("at most: every job is stopped after %s%s%s",
				    timefmt_duration(most, s->terms.max_run_s * 1000),
				    app_value(a, OPT_MAX_RUN) ? "" : " (--max-run)",
				    s->terms.spot ? ", and spot saves nothing" : ""));
	if (s->terms.spot)
		strlist_add(ret, "spot is there when it is asked for, and takes no instance back");
	add_rates(s, ret);
}

/* --- output ------------------------------------------------------------------------------- */

static void print_season(struct app *a, const struct season *s)
{
	AUTO(strlist) struct strlist assumed = {0};
	char entities[32], way[48];

	fprintf(a->out, "%s %s, %lld to a job, on %s%s\n\n", backtest_count_text(entities, (size_t)s->of.entities),
		s->of.entities == 1 ? "entity" : "entities", (long long)s->of.pack, str_or(s->type, "one instance"),
		s->terms.spot ? " (spot)" : "");
	quote_print_head(a->out);
	quote_print(a->out, "a cycle", &s->cycle);
	snprintf(way, sizeof(way), "%lld cycles", (long long)s->of.cycles);
	if (s->of.cycles > 1)
		quote_print(a->out, way, &s->all);
	if (s->of.pack > 1)
		quote_print(a->out, "one entity a job", &s->unpacked);
	list_assumptions(a, s, &assumed);
	fprintf(a->out, "\nAssumed\n");
	for (size_t i = 0; i < assumed.n; i++)
		fprintf(a->out, "  %s\n", assumed.items[i]);
}

static void print_season_json(struct app *a, const struct season *s)
{
	AUTO(strlist) struct strlist assumed = {0};
	AUTO(json)
	json_t *o = json_pack("{s:I, s:I, s:I, s:b, s:f, s:o, s:o, s:o}", "entities", (json_int_t)s->of.entities,
			      "cycles", (json_int_t)s->of.cycles, "pack", (json_int_t)s->of.pack, "spot", s->terms.spot,
			      "job_seconds", s->of.job_s, "cycle", quote_json(&s->cycle), "all", quote_json(&s->all),
			      "unpacked", quote_json(&s->unpacked));

	list_assumptions(a, s, &assumed);
	json_put_str(o, "instance_type", s->type);
	json_put_usd(o, "spot_usd_per_hour", s->terms.spot_micro);
	json_put_usd(o, "on_demand_usd_per_hour", s->terms.demand_micro);
	json_put_str(o, "price_as_of", s->price && !s->demand_given ? s->price->as_of : NULL);
	json_object_set_new(o, "assumptions", json_from_strlist(&assumed));
	output_json(a, o);
}

/* What goes with many models only must not be passed over with a specification, and the other way round. */
static int check_options(const struct app *a, struct err *err)
{
	static const enum option_id many[] = {OPT_CYCLES, OPT_PACK,    OPT_CONCURRENCY,
					      OPT_QUOTA,  OPT_MINUTES, OPT_MAX_RUN},
				    one[] = {OPT_COMPARE, OPT_SET, OPT_NAME};
	bool season = app_value(a, OPT_ENTITIES) != NULL;

	if (season == (a->cli.args.n > 0))
		return err_set(err, ERR_USAGE,
			       "estimate a specification or --entities: sagetop estimate SPEC, or sagetop "
			       "estimate --entities 500 --type ml.m5.xlarge");
	const enum option_id *wrong = season ? one : many;
	size_t n = season ? ARRAY_LEN(one) : ARRAY_LEN(many);

	for (size_t i = 0; i < n; i++)
		if (app_value(a, wrong[i]))
			return err_set(err, ERR_USAGE, "--%s goes with %s only", option_rows[wrong[i]].name,
				       season ? "a specification" : "--entities");
	return 0;
}

int cmd_estimate(struct app *a, struct err *err)
{
	struct season s = {0};

	if (check_options(a, err) < 0)
		return -err->code;
	if (a->cli.args.n)
		return estimate_spec(a, a->cli.args.items[0], err);
	if (take_season(a, &s, err) < 0)
		return -err->code;
	if (output_format(a) == OUTPUT_JSON)
		print_season_json(a, &s);
	else
		print_season(a, &s);
	return 0;
}
