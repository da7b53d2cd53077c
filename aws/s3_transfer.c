/* Files to and from S3: uploads in parts, downloads that go on where they broke off. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aws/op.h"
#include "aws/s3_impl.h"
#include "aws/xml.h"
#include "base/fs.h"
#include "base/digest.h"

#define PARTS_AT_ONCE 4
#define MAX_PARTS 10000
#define MAX_RESUMES 5

/* --- upload --------------------------------------------------------------------------- */

struct upload;

struct part {
	struct upload *upload;
	int number;
	char *etag;
};

struct upload {
	struct aws_client *client;
	char *bucket, *key, *path, *id;
	int64_t size, part_size;
	struct part *parts;
	int n_parts, next, under_way, done_parts;
	struct err err;
	s3_done_fn *fn;
	void *user;
};

static void upload_end(struct upload *u)
{
	u->fn(u->user, u->err.code ? &u->err : NULL);
	for (int i = 0; i < u->n_parts; i++)
		free(u->parts[i].etag);
	free(u->parts);
	free(u->bucket);
	free(u->key);
	free(u->path);
	free(u->id);
	free(u);
}

static void upload_fail(struct upload *u, const struct err *err)
{
	if (!u->err.code)
		u->err = *err;
}

/* SHA-256 of n bytes of the file from offset. */
static int hash_piece(const char *path, int64_t offset, int64_t n, char out[SHA256_HEX_LEN], struct err *err)
{
	AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct sha256_stream *s;
	char *piece;

	if (fd < 0)
		return err_set(err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO, "%s: %s", path, strerror(errno));
	s = sha256_stream_new();
	piece = xmalloc(256 << 10);
	while (n > 0) {
		ssize_t got = pread(fd, piece, (size_t)MIN(n, 256 << 10), (off_t)offset);

		if (got <= 0)
			break;
		sha256_stream_add(s, piece, (size_t)got);
		offset += got;
		n -= got;
	}
	free(piece);
	sha256_stream_finish_hex(s, out);
	return n ? err_set(err, ERR_IO, "%s: has become shorter while it was uploaded", path) : 0;
}

static struct aws_request *upload_call(struct upload *u, const struct aws_op *op, const char *method, const char *query,
				       const char *body, aws_reply_fn *fn)
{
	AUTO(str) char *path = s3_key_path(u->key);
	AUTO(strmap) struct strmap headers = {0};
	struct aws_call call = {.op = op,
				.priority = AWS_USER_ACTION,
				.method = method,
				.bucket = u->bucket,
				.path = path,
				.query = query,
				.headers = &headers,
				.body = body,
				.body_len = body ? strlen(body) : 0,
				.fn = fn,
				.ctx = u};

	if (op == AWS_OP_ROW(s3, CreateMultipartUpload))
		strmap_set(&headers, "Content-Type", S3_CONTENT_TYPE);
	return aws_call(u->client, &call);
}

static void on_aborted(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	upload_end(ctx);
}

static void upload_abort(struct upload *u)
{
	AUTO(buf) struct buf query = BUF_INIT(BUF_MAX_TEXT);

	if (u->err.code == ERR_CANCELLED) {
		upload_end(u); /* the client is going away */
		return;
	}
	s3_query_add(&query, "uploadId", u->id);
	upload_call(u, AWS_OP_ROW(s3, AbortMultipartUpload), "DELETE", buf_str(&query), NULL, on_aborted);
}

static void on_completed(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct upload *u = ctx;

	if (err) {
		upload_fail(u, err);
		upload_abort(u);
		return;
	}
	upload_end(u);
}

