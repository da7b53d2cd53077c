/* The client against a server that answers well, badly and not at all. */
#include "unit.h"

#include "aws/cloudwatch.h"
#include "aws/logs.h"
#include "aws/op.h"
#include "aws/resource.h"
#include "aws/sigv4_verify.h"
#include "aws/sts.h"
#include "base/clock.h"
#include "base/timefmt.h"
#include "httpd.h"

struct script {
	/* replies in order, the last one repeated; NULL resets the connection */
	const char *const *replies;
	size_t n;
	bool check_signature, bad_signature;
	char *last_target, *last_body, *last_date;
	bool truncate;
};

static bool verify(const struct httpd_request *r)
{
	struct sigv4_header headers[32];
	struct sigv4_request q = {
		.method = r->method, .path = r->path, .headers = headers, .body = r->body, .body_len = r->len};
	AUTO(sigv4_auth) struct sigv4_auth a = {0};

	for (size_t i = 0; i < r->headers.n && i < 32; i++)
		headers[q.n_headers++] = (struct sigv4_header){r->headers.items[i].name, r->headers.items[i].value};
	return !sigv4_auth_parse(&q, &a, NULL) && !sigv4_auth_check(&a, &q, "local", NULL);
}

static bool play(void *user, const struct httpd_request *r, struct buf *out)
{
	struct script *s = user;
	const char *reply = s->replies[MIN((size_t)r->number, s->n - 1)];

	str_set(&s->last_target, strmap_get(&r->headers, "x-amz-target"));
	str_set(&s->last_date, strmap_get(&r->headers, "x-amz-date"));
	free(s->last_body);
	s->last_body = xstrndup(r->body, r->len);
	if (s->check_signature && !verify(r))
		s->bad_signature = true;
	if (!reply)
		return false;
	if (*reply == '!')
		buf_adds(out, reply + 1); /* raw */
	else
		httpd_reply(out, atoi(reply), "x-amzn-RequestId: id-1\r\n", reply + 4);
	return *reply != '!';
}

struct world {
	struct httpd httpd;
	struct script script;
	struct aws_client *client;
	/* what came */
	bool done;
	struct err err;
	size_t n_jobs, n_slices;
	char *name, *token;
	int64_t total;
	int attempts, status, reports;
	char order[32];
};

static void on_report(void *user, const struct aws_request_report *r)
{
	struct world *w = user;

	w->attempts = r->attempts;
	w->status = r->http_status;
	w->reports++;
}

static void world_start_beside(struct world *w, const char *const *replies, size_t n, struct aws_client *beside)
{
	struct aws_options opt = {.local = true, .beside = beside};
	struct err err = {0};

	*w = (struct world){.script = {.replies = replies, .n = n}};
	httpd_start(&w->httpd, play, &w->script);
	opt.endpoint_url = w->httpd.url;
	if (aws_client_new(&opt, &w->client, &err))
		fail_msg("%s", err.msg);
	aws_client_on_report(w->client, on_report, w);
}

static void world_start(struct world *w, const char *const *replies, size_t n)
{
	world_start_beside(w, replies, n, NULL);
}

static void world_stop(struct world *w)
{
	aws_client_free(w->client);
	httpd_stop(&w->httpd);
	free(w->script.last_target);
	free(w->script.last_body);
	free(w->script.last_date);
	free(w->name);
	free(w->token);
}

static void on_jobs(void *user, const struct resource_page *page, const struct err *err)
{
	struct world *w = user;

	w->done = true;
	if (err) {
		w->err = *err;
		return;
	}
	w->n_jobs = page->n;
	w->total = page->total_hint;
	str_set(&w->token, page->next_token);
	if (page->n)
		str_set(&w->name, page->items[0]->name);
}

static void turn_until(struct aws_client *c, const bool *done)
{
	int64_t deadline = clock_mono_ms() + 180000;

	while (!*done && clock_mono_ms() < deadline)
		aws_client_poll(c, NULL, 0, 1000);
	assert_true(*done);
}

static void run(struct world *w)
{
	turn_until(w->client, &w->done);
}

