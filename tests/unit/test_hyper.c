/* The hyperparameters row by row. The table here says by itself what each one takes,
 * so that neither a row without a test nor a range that moved goes unseen; what every
 * row must do alike is made from the table of the program. */
#include <stdio.h>

#include "trainer/library/booster.h"
#include "trainer/settings/hyperparameters_impl.h"
#include "trainer/settings/literal.h"
#include "trainer/settings/objective.h"
#include "unit.h"

struct row {
	const char *name, *alias;
	const char *range;    /* as listed; NULL where there is none */
	const char *good;     /* values that are taken, separated by | */
	const char *outside;  /* values that are not in the range, or no choice */
	const char *broken;   /* values that are none at all */
	const char *needs;    /* without this it has no effect */
	const char *together; /* other settings for the whole row: name=value; ... */
};

#define TREES "booster=gbtree|dart"
#define BINS "tree_method=hist|approx|gpu_hist"
#define NO_NUMBER "x|1,5|0x10|1e|nan|inf|--1"
#define NO_WHOLE "1.5|" NO_NUMBER
#define WITH_HEADER "header=true"
#define WITH_ENTITY "header=true;entity_column=who"
#define BOOLEANS "true|false", "yes|1|maybe", NULL

static const struct row rows[] = {
	{"num_round", NULL, "[1, +inf)", "1|2147483647|3.0|1e2", "0|-1", NO_WHOLE, NULL, NULL},
	{"objective", NULL, NULL,
	 "reg:squarederror|reg:squaredlogerror|reg:logistic|reg:pseudohubererror|"
	 "reg:absoluteerror|reg:gamma|reg:tweedie|reg:linear|count:poisson|binary:logistic|binary:logitraw|"
	 "binary:hinge|rank:pairwise|rank:ndcg|rank:map|survival:cox|survival:aft",
	 NULL, NULL, NULL, NULL},
	{"num_class", NULL, "[2, +inf)", "2|1000", "1|0|-1", NO_WHOLE, "objective=multi:softmax|multi:softprob",
	 "objective=multi:softmax"},
	{"eval_metric", NULL, NULL, "rmse|mae|rmse,mae|[\"rmse\", \"mae\"]|r2", NULL, NULL, NULL, NULL},
	{"early_stopping_rounds", NULL, "[1, +inf)", "1|50", "0|-1", NO_WHOLE, NULL, NULL},
	{"_tuning_objective_metric", NULL, NULL, "validation:rmse|validation:mae", NULL, NULL, NULL, NULL},
	{"seed", NULL, "[-2147483647, 2147483646]", "0|-2147483647|2147483646", "2147483647|-2147483648", NO_WHOLE,
	 NULL, NULL},
	{"nthread", NULL, "[1, +inf)", "1|64", "0|-1", NO_WHOLE, NULL, NULL},
	{"verbosity", NULL, "[0, 3]", "0|1|2|3", "-1|4", NO_WHOLE, NULL, NULL},
	{"base_score", NULL, "(-inf, +inf)", "0.5|-1e30|1e30|0", NULL, NO_NUMBER, NULL, NULL},
	{"csv_weights", NULL, "[0, 1]", "0|1", "2|-1", NO_WHOLE, NULL, NULL},
	{"booster", NULL, "gbtree|gblinear|dart", "gbtree|gblinear|dart", "tree|GBTREE", NULL, NULL, NULL},
	{"tree_method", NULL, "auto|exact|approx|hist|gpu_hist", "auto|exact|approx|hist|gpu_hist", "fast|Hist", NULL,
	 TREES, NULL},
	{"eta", "learning_rate", "[0, 1]", "0|1|0.3|1e-3|1E-03", "-0.001|1.001|-1e-9", NO_NUMBER, NULL, NULL},
	{"gamma", "min_split_loss", "[0, +inf)", "0|1e30", "-0.001", NO_NUMBER, TREES, NULL},
	{"max_depth", NULL, "[0, +inf)", "0|6|4e0", "-1", NO_WHOLE, TREES, NULL},
	{"min_child_weight", NULL, "[0, +inf)", "0|1e30", "-0.001", NO_NUMBER, TREES, NULL},
	{"max_delta_step", NULL, "[0, +inf)", "0|0.7", "-0.001", NO_NUMBER, TREES, NULL},
	{"subsample", NULL, "(0, 1]", "1e-9|1", "0|1.001|-1", NO_NUMBER, TREES, NULL},
	{"sampling_method", NULL, "uniform|gradient_based", "uniform|gradient_based", "all", NULL, TREES,
	 "tree_method=gpu_hist"},
	{"colsample_bytree", NULL, "(0, 1]", "1e-9|1", "0|1.001|-1", NO_NUMBER, TREES, NULL},
	{"colsample_bylevel", NULL, "(0, 1]", "1e-9|1", "0|1.001|-1", NO_NUMBER, TREES, NULL},
	{"colsample_bynode", NULL, "(0, 1]", "1e-9|1", "0|1.001|-1", NO_NUMBER, TREES, NULL},
	{"lambda", "reg_lambda", "[0, +inf)", "0|1e30", "-0.001", NO_NUMBER, NULL, NULL},
	{"alpha", "reg_alpha", "[0, +inf)", "0|1E-05", "-0.001", NO_NUMBER, NULL, NULL},
	{"scale_pos_weight", NULL, "(0, +inf)", "1e-9|100", "0|-1", NO_NUMBER,
	 "objective=binary:logistic|binary:logitraw|reg:logistic", NULL},
	{"grow_policy", NULL, "depthwise|lossguide", "depthwise|lossguide", "wide", NULL, BINS, NULL},
	{"max_leaves", NULL, "[0, +inf)", "0|255", "-1", NO_WHOLE, BINS, NULL},
	{"max_bin", NULL, "[2, +inf)", "2|256", "1|0|-1", NO_WHOLE, BINS, NULL},
	{"num_parallel_tree", NULL, "[1, +inf)", "1|100", "0|-1", NO_WHOLE, "booster=gbtree", NULL},
	{"monotone_constraints", NULL, NULL, "(1,0,-1)|[1, 0, -1]|1,0|(1,)", "(2,0)|(0,-2)", "up|(1,x)|(1,,0)|()", NULL,
	 NULL},
	{"interaction_constraints", NULL, NULL, "[[0,1],[2,3]]|[[0]]|[]|[[\"a\",\"b\"]]", NULL, "[0,1]|[[0,1]|x|[[-1]]",
	 NULL, NULL},
	{"process_type", NULL, "default|update", "default", "refresh", NULL, TREES, NULL},
	{"updater", NULL, NULL, "grow_colmaker|grow_quantile_histmaker,prune|refresh|sync", NULL, NULL, NULL, NULL},
	{"refresh_leaf", NULL, "[0, 1]", "0|1", "2|-1", NO_WHOLE, "updater=refresh", NULL},
	{"dsplit", NULL, "row|col", "row|col", "both", NULL, NULL, NULL},
	{"predictor", NULL, "auto|cpu_predictor|gpu_predictor", "auto|cpu_predictor|gpu_predictor", "tpu", NULL, NULL,
	 NULL},
	{"sample_type", NULL, "uniform|weighted", "uniform|weighted", "some", NULL, "booster=dart", NULL},
	{"normalize_type", NULL, "tree|forest", "tree|forest", "none", NULL, "booster=dart", NULL},
	{"rate_drop", NULL, "[0, 1]", "0|1|0.5", "-0.001|1.001", NO_NUMBER, "booster=dart", NULL},
	{"one_drop", NULL, "[0, 1]", "0|1", "2|-1", NO_WHOLE, "booster=dart", NULL},
	{"skip_drop", NULL, "[0, 1]", "0|1", "-0.001|1.001", NO_NUMBER, "booster=dart", NULL},
	{"lambda_bias", NULL, "[0, 1]", "0|1", "-0.001|1.001", NO_NUMBER, "booster=gblinear", NULL},
	{"tweedie_variance_power", NULL, "(1, 2)", "1.001|1.999", "1|2|0|3", NO_NUMBER, "objective=reg:tweedie", NULL},
	{"aft_loss_distribution", NULL, "normal|logistic|extreme", "normal|logistic|extreme", "cauchy", NULL,
	 "objective=survival:aft", NULL},
	{"aft_loss_distribution_scale", NULL, "(0, +inf)", "1e-9|20", "0|-1", NO_NUMBER, "objective=survival:aft",
	 NULL},
	{"_kfold", NULL, "[2, +inf)", "2|10", "1|0|-1", NO_WHOLE, NULL, NULL},
	{"_num_cv_round", NULL, "[1, +inf)", "1|5", "0|-1", NO_WHOLE, "_kfold", NULL},
	{"save_model_on_termination", NULL, "true|false", BOOLEANS, NULL, NULL},
	{"checkpoint_interval", NULL, "[0, +inf)", "0|10", "-1", NO_WHOLE, NULL, NULL},
	{"model_format", NULL, "ubj|json|deprecated", "ubj|json|deprecated", "pickle", NULL, NULL, NULL},
	{"header", NULL, "true|false", BOOLEANS, NULL, NULL},
	{"label_column", NULL, NULL, "y|the price", NULL, NULL, "header=true", WITH_HEADER},
	{"categorical_columns", NULL, NULL, "team|team,opp|0,3", NULL, NULL, NULL, NULL},
	{"delimiter", NULL, NULL, ",|;|\\t", NULL, NULL, NULL, NULL},
	{"entity_column", NULL, NULL, "player", NULL, NULL, "header=true", WITH_HEADER},
	{"entity_min_rows", NULL, "[1, +inf)", "1|100", "0|-1", NO_WHOLE, "entity_column", WITH_ENTITY},
	{"entity_on_error", NULL, "skip|fail", "skip|fail", "stop", NULL, "entity_column", WITH_ENTITY},
	{"entity_date_column", NULL, NULL, "day", NULL, NULL, "entity_column", WITH_ENTITY},
	{"external_memory", NULL, "auto|true|false", "auto|true|false", "never", NULL, NULL, NULL},
	{"host_timeout", NULL, "[1, +inf)", "1|3600", "0|-1", NO_WHOLE, NULL, NULL},
	{"sketch_eps", NULL, "(0, 1)", "0.03|0.999", "0|1|-1", NO_NUMBER, NULL, NULL},
	{"single_precision_histogram", NULL, "true|false", BOOLEANS, NULL, NULL},
	{"deterministic_histogram", NULL, "true|false", BOOLEANS, NULL, NULL},
	{"prob_buffer_row", NULL, "(1, +inf)", "1.001|2", "1|0", NO_NUMBER, NULL, NULL},
	{"use_dask_gpu_training", NULL, "true|false", BOOLEANS, NULL, NULL},
};

