/* jobtext.h - how states and figures read on a screen: symbols, small curves, counts. */
#ifndef SAGETOP_TUI_JOBTEXT_H
#define SAGETOP_TUI_JOBTEXT_H

#include "model/cost.h"
#include "model/session.h"
#include "tui/surface.h"

#define JOBTEXT_LEN 64

/* "●" and the like, with the style of the state; the word stands beside it. */
const char *state_symbol(const struct resource *r);
enum style state_style(const struct resource *r);
/* "ml.m5.xlarge", "ml.m5.xlarge×2", "ml.m5.xlarge×2+ml.p4d.24xlarge", "–" where unknown. */
char *jobtext_instance(char *buf, const struct job *j);
/* What the signs beside costs mean: only those that are on the screen. */
struct cost_legend {
	bool so_far;	      /* '*' of what still runs */
	bool estimate;	      /* '*' of what is over */
	bool unknown;	      /* '?' */
	const char *at_least; /* ui_at_least, where it stands before a sum; NULL */
};
void jobtext_legend_add(struct cost_legend *l, const struct cost *c);
/* "* so far; ? no price; ≥ at least; prices of 2026-09-24"; prices_as_of "": there is
 * no table, NULL: nothing about it. */
void jobtext_legend(struct buf *out, const struct cost_legend *l, const char *prices_as_of);
/* 48,210 */
char *jobtext_count(char *buf, uint64_t n);

#endif
