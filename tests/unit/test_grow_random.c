/* The grower against libxgboost on random data and settings: the same bytes of a
 * model, margins and metrics, over checkpoints, new seeds and cuts to fewer rounds.
 *
 *   SAGETOP_GROW_CASES=100000   how many cases        (default: a few seconds' worth)
 *   SAGETOP_GROW_SEED=1         of the first one; each case prints its own on failure
 *   SAGETOP_GROW_LARGE=1        up to 30,000 rows and 600 columns
 *   SAGETOP_GROW_ALONE=1        without the library's part: for ThreadSanitizer, which does not see into it
 */
#include <math.h>

#include "trainer/grow/grow.h"
#include "unit.h"

#define MODEL_BYTES ((size_t)1 << 30)
#define CASES 250

/* --- random numbers ------------------------------------------------------------------ */

static uint64_t random_state;

static uint64_t random_bits(void)
{
	uint64_t x = random_state += 0x9E3779B97F4A7C15u;

	x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
	x = (x ^ x >> 27) * 0x94D049BB133111EBu;
	return x ^ x >> 31;
}

static double uniform(void)
{
	return (double)(random_bits() >> 11) / 9007199254740992.0;
}

static size_t below(size_t n)
{
	return (size_t)(random_bits() % n);
}

static bool chance(double p)
{
	return uniform() < p;
}

/* 1 .. most, small ones as often as large ones. */
static size_t size_up_to(size_t most)
{
	return (size_t)fmin(exp(uniform() * log((double)most + 1)), (double)most);
}

static float normal(void)
{
	double sum = 0;

	for (int i = 0; i < 4; i++)
		sum += uniform();
	return (float)(sum - 2) * 1.7f;
}

static bool is_set(const char *variable)
{
	return str_eq(str_or(getenv(variable), ""), "1");
}

/* --- data ------------------------------------------------------------------------------ */

struct case_spec {
	uint64_t seed;
	size_t rows, columns, more_rows;
	char objective[32];
	int classes, max_bin, threads, rounds;
	int resume;	  /* a checkpoint behind this round; -1: none */
	bool afresh;	  /* the checkpoint is gone on from by a new grower */
	bool minus_zeros; /* zeros of both signs: the sign of a condition that is 0 is not the library's then */
	int kept;	  /* rounds of the model in the end */
	char resume_seed[24];
	struct strmap params;
	struct strlist metrics;
};

enum cells { NORMAL, INTEGERS, CONSTANT, MISSING, HUGE_ONES, TINY, SPREAD, OUTLIERS, BITS, RAMP, CELL_KINDS };

static float cell(enum cells kind, size_t row, size_t distinct)
{
	switch (kind) {
	case NORMAL:
		return normal();
	case INTEGERS:
		return (float)below(distinct) - 2;
	case CONSTANT:
		return (float)distinct - 3;
	case MISSING:
		return NAN;
	case HUGE_ONES:
		return (float)(normal() * 1e37);
	case TINY:
		return normal() * 1e-38f * (chance(0.5) ? 1e-5f : 1);
	case SPREAD:
		return normal() * (float)pow(10, 60 * uniform() - 30);
	case OUTLIERS:
		return chance(0.01) ? normal() * 1e20f : normal();
	case BITS:
		return chance(0.2);
	default:
		return (float)(row / distinct);
	}
}

/* Columns of all kinds, filled to different shares. */
static void fill_cells(size_t rows, size_t columns, float *cells, bool gaps, bool minus_zeros)
{
	static const double shares[] = {0, 0, 0.01, 0.2, 0.6, 0.95};
	enum cells all = chance(0.3) ? (enum cells)below(CELL_KINDS) : CELL_KINDS;

	for (size_t c = 0; c < columns; c++) {
		enum cells kind = all == CELL_KINDS ? (enum cells)below(CELL_KINDS) : all;
		size_t distinct = size_up_to(2000);
		double share = gaps ? shares[below(ARRAY_LEN(shares))] : 0;
		if (kind == MISSING && (!gaps || chance(0.7)))
			kind = NORMAL;
		for (size_t r = 0; r < rows; r++)
			cells[r * columns + c] = share > 0 && chance(share) ? NAN : cell(kind, r, distinct);
	}
	for (size_t r = 1; r < rows && chance(0.3); r += 1 + below(4))
		memcpy(cells + r * columns, cells + below(r) * columns, columns * sizeof(float));
	for (size_t i = 0; i < rows * columns; i++)
		cells[i] = minus_zeros ? chance(0.1) ? -0.0f : cells[i] : cells[i] + 0.0f;
}

