/* The grower against libxgboost's own hist updater, in this process: the same data
 * and settings must give the same bytes of a model, over objectives, sampling,
 * missing cells, sparse data, depths, threads, weights, classes. */
#include <math.h>

#include "trainer/fit/learner.h"
#include "trainer/grow/grow.h"
#include "unit.h"

#define MODEL_BYTES ((size_t)1 << 30)

/* --- data ---------------------------------------------------------------------------- */

struct shape {
	size_t rows, columns;
	double missing; /* share of the cells */
	int distinct;	/* values of a column; 0: all differ */
	enum { CONTINUOUS, UNIT, BINARY, COUNTS, POSITIVE, CLASSES, WILD } label;
	bool sparse, weights;
};

static uint64_t random_state;

static double uniform(void)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (double)(random_state >> 11) / 9007199254740992.0;
}

static float normal(void)
{
	double sum = 0;

	for (int i = 0; i < 12; i++)
		sum += uniform();
	return (float)(sum - 6);
}

static float label_of(const struct shape *s, const float *x)
{
	float a = isnan(x[0]) ? 0 : x[0], b = s->columns > 1 && !isnan(x[1]) ? x[1] : 0, y = 3 * a + a * b + normal();

	switch (s->label) {
	case CONTINUOUS:
		return y;
	case UNIT:
		return (float)(1 / (1 + exp(-(double)y)));
	case BINARY:
		return y > 0.3f;
	case COUNTS:
		return floorf(expf(fminf(y / 3, 4)));
	case POSITIVE:
		return expf(fminf(y / 3, 4)) + 0.01f;
	case WILD: /* sums of such gradients are not exact */
		return y * (float)pow(10, 20 * uniform() - 10);
	case CLASSES:
		return y < -2 ? 0 : y < 1 ? 1 : 2;
	}
	return 0;
}

static struct dataset *make(const struct shape *s, uint64_t seed)
{
	struct dataset *d = NEW(struct dataset);

	random_state = seed;
	*d = (struct dataset){.rows = s->rows, .columns = s->columns};
	d->labels = xcalloc(s->rows, sizeof(float));
	float *cells = xcalloc(s->rows * s->columns, sizeof(float));
	for (size_t i = 0; i < s->rows * s->columns; i++) {
		float x = normal() * 10;
		if (s->distinct)
			x = floorf((float)uniform() * (float)s->distinct) - 2;
		cells[i] = uniform() < s->missing ? NAN : x;
	}
	for (size_t r = 0; r < s->rows; r++)
		d->labels[r] = label_of(s, cells + r * s->columns);
	if (s->weights) {
		d->weights = xcalloc(s->rows, sizeof(float));
		for (size_t r = 0; r < s->rows; r++)
			d->weights[r] = (float)uniform() * 2;
	}
	if (!s->sparse) {
		d->dense = cells;
		return d;
	}
	d->row_start = xcalloc(s->rows + 1, sizeof(size_t));
	d->column_index = xcalloc(s->rows * s->columns, sizeof(uint32_t));
	d->values = xcalloc(s->rows * s->columns, sizeof(float));
	size_t n = 0;
	for (size_t i = 0; i < s->rows * s->columns; i++) {
		if (!isnan(cells[i])) {
			d->column_index[n] = (uint32_t)(i % s->columns);
			d->values[n++] = cells[i];
		}
		if ((i + 1) % s->columns == 0)
			d->row_start[i / s->columns + 1] = n;
	}
	free(cells);
	return d;
}

/* --- the two ways -------------------------------------------------------------------------- */

static void settings(struct strmap *params, const char *text, int threads)
{
	AUTO(strlist) struct strlist words = {0};
	char n[16];

	snprintf(n, sizeof(n), "%d", threads);
	strmap_set(params, "nthread", n);
	strmap_set(params, "tree_method", "hist");
	strlist_split(&words, text, ' ');
	for (size_t i = 0; i + 1 < words.n; i += 2)
		strmap_set(params, words.items[i], words.items[i + 1]);
}

