/* The table of operations: its rows, and calls made from a row and its members. */
#include "unit.h"

#include "aws/op.h"
#include "aws/policy.h"
#include "base/clock.h"
#include "httpd.h"

struct world {
	struct httpd httpd;
	struct aws_client *client;
	const char *reply; /* "200 body" */
	char *method, *path, *target, *type, *authorization, *body;
	bool done;
	struct err err;
	json_t *json;
};

static bool serve(void *user, const struct httpd_request *r, struct buf *out)
{
	struct world *w = user;

	str_set(&w->method, r->method);
	str_set(&w->path, r->path);
	str_set(&w->target, strmap_get(&r->headers, "x-amz-target"));
	str_set(&w->type, strmap_get(&r->headers, "content-type"));
	str_set(&w->authorization, strmap_get(&r->headers, "authorization"));
	free(w->body);
	w->body = xstrndup(r->body, r->len);
	httpd_reply(out, atoi(w->reply), "x-amzn-RequestId: id-1\r\n", w->reply + 4);
	return true;
}

static void on_reply(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct world *w = ctx;

	w->done = true;
	if (err)
		w->err = *err;
	else
		w->json = json_incref((json_t *)reply->json);
}

static void call(struct world *w, const char *service, const char *name, const char *members, const char *reply)
{
	struct aws_options opt = {.local = true};
	const struct aws_op *op = aws_op_find(service, name);
	int64_t deadline = clock_mono_ms() + 180000;
	json_t *body = NULL;

	*w = (struct world){.reply = reply};
	assert_non_null(op);
	httpd_start(&w->httpd, serve, w);
	opt.endpoint_url = w->httpd.url;
	assert_int_equal(aws_client_new(&opt, &w->client, NULL), 0);
	assert_int_equal(json_parse(members, strlen(members), "members", &body, NULL), 0);
	aws_call_named(w->client, op, AWS_USER_ACTION, body, on_reply, w);
	while (!w->done && clock_mono_ms() < deadline)
		aws_client_poll(w->client, NULL, 0, 1000);
	assert_true(w->done);
}

static void end(struct world *w)
{
	aws_client_free(w->client);
	httpd_stop(&w->httpd);
	free(w->method);
	free(w->path);
	free(w->target);
	free(w->type);
	free(w->authorization);
	free(w->body);
	json_decref(w->json);
}

static void test_by_target(void **state)
{
	struct world w;

	call(&w, "sagemaker", "ListEndpoints", "{\"MaxResults\":100,\"StatusEquals\":\"InService\"}",
	     "200 {\"Endpoints\":[]}");
	assert_int_equal(w.err.code, 0);
	assert_string_equal(w.method, "POST");
	assert_string_equal(w.path, "/");
	assert_string_equal(w.target, "SageMaker.ListEndpoints");
	assert_string_equal(w.type, "application/x-amz-json-1.1");
	assert_string_equal(w.body, "{\"MaxResults\":100,\"StatusEquals\":\"InService\"}");
	assert_non_null(strstr(w.authorization, "/us-east-1/sagemaker/aws4_request"));
	assert_true(json_is_array(json_object_get(w.json, "Endpoints")));
	end(&w);
	call(&w, "cloudwatch", "DescribeAlarms", "{\"AlarmTypes\":[\"MetricAlarm\"]}", "200 {\"MetricAlarms\":[]}");
	assert_int_equal(w.err.code, 0);
	assert_string_equal(w.target, "GraniteServiceVersion20100801.DescribeAlarms");
	assert_string_equal(w.type, "application/x-amz-json-1.0");
	assert_non_null(strstr(w.authorization, "/us-east-1/monitoring/aws4_request"));
	end(&w);
	call(&w, "events", "ListRules", "{\"Limit\":100}", "200 {\"Rules\":[]}");
	assert_string_equal(w.target, "AWSEvents.ListRules");
	end(&w);
	call(&w, "application-autoscaling", "DescribeScalableTargets", "{\"ServiceNamespace\":\"sagemaker\"}",
	     "200 {\"ScalableTargets\":[]}");
	assert_string_equal(w.target, "AnyScaleFrontendService.DescribeScalableTargets");
	end(&w);
}

