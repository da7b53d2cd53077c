/* Cross-validation: folds, a model each, metrics of the rows that a model has not seen. */
#include <math.h>

#include "base/fs.h"
#include "trainer/fit/checkpoint.h"
#include "trainer/fit/metric_compute.h"
#include "trainer/job/kfold.h"
#include "trainer/job/outputs.h"
#include "trainer/read/rows.h"

#define CSV_MAX ((size_t)8 << 30)

/* --- folds ------------------------------------------------------------------------ */

/* xorshift64*: small, and the same on every machine. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545F4914F6CDD1DULL;
}

static void shuffle(uint32_t *items, size_t n, uint64_t *state)
{
	for (size_t i = n; i > 1; i--) {
		size_t k = (size_t)(next_random(state) % i);
		uint32_t t = items[i - 1];
		items[i - 1] = items[k];
		items[k] = t;
	}
}

/* The unit that stays together: the row, or the row's query. Returns how many. */
static size_t make_units(const struct dataset *d, uint32_t *unit_of_row)
{
	size_t n = 0;

	for (size_t i = 0; i < d->rows; i++) {
		if (!i || !d->query_ids || d->query_ids[i] != d->query_ids[i - 1])
			n++;
		unit_of_row[i] = (uint32_t)(n - 1);
	}
	return n;
}

static int class_of(const struct objective *o, const struct dataset *d, size_t row)
{
	if (o->kind == KIND_BINARY)
		return d->labels[row] > 0.5F;
	return o->kind == KIND_MULTICLASS ? (int)d->labels[row] : 0;
}

int kfold_assign(const struct dataset *d, const struct objective *o, int k, int64_t seed, int repetition,
		 uint32_t *fold_of_row, struct err *err)
{
	uint32_t *unit_of_row = xreallocarray(NULL, MAX(d->rows, 1), sizeof(uint32_t));
	size_t units = make_units(d, unit_of_row);

	if (units < (size_t)k) {
		free(unit_of_row);
		return err_set(err, ERR_INVALID, "_kfold %d needs at least as many %s, there are %zu", k,
			       d->query_ids ? "queries" : "rows", units);
	}
	uint32_t *order = xreallocarray(NULL, units, sizeof(uint32_t));
	uint32_t *fold_of_unit = xreallocarray(NULL, units, sizeof(uint32_t));
	uint32_t *first_row = xreallocarray(NULL, units, sizeof(uint32_t));
	uint64_t state = (uint64_t)checkpoint_seed(seed, repetition) | 1;
	int classes = 1;
	for (size_t i = d->rows; i-- > 0;) {
		first_row[unit_of_row[i]] = (uint32_t)i;
		classes = MAX(classes, class_of(o, d, i) + 1);
	}
	for (size_t u = 0; u < units; u++)
		order[u] = (uint32_t)u;
	shuffle(order, units, &state);
	/* Dealt class by class, the folds get equal shares of each. */
	size_t dealt = 0;
	for (int c = 0; c < classes; c++)
		for (size_t u = 0; u < units; u++)
			if (d->query_ids ? c == 0 : class_of(o, d, first_row[order[u]]) == c)
				fold_of_unit[order[u]] = (uint32_t)(dealt++ % (size_t)k);
	for (size_t i = 0; i < d->rows; i++)
		fold_of_row[i] = fold_of_unit[unit_of_row[i]];
	free(unit_of_row);
	free(order);
	free(fold_of_unit);
	free(first_row);
	return 0;
}

/* --- the state of a cross-validation -------------------------------------------------- */

struct cv {
	struct train_run *run;
	struct dataset *all;
	int k, repetitions;
	uint32_t *folds;      /* of this repetition */
	float *margins;	      /* out of fold, rows x width, of this repetition */
	double *predictions;  /* sums over the repetitions */
	size_t width;	      /* of margins: classes, or 1 */
	size_t shown;	      /* of predictions: 1 for multi:softmax too */
	struct strlist names; /* columns of the closing line */
	double *sums;	      /* over folds (train) or repetitions (validation) */
	struct buf folds_csv;
	bool interrupted;
};

static void cv_done(struct cv *c)
{
	dataset_free(c->all);
	free(c->folds);
	free(c->margins);
	free(c->predictions);
	strlist_done(&c->names);
	free(c->sums);
	buf_done(&c->folds_csv);
}

static void add_metric(struct cv *c, const char *name, double share)
{
	size_t i = 0;

	while (i < c->names.n && !str_eq(c->names.items[i], name))
		i++;
	if (i == c->names.n) {
		strlist_add(&c->names, name);
		c->sums = xreallocarray(c->sums, c->names.n, sizeof(double));
		c->sums[i] = 0;
	}
	c->sums[i] += share;
}

/* --- one fold -------------------------------------------------------------------------------- */

static struct dataset *fold_rows(const struct cv *c, int fold, bool held_out, uint32_t **ret_rows)
{
	uint32_t *rows = xreallocarray(NULL, MAX(c->all->rows, 1), sizeof(uint32_t));
	size_t n = 0;

