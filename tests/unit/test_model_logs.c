/* test_model_logs.c - log lines, metric series, metrics out of log lines. */
#include "unit.h"

#include <math.h>

#include "model/log_histogram.h"
#include "model/loglines.h"
#include "model/objective.h"

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
	assert_string_equal(loglines_by_seq(&l, l.last_seq)->text, "late");
}

/* A page of older events goes before the others, also of the same time, in its own order. */
static void test_older_pages(void **state)
{
	AUTO(loglines) struct loglines l = {0};
	const char *const wanted[] = {"a", "b", "c", "c", "d", "e", "f"};
	static const struct {
		int64_t ms;
		const char *text;
	} newer[] = {{5, "d"}, {5, "e"}}, older[] = {{3, "a"}, {5, "b"}, {5, "c"}, {5, "c"}};

	for (size_t i = 0; i < ARRAY_LEN(newer); i++)
		assert_true(loglines_add_older(&l, "s", newer[i].ms, newer[i].text, 1, false));
	loglines_settle_older(&l, INT64_MIN);
	assert_true(add(&l, "s", "9", 9, "f")); /* a line that follows */
	uint64_t d = l.lines[0].seq;

	for (size_t i = 0; i < ARRAY_LEN(older); i++)
		assert_true(loglines_add_older(&l, "s", older[i].ms, older[i].text, 1, false));
	loglines_settle_older(&l, 4);
	assert_int_equal(l.n, 6); /* "a" waits */
	assert_string_equal(l.lines[0].text, "b");
	loglines_settle_older(&l, INT64_MIN);
	assert_int_equal(l.n, ARRAY_LEN(wanted));
	for (size_t i = 0; i < l.n; i++)
		assert_string_equal(l.lines[i].text, wanted[i]);
	assert_int_equal(l.lines[4].seq, d);
	assert_int_equal(l.n_before, 6);
	loglines_begin_pass(&l);
	assert_false(add(&l, "s", "x", 5, "b")); /* known whichever way it comes */
	assert_false(add(&l, "s", NULL, 5, "d"));
	assert_false(add(&l, "s", NULL, 5, "c"));
	assert_false(add(&l, "s", NULL, 5, "c"));
	loglines_finish(&l);
	assert_int_equal(l.n, ARRAY_LEN(wanted));
}

/* Two streams, read backwards by pages of any size: what was held back comes to its place
 * in the order of its stream. */