static float label_of(const struct case_spec *s, const float *x, double scale)
{
	double y = (double)normal();

	for (size_t c = 0; c < MIN(s->columns, 3); c++)
		y += isnan(x[c]) ? 0.5 : fmax(-3, fmin(3, (double)x[c]));
	if (s->classes)
		return (float)MIN((size_t)fabs(y * s->classes / 4), (size_t)s->classes - 1);
	if (str_starts(s->objective, "binary:"))
		return y > 0.3;
	if (str_eq(s->objective, "reg:logistic"))
		return chance(0.2) ? (float)below(2) : (float)(1 / (1 + exp(-y)));
	if (str_eq(s->objective, "reg:gamma"))
		return (float)(exp(fmin(y, 6)) * fmin(fmax(scale, 1e-20), 1e35) + 1e-30);
	if (str_eq(s->objective, "count:poisson"))
		return (float)floor(exp(fmin(y, 6)) * fmin(scale, 1e6));
	if (str_eq(s->objective, "reg:tweedie"))
		return chance(0.3) ? 0 : (float)(exp(fmin(y, 6)) * fmin(scale, 1e10));
	return (float)fmax(-3e38, fmin(3e38, y * scale * (chance(0.001) ? 1e6 : 1)));
}

/* The cells as CSR, some of the missing ones as entries of their own. */
static void make_sparse(struct dataset *d, bool entries)
{
	float *cells = d->dense;
	size_t n = 0, all = d->rows * d->columns;

	d->dense = NULL;
	d->row_start = xcalloc(d->rows + 1, sizeof(size_t));
	d->column_index = xcalloc(all, sizeof(uint32_t));
	d->values = xcalloc(all, sizeof(float));
	for (size_t r = 0; r < d->rows; r++) {
		for (size_t c = 0; c < d->columns; c++) {
			float x = cells[r * d->columns + c];
			if (isnan(x) && !(entries && chance(0.1)))
				continue;
			d->column_index[n] = (uint32_t)c;
			d->values[n++] = x;
		}
		d->row_start[r + 1] = n;
	}
	free(cells);
}

static void add_weights(struct dataset *d)
{
	double zeros = chance(0.05) ? 0.2 : 0, spread = chance(0.3) ? 20 : 0;

	d->weights = xcalloc(d->rows, sizeof(float));
	for (size_t r = 0; r < d->rows; r++)
		d->weights[r] = chance(zeros) ? 0 : (float)(uniform() * 2 * pow(10, spread * (uniform() - 0.5)));
}

static void make_data(const struct case_spec *s, struct dataset **train, struct dataset **more)
{
	static const double scales[] = {1, 1, 1, 100, 1e-6, 1e-30, 1e6, 1e19, 1e30, 1e37};
	bool gaps = chance(0.5), sparse = chance(0.25), entries = chance(0.3);
	double scale = scales[below(ARRAY_LEN(scales))];

	for (int i = 0; i < 2; i++) {
		struct dataset *d = NEW(struct dataset);
		*d = (struct dataset){.rows = i ? s->more_rows : s->rows, .columns = s->columns};
		d->labels = xcalloc(d->rows, sizeof(float));
		d->dense = xcalloc(d->rows * d->columns, sizeof(float));
		fill_cells(d->rows, d->columns, d->dense, gaps, s->minus_zeros);
		for (size_t r = 0; r < d->rows; r++)
			d->labels[r] = label_of(s, d->dense + r * d->columns, scale);
		if (sparse)
			make_sparse(d, entries);
		*(i ? more : train) = d;
	}
	if (s->rows <= (size_t)s->max_bin && chance(0.3))
		add_weights(*train);
}

