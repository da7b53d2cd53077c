/* html.h - reports as pages (backtests, costs, jobs): one file that a person can mail. No script, nothing from
 * elsewhere, light or dark as the reader's screen is. What is written into it is escaped here, as text and as an
 * attribute alike. */
#ifndef SAGETOP_APP_HTML_H
#define SAGETOP_APP_HTML_H

#include "base/buf.h"

/* Append s with what HTML would take for its own escaped. */
void html_text(struct buf *out, const char *s);
/* A page of our style, up to its body and from it. */
void html_open(struct buf *out, const char *title);
void html_close(struct buf *out);

/* A text in an element; tag may have attributes, which are not escaped: "p class=\"dim\"". */
void html_element(struct buf *out, const char *tag, const char *text);

/* A table that scrolls by itself where the screen is narrow; rows and cells follow. caption may be NULL. */
void html_table_open(struct buf *out, const char *caption, const char *const *titles, size_t n);
void html_cell(struct buf *out, const char *text);
void html_table_close(struct buf *out);

#endif
