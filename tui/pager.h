/* pager.h - a log on the screen: scrolling, following, wrapping, searching.
 *
 * Work is proportional to what is visible: a log of a million lines and a line of
 * 90,000 characters scroll alike. Searching goes through the lines in slices
 * (pager_work), so keys and painting never wait for it. The log may grow, take in
 * late lines in its midst, older ones at its front, and drop old ones: the lines on the
 * screen stay. */
#ifndef SAGETOP_TUI_PAGER_H
#define SAGETOP_TUI_PAGER_H

#include "model/loglines.h"
#include "model/pattern.h"
#include "tui/keymap.h"
#include "tui/line_set.h"
#include "tui/surface.h"

/* What stands before each line: a clock, how long after the first line, nothing. */
enum pager_time { PAGER_UTC = 0, PAGER_LOCAL, PAGER_SINCE, PAGER_NO_TIME };
#define PAGER_TIMES (PAGER_NO_TIME + 1)

enum pager_lines { PAGER_ALL = 0, PAGER_HITS, PAGER_AROUND /* the hits and some lines around each */ };
#define PAGER_LINES_AROUND 3

/* What lines must match, or must not; those that are on add up. */
struct pager_filter {
	struct pattern *pattern;
	bool must_not, on;
};
#define PAGER_FILTERS_MAX 32

struct pager_search; /* pattern and hits */

/* A line that is marked, by what it keeps wherever it moves. */
struct pager_mark {
	int64_t time_ms;
	uint64_t seq; /* 0: none */
};
#define PAGER_MARKS_MAX 10000

struct pager {
	const struct loglines *log; /* borrowed until the next pager_update; may be NULL */
	size_t top;		    /* first visible line, of those that are shown */
	size_t top_row;		    /* rows of it above the screen, where wrapping */
	int left;		    /* cells scrolled to the right, where not wrapping */
	int rows, cols;		    /* of the last drawing */
	bool follow, wrap;
	enum pager_lines lines; /* of those that pass the filters */
	bool tag_is_name;	/* streams are named by what they are of, not by a host */
	enum pager_time time;
	const char *before; /* borrowed: what is missing above the first line; NULL: nothing */
	int64_t gap_ms;	    /* a rule stands where the log was silent for longer; 0: none does */
	size_t current;	    /* line jumped to last */
	bool has_current;
	struct pager_search *search; /* NULL: none */
	struct pager_filter filters[PAGER_FILTERS_MAX];
	size_t n_filters;
	struct line_set silences; /* lines that ended one; kept where lines are hidden */
	struct line_set passing;  /* lines that pass them; where none is on it is not kept */
	struct pager_mark *marks; /* in the order of the log, shown or not */
	size_t n_marks;
	struct pager_mark last_mark; /* where a range begins */
	struct pager_mark end;	     /* the last line, as it was followed last */

	/* to find our place again when the log has changed in its midst */
	size_t seen_n, seen_dropped, seen_before;
	size_t anchor_line;  /* the line at the top, */
	uint64_t anchor_seq; /* and its number; 0: there is none */
	bool anchor_ruled;   /* a rule stood above it */
};

void pager_init(struct pager *p);
void pager_done(struct pager *p);
/* The log as it is now (or NULL); before drawing, after every change. */
void pager_update(struct pager *p, const struct loglines *log);
void pager_draw(struct pager *p, struct area a);
/* Moves; false where the action is not its own. *ret_note (may be NULL) gets a
 * static text such as "no more errors below", NULL where there is nothing to say. */
bool pager_action(struct pager *p, enum action a, const char **ret_note);

/* pattern: a regular expression, "" for none; all lower case ignores case. On an
 * error the old one stays. jump: go to the first hit at or after the screen's top. */
int pager_search_set(struct pager *p, const char *pattern, bool jump, struct err *err) NODISCARD;
const char *pager_search_pattern(const struct pager *p); /* "" where none */
/* Hits so far; *ret_complete tells whether all lines have been searched. */
size_t pager_hits(const struct pager *p, bool *ret_complete);
/* Which hit the current line is, from 1; 0 where it is none. */
size_t pager_hit_number(const struct pager *p);
size_t pager_line_at_time(const struct pager *p, int64_t time_ms); /* the first of that time or later */
bool pager_passes(const struct pager *p, size_t line);		   /* the filters */
void pager_jump(struct pager *p, size_t line);			   /* there, or to the next that passes */
/* Jump to the first shown line of that time or later, else the last one. False where nothing is shown. */
bool pager_go_to(struct pager *p, int64_t time_ms);

/* Searching and filtering, a slice; true where that went on. */
bool pager_work(struct pager *p, int64_t budget_us);

/* A filter, written as a search is. One that is there already is switched on. */
int pager_filter_add(struct pager *p, const char *pattern, bool must_not, struct err *err) NODISCARD;
void pager_filter_switch(struct pager *p, size_t i, bool on);
void pager_filter_drop(struct pager *p, size_t i);
bool pager_filters_off(struct pager *p); /* all of them; false where none was on */
bool pager_is_filtered(const struct pager *p);
/* Lines that pass, so far. */
size_t pager_passing(const struct pager *p, bool *ret_complete);

size_t pager_news(const struct pager *p); /* lines that came behind that one since */
/* How far from UTC its clock is then: ms. */
int64_t pager_offset(const struct pager *p, int64_t ms);
const char *pager_time_name(const struct pager *p); /* "UTC", "CET", "since the first line" ...; borrowed */
/* Text of a line with its tabs as blanks. */
void pager_plain(struct buf *out, const char *text, size_t n);
size_t pager_n(const struct pager *p); /* lines that are shown: all, those that pass, or the hits */
/* First and last visible line, from 1; 0 0 where there is none. */
void pager_visible(const struct pager *p, size_t *first, size_t *last);
/* Which lines are shown, as a number: another one where the user has changed that. */
uint64_t pager_choice(const struct pager *p);
/* Whether all of these are known; then they are places from 0 to before pager_n. */
bool pager_is_complete(const struct pager *p);
size_t pager_line_index(const struct pager *p, size_t place); /* which of the log's a shown line is */
/* The first shown line that stands behind that one, wherever it is now; mark.seq 0: the first. */
size_t pager_place_after(const struct pager *p, struct pager_mark mark);
bool pager_is_marked(const struct pager *p, size_t line);
/* Where a marked line is now, looked for from that line on (that of the mark before it, or 0); SIZE_MAX where it is
 * gone, which none of the marks is after pager_update. */
size_t pager_find(const struct pager *p, struct pager_mark mark, size_t from);
/* The line that Enter and Space mean: the current one where visible, else the top one. */
const struct log_line *pager_line_at_hand(const struct pager *p);

#endif
