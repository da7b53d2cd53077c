/* The encodings of values: a page's bytes to values as the column stores them, and
 * these to numbers and days. */
#include <math.h>

#include "trainer/read/parquet.h"

#define MAX_BLOCK ((uint64_t)1 << 20) /* values in a block of deltas; writers use 128 */

static bool decode_fail(struct parquet_decoder *d, const char *what)
{
	snprintf(d->problem, PARQUET_PROBLEM, "%s", what);
	return false;
}

static bool decode_short(struct parquet_decoder *d)
{
	return decode_fail(d, "a page is cut short");
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

bool parquet_hybrid(const char *p, const char *end, unsigned width, uint32_t *out, size_t n)
{
	struct rle r = {.p = (const uint8_t *)p, .end = (const uint8_t *)end, .width = width};
	const uint32_t mask = width == 32 ? UINT32_MAX : ((uint32_t)1 << width) - 1;

	while (n) {
		if (r.run) {
			size_t take = MIN(n, r.run);

			for (size_t i = 0; i < take; i++)
				out[i] = r.value;
			r.run -= take;
			out += take;
			n -= take;
		} else if (r.packed) {
			while (r.bit_count < width) {
				if (r.p == r.end)
					return false;
				r.bits |= (uint64_t)*r.p++ << r.bit_count;
				r.bit_count += 8;
			}
			*out++ = (uint32_t)r.bits & mask;
			r.bits >>= width;
			r.bit_count -= width;
			r.packed--;
			n--;
		} else if (!rle_refill(&r)) {
			return false;
		}
	}
	return true;
}

/* --- plain --------------------------------------------------------------------------------- */

/* Bytes of a value of fixed size; 0 for the others. */
static size_t value_size(const struct parquet_column *c)
{
	switch (c->type) {
	case PARQUET_INT32:
	case PARQUET_FLOAT:
		return 4;
	case PARQUET_INT64:
	case PARQUET_DOUBLE:
		return 8;
	case PARQUET_INT96:
		return 12;
	case PARQUET_FIXED:
		return c->width;
	default:
		return 0;
	}
}

static void value_take(const struct parquet_column *c, const char *p, struct parquet_value *ret)
{
	int32_t i32;
	float f;

	ret->n = 0;
	switch (c->type) {
	case PARQUET_INT32:
		memcpy(&i32, p, sizeof(i32));
		ret->whole = i32;
		break;
	case PARQUET_INT64:
		memcpy(&ret->whole, p, sizeof(ret->whole));
		break;
	case PARQUET_FLOAT:
		memcpy(&f, p, sizeof(f));
		ret->real = (double)f;
		break;
	case PARQUET_DOUBLE:
		memcpy(&ret->real, p, sizeof(ret->real));
		break;
	default:
		ret->bytes = p;
		ret->n = value_size(c);
	}
}

static bool decode_plain(struct parquet_decoder *d, struct parquet_value *out, size_t n)
{
	size_t size = value_size(d->column), left = (size_t)(d->end - d->p);
	uint32_t length;

	if (d->column->type == PARQUET_BOOLEAN) {
		if (n > left * 8)
			return decode_short(d);
		for (size_t i = 0; i < n; i++)
			out[i] = (struct parquet_value){.whole = (unsigned char)d->p[i / 8] >> (i % 8) & 1};
		return true;
	}
	if (d->column->type != PARQUET_BYTE_ARRAY) {
		if (!size || n > left / size)
			return decode_short(d);
		for (size_t i = 0; i < n; i++)
			value_take(d->column, d->p + i * size, &out[i]);
		return true;
	}
	for (size_t i = 0; i < n; i++) {
		if (d->end - d->p < 4)
			return decode_short(d);
		memcpy(&length, d->p, sizeof(length));
		d->p += 4;
		if (length > (size_t)(d->end - d->p))
			return decode_short(d);
		out[i] = (struct parquet_value){.bytes = d->p, .n = length};
		d->p += length;
	}
	return true;
}

/* --- dictionary, runs of booleans, split streams ------------------------------------------- */

static bool decode_indexed(struct parquet_decoder *d, struct parquet_value *out, size_t n)
{
	uint32_t *index;
	unsigned width;
	bool good;

	if (!d->dictionary)
		return decode_fail(d, "there is no dictionary");
	if (d->p == d->end || (width = (unsigned char)*d->p) > 32)
		return decode_fail(d, "a page is damaged");
	index = xcalloc(n, sizeof(*index));
	good = parquet_hybrid(d->p + 1, d->end, width, index, n) || decode_short(d);
	for (size_t i = 0; good && i < n; i++) {
		if (index[i] < d->dictionary_n)
			out[i] = d->dictionary[index[i]];
		else
			good = decode_fail(d, "a value is not in the dictionary");
	}
	free(index);
	return good;
}

static bool decode_runs(struct parquet_decoder *d, struct parquet_value *out, size_t n)
{
	uint32_t *truth;
	bool good;

	if (d->end - d->p < 4)
		return decode_short(d);
	truth = xcalloc(n, sizeof(*truth));
	good = parquet_hybrid(d->p + 4, d->end, 1, truth, n) || decode_short(d); /* the first four: its length */
	for (size_t i = 0; good && i < n; i++)
		out[i] = (struct parquet_value){.whole = truth[i] & 1};
	free(truth);
	return good;
}

/* First bytes of all values, then their second bytes ... */
static bool decode_split(struct parquet_decoder *d, struct parquet_value *out, size_t n)
{
	size_t size = value_size(d->column);

	if (!size || n > (size_t)(d->end - d->p) / size)
		return decode_short(d);
	d->memory = xreallocarray(d->memory, n, size);
	for (size_t k = 0; k < size; k++)
		for (size_t i = 0; i < n; i++)
			d->memory[i * size + k] = d->p[k * n + i];
	for (size_t i = 0; i < n; i++)
		value_take(d->column, d->memory + i * size, &out[i]);
	return true;
}

/* --- deltas -------------------------------------------------------------------------------- */

static bool delta_varint(struct parquet_decoder *d, uint64_t *ret)
{
	*ret = 0;
	for (int shift = 0; shift < 64 && d->p < d->end; shift += 7) {
		uint8_t byte = (uint8_t)*d->p++;

		*ret |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

static bool delta_zigzag(struct parquet_decoder *d, uint64_t *ret)
{
	if (!delta_varint(d, ret))
		return false;
	*ret = (*ret >> 1) ^ -(*ret & 1);
	return true;
}

static uint64_t delta_bits(const uint8_t *p, size_t at, unsigned width)
{
	uint64_t v = 0;

	for (unsigned got = 0; got < width;) {
		unsigned shift = (unsigned)((at + got) % 8), take = MIN(8 - shift, width - got);

		v |= (uint64_t)(p[(at + got) / 8] >> shift & ((1u << take) - 1)) << got;
		got += take;
	}
	return v;
}

/* Whole numbers as differences, in blocks of packed stretches. Leaves d->p behind them. */
static bool delta_read(struct parquet_decoder *d, int64_t *out, size_t n)
{
	uint64_t block, parts, total, value, least, per;
	size_t done = 1;

	if (!delta_varint(d, &block) || !delta_varint(d, &parts) || !delta_varint(d, &total) ||
	    !delta_zigzag(d, &value))
		return decode_short(d);
	if (total != n || !parts || !block || block > MAX_BLOCK || block % parts || (per = block / parts) % 8)
		return decode_fail(d, "a page is damaged");
	if (n)
		out[0] = (int64_t)value;
	while (done < n) {
		const uint8_t *widths;

		if (!delta_zigzag(d, &least) || parts > (uint64_t)(d->end - d->p))
			return decode_short(d);
		widths = (const uint8_t *)d->p;
		d->p += parts;
		for (size_t k = 0; k < parts && done < n; k++) {
			const uint8_t *packed = (const uint8_t *)d->p;

			if (widths[k] > 64 || per / 8 * widths[k] > (uint64_t)(d->end - d->p))
				return decode_short(d);
			for (size_t i = 0; i < per && done < n; i++) {
				value += least + delta_bits(packed, i * widths[k], widths[k]); /* wraps, as it must */
				out[done++] = (int64_t)value;
			}
			d->p += per / 8 * widths[k];
		}
	}
	return true;
}

static bool decode_delta(struct parquet_decoder *d, struct parquet_value *out, size_t n)
{
	int64_t *whole;
	bool good;

	if (d->column->type != PARQUET_INT32 && d->column->type != PARQUET_INT64)
		return decode_fail(d, "a page is damaged");
	whole = xcalloc(n, sizeof(*whole));
	good = delta_read(d, whole, n);
	for (size_t i = 0; good && i < n; i++)
		out[i] = (struct parquet_value){.whole = d->column->type == PARQUET_INT32 ? (int32_t)(uint32_t)whole[i]
											  : whole[i]};
	free(whole);
	return good;
}

/* All lengths, then all bytes. */
static bool decode_delta_length(struct parquet_decoder *d, struct parquet_value *out, size_t n)
{
	int64_t *lengths = xcalloc(n, sizeof(*lengths));
	bool good = delta_read(d, lengths, n);

	for (size_t i = 0; good && i < n; i++) {
		if ((uint64_t)lengths[i] > (uint64_t)(d->end - d->p)) {
			good = decode_short(d);
			break;
		}
		out[i] = (struct parquet_value){.bytes = d->p, .n = (size_t)lengths[i]};
		d->p += lengths[i];
	}
	free(lengths);
	return good;
}

/* How much each value shares with the start of the one before, then the rest of each. */
static bool decode_delta_strings(struct parquet_decoder *d, struct parquet_value *out, size_t n)
{
	int64_t *shared = xcalloc(n, sizeof(*shared));
	bool good = delta_read(d, shared, n) && decode_delta_length(d, out, n);
	size_t total = 0, before = 0;

	for (size_t i = 0; good && i < n; i++) {
		if ((uint64_t)shared[i] > before)
			good = decode_fail(d, "a page is damaged");
		before = (size_t)shared[i] + out[i].n;
		total += before;
		if (total > PARQUET_MAX_PAGE)
			good = decode_fail(d, "the text of a page is too long");
	}
	if (good) {
		char *to = d->memory = xrealloc(d->memory, MAX(total, (size_t)1));

		for (size_t i = 0; i < n; i++) {
			size_t prefix = (size_t)shared[i];

			if (prefix)
				memcpy(to, out[i - 1].bytes, prefix);
			memcpy(to + prefix, out[i].bytes, out[i].n);
			out[i] = (struct parquet_value){.bytes = to, .n = prefix + out[i].n};
			to += out[i].n;
		}
	}
	free(shared);
	return good;
}

/* --- any encoding -------------------------------------------------------------------------- */

bool parquet_decode(struct parquet_decoder *d, int64_t encoding, struct parquet_value *out, size_t n)
{
	enum parquet_type type = d->column->type;

	if (!n)
		return true; /* some writers leave nothing at all where every cell is missing */
	switch (encoding) {
	case ENCODING_PLAIN:
		return decode_plain(d, out, n);
	case ENCODING_PLAIN_DICTIONARY:
	case ENCODING_RLE_DICTIONARY:
		return decode_indexed(d, out, n);
	case ENCODING_RLE:
		if (type == PARQUET_BOOLEAN)
			return decode_runs(d, out, n);
		break;
	case ENCODING_DELTA_BINARY_PACKED:
		return decode_delta(d, out, n);
	case ENCODING_DELTA_LENGTH_BYTE_ARRAY:
		if (type == PARQUET_BYTE_ARRAY)
			return decode_delta_length(d, out, n);
		break;
	case ENCODING_DELTA_BYTE_ARRAY:
		if (type == PARQUET_BYTE_ARRAY || type == PARQUET_FIXED)
			return decode_delta_strings(d, out, n);
		break;
	case ENCODING_BYTE_STREAM_SPLIT:
		return decode_split(d, out, n);
	default:
		break;
	}
	snprintf(d->problem, PARQUET_PROBLEM, "encoding %d is not supported: write plain or dictionary pages",
		 (int)encoding);
	return false;
}

/* --- what values mean ------------------------------------------------------------------------- */

/* A whole number of any width, its highest byte first, in two's complement. */
static double number_of_bytes(const char *bytes, size_t n)
{
	const uint8_t *p = (const uint8_t *)bytes;
	uint8_t sign = n && p[0] & 0x80 ? 0xff : 0;

	long double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum = sum * 256 + (p[i] ^ sign);
	return (double)(sign ? -sum - 1 : sum);
}

static double number_of_half(const char *bytes)
{
	const uint8_t *p = (const uint8_t *)bytes;
	int exponent = p[1] >> 2 & 31, fraction = (p[1] & 3) << 8 | p[0];
	double v;

	if (exponent == 31)
		v = fraction ? (double)NAN : (double)INFINITY;
	else
		v = exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
	return p[1] & 0x80 ? -v : v;
}

/* An INT96 is the nanoseconds of a day, then the Julian day. */
static void parts_of_int96(const char *bytes, int64_t *day, uint64_t *ns)
{
	int32_t julian;

	memcpy(ns, bytes, sizeof(*ns));
	memcpy(&julian, bytes + 8, sizeof(julian));
	*day = (int64_t)julian - 2440588;
}

bool parquet_number(const struct parquet_column *c, const struct parquet_value *v, double *ret)
{
	uint64_t ns;
	int64_t day;

	switch (c->type) {
	case PARQUET_FLOAT:
	case PARQUET_DOUBLE:
		*ret = v->real;
		return true;
	case PARQUET_INT96: /* microseconds since 1970, as the type that followed it */
		parts_of_int96(v->bytes, &day, &ns);
		*ret = (double)day * 86400e6 + (double)(ns / 1000);
		return true;
	case PARQUET_BYTE_ARRAY:
	case PARQUET_FIXED:
		if (c->meaning == PARQUET_FLOAT16 && v->n == 2)
			*ret = number_of_half(v->bytes);
		else if (c->meaning == PARQUET_DECIMAL)
			*ret = number_of_bytes(v->bytes, v->n) / pow(10, c->scale);
		else
			return false;
		return true;
	case PARQUET_INT32:
		*ret = c->meaning == PARQUET_UNSIGNED ? (double)(uint32_t)v->whole : (double)v->whole;
		break;
	default:
		*ret = c->meaning == PARQUET_UNSIGNED ? (double)(uint64_t)v->whole : (double)v->whole;
	}
	if (c->meaning == PARQUET_DECIMAL)
		*ret /= pow(10, c->scale);
	return true;
}

bool parquet_day(const struct parquet_column *c, const struct parquet_value *v, int64_t *ret)
{
	static const int64_t of_a_day[] = {
		[PARQUET_DATE] = 1,
		[PARQUET_TIME_MS] = 86400000,
		[PARQUET_TIME_US] = 86400000000,
		[PARQUET_TIME_NS] = 86400000000000,
	};
	uint64_t ns;
	int64_t unit;

	if (c->type == PARQUET_INT96) {
		parts_of_int96(v->bytes, ret, &ns);
		return true;
	}
	if ((c->type != PARQUET_INT32 && c->type != PARQUET_INT64) || c->meaning < PARQUET_DATE ||
	    c->meaning > PARQUET_TIME_NS)
		return false;
	unit = of_a_day[c->meaning];
	*ret = v->whole / unit - (v->whole % unit < 0);
	return true;
}
