/* CreateHyperParameterTuningJob and Stop; what a child's training job is asked for. */
#include "aws/local/services/kinds.h"
#include "aws/local/services/tuning.h"
#include "aws/local/wire/validate.h"

/* Members of a definition that are the tuning job's own. */
static const char *const own_members[] = {"DefinitionName", "TuningObjective", "HyperParameterRanges",
					  "StaticHyperParameters", "HyperParameterTuningResourceConfig"};

/* The resources of a tuning job may be a choice: the first, most wanted, is taken. */
static void set_resources(json_t *request, const json_t *config)
{
	const json_t *first = json_array_get(json_object_get(config, "InstanceConfigs"), 0);
	json_t *resources = json_deep_copy(config);

	json_object_del(resources, "InstanceConfigs");
	json_object_del(resources, "AllocationStrategy");
	if (first)
		json_object_update(resources, (json_t *)first);
	json_object_set_new(request, "ResourceConfig", resources);
}

/* A built-in image's own definitions, as Describe would tell them. */
static void add_image_metrics(json_t *request, const char *metric)
{
	static const char *const channels[] = {"train", "validation"};
	json_t *algorithm = json_object_get(request, "AlgorithmSpecification"), *list = json_array();
	const char *colon = strchr(metric, ':');

	if (json_array_size(json_object_get(algorithm, "MetricDefinitions")) || !colon) {
		json_decref(list);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(channels); i++) {
		AUTO(str) char *name = xasprintf("%s:%s", channels[i], colon + 1);
		AUTO(str)
		char *regex = xasprintf("\\[[0-9]+\\].*(?:#011|\\s)%s-\\Q%s\\E:(\\S+)", channels[i], colon + 1);

		json_array_append_new(list, json_pack("{s:s, s:s}", "Name", name, "Regex", regex));
	}
	json_object_set_new(algorithm, "MetricDefinitions", list);
}

json_t *tuning_child_request(const struct document *tuning, const struct tuning_definition *d, const char *name,
			     const double *values)
{
	json_t *request = json_deep_copy(d->doc), *hyper = json_object();
	const json_t *resources = json_object_get(d->doc, "HyperParameterTuningResourceConfig");

	for (size_t i = 0; i < ARRAY_LEN(own_members); i++)
		json_object_del(request, own_members[i]);
	json_object_set_new(request, "TrainingJobName", json_string(name));
	json_object_update(hyper, json_object_get(d->doc, "StaticHyperParameters"));
	for (size_t i = 0; i < d->space.n; i++) {
		AUTO(str) char *text = tuner_range_text(&d->space.ranges[i], values[i]);

		json_object_set_new(hyper, d->space.ranges[i].name, json_string(text));
	}
	json_object_set_new(hyper, "_tuning_objective_metric", json_string(d->metric));
	json_object_set_new(request, "HyperParameters", hyper);
	if (resources)
		set_resources(request, resources);
	add_image_metrics(request, d->metric);
	json_object_set_new(request, "TuningJobArn", json_string(tuning->arn));
	return request;
}

/* --- what the service looks at before it accepts ---------------------------------------- */

/* A child of each definition, with the values of the middle, must be one that
 * CreateTrainingJob takes. */
static int check_children(struct call *c, const struct document *r, const struct tuning_plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct tuning_definition *d = &p->definitions[i];
		double values[TUNER_MAX_RANGES];
		struct call child = *c;

		for (size_t k = 0; k < d->space.n; k++)
			values[k] = tuner_range_value(&d->space.ranges[k], 0.5);
		AUTO(json) json_t *request = tuning_child_request(r, d, "child", values);

		child.in = request;
		if (shape_check(&shape_create_training_job, request, c->fault) < 0 || training_job_check(&child) < 0)
			return -1;
	}
	return 0;
}

static enum tuner_type type_of(const struct tuner_space *s, const char *name, bool *ret_found)
{
	*ret_found = false;
	for (size_t i = 0; i < s->n; i++) {
		if (str_eq(s->ranges[i].name, name)) {
			*ret_found = true;
			return s->ranges[i].type;
		}
	}
	return TUNER_INTEGER;
}

