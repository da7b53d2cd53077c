/* Multipart uploads. */
#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "aws/local/services/s3.h"
#include "aws/local/wire/wire.h"
#include "base/clock.h"
#include "base/digest.h"

#define MIN_PART ((int64_t)5 << 20)

static int find_upload(struct s3_call *c, char **ret_headers)
{
	sqlite3_stmt *st =
		state_prepare(c->e->db, "SELECT headers FROM uploads WHERE id = ? AND bucket = ? AND key = ?");
	bool found;

	state_bind_text(st, 1, str_or(request_arg(c->rq, "uploadId"), ""));
	state_bind_text(st, 2, c->bucket);
	state_bind_text(st, 3, c->key);
	found = state_step(c->e->db, st);
	if (found && ret_headers)
		*ret_headers = xstrdup(state_text(st, 0));
	state_done(st);
	if (!found)
		return fault_set(c->fault, 404, "NoSuchUpload",
				 "The specified upload does not exist. The upload ID may be invalid, or the upload may "
				 "have been "
				 "aborted or completed.");
	return 0;
}

int s3_create_upload(struct s3_call *c)
{
	char id[37];
	AUTO(str) char *headers = s3_collect_headers(c->rq);
	sqlite3_stmt *st = state_prepare(c->e->db, "INSERT INTO uploads VALUES (?, ?, ?, ?, ?)");

	if (!request_arg(c->rq, "uploads"))
		return fault_set(c->fault, 405, "MethodNotAllowed",
				 "The specified method is not allowed against this resource.");
	uuid4(id);
	state_bind_text(st, 1, id);
	state_bind_text(st, 2, c->bucket);
	state_bind_text(st, 3, c->key);
	state_bind_i64(st, 4, clock_now_ms());
	state_bind_text(st, 5, headers);
	state_exec(c->e->db, st);
	s3_begin_xml(c, "InitiateMultipartUploadResult");
	xml_add_element(&c->reply->body, "Bucket", c->bucket);
	xml_add_element(&c->reply->body, "Key", c->key);
	xml_add_element(&c->reply->body, "UploadId", id);
	s3_end_xml(c, "InitiateMultipartUploadResult");
	return 0;
}

static void save_part(struct s3_call *c, int64_t number, const char *blob, int64_t size, const char *etag)
{
	const char *id = request_arg(c->rq, "uploadId");
	sqlite3_stmt *old = state_prepare(c->e->db, "SELECT blob FROM parts WHERE upload = ? AND number = ?");
	AUTO(str) char *replaced = NULL;

	state_bind_text(old, 1, id);
	state_bind_i64(old, 2, number);
	if (state_step(c->e->db, old))
		replaced = xstrdup(state_text(old, 0));
	state_done(old);
	sqlite3_stmt *st = state_prepare(c->e->db, "INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?)");

	state_bind_text(st, 1, id);
	state_bind_i64(st, 2, number);
	state_bind_text(st, 3, blob);
	state_bind_i64(st, 4, size);
	state_bind_text(st, 5, etag);
	state_bind_i64(st, 6, clock_now_ms());
	state_exec(c->e->db, st);
	state_commit(c->e->db);
	if (replaced)
		objects_blob_remove(c->e, replaced);
}

static int part_number(struct s3_call *c, int64_t *ret)
{
	if (!str_to_i64(str_or(request_arg(c->rq, "partNumber"), ""), ret) || *ret < 1 || *ret > 10000)
		return fault_set(c->fault, 400, "InvalidArgument",
				 "Part number must be an integer between 1 and 10000, inclusive");
	return 0;
}

static int copy_part(struct s3_call *c, int64_t number)
{
	AUTO(object) struct object source = {0};
	char blob[OBJECT_BLOB_LEN], md5[33];
	int64_t offset, length;

	if (s3_copy_source(c, &source) < 0)
		return -1;
	if (s3_parse_range(request_header(c->rq, "x-amz-copy-source-range"), source.size, &offset, &length) < 0)
		return fault_set(c->fault, 416, "InvalidRange", "The requested range is not satisfiable");
	if (s3_copy_file(c, &source, offset, length, blob, md5) < 0)
		return -1;
	save_part(c, number, blob, length, md5);
	s3_begin_xml(c, "CopyPartResult");
	s3_add_time(&c->reply->body, "LastModified", clock_now_ms());
	buf_addf(&c->reply->body, "<ETag>&quot;%s&quot;</ETag>", md5);
	s3_end_xml(c, "CopyPartResult");
	return 0;
}

