/* Times and durations as text, both ways. */
#include "base/timefmt.h"

#include "base/clock.h"
#include "base/str.h"

#include <ctype.h>
#include <time.h>

static const char *const month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static struct tm broken_down(int64_t ms, int *millis)
{
	time_t t = (time_t)floor_div(ms, 1000);

	*millis = (int)(ms - (int64_t)t * 1000);
	struct tm tm = {0};
	gmtime_r(&t, &tm);
	return tm;
}

static char *format(char *buf, int64_t ms, const char *pattern)
{
	int millis;
	struct tm tm = broken_down(ms, &millis);

	strftime(buf, TIMEFMT_LEN, pattern, &tm);
	return buf;
}

static char *format_millis(char *buf, int64_t ms, const char *pattern, const char *tail)
{
	int millis;
	struct tm tm = broken_down(ms, &millis);
	size_t n = strftime(buf, TIMEFMT_LEN, pattern, &tm);

	snprintf(buf + n, TIMEFMT_LEN - n, ".%03d%s", millis, tail);
	return buf;
}

char *timefmt_iso(char *buf, int64_t ms)
{
	return format(buf, ms, "%Y-%m-%dT%H:%M:%SZ");
}

char *timefmt_iso_ms(char *buf, int64_t ms)
{
	return format_millis(buf, ms, "%Y-%m-%dT%H:%M:%S", "Z");
}

char *timefmt_amz(char *buf, int64_t ms)
{
	return format(buf, ms, "%Y%m%dT%H%M%SZ");
}

char *timefmt_http(char *buf, int64_t ms)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	int millis;
	struct tm tm = broken_down(ms, &millis);
	char rest[TIMEFMT_LEN];

	strftime(rest, sizeof(rest), "%Y %H:%M:%S GMT", &tm);
	snprintf(buf, TIMEFMT_LEN, "%s, %02d %s %.25s", days[tm.tm_wday % 7], tm.tm_mday, month_names[tm.tm_mon % 12],
		 rest);
	return buf;
}

char *timefmt_name(const char *stem, int64_t ms)
{
	char stamp[TIMEFMT_LEN];

	timefmt_amz(stamp, ms);
	return xasprintf("%.40s-%.8s-%.6s", stem, stamp, stamp + 9);
}

char *timefmt_search(char *buf, int64_t ms)
{
	return format(buf, ms, "%Y-%m-%dT%H:%M:%S");
}

/* --- for people ------------------------------------------------------------------ */

static bool show_local;

void timefmt_show_zone(bool local)
{
	show_local = local;
	tzset();
}

bool timefmt_shows_local(void)
{
	return show_local;
}

static struct tm shown(int64_t ms, int *millis)
{
	struct tm tm = broken_down(ms, millis);
	time_t t = (time_t)floor_div(ms, 1000);

	if (show_local)
		localtime_r(&t, &tm);
	return tm;
}

int64_t timefmt_offset(int64_t ms)
{
	int millis;

	return show_local ? shown(ms, &millis).tm_gmtoff * SECOND_MS : 0;
}

static struct tm local(int64_t ms)
{
	time_t t = (time_t)floor_div(ms, 1000);
	struct tm tm = {0};

	localtime_r(&t, &tm);
	return tm;
}

int64_t timefmt_local_offset(int64_t ms)
{
	return local(ms).tm_gmtoff * SECOND_MS;
}

const char *timefmt_local_name(int64_t ms)
{
	return local(ms).tm_zone; /* the C library's, of tzname */
}

/* "Z" or "+01:00" behind what is in buf. */
static char *add_offset(char *buf, const struct tm *tm)
{
	size_t n = strlen(buf);
	long minutes = tm->tm_gmtoff / 60, size = labs(minutes);

	if (show_local)
		snprintf(buf + n, TIMEFMT_LEN - n, "%c%02ld:%02ld", minutes < 0 ? '-' : '+', size / 60 % 100,
			 size % 60);
	else
		snprintf(buf + n, TIMEFMT_LEN - n, "Z");
	return buf;
}

char *timefmt_show(char *buf, int64_t ms)
{
	int millis;
	struct tm tm = shown(ms, &millis);

	strftime(buf, TIMEFMT_LEN, "%Y-%m-%dT%H:%M:%S", &tm);
	return add_offset(buf, &tm);
}

