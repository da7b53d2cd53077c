/* test_grid.c - grids of hyperparameters: what they hold, what is refused, and how their jobs are called. */
#include "unit.h"

#include <ctype.h>

#include "model/grid.h"

static void parse(struct grid *g, const char *a, const char *b)
{
	AUTO(strlist) struct strlist texts = {0};
	struct err err = {0};

	strlist_add(&texts, a);
	if (b)
		strlist_add(&texts, b);
	if (grid_parse(&texts, g, &err))
		fail_msg("%s", err.msg);
}

static void refuse(const char *text, const char *why)
{
	AUTO(strlist) struct strlist texts = {0};
	AUTO(grid) struct grid g = {0};
	struct err err = {0};

	strlist_add(&texts, text);
	assert_int_equal(grid_parse(&texts, &g, &err), -ERR_USAGE);
	if (!strstr(err.msg, why))
		fail_msg("%s: no \"%s\" in: %s", text, why, err.msg);
	assert_null(strchr(err.msg, '\n'));
}

/* All combinations in order, the last axis the fastest, axes by name. */
static void test_order(void **state)
{
	AUTO(grid) struct grid g = {0};
	static const char *const expected[][2] = {{"0.1", "4"}, {"0.1", "6"}, {"0.1", "9"},
						  {"0.3", "4"}, {"0.3", "6"}, {"0.3", "9"}};

	parse(&g, " max_depth=4..6:2,9   eta=0.1,0.3 ", NULL);
	assert_int_equal(g.n, 2);
	assert_int_equal(g.jobs, 6);
	assert_string_equal(g.axes[0].name, "eta");
	for (size_t i = 0; i < g.jobs; i++) {
		assert_string_equal(grid_value(&g, i, 0), expected[i][0]);
		assert_string_equal(grid_value(&g, i, 1), expected[i][1]);
	}
}

static void test_ranges(void **state)
{
	AUTO(grid) struct grid g = {0};
	AUTO(grid) struct grid wide = {0};
	AUTO(grid) struct grid end = {0};

	parse(&g, "a=-2..2", "b=5..5 c==x");
	assert_int_equal(g.jobs, 5);
	assert_string_equal(grid_value(&g, 0, 0), "-2");
	assert_string_equal(grid_value(&g, 4, 0), "2");
	assert_string_equal(grid_value(&g, 4, 1), "5");
	assert_string_equal(grid_value(&g, 4, 2), "=x");
	parse(&wide, "a=-9223372036854775808..9223372036854775807:9223372036854775807", NULL);
	assert_int_equal(wide.jobs, 3);
	assert_string_equal(grid_value(&wide, 2, 0), "9223372036854775806");
	parse(&end, "a=9223372036854775806..9223372036854775807", NULL);
	assert_int_equal(end.jobs, 2);
}

static void test_refused(void **state)
{
	refuse("", "empty");
	refuse("   ", "empty");
	refuse("eta", "NAME=VALUE");
	refuse("=1,2", "NAME=VALUE");
	refuse("eta=", "NAME=VALUE");
	refuse("eta=0.1,,0.2", "eta: there is an empty value");
	refuse("eta=0.1,", "empty value");
	refuse("eta=0.1,0.1", "the value 0.1 is there twice");
	refuse("d=1..3,2", "the value 2 is there twice");
	refuse("eta=0.1 eta=0.2", "eta is given twice");
	refuse("eta=0.1..0.5", "no range of whole numbers");
	refuse("d=8..4", "above the last");
	refuse("d=4..", "no range");
	refuse("d=..4", "no range");
	refuse("d=4..8:0", "no range");
	refuse("d=4..8:-1", "no range");
	refuse("d=4..8:", "no range");
	refuse("d=1...3", "no range");
	refuse("d=0..9223372036854775807", "more than 1000");
	refuse("d=1..1001", "more than 1000");
	refuse("a=1..101 b=1..10", "more than 1000");
	refuse("a=1..1000 b=1..1000 c=1..1000 d=1..1000 e=1..1000 f=1..1000 g=1..1000", "more than 1000");
}

