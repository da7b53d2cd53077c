/* S3's operations on single objects and buckets. */
#include "aws/local/services/s3.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include "aws/local/wire/wire.h"
#include "base/digest.h"
#include "base/timefmt.h"
#include "base/uri.h"
#include "base/utf8.h"

/* --- what is asked -------------------------------------------------------------------- */

/* Bucket and key of the request: from bucket.localhost, or from the path. */
static int parse_target(struct s3_call *c)
{
	const char *host = str_or(request_header(c->rq, "Host"), "");
	const char *suffix = strstr(host, ".localhost");
	AUTO(buf) struct buf path = BUF_INIT(REQUEST_MAX_TARGET);

	if (uri_decode(&path, c->rq->path + 1, strlen(c->rq->path + 1), false) < 0 ||
	    memchr(buf_str(&path), 0, path.len) || !utf8_valid(buf_str(&path), path.len))
		return fault_set(c->fault, 400, "InvalidURI", "Couldn't parse the specified URI.");
	const char *rest = buf_str(&path);

	if (suffix && (suffix[10] == 0 || suffix[10] == ':')) {
		c->bucket = xstrndup(host, (size_t)(suffix - host));
	} else if (*rest) {
		const char *slash = strchr(rest, '/');

		c->bucket = slash ? xstrndup(rest, (size_t)(slash - rest)) : xstrdup(rest);
		rest = slash ? slash + 1 : "";
	}
	if (c->bucket && *rest) {
		if (strlen(rest) > OBJECT_MAX_KEY)
			return fault_set(c->fault, 400, "KeyTooLongError", "Your key is too long");
		c->key = xstrdup(rest);
	}
	if (c->key && !*c->bucket)
		return fault_set(c->fault, 400, "InvalidBucketName", "The specified bucket is not valid.");
	return 0;
}

const char *s3_operation(const struct exchange *x)
{
	const struct request *rq = &x->rq;
	bool get = str_eq(rq->method, "GET"), put = str_eq(rq->method, "PUT"), post = str_eq(rq->method, "POST");
	const char *host = str_or(request_header(rq, "Host"), "");
	bool virtual_host = strstr(host, ".localhost") != NULL;
	const char *slash = rq->path[0] ? strchr(rq->path + 1, '/') : NULL;
	bool has_bucket = virtual_host || (rq->path[0] && rq->path[1]);
	bool has_key = virtual_host ? rq->path[0] && rq->path[1] : slash && slash[1];

	if (!has_bucket)
		return "ListBuckets";
	if (!has_key)
		return get			    ? request_arg(rq, "location")      ? "GetBucketLocation"
							: request_arg(rq, "uploads")   ? "ListMultipartUploads"
							: request_arg(rq, "list-type") ? "ListObjectsV2"
										       : "ListObjects"
		       : put			    ? "CreateBucket"
		       : post			    ? "DeleteObjects"
		       : str_eq(rq->method, "HEAD") ? "HeadBucket"
						    : "DeleteBucket";
	if (get)
		return request_arg(rq, "uploadId") ? "ListParts" : "GetObject";
	if (put)
		return request_arg(rq, "uploadId")		 ? "UploadPart"
		       : request_header(rq, "x-amz-copy-source") ? "CopyObject"
								 : "PutObject";
	if (post)
		return request_arg(rq, "uploads") ? "CreateMultipartUpload" : "CompleteMultipartUpload";
	if (str_eq(rq->method, "HEAD"))
		return "HeadObject";
	return request_arg(rq, "uploadId") ? "AbortMultipartUpload" : "DeleteObject";
}

static bool stores_body(const struct exchange *x)
{
	const char *op = s3_operation(x);

	return (str_eq(op, "PutObject") || str_eq(op, "UploadPart")) && !request_header(&x->rq, "x-amz-copy-source");
}

void s3_begin(struct engine *e, struct exchange *x)
{
	struct chunk_seed seed;
	const char *declared = request_header(&x->rq, "x-amz-decoded-content-length");

	if (auth_verify(e, &x->rq, WIRE_S3, &seed, &x->fault) < 0)
		return;
	if (!stores_body(x))
		return;
	if (upload_new(e, request_header(&x->rq, "x-amz-content-sha256"), &seed, &x->upload, &x->fault) < 0)
		return;
	x->upload->content_md5 = xstrdup(request_header(&x->rq, "Content-MD5"));
	if (declared && !str_to_i64(declared, &x->upload->declared))
		fault_set(&x->fault, 400, "InvalidRequest", "x-amz-decoded-content-length is not a number");
}

/* --- shared pieces -------------------------------------------------------------------- */

void s3_begin_xml(struct s3_call *c, const char *root)
{
	c->reply->content_type = "application/xml";
	buf_addf(&c->reply->body,
		 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<%s xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">",
		 root);
}

