/* S3: single and multipart uploads, downloads that break off, listings. */
#include "unit.h"

#include "aws/s3_impl.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/fs.h"
#include "httpd.h"

#define BIG ((size_t)20 << 20)

struct bucket {
	struct buf parts[8], object;
	int n_created, n_parts, n_completed, n_aborted, n_gets;
	bool fail_part, complete_error, break_off, elsewhere, no_etag;
	char *path, *range, *if_match, *body, *content_type;
};

static void handle_get(struct bucket *b, const struct httpd_request *r, struct buf *out)
{
	const char *range = strmap_get(&r->headers, "range");
	size_t from = range ? (size_t)atoll(range + strlen("bytes=")) : 0;

	b->n_gets++;
	str_set(&b->range, range);
	str_set(&b->if_match, strmap_get(&r->headers, "if-match"));
	buf_addf(out, "HTTP/1.1 %s\r\nContent-Length: %zu\r\nETag: \"e1\"\r\n\r\n", range ? "206 Partial" : "200 OK",
		 b->object.len - from);
	if (b->break_off && b->n_gets <= 2)
		buf_add(out, b->object.data + from, (b->object.len - from) / 2);
	else
		buf_add(out, b->object.data + from, b->object.len - from);
}

static bool serve(void *user, const struct httpd_request *r, struct buf *out)
{
	struct bucket *b = user;
	const char *number = strstr(r->path, "partNumber=");
	char hash[SHA256_HEX_LEN];

	str_set(&b->path, r->path);
	sha256_hex(r->body, r->len, hash);
	if (b->elsewhere && !strstr(strmap_get(&r->headers, "authorization"), "/ap-south-1/s3/")) {
		httpd_reply(out, 400, "x-amz-bucket-region: ap-south-1\r\n",
			    "<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region 'us-east-1' is wrong"
			    "</Message></Error>");
	} else if (!str_eq(strmap_get(&r->headers, "x-amz-content-sha256"), hash)) {
		httpd_reply(out, 400, "", "<Error><Code>XAmzContentSHA256Mismatch</Code></Error>");
	} else if (!strcmp(r->method, "POST") && strstr(r->path, "?uploads=")) {
		b->n_created++;
		httpd_reply(out, 200, "", "<R xmlns=\"http://s3\"><UploadId>id/+1</UploadId></R>");
	} else if (!strcmp(r->method, "PUT") && number) {
		int i = atoi(number + strlen("partNumber="));

		b->n_parts++;
		if (b->fail_part && i == 2) {
			httpd_reply(out, 403, "", "<Error><Code>AccessDenied</Code><Message>no</Message></Error>");
			return true;
		}
		buf_clear(&b->parts[i]);
		assert_int_equal(buf_add(&b->parts[i], r->body, r->len), 0);
		httpd_reply(out, 200, i == 1 ? "ETag: \"p1&\"\r\n" : "ETag: \"p\"\r\n", "");
	} else if (!strcmp(r->method, "POST")) {
		b->n_completed++;
		free(b->body);
		b->body = xstrndup(r->body, r->len);
		httpd_reply(out, 200, "",
			    b->complete_error
				    ? "<?xml version=\"1.0\"?><Error><Code>InternalError</Code></Error>"
				    : "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>");
	} else if (!strcmp(r->method, "DELETE")) {
		b->n_aborted++;
		buf_adds(out, "HTTP/1.1 204 X\r\n\r\n");
	} else if (!strcmp(r->method, "PUT")) {
		buf_clear(&b->object);
		assert_int_equal(buf_add(&b->object, r->body, r->len), 0);
		str_set(&b->content_type, strmap_get(&r->headers, "content-type"));
		httpd_reply(out, 200, b->no_etag ? "" : "ETag: \"x\"\r\n", "");
	} else if (!strcmp(r->method, "HEAD")) {
		buf_adds(out, "HTTP/1.1 404 X\r\nContent-Length: 9\r\n\r\n");
	} else if (strstr(r->path, "list-type=2")) {
		httpd_reply(out, 200, "",
			    "<ListBucketResult xmlns=\"x\"><IsTruncated>true</IsTruncated><NextContinuationToken>t1"
			    "</NextContinuationToken><EncodingType>url</EncodingType><Contents><Key>a%2Fb+c%C3%A9</Key>"
			    "<LastModified>2026-11-21T05:48:06.000Z</LastModified><Size>12</Size><ETag>\"x\"</ETag>"
			    "</Contents><Contents><Key>d</Key><Size>0</Size></Contents></ListBucketResult>");
	} else {
		handle_get(b, r, out);
		return !(b->break_off && b->n_gets <= 2);
	}
	return true;
}

