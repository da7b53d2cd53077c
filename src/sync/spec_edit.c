/* spec_edit.c - changing, cloning and comparing specifications. */
#include "sync/spec_path.h"

#include <ctype.h>

static int typed_value(const struct shape *s, const char *path, const char *text, json_t **ret, struct err *err)
{
	int64_t i;
	bool b;

	switch (s->type) {
	case SHAPE_STRING:
		*ret = json_string(text);
		break;
	case SHAPE_INTEGER:
		if (!str_to_i64(text, &i))
			return err_set(err, ERR_INVALID, "%s: a whole number is wanted, not '%s'", path, text);
		*ret = json_integer(i);
		break;
	case SHAPE_BOOLEAN:
		if (!str_to_bool(text, &b))
			return err_set(err, ERR_INVALID, "%s: true or false is wanted, not '%s'", path, text);
		*ret = json_boolean(b);
		break;
	default:
		return json_parse(text, strlen(text), path, ret, err);
	}
	if (!*ret)
		return err_set(err, ERR_INVALID, "%s: the value is not UTF-8", path);
	return 0;
}

static bool is_index(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++) {
		if (!isdigit((unsigned char)*s))
			return false;
	}
	return true;
}

/* Where a path leads. */
struct target {
	const struct shape *shape; /* of the value; of a map's entry that of the map */
	const char *map;	   /* the map's own name, where it leads into one */
};

