/* A training job's JSON as a struct job. Every text passes the sanitiser here. */
#include "aws/sagemaker.h"

#include <math.h>

#include "base/utf8.h"

static char *text(const json_t *obj, const char *name)
{
	return utf8_sanitize_dup(json_get_str(obj, name));
}

static void read_map(const json_t *obj, struct strmap *out)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)obj, key, value)
	{
		AUTO(str) char *clean_key = utf8_sanitize_dup(key);
		AUTO(str) char *clean_value = utf8_sanitize_dup(json_string_value(value));

		if (clean_value)
			strmap_set(out, clean_key, clean_value);
	}
}

void sm_parse_tags(const json_t *list, struct strmap *ret)
{
	size_t i;
	json_t *tag;

	json_array_foreach((json_t *)list, i, tag)
	{
		AUTO(str) char *key = text(tag, "Key");
		AUTO(str) char *value = text(tag, "Value");

		if (key)
			strmap_set(ret, key, str_or(value, ""));
	}
}

static void read_channel(struct job *j, const json_t *channel)
{
	AUTO(str) char *name = text(channel, "ChannelName");
	const json_t *source = json_object_get(channel, "DataSource");
	const json_t *s3 = json_object_get(source, "S3DataSource");
	const json_t *fs = json_object_get(source, "FileSystemDataSource");
	struct job_channel *c = job_add_channel(j, str_or(name, "?"));

	if (s3) {
		c->uri = text(s3, "S3Uri");
		c->data_type = text(s3, "S3DataType");
		c->distribution = text(s3, "S3DataDistributionType");
	} else if (fs) {
		AUTO(str) char *id = text(fs, "FileSystemId");
		AUTO(str) char *path = text(fs, "DirectoryPath");

		c->uri = xasprintf("%s:%s", str_or(id, "?"), str_or(path, ""));
		c->data_type = text(fs, "FileSystemType");
	}
	c->content_type = text(channel, "ContentType");
	c->input_mode = text(channel, "InputMode");
	c->compression = text(channel, "CompressionType");
}

static void read_resources(struct job *j, const json_t *o)
{
	const json_t *r = json_object_get(o, "ResourceConfig"), *groups = json_object_get(r, "InstanceGroups");

	j->instance_type = text(r, "InstanceType");
	j->instance_count = (int)json_get_i64(r, "InstanceCount", r && !groups ? 1 : 0);
	j->volume_gb = (int)json_get_i64(r, "VolumeSizeInGB", 0);
	j->keep_alive_s = json_get_i64(r, "KeepAlivePeriodInSeconds", -1);
	if (!j->instance_type && json_array_size(groups)) {
		size_t i;
		json_t *g;

		/* A mixed cluster: the first group stands for it, the counts add up. */
		j->instance_type = text(json_array_get(groups, 0), "InstanceType");
		j->instance_count = 0;
		json_array_foreach((json_t *)groups, i, g) j->instance_count +=
			(int)json_get_i64(g, "InstanceCount", 0);
	}
}

/* The texts of a list, each behind a blank. */
static void add_words(const json_t *list, struct buf *out)
{
	size_t i;
	json_t *item;

	json_array_foreach((json_t *)list, i, item)
	{
		AUTO(str) char *clean = utf8_sanitize_dup(json_string_value(item));

		if (clean)
			(void)buf_addf(out, "%s%s", out->len ? " " : "", clean);
	}
}

static char *read_vpc(const json_t *o)
{
	AUTO(buf) struct buf b = BUF_INIT(4096);
	const json_t *vpc = json_object_get(o, "VpcConfig");

	add_words(json_object_get(vpc, "Subnets"), &b);
	add_words(json_object_get(vpc, "SecurityGroupIds"), &b);
	return b.len ? buf_take(&b) : NULL;
}

static void read_algorithm(struct job *j, const json_t *o)
{
	const json_t *a = json_object_get(o, "AlgorithmSpecification");
	size_t i;
	json_t *d;

	j->image = text(a, "TrainingImage");
	if (!j->image)
		j->image = text(a, "AlgorithmName");
	j->input_mode = text(a, "TrainingInputMode");
	json_array_foreach(json_object_get(a, "MetricDefinitions"), i, d)
	{
		AUTO(str) char *name = text(d, "Name");
		/* A regex is compiled, not shown: it stays as it is. */
		const char *regex = json_get_str(d, "Regex");

		if (name && regex)
			job_add_metric_definition(j, name, regex);
	}
}

