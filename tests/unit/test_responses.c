/* Composed replies of the services through our parsers: a manifest names each. */
#include "unit.h"

#include "aws/cloudwatch.h"
#include "aws/logs.h"
#include "aws/op.h"
#include "aws/pricing.h"
#include "aws/s3_impl.h"
#include "aws/sagemaker.h"
#include "aws/sts.h"
#include "aws/xml.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "vectors.h"

struct fixture {
	const char *file, *operation;
	int status;
	char *body;
	json_t *json;
	struct http_header headers[16];
	size_t n_headers;
};

/* As it is shown: on one line. */
static void same_text(const struct fixture *f, const char *what, const char *got, const char *raw)
{
	AUTO(str) char *want = utf8_sanitize_dup(raw);

	if (want && *want && !str_eq(got, want))
		fail_msg("%s: %s is '%s', not '%s'", f->file, what, got ? got : "(none)", want);
}

/* A reason keeps its lines: a traceback has some. */
static void same_lines(const struct fixture *f, const char *what, const char *got, const char *raw)
{
	AUTO(buf) struct buf want = BUF_INIT(BUF_MAX_TEXT);

	if (!raw || !*raw)
		return;
	assert_int_equal(utf8_sanitize(&want, raw, strlen(raw), true), 0);
	if (!str_eq(got, buf_str(&want)))
		fail_msg("%s: %s is '%s', not '%s'", f->file, what, got ? got : "(none)", buf_str(&want));
}

/* Everything that the console shows, against the members of the reply. */
static void check_job(const struct fixture *f, const json_t *o, enum detail detail)
{
	AUTO(job) struct job *j = NULL;
	struct err err = {0};
	const json_t *spec = json_object_get(o, "AlgorithmSpecification"),
		     *resources = json_object_get(o, "ResourceConfig");

	if (sm_parse_job(o, detail, &j, &err))
		fail_msg("%s: %s", f->file, err.msg);
	same_text(f, "name", j->name, json_get_str(o, "TrainingJobName"));
	same_text(f, "arn", j->arn, json_get_str(o, "TrainingJobArn"));
	same_text(f, "status", j->status_text, json_get_str(o, "TrainingJobStatus"));
	same_text(f, "secondary", j->secondary_text, json_get_str(o, "SecondaryStatus"));
	assert_true(j->status != JOB_STATUS_UNKNOWN);
	assert_true(j->created_ms > 1700000000000 && j->created_ms < 1900000000000);
	assert_int_equal(j->start_ms != TIME_UNKNOWN, json_object_get(o, "TrainingStartTime") != NULL);
	assert_int_equal(j->end_ms != TIME_UNKNOWN, json_object_get(o, "TrainingEndTime") != NULL);
	if (detail == DETAIL_SUMMARY)
		return;
	same_lines(f, "reason", j->failure_reason, json_get_str(o, "FailureReason"));
	same_text(f, "image", j->cold->image, json_get_str(spec, "TrainingImage"));
	same_text(f, "instance", j->instance_type, json_get_str(resources, "InstanceType"));
	same_text(f, "model", j->cold->model_uri,
		  json_get_str(json_object_get(o, "ModelArtifacts"), "S3ModelArtifacts"));
	assert_int_equal(j->training_s, json_get_i64(o, "TrainingTimeInSeconds", -1));
	assert_int_equal(j->billable_s, json_get_i64(o, "BillableTimeInSeconds", -1));
	assert_int_equal(j->spot, json_get_bool(o, "EnableManagedSpotTraining", false));
	assert_int_equal(j->cold->n_transitions, json_array_size(json_object_get(o, "SecondaryStatusTransitions")));
	assert_int_equal(j->cold->n_channels, json_array_size(json_object_get(o, "InputDataConfig")));
	assert_int_equal(j->cold->n_final_metrics, json_array_size(json_object_get(o, "FinalMetricDataList")));
	assert_int_equal(j->cold->n_metric_definitions, json_array_size(json_object_get(spec, "MetricDefinitions")));
	assert_int_equal(j->cold->hyperparameters.n, json_object_size(json_object_get(o, "HyperParameters")));
	assert_int_equal(j->tags_known, detail == DETAIL_SEARCHED || json_object_get(o, "Tags"));
	assert_int_equal(j->tags.n, json_array_size(json_object_get(o, "Tags")));
}

