/* A tuning job's request: made of words, taken apart, checked. */
#include "sync/tune_spec.h"

#include <math.h>

#include "model/objective.h"

#define PARALLEL_MAX 100
#define CONFIG "HyperParameterTuningJobConfig"

struct making {
	json_t *request, *config, *definition;
	const char *goal; /* Minimize, Maximize; NULL: by the metric's name */
};

static void set_path(json_t *root, const char *path, json_t *value)
{
	if (json_path_set(root, path, value, NULL) < 0)
		abort(); /* a path of ours is broken */
}

/* --- words ----------------------------------------------------------------------------- */

static int number_word(const char *name, const char *value, int64_t least, int64_t most, int64_t *ret, struct err *err)
{
	if (!str_to_i64(value, ret) || *ret < least || *ret > most)
		return err_set(err, ERR_USAGE, "%s=%s: a whole number from %lld to %lld is wanted", name, value,
			       (long long)least, (long long)most);
	return 0;
}

/* The one of `values` ("Bayesian") that the word is, in any case; NULL without an error. */
static const char *one_of(const char *value, const char *const *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_ieq(values[i], value))
			return values[i];
	}
	return NULL;
}

static int set_objective(struct making *m, const char *value, struct err *err)
{
	set_path(m->config, "HyperParameterTuningJobObjective.MetricName", json_string(value));
	return 0;
}

static int set_goal(struct making *m, const char *value, struct err *err)
{
	if (str_eq(value, "min") || str_ieq(value, "minimize"))
		m->goal = "Minimize";
	else if (str_eq(value, "max") || str_ieq(value, "maximize"))
		m->goal = "Maximize";
	else
		return err_set(err, ERR_USAGE, "goal=%s: min or max is wanted", value);
	return 0;
}

static int set_jobs(struct making *m, const char *value, struct err *err)
{
	int64_t n;
	int rc = number_word("n", value, 1, 10000, &n, err);

	if (rc == 0)
		set_path(m->config, "ResourceLimits.MaxNumberOfTrainingJobs", json_integer(n));
	return rc;
}

static int set_parallel(struct making *m, const char *value, struct err *err)
{
	int64_t n;
	int rc = number_word("parallel", value, 1, PARALLEL_MAX, &n, err);

	if (rc == 0)
		set_path(m->config, "ResourceLimits.MaxParallelTrainingJobs", json_integer(n));
	return rc;
}

static int set_strategy(struct making *m, const char *value, struct err *err)
{
	static const char *const names[] = {"Bayesian", "Random", "Grid", "Hyperband"};
	const char *name = one_of(value, names, ARRAY_LEN(names));

	if (!name)
		return err_set(err, ERR_USAGE, "strategy=%s: bayesian, random, grid or hyperband is wanted", value);
	json_object_set_new(m->config, "Strategy", json_string(name));
	return 0;
}

static int set_early(struct making *m, const char *value, struct err *err)
{
	static const char *const names[] = {"Auto", "Off"};
	const char *name = one_of(value, names, ARRAY_LEN(names));

	if (!name)
		return err_set(err, ERR_USAGE, "early=%s: auto or off is wanted", value);
	json_object_set_new(m->config, "TrainingJobEarlyStoppingType", json_string(name));
	return 0;
}

static int set_seed(struct making *m, const char *value, struct err *err)
{
	int64_t seed;
	int rc = number_word("random_seed", value, 0, INT32_MAX, &seed, err);

	if (rc == 0)
		json_object_set_new(m->config, "RandomSeed", json_integer(seed));
	return rc;
}

static int set_resource(struct making *m, const char *value, struct err *err)
{
	const char *dots = strstr(value, "..");
	AUTO(str) char *low = dots ? xstrndup(value, (size_t)(dots - value)) : NULL;
	int64_t least, most;

	if (!dots)
		return err_set(err, ERR_USAGE, "resource=%s: LEAST..MOST is wanted", value);
	if (number_word("resource", low, 1, 20000, &least, err) < 0 ||
	    number_word("resource", dots + 2, least, 20000, &most, err) < 0)
		return -ERR_USAGE;
	set_path(m->config, "StrategyConfig.HyperbandStrategyConfig.MinResource", json_integer(least));
	set_path(m->config, "StrategyConfig.HyperbandStrategyConfig.MaxResource", json_integer(most));
	return 0;
}

