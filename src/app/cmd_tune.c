/* sagetop tune SPEC, JOB WORD..., tuning-job/NAME [WORD]...: a search for hyperparameters, prepared,
 * priced, asked about and sent; with --wait, until it has ended. */
#include "app/budgets.h"
#include "app/commands.h"
#include "app/output.h"
#include "app/reference.h"
#include "aws/op.h"
#include "base/fs.h"
#include "model/job_name.h"
#include "sync/tune_spec.h"

struct tune {
	struct app *a;
	json_t *request;
	int64_t jobs, parallel;
	int64_t each_micro, ceiling_micro; /* USD_UNKNOWN */
	struct strlist warnings;
};

static void tune_done(struct tune *t)
{
	json_decref(t->request);
	strlist_done(&t->warnings);
}
AUTO_EMBEDDED(tune, struct tune, tune_done)

static const char *name_of(const struct tune *t)
{
	return json_get_str(t->request, "HyperParameterTuningJobName");
}

/* --- the request ------------------------------------------------------------------------ */

/* A file, however it is called; a job is called otherwise. */
static bool is_spec(const char *what)
{
	return spec_names_file(what) || (fs_exists(what) && !fs_is_dir(what));
}

static int of_spec(struct tune *t, const char *path, struct err *err)
{
	AUTO(source_lines) struct source_lines lines = {0};
	int rc;

	if (t->a->cli.args.n > 1)
		return err_set(err, ERR_USAGE, "%s says everything itself; words stand behind the name of a job", path);
	rc = spec_load(path, &t->request, &lines, err);
	if (rc == 0 && !json_is_object(t->request))
		return err_set(err, ERR_INVALID,
			       "%s: an object is wanted, as create-hyper-parameter-tuning-job takes it", path);
	if (rc == 0 && app_value(t->a, OPT_NAME))
		json_object_set_new(t->request, "HyperParameterTuningJobName", json_string(app_value(t->a, OPT_NAME)));
	return rc;
}

/* The clone's name ("player-261130-015000") in the fewer characters of a tuning job's. */
static char *short_name(const char *name)
{
	size_t n = strlen(name), suffix = MIN(n, (size_t)14), stem = MIN(n - suffix, TUNE_NAME_MAX - suffix);

	while (stem > 1 && name[stem - 1] == '-')
		stem--;
	return xasprintf("%.*s%s", (int)stem, name, name + n - suffix);
}

static int of_job(struct tune *t, const char *job, const struct strlist *words, struct err *err)
{
	AUTO(launch_plan) struct launch_plan *plan = NULL;

	if (!words->n)
		return err_set(err, ERR_USAGE,
			       "what is tuned of %s is not said: max_depth=3..10 eta=0.01..0.2:log n=20", job);
	if (app_plan_clone(t->a, job, NULL, NULL, NULL, &plan, err) < 0)
		return -err->code;
	AUTO(str) char *name = short_name(plan->name);

	return tune_spec_make(plan->spec, str_or(app_value(t->a, OPT_NAME), name), words, &t->request, err);
}

static int of_search(struct tune *t, const char *search, const struct strlist *words, struct err *err)
{
	AUTO(json) json_t *raw = NULL;
	struct resource *r;

	if (reference_describe(t->a, &kind_table[KIND_TUNING_JOB], search, &r, &raw, err) < 0)
		return -err->code;
	AUTO(str)
	char *long_name = job_clone_name(&sync_session(t->a->sync)->tables[KIND_TUNING_JOB], r->name, clock_now_ms());
	AUTO(str) char *name = short_name(long_name);

	return tune_spec_continue(raw, str_or(app_value(t->a, OPT_NAME), name), words, &t->request, err);
}

static int of_name(struct tune *t, const char *what, struct err *err)
{
	AUTO(strlist) struct strlist words = {0};
	const struct kind *k;
	const char *name;

	for (size_t i = 1; i < t->a->cli.args.n; i++)
		strlist_add(&words, t->a->cli.args.items[i]);
	if (kind_parse_reference(what, &k, &name, err) < 0)
		return -err->code;
	if (k->id == KIND_TUNING_JOB)
		return of_search(t, name, &words, err);
	if (k->id == KIND_TRAINING_JOB)
		return of_job(t, name, &words, err);
	return err_set(err, ERR_USAGE, "%s are not tuned: name a training job, or tuning-job/NAME to go on with",
		       k->title);
}

/* --- what it can cost --------------------------------------------------------------------- */

/* Each definition's training job is checked and priced as a launch of it would be; the
 * dearest counts. */
static int price(struct tune *t, const char *what, struct err *err)
{
	struct session *s = sync_session(t->a->sync);
	json_t *child;

	t->jobs = tune_spec_jobs(t->request);
	t->parallel = tune_spec_parallel(t->request);
	for (size_t i = 0; (child = tune_spec_child(t->request, i)); i++) {
		AUTO(json) json_t *spec = child;
		AUTO(launch_plan) struct launch_plan *plan = NULL;
		struct launch_input in = {.spec = spec,
					  .what = what,
					  .jobs = session_jobs(s),
					  .prices = &s->prices,
					  .region = s->region,
					  .now_ms = clock_now_ms()};
		int rc = launch_plan_make(&in, &plan, err);

		if (rc < 0)
			return rc;
		if (plan->warning)
			strlist_add(&t->warnings, plan->warning);
		if (i == 0 || plan->ceiling_micro == USD_UNKNOWN)
			t->each_micro = plan->ceiling_micro;
		else if (t->each_micro != USD_UNKNOWN)
			t->each_micro = MAX(t->each_micro, plan->ceiling_micro);
	}
	t->ceiling_micro = t->each_micro == USD_UNKNOWN || !t->jobs ? USD_UNKNOWN : t->each_micro * t->jobs;
	return 0;
}