/* A job of the settings in text ("a=1;b=2"), then name=value. 0, or -code with the message. */
static int job(const char *text, const char *name, const char *value, struct hyper *ret, struct err *err)
{
	AUTO(json) json_t *root = json_object();
	AUTO(strlist) struct strlist parts = {0};
	AUTO(hyper) struct hyper h = {0};
	int rc;

	json_object_set_new(root, "num_round", json_string("5"));
	strlist_split(&parts, str_or(text, ""), ';');
	for (size_t i = 0; i < parts.n; i++) {
		char *is = strchr(parts.items[i], '=');

		if (!is)
			continue;
		*is = 0;
		json_object_set_new(root, parts.items[i], json_string(is + 1));
	}
	if (name)
		json_object_set_new(root, name, json_string(value));
	rc = hyper_parse(root, &h, err);
	if (!rc && ret) {
		*ret = h;
		h = (struct hyper){0};
	}
	return rc;
}

static void expect(const struct row *row, const char *name, const char *value, const char *message)
{
	struct err err = {0};
	int rc = job(row->together, name, value, NULL, &err);

	if (rc && !message)
		fail_msg("%s=%s: %s", name, value, err.msg);
	if (message && rc != -(int)ERR_INVALID)
		fail_msg("%s=%s is accepted, expected: %s", name, value, message);
	if (message && strncmp(err.msg, message, strlen(message)) != 0)
		fail_msg("%s=%s: %s, expected: %s", name, value, err.msg, message);
}