static void search(struct world *w, const char *const *replies, size_t n)
{
	struct resource_query q = {.name = "swe",
				   .status = "Completed",
				   .created_after_ms = TIME_UNKNOWN,
				   .modified_after_ms = 1790000000000};

	world_start(w, replies, n);
	aws_resource_search(w->client, TRAINING_KIND, &q, AWS_POLLING, on_jobs, w);
	assert_false(w->done); /* never from within the call */
	run(w);
}

static const char good[] = "200 {\"Results\":[{\"TrainingJob\":{\"TrainingJobName\":\"a\\u001b[31mb\","
			   "\"TrainingJobStatus\":\"Completed\"}}],\"NextToken\":\"t\",\"TotalHits\":{\"Value\":7}}";

static void test_search(void **state)
{
	static const char *const replies[] = {good};
	struct world w;

	search(&w, replies, 1);
	assert_int_equal(w.err.code, 0);
	assert_int_equal(w.n_jobs, 1);
	assert_string_equal(w.name, "ab"); /* sanitised */
	assert_string_equal(w.token, "t");
	assert_int_equal(w.total, 7);
	assert_string_equal(w.script.last_target, "SageMaker.Search");
	assert_non_null(strstr(w.script.last_body, "\"Value\":\"2026-09-21T"));
	world_stop(&w);
}

static void test_signature_is_accepted(void **state)
{
	static const char *const replies[] = {good};
	struct resource_query q = {.created_after_ms = TIME_UNKNOWN, .modified_after_ms = TIME_UNKNOWN};
	struct world w;

	world_start(&w, replies, 1);
	w.script.check_signature = true;
	aws_resource_search(w.client, TRAINING_KIND, &q, AWS_POLLING, on_jobs, &w);
	run(&w);
	assert_false(w.script.bad_signature);
	assert_null(strstr(w.script.last_body, "SearchExpression"));
	world_stop(&w);
}

static void expect_failure(const char *const *replies, size_t n, enum err_code code, const char *text, int attempts)
{
	struct world w;

	search(&w, replies, n);
	if (w.err.code != code || !strstr(w.err.msg, text) || w.attempts != attempts)
		fail_msg("%s: %s after %d attempts", err_code_name(w.err.code), w.err.msg, w.attempts);
	assert_int_equal(w.reports, 1);
	world_stop(&w);
}

static void test_retries(void **state)
{
	static const char *const after_500[] = {"500 {}", good};
	static const char *const after_reset[] = {NULL, good};
	static const char *const after_truncation[] = {"!HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"Results\":",
						       good};
	static const char *const after_throttle[] = {"400 {\"__type\":\"ThrottlingException\",\"message\":\"Rate\"}",
						     good};
	static const struct {
		const char *const *replies;
	} rows[] = {{after_500}, {after_reset}, {after_truncation}, {after_throttle}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world w;

		search(&w, rows[i].replies, 2);
		if (w.err.code || w.n_jobs != 1 || w.attempts != 2)
			fail_msg("row %zu: %s, %d attempts", i, w.err.msg, w.attempts);
		world_stop(&w);
	}
}

