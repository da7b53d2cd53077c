/* spec_check.c - the table of members, and the walk that holds a specification
 * against it. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "sync/spec_table.h"

#define NAME "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"
#define S3_URI "(https|s3)://([^/]+)/?(.*)"
#define INPUT_MODES "Pipe|File|FastFile"

/* parent "" is the specification itself; "X[]" the elements of the list X. For
 * strings min and max are characters, for numbers the range, for lists and maps
 * the count. A pattern without a metacharacter is a list of words. */
const struct spec_row spec_rows[] = {
	{"", "TrainingJobName", SPEC_STR, true, 1, 63, NAME},
	{"", "HyperParameters", SPEC_MAP, false, 0, 100, NULL, 256, 2500},
	{"", "AlgorithmSpecification", SPEC_OBJ, true},
	{"AlgorithmSpecification", "TrainingImage", SPEC_STR, false, 0, 255},
	{"AlgorithmSpecification", "AlgorithmName", SPEC_STR, false, 1, 170},
	{"AlgorithmSpecification", "TrainingInputMode", SPEC_STR, true, 0, 0, INPUT_MODES},
	{"AlgorithmSpecification", "MetricDefinitions", SPEC_OBJS, false, 0, 40},
	{"AlgorithmSpecification.MetricDefinitions[]", "Name", SPEC_STR, true, 1, 255},
	{"AlgorithmSpecification.MetricDefinitions[]", "Regex", SPEC_REGEX, true, 1, 500},
	{"AlgorithmSpecification", "EnableSageMakerMetricsTimeSeries", SPEC_BOOL},
	{"AlgorithmSpecification", "ContainerEntrypoint", SPEC_STRS, false, 1, 100, NULL, 0, 256},
	{"AlgorithmSpecification", "ContainerArguments", SPEC_STRS, false, 1, 100, NULL, 0, 256},
	{"AlgorithmSpecification", "TrainingImageConfig", SPEC_ANY},
	{"", "RoleArn", SPEC_STR, true, 20, 2048, "arn:aws[a-z\\-]*:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+"},
	{"", "InputDataConfig", SPEC_OBJS, false, 1, 20},
	{"InputDataConfig[]", "ChannelName", SPEC_STR, true, 1, 64, "[A-Za-z0-9\\.\\-_]+"},
	{"InputDataConfig[]", "DataSource", SPEC_OBJ, true},
	{"InputDataConfig[].DataSource", "S3DataSource", SPEC_OBJ},
	{"InputDataConfig[].DataSource.S3DataSource", "S3DataType", SPEC_STR, true, 0, 0,
	 "ManifestFile|S3Prefix|AugmentedManifestFile|Converse"},
	{"InputDataConfig[].DataSource.S3DataSource", "S3Uri", SPEC_STR, true, 0, 1024, S3_URI},
	{"InputDataConfig[].DataSource.S3DataSource", "S3DataDistributionType", SPEC_STR, false, 0, 0,
	 "FullyReplicated|ShardedByS3Key"},
	{"InputDataConfig[].DataSource.S3DataSource", "AttributeNames", SPEC_STRS, false, 0, 16, NULL, 1, 256},
	{"InputDataConfig[].DataSource.S3DataSource", "InstanceGroupNames", SPEC_STRS, false, 0, 5, NULL, 1, 64},
	{"InputDataConfig[].DataSource.S3DataSource", "ModelAccessConfig", SPEC_ANY},
	{"InputDataConfig[].DataSource.S3DataSource", "HubAccessConfig", SPEC_ANY},
	{"InputDataConfig[].DataSource", "FileSystemDataSource", SPEC_OBJ},
	{"InputDataConfig[].DataSource.FileSystemDataSource", "FileSystemId", SPEC_STR, true, 11, 21,
	 "fs-[0-9a-f]{8,}"},
	{"InputDataConfig[].DataSource.FileSystemDataSource", "FileSystemAccessMode", SPEC_STR, true, 0, 0, "rw|ro"},
	{"InputDataConfig[].DataSource.FileSystemDataSource", "FileSystemType", SPEC_STR, true, 0, 0, "EFS|FSxLustre"},
	{"InputDataConfig[].DataSource.FileSystemDataSource", "DirectoryPath", SPEC_STR, true, 0, 4096},
	{"InputDataConfig[].DataSource", "DatasetSource", SPEC_ANY},
	{"InputDataConfig[]", "ContentType", SPEC_STR, false, 0, 256},
	{"InputDataConfig[]", "CompressionType", SPEC_STR, false, 0, 0, "None|Gzip"},
	{"InputDataConfig[]", "RecordWrapperType", SPEC_STR, false, 0, 0, "None|RecordIO"},
	{"InputDataConfig[]", "InputMode", SPEC_STR, false, 0, 0, INPUT_MODES},
	{"InputDataConfig[]", "ShuffleConfig", SPEC_OBJ},
	{"InputDataConfig[].ShuffleConfig", "Seed", SPEC_INT, true, INT64_MIN, INT64_MAX},
	{"", "OutputDataConfig", SPEC_OBJ, true},
	{"OutputDataConfig", "KmsKeyId", SPEC_STR, false, 0, 2048, "[a-zA-Z0-9:/_-]*"},
	{"OutputDataConfig", "S3OutputPath", SPEC_STR, true, 0, 1024, S3_URI},
	{"OutputDataConfig", "CompressionType", SPEC_STR, false, 0, 0, "GZIP|NONE"},
	{"", "ResourceConfig", SPEC_OBJ, true},
	{"ResourceConfig", "InstanceType", SPEC_STR, false, 4, 64, "ml\\.[a-z0-9-]+\\.[a-z0-9]+"},
	{"ResourceConfig", "InstanceCount", SPEC_INT, false, 1, 10000},
	{"ResourceConfig", "VolumeSizeInGB", SPEC_INT, false, 0, 16384},
	{"ResourceConfig", "VolumeKmsKeyId", SPEC_STR, false, 0, 2048, "[a-zA-Z0-9:/_-]*"},
	{"ResourceConfig", "KeepAlivePeriodInSeconds", SPEC_INT, false, 0, 21600},
	{"ResourceConfig", "InstanceGroups", SPEC_OBJS, false, 0, 5},
	{"ResourceConfig.InstanceGroups[]", "InstanceType", SPEC_STR, true, 4, 64, "ml\\.[a-z0-9-]+\\.[a-z0-9]+"},
	{"ResourceConfig.InstanceGroups[]", "InstanceCount", SPEC_INT, true, 1, 10000},
	{"ResourceConfig.InstanceGroups[]", "InstanceGroupName", SPEC_STR, true, 1, 64},
	{"ResourceConfig", "TrainingPlanArn", SPEC_STR, false, 50, 2048},
	{"ResourceConfig", "InstancePlacementConfig", SPEC_ANY},
	{"", "VpcConfig", SPEC_OBJ},
	{"VpcConfig", "SecurityGroupIds", SPEC_STRS, true, 1, 5, "[-0-9a-zA-Z]+", 0, 32},
	{"VpcConfig", "Subnets", SPEC_STRS, true, 1, 16, "[-0-9a-zA-Z]+", 0, 32},
	{"", "StoppingCondition", SPEC_OBJ, true},
	{"StoppingCondition", "MaxRuntimeInSeconds", SPEC_INT, false, 1, 2419200},
	{"StoppingCondition", "MaxWaitTimeInSeconds", SPEC_INT, false, 1, 2419200},
	{"StoppingCondition", "MaxPendingTimeInSeconds", SPEC_INT, false, 7200, 2419200},
	{"", "Tags", SPEC_OBJS, false, 0, 50},
	{"Tags[]", "Key", SPEC_STR, true, 1, 128, "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*"},
	{"Tags[]", "Value", SPEC_STR, true, 0, 256, "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*"},
	{"", "EnableNetworkIsolation", SPEC_BOOL},
	{"", "EnableInterContainerTrafficEncryption", SPEC_BOOL},
	{"", "EnableManagedSpotTraining", SPEC_BOOL},
	{"", "CheckpointConfig", SPEC_OBJ},
	{"CheckpointConfig", "S3Uri", SPEC_STR, true, 0, 1024, S3_URI},
	{"CheckpointConfig", "LocalPath", SPEC_STR, false, 0, 4096},
	{"", "DebugHookConfig", SPEC_ANY},
	{"", "DebugRuleConfigurations", SPEC_ANY},
	{"", "TensorBoardOutputConfig", SPEC_ANY},
	{"", "ExperimentConfig", SPEC_ANY},
	{"", "ProfilerConfig", SPEC_ANY},
	{"", "ProfilerRuleConfigurations", SPEC_ANY},
	{"", "Environment", SPEC_MAP, false, 0, 100, "[a-zA-Z_][a-zA-Z0-9_]*", 512, 512},
	{"", "RetryStrategy", SPEC_OBJ},
	{"RetryStrategy", "MaximumRetryAttempts", SPEC_INT, true, 1, 30},
	{"", "RemoteDebugConfig", SPEC_ANY},
	{"", "InfraCheckConfig", SPEC_ANY},
	{"", "SessionChainingConfig", SPEC_ANY},
	{"", "ServerlessJobConfig", SPEC_ANY},
	{"", "MlflowConfig", SPEC_ANY},
	{"", "ModelPackageConfig", SPEC_ANY},
	{NULL}};

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
	pcre2_code *re = pcre2_compile((PCRE2_SPTR)whole, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_DOLLAR_ENDONLY,
				       &code, &at, NULL);

	if (!re)
		return false;
	pcre2_match_data *m = pcre2_match_data_create(1, NULL);
	bool ok = m && pcre2_match(re, (PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, 0, 0, m, NULL) >= 0;

	pcre2_match_data_free(m);
	pcre2_code_free(re);
	return ok;
}

