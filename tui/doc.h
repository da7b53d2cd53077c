/* doc.h - a text of styled lines that scrolls: job detail, help, previews. */
#ifndef SAGETOP_TUI_DOC_H
#define SAGETOP_TUI_DOC_H

#include "tui/keymap.h"
#include "tui/surface.h"

struct doc_span {
	uint32_t from; /* byte offset in the document's text */
	uint16_t col;  /* where it begins */
	uint8_t style;
};

struct doc_line {
	uint32_t first_span, n_spans;
};

struct doc {
	struct buf text; /* all spans, NUL-terminated each */
	struct doc_span *spans;
	size_t n_spans, cap_spans;
	struct doc_line *lines;
	size_t n, cap;
	size_t top;
	int left, page;
	int col; /* where the next span of the last line goes */
};

void doc_done(struct doc *d);
AUTO_EMBEDDED(doc, struct doc, doc_done)
void doc_clear(struct doc *d);				      /* keeps the scroll position */
void doc_line(struct doc *d);				      /* begin a line */
void doc_add(struct doc *d, enum style st, const char *text); /* to the last line */
void doc_addf(struct doc *d, enum style st, const char *fmt, ...) PRINTF_LIKE(3, 4);
void doc_at(struct doc *d, int col); /* the next span starts there, or after a blank */
/* Begin lines at column `col` and wrap text at width cells. */
void doc_wrapped(struct doc *d, enum style st, int col, int width, const char *text);
/* Split text at newlines, one line each. */
void doc_lines(struct doc *d, enum style st, const char *text);

/* A line as it stands on the screen, blanks where its spans leave room. out is replaced. */
void doc_line_text(const struct doc *d, size_t line, struct buf *out);
void doc_show(struct doc *d, size_t line); /* scroll so that the line is seen */
bool doc_action(struct doc *d, enum action a);
void doc_draw(struct doc *d, struct area a);
/* In as many columns as there is room for, of `width` cells or more: downwards, then on to the right. */
void doc_draw_columns(struct doc *d, struct area a, int width);
/* "12 of 80 lines" and the like for the status line; nothing where all is seen. */
void doc_position(const struct doc *d, struct buf *out);

#endif
