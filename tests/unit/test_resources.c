/* test_resources.c - things of all kinds out of replies, and their names into requests:
 * paths, names of several members, ARNs, hostile text, arguments. */
#include "unit.h"

#include "aws/op.h"
#include "aws/resource.h"
#include "model/web_console.h"

static json_t *parse_json(const char *text)
{
	json_t *o = NULL;
	struct err err = {0};

	if (json_parse(text, strlen(text), "test", &o, &err))
		fail_msg("%s", err.msg);
	return o;
}

static struct resource *thing(const char *kind, const char *text, enum detail detail, const char *parent)
{
	AUTO(json) json_t *o = parse_json(text);
	struct resource *r = NULL;
	struct err err = {0};

	if (aws_resource_parse(kind_find(kind), o, detail, parent, &r, &err))
		fail_msg("%s: %s", kind, err.msg);
	return r;
}

static const char *value(const struct resource *r, const char *field)
{
	const char *key;

	return resource_record(r)->values[field_find(r->kind, field, &key) - r->kind->fields];
}

static void test_summary(void **state)
{
	AUTO(resource)
	struct resource *r = thing("processing-job",
				   "{\"ProcessingJobName\": \"Split-1\", \"ProcessingJobArn\": "
				   "\"arn:aws:sagemaker:us-east-1:1:processing-job/split-1\","
				   " \"CreationTime\": 1767225600.5, \"ProcessingEndTime\": 1767225700, "
				   "\"ProcessingJobStatus\": \"Failed\","
				   " \"FailureReason\": \"no\\u001b[31m data\", \"ExitMessage\": \"\"}",
				   DETAIL_SUMMARY, NULL);

	assert_string_equal(r->name, "Split-1");
	assert_int_equal(r->state, STATE_BAD);
	assert_int_equal(r->created_ms, 1767225600500);
	assert_int_equal(r->end_ms, 1767225700000);
	assert_int_equal(r->start_ms, TIME_UNKNOWN);
	assert_string_equal(r->failure_reason, "no data"); /* sanitised */
	assert_null(value(r, "message"));		   /* "" is nothing */
	assert_null(value(r, "instance"));		   /* unknown is not 0 */
	assert_int_equal(r->detail, DETAIL_SUMMARY);
	assert_int_equal(resource_record(r)->members.n, 0);
	assert_false(r->tags_known);
}

static void test_whole(void **state)
{
	AUTO(resource)
	struct resource *r =
		thing("endpoint",
		      "{\"EndpointName\": \"e\", \"EndpointStatus\": \"InService\", \"ProductionVariants\":"
		      " [{\"VariantName\": \"a\", \"CurrentWeight\": 0.9, \"CurrentInstanceCount\": 2},"
		      " {\"VariantName\": \"b\"}], \"Tags\": [{\"Key\": \"k\", \"Value\": \"v\"}]}",
		      DETAIL_SEARCHED, NULL);

	assert_string_equal(value(r, "variant"), "a");
	assert_string_equal(value(r, "variant2"), "b");
	assert_string_equal(value(r, "weight"), "0.9");
	assert_string_equal(value(r, "count"), "2");
	assert_null(value(r, "weight2"));
	assert_true(r->tags_known);
	assert_string_equal(strmap_get(&r->tags, "k"), "v");
	assert_string_equal(strmap_get(&resource_record(r)->members, "ProductionVariants[1].VariantName"), "b");
	assert_null(strmap_get(&resource_record(r)->members, "Tags[0].Key"));
}

static void test_alternatives(void **state)
{
	AUTO(resource)
	struct resource *list = thing("tuning-job",
				      "{\"HyperParameterTuningJobName\": \"t\", \"Strategy\": \"Random\","
				      " \"ResourceLimits\": {\"MaxNumberOfTrainingJobs\": 20}}",
				      DETAIL_SUMMARY, NULL),
			*whole =
				thing("tuning-job",
				      "{\"HyperParameterTuningJobName\": \"t\", \"HyperParameterTuningJobConfig\": {"
				      "\"Strategy\": \"Grid\", \"ResourceLimits\": {\"MaxNumberOfTrainingJobs\": 21}}}",
				      DETAIL_DESCRIBED, NULL);

	assert_string_equal(value(list, "strategy"), "Random");
	assert_string_equal(value(list, "max_jobs"), "20");
	assert_string_equal(value(whole, "strategy"), "Grid");
	assert_string_equal(value(whole, "max_jobs"), "21");
}

