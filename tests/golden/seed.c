/* Sessions for the screens that tests look at. */
#include "seed.h"

#include <math.h>

#include "base/utf8.h"

#define MINUTE 60000LL
#define HOUR (60 * MINUTE)

static void add_price(struct session *s, const char *type, const char *component, int64_t usd_micro)
{
	struct price p = {
		.instance_type = (char *)(uintptr_t)type,
		.region = (char *)(uintptr_t) "us-east-1",
		.component = (char *)(uintptr_t)component,
		.usd_micro = usd_micro,
		.as_of = (char *)(uintptr_t) "2026-09-24",
		.grade = 'A',
		.source = (char *)(uintptr_t) "test",
	};

	price_table_add(&s->prices, &p);
}

static struct session *new_session(void)
{
	struct session *s = session_new();

	s->profile = xstrdup("research");
	s->region = xstrdup("us-east-1");
	s->account = xstrdup("123456789012");
	s->label = xstrdup("research/us-east-1");
	str_copy(s->prices_as_of, sizeof(s->prices_as_of), "2026-09-24");
	add_price(s, "ml.m5.large", "Training", 115000);
	add_price(s, "ml.m5.xlarge", "Training", 230000);
	add_price(s, "ml.g5.xlarge", "Training", 1408000);
	add_price(s, "ml.c5.xlarge", "Hosting", 204000);
	add_price(s, "ml.c5.2xlarge", "Hosting", 408000);
	session_jobs(s)->synced_ms = SEED_NOW_MS - 4000;
	session_jobs(s)->complete = true;
	return s;
}

/* A job that began age_ms ago and has trained train_s seconds. */
static struct job *add_job(const char *name, const char *status, const char *secondary, const char *type,
			   int64_t age_ms, int64_t train_s)
{
	struct job *j = job_new(name);
	AUTO(str) char *arn = xasprintf("arn:aws:sagemaker:us-east-1:123456789012:training-job/%s", name);

	str_set(&j->arn, arn);
	job_set_status(j, status);
	j->secondary_text = intern(secondary);
	j->instance_type = intern(type);
	j->detail = DETAIL_DESCRIBED;
	j->instance_count = 1;
	j->volume_gb = 10;
	j->created_ms = SEED_NOW_MS - age_ms;
	j->modified_ms = SEED_NOW_MS - age_ms / 2;
	j->max_runtime_s = 3600;
	if (train_s >= 0) {
		j->start_ms = SEED_NOW_MS - (job_is_terminal(j) ? age_ms - 2 * MINUTE : train_s * 1000);
		j->training_s = job_is_terminal(j) ? train_s : -1;
		j->billable_s = job_is_terminal(j) ? train_s : -1;
		if (job_is_terminal(j))
			j->end_ms = j->start_ms + train_s * 1000;
	}
	return j;
}

static struct job *put(struct session *s, struct job *j)
{
	return jobs_put(session_jobs(s), j, NULL);
}

static void add_rmse(struct job *j, double value)
{
	job_add_metric_definition(j, "validation:rmse", "validation-rmse:([0-9.]+)");
	job_add_final_metric(j, "validation:rmse", value, SEED_NOW_MS);
}

static void add_details(struct job *j)
{
	struct job_channel *c = job_add_channel(j, "train");

	str_set(&c->uri, "s3://nba-dfs/data/train/");
	str_set(&c->content_type, "text/csv");
	str_set(&c->input_mode, "File");
	c = job_add_channel(j, "validation");
	str_set(&c->uri, "s3://nba-dfs/data/validation/");
	str_set(&c->content_type, "text/csv");
	strmap_set(&j->cold->hyperparameters, "max_depth", "6");
	strmap_set(&j->cold->hyperparameters, "eta", "0.05");
	strmap_set(&j->cold->hyperparameters, "num_round", "200");
	strmap_set(&j->cold->hyperparameters, "objective", "reg:squarederror");
	strmap_set(&j->tags, "team", "research");
	str_set(&j->cold->image, "123456789012.dkr.ecr.us-east-1.amazonaws.com/sagetop-trainer:1.0");
	str_set(&j->cold->output_uri, "s3://nba-dfs/runs/");
	str_set(&j->cold->role_arn, "arn:aws:iam::123456789012:role/SageMaker");
}

static void add_transitions(struct job *j, const char *const *names, const int64_t *lasts_s, size_t n)
{
	int64_t at = j->created_ms;

	for (size_t i = 0; i < n; i++) {
		int64_t end = lasts_s[i] >= 0 ? at + lasts_s[i] * 1000 : TIME_UNKNOWN;
		job_add_transition(j, names[i], at, end, "");
		at = end;
	}
}

static void add_feed(struct session *s, const char *name)
{
	struct feed *f = session_feed(s, TRAINING_KIND, name);
	char text[160], stream[128];

	snprintf(stream, sizeof(stream), "%s/algo-1-1795240000", name);
	f->logs_loaded = f->following = true;
	loglines_add(&f->logs, stream, NULL, SEED_NOW_MS - 10 * MINUTE, "Reading s3://nba-dfs/data/train/ … 2 files",
		     45);
	for (int i = 0; i < 60; i++) {
		double train = 9.0 * 1.0 / (1 + i * 0.02), valid = 9.2 / (1 + i * 0.018);
		int64_t at = SEED_NOW_MS - 9 * MINUTE + i * 5000;
		int n = snprintf(text, sizeof(text), "[%d]\ttrain-rmse:%.5f\tvalidation-rmse:%.5f", i, train, valid);
		loglines_add(&f->logs, stream, NULL, at, text, (size_t)n);
		series_add(&f->metrics, "train:rmse", NULL, at, i, train);
		series_add(&f->metrics, "validation:rmse", NULL, at, i, valid);
		series_add(&f->metrics, "CPUUtilization", NULL, at, -1, 40.0 + (i * 7) % 50);
		if (i == 20)
			loglines_add(&f->logs, stream, NULL, at + 1, "WARNING slow read from s3: 3.1 s", 32);
		if (i == 40)
			loglines_add(&f->logs, stream, NULL, at + 1,
				     "ERROR could not save the checkpoint, trying again", 49);
	}
}

