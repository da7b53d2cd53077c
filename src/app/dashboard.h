/* dashboard.h - `sagetop` without a command: the screens on the terminal.
 *
 * Wires tui (screens), sync (the service) and the terminal together in one loop:
 * paints from the store first, then refreshes by itself until the user quits.
 */
#ifndef SAGETOP_APP_DASHBOARD_H
#define SAGETOP_APP_DASHBOARD_H

#include "app/config.h"
#include "sync/sync.h"
#include "tui/theme.h"

struct dashboard_options {
	bool ascii;  /* no characters beyond ASCII (--ascii, or a terminal that is not UTF-8) */
	bool blocks; /* charts of blocks, not of braille */
	bool mono;   /* no colour (NO_COLOR, --mono) */
	enum theme theme;
	int64_t notice_ms;	     /* see struct ui_options */
	int64_t log_gap_ms;	     /* likewise */
	const char *columns, *order; /* of the jobs' list; NULL: the usual */
	const struct config *config; /* for its budgets; NULL: none */
	const char *start;	     /* a command to begin with ("logs NAME"); NULL: the jobs */
};

/* Where the user wants to go on: with another profile, in another region. NULL is as it is. */
struct dashboard_next {
	bool wanted;
	char *profile, *region; /* owned by the caller */
};

/* Run until the user quits, or goes on elsewhere (*ret_next, which may be NULL). The caller has made sync and not yet
 * loaded it: the store is read here, after the terminal is known to be usable. ERR_USAGE where standard input or output
 * is not a terminal. opt may be NULL. */
int dashboard_run(struct sync *sync, const struct dashboard_options *opt, struct dashboard_next *ret_next,
		  struct err *err) NODISCARD;

#endif
