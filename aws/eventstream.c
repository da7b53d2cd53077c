/* The frames of an event stream: length, headers, payload, two checksums. */
#include "aws/eventstream.h"

#include "base/digest.h"

#define PRELUDE 12u
#define TRAILER 4u

static uint64_t read_be(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static int64_t read_signed(const uint8_t *p, size_t n)
{
	uint64_t v = read_be(p, n), sign = (uint64_t)1 << (n * 8 - 1);

	return (int64_t)((v ^ sign) - sign);
}

/* Bytes of a value of fixed size; -1 where a length stands before it. */
static int fixed_size(enum es_type type)
{
	static const signed char sizes[] = {0, 0, 1, 2, 4, 8, -1, -1, 8, 16};

	return sizes[type];
}

/* One header at p; returns the bytes used, 0 where it does not fit. */
static size_t decode_header(const uint8_t *p, size_t n, struct es_header *h)
{
	size_t name_len, at, len;

	if (n < 2)
		return 0;
	name_len = p[0];
	at = 1 + name_len + 1;
	if (!name_len || at > n || p[at - 1] > ES_UUID)
		return 0;
	*h = (struct es_header){.name = (const char *)p + 1, .name_len = name_len, .type = p[at - 1]};
	if (fixed_size(h->type) < 0) {
		if (n - at < 2)
			return 0;
		len = (size_t)read_be(p + at, 2);
		at += 2;
	} else {
		len = (size_t)fixed_size(h->type);
	}
	if (n - at < len)
		return 0;
	h->data = p + at;
	h->len = len;
	if (h->type == ES_TRUE)
		h->number = 1;
	else if (len && h->type != ES_BYTES && h->type != ES_STRING && h->type != ES_UUID)
		h->number = read_signed(p + at, len);
	return at + len;
}

static int decode_headers(const uint8_t *p, size_t n, struct es_message *m, struct err *err)
{
	while (n) {
		struct es_header *h = &m->headers[m->n_headers];
		size_t used;

		if (m->n_headers == ES_MAX_HEADERS)
			return err_set(err, ERR_TOOBIG, "event stream: more than %d headers", ES_MAX_HEADERS);
		used = decode_header(p, n, h);
		if (!used)
			return err_set(err, ERR_PARSE, "event stream: malformed header");
		for (size_t i = 0; i < m->n_headers; i++)
			if (m->headers[i].name_len == h->name_len && !memcmp(m->headers[i].name, h->name, h->name_len))
				return err_set(err, ERR_PARSE, "event stream: DuplicateHeader: %.*s", (int)h->name_len,
					       h->name);
		m->n_headers++;
		p += used;
		n -= used;
	}
	return 0;
}

int eventstream_decode(const void *data, size_t n, struct es_message *ret, size_t *ret_used, struct err *err)
{
	const uint8_t *p = data;
	struct es_message *m = ret;
	int rc;

	if (n < PRELUDE)
		return 0;
	m->n_headers = 0;
	m->total_length = (uint32_t)read_be(p, 4);
	m->headers_length = (uint32_t)read_be(p + 4, 4);
	m->prelude_crc = (uint32_t)read_be(p + 8, 4);
	if (crc32_ieee(p, 8) != m->prelude_crc)
		return err_set(err, ERR_PARSE, "event stream: ChecksumMismatch in the prelude");
	if (m->headers_length > ES_MAX_HEADERS_LENGTH)
		return err_set(err, ERR_TOOBIG, "event stream: InvalidHeadersLength: %u", m->headers_length);
	if (m->total_length < PRELUDE + TRAILER + m->headers_length)
		return err_set(err, ERR_PARSE, "event stream: InvalidHeadersLength: %u of %u", m->headers_length,
			       m->total_length);
	m->payload_len = m->total_length - PRELUDE - TRAILER - m->headers_length;
	if (m->payload_len > ES_MAX_PAYLOAD)
		return err_set(err, ERR_TOOBIG, "event stream: InvalidPayloadLength: %zu", m->payload_len);
	if (n < m->total_length)
		return 0;
	m->crc = (uint32_t)read_be(p + m->total_length - TRAILER, 4);
	if (crc32_ieee(p, m->total_length - TRAILER) != m->crc)
		return err_set(err, ERR_PARSE, "event stream: ChecksumMismatch in the message");
	rc = decode_headers(p + PRELUDE, m->headers_length, m, err);
	if (rc)
		return rc;
	m->payload = (const char *)p + PRELUDE + m->headers_length;
	*ret_used = m->total_length;
	return 1;
}

/* --- encoding -------------------------------------------------------------------------- */

static void add_be(struct buf *out, uint64_t v, size_t n)
{
	for (size_t i = n; i-- > 0;)
		buf_addc(out, (char)(v >> (i * 8)));
}

struct es_header es_string(const char *name, const char *value)
{
	return (struct es_header){
		.name = name, .name_len = strlen(name), .type = ES_STRING, .data = value, .len = strlen(value)};
}

int eventstream_encode(struct buf *out, const struct es_header *headers, size_t n_headers, const void *payload,
		       size_t payload_len)
{
	AUTO(buf) struct buf h = BUF_INIT(ES_MAX_HEADERS_LENGTH);
	AUTO(buf) struct buf frame = BUF_INIT((size_t)ES_MAX_PAYLOAD + ES_MAX_HEADERS_LENGTH + PRELUDE + TRAILER);

	for (size_t i = 0; i < n_headers; i++) {
		const struct es_header *e = &headers[i];
		int size = fixed_size(e->type);

		if (!e->name_len || e->name_len > 255 || (size < 0 && e->len > 65535))
			return -ERR_TOOBIG;
		buf_addc(&h, (char)e->name_len);
		buf_add(&h, e->name, e->name_len);
		buf_addc(&h, (char)e->type);
		if (size < 0)
			add_be(&h, e->len, 2);
		if (size < 0 || e->type == ES_UUID)
			buf_add(&h, e->data, size < 0 ? e->len : 16);
		else
			add_be(&h, (uint64_t)e->number, (size_t)size);
	}
	if (h.overflow || payload_len > ES_MAX_PAYLOAD)
		return -ERR_TOOBIG;
	add_be(&frame, PRELUDE + TRAILER + h.len + payload_len, 4);
	add_be(&frame, h.len, 4);
	add_be(&frame, crc32_ieee(frame.data, 8), 4);
	buf_add(&frame, buf_str(&h), h.len);
	buf_add(&frame, payload, payload_len);
	add_be(&frame, crc32_ieee(frame.data, frame.len), 4);
	return frame.overflow ? -ERR_TOOBIG : buf_add(out, frame.data, frame.len);
}

const struct es_header *es_find(const struct es_message *m, const char *name)
{
	for (size_t i = 0; i < m->n_headers; i++)
		if (m->headers[i].name_len == strlen(name) && !memcmp(m->headers[i].name, name, m->headers[i].name_len))
			return &m->headers[i];
	return NULL;
}

bool es_is(const struct es_message *m, const char *name, const char *value)
{
	const struct es_header *h = es_find(m, name);

	return h && h->type == ES_STRING && h->len == strlen(value) && !memcmp(h->data, value, h->len);
}