int s3_upload_part(struct s3_call *c)
{
	struct upload *u = c->x->upload;
	int64_t number;

	if (find_upload(c, NULL) < 0 || part_number(c, &number) < 0)
		return -1;
	if (!u)
		return copy_part(c, number);
	if (upload_finish(u, c->fault) < 0)
		return -1;
	save_part(c, number, u->blob, u->size, u->md5_hex);
	AUTO(str) char *etag = xasprintf("\"%s\"", u->md5_hex);

	strmap_set(&c->reply->headers, "ETag", etag);
	upload_free(TAKE(c->x->upload), true);
	return 0;
}

/* --- completion --------------------------------------------------------------------------- */

struct part {
	char blob[OBJECT_BLOB_LEN], etag[40];
	int64_t size;
};

static bool find_part(struct s3_call *c, int64_t number, struct part *ret)
{
	sqlite3_stmt *st =
		state_prepare(c->e->db, "SELECT blob, etag, size FROM parts WHERE upload = ? AND number = ?");

	state_bind_text(st, 1, request_arg(c->rq, "uploadId"));
	state_bind_i64(st, 2, number);
	bool found = state_step(c->e->db, st);

	if (found) {
		str_copy(ret->blob, sizeof(ret->blob), state_text(st, 0));
		str_copy(ret->etag, sizeof(ret->etag), state_text(st, 1));
		ret->size = sqlite3_column_int64(st, 2);
	}
	state_done(st);
	return found;
}

static int choose_parts(struct s3_call *c, struct part **ret, size_t *ret_n)
{
	AUTO(strlist) struct strlist numbers = {0};
	AUTO(strlist) struct strlist etags = {0};
	int64_t previous = 0;

	if (xml_find_texts(&c->rq->body, "PartNumber", &numbers) < 0 ||
	    xml_find_texts(&c->rq->body, "ETag", &etags) < 0 || !numbers.n || numbers.n != etags.n)
		return fault_set(
			c->fault, 400, "MalformedXML",
			"The XML you provided was not well-formed or did not validate against our published schema");
	struct part *parts = xcalloc(numbers.n, sizeof(*parts));

	*ret = parts;
	*ret_n = numbers.n;
	for (size_t i = 0; i < numbers.n; i++) {
		int64_t number;
		char *etag = etags.items[i];
		size_t n = strlen(etag);

		if (n > 1 && etag[0] == '"' && etag[n - 1] == '"') {
			etag[n - 1] = 0;
			etag++;
		}
		if (!str_to_i64(str_trim(numbers.items[i]), &number) || !find_part(c, number, &parts[i]) ||
		    !str_eq(etag, parts[i].etag))
			return fault_set(c->fault, 400, "InvalidPart",
					 "One or more of the specified parts could not be found. The part may not have "
					 "been uploaded, "
					 "or the specified entity tag may not match the part's entity tag.");
		if (number <= previous)
			return fault_set(
				c->fault, 400, "InvalidPartOrder",
				"The list of parts was not in ascending order. Parts must be ordered by part number.");
		if (i + 1 < numbers.n && parts[i].size < MIN_PART)
			return fault_set(c->fault, 400, "EntityTooSmall",
					 "Your proposed upload is smaller than the minimum allowed size");
		previous = number;
	}
	return 0;
}

static int append_part(struct s3_call *c, int out, const struct part *part)
{
	AUTO(str) char *path = objects_blob_path(c->e, part->blob);
	AUTO(fd) int in = open(path, O_RDONLY | O_CLOEXEC);
	int64_t left = part->size;

	while (in >= 0 && left > 0) {
		ssize_t n = sendfile(out, in, NULL, (size_t)MIN(left, (int64_t)64 << 20));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		left -= n;
	}
	if (in < 0 || left)
		return fault_set(c->fault, 500, "InternalError", "The local engine cannot join the parts: %s",
				 strerror(errno));
	return 0;
}

static int join_parts(struct s3_call *c, const struct part *parts, size_t n, char blob[OBJECT_BLOB_LEN], int64_t *size)
{
	AUTO(str) char *path = objects_blob_new(c->e, blob);
	AUTO(fd) int out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	*size = 0;
	if (out < 0)
		return fault_set(c->fault, 500, "InternalError", "The local engine cannot make a file: %s",
				 strerror(errno));
	for (size_t i = 0; i < n; i++) {
		if (append_part(c, out, &parts[i]) < 0) {
			objects_blob_remove(c->e, blob);
			return -1;
		}
		*size += parts[i].size;
	}
	return 0;
}

/* "<md5 of the parts' md5s>-<parts>" */
static void joined_etag(const struct part *parts, size_t n, char out[80])
{
	AUTO(buf) struct buf digests = BUF_INIT(10000 * 16);
	char hex[33];

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k + 1 < 32; k += 2) {
			unsigned byte = 0;

			sscanf(parts[i].etag + k, "%2x", &byte);
			buf_addc(&digests, (char)byte);
		}
	}
	md5_hex(buf_str(&digests), digests.len, hex);
	snprintf(out, 80, "%s-%zu", hex, n);
}