static int set_target(struct making *m, const char *value, struct err *err)
{
	double target;

	if (!str_to_f64(value, &target))
		return err_set(err, ERR_USAGE, "target=%s: a number is wanted", value);
	set_path(m->config, "TuningJobCompletionCriteria.TargetObjectiveMetricValue", json_real(target));
	return 0;
}

static int set_parents(struct making *m, const char *value, struct err *err)
{
	AUTO(strlist) struct strlist names = {0};
	json_t *parents = json_array();

	strlist_split(&names, value, ',');
	for (size_t i = 0; i < names.n; i++)
		json_array_append_new(parents, json_pack("{s:s}", "HyperParameterTuningJobName", names.items[i]));
	json_object_set_new(m->request, "WarmStartConfig",
			    json_pack("{s:o, s:s}", "ParentHyperParameterTuningJobs", parents, "WarmStartType",
				      "IdenticalDataAndAlgorithm"));
	return 0;
}

static const struct tune_word {
	const char *name;
	int (*set)(struct making *m, const char *value, struct err *err);
} tune_words[] = {
#define TUNE_WORD(name, function, value) {name, function},
#include "sync/tune_words.def"
#undef TUNE_WORD
};

/* --- ranges -------------------------------------------------------------------------------- */

static void add_to(json_t *config, const char *list, json_t *row)
{
	json_t *ranges = json_object_get(config, "ParameterRanges"), *rows = json_object_get(ranges, list);

	if (!rows) {
		rows = json_array();
		json_object_set_new(ranges, list, rows);
	}
	json_array_append_new(rows, row);
}

/* What was said of it before does not hold any more. */
static void drop_range(json_t *config, const char *name)
{
	const char *list;
	json_t *rows;

	json_object_foreach(json_object_get(config, "ParameterRanges"), list, rows)
	{
		for (size_t i = json_array_size(rows); i-- > 0;) {
			if (str_eq(json_get_str(json_array_get(rows, i), "Name"), name))
				json_array_remove(rows, i);
		}
	}
}

/* NULL: none is named so. */
static const char *scaling(const char *word)
{
	static const char *const words[] = {"linear", "log", "reverselog", "auto"}, *const names[] = {
											    "Linear", "Logarithmic",
											    "ReverseLogarithmic",
											    "Auto"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (str_ieq(words[i], word) || str_ieq(names[i], word))
			return names[i];
	}
	return NULL;
}

static int check_bounds(const char *name, const char *low_text, const char *high_text, const char *scale,
			struct err *err)
{
	double low, high;

	if (!str_to_f64(low_text, &low) || !str_to_f64(high_text, &high))
		return err_set(err, ERR_INVALID, "%s: %s..%s are no numbers", name, low_text, high_text);
	if (low > high)
		return err_set(err, ERR_INVALID, "%s: the least value %s is above the greatest, %s", name, low_text,
			       high_text);
	if (str_eq(scale, "Logarithmic") && low <= 0)
		return err_set(err, ERR_INVALID, "%s: a logarithmic range begins above 0, not at %s", name, low_text);
	if (str_eq(scale, "ReverseLogarithmic") && (low < 0 || high >= 1))
		return err_set(err, ERR_INVALID, "%s: a reverse logarithmic range lies within 0 <= x < 1", name);
	return 0;
}

static bool is_whole(const char *text)
{
	int64_t n;

	return str_to_i64(text, &n);
}

