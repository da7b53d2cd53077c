/* Boosted trees of a forecast: the learner's rounds on float32 copies of the rows. The
 * rows to be predicted are its second set, whose margins it keeps as it grows: no model
 * has to be written and read again to speak. */
#include <math.h>

#include "trainer/forecast/forecast_impl.h"
#include "trainer/settings/objective.h"

static int trees_hyper(const struct backtest_model *m, struct hyper *ret, struct err *err)
{
	AUTO(json) json_t *given = json_from_strmap(&m->hyperparameters);
	int rc = hyper_parse(given, ret, err);

	return rc ? err_prefix(err, "models: %s", m->name) : 0;
}

int forecast_trees_check(const struct backtest_model *m, struct err *err)
{
	AUTO(hyper) struct hyper h = {0};
	int rc = trees_hyper(m, &h, err);

	if (rc)
		return rc;
	const struct objective *o = objective_find(hyper_text(&h, HP_objective));

	if (!o || o->kind != KIND_REGRESSION)
		return err_set(err, ERR_INVALID,
			       "models: %s: objective %s does not predict a number: use one of reg:", m->name,
			       hyper_text(&h, HP_objective));
	return 0;
}

/* Rows of the matrix; with what happened (less shift) where they are learnt from: what is to be
 * predicted has no part in it, whether it is known or not. */
static struct dataset *take_rows(const struct forecast_fit *f, const struct row_list *l, bool learnt, double shift)
{
	struct dataset *d = NEW(struct dataset);
	const struct panel *p = f->job->panel;
	size_t columns = f->job->names->n;

	d->rows = l->n;
	d->columns = columns;
	d->dense = xcalloc(l->n * columns + 1, sizeof(*d->dense));
	d->labels = xcalloc(l->n + 1, sizeof(*d->labels));
	for (size_t i = 0; i < columns; i++)
		strlist_add(&d->feature_names, f->job->names->items[i]);
	for (size_t i = 0; i < l->n; i++) {
		const double *from = f->job->matrix + l->rows[i] * columns;

		for (size_t k = 0; k < columns; k++)
			d->dense[i * columns + k] = (float)from[k];
		d->labels[i] = learnt ? (float)(p->target[l->rows[i]] - shift) : 0;
	}
	return d;
}

static double mean_target(const struct forecast_fit *f, const struct row_list *l)
{
	double sum = 0;

	for (size_t i = 0; i < l->n; i++)
		sum += f->job->panel->target[l->rows[i]];
	return sum / (double)l->n;
}

static int take_gains(struct booster *b, const struct strlist *names, double *gains, struct err *err)
{
	AUTO(importance) struct importance imp = {0};
	int rc = booster_importance(b, "total_gain", &imp, err);

	for (size_t i = 0; rc == 0 && i < imp.names.n; i++)
		for (size_t k = 0; k < names->n; k++)
			if (str_eq(names->items[k], imp.names.items[i]))
				gains[k] += imp.scores[i];
	return rc;
}

static int finish(const struct forecast_fit *f, struct learner *l, int rounds, double shift, struct err *err)
{
	AUTO(strmap) struct strmap attributes = {0};
	AUTO(booster) struct booster *b = NULL;
	AUTO(str) char *start = xasprintf("%.17g", shift);
	int rc = 0;

	strmap_set(&attributes, "sagetop_start", start);
	if (f->model && !f->gains)
		return learner_write(l, rounds, &attributes, MODEL_UBJ, f->model, err);
	if (!f->gains)
		return 0;
	rc = learner_finish(l, rounds, &attributes, &b, err);
	if (rc == 0)
		rc = take_gains(b, f->job->names, f->gains, err);
	if (rc == 0 && f->model)
		rc = booster_save(b, MODEL_UBJ, f->model, err);
	return rc;
}

/* A model that was trained before says it. */
static int ask_kept(const struct forecast_fit *f, int threads, struct err *err)
{
	AUTO(booster) struct booster *b = NULL;
	AUTO(predictions) struct predictions out = {0};
	const struct predict_options opt = {0};
	struct dataset *d = take_rows(f, f->says, false, 0);
	int rc = booster_load_threads(f->kept, f->n_kept, threads, &b, err);
	AUTO(str) char *start = rc == 0 ? booster_attr(b, "sagetop_start") : NULL;
	double shift = 0;

	if (rc == 0 && (!start || !str_to_f64(start, &shift)))
		rc = err_set(err, ERR_PARSE, "the kept model does not say where it starts");
	if (rc == 0)
		rc = booster_predict_rows(b, d, &opt, &out, err);
	for (size_t i = 0; rc == 0 && i < f->says->n; i++)
		f->said[i] = (double)out.values[i] + shift;
	dataset_free(d);
	return rc;
}

/* --- grown --------------------------------------------------------------------------------- */

