/* pager_internal.h - between pager.c (the place), pager_lines.c, pager_filter.c, pager_marks.c, pager_rules.c,
 * pager_rows.c, pager_draw.c and pager_search.c. */
#ifndef SAGETOP_TUI_PAGER_INTERNAL_H
#define SAGETOP_TUI_PAGER_INTERNAL_H

#include "tui/pager.h"

/* --- pager.c --- */
void pager_show_line(struct pager *p, size_t line); /* jump there, it becomes current */
void pager_settle(struct pager *p);		    /* before it is drawn: to the end, or not beyond it */
/* The line at the top is where we are; until all that is shown is known a line may be missing that was there. */
void pager_remember_place(struct pager *p);
bool pager_row_up(struct pager *p); /* false at the first */

/* --- pager_rows.c --- */
#define PAGER_CLOCK_CELLS 13 /* 14:04:41.120 and a blank */
#define PAGER_SHORT_CLOCK_CELLS 9
#define PAGER_SINCE_CELLS 11
#define PAGER_TAB_STOP 8

bool rows_have_tags(const struct pager *p);
int rows_tag_cells(const struct pager *p);
int rows_time_cells(const struct pager *p);
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
size_t rows_at(const struct pager *p, size_t place); /* of a shown line with the rule above it */

/* --- pager_lines.c: which lines are shown --- */
const struct line_set *lines_shown(const struct pager *p); /* NULL: all of the log */
const struct log_line *pager_line_at(const struct pager *p, size_t i);
bool lines_end_is_known(const struct pager *p); /* else more may come below those that are shown */
/* Where a line of the log stands among those that are shown, else the next one; looked at now where it
 * was not yet. */
size_t lines_place(struct pager *p, size_t line);
/* Forget what was found: another log. */
void lines_restart(struct pager *p);
/* Other lines pass than before, or other ones are shown: the place stays. */
void lines_changed(struct pager *p);
/* The log has changed; anchor_line is where the top line now is. */
void lines_follow(struct pager *p);
void lines_around_begin(struct pager *p, size_t line);

/* --- pager_filter.c --- */
bool filters_pass(const struct pager *p, const struct log_line *l);
void filters_done(struct pager *p);

/* --- pager_rules.c --- */
bool rules_is_silence(const struct pager *p, size_t line); /* the log was silent before it */
void rules_follow(struct pager *p);			   /* the log has changed */
size_t rules_rows(const struct pager *p, size_t place);	   /* above a shown line: 1 or 0 */
/* What the rule there says; false where there is none. */
bool rules_text(const struct pager *p, size_t place, char *text, size_t size);

/* --- pager_marks.c --- */
void marks_follow(struct pager *p); /* the log has changed: those of lines that are gone go */
void marks_done(struct pager *p);
bool marks_action(struct pager *p, enum action a, const char **ret_note);

/* --- pager_search.c --- */
struct pager_search {
	struct pattern *pattern;
	struct line_set hits;	/* among the lines that pass the filters */
	struct line_set around; /* they and the lines around them; kept while that is shown */
	int step;		/* a jump that waits for more to be looked at */
	size_t step_from;
	bool step_at; /* the line it starts from counts too */
};

void search_free(struct pager_search *s);
void search_settle_step(struct pager *p); /* a jump that waits */
/* by is 1 or -1. A static note where there is no such hit (yet). */
const char *search_step(struct pager *p, int by);

#endif
