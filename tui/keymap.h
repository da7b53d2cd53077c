/* keymap.h - from a key to an action, by the table keys.def, whose keys the settings may change.
 *
 * Help, footer and the manual are made from the same rows. */
#ifndef SAGETOP_TUI_KEYMAP_H
#define SAGETOP_TUI_KEYMAP_H

#include "base/str.h"
#include "tui/key.h"

enum key_context {
	CTX_NONE = 0,
	CTX_LIST,
	CTX_JOBS,
	CTX_JOB,
	CTX_THINGS,
	CTX_PAGE,
	CTX_TUNING,
	CTX_FILES,
	CTX_KINDS,
	CTX_FAILURES,
	CTX_BACKTESTS,
	CTX_LAUNCHES,
	CTX_COMPARE,
	CTX_PARTS,
	CTX_RAW,
	CTX_TEXT,
	CTX_LOGS,
	CTX_CHART,
	CTX_COST,
	CTX_CHOOSER,
	CTX_FILTERS,
	CTX_HISTOGRAM,
	CTX_REQUESTS,
	CTX_HELP,
	CTX_GLOBAL,
	CTX_COUNT
};

enum action {
	ACT_NONE = 0,
	/* moving */
	ACT_UP,
	ACT_DOWN,
	ACT_PAGE_UP,
	ACT_PAGE_DOWN,
	ACT_HALF_UP,
	ACT_HALF_DOWN,
	ACT_TOP,
	ACT_BOTTOM,
	ACT_SCROLL_LEFT,
	ACT_SCROLL_RIGHT,
	ACT_NEXT,
	ACT_PREVIOUS,
	/* jobs and other things */
	ACT_OPEN,
	ACT_LOGS,
	ACT_METRICS,
	ACT_CLONE,
	ACT_NEW,
	ACT_STOP,
	ACT_STOP_ALL,
	ACT_VARY,
	ACT_INVOKE,
	ACT_FILES,
	ACT_DOWNLOAD,
	ACT_DELETE,
	ACT_CONSOLE,
	ACT_LINK_NEXT,
	ACT_LINK_PREVIOUS,
	ACT_RAW,
	ACT_MARK,
	ACT_MARK_RANGE,
	ACT_MARK_ALL,
	ACT_UNMARK,
	ACT_FILTER,
	ACT_FAULTS,
	ACT_FAILURES,
	ACT_ENTITIES,
	ACT_COSTS,
	ACT_SORT_NEXT,
	ACT_SORT_PREVIOUS,
	ACT_SORT_REVERSE,
	ACT_WIDE,
	ACT_COLUMNS,
	ACT_TAB,
	ACT_TAB_NEXT,
	ACT_TAB_PREVIOUS,
	ACT_FOLD,
	ACT_UNFOLD,
	ACT_FOLD_ALL,
	ACT_COPY,
	ACT_COPY_REMEDY,
	ACT_COMPARE,
	ACT_ALL_ROWS,
	ACT_EXPORT,
	/* logs */
	ACT_SEARCH,
	ACT_SEARCH_NEXT,
	ACT_SEARCH_PREVIOUS,
	ACT_MATCHES_ONLY,
	ACT_MUST,
	ACT_MUST_NOT,
	ACT_FILTERS,
	ACT_HISTOGRAM,
	ACT_ERROR_NEXT,
	ACT_ERROR_PREVIOUS,
	ACT_WARNING_NEXT,
	ACT_WARNING_PREVIOUS,
	ACT_FOLLOW,
	ACT_LIVE,
	ACT_WRAP,
	ACT_TIME,
	ACT_ZOOM,
	ACT_LINE_START,
	ACT_LINE_END,
	ACT_LINE_NEXT,
	ACT_LINE_PREVIOUS,
	ACT_MARKED_NEXT,
	ACT_MARKED_PREVIOUS,
	/* charts */
	ACT_GROUP_NEXT,
	ACT_GROUP_PREVIOUS,
	ACT_LOG_SCALE,
	ACT_LOG_X_SCALE,
	ACT_X_AXIS,
	ACT_SMOOTH_MORE,
	ACT_SMOOTH_LESS,
	ACT_MARKS,
	ACT_CURSOR_LEFT,
	ACT_CURSOR_RIGHT,
	ACT_CURSOR_START,
	ACT_CURSOR_END,
	ACT_POINT_PREVIOUS,
	ACT_POINT_NEXT,
	ACT_ZOOM_IN,
	ACT_ZOOM_OUT,
	ACT_ZOOM_ALL,
	ACT_PAN_LEFT,
	ACT_PAN_RIGHT,
	ACT_GRID,
	ACT_BASELINE,
	/* costs */
	ACT_PERIOD_LONGER,
	ACT_PERIOD_SHORTER,
	ACT_PRICES,
	/* everywhere */
	ACT_COMMAND,
	ACT_HELP,
	ACT_BACK,
	ACT_TRAIL_BACK,
	ACT_TRAIL_FORWARD,
	ACT_QUIT,
	ACT_QUIT_NOW,
	ACT_REQUESTS,
	ACT_REFRESH,
	ACT_SAVE_SCREEN,
	ACT_REDRAW,
	ACT_SUSPEND,
};

struct key_binding {
	enum key_context context;
	enum action action;
	const char *words; /* "JOBS.STOP"; see keymap_name */
	const char *keys;  /* the usual ones: names, separated by blanks */
	const char *label; /* in the footer; "" where not shown there */
	const char *help;
};

extern const struct key_binding key_bindings[];
extern const size_t n_key_bindings;

/* What a row is called in the settings, "jobs.stop". buf holds KEYMAP_NAME_LEN bytes. */
#define KEYMAP_NAME_LEN 40
const char *keymap_name(char *buf, const struct key_binding *b);
/* Have the row of that name these keys instead of the usual ones, or only say whether it could. ERR_USAGE
 * suggests the nearest name, or says what is no key. */
int keymap_change(const char *name, const char *keys, bool only_check, struct err *err) NODISCARD;
bool keymap_is_changed(const struct key_binding *b);
void keymap_restore(const struct key_binding *b); /* to the usual ones; NULL: all rows */
bool keymap_has(const struct key_binding *b, int key, bool usually);
/* The action of a key in a context; ACT_NONE where it has none. */
enum action keymap_find(enum key_context context, int key);
/* The first key bound to an action, as a name; "" where there is none; and one behind it, from 0 on. */
const char *keymap_key_of(char *buf, enum key_context context, enum action action); /* KEY_NAME_LEN */
/* The same for a text, until the block ends that it stands in: KEY_OF(GLOBAL, BACK) is "Esc". */
#define KEY_OF(context, action) keymap_key_of((char[KEY_NAME_LEN]){0}, CTX_##context, ACT_##action)
const char *keymap_nth_key_of(char *buf, enum key_context context, enum action action, size_t nth);
/* All keys of a row, for help: "k Up", "0 … 9" where there are many. buf holds KEYMAP_KEYS_LEN bytes. */
#define KEYMAP_KEYS_LEN (4 * KEY_NAME_LEN)
const char *keymap_keys_text(char *buf, const struct key_binding *b);
/* Which of its row's keys it is in that context, from 0 on; -1 where it has no row. */
int keymap_place(enum key_context context, int key);
const struct key_binding *keymap_row(enum key_context context, enum action action); /* NULL */
const char *keymap_context_title(enum key_context context);

#endif