static void test_older_at_random(void **state)
{
	for (unsigned seed = 1; seed <= 50; seed++) {
		AUTO(loglines) struct loglines l = {0};
		int64_t times[2][200], t = 0, from[2] = {200, 200}, shown = 0;
		const char *const names[] = {"s0", "s1"};
		uint64_t random = seed * 88172645463325252ULL;
		char text[16];

		for (int i = 0; i < 400; i++) {
			random ^= random << 13, random ^= random >> 7, random ^= random << 17;
			times[i % 2][i / 2] = t += random % 4 == 0;
		}
		while (from[0] > 0 || from[1] > 0) {
			int64_t last[2] = {from[0] == 0	    ? INT64_MIN
					   : from[0] == 200 ? INT64_MAX
							    : times[0][from[0]],
					   from[1] == 0	    ? INT64_MIN
					   : from[1] == 200 ? INT64_MAX
							    : times[1][from[1]]};
			int k = last[1] > last[0];

			random ^= random << 13, random ^= random >> 7, random ^= random << 17;
			int64_t n = MIN(1 + (int64_t)(random % 23), from[k]);

			from[k] -= n;
			for (int64_t i = from[k]; i < from[k] + n; i++) {
				snprintf(text, sizeof(text), "%d", (int)i);
				assert_true(loglines_add_older(&l, names[k], times[k][i], text, strlen(text), false));
			}
			last[k] = from[k] == 0 ? INT64_MIN : times[k][from[k]];
			loglines_settle_older(&l, MAX(last[0], last[1]));
			assert_true((int64_t)l.n >= shown);
			shown = (int64_t)l.n;
		}
		assert_int_equal(l.n, 400);
		int64_t next[2] = {0, 0};

		for (size_t i = 0; i < l.n; i++) {
			int k = str_eq(l.streams.items[l.lines[i].stream], "s1");

			snprintf(text, sizeof(text), "%d", (int)next[k]++);
			assert_string_equal(l.lines[i].text, text);
			assert_true(i == 0 || l.lines[i - 1].time_ms <= l.lines[i].time_ms);
		}
	}
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
		    {"{\"ts\":1.5,\"level\":\"error\",\"msg\":\"x\"}", LINE_ERROR},
		    {"{\"msg\": \"retry after ERROR\", \"levelname\": \"info\"}", LINE_INFO},
		    {"{\"msg\": \"the level of ERROR\"}", LINE_ERROR},
		    {"{\"level\": 50}", LINE_PLAIN},
		    {"ts=2026-11-30 level=warning tag=x", LINE_WARNING},
		    {"ts=1 level=info msg=\"no ERROR here\"", LINE_INFO},
		    {"noise level: 0.25", LINE_PLAIN},
		    {"epoch 3 train error: 0.25", LINE_PLAIN},
		    {"Test Error: nan, Avg loss: .5", LINE_PLAIN},
		    {"error: no such file", LINE_ERROR},
		    {"2026/11/30 12:00:00 [error] 7#7: upstream", LINE_ERROR},
		    {"panic: runtime error", LINE_ERROR},
		    {"E1130 12:00:00.123456 140 file.cc:12] bad", LINE_ERROR},
		    {"W1130 12:00:00.1 1 file.cc:1] odd", LINE_WARNING},
		    {"E1130 is a part", LINE_PLAIN},
		    {"2026-11-30 10:00:00.123456: E tensorflow/stream.cc:1] bad", LINE_ERROR},
		    {"2026-11-30 10:00:00.1: I tensorflow/core/x.cc:1] so", LINE_INFO},
		    {"12: E = mc", LINE_PLAIN},
		    {"x", LINE_PLAIN},
		    {"./run: line 3: 17 Segmentation fault      (core dumped) python", LINE_ERROR},
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

	assert_null(series_find(&s, "a"));
	series_add(&s, "a", NULL, 10, 1, 5);
	series_add(&s, "a", NULL, 30, 3, 7);
	series_add(&s, "a", NULL, 20, 2, -1);
	series_add(&s, "a", NULL, 20, 1, 2);
	series_add(&s, "a", NULL, 20, 2, -1); /* printed twice: two points */
	const struct series *a = series_find(&s, "a");
	assert_int_equal(a->n, 5);
	assert_true(a->points[1].value == -1 && a->points[2].value == 2 && a->points[3].value == -1);
	assert_true(a->points[0].value == 5 && a->points[4].value == 7);
}

/* Samples of CloudWatch are asked for again and corrected; they do not pile up. */
static void test_series_samples(void **state)
{
	AUTO(series_set) struct series_set s = {0};

	assert_true(series_put(&s, "CPUUtilization", "algo-1", 60000, 5));
	assert_true(series_put(&s, "CPUUtilization", "algo-2", 60000, 6));
	assert_true(series_put(&s, "CPUUtilization", "algo-1", 120000, 7));
	assert_false(series_put(&s, "CPUUtilization", "algo-1", 60000, 5));
	assert_true(series_put(&s, "CPUUtilization", "algo-1", 60000, 4));
	assert_int_equal(s.n, 2);
	assert_int_equal(s.items[0].n, 2);
	assert_true(s.items[0].points[0].value == 4);
}

/* What several instances print at the same step are several series. */
static void test_series_per_instance(void **state)
{
	AUTO(series_set) struct series_set s = {0};
	char label[64];

	series_add(&s, "loss", "algo-1", 10, 1, 5);
	assert_string_equal(series_label(label, sizeof(label), &s, &s.items[0]), "loss");
	series_add(&s, "loss", "algo-2", 10, 1, 6);
	assert_int_equal(s.n, 2);
	assert_string_equal(series_label(label, sizeof(label), &s, &s.items[0]), "loss algo-1");
	assert_string_equal(series_label(label, sizeof(label), &s, &s.items[1]), "loss algo-2");
	assert_true(series_find(&s, "loss")->points[0].value == 5);
}

static void test_series_final(void **state)
{
	AUTO(series_set) struct series_set s = {0};

	series_put_final(&s, "loss", 99, 0.25);
	series_put_final(&s, "loss", 99, 0.25);
	assert_int_equal(series_find(&s, "loss")->n, 1);
	assert_true(series_find(&s, "loss")->is_final);
	series_add(&s, "loss", "algo-1", 10, 1, 5); /* the log has it after all */
	series_put_final(&s, "loss", 99, 0.25);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.items[0].n, 1);
	assert_false(s.items[0].is_final);
	assert_true(s.items[0].points[0].value == 5);
}

