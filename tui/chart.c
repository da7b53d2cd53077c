/* Series drawn into cells: scales, axes, braille, blocks or ASCII. */
#include "tui/chart.h"

#include <math.h>

#include "base/timefmt.h"
#include "base/utf8.h"
#include "tui/jobtext.h"

#define LABEL_MAX 9 /* cells of a y label */

struct frame {
	struct area plot;
	double x0, x1, y0, y1; /* y in drawing units: logarithms where log */
	bool log_x, log_y;
	bool more_left, more_right; /* there are points beyond the sides */
	int cell_x, cell_y;	    /* dots of a cell: braille 2 by 4, blocks 2 by 2, a letter 1 */
	int dots_x, dots_y;	    /* of the whole plot */
	uint8_t *mask;		    /* dots of a cell */
	uint16_t *owner;	    /* the curve that drew there last, + 1 */
	uint8_t dash;		    /* of the curve: which of eight dots in a row are drawn */
	unsigned phase;		    /* dots of it so far */
};

/* Where colours do not tell curves apart; chart_mark shows them in a legend. */
#define DASHES 6
static const uint8_t dashes[DASHES] = {0xff, 0x1f, 0x55, 0x4f, 0x03, 0x11};
static const char letters[][2] = {"*", "+", "o", "x", "#", "@", "%", "&", "=", "$", "s", "e", "v", "n"};

static bool draws_letters(const struct surface *s)
{
	return s->ascii || s->marks == MARKS_LETTERS;
}

static size_t dash_of(const struct surface *s, const struct chart_curve *curve)
{
	if (curve->mark == CHART_MARK_BEHIND)
		return s->mono ? DASHES - 1 : 0;
	return (s->mono ? curve->mark : curve->line) % DASHES;
}

const char *chart_mark(const struct surface *s, const struct chart_curve *curve)
{
	static const char *const lines[DASHES] = {"──", "╌╌", "··", "─·", "- ", ". "};

	if (!draws_letters(s))
		return lines[dash_of(s, curve)];
	return curve->mark == CHART_MARK_BEHIND ? "." : letters[curve->mark % ARRAY_LEN(letters)];
}

double chart_nice_step(double span, int n)
{
	double raw = span / MAX(n, 1), power, f;

	if (!(raw > 0) || !isfinite(raw))
		return 1;
	power = pow(10, floor(log10(raw)));
	f = raw / power;
	return (f <= 1.0000001 ? 1 : f <= 2.0000001 ? 2 : f <= 5.0000001 ? 5 : 10) * power;
}

bool chart_log_works(const struct chart *c)
{
	bool any = false;

	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->curves[i].n; k++) {
			double y = c->curves[i].points[k].y;
			if (isfinite(y) && y <= 0)
				return false;
			any = any || isfinite(y);
		}
	return any;
}

bool chart_x_range(const struct chart *c, double *lo, double *hi)
{
	bool any = false;

	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->curves[i].n; k++) {
			const struct chart_point *p = &c->curves[i].points[k];
			if (!isfinite(p->x) || !isfinite(p->y))
				continue;
			if (!any || p->x < *lo)
				*lo = p->x;
			if (!any || p->x > *hi)
				*hi = p->x;
			any = true;
		}
	return any;
}

const struct chart_point *chart_point_at(const struct chart_curve *curve, double x)
{
	const struct chart_point *best = NULL;
	bool newer = false; /* of another run than the best */

	for (size_t k = 0; k < curve->n; k++) {
		const struct chart_point *p = &curve->points[k];

		newer |= isnan(p->x);
		if (p->x <= x + 1e-9 && (!best || newer || p->x >= best->x)) {
			best = p;
			newer = false;
		}
	}
	return best;
}

static double y_value(const struct frame *f, double y)
{
	return f->log_y ? log10(y) : y;
}

static double x_value(bool log_x, double x)
{
	return log_x ? log1p(x > 0 ? x : 0) : x;
}

/* A curve's pieces from point to point, as far as they lie between the plot's sides. */
struct walk {
	const struct chart_curve *curve;
	size_t k;
	struct chart_point last;
};

/* p, which lies outside, to where the line from it to the other comes in: straight as drawn. */
static void to_side(const struct frame *f, struct chart_point *p, struct chart_point other)
{
	double x = p->x < f->x0 ? f->x0 : f->x1, y = y_value(f, p->y), from = x_value(f->log_x, p->x);

	y += (y_value(f, other.y) - y) * ((x_value(f->log_x, x) - from) / (x_value(f->log_x, other.x) - from));
	*p = (struct chart_point){x, f->log_y ? pow(10, y) : y};
}

