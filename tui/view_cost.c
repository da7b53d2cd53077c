/* view_cost.c - what was spent: the month as a row of days, then the groups with bars. */
#include "base/clock.h"
#include "base/timefmt.h"
#include "model/grid.h"
#include "model/spend.h"
#include "tui/table.h"
#include "tui/view.h"

#define MONTH_ROWS 3 /* the row of days, its figures, an empty one */
#define MONTH_DAYS 31

enum { COL_KEY, COL_COST, COL_BAR, COL_SHARE, COL_THINGS, COL_WASTED, N_COLUMNS };

static const struct table_column columns[N_COLUMNS] = {
	[COL_KEY] = {"", .min = 12, .max = 40, .want = 22},
	[COL_COST] = {"COST", .min = 11, .max = 11, .right = true},
	[COL_BAR] = {"", .min = 6, .max = 40, .want = 16, .priority = 3},
	[COL_SHARE] = {"SHARE", .min = 6, .max = 6, .priority = 2, .right = true},
	[COL_THINGS] = {"THINGS", .min = 6, .max = 6, .priority = 4, .right = true},
	[COL_WASTED] = {"WASTED", .min = 10, .max = 10, .priority = 1, .right = true},
};

/* A tag needs its key, which the command line takes. */
static const enum spend_by groupings[] = {BY_DAY,     BY_WEEK,	 BY_MONTH,    BY_KIND,	 BY_PREFIX, BY_TYPE,
					  BY_STATUS,  BY_USER,	 BY_BACKTEST, BY_PARENT, BY_SWEEP,  BY_COMPONENT,
					  BY_PROFILE, BY_REGION, BY_SCOPE,    BY_NAME};
static const int periods[] = {7, 30, 90, 365};

struct cost_state {
	struct table_view table;
	struct spend spend, month;
	bool summed;
	uint64_t month_of; /* what it is the sum of; 0: not yet */
	size_t grouping, period;
	int64_t day_micro[MONTH_DAYS], *shown, total, unit;
	int64_t most; /* of a row, for the bars */
};

static void drop(struct cost_state *st)
{
	if (st->summed) {
		spend_done(&st->spend);
		free(st->shown);
		st->shown = NULL;
	}
	st->summed = false;
}

static void want_whole(struct view *v)
{
	static const enum kind_id kinds[] = {KIND_PROCESSING_JOB, KIND_TRANSFORM_JOB};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const struct kind *k = &kind_table[kinds[i]];
		AUTO(field_list) struct field_list fields = {0};

		for (const struct field *f = k->fields; f->name; f++)
			if (f->path && str_eq(f->path, k->price_type))
				field_list_add(&fields, f, NULL);
		ui_want_columns(v, k, &fields);
	}
}

static int cost_open(struct view *v, const struct view_arg *arg, struct err *err)
{
	struct cost_state *st = v->state;
	const struct ui_host *host = view_host(v);
	enum spend_by by = BY_DAY;
	const char *tag = NULL;

	st->period = 1;
	if (!str_empty(arg->text) && spend_by_parse(arg->text, &by, &tag, err) < 0)
		return -err->code;
	if (tag)
		return err_set(err, ERR_USAGE, "costs by a tag are for the command line: sagetop cost --by tag:%s",
			       tag);
	for (size_t i = 0; i < ARRAY_LEN(groupings); i++)
		if (groupings[i] == by)
			st->grouping = i;
	if (host->costs)
		host->costs(host->user);
	want_whole(v);
	return 0;
}

static void drop_month(struct cost_state *st)
{
	if (st->month_of)
		spend_done(&st->month);
	st->month_of = 0;
}

static void cost_close(struct view *v)
{
	drop(v->state);
	drop_month(v->state);
}

/* What runs grows: once a minute is often enough for a sum over everything. */
static uint64_t data_generation(const struct view *v)
{
	const struct session *s = view_session(v);
	uint64_t h = s->usages_generation + 1;

	for (size_t i = 0; i < KIND_COUNT; i++)
		if (kind_table[i].price_component)
			h = h * 1000003 + s->tables[i].generation;
	return h * 1000003 + (uint64_t)(ui_now_ms(v->ui) / 60000);
}

static uint64_t cost_generation(struct view *v)
{
	const struct cost_state *st = v->state;

	return data_generation(v) * 1000003 + st->grouping * 7 + st->period;
}

static void round_rows(struct cost_state *st)
{
	int64_t *micro = xreallocarray(NULL, st->spend.n + 1, sizeof(*micro));

	st->shown = xreallocarray(NULL, st->spend.n + 1, sizeof(*st->shown));
	for (size_t i = 0; i < st->spend.n; i++)
		micro[i] = st->spend.rows[i].usd_micro;
	st->unit = spend_unit(st->spend.total.usd_micro);
	st->total = spend_round(micro, st->spend.n, st->unit, st->shown);
	free(micro);
}

