/* period.c - where days, weeks and months begin. */
#include "model/period.h"

#include <time.h>

#include "base/timefmt.h"

static struct tm apart(int64_t ms, bool local)
{
	time_t t = (time_t)(ms / 1000 - (ms % 1000 < 0));
	struct tm tm = {0};

	if (local)
		localtime_r(&t, &tm);
	else
		gmtime_r(&t, &tm);
	return tm;
}

static int64_t together(struct tm *tm, bool local)
{
	tm->tm_isdst = -1;
	return (int64_t)(local ? mktime(tm) : timegm(tm)) * 1000;
}

int64_t period_start(int64_t ms, enum period_unit unit, int by, bool local)
{
	struct tm tm = apart(ms, local);

	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	if (unit == PERIOD_WEEK)
		tm.tm_mday -= (tm.tm_wday + 6) % 7;
	if (unit == PERIOD_MONTH) {
		tm.tm_mday = 1;
		tm.tm_mon += by;
	} else {
		tm.tm_mday += by * (unit == PERIOD_WEEK ? 7 : 1);
	}
	return together(&tm, local);
}

char *period_name(char *buf, int64_t start_ms, enum period_unit unit, bool local)
{
	struct tm tm = apart(start_ms, local);

	strftime(buf, 16, unit == PERIOD_MONTH ? "%Y-%m" : "%Y-%m-%d", &tm);
	return buf;
}

bool period_parse(const char *text, bool local, int64_t *ret_ms)
{
	if (!timefmt_parse_iso(text, ret_ms))
		return false;
	if (local && strlen(text) == 10) {
		struct tm tm = apart(*ret_ms, false);

		*ret_ms = together(&tm, true);
	}
	return true;
}
