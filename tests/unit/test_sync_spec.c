/* test_sync_spec.c - specifications: what is refused and how it is named, changes
 * by path, clones, differences. */
#include "unit.h"

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

static void test_clone_name(void **state)
{
	int64_t now = 1795243686000; /* 2026-11-21T06:48:06Z */

	static const struct {
		const char *name, *clone;
	} rows[] = {{"churn", "churn-261121-064806"},
		    {"churn-261120-010203", "churn-261121-064806"},
		    {"xgb-2026-11-20-06-38-12-123", "xgb-261121-064806"},
		    {"xgb-2026-11-20-06-38-12", "xgb-261121-064806"},
		    {"a-1120", "a-1120-261121-064806"},
		    {"a23456789-123456789-123456789-123456789-12345678-0123456789", /* cut at a dash */
		     "a23456789-123456789-123456789-123456789-12345678-261121-064806"}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(str) char *name = spec_clone_name(rows[i].name, now);

		assert_string_equal(name, rows[i].clone);
		assert_true(strlen(name) <= 63);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_defects),
					   cmocka_unit_test(test_set), cmocka_unit_test(test_clone),
					   cmocka_unit_test(test_clone_name)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
