/* view_jobs.c - the training jobs: one row each. The root of all screens. */
#include <math.h>

#include "base/utf8.h"
#include "model/badge.h"
#include "model/cost.h"
#include "model/failure.h"
#include "model/objective.h"
#include "tui/jobtext.h"
#include "tui/list.h"

#define WATCHED_MAX 8
#define SPARK_CELLS 8
#define VALUE_CELLS 8
#define MORE_COL (SPARK_CELLS + 1 + VALUE_CELLS + 2)

struct jobs_state {
	struct list list;
	char *objective;	   /* the metric column's heading */
	struct strlist watched;	   /* running jobs on the screen, for their metrics */
	struct cost_legend legend; /* of the rows that were drawn last */
	bool look_again;	   /* other rows may be on the screen now */
};

/* --- the empty list --- */

static int put_lines(struct area a, int row, int col, enum style st, const char *const *lines)
{
	for (; *lines && row < a.rows; lines++)
		area_put_cut(a, row++, col, a.cols - col - 1, st, *lines);
	return row;
}

static bool has_problem(const struct session *s)
{
	return !session_jobs(s)->n && s->notice.level == NOTICE_ERROR && s->notice.text[0] &&
	       !session_jobs(s)->complete;
}

/* Where jobs are looked for, in a sentence. */
static const char *place_of(const struct session *s, const char *unknown)
{
	return session_parts(s) > 1 ? session_label(s) : str_or(s->region, unknown);
}

static void draw_empty(struct view *v, struct area a)
{
	static const char *const start_here[] = {
		"",
		"n            launch a job from a specification file (JSON or YAML)",
		":help        all keys and commands",
		NULL,
	};
	static const char *const local_start[] = {
		"",
		"n                      launch a job from a specification file (JSON or YAML);",
		"                       share/examples/player.yaml wants data that the quickstart makes",
		"sh share/quickstart.sh (in the source) makes them and launches twelve jobs",
		":help                  all keys and commands",
		NULL,
	};
	static const char *const no_service[] = {
		"",
		"What helps:",
		"  sagetop doctor    checks clock, credentials, region and permissions",
		"  sagetop --local   the local engine on this machine: no account needed",
		"  !                 the requests made so far and how they ended",
		NULL,
	};
	const struct list *l = v->state;
	const struct session *s = view_session(v);
	int row = a.rows > 8 ? 1 : 0;

	if (session_jobs(s)->n) {
		area_putf(a, row, LIST_GUTTER, ST_NORMAL, "No job matches%s%s.", l->filter ? " " : "",
			  l->filter ? l->filter : "");
		if (l->vain)
			area_putf(a, ++row, LIST_GUTTER, ST_NORMAL, "None at all has %s.", l->vain);
		area_putf(a, row + 1, LIST_GUTTER, ST_DIM, "%s %s.", KEY_OF(GLOBAL, BACK), list_way_back(l));
	} else if (has_problem(s)) {
		area_put_cut(a, row++, LIST_GUTTER, a.cols - LIST_GUTTER - 1, ST_BAD, "No answer from SageMaker yet:");
		row = area_put_wrapped(a, row, LIST_GUTTER, a.cols - LIST_GUTTER - 1, MAX(a.rows - row - 4, 2),
				       ST_NORMAL, s->notice.text);
		put_lines(a, row, LIST_GUTTER, ST_DIM, no_service + (a.rows < 12 ? 2 : 0));
	} else if (session_jobs(s)->complete) {
		area_putf(a, row, LIST_GUTTER, ST_NORMAL, "No training jobs in %s%s yet.", place_of(s, "this region"),
			  s->local ? " of the local engine" : "");
		put_lines(a, row + 1, LIST_GUTTER, ST_DIM, s->local ? local_start : start_here);
	} else {
		area_putf(a, row, LIST_GUTTER, ST_DIM, "Asking SageMaker in %s for its training jobs …",
			  place_of(s, "your region"));
	}
}

/* --- the metric column --- */

