/* Expressions of schedules: read, and followed. */
#include "base/schedule.h"

#include "base/clock.h"
#include "base/str.h"

#define DAY_S 86400

static int bad(const char *expression, struct err *err)
{
	return err_set(err, ERR_INVALID, "Invalid schedule expression: %.200s", expression);
}

/* --- fields of cron --------------------------------------------------------------------------- */

static const char *const month_names[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
					  "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
static const char *const weekday_names[] = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

struct field {
	int low, high;
	const char *const *names; /* of the values from low on; NULL */
};

static bool read_value(const struct field *f, const char *text, int *ret)
{
	int64_t n;

	for (int i = f->low; f->names && i <= f->high; i++) {
		if (str_ieq(text, f->names[i - f->low])) {
			*ret = i;
			return true;
		}
	}
	if (!*text || strspn(text, "0123456789") != strlen(text) || !str_to_i64(text, &n) || n < f->low || n > f->high)
		return false;
	*ret = (int)n;
	return true;
}

/* "*", "5", "1-5", each with a step behind a slash; "5/2" goes on to the end. */
static bool read_part(const struct field *f, char *text, int *ret_from, int *ret_to, int *ret_step)
{
	char *slash = strchr(text, '/'), *dash;
	int64_t step = 1;

	if (slash) {
		*slash++ = 0;
		if (!str_to_i64(slash, &step) || step < 1 || step > f->high)
			return false;
	}
	*ret_step = (int)step;
	*ret_from = f->low;
	*ret_to = f->high;
	if (str_eq(text, "*"))
		return true;
	dash = strchr(text, '-');
	if (dash)
		*dash++ = 0;
	if (!read_value(f, text, ret_from))
		return false;
	if (dash)
		return read_value(f, dash, ret_to) && *ret_from <= *ret_to;
	if (!slash)
		*ret_to = *ret_from;
	return true;
}

/* A list of parts; each value is told. */
static bool read_field(const struct field *f, const char *text, void (*set)(struct schedule_cron *c, int value),
		       struct schedule_cron *c)
{
	AUTO(strlist) struct strlist parts = {0};
	int from, to, step;

	strlist_split(&parts, text, ',');
	for (size_t i = 0; i < parts.n; i++) {
		if (!read_part(f, parts.items[i], &from, &to, &step))
			return false;
		for (int v = from; v <= to; v += step)
			set(c, v);
	}
	return parts.n > 0;
}

static void set_minute(struct schedule_cron *c, int value)
{
	c->minutes |= (uint64_t)1 << value;
}

static void set_hour(struct schedule_cron *c, int value)
{
	c->hours |= (uint64_t)1 << value;
}

static void set_day(struct schedule_cron *c, int value)
{
	c->days |= (uint64_t)1 << value;
}

static void set_month(struct schedule_cron *c, int value)
{
	c->months |= (uint64_t)1 << value;
}

static void set_weekday(struct schedule_cron *c, int value)
{
	c->weekdays |= (uint64_t)1 << value;
}

static void set_year(struct schedule_cron *c, int value)
{
	c->years[value - SCHEDULE_FIRST_YEAR] = true;
}

/* "L", "15W" */
static bool read_days(const char *text, struct schedule_cron *c)
{
	static const struct field days = {1, 31, NULL};
	size_t n = strlen(text);

	if (str_eq(text, "L")) {
		c->last_day = true;
		return true;
	}
	if (n > 1 && text[n - 1] == 'W') {
		AUTO(str) char *number = xstrndup(text, n - 1);

		return read_value(&days, number, &c->near);
	}
	return read_field(&days, text, set_day, c);
}

/* "6L", "2#1" */
static bool read_weekdays(const char *text, struct schedule_cron *c)
{
	static const struct field weekdays = {1, 7, weekday_names}, which = {1, 5, NULL};
	size_t n = strlen(text);
	const char *hash = strchr(text, '#');

	if (str_eq(text, "L")) {
		set_weekday(c, 7);
		return true;
	}
	if (hash || (n > 1 && text[n - 1] == 'L')) {
		AUTO(str) char *day = xstrndup(text, hash ? (size_t)(hash - text) : n - 1);

		return read_value(&weekdays, day, &c->nth_day) && (!hash || read_value(&which, hash + 1, &c->nth));
	}
	return read_field(&weekdays, text, set_weekday, c);
}

static bool read_cron(const char *text, struct schedule_cron *c)
{
	static const struct field minutes = {0, 59, NULL}, hours = {0, 23, NULL}, months = {1, 12, month_names};
	static const struct field years = {SCHEDULE_FIRST_YEAR, SCHEDULE_LAST_YEAR, NULL};
	AUTO(strlist) struct strlist all = {0};
	struct strlist f = {0};
	bool good;

	strlist_split(&all, text, ' ');
	for (size_t i = 0; i < all.n; i++)
		if (*all.items[i])
			strlist_add(&f, all.items[i]);
	c->any_day = f.n == 6 && str_eq(f.items[2], "?");
	c->any_weekday = f.n == 6 && str_eq(f.items[4], "?");
	good = f.n == 6 && c->any_day != c->any_weekday && read_field(&minutes, f.items[0], set_minute, c) &&
	       read_field(&hours, f.items[1], set_hour, c) && (c->any_day || read_days(f.items[2], c)) &&
	       read_field(&months, f.items[3], set_month, c) && (c->any_weekday || read_weekdays(f.items[4], c)) &&
	       read_field(&years, f.items[5], set_year, c);
	strlist_done(&f);
	return good;
}

/* --- at, rate ----------------------------------------------------------------------------------- */

static bool read_at(const char *text, const struct zone *z, int64_t *ret_ms)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd";
	int64_t year, utc_s;
	int month, day, hour, minute, second, back_month, back_day;

	for (size_t i = 0; i < sizeof(form); i++)
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	year = strtol(text, NULL, 10);
	month = atoi(text + 5);
	day = atoi(text + 8);
	hour = atoi(text + 11);
	minute = atoi(text + 14);
	second = atoi(text + 17);
	if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59)
		return false;
	int64_t days = zone_day_of(year, month, day);

	zone_date_of(days, &year, &back_month, &back_day);
	if (back_month != month || back_day != day ||
	    !zone_to_utc(z, days * DAY_S + hour * 3600 + minute * 60 + second, &utc_s))
		return false;
	*ret_ms = utc_s * 1000;
	return true;
}