static void by_library(const struct dataset *d, const struct strmap *params, int threads, int rounds, struct buf *out)
{
	struct err err = {0};
	AUTO(matrix) struct matrix *m = NULL;
	AUTO(booster) struct booster *b = NULL;
	struct matrix_options opt = {.threads = threads, .columns = d->columns};

	assert_int_equal(matrix_new(d, &opt, &m, &err), 0);
	assert_int_equal(booster_new(params, NULL, (struct matrix *[]){m}, 1, &b, &err), 0);
	for (int i = 0; i < rounds; i++)
		if (booster_update(b, i, m, &err))
			fail_msg("%s", err.msg);
	assert_int_equal(booster_save(b, MODEL_UBJ, out, &err), 0);
}

static void by_grower(const struct dataset *d, const struct strmap *params, int threads, int rounds, struct buf *out)
{
	struct err err = {0};
	AUTO(matrix) struct matrix *m = NULL;
	AUTO(booster) struct booster *b = NULL;
	AUTO(grow_mould) struct grow_mould *mould = NULL;
	AUTO(grower) struct grower *g = NULL;
	struct matrix_options opt = {.threads = threads, .columns = d->columns};

	assert_int_equal(matrix_new_bare(d, &opt, &m, &err), 0);
	assert_int_equal(booster_new(params, NULL, (struct matrix *[]){m}, 1, &b, &err), 0);
	assert_int_equal(grow_mould_new(b, &mould, &err), 0);
	assert_non_null(mould);
	struct grow_job job = {.mould = mould, .data = {d}, .columns = d->columns, .threads = threads};
	assert_int_equal(grower_new(&job, &g, &err), 0);
	assert_non_null(g);
	for (int i = 0; i < rounds; i++)
		assert_int_equal(grower_round(g, &err), 0);
	assert_int_equal(grower_model(g, rounds, NULL, out, &err), 0);
}

/* Where two models differ, as text, for a person. */
static char *difference(const struct buf *a, const struct buf *b)
{
	size_t at = 0, n = MIN(a->len, b->len);

	while (at < n && a->data[at] == b->data[at])
		at++;
	size_t key = at;
	while (key && !(a->data[key] == 'L' && key + 9 < a->len && !a->data[key + 1] && !a->data[key + 2]))
		key--;
	return xasprintf("%zu and %zu bytes, first differing at %zu, %zu behind '%.20s'", a->len, b->len, at, at - key,
			 a->data + key + 9);
}

