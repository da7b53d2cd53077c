/* What the columns of the training data look like: see baseline.h. */
#include "trainer/models/baseline.h"

#include "base/moments.h"
#include "trainer/grow/float_key.h"
#include "trainer/read/parallel.h"

static const double levels[] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};

struct column_stats {
	struct moments moments;
	double quantiles[ARRAY_LEN(levels)];
};

/* --- quantiles: exact selection by two counting passes over the sorted bits --------- */

static float select_rank(const uint32_t *keys, size_t n, size_t rank, const uint32_t *high, uint32_t *low)
{
	size_t below = 0;
	uint32_t h = 0, l = 0;

	while (below + high[h] <= rank)
		below += high[h++];
	memset(low, 0, 65536 * sizeof(*low));
	for (size_t i = 0; i < n; i++)
		if (keys[i] >> 16 == h)
			low[keys[i] & 0xFFFF]++;
	while (below + low[l] <= rank)
		below += low[l++];
	return float_of_key(h << 16 | l);
}

static void find_quantiles(struct column_stats *s, const uint32_t *keys, size_t n, uint32_t *scratch)
{
	uint32_t *high = scratch, *low = scratch + 65536;

	memset(high, 0, 65536 * sizeof(*high));
	for (size_t i = 0; i < n; i++)
		high[keys[i] >> 16]++;
	for (size_t q = 0; q < ARRAY_LEN(levels); q++)
		s->quantiles[q] =
			n ? (double)select_rank(keys, n, (size_t)(levels[q] * (double)(n - 1)), high, low) : NAN;
}

/* --- the passes over the data ----------------------------------------------------------- */

struct work {
	const struct dataset *d;
	struct column_stats *stats; /* threads x columns */
	size_t columns;
	size_t parts;
	struct column_stats *merged;
};

static void scan_rows(void *ctx, size_t part)
{
	struct work *w = ctx;
	const struct dataset *d = w->d;
	struct column_stats *stats = w->stats + part * w->columns;
	size_t begin = d->rows * part / w->parts, end = d->rows * (part + 1) / w->parts;

	for (size_t r = begin; r < end; r++) {
		if (d->dense) {
			const float *row = d->dense + r * d->columns;
			for (size_t c = 0; c < w->columns; c++)
				if (!isnan(row[c]))
					moments_add(&stats[c].moments, (double)row[c]);
			continue;
		}
		for (size_t i = d->row_start[r]; i < d->row_start[r + 1]; i++)
			if (d->column_index[i] < w->columns)
				moments_add(&stats[d->column_index[i]].moments, (double)d->values[i]);
	}
}

static void quantiles_of_columns(void *ctx, size_t part)
{
	struct work *w = ctx;
	const struct dataset *d = w->d;
	size_t step = d->rows / BASELINE_SAMPLE + 1;
	uint32_t *keys = xreallocarray(NULL, MAX(d->rows / step + 1, 1), sizeof(*keys));
	uint32_t *scratch = xreallocarray(NULL, 2 * 65536, sizeof(*scratch));

	for (size_t c = w->columns * part / w->parts; c < w->columns * (part + 1) / w->parts; c++) {
		size_t n = 0;
		for (size_t r = 0; r < d->rows; r += step)
			if (!isnan(d->dense[r * d->columns + c]))
				keys[n++] = float_key(d->dense[r * d->columns + c]);
		find_quantiles(&w->merged[c], keys, n, scratch);
	}
	free(keys);
	free(scratch);
}

/* Sparse data has no columns to walk along: collect the sampled rows' values by
 * column first. */
static void sparse_quantiles(struct work *w)
{
	const struct dataset *d = w->d;
	size_t step = d->rows / BASELINE_SAMPLE + 1, most = 0;
	size_t *first = xcalloc(w->columns + 2, sizeof(*first));

	for (size_t r = 0; r < d->rows; r += step)
		for (size_t i = d->row_start[r]; i < d->row_start[r + 1]; i++)
			if (d->column_index[i] < w->columns)
				first[d->column_index[i] + 2]++;
	for (size_t c = 0; c < w->columns; c++) {
		most = MAX(most, first[c + 2]);
		first[c + 2] += first[c + 1];
	}
	uint32_t *keys = xreallocarray(NULL, first[w->columns + 1] + 1, sizeof(*keys));
	uint32_t *scratch = xreallocarray(NULL, 2 * 65536, sizeof(*scratch));
	for (size_t r = 0; r < d->rows; r += step)
		for (size_t i = d->row_start[r]; i < d->row_start[r + 1]; i++)
			if (d->column_index[i] < w->columns)
				keys[first[d->column_index[i] + 1]++] = float_key(d->values[i]);
	for (size_t c = 0; c < w->columns; c++)
		if (first[c + 1] > first[c])
			find_quantiles(&w->merged[c], keys + first[c], first[c + 1] - first[c], scratch);
	free(first);
	free(keys);
	free(scratch);
}

static json_t *column_json(const struct dataset *d, size_t c, const struct column_stats *s)
{
	const struct moments *m = &s->moments;
	json_t *j = json_object();

	if (d->feature_names.n == d->columns)
		json_object_set_new(j, "name", json_string(d->feature_names.items[c]));
	json_object_set_new(j, "index", json_integer((json_int_t)c));
	json_object_set_new(j, "count", json_integer((json_int_t)m->count));
	json_object_set_new(j, "missing", json_integer((json_int_t)(d->rows - m->count)));
	if (d->categorical && d->categorical[c])
		json_object_set_new(j, "categorical", json_true());
	if (!m->count)
		return j;
	json_object_set_new(j, "mean", json_real(m->mean));
	json_object_set_new(j, "deviation", json_real(moments_sample_deviation(m)));
	json_object_set_new(j, "min", json_real(m->least));
	json_object_set_new(j, "max", json_real(m->greatest));
	json_t *quantiles = json_object();
	for (size_t q = 0; q < ARRAY_LEN(levels); q++) {
		char name[16];
		snprintf(name, sizeof(name), "%g", levels[q]);
		if (isfinite(s->quantiles[q]))
			json_object_set_new(quantiles, name, json_real(s->quantiles[q]));
	}
	json_object_set_new(j, "quantiles", quantiles);
	return j;
}

json_t *baseline_compute(const struct dataset *d, int threads)
{
	struct work w = {.d = d, .columns = MIN(d->columns, (size_t)BASELINE_COLUMNS_MAX)};

	w.parts = d->rows > 20000 ? (size_t)MAX(threads, 1) : 1;
	w.stats = xcalloc(MAX(w.parts * w.columns, 1), sizeof(*w.stats));
	w.merged = w.stats;
	parallel_for(w.parts, (int)w.parts, scan_rows, &w);
	for (size_t p = 1; p < w.parts; p++)
		for (size_t c = 0; c < w.columns; c++)
			moments_merge(&w.merged[c].moments, &w.stats[p * w.columns + c].moments);
	if (d->dense)
		parallel_for(w.parts, (int)w.parts, quantiles_of_columns, &w);
	else
		sparse_quantiles(&w);
	json_t *columns = json_array();
	for (size_t c = 0; c < w.columns; c++)
		if (d->dense || w.merged[c].moments.count)
			json_array_append_new(columns, column_json(d, c, &w.merged[c]));
	json_t *out = json_pack("{s:s, s:I, s:I}", "format", "sagetop baseline 1", "rows", (json_int_t)d->rows,
				"columns_left_out", (json_int_t)(d->columns - w.columns));
	json_object_set_new(out, "columns", columns);
	free(w.stats);
	return out;
}
