/* ui_paste.c - text that was pasted, which the terminal tells from what was typed.
 *
 * It goes into the line that has the cursor, as one line: a newline in it would send what
 * nobody has read yet. Elsewhere letters are commands, and text is none. */
#include "tui/ui_internal.h"

enum { PASTE_NONE = 0, PASTE_LINE, PASTE_NOWHERE };

static void paste_begin(struct ui *ui)
{
	(void)ui_draw(ui); /* keys that came just before may have opened the line */
	ui->dirty = true;
	ui->paste = ui->surface.cursor_row >= 0 ? PASTE_LINE : PASTE_NOWHERE;
	ui->paste_gap = ui->paste_began = false;
}

static void paste_key(struct ui *ui, int key)
{
	if (ui->paste != PASTE_LINE)
		return;
	if (!key_is_text(key) || key == KEYC_SPACE) {
		ui->paste_gap = ui->paste_began && key < KEYC_BASE;
		return;
	}
	if (ui->paste_gap)
		ui_press(ui, KEYC_SPACE);
	ui_press(ui, key);
	ui->paste_began = true;
	ui->paste_gap = false;
}

static void paste_end(struct ui *ui)
{
	if (ui->paste == PASTE_NOWHERE)
		ui_notice(ui, NOTICE_WARNING, "what was pasted is text, not keys: open a line for it first (/ or :)");
	ui->paste = PASTE_NONE;
}

bool ui_paste_takes(struct ui *ui, int key)
{
	if (key == KEYC_PASTE_BEGIN)
		paste_begin(ui);
	else if (ui->paste && (key == KEYC_PASTE_END || key == KEYC_ESC || key == KEYC_CTRL('c')))
		paste_end(ui); /* Esc, where the terminal lost the end */
	else if (ui->paste)
		paste_key(ui, key);
	else
		return key == KEYC_PASTE_END;
	return true;
}
