/* job.c - making, reading and freeing jobs; job_merge.c combines two records. */
#include "model/job.h"

#include "base/buf.h"
#include "model/kind.h"

#include <math.h>

struct job *job_new(const char *name)
{
	struct job *j = NEW(struct job);

	resource_init(job_resource(j), &kind_table[KIND_TRAINING_JOB], name);
	j->training_s = -1;
	j->billable_s = -1;
	j->max_runtime_s = -1;
	j->max_wait_s = -1;
	j->keep_alive_s = -1;
	j->retained_s = -1;
	j->waited_s = -1;
	j->objective_value = j->best_value = NAN;
	j->best_step = -1;
	return j;
}

static void free_channels(struct job *j)
{
	for (size_t i = 0; i < j->n_channels; i++) {
		struct job_channel *c = &j->channels[i];

		free(c->name);
		free(c->uri);
		free(c->data_type);
		free(c->content_type);
		free(c->input_mode);
		free(c->compression);
		free(c->distribution);
	}
	free(j->channels);
	j->channels = NULL;
	j->n_channels = j->cap_channels = 0;
}

static void free_lists(struct job *j)
{
	for (size_t i = 0; i < j->n_transitions; i++) {
		free(j->transitions[i].status);
		free(j->transitions[i].message);
	}
	for (size_t i = 0; i < j->n_final_metrics; i++)
		free(j->final_metrics[i].name);
	for (size_t i = 0; i < j->n_metric_definitions; i++) {
		free(j->metric_definitions[i].name);
		free(j->metric_definitions[i].regex);
	}
	free(j->transitions);
	free(j->final_metrics);
	free(j->metric_definitions);
	j->transitions = NULL;
	j->final_metrics = NULL;
	j->metric_definitions = NULL;
	j->n_transitions = j->cap_transitions = 0;
	j->n_final_metrics = j->cap_final_metrics = 0;
	j->n_metric_definitions = j->cap_metric_definitions = 0;
}

static void free_cold(struct job *j)
{
	char **strings[] = {&j->arn,	   &j->image,	       &j->input_mode,	   &j->role_arn, &j->output_uri,
			    &j->model_uri, &j->checkpoint_uri, &j->tuning_job_arn, &j->vpc};

	for (size_t i = 0; i < ARRAY_LEN(strings); i++)
		str_set(strings[i], NULL);
	strmap_done(&j->hyperparameters);
	strmap_done(&j->environment);
	strmap_done(&j->tags);
	strmap_done(&j->particulars);
	j->hyperparameters = j->environment = j->tags = j->particulars = (struct strmap){0};
	free_channels(j);
	free_lists(j);
}

void job_free(struct job *j)
{
	if (!j)
		return;
	free_cold(j);
	resource_done(job_resource(j));
	free(j->secondary_text);
	free(j->warm_pool_status);
	free(j->instance_type);
	for (size_t i = 0; i < j->n_groups; i++) {
		free(j->groups[i].name);
		free(j->groups[i].instance_type);
	}
	free(j->groups);
	free(j->objective);
	free(j->facets);
	free(j);
}

void job_trim(struct job *j)
{
	if (j->trimmed || j->detail < DETAIL_SEARCHED)
		return;
	job_derive(j);
	free_cold(j);
	j->trimmed = true;
}

static const char *const status_names[JOB_STATUS_COUNT] = {
	[JOB_STATUS_UNKNOWN] = "Unknown", [JOB_IN_PROGRESS] = "InProgress", [JOB_COMPLETED] = "Completed",
	[JOB_FAILED] = "Failed",	  [JOB_STOPPING] = "Stopping",	    [JOB_STOPPED] = "Stopped",
	[JOB_DELETING] = "Deleting"};

enum job_status job_status_parse(const char *text)
{
	for (int i = 1; i < JOB_STATUS_COUNT; i++) {
		if (str_eq(text, status_names[i]))
			return (enum job_status)i;
	}
	return JOB_STATUS_UNKNOWN;
}

