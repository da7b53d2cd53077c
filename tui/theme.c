/* The look of every style. */
#include "tui/theme.h"

#include "base/str.h"

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
	[ST_KEY] = {32, -1, 6, -1, 159, LOOK_BOLD, LOOK_BOLD},
	[ST_RUNNING] = {32, -1, 6, -1, 159, 0, LOOK_BOLD},
	[ST_PENDING] = {GREY256, -1, -1, -1, 252, 0, 0},
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

/* Colours of a theme's own; 0: as usual. */
struct palette {
	short fg256[ST_COUNT], selected256[ST_COUNT], fg16[ST_COUNT];
};

#define GREYS(colour) [ST_DIM] = (colour), [ST_HEADING] = (colour), [ST_PENDING] = (colour), [ST_STOPPED] = (colour)

static const struct palette palettes[THEME_COUNT] = {
	[THEME_DARK] =
		{.fg256 =
			 {GREYS(247), [ST_KEY] = 75, [ST_RUNNING] = 75, [ST_GOOD] = 77, [ST_BAD] = 210, [ST_WARN] = 215,
			  [ST_MARK] = 215, [ST_ADDED] = 77, [ST_REMOVED] = 210, [ST_SERIES_1] = 75, [ST_SERIES_2] = 209,
			  [ST_SERIES_3] = 79, [ST_SERIES_4] = 176, [ST_SERIES_5] = 159, [ST_SERIES_6] = 185}},
	[THEME_LIGHT] =
		{.fg256 = {GREYS(240), [ST_KEY] = 25, [ST_RUNNING] = 25, [ST_GOOD] = 22, [ST_BAD] = 124, [ST_WARN] = 94,
			   [ST_MARK] = 94, [ST_ADDED] = 22, [ST_REMOVED] = 124, [ST_SERIES_1] = 25, [ST_SERIES_2] = 94,
			   [ST_SERIES_3] = 22, [ST_SERIES_4] = 90, [ST_SERIES_5] = 240, [ST_SERIES_6] = 124}},
	/* Blue, orange, violet and grey stay apart; what is well needs no colour. */
	[THEME_COLOR_BLIND] =
		{.fg256 = {[ST_KEY] = 68,
			   [ST_RUNNING] = 68,
			   [ST_GOOD] = -1,
			   [ST_BAD] = 130,
			   [ST_WARN] = 129,
			   [ST_MARK] = 129,
			   [ST_ADDED] = 68,
			   [ST_REMOVED] = 130,
			   [ST_SERIES_1] = 66,
			   [ST_SERIES_2] = 130,
			   [ST_SERIES_3] = 129,
			   [ST_SERIES_4] = 101,
			   [ST_SERIES_5] = 164,
			   [ST_SERIES_6] = 133},
		 .selected256 = {[ST_GOOD] = 231,
				 [ST_BAD] = 222,
				 [ST_WARN] = 225,
				 [ST_MARK] = 225,
				 [ST_ADDED] = 159,
				 [ST_REMOVED] = 222},
		 .fg16 = {[ST_GOOD] = -1,
			  [ST_WARN] = 5,
			  [ST_MARK] = 5,
			  [ST_ADDED] = 6,
			  [ST_BAD] = 3,
			  [ST_REMOVED] = 3}},
};

static short either(short own, short usual)
{
	return own ? own : usual;
}

struct look theme_look(enum theme theme, enum style style)
{
	const struct palette *own = &palettes[theme];
	struct look l = looks[style];

	l.fg256 = either(own->fg256[style], l.fg256);
	l.selected256 = either(own->selected256[style], l.selected256);
	l.fg16 = either(own->fg16[style], l.fg16);
	if (theme == THEME_BASIC) {
		l.fg256 = l.fg16;
		l.bg256 = l.bg16;
	}
	if (theme == THEME_CONTRAST && l.fg256 == GREY256) {
		l.fg256 = -1;
		l.mono_attrs &= (unsigned char)~LOOK_DIM;
	}
	if (theme == THEME_MONO)
		l.fg256 = l.bg256 = l.fg16 = l.bg16 = -1;
	return l;
}

const short theme_selected_bg256 = 24;

struct paint theme_paint(enum theme theme, enum style style, bool selected, int colours)
{
	const struct look l = theme_look(theme, style);
	bool plain = !colours || theme == THEME_MONO, rich = !plain && colours >= 256 && theme != THEME_BASIC;
	struct paint p = {l.fg16, l.bg16, plain ? l.mono_attrs : l.colour_attrs};

	if (rich) {
		p.fg = selected ? l.selected256 : l.fg256;
		p.bg = selected && l.bg256 < 0 ? theme_selected_bg256 : l.bg256;
		return p;
	}
	if (selected) /* in the terminal's own two colours */
		p.attrs |= LOOK_REVERSE;
	if (selected || plain)
		p.fg = p.bg = -1;
	return p;
}

static const char *const names[] = {
#define THEME(id, name, help) name,
#include "tui/themes.def"
#undef THEME
};

const char *theme_name(enum theme theme)
{
	return names[theme];
}

int theme_parse(const char *name, enum theme *ret, struct err *err)
{
	AUTO(buf) struct buf all = BUF_INIT(512);

	for (size_t i = 0; i < THEME_COUNT; i++) {
		if (str_eq(name, names[i])) {
			*ret = (enum theme)i;
			return 0;
		}
		(void)buf_addf(&all, " %s", names[i]);
	}
	return err_set(err, ERR_USAGE, "which theme?%s", buf_str(&all));
}
