/* Panels: specifications, frames, expressions, order and eligibility, features, baselines,
 * ridge and forecasts, by cases small enough to be worked out by hand. */
#include "unit.h"

#include <math.h>

#include "base/fs.h"
#include "trainer/forecast/ridge.h"
#include "trainer/panel/expression.h"
#include "trainer/panel/features.h"
#include "trainer/panel/leaks.h"
#include "trainer/panel/naive.h"

static const char spec_text[] = "data:\n"
				"  files: [rows.csv]\n"
				"  count: played = 1\n"
				"columns:\n"
				"  entity: who\n"
				"  date: day\n"
				"  target: y\n"
				"  known_before: [opp, home]\n"
				"eligible:\n"
				"  min_rows: 1\n"
				"windows:\n"
				"  train_start: 20180101\n"
				"  test_start: 2018-01-03\n"
				"  test_end: 2018-01-09\n"
				"features:\n"
				"  - lag(y, 1..2)\n";

/* The text with one line replaced. */
static char *changed(const char *from, const char *to)
{
	const char *at = strstr(spec_text, from);

	assert_non_null(at);
	return xasprintf("%.*s%s%s", (int)(at - spec_text), spec_text, to, at + strlen(from));
}

static int parse_spec(const char *text, struct backtest_spec **ret, struct err *err)
{
	AUTO(json) json_t *doc = NULL;
	AUTO(source_lines) struct source_lines lines = {0};
	int rc = yaml_parse(text, strlen(text), "s.yaml", &doc, &lines, err);

	return rc ? rc : backtest_spec_parse(doc, "s.yaml", &lines, ret, err);
}

static struct backtest_spec *spec_with(const char *from, const char *to)
{
	AUTO(str) char *text = changed(from, to);
	struct backtest_spec *s = NULL;
	struct err err = {0};

	if (parse_spec(text, &s, &err))
		fail_msg("%s", err.msg);
	return s;
}

/* --- specifications -------------------------------------------------------------------- */

static void test_spec_defaults(void **state)
{
	AUTO(backtest_spec) struct backtest_spec *s = spec_with("y\n", "y\n");
	char day[16];

	assert_string_equal(day_text(day, s->test_start), "2018-01-03");
	assert_int_equal(s->recalibrate_days, 7);
	assert_int_equal(s->n_models, 2);
	assert_string_equal(s->models[0].name, "ridge");
	assert_string_equal(strmap_get(&s->models[1].hyperparameters, "max_depth"), "4");
	assert_int_equal(s->max_run_s, 3600);
	AUTO(json) json_t *doc = backtest_spec_json(s);
	AUTO(backtest_spec) struct backtest_spec *again = NULL;
	struct err err = {0};

	if (backtest_spec_parse(doc, "again", NULL, &again, &err))
		fail_msg("%s", err.msg);
	AUTO(json) json_t *twice = backtest_spec_json(again);
	assert_true(json_equal(doc, twice));
}

