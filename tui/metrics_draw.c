/* The charts of the metrics, one or many, and the legend. */
#include <math.h>

#include "base/utf8.h"
#include "tui/jobtext.h"
#include "tui/metrics_internal.h"

#define LEGEND_COLS 78
#define BEST_CELLS 26 /* of the legend, for the best value and its round */

/* --- legend --- */

/* At the cursor, or the last. */
static const char *value_text(char buf[JOBTEXT_LEN], const struct chart *c, size_t i)
{
	const struct chart_point *p = chart_point_at(&c->curves[i], c->has_cursor ? c->cursor_x : INFINITY);

	return p ? field_value_text(buf, p->y) : "–";
}

/* Mark, name, best and value of a curve. */
static void draw_legend_line(const struct chart *c, const struct curve *curve, size_t i, struct area a)
{
	char value[JOBTEXT_LEN];
	bool best = c->curves[i].best && !c->has_cursor && a.cols >= 60;
	int right = a.cols - 12;

	area_put(a, 0, 1, curve->style, chart_mark(a.s, &c->curves[i]));
	area_put_middle(a, 0, 4, right - 4 - (best ? BEST_CELLS : 0), curve->style, curve->name);
	if (best) {
		AUTO(buf) struct buf text = BUF_INIT(200);

		(void)buf_addf(&text, CHART_BEST " best %s", field_value_text(value, curve->best));
		if (curve->best_step >= 0)
			(void)buf_addf(&text, " at %lld", (long long)curve->best_step);
		area_put_right(a, 0, right, ST_DIM, buf_str(&text));
	}
	area_put_right(a, 0, a.cols - 1, ST_STRONG, value_text(value, c, i));
}

/* In columns on a wide screen; where not all fit the last line counts the others. */
static void draw_legend(struct metrics_state *st, const struct panel *p, const struct chart *c, struct area a)
{
	size_t across = p->n > (size_t)MAX(a.rows, 0) ? (size_t)MAX(1, a.cols / LEGEND_COLS) : 1;
	size_t room = (size_t)MAX(a.rows, 0) * across, shown = p->n <= room ? p->n : room - MIN(across, room);
	int cols = MIN(a.cols / (int)across, LEGEND_COLS);

	st->legend_lines = MAX(shown, (size_t)1);
	st->legend_top = MIN(st->legend_top, p->n - shown);
	for (size_t i = 0; i < shown; i++)
		draw_legend_line(c, &p->curves[st->legend_top + i], st->legend_top + i,
				 area_part(a, (int)(i / across), (int)(i % across) * cols, 1, cols));
	if (shown == p->n)
		return;
	int col = 4, row = (int)(shown / across);
	if (st->legend_top)
		col = area_putf(a, row, col, ST_DIM, "+%zu above", st->legend_top) + 2;
	if (st->legend_top + shown < p->n)
		col = area_putf(a, row, col, ST_DIM, "+%zu%s", p->n - shown - st->legend_top,
				st->legend_top ? " below" : " more curves") +
		      2;
	char up[KEY_NAME_LEN], down[KEY_NAME_LEN];
	area_putf(a, row, col, ST_DIM, "%s %s", keymap_key_of(up, CTX_CHART, ACT_PAGE_UP),
		  keymap_key_of(down, CTX_CHART, ACT_PAGE_DOWN));
}

/* --- one chart --- */

static void draw_groups(const struct metrics_state *st, struct area a)
{
	int col = 1;

	for (size_t i = 0; i < st->n_panels && col < a.cols; i++) {
		bool shown = i == metrics_shown_index(st);
		col = area_putf(a, 0, col, shown ? ST_STRONG : ST_DIM, shown ? "[%s]" : " %s ", st->panels[i].group) +
		      1;
	}
}

static void draw_one(struct view *v, struct panel *p, struct area a)
{
	struct metrics_state *st = v->state;
	struct chart c = metrics_chart(st, p);
	int legend = MIN((int)p->n, MAX(1, a.rows / 3)), groups = st->n_panels > 1 && a.rows > 8 ? 1 : 0;

	if (groups)
		draw_groups(st, area_part(a, 0, 0, 1, a.cols));
	st->plot = chart_draw(&c, area_part(a, groups, 0, a.rows - legend - groups, a.cols));
	draw_legend(st, p, &c, area_part(a, a.rows - legend, 0, legend, a.cols));
}

/* --- a chart of each group --- */

bool metrics_grid_fits(const struct metrics_state *st)
{
	return st->rows >= 2 * GRID_ROWS && st->cols >= 2 * GRID_COLS;
}

/* "── train 4.1284", or "── 4.1284". */
static void tile_entry(struct buf *out, const struct chart *c, const struct curve *curve, size_t i, bool named,
		       const struct surface *s)
{
	const char *colon = strrchr(curve->metric, ':');
	char value[JOBTEXT_LEN];

	buf_clear(out);
	(void)buf_adds(out, chart_mark(s, &c->curves[i]));
	if (named)
		(void)buf_addf(out, " %.*s", colon ? (int)(colon - curve->metric) : (int)strlen(curve->metric),
			       curve->metric);
	(void)buf_addf(out, " %s", value_text(value, c, i));
}

#define COUNT_CELLS 5 /* "+123" */

