/* The terminal by curses: cells out, keys in, and put back as it was. */
#include "tui/term.h"

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

/* curses defines them as macros over our names' prefixes */
#undef lines
#undef columns

#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/utf8.h"
#include "tui/key.h"
#include "tui/theme.h"

#define PASTE_MAX 65536
#define PASTE_SILENCE_MS 3000 /* then its end was lost: keys are keys again */

/* Terminals that do not know the mode ignore it. */
#define PASTE_ON "\033[?2004h"
#define PASTE_OFF "\033[?2004l"
#define PASTE_BEGIN "\033[200~"
#define PASTE_END "\033[201~"
#define MOUSE_ON "\033[?1000h\033[?1006h"
#define MOUSE_OFF "\033[?1006l\033[?1000l"
#define MOUSE_BEGIN "\033[<" /* then BUTTON;COLUMN;ROW and M for a press, m for a release */
#define MOUSE_SILENCE_MS 500

/* Beyond the codes that curses gives to keys of the terminal's description. */
enum { CODE_PASTE_BEGIN = KEY_MAX + 0x1000, CODE_PASTE_END, CODE_MOUSE_BEGIN };

static struct {
	enum theme theme;
	bool open, mono, all;
	SCREEN *screen;
	struct surface shown; /* what the terminal holds */
	pid_t copier;	      /* a tmux that takes a text; 0 */
	struct termios before;
	struct buf paste;
	bool pasting;
	int64_t pasted_ms; /* monotonic: when the last of it came */
	bool mouse;	   /* is reported */
	struct mouse clicked;
	char report[24]; /* of the mouse, as far as it has come, while reporting */
	size_t n_report;
	bool reporting;
	int64_t reported_ms; /* as pasted_ms */
	/* For the crash handler: everything that it needs is ready. */
	char restore[512];
	size_t restore_len;
} term = {.paste = {.max = PASTE_MAX}};

static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

/* Only async-signal-safe calls: write, tcsetattr, signal, raise. */
static void on_crash(int sig)
{
	if (term.open) {
		ssize_t ignored = write(STDOUT_FILENO, term.restore, term.restore_len);
		(void)ignored;
		tcsetattr(STDIN_FILENO, TCSANOW, &term.before);
	}
	signal(sig, SIG_DFL);
	raise(sig);
}

/* At once, beside what curses draws. */
static void write_out(const char *data, size_t n)
{
	for (size_t done = 0; done < n;) {
		ssize_t wrote = write(STDOUT_FILENO, data + done, n - done);
		if (wrote < 0 && errno != EINTR)
			break;
		done += wrote > 0 ? (size_t)wrote : 0;
	}
}

static void set_paste(bool on)
{
	const char *mode = on ? PASTE_ON : PASTE_OFF;

	term.pasting = false;
	write_out(mode, strlen(mode));
}

static void show_mouse(bool on)
{
	const char *mode = on ? MOUSE_ON : MOUSE_OFF;

	term.reporting = false;
	if (term.mouse)
		write_out(mode, strlen(mode));
}

void term_set_mouse(bool on)
{
	if (!term.open || term.mouse == on)
		return;
	term.mouse = true; /* until it is off */
	show_mouse(on);
	term.mouse = on;
}

static void add_restore(const char *s)
{
	for (; *s && term.restore_len + 1 < sizeof(term.restore); s++) {
		if (s[0] == '$' && s[1] == '<') { /* padding: no terminal of today needs it */
			const char *end = strchr(s, '>');
			if (end) {
				s = end;
				continue;
			}
		}
		term.restore[term.restore_len++] = *s;
	}
}

static void prepare_crash(void)
{
	static const char *const capabilities[] = {"sgr0", "op", "rmkx", "cnorm", "rmcup"};

	/* An own stack, so that a stack overflow is handled too. */
	static char stack[64 * 1024];
	stack_t ss = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction sa = {.sa_handler = on_crash, .sa_flags = SA_RESETHAND | SA_ONSTACK | SA_NODEFER};
	term.restore_len = 0;
	add_restore(PASTE_OFF);
	add_restore(MOUSE_OFF);
	for (size_t i = 0; i < ARRAY_LEN(capabilities); i++) {
		const char *s = tigetstr(capabilities[i]);

		if (s && s != (char *)-1)
			add_restore(s);
	}
	sigemptyset(&sa.sa_mask);
	sigaltstack(&ss, NULL);
	for (size_t i = 0; i < ARRAY_LEN(crash_signals); i++)
		sigaction(crash_signals[i], &sa, NULL);
}

static int colours(void)
{
	return term.mono ? 0 : COLORS;
}

