/* The event loop: one thread; transfers, the terminal, signals and timers. */
#include "app/dashboard.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "app/announce.h"
#include "app/dashboard_host.h"
#include "base/clock.h"
#include "base/signals.h"
#include "tui/key.h"
#include "tui/term.h"
#include "tui/ui.h"

#define KEYS_AT_ONCE 512
#define ANNOUNCE_MS 100
#define FRAME_MS 33 /* data is shown at most this often; keys at once */

static const int loop_signals[] = {SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP};

struct dashboard {
	struct sync *sync;
	struct ui *ui;
	struct dashboard_host *host;
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
	term_suspend();
	kill(getpid(), SIGSTOP);
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

/* Whether the user goes on elsewhere; ret (may be NULL) gets where. */
static bool moves(const struct dashboard *d, struct dashboard_next *ret)
{
	const char *profile, *region;
	bool wanted = dashboard_host_moves(d->host, &profile, &region);

	if (ret)
		*ret = (struct dashboard_next){
			.wanted = wanted, .profile = xstrdup(profile), .region = xstrdup(region)};
	return wanted;
}

static void run_loop(struct dashboard *d)
{
	struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = signals_fd(), .events = POLLIN}};
	bool working = false;

	while (!ui_quit_wanted(d->ui) && !d->end_signal && !d->hung_up && !moves(d, NULL)) {
		fds[0].revents = fds[1].revents = 0;
		sync_poll(d->sync, fds, 2, loop_timeout(d, working));
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

static void code_typed(void *user, const char *code)
{
	struct dashboard *d = user;

	aws_client_answer_mfa(sync_client(d->sync), code);
}

static void ask_mfa(void *user, const char *serial)
{
	struct dashboard *d = user;
	AUTO(str) char *question = xasprintf("The role of this profile needs the code that %s shows now.", serial);

	ui_ask_code(d->ui, question, code_typed, d);
}

static struct ui *make_ui(const struct dashboard_options *opt, const struct session *s, const struct ui_host *host)
{
	struct ui_options ui_opt = {.ascii = (opt && opt->ascii) || !term_is_utf8(), .mono = term_is_mono()};

	if (opt) {
		ui_opt.blocks = opt->blocks;
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

int dashboard_run(struct sync *sync, const struct dashboard_options *opt, struct dashboard_next *ret_next,
		  struct err *err)
{
	struct dashboard d = {.sync = sync};
	struct term_options term_opt = {.mono = opt && opt->mono, .theme = opt ? opt->theme : THEME_USUAL};
	struct err load_err = {0};
	int rc = signals_open(loop_signals, ARRAY_LEN(loop_signals), true, err);

	if (rc < 0)
		return rc;
	rc = term_open(&term_opt, err);
	if (rc < 0) {
		signals_close();
		return rc;
	}
	d.host = dashboard_host_new(sync, opt ? opt->config : NULL);
	if (opt && opt->config)
		d.announcer = announcer_new(opt->config, sync_session(sync));
	int rows, cols;

	term_size(&rows, &cols);
	if (sync_load_newest(sync, (size_t)MAX(rows, 1), &load_err) < 0)
		session_notify(sync_session(sync), NOTICE_WARNING, "%s", load_err.msg);
	d.ui = make_ui(opt, sync_session(sync), dashboard_host_ops(d.host));
	(void)paint(&d);
	/* For measuring the time to the first paint. */
	if (str_empty(getenv("SAGETOP_EXIT_AFTER_PAINT"))) {
		aws_client_on_mfa(sync_client(sync), ask_mfa, &d);
		if (d.announcer)
			sync_on_transition(sync, announcer_saw, d.announcer);
		sync_start(sync);
		run_loop(&d);
		sync_on_transition(sync, NULL, NULL);
		aws_client_on_mfa(sync_client(sync), NULL, NULL);
	}
	ui_free(d.ui);
	term_close();
	signals_close();
	moves(&d, ret_next);
	dashboard_host_free(d.host);
	announcer_free(d.announcer);
	if (d.end_signal)
		raise(d.end_signal);
	return 0;
}