static void check_sagemaker(const struct fixture *f)
{
	size_t i;
	json_t *item;

	if (!strcmp(f->operation, "DescribeTrainingJob"))
		check_job(f, f->json, DETAIL_DESCRIBED);
	json_array_foreach(json_object_get(f->json, "TrainingJobSummaries"), i, item)
		check_job(f, item, DETAIL_SUMMARY);
	json_array_foreach(json_object_get(f->json, "Results"), i, item)
		check_job(f, json_object_get(item, "TrainingJob"), DETAIL_SEARCHED);
}

static void check_logs(const struct fixture *f)
{
	const json_t *list = json_object_get(f->json, "events");
	struct log_event *events = xcalloc(json_array_size(list) + 1, sizeof(*events));
	size_t n = logs_parse_events(list, "asked", events);

	assert_int_equal(n, json_array_size(list));
	for (size_t i = 0; i < n; i++) {
		const json_t *o = json_array_get(list, i);

		assert_int_equal(events[i].time_ms, json_get_i64(o, "timestamp", -1));
		assert_string_equal(events[i].text, json_get_str(o, "message"));
		assert_string_equal(events[i].stream, str_or(json_get_str(o, "logStreamName"), "asked"));
	}
	free(events);
}

static void check_metrics(const struct fixture *f)
{
	size_t i;
	json_t *item;

	json_array_foreach(json_object_get(f->json, "MetricDataResults"), i, item)
	{
		struct cw_series s;

		cw_parse_series(item, &s);
		assert_int_equal(s.n, json_array_size(json_object_get(item, "Values")));
		for (size_t k = 1; k < s.n; k++)
			assert_true(s.times_ms[k - 1] < s.times_ms[k]);
		cw_series_done(&s);
	}
}

static void check_prices(const struct fixture *f)
{
	size_t i;
	json_t *item;
	int n = 0;

	json_array_foreach(json_object_get(f->json, "PriceList"), i, item)
	{
		struct price p = {0};
		struct err err = {0};
		int rc = pricing_parse_product(json_string_value(item), json_string_length(item), &p, &err);

		if (rc < 0)
			fail_msg("%s: %s", f->file, err.msg);
		if (rc) {
			n++;
			assert_true(p.usd_micro > 0);
			assert_true(str_starts(p.instance_type, "ml."));
			assert_int_equal(strlen(p.as_of), 10);
		}
		price_row_done(&p);
	}
	assert_true(n > 0);
}

static void check_xml(const struct fixture *f)
{
	AUTO(xml) struct xml_node *tree = NULL;
	struct err err = {0};

	if (!strcmp(f->operation, "GetCallerIdentity")) {
		struct sts_identity id = {0};

		assert_int_equal(sts_parse_identity(f->body, strlen(f->body), &tree, &id, &err), 0);
		assert_int_equal(strlen(id.account), 12);
		assert_true(str_starts(id.arn, "arn:aws"));
	} else if (!strcmp(f->operation, "ListObjectsV2")) {
		struct s3_listing l = {0};

		assert_int_equal(s3_parse_list(f->body, strlen(f->body), &l, &err), 0);
		assert_true(l.n > 0);
		for (size_t i = 0; i < l.n; i++) {
			assert_null(strstr(l.objects[i].key, "%2"));
			assert_true(l.objects[i].size >= 0 && l.objects[i].modified_ms > 0);
		}
		if (strstr(f->body, "a%2Bb+c%3Dd"))
			assert_non_null(strstr(l.objects[l.n - 1].key, "a+b c=d"));
		s3_listing_done(&l);
	} else if (!strcmp(f->operation, "CompleteMultipartUpload")) {
		struct http_reply reply = {.status = 200, .body = f->body, .len = strlen(f->body)};

		assert_null(aws_reply_read(AWS_OP_ROW(s3, CompleteMultipartUpload), &reply, &err));
		assert_int_equal(err.code, strstr(f->body, "<Error>") ? ERR_SERVICE : 0);
	} else {
		assert_int_equal(xml_parse(f->body, strlen(f->body), f->file, &tree, &err), 0);
	}
}

