/* ui_tabs.c - the saved views (ui_views.c) in a row above a list: a number to press, the name, how many
 * things there are.
 *
 * Which of them a list is looked at by is told by its filter: it may be sorted otherwise, or have other
 * columns. The things of each are counted a few at a time between keys, and again when they have changed;
 * a view whose filter reads what is not in memory has its number once a list has asked for that. */
#include "tui/ui_internal.h"

#include "base/clock.h"
#include "base/str.h"
#include "base/utf8.h"
#include "tui/jobtext.h"
#include "tui/list.h"

#define KEPT_AS "tab"
#define NAME_CELLS 16
#define COUNT_AGAIN_MS 2000  /* after things have changed */
#define COUNT_LATER_MS 30000 /* ages pass by themselves */
#define RESTS 200	     /* times as long as it took */
#define LOOKS 64	     /* at so many things between two looks at the clock */
#define ALL 0		     /* the tab before those of the views */
#define NONE (-1)

struct tab {
	struct saved_view view;
	struct query *query; /* NULL: all things, or it cannot be read */
	bool broken;	     /* its filter cannot be read here */
	bool known, counting;
	size_t count;
	size_t next, so_far; /* of the count under way */
	uint64_t generation; /* of the things, as the count began */
	int64_t at_ms, took_us;
};

struct tabs {
	char *text; /* that they are made of */
	struct tab *items;
	size_t n;
	char *chosen; /* the name of the one that was asked for last; NULL: all */
};

static void drop_items(struct tabs *t)
{
	for (size_t i = 0; i < t->n; i++) {
		saved_view_done(&t->items[i].view);
		query_free(t->items[i].query);
	}
	free(t->items);
	t->items = NULL;
	t->n = 0;
}

void ui_tabs_free(struct tabs *t)
{
	if (!t)
		return;
	drop_items(t);
	free(t->chosen);
	free(t->text);
	free(t);
}

static void make_items(struct ui *ui, struct tabs *t)
{
	struct saved_view *views;

	t->n = ui_views_read(ui, &views);
	t->items = xcalloc(t->n + 1, sizeof(*t->items));
	for (size_t i = 0; i < t->n; i++) {
		struct tab *tab = &t->items[i];

		tab->view = views[i];
		tab->broken =
			!tab->view.kind || (tab->view.shape.filter &&
					    query_parse(tab->view.kind, tab->view.shape.filter, &tab->query, NULL) < 0);
	}
	free(views); /* what it held is the tabs' */
}

/* As they are kept now, by another console too. */
static struct tabs *tabs_of(struct ui *ui)
{
	const char *text = ui_views_text(ui);

	if (!ui->tabs)
		ui->tabs = NEW(struct tabs);
	if (!str_eq(ui->tabs->text, text)) {
		drop_items(ui->tabs);
		str_set(&ui->tabs->text, text);
		make_items(ui, ui->tabs);
	}
	return ui->tabs;
}

static long find(const struct tabs *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (str_eq(t->items[i].view.name, name))
			return (long)i + 1;
	return NONE;
}

bool ui_tabs_are_seen(struct ui *ui, const struct view *v)
{
	return v->ops->reshape && tabs_of(ui)->n;
}

/* --- which one it is --- */

static bool filters_as(const struct view_shape *a, const struct view_shape *b)
{
	return a->faults == b->faults && !strcmp(str_or(a->filter, ""), str_or(b->filter, ""));
}

static bool is_looked_at_by(const struct view *v, const struct view_shape *now, const struct tab *tab)
{
	return tab->view.kind == ui_kind_of(v) && filters_as(&tab->view.shape, now);
}

/* ALL, the number of one of the views, or NONE where the list has another filter. */
static long current(const struct tabs *t, const struct view *v)
{
	static const struct view_shape unfiltered;
	AUTO(view_shape) struct view_shape now = {0};
	long chosen = find(t, t->chosen);

	v->ops->shape(v, &now);
	if (chosen > 0 && is_looked_at_by(v, &now, &t->items[chosen - 1]))
		return chosen;
	if (filters_as(&now, &unfiltered))
		return ALL;
	for (size_t i = 0; i < t->n; i++)
		if (is_looked_at_by(v, &now, &t->items[i]))
			return (long)i + 1;
	return NONE;
}

/* --- counting --- */

static bool has_all_it_reads(const struct session *s, const struct tab *tab)
{
	AUTO(field_list) struct field_list cold = {0};
	bool has = true;

	query_cold_fields(tab->query, &cold);
	for (size_t i = 0; has && i < cold.n; i++)
		has = session_cold_is_complete(s, tab->view.kind, &cold.items[i]);
	return has;
}