/* "3..10", "0.01..0.2:log" */
static int add_range(struct making *m, const char *name, const char *value, struct err *err)
{
	const char *dots = strstr(value, ".."), *colon = strrchr(value, ':');
	AUTO(str) char *low = xstrndup(value, (size_t)(dots - value));
	AUTO(str)
	char *high = colon && colon > dots ? xstrndup(dots + 2, (size_t)(colon - dots - 2)) : xstrdup(dots + 2);
	const char *scale = colon && colon > dots ? scaling(colon + 1) : "Auto";

	if (!scale)
		return err_set(err, ERR_USAGE, "%s=%s: a scaling is linear, log, reverselog or auto", name, value);
	int rc = check_bounds(name, low, high, scale, err);

	if (rc == 0)
		add_to(m->config,
		       is_whole(low) && is_whole(high) ? "IntegerParameterRanges" : "ContinuousParameterRanges",
		       json_pack("{s:s, s:s, s:s, s:s}", "Name", name, "MinValue", low, "MaxValue", high, "ScalingType",
				 scale));
	return rc;
}

static int add_word(struct making *m, const char *word, struct err *err)
{
	const char *eq = strchr(word, '=');
	AUTO(str) char *name = eq ? xstrndup(word, (size_t)(eq - word)) : NULL;
	json_t *fixed = json_object_get(m->definition, "StaticHyperParameters");

	if (!eq || eq == word || !eq[1])
		return err_set(err, ERR_USAGE, "'%s': a word has the form max_depth=3..10, booster=gbtree,dart or n=20",
			       word);
	for (size_t i = 0; i < ARRAY_LEN(tune_words); i++) {
		if (str_eq(tune_words[i].name, name))
			return tune_words[i].set(m, eq + 1, err);
	}
	if (!m->definition)
		return err_set(err, ERR_USAGE, "%s: there are several definitions; change it in a specification", word);
	drop_range(m->config, name);
	if (strstr(eq + 1, "..")) {
		json_object_del(fixed, name);
		return add_range(m, name, eq + 1, err);
	}
	if (strchr(eq + 1, ',')) {
		AUTO(strlist) struct strlist values = {0};

		strlist_split(&values, eq + 1, ',');
		json_object_del(fixed, name);
		add_to(m->config, "CategoricalParameterRanges",
		       json_pack("{s:s, s:o}", "Name", name, "Values", json_from_strlist(&values)));
		return 0;
	}
	json_object_set_new(fixed, name, json_string(eq + 1));
	return 0;
}

/* --- the request ---------------------------------------------------------------------------- */

/* Members of a training job that a definition has as well. */
static const char *const shared[] = {"RoleArn",
				     "InputDataConfig",
				     "VpcConfig",
				     "OutputDataConfig",
				     "ResourceConfig",
				     "StoppingCondition",
				     "EnableNetworkIsolation",
				     "EnableInterContainerTrafficEncryption",
				     "EnableManagedSpotTraining",
				     "CheckpointConfig",
				     "RetryStrategy",
				     "Environment"};
static const char *const algorithm_members[] = {"TrainingImage", "AlgorithmName", "TrainingInputMode",
						"MetricDefinitions"};

static void copy_members(json_t *to, const json_t *from, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		json_t *value = json_object_get(from, names[i]);

		if (value)
			json_object_set(to, names[i], value);
	}
}

/* What the service itself has put among the fixed ones. */
static void drop_own_members(json_t *definition)
{
	json_object_del(json_object_get(definition, "StaticHyperParameters"), "_tuning_objective_metric");
}

static json_t *definition_of(const json_t *job)
{
	json_t *definition = json_object(), *algorithm = json_object(), *fixed = json_object();

	copy_members(definition, job, shared, ARRAY_LEN(shared));
	copy_members(algorithm, json_object_get(job, "AlgorithmSpecification"), algorithm_members,
		     ARRAY_LEN(algorithm_members));
	json_object_set_new(definition, "AlgorithmSpecification", algorithm);
	json_object_update(fixed, json_object_get(job, "HyperParameters"));
	json_object_set_new(definition, "StaticHyperParameters", fixed);
	drop_own_members(definition);
	return definition;
}

static int set_direction(struct making *m, struct err *err)
{
	json_t *objective = json_object_get(m->config, "HyperParameterTuningJobObjective");
	const char *metric = json_get_str(objective, "MetricName");

	if (!metric)
		return err_set(err, ERR_USAGE,
			       "objective=METRIC is missing: what is to become better (validation:rmse)");
	if (!m->goal)
		m->goal = json_get_str(objective, "Type");
	if (!m->goal) {
		enum metric_direction d = metric_direction(metric, NULL);

		m->goal = d == METRIC_SMALLER ? "Minimize" : d == METRIC_LARGER ? "Maximize" : NULL;
	}
	if (!m->goal)
		return err_set(err, ERR_USAGE,
			       "the name of %s does not tell whether more is better: say goal=min or goal=max", metric);
	json_object_set_new(objective, "Type", json_string(m->goal));
	return 0;
}

