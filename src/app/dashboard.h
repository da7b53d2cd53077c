/* dashboard.h - `sagetop` without a command: the screens on the terminal.
 *
 * Wires tui (screens), sync (the service) and the terminal together in one loop:
 * paints from the store first, then refreshes by itself until the user quits.
 */
#ifndef SAGETOP_APP_DASHBOARD_H
#define SAGETOP_APP_DASHBOARD_H

#include "app/config.h"
#include "sync/scopes.h"
#include "tui/theme.h"

struct dashboard_options {
	bool ascii;		/* no characters beyond ASCII (--ascii, or a terminal that is not UTF-8) */
	enum chart_marks marks; /* of charts */
	bool mouse;
	bool mono; /* no colour (NO_COLOR, --mono) */
	enum theme theme;
	int64_t notice_ms;	     /* see struct ui_options */
	int64_t log_gap_ms;	     /* likewise */
	const char *columns, *order; /* of the jobs' list; NULL: the usual */
	const struct config *config; /* for announcements; NULL: none */
	/* For the budgets of each scope; NULL: that one */
	const struct config *scope_configs[SCOPES_MAX];
	const char *start; /* a command to begin with ("logs NAME"); NULL: the jobs */
};

/* Where the user wants to go on: with another profile, in another region, NULL is as it is; or with the scopes of a
 * list (scope.h). */
struct dashboard_next {
	bool wanted;
	char *profile, *region, *scopes; /* owned */
};
void dashboard_next_done(struct dashboard_next *n);

/* Run until the user quits, or goes on elsewhere (*ret_next, which may be NULL). The caller has made the scopes and not
 * yet loaded them: the store is read here, after the terminal is known to be usable. ERR_USAGE where standard input or
 * output is not a terminal. opt may be NULL. */
int dashboard_run(const struct scopes *scopes, const struct dashboard_options *opt, struct dashboard_next *ret_next,
		  struct err *err) NODISCARD;

#endif
