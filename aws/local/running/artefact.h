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
	void *user;
};
void copy_task_work(void *task);
/* The task is over, or was not begun: freed. Its error, "" where there is none, is the caller's. */
char *copy_task_end(struct copy_task *t) NODISCARD;

/* A file that now lies in the store, to be registered under bucket/key. */
struct stored {
	char *bucket, *key;
	char blob[OBJECT_BLOB_LEN], md5[33];
	int64_t size;
};
int stored_seal(struct stored *s, const char *path, struct err *err) NODISCARD; /* size and MD5 of the finished file */
void stored_register(struct engine *e, const struct stored *s);			/* it becomes an object */

/* A folder to be stored as it is. */
struct store_tree {
	char *dir, *bucket, *prefix;
	bool checkpoints; /* what is in the making (.tmp) is left out */
};

struct store_task {
	const struct engine *e; /* only for the names of new files */
	struct strlist roots;	/* the hosts' /opt/ml */
	char *bucket, *prefix;	/* of the artefacts: "<prefix>model.tar.gz" */
	bool model, output;	/* which to make; output only where there is something */
	bool raw;		/* CompressionType NONE: files as they are */
	struct store_tree *trees;
	size_t n_trees, cap_trees;
	/* Where not NULL: files by path as they were stored before; only others are stored. */
	struct strmap *known;
	struct stored *files;
	size_t n, cap;
	char error[640];
	void *user;
};
/* Takes bucket and prefix. */
void store_task_tree(struct store_task *t, const char *dir, char *bucket, char *prefix, bool checkpoints);
void store_task_register(struct engine *e, const struct store_task *t); /* its files become objects */
void store_task_work(void *task);
void store_task_free(struct store_task *t); /* files not registered are left to the next start's sweep */

#endif
