/* buf.h - a growable byte buffer that declares its maximum.
 *
 * data is always NUL-terminated, so it can be read as a string. An append that
 * would pass max sets `overflow`, leaves the content as it was and returns
 * -ERR_TOOBIG; later appends are refused too, so a whole sequence can be built
 * and checked once at its end. BUF_MAX_TEXT is for text that we compose.
 */
#ifndef SAGETOP_BASE_BUF_H
#define SAGETOP_BASE_BUF_H

#include "base/mem.h"

#define BUF_MAX_TEXT ((size_t)16 << 20)

struct buf {
	char *data;
	size_t len;
	size_t cap;
	size_t max;
	bool overflow;
};

#define BUF_INIT(limit) ((struct buf){.max = (limit)})

void buf_init(struct buf *b, size_t max);
void buf_done(struct buf *b);
void buf_clear(struct buf *b); /* empties, keeps the memory, forgets the overflow */
AUTO_EMBEDDED(buf, struct buf, buf_done)

int buf_add(struct buf *b, const void *data, size_t n);
int buf_adds(struct buf *b, const char *s);
int buf_addc(struct buf *b, char c);
int buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
int buf_addfv(struct buf *b, const char *fmt, va_list ap);

/* Room for n more bytes; writes go to data+len, then the caller adds to len and
 * puts the NUL. */
int buf_reserve(struct buf *b, size_t n);
void buf_truncate(struct buf *b, size_t len);
void buf_consume(struct buf *b, size_t n); /* drops n bytes from the front */

/* The content as a heap string that the caller owns ("" where empty); the
 * buffer is empty afterwards. */
char *buf_take(struct buf *b) NODISCARD;

/* Never NULL. Borrowed. */
static inline const char *buf_str(const struct buf *b)
{
	return b->data ? b->data : "";
}

#endif
