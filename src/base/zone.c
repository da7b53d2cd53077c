/* Time zones out of the system's files (TZif, RFC 8536). */
#include "base/zone.h"

#include <ctype.h>
#include <time.h>

#include "base/fs.h"

#define FOLDER "/usr/share/zoneinfo"
#define FILE_MAX ((size_t)1 << 20)
#define HEADER 44
#define DAY_S 86400

/* --- dates ---------------------------------------------------------------------------------- */

int64_t zone_day_of(int64_t year, int month, int day)
{
	struct tm t = {.tm_year = (int)(year - 1900), .tm_mon = month - 1, .tm_mday = day};

	return timegm(&t) / DAY_S;
}

void zone_date_of(int64_t day, int64_t *ret_year, int *ret_month, int *ret_day)
{
	time_t seconds = (time_t)(day * DAY_S);
	struct tm t;

	gmtime_r(&seconds, &t);
	*ret_year = t.tm_year + 1900;
	*ret_month = t.tm_mon + 1;
	*ret_day = t.tm_mday;
}

static int64_t rule_local_s(const struct zone_rule *r, int64_t year)
{
	int64_t first = zone_day_of(year, r->month, 1);
	int64_t next = r->month == 12 ? zone_day_of(year + 1, 1, 1) : zone_day_of(year, r->month + 1, 1);
	int weekday = (int)((first % 7 + 7 + 4) % 7); /* 1970-01-01 was a Thursday */
	int64_t day = first + (r->weekday - weekday + 7) % 7 + (int64_t)(r->week - 1) * 7;

	while (day >= next)
		day -= 7;
	return day * DAY_S + r->at_s;
}

/* --- the rule behind the table: "CET-1CEST,M3.5.0,M10.5.0/3" ----------------------------------- */

static bool skip_name(const char **at)
{
	const char *p = *at;

	if (*p == '<') {
		p = strchr(p, '>');
		*at = p ? p + 1 : *at;
		return p != NULL;
	}
	while (isalpha((unsigned char)*p))
		p++;
	bool found = p - *at >= 3;

	*at = p;
	return found;
}

static bool take_int(const char **at, int64_t *ret)
{
	char *end;

	if (!isdigit((unsigned char)**at))
		return false;
	*ret = strtoll(*at, &end, 10);
	*at = end;
	return *ret <= 1000;
}

/* [+-]h[:m[:s]] in seconds. */
static bool take_time(const char **at, int64_t *ret)
{
	int64_t sign = **at == '-' ? -1 : 1, part, unit = 3600, sum = 0;

	if (**at == '-' || **at == '+')
		++*at;
	do {
		if (!take_int(at, &part))
			return false;
		sum += part * unit;
		unit /= 60;
	} while (unit && **at == ':' && ++*at);
	*ret = sign * sum;
	return true;
}

static bool take_rule(const char **at, struct zone_rule *r)
{
	int64_t month, week, weekday;

	r->at_s = 2 * 3600;
	if (*(*at)++ != ',' || *(*at)++ != 'M' || !take_int(at, &month) || *(*at)++ != '.' || !take_int(at, &week) ||
	    *(*at)++ != '.' || !take_int(at, &weekday))
		return false;
	r->month = (int)month;
	r->week = (int)week;
	r->weekday = (int)weekday;
	if (month < 1 || month > 12 || week < 1 || week > 5 || weekday > 6)
		return false;
	if (**at != '/')
		return true;
	++*at;
	return take_time(at, &r->at_s);
}

/* What is not understood is no rule: the table's last offset then stays. */
static void read_rule(struct zone *z, const char *text)
{
	const char *at = text;
	int64_t usual, summer;

	if (!skip_name(&at) || !take_time(&at, &usual))
		return;
	z->usual = (int32_t)-usual;
	z->has_rule = !*at;
	if (!*at || !skip_name(&at))
		return;
	summer = usual - 3600;
	if (*at != ',' && !take_time(&at, &summer))
		return;
	z->summer = (int32_t)-summer;
	z->changes = z->has_rule = take_rule(&at, &z->to_summer) && take_rule(&at, &z->to_usual) && !*at;
}

/* --- files -------------------------------------------------------------------------------------- */

