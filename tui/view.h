/* view.h - what a screen is, and what the frame around it offers.
 *
 * A view is a const struct view_ops plus a private state of state_size bytes,
 * zeroed before open. It draws into the body's area and never touches the
 * terminal. A new screen is one file and one row in views.def. */
#ifndef SAGETOP_TUI_VIEW_H
#define SAGETOP_TUI_VIEW_H

#include "model/session.h"
#include "tui/host.h"
#include "tui/keymap.h"
#include "tui/surface.h"

struct doc_search;
struct lineedit;
struct pager;
struct ui;
struct view;
struct place;

enum view_id {
#define VIEW(id, name) VIEW_##id,
#include "tui/views.def"
#undef VIEW
	VIEW_COUNT
};

/* What a screen is opened with. All is borrowed for the call. */
/* Of the launch form: a copy of a job, what was launched under that name before, a template. MODE_OVER: the jobs as
 * a list of its own over the screens that are open, which Esc leads back to. */
enum view_mode { MODE_SHOW = 0, MODE_CLONE, MODE_AGAIN, MODE_TEMPLATE, MODE_OVER };
struct view_arg {
	const struct kind *kind; /* of what is shown; NULL where the screen has none */
	struct strlist names;	 /* things of that kind */
	const char *parent;	 /* of a list: only what belongs to that one; NULL */
	enum view_mode mode;
	const char *text;	      /* a filter, the path of a file; NULL */
	const struct ui_scope *scope; /* that it is opened in; NULL: as names, parent and the screen's reach say */
};

/* What is typed behind a screen's `:` command. */
enum view_takes { TAKES_NOTHING = 0, TAKES_TEXT, TAKES_NAME, TAKES_NAMES };

/* How a list is looked at. Texts as `:filter`, --sort, --columns and `:group` have them; NULL: as
 * usual. */
struct view_shape {
	char *filter, *order, *columns, *group;
	bool faults, wide; /* only failed ones; the columns of ctrl-w */
	char *selected;	   /* the thing that the cursor was moved to; NULL */
};
void view_shape_done(struct view_shape *s);
AUTO_EMBEDDED(view_shape, struct view_shape, view_shape_done)

#define VIEW_CONTEXTS_MAX 3

/* Which scopes a screen is about where no thing is named: those of the screen that it is opened from, all, or one. */
enum view_reach { REACH_BELOW = 0, REACH_ALL, REACH_ONE };

