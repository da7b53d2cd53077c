/* sagetop backtest status, pause and stop: runs looked at and held, here or while another
 * process carries them out. */
#include "app/backtest.h"
#include "app/backtest_drive.h"
#include "app/backtest_progress.h"
#include "app/output.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/timefmt.h"

#define STOP_TURN_MS 300
#define STOP_MAX_MS 180000 /* a container has 120 s to end */

/* --- status -------------------------------------------------------------------------------- */

/* Packs whose results lie here. */
static size_t count_fetched(const struct backtest_run *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_packs; i++) {
		const struct backtest_job job = {.first_cycle = (size_t)r->packs[i].cycle,
						 .part = (size_t)r->packs[i].part};
		AUTO(str) char *path = backtest_part_path(r->name, &job, ".csv");

		n += fs_exists(path);
	}
	return n;
}

static json_t *pack_json(const struct backtest_pack *p)
{
	static const char *const states[] = {"waiting", "running", "completed", "failed"};
	json_t *o = json_pack("{s:I, s:I, s:i, s:s}", "cycle", (json_int_t)p->cycle, "part", (json_int_t)p->part,
			      "tries", p->tries, "state", states[p->state]);

	json_put_str(o, "job", p->name);
	json_put_str(o, "cause", p->cause ? backtest_cause_name(p->cause) : NULL);
	json_put_str(o, "why", p->why);
	return o;
}

static json_t *run_json(const struct backtest_run *r, bool packs)
{
	struct backtest_counts c = backtest_run_count(r);
	json_t *o =
		json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "run", r->name, "state",
			  backtest_state_name(r->state), "packs", (json_int_t)r->jobs, "waiting", (json_int_t)c.waiting,
			  "running", (json_int_t)c.running, "completed", (json_int_t)c.completed, "failed",
			  (json_int_t)c.failed, "made_again", (json_int_t)c.retried, "fetched",
			  (json_int_t)count_fetched(r), "billable_seconds", (json_int_t)r->billed_s);
	json_t *causes = json_object(), *list = json_array();

	for (size_t i = 1; i < CAUSE_COUNT; i++)
		if (c.causes[i])
			json_object_set_new(causes, backtest_cause_name(i), json_integer((json_int_t)c.causes[i]));
	json_put_str(o, "reason", r->reason);
	if (r->standing.against)
		json_object_set_new(o, "so_far", backtest_standing_json(&r->standing, packs));
	json_put_time(o, "begun", r->created_ms);
	json_put_usd(o, "usd", r->usd_micro);
	json_object_set_new(o, "causes", causes);
	for (size_t i = 0; packs && i < r->n_packs; i++)
		json_array_append_new(list, pack_json(&r->packs[i]));
	if (packs)
		json_object_set(o, "jobs", list);
	json_decref(list);
	return o;
}

static void print_run(struct app *a, const struct backtest_run *r)
{
	AUTO(str) char *progress = backtest_progress_text(r, count_fetched(r));
	char when[TIMEFMT_LEN];

	fprintf(a->out, "%s: %s%s%s\nbegun %s; %s\n", r->name, backtest_state_name(r->state),
		str_empty(r->reason) ? "" : ": ", str_or(r->reason, ""), timefmt_show(when, r->created_ms), progress);
	AUTO(str) char *so_far = backtest_standing_text(&r->standing);

	if (so_far)
		fprintf(a->out, "%s\n", so_far);
	for (size_t i = 0; i < r->n_packs; i++)
		if (r->packs[i].state == PACK_FAILED)
			fprintf(a->out, "  %s failed (%s): %s\n", r->packs[i].name,
				backtest_cause_name(r->packs[i].cause), str_or(r->packs[i].why, "?"));
}

static int print_runs(struct app *a, const struct backtest_run *runs, size_t n, struct err *err)
{
	static const char *const titles[] = {"RUN", "STATE", "PACKS", "DONE", "FAILED", "COST", "BEGUN", "WHY"};
	AUTO(table) struct table t = {0};
	AUTO(json) json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		table_column(&t, titles[i], i >= 2 && i <= 5);
	for (size_t i = 0; i < n; i++) {
		AUTO(backtest_run) struct backtest_run r = {0};
		char jobs[32], done[32], failed[32], usd[24], when[TIMEFMT_LEN];

		if (sync_backtest_load(a->sync, runs[i].name, &r, err) < 0)
			return -err->code;
		backtest_standing_load(r.name, &r.standing);
		snprintf(jobs, sizeof(jobs), "%lld", (long long)r.jobs);
		snprintf(done, sizeof(done), "%zu", count_fetched(&r));
		snprintf(failed, sizeof(failed), "%zu", backtest_run_count(&r).failed);
		const char *cells[] = {r.name,
				       backtest_state_name(r.state),
				       jobs,
				       done,
				       failed,
				       money_text(usd, r.usd_micro),
				       timefmt_show(when, r.created_ms),
				       r.reason};

		for (size_t k = 0; k < ARRAY_LEN(cells); k++)
			table_cell(&t, cells[k]);
		json_array_append_new(list, run_json(&r, false));
	}
	if (output_format(a) == OUTPUT_JSON)
		output_json(a, list);
	else
		table_print(&t, a);
	return 0;
}