static bool is_inside(const struct frame *f, struct chart_point p)
{
	return p.x >= f->x0 && p.x <= f->x1;
}

/* The next piece; of the first point of a run both ends are that point. */
static bool walk_next(const struct frame *f, struct walk *w, struct chart_point *a, struct chart_point *b)
{
	while (w->k < w->curve->n) {
		const struct chart_point p = w->curve->points[w->k++];

		if (!isfinite(p.x) || !isfinite(p.y)) {
			w->last = CHART_BREAK;
			continue;
		}
		*a = isnan(w->last.x) ? p : w->last;
		*b = w->last = p;
		if ((a->x < f->x0 && b->x < f->x0) || (a->x > f->x1 && b->x > f->x1))
			continue;
		const struct chart_point from = *a;
		if (!is_inside(f, *a))
			to_side(f, a, p);
		if (!is_inside(f, *b))
			to_side(f, b, from);
		return true;
	}
	return false;
}

static void y_range(const struct chart *c, struct frame *f)
{
	struct chart_point a, b;
	double lo = INFINITY, hi = -INFINITY;

	for (size_t i = 0; i < c->n; i++)
		for (struct walk w = {&c->curves[i], 0, CHART_BREAK}; walk_next(f, &w, &a, &b);) {
			double low = a.y < b.y ? a.y : b.y, high = a.y < b.y ? b.y : a.y;
			lo = low < lo ? low : lo;
			hi = high > hi ? high : hi;
		}
	if (isfinite(lo) && isfinite(hi)) {
		f->y0 = y_value(f, lo);
		f->y1 = y_value(f, hi);
	}
	if (f->y1 - f->y0 <= fabs(f->y0) * 1e-12) { /* a flat line lies in the middle */
		double pad = f->y0 != 0 ? fabs(f->y0) * 0.1 : 1;
		f->y0 -= pad;
		f->y1 += pad;
	}
}

/* Digits enough to tell neighbouring ticks apart. */
static char *tick_text(char *buf, double v, double step)
{
	int digits = step > 0 && step < 1 ? (int)ceil(-log10(step) - 1e-9) : 0;

	if (fabs(v) < step * 1e-6)
		v = 0;
	if (fabs(v) >= 1e7 || digits > 6)
		snprintf(buf, JOBTEXT_LEN, "%.1e", v);
	else
		snprintf(buf, JOBTEXT_LEN, "%.*f", digits, v);
	return buf;
}

static char *x_text(char *buf, const struct chart *c, double v, double step)
{
	if (c->x_is_time)
		return timefmt_duration(buf, (int64_t)llround(v) * 1000);
	return tick_text(buf, v, step);
}

/* A nice step in seconds: of minutes and hours, not of tens. */
static double time_step(double span, int n)
{
	static const double steps[] = {1,   2,	 5,    10,   15,   30,	  60,	 120,	300,
				       600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400};

	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (span / steps[i] <= n)
			return steps[i];
	return 86400 * chart_nice_step(span / 86400, n);
}

/* Where v lies between lo and hi, as one of n dots; the ends where it lies outside. */
static int dot_at(double v, double lo, double hi, int n)
{
	double t = hi > lo ? (v - lo) / (hi - lo) : 0;

	t = t > 0 ? t : 0;
	return (int)((t < 1 ? t : 1) * (n - 1) + 0.5);
}

static int x_dot_at(double x, double x0, double x1, bool log_x, int n)
{
	return dot_at(x_value(log_x, x), x_value(log_x, x0), x_value(log_x, x1), n);
}

static int row_of(const struct frame *f, double y)
{
	return (f->dots_y - 1 - dot_at(y, f->y0, f->y1, f->dots_y)) * f->plot.rows / f->dots_y;
}

static int col_of(const struct frame *f, double x)
{
	return x_dot_at(x, f->x0, f->x1, f->log_x, f->dots_x) * f->plot.cols / f->dots_x;
}

struct tick {
	double y; /* drawing units */
	char label[JOBTEXT_LEN];
};
#define TICKS_MAX 40
#define X_TICKS_MAX 200

