/* ui_mouse.c - the mouse: a click does what the keys do that lead to what was drawn there (struct spot), the wheel
 * scrolls. While something is typed or asked only what belongs to that is clicked. */
#include "tui/ui_internal.h"

#include "base/str.h"

#define WHEEL_ROWS 3

/* --- whether it is taken --- */

static void take(struct ui *ui, bool on)
{
	ui->surface.mouse = on && ui->host->mouse;
	ui->dirty = true;
	if (ui->host->mouse)
		ui->host->mouse(ui->host->user, on);
}

void ui_mouse_load(struct ui *ui)
{
	const char *kept = ui_kept(ui, "mouse");

	take(ui, kept ? str_eq(kept, "on") : ui->mouse);
}

void ui_mouse_run(struct ui *ui, const char *text)
{
	bool on = text ? str_eq(text, "on") : ui->mouse;

	if (text && !on && !str_eq(text, "off")) {
		ui_notice(ui, NOTICE_WARNING, "mouse on, or mouse off?");
		return;
	}
	take(ui, on);
	ui_keep(ui, "mouse", text);
	ui_notice(ui, NOTICE_INFO,
		  on ? "clicks are taken; with Shift the terminal selects text" : "the mouse is the terminal's");
}

/* --- what it does --- */

static bool is_typing(const struct ui *ui)
{
	return ui->dialog.on || ui->prompt.on || ui_top(ui)->ops->field;
}

/* Forms take keys, all other screens actions, whose keys may be bound elsewhere. */
static void act(struct ui *ui, enum action a, int key)
{
	struct view *v = ui_top(ui);

	if (v->ops->key || !v->ops->action)
		ui_key(ui, key);
	else
		(void)v->ops->action(v, a);
}

static void move(struct ui *ui, int rows)
{
	const struct view *v = ui_top(ui);

	for (int i = 0; i < abs(rows) && ui_top(ui) == v; i++)
		act(ui, rows < 0 ? ACT_UP : ACT_DOWN, rows < 0 ? KEYC_UP : KEYC_DOWN);
}

static void sort_by(struct ui *ui, const char *word)
{
	struct view *v = ui_top(ui);
	struct err err = {0};

	if (v->ops->sort && v->ops->sort(v, word, &err) < 0)
		ui_notice(ui, NOTICE_WARNING, "%s", err.msg);
}

static void click(struct ui *ui, const struct spot *s)
{
	switch (s->act) {
	case SPOT_KEY:
		ui_key(ui, s->n);
		break;
	case SPOT_SORT:
		sort_by(ui, s->word);
		break;
	case SPOT_ROW:
		if (s->n)
			move(ui, s->n);
		else if (!ui_top(ui)->ops->field) /* a form's field has the cursor already */
			act(ui, ACT_OPEN, KEYC_ENTER);
		break;
	}
}

/* What scrolls with Up scrolls by some rows; where Up is something else, such as zoom, it is that, once. */
static void turn(struct ui *ui, bool up)
{
	const struct view *v = ui_top(ui);
	enum action a = ACT_NONE;

	for (int c = 0; !a && c < VIEW_CONTEXTS_MAX && v->ops->contexts[c]; c++)
		a = keymap_find(v->ops->contexts[c], up ? KEYC_UP : KEYC_DOWN);
	if (!a || a == ACT_UP || a == ACT_DOWN)
		move(ui, up ? -WHEEL_ROWS : WHEEL_ROWS);
	else
		act(ui, a, up ? KEYC_UP : KEYC_DOWN);
}

void ui_mouse(struct ui *ui, struct mouse m)
{
	const struct spot *found = surface_spot(&ui->surface, m.row, m.col);

	if (!ui->surface.mouse)
		return;
	ui_settle(ui);
	if (m.act != MOUSE_PRESS) {
		if (!is_typing(ui))
			turn(ui, m.act == MOUSE_WHEEL_UP);
	} else if (found && !ui->prompt.on) {
		const struct spot spot = *found;

		ui_forget_spots(ui);
		click(ui, &spot);
	}
}
