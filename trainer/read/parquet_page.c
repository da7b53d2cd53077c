/* Pages of a Parquet column: their headers, decompressed and checked. */
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include "trainer/read/parquet.h"

enum { CODEC_NONE = 0, CODEC_SNAPPY = 1, CODEC_GZIP = 2, CODEC_ZSTD = 6 };
enum { PAGE_DATA = 0, PAGE_INDEX = 1, PAGE_DICTIONARY = 2, PAGE_DATA_V2 = 3 };

struct page_header {
	int64_t type, unpacked, packed;
	int64_t values, encoding, level_encoding;
	int64_t definition_bytes, repetition_bytes;
	bool is_packed, has_checksum;
	uint32_t checksum; /* CRC-32 of the page as it lies in the file */
};

/* One chunk being read. */
struct chunk_reader {
	const struct parquet_column *column;
	const struct parquet_chunk *chunk;
	const struct parquet_sink *sink;
	char *problem;
	size_t row; /* next */
	char *dictionary_memory;
	struct parquet_value *dictionary;
	size_t dictionary_n;
};

static bool chunk_fail(struct chunk_reader *r, const char *what)
{
	snprintf(r->problem, PARQUET_PROBLEM, "%s", what);
	return false;
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
		else if (id == 4) {
			h->checksum = (uint32_t)thrift_int(t, type);
			h->has_checksum = true;
		} else if ((id == 5 || id == 7 || id == 8) && type == THRIFT_STRUCT)
			page_read_part(t, h, id == 8);
		else
			thrift_skip(t, type);
	}
	return !t->bad && h->packed >= 0 && h->packed <= t->end - t->p && h->packed <= UINT32_MAX && h->unpacked >= 0 &&
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

static bool chunk_codec_fail(struct chunk_reader *r)
{
	static const char *const names[] = {[3] = "lzo", [4] = "brotli", [5] = "lz4", [7] = "lz4_raw"};
	int codec = r->chunk->codec;
	bool known = codec >= 0 && codec < (int)ARRAY_LEN(names) && names[codec];

	snprintf(r->problem, PARQUET_PROBLEM, "compression %d%s%s%s is not supported: use snappy, zstd, gzip or none",
		 codec, known ? " (" : "", known ? names[codec] : "", known ? ")" : "");
	return false;
}

static bool page_unpack(struct chunk_reader *r, const char *in, size_t n, char *out, size_t out_n)
{
	size_t got = out_n;

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
		return chunk_codec_fail(r);
	}
}

/* --- values ------------------------------------------------------------------------------- */

static bool chunk_dictionary(struct chunk_reader *r, const struct page_header *h, char *memory)
{
	struct parquet_decoder d = {
		.column = r->column, .p = memory, .end = memory + h->unpacked, .problem = r->problem};

	free(r->dictionary_memory);
	r->dictionary_memory = memory;
	if (r->dictionary)
		return chunk_fail(r, "two dictionaries");
	if (h->encoding != ENCODING_PLAIN && h->encoding != ENCODING_PLAIN_DICTIONARY)
		return chunk_fail(r, "the dictionary is not plain");
	/* a value takes a byte at least, but for booleans, which have no dictionaries */
	if (h->values > h->unpacked || r->column->type == PARQUET_BOOLEAN)
		return chunk_fail(r, "the dictionary is damaged");
	r->dictionary_n = (size_t)h->values;
	r->dictionary = xcalloc(r->dictionary_n + 1, sizeof(*r->dictionary));
	return parquet_decode(&d, ENCODING_PLAIN, r->dictionary, r->dictionary_n)
		       ? true
		       : chunk_fail(r, "the dictionary is damaged");
}

static bool page_values(struct chunk_reader *r, const struct page_header *h, const char *p, const char *end,
			const uint32_t *present)
{
	struct parquet_decoder d = {.column = r->column,
				    .p = p,
				    .end = end,
				    .dictionary = r->dictionary,
				    .dictionary_n = r->dictionary_n,
				    .problem = r->problem};
	size_t n = (size_t)h->values, count = 0;
	struct parquet_value *values;
	bool good;

	for (size_t i = 0; i < n; i++)
		count += !present || present[i];
	values = xreallocarray(NULL, count + 1, sizeof(*values));
	good = parquet_decode(&d, h->encoding, values, count) &&
	       r->sink->cells(r->sink->context, r->row, n, present, values);
	r->row += n;
	free(values);
	free(d.memory);
	return good;
}

/* Which cells of the page are there: 1 for each that is. NULL for a required column. */
static bool page_levels(struct chunk_reader *r, const struct page_header *h, const char *p, size_t n,
			uint32_t **present)
{
	*present = xcalloc((size_t)h->values + 1, sizeof(**present));
	return parquet_hybrid(p, p + n, 1, *present, (size_t)h->values)
		       ? true
		       : chunk_fail(r, "the page's levels are cut short");
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

	if (h->has_checksum && crc32(0, (const Bytef *)p, (uInt)h->packed) != h->checksum)
		return chunk_fail(r, "a page is damaged: its checksum does not fit");
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

bool parquet_chunk_read(const char *data, const struct parquet_column *column, const struct parquet_chunk *chunk,
			const struct parquet_sink *sink, char *problem)
{
	struct chunk_reader r = {.column = column, .chunk = chunk, .sink = sink, .problem = problem};
	const uint8_t *start = (const uint8_t *)data + chunk->start;
	struct thrift t = {.p = start, .end = start + chunk->size};
	bool good = true;

	problem[0] = 0;
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
	free(r.dictionary);
	return good;
}
