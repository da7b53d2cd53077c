/* view_backtests.c - the backtests: how far each is, what failed and why, what it costs; and of
 * the one under the cursor every cycle, and how its entities do. Enter opens its jobs. */
#include <math.h>

#include "base/timefmt.h"
#include "tui/jobtext.h"
#include "tui/table.h"
#include "tui/view.h"

#define REFRESH_MS 2000
#define DETAIL_ROWS 9 /* below the list, where there is room for both */
#define LABEL 10

enum { COL_RUN, COL_STATE, COL_PACKS, COL_FAILED, COL_TO_GO, COL_SPENT, COL_PROJECTED, N_COLUMNS };

static const struct table_column columns[N_COLUMNS] = {
	[COL_RUN] = {"RUN", .min = 14, .max = 40, .want = 24},
	[COL_STATE] = {"STATE", .min = 7, .max = 7},
	[COL_PACKS] = {"PACKS", .min = 9, .max = 11, .priority = 1, .right = true},
	[COL_FAILED] = {"FAILED", .min = 6, .max = 6, .priority = 2, .right = true},
	[COL_TO_GO] = {"TO GO", .min = 6, .max = 6, .priority = 3, .right = true},
	[COL_SPENT] = {"SPENT", .min = 7, .max = 8, .priority = 4, .right = true},
	[COL_PROJECTED] = {"IN THE END", .min = 10, .max = 10, .priority = 5, .right = true},
};

struct backtests_state {
	struct table_view table;
	char *selected; /* its name: the cursor stays on it */
	int64_t asked_ms;
};

static void backtests_close(struct view *v)
{
	struct backtests_state *st = v->state;

	free(st->selected);
}

static uint64_t backtests_generation(struct view *v)
{
	return view_session(v)->backtests_generation + 1;
}

static const struct backtest_run *selected_run(struct view *v)
{
	const struct backtests_state *st = v->state;
	const struct session *s = view_session(v);

	return st->table.selected < s->n_backtests ? &s->backtests[st->table.selected] : NULL;
}

static void backtests_update(struct view *v)
{
	struct backtests_state *st = v->state;
	const struct session *s = view_session(v);

	st->table.n = s->n_backtests;
	for (size_t i = 0; i < s->n_backtests; i++)
		if (str_eq(s->backtests[i].name, st->selected))
			st->table.selected = i;
}

/* From the state database: it costs no request. */
static bool backtests_work(struct view *v, int64_t budget_us)
{
	struct backtests_state *st = v->state;
	const struct ui_host *host = view_host(v);
	int64_t now = ui_now_ms(v->ui);

	if (host->backtests && (!st->asked_ms || now - st->asked_ms >= REFRESH_MS)) {
		st->asked_ms = now;
		host->backtests(host->user);
	}
	return false;
}

static void backtests_title(struct view *v, struct buf *left, struct buf *right)
{
	const struct session *s = view_session(v);
	size_t running = 0;

	for (size_t i = 0; i < s->n_backtests; i++)
		running += s->backtests[i].state == BACKTEST_RUNNING;
	(void)buf_addf(left, "backtests %zu", s->n_backtests);
	if (running)
		(void)buf_addf(left, " · %zu running", running);
}

/* --- the list ------------------------------------------------------------------------------ */

static enum style run_style(enum backtest_state state)
{
	static const enum style styles[] = {[BACKTEST_RUNNING] = ST_RUNNING,
					    [BACKTEST_PAUSED] = ST_WARN,
					    [BACKTEST_STOPPED] = ST_STOPPED,
					    [BACKTEST_DONE] = ST_GOOD,
					    [BACKTEST_FAILED] = ST_BAD};

	return (size_t)state < ARRAY_LEN(styles) ? styles[state] : ST_NORMAL;
}

/* The text of a cell; "" where there is nothing to say. */
static enum style cell_text(const struct backtest_run *r, int column, char text[JOBTEXT_LEN])
{
	struct backtest_counts c = backtest_run_count(r);
	char buf[TIMEFMT_LEN];
	int64_t eta;

