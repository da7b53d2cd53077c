/* What a monitoring execution looks at: the captures of a stretch of time as inputs, and the
 * rest of its processing job. */
#include "aws/local/services/monitoring.h"

#include <time.h>

#include "aws/local/kept/objects.h"
#include "base/clock.h"
#include "base/timefmt.h"

#define ROOT "/opt/ml/processing/"

/* --- when an object was captured ------------------------------------------------------------- */

static bool is_number(const char *text, const char *end, size_t digits)
{
	return (size_t)(end - text) >= digits && strspn(text, "0123456789") >= digits;
}

/* "yyyy/mm/dd/hh/" at the end of the folder, as captures lie; NULL where it is none. */
static const char *hour_of(const char *key, const char *file)
{
	static const size_t digits[] = {4, 2, 2, 2};
	const char *hour = file - key >= 14 ? file - 14 : NULL, *at = hour;

	for (size_t i = 0; at && i < ARRAY_LEN(digits); i++) {
		if (!is_number(at, file, digits[i]) || at[digits[i]] != '/')
			return NULL;
		at += digits[i] + 1;
	}
	return hour && (hour == key || hour[-1] == '/') ? hour : NULL;
}

/* By its name, yyyy/mm/dd/hh/mm-ss-ms-..., or where that does not say so when it was stored. */
static int64_t captured_ms(const struct object *o)
{
	const char *slash = strrchr(o->key, '/'), *file = slash ? slash + 1 : o->key, *hour = hour_of(o->key, file);
	char text[40];
	int64_t ms;

	if (!hour)
		return o->modified_ms;
	bool exact = is_number(file, file + 2, 2) && file[2] == '-' && is_number(file + 3, file + 5, 2) &&
		     file[5] == '-' && is_number(file + 6, file + 9, 3);

	snprintf(text, sizeof(text), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s.%.3s", hour, hour + 5, hour + 8, hour + 11,
		 exact ? file : "00", exact ? file + 3 : "00", exact ? file + 6 : "000");
	return timefmt_parse_iso(text, &ms) ? ms : o->modified_ms;
}

/* --- as inputs --------------------------------------------------------------------------------- */

struct capture_search {
	struct engine *e;
	const char *bucket, *base, *local; /* base: what is cut off a key for its place below local */
	int64_t from_ms, to_ms;
	json_t *inputs;
	size_t found;
	/* of one folder */
	struct strlist keys; /* those that are wanted */
	size_t others;
};

static void add_input(struct capture_search *s, const char *key, const char *folder)
{
	AUTO(str) char *name = xasprintf("captured-%zu", json_array_size(s->inputs) + 1);
	AUTO(str) char *uri = xasprintf("s3://%s/%s", s->bucket, key);
	AUTO(str) char *path = xasprintf("%s/%s", s->local, folder + strlen(s->base));
	size_t n = strlen(path);

	while (n && path[n - 1] == '/')
		path[--n] = 0;
	json_array_append_new(s->inputs,
			      json_pack("{s:s, s:b, s:{s:s, s:s, s:s, s:s, s:s, s:s}}", "InputName", name, "AppManaged",
					0, "S3Input", "S3Uri", uri, "LocalPath", path, "S3DataType", "S3Prefix",
					"S3InputMode", "File", "S3DataDistributionType", "FullyReplicated",
					"S3CompressionType", "None"));
}

/* A folder of which all is wanted is one input, and so is each object of one that was cut. */
static void end_folder(struct capture_search *s, const char *folder)
{
	if (s->keys.n && !s->others)
		add_input(s, folder, folder);
	for (size_t i = 0; i < s->keys.n && s->others; i++)
		add_input(s, s->keys.items[i], folder);
	s->found += s->keys.n;
	strlist_done(&s->keys);
	s->keys = (struct strlist){0};
	s->others = 0;
}

static void take_object(struct capture_search *s, const struct object *o, char **folder)
{
	const char *slash = strrchr(o->key, '/');
	AUTO(str) char *its = xstrndup(o->key, slash ? (size_t)(slash + 1 - o->key) : 0);
	int64_t at = captured_ms(o);

	if (!str_eq(*folder, its)) {
		end_folder(s, *folder);
		str_set(folder, its);
	}
	if (at >= s->from_ms && at < s->to_ms && !str_ends(o->key, "/"))
		strlist_add(&s->keys, o->key);
	else
		s->others++;
}

/* What lies under prefix behind `after` and up to `last` ("": all). */
static void search_prefix(struct capture_search *s, const char *prefix, const char *after, const char *last)
{
	AUTO(str) char *at = xstrdup(after);
	AUTO(str) char *folder = xstrdup("");
	bool more = true;

	while (more) {
		struct object *list;
		size_t n;

		objects_list(s->e, s->bucket, prefix, at, 1000, &list, &n);
		more = n == 1000;
		for (size_t i = 0; i < n; i++) {
			if (*last && strcmp(list[i].key, last) > 0) {
				more = false;
				break;
			}
			take_object(s, &list[i], &folder);
			str_set(&at, list[i].key);
		}
		objects_list_free(list, n);
	}
	end_folder(s, folder);
}