void s3_end_xml(struct s3_call *c, const char *root)
{
	buf_addf(&c->reply->body, "</%s>", root);
}

void s3_add_time(struct buf *out, const char *name, int64_t ms)
{
	char text[TIMEFMT_LEN];

	xml_add_element(out, name, timefmt_iso_ms(text, ms));
}

char *s3_collect_headers(const struct request *rq)
{
	static const char *const kept[] = {"Content-Type",     "Cache-Control",	   "Content-Disposition",
					   "Content-Encoding", "Content-Language", "Expires"};
	AUTO(json) json_t *j = json_object();

	for (size_t i = 0; i < rq->n_headers; i++) {
		bool keep = strncasecmp(rq->headers[i].name, "x-amz-meta-", 11) == 0;

		for (size_t k = 0; k < ARRAY_LEN(kept) && !keep; k++)
			keep = str_ieq(rq->headers[i].name, kept[k]);
		if (keep && !(str_ieq(rq->headers[i].name, "Content-Encoding") &&
			      str_starts(rq->headers[i].value, "aws-chunked")))
			json_object_set_new(j, rq->headers[i].name, json_string(rq->headers[i].value));
	}
	return json_text(j);
}

int s3_parse_range(const char *header, int64_t size, int64_t *offset, int64_t *length)
{
	int64_t first = -1, last = -1;

	*offset = 0;
	*length = size;
	if (!header || !str_starts(header, "bytes=") || strchr(header, ','))
		return 1;
	const char *dash = strchr(header, '-');

	if (!dash)
		return 1;
	AUTO(str) char *a = xstrndup(header + 6, (size_t)(dash - header - 6));

	if ((*a && (!str_to_i64(a, &first) || first < 0)) || (dash[1] && (!str_to_i64(dash + 1, &last) || last < 0)))
		return 1;
	if (!*a && !dash[1])
		return 1;
	if (!*a) { /* the last n bytes */
		if (last == 0 || size == 0)
			return -1;
		first = MAX(size - last, 0);
		last = size - 1;
	} else if (!dash[1] || last >= size) {
		last = size - 1;
	}
	if (first >= size)
		return -1;
	if (last < first)
		return 1;
	*offset = first;
	*length = last - first + 1;
	return 0;
}

static void set_etag(struct s3_call *c, const char *etag)
{
	AUTO(str) char *quoted = xasprintf("\"%s\"", etag);

	strmap_set(&c->reply->headers, "ETag", quoted);
}

static int need_bucket(struct s3_call *c)
{
	if (!c->bucket || !bucket_exists(c->e, c->bucket))
		return fault_set(c->fault, 404, "NoSuchBucket", "The specified bucket does not exist");
	return 0;
}

int s3_copy_file(struct s3_call *c, const struct object *from, int64_t offset, int64_t length,
		 char blob[OBJECT_BLOB_LEN], char md5_hex[33])
{
	AUTO(str) char *source = objects_blob_path(c->e, from->blob);
	AUTO(str) char *target = objects_blob_new(c->e, blob);
	AUTO(fd) int in = open(source, O_RDONLY | O_CLOEXEC);
	AUTO(fd) int out = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	EVP_MD_CTX *md5 = EVP_MD_CTX_new();
	uint8_t digest[EVP_MAX_MD_SIZE];
	static char chunk[256 << 10];
	bool ok = in >= 0 && out >= 0 && EVP_DigestInit_ex(md5, EVP_md5(), NULL) == 1;

	while (ok && length > 0) {
		ssize_t n = pread(in, chunk, (size_t)MIN(length, (int64_t)sizeof(chunk)), offset);

		ok = n > 0 && write(out, chunk, (size_t)n) == n && EVP_DigestUpdate(md5, chunk, (size_t)n) == 1;
		offset += n;
		length -= n;
	}
	if (ok) {
		EVP_DigestFinal_ex(md5, digest, NULL);
		hex_encode(digest, 16, md5_hex);
	} else {
		objects_blob_remove(c->e, blob);
		fault_set(c->fault, 500, "InternalError", "The local engine cannot copy the object: %s",
			  strerror(errno));
	}
	EVP_MD_CTX_free(md5);
	return ok ? 0 : -1;
}