static void test_failures(void **state)
{
	static const char *const denied[] = {"400 {\"__type\":\"AccessDeniedException\",\"Message\":\"User is not "
					     "authorized to perform: sagemaker:Search\"}"};
	static const char *const unknown[] = {
		"400 {\"__type\":\"com.amazonaws#ValidationException\",\"message\":\"Requested resource not "
		"found.\"}"};
	static const char *const always_503[] = {"503 <html>"};
	static const char *const not_json[] = {"200 <html>hello</html>"};
	static const char *const not_object[] = {"200 [1,2]"};
	static const char *const empty[] = {"200 "};
	static const char *const cut_header[] = {"!HTTP/1.1 200 OK\r\nContent-Le"};
	static const char *const gone[] = {NULL};
	static const char *const throttled[] = {
		"400 {\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}"};
	static const char *const in_use[] = {"400 {\"__type\":\"ResourceInUse\",\"Message\":\"taken\"}"};
	static const char *const limit[] = {"400 {\"__type\":\"ResourceLimitExceeded\",\"Message\":\"quota\"}"};
	static const char *const bad_key[] = {"403 {\"__type\":\"UnrecognizedClientException\",\"message\":\"The "
					      "security token included in the request is invalid.\"}"};
	static const char *const garbage[] = {"!garbage\r\n\r\n"};

	expect_failure(denied, 1, ERR_DENIED, "Search: AccessDeniedException: User is not", 1);
	expect_failure(unknown, 1, ERR_NOTFOUND, "Requested resource not found", 1);
	expect_failure(always_503, 1, ERR_SERVICE, "unavailable (HTTP 503)", 3);
	expect_failure(not_json, 1, ERR_SERVICE, "HTML", 1);
	expect_failure(not_object, 1, ERR_NET, "no JSON object", 3);
	expect_failure(empty, 1, ERR_NET, "empty", 3);
	expect_failure(cut_header, 1, ERR_NET, "ended within its header", 3);
	expect_failure(gone, 1, ERR_NET, "Search: 127.0.0.1:", 3);
	expect_failure(throttled, 1, ERR_THROTTLED, "Rate exceeded", 3);
	expect_failure(in_use, 1, ERR_EXISTS, "taken", 1);
	expect_failure(limit, 1, ERR_LIMIT, "quota", 1);
	expect_failure(bad_key, 1, ERR_AUTH, "security token", 1);
	expect_failure(garbage, 1, ERR_NET, "Search: 127.0.0.1:", 3);
}

