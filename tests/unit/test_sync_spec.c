/* test_sync_spec.c - specifications: what is refused and how it is named, changes
 * by path, clones, differences. */
#include "unit.h"

#include "aws/shape.h"
#include "model/job_members.h"
#include "model/price.h"
#include "sync/launch_plan.h"
#include "sync/spec.h"

static const char good[] = "TrainingJobName: nba-1\n"
			   "AlgorithmSpecification:\n"
			   "  TrainingImage: 1.dkr.ecr.us-east-1.amazonaws.com/sagetop-trainer:1\n"
			   "  TrainingInputMode: File\n"
			   "RoleArn: arn:aws:iam::123456789012:role/sagemaker\n"
			   "HyperParameters:\n"
			   "  eta: '0.1'\n"
			   "InputDataConfig:\n"
			   "  - ChannelName: train\n"
			   "    DataSource:\n"
			   "      S3DataSource:\n"
			   "        S3DataType: S3Prefix\n"
			   "        S3Uri: s3://bucket/train/\n"
			   "OutputDataConfig:\n"
			   "  S3OutputPath: s3://bucket/out\n"
			   "ResourceConfig:\n"
			   "  InstanceType: ml.m5.xlarge\n"
			   "  InstanceCount: 1\n"
			   "  VolumeSizeInGB: 10\n"
			   "StoppingCondition:\n"
			   "  MaxRuntimeInSeconds: 3600\n";

static json_t *load(const char *text, struct source_lines *lines)
{
	json_t *spec = NULL;
	struct err err = {0};

	if (yaml_parse(text, strlen(text), "s.yaml", &spec, lines, &err))
		fail_msg("%s", err.msg);
	return spec;
}

/* The good specification with one piece of text replaced. */
static char *with(const char *old, const char *new)
{
	const char *at = strstr(good, old);

	assert_non_null(at);
	return xasprintf("%.*s%s%s", (int)(at - good), good, new, at + strlen(old));
}

static void test_good(void **state)
{
	AUTO(json) json_t *spec = load(good, NULL);
	struct err err = {0};

	if (spec_check(spec, "s.yaml", NULL, &err))
		fail_msg("%s", err.msg);
}

/* What a form shows of a job leads back to the same specification; what has no path of its own is not there. */
static void test_members_of_a_job(void **state)
{
	AUTO(job) struct job *j = job_new("nba-1");
	AUTO(job_members) struct job_members m = {0};
	AUTO(json) json_t *spec = load(good, NULL), *same = NULL;
	struct err err = {0};

	job_own_cold(j);
	strmap_set(&j->cold->hyperparameters, "eta", "0.1");
	strmap_set(&j->cold->hyperparameters, "_tuning_objective_metric", "rmse");
	strmap_set(&j->cold->hyperparameters, "a=b", "no change can name it");
	strmap_set(&j->tags, "aws:owner", "the service's");
	j->instance_type = "ml.m5.xlarge";
	j->instance_count = 1;
	j->volume_gb = 10;
	j->max_runtime_s = 3600;
	str_set(&j->cold->image, "1.dkr.ecr.us-east-1.amazonaws.com/sagetop-trainer:1");
	str_set(&j->cold->role_arn, "arn:aws:iam::123456789012:role/sagemaker");
	str_set(&j->cold->output_uri, "s3://bucket/out");
	struct job_channel *c = job_add_channel(j, "train");
	str_set(&c->uri, "s3://bucket/train/");
	str_set(&c->data_type, "S3Prefix");
	c = job_add_channel(j, "lustre");
	str_set(&c->uri, "fs-1:/data");
	job_members(j, &m);
	assert_int_equal(m.n, 10);
	assert_string_equal(m.items[0].label, "eta");
	assert_string_equal(m.items[0].path, "HyperParameters.eta");
	same = json_deep_copy(spec);
	for (size_t i = 0; i < m.n; i++) {
		AUTO(str) char *change = xasprintf("%s=%s", m.items[i].path, m.items[i].text);

		if (spec_set(spec, change, &err))
			fail_msg("%s: %s", change, err.msg);
	}
	AUTO(str) char *diff = spec_diff(same, spec);
	assert_string_equal(diff, "+ EnableManagedSpotTraining: false\n");
	job_add_group(j, "workers", "ml.m5.xlarge", 2);
	job_members(j, &m);
	assert_int_equal(m.n, 8);
}

