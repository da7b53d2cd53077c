/* view_tuning.c - one tuning job: the best so far, each range against the objective and how
 * much it matters, what it costs; below, its training jobs as a list. */
#include <math.h>

#include "model/cost.h"
#include "model/search.h"
#include "tui/chart.h"
#include "tui/jobtext.h"
#include "tui/list.h"
#include "tui/thing.h"

#define REFRESH_MS 10000
#define REFRESH_LOCAL_MS 1000
#define CHARTS_MIN_ROWS 14 /* of the body: below that there is the list alone */
#define CHARTS_MAX_ROWS 12
#define IMPORTANCE_CELLS 22
#define LOG_SPAN 20 /* a range of positive values wider than that is drawn by its logarithm */

struct tuning_state {
	struct list list; /* first: the list's own operations see it */
	char *name;
	struct search search;
	char *range; /* which one is drawn; NULL: the most important */
	bool has_columns;
	uint64_t built; /* what the search was built of; 0: not yet */
	int64_t asked_ms;
};

static const struct kind *children_kind(void)
{
	return &kind_table[KIND_TUNING_CHILD];
}

static void empty(struct view *v, struct area a)
{
	const struct tuning_state *st = v->state;

	if (st->list.n_all)
		area_putf(a, 0, LIST_GUTTER, ST_NORMAL, "None of %zu matches%s%s.", st->list.n_all,
			  st->list.filter ? " " : "", st->list.filter ? st->list.filter : "");
	else
		area_put(a, 0, LIST_GUTTER, ST_DIM, "No training job of it is known yet.");
}

/* Their names begin with the tuning job's, which the title says. */
static bool short_text(const struct field *f, const struct resource *r, struct buf *out)
{
	size_t n = r->parent ? strlen(r->parent) : 0;

	if (!str_eq(f->name, "name") || !n || !str_starts(r->name, r->parent) || r->name[n] != '-' || !r->name[n + 1])
		return false;
	(void)buf_adds(out, r->name + n + 1);
	return true;
}

static int tuning_open(struct view *v, const struct view_arg *arg, struct err *err)
{
	static const struct list_hooks hooks = {.empty = empty, .text = short_text};

	struct tuning_state *st = v->state;

	if (!arg->kind || arg->kind->id != KIND_TUNING_JOB || !arg->names.n)
		return err_set(err, ERR_USAGE, "which tuning job? :tuning-jobs lists them, %s opens one",
			       KEY_OF(THINGS, OPEN));
	st->name = xstrdup(arg->names.items[0]);
	list_open(v, children_kind(), st->name, &hooks);
	view_watch(v, v->kind, st->name, true);
	return 0;
}

static void tuning_close(struct view *v)
{
	struct tuning_state *st = v->state;

	if (!st->name)
		return;
	view_watch(v, v->kind, st->name, false);
	list_close(v);
	search_done(&st->search);
	free(st->name);
	free(st->range);
}

/* --- what is asked for ------------------------------------------------------------------- */

static void ask(struct view *v)
{
	struct tuning_state *st = v->state;
	const struct ui_host *host = view_host(v);

	st->asked_ms = ui_now_ms(v->ui);
	if (host->refresh && !view_session(v)->offline)
		host->refresh(host->user, children_kind(), st->name);
}

static bool tuning_work(struct view *v, int64_t budget_us)
{
	const struct tuning_state *st = v->state;
	int64_t period = view_session(v)->local ? REFRESH_LOCAL_MS : REFRESH_MS;
	bool ended = st->search.tuning && !resource_is_running(st->search.tuning);

	if (ui_now_ms(v->ui) - st->asked_ms >= (ended ? 6 * period : period))
		ask(v);
	return list_work(v, budget_us);
}

/* Of the things alone: a filter or another order leaves the search as it is. */
static uint64_t things_generation(const struct view *v)
{
	const struct session *s = view_session(v);

	return s->tables[KIND_TUNING_CHILD].generation * 1000003 + s->tables[KIND_TUNING_JOB].generation + 1;
}

static uint64_t tuning_generation(struct view *v)
{
	return list_generation(v) * 1000003 + view_session(v)->tables[KIND_TUNING_JOB].generation;
}

