/* theme.h - how each style looks: colours of 256 or 16, and without colour.
 *
 * The terminal's own background is kept; every colour of the 256 is readable on light
 * and dark ones (of the themes dark and light on theirs), and on the row under the cursor,
 * which sets both colours: a test computes the contrasts, and how far apart the colours of
 * the theme color-blind are to such eyes. The 16 are the user's own palette; there, and without
 * colour, that row is reversed. State never rests on colour alone: a symbol and a word stand by. */
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

enum theme {
#define THEME(id, name, help) THEME_##id,
#include "tui/themes.def"
#undef THEME
	THEME_COUNT
};

const char *theme_name(enum theme theme);
/* ERR_USAGE names them all. err may be NULL. */
int theme_parse(const char *name, enum theme *ret, struct err *err) NODISCARD;

struct look theme_look(enum theme theme, enum style style);
/* Background of the row under the cursor. */
extern const short theme_selected_bg256;

/* What a cell is drawn with on a terminal of so many colours: 256, fewer, or 0. */
struct paint {
	short fg, bg; /* -1: the terminal's own */
	unsigned char attrs;
};
struct paint theme_paint(enum theme theme, enum style style, bool selected, int colours);

#endif
