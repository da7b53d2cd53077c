/* RecordIO-protobuf: records found, tensors read; and written, for predictions. */
#include "trainer/read/recordio.h"

#include <math.h>

#include "trainer/read/dataset_build.h"
#include "trainer/read/gzip.h"
#include "trainer/read/parallel.h"
#include "trainer/read/protobuf.h"

#define RECORDIO_HEADER 8
#define RECORDIO_MAX_GZIP ((size_t)1 << 34)

/* Field numbers of the record messages. */
enum { RECORD_FEATURES = 1, RECORD_LABEL = 2 };
enum { ENTRY_KEY = 1, ENTRY_VALUE = 2 };
enum { VALUE_FLOAT32 = 2, VALUE_FLOAT64 = 3, VALUE_INT32 = 7 };
enum { TENSOR_VALUES = 1, TENSOR_KEYS = 2, TENSOR_SHAPE = 3 };

struct recordio {
	const struct dataset_options *opt;
	bool started, sparse;
	size_t columns;	 /* dense: of every row; sparse: highest key + 1 or shape so far */
	size_t expected; /* 0: any */
	char *unpacked;	 /* the current file, where it was packed */
	size_t unpacked_n;
	size_t record; /* of the current file */
};

struct tensor {
	struct pb body;
	uint32_t kind; /* VALUE_*, 0: absent */
	size_t values, keys;
	uint64_t columns; /* last shape entry, 0: none */
};

struct recordio *recordio_new(const struct dataset_options *opt)
{
	struct recordio *r = NEW(struct recordio);

	r->opt = opt;
	r->columns = r->expected = opt->like ? opt->like->columns : opt->expect_columns;
	return r;
}

void recordio_free(struct recordio *r)
{
	if (!r)
		return;
	free(r->unpacked);
	free(r);
}

/* --- tensors --------------------------------------------------------------------- */

/* One value of a packed or single field; false at the end of `bytes`. */
static bool tensor_value(struct pb *bytes, uint32_t kind, float *ret)
{
	uint8_t size = kind == VALUE_FLOAT64 ? 8 : 4;

	if (bytes->p == bytes->end)
		return false;
	if (kind == VALUE_INT32) {
		*ret = (float)(int32_t)pb_varint(bytes);
	} else if (bytes->end - bytes->p < size) {
		bytes->bad = true;
	} else if (kind == VALUE_FLOAT64) {
		double d;

		memcpy(&d, bytes->p, sizeof(d));
		*ret = (float)d;
		bytes->p += sizeof(d);
	} else {
		memcpy(ret, bytes->p, sizeof(*ret));
		bytes->p += sizeof(*ret);
	}
	return !bytes->bad;
}

static size_t tensor_count_varints(const struct pb *bytes)
{
	size_t n = 0;

	for (const uint8_t *p = bytes->p; p < bytes->end; p++)
		n += !(*p & 0x80);
	return n;
}

/* The next field, which may be packed: its content as bytes that hold one value after
 * another. False at the end of the body, or where that is broken. */
static bool tensor_next(struct pb *body, uint32_t *ret_number, struct pb *ret_content)
{
	const uint8_t *start = body->p;
	struct pb_field f;

	if (!pb_next(body, &f))
		return false;
	*ret_number = f.number;
	/* a single value stands right behind its key, which is one byte for these fields */
	*ret_content = f.wire == PB_BYTES ? f.bytes : (struct pb){.p = start + 1, .end = body->p};
	return true;
}

/* Count a tensor's parts. False where it is broken. */
static bool tensor_scan(struct tensor *t)
{
	struct pb body = t->body, content;
	uint32_t number;

	while (tensor_next(&body, &number, &content)) {
		if (number == TENSOR_VALUES) {
			size_t size = t->kind == VALUE_FLOAT64 ? 8 : 4;

			t->values += t->kind == VALUE_INT32 ? tensor_count_varints(&content)
							    : (size_t)(content.end - content.p) / size;
		} else if (number == TENSOR_KEYS) {
			t->keys += tensor_count_varints(&content);
		} else if (number == TENSOR_SHAPE) {
			while (content.p < content.end)
				t->columns = pb_varint(&content);
			body.bad |= content.bad;
		}
	}
	return !body.bad;
}

