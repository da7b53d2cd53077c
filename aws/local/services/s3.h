/* s3.h - S3's REST API on the object store: buckets, objects (ranges, copies,
 * conditional reads), listings of both versions, multipart uploads. Path style and
 * virtual hosts (bucket.localhost). */
#ifndef SAGETOP_LOCAL_S3_H
#define SAGETOP_LOCAL_S3_H

#include "aws/local/kept/objects.h"
#include "aws/local/wire/exchange.h"

struct s3_call {
	struct engine *e;
	struct exchange *x;
	struct request *rq;
	struct reply *reply;
	struct fault *fault;
	char *bucket, *key; /* NULL where the request names none */
};

/* Headers are in: verify the signature, open the upload where a body is to be
 * stored. Failures go to x->fault. */
void s3_begin(struct engine *e, struct exchange *x);
/* The body is in too: do it. Sets reply or fault. */
void s3_finish(struct engine *e, struct exchange *x);
const char *s3_operation(const struct exchange *x); /* "GetObject": for rates, denials and faults */

/* s3_list.c, s3_multipart.c: 0, or -1 with c->fault set. */
int s3_list_buckets(struct s3_call *c);
int s3_list_objects(struct s3_call *c);
int s3_delete_objects(struct s3_call *c);
int s3_create_upload(struct s3_call *c);
int s3_upload_part(struct s3_call *c);
int s3_complete_upload(struct s3_call *c);
int s3_abort_upload(struct s3_call *c);
int s3_list_parts(struct s3_call *c);
int s3_list_uploads(struct s3_call *c);

/* Shared by them. */
char *s3_collect_headers(const struct request *rq) NODISCARD; /* what is kept with the object, as JSON */
void s3_begin_xml(struct s3_call *c, const char *root);
void s3_end_xml(struct s3_call *c, const char *root);
void s3_add_time(struct buf *out, const char *name, int64_t ms);
int s3_copy_source(struct s3_call *c, struct object *ret); /* of x-amz-copy-source */
/* Copy length bytes at offset of an object's file into a new file. */
int s3_copy_file(struct s3_call *c, const struct object *from, int64_t offset, int64_t length,
		 char blob[OBJECT_BLOB_LEN], char md5_hex[33]) NODISCARD;
/* "bytes=a-b" against size. 0: *offset and *length set; 1: absent or to be ignored; -1: not satisfiable. */
int s3_parse_range(const char *header, int64_t size, int64_t *offset, int64_t *length);

/* The text of every element called `name` in an XML body, in document order;
 * -1 for broken XML. */
int xml_find_texts(const struct buf *xml, const char *name, struct strlist *out) NODISCARD;

#endif
