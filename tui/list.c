/* list.c - when a list's rows are built, where its cursor is, and what its keys do. */
#include "tui/list.h"

#include <assert.h>

#include "base/clock.h"
#include "base/timefmt.h"
#include "model/groups.h"
#include "tui/list_draw.h"
#include "tui/thing.h"

#define FEW_THINGS 20000
#define SLICE_US 8000
#define RESTARTS_MAX 2

static struct list *list_of(const struct view *v)
{
	return v->state;
}

static const struct resources *things(const struct view *v)
{
	return &view_session(v)->tables[list_of(v)->kind->id];
}

void list_choose_order(struct list *l, const char *text)
{
	free(l->sort.key);
	free(TAKE(l->sort_word));
	l->reverse = false;
	l->sort = list_usual_order(l->kind);
	if (!text || field_ref_parse(l->kind, text + (*text == '-' || *text == '+'), &l->sort, NULL) < 0)
		return;
	bool usually_descending = !(l->sort.field->flags & FIELD_ASCENDING);

	l->reverse = usually_descending != (*text == '-');
}

void list_open(struct view *v, const struct kind *kind, const char *parent, const struct list_hooks *hooks)
{
	struct list *l = list_of(v);

	l->session = view_session(v);
	l->kind = v->rows = kind;
	l->parent = xstrdup(parent);
	l->hooks = hooks;
	list_choose_columns(l, ui_columns_of(v->ui, kind));
	list_choose_order(l, ui_order_of(v->ui, kind));
	l->stale = true;
	list_want_cold(v);
}

int list_open_filter(struct view *v, const struct view_arg *arg, struct err *err)
{
	if (!arg->text)
		return 0;
	if (arg->mode == MODE_OVER)
		str_set(&list_of(v)->given, arg->text);
	return list_filter(v, arg->text, err);
}

void list_close(struct view *v)
{
	struct list *l = list_of(v);

	list_build_cancel(l);
	list_groups_free(l);
	free(l->rows);
	field_list_done(&l->columns);
	free(l->sort.key);
	free(l->sort_word);
	query_free(l->query);
	free(l->parent);
	free(l->filter);
	free(l->given);
	free(l->filter_before);
	free(l->selected);
	free(l->awaited);
	free(l->last_mark);
	map_done(&l->marks);
}

uint64_t list_generation(struct view *v)
{
	const struct list *l = list_of(v);

	return things(v)->generation * 4 + l->stale * 2u + (l->whole && l->heard.generation != things(v)->generation);
}

/* --- rows --- */

bool list_descending(const struct list *l)
{
	return !(l->sort.field->flags & FIELD_ASCENDING) != l->reverse;
}

const char *list_name_of(const struct list *l, const struct resource *r, struct buf *buf)
{
	return session_name_of(l->session, r, buf);
}

/* Its row by the thing's address: names would have to be compared with those of all rows. */
long list_find(const struct view *v, const char *name)
{
	const struct list *l = list_of(v);
	const struct resource *r = resources_find(things(v), name);
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);

	for (size_t i = 0; i < l->n; i++)
		if (r ? l->rows[i] == r : list_group_at(l, i) && !strcmp(list_name_of(l, l->rows[i], &text), name))
			return (long)i;
	return -1;
}

const struct resource *list_selected(const struct list *l)
{
	return l->table.selected < l->n ? l->rows[l->table.selected] : NULL;
}

void list_remember(struct list *l)
{
	const struct resource *r = list_selected(l);
	AUTO(buf) struct buf name = BUF_INIT(BUF_MAX_TEXT);

	if (r && !str_eq(l->selected, list_name_of(l, r, &name)))
		str_set(&l->selected, list_name_of(l, r, &name));
}

size_t list_row_seen(const struct view *v)
{
	const struct list *l = list_of(v);
	long at = !l->pinned && l->selected ? list_find(v, l->selected) : -1;

	return at < 0 ? l->table.selected : (size_t)at;
}

void list_pin(struct view *v)
{
	struct list *l = list_of(v);

	l->table.selected = list_row_seen(v);
	l->pinned = true;
}

/* The selected thing stays selected and, where the list is scrolled, on the same line of
 * the screen; without having been chosen, the first is. */
void list_place_cursor(struct view *v)
{
	struct list *l = list_of(v);
	size_t line = l->table.selected - l->table.top;

	if (l->awaited && list_find(v, l->awaited) >= 0) {
		free(l->selected);
		l->selected = TAKE(l->awaited);
		l->pinned = true;
	}
	if (!l->pinned) {
		l->table.selected = l->table.top = 0;
		return;
	}
	long at = l->selected ? list_find(v, l->selected) : -1;
	if (at >= 0) {
		bool scrolled = l->table.top > 0;
		l->table.selected = (size_t)at;
		if (scrolled)
			l->table.top = (size_t)at > line ? (size_t)at - line : 0;
	} else if (l->table.selected >= l->n) { /* keys may come before the next painting */
		l->table.selected = l->n ? l->n - 1 : 0;
	}
}