/* A restart takes the steps back: what came before is another segment. */
static void test_series_segments(void **state)
{
	AUTO(series_set) struct series_set s = {0};
	double best;
	int64_t step;

	for (int i = 0; i < 10; i++)
		series_add(&s, "loss", "algo-1", 10 + i, i, 1.0 / (i + 1));
	assert_int_equal(series_segment(&s.items[0]), 0);
	for (int i = 4; i < 7; i++)
		series_add(&s, "loss", "algo-1", 100 + i, i, 0.5 - 0.01 * i);
	assert_int_equal(series_segment(&s.items[0]), 10);
	assert_true(series_breaks_at(&s.items[0], 10));
	assert_true(series_best(&s.items[0], METRIC_SMALLER, &best, &step));
	assert_true(best == 0.5 - 0.01 * 6 && step == 6); /* not the 0.1 of before */
	AUTO(series_set) struct series_set none = {0};
	assert_int_equal(series_segment(series_get(&none, "x", NULL)), 0);
}

static void test_direction(void **state)
{
	static const struct {
		const char *name;
		enum metric_direction direction;
	} rows[] = {{"validation:rmse", METRIC_SMALLER},
		    {"validation:auc", METRIC_LARGER},
		    {"train:mlogloss", METRIC_SMALLER},
		    {"validation:ndcg@10-", METRIC_LARGER},
		    {"validation:map", METRIC_LARGER},
		    {"validation:mape", METRIC_SMALLER},
		    {"validation:error@0.7", METRIC_SMALLER},
		    {"eval_accuracy", METRIC_LARGER},
		    {"val_loss", METRIC_SMALLER},
		    {"ValidationLoss", METRIC_SMALLER},
		    {"neg_mean_squared_error", METRIC_LARGER},
		    {"validation:cox-nloglik", METRIC_SMALLER},
		    {"f1", METRIC_LARGER},
		    {"test:f1_macro", METRIC_LARGER},
		    {"ObjectiveMetric", METRIC_EITHER},
		    {"epoch", METRIC_EITHER},
		    {"learning_rate", METRIC_EITHER},
		    {"", METRIC_EITHER}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (metric_direction(rows[i].name, NULL) != rows[i].direction)
			fail_msg("%s: %d", rows[i].name, metric_direction(rows[i].name, NULL));
	}
	AUTO(job) struct job *j = job_new("a");

	strmap_set(&j->cold->hyperparameters, "metric_for_best_model", "\"quality\"");
	strmap_set(&j->cold->hyperparameters, "greater_is_better", "False");
	assert_int_equal(metric_direction("eval_quality", j), METRIC_SMALLER);
	strmap_set(&j->cold->hyperparameters, "greater_is_better", "true");
	assert_int_equal(metric_direction("eval_quality", j), METRIC_LARGER);
	assert_int_equal(metric_direction("eval_loss", j), METRIC_SMALLER);
}

static void test_best_objective(void **state)
{
	AUTO(job) struct job *j = job_new("a");
	AUTO(series_set) struct series_set s = {0};
	double best, last;
	int64_t step;

	assert_false(job_best_objective(j, NULL, &best, &step, &last));
	job_set_status(j, "Completed");
	job_add_final_metric(j, "validation:auc", 0.7, 9);
	assert_true(job_best_objective(j, NULL, &best, &step, &last));
	assert_true(best == 0.7 && last == 0.7 && step == -1);
	static const double auc[] = {0.6, 0.9, NAN, 0.8};

	for (size_t i = 0; i < ARRAY_LEN(auc); i++)
		series_add(&s, "validation:auc", "algo-1", 10, (int64_t)i, auc[i]);
	assert_true(job_best_objective(j, &s.items[0], &best, &step, &last));
	assert_true(best == 0.9 && step == 1 && last == 0.8);
	series_add(&s, "validation:auc", "algo-1", 11, 4, NAN);
	assert_true(job_best_objective(j, &s.items[0], &best, &step, &last));
	assert_true(best == 0.9 && isnan(last)); /* the last says nan */
}

