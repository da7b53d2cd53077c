/* Fields of a protobuf message. */
#include "trainer/read/protobuf.h"

uint64_t pb_varint(struct pb *m)
{
	uint64_t v = 0;

	for (int shift = 0; shift < 64 && m->p < m->end; shift += 7) {
		uint8_t byte = *m->p++;

		v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return v;
	}
	m->bad = true;
	m->p = m->end;
	return 0;
}

static void pb_skip(struct pb *m, size_t n)
{
	if ((size_t)(m->end - m->p) < n)
		m->bad = true;
	m->p = m->bad ? m->end : m->p + n;
}

bool pb_next(struct pb *m, struct pb_field *ret)
{
	uint64_t key, n;

	if (m->p == m->end)
		return false;
	key = pb_varint(m);
	*ret = (struct pb_field){.number = (uint32_t)(key >> 3), .wire = (enum pb_wire)(key & 7)};
	switch (ret->wire) {
	case PB_VARINT:
		(void)pb_varint(m);
		break;
	case PB_FIXED64:
		pb_skip(m, 8);
		break;
	case PB_FIXED32:
		pb_skip(m, 4);
		break;
	case PB_BYTES:
		n = pb_varint(m);
		if (n > (uint64_t)(m->end - m->p)) {
			m->bad = true;
			break;
		}
		ret->bytes = (struct pb){.p = m->p, .end = m->p + n};
		m->p += n;
		break;
	default:
		m->bad = true;
	}
	if (m->bad)
		m->p = m->end;
	return !m->bad;
}

static void pb_put_varint(struct buf *out, uint64_t v)
{
	while (v >= 0x80) {
		buf_addc(out, (char)(v | 0x80));
		v >>= 7;
	}
	buf_addc(out, (char)v);
}

void pb_put_bytes(struct buf *out, uint32_t number, const void *data, size_t n)
{
	pb_put_varint(out, (uint64_t)number << 3 | PB_BYTES);
	pb_put_varint(out, n);
	buf_add(out, data, n);
}
