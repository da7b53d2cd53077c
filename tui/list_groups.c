/* list_groups.c - the jobs' list by groups: a row for each, under which its jobs stand once it
 * is unfolded. */
#include "base/clock.h"
#include "base/timefmt.h"
#include "base/utf8.h"
#include "model/groups.h"
#include "tui/list_draw.h"
#include "tui/thing.h"
#include "tui/ui.h"

#define COUNT_AGAIN_MS 10000 /* what runs costs more meanwhile */
#define COUNT_AGAIN_SPARE 50 /* times as long as it takes: no more than two per cent of a processor */
#define COUNT_CELLS 6
#define END_LEN (TIMEFMT_LEN + 4)

/* The jobs by groups, as rows are made of them. */
struct grouped {
	struct groups model;
	const struct resource **members; /* all jobs, group by group, each in the list's order */
	size_t *order;			 /* the groups as they stand in the list */
	size_t *first;			 /* of each group of the model: its first member */
	struct resource **heads;	 /* that stand for groups where a row has a thing: of each of the model */
	size_t n_heads;
	bool begun;
	int64_t took_us; /* to make */
};

struct list_groups {
	enum spend_by by;
	char *tag;	 /* of BY_TAG */
	struct map open; /* the keys of those that are unfolded */
	struct grouped now, next;
};

static void grouped_done(struct grouped *g)
{
	for (size_t i = 0; i < g->n_heads; i++)
		resource_free(g->heads[i]);
	free(g->heads);
	free(g->order);
	free(g->first);
	free(g->members);
	groups_done(&g->model);
	*g = (struct grouped){0};
}

static void groups_free(struct list_groups *g)
{
	if (!g)
		return;
	grouped_done(&g->now);
	grouped_done(&g->next);
	free(g->tag);
	map_done(&g->open);
	free(g);
}

/* Other groups than those of the rows are asked for, or none. */
static void ask_for(struct list *l, struct list_groups *g)
{
	if (l->grouping != l->groups)
		groups_free(l->grouping);
	l->grouping = g;
}

void list_groups_free(struct list *l)
{
	ask_for(l, NULL);
	groups_free(TAKE(l->groups));
	free(TAKE(l->row_groups));
}

char *list_groups_words(const struct list *l, char *buf)
{
	return groups_words(buf, l->grouping->by, l->grouping->tag);
}

size_t list_groups_count(const struct list *l)
{
	return l->groups == l->grouping ? l->groups->now.model.n : 0;
}

const struct resource *const *list_members(const struct list *l, const struct group *of, size_t *ret_n)
{
	const struct list_groups *g = l->groups;

	*ret_n = of ? of->n : l->n_things;
	return !g ? l->rows : of ? &g->now.members[g->now.first[of - g->now.model.items]] : g->now.members;
}

/* --- rows -------------------------------------------------------------------------------- */

static bool is_open(const struct list_groups *g, const struct group *one)
{
	return map_get(&g->open, one->key) != NULL;
}

/* By what they have spent where that is the order, else by their first jobs. */
static int by_place(const void *pa, const void *pb, void *user)
{
	const struct list *l = user;
	const struct group *items = l->groups->now.model.items;
	size_t a = *(const size_t *)pa, b = *(const size_t *)pb;
	int64_t more = items[a].spent_micro - items[b].spent_micro;

	if (l->sort.field->type == FIELD_MONEY && more)
		return (more > 0) == list_descending(l) ? -1 : 1;
	return a < b ? -1 : a > b;
}

static void choose_order(struct grouped *g, struct list *l)
{
	g->order = xreallocarray(NULL, g->model.n + 1, sizeof(*g->order));
	for (size_t i = 0; i < g->model.n; i++)
		g->order[i] = i;
	if (g->model.n)
		qsort_r(g->order, g->model.n, sizeof(*g->order), by_place, l);
}

