/* test_judge.c - a backtest's predictions, read and judged: cases worked out by hand. */
#include "unit.h"

#include <math.h>

#include "app/backtest.h"
#include "app/html.h"
#include "base/csv.h"

#define HEADER "date,entity,group,cycle,scored,actual,prediction,low,high,scale"

static int read_text(struct backtest_rows *p, const char *text, struct err *err)
{
	int rc = 0;

	backtest_rows_init(p, "t.csv");
	while (rc == 0 && *text) {
		size_t n = strcspn(text, "\n");
		n += text[n] == '\n';
		rc = backtest_rows_add_line(p, text, n, err);
		text += n;
	}
	return rc < 0 ? rc : backtest_rows_end(p, err);
}

/* Header, the names of the columns (",baseline:q" or "") and rows, judged. */
static void judge_text(struct backtest_result *r, const char *columns, const char *rows)
{
	AUTO(str) char *text = xasprintf(HEADER "%s\n%s", columns, rows);
	struct err err = {0};

	*r = (struct backtest_result){0};
	if (read_text(&r->predictions, text, &err) < 0)
		fail_msg("%s", err.msg);
	backtest_result_input(r, 0.8);
	judge_predictions(&r->input, &r->judge);
}

static void near(double got, double expected)
{
	if (!(fabs(got - expected) <= 1e-12 * fmax(1, fabs(expected))))
		fail_msg("%.17g, %.17g is expected", got, expected);
}

/* Errors 0 1 2 | 0 -1 1, the baseline's 2 1 0 | -1 -3 -5. */
static const char two_slates[] = "2018-01-01,a,g,0,1,1,1,,,2,3\n"
				 "2018-01-01,b,g,0,1,2,3,,,2,3\n"
				 "2018-01-01,c,g,0,1,3,5,,,2,3\n"
				 "2018-01-09,a,g,1,1,4,4,,,,3\n"
				 "2018-01-09,b,g,1,1,6,5,,,,3\n"
				 "2018-01-09,c,g,1,1,8,9,,,,3\n";

static void test_measures(void **state)
{
	AUTO(backtest_result) struct backtest_result r;

	judge_text(&r, ",baseline:q", two_slates);
	const struct judge_measures *m = &judge_whole(&r.judge)->measures;
	assert_int_equal(m->n, 6);
	near(m->mae, 5.0 / 6);
	near(m->rmse, sqrt(7.0 / 6));
	near(m->bias, 0.5);
	near(m->mase, 0.5);
	assert_int_equal(m->mase_n, 3);
	near(m->rank, 1);
	assert_int_equal(m->rank_slates, 2);
	near(r.judge.others[0].mae, 2);
	assert_true(isnan(r.judge.others[0].rank)); /* constant within each slate */
	assert_int_equal(r.judge.by[JUDGE_BY_CYCLE].n, 2);
	near(r.judge.by[JUDGE_BY_CYCLE].items[1].measures.mae, 2.0 / 3);
	assert_int_equal(r.judge.by[JUDGE_BY_WEEK].n, 2);
	near(r.judge.by[JUDGE_BY_ENTITY].items[2].measures.mae, 1.5);
	near(r.judge.by[JUDGE_BY_ENTITY].items[2].skills[0].skill, 1 - 3.0 / 5);
}

static void test_skill(void **state)
{
	AUTO(backtest_result) struct backtest_result r;

	judge_text(&r, ",baseline:q", two_slates);
	const struct judge_skill *s = &judge_whole(&r.judge)->skills[0];
	const struct judge_test *t = &r.judge.tests[0];
	assert_int_equal(s->n, 6);
	assert_int_equal(s->slates, 2);
	near(s->skill, 1 - 5.0 / 12);
	near(s->se, 7.0 / 18); /* without one and the other: 7/9 and 0 */
	near(s->low, 7.0 / 12 - JUDGE_Z * 7 / 18);
	near(s->high, 7.0 / 12 + JUDGE_Z * 7 / 18);
	near(t->boot_low, 0); /* a quarter of the draws are the first slate twice */
	near(t->boot_high, 7.0 / 9);
	assert_int_equal(t->lag, 1);
	near(t->dm, -2);
	near(t->p, 0.045500263896358417);
	assert_int_equal(t->wins, 1);
	assert_int_equal(t->losses, 0);
	assert_int_equal(t->ties, 1);
}

