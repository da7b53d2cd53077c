/* The metrics of one thing or of several of its kind together, as curves: those of a training job,
 * and the hosts' of all kinds that have them. */
#include <math.h>

#include "base/timefmt.h"
#include "model/objective.h"
#include "tui/chart.h"
#include "tui/jobtext.h"
#include "tui/thing.h"

#define THINGS_MAX 24
#define GROUPS_MAX 64
#define BEST_CELLS 24 /* of the legend, for the best value and its round */

/* What is drawn together: train:rmse and validation:rmse are one group, "rmse". */
struct group {
	char name[64];
};

struct curve {
	char name[160];
	struct chart_point *points;
	size_t n, cap;
	bool has_best; /* a better value than the last, and its step (-1 unknown) */
	double best;
	int64_t best_step;
};

struct metrics_state {
	struct strlist names; /* of things of the view's kind */
	struct group groups[GROUPS_MAX];
	size_t n_groups;
	char group[64]; /* the one shown, by name: groups come and go */
	struct curve *curves;
	struct chart_curve *chart_curves;
	size_t n_curves, n_made, cap_curves, cap_chart; /* made: those whose room is kept for the next time */
	bool log_y, by_time, has_steps, has_cursor;
	int smoothing; /* tenths: 0 .. 9 */
	double cursor_x;
	bool stale;
};

static int metrics_open(struct view *v, const struct view_arg *arg, struct err *err)
{
	struct metrics_state *st = v->state;

	if (!arg->kind->metric_namespace)
		return err_set(err, ERR_USAGE, "%s have no metrics of their hosts", arg->kind->title);
	if (thing_open_names(v, arg, &st->names, err) < 0)
		return -err->code;
	if (st->names.n > THINGS_MAX) {
		ui_notice(v->ui, NOTICE_WARNING, "only the first %d of %zu %s are drawn", THINGS_MAX, st->names.n,
			  kind_word(arg->kind));
		for (size_t i = THINGS_MAX; i < st->names.n; i++)
			free(st->names.items[i]);
		st->names.n = THINGS_MAX;
	}
	thing_watch(v, &st->names, true);
	return 0;
}

static void metrics_close(struct view *v)
{
	struct metrics_state *st = v->state;

	thing_watch(v, &st->names, false);
	for (size_t i = 0; i < st->n_made; i++)
		free(st->curves[i].points);
	free(st->curves);
	free(st->chart_curves);
	strlist_done(&st->names);
}

static uint64_t metrics_generation(struct view *v)
{
	const struct metrics_state *st = v->state;
	uint64_t h = 1;

	for (size_t i = 0; i < st->names.n; i++) {
		const struct feed *f = ui_find_feed(v->ui, v->kind, st->names.items[i]);
		h = h * 1000003 + (f ? f->metrics.generation * 2 + f->logs_loaded : 0);
	}
	return h;
}

/* --- groups --- */

static void group_of(char out[64], const char *name)
{
	const char *colon = strrchr(name, ':');

	if (strstr(name, "Utilization"))
		str_copy(out, 64, "utilization");
	else
		str_copy(out, 64, colon && colon[1] ? colon + 1 : name);
}

static void add_group(struct metrics_state *st, const char *name)
{
	char group[64];

	group_of(group, name);
	for (size_t i = 0; i < st->n_groups; i++)
		if (!strcmp(st->groups[i].name, group))
			return;
	if (st->n_groups < GROUPS_MAX)
		str_copy(st->groups[st->n_groups++].name, 64, group);
}

static const struct resource *find_thing(const struct view *v, size_t i)
{
	const struct metrics_state *st = v->state;

	return resources_find(&ui_session(v->ui)->tables[v->kind->id], st->names.items[i]);
}

/* As a training job; NULL where it is none. */
static const struct job *job_of(const struct resource *r)
{
	return r && r->kind == TRAINING_KIND ? resource_job(r) : NULL;
}

/* What it is judged by; NULL. */
static const char *objective_of(const struct resource *r)
{
	return job_of(r) ? job_objective_name(job_of(r)) : NULL;
}

static void find_groups(struct view *v)
{
	struct metrics_state *st = v->state;

	st->n_groups = 0;
	for (size_t i = 0; i < st->names.n; i++) {
		const char *objective = objective_of(find_thing(v, i));
		const struct feed *f = ui_find_feed(v->ui, v->kind, st->names.items[i]);
		if (!f)
			continue;
		if (objective && series_find(&f->metrics, objective)) /* comes first */
			add_group(st, objective);
		for (size_t k = 0; k < f->metrics.n; k++)
			if (f->metrics.items[k].n && !strstr(f->metrics.items[k].name, "Utilization"))
				add_group(st, f->metrics.items[k].name);
		for (size_t k = 0; k < f->metrics.n; k++)
			if (f->metrics.items[k].n)
				add_group(st, f->metrics.items[k].name);
	}
	for (size_t i = 0; i < st->n_groups; i++)
		if (!strcmp(st->groups[i].name, st->group))
			return;
	if (st->n_groups)
		str_copy(st->group, sizeof(st->group), st->groups[0].name);
}