static void print_preview(const struct tune *t)
{
	char all[32], each[32], prices[SESSION_PRICES_LEN];

	for (size_t i = 0; i < t->warnings.n; i++)
		fprintf(stderr, "sagetop: %s: %s\n", name_of(t), t->warnings.items[i]);
	fprintf(stderr, "%s: ", name_of(t));
	if (t->jobs)
		fprintf(stderr, "%lld training jobs, ", (long long)t->jobs);
	fprintf(stderr, "%lld at a time", (long long)t->parallel);
	if (!t->a->local && t->ceiling_micro != USD_UNKNOWN)
		fprintf(stderr, ", at most %s (%s each; %s)", money_text(all, t->ceiling_micro),
			money_text(each, t->each_micro), session_prices_text(sync_session(t->a->sync), prices));
	else if (!t->a->local)
		fprintf(stderr, ", cost unknown (%s)",
			t->each_micro == USD_UNKNOWN ? "no price for this instance here" : "no number of jobs is said");
	fprintf(stderr, "\n");
}

/* --- sending ---------------------------------------------------------------------------------- */

static int send_request(struct tune *t, struct err *err)
{
	return app_call(t->a, AWS_OP_ROW(sagemaker, CreateHyperParameterTuningJob), json_incref(t->request), err);
}

/* A job of one of Amazon's own algorithms tells its metric definitions, but a request that
 * holds them is refused. */
static bool drop_metrics(struct tune *t, const struct err *err)
{
	json_t *algorithm = json_path_get(t->request, "TrainingJobDefinition.AlgorithmSpecification");

	return err->code == ERR_INVALID && strcasestr(err->msg, "override the metric definitions") &&
	       json_object_del(algorithm, "MetricDefinitions") == 0;
}

static void print_launched(const struct tune *t)
{
	if (output_format(t->a) == OUTPUT_JSON) {
		AUTO(json) json_t *o = json_object();

		json_put_str(o, "name", name_of(t));
		json_put_str(o, "result", "launched");
		json_put_usd(o, "ceiling_usd", t->a->local ? 0 : t->ceiling_micro);
		output_json(t->a, o);
		return;
	}
	fprintf(t->a->out, "tuning-job/%s\tlaunched\n", name_of(t));
	fflush(t->a->out);
}

struct best {
	struct app_reply base;
	struct app *a;
};

/* What came of it: the best child, its value, its hyperparameters. */
static void print_best(void *user, struct resource *r, const json_t *raw, const struct err *err)
{
	struct best *b = user;
	const json_t *best = json_object_get(raw, "BestTrainingJob"),
		     *metric = json_object_get(best, "FinalHyperParameterTuningJobObjectiveMetric");
	const char *name;
	json_t *value;

	if (best && output_format(b->a) != OUTPUT_JSON) {
		fprintf(b->a->out, "%s\t%s\t%.6g", json_get_str(best, "TrainingJobName"),
			json_get_str(metric, "MetricName"), json_get_f64(metric, "Value", 0));
		json_object_foreach(json_object_get(best, "TunedHyperParameters"), name, value)
			fprintf(b->a->out, "\t%s=%s", name, str_or(json_string_value(value), ""));
		fprintf(b->a->out, "\n");
	}
	app_reply_done(&b->base, err);
}

static int wait_for_end(struct tune *t, struct err *err)
{
	struct app *a = t->a;
	struct best best = {.a = a};
	AUTO(str) char *reference = xasprintf("tuning-job/%s", name_of(t));
	int rc;

	rc = app_wait_for(a, reference, err);
	if (rc == 0 && app_connect(a, err) == 0) {
		sync_resource(a->sync, kind_find("tuning-job"), name_of(t), print_best, &best);
		rc = app_wait(a, &best.base, err);
	}
	return rc;
}

int cmd_tune(struct app *a, struct err *err)
{
	AUTO(tune) struct tune t = {.a = a, .each_micro = USD_UNKNOWN, .ceiling_micro = USD_UNKNOWN};
	const char *what = a->cli.args.items[0];
	bool spec = is_spec(what);

	if (app_connect(a, err) < 0 || sync_load(a->sync, err) < 0)
		return -err->code;
	int rc = spec ? of_spec(&t, what, err) : of_name(&t, what, err);

	if (rc == 0)
		rc = tune_spec_check(t.request, spec ? what : NULL, err);
	if (rc == 0)
		rc = price(&t, spec ? what : NULL, err);
	if (rc < 0)
		return rc;
	print_preview(&t);
	if (app_flag(a, OPT_DRY_RUN)) {
		output_json(a, t.request);
		return 0;
	}
	/* What is billed are its training jobs. */
	rc = budgets_allow_request(a, TRAINING_KIND, name_of(&t), t.request, t.ceiling_micro, err);
	if (rc == 0)
		rc = app_confirm_launch(a, name_of(&t), err);
	if (rc < 0)
		return rc;
	rc = send_request(&t, err);
	if (rc < 0 && drop_metrics(&t, err)) {
		err_clear(err);
		rc = send_request(&t, err);
	}
	if (rc < 0)
		return rc;
	print_launched(&t);
	return app_flag(a, OPT_WAIT) ? wait_for_end(&t, err) : 0;
}
