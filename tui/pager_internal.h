/* pager_internal.h - between pager.c (the place), pager_rows.c, pager_draw.c and pager_search.c. */
#ifndef SAGETOP_TUI_PAGER_INTERNAL_H
#define SAGETOP_TUI_PAGER_INTERNAL_H

#include "tui/pager.h"

/* --- pager.c --- */
size_t pager_line_index(const struct pager *p, size_t i); /* of the log */
const struct log_line *pager_line_at(const struct pager *p, size_t i);
void pager_show_line(struct pager *p, size_t line); /* jump there, it becomes current */
void pager_settle(struct pager *p);		    /* before it is drawn: to the end, or not beyond it */
bool pager_has_mark(const struct pager *p);	    /* the first row says that there are older lines */

/* --- pager_rows.c --- */
#define PAGER_CLOCK_CELLS 13 /* 14:04:41.120 and a blank */
#define PAGER_SINCE_CELLS 11
#define PAGER_TAB_STOP 8

bool rows_have_tags(const struct pager *p);
int rows_tag_cells(const struct pager *p);
int rows_prefix_cells(const struct pager *p);
int rows_text_cells(const struct pager *p);
/* The cells that a code point takes at a column: a tab goes to the next stop. */
int rows_cells_at(uint32_t cp, int col);
/* How many of the n bytes fit into that many cells; *ret_cells (may be NULL) is what
 * they take. */
size_t rows_fit(const char *text, size_t n, int cells, int *ret_cells);
/* Where the row ends that begins at a byte of a line: at a newline of the event's own,
 * or where the screen ends. At least one byte further where any is left of the row. */
size_t rows_end(const struct pager *p, const struct log_line *l, size_t at);
size_t rows_next(const struct log_line *l, size_t end); /* where the row behind it begins */
size_t rows_of_line(const struct pager *p, const struct log_line *l);

/* --- pager_search.c --- */
void search_free(struct pager_search *s);
/* What was found may no longer be right: the lines before seen_n have moved. */
void search_restart(struct pager_search *s);
void search_check(struct pager_search *s, const struct loglines *log); /* and restart where so */
const uint32_t *search_hits(const struct pager_search *s, size_t *n);
size_t search_lower_bound(const struct pager_search *s, size_t line);
/* by is 1 or -1. A static note where there is no such hit (yet). */
const char *search_step(struct pager *p, int by);
/* Each match within text: fn(user, from, to) in bytes, until one starts at or after end. */
void search_each_match(const struct pager_search *s, const char *text, size_t n, size_t end,
		       void (*fn)(void *user, size_t from, size_t to), void *user);

#endif
