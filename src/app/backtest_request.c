/* What is asked of the service for each job of a backtest: pure. */
#include "app/backtest_drive.h"
#include "base/fs.h"

/* The local engine looks at neither. */
#define LOCAL_IMAGE "000000000000.dkr.ecr.us-east-1.amazonaws.com/sagetop-trainer:latest"
#define LOCAL_ROLE "arn:aws:iam::000000000000:role/sagetop-backtest"
#define GIB ((int64_t)1 << 30)

char *backtest_uri(const struct backtest_work *w, const char *below)
{
	const char *bucket = str_or(w->spec->bucket, BACKTEST_LOCAL_BUCKET);
	size_t n = strlen(bucket);

	while (n && bucket[n - 1] == '/')
		n--;
	return xasprintf("%.*s/%s/%s", (int)n, bucket, w->name, below);
}

/* Two files of one name are told apart by a number. */
static void add_names(const struct strlist *paths, const struct strlist *others, struct strlist *ret)
{
	for (size_t i = 0; i < paths->n; i++) {
		const char *slash = strrchr(paths->items[i], '/'), *base = slash ? slash + 1 : paths->items[i];
		AUTO(str) char *name = xstrdup(base);

		for (int k = 2; strlist_has(ret, name) || (others && strlist_has(others, name)); k++) {
			free(name);
			name = xasprintf("%d-%s", k, base);
		}
		strlist_add(ret, name);
	}
}

void backtest_data_names(const struct backtest_work *w, struct strlist *files, struct strlist *earlier)
{
	add_names(&w->files, NULL, files);
	add_names(&w->earlier, files, earlier);
}

void backtest_own_names(const struct backtest_work *w, struct strlist *ret)
{
	add_names(&w->own_files, NULL, ret);
}

json_t *backtest_job_spec(const struct backtest_work *w)
{
	AUTO(strlist) struct strlist files = {0}, earlier = {0};
	json_t *spec = backtest_spec_json(w->spec);

	backtest_data_names(w, &files, &earlier);
	json_object_set_new(json_object_get(spec, "data"), "files", json_from_strlist(&files));
	json_object_set_new(json_object_get(spec, "data"), "earlier", json_from_strlist(&earlier));
	return spec;
}

static json_t *channel(const struct backtest_work *w, const char *name, const char *below, const char *type)
{
	AUTO(str) char *uri = backtest_uri(w, below);

	return json_pack("{s:s, s:s, s:{s:{s:s, s:s, s:s}}}", "ChannelName", name, "ContentType", type, "DataSource",
			 "S3DataSource", "S3DataType", "S3Prefix", "S3Uri", uri, "S3DataDistributionType",
			 "FullyReplicated");
}

static json_t *tags_json(const struct backtest_work *w)
{
	json_t *tags = json_array();

	for (size_t i = 0; i < w->spec->tags.n; i++)
		json_array_append_new(tags, json_pack("{s:s, s:s}", "Key", w->spec->tags.items[i].name, "Value",
						      w->spec->tags.items[i].value));
	json_array_append_new(tags, json_pack("{s:s, s:s}", "Key", BACKTEST_TAG, "Value", w->name));
	return tags;
}

static int64_t volume_gb(const struct backtest_work *w)
{
	int64_t bytes = 0;

	for (size_t i = 0; i < w->files.n; i++)
		bytes += MAX(fs_size(w->files.items[i]), 0);
	for (size_t i = 0; i < w->earlier.n; i++)
		bytes += MAX(fs_size(w->earlier.items[i]), 0);
	return 5 + 3 * (bytes + backtest_own_bytes(w)) / GIB;
}

static json_t *stopping(const struct backtest_spec *s)
{
	json_t *o = json_pack("{s:I}", "MaxRuntimeInSeconds", (json_int_t)s->max_run_s);

	if (s->spot)
		json_object_set_new(o, "MaxWaitTimeInSeconds", json_integer((json_int_t)s->max_wait_s));
	return o;
}

static void add_channels(const struct backtest_work *w, json_t *channels)
{
	json_array_append_new(channels, channel(w, "train", "data/", "text/csv"));
	json_array_append_new(channels, channel(w, "backtest", "spec/", "application/json"));
}

/* A program of one's own sees its cycle and no other. */
static void add_own_channels(const struct backtest_work *w, const struct backtest_job *job, json_t *channels)
{
	AUTO(str) char *train = xasprintf("own/c%zu/train/", job->first_cycle);
	AUTO(str) char *predict = xasprintf("own/c%zu/predict/", job->first_cycle);

	json_array_append_new(channels, channel(w, "train", train, "text/csv"));
	json_array_append_new(channels, channel(w, "predict", predict, "text/csv"));
	if (w->own_files.n)
		json_array_append_new(channels, channel(w, "code", "code/", "application/octet-stream"));
}

json_t *backtest_request(const struct backtest_work *w, const struct backtest_job *job, int number)
{
	const struct backtest_spec *s = w->spec;
	bool own = backtest_spec_is_own(s);
	AUTO(str) char *name = backtest_try_name(job->name, number);
	AUTO(str) char *cycles = xasprintf("%zu-%zu", job->first_cycle, job->last_cycle);
	AUTO(str) char *part = xasprintf("%zu/%zu", job->part, job->parts);
	AUTO(str) char *output = backtest_uri(w, "output");
	json_t *spec = json_pack("{s:s, s:s, s:{s:s, s:s}, s:{s:s, s:s}}", "TrainingJobName", name, "RoleArn",
				 str_or(s->role, LOCAL_ROLE), "AlgorithmSpecification", "TrainingImage",
				 str_or(own ? s->own_image : s->image, LOCAL_IMAGE), "TrainingInputMode", "File",
				 "HyperParameters", "backtest_cycles", cycles, "backtest_part", part);
	json_t *channels = json_array();

	if (own) {
		json_object_set_new(json_object_get(spec, "AlgorithmSpecification"), "ContainerEntrypoint",
				    json_from_strlist(&s->own_command));
		add_own_channels(w, job, channels);
	} else {
		add_channels(w, channels);
	}
	json_object_set_new(spec, "InputDataConfig", channels);
	json_object_set_new(spec, "OutputDataConfig", json_pack("{s:s}", "S3OutputPath", output));
	json_object_set_new(spec, "ResourceConfig",
			    json_pack("{s:s, s:i, s:I}", "InstanceType", s->instance_type, "InstanceCount", 1,
				      "VolumeSizeInGB", (json_int_t)volume_gb(w)));
	json_object_set_new(spec, "StoppingCondition", stopping(s));
	if (s->spot)
		json_object_set_new(spec, "EnableManagedSpotTraining", json_true());
	json_object_set_new(spec, "Tags", tags_json(w));
	return spec;
}
