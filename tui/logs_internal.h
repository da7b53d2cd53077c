/* logs_internal.h - between view_logs.c (the screen of a log), logs_goto.c (`:goto`) and logs_out.c (copy and save). */
#ifndef SAGETOP_TUI_LOGS_INTERNAL_H
#define SAGETOP_TUI_LOGS_INTERNAL_H

#include "tui/doc.h"
#include "tui/pager.h"
#include "tui/view.h"

struct logs_state {
	struct strlist names; /* of things of the view's kind */
	const char *name;     /* the first of them */
	struct loglines all;  /* of several: their lines by time, a stream each */
	uint64_t *taken;      /* of each: the last line that is among them */
	struct pager pager;
	char *pattern_before; /* while one is being typed */
	bool zoomed;	      /* one line fills the screen */
	struct doc zoom;
	char *zoom_text;
	int zoom_width;
};

/* --- logs_goto.c --- */
int logs_go_to(struct view *v, const char *text, struct err *err);

/* --- logs_out.c --- */
void logs_copy(struct view *v); /* the marked lines, or the one at hand */

#endif
