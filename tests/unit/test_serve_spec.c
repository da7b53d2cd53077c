/* test_serve_spec.c - the requests that serve a model, and that predict files in bulk. */
#include "unit.h"

#include "model/price.h"
#include "sync/deploy_spec.h"
#include "sync/deploy_way.h"
#include "sync/transform_spec.h"

/* --- deployments ------------------------------------------------------------------------- */

static const char trained[] = "{\"TrainingJobName\":\"nba-1\",\"TrainingJobStatus\":\"Completed\",\"RoleArn\":\"r\","
			      "\"AlgorithmSpecification\":{\"TrainingImage\":\"1.dkr/pytorch-training:2.1\"},"
			      "\"ModelArtifacts\":{\"S3ModelArtifacts\":\"s3://b/nba-1/model.tar.gz\"},"
			      "\"HyperParameters\":{\"sagemaker_program\":\"\\\"t.py\\\"\",\"eta\":\"1\"},"
			      "\"EnableNetworkIsolation\":false,\"VpcConfig\":{\"Subnets\":[\"s\"]}}";

static void test_deploy_model(void **state)
{
	AUTO(json) json_t *job = json_loads(trained, 0, NULL);
	AUTO(json) json_t *model = NULL;
	AUTO(json) json_t *own = NULL;
	AUTO(json) json_t *told = NULL;
	struct err err = {0};

	assert_int_equal(deploy_model_of_job(job, NULL, NULL, &model, NULL), 0);
	AUTO(str) char *text = json_text(model);

	assert_string_equal(text,
			    "{\"ModelName\":\"nba-1\",\"PrimaryContainer\":{\"Image\":\"1.dkr/pytorch-inference:2.1\","
			    "\"ModelDataUrl\":\"s3://b/nba-1/model.tar.gz\",\"Environment\":{\"SAGEMAKER_PROGRAM\":"
			    "\"t.py\"}},\"ExecutionRoleArn\":\"r\",\"VpcConfig\":{\"Subnets\":[\"s\"]}}");
	assert_int_equal(deploy_model_of_job(job, "mine", "q", &own, NULL), 0);
	assert_string_equal(json_string_value(json_path_get(own, "PrimaryContainer.Image")), "mine");
	assert_string_equal(json_get_str(own, "ExecutionRoleArn"), "q");
	told = json_deep_copy(model);
	assert_true(deploy_model_is(told, model));
	assert_false(deploy_model_is(told, own));
	json_object_set_new(json_path_get(told, "PrimaryContainer.Environment"), "X", json_string("1"));
	assert_false(deploy_model_is(told, model));
	deploy_model_rename(own);
	assert_int_equal(strlen(json_get_str(own, "ModelName")), strlen("nba-1-") + 8);
	json_object_del(job, "ModelArtifacts");
	assert_int_equal(deploy_model_of_job(job, NULL, NULL, &own, &err), -ERR_INVALID);
	assert_non_null(strstr(err.msg, "no model artefact"));
}

static void test_deploy_config(void **state)
{
	const struct deploy_machines two = {.instance_type = "ml.c5.xlarge", .instances = 2}, same = {0};
	AUTO(json) json_t *a = deploy_config_new("e", "m", &two);
	AUTO(json) json_t *again = deploy_config_new("e", "m", &two);
	AUTO(json) json_t *other = deploy_config_new("e", "n", &two);
	const char *name = json_get_str(a, "EndpointConfigName");
	AUTO(json) json_t *changed = NULL;
	AUTO(json) json_t *unchanged = NULL;
	struct err err = {0};

	assert_true(str_starts(name, "e-") && strlen(name) == 10);
	assert_string_equal(name, json_get_str(again, "EndpointConfigName")); /* of the content alone */
	assert_string_not_equal(name, json_get_str(other, "EndpointConfigName"));
	json_object_set_new(a, "CreationTime", json_real(1.5));
	assert_int_equal(deploy_config_changed(a, "e", "m", NULL, &same, &unchanged, NULL), 0);
	assert_string_equal(json_get_str(unchanged, "EndpointConfigName"), name);
	assert_null(json_object_get(unchanged, "CreationTime"));
	assert_int_equal(deploy_config_changed(a, "e", "n", DEPLOY_VARIANT, &(struct deploy_machines){.instances = 3},
					       &changed, NULL),
			 0);
	assert_string_not_equal(json_get_str(changed, "EndpointConfigName"), name);
	assert_int_equal(json_integer_value(json_path_get(changed, "ProductionVariants.0.InitialInstanceCount")), 3);
	assert_string_equal(json_string_value(json_path_get(changed, "ProductionVariants.0.InstanceType")),
			    "ml.c5.xlarge");
	assert_int_equal(deploy_config_changed(a, "e", "n", "x", &same, &changed, &err), -ERR_USAGE);
	assert_non_null(strstr(err.msg, "it has " DEPLOY_VARIANT));
}

