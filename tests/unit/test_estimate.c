/* test_estimate.c - jobs into seconds and dollars; durations learned from finished jobs. */
#include "unit.h"

#include <math.h>

#include "model/estimate.h"
#include "model/estimate_job.h"

static struct estimate_terms usual(void)
{
	return (struct estimate_terms){.concurrency = 10,
				       .max_run_s = 3600,
				       .spot = true,
				       .spot_micro = 70000,
				       .demand_micro = 230000,
				       .start_s = 141,
				       .launches_a_s = 1};
}

static struct estimate_quote quote(const struct estimate_terms *t, int64_t entities, int64_t cycles, int64_t pack)
{
	struct estimate_season s = {entities, cycles, pack, 300, 0.045, 1};
	struct estimate_quote q;
	struct err err = {0};

	if (estimate_season(t, &s, &q, &err))
		fail_msg("%s", err.msg);
	return q;
}

static void is_money(int64_t micro, const char *text)
{
	char buf[24];

	assert_string_equal(money_text(buf, micro), text);
}

/* The figures that users begin with. */
static void test_what_users_reckon(void **state)
{
	struct estimate_terms t = usual();
	struct estimate_quote cycle = quote(&t, 500, 1, 1), all = quote(&t, 500, 15, 1);

	is_money(cycle.spot_micro, "$2.92");
	is_money(all.spot_micro, "$43.75");
	is_money(cycle.demand_micro, "$9.58");
	is_money(all.demand_micro, "$143.75");
	assert_int_equal(all.jobs, 7500);
	assert_int_equal(all.spot_micro, 43750000);
	is_money(estimate_usd(600, 269000), "$0.045");
	/* spot may save nothing, and each may run for an hour */
	assert_int_equal(all.most_micro, (int64_t)7500 * 230000);
	t.retries = 2;
	assert_int_equal(quote(&t, 500, 15, 1).retried_micro, (int64_t)7500 * 3 * 230000);
	t.demand_micro = USD_UNKNOWN;
	assert_int_equal(quote(&t, 5, 1, 1).demand_micro, USD_UNKNOWN);
}

/* Cycles add up, packs of one are none, more work is never less of anything. */
static void test_properties(void **state)
{
	static const int64_t sizes[] = {1, 2, 7, 60, 499};

	for (size_t a = 0; a < ARRAY_LEN(sizes); a++)
		for (size_t b = 0; b < ARRAY_LEN(sizes); b++) {
			struct estimate_terms t = usual();
			int64_t n = sizes[a], pack = sizes[b];
			struct estimate_quote one = quote(&t, n, 1, pack), five = quote(&t, n, 5, pack),
					      more = quote(&t, n + 1, 1, pack);

			assert_int_equal(five.jobs, 5 * one.jobs);
			assert_int_equal(five.units, 5 * n);
			assert_true(fabs(five.billed_s - 5 * one.billed_s) < 1e-6);
			assert_true(llabs(five.demand_micro - 5 * one.demand_micro) <= 3); /* each is rounded */
			assert_int_equal(five.most_micro, 5 * one.most_micro);
			assert_true(more.billed_s > one.billed_s && more.demand_micro >= one.demand_micro);
			assert_true(more.wall_s >= one.wall_s && more.jobs >= one.jobs);
			t.concurrency = 20;
			assert_true(quote(&t, n, 5, pack).wall_s <= five.wall_s);
			t.quota = 3;
			assert_true(quote(&t, n, 5, pack).wall_s >= five.wall_s);
			assert_true(quote(&t, n, 5, pack).demand_micro == five.demand_micro);
			if (pack > 1)
				assert_true(one.billed_s <= quote(&t, n, 1, 1).billed_s);
		}
}

static void test_wall_clock(void **state)
{
	struct estimate_terms t = usual();

	/* one after the other; then as fast as they are launched */
	t.concurrency = 1;
	assert_true(fabs(quote(&t, 4, 1, 1).wall_s - 4 * 441) < 1e-9);
	t.concurrency = 100;
	assert_true(fabs(quote(&t, 4, 1, 1).wall_s - (3 + 441)) < 1e-9);
	t.quota = 2; /* two rounds of two */
	assert_true(fabs(quote(&t, 4, 1, 1).wall_s - (1 + 2 * 441)) < 1e-9);
}

