/* test_model_logs.c - log lines, metric series, metrics out of log lines. */
#include "unit.h"

#include "model/loglines.h"
#include "model/series.h"

static bool add(struct loglines *l, const char *stream, const char *id, int64_t ms, const char *text)
{
	return loglines_add(l, stream, id, ms, text, strlen(text));
}

static void test_order_and_identity(void **state)
{
	AUTO(loglines) struct loglines l = {0};

	assert_true(add(&l, "j/algo-1", "1", 100, "first"));
	assert_true(add(&l, "j/algo-1", "2", 100, "second of the same millisecond"));
	assert_true(add(&l, "j/algo-1", "3", 100, "first")); /* same text, other event */
	assert_false(add(&l, "j/algo-1", "2", 100, "second of the same millisecond"));
	assert_true(add(&l, "j/algo-2", "4", 50, "late"));
	loglines_settle(&l);
	assert_int_equal(l.n, 4);
	assert_string_equal(l.lines[0].text, "late");
	assert_string_equal(l.lines[1].text, "first");
	assert_string_equal(l.lines[2].text, "second of the same millisecond");
	assert_string_equal(l.streams.items[l.lines[0].stream], "j/algo-2");
	assert_string_equal(l.last.text, "late");
}

static void test_identity_without_id(void **state)
{
	AUTO(loglines) struct loglines l = {0};

	for (int pass = 0; pass < 3; pass++) {
		loglines_begin_pass(&l);
		bool is_new = pass == 0;

		assert_int_equal(add(&l, "s", NULL, 7, "tick"), is_new);
		assert_int_equal(add(&l, "s", NULL, 7, "tick"), is_new); /* printed twice */
		assert_int_equal(add(&l, "s", NULL, 8, "tick"), is_new);
	}
	assert_int_equal(l.n, 3);
	assert_true(add(&l, "s", NULL, 7, "tick")); /* a third time, within the pass */
	assert_int_equal(l.n, 4);
}

/* A live tail beside the passes: each brings what the other has not. */
static void test_live_and_passes(void **state)
{
	AUTO(loglines) struct loglines l = {0};

	assert_true(loglines_add_live(&l, "s", 7, "tick", 4));
	assert_true(loglines_add_live(&l, "s", 7, "tick", 4));
	assert_true(loglines_add_live(&l, "s", 9, "pushed first", 12));
	loglines_begin_pass(&l);
	assert_false(add(&l, "s", "1", 7, "tick"));
	assert_false(add(&l, "s", "2", 7, "tick"));
	assert_true(add(&l, "s", "3", 7, "tick")); /* the one that sampling left out */
	assert_true(add(&l, "s", "4", 8, "left out too"));
	assert_false(add(&l, "s", "5", 9, "pushed first"));
	loglines_begin_pass(&l);
	assert_false(add(&l, "s", "3", 7, "tick"));
	assert_false(add(&l, "s", "5", 9, "pushed first"));
	assert_true(add(&l, "s", "6", 10, "polled first"));
	assert_false(loglines_add_live(&l, "s", 10, "polled first", 12));
	assert_int_equal(l.n, 6);
}

/* Two streams read one after the other: the second lies far back in time. */
static void test_many_late(void **state)
{
	AUTO(loglines) struct loglines l = {0};
	char id[32], text[32];

	for (int s = 0; s < 3; s++) {
		for (int i = 0; i < 20000; i++) {
			snprintf(id, sizeof(id), "%d-%d", s, i);
			snprintf(text, sizeof(text), "%d %d", s, i);
			assert_true(loglines_add(&l,
						 s == 0	  ? "a"
						 : s == 1 ? "b"
							  : "c",
						 id, i / 10, text, strlen(text)));
		}
	}
	loglines_settle(&l);
	assert_int_equal(l.n, 60000);
	int last[3] = {-1, -1, -1};

	for (size_t i = 0; i < l.n; i++) {
		int s, k;

		if (i > 0)
			assert_true(l.lines[i - 1].time_ms <= l.lines[i].time_ms);
		assert_int_equal(sscanf(l.lines[i].text, "%d %d", &s, &k), 2);
		assert_int_equal(k, last[s] + 1); /* the order of arrival within a stream */
		last[s] = k;
	}
}

static void test_sanitised_and_levels(void **state)
{
	AUTO(loglines) struct loglines l = {0};

	add(&l, "s", NULL, 1, "\x1b[31mERROR\x1b[0m no space left\r\n");
	assert_string_equal(l.lines[0].text, "ERROR no space left");
	assert_int_equal(l.lines[0].level, LINE_ERROR);
	assert_int_equal(l.n_errors, 1);
	static const struct {
		const char *text;
		enum log_line_level level;
	} rows[] = {{"2026-11-21 WARNING: low memory", LINE_WARNING},
		    {"[INFO] read 12 files", LINE_INFO},
		    {"ValueError: bad label", LINE_ERROR},
		    {"warning: unused", LINE_WARNING},
		    {"[12]\ttrain-error:0.25", LINE_PLAIN},
		    {"validation:error fell", LINE_PLAIN},
		    {"DEBUG x", LINE_DEBUG},
		    {"no errors were found", LINE_PLAIN},
		    {"", LINE_PLAIN}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		enum log_line_level level = log_line_level_of(rows[i].text, strlen(rows[i].text));

		if (level != rows[i].level)
			fail_msg("'%s' has level %d", rows[i].text, level);
	}
}

