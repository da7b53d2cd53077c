/* Thrift's compact protocol, as Parquet's metadata use it. */
#include "trainer/read/thrift.h"

#define THRIFT_MAX_DEPTH 32

static void thrift_break(struct thrift *t)
{
	t->bad = true;
	t->p = t->end;
}

static uint8_t thrift_byte(struct thrift *t)
{
	if (t->p < t->end)
		return *t->p++;
	thrift_break(t);
	return 0;
}

static uint64_t thrift_varint(struct thrift *t)
{
	uint64_t v = 0;

	for (int shift = 0; shift < 64; shift += 7) {
		uint8_t byte = thrift_byte(t);

		v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return v;
	}
	thrift_break(t);
	return 0;
}

static int64_t thrift_zigzag(struct thrift *t)
{
	uint64_t v = thrift_varint(t);

	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

bool thrift_field(struct thrift *t, int *id, enum thrift_type *type)
{
	uint8_t byte = thrift_byte(t);

	if (t->bad || !byte)
		return false;
	*type = (enum thrift_type)(byte & 15);
	*id = byte >> 4 ? *id + (byte >> 4) : (int)(int16_t)thrift_zigzag(t);
	return !t->bad;
}

int64_t thrift_int(struct thrift *t, enum thrift_type type)
{
	switch (type) {
	case THRIFT_TRUE:
		return 1;
	case THRIFT_FALSE:
		return 0;
	case THRIFT_I8:
		return (int8_t)thrift_byte(t);
	case THRIFT_I16:
	case THRIFT_I32:
	case THRIFT_I64:
		return thrift_zigzag(t);
	default:
		thrift_break(t);
		return 0;
	}
}

const char *thrift_binary(struct thrift *t, size_t *n)
{
	uint64_t length = thrift_varint(t);
	const char *p = (const char *)t->p;

	if (length > (uint64_t)(t->end - t->p)) {
		thrift_break(t);
		length = 0;
	}
	t->p += length;
	*n = (size_t)length;
	return p;
}

size_t thrift_list(struct thrift *t, enum thrift_type *element)
{
	uint8_t byte = thrift_byte(t);
	uint64_t n = byte >> 4;

	*element = (enum thrift_type)(byte & 15);
	if (n == 15)
		n = thrift_varint(t);
	/* every element takes a byte at least */
	if (n > (uint64_t)(t->end - t->p)) {
		thrift_break(t);
		return 0;
	}
	return (size_t)n;
}

static void thrift_skip_elements(struct thrift *t, enum thrift_type element, size_t n)
{
	for (size_t i = 0; i < n && !t->bad; i++) {
		if (element == THRIFT_TRUE || element == THRIFT_FALSE)
			thrift_byte(t);
		else
			thrift_skip(t, element);
	}
}

static void thrift_skip_map(struct thrift *t)
{
	uint64_t n = thrift_varint(t);
	uint8_t types = n ? thrift_byte(t) : 0;

	for (uint64_t i = 0; i < n && !t->bad; i++) {
		thrift_skip_elements(t, (enum thrift_type)(types >> 4), 1);
		thrift_skip_elements(t, (enum thrift_type)(types & 15), 1);
	}
}

void thrift_skip(struct thrift *t, enum thrift_type type)
{
	enum thrift_type inner;
	int id = 0;
	size_t n;

	if (++t->depth > THRIFT_MAX_DEPTH)
		thrift_break(t);
	switch (type) {
	case THRIFT_DOUBLE:
		for (int i = 0; i < 8; i++)
			thrift_byte(t);
		break;
	case THRIFT_BINARY:
		thrift_binary(t, &n);
		break;
	case THRIFT_LIST:
	case THRIFT_SET:
		n = thrift_list(t, &inner);
		thrift_skip_elements(t, inner, n);
		break;
	case THRIFT_MAP:
		thrift_skip_map(t);
		break;
	case THRIFT_STRUCT:
		while (thrift_field(t, &id, &inner))
			thrift_skip(t, inner);
		break;
	default:
		thrift_int(t, type);
	}
	t->depth--;
}
