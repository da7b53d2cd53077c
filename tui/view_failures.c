/* view_failures.c - why jobs fail: equal causes as one line, with their number and what
 * they cost. Enter shows the jobs of one; a reason that is only an exit code gives way to
 * what the log says, which is read for the newest of them. Below the table stands the whole text
 * of the cause under the cursor, and what to try. */
#include "base/timefmt.h"
#include "base/utf8.h"
#include "model/diagnosis.h"
#include "model/failure.h"
#include "tui/jobtext.h"
#include "tui/table.h"
#include "tui/thing.h"

#define LOGS_MAX 24   /* logs that are read at most for the sake of bare exit codes */
#define DETAIL_ROWS 8 /* below the table, where there is room for both */
#define TRY_COLS 96   /* of the screen, from where on causes leave room for it */

enum { COL_JOBS, COL_COST, COL_LAST, COL_CAUSE, COL_TRY, N_COLUMNS };

static const struct table_column columns[N_COLUMNS] = {
	[COL_JOBS] = {"JOBS", .min = 6, .max = 7, .right = true},
	[COL_COST] = {"COST", .min = 8, .max = 9, .priority = 2, .right = true},
	[COL_LAST] = {"LAST", .min = 4, .max = 5, .priority = 1, .right = true},
	[COL_CAUSE] = {"CAUSE", .min = 16, .max = 400, .want = 400},
	[COL_TRY] = {"TRY", .min = 28, .max = 28},
};

struct failures_state {
	struct table_view table;
	char *filter; /* as typed; NULL: all */
	struct query *query;
	struct failures failures;
	char *selected;		     /* the cause under the cursor, once it was moved */
	struct strlist read;	     /* jobs whose logs are wanted */
	uint64_t searched[LOGS_MAX]; /* of each its log's generation then, and one more; 0: not yet */
	bool look_again;
};

static const struct resources *jobs(const struct view *v)
{
	return session_jobs(view_session(v));
}

static struct field_context context(const struct view *v)
{
	return (struct field_context){.session = view_session(v), .now_ms = ui_now_ms(v->ui)};
}

static int failures_open(struct view *v, const struct view_arg *arg, struct err *err)
{
	struct failures_state *st = v->state;
	AUTO(field_list) struct field_list cold = {0};

	v->kind = TRAINING_KIND;
	if (str_empty(arg->text))
		return 0;
	int rc = query_parse(TRAINING_KIND, arg->text, &st->query, err);
	if (rc < 0)
		return rc;
	st->filter = xstrdup(arg->text);
	query_cold_fields(st->query, &cold);
	if (cold.n)
		ui_want_columns(v, TRAINING_KIND, &cold);
	return 0;
}

static void failures_close(struct view *v)
{
	struct failures_state *st = v->state;

	for (size_t i = 0; i < st->read.n; i++)
		view_watch(v, TRAINING_KIND, st->read.items[i], false);
	strlist_done(&st->read);
	failures_done(&st->failures);
	query_free(st->query);
	free(st->filter);
	free(st->selected);
}

static uint64_t failures_generation(struct view *v)
{
	const struct failures_state *st = v->state;
	uint64_t h = jobs(v)->generation;

	for (size_t i = 0; i < st->read.n; i++) {
		const struct feed *f = view_feed(v, TRAINING_KIND, st->read.items[i]);
		h = h * 31 + (f && f->logs_loaded);
	}
	return h + 1;
}

/* A log that has not grown says what it said. */
static void learn_from_logs(struct view *v)
{
	struct failures_state *st = v->state;

	for (size_t i = 0; i < st->read.n; i++) {
		const struct feed *f = view_feed(v, TRAINING_KIND, st->read.items[i]);
		const struct resource *r = resources_find(jobs(v), st->read.items[i]);
		if (!f || !f->logs_loaded || !r || st->searched[i] == f->logs.generation + 1)
			continue;
		st->searched[i] = f->logs.generation + 1;
		failure_learn(view_session(v), r, failure_line(&f->logs));
	}
}

static void failures_update(struct view *v)
{
	struct failures_state *st = v->state;
	struct field_context x = context(v);

	learn_from_logs(v);
	failures_build(&st->failures, jobs(v), st->query, &x);
	st->table.n = st->failures.n;
	for (size_t i = 0; st->selected && i < st->failures.n; i++)
		if (str_eq(st->failures.items[i].cause, st->selected))
			st->table.selected = i;
	st->look_again = true;
}

