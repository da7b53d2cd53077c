/* test_advice.c - a fleet with planted waste: each case is found, and none in a clean one. */
#include "unit.h"

#include <math.h>

#include "model/advice.h"
#include "model/series.h"

#define NOW_MS ((int64_t)1795000000000)
#define FLEET_MAX 4096

static const char table[] = "instance_type,region,component,usd_per_hour,as_of,grade,source\n"
			    "ml.m5.large,us-east-1,Training,0.115,2026-09-24,A,list\n"
			    "ml.m5.xlarge,us-east-1,Training,0.230,2026-09-24,A,list\n"
			    "ml.m5.2xlarge,us-east-1,Training,0.461,2026-09-24,A,list\n"
			    "ml.c5.xlarge,us-east-1,Training,0.204,2026-09-24,A,list\n"
			    "ml.c5.2xlarge,us-east-1,Training,0.408,2026-09-24,A,list\n"
			    "ml.r5.xlarge,us-east-1,Training,0.302,2026-09-24,A,list\n"
			    "ml.g5.xlarge,us-east-1,Training,1.408,2026-09-24,A,list\n"
			    "ml.g5.2xlarge,us-east-1,Training,1.515,2026-09-24,A,list\n"
			    "ml.p3.2xlarge,us-east-1,Training,3.825,2026-09-24,A,list\n"
			    "ml.p3.2xlarge,us-west-2,Training,2.500,2026-09-24,A,list\n"
			    "ml.m5.xlarge,us-west-2,Training,0.228,2026-09-24,A,list\n"
			    "ml.m5.xlarge,us-east-1,Hosting,0.230,2026-09-24,A,list\n";

static struct {
	struct advice_job jobs[FLEET_MAX];
	struct job *owned[FLEET_MAX];
	size_t n;
	struct price_table prices;
	struct advice_endpoint endpoints[4];
	size_t n_endpoints;
} fleet;

/* A kind of work: n jobs an hour apart, spot, busy and full as they should be, with room in the limit. */
struct work {
	const char *name, *type;
	int n;
	int64_t seconds;
	double cpu, memory, gpu, disk;
	const char *image;
};

static struct advice_job *add(const struct work *w, int i)
{
	AUTO(str) char *name = xasprintf("%s-%03d", w->name, i);
	struct job *j = job_new(name);
	struct advice_job *a = &fleet.jobs[fleet.n];
	int64_t start = NOW_MS - 28 * DAY_MS + (int64_t)i * 3 * 3600000;

	job_set_status(j, "Completed");
	j->detail = DETAIL_DESCRIBED;
	j->instance_type = intern(w->type);
	j->cold->image = xstrdup(str_or(w->image, "lab/forest:1"));
	j->instance_count = 1;
	j->volume_gb = 30;
	j->spot = true;
	j->max_runtime_s = w->seconds * 2;
	j->created_ms = start - 120000;
	j->start_ms = start;
	j->training_s = w->seconds;
	j->billable_s = w->seconds * 4 / 10;
	j->end_ms = start + w->seconds * 1000;
	fleet.owned[fleet.n++] = j;
	*a = advice_job_of(j);
	a->cpu_pct = w->cpu;
	a->memory_pct = w->memory;
	a->gpu_pct = w->gpu;
	a->gpu_memory_pct = w->gpu;
	a->disk_pct = w->disk;
	a->download_s = 20;
	return a;
}

static struct job *job_of(const struct advice_job *a)
{
	return (struct job *)(uintptr_t)a->job;
}

static void add_clean(void)
{
	static const struct work rows[] = {{"season", "ml.m5.xlarge", 60, 1800, 60, 70, -1, 50, NULL},
					   {"deep", "ml.g5.xlarge", 20, 7200, 50, 60, 90, 60, "lab/deep:3"},
					   {"night", "ml.c5.xlarge", 28, 900, 85, 60, -1, 40, "lab/night:1"}};

	for (size_t k = 0; k < ARRAY_LEN(rows); k++)
		for (int i = 0; i < rows[k].n; i++) {
			struct advice_job *a = add(&rows[k], i);

			a->best_round = 190;
			a->rounds = 200;
		}
}

static int begin(void **state)
{
	memset(&fleet, 0, sizeof(fleet));
	return price_table_parse(&fleet.prices, table, sizeof(table) - 1, "table", NULL);
}

static int end(void **state)
{
	for (size_t i = 0; i < fleet.n; i++)
		job_free(fleet.owned[i]);
	price_table_done(&fleet.prices);
	return 0;
}

