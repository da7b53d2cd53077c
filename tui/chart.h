/* chart.h - curves over axes: braille dots, quarters of blocks, or letters, which are all that ASCII has.
 *
 * Pure drawing: the caller says what to draw in data units. Points need not be
 * sorted or finite; a value that is not finite is a gap in the curve. CHART_BREAK among
 * them: what follows is another run of the same curve, the newer one. */
#ifndef SAGETOP_TUI_CHART_H
#define SAGETOP_TUI_CHART_H

#include <math.h>

#include "tui/surface.h"

struct chart_point {
	double x, y;
};

#define CHART_BREAK ((struct chart_point){NAN, NAN})

struct chart_curve {
	const struct chart_point *points;
	size_t n;
	enum style style;
	size_t mark;			/* its letter, or its dashes, where there are no colours */
	size_t line;			/* its dashes where there are; 0: none */
	const struct chart_point *best; /* one of points, which is marked; NULL */
};

struct chart {
	const struct chart_curve *curves;
	size_t n;
	bool log_y;	/* only where all values are positive; see chart_log_works */
	bool log_x;	/* as log(1 + x), since rounds begin with 0 */
	bool x_is_time; /* x in seconds since the start: 1m30s instead of 90 */
	bool has_cursor;
	double cursor_x;
	double from, to; /* the part of x that is seen; alike: all */
};

/* How x was laid out, for steps by cells. */
struct chart_plot {
	int cols, dots; /* 0 where nothing was drawn */
	double x0, x1;
	bool log_x;
};

bool chart_log_works(const struct chart *c);
/* The smallest and largest x; false where there is no point. */
bool chart_x_range(const struct chart *c, double *lo, double *hi);
/* The curve's last point at or before x, of its newest run that reaches there; its value
 * may be nan. NULL where it begins later. */
const struct chart_point *chart_point_at(const struct chart_curve *curve, double x);
struct chart_plot chart_draw(const struct chart *c, struct area a);
/* The next x before (by < 0) or after that one in another cell of what was drawn: the last in that cell. nan where
 * there is none to see. */
double chart_step(const struct chart *c, const struct chart_plot *plot, double from, int by);
/* ... among all points, wherever they lie. */
double chart_neighbour(const struct chart *c, double from, int by);

/* What stands for a curve in the legend: its letter, or a piece of its line. */
const char *chart_mark(const struct surface *s, const struct chart_curve *curve);
#define CHART_BEST "◆"		   /* what stands at a curve's best point */
#define CHART_MARK_BEHIND SIZE_MAX /* the mark of a curve that is only there to compare with */

/* A step of 1, 2 or 5 times a power of ten that divides span in at most n parts. */
double chart_nice_step(double span, int n);

#endif