struct view_ops {
	const char *name;     /* the `:` command that opens it */
	const char *argument; /* what it takes, in words: "NAME"; "" */
	enum view_takes takes;
	const char *help;
	enum key_context contexts[VIEW_CONTEXTS_MAX];
	size_t state_size;
	bool passing; /* not a screen to go back to: help, forms */
	enum view_reach reach;
	/* May be NULL where there is nothing to do. */
	int (*open)(struct view *v, const struct view_arg *arg, struct err *err);
	void (*close)(struct view *v);
	/* Grows or changes with everything that the view shows; it is redrawn then. */
	uint64_t (*generation)(struct view *v);
	/* Called before drawing where the generation has changed, and after open. */
	void (*update)(struct view *v);
	void (*title)(struct view *v, struct buf *left, struct buf *right);
	void (*draw)(struct view *v, struct area body);
	/* The status line: left part, and position on the right. May be NULL. */
	void (*status)(struct view *v, struct buf *left, struct buf *right);
	/* True where the action was used. */
	bool (*action)(struct view *v, enum action a);
	/* Raw keys, before actions: forms. True where used. May be NULL. */
	bool (*key)(struct view *v, int key);
	/* The line that is being typed in, which takes what is pasted: of forms; NULL where none is. May be NULL. */
	struct lineedit *(*field)(struct view *v);
	/* Whether the thing that is shown has that action: its key stands in the footer.
	 * NULL: all. */
	bool (*offers)(struct view *v, enum action a);
	/* Footer instead of the keymap's labels: "Enter preview  Esc cancel". May be NULL. */
	const char *(*hint)(struct view *v);
	/* Of a document that is searched in (tui/doc_search.h), laid out as it is searched now; NULL elsewhere. */
	struct doc_search *(*doc_search)(struct view *v);
	/* Of lists; NULL elsewhere: `:filter` and `:sort`, */
	int (*filter)(struct view *v, const char *text, struct err *err);
	int (*sort)(struct view *v, const char *text, struct err *err);
	/* `:group` ("none": not), */
	int (*group)(struct view *v, const char *text, struct err *err);
	/* The columns that are chosen, or usual: what the chooser begins with, */
	void (*shown)(const struct view *v, struct field_list *ret);
	/* `:columns`, and the rows as CSV for `:export`, */
	int (*columns)(struct view *v, const char *text, struct err *err);
	void (*csv)(struct view *v, struct buf *out);
	/* how it is looked at (*ret is empty), and to have it looked at so; an error leaves it as it is, */
	void (*shape)(const struct view *v, struct view_shape *ret);
	int (*reshape)(struct view *v, const struct view_shape *s, struct err *err);
	/* the thing under the cursor; NULL where there is none, */
	const struct resource *(*current)(struct view *v);
	/* the thing `by` rows from that one in this list's order, selected; NULL at
	 * the end; borrowed until the next turn, */
	const char *(*neighbour)(struct view *v, const char *name, int by);
	/* the one beside that name, nothing is selected by it, */
	const struct resource *(*beside)(struct view *v, const char *name);
	/* that one selected as soon as it is there, */
	void (*await)(struct view *v, const char *name);
	/* and in words what is chosen though it is not seen; "" where nothing is. */
	void (*hidden)(struct view *v, char *buf, size_t size);
	/* What several things that something is done with are: "the marked"; NULL: "them". */
	const char *(*among)(struct view *v);
	/* Another word in the footer than the key's own; NULL: that. */
	const char *(*label)(struct view *v, enum action a);
	/* Spend at most budget_us on work in the background (searching); true where
	 * there is more. May be NULL. */
	bool (*work)(struct view *v, int64_t budget_us);
	/* Of a log: `:goto`, to a time or a round, */
	int (*go_to)(struct view *v, const char *text, struct err *err);
	/* `:save FILE`, and over a file that is there, */
	int (*save)(struct view *v, const char *path, bool replace, struct err *err);
	/* and its pager, whose filters another screen and commands change. */
	struct pager *(*pager)(struct view *v);
	/* Of a launch that was prepared: what the form can be filled with again (`:template save`), the caller's. */
	int (*template)(struct view *v, char **ret, struct err *err);
};

/* What a view sees and asks: of all scopes that are looked at together, or of one of them (ui_scope.c). */
struct ui_scope {
	const struct session *session;
	const struct ui_host *host;
};

struct view {
	const struct view_ops *ops;
	struct ui *ui;
	const struct ui_scope *scope;
	const struct kind *kind; /* it was opened with; NULL */
	const struct kind *rows; /* of a list, set as it opens: that of its rows; NULL elsewhere */
	void *state;
	struct place *place; /* what it can be opened with again (ui_trail.c) */
	uint64_t id;	     /* never reused */
	uint64_t drawn_generation;
	bool updated;
};

extern const struct view_ops view_job_ops;
extern const struct view_ops *const view_table[];
extern const size_t n_view_table;

/* The `:` commands that open no view. */
struct ui_command {
	const char *name, *argument, *help;
	void (*run)(struct ui *ui, const char *arg);
};
extern const struct ui_command ui_commands[];
extern const size_t n_ui_commands;

/* --- what the frame offers to views --- */
static inline const struct session *view_session(const struct view *v)
{
	return v->scope->session;
}
static inline const struct ui_host *view_host(const struct view *v)
{
	return v->scope->host;
}
/* Whether the header's dollars an hour are seen to lack what has no price ("≥"). */
bool ui_burn_is_partial(const struct ui *ui);
const char *ui_at_least(const struct ui *ui); /* "≥"; ">=" where there is only ASCII */
int64_t ui_log_gap_ms(const struct ui *ui);   /* see struct ui_options */
int64_t ui_now_ms(const struct ui *ui);	      /* one instant for a whole paint */

/* Of several scopes the one that a screen is in; NULL: all, or there is one only. */
const char *ui_scope_named(const struct view *v);

