/* launch_sweep.c - many jobs from one command: one for each combination of values, or a clone of each of several. How
 * many and for how much is said first; then all lie in the durable queue before the first is sent, so that a sweep that
 * was interrupted goes on, and none of its jobs is launched twice. */
#include "app/launch_sweep.h"

#include "app/budgets.h"
#include "app/estimate_spec.h"
#include "app/output.h"
#include "sync/sweep.h"

#define TURN_MS 200

struct sweeping {
	struct app *a;
	const struct launch_plan *p;
	struct sweep_rows rows;
	bool *told;    /* of each row: its end was printed */
	bool *before;  /* it was launched by an earlier call */
	char *waiting; /* what was said last of those that wait; NULL */
};

static void sweeping_done(struct sweeping *w)
{
	sweep_rows_done(&w->rows);
	free(w->told);
	free(w->before);
	free(w->waiting);
}
AUTO_EMBEDDED(sweeping, struct sweeping, sweeping_done)

/* --- before anything is sent -------------------------------------------------------------- */

/* What the jobs will cost by those that were there before. */
static int estimate_all(struct app *a, const struct launch_plan *p, struct estimate_sum *ret, struct err *err)
{
	AUTO(learned) struct learned *l = NULL;

	if (app_learn(a, &l, err) < 0)
		return -err->code;
	for (size_t i = 0; i < p->n_jobs; i++) {
		AUTO(job) struct job *j = NULL;
		struct job_estimate e;

		if (learned_job_of_spec(p->jobs[i].spec, &j, err) < 0)
			return -err->code;
		learned_estimate(l, sync_session(a->sync), j, &e);
		estimate_sum_add(ret, e.mid_micro, p->jobs[i].ceiling_micro);
	}
	return 0;
}

static void print_price(struct app *a, const struct launch_plan *p, const struct estimate_sum *sum)
{
	bool known = p->ceiling_micro != USD_UNKNOWN;
	AUTO(str) char *cost = estimate_sum_text(sum);
	char prices[SESSION_PRICES_LEN];

	if (p->training_plan) {
		fprintf(stderr, "%s: %zu jobs, no cost of their own (by the training plan %s)\n", p->name, p->n_jobs,
			p->training_plan);
		return;
	}
	fprintf(stderr, "%s: %zu jobs, %s%s%s\n", p->name, p->n_jobs, cost, known ? "; " : "",
		known ? session_prices_text(sync_session(a->sync), prices) : "");
}

static int print_preview(struct app *a, const struct launch_plan *p, struct err *err)
{
	struct estimate_sum sum = {0};

	fputs(str_or(p->diff, ""), stderr);
	if (!str_empty(p->warning))
		fprintf(stderr, "sagetop: %s: %s\n", p->name, p->warning);
	if (a->local) {
		fprintf(stderr, "%s: %zu jobs\n", p->name, p->n_jobs);
		return 0;
	}
	if (estimate_all(a, p, &sum, err) < 0)
		return -err->code;
	print_price(a, p, &sum);
	return 0;
}

/* A row for each job, or as JSON the requests. */
static void print_jobs(const struct app *a, const struct launch_plan *p, const struct grid *g)
{
	AUTO(table) struct table t = {0};
	AUTO(json) json_t *list = json_array();

	table_column(&t, "NAME", false);
	if (p->jobs[0].source)
		table_column(&t, "CLONE OF", false);
	for (size_t k = 0; k < g->n; k++)
		table_column(&t, g->axes[k].name, false);
	for (size_t i = 0; i < p->n_jobs; i++) {
		json_array_append(list, p->jobs[i].spec);
		table_cell(&t, p->jobs[i].name);
		if (p->jobs[0].source)
			table_cell(&t, p->jobs[i].source);
		for (size_t k = 0; k < g->n; k++)
			table_cell(&t, grid_value(g, i, k));
	}
	if (output_format(a) == OUTPUT_JSON)
		output_json(a, list);
	else
		table_print(&t, a);
}

/* --- while it is sent ----------------------------------------------------------------------- */

static const char *word_of(const struct sweeping *w, size_t i)
{
	static const char *const words[] = {
		[LAUNCH_QUEUED] = "queued", [LAUNCH_SENT] = "sent", [LAUNCH_REFUSED] = "refused"};
	enum launch_state state = w->rows.items[i].state;

	if (state == LAUNCH_ACCEPTED)
		return w->before[i] ? "launched before" : "launched";
	return words[state];
}

