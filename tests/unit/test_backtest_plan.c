/* test_backtest_plan.c - cycles into jobs, and what they cost. */
#include "unit.h"

#include <math.h>
#include <time.h>

#include "model/backtest_plan.h"

#define CYCLES_MAX 64

static struct backtest_cycle cycles[CYCLES_MAX];

/* n cycles of so many entities, five rows each; the assumptions that users reckon with. */
static struct backtest_plan_input season(size_t n, size_t entities)
{
	for (size_t i = 0; i < n; i++)
		cycles[i] = (struct backtest_cycle){.first_day = (int32_t)(100 + 7 * i),
						    .last_day = (int32_t)(106 + 7 * i),
						    .slates = 7,
						    .rows = 5 * entities,
						    .scored = 4 * entities,
						    .learnt = 1000 + 100 * i,
						    .entities = entities};
	return (struct backtest_plan_input){.run = "season",
					    .cadence = {7, cycles, n},
					    .per_entity = true,
					    .models = 1,
					    .concurrency = 10,
					    .max_run_s = 3600,
					    .spot = true,
					    .spot_micro = 70000,
					    .demand_micro = 230000,
					    .job_s = 300,
					    .start_s = 141,
					    .model_s = 0.045,
					    .pooled_row_s = 20e-6,
					    .launches_a_s = 1,
					    .least_work_s = 60};
}

static struct backtest_plan *make(const struct backtest_plan_input *in)
{
	struct backtest_plan *p = NULL;
	struct err err = {0};

	if (backtest_plan_make(in, &p, &err))
		fail_msg("%s", err.msg);
	return p;
}

static void refuse(const struct backtest_plan_input *in, const char *words)
{
	struct backtest_plan *p = NULL;
	struct err err = {0};

	assert_int_equal(backtest_plan_make(in, &p, &err), -ERR_INVALID);
	assert_null(p);
	if (!strstr(err.msg, words))
		fail_msg("%s: does not say %s", err.msg, words);
}

/* 500 models x 5 minutes at $0.07 an hour: $2.92 a cycle, $43.75 a season of 15, and $143.75
 * on demand at $0.23. */
static void test_what_users_reckon(void **state)
{
	struct backtest_plan_input in = season(1, 500);
	AUTO(backtest_plan) struct backtest_plan *one = make(&in);
	char text[24];

	assert_string_equal(money_text(text, one->unpacked.spot_micro), "$2.92");
	in = season(15, 500);
	AUTO(backtest_plan) struct backtest_plan *all = make(&in);

	assert_int_equal(all->unpacked.jobs, 7500);
	assert_int_equal(all->unpacked.spot_micro, 43750000);
	assert_int_equal(all->unpacked.demand_micro, 143750000);
	/* and what packing saves: 337 s of work in five jobs */
	assert_int_equal(all->n_jobs, 5);
	assert_true(fabs(all->packed.billed_s - (5 * 300 + (7500 - 5) * 0.045)) < 1e-6);
	assert_true(all->packed.spot_micro < 43750000 / 100);
	assert_int_equal(all->packed.most_micro, 5 * 230000); /* spot may find no discount */
	assert_int_equal(all->packed.retried_micro, 5 * 230000);
}

static void test_pack_of_one_is_unpacked(void **state)
{
	struct backtest_plan_input in = season(6, 40);

	in.pack_entities = in.pack_cycles = 1;
	AUTO(backtest_plan) struct backtest_plan *p = make(&in);

	assert_int_equal(p->n_jobs, 240);
	assert_memory_equal(&p->packed, &p->unpacked, sizeof(p->packed));
	in.per_entity = false;
	in.pack_entities = 0;
	AUTO(backtest_plan) struct backtest_plan *pooled = make(&in);

	assert_int_equal(pooled->n_jobs, 6);
	assert_memory_equal(&pooled->packed, &pooled->unpacked, sizeof(p->packed));
}

