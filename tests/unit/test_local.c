/* The local engine's pure parts: CBOR, aws-chunked bodies, shapes, Query input,
 * filter patterns, metric regexes, the plan of a simulated job. */
#include "unit.h"

#include "aws/local/front/operations.h"
#include "aws/local/wire/cbor.h"
#include "aws/local/wire/chunked.h"
#include "aws/local/services/filter_pattern.h"
#include "aws/local/running/command.h"
#include "aws/local/running/metric_defs.h"
#include "aws/local/services/ops.h"
#include "aws/local/services/s3.h"
#include "aws/local/services/shapes.h"
#include "aws/local/wire/shape_text.h"
#include "aws/local/running/simulate.h"

/* --- CBOR -------------------------------------------------------------------------- */

static json_t *cbor(const char *bytes, size_t n)
{
	json_t *j = NULL;

	return cbor_parse(bytes, n, &j, NULL) == 0 ? j : NULL;
}

#define CBOR(text) cbor(text, sizeof(text) - 1)

/* Takes j. */
static void assert_json(json_t *j, const char *wanted)
{
	AUTO(str)
	char *text = j ? json_dumps(j, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;

	json_decref(j);
	assert_string_equal(text ? text : "(refused)", wanted);
}

/* Examples of RFC 8949, appendix A. */
static void test_cbor_parse(void **state)
{
	assert_json(CBOR("\x00"), "0");
	assert_json(CBOR("\x18\x64"), "100");
	assert_json(CBOR("\x1a\x00\x0f\x42\x40"), "1000000");
	assert_json(CBOR("\x38\x63"), "-100");
	assert_json(CBOR("\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a"), "1.1");
	assert_json(CBOR("\xf9\x3e\x00"), "1.5");
	assert_json(CBOR("\xf9\x00\x01"), "5.96046447753906e-8");
	assert_json(CBOR("\xfa\x47\xc3\x50\x00"), "100000.0");
	assert_json(CBOR("\xf9\x7e\x00"), "null"); /* NaN */
	assert_json(CBOR("\xf5"), "true");
	assert_json(CBOR("\xc1\x1a\x51\x4b\x67\xb0"), "1363896240");
	assert_json(CBOR("\x62\xc3\xbc"
			 "a"),
		    "(refused)"); /* a byte too many */
	assert_json(CBOR("\x64IETF"), "\"IETF\"");
	assert_json(CBOR("\x83\x01\x02\x03"), "[1,2,3]");
	assert_json(CBOR("\xa2\x61"
			 "a\x01\x61"
			 "b\x82\x02\x03"),
		    "{\"a\":1,\"b\":[2,3]}");
	assert_json(CBOR("\x9f\x01\x82\x02\x03\xff"), "[1,[2,3]]");
	assert_json(CBOR("\xbf\x61"
			 "a\x01\xff"),
		    "{\"a\":1}");
	assert_json(CBOR("\x7f\x65strea\x64ming\xff"), "\"streaming\"");
	assert_json(CBOR(""), "{}");
}

static void test_cbor_refuses(void **state)
{
	static const char *const broken[] = {"\x18",	     "\x62\xc3",      "\x83\x01\x02",  "\xa1\x61",
					     "\x9f\x01",     "\x7f\x65strea", "\xff",	       "\x1c",
					     "\xa1\x01\x02", "\x61\xff",      "\x5f\x61x\xff", "\xfc"};
	char deep[200];

	for (size_t i = 0; i < ARRAY_LEN(broken); i++)
		assert_json(cbor(broken[i], strlen(broken[i])), "(refused)");
	assert_json(CBOR("\x9b\xff\xff\xff\xff\xff\xff\xff\xff"), "(refused)");
	assert_json(CBOR("\x7b\x7f\xff\xff\xff\xff\xff\xff\xff"), "(refused)");
	memset(deep, '\x81', sizeof(deep));
	assert_json(cbor(deep, sizeof(deep)), "(refused)");
}

static void test_cbor_write(void **state)
{
	AUTO(json)
	json_t *j = json_pack("{s:[i, i, f], s:s, s:b, s:n, s:[f]}", "a", 1, -500, 2.5, "b", "x", "c", 1, "d",
			      "Timestamps", 1363896240.5);
	AUTO(buf) struct buf out = BUF_INIT(4096);

	assert_int_equal(cbor_write(j, &out), 0);
	json_t *back = cbor(out.data, out.len);

	assert_true(json_equal(back, j));
	json_decref(back);
	assert_non_null(memmem(out.data, out.len, "Timestamps\x81\xc1\xfb", 13)); /* tagged as a time */
}

/* --- aws-chunked ------------------------------------------------------------------------ */

static int collect(void *user, const void *data, size_t n)
{
	return buf_add(user, data, n);
}

/* The example of the S3 documentation, "Signature calculations for the
 * Authorization header: transferring payload in multiple chunks". */
static void documented_seed(struct chunk_seed *seed)
{
	sigv4_signing_key("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524", "us-east-1", "s3", seed->key);
	str_copy(seed->scope, sizeof(seed->scope), "20130524/us-east-1/s3/aws4_request");
	str_copy(seed->amz_date, sizeof(seed->amz_date), "20130524T000000Z");
	str_copy(seed->signature, sizeof(seed->signature),
		 "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");
}

static void documented_body(struct buf *body)
{
	buf_adds(body, "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n");
	for (int i = 0; i < 65536; i++)
		buf_addc(body, 'a');
	buf_adds(body, "\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n");
	for (int i = 0; i < 1024; i++)
		buf_addc(body, 'a');
	buf_adds(body,
		 "\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n");
}

/* Fed in pieces of `step` bytes; with one byte at `spoil` changed unless SIZE_MAX. */
static int decode(size_t step, size_t spoil, struct buf *out, struct fault *f)
{
	struct chunk_seed seed;
	AUTO(buf) struct buf body = BUF_INIT(1 << 20);
	int rc = 0;

	documented_seed(&seed);
	documented_body(&body);
	if (spoil < body.len)
		body.data[spoil] ^= 1;
	struct chunked *c = chunked_new(&seed, collect, out);

	for (size_t at = 0; at < body.len && rc == 0; at += step)
		rc = chunked_feed(c, body.data + at, MIN(step, body.len - at), f);
	if (rc == 0)
		rc = chunked_finish(c, f);
	chunked_free(c);
	return rc;
}

static void test_chunked(void **state)
{
	static const size_t steps[] = {1, 7, 4096, 65536, 1 << 20};

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		AUTO(buf) struct buf out = BUF_INIT(1 << 20);
		struct fault f = {0};

		assert_int_equal(decode(steps[i], SIZE_MAX, &out, &f), 0);
		assert_int_equal(out.len, 66560);
	}
}

