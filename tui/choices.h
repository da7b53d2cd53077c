/* choices.h - what can stand in a line that is being typed: Tab goes through it, and it is shown below. */
#ifndef SAGETOP_TUI_CHOICES_H
#define SAGETOP_TUI_CHOICES_H

#include "base/str.h"
#include "tui/lineedit.h"

struct choices {
	struct strlist texts; /* whole lines; none: nothing is offered */
	struct strlist notes; /* beside each, dim; "" nothing */
	size_t at;	      /* the one in the line; texts.n: what was typed */
	char *typed;
};
void choices_add(struct choices *c, const char *text, const char *note);

/* The choices that were added are those for the line as it is: what they have in common is put into it, and a single
 * one as a whole. False where that is what stands there already: then nothing is offered. */
bool choices_begin(struct choices *c, struct lineedit *e);
/* ... for whatever stands in the line, which stays as it is. */
void choices_open(struct choices *c, const struct lineedit *e);
/* The next of them in the line (by 1), or the one before (-1); behind the last comes what was typed. */
void choices_step(struct choices *c, struct lineedit *e, int by);
/* None is offered any more, and nothing is held; the line stays as it is, or is again what was typed. */
void choices_end(struct choices *c);
void choices_cancel(struct choices *c, struct lineedit *e);

int choices_rows(const struct choices *c, int most);
void choices_draw(const struct choices *c, struct area a);

#endif