static void fill_basic(struct session *s)
{
	static const char *const phases[] = {"Starting", "Downloading", "Training"};
	static const char *const failed[] = {"Starting", "Downloading", "Training", "Failed"};
	struct job *j = add_job("churn-nightly-1120", "Completed", "Completed", "ml.m5.large", 9 * HOUR, 692);

	add_rmse(j, 0.118);
	put(s, j);
	j = add_job("bert-ner-7", "InProgress", "Training", "ml.p9.xlarge", 2 * HOUR + 14 * MINUTE, 7740);
	put(s, j);
	j = add_job("nba-dfs-s24-c03-p014", "Failed", "Failed", "ml.m5.xlarge", 14 * MINUTE, 70);
	str_set(&j->failure_reason,
		"AlgorithmError: out of memory: the algorithm was killed while reading 3.1 GB on 16 GiB, "
		"exit code: 137");
	add_transitions(j, failed, (const int64_t[]){112, 24, 46, 0}, 4);
	add_details(j);
	put(s, j);
	j = add_job("nba-dfs-s24-c03-p012", "InProgress", "Training", "ml.m5.xlarge", 12 * MINUTE, 544);
	j->spot = true;
	add_rmse(j, 7.412);
	add_transitions(j, phases, (const int64_t[]){110, 66, -1}, 3);
	add_details(j);
	put(s, j);
	put(s, add_job("nba-dfs-s24-c03-p013", "InProgress", "Downloading", "ml.m5.xlarge", 3 * MINUTE, -1));
	j = add_job("spot-sweep-eta-0.05", "Completed", "Completed", "ml.m5.xlarge", 26 * HOUR, 1000);
	j->spot = true;
	j->billable_s = 320;
	j->instance_count = 2;
	add_rmse(j, 7.533);
	put(s, j);
	put(s, add_job("nba-dfs-s24-c02-p001-a-very-long-name-that-differs-at-its-end-0001", "Stopped", "Stopped",
		       "ml.m5.xlarge", 50 * HOUR, 61));
	put(s, add_job("bert-ner-6", "Stopping", "Stopping", "ml.g5.xlarge", 3 * HOUR, 3599));
	add_feed(s, "nba-dfs-s24-c03-p012");
	s->budget.calls_per_s = 0.4;
}

static void fill_requests(struct session *s)
{
	struct request_record r = {.at_ms = SEED_NOW_MS - 9000, .http_status = 200, .attempts = 1, .took_ms = 84};

	str_copy(r.operation, sizeof(r.operation), "sagemaker:Search");
	str_copy(r.request_id, sizeof(r.request_id), "2f1c6a5e-7f0e-4f6e-9a3c-0b1f5d7c8e9a");
	session_add_request(s, &r);
	r.at_ms += 5000;
	r.http_status = 400;
	r.attempts = 3;
	r.took_ms = 12340;
	str_copy(r.operation, sizeof(r.operation), "sagemaker:ListTrainingJobs");
	str_copy(r.error, sizeof(r.error), "ThrottlingException: Rate exceeded");
	session_add_request(s, &r);
}

static void fill_many(struct session *s)
{
	static const char *const states[] = {"Completed", "Completed", "Completed", "Failed", "Stopped"};
	char name[64];

	for (int i = 0; i < 10000; i++) {
		const char *st = states[i % 5];
		snprintf(name, sizeof(name), "sweep-%02d-trial-%05d", i % 13, i);
		struct job *j = add_job(name, st, st, "ml.m5.large", (int64_t)(i + 1) * MINUTE, 60 + i % 900);
		add_rmse(j, 1.0 + i % 100 * 0.01);
		put(s, j);
	}
}

/* Curves that are past their best: one that was read and is over, one at hand, one of a
 * job that failed, and a value alone. */
static void fill_turned(struct session *s)
{
	static const char *const names[] = {"kept-0.91", "curve-0.93", "failed-0.99", "final-0.89", "without"};
	static const char *const states[] = {"Completed", "InProgress", "Failed", "Completed", "Completed"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct job *j = add_job(names[i], states[i], states[i], "ml.m5.large", (int64_t)(i + 1) * MINUTE, 60);

		if (i < 4)
			job_add_metric_definition(j, "validation:auc", "validation-auc:([0-9.]+)");
		if (i != 1 && i < 4)
			job_add_final_metric(j, "validation:auc", i == 3 ? 0.89 : 0.85, SEED_NOW_MS);
		job_derive(j);
		job_own_rare(j)->best_value = i == 0 ? 0.91 : i == 2 ? 0.99 : NAN;
		job_own_rare(j)->best_step = i == 0 ? 12 : i == 2 ? 3 : -1;
		put(s, j);
	}
	struct feed *f = session_feed(s, TRAINING_KIND, names[1]);

	for (int i = 0; i < 10; i++)
		series_add(&f->metrics, "validation:auc", NULL, SEED_NOW_MS + i, i, 0.93 - (i - 6) * (i - 6) * 0.01);
	f->logs_loaded = f->following = true;
	loglines_add(&f->logs, "curve-0.93/algo-1-1", NULL, SEED_NOW_MS, "WARNING b\xfe\xff", 11);
}

