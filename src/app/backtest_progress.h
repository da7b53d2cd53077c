/* backtest_progress.h - how far a backtest is: one line that is written over on a terminal;
 * elsewhere only what happens is told. Standard error. */
#ifndef SAGETOP_APP_BACKTEST_PROGRESS_H
#define SAGETOP_APP_BACKTEST_PROGRESS_H

#include "model/backtest_run.h"

struct backtest_progress {
	const char *name; /* borrowed */
	bool tty, shown;
	char last[256];
};

void backtest_progress_begin(struct backtest_progress *p, const char *name);
/* fetched: packs whose results are here. */
void backtest_progress_show(struct backtest_progress *p, const struct backtest_run *r, size_t fetched);
void backtest_progress_say(struct backtest_progress *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
void backtest_progress_end(struct backtest_progress *p);

/* "12 of 30 packs, 4 running, 1 failed (data 1), 2 retried, 3m10s to go, $0.12". Owned by the caller. */
char *backtest_progress_text(const struct backtest_run *r, size_t fetched) NODISCARD;

#endif
