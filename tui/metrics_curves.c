/* Which metrics there are of the things that are shown, in groups, and the curves of a group. */
#include <math.h>

#include "model/objective.h"
#include "tui/metrics_internal.h"

/* One whose series are looked at: the things shown, then the baseline. */
struct source {
	const struct resource *r;
	const char *name; /* as it was opened with */
	const struct series_set *set;
	size_t slot;
	bool is_baseline;
};

const struct resource *metrics_thing(const struct view *v, size_t i)
{
	const struct metrics_state *st = v->state;

	return resources_find(&view_session(v)->tables[v->kind->id], st->names.items[i]);
}

const struct job *metrics_job(const struct resource *r)
{
	return r && r->kind == TRAINING_KIND ? resource_job(r) : NULL;
}

/* False where it has no series (yet). i == names.n: the baseline. */
static bool source_at(const struct view *v, size_t i, struct source *ret)
{
	const struct metrics_state *st = v->state;
	bool behind = i == st->names.n;
	const char *name = behind ? st->baseline : st->names.items[i];

	if (!name || (behind && strlist_has(&st->names, name)))
		return false;
	const struct feed *f = view_feed(v, v->kind, name);
	*ret = (struct source){
		.name = name,
		.r = resources_find(&view_session(v)->tables[v->kind->id], name),
		.set = f ? &f->metrics : NULL,
		.slot = behind ? 0 : st->slots[i],
		.is_baseline = behind,
	};
	return ret->r && ret->set;
}

/* What it is judged by; NULL. */
static const char *objective_of(const struct resource *r)
{
	return metrics_job(r) ? job_objective_name(metrics_job(r)) : NULL;
}

/* --- groups --- */

static void group_of(char out[GROUP_NAME_MAX], const char *name)
{
	str_copy(out, GROUP_NAME_MAX, series_group(name));
}

static void add_group(struct metrics_state *st, const char *name)
{
	char group[GROUP_NAME_MAX];

	group_of(group, name);
	for (size_t i = 0; i < st->n_panels; i++)
		if (!strcmp(st->panels[i].group, group))
			return;
	if (st->n_panels < PANELS_MAX)
		str_copy(st->panels[st->n_panels++].group, GROUP_NAME_MAX, group);
}

size_t metrics_shown_index(const struct metrics_state *st)
{
	for (size_t i = 0; i < st->n_panels; i++)
		if (!strcmp(st->panels[i].group, st->group))
			return i;
	return 0;
}

