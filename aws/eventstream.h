/* eventstream.h - frames of application/vnd.amazon.eventstream: total length,
 * headers length, a CRC of both, headers, payload, a CRC of everything.
 *
 * Pure; the client decodes Live Tail with it and the local engine encodes it.
 */
#ifndef SAGETOP_AWS_EVENTSTREAM_H
#define SAGETOP_AWS_EVENTSTREAM_H

#include "base/buf.h"

#define ES_MAX_HEADERS_LENGTH ((uint32_t)128 << 10)
#define ES_MAX_PAYLOAD ((uint32_t)24 << 20)
#define ES_MAX_HEADERS 64

enum es_type {
	ES_TRUE,
	ES_FALSE,
	ES_BYTE,
	ES_SHORT,
	ES_INT,
	ES_LONG,
	ES_BYTES,
	ES_STRING,
	ES_TIMESTAMP, /* milliseconds */
	ES_UUID,      /* 16 bytes */
};

struct es_header {
	const char *name; /* name_len bytes, no NUL */
	size_t name_len;
	enum es_type type;
	int64_t number;	  /* of the number types and the timestamp; 1 and 0 for true and false */
	const void *data; /* of bytes, string, UUID */
	size_t len;
};

struct es_message {
	uint32_t total_length, headers_length, prelude_crc, crc;
	struct es_header headers[ES_MAX_HEADERS]; /* borrowed from the frame */
	size_t n_headers;
	const char *payload;
	size_t payload_len;
};

/* One frame from the front of data. Returns 1 and *ret_used where there is one, 0
 * where more bytes are needed, and an error for a frame that is damaged (ERR_PARSE,
 * the stream cannot go on) or beyond the limits (ERR_TOOBIG). */
int eventstream_decode(const void *data, size_t n, struct es_message *ret, size_t *ret_used, struct err *err) NODISCARD;

/* Append a frame. Strings are the common case: see es_string. */
int eventstream_encode(struct buf *out, const struct es_header *headers, size_t n_headers, const void *payload,
		       size_t payload_len);
struct es_header es_string(const char *name, const char *value); /* borrows both */

/* The header of that name; NULL where absent. */
const struct es_header *es_find(const struct es_message *m, const char *name);
/* Whether a string header has that value. */
bool es_is(const struct es_message *m, const char *name, const char *value);

#endif
