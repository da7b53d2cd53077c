/* The metrics of one thing or of several of its kind together, as curves: those of a training job,
 * and the hosts' of all kinds that have them. */
#include <math.h>

#include "tui/metrics_internal.h"

/* How charts are looked at is kept for the next ones, and the next start: "grid log time smooth=3". */
#define LOOK "metrics/look"

static void load_look(struct view *v)
{
	struct metrics_state *st = v->state;
	AUTO(strlist) struct strlist words = {0};
	int64_t tenths;

	strlist_split(&words, str_or(ui_kept(v->ui, LOOK), ""), ' ');
	st->grid = strlist_has(&words, "grid");
	st->log_y = strlist_has(&words, "log");
	st->log_x = strlist_has(&words, "logx");
	st->by_time = strlist_has(&words, "time");
	for (size_t i = 0; i < words.n; i++)
		if (str_starts(words.items[i], "smooth=") && str_to_i64(words.items[i] + 7, &tenths) && tenths >= 0 &&
		    tenths <= SMOOTHING_MAX)
			st->smoothing = (int)tenths;
}

static void keep_look(struct view *v)
{
	const struct metrics_state *st = v->state;
	char text[64];

	snprintf(text, sizeof(text), "%s%s%s%ssmooth=%d", st->grid ? "grid " : "", st->log_y ? "log " : "",
		 st->log_x ? "logx " : "", st->by_time ? "time " : "", st->smoothing);
	if (!str_eq(ui_kept(v->ui, LOOK), text))
		ui_keep(v->ui, LOOK, text);
}

static int metrics_open(struct view *v, const struct view_arg *arg, struct err *err)
{
	struct metrics_state *st = v->state;

	if (!arg->kind->metric_namespace)
		return err_set(err, ERR_USAGE, "%s have no metrics of their hosts", arg->kind->title);
	if (thing_open_names(v, arg, &st->names, err) < 0)
		return -err->code;
	st->n_wanted = st->names.n;
	if (st->names.n > THINGS_MAX) {
		for (size_t i = THINGS_MAX; i < st->names.n; i++)
			free(st->names.items[i]);
		st->names.n = THINGS_MAX;
	}
	if (st->names.n > 1)
		ui_slots(v->ui, &st->names, st->slots);
	for (size_t i = 0; i < st->names.n; i++)
		st->n_slots = MAX(st->n_slots, st->slots[i] + 1);
	load_look(v);
	st->end = INFINITY;
	st->stale = true;
	thing_watch(v, &st->names, true);
	return 0;
}

/* Where it is among the things that are known here; NULL. */
static const char *baseline_here(const struct view *v)
{
	const char *name = ui_baseline(v->ui, v->kind);

	return name && resources_find(&view_session(v)->tables[v->kind->id], name) ? name : NULL;
}

static void watch_baseline(struct view *v, const char *name)
{
	struct metrics_state *st = v->state;

	if (str_eq(name, st->baseline))
		return;
	if (st->baseline)
		view_watch(v, v->kind, st->baseline, false);
	str_set(&st->baseline, name);
	if (st->baseline)
		view_watch(v, v->kind, st->baseline, true);
}

static void metrics_close(struct view *v)
{
	struct metrics_state *st = v->state;

	thing_watch(v, &st->names, false);
	watch_baseline(v, NULL);
	metrics_free_panels(st);
	strlist_done(&st->names);
	free(st->baseline);
}

static uint64_t feed_generation(const struct view *v, const char *name)
{
	const struct feed *f = view_feed(v, v->kind, name);

	return f ? f->metrics.generation * 2 + f->logs_loaded : 0;
}

static uint64_t metrics_generation(struct view *v)
{
	const struct metrics_state *st = v->state;
	const char *baseline = baseline_here(v);
	uint64_t h = str_eq(baseline, st->baseline) ? 1 : 2;

	for (size_t i = 0; i < st->names.n; i++)
		h = h * 1000003 + feed_generation(v, st->names.items[i]);
	return h * 1000003 + (baseline ? feed_generation(v, baseline) : 0);
}

static void metrics_title(struct view *v, struct buf *left, struct buf *right)
{
	struct metrics_state *st = v->state;

	metrics_settle(v);
	struct panel *p = metrics_shown(v);
	if (p)
		(void)buf_addf(left, "%s · ", p->group);
	if (st->names.n == 1)
		(void)buf_addf(left, "%s%s", st->names.items[0],
			       str_eq(st->names.items[0], st->baseline) ? " · the baseline" : "");
	else if (st->names.n < st->n_wanted)
		(void)buf_addf(left, "%zu of %zu %s", st->names.n, st->n_wanted, kind_word(v->kind));
	else
		(void)buf_addf(left, "%zu %s", st->names.n, kind_word(v->kind));
	if (p && p->n) {
		(void)buf_adds(left, " · ");
		metrics_sight_text(st, p, left);
		struct chart c = metrics_chart(st, p);
		if (st->log_x)
			(void)buf_adds(left, " · log x");
		if (st->log_y)
			(void)buf_adds(left, chart_log_works(&c) ? " · log y" : " · log y needs values above 0");
	}
	if (st->smoothing)
		(void)buf_addf(right, "smoothing 0.%d", st->smoothing);
}

