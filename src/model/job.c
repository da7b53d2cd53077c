/* job.c - making, reading and freeing jobs; job_merge.c combines two records. */
#include "model/job.h"

#include "base/buf.h"
#include "model/job_facets.h"
#include "model/kind.h"

#include <math.h>

/* In memory that is not to be written: who writes without job_own_cold is found at once. */
static const struct job_cold no_cold;
static const struct job_rare no_rare = {.retained_s = -1, .keep_alive_s = -1, .best_value = NAN, .best_step = -1};

static struct job_cold *shared_cold(void)
{
	return (struct job_cold *)(uintptr_t)&no_cold;
}

static struct job_rare *shared_rare(void)
{
	return (struct job_rare *)(uintptr_t)&no_rare;
}

struct job *job_new(const char *name)
{
	struct job *j = resource_alloc(sizeof(*j), &kind_table[KIND_TRAINING_JOB], name);

	j->rare = shared_rare();
	j->cold = NEW(struct job_cold);
	j->training_s = -1;
	j->billable_s = -1;
	j->max_runtime_s = -1;
	j->max_wait_s = -1;
	j->waited_s = -1;
	j->objective_value = NAN;
	return j;
}

void job_own_cold(struct job *j)
{
	if (j->cold == shared_cold())
		j->cold = NEW(struct job_cold);
}

bool job_has_rare(const struct job *j)
{
	return j->rare != &no_rare;
}

struct job_rare *job_own_rare(struct job *j)
{
	if (!job_has_rare(j)) {
		j->rare = NEW(struct job_rare);
		*j->rare = no_rare;
	}
	return j->rare;
}

static void free_rare(struct job_rare *rare)
{
	if (rare == shared_rare())
		return;
	for (size_t i = 0; i < rare->n_groups; i++)
		free(rare->groups[i].name);
	free(rare->groups);
	free(rare);
}

static void free_channels(struct job_cold *c)
{
	for (size_t i = 0; i < c->n_channels; i++) {
		struct job_channel *one = &c->channels[i];

		free(one->name);
		free(one->uri);
		free(one->data_type);
		free(one->content_type);
		free(one->input_mode);
		free(one->compression);
		free(one->distribution);
	}
	free(c->channels);
}

static void free_lists(struct job_cold *c)
{
	for (size_t i = 0; i < c->n_transitions; i++) {
		free(c->transitions[i].status);
		free(c->transitions[i].message);
	}
	for (size_t i = 0; i < c->n_final_metrics; i++)
		free(c->final_metrics[i].name);
	for (size_t i = 0; i < c->n_metric_definitions; i++) {
		free(c->metric_definitions[i].name);
		free(c->metric_definitions[i].regex);
	}
	free(c->transitions);
	free(c->final_metrics);
	free(c->metric_definitions);
}

static void free_cold(struct job_cold *c)
{
	char *strings[] = {c->image,	 c->input_mode,	    c->role_arn,       c->output_uri,
			   c->model_uri, c->checkpoint_uri, c->tuning_job_arn, c->vpc};

	if (c == shared_cold())
		return;
	for (size_t i = 0; i < ARRAY_LEN(strings); i++)
		free(strings[i]);
	strmap_done(&c->hyperparameters);
	strmap_done(&c->environment);
	strmap_done(&c->particulars);
	free_channels(c);
	free_lists(c);
	free(c);
}

void job_drop_cold(struct job *j)
{
	free_cold(j->cold);
	j->cold = shared_cold();
	str_set(&j->arn, NULL);
	strmap_done(&j->tags);
	j->tags = (struct strmap){0};
}

void job_free(struct job *j)
{
	if (!j)
		return;
	free_cold(j->cold);
	resource_done(job_resource(j));
	free_rare(j->rare);
	free(j);
}

void job_trim(struct job *j)
{
	if (j->trimmed)
		return;
	if (j->detail < DETAIL_SEARCHED) {
		if (j->cold != shared_cold() && memcmp(j->cold, &no_cold, sizeof(no_cold)) == 0) {
			free_cold(j->cold);
			j->cold = shared_cold();
		}
		return;
	}
	job_derive(j);
	job_drop_cold(j);
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
	job_own_cold(j);
	GROW(j->cold->transitions, j->cold->cap_transitions, j->cold->n_transitions + 1);
	struct job_transition *t = &j->cold->transitions[j->cold->n_transitions++];

	*t = (struct job_transition){xstrdup(status), start_ms, end_ms, xstrdup(message)};
	return t;
}