/* Once the ranges are known, each has a column. */
static void choose_columns(struct view *v)
{
	struct tuning_state *st = v->state;
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
	struct err err = {0};

	if (st->has_columns || !st->search.n_ranges || ui_columns_of(v->ui, children_kind()))
		return;
	st->has_columns = true;
	(void)buf_adds(&text, "name,status,objective");
	for (size_t i = 0; i < st->search.n_ranges; i++)
		(void)buf_addf(&text, ",hp.%s", st->search.ranges[i].name);
	(void)buf_adds(&text, ",took");
	if (list_columns(v, buf_str(&text), &err) == 0 && list_sort(v, "objective", &err) == 0)
		st->list.reverse = !st->search.maximise; /* the best first */
}

static void tuning_update(struct view *v)
{
	struct tuning_state *st = v->state;

	if (st->built != things_generation(v)) {
		search_build(&st->search, view_session(v), st->name, ui_now_ms(v->ui));
		st->built = things_generation(v);
	}
	choose_columns(v);
	list_update(v);
}

/* --- the charts -------------------------------------------------------------------------- */

static const struct search_range *drawn_range(const struct tuning_state *st)
{
	for (size_t i = 0; i < st->search.n_ranges; i++) {
		if (str_eq(st->search.ranges[i].name, st->range))
			return &st->search.ranges[i];
	}
	return st->search.n_ranges ? &st->search.ranges[0] : NULL;
}

/* Isolated dots: a gap stands between any two. */
static void add_dot(struct chart_point *points, size_t *n, double x, double y)
{
	points[(*n)++] = (struct chart_point){x, y};
	points[(*n)++] = (struct chart_point){x, NAN};
}

static void draw_progress(const struct tuning_state *st, struct area a)
{
	const struct search *s = &st->search;
	struct chart_point *dots = xcalloc(2 * s->n + 1, sizeof(*dots)), *best = xcalloc(s->n + 1, sizeof(*best));
	size_t n_dots = 0, n_best = 0;
	double so_far = NAN;

	for (size_t i = 0; i < s->n; i++) {
		double y = s->children[i].objective;

		if (!isfinite(y))
			continue;
		add_dot(dots, &n_dots, (double)i + 1, y);
		if (s->children[i].r->state != STATE_BAD && (isnan(so_far) || (s->maximise ? y > so_far : y < so_far)))
			so_far = y;
		best[n_best++] = (struct chart_point){(double)i + 1, so_far};
	}
	struct chart_curve curves[] = {{best, n_best, ST_SERIES_1}, {dots, n_dots, ST_SERIES_2, .mark = 1}};
	struct chart c = {.curves = curves, .n = ARRAY_LEN(curves)};

	area_putf(a, 0, 1, ST_DIM, "best so far, by training job");
	chart_draw(&c, area_part(a, 1, 0, a.rows - 1, a.cols));
	free(dots);
	free(best);
}

static bool by_logarithm(const struct search *s, const char *range)
{
	double low = INFINITY, high = 0;

	for (size_t i = 0; i < s->n; i++) {
		double x = search_value(&s->children[i], range);

		low = fmin(low, x);
		high = fmax(high, x);
	}
	return low > 0 && high / low > LOG_SPAN;
}

static void draw_scatter(const struct tuning_state *st, const struct search_range *r, struct area a)
{
	const struct search *s = &st->search;
	struct chart_point *dots = xcalloc(2 * s->n + 1, sizeof(*dots));
	size_t n = 0;
	bool log_x = by_logarithm(s, r->name);

	for (size_t i = 0; i < s->n; i++) {
		double x = search_value(&s->children[i], r->name);

		if (isfinite(s->children[i].objective) && isfinite(x))
			add_dot(dots, &n, log_x ? log10(x) : x, s->children[i].objective);
	}
	struct chart_curve curve = {dots, n, ST_SERIES_3};
	struct chart c = {.curves = &curve, .n = 1};

	area_putf(a, 0, 1, ST_DIM, "by %s%s", log_x ? "log10 " : "", r->name);
	chart_draw(&c, area_part(a, 1, 0, a.rows - 1, a.cols));
	free(dots);
}