static bool is_words(const char *pattern)
{
	return strpbrk(pattern, "[](){}*+?.\\") == NULL;
}

static void check_words(struct check *c, const char *path, const char *words, const char *value)
{
	AUTO(strlist) struct strlist list = {0};

	strlist_split(&list, words, '|');
	if (strlist_has(&list, value))
		return;
	AUTO(buf) struct buf all = BUF_INIT(400);

	for (size_t i = 0; i < list.n; i++)
		(void)buf_addf(&all, "%s%s", i ? ", " : "", list.items[i]);
	defect(c, path, "'%s' is not one of %s", value, buf_str(&all));
}

static void check_str(struct check *c, const struct spec_row *r, const char *path, const json_t *v, int64_t min,
		      int64_t max)
{
	const char *s = json_string_value(v);

	if (!s) {
		defect(c, path, "a string is wanted%s",
		       json_is_number(v) || json_is_boolean(v) ? ": put it in quotes" : "");
		return;
	}
	int64_t n = (int64_t)length(s);

	if (n < min)
		defect(c, path, "at least %d characters are wanted, it has %d", (int)min, (int)n);
	else if (max > 0 && n > max)
		defect(c, path, "at most %d characters are allowed, it has %d", (int)max, (int)n);
	else if (r->pattern && is_words(r->pattern))
		check_words(c, path, r->pattern, s);
	else if (r->pattern && r->type != SPEC_MAP && !matches(r->pattern, s))
		defect(c, path, "'%.80s' does not have the form %.120s", s, r->pattern);
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

static void check_object(struct check *c, const json_t *obj, const char *pattern, const char *path);

static void check_map(struct check *c, const struct spec_row *r, const char *path, const json_t *v)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)v, key, value)
	{
		AUTO(str) char *at = xasprintf("%s.%s", path, key);

		if (length(key) > (size_t)r->sub_min)
			defect(c, at, "a name has at most %d characters", (int)r->sub_min);
		else if (r->pattern && !matches(r->pattern, key))
			defect(c, at, "the name does not have the form %s", r->pattern);
		else
			check_str(c, r, at, value, 0, r->sub_max);
	}
}

