#include <math.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include "trainer/parquet.h"

#define PARQUET_MAX_PAGE ((size_t)256 << 20)

enum { CODEC_NONE = 0, CODEC_SNAPPY = 1, CODEC_GZIP = 2, CODEC_ZSTD = 6 };
enum { ENCODING_PLAIN = 0, ENCODING_PLAIN_DICTIONARY = 2, ENCODING_RLE = 3, ENCODING_RLE_DICTIONARY = 8 };
enum { PAGE_DATA = 0, PAGE_INDEX = 1, PAGE_DICTIONARY = 2, PAGE_DATA_V2 = 3 };

struct page_header {
	int64_t type, unpacked, packed;
	int64_t values, encoding, level_encoding;
	int64_t definition_bytes, repetition_bytes;
	bool is_packed;
};

/* One chunk being read. */
struct chunk_reader {
	const struct parquet_column *column;
	const struct parquet_chunk *chunk;
	const struct parquet_sink *sink;
	char *problem;
	size_t row; /* next */
	char *dictionary_memory;
	/* the dictionary, decoded: one of these */
	double *numbers;
	struct chunk_text {
		const char *p;
		size_t n;
	} * texts;
	size_t dictionary_n;
};

static bool chunk_fail(struct chunk_reader *r, const char *what)
{
	snprintf(r->problem, PARQUET_PROBLEM, "%s", what);
	return false;
}

/* --- the run-length and bit-packed hybrid ---------------------------------------------- */

struct rle {
	const uint8_t *p, *end;
	unsigned width; /* bits of a value, 0 to 32 */
	uint32_t value; /* of the run */
	size_t run;	/* values left in it */
	size_t packed;	/* values left in the packed stretch */
	uint64_t bits;
	unsigned bit_count;
};

static bool rle_refill(struct rle *r)
{
	uint64_t head = 0;

	for (int shift = 0; shift < 35; shift += 7) {
		if (r->p == r->end)
			return false;
		head |= (uint64_t)(*r->p & 0x7f) << shift;
		if (!(*r->p++ & 0x80))
			break;
	}
	if (!(head >> 1))
		return false;
	if (head & 1) {
		r->packed = (size_t)(head >> 1) * 8;
		r->bits = 0;
		r->bit_count = 0;
		return true;
	}
	r->run = (size_t)(head >> 1);
	r->value = 0;
	for (unsigned i = 0; i < (r->width + 7) / 8; i++) {
		if (r->p == r->end)
			return false;
		r->value |= (uint32_t)*r->p++ << (8 * i);
	}
	return true;
}

/* n values into out; false where there are fewer. */
static bool rle_read(struct rle *r, uint32_t *out, size_t n)
{
	const uint32_t mask = r->width == 32 ? UINT32_MAX : ((uint32_t)1 << r->width) - 1;

	while (n) {
		if (r->run) {
			size_t take = MIN(n, r->run);

			for (size_t i = 0; i < take; i++)
				out[i] = r->value;
			r->run -= take;
			out += take;
			n -= take;
		} else if (r->packed) {
			while (r->bit_count < r->width) {
				if (r->p == r->end)
					return false;
				r->bits |= (uint64_t)*r->p++ << r->bit_count;
				r->bit_count += 8;
			}
			*out++ = (uint32_t)r->bits & mask;
			r->bits >>= r->width;
			r->bit_count -= r->width;
			r->packed--;
			n--;
		} else if (!rle_refill(r)) {
			return false;
		}
	}
	return true;
}

/* --- pages ------------------------------------------------------------------------------ */

static void page_read_part(struct thrift *t, struct page_header *h, bool v2)
{
	enum thrift_type type;
	int id = 0;

	while (thrift_field(t, &id, &type)) {
		if (id == 1)
			h->values = thrift_int(t, type);
		else if (id == (v2 ? 4 : 2))
			h->encoding = thrift_int(t, type);
		else if (!v2 && id == 3)
			h->level_encoding = thrift_int(t, type);
		else if (v2 && id == 5)
			h->definition_bytes = thrift_int(t, type);
		else if (v2 && id == 6)
			h->repetition_bytes = thrift_int(t, type);
		else if (v2 && id == 7)
			h->is_packed = thrift_int(t, type);
		else
			thrift_skip(t, type);
	}
}

