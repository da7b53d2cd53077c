/* What a backtest's plan rests on: prices, and how long things are assumed to take. */
#include <math.h>

#include "app/backtest_work.h"
#include "app/estimate_spec.h"

#define LOCAL_JOB_S 1.0
#define POOLED_ROW_S 20e-6 /* one thread of a common processor */
#define LEARNED_LEAST 5
#define LEAST_WORK 5 /* a part of job_s: less work is not worth a job */

static int64_t rate_of(struct backtest_work *w, const struct price_table *prices, const char *region, bool spot)
{
	const struct price *p = price_training(prices, w->spec->instance_type, region, spot);

	if (!p)
		return USD_UNKNOWN;
	str_copy(w->price_of, sizeof(w->price_of), str_or(p->as_of, ""));
	return p->usd_micro;
}

/* A rate of spot that nobody told is what spot saved so far, or assumed, and said to be. */
static void price_spot(struct backtest_work *w, const struct price_table *prices, const char *region)
{
	struct backtest_plan_input *in = &w->input;
	bool listed = price_find(prices, w->spec->instance_type, region, "SpotTraining") != NULL;

	in->spot_micro = listed ? rate_of(w, prices, region, true) : in->demand_micro;
	if (in->spot_micro == USD_UNKNOWN)
		return;
	w->rate_assumed = w->spot.basis == DURATION_DEFAULT;
	in->spot_micro = llround((double)in->spot_micro * (1 - w->spot.mid));
}

/* What jobs of the trainer's image were billed for beside their training is what a job of one model
 * is, but for a second: of five jobs and more. Jobs of this machine say nothing of the service. */
static int learn(struct app *a, struct backtest_work *w, struct err *err)
{
	const struct backtest_spec *spec = w->spec;
	const struct duration_case c = {.image = backtest_spec_is_own(spec) ? spec->own_image : spec->image,
					.instance_type = spec->instance_type,
					.instances = 1};
	struct duration_range billed, training, startup;
	AUTO(learned) struct learned *l = NULL;

	if (a->local) {
		AUTO(duration_history) struct duration_history *none = duration_history_new();

		duration_spot(none, spec->instance_type, &w->spot);
		return 0;
	}
	if (sync_load(a->sync, err) < 0 || app_learn(a, &l, err) < 0)
		return -err->code;
	duration_spot(l->history, spec->instance_type, &w->spot);
	duration_predict(l->model, &c, DURATION_BILLED, &billed);
	duration_predict(l->model, &c, DURATION_TRAINING, &training);
	duration_predict(l->model, &c, DURATION_STARTUP, &startup);
	if (app_value(a, OPT_MINUTES) || billed.basis < DURATION_OTHER_TYPE || training.basis < DURATION_OTHER_TYPE ||
	    billed.jobs < LEARNED_LEAST)
		return 0;
	w->input.job_s = MAX(billed.mid_s - training.mid_s, 0.0) + LOCAL_JOB_S;
	w->input.least_work_s = w->input.job_s / LEAST_WORK;
	strlist_take(&w->learned, xasprintf("a job is billed for %.4g s beside its training: %s",
					    w->input.job_s - LOCAL_JOB_S, billed.why));
	if (startup.basis < DURATION_OTHER_TYPE)
		return 0;
	w->input.start_s = startup.mid_s;
	strlist_take(&w->learned, xasprintf("%.4g s pass before: %s", startup.mid_s, startup.why));
	return 0;
}

int backtest_work_price(struct app *a, struct backtest_work *w, struct err *err)
{
	struct backtest_plan_input *in = &w->input;
	const struct backtest_spec *spec = w->spec;
	double minutes = (a->local ? LOCAL_JOB_S : ESTIMATE_JOB_S) / 60, usd = -1;
	bool no_region = false;

	if (app_take_number(a, OPT_MINUTES, 1e-3, 1e5, &minutes, err) < 0 ||
	    app_take_number(a, OPT_RATE, 1e-6, 1e5, &usd, err) < 0)
		return -err->code;
	if (app_connect_anywhere(a, &no_region, err) < 0)
		return -err->code;
	const struct session *session = sync_session(a->sync);
	const char *region = no_region ? "" : str_or(session->region, "");

	*in = (struct backtest_plan_input){
		.run = w->name,
		.cadence = w->asked,
		.alternatives = w->alternatives,
		.n_alternatives = BACKTEST_ALTERNATIVES,
		.models = spec->n_models,
		.pack_entities = spec->pack_entities,
		.pack_cycles = backtest_spec_is_own(spec) ? 1 : spec->pack_cycles, /* see backtest_own.c */
		.concurrency = spec->concurrency,
		.quota = app_value(a, OPT_QUOTA) ? MAX(a->cli.numbers[OPT_QUOTA], 1) : 0,
		.max_run_s = spec->max_run_s,
		.retries = spec->retries,
		.spot = spec->spot,
		.job_s = minutes * 60,
		.start_s = a->local ? 0 : ESTIMATE_START_S,
		.model_s = ESTIMATE_MODEL_S,
		.pooled_row_s = POOLED_ROW_S,
		.launches_a_s = ESTIMATE_LAUNCHES_A_S,
		.least_work_s = minutes * 60 / LEAST_WORK,
	};
	in->per_entity = spec->n_models > 0;
	for (size_t i = 0; i < spec->n_models; i++)
		in->per_entity &= spec->models[i].per_entity;
	in->demand_micro = rate_of(w, &session->prices, region, false);
	if (learn(a, w, err) < 0)
		return -err->code;
	if (usd > 0) {
		in->spot_micro = llround(usd * 1e6);
		w->rate_given = true;
	} else {
		price_spot(w, &session->prices, region);
	}
	return 0;
}
