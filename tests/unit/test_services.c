/* Live Tail's event stream, prices and the container registry, against a server. */
#include "unit.h"

#include "aws/ecr.h"
#include "aws/eventstream.h"
#include "aws/logs.h"
#include "aws/pricing.h"
#include "base/clock.h"
#include "httpd.h"

struct world {
	struct httpd httpd;
	struct aws_client *client;
	httpd_fn *fn;
	char *last_body;
	bool done, sampled, stop_at_first;
	struct logs_tail *tail;
	int n_events, n_updates;
	char *text, *password;
	int64_t micro;
	struct err err;
	/* how the server misbehaves */
	bool corrupt, exception, cut;
};

static void add_frame(struct buf *out, const char *event, const char *payload)
{
	struct es_header headers[] = {es_string(":message-type", "event"), es_string(":event-type", event),
				      es_string(":content-type", "application/json")};

	if (eventstream_encode(out, headers, 3, payload, strlen(payload)))
		abort();
}

static void add_exception(struct buf *out, const char *type)
{
	struct es_header headers[] = {es_string(":message-type", "exception"), es_string(":exception-type", type)};

	if (eventstream_encode(out, headers, 2, "{\"message\":\"over\"}", 18))
		abort();
}

static bool serve_tail(void *user, const struct httpd_request *r, struct buf *out)
{
	struct world *w = user;
	AUTO(buf) struct buf frames = BUF_INIT(1 << 20);

	free(w->last_body);
	w->last_body = xstrndup(r->body, r->len);
	add_frame(&frames, "initial-response", "{}");
	add_frame(&frames, "sessionStart", "{\"sessionId\":\"s\"}");
	add_frame(&frames, "sessionUpdate",
		  "{\"sessionMetadata\":{\"sampled\":false},\"sessionResults\":[{\"logStreamName\":\"j/algo-1-2\","
		  "\"message\":\"one\",\"timestamp\":1790000000000,\"ingestionTime\":1790000000001}]}");
	add_frame(&frames, "sessionUpdate",
		  "{\"sessionMetadata\":{\"sampled\":true},\"sessionResults\":[{\"logStreamName\":\"j/algo-1-2\","
		  "\"message\":\"two\",\"timestamp\":1790000000002,\"ingestionTime\":1790000000003}]}");
	/* The first session times out, the second ends otherwise. */
	if (w->exception)
		add_exception(&frames, r->number == 0 ? "SessionTimeoutException" : "SessionStreamingException");
	if (w->corrupt)
		frames.data[frames.len - 1] = (char)(frames.data[frames.len - 1] ^ 1);
	buf_adds(out, "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n"
		      "Transfer-Encoding: chunked\r\n\r\n");
	/* In pieces that respect no frame. */
	for (size_t i = 0; i < frames.len; i += 7) {
		size_t n = MIN(frames.len - i, (size_t)7);

		buf_addf(out, "%zx\r\n", n);
		buf_add(out, frames.data + i, n);
		buf_adds(out, "\r\n");
	}
	if (w->cut)
		return false;
	buf_adds(out, "0\r\n\r\n");
	return true;
}

static bool serve_prices(void *user, const struct httpd_request *r, struct buf *out)
{
	struct world *w = user;

	free(w->last_body);
	w->last_body = xstrndup(r->body, r->len);
	httpd_reply(out, 200, "",
		    "{\"FormatVersion\":\"aws_v1\",\"PriceList\":[\"{\\\"product\\\":{\\\"attributes\\\":{"
		    "\\\"instanceName\\\":"
		    "\\\"ml.m5.xlarge\\\",\\\"regionCode\\\":\\\"eu-west-1\\\",\\\"component\\\":\\\"Training\\\","
		    "\\\"platoinstancetype\\\":\\\"SpotTraining\\\",\\\"usagetype\\\":\\\"EU-Train:ml.m5.xlarge\\\"}},"
		    "\\\"terms\\\":{\\\"OnDemand\\\":{\\\"a\\\":{\\\"priceDimensions\\\":{\\\"b\\\":{\\\"unit\\\":"
		    "\\\"Hrs\\\","
		    "\\\"pricePerUnit\\\":{\\\"USD\\\":\\\"0.2570000000\\\"}}}}}},"
		    "\\\"publicationDate\\\":\\\"2026-11-13T18:00:00Z\\\"}\"]}");
	return true;
}

static bool serve_ecr(void *user, const struct httpd_request *r, struct buf *out)
{
	const char *target = strmap_get(&r->headers, "x-amz-target");

	if (str_ends(target, "GetAuthorizationToken"))
		httpd_reply(out, 200, "",
			    "{\"authorizationData\":[{\"authorizationToken\":\"QVdTOnNlY3JldDox\",\"expiresAt\":1.79E9,"
			    "\"proxyEndpoint\":\"https://1.dkr.ecr.eu-west-1.amazonaws.com\"}]}");
	else if (str_ends(target, "DescribeRepositories"))
		httpd_reply(out, 400, "",
			    "{\"__type\":\"RepositoryNotFoundException\",\"message\":\"The repository with name 'x' "
			    "does not exist\"}");
	else
		httpd_reply(
			out, 200, "",
			"{\"repository\":{\"repositoryName\":\"x\",\"repositoryUri\":\"1.dkr.ecr/x\",\"repositoryArn\":"
			"\"arn\"}}");
	return true;
}

static void start(struct world *w, httpd_fn *fn)
{
	struct aws_options opt = {.local = true, .region = "eu-west-1"};

	httpd_start(&w->httpd, fn, w);
	opt.endpoint_url = w->httpd.url;
	assert_int_equal(aws_client_new(&opt, &w->client, NULL), 0);
}