static const struct resources *things(const struct ui *ui, const struct kind *k)
{
	return &ui->session->tables[k->id];
}

static bool is_due(const struct ui *ui, const struct tab *tab)
{
	const struct resources *t;

	if (tab->broken || tab->counting)
		return tab->counting;
	t = things(ui, tab->view.kind);
	if (!t->n && !t->complete)
		return false; /* nobody has asked for them yet */
	if (!tab->known)
		return has_all_it_reads(ui->session, tab);
	int64_t after_ms = t->generation != tab->generation ? COUNT_AGAIN_MS : COUNT_LATER_MS;

	return ui->now_ms - tab->at_ms >= MAX(after_ms, tab->took_us / 1000 * RESTS);
}

static void begin_count(const struct ui *ui, struct tab *tab)
{
	tab->counting = true;
	tab->took_us = 0;
	tab->next = tab->so_far = 0;
	tab->generation = things(ui, tab->view.kind)->generation;
	tab->at_ms = ui->now_ms;
}

static void end_count(struct ui *ui, struct tab *tab)
{
	ui->dirty |= !tab->known || tab->count != tab->so_far;
	tab->counting = false;
	tab->known = true;
	tab->count = tab->so_far;
}

/* False where the time is over. Things that come or go meanwhile are counted the next time. */
static bool count_some(struct ui *ui, struct tab *tab, int64_t until_us)
{
	const struct resources *t = things(ui, tab->view.kind);
	struct field_context x = {.session = ui->session, .now_ms = ui->now_ms};

	if (!tab->counting)
		begin_count(ui, tab);
	while (tab->next < t->n) {
		size_t end = MIN(t->n, tab->next + LOOKS);

		for (; tab->next < end; tab->next++)
			tab->so_far += list_lets_through(tab->query, tab->view.shape.faults, t->items[tab->next], &x);
		if (tab->next < t->n && clock_mono_us() >= until_us)
			return false;
	}
	end_count(ui, tab);
	return true;
}

static bool count(struct ui *ui, struct tab *tab, int64_t until_us)
{
	int64_t began_us = clock_mono_us();
	bool done = count_some(ui, tab, until_us);

	tab->took_us += clock_mono_us() - began_us;
	return done;
}

bool ui_tabs_work(struct ui *ui, int64_t until_us)
{
	if (!ui_tabs_are_seen(ui, ui_top(ui)))
		return false;
	for (size_t i = 0; i < ui->tabs->n; i++)
		if (is_due(ui, &ui->tabs->items[i]) && !count(ui, &ui->tabs->items[i], until_us))
			return true;
	return false;
}

/* --- the row --- */

static void add_count(struct buf *out, const struct resources *t, size_t n)
{
	char text[32];

	(void)buf_addf(out, " %s%s", jobtext_count(text, n), t->partial || !t->complete ? "+" : "");
}

/* "1 failed 12", in brackets where the list is looked at by it. */
static void tab_text(struct ui *ui, const struct view *v, size_t at, bool is_current, struct buf *out)
{
	const struct tab *tab = at == ALL ? NULL : &ui->tabs->items[at - 1];
	const struct kind *kind = tab ? tab->view.kind : ui_kind_of(v);
	char key[KEY_NAME_LEN];

	keymap_nth_key_of(key, v->ops->contexts[0], ACT_TAB, at);
	buf_clear(out);
	(void)buf_addf(out, "%s%s%s", is_current ? "[" : " ", key, key[0] ? " " : "");
	utf8_add_cut(out, tab ? tab->view.name : "all", NAME_CELLS);
	if (!tab)
		add_count(out, things(ui, kind), things(ui, kind)->n);
	else if (tab->known)
		add_count(out, things(ui, kind), tab->count);
	(void)buf_adds(out, is_current ? "]" : " ");
}

static int tab_width(struct ui *ui, const struct view *v, size_t at)
{
	AUTO(buf) struct buf text = BUF_INIT(1024);

	tab_text(ui, v, at, false, &text);
	return utf8_width(buf_str(&text));
}

/* The first that is drawn: the one that the list is looked at by has its place, as many before it as fit. */
static size_t first_tab(struct ui *ui, const struct view *v, long now, int cells)
{
	size_t first = now == NONE ? ALL : (size_t)now;
	int used = tab_width(ui, v, first);

	while (first > ALL) {
		used += tab_width(ui, v, first - 1);
		if (used + (first - 1 > ALL) > cells) /* what is left out has a mark */
			break;
		first--;
	}
	return first;
}

