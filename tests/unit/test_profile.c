/* test_profile.c - what columns look like in bounded memory, and where data violate a baseline. */
#include "unit.h"

#include "model/constraint.h"

/* 0 .. n-1 in an order that no sketch likes. */
static double shuffled(size_t i, size_t n)
{
	return (double)((i * 7919) % n);
}

static double rank_error(const struct sketch *s, size_t n)
{
	AUTO(sketch_points) struct sketch_points p = {0};
	double most = 0;

	sketch_points(s, &p);
	assert_true(sketch_points_total(&p) == (double)n);
	for (size_t i = 0; i <= 1000; i++) {
		double v = (double)n * (double)i / 1000;

		most = MAX(most, fabs(sketch_points_rank(&p, v, false) - ceil(v)) / (double)n);
	}
	return most;
}

static void test_sketch(void **state)
{
	const size_t sizes[] = {1, 2048, 100000, 1000003};

	for (size_t k = 0; k < ARRAY_LEN(sizes); k++) {
		AUTO(sketch) struct sketch s = {0}, rising = {0};

		for (size_t i = 0; i < sizes[k]; i++) {
			sketch_add(&s, shuffled(i, sizes[k]));
			sketch_add(&rising, (double)i);
		}
		assert_true(rank_error(&s, sizes[k]) <= (sizes[k] <= SKETCH_K ? 0 : SKETCH_ERROR));
		assert_true(rank_error(&rising, sizes[k]) <= (sizes[k] <= SKETCH_K ? 0 : SKETCH_ERROR));
		assert_true(s.n_items <= 3 * SKETCH_K + SKETCH_LEVELS_MAX * 8);
	}
}

static void test_distance(void **state)
{
	AUTO(sketch_points) struct sketch_points a = {0}, b = {0};

	for (int i = 0; i < 10; i++) {
		sketch_points_add(&a, 9 - i, 1);
		sketch_points_add(&b, i + 3, 2);
	}
	sketch_points_settle(&a);
	sketch_points_settle(&b);
	assert_float_equal(sketch_points_distance(&a, &b), 0.3, 1e-12);
	assert_float_equal(sketch_points_distance(&a, &a), 0, 0);
	assert_float_equal(sketch_points_rank(&b, 4, false), 2, 0);
	assert_float_equal(sketch_points_rank(&b, 4, true), 4, 0);
}

static void test_tally(void **state)
{
	AUTO(tally) struct tally t = {0}, poor = {0};
	size_t budget = (size_t)1 << 30, little = 1000;
	char text[32];

	tally_expect(&t, "late");
	for (int i = 0; i < 100000; i++) {
		snprintf(text, sizeof(text), "%d", i % 50000);
		tally_add(&t, text, &budget);
		if (i == TALLY_MAX - 1)
			assert_int_equal(tally_distinct(&t), TALLY_MAX);
	}
	assert_false(tally_is_exact(&t));
	assert_true(fabs((double)tally_distinct(&t) - 50000) < 3 * TALLY_ERROR * 50000);
	assert_int_equal(tally_count(&t, "7"), 2);
	tally_add(&t, "late", &budget); /* expected, so counted though many came before it */
	assert_int_equal(tally_count(&t, "late"), 1);
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "%d", i);
		tally_add(&poor, text, &little);
	}
	assert_true(little <= 1000);
	assert_false(tally_is_exact(&poor));
	assert_true(tally_distinct(&poor) >= 95 && tally_distinct(&poor) <= 105);
}

static void test_cells(void **state)
{
	static const struct {
		const char *text;
		enum cell_type type;
		double number;
	} rows[] = {
		{"", CELL_MISSING, 0},	       {"  ", CELL_MISSING, 0},
		{"NaN", CELL_MISSING, 0},      {"12", CELL_INTEGRAL, 12},
		{" -7 ", CELL_INTEGRAL, -7},   {"+3", CELL_INTEGRAL, 3},
		{"1.5", CELL_FRACTIONAL, 1.5}, {"2.", CELL_FRACTIONAL, 2},
		{".5", CELL_FRACTIONAL, 0.5},  {"1e-3", CELL_FRACTIONAL, 0.001},
		{"0x10", CELL_TEXT, 0},	       {"inf", CELL_TEXT, 0},
		{"1e999", CELL_TEXT, 0},       {"1e", CELL_TEXT, 0},
		{"-", CELL_TEXT, 0},	       {"1,5", CELL_TEXT, 0},
		{"12 a", CELL_TEXT, 0},	       {"n/a", CELL_TEXT, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		double number = 0;

		assert_int_equal(cell_parse(rows[i].text, &number), rows[i].type);
		assert_true(rows[i].type == CELL_TEXT || number == rows[i].number);
	}
}

static void add(struct profile *p, const char *name, const char *text)
{
	double number = 0;
	enum cell_type type = cell_parse(text, &number);
	size_t column;

	assert_int_equal(profile_column(p, name, &column, NULL), 0);
	profile_add(p, column, type, number, text);
}

/* n rows of a number around `at` and one of three teams, the last with share `last`. */
static void fill(struct profile *p, size_t n, double at, double last)
{
	char number[32];

	for (size_t i = 0; i < n; i++) {
		snprintf(number, sizeof(number), "%.3f", at + shuffled(i, n) / (double)n);
		profile_begin_row(p);
		add(p, "x", number);
		add(p, "team", shuffled(i, n) < last * (double)n ? "C" : i % 2 ? "A" : "B");
	}
}

static void take_distributions(struct constraints *l, const struct profile *p)
{
	for (size_t i = 0; i < l->n; i++) {
		struct constraint *c = &l->items[i];
		const struct profile_column *column = &p->columns[i];
		size_t n;

		sketch_points(&column->sketch, &c->points);
		struct tally_row *rows = tally_rows(&column->tally, &n);
		for (size_t k = 0; k < n && c->type == COLUMN_STRING; k++) {
			GROW(c->categories, c->cap_categories, c->n_categories + 1);
			c->categories[c->n_categories++] =
				(struct constraint_category){xstrdup(rows[k].text), (double)rows[k].count};
		}
		free(rows);
	}
}

static const struct violation *found(const struct violations *l, const char *feature, enum violation_check check)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->items[i].feature, feature) && l->items[i].check == check)
			return &l->items[i];
	return NULL;
}

