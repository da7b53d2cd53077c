/* A backtest carried out: what the queue launches is watched, what failed is launched again by
 * cause, what ended is fetched and checked, and in the end all is merged. Everything that has
 * to be known after a crash lies in the state database and in the run's folder, so that the
 * loop can begin anywhere. */
#include "app/backtest_drive.h"

#include <unistd.h>

#include "app/backtest_progress.h"
#include "app/output.h"
#include "aws/s3.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#ifdef WITH_TRAINER
#include "app/backtest_kept.h"
#endif

#define FETCHES_MAX 4
#define TURN_MS 200
#define LOCAL_REFRESH_MS 400
#define FETCH_AGAIN_MS 5000 /* after a failure of the network */

struct fetch {
	size_t job; /* of the plan */
	bool busy, over;
	char *path;
	struct err err;
};

/* What this process knows of a job of the plan, besides its pack. */
struct job_state {
	bool fetched;
	int torn;  /* the try whose output was no good, and one; 0: none */
	char *why; /* of that */
	int64_t not_before_ms;
	bool fetching;
};

struct drive {
	struct app *a;
	struct backtest_work *w;
	char *bucket, *prefix; /* of outputs */
	struct backtest_run run;
	struct job_state *jobs; /* as the plan has them */
	struct fetch fetches[FETCHES_MAX];
	size_t n_fetched;
	uint64_t generation; /* of the jobs that were looked at */
	uint64_t notices;
	int64_t looked_ms, refreshed_ms;
	size_t n_judged; /* packs that standing.json tells of */
	int64_t judge_at_ms;
	struct backtest_progress progress;
};

/* --- one pack ---------------------------------------------------------------------------- */

static struct backtest_pack *pack_of(const struct drive *d, const struct backtest_job *job)
{
	return backtest_run_pack(&d->run, (int64_t)job->first_cycle, (int64_t)job->part);
}

static int enqueue(struct drive *d, const struct backtest_job *job, int number, struct err *err)
{
	AUTO(json) json_t *spec = backtest_request(d->w, job, number);
	AUTO(str) char *text = json_text(spec);
	AUTO(str) char *name = backtest_try_name(job->name, number);
	const struct launch row = {.name = name,
				   .spec_json = text,
				   .run = d->w->name,
				   .cycle = (int64_t)job->first_cycle,
				   .pack = number * BACKTEST_TRY_STEP + (int64_t)job->part,
				   .concurrency = (int)d->w->spec->concurrency};

	return launch_enqueue(d->a->sync, &row, 1, err);
}

static int enqueue_all(struct drive *d, struct err *err)
{
	const struct backtest_plan *p = d->w->plan;
	struct launch *rows = xcalloc(p->n_jobs, sizeof(*rows));

	for (size_t i = 0; i < p->n_jobs; i++) {
		AUTO(json) json_t *spec = backtest_request(d->w, &p->jobs[i], 0);

		rows[i] = (struct launch){.name = xstrdup(p->jobs[i].name),
					  .spec_json = json_text(spec),
					  .run = xstrdup(d->w->name),
					  .cycle = (int64_t)p->jobs[i].first_cycle,
					  .pack = (int64_t)p->jobs[i].part,
					  .concurrency = (int)d->w->spec->concurrency};
	}
	int rc = launch_enqueue(d->a->sync, rows, p->n_jobs, err);

	launch_list_free(rows, p->n_jobs);
	return rc;
}

/* The whole budget was held against one try of each job: more tries need room in it. */
static bool budget_allows(const struct drive *d)
{
	const struct estimate_quote *q = &d->w->plan->packed;
	double budget = d->w->spec->budget_usd * 1e6;

	if (d->a->local || budget <= 0)
		return true;
	return q->most_micro != USD_UNKNOWN && d->w->plan->n_jobs &&
	       (double)q->most_micro / (double)d->w->plan->n_jobs * (double)(d->run.tries + 1) <= budget;
}

/* --- fetching ------------------------------------------------------------------------------ */

static void fetch_done(void *user, const struct err *err)
{
	struct fetch *f = user;

	if (err)
		f->err = *err;
	f->over = true;
}

