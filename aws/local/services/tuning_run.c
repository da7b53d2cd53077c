/* Tuning jobs under way: the look at one, what ends it, and when there is a look. */
#include "aws/local/running/runner.h"
#include "aws/local/services/kinds.h"
#include "aws/local/services/tuning_impl.h"

#define FIRST_TRIES 5	   /* children without a success that end the tuning job */
#define METRIC_PAUSE_MS 50 /* values of a busy child are looked at together */

/* --- the end --------------------------------------------------------------------------- */

static void stop_children(struct look *l, const char *why)
{
	size_t i;
	json_t *child;

	json_array_foreach(l->children, i, child)
	{
		struct training_job *job = child_runs(child) ? child_job(l, child) : NULL;

		if (job && job->status == JOB_IN_PROGRESS)
			runner_stop_job_because(l->e, job, why);
	}
}

/* From now on no child is begun; the status comes when the last has ended. */
void tuning_begin_end(struct look *l, const char *status, const char *reason)
{
	if (json_object_get(l->r->doc, "Ending"))
		return;
	json_object_set_new(l->r->doc, "Ending", json_string(status));
	if (reason)
		json_object_set_new(l->r->doc, "FailureReason", json_string(reason));
	stop_children(l, "Stopping the training job: its tuning job ends");
	l->changed = true;
}

static void finish(struct look *l)
{
	const char *status = json_get_str(l->r->doc, "Ending");
	json_t *now = json_epoch(engine_now_ms(l->e));
	size_t i;
	json_t *child;

	json_object_set_new(l->r->doc, "HyperParameterTuningJobStatus", json_string(status));
	json_object_del(l->r->doc, "Ending");
	json_object_set(l->r->doc, "HyperParameterTuningEndTime", now);
	json_object_set_new(l->r->doc, "LastModifiedTime", now);
	json_array_foreach(l->children, i, child) tuning_forget_curve(l->e, child_name(child));
	l->changed = true;
}

/* The first tries tell what the rest would come to. */
static void check_failure(struct look *l)
{
	size_t ended = 0, succeeded = 0, measured = 0, i;
	json_t *child;

	json_array_foreach(l->children, i, child)
	{
		bool failed = str_eq(json_get_str(child, "Status"), "Failed");

		ended += !child_runs(child);
		succeeded += !child_runs(child) && !failed;
		measured += json_object_get(child, "Objective") && !failed;
	}
	bool all = ended && ended == json_array_size(l->children) && l->plan.max_jobs &&
		   (int64_t)ended >= l->plan.max_jobs;

	if (measured || (ended < FIRST_TRIES && !all))
		return;
	AUTO(str)
	char *reason = succeeded ? xasprintf("No objective metrics found after running %zu training jobs. Please "
					     "ensure that the custom algorithm is emitting the objective metric as "
					     "defined by the regular expression provided.",
					     ended)
				 : xasprintf("No training job succeeded after %zu attempts. For additional details, "
					     "please take a look at the training job failures by listing training "
					     "jobs for the hyperparameter tuning job.",
					     ended);

	tuning_begin_end(l, "Failed", reason);
}

static int by_end(const void *a, const void *b)
{
	int64_t x = json_get_i64(*(json_t *const *)a, "Ended", 0), y = json_get_i64(*(json_t *const *)b, "Ended", 0);

	return (x > y) - (x < y);
}

static void check_criteria(struct look *l)
{
	size_t n = 0, i, total = json_array_size(l->children);
	json_t *child, **ended = xcalloc(MAX(total, 1), sizeof(json_t *));
	double *objectives = xcalloc(MAX(total, 1), sizeof(*objectives));

	json_array_foreach(l->children, i, child)
	{
		if (!child_runs(child) && json_object_get(child, "Objective"))
			ended[n++] = child;
	}
	qsort(ended, n, sizeof(*ended), by_end);
	for (i = 0; i < n; i++)
		objectives[i] = json_get_f64(ended[i], "Objective", 0);
	enum tuner_end end = tuner_completion(&l->plan.criteria, objectives, n, l->plan.definitions[0].space.n,
					      l->plan.definitions[0].maximise);

	if (end == TUNER_NOT_IMPROVING)
		json_object_set_new(l->r->doc, "TuningJobCompletionDetails",
				    json_pack("{s:I}", "NumberOfTrainingJobsObjectiveNotImproving",
					      (json_int_t)l->plan.criteria.not_improving));
	if (end == TUNER_CONVERGED)
		json_object_set_new(l->r->doc, "TuningJobCompletionDetails",
				    json_pack("{s:o}", "ConvergenceDetectedTime", json_epoch(engine_now_ms(l->e))));
	if (end != TUNER_GOES_ON)
		tuning_begin_end(l, "Completed", NULL);
	free(ended);
	free(objectives);
}