char *timefmt_show_ms(char *buf, int64_t ms)
{
	int millis;
	struct tm tm = shown(ms, &millis);
	size_t n = strftime(buf, TIMEFMT_LEN, "%Y-%m-%dT%H:%M:%S", &tm);

	snprintf(buf + n, TIMEFMT_LEN - n, ".%03d", millis);
	return add_offset(buf, &tm);
}

char *timefmt_clock(char *buf, int64_t ms)
{
	int millis;
	struct tm tm = shown(ms, &millis);

	strftime(buf, TIMEFMT_LEN, "%H:%M:%S", &tm);
	return buf;
}

char *timefmt_clock_at(char *buf, int64_t ms, int64_t offset_ms)
{
	return format_millis(buf, ms + offset_ms, "%H:%M:%S", "");
}

char *timefmt_clock_ms(char *buf, int64_t ms)
{
	return timefmt_clock_at(buf, ms, timefmt_offset(ms));
}

char *timefmt_duration(char *buf, int64_t ms)
{
	int64_t s = ms / SECOND_MS;

	if (ms < 0)
		snprintf(buf, TIMEFMT_LEN, "–");
	else if (ms < MINUTE_MS)
		snprintf(buf, TIMEFMT_LEN, "%ds", (int)s);
	else if (ms < HOUR_MS)
		snprintf(buf, TIMEFMT_LEN, "%dm%02ds", (int)(s / 60), (int)(s % 60));
	else if (ms < DAY_MS)
		snprintf(buf, TIMEFMT_LEN, "%dh%02dm", (int)(s / 3600), (int)(s / 60 % 60));
	else
		snprintf(buf, TIMEFMT_LEN, "%lldd%02dh", (long long)(s / 86400), (int)(s / 3600 % 24));
	return buf;
}

char *timefmt_age(char *buf, int64_t ms)
{
	static const struct {
		int64_t unit;
		char name;
	} units[] = {{DAY_MS, 'd'}, {HOUR_MS, 'h'}, {MINUTE_MS, 'm'}, {SECOND_MS, 's'}};

	if (ms < 0) {
		snprintf(buf, TIMEFMT_LEN, "–");
		return buf;
	}
	size_t i = 0;
	while (i + 1 < ARRAY_LEN(units) && ms < units[i].unit)
		i++;
	snprintf(buf, TIMEFMT_LEN, "%lld%c", (long long)(ms / units[i].unit), units[i].name);
	return buf;
}

/* Exactly n digits at *s as a number; moves *s. */
static bool take_digits(const char **s, int n, int *ret)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*s)++) {
		if (!isdigit((unsigned char)**s))
			return false;
		v = v * 10 + (**s - '0');
	}
	*ret = v;
	return true;
}