/* The values into out (room for t->values). */
static bool tensor_values(const struct tensor *t, float *out)
{
	struct pb body = t->body, content;
	uint32_t number;
	size_t n = 0;

	while (tensor_next(&body, &number, &content)) {
		if (number != TENSOR_VALUES)
			continue;
		if (t->kind == VALUE_FLOAT32 && !((content.end - content.p) % 4)) {
			size_t more = (size_t)(content.end - content.p) / 4;

			if (more > t->values - n) /* the file changed since they were counted */
				return false;
			memcpy(out + n, content.p, more * 4);
			n += more;
			continue;
		}
		while (n < t->values && tensor_value(&content, t->kind, &out[n]))
			n++;
		if (content.bad || content.p < content.end)
			return false;
	}
	return n == t->values;
}

static bool tensor_keys(const struct tensor *t, uint64_t *out)
{
	struct pb body = t->body, content;
	uint32_t number;
	size_t n = 0;

	while (tensor_next(&body, &number, &content)) {
		if (number != TENSOR_KEYS)
			continue;
		while (n < t->keys && content.p < content.end)
			out[n++] = pb_varint(&content);
		if (content.bad)
			return false;
	}
	return n == t->keys;
}

/* A map entry: the tensor where its key is "values", or where it has no key. */
static bool record_entry(struct pb entry, struct tensor *ret)
{
	struct pb value = {0};
	struct pb_field f;
	bool ours = true;

	while (pb_next(&entry, &f)) {
		if (f.number == ENTRY_KEY && f.wire == PB_BYTES)
			ours = f.bytes.end - f.bytes.p == 6 && !memcmp(f.bytes.p, "values", 6);
		else if (f.number == ENTRY_VALUE && f.wire == PB_BYTES)
			value = f.bytes;
	}
	if (entry.bad || !ours)
		return !entry.bad;
	while (pb_next(&value, &f)) {
		if (f.wire != PB_BYTES ||
		    (f.number != VALUE_FLOAT32 && f.number != VALUE_FLOAT64 && f.number != VALUE_INT32))
			continue;
		*ret = (struct tensor){.body = f.bytes, .kind = f.number};
		if (!tensor_scan(ret))
			return false;
	}
	return !value.bad;
}

static bool record_parse(struct pb record, struct tensor *features, struct tensor *label)
{
	struct pb_field f;

	*features = *label = (struct tensor){0};
	while (pb_next(&record, &f)) {
		if (f.wire != PB_BYTES)
			continue;
		if (f.number == RECORD_FEATURES && !record_entry(f.bytes, features))
			return false;
		if (f.number == RECORD_LABEL && !record_entry(f.bytes, label))
			return false;
	}
	return !record.bad;
}

/* --- framing --------------------------------------------------------------------- */

static uint32_t recordio_u32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The record at p, and where the next begins; NULL where the frame is broken. */
static const char *recordio_frame(const char *at, const char *end, struct pb *ret)
{
	const uint8_t *p = (const uint8_t *)at;
	size_t left = (size_t)(end - at), n;

	if (left < RECORDIO_HEADER || recordio_u32(p) != RECORDIO_MAGIC)
		return NULL;
	n = recordio_u32(p + 4); /* a record split over several frames has high bits set, and is not used */
	if (n > left - RECORDIO_HEADER)
		return NULL;
	*ret = (struct pb){.p = p + RECORDIO_HEADER, .end = p + RECORDIO_HEADER + n};
	n = (n + 3) / 4 * 4;
	return at + MIN(RECORDIO_HEADER + n, left);
}