static void test_chunked_spoiled(void **state)
{
	/* In a signature, in the data of the first chunk, of the second, in a length. */
	static const size_t places[] = {30, 5000, 65536 + 86 + 100, 0};

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		AUTO(buf) struct buf out = BUF_INIT(1 << 20);
		struct fault f = {0};

		assert_int_not_equal(decode(4096, places[i], &out, &f), 0);
		assert_true(f.code[0] != 0);
	}
}

static void test_chunked_malformed(void **state)
{
	static const char *const bodies[] = {
		"zz\r\n",
		"\r\n",
		"5\r\nhelloX\r\n",
		"5;x\r\nhel",
		"fffffffffffffffff\r\n",
		"-5\r\nhello\r\n",
		"5 \r\nhello\r\n0\r\n\r\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		AUTO(buf) struct buf out = BUF_INIT(4096);
		struct fault f = {0};
		struct chunked *c = chunked_new(NULL, collect, &out);
		int rc = chunked_feed(c, bodies[i], strlen(bodies[i]), &f);

		if (rc == 0)
			rc = chunked_finish(c, &f);
		assert_int_not_equal(rc, 0);
		chunked_free(c);
	}
}

/* --- shapes ------------------------------------------------------------------------------- */

static void check(const struct shape *shape, const char *input, const char *code, const char *part)
{
	struct fault f = {0};
	AUTO(json) json_t *in = json_loads(input, 0, NULL);

	assert_non_null(in);
	int rc = shape_check(shape, in, &f);

	if (!code) {
		assert_string_equal(f.message, "");
		assert_int_equal(rc, 0);
		return;
	}
	assert_int_equal(rc, -1);
	assert_string_equal(f.code, code);
	if (!strstr(f.message, part))
		fail_msg("no '%s' in '%s'", part, f.message);
}