static void test_spec_refused(void **state)
{
	static const struct {
		const char *from, *to, *message;
	} cases[] = {
		{"  target: y\n", "", "columns.target: must be given"},
		{"  target: y\n", "  targt: y\n", "did you mean columns.target?"},
		{"  min_rows: 1\n", "  min_rows: 0\n", "s.yaml:10: eligible.min_rows: 0 is not between"},
		{"  min_rows: 1\n", "  min_rows: 1.5\n", "needs a whole number"},
		{"20180101", "20181301", "windows.train_start: needs a day"},
		{"  test_end: 2018-01-09\n", "  test_end: 2018-01-02\n", "must not come before"},
		{"  train_start: 20180101\n", "  train_start: 20180105\n", "must come after"},
		{"[opp, home]", "[opp, y]", "nothing would be left to predict"},
		{"features:\n", "headline: ewm_7\nfeatures:\n", "\"ewm_7\" is not among the baselines"},
		{"features:\n", "model: poled\nfeatures:\n", "did you mean pooled?"},
		{"features:\n", "model: listed\nfeatures:\n", "needs a list of them"},
		{"features:\n", "models: [{type: forest}]\nfeatures:\n", "needs ridge or xgboost"},
		{"features:\n", "models: [{name: a, type: ridge}, {name: a, type: ridge}]\nfeatures:\n",
		 "two models named a"},
		{"features:\n", "models: [{type: xgboost, early_stopping_rounds: 0}]\nfeatures:\n",
		 "early_stopping_rounds: needs a whole number from 1"},
		{"features:\n", "models: [{type: ridge, early_stopping_rounds: 9}]\nfeatures:\n",
		 "no rounds to stop after"},
		{"features:\n", "models: [{type: xgboost, hyperparameters: {early_stopping_rounds: 9}}]\nfeatures:\n",
		 "is a member of the model, beside hyperparameters"},
		{"features:\n", "run: {max_run: soon}\nfeatures:\n", "needs a time such as"},
		{"  files: [rows.csv]\n", "  files: [[a]]\n", "entry 1 is not a text"},
		{"data:\n", "data: 3\nx:\n", "needs members of its own"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(str) char *text = changed(cases[i].from, cases[i].to);
		AUTO(backtest_spec) struct backtest_spec *s = NULL;
		struct err err = {0};

		assert_int_not_equal(parse_spec(text, &s, &err), 0);
		if (!strstr(err.msg, cases[i].message))
			fail_msg("case %zu: %s", i, err.msg);
		assert_int_equal(parse_spec(text, &s, NULL), -ERR_INVALID); /* and nobody has to ask why */
	}
}

static void test_days(void **state)
{
	assert_int_equal(day_parse("1970-01-02"), 1);
	assert_int_equal(day_parse("19700102"), 1);
	assert_int_equal(day_parse("1969-12-31"), -1);
	assert_int_equal(day_parse("2018-01-01T23:30:00-05:00"), day_parse("20180101"));
	assert_int_equal(day_parse("2018-02-30"), DAY_UNKNOWN);
	assert_int_equal(day_parse("soon"), DAY_UNKNOWN);
	assert_int_equal(day_parse(""), DAY_UNKNOWN);
}

static void test_spec_early_stopping(void **state)
{
	AUTO(backtest_spec)
	struct backtest_spec *s =
		spec_with("features:\n", "models: [{name: a, type: xgboost, early_stopping_rounds: 9}, "
					 "{name: b, type: xgboost}]\nfeatures:\n");
	AUTO(json) json_t *doc = backtest_spec_json(s);
	AUTO(backtest_spec) struct backtest_spec *again = NULL;

	assert_int_equal(backtest_spec_parse(doc, "again", NULL, &again, NULL), 0);
	assert_int_equal(again->models[0].patience, 9);
	assert_int_equal(again->models[0].validation_days, 28);
	assert_int_equal(again->models[1].patience, 0);
}

/* --- frames ------------------------------------------------------------------------------ */

static struct frame *frame_of(const char *text)
{
	AUTO(strlist) struct strlist names = {0};
	struct frame *t = NULL;
	struct err err = {0};

	strlist_add(&names, "who");
	if (frame_load_memory(text, strlen(text), "rows.csv", &names, &t, &err))
		fail_msg("%s", err.msg);
	return t;
}

static void test_frame(void **state)
{
	AUTO(frame)
	struct frame *t = frame_of("\xef\xbb\xbfwho,a,b\r\n\"x, \"\"y\"\"\",1.5,NA\r\n7,-2e3,\r\n\r\n8,.25,word\r\n");

	assert_int_equal(t->n_rows, 3);
	assert_int_equal(t->n_columns, 3);
	assert_true(t->columns[0].text);
	assert_string_equal(t->columns[0].words.items[t->columns[0].codes[0]], "x, \"y\"");
	assert_false(t->columns[1].text);
	assert_true(t->columns[1].numbers[0] == 1.5 && t->columns[1].numbers[1] == -2000 &&
		    t->columns[1].numbers[2] == .25);
	assert_true(t->columns[2].text); /* a word in its last row makes all of it words */
	assert_string_equal(t->columns[2].words.items[t->columns[2].codes[0]], "NA");
	assert_int_equal(t->columns[2].codes[1], FRAME_NO_WORD);
	AUTO(buf) struct buf text = BUF_INIT(1 << 20);
	frame_csv(t, &text);
	AUTO(frame) struct frame *again = frame_of(text.data);
	AUTO(buf) struct buf twice = BUF_INIT(1 << 20);
	frame_csv(again, &twice);
	assert_string_equal(text.data, twice.data);
}

/* Columns that turn out to be text one after the other, far from the beginning. */
static void test_frame_late_text(void **state)
{
	AUTO(buf) struct buf text = BUF_INIT(1 << 20);

	buf_adds(&text, "a,b,c,d,e\n");
	for (int row = 0; row < 700; row++)
		for (int k = 0; k < 5; k++)
			buf_addf(&text, "%s%c", row == 120 * (k + 1) ? "word" : "7", k < 4 ? ',' : '\n');
	AUTO(frame) struct frame *t = frame_of(text.data);

	assert_int_equal(t->n_rows, 700);
	for (uint32_t k = 0; k < 5; k++) {
		const struct frame_column *c = &t->columns[k];

		assert_true(c->text);
		assert_string_equal(c->words.items[c->codes[0]], "7");
		assert_string_equal(c->words.items[c->codes[120 * (k + 1)]], "word");
	}
}

/* A header alone is a frame too. */
static void test_frame_empty(void **state)
{
	AUTO(frame) struct frame *t = frame_of("who,a\n");
	AUTO(frame) struct frame *copy = frame_copy(t);

	assert_int_equal(copy->n_rows, 0);
	assert_int_equal(copy->n_columns, 2);
	frame_reorder(copy, NULL, 0);
}

static void test_frame_append(void **state)
{
	AUTO(frame) struct frame *t = frame_of("who,a,b\nx,1,p\n");
	AUTO(frame) struct frame *more = frame_of("b,who,a\nq,y,9\np,x,8\n");
	AUTO(strlist) struct strlist known = {0};
	struct err err = {0};

	strlist_add(&known, "who");
	strlist_add(&known, "b");
	assert_int_equal(frame_append(t, more, &known, 3, &err), 0);
	assert_int_equal(t->n_rows, 3);
	assert_string_equal(t->columns[0].words.items[t->columns[0].codes[1]], "y");
	assert_int_equal(t->columns[2].codes[2], t->columns[2].codes[0]);
	assert_true(isnan(t->columns[1].numbers[1])); /* what is not asked for is not taken over */
	assert_int_equal(t->origin[2], 3);
	strlist_add(&known, "c");
	assert_int_equal(frame_append(t, more, &known, 0, &err), -ERR_INVALID);
	assert_non_null(strstr(err.msg, "no column c"));
}

static void test_frame_one_column(void **state)
{
	AUTO(frame) struct frame *t = frame_of("a\n1\n\n3\n");

	assert_int_equal(t->n_rows, 3); /* a blank line is a row where there is nothing else it could be */
	assert_true(isnan(t->columns[0].numbers[1]));
}

static void test_frame_numbers(void **state)
{
	static const char *const texts[] = {"0.1",
					    "123456789012345",
					    "1234567890123456789",
					    "-0.000001",
					    "9007199254740993",
					    "179769313486231570000e288",
					    "32.12",
					    "1e-320"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO(str) char *text = xasprintf("a,b\n%s,1\n", texts[i]);
		AUTO(frame) struct frame *t = frame_of(text);

		assert_false(t->columns[0].text);
		assert_true(t->columns[0].numbers[0] == strtod(texts[i], NULL));
	}
}

static void test_frame_refused(void **state)
{
	static const char *const cases[][2] = {
		{"a,b\n1\n", "rows.csv:2: has 1 cells"},	 {"a,b\n1,2,3\n", "rows.csv:2: has 3 cells"},
		{"a,a\n1,2\n", "two columns named a"},		 {"a,\n1,2\n", "column 2 has no name"},
		{"a,b\n\"1,2\n", "quote is not closed"},	 {"a,b\n\"1\"x,2\n", "quote is not closed"},
		{"a,b\n1,2\n\n\"x\ny\",3\n4\n", "rows.csv:6: "},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct frame *t = NULL;
		struct err err = {0};

		assert_int_equal(frame_load_memory(cases[i][0], strlen(cases[i][0]), "rows.csv", NULL, &t, &err),
				 -ERR_PARSE);
		if (!strstr(err.msg, cases[i][1]))
			fail_msg("case %zu: %s", i, err.msg);
	}
}

/* A word ends at a NUL; what stands behind it in the cell is not compared with what lies behind the word. */
static void test_frame_nul(void **state)
{
	static const char text[] = "a,b\nx\0yyyyyy,1\nx\0yyyyyy,2\nx,3\n";
	AUTO(frame) struct frame *t = NULL;
	AUTO(strlist) struct strlist names = {0};
	struct err err = {0};

	strlist_add(&names, "a");
	if (frame_load_memory(text, sizeof(text) - 1, "rows.csv", &names, &t, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(t->n_rows, 3);
	assert_int_equal(t->columns[0].words.n, 1);
	for (size_t i = 0; i < t->n_rows; i++)
		assert_string_equal(t->columns[0].words.items[t->columns[0].codes[i]], "x");
}

/* --- expressions --------------------------------------------------------------------------- */

static void test_expressions(void **state)
{
	static const struct {
		const char *text;
		double value;
	} cases[] = {
		{"a = 2", 1},		{"a == 2 and b != \"y\"", 1},
		{"b = y or a > 3", 0},	{"not a > 3", 1},
		{"a / 4 + 1", 1.5},	{"-a * (1 - 3)", 4},
		{"a - 1 - 1", 0},	{"c > 0", 0},
		{"c < 0", 0},		{"b = 'x'", 1},
		{"b = nobody", 0},	{"b != nobody", 1},
		{"a >= 2 and a<=2", 1}, {"1 / 0 > 5", 0},
		{"a = 2 or c = 1", 1},	{"2e0 = a", 1},
	};
	AUTO(frame) struct frame *t = frame_of("a,b,c,d\n2,x,,0\n");

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(expression) struct expression *e = NULL;
		struct err err = {0};

		if (expression_new(cases[i].text, t, &e, &err))
			fail_msg("%s", err.msg);
		if (expression_value(e, 0) != cases[i].value)
			fail_msg("%s: %g", cases[i].text, expression_value(e, 0));
	}
}

static void test_expressions_refused(void **state)
{
	static const char *const cases[] = {"",	       "a =", "z > 1", "a > 1)", "(a", "b > 3",
					    "b = \"x", "a 3", "1..2",  "a and",	 "$"};
	AUTO(frame) struct frame *t = frame_of("a,b\n2,x\n");
	AUTO(buf) struct buf deep = BUF_INIT(1 << 20);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct expression *e = NULL;
		struct err err = {0};

		if (expression_new(cases[i], t, &e, &err) != -ERR_INVALID || !*err.msg)
			fail_msg("%s was taken", cases[i]);
	}
	for (int i = 0; i < 100000; i++)
		buf_addc(&deep, i % 2 ? '(' : '-');
	struct expression *e = NULL;
	assert_int_equal(expression_new(deep.data, t, &e, NULL), -ERR_INVALID);
}

/* --- panels ------------------------------------------------------------------------------------ */

/* Two players; bo misses the fourth; rows out of order. */
static const char rows_text[] = "who,day,y,played,opp,home,min\n"
				"bo,20180103,8,1,X,1,20\n"
				"al,20180101,10,1,X,1,30\n"
				"bo,20180101,4,1,Y,0,10\n"
				"al,20180104,20,1,X,0,40\n"
				"al,20180103,30,1,Y,1,20\n"
				"bo,20180104,0,0,Y,1,0\n"
				"bo,20180106,6,1,X,0,30\n";

static struct panel *panel_of(const char *text, const struct backtest_spec *spec)
{
	struct panel *p = NULL;
	struct err err = {0};

	if (panel_new(frame_of(text), spec, &p, &err))
		fail_msg("%s", err.msg);
	return p;
}

static void test_panel(void **state)
{
	AUTO(backtest_spec) struct backtest_spec *s = spec_with("y\n", "y\n");
	AUTO(panel) struct panel *p = panel_of(rows_text, s);
	struct cycle *cycles = NULL;

	assert_int_equal(p->n, 7);
	assert_int_equal(p->entity_names.n, 2);
	const uint32_t entity[] = {0, 1, 0, 1, 0, 1, 1}, earlier[] = {0, 0, 1, 1, 2, 2, 2};
	const int64_t previous[] = {-1, -1, 0, 1, 2, 3, 3};
	for (size_t i = 0; i < p->n; i++) {
		assert_int_equal(p->entity[i], entity[i]);
		assert_int_equal(p->earlier[i], earlier[i]);
		assert_int_equal(p->previous[i], previous[i]);
		assert_int_equal(p->eligible[i], i >= 2);
	}
	assert_int_equal(p->counts[5], 0); /* did not play: predicted, never history */
	assert_int_equal(panel_cycles(p, s, &cycles), 1);
	assert_int_equal(cycles[0].rows, 5);
	assert_int_equal(cycles[0].scored, 4);
	assert_int_equal(cycles[0].slates, 3);
	assert_int_equal(cycles[0].learnt, 2);
	assert_int_equal(cycles[0].entities, 2);
	free(cycles);
}

static void test_panel_refused(void **state)
{
	static const struct {
		const char *from, *to, *rows, *message;
	} cases[] = {
		{"y\n", "y\n", "who,day,y,played,opp,home\nal,soon,1,1,X,1\n", "row 1: day is \"soon\""},
		{"y\n", "y\n", "who,day,y,played,opp,home\nal,20180103,1,1,X,1\nal,20180103,2,1,Y,1\n",
		 "two rows on 2018-01-03"},
		{"y\n", "y\n", "who,day,y,played,opp,home\nal,20180103,a,1,X,1\n", "cells that are not numbers"},
		{"y\n", "y\n", "who,day,y,played,opp,home\nal,20180103,1,1,X,1\n",
		 "no row of the data can be predicted"},
		{"y\n", "y\n", "who,day,y,played,opp\nal,20180103,1,1,X\n",
		 "known_before: the data has no column home"},
		{"y\n", "y\n", "who,day,y,played,opp,home\n,20180103,1,1,X,1\n", "row 1 has no who"},
		{"  min_rows: 1\n", "  min_rows: 1\n  when: min > 3\n", rows_text, "min is not known before the slate"},
		{"played = 1", "plaid = 1", rows_text, "there is no column of that name"},
		{"  date: day\n", "  date: dya\n", rows_text, "did you mean day?"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(backtest_spec) struct backtest_spec *s = spec_with(cases[i].from, cases[i].to);
		struct panel *p = NULL;
		struct err err = {0};

		assert_int_not_equal(panel_new(frame_of(cases[i].rows), s, &p, &err), 0);
		if (!strstr(err.msg, cases[i].message))
			fail_msg("case %zu: %s", i, err.msg);
	}
}

/* --- features ------------------------------------------------------------------------------------ */

/* The values of one word for all rows, in panel order: al 1, bo 1, al 3, bo 3, al 4, bo 4, bo 6. */
static const struct {
	const char *word;
	double values[7];
} feature_cases[] = {
	{"lag(y, 1)", {NAN, NAN, 10, 4, 30, 8, 8}},
	{"lag(y, 2)", {NAN, NAN, NAN, NAN, 10, 4, 4}},
	{"mean(y)", {NAN, NAN, 10, 4, 20, 6, 6}},
	{"mean(y, 1)", {NAN, NAN, 10, 4, 30, 8, 8}},
	{"std(y)", {NAN, NAN, NAN, NAN, 14.142135623730951, 2.8284271247461903, 2.8284271247461903}},
	{"std(y, 2)", {NAN, NAN, NAN, NAN, 14.142135623730951, 2.8284271247461903, 2.8284271247461903}},
	{"min(y)", {NAN, NAN, 10, 4, 10, 4, 4}},
	{"max(y, 5)", {NAN, NAN, 10, 4, 30, 8, 8}},
	{"ewm(y, 1)", {NAN, NAN, 10, 4, 70 / 3.0, 20 / 3.0, 20 / 3.0}},
	{"rate(y, min)", {NAN, NAN, 1 / 3.0, .4, .8, .4, .4}},
	{"rate(y, min, 1)", {NAN, NAN, 1 / 3.0, .4, 1.5, .4, .4}},
	{"count()", {0, 0, 1, 1, 2, 2, 2}},
	{"rest()", {NAN, NAN, 2, 2, 1, 1, 3}},
	{"recent(2)", {0, 0, 1, 1, 1, 1, 0}},
	{"weekday()", {0, 0, 2, 2, 3, 3, 5}},
	{"month()", {1, 1, 1, 1, 1, 1, 1}},
	{"day()", {0, 0, 2, 2, 3, 3, 5}},
	{"home", {1, 0, 1, 1, 0, 1, 0}},
	{"is(opp, X)", {1, 0, 0, 1, 1, 0, 1}},
	/* al met X (10) on the 1st, bo Y (4); on the 3rd al Y (30), bo X (8); on the 4th al X (20). */
	{"allowed(y, opp)", {NAN, NAN, -3, 3, -4, 4, 38 / 3.0 - 14.4}},
	{"allowed_mean(y, opp)", {NAN, NAN, 4, 10, 9, 17, 38 / 3.0}},
	{"allowed_mean(y, opp, min)", {NAN, NAN, .4, 1 / 3.0, .36, 34 / 30.0, 38 / 90.0}},
	{"allowed_ratio(y, opp, min)", {NAN, NAN, .4 / .35, 1 / 3.0 / .35, .36 / .65, 34 / 30.0 / .65, 38 / 90.0 / .6}},
	{"allowed_ratio(y, opp)", {NAN, NAN, 4 / 7.0, 10 / 7.0, 9 / 13.0, 17 / 13.0, 38 / 3.0 / 14.4}},
};

static void test_features(void **state)
{
	for (size_t c = 0; c < ARRAY_LEN(feature_cases); c++) {
		AUTO(str) char *to = xasprintf("  - %s\n", feature_cases[c].word);
		AUTO(backtest_spec) struct backtest_spec *s = spec_with("  - lag(y, 1..2)\n", to);
		AUTO(panel) struct panel *p = panel_of(rows_text, s);
		AUTO(features) struct features *f = NULL;
		struct err err = {0};

		if (features_new(s, p, &f, &err))
			fail_msg("%s", err.msg);
		assert_int_equal(features_count(f), 1);
		double *x = features_build(f, p);
		for (size_t i = 0; i < p->n; i++) {
			double want = feature_cases[c].values[i];

			if (isnan(want) ? !isnan(x[i]) : !(fabs(x[i] - want) < 1e-12))
				fail_msg("%s, row %zu: %.17g, not %.17g", feature_cases[c].word, i, x[i], want);
		}
		free(x);
	}
}

static void test_features_refused(void **state)
{
	static const char *const cases[][2] = {
		{"y", "y is not known before the slate"},   {"min + 1", "min is not known before"},
		{"is(who2, a)", "no column who2"},	    {"lag(y)", "a number is missing"},
		{"lag(y, 0)", "numbers from 1 to"},	    {"lag(y, 1.5)", "numbers from 1 to"},
		{"lag(y, 5000)", "numbers from 1 to"},	    {"mean(opp)", "opp is text"},
		{"mena(y, 3)", "did you mean mean?"},	    {"mean(y, 3", "a ) is missing"},
		{"count(3)", "too many arguments"},	    {"allowed(y, home)", "home is not text"},
		{"allowed_mean(y)", "a column is missing"}, {"lag(y, 1 1)", "is there twice"},
		{"rate(y)", "a column is missing"},	    {"", "is missing"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(backtest_spec) struct backtest_spec *s = spec_with("y\n", "y\n");
		AUTO(panel) struct panel *p = panel_of(rows_text, s);
		struct features *f = NULL;
		struct err err = {0};

		str_set(&s->features.items[0], cases[i][0]);
		assert_int_not_equal(features_new(s, p, &f, &err), 0);
		if (!strstr(err.msg, cases[i][1]))
			fail_msg("case %zu: %s", i, err.msg);
	}
}

/* An earlier season teaches models, but is nobody's history. */
static void test_earlier_season(void **state)
{
	AUTO(backtest_spec)
	struct backtest_spec *s = spec_with("  - lag(y, 1..2)\n", "  - allowed(y, opp)\n  - count()\n  - day()\n");
	struct frame *t = frame_of("who,day,y,played,opp,home\nal,20170101,1,1,X,1\nal,20170103,3,1,X,1\n"
				   "al,20180101,5,1,X,1\nal,20180103,7,1,X,1\n");
	AUTO(panel) struct panel *p = NULL;
	AUTO(features) struct features *f = NULL;
	struct err err = {0};

	t->origin[2] = t->origin[3] = 1;
	if (panel_new(t, s, &p, &err) || features_new(s, p, &f, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(p->entity_names.n, 2);
	double *x = features_build(f, p);
	const double want[] = {NAN, 0, 0, 0, 1, 2, NAN, 0, 0, 0, 1, 2};
	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		assert_true(isnan(want[i]) ? isnan(x[i]) : x[i] == want[i]);
	free(x);
	assert_true(panel_learns(p, s, 1, s->test_start));
	assert_false(p->eligible[1]);
}

/* --- baselines and a ridge ---------------------------------------------------------------------- */

static void test_baselines(void **state)
{
	AUTO(backtest_spec)
	struct backtest_spec *s =
		spec_with("features:\n", "baselines: [season_mean, last_1, ewm_1, 'column:home']\nfeatures:\n");
	AUTO(panel) struct panel *p = panel_of(rows_text, s);
	double *b = NULL, *scales = naive_scales(p, s->test_start + 1);
	struct err err = {0};

	if (naive_build(s, p, &b, &err))
		fail_msg("%s", err.msg);
	assert_true(isnan(b[0]));
	assert_true(b[4 * 4] == 20 && b[4 * 4 + 1] == 30 && fabs(b[4 * 4 + 2] - 70 / 3.0) < 1e-12);
	assert_true(b[6 * 4 + 1] == 8); /* the row that did not happen is no last one */
	assert_true(scales[0] == 20 && scales[1] == 4);
	free(b);
	free(scales);
	str_set(&s->baselines.items[1], "last_0");
	assert_int_not_equal(naive_build(s, p, &b, NULL), 0);
	str_set(&s->baselines.items[1], "column:min");
	assert_int_not_equal(naive_build(s, p, &b, &err), 0);
	assert_non_null(strstr(err.msg, "not known before"));
}

static void test_ridge(void **state)
{
	/* y = 3 + 2 a, exactly; b never changes, c is a again */
	const double x[] = {1, 5, 1, 2, 5, 2, 3, 5, 3, 4, 5, 4}, y[] = {5, 7, 9, 11};
	const size_t rows[] = {0, 1, 2, 3};
	AUTO(ridge) struct ridge *r = NULL;

	assert_int_equal(ridge_fit(x, 3, y, rows, 4, 0, &r, NULL), 0);
	const double at[] = {10, 5, 10}, missing[] = {NAN, NAN, NAN};
	assert_true(fabs(ridge_predict(r, at) - 23) < 1e-9);
	assert_true(ridge_predict(r, missing) == 8);
	assert_true(r->weights[1] == 0);
	/* alpha = 4 rows halves the weight of the only standardised column */
	AUTO(ridge) struct ridge *half = NULL;
	const double one[] = {1, 2, 3, 4}, ten[] = {10};
	assert_int_equal(ridge_fit(one, 1, y, rows, 4, 4, &half, NULL), 0);
	assert_true(fabs(ridge_predict(half, ten) - (8 + 7.5)) < 1e-12);
	AUTO(strlist) struct strlist names = {0};
	AUTO(ridge) struct ridge *again = NULL;
	strlist_add(&names, "a");
	AUTO(json) json_t *doc = ridge_json(half, &names);
	assert_int_equal(ridge_parse(doc, &names, &again, NULL), 0);
	assert_true(ridge_predict(again, ten) == ridge_predict(half, ten));
	str_set(&names.items[0], "b");
	AUTO(ridge) struct ridge *other = NULL;
	assert_int_equal(ridge_parse(doc, &names, &other, NULL), -ERR_PARSE);
	assert_int_equal(ridge_fit(one, 1, y, rows, 1, 4, &other, NULL), -ERR_INVALID);
}

/* --- leaks ------------------------------------------------------------------------------------------ */

/* A model that looks at the target of the row itself. */
static int peek(void *context, const struct backtest_spec *spec, const struct panel *p, const struct features *f,
		const double *matrix, int32_t day, double **ret, struct err *err)
{
	*ret = xcalloc(p->n * spec->n_models, sizeof(double));
	for (size_t i = 0; i < p->n; i++)
		(*ret)[i * spec->n_models] = *(bool *)context ? p->target[i] : p->earlier[i];
	return 0;
}

static void test_leaks(void **state)
{
	AUTO(backtest_spec) struct backtest_spec *s = spec_with("features:\n", "model: ridge\nfeatures:\n");
	AUTO(frame) struct frame *t = frame_of(rows_text);
	bool peeks = false;
	struct leak_check check = {.spec = s, .frame = t, .days = 3, .predict = peek, .context = &peeks};

	for (int i = 0; i < 2; i++, peeks = true) {
		AUTO(leak_report) struct leak_report r = {0};
		struct err err = {0};

		if (leaks_find(&check, &r, &err))
			fail_msg("%s", err.msg);
		assert_int_equal(r.columns, 2);
		assert_int_equal(r.n, peeks);
		if (!peeks)
			continue;
		assert_int_equal(r.items[0].way, 'V');
		assert_true(r.items[0].predicted);
		assert_string_equal(r.items[0].column, "ridge");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spec_defaults),
		cmocka_unit_test(test_spec_refused),
		cmocka_unit_test(test_spec_early_stopping),
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_frame),
		cmocka_unit_test(test_frame_late_text),
		cmocka_unit_test(test_frame_one_column),
		cmocka_unit_test(test_frame_empty),
		cmocka_unit_test(test_frame_append),
		cmocka_unit_test(test_frame_numbers),
		cmocka_unit_test(test_frame_refused),
		cmocka_unit_test(test_frame_nul),
		cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_expressions_refused),
		cmocka_unit_test(test_panel),
		cmocka_unit_test(test_panel_refused),
		cmocka_unit_test(test_features),
		cmocka_unit_test(test_features_refused),
		cmocka_unit_test(test_earlier_season),
		cmocka_unit_test(test_baselines),
		cmocka_unit_test(test_ridge),
		cmocka_unit_test(test_leaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