struct checked {
	struct profile base, data;
	struct constraints constraints;
	struct violations violations;
};

static void check(struct checked *k, double at, double last, size_t rows)
{
	*k = (struct checked){0};
	profile_init(&k->base);
	profile_init(&k->data);
	fill(&k->base, 1000, 0, 0.2);
	constraints_suggest(&k->base, &k->constraints);
	take_distributions(&k->constraints, &k->base);
	assert_int_equal(constraints_prepare(&k->constraints, &k->data, NULL), 0);
	fill(&k->data, rows, at, last);
}

static void judge(struct checked *k)
{
	violations_done(&k->violations);
	constraints_check(&k->constraints, &k->data, &k->violations);
}

static void checked_done(struct checked *k)
{
	profile_done(&k->base);
	profile_done(&k->data);
	constraints_done(&k->constraints);
	violations_done(&k->violations);
}

/* Uniform on 0..1 against the same moved by 0.3: the distance is 0.3, less 1.8 standard errors. */
static void test_drift(void **state)
{
	struct checked k;

	check(&k, 0, 0.2, 1000);
	judge(&k);
	assert_int_equal(k.violations.n, 0);
	checked_done(&k);
	check(&k, 0.3, 0.5, 1000);
	judge(&k);
	assert_int_equal(k.violations.n, 2);
	assert_non_null(found(&k.violations, "team", CHECK_DRIFT));
	const struct violation *v = found(&k.violations, "x", CHECK_DRIFT);
	assert_non_null(v);
	assert_non_null(strstr(v->description, "distance: 0.219502 exceeds threshold: 0.1"));
	k.constraints.items[0].settings.method = DRIFT_SIMPLE;
	judge(&k);
	assert_non_null(strstr(found(&k.violations, "x", CHECK_DRIFT)->description, "distance: 0.3 exceeds"));
	k.constraints.items[0].settings.drift = 0.31;
	k.constraints.items[1].settings.categorical = 0.31;
	judge(&k);
	assert_int_equal(k.violations.n, 0);
	checked_done(&k);
	check(&k, 0.3, 0.2, 30); /* few rows: chance explains it */
	judge(&k);
	assert_null(found(&k.violations, "x", CHECK_DRIFT));
	checked_done(&k);
}

static void test_checks(void **state)
{
	struct checked k;

	check(&k, 0, 0.2, 1000);
	profile_begin_row(&k.data);
	add(&k.data, "x", "n/a");
	add(&k.data, "team", "");
	profile_begin_row(&k.data);
	add(&k.data, "x", "-0.001");
	add(&k.data, "team", "D");
	add(&k.data, "new", "1");
	constraints_add(&k.constraints, "gone")->type = COLUMN_STRING;
	judge(&k);
	assert_int_equal(k.violations.n, 6);
	assert_string_equal(
		found(&k.violations, "x", CHECK_DATA_TYPE)->description,
		"Data type match requirement is not met. Expected data type: Fractional, expected match: "
		"100%. Observed: only 99.9002% of data is Fractional (1001 of 1002); \"n/a\" in row 1001 is "
		"the first text.");
	assert_non_null(found(&k.violations, "x", CHECK_NON_NEGATIVE));
	assert_non_null(strstr(found(&k.violations, "team", CHECK_COMPLETENESS)->description, "1 of 1002 values"));
	assert_non_null(strstr(found(&k.violations, "team", CHECK_CATEGORIES)->description, "1 of 1001 values"));
	assert_non_null(found(&k.violations, "gone", CHECK_MISSING_COLUMN));
	assert_non_null(found(&k.violations, "new", CHECK_EXTRA_COLUMN));
	for (size_t i = 0; i < k.constraints.n; i++) {
		k.constraints.items[i].settings.type_share = 0.99;
		k.constraints.items[i].settings.domain_share = 0.99;
	}
	judge(&k);
	assert_int_equal(k.violations.n, 4);
	for (size_t i = 0; i < k.constraints.n; i++)
		k.constraints.items[i].settings.evaluate = false;
	judge(&k);
	assert_int_equal(k.violations.n, 0);
	checked_done(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sketch), cmocka_unit_test(test_distance), cmocka_unit_test(test_tally),
		cmocka_unit_test(test_cells),  cmocka_unit_test(test_drift),	cmocka_unit_test(test_checks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
