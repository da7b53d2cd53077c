/* Children of credential_process, read in the client's loop. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aws/client_impl.h"
#include "base/clock.h"
#include "base/proc.h"
#include "base/utf8.h"

#define MAX_OUTPUT ((size_t)1 << 20)
/* A process may ask the user for a code in a browser. */
#define PROCESS_TIMEOUT_MS ((int64_t)5 * 60 * 1000)
#define EXIT_POLL_MS 20
#define MAX_SAID ((size_t)4096)

struct child {
	struct child *next;
	struct aws_client *client;
	pid_t pid;
	int fd;	    /* its standard output; -1 once it has ended */
	int say_fd; /* its standard error, in a session of its own; -1: it has our terminal */
	struct buf output, said;
	int64_t deadline_ms;
	struct err err;
	aws_process_fn *fn;
	void *fn_user;
};

static void child_free(struct aws_client *c, struct child *k)
{
	struct child **p = &c->children;

	while (*p && *p != k)
		p = &(*p)->next;
	if (*p)
		*p = k->next;
	fd_close(&k->fd);
	fd_close(&k->say_fd);
	buf_done(&k->output);
	buf_done(&k->said);
	free(k);
}

/* What it said last, for the error's message. */
static void child_listen(struct child *k)
{
	char piece[1024];
	ssize_t n;

	while (k->say_fd >= 0 && (n = read(k->say_fd, piece, sizeof(piece))) > 0) {
		if (k->said.len + (size_t)n > MAX_SAID)
			buf_clear(&k->said);
		buf_add(&k->said, piece, (size_t)n);
	}
}

static const char *last_line(char *text)
{
	char *end = text + strlen(text), *line;

	while (end > text && strchr(" \t\r\n", end[-1]))
		*--end = '\0';
	line = strrchr(text, '\n');
	return line ? line + 1 : text;
}

static void child_tell_status(struct child *k, int status)
{
	AUTO(str) char *said = xstrdup(buf_str(&k->said));
	AUTO(str) char *clean = utf8_sanitize_dup(last_line(said));

	if (!status || k->err.code)
		return;
	if (!str_empty(clean))
		err_set(&k->err, ERR_AUTH, "it ended with status %d and said: %s", status, clean);
	else
		err_set(&k->err, ERR_AUTH, "it ended with status %d; run it by hand to see why", status);
}

static void child_kill(const struct child *k)
{
	kill(k->say_fd >= 0 ? -k->pid : k->pid, SIGKILL);
}

static void child_reap(void *user)
{
	struct child *k = user;
	int status = 0;
	pid_t got = waitpid(k->pid, &status, WNOHANG);

	if (got == 0 && !k->err.code && clock_mono_ms() > k->deadline_ms)
		err_set(&k->err, ERR_TIMEOUT, "credential_process did not end within %lld s",
			(long long)(PROCESS_TIMEOUT_MS / 1000));
	if (got == 0) {
		if (k->err.code)
			child_kill(k);
		aws_client_after(k->client, EXIT_POLL_MS, child_reap, k);
		return;
	}
	status = got < 0 ? 0 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	child_listen(k);
	child_tell_status(k, status);
	k->fn(k->fn_user, status, buf_str(&k->output), k->output.len, k->err.code ? &k->err : NULL);
	child_free(k->client, k);
}

static void child_failed(void *user)
{
	struct child *k = user;

	k->fn(k->fn_user, -1, "", 0, &k->err);
	child_free(k->client, k);
}

static void child_ended(struct child *k)
{
	fd_close(&k->fd);
	aws_client_after(k->client, 0, child_reap, k);
}

static int start(struct child *k, const char *const *argv)
{
	bool terminal = k->client->has_terminal;
	struct proc_spec spec = {.argv = argv, .stdin_fd = -1, .stderr_fd = -1, .new_session = !terminal};
	int out[2], said[2] = {-1, -1};

	if (pipe2(out, O_CLOEXEC))
		return err_set(&k->err, ERR_IO, "cannot make a pipe: %s", strerror(errno));
	if (!terminal && pipe2(said, O_CLOEXEC)) {
		close(out[0]);
		close(out[1]);
		return err_set(&k->err, ERR_IO, "cannot make a pipe: %s", strerror(errno));
	}
	k->fd = out[0];
	k->say_fd = said[0];
	spec.stdout_fd = out[1];
	spec.stderr_fd = said[1];
	if (terminal && isatty(STDIN_FILENO))
		spec.stdin_fd = STDIN_FILENO;

	int rc = proc_spawn(&spec, &k->pid, &k->err);
	close(out[1]);
	fd_close(&said[1]);
	fcntl(k->fd, F_SETFL, O_NONBLOCK);
	if (k->say_fd >= 0)
		fcntl(k->say_fd, F_SETFL, O_NONBLOCK);
	return rc;
}

/* While the terminal is ours to give, the program may ask and talk there, as under the
 * AWS CLI. Behind a screen it gets a session of its own: it cannot write into it, and
 * what reads from a terminal fails instead of being stopped for ever. */
void process_run(void *client, const char *const *argv, aws_process_fn *fn, void *fn_user)
{
	struct aws_client *c = client;
	struct child *k = NEW(struct child);

	*k = (struct child){.next = c->children,
			    .client = c,
			    .fd = -1,
			    .say_fd = -1,
			    .deadline_ms = clock_mono_ms() + PROCESS_TIMEOUT_MS,
			    .fn = fn,
			    .fn_user = fn_user};
	buf_init(&k->output, MAX_OUTPUT);
	buf_init(&k->said, MAX_SAID);
	c->children = k;
	if (start(k, argv)) {
		fd_close(&k->fd);
		aws_client_after(c, 0, child_failed, k);
	}
}

unsigned process_fds(struct aws_client *c, struct pollfd *fds, unsigned max)
{
	unsigned n = 0;

	for (struct child *k = c->children; k && n + 1 < max; k = k->next) {
		if (k->fd >= 0)
			fds[n++] = (struct pollfd){.fd = k->fd, .events = POLLIN};
		if (k->fd >= 0 && k->say_fd >= 0)
			fds[n++] = (struct pollfd){.fd = k->say_fd, .events = POLLIN};
	}
	return n;
}

static void child_read(struct child *k)
{
	char piece[4096];

	for (;;) {
		ssize_t n = read(k->fd, piece, sizeof(piece));

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0) {
			child_ended(k);
			return;
		}
		if (buf_add(&k->output, piece, (size_t)n)) {
			err_set(&k->err, ERR_TOOBIG, "credential_process wrote more than %zu KiB", MAX_OUTPUT >> 10);
			child_ended(k);
			return;
		}
	}
	child_listen(k); /* a full pipe would hold it up */
	if (clock_mono_ms() > k->deadline_ms)
		child_ended(k);
}

void process_poll(struct aws_client *c)
{
	for (struct child *k = c->children; k; k = k->next)
		if (k->fd >= 0)
			child_read(k);
}

void process_free_all(struct aws_client *c)
{
	for (struct child *k = c->children, *next; k; k = next) {
		next = k->next;
		if (k->pid > 0) {
			child_kill(k);
			waitpid(k->pid, NULL, 0);
		}
		child_free(c, k);
	}
}