static void find(struct advices *ret)
{
	struct advice_input in = {.jobs = fleet.jobs,
				  .n_jobs = fleet.n,
				  .endpoints = fleet.endpoints,
				  .n_endpoints = fleet.n_endpoints,
				  .prices = &fleet.prices,
				  .region = "us-east-1",
				  .days = 30,
				  .now_ms = NOW_MS};

	advice_find(&in, ret);
}

/* The one advice that there must be beside none. */
static void expect(enum advice_kind kind, const char *subject, double usd, const char *command)
{
	AUTO(advices) struct advices found = {0};

	find(&found);
	if (found.n != 1)
		fail_msg("%zu advices, the first of them %s for %s: %s", found.n,
			 found.n ? advice_name(found.items[0].kind) : "", found.n ? found.items[0].subject : "",
			 found.n ? found.items[0].evidence : "");
	const struct advice *a = &found.items[0];

	assert_string_equal(advice_name(a->kind), advice_name(kind));
	assert_string_equal(a->subject, subject);
	if (fabs((double)a->saving_micro / 1e6 - usd) > 1e-4 + 1e-3 * fabs(usd))
		fail_msg("saves %.6f, not %.6f", (double)a->saving_micro / 1e6, usd);
	if (!strstr(a->command, command))
		fail_msg("%s does not hold %s", a->command, command);
	assert_true(*a->evidence && *a->what);
}

static void test_clean(void **state)
{
	AUTO(advices) struct advices found = {0};

	add_clean();
	find(&found);
	if (found.n)
		fail_msg("%s for %s: %s", advice_name(found.items[0].kind), found.items[0].subject,
			 found.items[0].evidence);
}

/* 40 jobs of an hour at 0.461, 40 % of it billed: $7.376, half of it less a thousandth. */
static void test_smaller(void **state)
{
	static const struct work w = {"lazy", "ml.m5.2xlarge", 40, 3600, 20, 25, -1, 40, NULL};

	add_clean();
	for (int i = 0; i < w.n; i++)
		(void)add(&w, i);
	expect(ADVICE_SMALLER, "lazy-039", 40 * 0.4 * (0.461 - 0.230),
	       "sagetop clone lazy-039 --set ResourceConfig.InstanceType=ml.m5.xlarge");
}

/* Of what costs most nothing was measured: nothing is said. */
static void test_smaller_unmeasured(void **state)
{
	static const struct work w = {"blind", "ml.g5.2xlarge", 40, 3600, 20, 25, -1, 40, NULL};
	AUTO(advices) struct advices found = {0};

	add_clean();
	for (int i = 0; i < w.n; i++)
		(void)add(&w, i);
	find(&found);
	assert_int_equal(found.n, 0);
}

static void test_larger(void **state)
{
	static const struct work w = {"full", "ml.m5.xlarge", 10, 3600, 60, 97, -1, 40, NULL};

	add_clean();
	for (int i = 0; i < w.n; i++)
		(void)add(&w, i);
	expect(ADVICE_LARGER, "full-009", -10 * 0.4 * 0.231, "InstanceType=ml.m5.2xlarge");
}

/* Busy processors and empty memory: the same processors with half of the memory. */
static void test_family(void **state)
{
	static const struct work w = {"tight", "ml.m5.xlarge", 30, 3600, 90, 20, -1, 40, NULL};

	add_clean();
	for (int i = 0; i < w.n; i++)
		(void)add(&w, i);
	expect(ADVICE_FAMILY, "tight-029", 30 * 0.4 * (0.230 - 0.204), "InstanceType=ml.c5.xlarge");
}

static void test_idle_gpu(void **state)
{
	static const struct work w = {"idle", "ml.g5.xlarge", 10, 3600, 60, 50, 2, 40, NULL};

	add_clean();
	for (int i = 0; i < w.n; i++)
		(void)add(&w, i);
	/* 50 % of 16 GiB and half of it more does not fit into c5's 8 */
	expect(ADVICE_FAMILY, "idle-009", 10 * 0.4 * (1.408 - 0.230), "InstanceType=ml.m5.xlarge");
}

static void test_disk(void **state)
{
	static const struct work w = {"void", "ml.m5.xlarge", 20, 36000, 60, 70, -1, 3, NULL};
	struct price storage = {.instance_type = (char *)(uintptr_t)PRICE_STORAGE,
				.region = (char *)(uintptr_t) "us-east-1",
				.component = (char *)(uintptr_t) "Training Storage",
				.usd_micro = 140000,
				.as_of = (char *)(uintptr_t) "2026-09-24",
				.grade = 'A',
				.unit = PRICE_GB_MONTH};

	price_table_add(&fleet.prices, &storage);
	add_clean();
	for (int i = 0; i < w.n; i++)
		job_of(add(&w, i))->volume_gb = 500;
	/* twice of 3 % of 500 GB are kept; 4 h of each billed */
	expect(ADVICE_DISK, "void-019", 470 * 20 * 4 / 730.0 * 0.14, "VolumeSizeInGB=30");
}

