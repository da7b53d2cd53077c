/* The queue of requests: when each is sent, what is made of its reply. */
#include "aws/client_impl.h"

#include <assert.h>
#include "base/clock.h"
#include "base/log.h"

#define MAX_SENT 16
/* The local engine is not paced until it throttles. */
#define UNPACED 0.0

/* --- making a request ------------------------------------------------------------------ */

static void request_free(struct aws_client *c, struct aws_request *r)
{
	size_t i = 0;

	while (i < c->n_requests && c->requests[i] != r)
		i++;
	assert(i < c->n_requests);
	memmove(&c->requests[i], &c->requests[i + 1], (--c->n_requests - i) * sizeof(struct aws_request *));
	free(r->method);
	free(r->bucket);
	free(r->path);
	free(r->query);
	free(r->region);
	free(r->host_prefix);
	strmap_done(&r->headers);
	free(r->body);
	free(r->body_path);
	free(r->signed_with);
	json_decref(r->json);
	free(r->list_body);
	free(r);
}

struct aws_request *aws_call(struct aws_client *c, const struct aws_call *call)
{
	struct aws_request *r = NEW(struct aws_request);

	r->client = c;
	r->op = call->op;
	r->priority = call->priority;
	r->method = xstrdup(call->method ? call->method : "POST");
	r->bucket = xstrdup(call->bucket);
	r->path = xstrdup(call->path ? call->path : "/");
	r->query = xstrdup(call->query);
	r->region = xstrdup(call->region);
	r->host_prefix = xstrdup(call->host_prefix);
	if (call->headers)
		strmap_copy(&r->headers, call->headers);
	r->body_len = call->body_len;
	if (call->body_path) {
		r->body_path = xstrdup(call->body_path);
		r->body_offset = call->body_offset;
		str_copy(r->body_hash, sizeof(r->body_hash), call->body_hash);
	} else if (call->body_len) {
		r->body = xmemdup(call->body, call->body_len);
	}
	r->max_reply = call->max_reply;
	r->on_start = call->on_start;
	r->on_data = call->on_data;
	r->fn = call->fn;
	r->ctx = call->ctx;
	r->started_ms = clock_mono_ms();
	GROW(c->requests, c->cap_requests, c->n_requests + 1);
	c->requests[c->n_requests++] = r;
	return r;
}

/* --- ending ------------------------------------------------------------------------------ */

static void request_report(struct aws_request *r, const struct err *err)
{
	struct aws_client *c = r->client;
	struct aws_request_report report = {.at_ms = clock_now_ms(),
					    .service = r->op->service->signing_name,
					    .operation = r->op->name,
					    .http_status = r->http_status,
					    .attempts = r->attempts,
					    .throttled = r->throttled,
					    .took_ms = clock_mono_ms() - r->started_ms,
					    .request_id = r->request_id,
					    .error = err ? err->msg : NULL};

	log_debug("%s %s: status %d, %d attempt(s), %lld ms, request id %s%s%s", report.service, report.operation,
		  report.http_status, report.attempts, (long long)report.took_ms, str_or(report.request_id, "-"),
		  err ? ": " : "", err ? err->msg : "");
	if (c->report)
		c->report(c->report_user, &report);
}

static void request_end(struct aws_request *r, const struct aws_reply *reply, const struct err *err)
{
	if (err && err->code == ERR_OK)
		err = NULL;
	request_report(r, err);
	r->fn(r->ctx, reply, err);
	request_free(r->client, r);
}

static void request_fail(struct aws_request *r)
{
	r->err.unsent = !r->unsure && (r->attempts == 0 || r->err.unsent);
	request_end(r, NULL, &r->err);
}

void requests_finish(struct aws_client *c)
{
	for (size_t i = 0; i < c->n_requests;) {
		struct aws_request *r = c->requests[i];

		if (!r->cancelled && r->state != REQUEST_ENDED) {
			i++;
			continue;
		}
		if (r->transfer) {
			http_cancel(r->transfer);
			r->transfer = NULL;
			c->n_sent--;
		}
		if (r->cancelled) {
			err_clear(&r->err);
			err_set(&r->err, ERR_CANCELLED, "%s: cancelled", r->op->name);
		}
		request_fail(r);
		i = 0; /* the callback may have ended others */
	}
}

void requests_cancel_all(struct aws_client *c)
{
	while (c->n_requests) {
		struct aws_request *r = c->requests[0];

		r->transfer = NULL;
		err_clear(&r->err);
		err_set(&r->err, ERR_CANCELLED, "%s: cancelled", r->op->name);
		r->fn(r->ctx, NULL, &r->err);
		request_free(c, r);
	}
	free(c->requests);
	c->requests = NULL;
	c->cap_requests = 0;
}

void requests_fail_waiting(struct aws_client *c, const struct err *err)
{
	for (size_t i = 0; i < c->n_requests; i++) {
		struct aws_request *r = c->requests[i];

		if (r->state == REQUEST_QUEUED) {
			r->err = *err;
			r->state = REQUEST_ENDED;
		}
	}
}

