/* spec_check.c - the walk that holds a specification against the shape of its
 * request (aws/shape.h), and what the service asks for beyond it. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "sync/spec_path.h"

/* What the model leaves open and the service refuses all the same. "[]" stands for
 * any element of a list. */
static const struct {
	const char *path;
	int64_t min, max;
} narrower[] = {
	{"ResourceConfig.InstanceCount", 1, 10000},
	{"ResourceConfig.InstanceGroups[].InstanceCount", 1, 10000},
	{"ResourceConfig.VolumeSizeInGB", 0, 16384},
	{"StoppingCondition.MaxRuntimeInSeconds", 1, 2419200},
	{"StoppingCondition.MaxWaitTimeInSeconds", 1, 2419200},
	{"InputDataConfig[].ShuffleConfig.Seed", INT64_MIN, INT64_MAX},
};
/* Members that only jobs without servers do without. */
static const char *const required[] = {"AlgorithmSpecification", "ResourceConfig", "StoppingCondition"};
/* Text that is a regular expression. */
static const char regex_path[] = "AlgorithmSpecification.MetricDefinitions[].Regex";

struct check {
	const char *what;
	const struct source_lines *lines;
	struct err first;
	int defects;
};

/* Characters, as the service counts them. */
static size_t length(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void defect(struct check *c, const char *path, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void defect(struct check *c, const char *path, const char *fmt, ...)
{
	char why[400], where[128] = "";
	va_list ap;
	int line = c->lines ? source_lines_find(c->lines, path) : 0;

	if (c->defects++ > 0)
		return;
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (c->what && line > 0)
		snprintf(where, sizeof(where), "%s:%d: ", c->what, line);
	else if (c->what)
		snprintf(where, sizeof(where), "%s: ", c->what);
	(void)err_set(&c->first, ERR_INVALID, "%s%s: %s", where, path, why);
}

static bool matches(const char *pattern, const char *text)
{
	AUTO(str) char *whole = xasprintf("^(?:%s)$", pattern);
	int code;

	PCRE2_SIZE at;
	pcre2_code *re = pcre2_compile((PCRE2_SPTR)whole, PCRE2_ZERO_TERMINATED,
				       PCRE2_UTF | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY, &code, &at, NULL);

	if (!re)
		return false;
	pcre2_match_data *m = pcre2_match_data_create(1, NULL);
	bool ok = m && pcre2_match(re, (PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, 0, 0, m, NULL) >= 0;

	pcre2_match_data_free(m);
	pcre2_code_free(re);
	return ok;
}

static bool is_one_of(const char *const *values, const char *text)
{
	for (; *values; values++) {
		if (strcmp(*values, text) == 0)
			return true;
	}
	return false;
}

static void check_values(struct check *c, const char *path, const char *const *values, const char *text)
{
	AUTO(buf) struct buf all = BUF_INIT(BUF_MAX_TEXT);

	for (size_t i = 0; values[i]; i++)
		(void)buf_addf(&all, "%s%s", i ? ", " : "", values[i]);
	defect(c, path, "'%s' is not one of %s", text, buf_str(&all));
}

static void check_str(struct check *c, const struct shape *s, const char *path, const json_t *v)
{
	const char *text = json_string_value(v);

	if (!text) {
		defect(c, path, "a string is wanted%s",
		       json_is_number(v) || json_is_boolean(v) ? ": put it in quotes" : "");
		return;
	}
	int64_t n = (int64_t)length(text);

	if (s->values && is_one_of(s->values, text))
		return;
	if (s->min != SHAPE_NO_LIMIT && n < s->min)
		defect(c, path, "at least %d characters are wanted, it has %d", (int)s->min, (int)n);
	else if (s->max != SHAPE_NO_LIMIT && n > s->max)
		defect(c, path, "at most %d characters are allowed, it has %d", (int)s->max, (int)n);
	else if (s->values && !s->pattern)
		check_values(c, path, s->values, text);
	else if (s->pattern && !matches(s->pattern, text))
		defect(c, path, "'%.80s' does not have the form %.120s", text, s->pattern);
}

static void check_regex(struct check *c, const char *path, const json_t *v)
{
	int code;

	PCRE2_SIZE at;
	const char *s = json_string_value(v);
	pcre2_code *re = s ? pcre2_compile((PCRE2_SPTR)s, PCRE2_ZERO_TERMINATED, 0, &code, &at, NULL) : NULL;

	if (s && !re) {
		PCRE2_UCHAR why[120];

		pcre2_get_error_message(code, why, sizeof(why));
		defect(c, path, "not a regular expression: %s (at character %zu)", (const char *)why, (size_t)at + 1);
	}
	pcre2_code_free(re);
}

static void check_value(struct check *c, const struct shape *s, const char *pattern, const char *path, const json_t *v);

static void check_map(struct check *c, const struct shape *s, const char *path, const json_t *v)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)v, key, value)
	{
		AUTO(str) char *at = xasprintf("%s.%s", path, key);

		if (s->key->max != SHAPE_NO_LIMIT && length(key) > (size_t)s->key->max)
			defect(c, at, "a name has at most %d characters", (int)s->key->max);
		else if (s->key->pattern && !matches(s->key->pattern, key))
			defect(c, at, "the name does not have the form %s", s->key->pattern);
		else
			check_str(c, s->element, at, value);
	}
}

