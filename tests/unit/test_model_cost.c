/* test_model_cost.c - prices and costs. */
#include "unit.h"

#include "base/fs.h"
#include "model/cost.h"

static const char table[] = "instance_type,region,component,usd_per_hour,as_of,grade,source\n"
			    "ml.m5.xlarge,us-east-1,Training,0.230,2026-09-24,A,price list\n"
			    "ml.m5.xlarge,us-east-1,Hosting,0.235,2026-09-24,A,\"price list, hosting\"\n"
			    "ml.g5.xlarge,us-east-2,Training,1.2575,2026-07-01,A,bill\r\n"
			    "ml.g5.xlarge,us-east-2,SpotTraining,1.4084,2026-07-01,A,bill\n"
			    "ml.p3.2xlarge,us-east-1,Hosting,3.825,2026-01-01,B,guide\n"
			    "ml.c5.xlarge,us-east-1,Studio-Notebook,0.204,2026-01-01,B,guide\n";

static void load(struct price_table *t)
{
	assert_int_equal(price_table_parse(t, table, sizeof(table) - 1, "table", NULL), 0);
}

static struct job *job(const char *type, const char *status)
{
	struct job *j = job_new("a");

	job_set_status(j, status);
	j->detail = DETAIL_DESCRIBED;
	j->instance_type = intern(type);
	j->instance_count = 1;
	return j;
}

static void test_table(void **state)
{
	AUTO(price_table) struct price_table t = {0};

	load(&t);
	assert_int_equal(t.n, 6);
	assert_int_equal(price_find(&t, "ml.m5.xlarge", "us-east-1", "Training")->usd_micro, 230000);
	assert_string_equal(price_find(&t, "ml.m5.xlarge", "us-east-1", "Hosting")->source, "price list, hosting");
	assert_null(price_find(&t, "ml.m5.xlarge", "eu-west-1", "Training"));
	assert_string_equal(price_training(&t, "ml.g5.xlarge", "us-east-2", true)->component, "SpotTraining");
	assert_string_equal(price_training(&t, "ml.m5.xlarge", "us-east-1", true)->component, "Training");
	assert_string_equal(price_training(&t, "ml.p3.2xlarge", "us-east-1", false)->component, "Hosting");
	assert_null(price_training(&t, "ml.c5.xlarge", "us-east-1", false)); /* studio is not comparable */
	assert_null(price_training(&t, NULL, "us-east-1", false));
}

static void test_newer_wins(void **state)
{
	AUTO(price_table) struct price_table t = {0};
	char type[] = "ml.m5.xlarge", region[] = "us-east-1", component[] = "Training", newer[] = "2026-10-01",
	     older[] = "2025-01-01";
	struct price p = {.instance_type = type, .region = region, .component = component, .grade = 'A'};

	load(&t);
	p.usd_micro = 999;
	p.as_of = older;
	price_table_add(&t, &p);
	assert_int_equal(price_find(&t, type, region, component)->usd_micro, 230000);
	p.as_of = newer;
	price_table_add(&t, &p);
	assert_int_equal(price_find(&t, type, region, component)->usd_micro, 999);
	p.usd_micro = 0;
	price_table_add(&t, &p);
	assert_int_equal(price_find(&t, type, region, component)->usd_micro, 999);
	assert_int_equal(t.n, 6);
}

static void test_bad_table(void **state)
{
	static const struct {
		const char *csv, *message;
	} rows[] = {{"instance_type,region\n", "t:1: 7 columns are wanted"},
		    {"a,region,component,usd_per_hour,as_of,grade,source\n",
		     "t:1: column 1 is 'a', 'instance_type' is wanted"},
		    {"instance_type,region,component,usd_per_hour,as_of,grade,source\nx,y,z,free,d,A,s\n",
		     "t:2: usd_per_hour is 'free': a positive number is wanted"}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(price_table) struct price_table t = {0};
		struct err err = {0};

		assert_int_equal(price_table_parse(&t, rows[i].csv, strlen(rows[i].csv), "t", &err), -ERR_PARSE);
		assert_string_equal(err.msg, rows[i].message);
	}
}