/* From that column on, as many as fit with a count of the others; how many. */
static size_t put_tile_entries(const struct panel *p, const struct chart *c, struct area a, int col, bool named,
			       bool only_count)
{
	AUTO(buf) struct buf entry = BUF_INIT(400);

	for (size_t i = 0; i < p->n; i++) {
		tile_entry(&entry, c, &p->curves[i], i, named, a.s);
		int width = utf8_width(buf_str(&entry));
		if (col + width + (i + 1 < p->n ? COUNT_CELLS : 0) > a.cols - 1) {
			if (!only_count)
				area_putf(a, 0, col, ST_DIM, "+%zu", p->n - i);
			return i;
		}
		if (!only_count)
			area_put(a, 0, col, p->curves[i].style, buf_str(&entry));
		col += width + 2;
	}
	return p->n;
}

/* The curves of one thing have their names where there is room for all. */
static void draw_tile_heading(const struct metrics_state *st, const struct panel *p, const struct chart *c,
			      struct area a, bool shown)
{
	int col = area_putf(a, 0, 1, shown ? ST_STRONG : ST_DIM, shown ? "[%s]" : " %s ", p->group) + 1;
	bool alone = st->names.n == 1 && p->n && !p->curves[p->n - 1].is_baseline;

	put_tile_entries(p, c, a, col, alone && put_tile_entries(p, c, a, col, true, true) == p->n, false);
}

/* As square as it goes; more beside each other where they would not fit below. */
static void grid_size(size_t n, struct area a, int *across, int *down)
{
	int most_across = a.cols / GRID_COLS, most_down = a.rows / GRID_ROWS, count = (int)n;

	*across = MIN(most_across, (int)ceil(sqrt(count)));
	while (*across < most_across && *across * most_down < count)
		++*across;
	*down = MIN(most_down, (count + *across - 1) / *across);
}

static void draw_tiles(struct view *v, struct area a)
{
	struct metrics_state *st = v->state;
	int across, down;

	grid_size(st->n_panels, a, &across, &down);
	size_t here = metrics_shown_index(st), page = (size_t)across * (size_t)down, first = here / page * page;
	int rows = a.rows / down, cols = a.cols / across;
	for (size_t i = first; i < first + page && i < st->n_panels; i++) {
		int at = (int)(i - first);
		struct area tile = area_part(a, at / across * rows, at % across * cols, rows, cols);
		struct panel *p = metrics_panel(v, i);
		struct chart c = metrics_chart(st, p);
		draw_tile_heading(st, p, &c, tile, i == here);
		struct chart_plot plot = chart_draw(&c, area_part(tile, 1, 0, rows - 1, cols - 1));
		if (i == here)
			st->plot = plot;
	}
}

/* What the headings cannot say, which thing has which colour, is said below for the metric that is chosen. */
static void draw_grid(struct view *v, struct panel *p, struct area a)
{
	struct metrics_state *st = v->state;
	struct chart c = metrics_chart(st, p);
	bool named = st->names.n > 1 || (p->n && p->curves[p->n - 1].is_baseline);
	int legend = named ? MIN((int)p->n, MAX(1, MIN(a.rows - 2 * GRID_ROWS, a.rows / 4))) : 0;

	if (legend > a.rows - 2 * GRID_ROWS)
		legend = 0;
	draw_tiles(v, area_part(a, 0, 0, a.rows - legend, a.cols));
	if (legend)
		draw_legend(st, p, &c, area_part(a, a.rows - legend, 0, legend, a.cols));
}

static void draw_nothing(struct view *v, struct area a)
{
	const struct metrics_state *st = v->state;
	const struct job *j = metrics_job(metrics_thing(v, 0));
	const struct feed *f = view_feed(v, v->kind, st->names.items[0]);
	char text[JOBTEXT_LEN];

	if (j && j->cold->n_final_metrics) {
		area_put(a, 0, 1, ST_DIM, "No curves; the final values:");
		for (size_t i = 0; i < j->cold->n_final_metrics && (int)i + 1 < a.rows; i++)
			area_putf(a, (int)i + 1, 3, ST_NORMAL, "%-28s %10s", j->cold->final_metrics[i].name,
				  field_value_text(text, j->cold->final_metrics[i].value));
	} else if (f && f->logs_loaded && !f->logs_reading && v->kind != TRAINING_KIND) {
		area_put(a, 0, 1, ST_DIM, "No metrics yet. They come from CloudWatch, a minute or more behind.");
	} else if (f && f->logs_loaded && !f->logs_reading) {
		area_put(a, 0, 1, ST_DIM, "No metrics yet. They come from the log (by the job's metric definitions)");
		area_put(a, 1, 1, ST_DIM, "and from CloudWatch.");
	} else {
		area_put(a, 0, 1, ST_DIM, "Reading metrics …");
	}
}

void metrics_draw(struct view *v, struct area a)
{
	struct metrics_state *st = v->state;

	metrics_settle(v);
	struct panel *p = metrics_shown(v);
	st->plot = (struct chart_plot){0};
	st->rows = a.rows;
	st->cols = a.cols;
	if (!p || !p->n)
		draw_nothing(v, a);
	else if (st->grid && st->n_panels > 1 && metrics_grid_fits(st))
		draw_grid(v, p, a);
	else
		draw_one(v, p, a);
}