static void test_ranks(void **state)
{
	AUTO(backtest_result) struct backtest_result r;

	judge_text(&r, "",
		   "2018-01-01,a,g,0,1,1,1,,,\n"
		   "2018-01-01,b,g,0,1,2,1,,,\n"
		   "2018-01-01,c,g,0,1,3,2,,,\n" /* ties: 1.5 1.5 3 */
		   "2018-01-02,a,g,0,1,1,5,,,\n" /* two rows */
		   "2018-01-02,b,g,0,1,2,6,,,\n"
		   "2018-01-03,a,g,0,1,1,5,,,\n" /* one side constant */
		   "2018-01-03,b,g,0,1,2,5,,,\n"
		   "2018-01-03,c,g,0,1,3,5,,,\n"
		   "2018-01-04,a,g,0,1,7,1,,,\n" /* the other */
		   "2018-01-04,b,g,0,1,7,2,,,\n"
		   "2018-01-04,c,g,0,1,7,3,,,\n");
	near(judge_whole(&r.judge)->measures.rank, 1.5 / sqrt(3));
	assert_int_equal(judge_whole(&r.judge)->measures.rank_slates, 1);
	assert_true(isnan(r.judge.by[JUDGE_BY_SLATE].items[1].measures.rank));
	assert_true(isnan(r.judge.by[JUDGE_BY_ENTITY].items[0].measures.rank));
}

static void test_missing(void **state)
{
	AUTO(backtest_result) struct backtest_result r;

	judge_text(&r, ",model:m,baseline:q",
		   "2018-01-01,a,g,0,1,1,2,,,,2,\n"
		   "2018-01-01,b,g,0,0,,3,,,,2,4\n" /* did not happen */
		   "2018-01-01,c,g,0,1,3,,,,,5,6\n" /* no prediction */
		   "2018-01-02,a,g,0,1,4,4,,,,4,5\n");
	const struct judge_group *g = judge_whole(&r.judge);
	assert_int_equal(g->pool, 4);
	assert_int_equal(g->predicted, 3);
	assert_int_equal(g->scored, 3);
	assert_int_equal(g->measures.n, 2);
	near(g->measures.mae, 0.5);
	assert_int_equal(r.judge.others[0].n, 3);
	assert_int_equal(r.judge.others[1].n, 2);
	near(r.judge.others[1].mae, 2);	     /* by itself on its own rows */
	assert_int_equal(g->skills[1].n, 1); /* against it on those of both */
	near(g->skills[1].skill, 1);
	assert_int_equal(g->skills[1].slates, 1);
	assert_true(isnan(g->skills[1].se));
}

static void test_nothing_scored(void **state)
{
	AUTO(backtest_result) struct backtest_result r;

	judge_text(&r, ",baseline:q", "2018-01-01,a,g,0,0,,2,,,,3\n");
	const struct judge_skill *s = &judge_whole(&r.judge)->skills[0];
	AUTO(str) char *words = judge_sentence(s, "q");
	assert_int_equal(judge_outcome(s), JUDGE_UNKNOWN);
	assert_string_equal(words, "nothing was scored that q can be compared with");
	assert_true(isnan(judge_whole(&r.judge)->measures.mae));
	assert_int_equal(r.judge.without_level, 1);
	assert_int_equal(r.judge.by[JUDGE_BY_LEVEL].n, 0);
}