/* Whether rows are to be there when the call returns: few things; none to show until then; values
 * of columns that change without a sign; or changes that come too fast for slices. */
static bool at_once(const struct view *v)
{
	const struct list *l = list_of(v);

	return things(v)->n <= FEW_THINGS || !l->whole || (l->sort.field->flags & FIELD_COLD) ||
	       l->restarts > RESTARTS_MAX;
}

void list_update(struct view *v)
{
	struct list *l = list_of(v);
	const struct resources *t = things(v);
	bool same = l->updated == t->generation;

	list_hear_of_gone(v);
	if (!l->stale && l->whole && same && l->heard.generation == t->generation && l->sort.field->type != FIELD_SPARK)
		return; /* only a curve has grown */
	l->updated = t->generation;
	bool broken = l->build && !list_build_stands(v);
	bool begin = l->stale || broken || (!l->build && !list_merge_changes(v));

	l->restarts = !l->stale && broken ? l->restarts + 1 : begin ? 0 : l->restarts;
	l->stale = false;
	if (begin)
		list_build_begin(v);
	if (begin || (l->build && at_once(v)))
		(void)list_build_turn(v, at_once(v) ? FIELD_ORDER_AT_ONCE : clock_mono_us() + SLICE_US);
}

bool list_work(struct view *v, int64_t budget_us)
{
	struct list *l = list_of(v);

	if (!l->build)
		return false;
	if (l->updated != things(v)->generation ||
	    (list_build_turn(v, clock_mono_us() + budget_us) && l->heard.generation != things(v)->generation))
		list_update(v); /* with what has happened meanwhile */
	return l->build != NULL;
}

void list_settle(struct view *v)
{
	struct list *l = list_of(v);

	list_update(v);
	if (l->build)
		(void)list_build_turn(v, FIELD_ORDER_AT_ONCE);
}

void list_rebuild(struct view *v)
{
	struct list *l = list_of(v);

	l->stale = true;
	ui_redraw(v->ui);
}

/* --- title and status --- */

static void count_text(const struct view *v, struct buf *out)
{
	const struct list *l = list_of(v);
	const struct resources *t = things(v);
	bool filtered = l->query || l->faults;
	size_t n = l->parent ? l->n_all : t->n, all = l->parent ? l->n_all : MAX(t->n, t->total_hint);
	const char *more = (t->complete && !session_lacks_some(l->session)) || l->parent ? "" : "+";
	char shown[32], of[32];

	if (resources_is_unread(t)) {
		(void)buf_addc(out, '?');
		return;
	}
	jobtext_count(of, all);
	jobtext_count(shown, filtered ? l->n_things : n);
	if (filtered || (n < all && *more)) /* of all that there are one may still be on its way */
		(void)buf_addf(out, "%s of %s%s", shown, of, more);
	else
		(void)buf_addf(out, "%s%s", shown, t->n ? more : "");
}

/* Rows above the screen that were not there when the first row was last seen. */
static size_t count_above(struct list *l)
{
	size_t top = MIN(l->table.top, l->table.selected); /* where it will be drawn */

	if (top == 0)
		l->seen_ms = l->newest_ms;
	if (top == 0 || l->newest_ms <= l->seen_ms)
		return l->above.n = 0;
	if (l->above.top == top && l->above.built == l->built)
		return l->above.n;
	l->above.n = 0;
	l->above.top = top;
	l->above.built = l->built;
	for (size_t i = 0; i < top && i < l->n; i++)
		l->above.n += !list_group_at(l, i) && l->rows[i]->created_ms > l->seen_ms;
	return l->above.n;
}

/* What a column is called where one sorts by it: "cost", "metric". buf holds FIELD_HEADING_LEN bytes. */
static char *sort_word(char *buf, const struct field_ref *f)
{
	field_heading(f, buf);
	str_lower(buf);
	return buf;
}

