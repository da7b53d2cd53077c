/* ubjson.h - just enough of Universal Binary JSON (draft 12) to find values in a
 * model file and to write such values: objects with lengths before their keys,
 * arrays that say their type and count, numbers in network order.
 */
#ifndef SAGETOP_TRAINER_UBJSON_H
#define SAGETOP_TRAINER_UBJSON_H

#include "base/buf.h"

struct ubjson {
	const char *data;
	size_t len, at;
};

/* Do bytes begin as libxgboost's models in this format do? */
bool ubjson_is(const char *p, size_t n);
/* One object from the first byte to the last, with every length within: the library's
 * own reader believes whatever it meets, and reads and reserves far beyond the end of a
 * file that was cut short. */
bool ubjson_whole(const char *p, size_t n);

/* Past the value at u->at, however deep. ERR_PARSE where it is none. */
int ubjson_skip(struct ubjson *u, struct err *err) NODISCARD;
/* From an object at u->at to the value of one of its keys; ERR_NOTFOUND. */
int ubjson_enter(struct ubjson *u, const char *key, struct err *err) NODISCARD;
/* The head of an array with a count at u->at: its element type (0: each says its
 * own) and count; u->at is at the first element then. */
int ubjson_array(struct ubjson *u, char *type, uint64_t *n, struct err *err) NODISCARD;

/* A text at u->at (type S): its bytes, within the model. */
int ubjson_text_at(struct ubjson *u, const char **ret, size_t *len, struct err *err) NODISCARD;
/* An array of exactly n integers at u->at. */
int ubjson_ints(struct ubjson *u, int64_t *ret, size_t n, struct err *err) NODISCARD;

void ubjson_key(struct buf *out, const char *key);
void ubjson_text(struct buf *out, const char *text);
void ubjson_int(struct buf *out, int64_t x); /* in as few bytes as it needs */
void ubjson_array_head(struct buf *out, char type, uint64_t n);
void ubjson_be32(struct buf *out, uint32_t x);

static inline uint32_t ubjson_get32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

#endif