static const struct {
	const char *name;
	struct shape shape;
	const char *settings;
	int threads, rounds;
} cases[] = {
	{"an entity", {70, 40}, "max_depth 6 eta 0.05 min_child_weight 5 subsample 0.8 colsample_bytree 0.8", 1, 60},
	{"plain", {500, 8}, "", 1, 20},
	{"idle lanes", {120, 3}, "max_depth 8", 1, 20},
	{"wide", {90, 401}, "colsample_bytree 0.3", 1, 10},
	{"columns drawn one by one", {12, 70001}, "colsample_bytree 0.0003 colsample_bynode 0.5", 1, 2},
	{"inexact", {300, 6, 0, 0, WILD}, "max_depth 8 min_child_weight 0.5", 1, 20},
	{"inexact, few values", {300, 6, 0, 7, WILD}, "subsample 0.7", 1, 20},
	{"barely sorted", {1024, 5}, "max_depth 10", 1, 10},
	{"no longer sorted", {1025, 5}, "max_depth 10", 1, 10},
	{"few values", {400, 6, 0, 5}, "max_depth 8", 1, 20},
	{"one column", {300, 1}, "", 1, 10},
	{"one row", {1, 3}, "", 1, 3},
	{"missing", {600, 7, 0.3}, "max_depth 7", 1, 20},
	{"missing, few values", {600, 7, 0.3, 4}, "min_child_weight 0", 1, 20},
	{"an entity, missing", {70, 48, 0.06}, "max_depth 6 eta 0.05 min_child_weight 5 subsample 0.8", 1, 60},
	{"most missing", {90, 9, 0.8, 6}, "max_depth 8 min_child_weight 2", 1, 30},
	{"missing, lambda 0", {120, 6, 0.4, 5}, "lambda 0 min_child_weight 0 max_depth 9", 1, 30},
	{"missing, equal gains", {60, 10, 0.5, 2}, "max_depth 8", 1, 30},
	{"missing, inexact", {300, 6, 0.2, 0, WILD}, "max_depth 8 min_child_weight 0.5", 1, 20},
	{"column all missing", {50, 3, 0.97}, "", 1, 10},
	{"sparse", {600, 9, 0.7, 0, CONTINUOUS, true}, "eta 0.1", 1, 20},
	{"pruned sketch", {5000, 5}, "", 1, 10},
	{"levels of the sketch", {60000, 3}, "max_depth 8", 1, 5},
	{"levels, missing", {60000, 3, 0.2, 30000}, "max_depth 4", 1, 5},
	{"16 bins", {3000, 6}, "max_bin 16 max_depth 9", 1, 10},
	{"1000 bins", {4000, 4, 0.1}, "max_bin 1000", 1, 10},
	{"2 bins", {300, 4}, "max_bin 2", 1, 10},
	{"deep", {3000, 5}, "max_depth 14 min_child_weight 0", 1, 5},
	{"no depth, leaves", {2000, 5}, "max_depth 0 max_leaves 31", 1, 10},
	{"lossguide", {2000, 5}, "grow_policy lossguide max_leaves 24 max_depth 0", 1, 10},
	{"lossguide, gamma", {2000, 5}, "grow_policy lossguide max_depth 5 gamma 20", 1, 10},
	{"gamma", {800, 5}, "gamma 50", 1, 20},
	{"alpha, lambda", {800, 5}, "alpha 3 lambda 0.2", 1, 20},
	{"lambda 0", {200, 5}, "lambda 0 min_child_weight 0", 1, 20},
	{"step limit", {800, 5}, "max_delta_step 0.5", 1, 20},
	{"rows", {999, 6}, "subsample 0.37 seed 12", 1, 20},
	{"columns by level", {700, 12}, "colsample_bylevel 0.6", 1, 20},
	{"columns by node", {700, 12}, "colsample_bynode 0.4", 1, 20},
	{"columns by all", {700, 30}, "colsample_bynode 0.7 colsample_bylevel 0.7 colsample_bytree 0.7 seed 7", 1, 20},
	{"columns, lossguide", {700, 30}, "colsample_bynode 0.5 grow_policy lossguide max_leaves 20", 1, 20},
	{"weights", {200, 5, 0, 0, CONTINUOUS, false, true}, "", 1, 20},
	{"logistic", {900, 6, 0.1, 0, BINARY}, "objective binary:logistic scale_pos_weight 3", 1, 30},
	{"logistic regression", {900, 6, 0, 0, UNIT}, "objective reg:logistic base_score 0.3", 1, 30},
	{"logit", {900, 6, 0, 0, BINARY}, "objective binary:logitraw subsample 0.5", 1, 30},
	{"poisson", {900, 6, 0, 0, COUNTS}, "objective count:poisson", 1, 30},
	{"gamma deviance", {900, 6, 0, 0, POSITIVE}, "objective reg:gamma", 1, 30},
	{"tweedie", {900, 6, 0, 0, COUNTS}, "objective reg:tweedie tweedie_variance_power 1.3", 1, 30},
	{"classes", {900, 6, 0.05, 0, CLASSES}, "objective multi:softprob num_class 3 subsample 0.8", 1, 15},
	{"softmax", {900, 6, 0, 0, CLASSES}, "objective multi:softmax num_class 4 colsample_bytree 0.5", 1, 15},
	{"two threads", {20000, 9}, "max_depth 8 subsample 0.9", 2, 10},
	{"two threads, missing", {20000, 9, 0.1}, "max_depth 8 colsample_bylevel 0.8", 2, 10},
	{"three threads", {5000, 9}, "max_depth 10 min_child_weight 0", 3, 10},
	{"three threads, logistic", {7001, 5, 0, 0, BINARY}, "objective binary:logistic subsample 0.7", 3, 10},
	{"four threads, classes",
	 {3001, 5, 0, 0, CLASSES},
	 "objective multi:softprob num_class 3 subsample 0.7",
	 4,
	 10},
	{"three threads, lossguide", {5000, 9}, "grow_policy lossguide max_leaves 64", 3, 10},
};

