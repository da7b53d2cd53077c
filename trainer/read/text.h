/* text.h - line-based input in chunks that threads parse side by side.
 *
 * A feed cuts the files into batches of chunks; a chunk holds whole lines. Lines
 * are counted first (a fraction of the parsing time), so that every chunk knows
 * its line numbers for messages and where its rows go, and rows are written once,
 * in place. Gzip files are recognised by their content and unpacked batch by batch.
 */
#ifndef SAGETOP_TRAINER_TEXT_H
#define SAGETOP_TRAINER_TEXT_H

#include "trainer/read/source.h"

struct text_fault {
	size_t line, column; /* line within the chunk, from 0; column from 1, 0 where it is the whole line */
	enum err_code code;
	char msg[256];
};

struct text_chunk {
	const char *data; /* ends in a newline; NUMBER_SLACK bytes more may be read */
	size_t n;
	const char *name; /* the file's */
	bool starts_file;
	size_t lines, colons;	   /* counted */
	size_t first_line;	   /* number in the file, from 1 */
	size_t row, row_count;	   /* first row in the data set, rows found */
	size_t value, value_count; /* the same for CSR values */
	size_t max_column;	   /* CSR: highest index + 1 */
	size_t blank;		   /* CSV: the first blank line that no row of the chunk follows, from 1; 0: none */
	void *local;		   /* the parser's own */
	struct text_fault *fault;  /* the first one, or NULL */
};

struct text_batch {
	struct text_chunk *chunks;
	size_t n, cap;
	char **owned; /* memory that some chunks lie in */
	size_t owned_n, owned_cap;
	size_t bytes;
	bool count_colons; /* text_count is to fill colons */
	const char *unit;  /* what a line is called in messages; NULL: "line" */
};

void text_batch_clear(struct text_batch *b);
void text_batch_done(struct text_batch *b);
AUTO_EMBEDDED(text_batch, struct text_batch, text_batch_done)

struct text_feed {
	struct source *source;
	size_t batch_bytes; /* aimed at */
	size_t chunk_bytes;
	size_t max_unpacked; /* bytes out of gzip in all; 0: any */
	size_t file, offset; /* next byte to hand out */
	size_t released;     /* first file whose mapping still stands */
	size_t unpacked;
	size_t consumed;   /* bytes of the files as on disk */
	size_t line;	   /* lines handed out of the current file */
	struct gzip *gzip; /* of the current file, or NULL */
	char *carry;	   /* the unfinished last line out of gzip */
	size_t carry_n;
};

void text_feed_done(struct text_feed *f);
AUTO_EMBEDDED(text_feed, struct text_feed, text_feed_done)

/* 1 with the next batch, 0 at the end, or -code. What the batch before points to
 * is gone. */
int text_feed_next(struct text_feed *f, struct text_batch *b, struct err *err) NODISCARD;

/* Drop the first n bytes (whole lines, `lines` of them) from a chunk. */
void text_chunk_skip(struct text_chunk *c, size_t n, size_t lines);

/* ERR_INVALID where a file begins as no text does, with what it is instead. */
int text_check_start(const struct text_chunk *c, struct err *err) NODISCARD;

/* Fill lines, first_line and, where asked for, colons of every chunk. */
void text_count(struct text_feed *f, struct text_batch *b, int threads);

/* Record a fault unless the chunk has one. */
void text_fault(struct text_chunk *c, size_t line, size_t column, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* The batch's first fault in the order of the input as an error "file line L
 * column C: ..."; 0 where there is none. */
int text_batch_fault(const struct text_batch *b, struct err *err);

/* Up to 40 bytes of a cell made fit to be shown in a message, in buf. */
#define TEXT_SHOWN 64
const char *text_shown(char buf[TEXT_SHOWN], const char *p, const char *end);

#endif