/* --- settings -------------------------------------------------------------------------------- */

static void add(struct case_spec *s, double how_often, const char *name, const char *const *choices)
{
	size_t n = 0;

	while (choices[n])
		n++;
	size_t at = below(n);
	if (chance(how_often))
		strmap_set(&s->params, name, choices[at]);
}

#define ADD(how_often, name, ...) add(s, how_often, name, (const char *const[]){__VA_ARGS__, NULL})

static void random_trees(struct case_spec *s)
{
	ADD(0.5, "eta", "0", "1", "0.05", "0.3", "0.77", "1e-6");
	ADD(0.2, "gamma", "0.001", "1", "50", "1e-30", "1e30");
	ADD(0.3, "lambda", "0", "0.1", "17", "1e-30", "1e30");
	ADD(0.2, "alpha", "0.1", "5", "1e-30", "1e30");
	ADD(0.2, "max_delta_step", "0.1", "2", "1e-30", "1e30");
	ADD(0.7, "max_depth", "1", "2", "3", "5", "8", "13", "20");
	ADD(0.4, "min_child_weight", "0", "1e-30", "0.01", "5", "100", "1e30");
	ADD(0.5, "subsample", "0.8", "0.5", "0.37", "0.1", "0.001", "1e-9");
	ADD(0.3, "colsample_bytree", "0.8", "0.5", "0.3", "0.01", "1e-9");
	ADD(0.2, "colsample_bylevel", "0.8", "0.5", "0.01");
	ADD(0.2, "colsample_bynode", "0.8", "0.5", "0.01");
	if (chance(0.25)) {
		ADD(1, "grow_policy", "lossguide");
		ADD(0.7, "max_leaves", "1", "2", "7", "31", "200");
	}
	if (chance(0.1)) {
		ADD(1, "max_depth", "0");
		ADD(1, "max_leaves", "1", "2", "7", "31", "200");
	}
}

static void random_settings(struct case_spec *s)
{
	static const char *const objectives[] = {"reg:squarederror", "reg:squarederror", "reg:squarederror",
						 "reg:linear",	     "reg:logistic",	 "binary:logistic",
						 "binary:logitraw",  "count:poisson",	 "reg:gamma",
						 "reg:tweedie",	     "multi:softmax",	 "multi:softprob"};

	str_copy(s->objective, sizeof(s->objective), objectives[below(ARRAY_LEN(objectives))]);
	strmap_set(&s->params, "objective", s->objective);
	strmap_set(&s->params, "tree_method", "hist");
	char text[24];
	if (str_starts(s->objective, "multi:")) {
		s->classes = 2 + (int)size_up_to(28);
		snprintf(text, sizeof(text), "%d", s->classes);
		strmap_set(&s->params, "num_class", text);
	}
	s->max_bin = chance(0.5) ? 256 : 1 + (int)size_up_to(5000);
	if (s->max_bin < 2)
		s->max_bin = 2;
	snprintf(text, sizeof(text), "%d", s->max_bin);
	strmap_set(&s->params, "max_bin", text);
	s->threads = 1 + (int)below(5);
	snprintf(text, sizeof(text), "%d", s->threads);
	strmap_set(&s->params, "nthread", text);
	random_trees(s);
	ADD(0.5, "seed", "0", "7", "-1", "-2147483647", "2147483646");
	ADD(0.2, "base_score", "0.5", "0.25", "0.9999", "1e-6");
	if (!str_starts(s->objective, "multi:") && !str_starts(s->objective, "count:"))
		ADD(0.2, "scale_pos_weight", "0.1", "30", "1e-20", "1e10");
	if (str_eq(s->objective, "reg:tweedie"))
		ADD(0.6, "tweedie_variance_power", "1.01", "1.3", "1.99");
}

/* Those that the grower knows itself, mostly. */
static void random_metrics(struct case_spec *s)
{
	static const char *const names[] = {"rmse", "mae", "logloss", "error", "rmsle"};
	bool unit = str_ends(s->objective, ":logistic");

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (chance(i == 4 ? 0.1 : 0.4) && (unit || (i < 2 && !s->classes)))
			strlist_add(&s->metrics, names[i]);
}