static void trees_are_the_librarys(void **state)
{
	int failed = 0;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(strmap) struct strmap params = {0};
		AUTO(buf) struct buf theirs = BUF_INIT(MODEL_BYTES);
		AUTO(buf) struct buf ours = BUF_INIT(MODEL_BYTES);
		AUTO(dataset) struct dataset *d = make(&cases[i].shape, i + 1);
		settings(&params, cases[i].settings, cases[i].threads);
		by_library(d, &params, cases[i].threads, cases[i].rounds, &theirs);
		by_grower(d, &params, cases[i].threads, cases[i].rounds, &ours);
		if (theirs.len == ours.len && !memcmp(theirs.data, ours.data, ours.len))
			continue;
		AUTO(str) char *text = difference(&theirs, &ours);
		print_error("%s: %s\n", cases[i].name, text);
		failed++;
	}
	assert_int_equal(failed, 0);
}

/* --- metrics ------------------------------------------------------------------------------- */

static void judge_by_library(const struct dataset *d, const struct strmap *params, const struct strlist *names,
			     const float *margins, int threads, struct eval_values *out)
{
	struct err err = {0};
	AUTO(matrix) struct matrix *m = NULL;
	AUTO(booster) struct booster *b = NULL;
	struct matrix_options opt = {.threads = threads, .columns = d->columns};

	assert_int_equal(matrix_new_bare(d, &opt, &m, &err), 0);
	assert_int_equal(matrix_set_margin(m, margins, 1, &err), 0);
	assert_int_equal(booster_new(params, names, (struct matrix *[]){m}, 1, &b, &err), 0);
	assert_int_equal(booster_evaluate(b, 0, (struct matrix *[]){m}, (const char *[]){"train"}, 1, out, &err), 0);
}

static void metrics_are_the_librarys(void **state)
{
	static const struct {
		struct shape shape;
		const char *settings, *metrics;
		int threads;
	} kinds[] = {
		{{1001, 3}, "objective reg:squarederror", "rmse mae", 1},
		{{1001, 3, 0, 0, CONTINUOUS, false, true}, "objective reg:squarederror", "mae rmse", 1},
		{{5003, 3}, "objective reg:squarederror", "", 3},
		{{1001, 3, 0, 0, BINARY}, "objective binary:logistic", "logloss error rmse mae", 2},
		{{1001, 3, 0, 0, BINARY}, "objective binary:logistic", "", 2},
		{{801, 3, 0, 0, UNIT}, "objective reg:logistic", "", 1},
		{{801, 3, 0, 0, UNIT}, "objective reg:logistic", "logloss mae", 4},
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct err err = {0};
		AUTO(strmap) struct strmap params = {0};
		AUTO(strlist) struct strlist names = {0};
		AUTO(eval_values) struct eval_values theirs = {0};
		AUTO(eval_values) struct eval_values ours = {0};
		AUTO(dataset) struct dataset *d = make(&kinds[i].shape, i + 100);
		AUTO(matrix) struct matrix *m = NULL;
		AUTO(booster) struct booster *b = NULL;
		AUTO(grow_mould) struct grow_mould *mould = NULL;
		AUTO(grower) struct grower *g = NULL;
		struct matrix_options opt = {.threads = kinds[i].threads, .columns = d->columns};
		settings(&params, kinds[i].settings, kinds[i].threads);
		if (*kinds[i].metrics)
			strlist_split(&names, kinds[i].metrics, ' ');
		assert_int_equal(matrix_new_bare(d, &opt, &m, &err), 0);
		assert_int_equal(booster_new(&params, &names, (struct matrix *[]){m}, 1, &b, &err), 0);
		assert_int_equal(grow_mould_new(b, &mould, &err), 0);
		struct grow_job job = {.mould = mould, .data = {d}, .columns = d->columns, .threads = kinds[i].threads};
		assert_int_equal(grower_new(&job, &g, &err), 0);
		for (int round = 0; round < 3; round++)
			assert_int_equal(grower_round(g, &err), 0);
		assert_true(grower_evaluate(g, 0, &names, &ours));
		judge_by_library(d, &params, &names, grower_margins(g, 0), kinds[i].threads, &theirs);
		assert_int_equal(ours.n, theirs.n);
		for (size_t k = 0; k < ours.n; k++) {
			assert_string_equal(ours.items[k].name, theirs.items[k].name);
			assert_memory_equal(&ours.items[k].value, &theirs.items[k].value, sizeof(double));
		}
	}
}

/* --- what is not taken -------------------------------------------------------------------- */

static bool takes(const struct dataset *train, const struct dataset *validation, size_t columns)
{
	return grower_takes((const struct dataset *[GROW_SETS]){train, validation}, columns, 0);
}

