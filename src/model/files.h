/* files.h - the files of a thing in S3: what a transform job reads, each with what it made of it, what an endpoint
 * captured of its calls, and what a training or processing job left. Plain data; names are sanitised, addresses are as
 * S3 has them. */
#ifndef SAGETOP_MODEL_FILES_H
#define SAGETOP_MODEL_FILES_H

#include "base/buf.h"
#include "model/resource.h"

/* In a line of a file's text, between what was asked and what was answered. It is in no text of others. */
#define FILES_BESIDE '\x1f'
#define FILES_MAX 5000 /* of a listing that are kept */

struct file {
	char *name; /* below the prefix that is listed, for the eye */
	char *bucket, *key;
	int64_t size, modified_ms; /* size -1 unknown */
	char *out_key;		   /* of what was made of it; NULL: nothing yet */
	int64_t out_size;
	char *fault; /* why nothing was made of it; NULL */
};

struct files {
	struct file *items;
	size_t n, cap;
	bool has_outputs; /* of a transform job: each is to become one */
	bool cut;	  /* there are more */
	char *out_bucket;
	int64_t asked_ms; /* when they were last listed; TIME_UNKNOWN */
	uint64_t generation;
};
void files_done(struct files *f);

/* What of a file is shown and brought here: what was made of it, else itself. Borrowed. */
struct file_object {
	const char *bucket, *key;
	int64_t size; /* -1 unknown */
};
struct file_object files_object(const struct files *f, const struct file *x);

struct file *files_add(struct files *f, const char *bucket, const char *key, const char *name);
/* "2 of 3 files, 1.2 MB of 3.4 MB, 24 kB/s", and of the first without an output why; of what is running or over. "":
 * none is known. */
void files_progress(const struct files *f, const struct resource *r, int64_t now_ms, struct buf *out);
/* "812 B", "3.4 kB". buf holds FILES_SIZE_LEN bytes. */
#define FILES_SIZE_LEN 24
char *files_size_text(char *buf, int64_t size);
/* Whether a thing of that kind has files that are listed. */
bool files_of_kind(const struct kind *k);
int files_check_kind(const struct kind *k, struct err *err) NODISCARD; /* ERR_USAGE names those that have */
/* The end of a file's name that it may have in a folder here: without '/', and never "." or "..". Borrowed from it. */
const char *files_base_name(const char *name);

/* A file on its way to the disk. */
struct file_download {
	char *name, *path; /* of it in the list, and where it goes; NULL before the first */
	int64_t got, all;  /* bytes; all is -1 where it is not known */
	int64_t begun_ms;
	bool under_way;
	uint64_t generation; /* grows with every change */
};
void file_download_done(struct file_download *d);
/* "12.3 MB of 40 MB, 4.1 MB/s". */
void file_download_text(const struct file_download *d, int64_t now_ms, struct buf *out);

#endif
