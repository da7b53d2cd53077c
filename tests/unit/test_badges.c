/* test_badges.c - what calls for a look at a running job: each badge where it belongs, with
 * its reason, and none on a job that does well, is over, or of which nothing was read. */
#include "unit.h"

#include <math.h>

#include "model/badge.h"
#include "model/field.h"
#include "model/page.h"

#define NOW_MS ((int64_t)1795000000000)

struct world {
	struct session *session;
	struct job *job;
	struct feed *feed;
};

/* A job in good order: busy, talking, better by the round. */
static int begin(void **state)
{
	struct world *w = NEW(struct world);
	struct job *j = job_new("season");

	job_set_status(j, "InProgress");
	j->detail = DETAIL_DESCRIBED;
	j->secondary_text = intern("Training");
	j->instance_type = intern("ml.g5.xlarge"); /* 4 processors, 1 GPU */
	j->instance_count = 1;
	j->max_runtime_s = 7200;
	j->created_ms = NOW_MS - 62 * MINUTE_MS;
	j->start_ms = NOW_MS - 60 * MINUTE_MS;
	job_own_rare(j)->waiting_since_ms = TIME_UNKNOWN;
	job_add_metric_definition(j, "validation:rmse", "rmse=(\\S+)");
	w->session = session_new();
	w->job = j;
	w->feed = session_feed(w->session, TRAINING_KIND, j->name);
	w->feed->logs_loaded = w->feed->following = true;
	loglines_add(&w->feed->logs, "season/algo-1", "1", NOW_MS - MINUTE_MS, "round 59", 8);
	loglines_settle(&w->feed->logs);
	for (int i = 60; i >= 0; i--) {
		series_put(&w->feed->metrics, "CPUUtilization", "algo-1", NOW_MS - i * MINUTE_MS, 220);
		series_put(&w->feed->metrics, "GPUUtilization", "algo-1", NOW_MS - i * MINUTE_MS, 80);
		series_add(&w->feed->metrics, "validation:rmse", "algo-1", NOW_MS - i * MINUTE_MS, 60 - i, 1 + i);
	}
	*state = w;
	return 0;
}

static int end(void **state)
{
	struct world *w = *state;

	session_free(w->session);
	job_free(w->job);
	free(w);
	return 0;
}

static struct badge_look look(const struct world *w)
{
	return (struct badge_look){.job = w->job, .feed = w->feed, .now_ms = NOW_MS};
}

static void expect(const struct world *w, enum badge_id b, const char *why)
{
	struct badge_look l = look(w);
	AUTO(str) char *text = NULL;

	assert_string_equal(badge_words(&l), badge_word(b));
	assert_true(badge_of(b, &l, &text));
	if (!strstr(text, why))
		fail_msg("%s does not say: %s", text, why);
}

static void expect_none(const struct world *w)
{
	struct badge_look l = look(w);

	assert_string_equal(badge_words(&l), "");
}

/* The newest samples of a metric, of so many minutes. */
static void sample(struct world *w, const char *name, int minutes, double value)
{
	for (int i = minutes; i >= 0; i--)
		series_put(&w->feed->metrics, name, "algo-1", NOW_MS - i * MINUTE_MS, value);
}

static void test_none(void **state)
{
	expect_none(*state);
}

/* The service counts each processor as 100: 16 of 400 are idle, and so is the GPU at 4. */
static void test_idle(void **state)
{
	struct world *w = *state;

	sample(w, "CPUUtilization", 14, 16);
	expect_none(w); /* the minute before was busy */
	sample(w, "CPUUtilization", 15, 16);
	expect(w, BADGE_IDLE_CPU, "processors at most 4.0 % busy in the last 15 minutes");
	sample(w, "CPUUtilization", 15, 30);
	sample(w, "GPUUtilization", 15, 4);
	expect(w, BADGE_IDLE_GPU, "GPUs at most 4.0 %");
	/* Another instance works. */
	for (int i = 15; i >= 0; i--)
		series_put(&w->feed->metrics, "GPUUtilization", "algo-2", NOW_MS - i * MINUTE_MS, 90);
	sample(w, "CPUUtilization", 15, 200);
	expect_none(w);
}