/* Rows are read as wide as the job's. */
static void sets_of_other_widths_are_not_taken(void **state)
{
	AUTO(dataset) struct dataset *sparse = make(&(struct shape){20, 5, 0.3, .sparse = true}, 1);
	AUTO(dataset) struct dataset *narrow = make(&(struct shape){20, 4}, 2);
	AUTO(dataset) struct dataset *same = make(&(struct shape){20, 5}, 3);
	AUTO(dataset) struct dataset *few = make(&(struct shape){20, 3, 0.3, .sparse = true}, 4);

	assert_true(takes(sparse, NULL, 5));
	assert_true(takes(sparse, same, 5));
	assert_true(takes(sparse, few, 5));
	assert_true(takes(sparse, sparse, 6));
	assert_false(takes(sparse, narrow, 5));
	assert_false(takes(sparse, sparse, 4));
	assert_false(takes(same, sparse, 6));
}

static void data_without_room_is_not_taken(void **state)
{
	float none = 0;
	struct dataset d = {.rows = UINT32_MAX, .columns = 1000000, .dense = &none, .labels = &none};

	assert_false(takes(&d, NULL, d.columns)); /* 10 petabytes of bins */
	d.columns = 16777216;			  /* slots have 32 bits */
	assert_false(takes(&d, NULL, d.columns));
}

static bool takes_settings(const char *text)
{
	AUTO(matrix) struct matrix *m = NULL;
	AUTO(booster) struct booster *b = NULL;
	AUTO(grow_mould) struct grow_mould *mould = NULL;
	AUTO(strmap) struct strmap params = {0};
	struct dataset row = {.rows = 1};
	struct matrix_options opt = {.threads = 1, .columns = 3};
	struct err err = {0};

	settings(&params, text, 1);
	assert_int_equal(matrix_new_bare(&row, &opt, &m, &err), 0);
	assert_int_equal(booster_new(&params, NULL, (struct matrix *[]){m}, 1, &b, &err), 0);
	assert_int_equal(grow_mould_new(b, &mould, &err), 0);
	return mould != NULL;
}

static void what_the_library_alone_does_is_not_taken(void **state)
{
	static const char *const others[] = {
		"booster dart",
		"booster gblinear",
		"tree_method exact",
		"tree_method approx",
		"updater grow_quantile_histmaker,prune",
		"process_type update updater refresh",
		"num_parallel_tree 2",
		"monotone_constraints (1,0,0)",
		"interaction_constraints [[0,1]]",
		"sampling_method gradient_based",
		"objective rank:pairwise",
		"objective rank:ndcg",
		"objective rank:map",
		"objective survival:cox",
		"objective survival:aft",
		"objective binary:hinge",
		"objective reg:absoluteerror",
		"objective reg:pseudohubererror",
		"objective reg:squaredlogerror",
		"max_depth 0 max_leaves 0",
		"gamma 1e39", /* refused, and the library has the words for it */
	};

	assert_true(takes_settings(""));
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (takes_settings(others[i]))
			fail_msg("%s", others[i]);
}

static void special_rows_are_not_taken(void **state)
{
	AUTO(dataset) struct dataset *d = make(&(struct shape){300, 3, .weights = true}, 1);

	assert_false(takes(d, NULL, 3)); /* more weights than bins */
	d->rows = 256;
	assert_true(takes(d, NULL, 3));
	d->weights[255] = 0;
	assert_false(takes(d, NULL, 3));
	free(d->weights);
	d->weights = NULL;
	assert_true(takes(d, NULL, 3));
	d->query_ids = xcalloc(d->rows, sizeof(*d->query_ids));
	assert_false(takes(d, NULL, 3));
	free(d->query_ids);
	d->query_ids = NULL;
	d->categorical = xcalloc(d->columns, 1);
	assert_false(takes(d, NULL, 3));
}