/* Every cycle with rows is in jobs whose parts are 1..parts, once each; units and rows add up. */
static void check_cover(const struct backtest_plan_input *in, const struct backtest_plan *p)
{
	size_t units = 0, wanted = 0;

	for (size_t i = 0; i < in->cadence.n; i++) {
		const struct backtest_cycle *c = &in->cadence.cycles[i];
		size_t seen = 0, parts = 0;

		wanted += !c->rows ? 0 : in->per_entity ? c->entities : 1;
		for (size_t k = 0; k < p->n_jobs; k++) {
			const struct backtest_job *j = &p->jobs[k];

			if (i < j->first_cycle || i > j->last_cycle)
				continue;
			seen++;
			parts = MAX(parts, j->parts);
			assert_true(j->part >= 1 && j->part <= j->parts);
		}
		assert_true(!c->rows || (seen >= 1 && seen <= parts));
	}
	for (size_t k = 0; k < p->n_jobs; k++) {
		units += p->jobs[k].units;
		assert_true(p->jobs[k].units > 0);
		for (size_t m = 0; m < k; m++)
			assert_string_not_equal(p->jobs[k].name, p->jobs[m].name);
	}
	assert_int_equal(units, wanted);
	assert_int_equal(p->packed.units, wanted);
	assert_int_equal(p->packed.jobs, p->n_jobs);
}

static void test_every_cut_covers(void **state)
{
	static const int64_t packs[] = {0, 1, 2, 3, 7, 100};
	size_t made = 0;

	for (size_t n = 1; n <= 16; n += 3)
		for (size_t e = 0; e < ARRAY_LEN(packs); e++)
			for (size_t c = 0; c < ARRAY_LEN(packs); c++)
				for (int64_t at_once = 1; at_once <= 64; at_once *= 4) {
					struct backtest_plan_input in = season(n, 13);

					in.pack_entities = packs[e];
					in.pack_cycles = packs[c];
					in.concurrency = at_once;
					in.model_s = n % 2 ? 0.045 : 30;
					if (n > 4)
						cycles[2].rows = cycles[2].entities = cycles[3].rows =
							cycles[3].entities = 0;
					AUTO(backtest_plan) struct backtest_plan *p = make(&in);

					check_cover(&in, p);
					in.per_entity = false;
					in.pack_entities = 0;
					AUTO(backtest_plan) struct backtest_plan *pooled = make(&in);

					check_cover(&in, pooled);
					made++;
				}
	assert_int_equal(made, 6 * 6 * 6 * 4);
}

/* The rule: at most 15 minutes of work, and as many jobs as run at a time where each is worth it. */
static void test_the_rule(void **state)
{
	struct backtest_plan_input in = season(10, 100);

	in.model_s = 9; /* 9,000 s: ten jobs of 15 minutes, one for each cycle */
	AUTO(backtest_plan) struct backtest_plan *long_ones = make(&in);

	assert_int_equal(long_ones->n_jobs, 10);
	in.concurrency = 40; /* 150 jobs are worth it: cycles are cut into parts */
	AUTO(backtest_plan) struct backtest_plan *parts = make(&in);

	assert_int_equal(parts->n_jobs, 40);
	assert_int_equal(parts->jobs[0].parts, 4);
	assert_string_equal(parts->jobs[5].name, "season-c1-p2");
	in.model_s = 0.045; /* 45 s: not worth two */
	AUTO(backtest_plan) struct backtest_plan *one = make(&in);

	assert_int_equal(one->n_jobs, 1);
	assert_int_equal(one->jobs[0].last_cycle, 9);
	in.per_entity = false; /* pooled: at most one for each cycle */
	in.pooled_row_s = 1;
	AUTO(backtest_plan) struct backtest_plan *pooled = make(&in);

	assert_int_equal(pooled->n_jobs, 10);
}

static void test_more_places_are_no_slower(void **state)
{
	double before = INFINITY;

	for (int64_t at_once = 1; at_once <= 512; at_once *= 2) {
		struct backtest_plan_input in = season(15, 50);

		in.concurrency = at_once;
		AUTO(backtest_plan) struct backtest_plan *p = make(&in);

		assert_true(p->unpacked.wall_s <= before);
		before = p->unpacked.wall_s;
		/* never faster than launching allows, nor than a job is */
		assert_true(before >= 749 && before >= 441);
		in.quota = 1;
		AUTO(backtest_plan) struct backtest_plan *narrow = make(&in);

		assert_true(fabs(narrow->unpacked.wall_s - 750 * 441.0) < 1e-6);
	}
}

