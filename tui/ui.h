/* ui.h - the dashboard without a terminal: keys go in, a surface comes out.
 *
 * The program around it (app/dashboard.c, or a test) feeds keys and sizes, lets it work between them (ui_work), and
 * flushes the surface when ui_draw says that it has changed. */
#ifndef SAGETOP_TUI_UI_H
#define SAGETOP_TUI_UI_H

#include "tui/key.h"
#include "tui/host.h"
#include "tui/surface.h"

struct ui;

struct ui_options {
	bool ascii;
	bool mono;		/* no colours whatever the theme: curves differ by the way they are dashed */
	bool mouse;		/* clicks are taken; what was kept goes before it */
	enum chart_marks marks; /* of charts; others that were kept go before them */
	enum theme theme;	/* that the terminal shows; another that was kept goes before it */
	int rows, cols;
	int64_t notice_ms;	     /* how long a note is shown, worse ones longer */
	int64_t log_gap_ms;	     /* a log that was silent for longer has a rule there; 0: none */
	const char *columns, *order; /* of the jobs, as --columns and --sort; copied; NULL: the usual */
};

/* session and host are borrowed and must outlive it. */
struct ui *ui_new(const struct session *s, const struct ui_host *host, const struct ui_options *opt) NODISCARD;
void ui_free(struct ui *ui);
AUTO_POINTER(ui, struct ui, ui_free)

/* After keys were changed (keymap.h): where two would hide each other on a screen the changed one gets its usual keys
 * again, with a line that says so. */
void ui_keys_settle(struct strlist *ret_problems);

/* A line as typed after ':' ("logs NAME"). */
void ui_command(struct ui *ui, const char *line);
void ui_key(struct ui *ui, int key);
void ui_mouse(struct ui *ui, struct mouse m);
void ui_paste(struct ui *ui, const char *text); /* a text with newlines, which need not be harmless */
/* Ask for a code (of an MFA device); fn gets it later, NULL where the user gave up. */
typedef void ui_code_fn(void *user, const char *code);
void ui_ask_code(struct ui *ui, const char *question, ui_code_fn *fn, void *user);
void ui_resize(struct ui *ui, int rows, int cols);
bool ui_quit_wanted(const struct ui *ui);
/* True once after the user asked for a complete repaint (ctrl-l). */
bool ui_repaint_wanted(struct ui *ui);

/* Draw where the data, the size or the second has changed; true where the
 * surface differs from before (or may). */
bool ui_draw(struct ui *ui);
const struct surface *ui_surface(const struct ui *ui);

/* Do background work for a few ms; true where more is left. */
bool ui_work(struct ui *ui);
/* Milliseconds until ui_draw must be called though nothing happened. */
int ui_timeout_ms(const struct ui *ui);

#endif
