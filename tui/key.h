/* key.h - keys as numbers and as names ("ctrl-d", "Space", "PgDn", "é").
 *
 * A key is a Unicode code point (control keys are 1..26 as a terminal sends
 * them) or one of the values above the Unicode range. */
#ifndef SAGETOP_TUI_KEY_H
#define SAGETOP_TUI_KEY_H

#include "base/mem.h"

enum {
	KEYC_NONE = 0,
	KEYC_TAB = 9,
	KEYC_ENTER = 13,
	KEYC_ESC = 27,
	KEYC_SPACE = 32,
	KEYC_BASE = 0x200000,
	KEYC_UP = KEYC_BASE,
	KEYC_DOWN,
	KEYC_LEFT,
	KEYC_RIGHT,
	KEYC_HOME,
	KEYC_END,
	KEYC_PGUP,
	KEYC_PGDN,
	KEYC_INSERT,
	KEYC_DELETE,
	KEYC_BACKSPACE,
	KEYC_BACKTAB,
	KEYC_CTRL_SPACE,
	KEYC_PASTE, /* no key: a text was pasted, see term_pasted and ui_paste */
	KEYC_MOUSE, /* no key either: see term_mouse and ui_mouse */
	KEYC_F1,
	KEYC_F12 = KEYC_F1 + 11,
};
#define KEYC_CTRL(letter) ((letter)&0x1f)

/* What the mouse did, at which cell. */
enum mouse_act { MOUSE_PRESS, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN };
struct mouse {
	enum mouse_act act;
	int row, col;
};

#define KEY_NAME_LEN 16
char *keyc_name(char *buf, int key); /* buf holds KEY_NAME_LEN */
int keyc_parse(const char *name);    /* KEYC_NONE where there is no such key */

/* True for a key that types a character. */
static inline bool key_is_text(int key)
{
	return key >= 0x20 && key != 0x7f && key < KEYC_BASE;
}

#endif
