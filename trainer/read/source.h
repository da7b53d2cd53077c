/* source.h - the files of a channel, as memory.
 *
 * Lists the files below a folder in byte order of their path, maps them, and
 * lets go of pages that have been parsed, so that reading a file of any size
 * costs no more memory than the rows made of it. A request body is a source
 * with one "file".
 */
#ifndef SAGETOP_TRAINER_SOURCE_H
#define SAGETOP_TRAINER_SOURCE_H

#include "base/str.h"

#define SOURCE_MAX_DEPTH 3 /* folders below the channel's own */

struct source_map;
struct source_file {
	char *path; /* NULL for memory */
	char *name; /* for messages: relative to the folder above the channel */
	const char *data;
	size_t size;
	struct source_map *map; /* NULL where it is not mapped */
	bool lost;		/* was cut or could not be read while it was mapped */
};

struct source {
	struct source_file *files;
	size_t n, cap;
	size_t bytes;	      /* of all files, as they lie on disk */
	struct strlist notes; /* what was passed over, a line each */
};

void source_done(struct source *s);
AUTO_EMBEDDED(source, struct source, source_done)

/* What Spark, Hadoop, EMR, Databricks and notebooks leave beside data (_SUCCESS, *.crc,
 * *_$folder$ ...) is not read, nor is an empty file among others. ERR_INVALID on another
 * dot file, a folder too deep, no file at all; ERR_NOTFOUND where dir does not exist. */
int source_add_dir(struct source *s, const char *dir, struct err *err) NODISCARD;
int source_add_file(struct source *s, const char *path, struct err *err) NODISCARD;
void source_add_memory(struct source *s, const void *data, size_t n, const char *what);

/* A part with nothing in it: passed over, with a note, where there are others; else an error. */
int source_pass_empty(struct source *s, const struct source_file *f, struct err *err) NODISCARD;

/* Map it; again is fine. A file that is cut short while it is mapped, or that the disk
 * or the network fails to give, reads on as newlines: no reader has to expect it, but
 * all must ask source_check before they believe what they read. */
int source_open(struct source_file *f, struct err *err) NODISCARD;
void source_close(struct source_file *f);
int source_check(struct source *s, struct err *err) NODISCARD; /* ERR_IO where a file was lost */
/* The bytes before offset will not be read again. */
void source_release(struct source_file *f, size_t offset);

/* SHA-256 over all files in order, as 64 hexadecimal digits. */
int source_hash(const struct source *s, char hex[65], struct err *err) NODISCARD;

#endif
