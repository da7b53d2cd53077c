/* ui_internal.h - the frame's own state, shared by ui.c (stack, keys, drawing),
 * ui_frame.c (header, title, footer), ui_prompt.c (prompt, commands), ui_complete.c, ui_dialog.c
 * (questions), ui_ask.c (requests to the host) and ui_change.c (stop, delete). Views never include it. */
#ifndef SAGETOP_TUI_UI_INTERNAL_H
#define SAGETOP_TUI_UI_INTERNAL_H

#include "model/scope.h"
#include "tui/lineedit.h"
#include "tui/ui.h"
#include "tui/view.h"

#define UI_STACK_MAX 16
#define UI_MIN_ROWS 5
#define UI_MIN_COLS 20
#define UI_PROMPT_KINDS 5
#define UI_TROUBLES_MAX 32 /* beyond, the oldest goes */

struct prompt {
	bool on;
	const struct prompt_ops *ops;
	uint64_t view_id;
	struct lineedit edit;
	struct err err; /* what the live preview said */
	struct strlist history[UI_PROMPT_KINDS];
	struct strlist typed_here[UI_PROMPT_KINDS]; /* since the start */
	size_t history_at;			    /* == n: what is being typed */
	char *typed;				    /* kept while walking through the history */
	/* completion */
	struct strlist candidates;
	size_t candidate; /* shown one; candidates.n: none yet */
	size_t word_at;	  /* byte offset of the word being completed */
};

struct dialog {
	bool on;
	uint64_t view_id;
	char *title, *text, *button, *type_this;
	struct lineedit typed;
	int focus; /* 0 Cancel, 1 the other, -1 the text to type */
	void (*yes)(struct view *v);
	ui_code_fn *code; /* instead of yes: what was typed goes there */
	void *code_user;
};

/* What the header shows, counted once per generation of the jobs. */
struct header_facts {
	uint64_t generation;
	bool counted;
	size_t running, failed, unpriced;
	int64_t burn_micro;
	int64_t counted_ms;
	bool partial_shown; /* "≥" stands in the header */
};

struct ui_call {
	struct ui *ui; /* NULL once the ui is gone */
	struct ui_call *next;
	uint64_t view_id;
	char *name;   /* of the thing concerned */
	bool changes; /* stop or launch: quitting asks first */
	view_text_fn *text_fn;
	view_preview_fn *preview_fn;
	struct change_batch *batch;
};

/* The screens that were painted, in order, and where among them the user is. */
struct trail {
	struct trail_stop {
		struct place *places[UI_STACK_MAX];
		size_t n;
	} * stops;
	size_t n, cap, at;
	bool jumped; /* by a command to the jobs, not back to them */
};

struct ui {
	const struct session *session;		/* of all scopes */
	const struct ui_host *host;		/* for what is of no scope: any of theirs */
	struct ui_scope scopes[1 + SCOPES_MAX]; /* all, then each where there are several */
	struct surface surface;
	bool mono;		/* whatever the theme */
	enum theme theme;	/* of the settings, */
	enum chart_marks marks; /* and so are these, */
	bool mouse;		/* and this */
	int64_t notice_ms;	/* how long a note of the least kind is shown */
	int64_t log_gap_ms;	/* see struct ui_options */
	char *columns, *order;	/* of the jobs; NULL */
	char *usual_order;	/* what the jobs came in before another was chosen */
	struct view *stack[UI_STACK_MAX];
	size_t depth;
	uint64_t next_view_id;
	int64_t now_ms;
	bool dirty, quit, repaint;
	uint64_t drawn_signature;
	struct notice notice;	 /* the newest of ours and the session's */
	int64_t notice_shown_ms; /* monotonic, since when */
	uint64_t notice_view;	 /* the screen that it came on */
	bool notice_of_key;	 /* it answers a key: the next one takes it away */
	bool in_key;
	uint64_t session_notice_seen;
	struct trouble troubles[UI_TROUBLES_MAX]; /* of the session, the newest first */
	size_t n_troubles;
	struct prompt prompt;
	struct dialog dialog;
	struct header_facts facts;
	struct trail trail;
	struct tabs *tabs;   /* NULL until they are looked at */
	int key;	     /* that was pressed last */
	const char *pasted;  /* with KEYC_PASTE */
	struct strmap slots; /* of colours, by name of a thing */
	struct strmap folds; /* what was folded ("-") and unfolded ("+"), by name */
	struct ui_call *calls;
	struct { /* asked about in the dialog */
		const struct kind *kind;
		struct strlist names;
		bool remove; /* delete, not stop */
	} change;
};

struct view *ui_top(const struct ui *ui);
struct view *ui_find_view(const struct ui *ui, uint64_t id); /* NULL where it is gone */
bool ui_action(struct ui *ui, enum action a);		     /* of the GLOBAL context */
void ui_settle(struct ui *ui);	/* before anything is done on the top view: what is seen is about to be another */
void ui_pop_all(struct ui *ui); /* but the jobs */
void ui_quit(struct ui *ui, bool ask); /* ask: where a change is under way */

void ui_frame_draw(struct ui *ui, struct view *v);

/* ui_notice.c */
void ui_notice_collect(struct ui *ui); /* take over the session's newest, unless it was told of late */
bool ui_notice_showing(const struct ui *ui);
size_t ui_troubles_last(const struct ui *ui); /* so many came again and are not over */
void ui_troubles_done(struct ui *ui);

/* ui_history.c: of the last start; a line more; for the next one. */
void ui_history_load(struct ui *ui);
void ui_history_add(struct ui *ui, enum prompt_kind kind, const char *text);
void ui_history_keep(struct ui *ui);