int s3_copy_source(struct s3_call *c, struct object *ret)
{
	const char *source = str_or(request_header(c->rq, "x-amz-copy-source"), "");
	AUTO(buf) struct buf text = BUF_INIT(REQUEST_MAX_TARGET);
	const char *mark = strchr(source, '?');

	if (*source == '/')
		source++;
	if (uri_decode(&text, source, mark ? (size_t)(mark - source) : strlen(source), false) < 0)
		return fault_set(c->fault, 400, "InvalidArgument",
				 "Copy Source must mention the source bucket and key");
	char *slash = strchr(buf_str(&text), '/');

	if (!slash || !slash[1])
		return fault_set(c->fault, 400, "InvalidArgument",
				 "Copy Source must mention the source bucket and key");
	*slash = 0;
	if (!bucket_exists(c->e, buf_str(&text)))
		return fault_set(c->fault, 404, "NoSuchBucket", "The specified bucket does not exist");
	if (!objects_find(c->e, buf_str(&text), slash + 1, ret))
		return fault_set(c->fault, 404, "NoSuchKey", "The specified key does not exist.");
	return 0;
}

/* --- objects -------------------------------------------------------------------------- */

static int put_object(struct s3_call *c)
{
	struct upload *u = c->x->upload;
	AUTO(str) char *headers = s3_collect_headers(c->rq);

	assert(u); /* opened with the request's headers (server.c) */
	if (upload_finish(u, c->fault) < 0)
		return -1;
	if (str_eq(request_header(c->rq, "If-None-Match"), "*")) {
		AUTO(object) struct object o = {0};

		if (objects_find(c->e, c->bucket, c->key, &o))
			return fault_set(c->fault, 412, "PreconditionFailed",
					 "At least one of the pre-conditions you specified did not hold");
	}
	objects_put(c->e, c->bucket, c->key, u->blob, u->size, u->md5_hex, headers);
	set_etag(c, u->md5_hex);
	upload_free(TAKE(c->x->upload), true);
	return 0;
}

static int copy_object(struct s3_call *c)
{
	AUTO(object) struct object source = {0};
	char blob[OBJECT_BLOB_LEN], md5[33];
	bool replace = str_ieq(request_header(c->rq, "x-amz-metadata-directive"), "REPLACE");

	if (s3_copy_source(c, &source) < 0 || s3_copy_file(c, &source, 0, source.size, blob, md5) < 0)
		return -1;
	AUTO(str) char *headers = replace ? s3_collect_headers(c->rq) : xstrdup(source.headers);

	objects_put(c->e, c->bucket, c->key, blob, source.size, md5, headers);
	s3_begin_xml(c, "CopyObjectResult");
	s3_add_time(&c->reply->body, "LastModified", engine_now_ms(c->e));
	buf_addf(&c->reply->body, "<ETag>&quot;%s&quot;</ETag>", md5);
	s3_end_xml(c, "CopyObjectResult");
	return 0;
}

static void add_object_headers(struct s3_call *c, const struct object *o)
{
	char date[TIMEFMT_LEN];
	AUTO(json) json_t *kept = NULL;
	const char *name;
	json_t *value;

	set_etag(c, o->etag);
	strmap_set(&c->reply->headers, "Last-Modified", timefmt_http(date, o->modified_ms));
	strmap_set(&c->reply->headers, "Accept-Ranges", "bytes");
	if (json_parse(o->headers, strlen(o->headers), "headers", &kept, NULL) < 0)
		return;
	if (!json_object_get(kept, "Content-Type"))
		strmap_set(&c->reply->headers, "Content-Type", "binary/octet-stream");
	json_object_foreach(kept, name, value)
		strmap_set(&c->reply->headers, name, str_or(json_string_value(value), ""));
}

static bool etag_matches(const char *header, const char *etag)
{
	const char *found = header ? strstr(header, etag) : NULL;

	return str_eq(header, "*") || (found && *etag);
}

static int get_object(struct s3_call *c)
{
	AUTO(object) struct object o = {0};
	int64_t offset, length;

	if (!objects_find(c->e, c->bucket, c->key, &o))
		return fault_set(c->fault, 404, "NoSuchKey", "The specified key does not exist.");
	add_object_headers(c, &o);
	if (request_header(c->rq, "If-Match") && !etag_matches(request_header(c->rq, "If-Match"), o.etag))
		return fault_set(c->fault, 412, "PreconditionFailed",
				 "At least one of the pre-conditions you specified did not hold");
	if (etag_matches(request_header(c->rq, "If-None-Match"), o.etag)) {
		c->reply->status = 304;
		return 0;
	}
	int range = s3_parse_range(request_header(c->rq, "Range"), o.size, &offset, &length);

	if (range < 0)
		return fault_set(c->fault, 416, "InvalidRange", "The requested range is not satisfiable");
	if (range == 0) {
		AUTO(str)
		char *text = xasprintf("bytes %lld-%lld/%lld", (long long)offset, (long long)(offset + length - 1),
				       (long long)o.size);

		c->reply->status = 206;
		strmap_set(&c->reply->headers, "Content-Range", text);
	}
	AUTO(str) char *path = objects_blob_path(c->e, o.blob);

	c->reply->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (c->reply->fd < 0)
		return fault_set(c->fault, 500, "InternalError",
				 "The object's file is missing from the local engine's folder");
	c->reply->offset = offset;
	c->reply->length = length;
	return 0;
}