static struct case_spec make_case(uint64_t seed)
{
	struct case_spec s = {.seed = seed};
	bool large = is_set("SAGETOP_GROW_LARGE");

	random_state = seed * 0x9E3779B97F4A7C15u + 1;
	s.rows = size_up_to(large ? 30000 : 3000);
	s.columns = size_up_to(MIN((size_t)(large ? 600 : 60), (large ? 600000 : 20000) / s.rows + 1));
	s.more_rows = size_up_to(500);
	random_settings(&s);
	random_metrics(&s);
	s.rounds = 1 + (int)below(s.classes ? 3 : 8);
	s.resume = chance(0.4) ? (int)below((size_t)s.rounds) : -1;
	s.afresh = chance(0.5);
	s.minus_zeros = chance(0.1);
	s.kept = chance(0.3) ? 1 + (int)below((size_t)s.rounds) : s.rounds;
	/* Not 0: the library takes that for no new seed. */
	snprintf(s.resume_seed, sizeof(s.resume_seed), "%d", (int)(below(2) ? below(1000) + 1 : below(1000) - 1000));
	return s;
}

/* --- the two ways -------------------------------------------------------------------------------- */

struct outcome {
	struct buf model;
	float *margins[GROW_SETS];
	size_t n[GROW_SETS];
	struct eval_values values;
	bool judged[GROW_SETS]; /* by the grower: values holds its metrics */
	struct err err;
};

static void outcome_done(struct outcome *o)
{
	buf_done(&o->model);
	eval_values_done(&o->values);
	for (size_t i = 0; i < GROW_SETS; i++)
		free(o->margins[i]);
}

static char best_name[] = "best_iteration", best_value[] = "1", other_name[] = "a", other_value[] = "b";
static struct strpair attributes[] = {{best_name, best_value}, {other_name, other_value}};
static const struct strmap best_round = {.items = attributes, .n = ARRAY_LEN(attributes)};

static int library_resume(const struct case_spec *s, struct matrix *const *matrices, struct booster **b,
			  struct err *err)
{
	AUTO(buf) struct buf model = BUF_INIT(MODEL_BYTES);
	AUTO(strmap) struct strmap params = {0};

	strmap_copy(&params, &s->params);
	strmap_set(&params, "seed", s->resume_seed);
	int rc = booster_save(*b, MODEL_UBJ, &model, err);
	booster_free(TAKE(*b));
	return rc ? rc : booster_load(model.data, model.len, &params, &s->metrics, matrices, 2, b, err);
}

static int library_finish(const struct case_spec *s, struct matrix *const *matrices, struct booster *b,
			  struct outcome *out)
{
	AUTO(booster) struct booster *cut = NULL;
	struct predict_options margin = {.margin = true};
	int rc = booster_evaluate(b, s->rounds, matrices, (const char *[]){"train", "more"}, GROW_SETS, &out->values,
				  &out->err);

	for (size_t i = 0; !rc && i < GROW_SETS; i++) {
		struct predictions p = {0};
		rc = booster_predict(b, matrices[i], &margin, &p, &out->err);
		out->margins[i] = p.values;
		out->n[i] = p.rows * p.columns;
	}
	if (!rc && s->kept < s->rounds) {
		rc = booster_cut(b, s->kept, &cut, &out->err);
		b = cut;
	}
	for (size_t i = 0; !rc && i < best_round.n; i++)
		rc = booster_set_attr(b, best_round.items[i].name, best_round.items[i].value, &out->err);
	return rc ? rc : booster_save(b, MODEL_UBJ, &out->model, &out->err);
}

static void by_library(const struct case_spec *s, const struct dataset *train, const struct dataset *more,
		       struct outcome *out)
{
	AUTO(matrix) struct matrix *m = NULL;
	AUTO(matrix) struct matrix *v = NULL;
	AUTO(booster) struct booster *b = NULL;
	struct matrix_options opt = {.threads = s->threads, .columns = s->columns};
	struct matrix_options quantile = {.threads = s->threads,
					  .columns = s->columns,
					  .quantile = s->seed % 2 && s->resume < 0,
					  .max_bin = s->max_bin};
	int rc = matrix_new(train, &quantile, &m, &out->err);