static void check_elements(struct check *c, const struct shape *s, const char *pattern, const char *path,
			   const json_t *v)
{
	AUTO(str) char *element = xasprintf("%s[]", pattern);
	size_t i;
	json_t *value;

	json_array_foreach(v, i, value)
	{
		AUTO(str) char *at = xasprintf("%s.%zu", path, i);

		check_value(c, s->element, element, at, value);
	}
}

static bool count_is_right(struct check *c, const struct shape *s, const char *path, size_t n)
{
	if (s->min != SHAPE_NO_LIMIT && (int64_t)n < s->min)
		defect(c, path, "at least %d entries are wanted", (int)s->min);
	else if (s->max != SHAPE_NO_LIMIT && (int64_t)n > s->max)
		defect(c, path, "at most %d entries are allowed, it has %zu", (int)s->max, n);
	else
		return true;
	return false;
}

static void check_integer(struct check *c, const struct shape *s, const char *pattern, const char *path,
			  const json_t *v)
{
	int64_t min = s->min, max = s->max == SHAPE_NO_LIMIT ? INT64_MAX : s->max, i = json_integer_value(v);

	for (size_t k = 0; k < ARRAY_LEN(narrower); k++) {
		if (strcmp(narrower[k].path, pattern) == 0) {
			min = narrower[k].min;
			max = narrower[k].max;
		}
	}
	if (!json_is_integer(v))
		defect(c, path, "a whole number is wanted");
	else if (i < min || i > max)
		defect(c, path, "%lld is not between %lld and %lld", (long long)i, (long long)min, (long long)max);
}

static void check_member(struct check *c, const struct shape *s, const char *pattern, const char *path, const char *key,
			 const json_t *value)
{
	AUTO(str) char *at = *path ? xasprintf("%s.%s", path, key) : xstrdup(key);
	AUTO(str) char *down = *pattern ? xasprintf("%s.%s", pattern, key) : xstrdup(key);
	const struct shape_member *m = shape_member_of(s, key);

	if (m) {
		check_value(c, m->shape, down, at, value);
		return;
	}
	const char *near = spec_nearest_member(s, key);

	defect(c, at, "there is no such member%s%s%s", near ? ": did you mean '" : "", near ? near : "",
	       near ? "'?" : "");
}

static bool is_required(const struct shape_member *m, const char *pattern)
{
	for (size_t i = 0; !*pattern && i < ARRAY_LEN(required); i++) {
		if (strcmp(m->name, required[i]) == 0)
			return true;
	}
	return m->required;
}

static void check_object(struct check *c, const struct shape *s, const char *pattern, const char *path,
			 const json_t *obj)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)obj, key, value)
	{
		check_member(c, s, pattern, path, key, value);
	}
	for (const struct shape_member *m = s->members; m->name; m++) {
		if (!is_required(m, pattern) || json_object_get(obj, m->name))
			continue;
		AUTO(str) char *at = *path ? xasprintf("%s.%s", path, m->name) : xstrdup(m->name);

		defect(c, at, "is missing");
	}
}

static void check_value(struct check *c, const struct shape *s, const char *pattern, const char *path, const json_t *v)
{
	switch (s->type) {
	case SHAPE_STRING:
		check_str(c, s, path, v);
		if (strcmp(pattern, regex_path) == 0)
			check_regex(c, path, v);
		break;
	case SHAPE_INTEGER:
		check_integer(c, s, pattern, path, v);
		break;
	case SHAPE_BOOLEAN:
		if (!json_is_boolean(v))
			defect(c, path, "true or false is wanted");
		break;
	case SHAPE_STRUCT:
		if (!json_is_object(v))
			defect(c, path, "an object is wanted");
		else
			check_object(c, s, pattern, path, v);
		break;
	case SHAPE_MAP:
		if (!json_is_object(v))
			defect(c, path, "an object of strings is wanted");
		else if (count_is_right(c, s, path, json_object_size(v)))
			check_map(c, s, path, v);
		break;
	case SHAPE_LIST:
		if (!json_is_array(v))
			defect(c, path, "a list is wanted");
		else if (count_is_right(c, s, path, json_array_size(v)))
			check_elements(c, s, pattern, path, v);
		break;
	default: /* passed on as it is */
		break;
	}
}

const char *spec_nearest_member(const struct shape *s, const char *name)
{
	const char *names[64];
	size_t n = 0;

	for (const struct shape_member *m = s->members; m && m->name && n < ARRAY_LEN(names); m++) {
		if (str_ieq(m->name, name))
			return m->name; /* only the case is wrong */
		names[n++] = m->name;
	}
	return str_nearest(name, names, n);
}

