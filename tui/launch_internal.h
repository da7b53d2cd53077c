/* launch_internal.h - what the files of the launch screen share: view_launch.c (the form), launch_members.c (what is in
 * it, and what is asked for by it), launch_notes.c (what is wrong with it), launch_again.c (templates, earlier
 * launches), launch_offers.c (what Tab offers) and launch_preview.c (what would be sent). */
#ifndef SAGETOP_TUI_LAUNCH_INTERNAL_H
#define SAGETOP_TUI_LAUNCH_INTERNAL_H

#include "model/job_members.h"
#include "tui/choices.h"
#include "tui/doc.h"
#include "tui/form.h"
#include "tui/view.h"

enum launch_stage { STAGE_FORM = 0, STAGE_ASKING, STAGE_PREVIEW, STAGE_EDITING, STAGE_SENDING };

struct launch_state {
	char *clone_of;	       /* a job, whose members are shown; NULL: none, */
	struct strlist clones; /* all jobs that are cloned, where that is the first of several */
	char *spec;	       /* else a specification (JSON); NULL: from a file */
	char *again;	       /* "template NAME", or the name that it was launched under; NULL */
	struct form form;      /* names, changes, then the members of the job that is cloned */
	size_t first_change, first_member;
	char *opened; /* what was typed in the form as it was opened */
	struct job_members members;
	char *image;	/* of that job; NULL: not known */
	size_t n_unfit; /* of the members that do not fit into a line */
	enum launch_stage stage;
	struct choices choices; /* for the field that has the focus */
	struct host_preview *preview;
	bool edited;  /* the preview is what came from the editor */
	bool untaken; /* something was typed in the editor that the preview does not have */
	bool leaving; /* the last key was an Esc that would lose something */
	struct doc doc;
	int doc_width;
	char problem[512];	 /* in the last lines; "" */
	size_t n_jobs;		 /* that the form makes as a sweep; 0: it is none */
	char sweep_problem[256]; /* why its grid is none */
	char estimate[256];	 /* what it will take and cost, as far as the form says; "" */
	bool estimating, stale;	 /* an answer is under way; what was asked has changed since */
};

static inline bool launch_is_of_many(const struct launch_state *st)
{
	return st->clones.n > 1;
}

static inline bool launch_is_of_file(const struct launch_state *st)
{
	return !st->clone_of && !st->spec;
}

/* view_launch.c: what goes on, or what is wrong, at the bottom of an area; the rows that it takes. */
int launch_draw_problem(const struct launch_state *st, struct area a);
/* Whether Esc may lose what was typed: it says so once. */
bool launch_may_lose(struct view *v, const char *lost);

/* launch_members.c */
const struct job *launch_cloned(const struct view *v);
/* Those of a job. */
void launch_show_members(struct launch_state *st, const struct job *j);
/* As far as they are known; again once more is, unless the user has begun to change them. */
void launch_fill_members(struct view *v);
/* NULL where the field is none of a member. */
const struct job_member *launch_member_of(const struct launch_state *st, const struct form_field *field);
/* The path of a change as it is typed: "eta=0.1" means the hyperparameter, since members of a job begin with a capital.
 * The caller's. */
char *launch_path_of(const struct view *v, const char *text) NODISCARD;
/* Whether several values are meant by a value of that member: not where a comma is a text's own, or a path's. */
bool launch_is_varied(const char *path, const char *value);
/* What the form asks for. r borrows the lists and the form's texts. */
struct launch_asked {
	struct strlist changes, grid;
	struct host_launch_request r;
};
void launch_asked_done(struct launch_asked *a);
AUTO_EMBEDDED(launch_asked, struct launch_asked, launch_asked_done)
/* whole: only changes that have a '=' already. */
void launch_ask(struct view *v, bool whole, struct launch_asked *ret);
/* Count the jobs, and ask what they will take and cost. */
void launch_estimate(struct view *v);

/* launch_notes.c: what is said beside each field, by what it has now. */
void launch_note(struct view *v);

/* launch_offers.c: Tab or back-Tab, and earlier (1) or later (-1) values of the field's member. False: there is nothing
 * to offer. */
bool launch_complete(struct view *v, int by);
bool launch_walk_earlier(struct view *v, int by);

/* launch_again.c: from a text that launch_again_text made, whose name is that of a template or of what was launched. */
int launch_again_open(struct view *v, const char *text, struct err *err);
int launch_again_text(struct view *v, char **ret, struct err *err);

/* launch_preview.c */
void launch_show_preview(struct launch_state *st, struct host_preview *p);
void launch_preview_draw(struct view *v, struct area a);
bool launch_preview_key(struct view *v, int key);

#endif
