/* sagetop backtest run SPEC, resume RUN, retry RUN: planned, uploaded, put into the queue, and
 * carried out until the report. */
#include <assert.h>

#include "app/backtest.h"
#include "app/backtest_drive.h"
#include "app/budgets.h"
#include "app/upload.h"
#include "aws/s3.h"
#include "base/fs.h"
#include "sync/spec.h"

/* --- before anything is sent ---------------------------------------------------------------- */

static int check_settings(const struct app *a, const struct backtest_work *w, struct err *err)
{
	const struct backtest_spec *s = w->spec;

	assert(w->plan); /* backtest_work_load made it */
	AUTO(json) json_t *request = backtest_request(w, &w->plan->jobs[0], 0);

	bool own = backtest_spec_is_own(s), no_image = str_empty(own ? s->own_image : s->image);
	const char *image = own ? "own.image" : "run.image";

	if (!a->local && (no_image || str_empty(s->role) || str_empty(s->bucket)))
		return err_set(err, ERR_INVALID,
			       "%s is not given: a run on SageMaker needs %s, run.role and run.bucket (--local "
			       "needs none of them)",
			       no_image		    ? image
			       : str_empty(s->role) ? "run.role"
						    : "run.bucket",
			       image);
	if (*s->bucket && !str_starts(s->bucket, "s3://"))
		return err_set(err, ERR_INVALID, "run.bucket: needs s3://BUCKET/PREFIX, not \"%s\"", s->bucket);
	if (spec_check(request, "the jobs of this run", NULL, err) < 0)
		return -err->code;
	return a->local ? 0 : backtest_plan_check_budget(w->plan, (int64_t)(s->budget_usd * 1e6), err);
}

static int ask(struct app *a, const struct backtest_work *w, const char *question, struct err *err)
{
	if (app_flag(a, OPT_YES))
		return 0;
	if (!a->in_tty)
		return err_set(err, ERR_USAGE, "%s was not begun: without a terminal to ask on, say --yes", w->name);
	if (!app_confirm(a, question))
		return err_set(err, ERR_INVALID, "%s was not begun", w->name);
	return 0;
}

/* What a run, or what is left of it, can cost is held against the hard budgets, too. */
static int check_budgets(struct app *a, const struct backtest_work *w, int64_t most_micro, struct err *err)
{
	AUTO(strmap) struct strmap tags = {0};

	strmap_copy(&tags, &w->spec->tags);
	strmap_set(&tags, BACKTEST_TAG, w->name);
	return budgets_allow_launch(a, TRAINING_KIND, w->name, &tags, most_micro, err);
}

/* A new run costs money: it is shown, and somebody says yes. */
static int confirm(struct app *a, const struct backtest_work *w, struct err *err)
{
	if (a->local)
		return 0;
	backtest_plan_print(a, w, stderr);
	return ask(a, w, "Run it?", err);
}

/* "$1.20"; "?" where it is not known. buf holds 32 bytes. */
static const char *price_text(char *buf, int64_t usd_micro, double share)
{
	if (usd_micro == USD_UNKNOWN)
		return strcpy(buf, "?");
	snprintf(buf, 32, "$%.2f", (double)usd_micro / 1e6 * share);
	return buf;
}

/* What goes on costs money too. Packs whose results are here are paid for. */
static int confirm_rest(struct app *a, const struct backtest_work *w, struct err *err)
{
	const struct estimate_quote *q = &w->plan->packed;
	size_t n = 0;

	if (a->local)
		return 0;
	for (size_t i = 0; i < w->plan->n_jobs; i++) {
		AUTO(str) char *part = backtest_part_path(w->name, &w->plan->jobs[i], ".csv");

		n += !fs_exists(part);
	}
	double share = w->plan->n_jobs ? (double)n / (double)w->plan->n_jobs : 0;
	int64_t each = w->spec->spot ? q->spot_micro : q->demand_micro;
	char usual[32], most[32];

	if (!n)
		return 0;
	int64_t rest = q->most_micro == USD_UNKNOWN ? USD_UNKNOWN : (int64_t)((double)q->most_micro * share);

	if (check_budgets(a, w, rest, err) < 0)
		return -err->code;
	fprintf(stderr, "%s: %zu of %zu packs are left: about %s %s, at most %s (prices of %s)\n", w->name, n,
		w->plan->n_jobs, price_text(usual, each, share), w->spec->spot ? "on spot" : "on demand",
		price_text(most, q->most_micro, share), str_or(w->price_of, "an unknown day"));
	return ask(a, w, "Go on with it?", err);
}

/* --- data ------------------------------------------------------------------------------------- */

static int add_own(const struct backtest_work *w, struct upload *u, struct err *err)
{
	AUTO(strlist) struct strlist names = {0};

	backtest_own_names(w, &names);
	for (size_t i = 0; i < w->own_files.n; i++) {
		AUTO(str) char *name = xasprintf("code/%s", names.items[i]);

		upload_add(u, w->own_files.items[i], name);
	}
	return backtest_own_write(w, u, err);
}