static void part_of_a_round_is_not_gone_on_from(void **state)
{
	AUTO(buf) struct buf model = BUF_INIT(MODEL_BYTES);
	AUTO(matrix) struct matrix *m = NULL;
	AUTO(booster) struct booster *b = NULL;
	AUTO(grow_mould) struct grow_mould *mould = NULL;
	AUTO(grower) struct grower *g = NULL;
	AUTO(strmap) struct strmap four = {0}, three = {0};
	AUTO(dataset) struct dataset *d = make(&(struct shape){50, 3, 0, 0, CLASSES}, 1);
	struct matrix_options opt = {.threads = 1, .columns = d->columns};
	struct err err = {0};

	settings(&four, "objective multi:softprob num_class 4", 1);
	settings(&three, "objective multi:softprob num_class 3", 1);
	by_grower(d, &four, 1, 1, &model);
	assert_int_equal(matrix_new_bare(d, &opt, &m, &err), 0);
	assert_int_equal(booster_new(&three, NULL, (struct matrix *[]){m}, 1, &b, &err), 0);
	assert_int_equal(grow_mould_new(b, &mould, &err), 0);
	struct grow_job job = {.mould = mould, .data = {d}, .columns = d->columns, .threads = 1};
	assert_int_equal(grower_new(&job, &g, &err), 0);
	assert_int_equal(grower_restore(g, model.data, model.len, &err), -ERR_PARSE);
	assert_string_equal(err.msg, "the model's last round is not whole");
}

/* --- a library that grows other trees ------------------------------------------------------ */

static struct {
	int updates;
	bool deviates; /* a round more than was asked for */
} library;

int __real_booster_update(struct booster *b, int round, struct matrix *train, struct err *err);
int __wrap_booster_update(struct booster *b, int round, struct matrix *train, struct err *err);
int __wrap_booster_update(struct booster *b, int round, struct matrix *train, struct err *err)
{
	library.updates++;
	if (library.deviates && __real_booster_update(b, round, train, err))
		return -1;
	return __real_booster_update(b, round, train, err);
}

/* How many of three rounds of a learner the library trains. */
static int rounds_of_library(const char *settings)
{
	AUTO(json) json_t *root = json_loads(settings, 0, NULL);
	AUTO(hyper) struct hyper h = {0};
	AUTO(strmap) struct strmap params = {0};
	AUTO(learner) struct learner *l = NULL;
	AUTO(strlist) struct strlist metrics = {0};
	AUTO(dataset) struct dataset *d = make(&(struct shape){200, 5, .label = CLASSES}, 3);
	struct learner_job job = {.hyper = &h, .data = {d}, .matrix = {.threads = 1}, .metrics = &metrics};
	struct err err = {0};

	assert_int_equal(hyper_parse(root, &h, &err), 0);
	for (size_t i = 0; i < d->rows; i++)
		d->labels[i] = d->labels[i] > 0 ? 1 : 0.5f * (float)!hyper_given(&h, HP_num_class);
	hyper_library_params(&h, 1, &params);
	if (learner_new(&job, &params, &l, &err))
		fail_msg("%s", err.msg);
	int before = library.updates;
	for (int i = 0; i < 3; i++)
		assert_int_equal(learner_round(l, i, &err), 0);
	return library.updates - before;
}

static void steps_aside_where_the_library_differs(void **state)
{
	static const char *const settings[] = {
		"{\"num_round\": \"3\"}",
		"{\"num_round\": \"3\", \"objective\": \"binary:logistic\", \"subsample\": \"0.5\"}",
		"{\"num_round\": \"3\", \"objective\": \"multi:softprob\", \"num_class\": \"7\"}",
		"{\"num_round\": \"3\", \"objective\": \"reg:tweedie\", \"tweedie_variance_power\": \"1.2\"}",
		"{\"num_round\": \"3\", \"objective\": \"count:poisson\"}",
		"{\"num_round\": \"3\", \"objective\": \"reg:gamma\"}",
	};
#ifdef __x86_64__
	int grown_here = 0;
#else
	int grown_here = 3; /* no test of the grower ran on this processor */
#endif
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		library.deviates = false;
		assert_int_equal(rounds_of_library(settings[i]), grown_here);
		library.deviates = true;
		assert_int_equal(rounds_of_library(settings[i]), 3);
		library.deviates = false;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_aside_where_the_library_differs),
		cmocka_unit_test(trees_are_the_librarys),
		cmocka_unit_test(metrics_are_the_librarys),
		cmocka_unit_test(sets_of_other_widths_are_not_taken),
		cmocka_unit_test(data_without_room_is_not_taken),
		cmocka_unit_test(what_the_library_alone_does_is_not_taken),
		cmocka_unit_test(special_rows_are_not_taken),
		cmocka_unit_test(part_of_a_round_is_not_gone_on_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
