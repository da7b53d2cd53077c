/* chart.h - curves over axes: braille dots, or letters where only ASCII works.
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
	const char *name; /* in the legend */
	const struct chart_point *points;
	size_t n;
	enum style style;
};

struct chart {
	const struct chart_curve *curves;
	size_t n;
	bool log_y;	/* only where all values are positive; see chart_log_works */
	bool x_is_time; /* x in seconds since the start: 1m30s instead of 90 */
	bool has_cursor;
	double cursor_x;
};

bool chart_log_works(const struct chart *c);
/* The smallest and largest x; false where there is no point. */
bool chart_x_range(const struct chart *c, double *lo, double *hi);
/* The curve's last point at or before x, of its newest run that reaches there; its value
 * may be nan. NULL where it begins later. */
const struct chart_point *chart_point_at(const struct chart_curve *curve, double x);
void chart_draw(const struct chart *c, struct area a);

/* What stands for a curve in the legend: its letter, or a piece of its line. */
const char *chart_mark(const struct surface *s, size_t curve);

/* A step of 1, 2 or 5 times a power of ten that divides span in at most n parts. */
double chart_nice_step(double span, int n);

#endif