struct world {
	struct httpd httpd;
	struct bucket bucket;
	struct aws_client *client;
	char *dir, *path;
	bool done;
	struct err err;
	size_t n;
	struct s3_download *download;
	int64_t got, all, stop_at;
};

static int setup(void **state)
{
	struct world *w = NEW(struct world);
	struct aws_options opt = {.local = true};

	httpd_start(&w->httpd, serve, &w->bucket);
	for (size_t i = 0; i < ARRAY_LEN(w->bucket.parts); i++)
		w->bucket.parts[i] = BUF_INIT(BIG);
	w->bucket.object = BUF_INIT(BIG);
	opt.endpoint_url = w->httpd.url;
	if (aws_client_new(&opt, &w->client, NULL))
		return -1;
	w->dir = unit_temp_dir();
	w->path = fs_join(w->dir, "file");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	aws_client_free(w->client);
	httpd_stop(&w->httpd);
	for (size_t i = 0; i < ARRAY_LEN(w->bucket.parts); i++)
		buf_done(&w->bucket.parts[i]);
	buf_done(&w->bucket.object);
	free(w->bucket.path);
	free(w->bucket.range);
	free(w->bucket.if_match);
	free(w->bucket.body);
	free(w->bucket.content_type);
	if (fs_remove_tree(w->dir, NULL))
		return -1;
	free(w->dir);
	free(w->path);
	free(w);
	return 0;
}

static void on_done(void *user, const struct err *err)
{
	struct world *w = user;

	w->done = true;
	if (err)
		w->err = *err;
}

static void run(struct world *w)
{
	int64_t deadline = clock_mono_ms() + 180000;

	while (!w->done && clock_mono_ms() < deadline)
		aws_client_poll(w->client, NULL, 0, 1000);
	assert_true(w->done);
	w->done = false;
}

static char *pattern(size_t n)
{
	char *p = xmalloc(n);

	for (size_t i = 0; i < n; i++)
		p[i] = (char)((i * 2654435761u) >> 13);
	return p;
}

static void test_small(void **state)
{
	struct world *w = *state;

	assert_int_equal(fs_write_atomic(w->path, "hello", 5, 0600, NULL), 0);
	s3_put_file(w->client, "bucket", "a b/\xc3\xa9+", w->path, on_done, w);
	run(w);
	assert_int_equal(w->err.code, 0);
	assert_string_equal(w->bucket.path, "/bucket/a%20b/%C3%A9%2B");
	assert_memory_equal(w->bucket.object.data, "hello", 5);
	s3_put_data(w->client, "bucket", "k", "", 0, on_done, w);
	run(w);
	assert_int_equal(w->err.code, 0);
	assert_string_equal(w->bucket.content_type, "binary/octet-stream");
	assert_int_equal(fs_write_atomic(w->path, "", 0, 0600, NULL), 0);
	s3_put_file(w->client, "bucket", "empty", w->path, on_done, w);
	run(w);
	assert_int_equal(w->err.code, 0);
	assert_string_equal(w->bucket.content_type, "binary/octet-stream");
	w->bucket.no_etag = true; /* nobody has stored anything */
	s3_put_data(w->client, "bucket", "k", "x", 1, on_done, w);
	run(w);
	assert_int_equal(w->err.code, ERR_NET);
	assert_non_null(strstr(w->err.msg, "ETag"));
	w->bucket.no_etag = false;
	err_clear(&w->err);
	s3_create_bucket(w->client, "bucket", on_done, w);
	run(w);
	assert_string_equal(w->bucket.path, "/bucket");
	s3_put_file(w->client, "bucket", "k", "/nonexistent/file", on_done, w);
	assert_false(w->done);
	run(w);
	assert_int_equal(w->err.code, ERR_NOTFOUND);
}