static bool take_char(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

/* Fraction digits after the point, as milliseconds; finer ones are dropped. */
static bool take_fraction(const char **s, int *ret_ms)
{
	int ms = 0, digits = 0;

	for (; isdigit((unsigned char)**s); (*s)++, digits++)
		if (digits < 3)
			ms = ms * 10 + (**s - '0');
	for (int i = digits; i < 3; i++)
		ms *= 10;
	*ret_ms = ms;
	return digits > 0;
}

/* Seconds and their fraction, as far as they are there: ":06.12", ":06,120" as
 * Python's logging writes it. */
static bool take_seconds(const char **s, bool basic, int *ret_s, int *ret_ms)
{
	if (basic ? **s < '0' || **s > '9' : !take_char(s, ':'))
		return true;
	if (!take_digits(s, 2, ret_s))
		return false;
	return !(take_char(s, '.') || take_char(s, ',')) || take_fraction(s, ret_ms);
}

static bool take_offset(const char **s, int64_t *ret_ms)
{
	*ret_ms = 0;
	if (take_char(s, 'Z') || take_char(s, 'z') || !**s)
		return true;
	int sign = take_char(s, '+') ? 1 : take_char(s, '-') ? -1 : 0, h, m = 0;
	if (!sign || !take_digits(s, 2, &h))
		return false;
	take_char(s, ':');
	if (**s && !take_digits(s, 2, &m))
		return false;
	*ret_ms = sign * (h * HOUR_MS + m * MINUTE_MS);
	return h < 24 && m < 60;
}

static int days_in(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static bool from_fields(int year, int month, int day, int h, int m, int s, int64_t *ret_ms)
{
	if (month < 1 || month > 12 || day < 1 || day > days_in(year, month) || h > 23 || m > 59 || s > 60)
		return false;
	struct tm tm = {
		.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = h, .tm_min = m, .tm_sec = s};
	*ret_ms = (int64_t)timegm(&tm) * 1000;
	return true;
}

bool timefmt_parse_iso(const char *s, int64_t *ret_ms)
{
	int year, month, day, h = 0, m = 0, sec = 0, fraction = 0;
	int64_t offset = 0, at;

	bool basic; /* without the separators: 20261129T140503Z */

	if (!s || !take_digits(&s, 4, &year))
		return false;
	basic = !take_char(&s, '-');
	if (!take_digits(&s, 2, &month) || (!basic && !take_char(&s, '-')) || !take_digits(&s, 2, &day))
		return false;
	if (take_char(&s, 'T') || take_char(&s, 't') || take_char(&s, ' ')) {
		if (!take_digits(&s, 2, &h) || (!basic && !take_char(&s, ':')) || !take_digits(&s, 2, &m))
			return false;
		if (!take_seconds(&s, basic, &sec, &fraction))
			return false;
		if (!take_offset(&s, &offset))
			return false;
	}
	if (*s || !from_fields(year, month, day, h, m, sec, &at))
		return false;
	*ret_ms = at + fraction - offset;
	return true;
}

bool timefmt_parse_clock(const char *s, int64_t now_ms, int64_t *ret_ms)
{
	int h, m, sec = 0, fraction = 0;

	if (!take_digits(&s, 2, &h) || !take_char(&s, ':') || !take_digits(&s, 2, &m) ||
	    !take_seconds(&s, false, &sec, &fraction))
		return false;
	if ((*s && !str_eq(s, "Z")) || h > 23 || m > 59 || sec > 59)
		return false;
	int64_t at = now_ms - now_ms % DAY_MS + h * HOUR_MS + m * MINUTE_MS + sec * SECOND_MS + fraction;

	*ret_ms = at > now_ms ? at - DAY_MS : at;
	return true;
}

bool timefmt_parse_http(const char *s, int64_t *ret_ms)
{
	int day, month = 0, year, h, m, sec;
	const char *comma = s ? strchr(s, ',') : NULL;

	if (!comma)
		return false;
	s = comma + 1;
	while (*s == ' ')
		s++;
	if (!take_digits(&s, 2, &day) || !take_char(&s, ' '))
		return false;
	while (month < 12 && strncmp(s, month_names[month], 3))
		month++;
	if (month == 12)
		return false;
	s += 3;
	if (!take_char(&s, ' ') || !take_digits(&s, 4, &year) || !take_char(&s, ' ') || !take_digits(&s, 2, &h) ||
	    !take_char(&s, ':') || !take_digits(&s, 2, &m) || !take_char(&s, ':') || !take_digits(&s, 2, &sec))
		return false;
	return !strcmp(s, " GMT") && from_fields(year, month + 1, day, h, m, sec, ret_ms);
}

bool timefmt_parse_duration(const char *s, int64_t *ret_ms)
{
	int64_t total = 0;

	if (!s || !*s)
		return false;
	while (*s) {
		int64_t n = 0, unit;
		if (!isdigit((unsigned char)*s))
			return false;
		for (; isdigit((unsigned char)*s); s++) {
			n = n * 10 + (*s - '0');
			if (n > 1000000000)
				return false;
		}
		switch (*s) {
		case 'w':
			unit = 7 * DAY_MS;
			break;
		case 'd':
			unit = DAY_MS;
			break;
		case 'h':
			unit = HOUR_MS;
			break;
		case 'm':
			unit = MINUTE_MS;
			break;
		case 's':
			unit = SECOND_MS;
			break;
		default:
			return false;
		}
		s++;
		total += n * unit;
	}
	*ret_ms = total;
	return true;
}
