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

/* It has a field that is typed in. */
static bool is_form(const struct ui *ui)
{
	return ui_top(ui)->ops->field;
}

static bool act(struct ui *ui, enum action a)
{
	struct view *v = ui_top(ui);

	return v->ops->action && v->ops->action(v, a);
}

/* Forms take keys, all other screens actions, whose keys may be others. */
static void move(struct ui *ui, int rows)
{
	const struct view *v = ui_top(ui);
	bool up = rows < 0, form = is_form(ui);

	for (int i = 0; i < abs(rows) && ui_top(ui) == v; i++) {
		if (form)
			ui_key(ui, up ? KEYC_UP : KEYC_DOWN);
		else
			(void)act(ui, up ? ACT_UP : ACT_DOWN);
	}
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
		else if (!is_form(ui)) /* whose field has the cursor already */
			(void)act(ui, ACT_OPEN);
		break;
	}
}

/* Where nothing is scrolled the key Up is something else, such as zoom: it is that, once. */
static void turn(struct ui *ui, bool up)
{
	if (act(ui, up ? ACT_UP : ACT_DOWN))
		move(ui, up ? 1 - WHEEL_ROWS : WHEEL_ROWS - 1);
	else
		ui_key(ui, up ? KEYC_UP : KEYC_DOWN);
}

void ui_mouse(struct ui *ui, struct mouse m)
{
	const struct spot *found = surface_spot(&ui->surface, m.row, m.col);
	const struct spot spot = found ? *found : (struct spot){0};
	bool asked = ui->dialog.on;

	if (!ui->surface.mouse || ui->prompt.on)
		return;
	ui_settle(ui);
	ui->in_key = true;
	if (m.act == MOUSE_PRESS && found)
		click(ui, &spot);
	else if (m.act != MOUSE_PRESS && !asked && !is_form(ui))
		turn(ui, m.act == MOUSE_WHEEL_UP);
	ui->in_key = false;
}