/* A comma in a value, and what of a form's value is one. */
static void test_one_or_several(void **state)
{
	static const struct {
		const char *text;
		bool several;
		const char *one;
	} rows[] = {{"0.1,0.3", true, NULL},
		    {"4..8", true, NULL},
		    {"-4..8:2", true, NULL},
		    {"0.1..0.3", true, NULL}, /* which is refused as a range, not launched as a text */
		    {"", false, ""},
		    {"0.1", false, "0.1"},
		    {"../data", false, "../data"},
		    {"a\\,b", false, "a,b"},
		    {"a\\,b,c", true, NULL},
		    {"[1,2]", false, "[1,2]"},
		    {"{\"a\":1,\"b\":2}", false, "{\"a\":1,\"b\":2}"},
		    {"\"a,b\"", false, "\"a,b\""}};
	AUTO(grid) struct grid g = {0};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (grid_is_values(rows[i].text) != rows[i].several)
			fail_msg("%s", rows[i].text);
		if (rows[i].several)
			continue;
		AUTO(str) char *one = grid_one_value(rows[i].text);

		assert_string_equal(one, rows[i].one);
	}
	parse(&g, "metric=auc\\,rmse,mae", NULL);
	assert_int_equal(g.jobs, 2);
	assert_string_equal(grid_value(&g, 0, 0), "auc,rmse");
	assert_string_equal(grid_value(&g, 1, 0), "mae");
}

static bool is_job_name(const char *s)
{
	size_t n = strlen(s);

	if (n < 1 || n > 63 || s[0] == '-' || s[n - 1] == '-')
		return false;
	while (*s && (isalnum((unsigned char)*s) || *s == '-'))
		s++;
	return !*s;
}

static void check_names(const struct grid *g, const char *base, struct strlist *ret)
{
	grid_job_names(g, base, ret);
	assert_int_equal(ret->n, g->jobs);
	for (size_t i = 0; i < ret->n; i++) {
		if (!is_job_name(ret->items[i]))
			fail_msg("%s", ret->items[i]);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(ret->items[i], ret->items[k]);
	}
}

/* However it is written, the same grid has the same names; more values leave the others' as they are. */
static void test_names(void **state)
{
	AUTO(grid) struct grid g = {0};
	AUTO(grid) struct grid same = {0};
	AUTO(grid) struct grid more = {0};
	AUTO(strlist) struct strlist names = {0};
	AUTO(strlist) struct strlist again = {0};
	AUTO(strlist) struct strlist others = {0};

	parse(&g, "max_depth=4..5 eta=0.1,1e-3", NULL);
	check_names(&g, "player", &names);
	assert_string_equal(names.items[0], "player-eta-0-1-max-depth-4");
	assert_string_equal(names.items[3], "player-eta-1e-3-max-depth-5");
	parse(&same, "eta=0.1,1e-3", "max_depth=4,5");
	check_names(&same, "player", &again);
	for (size_t i = 0; i < names.n; i++)
		assert_string_equal(names.items[i], again.items[i]);
	parse(&more, "max_depth=4..6 eta=0.1,1e-3", NULL);
	check_names(&more, "player", &others);
	assert_true(strlist_has(&others, names.items[3]));
}

/* What does not fit, is no name, or would be two jobs' name, is a digest. */
static void test_names_by_digest(void **state)
{
	static const char base[] = "a-base-of-52-characters-that-ends-with-a-hyphen-----and-goes-on";
	AUTO(grid) struct grid g = {0};
	AUTO(grid) struct grid twins = {0};
	AUTO(grid) struct grid odd = {0};
	AUTO(strlist) struct strlist names = {0};
	AUTO(strlist) struct strlist two = {0};
	AUTO(strlist) struct strlist strange = {0};

	parse(&g, "eta=0.1,0.2,0.3", NULL);
	check_names(&g, base, &names);
	assert_int_equal(strncmp(names.items[0], "a-base-of-52-characters-that-ends-with-a-hyphen-", 48), 0);
	assert_int_not_equal(names.items[0][48], '-');
	parse(&twins, "eta=0.1,0-1,0_1", NULL);
	check_names(&twins, "b", &two);
	parse(&odd, "x=-,\xff\xfe,\xc3\xa9,./,%s%n", NULL);
	check_names(&odd, "c", &strange);
}

/* A thousand, and values as long as a command line. */
static void test_many(void **state)
{
	AUTO(grid) struct grid g = {0};
	AUTO(grid) struct grid large = {0};
	AUTO(strlist) struct strlist names = {0};
	AUTO(strlist) struct strlist one = {0};
	char text[100000] = "x=";

	parse(&g, "a=1..10 b=1..10 c=1..10", NULL);
	assert_int_equal(g.jobs, GRID_JOBS_MAX);
	check_names(&g, "m", &names);
	memset(text + 2, 'v', sizeof(text) - 3);
	parse(&large, text, NULL);
	check_names(&large, "m", &one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),	cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_one_or_several),
		cmocka_unit_test(test_names),	cmocka_unit_test(test_names_by_digest),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