static void forget_upload(struct s3_call *c)
{
	const char *id = request_arg(c->rq, "uploadId");
	sqlite3_stmt *list = state_prepare(c->e->db, "SELECT blob FROM parts WHERE upload = ?");
	sqlite3_stmt *parts = state_prepare(c->e->db, "DELETE FROM parts WHERE upload = ?");
	sqlite3_stmt *upload = state_prepare(c->e->db, "DELETE FROM uploads WHERE id = ?");
	AUTO(strlist) struct strlist blobs = {0};

	state_bind_text(list, 1, id);
	while (state_step(c->e->db, list))
		strlist_add(&blobs, state_text(list, 0));
	state_done(list);
	state_bind_text(parts, 1, id);
	state_exec(c->e->db, parts);
	state_bind_text(upload, 1, id);
	state_exec(c->e->db, upload);
	state_commit(c->e->db);
	for (size_t i = 0; i < blobs.n; i++)
		objects_blob_remove(c->e, blobs.items[i]);
}

int s3_complete_upload(struct s3_call *c)
{
	AUTO(str) char *headers = NULL;
	struct part *parts = NULL;
	size_t n = 0;
	char blob[OBJECT_BLOB_LEN], etag[80];
	int64_t size;

	if (find_upload(c, &headers) < 0)
		return -1;
	int rc = choose_parts(c, &parts, &n);

	if (rc == 0)
		rc = join_parts(c, parts, n, blob, &size);
	if (rc == 0) {
		joined_etag(parts, n, etag);
		objects_put(c->e, c->bucket, c->key, blob, size, etag, headers);
		forget_upload(c);
		s3_begin_xml(c, "CompleteMultipartUploadResult");
		xml_add_element(&c->reply->body, "Bucket", c->bucket);
		xml_add_element(&c->reply->body, "Key", c->key);
		buf_addf(&c->reply->body, "<ETag>&quot;%s&quot;</ETag>", etag);
		s3_end_xml(c, "CompleteMultipartUploadResult");
	}
	free(parts);
	return rc;
}

int s3_abort_upload(struct s3_call *c)
{
	if (find_upload(c, NULL) < 0)
		return -1;
	forget_upload(c);
	c->reply->status = 204;
	return 0;
}

int s3_list_parts(struct s3_call *c)
{
	if (find_upload(c, NULL) < 0)
		return -1;
	sqlite3_stmt *st = state_prepare(c->e->db, "SELECT number, size, etag, modified FROM parts WHERE upload = ?"
						   " ORDER BY number");
	struct buf *b = &c->reply->body;

	s3_begin_xml(c, "ListPartsResult");
	xml_add_element(b, "Bucket", c->bucket);
	xml_add_element(b, "Key", c->key);
	xml_add_element(b, "UploadId", request_arg(c->rq, "uploadId"));
	buf_adds(b, "<MaxParts>10000</MaxParts><IsTruncated>false</IsTruncated>");
	state_bind_text(st, 1, request_arg(c->rq, "uploadId"));
	while (state_step(c->e->db, st)) {
		buf_addf(b, "<Part><PartNumber>%lld</PartNumber><Size>%lld</Size><ETag>&quot;%s&quot;</ETag>",
			 (long long)sqlite3_column_int64(st, 0), (long long)sqlite3_column_int64(st, 1),
			 state_text(st, 2));
		s3_add_time(b, "LastModified", sqlite3_column_int64(st, 3));
		buf_adds(b, "</Part>");
	}
	state_done(st);
	s3_end_xml(c, "ListPartsResult");
	return 0;
}

int s3_list_uploads(struct s3_call *c)
{
	sqlite3_stmt *st =
		state_prepare(c->e->db, "SELECT key, id, started FROM uploads WHERE bucket = ? ORDER BY key, id");
	struct buf *b = &c->reply->body;

	s3_begin_xml(c, "ListMultipartUploadsResult");
	xml_add_element(b, "Bucket", c->bucket);
	buf_adds(b, "<MaxUploads>1000</MaxUploads><IsTruncated>false</IsTruncated>");
	state_bind_text(st, 1, c->bucket);
	while (state_step(c->e->db, st)) {
		buf_adds(b, "<Upload>");
		xml_add_element(b, "Key", state_text(st, 0));
		xml_add_element(b, "UploadId", state_text(st, 1));
		s3_add_time(b, "Initiated", sqlite3_column_int64(st, 2));
		buf_adds(b, "</Upload>");
	}
	state_done(st);
	s3_end_xml(c, "ListMultipartUploadsResult");
	return 0;
}
