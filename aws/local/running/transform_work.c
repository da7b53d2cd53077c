/* What threads do for a transform job: bytes of a file into batches, answers into its output. */
#include "aws/local/running/transform_impl.h"

#include <archive.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

void transform_batch_free(struct transform_batch *b)
{
	buf_done(&b->body);
	buf_done(&b->answer);
	free(b);
}

/* --- the file ------------------------------------------------------------------------------------- */

static int gunzip(const char *source, const char *target, struct err *err)
{
	struct archive *in = archive_read_new();
	struct archive_entry *entry;
	AUTO(fd) int out = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	archive_read_support_filter_gzip(in);
	archive_read_support_format_raw(in);
	archive_read_support_format_empty(in);
	int rc = out < 0 ? ARCHIVE_FATAL : archive_read_open_filename(in, source, (size_t)256 << 10);

	if (rc == ARCHIVE_OK)
		rc = archive_read_next_header(in, &entry);
	bool zipped = archive_filter_code(in, 0) == ARCHIVE_FILTER_GZIP;

	if (rc == ARCHIVE_OK)
		rc = archive_read_data_into_fd(in, out);
	archive_read_free(in);
	if (zipped && (rc == ARCHIVE_OK || rc == ARCHIVE_EOF))
		return 0;
	return err_set(err, ERR_PARSE, "it cannot be unpacked as gzip, as its CompressionType says");
}

static int open_file(struct transform_file *f, struct err *err)
{
	int rc = f->scratch ? gunzip(f->source, f->scratch, err) : 0;
	AUTO(fd) int fd = rc < 0 ? -1 : open(str_or(f->scratch, f->source), O_RDONLY | O_CLOEXEC);
	int64_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);

	if (rc < 0)
		return rc;
	if (size < 0)
		return err_set(err, ERR_IO, "it cannot be read: %s", strerror(errno));
	void *bytes = size ? mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;

	if (bytes == MAP_FAILED)
		return err_set(err, ERR_IO, "it cannot be read: %s", strerror(errno));
	f->bytes = bytes;
	f->n = (size_t)size;
	f->read = !size;
	f->out_fd = open(f->out_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return f->out_fd < 0 ? err_set(err, ERR_IO, "its output cannot be written: %s", strerror(errno)) : 0;
}

/* --- records and their filters ----------------------------------------------------------------------- */

/* JSON of a file that is not split is one document; everything else that is filtered is lines. */
static enum transform_split split_within(const struct transform_settings *set)
{
	return set->format == FORMAT_JSON && set->split == SPLIT_NONE ? SPLIT_NONE : SPLIT_LINE;
}

static int add_json(struct buf *out, const json_t *j, struct err *err)
{
	AUTO(str) char *text = json_text(j);
	AUTO(json) json_t *back = json_loads(text, JSON_DECODE_ANY, NULL);
	AUTO(str) char *exact = json_equal(back, j) ? NULL : json_text_exact(j);

	return buf_adds(out, str_or(exact, text)) < 0 ? err_set(err, ERR_TOOBIG, "the records are too large") : 0;
}

static int parse(const struct transform_record *r, const char *what, json_t **ret, struct err *err)
{
	return json_parse(r->data, r->len, what, ret, err);
}

static int filter_record(const struct transform_settings *set, const struct transform_record *r, struct buf *out,
			 struct err *err)
{
	AUTO(json) json_t *j = NULL;
	AUTO(json) json_t *some = NULL;

	if (set->format == FORMAT_CSV)
		return transform_filter_csv(&set->input, r->data, r->len, out, err);
	int rc = parse(r, "a record", &j, err);

	if (rc == 0)
		rc = transform_filter_json(&set->input, j, &some, err);
	return rc < 0 ? rc : add_json(out, some, err);
}

/* The records between the two, filtered, with newlines between them. */
static int filter_input(const struct transform_settings *set, const char *p, size_t n, struct buf *out, struct err *err)
{
	struct transform_record r;
	int rc = 0;

	for (size_t at = 0; rc == 0 && at < n; at += r.framed_len) {
		rc = transform_record_at(split_within(set), p + at, n - at, &r, err);
		if (rc == 0 && at)
			rc = buf_addc(out, '\n');
		if (rc == 0)
			rc = filter_record(set, &r, out, err);
	}
	return rc;
}

/* --- a batch -------------------------------------------------------------------------------------------- */

static size_t payload_limit(const struct transform_settings *set)
{
	return set->payload_mb ? (size_t)set->payload_mb * MB : HTTP_CALL_MAX_BODY;
}

static int too_large(const struct transform_settings *set, size_t n, struct err *err)
{
	return err_set(err, ERR_TOOBIG, "ClientError: a record of %zu bytes is larger than %s=%zu", n,
		       set->payload_mb ? "MaxPayloadInMB" : "what the local engine sends at once, in MB",
		       payload_limit(set) / MB);
}

/* As many records as fit, or one. Its framing is left away from one, and a newline from the
 * last of several. */
static int fill(struct transform_file *f, struct transform_batch *b, struct err *err)
{
	const struct transform_settings *set = &f->t->set;
	size_t limit = payload_limit(set);
	struct transform_record r;

	b->records = b->data = f->bytes + f->at;
	while (f->at < f->n) {
		int rc = transform_record_at(set->split, f->bytes + f->at, f->n - f->at, &r, err);

		if (rc < 0)
			return rc;
		if (b->records_len + r.len > limit) {
			if (b->records_len)
				break;
			return too_large(set, r.len, err);
		}
		b->n = set->split == SPLIT_LINE ? b->records_len + r.len : b->records_len + r.framed_len;
		b->records_len += r.framed_len;
		f->at += r.framed_len;
		if (set->multi)
			continue;
		b->data = r.data;
		b->n = r.len;
		break;
	}
	f->read = f->at == f->n;
	return 0;
}

