/* term.h - the terminal: the only user of curses.
 *
 * Carries a surface to the screen (changed cells only) and turns input into
 * keys; what is pasted is no keys but one text (bracketed paste), what the mouse does is one report (SGR 1006). The
 * terminal is put back as it was on every exit: term_close, and a crash (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT) by a
 * handler that does nothing but write a prepared string and restore the modes. Other signals are the loop's. */
#ifndef SAGETOP_TUI_TERM_H
#define SAGETOP_TUI_TERM_H

#include "tui/theme.h"

struct term_options {
	enum theme theme;
	bool mono; /* no colour; NO_COLOR in the environment means it too */
};

/* Take the terminal over. ERR_USAGE where standard input or output is none, or
 * TERM names none that can be drawn on. */
int term_open(const struct term_options *opt, struct err *err) NODISCARD;
void term_close(void); /* harmless where it is not open */

/* Around a stop by job control: give the terminal back, take it again. */
void term_suspend(void);
void term_resume(void);

void term_size(int *rows, int *cols);
void term_resized(void); /* after SIGWINCH: ask the kernel for the size */
void term_flush(const struct surface *s);
void term_repaint(void); /* the next flush draws every cell */
/* The next key that was typed; KEYC_NONE where there is none. Never waits longer
 * than an escape sequence takes. */
int term_key(void);
/* The text that came with KEYC_PASTE, its lines ended by newlines, otherwise as it was sent; cut beyond some
 * ten thousand bytes. Borrowed until the next key. */
const char *term_pasted(void);
/* What came with KEYC_MOUSE. */
struct mouse term_mouse(void);
/* Have presses and the wheel reported; the terminal's own selection of text then needs Shift. */
void term_set_mouse(bool on);
bool term_is_utf8(void);
bool term_is_mono(void); /* no colours whatever the theme: not wanted, or for want of them */
/* Other colours from the next flush on; refused where there are none. */
int term_set_theme(enum theme theme, struct err *err) NODISCARD;
/* Tell the user of something, whatever window is before him: ring, or show the text where the
 * terminal knows how (within tmux only with its allow-passthrough). */
enum term_announcement { TERM_BELL, TERM_OSC9, TERM_OSC777 };
void term_announce(enum term_announcement how, const char *text);
/* Send text to the clipboard of the terminal: by OSC 52, within tmux by its own command as
 * well. Whether it arrives is not known. */
void term_copy(const char *text);

#endif
