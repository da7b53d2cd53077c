/* CBOR of RPC v2, to and from JSON. */
#include "aws/local/wire/cbor.h"

#include <math.h>

#define MAX_DEPTH 64

struct reader {
	const uint8_t *p, *end;
	int depth;
	size_t nodes;
};

static int broken(struct err *err)
{
	return err_set(err, ERR_PARSE, "the request body is not valid CBOR");
}

static bool read_uint(struct reader *r, size_t bytes, uint64_t *ret)
{
	uint64_t v = 0;

	if ((size_t)(r->end - r->p) < bytes)
		return false;
	for (size_t i = 0; i < bytes; i++)
		v = (v << 8) | *r->p++;
	*ret = v;
	return true;
}

/* The initial byte and its argument. info is 31 for an indefinite length. */
static bool read_head(struct reader *r, int *major, int *info, uint64_t *value)
{
	if (r->p == r->end)
		return false;
	*major = *r->p >> 5;
	*info = *r->p++ & 31;
	*value = (uint64_t)*info;
	if (*info < 24 || *info == 31)
		return true;
	if (*info > 27)
		return false;
	return read_uint(r, (size_t)1 << (*info - 24), value);
}

static double half_float(uint64_t v)
{
	int exponent = (int)(v >> 10) & 31;
	double mantissa = (double)(v & 1023);
	double f = exponent == 0    ? ldexp(mantissa, -24)
		   : exponent == 31 ? (mantissa != 0 ? (double)NAN : (double)INFINITY)
				    : ldexp(mantissa + 1024, exponent - 25);

	return v & 0x8000 ? -f : f;
}

static json_t *real_or_null(double f)
{
	return isfinite(f) ? json_real(f) : json_null();
}

static json_t *read_simple(int info, uint64_t value)
{
	float f32;
	double f64;
	uint32_t u32 = (uint32_t)value;

	switch (info) {
	case 20:
		return json_false();
	case 21:
		return json_true();
	case 22:
	case 23:
		return json_null();
	case 25:
		return real_or_null(half_float(value));
	case 26:
		memcpy(&f32, &u32, sizeof(f32));
		return real_or_null((double)f32);
	case 27:
		memcpy(&f64, &value, sizeof(f64));
		return real_or_null(f64);
	default:
		return NULL;
	}
}

static bool at_break(struct reader *r)
{
	if (r->p < r->end && *r->p == 0xff) {
		r->p++;
		return true;
	}
	return false;
}

/* A text string, whole or in pieces. */
static bool read_text(struct reader *r, int major, int info, uint64_t n, struct buf *out)
{
	if (info != 31) {
		if (n > (uint64_t)(r->end - r->p))
			return false;
		bool ok = buf_add(out, r->p, (size_t)n) == 0;

		r->p += n;
		return ok;
	}
	while (!at_break(r)) {
		int piece_major, piece_info;
		uint64_t length;

		if (!read_head(r, &piece_major, &piece_info, &length) || piece_major != major || piece_info == 31 ||
		    !read_text(r, major, piece_info, length, out))
			return false;
	}
	return true;
}

static json_t *read_value(struct reader *r);

static json_t *read_array(struct reader *r, int info, uint64_t n)
{
	AUTO(json) json_t *array = json_array();

	for (uint64_t i = 0; info == 31 ? !at_break(r) : i < n; i++) {
		json_t *v = read_value(r);

		if (!v || json_array_append_new(array, v) < 0)
			return NULL;
	}
	return TAKE(array);
}

static json_t *read_map(struct reader *r, int info, uint64_t n)
{
	AUTO(json) json_t *map = json_object();

	for (uint64_t i = 0; info == 31 ? !at_break(r) : i < n; i++) {
		AUTO(buf) struct buf key = BUF_INIT(64 << 10);
		int major, key_info;
		uint64_t length;

		if (!read_head(r, &major, &key_info, &length) || major != 3 ||
		    !read_text(r, major, key_info, length, &key) || memchr(buf_str(&key), 0, key.len))
			return NULL;
		json_t *v = read_value(r);

		if (!v || json_object_set_new(map, buf_str(&key), v) < 0)
			return NULL;
	}
	return TAKE(map);
}