struct job_channel *job_add_channel(struct job *j, const char *name)
{
	job_own_cold(j);
	GROW(j->cold->channels, j->cold->cap_channels, j->cold->n_channels + 1);
	struct job_channel *c = &j->cold->channels[j->cold->n_channels++];

	*c = (struct job_channel){.name = xstrdup(name)};
	return c;
}

struct job_group *job_add_group(struct job *j, const char *name, const char *instance_type, int count)
{
	struct job_rare *rare = job_own_rare(j);

	GROW(rare->groups, rare->cap_groups, rare->n_groups + 1);
	struct job_group *g = &rare->groups[rare->n_groups++];

	*g = (struct job_group){xstrdup(name), intern(instance_type), MAX(count, 0)};
	return g;
}

void job_add_final_metric(struct job *j, const char *name, double value, int64_t time_ms)
{
	job_own_cold(j);
	GROW(j->cold->final_metrics, j->cold->cap_final_metrics, j->cold->n_final_metrics + 1);
	j->cold->final_metrics[j->cold->n_final_metrics++] = (struct job_final_metric){xstrdup(name), value, time_ms};
}

void job_add_metric_definition(struct job *j, const char *name, const char *regex)
{
	job_own_cold(j);
	GROW(j->cold->metric_definitions, j->cold->cap_metric_definitions, j->cold->n_metric_definitions + 1);
	j->cold->metric_definitions[j->cold->n_metric_definitions++] =
		(struct job_metric_definition){xstrdup(name), xstrdup(regex)};
}

const char *job_hyperparameter(const struct job *j, const char *name)
{
	return j->trimmed ? job_facet_find(j, 'h', name) : strmap_get(&j->cold->hyperparameters, name);
}

const char *job_tag(const struct job *j, const char *key)
{
	return j->trimmed ? job_facet_find(j, 't', key) : strmap_get(&j->tags, key);
}

bool job_final_metric(const struct job *j, const char *name, double *ret)
{
	for (size_t i = 0; i < j->cold->n_final_metrics; i++) {
		if (str_eq(j->cold->final_metrics[i].name, name)) {
			*ret = j->cold->final_metrics[i].value;
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
	const char *tuned = strmap_get(&j->cold->hyperparameters, "_tuning_objective_metric");

	if (!str_empty(tuned))
		return tuned;
	for (size_t i = 0; i < j->cold->n_final_metrics; i++) {
		if (str_starts(j->cold->final_metrics[i].name, "validation:"))
			return j->cold->final_metrics[i].name;
	}
	/* Images list dozens of definitions of which a job prints a few: a metric
	 * that was seen says more than one that is merely defined. */
	if (j->cold->n_final_metrics > 0)
		return j->cold->final_metrics[0].name;
	const char *wanted = strmap_get(&j->cold->hyperparameters, "eval_metric");

	for (size_t i = 0; i < j->cold->n_metric_definitions; i++) {
		const char *name = j->cold->metric_definitions[i].name;

		if (str_starts(name, "validation:") && (str_empty(wanted) || str_ends(name, wanted)))
			return name;
	}
	return j->cold->n_metric_definitions > 0 ? j->cold->metric_definitions[0].name : NULL;
}

bool job_objective(const struct job *j, double *ret)
{
	const char *name = job_objective_name(j);

	return name && job_final_metric(j, name, ret);
}

char *job_instances_text(const struct job *j)
{
	AUTO(buf) struct buf b = BUF_INIT(BUF_MAX_TEXT);

	for (size_t i = 0; i < j->rare->n_groups; i++)
		(void)buf_addf(&b, "%s%d x %s", i ? " + " : "", j->rare->groups[i].count,
			       str_or(j->rare->groups[i].instance_type, "?"));
	if (j->rare->n_groups)
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

	for (size_t i = 0; i < j->cold->n_transitions; i++)
		n += str_eq(j->cold->transitions[i].status, "Interrupted");
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