static void expect_values(const struct row *row, const char *values, char *(*message)(const struct row *, const char *))
{
	AUTO(strlist) struct strlist list = {0};

	strlist_split(&list, str_or(values, ""), '|');
	for (size_t i = 0; values && i < list.n; i++) {
		AUTO(str) char *expected = message ? message(row, list.items[i]) : NULL;

		expect(row, row->name, list.items[i], expected);
		if (row->alias)
			expect(row, row->alias, list.items[i], expected);
	}
}

static bool is_interval(const struct row *row)
{
	return row->range && (row->range[0] == '[' || row->range[0] == '(');
}

static char *outside_message(const struct row *row, const char *value)
{
	if (is_interval(row))
		return xasprintf("Hyperparameter %s: %s is not in %s", row->name, value, row->range);
	if (row->range)
		return xasprintf("Hyperparameter %s: '%s' is not one of %.3s", row->name, value, row->range);
	return xasprintf("Hyperparameter %s: ", row->name);
}

static char *broken_message(const struct row *row, const char *value)
{
	return xasprintf("Hyperparameter %s: could not parse value '%s'", row->name, value);
}

/* --- the table here ------------------------------------------------------------------- */

static void every_row_has_its_test(void **state)
{
	for (size_t i = 0; i < MAX((size_t)HYPER_COUNT, ARRAY_LEN(rows)); i++) {
		if (i >= HYPER_COUNT || i >= ARRAY_LEN(rows) || strcmp(hyper_rows[i].name, rows[i].name) != 0)
			fail_msg("row %zu: '%s' in hyperparameters.def, '%s' in this test", i,
				 i < HYPER_COUNT ? hyper_rows[i].name : "", i < ARRAY_LEN(rows) ? rows[i].name : "");
		if (!str_eq(str_or(hyper_rows[i].range, "-"), str_or(rows[i].range, "-")) ||
		    !str_eq(str_or(hyper_rows[i].needs, "-"), str_or(rows[i].needs, "-")) ||
		    !str_eq(str_or(hyper_rows[i].alias, "-"), str_or(rows[i].alias, "-")))
			fail_msg("%s: range, need or other name are not those of this test", rows[i].name);
	}
}

