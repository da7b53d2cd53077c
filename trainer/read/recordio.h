/* recordio.h - the RecordIO framing around protobuf records, for writing: a magic
 * number, a length, the record, zeros up to a multiple of four.
 */
#ifndef SAGETOP_TRAINER_RECORDIO_H
#define SAGETOP_TRAINER_RECORDIO_H

#include "base/buf.h"

#define RECORDIO_MAGIC 0xCED7230AU

/* A record with float32 tensors among its labels. */
struct recordio_label {
	const char *name;
	const float *values;
	size_t n;
};
void recordio_write(struct buf *out, const struct recordio_label *labels, size_t n);

#endif
