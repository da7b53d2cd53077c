/* svg.c - charts of a page as SVG. */
#include "app/svg.h"

#include <math.h>

#include "app/html.h"

#define WIDTH 760.0
#define HEIGHT 260.0
#define LEFT 56.0
#define RIGHT 12.0
#define TOP 10.0
#define BOTTOM 30.0
#define LABEL_ROOM 74.0 /* of a place's name */
#define TICKS 5
#define DOTS_MAX 200 /* places that get a dot with their value */

struct scale {
	double min, max;
	double step;
};

/* --- scale -------------------------------------------------------------------- */

static void widen(struct scale *f, double v)
{
	if (!isfinite(v))
		return;
	f->min = fmin(f->min, v);
	f->max = fmax(f->max, v);
}

/* Round ends and a step of 1, 2 or 5; false where there is nothing to draw. */
static bool settle(struct scale *f)
{
	if (!(f->min <= f->max))
		return false;
	if (f->max - f->min <= fabs(f->max) * 1e-12) {
		f->min -= fmax(fabs(f->min) * 0.1, 1e-3);
		f->max += fmax(fabs(f->max) * 0.1, 1e-3);
	}
	double rough = (f->max - f->min) / TICKS, power = pow(10, floor(log10(rough))), times = rough / power;
	f->step = (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10) * power;
	f->min = floor(f->min / f->step) * f->step;
	f->max = ceil(f->max / f->step) * f->step;
	return true;
}

/* The same for a chart with places, which may ask for a scale with more. */
static bool settle_chart(struct scale *f, const struct svg_chart *c)
{
	if (c->from_zero)
		widen(f, 0);
	widen(f, c->mark);
	return settle(f);
}

static double y_of(const struct scale *f, double v)
{
	return TOP + (f->max - v) / (f->max - f->min) * (HEIGHT - TOP - BOTTOM);
}

/* The middle of a place. */
static double x_of(const struct svg_chart *c, size_t i)
{
	return LEFT + ((double)i + 0.5) * (WIDTH - LEFT - RIGHT) / (double)c->n;
}

/* --- frame -------------------------------------------------------------------- */

static void open_chart(struct buf *out, const char *title)
{
	buf_addf(out, "<div class=\"wide\"><svg viewBox=\"0 0 %g %g\" role=\"img\" aria-label=\"", WIDTH, HEIGHT);
	html_text(out, title);
	buf_adds(out, "\">\n");
}

static void close_chart(struct buf *out)
{
	buf_adds(out, "</svg></div>\n");
}

/* How many steps it has; the value of step k, in which rounding leaves no -0. */
static int steps(const struct scale *f)
{
	return (int)lround((f->max - f->min) / f->step);
}

static double step_value(const struct scale *f, int k)
{
	double v = f->min + k * f->step;

	return fabs(v) < f->step / 2 ? 0 : v;
}

static void add_figure(struct buf *out, const struct scale *f, double v, const char *unit)
{
	int decimals = f->step < 1 ? MIN((int)ceil(-log10(f->step) - 1e-9), 9) : 0;

	buf_addf(out, fabs(v) < 1e7 ? "%.*f" : "%.*g", fabs(v) < 1e7 ? decimals : 3, v);
	html_text(out, unit);
}

static void draw_scale(struct buf *out, const struct scale *f, const char *unit)
{
	for (int k = 0; k <= steps(f); k++) {
		double v = step_value(f, k), y = y_of(f, v);
		buf_addf(out,
			 "<line class=\"grid\" x1=\"%g\" x2=\"%g\" y1=\"%.1f\" y2=\"%.1f\"/>"
			 "<text class=\"y\" x=\"%g\" y=\"%.1f\">",
			 LEFT, WIDTH - RIGHT, y, y, LEFT - 6, y + 4);
		add_figure(out, f, v, unit);
		buf_adds(out, "</text>\n");
	}
}

