/* lineedit.h - one line of text being typed: used by the prompt and by forms. */
#ifndef SAGETOP_TUI_LINEEDIT_H
#define SAGETOP_TUI_LINEEDIT_H

#include "tui/surface.h"

#define LINEEDIT_MAX 1024 /* bytes */

struct lineedit {
	char text[LINEEDIT_MAX]; /* always valid UTF-8 */
	size_t len;
	size_t at; /* byte offset of the cursor */
};

void lineedit_set(struct lineedit *e, const char *text); /* cursor at the end */
/* True where the key was used (a character, moving, deleting: Left Right Home End
 * ctrl-a ctrl-e Backspace Del ctrl-u ctrl-k ctrl-w). */
bool lineedit_key(struct lineedit *e, int key);
/* Put a line of sanitised text where the cursor is; false, and nothing is done, where there is no room for it. */
bool lineedit_insert(struct lineedit *e, const char *text);
/* Draws into `cells` cells, scrolled so that the cursor shows; sets the cursor
 * where focused. */
void lineedit_draw(const struct lineedit *e, struct area a, int row, int col, int cells, bool focused);

#endif