static void test_one_slate(void **state)
{
	AUTO(backtest_result) struct backtest_result r;

	judge_text(&r, ",baseline:q,baseline:perfect",
		   "2018-01-01,a,g,0,1,1,2,,,,3,1\n"
		   "2018-01-01,b,g,0,1,4,4,,,,4,4\n");
	AUTO(str) char *one = judge_sentence(&judge_whole(&r.judge)->skills[0], "q");
	AUTO(str) char *perfect = judge_sentence(&judge_whole(&r.judge)->skills[1], "q");
	assert_string_equal(one, "50.0 % better than q, but on one slate only, which tells nothing");
	assert_string_equal(perfect, "q made no error: there is nothing to be better than");
	assert_int_equal(judge_outcome(&judge_whole(&r.judge)->skills[0]), JUDGE_UNKNOWN);
	assert_int_equal(judge_outcome(&judge_whole(&r.judge)->skills[1]), JUDGE_UNKNOWN);
	assert_true(isnan(r.judge.tests[0].boot_low) && isnan(r.judge.tests[0].p));
}

/* All of the other's error lies in one slate: without it there is no skill. */
static void test_error_in_one_slate(void **state)
{
	AUTO(backtest_result) struct backtest_result r;

	judge_text(&r, ",baseline:q",
		   "2018-01-01,a,g,0,1,1,2,,,,3\n"
		   "2018-01-02,a,g,0,1,4,4,,,,4\n");
	const struct judge_skill *s = &judge_whole(&r.judge)->skills[0];
	near(s->skill, 0.5);
	assert_true(isnan(s->low) && isnan(r.judge.tests[0].boot_low));
	assert_int_equal(judge_outcome(s), JUDGE_UNKNOWN);
}

static void test_intervals(void **state)
{
	AUTO(backtest_result) struct backtest_result r;

	judge_text(&r, "",
		   "2018-01-01,a,g,0,1,1,2,1,3,\n" /* at its end */
		   "2018-01-01,b,g,0,1,5,2,1,4,\n" /* 1 above */
		   "2018-01-01,c,g,0,1,0,2,2,2,\n" /* 2 below, no width */
		   "2018-01-01,d,g,0,1,0,2,,,\n"); /* none */
	const struct judge_intervals *v = &judge_whole(&r.judge)->intervals;
	assert_int_equal(v->n, 3);
	near(v->coverage, 1.0 / 3);
	near(v->width, 5.0 / 3);
	near(v->score, (5 + 10 * 3) / 3.0);
}

static void test_levels(void **state)
{
	AUTO(backtest_result) struct backtest_result r;

	judge_text(&r, ",baseline:season_mean",
		   "2018-01-01,a,g,0,1,1,9,,,,1\n"
		   "2018-01-01,b,g,0,1,1,9,,,,2\n"
		   "2018-01-01,c,g,0,1,1,9,,,,2\n"
		   "2018-01-01,d,g,0,1,1,9,,,,3\n"
		   "2018-01-01,e,g,0,1,1,9,,,,4\n"
		   "2018-01-01,f,g,0,1,1,9,,,,6\n"
		   "2018-01-01,g,g,0,0,,9,,,,100\n" /* makes no edge, has a level */
		   "2018-01-01,h,g,0,1,1,9,,,,\n");
	static const uint32_t pools[JUDGE_LEVELS] = {3, 0, 1, 1, 2};
	const struct judge_grouping *g = &r.judge.by[JUDGE_BY_LEVEL];
	near(r.judge.edges[0], 2); /* of 1 2 2 3 4 6 */
	near(r.judge.edges[1], 2);
	near(r.judge.edges[2], 3);
	near(r.judge.edges[3], 4);
	assert_int_equal(r.judge.without_level, 1);
	for (size_t i = 0; i < g->n; i++)
		assert_int_equal(g->items[i].pool, pools[g->items[i].id]);
	assert_int_equal(g->n, 4);
}