static int find_path(const struct strlist *steps, const char *path, struct target *ret, struct err *err)
{
	const struct shape *s = &shape_create_training_job;
	const char *name = "";

	*ret = (struct target){0};
	for (size_t i = 0; i < steps->n && s->type != SHAPE_ANY; i++) {
		const char *step = steps->items[i];

		if (s->type == SHAPE_MAP) {
			ret->map = name;
			break;
		}
		if (s->type == SHAPE_LIST) {
			if (!is_index(step))
				return err_set(err, ERR_INVALID, "%s: a position (0, 1 ...) is wanted after %s", path,
					       name);
			s = s->element;
			continue;
		}
		const struct shape_member *m = shape_member_of(s, step);

		if (!m) {
			const char *near = spec_nearest_member(s, step);

			return err_set(err, ERR_INVALID, "%s: there is no member '%s'%s%s%s", path, step,
				       near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
		}
		s = m->shape;
		name = m->name;
	}
	ret->shape = s;
	return 0;
}

static int set_tag(json_t *spec, const char *key, const char *value)
{
	json_t *tags = json_object_get(spec, "Tags");
	size_t i;
	json_t *tag;

	if (!json_is_array(tags)) {
		tags = json_array();
		json_object_set_new(spec, "Tags", tags);
	}
	json_array_foreach(tags, i, tag)
	{
		if (!str_eq(json_get_str(tag, "Key"), key))
			continue;
		if (str_eq(value, "null"))
			json_array_remove(tags, i);
		else
			json_object_set_new(tag, "Value", json_string(value));
		return 0;
	}
	if (!str_eq(value, "null"))
		json_array_append_new(tags, json_pack("{s:s,s:s}", "Key", key, "Value", value));
	return 0;
}

/* Fine where there is none. */
static void remove_member(json_t *spec, const char *path)
{
	const char *dot = strrchr(path, '.');
	AUTO(str) char *parent = dot ? xstrndup(path, (size_t)(dot - path)) : NULL;
	json_t *from = dot ? json_path_get(spec, parent) : spec;

	if (json_is_object(from))
		json_object_del(from, dot ? dot + 1 : path);
	else if (json_is_array(from) && dot && is_index(dot + 1))
		json_array_remove(from, strtoul(dot + 1, NULL, 10));
}

int spec_set(json_t *spec, const char *assignment, struct err *err)
{
	const char *eq = strchr(assignment, '=');

	if (!eq || eq == assignment)
		return err_set(err, ERR_USAGE, "'%s': a change has the form path=value", assignment);
	AUTO(str) char *path = xstrndup(assignment, (size_t)(eq - assignment));
	AUTO(strlist) struct strlist steps = {0};
	const char *value = eq + 1;
	struct target target;

	strlist_split(&steps, path, '.');
	if (steps.n >= 2 && str_eq(steps.items[0], "Tags") && !is_index(steps.items[1]))
		return set_tag(spec, path + strlen("Tags."), value);
	int rc = find_path(&steps, path, &target, err);

	if (rc)
		return rc;
	if (str_eq(value, "null")) {
		remove_member(spec, path);
		return 0;
	}
	if (target.map) {
		/* A hyperparameter's name may hold dots itself: what follows the map's
		 * own name is one name. */
		json_t *map = json_object_get(spec, target.map);

		if (!json_is_object(map)) {
			map = json_object();
			json_object_set_new(spec, target.map, map);
		}
		json_object_set_new(map, path + strlen(target.map) + 1, json_string(value));
		return 0;
	}
	json_t *v = NULL;

	rc = typed_value(target.shape, path, value, &v, err);
	return rc ? rc : json_path_set(spec, path, v, err);
}

int spec_check_change(const char *assignment, struct err *err)
{
	const char *eq = strchr(assignment, '=');

	if (!eq || eq == assignment)
		return err_set(err, ERR_USAGE, "'%s': a change has the form path=value", assignment);
	AUTO(str) char *path = xstrndup(assignment, (size_t)(eq - assignment));
	AUTO(strlist) struct strlist steps = {0};
	AUTO(json) json_t *v = NULL;
	struct target target;

	strlist_split(&steps, path, '.');
	if (str_eq(eq + 1, "null") || (steps.n >= 2 && str_eq(steps.items[0], "Tags")))
		return 0;
	int rc = find_path(&steps, path, &target, err);
	const struct shape *s = rc ? NULL : target.map ? target.shape->element : target.shape;

	if (rc == 0)
		rc = typed_value(s, path, eq + 1, &v, err);
	return rc ? rc : spec_check_value(s, path, v, err);
}

/* Reading a job back gives empty strings and lists where nothing was asked for. */
static bool is_empty_value(const json_t *v)
{
	return json_is_null(v) || (json_is_string(v) && *json_string_value(v) == '\0') ||
	       (json_is_array(v) && json_array_size(v) == 0) || (json_is_object(v) && json_object_size(v) == 0);
}

static json_t *copy_without_empty(const json_t *v)
{
	const char *key;
	json_t *value, *copy;
	size_t i;

	if (json_is_object(v)) {
		copy = json_object();
		json_object_foreach((json_t *)v, key, value)
		{
			json_t *c = copy_without_empty(value);

			if (c && !is_empty_value(c))
				json_object_set_new(copy, key, c);
			else
				json_decref(c);
		}
		return copy;
	}
	if (json_is_array(v)) {
		copy = json_array();
		json_array_foreach(v, i, value) json_array_append_new(copy, copy_without_empty(value));
		return copy;
	}
	return json_deep_copy(v);
}

/* Members of maps are the user's own: an empty hyperparameter stays one. */
static void copy_map(const json_t *reply, const char *name, json_t *spec)
{
	json_t *map = json_deep_copy(json_object_get(reply, name)), *value;
	const char *key;
	void *tmp;

	if (!map || json_object_size(map) == 0) {
		json_decref(map);
		return;
	}
	/* A tuning job adds its own; they would be refused in a request. */
	json_object_foreach_safe(map, tmp, key, value)
	{
		if (str_starts(key, "_tuning_"))
			json_object_del(map, key);
	}
	json_object_set_new(spec, name, map);
}

json_t *spec_from_describe(const json_t *reply, const struct strmap *tags)
{
	json_t *spec = json_object();

	for (const struct shape_member *m = shape_create_training_job.members; m->name; m++) {
		const json_t *v = json_object_get(reply, m->name);

		if (!v || str_eq(m->name, "Tags"))
			continue;
		if (m->shape->type == SHAPE_MAP) {
			copy_map(reply, m->name, spec);
			continue;
		}
		json_t *copy = copy_without_empty(v);

		if (!is_empty_value(copy))
			json_object_set_new(spec, m->name, copy);
		else
			json_decref(copy);
	}
	json_t *algorithm = json_object_get(spec, "AlgorithmSpecification");

	if (json_object_get(algorithm, "AlgorithmName"))
		json_object_del(algorithm, "TrainingImage"); /* what the name stood for */
	for (size_t i = 0; tags && i < tags->n; i++) {
		if (!str_starts(tags->items[i].name, "aws:")) /* the service's own cannot be set */
			set_tag(spec, tags->items[i].name, str_or(tags->items[i].value, ""));
	}
	return spec;
}

/* What of a Describe reply is the service's, and never asked for. */
static const char *const told[] = {"AutoMLJobArn",
				   "BillableTimeInSeconds",
				   "BillableTokenCount",
				   "CreationTime",
				   "DebugRuleEvaluationStatuses",
				   "FailureReason",
				   "FinalMetricDataList",
				   "LabelingJobArn",
				   "LastModifiedTime",
				   "MlflowDetails",
				   "ModelArtifacts",
				   "OutputModelPackageArn",
				   "ProfilerRuleEvaluationStatuses",
				   "ProfilingStatus",
				   "ProgressInfo",
				   "ResponseMetadata",
				   "SecondaryStatus",
				   "SecondaryStatusTransitions",
				   "TrainingEndTime",
				   "TrainingJobArn",
				   "TrainingJobStatus",
				   "TrainingStartTime",
				   "TrainingTimeInSeconds",
				   "TuningJobArn",
				   "WarmPoolStatus"};

void spec_left_out(const json_t *reply, struct strlist *ret)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)reply, key, value)
	{
		bool known = shape_member_of(&shape_create_training_job, key) != NULL || is_empty_value(value);

		for (size_t i = 0; !known && i < ARRAY_LEN(told); i++)
			known = str_eq(told[i], key);
		if (!known)
			strlist_add(ret, key);
	}
}

