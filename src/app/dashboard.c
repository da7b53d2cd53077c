/* The event loop: one thread; transfers, the terminal, signals and timers. */
#include "app/dashboard.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "app/announce.h"
#include "app/console_kept.h"
#include "app/dashboard_host.h"
#include "app/dashboard_wide.h"
#include "base/clock.h"
#include "base/signals.h"
#include "tui/key.h"
#include "tui/term.h"
#include "tui/ui.h"

#define KEYS_AT_ONCE 512
#define ANNOUNCE_MS 100
#define FRAME_MS 33 /* data is shown at most this often; keys at once */

static const int loop_signals[] = {SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP};

/* A scope whose profile may need the code of an MFA device. */
struct asked {
	struct dashboard *dashboard;
	struct sync *sync;
	char *serial; /* it waits for a code; NULL */
};

struct dashboard {
	const struct scopes *scopes;
	struct ui *ui;
	struct console_kept *kept;
	struct dashboard_host *hosts[SCOPES_MAX];
	struct dashboard_wide *wide; /* NULL of one scope */
	struct asked asked[SCOPES_MAX];
	struct asked *asking;	     /* on the screen; NULL */
	struct announcer *announcer; /* NULL without settings */
	int end_signal;		     /* 0, or the signal that ends us */
	bool hung_up;
	int64_t drawn_ms; /* monotonic */
	bool keys;	  /* typed since the last frame */
	bool painted;
	bool announcing; /* something waits for notice-command */
};

static void resize(struct dashboard *d)
{
	int rows, cols;

	term_resized();
	term_size(&rows, &cols);
	ui_resize(d->ui, rows, cols);
	d->keys = true;
}

static void suspend(struct dashboard *d)
{
	struct sigaction usual = {.sa_handler = SIG_DFL}, ours;

	term_suspend();
	sigaction(SIGTSTP, &usual, &ours);
	kill(0, SIGTSTP); /* what runs us as well; nothing stops where nobody could go on */
	sigaction(SIGTSTP, &ours, NULL);
	term_resume();
	resize(d);
}

static void take_signals(struct dashboard *d)
{
	unsigned char sigs[64];
	size_t n = signals_take(sigs, sizeof(sigs));
	bool resized = false;

	for (size_t i = 0; i < n; i++) {
		if (sigs[i] == SIGWINCH)
			resized = true;
		else if (sigs[i] == SIGTSTP)
			suspend(d);
		else
			d->end_signal = sigs[i];
	}
	if (resized)
		resize(d);
}

static void take_keys(struct dashboard *d)
{
	int key;

	for (int i = 0; i < KEYS_AT_ONCE && (key = term_key()) != KEYC_NONE; i++) {
		if (key == KEYC_PASTE)
			ui_paste(d->ui, term_pasted());
		else if (key == KEYC_MOUSE)
			ui_mouse(d->ui, term_mouse());
		else
			ui_key(d->ui, key);
		d->keys = true;
		if (ui_quit_wanted(d->ui))
			return;
	}
}

/* Whether the screen was drawn. */
static bool paint(struct dashboard *d)
{
	if (!d->keys && d->painted && clock_mono_ms() - d->drawn_ms < FRAME_MS)
		return false;
	d->keys = false;
	bool repaint = ui_repaint_wanted(d->ui);
	if (repaint)
		term_repaint();
	if (!ui_draw(d->ui) && !repaint)
		return false;
	term_flush(ui_surface(d->ui));
	d->drawn_ms = clock_mono_ms();
	d->painted = true;
	return true;
}

static int loop_timeout(const struct dashboard *d, bool working)
{
	int64_t since = clock_mono_ms() - d->drawn_ms;

	if (working)
		return 0;
	int timeout = ui_timeout_ms(d->ui);

	if (d->announcing)
		timeout = MIN(timeout, ANNOUNCE_MS);
	/* A change that came too soon after the last frame waits for the next. */
	return since < FRAME_MS ? MIN(timeout, (int)(FRAME_MS - since)) : timeout;
}

void dashboard_next_done(struct dashboard_next *n)
{
	free(n->profile);
	free(n->region);
	free(n->scopes);
	*n = (struct dashboard_next){0};
}

/* Where the user goes on; NULL. All hosts but the first are of one scope's things only. */
static const struct dashboard_next *next_of(const struct dashboard *d)
{
	return dashboard_host_next(d->hosts[0]);
}

static void run_loop(struct dashboard *d)
{
	struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = signals_fd(), .events = POLLIN}};
	bool working = false;

	while (!ui_quit_wanted(d->ui) && !d->end_signal && !d->hung_up && !next_of(d)) {
		fds[0].revents = fds[1].revents = 0;
		scopes_poll(d->scopes, fds, 2, loop_timeout(d, working));
		if (fds[1].revents)
			take_signals(d);
		if (fds[0].revents & POLLIN)
			take_keys(d);
		if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) /* also with input left: it would never end */
			d->hung_up = true;
		working = ui_work(d->ui);
		d->announcing = d->announcer && announcer_turn(d->announcer);
		working |= paint(d); /* a view may have begun something */
	}
}

/* --- the code of an MFA device --- */

static void ask_next(struct dashboard *d);

static void code_typed(void *user, const char *code)
{
	struct asked *a = user;

	free(TAKE(a->serial));
	a->dashboard->asking = NULL;
	aws_client_answer_mfa(sync_client(a->sync), code);
	ask_next(a->dashboard);
}