static void test_bad_input(void **state)
{
	static const struct {
		struct estimate_season s;
		const char *words;
	} rows[] = {{{0, 1, 1, 300, 0, 1}, "0 entities cannot be"},
		    {{-5, 1, 1, 300, 0, 1}, "-5 entities cannot be"},
		    {{5, 0, 1, 300, 0, 1}, "0 cycles"},
		    {{5, 1, 0, 300, 0, 1}, "entities of a pack"},
		    {{INT64_MAX, 1, 1, 300, 0, 1}, "entities cannot be"},
		    {{10000000, 10000000, 1, 300, 0, 1}, "pack more of them"},
		    {{5, 1, 1, NAN, 0, 1}, "must not be negative"},
		    {{5, 1, 1, 0, 0, 1}, "must not be negative"}};
	struct estimate_terms t = usual();
	struct estimate_quote q;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = {0};

		assert_int_equal(estimate_season(&t, &rows[i].s, &q, &err), -ERR_INVALID);
		if (!strstr(err.msg, rows[i].words))
			fail_msg("%s: does not say %s", err.msg, rows[i].words);
	}
	assert_int_equal(estimate_usd(1e30, 230000), USD_UNKNOWN);
	assert_int_equal(estimate_usd(NAN, 230000), USD_UNKNOWN);
	assert_int_equal(quote(&t, ESTIMATE_JOBS_MAX / 10, 10, 10).jobs, ESTIMATE_JOBS_MAX / 10);
}

/* --- durations ------------------------------------------------------------------------------ */

static const char image[] = "000000000000.dkr.ecr.us-east-1.amazonaws.com/forest:1.0";

/* Rounds of two seconds each on four processors, and a minute beside; a little noise. */
static double truth(int rounds, double speed)
{
	return 60 + 2 * rounds / speed;
}

static struct job *finished(int i, const char *type, int rounds, double seconds)
{
	char name[32], text[16];

	snprintf(name, sizeof(name), "job-%d", i);
	struct job *j = job_new(name);
	int64_t created = (int64_t)i * 3600000 + 1000000;

	job_set_status(j, "Completed");
	j->detail = DETAIL_DESCRIBED;
	j->cold->image = xstrdup(image);
	j->instance_type = intern(type);
	j->instance_count = 1;
	snprintf(text, sizeof(text), "%d", rounds);
	strmap_set(&j->cold->hyperparameters, "num_round", text);
	j->created_ms = created;
	j->start_ms = created + 100000 + i % 7 * 1000;
	j->training_s = j->billable_s = llround(seconds * (1 + 0.04 * ((i * 7919) % 101 - 50) / 50));
	j->end_ms = j->start_ms + j->training_s * 1000;
	job_add_transition(j, "Starting", created, j->start_ms, NULL);
	job_add_transition(j, "Downloading", j->start_ms, j->start_ms + 20000, NULL);
	job_add_transition(j, "Training", j->start_ms + 20000, j->end_ms, NULL);
	return j;
}

static void learn(struct duration_history *h, struct job *j)
{
	assert_true(duration_history_add(h, j));
	job_free(j);
}

static struct duration_history *forest(int n)
{
	static const int rounds[] = {100, 200, 400, 800};
	struct duration_history *h = duration_history_new();

	for (int i = 0; i < n; i++) {
		bool big = i % 3 == 0;

		learn(h, finished(i, big ? "ml.m5.2xlarge" : "ml.m5.xlarge", rounds[i % 4],
				  truth(rounds[i % 4], big ? 1.8 : 1)));
	}
	return h;
}

static struct duration_range predict(const struct duration_model *m, const char *img, const char *type,
				     const char *rounds, enum duration_part part)
{
	AUTO(strmap) struct strmap hyper = {0};
	struct duration_case c = {.image = img, .instance_type = type, .instances = 1, .hyperparameters = &hyper};
	struct duration_range r;

	if (rounds)
		strmap_set(&hyper, "num_round", rounds);
	duration_predict(m, &c, part, &r);
	return r;
}