static void test_defects(void **state)
{
	static const struct {
		const char *old, *new, *message;
	} rows[] = {{"nba-1", "'-bad name'",
		     "s.yaml:1: TrainingJobName: '-bad name' does not have the form [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"},
		    {"TrainingJobName: nba-1\n", "", "s.yaml: TrainingJobName: is missing"},
		    {"InstanceCount: 1", "InstanceCount: two",
		     "s.yaml:18: ResourceConfig.InstanceCount: a whole number is wanted"},
		    {"InstanceCount: 1", "InstanceCount: 0",
		     "s.yaml:18: ResourceConfig.InstanceCount: 0 is not between 1 and 10000"},
		    {"  InstanceCount: 1\n", "", "s.yaml:16: ResourceConfig.InstanceCount: is missing"},
		    {"eta: '0.1'", "eta: 0.1", "s.yaml:7: HyperParameters.eta: a string is wanted: put it in quotes"},
		    {"StoppingCondition", "StopingCondition",
		     "s.yaml:20: StopingCondition: there is no such member: did you mean 'StoppingCondition'? (and 1 "
		     "more)"},
		    {"S3DataType: S3Prefix", "S3DataType: Prefix",
		     "s.yaml:12: InputDataConfig.0.DataSource.S3DataSource.S3DataType: 'Prefix' is not one of "
		     "ManifestFile, "
		     "S3Prefix, AugmentedManifestFile, Converse"},
		    {"s3://bucket/out", "bucket/out",
		     "s.yaml:15: OutputDataConfig.S3OutputPath: 'bucket/out' does not have the form "
		     "(https|s3)://([^/]+)/?(.*)"},
		    {"  TrainingInputMode: File\n", "  TrainingInputMode: File\n  AlgorithmName: x\n",
		     "s.yaml:2: AlgorithmSpecification: either TrainingImage or AlgorithmName is wanted, not both"},
		    {"MaxRuntimeInSeconds: 3600\n", "MaxRuntimeInSeconds: 3600\nEnableManagedSpotTraining: true\n",
		     "s.yaml:20: StoppingCondition.MaxWaitTimeInSeconds: is missing: with EnableManagedSpotTraining it "
		     "says how "
		     "long to wait and train in all"},
		    {"MaxRuntimeInSeconds: 3600\n",
		     "MaxRuntimeInSeconds: 3600\n  MaxWaitTimeInSeconds: 60\nEnableManagedSpotTraining: true\n",
		     "s.yaml:22: StoppingCondition.MaxWaitTimeInSeconds: 60 is less than MaxRuntimeInSeconds (3600)"},
		    {"eta: '0.1'", "eta: '0.1'\nTags:\n  - Key: a\n    Value: b\n    Extra: c",
		     "s.yaml:11: Tags.0.Extra: there is no such member"},
		    {"InputDataConfig:\n", "EnableNetworkIsolation: maybe\nInputDataConfig:\n",
		     "s.yaml:8: EnableNetworkIsolation: true or false is wanted"}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(str) char *text = with(rows[i].old, rows[i].new);
		AUTO(source_lines) struct source_lines lines = {0};
		AUTO(json) json_t *spec = load(text, &lines);
		struct err err = {0};

		assert_int_equal(spec_check(spec, "s.yaml", &lines, &err), -ERR_INVALID);
		assert_string_equal(err.msg, rows[i].message);
	}
	AUTO(json) json_t *list = json_array();
	assert_int_equal(spec_check(list, "s.yaml", NULL, NULL), -ERR_INVALID);
}