static void check_elements(struct check *c, const struct spec_row *r, const char *pattern, const char *path,
			   const json_t *v)
{
	AUTO(str) char *element = xasprintf("%s[]", pattern);
	size_t i;
	json_t *value;

	json_array_foreach(v, i, value)
	{
		AUTO(str) char *at = xasprintf("%s.%zu", path, i);

		if (r->type == SPEC_STRS)
			check_str(c, r, at, value, r->sub_min, r->sub_max);
		else if (!json_is_object(value))
			defect(c, at, "an object is wanted");
		else
			check_object(c, value, element, at);
	}
}

static bool count_is_right(struct check *c, const struct spec_row *r, const char *path, size_t n)
{
	if ((int64_t)n < r->min)
		defect(c, path, "at least %d entries are wanted", (int)r->min);
	else if (r->max > 0 && (int64_t)n > r->max)
		defect(c, path, "at most %d entries are allowed, it has %zu", (int)r->max, n);
	else
		return true;
	return false;
}

static void check_value(struct check *c, const struct spec_row *r, const char *pattern, const char *path,
			const json_t *v)
{
	switch (r->type) {
	case SPEC_STR:
	case SPEC_REGEX:
		check_str(c, r, path, v, r->min, r->max);
		if (r->type == SPEC_REGEX)
			check_regex(c, path, v);
		break;
	case SPEC_INT:
		if (!json_is_integer(v))
			defect(c, path, "a whole number is wanted");
		else if (json_integer_value(v) < r->min || json_integer_value(v) > r->max)
			defect(c, path, "%lld is not between %lld and %lld", (long long)json_integer_value(v),
			       (long long)r->min, (long long)r->max);
		break;
	case SPEC_BOOL:
		if (!json_is_boolean(v))
			defect(c, path, "true or false is wanted");
		break;
	case SPEC_OBJ:
		if (!json_is_object(v))
			defect(c, path, "an object is wanted");
		else
			check_object(c, v, pattern, path);
		break;
	case SPEC_MAP:
		if (!json_is_object(v))
			defect(c, path, "an object of strings is wanted");
		else if (count_is_right(c, r, path, json_object_size(v)))
			check_map(c, r, path, v);
		break;
	case SPEC_STRS:
	case SPEC_OBJS:
		if (!json_is_array(v))
			defect(c, path, "a list is wanted");
		else if (count_is_right(c, r, path, json_array_size(v)))
			check_elements(c, r, pattern, path, v);
		break;
	case SPEC_ANY:
		break;
	}
}