static json_t *read_string(struct reader *r, int major, int info, uint64_t n)
{
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);

	if (!read_text(r, major, info, n, &text) || memchr(buf_str(&text), 0, text.len))
		return NULL;
	return json_stringn(buf_str(&text), text.len); /* NULL unless UTF-8 */
}

static json_t *read_value(struct reader *r)
{
	int major, info;
	uint64_t n;
	json_t *v = NULL;

	if (++r->nodes > 1000000 || !read_head(r, &major, &info, &n))
		return NULL;
	if (info == 31 && (major < 2 || major > 5))
		return NULL;
	if (++r->depth > MAX_DEPTH)
		return NULL;
	switch (major) {
	case 0:
		v = n <= INT64_MAX ? json_integer((json_int_t)n) : json_real((double)n);
		break;
	case 1:
		v = n <= INT64_MAX ? json_integer(-1 - (json_int_t)n) : json_real(-1.0 - (double)n);
		break;
	case 2:
	case 3:
		v = read_string(r, major, info, n);
		break;
	case 4:
		v = read_array(r, info, n);
		break;
	case 5:
		v = read_map(r, info, n);
		break;
	case 6:
		v = read_value(r); /* the tag says time; a number of seconds is what we keep */
		break;
	default:
		v = read_simple(info, n);
	}
	r->depth--;
	return v;
}

int cbor_parse(const void *data, size_t n, json_t **ret, struct err *err)
{
	struct reader r = {.p = data, .end = (const uint8_t *)data + n};
	json_t *v = n ? read_value(&r) : json_object();

	if (!v)
		return broken(err);
	if (r.p != r.end) {
		json_decref(v);
		return broken(err);
	}
	*ret = v;
	return 0;
}

/* --- writing --------------------------------------------------------------------- */

static void write_head(struct buf *out, int major, uint64_t n)
{
	int bytes = n < 24 ? 0 : n < 256 ? 1 : n < 65536 ? 2 : n <= UINT32_MAX ? 4 : 8;
	int info = bytes == 0 ? (int)n : bytes == 1 ? 24 : bytes == 2 ? 25 : bytes == 4 ? 26 : 27;

	buf_addc(out, (char)((major << 5) | info));
	for (int i = bytes - 1; i >= 0; i--)
		buf_addc(out, (char)(n >> (8 * i)));
}

static void write_double(struct buf *out, double f)
{
	uint64_t bits;

	memcpy(&bits, &f, sizeof(bits));
	buf_addc(out, (char)0xfb);
	for (int i = 7; i >= 0; i--)
		buf_addc(out, (char)(bits >> (8 * i)));
}

bool cbor_is_time_member(const char *name)
{
	return str_ends(name, "Timestamp") || str_eq(name, "Timestamps") || str_eq(name, "Expiration") ||
	       str_eq(name, "LastModified");
}

static void write_value(const json_t *j, struct buf *out, bool time)
{
	const char *key;
	json_t *value;
	size_t i;

	switch (json_typeof(j)) {
	case JSON_OBJECT:
		write_head(out, 5, json_object_size(j));
		json_object_foreach((json_t *)j, key, value)
		{
			write_head(out, 3, strlen(key));
			buf_adds(out, key);
			write_value(value, out, cbor_is_time_member(key));
		}
		break;
	case JSON_ARRAY:
		write_head(out, 4, json_array_size(j));
		json_array_foreach((json_t *)j, i, value) write_value(value, out, time);
		break;
	case JSON_STRING:
		write_head(out, 3, json_string_length(j));
		buf_add(out, json_string_value(j), json_string_length(j));
		break;
	case JSON_INTEGER: {
		json_int_t v = json_integer_value(j);

		if (time)
			write_head(out, 6, 1);
		write_head(out, v < 0 ? 1 : 0, v < 0 ? (uint64_t)(-1 - v) : (uint64_t)v);
		break;
	}
	case JSON_REAL:
		if (time)
			write_head(out, 6, 1);
		write_double(out, json_real_value(j));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		buf_addc(out, (char)(json_is_true(j) ? 0xf5 : 0xf4));
		break;
	case JSON_NULL:
		buf_addc(out, (char)0xf6);
		break;
	}
}

int cbor_write(const json_t *j, struct buf *out)
{
	write_value(j, out, false);
	return out->overflow ? -ERR_TOOBIG : 0;
}