static void test_unknown_prices(void **state)
{
	struct backtest_plan_input in = season(3, 10);
	struct err err = {0};
	char text[24];

	in.spot_micro = in.demand_micro = USD_UNKNOWN;
	AUTO(backtest_plan) struct backtest_plan *p = make(&in);

	assert_string_equal(money_text(text, p->packed.spot_micro), "?");
	assert_string_equal(money_text(text, p->unpacked.demand_micro), "?");
	assert_string_equal(money_text(text, p->packed.most_micro), "?");
	assert_int_equal(backtest_plan_check_budget(p, 0, &err), 0);
	assert_int_equal(backtest_plan_check_budget(p, 1000000000, &err), -ERR_INVALID);
	assert_non_null(strstr(err.msg, "not known"));
}

static void test_budget(void **state)
{
	struct backtest_plan_input in = season(15, 500);
	struct err err = {0};
	AUTO(backtest_plan) struct backtest_plan *p = make(&in);

	assert_int_equal(backtest_plan_check_budget(p, p->packed.most_micro, &err), 0);
	assert_int_equal(backtest_plan_check_budget(p, p->packed.most_micro - 1, &err), -ERR_INVALID);
	assert_non_null(strstr(err.msg, "$1.15"));
}

static void test_bad_input(void **state)
{
	struct backtest_plan_input in = season(3, 10);

	in.run = "a_b";
	refuse(&in, "cannot be a run's name");
	in.run = "";
	refuse(&in, "cannot be a run's name");
	in.run = "01234567890123456789012345678901234567890";
	refuse(&in, "cannot be a run's name");
	in.run = "season";
	cycles[0].rows = cycles[1].rows = cycles[2].rows = 0;
	refuse(&in, "no row is to be predicted");
	in = season(3, 10);
	for (size_t i = 0; i < 3; i++)
		cycles[i].learnt = 0;
	refuse(&in, "no row to learn from");
	in = season(3, 10);
	in.per_entity = false;
	in.pack_entities = 5;
	refuse(&in, "pack_entities");
	in = season(15, 2000);
	in.pack_entities = in.pack_cycles = 1;
	refuse(&in, "30000 jobs are more");
}

static void test_what_is_dropped(void **state)
{
	struct backtest_plan_input in = season(4, 10);

	cycles[1].rows = cycles[1].entities = 0;
	cycles[0].learnt = 0;
	AUTO(backtest_plan) struct backtest_plan *p = make(&in);

	assert_int_equal(p->cycles, 3);
	assert_int_equal(p->dropped.n, 2);
	assert_string_equal(p->dropped.items[0], "cycle 0 has no row to learn from: its models cannot be trained");
	assert_string_equal(p->dropped.items[1], "cycle 1 has no row to predict: no job");
	assert_true(p->assumptions.n >= 4);
}

#ifdef __SANITIZE_ADDRESS__
#define PLAN_SPEED_US 500000 /* what checks each access takes its time */
#else
#define PLAN_SPEED_US 50000
#endif

/* Of this process alone: tests run side by side. */
static int64_t cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* 500 entities x 15 cycles, with the other cadences, in under 50 ms. */
static void test_speed(void **state)
{
	struct backtest_plan_input in = season(15, 500);
	const struct backtest_cadence others[] = {in.cadence, in.cadence, in.cadence, in.cadence, in.cadence};
	int64_t best = INT64_MAX;

	in.alternatives = others;
	in.n_alternatives = ARRAY_LEN(others);
	in.pack_entities = in.pack_cycles = 1;
	for (int i = 0; i < 5; i++) {
		int64_t began = cpu_us();
		AUTO(backtest_plan) struct backtest_plan *p = make(&in);

		assert_int_equal(p->n_jobs, 7500);
		best = MIN(best, cpu_us() - began);
	}
	print_message("# 500 entities x 15 cycles: %.1f ms\n", (double)best / 1000);
	assert_true(best < PLAN_SPEED_US);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_users_reckon),
					   cmocka_unit_test(test_pack_of_one_is_unpacked),
					   cmocka_unit_test(test_every_cut_covers),
					   cmocka_unit_test(test_the_rule),
					   cmocka_unit_test(test_more_places_are_no_slower),
					   cmocka_unit_test(test_unknown_prices),
					   cmocka_unit_test(test_budget),
					   cmocka_unit_test(test_bad_input),
					   cmocka_unit_test(test_what_is_dropped),
					   cmocka_unit_test(test_speed)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