static void test_pack(void **state)
{
	static const struct work w = {"tiny", "ml.m5.xlarge", 200, 120, 60, 70, -1, 40, NULL};
	AUTO(advices) struct advices found = {0};

	add_clean();
	for (int i = 0; i < w.n; i++)
		add(&w, i)->download_s = 60;
	expect(ADVICE_PACK, "tiny-199", 200 * 48 / 3600.0 * 0.23 * 0.5 * 0.9,
	       "sagetop estimate --entities 200 --minutes 2 --pack 10");
	find(&found);
	assert_non_null(strstr(found.items[0].caution, "under 5 minutes"));
}

static void test_spot(void **state)
{
	static const struct work w = {"dear", "ml.m5.xlarge", 15, 1800, 60, 70, -1, 40, NULL};
	AUTO(advices) struct advices found = {0};

	add_clean();
	for (int i = 0; i < w.n; i++) {
		struct job *j = job_of(add(&w, i));

		j->spot = false;
		j->billable_s = j->training_s;
	}
	expect(ADVICE_SPOT, "dear-014", 15 * 0.5 * 0.23 * 0.3,
	       "--set EnableManagedSpotTraining=true --set StoppingCondition.MaxWaitTimeInSeconds=7200");
	find(&found);
	assert_non_null(strstr(found.items[0].caution, "no spot job of this account is known"));
}

/* Three hung for a day until their limit; those that completed took 30 minutes: 90 would do. */
static void test_hung(void **state)
{
	static const struct work w = {"hang", "ml.m5.xlarge", 20, 1800, 60, 70, -1, 40, NULL};
	AUTO(advices) struct advices found = {0};

	add_clean();
	for (int i = 0; i < w.n; i++) {
		struct job *j = job_of(add(&w, i));

		j->max_runtime_s = 86400;
		if (i % 7 != 3)
			continue;
		job_set_status(j, "Stopped");
		j->training_s = j->billable_s = 86400;
	}
	expect(ADVICE_MAX_RUN, "hang-019", 3 * (86400 - 5400) / 3600.0 * 0.23,
	       "StoppingCondition.MaxRuntimeInSeconds=5400");
	find(&found);
	assert_non_null(strstr(found.items[0].caution, "failed or were stopped"));
}

static void test_early(void **state)
{
	static const struct work w = {"late", "ml.m5.xlarge", 30, 3600, 60, 70, -1, 40, NULL};

	add_clean();
	for (int i = 0; i < w.n; i++) {
		struct advice_job *a = add(&w, i);

		a->best_round = 199;
		a->rounds = 1000;
	}
	expect(ADVICE_EARLY, "late-029", 30 * 0.4 * 0.23 * 0.7, "HyperParameters.early_stopping_rounds=100");
}

/* One after the other, each waits two minutes for instances; a minute lies between them. */
static void test_warm_pool(void **state)
{
	static const struct work w = {"chain", "ml.m5.xlarge", 10, 400, 60, 70, -1, 40, NULL};

	add_clean();
	for (int i = 0; i < w.n; i++) {
		struct job *j = job_of(add(&w, i));

		j->spot = false;
		j->billable_s = 0; /* so that spot has nothing to save */
		j->created_ms = NOW_MS - DAY_MS + (int64_t)i * 580000;
		j->start_ms = j->created_ms + 120000;
		j->end_ms = j->start_ms + 400000;
	}
	expect(ADVICE_POOL, "chain-009", -9 * 60 / 3600.0 * 0.23, "KeepAlivePeriodInSeconds=120");
}

static void test_idle_pool(void **state)
{
	static const struct work w = {"kept", "ml.m5.xlarge", 12, 1800, 60, 70, -1, 40, NULL};

	add_clean();
	for (int i = 0; i < w.n; i++) {
		struct job *j = job_of(add(&w, i));

		j->spot = false;
		j->billable_s = 0;
		job_own_rare(j)->keep_alive_s = job_own_rare(j)->retained_s = 3600;
		job_own_rare(j)->warm_pool_status = intern("Terminated");
	}
	AUTO(advices) struct advices found = {0};

	find(&found);
	bool seen = false;

	for (size_t i = 0; i < found.n; i++)
		seen |= found.items[i].kind == ADVICE_POOL && str_eq(found.items[i].subject, "kept-011") &&
			strstr(found.items[i].command, "KeepAlivePeriodInSeconds=null") &&
			llabs(found.items[i].saving_micro - 12 * 230000) <= 2;
	assert_true(seen);
}