/* What each code means to the console; one that is not listed must at least be found. */
static void check_error(const struct fixture *f, enum aws_protocol protocol)
{
	static const struct {
		const char *code;
		enum err_code class;
	} classes[] = {
		{"ThrottlingException", ERR_THROTTLED},
		{"ResourceLimitExceeded", ERR_LIMIT},
		{"ResourceInUse", ERR_EXISTS},
		{"ExpiredTokenException", ERR_EXPIRED},
		{"ExpiredToken", ERR_EXPIRED},
		{"UnrecognizedClientException", ERR_AUTH},
		{"InvalidSignatureException", ERR_AUTH},
		{"RequestTimeTooSkewed", ERR_AUTH},
		{"ResourceNotFoundException", ERR_NOTFOUND},
		{"AccessDeniedException", ERR_DENIED},
		{"AuthorizationHeaderMalformed", ERR_INVALID},
	};
	struct http_reply reply = {.status = f->status,
				   .body = f->body,
				   .len = strlen(f->body),
				   .headers = f->headers,
				   .n_headers = f->n_headers};
	struct err err = {0};
	bool known = false;

	aws_reply_error(&reply, protocol, f->operation, &err);
	assert_true(err.code != ERR_OK);
	assert_int_equal(err.http_status, f->status);
	assert_true(str_starts(err.msg, f->operation));
	assert_null(strpbrk(err.msg, "\r\n"));
	for (size_t i = 0; i < ARRAY_LEN(classes); i++)
		if (!strcmp(err.aws_code, classes[i].code)) {
			known = true;
			if (err.code != classes[i].class)
				fail_msg("%s: %s is %s", f->file, err.aws_code, err_code_name(err.code));
		}
	if (strstr(f->body, "Requested resource not found"))
		assert_int_equal(err.code, ERR_NOTFOUND);
	else if (f->status >= 500)
		assert_int_equal(err.code, ERR_SERVICE);
	else if (!known && !*err.aws_code)
		fail_msg("%s: no code found: %s", f->file, err.msg);
	assert_null(strpbrk(err.aws_code, "#:/"));
}

static void check_fixture(const json_t *entry, const char *dir)
{
	const json_t *headers = json_object_get(entry, "headers");
	const char *service = json_get_str(entry, "service"), *name;
	struct fixture f = {.file = json_get_str(entry, "file"),
			    .operation = json_get_str(entry, "operation"),
			    .status = (int)json_get_i64(entry, "httpStatus", 0)};
	bool json = !strstr(f.file, ".xml");
	json_t *value;
	enum aws_protocol protocol = !strcmp(service, "s3")    ? AWS_REST_XML
				     : !strcmp(service, "sts") ? AWS_QUERY
							       : AWS_JSON;

	f.body = vector_read(dir, f.file);
	assert_non_null(f.body);
	json_object_foreach((json_t *)headers, name, value) if (f.n_headers < ARRAY_LEN(f.headers))
		f.headers[f.n_headers++] = (struct http_header){name, json_string_value(value)};
	if (f.status >= 300) {
		check_error(&f, protocol);
	} else if (!json) {
		check_xml(&f);
	} else if (*f.body) {
		assert_int_equal(json_parse(f.body, strlen(f.body), f.file, &f.json, NULL), 0);
		if (!strcmp(service, "sagemaker"))
			check_sagemaker(&f);
		else if (!strcmp(service, "logs"))
			check_logs(&f);
		else if (!strcmp(service, "cloudwatch"))
			check_metrics(&f);
		else if (!strcmp(service, "pricing"))
			check_prices(&f);
	}
	json_decref(f.json);
	free(f.body);
}

