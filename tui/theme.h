/* theme.h - how each style looks: colours of 256 or 16, and without colour.
 *
 * The terminal's own background is kept; every colour of the 256 is readable on light
 * and dark ones, and on the row under the cursor, which sets both colours: a test
 * computes the contrasts. The 16 are the user's own palette; there, and without colour,
 * that row is reversed. State never rests on colour alone: a symbol and a word stand by. */
#ifndef SAGETOP_TUI_THEME_H
#define SAGETOP_TUI_THEME_H

#include "tui/surface.h"

enum { LOOK_BOLD = 1, LOOK_DIM = 2, LOOK_REVERSE = 4, LOOK_UNDERLINE = 8 };

struct look {
	short fg256, bg256; /* -1: the terminal's own */
	short fg16, bg16;
	short selected256;			/* the foreground on the row under the cursor */
	unsigned char colour_attrs, mono_attrs; /* LOOK_* */
};

/* In the order of the setting's words. */
enum theme { THEME_USUAL, THEME_BASIC, THEME_CONTRAST };

/* BASIC keeps to the terminal's own 16 colours, CONTRAST shows nothing in grey. */
struct look theme_look(enum theme theme, enum style style);
/* Background of the row under the cursor. */
extern const short theme_selected_bg256;

#endif