static void test_region(void **state)
{
	static const struct work w = {"far", "ml.p3.2xlarge", 10, 7200, 60, 70, 90, 40, NULL};

	add_clean();
	for (int i = 0; i < w.n; i++)
		(void)add(&w, i);
	expect(ADVICE_REGION, "far-009", 10 * 0.8 * (3.825 - 2.5) - 30 * 0.02, "--region us-west-2");
}

static void test_endpoint(void **state)
{
	fleet.endpoints[0] = (struct advice_endpoint){"idle", "ml.m5.xlarge", 2, 168, 0};
	fleet.endpoints[1] = (struct advice_endpoint){"busy", "ml.m5.xlarge", 2, 168, 12};
	fleet.endpoints[2] = (struct advice_endpoint){"new", "ml.m5.xlarge", 2, 3, 0};
	fleet.endpoints[3] = (struct advice_endpoint){"unknown", "ml.m5.xlarge", 2, 168, -1};
	fleet.n_endpoints = 4;
	add_clean();
	expect(ADVICE_ENDPOINT, "idle", 2 * 730 * 0.23, "sagetop delete endpoint/idle");
}

/* Nothing is told by what failed, or was not measured; and of a price that is not known no dollars. */
static void test_what_tells_nothing(void **state)
{
	static const struct work failed = {"dead", "ml.m5.2xlarge", 40, 3600, 5, 5, -1, 1, NULL},
				 unmeasured = {"dark", "ml.m5.2xlarge", 40, 3600, -1, -1, -1, -1, "lab/dark:1"},
				 unpriced = {"odd", "ml.x9.huge", 40, 3600, 5, 5, -1, 1, "lab/odd:1"};
	AUTO(advices) struct advices found = {0};

	for (int i = 0; i < 40; i++) {
		job_set_status(job_of(add(&failed, i)), "Failed");
		(void)add(&unmeasured, i);
		(void)add(&unpriced, i);
	}
	find(&found);
	assert_int_equal(found.n, 0);
}

static void test_short_is_said(void **state)
{
	static const struct work w = {"brief", "ml.m5.2xlarge", 60, 200, 10, 10, -1, 40, NULL};
	AUTO(advices) struct advices found = {0};

	for (int i = 0; i < w.n; i++)
		(void)add(&w, i);
	find(&found);
	assert_int_equal(found.n, 1);
	assert_int_equal(found.items[0].kind, ADVICE_SMALLER);
	assert_non_null(strstr(found.items[0].caution, "ran under 5 minutes"));
}

/* What the service's metrics say: its shares are of one processor. */
static void test_measure(void **state)
{
	AUTO(job) struct job *j = job_new("measured");
	AUTO(series_set) struct series_set set = {0};

	j->instance_type = intern("ml.m5.xlarge");
	job_add_metric_definition(j, "validation:rmse", "rmse=([0-9.]+)");
	job_derive(j);
	for (int i = 0; i < 100; i++) {
		(void)series_put(&set, "CPUUtilization", "algo-1", i * 60000, i % 2 ? 100 : 300);
		(void)series_put(&set, "MemoryUtilization", "algo-1", i * 60000, i);
		series_add(&set, "validation:rmse", NULL, i * 60000, i, fabs(i - 40.0));
	}
	struct advice_job a = advice_job_of(j);

	assert_true(a.cpu_pct < 0 && a.best_round < 0);
	advice_job_measure(&a, &set);
	assert_true(fabs(a.cpu_pct - 50) < 1e-9 && fabs(a.memory_pct - 99) < 1e-9 && a.gpu_pct < 0);
	assert_int_equal(a.best_round, 40);
	assert_int_equal(a.rounds, 100);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_clean),
		TEST(test_smaller),
		TEST(test_smaller_unmeasured),
		TEST(test_larger),
		TEST(test_family),
		TEST(test_idle_gpu),
		TEST(test_disk),
		TEST(test_pack),
		TEST(test_spot),
		TEST(test_hung),
		TEST(test_early),
		TEST(test_warm_pool),
		TEST(test_idle_pool),
		TEST(test_region),
		TEST(test_endpoint),
		TEST(test_what_tells_nothing),
		TEST(test_short_is_said),
		TEST(test_measure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