static bool page_read_header(struct thrift *t, struct page_header *h)
{
	enum thrift_type type;
	int id = 0;

	*h = (struct page_header){.is_packed = true, .type = -1, .level_encoding = ENCODING_RLE};
	while (thrift_field(t, &id, &type)) {
		if (id == 1)
			h->type = thrift_int(t, type);
		else if (id == 2)
			h->unpacked = thrift_int(t, type);
		else if (id == 3)
			h->packed = thrift_int(t, type);
		else if ((id == 5 || id == 7 || id == 8) && type == THRIFT_STRUCT)
			page_read_part(t, h, id == 8);
		else
			thrift_skip(t, type);
	}
	return !t->bad && h->packed >= 0 && h->packed <= t->end - t->p && h->unpacked >= 0 &&
	       (uint64_t)h->unpacked <= PARQUET_MAX_PAGE && h->values >= 0 && h->definition_bytes >= 0 &&
	       h->repetition_bytes >= 0;
}

static bool page_inflate(const char *in, size_t n, char *out, size_t out_n)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)in, .avail_in = (uInt)n, .next_out = (Bytef *)out};
	int result;

	z.avail_out = (uInt)out_n;
	if (inflateInit2(&z, 15 + 32) != Z_OK) /* gzip or zlib framing */
		return false;
	result = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	return result == Z_STREAM_END && !z.avail_out;
}

static bool page_unpack(struct chunk_reader *r, const char *in, size_t n, char *out, size_t out_n)
{
	size_t got = 0;

	switch (r->chunk->codec) {
	case CODEC_NONE:
		if (n == out_n)
			memcpy(out, in, n);
		return n == out_n ? true : chunk_fail(r, "a page is not of the size it says");
	case CODEC_SNAPPY:
		if (snappy_uncompressed_length(in, n, &got) != SNAPPY_OK || got != out_n ||
		    snappy_uncompress(in, n, out, &got) != SNAPPY_OK)
			return chunk_fail(r, "damaged snappy data");
		return true;
	case CODEC_ZSTD:
		got = ZSTD_decompress(out, out_n, in, n);
		return !ZSTD_isError(got) && got == out_n ? true : chunk_fail(r, "damaged zstd data");
	case CODEC_GZIP:
		return page_inflate(in, n, out, out_n) ? true : chunk_fail(r, "damaged gzip data");
	default:
		snprintf(r->problem, PARQUET_PROBLEM, "compression %d is not supported: use snappy, zstd, gzip or none",
			 r->chunk->codec);
		return false;
	}
}

/* --- plain values -------------------------------------------------------------------------- */

static double plain_number(const struct parquet_column *c, const char *p)
{
	union {
		int32_t i32;
		uint32_t u32;
		int64_t i64;
		uint64_t u64;
		float f;
		double d;
	} v;
	double number;

	memcpy(&v, p, c->type == PARQUET_INT64 || c->type == PARQUET_DOUBLE ? 8 : 4);
	switch (c->type) {
	case PARQUET_INT32:
		number = c->meaning == PARQUET_UNSIGNED ? (double)v.u32 : (double)v.i32;
		break;
	case PARQUET_INT64:
		number = c->meaning == PARQUET_UNSIGNED ? (double)v.u64 : (double)v.i64;
		break;
	case PARQUET_FLOAT:
		return (double)v.f;
	default:
		return v.d;
	}
	return c->meaning == PARQUET_DECIMAL ? number / pow(10, c->scale) : number;
}

/* Walks plain values. */
struct plain {
	const char *p, *end;
	unsigned bit; /* of a boolean */
};

static bool plain_next_text(struct plain *v, struct chunk_text *ret)
{
	uint32_t n;

	if (v->end - v->p < 4)
		return false;
	memcpy(&n, v->p, sizeof(n));
	v->p += 4;
	if (n > (size_t)(v->end - v->p))
		return false;
	*ret = (struct chunk_text){v->p, n};
	v->p += n;
	return true;
}

static bool plain_next_number(struct plain *v, const struct parquet_column *c, double *ret)
{
	long size = c->type == PARQUET_INT64 || c->type == PARQUET_DOUBLE ? 8 : 4;

	if (c->type == PARQUET_BOOLEAN) {
		if (v->p == v->end)
			return false;
		*ret = (double)((unsigned char)*v->p >> v->bit & 1);
		v->bit = (v->bit + 1) % 8;
		v->p += !v->bit;
		return true;
	}
	if (v->end - v->p < size)
		return false;
	*ret = plain_number(c, v->p);
	v->p += size;
	return true;
}