static void values_are_taken_and_refused(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		expect_values(&rows[i], rows[i].good, NULL);
		expect_values(&rows[i], rows[i].outside, outside_message);
		expect_values(&rows[i], rows[i].broken, broken_message);
		expect(&rows[i], rows[i].name, "", "Hyperparameter ");
		assert_non_null(rows[i].good);
		assert_true(!is_interval(&rows[i]) || rows[i].broken);
	}
}

/* Whether the job says that the row has no effect; the library gets it where not. */
static bool is_idle(const struct row *row, enum hyper_id id, const struct hyper *h)
{
	AUTO(strlist) struct strlist notices = {0};
	AUTO(strmap) struct strmap library = {0};
	AUTO(str) char *notice = xasprintf("%s has no effect without %s", row->name, row->needs);
	bool idle;

	hyper_notices(h, true, &notices);
	hyper_library_params(h, 1, &library);
	idle = strlist_has(&notices, notice);
	if (hyper_rows[id].use == HYPER_LIBRARY && idle == (strmap_get(&library, row->name) != NULL))
		fail_msg("%s: the library %s it, the notice %s", row->name, idle ? "gets" : "does not get",
			 idle ? "is there" : "is not");
	return idle;
}

/* With other=value in the job. Where that is refused, the row must be the cause. */
static bool idle_with(const struct row *row, enum hyper_id id, const char *other, const char *value)
{
	AUTO(hyper) struct hyper h = {0};
	AUTO(str) char *settings = xasprintf("%s;%s=%s", str_or(row->together, ""), other, value);
	AUTO(strlist) struct strlist good = {0};
	struct err err = {0};

	strlist_split(&good, row->good, '|');
	if (job(settings, row->name, good.items[0], &h, &err)) {
		if (!strstr(err.msg, row->name))
			fail_msg("%s with %s: %s", row->name, settings, err.msg);
		return true;
	}
	return is_idle(row, id, &h);
}

static void needs_are_told(void **state)
{
	for (int i = 0; i < (int)ARRAY_LEN(rows); i++) {
		const char *equals = rows[i].needs ? strchr(rows[i].needs, '=') : NULL;
		AUTO(strlist) struct strlist enough = {0}, all = {0};
		AUTO(str) char *other = NULL;
		bool one_lacks = false;

		if (!equals || hyper_rows[i].use == HYPER_NONE)
			continue;
		other = xstrndup(rows[i].needs, (size_t)(equals - rows[i].needs));
		strlist_split(&enough, equals + 1, '|');
		for (size_t k = 0; k < ARRAY_LEN(rows); k++)
			if (str_eq(rows[k].name, other))
				strlist_split(&all, rows[k].good, '|');
		assert_true(all.n > 1);
		for (size_t k = 0; k < enough.n; k++)
			if (idle_with(&rows[i], (enum hyper_id)i, other, enough.items[k]))
				fail_msg("%s does nothing with %s=%s", rows[i].name, other, enough.items[k]);
		for (size_t k = 0; k < all.n && !one_lacks; k++)
			one_lacks = !strlist_has(&enough, all.items[k]) &&
				    idle_with(&rows[i], (enum hyper_id)i, other, all.items[k]);
		if (!one_lacks)
			fail_msg("%s is never said to do nothing without %s", rows[i].name, rows[i].needs);
	}
}

