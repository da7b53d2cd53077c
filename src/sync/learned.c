/* learned.c - the history of durations read from the store in slices, and the model of it. */
#include "sync/learned.h"

#include "aws/sagemaker.h"
#include "base/log.h"
#include "model/estimate.h"
#include "sync/sync_priv.h"

#define SLICE 50 /* jobs a turn: some milliseconds */

struct learning {
	struct sync *s;
	struct learned *learned;
	struct strlist names; /* of completed jobs, the newest last */
	size_t most;
	sync_learned_fn *fn;
	void *user;
};

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

static int compare_ends(const void *a, const void *b)
{
	const struct job *x = *(struct job *const *)a, *y = *(struct job *const *)b;

	if (x->end_ms != y->end_ms)
		return x->end_ms < y->end_ms ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* All jobs are in the session. */
static void learn_begin(void *user, const struct err *err)
{
	struct learning *l = user;
	const struct resources *t = session_jobs(l->s->session);
	size_t n = 0;
	const struct job **done = xcalloc(t->n + 1, sizeof(*done));

	for (size_t i = 0; i < t->n; i++) {
		const struct job *j = jobs_at(t, i);

		if (j->status == JOB_COMPLETED && j->end_ms != TIME_UNKNOWN)
			done[n++] = j;
	}
	qsort(done, n, sizeof(*done), compare_ends);
	for (size_t i = n > l->most ? n - l->most : 0; i < n; i++)
		strlist_add(&l->names, done[i]->name);
	free(done);
	(void)aws_client_after(l->s->aws, 0, read_slice, l);
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
	json_t *groups = json_array();

	for (size_t i = 0; i < j->rare->n_groups; i++)
		json_array_append_new(groups, json_pack("{s:s, s:i, s:s?}", "InstanceType",
							str_or(j->rare->groups[i].instance_type, "?"), "InstanceCount",
							j->rare->groups[i].count, "InstanceGroupName",
							j->rare->groups[i].name));
	if (j->rare->n_groups)
		return json_pack("{s:o}", "InstanceGroups", groups);
	json_decref(groups);
	json_t *o =
		json_pack("{s:s?, s:i}", "InstanceType", j->instance_type, "InstanceCount", MAX(j->instance_count, 1));

	if (j->rare->keep_alive_s > 0)
		json_object_set_new(o, "KeepAlivePeriodInSeconds", json_integer(j->rare->keep_alive_s));
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
					  .rate_micro = USD_UNKNOWN};
}