static void test_multipart(void **state)
{
	struct world *w = *state;
	AUTO(str) char *data = pattern(BIG - 5);

	assert_int_equal(fs_write_atomic(w->path, data, BIG - 5, 0600, NULL), 0);
	s3_put_file(w->client, "bucket", "k", w->path, on_done, w);
	run(w);
	assert_int_equal(w->err.code, 0);
	assert_int_equal(w->bucket.n_parts, 3);
	assert_memory_equal(w->bucket.parts[1].data, data, S3_PART_SIZE);
	assert_int_equal(w->bucket.parts[3].len, BIG - 5 - 2 * S3_PART_SIZE);
	assert_memory_equal(w->bucket.parts[3].data, data + 2 * S3_PART_SIZE, w->bucket.parts[3].len);
	assert_non_null(
		strstr(w->bucket.body, "<Part><PartNumber>1</PartNumber><ETag>&quot;p1&amp;&quot;</ETag></Part>"));
	assert_non_null(strstr(w->bucket.path, "uploadId=id%2F%2B1"));
	assert_int_equal(w->bucket.n_aborted, 0);
}

static void test_multipart_fails(void **state)
{
	struct world *w = *state;
	AUTO(str) char *data = pattern(BIG);

	assert_int_equal(fs_write_atomic(w->path, data, BIG, 0600, NULL), 0);
	w->bucket.fail_part = true;
	s3_put_file(w->client, "bucket", "k", w->path, on_done, w);
	run(w);
	assert_int_equal(w->err.code, ERR_DENIED);
	assert_int_equal(w->bucket.n_aborted, 1);
	assert_int_equal(w->bucket.n_completed, 0);
	w->bucket.fail_part = false;
	w->bucket.complete_error = true;
	err_clear(&w->err);
	s3_put_file(w->client, "bucket", "k", w->path, on_done, w);
	run(w);
	assert_int_equal(w->err.code, ERR_SERVICE);
	assert_int_equal(w->bucket.n_aborted, 2);
}

static void test_download(void **state)
{
	struct world *w = *state;
	AUTO(str) char *data = pattern(3000001);
	AUTO(buf) struct buf got = BUF_INIT(BIG);

	assert_int_equal(buf_add(&w->bucket.object, data, 3000001), 0);
	s3_get_file(w->client, "bucket", "k", w->path, on_done, w);
	run(w);
	assert_int_equal(w->err.code, 0);
	assert_int_equal(fs_read(w->path, &got, NULL), 0);
	assert_int_equal(got.len, 3000001);
	assert_memory_equal(got.data, data, got.len);
}

static void test_download_resumes(void **state)
{
	struct world *w = *state;
	AUTO(str) char *data = pattern(4000000);
	AUTO(buf) struct buf got = BUF_INIT(BIG);

	assert_int_equal(buf_add(&w->bucket.object, data, 4000000), 0);
	w->bucket.break_off = true;
	s3_get_file(w->client, "bucket", "k", w->path, on_done, w);
	run(w);
	if (w->err.code)
		fail_msg("%s", w->err.msg);
	assert_int_equal(w->bucket.n_gets, 3);
	assert_string_equal(w->bucket.range, "bytes=3000000-");
	assert_string_equal(w->bucket.if_match, "\"e1\"");
	assert_int_equal(fs_read(w->path, &got, NULL), 0);
	assert_int_equal(got.len, 4000000);
	assert_memory_equal(got.data, data, got.len);
}

static void on_progress(void *user, int64_t got, int64_t all)
{
	struct world *w = user;

	assert_true(got > w->got);
	w->got = got;
	w->all = all;
	if (w->stop_at && got >= w->stop_at)
		s3_download_stop(w->download);
}

static size_t files_in(const char *dir)
{
	AUTO(strlist) struct strlist names = {0};

	assert_int_equal(fs_list_tree(dir, &names, NULL), 0);
	return names.n;
}