static void test_shapes(void **state)
{
	const struct shape *list = &shape_list_training_jobs, *create = &shape_create_training_job;

	check(list, "{}", NULL, NULL);
	check(list, "{\"MaxResults\": 100, \"Unknown\": 1}", NULL, NULL);
	check(list, "{\"MaxResults\": 101}", "ValidationException",
	      "1 validation error detected: Value 101 at 'maxResults' failed to satisfy constraint: Member must have "
	      "value less "
	      "than or equal to 100");
	check(list, "{\"MaxResults\": \"1\"}", "SerializationException", "maxResults");
	check(list, "{\"MaxResults\": 1.5}", "SerializationException", "Integer");
	check(list, "{\"StatusEquals\": \"Dead\"}", "ValidationException",
	      "Member must satisfy enum value set: [InProgress, Completed, Failed, Stopping, Stopped, Deleting]");
	check(list, "{\"NameContains\": \"a_b\"}", "ValidationException",
	      "Value 'a_b' at 'nameContains' failed to satisfy constraint: Member must satisfy regular expression "
	      "pattern");
	check(create, "{}", "ValidationException", "3 validation errors detected: Value null at 'trainingJobName'");
	check(create,
	      "{\"TrainingJobName\": \"a-\", \"RoleArn\": \"arn:aws:iam::000000000000:role/x\","
	      " \"OutputDataConfig\": {\"S3OutputPath\": \"s3://b\"}}",
	      "ValidationException", "'a-' at 'trainingJobName'");
	check(create,
	      "{\"TrainingJobName\": \"a\", \"RoleArn\": \"arn:aws:iam::000000000000:role/x\","
	      " \"OutputDataConfig\": {\"S3OutputPath\": \"s3://b\"}, \"InputDataConfig\": [{\"ChannelName\": \"c\"}]}",
	      "ValidationException",
	      "Value null at 'inputDataConfig.1.member.dataSource' failed to satisfy constraint");
	check(create,
	      "{\"TrainingJobName\": \"a\", \"RoleArn\": \"arn:aws:iam::000000000000:role/x\", \"HyperParameters\": "
	      "{\"k\": 1}, \"OutputDataConfig\": {\"S3OutputPath\": \"s3://b\"}}",
	      "SerializationException", "hyperParameters.k");
	check(&shape_get_log_events, "{\"logStreamName\": \"a:b\"}", "ValidationException", "logStreamName");
}

