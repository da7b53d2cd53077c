/* What CreateHyperParameterTuningJob asks for: read, and checked as the service does. */
#include <math.h>

#include "aws/local/services/tuning.h"

#define MAX_CATEGORIES 30
#define MAX_HYPERPARAMETERS 100
#define MAX_PARALLEL 100
#define MAX_CHILDREN 10000
#define MAX_RESOURCE 20000

static int refuse(struct fault *f, const char *fmt, ...) PRINTF_LIKE(2, 3);
static int refuse(struct fault *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	AUTO(str) char *text = xvasprintf(fmt, ap);

	va_end(ap);
	return fault_set(f, 400, "ValidationException", "%s", text);
}

void tuning_plan_done(struct tuning_plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		tuner_space_done(&p->definitions[i].space);
	free(p->definitions);
	*p = (struct tuning_plan){0};
}

/* --- ranges ------------------------------------------------------------------------ */

static int read_bound(const json_t *row, const char *member, bool integer, double *ret, struct fault *f)
{
	const char *text = json_get_str(row, member), *name = json_get_str(row, "Name");

	if (!text || !str_to_f64(text, ret))
		return refuse(f, "%s of parameter range %.100s is '%.100s', which is not a number.", member, name,
			      text ? text : "null");
	if (integer && *ret != round(*ret))
		return refuse(f, "%s of integer parameter range %.100s is %s, which is not an integer.", member, name,
			      text);
	return 0;
}

static int add_number(struct tuner_space *space, const json_t *row, enum tuner_type type, struct fault *f)
{
	struct tuner_range *r = tuner_space_add(space, json_get_str(row, "Name"), type);
	struct err err = {0};

	if (read_bound(row, "MinValue", type == TUNER_INTEGER, &r->low, f) < 0 ||
	    read_bound(row, "MaxValue", type == TUNER_INTEGER, &r->high, f) < 0)
		return -1;
	if (r->low > r->high)
		return refuse(f, "The MinValue %s of parameter range %.100s is greater than its MaxValue %s.",
			      json_get_str(row, "MinValue"), r->name, json_get_str(row, "MaxValue"));
	if (tuner_range_set_scale(r, json_get_str(row, "ScalingType"), &err) < 0)
		return refuse(f, "The scaling of a parameter range cannot be used: %s.", err.msg);
	return 0;
}

static int add_words(struct tuner_space *space, const json_t *row, struct fault *f)
{
	struct tuner_range *r = tuner_space_add(space, json_get_str(row, "Name"), TUNER_CATEGORICAL);
	size_t i;
	json_t *word;

	json_array_foreach(json_object_get(row, "Values"), i, word)
	{
		if (strlist_has(&r->words, json_string_value(word)))
			return refuse(f, "Parameter range %.100s has the value '%.100s' twice.", r->name,
				      json_string_value(word));
		strlist_add(&r->words, str_or(json_string_value(word), ""));
	}
	if (!r->words.n || r->words.n > MAX_CATEGORIES)
		return refuse(f, "Parameter range %.100s has %zu values; 1 to %d are possible.", r->name, r->words.n,
			      MAX_CATEGORIES);
	return 0;
}

static int add_range(struct tuner_space *space, const char *list, const json_t *row, struct fault *f)
{
	const char *name = json_get_str(row, "Name");

	if (str_empty(name))
		return refuse(f, "A range of %s has no Name.", list);
	for (size_t i = 0; i < space->n; i++) {
		if (str_eq(space->ranges[i].name, name))
			return refuse(f, "Parameter %.100s has more than one range.", name);
	}
	if (space->n == TUNER_MAX_RANGES)
		return refuse(f, "A tuning job has at most %d parameter ranges.", TUNER_MAX_RANGES);
	if (str_eq(list, "CategoricalParameterRanges"))
		return add_words(space, row, f);
	return add_number(space, row, str_eq(list, "IntegerParameterRanges") ? TUNER_INTEGER : TUNER_CONTINUOUS, f);
}

static int read_ranges(struct tuning_definition *d, const json_t *ranges, struct fault *f)
{
	static const char *const lists[] = {"IntegerParameterRanges", "ContinuousParameterRanges",
					    "CategoricalParameterRanges"};
	const json_t *fixed = json_object_get(d->doc, "StaticHyperParameters");

	if (json_array_size(json_object_get(ranges, "AutoParameters")))
		return refuse(f, "The local engine does not choose ranges by itself (AutoParameters); give them.");
	for (size_t l = 0; l < ARRAY_LEN(lists); l++) {
		size_t i;
		json_t *row;

		json_array_foreach(json_object_get(ranges, lists[l]), i, row)
		{
			if (add_range(&d->space, lists[l], row, f) < 0)
				return -1;
			if (json_object_get(fixed, json_get_str(row, "Name")))
				return refuse(f, "Hyperparameter %.100s is both static and tuned.",
					      json_get_str(row, "Name"));
		}
	}
	if (!d->space.n)
		return refuse(f, "At least one parameter range is required.");
	/* The tuner adds _tuning_objective_metric. */
	if (d->space.n + json_object_size(fixed) + 1 > MAX_HYPERPARAMETERS)
		return refuse(f, "A tuning job has at most %d hyperparameters, tuned and static together.",
			      MAX_HYPERPARAMETERS);
	return 0;
}