static void each_fixture(void (*check)(const json_t *entry, const char *dir))
{
	AUTO(str) char *dir = vectors_folder("responses/synthetic");
	AUTO(json) json_t *manifest = dir ? vector_read_json(dir, "manifest.json") : NULL;
	size_t i;
	json_t *entry;

	if (!manifest)
		skip();
	json_array_foreach(json_object_get(manifest, "fixtures"), i, entry) check(entry, dir);
	print_message("# %zu replies\n", i);
	assert_true(i > 0);
}

static void test_composed_replies(void **state)
{
	each_fixture(check_fixture);
}

static struct job *parse(const char *text)
{
	AUTO(json) json_t *o = NULL;
	struct job *j = NULL;

	assert_int_equal(json_parse(text, strlen(text), "reply", &o, NULL), 0);
	assert_int_equal(sm_parse_job(o, DETAIL_SEARCHED, &j, NULL), 0);
	return j;
}

/* Every group has a type of its own; the same type is named once. */
static void test_instance_groups(void **state)
{
	AUTO(job)
	struct job *j =
		parse("{\"TrainingJobName\":\"a\",\"TrainingJobStatus\":\"Completed\",\"ResourceConfig\":{"
		      "\"VolumeSizeInGB\":30,"
		      "\"KeepAlivePeriodInSeconds\":600,\"InstanceGroups\":["
		      "{\"InstanceType\":\"ml.g5.xlarge\",\"InstanceCount\":2,\"InstanceGroupName\":\"a\"},"
		      "{\"InstanceType\":\"ml.m5.large\",\"InstanceCount\":3,\"InstanceGroupName\":\"b\"},"
		      "{\"InstanceType\":\"ml.g5.xlarge\",\"InstanceCount\":1,\"InstanceGroupName\":\"c\"}]},"
		      "\"WarmPoolStatus\":{\"Status\":\"Available\",\"ResourceRetainedBillableTimeInSeconds\":1000}}");
	AUTO(job)
	struct job *plain =
		parse("{\"TrainingJobName\":\"a\",\"TrainingJobStatus\":\"Completed\",\"ResourceConfig\":"
		      "{\"InstanceType\":\"ml.m5.large\",\"InstanceCount\":3,\"InstanceGroups\":[],"
		      "\"TrainingPlanArn\":\"arn:aws:sagemaker:us-east-1:111122223333:training-plan/spring\"}}");

	assert_string_equal(j->instance_type, "ml.g5.xlarge+ml.m5.large");
	assert_int_equal(j->instance_count, 6);
	assert_int_equal(j->rare->n_groups, 3);
	assert_string_equal(j->rare->groups[1].instance_type, "ml.m5.large");
	assert_string_equal(j->rare->groups[1].name, "b");
	assert_int_equal(j->rare->groups[1].count, 3);
	assert_string_equal(j->rare->warm_pool_status, "Available");
	assert_int_equal(j->rare->retained_s, 1000);
	assert_string_equal(plain->instance_type, "ml.m5.large");
	assert_int_equal(plain->instance_count, 3);
	assert_int_equal(plain->rare->n_groups, 0);
	assert_string_equal(plain->rare->training_plan, "spring");
	assert_null(j->rare->training_plan);
}