void aws_request_cancel(struct aws_request *r)
{
	r->cancelled = true;
}

/* --- sending -------------------------------------------------------------------------------- */

static struct token_bucket *bucket_for(struct aws_client *c, const struct aws_op *op)
{
	const char *configured = strmap_get(&c->rates, op->name);
	double rate = op->rate, burst = op->burst;

	for (size_t i = 0; i < c->n_buckets; i++)
		if (c->buckets[i].op == op)
			return &c->buckets[i].bucket;
	if (configured && str_to_f64(configured, &rate))
		burst = MAX(1.0, rate);
	else if (c->local)
		rate = UNPACED;
	GROW(c->buckets, c->cap_buckets, c->n_buckets + 1);
	c->buckets[c->n_buckets].op = op;
	token_bucket_init(&c->buckets[c->n_buckets].bucket, rate, burst, clock_mono_ms());
	return &c->buckets[c->n_buckets++].bucket;
}

/* Send r where its turn has come. Returns the milliseconds to wait otherwise. */
static int64_t request_try(struct aws_request *r, int64_t now_ms, bool dry)
{
	struct aws_client *c = r->client;
	struct token_bucket *bucket = bucket_for(c, r->op);
	const struct aws_credentials *cred;
	int64_t wait_ms;

	if (r->not_before_ms > now_ms)
		return r->not_before_ms - now_ms;
	if (c->n_sent >= MAX_SENT)
		return -1; /* the next reply wakes us */
	wait_ms = token_bucket_wait_ms(bucket, now_ms);
	if (wait_ms)
		return wait_ms;
	if (dry)
		return 0;
	cred = cred_cache_get(c->credentials);
	if (!cred) {
		if (!cred_cache_is_busy(c->credentials) && r->state == REQUEST_QUEUED) {
			r->err = *cred_cache_error(c->credentials);
			r->state = REQUEST_ENDED;
		}
		return -1;
	}
	if (c->adaptive) {
		wait_ms = adaptive_take(&c->rate, (double)now_ms / 1000);
		if (wait_ms) {
			r->not_before_ms = now_ms + wait_ms;
			return wait_ms;
		}
	}
	token_bucket_take(bucket, now_ms);
	if (request_send(r, cred, &r->err))
		r->state = REQUEST_ENDED;
	return 0;
}

void requests_pump(struct aws_client *c)
{
	int64_t now_ms = clock_mono_ms();

	for (int p = AWS_USER_ACTION; p >= AWS_POLLING; p--)
		for (size_t i = 0; i < c->n_requests; i++) {
			struct aws_request *r = c->requests[i];

			if (r->state == REQUEST_QUEUED && !r->cancelled && (int)r->priority == p)
				request_try(r, now_ms, false);
		}
}

int64_t requests_wait_ms(struct aws_client *c)
{
	int64_t now_ms = clock_mono_ms(), wait_ms = -1;
	bool busy = cred_cache_is_busy(c->credentials);

	for (size_t i = 0; i < c->n_requests; i++) {
		struct aws_request *r = c->requests[i];
		int64_t one_ms;

		if (r->cancelled || r->state == REQUEST_ENDED || r->state == REQUEST_READING)
			return 0;
		if (r->state != REQUEST_QUEUED || busy)
			continue;
		one_ms = request_try(r, now_ms, true);
		if (one_ms >= 0 && (wait_ms < 0 || one_ms < wait_ms))
			wait_ms = one_ms;
	}
	return wait_ms;
}

/* --- replies ------------------------------------------------------------------------------------ */

static double random01(struct aws_client *c)
{
	c->random_state = c->random_state * 6364136223846793005u + 1442695040888963407u;
	return (double)(c->random_state >> 11) / 9007199254740992.0;
}

static int64_t retry_after_ms(const struct http_reply *reply)
{
	const char *text = http_reply_header(reply, "x-amz-retry-after");
	int64_t ms;

	return text && str_to_i64(text, &ms) && ms >= 0 ? ms : -1;
}

/* A bucket that lies in another region says so; ask there from now on. */
static bool follow_bucket_region(struct aws_request *r, const struct http_reply *reply)
{
	struct aws_client *c = r->client;
	const char *region = http_reply_header(reply, "x-amz-bucket-region");

	if (!r->bucket || !region || r->redirected || reply->status < 300 ||
	    !strcmp(region, str_or(strmap_get(&c->bucket_regions, r->bucket), c->config.region)))
		return false;
	strmap_set(&c->bucket_regions, r->bucket, region);
	r->redirected = true;
	return true;
}