/* The parent's plan against ours: same objective, same number of hyperparameters, no
 * range of another type. */
static int compare_parent(struct call *c, const char *name, const struct tuning_plan *parent,
			  const struct tuning_plan *own)
{
	const struct tuning_definition *a = &parent->definitions[0], *b = &own->definitions[0];
	size_t fixed_a = json_object_size(json_object_get(a->doc, "StaticHyperParameters")),
	       fixed_b = json_object_size(json_object_get(b->doc, "StaticHyperParameters"));

	if (!str_eq(a->metric, b->metric) || a->maximise != b->maximise)
		return op_invalid(c,
				  "The objective of the parent tuning job %s is %s %s; that of a warm start must be "
				  "the same.",
				  name, a->maximise ? "Maximize" : "Minimize", a->metric);
	if (a->space.n + fixed_a != b->space.n + fixed_b)
		return op_invalid(c,
				  "The parent tuning job %s has %zu hyperparameters, tuned and static together; a "
				  "warm start must have as many, not %zu.",
				  name, a->space.n + fixed_a, b->space.n + fixed_b);
	for (size_t i = 0; i < b->space.n; i++) {
		bool found;
		enum tuner_type type = type_of(&a->space, b->space.ranges[i].name, &found);

		if (found && type != b->space.ranges[i].type)
			return op_invalid(c, "Hyperparameter %.100s has another type in the parent tuning job %s.",
					  b->space.ranges[i].name, name);
	}
	return 0;
}

static int check_parents(struct call *c, const struct tuning_plan *p)
{
	const json_t *warm = json_object_get(c->in, "WarmStartConfig"),
		     *parents = json_object_get(warm, "ParentHyperParameterTuningJobs");
	size_t i;
	json_t *row;

	if (!warm)
		return 0;
	if (!json_array_size(parents) || json_array_size(parents) > 5)
		return op_invalid(c, "A warm start has 1 to 5 ParentHyperParameterTuningJobs.");
	if (p->n != 1)
		return op_invalid(c, "A warm start is not possible with TrainingJobDefinitions.");
	json_array_foreach((json_t *)parents, i, row)
	{
		const char *name = str_or(json_get_str(row, "HyperParameterTuningJobName"), "");
		const struct document *parent = document_find(c->e, "tuning", name);
		AUTO(tuning_plan) struct tuning_plan read = {0};
		struct fault fault = {0};

		if (!parent)
			return fault_set(c->fault, 400, "ResourceNotFound",
					 "Amazon SageMaker can't find a tuning job named %s.", name);
		if (!word_in("Completed Failed Stopped", json_get_str(parent->doc, "HyperParameterTuningJobStatus")))
			return op_invalid(c, "The parent tuning job %s has not ended; a warm start needs one that has.",
					  name);
		if (tuning_plan_read(&read, parent->doc, &fault) == 0 && compare_parent(c, name, &read, p) < 0)
			return -1;
	}
	return 0;
}

int tuning_job_made(struct call *c, struct document *r)
{
	AUTO(tuning_plan) struct tuning_plan p = {0};

	if (tuning_plan_read(&p, r->doc, c->fault) < 0 || check_parents(c, &p) < 0 || check_children(c, r, &p) < 0)
		return -1;
	if (p.strategy == TUNER_GRID)
		json_object_set_new(json_path_get(r->doc, "HyperParameterTuningJobConfig.ResourceLimits"),
				    "MaxNumberOfTrainingJobs", json_integer(p.max_jobs));
	json_object_set_new(r->doc, "Children", json_array());
	tuning_wake(c->e);
	return 0;
}

/* One that runs stops its children first; one of --load has none. */
int tuning_job_stopped(struct call *c, struct document *r)
{
	if (json_object_get(r->doc, "Children")) {
		tuning_wake(c->e);
		return 0;
	}
	json_object_set_new(r->doc, "HyperParameterTuningJobStatus", json_string("Stopped"));
	json_object_set_new(r->doc, "HyperParameterTuningEndTime", json_epoch(engine_now_ms(c->e)));
	return 0;
}
