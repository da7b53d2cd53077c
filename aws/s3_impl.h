/* s3_impl.h - what s3.c (single requests) shares with s3_transfer.c (files) and
 * with the tests. Private to aws/. */
#ifndef SAGETOP_AWS_S3_IMPL_H
#define SAGETOP_AWS_S3_IMPL_H

#include "aws/s3.h"

struct xml_node;

char *s3_key_path(const char *key) NODISCARD; /* "/a%20b/c", owned by the caller */
void s3_query_add(struct buf *query, const char *name, const char *value);

/* Part of a file, with the hash of those bytes. */
struct s3_piece {
	const char *path;
	int64_t offset;
	size_t n;
	const char *hash;
};
struct aws_request *s3_put_piece(struct aws_client *c, const char *bucket, const char *key,
				 const struct s3_piece *piece, s3_done_fn *fn, void *user);

struct s3_listing {
	struct s3_object *objects;
	size_t n, cap;
	const char *next_token; /* NULL at the end */
	struct strlist keys;	/* private */
	struct xml_node *tree;	/* private */
};
int s3_parse_list(const char *text, size_t n, struct s3_listing *ret, struct err *err) NODISCARD;
void s3_listing_done(struct s3_listing *l);

#endif
