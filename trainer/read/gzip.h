/* gzip.h - unpacking gzip data piece by piece (zlib), members one after another. */
#ifndef SAGETOP_TRAINER_GZIP_H
#define SAGETOP_TRAINER_GZIP_H

#include "base/mem.h"

static inline bool gzip_is(const void *data, size_t n)
{
	const uint8_t *p = data;

	return n >= 2 && p[0] == 0x1f && p[1] == 0x8b;
}

struct gzip;
/* data stays the caller's and must outlive it. name is for messages. */
int gzip_new(const void *data, size_t n, const char *name, struct gzip **ret, struct err *err) NODISCARD;
void gzip_free(struct gzip *g);
AUTO_POINTER(gzip, struct gzip, gzip_free)

/* Unpack up to n bytes into out; *got < n only at the end. ERR_PARSE where the
 * data is damaged or cut short. */
int gzip_read(struct gzip *g, void *out, size_t n, size_t *got, struct err *err) NODISCARD;
size_t gzip_consumed(const struct gzip *g);

/* All of it at once; ERR_TOOBIG beyond max bytes. *ret is the caller's. slack
 * bytes of zero follow it. */
int gzip_unpack(const void *data, size_t n, size_t max, size_t slack, const char *name, char **ret, size_t *ret_n,
		struct err *err) NODISCARD;

#endif
