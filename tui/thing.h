/* thing.h - what can be done with a thing of any kind, from its list or its page. */
#ifndef SAGETOP_TUI_THING_H
#define SAGETOP_TUI_THING_H

#include "tui/view.h"

/* Open, log, metrics, raw, clone, stop, delete, console, copy: true where the action
 * was one of these. names: the marked ones, for those that take several. */
bool thing_action(struct view *v, enum action a, const struct resource *r, const struct strlist *names);
bool thing_is_action(enum action a);
bool thing_takes_many(enum action a); /* what is done with all that are marked */
/* Copy what helps against the failure of a job, or say that there is no such line. */
void thing_copy_remedy(struct view *v, const struct resource *r);
/* On a screen about things, of which the first is shown: the above, and the next or the
 * previous one of the list on the same screen. v may be gone afterwards. */
bool thing_screen_action(struct view *v, enum action a, enum view_id screen, const struct strlist *names);
/* ERR_NOTFOUND that says so of such a thing, or that it is not known yet. */
int thing_missing(const struct view *v, const struct kind *kind, const char *name, struct err *err);
/* The names that a screen is opened with, each once; ERR_NOTFOUND where there is no such thing. */
int thing_open_names(struct view *v, const struct view_arg *arg, struct strlist *ret, struct err *err) NODISCARD;
/* Have all of the screen's kind watched, or no longer. */
void thing_watch(struct view *v, const struct strlist *names, bool on);
/* Whether the kind has it: its key stands in the footer. */
bool thing_offers(const struct kind *kind, enum action a);
/* ... and on a screen about that one (NULL: not known): what has ended is not stopped. */
bool thing_offers_now(const struct kind *kind, const struct resource *r, enum action a);

#endif
