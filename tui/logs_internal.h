/* logs_internal.h - between view_logs.c (the screen of a log), view_histogram.c, logs_goto.c (`:goto`), logs_kept.c
 * (what stays for the next time), logs_out.c (copy and save) and logs_words.c (title and status line). */
#ifndef SAGETOP_TUI_LOGS_INTERNAL_H
#define SAGETOP_TUI_LOGS_INTERNAL_H

#include "tui/doc.h"
#include "tui/pager.h"
#include "tui/view.h"

/* Lines on their way into a file. */
struct logs_saving {
	struct fs_draft *draft; /* NULL: none are */
	char *path;
	uint64_t choice;	  /* of shown lines, as it was when this began */
	struct pager_mark *marks; /* those that are written; NULL: all that are shown */
	size_t n_marks, next;
	struct pager_mark last; /* of the shown: that was written last */
	size_t n;
	struct buf text; /* not written yet */
};

struct logs_state {
	char hint[120];	      /* the keys of one line */
	struct strlist names; /* of things of the view's kind */
	const char *name;     /* the first of them */
	struct loglines all;  /* of several: their lines by time, a stream each */
	uint64_t *taken;      /* of each: the last line that is among them */
	struct pager pager;
	char missing[400];    /* what is not there of it, in words; "" */
	char *pattern_before; /* while one is being typed */
	bool zoomed;	      /* one line fills the screen */
	struct doc zoom;
	char *zoom_text;
	size_t zoom_lines; /* events of a traceback that it is; 0: one event */
	int zoom_width;
	struct logs_saving saving;
};

/* --- view_logs.c --- */
const struct feed *logs_feed(struct view *v);	   /* of the first; NULL before anybody asked */
const struct resource *logs_thing(struct view *v); /* the first; NULL where it is not known */
bool logs_has_ended(const struct resource *r);	   /* its log grows no more */
bool logs_is_merged(const struct logs_state *st);
const struct loglines *logs_lines(struct view *v); /* those on the screen; NULL where there are none yet */
size_t logs_reading(struct view *v);		   /* logs whose older lines are on their way */

/* --- logs_words.c --- */
/* Whose log it is: a name, or "3 jobs merged". */
void logs_name(const struct view *v, char *buf, size_t size);
/* " · &rmse !debug 41 of 63 lines": the filters that are on; nothing where none is. */
void logs_filters_text(const struct pager *p, struct buf *left);
void logs_title(struct view *v, struct buf *left, struct buf *right);
void logs_status(struct view *v, struct buf *left, struct buf *right);

/* --- logs_goto.c --- */
int logs_go_to(struct view *v, const char *text, struct err *err);

/* --- logs_kept.c --- */
void logs_load_look(struct view *v); /* times and wrapping, of all logs */
void logs_keep_look(struct view *v);
void logs_load_filters(struct view *v); /* those that this log, or these merged ones, had last */
void logs_keep_filters(struct view *v);

/* --- logs_out.c --- */
void logs_copy(struct view *v); /* the marked lines, or the one at hand */
int logs_save(struct view *v, const char *path, bool replace, struct err *err);
bool logs_save_work(struct view *v, int64_t budget_us); /* true where that went on */
void logs_save_stop(struct view *v, const char *why);	/* nothing is written; where nothing was saved it is nothing */

#endif