static bool read_rate(const char *text, int64_t *ret_ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"minute", 60000}, {"hour", 3600000}, {"day", 86400000}};
	AUTO(strlist) struct strlist words = {0};
	int64_t n;

	strlist_split(&words, text, ' ');
	for (size_t i = 0; words.n == 2 && i < ARRAY_LEN(units); i++) {
		AUTO(str) char *many = xasprintf("%ss", units[i].unit);

		if (!str_to_i64(words.items[0], &n) || n < 1 || n > 100000 ||
		    !str_eq(words.items[1], n == 1 ? units[i].unit : many))
			continue;
		*ret_ms = n * units[i].ms;
		return true;
	}
	return false;
}

int schedule_parse(const char *expression, const char *zone, struct schedule *ret, struct err *err)
{
	AUTO(str) char *word = xstrdup(expression);
	char *inner = strchr(word, '(');
	size_t n = strlen(word);
	bool good;

	*ret = (struct schedule){0};
	if (!inner || word[n - 1] != ')')
		return bad(expression, err);
	word[n - 1] = 0;
	*inner++ = 0;
	if (zone_load(zone, &ret->zone, err) < 0)
		return -err->code;
	if (str_eq(word, "at")) {
		ret->kind = SCHEDULE_AT;
		good = read_at(inner, &ret->zone, &ret->ms);
	} else if (str_eq(word, "rate")) {
		ret->kind = SCHEDULE_RATE;
		good = read_rate(inner, &ret->ms);
	} else {
		ret->kind = SCHEDULE_CRON;
		good = str_eq(word, "cron") && read_cron(inner, &ret->cron);
	}
	return good ? 0 : bad(expression, err);
}

void schedule_done(struct schedule *s)
{
	zone_done(&s->zone);
}

/* --- the next time -------------------------------------------------------------------------------- */

/* From 1, Sunday. */
static int weekday_of(int64_t day)
{
	return (int)((day % 7 + 7 + 4) % 7) + 1;
}

/* The weekday (Monday to Friday) nearest to that day, within its month. */
static int64_t near_day(int64_t first, int last, int wanted)
{
	int64_t day = first + MIN(wanted, last) - 1;
	int weekday = weekday_of(day), of_month = (int)(day - first) + 1;

	if (weekday == 7)
		return of_month == 1 ? day + 2 : day - 1;
	if (weekday == 1)
		return of_month == last ? day - 2 : day + 1;
	return day;
}

static bool matches_day(const struct schedule_cron *c, int64_t day)
{
	int64_t year;
	int month, of_month;

	zone_date_of(day, &year, &month, &of_month);
	int64_t first = day - of_month + 1;
	int64_t next = month == 12 ? zone_day_of(year + 1, 1, 1) : zone_day_of(year, month + 1, 1);
	int last = (int)(next - first), weekday = weekday_of(day);

	if (!c->years[year - SCHEDULE_FIRST_YEAR] || !(c->months >> month & 1))
		return false;
	if (c->last_day)
		return of_month == last;
	if (c->near)
		return c->near <= last && day == near_day(first, last, c->near);
	if (c->nth_day)
		return weekday == c->nth_day && (c->nth ? (of_month - 1) / 7 + 1 == c->nth : of_month + 7 > last);
	return c->any_weekday ? c->days >> of_month & 1 : c->weekdays >> weekday & 1;
}

/* The first time of a day after after_s. */
static bool next_of_day(const struct schedule *s, int64_t day, int64_t after_s, int64_t *ret_s)
{
	for (int hour = 0; hour < 24; hour++) {
		if (!(s->cron.hours >> hour & 1))
			continue;
		for (int minute = 0; minute < 60; minute++) {
			if ((s->cron.minutes >> minute & 1) &&
			    zone_to_utc(&s->zone, day * DAY_S + hour * 3600 + minute * 60, ret_s) && *ret_s > after_s)
				return true;
		}
	}
	return false;
}

static int64_t next_cron(const struct schedule *s, int64_t after_ms)
{
	int64_t after_s = after_ms / 1000, end = zone_day_of(SCHEDULE_LAST_YEAR + 1, 1, 1), at_s;

	for (int64_t day = MAX((after_s + zone_offset(&s->zone, after_s)) / DAY_S, (int64_t)0); day < end; day++) {
		if (matches_day(&s->cron, day) && next_of_day(s, day, after_s, &at_s))
			return at_s * 1000;
	}
	return TIME_UNKNOWN;
}

int64_t schedule_next(const struct schedule *s, int64_t begin_ms, int64_t after_ms)
{
	if (s->kind == SCHEDULE_AT)
		return s->ms > after_ms ? s->ms : TIME_UNKNOWN;
	if (s->kind == SCHEDULE_RATE)
		return begin_ms + (after_ms < begin_ms ? 1 : (after_ms - begin_ms) / s->ms + 1) * s->ms;
	return next_cron(s, after_ms);
}
