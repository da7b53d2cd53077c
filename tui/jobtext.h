/* jobtext.h - how a job and its figures read on a screen: symbols, words, units. */
#ifndef SAGETOP_TUI_JOBTEXT_H
#define SAGETOP_TUI_JOBTEXT_H

#include "model/cost.h"
#include "model/session.h"
#include "tui/surface.h"

#define JOBTEXT_LEN 64

/* "●" and the like, with the style of the state; the word stands beside it. */
const char *jobtext_symbol(const struct job *j);
enum style jobtext_style(const struct job *j);
/* "ml.m5.xlarge", "ml.m5.xlarge×2", "ml.m5.xlarge×2+ml.p4d.24xlarge", "–" where unknown. */
char *jobtext_instance(char *buf, const struct job *j);
/* Time since its creation; training seconds; "–" where unknown. */
char *jobtext_age(char *buf, const struct job *j, int64_t now_ms);
char *jobtext_train(char *buf, const struct job *j, int64_t now_ms);
/* "$0.035", "$0.035*" where it is an estimate, "?" without a price, "–" where nothing has
 * been billed yet. */
char *jobtext_cost(char *buf, const struct job *j, const struct cost *c);
/* What the signs beside costs mean: only those that are on the screen. */
struct cost_legend {
	bool so_far;   /* '*' of what still runs */
	bool estimate; /* '*' of what is over */
	bool unknown;  /* '?' */
	bool at_least; /* "≥" before the header's rate */
};
void jobtext_legend_add(struct cost_legend *l, const struct cost *c);
/* "* so far; ? no price; ≥ at least; prices of 2026-09-24"; prices_as_of "": there is
 * no table, NULL: nothing about it. */
void jobtext_legend(struct buf *out, const struct cost_legend *l, const char *prices_as_of);
char *jobtext_saving(char *buf, const struct job *j);
/* About five significant digits, never an exponent where digits do. */
char *jobtext_value(char *buf, double v);
/* The objective's newest value: from the feed where the job is watched, else
 * the final one. False where there is none. */
bool jobtext_objective(const struct session *s, const struct job *j, const char **ret_name, double *ret);
/* A line of up to `cells` bars over the series' last values; "" where fewer than
 * two points. out holds 3*cells+1 bytes. */
char *jobtext_spark(char *out, int cells, const struct series *s);
/* 48,210 */
char *jobtext_count(char *buf, uint64_t n);

#endif
