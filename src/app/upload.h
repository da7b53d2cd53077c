/* upload.h - several files to S3, a few at a time. A file that fails does not keep the
 * others: each failure is told with its file, and at the end which they were. */
#ifndef SAGETOP_APP_UPLOAD_H
#define SAGETOP_APP_UPLOAD_H

#include "app/app.h"

struct upload_file {
	struct upload *upload; /* private */
	char *path, *key;
	bool sent;
	bool same;	/* what lies there was the same: nothing was sent */
	struct err err; /* unset: not tried */
};

struct upload {
	char *bucket, *prefix;
	bool skip_same; /* look first whether the same bytes lie there */
	struct upload_file *files;
	size_t n, cap;

	struct aws_client *client; /* from here on private */
	size_t next, in_flight, in_a_row;
	bool hopeless; /* nothing new is begun */
};
void upload_done(struct upload *u);
AUTO_EMBEDDED(upload, struct upload, upload_done)

/* One file, as `name` below the prefix. */
struct upload_file *upload_add(struct upload *u, const char *path, const char *name);
/* A file, or a folder whose files keep their place below it (its own name is left out, as
 * `aws s3 cp --recursive` does), under `below`: "" or "folder/". */
int upload_add_tree(struct upload *u, const char *path, const char *below, struct err *err) NODISCARD;
/* Where the files of a job by that name lie, s3://bucket/prefix/name, by --to; on the local engine there is
 * a place without it, elsewhere NULL. The caller's. */
char *upload_place(const struct app *a, const char *name) NODISCARD;
/* The local engine's buckets are ours to make; in an account they are not. */
int upload_make_bucket(struct app *a, struct upload *u, struct err *err) NODISCARD;
/* All of them; the app is connected. The error has the code of the first failure. */
int upload_run(struct app *a, struct upload *u, struct err *err) NODISCARD;

#endif