static void test_learned(void **state)
{
	AUTO(duration_history) struct duration_history *h = forest(200);
	AUTO(duration_model) struct duration_model *m = duration_model_new(h);
	struct duration_range r = predict(m, image, "ml.m5.xlarge", "400", DURATION_BILLED);

	assert_int_equal(duration_history_count(h), 200);
	assert_int_equal(r.basis, DURATION_LEARNED);
	assert_int_equal(r.jobs, 200);
	assert_non_null(strstr(r.why, "200 jobs of this image, 133 of them on ml.m5.xlarge"));
	assert_true(r.low_s < truth(400, 1) && truth(400, 1) < r.high_s);
	assert_true(r.low_s <= r.mid_s && r.mid_s <= r.high_s && r.high_s / r.low_s < 1.6);
	/* parts apart, in the right size */
	struct duration_range start = predict(m, image, "ml.m5.xlarge", "400", DURATION_STARTUP),
			      download = predict(m, image, "ml.m5.xlarge", "400", DURATION_DOWNLOAD),
			      training = predict(m, image, "ml.m5.xlarge", "400", DURATION_TRAINING);

	assert_true(fabs(start.mid_s - 103) < 5 && fabs(download.mid_s - 20) < 2);
	assert_true(fabs(training.mid_s + download.mid_s - r.mid_s) < 0.1 * r.mid_s);
	/* more rounds take longer, the larger type less */
	assert_true(predict(m, image, "ml.m5.xlarge", "800", DURATION_BILLED).mid_s > 1.5 * r.mid_s);
	assert_true(predict(m, image, "ml.m5.2xlarge", "400", DURATION_BILLED).mid_s < 0.75 * r.mid_s);
	/* on a type that nobody ran it on: a guess, said to be, with a wider range */
	struct duration_range guess = predict(m, image, "ml.m5.4xlarge", "400", DURATION_BILLED);

	assert_int_equal(guess.basis, DURATION_OTHER_TYPE);
	assert_non_null(strstr(guess.why, "a guess: none of 200 jobs of this image was on ml.m5.4xlarge"));
	assert_true(guess.mid_s < r.mid_s && guess.high_s / guess.low_s > r.high_s / r.low_s);
	/* an image that is unknown: what all jobs took */
	struct duration_range other = predict(m, "elsewhere/other:2", "ml.m5.xlarge", NULL, DURATION_BILLED);

	assert_int_equal(other.basis, DURATION_ALL);
	assert_true(other.high_s / other.low_s > 3);
}

/* A release that is a third slower: two dozen jobs later the range has followed. */
static void test_drift(void **state)
{
	AUTO(duration_history) struct duration_history *h = forest(160);

	for (int i = 160; i < 190; i++)
		learn(h, finished(i, "ml.m5.xlarge", 400, 1.35 * truth(400, 1)));
	AUTO(duration_model) struct duration_model *m = duration_model_new(h);
	struct duration_range r = predict(m, image, "ml.m5.xlarge", "400", DURATION_BILLED);

	assert_true(r.low_s < 1.35 * truth(400, 1) && 1.35 * truth(400, 1) < r.high_s);
}

static void test_little_history(void **state)
{
	for (int n = 0; n < 40; n++) {
		AUTO(duration_history) struct duration_history *h = forest(n);
		AUTO(duration_model) struct duration_model *m = duration_model_new(h);
		struct duration_range r = predict(m, image, "ml.m5.xlarge", "400", DURATION_BILLED);

		if (n == 0) {
			assert_int_equal(r.basis, DURATION_DEFAULT);
			assert_true(r.low_s < 0 && r.high_s < 0 && r.jobs == 0);
			assert_non_null(strstr(r.why, "assumed"));
			continue;
		}
		assert_int_equal(r.jobs, n);
		assert_true(isfinite(r.low_s) && isfinite(r.high_s) && 0 < r.low_s && r.low_s <= r.mid_s &&
			    r.mid_s <= r.high_s);
		if (n > 12)
			assert_true(r.low_s < truth(400, 1) && truth(400, 1) < r.high_s);
	}
}

