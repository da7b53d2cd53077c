/* protobuf.h - walking protocol-buffer messages in memory, bounds checked, without
 * generated code: enough for the record format of SageMaker's own algorithms.
 */
#ifndef SAGETOP_TRAINER_PROTOBUF_H
#define SAGETOP_TRAINER_PROTOBUF_H

#include "base/buf.h"

enum pb_wire { PB_VARINT = 0, PB_FIXED64 = 1, PB_BYTES = 2, PB_FIXED32 = 5 };

/* A message, or a part of one. bad is set, and stays, where the bytes are no
 * message; reading then ends. */
struct pb {
	const uint8_t *p, *end;
	bool bad;
};

/* One field; bytes is the content of PB_BYTES. Numbers are passed over: our messages have none of their own. */
struct pb_field {
	uint32_t number;
	enum pb_wire wire;
	struct pb bytes;
};

uint64_t pb_varint(struct pb *m);
/* The next field; false at the end or where the message is bad. */
bool pb_next(struct pb *m, struct pb_field *ret);

/* Writing: into a buffer whose max is the cap. */
void pb_put_bytes(struct buf *out, uint32_t number, const void *data, size_t n);

#endif