static void place_members(struct grouped *g, const struct resource *const *jobs, size_t n)
{
	size_t *at = xcalloc(g->model.n + 1, sizeof(*at)), next = 0;

	g->first = xcalloc(g->model.n + 1, sizeof(*g->first));
	for (size_t i = 0; i < g->model.n; i++) {
		at[g->order[i]] = g->first[g->order[i]] = next;
		next += g->model.items[g->order[i]].n;
	}
	g->members = xreallocarray(NULL, n + 1, sizeof(*g->members));
	for (size_t i = 0; i < n; i++)
		g->members[at[g->model.of[i]]++] = jobs[i];
	free(at);
	free(TAKE(g->model.of)); /* the members say it now */
}

/* A blank within keeps it apart from every job's name. */
static struct resource *head_of(const struct list_groups *g, const struct group *one)
{
	char words[GROUPS_WORDS_LEN];
	AUTO(str) char *name = xasprintf("%s %s", groups_words(words, g->by, g->tag), one->key);

	return job_resource(job_new(name));
}

static char *label_of(const struct list_groups *g, const struct group *one)
{
	return xasprintf("[%c] %s (%zu)", is_open(g, one) ? '-' : '+', one->key, one->n);
}

static size_t count_rows(const struct list_groups *g)
{
	size_t n = g->now.model.n;

	for (size_t i = 0; i < g->now.model.n; i++)
		n += is_open(g, &g->now.model.items[i]) ? g->now.model.items[i].n : 0;
	return n;
}

/* The rows: each group, and the jobs of those that are unfolded. */
static void emit(struct list *l)
{
	const struct list_groups *g = l->groups;
	const struct grouped *now = &g->now;

	l->cap = count_rows(g);
	l->rows = xreallocarray(l->rows, l->cap + 1, sizeof(*l->rows));
	l->row_groups = xreallocarray(l->row_groups, l->cap + 1, sizeof(*l->row_groups));
	l->n = 0;
	for (size_t i = 0; i < now->model.n; i++) {
		const struct group *one = &now->model.items[now->order[i]];
		AUTO(str) char *label = label_of(g, one);

		l->rows[l->n] = now->heads[now->order[i]];
		l->row_groups[l->n++] = one;
		l->name_widths |= 1ull << MIN(utf8_width(label), LIST_NAME_CELLS_MAX);
		if (!is_open(g, one))
			continue;
		memcpy(&l->rows[l->n], &now->members[now->first[now->order[i]]], one->n * sizeof(*l->rows));
		for (size_t end = l->n + one->n; l->n < end; l->n++)
			l->row_groups[l->n] = NULL;
	}
	l->table.n = l->n;
}

/* Others are unfolded now. */
static void emit_again(struct view *v)
{
	struct list *l = v->state;

	emit(l);
	l->built++;
	list_place_cursor(v);
	ui_redraw(v->ui);
}

/* --- made in turns ----------------------------------------------------------------------- */

void list_groups_cancel(struct list *l)
{
	if (l->grouping)
		grouped_done(&l->grouping->next);
}

void list_groups_lose(struct list *l)
{
	if (l->groups)
		grouped_done(&l->groups->now);
}

bool list_groups_borrow(const struct list *l)
{
	return l->grouping && spend_wants_tuning(l->grouping->by);
}

static void begin(struct view *v, const struct resource *const *jobs, size_t n)
{
	struct list *l = v->state;
	struct list_groups *g = l->grouping;
	const struct session *s = view_session(v);
	const struct spend_options opt = {.now_ms = ui_now_ms(v->ui),
					  .by = g->by,
					  .tag = g->tag,
					  .tuning = field_find(l->kind, "tuning_job", NULL),
					  .session = s};

	groups_begin(&g->next.model, &opt, jobs, n, s);
}