static void add_data(const struct backtest_work *w, struct upload *u)
{
	AUTO(strlist) struct strlist files = {0}, earlier = {0};

	backtest_data_names(w, &files, &earlier);
	for (size_t i = 0; i < w->files.n; i++) {
		AUTO(str) char *name = xasprintf("data/%s", files.items[i]);

		upload_add(u, w->files.items[i], name);
	}
	for (size_t i = 0; i < w->earlier.n; i++) {
		AUTO(str) char *name = xasprintf("data/%s", earlier.items[i]);

		upload_add(u, w->earlier.items[i], name);
	}
}

static int upload_all(struct app *a, const struct backtest_work *w, struct err *err)
{
	AUTO(upload) struct upload u = {.skip_same = true};
	AUTO(str) char *uri = backtest_uri(w, "");
	AUTO(str) char *folder = backtest_folder(w->name);
	AUTO(str) char *path = fs_join(folder, "job-spec.json");
	AUTO(json) json_t *spec = backtest_job_spec(w);
	AUTO(str) char *text = json_text_pretty(spec);
	bool own = backtest_spec_is_own(w->spec);

	if (s3_uri_split(uri, &u.bucket, &u.prefix, err) < 0 ||
	    fs_write_atomic(path, text, strlen(text), 0600, err) < 0)
		return -err->code;
	/* A program of one's own is not shown the data themselves. */
	if (!own)
		add_data(w, &u);
	else if (add_own(w, &u, err) < 0)
		return -err->code;
	upload_add(&u, path, "spec/spec.json");
	if (upload_make_bucket(a, &u, err) < 0 || upload_run(a, &u, err) < 0)
		return err_prefix(err, "%s", uri);
	return own ? backtest_own_clean(w, err) : 0;
}

/* --- run ------------------------------------------------------------------------------------------ */

static int put_state(struct app *a, const struct backtest_work *w, struct err *err)
{
	const struct backtest_run r = {.name = w->name,
				       .state = BACKTEST_RUNNING,
				       .jobs = (int64_t)w->plan->n_jobs,
				       .retries = w->spec->retries,
				       .concurrency = w->spec->concurrency};

	return store_backtest_put(sync_store(a->sync), &r, err);
}

/* How the run stands: may it begin, or go on? */
static int check_state(struct app *a, const char *run, bool begun, bool may_go_on, struct err *err)
{
	AUTO(backtest_run) struct backtest_run r = {0};
	struct err missing = {0};
	int rc = store_backtest_load(sync_store(a->sync), run, &r, &missing);

	if (rc && missing.code != ERR_NOTFOUND) {
		*err = missing;
		return rc;
	}
	if (rc && begun)
		return err_set(
			err, ERR_EXISTS,
			"there is a run %s of another account, region or endpoint: choose another name by --name", run);
	if (rc || !begun || r.state == BACKTEST_RUNNING)
		return 0;
	if (r.state == BACKTEST_DONE)
		return err_set(err, ERR_EXISTS,
			       "the run %s is done: sagetop backtest report %s judges it; --name begins another", run,
			       run);
	if (!may_go_on)
		return err_set(err, ERR_EXISTS,
			       "there is a run %s already, and it is %s%s%s: sagetop backtest resume %s "
			       "goes on with it; --name begins another",
			       run, backtest_state_name(r.state), str_empty(r.reason) ? "" : ": ", str_or(r.reason, ""),
			       run);
	return 0;
}

/* The report is the command's output; its exit status is the run's. */
static int report(struct app *a, const char *run, struct err *err)
{
	str_set(&a->cli.args.items[1], run);
	return backtest_report(a, err);
}

/* --- packs made again -------------------------------------------------------------------- */

/* What `stop` ended, or kept from being sent. */
static bool was_stopped(const struct backtest_pack *p)
{
	return p->state == PACK_FAILED &&
	       (p->cause == CAUSE_STOPPED || (p->cause == CAUSE_REFUSED && str_eq(p->why, BACKTEST_STOPPED_WHY)));
}

/* One more try for each pack that was stopped, or else for each that failed for good. Its results
 * may have been torn: then it is completed, and nothing of it lies in parts/. */
