/* view_entities.c - the entities of a backtest: how much each is better or worse than the
 * headline baseline so far, the worst first. */
#include <math.h>

#include "tui/jobtext.h"
#include "tui/table.h"
#include "tui/view.h"

enum { COL_ENTITY, COL_SKILL, COL_MAE, COL_OTHER, COL_ROWS, N_COLUMNS };

static const struct table_column columns[N_COLUMNS] = {
	[COL_ENTITY] = {"ENTITY", .min = 12, .max = 40, .want = 24},
	[COL_SKILL] = {"SKILL", .min = 8, .max = 8, .right = true},
	[COL_MAE] = {"MAE", .min = 8, .max = 9, .priority = 1, .right = true},
	[COL_OTHER] = {"BASELINE", .min = 8, .max = 9, .priority = 2, .right = true},
	[COL_ROWS] = {"ROWS", .min = 6, .max = 7, .priority = 3, .right = true},
};

struct entities_state {
	struct table_view table;
	char *run;
};

/* NULL: there is no such run, or none is known yet. */
static const struct backtest_run *find_run(const struct view *v)
{
	const struct entities_state *st = v->state;
	const struct session *s = view_session(v);

	for (size_t i = 0; i < s->n_backtests; i++)
		if (str_eq(s->backtests[i].name, st->run))
			return &s->backtests[i];
	return NULL;
}

static int entities_open(struct view *v, const struct view_arg *arg, struct err *err)
{
	struct entities_state *st = v->state;
	const struct ui_host *host = view_host(v);

	if (str_empty(arg->text))
		return err_set(err, ERR_USAGE, "of which backtest? :entities RUN");
	st->run = xstrdup(arg->text);
	if (!view_session(v)->backtests_generation && host->backtests)
		host->backtests(host->user);
	return 0;
}

static void entities_close(struct view *v)
{
	struct entities_state *st = v->state;

	free(st->run);
}

static uint64_t entities_generation(struct view *v)
{
	return view_session(v)->backtests_generation + 1;
}

static void entities_update(struct view *v)
{
	struct entities_state *st = v->state;
	const struct backtest_run *r = find_run(v);

	st->table.n = r ? r->standing.n_entities : 0;
}

static void entities_title(struct view *v, struct buf *left, struct buf *right)
{
	const struct entities_state *st = v->state;
	const struct backtest_run *r = find_run(v);

	(void)buf_addf(left, "entities %zu · %s", st->table.n, st->run);
	if (r && r->standing.against)
		(void)buf_addf(right, "against %s", r->standing.against);
}

static enum style skill_style(double skill)
{
	return isnan(skill) ? ST_DIM : skill < 0 ? ST_BAD : ST_GOOD;
}

static void draw_cell(void *user, size_t row, int column, struct area a, int line, int col, int width)
{
	const struct backtest_entity *e = &find_run(user)->standing.entities[row];
	const double figures[N_COLUMNS] = {
		[COL_SKILL] = e->skill * 100, [COL_MAE] = e->mae, [COL_OTHER] = e->other_mae};
	char text[JOBTEXT_LEN];
	enum style style = column == COL_SKILL ? skill_style(e->skill) : ST_NORMAL;

	if (column == COL_ENTITY)
		str_copy(text, sizeof(text), e->name);
	else if (column == COL_ROWS)
		snprintf(text, sizeof(text), "%u", e->n);
	else if (isnan(figures[column]))
		str_copy(text, sizeof(text), "?");
	else
		snprintf(text, sizeof(text), column == COL_SKILL ? "%+.1f %%" : "%.3f", figures[column]);
	table_put(a, line, col, width, columns[column].right, style, text);
}

static void entities_draw(struct view *v, struct area a)
{
	struct entities_state *st = v->state;

	if (!st->table.n) {
		area_put_cut(a, 0, TABLE_GUTTER, a.cols - TABLE_GUTTER, ST_DIM,
			     !find_run(v) ? "There is no backtest of that name."
					  : "No cycle's predictions are here yet: nothing can be said.");
		return;
	}
	table_draw(&st->table, a, &(struct table_look){columns, N_COLUMNS, draw_cell, v});
}

static void entities_status(struct view *v, struct buf *left, struct buf *right)
{
	const struct entities_state *st = v->state;
	const struct backtest_run *r = find_run(v);
	AUTO(str) char *text = r ? backtest_standing_text(&r->standing) : NULL;

	(void)buf_adds(left, str_or(text, ""));
	if (st->table.n)
		(void)buf_addf(right, "%zu of %zu", st->table.selected + 1, st->table.n);
}

static bool entities_action(struct view *v, enum action a)
{
	struct entities_state *st = v->state;
	const struct ui_host *host = view_host(v);

	if (a == ACT_REFRESH && host->backtests) {
		host->backtests(host->user);
		return true;
	}
	return table_action(&st->table, a);
}

const struct view_ops view_entities_ops = {
	.name = "entities",
	.reach = REACH_ONE,
	.argument = "RUN",
	.takes = TAKES_TEXT,
	.help = "The entities of a backtest: better or worse than the baseline, the worst first",
	.contexts = {CTX_LIST},
	.state_size = sizeof(struct entities_state),
	.open = entities_open,
	.close = entities_close,
	.generation = entities_generation,
	.update = entities_update,
	.title = entities_title,
	.draw = entities_draw,
	.status = entities_status,
	.action = entities_action,
};
