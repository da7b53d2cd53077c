/* Predictions as lines of CSV. */
#include "trainer/panel/prediction.h"

#include <math.h>

#include "base/csv.h"

void prediction_add_number(struct buf *out, double v)
{
	(void)buf_addc(out, ',');
	if (!isnan(v))
		(void)buf_addf(out, "%.17g", v);
}

static void add_names(const char *kind, const char *name, struct buf *out)
{
	AUTO(str) char *column = xasprintf("%s:%s", kind, name);

	(void)buf_addc(out, ',');
	csv_add(out, column);
}

void prediction_add_header(const struct backtest_spec *spec, struct buf *out)
{
	(void)buf_adds(out, PREDICTION_HEADER);
	for (size_t i = 0; i < spec->n_models; i++)
		add_names("model", spec->models[i].name, out);
	for (size_t i = 0; i < spec->baselines.n; i++)
		add_names("baseline", spec->baselines.items[i], out);
	(void)buf_addc(out, '\n');
}

static double mean_of(const double *values, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += values[i];
	return sum / (double)n;
}

void prediction_add_who(const struct panel *p, size_t row, struct buf *out)
{
	char day[16];

	(void)buf_addf(out, "%s,", day_text(day, p->day[row]));
	csv_add(out, p->entity_names.items[p->entity[row]]);
}

void prediction_add_row(const struct backtest_spec *spec, const struct panel *p, size_t row,
			const struct prediction *said, struct buf *out)
{
	size_t group = *spec->group ? frame_find(p->frame, spec->group) : FRAME_NO_COLUMN;

	prediction_add_who(p, row, out);
	(void)buf_addc(out, ',');
	if (group != FRAME_NO_COLUMN && p->frame->columns[group].codes[row] != FRAME_NO_WORD)
		csv_add(out, p->frame->columns[group].words.items[p->frame->columns[group].codes[row]]);
	(void)buf_addf(out, ",%zu,%d", said->cycle, p->counts[row]);
	prediction_add_number(out, p->counts[row] ? p->target[row] : NAN);
	prediction_add_number(out, mean_of(said->models, spec->n_models));
	(void)buf_adds(out, ",,");
	prediction_add_number(out, said->scale);
	for (size_t i = 0; i < spec->n_models; i++)
		prediction_add_number(out, said->models[i]);
	for (size_t i = 0; i < spec->baselines.n; i++)
		prediction_add_number(out, said->baselines[i]);
	(void)buf_addc(out, '\n');
}

void prediction_add_never_header(const struct backtest_spec *spec, struct buf *out)
{
	(void)buf_adds(out, "date,entity");
	for (size_t i = 0; i < spec->n_models; i++)
		add_names("model", spec->models[i].name, out);
	(void)buf_addc(out, '\n');
}

void prediction_add_never_row(const struct backtest_spec *spec, const struct panel *p, size_t row, const double *models,
			      struct buf *out)
{
	prediction_add_who(p, row, out);
	for (size_t i = 0; i < spec->n_models; i++)
		prediction_add_number(out, models[i]);
	(void)buf_addc(out, '\n');
}