/* Open the current file; the bytes as they are, or unpacked. */
static int recordio_open(struct recordio *r, struct text_feed *f, const char **data, size_t *n, struct err *err)
{
	struct source_file *file = &f->source->files[f->file];
	int e = source_open(file, err);

	if (e)
		return e;
	*data = file->data;
	*n = file->size;
	if (!gzip_is(file->data, file->size))
		return 0;
	if (!r->unpacked) {
		e = gzip_unpack(file->data, file->size, f->max_unpacked ? f->max_unpacked : RECORDIO_MAX_GZIP, 0,
				file->name, &r->unpacked, &r->unpacked_n, err);
		if (e)
			return e;
	}
	if (!r->unpacked_n)
		e = source_pass_empty(f->source, file, err);
	if (e)
		return e;
	*data = r->unpacked;
	*n = r->unpacked_n;
	return 0;
}

static void recordio_close(struct recordio *r, struct text_feed *f)
{
	source_close(&f->source->files[f->file]);
	free(r->unpacked);
	r->unpacked = NULL;
	r->record = 0;
	f->file++;
	f->offset = 0;
}

/* Cut the next records of the current file into chunks: one file at a time, as
 * its memory must stay for as long as the batch is in use. */
static int recordio_cut(struct recordio *r, struct text_feed *f, struct text_batch *b, struct err *err)
{
	const char *data = NULL, *p, *end, *chunk;
	size_t size = 0, records = 0;
	int e = recordio_open(r, f, &data, &size, err);

	if (e)
		return e;
	chunk = p = data + f->offset;
	end = data + size;
	while (p < end && b->bytes < f->batch_bytes) {
		struct pb record;
		const char *next = recordio_frame(p, end, &record);

		/* what stands before a broken frame is read first, so that the first fault is the one told of */
		if (!next && p == data + f->offset)
			return err_set(err, ERR_PARSE, "%s record %zu: not a RecordIO record, or cut short",
				       f->source->files[f->file].name, r->record + 1);
		if (next) {
			p = next;
			r->record++;
			records++;
		}
		if (next && (size_t)(p - chunk) < f->chunk_bytes && p < end)
			continue;
		if (p > chunk) {
			GROW(b->chunks, b->cap, b->n + 1);
			b->chunks[b->n++] = (struct text_chunk){.data = chunk,
								.n = (size_t)(p - chunk),
								.name = f->source->files[f->file].name,
								.lines = records,
								.first_line = r->record - records + 1};
			b->bytes += (size_t)(p - chunk);
		}
		chunk = p;
		records = 0;
		if (!next)
			break;
	}
	if (!r->unpacked)
		f->consumed += (size_t)(chunk - data) - f->offset;
	f->offset = (size_t)(chunk - data);
	return 0;
}

int recordio_next(struct recordio *r, struct text_feed *f, struct text_batch *b, struct err *err)
{
	int e;

	text_batch_clear(b);
	b->unit = "record";
	while (f->file < f->source->n) {
		struct source_file *file = &f->source->files[f->file];
		size_t size = r->unpacked ? r->unpacked_n : file->size;

		if (f->offset && f->offset >= size) {
			recordio_close(r, f);
			continue;
		}
		if (f->offset && !r->unpacked)
			source_release(file, f->offset);
		e = recordio_cut(r, f, b, err);
		if (!e && !b->n && !f->offset) { /* nothing out of gzip */
			recordio_close(r, f);
			continue;
		}
		return e ? e : 1;
	}
	return 0;
}

/* --- rows ------------------------------------------------------------------------ */

struct recordio_job {
	const struct recordio *r;
	struct text_batch *batch;
	struct dataset *d;
};

static bool recordio_label_value(struct text_chunk *c, size_t record, const struct tensor *label, float *ret)
{
	if (label->kind && label->values == 1 && tensor_values(label, ret) && isfinite(*ret))
		return true;
	text_fault(c, record, 0, label->kind ? "the label is not one finite number" : "the label 'values' is missing");
	return false;
}

