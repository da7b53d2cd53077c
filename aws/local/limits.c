#include "aws/local/limits.h"

#include "base/clock.h"

struct rate {
	const char *operation;
	double per_second, burst;
};

/* ListTrainingJobs: 2 a second for the whole account, not adjustable. Logs as in
 * their published quotas; the rest are the order of magnitude that is seen. */
static const struct rate rates[] = {
	{"ListTrainingJobs", 2, 2},  {"Search", 2, 4},
	{"CreateTrainingJob", 2, 4}, {"DescribeTrainingJob", 10, 20},
	{"StopTrainingJob", 5, 10},  {"GetLogEvents", 10, 20},
	{"FilterLogEvents", 5, 10},  {"DescribeLogStreams", 25, 25},
	{"GetMetricData", 50, 50},
};

struct limits {
	double tokens[ARRAY_LEN(rates)];
	int64_t at_ms[ARRAY_LEN(rates)];
};

void limits_init(struct engine *e)
{
	e->limits = NEW(struct limits);
	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		e->limits->tokens[i] = rates[i].burst;
		e->limits->at_ms[i] = clock_mono_ms();
	}
}

void limits_free(struct engine *e)
{
	free(e->limits);
	e->limits = NULL;
}

bool limits_take(struct engine *e, const char *operation)
{
	int64_t now = clock_mono_ms();

	if (!e->opt.strict)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		if (!str_eq(rates[i].operation, operation))
			continue;
		double filled = e->limits->tokens[i] + (double)(now - e->limits->at_ms[i]) / 1000 * rates[i].per_second;

		e->limits->tokens[i] = MIN(filled, rates[i].burst);
		e->limits->at_ms[i] = now;
		if (e->limits->tokens[i] < 1)
			return false;
		e->limits->tokens[i] -= 1;
	}
	return true;
}

int limits_check_quota(struct call *c)
{
	return 0;
}