static bool play_huge(void *user, const struct httpd_request *r, struct buf *out)
{
	const char *header_flood = user;

	if (header_flood) {
		buf_adds(out, "HTTP/1.1 200 OK\r\n");
		for (int i = 0; i < 5000; i++)
			buf_addf(out, "X-%d: aaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n", i);
		buf_adds(out, "Content-Length: 2\r\n\r\n{}");
		return false;
	}
	buf_addf(out, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n{\"a\":\"", 40 << 20);
	while (out->len < ((size_t)40 << 20))
		buf_adds(out, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	return false;
}

static void test_too_large(void **state)
{
	static char flood[] = "headers";
	char *kinds[] = {NULL, flood};

	for (size_t i = 0; i < 2; i++) {
		struct aws_options opt = {.local = true};
		struct resource_query q = {.created_after_ms = TIME_UNKNOWN, .modified_after_ms = TIME_UNKNOWN};
		struct world w = {0};

		httpd_start(&w.httpd, play_huge, kinds[i]);
		opt.endpoint_url = w.httpd.url;
		assert_int_equal(aws_client_new(&opt, &w.client, NULL), 0);
		aws_resource_search(w.client, TRAINING_KIND, &q, AWS_POLLING, on_jobs, &w);
		run(&w);
		assert_int_equal(w.err.code, ERR_TOOBIG);
		world_stop(&w);
	}
}

static bool play_skewed(void *user, const struct httpd_request *r, struct buf *out)
{
	struct script *s = user;
	char date[TIMEFMT_LEN], text[100];

	str_set(&s->last_date, strmap_get(&r->headers, "x-amz-date"));
	snprintf(text, sizeof(text), "Date: %s\r\n", timefmt_http(date, clock_now_ms() + 600000));
	if (r->number == 0)
		httpd_reply(out, 400, text, "{\"__type\":\"InvalidSignatureException\",\"message\":\"expired\"}");
	else
		httpd_reply(out, 200, text, "{\"Results\":[]}");
	return true;
}

static void on_left_out(void *user, const char *operation, size_t n)
{
	struct world *w = user;

	snprintf(w->order, sizeof(w->order), "%s %zu", operation, n);
}

/* What can be read is kept, the rest is counted, bad characters are replaced; what is of
 * another kind is none of ours. */
static void test_bad_records(void **state)
{
	static const char *const replies[] = {
		"200 {\"Results\":[{\"TrainingJob\":{}},{\"TrainingJob\":null},5,{\"Model\":{}},"
		"{\"TrainingJob\":{\"TrainingJobName\":7}},{\"TrainingJob\":{\"TrainingJobName\":\"a\\ud83d\xff\x01z\","
		"\"TrainingJobName\":\"b\\ud83d\xff z\",\"TrainingJobStatus\":\"Completed\",\"CreationTime\":NaN}}],"
		"\"TotalHits\":{\"Value\":123456789012345678901234567890}}"};
	struct resource_query q = {.created_after_ms = TIME_UNKNOWN, .modified_after_ms = TIME_UNKNOWN};
	struct world w;

	world_start(&w, replies, 1);
	aws_client_on_left_out(w.client, on_left_out, &w);
	for (int i = 0; i < 2; i++) { /* told once, counted twice */
		w.done = false;
		aws_resource_search(w.client, TRAINING_KIND, &q, AWS_POLLING, on_jobs, &w);
		run(&w);
		assert_int_equal(w.err.code, 0);
		assert_int_equal(w.n_jobs, 1);
		assert_string_equal(w.name, "b\xef\xbf\xbd\xef\xbf\xbd z");
		assert_string_equal(w.order, i ? "" : "Search 3");
		*w.order = '\0';
	}
	assert_int_equal(aws_client_left_out(w.client), 6);
	world_stop(&w);
}

static void test_clock_is_corrected(void **state)
{
	struct aws_options opt = {.local = true};
	struct resource_query q = {.created_after_ms = TIME_UNKNOWN, .modified_after_ms = TIME_UNKNOWN};
	struct world w = {0};
	int64_t started_ms = clock_now_ms(), signed_ms = 0;
	char iso[TIMEFMT_LEN];
	const char *date;

	httpd_start(&w.httpd, play_skewed, &w.script);
	opt.endpoint_url = w.httpd.url;
	assert_int_equal(aws_client_new(&opt, &w.client, NULL), 0);
	aws_resource_search(w.client, TRAINING_KIND, &q, AWS_POLLING, on_jobs, &w);
	run(&w);
	assert_int_equal(w.err.code, 0);
	assert_int_equal(w.httpd.n_requests, 2);
	date = w.script.last_date;
	/* Signed with the server's time: ten minutes ahead of ours, not ours. */
	snprintf(iso, sizeof(iso), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", date, date + 4, date + 6, date + 9, date + 11,
		 date + 13);
	assert_true(timefmt_parse_iso(iso, &signed_ms));
	assert_true(signed_ms - started_ms >= 595000);
	world_stop(&w);
}

static void on_order_a(void *user, const struct resource_page *page, const struct err *err)
{
	struct world *w = user;

	strcat(w->order, "a");
	w->done = strlen(w->order) == 4;
}

static void on_order_u(void *user, const struct aws_reply *reply, const struct err *err)
{
	struct world *w = user;

	strcat(w->order, err && err->code == ERR_CANCELLED ? "c" : "u");
	w->done = strlen(w->order) == 4;
}

static struct aws_request *stop(struct world *w, const char *name)
{
	return aws_call_named(w->client, AWS_OP_ROW(sagemaker, StopTrainingJob), AWS_USER_ACTION,
			      json_pack("{s:s}", "TrainingJobName", name), on_order_u, w);
}

static void on_timer(void *user)
{
	struct world *w = user;

	strcat(w->order, "t");
	w->done = strlen(w->order) == 4;
}

static void test_cancel_and_timers(void **state)
{
	static const char *const replies[] = {"200 {}"};
	struct resource_query q = {.created_after_ms = TIME_UNKNOWN, .modified_after_ms = TIME_UNKNOWN};
	struct world w;
	struct aws_request *r;
	uint64_t id;

	world_start(&w, replies, 1);
	aws_client_after(w.client, 5000, on_timer, &w);
	id = aws_client_after(w.client, 5, on_timer, &w);
	aws_client_after(w.client, 30, on_timer, &w);
	aws_client_cancel_timer(w.client, id);
	r = stop(&w, "x");
	aws_request_cancel(r);
	stop(&w, "y");
	aws_client_poll(w.client, NULL, 0, 0);
	assert_int_equal(w.order[0], 'c');
	aws_resource_search(w.client, TRAINING_KIND, &q, AWS_POLLING, on_order_a, &w);
	run(&w);
	assert_non_null(strchr(w.order, 'u'));
	assert_non_null(strchr(w.order, 't'));
	assert_non_null(strchr(w.order, 'a'));
	world_stop(&w);
}

/* A server that accepts connections (the kernel does) and never answers. */
static void test_free_cancels(void **state)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct aws_options opt = {.local = true};
	struct resource_query q = {.created_after_ms = TIME_UNKNOWN, .modified_after_ms = TIME_UNKNOWN};
	struct world w = {0};
	char url[64];

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", ntohs(a.sin_port));
	opt.endpoint_url = url;
	assert_int_equal(aws_client_new(&opt, &w.client, NULL), 0);
	aws_resource_search(w.client, TRAINING_KIND, &q, AWS_POLLING, on_jobs, &w);
	stop(&w, "y");
	aws_client_poll(w.client, NULL, 0, 20);
	assert_false(w.done);
	aws_client_free(w.client);
	assert_int_equal(w.err.code, ERR_CANCELLED);
	assert_string_equal(w.order, "c");
	close(fd);
}

/* With a rate of 10 a second, 6 polls take half a second; a user's action that
 * comes last goes before those that still wait. */
static void test_rate_and_priority(void **state)
{
	static const char *const replies[] = {"200 {}"};
	struct world w;
	int64_t start = clock_mono_ms();
	struct resource_query q = {.created_after_ms = TIME_UNKNOWN, .modified_after_ms = TIME_UNKNOWN};

	world_start(&w, replies, 1);
	assert_int_equal(aws_client_set_rate(w.client, "ListTrainingJobs", 20, NULL), 0);
	assert_int_equal(aws_client_set_rate(w.client, "ListTrainingJobs", 0, NULL), -ERR_INVALID);
	for (int i = 0; i < 30; i++)
		aws_resource_list(w.client, TRAINING_KIND, &q, AWS_POLLING, on_jobs, &w);
	aws_resource_list(w.client, TRAINING_KIND, &q, AWS_USER_ACTION, on_order_a, &w);
	while (w.reports < 31) {
		aws_client_poll(w.client, NULL, 0, 1000);
		if (w.order[0] == 'a' && !w.total) {
			w.total = w.reports;
			assert_true(w.reports < 30); /* in order of arrival it were the last */
		}
	}
	/* 20 at once, 11 more at 20 a second. */
	assert_true(clock_mono_ms() - start >= 500);
	assert_string_equal(w.order, "a");
	world_stop(&w);
}

static void on_identity(void *user, const struct sts_identity *id, const struct err *err)
{
	struct world *w = user;

	w->done = true;
	if (err)
		w->err = *err;
	else
		str_set(&w->name, id->account);
}

static void on_events(void *user, const struct log_event *events, size_t n, bool more, const char *token,
		      const struct err *err)
{
	struct world *w = user;

	assert_false(w->done);
	w->done = !more;
	w->n_jobs += n;
	w->n_slices += more;
	if (err)
		w->err = *err;
	if (!more)
		str_set(&w->token, token);
	if (n)
		str_set(&w->name, events[n - 1].stream ? events[n - 1].stream : events[n - 1].text);
}

static void on_data(void *user, const struct cw_series *series, size_t n, const char *token, const struct err *err)
{
	struct world *w = user;

	w->done = true;
	w->n_jobs = n;
	if (n) {
		assert_int_equal(series[0].n, 3);
		assert_int_equal(series[0].times_ms[0], 1000);
		assert_true(series[0].values[0] > 2.9 && series[0].values[2] < 1.1);
	}
}

static void test_other_services(void **state)
{
	static const char *const sts[] = {
		"200 <R xmlns=\"x\"><GetCallerIdentityResult><Arn>arn:x</Arn><UserId>u</UserId>"
		"<Account>123</Account></GetCallerIdentityResult></R>"};
	static const char *const logs[] = {"200 {\"events\":[{\"timestamp\":1,\"message\":\"m\",\"ingestionTime\":2}],"
					   "\"nextForwardToken\":\"f/1\"}"};
	static const char *const metrics[] = {
		"200 {\"MetricDataResults\":[{\"Id\":\"a\",\"Label\":\"l\",\"Timestamps\":"
		"[3,2,1.0],\"Values\":[1,2,3],\"StatusCode\":\"Complete\"}]}"};
	struct cw_query query = {"a", "/aws/sagemaker/TrainingJobs", "CPUUtilization", "Host", "j/algo-1", "Average",
				 60};
	const struct log_query stream = {.group = TRAINING_LOG_GROUP, .stream = "j/algo-1"};
	struct world w;

	world_start(&w, sts, 1);
	sts_get_caller_identity(w.client, AWS_USER_ACTION, on_identity, &w);
	run(&w);
	assert_string_equal(w.name, "123");
	world_stop(&w);
	world_start(&w, logs, 1);
	logs_get_events(w.client, &stream, true, AWS_POLLING, on_events, &w);
	run(&w);
	assert_string_equal(w.name, "j/algo-1");
	assert_string_equal(w.token, "f/1");
	world_stop(&w);
	world_start(&w, metrics, 1);
	cw_get_metric_data(w.client, &query, 1, 0, 60000, NULL, AWS_POLLING, on_data, &w);
	run(&w);
	assert_int_equal(w.n_jobs, 1);
	assert_string_equal(w.script.last_target, "GraniteServiceVersion20100801.GetMetricData");
	world_stop(&w);
}

static struct aws_request *read_page(struct world *w)
{
	const struct log_query q = {.group = TRAINING_LOG_GROUP, .stream = "j/"};

	return logs_filter_events(w->client, &q, AWS_POLLING, on_events, w);
}

/* A page of n events; the one in the middle is `middle`. */
static char *make_page(size_t n, const char *middle)
{
	struct buf out = BUF_INIT((size_t)4 << 20);

	(void)buf_adds(&out, "200 {\"searchedLogStreams\":[{\"a\":\"]}\"}], \"events\" : [");
	for (size_t i = 0; i < n; i++) {
		(void)buf_adds(&out, i ? ", " : " ");
		if (i == n / 2)
			(void)buf_adds(&out, middle);
		else
			(void)buf_addf(&out,
				       "{\"timestamp\":%zu,\"message\":\"\\\"]},{[ \\\\\",\"logStreamName\":\"j/%zu\"}",
				       i, i);
	}
	(void)buf_adds(&out, "],\"nextToken\":\"t\"}");
	return buf_take(&out);
}

/* A long list comes in slices and in its order; other turns of the loop lie between. */
static void test_page_in_slices(void **state)
{
	AUTO(str) char *odd = make_page(5000, "{\"timestamp\":NaN,\"message\":\"\\ud800\",\"logStreamName\":\"j/x\"}");
	AUTO(str) char *broken = make_page(5000, "{\"timestamp\":1,\"message\":no}");
	AUTO(str) char *cut = xstrndup(odd, strlen(odd) / 2);
	const char *pages[] = {odd}, *wrong[] = {broken}, *torn[] = {cut, odd}, *empty[] = {"200 {\"events\":[ ]}"};
	struct world w;

	world_start(&w, pages, 1);
	read_page(&w);
	run(&w);
	assert_int_equal(w.n_jobs, 5000);
	assert_true(w.n_slices >= 8);
	assert_string_equal(w.name, "j/4999");
	assert_string_equal(w.token, "t");
	world_stop(&w);
	world_start(&w, wrong, 1);
	read_page(&w);
	run(&w);
	assert_int_equal(w.err.code, 0);
	assert_int_equal(w.n_jobs, 4999);
	assert_int_equal(w.attempts, 1); /* the first were given: it is not tried again */
	assert_int_equal(aws_client_left_out(w.client), 1);
	world_stop(&w);
	world_start(&w, torn, 2);
	read_page(&w);
	run(&w);
	assert_int_equal(w.err.code, 0);
	assert_int_equal(w.n_jobs, 5000);
	assert_int_equal(w.attempts, 2);
	world_stop(&w);
	world_start(&w, empty, 1);
	read_page(&w);
	run(&w);
	assert_int_equal(w.n_jobs, 0);
	assert_null(w.token);
	world_stop(&w);
	/* One that is let go of in its middle. */
	world_start(&w, pages, 1);
	struct aws_request *r = read_page(&w);

	while (w.n_slices == 0)
		aws_client_poll(w.client, NULL, 0, 100);
	assert_false(w.done);
	aws_request_cancel(r);
	run(&w);
	assert_int_equal(w.err.code, ERR_CANCELLED);
	w.done = false;
	read_page(&w);
	for (size_t before = w.n_slices; w.n_slices == before;)
		aws_client_poll(w.client, NULL, 0, 100);
	w.done = false;
	aws_client_free(TAKE(w.client));
	assert_true(w.done);
	world_stop(&w);
}

static void note_time(void *user)
{
	*(bool *)user = true;
}

/* A turn of one is a turn of those beside it: replies and timers; one that is freed leaves the others. */
static void test_beside(void **state)
{
	static const char *const replies[] = {"200 {\"Results\": []}", "200 {\"Results\": []}"};
	const struct resource_query q = {.created_after_ms = TIME_UNKNOWN, .modified_after_ms = TIME_UNKNOWN};
	struct world w[3];
	bool rang = false;

	for (size_t i = 0; i < 3; i++) {
		world_start_beside(&w[i], replies, 2, i ? w[0].client : NULL);
		aws_resource_search(w[i].client, TRAINING_KIND, &q, AWS_POLLING, on_jobs, &w[i]);
	}
	for (size_t i = 0; i < 3; i++) {
		turn_until(w[1].client, &w[i].done);
		assert_int_equal(w[i].err.code, 0);
	}
	world_stop(&w[1]);
	w[2].done = false;
	aws_resource_search(w[2].client, TRAINING_KIND, &q, AWS_POLLING, on_jobs, &w[2]);
	aws_client_after(w[2].client, 0, note_time, &rang);
	turn_until(w[0].client, &w[2].done);
	turn_until(w[0].client, &rang);
	world_stop(&w[0]);
	w[2].done = false;
	aws_resource_search(w[2].client, TRAINING_KIND, &q, AWS_POLLING, on_jobs, &w[2]);
	run(&w[2]);
	world_stop(&w[2]);
}

static void test_no_credentials_lists_sources(void **state)
{
	AUTO(str) char *dir = unit_temp_dir();
	struct aws_client *c = NULL;
	struct aws_options opt = {.region = "eu-west-1"};
	struct err err = {0};

	setenv("HOME", dir, 1);
	unsetenv("AWS_PROFILE");
	unsetenv("AWS_ACCESS_KEY_ID");
	setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
	assert_int_equal(aws_client_new(&opt, &c, &err), 0);
	assert_int_equal(aws_client_check_credentials(c, &err), -ERR_AUTH);
	assert_non_null(strstr(err.msg, "AWS_ACCESS_KEY_ID is not set"));
	assert_non_null(strstr(err.msg, "have no profile default"));
	assert_non_null(strstr(err.msg, "--local"));
	aws_client_free(c);
	opt.profile = "nothere";
	err_clear(&err);
	assert_int_equal(aws_client_new(&opt, &c, &err), -ERR_AUTH);
	setenv("AWS_ACCESS_KEY_ID", "AK", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
	opt.profile = NULL;
	assert_int_equal(aws_client_new(&opt, &c, NULL), 0);
	assert_int_equal(aws_client_check_credentials(c, NULL), 0);
	assert_string_equal(aws_client_credential_source(c), "environment");
	aws_client_free(c);
	unsetenv("AWS_ACCESS_KEY_ID");
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_signature_is_accepted),
		cmocka_unit_test(test_retries),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_bad_records),
		cmocka_unit_test(test_clock_is_corrected),
		cmocka_unit_test(test_cancel_and_timers),
		cmocka_unit_test(test_free_cancels),
		cmocka_unit_test(test_rate_and_priority),
		cmocka_unit_test(test_other_services),
		cmocka_unit_test(test_page_in_slices),
		cmocka_unit_test(test_beside),
		cmocka_unit_test(test_no_credentials_lists_sources),
	};

	return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