static void stop(struct world *w)
{
	aws_client_free(w->client);
	httpd_stop(&w->httpd);
	free(w->last_body);
	free(w->text);
	free(w->password);
}

static void run(struct world *w)
{
	int64_t deadline = clock_mono_ms() + 180000;

	while (!w->done && clock_mono_ms() < deadline)
		aws_client_poll(w->client, NULL, 0, 1000);
	assert_true(w->done);
	w->done = false;
}

static void on_tail(void *user, const struct log_event *events, size_t n, bool sampled)
{
	struct world *w = user;

	w->n_updates++;
	w->n_events += (int)n;
	w->sampled |= sampled;
	if (n)
		str_set(&w->text, events[0].text);
	if (w->stop_at_first)
		logs_tail_stop(w->tail);
}

static void on_tail_end(void *user, const struct err *err)
{
	struct world *w = user;

	w->done = true;
	w->err = *err;
}

static void tail(struct world *w)
{
	AUTO(str) char *arn = logs_group_arn("eu-west-1", "000000000000", TRAINING_LOG_GROUP);

	start(w, serve_tail);
	w->tail = logs_tail_start(w->client, arn, "j/", "\"o\"", on_tail, on_tail_end, w);
	assert_int_equal(logs_tail_minutes(w->tail), 1);
	run(w);
}

static void test_tail(void **state)
{
	struct world w = {.exception = true};

	tail(&w);
	/* Renewed once after the time-out of the session, then ended by the service. */
	assert_int_equal(w.httpd.n_requests, 2);
	assert_int_equal(w.n_updates, 4);
	assert_int_equal(w.n_events, 4);
	assert_true(w.sampled);
	assert_string_equal(w.text, "two");
	assert_int_equal(w.err.code, ERR_SERVICE);
	assert_non_null(strstr(w.err.msg, "SessionStreamingException: over"));
	assert_string_equal(
		w.last_body,
		"{\"logGroupIdentifiers\":[\"arn:aws:logs:eu-west-1:000000000000:log-group:/aws/sagemaker/"
		"TrainingJobs\"],\"logStreamNamePrefixes\":[\"j/\"],\"logEventFilterPattern\":\"\\\"o\\\"\"}");
	stop(&w);
}

static void test_tail_damage(void **state)
{
	struct world corrupt = {.corrupt = true}, cut = {.cut = true}, closed = {0};

	tail(&corrupt);
	assert_int_equal(corrupt.err.code, ERR_PARSE);
	assert_non_null(strstr(corrupt.err.msg, "ChecksumMismatch"));
	assert_int_equal(corrupt.n_events, 1);
	stop(&corrupt);
	tail(&cut);
	assert_int_equal(cut.err.code, ERR_NET);
	assert_int_equal(cut.n_events, 2);
	assert_int_equal(cut.httpd.n_requests, 1); /* the follower decides, not the transport */
	stop(&cut);
	tail(&closed);
	assert_int_equal(closed.err.code, ERR_NET);
	stop(&closed);
}

static void test_tail_stop(void **state)
{
	struct world w = {.stop_at_first = true};

	tail(&w);
	assert_int_equal(w.err.code, ERR_CANCELLED);
	assert_int_equal(w.n_events, 1);
	stop(&w);
}

static void on_prices(void *user, const struct price *rows, size_t n, const char *next_token, const struct err *err)
{
	struct world *w = user;

	w->done = true;
	assert_null(err);
	assert_null(next_token);
	assert_int_equal(n, 1);
	w->micro = rows[0].usd_micro;
	str_set(&w->text, rows[0].component);
}

static void test_prices(void **state)
{
	struct world w = {0};

	start(&w, serve_prices);
	pricing_get_products(w.client, "eu-west-1", "ml.m5.xlarge", NULL, NULL, on_prices, &w);
	run(&w);
	assert_int_equal(w.micro, 257000);
	assert_string_equal(w.text, "SpotTraining");
	assert_non_null(
		strstr(w.last_body, "{\"Type\":\"TERM_MATCH\",\"Field\":\"instanceName\",\"Value\":\"ml.m5.xlarge\"}"));
	stop(&w);
}

static void on_token(void *user, const char *registry_url, const char *token, int64_t expires_ms, const struct err *err)
{
	struct world *w = user;

	w->done = true;
	assert_null(err);
	str_set(&w->text, registry_url);
	str_set(&w->password, token);
	assert_int_equal(expires_ms, 1790000000000);
}

static void on_repository(void *user, const struct err *err)
{
	struct world *w = user;

	w->done = true;
	err_clear(&w->err);
	if (err)
		w->err = *err;
}

static void test_ecr(void **state)
{
	struct world w = {0};

	start(&w, serve_ecr);
	ecr_get_token(w.client, on_token, &w);
	run(&w);
	assert_string_equal(w.text, "https://1.dkr.ecr.eu-west-1.amazonaws.com");
	assert_string_equal(w.password, "QVdTOnNlY3JldDox");
	ecr_describe_repository(w.client, "x", on_repository, &w);
	run(&w);
	assert_int_equal(w.err.code, ERR_NOTFOUND);
	ecr_create_repository(w.client, "x", on_repository, &w);
	run(&w);
	assert_int_equal(w.err.code, ERR_OK);
	stop(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tail),   cmocka_unit_test(test_tail_damage), cmocka_unit_test(test_tail_stop),
		cmocka_unit_test(test_prices), cmocka_unit_test(test_ecr),
	};

	return cmocka_run_group_tests_name("services", tests, NULL, NULL);
}