/* The newest of those that only tell an exit code; one log after the other becomes known. */
static bool failures_work(struct view *v, int64_t budget_us)
{
	struct failures_state *st = v->state;

	if (!st->look_again)
		return false;
	AUTO(buf) struct buf buf = BUF_INIT(BUF_MAX_TEXT);

	st->look_again = false;
	for (size_t i = 0; i < st->failures.n && st->read.n < LOGS_MAX; i++) {
		const struct resource *r = st->failures.items[i].newest;
		const char *name = session_name_of(view_session(v), r, &buf);

		if (!failure_is_bare(r->failure_reason) || failure_learnt(view_session(v), r) ||
		    strlist_has(&st->read, name))
			continue;
		strlist_add(&st->read, name);
		view_watch(v, TRAINING_KIND, name, true);
	}
	return false;
}

static void failures_title(struct view *v, struct buf *left, struct buf *right)
{
	const struct failures_state *st = v->state;
	char n[32], all[32], money[24];

	(void)buf_addf(left, "failures · %s of %s jobs", jobtext_count(n, st->failures.n_failed),
		       jobtext_count(all, st->failures.n_all));
	if (st->filter)
		(void)buf_addf(left, " · %s", st->filter);
	if (st->failures.usd_micro != USD_UNKNOWN)
		(void)buf_addf(right, "%s, prices of %s", money_text(money, st->failures.usd_micro),
			       str_or(view_session(v)->prices_as_of, "?"));
}

static void put_attempt(struct view *v, struct area a, int line, int col, int width, const struct failure *f)
{
	AUTO(diagnosis) struct diagnosis d = {0};
	struct field_context x = context(v);

	if (diagnosis_find(&d, f->newest, &x))
		area_put_cut(a, line, col, width, ST_NORMAL, d.brief);
}

static void draw_cell(void *user, size_t row, int column, struct area a, int line, int col, int width)
{
	struct view *v = user;
	const struct failures_state *st = v->state;
	const struct failure *f = &st->failures.items[row];
	char text[JOBTEXT_LEN];

	switch (column) {
	case COL_JOBS:
		table_put(a, line, col, width, true, ST_BAD, jobtext_count(text, f->n));
		break;
	case COL_COST:
		table_put(a, line, col, width, true, ST_NORMAL,
			  f->usd_micro == USD_UNKNOWN ? "?" : money_text(text, f->usd_micro));
		break;
	case COL_LAST:
		table_put(a, line, col, width, true, ST_NORMAL,
			  f->last_ms == TIME_UNKNOWN ? "–" : timefmt_age(text, MAX(ui_now_ms(v->ui) - f->last_ms, 0)));
		break;
	case COL_TRY:
		put_attempt(v, a, line, col, width, f);
		break;
	default:
		area_put_cut(a, line, col, width, ST_NORMAL, f->cause);
	}
}

static const struct failure *selected(const struct view *v)
{
	const struct failures_state *st = v->state;

	return st->table.selected < st->failures.n ? &st->failures.items[st->table.selected] : NULL;
}

/* All that is said of the cause under the cursor by its newest job, and what to try against it. */
static void draw_detail(struct view *v, struct area a)
{
	const struct failure *f = selected(v);
	AUTO(diagnosis) struct diagnosis d = {0};
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
	struct field_context x = context(v);
	int row;

	if (!f || a.rows <= 0)
		return;
	const char *line = f->newest->failure_reason ? failure_says(x.session, f->newest, &text) : f->cause;

	row = area_put_wrapped(a, 0, 0, a.cols, a.rows, ST_BAD, line);
	if (!diagnosis_find(&d, f->newest, &x))
		return;
	buf_clear(&text);
	(void)buf_addf(&text, "Try: %s.", d.attempt);
	row = area_put_wrapped(a, row, 0, a.cols, a.rows - row, ST_STRONG, d.words);
	row = area_put_wrapped(a, row, 0, a.cols, a.rows - row, ST_NORMAL, buf_str(&text));
	if (d.remedy)
		(void)area_put_wrapped(a, row, 0, a.cols, a.rows - row, ST_DIM, d.remedy);
}

