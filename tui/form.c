/* Fields to fill in, one under another. */
#include "tui/form.h"

#include "base/utf8.h"
#include "tui/key.h"

struct form_field *form_add(struct form *f, const char *label, const char *hint, const char *value)
{
	if (f->n == FORM_FIELDS_MAX)
		return NULL;
	struct form_field *field = &f->fields[f->n++];
	field->label = label;
	field->hint = hint;
	lineedit_set(&field->edit, value ? value : "");
	return field;
}

enum form_event form_key(struct form *f, int key)
{
	struct form_field *now = &f->fields[f->focus];

	switch (key) {
	case KEYC_ESC:
		return FORM_CANCEL;
	case KEYC_ENTER:
		if (f->focus + 1 == f->n || (f->focus > 0 && now->edit.len == 0))
			return FORM_SUBMIT;
		f->focus++;
		return FORM_USED;
	case KEYC_TAB:
	case KEYC_DOWN:
		f->focus = (f->focus + 1) % f->n;
		return FORM_USED;
	case KEYC_BACKTAB:
	case KEYC_UP:
		f->focus = (f->focus + f->n - 1) % f->n;
		return FORM_USED;
	default:
		return lineedit_key(&now->edit, key) ? FORM_USED : FORM_IGNORED;
	}
}

void form_draw(const struct form *f, struct area a)
{
	int label = 0;
	size_t first = 0;

	for (size_t i = 0; i < f->n; i++)
		label = MAX(label, utf8_width(f->fields[i].label));
	label = MIN(label, 14);
	if (a.rows > 0 && f->focus >= (size_t)a.rows)
		first = f->focus - (size_t)a.rows + 1;
	for (size_t i = first; i < f->n && (int)(i - first) < a.rows; i++) {
		int row = (int)(i - first), width = a.cols - label - 5;
		const struct form_field *field = &f->fields[i];
		area_put(a, row, 0, ST_STRONG, i == f->focus ? "▸" : " ");
		area_put_cut(a, row, 1, label, ST_DIM, field->label);
		lineedit_draw(&field->edit, a, row, label + 3, width, i == f->focus);
		if (!field->edit.len)
			area_put_cut(a, row, label + 3, width, ST_DIM, field->hint);
	}
}