static void sum_month(struct view *v, bool local)
{
	struct cost_state *st = v->state;
	int64_t now = ui_now_ms(v->ui);
	const struct spend_options opt = {.from_ms = period_start(now, PERIOD_MONTH, 0, local),
					  .until_ms = now,
					  .now_ms = now,
					  .by = BY_DAY,
					  .local = local};

	drop_month(st);
	st->month_of = data_generation(v);
	spend_init(&st->month, &opt);
	spend_add_session(&st->month, view_session(v));
	memset(st->day_micro, 0, sizeof(st->day_micro));
	for (size_t i = 0; i < st->month.n; i++) {
		const char *key = st->month.rows[i].key; /* 2026-11-21 */
		int day = (key[8] - '0') * 10 + key[9] - '1';

		if (day >= 0 && day < MONTH_DAYS)
			st->day_micro[day] = st->month.rows[i].usd_micro;
	}
}

static void cost_update(struct view *v)
{
	struct cost_state *st = v->state;
	bool local = timefmt_shows_local();
	int64_t now = ui_now_ms(v->ui);
	const struct spend_options opt = {.from_ms = period_start(now, PERIOD_DAY, 1 - periods[st->period], local),
					  .until_ms = now,
					  .now_ms = now,
					  .by = groupings[st->grouping],
					  .local = local};

	drop(st);
	spend_init(&st->spend, &opt);
	spend_add_session(&st->spend, view_session(v));
	spend_sort(&st->spend, true);		/* today is what one looks for */
	if (st->month_of != data_generation(v)) /* another grouping or period leaves it as it is */
		sum_month(v, local);
	round_rows(st);
	st->summed = true;
	st->table.n = st->spend.n;
	st->most = 0;
	for (size_t i = 0; i < st->spend.n; i++)
		st->most = MAX(st->most, st->spend.rows[i].usd_micro);
}

static void cost_title(struct view *v, struct buf *left, struct buf *right)
{
	const struct cost_state *st = v->state;
	char total[32];

	(void)buf_addf(left, "cost · by %s · %d days", spend_by_name(groupings[st->grouping]), periods[st->period]);
	if (st->summed)
		(void)buf_addf(right, "total %s%s", spend_money(total, st->total, st->unit),
			       st->spend.total.estimate ? "*" : "");
}

/* --- the month ------------------------------------------------------------------------ */

static void draw_month(struct view *v, struct area a)
{
	static const char *const shades[] = {"·", "░", "▒", "▓", "█"}, *const plain[] = {".", "-", "+", "*", "#"};
	const struct cost_state *st = v->state;
	const char *const *marks = a.s->ascii ? plain : shades;
	char name[16], total[32];
	int64_t most = 1;
	int days = 0;

	for (int i = 0; i < MONTH_DAYS; i++)
		most = MAX(most, st->day_micro[i]);
	int64_t start = st->month.opt.from_ms;

	while (days < MONTH_DAYS && period_start(start, PERIOD_DAY, days, st->month.opt.local) <
					    period_start(start, PERIOD_MONTH, 1, st->month.opt.local))
		days++;
	area_put(a, 0, TABLE_GUTTER, ST_DIM, period_name(name, start, PERIOD_MONTH, st->month.opt.local));
	for (int i = 0; i < days; i++) {
		int shade = st->day_micro[i] ? 1 + (int)((__int128)st->day_micro[i] * 3 / most) : 0;
		bool come = period_start(start, PERIOD_DAY, i, st->month.opt.local) <= st->month.opt.until_ms;

		area_put(a, 0, TABLE_GUTTER + 9 + i * 2, shade ? ST_SERIES_1 : ST_DIM, come ? marks[shade] : " ");
		if (i % 5 == 4 || i == 0)
			area_putf(a, 1, TABLE_GUTTER + 9 + i * 2, ST_DIM, "%d", i + 1);
	}
	spend_money(total, st->month.total.usd_micro, st->unit);
	area_put_right(a, 0, a.cols - 1, ST_DIM, total); /* beside the marks, as days and dollars are both numbers */
}

/* --- the groups ------------------------------------------------------------------------ */

static void draw_bar(struct area a, int row, int col, int width, int64_t value, int64_t most)
{
	int cells = most > 0 ? (int)((__int128)value * width / most) : 0;

	area_fill(a, row, col, MIN(MAX(cells, value > 0), width), ST_SERIES_1, a.s->ascii ? '=' : 0x2588);
}