/* More jobs with curves than a legend has lines for. */
static void fill_curves(struct session *s)
{
	char name[32];

	for (int i = 0; i < 9; i++) {
		snprintf(name, sizeof(name), "eta-0.%02d", 9 - i);
		struct job *j = add_job(name, "Completed", "Completed", "ml.m5.large", (9 - i) * MINUTE, 400);
		add_rmse(j, 5);
		put(s, j);
		seed_curves(s, name, i);
	}
}

/* Failures of four causes; two of them tell an exit code only, and one of those has a log. */
static void fill_failures(struct session *s)
{
	char name[64], why[200];

	for (int i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "pack-%02d", i);
		struct job *j = add_job(name, i % 4 == 3 ? "Completed" : "Failed", NULL, "ml.m5.large",
					(i + 1) * MINUTE, 60 + i);
		if (i < 6)
			snprintf(why, sizeof(why),
				 "AlgorithmError: out of memory: killed while reading %d.1 GB on 16 GiB", i + 3);
		else if (i < 9)
			snprintf(
				why, sizeof(why),
				"ClientError: s3://nba-dfs/data/%s/train.csv, line %d, column 5: 'n/a' is not a number",
				name, i * 7);
		else
			str_copy(why, sizeof(why), "AlgorithmError: , exit code: 1");
		if (j->state == STATE_BAD)
			str_set(&j->failure_reason, why);
		put(s, j);
	}
	static const char trace[] = "Traceback (most recent call last):\n  File \"/opt/ml/code/train.py\", line 41, in "
				    "<module>\n    rows[name] += 1\nKeyError: 'price'";
	struct feed *f = session_feed(s, TRAINING_KIND, "pack-09");
	f->logs_loaded = true;
	loglines_add(&f->logs, "pack-09/algo-1-1", NULL, SEED_NOW_MS - MINUTE, "reading 12 files", 16);
	loglines_add(&f->logs, "pack-09/algo-1-1", NULL, SEED_NOW_MS - MINUTE, trace, strlen(trace));
	loglines_add(&f->logs, "pack-09/algo-1-1", NULL, SEED_NOW_MS - MINUTE, "shutting down", 13);
}

/* Why jobs fail, a job each: a permission, a quota, a traceback, memory, spot that did not come. */
static void fill_causes(struct session *s)
{
	static const char *const reasons[] = {
		"ClientError: Data download failed:Unable to download object s3://nba-dfs/data/2025/train.csv "
		"(AccessDenied: "
		"Access Denied)",
		"ResourceLimitExceeded: The account-level service limit 'ml.m5.xlarge for training job usage' is 2 "
		"Instances, "
		"with current utilization of 2 Instances and a request delta of 1 Instances.",
		"AlgorithmError: ExecuteUserScriptError:\nExitCode 1\nErrorMessage \"Traceback (most recent call "
		"last):\n  File "
		"\"train.py\", line 4, in <module>\nModuleNotFoundError: No module named 'shap'\"\nCommand "
		"\"/opt/conda/bin/"
		"python3.10 train.py --lr 0.1\", exit code: 1",
		"AlgorithmError: , exit code: 137",
		NULL,
	};
	char name[64];

	add_price(s, "ml.m5.2xlarge", "Training", 461000);
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
		bool failed = reasons[i];

		snprintf(name, sizeof(name), "season-%zu", i);
		struct job *j = add_job(name, failed ? "Failed" : "Stopped", failed ? "Failed" : "MaxWaitTimeExceeded",
					"ml.m5.xlarge", (int64_t)(i + 5) * MINUTE, failed ? 60 : -1);
		add_details(j);
		str_set(&j->failure_reason, reasons[i]);
		j->spot = !failed;
		j->max_wait_s = failed ? -1 : 7200;
		put(s, j);
	}
}

static void fill_running(struct session *s)
{
	char name[64];

	for (int i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "running-%04d", i);
		put(s, add_job(name, "InProgress", "Training", "ml.m5.large", (12 - i) * MINUTE, 60));
	}
}

/* What a hostile service or job might send, after the one sanitiser. */
static void fill_hostile(struct session *s)
{
	static const char *const nasty[] = {
		"\033]0;owned\a\033[2Jevil-job",
		"bidi-\u202egnp.exe",
		"broken-\xff\xfe-utf8",
		"tab\there\nand newline",
		"combining-e\u0301\u0301\u0301\u0301-mark",
	};

	for (size_t i = 0; i < ARRAY_LEN(nasty); i++) {
		AUTO(str) char *clean = utf8_sanitize_dup(nasty[i]);
		struct job *j = add_job(clean, "Failed", "Failed", "ml.m5.large", (int64_t)(i + 1) * MINUTE, 10);
		AUTO(str)
		char *why = utf8_sanitize_dup("\033[31mAlgorithmError\033[0m: \x9b"
					      "31m \a done");
		str_set(&j->failure_reason, why);
		put(s, j);
	}
	struct feed *f = session_feed(s, TRAINING_KIND, "evil-job");
	const char *line = "\033[2J\033[Hcleared? \033]52;c;AAAA\a ERROR \x1bP+q\x1b\\ end";
	f->logs_loaded = true;
	loglines_add(&f->logs, "evil-job/algo-1-1", NULL, SEED_NOW_MS, line, strlen(line));
}

static void fill_cjk(struct session *s)
{
	/* Job names are ASCII on the service; tags, channels and reasons are not. */
	struct job *j = add_job("weather-jp", "Failed", "Failed", "ml.m5.large", 5 * MINUTE, 30);
	str_set(&j->failure_reason, "アルゴリズムエラー: メモリが足りません。入力は３.１ギガバイトでした。");
	strmap_set(&j->tags, "チーム", "研究開発部");
	strmap_set(&j->tags, "城市", "北京");
	put(s, j);
	put(s, add_job("天気予報-東京-二十四時間-モデル-検証用-その一", "Completed", "Completed", "ml.m5.large", HOUR,
		       300));
	put(s, add_job("서울-날씨-예측-모델", "InProgress", "Training", "ml.m5.xlarge", 20 * MINUTE, 900));
	put(s, add_job("emoji-🚀🚀🚀-launch", "Stopped", "Stopped", "ml.m5.large", 2 * HOUR, 30));
}