/* --- the objective -------------------------------------------------------------------- */

/* Built-in images bring the definitions of their metrics along. */
static bool image_has_metric(const json_t *algorithm, const char *metric)
{
	const char *image = str_or(json_get_str(algorithm, "TrainingImage"), "");

	return (strstr(image, "xgboost") || strstr(image, "sagetop-trainer")) &&
	       (str_starts(metric, "validation:") || str_starts(metric, "train:"));
}

static int read_objective(struct tuning_definition *d, const json_t *objective, struct fault *f)
{
	const json_t *algorithm = json_object_get(d->doc, "AlgorithmSpecification");
	bool defined = false;
	size_t i;
	json_t *row;

	d->metric = json_get_str(objective, "MetricName");
	d->maximise = str_eq(json_get_str(objective, "Type"), "Maximize");
	json_array_foreach(json_object_get(algorithm, "MetricDefinitions"), i, row) defined =
		defined || str_eq(json_get_str(row, "Name"), d->metric);
	if (!d->metric || (!defined && !image_has_metric(algorithm, d->metric)))
		return refuse(f, "A metric is required for this hyperparameter tuning job objective. Provide a metric "
				 "in the metric definitions.");
	return 0;
}

static int read_definitions(struct tuning_plan *p, const json_t *doc, struct fault *f)
{
	const json_t *config = json_object_get(doc, "HyperParameterTuningJobConfig"),
		     *one = json_object_get(doc, "TrainingJobDefinition"),
		     *many = json_object_get(doc, "TrainingJobDefinitions");

	if ((one != NULL) == (json_array_size(many) > 0))
		return refuse(f, "Exactly one of TrainingJobDefinition and TrainingJobDefinitions must be given.");
	p->n = one ? 1 : json_array_size(many);
	p->definitions = xcalloc(p->n, sizeof(*p->definitions));
	for (size_t i = 0; i < p->n; i++) {
		struct tuning_definition *d = &p->definitions[i];

		d->doc = one ? one : json_array_get(many, i);
		if (!one && str_empty(json_get_str(d->doc, "DefinitionName")))
			return refuse(f, "Each of TrainingJobDefinitions must have a DefinitionName.");
		if (read_objective(d,
				   one ? json_object_get(config, "HyperParameterTuningJobObjective")
				       : json_object_get(d->doc, "TuningObjective"),
				   f) < 0 ||
		    read_ranges(d,
				one ? json_object_get(config, "ParameterRanges")
				    : json_object_get(d->doc, "HyperParameterRanges"),
				f) < 0)
			return -1;
		if (d->maximise != p->definitions[0].maximise)
			return refuse(f, "The objectives of all TrainingJobDefinitions must have the same Type.");
	}
	return 0;
}

/* --- strategy and limits ---------------------------------------------------------------- */

static int read_grid(struct tuning_plan *p, struct fault *f)
{
	double points = 0;

	for (size_t i = 0; i < p->n; i++) {
		const struct tuner_space *s = &p->definitions[i].space;

		for (size_t k = 0; k < s->n; k++) {
			if (s->ranges[k].type != TUNER_CATEGORICAL)
				return refuse(f,
					      "Only categorical parameter ranges are supported with the Grid "
					      "strategy; %.100s is not.",
					      s->ranges[k].name);
		}
		points += tuner_space_size(s);
	}
	if (points > MAX_CHILDREN)
		return refuse(f, "The grid has %.0f points; a tuning job has at most %d training jobs.", points,
			      MAX_CHILDREN);
	if (p->max_jobs && (double)p->max_jobs != points)
		return refuse(f,
			      "MaxNumberOfTrainingJobs is %lld, but the grid has %.0f points; leave it out or give "
			      "that number.",
			      (long long)p->max_jobs, points);
	p->max_jobs = (int64_t)points;
	return 0;
}

/* Without a configuration the service takes the resource from one of these. */
static int64_t static_epochs(const struct tuning_definition *d)
{
	static const char *const names[] = {"epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs"};
	int64_t epochs = 0;

	for (size_t i = 0; i < ARRAY_LEN(names) && !epochs; i++) {
		const char *text = json_get_str(json_object_get(d->doc, "StaticHyperParameters"), names[i]);

		if (!text || !str_to_i64(text, &epochs))
			epochs = 0;
	}
	return epochs;
}

