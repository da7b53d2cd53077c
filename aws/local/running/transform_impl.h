/* transform_impl.h - what the files of transform jobs share: transform.c (their course),
 * transform_settings.c (what the request asks for), transform_calls.c (files, batches and
 * calls, on the loop), transform_work.c (the work on bytes, in threads). */
#ifndef SAGETOP_LOCAL_TRANSFORM_IMPL_H
#define SAGETOP_LOCAL_TRANSFORM_IMPL_H

#include "aws/local/running/model_server.h"
#include "aws/local/running/transform.h"
#include "aws/local/running/transform_filter.h"
#include "aws/local/running/transform_records.h"

#define MB ((size_t)1 << 20)

struct transform_settings {
	const char *content_type, *accept; /* the document's, may be NULL */
	enum transform_split split;
	bool gzip, lines, join; /* lines: AssembleWith Line */
	enum transform_format format;
	struct transform_filter input, output;
	/* -1: not said; the model is asked, and then there are defaults. */
	int64_t concurrent, payload_mb; /* payload 0: no limit */
	int multi;
	int64_t timeout_ms, retries;
};

/* What is sent at once, and what came of it. */
struct transform_batch {
	struct transform_file *file;
	const char *data, *records; /* what is sent, and the bytes of the file that it was made of */
	size_t n, records_len;
	struct buf body;	    /* in which data lies, where it is not the file's own bytes */
	bool sent, answered, waits; /* waits: for its next attempt */
	int attempts;
	struct buf answer;
	enum transform_format answer_format;
	struct transform_batch *next;
};

enum transform_task { TASK_NONE, TASK_OPEN, TASK_BATCH, TASK_WRITE, TASK_SEAL };

/* A file of the input. While task is not TASK_NONE its bytes and its output are a thread's. */
struct transform_file {
	struct transform *t;
	int host;
	char *name;    /* bucket/key, as messages say it */
	char *source;  /* its bytes: an object's file ... */
	char *scratch; /* ... or, where that is compressed, what it is unpacked to */
	const char *bytes;
	size_t n, at; /* at: behind the last batch */
	bool opened, read, over;
	struct stored stored;
	char *out_path;
	int out_fd;
	struct transform_batch *batches;   /* in order, until they are written: the loop's */
	struct transform_batch *worked_on; /* the task's: one that it made, or writes */
	int calls;
	bool failed;
	enum transform_task task;
	char error[512]; /* of the task; "" where it went well */
};

/* An instance. */
struct transform_host {
	struct transform *t;
	struct model_server *server; /* NULL: it has ended */
	int64_t data_log;	     /* stream; 0: nothing was said yet */
	int calls;
	size_t first; /* of its files (each n_hosts-th), the first that is not over */
	bool again;   /* it has served since it was last started */
};

struct transform {
	struct engine *e;
	char *name, *dir;
	struct document *doc;
	struct transform_settings set;
	struct transform_host *hosts;
	int n_hosts;
	struct transform_file *files;
	size_t n_files;
	bool waiting, holds_slots, asked, serving, ended;
	bool stopping;
	char *failure, *file_failure; /* file_failure: what the first file that failed makes of the job */
	uint64_t retry_timer;
	struct transform *next;
};

/* transform_settings.c */
int transform_settings_read(const json_t *request, struct transform_settings *ret, struct err *err) NODISCARD;
void transform_settings_done(struct transform_settings *s);
void transform_settings_of_model(struct transform_settings *s, const json_t *parameters); /* NULL: it has none */
void transform_environment(const json_t *request, struct strmap *env);

/* transform_calls.c */
int transform_plan(struct transform *t, struct err *err) NODISCARD; /* its files. ERR: the FailureReason */
void transform_go_on(struct transform *t);			    /* whatever can be done now */
void transform_say(struct transform_host *h, const char *fmt, ...) PRINTF_LIKE(2, 3); /* in its data-log */
bool transform_working(const struct transform *t);				      /* threads have something of it */
void transform_files_free(struct transform *t);					      /* nothing is under way */
void transform_forget_outputs(struct transform *t); /* those that were stored are deleted, if they are still its own */

/* transform_work.c */
void transform_work(void *file); /* its task */
void transform_batch_free(struct transform_batch *b);

/* transform.c */
void transform_end(struct transform *t, const char *failure); /* NULL: all is done, or it is being stopped */
void transform_settle(struct transform *t);		      /* it may have ended */

#endif