/* A thing of another kind that began age_ms ago. */
static struct record *add_thing(struct session *s, enum kind_id id, const char *name, const char *status,
				int64_t age_ms)
{
	const struct kind *k = &kind_table[id];
	struct resource *r = resource_new(k, name);

	if (status)
		resource_set_status(r, status);
	r->detail = DETAIL_DESCRIBED;
	r->created_ms = SEED_NOW_MS - age_ms;
	r->modified_ms = r->created_ms;
	s->tables[id].complete = true;
	s->tables[id].synced_ms = SEED_NOW_MS - 4000;
	return resource_record(resources_put(&s->tables[id], r, NULL));
}

/* What is said of all variants: a field's value alone, no member of the record. */
static void set_value(struct record *r, const char *path, const char *value)
{
	for (size_t i = 0; r->kind->fields[i].name; i++)
		if (str_eq(r->kind->fields[i].path, path))
			record_set_value(r, i, value);
}

/* A member of its record, and the field that shows it. */
static void set_member(struct record *r, const char *path, const char *value)
{
	strmap_set(&r->members, path, value);
	set_value(r, path, value);
}

static void add_processing(struct session *s, const char *name, const char *status, int64_t age_ms, int64_t took_ms)
{
	struct record *r = add_thing(s, KIND_PROCESSING_JOB, name, status, age_ms);

	r->start_ms = r->created_ms + 90 * 1000;
	r->end_ms = took_ms ? r->start_ms + took_ms : TIME_UNKNOWN;
	set_member(r, "ProcessingResources.ClusterConfig.InstanceType", "ml.m5.xlarge");
	set_member(r, "ProcessingResources.ClusterConfig.InstanceCount", "2");
	set_member(r, "ProcessingResources.ClusterConfig.VolumeSizeInGB", "30");
	set_member(r, "AppSpecification.ImageUri", "123456789012.dkr.ecr.us-east-1.amazonaws.com/split:3");
	set_member(r, "AppSpecification.ContainerEntrypoint[0]", "python3");
	set_member(r, "AppSpecification.ContainerEntrypoint[1]", "/opt/split.py");
	set_member(r, "StoppingCondition.MaxRuntimeInSeconds", "3600");
	if (r->state == STATE_BAD) {
		str_set(&r->failure_reason,
			"AlgorithmError: Traceback (most recent call last):\n  File \"/opt/split.py\", "
			"line 41, in <module>\n    rows[name] += 1\nKeyError: 'price'");
		set_member(r, "ExitMessage", "KeyError: 'price'");
	}
}

static void add_endpoints(struct session *s)
{
	struct record *r = add_thing(s, KIND_ENDPOINT, "churn-v7", "InService", 5 * 24 * HOUR);

	set_member(r, "EndpointConfigName", "churn-v7-config-2");
	set_member(r, "ProductionVariants[0].VariantName", "AllTraffic");
	set_member(r, "ProductionVariants[0].CurrentInstanceCount", "2");
	set_member(r, "ProductionVariants[0].DesiredInstanceCount", "2");
	set_member(r, "ProductionVariants[0].CurrentWeight", "9.0");
	set_member(r, "ProductionVariants[1].VariantName", "Candidate");
	set_member(r, "ProductionVariants[1].CurrentInstanceCount", "1");
	set_member(r, "ProductionVariants[1].DesiredInstanceCount", "2");
	set_member(r, "ProductionVariants[1].CurrentWeight", "1.0");
	set_value(r, "ProductionVariants[*].VariantName", "AllTraffic,Candidate");
	set_value(r, "ProductionVariants[*].CurrentInstanceCount", "2,1");
	set_member(r, "ProductionVariants[0].DeployedImages[0].SpecifiedImage",
		   "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:7");
	set_member(r, "DataCaptureConfig.EnableCapture", "true");
	set_member(r, "DataCaptureConfig.DestinationS3Uri", "s3://churn/capture/");
	set_member(r, "LastDeploymentConfig.BlueGreenUpdatePolicy.TerminationWaitInSeconds", "600");
	str_set(&r->arn, "arn:aws:sagemaker:us-east-1:123456789012:endpoint/churn-v7");
	strmap_set(&r->tags, "team", "research");
	strmap_set(&r->tags, "stage", "production");
	r = add_thing(s, KIND_ENDPOINT_CONFIG, "churn-v7-config-2", NULL, 5 * 24 * HOUR);
	set_member(r, "ProductionVariants[0].VariantName", "AllTraffic");
	set_member(r, "ProductionVariants[0].InstanceType", "ml.c5.xlarge");
	set_member(r, "ProductionVariants[1].VariantName", "Candidate");
	set_member(r, "ProductionVariants[1].InstanceType", "ml.c5.2xlarge");
	set_value(r, "ProductionVariants[*].VariantName", "AllTraffic,Candidate");
	set_value(r, "ProductionVariants[*].InstanceType", "ml.c5.xlarge,ml.c5.2xlarge");
	r = add_thing(s, KIND_INFERENCE_COMPONENT, "churn-component", "InService", 4 * 24 * HOUR);
	str_set(&r->parent, "churn-v7");
	add_thing(s, KIND_ENDPOINT, "churn-v8", "Creating", 4 * MINUTE);
	add_thing(s, KIND_ENDPOINT, "churn-old", "Failed", 1200LL * 24 * HOUR);
}