/* What was read of a curve stays with its job when the curve goes. */
static void test_best_is_kept(void **state)
{
	AUTO(job) struct job *j = job_new("a");
	AUTO(series_set) struct series_set s = {0}, final = {0}, empty = {0};
	double best, last;
	int64_t step;

	job_add_final_metric(j, "validation:auc", 0.7, 9);
	series_put_final(&final, "validation:auc", 9, 0.7);
	series_add(&empty, "validation:auc", NULL, 1, 1, NAN);
	assert_false(job_keep_best(j, NULL));
	assert_false(job_keep_best(j, &final.items[0])); /* no curve */
	assert_false(job_keep_best(j, &empty.items[0]));
	for (int64_t i = 0; i < 3; i++)
		series_add(&s, "validation:auc", NULL, i, i, i == 1 ? 0.9 : 0.7);
	assert_true(job_keep_best(j, &s.items[0]));
	assert_false(job_keep_best(j, &s.items[0]));
	job_derive(j);
	for (int trimmed = 0; trimmed < 2; trimmed++) {
		assert_true(job_best_objective(j, trimmed ? &final.items[0] : NULL, &best, &step, &last));
		assert_true(best == 0.9 && step == 1 && last == 0.7);
		j->detail = DETAIL_SEARCHED;
		job_trim(j);
	}
	/* Another metric is the objective now: it has no best yet. */
	struct job *tuned = job_new("a");

	tuned->detail = DETAIL_DESCRIBED;
	tuned->modified_ms = 1;
	job_add_final_metric(tuned, "validation:auc", 0.7, 9);
	job_add_final_metric(tuned, "f1", 0.4, 9);
	strmap_set(&tuned->cold->hyperparameters, "_tuning_objective_metric", "f1");
	(void)job_merge(j, tuned);
	assert_true(job_best_objective(j, NULL, &best, &step, &last));
	assert_true(best == 0.4 && step == -1 && last == 0.4);
}

/* What is shown of it stays right: its first and last value, the best in either direction. */
static void test_series_stays_bounded(void **state)
{
	AUTO(series_set) struct series_set s = {0};
	double best;
	int64_t step;

	for (int64_t i = 0; i < 400000; i++)
		series_add(&s, "a", NULL, i * 1000, i, i == 12345 ? -5 : i == 54321 ? 500000 : (double)i);
	const struct series *a = series_find(&s, "a");
	assert_true(a->n < 131072);
	assert_true(a->points[a->n - 1].value == 399999);
	assert_true(a->points[0].value == 0);
	assert_true(series_best(a, METRIC_SMALLER, &best, &step) && best == -5 && step == 12345);
	assert_true(series_best(a, METRIC_LARGER, &best, &step) && best == 500000 && step == 54321);
}

