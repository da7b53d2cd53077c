/* Retries, rates, the clock: pure functions, and the published clock cases. */
#include "unit.h"

#include "aws/op.h"
#include "aws/retry.h"
#include "base/timefmt.h"
#include "vectors.h"

static void test_classes(void **state)
{
	static const struct {
		enum err_code code;
		int status;
		const char *aws_code;
		enum retry_class class;
	} rows[] = {
		{ERR_NET, 0, "", RETRY_TRANSIENT},
		{ERR_TIMEOUT, 0, "", RETRY_TRANSIENT},
		{ERR_TOOBIG, 0, "", RETRY_NEVER},
		{ERR_SERVICE, 500, "", RETRY_TRANSIENT},
		{ERR_SERVICE, 502, "", RETRY_TRANSIENT},
		{ERR_SERVICE, 503, "", RETRY_TRANSIENT},
		{ERR_SERVICE, 504, "", RETRY_TRANSIENT},
		{ERR_SERVICE, 501, "", RETRY_NEVER},
		{ERR_THROTTLED, 503, "SlowDown", RETRY_THROTTLING},
		{ERR_THROTTLED, 400, "ThrottlingException", RETRY_THROTTLING},
		{ERR_THROTTLED, 400, "RequestLimitExceeded", RETRY_THROTTLING},
		{ERR_THROTTLED, 429, "", RETRY_THROTTLING},
		{ERR_TIMEOUT, 400, "RequestTimeout", RETRY_TRANSIENT},
		{ERR_INVALID, 400, "IDPCommunicationError", RETRY_TRANSIENT},
		{ERR_INVALID, 400, "ValidationException", RETRY_NEVER},
		{ERR_DENIED, 403, "AccessDenied", RETRY_NEVER},
		{ERR_LIMIT, 400, "ResourceLimitExceeded", RETRY_NEVER},
		{ERR_EXPIRED, 400, "ExpiredTokenException", RETRY_EXPIRED},
		{ERR_EXPIRED, 403, "ExpiredToken", RETRY_EXPIRED},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (retry_classify(rows[i].code, rows[i].status, rows[i].aws_code) != rows[i].class)
			fail_msg("row %zu: %s", i, rows[i].aws_code);
}

static void test_delays(void **state)
{
	/* rand * min(base * 2^(n-1), 20 s); base 50 ms transient, 1 s throttling */
	assert_int_equal(retry_delay_ms(RETRY_TRANSIENT, 1, 1.0, -1), 50);
	assert_int_equal(retry_delay_ms(RETRY_TRANSIENT, 2, 1.0, -1), 100);
	assert_int_equal(retry_delay_ms(RETRY_TRANSIENT, 3, 0.5, -1), 100);
	assert_int_equal(retry_delay_ms(RETRY_THROTTLING, 1, 1.0, -1), 1000);
	assert_int_equal(retry_delay_ms(RETRY_THROTTLING, 5, 1.0, -1), 16000);
	assert_int_equal(retry_delay_ms(RETRY_THROTTLING, 6, 1.0, -1), 20000);
	assert_int_equal(retry_delay_ms(RETRY_THROTTLING, 1000, 1.0, -1), 20000);
	assert_int_equal(retry_delay_ms(RETRY_TRANSIENT, 1, 0.0, -1), 0);
	/* x-amz-retry-after within [t, t + 5 s] */
	assert_int_equal(retry_delay_ms(RETRY_TRANSIENT, 1, 1.0, 1500), 1500);
	assert_int_equal(retry_delay_ms(RETRY_TRANSIENT, 1, 1.0, 10), 50);
	assert_int_equal(retry_delay_ms(RETRY_TRANSIENT, 1, 1.0, 60000), 5050);
}

static void test_quota(void **state)
{
	struct retry_quota q = RETRY_QUOTA_INIT;
	int cost = 0, n = 0;

	while (retry_quota_take(&q, RETRY_TRANSIENT, &cost))
		n++;
	assert_int_equal(n, 35); /* 500 / 14 */
	assert_int_equal(cost, 14);
	assert_true(retry_quota_take(&q, RETRY_THROTTLING, &cost));
	assert_int_equal(cost, 5);
	retry_quota_give(&q, 14);
	assert_true(retry_quota_take(&q, RETRY_TRANSIENT, &cost));
	for (int i = 0; i < 1000; i++)
		retry_quota_give(&q, 0);
	assert_int_equal(q.left, 500);
}

static void test_token_bucket(void **state)
{
	struct token_bucket b;

	token_bucket_init(&b, 2, 3, 1000);
	for (int i = 0; i < 3; i++)
		assert_int_equal(token_bucket_take(&b, 1000), 0);
	assert_int_equal(token_bucket_take(&b, 1000), 500);
	assert_int_equal(token_bucket_take(&b, 1250), 250);
	assert_int_equal(token_bucket_wait_ms(&b, 1500), 0);
	assert_int_equal(token_bucket_take(&b, 1500), 0);
	assert_int_equal(token_bucket_take(&b, 1500), 500);
	/* Never more than the burst, however long the pause. */
	for (int i = 0; i < 3; i++)
		assert_int_equal(token_bucket_take(&b, 100000), 0);
	assert_true(token_bucket_take(&b, 100000) > 0);
	/* Never above the rate: in any ten seconds at most burst + 10 * rate. */
	int n = 0;
	token_bucket_init(&b, 1, 1, 0);
	for (int64_t t = 0; t < 10000; t++)
		n += token_bucket_take(&b, t) == 0;
	assert_in_range(n, 10, 11);
	token_bucket_init(&b, 0, 0, 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(token_bucket_take(&b, 0), 0);
}

/* A service that bears 5 a second: the sender settles near that and never stops. */
static void test_adaptive(void **state)
{
	struct adaptive_rate a;
	double now = 100, served = 0, capacity = 5;
	int sent = 0, throttled = 0, sent_late = 0;

	adaptive_init(&a, now);
	for (int i = 0; i < 6000; i++) { /* a minute in steps of 10 ms */
		now += 0.01;
		served = MIN(capacity, served + capacity * 0.01);
		if (adaptive_take(&a, now))
			continue;
		sent++;
		sent_late += i >= 3000;
		if (served >= 1) {
			served -= 1;
			adaptive_update(&a, false, now);
		} else {
			throttled++;
			adaptive_update(&a, true, now);
		}
	}
	assert_true(a.enabled);
	assert_in_range(sent_late, 60, 240); /* 2 to 8 a second in the second half */
	assert_true(throttled * 2 < sent);
}

/* --- the clock ---------------------------------------------------------------------------- */

static int64_t time_of(const json_t *o, const char *name)
{
	int64_t ms = 0;

	assert_true(timefmt_parse_iso(json_get_str(o, name), &ms));
	return ms;
}

/* One operation as the client runs it: sign with the skew, record, maybe again. */
static void check_operation(const char *docs, const json_t *operation, int64_t *skew_ms)
{
	const json_t *attempts = json_object_get(operation, "attempts");
	int64_t max = json_get_i64(operation, "maxAttempts", RETRY_MAX_ATTEMPTS);
	const char *outcome = json_get_str(operation, "expectedOutcome");
	bool ok = false;
	size_t used = 0;

	assert_int_equal(*skew_ms, json_get_i64(operation, "initialClientSkew", 0) * 1000);
	for (size_t i = 0; i < json_array_size(attempts); i++) {
		const json_t *a = json_array_get(attempts, i);
		const json_t *headers = json_path_get(a, "response.headers");
		const char *code = json_get_str(json_object_get(a, "response"), "errorCode");
		int64_t sent = time_of(a, "clientTimeAtSend"), used_skew = *skew_ms, measured = 0;
		bool known;

		used++;
		if (sent + *skew_ms != time_of(a, "expectedSigningTime"))
			fail_msg("%s: attempt %zu is signed for another time", docs, i);
		known = clock_skew_measure(sent, time_of(a, "clientTimeAtReceive"), json_get_str(headers, "Date"),
					   json_get_str(headers, "Age"), &measured);
		if (known)
			*skew_ms = measured;
		ok = !code;
		if (ok || (int64_t)used >= max || !clock_skew_is_cause(code, known, measured, used_skew))
			break;
	}
	if (used != json_array_size(attempts) || ok != str_eq(outcome, "success"))
		fail_msg("%s: %s after %zu attempts", docs, ok ? "success" : "error", used);
	if (*skew_ms != json_get_i64(operation, "expectedClientSkew", 0) * 1000)
		fail_msg("%s: skew %lld ms", docs, (long long)*skew_ms);
}

static void test_clock_cases(void **state)
{
	AUTO(str) char *dir = vectors_folder("config");
	AUTO(json) json_t *file = dir ? vector_read_json(dir, "clock-skew-test-cases.json") : NULL;
	size_t i, k;
	json_t *t, *operation;

	if (!file)
		skip();
	json_array_foreach(json_object_get(file, "tests"), i, t)
	{
		int64_t skew_ms =
			json_get_i64(json_array_get(json_object_get(t, "operations"), 0), "initialClientSkew", 0) *
			1000;

		json_array_foreach(json_object_get(t, "operations"), k, operation)
			check_operation(json_get_str(t, "description"), operation, &skew_ms);
	}
	print_message("# %zu clock cases\n", i);
	assert_true(i > 0);
}

/* --- recursion detection ---------------------------------------------------------------------- */

static const char *env_get(void *user, const char *name)
{
	return json_get_str(user, name);
}

static const char *header_value(const json_t *list)
{
	static const char name[] = "X-Amzn-Trace-Id: ";
	const char *line = json_string_value(json_array_get(list, 0));

	return line && str_starts(line, name) ? line + sizeof(name) - 1 : NULL;
}

static void test_recursion_cases(void **state)
{
	AUTO(str) char *dir = vectors_folder("config");
	AUTO(json) json_t *file = dir ? vector_read_json(dir, "recursion-detection.json") : NULL;
	size_t i;
	json_t *t;

	if (!file)
		skip();
	json_array_foreach(file, i, t)
	{
		struct aws_io io = {.env = env_get, .user = json_object_get(t, "env")};
		const char *before = header_value(json_object_get(t, "requestHeadersBefore"));
		const char *after = header_value(json_object_get(t, "requestHeadersAfter"));
		AUTO(str) char *added = aws_trace_id(&io, before);
		const char *got = before ? before : added;

		if (!str_eq(got, after))
			fail_msg("case %zu: %s, not %s", i, got ? got : "(none)", after ? after : "(none)");
	}
	assert_true(i > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),		cmocka_unit_test(test_delays),
		cmocka_unit_test(test_quota),		cmocka_unit_test(test_token_bucket),
		cmocka_unit_test(test_adaptive),	cmocka_unit_test(test_clock_cases),
		cmocka_unit_test(test_recursion_cases),
	};

	return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
