/* Requests' columns held against the baseline of the training data. */
#include "trainer/serve/serve_drift.h"

#include <math.h>
#include <pthread.h>

#include "base/json.h"

#define DRIFT_BASELINE_MAX ((size_t)64 << 20)
#define DRIFT_EFFECT 0.5  /* deviations */
#define DRIFT_MISSING 0.2 /* share of rows */
#define DRIFT_ERRORS 6.0  /* standard errors */

struct drift_sum {
	double sum;
	size_t count;
};

struct drift_column {
	char *name;
	size_t index;
	double mean, deviation, missing; /* missing: share of the training rows */
};

struct drift {
	struct drift_column *columns;
	size_t n;
	size_t width; /* columns of the data */
	pthread_mutex_t lock;
	struct drift_sum *window; /* width */
	size_t window_rows;
};

void drift_free(struct drift *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->n; i++)
		free(d->columns[i].name);
	free(d->columns);
	free(d->window);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

static void drift_add_column(struct drift *d, const json_t *j)
{
	int64_t index = json_get_i64(j, "index", -1), count = json_get_i64(j, "count", 0);
	int64_t missing = json_get_i64(j, "missing", 0);
	const char *name = json_get_str(j, "name");
	struct drift_column *c;

	if (index < 0 || (uint64_t)index >= d->width || count < 2 || missing < 0)
		return;
	d->columns = xreallocarray(d->columns, d->n + 1, sizeof(*d->columns));
	c = &d->columns[d->n++];
	c->name = name ? xstrdup(name) : xasprintf("%lld", (long long)index);
	c->index = (size_t)index;
	c->mean = json_get_f64(j, "mean", NAN);
	c->deviation = json_get_f64(j, "deviation", NAN);
	c->missing = (double)missing / (double)(count + missing);
	/* a category's code has no meaningful mean */
	if (json_get_bool(j, "categorical", false))
		c->mean = NAN;
}

int drift_load(const char *path, size_t columns, struct drift **ret, struct err *err)
{
	AUTO(drift) struct drift *d = NEW(struct drift);
	AUTO(json) json_t *root = NULL;
	json_t *column;
	size_t i;
	int r;

	pthread_mutex_init(&d->lock, NULL);
	d->width = columns;
	r = json_parse_file(path, DRIFT_BASELINE_MAX, &root, err);
	if (r)
		return r;
	json_array_foreach(json_object_get(root, "columns"), i, column) drift_add_column(d, column);
	if (!d->n)
		return err_set(err, ERR_INVALID, "%s: no statistics of a column of this model", path);
	d->window = xcalloc(columns, sizeof(*d->window));
	*ret = TAKE(d);
	return 0;
}

static void drift_sum_up(const struct drift *d, const struct dataset *data, struct drift_sum *sums)
{
	size_t width = MIN(d->width, data->columns);

	for (size_t r = 0; r < data->rows; r++) {
		if (data->dense) {
			const float *row = data->dense + r * data->columns;

			for (size_t c = 0; c < width; c++)
				if (!isnan(row[c])) {
					sums[c].sum += (double)row[c];
					sums[c].count++;
				}
			continue;
		}
		for (size_t i = data->row_start[r]; i < data->row_start[r + 1]; i++)
			if (data->column_index[i] < width) {
				sums[data->column_index[i]].sum += (double)data->values[i];
				sums[data->column_index[i]].count++;
			}
	}
}

static void drift_judge(const struct drift *d, const struct drift_sum *sums, size_t rows, struct buf *report)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct drift_column *c = &d->columns[i];
		const struct drift_sum *s = &sums[c->index];
		double missing = 1 - (double)s->count / (double)rows, mean = s->count ? s->sum / (double)s->count : NAN;
		double share_error = sqrt(MAX(c->missing * (1 - c->missing), 0.25 / (double)rows) / (double)rows);
		double moved = fabs(mean - c->mean);
		const char *comma = report->len ? ", " : "";

		if (fabs(missing - c->missing) >= DRIFT_MISSING &&
		    fabs(missing - c->missing) >= DRIFT_ERRORS * share_error)
			buf_addf(report, "%s%s missing %.2f -> %.2f", comma, c->name, c->missing, missing);
		else if (s->count &&
			 (c->deviation > 0 ? moved >= DRIFT_EFFECT * c->deviation &&
						     moved >= DRIFT_ERRORS * c->deviation / sqrt((double)s->count)
					   : moved > 0))
			buf_addf(report, "%s%s mean %.4g -> %.4g", comma, c->name, c->mean, mean);
	}
}

void drift_check(struct drift *d, const struct dataset *data, struct buf *report)
{
	struct drift_sum *sums = xcalloc(d->width, sizeof(*sums));

	drift_sum_up(d, data, sums);
	if (data->rows >= DRIFT_BATCH) {
		drift_judge(d, sums, data->rows, report);
		free(sums);
		return;
	}
	pthread_mutex_lock(&d->lock);
	for (size_t c = 0; c < d->width; c++) {
		d->window[c].sum += sums[c].sum;
		d->window[c].count += sums[c].count;
	}
	d->window_rows += data->rows;
	if (d->window_rows >= DRIFT_WINDOW) {
		drift_judge(d, d->window, d->window_rows, report);
		memset(d->window, 0, d->width * sizeof(*d->window));
		d->window_rows = 0;
	}
	pthread_mutex_unlock(&d->lock);
	free(sums);
}