static void flatten(const json_t *v, const char *path, struct strmap *out)
{
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_object(v)) {
		json_object_foreach((json_t *)v, key, value)
		{
			AUTO(str) char *at = *path ? xasprintf("%s.%s", path, key) : xstrdup(key);

			flatten(value, at, out);
		}
	} else if (json_is_array(v)) {
		json_array_foreach(v, i, value)
		{
			AUTO(str) char *at = xasprintf("%s.%zu", path, i);

			flatten(value, at, out);
		}
	} else if (json_is_string(v)) {
		strmap_set(out, path, json_string_value(v));
	} else {
		AUTO(str) char *text = json_text(v);

		strmap_set(out, path, text);
	}
}

char *spec_diff(const json_t *before, const json_t *after)
{
	AUTO(strmap) struct strmap a = {0}, b = {0};
	AUTO(strlist) struct strlist paths = {0};
	AUTO(buf) struct buf out = BUF_INIT(BUF_MAX_TEXT);

	flatten(before, "", &a);
	flatten(after, "", &b);
	for (size_t i = 0; i < a.n; i++)
		strlist_add(&paths, a.items[i].name);
	for (size_t i = 0; i < b.n; i++) {
		if (!strmap_get(&a, b.items[i].name))
			strlist_add(&paths, b.items[i].name);
	}
	strlist_sort(&paths);
	for (size_t i = 0; i < paths.n; i++) {
		const char *old = strmap_get(&a, paths.items[i]), *new = strmap_get(&b, paths.items[i]);

		if (str_eq(old, new))
			continue;
		if (old)
			(void)buf_addf(&out, "- %s: %s\n", paths.items[i], old);
		if (new)
			(void)buf_addf(&out, "+ %s: %s\n", paths.items[i], new);
	}
	return buf_take(&out);
}

/* All that was asked for is there; the service may have added to it. */
static bool holds(const json_t *got, const json_t *asked)
{
	const char *key;
	json_t *value;

	if (!json_is_object(asked))
		return json_equal(asked, got);
	json_object_foreach((json_t *)asked, key, value)
	{
		if (!holds(json_object_get(got, key), value))
			return false;
	}
	return true;
}

bool spec_is_of(const json_t *spec, const json_t *reply)
{
	static const char *const paths[] = {"TrainingJobName",
					    "RoleArn",
					    "AlgorithmSpecification.TrainingImage",
					    "AlgorithmSpecification.AlgorithmName",
					    "OutputDataConfig.S3OutputPath",
					    "ResourceConfig.InstanceType",
					    "ResourceConfig.InstanceCount",
					    "HyperParameters",
					    "StoppingCondition.MaxRuntimeInSeconds"};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		const json_t *asked = json_path_get(spec, paths[i]), *got = json_path_get(reply, paths[i]);

		if (asked && !is_empty_value(asked) && !holds(got, asked))
			return false;
	}
	return true;
}

int spec_set_member(json_t *spec, const char *assignment, struct err *err)
{
	const char *eq = strchr(assignment, '='), *text = eq ? eq + 1 : NULL;
	AUTO(str) char *path = eq ? xstrndup(assignment, (size_t)(eq - assignment)) : NULL;
	json_t *value = NULL;

	if (!path || !*path)
		return err_set(err, ERR_USAGE, "--set %s: say PATH=VALUE", assignment);
	if (str_eq(text, "null")) {
		remove_member(spec, path);
		return 0;
	}
	if (!str_starts(path, "Environment."))
		value = json_loads(text, JSON_DECODE_ANY, NULL);
	if (!value)
		value = json_string(text);
	if (!value)
		return err_set(err, ERR_INVALID, "%s: the value is not UTF-8", path);
	return json_path_set(spec, path, value, err);
}