static int read_hyperband(struct tuning_plan *p, const json_t *config, struct fault *f)
{
	const json_t *given = json_path_get(config, "StrategyConfig.HyperbandStrategyConfig");
	int64_t max = json_get_i64(given, "MaxResource", static_epochs(&p->definitions[0])),
		min = json_get_i64(given, "MinResource", 1);

	if (p->early_stopping)
		return refuse(f, "TrainingJobEarlyStoppingType must be Off with the Hyperband strategy, which stops "
				 "training jobs itself.");
	if (max < 1)
		return refuse(f, "The Hyperband strategy needs MaxResource in HyperbandStrategyConfig, or one of the "
				 "static hyperparameters epochs, numepochs, n-epochs, n_epochs, num_epochs.");
	if (min < 1 || min > max || max > MAX_RESOURCE)
		return refuse(f, "MinResource and MaxResource of HyperbandStrategyConfig must be 1 to %d, in order.",
			      MAX_RESOURCE);
	p->min_resource = (size_t)min;
	p->max_resource = (size_t)max;
	return 0;
}

static int read_criteria(struct tuning_plan *p, const json_t *config, struct fault *f)
{
	const json_t *criteria = json_object_get(config, "TuningJobCompletionCriteria"),
		     *target = json_object_get(criteria, "TargetObjectiveMetricValue"),
		     *idle = json_path_get(criteria, "BestObjectiveNotImproving.MaxNumberOfTrainingJobsNotImproving");

	p->criteria.has_target = json_is_number(target);
	p->criteria.target = json_number_value(target);
	if (idle && json_integer_value(idle) < 3)
		return refuse(f, "MaxNumberOfTrainingJobsNotImproving must be at least 3.");
	p->criteria.not_improving = (size_t)json_integer_value(idle);
	p->criteria.convergence = str_eq(
		json_get_str(json_object_get(criteria, "ConvergenceDetected"), "CompleteOnConvergence"), "Enabled");
	return 0;
}

static int read_limits(struct tuning_plan *p, const json_t *config, struct fault *f)
{
	const json_t *limits = json_object_get(config, "ResourceLimits");
	const json_t *seed = json_object_get(config, "RandomSeed");

	p->max_jobs = json_get_i64(limits, "MaxNumberOfTrainingJobs", 0);
	p->parallel = json_get_i64(limits, "MaxParallelTrainingJobs", 1);
	p->max_runtime_s = json_get_i64(limits, "MaxRuntimeInSeconds", 0);
	p->early_stopping = str_eq(json_get_str(config, "TrainingJobEarlyStoppingType"), "Auto");
	p->has_seed = json_is_integer(seed);
	p->seed = (uint64_t)json_integer_value(seed);
	if (p->parallel < 1 || p->parallel > MAX_PARALLEL)
		return refuse(f, "MaxParallelTrainingJobs must be 1 to %d.", MAX_PARALLEL);
	if (p->max_runtime_s && (p->max_runtime_s < 120 || p->max_runtime_s > 15768000))
		return refuse(f, "MaxRuntimeInSeconds of ResourceLimits must be 120 to 15768000.");
	if (p->max_jobs < 0 || p->max_jobs > MAX_CHILDREN)
		return refuse(f, "MaxNumberOfTrainingJobs must be 1 to %d.", MAX_CHILDREN);
	if (json_object_get(limits, "MaxNumberOfTrainingJobs") && !p->max_jobs)
		return refuse(f, "MaxNumberOfTrainingJobs must be 1 to %d.", MAX_CHILDREN);
	if (!p->max_jobs && !p->max_runtime_s && p->strategy != TUNER_GRID)
		return refuse(f, "ResourceLimits must have MaxNumberOfTrainingJobs, or MaxRuntimeInSeconds.");
	return 0;
}

int tuning_plan_read(struct tuning_plan *p, const json_t *doc, struct fault *f)
{
	const json_t *config = json_object_get(doc, "HyperParameterTuningJobConfig");

	if (json_object_get(doc, "Autotune"))
		return refuse(f, "The local engine does not choose ranges by itself (Autotune); give them.");
	if (!tuner_strategy_parse(json_get_str(config, "Strategy"), &p->strategy))
		return refuse(f, "Strategy must be Bayesian, Random, Hyperband or Grid.");
	p->transfer =
		str_eq(json_get_str(json_object_get(doc, "WarmStartConfig"), "WarmStartType"), "TransferLearning");
	if (read_definitions(p, doc, f) < 0 || read_limits(p, config, f) < 0 || read_criteria(p, config, f) < 0)
		return -1;
	if (p->strategy == TUNER_GRID)
		return read_grid(p, f);
	return p->strategy == TUNER_HYPERBAND ? read_hyperband(p, config, f) : 0;
}
