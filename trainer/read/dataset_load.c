/* A channel as rows: its files found, its content type, its reader, its parts put together. */
#include "trainer/read/dataset_build.h"

#include <pthread.h>

/* What a thread is given at a time: so much that threads seldom wait for each other, but
 * of little data only a part, so that parsed pages are let go of soon. */
#define DATASET_BATCH_LEAST ((size_t)1 << 20)
#define DATASET_BATCH_MOST ((size_t)8 << 20)
#define DATASET_CHUNK ((size_t)1 << 19)

struct dataset_reader {
	struct dataset_options opt;
	struct source source;
	struct text_feed feed;
	struct text_batch batch;
	struct csv *csv;
	struct libsvm *libsvm;
	struct recordio *recordio;
	struct parquet *parquet;
};

enum data_format data_format_parse(const char *content_type)
{
	static const struct {
		const char *name;
		enum data_format format;
	} known[] = {
		{"csv", DATA_CSV},
		{"text/csv", DATA_CSV},
		{"libsvm", DATA_LIBSVM},
		{"text/libsvm", DATA_LIBSVM},
		{"text/x-libsvm", DATA_LIBSVM},
		{"recordio-protobuf", DATA_RECORDIO},
		{"application/x-recordio-protobuf", DATA_RECORDIO},
		{"parquet", DATA_PARQUET},
		{"application/x-parquet", DATA_PARQUET},
		{"application/vnd.apache.parquet", DATA_PARQUET},
	};
	char name[64];
	size_t n;

	if (!content_type)
		return DATA_UNKNOWN;
	content_type += strspn(content_type, " \t");
	n = strcspn(content_type, "; \t");
	if (n >= sizeof(name))
		return DATA_UNKNOWN;
	memcpy(name, content_type, n);
	name[n] = 0;
	str_lower(name);
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (!strcmp(name, known[i].name))
			return known[i].format;
	return DATA_UNKNOWN;
}

/* --- a reader ----------------------------------------------------------------- */

static void dataset_reader_free(struct dataset_reader *r)
{
	if (!r)
		return;
	text_batch_done(&r->batch);
	text_feed_done(&r->feed);
	csv_free(r->csv);
	libsvm_free(r->libsvm);
	recordio_free(r->recordio);
#ifdef WITH_PARQUET
	parquet_free(r->parquet);
#endif
	source_done(&r->source);
	free(r);
}
AUTO_POINTER(dataset_reader, struct dataset_reader, dataset_reader_free)

static struct dataset_reader *reader_new(const struct dataset_options *opt)
{
	struct dataset_reader *r = NEW(struct dataset_reader);

	r->opt = *opt;
	r->feed.source = &r->source;
	r->feed.batch_bytes = opt->chunk_bytes * 5;
	r->feed.chunk_bytes = opt->chunk_bytes ? opt->chunk_bytes : DATASET_CHUNK;
	r->feed.max_unpacked = opt->max_unpacked;
	return r;
}

static int reader_start(struct dataset_reader *r, struct err *err)
{
	size_t threads = (size_t)MAX(r->opt.threads, 1);

	if (!r->feed.batch_bytes)
		r->feed.batch_bytes =
			threads * MIN(MAX(r->source.bytes / 16 / threads, DATASET_BATCH_LEAST), DATASET_BATCH_MOST);
	switch (r->opt.format) {
	case DATA_CSV:
		r->csv = csv_new(&r->opt);
		return 0;
	case DATA_LIBSVM:
		r->libsvm = libsvm_new(&r->opt);
		return 0;
	case DATA_RECORDIO:
		r->recordio = recordio_new(&r->opt);
		return 0;
	case DATA_PARQUET:
#ifdef WITH_PARQUET
		r->parquet = parquet_new(&r->opt);
		return 0;
#else
		return err_set(err, ERR_INVALID,
			       "this program was built without Parquet (configure --with-parquet): use CSV instead");
#endif
	case DATA_UNKNOWN:
		break;
	}
	return err_set(err, ERR_INVALID, "the content type is not known: use text/csv or text/libsvm");
}