/* One question after the other. */
static void ask_next(struct dashboard *d)
{
	for (size_t i = 0; i < d->scopes->n && !d->asking; i++) {
		struct asked *a = &d->asked[i];

		if (!a->serial)
			continue;
		AUTO(str)
		char *question = xasprintf("The role of %s needs the code that %s shows now.",
					   d->wide ? session_label(sync_session(a->sync)) : "this profile", a->serial);

		d->asking = a;
		ui_ask_code(d->ui, question, code_typed, a);
	}
}

static void ask_mfa(void *user, const char *serial)
{
	struct asked *a = user;

	str_set(&a->serial, serial);
	ask_next(a->dashboard);
}

/* --- begin and end --- */

static struct ui *make_ui(const struct dashboard_options *opt, const struct session *s, const struct ui_host *host)
{
	struct ui_options ui_opt = {.ascii = (opt && opt->ascii) || !term_is_utf8(), .mono = term_is_mono()};

	if (opt) {
		ui_opt.marks = opt->marks;
		ui_opt.mouse = opt->mouse;
		ui_opt.theme = opt->theme;
		ui_opt.notice_ms = opt->notice_ms;
		ui_opt.log_gap_ms = opt->log_gap_ms;
		ui_opt.columns = opt->columns;
		ui_opt.order = opt->order;
	}
	term_size(&ui_opt.rows, &ui_opt.cols);
	struct ui *ui = ui_new(s, host, &ui_opt);
	if (opt && opt->start)
		ui_command(ui, opt->start);
	return ui;
}

/* What the stores have, the newest first. */
static void load(struct dashboard *d, size_t n)
{
	for (size_t i = 0; i < d->scopes->n; i++) {
		struct sync *sync = d->scopes->items[i];
		struct err err = {0};

		if (sync_load_newest(sync, n, &err) < 0)
			session_notify(sync_session(sync), NOTICE_WARNING, "%s", err.msg);
	}
	session_wide_refresh(scopes_session(d->scopes));
}

static void make_hosts(struct dashboard *d, const struct dashboard_options *opt)
{
	const struct config *config = opt ? opt->config : NULL;
	struct err err = {0};

	d->kept = console_kept_open(&err);
	if (err.code)
		session_notify(scopes_session(d->scopes), NOTICE_WARNING, "%s", err.msg);
	for (size_t i = 0; i < d->scopes->n; i++) {
		const struct config *own = opt ? opt->scope_configs[i] : NULL;

		d->hosts[i] = dashboard_host_new(d->scopes->items[i], own ? own : config, d->kept);
	}
	if (d->scopes->n > 1)
		d->wide = dashboard_wide_new(d->scopes, d->hosts);
	if (config)
		d->announcer = announcer_new(config, scopes_session(d->scopes));
}

static void start(struct dashboard *d)
{
	for (size_t i = 0; i < d->scopes->n; i++) {
		struct sync *sync = d->scopes->items[i];

		d->asked[i] = (struct asked){.dashboard = d, .sync = sync};
		aws_client_on_mfa(sync_client(sync), ask_mfa, &d->asked[i]);
		if (d->announcer)
			sync_on_transition(sync, announcer_saw, d->announcer);
		sync_start(sync);
	}
}

static void stop(struct dashboard *d)
{
	for (size_t i = 0; i < d->scopes->n; i++) {
		sync_on_transition(d->scopes->items[i], NULL, NULL);
		aws_client_on_mfa(sync_client(d->scopes->items[i]), NULL, NULL);
	}
}

static void end(struct dashboard *d, struct dashboard_next *ret_next)
{
	const struct dashboard_next *next = next_of(d);

	ui_free(d->ui);
	term_close();
	signals_close();
	if (ret_next && next)
		*ret_next = (struct dashboard_next){true, xstrdup(next->profile), xstrdup(next->region),
						    xstrdup(next->scopes)};
	dashboard_wide_free(d->wide);
	for (size_t i = 0; i < d->scopes->n; i++) {
		dashboard_host_free(d->hosts[i]);
		free(d->asked[i].serial);
	}
	console_kept_free(d->kept);
	announcer_free(d->announcer);
}

int dashboard_run(const struct scopes *scopes, const struct dashboard_options *opt, struct dashboard_next *ret_next,
		  struct err *err)
{
	struct dashboard d = {.scopes = scopes};
	struct term_options term_opt = {.mono = opt && opt->mono, .theme = opt ? opt->theme : THEME_USUAL};
	int rows, cols, rc = signals_open(loop_signals, ARRAY_LEN(loop_signals), true, err);

	if (rc < 0)
		return rc;
	rc = term_open(&term_opt, err);
	if (rc < 0) {
		signals_close();
		return rc;
	}
	make_hosts(&d, opt);
	term_size(&rows, &cols);
	load(&d, (size_t)MAX(rows, 1));
	d.ui = make_ui(opt, scopes_session(scopes),
		       d.wide ? dashboard_wide_ops(d.wide) : dashboard_host_ops(d.hosts[0]));
	(void)paint(&d);
	/* For measuring the time to the first paint. */
	if (str_empty(getenv("SAGETOP_EXIT_AFTER_PAINT"))) {
		start(&d);
		run_loop(&d);
		stop(&d);
	}
	end(&d, ret_next);
	if (d.end_signal)
		raise(d.end_signal);
	return 0;
}