static void setup_colours(void)
{
	if (term.mono || !has_colors()) {
		term.mono = true;
		return;
	}
	start_color();
	use_default_colors();
	for (int i = 0; i < 2 * ST_COUNT; i++) {
		const struct paint p = theme_paint(term.theme, (enum style)(i % ST_COUNT), i >= ST_COUNT, colours());
		init_pair((short)(i + 1), p.fg, p.bg);
	}
}

/* A terminal of lines ("dumb") cannot move its cursor. */
static bool can_draw(void)
{
	const char *cup = tigetstr("cup"), *clear_screen_text = tigetstr("clear");

	return cup && cup != (char *)-1 && clear_screen_text && clear_screen_text != (char *)-1;
}

int term_open(const struct term_options *opt, struct err *err)
{
	const char *name = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return err_set(err, ERR_USAGE,
			       "the dashboard needs a terminal; `sagetop jobs` prints the jobs, `sagetop --help` lists "
			       "the commands");
	setlocale(LC_CTYPE, "");
	if (tcgetattr(STDIN_FILENO, &term.before) < 0)
		return err_set(err, ERR_IO, "cannot read the terminal's modes: %s", strerror(errno));
	term.screen = newterm(NULL, stdout, stdin);
	if (term.screen && !can_draw()) {
		endwin();
		delscreen(term.screen);
		term.screen = NULL;
	}
	if (!term.screen)
		return err_set(err, ERR_USAGE,
			       "TERM=%s is no terminal that sagetop can draw on; try TERM=xterm-256color",
			       name ? name : "");
	set_term(term.screen);
	term.theme = opt ? opt->theme : THEME_USUAL;
	term.mono = (opt && opt->mono) || !str_empty(getenv("NO_COLOR"));
	raw();
	noecho();
	nonl();
	nodelay(stdscr, TRUE);
	keypad(stdscr, TRUE);
	intrflush(stdscr, FALSE);
	leaveok(stdscr, FALSE);
	set_escdelay(25);
	define_key(PASTE_BEGIN, CODE_PASTE_BEGIN);
	define_key(PASTE_END, CODE_PASTE_END);
	define_key(MOUSE_BEGIN, CODE_MOUSE_BEGIN);
	setup_colours();
	prepare_crash();
	surface_resize(&term.shown, LINES, COLS);
	term.all = true;
	term.open = true;
	set_paste(true);
	return 0;
}

void term_close(void)
{
	if (!term.open)
		return;
	set_paste(false);
	term_set_mouse(false);
	curs_set(1);
	endwin();
	term.open = false;
	buf_done(&term.paste);
	tcsetattr(STDIN_FILENO, TCSANOW, &term.before);
	delscreen(term.screen);
	term.screen = NULL;
	surface_done(&term.shown);
	if (term.copier > 0)
		(void)waitpid(term.copier, NULL, WNOHANG);
	for (size_t i = 0; i < ARRAY_LEN(crash_signals); i++)
		signal(crash_signals[i], SIG_DFL);
}

void term_suspend(void)
{
	if (!term.open)
		return;
	set_paste(false);
	show_mouse(false);
	endwin();
}

void term_resume(void)
{
	if (!term.open)
		return;
	refresh();
	set_paste(true);
	show_mouse(true);
	term.all = true;
}

void term_size(int *rows, int *cols)
{
	*rows = LINES;
	*cols = COLS;
}

void term_resized(void)
{
	struct winsize ws;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_row > 0 && ws.ws_col > 0)
		resizeterm(ws.ws_row, ws.ws_col);
	surface_resize(&term.shown, LINES, COLS);
	term.all = true;
}

void term_repaint(void)
{
	term.all = true;
	clearok(curscr, TRUE);
}

bool term_is_mono(void)
{
	return term.mono;
}

int term_set_theme(enum theme theme, struct err *err)
{
	if (term.mono)
		return err_set(err, ERR_USAGE,
			       "there are no colours here: NO_COLOR, --no-color, or the terminal has none");
	term.theme = theme;
	setup_colours();
	term_repaint();
	return 0;
}