static bool recordio_dense_row(const struct recordio_job *job, struct text_chunk *c, size_t record,
			       const struct tensor *t)
{
	size_t columns = job->r->columns;
	float *out = job->d->dense + (c->row + record) * columns;

	if (t->keys) {
		text_fault(c, record, 0, "sparse, but the first record is dense");
		return false;
	}
	if (t->values != columns) {
		text_fault(c, record, 0, "%zu features, expected %zu", t->values, columns);
		return false;
	}
	if (!tensor_values(t, out)) {
		text_fault(c, record, 0, "the record is damaged");
		return false;
	}
	for (size_t i = 0; i < columns; i++)
		if (isinf(out[i])) {
			text_fault(c, record, i + 1, "infinite, or too large for a 32-bit float");
			return false;
		}
	return true;
}

struct sparse_value {
	uint64_t key;
	float value;
};

static int sparse_compare(const void *a, const void *b)
{
	const struct sparse_value *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static bool recordio_sparse_row(const struct recordio_job *job, struct text_chunk *c, size_t record,
				const struct tensor *t, size_t *at)
{
	struct dataset *d = job->d;
	float *values = xcalloc(t->values + 1, sizeof(*values));
	uint64_t *keys = xcalloc(t->keys + 1, sizeof(*keys));
	struct sparse_value *row = xcalloc(t->values + 1, sizeof(*row));
	bool good = t->keys == t->values && tensor_values(t, values) && tensor_keys(t, keys);
	size_t start = *at;

	if (!good)
		text_fault(c, record, 0, t->keys == t->values ? "the record is damaged" : "%zu keys for %zu values",
			   t->keys, t->values);
	for (size_t i = 0; good && i < t->values; i++)
		row[i] = (struct sparse_value){keys[i], values[i]};
	if (good)
		qsort(row, t->values, sizeof(*row), sparse_compare);
	for (size_t i = 0; good && i < t->values; i++) {
		if (row[i].key >= DATASET_MAX_COLUMNS || isinf(row[i].value) || (i && row[i].key == row[i - 1].key)) {
			text_fault(c, record, 0,
				   row[i].key >= DATASET_MAX_COLUMNS ? "key %llu is above the limit of %zu columns"
				   : isinf(row[i].value)
					   ? "the value of key %llu is infinite, or too large for a 32-bit float"
					   : "key %llu appears twice",
				   (unsigned long long)row[i].key, DATASET_MAX_COLUMNS);
			good = false;
		} else if (!isnan(row[i].value)) {
			d->column_index[*at] = (uint32_t)row[i].key;
			d->values[(*at)++] = row[i].value;
		}
	}
	if (good && t->values)
		c->max_column = MAX(c->max_column, (size_t)row[t->values - 1].key + 1);
	if (good && t->columns && t->columns <= DATASET_MAX_COLUMNS)
		c->max_column = MAX(c->max_column, (size_t)t->columns);
	if (good && job->r->expected && c->max_column > job->r->expected) {
		text_fault(c, record, 0, "%zu feature columns, but %zu are expected", c->max_column, job->r->expected);
		good = false;
	}
	d->row_start[c->row + record + 1] = *at - c->value;
	c->value_count += *at - start;
	free(values);
	free(keys);
	free(row);
	return good;
}

static void recordio_parse_chunk(void *context, size_t i)
{
	struct recordio_job *job = context;
	struct text_chunk *c = &job->batch->chunks[i];
	const char *p = c->data, *end = p + c->n;
	size_t at = c->value;

	for (size_t record = 0; p < end; record++) {
		struct tensor features, label;
		struct pb message;

		p = recordio_frame(p, end, &message);
		if (!p || !record_parse(message, &features, &label)) {
			text_fault(c, record, 0, "the record is damaged");
			return;
		}
		if (!features.kind) {
			text_fault(c, record, 0, "the features have no tensor 'values'");
			return;
		}
		if (job->d->labels && !recordio_label_value(c, record, &label, &job->d->labels[c->row + record]))
			return;
		if (job->r->sparse ? !recordio_sparse_row(job, c, record, &features, &at)
				   : !recordio_dense_row(job, c, record, &features))
			return;
		c->row_count++;
	}
}

/* Dense or sparse, and how many columns, from the very first record. */
static int recordio_start(struct recordio *r, const struct text_batch *batch, struct err *err)
{
	struct tensor features, label;
	struct pb message;

	if (r->started || !batch->n)
		return 0;
	if (!recordio_frame(batch->chunks[0].data, batch->chunks[0].data + batch->chunks[0].n, &message) ||
	    !record_parse(message, &features, &label))
		return err_set(err, ERR_PARSE, "%s record 1: the record is damaged", batch->chunks[0].name);
	r->sparse = features.keys > 0 || (features.columns && features.columns != features.values);
	if (!r->sparse) {
		if (r->columns && features.values != r->columns)
			return err_set(err, ERR_INVALID, "%s record 1: %zu features, expected %zu",
				       batch->chunks[0].name, features.values, r->columns);
		r->columns = features.values;
		if (!r->columns || r->columns > DATASET_MAX_COLUMNS)
			return err_set(err, ERR_INVALID, "%s record 1: %zu features", batch->chunks[0].name,
				       features.values);
	}
	r->started = true;
	return 0;
}

int recordio_batch(struct recordio *r, struct text_feed *f, struct text_batch *batch, struct builder *b,
		   struct err *err)
{
	struct recordio_job job = {.r = r, .batch = batch, .d = b->d};
	size_t rows = b->d->rows, values = b->d->row_start ? b->d->row_start[rows] : 0;
	int e = recordio_start(r, batch, err);

	if (e)
		return e;
	for (size_t i = 0; i < batch->n; i++) {
		batch->chunks[i].row = rows;
		batch->chunks[i].value = values;
		rows += batch->chunks[i].lines;
		values += r->sparse ? batch->chunks[i].n / 2 : 0; /* a value and its key take two bytes at least */
	}
	b->sparse = r->sparse;
	b->with_labels = r->opt->has_label;
	b->d->columns = r->columns;
	e = builder_reserve(b, rows, values, r->sparse ? 1 : text_feed_growth(f), err);
	if (e)
		return e;
	parallel_for(batch->n, r->opt->threads, recordio_parse_chunk, &job);
	e = text_batch_fault(batch, err);
	for (size_t i = 0; !e && r->sparse && i < batch->n; i++)
		r->columns = MAX(r->columns, batch->chunks[i].max_column);
	if (e)
		return e;
	builder_compact(b, batch);
	b->d->columns = r->columns;
	return 0;
}

/* --- writing ----------------------------------------------------------------------- */

void recordio_write(struct buf *out, const struct recordio_label *labels, size_t n)
{
	static const char zeros[4];
	AUTO(buf) struct buf record = BUF_INIT(out->max);
	uint32_t header[2];

	for (size_t i = 0; i < n; i++) {
		AUTO(buf)
		struct buf tensor = BUF_INIT(out->max), value = BUF_INIT(out->max), entry = BUF_INIT(out->max);

		pb_put_bytes(&tensor, TENSOR_VALUES, labels[i].values, labels[i].n * sizeof(float));
		pb_put_bytes(&value, VALUE_FLOAT32, buf_str(&tensor), tensor.len);
		pb_put_bytes(&entry, ENTRY_KEY, labels[i].name, strlen(labels[i].name));
		pb_put_bytes(&entry, ENTRY_VALUE, buf_str(&value), value.len);
		pb_put_bytes(&record, RECORD_LABEL, buf_str(&entry), entry.len);
	}
	header[0] = RECORDIO_MAGIC;
	header[1] = (uint32_t)record.len;
	buf_add(out, header, sizeof(header));
	buf_add(out, buf_str(&record), record.len);
	buf_add(out, zeros, -record.len & 3);
}
