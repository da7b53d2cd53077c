/* traffic.c - calls, failures and latency of an endpoint out of its variants' periods. */
#include "model/traffic.h"

#include <math.h>

#define IDLE_MS DAY_MS

void traffic_init(struct traffic *t, int64_t of_ms)
{
	*t = (struct traffic){.of_ms = of_ms,
			      .asked_ms = TIME_UNKNOWN,
			      .past_asked_ms = TIME_UNKNOWN,
			      .called_ms = TIME_UNKNOWN,
			      .p50_us = NAN,
			      .p95_us = NAN};
}

void traffic_take(struct traffic *t, const struct traffic_period *periods, size_t n, double minutes, int64_t now_ms)
{
	double calls = 0, failed = 0, measured = 0, p50 = 0, p95 = 0;
	size_t parts = 0;

	for (size_t i = 0; i < n; i++) {
		const struct traffic_period *p = &periods[i];

		calls += p->calls;
		if (p->calls > 0)
			t->called_ms = MAX(t->called_ms, p->from_ms);
		failed += p->failed;
		if (p->calls <= 0 || isnan(p->p50_us) || isnan(p->p95_us))
			continue;
		parts++;
		measured += p->calls;
		p50 += p->calls * p->p50_us;
		p95 += p->calls * p->p95_us;
	}
	t->asked_ms = now_ms;
	t->per_minute = minutes > 0 ? calls / minutes : 0;
	t->failed = failed;
	t->p50_us = parts ? p50 / measured : NAN;
	t->p95_us = parts ? p95 / measured : NAN;
	t->blended = parts > 1;
}

bool traffic_idle_ms(const struct traffic *t, int64_t now_ms, int64_t *ret)
{
	int64_t since = t->called_ms != TIME_UNKNOWN ? t->called_ms : t->since_ms;

	if (t->past_asked_ms == TIME_UNKNOWN)
		return false;
	*ret = MAX(now_ms - since, (int64_t)0);
	return true;
}

bool traffic_is_idle(const struct traffic *t, int64_t now_ms)
{
	int64_t ms;

	return t->called_ms == TIME_UNKNOWN && traffic_idle_ms(t, now_ms, &ms) && ms >= IDLE_MS;
}
