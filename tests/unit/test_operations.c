/* The table of operations: its rows, and calls made from a row and its members. */
#include "unit.h"

#include "aws/op.h"
#include "aws/paging.h"
#include "aws/policy.h"
#include "aws/runtime.h"
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

	if (str_eq(w->reply, "lost")) { /* the first is done and its answer lost, the second comes too late */
		if (r->number == 0)
			return false;
		httpd_reply(out, 400, "", "{\"__type\":\"ResourceNotFound\",\"Message\":\"gone\"}");
		return true;
	}
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

/* Each kind of condition that a row can make, and what a peer can make of it. */
static void test_reply_members(void **state)
{
	static const struct aws_op op = {.service = &aws_sagemaker, .name = "X", .reply = "A b|c header:etag"},
				   silent = {.service = &aws_sagemaker, .name = "X", .reply = ""},
				   xml = {.service = &aws_s3, .name = "X", .reply = "UploadId"};
	static const struct {
		const struct aws_op *op;
		const char *body, *header, *value;
		enum err_code code;
		const char *says;
	} cases[] = {
		{&op, "{\"A\":1,\"c\":[]}", "etag", "\"1\"", ERR_OK, ""},
		{&op, "{\"A\":1,\"b\":{}}", "etag", "\"1\"", ERR_OK, ""},
		{&op, "{\"A\":1,\"c\":[]}", "x-other", "1", ERR_NET, "no ETag"},
		{&op, "{\"A\":1,\"c\":[]}", "etag", "", ERR_NET, "no ETag"},
		{&op, "{\"A\":null,\"c\":[]}", "etag", "\"1\"", ERR_NET, "no A"},
		{&op, "{\"A\":0}", "etag", "\"1\"", ERR_NET, "no b"},
		{&op, "{}", "etag", "\"1\"", ERR_NET, "no A"},
		{&op, "", "etag", "\"1\"", ERR_NET, "empty"},
		{&op, "{\"A\":1,\"c\":[", "etag", "\"1\"", ERR_NET, "no JSON, or not whole"},
		{&op, "[1]", "etag", "\"1\"", ERR_NET, "no JSON object"},
		{&op, "\n <!DOCTYPE HTML><p>", "etag", "\"1\"", ERR_SERVICE, "HTML"},
		{&op, "welcome", "content-type", "Text/HTML; charset=x", ERR_SERVICE, "HTML"},
		{&silent, "", "content-length", "0", ERR_OK, ""},
		{&silent, "", "x-amzn-requestid", "1", ERR_OK, ""},
		{&silent, "", "date", "x", ERR_NET, "broke off"},
		{&xml, "<R><UploadId>1</UploadId></R>", "date", "x", ERR_OK, ""},
		{&xml, "<R><a><UploadId>1</UploadId></a></R>", "date", "x", ERR_OK, ""},
		{&xml, "<R><Upload/></R>", "date", "x", ERR_NET, "no UploadId"},
		{&xml, "<R><UploadId>1</Up", "date", "x", ERR_NET, "no XML, or not whole"},
		{&xml, "<Error><Code>NoSuchUpload</Code></Error>", "date", "x", ERR_NOTFOUND, "NoSuchUpload"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_header header = {cases[i].header, cases[i].value};
		struct http_reply r = {.status = 200,
				       .body = cases[i].body,
				       .len = strlen(cases[i].body),
				       .headers = &header,
				       .n_headers = 1};
		struct err err = {0};
		AUTO(json) json_t *j = aws_reply_read(cases[i].op, &r, &err);

		if (err.code != cases[i].code || !strstr(err.msg, cases[i].says))
			fail_msg("%s: %d %s, not %s", cases[i].body, err.code, err.msg, cases[i].says);
		assert_int_equal(!!j, !err.code && cases[i].op->service == &aws_sagemaker);
	}
}

/* A reply that is not whole is asked for again; a delete that may have been done is. */
static void test_broken_reply_is_repeated(void **state)
{
	struct world w;

	call(&w, "sagemaker", "ListModels", "{}", "200 ");
	assert_int_equal(w.err.code, ERR_NET);
	assert_int_equal(w.httpd.n_requests, 3);
	end(&w);
	call(&w, "sagemaker", "ListModels", "{}", "200 <html>log in</html>");
	assert_int_equal(w.err.code, ERR_SERVICE);
	assert_int_equal(w.httpd.n_requests, 1); /* a portal says the same again */
	end(&w);
	call(&w, "sagemaker", "DeleteModel", "{\"ModelName\":\"m\"}",
	     "400 {\"__type\":\"ValidationException\",\"Message\":\"Could not find model.\"}");
	assert_int_equal(w.err.code, ERR_NOTFOUND);
	end(&w);
	call(&w, "sagemaker", "DeleteModel", "{\"ModelName\":\"m\"}", "lost");
	assert_int_equal(w.err.code, ERR_OK);
	assert_int_equal(w.httpd.n_requests, 2);
	end(&w);
}

struct invoked {
	struct world *w;
	struct runtime_answer answer;
	char *body;
};

static void on_invoked(void *user, const struct runtime_answer *a, const struct err *err)
{
	struct invoked *v = user;

	v->w->done = true;
	v->answer = *a;
	v->body = xmemdup(str_or(a->body, ""), a->len + 1);
	if (err)
		v->w->err = *err;
}

static struct invoked invoke(struct world *w, const char *reply)
{
	struct aws_options opt = {.local = true};
	struct invoked v = {.w = w};
	int64_t deadline = clock_mono_ms() + 180000;
	struct runtime_call c = {
		.endpoint = "e 1", .content_type = "text/csv", .variant = "v", .body = "1,\377", .len = 3};

	*w = (struct world){.reply = reply};
	httpd_start(&w->httpd, serve, w);
	opt.endpoint_url = w->httpd.url;
	assert_int_equal(aws_client_new(&opt, &w->client, NULL), 0);
	runtime_invoke(w->client, &c, on_invoked, &v);
	while (!w->done && clock_mono_ms() < deadline)
		aws_client_poll(w->client, NULL, 0, 1000);
	assert_true(w->done);
	return v;
}

/* A model's answer is no JSON of ours, and what a model does is not done twice. */
static void test_invoke(void **state)
{
	struct world w;
	struct invoked v = invoke(&w, "200 {no json\xff");

	assert_int_equal(w.err.code, 0);
	assert_string_equal(w.method, "POST");
	assert_string_equal(w.path, "/endpoints/e%201/invocations");
	assert_string_equal(w.type, "text/csv");
	assert_null(w.target);
	assert_memory_equal(w.body, "1,\377", 3);
	assert_non_null(strstr(w.authorization, "/us-east-1/sagemaker/aws4_request"));
	assert_string_equal(v.body, "{no json\xff");
	assert_int_equal(v.answer.len, 9);
	assert_true(v.answer.took_us > 0);
	free(v.body);
	end(&w);
	v = invoke(&w, "503 {\"Message\":\"busy\"}");
	assert_int_equal(w.err.code, ERR_SERVICE);
	assert_int_equal(w.httpd.n_requests, 1);
	assert_int_equal(v.answer.status, 503);
	free(v.body);
	end(&w);
}

static void test_redirects(void **state)
{
	struct world w;

	call(&w, "sagemaker", "Search", "{\"Resource\":\"Model\"}", "301 ");
	assert_int_equal(w.err.code, ERR_SERVICE);
	assert_null(strstr(w.err.msg, "bucket"));
	assert_non_null(strstr(w.err.msg, "proxy"));
	end(&w);
	call(&w, "sagemaker", "Search", "{\"Resource\":\"Model\"}", "407 <html>pay</html>");
	assert_int_equal(err_exit_status(w.err.code), 6);
	assert_non_null(strstr(w.err.msg, "HTTPS_PROXY"));
	end(&w);
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

/* Pages until the error, or the end of n. */
static size_t pages(size_t first, size_t cycle, size_t n, struct err *err)
{
	AUTO(paging) struct paging p = {0};

	for (size_t i = 0; i < n; i++) {
		char token[32];

		snprintf(token, sizeof(token), "t%zu", i < first ? i : first + (i - first) % cycle);
		if (paging_next(&p, "X", token, 1, err) < 0)
			return i;
		assert_string_equal(p.token, token);
	}
	assert_int_equal(paging_next(&p, "X", n % 2 ? "" : NULL, 0, err), 0);
	assert_null(p.token);
	return n;
}

static void test_paging_repeats(void **state)
{
	for (size_t first = 0; first < 6; first++)
		for (size_t cycle = 1; cycle < 20; cycle++) {
			struct err err = {0};
			size_t n = pages(first, cycle, 500, &err);

			assert_int_equal(err.code, ERR_SERVICE);
			assert_string_equal(err.aws_code, PAGING_REPEATED);
			if (n < cycle || n > 4 * (first + cycle))
				fail_msg("a cycle of %zu behind %zu pages is seen after %zu", cycle, first, n);
		}

	struct err err = {0};
	assert_int_equal(pages(100000, 1, 100000, &err), 100000);
	assert_int_equal(err.code, 0);
}

static void test_paging_is_empty(void **state)
{
	AUTO(paging) struct paging p = {.patience_ms = 20};
	struct err err = {0};
	int64_t start_ms = clock_mono_ms(), rows_ms = 0;
	size_t i = 0;

	for (; !err.code && clock_mono_ms() < start_ms + 120000; i++) {
		int64_t now_ms = clock_mono_ms();
		bool rows = now_ms < start_ms + 100 && i % 2; /* now and then: as long as they come it goes on */
		char token[32];

		if (rows)
			rows_ms = now_ms;
		snprintf(token, sizeof(token), "%zu", i);
		if (paging_next(&p, "X", token, rows, &err) < 0)
			break;
	}
	assert_string_equal(err.aws_code, PAGING_EMPTY);
	assert_true(rows_ms > 0 && clock_mono_ms() > rows_ms + 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_target),      cmocka_unit_test(test_by_path),
		cmocka_unit_test(test_reply_members),  cmocka_unit_test(test_broken_reply_is_repeated),
		cmocka_unit_test(test_invoke),	       cmocka_unit_test(test_redirects),
		cmocka_unit_test(test_rows),	       cmocka_unit_test(test_policy_of_some),
		cmocka_unit_test(test_paging_repeats), cmocka_unit_test(test_paging_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
