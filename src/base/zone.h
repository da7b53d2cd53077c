/* zone.h - time zones by their names ("Europe/Berlin"), as the system's database has them: what the
 * clocks of a place show, without the process's own zone being changed. Seconds throughout; a
 * local time is counted as if it were UTC. */
#ifndef SAGETOP_BASE_ZONE_H
#define SAGETOP_BASE_ZONE_H

#include "base/mem.h"

/* When a zone goes over, by its rule for the years beyond its table: the n-th (5: the last) weekday
 * of a month. */
struct zone_rule {
	int month, week, weekday;
	int64_t at_s; /* of that day's local time */
};

struct zone {
	int64_t *times;	  /* of transitions, ascending */
	int32_t *offsets; /* from each of them on */
	size_t n;
	int32_t first;		/* before all of them */
	bool has_rule, changes; /* changes: it has a summer */
	int32_t usual, summer;
	struct zone_rule to_summer, to_usual;
};

/* NULL and "UTC" need no database. ERR_NOTFOUND: there is no such zone. */
int zone_load(const char *name, struct zone *ret, struct err *err) NODISCARD;
void zone_done(struct zone *z);
AUTO_EMBEDDED(zone, struct zone, zone_done)

/* What is added to UTC at that time. */
int32_t zone_offset(const struct zone *z, int64_t utc_s);
/* When the clocks show it: the first time, where they do twice. False where they never do. */
bool zone_to_utc(const struct zone *z, int64_t local_s, int64_t *ret_s);

/* The day (from 1970-01-01) of a date, and back; month and day from 1. */
int64_t zone_day_of(int64_t year, int month, int day);
void zone_date_of(int64_t day, int64_t *ret_year, int *ret_month, int *ret_day);

#endif