static void test_arithmetic(void **state)
{
	/* One ten-minute job at $0.269/h is four and a half cents. */
	assert_int_equal(cost_micro(600, 1, 269000), 44833);
	/* 500 models x 5 min x $0.07/h. */
	assert_int_equal(cost_micro(300, 500, 70000), 2916667);
	assert_int_equal(cost_micro(28 * 86400, 1000, 100000000), 67200000000000LL);
	assert_int_equal(cost_micro(-1, 1, 1), USD_UNKNOWN);
	assert_int_equal(cost_micro(1, 1, USD_UNKNOWN), USD_UNKNOWN);
	/* What no integer holds is not known, rather than negative. */
	assert_int_equal(cost_micro(INT64_MAX, 1, 230000), USD_UNKNOWN);
	assert_int_equal(cost_micro(INT64_MAX, INT64_MAX, INT64_MAX), USD_UNKNOWN);
	assert_int_equal(cost_micro(INT64_MAX / 230000, 1, 230000), (INT64_MAX / 230000 * 230000 + 1800) / 3600);
	assert_int_equal(money_sum(2, 3), 5);
	assert_int_equal(money_sum(USD_UNKNOWN, 3), USD_UNKNOWN);
	assert_int_equal(money_sum(3, USD_UNKNOWN), USD_UNKNOWN);
	assert_int_equal(money_sum(INT64_MAX, INT64_MAX), USD_UNKNOWN);
	assert_int_equal(money_sum(USD_MICRO_MAX, 1), USD_UNKNOWN);
}

static void test_job_costs(void **state)
{
	AUTO(price_table) struct price_table t = {0};
	AUTO(job) struct job *j = job("ml.m5.xlarge", "Completed");

	load(&t);
	j->start_ms = 1000000;
	j->training_s = 3600;
	j->billable_s = 1152;
	j->instance_count = 2;
	struct cost c = cost_of_job(j, &t, "us-east-1", 0);
	assert_int_equal(c.kind, COST_BILLED);
	assert_int_equal(c.usd_micro, 147200);
	assert_int_equal(c.billed_s, 2304);
	assert_false(c.estimate);
	assert_int_equal(c.saved_micro, 0);
	j->spot = true; /* the discount is in the seconds already */
	c = cost_of_job(j, &t, "us-east-1", 0);
	assert_int_equal(c.usd_micro, 147200);
	assert_int_equal(c.saved_micro, 312800);
	assert_true(c.estimate); /* by the on-demand rate */
	c = cost_of_job(j, &t, "eu-west-1", 0);
	assert_int_equal(c.kind, COST_UNKNOWN);
	assert_int_equal(c.usd_micro, USD_UNKNOWN);
	j->start_ms = TIME_UNKNOWN; /* it did run, but nothing is told of it */
	j->training_s = j->billable_s = -1;
	c = cost_of_job(j, &t, "us-east-1", 0);
	assert_int_equal(c.usd_micro, USD_UNKNOWN);
}

static void test_running_and_unstarted(void **state)
{
	AUTO(price_table) struct price_table t = {0};
	AUTO(job) struct job *j = job("ml.m5.xlarge", "InProgress");

	load(&t);
	assert_int_equal(cost_of_job(j, &t, "us-east-1", 5000000).kind, COST_UNKNOWN);
	j->start_ms = 1400000;
	struct cost c = cost_of_job(j, &t, "us-east-1", 5000000);
	assert_int_equal(c.kind, COST_SO_FAR);
	assert_true(c.estimate);
	assert_int_equal(c.usd_micro, 230000);
	AUTO(job) struct job *failed = job("ml.m5.xlarge", "Failed");
	c = cost_of_job(failed, &t, "us-east-1", 5000000);
	assert_int_equal(c.kind, COST_BILLED); /* never started: not billed */
	assert_int_equal(c.usd_micro, 0);
	failed->detail = DETAIL_SUMMARY; /* but of a summary nothing is known */
	assert_int_equal(cost_of_job(failed, &t, "us-east-1", 5000000).usd_micro, USD_UNKNOWN);
}