static void test_query_input(void **state)
{
	struct fault f = {0};
	AUTO(strmap) struct strmap pairs = {0};
	AUTO(json) json_t *in = NULL;

	strmap_set(&pairs, "Action", "GetMetricData");
	strmap_set(&pairs, "StartTime", "2026-11-21T00:00:00Z");
	strmap_set(&pairs, "MetricDataQueries.member.2.Id", "b");
	strmap_set(&pairs, "MetricDataQueries.member.1.Id", "a");
	strmap_set(&pairs, "MetricDataQueries.member.1.MetricStat.Period", "60");
	strmap_set(&pairs, "MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Name", "Host");
	strmap_set(&pairs, "MetricDataQueries.member.10.Id", "c");
	strmap_set(&pairs, "MetricDataQueries.member.2.ReturnData", "false");
	assert_int_equal(shape_from_query(&shape_get_metric_data, &pairs, &in, &f), 0);
	assert_int_equal(json_array_size(json_object_get(in, "MetricDataQueries")), 3);
	assert_string_equal(json_string_value(json_path_get(in, "MetricDataQueries.0.Id")), "a");
	assert_string_equal(json_string_value(json_path_get(in, "MetricDataQueries.2.Id")), "c");
	assert_int_equal(json_integer_value(json_path_get(in, "MetricDataQueries.0.MetricStat.Period")), 60);
	assert_true(json_is_false(json_path_get(in, "MetricDataQueries.1.ReturnData")));
	assert_string_equal(
		json_string_value(json_path_get(in, "MetricDataQueries.0.MetricStat.Metric.Dimensions.0.Name")),
		"Host");
}

static void test_query_refuses(void **state)
{
	static const char *const names[][2] = {
		{"MetricDataQueries", "MetricDataQueries.member.1.Id"},
		{"MetricDataQueries.member", ""},
		{"MetricDataQueries.member.0.Id", ""},
		{"MetricDataQueries.member.99999999999.Id", ""},
		{"StartTime.member.1", ""},
		{"MetricDataQueries.member.1", "MetricDataQueries.member.1.Id"},
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct fault f = {0};
		AUTO(strmap) struct strmap pairs = {0};
		AUTO(json) json_t *in = NULL;

		strmap_set(&pairs, names[i][0], "x");
		if (*names[i][1])
			strmap_set(&pairs, names[i][1], "y");
		int rc = shape_from_query(&shape_get_metric_data, &pairs, &in, &f);

		/* What the parser lets pass, the shape must refuse. */
		if (rc == 0)
			rc = shape_check(&shape_get_metric_data, in, &f);
		assert_int_equal(rc, -1);
	}
}

/* --- filter patterns ------------------------------------------------------------------------- */

static bool matches(const char *pattern, const char *text)
{
	AUTO(filter_pattern) struct filter_pattern *p = NULL;

	assert_int_equal(filter_pattern_new(pattern, &p, NULL), 0);
	return filter_pattern_matches(p, text);
}

static void test_filter_patterns(void **state)
{
	static const char *const broken[] = {"\"open", "a-b", "%(%", "{ $.a }", "{ $.a = 1", "?", "%%"};

	assert_true(matches("", "anything"));
	assert_true(matches("ERROR", "an ERROR here"));
	assert_false(matches("ERROR", "an error here"));
	assert_true(matches("ERROR memory", "memory ERROR"));
	assert_false(matches("ERROR memory", "ERROR"));
	assert_true(matches("\"loss=0.5\"", "epoch=1 loss=0.5"));
	assert_true(matches("?ERROR ?WARN", "WARN x"));
	assert_false(matches("?ERROR ?WARN", "INFO x"));
	assert_false(matches("ERROR -memory", "ERROR memory"));
	assert_true(matches("ERROR -memory", "ERROR disk"));
	assert_true(matches("%rmse:[0-9.]+%", "[1]#011train-rmse:7.4"));
	assert_true(matches("{ $.level = \"ERROR\" }", "{\"level\":\"ERROR\"}"));
	assert_true(matches("{ $.a.b >= 3 }", "{\"a\":{\"b\":3}}"));
	assert_false(matches("{ $.a.b > 3 }", "{\"a\":{\"b\":3}}"));
	assert_true(matches("{ $.s = \"ab*\" }", "{\"s\":\"abc\"}"));
	assert_false(matches("{ $.a = 1 }", "no JSON"));
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		struct filter_pattern *p = NULL;

		assert_int_not_equal(filter_pattern_new(broken[i], &p, NULL), 0);
	}
}

/* --- metrics ----------------------------------------------------------------------------------- */

static void found(void *user, const char *name, double value)
{
	buf_addf(user, "%s=%g;", name, value);
}

