/* Lines, RecordIO (as MXNet writes it) and TFRecord. */
#include "aws/local/running/transform_records.h"

#include <endian.h>

#define RECORDIO_MAGIC 0xced7230aU
#define RECORDIO_LENGTH ((1U << 29) - 1) /* above it: whether it is a part of a record */

static void line_at(const char *p, size_t n, struct transform_record *ret)
{
	const char *newline = memchr(p, '\n', n);
	size_t len = newline ? (size_t)(newline - p) : n;

	ret->framed_len = newline ? len + 1 : n;
	if (len && p[len - 1] == '\r')
		len--;
	ret->data = p;
	ret->len = len;
}

static uint32_t u32_at(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

/* Records that hold the magic number themselves are written in parts, whose data cannot be
 * taken as it lies there. */
static int recordio_at(const char *p, size_t n, struct transform_record *ret, struct err *err)
{
	size_t len = n < 8 ? 0 : u32_at(p + 4) & RECORDIO_LENGTH;
	size_t framed = 8 + ((len + 3) & ~(size_t)3);

	if (n < 8 || u32_at(p) != RECORDIO_MAGIC || framed > n)
		return err_set(err, ERR_PARSE, "it is not RecordIO, as its SplitType says");
	if (u32_at(p + 4) & ~RECORDIO_LENGTH)
		return err_set(err, ERR_PARSE,
			       "a RecordIO record is written in parts, which the local engine does not read");
	*ret = (struct transform_record){.data = p + 8, .len = len, .framed_len = framed};
	return 0;
}

static int tfrecord_at(const char *p, size_t n, struct transform_record *ret, struct err *err)
{
	uint64_t len = 0;

	if (n >= 16)
		memcpy(&len, p, sizeof(len));
	len = le64toh(len);
	if (n < 16 || len > n - 16)
		return err_set(err, ERR_PARSE, "it is not TFRecord, as its SplitType says");
	*ret = (struct transform_record){.data = p + 12, .len = (size_t)len, .framed_len = (size_t)len + 16};
	return 0;
}

int transform_record_at(enum transform_split split, const char *p, size_t n, struct transform_record *ret,
			struct err *err)
{
	*ret = (struct transform_record){.data = p, .len = n, .framed_len = n};
	if (split == SPLIT_LINE)
		line_at(p, n, ret);
	if (split == SPLIT_RECORDIO)
		return recordio_at(p, n, ret, err);
	return split == SPLIT_TFRECORD ? tfrecord_at(p, n, ret, err) : 0;
}