static bool make_heads(struct list_groups *g, int64_t until_us)
{
	struct grouped *next = &g->next;

	if (!next->heads)
		next->heads = xcalloc(next->model.n + 1, sizeof(struct resource *));
	for (; next->n_heads < next->model.n; next->n_heads++) {
		if (until_us != FIELD_ORDER_AT_ONCE && clock_mono_us() >= until_us)
			return false;
		next->heads[next->n_heads] = head_of(g, &next->model.items[next->n_heads]);
	}
	return true;
}

bool list_groups_turn(struct view *v, const struct resource *const *jobs, size_t n, int64_t until_us)
{
	struct list *l = v->state;
	struct list_groups *g = l->grouping;
	int64_t from_us = clock_mono_us();

	if (!g)
		return true;
	if (!g->next.begun)
		begin(v, jobs, n);
	g->next.begun = true;
	bool whole = (!g->next.model.work || groups_turn(&g->next.model, until_us)) && make_heads(g, until_us);

	g->next.took_us += clock_mono_us() - from_us;
	return whole;
}

void list_groups_adopt(struct list *l)
{
	struct list_groups *g = l->grouping;

	if (g != l->groups)
		groups_free(l->groups);
	l->groups = g;
	if (!g) {
		free(TAKE(l->row_groups));
		return;
	}
	grouped_done(&g->now);
	g->now = g->next;
	g->next = (struct grouped){0};
	choose_order(&g->now, l);
	place_members(&g->now, l->rows, l->n);
	emit(l);
}

bool list_groups_are_old(const struct view *v)
{
	const struct list *l = v->state;
	const struct grouped *now = l->groups ? &l->groups->now : NULL;

	return now && !l->build && view_session(v)->tables[l->kind->id].n_running > 0 &&
	       ui_now_ms(v->ui) - now->model.spend.opt.now_ms >=
		       MAX(COUNT_AGAIN_MS, now->took_us / 1000 * COUNT_AGAIN_SPARE);
}

/* --- looks ------------------------------------------------------------------------------- */

/* Behind the name the counts; from the right what all of it will have cost, what is spent, when
 * it ends. What has no room is left out. */
#define ALL_END(a) ((a).cols - 1)
#define SPENT_END(a) ((a).cols - 12)
#define TIME_CELLS 11 /* before what is spent */

/* Where jobs stand below their own headings what is spent ends where their cost does; else, or where
 * that has no column, 0. */
static int cost_end(const struct list *l, const int *widths)
{
	int col = LIST_GUTTER;

	for (size_t i = 0; l->groups->open.n && i < l->columns.n; i++) {
		if (widths[i] && str_eq(l->columns.items[i].field->name, "cost"))
			return col + widths[i];
		col += widths[i] ? widths[i] + LIST_GAP : 0;
	}
	return 0;
}

/* Of a name, where few columns leave it more than the counts and the money spare. */
static int name_room(struct area a, int width)
{
	return MIN(width, MAX(SPENT_END(a) - 11 - 4 * COUNT_CELLS - 2 - LIST_GUTTER, 24));
}

static int put_counts(struct area a, int line, int col, const struct group *one)
{
	const struct {
		enum style style;
		const char *symbol;
		size_t n;
	} counts[] = {{ST_GOOD, "✓", one->ok},
		      {ST_BAD, "✗", one->failed},
		      {ST_RUNNING, "●", one->running},
		      {ST_STOPPED, "■", one->stopped}};
	char text[32];
	int end = col - 1;

	for (size_t i = 0; i < ARRAY_LEN(counts); i++, col += COUNT_CELLS) {
		col = MAX(col, end + 1);
		if (counts[i].n)
			end = area_putf(a, line, col, counts[i].style, "%s %s", counts[i].symbol,
					jobtext_count(text, counts[i].n));
	}
	return end;
}

/* Returns where it begins; end where there is no room. */
static int put_before(struct area a, int line, int from, int end, enum style st, const char *text)
{
	int begin = end - utf8_width(text);

	if (begin <= from)
		return end;
	area_put_right(a, line, end, st, text);
	return begin;
}

