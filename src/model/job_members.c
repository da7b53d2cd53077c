/* The members of a job that a copy may change. */
#include "model/job_members.h"

#define TUNERS "_tuning_" /* what a tuning job adds is not a copy's */

void job_members_done(struct job_members *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->items[i].label);
		free(m->items[i].path);
		free(m->items[i].text);
	}
	free(m->items);
	*m = (struct job_members){0};
}

/* label and path are the list's from now on. */
static void add(struct job_members *m, char *label, char *path, const char *text)
{
	GROW(m->items, m->cap, m->n + 1);
	m->items[m->n++] = (struct job_member){label, path, xstrdup(text)};
}

static void add_text(struct job_members *m, const char *label, const char *path, const char *text)
{
	if (text && *text)
		add(m, xstrdup(label), xstrdup(path), text);
}

static void add_number(struct job_members *m, const char *label, const char *path, int64_t n)
{
	AUTO(str) char *text = n > 0 ? xasprintf("%lld", (long long)n) : NULL;

	add_text(m, label, path, text);
}

/* Of a map whose keys are the user's. */
static void add_map(struct job_members *m, const char *said, const char *member, const struct strmap *map)
{
	for (size_t i = 0; i < map->n; i++)
		if (!strchr(map->items[i].name, '=') && !str_starts(map->items[i].name, TUNERS))
			add(m, xasprintf("%s%s", said, map->items[i].name),
			    xasprintf("%s.%s", member, map->items[i].name), map->items[i].value);
}

static void add_machine(struct job_members *m, const struct job *j)
{
	if (!j->rare->n_groups) {
		add_text(m, "instance type", "ResourceConfig.InstanceType", j->instance_type);
		add_number(m, "instances", "ResourceConfig.InstanceCount", j->instance_count);
	}
	add_number(m, "volume GB", "ResourceConfig.VolumeSizeInGB", j->volume_gb);
	add_text(m, "spot", "EnableManagedSpotTraining", j->spot ? "true" : "false");
	add_number(m, "longest run s", "StoppingCondition.MaxRuntimeInSeconds", j->max_runtime_s);
	if (j->spot)
		add_number(m, "longest wait s", "StoppingCondition.MaxWaitTimeInSeconds", j->max_wait_s);
}

static void add_data(struct job_members *m, const struct job_cold *c)
{
	for (size_t i = 0; i < c->n_channels; i++)
		if (c->channels[i].data_type && str_starts(c->channels[i].uri, "s3://"))
			add(m, xasprintf("input %s", c->channels[i].name),
			    xasprintf("InputDataConfig.%zu.DataSource.S3DataSource.S3Uri", i), c->channels[i].uri);
	add_text(m, "output", "OutputDataConfig.S3OutputPath", c->output_uri);
	add_text(m, "checkpoints", "CheckpointConfig.S3Uri", c->checkpoint_uri);
}

void job_members(const struct job *j, struct job_members *ret)
{
	const struct job_cold *c = j->cold;

	job_members_done(ret);
	add_map(ret, "", "HyperParameters", &c->hyperparameters);
	add_machine(ret, j);
	add_data(ret, c);
	if (c->image && strchr(c->image, '/')) /* else it may be the name of an algorithm */
		add_text(ret, "image", "AlgorithmSpecification.TrainingImage", c->image);
	add_text(ret, "role", "RoleArn", c->role_arn);
	add_map(ret, "env ", "Environment", &c->environment);
	for (size_t i = 0; i < j->tags.n; i++)
		if (!strchr(j->tags.items[i].name, '=') && !str_starts(j->tags.items[i].name, "aws:"))
			add(ret, xasprintf("tag %s", j->tags.items[i].name),
			    xasprintf("Tags.%s", j->tags.items[i].name), j->tags.items[i].value);
}