const char *job_status_name(enum job_status s)
{
	return (unsigned)s < JOB_STATUS_COUNT ? status_names[s] : status_names[JOB_STATUS_UNKNOWN];
}

void job_set_status(struct job *j, const char *status_text)
{
	resource_set_status(job_resource(j), status_text);
	j->status = job_status_parse(status_text);
}

bool job_is_terminal(const struct job *j)
{
	return j->status == JOB_COMPLETED || j->status == JOB_FAILED || j->status == JOB_STOPPED;
}

bool job_is_active(const struct job *j)
{
	return j->status == JOB_IN_PROGRESS || j->status == JOB_STOPPING;
}

bool job_limit_exceeded(const struct job *j)
{
	return j->status == JOB_STOPPED &&
	       (str_eq(j->secondary_text, "MaxRuntimeExceeded") || str_eq(j->secondary_text, "MaxWaitTimeExceeded"));
}

const char *job_state_text(const struct job *j)
{
	if ((job_is_active(j) && !str_empty(j->secondary_text)) || job_limit_exceeded(j))
		return j->secondary_text;
	return str_or(j->status_text, job_status_name(j->status));
}

struct job_transition *job_add_transition(struct job *j, const char *status, int64_t start_ms, int64_t end_ms,
					  const char *message)
{
	GROW(j->transitions, j->cap_transitions, j->n_transitions + 1);
	struct job_transition *t = &j->transitions[j->n_transitions++];

	*t = (struct job_transition){xstrdup(status), start_ms, end_ms, xstrdup(message)};
	return t;
}

struct job_channel *job_add_channel(struct job *j, const char *name)
{
	GROW(j->channels, j->cap_channels, j->n_channels + 1);
	struct job_channel *c = &j->channels[j->n_channels++];

	*c = (struct job_channel){.name = xstrdup(name)};
	return c;
}

struct job_group *job_add_group(struct job *j, const char *name, const char *instance_type, int count)
{
	GROW(j->groups, j->cap_groups, j->n_groups + 1);
	struct job_group *g = &j->groups[j->n_groups++];

	*g = (struct job_group){xstrdup(name), xstrdup(instance_type), MAX(count, 0)};
	return g;
}

void job_add_final_metric(struct job *j, const char *name, double value, int64_t time_ms)
{
	GROW(j->final_metrics, j->cap_final_metrics, j->n_final_metrics + 1);
	j->final_metrics[j->n_final_metrics++] = (struct job_final_metric){xstrdup(name), value, time_ms};
}

void job_add_metric_definition(struct job *j, const char *name, const char *regex)
{
	GROW(j->metric_definitions, j->cap_metric_definitions, j->n_metric_definitions + 1);
	j->metric_definitions[j->n_metric_definitions++] =
		(struct job_metric_definition){xstrdup(name), xstrdup(regex)};
}

/* Facets: for each pair a kind byte ('h' or 't'), the name, NUL, the value, NUL. */
static const char *facet_find(const struct job *j, char kind, const char *name)
{
	const char *p = j->facets, *end = p + j->facets_len;

	while (p && p < end) {
		const char *key = p + 1;
		const char *value = key + strlen(key) + 1;

		if (*p == kind && strcmp(key, name) == 0)
			return value;
		p = value + strlen(value) + 1;
	}
	return NULL;
}

const char *job_hyperparameter(const struct job *j, const char *name)
{
	return j->trimmed ? facet_find(j, 'h', name) : strmap_get(&j->hyperparameters, name);
}

const char *job_tag(const struct job *j, const char *key)
{
	return j->trimmed ? facet_find(j, 't', key) : strmap_get(&j->tags, key);
}

bool job_final_metric(const struct job *j, const char *name, double *ret)
{
	for (size_t i = 0; i < j->n_final_metrics; i++) {
		if (str_eq(j->final_metrics[i].name, name)) {
			*ret = j->final_metrics[i].value;
			return true;
		}
	}
	if (j->trimmed && j->objective && str_eq(j->objective, name) && !isnan(j->objective_value)) {
		*ret = j->objective_value;
		return true;
	}
	return false;
}