const struct spec_row *spec_row_find(const char *parent, const char *name)
{
	for (const struct spec_row *r = spec_rows; r->parent; r++) {
		if (strcmp(r->parent, parent) == 0 && strcmp(r->name, name) == 0)
			return r;
	}
	return NULL;
}

const char *spec_row_nearest(const char *parent, const char *name)
{
	const char *names[64];
	size_t n = 0;

	for (const struct spec_row *r = spec_rows; r->parent && n < ARRAY_LEN(names); r++) {
		if (strcmp(r->parent, parent) != 0)
			continue;
		if (str_ieq(r->name, name))
			return r->name; /* only the case is wrong */
		names[n++] = r->name;
	}
	return str_nearest(name, names, n);
}

static void check_object(struct check *c, const json_t *obj, const char *pattern, const char *path)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)obj, key, value)
	{
		AUTO(str) char *at = *path ? xasprintf("%s.%s", path, key) : xstrdup(key);
		AUTO(str) char *down = *pattern ? xasprintf("%s.%s", pattern, key) : xstrdup(key);
		const struct spec_row *r = spec_row_find(pattern, key);

		if (r) {
			check_value(c, r, down, at, value);
			continue;
		}
		const char *near = spec_row_nearest(pattern, key);

		defect(c, at, "there is no such member%s%s%s", near ? ": did you mean '" : "", near ? near : "",
		       near ? "'?" : "");
	}
	for (const struct spec_row *r = spec_rows; r->parent; r++) {
		if (!r->required || strcmp(r->parent, pattern) != 0 || json_object_get(obj, r->name))
			continue;
		AUTO(str) char *at = *path ? xasprintf("%s.%s", path, r->name) : xstrdup(r->name);

		defect(c, at, "is missing");
	}
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

int spec_check(const json_t *spec, const char *what, const struct source_lines *lines, struct err *err)
{
	struct check c = {.what = what, .lines = lines};

	if (!json_is_object(spec))
		return err_set(err, ERR_INVALID, "%s: a specification is an object with TrainingJobName, RoleArn ...",
			       str_or(what, "specification"));
	if (json_object_get(spec, "ServerlessJobConfig"))
		return 0; /* another kind of job, with rules of its own: the service judges */
	check_object(&c, spec, "", "");
	check_algorithm(&c, spec);
	check_resources(&c, spec);
	check_channels(&c, spec);
	if (c.defects == 0)
		return 0;
	if (c.defects > 1)
		return err_set(err, ERR_INVALID, "%s (and %d more)", c.first.msg, c.defects - 1);
	return err_set(err, ERR_INVALID, "%s", c.first.msg);
}