	text[0] = '\0';
	switch (column) {
	case COL_STATE:
		str_copy(text, JOBTEXT_LEN, backtest_state_name(r->state));
		return run_style(r->state);
	case COL_PACKS:
		snprintf(text, JOBTEXT_LEN, "%zu/%lld", c.completed, (long long)r->jobs);
		return ST_NORMAL;
	case COL_FAILED:
		snprintf(text, JOBTEXT_LEN, c.failed ? "%zu" : "–", c.failed);
		return c.failed ? ST_BAD : ST_DIM;
	case COL_TO_GO:
		eta = r->state == BACKTEST_RUNNING ? backtest_run_eta_ms(r) : 0;
		str_copy(text, JOBTEXT_LEN, eta > 0 ? timefmt_duration(buf, eta) : eta < 0 ? "?" : "–");
		return eta ? ST_NORMAL : ST_DIM;
	case COL_SPENT:
		str_copy(text, JOBTEXT_LEN, money_text(buf, r->usd_micro));
		return ST_NORMAL;
	default:
		str_copy(text, JOBTEXT_LEN, money_text(buf, backtest_run_projected_micro(r)));
		return ST_DIM;
	}
}

static void draw_cell(void *user, size_t row, int column, struct area a, int line, int col, int width)
{
	const struct view *v = user;
	const struct backtest_run *r = &view_session(v)->backtests[row];
	char text[JOBTEXT_LEN];

	if (column == COL_RUN) {
		area_put_middle(a, line, col, width, ST_STRONG, r->name);
	} else {
		enum style style = cell_text(r, column, text);

		table_put(a, line, col, width, columns[column].right, style, text);
	}
}

static void draw_list(struct view *v, struct area a)
{
	struct backtests_state *st = v->state;

	table_draw(&st->table, a, &(struct table_look){columns, N_COLUMNS, draw_cell, v});
}

/* --- one run --------------------------------------------------------------------------------- */

/* What the packs that begin with a cycle come to: the worst of them is shown. */
struct cycle_mark {
	const char *sign;
	enum style style;
};

static struct cycle_mark mark_of(const struct backtest_run *r, size_t from, size_t to)
{
	size_t n[PACK_FAILED + 1] = {0};

	for (size_t i = from; i < to; i++)
		n[r->packs[i].state == PACK_FAILED && backtest_pack_retries(&r->packs[i], r->retries)
			  ? PACK_WAITING
			  : r->packs[i].state]++;
	if (n[PACK_FAILED])
		return (struct cycle_mark){"x", ST_BAD};
	if (n[PACK_COMPLETED] == to - from)
		return (struct cycle_mark){"█", ST_GOOD};
	if (n[PACK_RUNNING] || n[PACK_COMPLETED])
		return (struct cycle_mark){"▒", ST_RUNNING};
	return (struct cycle_mark){"·", ST_DIM};
}

/* One sign for all packs that begin with the same cycle; rows of them. Returns the rows used. */
static int draw_cycles(struct area a, int row, int rows, const struct backtest_run *r)
{
	int width = a.cols - TABLE_GUTTER - LABEL - 1, at = 0;

	area_put(a, row, TABLE_GUTTER, ST_HEADING, "cycles");
	for (size_t i = 0, end; i < r->n_packs; i = end, at++) {
		for (end = i + 1; end < r->n_packs && r->packs[end].cycle == r->packs[i].cycle;)
			end++;
		if (width <= 0 || at / width >= rows)
			break;
		struct cycle_mark m = mark_of(r, i, end);

		area_put(a, row + at / width, TABLE_GUTTER + LABEL + at % width, m.style, m.sign);
	}
	return width > 0 ? MIN(rows, 1 + MAX(at - 1, 0) / width) : 1;
}

