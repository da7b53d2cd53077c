/* learned.c - the history of durations read from the store in slices, and the model of it. */
#include "sync/learned.h"

#include "aws/sagemaker.h"
#include "base/log.h"
#include "model/estimate.h"
#include "sync/sync_priv.h"

#define SLICE 50	 /* jobs a turn: some milliseconds */
#define SCAN_SLICE 20000 /* likewise, of those that are only looked at */

struct ended {
	int64_t end_ms;
	char *name;
};

struct learning {
	struct sync *s;
	struct learned *learned;
	struct strlist names; /* of completed jobs, the newest last */
	size_t most;
	struct ended *ended; /* a heap of so many at most, while they are looked for */
	size_t n_ended, left;
	sync_learned_fn *fn;
	void *user;
};

/* --- which jobs: those that ended last, found in slices --- */

static bool is_earlier(const struct ended *a, int64_t end_ms, const char *name)
{
	return a->end_ms != end_ms ? a->end_ms < end_ms : strcmp(a->name, name) < 0;
}

static bool ends_before(const struct ended *a, const struct ended *b)
{
	return is_earlier(a, b->end_ms, b->name);
}

static void swap(struct ended *a, struct ended *b)
{
	struct ended t = *a;

	*a = *b;
	*b = t;
}

/* The heap's first is the one that ended first of those that are kept. */
static void sink(struct ended *heap, size_t n, size_t at)
{
	for (size_t child; (child = 2 * at + 1) < n; at = child) {
		child += child + 1 < n && ends_before(&heap[child + 1], &heap[child]);
		if (!ends_before(&heap[child], &heap[at]))
			return;
		swap(&heap[child], &heap[at]);
	}
}

static void rise(struct ended *heap, size_t at)
{
	for (; at > 0 && ends_before(&heap[at], &heap[(at - 1) / 2]); at = (at - 1) / 2)
		swap(&heap[at], &heap[(at - 1) / 2]);
}

static void keep_newest(struct learning *l, const struct job *j)
{
	bool full = l->n_ended == l->most;

	if (j->status != JOB_COMPLETED || j->end_ms == TIME_UNKNOWN || !l->most ||
	    (full && !is_earlier(&l->ended[0], j->end_ms, j->name)))
		return;
	struct ended e = {j->end_ms, xstrdup(j->name)};

	if (full) {
		free(l->ended[0].name);
		l->ended[0] = e;
		sink(l->ended, l->n_ended, 0);
	} else {
		l->ended[l->n_ended++] = e;
		rise(l->ended, l->n_ended - 1);
	}
}

/* Names in the order of their ends. */
static void take_names(struct learning *l)
{
	for (; l->n_ended; sink(l->ended, l->n_ended, 0)) {
		strlist_take(&l->names, l->ended[0].name);
		l->ended[0] = l->ended[--l->n_ended];
	}
}

/* --- learning --- */

void learned_free(struct learned *l)
{
	if (!l)
		return;
	duration_model_free(l->model);
	duration_history_free(l->history);
	free(l);
}

static void learning_end(struct learning *l)
{
	if (l->s->closing) {
		learned_free(l->learned);
		l->learned = NULL;
	}
	l->fn(l->user, l->learned);
	take_names(l);
	free(l->ended);
	strlist_done(&l->names);
	free(l);
}

static void model_slice(void *user)
{
	struct learning *l = user;

	if (!l->s->closing && duration_model_more(l->learned->model))
		(void)aws_client_after(l->s->aws, 0, model_slice, l);
	else
		learning_end(l);
}

static void learn_job(struct learning *l, const char *name)
{
	AUTO(job) struct job *stored = NULL;
	const struct job *j = jobs_find(session_jobs(l->s->session), name);
	struct err err = {0};

	if (!j || j->trimmed) {
		if (store_job_load_one(l->s->store, name, &stored, &err) < 0) {
			log_debug("sync: %s", err.msg);
			return;
		}
		j = stored;
	}
	(void)duration_history_add(l->learned->history, j);
}

static void read_slice(void *user)
{
	struct learning *l = user;

	for (int i = 0; i < SLICE && l->names.n && !l->s->closing; i++) {
		AUTO(str) char *name = l->names.items[--l->names.n];

		learn_job(l, name);
	}
	if (l->s->closing) {
		learning_end(l);
		return;
	}
	if (!l->names.n)
		l->learned->model = duration_model_begin(l->learned->history);
	(void)aws_client_after(l->s->aws, 0, l->names.n ? read_slice : model_slice, l);
}

