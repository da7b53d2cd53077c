/* jobtext.h - how states and figures read on a screen: symbols, small curves, counts. */
#ifndef SAGETOP_TUI_JOBTEXT_H
#define SAGETOP_TUI_JOBTEXT_H

#include "model/session.h"
#include "tui/surface.h"

#define JOBTEXT_LEN 64

/* "●" and the like, with the style of the state; the word stands beside it. */
const char *state_symbol(const struct resource *r);
enum style state_style(const struct resource *r);
/* 48,210 */
char *jobtext_count(char *buf, uint64_t n);

#endif