/* One that is called, on two variants. */
static void add_traffic(struct session *s)
{
	struct traffic_period periods[] = {{900, 2, 3100, 8800, SEED_NOW_MS}, {900, 0, 3300, 9400, SEED_NOW_MS}};
	struct traffic *t = session_traffic(s, resources_find(&s->tables[KIND_ENDPOINT], "churn-v7"));

	traffic_take(t, periods, ARRAY_LEN(periods), 15, SEED_NOW_MS);
	t->past_asked_ms = SEED_NOW_MS;
	t->called_ms = SEED_NOW_MS - 40 * MINUTE;
}

/* The first variant of churn-v7 is scaled, and Candidate is about to be replaced. */
static void add_scaling(struct session *s)
{
	static const char variant[] = "endpoint/churn-v7/variant/AllTraffic";
	struct record *r = add_thing(s, KIND_SCALABLE_TARGET, variant, NULL, 24 * HOUR);

	set_value(r, "MinCapacity", "1");
	set_value(r, "MaxCapacity", "4");
	r = add_thing(s, KIND_SCALING_POLICY, "endpoint/churn-v7/variant/AllTraffic/calls", NULL, 24 * HOUR);
	str_set(&r->parent, variant);
	record_set_value(r, (size_t)(field_find(r->kind, "type", NULL) - r->kind->fields), "TargetTrackingScaling");
	record_set_value(r, (size_t)(field_find(r->kind, "metric", NULL) - r->kind->fields),
			 "SageMakerVariantInvocationsPerInstance");
	record_set_value(r, (size_t)(field_find(r->kind, "value", NULL) - r->kind->fields), "70.0");
	r = add_thing(s, KIND_SCALING_ACTIVITY, "a-1", "Successful", 2 * HOUR);
	str_set(&r->parent, variant);
	set_value(r, "Description", "Setting desired instance count to 2.");
	set_value(r, "Cause", "monitor alarm AlarmHigh in state ALARM triggered policy calls");
	r->start_ms = r->created_ms;
	r->end_ms = r->created_ms + MINUTE;
	r = add_thing(s, KIND_SCALING_ACTIVITY, "a-2", "Failed", HOUR);
	str_set(&r->parent, variant);
	set_value(r, "Description", "Setting desired instance count to 3.");
	str_set(&r->failure_reason, "ResourceLimitExceeded: ml.c5.xlarge for endpoint usage is 2 Instances");
	r->start_ms = r->created_ms;
	r = resource_record(resources_find(&s->tables[KIND_ENDPOINT], "churn-v7"));
	resource_set_status((struct resource *)r, "Updating");
	set_member(r, "PendingDeploymentSummary.EndpointConfigName", "churn-v7-config-3");
	set_member(r, "PendingDeploymentSummary.StartTime", "2026-11-21T05:58:00Z");
	set_member(r, "PendingDeploymentSummary.ProductionVariants[0].VariantName", "AllTraffic");
	set_member(r, "PendingDeploymentSummary.ProductionVariants[0].CurrentInstanceCount", "1");
	set_member(r, "PendingDeploymentSummary.ProductionVariants[0].DesiredInstanceCount", "2");
	set_member(r, "PendingDeploymentSummary.ProductionVariants[0].VariantStatus[0].Status", "Creating");
}

/* What a training job left. */
static void add_outputs(struct session *s)
{
	static const struct {
		const char *name;
		int64_t size;
	} rows[] = {{"output/model.tar.gz", 12345678},
		    {"output/output.tar.gz", 4321},
		    {"debug-output/claim.ts", 812},
		    {"checkpoints/000000200.ubj", 1812345}};
	struct files *f = session_files(s, TRAINING_KIND, "churn-nightly-1120");

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(str) char *key = xasprintf("runs/churn-nightly-1120/%s", rows[i].name);
		struct file *x = files_add(f, "churn", key, rows[i].name);

		x->size = rows[i].size;
		x->modified_ms = SEED_NOW_MS - 9 * HOUR;
	}
	f->asked_ms = SEED_NOW_MS;
}

/* A transform job that failed, with a file that it could not predict; and what churn-v7 captured. */
static void add_files(struct session *s)
{
	struct record *r = add_thing(s, KIND_TRANSFORM_JOB, "scores-1121", "Failed", HOUR);
	struct files *f = session_files(s, &kind_table[KIND_TRANSFORM_JOB], "scores-1121");
	static const char *const names[] = {"2026/part-0.csv", "2026/part-1.csv", "2026/part-2.csv"};

	r->start_ms = SEED_NOW_MS - 50 * MINUTE;
	r->end_ms = SEED_NOW_MS - 40 * MINUTE;
	set_value(r, "ModelName", "churn-model-3");
	set_member(r, "TransformInput.DataSource.S3DataSource.S3Uri", "s3://churn/in/");
	set_member(r, "TransformOutput.S3OutputPath", "s3://churn/scores/");
	for (int i = 0; i < 3; i++) {
		AUTO(str) char *key = xasprintf("in/%s", names[i]);
		AUTO(str) char *out_key = xasprintf("scores/%s.out", names[i]);
		struct file *x = files_add(f, "churn", key, names[i]);

		x->size = 12345678 * (i + 1);
		x->modified_ms = SEED_NOW_MS - 3 * HOUR;
		x->out_key = i == 1 ? NULL : TAKE(out_key);
		x->out_size = i == 1 ? -1 : 234567;
		x->fault = i == 1 ? xstrdup("ClientError: 413") : NULL;
	}
	f->has_outputs = true;
	f->out_bucket = xstrdup("churn");
	f->asked_ms = SEED_NOW_MS;
	add_outputs(s);
	f = session_files(s, &kind_table[KIND_ENDPOINT], "churn-v7");
	struct file *x = files_add(f, "churn", "capture/churn-v7/AllTraffic/2026/11/21/05/40-00-000-a.jsonl",
				   "AllTraffic/2026/11/21/05/40-00-000-a.jsonl");

	x->size = 812;
	x->modified_ms = SEED_NOW_MS - 20 * MINUTE;
	f->asked_ms = SEED_NOW_MS;
}

