/* traffic.h - how often an endpoint is called and how it answers: what CloudWatch counted of all
 * its variants together. Pure.
 *
 * Two looks: at the last quarter of an hour, for calls a minute, failures and latency; and at the
 * last two weeks, for when it was called last. What was not asked for is not known. A percentile
 * of several variants, or of several periods, is the mean of theirs by calls: an estimate. */
#ifndef SAGETOP_MODEL_TRAFFIC_H
#define SAGETOP_MODEL_TRAFFIC_H

#include "base/clock.h"
#include "base/mem.h"

#define TRAFFIC_PERIOD_MS 300000       /* a period of the short look */
#define TRAFFIC_PERIODS 3	       /* two whole ones, and the one that runs */
#define TRAFFIC_PAST_MS (14 * DAY_MS)  /* the long look */
#define TRAFFIC_PAST_PERIOD_MS HOUR_MS /* to the hour */

/* One variant in one period. Percentiles are NAN where nothing was called. */
struct traffic_period {
	double calls, failed;
	double p50_us, p95_us;
	int64_t from_ms; /* when it begins */
};

struct traffic {
	int64_t of_ms; /* creation of the endpoint that it is of: another may have its name now */

	int64_t asked_ms; /* the short look; TIME_UNKNOWN: never answered */
	double per_minute, failed;
	double p50_us, p95_us; /* NAN: no calls */
	bool blended;	       /* ... and are estimates */

	int64_t past_asked_ms; /* the long look; TIME_UNKNOWN: never answered */
	int64_t since_ms;      /* from when it looked */
	int64_t called_ms;     /* the beginning of the last period with a call, of either look; TIME_UNKNOWN: none */
};

void traffic_init(struct traffic *t, int64_t of_ms);
/* The short look: all variants' periods, of so many minutes. */
void traffic_take(struct traffic *t, const struct traffic_period *periods, size_t n, double minutes, int64_t now_ms);
/* Milliseconds since its last call at most; of one that was not called since the long look's beginning that time.
 * False where it is not known. */
bool traffic_idle_ms(const struct traffic *t, int64_t now_ms, int64_t *ret);
/* Not called once in two weeks, or since it was made, a day ago at least. */
bool traffic_is_idle(const struct traffic *t, int64_t now_ms);

#endif