/* How far it is, of how many bytes; stopped it leaves nothing, and what is there it leaves alone. */
static void test_download_watched(void **state)
{
	struct world *w = *state;
	AUTO(str) char *data = pattern(4000000);
	struct s3_download_options o = {.progress = on_progress};

	assert_int_equal(buf_add(&w->bucket.object, data, 4000000), 0);
	w->bucket.break_off = true;
	w->download = s3_download(w->client, "bucket", "k", w->path, &o, on_done, w);
	run(w);
	assert_int_equal(w->err.code, 0);
	assert_int_equal(w->got, 4000000);
	assert_int_equal(w->all, 4000000);
	assert_int_equal(files_in(w->dir), 1);

	w->download = s3_download(w->client, "bucket", "k", w->path, &o, on_done, w);
	run(w);
	assert_int_equal(w->err.code, ERR_EXISTS);
	assert_int_equal(fs_size(w->path), 4000000);

	AUTO(str) char *other = fs_join(w->dir, "other");

	err_clear(&w->err);
	w->got = 0;
	w->stop_at = 1;
	w->download = s3_download(w->client, "bucket", "k", other, &o, on_done, w);
	run(w);
	assert_int_equal(w->err.code, ERR_CANCELLED);
	assert_int_equal(files_in(w->dir), 1);
}

static void on_head(void *user, const struct s3_object *o, const struct err *err)
{
	on_done(user, err);
}

static void on_list(void *user, const struct s3_object *objects, size_t n, const char *next_token,
		    const struct err *err)
{
	struct world *w = user;

	on_done(user, err);
	assert_int_equal(n, 2);
	assert_string_equal(objects[0].key, "a/b c\xc3\xa9");
	assert_int_equal(objects[0].size, 12);
	assert_int_equal(objects[0].modified_ms, 1795240086000);
	assert_int_equal(objects[1].size, 0);
	assert_string_equal(next_token, "t1");
	w->n = n;
}

static void on_bytes(void *user, const void *data, size_t n, const struct err *err)
{
	struct world *w = user;

	on_done(user, err);
	w->n = n;
}

static void test_head_list_data(void **state)
{
	struct world *w = *state;

	s3_head(w->client, "bucket", "k", on_head, w);
	run(w);
	assert_int_equal(w->err.code, ERR_NOTFOUND);
	err_clear(&w->err);
	s3_list(w->client, "bucket", "a/", "tok=", on_list, w);
	run(w);
	assert_int_equal(w->n, 2);
	assert_string_equal(w->bucket.path,
			    "/bucket?list-type=2&encoding-type=url&prefix=a%2F&continuation-token=tok%3D");
	assert_int_equal(buf_adds(&w->bucket.object, "0123456789"), 0);
	s3_get_data(w->client, "bucket", "k", 10, on_bytes, w);
	run(w);
	assert_int_equal(w->n, 10);
	s3_get_data(w->client, "bucket", "k", 9, on_bytes, w);
	run(w);
	assert_int_equal(w->err.code, ERR_TOOBIG);
}

/* The service says where the bucket lies; asked there at once, and from then on. */
static void test_other_region(void **state)
{
	struct world *w = *state;

	w->bucket.elsewhere = true;
	s3_put_data(w->client, "bucket", "k", "x", 1, on_done, w);
	run(w);
	if (w->err.code)
		fail_msg("%s", w->err.msg);
	assert_int_equal(w->httpd.n_requests, 2);
	s3_put_data(w->client, "bucket", "k", "y", 1, on_done, w);
	run(w);
	assert_int_equal(w->httpd.n_requests, 3);
	assert_memory_equal(w->bucket.object.data, "y", 1);
}

static void test_uri(void **state)
{
	char *bucket, *key;

	assert_int_equal(s3_uri_split("s3://b/k/x", &bucket, &key, NULL), 0);
	assert_string_equal(bucket, "b");
	assert_string_equal(key, "k/x");
	free(bucket);
	free(key);
	assert_int_equal(s3_uri_split("s3:///k", &bucket, &key, NULL), -ERR_INVALID);
	assert_int_equal(s3_uri_split("/k", &bucket, &key, NULL), -ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_small, setup, teardown),
		cmocka_unit_test_setup_teardown(test_multipart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_multipart_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_download, setup, teardown),
		cmocka_unit_test_setup_teardown(test_download_resumes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_download_watched, setup, teardown),
		cmocka_unit_test_setup_teardown(test_head_list_data, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_region, setup, teardown),
		cmocka_unit_test(test_uri),
	};

	return cmocka_run_group_tests_name("s3", tests, NULL, NULL);
}
