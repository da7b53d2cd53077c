/* thing.h - what can be done with a thing of any kind, from its list or its page. */
#ifndef SAGETOP_TUI_THING_H
#define SAGETOP_TUI_THING_H

#include "tui/view.h"

/* Open, log, metrics, raw, clone, stop, delete, console, copy: true where the action
 * was one of these. names: the marked ones, for those that take several. */
bool thing_action(struct view *v, enum action a, const struct resource *r, const struct strlist *names);
/* Whether the kind has it: its key stands in the footer. */
bool thing_offers(const struct kind *kind, enum action a);

#endif