static void test_what_tells_nothing(void **state)
{
	AUTO(duration_history) struct duration_history *h = duration_history_new();
	AUTO(job) struct job *failed = finished(1, "ml.m5.xlarge", 100, 300);
	AUTO(job) struct job *timeless = finished(2, "ml.m5.xlarge", 100, 300);
	AUTO(job) struct job *huge = finished(3, "ml.m5.xlarge", 100, 300);
	AUTO(job) struct job *backwards = finished(4, "ml.m5.xlarge", 100, 300);

	job_set_status(failed, "Failed");
	timeless->end_ms = TIME_UNKNOWN;
	huge->training_s = INT64_MAX;
	assert_false(duration_history_add(h, failed));
	assert_false(duration_history_add(h, timeless));
	assert_false(duration_history_add(h, huge));
	/* a clock that jumped: its start-up tells nothing, what was billed does */
	backwards->start_ms = backwards->created_ms - 5000;
	backwards->cold->transitions[1].end_ms = backwards->cold->transitions[1].start_ms - 1;
	assert_true(duration_history_add(h, backwards));
	AUTO(duration_model) struct duration_model *m = duration_model_new(h);

	assert_int_equal(predict(m, image, "ml.m5.xlarge", "100", DURATION_STARTUP).basis, DURATION_DEFAULT);
	assert_int_equal(predict(m, image, "ml.m5.xlarge", "100", DURATION_DOWNLOAD).basis, DURATION_DEFAULT);
	assert_int_equal(predict(m, image, "ml.m5.xlarge", "100", DURATION_BILLED).jobs, 1);
}

static struct job *spot_job(int i, const char *type, int64_t billable, int interruptions)
{
	struct job *j = finished(i, type, 100, 1000);

	j->spot = true;
	j->training_s = 1000;
	j->billable_s = billable;
	j->interruptions = interruptions;
	return j;
}

static void test_spot(void **state)
{
	AUTO(duration_history) struct duration_history *h = duration_history_new();
	struct duration_spot s;

	duration_spot(h, "ml.m5.xlarge", &s);
	assert_int_equal(s.basis, DURATION_DEFAULT);
	assert_true(fabs(s.mid - 0.3) < 1e-12 && s.low < 0 && s.interruptions_an_hour < 0);
	for (int i = 0; i < 20; i++)
		learn(h, spot_job(i, "ml.m5.xlarge", 350 + i, i == 3));
	for (int i = 20; i < 30; i++)
		learn(h, spot_job(i, "ml.c5.xlarge", 600, 0));
	duration_spot(h, "ml.m5.xlarge", &s);
	assert_int_equal(s.basis, DURATION_LEARNED);
	assert_int_equal(s.jobs, 20);
	assert_true(fabs(s.mid - 0.6405) < 1e-9 && s.low < s.mid && s.mid < s.high);
	assert_true(fabs(s.interruptions_an_hour - 3600.0 / 20000) < 1e-9);
	assert_non_null(strstr(s.why, "20 spot jobs on ml.m5.xlarge"));
	duration_spot(h, "ml.m5.4xlarge", &s); /* its family */
	assert_int_equal(s.basis, DURATION_OTHER_TYPE);
	assert_int_equal(s.jobs, 20);
	duration_spot(h, "ml.g5.xlarge", &s); /* all */
	assert_int_equal(s.basis, DURATION_ALL);
	assert_int_equal(s.jobs, 30);
	duration_spot(h, NULL, &s);
	assert_int_equal(s.basis, DURATION_ALL);
}

/* --- one job's dollars, and other types ------------------------------------------------------ */

static const char table[] = "instance_type,region,component,usd_per_hour,as_of,grade,source\n"
			    "ml.m5.xlarge,us-east-1,Training,0.230,2026-09-24,A,price list\n"
			    "ml.m5.xlarge,us-east-1,Hosting,0.230,2026-09-24,A,price list\n"
			    "ml.m5.2xlarge,us-east-1,Training,0.460,2026-09-24,A,price list\n"
			    "ml.m5.4xlarge,us-east-1,Training,0.920,2026-09-24,A,price list\n"
			    "ml.m4.xlarge,us-east-1,Training,0.300,2026-09-24,A,price list\n"
			    "ml.c5.xlarge,eu-west-1,Training,0.200,2026-09-24,A,price list\n";

/* Every priced type of the region once, the cheapest first, marked where none is both cheaper and
 * faster. */
static void check_comparison(const struct estimate_question *q)
{
	struct job_estimate *others = NULL;
	size_t n = estimate_job_compare(q, &others);

	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++) {
		bool beaten = false;

		assert_true(i == 0 || others[i].mid_micro >= others[i - 1].mid_micro);
		for (size_t k = 0; k < n; k++)
			beaten |= others[k].mid_micro < others[i].mid_micro && others[k].done_s <= others[i].done_s;
		assert_int_equal(others[i].best, !beaten);
		if (str_eq(others[i].instance_type, "ml.m4.xlarge"))
			assert_int_equal(others[i].parts[DURATION_BILLED].basis, DURATION_OTHER_TYPE);
	}
	free(others);
}