bool list_groups_tell_least(const struct list *l)
{
	const struct groups *g = l->groups ? &l->groups->now.model : NULL;
	bool told = false;

	for (size_t i = 0; g && !told && i < g->n; i++)
		told = g->items[i].eta_least_ms != g->items[i].eta_ms;
	return told;
}

/* "7m"; "≥7m" where one that runs has no like among those that completed; "–" where none has. */
static void end_text(char buf[static END_LEN], const struct group *one, const char *least, int64_t now_ms)
{
	char age[TIMEFMT_LEN];

	if (one->eta_least_ms == TIME_UNKNOWN)
		str_copy(buf, END_LEN, "–");
	else
		snprintf(buf, END_LEN, "%s%s", one->eta_ms == TIME_UNKNOWN ? least : "",
			 timefmt_age(age, MAX(one->eta_least_ms - now_ms, 0)));
}

static char *all_text(const struct group *one, const char *least)
{
	char money[24];

	if (one->projected_least_micro == USD_UNKNOWN)
		return xstrdup("–");
	return xasprintf("%s%s*", one->projected_micro == USD_UNKNOWN ? least : "",
			 money_text(money, one->projected_least_micro));
}

/* What is to come of those that run has columns of its own, else it is told in words, where it is known. */
static void put_rest(const struct ui *ui, struct area a, int line, int from, int spent, bool under,
		     const struct group *one)
{
	AUTO(str) char *all = all_text(one, ui_at_least(ui));
	char time[END_LEN];

	if (under && one->eta_least_ms == TIME_UNKNOWN)
		return;
	end_text(time, one, ui_at_least(ui), ui_now_ms(ui));
	if (under) {
		int end = spent - LIST_GAP;
		AUTO(str) char *words = xasprintf("%s, %s in all", time, all);

		if (one->projected_least_micro == USD_UNKNOWN || put_before(a, line, from, end, ST_DIM, words) == end)
			put_before(a, line, from, end, ST_DIM, time);
		return;
	}
	put_before(a, line, MAX(from, SPENT_END(a)), ALL_END(a), ST_DIM, all);
	put_before(a, line, from, MIN(SPENT_END(a) - TIME_CELLS, spent - 1), ST_DIM, time);
}

void list_groups_draw_row(struct view *v, struct area a, int line, const int *widths, const struct group *one)
{
	const struct list *l = v->state;
	AUTO(str) char *label = label_of(l->groups, one);
	char spent[32];
	int width = name_room(a, widths[0]), under = cost_end(l, widths);

	area_put_middle(a, line, LIST_GUTTER, width, ST_STRONG, label);
	int from = put_counts(a, line, LIST_GUTTER + width + 2, one);
	money_mark_sum(money_text(spent, one->spent_micro), one->spent_micro, one->estimate, one->unpriced);
	int begin = put_before(a, line, from, under ? under : SPENT_END(a), ST_NORMAL, spent);
	if (one->running)
		put_rest(v->ui, a, line, from, begin, under, one);
}

bool list_groups_draw_headings(struct view *v, struct area a, int width)
{
	const struct list *l = v->state;
	int from = LIST_GUTTER + name_room(a, width) + 2;

	if (!l->groups || l->groups->open.n)
		return false;
	area_put(a, 0, LIST_GUTTER, ST_HEADING, "GROUP");
	area_put_cut(a, 0, from, a.cols - from, ST_HEADING, "JOBS");
	put_before(a, 0, MAX(from + 4, SPENT_END(a)), ALL_END(a), ST_HEADING, "IN ALL");
	int begin = put_before(a, 0, from + 4, SPENT_END(a), ST_HEADING, "SPENT");
	put_before(a, 0, from + 4, MIN(SPENT_END(a) - TIME_CELLS, begin - 1), ST_HEADING, "ENDS IN");
	return true;
}

/* --- keys -------------------------------------------------------------------------------- */

const struct group *list_groups_selected(const struct view *v)
{
	const struct list *l = v->state;
	size_t at = list_row_seen(v);

	return at < l->n ? list_group_at(l, at) : NULL;
}

