/* cbor.h - CBOR (RFC 8949) to and from JSON values, as far as Smithy's RPC v2
 * protocol uses it. A tagged epoch time becomes a number of seconds; writing,
 * members named Timestamp, Timestamps and Expiration are tagged again. */
#ifndef SAGETOP_LOCAL_CBOR_H
#define SAGETOP_LOCAL_CBOR_H

#include "base/json.h"

int cbor_parse(const void *data, size_t n, json_t **ret, struct err *err) NODISCARD;
int cbor_write(const json_t *j, struct buf *out);

/* The members of a reply that hold points in time. */
bool cbor_is_time_member(const char *name);

#endif