static void hour_path(int64_t ms, char out[16])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm t;

	gmtime_r(&seconds, &t);
	strftime(out, 16, "%Y/%m/%d/%H", &t);
}

/* Of each variant only the hours in question: captures of months lie there. */
static void search_variants(struct capture_search *s, const char *prefix)
{
	AUTO(str) char *after = xstrdup("");
	char from[16], to[16];

	hour_path(s->from_ms, from);
	hour_path(s->to_ms, to);
	for (;;) {
		struct object *first;
		size_t n;

		objects_list(s->e, s->bucket, prefix, after, 1, &first, &n);
		const char *name = n ? first->key + strlen(prefix) : "", *slash = strchr(name, '/');
		AUTO(str) char *variant = slash ? xasprintf("%s%.*s/", prefix, (int)(slash - name), name) : NULL;

		if (n && !slash)
			str_set(&after, first->key);
		objects_list_free(first, n);
		if (!n)
			return;
		if (!variant)
			continue;
		AUTO(str) char *begin = xasprintf("%s%s", variant, from);
		AUTO(str) char *end = xasprintf("%s%s/~", variant, to);

		search_prefix(s, variant, begin, end);
		/* The next variant: behind all that this one has. */
		AUTO(str) char *beyond = xasprintf("%s\xff", variant);

		str_set(&after, beyond);
	}
}

size_t monitoring_add_captures(struct engine *e, const char *endpoint, const char *uri, const char *local,
			       int64_t from_ms, int64_t to_ms, json_t *inputs)
{
	AUTO(str) char *bucket = NULL;
	AUTO(str) char *key = NULL;

	if (!s3_uri_parse(uri, &bucket, &key))
		return 0;
	AUTO(str) char *base = s3_folder_key(key);
	struct capture_search s = {.e = e,
				   .bucket = bucket,
				   .base = base,
				   .local = local,
				   .from_ms = from_ms,
				   .to_ms = to_ms,
				   .inputs = inputs};

	if (endpoint) {
		AUTO(str) char *prefix = xasprintf("%s%s/", base, endpoint);

		search_variants(&s, prefix);
	} else {
		search_prefix(&s, base, "", "");
	}
	return s.found;
}

/* --- the rest of the job -------------------------------------------------------------------- */

bool monitoring_work_of(struct engine *e, const json_t *config, struct monitoring_work *ret)
{
	const char *name = json_get_str(config, "MonitoringJobDefinitionName");
	const json_t *inl = json_object_get(config, "MonitoringJobDefinition");
	const struct document *named = name ? document_find(e, MONITORING_DEFINITION, name) : NULL;
	const json_t *d = named ? named->doc : inl;

	if (!d || (name && !named))
		return false;
	*ret = (struct monitoring_work){
		.baseline = json_object_get(d, named ? "DataQualityBaselineConfig" : "BaselineConfig"),
		.image = json_object_get(d, named ? "DataQualityAppSpecification" : "MonitoringAppSpecification"),
		.input = named ? json_object_get(d, "DataQualityJobInput")
			       : json_array_get(json_object_get(d, "MonitoringInputs"), 0),
		.outputs = json_object_get(d, named ? "DataQualityJobOutputConfig" : "MonitoringOutputConfig"),
		.resources = json_object_get(d, named ? "JobResources" : "MonitoringResources"),
		.stopping = json_object_get(d, "StoppingCondition"),
		.environment = named ? json_path_get(d, "DataQualityAppSpecification.Environment")
				     : json_object_get(d, "Environment"),
		.network = json_object_get(d, "NetworkConfig"),
		.role = json_get_str(d, "RoleArn")};
	return true;
}

/* A file of its own as an input at ROOT/where/<its name>; the variable says where it lies. */
static void add_file(const char *uri, const char *where, const char *variable, json_t *inputs, json_t *env)
{
	const char *slash = uri ? strrchr(uri, '/') : NULL;
	AUTO(str) char *folder = xasprintf(ROOT "%s", where);

	if (!slash)
		return;
	json_array_append_new(inputs,
			      json_pack("{s:s, s:b, s:{s:s, s:s, s:s, s:s, s:s, s:s}}", "InputName", variable,
					"AppManaged", 0, "S3Input", "S3Uri", uri, "LocalPath", folder, "S3DataType",
					"S3Prefix", "S3InputMode", "File", "S3DataDistributionType", "FullyReplicated",
					"S3CompressionType", "None"));
	json_object_set_new(env, variable, json_sprintf("%s/%s", folder, slash + 1));
}

/* How the container's variable words DatasetFormat. */
static json_t *dataset_format(const json_t *batch)
{
	const json_t *format = json_object_get(batch, "DatasetFormat"), *csv = json_object_get(format, "Csv");
	json_t *j = csv	    ? json_pack("{s:{s:b}}", "csv", "header", json_get_bool(csv, "Header", false))
		    : batch ? json_pack("{s:{s:b}}", "json", "lines",
					json_get_bool(json_object_get(format, "Json"), "Line", true))
			    : json_pack("{s:{s:[s, s]}}", "sagemakerCaptureJson", "captureIndexNames", "endpointInput",
					"endpointOutput");
	AUTO(str) char *text = json_text(j);

	json_decref(j);
	return json_string(text);
}

