/* Room for rows that readers write in place, and columns of categories. */
#include "trainer/read/dataset_build.h"

#include "trainer/read/spill.h"

double text_feed_growth(const struct text_feed *f)
{
	if (!f->consumed || f->consumed >= f->source->bytes)
		return 1;
	return (double)f->source->bytes / (double)f->consumed * 1.02;
}

static size_t builder_grown(size_t cap, size_t need, double growth)
{
	size_t target = (double)need * growth < (double)(SIZE_MAX / 64) ? (size_t)((double)need * growth) : need;

	return MAX(target, MAX(need, cap ? cap + cap / 2 : need));
}

/* Resize an array of cells, in memory or beyond it. */
static int builder_cells(struct builder *b, void **array, size_t old, size_t n, size_t size, struct err *err)
{
	size_t bytes = MAX(n, (size_t)1) * size;
	void *p;

	if (!spill_owns(b->d->spill, *array) && (!b->spill_above || bytes <= b->spill_above)) {
		*array = xrealloc(*array, bytes);
		return 0;
	}
	p = spill_realloc(&b->d->spill, *array, old * size, bytes, err);
	if (!p)
		return -(int)ERR_IO;
	*array = p;
	return 0;
}

int builder_reserve(struct builder *b, size_t rows, size_t values, double growth, struct err *err)
{
	struct dataset *d = b->d;

	/* an array may be found out to be needed only after a stretch without rows */
	bool lacking = (b->with_labels && !d->labels) || (b->with_weights && !d->weights) ||
		       (b->with_query_ids && !d->query_ids) || (b->with_entities && !d->entities) ||
		       (b->with_dates && !d->dates) || (b->sparse ? !d->row_start : !d->dense);

	if (rows > b->cap_rows || lacking) {
		size_t cap = MAX(builder_grown(b->cap_rows, rows, growth), (size_t)1), cells;

		if (!b->sparse) {
			if (__builtin_mul_overflow(cap, d->columns, &cells) || cells > SIZE_MAX / 2 / sizeof(float))
				return err_set(err, ERR_TOOBIG, "%zu rows of %zu columns do not fit in memory", rows,
					       d->columns);
			if (builder_cells(b, (void **)&d->dense, b->cap_rows * d->columns, cells, sizeof(float), err))
				return -(int)ERR_IO;
		} else {
			d->row_start = xreallocarray(d->row_start, cap + 1, sizeof(size_t));
			d->row_start[0] = 0;
		}
		if (b->with_labels)
			d->labels = xreallocarray(d->labels, cap, sizeof(float));
		if (b->with_weights)
			d->weights = xreallocarray(d->weights, cap, sizeof(float));
		if (b->with_query_ids)
			d->query_ids = xreallocarray(d->query_ids, cap, sizeof(uint64_t));
		if (b->with_entities)
			d->entities = xreallocarray(d->entities, cap, sizeof(uint32_t));
		if (b->with_dates)
			d->dates = xreallocarray(d->dates, cap, sizeof(int32_t));
		b->cap_rows = cap;
	}
	if (b->sparse && (values > b->cap_values || !b->cap_values)) {
		size_t cap = MAX(builder_grown(b->cap_values, values, growth), (size_t)1);

		if (builder_cells(b, (void **)&d->column_index, b->cap_values, cap, sizeof(uint32_t), err) ||
		    builder_cells(b, (void **)&d->values, b->cap_values, cap, sizeof(float), err))
			return -(int)ERR_IO;
		b->cap_values = cap;
	}
	return 0;
}

int builder_trim(struct builder *b, struct err *err)
{
	struct dataset *d = b->d;
	size_t rows = MAX(d->rows, (size_t)1);

	if (d->dense)
		if (builder_cells(b, (void **)&d->dense, rows * d->columns, rows * d->columns, sizeof(float), err))
			return -(int)ERR_IO;
	if (d->row_start) {
		size_t values = MAX(d->row_start[d->rows], (size_t)1);

		d->row_start = xreallocarray(d->row_start, d->rows + 1, sizeof(size_t));
		if (builder_cells(b, (void **)&d->column_index, values, values, sizeof(uint32_t), err) ||
		    builder_cells(b, (void **)&d->values, values, values, sizeof(float), err))
			return -(int)ERR_IO;
		b->cap_values = values;
	}
	if (d->labels)
		d->labels = xreallocarray(d->labels, rows, sizeof(float));
	if (d->weights)
		d->weights = xreallocarray(d->weights, rows, sizeof(float));
	if (d->query_ids)
		d->query_ids = xreallocarray(d->query_ids, rows, sizeof(uint64_t));
	if (d->entities)
		d->entities = xreallocarray(d->entities, rows, sizeof(uint32_t));
	if (d->dates)
		d->dates = xreallocarray(d->dates, rows, sizeof(int32_t));
	b->cap_rows = rows;
	return 0;
}

/* Move `n` elements of `size` bytes from place `from` to place `to`, to <= from. */
static void builder_slide(void *array, size_t size, size_t to, size_t from, size_t n)
{
	if (array && n)
		memmove((char *)array + to * size, (char *)array + from * size, n * size);
}

void builder_compact(struct builder *b, const struct text_batch *batch)
{
	struct dataset *d = b->d;
	size_t row = d->rows, value = d->row_start ? d->row_start[d->rows] : 0;

	for (size_t i = 0; i < batch->n; i++) {
		struct text_chunk *c = &batch->chunks[i];
		size_t n = c->row_count;

		if (c->row != row) {
			builder_slide(d->dense, d->columns * sizeof(float), row, c->row, n);
			builder_slide(d->labels, sizeof(float), row, c->row, n);
			builder_slide(d->weights, sizeof(float), row, c->row, n);
			builder_slide(d->query_ids, sizeof(uint64_t), row, c->row, n);
			builder_slide(d->entities, sizeof(uint32_t), row, c->row, n);
			builder_slide(d->dates, sizeof(int32_t), row, c->row, n);
		}
		if (d->row_start) {
			/* the chunk wrote the end of each row, counted from its own first value */
			if (c->value != value) {
				builder_slide(d->column_index, sizeof(uint32_t), value, c->value, c->value_count);
				builder_slide(d->values, sizeof(float), value, c->value, c->value_count);
			}
			for (size_t k = 0; k < n; k++)
				d->row_start[row + k + 1] = d->row_start[c->row + k + 1] + value;
			c->value = value;
			value += c->value_count;
		}
		c->row = row;
		row += n;
	}
	d->rows = row;
}

void dictionary_done(struct dictionary *d)
{
	map_done(&d->codes);
	strlist_done(&d->names);
}

uint32_t dictionary_find(const struct dictionary *d, const char *text)
{
	uintptr_t code = (uintptr_t)map_get(&d->codes, text);

	return code ? (uint32_t)(code - 1) : DICTIONARY_NONE;
}

uint32_t dictionary_code(struct dictionary *d, const char *text)
{
	uint32_t code = dictionary_find(d, text);

	if (code != DICTIONARY_NONE)
		return code;
	code = (uint32_t)d->names.n;
	map_put(&d->codes, text, (void *)((uintptr_t)code + 1));
	strlist_add(&d->names, text);
	return code;
}
