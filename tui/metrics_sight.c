/* The part of x that the charts show, and the cursor in it. Both are the same for all groups that are drawn over the
 * same axis. */
#include <math.h>

#include "base/timefmt.h"
#include "tui/jobtext.h"
#include "tui/metrics_internal.h"

#define SPAN_LEAST 4 /* rounds, or seconds */
#define ZOOM 2.0

static bool same_axis(const struct metrics_state *st, const struct panel *p)
{
	return st->sight_is_time == metrics_is_by_time(st, p);
}

/* What is seen of the range lo to hi, all of it included. */
static void sides(const struct metrics_state *st, double lo, double hi, double *from, double *to)
{
	*from = lo;
	*to = hi;
	if (st->span > 0 && st->span < hi - lo) {
		*to = fmax(fmin(st->end, hi), lo + st->span);
		*from = *to - st->span;
	}
}

struct chart metrics_chart(const struct metrics_state *st, const struct panel *p)
{
	struct chart c = {
		.curves = p->chart_curves,
		.n = p->n,
		.log_x = st->log_x,
		.log_y = st->log_y,
		.x_is_time = metrics_is_by_time(st, p),
		.has_cursor = st->has_cursor && same_axis(st, p),
		.cursor_x = st->cursor_x,
	};
	double lo, hi;

	if (st->span > 0 && same_axis(st, p) && chart_x_range(&c, &lo, &hi))
		sides(st, lo, hi, &c.from, &c.to);
	return c;
}

void metrics_settle_sight(struct metrics_state *st, const struct panel *p)
{
	bool is_time = metrics_is_by_time(st, p);

	if (p->n && st->sight_is_time != is_time) {
		st->sight_is_time = is_time;
		st->has_cursor = false;
		st->span = 0;
	}
}

static void x_text(char text[JOBTEXT_LEN], bool is_time, double x)
{
	if (is_time)
		timefmt_duration(text, (int64_t)llround(x) * 1000);
	else
		snprintf(text, JOBTEXT_LEN, "%.0f", x);
}

void metrics_sight_text(const struct metrics_state *st, const struct panel *p, struct buf *out)
{
	bool is_time = metrics_is_by_time(st, p);
	struct chart c = metrics_chart(st, p);
	char from[JOBTEXT_LEN], to[JOBTEXT_LEN], last[JOBTEXT_LEN];
	double lo, hi;

	(void)buf_addf(out, "by %s", is_time ? "time" : "round");
	if (c.from >= c.to || !chart_x_range(&c, &lo, &hi) || (c.from <= lo && c.to >= hi))
		return;
	x_text(from, is_time, c.from);
	x_text(to, is_time, c.to);
	x_text(last, is_time, hi);
	(void)buf_addf(out, " %s to %s of %s", from, to, last);
}

void metrics_cursor_text(const struct metrics_state *st, const struct panel *p, struct buf *out)
{
	char text[JOBTEXT_LEN];

	if (metrics_is_by_time(st, p))
		(void)buf_addf(out, "values after %s", timefmt_duration(text, (int64_t)(st->cursor_x * 1000)));
	else
		(void)buf_addf(out, "values of round %.0f", st->cursor_x);
	(void)buf_adds(out, st->smoothing ? ", smoothed" : "");
}

/* --- actions --- */

/* The part that ends there and is that long. */
static void look_at(struct metrics_state *st, double end, double span, double lo, double hi)
{
	st->span = span < hi - lo ? fmax(span, SPAN_LEAST) : 0;
	st->end = end >= hi ? INFINITY : fmax(end, lo + st->span);
}

static void zoom(struct metrics_state *st, double from, double to, double lo, double hi, double factor)
{
	double span = fmax((to - from) * factor, fmin(SPAN_LEAST, hi - lo));
	double share = st->has_cursor ? (to - st->cursor_x) / (to - from) : 0; /* of the span, right of what stays */

	if (to > from)
		look_at(st, (st->has_cursor ? st->cursor_x : to) + share * span, span, lo, hi);
}

/* The cursor to x, the part that is seen behind it. */
static void cursor_to(struct metrics_state *st, double x, double lo, double hi)
{
	double from, to;

	if (isnan(x))
		return;
	st->has_cursor = true;
	st->cursor_x = x;
	sides(st, lo, hi, &from, &to);
	if (x < from)
		look_at(st, x + st->span * 0.75, st->span, lo, hi);
	else if (x > to)
		look_at(st, x + st->span * 0.25, st->span, lo, hi);
}

static void cursor_by(struct metrics_state *st, const struct panel *p, int by, bool points, double lo, double hi)
{
	struct chart c = metrics_chart(st, p);
	double from, to;

	sides(st, lo, hi, &from, &to);
	double at = st->has_cursor ? st->cursor_x : nextafter(to, INFINITY);
	double x = points ? NAN : chart_step(&c, &st->plot, at, by);
	cursor_to(st, isnan(x) ? chart_neighbour(&c, at, by) : x, lo, hi);
}

static void pan(struct metrics_state *st, double to, double lo, double hi, int by)
{
	double from;

	if (st->span <= 0)
		return;
	look_at(st, to + by * st->span / 4, st->span, lo, hi);
	sides(st, lo, hi, &from, &to);
	if (st->has_cursor)
		st->cursor_x = fmin(fmax(st->cursor_x, from), to);
}

bool metrics_sight_action(struct metrics_state *st, const struct panel *p, enum action a)
{
	struct chart all = {.curves = p->chart_curves, .n = p->n};
	double lo = 0, hi = 0, from, to;

	if (!chart_x_range(&all, &lo, &hi))
		return false;
	sides(st, lo, hi, &from, &to);
	switch (a) {
	case ACT_CURSOR_LEFT:
	case ACT_CURSOR_RIGHT:
		cursor_by(st, p, a == ACT_CURSOR_LEFT ? -1 : 1, false, lo, hi);
		return true;
	case ACT_POINT_PREVIOUS:
	case ACT_POINT_NEXT:
		cursor_by(st, p, a == ACT_POINT_PREVIOUS ? -1 : 1, true, lo, hi);
		return true;
	case ACT_CURSOR_START:
		cursor_to(st, lo, lo, hi);
		return true;
	case ACT_CURSOR_END:
		st->has_cursor = false;
		st->end = INFINITY;
		return true;
	case ACT_ZOOM_IN:
	case ACT_ZOOM_OUT:
		zoom(st, from, to, lo, hi, a == ACT_ZOOM_IN ? 1 / ZOOM : ZOOM);
		return true;
	case ACT_ZOOM_ALL:
		st->span = 0;
		return true;
	case ACT_PAN_LEFT:
	case ACT_PAN_RIGHT:
		pan(st, to, lo, hi, a == ACT_PAN_LEFT ? -1 : 1);
		return true;
	default:
		return false;
	}
}