/* The newest are the last in the table: few of the others are kept for a while. */
static void scan_slice(void *user)
{
	struct learning *l = user;
	const struct resources *t = session_jobs(l->s->session);

	if (l->s->closing) {
		learning_end(l);
		return;
	}
	l->left = MIN(l->left, t->n); /* some may be gone by now */
	for (size_t i = 0; i < SCAN_SLICE && l->left; i++)
		keep_newest(l, jobs_at(t, --l->left));
	if (!l->left)
		take_names(l);
	(void)aws_client_after(l->s->aws, 0, l->left ? scan_slice : read_slice, l);
}

/* All jobs are in the session. */
static void learn_begin(void *user, const struct err *err)
{
	struct learning *l = user;

	l->left = session_jobs(l->s->session)->n;
	l->ended = xcalloc(l->most + 1, sizeof(*l->ended));
	scan_slice(l);
}

void sync_learn(struct sync *s, size_t most, sync_learned_fn *fn, void *user)
{
	struct learning *l = NEW(struct learning);

	*l = (struct learning){.s = s,
			       .learned = NEW(struct learned),
			       .most = MIN(most, (size_t)DURATION_JOBS_MAX),
			       .fn = fn,
			       .user = user};
	l->learned->history = duration_history_new();
	sync_load_done(s, learn_begin, l);
}

int learned_job_of_spec(const json_t *spec, struct job **ret, struct err *err)
{
	int rc = sm_parse_job(spec, DETAIL_DESCRIBED, ret, err);

	if (rc == 0)
		job_derive(*ret);
	return rc;
}

static json_t *cluster_of_job(const struct job *j)
{
	json_t *groups = json_array(), *o = json_object();

	for (size_t i = 0; i < j->rare->n_groups; i++)
		json_array_append_new(groups, json_pack("{s:s, s:i, s:s?}", "InstanceType",
							str_or(j->rare->groups[i].instance_type, "?"), "InstanceCount",
							j->rare->groups[i].count, "InstanceGroupName",
							j->rare->groups[i].name));
	if (j->rare->n_groups) {
		json_object_set(o, "InstanceGroups", groups);
	} else {
		if (j->instance_type)
			json_object_set_new(o, "InstanceType", json_string(j->instance_type));
		json_object_set_new(o, "InstanceCount", json_integer(MAX(j->instance_count, 1)));
		if (j->rare->keep_alive_s > 0)
			json_object_set_new(o, "KeepAlivePeriodInSeconds", json_integer(j->rare->keep_alive_s));
	}
	if (j->rare->training_plan) /* its name is what is known of it */
		json_object_set_new(o, "TrainingPlanArn", json_string(j->rare->training_plan));
	json_decref(groups);
	return o;
}

json_t *learned_spec_of_job(const struct job *j)
{
	json_t *o = json_pack("{s:s, s:{s:s?}, s:o, s:o, s:b}", "TrainingJobName", j->name, "AlgorithmSpecification",
			      "TrainingImage", j->cold->image, "HyperParameters",
			      json_from_strmap(&j->cold->hyperparameters), "ResourceConfig", cluster_of_job(j),
			      "EnableManagedSpotTraining", j->spot);

	if (j->max_runtime_s > 0)
		json_object_set_new(o, "StoppingCondition",
				    json_pack("{s:I}", "MaxRuntimeInSeconds", (json_int_t)j->max_runtime_s));
	if (j->cold->n_channels && j->cold->channels[0].uri)
		json_object_set_new(o, "InputDataConfig",
				    json_pack("[{s:s, s:{s:{s:s}}}]", "ChannelName",
					      str_or(j->cold->channels[0].name, "train"), "DataSource", "S3DataSource",
					      "S3Uri", j->cold->channels[0].uri));
	return o;
}

void learned_question(const struct learned *l, const struct session *s, const struct job *j, struct job_group *one,
		      struct estimate_question *ret)
{
	*one = (struct job_group){.instance_type = j->instance_type, .count = MAX(j->instance_count, 1)};
	*ret = (struct estimate_question){.job = duration_case_of(j),
					  .groups = j->rare->n_groups ? j->rare->groups : one,
					  .n_groups = j->rare->n_groups ? j->rare->n_groups : 1,
					  .spot = j->spot,
					  .max_run_s = j->max_runtime_s > 0 ? j->max_runtime_s : ESTIMATE_MAX_RUN_S,
					  .keep_alive_s = MAX(j->rare->keep_alive_s, (int64_t)0),
					  .model = l->model,
					  .history = l->history,
					  .prices = &s->prices,
					  .region = s->region,
					  .rate_micro = USD_UNKNOWN,
					  .training_plan = j->rare->training_plan};
}

void learned_estimate(const struct learned *l, const struct session *s, const struct job *j, struct job_estimate *ret)
{
	struct estimate_question q;
	struct job_group one;

	learned_question(l, s, j, &one, &q);
	estimate_job(&q, ret);
}