static void find_groups(struct view *v)
{
	struct metrics_state *st = v->state;

	st->n_panels = 0;
	for (size_t i = 0; i < st->names.n; i++) {
		struct source x;
		if (!source_at(v, i, &x))
			continue;
		const char *objective = objective_of(x.r);
		if (objective && series_find(x.set, objective)) /* comes first */
			add_group(st, objective);
		for (size_t k = 0; k < x.set->n; k++)
			if (x.set->items[k].n && !strstr(x.set->items[k].name, "Utilization"))
				add_group(st, x.set->items[k].name);
		for (size_t k = 0; k < x.set->n; k++)
			if (x.set->items[k].n)
				add_group(st, x.set->items[k].name);
	}
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
		if (c->has_best && p->value == c->best && p->step == c->best_step)
			c->best_at = c->n;
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

static struct curve *new_curve(struct panel *p)
{
	if (p->n == p->n_made) {
		GROW(p->curves, p->cap, p->n_made + 1);
		p->curves[p->n_made++] = (struct curve){0};
	}
	struct curve *c = &p->curves[p->n++];
	c->n = 0;
	c->best_at = SIZE_MAX;
	return c;
}

/* Of several things each has its colour, whatever the others have, and its curves differ by their dashes; of one thing
 * each curve has a colour. */
static void choose_look(const struct metrics_state *st, const struct source *x, struct curve *c, size_t nth)
{
	bool several = st->names.n > 1;
	size_t colour = several ? x->slot : nth;

	c->is_baseline = x->is_baseline;
	c->style = x->is_baseline ? ST_DIM : (enum style)(ST_SERIES_1 + colour % ST_SERIES_COUNT);
	c->line = colour / ST_SERIES_COUNT + (several ? nth : 0);
	c->mark = x->is_baseline ? CHART_MARK_BEHIND : several ? x->slot + nth * st->n_slots : nth;
}

static void add_curve(struct view *v, struct panel *p, const struct source *x, const struct series *s, size_t nth)
{
	struct metrics_state *st = v->state;
	struct curve *c = new_curve(p);

	GROW(c->points, c->cap, 2 * s->n);
	series_label(c->metric, sizeof(c->metric), x->set, s);
	if (st->names.n > 1 || x->is_baseline)
		snprintf(c->name, sizeof(c->name), "%s%.80s %.60s", x->is_baseline ? "baseline " : "", x->name,
			 c->metric);
	else
		str_copy(c->name, sizeof(c->name), c->metric);
	find_best(c, metrics_job(x->r), s);
	add_points(c, s, !metrics_is_by_time(st, p), origin_ms(st, x->r, x->set));
	smooth(c, st->smoothing);
	choose_look(st, x, c, nth);
}

/* Among several things only the objective of each is drawn, for the eye's sake. */
static bool wanted(const struct metrics_state *st, const struct panel *p, const struct source *x,
		   const struct series *s)
{
	char group[GROUP_NAME_MAX], objective_group[GROUP_NAME_MAX] = "";
	const char *objective = objective_of(x->r);

	if (!s->n)
		return false;
	group_of(group, s->name);
	if (strcmp(group, p->group))
		return false;
	if (objective)
		group_of(objective_group, objective);
	return st->names.n == 1 || strcmp(objective_group, group) || str_eq(objective, s->name);
}

static void to_chart(struct panel *p)
{
	GROW(p->chart_curves, p->cap_chart, p->n);
	for (size_t i = 0; i < p->n; i++) {
		const struct curve *c = &p->curves[i];
		bool best = c->has_best && c->best_at < c->n && !c->is_baseline;

		p->chart_curves[i] = (struct chart_curve){
			.points = c->points,
			.n = c->n,
			.style = c->style,
			.mark = c->mark,
			.line = c->line,
			.best = best ? &c->points[c->best_at] : NULL,
		};
	}
}

static void build(struct view *v, struct panel *p)
{
	struct metrics_state *st = v->state;

	p->n = 0;
	p->has_steps = false;
	p->built = st->builds;
	for (int pass = 0; pass < 2; pass++) /* first: is there a round for any point? */
		for (size_t i = 0; i <= st->names.n; i++) {
			struct source x;
			size_t nth = 0;
			for (size_t k = 0; source_at(v, i, &x) && k < x.set->n; k++) {
				const struct series *s = &x.set->items[k];
				if (!wanted(st, p, &x, s))
					continue;
				if (pass)
					add_curve(v, p, &x, s, nth++);
				else
					p->has_steps = p->has_steps || series_has_steps(s);
			}
		}
	to_chart(p);
}

void metrics_settle(struct view *v)
{
	struct metrics_state *st = v->state;

	if (st->stale) {
		st->stale = false;
		st->builds++;
		find_groups(v);
	}
	struct panel *p = metrics_shown(v);
	if (p)
		metrics_settle_sight(st, p);
}

struct panel *metrics_panel(struct view *v, size_t i)
{
	struct metrics_state *st = v->state;
	struct panel *p = &st->panels[i];

	if (p->built != st->builds)
		build(v, p);
	return p;
}

struct panel *metrics_shown(struct view *v)
{
	struct metrics_state *st = v->state;

	return st->n_panels ? metrics_panel(v, metrics_shown_index(st)) : NULL;
}

bool metrics_is_by_time(const struct metrics_state *st, const struct panel *p)
{
	return !p->has_steps || st->by_time;
}

void metrics_free_panels(struct metrics_state *st)
{
	for (size_t i = 0; i < PANELS_MAX; i++) {
		struct panel *p = &st->panels[i];

		for (size_t k = 0; k < p->n_made; k++)
			free(p->curves[k].points);
		free(p->curves);
		free(p->chart_curves);
	}
}