static bool chunk_dictionary(struct chunk_reader *r, const struct page_header *h, char *memory)
{
	struct plain v = {.p = memory, .end = memory + h->unpacked};

	free(r->dictionary_memory);
	r->dictionary_memory = memory;
	if (r->numbers || r->texts)
		return chunk_fail(r, "two dictionaries");
	if (h->encoding != ENCODING_PLAIN && h->encoding != ENCODING_PLAIN_DICTIONARY)
		return chunk_fail(r, "the dictionary is not plain");
	/* a value takes four bytes, but for booleans, which have no dictionaries */
	if (h->values > h->unpacked / 4)
		return chunk_fail(r, "the dictionary is damaged");
	r->dictionary_n = (size_t)h->values;
	if (r->column->type == PARQUET_BYTE_ARRAY)
		r->texts = xcalloc(r->dictionary_n + 1, sizeof(*r->texts));
	else
		r->numbers = xcalloc(r->dictionary_n + 1, sizeof(*r->numbers));
	for (size_t i = 0; i < r->dictionary_n; i++)
		if (r->texts ? !plain_next_text(&v, &r->texts[i]) : !plain_next_number(&v, r->column, &r->numbers[i]))
			return chunk_fail(r, "the dictionary is damaged");
	return true;
}

/* --- the values of a page ------------------------------------------------------------------- */

static bool page_emit(struct chunk_reader *r, struct plain *v, const uint32_t *present, size_t n)
{
	for (size_t i = 0; i < n; i++, r->row++) {
		struct chunk_text text;
		double number;

		if (present && !present[i])
			continue;
		if (r->column->type == PARQUET_BYTE_ARRAY) {
			if (!plain_next_text(v, &text))
				return chunk_fail(r, "a page is cut short");
			if (!r->sink->text(r->sink->context, r->row, text.p, text.n))
				return false;
		} else {
			if (!plain_next_number(v, r->column, &number))
				return chunk_fail(r, "a page is cut short");
			if (!r->sink->value(r->sink->context, r->row, number))
				return false;
		}
	}
	return true;
}

static bool page_emit_indexed(struct chunk_reader *r, const uint32_t *index, const uint32_t *present, size_t n)
{
	for (size_t i = 0; i < n; i++, r->row++) {
		uint32_t k;

		if (present && !present[i])
			continue;
		k = *index++;
		if (k >= r->dictionary_n)
			return chunk_fail(r, "a value is not in the dictionary");
		if (r->texts ? !r->sink->text(r->sink->context, r->row, r->texts[k].p, r->texts[k].n)
			     : !r->sink->value(r->sink->context, r->row, r->numbers[k]))
			return false;
	}
	return true;
}

static bool page_values(struct chunk_reader *r, const struct page_header *h, const char *p, const char *end,
			const uint32_t *present)
{
	size_t n = (size_t)h->values, count = 0;
	struct rle rle = {.p = (const uint8_t *)p, .end = (const uint8_t *)end};
	uint32_t *index;
	bool good;

	if (h->encoding == ENCODING_PLAIN)
		return page_emit(r, &(struct plain){.p = p, .end = end}, present, n);
	for (size_t i = 0; i < n; i++)
		count += !present || present[i];
	if (h->encoding == ENCODING_RLE && r->column->type == PARQUET_BOOLEAN) {
		static const double truth[] = {0, 1};
		struct chunk_reader as_dictionary = *r;

		if (end - p < 4)
			return chunk_fail(r, "a page is cut short");
		rle.p += 4; /* its length */
		rle.width = 1;
		index = xcalloc(count + 1, sizeof(*index));
		as_dictionary.numbers = (double *)(uintptr_t)truth;
		as_dictionary.dictionary_n = 2;
		good = rle_read(&rle, index, count) ? page_emit_indexed(&as_dictionary, index, present, n)
						    : chunk_fail(r, "a page is cut short");
		r->row = as_dictionary.row;
		free(index);
		return good;
	}
	if (h->encoding != ENCODING_RLE_DICTIONARY && h->encoding != ENCODING_PLAIN_DICTIONARY) {
		snprintf(r->problem, PARQUET_PROBLEM, "encoding %d is not supported: write plain or dictionary pages",
			 (int)h->encoding);
		return false;
	}
	if (!r->texts && !r->numbers)
		return chunk_fail(r, "there is no dictionary");
	if (!count) {
		r->row += n;
		return true;
	}
	if (p == end || (rle.width = *rle.p++) > 32)
		return chunk_fail(r, "a page is damaged");
	index = xcalloc(count + 1, sizeof(*index));
	good = rle_read(&rle, index, count) ? page_emit_indexed(r, index, present, n)
					    : chunk_fail(r, "a page is cut short");
	free(index);
	return good;
}