static void test_burn_rate_and_ceiling(void **state)
{
	AUTO(price_table) struct price_table t = {0};
	AUTO(job) struct job *a = job("ml.m5.xlarge", "InProgress");
	AUTO(job) struct job *b = job("ml.unheard.of", "InProgress");
	AUTO(job) struct job *c = job("ml.m5.xlarge", "InProgress");
	char m5[] = "ml.m5.xlarge", no[] = "ml.unheard.of";
	struct job_group two = {.instance_type = m5, .count = 2}, unheard = {.instance_type = no, .count = 2};
	size_t unpriced;

	load(&t);
	a->start_ms = b->start_ms = 1;
	a->instance_count = 3;
	c->secondary_text = intern("Starting"); /* provisioning is free */
	struct resource *items[] = {job_resource(a), job_resource(b), job_resource(c)};
	struct resources all = {.items = items, .n = ARRAY_LEN(items)};
	assert_int_equal(cost_burn_rate_micro(&all, &t, "us-east-1", 5000, &unpriced), 690000);
	assert_int_equal(unpriced, 1);
	assert_int_equal(cost_ceiling_micro(&two, 1, 7200, 0, false, &t, "us-east-1"), 920000);
	assert_int_equal(cost_ceiling_micro(&unheard, 1, 7200, 0, false, &t, "us-east-1"), USD_UNKNOWN);
}

static void test_money_text(void **state)
{
	static const struct {
		int64_t micro;
		const char *text;
	} rows[] = {{USD_UNKNOWN, "?"},	    {0, "$0"},
		    {300, "<$0.001"},	    {35000, "$0.035"},
		    {999600, "$1.00"},	    {12400000, "$12.40"},
		    {999994999, "$999.99"}, {999995000, "$1,000"},
		    {1204000000, "$1,204"}, {1234567890000, "$1,234,568"}};
	char buf[24];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(money_text(buf, rows[i].micro), rows[i].text);
}

static void test_rate_text(void **state)
{
	static const struct {
		int64_t micro;
		const char *text;
	} rows[] = {{USD_UNKNOWN, "?"},	  {230000, "$0.230"},	 {1515000, "$1.515"}, {25251000, "$25.251"},
		    {1257500, "$1.2575"}, {4000000, "$4.00"},	 {57500, "$0.0575"},  {300, "$0.0003"},
		    {1, "$0.000001"},	  {999999, "$0.999999"}, {1000000, "$1.00"},  {1204500000, "$1204.50"}};
	char buf[24];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(money_rate_text(buf, rows[i].micro), rows[i].text);
}

/* Two groups: 2 x ml.m5.xlarge and 1 x the other. */
static struct job *mixed(const char *other, const char *status)
{
	struct job *j = job("ml.m5.xlarge+other", status);

	job_add_group(j, "cpu", "ml.m5.xlarge", 2);
	job_add_group(j, "more", other, 1);
	j->instance_count = 3;
	j->start_ms = 1000000;
	return j;
}