static void check_runtime(struct look *l)
{
	int64_t left = json_get_time_ms(l->r->doc, "CreationTime") + l->plan.max_runtime_s * 1000 - engine_now_ms(l->e);

	if (!l->plan.max_runtime_s)
		return;
	if (left > 0)
		tuning_wake_in(l->e, left);
	else
		tuning_begin_end(l, "Completed", NULL);
}

/* --- the look -------------------------------------------------------------------------- */

static void look_at(struct engine *e, struct document *r)
{
	struct look l = {.e = e, .r = r, .children = json_object_get(r->doc, "Children")};
	struct fault fault = {0};
	size_t i;
	json_t *child;

	if (tuning_plan_read(&l.plan, r->doc, &fault) < 0)
		tuning_begin_end(&l, "Failed", fault.message);
	json_array_foreach(l.children, i, child) tuning_update_child(&l, child);
	if (str_eq(json_get_str(r->doc, "HyperParameterTuningJobStatus"), "Stopping"))
		tuning_begin_end(&l, "Stopped", NULL);
	if (!json_object_get(r->doc, "Ending")) {
		check_criteria(&l);
		check_failure(&l);
		check_runtime(&l);
		tuning_stop_early(&l);
		tuning_begin_children(&l);
	}
	if (!json_object_get(r->doc, "Ending") && !tuning_count_running(&l) && tuning_is_exhausted(&l))
		tuning_begin_end(&l, "Completed", NULL);
	if (l.changed)
		tuning_tell(&l);
	if (json_object_get(r->doc, "Ending") && !tuning_count_running(&l))
		finish(&l);
	if (l.changed) {
		document_save(e, r);
		state_commit(e->db);
	}
	tuning_plan_done(&l.plan);
}

static bool is_under_way(const struct document *r)
{
	return json_object_get(r->doc, "Children") &&
	       word_in("InProgress Stopping", json_get_str(r->doc, "HyperParameterTuningJobStatus"));
}

static void look_at_all(void *user)
{
	struct engine *e = user;
	const struct document_list *all = documents_of(e, "tuning");

	e->tuning->timer = 0;
	for (size_t i = 0; i < all->n; i++) {
		if (is_under_way(all->items[i]))
			look_at(e, all->items[i]);
	}
}

void tuning_wake_in(struct engine *e, int64_t ms)
{
	struct tuning *t = e->tuning;
	int64_t due = engine_clock_ms(e) + ms;

	if (t->timer && t->due_ms <= due)
		return;
	loop_cancel(e->loop, t->timer);
	t->due_ms = due;
	t->timer = loop_after(e->loop, MIN(ms, (int64_t)3600000), look_at_all, e);
}

void tuning_wake(struct engine *e)
{
	tuning_wake_in(e, 0);
}

static void on_job(struct engine *e, const struct training_job *job, bool metric)
{
	if (job->request && json_object_get(job->request, "TuningJobArn"))
		tuning_wake_in(e, metric ? METRIC_PAUSE_MS : 0);
}

void tuning_start(struct engine *e)
{
	e->tuning = NEW(struct tuning);
	e->job_listener = on_job;
	tuning_wake(e);
}

void tuning_stop(struct engine *e)
{
	const char *name;
	void *curve;

	if (!e->tuning)
		return;
	e->job_listener = NULL;
	loop_cancel(e->loop, e->tuning->timer);
	while (map_next(&e->tuning->curves, &(size_t){0}, &name, &curve))
		tuning_forget_curve(e, name);
	map_done(&e->tuning->curves);
	free(e->tuning);
	e->tuning = NULL;
}
