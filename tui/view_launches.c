/* view_launches.c - what was launched from here, the newest first: how it went, what waits in the queue still. Each is
 * opened in the launch form again; what waits can be taken back. */
#include "base/timefmt.h"
#include "tui/jobtext.h"
#include "tui/table.h"
#include "tui/view.h"

#define REFRESH_MS 2000 /* while something waits */
#define REST_MS 10000

enum { COL_NAME, COL_STATE, COL_JOBS, COL_ASKED, COL_WHY };

static const struct table_column columns[] = {
	[COL_NAME] = {"NAME", .min = 12, .max = 63, .want = 30},
	[COL_STATE] = {"STATE", .min = 16, .max = 22},
	[COL_JOBS] = {"JOBS", .min = 4, .max = 5, .priority = 2, .right = true},
	[COL_ASKED] = {"ASKED", .min = 6, .max = 8, .priority = 1, .right = true},
	[COL_WHY] = {"WHY", .min = 8, .max = 200, .want = 60, .priority = 3},
};

struct launches_state {
	struct table_view table;
	int64_t read_ms;
	char *asked; /* about taking it back; NULL */
};

static const struct launch_summaries *launches(const struct view *v)
{
	return &view_session(v)->launches;
}

static const struct launch_summary *selected(const struct view *v)
{
	const struct launches_state *st = v->state;

	return st->table.selected < launches(v)->n ? &launches(v)->items[st->table.selected] : NULL;
}

static void launches_close(struct view *v)
{
	struct launches_state *st = v->state;

	free(st->asked);
}

static uint64_t launches_generation(struct view *v)
{
	return view_session(v)->launches_generation;
}

/* What is new came in above: the cursor stays on its launch. */
static void read_again(struct view *v)
{
	struct launches_state *st = v->state;
	const struct ui_host *host = view_host(v);
	AUTO(str) char *name = st->table.selected && selected(v) ? xstrdup(selected(v)->name) : NULL;

	st->read_ms = ui_now_ms(v->ui);
	if (host->launches)
		host->launches(host->user);
	st->table.n = launches(v)->n;
	for (size_t i = 0; name && i < launches(v)->n; i++)
		if (str_eq(launches(v)->items[i].name, name))
			st->table.selected = i;
}

static int launches_open(struct view *v, const struct view_arg *arg, struct err *err)
{
	read_again(v);
	return 0;
}

static size_t count_waiting(const struct view *v)
{
	size_t n = 0;

	for (size_t i = 0; i < launches(v)->n; i++)
		n += launches(v)->items[i].queued + launches(v)->items[i].sent;
	return n;
}

/* From the state database: it costs no request. */
static bool launches_work(struct view *v, int64_t budget_us)
{
	const struct launches_state *st = v->state;

	if (ui_now_ms(v->ui) - st->read_ms >= (count_waiting(v) ? REFRESH_MS : REST_MS))
		read_again(v);
	return false;
}

static void launches_title(struct view *v, struct buf *left, struct buf *right)
{
	size_t waiting = count_waiting(v);

	(void)buf_addf(left, "launches %zu", launches(v)->n);
	if (waiting)
		(void)buf_addf(left, " · %zu job%s waiting", waiting, waiting == 1 ? "" : "s");
}

/* --- the list --- */

static enum style style_of(const struct launch_summary *l)
{
	return l->queued + l->sent ? ST_PENDING : l->refused ? ST_BAD : ST_GOOD;
}

static void cell(void *user, size_t row, int column, struct area a, int line, int col, int width)
{
	const struct view *v = user;
	const struct launch_summary *l = &launches(v)->items[row];
	char text[JOBTEXT_LEN] = "", state[LAUNCH_STATE_LEN], age[TIMEFMT_LEN];
	enum style st = ST_NORMAL;

	switch (column) {
	case COL_NAME:
		area_put_middle(a, line, col, width, ST_STRONG, l->name);
		return;
	case COL_STATE:
		str_copy(text, sizeof(text), launch_summary_state(l, state));
		st = style_of(l);
		break;
	case COL_JOBS:
		snprintf(text, sizeof(text), "%zu", launch_summary_jobs(l));
		break;
	case COL_ASKED:
		str_copy(text, sizeof(text), timefmt_age(age, MAX(ui_now_ms(v->ui) - l->asked_ms, 0)));
		st = ST_DIM;
		break;
	default:
		area_put_cut(a, line, col, width, ST_DIM, str_or(l->error, ""));
		return;
	}
	table_put(a, line, col, width, columns[column].right, st, text);
}

static void launches_draw(struct view *v, struct area a)
{
	struct launches_state *st = v->state;

	if (st->table.n)
		table_draw(&st->table, a, &(struct table_look){columns, ARRAY_LEN(columns), cell, v});
	else
		area_put(a, 0, 1, ST_DIM, "Nothing was launched from here yet: n on the jobs, or :launch SPEC.");
}

static void launches_status(struct view *v, struct buf *left, struct buf *right)
{
	const struct launches_state *st = v->state;
	const struct launch_summary *l = selected(v);

	if (l && l->error)
		(void)buf_adds(left, l->error);
	if (l)
		(void)buf_addf(right, "%zu of %zu", st->table.selected + 1, st->table.n);
}

/* --- taking back --- */

static void discard(struct view *v)
{
	const struct launches_state *st = v->state;
	const struct ui_host *host = view_host(v);
	struct launch_discarded d;
	struct err err = {0};

	if (host->discard(host->user, st->asked, &d, &err) < 0)
		ui_notice(v->ui, NOTICE_WARNING, "%s", err.msg);
	else
		ui_notice(v->ui, NOTICE_INFO, "%s: %zu taken back%s", st->asked, d.queued,
			  d.sent ? "; what is being sent is not sent again" : "");
	read_again(v);
}

static void ask_discard(struct view *v)
{
	struct launches_state *st = v->state;
	const struct launch_summary *l = selected(v);
	char title[64], count[24];

	if (!l)
		return;
	if (!l->queued || !view_host(v)->discard) {
		ui_notice(v->ui, NOTICE_WARNING, "nothing of %s waits", l->name);
		return;
	}
	str_set(&st->asked, l->name);
	snprintf(count, sizeof(count), "%zu", l->queued);
	snprintf(title, sizeof(title), "Take back %s job%s?", count, l->queued == 1 ? "" : "s");
	AUTO(str) char *text = xasprintf("%s\n\nWhat was launched already goes on.", l->name);

	ui_confirm(v, title, text, "Take back", l->queued > UI_TYPE_COUNT_ABOVE ? count : NULL, discard);
}

static bool launches_action(struct view *v, enum action a)
{
	struct launches_state *st = v->state;

	switch (a) {
	case ACT_OPEN:
		if (selected(v))
			ui_push_one(v->ui, VIEW_LAUNCH, TRAINING_KIND, selected(v)->name, MODE_AGAIN);
		return true;
	case ACT_STOP:
		ask_discard(v);
		return true;
	default:
		return table_action(&st->table, a);
	}
}

const struct view_ops view_launches_ops = {
	.name = "launches",
	.reach = REACH_ONE,
	.argument = "",
	.help = "What was launched from here, and what of it waits in the queue",
	.contexts = {CTX_LAUNCHES, CTX_LIST},
	.state_size = sizeof(struct launches_state),
	.open = launches_open,
	.close = launches_close,
	.generation = launches_generation,
	.title = launches_title,
	.draw = launches_draw,
	.status = launches_status,
	.action = launches_action,
	.work = launches_work,
};
