/* transform_records.h - the records of an input file of a transform job, by its SplitType. */
#ifndef SAGETOP_LOCAL_TRANSFORM_RECORDS_H
#define SAGETOP_LOCAL_TRANSFORM_RECORDS_H

#include "base/err.h"
#include "base/mem.h"

enum transform_split { SPLIT_NONE, SPLIT_LINE, SPLIT_RECORDIO, SPLIT_TFRECORD };

/* Within the file's bytes. What frames a record is the format's: lengths and checksums, or
 * the newline behind a line. */
struct transform_record {
	const char *data;
	size_t len;
	size_t framed_len; /* from its beginning to that of the next */
};

/* The record that begins at p, of n bytes that are left (n > 0). ERR_PARSE: they are none. */
int transform_record_at(enum transform_split split, const char *p, size_t n, struct transform_record *ret,
			struct err *err) NODISCARD;

#endif