static const char *heading(struct view *v, const struct field *f)
{
	const struct jobs_state *st = v->state;

	return f->type == FIELD_SPARK ? st->objective : NULL;
}

/* Of a failed job why it failed, as far as it is known. */
static void put_reason(struct view *v, struct area a, int row, int col, int width, const struct resource *r)
{
	AUTO(buf) struct buf said = BUF_INIT(BUF_MAX_TEXT);
	const char *why = failure_says(view_session(v), r, &said);

	area_put_cut(a, row, col, width, ST_DIM, why + (str_starts(why, "AlgorithmError: ") ? 16 : 0));
}

/* "at 61, last 9.05", where the last value is not the best one. */
static void add_last(struct buf *out, double best, int64_t step, double last)
{
	char text[FIELD_VALUE_LEN];

	if (last == best || isnan(best) || (isnan(last) && step < 0))
		return;
	if (step >= 0)
		(void)buf_addf(out, "at %lld, ", (long long)step);
	(void)buf_addf(out, "last %s", field_value_text(text, last));
}

/* What the metric's column says of a job. */
struct metric_cell {
	const struct series *curve; /* borrowed; NULL */
	double best;
	char more[512]; /* behind the best value */
};

static bool read_metric(struct view *v, const struct resource *r, struct metric_cell *ret)
{
	const struct jobs_state *st = v->state;
	const char *name = job_objective_name(resource_job(r));
	const struct feed *feed = session_find_feed(session_own(view_session(v), r), r->kind, r->name);
	AUTO(buf) struct buf more = BUF_INIT(sizeof(ret->more));
	double last;
	int64_t step;

	ret->curve = feed && name ? series_find(&feed->metrics, name) : NULL;
	if (!job_best_objective(resource_job(r), ret->curve, &ret->best, &step, &last))
		return false;
	add_last(&more, ret->best, step, last);
	if (!str_eq(name, st->objective)) /* not what the heading says */
		(void)buf_addf(&more, "%s%s", more.len ? "  " : "", name);
	snprintf(ret->more, sizeof(ret->more), "%s", buf_str(&more));
	return true;
}

static bool tells_reason(const struct resource *r)
{
	return r->state == STATE_BAD && !str_empty(r->failure_reason);
}

static void put_metric(struct view *v, struct area a, int row, int col, int width, const struct resource *r)
{
	char text[FIELD_VALUE_LEN], spark[SPARK_CELLS * 3 + 1] = "";
	struct metric_cell m;

	if (tells_reason(r)) {
		put_reason(v, a, row, col, width, r);
		return;
	}
	if (!read_metric(v, r, &m))
		return;
	if (m.curve)
		series_spark(spark, SPARK_CELLS, m.curve);
	area_put(a, row, col, state_style(r), spark);
	table_put(a, row, col + SPARK_CELLS + 1, VALUE_CELLS, true, ST_NORMAL, field_value_text(text, m.best));
	area_put_cut(a, row, col + MORE_COL, width - MORE_COL, ST_DIM, m.more);
}

static int metric_cells(struct view *v, const struct resource *r)
{
	struct metric_cell m;

	return !tells_reason(r) && read_metric(v, r, &m) && m.more[0] ? MORE_COL + utf8_width(m.more) : 0;
}

static bool put_cell(struct view *v, struct area a, int row, int col, int width, const struct field *f,
		     const struct resource *r)
{
	struct jobs_state *st = v->state;
	const struct session *s = session_own(view_session(v), r);

	if (f->type == FIELD_MONEY) {
		struct cost c = cost_of_job(resource_job(r), &s->prices, s->region, ui_now_ms(v->ui));
		jobtext_legend_add(&st->legend, &c);
	}
	if (f->type == FIELD_SPARK)
		put_metric(v, a, row, col, width, r);
	else if (str_eq(f->name, "reason") && !str_empty(r->failure_reason))
		put_reason(v, a, row, col, width, r);
	else
		return false;
	return true;
}