static int queue_again(struct app *a, const struct backtest_work *w, bool stopped, size_t *ret_n, struct err *err)
{
	AUTO(backtest_run) struct backtest_run r = {0};
	struct app_reply reply = {0};

	*ret_n = 0;
	if (sync_load(a->sync, err) < 0)
		return -err->code;
	sync_jobs(a->sync, app_reply_done, &reply); /* what ended while nobody looked */
	if (app_wait(a, &reply, err) < 0 || sync_backtest_load(a->sync, w->name, &r, err) < 0)
		return -err->code;
	for (size_t i = 0; i < w->plan->n_jobs; i++) {
		const struct backtest_job *job = &w->plan->jobs[i];
		const struct backtest_pack *p = backtest_run_pack(&r, (int64_t)job->first_cycle, (int64_t)job->part);
		AUTO(str) char *part = backtest_part_path(w->name, job, ".csv");
		bool torn = r.state == BACKTEST_FAILED && p && p->state == PACK_COMPLETED && !fs_exists(part);

		if (!p || (stopped ? !was_stopped(p) : p->state != PACK_FAILED && !torn))
			continue;
		AUTO(json) json_t *spec = backtest_request(w, job, p->tries);
		AUTO(str) char *text = json_text(spec);
		AUTO(str) char *name = backtest_try_name(job->name, p->tries);
		const struct launch row = {.name = name,
					   .spec_json = text,
					   .run = w->name,
					   .cycle = p->cycle,
					   .pack = p->tries * BACKTEST_TRY_STEP + p->part,
					   .concurrency = (int)w->spec->concurrency};

		if (launch_enqueue(a->sync, &row, 1, err) < 0)
			return -err->code;
		++*ret_n;
	}
	return 0;
}

/* What a verb asks for, besides going on with what waits. */
enum again { AGAIN_NOTHING, AGAIN_STOPPED, AGAIN_FAILED };

static int make_again(struct app *a, const struct backtest_work *w, enum again again, struct err *err)
{
	size_t n = 0;

	if (again == AGAIN_NOTHING)
		return 0;
	if (queue_again(a, w, again == AGAIN_STOPPED, &n, err) < 0)
		return -err->code;
	if (again == AGAIN_FAILED && !n)
		return err_set(err, ERR_NOTFOUND, "no pack of the run %s has failed", w->name);
	if (n)
		fprintf(stderr, "sagetop: %zu pack%s of %s %s made again\n", n, n == 1 ? "" : "s", w->name,
			n == 1 ? "is" : "are");
	return 0;
}

static int carry_out(struct app *a, struct backtest_work *w, bool begun, enum again again, struct err *err)
{
	AUTO(fd) int lock = -1;

	if (check_state(a, w->name, begun, again != AGAIN_NOTHING, err) < 0 || check_settings(a, w, err) < 0)
		return -err->code;
	if (!begun && (check_budgets(a, w, w->plan->packed.most_micro, err) < 0 || confirm(a, w, err) < 0))
		return -err->code;
	if (again != AGAIN_NOTHING && confirm_rest(a, w, err) < 0)
		return -err->code;
	if (backtest_folder_lock(w->name, &lock, err) < 0 || make_again(a, w, again, err) < 0)
		return -err->code;
	/* First the row, then the folder: one without the other is then nobody else's. */
	if (put_state(a, w, err) < 0 || (!begun && backtest_folder_begin(w, err) < 0) ||
	    (backtest_spec_is_own(w->spec) && backtest_own_load(w, err) < 0) || upload_all(a, w, err) < 0 ||
	    backtest_drive(a, w, err) < 0)
		return -err->code;
	return report(a, w->name, err);
}

int backtest_run(struct app *a, struct err *err)
{
	AUTO(backtest_work) struct backtest_work w = {0};
	bool begun = false;

	if (backtest_may_write(a, err) < 0 || backtest_work_load(a, a->cli.args.items[1], &w, err) < 0 ||
	    backtest_folder_check(&w, &begun, err) < 0)
		return -err->code;
	return carry_out(a, &w, begun, AGAIN_NOTHING, err);
}

static int load_begun(struct app *a, struct backtest_work *w, struct err *err)
{
	const char *run = a->cli.args.items[1];
	AUTO(str) char *folder = backtest_folder(run);
	AUTO(str) char *path = fs_join(folder, "spec.json");
	bool begun = false;

	if (backtest_may_write(a, err) < 0)
		return -err->code;
	if (strchr(run, '/') || !fs_exists(path))
		return err_set(err, ERR_NOTFOUND, "there is no run %s here: sagetop backtest status names them", run);
	if (backtest_work_load(a, path, w, err) < 0 || backtest_folder_check(w, &begun, err) < 0)
		return -err->code;
	return begun ? 0
		     : err_set(err, ERR_NOTFOUND, "the run %s was never begun: sagetop backtest run SPEC begins it",
			       run);
}

/* --- the verbs ----------------------------------------------------------------------- */

int backtest_resume(struct app *a, struct err *err)
{
	AUTO(backtest_work) struct backtest_work w = {0};

	if (load_begun(a, &w, err) < 0)
		return -err->code;
	return carry_out(a, &w, true, AGAIN_STOPPED, err);
}

int backtest_retry(struct app *a, struct err *err)
{
	AUTO(backtest_work) struct backtest_work w = {0};

	if (!app_flag(a, OPT_FAILED))
		return err_set(err, ERR_USAGE, "backtest retry makes packs again that failed: say --failed");
	if (load_begun(a, &w, err) < 0)
		return -err->code;
	return carry_out(a, &w, true, AGAIN_FAILED, err);
}