static int reader_append_batch(struct dataset_reader *r, struct builder *b, struct err *err)
{
	int n;

#ifdef WITH_PARQUET
	if (r->parquet)
		return parquet_append(r->parquet, &r->feed, b, err);
#endif
	n = r->recordio ? recordio_next(r->recordio, &r->feed, &r->batch, err)
			: text_feed_next(&r->feed, &r->batch, err);

	if (!n && r->csv)
		n = csv_finish(r->csv, &r->source, err);
	if (n <= 0)
		return n;
	b->d->bytes_read += r->batch.bytes;
	if (r->recordio)
		n = recordio_batch(r->recordio, &r->feed, &r->batch, b, err);
	else if (r->csv)
		n = csv_batch(r->csv, &r->feed, &r->batch, b, err);
	else
		n = libsvm_batch(r->libsvm, &r->feed, &r->batch, b, err);
	return n ? n : 1;
}

/* Append the next batch to b->d; 1, 0 at the end, or -code. That a file was lost while
 * it was read is the cause of whatever else is wrong with it. */
static int reader_append(struct dataset_reader *r, struct builder *b, struct err *err)
{
	struct err found = {0};
	int n = reader_append_batch(r, b, &found), lost = source_check(&r->source, err);

	if (lost)
		return lost;
	return n < 0 ? err_set(err, found.code, "%s", found.msg) : n;
}

/* What the format knows beside the rows. */
static void reader_describe(const struct dataset_reader *r, struct dataset *d)
{
	const struct dataset *like = r->opt.like;

#ifdef WITH_PARQUET
	if (r->parquet) {
		parquet_describe(r->parquet, d);
		return;
	}
#endif
	if (r->csv)
		csv_describe(r->csv, d);
	else if (like)
		for (size_t i = 0; i < like->feature_names.n; i++)
			strlist_add(&d->feature_names, like->feature_names.items[i]);
}

/* --- all at once ----------------------------------------------------------------- */

struct hash_job {
	const struct source *source;
	char hex[65];
	struct err err;
	int result;
};

static void *hash_run(void *arg)
{
	struct hash_job *job = arg;

	job->result = source_hash(job->source, job->hex, &job->err);
	return NULL;
}

static int reader_load(struct dataset_reader *r, struct dataset **ret, struct err *err)
{
	AUTO(dataset) struct dataset *d = NEW(struct dataset);
	struct builder b = {.d = d, .spill_above = r->opt.spill_above};
	struct hash_job hash = {.source = &r->source};
	pthread_t thread;
	bool hashing = false;
	int n = reader_start(r, err);

	if (n)
		return n;
	if (r->opt.hash) {
		hashing = !pthread_create(&thread, NULL, hash_run, &hash);
		if (!hashing)
			hash_run(&hash);
	}
	while ((n = reader_append(r, &b, err)) == 1)
		;
	if (hashing)
		pthread_join(thread, NULL);
	if (n < 0)
		return n;
	if (hash.result)
		return err_set(err, hash.err.code, "%s", hash.err.msg);
	if (!d->rows)
		return err_set(err, ERR_INVALID, "%s: the data has no rows", r->source.files[0].name);
	memcpy(d->data_hash, hash.hex, sizeof(hash.hex));
	n = builder_trim(&b, err);
	if (n)
		return n;
	reader_describe(r, d);
	d->notes = r->source.notes;
	r->source.notes = (struct strlist){0};
	*ret = TAKE(d);
	return 0;
}

int dataset_load_dir(const char *dir, const struct dataset_options *opt, struct dataset **ret, struct err *err)
{
	AUTO(dataset_reader) struct dataset_reader *r = reader_new(opt);
	int e = source_add_dir(&r->source, dir, err);

	return e ? e : reader_load(r, ret, err);
}

int dataset_load_file(const char *path, const struct dataset_options *opt, struct dataset **ret, struct err *err)
{
	AUTO(dataset_reader) struct dataset_reader *r = reader_new(opt);
	int e = source_add_file(&r->source, path, err);

	return e ? e : reader_load(r, ret, err);
}

int dataset_load_memory(const void *data, size_t n, const char *what, const struct dataset_options *opt,
			struct dataset **ret, struct err *err)
{
	AUTO(dataset_reader) struct dataset_reader *r = reader_new(opt);

	source_add_memory(&r->source, data, n, what);
	return reader_load(r, ret, err);
}