static size_t count(const struct sweeping *w, enum launch_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < w->rows.n; i++)
		n += w->rows.items[i].state == state;
	return n;
}

static size_t count_open(const struct sweeping *w)
{
	return count(w, LAUNCH_QUEUED) + count(w, LAUNCH_SENT);
}

static void tell(struct sweeping *w, size_t i)
{
	const struct sweep_row *row = &w->rows.items[i];

	w->told[i] = true;
	if (output_format(w->a) != OUTPUT_JSON) {
		AUTO(str) char *name = app_scoped(w->a, w->p->jobs[i].name);
		fprintf(w->a->out, "%s\t%s\n", name, word_of(w, i));
	}
	if (row->state == LAUNCH_REFUSED)
		fprintf(stderr, "sagetop: %s was not launched: %s\n", w->p->jobs[i].name,
			str_or(row->error, "refused"));
}

/* One line for all that wait, whenever the reason is another. */
static void tell_waiting(struct sweeping *w)
{
	const char *why = NULL;

	for (size_t i = 0; i < w->rows.n && !why; i++) {
		if (w->rows.items[i].state == LAUNCH_QUEUED)
			why = w->rows.items[i].error;
	}
	if (why && !str_eq(why, w->waiting))
		fprintf(stderr, "sagetop: %zu of %zu jobs wait: %s\n", count_open(w), w->rows.n, why);
	if (why)
		str_set(&w->waiting, why);
}

static void tell_news(struct sweeping *w)
{
	for (size_t i = 0; i < w->rows.n; i++) {
		if (!w->told[i] && w->rows.items[i].state >= LAUNCH_ACCEPTED)
			tell(w, i);
	}
	tell_waiting(w);
	fflush(w->a->out);
}

static int wait_for_all(struct sweeping *w, struct err *err)
{
	int rc = 0;

	tell_news(w);
	while (rc == 0 && count_open(w)) {
		rc = app_turn(w->a, TURN_MS, err);
		if (rc == 0)
			rc = sweep_look(w->a->sync, w->p, &w->rows, err);
		if (rc == 0)
			tell_news(w);
	}
	return rc;
}

static void print_results(const struct sweeping *w)
{
	AUTO(json) json_t *list = json_array();

	if (output_format(w->a) != OUTPUT_JSON)
		return;
	for (size_t i = 0; i < w->rows.n; i++) {
		json_t *o = json_object();

		json_put_str(o, "name", w->p->jobs[i].name);
		json_put_str(o, "result", word_of(w, i));
		json_put_str(o, "error", w->rows.items[i].state == LAUNCH_REFUSED ? w->rows.items[i].error : NULL);
		json_array_append_new(list, o);
	}
	output_json(w->a, list);
}

static int carry_out(struct sweeping *w, struct err *err)
{
	struct app *a = w->a;
	size_t n = w->p->n_jobs;

	if (sweep_enqueue(a->sync, w->p, &w->rows, err) < 0)
		return -err->code;
	w->told = xcalloc(n, sizeof(*w->told));
	w->before = xcalloc(n, sizeof(*w->before));
	for (size_t i = 0; i < n; i++)
		w->before[i] = w->rows.items[i].state == LAUNCH_ACCEPTED;
	if (count_open(w))
		sync_start(a->sync);
	int rc = wait_for_all(w, err);

	print_results(w);
	if (rc && err->code == ERR_CANCELLED)
		fprintf(stderr,
			"sagetop: %zu of %zu jobs stay queued: the dashboard sends them within a day, sagetop launches "
			"--send %s now; --discard %s takes them back\n",
			count_open(w), n, w->p->name, w->p->name);
	if (rc == 0 && count(w, LAUNCH_REFUSED))
		rc = err_set(err, ERR_INVALID, "%zu of the %zu jobs of %s were not launched", count(w, LAUNCH_REFUSED),
			     n, w->p->name);
	return rc;
}

int launch_sweep(struct app *a, const struct launch_plan *p, const struct grid *g, struct err *err)
{
	AUTO(sweeping) struct sweeping w = {.a = a, .p = p};

	if (print_preview(a, p, err) < 0)
		return -err->code;
	if (app_flag(a, OPT_DRY_RUN)) {
		print_jobs(a, p, g);
		return 0;
	}
	if (app_identify(a, err) < 0 ||
	    budgets_allow_request(a, TRAINING_KIND, p->name, p->spec, p->ceiling_micro, err) < 0 ||
	    app_confirm_launch(a, p->name, err) < 0)
		return -err->code;
	return carry_out(&w, err);
}