static void apply(struct metric_rules *r, const char *text, int64_t ms, struct series_set *out)
{
	struct log_line line = {.time_ms = ms, .text = text, .len = strlen(text)};

	metric_rules_apply(r, NULL, &line, out);
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

/* Lines that CloudWatch spells and terminals interpret. */
static void test_clean_text(void **state)
{
	static const struct {
		const char *raw, *clean;
	} rows[] = {{"plain", "plain"},
		    {"a\tb", "a\tb"},
		    {"a#011b", "a\tb"},
		    {"\r  0%|  |\r 50%|# |\r100%|##|", "100%|##|"},
		    {"#015  0%#015 50%#015100%", "100%"},
		    {"100%\r", "100%"},
		    {"100%#015", "100%"},
		    {"a\r\nb\r\n", "a\nb"},
		    {"long first state\rshort", "short"},
		    {"1/3 [=>] 0.9\b\b\b\b\b\b\b\b\b\b\b\b2/3 [==] 0.5", "2/3 [==] 0.5"},
		    {"1/3 0.9#010#010#010#0100.4", "1/30.4"},
		    {"wait |\b/\b-", "wait -"},
		    {"kept\b\b\b", "kept"}, /* nothing was written over it */
		    {"#033[32mINFO#033[0m: x", "INFO: x"},
		    {"\x1b[1;31mred\x1b[0m", "red"},
		    {"old text\x1b[2K\rnew", "new"},
		    {"old\r\x1b[Knew", "new"},
		    {"\x1b]0;title\a"
		     "text",
		     "text"},
		    {"one#012two", "one\ntwo"},
		    {"  indented\n\n\tmore", "  indented\n\n\tmore"},
		    {"colour #010203 and #001 and #99", "colour #010203 and #001 and #99"},
		    {"[YELLOW] [[.m][0]] \\x1b[31m #033 x", "[YELLOW] [[.m][0]] \\x1b[31m #033 x"},
		    {"\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd"},
		    {"\xe2\x80\xae"
		     "evil\x07",
		     "evil"},
		    {"caf\xc3\xa9\b\xc3\xa8", "caf\xc3\xa8"},
		    {"#", "#"},
		    {"#01", "#01"},
		    {"\n", ""},
		    {"", ""}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(buf) struct buf out = BUF_INIT(4096);

		assert_int_equal(log_text_clean(&out, rows[i].raw, strlen(rows[i].raw)), 0);
		if (strcmp(buf_str(&out), rows[i].clean) != 0)
			fail_msg("'%s' becomes '%s'", rows[i].raw, buf_str(&out));
	}
}

static void test_levels_behind(void **state)
{
	AUTO(buf) struct buf text = BUF_INIT(4096);

	for (int i = 0; i < 80; i++)
		(void)buf_adds(&text, "████");
	(void)buf_adds(&text, "Traceback (most recent call last):");
	assert_int_equal(log_line_level_of(buf_str(&text), text.len), LINE_ERROR);
	static const char lines[] = "INFO started\nWARNING slow\n  quiet\nValueError: bad\nmore";

	assert_int_equal(log_line_level_of(lines, strlen(lines)), LINE_ERROR);
	assert_int_equal(log_line_level_of(lines, 25), LINE_WARNING);
}

/* Sequence numbers stay with their lines when others go or come before them. */
static void test_sequence_numbers(void **state)
{
	AUTO(loglines) struct loglines l = {0};

	add(&l, "s", "1", 100, "one");
	add(&l, "s", "2", 50, "late");
	loglines_settle(&l);
	uint64_t one = l.lines[1].seq;

	assert_string_equal(loglines_by_seq(&l, one)->text, "one");
	loglines_forget(&l);
	assert_int_equal(l.n, 0);
	assert_null(loglines_by_seq(&l, one));
	assert_false(add(&l, "s", "1", 100, "one")); /* still known */
	assert_true(add(&l, "s", "3", 101, "two"));
	assert_true(l.lines[0].seq > one);
	loglines_clear(&l);
	assert_true(add(&l, "s", "1", 100, "one"));
	assert_true(l.lines[0].seq > one + 1);
}

static bool is_even(void *user, const struct log_line *line)
{
	++*(int *)user;
	return (line->text[0] - '0') % 2 == 0;
}

static void test_select(void **state)
{
	AUTO(loglines) struct loglines l = {0};
	int asked = 0;

	for (int i = 0; i < 10; i++) {
		char text[] = {(char)('0' + i), 0};

		add(&l, "s", NULL, i, text);
	}
	loglines_select(&l, 3, is_even, &asked);
	assert_int_equal(asked, 10);
	assert_int_equal(l.n, 3);
	assert_string_equal(l.lines[0].text, "4");
	assert_string_equal(l.lines[2].text, "8");
}

/* Followed for days: memory stays bounded, and what may still be brought again is
 * known. */
static void test_seen_is_bounded(void **state)
{
	AUTO(log_seen) struct log_seen s = {.half = 1000, .horizon_ms = 500};
	char id[32];

	for (int64_t i = 0; i < 20000; i++) {
		snprintf(id, sizeof(id), "%d", (int)i);
		assert_true(log_seen_add(&s, SEEN_READ, "s", id, i, "text", 4));
		if (i >= 500 && i % 100 == 0) { /* read again from before the newest */
			log_seen_begin(&s);
			for (int64_t k = i - 500; k <= i; k++) {
				snprintf(id, sizeof(id), "%d", (int)k);
				assert_false(log_seen_add(&s, SEEN_READ, "s", id, k, "text", 4));
			}
		}
	}
	assert_true(s.forgot);
	assert_true(s.young.n + s.old.n < 5000);
}

/* A log that is read once, many lines a millisecond: little is kept, and a reading that
 * begins again where that begins brings nothing twice. */
static void test_seen_of_one_reading(void **state)
{
	AUTO(log_seen) struct log_seen s = {.half = 1000, .horizon_ms = 1};
	char id[32];

	for (int i = 0; i < 50000; i++) {
		snprintf(id, sizeof(id), "%d", i);
		assert_true(log_seen_add(&s, SEEN_READ, "s", id, i / 300, "text", 4));
	}
	assert_true(s.forgot);
	assert_true(s.young.n + s.old.n < 4000);
	log_seen_begin(&s);
	int known = 0;
	for (int i = 0; i < 50000; i++) {
		snprintf(id, sizeof(id), "%d", i);
		if (i / 300 < s.known_from_ms)
			continue;
		assert_false(log_seen_add(&s, SEEN_READ, "s", id, i / 300, "text", 4));
		known++;
	}
	assert_true(known >= 300);
}

static void test_odd_numbers(void **state)
{
	AUTO(job) struct job *j = job_new("a");

	job_add_metric_definition(j, "x", "x=(\\S+)");
	job_add_metric_definition(j, "digits", "d=([0-9.]+)");
	job_add_metric_definition(j, "cell", "^c,(\\d+),");
	struct metric_rules *r = metric_rules_new(j);
	static const struct {
		const char *line, *metric;
		double value; /* -1: none */
	} rows[] = {{"x=1,234.5", "x", 1234.5},
		    {"x=12,345,678", "x", 12345678},
		    {"x=1.234,5", "x", -1},
		    {"x=5,3", "x", -1},
		    {"x=1.2.3", "x", -1},
		    {"x=0x1f", "x", -1},
		    {"x=none", "x", -1},
		    {"x=1e-05", "x", 1e-05},
		    {"x=0.5,", "x", 0.5},
		    {"x=97%", "x", 97},
		    {"x=.5", "x", 0.5},
		    {"x=3it/s", "x", 3},
		    {"x=-", "x", -1},
		    {"x=1e400", "x", -1},
		    {"x=Nancy", "x", -1},
		    {"d=1,234.5 s", "digits", 1234.5},
		    {"d=1e-05", "digits", 1e-05},
		    {"c,12,345,6", "cell", 12},
		    {"d=0.123,0.456", "digits", 0.123}, /* a row of CSV */
		    {"d=12.345,0.5", "digits", 12.345},
		    {"d=0.123,4", "digits", 0.123},
		    {"d=3,0.123,0.456", "digits", 3},
		    {"d=12,34,567.8", "digits", -1},
		    {"x=inf", "x", INFINITY},
		    {"x=+Infinity", "x", INFINITY}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(series_set) struct series_set s = {0};

		apply(r, rows[i].line, 1, &s);
		const struct series *x = series_find(&s, rows[i].metric);

		if (rows[i].value == -1 ? x != NULL : !x || x->points[0].value != rows[i].value)
			fail_msg("%s gives %g", rows[i].line, x ? x->points[0].value : -1);
	}
	AUTO(series_set) struct series_set s = {0};

	apply(r, "x=nan", 1, &s);
	apply(r, "x=-NaN", 2, &s);
	apply(r, "x=-inf", 3, &s);
	assert_int_equal(series_find(&s, "x")->n, 3);
	assert_true(isnan(s.items[0].points[0].value) && isnan(s.items[0].points[1].value));
	assert_true(s.items[0].points[2].value == -INFINITY);
	metric_rules_free(r);
}

static void test_xgboost_odd(void **state)
{
	struct metric_rules *r = metric_rules_new(NULL);
	AUTO(series_set) struct series_set s = {0};

	apply(r, "[0]\ttrain-auc:nan\tvalidation-auc:0.6", 1, &s);
	apply(r, "[0]#011cv-auc:0.910+0.003#011cv-error:0.1+0.01", 2, &s);
	apply(r, "[1]\ttrain-auc:0.5\n[2]\ttrain-auc:0.7", 3, &s); /* one event */
	assert_true(isnan(value_of(&s, "train:auc", 0)));
	assert_true(value_of(&s, "validation:auc", 0) == 0.6);
	assert_true(value_of(&s, "cv:auc", 0) == 0.91);
	assert_true(value_of(&s, "cv:error", 0) == 0.1);
	assert_true(value_of(&s, "train:auc", 2) == 0.7);
	metric_rules_free(r);
}

/* Of an event its lines, as they are shown, and as often as they come: the log gives the
 * same values from the service and from the cache. */
static void test_metrics_as_shown(void **state)
{
	AUTO(job) struct job *j = job_new("a");
	static const char *const events[] = {
		"  1/10 [==>...] - loss: 0.9 - acc: 0.5\r 10/10 [=====] - loss: 0.25 - acc: 0.6",
		"loss: \x1b[1m0.5\x1b[0m",
		"Epoch 3 end\nloss: 0.75\r\nloss: 0.125\n",
		"took\n12.5 s",
	};

	job_add_metric_definition(j, "loss", "loss: ([0-9.]+)");
	job_add_metric_definition(j, "last", "^loss: ([0-9.]+)$");
	job_add_metric_definition(j, "seconds", "took\\n([0-9.]+)");
	for (int clean = 0; clean < 2; clean++) {
		AUTO(series_set) struct series_set s = {0};
		struct metric_rules *r = metric_rules_new(j);

		for (size_t i = 0; i < ARRAY_LEN(events); i++) {
			AUTO(buf) struct buf text = BUF_INIT(1024);

			assert_int_equal(log_text_clean(&text, events[i], strlen(events[i])), 0);
			apply(r, clean ? buf_str(&text) : events[i], (int64_t)i, &s);
		}
		const struct series *loss = series_find(&s, "loss"), *last = series_find(&s, "last");

		assert_int_equal(loss->n, 4);
		assert_true(loss->points[0].value == 0.25 && loss->points[1].value == 0.5);
		assert_true(loss->points[2].value == 0.75 && loss->points[3].value == 0.125);
		assert_int_equal(loss->points[3].step, 3);
		assert_int_equal(last->n, 3);
		assert_true(value_of(&s, "seconds", -1) == 12.5);
		metric_rules_free(r);
	}
}

static int64_t last_step(struct metric_rules *r, const char *text, struct series_set *s)
{
	apply(r, text, 1, s);
	const struct series *x = series_find(s, "loss");

	return x->points[x->n - 1].step;
}

/* How far within an epoch: steps that grow from line to line. */
static void test_steps_within_epochs(void **state)
{
	AUTO(job) struct job *j = job_new("a");
	AUTO(series_set) struct series_set s = {0};

	job_add_metric_definition(j, "loss", "[Ll]oss: ([0-9.]+)");
	struct metric_rules *r = metric_rules_new(j);

	assert_int_equal(last_step(r, "Train Epoch: 1 [6400/60000 (11%)]\tLoss: 0.5", &s), 6400);
	assert_int_equal(last_step(r, "Train Epoch: 2 [0/60000 (0%)]\tLoss: 0.4", &s), 60000);
	assert_int_equal(last_step(r, "Epoch [2/10], Step [200/600], Loss: 0.4", &s), 800);
	assert_int_equal(last_step(r, "epoch 7 Loss: 0.4", &s), 7);
	assert_int_equal(last_step(r, "epoch 3/10 Loss: 0.4", &s), 3);
	metric_rules_free(r);
	r = metric_rules_new(j);
	assert_int_equal(last_step(r, "Epoch: 0 [64/100] Loss: 0.5", &s), 64);
	assert_int_equal(last_step(r, "Epoch: 1 [64/100] Loss: 0.5", &s), 164);
	metric_rules_free(r);
}

/* A metric at the end of a long line. */
static void test_long_line(void **state)
{
	AUTO(job) struct job *j = job_new("a");
	AUTO(buf) struct buf text = BUF_INIT(1 << 20);
	AUTO(series_set) struct series_set s = {0};

	job_add_metric_definition(j, "loss", "loss=([0-9.]+)");
	struct metric_rules *r = metric_rules_new(j), *own = metric_rules_new(NULL);

	(void)buf_adds(&text, "[3] ");
	for (int i = 0; i < 20000; i++)
		(void)buf_addf(&text, "c%d:1 ", i);
	(void)buf_adds(&text, "last-rmse:0.25 loss=0.5");
	apply(r, buf_str(&text), 1, &s);
	assert_true(value_of(&s, "loss", 3) == 0.5);
	AUTO(series_set) struct series_set x = {0};

	buf_truncate(&text, text.len - strlen(" loss=0.5"));
	apply(own, buf_str(&text), 1, &x);
	assert_true(value_of(&x, "last:rmse", 3) == 0.25);
	metric_rules_free(r);
	metric_rules_free(own);
}

static void test_same_millisecond(void **state)
{
	AUTO(job) struct job *j = job_new("a");
	AUTO(series_set) struct series_set s = {0};
	char text[32];

	job_add_metric_definition(j, "loss", "loss=([0-9.]+)");
	struct metric_rules *r = metric_rules_new(j);

	for (int i = 1; i <= 5; i++) {
		snprintf(text, sizeof(text), "loss=%d", i);
		apply(r, text, 7, &s);
	}
	const struct series *x = series_find(&s, "loss");

	assert_int_equal(x->n, 5);
	for (int i = 0; i < 5; i++)
		assert_true(x->points[i].value == i + 1);
	metric_rules_free(r);
}

#define LINES 3000

/* Random lines in any order: every bucket holds what a walk over all of them finds in it. */
static void test_buckets(void **state)
{
	static const int64_t spans[] = {0, 900, 20000, 7200000, 86400000 * 9LL};
	int64_t times[LINES];
	enum log_line_level levels[LINES];

	srand(7);
	for (size_t k = 0; k < ARRAY_LEN(spans); k++) {
		AUTO(log_seconds) struct log_seconds c = {0};
		int64_t width = 0, offset = k % 2 ? 3600000 : 0;
		size_t n, all = 0;

		for (int i = 0; i < LINES; i++) {
			times[i] = 1795240800123 + (spans[k] ? (int64_t)rand() * 1009 % spans[k] : 0);
			levels[i] = (enum log_line_level)(rand() % (LINE_ERROR + 1));
			log_seconds_add(&c, times[i], levels[i]);
		}
		struct log_bucket *b = log_seconds_sum(&c, &width, offset, 40, &n);
		assert_true(n > 0 && n <= 40);
		for (size_t i = 0; i < n; i++) {
			size_t lines = 0, errors = 0, warnings = 0;

			for (int j = 0; j < LINES; j++) {
				bool in = times[j] >= b[i].from_ms && times[j] < b[i].from_ms + width;

				lines += in;
				errors += in && levels[j] == LINE_ERROR;
				warnings += in && levels[j] == LINE_WARNING;
			}
			assert_int_equal(b[i].lines, lines);
			assert_int_equal(b[i].errors, errors);
			assert_int_equal(b[i].warnings, warnings);
			assert_int_equal(b[i].from_ms, log_bucket_start(b[i].from_ms, width, offset));
			all += lines;
		}
		assert_int_equal(all, LINES);
		assert_true(log_bucket_step(width, 1) > width &&
			    log_bucket_step(log_bucket_step(width, 1), -1) == width);
		free(b);
	}
	AUTO(log_seconds) struct log_seconds none = {0};
	int64_t width = 0;
	size_t n;
	assert_null(log_seconds_sum(&none, &width, 0, 40, &n));
	assert_int_equal(n, 0);
	assert_int_equal(log_bucket_start(-1, 1000, 0), -1000);
}

/* What is there is seen, however little, and a bar is never longer than its room. */
static void test_bars(void **state)
{
	for (size_t lines = 0; lines <= 40; lines++)
		for (size_t errors = 0; errors <= lines; errors++)
			for (size_t warnings = 0; errors + warnings <= lines; warnings++) {
				struct log_bucket b = {0, lines, errors, warnings};
				int cells[3];

				log_bucket_bar(&b, 40, 10, cells);
				assert_int_equal(cells[0] > 0, errors > 0);
				assert_int_equal(cells[1] > 0, warnings > 0);
				assert_int_equal(cells[2] > 0, lines > errors + warnings);
				assert_true(cells[0] + cells[1] + cells[2] <= 10);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_order_and_identity),
					   cmocka_unit_test(test_older_pages),
					   cmocka_unit_test(test_older_at_random),
					   cmocka_unit_test(test_identity_without_id),
					   cmocka_unit_test(test_live_and_passes),
					   cmocka_unit_test(test_many_late),
					   cmocka_unit_test(test_sanitised_and_levels),
					   cmocka_unit_test(test_clear),
					   cmocka_unit_test(test_series),
					   cmocka_unit_test(test_series_stays_bounded),
					   cmocka_unit_test(test_xgboost_lines),
					   cmocka_unit_test(test_definitions),
					   cmocka_unit_test(test_series_samples),
					   cmocka_unit_test(test_series_per_instance),
					   cmocka_unit_test(test_series_final),
					   cmocka_unit_test(test_series_segments),
					   cmocka_unit_test(test_direction),
					   cmocka_unit_test(test_best_objective),
					   cmocka_unit_test(test_best_is_kept),
					   cmocka_unit_test(test_clean_text),
					   cmocka_unit_test(test_levels_behind),
					   cmocka_unit_test(test_sequence_numbers),
					   cmocka_unit_test(test_select),
					   cmocka_unit_test(test_seen_is_bounded),
					   cmocka_unit_test(test_seen_of_one_reading),
					   cmocka_unit_test(test_odd_numbers),
					   cmocka_unit_test(test_xgboost_odd),
					   cmocka_unit_test(test_metrics_as_shown),
					   cmocka_unit_test(test_steps_within_epochs),
					   cmocka_unit_test(test_long_line),
					   cmocka_unit_test(test_same_millisecond),
					   cmocka_unit_test(test_buckets),
					   cmocka_unit_test(test_bars)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