static void draw_cell(void *user, size_t at, int column, struct area a, int line, int col, int width)
{
	const struct cost_state *st = user;
	const struct spend_row *row = &st->spend.rows[at];
	char text[40] = "";

	switch (column) {
	case COL_KEY:
		area_put_middle(a, line, col, width, ST_NORMAL, row->key);
		return;
	case COL_COST:
		spend_money(text, st->shown[at], st->unit);
		money_mark_sum(text, row->usd_micro, row->estimate, row->unknown);
		break;
	case COL_BAR:
		draw_bar(a, line, col, width, row->usd_micro, st->most);
		return;
	case COL_SHARE:
		snprintf(text, sizeof(text), "%.1f%%",
			 st->total > 0 ? (double)st->shown[at] * 100 / (double)st->total : 0);
		break;
	case COL_THINGS:
		snprintf(text, sizeof(text), "%zu", row->things);
		break;
	default:
		if (row->waste_micro)
			spend_money(text, row->waste_micro, st->unit);
		break;
	}
	table_put(a, line, col, width, true, column == COL_WASTED ? ST_BAD : ST_NORMAL, text);
}

/* "wasted $1.20 on 3 failed; not counted: 2 no price (ml.x)" */
static void notes(const struct cost_state *st, struct buf *out)
{
	char text[32];

	for (size_t w = WASTE_NONE + 1; w < WASTE_COUNT; w++)
		if (st->spend.waste[w].things)
			(void)buf_addf(out, "%s%s %s (%zu)", out->len ? "; " : "", spend_waste_names[w],
				       spend_money(text, st->spend.waste[w].usd_micro, st->unit),
				       st->spend.waste[w].things);
	for (size_t u = UNKNOWN_NOT + 1; u < UNKNOWN_COUNT; u++)
		if (st->spend.unknown[u].things && u != UNKNOWN_STORAGE)
			(void)buf_addf(out, "%snot counted: %zu, %s (%s)", out->len ? "; " : "",
				       st->spend.unknown[u].things, spend_unknown_words((enum spend_unknown)u),
				       st->spend.unknown[u].names.n ? st->spend.unknown[u].names.items[0] : "");
}

static const char *group_title(const struct cost_state *st, char ret[16])
{
	str_copy(ret, 16, spend_by_name(groupings[st->grouping]));
	for (char *p = ret; *p; p++)
		*p = *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p;
	return ret;
}

static void cost_draw(struct view *v, struct area a)
{
	struct cost_state *st = v->state;
	bool month = a.rows >= 12;
	int top = month ? MONTH_ROWS : 0;
	AUTO(buf) struct buf below = BUF_INIT(4096);
	struct table_column own[N_COLUMNS];
	char key[16];

	if (!st->summed)
		return;
	if (month)
		draw_month(v, a);
	notes(st, &below);
	struct area rows = area_part(a, top, 0, a.rows - top - (below.len > 0), a.cols);

	memcpy(own, columns, sizeof(own));
	own[COL_KEY].title = group_title(st, key);
	table_draw(&st->table, rows, &(struct table_look){own, N_COLUMNS, draw_cell, st});
	if (!st->spend.n)
		area_put(rows, 1, TABLE_GUTTER, ST_DIM, "nothing was billed in this period, as far as is known");
	if (below.len)
		area_put_cut(a, a.rows - 1, 1, a.cols - 2, ST_DIM, buf_str(&below));
}

static void cost_status(struct view *v, struct buf *left, struct buf *right)
{
	const struct cost_state *st = v->state;
	const struct session *s = view_session(v);

	(void)buf_addf(left, "* estimate; prices of %s", str_or(s->prices_as_of, "an unknown day"));
	if (st->table.n)
		(void)buf_addf(right, "%zu of %zu", st->table.selected + 1, st->table.n);
}

/* --- what Enter leads to ------------------------------------------------------------------ */

/* The jobs that ran within a day, a week or a month, of which some have not ended; those that
 * share the row's value. NULL where no filter says so: of a value that is not known, and of
 * what a list has no field for. */