bool term_is_utf8(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

static attr_t look_attr(const struct cell *c, short *ret_pair)
{
	enum style style = c->style < ST_COUNT ? (enum style)c->style : ST_NORMAL;
	bool selected = c->attr & ATTR_SELECTED;
	const struct paint p = theme_paint(term.theme, style, selected, colours());
	attr_t a = 0;

	*ret_pair = term.mono ? 0 : (short)(style + 1 + (selected ? ST_COUNT : 0));
	if (p.attrs & LOOK_BOLD)
		a |= A_BOLD;
	if (p.attrs & LOOK_DIM)
		a |= A_DIM;
	if (p.attrs & LOOK_REVERSE)
		a |= A_REVERSE;
	if (p.attrs & LOOK_UNDERLINE)
		a |= A_UNDERLINE;
	return a;
}

static void put_cell(int row, int col, const struct cell *c)
{
	wchar_t text[4] = {(wchar_t)c->cp, (wchar_t)c->mark[0], (wchar_t)c->mark[1], 0};
	cchar_t cc;
	short pair;
	attr_t a = look_attr(c, &pair);

	/* What the C library thinks has another width would shift the row. */
	if (wcwidth((wchar_t)c->cp) != c->width) {
		text[0] = c->width == 2 ? 0xff1f : '?';
		text[1] = 0;
	}
	if (setcchar(&cc, text, a, pair, NULL) == OK)
		mvadd_wch(row, col, &cc);
}

void term_flush(const struct surface *s)
{
	int rows = MIN(s->rows, LINES), cols = MIN(s->cols, COLS);

	if (!term.open)
		return;
	bool all = term.all || s->rows != term.shown.rows || s->cols != term.shown.cols;
	if (all) {
		erase();
		surface_resize(&term.shown, s->rows, s->cols);
	}
	for (int row = 0; row < rows; row++) {
		const struct cell *now = &s->cells[(size_t)row * (size_t)s->cols];
		struct cell *was = &term.shown.cells[(size_t)row * (size_t)s->cols];
		for (int col = 0; col < cols; col++) {
			if (!all && cell_equal(&now[col], &was[col]))
				continue;
			if (now[col].width > 0)
				put_cell(row, col, &now[col]);
			was[col] = now[col];
		}
	}
	term.all = false;
	if (s->cursor_row >= 0 && s->cursor_row < rows && s->cursor_col < cols) {
		curs_set(1);
		move(s->cursor_row, s->cursor_col);
	} else {
		curs_set(0);
	}
	refresh();
}

static int special_key(wint_t k)
{
	static const struct {
		int curses, ours;
	} keys[] = {
		{KEY_UP, KEYC_UP},	 {KEY_DOWN, KEYC_DOWN},		  {KEY_LEFT, KEYC_LEFT},
		{KEY_RIGHT, KEYC_RIGHT}, {KEY_HOME, KEYC_HOME},		  {KEY_END, KEYC_END},
		{KEY_PPAGE, KEYC_PGUP},	 {KEY_NPAGE, KEYC_PGDN},	  {KEY_IC, KEYC_INSERT},
		{KEY_DC, KEYC_DELETE},	 {KEY_BACKSPACE, KEYC_BACKSPACE}, {KEY_BTAB, KEYC_BACKTAB},
		{KEY_ENTER, KEYC_ENTER},
	};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if ((wint_t)keys[i].curses == k)
			return keys[i].ours;
	if (k >= KEY_F(1) && k <= KEY_F(12))
		return KEYC_F1 + (int)(k - KEY_F(1));
	return KEYC_NONE;
}

/* --- what is pasted --- */

static void begin_paste(void)
{
	term.pasting = true;
	term.pasted_ms = clock_mono_ms();
	buf_clear(&term.paste);
}

static int end_paste(void)
{
	term.pasting = false;
	return KEYC_PASTE;
}

/* A character of it; true where that was the last of an end that came in pieces, so that curses did not know it. */
static bool add_pasted(wint_t c)
{
	static const size_t end = sizeof(PASTE_END) - 1;
	char utf8[4];
	struct buf *b = &term.paste;

	term.pasted_ms = clock_mono_ms();
	(void)buf_add(b, utf8, utf8_encode(c == '\r' ? '\n' : c ? (uint32_t)c : ' ', utf8));
	if (b->len < end || memcmp(b->data + b->len - end, PASTE_END, end) != 0)
		return false;
	buf_truncate(b, b->len - end);
	return true;
}

const char *term_pasted(void)
{
	return buf_str(&term.paste);
}

/* --- the mouse --- */

/* "0;12;5": a press of the first button, or the wheel, with or without modifiers; nothing else is of use. */
static bool read_report(struct mouse *ret)
{
	enum { MODIFIERS = 4 | 8 | 16, WHEEL_UP = 64, WHEEL_DOWN = 65 };
	AUTO(strlist) struct strlist numbers = {0};
	int64_t n[3];

	strlist_split(&numbers, term.report, ';');
	if (numbers.n != 3)
		return false;
	for (size_t i = 0; i < 3; i++)
		if (!str_to_i64(numbers.items[i], &n[i]) || n[i] < 0 || n[i] > 10000)
			return false;
	n[0] &= ~(int64_t)MODIFIERS;
	if (n[0] != 0 && n[0] != WHEEL_UP && n[0] != WHEEL_DOWN)
		return false;
	*ret = (struct mouse){n[0] == WHEEL_UP	   ? MOUSE_WHEEL_UP
			      : n[0] == WHEEL_DOWN ? MOUSE_WHEEL_DOWN
						   : MOUSE_PRESS,
			      (int)n[2] - 1, (int)n[1] - 1};
	return true;
}

static void begin_report(void)
{
	term.reporting = true;
	term.reported_ms = clock_mono_ms();
	term.n_report = 0;
	term.report[0] = '\0';
}

/* A character of a report; true where that was the last of one that tells something. */
static bool add_report(wint_t c)
{
	bool more = (c >= '0' && c <= '9') || c == ';';

	term.reported_ms = clock_mono_ms();
	if (more && term.n_report + 1 < sizeof(term.report)) {
		term.report[term.n_report++] = (char)c;
		term.report[term.n_report] = '\0';
		return false;
	}
	term.reporting = more; /* one that is too long is none, to its end */
	if (more)
		term.report[0] = '\0';
	return c == 'M' && read_report(&term.clicked);
}

struct mouse term_mouse(void)
{
	return term.clicked;
}

int term_key(void)
{
	wint_t k;

	if (term.reporting && clock_mono_ms() - term.reported_ms > MOUSE_SILENCE_MS)
		term.reporting = false;
	if (term.pasting && clock_mono_ms() - term.pasted_ms > PASTE_SILENCE_MS)
		return end_paste();
	for (;;) {
		int rc = get_wch(&k);
		if (rc == ERR)
			return KEYC_NONE;
		if (term.pasting) {
			if (rc == KEY_CODE_YES ? k == CODE_PASTE_END : add_pasted(k))
				return end_paste();
			continue;
		}
		if (rc == KEY_CODE_YES && k == CODE_PASTE_BEGIN) {
			begin_paste();
			continue;
		}
		if (rc == KEY_CODE_YES && k == CODE_MOUSE_BEGIN) {
			begin_report();
			continue;
		}
		if (term.reporting && rc != KEY_CODE_YES) {
			if (add_report(k))
				return KEYC_MOUSE;
			continue;
		}
		if (rc == KEY_CODE_YES) {
			int key = special_key(k);
			if (key)
				return key;
			continue; /* KEY_RESIZE and what we have no use for */
		}
		if (k == 0)
			return KEYC_CTRL_SPACE;
		if (k == '\n')
			return KEYC_ENTER;
		if (k == 0x7f || k == 8)
			return KEYC_BACKSPACE;
		return (int)k;
	}
}

/* What tmux's defaults let through: it hands the text on to its own terminal. */
static void copy_by_tmux(const char *text)
{
	static const char *const argv[] = {"tmux", "load-buffer", "-w", "-", NULL};
	struct proc_spec spec = {.argv = argv, .stdout_fd = -1, .stderr_fd = -1};
	size_t n = strlen(text);

	if (term.copier > 0 && waitpid(term.copier, NULL, WNOHANG) == 0)
		return; /* the one before still works on it */
	term.copier = 0;
	int fd = memfd_create("copy", MFD_CLOEXEC);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	spec.stdin_fd = fd;
	spec.stdout_fd = spec.stderr_fd = null;
	if (fd >= 0 && write(fd, text, n) == (ssize_t)n && lseek(fd, 0, SEEK_SET) == 0 &&
	    proc_spawn(&spec, &term.copier, NULL) < 0)
		term.copier = 0;
	fd_close(&fd);
	fd_close(&null);
}

void term_copy(const char *text)
{
	AUTO(buf) struct buf out = BUF_INIT(BUF_MAX_TEXT);
	AUTO(str) char *coded = base64_encode(text, strlen(text));

	if (!term.open)
		return;
	if (!str_empty(getenv("TMUX")))
		copy_by_tmux(text);
	(void)buf_addf(&out, "\033]52;c;%s\a", coded);
	write_out(buf_str(&out), out.len);
}

void term_announce(enum term_announcement how, const char *text)
{
	AUTO(buf) struct buf out = BUF_INIT(BUF_MAX_TEXT);
	bool wrapped = how != TERM_BELL && !str_empty(getenv("TMUX"));
	AUTO(str) char *line = xstrdup(text);

	for (char *p = line; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	}
	if (wrapped)
		(void)buf_adds(&out, "\033Ptmux;\033");
	if (how == TERM_BELL)
		(void)buf_adds(&out, "\a");
	else
		(void)buf_addf(&out, "\033]%s;%s\a", how == TERM_OSC9 ? "9" : "777;notify;sagetop", line);
	if (wrapped)
		(void)buf_adds(&out, "\033\\");
	if (term.open)
		write_out(buf_str(&out), out.len);
}
