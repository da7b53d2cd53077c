/* uri.h - percent-encoding, as RFC 3986 has it. Each appends to out; -ERR_TOOBIG where that does not hold it. */
#ifndef SAGETOP_BASE_URI_H
#define SAGETOP_BASE_URI_H

#include "base/buf.h"

/* Unreserved bytes stay, '/' too where keep_slash; all others become "%XX". */
int uri_encode(struct buf *out, const char *s, size_t n, bool keep_slash);
/* A '%' that two digits do not follow stays as it is. */
int uri_decode(struct buf *out, const char *s, size_t n, bool plus_is_space);

#endif