static void test_worst(void **state)
{
	AUTO(backtest_result) struct backtest_result r;
	size_t n;

	judge_text(&r, ",baseline:q",
		   "2018-01-01,a,g,0,1,1,2,,,,1\n"  /* loses 1 */
		   "2018-01-01,b,g,0,1,1,4,,,,1\n"  /* loses 3 */
		   "2018-01-01,c,g,0,1,1,1,,,,3\n"  /* wins 2 */
		   "2018-01-01,d,g,0,1,1,3,,,,\n"); /* nothing to compare */
	uint32_t *worst = judge_worst_entities(&r.judge, 0, &n);
	assert_int_equal(n, 3);
	assert_int_equal(worst[0], 1);
	assert_int_equal(worst[1], 0);
	assert_int_equal(worst[2], 2);
	near(judge_lost(&r.judge.by[JUDGE_BY_ENTITY].items[1].skills[0]), 3);
	free(worst);
}

static void test_sentences(void **state)
{
	static const struct {
		double skill, low, high;
		const char *verdict;
	} rows[] = {
		{-0.087, -0.099, -0.075, "8.7 % worse than the season mean (95 %: 7.5 to 9.9 % worse): do not use it"},
		{0.012, 0.009, 0.016, "1.2 % better than the season mean (95 %: 0.9 to 1.6 % better)"},
		{0.001, -0.003, 0.005,
		 "not told apart from the season mean (95 %: 0.3 % worse to 0.5 % better): nothing shows that it is "
		 "worth its cost"},
		{0.01, 0, 0.02,
		 "not told apart from the season mean (95 %: 0.0 to 2.0 % better): nothing shows that it is worth its "
		 "cost"},
		{0.0004, 0.0001, 0.0007, "0.04 % better than the season mean (95 %: 0.01 to 0.07 % better)"},
		{-123.4, -130, -110,
		 "12340.0 % worse than the season mean (95 %: 11000.0 to 13000.0 % worse): do not use it"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct judge_skill s = {
			.n = 9, .slates = 3, .skill = rows[i].skill, .low = rows[i].low, .high = rows[i].high};
		AUTO(str) char *verdict = backtest_verdict(&s, "the season mean");
		assert_string_equal(verdict, rows[i].verdict);
	}
}

static void test_baseline_words(void **state)
{
	static const struct {
		const char *name, *words;
	} rows[] = {{"season_mean", "the season mean"},
		    {"last_1", "the last value"},
		    {"last_10", "the mean of the last 10"},
		    {"ewm_5", "the exponentially weighted mean of 5"},
		    {"column:dk_salary", "the regression on dk_salary"},
		    {"column:", "column:"},
		    {"last_", "last_"},
		    {"last_x_5", "last_x_5"},
		    {"ewm_-1", "ewm_-1"},
		    {"mine", "mine"}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(str) char *words = judge_baseline_words(rows[i].name);
		assert_string_equal(words, rows[i].words);
	}
}

static void test_bad_lines(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"", "t.csv has no line"},
		{HEADER "\n", "t.csv has no row: there is nothing to judge"},
		{"day,entity\n", "t.csv:1: column 1 is \"day\", \"date\" is wanted"},
		{"date,entity\n", "t.csv:1: the line ends before its column group"},
		{HEADER ",extra\n", "t.csv:1: the column \"extra\" is none of a predictions file"},
		{HEADER ",model:\n", "t.csv:1: a model's or baseline's name has 1 to 256 bytes"},
		{HEADER ",model:x,model:x\n", "t.csv:1: the column x is there twice"},
		{HEADER ",baseline:x,model:x\n", "t.csv:1: model: columns stand first"},
		{HEADER ",never,never\n", "t.csv:1: the column never is there twice"},
		{HEADER "\n2018-01-01,a,g,0,1,1,2,,", "t.csv:2: the last line has no end: the file is torn"},
		{HEADER "\n2018-01-01,a,g,0,1,1,2,,\n", "t.csv:2: the line ends before its column scale"},
		{HEADER "\n\n", "t.csv:2: date is \"\""},
		{HEADER "\n2018-01-01,a,g,0,1,1,2,,,,\n", "t.csv:2: the line has more cells than the header"},
		{HEADER "\n2018-01-01,a,g,0,1,1,two,,,\n", "t.csv:2: prediction is \"two\": a number is wanted"},
		{HEADER "\n2018-01-01,a,g,0,1,1,nan,,,\n", "t.csv:2: prediction is \"nan\": a number is wanted"},
		{HEADER "\n2018-01-01,a,g,0,1,1,inf,,,\n", "t.csv:2: prediction is \"inf\": a number is wanted"},
		{HEADER "\n2018-01-01,a,g,0,1,1,1e400,,,\n", "t.csv:2: prediction is \"1e400\": a number is wanted"},
		{HEADER "\n2018-01-01,a,g,0,1,1,-1e101,,,\n",
		 "t.csv:2: prediction is -1e101: numbers beyond 1e100 are not taken"},
		{HEADER ",baseline:q\n2018-01-01,a,g,0,1,1,2,,,,x\n", "t.csv:2: q is \"x\": a number is wanted"},
		{HEADER "\n20180101,a,g,0,1,1,2,,,\n", "t.csv:2: date is \"20180101\": one such as 2018-01-31"},
		{HEADER "\n2018-02-30,a,g,0,1,1,2,,,\n", "t.csv:2: date is \"2018-02-30\""},
		{HEADER "\n2018-01-02,a,g,0,1,1,2,,,\n2018-01-01,a,g,0,1,1,2,,,\n",
		 "t.csv:3: 2018-01-01 stands behind 2018-01-02: rows are in order of date"},
		{HEADER "\n2018-01-01,a,g,0,1,1,2,,,\n2018-01-01,b,g,0,1,1,2,,,\n2018-01-01,a,h,0,1,1,2,,,\n",
		 "t.csv:4: a has a second row on 2018-01-01"},
		{HEADER "\n2018-01-01,,g,0,1,1,2,,,\n", "t.csv:2: an entity has 1 to 256 bytes"},
		{HEADER "\n2018-01-01,\"a,g,0,1,1,2,,,\n", "t.csv:2: the quotes of column entity are not closed"},
		{HEADER "\n2018-01-01,a,g,-1,1,1,2,,,\n", "t.csv:2: cycle is \"-1\": 0 to 19999 is wanted"},
		{HEADER "\n2018-01-01,a,g,0,yes,1,2,,,\n", "t.csv:2: scored is \"yes\": 1 or 0 is wanted"},
		{HEADER "\n2018-01-01,a,g,0,1,,2,,,\n", "t.csv:2: a scored row has an actual"},
		{HEADER "\n2018-01-01,a,g,0,0,1,2,,,\n", "t.csv:2: a row that is not scored has no actual"},
		{HEADER "\n2018-01-01,a,g,0,1,1,2,1,,\n", "t.csv:2: low and high come together"},
		{HEADER "\n2018-01-01,a,g,0,1,1,2,3,1,\n", "t.csv:2: low is above high"},
		{HEADER "\n2018-01-01,a,g,0,1,1,2,,,0\n", "t.csv:2: scale is above 0"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(backtest_rows) struct backtest_rows p;
		struct err err = {0};
		assert_int_equal(read_text(&p, rows[i].text, &err), -ERR_PARSE);
		if (strncmp(err.msg, rows[i].message, strlen(rows[i].message)))
			fail_msg("\"%s\" is expected, not \"%s\"", rows[i].message, err.msg);
	}
}

