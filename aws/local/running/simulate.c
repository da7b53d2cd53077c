/* Synthetic jobs stepped through their lives on the simulated clock. */
#include "aws/local/running/simulate_impl.h"

#include <math.h>

#include "aws/local/kept/log_store.h"
#include "aws/local/kept/metric_store.h"
#include "base/clock.h"

#define TICK_MS 20
#define TICK_WORK_US 12000 /* so that requests are answered in between */

/* What a course writes: jobs alone (fast, at the start), traces alone (later), or both. */
enum writes { WRITE_JOBS = 1, WRITE_TRACES = 2 };

void simulation_plan(const struct simulation *s, int64_t index, struct sim_plan *p)
{
	sim_plan(p, s->seed, index, s->total, s->base_ms, s->hours);
}

/* --- the heap ----------------------------------------------------------------------------- */

static bool sooner(const struct course *a, const struct course *b)
{
	return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->index < b->index;
}

void simulation_push(struct simulation *s, struct course c)
{
	GROW(s->heap, s->cap, s->n + 1);
	size_t i = s->n++;

	for (; i > 0 && sooner(&c, &s->heap[(i - 1) / 2]); i = (i - 1) / 2)
		s->heap[i] = s->heap[(i - 1) / 2];
	s->heap[i] = c;
}

static struct course heap_pop(struct simulation *s)
{
	struct course top = s->heap[0], last = s->heap[--s->n];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= s->n)
			break;
		if (child + 1 < s->n && sooner(&s->heap[child + 1], &s->heap[child]))
			child++;
		if (!sooner(&s->heap[child], &last))
			break;
		s->heap[i] = s->heap[child];
		i = child;
	}
	s->heap[i] = last;
	return top;
}

/* --- traces -------------------------------------------------------------------------------- */

static void say(struct engine *e, const struct course *c, int64_t at_ms, const char *fmt, ...) PRINTF_LIKE(4, 5);
static void say(struct engine *e, const struct course *c, int64_t at_ms, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	AUTO(str) char *text = xvasprintf(fmt, ap);

	va_end(ap);
	log_append(e, c->stream_id, at_ms, text, strlen(text));
}

static void measure(struct engine *e, const char *metric, const char *dimension, const char *value, int64_t at_ms,
		    double v)
{
	AUTO(strmap) struct strmap dims = {0};

	strmap_set(&dims, dimension, value);
	metric_add(e, metric_series(e, TRAINING_NAMESPACE, metric, &dims, true), at_ms, v);
}

static void trace_begin(struct engine *e, struct course *c, const struct sim_plan *p)
{
	AUTO(str) char *stream = xasprintf("%s/algo-1-%lld", p->name, (long long)(c->due_ms / 1000));

	c->stream_id = log_stream_create(e, TRAINING_GROUP, stream);
	say(e, c, c->due_ms, "sagetop-trainer, simulated, on %s", p->instance);
	if (c->round)
		say(e, c, c->due_ms + 5, "resuming from the checkpoint of round %d", c->round);
	say(e, c, c->due_ms + 10, "channel train: %d rows, 42 columns", 40000 + p->pack * 311);
	say(e, c, c->due_ms + 12, "channel validation: %d rows, 42 columns", 9000 + p->pack * 71);
}

static void trace_round(struct engine *e, const struct course *c, const struct sim_plan *p)
{
	double train, validation;
	AUTO(str) char *host = xasprintf("%s/algo-1", p->name);

	sim_round(p, c->round, &train, &validation);
	say(e, c, c->due_ms, "[%d]#011train-rmse:%.5f#011validation-rmse:%.5f", c->round, train, validation);
	measure(e, "train:rmse", "TrainingJobName", p->name, c->due_ms, train);
	measure(e, "validation:rmse", "TrainingJobName", p->name, c->due_ms, validation);
	/* The host's metrics come by the minute. */
	if (c->round == 0 || c->due_ms / 60000 != (c->due_ms - p->round_ms) / 60000) {
		measure(e, "CPUUtilization", "Host", host, c->due_ms, sim_cpu(p, c->round));
		measure(e, "MemoryUtilization", "Host", host, c->due_ms, sim_memory(p, c->round));
		measure(e, "DiskUtilization", "Host", host, c->due_ms, 11.5);
	}
}

