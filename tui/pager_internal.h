/* pager_internal.h - between pager.c and pager_search.c. */
#ifndef SAGETOP_TUI_PAGER_INTERNAL_H
#define SAGETOP_TUI_PAGER_INTERNAL_H

#include "tui/pager.h"

/* --- pager.c --- */
size_t pager_line_index(const struct pager *p, size_t i); /* of the log */
void pager_show_line(struct pager *p, size_t line);	  /* jump there, it becomes current */

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
