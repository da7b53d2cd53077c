/* schedule.h - when something happens again: "at(2026-11-30T12:00:00)", "rate(5 minutes)",
 * "cron(0 8 ? * MON-FRI *)" with EventBridge's six fields, in a time zone. Times that a
 * place's clocks leave out are left out, those that they show twice happen once, the first time. */
#ifndef SAGETOP_BASE_SCHEDULE_H
#define SAGETOP_BASE_SCHEDULE_H

#include "base/zone.h"

#define SCHEDULE_FIRST_YEAR 1970
#define SCHEDULE_LAST_YEAR 2199

struct schedule_cron {
	uint64_t minutes, hours, days, months, weekdays; /* bits; a weekday from 1, Sunday */
	bool years[SCHEDULE_LAST_YEAR - SCHEDULE_FIRST_YEAR + 1];
	bool last_day;		   /* of the month */
	int near;		   /* the weekday nearest to this day; 0 */
	int nth_day, nth;	   /* weekday and which of a month, 0: its last one; nth_day 0: no such */
	bool any_day, any_weekday; /* "?" */
};

struct schedule {
	enum { SCHEDULE_AT, SCHEDULE_RATE, SCHEDULE_CRON } kind;
	int64_t ms; /* at: when, UTC; rate: the step */
	struct schedule_cron cron;
	struct zone zone;
};

/* zone: NULL is UTC. ERR_INVALID, ERR_NOTFOUND of the zone. */
int schedule_parse(const char *expression, const char *zone, struct schedule *ret, struct err *err) NODISCARD;
void schedule_done(struct schedule *s);
AUTO_EMBEDDED(schedule, struct schedule, schedule_done)

/* The first time after after_ms; begin_ms: since when a rate counts. TIME_UNKNOWN: there is none. */
int64_t schedule_next(const struct schedule *s, int64_t begin_ms, int64_t after_ms);

#endif
