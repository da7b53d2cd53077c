/* fuzz_readers.h - the same bytes read in different ways must give the same rows, or
 * the same refusal: at once or in crumbs, by one thread or by three, plain or packed.
 */
#ifndef SAGETOP_TESTS_FUZZ_READERS_H
#define SAGETOP_TESTS_FUZZ_READERS_H

#include <math.h>
#include <stdio.h>
#include <zlib.h>

#include "fuzz.h"
#include "trainer/read/dataset.h"
#include "trainer/read/gzip.h"

static inline bool fuzz_same(const void *a, const void *b, size_t n)
{
	return (!a && !b) || (a && b && !memcmp(a, b, n));
}

/* What no data set may violate. */
static inline void fuzz_check_rows(const struct dataset *d, const struct dataset_options *opt)
{
	size_t values = d->row_start ? d->row_start[d->rows] : 0;

	FUZZ_CHECK(d->rows > 0);
	FUZZ_CHECK(!d->dense != !d->row_start);
	for (size_t i = 0; d->dense && i < d->rows * d->columns; i++)
		FUZZ_CHECK(!isinf(d->dense[i]));
	for (size_t r = 0; d->row_start && r < d->rows; r++) {
		FUZZ_CHECK(d->row_start[r] <= d->row_start[r + 1]);
		for (size_t i = d->row_start[r]; i + 1 < d->row_start[r + 1]; i++)
			FUZZ_CHECK(d->column_index[i] < d->column_index[i + 1]);
	}
	for (size_t i = 0; i < values; i++)
		FUZZ_CHECK(isfinite(d->values[i]) && d->column_index[i] < d->columns);
	FUZZ_CHECK(!d->labels == !opt->has_label);
	for (size_t i = 0; d->labels && i < d->rows; i++)
		FUZZ_CHECK(isfinite(d->labels[i]));
	for (size_t i = 0; d->weights && i < d->rows; i++)
		FUZZ_CHECK(d->weights[i] >= 0);
	for (size_t i = 0; d->entities && i < d->rows; i++)
		FUZZ_CHECK(d->entities[i] < d->entity_names.n);
	for (size_t c = 0; d->categories && c < d->columns; c++)
		for (size_t r = 0; d->categorical[c] && r < d->rows; r++)
			FUZZ_CHECK(!(d->dense[r * d->columns + c] >= (float)d->categories[c].n));
}

static inline void fuzz_compare(const struct dataset *a, const struct dataset *b)
{
	size_t values = a->row_start ? a->row_start[a->rows] : 0;

	FUZZ_CHECK(a->rows == b->rows && a->columns == b->columns);
	FUZZ_CHECK(fuzz_same(a->dense, b->dense, a->rows * a->columns * sizeof(float)));
	FUZZ_CHECK(fuzz_same(a->row_start, b->row_start, (a->rows + 1) * sizeof(size_t)));
	FUZZ_CHECK(fuzz_same(a->column_index, b->column_index, values * sizeof(uint32_t)));
	FUZZ_CHECK(fuzz_same(a->values, b->values, values * sizeof(float)));
	FUZZ_CHECK(fuzz_same(a->labels, b->labels, a->rows * sizeof(float)));
	FUZZ_CHECK(fuzz_same(a->weights, b->weights, a->rows * sizeof(float)));
	FUZZ_CHECK(fuzz_same(a->query_ids, b->query_ids, a->rows * sizeof(uint64_t)));
	FUZZ_CHECK(fuzz_same(a->entities, b->entities, a->rows * sizeof(uint32_t)));
	FUZZ_CHECK(fuzz_same(a->dates, b->dates, a->rows * sizeof(int32_t)));
	FUZZ_CHECK(a->entity_names.n == b->entity_names.n);
}

static inline uint8_t *fuzz_pack(const uint8_t *data, size_t n, size_t *ret_n)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)n};
	uint8_t *out;

	FUZZ_CHECK(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	*ret_n = deflateBound(&z, (uLong)n);
	out = xmalloc(*ret_n);
	z.next_out = out;
	z.avail_out = (uInt)*ret_n;
	FUZZ_CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
	*ret_n -= z.avail_out;
	deflateEnd(&z);
	return out;
}

/* What was read of the plain bytes, against the same bytes out of gzip. */
static inline void fuzz_compare_packed(const uint8_t *data, size_t n, const struct dataset_options *opt,
				       const struct dataset *plain, const struct err *refusal)
{
	AUTO(dataset) struct dataset *d = NULL;
	struct err err = {0};
	size_t packed_n;
	uint8_t *packed;
	int r;

	if (opt->format == DATA_PARQUET || gzip_is(data, n))
		return; /* gzip is no layer of the one, and is unpacked once in the others */
	packed = fuzz_pack(data, n, &packed_n);
	r = dataset_load_memory(packed, packed_n, "f", opt, &d, &err);
	FUZZ_CHECK(!r == (plain != NULL) && (plain || err.code == refusal->code));
	if (plain)
		fuzz_compare(plain, d);
	else if (n) /* "is empty" has two wordings */
		FUZZ_CHECK(!strcmp(err.msg, refusal->msg));
	free(packed);
}

/* Read in every way; the rows, or NULL where all refuse. */
static inline struct dataset *fuzz_read(const uint8_t *data, size_t n, const struct dataset_options *given)
{
	struct dataset_options opt = *given;
	struct dataset *whole = NULL, *crumbs = NULL;
	struct err first = {0}, second = {0};

	opt.max_unpacked = 1 << 22;
	int a = dataset_load_memory(data, n, "f", &opt, &whole, &first);
	opt.chunk_bytes = 40;
	opt.threads = 3;
	int b = dataset_load_memory(data, n, "f", &opt, &crumbs, &second);

	fuzz_compare_packed(data, n, &opt, whole, &first);
	FUZZ_CHECK(a == b);
	FUZZ_CHECK(!a == !first.code && !a == (whole != NULL));
	if (a) {
		FUZZ_CHECK(first.msg[0] && !strchr(first.msg, '\n'));
		FUZZ_CHECK(!strcmp(first.msg, second.msg));
		return NULL;
	}
	fuzz_check_rows(whole, given);
	fuzz_compare(whole, crumbs);
	dataset_free(crumbs);
	return whole;
}

#endif
