/* host.h - what the screens may ask of the program around them.
 *
 * tui sees the model (const) and this table; app fills it with sync's actions.
 * Every call returns at once; its outcome arrives as a change of the session
 * (a job, a notice) and, where a callback is given, through it, never from
 * within the call itself. A callback may come after its view is gone: ui.c
 * gives every call an id and drops late answers. A NULL member is an action
 * that is not offered: its key says so. */
#ifndef SAGETOP_TUI_HOST_H
#define SAGETOP_TUI_HOST_H

#include "base/fs.h"
#include "model/member_values.h"
#include "model/session.h"
#include "tui/theme.h"

/* err is NULL where it worked, else the one-line reason. */
typedef void host_done_fn(void *user, const struct err *err);
/* A text that was asked for; borrowed, NULL where err is set. */
typedef void host_text_fn(void *user, const char *text, const struct err *err);

/* A launch prepared but not sent: what the dialog shows. */
struct host_preview {
	char *name;	       /* job name it will have */
	char *text;	       /* the specification as YAML or JSON, for the eye */
	char *diff;	       /* against the job it was cloned from, or what was edited; "" otherwise */
	int64_t ceiling_micro; /* USD_UNKNOWN where unpriced */
	char *price_as_of;     /* the day of that price; NULL where not known */
	char *training_plan;   /* that pays for it; NULL */
	char *warning;	       /* "" where none */
	size_t n_jobs;	       /* of a sweep, which name is that of; 0: one job */
	char *first, *last;    /* names of its first and last job; NULL */
};
/* p belongs to the callback (host_preview_free); NULL where err is set. */
typedef void host_preview_fn(void *user, struct host_preview *p, const struct err *err);

struct host_launch_request {
	const char *spec_path;	       /* read this specification, or */
	const char *clone_of;	       /* take this job's, or */
	const struct strlist *clones;  /* those of several jobs, of which that is the first; NULL: of the one */
	const char *spec;	       /* this one (JSON) */
	const char *new_name;	       /* NULL or "": as the specification says, or generated; of several: suffix */
	const struct strlist *changes; /* "path=value" each; may be NULL */
	const struct strlist *grid;    /* "NAME=VALUES" each, of a sweep (model/grid.h); empty or NULL: one job */
};

struct host_invoke_request {
	const char *endpoint;
	const char *path, *body;	      /* a file, or what is sent itself; the other is NULL or "" */
	const char *content_type;	      /* NULL or "": by the file's name */
	const char *accept, *variant, *model; /* NULL or "": none is named */
	size_t calls, parallel;
};