static void draw_frame(struct buf *out, const struct svg_chart *c, const struct scale *f)
{
	size_t room = MAX((size_t)((WIDTH - LEFT - RIGHT) / LABEL_ROOM), (size_t)1), every = (c->n + room - 1) / room;

	draw_scale(out, f, c->unit);
	for (size_t i = 0; i < c->n; i += every) {
		buf_addf(out, "<text class=\"x\" x=\"%.1f\" y=\"%g\">", x_of(c, i), HEIGHT - 10);
		html_text(out, c->labels[i]);
		buf_adds(out, "</text>\n");
	}
	if (isfinite(c->mark))
		buf_addf(out, "<line class=\"mark\" x1=\"%g\" x2=\"%g\" y1=\"%.1f\" y2=\"%.1f\"/>\n", LEFT,
			 WIDTH - RIGHT, y_of(f, c->mark), y_of(f, c->mark));
}

static void tooltip(struct buf *out, const struct svg_chart *c, size_t i, const char *name, double v)
{
	buf_adds(out, "<title>");
	html_text(out, c->labels[i]);
	buf_adds(out, ": ");
	html_text(out, name);
	buf_addf(out, "%s%.5g%s</title>", *name ? " " : "", v, c->unit);
}

/* --- lines -------------------------------------------------------------------- */

static void draw_line(struct buf *out, const struct svg_chart *c, const struct scale *f, const struct svg_series *s)
{
	bool pen = false;

	buf_addf(out, "<path class=\"line c%d\" d=\"", s->color);
	for (size_t i = 0; i < c->n; i++) {
		bool known = isfinite(s->values[i]);
		if (known)
			buf_addf(out, "%c%.1f %.1f", pen ? 'L' : 'M', x_of(c, i), y_of(f, s->values[i]));
		pen = known;
	}
	buf_adds(out, "\"><title>");
	html_text(out, s->name);
	buf_adds(out, "</title></path>\n");
	for (size_t i = 0; i < c->n && c->n <= DOTS_MAX; i++) {
		if (!isfinite(s->values[i]))
			continue;
		buf_addf(out, "<circle class=\"dot c%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\">", s->color, x_of(c, i),
			 y_of(f, s->values[i]));
		tooltip(out, c, i, s->name, s->values[i]);
		buf_adds(out, "</circle>\n");
	}
}

void svg_lines(struct buf *out, const struct svg_chart *c, const struct svg_series *series, size_t n)
{
	struct scale f = {INFINITY, -INFINITY, 0};

	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < c->n; i++)
			widen(&f, series[k].values[i]);
	if (!settle_chart(&f, c))
		return;
	open_chart(out, c->title);
	draw_frame(out, c, &f);
	for (size_t k = 0; k < n; k++)
		draw_line(out, c, &f, &series[k]);
	close_chart(out);
	buf_adds(out, "<p class=\"legend\">");
	for (size_t k = n; k-- > 0;) {
		buf_addf(out, "<span class=\"k%d\">", series[k].color);
		html_text(out, series[k].name);
		buf_adds(out, "</span> ");
	}
	buf_adds(out, "</p>\n");
}

/* --- bars --------------------------------------------------------------------- */

static void draw_bar(struct buf *out, const struct svg_chart *c, const struct scale *f, size_t i, double v)
{
	double place = (WIDTH - LEFT - RIGHT) / (double)c->n, width = fmin(place * 0.7, 60), a = y_of(f, v),
	       b = y_of(f, 0);

	buf_addf(out, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\">",
		 v < 0 ? "worse" : "better", x_of(c, i) - width / 2, fmin(a, b), width, fmax(fabs(a - b), 0.5));
	tooltip(out, c, i, "", v);
	buf_adds(out, "</rect>\n");
}

void svg_bars(struct buf *out, const struct svg_chart *c, const double *values, const double *low, const double *high)
{
	struct scale f = {0, 0, 0};
	bool any = false;

	for (size_t i = 0; i < c->n; i++) {
		any = any || isfinite(values[i]);
		widen(&f, values[i]);
		if (low && high) {
			widen(&f, low[i]);
			widen(&f, high[i]);
		}
	}
	if (!any || !settle_chart(&f, c))
		return;
	open_chart(out, c->title);
	draw_frame(out, c, &f);
	for (size_t i = 0; i < c->n; i++) {
		if (isfinite(values[i]))
			draw_bar(out, c, &f, i, values[i]);
		if (low && high && isfinite(low[i]) && isfinite(high[i]))
			buf_addf(out, "<line class=\"whisker\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n",
				 x_of(c, i), x_of(c, i), y_of(&f, low[i]), y_of(&f, high[i]));
	}
	close_chart(out);
}