/* Needs without a value: the other one must be given at all. */
static void presence_is_needed(void **state)
{
	static const struct {
		const char *name, *value, *other;
	} cases[] = {
		{"_num_cv_round", "3", "_kfold=4"},
		{"entity_min_rows", "3", WITH_ENTITY},
		{"entity_on_error", "fail", WITH_ENTITY},
		{"entity_date_column", "day", WITH_ENTITY},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (int k = 0; k < (int)ARRAY_LEN(rows); k++) {
			AUTO(hyper) struct hyper without = {0}, with = {0};

			if (!str_eq(rows[k].name, cases[i].name))
				continue;
			assert_int_equal(job("", cases[i].name, cases[i].value, &without, NULL), 0);
			assert_int_equal(job(cases[i].other, cases[i].name, cases[i].value, &with, NULL), 0);
			assert_true(is_idle(&rows[k], (enum hyper_id)k, &without));
			assert_false(is_idle(&rows[k], (enum hyper_id)k, &with));
		}
	}
	for (size_t i = 0, bare = 0; i < ARRAY_LEN(rows); i++) {
		bare += rows[i].needs && !strchr(rows[i].needs, '=');
		assert_true(i + 1 < ARRAY_LEN(rows) || bare == ARRAY_LEN(cases));
	}
}

/* --- what every row of the program's table must do -------------------------------------- */

static void names_are_suggested(void **state)
{
	for (int i = 0; i < HYPER_COUNT; i++) {
		const char *const both[] = {hyper_rows[i].name, hyper_rows[i].alias};

		for (size_t k = 0; k < ARRAY_LEN(both) && both[k]; k++) {
			AUTO(str) char *wrong = xstrdup(both[k]), *message = NULL;
			size_t at = strlen(wrong) / 2;

			memmove(wrong + at, wrong + at + 1, strlen(wrong + at)); /* one letter left out */
			message = xasprintf("Extraneous hyperparameter found: %s; did you mean %s?", wrong, both[k]);
			expect(&(struct row){0}, wrong, "1", message);
		}
	}
	expect(&(struct row){0}, "nothing_like_any_of_them", "1",
	       "Extraneous hyperparameter found: nothing_like_any_of_them");
}

static void two_names_of_one_are_refused(void **state)
{
	for (int i = 0; i < HYPER_COUNT; i++) {
		AUTO(str) char *first = NULL, *message = NULL;

		if (!hyper_rows[i].alias)
			continue;
		first = xasprintf("%s=1", hyper_rows[i].name);
		message = xasprintf("Hyperparameter %s is given twice (%s is another name for it)", hyper_rows[i].name,
				    hyper_rows[i].alias);
		expect(&(struct row){.together = first}, hyper_rows[i].alias, "1", message);
	}
}

static void whole_numbers_have_32_bits(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool endless = rows[i].range && strstr(rows[i].range, "+inf");
		AUTO(str) char *message = NULL;

		if (hyper_rows[i].type != HYPER_INT)
			continue;
		message = endless ? xasprintf("Hyperparameter %s: 2147483648 is too large: at most 2147483647",
					      rows[i].name)
				  : outside_message(&rows[i], "2147483648");
		expect(&rows[i], rows[i].name, "2147483648", message);
	}
}

static void defaults_are_values(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (hyper_rows[i].fallback)
			expect(&rows[i], rows[i].name, hyper_rows[i].fallback, NULL);
}

static void rows_without_effect_say_so(void **state)
{
	for (int i = 0; i < HYPER_COUNT; i++) {
		AUTO(str) char *notice = xasprintf("%s has no effect: %s", rows[i].name, hyper_rows[i].help);
		AUTO(strlist) struct strlist good = {0}, notices = {0};
		AUTO(hyper) struct hyper h = {0};

		strlist_split(&good, rows[i].good, '|');
		assert_int_equal(job(rows[i].together, rows[i].name, good.items[0], &h, NULL), 0);
		hyper_notices(&h, true, &notices);
		assert_int_equal(strlist_has(&notices, notice), hyper_rows[i].use == HYPER_NONE);
	}
}

static void every_objective_is_tested(void **state)
{
	AUTO(strlist) struct strlist good = {0};

	strlist_split(&good, rows[HP_objective].good, '|');
	for (size_t i = 0; i < objective_count(); i++)
		assert_true(strlist_has(&good, objective_name(i)) || str_starts(objective_name(i), "multi:"));
	expect(&rows[HP_num_class], "num_class", "3", NULL);
	expect(&(struct row){.together = "num_class=3"}, "objective", "multi:softprob", NULL);
	expect(&(struct row){0}, "objective", "multi:softmax",
	       "Require input for parameter 'num_class' for multi-classification");
	expect(&(struct row){0}, "objective", "reg:squarederro",
	       "Hyperparameter objective: 'reg:squarederro' is not known; did you mean reg:squarederror?");
}

