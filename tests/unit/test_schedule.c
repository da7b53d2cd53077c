/* test_schedule.c - when schedules are due: at, rate and cron, in zones whose clocks change. */
#include "unit.h"

#include "vectors.h"

#include "base/clock.h"
#include "base/schedule.h"
#include "base/timefmt.h"

static int64_t ms_of(const char *text)
{
	int64_t ms = 0;

	assert_true(timefmt_parse_iso(text, &ms));
	return ms;
}

static void expect_next(const char *expression, const char *zone, const char *after, const char *const *wanted,
			size_t n)
{
	AUTO(schedule) struct schedule s;
	struct err err = {0};
	int64_t at = ms_of(after);
	char text[TIMEFMT_LEN];

	if (schedule_parse(expression, zone, &s, &err) < 0)
		fail_msg("%s: %s", expression, err.msg);
	for (size_t i = 0; i < n; i++) {
		int64_t next = schedule_next(&s, at, at);

		if (next != (wanted[i] ? ms_of(wanted[i]) : TIME_UNKNOWN))
			fail_msg("%s in %s after %s: %s, not %s", expression, zone ? zone : "UTC", after,
				 next == TIME_UNKNOWN ? "never" : timefmt_iso(text, next),
				 wanted[i] ? wanted[i] : "never");
		at = next;
	}
}
#define EXPECT(expression, zone, after, ...)                                           \
	expect_next((expression), (zone), (after), (const char *const[]){__VA_ARGS__}, \
		    sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void test_utc(void **state)
{
	EXPECT("at(2026-11-30T12:00:00)", NULL, "2026-11-30T11:59:59Z", "2026-11-30T12:00:00Z", NULL);
	EXPECT("rate(5 minutes)", NULL, "2026-11-30T12:01:00Z", "2026-11-30T12:06:00Z", "2026-11-30T12:11:00Z");
	EXPECT("rate(1 day)", NULL, "2026-11-30T12:01:00Z", "2026-12-01T12:01:00Z");
	EXPECT("cron(30 8-10/2 ? * MON-FRI *)", NULL, "2026-11-27T10:30:00Z", "2026-11-30T08:30:00Z",
	       "2026-11-30T10:30:00Z", "2026-12-01T08:30:00Z");
	EXPECT("cron(0 0 30 2 ? *)", NULL, "2026-11-27T10:30:00Z", NULL);
	EXPECT("cron(0 12 L 2 ? *)", NULL, "2027-01-01T00:00:00Z", "2027-02-28T12:00:00Z", "2028-02-29T12:00:00Z");
	EXPECT("cron(0 6 31W * ? *)", NULL, "2026-10-01T00:00:00Z", "2026-10-30T06:00:00Z", "2026-12-31T06:00:00Z");
	EXPECT("cron(0 9 ? * 2#5 *)", NULL, "2026-11-01T00:00:00Z", "2026-11-30T09:00:00Z", "2027-03-29T09:00:00Z");
}

static void test_zones(void **state)
{
	struct zone z;

	if (!fs_exists("/usr/share/zoneinfo/Europe/Berlin"))
		skip();
	/* Left out in spring, once in autumn: by the table, and in 2050 by the rule behind it. */
	EXPECT("cron(30 2 * * ? *)", "Europe/Berlin", "2026-03-28T00:00:00Z", "2026-03-28T01:30:00Z",
	       "2026-03-30T00:30:00Z");
	EXPECT("cron(30 2 * * ? *)", "Europe/Berlin", "2050-03-26T00:00:00Z", "2050-03-26T01:30:00Z",
	       "2050-03-28T00:30:00Z");
	EXPECT("cron(30 2 * * ? *)", "Europe/Berlin", "2050-10-29T12:00:00Z", "2050-10-30T00:30:00Z",
	       "2050-10-31T01:30:00Z");
	EXPECT("cron(30 2 * * ? *)", "America/New_York", "2060-07-01T00:00:00Z", "2060-07-01T06:30:00Z");
	EXPECT("cron(0 12 1 * ? *)", "Australia/Sydney", "2060-01-01T12:00:00Z", "2060-02-01T01:00:00Z");
	EXPECT("cron(0 12 1 7 ? *)", "Australia/Sydney", "2060-01-01T12:00:00Z", "2060-07-01T02:00:00Z");
	EXPECT("cron(0 12 1 * ? *)", "Asia/Kolkata", "2060-01-01T12:00:00Z", "2060-02-01T06:30:00Z");
	EXPECT("at(2026-07-01T12:00:00)", "Europe/Berlin", "2026-01-01T00:00:00Z", "2026-07-01T10:00:00Z", NULL);
	assert_int_equal(zone_load("../../../etc/passwd", &z, NULL), -ERR_NOTFOUND);
	assert_int_equal(zone_load("Europe", &z, NULL), -ERR_NOTFOUND);
	assert_int_equal(zone_load("Mars/Olympus", &z, NULL), -ERR_NOTFOUND);
	assert_int_equal(zone_load("tzdata.zi", &z, NULL), -ERR_NOTFOUND);
	assert_int_equal(zone_load("zone1970.tab", &z, NULL), -ERR_NOTFOUND);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {"cron(0 3 * * * *)",
					  "cron(0 3 ? * ? *)",
					  "cron(0 3 * * ?)",
					  "cron(0 3 5-2 * ? *)",
					  "cron(0/0 3 1 * ? *)",
					  "cron(0 3 W * ? *)",
					  "cron(0 3 ? * MON#9 *)",
					  "cron(,, 3 1 * ? *)",
					  "cron(1- 3 1 * ? *)",
					  "cron(0 3 1 * ? * *)",
					  "rate(5 minute)",
					  "rate(1 minutes)",
					  "at(2026-02-30T10:00:00)",
					  "at(2026-04-01)",
					  "cron",
					  "cron(",
					  ")",
					  "never(1)"};
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(schedule) struct schedule s;

		err_clear(&err);
		if (schedule_parse(bad[i], NULL, &s, &err) != -ERR_INVALID)
			fail_msg("%s is taken", bad[i]);
	}
}

static void check_vector(const json_t *v)
{
	const char *expression = json_get_str(v, "expression");
	const json_t *next = json_object_get(v, "next");
	const char *wanted[8] = {0};
	AUTO(schedule) struct schedule s = {0};

	if (json_get_bool(v, "invalid", false)) {
		if (schedule_parse(expression, NULL, &s, NULL) == 0)
			fail_msg("%s is taken", expression);
		return;
	}
	for (size_t i = 0; i < MIN(json_array_size(next), ARRAY_LEN(wanted)); i++)
		wanted[i] = json_string_value(json_array_get(next, i));
	expect_next(expression, json_get_str(v, "timezone"), json_get_str(v, "after"), wanted,
		    MIN(json_array_size(next), ARRAY_LEN(wanted)));
}

static void test_vectors(void **state)
{
	AUTO(str) char *dir = vectors_folder("kinds");
	AUTO(str) char *command = dir ? xasprintf("zcat '%s/schedule-next.jsonl.gz'", dir) : NULL;
	FILE *f = command ? popen(command, "re") : NULL;
	char *line = NULL;
	size_t cap = 0, n = 0;

	if (!f)
		skip();
	while (getline(&line, &cap, f) > 0) {
		AUTO(json) json_t *v = json_loads(line, 0, NULL);

		if (!v)
			continue;
		check_vector(v);
		n++;
	}
	free(line);
	assert_int_equal(pclose(f), 0);
	assert_true(n > 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utc),
		cmocka_unit_test(test_zones),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