void list_title(struct view *v, const char *what, struct buf *left, struct buf *right)
{
	struct list *l = list_of(v);
	char word[FIELD_HEADING_LEN], words[GROUPS_WORDS_LEN];

	(void)buf_addf(left, "%s ", what);
	count_text(v, left);
	if (l->parent)
		(void)buf_addf(left, " · of %s", l->parent);
	if (l->faults)
		(void)buf_adds(left, " · only failed");
	if (l->filter)
		(void)buf_addf(left, " · %s", l->filter);
	size_t groups = l->grouping ? list_groups_count(l) : 0;
	if (groups)
		(void)buf_addf(left, " · %zu group%s by %s", groups, groups == 1 ? "" : "s",
			       list_groups_words(l, words));
	else if (l->grouping)
		(void)buf_addf(left, " · groups by %s", list_groups_words(l, words));
	(void)buf_addf(left, " · by %s", l->sort_word ? l->sort_word : sort_word(word, &l->sort));
	if (l->marks.n)
		(void)buf_addf(right, "%zu marked", l->marks.n);
	if (count_above(l))
		(void)buf_addf(right, "%s↑ %zu new", right->len ? " · " : "", l->above.n);
}

void list_status(struct view *v, struct buf *left, struct buf *right)
{
	const struct list *l = list_of(v);
	const struct resources *t = things(v);
	char at[32], of[32], age[TIMEFMT_LEN], hidden[64];

	if (l->marks.n) {
		list_hidden_text(v, hidden, sizeof(hidden));
		if (hidden[0])
			(void)buf_adds(left, hidden);
		else
			(void)buf_addf(left, "%zu marked", l->marks.n);
		if (l->hooks->marked)
			l->hooks->marked(v, left);
	} else if (session_lacks_some(l->session)) {
		(void)buf_adds(left, l->session->trouble);
	}
	if (t->synced_ms != TIME_UNKNOWN) {
		int64_t ms = MAX(0, ui_now_ms(v->ui) - t->synced_ms);
		if (ms < 1000)
			(void)buf_adds(right, "now");
		else
			(void)buf_addf(right, "%s ago", timefmt_age(age, ms));
	} else if (t->n) {
		(void)buf_adds(right, "as last seen");
	}
	if (l->n)
		(void)buf_addf(right, "%s%s of %s", right->len ? " · " : "", jobtext_count(at, l->table.selected + 1),
			       jobtext_count(of, l->n));
}

/* --- order and filter --- */

static void set_sort(struct view *v, const struct field_ref *f)
{
	struct list *l = list_of(v);
	bool same = l->sort.field == f->field && str_eq(l->sort.key, f->key);
	char *key = xstrdup(f->key); /* f may be the order's own */

	l->reverse = same && !l->reverse;
	if (!same)
		free(TAKE(l->sort_word));
	free(l->sort.key);
	l->sort = (struct field_ref){f->field, key};
	if (f->field->flags & FIELD_COLD)
		ui_want_columns(v, l->kind, &(struct field_list){.items = &l->sort, .n = 1});
	l->pinned = false; /* to the first row of the new order */
	l->other_widths = true;
	list_rebuild(v);
}

/* By the word of a heading, else by the name of a field. */
int list_sort(struct view *v, const char *text, struct err *err)
{
	struct list *l = list_of(v);
	struct field_ref ref;
	char word[FIELD_HEADING_LEN];

	for (size_t i = 0; i < l->columns.n; i++)
		if (str_ieq(text, sort_word(word, &l->columns.items[i]))) {
			set_sort(v, &l->columns.items[i]);
			return 0;
		}
	if (str_empty(text))
		return err_set(err, ERR_USAGE, "sort by which column? Tab behind :sort lists them");
	if (field_ref_parse(l->kind, text, &ref, err) < 0)
		return -err->code;
	set_sort(v, &ref);
	str_set(&l->sort_word, text);
	free(ref.key);
	return 0;
}

static void sort_by_next(struct view *v, int by)
{
	struct list *l = list_of(v);
	size_t n = l->wide ? l->n_own : l->n_usual, at = 0;

	while (at < n &&
	       (l->columns.items[at].field != l->sort.field || !str_eq(l->columns.items[at].key, l->sort.key)))
		at++;
	assert(n); /* every kind has a column */
	set_sort(v, &l->columns.items[(at + n + (size_t)(by + (int)n)) % n]);
}

bool list_key(struct view *v, int key)
{
	for (const struct field *f = list_of(v)->kind->fields; f->name; f++)
		if (f->key && keyc_parse(f->key) == key) {
			set_sort(v, &(struct field_ref){.field = f});
			return true;
		}
	return false;
}

/* Takes the text over as the filter; a faulty one leaves the old and sets err. */
int list_filter(struct view *v, const char *text, struct err *err)
{
	struct list *l = list_of(v);
	AUTO(field_list) struct field_list cold = {0};
	struct query *q = NULL;

	if (!str_empty(text)) {
		int rc = query_parse(l->kind, text, &q, err);
		if (rc < 0)
			return rc;
		query_cold_fields(q, &cold);
		if (cold.n)
			ui_want_columns(v, l->kind, &cold);
	}
	query_free(l->query);
	l->query = q;
	l->vain = NULL;
	str_set(&l->filter, q ? text : NULL);
	l->other_widths = true;
	list_rebuild(v);
	return 0;
}