/* From the top down. */
static size_t y_ticks(const struct frame *f, int rows, struct tick *ticks)
{
	size_t n = 0;

	if (f->log_y && f->y1 - f->y0 >= 1.5) { /* whole powers of ten */
		double every = ceil((f->y1 - f->y0) / MAX(rows / 2, 1));
		for (double e = floor(f->y1 + 1e-9); e >= f->y0 - 1e-9 && n < TICKS_MAX; e--)
			if (fmod(e, every) == 0) {
				ticks[n].y = e;
				snprintf(ticks[n++].label, JOBTEXT_LEN, "1e%.0f", e);
			}
		return n;
	}
	double lo = f->log_y ? pow(10, f->y0) : f->y0, hi = f->log_y ? pow(10, f->y1) : f->y1;
	double step = chart_nice_step(hi - lo, MAX(rows * 2 / 5, 2));
	for (double v = floor(hi / step + 1e-9) * step; v >= lo - step * 1e-6 && n < TICKS_MAX; v -= step) {
		ticks[n].y = y_value(f, v);
		tick_text(ticks[n++].label, v, step);
	}
	return n;
}

static int label_cells(const struct tick *ticks, size_t n)
{
	int cells = 3;

	for (size_t i = 0; i < n; i++)
		cells = MAX(cells, utf8_width(ticks[i].label));
	return MIN(cells, LABEL_MAX);
}

static void draw_y_axis(const struct frame *f, struct area a, const struct tick *ticks, size_t n)
{
	int last = -1, axis = f->plot.col - a.col - 1;

	for (int row = 0; row < f->plot.rows; row++)
		area_put(a, row, axis, ST_DIM, "│");
	for (size_t i = 0; i < n; i++) {
		int row = row_of(f, ticks[i].y);
		if (row < 0 || row >= f->plot.rows || row == last)
			continue;
		last = row;
		area_put_right(a, row, axis - 1, ST_DIM, ticks[i].label);
		area_put(a, row, axis, ST_DIM, "┤");
	}
}

/* The step from one tick to the next: on a logarithmic axis it grows, so that labels stay as far apart. */
static double x_step(const struct frame *f, const struct chart *c, double v)
{
	double span = f->x1 - f->x0;
	int n = MAX(f->plot.cols / 12, 1);

	if (f->log_x) { /* what an n-th of the axis is there */
		span = (1 + v) * expm1((x_value(true, f->x1) - x_value(true, f->x0)) / n);
		n = 1;
	}
	return c->x_is_time ? time_step(span, n) : MAX(chart_nice_step(span, n), 1);
}

static void draw_x_axis(const struct frame *f, struct area a, const struct chart *c)
{
	char label[JOBTEXT_LEN];
	int row = f->plot.rows, left = f->plot.col - a.col, free_from = 0;
	double step = x_step(f, c, f->x0);

	area_put(a, row, left - 1, ST_DIM, "└");
	area_fill(a, row, left, f->plot.cols, ST_DIM, 0x2500);
	double v = ceil(f->x0 / step - 1e-9) * step;
	for (int i = 0; i < X_TICKS_MAX && v <= f->x1 + step * 1e-6; i++) {
		int col = left + col_of(f, v);
		x_text(label, c, v, step);
		step = x_step(f, c, v);
		v = (floor(v / step + 1e-9) + 1) * step;
		int width = utf8_width(label), at = MAX(left - 1, col - width / 2);
		at = MIN(at, left + f->plot.cols - width);
		area_put(a, row, col, ST_DIM, "┬");
		if (at < free_from)
			continue;
		area_put(a, row + 1, at, ST_DIM, label);
		free_from = at + width + 2;
	}
	if (f->more_left)
		area_put(a, row, left, ST_STRONG, "◂");
	if (f->more_right)
		area_put(a, row, left + f->plot.cols - 1, ST_STRONG, "▸");
}

/* --- curves --- */

