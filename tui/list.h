/* list.h - the one list: headings and rows of any kind of thing, from its fields.
 *
 * A view that is a list begins its state with a struct list and passes its own
 * operations on to the functions below; what is special to a kind stands in the
 * view's struct list_hooks. A cursor that was moved follows its thing's name through
 * filtering and new rows, and a scrolled list keeps the selected row on its line; one
 * that was not stays on the first row. The columns that the list is sorted and filtered
 * by are always shown.
 *
 * The rows are built again where the filter or the order has changed, or much of the
 * kind's things: in turns between keys, which act on the old rows until the new ones are
 * whole (list_build.c). A few things that changed are put among the rows that stand.
 * Things are borrowed from the session until its generation grows. */
#ifndef SAGETOP_TUI_LIST_H
#define SAGETOP_TUI_LIST_H

#include "base/map.h"
#include "model/field_order.h"
#include "model/query.h"
#include "tui/table.h"
#include "tui/view.h"

#define LIST_GUTTER 3 /* cells before a row: mark or "!", and cursor */

struct group;

struct list_build;

/* Of a kind's things: how many changes rows know of. */
struct heard {
	uint64_t generation, changes, gone;
};

/* What is special to one kind's list; any may be NULL. */
struct list_hooks {
	/* Another heading than the field's; NULL: the field's. */
	const char *(*heading)(struct view *v, const struct field *f);
	/* Another text than the field's; false: the field's. */
	bool (*text)(const struct field *f, const struct resource *r, struct buf *out);
	/* Draw a cell; false: as its type says. */
	bool (*cell)(struct view *v, struct area a, int row, int col, int width, const struct field *f,
		     const struct resource *r);
	/* How wide the thing's cell of FIELD_SPARK is, as drawn by `cell`. */
	int (*cells)(struct view *v, const struct resource *r);
	/* Whether it calls for a look: "!" stands before its row, unless a mark does. */
	bool (*alarms)(struct view *v, const struct resource *r);
	/* Draw what stands there where there are no rows. */
	void (*empty)(struct view *v, struct area a);
	/* The marked things in words, for the status line. */
	void (*marked)(struct view *v, struct buf *out);
};

struct list_groups;

struct list {
	const struct session *session; /* that its things are in */
	const struct kind *kind;
	struct list_groups *groups;   /* of the rows; NULL: not grouped */
	struct list_groups *grouping; /* how the rows to come are grouped: the same, others; NULL: not at all */
	size_t n_things;	      /* rows without those of groups, folded ones too */
	char *parent;		      /* only what belongs to that one; NULL: all */
	const struct list_hooks *hooks;
	const struct resource **rows;
	const struct group **row_groups; /* of rows that stand for one, whose things are but names for them; NULL */
	size_t n, cap;
	struct list_build *build; /* the rows to come; NULL */
	struct heard heard;	  /* what the rows know of */
	uint64_t updated;	  /* the generation that the last update saw */
	int restarts;		  /* of that build */
	bool whole;		  /* the rows are those of a build */
	bool other_widths;	  /* those of the rows to come say how wide columns are */
	uint64_t built;		  /* grows whenever the rows do or change */
	struct table_view table;
	struct field_list columns;     /* the usual ones, or those of the settings; then those of ctrl-w; then guests */
	size_t n_usual, n_own;	       /* without those of ctrl-w; without guests, which order and filter ask for */
	bool asked[TABLE_COLUMNS_MAX]; /* the list is sorted or filtered by that column, as of the last update */
	bool chosen;		       /* by the settings: they do not give way to those of ctrl-w */
	size_t n_new; /* of the usual ones, the last, chosen since the last drawing, which says what has no room */
	short seen[TABLE_COLUMNS_MAX]; /* cells of the widest text that was on the screen; forgotten with the filter */
	struct {		       /* the rows that were measured last, and when */
		size_t top, n;
		uint64_t built;
		int64_t at_ms;
	} measured;
	uint64_t name_widths; /* a bit for each width among the names; likewise */
	struct field_ref sort;
	char *sort_word; /* as it was typed; NULL: the heading's */
	bool reverse;	 /* the other way round than the field's own */
	char *filter;	 /* as typed; NULL: all */
	char *given;	 /* the one that it was opened with, over other screens; NULL */
	struct query *query;
	const char *vain;    /* without rows: the first term that nothing has; borrowed from the query; NULL */
	char *filter_before; /* while one is being typed */
	bool faults, wide, stale;
	char *selected; /* its name */
	char *awaited;	/* selected as soon as it is there */
	bool pinned;	/* the cursor was moved: it keeps to its thing */
	struct map marks;
	char *last_mark;
	size_t n_hidden;     /* marked, but left out by the filter */
	bool hidden_known;   /* n_hidden is counted */
	size_t n_all, n_bad; /* rows without a filter; rows of what has failed */
	int64_t newest_ms;   /* of all rows */
	int64_t seen_ms;     /* the newest when the first row was last on the screen */
	struct {	     /* rows above the screen that came since, and where that was counted */
		size_t n, top;
		uint64_t built;
	} above;
};

