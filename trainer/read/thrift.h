/* thrift.h - walking Thrift's compact protocol in memory, bounds checked: what
 * Parquet's footer and page headers are written in.
 */
#ifndef SAGETOP_TRAINER_THRIFT_H
#define SAGETOP_TRAINER_THRIFT_H

#include "base/mem.h"

enum thrift_type {
	THRIFT_TRUE = 1,
	THRIFT_FALSE = 2,
	THRIFT_I8 = 3,
	THRIFT_I16 = 4,
	THRIFT_I32 = 5,
	THRIFT_I64 = 6,
	THRIFT_DOUBLE = 7,
	THRIFT_BINARY = 8,
	THRIFT_LIST = 9,
	THRIFT_SET = 10,
	THRIFT_MAP = 11,
	THRIFT_STRUCT = 12
};

/* bad is set, and stays, where the bytes make no sense; every read then gives 0
 * and every loop ends. */
struct thrift {
	const uint8_t *p, *end;
	bool bad;
	int depth;
};

/* The next field of the struct at hand; false at its end. *id is the one before on
 * entry (0 at first). Its value must be read or skipped before the next call. */
bool thrift_field(struct thrift *t, int *id, enum thrift_type *type);
void thrift_skip(struct thrift *t, enum thrift_type type);
int64_t thrift_int(struct thrift *t, enum thrift_type type); /* of any width, or a boolean */
/* Borrowed bytes. */
const char *thrift_binary(struct thrift *t, size_t *n);
/* The head of a list; the elements follow. A count that the bytes left cannot hold
 * is bad. */
size_t thrift_list(struct thrift *t, enum thrift_type *element);

#endif