/* JSON has no number for these: the protocol spells them. */
static bool read_value(const json_t *item, double *ret)
{
	const char *word = json_get_str(item, "Value");

	*ret = str_eq(word, "NaN")	   ? NAN
	       : str_eq(word, "Infinity")  ? INFINITY
	       : str_eq(word, "-Infinity") ? -INFINITY
					   : json_get_f64(item, "Value", 0);
	return word ? *ret != 0 : json_is_number(json_object_get(item, "Value"));
}

static void read_course(struct job *j, const json_t *o)
{
	size_t i;
	json_t *item;

	json_array_foreach(json_object_get(o, "SecondaryStatusTransitions"), i, item)
	{
		AUTO(str) char *status = text(item, "Status");
		AUTO(str) char *message = text(item, "StatusMessage");

		job_add_transition(j, str_or(status, "?"), json_get_time_ms(item, "StartTime"),
				   json_get_time_ms(item, "EndTime"), message);
	}
	json_array_foreach(json_object_get(o, "FinalMetricDataList"), i, item)
	{
		AUTO(str) char *name = text(item, "MetricName");

		double value;

		if (name && read_value(item, &value))
			job_add_final_metric(j, name, value, json_get_time_ms(item, "Timestamp"));
	}
}

static void read_details(struct job *j, const json_t *o)
{
	const json_t *stop = json_object_get(o, "StoppingCondition");
	size_t i;
	json_t *channel;

	read_resources(j, o);
	read_algorithm(j, o);
	read_course(j, o);
	j->failure_reason = text(o, "FailureReason");
	j->spot = json_get_bool(o, "EnableManagedSpotTraining", false);
	j->training_s = json_get_i64(o, "TrainingTimeInSeconds", -1);
	j->billable_s = json_get_i64(o, "BillableTimeInSeconds", -1);
	j->max_runtime_s = json_get_i64(stop, "MaxRuntimeInSeconds", -1);
	j->max_wait_s = json_get_i64(stop, "MaxWaitTimeInSeconds", -1);
	j->role_arn = text(o, "RoleArn");
	j->output_uri = text(json_object_get(o, "OutputDataConfig"), "S3OutputPath");
	j->model_uri = text(json_object_get(o, "ModelArtifacts"), "S3ModelArtifacts");
	j->checkpoint_uri = text(json_object_get(o, "CheckpointConfig"), "S3Uri");
	j->tuning_job_arn = text(o, "TuningJobArn");
	j->vpc = read_vpc(o);
	read_map(json_object_get(o, "HyperParameters"), &j->hyperparameters);
	read_map(json_object_get(o, "Environment"), &j->environment);
	json_array_foreach(json_object_get(o, "InputDataConfig"), i, channel) read_channel(j, channel);
	if (json_object_get(o, "Tags")) {
		sm_parse_tags(json_object_get(o, "Tags"), &j->tags);
		j->tags_known = true;
	}
}

int sm_parse_job(const json_t *o, enum detail detail, struct job **ret, struct err *err)
{
	AUTO(str) char *name = text(o, "TrainingJobName");
	AUTO(str) char *status = text(o, "TrainingJobStatus");
	struct job *j;

	if (str_empty(name))
		return err_set(err, ERR_PARSE, "reply of SageMaker: a training job without TrainingJobName");
	j = job_new(name);
	j->detail = detail;
	job_set_status(j, str_or(status, "?"));
	j->arn = text(o, "TrainingJobArn");
	j->secondary_text = text(o, "SecondaryStatus");
	j->created_ms = json_get_time_ms(o, "CreationTime");
	j->modified_ms = json_get_time_ms(o, "LastModifiedTime");
	j->start_ms = json_get_time_ms(o, "TrainingStartTime");
	j->end_ms = json_get_time_ms(o, "TrainingEndTime");
	j->warm_pool_status = text(json_object_get(o, "WarmPoolStatus"), "Status");
	j->seen_ms = clock_now_ms();
	if (detail != DETAIL_SUMMARY)
		read_details(j, o);
	*ret = j;
	return 0;
}