/* A time or count that cannot be is not known; it is no reason to cost less than nothing. */
static void test_figures_that_cannot_be(void **state)
{
	static const char *const figures[] = {"-5",  "9223372036854775807", "1000000000000000000", "\"125\"", "1e300",
					      "null"};

	for (size_t i = 0; i < ARRAY_LEN(figures); i++) {
		AUTO(str)
		char *text = xasprintf(
			"{\"TrainingJobName\":\"a\",\"TrainingJobStatus\":\"Completed\",\"BillableTimeInSeconds\":%s,"
			"\"TrainingTimeInSeconds\":%s,\"ResourceConfig\":{\"InstanceType\":\"ml.m5.large\","
			"\"InstanceCount\":%s,\"KeepAlivePeriodInSeconds\":%s},"
			"\"WarmPoolStatus\":{\"ResourceRetainedBillableTimeInSeconds\":%s}}",
			figures[i], figures[i], figures[i], figures[i], figures[i]);
		AUTO(job) struct job *j = parse(text);

		assert_int_equal(j->billable_s, -1);
		assert_int_equal(j->training_s, -1);
		assert_int_equal(j->rare->keep_alive_s, -1);
		assert_int_equal(j->rare->retained_s, -1);
		assert_true(j->instance_count == 0 || j->instance_count == 1);
	}
}

/* Every prefix of it is an error or a smaller reply, never a crash. */
static void check_prefixes(const json_t *entry, const char *dir)
{
	AUTO(str) char *body = vector_read(dir, json_get_str(entry, "file"));
	size_t len = strlen(str_trim(body)), step = len / 200 + 1;

	for (size_t n = 0; n < len; n += step) {
		AUTO(json) json_t *j = NULL;
		struct s3_listing l = {0};
		struct http_reply reply = {.status = 400, .body = body, .len = n};
		struct err err = {0};

		if (body[0] == '{')
			assert_int_not_equal(json_parse(body, n, "reply", &j, NULL), 0);
		else if (!s3_parse_list(body, n, &l, NULL))
			s3_listing_done(&l);
		aws_reply_error(&reply, body[0] == '{' ? AWS_JSON : AWS_QUERY, "X", &err);
		assert_true(err.code != ERR_OK);
	}
}

static void test_truncated_replies(void **state)
{
	each_fixture(check_prefixes);
}

static void test_usd(void **state)
{
	static const struct {
		const char *text;
		int64_t micro;
	} rows[] = {{"1.4080000000", 1408000}, {"0", 0},	{"24.78", 24780000}, {"0.0000005", 1},
		    {"0.0000004999", 0},       {"10", 10000000}};
	static const char *const bad[] = {"", ".", "1,5", "-1", "1e3", "1.2.3", "99999999999999999999"};
	int64_t micro;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_true(pricing_parse_usd(rows[i].text, &micro));
		assert_int_equal(micro, rows[i].micro);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(pricing_parse_usd(bad[i], &micro));
}

static void test_hostile_xml(void **state)
{
	static const char *const bad[] = {
		"",
		"<a>",
		"<a></b>",
		"<!DOCTYPE a [<!ENTITY b \"cccc\">]><a>&b;</a>",
		"<!DOCTYPE a SYSTEM \"http://x/\"><a/>",
		"<a>\xff</a>",
	};
	AUTO(buf) struct buf deep = BUF_INIT(1 << 20);
	struct xml_node *tree = NULL;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(xml_parse(bad[i], strlen(bad[i]), "x", &tree, NULL), -ERR_PARSE);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(buf_adds(&deep, "<a>"), 0);
	assert_int_equal(xml_parse(deep.data, deep.len, "x", &tree, NULL), -ERR_PARSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_composed_replies),
		cmocka_unit_test(test_instance_groups),
		cmocka_unit_test(test_figures_that_cannot_be),
		cmocka_unit_test(test_truncated_replies),
		cmocka_unit_test(test_usd),
		cmocka_unit_test(test_hostile_xml),
	};

	return cmocka_run_group_tests_name("responses", tests, NULL, NULL);
}