static void test_deploy_update(void **state)
{
	static const char *const wrong[] = {"", "2048", "2048,0", "2048,201", "2000,1", "7168,1"};
	const struct deploy_way canary = {.canary = 10, .bake_ms = 60000};
	struct deploy_machines serverless = {0};
	AUTO(json) json_t *keeps = deploy_update("e", "c", false, &(struct deploy_way){0});
	AUTO(json) json_t *counts = deploy_update("e", "c", true, &canary);
	AUTO(str) char *a = deploy_name("--My job_1.2--"), *b = deploy_name("__");
	AUTO(json)
	json_t *c = deploy_config_new("a23456789012345678901234567890123456789012345678901234567890123", "m",
				      &(struct deploy_machines){.instance_type = "t"});

	assert_true(json_get_bool(keeps, "RetainAllVariantProperties", false));
	assert_null(json_object_get(keeps, "ExcludeRetainedVariantProperties"));
	assert_int_equal(json_array_size(json_object_get(counts, "ExcludeRetainedVariantProperties")), 1);
	assert_null(json_object_get(keeps, "DeploymentConfig"));
	assert_int_equal(json_get_i64(json_path_get(counts, "DeploymentConfig.BlueGreenUpdatePolicy."
							    "TrafficRoutingConfiguration.CanarySize"),
				      "Value", 0),
			 10);
	assert_int_equal(deploy_parse_serverless("2048,5", &serverless, NULL), 0);
	assert_int_equal(serverless.memory_mb, 2048);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(deploy_parse_serverless(wrong[i], &serverless, NULL), -ERR_USAGE);
	assert_string_equal(a, "My-job-1-2");
	assert_null(b);
	assert_int_equal(strlen(json_get_str(c, "EndpointConfigName")), DEPLOY_NAME_MAX);
}