static json_t *definitions_of(const json_t *search)
{
	json_t *list = json_deep_copy(json_object_get(search, "TrainingJobDefinitions")), *one;
	size_t i;

	json_array_foreach(list, i, one) drop_own_members(one);
	return list;
}

int tune_spec_continue(const json_t *search, const char *name, const struct strlist *words, json_t **ret,
		       struct err *err)
{
	AUTO(json) json_t *request = json_object();
	struct making m = {.request = request,
			   .config = json_deep_copy(json_object_get(search, CONFIG)),
			   .definition = json_deep_copy(json_object_get(search, "TrainingJobDefinition"))};
	json_t *several = definitions_of(search);
	const char *parent = json_get_str(search, "HyperParameterTuningJobName");
	int rc = 0;

	json_object_set_new(request, "HyperParameterTuningJobName", json_string(name));
	if (m.config)
		json_object_set_new(request, CONFIG, m.config);
	if (m.definition)
		json_object_set_new(request, "TrainingJobDefinition", m.definition);
	if (several)
		json_object_set_new(request, "TrainingJobDefinitions", several);
	if (!m.config || !parent || !(m.definition || json_array_size(several)))
		return err_set(err, ERR_PARSE, "the service does not tell what %s was asked for", str_or(parent, name));
	drop_own_members(m.definition);
	(void)set_parents(&m, parent, err);
	for (size_t i = 0; rc == 0 && i < words->n; i++)
		rc = add_word(&m, words->items[i], err);
	if (rc == 0 && m.definition)
		rc = set_direction(&m, err);
	if (rc == 0)
		*ret = TAKE(request);
	return rc;
}

int tune_spec_make(const json_t *job, const char *name, const struct strlist *words, json_t **ret, struct err *err)
{
	AUTO(json) json_t *request = json_object();
	struct making m = {.request = request,
			   .config = json_pack("{s:s, s:{s:i}, s:{}}", "Strategy", "Bayesian", "ResourceLimits",
					       "MaxParallelTrainingJobs", 1, "ParameterRanges"),
			   .definition = definition_of(job)};
	json_t *tags = json_object_get(job, "Tags");
	int rc = 0;

	json_object_set_new(request, "HyperParameterTuningJobName", json_string(name));
	json_object_set_new(request, CONFIG, m.config);
	json_object_set_new(request, "TrainingJobDefinition", m.definition);
	if (json_array_size(tags))
		json_object_set(request, "Tags", tags);
	for (size_t i = 0; rc == 0 && i < words->n; i++)
		rc = add_word(&m, words->items[i], err);
	if (rc == 0)
		rc = set_direction(&m, err);
	if (rc == 0)
		*ret = TAKE(request);
	return rc;
}

/* --- taken apart ------------------------------------------------------------------------------- */

static const json_t *definition_at(const json_t *request, size_t i)
{
	const json_t *one = json_object_get(request, "TrainingJobDefinition");

	return one ? (i == 0 ? one : NULL) : json_array_get(json_object_get(request, "TrainingJobDefinitions"), i);
}

static void add_least(json_t *hyper, const json_t *ranges)
{
	const char *list;
	json_t *rows, *row;
	size_t i;

	json_object_foreach((json_t *)ranges, list, rows)
	{
		json_array_foreach(rows, i, row)
		{
			const char *name = json_get_str(row, "Name"), *least = json_get_str(row, "MinValue");

			if (!least)
				least = json_string_value(json_array_get(json_object_get(row, "Values"), 0));
			if (name && least)
				json_object_set_new(hyper, name, json_string(least));
		}
	}
}