static size_t group_index(const struct metrics_state *st)
{
	for (size_t i = 0; i < st->n_groups; i++)
		if (!strcmp(st->groups[i].name, st->group))
			return i;
	return 0;
}

/* --- curves --- */

static void smooth(struct curve *c, int tenths)
{
	double weight = tenths / 10.0, mean = 0;
	bool any = false;

	for (size_t i = 0; tenths && i < c->n; i++) {
		if (!isfinite(c->points[i].y))
			continue;
		mean = any ? weight * mean + (1 - weight) * c->points[i].y : c->points[i].y;
		any = true;
		c->points[i].y = mean;
	}
}

/* Worth a word only where it is not the last value. */
static void find_best(struct curve *c, const struct job *j, const struct series *s)
{
	enum metric_direction d = metric_direction(s->name, j);

	c->has_best = d != METRIC_EITHER && series_best(s, d, &c->best, &c->best_step) &&
		      c->best != s->points[s->n - 1].value;
}

static void add_points(struct curve *c, const struct series *s, bool steps, int64_t start_ms)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct point *p = &s->points[i];

		if (steps && p->step < 0)
			continue;
		if (steps && i > 0 && series_breaks_at(s, i))
			c->points[c->n++] = CHART_BREAK;
		c->points[c->n++] = (struct chart_point){
			steps ? (double)p->step : (double)(p->time_ms - start_ms) / 1000.0, p->value};
	}
}

/* Where its time begins: with its start; alone on the screen, or where that is not known,
 * with its first sign of life. */
static int64_t origin_ms(const struct metrics_state *st, const struct resource *r, const struct series_set *set)
{
	int64_t start = r->start_ms != TIME_UNKNOWN ? r->start_ms : INT64_MAX;

	for (size_t i = 0; i < set->n && (st->names.n == 1 || r->start_ms == TIME_UNKNOWN); i++)
		if (set->items[i].n)
			start = MIN(start, set->items[i].points[0].time_ms);
	return start;
}

static void add_curve(struct view *v, const struct resource *r, const struct series_set *set, const struct series *s)
{
	struct metrics_state *st = v->state;
	bool steps = st->has_steps && !st->by_time;

	if (st->n_curves == st->n_made) {
		GROW(st->curves, st->cap_curves, st->n_made + 1);
		st->curves[st->n_made++] = (struct curve){0};
	}
	struct curve *c = &st->curves[st->n_curves++];
	char label[100];

	GROW(c->points, c->cap, 2 * s->n);
	c->n = 0;
	series_label(label, sizeof(label), set, s);
	if (st->names.n > 1)
		snprintf(c->name, sizeof(c->name), "%.80s %.60s", r->name, label);
	else
		str_copy(c->name, sizeof(c->name), label);
	find_best(c, job_of(r), s);
	add_points(c, s, steps, origin_ms(st, r, set));
	smooth(c, st->smoothing);
}

/* Among several things only the objective of each is drawn, for the eye's sake. */
static bool wanted(const struct metrics_state *st, const struct resource *r, const struct series *s)
{
	char group[64];
	const char *objective = objective_of(r);
	char objective_group[64] = "";

	if (!s->n)
		return false;
	group_of(group, s->name);
	if (strcmp(group, st->group))
		return false;
	if (objective)
		group_of(objective_group, objective);
	return st->names.n == 1 || strcmp(objective_group, group) || str_eq(objective, s->name);
}

static void build(struct view *v)
{
	struct metrics_state *st = v->state;

	find_groups(v);
	st->n_curves = 0;
	st->has_steps = false;
	st->stale = false;
	for (int pass = 0; pass < 2; pass++) /* first: is there a round for any point? */
		for (size_t i = 0; i < st->names.n; i++) {
			const struct resource *r = find_thing(v, i);
			const struct feed *f = ui_find_feed(v->ui, v->kind, st->names.items[i]);
			for (size_t k = 0; r && f && k < f->metrics.n; k++) {
				const struct series *s = &f->metrics.items[k];
				if (!wanted(st, r, s))
					continue;
				if (pass)
					add_curve(v, r, &f->metrics, s);
				else
					st->has_steps = st->has_steps || series_has_steps(s);
			}
		}
	GROW(st->chart_curves, st->cap_chart, st->n_curves);
	for (size_t i = 0; i < st->n_curves; i++)
		st->chart_curves[i] = (struct chart_curve){
			.name = st->curves[i].name,
			.points = st->curves[i].points,
			.n = st->curves[i].n,
			.style = (enum style)(ST_SERIES_1 + i % ST_SERIES_COUNT),
		};
}

