/* frame.h - a CSV file with a header as columns: numbers as doubles (NaN: missing), text
 * as codes into a list of words. Several files become one frame by the names of their
 * columns. Plain or gzip.
 */
#ifndef SAGETOP_TRAINER_FRAME_H
#define SAGETOP_TRAINER_FRAME_H

#include "base/buf.h"
#include "base/str.h"

#define FRAME_NO_COLUMN SIZE_MAX
#define FRAME_NO_WORD UINT32_MAX

struct frame_column {
	char *name;
	bool text;	 /* some cell is not a number: words and codes; else numbers */
	double *numbers; /* rows; NULL where text */
	uint32_t *codes; /* rows: index into words, FRAME_NO_WORD where empty; NULL where numbers */
	struct strlist words;
};

struct frame {
	struct frame_column *columns;
	size_t n_columns, n_rows;
	uint32_t *origin; /* of each row: which of the paths it was read from */
};
void frame_free(struct frame *t);
AUTO_POINTER(frame, struct frame, frame_free)

/* text: names of columns that are text whatever their cells look like (an entity's id); may
 * be NULL. The error names file, line and column. */
int frame_load(const struct strlist *paths, const struct strlist *text, struct frame **ret, struct err *err) NODISCARD;
int frame_load_memory(const void *data, size_t n, const char *what, const struct strlist *text, struct frame **ret,
		      struct err *err) NODISCARD;
size_t frame_find(const struct frame *t, const char *name); /* FRAME_NO_COLUMN */
/* The rows of `from` behind those of t, by the names of t's columns: of those in `names`, the
 * others are missing. ERR_INVALID where `from` lacks one, or has text for numbers. */
int frame_append(struct frame *t, const struct frame *from, const struct strlist *names, uint32_t origin,
		 struct err *err) NODISCARD;
/* A copy that shares nothing. */
struct frame *frame_copy(const struct frame *t) NODISCARD;
/* As CSV with a header: what frame_load reads back as the same frame. */
void frame_csv(const struct frame *t, struct buf *out);
/* The rows in another order: row i of the result is row order[i]; n may be fewer. */
void frame_reorder(struct frame *t, const size_t *order, size_t n);

#endif
