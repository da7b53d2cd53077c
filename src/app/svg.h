/* svg.h - charts of a page (html.h) as SVG: lines and bars over places in a row, names below, and curves over a scale
 * of numbers. A scale is at the left. Colours are classes, which the page's style sheet knows: c0 c1 ... of series,
 * "better" and "worse" of bars. Values that are not known leave a gap. */
#ifndef SAGETOP_APP_SVG_H
#define SAGETOP_APP_SVG_H

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

void svg_lines(struct buf *out, const struct svg_chart *c, const struct svg_series *series, size_t n);
/* One bar for each place, from 0, with its interval where low and high are not NULL. */
void svg_bars(struct buf *out, const struct svg_chart *c, const double *values, const double *low, const double *high);

#define SVG_COLORS 12 /* of curves: classes j0 j1 ..., that can be told apart on a light and on a dark ground */
#define SVG_DASHES 4  /* classes d0 (a whole line) d1 ... */

struct svg_axes {
	const char *title;  /* what a screen reader says */
	const char *unit;   /* behind the figures at the left */
	const char *across; /* what is counted below: "round" */
};

struct svg_curve {
	const char *name;
	const double *xs, *ys; /* n of each; a y that is not finite lifts the pen */
	size_t n;
	int color, dash;       /* below SVG_COLORS and SVG_DASHES */
	double best_x, best_y; /* gets a ring; NAN: nothing does */
	bool first;	       /* the best of all: a larger dot */
};

void svg_curves(struct buf *out, const struct svg_axes *axes, const struct svg_curve *curves, size_t n);
/* A piece of such a line within a text: of a legend. */
void svg_swatch(struct buf *out, int color, int dash);

#endif