static void test_set(void **state)
{
	AUTO(json) json_t *spec = load(good, NULL);

	static const char *const ok[] = {"ResourceConfig.InstanceType=ml.g5.xlarge",
					 "ResourceConfig.InstanceCount=2",
					 "HyperParameters.eta=0.3",
					 "HyperParameters.a.b=1",
					 "Environment.X=1",
					 "EnableManagedSpotTraining=yes",
					 "StoppingCondition.MaxWaitTimeInSeconds=7200",
					 "InputDataConfig.0.ContentType=text/csv",
					 "Tags.run=nightly",
					 "Tags.run=weekly",
					 "Tags.gone=x",
					 "Tags.gone=null",
					 "ResourceConfig.VolumeSizeInGB=null",
					 "VpcConfig={\"SecurityGroupIds\":[\"sg-1\"],\"Subnets\":[\"s-1\"]}"};

	for (size_t i = 0; i < ARRAY_LEN(ok); i++) {
		struct err err = {0};

		if (spec_set(spec, ok[i], &err))
			fail_msg("%s: %s", ok[i], err.msg);
	}
	struct err err = {0};
	if (spec_check(spec, NULL, NULL, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(json_integer_value(json_path_get(spec, "ResourceConfig.InstanceCount")), 2);
	assert_string_equal(json_string_value(json_path_get(spec, "HyperParameters.eta")), "0.3");
	assert_string_equal(json_get_str(json_object_get(spec, "HyperParameters"), "a.b"), "1");
	assert_string_equal(json_get_str(json_path_get(spec, "InputDataConfig.0"), "ContentType"), "text/csv");
	assert_int_equal(json_array_size(json_object_get(spec, "Tags")), 1);
	assert_string_equal(json_get_str(json_path_get(spec, "Tags.0"), "Value"), "weekly");
	assert_null(json_path_get(spec, "ResourceConfig.VolumeSizeInGB"));
	static const struct {
		const char *change, *message;
	} bad[] = {{"ResourceConfig.InstanceTyp=x",
		    "ResourceConfig.InstanceTyp: there is no member 'InstanceTyp': did you mean 'InstanceType'?"},
		   {"ResourceConfig.InstanceCount=many",
		    "ResourceConfig.InstanceCount: a whole number is wanted, not 'many'"},
		   {"eta", "'eta': a change has the form path=value"},
		   {"InputDataConfig.train.ContentType=x",
		    "InputDataConfig.train.ContentType: a position (0, 1 ...) is wanted after InputDataConfig"}};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		err = (struct err){0};
		assert_true(spec_set(spec, bad[i].change, &err) != 0);
		assert_string_equal(err.msg, bad[i].message);
	}
}

/* By the rule of its member alone; nothing of the rest is needed. */
static void test_check_of_a_change(void **state)
{
	static const struct {
		const char *change, *message; /* NULL: it is fine */
	} rows[] = {
		{"ResourceConfig.VolumeSizeInGB=30", NULL},
		{"ResourceConfig.VolumeSizeInGB=abc",
		 "ResourceConfig.VolumeSizeInGB: a whole number is wanted, not 'abc'"},
		{"ResourceConfig.InstanceCount=0", "ResourceConfig.InstanceCount: 0 is not between 1 and 10000"},
		{"ResourceConfig.InstanceGroups.1.InstanceCount=0",
		 "ResourceConfig.InstanceGroups.1.InstanceCount: 0 is not between 1 and 10000"},
		{"ResourceConfig.InstanceType=m5.large",
		 "ResourceConfig.InstanceType: 'm5.large' does not have the form ml\\.[a-z0-9-]+\\.[a-z0-9]+"},
		{"InputDataConfig.0.DataSource.S3DataSource.S3Uri=s3://b/k", NULL},
		{"HyperParameters.a.b=1", NULL},
		{"EnableManagedSpotTraining=maybe", "EnableManagedSpotTraining: true or false is wanted, not 'maybe'"},
		{"RoleArn=null", NULL},
		{"Tags.team=x", NULL},
		{"Nosuch=1", "Nosuch: there is no member 'Nosuch'"},
		{"eta", "'eta': a change has the form path=value"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = {0};
		int rc = spec_check_change(rows[i].change, &err);

		assert_int_equal(rc < 0, rows[i].message != NULL);
		assert_string_equal(err.msg, str_or(rows[i].message, ""));
	}
}

static void test_clone(void **state)
{
	static const char reply_text[] =
		"{\"TrainingJobName\":\"a\",\"TrainingJobArn\":\"arn\",\"TrainingJobStatus\":\"Completed\","
		"\"SecondaryStatus\":\"Completed\",\"HyperParameters\":{\"eta\":\"0.1\",\"empty\":\"\","
		"\"_tuning_objective_metric\":\"m\"},"
		"\"AlgorithmSpecification\":{\"TrainingImage\":\"x\",\"TrainingInputMode\":\"File\","
		"\"MetricDefinitions\":[]},"
		"\"RoleArn\":\"arn:aws:iam::123456789012:role/"
		"r\",\"OutputDataConfig\":{\"KmsKeyId\":\"\",\"S3OutputPath\":"
		"\"s3://b/o\",\"CompressionType\":\"GZIP\"},\"ResourceConfig\":{\"InstanceType\":\"ml.m5.large\","
		"\"InstanceCount\":1,\"VolumeSizeInGB\":5},\"StoppingCondition\":{\"MaxRuntimeInSeconds\":60},"
		"\"CreationTime\":1.7e9,\"ModelArtifacts\":{\"S3ModelArtifacts\":\"s3://b/"
		"m\"},\"BillableTimeInSeconds\":4,"
		"\"EnableNetworkIsolation\":false,\"Environment\":{}}";
	AUTO(json) json_t *reply = NULL;
	AUTO(strmap) struct strmap tags = {0};
	struct err err = {0};

	assert_int_equal(json_parse(reply_text, strlen(reply_text), "reply", &reply, NULL), 0);
	strmap_set(&tags, "run", "x");
	strmap_set(&tags, "aws:createdBy", "y");
	AUTO(json) json_t *spec = spec_from_describe(reply, &tags);
	if (spec_check(spec, NULL, NULL, &err))
		fail_msg("%s", err.msg);
	assert_null(json_object_get(spec, "ModelArtifacts"));
	assert_null(json_path_get(spec, "OutputDataConfig.KmsKeyId"));
	assert_null(json_path_get(spec, "HyperParameters._tuning_objective_metric"));
	assert_string_equal(json_string_value(json_path_get(spec, "HyperParameters.empty")), "");
	assert_int_equal(json_array_size(json_object_get(spec, "Tags")), 1);
	assert_true(spec_is_of(spec, reply));
	AUTO(json) json_t *changed = json_deep_copy(spec);
	assert_int_equal(spec_set(changed, "HyperParameters.eta=0.2", NULL), 0);
	assert_int_equal(spec_set(changed, "ResourceConfig.VolumeSizeInGB=null", NULL), 0);
	assert_int_equal(spec_set(changed, "Environment.A=b", NULL), 0);
	assert_false(spec_is_of(changed, reply));
	AUTO(str) char *diff = spec_diff(spec, changed);
	assert_string_equal(diff, "+ Environment.A: b\n"
				  "- HyperParameters.eta: 0.1\n+ HyperParameters.eta: 0.2\n"
				  "- ResourceConfig.VolumeSizeInGB: 5\n");
	AUTO(str) char *none = spec_diff(spec, spec);
	assert_string_equal(none, "");
}

/* Script mode tells a job its name, and where to write, in its hyperparameters. */
static void test_clone_of_script_mode(void **state)
{
	static const char reply_text[] =
		"{\"TrainingJobName\":\"tf-1\",\"HyperParameters\":{\"sagemaker_job_name\":\"\\\"tf-1\\\"\","
		"\"model_dir\":\"\\\"s3://b/tf-1/model\\\"\",\"log_dir\":\"/logs/tf-1\",\"epochs\":\"2\","
		"\"sagemaker_submit_directory\":\"\\\"s3://b/tf-1/source.tar.gz\\\"\",\"like\":\"tf-10\"},"
		"\"Environment\":{\"RUN\":\"tf-1\"},"
		"\"AlgorithmSpecification\":{\"TrainingImage\":\"x\",\"TrainingInputMode\":\"File\"},"
		"\"RoleArn\":\"arn:aws:iam::123456789012:role/r\",\"OutputDataConfig\":{\"S3OutputPath\":\"s3://b/"
		"tf-1\"},"
		"\"CheckpointConfig\":{\"S3Uri\":\"s3://b/ckpt\"},"
		"\"TensorBoardOutputConfig\":{\"S3OutputPath\":\"s3://b/tf-1/board\"},"
		"\"ResourceConfig\":{\"VolumeSizeInGB\":5,\"InstanceGroups\":["
		"{\"InstanceType\":\"ml.a\",\"InstanceCount\":2,\"InstanceGroupName\":\"a\"},"
		"{\"InstanceType\":\"ml.b.x\",\"InstanceCount\":1,\"InstanceGroupName\":\"b\"}]},"
		"\"StoppingCondition\":{\"MaxRuntimeInSeconds\":60}}";
	AUTO(json) json_t *reply = NULL;
	AUTO(resources) struct resources jobs = {0};
	AUTO(price_table) struct price_table prices = {0};
	AUTO(strmap) struct strmap tags = {0};
	AUTO(strlist) struct strlist sets = {0};
	struct launch_input in = {
		.tags = &tags, .new_name = "tf-2", .sets = &sets, .jobs = &jobs, .prices = &prices, .region = "r"};
	AUTO(launch_plan) struct launch_plan *p = NULL, *bare = NULL;
	struct err err = {0};

	assert_int_equal(json_parse(reply_text, strlen(reply_text), "reply", &reply, &err), 0);
	in.reply = reply;
	strlist_add(&sets, "ResourceConfig.InstanceGroups.0.InstanceType=ml.m5.large");
	strlist_add(&sets, "ResourceConfig.InstanceGroups.1.InstanceType=ml.p3.2xlarge");
	static const char table[] =
		"instance_type,region,component,usd_per_hour,as_of,grade,source\n"
		"ml.m5.large,r,Training,0.6,2026-09-24,A,x\nml.p3.2xlarge,r,Training,6,2026-09-24,A,x\n";
	assert_int_equal(price_table_parse(&prices, table, sizeof(table) - 1, "t", NULL), 0);
	if (launch_plan_make(&in, &p, &err))
		fail_msg("%s", err.msg);
	assert_string_equal(p->name, "tf-2");
	assert_int_equal(p->ceiling_micro, (2 * 600000 + 6000000) / 60);
	assert_string_equal(p->price_as_of, "2026-09-24");
	const json_t *hp = json_object_get(p->spec, "HyperParameters");
	assert_string_equal(json_get_str(hp, "sagemaker_job_name"), "\"tf-2\"");
	assert_string_equal(json_get_str(hp, "model_dir"), "\"s3://b/tf-2/model\"");
	assert_string_equal(json_get_str(hp, "like"), "tf-10");
	assert_string_equal(json_get_str(hp, "sagemaker_submit_directory"), "\"s3://b/tf-1/source.tar.gz\"");
	assert_string_equal(json_string_value(json_path_get(p->spec, "TensorBoardOutputConfig.S3OutputPath")),
			    "s3://b/tf-2/board");
	assert_non_null(strstr(p->diff, "- HyperParameters.model_dir: \"s3://b/tf-1/model\"\n"
					"+ HyperParameters.model_dir: \"s3://b/tf-2/model\"\n"));
	assert_string_equal(p->warning,
			    "HyperParameters.log_dir is still that of tf-1; Environment.RUN is still that of "
			    "tf-1; it shares its checkpoints with tf-1 and would resume from them");
	/* What the user sets is as he says; tags that nobody could tell are missed aloud;
	 * a price that is not known is named. */
	strlist_add(&sets, "HyperParameters.model_dir=s3://b/mine");
	strlist_add(&sets, "ResourceConfig.InstanceGroups.1.InstanceType=ml.p9.2xlarge");
	in.tags = NULL;
	assert_int_equal(launch_plan_make(&in, &bare, &err), 0);
	assert_int_equal(bare->ceiling_micro, USD_UNKNOWN);
	assert_string_equal(json_get_str(json_object_get(bare->spec, "HyperParameters"), "model_dir"), "s3://b/mine");
	assert_non_null(strstr(bare->warning, "the price of ml.p9.2xlarge in r is not known"));
	assert_non_null(strstr(bare->warning, "the tags of tf-1 are not known"));
}

/* A member that is not known here is told of, what the service adds is not; a job of a training plan costs nothing
 * more, and a hyperparameter beside others may be a slip. */
static void test_clone_of_what_is_newer(void **state)
{
	static const char reply_text[] =
		"{\"TrainingJobName\":\"n\",\"TrainingJobStatus\":\"Completed\",\"HyperParameters\":{\"eta\":\"1\"},"
		"\"AlgorithmSpecification\":{\"TrainingImage\":\"x\",\"TrainingInputMode\":\"File\"},"
		"\"RoleArn\":\"arn:aws:iam::123456789012:role/r\",\"OutputDataConfig\":{\"S3OutputPath\":\"s3://b/o\"},"
		"\"ResourceConfig\":{\"InstanceType\":\"ml.p5.48xlarge\",\"InstanceCount\":1,\"VolumeSizeInGB\":5,"
		"\"TrainingPlanArn\":\"arn:aws:sagemaker:us-east-1:123456789012:training-plan/spring\"},"
		"\"StoppingCondition\":{\"MaxRuntimeInSeconds\":60},\"Quantum\":{\"Bits\":3},\"Later\":[]}";
	AUTO(json) json_t *reply = NULL;
	AUTO(resources) struct resources jobs = {0};
	AUTO(price_table) struct price_table prices = {0};
	AUTO(strmap) struct strmap tags = {0};
	AUTO(strlist) struct strlist sets = {0};
	AUTO(launch_plan) struct launch_plan *p = NULL;
	struct launch_input in = {
		.tags = &tags, .new_name = "m", .sets = &sets, .jobs = &jobs, .prices = &prices, .region = "r"};
	struct err err = {0};

	assert_int_equal(json_parse(reply_text, strlen(reply_text), "reply", &reply, &err), 0);
	in.reply = reply;
	strlist_add(&sets, "HyperParameters.eta=2");
	strlist_add(&sets, "HyperParameters.nosuch=1");
	if (launch_plan_make(&in, &p, &err))
		fail_msg("%s", err.msg);
	assert_string_equal(p->warning, "nosuch is new among the hyperparameters; "
					"left out, since this program does not know it: Quantum of n");
	assert_string_equal(p->training_plan, "spring");
	assert_int_equal(p->ceiling_micro, 0);
	assert_null(p->price_as_of);
}

/* A model_dir that does not name the job is the same folder: it is told. */
static void test_clone_into_the_same_folder(void **state)
{
	AUTO(json)
	json_t *before =
		json_pack("{s:s,s:{s:s}}", "TrainingJobName", "a", "HyperParameters", "model_dir", "\"s3://b/models\"");
	AUTO(json) json_t *after = json_deep_copy(before);
	AUTO(strlist) struct strlist shared = {0};

	spec_rename(after, "b");
	spec_shared(before, after, &shared);
	assert_int_equal(shared.n, 1);
	assert_string_equal(shared.items[0], "HyperParameters.model_dir");
	assert_string_equal(json_get_str(after, "TrainingJobName"), "b");
}

static const char sweep_reply[] =
	"{\"TrainingJobName\":\"tf-1\",\"HyperParameters\":{\"model_dir\":\"\\\"s3://b/tf-1/"
	"model\\\"\",\"eta\":\"0.1\"},"
	"\"AlgorithmSpecification\":{\"TrainingImage\":\"x\",\"TrainingInputMode\":\"File\"},"
	"\"RoleArn\":\"arn:aws:iam::123456789012:role/r\",\"OutputDataConfig\":{\"S3OutputPath\":\"s3://b/o\"},"
	"\"CheckpointConfig\":{\"S3Uri\":\"s3://b/ckpt\"},\"ResourceConfig\":{\"VolumeSizeInGB\":5,"
	"\"InstanceType\":\"ml.m5.large\",\"InstanceCount\":1},\"StoppingCondition\":{\"MaxRuntimeInSeconds\":3600}}";

static int plan_sweep(const char *text, struct launch_plan **ret, struct err *err)
{
	static const char table[] = "instance_type,region,component,usd_per_hour,as_of,grade,source\n"
				    "ml.m5.large,r,Training,0.6,2026-09-24,A,x\n";
	AUTO(json) json_t *reply = NULL;
	AUTO(resources) struct resources jobs = {0};
	AUTO(price_table) struct price_table prices = {0};
	AUTO(strmap) struct strmap tags = {0};
	AUTO(strlist) struct strlist texts = {0};
	AUTO(grid) struct grid g = {0};
	struct launch_input in = {.tags = &tags, .grid = &g, .jobs = &jobs, .prices = &prices, .region = "r"};

	strlist_add(&texts, text);
	assert_int_equal(json_parse(sweep_reply, strlen(sweep_reply), "reply", &reply, NULL), 0);
	assert_int_equal(price_table_parse(&prices, table, sizeof(table) - 1, "t", NULL), 0);
	assert_int_equal(grid_parse(&texts, &g, NULL), 0);
	in.reply = reply;
	return launch_plan_make(&in, ret, err);
}

/* Each job of a sweep has its own name, values and folders; what all can cost is the plan's. */
static void test_sweep_of_a_clone(void **state)
{
	AUTO(launch_plan) struct launch_plan *p = NULL;
	struct err err = {0};

	if (plan_sweep("eta=0.1,0.3 depth=2..4", &p, &err))
		fail_msg("%s", err.msg);
	assert_string_equal(p->name, "tf-1");
	assert_int_equal(p->n_jobs, 6);
	assert_int_equal(p->ceiling_micro, 6 * 600000);
	const json_t *last = p->jobs[5].spec, *values = json_object_get(last, "HyperParameters");

	assert_string_equal(p->jobs[5].name, "tf-1-depth-4-eta-0-3");
	assert_string_equal(json_get_str(last, "TrainingJobName"), "tf-1-depth-4-eta-0-3");
	assert_string_equal(json_get_str(values, "depth"), "4");
	assert_string_equal(json_get_str(values, "eta"), "0.3");
	assert_string_equal(json_get_str(values, "model_dir"), "\"s3://b/tf-1-depth-4-eta-0-3/model\"");
	assert_string_equal(json_string_value(json_path_get(last, "CheckpointConfig.S3Uri")),
			    "s3://b/ckpt/tf-1-depth-4-eta-0-3");
	assert_string_equal(json_string_value(json_path_get(last, "Tags.0.Key")), SWEEP_TAG);
	assert_string_equal(json_string_value(json_path_get(last, "Tags.0.Value")), "tf-1");
	assert_string_equal(p->warning, "depth is new among the hyperparameters");
}

/* Each job is priced by its own machine; one without a price leaves the sum unknown. */
static void test_sweep_of_machines(void **state)
{
	AUTO(launch_plan) struct launch_plan *p = NULL, *unknown = NULL;
	struct err err = {0};

	if (plan_sweep("ResourceConfig.InstanceCount=1,3", &p, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(p->n_jobs, 2);
	assert_string_equal(p->jobs[1].name, "tf-1-InstanceCount-3");
	assert_int_equal(p->jobs[1].ceiling_micro, 3 * p->jobs[0].ceiling_micro);
	assert_int_equal(p->ceiling_micro, 4 * p->jobs[0].ceiling_micro);
	if (plan_sweep("ResourceConfig.InstanceType=ml.m5.large,ml.nothing.large", &unknown, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(unknown->ceiling_micro, USD_UNKNOWN);
	assert_non_null(strstr(unknown->warning, "the price of ml.nothing.large"));
}

static void test_sweep_refused(void **state)
{
	AUTO(launch_plan) struct launch_plan *p = NULL;
	struct err name = {0}, member = {0}, text = {0};

	assert_int_equal(plan_sweep("TrainingJobName=a,b", &p, &name), -ERR_USAGE);
	assert_non_null(strstr(name.msg, "the names of the jobs are made of the other values"));
	assert_int_equal(plan_sweep("ResourceConfig.Nothing=1,2", &p, &member), -ERR_INVALID);
	assert_non_null(strstr(member.msg, "ResourceConfig.Nothing"));
	assert_int_equal(plan_sweep("eta=\xff,0.3", &p, &text), -ERR_USAGE);
	assert_non_null(strstr(text.msg, "UTF-8"));
	assert_null(p);
}

/* --- the table against the service's own model ---------------------------------------- */

#define MODEL_MAX ((size_t)64 << 20)

static json_t *read_model(void)
{
	const char *models = getenv("SAGETOP_TEST_MODELS");
	AUTO(str) char *command = models ? xasprintf("gzip -dc '%s/sagemaker/service-2.json.gz'", models) : NULL;
	AUTO(buf) struct buf text = BUF_INIT(MODEL_MAX);
	json_t *model = NULL;
	char part[65536];
	size_t n;

	if (!command) {
		print_message("# SAGETOP_TEST_MODELS is unset: the table is not compared with the service's model\n");
		return NULL;
	}
	FILE *f = popen(command, "r");
	assert_non_null(f);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		assert_int_equal(buf_add(&text, part, n), 0);
	assert_int_equal(pclose(f), 0);
	assert_int_equal(json_parse(buf_str(&text), text.len, "model", &model, NULL), 0);
	return model;
}

/* 0 and none are the same of a length; numbers have a least one or not. */
static void same_limit(const char *path, const char *which, const json_t *model, const struct shape *s, int64_t limit)
{
	int64_t wanted = json_get_i64(model, which, SHAPE_NO_LIMIT);

	if (str_eq(which, "min") && s->type != SHAPE_INTEGER) {
		wanted = MAX(wanted, (int64_t)0);
		limit = MAX(limit, (int64_t)0);
	}
	if (limit != wanted)
		fail_msg("%s: %s is %lld, the model's is %lld", path, which, (long long)limit, (long long)wanted);
}

static void same_values(const char *path, const json_t *values, const struct shape *s)
{
	size_t n = 0;

	while (s->values && s->values[n])
		n++;
	if (n != json_array_size(values))
		fail_msg("%s: %zu values, the model has %zu", path, n, json_array_size(values));
	for (size_t i = 0; i < n; i++) {
		bool found = false;

		for (size_t k = 0; k < n; k++)
			found |= str_eq(s->values[i], json_string_value(json_array_get(values, k)));
		if (!found)
			fail_msg("%s: the model does not know %s", path, s->values[i]);
	}
}

static size_t compared;

static void same_shape(const json_t *shapes, const char *name, const struct shape *s, const char *path);

static void same_members(const json_t *shapes, const json_t *model, const struct shape *s, const char *path)
{
	const json_t *members = json_object_get(model, "members");
	size_t n = 0;

	for (const struct shape_member *m = s->members; m->name; m++, n++) {
		AUTO(str) char *at = xasprintf("%s.%s", path, m->name);
		const json_t *theirs = json_object_get(members, m->name), *name;
		size_t i;
		bool required = false;

		if (!theirs)
			fail_msg("%s: the model has no such member", at);
		json_array_foreach(json_object_get(model, "required"), i, name) required |=
			str_eq(json_string_value(name), m->name);
		if (required != m->required)
			fail_msg("%s: required is %d, not so in the model", at, m->required);
		same_shape(shapes, json_get_str(theirs, "shape"), m->shape, at);
	}
	if (n != json_object_size(members))
		fail_msg("%s: %zu members, the model has %zu", path, n, json_object_size(members));
}

static void same_shape(const json_t *shapes, const char *name, const struct shape *s, const char *path)
{
	static const char *const types[] = {
		[SHAPE_STRING] = "string", [SHAPE_INTEGER] = "integer", [SHAPE_BOOLEAN] = "boolean",
		[SHAPE_LIST] = "list",	   [SHAPE_MAP] = "map",		[SHAPE_STRUCT] = "structure"};
	const json_t *model = json_object_get(shapes, name);
	const char *type = json_get_str(model, "type");

	if (s->type == SHAPE_ANY) /* accepted unseen */
		return;
	compared++;
	if (!str_eq(types[s->type], type) && !(s->type == SHAPE_INTEGER && str_eq(type, "long")))
		fail_msg("%s: a %s, the model's %s is a %s", path, types[s->type], name, type);
	if (s->type == SHAPE_STRUCT) {
		same_members(shapes, model, s, path);
		return;
	}
	if (s->type == SHAPE_BOOLEAN)
		return;
	same_values(path, json_object_get(model, "enum"), s);
	if (s->values) /* the pattern beside them is ours */
		return;
	same_limit(path, "min", model, s, s->min);
	same_limit(path, "max", model, s, s->max);
	if (s->type == SHAPE_STRING && !str_eq(s->pattern, json_get_str(model, "pattern")))
		fail_msg("%s: pattern %s, the model's is %s", path, s->pattern, json_get_str(model, "pattern"));
	if (s->type == SHAPE_LIST)
		same_shape(shapes, json_get_str(json_object_get(model, "member"), "shape"), s->element, path);
	if (s->type == SHAPE_MAP) {
		same_shape(shapes, json_get_str(json_object_get(model, "key"), "shape"), s->key, path);
		same_shape(shapes, json_get_str(json_object_get(model, "value"), "shape"), s->element, path);
	}
}

/* One table serves the check and the engine; the service's model judges it. */
static void test_table_is_the_models(void **state)
{
	AUTO(json) json_t *model = read_model();

	if (!model)
		skip();
	const json_t *operation = json_object_get(json_object_get(model, "operations"), "CreateTrainingJob");
	same_shape(json_object_get(model, "shapes"), json_get_str(json_object_get(operation, "input"), "shape"),
		   &shape_create_training_job, "CreateTrainingJob");
	print_message("# %zu shapes compared\n", compared);
	assert_true(compared > 90);
}

/* What the two tables did not agree on, and types that are newer than the table. */
static void test_once_apart(void **state)
{
	static const struct {
		const char *old, *new;
	} rows[] = {{"        S3Uri: s3://bucket/train/\n",
		     "        S3Uri: s3://bucket/train/\n        ModelAccessConfig: {AcceptEula: true}\n"
		     "        HubAccessConfig: {HubContentArn: x}\n"},
		    {"ml.m5.xlarge", "ml.z9.metal-48xlarge"},
		    {"ml.m5.xlarge", "ml.p7e-x400.36xlarge"},
		    {"eta: '0.1'", "text: \"two\\nlines\""}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(str) char *text = with(rows[i].old, rows[i].new);
		AUTO(json) json_t *spec = load(text, NULL);
		struct err err = {0};
		bool refused = i == 1; /* no instance type ever looked like it */

		if ((spec_check(spec, NULL, NULL, &err) != 0) != refused)
			fail_msg("%zu: %s", i, err.msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_good),
					   cmocka_unit_test(test_defects),
					   cmocka_unit_test(test_set),
					   cmocka_unit_test(test_check_of_a_change),
					   cmocka_unit_test(test_clone),
					   cmocka_unit_test(test_clone_of_what_is_newer),
					   cmocka_unit_test(test_members_of_a_job),
					   cmocka_unit_test(test_clone_of_script_mode),
					   cmocka_unit_test(test_clone_into_the_same_folder),
					   cmocka_unit_test(test_sweep_of_a_clone),
					   cmocka_unit_test(test_sweep_of_machines),
					   cmocka_unit_test(test_sweep_refused),
					   cmocka_unit_test(test_table_is_the_models),
					   cmocka_unit_test(test_once_apart)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
