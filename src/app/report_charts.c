/* report_charts.c - the curves of a report: a chart for each group of metrics, in which a job has its colour and each
 * of its metrics its dashes. */
#include <math.h>

#include "app/html.h"
#include "app/report.h"

struct group {
	const struct report *r;
	const char *name;
	const struct report_curve **curves; /* those that are drawn */
	size_t n;
	const struct report_curve **finals; /* those that are one value in a chart by rounds */
	size_t n_finals;
	bool steps;
	struct strlist names; /* of its curves: the place is their dashes */
};

static void group_done(struct group *g)
{
	strlist_done(&g->names);
	free(g->curves);
	free(g->finals);
}

static const char *job_name(const struct group *g, const struct report_curve *c)
{
	return g->r->jobs[c->job].name;
}

static int place_of(const struct strlist *names, const char *name)
{
	size_t i = 0;

	while (i < names->n && strcmp(names->items[i], name) != 0)
		i++;
	return (int)i;
}

/* By rounds where the curves know theirs: a lone value without one, the service's final one, stays out then. */
static struct group group_of(const struct report *r, const char *name)
{
	struct group g = {.r = r, .name = name};

	g.curves = xcalloc(r->n_curves, sizeof(struct report_curve *));
	g.finals = xcalloc(r->n_curves, sizeof(struct report_curve *));
	for (size_t i = 0; i < r->n_curves; i++)
		g.steps |= r->curves[i].steps && !strcmp(r->curves[i].group, name);
	for (size_t i = 0; i < r->n_curves; i++)
		if (!strcmp(r->curves[i].group, name) && !r->curves[i].steps && r->curves[i].n > 1)
			g.steps = false;
	for (size_t i = 0; i < r->n_curves; i++) {
		const struct report_curve *c = &r->curves[i];
		if (strcmp(c->group, name) != 0)
			continue;
		if (g.steps && !c->steps) {
			g.finals[g.n_finals++] = c;
			continue;
		}
		g.curves[g.n++] = c;
		if (!strlist_has(&g.names, c->name))
			strlist_add(&g.names, c->name);
	}
	return g;
}

/* Rounds, or minutes since the job began to train (of one that does not say it, since the first value). What CloudWatch
 * says of the minute in which it began stands at its beginning. */
static double across(const struct group *g, const struct report_curve *c, const struct point *p)
{
	int64_t start_ms = g->r->jobs[c->job].r->start_ms;

	if (g->steps)
		return p->step < 0 ? NAN : (double)p->step;
	if (p->time_ms == TIME_UNKNOWN)
		return NAN;
	if (start_ms == TIME_UNKNOWN)
		start_ms = c->points[0].time_ms;
	return (double)MAX(p->time_ms - start_ms, (int64_t)0) / 60000;
}

/* The best of all jobs' curves of that name; NULL where no way is the better one. */
static const struct report_curve *first_of(const struct group *g, const char *name)
{
	const struct report_curve *best = NULL;

	for (size_t i = 0; i < g->n; i++) {
		const struct report_curve *c = g->curves[i];
		if (strcmp(c->name, name) != 0 || isnan(c->best))
			continue;
		if (!best || (c->direction == METRIC_LARGER ? c->best > best->best : c->best < best->best))
			best = c;
	}
	return best;
}

static void fill_curve(const struct group *g, const struct report_curve *c, double *xs, double *ys,
		       struct svg_curve *ret)
{
	*ret = (struct svg_curve){.xs = xs,
				  .ys = ys,
				  .n = c->n,
				  .color = c->job % SVG_COLORS,
				  .dash = place_of(&g->names, c->name) % SVG_DASHES,
				  .best_x = NAN,
				  .best_y = c->best,
				  .first = first_of(g, c->name) == c};
	for (size_t i = 0; i < c->n; i++) {
		xs[i] = across(g, c, &c->points[i]);
		ys[i] = isfinite(xs[i]) ? c->points[i].value : NAN;
		if (ys[i] == c->best && (c->best_step < 0 || c->best_step == c->points[i].step))
			ret->best_x = xs[i];
	}
}