/* Open a view on top; arg NULL is an empty one. A failure becomes a notice. The
 * same screen of the same kind is replaced. */
void ui_push(struct ui *ui, enum view_id view, const struct view_arg *arg);
/* ... with one thing. */
void ui_push_one(struct ui *ui, enum view_id view, const struct kind *kind, const char *name, enum view_mode mode);
/* What is below the view that is being opened: help is about it. */
const struct view_ops *ui_top_ops(const struct ui *ui);
/* The log that is seen, or that lies below its list of filters, and its screen; NULL. */
struct pager *ui_pager(struct ui *ui);
struct view *ui_log(struct ui *ui);
/* Asks for a pattern that its lines must match, or must not. */
void ui_ask_filter(struct view *v, bool must_not);
const struct kind *ui_top_kind(const struct ui *ui);
void ui_shown_columns(const struct ui *ui, struct field_list *ret); /* of the list that it is */
/* What keys, columns and filters of a view are about: of a list the kind of its rows. */
const struct kind *ui_kind_of(const struct view *v);
void ui_pop(struct ui *ui);
void ui_close(struct view *v); /* that one, wherever it stands; v is gone afterwards */
void ui_notice(struct ui *ui, enum notice_level level, const char *fmt, ...) PRINTF_LIKE(3, 4);
void ui_redraw(struct ui *ui); /* at the next turn */

/* A warning or an error of what runs by itself, told once: how often it came, and when last. */
struct trouble {
	char *cause, *text; /* masked (failure.h), and as it came last */
	size_t n;
	int64_t at_ms, mono_ms; /* by both clocks */
	bool tell;		/* also when it comes again: the user has asked */
};
const struct trouble *ui_trouble_at(const struct ui *ui, size_t i); /* the newest first; NULL beyond the last */
void ui_troubles_tell(struct ui *ui);				    /* once more when they come again */

/* The saved view that the key of this list says, or none. */
bool ui_tab_action(struct view *v, enum action a);

/* Ask for a line of text. changed (may be NULL) is called at every keystroke for
 * a live preview and may set err, shown beside the text; done gets NULL where the
 * user gave up. */
enum prompt_kind { PROMPT_COMMAND, PROMPT_FILTER, PROMPT_SEARCH, PROMPT_PART, PROMPT_VALUE };
struct prompt_ops {
	enum prompt_kind kind;
	void (*changed)(struct view *v, const char *text, struct err *err);
	void (*done)(struct view *v, const char *text);
	const char *sign; /* before the text; NULL: that of the kind */
	const char *hint; /* below it, what keys do; likewise */
};
void ui_prompt(struct view *v, const struct prompt_ops *ops, const char *initial);

/* More things than these are asked about by their number, which has to be typed. */
#define UI_TYPE_COUNT_ABOVE 5

/* A question with two answers, Cancel focused. type_this: what must be typed
 * before the other button works; NULL: nothing. text may have several lines. */
void ui_confirm(struct view *v, const char *title, const char *text, const char *button, const char *type_this,
		void (*yes)(struct view *v));

/* Stop, or delete, these things of a kind: asks, then sends one request each and
 * reports. */
void ui_stop(struct view *v, const struct kind *kind, const struct strlist *names);
void ui_delete(struct view *v, const struct kind *kind, const struct strlist *names);
/* Weights and instances of an endpoint's variants, in words (model/variants.h): sent, and reported. */
void ui_vary(struct view *v, const char *endpoint, const char *text);
/* Into a file, with a notice "written to FILE" (done: "written to") or of why not; a text that was cut short is not.
 * over: the command that writes over a file that is there (":save!"); NULL: that is what is wanted. */
void ui_save(struct ui *ui, const char *path, const char *over, const struct buf *text, const char *done);
/* Begin one that is written piece by piece (struct ui_host); ERR_EXISTS names the command. */
int ui_draft(struct ui *ui, const char *path, const char *over, struct fs_draft **ret, struct err *err);
/* Into the clipboard, and a word about it into the status line. */
void ui_copy(struct ui *ui, const char *text);
void ui_copy_as(struct ui *ui, const char *text, const char *what); /* that is the word */
/* The screens of a kind: the jobs have their own. */
enum view_id ui_list_of(const struct kind *kind);
enum view_id ui_page_of(const struct kind *kind);