/* A cluster of several groups names them all. */
static bool text(const struct field *f, const struct resource *r, struct buf *out)
{
	char buf[JOBTEXT_LEN];

	if (f->type == FIELD_MACHINE)
		(void)buf_adds(out, jobtext_instance(buf, resource_job(r)));
	return f->type == FIELD_MACHINE;
}

/* --- what calls for a look --- */

static struct badge_look look_at(struct view *v, const struct resource *r)
{
	const struct feed *feed = session_find_feed(session_own(view_session(v), r), r->kind, r->name);

	return (struct badge_look){.job = resource_job(r), .feed = feed, .now_ms = ui_now_ms(v->ui)};
}

static bool alarms(struct view *v, const struct resource *r)
{
	struct badge_look look = look_at(v, r);

	return badge_words(&look)[0];
}

/* Of the job under the cursor why "!" stands before it. */
static void add_alarms(struct view *v, struct buf *out)
{
	const struct resource *r = list_selected(v->state);

	if (!r || list_groups_selected(v))
		return;
	struct badge_look look = look_at(v, r);

	for (int b = 0; b < BADGE_COUNT; b++) {
		AUTO(str) char *why = NULL;

		if (badge_of((enum badge_id)b, &look, &why))
			(void)buf_addf(out, "%s%s", out->len ? "; " : "! ", str_or(why, badge_word((enum badge_id)b)));
	}
}

static void find_objective(struct jobs_state *st)
{
	for (size_t i = 0; i < st->list.n && i < 200; i++) {
		const char *name = job_objective_name(resource_job(st->list.rows[i]));
		if (name) {
			str_set(&st->objective, name);
			return;
		}
	}
}

/* --- metrics of what runs --- */

static void unwatch_all(struct view *v)
{
	struct jobs_state *st = v->state;

	for (size_t i = 0; i < st->watched.n; i++)
		view_watch(v, v->kind, st->watched.items[i], false);
	strlist_done(&st->watched);
}

/* The local engine costs nothing to ask: the jobs that run on the screen are
 * watched, so that their objective and its curve are seen in the list. */
static void watch_seen(struct view *v)
{
	struct jobs_state *st = v->state;
	const struct list *l = &st->list;
	AUTO(strlist) struct strlist wanted = {0};
	AUTO(buf) struct buf name = BUF_INIT(BUF_MAX_TEXT);
	bool same;

	if (!st->look_again || !view_session(v)->local || l->updated != session_jobs(view_session(v))->generation)
		return;
	st->look_again = false;
	for (size_t i = l->table.top; i < l->n && i < l->table.top + (size_t)MAX(l->table.page, 1); i++)
		if (resource_is_running(l->rows[i]) && wanted.n < WATCHED_MAX)
			strlist_add(&wanted, list_name_of(l, l->rows[i], &name));
	same = wanted.n == st->watched.n;
	for (size_t i = 0; same && i < wanted.n; i++)
		same = strlist_has(&st->watched, wanted.items[i]);
	if (same)
		return;
	for (size_t i = 0; i < wanted.n; i++)
		view_watch(v, v->kind, wanted.items[i], true);
	unwatch_all(v);
	st->watched = wanted;
	memset(&wanted, 0, sizeof(wanted));
}

static bool jobs_work(struct view *v, int64_t budget_us)
{
	watch_seen(v);
	return list_work(v, budget_us);
}

/* --- the view --- */

static void marked_cost(struct view *v, struct buf *out)
{
	const struct list *l = v->state;
	const struct session *s = view_session(v);
	int64_t sum = 0;
	size_t unknown = 0;
	const char *name;
	void *value;
	char money[24];

	for (size_t i = 0; map_next(&l->marks, &i, &name, &value);) {
		const struct job *j = jobs_find(session_jobs(s), name);
		if (!j)
			continue;
		const struct session *own = session_own(s, job_resource(j));
		struct cost c = cost_of_job(j, &own->prices, own->region, ui_now_ms(v->ui));
		int64_t more = c.kind == COST_UNKNOWN ? USD_UNKNOWN : money_sum(sum, c.usd_micro);

		if (more == USD_UNKNOWN)
			unknown++;
		else
			sum = more;
	}
	(void)buf_addf(out, ": %s", money_text(money, sum));
	if (unknown)
		(void)buf_addf(out, " and %zu unknown", unknown);
	(void)buf_addf(out, ", prices of %s", str_or(s->prices_as_of, "?"));
}