static void add_legend(struct buf *out, const struct group *g, const struct svg_curve *curves)
{
	buf_adds(out, "<p class=\"legend\">");
	for (size_t i = 0; i < g->n; i++) {
		buf_adds(out, "<span>");
		svg_swatch(out, curves[i].color, curves[i].dash);
		html_text(out, curves[i].name);
		buf_adds(out, "</span> ");
	}
	buf_adds(out, "</p>\n");
}

/* What the large dots are, and what could not be drawn, in words. */
static void add_words(struct buf *out, const struct group *g)
{
	for (size_t i = 0; i < g->names.n; i++) {
		const struct report_curve *c = first_of(g, g->names.items[i]);
		if (!c)
			continue;
		AUTO(str)
		char *round = c->best_step < 0 ? xstrdup("") : xasprintf(", round %lld", (long long)c->best_step);
		AUTO(str) char *text = xasprintf("Best %s: %.9g (%s%s)", c->name, c->best, job_name(g, c), round);
		html_element(out, "p", text);
	}
	for (size_t i = 0; i < g->n_finals; i++) {
		const struct report_curve *c = g->finals[i];
		AUTO(str)
		char *text = xasprintf("%s of %s is %.9g in the end; its log tells no curve.", c->name, job_name(g, c),
				       c->points[c->n - 1].value);
		html_element(out, "p class=\"dim\"", text);
	}
}

/* That of all curves, where they have the same. */
static const char *unit_of(const struct group *g)
{
	const char *unit = str_or(g->curves[0]->unit, "");

	for (size_t i = 1; i < g->n; i++)
		if (!str_eq(unit, str_or(g->curves[i]->unit, "")))
			return "";
	return unit;
}

static void add_group(struct buf *out, const struct group *g)
{
	AUTO(str) char *title = xasprintf("%s by %s", g->name, g->steps ? "round" : "minutes since training began");
	const struct svg_axes axes = {
		.title = title, .unit = unit_of(g), .across = g->steps ? "round" : "minutes since training began"};
	struct svg_curve *curves = xcalloc(g->n, sizeof(*curves));
	AUTO(strlist) struct strlist names = {0};
	size_t points = 0;

	for (size_t i = 0; i < g->n; i++)
		points += g->curves[i]->n;
	double *xs = xreallocarray(NULL, points, sizeof(*xs)), *ys = xreallocarray(NULL, points, sizeof(*ys));
	for (size_t i = 0, at = 0; i < g->n; at += g->curves[i++]->n) {
		fill_curve(g, g->curves[i], xs + at, ys + at, &curves[i]);
		strlist_take(&names, xasprintf("%s %s", job_name(g, g->curves[i]), g->curves[i]->name));
		curves[i].name = names.items[i];
	}
	html_element(out, "h3", title);
	svg_curves(out, &axes, curves, g->n);
	add_legend(out, g, curves);
	add_words(out, g);
	free(xs);
	free(ys);
	free(curves);
}

void report_charts(struct buf *out, const struct report *r)
{
	AUTO(strlist) struct strlist names = {0};

	for (size_t i = 0; i < r->n_curves; i++)
		if (!strlist_has(&names, r->curves[i].group))
			strlist_add(&names, r->curves[i].group);
	for (size_t i = 0; i < names.n; i++) {
		if (i >= REPORT_CHARTS_MAX) {
			AUTO(str)
			char *text = xasprintf("Not drawn: %s, since a page has %d charts at most.", names.items[i],
					       REPORT_CHARTS_MAX);
			html_element(out, "p class=\"dim\"", text);
			continue;
		}
		struct group g = group_of(r, names.items[i]);
		add_group(out, &g);
		group_done(&g);
	}
}