/* Samples that begin late, or ended long ago, say nothing. */
static void test_unmeasured(void **state)
{
	struct world *w = *state;

	series_set_done(&w->feed->metrics);
	sample(w, "CPUUtilization", 8, 1);
	expect_none(w);
	series_set_done(&w->feed->metrics);
	for (int i = 60; i >= 10; i--)
		series_put(&w->feed->metrics, "CPUUtilization", "algo-1", NOW_MS - i * MINUTE_MS, 1);
	expect_none(w);
	w->feed = NULL;
	expect_none(w);
}

static void test_silent(void **state)
{
	struct world *w = *state;

	loglines_done(&w->feed->logs);
	loglines_add(&w->feed->logs, "season/algo-1", "1", NOW_MS - 19 * MINUTE_MS, "x", 1);
	loglines_settle(&w->feed->logs);
	expect_none(w);
	loglines_done(&w->feed->logs);
	loglines_add(&w->feed->logs, "season/algo-1", "1", NOW_MS - 21 * MINUTE_MS, "x", 1);
	loglines_settle(&w->feed->logs);
	expect(w, BADGE_SILENT, "no line in its log for 21m");
	w->feed->following = false; /* nobody has asked since */
	expect_none(w);
}

static void test_limit(void **state)
{
	struct world *w = *state;

	w->job->max_runtime_s = 4001;
	expect_none(w);
	w->job->max_runtime_s = 4000;
	expect(w, BADGE_LIMIT, "MaxRuntime stops it in 6m40s");
	job_set_status(w->job, "Completed");
	expect_none(w);
}

static void interrupt(struct world *w, int times)
{
	for (int i = 0; i < times; i++)
		job_add_transition(w->job, "Interrupted", NOW_MS - 30 * MINUTE_MS, NOW_MS - 29 * MINUTE_MS, NULL);
}

static void test_spot(void **state)
{
	struct world *w = *state;

	interrupt(w, 2);
	expect_none(w);
	interrupt(w, 1);
	expect(w, BADGE_SPOT, "spot took its instances 3 times");
}

static void test_pending(void **state)
{
	struct world *w = *state;

	w->job->start_ms = TIME_UNKNOWN;
	w->job->secondary_text = intern("Starting");
	w->job->created_ms = NOW_MS - 14 * MINUTE_MS;
	expect_none(w);
	w->job->created_ms = NOW_MS - 16 * MINUTE_MS;
	expect(w, BADGE_PENDING, "without instances for 16m");
	w->job->detail = DETAIL_SUMMARY; /* its start is not known then */
	expect_none(w);
}

/* The best round of 61 was the 30th: with the 60th as many were for nothing. */
static void test_flat(void **state)
{
	struct world *w = *state;
	struct series *s = series_find(&w->feed->metrics, "validation:rmse");

	for (size_t i = 31; i < s->n - 1; i++)
		s->points[i].value = 50;
	s->points[s->n - 1].value = 50;
	expect(w, BADGE_FLAT, "validation:rmse has not got better since round 30 of 60");
	s->points[40].value = 2;
	expect_none(w);
}

/* Field and page say the same. */
static void test_shown(void **state)
{
	struct world *w = *state;
	struct field_context x = {.session = w->session, .now_ms = NOW_MS};
	struct field_ref ref = {.field = field_find(TRAINING_KIND, "badges", NULL)};
	AUTO(page) struct page p = {0};
	bool said = false;

	interrupt(w, 4);
	w->job->max_runtime_s = 3700;
	struct field_value v = field_get(&ref, job_resource(w->job), &x);
	assert_true(v.known);
	assert_string_equal(v.text, "limit spot");
	page_build(&p, job_resource(w->job), &x, PAGE_FOR_TEXT);
	for (size_t i = 0; i < p.n; i++)
		said |= str_eq(p.lines[i].label, "Look") && str_starts(p.lines[i].parts[0].text, "limit");
	assert_true(said);
	job_set_status(w->job, "Stopped");
	assert_false(field_get(&ref, job_resource(w->job), &x).known);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_none),    TEST(test_idle),	 TEST(test_unmeasured),
					   TEST(test_silent),  TEST(test_limit), TEST(test_spot),
					   TEST(test_pending), TEST(test_flat),	 TEST(test_shown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