static void filter_changed(struct view *v, const char *text, struct err *err)
{
	(void)!list_filter(v, text, err);
}

static void filter_done(struct view *v, const char *text)
{
	struct err err = {0};

	if (list_filter(v, text ? text : str_or(list_of(v)->filter_before, ""), &err) < 0)
		ui_notice(v->ui, NOTICE_WARNING, "%s", err.msg);
}

static void ask_filter(struct view *v)
{
	static const struct prompt_ops ops = {PROMPT_FILTER, filter_changed, filter_done};
	struct list *l = list_of(v);

	str_set(&l->filter_before, l->filter);
	ui_prompt(v, &ops, l->filter);
}

/* --- keys --- */

const char *list_way_back(const struct list *l)
{
	return str_eq(l->filter, l->given) ? "goes back" : l->given ? "shows the others again" : "shows all again";
}

static bool go_back(struct view *v)
{
	struct list *l = list_of(v);

	if (l->faults || !str_eq(l->filter, l->given)) {
		l->faults = false;
		(void)!list_filter(v, str_or(l->given, ""), NULL);
		return true;
	}
	return l->marks.n && list_mark_action(v, ACT_UNMARK);
}

static bool move(struct view *v, enum action a)
{
	struct list *l = list_of(v);
	struct table_view to = l->table;

	if (!table_action(&to, a))
		return false;
	list_pin(v);
	(void)table_action(&l->table, a);
	l->pinned = a != ACT_TOP;
	str_set(&l->awaited, NULL); /* the user goes elsewhere */
	list_remember(l);
	return true;
}

bool list_action(struct view *v, enum action a)
{
	struct list *l = list_of(v);

	if (move(v, a) || list_mark_action(v, a) || (l->kind == TRAINING_KIND && list_groups_action(v, a)))
		return true;
	switch (a) {
	case ACT_SORT_NEXT:
	case ACT_SORT_PREVIOUS:
		sort_by_next(v, a == ACT_SORT_NEXT ? 1 : -1);
		return true;
	case ACT_SORT_REVERSE:
		set_sort(v, &l->sort);
		return true;
	case ACT_FILTER:
		ask_filter(v);
		return true;
	case ACT_FAULTS:
		l->faults = !l->faults;
		l->other_widths = true;
		list_rebuild(v);
		return true;
	case ACT_WIDE:
		l->wide = !l->wide;
		return true;
	case ACT_COLUMNS:
		ui_push(v->ui, VIEW_CHOOSER, NULL);
		return true;
	case ACT_TAB:
	case ACT_TAB_NEXT:
	case ACT_TAB_PREVIOUS:
		return ui_tab_action(v, a);
	case ACT_BACK:
		return go_back(v);
	default:
		return false;
	}
}

bool list_offers(struct view *v, enum action a)
{
	const struct list *l = list_of(v);
	bool grouped = l->groups && l->n;

	switch (a) {
	case ACT_OPEN:
		return l->n;
	case ACT_FOLD:
	case ACT_UNFOLD:
	case ACT_FOLD_ALL:
		return grouped;
	case ACT_FILTER:
	case ACT_FAILURES:
	case ACT_GROUP_NEXT:
		return things(v)->n;
	default:
		return thing_offers(l->kind, a) && (l->n || l->marks.n || !thing_is_action(a));
	}
}

const char *list_neighbour(struct view *v, const char *name, int by)
{
	struct list *l = list_of(v);
	long from = list_find(v, name), at = from + by;
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);

	while (from >= 0 && at >= 0 && (size_t)at < l->n && list_group_at(l, (size_t)at))
		at += by;
	if (from < 0 || at < 0 || (size_t)at >= l->n)
		return NULL;
	str_set(&l->selected, list_name_of(l, l->rows[at], &text));
	l->table.selected = (size_t)at;
	l->pinned = true;
	return l->selected;
}

void list_await(struct view *v, const char *name)
{
	struct list *l = list_of(v);

	str_set(&l->awaited, name);
	l->stale = true;
}

const struct resource *list_beside(struct view *v, const char *name)
{
	const struct list *l = list_of(v);
	long at = list_find(v, name);

	if (at < 0 || l->n < 2)
		return NULL;
	if ((size_t)at + 1 < l->n && !list_group_at(l, (size_t)at + 1))
		return l->rows[at + 1];
	return at > 0 && !list_group_at(l, (size_t)at - 1) ? l->rows[at - 1] : NULL;
}
