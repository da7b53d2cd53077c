/* Every cell's place among the cuts of its column, twice: row by row for adding
 * up gradients, column by column for parting the rows of a node. */
#include <math.h>

#include "trainer/grow_impl.h"

#define BATCH_ROWS 4096

void bins_done(struct bins *b)
{
	cuts_done(&b->cuts);
	free(b->slot);
	free(b->by_row);
	free(b->by_column);
	*b = (struct bins){0};
}

const float *row_cells(const struct dataset *d, size_t row, size_t columns, float *scratch)
{
	if (d->dense)
		return d->dense + row * d->columns;
	for (size_t i = 0; i < columns; i++)
		scratch[i] = NAN;
	for (size_t i = d->row_start[row]; i < d->row_start[row + 1]; i++)
		scratch[d->column_index[i]] = d->values[i];
	return scratch;
}

/* The first cut above x, or the last one. */
static inline uint32_t bin_of(const float *cuts, uint32_t n, float x)
{
	const float *base = cuts;
	for (uint32_t left = n; left > 1;) {
		uint32_t half = left / 2;
		base += base[half - 1] <= x ? half : 0;
		left -= half;
	}
	uint32_t at = (uint32_t)(base - cuts) + (*base <= x);
	return at < n ? at : n - 1;
}

struct binning {
	const struct dataset *d;
	struct bins *out;
	size_t bad_row, bad_column; /* 1-based: the first cell that is infinite; 0: none */
};

static void store(void *codes, bool wide, size_t at, uint32_t code)
{
	if (wide)
		((uint16_t *)codes)[at] = (uint16_t)code;
	else
		((uint8_t *)codes)[at] = (uint8_t)code;
}

static void bin_row(struct binning *w, size_t r, const float *cells)
{
	struct bins *b = w->out;
	for (size_t c = 0; c < b->columns; c++) {
		const float *cuts = b->cuts.values + b->cuts.first[c];
		uint32_t n = b->cuts.first[c + 1] - b->cuts.first[c];
		uint32_t code = isnan(cells[c]) ? n : bin_of(cuts, n, cells[c]);
		store(b->by_row, b->wide, r * b->columns + c, code);
		store(b->by_column, b->wide, c * b->rows + r, code);
	}
}

static void bin_batch(void *context, size_t batch)
{
	struct binning *w = context;
	const struct bins *b = w->out;
	size_t end = MIN((batch + 1) * BATCH_ROWS, b->rows);
	float *scratch = xreallocarray(NULL, b->columns, sizeof(float));
	for (size_t r = batch * BATCH_ROWS; r < end; r++)
		bin_row(w, r, row_cells(w->d, r, b->columns, scratch));
	free(scratch);
}

static void scan_cells(const struct dataset *d, size_t columns, bool *missing, size_t *infinite)
{
	size_t n = d->dense ? d->rows * d->columns : d->row_start[d->rows];
	const float *cells = d->dense ? d->dense : d->values;
	*missing = !d->dense && n < d->rows * columns;
	*infinite = n;
	for (size_t i = 0; i < n; i++) {
		*missing |= isnan(cells[i]);
		if (isinf(cells[i])) {
			*infinite = i;
			return;
		}
	}
	*infinite = SIZE_MAX;
}

static int infinite_cell(const struct dataset *d, size_t at, struct err *err)
{
	size_t row = 0, column;
	if (d->dense) {
		row = at / d->columns;
		column = at % d->columns;
	} else {
		while (d->row_start[row + 1] <= at)
			row++;
		column = d->column_index[at];
	}
	return err_set(err, ERR_INVALID, "row %zu: the value of feature %zu is infinite", row + 1, column);
}

int bins_make(const struct dataset *d, size_t columns, int max_bin, struct team *team, struct bins *ret,
	      struct err *err)
{
	struct binning w = {.d = d, .out = ret};
	size_t infinite;
	bool missing;
	scan_cells(d, columns, &missing, &infinite);
	if (infinite != SIZE_MAX)
		return infinite_cell(d, infinite, err);
	*ret = (struct bins){.rows = d->rows, .columns = columns, .any_missing = missing};
	cuts_make(d, columns, max_bin, team, &ret->cuts);
	ret->slot = xcalloc(columns + 1, sizeof(uint32_t));
	for (size_t c = 0; c < columns; c++) {
		uint32_t n = ret->cuts.first[c + 1] - ret->cuts.first[c] + missing;
		ret->slot[c + 1] = ret->slot[c] + n;
		ret->wide |= n > 256;
	}
	size_t cells = d->rows * columns, width = ret->wide ? sizeof(uint16_t) : sizeof(uint8_t);
	ret->by_row = xreallocarray(NULL, cells, width);
	ret->by_column = xreallocarray(NULL, cells, width);
	team_for(team, (d->rows + BATCH_ROWS - 1) / BATCH_ROWS, bin_batch, &w);
	return 0;
}