/* What a row needs that is refused rather than said: the facts the table has no words for. */
static void rules_between_rows(void **state)
{
	static const struct {
		const char *settings, *name, *value, *message;
	} cases[] = {
		{"tree_method=approx", "monotone_constraints", "(1)",
		 "monotone_constraints can be used only when the tree_method parameter is set to either 'exact' or "
		 "'hist'."},
		{"tree_method=exact", "monotone_constraints", "(1)", NULL},
		{"tree_method=auto", "interaction_constraints", "[[0]]",
		 "interaction_constraints can be used only when the tree_method parameter is set to either 'exact', "
		 "'hist' or "
		 "'approx'."},
		{"tree_method=approx", "interaction_constraints", "[[0]]", NULL},
		{NULL, "sampling_method", "gradient_based",
		 "sampling_method gradient_based can be used only with tree_method 'gpu_hist'."},
		{"tree_method=exact", "max_depth", "0", "max_depth 0 (no limit) needs tree_method hist or approx"},
		{NULL, "process_type", "update", "process_type update refreshes an existing model"},
		{"process_type=update", "updater", "grow_colmaker",
		 "process_type 'update' can only be used with updater 'refresh' and 'prune'"},
		{NULL, "updater", "grow_colmaker,grow_histmaker", "Only one tree grow plugin can be selected"},
		{NULL, "updater", "shotgun", "Tree updater should be selected from these options: "},
		{"booster=gblinear", "updater", "prune", "Linear updater should be one of these options: 'shotgun'"},
		{"booster=gblinear", "updater", "coord_descent", NULL},
		{"objective=binary:logistic", "base_score", "1", "Hyperparameter base_score: 1 is not in (0, 1)"},
		{"objective=binary:logistic", "base_score", "0.5", NULL},
		{"objective=count:poisson", "base_score", "0", "Hyperparameter base_score: 0 is not in (0, +inf)"},
		{WITH_ENTITY, "_kfold", "3", "_kfold and entity_column exclude each other"},
		{NULL, "entity_column", "who", "entity_column needs header=true"},
		{NULL, "label_column", "y", "label_column needs header=true"},
		{NULL, "delimiter", "ab", "Hyperparameter delimiter: 'ab' is not one character (or \\t)"},
		{NULL, "eval_metric", "auc",
		 "Metric 'auc' can only be applied for classification and ranking problems."},
		{"objective=rank:pairwise", "eval_metric", "auc", NULL},
		{NULL, "eval_metric", "rsme", "Metric 'rsme' is not supported; did you mean rmse?"},
		{NULL, "_tuning_objective_metric", "train:rmse",
		 "Hyperparameter _tuning_objective_metric: 'train:rmse' is not validation:METRIC"},
		{NULL, "_tuning_objective_metric", "validation:rsme",
		 "Hyperparameter _tuning_objective_metric: 'validation:rsme' is not validation:METRIC"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect(&(struct row){.together = cases[i].settings}, cases[i].name, cases[i].value, cases[i].message);
}

/* --- values as SDKs send them ------------------------------------------------------------- */

static void encoded_values_are_decoded(void **state)
{
	static const struct {
		const char *sent, *meant;
	} cases[] = {
		{"plain", "plain"},
		{" plain ", "plain"},
		{"\"plain\"", "plain"},
		{"\"\\\"twice\\\"\"", "twice"},
		{"\"gr\\u00f6\\u00dfe\"", "größe"},
		{"\"say \\\"1\\\"\"", "say \"1\""},
		{"\"a\\\\b\"", "a\\b"},
		{"\"[\\\"auc\\\", \\\"logloss\\\"]\"", "[\"auc\", \"logloss\"]"},
		{"\t", "\t"},
		{" ", " "},
		{"\"\\t\"", "\t"},
		{"\\t", "\\t"},
		{"\"not \\json\"", "not \\json"},
		{"\"", "\""},
		{"say \"1\"", "say \"1\""},
		{"[\"auc\"]", "[\"auc\"]"},
		{"", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(str) char *got = literal_decode(cases[i].sent);

		assert_string_equal(got, cases[i].meant);
	}
	AUTO(hyper) struct hyper h = {0};
	assert_int_equal(job("num_round=\"7\";delimiter=\"\\t\"", "objective", "\"count:poisson\"", &h, NULL), 0);
	assert_int_equal(hyper_int(&h, HP_num_round), 7);
	assert_string_equal(hyper_text(&h, HP_delimiter), "\t");
	assert_string_equal(hyper_text(&h, HP_objective), "count:poisson");
}

/* Every row that is a list takes every spelling of one. */
static void lists_are_spelled_in_many_ways(void **state)
{
	static const struct {
		enum hyper_id id;
		const char *a, *b;
	} lists[] = {{HP_eval_metric, "mae", "rmse"},
		     {HP_categorical_columns, "team", "opp"},
		     {HP_updater, "grow_colmaker", "prune"}};
	static const char *const forms[] = {"%s,%s",	      "%s, %s",		" %s ,%s, ",	 "[\"%s\",\"%s\"]",
					    "['%s', '%s']",   "('%s', \"%s\")", "['%s', '%s',]", "[%s, %s]",
					    "\"%s\", \"%s\"", "'%s','%s'"};
	size_t rows_seen = 0;

	for (int i = 0; i < HYPER_COUNT; i++)
		rows_seen += hyper_rows[i].type == HYPER_LIST;
	assert_int_equal(rows_seen, ARRAY_LEN(lists));
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		for (size_t f = 0; f < ARRAY_LEN(forms); f++) {
			AUTO(hyper) struct hyper h = {0};
			AUTO(strlist) struct strlist items = {0};
			struct err err = {0};
			char text[80];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			snprintf(text, sizeof(text), forms[f], lists[i].a, lists[i].b);
#pragma GCC diagnostic pop
			if (job(NULL, hyper_name(lists[i].id), text, &h, &err))
				fail_msg("%s: %s", text, err.msg);
			hyper_items(&h, lists[i].id, &items);
			assert_int_equal(items.n, 2);
			assert_string_equal(items.items[0], lists[i].a);
			assert_string_equal(items.items[1], lists[i].b);
		}
	/* what a name may hold */
	AUTO(hyper) struct hyper h = {0};
	AUTO(strlist) struct strlist items = {0};
	assert_int_equal(job(NULL, "categorical_columns", "['a, b', \"it's\", 'say \"x\"', '[c]', 3]", &h, NULL), 0);
	hyper_items(&h, HP_categorical_columns, &items);
	assert_int_equal(items.n, 5);
	assert_string_equal(items.items[0], "a, b");
	assert_string_equal(items.items[1], "it's");
	assert_string_equal(items.items[2], "say \"x\"");
	assert_string_equal(items.items[3], "[c]");
	assert_string_equal(items.items[4], "3");
	static const char *const broken[] = {"['a'", "[['a']]", "[null]", "[]", "(", "{\"a\": 1}]", ","};
	for (size_t i = 0; i < ARRAY_LEN(broken); i++)
		if (!job(NULL, "eval_metric", broken[i], NULL, NULL))
			fail_msg("%s is taken for a list", broken[i]);
}

static void constraints_name_columns(void **state)
{
	static const struct {
		const char *monotone, *interaction; /* as given */
		const char *directions, *groups;    /* as the library gets them, or */
		const char *message;
	} cases[] = {
		{"{\"c\": -1, \"a\": 1}", NULL, "(1,0,-1)", NULL, NULL},
		{"{'b': 1}", NULL, "(0,1,0)", NULL, NULL},
		{"(1,-1)", NULL, "(1,-1)", NULL, NULL},
		{"['1', 0, -1]", NULL, "(1,0,-1)", NULL, NULL},
		{NULL, "[[\"a\",\"b\"],[\"c\"]]", NULL, "[[0,1],[2]]", NULL},
		{NULL, "[['c', 0], ('b',)]", NULL, "[[2,0],[1]]", NULL},
		{NULL, "[[0, 2]]", NULL, "[[0,2]]", NULL},
		{"{\"zz\": 1}", NULL, NULL, NULL, "monotone_constraints names column 'zz', which the data do not have"},
		{"{\"a\": 2}", NULL, NULL, NULL, "Hyperparameter monotone_constraints: 2 is not one of -1, 0, 1"},
		{"{\"a\": \"up\"}", NULL, NULL, NULL, "Hyperparameter monotone_constraints: could not parse value"},
		{"(1,0,0,1)", NULL, NULL, NULL, "monotone_constraints has 4 values, the data has 3 columns"},
		{NULL, "[[\"bb\"]]", NULL, NULL,
		 "interaction_constraints names column 'bb', which the data do not have; did you mean 'b'?"},
		{NULL, "[[3]]", NULL, NULL, "interaction_constraints names column 3, the data has columns 0 to 2"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(strlist) struct strlist names = {0};
		AUTO(hyper) struct hyper h = {0};
		struct err err = {0};
		const char *row = cases[i].monotone ? "monotone_constraints" : "interaction_constraints";
		int rc = job(NULL, row, cases[i].monotone ? cases[i].monotone : cases[i].interaction, &h, &err);

		strlist_split(&names, "a,b,c", ',');
		if (!rc)
			rc = hyper_fit_columns(&h, 3, &names, &err);
		if (cases[i].message) {
			assert_int_equal(rc, -ERR_INVALID);
			if (!str_starts(err.msg, cases[i].message))
				fail_msg("%s, expected: %s", err.msg, cases[i].message);
			continue;
		}
		if (rc)
			fail_msg("%s", err.msg);
		if (cases[i].directions)
			assert_string_equal(hyper_text(&h, HP_monotone_constraints), cases[i].directions);
		AUTO(json) json_t *got = json_loads(str_or(hyper_text(&h, HP_interaction_constraints), "[]"), 0, NULL);
		AUTO(json) json_t *wanted = json_loads(str_or(cases[i].groups, "[]"), 0, NULL);
		assert_true(json_equal(got, wanted));
	}
	/* data without names: numbers, and the names that Python gives columns */
	AUTO(hyper) struct hyper h = {0};
	struct err err = {0};
	assert_int_equal(job(NULL, "monotone_constraints", "{\"f1\": 1, \"2\": -1}", &h, NULL), 0);
	assert_int_equal(hyper_fit_columns(&h, 3, &(struct strlist){0}, NULL), 0);
	assert_string_equal(hyper_text(&h, HP_monotone_constraints), "(0,1,-1)");
	AUTO(hyper) struct hyper named = {0};
	assert_int_equal(job(NULL, "interaction_constraints", "[[\"age\"]]", &named, NULL), 0);
	assert_int_equal(hyper_fit_columns(&named, 3, &(struct strlist){0}, &err), -ERR_INVALID);
	assert_true(str_starts(err.msg, "interaction_constraints names column 'age', but the data have no names"));
}

/* What the table takes the library has, and the other way round. */
static void updaters_are_the_librarys(void **state)
{
	static const char *const names[] = {"grow_colmaker", "grow_histmaker", "grow_quantile_histmaker",
					    "grow_skmaker",  "distcol",	       "grow_local_histmaker",
					    "prune",	     "sync",	       "refresh"};
	float cells[] = {1, 2, 3, 4}, labels[] = {1, 2, 3, 4};
	struct dataset d = {.rows = 4, .columns = 1, .dense = cells, .labels = labels};
	struct matrix_options opt = {.threads = 1};

	booster_thread_init(0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO(matrix) struct matrix *m = NULL;
		AUTO(booster) struct booster *b = NULL;
		AUTO(strmap) struct strmap params = {0};
		struct err err = {0};
		bool taken = !job(NULL, "updater", names[i], NULL, NULL);

		strmap_set(&params, "nthread", "1");
		strmap_set(&params, "updater", names[i]);
		assert_int_equal(matrix_new(&d, &opt, &m, NULL), 0);
		int rc = booster_new(&params, NULL, &m, 1, &b, &err);
		if (!rc)
			rc = booster_update(b, 0, m, &err);
		if (taken == (rc && strstr(err.msg, "Unknown tree updater")))
			fail_msg("%s: %s, the library: %s", names[i], taken ? "taken" : "refused", err.msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encoded_values_are_decoded),
		cmocka_unit_test(lists_are_spelled_in_many_ways),
		cmocka_unit_test(constraints_name_columns),
		cmocka_unit_test(updaters_are_the_librarys),
		cmocka_unit_test(every_row_has_its_test),
		cmocka_unit_test(values_are_taken_and_refused),
		cmocka_unit_test(needs_are_told),
		cmocka_unit_test(presence_is_needed),
		cmocka_unit_test(names_are_suggested),
		cmocka_unit_test(two_names_of_one_are_refused),
		cmocka_unit_test(whole_numbers_have_32_bits),
		cmocka_unit_test(defaults_are_values),
		cmocka_unit_test(rows_without_effect_say_so),
		cmocka_unit_test(every_objective_is_tested),
		cmocka_unit_test(rules_between_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
