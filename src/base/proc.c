/* Child processes: start, feed, read, end. */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

extern char **environ;

/* The environment for the child, as one block that the child needs not build:
 * after fork only async-signal-safe calls are allowed. Entries are owned. */
static char **build_environment(const struct proc_spec *spec)
{
	struct strmap m = {0};

	for (char **e = environ; !spec->clear_env && *e; e++) {
		const char *eq = strchr(*e, '=');
		if (!eq)
			continue;
		AUTO(str) char *name = xstrndup(*e, (size_t)(eq - *e));
		strmap_set(&m, name, eq + 1);
	}
	for (size_t i = 0; spec->env && i < spec->env->n; i++)
		strmap_set(&m, spec->env->items[i].name, spec->env->items[i].value);
	char **env = xcalloc(m.n + 1, sizeof(*env));
	for (size_t i = 0; i < m.n; i++)
		env[i] = xasprintf("%s=%s", m.items[i].name, str_or(m.items[i].value, ""));
	strmap_done(&m);
	return env;
}

static void free_environment(char **env)
{
	for (char **e = env; *e; e++)
		free(*e);
	free(env);
}

static void move_fd(int from, int to)
{
	if (from >= 0 && from != to)
		dup2(from, to);
	else if (from == to)
		fcntl(to, F_SETFD, 0);
}

/* In the child, between fork and exec. Reports errno through report_fd. */
static _Noreturn void run_child(const struct proc_spec *spec, char **env, int report_fd, pid_t parent)
{
	int null_fd = spec->stdin_fd < 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;

	if (spec->new_session)
		setsid();
	else if (spec->new_group)
		setpgid(0, 0);
	if (spec->die_with_parent) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(127);
	}
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	move_fd(spec->stdin_fd >= 0 ? spec->stdin_fd : null_fd, 0);
	move_fd(spec->stdout_fd, 1);
	move_fd(spec->stderr_fd, 2);
	close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
	if (!spec->cwd || chdir(spec->cwd) == 0) {
		environ = env;
		execvp(spec->argv[0], (char *const *)spec->argv);
	}
	int failure = errno;
	ssize_t ignored = write(report_fd, &failure, sizeof(failure));
	(void)ignored;
	_exit(127);
}

/* The descriptors above 2 that a spec names must not be overwritten by the
 * moves to 0..2; callers open theirs with O_CLOEXEC, always above 2. */
int proc_spawn(const struct proc_spec *spec, pid_t *ret, struct err *err)
{
	int report[2];

	if (pipe2(report, O_CLOEXEC) < 0)
		return err_set(err, ERR_IO, "cannot make a pipe: %s", strerror(errno));
	char **env = build_environment(spec);
	pid_t parent = getpid(), pid = fork();
	int fork_errno = errno;
	if (pid == 0)
		run_child(spec, env, report[1], parent);
	free_environment(env);
	close(report[1]);
	int failure = 0;
	ssize_t n;
	do
		n = pid > 0 ? read(report[0], &failure, sizeof(failure)) : 0;
	while (n < 0 && errno == EINTR);
	close(report[0]);
	if (pid < 0)
		return err_set(err, ERR_IO, "cannot start '%s': %s", spec->argv[0], strerror(fork_errno));
	if (n == sizeof(failure)) {
		waitpid(pid, NULL, 0);
		return err_set(err, failure == ENOENT ? ERR_NOTFOUND : ERR_IO, "cannot start '%s': %s", spec->argv[0],
			       strerror(failure));
	}
	*ret = pid;
	return 0;
}

/* Read fd to its end or the deadline. */
static int drain(int fd, int64_t deadline_ms, struct buf *out, const char *name, struct err *err)
{
	char chunk[4096];

	for (;;) {
		int64_t left = deadline_ms - clock_mono_ms();
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int ready = left > 0 ? poll(&p, 1, (int)MIN(left, (int64_t)INT32_MAX)) : 0;
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return err_set(err, ERR_TIMEOUT, "'%s' did not end in time", name);
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		if (buf_add(out, chunk, (size_t)n) < 0)
			return err_set(err, ERR_TOOBIG, "'%s' printed more than %zu bytes", name, out->max);
	}
}

int proc_run(const char *const *argv, int64_t timeout_ms, struct buf *out, int *ret_status, struct err *err)
{
	int pipe_fds[2];

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_set(err, ERR_IO, "cannot make a pipe: %s", strerror(errno));
	AUTO(fd) int read_end = pipe_fds[0];
	int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct proc_spec spec = {
		.argv = argv, .stdin_fd = -1, .stdout_fd = pipe_fds[1], .stderr_fd = null_fd, .new_group = true};
	pid_t pid;
	int r = proc_spawn(&spec, &pid, err);
	close(pipe_fds[1]);
	fd_close(&null_fd);
	if (r < 0)
		return r;
	r = drain(read_end, clock_mono_ms() + timeout_ms, out, argv[0], err);
	if (r < 0)
		kill(-pid, SIGKILL);
	int status;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return r;
}

int proc_split_words(const char *line, struct strlist *out, struct err *err)
{
	AUTO(buf) struct buf word = BUF_INIT(BUF_MAX_TEXT);
	bool in_word = false;
	char quote = 0;

	for (const char *p = line; *p; p++) {
		bool escapes = *p == '\\' && (!quote || (quote == '"' && p[1] && strchr("\"\\", p[1])));

		if (escapes && !p[1])
			return err_set(err, ERR_INVALID, "nothing follows the last backslash");
		if (escapes) {
			buf_addc(&word, *++p);
			in_word = true;
		} else if (quote ? *p == quote : *p == '"' || *p == '\'') {
			quote = quote ? 0 : *p;
			in_word = true;
		} else if (!quote && strchr(" \t\r\n", *p)) {
			if (in_word)
				strlist_take(out, buf_take(&word));
			in_word = false;
		} else {
			buf_addc(&word, *p);
			in_word = true;
		}
	}
	if (quote)
		return err_set(err, ERR_INVALID, "a quote (%c) is not closed", quote);
	if (in_word)
		strlist_take(out, buf_take(&word));
	return 0;
}

const char **proc_argv(const struct strlist *words, const char *last)
{
	const char **argv = xcalloc(words->n + 2, sizeof(*argv));

	for (size_t i = 0; i < words->n; i++)
		argv[i] = words->items[i];
	argv[words->n] = last;
	return argv;
}