/* Which cells of the page are there: 1 for each that is. NULL for a required column. */
static bool page_levels(struct chunk_reader *r, const struct page_header *h, const char *p, size_t n,
			uint32_t **present)
{
	struct rle rle = {.p = (const uint8_t *)p, .end = (const uint8_t *)p + n, .width = 1};

	*present = xcalloc((size_t)h->values + 1, sizeof(**present));
	return rle_read(&rle, *present, (size_t)h->values) ? true : chunk_fail(r, "the page's levels are cut short");
}

static bool page_data(struct chunk_reader *r, const struct page_header *h, const char *p, const char *end)
{
	uint32_t *present = NULL, bytes;
	bool good = true;

	if (r->column->optional) {
		if (h->level_encoding != ENCODING_RLE || end - p < 4)
			return chunk_fail(r, "the page's levels are not run-length encoded");
		memcpy(&bytes, p, sizeof(bytes));
		p += 4;
		if (bytes > (size_t)(end - p))
			return chunk_fail(r, "a page is damaged");
		good = page_levels(r, h, p, bytes, &present);
		p += bytes;
	}
	good = good && page_values(r, h, p, end, present);
	free(present);
	return good;
}

/* Version 2: the levels stand before the packed part and are not packed. */
static bool page_data_v2(struct chunk_reader *r, const struct page_header *h, const char *p)
{
	size_t levels = (size_t)h->definition_bytes + (size_t)h->repetition_bytes, unpacked;
	AUTO(str) char *memory = NULL;
	uint32_t *present = NULL;
	const char *values;
	bool good;

	if ((uint64_t)h->definition_bytes > (uint64_t)h->packed || levels > (uint64_t)h->packed ||
	    levels > (uint64_t)h->unpacked)
		return chunk_fail(r, "a page is damaged");
	values = p + levels;
	unpacked = (size_t)h->unpacked - levels;
	good = !r->column->optional ||
	       page_levels(r, h, p + h->repetition_bytes, (size_t)h->definition_bytes, &present);
	if (good && h->is_packed && unpacked) {
		memory = xmalloc(unpacked);
		good = page_unpack(r, values, (size_t)h->packed - levels, memory, unpacked);
		values = memory;
	} else if (good) {
		unpacked = (size_t)h->packed - levels;
	}
	good = good && page_values(r, h, values, values + unpacked, present);
	free(present);
	return good;
}

static bool chunk_page(struct chunk_reader *r, const struct page_header *h, const char *p)
{
	char *memory;
	bool good;

	if (h->type == PAGE_DATA_V2 || h->type == PAGE_DATA)
		if ((uint64_t)h->values > (uint64_t)r->chunk->values - r->row)
			return chunk_fail(r, "a page holds more values than the row group has rows");
	if (h->type == PAGE_DATA_V2)
		return page_data_v2(r, h, p);
	memory = xmalloc((size_t)h->unpacked + 1);
	good = page_unpack(r, p, (size_t)h->packed, memory, (size_t)h->unpacked);
	if (good && h->type == PAGE_DICTIONARY)
		return chunk_dictionary(r, h, memory); /* keeps the memory */
	good = good && page_data(r, h, memory, memory + h->unpacked);
	free(memory);
	return good;
}

bool parquet_chunk_read(const char *data, size_t n, const struct parquet_column *column,
			const struct parquet_chunk *chunk, const struct parquet_sink *sink, char *problem)
{
	struct chunk_reader r = {.column = column, .chunk = chunk, .sink = sink, .problem = problem};
	const uint8_t *start = (const uint8_t *)data + chunk->start;
	struct thrift t = {.p = start, .end = start + chunk->size};
	bool good = true;

	(void)n;
	problem[0] = 0;
	if (column->type == PARQUET_INT96 || column->type == PARQUET_FIXED)
		good = chunk_fail(&r, "columns of type int96 and fixed_len_byte_array are not supported");
	while (good && r.row < (size_t)chunk->values) {
		struct page_header h;

		good = page_read_header(&t, &h) ? true
						: chunk_fail(&r, "a page header is damaged, or pages are missing");
		if (good && h.type != PAGE_INDEX)
			good = h.type >= PAGE_DATA && h.type <= PAGE_DATA_V2 ? chunk_page(&r, &h, (const char *)t.p)
									     : chunk_fail(&r, "a page of unknown type");
		if (good)
			t.p += h.packed;
	}
	free(r.dictionary_memory);
	free(r.numbers);
	free(r.texts);
	return good;
}
