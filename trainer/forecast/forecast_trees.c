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

static struct dataset *take_rows(const struct forecast_fit *f, const struct row_list *l, double shift)
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
		/* What is to be predicted has no part in it, whether it is known or not. */
		d->labels[i] = l == f->learns ? (float)(p->target[l->rows[i]] - shift) : 0;
	}
	return d;
}

static double mean_target(const struct forecast_fit *f)
{
	double sum = 0;

	for (size_t i = 0; i < f->learns->n; i++)
		sum += f->job->panel->target[f->learns->rows[i]];
	return sum / (double)f->learns->n;
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
static int ask_kept(const struct forecast_fit *f, struct err *err)
{
	AUTO(booster) struct booster *b = NULL;
	AUTO(predictions) struct predictions out = {0};
	const struct predict_options opt = {0};
	struct dataset *d = take_rows(f, f->says, 0);
	int rc = booster_load(f->kept, f->n_kept, NULL, NULL, NULL, 0, &b, err);
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

int forecast_trees(const struct forecast_fit *f, struct learner_kit *kit, int threads, struct err *err)
{
	AUTO(hyper) struct hyper h = {0};
	AUTO(strmap) struct strmap params = {0};
	AUTO(strlist) struct strlist metrics = {0};
	AUTO(learner) struct learner *l = NULL;
	AUTO(predictions) struct predictions out = {0};

	if (f->kept)
		return ask_kept(f, err);
	double shift = f->of->from_mean ? mean_target(f) : 0;
	struct dataset *data[2] = {take_rows(f, f->learns, shift), take_rows(f, f->says, 0)};
	int rc = trees_hyper(f->of, &h, err), rounds = (int)hyper_int(&h, HP_num_round);

	if (rc == 0) {
		struct learner_job job = {.hyper = &h,
					  .data = {data[0], data[1]},
					  .names = {"rows to learn from", "rows to predict"},
					  .matrix = {.threads = threads,
						     .columns = f->job->names->n,
						     .max_bin = (int)hyper_int(&h, HP_max_bin)},
					  .metrics = &metrics,
					  .kit = kit};

		hyper_library_params(&h, threads, &params);
		if (f->of->from_mean)
			strmap_set(&params, "base_score", "0");
		rc = learner_new(&job, &params, &l, err);
	}
	for (int round = 0; rc == 0 && round < rounds; round++) {
		if (f->job->stop && *f->job->stop)
			rc = err_set(err, ERR_CANCELLED, "stopped");
		else
			rc = learner_round(l, round, err);
	}
	if (rc == 0)
		rc = learner_predict(l, 1, &out, err);
	for (size_t i = 0; rc == 0 && i < f->says->n; i++)
		f->said[i] = (double)out.values[i] + shift;
	if (rc == 0)
		rc = finish(f, l, rounds, shift, err);
	learner_free(TAKE(l)); /* before its data */
	dataset_free(data[0]);
	dataset_free(data[1]);
	return rc;
}