static void test_mixed_cluster(void **state)
{
	AUTO(price_table) struct price_table t = {0};
	AUTO(job) struct job *j = mixed("ml.p3.2xlarge", "Completed");
	AUTO(job) struct job *unpriced = mixed("ml.unheard.of", "Completed");
	AUTO(job) struct job *empty = mixed("ml.p3.2xlarge", "Completed");
	AUTO(job) struct job *running = mixed("ml.p3.2xlarge", "InProgress");

	load(&t);
	j->billable_s = unpriced->billable_s = empty->billable_s = 3600;
	struct cost c = cost_of_job(j, &t, "us-east-1", 0);
	assert_int_equal(c.usd_micro, 2 * 230000 + 3825000);
	assert_int_equal(c.rate_micro, 2 * 230000 + 3825000);
	assert_int_equal(c.billed_s, 3 * 3600);
	assert_true(c.estimate);			   /* one is priced by a neighbouring component */
	assert_string_equal(c.price->as_of, "2026-01-01"); /* the oldest */
	c = cost_of_job(unpriced, &t, "us-east-1", 0);
	assert_int_equal(c.usd_micro, USD_UNKNOWN);
	assert_int_equal(c.kind, COST_UNKNOWN);
	assert_string_equal(c.unpriced, "ml.unheard.of");
	assert_null(c.price);
	job_own_rare(empty)->groups[1].count = 0; /* how many there are is not known */
	assert_int_equal(cost_of_job(empty, &t, "us-east-1", 0).usd_micro, USD_UNKNOWN);
	c = cost_of_job(running, &t, "us-east-1", 1000000 + 1800000);
	assert_int_equal(c.usd_micro, (2 * 230000 + 3825000) / 2);
	struct resource *items[] = {job_resource(running)};
	struct resources all = {.items = items, .n = 1};
	size_t missing = 1;
	assert_int_equal(cost_burn_rate_micro(&all, &t, "us-east-1", 0, &missing), 2 * 230000 + 3825000);
	assert_int_equal(missing, 0);
	assert_int_equal(cost_ceiling_micro(j->rare->groups, 2, 7200, 0, false, &t, "us-east-1"),
			 2 * (2 * 230000 + 3825000));
	assert_int_equal(cost_ceiling_micro(unpriced->rare->groups, 2, 7200, 0, false, &t, "us-east-1"), USD_UNKNOWN);
	assert_int_equal(cost_ceiling_micro(NULL, 0, 7200, 0, false, &t, "us-east-1"), USD_UNKNOWN);
	/* The whole time that the pool may be kept is paid for as well. */
	assert_int_equal(cost_ceiling_micro(j->rare->groups, 1, 7200, 3600, false, &t, "us-east-1"), 3 * 2 * 230000);
	AUTO(str) char *text = job_instances_text(j);
	assert_string_equal(text, "2 x ml.m5.xlarge + 1 x ml.p3.2xlarge");
}

/* Interrupted twice, and waiting since second 9000 of the run: held for 2400 + 3000 s. */
static struct job *interrupted(void)
{
	struct job *j = job("ml.m5.xlarge", "InProgress");
	int64_t at = 1000000;

	static const struct {
		const char *status;
		int s;
	} course[] = {{"Starting", 300},  {"Downloading", 100}, {"Training", 2300}, {"Interrupted", 1},
		      {"Starting", 3299}, {"Downloading", 100}, {"Training", 2900}, {"Interrupted", -1}};

	j->spot = true;
	for (size_t i = 0; i < ARRAY_LEN(course); i++) {
		int64_t end = course[i].s < 0 ? TIME_UNKNOWN : at + course[i].s * 1000;

		job_add_transition(j, course[i].status, at, end, NULL);
		at = end;
	}
	j->start_ms = j->cold->transitions[1].start_ms;
	j->training_s = 5400;
	j->secondary_text = intern("Interrupted");
	job_derive(j);
	return j;
}

