/* Every cell's place among the cuts of its column, twice: row by row for adding
 * up gradients, column by column for parting the rows of a node. */
#include <math.h>

#include "trainer/grow/grow_impl.h"

#define BATCH_ROWS 4096 /* that a thread takes at a time */
#define TILE_ROWS 256	/* that are walked column by column: they stay in the nearest cache */

void bins_done(struct bins *b)
{
	cuts_done(&b->cuts);
	free(b->slot);
	free(b->by_row8);
	free(b->by_row16);
	free(b->codes8);
	free(b->codes16);
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

/* The first cut above x, or the last one; without a branch, since none could be
 * foretold. */
static inline uint32_t bin_of(const float *cuts, uint32_t n, float x)
{
	uint32_t at = 0;

	for (uint32_t left = n; left > 1;) {
		uint32_t half = left / 2;
		at += (uint32_t)(cuts[at + half - 1] <= x) * half;
		left -= half;
	}
	at += cuts[at] <= x;
	return at - (at == n);
}

struct binning {
	const struct dataset *d;
	struct bins *out;
};

static inline void put(struct bins *b, size_t row, size_t column, uint32_t code)
{
	if (b->codes8) {
		b->codes8[column * b->rows + row] = (uint8_t)code;
		b->by_row8[row * b->columns + column] = (uint8_t)code;
	} else {
		b->codes16[column * b->rows + row] = (uint16_t)code;
		b->by_row16[row * b->columns + column] = (uint16_t)code;
	}
}

/* n rows from `row`, their cells `stride` apart. */
static void bin_tile(struct bins *b, size_t row, size_t n, const float *cells, size_t stride)
{
	for (size_t c = 0; c < b->columns; c++) {
		const float *cuts = b->cuts.values + b->cuts.first[c];
		uint32_t count = b->cuts.first[c + 1] - b->cuts.first[c];
		if (b->any_missing) {
			for (size_t r = 0; r < n; r++) {
				float x = cells[r * stride + c];
				put(b, row + r, c, isnan(x) ? count : bin_of(cuts, count, x));
			}
		} else {
			for (size_t r = 0; r < n; r++)
				put(b, row + r, c, bin_of(cuts, count, cells[r * stride + c]));
		}
	}
}

static void bin_batch(void *context, size_t batch)
{
	const struct binning *w = context;
	struct bins *b = w->out;
	const struct dataset *d = w->d;
	size_t end = MIN((batch + 1) * BATCH_ROWS, b->rows);
	float *scratch = d->dense ? NULL : xreallocarray(NULL, b->columns, sizeof(float));

	for (size_t r = batch * BATCH_ROWS; r < end;) {
		size_t n = d->dense ? MIN((size_t)TILE_ROWS, end - r) : 1;
		bin_tile(b, r, n, row_cells(d, r, b->columns, scratch), b->columns);
		r += n;
	}
	free(scratch);
}

/* Counts the cells of each column that are not missing; the place of the first infinite
 * one, or SIZE_MAX. */
static size_t count_cells(const struct dataset *d, size_t *filled)
{
	size_t n = d->dense ? d->rows * d->columns : d->row_start[d->rows];
	const float *cells = d->dense ? d->dense : d->values;

	for (size_t i = 0, column = 0; i < n; i++) {
		if (isinf(cells[i]))
			return i;
		filled[d->dense ? column : d->column_index[i]] += !isnan(cells[i]);
		column = column + 1 == d->columns ? 0 : column + 1;
	}
	return SIZE_MAX;
}

static bool any_missing(const struct bins *b, const size_t *filled)
{
	for (size_t c = 0; c < b->columns; c++)
		if (filled[c] < b->rows)
			return true;
	return false;
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
	size_t *filled = xcalloc(columns, sizeof(*filled)), infinite = count_cells(d, filled);

	*ret = (struct bins){.rows = d->rows, .columns = columns};
	ret->any_missing = any_missing(ret, filled);
	if (infinite == SIZE_MAX)
		cuts_make(d, columns, filled, max_bin, team, &ret->cuts);
	free(filled);
	if (infinite != SIZE_MAX)
		return infinite_cell(d, infinite, err);
	ret->slot = xcalloc(columns + 1, sizeof(uint32_t));
	uint32_t most = 0;
	for (size_t c = 0; c < columns; c++) {
		uint32_t n = ret->cuts.first[c + 1] - ret->cuts.first[c] + ret->any_missing;
		ret->slot[c + 1] = ret->slot[c] + n;
		most = MAX(most, n);
	}
	size_t cells = d->rows * columns;
	if (most <= UINT8_MAX + 1u) {
		ret->codes8 = xreallocarray(NULL, cells, sizeof(uint8_t));
		ret->by_row8 = xreallocarray(NULL, cells, sizeof(uint8_t));
	} else {
		ret->codes16 = xreallocarray(NULL, cells, sizeof(uint16_t));
		ret->by_row16 = xreallocarray(NULL, cells, sizeof(uint16_t));
	}
	team_for(team, (d->rows + BATCH_ROWS - 1) / BATCH_ROWS, bin_batch, &w);
	return 0;
}