static uint64_t big(const unsigned char *p, int n)
{
	uint64_t v = 0;

	for (int i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

struct counts {
	uint64_t is_ut, is_std, leap, times, types, chars;
};

/* The header's counts; how long what follows is, with times of size bytes. */
static size_t read_header(const unsigned char *p, size_t size, struct counts *c)
{
	uint64_t *const members[] = {&c->is_ut, &c->is_std, &c->leap, &c->times, &c->types, &c->chars};

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		*members[i] = big(p + 20 + i * 4, 4);
	return c->times * (size + 1) + c->types * 6 + c->chars + c->leap * (size + 4) + c->is_std + c->is_ut;
}

static bool read_table(struct zone *z, const unsigned char *p, const struct counts *c)
{
	const unsigned char *which = p + c->times * 8, *types = which + c->times;

	if (!c->types)
		return false;
	z->n = (size_t)c->times;
	z->times = xcalloc(z->n + 1, sizeof(*z->times));
	z->offsets = xcalloc(z->n + 1, sizeof(*z->offsets));
	z->first = (int32_t)(uint32_t)big(types, 4);
	for (size_t i = 0; i < z->n; i++) {
		if (which[i] >= c->types)
			return false;
		z->times[i] = (int64_t)big(p + i * 8, 8);
		z->offsets[i] = (int32_t)(uint32_t)big(types + (size_t)which[i] * 6, 4);
	}
	return true;
}

/* Version 2 and later: the table of 64-bit times behind the old one, and the rule in a line. */
static bool read_file(struct zone *z, const unsigned char *p, size_t n)
{
	struct counts c;

	if (n < HEADER || memcmp(p, "TZif", 4) != 0 || p[4] < '2')
		return false;
	size_t skip = HEADER + read_header(p, 4, &c);

	if (skip > n || n - skip < HEADER || memcmp(p + skip, "TZif", 4) != 0)
		return false;
	size_t body = read_header(p + skip, 8, &c), at = skip + HEADER;

	if (body > n - at || !read_table(z, p + at, &c))
		return false;
	at += body;
	const unsigned char *end = at < n && p[at] == '\n' ? memchr(p + at + 1, '\n', n - at - 1) : NULL;
	AUTO(str) char *rule = end ? xstrndup((const char *)p + at + 1, (size_t)(end - p) - at - 1) : NULL;

	if (rule)
		read_rule(z, rule);
	return true;
}

static bool is_name(const char *name)
{
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("_+-/", *p))
			return false;
	return *name && *name != '/' && strlen(name) < 100;
}

int zone_load(const char *name, struct zone *ret, struct err *err)
{
	AUTO(buf) struct buf file = BUF_INIT(FILE_MAX);

	*ret = (struct zone){0};
	if (!name || str_eq(name, "UTC"))
		return 0;
	AUTO(str) char *path = xasprintf(FOLDER "/%s", name);

	if (!is_name(name) || fs_is_dir(path) || fs_read(path, &file, NULL) < 0)
		return err_set(err, ERR_NOTFOUND, "there is no time zone %.100s", name);
	if (read_file(ret, (const unsigned char *)buf_str(&file), file.len))
		return 0;
	zone_done(ret);
	*ret = (struct zone){0};
	return err_set(err, ERR_PARSE, "%s is no file of a time zone that can be read", path);
}

void zone_done(struct zone *z)
{
	free(z->times);
	free(z->offsets);
}

/* --- both ways ------------------------------------------------------------------------------------ */

static int32_t by_rule(const struct zone *z, int64_t utc_s)
{
	int64_t year;
	int month, day;

	if (!z->changes)
		return z->usual;
	zone_date_of((utc_s + z->usual) / DAY_S, &year, &month, &day);
	int64_t begin = rule_local_s(&z->to_summer, year) - z->usual,
		end = rule_local_s(&z->to_usual, year) - z->summer;

	/* In the south summer goes over the turn of the year. */
	bool summer = begin < end ? utc_s >= begin && utc_s < end : utc_s >= begin || utc_s < end;

	return summer ? z->summer : z->usual;
}

int32_t zone_offset(const struct zone *z, int64_t utc_s)
{
	size_t low = 0, high = z->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (z->times[middle] <= utc_s)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == z->n && z->has_rule)
		return by_rule(z, utc_s);
	return low ? z->offsets[low - 1] : z->first;
}

bool zone_to_utc(const struct zone *z, int64_t local_s, int64_t *ret_s)
{
	/* Of a change both sides are tried; no place has two within two days. */
	const int32_t before = zone_offset(z, local_s - DAY_S), after = zone_offset(z, local_s + DAY_S);
	const int64_t tries[] = {local_s - MAX(before, after), local_s - MIN(before, after)};

	for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
		if (tries[i] + zone_offset(z, tries[i]) == local_s) {
			*ret_s = tries[i];
			return true;
		}
	}
	return false;
}