static struct chart chart_of(const struct metrics_state *st)
{
	return (struct chart){
		.curves = st->chart_curves,
		.n = st->n_curves,
		.log_y = st->log_y,
		.x_is_time = !st->has_steps || st->by_time,
		.has_cursor = st->has_cursor,
		.cursor_x = st->cursor_x,
	};
}

/* --- drawing --- */

static void metrics_title(struct view *v, struct buf *left, struct buf *right)
{
	const struct metrics_state *st = v->state;

	if (st->stale)
		build(v);
	if (st->n_groups)
		(void)buf_addf(left, "%s · ", st->group);
	if (st->names.n == 1)
		(void)buf_adds(left, st->names.items[0]);
	else
		(void)buf_addf(left, "%zu %s", st->names.n, kind_word(v->kind));
	if (st->n_curves)
		(void)buf_adds(left, !st->has_steps || st->by_time ? " · by time" : " · by round");
	struct chart c = chart_of(st);
	if (st->log_y)
		(void)buf_adds(left, chart_log_works(&c) ? " · log y" : " · log y needs values above 0");
	if (st->smoothing)
		(void)buf_addf(right, "smoothing 0.%d", st->smoothing);
}

/* One line for each curve: mark, name, value at the cursor or the last. */
static void draw_legend_line(const struct metrics_state *st, struct area a, size_t i)
{
	char value[JOBTEXT_LEN];
	const struct chart_curve *c = &st->chart_curves[i];
	const struct curve *curve = &st->curves[i];
	const struct chart_point *p = chart_point_at(c, st->has_cursor ? st->cursor_x : INFINITY);
	bool best = curve->has_best && !st->has_cursor && a.cols >= 60;
	int right = a.cols - 12;

	area_put(a, (int)i, 1, c->style, chart_mark(a.s, i));
	area_put_middle(a, (int)i, 4, right - 4 - (best ? BEST_CELLS : 0), c->style, c->name);
	if (best) {
		AUTO(buf) struct buf text = BUF_INIT(200);

		(void)buf_addf(&text, "best %s", field_value_text(value, curve->best));
		if (curve->best_step >= 0)
			(void)buf_addf(&text, " at %lld", (long long)curve->best_step);
		area_put_right(a, (int)i, right, ST_DIM, buf_str(&text));
	}
	area_put_right(a, (int)i, a.cols - 1, ST_STRONG, p ? field_value_text(value, p->y) : "–");
}

static void draw_legend(const struct metrics_state *st, struct area a)
{
	size_t lines = (size_t)MAX(a.rows, 0), n = st->n_curves <= lines ? st->n_curves : MAX(lines, (size_t)1) - 1;

	for (size_t i = 0; i < n; i++)
		draw_legend_line(st, a, i);
	if (n < st->n_curves)
		area_putf(a, (int)n, 4, ST_DIM, "and %zu more curves", st->n_curves - n);
}

static void draw_groups(const struct metrics_state *st, struct area a)
{
	int col = 1;

	for (size_t i = 0; i < st->n_groups && col < a.cols; i++) {
		bool shown = !strcmp(st->groups[i].name, st->group);
		col = area_putf(a, 0, col, shown ? ST_STRONG : ST_DIM, shown ? "[%s]" : " %s ", st->groups[i].name) + 1;
	}
}

static void draw_nothing(struct view *v, struct area a)
{
	const struct metrics_state *st = v->state;
	const struct job *j = job_of(find_thing(v, 0));
	const struct feed *f = ui_find_feed(v->ui, v->kind, st->names.items[0]);
	char text[JOBTEXT_LEN];

	if (j && j->cold->n_final_metrics) {
		area_put(a, 0, 1, ST_DIM, "No curves; the final values:");
		for (size_t i = 0; i < j->cold->n_final_metrics && (int)i + 1 < a.rows; i++)
			area_putf(a, (int)i + 1, 3, ST_NORMAL, "%-28s %10s", j->cold->final_metrics[i].name,
				  field_value_text(text, j->cold->final_metrics[i].value));
	} else if (f && f->logs_loaded && v->kind != TRAINING_KIND) {
		area_put(a, 0, 1, ST_DIM, "No metrics yet. They come from CloudWatch, a minute or more behind.");
	} else if (f && f->logs_loaded) {
		area_put(a, 0, 1, ST_DIM, "No metrics yet. They come from the log (by the job's metric definitions)");
		area_put(a, 1, 1, ST_DIM, "and from CloudWatch.");
	} else {
		area_put(a, 0, 1, ST_DIM, "Reading metrics …");
	}
}

