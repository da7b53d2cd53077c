/* The look of every style. */
#include "tui/theme.h"

#define GREY256 243

/* Of the middle of the 256, so that they can be read on black and on white. Series
 * colours are near the Okabe-Ito palette, which colour-blind eyes can tell apart. */
static const struct look looks[ST_COUNT] = {
	/*                     fg256 bg256 fg16 bg16 selected colour          mono */
	[ST_NORMAL] = {-1, -1, -1, -1, 231, 0, 0},
	[ST_DIM] = {GREY256, -1, -1, -1, 252, 0, LOOK_DIM},
	[ST_STRONG] = {-1, -1, -1, -1, 231, LOOK_BOLD, LOOK_BOLD},
	[ST_HEADER] = {-1, -1, -1, -1, 231, 0, 0},
	[ST_TITLE] = {-1, -1, -1, -1, 231, LOOK_BOLD, LOOK_BOLD},
	[ST_HEADING] = {GREY256, -1, -1, -1, 252, 0, LOOK_DIM},
	[ST_KEY] = {32, -1, 4, -1, 159, LOOK_BOLD, LOOK_BOLD},
	[ST_RUNNING] = {32, -1, 4, -1, 159, 0, LOOK_BOLD},
	[ST_PENDING] = {GREY256, -1, 6, -1, 252, 0, 0},
	[ST_GOOD] = {28, -1, 2, -1, 157, 0, 0},
	[ST_BAD] = {167, -1, 1, -1, 224, LOOK_BOLD, LOOK_BOLD},
	[ST_WARN] = {166, -1, 3, -1, 222, 0, LOOK_BOLD},
	[ST_STOPPED] = {GREY256, -1, -1, -1, 252, 0, LOOK_DIM},
	[ST_MARK] = {166, -1, 3, -1, 222, LOOK_BOLD, LOOK_BOLD},
	[ST_MATCH] = {16, 221, 0, 3, 16, 0, LOOK_UNDERLINE},
	[ST_MATCH_CURRENT] = {16, 208, 0, 3, 16, LOOK_BOLD, LOOK_REVERSE},
	[ST_INPUT] = {-1, -1, -1, -1, 231, LOOK_UNDERLINE, LOOK_UNDERLINE},
	[ST_BUTTON] = {-1, -1, -1, -1, 231, 0, 0},
	[ST_BUTTON_FOCUS] = {-1, -1, -1, -1, 231, LOOK_REVERSE, LOOK_REVERSE},
	[ST_ADDED] = {28, -1, 2, -1, 157, 0, LOOK_BOLD},
	[ST_REMOVED] = {167, -1, 1, -1, 224, 0, LOOK_DIM},
	[ST_SERIES_1] = {32, -1, 4, -1, 159, LOOK_BOLD, 0},
	[ST_SERIES_2] = {166, -1, 3, -1, 222, LOOK_BOLD, 0},
	[ST_SERIES_3] = {29, -1, 2, -1, 157, LOOK_BOLD, 0},
	[ST_SERIES_4] = {132, -1, 5, -1, 225, LOOK_BOLD, 0},
	[ST_SERIES_5] = {67, -1, 6, -1, 195, LOOK_BOLD, 0},
	[ST_SERIES_6] = {130, -1, 1, -1, 223, LOOK_BOLD, 0},
};

struct look theme_look(enum theme theme, enum style style)
{
	struct look l = looks[style];

	if (theme == THEME_BASIC) {
		l.fg256 = l.fg16;
		l.bg256 = l.bg16;
	}
	if (theme == THEME_CONTRAST && l.fg256 == GREY256) {
		l.fg256 = -1;
		l.mono_attrs &= (unsigned char)~LOOK_DIM;
	}
	return l;
}

const short theme_selected_bg256 = 24;
