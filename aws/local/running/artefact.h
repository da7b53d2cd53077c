/* artefact.h - the file work around a job, done in worker threads: input copied
 * out of the object store, and model, output and checkpoints put into it. */
#ifndef SAGETOP_LOCAL_ARTEFACT_H
#define SAGETOP_LOCAL_ARTEFACT_H

#include "aws/local/running/layout.h"
#include "aws/local/kept/objects.h"

struct copy_task {
	struct copy_plan plan;
	volatile int cancelled;
	char error[640]; /* "" where it went well */
	struct run *run;
};
void copy_task_work(void *task);

/* A file that now lies in the store, to be registered under bucket/key. */
struct stored {
	char *bucket, *key;
	char blob[OBJECT_BLOB_LEN], md5[33];
	int64_t size;
};

struct store_task {
	const struct engine *e; /* only for the names of new files */
	struct strlist roots;	/* the hosts' /opt/ml */
	char *bucket, *prefix;	/* of the artefacts: "<prefix>model.tar.gz" */
	bool model, output;	/* which to make; output only where there is something */
	bool raw;		/* CompressionType NONE: files as they are */
	char *checkpoint_bucket, *checkpoint_prefix;
	struct strlist checkpoint_dirs;
	struct stored *files;
	size_t n, cap;
	char error[640];
	struct run *run;
};
void store_task_work(void *task);
void store_task_free(struct store_task *t); /* files not registered are left to the next start's sweep */

#endif