static void begin_fetch(struct drive *d, size_t job, const struct backtest_pack *p)
{
	for (size_t i = 0; i < FETCHES_MAX; i++) {
		struct fetch *f = &d->fetches[i];

		if (f->busy)
			continue;
		AUTO(str) char *key = xasprintf("%s/%s/output/output.tar.gz", d->prefix, p->name);

		free(f->path);
		*f = (struct fetch){.job = job, .busy = true};
		f->path = backtest_part_path(d->w->name, &d->w->plan->jobs[job], ".tar.gz");
		d->jobs[job].fetching = true;
		s3_get_file(sync_client(d->a->sync), d->bucket, key, f->path, fetch_done, f);
		return;
	}
}

static bool is_passing(const struct err *err)
{
	return err->code == ERR_NET || err->code == ERR_TIMEOUT || err->code == ERR_SERVICE ||
	       err->code == ERR_THROTTLED || err->code == ERR_EXPIRED;
}

/* A result that is missing or torn costs its own pack another try, and no other. */
static int end_fetch(struct drive *d, struct fetch *f, struct err *err)
{
	const struct backtest_job *job = &d->w->plan->jobs[f->job];
	struct job_state *s = &d->jobs[f->job];
	struct backtest_pack *p = pack_of(d, job);
	struct err cause = f->err;

	f->busy = f->over = s->fetching = false;
	if (!cause.code && backtest_output_take(d->w, job, f->path, &cause) == 0) {
		unlink(f->path);
		s->fetched = true;
		d->n_fetched++;
		return 0;
	}
	unlink(f->path);
	if (is_passing(&cause)) {
		s->not_before_ms = clock_mono_ms() + FETCH_AGAIN_MS;
		return 0;
	}
	if (cause.code != ERR_NOTFOUND && cause.code != ERR_PARSE && cause.code != ERR_TOOBIG)
		return err_set(err, cause.code, "the results of %s cannot be fetched: %.400s", p ? p->name : job->name,
			       cause.msg);
	s->torn = p ? p->tries : 1;
	free(s->why);
	s->why = cause.code == ERR_NOTFOUND ? xstrdup("it left no output.tar.gz") : xstrdup(cause.msg);
	return 0;
}

static int end_fetches(struct drive *d, struct err *err)
{
	for (size_t i = 0; i < FETCHES_MAX; i++)
		if (d->fetches[i].busy && d->fetches[i].over && end_fetch(d, &d->fetches[i], err) < 0)
			return -err->code;
	return 0;
}

/* --- looking -------------------------------------------------------------------------------- */

/* What the folder and the results say is put over what jobs and queue say. */
static void apply_results(struct drive *d)
{
	for (size_t i = 0; i < d->w->plan->n_jobs; i++) {
		struct backtest_pack *p = pack_of(d, &d->w->plan->jobs[i]);
		const struct job_state *s = &d->jobs[i];

		if (!p || p->state != PACK_COMPLETED || s->torn != p->tries)
			continue;
		p->state = PACK_FAILED;
		p->cause = CAUSE_OUTPUT;
		str_set(&p->why, s->why);
	}
}

static int reload(struct drive *d, struct err *err)
{
	struct backtest_run fresh = {0};

	if (sync_backtest_load(d->a->sync, d->w->name, &fresh, err) < 0)
		return -err->code;
	backtest_run_done(&d->run);
	d->run = fresh;
	apply_results(d);
	return 0;
}

static int hold(struct drive *d, enum backtest_state state, const char *reason, struct err *err)
{
	d->run.state = state;
	str_set(&d->run.reason, reason);
	return store_backtest_put(sync_store(d->a->sync), &d->run, err);
}

static int make_again(struct drive *d, const struct backtest_job *job, const struct backtest_pack *p, struct err *err)
{
	if (!budget_allows(d))
		return hold(d, BACKTEST_PAUSED, "one more try may cost more than run.budget_usd", err);
	backtest_progress_say(&d->progress, "%s failed (%s: %s): made again", p->name, backtest_cause_name(p->cause),
			      str_or(p->why, "?"));
	return enqueue(d, job, p->tries, err);
}