int backtest_status(struct app *a, struct err *err)
{
	struct backtest_run *runs = NULL;
	size_t n = 0;

	if (app_connect(a, err) < 0 || sync_load(a->sync, err) < 0)
		return -err->code;
	if (a->cli.args.n < 2) {
		int rc = store_backtest_list(sync_store(a->sync), &runs, &n, err);

		rc = rc ? rc : print_runs(a, runs, n, err);
		backtest_run_list_free(runs, n);
		return rc;
	}
	AUTO(backtest_run) struct backtest_run r = {0};

	if (sync_backtest_load(a->sync, a->cli.args.items[1], &r, err) < 0)
		return -err->code;
	backtest_standing_load(r.name, &r.standing);
	if (output_format(a) == OUTPUT_JSON) {
		AUTO(json) json_t *o = run_json(&r, true);

		output_json(a, o);
	} else {
		print_run(a, &r);
	}
	return 0;
}

int backtest_may_write(const struct app *a, struct err *err)
{
	if (!a->config.set.read_only)
		return 0;
	return err_set(err, ERR_DENIED, "backtest %s changes something and read-only forbids it (%s)",
		       a->cli.args.items[0], a->config.from[SETTING_read_only]);
}

/* --- pause and stop ---------------------------------------------------------------------------- */

static int put_held(struct app *a, enum backtest_state state, const char *reason, struct err *err)
{
	const char *run = a->cli.args.items[1];
	AUTO(backtest_run) struct backtest_run r = {0};

	if (backtest_may_write(a, err) < 0 || app_connect(a, err) < 0 ||
	    store_backtest_load(sync_store(a->sync), run, &r, err) < 0)
		return -err->code;
	if (r.state == BACKTEST_DONE)
		return err_set(err, ERR_INVALID, "the run %s is done", run);
	r.state = state;
	str_set(&r.reason, reason);
	return store_backtest_put(sync_store(a->sync), &r, err);
}

int backtest_pause(struct app *a, struct err *err)
{
	if (put_held(a, BACKTEST_PAUSED, "by hand", err) < 0)
		return -err->code;
	fprintf(stderr, "sagetop: %s launches nothing more; what runs goes on\n", a->cli.args.items[1]);
	return 0;
}

static void ignore_stop(void *user, const struct err *err)
{
	(void)user;
	(void)err; /* its state is looked at again */
}

/* Stop what runs; how many are not over. */
static int stop_running(struct app *a, struct strlist *asked, size_t *ret_n, struct err *err)
{
	AUTO(backtest_run) struct backtest_run r = {0};

	*ret_n = 0;
	if (sync_backtest_load(a->sync, a->cli.args.items[1], &r, err) < 0)
		return -err->code;
	for (size_t i = 0; i < r.n_packs; i++) {
		const struct backtest_pack *p = &r.packs[i];

		if (p->state != PACK_RUNNING)
			continue;
		++*ret_n;
		if (strlist_has(asked, p->name) || !jobs_find(session_jobs(sync_session(a->sync)), p->name))
			continue;
		strlist_add(asked, p->name);
		sync_stop_job(a->sync, p->name, ignore_stop, NULL);
	}
	return 0;
}

int backtest_stop(struct app *a, struct err *err)
{
	AUTO(strlist) struct strlist asked = {0};
	size_t n = 1;

	/* First the state: nothing is sent from then on. */
	if (put_held(a, BACKTEST_STOPPED, "by hand", err) < 0 || sync_load(a->sync, err) < 0 ||
	    store_launch_refuse_waiting(sync_store(a->sync), a->cli.args.items[1], BACKTEST_STOPPED_WHY, err) < 0)
		return -err->code;
	sync_start(a->sync);
	for (int64_t until = clock_mono_ms() + STOP_MAX_MS; n && clock_mono_ms() < until;) {
		if (stop_running(a, &asked, &n, err) < 0)
			return -err->code;
		if (n && app_turn(a, STOP_TURN_MS, err) < 0)
			return -err->code;
		sync_refresh_now(a->sync);
	}
	fprintf(stderr, "sagetop: %s is stopped; %zu jobs were stopped%s\n", a->cli.args.items[1], asked.n,
		n ? ", and some have not ended yet" : "");
	return 0;
}
