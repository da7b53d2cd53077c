/* test_backtest_run.c - what became of packs, and what is done about it. */
#include "unit.h"

#include "model/backtest_run.h"

static const struct price_table no_prices;

static struct job *job(const char *status, const char *secondary, const char *reason, int64_t end_ms)
{
	struct job *j = job_new("j");

	job_set_status(j, status);
	j->secondary_text = intern(secondary);
	str_set(&j->failure_reason, reason);
	j->created_ms = 1000;
	j->end_ms = end_ms;
	return j;
}

/* j is consumed. */
static void add(struct backtest_run *r, int64_t cycle, int64_t part, int number, struct job *j)
{
	AUTO(str) char *plan = xasprintf("run-c%lld-p%lld", (long long)cycle, (long long)part);
	AUTO(str) char *name = backtest_try_name(plan, number);
	const struct backtest_try t = {.name = name,
				       .cycle = cycle,
				       .pack = number * BACKTEST_TRY_STEP + part,
				       .state = j ? TRY_ACCEPTED : TRY_WAITING,
				       .job = j};

	backtest_run_add(r, &t, &no_prices, "us-east-1", 100000);
	job_free(j);
}

static void test_causes(void **state)
{
	static const struct {
		const char *status, *secondary, *reason;
		enum backtest_cause cause;
		bool retried;
	} cases[] = {
		{"Completed", "Completed", NULL, CAUSE_NONE, false},
		{"Failed", "Failed", "InternalServerError: We encountered an internal error.  Please try again.",
		 CAUSE_SERVICE, true},
		{"Failed", "Failed", "CapacityError: Unable to provision", CAUSE_CAPACITY, true},
		{"Stopped", "MaxWaitTimeExceeded", NULL, CAUSE_CAPACITY, true},
		{"Failed", "Failed", "AlgorithmError: Please use an instance type with more memory, exit code: 137",
		 CAUSE_CRASH, true},
		{"Failed", "Failed", "AlgorithmError: , exit code: 139", CAUSE_CRASH, true},
		{"Failed", "Failed", "AlgorithmError: games.csv: line 7: 'n/a' is not a number", CAUSE_DATA, false},
		{"Failed", "Failed", "AlgorithmError: , exit code: 1", CAUSE_DATA, false},
		{"Failed", "Failed", "ClientError: Data download failed:S3 403 Forbidden", CAUSE_DATA, false},
		{"Stopped", "MaxRuntimeExceeded", NULL, CAUSE_TIME, false},
		{"Stopped", "Stopped", NULL, CAUSE_STOPPED, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(backtest_run) struct backtest_run r = {.retries = 2};
		struct job *j = job(cases[i].status, cases[i].secondary, cases[i].reason, 5000);

		assert_int_equal(backtest_cause_of(j), cases[i].cause);
		add(&r, 0, 1, 0, j);
		assert_int_equal(backtest_pack_retries(&r.packs[0], 2), cases[i].retried);
		assert_int_equal(backtest_run_count(&r).failed, cases[i].cause && !cases[i].retried);
	}
}

/* The last try counts, however they come; retries are used up. */
static void test_tries(void **state)
{
	static const char service[] = "InternalServerError: again";
	AUTO(backtest_run) struct backtest_run r = {.retries = 1};

	add(&r, 3, 2, 0, job("Failed", "Failed", service, 5000));
	add(&r, 3, 1, 0, job("Completed", "Completed", NULL, 5000));
	assert_true(backtest_pack_retries(&r.packs[0], r.retries));
	assert_int_equal(backtest_run_count(&r).waiting, 1);
	add(&r, 3, 2, 1, job("Failed", "Failed", service, 9000));
	assert_false(backtest_pack_retries(&r.packs[0], r.retries));
	assert_string_equal(r.packs[0].name, "run-c3-p2-r1");
	assert_int_equal(r.n_packs, 2);
	assert_int_equal(r.tries, 3);
	struct backtest_counts c = backtest_run_count(&r);

	assert_int_equal(c.failed, 1);
	assert_int_equal(c.causes[CAUSE_SERVICE], 1);
	assert_int_equal(c.retried, 1);
	backtest_run_sort(&r);
	assert_int_equal(backtest_run_pack(&r, 3, 1)->state, PACK_COMPLETED);
	assert_int_equal(backtest_run_pack(&r, 3, 2)->tries, 2);
	assert_null(backtest_run_pack(&r, 3, 3));
	add(&r, 4, 1, 0, NULL);
	assert_int_equal(backtest_run_count(&r).waiting, 1);
}

static void test_lost_and_refused(void **state)
{
	AUTO(backtest_run) struct backtest_run r = {.retries = 1};
	struct backtest_try t = {.name = "a", .cycle = 0, .pack = 1, .state = TRY_ACCEPTED};

	backtest_run_add(&r, &t, &no_prices, "us-east-1", 0);
	assert_int_equal(r.packs[0].state, PACK_RUNNING); /* not heard of yet */
	t.ended_ms = 5;
	backtest_run_add(&r, &t, &no_prices, "us-east-1", 0);
	assert_int_equal(r.packs[0].cause, CAUSE_LOST);
	assert_true(backtest_pack_retries(&r.packs[0], 1));
	t.state = TRY_REFUSED;
	t.error = "role: not a role";
	backtest_run_add(&r, &t, &no_prices, "us-east-1", 0);
	assert_int_equal(r.packs[0].cause, CAUSE_REFUSED);
	assert_string_equal(r.packs[0].why, "role: not a role");
	assert_false(backtest_pack_retries(&r.packs[0], 1));
}

static void add_failure(struct backtest_run *r, int64_t cycle, int64_t end_ms, const char *reason)
{
	add(r, cycle, 1, 0, job("Failed", "Failed", reason, end_ms));
}

static void test_breaker(void **state)
{
	AUTO(backtest_run) struct backtest_run r = {.changed_ms = 1000};

	add_failure(&r, 0, 2000, "AlgorithmError: a.csv: line 7: bad");
	add_failure(&r, 1, 3000, "AlgorithmError: a.csv: line 19: bad");
	assert_null(backtest_run_breaker(&r));
	add_failure(&r, 2, 1500, "AlgorithmError: a.csv: line 5: bad"); /* whatever order they are told in */
	AUTO(str) char *why = backtest_run_breaker(&r);

	assert_string_equal(why, "3 jobs in a row failed alike: AlgorithmError: a.csv: line 19: bad");
	r.changed_ms = 1600; /* it was resumed since the first of them */
	assert_null(backtest_run_breaker(&r));
	r.changed_ms = 1000;
	add(&r, 3, 1, 0, job("Completed", "Completed", NULL, 2500)); /* not in a row */
	assert_null(backtest_run_breaker(&r));
	add_failure(&r, 4, 4000, "AlgorithmError: a.csv: line 5: bad");
	add_failure(&r, 5, 5000, "AlgorithmError: another cause");
	assert_null(backtest_run_breaker(&r));
}

static void test_pace_and_money(void **state)
{
	AUTO(backtest_run) struct backtest_run r = {.concurrency = 2};

	add(&r, 0, 1, 0, NULL);
	assert_int_equal(backtest_run_eta_ms(&r), -1); /* nothing tells */
	assert_int_equal(backtest_run_projected_micro(&r), USD_UNKNOWN);
	add(&r, 1, 1, 0, job("Completed", "Completed", NULL, 61000)); /* a minute */
	add(&r, 2, 1, 0, NULL);
	add(&r, 3, 1, 0, NULL);
	assert_int_equal(backtest_run_eta_ms(&r), 120000); /* three, two at a time */
	r.usd_micro = 500;
	assert_int_equal(backtest_run_projected_micro(&r), 2000);
	r.usd_micro = USD_UNKNOWN;
	assert_int_equal(backtest_run_projected_micro(&r), USD_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_causes), cmocka_unit_test(test_tries),
					   cmocka_unit_test(test_lost_and_refused), cmocka_unit_test(test_breaker),
					   cmocka_unit_test(test_pace_and_money)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
