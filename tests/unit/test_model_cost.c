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
	j->instance_type = xstrdup(type);
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
	size_t unpriced;

	load(&t);
	a->start_ms = b->start_ms = 1;
	a->instance_count = 3;
	str_set(&c->secondary_text, "Starting"); /* provisioning is free */
	struct resource *items[] = {job_resource(a), job_resource(b), job_resource(c)};
	struct resources all = {.items = items, .n = ARRAY_LEN(items)};
	assert_int_equal(cost_burn_rate_micro(&all, &t, "us-east-1", &unpriced), 690000);
	assert_int_equal(unpriced, 1);
	assert_int_equal(cost_ceiling_micro("ml.m5.xlarge", 2, 7200, false, &t, "us-east-1"), 920000);
	assert_int_equal(cost_ceiling_micro("ml.unheard.of", 2, 7200, false, &t, "us-east-1"), USD_UNKNOWN);
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
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),	     cmocka_unit_test(test_newer_wins),
		cmocka_unit_test(test_bad_table),    cmocka_unit_test(test_arithmetic),
		cmocka_unit_test(test_job_costs),    cmocka_unit_test(test_running_and_unstarted),
		cmocka_unit_test(test_money_text),   cmocka_unit_test(test_burn_rate_and_ceiling),
		cmocka_unit_test(test_shipped_table)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