static int look_at_packs(struct drive *d, struct err *err)
{
	int64_t now = clock_mono_ms();

	for (size_t i = 0; i < d->w->plan->n_jobs; i++) {
		const struct backtest_job *job = &d->w->plan->jobs[i];
		struct backtest_pack *p = pack_of(d, job);
		const struct job_state *s = &d->jobs[i];

		if (s->fetched || !p)
			continue;
		if (p->state == PACK_COMPLETED && !s->fetching && now >= s->not_before_ms) {
			begin_fetch(d, i, p);
		} else if (backtest_pack_retries(p, d->w->spec->retries) && d->run.state == BACKTEST_RUNNING &&
			   make_again(d, job, p, err) < 0) {
			return -err->code;
		}
	}
	return 0;
}

/* Somebody, or the run itself, says that it does not go on. */
static int check_held(struct drive *d, struct err *err)
{
	if (d->run.state == BACKTEST_RUNNING) {
		AUTO(str) char *why = backtest_run_breaker(&d->run);

		if (!why)
			return 0;
		if (hold(d, BACKTEST_PAUSED, why, err) < 0)
			return -err->code;
	}
	return err_set(err, ERR_INVALID, "the run %s is %s%s%s; sagetop backtest resume %s goes on with it", d->w->name,
		       backtest_state_name(d->run.state), str_empty(d->run.reason) ? "" : ": ",
		       str_or(d->run.reason, ""), d->w->name);
}

/* Nothing moves any more, and not all is there. */
static int check_failed(struct drive *d, struct err *err)
{
	struct backtest_counts c = backtest_run_count(&d->run);

	if (!c.failed || c.waiting || c.running || d->n_fetched + c.failed < d->w->plan->n_jobs)
		return 0;
	AUTO(str)
	char *why = xasprintf("%zu of %zu packs failed, one of them: %.300s", c.failed, d->w->plan->n_jobs,
			      str_or(c.why, "?"));

	if (hold(d, BACKTEST_FAILED, why, err) < 0)
		return -err->code;
	return err_set(err, ERR_INVALID, "%s; sagetop backtest retry %s --failed makes them again", why, d->w->name);
}

static void print_notices(struct drive *d)
{
	const struct session *s = sync_session(d->a->sync);

	if (s->notice_generation != d->notices && s->notice.text[0])
		backtest_progress_say(&d->progress, "%s", s->notice.text);
	d->notices = s->notice_generation;
}

/* How it stands so far, for whoever looks; at most a twentieth of the time goes into it. It is
 * an extra: what is wrong with a pack is told when all are merged. */
static void judge_so_far(struct drive *d, bool now)
{
	int64_t begun = clock_mono_ms();
	bool *fetched;
	struct err err = {0};

	if (!d->n_fetched || d->n_fetched == d->n_judged || (!now && begun < d->judge_at_ms))
		return;
	fetched = xcalloc(d->w->plan->n_jobs, sizeof(*fetched));
	for (size_t i = 0; i < d->w->plan->n_jobs; i++)
		fetched[i] = d->jobs[i].fetched;
	if (backtest_standing_make(d->w, fetched, &err) < 0)
		log_debug("%s: how it stands: %s", d->w->name, err.msg);
	free(fetched);
	d->n_judged = d->n_fetched;
	d->judge_at_ms = begun + 20 * (clock_mono_ms() - begun);
}

static int look(struct drive *d, struct err *err)
{
	if (end_fetches(d, err) < 0 || reload(d, err) < 0 || check_held(d, err) < 0 || look_at_packs(d, err) < 0)
		return -err->code;
	judge_so_far(d, false);
	print_notices(d);
	backtest_progress_show(&d->progress, &d->run, d->n_fetched);
	return check_failed(d, err);
}

/* --- the loop ---------------------------------------------------------------------------------- */

static bool is_time(struct drive *d)
{
	uint64_t generation = session_jobs(sync_session(d->a->sync))->generation;
	int64_t now = clock_mono_ms();
	bool due = generation != d->generation || now - d->looked_ms >= 1000;

	for (size_t i = 0; i < FETCHES_MAX; i++)
		due |= d->fetches[i].busy && d->fetches[i].over;
	/* The engine on this machine may be asked more often. */
	if (d->a->local && now - d->refreshed_ms >= LOCAL_REFRESH_MS) {
		sync_refresh_now(d->a->sync);
		d->refreshed_ms = now;
	}
	if (due) {
		d->generation = generation;
		d->looked_ms = now;
	}
	return due;
}

