/* Data sets made of some rows of another. */
#include "trainer/read/rows.h"

static void take_floats(float **dst, const float *src, const uint32_t *rows, size_t n)
{
	if (!src)
		return;
	*dst = xreallocarray(NULL, MAX(n, 1), sizeof(float));
	for (size_t i = 0; i < n; i++)
		(*dst)[i] = src[rows[i]];
}

static void take_cells(struct dataset *out, const struct dataset *d, const uint32_t *rows, size_t n)
{
	size_t width = d->columns;

	if (d->dense) {
		out->dense = xreallocarray(NULL, MAX(n * width, 1), sizeof(float));
		for (size_t i = 0; i < n; i++)
			memcpy(out->dense + i * width, d->dense + rows[i] * width, width * sizeof(float));
		return;
	}
	out->row_start = xreallocarray(NULL, n + 1, sizeof(size_t));
	out->row_start[0] = 0;
	for (size_t i = 0; i < n; i++)
		out->row_start[i + 1] = out->row_start[i] + d->row_start[rows[i] + 1] - d->row_start[rows[i]];
	out->column_index = xreallocarray(NULL, MAX(out->row_start[n], 1), sizeof(uint32_t));
	out->values = xreallocarray(NULL, MAX(out->row_start[n], 1), sizeof(float));
	for (size_t i = 0; i < n; i++) {
		size_t from = d->row_start[rows[i]], to = out->row_start[i], len = out->row_start[i + 1] - to;
		memcpy(out->column_index + to, d->column_index + from, len * sizeof(uint32_t));
		memcpy(out->values + to, d->values + from, len * sizeof(float));
	}
}

static void copy_columns(struct dataset *out, const struct dataset *d)
{
	out->columns = d->columns;
	for (size_t i = 0; i < d->feature_names.n; i++)
		strlist_add(&out->feature_names, d->feature_names.items[i]);
	if (d->categorical)
		out->categorical = xmemdup(d->categorical, MAX(d->columns, 1));
}

struct dataset *rows_take(const struct dataset *d, const uint32_t *rows, size_t n)
{
	struct dataset *out = NEW(struct dataset);

	out->rows = n;
	copy_columns(out, d);
	take_cells(out, d, rows, n);
	take_floats(&out->labels, d->labels, rows, n);
	take_floats(&out->weights, d->weights, rows, n);
	if (d->query_ids) {
		out->query_ids = xreallocarray(NULL, MAX(n, 1), sizeof(uint64_t));
		for (size_t i = 0; i < n; i++)
			out->query_ids[i] = d->query_ids[rows[i]];
	}
	return out;
}

/* --- joining -------------------------------------------------------------------- */

static void *join(const void *a, size_t a_bytes, const void *b, size_t b_bytes)
{
	char *out = xmalloc(MAX(a_bytes + b_bytes, 1));

	if (a_bytes)
		memcpy(out, a, a_bytes);
	if (b_bytes)
		memcpy(out + a_bytes, b, b_bytes);
	return out;
}

struct dataset *rows_join(const struct dataset *a, const struct dataset *b)
{
	struct dataset *out = NEW(struct dataset);
	size_t f = sizeof(float);

	copy_columns(out, a);
	out->rows = a->rows + b->rows;
	out->columns = MAX(a->columns, b->columns);
	if (a->dense) {
		out->dense = join(a->dense, a->rows * a->columns * f, b->dense, b->rows * b->columns * f);
	} else {
		size_t na = a->row_start[a->rows], nb = b->row_start[b->rows];
		out->row_start = xreallocarray(NULL, out->rows + 1, sizeof(size_t));
		memcpy(out->row_start, a->row_start, (a->rows + 1) * sizeof(size_t));
		for (size_t i = 0; i < b->rows; i++)
			out->row_start[a->rows + 1 + i] = na + b->row_start[i + 1];
		out->column_index =
			join(a->column_index, na * sizeof(uint32_t), b->column_index, nb * sizeof(uint32_t));
		out->values = join(a->values, na * f, b->values, nb * f);
	}
	if (a->labels && (b->labels || !b->rows))
		out->labels = join(a->labels, a->rows * f, b->labels, b->rows * f);
	if (a->weights && (b->weights || !b->rows))
		out->weights = join(a->weights, a->rows * f, b->weights, b->rows * f);
	if (a->query_ids && (b->query_ids || !b->rows))
		out->query_ids =
			join(a->query_ids, a->rows * sizeof(uint64_t), b->query_ids, b->rows * sizeof(uint64_t));
	return out;
}

/* --- groups ------------------------------------------------------------------------- */

void row_groups_done(struct row_groups *g)
{
	free(g->rows);
	free(g->first);
	*g = (struct row_groups){0};
}

void row_groups_make(const uint32_t *group_of_row, size_t rows, size_t groups, struct row_groups *ret)
{
	ret->n = groups;
	ret->rows = xreallocarray(NULL, MAX(rows, 1), sizeof(uint32_t));
	ret->first = xcalloc(groups + 2, sizeof(size_t));
	for (size_t i = 0; i < rows; i++)
		ret->first[group_of_row[i] + 2]++;
	for (size_t g = 0; g < groups; g++)
		ret->first[g + 2] += ret->first[g + 1];
	/* first[g + 1] runs to the end of group g while its rows are placed. */
	for (size_t i = 0; i < rows; i++)
		ret->rows[ret->first[group_of_row[i] + 1]++] = (uint32_t)i;
}
