/* ui_dialog.c - questions with two answers; Cancel is focused. */
#include "tui/ui_internal.h"

#include "base/str.h"
#include "base/utf8.h"

#define DIALOG_WIDTH 64
#define FIELD_WIDTH 12

void ui_confirm(struct view *v, const char *title, const char *text, const char *button, const char *type_this,
		void (*yes)(struct view *v))
{
	struct dialog *d = &v->ui->dialog;

	ui_dialog_close(v->ui);
	*d = (struct dialog){
		.on = true,
		.view_id = v->id,
		.title = xstrdup(title),
		.text = xstrdup(text),
		.button = xstrdup(button),
		.type_this = xstrdup(type_this),
		.focus = type_this ? -1 : 0,
		.yes = yes,
	};
	ui_redraw(v->ui);
}

/* A question that is pushed aside by another counts as given up. */
void ui_dialog_close(struct ui *ui)
{
	struct dialog *d = &ui->dialog;

	if (d->code)
		d->code(d->code_user, NULL);
	free(d->title);
	free(d->text);
	free(d->button);
	free(d->type_this);
	memset(d, 0, sizeof(*d));
}

void ui_ask_code(struct ui *ui, const char *question, ui_code_fn *fn, void *user)
{
	struct dialog *d = &ui->dialog;

	ui_dialog_close(ui);
	*d = (struct dialog){
		.on = true,
		.title = xstrdup("Code"),
		.text = xstrdup(question),
		.button = xstrdup("Send"),
		.focus = -1,
		.code = fn,
		.code_user = user,
	};
	ui_redraw(ui);
}

static bool has_field(const struct dialog *d)
{
	return d->type_this || d->code;
}

static bool may_confirm(const struct dialog *d)
{
	if (d->code)
		return d->typed.len > 0;
	return !d->type_this || !strcmp(d->typed.text, d->type_this);
}

static void answer(struct ui *ui, bool yes)
{
	struct dialog *d = &ui->dialog;
	struct view *v = ui_find_view(ui, d->view_id);

	void (*fn)(struct view *) = d->yes;
	if (d->code) {
		ui_code_fn *code = TAKE(d->code);
		char typed[LINEEDIT_MAX];
		str_copy(typed, sizeof(typed), d->typed.text);
		void *user = d->code_user;
		ui_dialog_close(ui);
		code(user, yes ? typed : NULL);
		secret_wipe(typed, sizeof(typed));
		return;
	}
	ui_dialog_close(ui);
	if (yes && v)
		fn(v);
}

const char *ui_dialog_hint(const struct ui *ui)
{
	const struct dialog *d = &ui->dialog;

	if (has_field(d) && d->focus < 0)
		return may_confirm(d) ? "Esc cancel  Enter go on  Tab to the buttons"
				      : "Esc cancel  type what is asked for  Tab to the buttons";
	return d->focus == 1 ? "Esc cancel  Enter do it  Tab to Cancel"
			     : "Esc cancel  Enter cancel  Tab to the other button";
}

static void move_focus(struct dialog *d, int by)
{
	int lowest = has_field(d) ? -1 : 0, count = 2 - lowest;

	d->focus = lowest + (d->focus - lowest + by + count) % count;
}

/* Not what was asked for: it is said, and Cancel is what Enter does next. */
static void refuse(struct ui *ui)
{
	struct dialog *d = &ui->dialog;

	if (d->type_this && d->typed.len)
		ui_notice(ui, NOTICE_WARNING, "%s is not %s", d->typed.text, d->type_this);
	d->focus = 0;
}

bool ui_dialog_key(struct ui *ui, int key)
{
	struct dialog *d = &ui->dialog;

	if (key == KEYC_ESC) {
		answer(ui, false);
		return true;
	}
	if (key == KEYC_ENTER) {
		if (d->focus == 0)
			answer(ui, false);
		else if (may_confirm(d)) /* what was typed is the consent */
			answer(ui, true);
		else
			refuse(ui);
		return true;
	}
	if (key == KEYC_TAB || key == KEYC_DOWN || (d->focus >= 0 && (key == KEYC_RIGHT || key == 'l'))) {
		move_focus(d, 1);
		return true;
	}
	if (key == KEYC_BACKTAB || key == KEYC_UP || (d->focus >= 0 && (key == KEYC_LEFT || key == 'h'))) {
		move_focus(d, -1);
		return true;
	}
	if (d->focus == -1)
		lineedit_key(&d->typed, key);
	return true;
}

/* A click on the one that has the focus is Enter, else it gets the focus: what costs money takes two. */
static void draw_button(struct area a, int row, int col, const char *text, bool focus, bool usable)
{
	int key = focus ? KEYC_ENTER : KEYC_TAB;

	area_spot(a, row, col, utf8_width(text) + 4, SPOT_KEY, key, NULL);
	area_putf(a, row, col,
		  focus	   ? ST_BUTTON_FOCUS
		  : usable ? ST_BUTTON
			   : ST_DIM,
		  focus ? "[ %s ]" : "  %s  ", text);
}

void ui_dialog_draw(struct ui *ui, struct area screen)
{
	struct dialog *d = &ui->dialog;
	int width = MIN(DIALOG_WIDTH, screen.cols), inner = MAX(1, width - 4);
	int text_rows = text_wrapped_rows(inner, d->text);
	int extra = has_field(d) ? 2 : 0;
	int height = MIN(screen.rows, text_rows + extra + 4);

	text_rows = MAX(0, height - extra - 4);
	struct area box = area_part(screen, (screen.rows - height) / 2, (screen.cols - width) / 2, height, width);
	area_clear(box);
	area_box(box, ST_DIM);
	area_putf(box, 0, 2, ST_STRONG, " %s ", d->title);
	area_put_wrapped(box, 1, 2, inner, text_rows, ST_NORMAL, d->text);
	int row = height - 2;
	if (has_field(d)) {
		bool name = d->type_this && utf8_width(d->type_this) > FIELD_WIDTH;
		int col = d->code ? area_put(box, row - 2, 2, ST_NORMAL, "Code: ")
			  : name  ? area_put(box, row - 2, 2, ST_NORMAL, "Type the name to go on: ")
				  : area_putf(box, row - 2, 2, ST_NORMAL, "Type %s to go on: ", d->type_this);
		lineedit_draw(&d->typed, box, row - 2, col, name ? width - col - 2 : MIN(FIELD_WIDTH, width - col - 2),
			      d->focus == -1);
	}
	int button = utf8_width(d->button) + 4;
	draw_button(box, row, width - 2 - button, d->button, d->focus == 1, may_confirm(d));
	draw_button(box, row, width - 2 - button - 12, "Cancel", d->focus == 0, true);
	if (d->focus >= 0)
		box.s->cursor_row = -1;
}