void list_open(struct view *v, const struct kind *kind, const char *parent, const struct list_hooks *hooks);
/* The filter that it is opened with (arg->text, which may be NULL). */
int list_open_filter(struct view *v, const struct view_arg *arg, struct err *err);
/* What Esc does where nothing is shown, in words. */
const char *list_way_back(const struct list *l);
void list_close(struct view *v);
/* Operations of the view. */
uint64_t list_generation(struct view *v);
void list_update(struct view *v);
bool list_work(struct view *v, int64_t budget_us); /* on the rows to come */
/* Of a group that is shown only the least is told of what is to come. */
bool list_groups_tell_least(const struct list *l);
const struct group *list_groups_selected(const struct view *v); /* under the cursor; NULL */
/* All rows as they were asked for, at once: before something is done with all. */
void list_settle(struct view *v);
void list_draw(struct view *v, struct area a);
bool list_action(struct view *v, enum action a); /* moving, marks, order, filter, columns */
/* Whether there is something that it would be done with: a thing, a group. */
bool list_offers(struct view *v, enum action a);
bool list_key(struct view *v, int key); /* a field's own key sorts by it */
int list_filter(struct view *v, const char *text, struct err *err);
int list_sort(struct view *v, const char *text, struct err *err);
int list_columns(struct view *v, const char *text, struct err *err); /* as --columns; "": the usual ones */
/* Whether a thing stands in a list that is looked at so; q NULL: by no filter. */
bool list_lets_through(const struct query *q, bool only_failed, const struct resource *r,
		       const struct field_context *x);
/* "prefix", "tag:KEY": by groups (groups.h); "none". */
int list_group(struct view *v, const char *text, struct err *err);
void list_shown(const struct view *v, struct field_list *ret);
void list_shape(const struct view *v, struct view_shape *ret);
int list_reshape(struct view *v, const struct view_shape *s, struct err *err);
void list_csv(struct view *v, struct buf *out); /* what is shown, with its columns */
const struct resource *list_beside(struct view *v, const char *name);
const char *list_neighbour(struct view *v, const char *name, int by);
void list_await(struct view *v, const char *name);
/* "jobs 5 of 512 · status:failed · by age", and what is marked. */
void list_title(struct view *v, const char *what, struct buf *left, struct buf *right);
/* What is marked on the left; how old the rows are, and the place, on the right. */
void list_status(struct view *v, struct buf *left, struct buf *right);

/* The things whose measured columns are to be asked for: those on the screen, or all, where the list is sorted or
 * filtered by such a column. False: none. */
bool list_measured(const struct list *l, struct strlist *ret, bool *ret_all);
const struct resource *list_selected(const struct list *l); /* NULL where the list is empty */
const struct resource *list_current(struct view *v);	    /* the same, but for a group */
/* What is done with the chosen ones (thing.h); false where the action is another's. */
bool list_thing_action(struct view *v, enum action a);
/* What the chosen ones are, where there are several: "the marked", "the group". */
const char *list_among(struct view *v);
/* Enter on a group folds or unfolds it. */
const char *list_label(struct view *v, enum action a);
/* "2 marked, hidden by the filter"; "" where none is. */
void list_hidden_text(struct view *v, char *buf, size_t size);
long list_find(const struct view *v, const char *name); /* its row; -1 where it is not shown */
/* Whether the largest stands first. */
bool list_descending(const struct list *l);
/* What a row's thing is known by (session_name_of). */
const char *list_name_of(const struct list *l, const struct resource *r, struct buf *buf);

#endif