/* One that nobody has called for two weeks. */
static void add_idle(struct session *s)
{
	struct record *r = add_thing(s, KIND_ENDPOINT, "churn-lab", "InService", 90LL * 24 * HOUR);
	struct traffic *t = session_traffic(s, (struct resource *)r);

	set_member(r, "EndpointConfigName", "churn-v7-config-2");
	set_member(r, "ProductionVariants[0].VariantName", "AllTraffic");
	set_member(r, "ProductionVariants[0].CurrentInstanceCount", "1");
	set_value(r, "ProductionVariants[*].VariantName", "AllTraffic");
	set_value(r, "ProductionVariants[*].CurrentInstanceCount", "1");
	traffic_take(t, NULL, 0, 15, SEED_NOW_MS);
	t->past_asked_ms = SEED_NOW_MS;
	t->since_ms = SEED_NOW_MS - TRAFFIC_PAST_MS;
}

static void add_monitoring(struct session *s)
{
	static const char *const statuses[] = {"CompletedWithViolations", "Completed", "Failed"};
	struct record *r = add_thing(s, KIND_MONITORING_SCHEDULE, "churn-quality", "Scheduled", 2 * 24 * HOUR);
	const char *job = "arn:aws:sagemaker:us-east-1:123456789012:processing-job/model-monitoring-20261121-050000-1f";

	str_set(&r->parent, "churn-v7");
	set_member(r, "EndpointName", "churn-v7");
	set_member(r, "MonitoringType", "DataQuality");
	set_member(r, "MonitoringScheduleConfig.ScheduleConfig.ScheduleExpression", "cron(0 * ? * * *)");
	set_member(r, "LastMonitoringExecutionSummary.MonitoringExecutionStatus", statuses[0]);
	set_member(r, "LastMonitoringExecutionSummary.ProcessingJobArn", job);
	for (int i = 0; i < 3; i++) {
		AUTO(str) char *when = xasprintf("2026-11-21T%02d:00:00Z", 5 - i);
		AUTO(str) char *name = xasprintf("churn-quality/%s", when);

		r = add_thing(s, KIND_MONITORING_EXECUTION, name, statuses[i], (i + 1) * HOUR);
		str_set(&r->parent, "churn-quality");
		set_value(r, "EndpointName", "churn-v7");
		set_value(r, "MonitoringType", "DataQuality");
		set_value(r, "ScheduledTime", when);
		if (i < 2)
			set_value(r, "ProcessingJobArn", job);
		else
			str_set(&r->failure_reason, "Job inputs had no data");
	}
}

/* What CloudWatch tells of its hosts, a point a minute; of n of them, the second late. */
static void add_host_curves(struct session *s, enum kind_id id, const char *name, int n, int minutes)
{
	struct feed *f = session_feed(s, &kind_table[id], name);
	const struct resource *r = resources_find(&s->tables[id], name);
	int64_t start = r->start_ms != TIME_UNKNOWN ? r->start_ms : SEED_NOW_MS - minutes * MINUTE;
	char source[32];

	f->logs_loaded = true;
	for (int h = 0; h < MAX(n, 1); h++) {
		snprintf(source, sizeof(source), "algo-%d", h + 1);
		for (int i = h; i < minutes; i++) {
			int64_t at = start + i * MINUTE;

			series_add(&f->metrics, "CPUUtilization", n ? source : NULL, at, -1,
				   30.0 + h * 20 + i * 7 % 30);
			series_add(&f->metrics, "MemoryUtilization", n ? source : NULL, at, -1, 12.0 + i);
		}
	}
}

static void fill_kinds(struct session *s)
{
	char name[64];

	add_processing(s, "split-1129", "InProgress", 12 * MINUTE, 0);
	add_processing(s, "split-1128-a-name-that-is-much-longer-than-the-others", "Completed", 25 * HOUR, 9 * MINUTE);
	add_processing(s, "split-1127", "Failed", 49 * HOUR, 70 * 1000);
	add_processing(s, "features-2019", "Stopped", 2570LL * 24 * HOUR, 3 * HOUR);
	add_endpoints(s);
	add_traffic(s);
	add_monitoring(s);
	add_host_curves(s, KIND_PROCESSING_JOB, "split-1129", 2, 10);
	add_host_curves(s, KIND_PROCESSING_JOB, "split-1127", 1, 2);
	add_host_curves(s, KIND_ENDPOINT, "churn-v7", 0, 60);
	session_feed(s, &kind_table[KIND_ENDPOINT], "churn-v8")->logs_loaded = true;
	for (int i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "churn-model-%d", i);
		add_thing(s, KIND_MODEL, name, NULL, (int64_t)(i + 1) * 24 * HOUR);
	}
	add_thing(s, KIND_PIPELINE, "nightly", "Active", 90LL * 24 * HOUR);
	s->tables[KIND_TRANSFORM_JOB].synced_ms = SEED_NOW_MS - 4000;
	s->tables[KIND_TRANSFORM_JOB].complete = true;
}

/* One pack of a run whose job has ended, runs or failed. */
static void add_pack(struct backtest_run *r, int64_t cycle, int64_t part, const char *status, const char *reason)
{
	AUTO(str) char *name = xasprintf("%s-c%lld-p%lld", r->name, (long long)cycle, (long long)part);
	AUTO(price_table) struct price_table prices = {0};
	struct job *j = status ? job_new(name) : NULL;
	struct backtest_try t = {.name = name, .cycle = cycle, .pack = part, .state = j ? TRY_ACCEPTED : TRY_WAITING};

	if (j) {
		job_set_status(j, status);
		str_set(&j->failure_reason, reason);
		j->created_ms = SEED_NOW_MS - 10 * MINUTE;
		j->end_ms = job_is_terminal(j) ? SEED_NOW_MS - 4 * MINUTE : TIME_UNKNOWN;
	}
	t.job = j;
	backtest_run_add(r, &t, &prices, "us-east-1", SEED_NOW_MS);
	job_free(j);
}