	for (size_t i = 0; i < c->all->rows; i++)
		if ((c->folds[i] == (uint32_t)fold) == held_out)
			rows[n++] = (uint32_t)i;
	struct dataset *out = rows_take(c->all, rows, n);
	if (ret_rows)
		*ret_rows = rows;
	else
		free(rows);
	return out;
}

/* What the model says of the rows held out, put to their places. */
static int collect(struct cv *c, struct booster *b, const struct matrix *m, const uint32_t *rows, struct err *err)
{
	AUTO(predictions) struct predictions margin = {0};
	AUTO(predictions) struct predictions value = {0};
	struct predict_options opt = {.margin = true};
	int rc = booster_predict(b, m, &opt, &margin, err);

	if (!rc)
		rc = booster_predict(b, m, NULL, &value, err);
	if (rc)
		return rc;
	if (!c->margins) {
		c->width = margin.columns;
		c->shown = value.columns;
		c->margins = xcalloc(c->all->rows * c->width, sizeof(float));
		c->predictions = xcalloc(c->all->rows * c->shown, sizeof(double));
	}
	for (size_t i = 0; i < margin.rows; i++) {
		memcpy(c->margins + rows[i] * c->width, margin.values + i * c->width, c->width * sizeof(float));
		for (size_t k = 0; k < c->shown; k++)
			c->predictions[rows[i] * c->shown + k] += (double)value.values[i * c->shown + k];
	}
	return 0;
}

static int fit_fold(struct cv *c, int number, struct dataset *const data[2], struct fit_result *result, struct err *err)
{
	struct train_run *r = c->run;
	AUTO(str) char *dir = NULL;
	AUTO(strmap) struct strmap attributes = {0};

	if (r->contract.checkpoint_dir) {
		dir = xasprintf("%s/model-%d", r->contract.checkpoint_dir, number);
		int rc = fs_mkdirs(dir, 0755, err);
		if (rc)
			return rc;
	}
	struct fit_job job = {
		.hyper = &r->hyper,
		.objective = r->objective,
		.set_names = {"train", "validation"},
		.data = {data[0], data[1]},
		.matrix = train_matrix_options(r),
		.attributes = &attributes,
		.checkpoint_dir = dir,
		.fingerprint = r->fingerprint,
		.stop = r->stop,
	};
	train_attributes(r->train, &attributes);
	return fit_run(&job, result, err);
}

static int run_fold(struct cv *c, int repetition, int fold, struct err *err)
{
	AUTO(dataset) struct dataset *train = fold_rows(c, fold, false, NULL);
	uint32_t *rows = NULL;
	AUTO(dataset) struct dataset *held_out = fold_rows(c, fold, true, &rows);
	AUTO(matrix) struct matrix *held_out_matrix = NULL;
	AUTO(fit_result) struct fit_result result = {0};
	int number = repetition * c->k + fold;
	AUTO(str) char *name = xasprintf("xgboost-model-%d", number);

	printf("fold %d of %d: %zu rows to train, %zu held out\n", number + 1, c->k * c->repetitions, train->rows,
	       held_out->rows);
	int rc = fit_fold(c, number, (struct dataset *[]){train, held_out}, &result, err);
	if (!rc && result.interrupted) {
		c->interrupted = true;
	} else if (!rc) {
		size_t last = result.best_round >= 0 ? (size_t)result.best_round : result.history.rounds - 1;
		for (size_t i = 0; i < result.history.columns.n; i++)
			if (str_starts(result.history.columns.items[i], "train-"))
				add_metric(c, result.history.columns.items[i],
					   history_value(&result.history, last, result.history.columns.items[i]) /
						   (c->k * c->repetitions));
		rc = train_matrix(c->run, held_out, &held_out_matrix, err);
		if (!rc)
			rc = collect(c, result.booster, held_out_matrix, rows, err);
		if (!rc)
			rc = train_save_model(c->run, result.booster, name, err);
	}
	free(rows);
	return rc;
}

/* --- judging a repetition ------------------------------------------------------------------------ */

/* The out-of-fold margins become the base margin of a model without a tree: so the
 * library itself computes its metrics on them. */
static int judge_library(struct cv *c, struct eval_values *out, struct err *err)
{
	AUTO(matrix) struct matrix *m = NULL;
	AUTO(booster) struct booster *b = NULL;
	AUTO(strmap) struct strmap params = {0};
	AUTO(strlist) struct strlist metrics = {0};
	const char *name = "validation";

	fit_library_metrics(&c->run->hyper, &metrics);
	hyper_library_params(&c->run->hyper, c->run->threads, &params);
	strmap_set(&params, "booster", "gbtree");
	struct matrix_options options = train_matrix_options(c->run);
	int rc = matrix_new_bare(c->all, &options, &m, err);
	if (!rc)
		rc = matrix_set_margin(m, c->margins, c->width, err);
	if (!rc)
		rc = booster_new(&params, &metrics, &m, 1, &b, err);
	return rc ? rc : booster_evaluate(b, 0, &m, &name, 1, out, err);
}