/* Back into the queue? r->err says what went wrong. */
static bool request_retry(struct aws_request *r, const struct http_reply *reply, bool skew_known, int64_t skew_ms)
{
	struct aws_client *c = r->client;
	enum retry_class class = retry_classify(r->err.code, reply->status, r->err.aws_code);
	int cost = 0;

	if (clock_skew_is_cause(r->err.aws_code, skew_known, skew_ms, r->skew_used_ms))
		class = RETRY_CLOCK;
	if (follow_bucket_region(r, reply))
		return true;
	if (class == RETRY_THROTTLING) {
		struct token_bucket *b = bucket_for(c, r->op);

		r->throttled = true;
		if (b->rate <= 0 && r->op->rate > 0)
			token_bucket_init(b, r->op->rate, 1, clock_mono_ms());
		b->tokens = MIN(b->tokens, 0);
	}
	if (class == RETRY_EXPIRED) {
		cred_cache_reject(c->credentials, r->signed_with);
		if (r->renewed)
			return false;
		r->renewed = true;
		return true;
	}
	if (class == RETRY_NEVER || r->got_data || r->attempts >= c->max_attempts)
		return false;
	if (class == RETRY_CLOCK)
		return true;
	if (r->op->retry == AWS_RETRY_NEVER || !retry_quota_take(&c->quota, class, &cost))
		return false;
	r->last_cost = cost;
	r->not_before_ms = clock_mono_ms() + retry_delay_ms(class, r->attempts, random01(c), retry_after_ms(reply));
	return true;
}

/* An attempt may have done its work although we know nothing of it. */
static bool is_unsure(const struct err *err, int status)
{
	return !err->unsent && (err->code == ERR_NET || err->code == ERR_TIMEOUT || status >= 500);
}

/* The answer to a later attempt, seen in the light of one that went unanswered. */
static void settle_unsure(struct aws_request *r)
{
	if (!r->unsure)
		return;
	if (r->op->retry == AWS_RETRY_DELETES && r->err.code == ERR_NOTFOUND)
		err_clear(&r->err);
	else if (r->op->retry == AWS_RETRY_CREATES && r->err.code == ERR_EXISTS)
		err_prefix(&r->err, "an attempt before went unanswered and may be the cause");
}

static void end_well(struct aws_request *r, const struct http_reply *http, const json_t *json)
{
	struct aws_reply reply = {
		.status = http->status, .body = http->body, .len = http->len, .json = json, .http = http};

	retry_quota_give(&r->client->quota, r->last_cost);
	request_end(r, &reply, NULL);
}

/* A list that is not looked at by itself comes as it is. */
static void end_whole(struct aws_request *r, const struct http_reply *http, const json_t *json)
{
	const json_t *list = r->items_fn ? json_object_get(json, r->list_member) : NULL;

	if (list)
		r->items_fn(r->ctx, list);
	end_well(r, http, json);
}

void request_read_whole(struct aws_request *r)
{
	struct aws_reply reply = {.status = r->http_status, .json = r->json};

	retry_quota_give(&r->client->quota, r->last_cost);
	request_end(r, &reply, NULL);
}

static void note_reply(struct aws_request *r, const struct http_reply *reply, bool *ret_skew_known,
		       int64_t *ret_skew_ms)
{
	struct aws_client *c = r->client;
	const char *id = http_reply_header(reply, "x-amzn-requestid");

	r->transfer = NULL;
	c->n_sent--;
	r->http_status = reply->status;
	str_copy(r->request_id, sizeof(r->request_id),
		 str_or(id, str_or(http_reply_header(reply, "x-amz-request-id"), "")));
	/* It is shown: nothing but what an id is made of. */
	r->request_id[strspn(r->request_id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/")] =
		'\0';
	*ret_skew_known = reply->status &&
			  clock_skew_measure(reply->sent_ms, reply->received_ms, http_reply_header(reply, "date"),
					     http_reply_header(reply, "age"), ret_skew_ms);
	if (*ret_skew_known) {
		c->skew_ms = *ret_skew_ms;
		c->skew_known = true;
	}
}

void request_on_reply(void *user, const struct http_reply *reply, const struct err *err)
{
	struct aws_request *r = user;
	struct aws_client *c = r->client;
	AUTO(json) json_t *json = NULL;
	int64_t skew_ms = 0;
	bool skew_known;

	note_reply(r, reply, &skew_known, &skew_ms);
	if (r->cancelled)
		return; /* requests_finish tells */
	err_clear(&r->err);
	if (err)
		r->err = *err;
	else if (reply->status < 200 || reply->status >= 300)
		aws_reply_error(reply, r->op->service->protocol, r->op->name, &r->err);
	else if (!r->on_data)
		json = request_read_reply(r, reply);
	if (c->adaptive)
		adaptive_update(&c->rate, retry_is_throttling_code(r->err.aws_code), (double)clock_mono_ms() / 1000);
	settle_unsure(r);
	if (!r->err.code && r->list) {
		r->json = TAKE(json);
		r->state = REQUEST_READING;
		return;
	}
	if (!r->err.code) {
		end_whole(r, reply, json);
		return;
	}
	r->unsure |= is_unsure(&r->err, reply->status);
	if (request_retry(r, reply, skew_known, skew_ms)) {
		log_debug("%s: attempt %d: %s", r->op->name, r->attempts, r->err.msg);
		r->state = REQUEST_QUEUED;
		return;
	}
	if (err)
		err_prefix(&r->err, "%s", r->op->name);
	request_fail(r);
}