const char *list_label(struct view *v, enum action a)
{
	const struct list *l = v->state;
	const struct group *one = a == ACT_OPEN ? list_groups_selected(v) : NULL;

	return !one ? NULL : is_open(l->groups, one) ? "fold" : "unfold";
}

static void fold(struct view *v, const struct group *one, bool open)
{
	struct list *l = v->state;

	if (open)
		(void)map_put(&l->groups->open, one->key, l);
	else
		(void)map_remove(&l->groups->open, one->key);
	list_pin(v);
	list_remember(l);
	emit_again(v);
}

/* Left on a job folds its group, and the cursor goes to it. */
static bool fold_around(struct view *v)
{
	struct list *l = v->state;
	size_t at = list_row_seen(v);

	while (at > 0 && !list_group_at(l, at))
		at--;
	if (l->n == 0 || !list_group_at(l, at))
		return false;
	l->pinned = true;
	l->table.selected = at;
	fold(v, list_group_at(l, at), false);
	return true;
}

static void fold_all(struct view *v)
{
	struct list *l = v->state;
	struct list_groups *g = l->groups;
	bool open = g->open.n == 0;

	map_clear(&g->open);
	for (size_t i = 0; open && i < g->now.model.n; i++)
		(void)map_put(&g->open, g->now.model.items[i].key, l);
	emit_again(v);
}

/* The next way to group them, behind the last none. */
static void group_next(struct view *v)
{
	static const char *const words[] = {"prefix", "type", "status", "sweep", "backtest", "parent", "none"};
	const struct list *l = v->state;
	char now[GROUPS_WORDS_LEN] = "none";
	size_t at = 0;

	if (l->grouping)
		list_groups_words(l, now);
	while (at < ARRAY_LEN(words) && !str_eq(words[at], now))
		at++;
	AUTO(str) char *line = xasprintf("group %s", words[(at + 1) % ARRAY_LEN(words)]);

	ui_command(v->ui, line);
}

bool list_groups_action(struct view *v, enum action a)
{
	const struct list *l = v->state;
	const struct group *one = list_groups_selected(v);

	if (a == ACT_GROUP_NEXT) {
		if (l->groups || session_jobs(view_session(v))->n)
			group_next(v);
		else
			ui_notice(v->ui, NOTICE_INFO, "there are no jobs to group yet");
		return true;
	}
	if (!l->groups)
		return false;
	switch (a) {
	case ACT_FOLD:
		return fold_around(v);
	case ACT_UNFOLD:
	case ACT_OPEN:
		if (one)
			fold(v, one, a == ACT_UNFOLD || !is_open(l->groups, one));
		return one || a == ACT_UNFOLD;
	case ACT_FOLD_ALL:
		fold_all(v);
		return true;
	default:
		break;
	}
	if (!one || thing_takes_many(a) || !thing_is_action(a))
		return false;
	if (a == ACT_COPY)
		ui_copy(v->ui, one->key);
	else
		ui_notice(v->ui, NOTICE_WARNING, "this is a group of jobs: %s unfolds it", KEY_OF(JOBS, OPEN));
	return true;
}

int list_group(struct view *v, const char *text, struct err *err)
{
	struct list *l = v->state;
	struct list_groups *g = NULL;
	enum spend_by by;
	const char *tag;

	if (!str_empty(text) && !str_eq(text, "none")) {
		int rc = groups_parse(text, &by, &tag, err);

		if (rc < 0)
			return rc;
		g = NEW(struct list_groups);
		g->by = by;
		g->tag = xstrdup(tag);
		if (spend_wants_tuning(by)) {
			struct field_ref tuning = {.field = field_find(l->kind, "tuning_job", NULL)};
			ui_want_columns(v, l->kind, &(struct field_list){.items = &tuning, .n = 1});
		}
	}
	ask_for(l, g);
	l->other_widths = true;
	list_rebuild(v);
	return 0;
}
