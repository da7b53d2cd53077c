/* Baselines: walked over the links of a panel, row by row. */
#include "trainer/panel/naive.h"

#include <math.h>

double *naive_season_means(const struct panel *p)
{
	double *means = xcalloc(p->n + 1, sizeof(*means)), *sums = xcalloc(p->n + 1, sizeof(*sums));

	/* sums[i]: of the entity's rows up to and with row i, where that counts */
	for (size_t i = 0; i < p->n; i++) {
		double before = p->previous[i] < 0 ? 0 : sums[p->previous[i]];

		means[i] = p->earlier[i] ? before / p->earlier[i] : NAN;
		sums[i] = p->counts[i] ? before + p->target[i] : before;
	}
	free(sums);
	return means;
}

static double last_mean(const struct panel *p, size_t row, int64_t n)
{
	double sum = 0;
	int64_t k = 0;

	for (int64_t i = p->previous[row]; i >= 0 && k < n; i = p->previous[i], k++)
		sum += p->target[i];
	return k ? sum / (double)k : NAN;
}

static double weighted_mean(const struct panel *p, size_t row, double decay)
{
	double sum = 0, weights = 0, w = 1;

	for (int64_t i = p->previous[row]; i >= 0; i = p->previous[i], w *= decay) {
		sum += w * p->target[i];
		weights += w;
	}
	return weights > 0 ? sum / weights : NAN;
}

/* --- by regression on a column --------------------------------------------------------------- */

struct line {
	double a, b; /* a + b x */
	bool known;
};

static struct line fit_line(const struct backtest_spec *spec, const struct panel *p, const double *x, int32_t cutoff)
{
	double n = 0, mean_x = 0, mean_y = 0, xx = 0, xy = 0;

	for (size_t i = 0; i < p->n; i++) {
		if (!panel_learns(p, spec, i, cutoff) || isnan(x[i]) || p->earlier[i] < (uint64_t)spec->min_rows)
			continue;
		double dx = x[i] - mean_x;

		n++;
		mean_x += dx / n;
		xx += dx * (x[i] - mean_x);
		mean_y += (p->target[i] - mean_y) / n;
		xy += dx * (p->target[i] - mean_y);
	}
	if (n < 2 || xx <= 0)
		return (struct line){0};
	return (struct line){mean_y - xy / xx * mean_x, xy / xx, true};
}

static int fill_column(const struct backtest_spec *spec, const struct panel *p, const char *name, const double *means,
		       size_t at, double *out, struct err *err)
{
	size_t column = frame_find(p->frame, name), cycle = SIZE_MAX;
	struct line line = {0};

	if (column == FRAME_NO_COLUMN || p->frame->columns[column].text)
		return err_set(err, ERR_INVALID, "baselines: column:%s: the data has no column of numbers of that name",
			       name);
	if (!strlist_has(&spec->known_before, name))
		return err_set(err, ERR_INVALID,
			       "baselines: column:%s: %s is not known before the slate (columns.known_before)", name,
			       name);
	const double *x = p->frame->columns[column].numbers;

	for (size_t i = 0; i < p->n; i++) {
		double *cell = &out[i * spec->baselines.n + at];

		*cell = means[i];
		if (!p->eligible[i])
			continue;
		if (panel_cycle_of(spec, p->day[i]) != cycle) {
			cycle = panel_cycle_of(spec, p->day[i]);
			line = fit_line(spec, p, x, panel_cutoff(spec, cycle));
		}
		if (line.known && !isnan(x[i]))
			*cell = line.a + line.b * x[i];
	}
	return 0;
}

/* --- all of them ------------------------------------------------------------------------------- */

static int fill_baseline(const struct backtest_spec *spec, const struct panel *p, const double *means, size_t at,
			 double *out, struct err *err)
{
	const char *name = spec->baselines.items[at];
	double number = 0;
	int64_t rows;

	if (str_starts(name, "column:"))
		return fill_column(spec, p, name + strlen("column:"), means, at, out, err);
	bool last = str_starts(name, "last_") && str_to_i64(name + strlen("last_"), &rows) && rows > 0;
	bool weighted = str_starts(name, "ewm_") && str_to_f64(name + strlen("ewm_"), &number) && number > 0;

	if (!last && !weighted && !str_eq(name, "season_mean"))
		return err_set(
			err, ERR_INVALID,
			"baselines: there is no %s: season_mean, last_N, ewm_H (a half-life in rows) or column:NAME",
			name);
	for (size_t i = 0; i < p->n; i++)
		out[i * spec->baselines.n + at] = last	     ? last_mean(p, i, rows)
						  : weighted ? weighted_mean(p, i, exp2(-1 / number))
							     : means[i];
	return 0;
}

int naive_build(const struct backtest_spec *spec, const struct panel *p, double **ret, struct err *err)
{
	double *out = xcalloc(p->n * spec->baselines.n + 1, sizeof(*out));
	double *means = naive_season_means(p);
	int rc = 0;

	for (size_t k = 0; k < spec->baselines.n && rc == 0; k++)
		rc = fill_baseline(spec, p, means, k, out, err);
	free(means);
	if (rc == 0)
		*ret = TAKE(out);
	free(out);
	return rc;
}

double *naive_scales(const struct panel *p, int32_t before)
{
	double *scales = xcalloc(p->entity_names.n + 1, sizeof(*scales));
	size_t *n = xcalloc(p->entity_names.n + 1, sizeof(*n));

	for (size_t i = 0; i < p->n; i++) {
		if (!p->counts[i] || p->day[i] >= before || p->previous[i] < 0)
			continue;
		scales[p->entity[i]] += fabs(p->target[i] - p->target[p->previous[i]]);
		n[p->entity[i]]++;
	}
	for (size_t e = 0; e < p->entity_names.n; e++)
		scales[e] = n[e] && scales[e] > 0 ? scales[e] / (double)n[e] : NAN;
	free(n);
	return scales;
}