static void test_clear(void **state)
{
	AUTO(loglines) struct loglines l = {0};

	add(&l, "s", "1", 1, "x");
	uint64_t generation = l.generation;
	loglines_clear(&l);
	assert_int_equal(l.n, 0);
	assert_true(l.generation > generation);
	assert_true(add(&l, "s", "1", 1, "x"));
}

static void test_series(void **state)
{
	AUTO(series_set) struct series_set s = {0};
	double lo, hi;

	assert_null(series_find(&s, "a"));
	assert_true(series_add(&s, "a", 10, 1, 5));
	assert_true(series_add(&s, "a", 30, 3, 7));
	assert_true(series_add(&s, "a", 20, 2, -1));
	assert_true(series_add(&s, "a", 20, 1, 2));   /* same time, other step */
	assert_false(series_add(&s, "a", 20, 2, -1)); /* known */
	assert_true(series_add(&s, "a", 20, 2, -2));  /* corrected */
	const struct series *a = series_find(&s, "a");
	assert_int_equal(a->n, 4);
	assert_int_equal(a->points[1].step, 1);
	assert_true(a->points[2].value == -2);
	assert_true(series_range(a, &lo, &hi));
	assert_true(lo == -2 && hi == 7);
	AUTO(series_set) struct series_set empty = {0};
	assert_false(series_range(series_get(&empty, "b"), &lo, &hi));
}

static void test_series_stays_bounded(void **state)
{
	AUTO(series_set) struct series_set s = {0};

	for (int64_t i = 0; i < 400000; i++)
		series_add(&s, "a", i * 1000, i, (double)i);
	const struct series *a = series_find(&s, "a");
	assert_true(a->n < 131072);
	assert_true(a->points[a->n - 1].value >= 399998);
	assert_true(a->points[0].value == 0);
}

static void apply(const struct metric_rules *r, const char *text, int64_t ms, struct series_set *out)
{
	struct log_line line = {.time_ms = ms, .text = text, .len = (uint32_t)strlen(text)};

	metric_rules_apply(r, &line, out);
}

static double value_of(struct series_set *s, const char *name, int64_t step)
{
	const struct series *x = series_find(s, name);

	assert_non_null(x);
	for (size_t i = 0; i < x->n; i++) {
		if (x->points[i].step == step)
			return x->points[i].value;
	}
	fail_msg("%s has no step %d", name, (int)step);
	return 0;
}

static void test_xgboost_lines(void **state)
{
	struct metric_rules *r = metric_rules_new(NULL);
	AUTO(series_set) struct series_set s = {0};

	apply(r, "[0]\ttrain-rmse:10.25\tvalidation-rmse:11", 1, &s);
	apply(r, "[1]#011train-rmse:9.5e-1#011validation-rmse:1.25", 2, &s);
	apply(r, "[2]     train-rmse:0.5      validation-rmse:-0.5", 3, &s); /* tabs after sanitising */
	apply(r, "[14:02:11] INFO: [3]\ttrain-rmse:0.25", 4, &s);
	apply(r, "[14:02:11] src/learner.cc:740: nothing", 5, &s);
	apply(r, "[4] train-rmse:none", 6, &s);
	apply(r, "[5]train-rmse:1", 7, &s);
	assert_true(value_of(&s, "train:rmse", 0) == 10.25);
	assert_true(value_of(&s, "validation:rmse", 0) == 11);
	assert_true(value_of(&s, "train:rmse", 1) == 0.95);
	assert_true(value_of(&s, "validation:rmse", 2) == -0.5);
	assert_true(value_of(&s, "train:rmse", 3) == 0.25);
	assert_int_equal(series_find(&s, "train:rmse")->n, 4);
	assert_int_equal(s.n, 2);
	metric_rules_free(r);
}

static void test_definitions(void **state)
{
	AUTO(job) struct job *j = job_new("a");

	job_add_metric_definition(j, "validation:rmse",
				  ".*\\[[0-9]+\\].*#011validation-rmse:([-+]?[0-9]*\\.?[0-9]+).*");
	job_add_metric_definition(j, "loss", "loss=([0-9.eE+-]+)");
	job_add_metric_definition(j, "slow", "(a+)+$"); /* would backtrack for ever */
	job_add_metric_definition(j, "broken", "(");
	job_add_metric_definition(j, "no group", "epoch");
	struct metric_rules *r = metric_rules_new(j);
	AUTO(series_set) struct series_set s = {0};

	apply(r, "[7]#011train-rmse:1.5#011validation-rmse:2.5", 1, &s);
	apply(r, "[8]\ttrain-rmse:1.5\tvalidation-rmse:2.25", 2, &s); /* a real tab */
	apply(r, "epoch 3 loss=1.5e-3", 3, &s);
	apply(r, "step: 12, loss=+4", 4, &s);
	apply(r, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 5, &s);
	assert_true(value_of(&s, "validation:rmse", 7) == 2.5);
	assert_true(value_of(&s, "validation:rmse", 8) == 2.25);
	assert_true(value_of(&s, "loss", 3) == 0.0015);
	assert_true(value_of(&s, "loss", 12) == 4);
	assert_null(series_find(&s, "train:rmse"));
	assert_null(series_find(&s, "slow"));
	metric_rules_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_order_and_identity),
					   cmocka_unit_test(test_identity_without_id),
					   cmocka_unit_test(test_live_and_passes),
					   cmocka_unit_test(test_many_late),
					   cmocka_unit_test(test_sanitised_and_levels),
					   cmocka_unit_test(test_clear),
					   cmocka_unit_test(test_series),
					   cmocka_unit_test(test_series_stays_bounded),
					   cmocka_unit_test(test_xgboost_lines),
					   cmocka_unit_test(test_definitions)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