static int make_batch(struct transform_file *f, struct err *err)
{
	struct transform_batch *b = NEW(struct transform_batch);

	b->file = f;
	b->body = BUF_INIT(HTTP_CALL_MAX_BODY);
	int rc = fill(f, b, err);

	if (rc == 0 && f->t->set.input.n) {
		rc = filter_input(&f->t->set, b->records, b->records_len, &b->body, err);
		b->data = buf_str(&b->body);
		b->n = b->body.len;
	}
	if (rc < 0) {
		transform_batch_free(b);
		return rc;
	}
	f->worked_on = b;
	return 0;
}

/* --- what is stored --------------------------------------------------------------------------------------- */

static int write_all(const struct transform_file *f, const char *p, size_t n, struct err *err)
{
	while (n) {
		ssize_t done = write(f->out_fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return err_set(err, ERR_IO, "its output cannot be written: %s", strerror(errno));
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

static int join_csv(const struct transform_settings *set, const struct transform_record *record,
		    const struct transform_record *result, struct buf *out, struct err *err)
{
	AUTO(buf) struct buf joined = BUF_INIT(HTTP_CALL_MAX_BODY);

	if (!set->join)
		return transform_filter_csv(&set->output, result->data, result->len, out, err);
	buf_add(&joined, record->data, record->len);
	buf_addc(&joined, ',');
	buf_add(&joined, result->data, result->len);
	return transform_filter_csv(&set->output, buf_str(&joined), joined.len, out, err);
}

static int join_json(const struct transform_settings *set, const struct transform_record *record,
		     const struct transform_record *result, struct buf *out, struct err *err)
{
	AUTO(json) json_t *in = NULL;
	AUTO(json) json_t *inference = NULL;
	AUTO(json) json_t *joined = NULL;
	AUTO(json) json_t *some = NULL;
	int rc = parse(result, "the output of the algorithm", &inference, err);

	if (rc == 0 && set->join)
		rc = parse(record, "a record", &in, err);
	if (rc < 0)
		return rc;
	joined = set->join ? transform_join_json(in, inference) : json_incref(inference);
	rc = transform_filter_json(&set->output, joined, &some, err);
	return rc < 0 ? rc : add_json(out, some, err);
}

static size_t count_records(enum transform_split split, const char *p, size_t n)
{
	size_t count = 0, at = 0;
	struct transform_record r;

	while (at < n && transform_record_at(split, p + at, n - at, &r, NULL) == 0) {
		at += r.framed_len;
		count++;
	}
	return count;
}

/* Record by record with its result. */
static int join_answer(const struct transform_batch *b, struct buf *out, struct err *err)
{
	const struct transform_settings *set = &b->file->t->set;
	const char *results = buf_str(&b->answer);
	enum transform_split split = split_within(set);
	size_t n_in = count_records(split, b->records, b->records_len);
	size_t n_out = count_records(split, results, b->answer.len), at = 0, from = 0;
	int rc = 0;

	if (set->format == FORMAT_CSV && (b->answer_format == FORMAT_JSON || b->answer_format == FORMAT_JSON_LINES))
		return err_set(err, ERR_PARSE, "Failed to parse output from the algorithm as CSV");
	if (n_in != n_out && set->join)
		return err_set(err, ERR_PARSE, "the algorithm gave %zu results for %zu records, which cannot be joined",
			       n_out, n_in);
	for (size_t i = 0; rc == 0 && i < n_out; i++) {
		struct transform_record record = {0}, result;

		rc = transform_record_at(split, results + at, b->answer.len - at, &result, err);
		if (rc == 0 && set->join)
			rc = transform_record_at(split, b->records + from, b->records_len - from, &record, err);
		if (rc == 0 && i)
			rc = buf_addc(out, '\n');
		if (rc == 0)
			rc = set->format == FORMAT_CSV ? join_csv(set, &record, &result, out, err)
						       : join_json(set, &record, &result, out, err);
		at += result.framed_len;
		from += record.framed_len;
	}
	return rc;
}

/* AssembleWith Line: each result ends with one newline, whether the model wrote it or not. */
static int write_batch(struct transform_file *f, struct err *err)
{
	const struct transform_batch *b = f->worked_on;
	const struct transform_settings *set = &f->t->set;
	AUTO(buf) struct buf joined = BUF_INIT((size_t)1 << 30);
	const struct buf *all = &b->answer;
	int rc = 0;

	if (set->join || set->output.n) {
		rc = join_answer(b, &joined, err);
		all = &joined;
	}
	size_t n = all->len;

	if (set->lines && n && all->data[n - 1] == '\n')
		n--;
	if (rc == 0)
		rc = write_all(f, buf_str(all), n, err);
	if (rc == 0 && set->lines)
		rc = write_all(f, "\n", 1, err);
	return rc;
}

/* --- the thread --------------------------------------------------------------------------------------------- */

static int seal_file(struct transform_file *f, struct err *err)
{
	if (fsync(f->out_fd) < 0)
		return err_set(err, ERR_IO, "its output cannot be written: %s", strerror(errno));
	return stored_seal(&f->stored, f->out_path, err);
}

void transform_work(void *file)
{
	static int (*const tasks[])(struct transform_file *, struct err *) = {[TASK_OPEN] = open_file,
									      [TASK_BATCH] = make_batch,
									      [TASK_WRITE] = write_batch,
									      [TASK_SEAL] = seal_file};
	struct transform_file *f = file;
	struct err err = {0};

	if (tasks[f->task](f, &err) < 0)
		str_copy(f->error, sizeof(f->error), err.msg);
}
