/* test_field_order.c - rows by numbers stand as rows that are compared: for each way that
 * values become numbers, both directions, with values that are unknown, equal or none. */
#include "unit.h"

#include <math.h>

#include "base/clock.h"
#include "base/timefmt.h"
#include "model/field_order.h"
#include "model/resource.h"
#include "tuner/random.h"

#define ROWS_MAX 3000

struct row {
	const struct resource *item;
	struct field_value value;
	size_t at;
};

enum values { NUMBERS, TIMES, ALIKE, FEW_TEXTS, STATES, NAMES, MACHINES, BEHIND, VALUES_COUNT };

static struct row rows[ROWS_MAX];
static struct resource items[ROWS_MAX];
static char names[ROWS_MAX][64], texts[ROWS_MAX][64];

static double random_number(struct tuner_random *random)
{
	static const double odd[] = {0.0, -0.0, INFINITY, -INFINITY, NAN, 1e-310, -1e300, 3, 3, 3};
	uint64_t r = tuner_random_next(random);

	return r % 4 ? (double)(int64_t)tuner_random_next(random) / 1e12 : odd[r / 4 % ARRAY_LEN(odd)];
}

static struct field_value random_value(enum values how, size_t i, struct tuner_random *random)
{
	static const char *const few[] = {"Completed", "Failed", "Stopped", "", "InProgress", "Completed "};
	struct field_value v = {.known = tuner_random_next(random) % 8 != 0};
	uint64_t r = tuner_random_next(random) % ARRAY_LEN(few);

	snprintf(texts[i], sizeof(texts[i]), "nba-dfs-s24-%s%llu",
		 tuner_random_next(random) % 3 ? "the-same-for-long-" : "",
		 (unsigned long long)(tuner_random_next(random) % 500));
	if (how == NUMBERS || how == BEHIND || how == TIMES)
		v.number = random_number(random);
	if (how == BEHIND)
		v.behind = tuner_random_next(random) % 4 == 0, v.larger_first = tuner_random_next(random) % 2;
	if (how == FEW_TEXTS || how == STATES)
		v.text = few[r], v.number = how == STATES ? (double)(r / 2) : 0;
	if (how == ALIKE && v.known) /* but for the end of a few, which is empty in many */
		v.text = r ? "the same but for its end" : texts[i];
	if (how == NAMES || how == MACHINES)
		v.text = texts[i], v.number = how == MACHINES ? (double)r : 0;
	return v;
}

static int compare(const struct field *f, const struct row *a, const struct row *b, bool descending)
{
	int c = field_compare(f, &a->value, &b->value, descending);

	if (c == 0)
		c = (a->item->created_ms < b->item->created_ms) - (a->item->created_ms > b->item->created_ms);
	return c ? c : strcmp(a->item->name, b->item->name);
}

/* In turns that are over at once, or in one. */
static void order(size_t n, const struct field *f, bool descending, bool turns)
{
	AUTO(field_order) struct field_order *o = field_order_new(f, descending);
	static struct row before[ROWS_MAX];
	size_t n_turns = 1, ret_n;

	memcpy(before, rows, sizeof(before));
	for (size_t i = 0; i < n; i++)
		field_order_add(o, rows[i].item, &rows[i].value);
	assert_int_equal(field_order_count(o), n);
	while (!field_order_turn(o, turns ? clock_mono_us() + 20 : FIELD_ORDER_AT_ONCE))
		n_turns++;
	assert_true(turns || n_turns == 1);
	const struct resource **sorted = field_order_take(o, &ret_n);

	assert_int_equal(ret_n, n);
	for (size_t i = 0; i < n; i++)
		rows[i] = before[sorted[i] - items];
	free(sorted);
}

static void check(enum values how, size_t n, bool descending, bool turns, uint64_t seed)
{
	const struct field f = {.type = how == STATES	  ? FIELD_STATE
					: how == MACHINES ? FIELD_MACHINE
					: how == TIMES	  ? FIELD_TIME
							  : FIELD_TEXT};
	static bool seen[ROWS_MAX];
	struct tuner_random random;

	tuner_random_begin(&random, seed, 0);
	memset(seen, 0, sizeof(seen));
	for (size_t i = 0; i < n; i++) {
		snprintf(names[i], sizeof(names[i]), "job-%llu-%zu",
			 (unsigned long long)tuner_random_next(&random) % 10, i);
		items[i].name = names[i];
		items[i].created_ms = tuner_random_next(&random) % 50 ? (int64_t)(tuner_random_next(&random) % 40) - 20
								      : TIME_UNKNOWN;
		rows[i] = (struct row){.item = &items[i], .value = random_value(how, i, &random), .at = i};
	}
	order(n, &f, descending, turns);
	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(rows[i].item, &items[rows[i].at]);
		assert_false(seen[rows[i].at]);
		seen[rows[i].at] = true;
		if (i && compare(&f, &rows[i - 1], &rows[i], descending) > 0)
			fail_msg("values %d, %zu rows, descending %d: row %zu stands behind a larger one", how, n,
				 descending, i);
	}
}

static void test_order(void **state)
{
	static const size_t sizes[] = {0, 1, 2, 64, 65, 200, ROWS_MAX};

	(void)state;

	for (enum values how = 0; how < VALUES_COUNT; how++) {
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
			check(how, sizes[i], false, false, 11 + i);
			check(how, sizes[i], true, false, 12 + i);
			check(how, sizes[i], true, true, 13 + i);
			check(how, sizes[i], false, true, 14 + i);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_order)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
