/* list_draw.h - what list*.c share. Views never include it. */
#ifndef SAGETOP_TUI_LIST_DRAW_H
#define SAGETOP_TUI_LIST_DRAW_H

#include "tui/jobtext.h"
#include "tui/list.h"

#define LIST_GAP 2 /* cells between columns */
#define LIST_NAME_CELLS_MAX 63

/* Keep the selected one's name: the selection follows the thing, not the row. */
void list_remember(struct list *l);
/* The row of what was painted under the cursor, though rows may have come above it since. */
size_t list_row_seen(const struct view *v);
/* The cursor keeps to that from now on. */
void list_pin(struct view *v);
/* Whether the filter lets it through. */
bool list_passes(const struct list *l, const struct resource *r, const struct field_context *x);
/* All rows have failed, and are looked at for that reason. */
bool list_shows_failures(const struct list *l);
void list_rebuild(struct view *v); /* at the next turn */

/* list_build.c. Rows that are not done when a turn ends are gone on with in the next. */
void list_build_begin(struct view *v); /* anew */
void list_build_cancel(struct list *l);
bool list_build_stands(const struct view *v);		/* what it borrowed is still there */
bool list_build_turn(struct view *v, int64_t until_us); /* true where they are the list's now */
/* Put what has changed among the rows that stand; false where they are to be built. */
bool list_merge_changes(struct view *v);
void list_hear_of_gone(struct view *v);
void list_place_cursor(struct view *v); /* rows have come, gone or moved */

/* The group that a row stands for; NULL. */
static inline const struct group *list_group_at(const struct list *l, size_t row)
{
	return l->row_groups ? l->row_groups[row] : NULL;
}
/* As --sort: "cost" ascending, "-cost" descending; NULL: the usual one. */
void list_choose_order(struct list *l, const char *text);
/* list_columns.c: as the settings have them (NULL: the usual), cold ones asked for. */
void list_choose_columns(struct list *l, const char *text);
void list_want_cold(struct view *v);
void list_invite_guests(struct list *l); /* those that order and filter ask for */
struct field_ref list_usual_order(const struct kind *k);
/* Of the marks: Space, the range, all that is shown, none; false where it is another key. */
bool list_mark_action(struct view *v, enum action a);
/* The thing is, or all things of the group are. */
bool list_is_marked(const struct list *l, const struct resource *r);
bool list_row_is_marked(const struct list *l, size_t row);

/* list_groups.c. The groups that stand in place of the rows, and their unfolded jobs. */
/* Those that are asked for, of jobs in the list's order, in turns; true once they are made. */
bool list_groups_turn(struct view *v, const struct resource *const *jobs, size_t n, int64_t until_us);
void list_groups_cancel(struct list *l);       /* what turns have made so far */
void list_groups_adopt(struct list *l);	       /* the rows become groups, or no longer are */
bool list_groups_borrow(const struct list *l); /* what a change of the things may take away */
void list_groups_lose(struct list *l);	       /* members are gone */
void list_groups_free(struct list *l);
bool list_groups_are_old(const struct view *v); /* what runs has cost more since */
void list_groups_draw_row(struct view *v, struct area a, int line, const int *widths, const struct group *one);
/* Those of groups where none is unfolded; false where the things have theirs. */
bool list_groups_draw_headings(struct view *v, struct area a, int width);
bool list_groups_action(struct view *v, enum action a);
char *list_groups_words(const struct list *l, char *buf); /* as asked: "prefix"; GROUPS_WORDS_LEN bytes */
size_t list_groups_count(const struct list *l);		  /* 0: they are not made yet */
/* The things of a group, of all (NULL), folded ones too, in the list's order; borrowed. */
const struct resource *const *list_members(const struct list *l, const struct group *of, size_t *ret_n);

#endif