static void test_deploy_way(void **state)
{
	struct strlist alarms = {0};
	const struct deploy_way usual = {0}, linear = {.linear = 30, .bake_ms = 600000, .alarms = &alarms},
				rolling = {.rolling = 50, .bake_ms = 60000};
	static const struct deploy_way wrong[] = {{.canary = 51},
						  {.linear = 9},
						  {.rolling = 4},
						  {.canary = 10, .rolling = 10},
						  {.bake_ms = 3600000 + 1000},
						  {.bake_ms = 1500}};
	AUTO(json) json_t *steps = NULL, *batches = deploy_way_config(&rolling);
	AUTO(str) char *text = deploy_way_text(&linear);

	strlist_add(&alarms, "errors");
	steps = deploy_way_config(&linear);
	assert_true(deploy_way_is_usual(&usual) && !deploy_way_is_usual(&linear));
	assert_null(deploy_way_config(&usual));
	assert_string_equal(json_string_value(json_path_get(steps, "AutoRollbackConfiguration.Alarms.0.AlarmName")),
			    "errors");
	assert_string_equal(
		json_string_value(json_path_get(steps, "BlueGreenUpdatePolicy.TrafficRoutingConfiguration.Type")),
		"LINEAR");
	assert_int_equal(json_get_i64(json_object_get(batches, "RollingUpdatePolicy"), "WaitIntervalInSeconds", 0), 60);
	/* four steps of ten minutes with both fleets; two batches of a minute with a half more */
	assert_int_equal(deploy_way_waits_ms(&linear), 2400000);
	assert_int_equal(deploy_way_cost_micro(&linear, 3000000), 2000000);
	assert_int_equal(deploy_way_cost_micro(&rolling, 3000000), 50000);
	assert_int_equal(deploy_way_cost_micro(&linear, USD_UNKNOWN), USD_UNKNOWN);
	assert_non_null(strstr(text, "30% more of the traffic every 10m"));
	assert_int_equal(deploy_way_check(&linear, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(deploy_way_check(&wrong[i], NULL), -ERR_USAGE);
	strlist_done(&alarms);
}

static void test_deploy_rate(void **state)
{
	static const char csv[] = "instance_type,region,component,usd_per_hour,as_of,grade,source\n"
				  "ml.c5.xlarge,us-east-1,Hosting,0.204,2025-01-26,B,t\n";
	AUTO(price_table) struct price_table t = {0};
	AUTO(json)
	json_t *known =
		deploy_config_new("e", "m", &(struct deploy_machines){.instance_type = "ml.c5.xlarge", .instances = 2});
	AUTO(json)
	json_t *unknown = deploy_config_new("e", "m", &(struct deploy_machines){.instance_type = "ml.x1.large"});
	AUTO(json)
	json_t *by_use = deploy_config_new("e", "m", &(struct deploy_machines){.memory_mb = 1024, .concurrency = 1});

	assert_int_equal(price_table_parse(&t, csv, strlen(csv), "t", NULL), 0);
	assert_int_equal(deploy_rate_micro(known, &t, "us-east-1"), 408000);
	assert_int_equal(deploy_rate_micro(unknown, &t, "us-east-1"), USD_UNKNOWN);
	assert_int_equal(deploy_rate_micro(known, &t, "eu-west-1"), USD_UNKNOWN);
	assert_int_equal(deploy_rate_micro(by_use, &t, "us-east-1"), 0);
}

/* --- batch transform ------------------------------------------------------------------------ */

static json_t *transform_of(struct transform_wish w)
{
	struct err err = {0};
	json_t *request = NULL;

	w.name = "t", w.model = "m", w.output = "s3://b/o";
	if (transform_spec_new(&w, &request, &err) < 0)
		fail_msg("%s", err.msg);
	return request;
}

static void test_transform(void **state)
{
	static const char csv[] = "instance_type,region,component,usd_per_hour,as_of,grade,source\n"
				  "ml.m5.large,us-east-1,Hosting,0.115,2025-01-26,B,t\n"
				  "ml.c5.large,us-east-1,Hosting,9,2025-01-26,B,t\n"
				  "ml.c5.large,us-east-1,BatchTransform,0.1,2025-01-26,B,t\n";
	AUTO(price_table) struct price_table t = {0};
	AUTO(json) json_t *lines = transform_of((struct transform_wish){.input = "s3://b/a.jsonl.gz", .instances = 3});
	AUTO(json) json_t *whole = transform_of((struct transform_wish){.input = "s3://b/i/", .sample = "x/1.png"});
	AUTO(json)
	json_t *joined = transform_of((struct transform_wish){.input = "s3://b/i/",
							      .strategy = "singlerecord",
							      .input_filter = "$[1:]",
							      .join = true,
							      .instance_type = "ml.c5.large"});
	AUTO(str) char *text = json_text(lines), *other = json_text(joined);

	assert_string_equal(
		text,
		"{\"TransformJobName\":\"t\",\"ModelName\":\"m\",\"BatchStrategy\":\"MultiRecord\",\"TransformInput\":{"
		"\"DataSource\":{\"S3DataSource\":{\"S3DataType\":\"S3Prefix\",\"S3Uri\":\"s3://b/a.jsonl.gz\"}},"
		"\"ContentType\":\"application/jsonlines\",\"CompressionType\":\"Gzip\",\"SplitType\":\"Line\"},"
		"\"TransformOutput\":{\"S3OutputPath\":\"s3://b/o\",\"AssembleWith\":\"Line\"},"
		"\"TransformResources\":{\"InstanceType\":\"ml.m5.large\",\"InstanceCount\":3}}");
	assert_non_null(strstr(other, "\"BatchStrategy\":\"SingleRecord\""));
	assert_non_null(strstr(other, "\"Accept\":\"text/csv\""));
	assert_non_null(strstr(other, "\"DataProcessing\":{\"InputFilter\":\"$[1:]\",\"JoinSource\":\"Input\"}"));
	assert_null(json_object_get(whole, "BatchStrategy"));
	assert_string_equal(json_string_value(json_path_get(whole, "TransformInput.SplitType")), "None");
	assert_string_equal(json_string_value(json_path_get(whole, "TransformInput.ContentType")), "image/png");
	assert_int_equal(price_table_parse(&t, csv, strlen(csv), "t", NULL), 0);
	assert_int_equal(transform_rate_micro(lines, &t, "us-east-1"), 345000); /* an endpoint's price */
	assert_int_equal(transform_rate_micro(joined, &t, "us-east-1"), 100000);
	assert_int_equal(transform_rate_micro(lines, &t, "eu-west-1"), USD_UNKNOWN);
}

static void test_transform_refused(void **state)
{
	static const struct {
		struct transform_wish wish;
		const char *says;
	} wrong[] = {{{.split = "Lines"}, "--split Lines: say None, Line, RecordIO or TFRecord"},
		     {{.strategy = "All"}, "say MultiRecord or SingleRecord"},
		     {{.split = "None", .strategy = "MultiRecord"}, "say --split Line"},
		     {{.instances = 101}, "1 to 100 instances"},
		     {{.output = "/tmp"}, "--output /tmp"},
		     {{.input_filter = "[0]"}, "--input-filter [0]: a JSONPath begins with $"},
		     {{.join = true, .accept = "x/y"}, "--accept x/y"},
		     {{.output_filter = "$", .split = "TFRecord"}, "--split TFRecord"},
		     {{.model = "\xff"}, "not UTF-8"}};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct transform_wish w = wrong[i].wish;
		struct err err = {0};
		json_t *request = NULL;

		w.name = "t", w.input = "s3://b/i.csv";
		w.model = str_or(w.model, "m"), w.output = str_or(w.output, "s3://b/o");
		assert_int_not_equal(transform_spec_new(&w, &request, &err), 0);
		if (!strstr(err.msg, wrong[i].says))
			fail_msg("%s: not %s", err.msg, wrong[i].says);
		assert_null(request);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deploy_model),	 cmocka_unit_test(test_deploy_config),
		cmocka_unit_test(test_deploy_update),	 cmocka_unit_test(test_deploy_rate),
		cmocka_unit_test(test_deploy_way),	 cmocka_unit_test(test_transform),
		cmocka_unit_test(test_transform_refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