static struct backtest_run new_run(const char *name, enum backtest_state state, int64_t age_ms, int64_t usd_micro)
{
	return (struct backtest_run){.name = xstrdup(name),
				     .state = state,
				     .retries = 2,
				     .concurrency = 4,
				     .created_ms = SEED_NOW_MS - age_ms,
				     .usd_micro = usd_micro};
}

static void fill_backtests(struct session *s)
{
	static const char data[] = "AlgorithmError: games.csv: line 7: 'n/a' is not a number";

	s->backtests = xcalloc(4, sizeof(*s->backtests));
	s->n_backtests = 4;
	s->backtests_generation = 1;
	struct backtest_run *r = s->backtests;

	r[0] = new_run("nba-per-player-2017-18", BACKTEST_RUNNING, 25 * MINUTE, 420000);
	for (int64_t cycle = 0; cycle < 15; cycle++)
		for (int64_t part = 1; part <= 2; part++)
			add_pack(&r[0], cycle, part,
				 cycle < 6    ? "Completed"
				 : cycle == 6 ? part == 1 ? "Failed" : "Completed"
				 : cycle == 7 ? part == 1 ? "Completed" : "InProgress"
				 : cycle == 8 ? "InProgress"
					      : NULL,
				 cycle == 6 && part == 1 ? data : NULL);
	r[0].standing = (struct backtest_standing){.cycles = 6,
						   .cycles_all = 15,
						   .against = xstrdup("season_mean"),
						   .skill = {.n = 5120,
							     .slates = 40,
							     .mae = 8.2112,
							     .other_mae = 7.5556,
							     .skill = -0.0868,
							     .low = -0.0986,
							     .high = -0.0749},
						   .entities = xcalloc(150, sizeof(struct backtest_entity)),
						   .n_entities = 150};
	for (size_t i = 0; i < 150; i++)
		r[0].standing.entities[i] =
			(struct backtest_entity){.name = xasprintf("player-%zu", 200 + i * 7 % 150),
						 .n = i < 148 ? 30 + (uint32_t)i % 9 : 0,
						 .mae = i < 148 ? 8.4 - (double)i / 60 : NAN,
						 .other_mae = i < 148 ? 7.1 : NAN,
						 .skill = i < 148 ? 1 - (8.4 - (double)i / 60) / 7.1 : NAN};
	r[1] = new_run("nba-default", BACKTEST_DONE, 3 * HOUR, 31000);
	for (int64_t cycle = 0; cycle < 15; cycle += 5)
		add_pack(&r[1], cycle, 1, "Completed", NULL);
	r[2] = new_run("shops", BACKTEST_PAUSED, 26 * HOUR, USD_UNKNOWN);
	r[2].reason = xasprintf("3 jobs in a row failed alike: %s", data);
	for (int64_t cycle = 0; cycle < 4; cycle++)
		add_pack(&r[2], cycle, 1, cycle < 3 ? "Failed" : NULL, cycle < 3 ? data : NULL);
	r[3] = new_run("a-run-of-which-the-name-is-as-long-as-ok", BACKTEST_STOPPED, 50 * HOUR, 0);
	add_pack(&r[3], 0, 1, NULL, NULL);
	for (size_t i = 0; i < s->n_backtests; i++)
		r[i].jobs = (int64_t)r[i].n_packs;
}

/* A tuning job of twelve, of which one failed, one was stopped and two run: rmse is a bowl
 * over depth and eta's logarithm, and dart costs a little. */
static void fill_tuning(struct session *s)
{
	static const struct {
		const char *status, *depth, *eta, *booster, *value;
	} rows[] = {
		{"Completed", "4", "0.02", "gbtree", "0.342"}, {"Completed", "9", "0.15", "dart", "0.401"},
		{"Failed", "10", "0.2", "dart", NULL},	       {"Completed", "3", "0.08", "gbtree", "0.298"},
		{"Completed", "6", "0.05", "dart", "0.251"},   {"Stopped", "8", "0.01", "gbtree", "0.422"},
		{"Completed", "6", "0.06", "gbtree", "0.203"}, {"Completed", "5", "0.07", "gbtree", "0.211"},
		{"Completed", "7", "0.06", "dart", "0.262"},   {"Completed", "6", "0.08", "gbtree", "0.207"},
		{"InProgress", "6", "0.065", "gbtree", NULL},  {"InProgress", "5", "0.055", "dart", NULL},
	};
	struct record *tuning = add_thing(s, KIND_TUNING_JOB, "depth-and-eta", "InProgress", 2 * HOUR);
	const char *job = "TrainingJobDefinition.", *objective = "HyperParameterTuningJobConfig."
								 "HyperParameterTuningJobObjective.";
	AUTO(str) char *type = xasprintf("%sResourceConfig.InstanceType", job);
	AUTO(str) char *count = xasprintf("%sResourceConfig.InstanceCount", job);
	AUTO(str) char *metric = xasprintf("%sMetricName", objective);
	AUTO(str) char *goal = xasprintf("%sType", objective);

	set_member(tuning, type, "ml.m5.xlarge");
	set_member(tuning, count, "1");
	strmap_set(&tuning->members, metric, "validation:rmse");
	strmap_set(&tuning->members, goal, "Minimize");
	strmap_set(&tuning->members, "HyperParameterTuningJobConfig.ResourceLimits.MaxNumberOfTrainingJobs", "20");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(str) char *name = xasprintf("depth-and-eta-%03zu-%08zx", i + 1, (i + 1) * 0x1234567);
		struct record *r =
			add_thing(s, KIND_TUNING_CHILD, name, rows[i].status, (int64_t)(115 - 9 * i) * MINUTE);

		r->parent = xstrdup("depth-and-eta");
		r->start_ms = r->created_ms + 60 * 1000;
		r->end_ms =
			str_eq(rows[i].status, "InProgress") ? TIME_UNKNOWN : r->start_ms + (7 + (int64_t)i) * MINUTE;
		strmap_set(&r->keyed, "max_depth", rows[i].depth);
		strmap_set(&r->keyed, "eta", rows[i].eta);
		strmap_set(&r->keyed, "booster", rows[i].booster);
		if (rows[i].value)
			set_member(r, "FinalHyperParameterTuningJobObjectiveMetric.Value", rows[i].value);
	}
}

