/* peek.h - the first lines of an object in S3, of an archive its members, as text that may be shown. */
#ifndef SAGETOP_APP_PEEK_H
#define SAGETOP_APP_PEEK_H

#include "sync/sync.h"

#define PEEK_MAX ((size_t)65536)	      /* bytes that are read, */
#define PEEK_ARCHIVE_MAX ((int64_t)256 << 20) /* and of an archive: its members are known only as its bytes pass by */

/* A line of a call that an endpoint captured has FILES_BESIDE in it. */
/* err is NULL where it worked; text is borrowed. */
typedef void peek_fn(void *user, const char *text, const struct err *err);
/* Of an object of that size (-1 unknown). fn is called once, never from within the call. */
void peek(struct sync *s, const char *bucket, const char *key, int64_t size, peek_fn *fn, void *user);

/* Pure: n bytes, which are all or (cut) the beginning. */
void peek_text(const char *data, size_t n, bool cut, struct buf *out);

#endif