static char *filter_of(const struct cost_state *st, const struct spend_row *row)
{
	static const enum period_unit units[] = {
		[BY_DAY] = PERIOD_DAY, [BY_WEEK] = PERIOD_WEEK, [BY_MONTH] = PERIOD_MONTH};
	enum spend_by by = groupings[st->grouping];
	AUTO(str) char *day = by == BY_MONTH ? xasprintf("%s-01", row->key) : xstrdup(row->key);
	char next[16];
	int64_t start;

	if (by <= BY_MONTH && period_parse(day, st->spend.opt.local, &start)) {
		period_name(next, period_start(start, units[by], 1, st->spend.opt.local), PERIOD_DAY,
			    st->spend.opt.local);
		return xasprintf("started<%s (ended>=%s or status:running)", next, day);
	}
	if (by == BY_PREFIX || by == BY_NAME)
		return xstrdup(row->key);
	if (*row->key == '(' || str_eq(row->key, "?")) /* "(gone)" */
		return NULL;
	if (by == BY_PROFILE || by == BY_REGION)
		return xasprintf("%s=%s", spend_by_name(by), row->key);
	if (by == BY_SCOPE)
		return xasprintf("profile=%.*s region=%s", (int)strcspn(row->key, "/"), row->key,
				 strchr(row->key, '/') + 1);
	if (by == BY_TYPE)
		return xasprintf("inst:%s", row->key);
	if (by == BY_STATUS)
		return xasprintf("status:%s", row->key);
	if (by == BY_SWEEP && !str_starts(row->key, "tuning-job "))
		return xasprintf("tag." SWEEP_TAG "=%s", row->key);
	return by == BY_BACKTEST ? xasprintf("tag." BACKTEST_TAG "=%s", row->key) : NULL;
}

/* "[SCOPE:]KIND/NAME", and of several scopes "SCOPE:JOB": one page; the jobs of one scope are a list, whose names
 * may begin alike. */
static bool open_thing(struct view *v, const char *key)
{
	const char *name;
	size_t scope = session_scope_of(view_session(v), key, &name);
	const char *slash = strchr(name, '/');
	AUTO(str) char *word = slash ? xstrndup(name, (size_t)(slash - name)) : NULL;
	const struct kind *k = slash ? kind_find(word) : TRAINING_KIND;
	AUTO(str) char *whole = xasprintf("%.*s%s", (int)(name - key), key, slash ? slash + 1 : name);

	if (!slash && scope == session_parts(view_session(v)))
		return false;
	ui_push_one(v->ui, ui_page_of(k), k, whole, MODE_SHOW);
	return true;
}

static void open_row(struct view *v)
{
	const struct cost_state *st = v->state;
	const struct spend_row *row = &st->spend.rows[st->table.selected];
	enum spend_by by = groupings[st->grouping];
	const struct kind *k = by == BY_KIND ? kind_find(row->key) : TRAINING_KIND;
	AUTO(str) char *filter = NULL;

	if (by == BY_NAME && open_thing(v, row->key))
		return;
	filter = by == BY_KIND ? NULL : filter_of(st, row);
	if (by != BY_KIND && !filter)
		ui_notice(v->ui, NOTICE_WARNING, "no list shows just these");
	else
		ui_push(v->ui, ui_list_of(k), &(struct view_arg){.kind = k, .mode = MODE_OVER, .text = filter});
}

static bool turn(size_t *at, size_t n, int by)
{
	*at = (*at + n + (size_t)by) % n;
	return true;
}

static bool cost_action(struct view *v, enum action a)
{
	struct cost_state *st = v->state;
	const struct ui_host *host = view_host(v);

	if (table_action(&st->table, a))
		return true;
	switch (a) {
	case ACT_OPEN:
		if (st->summed && st->table.selected < st->spend.n)
			open_row(v);
		return true;
	case ACT_GROUP_NEXT:
		return turn(&st->grouping, ARRAY_LEN(groupings), 1);
	case ACT_GROUP_PREVIOUS:
		return turn(&st->grouping, ARRAY_LEN(groupings), (int)ARRAY_LEN(groupings) - 1);
	case ACT_PERIOD_LONGER:
		st->period = MIN(st->period + 1, ARRAY_LEN(periods) - 1);
		return true;
	case ACT_PERIOD_SHORTER:
		st->period -= st->period > 0;
		return true;
	case ACT_PRICES:
		if (!host->prices || view_session(v)->offline)
			return true;
		ui_troubles_tell(v->ui);
		host->prices(host->user);
		return true;
	default:
		return false;
	}
}

static bool cost_offers(struct view *v, enum action a)
{
	const struct cost_state *st = v->state;

	return a != ACT_OPEN || st->spend.n;
}

const struct view_ops view_cost_ops = {
	.name = "cost",
	.reach = REACH_ALL,
	.argument = "[GROUPING]",
	.takes = TAKES_TEXT,
	.help = "What was spent: by day, kind, prefix, type ...",
	.contexts = {CTX_COST, CTX_LIST},
	.state_size = sizeof(struct cost_state),
	.open = cost_open,
	.close = cost_close,
	.generation = cost_generation,
	.update = cost_update,
	.title = cost_title,
	.draw = cost_draw,
	.status = cost_status,
	.action = cost_action,
	.offers = cost_offers,
};