static void test_interrupted_spot(void **state)
{
	AUTO(price_table) struct price_table t = {0};
	AUTO(job) struct job *j = interrupted();
	int64_t since = j->cold->transitions[7].start_ms;
	int64_t late = since + 90000000;

	load(&t);
	assert_int_equal(j->waited_s, 3300);
	struct cost c = cost_of_job(j, &t, "us-east-1", late);
	assert_int_equal(c.seconds, 5400);
	assert_int_equal(c.usd_micro, cost_micro(5400, 1, 230000));
	assert_int_equal(c.kind, COST_SO_FAR);
	struct cost earlier = cost_of_job(j, &t, "us-east-1", since + 10000);
	assert_int_equal(earlier.usd_micro, c.usd_micro); /* it does not grow while it waits */
	job_trim(j);					  /* what the hot part keeps is enough */
	assert_int_equal(cost_of_job(j, &t, "us-east-1", late).usd_micro, c.usd_micro);
	struct resource *items[] = {job_resource(j)};
	struct resources all = {.items = items, .n = 1};
	assert_int_equal(cost_burn_rate_micro(&all, &t, "us-east-1", late, NULL), 0);
	/* A list that only says that it waits, since its last change at the latest. */
	AUTO(job) struct job *summary = job("ml.m5.xlarge", "InProgress");
	summary->start_ms = 1000000;
	summary->modified_ms = 1000000 + 600000;
	summary->secondary_text = intern("Interrupted");
	assert_int_equal(cost_of_job(summary, &t, "us-east-1", late).seconds, 600);
	/* Stopped while it waited: by what is billed where the service says it ... */
	AUTO(job) struct job *over = interrupted();
	job_set_status(over, "Stopped");
	over->end_ms = late;
	assert_int_equal(cost_of_job(over, &t, "us-east-1", late).seconds, 5400);
	assert_true(cost_of_job(over, &t, "us-east-1", late).estimate);
	over->billable_s = 1000;
	assert_int_equal(cost_of_job(over, &t, "us-east-1", late).usd_micro, cost_micro(1000, 1, 230000));
	/* ... and not at all where neither that nor its course is known. */
	AUTO(job) struct job *untold = job("ml.m5.xlarge", "Stopped");
	untold->spot = true;
	untold->start_ms = 1000;
	untold->end_ms = late;
	assert_int_equal(cost_of_job(untold, &t, "us-east-1", late).usd_micro, USD_UNKNOWN);
}

/* A plan is paid for as a whole: a job of it has no price of its own, and nothing burns. */
static void test_training_plan(void **state)
{
	AUTO(price_table) struct price_table t = {0};
	AUTO(job) struct job *j = job("ml.m5.xlarge", "Completed"), *running = job("ml.m5.xlarge", "InProgress");
	struct resource *items[] = {job_resource(running)};
	struct resources all = {.items = items, .n = 1};
	size_t unpriced;

	load(&t);
	j->start_ms = running->start_ms = 1000000;
	j->end_ms = 1540000;
	j->training_s = j->billable_s = 540;
	running->secondary_text = intern("Training");
	assert_int_equal(cost_burn_rate_micro(&all, &t, "us-east-1", 2000000, &unpriced), 230000);
	job_own_rare(j)->training_plan = job_own_rare(running)->training_plan = intern("spring");
	struct cost c = cost_of_job(j, &t, "us-east-1", 2000000);

	assert_int_equal(c.usd_micro, USD_UNKNOWN);
	assert_int_equal(c.rate_micro, USD_UNKNOWN);
	assert_int_equal(c.seconds, 540);
	assert_null(c.price);
	assert_null(c.unpriced);
	assert_string_equal(c.plan, "spring");
	assert_int_equal(cost_burn_rate_micro(&all, &t, "us-east-1", 2000000, &unpriced), 0);
	assert_int_equal(unpriced, 0);
}

static void test_warm_pool(void **state)
{
	AUTO(price_table) struct price_table t = {0};
	AUTO(job) struct job *j = job("ml.m5.xlarge", "Completed");
	int64_t end = 10000000;

	load(&t);
	j->instance_count = 2;
	j->start_ms = end - 125000;
	j->end_ms = end;
	j->training_s = j->billable_s = 125;
	job_own_rare(j)->keep_alive_s = 3600;
	/* It asked for a pool and nothing is told of one: not all of the cost, perhaps. */
	assert_true(cost_of_job(j, &t, "us-east-1", end).estimate);
	job_own_rare(j)->warm_pool_status = intern("Reused");
	job_own_rare(j)->retained_s = 1000;
	struct cost c = cost_of_job(j, &t, "us-east-1", end);
	assert_int_equal(c.usd_micro, cost_micro(125, 2, 230000) + cost_micro(1000, 2, 230000));
	assert_int_equal(c.retained_s, 1000);
	assert_int_equal(c.billed_s, 2 * 1125);
	assert_int_equal(c.kind, COST_BILLED);
	/* Kept still: it grows, and burns, until its time is over. */
	job_own_rare(j)->warm_pool_status = intern("Available");
	job_own_rare(j)->retained_s = 60;
	c = cost_of_job(j, &t, "us-east-1", end + 1800000);
	assert_int_equal(c.kind, COST_SO_FAR);
	assert_true(c.estimate);
	assert_int_equal(c.retained_s, 1800);
	struct resource *items[] = {job_resource(j)};
	struct resources all = {.items = items, .n = 1};
	assert_int_equal(cost_burn_rate_micro(&all, &t, "us-east-1", end + 1800000, NULL), 460000);
	c = cost_of_job(j, &t, "us-east-1", end + 99000000);
	assert_int_equal(c.kind, COST_BILLED);
	assert_int_equal(c.retained_s, 3600);
	assert_int_equal(cost_burn_rate_micro(&all, &t, "us-east-1", end + 99000000, NULL), 0);
	/* A pool's own rate, where the table has one. */
	static const char pool_row[] = "instance_type,region,component,usd_per_hour,as_of,grade,source\n"
				       "ml.m5.xlarge,us-east-1,Training Warm Pool,0.5,2026-09-24,A,x\n";
	assert_int_equal(price_table_parse(&t, pool_row, sizeof(pool_row) - 1, "t", NULL), 0);
	job_own_rare(j)->warm_pool_status = intern("Terminated");
	job_own_rare(j)->retained_s = 3600;
	c = cost_of_job(j, &t, "us-east-1", end);
	assert_int_equal(c.usd_micro, cost_micro(125, 2, 230000) + 1000000);
	assert_false(c.estimate);
}

