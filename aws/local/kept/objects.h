/* objects.h - the object store: an index in SQLite, contents in files.
 *
 * A file's name is random and never derived from a bucket or key, so no key, of
 * whatever form, can name anything outside the store; and keys that no file
 * system could hold side by side ("a" and "a/b") are just rows.
 */
#ifndef SAGETOP_LOCAL_OBJECTS_H
#define SAGETOP_LOCAL_OBJECTS_H

#include "aws/local/wire/chunked.h"

#define OBJECT_MAX_KEY 1024
#define OBJECT_BLOB_LEN 33

struct object {
	char *key;
	char blob[OBJECT_BLOB_LEN];
	char etag[80]; /* without quotes */
	int64_t size, modified_ms;
	char *headers; /* JSON object of Content-Type and x-amz-meta-* */
};
void object_done(struct object *o);
AUTO_EMBEDDED(object, struct object, object_done)

int objects_init(struct engine *e, struct err *err) NODISCARD; /* folders; removes files that no row names */
char *objects_blob_path(const struct engine *e, const char *blob) NODISCARD;
char *objects_blob_new(const struct engine *e, char blob[OBJECT_BLOB_LEN]) NODISCARD; /* a fresh name and its path */
void objects_blob_remove(const struct engine *e, const char *blob);

bool bucket_exists(struct engine *e, const char *bucket);
void bucket_create(struct engine *e, const char *bucket);
bool bucket_name_valid(const char *bucket);

/* Register a finished file as bucket/key; an older object is replaced and its
 * file removed. Does not commit. */
void objects_put(struct engine *e, const char *bucket, const char *key, const char *blob, int64_t size,
		 const char *etag, const char *headers);
bool objects_find(struct engine *e, const char *bucket, const char *key, struct object *ret);
bool objects_delete(struct engine *e, const char *bucket, const char *key);
/* Keys from `after` (exclusive; "" for the first) that begin with prefix, in byte
 * order, at most max. *ret is an array of *ret_n, owned by the caller. */
void objects_list(struct engine *e, const char *bucket, const char *prefix, const char *after, size_t max,
		  struct object **ret, size_t *ret_n);
void objects_list_free(struct object *list, size_t n);

/* "s3://bucket/key" apart. false where it is none. */
bool s3_uri_parse(const char *uri, char **ret_bucket, char **ret_key);
char *s3_folder_key(const char *key) NODISCARD; /* with a slash at its end, unless it is "" */

/* --- a body on its way in ----------------------------------------------------------- */

struct upload {
	struct engine *e;
	char blob[OBJECT_BLOB_LEN];
	int fd;
	int64_t size, declared; /* declared: decoded length, -1 unknown */
	void *md5;		/* EVP_MD_CTX */
	struct sha256_stream *sha256;
	struct chunked *chunked;
	char expected_sha256[65]; /* "" where not declared */
	char *content_md5;
	char md5_hex[33];
	bool failed;
};
/* seed: of a signed streaming upload, or NULL. payload_hash as the header says. */
int upload_new(struct engine *e, const char *payload_hash, const struct chunk_seed *seed, struct upload **ret,
	       struct fault *f) NODISCARD;
int upload_feed(struct upload *u, const void *data, size_t n, struct fault *f) NODISCARD;
/* Complete: hashes compared, file synced and closed. */
int upload_finish(struct upload *u, struct fault *f) NODISCARD;
void upload_free(struct upload *u, bool keep_file);

#endif