/* Requests to the host, late answers dropped with the view. */
typedef void view_text_fn(struct view *v, const char *text, const struct err *err);
typedef void view_preview_fn(struct view *v, struct host_preview *p, const struct err *err); /* p: the view's */
void ui_ask_describe(struct view *v, const struct kind *kind, const char *name, view_text_fn *fn);
void ui_ask_findings(struct view *v, const struct kind *kind, const char *name, view_text_fn *fn);
/* False where the host offers none. */
bool ui_ask_estimate(struct view *v, const struct host_launch_request *r, view_text_fn *fn);
void ui_ask_preview(struct view *v, const struct host_launch_request *r, view_preview_fn *fn);
bool ui_ask_edit(struct view *v, view_preview_fn *fn); /* the one there, in the editor; false where none is offered */
void ui_ask_peek(struct view *v, const char *bucket, const char *key, int64_t size, view_text_fn *fn);
/* See struct ui_host; ERR_INVALID as well where the host offers none. */
int ui_download(struct view *v, const struct file_object *o, const char *path, bool replace, struct err *err) NODISCARD;
bool ui_ask_invoke(struct view *v, const struct host_invoke_request *r, view_text_fn *fn); /* false: refused */
bool ui_ask_launch(struct view *v, const char *name, view_text_fn *fn); /* text is the name; false: refused */

/* Select that job in the jobs as soon as it is there: it has just been launched. */
void ui_await_job(const struct view *v, const char *name);

/* The names J and K walk through: those of the list below the view, in its order. */
const char *ui_neighbour(struct view *v, const char *name, int by);

/* The one that stands below that name in the kind's list that is open, else above; in buf where it is another text;
 * NULL. */
const char *ui_beside(struct view *v, const struct kind *kind, const char *name, struct buf *buf);

/* What was chosen on the screen, else what the settings say of a kind's list (as --columns and
 * --sort); NULL: nothing. Borrowed until something is kept. */
const char *ui_columns_of(const struct ui *ui, const struct kind *kind);
const char *ui_order_of(const struct ui *ui, const struct kind *kind);
/* A text that is kept from one start to the next ("columns/training-job"); NULL where there is none;
 * borrowed until something is kept. */
const char *ui_kept(const struct ui *ui, const char *name);
/* What was saved under a name (struct view_ops, template); NULL; borrowed likewise. */
const char *ui_template_text(const struct ui *ui, const char *name);
/* Keep it; NULL forgets. Where it cannot be kept a notice says so. */
void ui_keep(struct ui *ui, const char *name, const char *text);
/* What of pages the user folded or unfolded, by a name, as long as the console runs; false where neither was done. */
bool ui_fold_of(const struct ui *ui, const char *what, bool *ret_folded);
void ui_fold(struct ui *ui, const char *what, bool folded);
/* Have cold fields filled for all things of a kind (field.h): the list's generation
 * changes once they are. */
void ui_want_columns(struct view *v, const struct kind *kind, const struct field_list *fields);
/* One of the kind in a sentence: "job", "processing job". */
const char *ui_kind_word(const struct kind *kind);

/* The feed of a thing; NULL where there is none. */
const struct feed *view_feed(const struct view *v, const struct kind *kind, const char *name);
/* The colours of things that are shown together, from 0 on: a thing keeps that which it had, with others beside it,
 * unless one of these had it as well and comes first. ret has room for all names. */
void ui_slots(struct ui *ui, const struct strlist *names, size_t *ret);
/* The thing of a kind whose curves stay behind those of others; NULL: none; borrowed until something is kept. One of
 * another name, or none. */
void ui_marks_next(struct ui *ui); /* what charts are drawn with, kept for the next start, too */
const char *ui_baseline(const struct ui *ui, const struct kind *kind);
void ui_set_baseline(struct ui *ui, const struct kind *kind, const char *name);
/* Want or no longer want its details, log and metrics. */
void view_watch(const struct view *v, const struct kind *kind, const char *name, bool on);

#endif
