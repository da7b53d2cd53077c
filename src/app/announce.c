/* Changes of status as lines of a file, and ends for the terminal and a program. */
#include "app/announce.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/reference.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/timefmt.h"
#include "base/utf8.h"
#include "model/field.h"
#include "model/kind.h"
#include "tui/term.h"

#define REASON_CELLS 400 /* of a text for the terminal or the program */

struct announcer {
	const struct settings *set;
	struct session *session;
	char *events; /* the file's path; NULL: none */
	bool told_of_file, told_of_program;
	pid_t program;		  /* notice-command, while it runs; 0 */
	size_t n_ended, n_failed; /* since the last text */
	char *first;		  /* of those the first that failed, else the first: its text */
	bool first_failed;
};

struct announcer *announcer_new(const struct config *config, struct session *session)
{
	struct announcer *a = NEW(struct announcer);
	const char *events = config->set.events;

	a->set = &config->set;
	a->session = session;
	if (!str_empty(events))
		a->events = fs_expand(events);
	return a;
}

void announcer_free(struct announcer *a)
{
	if (!a)
		return;
	free(a->events);
	free(a->first);
	free(a);
}

static void complain(struct announcer *a, bool *told, const char *what, const char *why)
{
	if (!*told)
		session_notify(a->session, NOTICE_WARNING, "%s: %s", what, why);
	*told = true;
}

/* --- the file ------------------------------------------------------------------------------ */

static char *line_of(const struct announcer *a, const struct resource *r, const char *from)
{
	char now[TIMEFMT_LEN];
	const struct session *own = session_own(a->session, r);
	AUTO(json)
	json_t *o = json_pack("{s:s, s:s, s:s, s:s?, s:s, s:s, s:s?, s:s?, s:s?}", "time",
			      timefmt_iso_ms(now, clock_now_ms()), "kind", r->kind->name, "name", r->name, "from", from,
			      "to", resource_state_text(r), "meaning", resource_meaning(r->state), "reason",
			      r->failure_reason, "account", own->account, "region", own->region);
	AUTO(str) char *text = json_text(o);

	return xasprintf("%s\n", text);
}

/* One write: lines of two dashboards do not mix. Opened each time, so that it may be moved. */
static void write_line(struct announcer *a, const char *line)
{
	AUTO(fd) int fd = open(a->events, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	errno = fd < 0 ? errno : 0;
	if (fd < 0 || write(fd, line, strlen(line)) != (ssize_t)strlen(line))
		complain(a, &a->told_of_file, a->events, strerror(errno ? errno : ENOSPC));
}

/* --- the terminal and the program ---------------------------------------------------------- */

/* One line, whatever the reason has: it becomes an argument and a terminal's notice. */
static char *end_text(const struct resource *r)
{
	AUTO(str) char *kind = reference_title(r->kind);
	AUTO(buf) struct buf reason = BUF_INIT(BUF_MAX_TEXT), shown = BUF_INIT(BUF_MAX_TEXT);

	field_one_line(str_or(r->failure_reason, ""), &reason);
	utf8_add_cut(&shown, buf_str(&reason), REASON_CELLS);
	return xasprintf("%s %s: %s%s%s", kind, r->name, resource_state_text(r), shown.len ? ": " : "",
			 buf_str(&shown));
}

static void remember(struct announcer *a, const struct resource *r)
{
	bool failed = r->state == STATE_BAD;

	a->n_ended++;
	a->n_failed += failed;
	if (a->first && (a->first_failed || !failed))
		return;
	free(a->first);
	a->first = end_text(r);
	a->first_failed = failed;
}

void announcer_saw(void *user, const struct resource *r, const char *from)
{
	struct announcer *a = user;
	bool ended = !resource_is_running(r) && r->state != STATE_UNKNOWN;

	if (a->events) {
		AUTO(str) char *line = line_of(a, r, from);

		write_line(a, line);
	}
	if (ended && (a->set->announce == SETTING_ANNOUNCE_ENDED ||
		      (a->set->announce == SETTING_ANNOUNCE_FAILED && r->state == STATE_BAD)))
		remember(a, r);
}

static void start_program(struct announcer *a, const char *text)
{
	AUTO(strlist) struct strlist words = {0};
	struct err err = {0};

	if (str_empty(a->set->notice_command) || proc_split_words(a->set->notice_command, &words, &err) < 0)
		return; /* it was right when the settings were read */
	AUTO(fd) int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	const char **argv = proc_argv(&words, text);
	struct proc_spec spec = {
		.argv = argv, .stdin_fd = -1, .stdout_fd = null, .stderr_fd = null, .new_session = true};

	if (null < 0 || proc_spawn(&spec, &a->program, &err) < 0) {
		a->program = 0;
		complain(a, &a->told_of_program, "notice-command", null < 0 ? strerror(errno) : err.msg);
	}
	free(argv);
}

static void tell(struct announcer *a)
{
	AUTO(str) char *first = TAKE(a->first);
	AUTO(str) char *failed = a->n_failed ? xasprintf(", %zu failed", a->n_failed) : NULL;
	AUTO(str)
	char *text = a->n_ended == 1 ? TAKE(first)
				     : xasprintf("%zu have ended%s: %s", a->n_ended, str_or(failed, ""), first);

	a->n_ended = a->n_failed = 0;
	a->first_failed = false;
	if (a->set->announce_by <= TERM_OSC777)
		term_announce((enum term_announcement)a->set->announce_by, text);
	start_program(a, text);
}

bool announcer_turn(struct announcer *a)
{
	int status;

	if (a->program && waitpid(a->program, &status, WNOHANG) == a->program) {
		if (status)
			complain(a, &a->told_of_program, "notice-command", "it failed");
		a->program = 0;
	}
	if (a->n_ended && !a->program)
		tell(a);
	return a->program != 0;
}