/* Of words: the best of each. */
static void draw_words(const struct tuning_state *st, const struct search_range *r, struct area a)
{
	const struct search *s = &st->search;
	AUTO(strlist) struct strlist words = {0};
	int row = 1;

	area_putf(a, 0, 1, ST_DIM, "best by %s", r->name);
	for (size_t i = 0; i < s->n; i++) {
		const char *word = strmap_get(&resource_record(s->children[i].r)->keyed, r->name);

		if (word && !strlist_has(&words, word))
			strlist_add(&words, word);
	}
	strlist_sort(&words);
	for (size_t w = 0; w < words.n && row < a.rows; w++, row++) {
		double best = NAN;
		size_t n = 0;

		for (size_t i = 0; i < s->n; i++) {
			double y = s->children[i].objective;

			if (!isfinite(y) ||
			    !str_eq(strmap_get(&resource_record(s->children[i].r)->keyed, r->name), words.items[w]))
				continue;
			n++;
			best = isnan(best) || (s->maximise ? y > best : y < best) ? y : best;
		}
		area_put_cut(a, row, 1, a.cols - 18, ST_NORMAL, words.items[w]);
		if (n)
			area_putf(a, row, a.cols - 16, ST_STRONG, "%-9.4g×%zu", best, n);
	}
}

static void draw_importance(const struct tuning_state *st, struct area a)
{
	const struct search_range *drawn = drawn_range(st);

	area_put(a, 0, 1, ST_DIM, "explains");
	for (size_t i = 0; i < st->search.n_ranges && (int)i + 1 < a.rows; i++) {
		const struct search_range *r = &st->search.ranges[i];
		int row = (int)i + 1;

		area_put(a, row, 0, ST_KEY, r == drawn ? "▸" : " ");
		if (isnan(r->importance))
			area_put(a, row, 4, ST_DIM, "?");
		else
			area_putf(a, row, 1, ST_NORMAL, "%3.0f%%", 100 * r->importance);
		area_put_cut(a, row, 6, a.cols - 7, r == drawn ? ST_STRONG : ST_NORMAL, r->name);
	}
}

static void draw_charts(const struct tuning_state *st, struct area a)
{
	const struct search_range *r = drawn_range(st);
	int right = IMPORTANCE_CELLS, width = (a.cols - right) / 2;

	draw_progress(st, area_part(a, 0, 0, a.rows, width));
	if (r && r->numeric)
		draw_scatter(st, r, area_part(a, 0, width, a.rows, width));
	else if (r)
		draw_words(st, r, area_part(a, 0, width, a.rows, width));
	draw_importance(st, area_part(a, 0, 2 * width, a.rows, a.cols - 2 * width));
}

/* --- the whole ------------------------------------------------------------------------------ */

/* "validation:rmse (least)  best 0.1018  12 of 20 ended, 1 stopped early, 3 run" */
static void draw_summary(const struct tuning_state *st, struct area a)
{
	const struct search *s = &st->search;
	int col = area_putf(a, 0, 1, ST_NORMAL, "%s (%s)", str_or(s->metric, "?"), s->maximise ? "greatest" : "least");

	if (s->best >= 0)
		col = area_putf(a, 0, col + 2, ST_STRONG, "best %.6g", s->children[s->best].objective);
	col = area_putf(a, 0, col + 2, ST_NORMAL, "%zu", s->n - s->n_running);
	if (s->max_jobs)
		col = area_putf(a, 0, col, ST_NORMAL, " of %lld", (long long)s->max_jobs);
	col = area_put(a, 0, col, ST_NORMAL, " ended");
	if (s->n_stopped)
		col = area_putf(a, 0, col, ST_NORMAL, ", %zu stopped", s->n_stopped);
	if (s->n_bad)
		col = area_putf(a, 0, col, ST_BAD, ", %zu failed", s->n_bad);
	area_putf(a, 0, col, ST_NORMAL, ", %zu run", s->n_running);
}

/* An estimate: by the children's times and the definition's instances. */
static void draw_cost(const struct tuning_state *st, const char *prices_as_of, struct area a)
{
	const struct search *s = &st->search;
	char text[32];
	int col = area_putf(a, 0, 1, ST_NORMAL, "cost so far ≈%s", money_text(text, s->spent_micro));

	if (s->projected_micro != USD_UNKNOWN && s->tuning && resource_is_running(s->tuning))
		col = area_putf(a, 0, col, ST_DIM, ", of all %lld ≈%s", (long long)s->max_jobs,
				money_text(text, s->projected_micro));
	area_putf(a, 0, col, ST_DIM, "; prices of %s", str_or(prices_as_of, "?"));
}

