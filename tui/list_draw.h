/* list_draw.h - what list*.c share. Views never include it. */
#ifndef SAGETOP_TUI_LIST_DRAW_H
#define SAGETOP_TUI_LIST_DRAW_H

#include "tui/jobtext.h"
#include "tui/list.h"

#define LIST_NAME_CELLS_MAX 63

/* Keep the selected one's name: the selection follows the thing, not the row. */
void list_remember(struct list *l);
/* The cursor keeps to what it was seen on, though rows may have come above it since. */
void list_pin(struct list *l);
/* Whether the filter lets it through. */
bool list_passes(const struct list *l, const struct resource *r, const struct field_context *x);
/* Whether the list is sorted or filtered by that column. */
bool list_asks_for(const struct list *l, const struct field_ref *f);
/* All rows have failed, and are looked at for that reason. */
bool list_shows_failures(const struct list *l);
void list_rebuild(struct view *v); /* at the next turn */
void list_forget_widths(struct list *l);
/* list_columns.c: as the settings have them (NULL: the usual), cold ones asked for. */
void list_choose_columns(struct list *l, const char *text);
void list_want_cold(struct view *v);
void list_invite_guests(struct list *l); /* those that order and filter ask for */
struct field_ref list_usual_order(const struct kind *k);
/* Of the marks: Space, the range, all that is shown, none; false where it is another key. */
bool list_mark_action(struct view *v, enum action a);

#endif