	if (!rc)
		rc = matrix_new(more, &opt, &v, &out->err);
	struct matrix *matrices[] = {m, v};
	if (!rc)
		rc = booster_new(&s->params, &s->metrics, matrices, 2, &b, &out->err);
	for (int i = 0; !rc && i < s->rounds; i++) {
		rc = booster_update(b, i, m, &out->err);
		if (!rc && i == s->resume)
			rc = library_resume(s, matrices, &b, &out->err);
	}
	if (!rc)
		(void)!library_finish(s, matrices, b, out);
}

static int grower_resume(const struct case_spec *s, const struct grow_job *job, struct grower **g, struct err *err)
{
	AUTO(buf) struct buf model = BUF_INIT(MODEL_BYTES);
	int rc = s->afresh ? grower_model(*g, grower_rounds(*g), NULL, &model, err) : 0;

	if (!rc && s->afresh) {
		grower_free(TAKE(*g));
		rc = grower_new(job, g, err);
		if (!rc)
			rc = grower_restore(*g, model.data, model.len, err);
	}
	if (!rc)
		grower_reseed(*g, (uint32_t)strtol(s->resume_seed, NULL, 10));
	return rc;
}

static int grow_rounds(const struct case_spec *s, const struct grow_job *job, struct outcome *out)
{
	AUTO(grower) struct grower *g = NULL;
	int rc = grower_new(job, &g, &out->err);

	for (int i = 0; !rc && i < s->rounds; i++) {
		rc = grower_round(g, &out->err);
		if (!rc && i == s->resume)
			rc = grower_resume(s, job, &g, &out->err);
	}
	for (size_t i = 0; !rc && i < GROW_SETS; i++) {
		out->n[i] = job->data[i]->rows * grower_groups(g);
		out->margins[i] = xreallocarray(NULL, out->n[i], sizeof(float));
		memcpy(out->margins[i], grower_margins(g, i), out->n[i] * sizeof(float));
		out->judged[i] = grower_evaluate(g, i, &s->metrics, &out->values);
	}
	return rc ? rc : grower_model(g, s->kept, &best_round, &out->model, &out->err);
}

/* false: the settings are the library's. */
static bool by_grower(const struct case_spec *s, const struct dataset *train, const struct dataset *more,
		      struct outcome *out)
{
	AUTO(matrix) struct matrix *m = NULL;
	AUTO(booster) struct booster *b = NULL;
	AUTO(grow_mould) struct grow_mould *mould = NULL;
	struct matrix_options opt = {.threads = s->threads, .columns = s->columns};
	struct dataset row = {.rows = 1};
	int rc = matrix_new_bare(&row, &opt, &m, &out->err);

	if (!rc)
		rc = booster_new(&s->params, NULL, &m, 1, &b, &out->err);
	if (!rc)
		rc = grow_mould_new(b, &mould, &out->err);
	if (rc || !mould)
		return rc;
	struct grow_job job = {.mould = mould, .data = {train, more}, .columns = s->columns, .threads = s->threads};
	(void)!grow_rounds(s, &job, out);
	return true;
}

/* --- held together --------------------------------------------------------------------------------- */

static void print_case(const struct case_spec *s, const struct dataset *train)
{
	print_error(
		"seed %llu: %zu x %zu%s%s, %d rounds, resume %d%s, kept %d, then seed %s:", (unsigned long long)s->seed,
		s->rows, s->columns, train->dense ? "" : " sparse", train->weights ? " weights" : "", s->rounds,
		s->resume, s->afresh ? " afresh" : "", s->kept, s->resume_seed);
	for (size_t i = 0; i < s->params.n; i++)
		print_error(" %s %s", s->params.items[i].name, s->params.items[i].value);
	print_error("\n");
}

/* The library gives its values as text of 17 decimals. */
static bool same_value(double theirs, double ours)
{
	AUTO(str) char *text = xasprintf("%.17f", ours);

	return isnan(theirs) ? isnan(ours) : theirs == strtod(text, NULL);
}