static void metrics_status(struct view *v, struct buf *left, struct buf *right)
{
	struct metrics_state *st = v->state;
	const struct feed *f = view_feed(v, v->kind, st->names.items[0]);
	const struct panel *p = metrics_shown(v);

	if (p && p->n && st->has_cursor)
		metrics_cursor_text(st, p, left);
	else if (p && p->n)
		(void)buf_addf(left, "last values%s; Left moves a cursor", st->smoothing ? ", smoothed" : "");
	if (f && f->logs_reading)
		(void)buf_addf(left, "%sa long log is read first", left->len ? " · " : "");
	if (f && f->metrics_note[0])
		(void)buf_addf(left, "%s%s", left->len ? " · " : "", f->metrics_note);
	if (p && p->n && st->baseline && !strlist_has(&st->names, st->baseline) && !p->curves[p->n - 1].is_baseline)
		(void)buf_addf(left, " · no %s of the baseline yet", p->group);
	if (p && st->grid && !metrics_grid_fits(st))
		(void)buf_addf(left, " · a grid needs %d columns, %d rows", 2 * GRID_COLS, 2 * GRID_ROWS);
	if (st->n_panels > 1)
		(void)buf_addf(right, "metric %zu of %zu", metrics_shown_index(st) + 1, st->n_panels);
}

/* --- actions --- */

/* What the user looks at does not give way to a group that comes later. */
static void stay_with(struct metrics_state *st, const struct panel *p)
{
	str_copy(st->group, sizeof(st->group), p->group);
}

static void next_group(struct metrics_state *st, size_t by)
{
	if (!st->n_panels)
		return;
	stay_with(st, &st->panels[(metrics_shown_index(st) + by) % st->n_panels]);
	st->legend_top = 0;
}

static bool look_action(struct view *v, enum action a)
{
	struct metrics_state *st = v->state;

	switch (a) {
	case ACT_LOG_SCALE:
		st->log_y = !st->log_y;
		break;
	case ACT_LOG_X_SCALE:
		st->log_x = !st->log_x;
		break;
	case ACT_X_AXIS:
		st->by_time = !st->by_time;
		break;
	case ACT_SMOOTH_MORE:
		st->smoothing = MIN(st->smoothing + 1, SMOOTHING_MAX);
		break;
	case ACT_SMOOTH_LESS:
		st->smoothing = MAX(st->smoothing - 1, 0);
		break;
	default:
		return false;
	}
	st->stale = true;
	keep_look(v);
	return true;
}

static void toggle_grid(struct view *v)
{
	struct metrics_state *st = v->state;

	if (!st->grid && st->n_panels < 2)
		ui_notice(v->ui, NOTICE_WARNING, "there is one metric: no grid");
	else if (!st->grid && !metrics_grid_fits(st))
		ui_notice(v->ui, NOTICE_WARNING, "a grid needs %d columns and %d rows for charts; here are %d and %d",
			  2 * GRID_COLS, 2 * GRID_ROWS, st->cols, st->rows);
	else
		st->grid = !st->grid;
	keep_look(v);
}

static void toggle_baseline(struct view *v)
{
	struct metrics_state *st = v->state;
	const char *name = st->names.items[0];

	if (st->names.n > 1)
		ui_notice(v->ui, NOTICE_WARNING, "which of them? :baseline NAME");
	else
		ui_set_baseline(v->ui, v->kind, str_eq(name, st->baseline) ? NULL : name);
}

static bool metrics_action(struct view *v, enum action a)
{
	struct metrics_state *st = v->state;

	metrics_settle(v);
	struct panel *p = metrics_shown(v);
	if (p && metrics_sight_action(st, p, a)) {
		stay_with(st, p);
		return true;
	}
	if (look_action(v, a))
		return true;
	switch (a) {
	case ACT_GROUP_NEXT:
		next_group(st, 1);
		return true;
	case ACT_GROUP_PREVIOUS:
		next_group(st, st->n_panels ? st->n_panels - 1 : 0);
		return true;
	case ACT_GRID:
		toggle_grid(v);
		return true;
	case ACT_MARKS:
		ui_marks_next(v->ui);
		return true;
	case ACT_BASELINE:
		toggle_baseline(v);
		return true;
	case ACT_PAGE_UP:
		st->legend_top -= MIN(st->legend_top, st->legend_lines);
		return true;
	case ACT_PAGE_DOWN:
		st->legend_top += st->legend_lines; /* drawing knows where it ends */
		return true;
	default:
		return thing_screen_action(v, a, VIEW_METRICS, &st->names);
	}
}

static bool metrics_offers(struct view *v, enum action a)
{
	const struct metrics_state *st = v->state;

	if (a == ACT_GROUP_NEXT)
		return st->n_panels > 1;
	if (a == ACT_GRID)
		return st->n_panels > 1 && (st->grid || metrics_grid_fits(st));
	if (a == ACT_ZOOM_IN || a == ACT_LOG_SCALE)
		return st->n_panels > 0;
	if (a == ACT_ZOOM_ALL)
		return st->span > 0;
	for (size_t i = 0; a == ACT_STOP && i + 1 < st->names.n; i++)
		if (thing_offers_now(v->kind, metrics_thing(v, i), a))
			return true;
	return a != ACT_METRICS && thing_offers_now(v->kind, metrics_thing(v, st->names.n - 1), a);
}

static void metrics_update(struct view *v)
{
	struct metrics_state *st = v->state;

	watch_baseline(v, baseline_here(v));
	st->stale = true;
}

const struct view_ops view_metrics_ops = {
	.name = "metrics",
	.argument = "NAME...",
	.takes = TAKES_NAMES,
	.help = "The metrics of a job, or of several together, as curves",
	.contexts = {CTX_CHART, CTX_JOB},
	.state_size = sizeof(struct metrics_state),
	.open = metrics_open,
	.close = metrics_close,
	.generation = metrics_generation,
	.update = metrics_update,
	.title = metrics_title,
	.draw = metrics_draw,
	.status = metrics_status,
	.action = metrics_action,
	.offers = metrics_offers,
};
