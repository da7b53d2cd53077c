/* metrics_internal.h - the screen of metrics: what it keeps, shared by view_metrics.c (opening, keys),
 * metrics_curves.c (which curves there are, of what points), metrics_sight.c (the part of x that is seen, the
 * cursor) and metrics_draw.c. */
#ifndef SAGETOP_TUI_METRICS_INTERNAL_H
#define SAGETOP_TUI_METRICS_INTERNAL_H

#include "tui/chart.h"
#include "tui/thing.h"

#define THINGS_MAX 24
#define PANELS_MAX 64
#define SMOOTHING_MAX 9
#define GROUP_NAME_MAX 64

struct curve {
	char name[160];
	char metric[100]; /* without its thing */
	struct chart_point *points;
	size_t n, cap;
	bool has_best; /* a better value than the last, its step (-1 unknown), and which of points it is */
	double best;
	int64_t best_step;
	size_t best_at;
	bool is_baseline;
	enum style style;
	size_t mark, line; /* see struct chart_curve */
};

/* What is drawn together: train:rmse and validation:rmse are one group, "rmse". */
struct panel {
	char group[GROUP_NAME_MAX];
	struct curve *curves;
	struct chart_curve *chart_curves;
	size_t n, n_made, cap, cap_chart; /* made: those whose room is kept for the next time */
	bool has_steps;
	uint64_t built; /* of metrics_state's builds; 0: never */
};

struct metrics_state {
	struct strlist names;	  /* of things of the view's kind */
	size_t n_wanted;	  /* it was opened with so many, of which names has the first */
	size_t slots[THINGS_MAX]; /* of their colours; */
	size_t n_slots;		  /* the highest, + 1 */
	char *baseline;		  /* the thing whose curves are drawn behind, watched; NULL */
	struct panel panels[PANELS_MAX];
	size_t n_panels;
	char group[GROUP_NAME_MAX]; /* the one that was chosen, by name: groups come and go; "": the first */
	bool log_x, log_y, by_time, grid;
	int smoothing; /* tenths */
	size_t legend_top, legend_lines;
	int rows, cols; /* of the last drawing */
	/* metrics_sight.c */
	bool has_cursor, sight_is_time; /* of which axis cursor and span are */
	double cursor_x;
	double span, end; /* the part that is seen: 0 all; INFINITY follows the newest point */
	struct chart_plot plot;
	bool stale;
	uint64_t builds;
};

/* --- metrics_curves.c --- */

/* What is there now, where it has changed; to be called before the others. */
void metrics_settle(struct view *v);
/* Built where it is not. The one shown is NULL where there is none. */
struct panel *metrics_panel(struct view *v, size_t i);
struct panel *metrics_shown(struct view *v);
size_t metrics_shown_index(const struct metrics_state *st);
void metrics_free_panels(struct metrics_state *st);
bool metrics_is_by_time(const struct metrics_state *st, const struct panel *p);
const struct resource *metrics_thing(const struct view *v, size_t i);
const struct job *metrics_job(const struct resource *r); /* as a training job; NULL where it is none */

/* --- metrics_sight.c --- */

struct chart metrics_chart(const struct metrics_state *st, const struct panel *p);
void metrics_settle_sight(struct metrics_state *st, const struct panel *p);
/* "by round, 30 to 45 of 59" */
void metrics_sight_text(const struct metrics_state *st, const struct panel *p, struct buf *out);
void metrics_cursor_text(const struct metrics_state *st, const struct panel *p, struct buf *out);
/* True where the action was one of these. */
bool metrics_sight_action(struct metrics_state *st, const struct panel *p, enum action a);

/* --- metrics_draw.c --- */

#define GRID_COLS 38 /* of one chart, at least */
#define GRID_ROWS 8
bool metrics_grid_fits(const struct metrics_state *st);
void metrics_draw(struct view *v, struct area a);

#endif