static int bucket_request(struct s3_call *c, const char *op)
{
	if (str_eq(op, "CreateBucket")) {
		if (!bucket_name_valid(c->bucket))
			return fault_set(c->fault, 400, "InvalidBucketName", "The specified bucket is not valid.");
		bucket_create(c->e, c->bucket);
		AUTO(str) char *location = xasprintf("/%s", c->bucket);

		strmap_set(&c->reply->headers, "Location", location);
		return 0;
	}
	if (need_bucket(c) < 0)
		return -1;
	if (str_eq(op, "HeadBucket")) {
		strmap_set(&c->reply->headers, "x-amz-bucket-region", str_or(c->rq->region, DEFAULT_REGION));
		return 0;
	}
	if (str_eq(op, "GetBucketLocation")) {
		s3_begin_xml(c, "LocationConstraint");
		s3_end_xml(c, "LocationConstraint");
		return 0;
	}
	if (str_eq(op, "DeleteBucket")) {
		struct object *list;
		size_t n;

		objects_list(c->e, c->bucket, "", "", 1, &list, &n);
		objects_list_free(list, n);
		if (n)
			return fault_set(c->fault, 409, "BucketNotEmpty",
					 "The bucket you tried to delete is not empty");
		sqlite3_stmt *st = state_prepare(c->e->db, "DELETE FROM buckets WHERE name = ?");

		state_bind_text(st, 1, c->bucket);
		state_exec(c->e->db, st);
		c->reply->status = 204;
		return 0;
	}
	if (str_eq(op, "DeleteObjects") && request_arg(c->rq, "delete"))
		return s3_delete_objects(c);
	if (str_eq(op, "ListMultipartUploads"))
		return s3_list_uploads(c);
	static const char *const unserved[] = {"versioning", "versions",    "acl",	   "policy",
					       "tagging",    "lifecycle",   "cors",	   "encryption",
					       "website",    "object-lock", "notification"};

	for (size_t i = 0; i < ARRAY_LEN(unserved); i++) {
		if (request_arg(c->rq, unserved[i]))
			return fault_set(c->fault, 501, "NotImplemented",
					 "The local engine does not serve the bucket's ?%s.", unserved[i]);
	}
	return s3_list_objects(c);
}

static int object_request(struct s3_call *c, const char *op)
{
	if (need_bucket(c) < 0)
		return -1;
	if (str_eq(op, "PutObject"))
		return put_object(c);
	if (str_eq(op, "CopyObject"))
		return copy_object(c);
	if (str_eq(op, "UploadPart"))
		return s3_upload_part(c);
	if (str_eq(op, "CreateMultipartUpload"))
		return s3_create_upload(c);
	if (str_eq(op, "CompleteMultipartUpload"))
		return s3_complete_upload(c);
	if (str_eq(op, "AbortMultipartUpload"))
		return s3_abort_upload(c);
	if (str_eq(op, "ListParts"))
		return s3_list_parts(c);
	if (request_arg(c->rq, "tagging") || request_arg(c->rq, "acl"))
		return fault_set(c->fault, 501, "NotImplemented", "The local engine serves no object tags or ACLs.");
	if (str_eq(op, "DeleteObject")) {
		objects_delete(c->e, c->bucket, c->key);
		c->reply->status = 204;
		return 0;
	}
	return get_object(c);
}

void s3_finish(struct engine *e, struct exchange *x)
{
	struct s3_call c = {.e = e, .x = x, .rq = &x->rq, .reply = &x->reply, .fault = &x->fault};
	const char *op = s3_operation(x);
	char hash[SHA256_HEX_LEN];
	const char *declared = request_header(&x->rq, "x-amz-content-sha256");

	strmap_set(&x->reply.headers, "x-amz-request-id", x->rq.id);
	strmap_set(&x->reply.headers, "x-amz-id-2", "sagetop-local");
	/* A body that was not stored is small and in memory: hold it against its hash too. */
	if (!x->upload && declared && strlen(declared) == 64) {
		sha256_hex(buf_str(&x->rq.body), x->rq.body.len, hash);
		if (!str_ieq(hash, declared)) {
			fault_set(&x->fault, 400, "XAmzContentSHA256Mismatch",
				  "The provided 'x-amz-content-sha256' header does not match what was computed.");
			return;
		}
	}
	if (parse_target(&c) == 0) {
		if (!c.bucket)
			(void)s3_list_buckets(&c);
		else if (!c.key)
			(void)bucket_request(&c, op);
		else
			(void)object_request(&c, op);
	}
	free(c.bucket);
	free(c.key);
}
