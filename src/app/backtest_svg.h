/* backtest_svg.h - reports as pages (backtests, costs): their frame, and charts as SVG: lines and bars over places in a
 * row, a scale at the left, names below. Colours are classes, which the page's style sheet knows: c0 c1 ... of series,
 * "better" and "worse" of bars. Values that are not known leave a gap. */
#ifndef SAGETOP_APP_BACKTEST_SVG_H
#define SAGETOP_APP_BACKTEST_SVG_H

#include "base/buf.h"

struct svg_series {
	const char *name;
	const double *values; /* one for each place */
	int color;	      /* class cN; the first drawn lies below */
};

struct svg_chart {
	const char *title;   /* what a screen reader says */
	size_t n;	     /* places */
	char *const *labels; /* of places; shown as far as there is room */
	const char *unit;    /* behind the scale's figures: "%", "" */
	double mark;	     /* a dashed line at that value; NAN: none */
	bool from_zero;	     /* the scale holds 0 */
};

/* Append s with what HTML would take for its own escaped. */
void html_text(struct buf *out, const char *s);
/* A page of our style, up to its body and from it: no script, nothing from elsewhere, light
 * or dark as the reader's screen is. */
void html_open(struct buf *out, const char *title);
void html_close(struct buf *out);

void svg_lines(struct buf *out, const struct svg_chart *c, const struct svg_series *series, size_t n);
/* One bar for each place, from 0, with its interval where low and high are not NULL. */
void svg_bars(struct buf *out, const struct svg_chart *c, const double *values, const double *low, const double *high);

#endif