/* --- curves ------------------------------------------------------------------- */

static double across(const struct scale *f, double v)
{
	return LEFT + (v - f->min) / (f->max - f->min) * (WIDTH - LEFT - RIGHT);
}

static void draw_ground(struct buf *out, const struct scale *across_scale, const char *title)
{
	for (int k = 0; k <= steps(across_scale); k++) {
		double v = step_value(across_scale, k);
		/* The last one ends where the chart does. */
		buf_addf(out, "<text class=\"%s\" x=\"%.1f\" y=\"%g\">", k < steps(across_scale) ? "x" : "y",
			 across(across_scale, v), HEIGHT - 16);
		add_figure(out, across_scale, v, "");
		buf_adds(out, "</text>\n");
	}
	buf_addf(out, "<text class=\"x\" x=\"%g\" y=\"%g\">", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 3);
	html_text(out, title);
	buf_adds(out, "</text>\n");
}

/* Between two gaps: a line would have no length. */
static bool is_lone(const struct svg_curve *c, size_t i)
{
	return isfinite(c->ys[i]) && (i == 0 || !isfinite(c->ys[i - 1])) && (i + 1 == c->n || !isfinite(c->ys[i + 1]));
}

static void draw_curve(struct buf *out, const struct svg_curve *c, const struct scale *x, const struct scale *y)
{
	bool pen = false;

	buf_addf(out, "<path class=\"curve j%d d%d\" d=\"", c->color, c->dash);
	for (size_t i = 0; i < c->n; i++) {
		bool known = isfinite(c->ys[i]);
		if (known)
			buf_addf(out, "%c%.1f %.1f", pen ? 'L' : 'M', across(x, c->xs[i]), y_of(y, c->ys[i]));
		pen = known;
	}
	buf_adds(out, "\"><title>");
	html_text(out, c->name);
	buf_adds(out, "</title></path>\n");
	for (size_t i = 0; i < c->n; i++) {
		if (!is_lone(c, i))
			continue;
		buf_addf(out, "<circle class=\"lone j%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\"><title>", c->color,
			 across(x, c->xs[i]), y_of(y, c->ys[i]));
		html_text(out, c->name);
		buf_addf(out, ": %.6g</title></circle>\n", c->ys[i]);
	}
}

static void draw_best(struct buf *out, const struct svg_curve *c, const struct scale *x, const struct scale *y)
{
	if (!isfinite(c->best_x) || !isfinite(c->best_y))
		return;
	buf_addf(out, "<circle class=\"best%s j%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"%d\"><title>", c->first ? " first" : "",
		 c->color, across(x, c->best_x), y_of(y, c->best_y), c->first ? 5 : 3);
	html_text(out, c->name);
	buf_addf(out, ": best %.9g at %.6g</title></circle>\n", c->best_y, c->best_x);
}

void svg_curves(struct buf *out, const struct svg_axes *axes, const struct svg_curve *curves, size_t n)
{
	struct scale x = {INFINITY, -INFINITY, 0}, y = x;

	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < curves[k].n; i++) {
			if (!isfinite(curves[k].ys[i]))
				continue;
			widen(&x, curves[k].xs[i]);
			widen(&y, curves[k].ys[i]);
		}
	if (x.min == x.max) /* one place only: it stands at the left */
		x.max = x.min + 1;
	if (!settle(&x) || !settle(&y))
		return;
	open_chart(out, axes->title);
	draw_scale(out, &y, axes->unit);
	draw_ground(out, &x, axes->across);
	for (size_t k = 0; k < n; k++)
		draw_curve(out, &curves[k], &x, &y);
	for (size_t k = 0; k < 2 * n; k++) /* the best of all above the others */
		if (curves[k % n].first == (k >= n))
			draw_best(out, &curves[k % n], &x, &y);
	close_chart(out);
}

void svg_swatch(struct buf *out, int color, int dash)
{
	buf_addf(out, "<svg class=\"swatch\" viewBox=\"0 0 28 6\"><path class=\"curve j%d d%d\" d=\"M0 3H28\"/></svg> ",
		 color, dash);
}