static void test_names(void **state)
{
	const char *execution = "arn:aws:sagemaker:us-east-1:1:pipeline/p/execution/5abc";
	AUTO(resource)
	struct resource
		*step = thing("pipeline-step",
			      "{\"StepName\": \"train\", \"StepStatus\": \"Executing\", \"Metadata\": {\"TrainingJob\":"
			      " {\"Arn\": \"arn:x\"}}}",
			      DETAIL_SUMMARY, execution),
		*schedule = thing("schedule", "{\"GroupName\": \"g\", \"Name\": \"n\", \"State\": \"DISABLED\"}",
				  DETAIL_SUMMARY, NULL),
		*run = thing("monitoring-execution",
			     "{\"MonitoringScheduleName\": \"m\", \"ScheduledTime\": 1767225600,"
			     " \"MonitoringExecutionStatus\": \"CompletedWithViolations\"}",
			     DETAIL_SUMMARY, NULL),
		*child = thing("tuning-child",
			       "{\"TrainingJobName\": \"c\", \"TrainingJobStatus\": \"Completed\","
			       " \"TunedHyperParameters\": {\"eta\": \"0.1\"}}",
			       DETAIL_SUMMARY, "t");

	assert_string_equal(step->name, "5abc/train");
	assert_string_equal(step->parent, execution);
	assert_string_equal(value(step, "made"), "arn:x");
	assert_int_equal(step->detail, DETAIL_DESCRIBED); /* the list is all there is */
	assert_string_equal(schedule->name, "g/n");
	assert_int_equal(schedule->state, STATE_NEUTRAL);
	assert_string_equal(run->name, "m/2026-01-01T00:00:00Z");
	assert_int_equal(run->state, STATE_BAD);
	assert_string_equal(strmap_get(&resource_record(child)->keyed, "eta"), "0.1");
}

static void test_nonsense(void **state)
{
	static const char *const texts[] = {"{}", "{\"EndpointName\": 0.5e400}", "{\"EndpointName\": \"\"}",
					    "{\"EndpointName\": null}"};
	struct resource *r = NULL;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO(json) json_t *o = json_loads(texts[i], 0, NULL);

		assert_true(aws_resource_parse(kind_find("endpoint"), o, DETAIL_SUMMARY, NULL, &r, NULL) < 0);
	}
}

static char *arguments(const struct kind *k, const struct kind_call *c, const char *name, const struct resource *known)
{
	AUTO(json) json_t *body = NULL;

	if (aws_resource_arguments(k, c, name, known, &body, NULL))
		return xstrdup("?");
	return json_text(body);
}

static void test_arguments(void **state)
{
	const struct kind *schedule = kind_find("schedule"), *alarm = kind_find("alarm"), *app = kind_find("app");
	AUTO(str) char *both = arguments(schedule, &schedule->describe, "g/n", NULL);
	AUTO(str) char *one = arguments(schedule, &schedule->describe, "n", NULL);
	AUTO(str) char *list = arguments(alarm, &alarm->delete, "a", NULL);
	AUTO(str) char *unknown = arguments(app, &app->describe, "d/me/JupyterLab/default", NULL);
	AUTO(resource)
	struct resource *known = thing("app",
				       "{\"DomainId\": \"d\", \"SpaceName\": \"s\", \"AppType\": \"JupyterLab\","
				       " \"AppName\": \"default\", \"Status\": \"InService\"}",
				       DETAIL_SUMMARY, NULL);

	assert_string_equal(both, "{\"GroupName\":\"g\",\"Name\":\"n\"}");
	assert_string_equal(one, "{\"Name\":\"n\"}");
	assert_string_equal(list, "{\"AlarmNames\":[\"a\"]}");
	assert_string_equal(unknown, "?");
	assert_string_equal(known->name, "d/s/JupyterLab/default");
	AUTO(str) char *all = arguments(app, &app->delete, known->name, known);

	assert_string_equal(
		all, "{\"DomainId\":\"d\",\"SpaceName\":\"s\",\"AppType\":\"JupyterLab\",\"AppName\":\"default\"}");
}