/* ui_trail.c: what a screen is opened with, shared by it and the stops; to be called as it closes. */
struct place *place_new(enum view_id view, const struct view_arg *arg);
void place_free(struct place *p);
void place_leave(const struct view *v);
void ui_trail_note(struct ui *ui); /* the screens as they are seen now */
void ui_trail_go(struct ui *ui, int by);
void ui_trail_done(struct ui *ui);

/* ui_scope.c: in which scope a screen is opened, and its argument with names as they are there. */
struct scoped {
	struct view_arg arg; /* borrows what the caller's does, but for names and parent */
	char *parent;
};
void scoped_done(struct scoped *s);
AUTO_EMBEDDED(scoped, struct scoped, scoped_done)
void ui_scopes_init(struct ui *ui);
int ui_scope_choose(struct ui *ui, const struct view_ops *ops, const struct view_arg *arg, struct scoped *ret,
		    struct err *err) NODISCARD;
/* What the screen `in` calls what `from` calls name; in buf where it is another text. */
const char *ui_name_for(const struct view *in, const struct view *from, const char *name, struct buf *buf);

/* The list that is seen, else the jobs, which are brought to the top. */
struct view *ui_list_in_reach(struct ui *ui);

/* ui_views.c: `:view`; the names that are saved, in their order; all of them, in the order of their first
 * saving (*ret is the caller's), and the text that they are made of, which changes with them. */
struct saved_view {
	char *name;
	const struct kind *kind; /* NULL: one that is not known here */
	struct view_shape shape;
};
void saved_view_done(struct saved_view *s);
AUTO_EMBEDDED(saved_view, struct saved_view, saved_view_done)
void ui_view_run(struct ui *ui, const char *text);
void ui_views_names(const struct ui *ui, struct strlist *ret);
size_t ui_views_read(const struct ui *ui, struct saved_view **ret);
const char *ui_views_text(const struct ui *ui);
bool ui_view_show(struct ui *ui, const char *name); /* false: a notice says why not */

/* ui_named.c: a command about what is kept under names. */
struct ui_named {
	const char *what, *made_of; /* "view"; "of this list" */
	void (*names)(const struct ui *ui, struct strlist *ret);
	void (*save)(struct ui *ui, const char *name);
	void (*forget)(struct ui *ui, const char *name);
	void (*show)(struct ui *ui, const char *name);
};
void ui_named_run(struct ui *ui, const struct ui_named *n, const char *text);
void ui_named_unknown(struct ui *ui, const struct ui_named *n, const char *name);

/* ui_templates.c: `:template`, and the names that are kept. */
void ui_template_run(struct ui *ui, const char *text);
void ui_templates_names(const struct ui *ui, struct strlist *ret);

/* ui_tabs.c: the saved views in a row above a list. */
struct tabs;
bool ui_tabs_are_seen(struct ui *ui, const struct view *v); /* there are some, and it is a list */
void ui_tabs_draw(struct ui *ui, struct view *v, struct area line);
bool ui_tabs_work(struct ui *ui, int64_t until_us); /* counting; true where more is left */
void ui_tab_show(struct ui *ui, const char *name);
void ui_tab_saved(struct ui *ui, const char *name);
bool ui_tabs_restore(struct ui *ui); /* the one that the last start ended with; false: none */
void ui_tabs_keep(struct ui *ui);    /* ... for the next one */
void ui_tabs_free(struct tabs *t);

/* ui_look.c: how the jobs were looked at as the last start ended; ... for the next one. */
void ui_look_begin(struct ui *ui); /* before anything is restored */
void ui_look_restore(struct ui *ui);
void ui_look_keep(struct ui *ui);

/* ui_theme.c: the one that was kept; `:theme`. */
void ui_theme_load(struct ui *ui);
void ui_theme_run(struct ui *ui, const char *text);

/* ui_marks.c: the same of what charts are drawn with; `:curves`. */
void ui_marks_load(struct ui *ui);
const char *ui_marks_name(enum chart_marks marks);
void ui_marks_run(struct ui *ui, const char *text);

/* ui_mouse.c: the same of whether clicks are taken; `:mouse`. */
void ui_mouse_load(struct ui *ui);
void ui_mouse_run(struct ui *ui, const char *text);

/* ui_log.c: `:match`, `:not` and `:goto`. */
void ui_log_go_to(struct ui *ui, const char *text);
void ui_log_filter(struct ui *ui, const char *pattern, bool must_not);

bool ui_prompt_key(struct ui *ui, int key);
void ui_prompt_complete(struct ui *ui, int by); /* the next candidate, or the one before */
void ui_prompt_done(struct prompt *p);
/* On a screen without search or filter what is typed for one goes nowhere: its letters are keys there. */
void ui_ask_nothing(struct ui *ui);
void ui_prompt_draw(struct ui *ui, struct area line, struct area below);
void ui_save_screen(struct ui *ui); /* ui_save.c */
void ui_open_command_line(struct ui *ui);
void ui_prompt_changed(struct ui *ui); /* its text, by another than a key */
void ui_take_pasted(struct ui *ui);    /* ui_paste.c: with KEYC_PASTE */

bool ui_dialog_key(struct ui *ui, int key);
void ui_dialog_draw(struct ui *ui, struct area screen);
void ui_dialog_close(struct ui *ui);
const char *ui_dialog_hint(const struct ui *ui); /* its keys, for the footer */

struct ui_call *ui_call_new(struct ui *ui, struct view *v, const char *name);
/* Unlink; returns the view that asked, NULL where it is gone. */
struct view *ui_call_end(struct ui_call *c);
void ui_call_free(struct ui_call *c);
bool ui_offered(struct ui *ui, bool is); /* says so where it is not */
bool ui_may_change(struct view *v);	 /* --read-only */
void ui_calls_orphan(struct ui *ui);
bool ui_changes_under_way(const struct ui *ui);

#endif