/* --- steps ---------------------------------------------------------------------------------- */

static void create_job(struct engine *e, struct course *c, const struct sim_plan *p)
{
	struct training_job *job = training_job_new(p->name, DEFAULT_REGION);
	char cycle[16];

	snprintf(cycle, sizeof(cycle), "c%03d", p->cycle);
	job->simulated = c->index;
	job->spot = p->spot;
	job->created_ms = c->due_ms;
	strmap_set(&job->tags, "run", "simulated");
	strmap_set(&job->tags, "cycle", cycle);
	training_job_enter_at(job, "Starting", "Launching requested ML instances", c->due_ms);
	training_jobs_add(e, job);
	c->job = job;
}

static void stop_training(struct course *c)
{
	if (c->began_ms)
		c->job->training_ms += c->due_ms - c->began_ms;
	c->began_ms = 0;
}

static void end_job(struct course *c, const struct sim_plan *p)
{
	struct training_job *job = c->job;
	int64_t seconds;

	stop_training(c);
	job->end_ms = job->start_ms ? c->due_ms : 0;
	job->phase = PHASE_ENDED;
	seconds = (job->training_ms + 999) / 1000;
	if (job->start_ms)
		job->billable_s = p->spot ? MAX(seconds * (25 + (int64_t)(p->noise % 20)) / 100, 1) : seconds;
	if (c->step == STEP_STOPPED) {
		job->status = JOB_STOPPED;
		training_job_enter_at(job, "Stopped", "Training job stopped", c->due_ms);
	} else if (p->outcome == SIM_FAILED) {
		job->status = JOB_FAILED;
		str_set(&job->failure, p->failure);
		training_job_enter_at(job, "Failed", "Training job failed", c->due_ms);
	} else if (p->outcome == SIM_MAX_RUNTIME) {
		job->status = JOB_STOPPED;
		training_job_enter_at(job, "MaxRuntimeExceeded",
				      "Training job runtime exceeded MaxRuntimeInSeconds provided", c->due_ms);
	} else {
		job->status = JOB_COMPLETED;
		training_job_enter_at(job, "Completed", "Training job completed", c->due_ms);
	}
}

static void next(struct course *c, enum step step, int64_t after_ms)
{
	c->step = step;
	c->due_ms += after_ms;
}

static void set_finals(struct course *c, const struct sim_plan *p)
{
	double train, validation;

	sim_round(p, c->round, &train, &validation);
	training_job_set_final(c->job, "train:rmse", train, c->due_ms);
	training_job_set_final(c->job, "validation:rmse", validation, c->due_ms);
}

static void after_round(struct course *c, const struct sim_plan *p, bool jobs)
{
	if (c->round == p->interrupted_at && !c->interrupted) {
		c->interrupted = true;
		if (jobs) {
			stop_training(c);
			c->job->interruptions++;
			training_job_enter_at(c->job, "Interrupted",
					      "Training job interrupted: the spot capacity was reclaimed", c->due_ms);
		}
		next(c, STEP_RESTART, 30000);
	} else if (c->round == p->fails_at) {
		next(c, STEP_END, 800);
	} else if (c->round + 1 >= p->rounds) {
		next(c, STEP_UPLOAD, p->round_ms);
	} else {
		c->round++;
		next(c, STEP_ROUND, p->round_ms);
	}
}

