/* s3.h - S3 objects: put, get, head, list, multipart (REST, XML).
 *
 * Bodies stream between the network and a file; nothing larger than a part is
 * held in memory. Uploads above S3_MULTIPART_THRESHOLD go in parts, with the
 * parts' own retries, and are aborted on failure. */
#ifndef SAGETOP_AWS_S3_H
#define SAGETOP_AWS_S3_H

#include "aws/client.h"

#define S3_MULTIPART_THRESHOLD ((int64_t)8 << 20) /* bytes */
#define S3_PART_SIZE ((int64_t)8 << 20)		  /* bytes; of a file of more than 10,000 parts they are larger */

/* All borrowed for the call back, as are the data of s3_data_fn. */
struct s3_object {
	const char *key;
	int64_t size;	     /* bytes; -1 where the service does not say */
	int64_t modified_ms; /* TIME_UNKNOWN where it does not */
	const char *etag;    /* NULL where it does not */
};
/* err is NULL on success, else the rest is nothing. ERR_NOTFOUND: no such bucket or object. */
typedef void s3_done_fn(void *user, const struct err *err);
typedef void s3_head_fn(void *user, const struct s3_object *object, const struct err *err);
typedef void s3_list_fn(void *user, const struct s3_object *objects, size_t n, const char *next_token,
			const struct err *err);
typedef void s3_data_fn(void *user, const void *data, size_t n, const struct err *err);

/* Split "s3://bucket/key" (key may be ""). Both are owned by the caller. */
int s3_uri_split(const char *uri, char **ret_bucket, char **ret_key, struct err *err) NODISCARD;

/* In the client's region; ERR_EXISTS where it is there already. */
struct aws_request *s3_create_bucket(struct aws_client *c, const char *bucket, s3_done_fn *fn, void *user);
/* The data are copied. */
struct aws_request *s3_put_data(struct aws_client *c, const char *bucket, const char *key, const void *data, size_t n,
				s3_done_fn *fn, void *user);
/* Single or multipart, by size. */
void s3_put_file(struct aws_client *c, const char *bucket, const char *key, const char *path, s3_done_fn *fn,
		 void *user);
/* To a temporary file beside path, renamed when complete; goes on where the
 * connection broke. */
void s3_get_file(struct aws_client *c, const char *bucket, const char *key, const char *path, s3_done_fn *fn,
		 void *user);
/* The same, watched: progress (may be NULL) hears how many bytes are there, of how many (-1 unknown); where replace is
 * false, ERR_EXISTS where there is a file of that name, at the beginning or at the end. The handle is valid until fn
 * runs, which it does with ERR_CANCELLED after a stop: nothing is left then. */
struct s3_download;
struct s3_download_options {
	bool replace;
	void (*progress)(void *user, int64_t got, int64_t all);
};
struct s3_download *s3_download(struct aws_client *c, const char *bucket, const char *key, const char *path,
				const struct s3_download_options *o, s3_done_fn *fn, void *user);
void s3_download_stop(struct s3_download *d);
/* Its bytes, piece by piece as they come; a negative error code ends the call with it. */
typedef int s3_piece_fn(void *user, const void *data, size_t n);
struct aws_request *s3_get_pieces(struct aws_client *c, const char *bucket, const char *key, s3_piece_fn *piece,
				  s3_done_fn *fn, void *user);
/* The whole object; ERR_TOOBIG where it has more than max bytes. */
struct aws_request *s3_get_data(struct aws_client *c, const char *bucket, const char *key, size_t max, s3_data_fn *fn,
				void *user);
/* Its first n bytes, or all of it. What is empty has none to be asked for. */
struct aws_request *s3_get_first(struct aws_client *c, const char *bucket, const char *key, size_t n, s3_data_fn *fn,
				 void *user);
struct aws_request *s3_head(struct aws_client *c, const char *bucket, const char *key, s3_head_fn *fn, void *user);
/* A page of the objects below a prefix (NULL: of all), by their keys; next_token leads on, NULL at the end. */
struct aws_request *s3_list(struct aws_client *c, const char *bucket, const char *prefix, const char *token,
			    s3_list_fn *fn, void *user);

#endif
