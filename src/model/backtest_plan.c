/* Cycles into jobs, jobs into seconds and dollars. */
#include "model/backtest_plan.h"

#include <assert.h>
#include <math.h>

#include "model/cost.h"

void backtest_plan_free(struct backtest_plan *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_jobs; i++)
		free(p->jobs[i].name);
	free(p->jobs);
	free(p->alternatives);
	strlist_done(&p->dropped);
	strlist_done(&p->assumptions);
	free(p);
}

/* --- units --------------------------------------------------------------------------- */

static size_t units_of(const struct backtest_plan_input *in, const struct backtest_cycle *c)
{
	if (!c->rows)
		return 0;
	return in->per_entity ? c->entities : 1;
}

/* Seconds that one unit of this cycle is trained for. */
static double unit_work(const struct backtest_plan_input *in, const struct backtest_cycle *c)
{
	if (in->per_entity)
		return (double)in->models * in->model_s;
	return (double)in->models * (double)c->learnt * in->pooled_row_s;
}

static double cycle_work(const struct backtest_plan_input *in, const struct backtest_cycle *c)
{
	return (double)units_of(in, c) * unit_work(in, c);
}

/* Units of one part of a cycle's entities: entity e is in part e % parts. */
static size_t part_units(const struct backtest_plan_input *in, const struct backtest_cycle *c, size_t part,
			 size_t parts)
{
	size_t units = units_of(in, c);

	return units / parts + (part < units % parts);
}

/* --- how they are cut ------------------------------------------------------------------ */

struct cut {
	size_t runs;  /* of consecutive cycles */
	size_t parts; /* of each run */
};

static size_t ceil_div(size_t a, size_t b)
{
	assert(b);
	return a / b + (a % b != 0);
}

/* Jobs that the work is worth, by the rule in the header. */
static size_t jobs_wanted(const struct backtest_plan_input *in, double work_s, size_t units)
{
	size_t by_length = (size_t)ceil(work_s / BACKTEST_JOB_WORK_S);
	size_t by_worth = in->least_work_s > 0 ? (size_t)(work_s / in->least_work_s) : units;
	size_t n = MAX(by_length, MIN((size_t)in->concurrency, by_worth));

	return MAX(MIN(n, units), 1);
}

static struct cut cut_of(const struct backtest_plan_input *in, const struct backtest_cadence *cad)
{
	size_t busy = 0, units = 0, most = 0;
	double work_s = 0;

	for (size_t i = 0; i < cad->n; i++) {
		size_t u = units_of(in, &cad->cycles[i]);

		busy += u > 0;
		units += u;
		most = MAX(most, u);
		work_s += cycle_work(in, &cad->cycles[i]);
	}
	size_t wanted = jobs_wanted(in, work_s, units);
	struct cut c = {.parts = 1};

	if (in->per_entity && in->pack_entities)
		c.parts = ceil_div(most, (size_t)in->pack_entities);
	if (in->pack_cycles)
		c.runs = ceil_div(busy, (size_t)in->pack_cycles);
	else
		c.runs = MIN(ceil_div(wanted, c.parts), busy);
	if (in->per_entity && !in->pack_entities)
		c.parts = MIN(ceil_div(wanted, MAX(c.runs, 1)), MAX(most, 1));
	return c;
}

static void add_job(const struct backtest_plan_input *in, const struct backtest_cadence *cad, struct backtest_plan *p,
		    const struct backtest_job *draft)
{
	struct backtest_job job = *draft;
	double first_s = -1;

	for (size_t i = job.first_cycle; i <= job.last_cycle; i++) {
		const struct backtest_cycle *c = &cad->cycles[i];
		size_t units = part_units(in, c, job.part - 1, job.parts);

		if (units && first_s < 0)
			first_s = unit_work(in, c);
		job.units += units;
		job.rows += c->rows;
		job.seconds += (double)units * unit_work(in, c);
	}
	if (!job.units)
		return;
	job.seconds += in->job_s - first_s;
	job.name = xasprintf("%s-c%zu-p%zu", in->run, job.first_cycle, job.part);
	GROW(p->jobs, p->cap_jobs, p->n_jobs + 1);
	p->jobs[p->n_jobs++] = job;
}

static void add_run(const struct backtest_plan_input *in, const struct backtest_cadence *cad, struct backtest_plan *p,
		    size_t first, size_t last, size_t parts)
{
	for (size_t part = 1; part <= parts; part++)
		add_job(in, cad, p,
			&(struct backtest_job){.first_cycle = first, .last_cycle = last, .part = part, .parts = parts});
}

