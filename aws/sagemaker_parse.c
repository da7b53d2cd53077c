/* sagemaker_parse.c - a training job's JSON as a struct job. Every text passes the sanitiser here. */
#include "aws/sagemaker.h"

#include <math.h>

#include "base/utf8.h"

static char *text(const json_t *obj, const char *name)
{
	return utf8_sanitize_dup(json_get_str(obj, name));
}

/* One that many jobs have. */
static const char *common(const json_t *obj, const char *name)
{
	AUTO(str) char *own = text(obj, name);

	return intern(own);
}

/* A text whose newlines stay. */
static char *text_of_lines(const json_t *obj, const char *name)
{
	const char *raw = json_get_str(obj, name);
	AUTO(buf) struct buf clean = BUF_INIT(BUF_MAX_TEXT);

	if (!raw || utf8_sanitize(&clean, raw, strlen(raw), true) < 0)
		return NULL;
	return buf_take(&clean);
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

/* Seconds that were measured; -1 where the service does not say, or says what
 * cannot be: nothing lasts longer than a century. */
static int64_t seconds(const json_t *o, const char *name)
{
	int64_t s = json_get_i64(o, name, -1);

	return s >= 0 && s <= JOB_SECONDS_MAX ? s : -1;
}

static int count(const json_t *o, const char *name, int64_t without)
{
	int64_t n = json_get_i64(o, name, without);

	return n >= 0 && n <= JOB_INSTANCES_MAX ? (int)n : 0;
}

/* A mixed cluster: its groups, all their types as one text, their counts added up. */
static void read_groups(struct job *j, const json_t *groups)
{
	AUTO(strlist) struct strlist types = {0};
	AUTO(buf) struct buf all = BUF_INIT(BUF_MAX_TEXT);
	size_t i;
	json_t *g;

	json_array_foreach((json_t *)groups, i, g)
	{
		AUTO(str) char *name = text(g, "InstanceGroupName");
		AUTO(str) char *type = text(g, "InstanceType");
		int n = count(g, "InstanceCount", 0);

		job_add_group(j, name, type, n);
		j->instance_count = MIN(j->instance_count + n, JOB_INSTANCES_MAX);
		if (!type || strlist_has(&types, type))
			continue;
		strlist_add(&types, type);
		(void)buf_addf(&all, "%s%s", all.len ? "+" : "", type);
	}
	if (all.len)
		j->instance_type = intern(buf_str(&all));
}

static void read_warm_pool(struct job *j, const json_t *o)
{
	if (!json_is_object(o))
		return;
	job_own_rare(j)->warm_pool_status = common(o, "Status");
	job_own_rare(j)->retained_s = seconds(o, "ResourceRetainedBillableTimeInSeconds");
}

static void read_training_plan(struct job *j, const json_t *resources)
{
	AUTO(str) char *arn = text(resources, "TrainingPlanArn");
	const char *slash = arn ? strrchr(arn, '/') : NULL;

	if (!str_empty(arn))
		job_own_rare(j)->training_plan = intern(slash && slash[1] ? slash + 1 : arn);
}

static void read_resources(struct job *j, const json_t *o)
{
	const json_t *r = json_object_get(o, "ResourceConfig"), *groups = json_object_get(r, "InstanceGroups");
	bool mixed = json_array_size(groups) > 0;

	j->volume_gb = (int)MIN(json_get_i64(r, "VolumeSizeInGB", 0), (int64_t)INT32_MAX);
	int64_t keep_alive_s = seconds(r, "KeepAlivePeriodInSeconds");
	if (keep_alive_s >= 0)
		job_own_rare(j)->keep_alive_s = keep_alive_s;
	read_training_plan(j, r);
	if (mixed) {
		read_groups(j, groups);
		return;
	}
	j->instance_type = common(r, "InstanceType");
	j->instance_count = count(r, "InstanceCount", r ? 1 : 0);
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

	j->cold->image = text(a, "TrainingImage");
	if (!j->cold->image)
		j->cold->image = text(a, "AlgorithmName");
	j->cold->input_mode = text(a, "TrainingInputMode");
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

/* --- particulars: what only the page shows ------------------------------------------ */

static void add_particular(struct job *j, const char *label, const json_t *obj, const char *member)
{
	AUTO(str) char *value = text(obj, member);

	if (!str_empty(value))
		strmap_set(&j->cold->particulars, label, value);
}

static void read_isolation(struct job *j, const json_t *o)
{
	bool network = json_get_bool(o, "EnableNetworkIsolation", false);
	bool traffic = json_get_bool(o, "EnableInterContainerTrafficEncryption", false);

	if (network || traffic)
		strmap_set(&j->cold->particulars, "Isolation",
			   !traffic   ? "no network"
			   : !network ? "traffic between hosts is encrypted"
				      : "no network, traffic between hosts is encrypted");
}

/* "LossNotDecreasing NoIssuesFound, VanishingGradient IssuesFound": of Debugger and of
 * its profiler. */
static void read_rules(struct job *j, const char *label, const json_t *list)
{
	AUTO(buf) struct buf b = BUF_INIT(16384);
	size_t i;
	json_t *rule;

	json_array_foreach((json_t *)list, i, rule)
	{
		AUTO(str) char *name = text(rule, "RuleConfigurationName");
		AUTO(str) char *status = text(rule, "RuleEvaluationStatus");
		AUTO(str) char *details = text(rule, "StatusDetails");

		(void)buf_addf(&b, "%s%s %s%s%s", i ? "\n" : "", str_or(name, "?"), str_or(status, "?"),
			       str_empty(details) ? "" : ": ", str_or(details, ""));
	}
	if (b.len)
		strmap_set(&j->cold->particulars, label, buf_str(&b));
}

static void read_experiment(struct job *j, const json_t *config)
{
	static const char *const members[] = {"ExperimentName", "TrialName", "RunName", "TrialComponentDisplayName"};
	AUTO(buf) struct buf b = BUF_INIT(4096);

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		AUTO(str) char *value = text(config, members[i]);

		if (!str_empty(value))
			(void)buf_addf(&b, "%s%s", b.len ? " / " : "", value);
	}
	if (b.len)
		strmap_set(&j->cold->particulars, "Experiment", buf_str(&b));
}

static void read_particulars(struct job *j, const json_t *o)
{
	const json_t *resources = json_object_get(o, "ResourceConfig");
	int64_t retries = json_get_i64(json_object_get(o, "RetryStrategy"), "MaximumRetryAttempts", -1);
	char number[24];

	read_isolation(j, o);
	add_particular(j, "Volume key", resources, "VolumeKmsKeyId");
	add_particular(j, "Output key", json_object_get(o, "OutputDataConfig"), "KmsKeyId");
	add_particular(j, JOB_DEBUG_OUTPUT, json_object_get(o, "DebugHookConfig"), "S3OutputPath");
	add_particular(j, JOB_PROFILER_OUTPUT, json_object_get(o, "ProfilerConfig"), "S3OutputPath");
	add_particular(j, JOB_TENSORBOARD_OUTPUT, json_object_get(o, "TensorBoardOutputConfig"), "S3OutputPath");
	if (retries >= 0) {
		snprintf(number, sizeof(number), "%lld", (long long)retries);
		strmap_set(&j->cold->particulars, "Retries", number);
	}
	read_experiment(j, json_object_get(o, "ExperimentConfig"));
	read_rules(j, "Rules", json_object_get(o, "DebugRuleEvaluationStatuses"));
	read_rules(j, "Profiler", json_object_get(o, "ProfilerRuleEvaluationStatuses"));
	add_particular(j, "AutoML job", o, "AutoMLJobArn");
	add_particular(j, "Labeling job", o, "LabelingJobArn");
}

/* Describe does not tell tags; of Search a job without them has none. */
static void read_tags(struct job *j, const json_t *o)
{
	const json_t *tags = json_object_get(o, "Tags");

	if (!tags && j->detail != DETAIL_SEARCHED)
		return;
	sm_parse_tags(tags, &j->tags);
	j->tags_known = true;
}

static void read_details(struct job *j, const json_t *o)
{
	const json_t *stop = json_object_get(o, "StoppingCondition");
	size_t i;
	json_t *channel;

	read_resources(j, o);
	read_algorithm(j, o);
	read_course(j, o);
	j->failure_reason = text_of_lines(o, "FailureReason"); /* a traceback keeps its lines */
	j->spot = json_get_bool(o, "EnableManagedSpotTraining", false);
	j->training_s = seconds(o, "TrainingTimeInSeconds");
	j->billable_s = seconds(o, "BillableTimeInSeconds");
	j->max_runtime_s = seconds(stop, "MaxRuntimeInSeconds");
	j->max_wait_s = seconds(stop, "MaxWaitTimeInSeconds");
	j->cold->role_arn = text(o, "RoleArn");
	j->cold->output_uri = text(json_object_get(o, "OutputDataConfig"), "S3OutputPath");
	j->cold->model_uri = text(json_object_get(o, "ModelArtifacts"), "S3ModelArtifacts");
	j->cold->checkpoint_uri = text(json_object_get(o, "CheckpointConfig"), "S3Uri");
	j->cold->tuning_job_arn = text(o, "TuningJobArn");
	j->cold->vpc = read_vpc(o);
	read_map(json_object_get(o, "HyperParameters"), &j->cold->hyperparameters);
	read_map(json_object_get(o, "Environment"), &j->cold->environment);
	read_particulars(j, o);
	json_array_foreach(json_object_get(o, "InputDataConfig"), i, channel) read_channel(j, channel);
	read_tags(j, o);
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
	j->secondary_text = common(o, "SecondaryStatus");
	j->created_ms = json_get_time_ms(o, "CreationTime");
	j->modified_ms = json_get_time_ms(o, "LastModifiedTime");
	j->start_ms = json_get_time_ms(o, "TrainingStartTime");
	j->end_ms = json_get_time_ms(o, "TrainingEndTime");
	read_warm_pool(j, json_object_get(o, "WarmPoolStatus"));
	j->seen_ms = clock_now_ms();
	if (detail != DETAIL_SUMMARY)
		read_details(j, o);
	*ret = j;
	return 0;
}