/* A training plan is paid for as a whole. */
static void check_plan(const struct estimate_question *asked)
{
	struct estimate_question q = *asked;
	struct job_estimate e;

	q.training_plan = "spring";
	estimate_job(&q, &e);
	AUTO(str) char *line = estimate_job_text(&e);

	assert_int_equal(e.mid_micro, 0);
	assert_int_equal(e.most_micro, 0);
	assert_non_null(strstr(line, ", by the training plan spring; "));
}

static void test_job_estimate(void **state)
{
	AUTO(duration_history) struct duration_history *h = forest(200);
	AUTO(price_table) struct price_table prices = {0};
	AUTO(strmap) struct strmap hyper = {0};
	struct job_group group = {.instance_type = (char *)(uintptr_t) "ml.m5.xlarge", .count = 2};
	struct job_estimate e, *others = NULL;

	assert_int_equal(price_table_parse(&prices, table, sizeof(table) - 1, "table", NULL), 0);
	strmap_set(&hyper, "num_round", "400");
	for (int i = 200; i < 220; i++)
		learn(h, spot_job(i, "ml.m5.xlarge", 400, 0));
	AUTO(duration_model) struct duration_model *m = duration_model_new(h);
	struct estimate_question q = {.job = {.image = image,
					      .instance_type = group.instance_type,
					      .instances = 2,
					      .hyperparameters = &hyper},
				      .groups = &group,
				      .n_groups = 1,
				      .max_run_s = 7200,
				      .model = m,
				      .history = h,
				      .prices = &prices,
				      .region = "us-east-1",
				      .rate_micro = USD_UNKNOWN};

	estimate_job(&q, &e);
	assert_int_equal(e.rate_micro, 460000);
	assert_int_equal(e.most_micro, 920000);
	assert_int_equal(e.mid_micro, estimate_usd(e.parts[DURATION_BILLED].mid_s, 460000));
	assert_int_equal(e.mid_micro, e.demand_micro);
	assert_int_equal(e.low_micro, estimate_usd(e.parts[DURATION_BILLED].low_s, 460000));
	q.spot = true; /* 60 % less, and the range is wider */
	struct job_estimate spot;

	estimate_job(&q, &spot);
	assert_true(llabs(spot.mid_micro - (int64_t)llround(0.4 * (double)e.mid_micro)) <= 1);
	assert_int_equal(spot.demand_micro, e.mid_micro);
	assert_true(spot.low_micro <= spot.mid_micro && spot.mid_micro <= spot.high_micro);
	q.rate_micro = 70000;
	estimate_job(&q, &spot);
	assert_int_equal(spot.rate_micro, 140000);
	assert_int_equal(spot.most_micro, 280000);
	q.keep_alive_s = 3600; /* the pool is kept at the same rate */
	estimate_job(&q, &spot);
	assert_int_equal(spot.most_micro, 420000);
	q.keep_alive_s = 0;
	q.rate_micro = USD_UNKNOWN;
	q.spot = false;
	check_comparison(&q);
	q.max_run_s = 600; /* stopped before it is done */
	estimate_job(&q, &e);
	assert_true(e.stopped && e.mid_micro == e.most_micro);
	check_plan(&q);
	q.region = "nowhere";
	estimate_job(&q, &e);
	assert_int_equal(e.mid_micro, USD_UNKNOWN);
	assert_int_equal(e.most_micro, USD_UNKNOWN);
	assert_int_equal(estimate_job_compare(&q, &others), 0);
	free(others);
	AUTO(str) char *line = estimate_job_text(&e);

	assert_non_null(strstr(line, "?"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_users_reckon),
		cmocka_unit_test(test_properties),
		cmocka_unit_test(test_wall_clock),
		cmocka_unit_test(test_bad_input),
		cmocka_unit_test(test_learned),
		cmocka_unit_test(test_drift),
		cmocka_unit_test(test_little_history),
		cmocka_unit_test(test_what_tells_nothing),
		cmocka_unit_test(test_spot),
		cmocka_unit_test(test_job_estimate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
