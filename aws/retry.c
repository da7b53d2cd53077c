/* Retries, rates and the clock: pure functions, see retry.h. */
#include "aws/retry.h"

#include <math.h>

#include "base/str.h"
#include "base/timefmt.h"

static bool listed(const char *code, const char *const *codes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(code, codes[i]))
			return true;
	return false;
}

bool retry_is_throttling_code(const char *aws_code)
{
	static const char *const codes[] = {"Throttling",
					    "ThrottlingException",
					    "ThrottledException",
					    "RequestThrottled",
					    "RequestThrottledException",
					    "TooManyRequestsException",
					    "ProvisionedThroughputExceededException",
					    "TransactionInProgressException",
					    "RequestLimitExceeded",
					    "BandwidthLimitExceeded",
					    "LimitExceededException",
					    "SlowDown",
					    "EC2ThrottledException"};

	return listed(aws_code, codes, ARRAY_LEN(codes));
}

enum retry_class retry_classify(enum err_code code, int http_status, const char *aws_code)
{
	static const char *const transient[] = {"RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete",
						"IDPCommunicationError", "InternalError"};
	static const char *const expired[] = {"ExpiredTokenException", "ExpiredToken", "TokenRefreshRequired"};

	/* No reply, or one that says "well" and is not whole. */
	if (http_status < 300 && (code == ERR_NET || code == ERR_TIMEOUT))
		return RETRY_TRANSIENT;
	if (!http_status)
		return RETRY_NEVER;
	if (retry_is_throttling_code(aws_code))
		return RETRY_THROTTLING;
	if (listed(aws_code, expired, ARRAY_LEN(expired)))
		return RETRY_EXPIRED;
	if (listed(aws_code, transient, ARRAY_LEN(transient)))
		return RETRY_TRANSIENT;
	if (http_status == 429)
		return RETRY_THROTTLING;
	if (http_status == 500 || http_status == 502 || http_status == 503 || http_status == 504)
		return RETRY_TRANSIENT;
	return RETRY_NEVER;
}

bool retry_quota_take(struct retry_quota *q, enum retry_class class, int *ret_cost)
{
	int cost = class == RETRY_THROTTLING ? 5 : 14;

	if (q->left < cost)
		return false;
	q->left -= cost;
	*ret_cost = cost;
	return true;
}

void retry_quota_give(struct retry_quota *q, int last_cost)
{
	q->left = MIN(q->capacity, q->left + (last_cost ? last_cost : 1));
}

int64_t retry_delay_ms(enum retry_class class, int n, double random01, int64_t retry_after_ms)
{
	double base_s = class == RETRY_THROTTLING ? 1.0 : 0.05;
	double most_s = MIN(base_s * pow(2, MIN(n, 30) - 1), 20.0);
	int64_t delay_ms = (int64_t)(random01 * most_s * 1000);

	if (retry_after_ms < 0)
		return delay_ms;
	/* What the service asks for, but no less than our own delay and 5 s more at most. */
	return MIN(MAX(retry_after_ms, delay_ms), delay_ms + 5000);
}

/* --- token bucket ------------------------------------------------------------------- */

void token_bucket_init(struct token_bucket *b, double rate, double burst, int64_t now_ms)
{
	*b = (struct token_bucket){
		.rate = rate, .burst = MAX(burst, 1.0), .tokens = MAX(burst, 1.0), .updated_ms = now_ms};
}

int64_t token_bucket_wait_ms(struct token_bucket *b, int64_t now_ms)
{
	if (b->rate <= 0)
		return 0;
	if (now_ms > b->updated_ms) {
		b->tokens = MIN(b->burst, b->tokens + b->rate * (double)(now_ms - b->updated_ms) / 1000);
		b->updated_ms = now_ms;
	}
	/* A hair's breadth of rounding must not cost another turn of the loop. */
	if (b->tokens >= 1 - 1e-9)
		return 0;
	return (int64_t)ceil((1 - b->tokens) / b->rate * 1000);
}

int64_t token_bucket_take(struct token_bucket *b, int64_t now_ms)
{
	int64_t wait_ms = token_bucket_wait_ms(b, now_ms);

	if (!wait_ms && b->rate > 0)
		b->tokens -= 1;
	return wait_ms;
}

