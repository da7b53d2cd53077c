/* view_all.c - all kinds of things: how many there are of each, and how they do. */
#include "base/timefmt.h"
#include "tui/jobtext.h"
#include "tui/table.h"
#include "tui/view.h"

#define REFRESH_MS 60000
#define REFRESH_LOCAL_MS 5000

enum { COL_KIND, COL_RUNNING, COL_GOOD, COL_BAD, COL_NEUTRAL, COL_AGE, COL_NEWEST, N_COLUMNS };

static const struct table_column columns[N_COLUMNS] = {
	[COL_KIND] = {"KIND", .min = 22, .max = 30},
	[COL_RUNNING] = {"RUNNING", .min = 7, .max = 7, .priority = 1, .right = true},
	[COL_GOOD] = {"GOOD", .min = 6, .max = 6, .priority = 2, .right = true},
	[COL_BAD] = {"BAD", .min = 5, .max = 5, .priority = 1, .right = true},
	[COL_NEUTRAL] = {"OTHER", .min = 6, .max = 6, .priority = 3, .right = true},
	[COL_AGE] = {"AGE", .min = 5, .max = 5, .priority = 4, .right = true},
	[COL_NEWEST] = {"NEWEST", .min = 10, .max = 63, .priority = 5},
};

struct facts {
	uint64_t generation;
	bool counted;
	size_t n[STATE_COUNT];
	const struct resource *newest; /* NULL where there is none with a time */
};

struct all_state {
	struct table_view table;
	struct facts facts[KIND_COUNT];
	const struct kind *shown[KIND_COUNT];
	int64_t asked_ms;
};

/* Children are reached from what they belong to. */
static bool is_shown(const struct kind *k)
{
	return k->list.operation && !k->list.parent_required;
}

static int all_open(struct view *v, const struct view_arg *arg, struct err *err)
{
	struct all_state *st = v->state;

	for (size_t i = 0; i < KIND_COUNT; i++)
		if (is_shown(&kind_table[i]))
			st->shown[st->table.n++] = &kind_table[i];
	return 0;
}

static uint64_t all_generation(struct view *v)
{
	const struct session *s = view_session(v);
	uint64_t h = 1;

	for (size_t i = 0; i < KIND_COUNT; i++)
		h = h * 1000003 + s->tables[i].generation * 2 + (s->tables[i].synced_ms != TIME_UNKNOWN);
	return h;
}

static void count(struct facts *f, const struct resources *t)
{
	if (f->counted && f->generation == t->generation)
		return;
	*f = (struct facts){.generation = t->generation, .counted = true};
	for (size_t i = 0; i < t->n; i++) {
		const struct resource *r = t->items[i];
		f->n[r->state]++;
		if (r->created_ms != TIME_UNKNOWN && (!f->newest || r->created_ms > f->newest->created_ms))
			f->newest = r;
	}
}

static void all_update(struct view *v)
{
	struct all_state *st = v->state;

	for (size_t i = 0; i < KIND_COUNT; i++)
		count(&st->facts[i], &view_session(v)->tables[i]);
}

/* Only while this screen is seen, and seldom: the rates are for what the user does. */
static bool all_work(struct view *v, int64_t budget_us)
{
	struct all_state *st = v->state;
	const struct ui_host *host = view_host(v);
	int64_t now = ui_now_ms(v->ui), period = view_session(v)->local ? REFRESH_LOCAL_MS : REFRESH_MS;

	if (host->counts && !view_session(v)->offline && (!st->asked_ms || now - st->asked_ms >= period)) {
		st->asked_ms = now;
		host->counts(host->user);
	}
	return false;
}

static void all_title(struct view *v, struct buf *left, struct buf *right)
{
	(void)buf_adds(left, "all · what there is");
}

/* more: only a part of the list has been read. */
static void put_count(struct area a, int row, int col, int width, size_t n, bool known, bool more, enum style st)
{
	char text[40];

	if (!n || !known) {
		table_put(a, row, col, width, true, ST_DIM, known ? "–" : "");
		return;
	}
	jobtext_count(text, n);
	str_copy(text + strlen(text), sizeof(text) - strlen(text), more ? "+" : "");
	table_put(a, row, col, width, true, st, text);
}

static void put_no_answer(struct area a, int line, int col, int width)
{
	char text[40];

	snprintf(text, sizeof(text), "no answer: %s says why", KEY_OF(GLOBAL, REQUESTS));
	area_put_cut(a, line, col, width, ST_DIM, text);
}

static void draw_cell(void *user, size_t row, int column, struct area a, int line, int col, int width)
{
	struct view *v = user;
	const struct all_state *st = v->state;
	const struct kind *k = st->shown[row];
	const struct facts *f = &st->facts[k->id];
	const struct resources *t = &view_session(v)->tables[k->id];
	bool known = t->n || t->synced_ms != TIME_UNKNOWN, more = known && !t->complete;
	const struct resource *newest = f->newest;
	char age[TIMEFMT_LEN] = "";

	switch (column) {
	case COL_KIND:
		area_put_cut(a, line, col, width, known ? ST_NORMAL : ST_DIM, k->title);
		break;
	case COL_RUNNING:
		put_count(a, line, col, width, f->n[STATE_RUNNING], known, more, ST_RUNNING);
		break;
	case COL_GOOD:
		put_count(a, line, col, width, f->n[STATE_GOOD], known, more, ST_NORMAL);
		break;
	case COL_BAD:
		put_count(a, line, col, width, f->n[STATE_BAD], known, more, ST_BAD);
		break;
	case COL_NEUTRAL: /* also what has no status at all */
		put_count(a, line, col, width, f->n[STATE_NEUTRAL] + f->n[STATE_UNKNOWN], known, more, ST_NORMAL);
		break;
	case COL_AGE:
		if (newest)
			timefmt_age(age, MAX(ui_now_ms(v->ui) - newest->created_ms, 0));
		table_put(a, line, col, width, true, ST_NORMAL, age);
		break;
	default:
		if (newest)
			area_put_middle(a, line, col, width, ST_NORMAL, newest->name);
		else if (t->failed)
			put_no_answer(a, line, col, width);
		break;
	}
}

static void all_draw(struct view *v, struct area a)
{
	struct all_state *st = v->state;

	table_draw(&st->table, a, &(struct table_look){columns, N_COLUMNS, draw_cell, v});
}

static void all_status(struct view *v, struct buf *left, struct buf *right)
{
	const struct all_state *st = v->state;

	if (st->table.n)
		(void)buf_adds(left, st->shown[st->table.selected]->help);
	(void)buf_addf(right, "%zu of %zu", st->table.selected + 1, st->table.n);
}

static bool all_action(struct view *v, enum action a)
{
	struct all_state *st = v->state;

	if (table_action(&st->table, a))
		return true;
	switch (a) {
	case ACT_OPEN: {
		const struct kind *k = st->shown[st->table.selected];
		ui_push(v->ui, ui_list_of(k), &(struct view_arg){.kind = k});
		return true;
	}
	case ACT_REFRESH:
		st->asked_ms = 0;
		return true;
	default:
		return false;
	}
}

const struct view_ops view_all_ops = {
	.name = "all",
	.reach = REACH_ALL,
	.argument = "",
	.help = "All kinds: how many there are of each, and how they do",
	.contexts = {CTX_KINDS, CTX_LIST},
	.state_size = sizeof(struct all_state),
	.open = all_open,
	.generation = all_generation,
	.update = all_update,
	.title = all_title,
	.draw = all_draw,
	.status = all_status,
	.action = all_action,
	.work = all_work,
};