static void test_zero_byte(void **state)
{
	AUTO(backtest_rows) struct backtest_rows p;
	struct err err = {0};

	backtest_rows_init(&p, "t.csv");
	assert_int_equal(backtest_rows_add_line(&p, HEADER ",model:\0x\n", sizeof(HEADER ",model:\0x\n") - 1, &err),
			 -ERR_PARSE);
	assert_string_equal(err.msg, "t.csv:1: a zero byte: this is no text file");
}

/* Names may hold anything; no screen or page gets it raw. */
static void test_hostile_names(void **state)
{
	AUTO(backtest_result) struct backtest_result r;
	AUTO(buf) struct buf out = BUF_INIT(BUF_MAX_TEXT);

	judge_text(&r, ",\"model:\033[31m<b>\"",
		   "2018-01-01,\"a \"\"quoted\"\", \033]0;x\a<script>\",g,0,1,1,2,,,,1\r\n"
		   "2018-01-01,\342\200\256b,g,0,1,1,2,,,,1\r\n"
		   "2018-01-01,b,g,0,1,1,2,,,,1\r\n"); /* other bytes: another entity */
	assert_int_equal(r.predictions.entities.n, 3);
	assert_string_equal(r.predictions.entities.items[0], "a \"quoted\", <script>");
	assert_string_equal(r.predictions.entities.items[1], "b");
	assert_string_equal(r.predictions.columns[0].name, "<b>");
	html_text(&out, r.predictions.entities.items[0]);
	assert_string_equal(buf_str(&out), "a &quot;quoted&quot;, &lt;script&gt;");
	buf_clear(&out);
	csv_add(&out, r.predictions.entities.items[0]);
	assert_string_equal(buf_str(&out), "\"a \"\"quoted\"\", <script>\"");
}