/* Trees on the way, with the rows that they learn from and those that they speak of. */
struct growing {
	const struct forecast_fit *f;
	const struct hyper *hyper;
	struct learner_kit *kit;
	int threads;
	struct dataset *data[2];
	struct strlist metrics;
	struct learner *l;
	double shift;
};

static void growing_done(struct growing *g)
{
	learner_free(TAKE(g->l)); /* before its data */
	dataset_free(g->data[0]);
	dataset_free(g->data[1]);
	strlist_done(&g->metrics);
}
AUTO_EMBEDDED(growing, struct growing, growing_done)

static int begin(struct growing *g, const struct row_list *learns, const struct row_list *says, struct err *err)
{
	AUTO(strmap) struct strmap params = {0};

	g->shift = g->f->of->from_mean ? mean_target(g->f, learns) : 0;
	g->data[0] = take_rows(g->f, learns, true, g->shift);
	g->data[1] = take_rows(g->f, says, false, 0);
	struct learner_job job = {.hyper = g->hyper,
				  .data = {g->data[0], g->data[1]},
				  .names = {"rows to learn from", "rows to predict"},
				  .matrix = {.threads = g->threads,
					     .columns = g->f->job->names->n,
					     .max_bin = (int)hyper_int(g->hyper, HP_max_bin)},
				  .metrics = &g->metrics,
				  .kit = g->kit};

	hyper_library_params(g->hyper, g->threads, &params);
	if (g->f->of->from_mean)
		strmap_set(&params, "base_score", "0");
	return learner_new(&job, &params, &g->l, err);
}

static int grow(struct growing *g, int round, struct err *err)
{
	if (g->f->job->stop && *g->f->job->stop)
		return err_set(err, ERR_CANCELLED, "stopped");
	return learner_round(g->l, round, err);
}

/* --- early stopping ------------------------------------------------------------------------ */

/* The last days of what is learnt from, and what comes before them. */
static void split_window(const struct forecast_fit *f, struct row_list *head, struct row_list *tail)
{
	const int32_t *day = f->job->panel->day;
	int64_t last = INT64_MIN;

	for (size_t i = 0; i < f->learns->n; i++)
		last = MAX(last, (int64_t)day[f->learns->rows[i]]);
	for (size_t i = 0; i < f->learns->n; i++) {
		size_t row = f->learns->rows[i];
		struct row_list *l = day[row] > last - f->of->validation_days ? tail : head;

		GROW(l->rows, l->cap, l->n + 1);
		l->rows[l->n++] = row;
	}
}

static int tail_error(struct growing *g, const struct row_list *tail, double *ret, struct err *err)
{
	AUTO(predictions) struct predictions out = {0};
	double sum = 0;

	if (learner_predict(g->l, 1, &out, err) < 0)
		return -err->code;
	for (size_t i = 0; i < tail->n; i++)
		sum += fabs((double)out.values[i] + g->shift - g->f->job->panel->target[tail->rows[i]]);
	*ret = sum / (double)tail->n;
	return 0;
}

/* How many rounds are best for the end of the training window, by what learns from its
 * beginning; all of them where that is too short to tell. */
static int find_rounds(const struct growing *as, int *rounds, struct err *err)
{
	AUTO(growing) struct growing g = {.f = as->f, .hyper = as->hyper, .kit = as->kit, .threads = as->threads};
	AUTO(row_list) struct row_list head = {0}, tail = {0};
	double least = INFINITY, error = NAN;
	int best = 0, all = *rounds;

	split_window(g.f, &head, &tail);
	if (head.n < 2 || !tail.n)
		return 0;
	if (begin(&g, &head, &tail, err) < 0)
		return -err->code;
	for (int round = 0; round < all && round - best < g.f->of->patience; round++) {
		if (grow(&g, round, err) < 0 || tail_error(&g, &tail, &error, err) < 0)
			return -err->code;
		if (error < least) {
			least = error;
			best = round;
		}
	}
	*rounds = best + 1;
	return 0;
}

int forecast_trees(const struct forecast_fit *f, struct learner_kit *kit, int threads, struct err *err)
{
	AUTO(hyper) struct hyper h = {0};
	AUTO(growing) struct growing g = {.f = f, .hyper = &h, .kit = kit, .threads = threads};
	AUTO(predictions) struct predictions out = {0};

	if (f->kept)
		return ask_kept(f, threads, err);
	int rc = trees_hyper(f->of, &h, err), rounds = (int)hyper_int(&h, HP_num_round);

	if (rc == 0 && f->of->patience)
		rc = find_rounds(&g, &rounds, err);
	if (rc == 0)
		rc = begin(&g, f->learns, f->says, err);
	for (int round = 0; rc == 0 && round < rounds; round++)
		rc = grow(&g, round, err);
	if (rc == 0)
		rc = learner_predict(g.l, 1, &out, err);
	for (size_t i = 0; rc == 0 && i < f->says->n; i++)
		f->said[i] = (double)out.values[i] + g.shift;
	return rc ? rc : finish(f, g.l, rounds, g.shift, err);
}
