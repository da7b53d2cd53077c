/* Fields to fill in, one under another. */
#include "tui/form.h"

#include "base/str.h"
#include "base/utf8.h"
#include "tui/key.h"

#define LABEL_CELLS 14
#define WAS_CELLS 24 /* beside the field, where a third of the width is as much */

void form_done(struct form *f)
{
	free(f->fields);
	*f = (struct form){0};
}

struct form_field *form_add(struct form *f, const char *label, const char *hint, const char *value)
{
	GROW(f->fields, f->cap, f->n + 1);
	struct form_field *field = &f->fields[f->n++];

	*field = (struct form_field){.label = label, .hint = hint};
	lineedit_set(&field->edit, value ? value : "");
	return field;
}

bool form_is_changed(const struct form_field *field)
{
	return field->was && !str_eq(field->was, field->edit.text);
}

static bool is_there(const struct form *f, size_t i)
{
	return !f->fields[i].more || f->fields[i].edit.len || (i > 0 && f->fields[i - 1].edit.len);
}

static void step(struct form *f, size_t by)
{
	do
		f->focus = (f->focus + by) % f->n;
	while (!is_there(f, f->focus));
}

enum form_event form_key(struct form *f, int key)
{
	struct form_field *now = &f->fields[f->focus];

	switch (key) {
	case KEYC_ESC:
		return FORM_CANCEL;
	case KEYC_ENTER:
		if (f->focus + 1 == f->n || (f->focus > 0 && (now->edit.len == 0 || now->was)))
			return FORM_SUBMIT;
		step(f, 1);
		return FORM_USED;
	case KEYC_TAB:
	case KEYC_DOWN:
		step(f, 1);
		return FORM_USED;
	case KEYC_BACKTAB:
	case KEYC_UP:
		step(f, f->n - 1);
		return FORM_USED;
	default:
		return lineedit_key(&now->edit, key) ? FORM_USED : FORM_IGNORED;
	}
}

/* Beside its value: what is said of it, else what it was. */
static void draw_beside(const struct form_field *field, struct area a)
{
	if (field->note[0]) {
		area_put_cut(a, 0, 0, a.cols, field->wrong ? ST_BAD : ST_WARN, field->note);
	} else if (a.cols > 4) {
		int col = area_put(a, 0, 0, ST_DIM, "was ");

		area_put_cut(a, 0, col, a.cols - col, ST_DIM, *field->was ? field->was : "nothing");
	}
}

/* A note has what the value leaves of the width, and half of it at least. */
static int beside_cells(const struct form_field *field, int width)
{
	if (field->note[0])
		return MIN(utf8_width(field->note), MAX(width / 2, width - utf8_width(field->edit.text) - 2));
	return form_is_changed(field) ? MIN(WAS_CELLS, width / 3) : 0;
}

static void draw_field(const struct form_field *field, bool focused, int label, struct area a)
{
	bool changed = form_is_changed(field);
	int width = a.cols - label - 5, beside = beside_cells(field, width), cells = width - beside;

	area_put(a, 0, 0, ST_STRONG, focused ? "▸" : " ");
	area_put_cut(a, 0, 1, label, changed ? ST_STRONG : ST_DIM, field->label);
	if (focused)
		lineedit_draw(&field->edit, a, 0, label + 3, cells, true);
	else
		area_put_cut(a, 0, label + 3, cells, ST_NORMAL, field->edit.text);
	if (!field->edit.len)
		area_put_cut(a, 0, label + 3, cells, ST_DIM, changed ? "taken out" : field->hint);
	if (beside)
		draw_beside(field, area_part(a, 0, a.cols - beside, 1, beside));
}

static void draw_line(const struct form *f, size_t i, int label, struct area line)
{
	int by = 0;

	for (size_t k = MIN(i, f->focus); k < MAX(i, f->focus); k++)
		by += is_there(f, k);
	draw_field(&f->fields[i], i == f->focus, label, line);
	area_spot(line, 0, 0, line.cols, SPOT_ROW, i < f->focus ? -by : by, NULL);
}

void form_draw(const struct form *f, struct area a)
{
	int label = 0, row = 0;
	size_t first = 0, above = 0;

	for (size_t i = 0; i < f->n; i++) {
		label = MAX(label, utf8_width(f->fields[i].label));
		above += i < f->focus && is_there(f, i);
	}
	label = MIN(label, LABEL_CELLS);
	for (size_t skip = a.rows > 0 && above >= (size_t)a.rows ? above - (size_t)a.rows + 1 : 0; skip > 0; first++)
		skip -= is_there(f, first);
	for (size_t i = first; i < f->n && row < a.rows; i++)
		if (is_there(f, i))
			draw_line(f, i, label, area_part(a, row++, 0, 1, a.cols));
}
