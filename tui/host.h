/* host.h - what the screens may ask of the program around them.
 *
 * tui sees the model (const) and this table; app fills it with sync's actions.
 * Every call returns at once; its outcome arrives as a change of the session
 * (a job, a notice) and, where a callback is given, through it. A callback may
 * come after its view is gone: views register with their id and late answers
 * are dropped by ui.c. */
#ifndef SAGETOP_TUI_HOST_H
#define SAGETOP_TUI_HOST_H

#include "model/session.h"

/* ok, or the one-line reason. */
typedef void host_done_fn(void *user, const struct err *err);
/* A launch prepared but not sent: what the dialog shows. */
struct host_preview {
	char *name;          /* job name it will have */
	char *text;          /* the specification as YAML or JSON, for the eye */
	char *diff;          /* against the job it was cloned from; "" otherwise */
	int64_t ceiling_micro; /* USD_UNKNOWN where unpriced */
	char *warning;       /* "" where none */
};

struct ui_host {
	void *user;
	/* Want or no longer want a job's logs and metrics. Counted per call. */
	void (*watch)(void *user, const char *job, bool on);
	void (*refresh)(void *user); /* now, not at the next tick */
	void (*stop)(void *user, const char *job, host_done_fn *done, void *done_user);
	/* Read a specification (path) or clone a job; changes are "path=value". The
	 * preview is the caller's to free with host_preview_free. */
	int (*prepare_launch)(void *user, const char *spec_path, const char *clone_of, const struct strlist *changes,
			      struct host_preview *ret, struct err *err);
	/* Send what was prepared last under that name. */
	void (*launch)(void *user, const char *name, host_done_fn *done, void *done_user);
	/* Write text to a file of the user's choosing (save a screen or a log). */
	int (*save)(void *user, const char *path, const char *text, struct err *err);
	/* Copy to the clipboard is the terminal's affair (OSC 52), see term.h. */
};

void host_preview_free(struct host_preview *p);

#endif