static void metrics_draw(struct view *v, struct area a)
{
	struct metrics_state *st = v->state;

	if (st->stale)
		build(v);
	if (!st->n_curves) {
		draw_nothing(v, a);
		return;
	}
	struct chart c = chart_of(st);
	int legend = MIN((int)st->n_curves, MAX(1, a.rows / 3));
	int groups = st->n_groups > 1 && a.rows > 8 ? 1 : 0;
	if (groups)
		draw_groups(st, area_part(a, 0, 0, 1, a.cols));
	chart_draw(&c, area_part(a, groups, 0, a.rows - legend - groups, a.cols));
	draw_legend(st, area_part(a, a.rows - legend, 0, legend, MIN(a.cols, 78)));
}

static void metrics_status(struct view *v, struct buf *left, struct buf *right)
{
	const struct metrics_state *st = v->state;
	const struct feed *f = ui_find_feed(v->ui, v->kind, st->names.items[0]);
	char text[JOBTEXT_LEN];

	if (!st->has_cursor) {
		if (st->n_curves)
			(void)buf_adds(left, "last values; Left moves a cursor");
	} else if (!st->has_steps || st->by_time) {
		(void)buf_addf(left, "values after %s", timefmt_duration(text, (int64_t)(st->cursor_x * 1000)));
	} else {
		(void)buf_addf(left, "values of round %.0f", st->cursor_x);
	}
	if (f && f->metrics_note[0])
		(void)buf_addf(left, "%s%s", left->len ? " · " : "", f->metrics_note);
	if (st->n_groups > 1)
		(void)buf_addf(right, "metric %zu of %zu", group_index(st) + 1, st->n_groups);
}

/* --- actions --- */

/* To the neighbouring x among all points. */
static void move_cursor(struct metrics_state *st, int by)
{
	struct chart c = chart_of(st);
	double lo, hi, best = NAN;

	if (!chart_x_range(&c, &lo, &hi))
		return;
	double from = st->has_cursor ? st->cursor_x : INFINITY;
	for (size_t i = 0; i < st->n_curves; i++)
		for (size_t k = 0; k < st->curves[i].n; k++) {
			double x = st->curves[i].points[k].x;
			if (by < 0 ? x < from && !(x <= best) : x > from && !(x >= best))
				best = x;
		}
	if (isnan(best))
		return;
	st->has_cursor = true;
	st->cursor_x = best;
}

static void next_group(struct metrics_state *st, size_t by)
{
	if (!st->n_groups)
		return;
	str_copy(st->group, sizeof(st->group), st->groups[(group_index(st) + by) % st->n_groups].name);
	st->stale = true;
	st->has_cursor = false;
}

static bool cursor_action(struct metrics_state *st, enum action a)
{
	struct chart c = chart_of(st);
	double lo, hi;

	switch (a) {
	case ACT_CURSOR_LEFT:
		move_cursor(st, -1);
		return true;
	case ACT_CURSOR_RIGHT:
		move_cursor(st, 1);
		return true;
	case ACT_CURSOR_START:
		if (chart_x_range(&c, &lo, &hi)) {
			st->has_cursor = true;
			st->cursor_x = lo;
		}
		return true;
	case ACT_CURSOR_END:
		st->has_cursor = false;
		return true;
	default:
		return false;
	}
}

static bool metrics_action(struct view *v, enum action a)
{
	struct metrics_state *st = v->state;

	if (cursor_action(st, a))
		return true;
	st->stale = true;
	switch (a) {
	case ACT_GROUP_NEXT:
		next_group(st, 1);
		return true;
	case ACT_GROUP_PREVIOUS:
		next_group(st, st->n_groups ? st->n_groups - 1 : 0);
		return true;
	case ACT_LOG_SCALE:
		st->log_y = !st->log_y;
		return true;
	case ACT_X_AXIS:
		st->by_time = !st->by_time;
		st->has_cursor = false;
		return true;
	case ACT_SMOOTH_MORE:
		st->smoothing = MIN(st->smoothing + 1, 9);
		return true;
	case ACT_SMOOTH_LESS:
		st->smoothing = MAX(st->smoothing - 1, 0);
		return true;
	default:
		return thing_screen_action(v, a, VIEW_METRICS, &st->names);
	}
}

static bool metrics_offers(struct view *v, enum action a)
{
	const struct metrics_state *st = v->state;

	if (a == ACT_GROUP_NEXT)
		return st->n_groups > 1;
	for (size_t i = 0; a == ACT_STOP && i + 1 < st->names.n; i++)
		if (thing_offers_now(v->kind, find_thing(v, i), a))
			return true;
	return a != ACT_METRICS && thing_offers_now(v->kind, find_thing(v, st->names.n - 1), a);
}

static void metrics_update(struct view *v)
{
	struct metrics_state *st = v->state;

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