/* --- adaptive mode: CUBIC over the measured sending rate ------------------------------- */

#define ADAPTIVE_SMOOTH 0.8
#define ADAPTIVE_BETA 0.7
#define ADAPTIVE_SCALE 0.4
#define ADAPTIVE_MIN_RATE 0.5
#define ADAPTIVE_BUCKET_S 0.5

void adaptive_init(struct adaptive_rate *a, double now_s)
{
	*a = (struct adaptive_rate){
		.last_throttle_s = now_s, .last_refill_s = now_s, .last_bucket = floor(now_s / ADAPTIVE_BUCKET_S)};
}

static void adaptive_refill(struct adaptive_rate *a, double now_s)
{
	if (now_s > a->last_refill_s)
		a->capacity = MIN(a->max_capacity, a->capacity + (now_s - a->last_refill_s) * a->fill_rate);
	a->last_refill_s = now_s;
}

int64_t adaptive_take(struct adaptive_rate *a, double now_s)
{
	if (!a->enabled)
		return 0;
	adaptive_refill(a, now_s);
	if (a->capacity >= 1) {
		a->capacity -= 1;
		return 0;
	}
	return (int64_t)ceil((1 - a->capacity) / a->fill_rate * 1000);
}

static void adaptive_measure(struct adaptive_rate *a, double now_s)
{
	double bucket = floor(now_s / ADAPTIVE_BUCKET_S);

	a->request_count += 1;
	if (bucket > a->last_bucket) {
		double rate = a->request_count / ((bucket - a->last_bucket) * ADAPTIVE_BUCKET_S);

		a->measured_rate = rate * ADAPTIVE_SMOOTH + a->measured_rate * (1 - ADAPTIVE_SMOOTH);
		a->request_count = 0;
		a->last_bucket = bucket;
	}
}

void adaptive_update(struct adaptive_rate *a, bool throttled, double now_s)
{
	double rate;

	adaptive_measure(a, now_s);
	if (throttled) {
		double used = a->enabled ? MIN(a->measured_rate, a->fill_rate) : a->measured_rate;

		a->last_max_rate = used;
		a->time_window = cbrt(used * (1 - ADAPTIVE_BETA) / ADAPTIVE_SCALE);
		a->last_throttle_s = now_s;
		rate = used * ADAPTIVE_BETA;
		a->enabled = true;
	} else {
		double dt;

		a->time_window = cbrt(a->last_max_rate * (1 - ADAPTIVE_BETA) / ADAPTIVE_SCALE);
		dt = now_s - a->last_throttle_s - a->time_window;
		rate = ADAPTIVE_SCALE * dt * dt * dt + a->last_max_rate;
	}
	if (!a->enabled)
		return;
	rate = MIN(rate, 2 * a->measured_rate);
	adaptive_refill(a, now_s);
	a->fill_rate = MAX(rate, ADAPTIVE_MIN_RATE);
	a->max_capacity = MAX(rate, 1.0);
	a->capacity = MIN(a->capacity, a->max_capacity);
}

/* --- clock skew ----------------------------------------------------------------------------- */

#define SLOWEST_TRUSTED_MS ((int64_t)15 * 60 * 1000)

bool clock_skew_measure(int64_t sent_ms, int64_t received_ms, const char *date, const char *age, int64_t *ret_ms)
{
	int64_t server_ms;

	if (str_empty(date) || age || received_ms - sent_ms > SLOWEST_TRUSTED_MS ||
	    !timefmt_parse_http(date, &server_ms))
		return false;
	*ret_ms = server_ms - (sent_ms + (received_ms - sent_ms) / 2);
	return true;
}

bool clock_skew_is_cause(const char *aws_code, bool measured, int64_t measured_ms, int64_t used_ms)
{
	static const char *const definite[] = {"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"};
	static const char *const possible[] = {"InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure"};

	if (!measured)
		return false;
	if (listed(aws_code, definite, ARRAY_LEN(definite)))
		return true;
	return listed(aws_code, possible, ARRAY_LEN(possible)) &&
	       llabs((long long)(measured_ms - used_ms)) >= CLOCK_SKEW_MIN_MS;
}