/* Every operation that a row names has a row of its own. */
static void test_operations(void **state)
{
	for (size_t i = 0; i < KIND_COUNT; i++) {
		const struct kind *k = &kind_table[i];
		const char *const names[] = {k->list.operation, k->describe.operation, k->stop.operation,
					     k->delete.operation};

		for (size_t j = 0; j < ARRAY_LEN(names); j++)
			if (names[j] && !aws_op_find(k->service, names[j]))
				fail_msg("%s: operations.def has no %s", k->name, names[j]);
	}
}

static void test_references(void **state)
{
	const struct kind *k;
	const char *name;
	struct err err = {0};

	assert_int_equal(kind_parse_reference("plain", &k, &name, NULL), 0);
	assert_int_equal(k->id, KIND_TRAINING_JOB);
	assert_int_equal(kind_parse_reference("Endpoints/a/b", &k, &name, NULL), 0);
	assert_string_equal(k->name, "endpoint");
	assert_string_equal(name, "a/b");
	assert_int_equal(kind_parse_reference("endpont/x", &k, &name, &err), -ERR_USAGE);
	assert_non_null(strstr(err.msg, "did you mean \"endpoint\""));
	assert_int_equal(kind_parse("tuning-children/t", &k, &name, NULL), 0);
	assert_string_equal(name, "t");
	assert_int_equal(kind_parse("models", &k, &name, NULL), 0);
	assert_null(name);
	assert_int_equal(kind_parse("models/x", &k, &name, NULL), -ERR_USAGE);
}

static void check_page(const char *kind, const char *name, const char *region, const char *url)
{
	AUTO(session) struct session *s = session_new();
	AUTO(resource) struct resource *r = resource_new(kind_find(kind), name);
	AUTO(str) char *got = NULL;

	str_set(&s->region, region);
	assert_int_equal(web_console_url(s, r, &got, NULL), 0);
	assert_string_equal(got, url);
}

static void test_pages_of_the_web_console(void **state)
{
	AUTO(session) struct session *s = session_new();
	AUTO(resource) struct resource *job = resource_new(TRAINING_KIND, "j");
	AUTO(resource) struct resource *pageless = resource_new(kind_find("feature-group"), "f");
	AUTO(str) char *url = NULL;
	struct err err = {0};

	check_page("training-job", "nba-8", "eu-west-1",
		   "https://eu-west-1.console.aws.amazon.com/sagemaker/home?region=eu-west-1#/jobs/nba-8");
	check_page("endpoint", "e", "cn-north-1",
		   "https://cn-north-1.console.amazonaws.cn/sagemaker/home?region=cn-north-1#/endpoints/e");
	check_page("alarm", "high", "us-gov-west-1",
		   "https://us-gov-west-1.console.amazonaws-us-gov.com/cloudwatch/home?region=us-gov-west-1"
		   "#alarmsV2:alarm/high");
	check_page("alarm", "5% of p99, {region} a/b#c?\xc3\xa9", "us-east-1",
		   "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1"
		   "#alarmsV2:alarm/5%25%20of%20p99%2C%20%7Bregion%7D%20a%2Fb%23c%3F%C3%A9");
	check_page(
		"schedule", "default/nightly", "us-east-1",
		"https://us-east-1.console.aws.amazon.com/scheduler/home?region=us-east-1#schedules/default/nightly");
	assert_int_equal(web_console_url(s, pageless, &url, &err), -ERR_INVALID);
	assert_non_null(strstr(err.msg, "no page"));
	s->local = true;
	assert_int_equal(web_console_url(s, job, &url, NULL), -ERR_INVALID);
	assert_null(url);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_summary),
					   cmocka_unit_test(test_whole),
					   cmocka_unit_test(test_alternatives),
					   cmocka_unit_test(test_names),
					   cmocka_unit_test(test_nonsense),
					   cmocka_unit_test(test_arguments),
					   cmocka_unit_test(test_operations),
					   cmocka_unit_test(test_references),
					   cmocka_unit_test(test_pages_of_the_web_console)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