static void failures_draw(struct view *v, struct area a)
{
	struct failures_state *st = v->state;

	if (!st->failures.n) {
		if (st->failures.n_all)
			area_putf(a, 0, TABLE_GUTTER, ST_DIM, "None of %zu jobs has failed.", st->failures.n_all);
		else
			area_put(a, 0, TABLE_GUTTER, ST_DIM, "There are no jobs that could have failed.");
		return;
	}
	/* The rows do not move with the cursor: what is below them has its place whatever it says. */
	int rows = MIN((int)MIN(st->failures.n, (size_t)a.rows) + 1, MAX(a.rows - DETAIL_ROWS - 1, (a.rows + 1) / 2));

	table_draw(&st->table, area_part(a, 0, 0, rows, a.cols),
		   &(struct table_look){columns, a.cols < TRY_COLS ? COL_TRY : N_COLUMNS, draw_cell, v});
	draw_detail(v, area_part(a, rows + 1, TABLE_GUTTER, a.rows - rows - 1, a.cols - TABLE_GUTTER - 1));
}

static void failures_status(struct view *v, struct buf *left, struct buf *right)
{
	const struct failures_state *st = v->state;
	const struct failure *f = selected(v);

	if (!f)
		return;
	AUTO(buf) struct buf name = BUF_INIT(BUF_MAX_TEXT);

	(void)buf_addf(left, "newest: %s", session_name_of(view_session(v), f->newest, &name));
	(void)buf_addf(right, "%zu of %zu", st->table.selected + 1, st->table.n);
}

/* The jobs of that cause, among those that this screen was about. */
static void open_jobs(struct view *v, const struct failure *f)
{
	const struct failures_state *st = v->state;
	bool known = failure_cause(view_session(v), f->newest) != NULL;
	AUTO(str) char *cause = xasprintf(known ? "cause=\"%s\"" : "status:failed !cause:.*", f->cause);
	AUTO(str) char *all = xasprintf("%s%s%s", str_or(st->filter, ""), st->filter ? " " : "", cause);
	struct view_arg arg = {.kind = TRAINING_KIND, .mode = MODE_OVER, .text = all};

	ui_push(v->ui, VIEW_JOBS, &arg);
}

static bool failures_action(struct view *v, enum action a)
{
	struct failures_state *st = v->state;
	const struct failure *f = selected(v);
	AUTO(strlist) struct strlist names = {0};
	AUTO(buf) struct buf name = BUF_INIT(BUF_MAX_TEXT);

	if (table_action(&st->table, a)) {
		f = selected(v);
		str_set(&st->selected, f && a != ACT_TOP ? f->cause : NULL);
		return true;
	}
	if (!f)
		return false;
	if (a == ACT_OPEN) {
		open_jobs(v, f);
		return true;
	}
	if (a == ACT_COPY_REMEDY) {
		thing_copy_remedy(v, f->newest);
		return true;
	}
	if (a == ACT_CLONE) {
		const struct field_context x = context(v);

		failures_names(f, jobs(v), st->query, &x, &names);
		return !names.n || thing_action(v, a, f->newest, &names);
	}
	strlist_add(&names, session_name_of(view_session(v), f->newest, &name));
	if (a != ACT_LOGS || !thing_action(v, a, f->newest, &names))
		return false;
	if (f->n > 1)
		ui_notice(v->ui, NOTICE_INFO, "the newest of the %zu jobs of that cause; the others are left alone",
			  f->n);
	return true;
}

static bool failures_offers(struct view *v, enum action a)
{
	return selected(v);
}

const struct view_ops view_failures_ops = {
	.name = "failures",
	.reach = REACH_ALL,
	.argument = "[EXPR]",
	.takes = TAKES_TEXT,
	.help = "Why jobs fail: equal causes counted, of all jobs or of those that match a filter",
	.contexts = {CTX_FAILURES, CTX_LIST},
	.state_size = sizeof(struct failures_state),
	.open = failures_open,
	.close = failures_close,
	.generation = failures_generation,
	.update = failures_update,
	.title = failures_title,
	.draw = failures_draw,
	.status = failures_status,
	.action = failures_action,
	.offers = failures_offers,
	.work = failures_work,
};
