/* backtest_svg.c - charts of a page as SVG. */
#include "app/backtest_svg.h"

#include <math.h>

#define WIDTH 760.0
#define HEIGHT 260.0
#define LEFT 56.0
#define RIGHT 12.0
#define TOP 10.0
#define BOTTOM 30.0
#define LABEL_ROOM 74.0 /* of a place's name */
#define TICKS 5
#define DOTS_MAX 200 /* places that get a dot with their value */

struct frame {
	double min, max; /* of the scale */
	double step;
};

void html_text(struct buf *out, const char *s)
{
	for (; *s; s++)
		switch (*s) {
		case '&':
			buf_adds(out, "&amp;");
			break;
		case '<':
			buf_adds(out, "&lt;");
			break;
		case '>':
			buf_adds(out, "&gt;");
			break;
		case '"':
			buf_adds(out, "&quot;");
			break;
		case '\'':
			buf_adds(out, "&#39;");
			break;
		default:
			buf_addc(out, *s);
		}
}

static const char style[] =
	":root{--bg:#fff;--fg:#1b1f24;--dim:#5b6570;--grid:#e3e7eb;--c0:#0b62c4;--c1:#b45309;--c2:#a3acb6}\n"
	"@media(prefers-color-scheme:dark){:root{--bg:#14171b;--fg:#e4e8ec;--dim:#9aa4af;--grid:#2b3138;--c0:#6cb2ff;"
	"--c1:#f0a35e;--c2:#59636e}}\n"
	"body{background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;"
	"padding:0 1rem}\n"
	"h1{font-size:1.4rem;line-height:1.3}h2{font-size:1.05rem;margin:2rem 0 .4rem}p{margin:.3rem 0}\n"
	".dim,.legend,caption{color:var(--dim)}svg{width:100%;height:auto}\n"
	"table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\n"
	"caption{text-align:left}th,td{padding:.2rem .5rem;text-align:right;border-bottom:1px solid var(--grid)}\n"
	"th:first-child,td:first-child{text-align:left;overflow-wrap:anywhere}td:not(:first-child){white-space:nowrap}."
	"wide{overflow-x:auto}tr.headline{color:var(--c1)}\n"
	"text{fill:var(--dim);font:11px system-ui,sans-serif}.y{text-anchor:end}.x{text-anchor:middle}\n"
	".grid{stroke:var(--grid)}.mark,.whisker{stroke:var(--fg)}.mark{stroke-dasharray:5 4}\n"
	".line{fill:none;stroke-width:1.2}.c0.line,.c1.line{stroke-width:2.4}\n"
	".c0{stroke:var(--c0)}.c1{stroke:var(--c1)}.c2{stroke:var(--c2)}\n"
	".dot{stroke:none}.c0.dot{fill:var(--c0)}.c1.dot{fill:var(--c1)}.c2.dot{fill:var(--c2)}\n"
	".better{fill:var(--c0)}.worse{fill:var(--c1)}\n"
	".k0::before,.k1::before,.k2::before{content:\"\\2014\\a0\"}.k0{color:var(--c0)}.k1{color:var(--c1)}\n";

void html_open(struct buf *out, const char *title)
{
	buf_adds(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	html_text(out, title);
	buf_addf(out, "</title>\n<style>\n%s</style></head><body>\n", style);
}

void html_close(struct buf *out)
{
	buf_adds(out, "</body></html>\n");
}

/* --- scale -------------------------------------------------------------------- */

static void widen(struct frame *f, double v)
{
	if (!isfinite(v))
		return;
	f->min = fmin(f->min, v);
	f->max = fmax(f->max, v);
}

/* Round ends and a step of 1, 2 or 5; false where there is nothing to draw. */
static bool settle(struct frame *f, const struct svg_chart *c)
{
	if (c->from_zero)
		widen(f, 0);
	widen(f, c->mark);
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

static double y_of(const struct frame *f, double v)
{
	return TOP + (f->max - v) / (f->max - f->min) * (HEIGHT - TOP - BOTTOM);
}

/* The middle of a place. */
static double x_of(const struct svg_chart *c, size_t i)
{
	return LEFT + ((double)i + 0.5) * (WIDTH - LEFT - RIGHT) / (double)c->n;
}

static void open_chart(struct buf *out, const struct svg_chart *c)
{
	buf_addf(out, "<svg viewBox=\"0 0 %g %g\" role=\"img\" aria-label=\"", WIDTH, HEIGHT);
	html_text(out, c->title);
	buf_adds(out, "\">\n");
}

static void draw_frame(struct buf *out, const struct svg_chart *c, const struct frame *f)
{
	int decimals = f->step < 1 ? MIN((int)ceil(-log10(f->step) - 1e-9), 9) : 0;
	size_t room = MAX((size_t)((WIDTH - LEFT - RIGHT) / LABEL_ROOM), (size_t)1), every = (c->n + room - 1) / room;

	for (int k = 0; k <= (int)lround((f->max - f->min) / f->step); k++) {
		double v = f->min + k * f->step, y = y_of(f, v);
		v = fabs(v) < f->step / 2 ? 0 : v;
		buf_addf(out,
			 "<line class=\"grid\" x1=\"%g\" x2=\"%g\" y1=\"%.1f\" y2=\"%.1f\"/>"
			 "<text class=\"y\" x=\"%g\" y=\"%.1f\">",
			 LEFT, WIDTH - RIGHT, y, y, LEFT - 6, y + 4);
		buf_addf(out, fabs(v) < 1e7 ? "%.*f%s</text>\n" : "%.*g%s</text>\n", fabs(v) < 1e7 ? decimals : 3, v,
			 c->unit);
	}
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

static void draw_line(struct buf *out, const struct svg_chart *c, const struct frame *f, const struct svg_series *s)
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
	struct frame f = {INFINITY, -INFINITY, 0};

	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < c->n; i++)
			widen(&f, series[k].values[i]);
	if (!settle(&f, c))
		return;
	open_chart(out, c);
	draw_frame(out, c, &f);
	for (size_t k = 0; k < n; k++)
		draw_line(out, c, &f, &series[k]);
	buf_adds(out, "</svg>\n<p class=\"legend\">");
	for (size_t k = n; k-- > 0;) {
		buf_addf(out, "<span class=\"k%d\">", series[k].color);
		html_text(out, series[k].name);
		buf_adds(out, "</span> ");
	}
	buf_adds(out, "</p>\n");
}

/* --- bars --------------------------------------------------------------------- */

static void draw_bar(struct buf *out, const struct svg_chart *c, const struct frame *f, size_t i, double v)
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
	struct frame f = {0, 0, 0};
	bool any = false;

	for (size_t i = 0; i < c->n; i++) {
		any = any || isfinite(values[i]);
		widen(&f, values[i]);
		if (low && high) {
			widen(&f, low[i]);
			widen(&f, high[i]);
		}
	}
	if (!any || !settle(&f, c))
		return;
	open_chart(out, c);
	draw_frame(out, c, &f);
	for (size_t i = 0; i < c->n; i++) {
		if (isfinite(values[i]))
			draw_bar(out, c, &f, i, values[i]);
		if (low && high && isfinite(low[i]) && isfinite(high[i]))
			buf_addf(out, "<line class=\"whisker\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n",
				 x_of(c, i), x_of(c, i), y_of(&f, low[i]), y_of(&f, high[i]));
	}
	buf_adds(out, "</svg>\n");
}