void ui_tabs_draw(struct ui *ui, struct view *v, struct area line)
{
	AUTO(buf) struct buf text = BUF_INIT(1024);
	const struct tabs *t = tabs_of(ui);
	long now = current(t, v);
	char key[KEY_NAME_LEN];
	int cells = line.cols - 2; /* one on the right for what is left out */
	size_t first = first_tab(ui, v, now, cells), at = first;
	int col = first == ALL ? 0 : area_put(line, 0, 0, ST_DIM, "…");

	for (; at <= t->n; at++) {
		tab_text(ui, v, at, (long)at == now, &text);
		if (col + utf8_width(buf_str(&text)) > cells && at > first)
			break;
		int from = col;

		col = area_put(line, 0, col, (long)at == now ? ST_STRONG : ST_DIM, buf_str(&text));
		keymap_nth_key_of(key, v->ops->contexts[0], ACT_TAB, at);
		if (*key) /* beyond some, tabs have none */
			area_spot(line, 0, from, col - from, SPOT_KEY, keyc_parse(key), NULL);
	}
	if (at <= t->n)
		area_put(line, 0, col, ST_DIM, "…");
}

/* --- from one to another --- */

void ui_tab_show(struct ui *ui, const char *name)
{
	AUTO(str) char *wanted = xstrdup(name);

	if (!ui_view_show(ui, wanted))
		return;
	str_set(&tabs_of(ui)->chosen, wanted);
	ui_notice(ui, NOTICE_INFO, "view %s", wanted);
}

void ui_tab_saved(struct ui *ui, const char *name)
{
	struct tabs *t = tabs_of(ui);
	const struct view *v = ui_top(ui);
	char key[KEY_NAME_LEN];
	long at = find(t, name);

	str_set(&t->chosen, name);
	keymap_nth_key_of(key, v->ops->contexts[0], ACT_TAB, (size_t)at);
	ui_notice(ui, NOTICE_INFO, "saved; %s%s:view %s shows it again", key, key[0] ? " or " : "", name);
}

/* As the list is opened. */
static void show_all(struct view *v)
{
	const struct kind *k = ui_kind_of(v);
	struct err err = {0};
	AUTO(view_shape)
	struct view_shape usual = {.order = xstrdup(ui_order_of(v->ui, k)),
				   .columns = xstrdup(ui_columns_of(v->ui, k)),
				   .group = xstrdup(k == TRAINING_KIND ? ui_kept(v->ui, "group/training-job") : NULL)};

	str_set(&tabs_of(v->ui)->chosen, NULL);
	if (v->ops->reshape(v, &usual, &err) < 0)
		ui_notice(v->ui, NOTICE_WARNING, "%s", err.msg);
}

static void go_to(struct view *v, size_t at)
{
	const struct tabs *t = tabs_of(v->ui);

	if (at == ALL)
		show_all(v);
	else if (at <= t->n)
		ui_tab_show(v->ui, t->items[at - 1].view.name);
	else if (t->n)
		ui_notice(v->ui, NOTICE_INFO, "there %s %zu saved view%s: :view save NAME makes one of this list",
			  t->n == 1 ? "is" : "are", t->n, t->n == 1 ? "" : "s");
	else
		ui_notice(v->ui, NOTICE_INFO, "none is saved yet: :view save NAME");
}

bool ui_tab_action(struct view *v, enum action a)
{
	const struct tabs *t = tabs_of(v->ui);
	int place = keymap_place(v->ops->contexts[0], v->ui->key);

	if (!v->ops->reshape)
		return false;
	if (a == ACT_TAB) {
		go_to(v, place > 0 ? (size_t)place : ALL);
	} else {
		size_t n = t->n + 1;
		long now = current(t, v);

		if (now == NONE)
			go_to(v, ALL);
		else
			go_to(v, ((size_t)now + (a == ACT_TAB_NEXT ? 1 : n - 1)) % n);
	}
	return true;
}

/* --- from one start to the next --- */

bool ui_tabs_restore(struct ui *ui)
{
	AUTO(str) char *name = xstrdup(ui_kept(ui, KEPT_AS));

	if (!name || find(tabs_of(ui), name) <= 0 || !ui_view_show(ui, name))
		return false;
	str_set(&ui->tabs->chosen, name);
	return true;
}

void ui_tabs_keep(struct ui *ui)
{
	const struct tabs *t = tabs_of(ui);
	size_t at = ui->depth - 1;

	while (at > 0 && !ui->stack[at]->ops->reshape)
		at--;
	long now = current(t, ui->stack[at]);
	const char *name = now > 0 ? t->items[now - 1].view.name : NULL;

	if (!str_eq(name, ui_kept(ui, KEPT_AS)))
		ui_keep(ui, KEPT_AS, name);
}