static void upload_complete(struct upload *u)
{
	AUTO(buf) struct buf query = BUF_INIT(BUF_MAX_TEXT);
	AUTO(buf) struct buf body = BUF_INIT(BUF_MAX_TEXT);

	s3_query_add(&query, "uploadId", u->id);
	buf_adds(&body, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
	for (int i = 0; i < u->n_parts; i++) {
		buf_addf(&body, "<Part><PartNumber>%d</PartNumber><ETag>", i + 1);
		for (const char *p = u->parts[i].etag; *p; p++)
			buf_adds(&body, *p == '"'   ? "&quot;"
					: *p == '&' ? "&amp;"
					: *p == '<' ? "&lt;"
						    : (char[]){*p, 0});
		buf_adds(&body, "</ETag></Part>");
	}
	buf_adds(&body, "</CompleteMultipartUpload>");
	upload_call(u, AWS_OP_ROW(s3, CompleteMultipartUpload), "POST", buf_str(&query), buf_str(&body), on_completed);
}

static void upload_more(struct upload *u);

static void on_part(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct part *p = ctx;
	struct upload *u = p->upload;
	const char *etag = err ? NULL : http_reply_header(reply->http, "etag");

	u->under_way--;
	if (err) {
		upload_fail(u, err);
	} else {
		p->etag = xstrdup(etag);
		u->done_parts++;
	}
	upload_more(u);
}

static void send_part(struct upload *u, struct part *p)
{
	AUTO(buf) struct buf query = BUF_INIT(BUF_MAX_TEXT);
	AUTO(str) char *path = s3_key_path(u->key);
	char hash[SHA256_HEX_LEN], number[16];
	int64_t offset = (int64_t)(p->number - 1) * u->part_size, n = MIN(u->part_size, u->size - offset);
	struct aws_call call = {.op = AWS_OP_ROW(s3, UploadPart),
				.priority = AWS_USER_ACTION,
				.method = "PUT",
				.bucket = u->bucket,
				.path = path,
				.body_path = u->path,
				.body_offset = offset,
				.body_len = (size_t)n,
				.body_hash = hash,
				.fn = on_part,
				.ctx = p};

	if (hash_piece(u->path, offset, n, hash, &u->err))
		return;
	snprintf(number, sizeof(number), "%d", p->number);
	s3_query_add(&query, "partNumber", number);
	s3_query_add(&query, "uploadId", u->id);
	call.query = buf_str(&query);
	u->under_way++;
	aws_call(u->client, &call);
}

static void upload_more(struct upload *u)
{
	while (!u->err.code && u->next < u->n_parts && u->under_way < PARTS_AT_ONCE)
		send_part(u, &u->parts[u->next++]);
	if (u->under_way)
		return;
	if (u->err.code)
		upload_abort(u);
	else if (u->done_parts == u->n_parts)
		upload_complete(u);
}

static void on_created(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct upload *u = ctx;
	AUTO(xml) struct xml_node *root = NULL;
	struct err bad = {0};
	const char *id = NULL;

	if (!err && xml_parse(reply->body, reply->len, "CreateMultipartUpload reply", &root, &bad))
		err = &bad;
	if (!err) {
		id = xml_text(root, "UploadId");
		if (str_empty(id)) {
			err_set(&bad, ERR_PARSE, "CreateMultipartUpload reply: no UploadId");
			err = &bad;
		}
	}
	if (err) {
		upload_fail(u, err);
		upload_end(u);
		return;
	}
	u->id = xstrdup(id);
	upload_more(u);
}

static void on_single(void *user, const struct err *err)
{
	struct upload *u = user;

	if (err)
		upload_fail(u, err);
	upload_end(u);
}

static void upload_end_later(void *user)
{
	upload_end(user);
}

static void upload_start(struct upload *u)
{
	struct stat st;
	char hash[SHA256_HEX_LEN];

	if (stat(u->path, &st))
		err_set(&u->err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO, "%s: %s", u->path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		err_set(&u->err, ERR_INVALID, "%s: not a file that can be uploaded", u->path);
	if (u->err.code) {
		aws_client_after(u->client, 0, upload_end_later, u);
		return;
	}
	u->size = st.st_size;
	if (u->size <= S3_MULTIPART_THRESHOLD) {
		struct s3_piece piece = {u->path, 0, (size_t)u->size, hash};

		if (hash_piece(u->path, 0, u->size, hash, &u->err))
			aws_client_after(u->client, 0, upload_end_later, u);
		else
			s3_put_piece(u->client, u->bucket, u->key, &piece, on_single, u);
		return;
	}
	u->part_size = MAX(S3_PART_SIZE, (u->size + MAX_PARTS - 1) / MAX_PARTS);
	u->n_parts = (int)((u->size + u->part_size - 1) / u->part_size);
	u->parts = xcalloc((size_t)u->n_parts, sizeof(*u->parts));
	for (int i = 0; i < u->n_parts; i++)
		u->parts[i] = (struct part){.upload = u, .number = i + 1};
	upload_call(u, AWS_OP_ROW(s3, CreateMultipartUpload), "POST", "uploads=", NULL, on_created);
}

void s3_put_file(struct aws_client *c, const char *bucket, const char *key, const char *path, s3_done_fn *fn,
		 void *user)
{
	struct upload *u = NEW(struct upload);

	*u = (struct upload){.client = c,
			     .bucket = xstrdup(bucket),
			     .key = xstrdup(key),
			     .path = xstrdup(path),
			     .fn = fn,
			     .user = user};
	upload_start(u);
}

/* --- download ------------------------------------------------------------------------------ */

struct s3_download {
	struct aws_client *client;
	struct aws_request *request; /* under way; NULL between two */
	struct s3_download_options o;
	char *bucket, *key, *etag;
	struct fs_draft *draft;
	int resumes;
	int64_t got, all;
	s3_done_fn *fn;
	void *user;
	struct err err;
};

static void download_end(struct s3_download *d, const struct err *err)
{
	struct fs_draft *draft = TAKE(d->draft);

	if (!err && fs_draft_keep(draft, true, &d->err) < 0)
		err = &d->err;
	else if (err)
		fs_draft_drop(draft);
	d->fn(d->user, err);
	free(d->bucket);
	free(d->key);
	free(d->etag);
	free(d);
}

static int on_start(void *ctx, const struct http_reply *reply)
{
	struct s3_download *d = ctx;
	const char *length = http_reply_header(reply, "content-length");
	int64_t rest;

	if (d->got && reply->status != 206)
		return err_set(&d->err, ERR_SERVICE, "GetObject: the rest of %s was asked for, the service sent all",
			       d->key);
	if (!d->etag)
		d->etag = xstrdup(http_reply_header(reply, "etag"));
	d->all = length && str_to_i64(length, &rest) && rest >= 0 ? d->got + rest : -1;
	return 0;
}

static int on_piece(void *ctx, const void *data, size_t n)
{
	struct s3_download *d = ctx;

	if (fs_draft_add(d->draft, data, n, &d->err) < 0)
		return -d->err.code;
	d->got += (int64_t)n;
	if (d->o.progress)
		d->o.progress(d->user, d->got, d->all);
	return 0;
}

static void download_send(struct s3_download *d);

static void on_get(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct s3_download *d = ctx;

	d->request = NULL;
	if (d->err.code) {
		download_end(d, &d->err);
		return;
	}
	/* Broken off in the middle: ask for the rest, of the same object. */
	if (err && (err->code == ERR_NET || err->code == ERR_TIMEOUT) && d->got && d->resumes++ < MAX_RESUMES) {
		download_send(d);
		return;
	}
	download_end(d, err);
}

static void download_send(struct s3_download *d)
{
	AUTO(str) char *path = s3_key_path(d->key);
	AUTO(strmap) struct strmap headers = {0};
	struct aws_call call = {.op = AWS_OP_ROW(s3, GetObject),
				.priority = AWS_USER_ACTION,
				.method = "GET",
				.bucket = d->bucket,
				.path = path,
				.headers = &headers,
				.on_start = on_start,
				.on_data = on_piece,
				.fn = on_get,
				.ctx = d};

	/* The object as it is stored, even where it is gzip. */
	strmap_set(&headers, "Accept-Encoding", "identity");
	if (d->got) {
		AUTO(str) char *range = xasprintf("bytes=%lld-", (long long)d->got);

		strmap_set(&headers, "Range", range);
		if (d->etag)
			strmap_set(&headers, "If-Match", d->etag);
	}
	d->request = aws_call(d->client, &call);
}

static void download_end_later(void *user)
{
	struct s3_download *d = user;

	assert(d);
	download_end(d, &d->err);
}

struct s3_download *s3_download(struct aws_client *c, const char *bucket, const char *key, const char *path,
				const struct s3_download_options *o, s3_done_fn *fn, void *user)
{
	mode_t mask = umask(0);
	struct s3_download *d = NEW(struct s3_download);

	umask(mask);
	*d = (struct s3_download){.client = c,
				  .o = *o,
				  .bucket = xstrdup(bucket),
				  .key = xstrdup(key),
				  .all = -1,
				  .fn = fn,
				  .user = user};
	if (fs_draft_begin(path, o->replace, 0666 & ~mask, &d->draft, &d->err) < 0)
		aws_client_after(c, 0, download_end_later, d);
	else
		download_send(d);
	return d;
}

void s3_download_stop(struct s3_download *d)
{
	if (d->request)
		aws_request_cancel(d->request);
}

void s3_get_file(struct aws_client *c, const char *bucket, const char *key, const char *path, s3_done_fn *fn,
		 void *user)
{
	(void)s3_download(c, bucket, key, path, &(struct s3_download_options){.replace = true}, fn, user);
}