static int loop(struct drive *d, struct err *err)
{
	int rc = 0;

	while (rc == 0 && d->n_fetched < d->w->plan->n_jobs) {
		rc = app_turn(d->a, TURN_MS, err);
		if (rc == 0 && is_time(d))
			rc = look(d, err);
	}
	return rc < 0 ? rc : 0;
}

static int write_cost(struct drive *d, struct err *err)
{
	AUTO(str) char *folder = backtest_folder(d->w->name);
	AUTO(str) char *path = fs_join(folder, "cost.json");
	AUTO(json)
	json_t *o = json_pack("{s:I, s:I}", "jobs", (json_int_t)d->run.tries, "billable_seconds",
			      (json_int_t)d->run.billed_s);

	json_object_set_new(o, "usd_micro",
			    d->run.usd_micro == USD_UNKNOWN ? json_null() : json_integer(d->run.usd_micro));
	json_put_prices(o, sync_session(d->a->sync));
	AUTO(str) char *text = json_text_pretty(o);

	return fs_write_atomic(path, text, strlen(text), 0600, err);
}

/* They are an extra: without them the run is judged all the same, and a slate is trained for. */
static int fetch_models(struct drive *d, struct err *err)
{
#ifdef WITH_TRAINER
	struct err why = {0};
	size_t n;

	/* What a program of one's own leaves as its model is its own affair. */
	if (backtest_spec_is_own(d->w->spec) || backtest_kept_fetch(d->a, d->w, &d->run, &n, &why) == 0)
		return 0;
	if (why.code == ERR_CANCELLED) {
		*err = why;
		return -why.code;
	}
	backtest_progress_say(&d->progress, "the last models are not here: %s", why.msg);
#endif
	return 0;
}

/* The end is told last: a crash before it begins with the merging again. */
static int finish(struct drive *d, struct err *err)
{
	if (reload(d, err) < 0 || fetch_models(d, err) < 0 || backtest_merge(d->w, err) < 0 || write_cost(d, err) < 0)
		return -err->code;
	return hold(d, BACKTEST_DONE, NULL, err);
}

static int begin(struct drive *d, struct err *err)
{
	AUTO(str) char *uri = backtest_uri(d->w, "output");

	d->jobs = xcalloc(d->w->plan->n_jobs, sizeof(*d->jobs));
	for (size_t i = 0; i < d->w->plan->n_jobs; i++) {
		AUTO(str) char *part = backtest_part_path(d->w->name, &d->w->plan->jobs[i], ".csv");

		d->jobs[i].fetched = fs_exists(part);
		d->n_fetched += d->jobs[i].fetched;
	}
	if (s3_uri_split(uri, &d->bucket, &d->prefix, err) < 0 || sync_load(d->a->sync, err) < 0 ||
	    enqueue_all(d, err) < 0)
		return -err->code;
	d->notices = sync_session(d->a->sync)->notice_generation;
	sync_start(d->a->sync);
	return 0;
}

static void drive_done(struct drive *d)
{
	backtest_progress_end(&d->progress);
	for (size_t i = 0; i < FETCHES_MAX; i++)
		free(d->fetches[i].path);
	for (size_t i = 0; d->jobs && i < d->w->plan->n_jobs; i++)
		free(d->jobs[i].why);
	free(d->jobs);
	free(d->bucket);
	free(d->prefix);
	backtest_run_done(&d->run);
}

int backtest_drive(struct app *a, struct backtest_work *w, struct err *err)
{
	struct drive d = {.a = a, .w = w};

	backtest_progress_begin(&d.progress, w->name);
	int rc = begin(&d, err);

	if (rc == 0) {
		rc = loop(&d, err);
		if (rc == 0 || err->code != ERR_CANCELLED)
			judge_so_far(&d, true);
	}
	if (rc == 0)
		rc = finish(&d, err);
	if (rc && err->code == ERR_CANCELLED)
		backtest_progress_say(&d.progress,
				      "the jobs that run go on; sagetop %sbacktest resume %s goes on with the rest",
				      a->local ? "--local " : "", w->name);
	app_disconnect(a); /* ends the transfers: their callbacks use d */
	drive_done(&d);
	return rc;
}