/* Whether a run that has so many busy cycles, and with which so much work is behind us, ends. */
static bool run_ends(const struct backtest_plan_input *in, const struct cut *cut, size_t runs_done, size_t in_run,
		     size_t busy_left, double share_done)
{
	if (in->pack_cycles)
		return in_run == (size_t)in->pack_cycles;
	size_t runs_left = cut->runs - runs_done - 1;

	if (busy_left <= runs_left) /* each of them needs one */
		return true;
	return runs_left && share_done * (double)cut->runs >= (double)(runs_done + 1) - 1e-9;
}

/* Runs of busy cycles, even in work; those without rows lie between them, or nowhere. */
static void cut_into_jobs(const struct backtest_plan_input *in, const struct backtest_cadence *cad,
			  struct backtest_plan *p)
{
	const struct cut cut = cut_of(in, cad);
	double work_s = 0, done_s = 0;
	size_t busy = 0, in_run = 0, runs_done = 0, first = 0, last = 0;

	for (size_t i = 0; i < cad->n; i++) {
		busy += cad->cycles[i].rows > 0;
		work_s += cycle_work(in, &cad->cycles[i]);
	}
	for (size_t i = 0; i < cad->n; i++) {
		if (!cad->cycles[i].rows)
			continue;
		first = in_run++ ? first : i;
		last = i;
		busy--;
		done_s += cycle_work(in, &cad->cycles[i]);
		if (run_ends(in, &cut, runs_done, in_run, busy, work_s > 0 ? done_s / work_s : 0)) {
			add_run(in, cad, p, first, last, cut.parts);
			runs_done++;
			in_run = 0;
		}
	}
	if (in_run)
		add_run(in, cad, p, first, last, cut.parts);
}

/* --- what they come to ------------------------------------------------------------------- */

static struct estimate_terms terms_of(const struct backtest_plan_input *in)
{
	return (struct estimate_terms){.concurrency = in->concurrency,
				       .quota = in->quota,
				       .max_run_s = in->max_run_s,
				       .retries = in->retries,
				       .spot = in->spot,
				       .spot_micro = in->spot_micro,
				       .demand_micro = in->demand_micro,
				       .start_s = in->start_s,
				       .launches_a_s = in->launches_a_s};
}

static struct estimate_quote quote_jobs(const struct backtest_plan_input *in, const struct backtest_job *jobs, size_t n)
{
	const struct estimate_terms terms = terms_of(in);
	struct estimate e;

	estimate_begin(&e, &terms);
	for (size_t i = 0; i < n; i++)
		estimate_add(&e, jobs[i].units, jobs[i].seconds);
	return estimate_end(&e);
}

/* One job for each unit. */
static struct estimate_quote quote_units(const struct backtest_plan_input *in)
{
	const struct estimate_terms terms = terms_of(in);
	struct estimate e;

	estimate_begin(&e, &terms);
	for (size_t i = 0; i < in->cadence.n; i++) {
		for (size_t u = units_of(in, &in->cadence.cycles[i]); u > 0; u--)
			estimate_add(&e, 1, in->job_s);
	}
	return estimate_end(&e);
}

static struct estimate_quote quote_cadence(const struct backtest_plan_input *in, const struct backtest_cadence *cad)
{
	AUTO(backtest_plan) struct backtest_plan *p = NEW(struct backtest_plan);

	cut_into_jobs(in, cad, p);
	return quote_jobs(in, p->jobs, p->n_jobs);
}

/* --- the whole ------------------------------------------------------------------------- */

static void note_dropped(const struct backtest_plan_input *in, struct backtest_plan *p)
{
	for (size_t i = 0; i < in->cadence.n; i++) {
		const struct backtest_cycle *c = &in->cadence.cycles[i];

		p->cycles += c->rows > 0;
		p->slates += c->slates;
		p->rows += c->rows;
		p->scored += c->scored;
		p->most_entities = MAX(p->most_entities, c->rows ? c->entities : 0);
		if (!c->rows)
			strlist_take(&p->dropped, xasprintf("cycle %zu has no row to predict: no job", i));
		else if (!c->learnt)
			strlist_take(&p->dropped,
				     xasprintf("cycle %zu has no row to learn from: its models cannot be trained", i));
	}
}

