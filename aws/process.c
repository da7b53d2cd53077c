/* Children of credential_process, read in the client's loop. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aws/client_impl.h"
#include "base/clock.h"
#include "base/proc.h"

#define MAX_OUTPUT ((size_t)1 << 20)
/* A process may ask the user for a code in a browser. */
#define PROCESS_TIMEOUT_MS ((int64_t)5 * 60 * 1000)
#define EXIT_POLL_MS 20

struct child {
	struct child *next;
	struct aws_client *client;
	pid_t pid;
	int fd; /* its standard output; -1 once it has ended */
	struct buf output;
	int64_t deadline_ms;
	struct err err;
	aws_process_fn *fn;
	void *fn_user;
};

static void child_free(struct child *k)
{
	struct child **p = &k->client->children;

	while (*p && *p != k)
		p = &(*p)->next;
	if (*p)
		*p = k->next;
	fd_close(&k->fd);
	buf_done(&k->output);
	free(k);
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
			kill(-k->pid, SIGKILL);
		aws_client_after(k->client, EXIT_POLL_MS, child_reap, k);
		return;
	}
	status = got < 0 ? 0 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	k->fn(k->fn_user, status, buf_str(&k->output), k->output.len, k->err.code ? &k->err : NULL);
	child_free(k);
}

static void child_failed(void *user)
{
	struct child *k = user;

	k->fn(k->fn_user, -1, "", 0, &k->err);
	child_free(k);
}

static void child_ended(struct child *k)
{
	fd_close(&k->fd);
	aws_client_after(k->client, 0, child_reap, k);
}

void process_run(void *client, const char *const *argv, aws_process_fn *fn, void *fn_user)
{
	struct aws_client *c = client;
	struct child *k = NEW(struct child);
	struct proc_spec spec = {.argv = argv, .stdin_fd = -1, .stderr_fd = -1, .new_group = true};
	int pipe_fds[2];

	*k = (struct child){.next = c->children,
			    .client = c,
			    .fd = -1,
			    .deadline_ms = clock_mono_ms() + PROCESS_TIMEOUT_MS,
			    .fn = fn,
			    .fn_user = fn_user};
	buf_init(&k->output, MAX_OUTPUT);
	c->children = k;
	if (pipe2(pipe_fds, O_CLOEXEC)) {
		err_set(&k->err, ERR_IO, "cannot make a pipe: %s", strerror(errno));
		aws_client_after(c, 0, child_failed, k);
		return;
	}
	spec.stdout_fd = pipe_fds[1];
	if (proc_spawn(&spec, &k->pid, &k->err)) {
		close(pipe_fds[0]);
		close(pipe_fds[1]);
		aws_client_after(c, 0, child_failed, k);
		return;
	}
	close(pipe_fds[1]);
	k->fd = pipe_fds[0];
	fcntl(k->fd, F_SETFL, O_NONBLOCK);
}

unsigned process_fds(struct aws_client *c, struct pollfd *fds, unsigned max)
{
	unsigned n = 0;

	for (struct child *k = c->children; k && n < max; k = k->next)
		if (k->fd >= 0)
			fds[n++] = (struct pollfd){.fd = k->fd, .events = POLLIN};
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
	while (c->children) {
		struct child *k = c->children;

		assert(k->client == c);
		if (k->pid > 0) {
			kill(-k->pid, SIGKILL);
			waitpid(k->pid, NULL, 0);
		}
		child_free(k);
	}
}