static json_t *environment_of(const struct monitoring_work *w, const struct document *schedule, int64_t from_ms,
			      int64_t to_ms)
{
	const json_t *endpoint = json_object_get(w->input, "EndpointInput");
	const json_t *batch = json_object_get(w->input, "BatchTransformInput"), *input = endpoint ? endpoint : batch;
	json_t *env = json_object();
	char from[TIMEFMT_LEN], to[TIMEFMT_LEN];

	json_object_set_new(env, "dataset_format", dataset_format(batch));
	json_object_set(env, "dataset_source", json_object_get(input, "LocalPath"));
	json_object_set(env, "output_path", json_path_get(w->outputs, "MonitoringOutputs.0.S3Output.LocalPath"));
	json_object_set_new(env, "publish_cloudwatch_metrics", json_string("Disabled"));
	json_object_set_new(env, "sagemaker_monitoring_schedule_name", json_string(schedule->key));
	json_object_set_new(env, "start_time", json_string(timefmt_iso(from, from_ms)));
	json_object_set_new(env, "end_time", json_string(timefmt_iso(to, to_ms)));
	if (endpoint)
		json_object_set(env, "sagemaker_endpoint_name", json_object_get(endpoint, "EndpointName"));
	return env;
}

/* <S3Uri>/<endpoint>/<schedule>/yyyy/mm/dd/hh, as the service has it; of a time within the hour, which
 * NOW has and a shortened hour, a folder more. */
static json_t *output_of(const struct monitoring_work *w, const struct document *schedule, int64_t at_ms)
{
	const json_t *s3 = json_path_get(w->outputs, "MonitoringOutputs.0.S3Output");
	const char *endpoint = json_get_str(json_object_get(w->input, "EndpointInput"), "EndpointName");
	const char *uri = str_or(json_get_str(s3, "S3Uri"), "");
	AUTO(str) char *of = endpoint ? xasprintf("%s/", endpoint) : xstrdup("");
	size_t n = strlen(uri);
	int64_t second = at_ms / 1000;
	char hour[16], within[24] = "";

	while (n && uri[n - 1] == '/')
		n--;
	hour_path(at_ms, hour);
	if (at_ms % HOUR_MS)
		snprintf(within, sizeof(within), "/%02d-%02d-%03d", (int)(second / 60 % 60), (int)(second % 60),
			 (int)(at_ms % 1000));
	return json_pack("{s:s, s:b, s:{s:o, s:O, s:s}}", "OutputName", "result", "AppManaged", 0, "S3Output", "S3Uri",
			 json_sprintf("%.*s/%s%s/%s%s", (int)n, uri, of, schedule->key, hour, within), "LocalPath",
			 json_object_get(s3, "LocalPath"), "S3UploadMode",
			 str_or(json_get_str(s3, "S3UploadMode"), "EndOfJob"));
}

json_t *monitoring_job(const struct monitoring_work *w, const struct document *schedule, int64_t at_ms, int64_t from_ms,
		       int64_t to_ms, json_t *inputs)
{
	static const struct {
		const char *source, *where, *variable;
	} scripts[] = {{"RecordPreprocessorSourceUri", "code/preprocessing", "record_preprocessor_script"},
		       {"PostAnalyticsProcessorSourceUri", "code/postprocessing", "post_analytics_processor_script"}};
	json_t *env = environment_of(w, schedule, from_ms, to_ms), *app = json_object();
	static const char *const app_members[] = {"ImageUri", "ContainerEntrypoint", "ContainerArguments"};

	add_file(json_get_str(json_object_get(w->baseline, "ConstraintsResource"), "S3Uri"), "baseline/constraints",
		 "baseline_constraints", inputs, env);
	add_file(json_get_str(json_object_get(w->baseline, "StatisticsResource"), "S3Uri"), "baseline/stats",
		 "baseline_statistics", inputs, env);
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++)
		add_file(json_get_str(w->image, scripts[i].source), scripts[i].where, scripts[i].variable, inputs, env);
	json_object_update(env, (json_t *)w->environment);
	for (size_t i = 0; i < ARRAY_LEN(app_members); i++) {
		if (json_object_get(w->image, app_members[i]))
			json_object_set(app, app_members[i], json_object_get(w->image, app_members[i]));
	}
	json_t *job = json_pack("{s:o, s:{s:[o]}, s:O, s:o, s:o, s:s, s:s}", "ProcessingInputs", inputs,
				"ProcessingOutputConfig", "Outputs", output_of(w, schedule, at_ms),
				"ProcessingResources", w->resources, "AppSpecification", app, "Environment", env,
				"RoleArn", str_or(w->role, ""), "MonitoringScheduleArn", schedule->arn);

	json_object_set_new(job, "StoppingCondition",
			    w->stopping ? json_incref((json_t *)w->stopping)
					: json_pack("{s:i}", "MaxRuntimeInSeconds", 3600));
	if (w->network)
		json_object_set(job, "NetworkConfig", (json_t *)w->network);
	return job;
}