static void test_limits(void **state)
{
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
	AUTO(backtest_rows) struct backtest_rows many, longer;
	struct err err = {0};

	buf_adds(&text, HEADER);
	for (int i = 0; i <= BACKTEST_COLUMNS_MAX; i++)
		buf_addf(&text, ",model:%d", i);
	buf_addc(&text, '\n');
	assert_int_equal(read_text(&many, buf_str(&text), &err), -ERR_TOOBIG);
	assert_string_equal(err.msg, "t.csv:1: more than 64 columns of models and baselines");
	buf_clear(&text);
	err_clear(&err);
	buf_addf(&text, HEADER "\n2018-01-01,%0*d,g,0,1,1,2,,,\n", BACKTEST_NAME_MAX + 1, 0);
	assert_int_equal(read_text(&longer, buf_str(&text), &err), -ERR_PARSE);
}

static void test_numbers_as_text(void **state)
{
	char buf[64];

	assert_string_equal(backtest_count_text(buf, 0), "0");
	assert_string_equal(backtest_count_text(buf, 999), "999");
	assert_string_equal(backtest_count_text(buf, 1234567), "1,234,567");
	assert_string_equal(backtest_number_text(buf, -0.04, 1), "0.0");
	assert_string_equal(backtest_number_text(buf, NAN, 1), "-");
	assert_string_equal(backtest_number_text(buf, 1.25e80, 4), "1.25e+80");
	assert_string_equal(backtest_range_text(buf, -0.0991, -0.075), "-9.9 to -7.5");
	assert_string_equal(backtest_range_text(buf, NAN, 1), "-");
	assert_string_equal(backtest_p_text(buf, 0.0004), "<0.001");
	assert_string_equal(backtest_p_text(buf, NAN), "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_measures),
					   cmocka_unit_test(test_skill),
					   cmocka_unit_test(test_ranks),
					   cmocka_unit_test(test_missing),
					   cmocka_unit_test(test_nothing_scored),
					   cmocka_unit_test(test_one_slate),
					   cmocka_unit_test(test_error_in_one_slate),
					   cmocka_unit_test(test_intervals),
					   cmocka_unit_test(test_levels),
					   cmocka_unit_test(test_worst),
					   cmocka_unit_test(test_sentences),
					   cmocka_unit_test(test_baseline_words),
					   cmocka_unit_test(test_bad_lines),
					   cmocka_unit_test(test_zero_byte),
					   cmocka_unit_test(test_hostile_names),
					   cmocka_unit_test(test_limits),
					   cmocka_unit_test(test_numbers_as_text)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