/* Take one step, at its time. false when the course is over. */
static bool take_step(struct engine *e, struct course *c, const struct sim_plan *p, int writes)
{
	bool jobs = writes & WRITE_JOBS, traces = writes & WRITE_TRACES;

	switch (c->step) {
	case STEP_CREATE:
		if (jobs)
			create_job(e, c, p);
		next(c, STEP_DOWNLOAD, p->starting_ms);
		break;
	case STEP_RESTART:
		if (jobs)
			training_job_enter_at(c->job, "Starting",
					      "Preparing the instances for training after a spot interruption",
					      c->due_ms);
		next(c, STEP_DOWNLOAD, p->starting_ms);
		break;
	case STEP_DOWNLOAD:
		if (jobs) {
			if (!c->job->start_ms)
				c->job->start_ms = c->due_ms;
			c->began_ms = c->due_ms;
			training_job_enter_at(c->job, "Downloading", "Downloading the training image", c->due_ms);
		}
		next(c, STEP_TRAIN, p->downloading_ms);
		break;
	case STEP_TRAIN:
		if (traces)
			trace_begin(e, c, p);
		if (jobs)
			training_job_enter_at(c->job, "Training",
					      "Training image download completed. Training in progress.", c->due_ms);
		next(c, STEP_ROUND, p->round_ms);
		break;
	case STEP_ROUND:
		if (traces)
			trace_round(e, c, p);
		if (traces && c->round == p->fails_at && p->failure)
			say(e, c, c->due_ms + 500, "ERROR %s", p->failure);
		if (jobs)
			set_finals(c, p);
		after_round(c, p, jobs);
		break;
	case STEP_UPLOAD:
		if (jobs)
			training_job_enter_at(c->job, "Uploading", "Uploading generated training model", c->due_ms);
		next(c, STEP_END, p->uploading_ms);
		break;
	case STEP_END:
	case STEP_STOPPED:
		if (jobs)
			end_job(c, p);
		c->step = STEP_DONE;
		return false;
	case STEP_DONE:
		return false;
	}
	return true;
}

/* --- the clock ------------------------------------------------------------------------------- */

static void begin_next(struct simulation *s, int64_t now)
{
	while (s->next_index < s->total) {
		struct sim_plan p;

		simulation_plan(s, s->next_index, &p);
		if (p.created_ms > now)
			return;
		simulation_push(s, (struct course){.index = s->next_index++, .due_ms = p.created_ms});
	}
}

static void write_traces(struct engine *e, const struct simulation *s, int64_t index)
{
	struct course c = {.index = index};
	struct sim_plan p;

	simulation_plan(s, index, &p);
	c.due_ms = p.created_ms;
	while (take_step(e, &c, &p, WRITE_TRACES))
		;
}

/* Traces of the jobs that were over before the start, a few at a time, newest first. */
static void backfill(struct engine *e, struct simulation *s, int64_t until_us)
{
	while (s->backfilled > 0 && clock_mono_us() < until_us) {
		if (!s->early[--s->backfilled])
			write_traces(e, s, s->backfilled);
	}
}

static void bring_traces_of(struct engine *e, const char *text)
{
	struct simulation *s = e->simulation;
	AUTO(str) char *name = xstrndup(text, strcspn(text, "/"));
	const struct training_job *job = training_jobs_find(e, name);

	if (!job || job->simulated < 0 || job->simulated >= s->backfilled || s->early[job->simulated])
		return;
	write_traces(e, s, job->simulated);
	s->early[job->simulated] = true;
}

void simulation_bring_traces(struct engine *e, const json_t *in)
{
	const json_t *v;
	const char *key;
	size_t i;

	if (!e->simulation || e->simulation->backfilled == 0)
		return;
	if (json_is_string(in))
		bring_traces_of(e, json_string_value(in));
	json_array_foreach(in, i, v) simulation_bring_traces(e, v);
	json_object_foreach((json_t *)in, key, v) simulation_bring_traces(e, v);
}

static void tick(void *user)
{
	struct engine *e = user;
	struct simulation *s = e->simulation;
	int64_t now = engine_clock_ms(e), until_us = clock_mono_us() + TICK_WORK_US;

	begin_next(s, now);
	while (s->n && s->heap[0].due_ms <= now && clock_mono_us() < until_us) {
		struct course c = heap_pop(s);
		struct sim_plan p;

		simulation_plan(s, c.index, &p);
		e->clock_limit_ms = MAX(e->clock_limit_ms, c.due_ms);
		if (take_step(e, &c, &p, WRITE_JOBS | WRITE_TRACES))
			simulation_push(s, c);
	}
	if (!s->n || s->heap[0].due_ms > now)
		e->clock_limit_ms = MAX(e->clock_limit_ms, now);
	backfill(e, s, until_us);
	state_commit(e->db);
	s->timer = loop_after(e->loop, clock_mono_us() < until_us ? TICK_MS : 1, tick, e);
}