static void draw_causes(struct area a, int row, const struct backtest_counts *c)
{
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);

	for (size_t i = 1; i < CAUSE_COUNT; i++)
		if (c->causes[i])
			(void)buf_addf(&text, "%s%s %zu", text.len ? ", " : "",
				       backtest_cause_name((enum backtest_cause)i), c->causes[i]);
	area_put(a, row, TABLE_GUTTER, ST_HEADING, "failed");
	area_put_cut(a, row, TABLE_GUTTER + LABEL, a.cols - TABLE_GUTTER - LABEL, text.len ? ST_BAD : ST_DIM,
		     text.len ? buf_str(&text) : "nothing");
	if (c->why)
		area_put_cut(a, row + 1, TABLE_GUTTER + LABEL, a.cols - TABLE_GUTTER - LABEL - 1, ST_NORMAL, c->why);
}

/* One cell an entity, from the worst to the best; the middle is left out where all do not fit. */
static void draw_heat(struct area a, int row, int rows, const struct backtest_standing *st)
{
	static const char *const shades[STANDING_HEATS] = {"█", "▓", "▒", "·", "▒", "▓", "█"},
				 *const plain[STANDING_HEATS] = {"#", "x", "-", ".", "+", "*", "@"};
	int width = a.cols - TABLE_GUTTER - LABEL - 1;
	size_t room = width > 0 && rows > 0 ? (size_t)width * (size_t)rows : 0, shown = MIN(st->n_entities, room);

	for (size_t i = 0; i < shown; i++) {
		size_t of = i < shown / 2 ? i : st->n_entities - (shown - i);
		int heat = backtest_standing_heat(st->entities[of].skill), line = row + (int)i / width,
		    col = TABLE_GUTTER + LABEL + (int)i % width;

		if (i == shown / 2 && shown < st->n_entities)
			area_put(a, line, col, ST_DIM, "…");
		else if (heat < 0)
			area_put(a, line, col, ST_DIM, "?");
		else
			area_put(a, line, col,
				 heat < STANDING_HEATS / 2   ? ST_BAD
				 : heat > STANDING_HEATS / 2 ? ST_GOOD
							     : ST_DIM,
				 (a.s->ascii ? plain : shades)[heat]);
	}
}

static void draw_standing(struct area a, int row, const struct backtest_standing *st)
{
	AUTO(str) char *text = backtest_standing_text(st);
	enum judge_outcome o = judge_outcome(&st->skill);
	size_t better = 0, known = 0;

	area_put(a, row, TABLE_GUTTER, ST_HEADING, "so far");
	area_put_cut(a, row, TABLE_GUTTER + LABEL, a.cols - TABLE_GUTTER - LABEL - 1,
		     !text		 ? ST_DIM
		     : o == JUDGE_BETTER ? ST_GOOD
		     : o == JUDGE_WORSE	 ? ST_BAD
					 : ST_NORMAL,
		     str_or(text, "no cycle's predictions are here yet"));
	for (size_t i = 0; i < st->n_entities; i++) {
		better += st->entities[i].skill > 0;
		known += !isnan(st->entities[i].skill);
	}
	if (!st->n_entities)
		return;
	area_put(a, row + 1, TABLE_GUTTER, ST_HEADING, "entities");
	area_putf(a, row + 1, TABLE_GUTTER + LABEL, ST_NORMAL, "%zu of %zu better, from the worst to the best", better,
		  known);
	draw_heat(a, row + 2, a.rows - row - 2, st);
}

