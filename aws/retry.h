/* retry.h - when to try again, how long to wait, and how fast to send. Pure: the
 * caller gives the time and the random number.
 *
 * Standard mode as the AWS SDKs do it since November 2026 (3 attempts, a quota of
 * 500, delays from 50 ms for transient failures and 1 s for throttling), adaptive
 * mode on top of it, one token bucket per operation, clock-skew correction.
 */
#ifndef SAGETOP_AWS_RETRY_H
#define SAGETOP_AWS_RETRY_H

#include "base/mem.h"

#define RETRY_MAX_ATTEMPTS 3

enum retry_class {
	RETRY_NEVER,
	RETRY_TRANSIENT,  /* connection, time-out, 5xx */
	RETRY_THROTTLING, /* rate exceeded */
	RETRY_CLOCK,	  /* sign again with the corrected clock */
	RETRY_EXPIRED,	  /* fetch new credentials, sign again, once */
};
/* http_status 0 with code ERR_NET or ERR_TIMEOUT: no reply; 200 with them: not a whole
 * one. aws_code may be "". */
enum retry_class retry_classify(enum err_code code, int http_status, const char *aws_code);
bool retry_is_throttling_code(const char *aws_code);

/* --- the client's retry quota ------------------------------------------------------- */
struct retry_quota {
	int left, capacity;
};
#define RETRY_QUOTA_INIT ((struct retry_quota){500, 500})
/* What one retry costs; false where the quota is used up. */
bool retry_quota_take(struct retry_quota *q, enum retry_class class, int *ret_cost);
/* After a success: the cost of its last retry comes back, or 1 where it had none. */
void retry_quota_give(struct retry_quota *q, int last_cost);

/* Milliseconds before retry n (1 is the first). random01 is in [0,1].
 * retry_after_ms is what x-amz-retry-after said, -1 where absent. */
int64_t retry_delay_ms(enum retry_class class, int n, double random01, int64_t retry_after_ms);

/* --- token bucket ------------------------------------------------------------------------ */
struct token_bucket {
	double rate;  /* per second; 0: no limit */
	double burst; /* most that gather */
	double tokens;
	int64_t updated_ms; /* monotonic */
};
void token_bucket_init(struct token_bucket *b, double rate, double burst, int64_t now_ms);
/* Take one, or say how many milliseconds until one is there (0: taken). */
int64_t token_bucket_take(struct token_bucket *b, int64_t now_ms);
int64_t token_bucket_wait_ms(struct token_bucket *b, int64_t now_ms); /* the same, without taking */

/* --- adaptive mode -------------------------------------------------------------------------- */
struct adaptive_rate {
	bool enabled; /* since the first throttle */
	double fill_rate, capacity, max_capacity;
	double measured_rate, last_max_rate, time_window;
	double last_throttle_s, last_bucket, request_count, last_refill_s;
};
void adaptive_init(struct adaptive_rate *a, double now_s);
int64_t adaptive_take(struct adaptive_rate *a, double now_s); /* ms to wait; 0: taken */
void adaptive_update(struct adaptive_rate *a, bool throttled, double now_s);

/* --- clock skew ------------------------------------------------------------------------------- */
#define CLOCK_SKEW_MIN_MS ((int64_t)4 * 60 * 1000)
/* The service's clock minus ours, from a reply's Date header. False where the
 * reply says nothing reliable: no Date, a cached reply (Age), a slow exchange. */
bool clock_skew_measure(int64_t sent_ms, int64_t received_ms, const char *date, const char *age, int64_t *ret_ms);
/* Whether the error is worth a retry with the measured skew. */
bool clock_skew_is_cause(const char *aws_code, bool measured, int64_t measured_ms, int64_t used_ms);

#endif