static bool same_metrics(const struct outcome *theirs, const struct outcome *ours)
{
	size_t k = 0;

	for (size_t i = 0; i < theirs->values.n; i++) {
		const struct eval_value *a = &theirs->values.items[i], *b = &ours->values.items[k];
		if (!ours->judged[a->set])
			continue;
		if (k++ == ours->values.n || a->set != b->set || !str_eq(a->name, b->name) ||
		    !same_value(a->value, b->value)) {
			print_error("%s of set %zu: %.17g and %.17g\n", a->name, a->set, a->value,
				    k > ours->values.n ? NAN : b->value);
			return false;
		}
	}
	return k == ours->values.n;
}

static bool same(const struct case_spec *s, const struct outcome *theirs, const struct outcome *ours)
{
	if (theirs->err.code && ours->err.code)
		return true;
	if (theirs->err.code || ours->err.code) {
		print_error("library: %s; grower: %s\n", theirs->err.msg, ours->err.msg);
		return false;
	}
	for (size_t i = 0; i < GROW_SETS; i++)
		for (size_t k = 0; k < ours->n[i]; k++)
			if (ours->n[i] != theirs->n[i] ||
			    memcmp(&theirs->margins[i][k], &ours->margins[i][k], sizeof(float))) {
				print_error("margin %zu of set %zu: %.9g and %.9g\n", k, i,
					    (double)theirs->margins[i][k], (double)ours->margins[i][k]);
				return false;
			}
	if (!same_metrics(theirs, ours))
		return false;
	if (theirs->model.len == ours->model.len &&
	    (s->minus_zeros || !memcmp(theirs->model.data, ours->model.data, ours->model.len)))
		return true;
	size_t at = 0;
	while (at < MIN(ours->model.len, theirs->model.len) && ours->model.data[at] == theirs->model.data[at])
		at++;
	print_error("models of %zu and %zu bytes, first differing at %zu\n", theirs->model.len, ours->model.len, at);
	return false;
}

enum verdict { SAME, DIFFERENT, NOT_OURS };

static enum verdict try_case(uint64_t seed)
{
	AUTO(dataset) struct dataset *train = NULL;
	AUTO(dataset) struct dataset *more = NULL;
	struct case_spec s = make_case(seed);
	struct outcome theirs = {.model = BUF_INIT(MODEL_BYTES)}, ours = theirs;
	enum verdict v = NOT_OURS;

	make_data(&s, &train, &more);
	if (grower_takes((const struct dataset *[]){train, more}, s.columns, s.max_bin) &&
	    by_grower(&s, train, more, &ours)) {
		v = SAME;
		if (!is_set("SAGETOP_GROW_ALONE")) {
			by_library(&s, train, more, &theirs);
			v = same(&s, &theirs, &ours) ? SAME : DIFFERENT;
		}
	}
	if (v == DIFFERENT)
		print_case(&s, train);
	outcome_done(&theirs);
	outcome_done(&ours);
	strmap_done(&s.params);
	strlist_done(&s.metrics);
	return v;
}

static uint64_t number_of(const char *variable, uint64_t fallback)
{
	const char *text = getenv(variable);

	return text && *text ? strtoull(text, NULL, 10) : fallback;
}

static void trees_are_the_librarys(void **state)
{
	uint64_t first = number_of("SAGETOP_GROW_SEED", 1), n = number_of("SAGETOP_GROW_CASES", CASES);
	size_t verdicts[NOT_OURS + 1] = {0};

	booster_thread_init(0);
	for (uint64_t i = 0; i < n; i++)
		verdicts[try_case(first + i)]++;
	if (getenv("SAGETOP_GROW_CASES"))
		print_message("%zu the same, %zu different, %zu not for the grower\n", verdicts[SAME],
			      verdicts[DIFFERENT], verdicts[NOT_OURS]);
	assert_int_equal(verdicts[DIFFERENT], 0);
	assert_true(n < CASES || verdicts[SAME] > n / 2); /* else this is no test */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trees_are_the_librarys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