static void draw_detail(struct view *v, struct area a, const struct backtest_run *r)
{
	struct backtest_counts c = backtest_run_count(r);
	char begun[TIMEFMT_LEN], text[JOBTEXT_LEN];
	int row = 1;

	area_put(a, row, TABLE_GUTTER, ST_HEADING, "begun");
	area_putf(a, row++, TABLE_GUTTER + LABEL, ST_NORMAL, "%s ago, %lld at a time",
		  timefmt_age(begun, MAX(ui_now_ms(v->ui) - r->created_ms, 0)), (long long)r->concurrency);
	row += draw_cycles(a, row, MAX(a.rows - 10, 1), r);
	area_put(a, row, TABLE_GUTTER, ST_HEADING, "packs");
	area_putf(a, row, TABLE_GUTTER + LABEL, ST_NORMAL, "%zu done, %zu running, %zu waiting, %zu made again",
		  c.completed, c.running, c.waiting, c.retried);
	draw_causes(a, ++row, &c);
	row += 2;
	if (!str_empty(r->reason)) {
		snprintf(text, sizeof(text), "%s", backtest_state_name(r->state));
		area_put(a, row, TABLE_GUTTER, ST_HEADING, text);
		area_put_cut(a, row++, TABLE_GUTTER + LABEL, a.cols - TABLE_GUTTER - LABEL - 1, run_style(r->state),
			     r->reason);
	}
	draw_standing(a, row, &r->standing);
}

static void backtests_draw(struct view *v, struct area a)
{
	const struct session *s = view_session(v);
	const struct backtest_run *r = selected_run(v);

	if (!s->n_backtests) {
		area_put(a, 0, TABLE_GUTTER, ST_DIM, s->backtests_generation ? "No backtest yet." : "Reading …");
		area_put_cut(a, 1, TABLE_GUTTER, a.cols - TABLE_GUTTER, ST_DIM,
			     "sagetop backtest run SPEC begins one.");
		return;
	}
	int below = a.rows >= 3 + DETAIL_ROWS ? MAX(DETAIL_ROWS, a.rows - (int)s->n_backtests - 2) : 0;

	draw_list(v, area_part(a, 0, 0, a.rows - below, a.cols));
	if (below && r)
		draw_detail(v, area_part(a, a.rows - below, 0, below, a.cols), r);
}

static void backtests_status(struct view *v, struct buf *left, struct buf *right)
{
	const struct backtests_state *st = v->state;
	const struct backtest_run *r = selected_run(v);

	if (!r)
		return;
	(void)buf_adds(left, str_or(r->reason, ""));
	(void)buf_addf(right, "%zu of %zu", st->table.selected + 1, st->table.n);
}

static bool backtests_action(struct view *v, enum action a)
{
	struct backtests_state *st = v->state;
	const struct backtest_run *r;

	if (table_action(&st->table, a)) {
		r = selected_run(v);
		str_set(&st->selected, r ? r->name : NULL);
		return true;
	}
	r = selected_run(v);
	if (a == ACT_OPEN && r) {
		AUTO(str) char *filter = xasprintf("^%s-c", r->name);
		struct view_arg arg = {.kind = TRAINING_KIND, .mode = MODE_OVER, .text = filter};

		ui_push(v->ui, VIEW_JOBS, &arg);
		return true;
	}
	if (a == ACT_ENTITIES && r) {
		AUTO(str) char *name = xstrdup(r->name);

		ui_push(v->ui, VIEW_ENTITIES, &(struct view_arg){.text = name}); /* v may be gone */
		return true;
	}
	if (a == ACT_REFRESH) {
		st->asked_ms = 0;
		return true;
	}
	return false;
}

static bool backtests_offers(struct view *v, enum action a)
{
	return view_session(v)->n_backtests;
}

const struct view_ops view_backtests_ops = {
	.name = "backtests",
	.reach = REACH_ONE,
	.argument = "",
	.help = "Backtests: how far, what failed and why, what they cost",
	.contexts = {CTX_BACKTESTS, CTX_LIST},
	.state_size = sizeof(struct backtests_state),
	.close = backtests_close,
	.generation = backtests_generation,
	.update = backtests_update,
	.title = backtests_title,
	.draw = backtests_draw,
	.status = backtests_status,
	.action = backtests_action,
	.offers = backtests_offers,
	.work = backtests_work,
};