static void dot(struct frame *f, int x, int y, size_t curve)
{
	static const uint8_t braille[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
	static const uint8_t quarters[2][2] = {{1, 2}, {4, 8}};

	if (x < 0 || y < 0 || x >= f->dots_x || y >= f->dots_y || !(f->dash >> f->phase++ % 8 & 1))
		return;
	size_t cell = (size_t)(y / f->cell_y * f->plot.cols + x / f->cell_x);
	f->mask[cell] |= f->cell_y == 4 ? braille[y % 4][x % 2] : f->cell_y == 2 ? quarters[y % 2][x % 2] : 1;
	f->owner[cell] = (uint16_t)(curve + 1);
}

static void line(struct frame *f, int x0, int y0, int x1, int y1, size_t curve)
{
	int dx = abs(x1 - x0), dy = -abs(y1 - y0), sx = x0 < x1 ? 1 : -1, sy = y0 < y1 ? 1 : -1, e = dx + dy;

	for (;;) {
		dot(f, x0, y0, curve);
		if (x0 == x1 && y0 == y1)
			return;
		int e2 = 2 * e;
		if (e2 >= dy) {
			e += dy;
			x0 += sx;
		}
		if (e2 <= dx) {
			e += dx;
			y0 += sy;
		}
	}
}

static int dot_x(const struct frame *f, double x)
{
	return x_dot_at(x, f->x0, f->x1, f->log_x, f->dots_x);
}

static int dot_y(const struct frame *f, double y)
{
	return f->dots_y - 1 - dot_at(y, f->y0, f->y1, f->dots_y);
}

/* What lies in one column of dots, however many points that are: drawn when it is left. */
struct column {
	int x;
	double low, high, last;
	bool many;
};

static void draw_column(struct frame *f, const struct column *c, size_t index)
{
	if (c->many)
		line(f, c->x, dot_y(f, y_value(f, c->high)), c->x, dot_y(f, y_value(f, c->low)), index);
}

/* On to p, by a line where it is in another column. */
static void draw_to(struct frame *f, struct column *c, struct chart_point p, size_t index)
{
	int x = dot_x(f, p.x);

	if (x == c->x) {
		c->low = p.y < c->low ? p.y : c->low;
		c->high = p.y > c->high ? p.y : c->high;
		c->last = p.y;
		c->many = true;
		return;
	}
	draw_column(f, c, index);
	line(f, c->x, dot_y(f, y_value(f, c->last)), x, dot_y(f, y_value(f, p.y)), index);
	*c = (struct column){x, p.y, p.y, p.y, false};
}

/* A run begins there. */
static void begin_at(struct frame *f, struct column *c, struct chart_point p, size_t index)
{
	int x = dot_x(f, p.x), y = dot_y(f, y_value(f, p.y));

	draw_column(f, c, index);
	line(f, x, y, x, y, index);
	*c = (struct column){x, p.y, p.y, p.y, false};
}

static void draw_curve(struct frame *f, const struct chart_curve *curve, size_t index)
{
	struct chart_point a, b, last = CHART_BREAK;
	struct column c = {0};

	f->phase = 0;
	f->dash = draws_letters(f->plot.s) || curve->n < 2 ? 0xff : dashes[dash_of(f->plot.s, curve)];
	for (struct walk w = {curve, 0, CHART_BREAK}; walk_next(f, &w, &a, &b); last = b) {
		bool begins = a.x != last.x || a.y != last.y;

		if (begins)
			begin_at(f, &c, a, index);
		if (!begins || a.x != b.x || a.y != b.y)
			draw_to(f, &c, b, index);
	}
	draw_column(f, &c, index);
	for (int by = -2; curve->n == 1 && isfinite(last.x) && by <= 2; by++) /* a lone dot is easily missed */
		dot(f, c.x + by, dot_y(f, y_value(f, c.last)), index);
}

static uint32_t cell_sign(const struct frame *f, size_t cell, const struct chart_curve *curve)
{
	static const uint32_t quarters[16] = {0x20,   0x2598, 0x259d, 0x2580, 0x2596, 0x258c, 0x259e, 0x259b,
					      0x2597, 0x259a, 0x2590, 0x259c, 0x2584, 0x2599, 0x259f, 0x2588};

	if (f->cell_y == 1)
		return (uint32_t)*chart_mark(f->plot.s, curve);
	return f->cell_y == 4 ? 0x2800u + f->mask[cell] : quarters[f->mask[cell] & 15];
}

static void put_dots(const struct frame *f, const struct chart *c)
{
	for (int row = 0; row < f->plot.rows; row++)
		for (int col = 0; col < f->plot.cols; col++) {
			size_t cell = (size_t)(row * f->plot.cols + col);
			if (!f->mask[cell])
				continue;
			const struct chart_curve *curve = &c->curves[(size_t)f->owner[cell] - 1];
			area_fill(f->plot, row, col, 1, curve->style, cell_sign(f, cell, curve));
		}
}

static void put_best(const struct frame *f, const struct chart_curve *curve)
{
	const struct chart_point *p = curve->best;

	if (p && p->x >= f->x0 && p->x <= f->x1 && isfinite(p->y))
		area_put(f->plot, row_of(f, y_value(f, p->y)), col_of(f, p->x), curve->style, CHART_BEST);
}

static void draw_cursor(const struct frame *f, struct area a, const struct chart *c)
{
	int col = col_of(f, c->cursor_x);

	for (int row = 0; row < f->plot.rows; row++)
		if (!f->mask[row * f->plot.cols + col])
			area_put(f->plot, row, col, ST_DIM, "│");
	area_put(a, f->plot.rows, f->plot.col - a.col + col, ST_STRONG, "┴");
}

/* What is seen of x; false where there is nothing to draw. */
static bool set_sides(const struct chart *c, struct frame *f)
{
	double lo, hi;

	if (!chart_x_range(c, &lo, &hi))
		return false;
	f->x0 = c->from < c->to ? c->from : lo;
	f->x1 = c->from < c->to ? c->to : hi;
	f->more_left = lo < f->x0;
	f->more_right = hi > f->x1;
	if (f->x1 <= f->x0) { /* one x: in the middle */
		f->x0 -= 1;
		f->x1 += 1;
	}
	return true;
}

static void set_plot(struct frame *f, struct area plot)
{
	f->plot = plot;
	f->cell_x = draws_letters(plot.s) ? 1 : 2;
	f->cell_y = draws_letters(plot.s) ? 1 : plot.s->marks == MARKS_BLOCKS ? 2 : 4;
	f->dots_x = plot.cols * f->cell_x;
	f->dots_y = plot.rows * f->cell_y;
}

struct chart_plot chart_draw(const struct chart *c, struct area a)
{
	struct frame f = {.log_x = c->log_x, .log_y = c->log_y && chart_log_works(c)};

	if (a.rows < 4 || a.cols < LABEL_MAX + 8)
		return (struct chart_plot){0};
	if (!set_sides(c, &f)) {
		area_put(a, a.rows / 2, 2, ST_DIM, "no value is a number: there is nothing to draw");
		return (struct chart_plot){0};
	}
	y_range(c, &f);
	struct tick ticks[TICKS_MAX];
	size_t n_ticks = y_ticks(&f, a.rows - 2, ticks);
	int left = label_cells(ticks, n_ticks) + 3;
	set_plot(&f, area_part(a, 0, left, a.rows - 2, a.cols - left - 1));
	size_t cells = (size_t)f.plot.rows * (size_t)f.plot.cols;
	f.mask = xcalloc(cells, sizeof(*f.mask));
	f.owner = xcalloc(cells, sizeof(*f.owner));
	draw_y_axis(&f, a, ticks, n_ticks);
	draw_x_axis(&f, a, c);
	/* The first curve is drawn last, on top. */
	for (size_t i = c->n; i-- > 0;)
		draw_curve(&f, &c->curves[i], i);
	put_dots(&f, c);
	for (size_t i = c->n; i-- > 0;)
		put_best(&f, &c->curves[i]);
	if (c->has_cursor && c->cursor_x >= f.x0 && c->cursor_x <= f.x1)
		draw_cursor(&f, a, c);
	free(f.mask);
	free(f.owner);
	return (struct chart_plot){f.plot.cols, f.dots_x, f.x0, f.x1, f.log_x};
}

/* --- steps along x --- */

static int plot_col(const struct chart_plot *p, double x)
{
	return x_dot_at(x, p->x0, p->x1, p->log_x, p->dots) * p->cols / p->dots;
}

double chart_step(const struct chart *c, const struct chart_plot *p, double from, int by)
{
	if (p->cols <= 0)
		return NAN;
	int at = by < 0 && from > p->x1 ? p->cols : plot_col(p, from), in = by < 0 ? -1 : p->cols;
	double best = NAN;

	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->curves[i].n; k++) {
			double x = c->curves[i].points[k].x;
			if (!(x >= p->x0 && x <= p->x1) || x == best)
				continue;
			int col = plot_col(p, x);
			if (by < 0 ? col >= at || col < in : col <= at || col > in)
				continue;
			if (col != in || !(x <= best))
				best = x;
			in = col;
		}
	return best;
}

double chart_neighbour(const struct chart *c, double from, int by)
{
	double best = NAN;

	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->curves[i].n; k++) {
			double x = c->curves[i].points[k].x;
			if (by < 0 ? x < from && !(x <= best) : x > from && !(x >= best))
				best = x;
		}
	return best;
}