json_t *tune_spec_child(const json_t *request, size_t i)
{
	const json_t *definition = definition_at(request, i),
		     *resources = json_object_get(definition, "HyperParameterTuningResourceConfig"),
		     *first = json_array_get(json_object_get(resources, "InstanceConfigs"), 0);

	if (!definition)
		return NULL;
	json_t *job = json_object(), *hyper = json_object();

	copy_members(job, definition, shared, ARRAY_LEN(shared));
	json_object_set_new(job, "TrainingJobName",
			    json_string(str_or(json_get_str(request, "HyperParameterTuningJobName"), "")));
	json_object_set(job, "AlgorithmSpecification", json_object_get(definition, "AlgorithmSpecification"));
	json_object_update(hyper, json_object_get(definition, "StaticHyperParameters"));
	add_least(hyper, json_path_get(request, CONFIG ".ParameterRanges"));
	add_least(hyper, json_object_get(definition, "HyperParameterRanges"));
	json_object_set_new(job, "HyperParameters", hyper);
	if (resources) {
		json_t *own = json_deep_copy(first ? first : resources);

		json_object_del(own, "AllocationStrategy");
		json_object_set_new(job, "ResourceConfig", own);
	}
	return job;
}

int64_t tune_spec_jobs(const json_t *request)
{
	return json_get_i64(json_path_get(request, CONFIG ".ResourceLimits"), "MaxNumberOfTrainingJobs", 0);
}

int64_t tune_spec_parallel(const json_t *request)
{
	return json_get_i64(json_path_get(request, CONFIG ".ResourceLimits"), "MaxParallelTrainingJobs", 0);
}

static int check_ranges(const json_t *ranges, size_t *n, struct err *err)
{
	const char *list;
	json_t *rows, *row;
	size_t i;

	json_object_foreach((json_t *)ranges, list, rows)
	{
		json_array_foreach(rows, i, row)
		{
			const char *name = str_or(json_get_str(row, "Name"), "a range");

			++*n;
			if (str_eq(list, "IntegerParameterRanges") || str_eq(list, "ContinuousParameterRanges")) {
				int rc = check_bounds(name, str_or(json_get_str(row, "MinValue"), "?"),
						      str_or(json_get_str(row, "MaxValue"), "?"),
						      json_get_str(row, "ScalingType"), err);

				if (rc < 0)
					return rc;
			}
		}
	}
	return 0;
}

static int check_request(const json_t *request, struct err *err)
{
	const char *name = json_get_str(request, "HyperParameterTuningJobName");
	size_t n = 0, i;
	json_t *row;

	if (str_empty(name) || strlen(name) > TUNE_NAME_MAX)
		return err_set(err, ERR_INVALID,
			       "HyperParameterTuningJobName: '%s' has to have 1 to %d characters; --name gives another",
			       str_or(name, ""), TUNE_NAME_MAX);
	if (!json_path_get(request, CONFIG ".Strategy") || tune_spec_parallel(request) < 1)
		return err_set(err, ERR_INVALID,
			       CONFIG " has to have Strategy and ResourceLimits with MaxParallelTrainingJobs");
	if (!definition_at(request, 0))
		return err_set(err, ERR_INVALID, "TrainingJobDefinition is missing");
	int rc = check_ranges(json_path_get(request, CONFIG ".ParameterRanges"), &n, err);

	json_array_foreach(json_object_get(request, "TrainingJobDefinitions"), i, row)
	{
		if (rc == 0)
			rc = check_ranges(json_object_get(row, "HyperParameterRanges"), &n, err);
	}
	if (rc == 0 && !n)
		return err_set(err, ERR_INVALID, "nothing is tuned: give a range, as max_depth=3..10");
	if (rc == 0 && tune_spec_jobs(request) < 1 &&
	    !str_eq(json_get_str(json_object_get(request, CONFIG), "Strategy"), "Grid") &&
	    !json_path_get(request, CONFIG ".ResourceLimits.MaxRuntimeInSeconds"))
		return err_set(err, ERR_INVALID, "how many training jobs at most is not said (n=20)");
	return rc;
}

int tune_spec_check(const json_t *request, const char *what, struct err *err)
{
	int rc = check_request(request, err);

	return rc < 0 && what ? err_prefix(err, "%s", what) : rc;
}