/* Each line an event of its own, as a container without a terminal writes them. */
static void add_traceback(struct feed *f)
{
	static const char *const lines[] = {
		"Traceback (most recent call last):", "  File \"train.py\", line 41, in <module>",
		"    rows = load({\"path\": path})", "  File \"train.py\", line 12, in load",
		"ValueError: could not convert string to float: 'n/a'"};
	char text[40];

	for (int i = 0; i < 30; i++) {
		snprintf(text, sizeof(text), "read part %d", i);
		loglines_add(&f->logs, "s", NULL, SEED_NOW_MS - 2 * HOUR + i * 1000, text, strlen(text));
	}
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		loglines_add(&f->logs, "s", NULL, SEED_NOW_MS - HOUR, lines[i], strlen(lines[i]));
	loglines_add(&f->logs, "s", NULL, SEED_NOW_MS - HOUR, "exit", 4);
	f->logs_loaded = true;
}

/* A job of many members, which took long but for its beginning; and one on a mixed cluster. */
static void fill_page(struct session *s)
{
	static const char *const phases[] = {"Starting", "Downloading", "Training", "Completed"};
	struct job *j = add_job("wide-sweep-0007", "Completed", "Completed", "ml.m5.xlarge", HOUR, 989);

	j->spot = true;
	add_transitions(j, phases, (const int64_t[]){51, 31, 958, 0}, 4);
	add_details(j);
	for (int i = 0; i < 2000; i++) {
		AUTO(str) char *param = xasprintf("feature_%04d", i);

		strmap_set(&j->cold->hyperparameters, param, i % 3 ? "0" : "0.25");
	}
	strmap_set(&j->cold->environment, "NCCL_DEBUG", "WARN");
	strmap_set(&j->cold->environment, "OMP_NUM_THREADS", "4");
	j->training_s = 4 * 989;
	put(s, j);
	j = add_job("mixed-0001", "Completed", "Completed", "ml.m5.xlarge+ml.m5.2xlarge", 2 * HOUR, 700);
	job_add_group(j, "workers", "ml.m5.xlarge", 2);
	job_add_group(j, "server", "ml.m5.2xlarge", 1);
	j->instance_count = 3;
	put(s, j);
	add_traceback(session_feed(s, TRAINING_KIND, "wide-sweep-0007"));
}

struct session *seed_session(const char *name)
{
	struct session *s = new_session();

	if (!strcmp(name, "basic")) {
		fill_basic(s);
		fill_requests(s);
	} else if (!strcmp(name, "kinds")) {
		fill_basic(s);
		fill_kinds(s);
	} else if (!strcmp(name, "page")) {
		fill_page(s);
	} else if (!strcmp(name, "listed")) { /* there is nothing */
		s->tables[KIND_ENDPOINT].synced_ms = SEED_NOW_MS;
	} else if (!strcmp(name, "idle")) {
		fill_basic(s);
		fill_kinds(s);
		add_idle(s);
		add_scaling(s);
		add_files(s);
	} else if (!strcmp(name, "tuning") || !strcmp(name, "tuned")) {
		fill_basic(s);
		fill_tuning(s);
		if (!strcmp(name, "tuned"))
			resource_set_status(resources_find(&s->tables[KIND_TUNING_JOB], "depth-and-eta"), "Completed");
	} else if (!strcmp(name, "backtests")) {
		fill_basic(s);
		fill_backtests(s);
	} else if (!strcmp(name, "local")) {
		s->local = true;
		fill_basic(s);
	} else if (!strcmp(name, "loading")) {
		session_jobs(s)->complete = false;
		session_jobs(s)->synced_ms = TIME_UNKNOWN;
	} else if (!strcmp(name, "noauth")) {
		session_jobs(s)->complete = false;
		session_jobs(s)->synced_ms = TIME_UNKNOWN;
		session_notify(
			s, NOTICE_ERROR,
			"no credentials: tried environment, ~/.aws/credentials [research], ~/.aws/config, container, "
			"instance metadata; run `aws configure` or set AWS_PROFILE");
	} else if (!strcmp(name, "many")) {
		fill_many(s);
	} else if (!strcmp(name, "curves")) {
		fill_curves(s);
	} else if (!strcmp(name, "turned")) {
		fill_turned(s);
	} else if (!strcmp(name, "causes")) {
		fill_causes(s);
	} else if (!strcmp(name, "failures")) {
		fill_failures(s);
	} else if (!strcmp(name, "many-running")) {
		fill_running(s);
	} else if (!strcmp(name, "hostile")) {
		fill_hostile(s);
	} else if (!strcmp(name, "cjk")) {
		fill_cjk(s);
	} else if (strcmp(name, "empty")) {
		session_free(s);
		return NULL;
	}
	return s;
}