static int judge(struct cv *c, struct err *err)
{
	struct train_run *r = c->run;
	AUTO(eval_values) struct eval_values values = {0};
	AUTO(predictions) struct predictions p = {0};
	int rc = judge_library(c, &values, err);

	for (size_t i = 0; !rc && i < r->hyper.metrics.n; i++) {
		const struct metric *m = metric_find(r->hyper.metrics.items[i]);
		double value;
		if (!m->own)
			continue;
		if (!p.values) {
			p = (struct predictions){.rows = c->all->rows, .columns = c->width};
			p.values = objective_transform(r->objective, c->margins, c->all->rows, c->width);
		}
		rc = metric_compute(m, r->objective, r->classes, c->all, p.values, p.columns, &value, err);
		eval_values_add(&values, 0, m->name, value);
	}
	for (size_t i = 0; !rc && i < values.n; i++) {
		AUTO(str) char *name = xasprintf("validation-%s", fit_job_metric_name(values.items[i].name));
		add_metric(c, name, values.items[i].value / c->repetitions);
	}
	return rc;
}

/* --- the files ---------------------------------------------------------------------------------------- */

static int write_files(const struct cv *c, struct err *err)
{
	AUTO(buf) struct buf out = BUF_INIT(CSV_MAX);
	AUTO(str) char *path = fs_join(c->run->contract.output_dir, "predictions.csv");
	AUTO(str) char *folds = fs_join(c->run->contract.output_dir, "folds.csv");
	AUTO(json)
	json_t *j = json_pack("{s:s, s:i, s:i}", "objective", c->run->objective->name, "folds", c->k, "repetitions",
			      c->repetitions);
	json_t *metrics = json_object();

	for (size_t i = 0; i < c->all->rows; i++) {
		(void)buf_addf(&out, "%.9g", (double)c->all->labels[i]);
		for (size_t k = 0; k < c->shown; k++)
			(void)buf_addf(&out, ",%.9g", c->predictions[i * c->shown + k] / c->repetitions);
		(void)buf_addc(&out, '\n');
	}
	for (size_t i = 0; i < c->names.n; i++)
		json_object_set_new(metrics, c->names.items[i],
				    isfinite(c->sums[i]) ? json_real(c->sums[i]) : json_null());
	json_object_set_new(j, "metrics", metrics);
	int rc = out.overflow || c->folds_csv.overflow
			 ? err_set(err, ERR_TOOBIG, "the out-of-fold predictions are too large for one file")
			 : fs_write_atomic(path, buf_str(&out), out.len, 0644, err);
	if (!rc)
		rc = fs_write_atomic(folds, buf_str(&c->folds_csv), c->folds_csv.len, 0644, err);
	if (!rc)
		rc = outputs_write_json(c->run->contract.output_dir, "metrics.json", j, err);
	return rc ? rc : output_card(c->run, j, err);
}

static void print_totals(const struct cv *c)
{
	AUTO(buf) struct buf line = BUF_INIT(BUF_MAX_TEXT);

	(void)buf_addf(&line, "[%s]", hyper_text(&c->run->hyper, HP_num_round));
	for (size_t i = 0; i < c->names.n; i++)
		(void)buf_addf(&line, "\t%s:%.5f", c->names.items[i], c->sums[i]);
	puts("out of fold, over all rows:");
	puts(buf_str(&line));
}

static int run_repetition(struct cv *c, int repetition, struct err *err)
{
	int64_t seed = hyper_int(&c->run->hyper, HP_seed);
	int rc = kfold_assign(c->all, c->run->objective, c->k, seed, repetition, c->folds, err);

	for (size_t i = 0; !rc && i < c->all->rows; i++)
		(void)buf_addf(&c->folds_csv, "%d,%zu,%u\n", repetition, i, c->folds[i]);
	for (int fold = 0; !rc && fold < c->k && !c->interrupted; fold++)
		rc = run_fold(c, repetition, fold, err);
	return rc || c->interrupted ? rc : judge(c, err);
}

int train_kfold(struct train_run *r, struct err *err)
{
	struct cv c = {
		.run = r,
		.k = (int)hyper_int(&r->hyper, HP__kfold),
		.repetitions = (int)hyper_int(&r->hyper, HP__num_cv_round),
		.folds_csv = BUF_INIT(CSV_MAX),
	};
	AUTO(dataset) struct dataset *empty = NEW(struct dataset);

	empty->columns = r->train->columns;
	if (!r->train->dense)
		empty->row_start = NEW(size_t);
	c.all = rows_join(r->train, r->validation ? r->validation : empty);
	c.folds = xreallocarray(NULL, MAX(c.all->rows, 1), sizeof(uint32_t));
	if (hyper_given(&r->hyper, HP_early_stopping_rounds))
		puts("early stopping chooses each fold's round on the rows held out: its metrics are a little too "
		     "good");
	int rc = 0;
	for (int repetition = 0; !rc && repetition < c.repetitions && !c.interrupted; repetition++)
		rc = run_repetition(&c, repetition, err);
	if (!rc && c.interrupted)
		puts("stopped by a signal");
	else if (!rc) {
		print_totals(&c);
		rc = write_files(&c, err);
	}
	cv_done(&c);
	return rc;
}
