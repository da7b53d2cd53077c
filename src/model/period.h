/* period.h - days, weeks and months: where they begin, in UTC or in the zone of TZ.
 *
 * Days of a zone may have 23 or 25 hours; a week begins on Monday. Pure but for TZ. */
#ifndef SAGETOP_MODEL_PERIOD_H
#define SAGETOP_MODEL_PERIOD_H

#include "base/mem.h"

enum period_unit { PERIOD_DAY = 0, PERIOD_WEEK, PERIOD_MONTH };

/* The beginning of the one that holds ms, moved on by so many. */
int64_t period_start(int64_t ms, enum period_unit unit, int by, bool local);
/* "2026-11-21", of a month "2026-11". buf holds 16 bytes. */
char *period_name(char *buf, int64_t start_ms, enum period_unit unit, bool local);
/* "2026-11-21", or a time as timefmt_parse_iso takes it; false for anything else. */
bool period_parse(const char *text, bool local, int64_t *ret_ms);

#endif