const char *job_objective_name(const struct job *j)
{
	if (j->trimmed)
		return j->objective;
	const char *tuned = strmap_get(&j->hyperparameters, "_tuning_objective_metric");

	if (!str_empty(tuned))
		return tuned;
	for (size_t i = 0; i < j->n_final_metrics; i++) {
		if (str_starts(j->final_metrics[i].name, "validation:"))
			return j->final_metrics[i].name;
	}
	/* Images list dozens of definitions of which a job prints a few: a metric
	 * that was seen says more than one that is merely defined. */
	if (j->n_final_metrics > 0)
		return j->final_metrics[0].name;
	const char *wanted = strmap_get(&j->hyperparameters, "eval_metric");

	for (size_t i = 0; i < j->n_metric_definitions; i++) {
		const char *name = j->metric_definitions[i].name;

		if (str_starts(name, "validation:") && (str_empty(wanted) || str_ends(name, wanted)))
			return name;
	}
	return j->n_metric_definitions > 0 ? j->metric_definitions[0].name : NULL;
}

bool job_objective(const struct job *j, double *ret)
{
	const char *name = job_objective_name(j);

	return name && job_final_metric(j, name, ret);
}

char *job_instances_text(const struct job *j)
{
	AUTO(buf) struct buf b = BUF_INIT(BUF_MAX_TEXT);

	for (size_t i = 0; i < j->n_groups; i++)
		(void)buf_addf(&b, "%s%d x %s", i ? " + " : "", j->groups[i].count,
			       str_or(j->groups[i].instance_type, "?"));
	if (j->n_groups)
		return buf_take(&b);
	if (!j->instance_type)
		return NULL;
	return xasprintf("%d x %s", MAX(j->instance_count, 1), j->instance_type);
}

bool job_state_is_billed(const char *secondary)
{
	static const char *const free_states[] = {"Starting",	 "Pending",    "LaunchingMLInstances",
						  "Interrupted", "Restarting", "PreparingTrainingStack"};

	for (size_t i = 0; i < ARRAY_LEN(free_states); i++) {
		if (str_eq(secondary, free_states[i]))
			return false;
	}
	return true;
}

int64_t job_elapsed_s(const struct job *j, int64_t now_ms)
{
	if (j->training_s >= 0)
		return j->training_s;
	if (j->start_ms == TIME_UNKNOWN)
		return -1;
	int64_t end = j->end_ms;

	if (end == TIME_UNKNOWN) {
		if (!job_is_active(j))
			return -1; /* over, but the service does not say when */
		end = now_ms;
	}
	return end > j->start_ms ? (end - j->start_ms) / 1000 : 0;
}

int job_spot_saving_pct(const struct job *j)
{
	if (!j->spot || j->training_s <= 0 || j->billable_s < 0 || j->billable_s > j->training_s)
		return -1;
	return (int)(((j->training_s - j->billable_s) * 100 + j->training_s / 2) / j->training_s);
}

int job_interruptions(const struct job *j)
{
	if (j->trimmed)
		return j->interruptions;
	int n = 0;

	for (size_t i = 0; i < j->n_transitions; i++)
		n += str_eq(j->transitions[i].status, "Interrupted");
	return n;
}

/* --- as a resource --------------------------------------------------------------- */

static struct resource *make_job(const struct kind *kind, const char *name)
{
	return job_resource(job_new(name));
}

static void free_job(struct resource *r)
{
	job_free(resource_job(r));
}

static bool merge_job(struct resource *into, struct resource *from)
{
	return job_merge(resource_job(into), resource_job(from));
}

static void derive_job(struct resource *r)
{
	job_derive(resource_job(r));
}

static void trim_job(struct resource *r)
{
	job_trim(resource_job(r));
}

static const char *state_text_of_job(const struct resource *r)
{
	return job_state_text(resource_job(r));
}

const struct resource_class job_class = {make_job, free_job, merge_job, derive_job, trim_job, state_text_of_job};