static void test_by_path(void **state)
{
	struct world w;

	call(&w, "scheduler", "ListSchedules",
	     "{\"NamePrefix\":\"a b/c\",\"MaxResults\":100,\"GroupName\":\"g\",\"NextToken\":\"x=\"}",
	     "200 {\"Schedules\":[]}");
	assert_int_equal(w.err.code, 0);
	assert_string_equal(w.method, "GET");
	assert_null(w.target);
	assert_string_equal(w.path, "/schedules?ScheduleGroup=g&MaxResults=100&NamePrefix=a%20b%2Fc&NextToken=x%3D");
	assert_string_equal(w.body, "");
	assert_non_null(strstr(w.authorization, "/us-east-1/scheduler/aws4_request"));
	end(&w);
	call(&w, "scheduler", "GetSchedule", "{\"Name\":\"nightly.v_1\",\"GroupName\":\"g 1\"}",
	     "200 {\"Name\":\"nightly.v_1\"}");
	assert_string_equal(w.path, "/schedules/nightly.v_1?groupName=g%201");
	assert_string_equal(json_get_str(w.json, "Name"), "nightly.v_1");
	end(&w);
	call(&w, "scheduler", "DeleteSchedule", "{\"Name\":\"../x\"}", "200 {}");
	assert_int_equal(w.err.code, 0);
	assert_string_equal(w.method, "DELETE");
	assert_string_equal(w.path, "/schedules/..%2Fx"); /* a name stays one step of the path */
	end(&w);
	call(&w, "scheduler", "GetSchedule", "{\"Name\":\"gone\"}",
	     "404 {\"Code\":\"ResourceNotFoundException\",\"Message\":\"Schedule gone does not exist.\"}");
	assert_int_equal(w.err.code, ERR_NOTFOUND);
	end(&w);
}

/* Each kind of condition that a row can make. */
static void test_reply_members(void **state)
{
	static const struct aws_op op = {.name = "X", .reply = "A b|c header:etag"};
	struct http_header headers[] = {{"etag", "\"1\""}};
	struct http_reply with = {.headers = headers, .n_headers = 1}, without = {0};
	static const struct {
		const char *json;
		bool etag;
		const char *lacks;
	} cases[] = {
		{"{\"A\":1,\"c\":[]}", true, NULL},
		{"{\"A\":1,\"b\":{}}", true, NULL},
		{"{\"A\":1,\"c\":[]}", false, "header:etag"},
		{"{\"A\":null,\"c\":[]}", true, "A"},
		{"{\"A\":0}", true, "b"},
		{"{}", true, "A"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(json) json_t *j = json_loads(cases[i].json, 0, NULL);
		AUTO(str) char *lacks = aws_op_lacks(&op, j, cases[i].etag ? &with : &without);

		if (!str_eq(lacks, cases[i].lacks) && (lacks || cases[i].lacks))
			fail_msg("%s lacks %s, not %s", cases[i].json, lacks, cases[i].lacks);
	}
}

static void test_rows(void **state)
{
	for (size_t i = 0; i < AWS_OP_COUNT; i++) {
		const struct aws_op *op = &aws_ops[i];
		bool changes = str_starts(op->name, "Create") || str_starts(op->name, "Delete") ||
			       str_starts(op->name, "Stop") || str_starts(op->name, "Put");

		assert_ptr_equal(aws_op_find(op->service->iam, op->name), op);
		assert_true(*op->need);
		if (changes && op->access != AWS_WRITE)
			fail_msg("%s changes something and is marked as reading", op->name);
		if (op->retry == AWS_RETRY_DELETES && op->access != AWS_WRITE)
			fail_msg("%s", op->name);
		if (op->service == &aws_sagemaker && !(op->rate > 0 && op->rate <= 5))
			fail_msg("%s has no rate that spares the account", op->name);
		if ((op->service->protocol == AWS_REST_JSON) != (op->path != NULL))
			fail_msg("%s: a path belongs to REST-JSON", op->name);
	}
	assert_null(aws_op_find("sagemaker", "CreateEverything"));
	assert_null(aws_op_find("monitoring", "GetMetricData"));
}

static void test_policy_of_some(void **state)
{
	AUTO(strlist) struct strlist actions = {0};
	struct aws_policy_scope scope = {"aws-cn", "cn-north-1", "123456789012"};

	strlist_add(&actions, "sagemaker:StopTrainingJob");
	strlist_add(&actions, "sagemaker:DescribeEndpoint");
	strlist_add(&actions, "iam:PassRole");
	AUTO(json) json_t *policy = aws_policy_new(&actions, true, &scope);
	AUTO(str) char *text = json_text(policy);
	assert_string_equal(
		text,
		"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"SagetopReadSagemaker\",\"Effect\":\"Allow\","
		"\"Action\":[\"sagemaker:DescribeEndpoint\"],\"Resource\":"
		"[\"arn:aws-cn:sagemaker:cn-north-1:123456789012:endpoint/*\"]},"
		"{\"Sid\":\"SagetopChangeSagemaker\",\"Effect\":\"Allow\",\"Action\":[\"sagemaker:StopTrainingJob\"],"
		"\"Resource\":[\"arn:aws-cn:sagemaker:cn-north-1:123456789012:training-job/*\"]},"
		"{\"Sid\":\"SagetopChangeIam\",\"Effect\":\"Allow\",\"Action\":[\"iam:PassRole\"],\"Resource\":"
		"[\"arn:aws-cn:iam::123456789012:role/YOUR-SAGEMAKER-ROLE\"],\"Condition\":{\"StringEquals\":"
		"{\"iam:PassedToService\":\"sagemaker.amazonaws.com\"}}}]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_target),      cmocka_unit_test(test_by_path),
		cmocka_unit_test(test_reply_members),  cmocka_unit_test(test_rows),
		cmocka_unit_test(test_policy_of_some),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