static int jobs_open(struct view *v, const struct view_arg *arg, struct err *err)
{
	static const struct list_hooks hooks = {heading, text, put_cell, metric_cells, alarms, draw_empty, marked_cost};

	list_open(v, &kind_table[KIND_TRAINING_JOB], NULL, &hooks);
	if (arg->mode != MODE_OVER)
		(void)!list_group(v, ui_kept(v->ui, "group/training-job"), NULL);
	return list_open_filter(v, arg, err);
}

static void jobs_close(struct view *v)
{
	struct jobs_state *st = v->state;

	unwatch_all(v);
	list_close(v);
	free(st->objective);
}

static uint64_t jobs_generation(struct view *v)
{
	const struct jobs_state *st = v->state;
	uint64_t h = list_generation(v);

	for (size_t i = 0; i < st->watched.n; i++) {
		const struct feed *f = view_feed(v, v->kind, st->watched.items[i]);
		h = h * 1000003 + (f ? f->metrics.generation : 0);
	}
	return h;
}

static void jobs_update(struct view *v)
{
	list_update(v);
	find_objective(v->state);
}

static void jobs_title(struct view *v, struct buf *left, struct buf *right)
{
	list_title(v, "jobs", left, right);
}

static void jobs_draw(struct view *v, struct area a)
{
	struct jobs_state *st = v->state;

	st->look_again = true;
	st->legend = (struct cost_legend){0};
	list_draw(v, a);
}

static void jobs_status(struct view *v, struct buf *left, struct buf *right)
{
	const struct jobs_state *st = v->state;
	const struct session *s = view_session(v);
	struct cost_legend legend = st->legend;

	if (ui_burn_is_partial(v->ui) || list_groups_tell_least(&st->list))
		legend.at_least = ui_at_least(v->ui);
	list_status(v, left, right);
	if (!left->len)
		add_alarms(v, left);
	if (!left->len && (s->prices_as_of[0] || session_jobs(s)->n))
		jobtext_legend(left, &legend, s->prices_as_of);
}

static bool jobs_action(struct view *v, enum action a)
{
	if (list_action(v, a))
		return true;
	if (a == ACT_FAILURES) {
		const struct list *l = v->state;
		ui_push(v->ui, VIEW_FAILURES, &(struct view_arg){.kind = TRAINING_KIND, .text = l->filter});
		return true;
	}
	if (a == ACT_NEW || a == ACT_COSTS) {
		ui_push(v->ui, a == ACT_NEW ? VIEW_LAUNCH : VIEW_COST, NULL);
		return true;
	}
	return list_thing_action(v, a);
}

const struct view_ops view_jobs_ops = {
	.name = "jobs",
	.reach = REACH_ALL,
	.argument = "[EXPR]",
	.takes = TAKES_TEXT,
	.help = "All training jobs, or those that match a filter",
	.contexts = {CTX_JOBS, CTX_LIST},
	.state_size = sizeof(struct jobs_state),
	.open = jobs_open,
	.close = jobs_close,
	.generation = jobs_generation,
	.update = jobs_update,
	.title = jobs_title,
	.draw = jobs_draw,
	.status = jobs_status,
	.action = jobs_action,
	.key = list_key,
	.offers = list_offers,
	.filter = list_filter,
	.sort = list_sort,
	.columns = list_columns,
	.group = list_group,
	.shown = list_shown,
	.shape = list_shape,
	.reshape = list_reshape,
	.csv = list_csv,
	.current = list_current,
	.neighbour = list_neighbour,
	.beside = list_beside,
	.await = list_await,
	.hidden = list_hidden_text,
	.among = list_among,
	.label = list_label,
	.work = jobs_work,
};