static void test_metric_defs(void **state)
{
	AUTO(json)
	json_t *list =
		json_pack("[{s:s, s:s}, {s:s, s:s}, {s:s, s:s}, {s:s, s:s}]", "Name", "rmse", "Regex",
			  ".*\\[[0-9]+\\].*#011validation-rmse:(\\S+)", "Name", "acc", "Regex", "accuracy=([0-9.]+%?)",
			  "Name", "broken", "Regex", "(", "Name", "slow", "Regex", "(a+)+$b");
	struct metric_defs *d = metric_defs_new(list);
	AUTO(buf) struct buf out = BUF_INIT(4096);

	static const char *const lines[] = {"[3]#011train-rmse:1.5#011validation-rmse:2.25", "accuracy=0.93% of all",
					    "validation-rmse:7", "[4]#011validation-rmse:nan",
					    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		metric_defs_apply(d, lines[i], strlen(lines[i]), found, &out);
	assert_string_equal(buf_str(&out), "rmse=2.25;acc=0.93;");
	metric_defs_free(d);
}

/* --- small things -------------------------------------------------------------------------------- */

static void test_tokens(void **state)
{
	AUTO(str) char *token = token_encode("jobs", "12|x");
	AUTO(str) char *back = token_decode("jobs", token);

	assert_string_equal(back, "12|x");
	assert_null(token_decode("streams", token));
	assert_null(token_decode("jobs", "!!!"));
	assert_null(token_decode("jobs", ""));
}

static void test_tokens_of_numbers(void **state)
{
	AUTO(str) char *token = token_encode_number("tags", 50);
	AUTO(str) char *negative = token_encode_number("tags", -1);
	AUTO(str) char *huge = token_encode_number("tags", INT64_MAX);
	AUTO(str) char *word = token_encode("tags", "5x");
	int64_t at = 7;

	assert_true(token_decode_number("tags", NULL, &at));
	assert_int_equal(at, 0);
	assert_true(token_decode_number("tags", token, &at));
	assert_int_equal(at, 50);
	assert_false(token_decode_number("products", token, &at));
	assert_false(token_decode_number("tags", negative, &at));
	assert_false(token_decode_number("tags", huge, &at));
	assert_false(token_decode_number("tags", word, &at));
	assert_false(token_decode_number("tags", "", &at));
}

static void test_ranges(void **state)
{
	int64_t offset, length;

	assert_int_equal(s3_parse_range("bytes=0-4", 10, &offset, &length), 0);
	assert_int_equal(length, 5);
	assert_int_equal(s3_parse_range("bytes=-3", 10, &offset, &length), 0);
	assert_int_equal(offset, 7);
	assert_int_equal(s3_parse_range("bytes=8-99", 10, &offset, &length), 0);
	assert_int_equal(length, 2);
	assert_int_equal(s3_parse_range("bytes=10-", 10, &offset, &length), -1);
	assert_int_equal(s3_parse_range("bytes=-0", 10, &offset, &length), -1);
	assert_int_equal(s3_parse_range("bytes=5-2", 10, &offset, &length), 1);
	assert_int_equal(s3_parse_range("bytes=0-1,3-4", 10, &offset, &length), 1);
	assert_int_equal(s3_parse_range("bytes=-", 10, &offset, &length), 1);
	assert_int_equal(s3_parse_range("lines=1-2", 10, &offset, &length), 1);
	assert_int_equal(length, 10);
}

static void test_bucket_names(void **state)
{
	static const char *const good[] = {"abc", "my-bucket.1", "sagemaker-us-east-1-000000000000"};
	static const char *const bad[] = {"ab", "-abc", "abc-", "a..b", "Abc", "a_b", "..", "a/b", ""};

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(bucket_name_valid(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(bucket_name_valid(bad[i]));
}

static void test_simulated_plan(void **state)
{
	struct sim_plan a, b, other;
	int64_t base = 1795000000000;
	int differing = 0;

	for (int64_t i = 0; i < 1000; i++) {
		sim_plan(&a, 7, i, 1000, base, 10);
		sim_plan(&b, 7, i, 1000, base, 10);
		sim_plan(&other, 8, i, 1000, base, 10);
		assert_memory_equal(&a, &b, sizeof(a));
		differing += a.round_ms != other.round_ms;
		assert_true(a.created_ms < base + 10 * 3600 * 1000 + 1000);
		/* The first half is over by the start: its longest stretch is under two hours. */
		assert_true(i >= 500 || a.created_ms < base - 7200 * 1000 + 1000);
		assert_true(a.fails_at < a.rounds && a.interrupted_at < a.rounds);
		assert_true(2 * a.starting_ms + 2 * a.downloading_ms + (a.rounds + 1) * a.round_ms + a.uploading_ms +
				    60000 <
			    3600 * 1000);
	}
	assert_true(differing > 900);
}

/* --- shapes from text, REST, the tables of kinds and operations ------------------------------- */

static void test_shape_text(void **state)
{
	const struct shape *s = shape_of_text("Name!:name Parts:[{Key!:text N:count}] Env:<text> Mode:A:x|B Free");

	check(s,
	      "{\"Name\": \"a\", \"Parts\": [{\"Key\": \"k\", \"N\": 0}], \"Env\": {\"E\": \"1\"}, \"Mode\": \"A:x\","
	      " \"Free\": [1]}",
	      NULL, NULL);
	check(s, "{}", "ValidationException", "Value null at 'name'");
	check(s, "{\"Name\": \"a_b\"}", "ValidationException", "regular expression");
	check(s, "{\"Name\": \"a\", \"Parts\": [{}]}", "ValidationException", "'parts.1.member.key'");
	check(s, "{\"Name\": \"a\", \"Parts\": [{\"Key\": \"k\", \"N\": -1}]}", "ValidationException", "greater than");
	check(s, "{\"Name\": \"a\", \"Env\": {\"E\": 1}}", "SerializationException", "String");
	check(s, "{\"Name\": \"a\", \"Mode\": \"A\"}", "ValidationException", "[A:x, B]");
	const struct shape *both = shape_join(shape_of_text("A!:int"), s);

	check(both, "{\"A\": 1}", NULL, NULL); /* what only the second has is not required */
	check(both, "{}", "ValidationException", "'a'");
	struct fault f = {0};
	AUTO(json) json_t *unknown = json_pack("{s:s, s:i}", "Name", "a", "Colour", 1);

	assert_int_equal(shape_check_known(s, unknown, NULL, &f), -1);
	assert_string_equal(f.message, "there is no member Colour");
	f = (struct fault){0};
	assert_int_equal(shape_check_known(s, unknown, "Colour", &f), 0);
}

static json_t *rest(const struct rest *rest_row, const char *method, const char *target, const char *body)
{
	const struct shape *shape = shape_of_text("Arn:text N:int On:bool Keys:[text] Body:text Type:text");
	struct request rq;
	struct fault f = {0};
	json_t *in = NULL;

	request_init(&rq);
	assert_int_equal(request_set_target(&rq, method, target, NULL), 0);
	request_add_header(&rq, "content-type", "text/csv");
	buf_adds(&rq.body, body);
	if (!rest_matches(rest_row, rq.method, rq.path) || rest_input(rest_row, &rq, shape, &in, &f) < 0)
		in = NULL;
	request_done(&rq);
	return in;
}

static void test_rest(void **state)
{
	static const struct rest tags = {"DELETE", "/tags/{Arn}", "TagKeys=Keys n=N on=On", NULL};
	static const struct rest put = {"PUT", "/things/{Arn}/x", NULL, NULL};
	static const struct rest call = {"POST", "/call", NULL, "Content-Type=Type"};

	assert_json(rest(&tags, "DELETE", "/tags/arn%3Aa%2Fb%2Bc?TagKeys=a%20b&n=12&TagKeys=c+d&on=true&other=1", ""),
		    "{\"Arn\":\"arn:a/b+c\",\"Keys\":[\"a b\",\"c d\"],\"N\":12,\"On\":true}");
	assert_json(rest(&tags, "GET", "/tags/a", ""), "(refused)");
	assert_json(rest(&tags, "DELETE", "/tags", ""), "(refused)");
	assert_json(rest(&tags, "DELETE", "/tags/", ""), "(refused)");
	assert_json(rest(&tags, "DELETE", "/tags/a/b", ""), "(refused)");
	assert_json(rest(&tags, "DELETE", "/tags/%zz", ""), "{\"Arn\":\"%zz\"}");
	assert_json(rest(&tags, "DELETE", "/tags/a%00b", ""), "(refused)");
	assert_json(rest(&put, "PUT", "/things/a/x", "{\"Body\": \"b\", \"Arn\": \"other\"}"),
		    "{\"Body\":\"b\",\"Arn\":\"a\"}");
	assert_json(rest(&put, "PUT", "/things/a/x", "[1]"), "(refused)");
	assert_json(rest(&put, "PUT", "/things/a/y", "{}"), "(refused)");
	/* A body that is no JSON is nobody's business where headers say what it is. */
	assert_json(rest(&call, "POST", "/call", "1,2"), "{\"Type\":\"text/csv\"}");
}

/* Every row's texts can be read, and no operation is there twice. */
static void test_operations(void **state)
{
	AUTO(map) struct map seen = {0};
	const struct route *route;
	const struct document_kind *kind;

	for (size_t i = 0; (route = operation_at(i)); i++) {
		AUTO(str) char *name = xasprintf("%d:%s", route->service, route->name);

		assert_null(map_put(&seen, name, (void *)route));
		assert_int_equal(operation_shape(route)->type, SHAPE_STRUCT);
		assert_ptr_equal(operation_find(route->service, route->name), route);
		assert_true(route->fn != NULL);
		assert_true((service_row(route->service)->protocol == WIRE_REST_JSON) == (route->rest != NULL));
	}
	for (size_t i = 0; (kind = kind_at(i)); i++) {
		assert_ptr_equal(kind_by_id(kind->id), kind);
		assert_int_equal(kind_document_shape(kind)->type, SHAPE_STRUCT);
		assert_true(!kind->ops[0].name || (kind->key_input && kind->missing.code));
		AUTO(json) json_t *doc = json_object();

		kind_defaults(kind, doc); /* aborts where its JSON is broken */
		assert_true(!kind->status || shape_member_of(kind_document_shape(kind), kind->status));
	}
	assert_null(operation_by_path("scheduler", "PATCH", "/schedules/a"));
	assert_string_equal(operation_by_path("scheduler", "GET", "/schedules/a")->name, "GetSchedule");
	assert_string_equal(operation_by_target("AWSEvents.PutRule")->name, "PutRule");
	assert_null(operation_by_target("AWSEvents.Search"));
}

/* A port that was given and is not bound yet is not given again, and is free. */
static void test_free_ports(void **state)
{
	static struct engine e;
	static bool given[65536];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct err err = {0};
		int port = 0;

		assert_int_equal(command_free_port(&e, &port, &err), 0);
		assert_in_range(port, 1024, 32767);
		assert_false(given[port]);
		given[port] = true;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cbor_parse),
		cmocka_unit_test(test_cbor_refuses),
		cmocka_unit_test(test_cbor_write),
		cmocka_unit_test(test_chunked),
		cmocka_unit_test(test_chunked_spoiled),
		cmocka_unit_test(test_chunked_malformed),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_query_input),
		cmocka_unit_test(test_query_refuses),
		cmocka_unit_test(test_filter_patterns),
		cmocka_unit_test(test_metric_defs),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_tokens_of_numbers),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_bucket_names),
		cmocka_unit_test(test_simulated_plan),
		cmocka_unit_test(test_shape_text),
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_free_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
