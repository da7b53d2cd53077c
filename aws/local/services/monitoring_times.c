/* When monitoring schedules run: their expressions, and the offsets of what they look at. */
#include "aws/local/services/monitoring.h"

#define DAY_HOURS 24

/* A number of two digits from low to high; *text moves behind it. */
static bool take_number(const char **text, int64_t low, int64_t high, int64_t *ret)
{
	size_t n = strspn(*text, "0123456789");
	char digits[3] = "";

	if (!n || n > 2)
		return false;
	memcpy(digits, *text, n);
	*text += n;
	return str_to_i64(digits, ret) && *ret >= low && *ret <= high;
}

int monitoring_parse(const char *expression, struct monitoring_times *ret, struct err *err)
{
	const char *at = expression;

	*ret = (struct monitoring_times){.every = 1};
	if (str_eq(expression, "NOW")) {
		ret->now = true;
		return 0;
	}
	if (str_eq(expression, "cron(0 * ? * * *)"))
		return 0;
	bool good = str_starts(at, "cron(0 ");

	at += good ? strlen("cron(0 ") : 0;
	good = good && take_number(&at, 0, DAY_HOURS - 1, &ret->first);
	ret->every = DAY_HOURS;
	if (good && *at == '/') {
		at++;
		good = take_number(&at, 1, DAY_HOURS, &ret->every);
	}
	if (good && str_eq(at, " ? * * *)"))
		return 0;
	return err_set(err, ERR_INVALID,
		       "Invalid ScheduleExpression \"%.200s\": it must be cron(0 * ? * * *), cron(0 [00-23] ? * * *), "
		       "cron(0 [00-23]/[01-24] ? * * *) or NOW.",
		       expression);
}

static bool is_due_in(const struct monitoring_times *t, int64_t hour)
{
	int64_t of_day = hour % DAY_HOURS;

	return of_day >= t->first && (of_day - t->first) % t->every == 0;
}

int64_t monitoring_next(const struct monitoring_times *t, int64_t hour_ms, int64_t after_ms)
{
	int64_t hour = after_ms / hour_ms + 1;

	while (!is_due_in(t, hour))
		hour++;
	return hour * hour_ms;
}

int64_t monitoring_previous(const struct monitoring_times *t, int64_t hour_ms, int64_t before_ms)
{
	int64_t hour = (before_ms - 1) / hour_ms;

	while (!is_due_in(t, hour))
		hour--;
	return hour * hour_ms;
}

int monitoring_parse_offset(const char *text, int64_t hour_ms, int64_t *ret_ms, struct err *err)
{
	static const struct {
		char unit;
		bool of_time;
		int64_t minutes;
	} units[] = {{'D', false, 24 * 60}, {'H', true, 60}, {'M', true, 1}};
	const char *at = text + (*text == '-');
	bool of_time = false, good = *at++ == 'P' && *at;
	int64_t minutes = 0;

	while (good && *at) {
		int64_t n;
		size_t i = 0;

		if (*at == 'T' && !of_time) {
			of_time = true;
			good = *++at != 0;
			continue;
		}
		good = take_number(&at, 0, 99, &n);
		while (good && i < ARRAY_LEN(units) && (units[i].unit != *at || units[i].of_time != of_time))
			i++;
		good = good && i < ARRAY_LEN(units);
		if (good) {
			minutes += n * units[i].minutes;
			at++;
		}
	}
	if (!good)
		return err_set(err, ERR_INVALID, "\"%.40s\" is no offset such as -PT5H or -P1D.", text);
	*ret_ms = (*text == '-' ? -minutes : minutes) * hour_ms / 60;
	return 0;
}