static int begin_anew(struct engine *e, struct simulation *s, struct err *err)
{
	s->total = e->opt.simulate;
	s->hours = e->opt.simulate_hours;
	s->seed = e->opt.seed;
	s->base_ms = e->clock_base_ms;
	for (int64_t i = 0; i < s->total / 2; i++) {
		struct course c = {.index = i};
		struct sim_plan p;

		simulation_plan(s, i, &p);
		if (training_jobs_find(e, p.name))
			return err_set(err, ERR_EXISTS,
				       "a real job is called %s; give the simulation a --state of its own", p.name);
		c.due_ms = p.created_ms;
		while (take_step(e, &c, &p, WRITE_JOBS))
			;
	}
	s->next_index = s->backfilled = s->total / 2;
	s->early = xcalloc((size_t)MAX(s->backfilled, 1), sizeof(*s->early));
	return 0;
}

static json_t *request_of(struct engine *e, const struct training_job *job)
{
	struct sim_plan p;

	if (!e->simulation || job->simulated < 0)
		return json_object();
	simulation_plan(e->simulation, job->simulated, &p);
	return sim_request(&p);
}

int simulation_start(struct engine *e, struct err *err)
{
	struct simulation *s = NEW(struct simulation);
	int rc = 0;

	e->simulation = s;
	e->jobs->request_of = request_of;
	if (!simulation_take_up(e, s)) {
		simulation_forget(e);
		if (!e->opt.simulate) {
			free(TAKE(e->simulation));
			return 0;
		}
		rc = begin_anew(e, s, err);
	}
	/* From here on what was written down is out of date. */
	state_meta_set(e->db, "simulation", "");
	e->clock_limit_ms = e->clock_base_ms;
	if (rc == 0)
		tick(e);
	return rc;
}

void simulation_stop(struct engine *e)
{
	if (!e->simulation)
		return;
	loop_cancel(e->loop, e->simulation->timer);
	simulation_write_down(e);
	free(e->simulation->heap);
	free(e->simulation->early);
	free(e->simulation);
	e->simulation = NULL;
}

/* --- from outside -------------------------------------------------------------------------------------- */

static bool take_course(struct simulation *s, const struct training_job *job, struct course *ret)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->heap[i].job != job)
			continue;
		/* Out of the heap: bring it to the top, then take it. */
		s->heap[i].due_ms = INT64_MIN;
		for (; i > 0 && sooner(&s->heap[i], &s->heap[(i - 1) / 2]); i = (i - 1) / 2) {
			struct course swap = s->heap[i];

			s->heap[i] = s->heap[(i - 1) / 2];
			s->heap[(i - 1) / 2] = swap;
		}
		*ret = heap_pop(s);
		return true;
	}
	return false;
}

void simulation_stop_job(struct engine *e, struct training_job *job)
{
	struct course c;

	if (!e->simulation || !take_course(e->simulation, job, &c))
		return;
	c.step = STEP_STOPPED;
	c.due_ms = engine_now_ms(e) + 30000;
	simulation_push(e->simulation, c);
}

bool simulation_interrupt(struct engine *e, struct training_job *job)
{
	struct course c;

	if (!job->spot || !str_eq(job->secondary, "Training") || job->status != JOB_IN_PROGRESS || !e->simulation ||
	    !take_course(e->simulation, job, &c))
		return false;
	c.due_ms = engine_now_ms(e);
	stop_training(&c);
	job->interruptions++;
	training_job_enter_at(job, "Interrupted", "Training job interrupted: the spot capacity was reclaimed",
			      c.due_ms);
	next(&c, STEP_RESTART, 30000);
	simulation_push(e->simulation, c);
	return true;
}