static void check_algorithm(struct check *c, const json_t *spec)
{
	const json_t *a = json_object_get(spec, "AlgorithmSpecification");
	bool image = json_object_get(a, "TrainingImage"), name = json_object_get(a, "AlgorithmName");

	if (json_is_object(a) && image == name)
		defect(c, "AlgorithmSpecification", "either TrainingImage or AlgorithmName is wanted%s",
		       image ? ", not both" : "");
}

static void check_resources(struct check *c, const json_t *spec)
{
	const json_t *r = json_object_get(spec, "ResourceConfig");
	const json_t *s = json_object_get(spec, "StoppingCondition");
	int64_t runtime = json_get_i64(s, "MaxRuntimeInSeconds", 86400);
	int64_t wait = json_get_i64(s, "MaxWaitTimeInSeconds", -1);
	bool spot = json_get_bool(spec, "EnableManagedSpotTraining", false);

	if (json_is_object(r) && json_array_size(json_object_get(r, "InstanceGroups")) == 0) {
		if (!json_object_get(r, "InstanceType"))
			defect(c, "ResourceConfig.InstanceType", "is missing");
		if (!json_object_get(r, "InstanceCount"))
			defect(c, "ResourceConfig.InstanceCount", "is missing");
	}
	if (spot && wait < 0)
		defect(c, "StoppingCondition.MaxWaitTimeInSeconds",
		       "is missing: with EnableManagedSpotTraining it says how long to wait and train in all");
	else if (wait >= 0 && !spot)
		defect(c, "StoppingCondition.MaxWaitTimeInSeconds", "goes with EnableManagedSpotTraining only");
	else if (wait >= 0 && wait < runtime)
		defect(c, "StoppingCondition.MaxWaitTimeInSeconds", "%lld is less than MaxRuntimeInSeconds (%lld)",
		       (long long)wait, (long long)runtime);
	if (spot && json_get_i64(r, "KeepAlivePeriodInSeconds", 0) > 0)
		defect(c, "ResourceConfig.KeepAlivePeriodInSeconds", "warm pools do not go with managed spot training");
}

static void check_channels(struct check *c, const json_t *spec)
{
	const json_t *channels = json_object_get(spec, "InputDataConfig");
	const char *mode = json_get_str(json_object_get(spec, "AlgorithmSpecification"), "TrainingInputMode");
	AUTO(strlist) struct strlist names = {0};
	size_t i;
	json_t *channel;

	json_array_foreach(channels, i, channel)
	{
		AUTO(str) char *at = xasprintf("InputDataConfig.%zu", i);
		const char *name = str_or(json_get_str(channel, "ChannelName"), "");
		const json_t *source = json_object_get(channel, "DataSource");
		const char *type = json_get_str(json_object_get(source, "S3DataSource"), "S3DataType");

		if (strlist_has(&names, name))
			defect(c, at, "there are two channels named '%s'", name);
		strlist_add(&names, name);
		if (json_is_object(source) && json_object_size(source) != 1)
			defect(c, at, "its DataSource must hold one of S3DataSource and FileSystemDataSource");
		if (str_eq(str_or(json_get_str(channel, "InputMode"), mode), "FastFile") && type &&
		    !str_eq(type, "S3Prefix"))
			defect(c, at, "FastFile needs S3DataType S3Prefix, not %s", type);
	}
}

/* "InputDataConfig.0.ShuffleConfig" as narrower[] has it, "InputDataConfig[].ShuffleConfig". The caller's. */
static char *pattern_of(const char *path)
{
	AUTO(buf) struct buf out = BUF_INIT(BUF_MAX_TEXT);
	AUTO(strlist) struct strlist steps = {0};

	strlist_split(&steps, path, '.');
	for (size_t i = 0; i < steps.n; i++) {
		const char *step = steps.items[i];
		bool index = *step && strspn(step, "0123456789") == strlen(step);

		(void)buf_addf(&out, "%s%s", index ? "[]" : i ? "." : "", index ? "" : step);
	}
	return buf_take(&out);
}

int spec_check_value(const struct shape *s, const char *path, const json_t *v, struct err *err)
{
	AUTO(str) char *pattern = pattern_of(path);
	struct check c = {0};

	check_value(&c, s, pattern, path, v);
	return c.defects ? err_set(err, ERR_INVALID, "%s", c.first.msg) : 0;
}

int spec_check(const json_t *spec, const char *what, const struct source_lines *lines, struct err *err)
{
	struct check c = {.what = what, .lines = lines};

	if (!json_is_object(spec))
		return err_set(err, ERR_INVALID, "%s: a specification is an object with TrainingJobName, RoleArn ...",
			       str_or(what, "specification"));
	if (json_object_get(spec, "ServerlessJobConfig"))
		return 0; /* another kind of job, with rules of its own: the service judges */
	check_object(&c, &shape_create_training_job, "", "", spec);
	check_algorithm(&c, spec);
	check_resources(&c, spec);
	check_channels(&c, spec);
	if (c.defects == 0)
		return 0;
	if (c.defects > 1)
		return err_set(err, ERR_INVALID, "%s (and %d more)", c.first.msg, c.defects - 1);
	return err_set(err, ERR_INVALID, "%s", c.first.msg);
}