static void tuning_draw(struct view *v, struct area a)
{
	const struct tuning_state *st = v->state;
	int charts = a.rows >= CHARTS_MIN_ROWS ? MIN(a.rows / 2 - 1, CHARTS_MAX_ROWS) : 0, top = 1;

	draw_summary(st, area_part(a, 0, 0, 1, a.cols));
	if (charts && st->search.spent_micro != USD_UNKNOWN && !view_session(v)->local)
		draw_cost(st, view_session(v)->prices_as_of, area_part(a, top++, 0, 1, a.cols));
	if (st->search.tuning && !str_empty(st->search.tuning->failure_reason))
		area_put_cut(a, top++, 1, a.cols - 2, ST_BAD, st->search.tuning->failure_reason);
	if (charts && st->search.n_measured) {
		draw_charts(st, area_part(a, top, 0, charts, a.cols));
		top += charts;
	}
	list_draw(v, area_part(a, top, 0, a.rows - top, a.cols));
}

static void tuning_title(struct view *v, struct buf *left, struct buf *right)
{
	const struct tuning_state *st = v->state;
	const struct resource *r = st->search.tuning;

	list_title(v, "training jobs", left, right);
	if (r)
		(void)buf_addf(right, "%s %s", state_symbol(r), resource_state_text(r));
}

/* Of one that is over, how it goes on. */
static void tuning_status(struct view *v, struct buf *left, struct buf *right)
{
	const struct tuning_state *st = v->state;
	const struct resource *r = st->search.tuning;

	list_status(v, left, right);
	if (!left->len && r && !resource_is_running(r))
		(void)buf_addf(left, "more jobs: sagetop tune tuning-job/%s n=20", r->name);
}

static void move_range(struct tuning_state *st, int by)
{
	const struct search_range *r = drawn_range(st);

	if (!r)
		return;
	size_t n = st->search.n_ranges, at = (size_t)(r - st->search.ranges);

	str_set(&st->range, st->search.ranges[(at + n + (size_t)(by + (int)n)) % n].name);
}

/* A child is a training job: it has the page and the clone of one. */
static bool child_action(struct view *v, enum action a)
{
	const struct tuning_state *st = v->state;
	const struct resource *r = list_selected(&st->list);
	bool clone = a == ACT_CLONE;

	if (!r || (!clone && a != ACT_OPEN))
		return false;
	if (!clone && !resources_lookup(&view_session(v)->tables[KIND_TRAINING_JOB], r->name))
		return false; /* the jobs have not come yet: the page of the child does it */
	ui_push_one(v->ui, clone ? VIEW_LAUNCH : VIEW_JOB, TRAINING_KIND, r->name, clone ? MODE_CLONE : MODE_SHOW);
	return true;
}

static bool tuning_action(struct view *v, enum action a)
{
	struct tuning_state *st = v->state;
	AUTO(strlist) struct strlist names = {0};

	switch (a) {
	case ACT_LINK_NEXT:
	case ACT_LINK_PREVIOUS:
		move_range(st, a == ACT_LINK_NEXT ? 1 : -1);
		return true;
	case ACT_REFRESH:
		ask(v);
		return true;
	case ACT_STOP_ALL:
		strlist_add(&names, st->name);
		ui_stop(v, v->kind, &names);
		return true;
	default:
		return list_action(v, a) || child_action(v, a) || list_thing_action(v, a);
	}
}

static bool tuning_offers(struct view *v, enum action a)
{
	return a == ACT_CLONE || thing_offers(children_kind(), a);
}

const struct view_ops view_tuning_ops = {
	.name = "search",
	.argument = "tuning-job/NAME",
	.takes = TAKES_NAME,
	.help = "One tuning job: best so far, ranges against the objective, its training jobs",
	.contexts = {CTX_TUNING, CTX_THINGS, CTX_LIST},
	.state_size = sizeof(struct tuning_state),
	.open = tuning_open,
	.close = tuning_close,
	.generation = tuning_generation,
	.update = tuning_update,
	.title = tuning_title,
	.draw = tuning_draw,
	.status = tuning_status,
	.action = tuning_action,
	.key = list_key,
	.offers = tuning_offers,
	.filter = list_filter,
	.sort = list_sort,
	.columns = list_columns,
	.shown = list_shown,
	.csv = list_csv,
	.current = list_current,
	.neighbour = list_neighbour,
	.beside = list_beside,
	.await = list_await,
	.hidden = list_hidden_text,
	.among = list_among,
	.work = tuning_work,
};