/* A price is known whether or not anything was billed yet. */
static void test_price_of_a_waiting_job(void **state)
{
	AUTO(price_table) struct price_table t = {0};
	AUTO(job) struct job *j = job("ml.m5.xlarge", "InProgress");

	load(&t);
	j->secondary_text = intern("Starting");
	struct cost c = cost_of_job(j, &t, "us-east-1", 5000000);
	assert_int_equal(c.kind, COST_UNKNOWN);
	assert_int_equal(c.rate_micro, 230000);
	assert_string_equal(c.price->as_of, "2026-09-24");
	assert_null(c.unpriced);
	j->instance_type = intern("ml.unheard.of");
	assert_string_equal(cost_of_job(j, &t, "us-east-1", 5000000).unpriced, "ml.unheard.of");
	j->instance_type = NULL; /* serverless, or a summary */
	assert_null(cost_of_job(j, &t, "us-east-1", 5000000).unpriced);
}

/* The table we ship parses and prices the commonest type. */
static void test_shipped_table(void **state)
{
	AUTO(str) char *path = fs_share_path("prices.csv");
	AUTO(buf) struct buf text = BUF_INIT(1 << 20);
	AUTO(price_table) struct price_table t = {0};
	struct err err = {0};

	assert_non_null(path);
	assert_int_equal(fs_read(path, &text, &err), 0);
	if (price_table_parse(&t, buf_str(&text), text.len, path, &err))
		fail_msg("%s", err.msg);
	assert_true(t.n > 150);
	assert_non_null(price_find(&t, "ml.m5.xlarge", "us-east-1", "Training"));
	for (size_t i = 0; i < t.n; i++) {
		assert_true(strlen(t.items[i].as_of) == 10 || strlen(t.items[i].as_of) == 7); /* day or month */
		assert_true(t.items[i].grade == 'A' || t.items[i].grade == 'B');
		assert_false(str_empty(t.items[i].source));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_table),
					   cmocka_unit_test(test_newer_wins),
					   cmocka_unit_test(test_bad_table),
					   cmocka_unit_test(test_arithmetic),
					   cmocka_unit_test(test_job_costs),
					   cmocka_unit_test(test_running_and_unstarted),
					   cmocka_unit_test(test_money_text),
					   cmocka_unit_test(test_burn_rate_and_ceiling),
					   cmocka_unit_test(test_shipped_table),
					   cmocka_unit_test(test_rate_text),
					   cmocka_unit_test(test_mixed_cluster),
					   cmocka_unit_test(test_interrupted_spot),
					   cmocka_unit_test(test_training_plan),
					   cmocka_unit_test(test_warm_pool),
					   cmocka_unit_test(test_price_of_a_waiting_job)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