static void note_assumptions(const struct backtest_plan_input *in, struct backtest_plan *p)
{
	strlist_take(&p->assumptions,
		     xasprintf("a job of one %s is billed for %.4g min, and %.4g s pass before its billing begins",
			       in->per_entity ? "entity and cycle" : "cycle", in->job_s / 60, in->start_s));
	if (in->per_entity)
		strlist_take(&p->assumptions, xasprintf("each further model takes %.4g s", in->model_s));
	else
		strlist_take(&p->assumptions, xasprintf("each further cycle takes %.4g s for every model and 10,000 "
							"rows that it learns from",
							in->pooled_row_s * 10000));
	if (!in->quota)
		strlist_take(&p->assumptions, xasprintf("the account's quota allows %lld instances at a time",
							(long long)in->concurrency));
	strlist_take(&p->assumptions, xasprintf("%.4g launches a second", in->launches_a_s));
	if (in->spot)
		strlist_add(&p->assumptions, "spot is there when it is asked for, and takes no instance back");
}

static int check_name(const char *run, struct err *err)
{
	size_t n = strlen(run);

	if (n == 0 || n > BACKTEST_RUN_NAME_MAX || *run == '-' || run[n - 1] == '-' ||
	    strspn(run, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != n)
		return err_set(err, ERR_INVALID,
			       "\"%s\" cannot be a run's name: at most %d letters, digits and hyphens between them "
			       "(run.name, or --name)",
			       run, BACKTEST_RUN_NAME_MAX);
	return 0;
}

static int check_input(const struct backtest_plan_input *in, struct err *err)
{
	size_t rows = 0, learnt = 0;

	for (size_t i = 0; i < in->cadence.n; i++) {
		rows += in->cadence.cycles[i].rows;
		learnt += in->cadence.cycles[i].rows ? in->cadence.cycles[i].learnt : 0;
	}
	if (!rows)
		return err_set(err, ERR_INVALID,
			       "no row is to be predicted: no entity is eligible between test_start and test_end "
			       "(see eligible and windows)");
	if (!learnt)
		return err_set(err, ERR_INVALID,
			       "there is no row to learn from before test_start (see windows.train_start)");
	if (!in->per_entity && in->pack_entities)
		return err_set(err, ERR_INVALID,
			       "run.pack_entities: pooled models learn from all entities, so that their jobs cannot "
			       "be cut by them; leave it out, or set run.pack_cycles");
	return 0;
}

/* Told before any are made: pack_entities: 1 of a large panel is a million of jobs. */
static int check_jobs(const struct backtest_plan_input *in, struct err *err)
{
	const struct cut cut = cut_of(in, &in->cadence);

	if (cut.parts > BACKTEST_JOBS_MAX || cut.runs * cut.parts > BACKTEST_JOBS_MAX)
		return err_set(err, ERR_INVALID,
			       "%zu jobs are more than %d: let run.pack_entities or run.pack_cycles be larger",
			       cut.runs * cut.parts, BACKTEST_JOBS_MAX);
	return 0;
}

int backtest_plan_make(const struct backtest_plan_input *in, struct backtest_plan **ret, struct err *err)
{
	if (check_name(in->run, err) || check_input(in, err) || check_jobs(in, err))
		return -ERR_INVALID;
	AUTO(backtest_plan) struct backtest_plan *p = NEW(struct backtest_plan);

	note_dropped(in, p);
	cut_into_jobs(in, &in->cadence, p);
	p->packed = quote_jobs(in, p->jobs, p->n_jobs);
	p->unpacked = quote_units(in);
	p->n_alternatives = in->n_alternatives;
	p->alternatives = xcalloc(MAX(in->n_alternatives, 1), sizeof(*p->alternatives));
	for (size_t i = 0; i < in->n_alternatives; i++)
		p->alternatives[i] = quote_cadence(in, &in->alternatives[i]);
	note_assumptions(in, p);
	*ret = TAKE(p);
	return 0;
}

int backtest_plan_check_budget(const struct backtest_plan *p, int64_t budget_micro, struct err *err)
{
	char most[24], budget[24];

	if (budget_micro <= 0 || (p->packed.most_micro != USD_UNKNOWN && p->packed.most_micro <= budget_micro))
		return 0;
	money_text(budget, budget_micro);
	if (p->packed.most_micro == USD_UNKNOWN)
		return err_set(err, ERR_INVALID,
			       "what the run may cost is not known, so that it cannot be held against run.budget_usd "
			       "(%s): give --rate, or leave the budget out",
			       budget);
	return err_set(err, ERR_INVALID,
		       "the run may cost %s, more than run.budget_usd (%s): shorten run.max_run, or let jobs be fewer",
		       money_text(most, p->packed.most_micro), budget);
}