struct ui_host {
	void *user;
	/* Want or no longer want a thing's details, log and metrics. Counted per call. */
	void (*watch)(void *user, const struct kind *kind, const char *name, bool on);
	/* Have a watched thing's lines pushed by a live tail (billed by the minute:
	 * live_usd_micro), or polled again. */
	void (*live)(void *user, const struct kind *kind, const char *name, bool on);
	int64_t live_usd_micro;
	/* Ask for all of a kind now, not at the next tick; parent: those of one thing;
	 * kind NULL: what is refreshed by itself. */
	void (*refresh)(void *user, const struct kind *kind, const char *parent);
	void (*counts)(void *user);    /* ask how many there are of each kind */
	void (*backtests)(void *user); /* read the backtests again; no request is made */
	void (*costs)(void *user);     /* read what endpoints and the like were billed for; no request */
	void (*prices)(void *user);    /* ask the price list for all of the region; a notice tells how it went */
	/* How these endpoints (NULL: all) are called, where that is not known or old: the list's generation changes. */
	void (*traffic)(void *user, const struct strlist *names);
	/* List the files of a thing (model/files.h): its kind's generation changes. */
	void (*files)(void *user, const struct kind *kind, const char *name);
	/* The first lines of one of them; size -1: not known. */
	void (*peek)(void *user, const char *bucket, const char *key, int64_t size, host_text_fn *done,
		     void *done_user);
	/* Bring one of them to the disk as `path`: the session's download tells how far it is, a notice how it ended,
	 * whatever screen is seen then. ERR_EXISTS where a file of that name is there and replace is not said,
	 * ERR_INVALID while another is under way. And end it: nothing is left. */
	int (*download)(void *user, const struct file_object *o, const char *path, bool replace, struct err *err);
	void (*download_stop)(void *user);
	void (*stop)(void *user, const struct kind *kind, const char *name, host_done_fn *done, void *done_user);
	/* Weights and instances of an endpoint's variants, in words (model/variants.h). */
	void (*vary)(void *user, const char *endpoint, const char *text, host_done_fn *done, void *done_user);
	void (*remove)(void *user, const struct kind *kind, const char *name, host_done_fn *done, void *done_user);
	/* Validate and price a launch; nothing is sent. What r points to is borrowed
	 * for the call. */
	void (*prepare_launch)(void *user, const struct host_launch_request *r, host_preview_fn *done, void *done_user);
	/* What such a launch will take and cost, in a line; nothing is sent. What r points to is borrowed
	 * for the call. An error says that nothing can be said yet. */
	void (*estimate)(void *user, const struct host_launch_request *r, host_text_fn *done, void *done_user);
	/* What was prepared last, in the user's editor, which has the terminal meanwhile; with what was changed there
	 * it is prepared anew, and diff tells that. NULL as a preview: nothing was changed. With an error what was
	 * prepared stays, and what was typed is in the editor the next time. */
	void (*edit_launch)(void *user, host_preview_fn *done, void *done_user);
	/* What was prepared last as it can be launched again, of a sweep what its jobs have in common (JSON); the
	 * caller's, NULL where nothing was. */
	char *(*prepared)(void *user);
	/* Whether a change ("path=value") leads to a member of a training job, and the value keeps its rule. Pure. */
	int (*check_change)(void *user, const char *change, struct err *err);
	/* The job that a specification (JSON) asks for; the caller's, NULL where err is set. */
	struct job *(*job_of)(void *user, const char *spec, struct err *err);
	/* Read what was launched from here again; no request. The specification (JSON) of one of it, the caller's. And
	 * take back what waits of it in the queue: what of it that was. */
	void (*launches)(void *user);
	int (*launched)(void *user, const char *name, char **ret, struct err *err);
	int (*discard)(void *user, const char *name, struct launch_discarded *ret, struct err *err);
	/* Send what was prepared last under that name; a sweep is queued as a whole, its jobs are sent by and by. */
	void (*launch)(void *user, const char *name, host_done_fn *done, void *done_user);
	/* Call an endpoint: the answer of one call, sanitised, or what many took and cost. What r points to is borrowed
	 * for the call. */
	void (*invoke)(void *user, const struct host_invoke_request *r, host_text_fn *done, void *done_user);
	/* Fill the session's columns of these cold fields (field.h); borrowed for the call. */
	void (*columns)(void *user, const struct kind *kind, const struct field_list *fields);
	/* The thing as the service describes it (JSON). */
	void (*describe)(void *user, const struct kind *kind, const char *name, host_text_fn *done, void *done_user);
	/* What a check of an endpoint's data found, a line each (model/page.h, page_findings_job); NULL: nobody
	 * looks. */
	void (*findings)(void *user, const struct kind *kind, const char *name, host_text_fn *done, void *done_user);
	/* The same of one of the scopes that are looked at together (session_part); NULL: there is one. */
	const struct ui_host *(*of_scope)(void *user, size_t i);
	/* Begin again with another profile or in another region; NULL keeps the one in force. */
	void (*move)(void *user, const char *profile, const char *region);
	/* Begin again with the scopes of a list (model/scope.h); ERR_USAGE names what is wrong. */
	int (*scopes)(void *user, const char *list, struct err *err);
	/* Profiles and regions that such a list can be made of, for completion. */
	void (*places)(void *user, struct strlist *ret);
	/* What members had in earlier jobs, as far as it is known by now; NULL: nothing. Borrowed for a turn. */
	const struct member_values *(*member_values)(void *user);
	/* Paths of the user's files that begin with text, for completion. */
	void (*paths)(void *user, const char *text, struct strlist *ret);
	/* Write text to a file of the user's choosing, here as elsewhere with "~/" where he likes; ERR_EXISTS where it
	 * is there and replace is not said. */
	int (*save)(void *user, const char *path, bool replace, const char *text, struct err *err);
	/* Begin a file of the user's choosing that is written piece by piece (base/fs.h); one that is there is left
	 * alone unless replace. */
	int (*draft)(void *user, const char *path, bool replace, struct fs_draft **ret, struct err *err);
	/* Other colours; refused where there are none. */
	int (*theme)(void *user, enum theme theme, struct err *err);
	void (*mouse)(void *user, bool on); /* have it reported, or leave it to the terminal */
	/* Stop as by a shell's job control, at the next turn. */
	void (*suspend)(void *user);
	/* Put text on the terminal's clipboard (OSC 52). */
	void (*copy)(void *user, const char *text);
	/* What is kept from one start to the next, by name; NULL where nothing is; borrowed until
	 * something is kept. And keep it; NULL forgets. */
	const char *(*kept)(void *user, const char *name);
	int (*keep)(void *user, const char *name, const char *text, struct err *err);
};

void host_preview_free(struct host_preview *p);
AUTO_POINTER(host_preview, struct host_preview, host_preview_free)

#endif
