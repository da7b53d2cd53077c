/* chunked.h - S3's aws-chunked bodies, decoded as they arrive: signed chunks
 * (STREAMING-AWS4-HMAC-SHA256-PAYLOAD), unsigned ones, with or without trailer.
 * Each chunk's signature is checked where the request is of the signed kind. */
#ifndef SAGETOP_LOCAL_CHUNKED_H
#define SAGETOP_LOCAL_CHUNKED_H

#include "aws/local/wire/auth.h"

struct chunked;
/* Takes what was decoded; less than 0 where it cannot, with which the body fails. */
typedef int chunked_sink_fn(void *user, const void *data, size_t n);

/* seed NULL: chunks are not signed. */
struct chunked *chunked_new(const struct chunk_seed *seed, chunked_sink_fn *sink, void *user) NODISCARD;
void chunked_free(struct chunked *c);
int chunked_feed(struct chunked *c, const void *data, size_t n, struct fault *f) NODISCARD;
/* The body is complete: an error where it stopped short. */
int chunked_finish(struct chunked *c, struct fault *f) NODISCARD;

#endif
