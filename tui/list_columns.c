/* list_columns.c - which columns a list has: the usual or the chosen ones, and those that its
 * order and filter ask for. */
#include "base/csv.h"
#include "tui/list_draw.h"

static bool has_column(const struct list *l, const struct field_ref *f)
{
	for (size_t i = 0; i < l->columns.n; i++)
		if (l->columns.items[i].field == f->field && str_eq(l->columns.items[i].key, f->key))
			return true;
	return false;
}

static void add_column(struct list *l, const struct field_ref *f)
{
	if (l->columns.n < TABLE_COLUMNS_MAX && !has_column(l, f))
		field_list_add(&l->columns, f->field, f->key);
}

static void add_columns(struct list *l, unsigned with)
{
	for (const struct field *f = l->kind->fields; f->name; f++)
		if ((f->flags & with) && !(f->flags & FIELD_KEYED))
			add_column(l, &(struct field_ref){.field = f});
}

/* Those of the settings (NULL: none) in place of the usual ones, or behind them where the
 * text begins with '+'. Names stand first in any case. */
void list_choose_columns(struct list *l, const char *text)
{
	AUTO(field_list) struct field_list chosen = {0};

	if (text && field_list_parse(l->kind, text + (*text == '+'), false, &chosen, NULL) < 0) {
		field_list_done(&chosen); /* kept by a release that had other fields */
		text = NULL;
	}
	add_column(l, &(struct field_ref){.field = l->kind->fields});
	if (!text || *text == '+')
		add_columns(l, FIELD_SCREEN | (session_parts(l->session) > 1 ? FIELD_SCOPED : 0u));
	for (size_t i = 0; i < chosen.n; i++)
		add_column(l, &chosen.items[i]);
	l->n_usual = l->columns.n;
	l->chosen = text != NULL;
	add_columns(l, FIELD_SCREEN | FIELD_WIDE);
	l->n_own = l->columns.n;
}

/* The newest first, where the kind has times. */
struct field_ref list_usual_order(const struct kind *k)
{
	static const char *const names[] = {"age", "created", "modified"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct field *f = field_find(k, names[i], NULL);
		if (f)
			return (struct field_ref){.field = f};
	}
	return (struct field_ref){.field = k->fields};
}

bool list_shows_failures(const struct list *l)
{
	return l->n_bad && l->n_bad == l->n_things && !l->groups && (l->faults || l->query);
}

static bool is_asked(const struct list *l, const struct field_ref *f, const struct field_list *asked)
{
	bool is = f->field == l->sort.field && str_eq(f->key, l->sort.key) &&
		  (l->reverse || f->field != list_usual_order(l->kind).field);

	for (size_t i = 0; !is && i < asked->n; i++)
		is = f->field == asked->items[i].field && str_eq(f->key, asked->items[i].key);
	return is;
}

/* By which columns the list is sorted or filtered. */
static void find_asked(struct list *l)
{
	AUTO(field_list) struct field_list asked = {0};

	query_fields(l->query, &asked);
	for (size_t i = 0; i < l->columns.n; i++)
		l->asked[i] = is_asked(l, &l->columns.items[i], &asked);
}

/* What the list is sorted or filtered by has a column, and of failures the reason. */
void list_invite_guests(struct list *l)
{
	AUTO(field_list) struct field_list asked = {0};
	const struct field *reason = field_find(l->kind, "reason", NULL);

	while (l->columns.n > l->n_own) {
		free(l->columns.items[--l->columns.n].key);
		l->seen[l->columns.n] = 0;
	}
	field_list_add(&asked, l->sort.field, l->sort.key);
	query_fields(l->query, &asked);
	if (reason && list_shows_failures(l))
		field_list_add(&asked, reason, NULL);
	for (size_t i = 0; i < asked.n; i++)
		if (!(asked.items[i].field->flags & FIELD_NO_COLUMN))
			add_column(l, &asked.items[i]);
	find_asked(l);
}

/* What is measured is asked for of the rows on the screen (list_measured). */
void list_want_cold(struct view *v)
{
	const struct list *l = v->state;
	AUTO(field_list) struct field_list wanted = {0};

	for (size_t i = 0; i < l->n_usual; i++)
		if ((l->columns.items[i].field->flags & (FIELD_COLD | FIELD_MEASURED)) == FIELD_COLD)
			field_list_add(&wanted, l->columns.items[i].field, l->columns.items[i].key);
	if (l->sort.field->flags & FIELD_COLD)
		field_list_add(&wanted, l->sort.field, l->sort.key);
	if (wanted.n)
		ui_want_columns(v, l->kind, &wanted);
}

bool list_measured(const struct list *l, struct strlist *ret, bool *ret_all)
{
	size_t n = l->wide ? l->n_own : l->n_usual;
	bool shown = false, all = false;
	AUTO(buf) struct buf name = BUF_INIT(BUF_MAX_TEXT);

	for (size_t i = 0; i < l->columns.n; i++) {
		bool measured = l->columns.items[i].field->flags & FIELD_MEASURED;

		shown |= measured && (i < n || l->asked[i]);
		all |= measured && l->asked[i];
	}
	for (size_t at = l->table.top; shown && at < l->n && at < l->table.top + (size_t)l->table.page; at++)
		strlist_add(ret, list_name_of(l, l->rows[at], &name));
	*ret_all = all;
	return shown && (all || ret->n);
}

int list_columns(struct view *v, const char *text, struct err *err)
{
	struct list *l = v->state;
	AUTO(field_list) struct field_list wanted = {0};

	if (!str_empty(text) && field_list_parse(l->kind, text + (*text == '+'), false, &wanted, err) < 0)
		return -err->code;
	field_list_done(&l->columns);
	list_choose_columns(l, str_empty(text) ? NULL : text);
	l->other_widths = true;
	l->n_new = text && *text == '+' ? MIN(wanted.n, l->n_usual) : l->chosen ? l->n_usual : 0;
	list_want_cold(v);
	list_rebuild(v);
	return 0;
}

void list_shown(const struct view *v, struct field_list *ret)
{
	const struct list *l = v->state;

	for (size_t i = 0; i < l->n_usual; i++)
		field_list_add(ret, l->columns.items[i].field, l->columns.items[i].key);
}

void list_csv(struct view *v, struct buf *out)
{
	const struct list *l = v->state;
	struct field_context x = {.session = view_session(v), .now_ms = ui_now_ms(v->ui)};
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
	size_t n = l->wide ? l->n_own : l->n_usual;
	char title[FIELD_HEADING_LEN];

	for (size_t i = 0; i < n; i++) {
		(void)buf_adds(out, i ? "," : "");
		csv_add(out, field_title(&l->columns.items[i], title));
	}
	list_settle(v);
	size_t n_rows;
	const struct resource *const *rows = list_members(l, NULL, &n_rows);

	for (size_t k = 0; k < n_rows; k++) {
		for (size_t i = 0; i < n; i++) {
			buf_clear(&text);
			field_text(&l->columns.items[i], rows[k], &x, FIELD_FOR_PROGRAMS, &text);
			(void)buf_adds(out, i ? "," : "\n");
			csv_add(out, buf_str(&text));
		}
	}
	(void)buf_adds(out, "\n");
}
