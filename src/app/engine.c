/* Find, start and stop the local engine. */
#include "app/engine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/app.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"

#define ENGINE_PROGRAM "sagetop-local"
#define ENGINE_DEADLINE_MS 60000
#define POLL_EVERY_MS 20

/* Is the process the engine, and not another one that got its number? Its name
 * is what execve set; a foreign process is never signalled. */
static bool is_engine_process(pid_t pid)
{
	AUTO(str) char *path = xasprintf("/proc/%d/cmdline", (int)pid);
	AUTO(buf) struct buf text = BUF_INIT(65536);

	if (pid <= 1)
		return false;
	if (fs_read(path, &text, NULL) < 0) /* no /proc, as in a bare chroot: trust the number */
		return !fs_exists("/proc/self/cmdline") && kill(pid, 0) == 0;
	/* The words are separated by NUL; the program may stand behind a wrapper. */
	for (size_t i = 0; i < text.len; i += strlen(text.data + i) + 1) {
		const char *slash = strrchr(text.data + i, '/');
		if (!strcmp(slash ? slash + 1 : text.data + i, ENGINE_PROGRAM))
			return true;
	}
	return false;
}

static bool port_answers(int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	AUTO(fd) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0;
}

void engine_find(struct engine_info *ret)
{
	AUTO(str) char *path = fs_state_path("local/engine.json");
	AUTO(json) json_t *file = NULL;

	*ret = (struct engine_info){0};
	if (json_parse_file(path, 65536, &file, NULL) < 0)
		return;
	const char *endpoint = json_get_str(file, "endpoint");
	const char *colon = endpoint ? strrchr(endpoint, ':') : NULL;
	int64_t port = 0;
	if (!colon || !str_to_i64(colon + 1, &port) || port < 1 || port > 65535)
		return;
	ret->pid = (pid_t)json_get_i64(file, "pid", 0);
	ret->port = (int)port;
	str_copy(ret->endpoint, sizeof(ret->endpoint), endpoint);
	str_copy(ret->secret, sizeof(ret->secret), str_or(json_get_str(file, "secret"), ""));
	str_copy(ret->started, sizeof(ret->started), str_or(json_get_str(file, "started"), ""));
	ret->running = is_engine_process(ret->pid) && port_answers(ret->port);
}

/* Beside our own program, then anywhere in PATH. */
static char *find_program(void)
{
	AUTO(str) char *dir = fs_program_dir();
	AUTO(str) char *beside = dir ? fs_join(dir, ENGINE_PROGRAM) : NULL;

	return beside && access(beside, X_OK) == 0 ? TAKE(beside) : xstrdup(ENGINE_PROGRAM);
}

static int open_log(struct err *err)
{
	AUTO(str) char *path = fs_state_path("local/engine.log");
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_set(err, ERR_IO, "cannot write %s: %s", path, strerror(errno));
	return fd;
}

/* The engine must outlive us and our terminal: its own session, no terminal, its
 * output in a file. A failing exec comes back through a pipe that exec closes. */
static int spawn_detached(const char *program, int port, int log_fd, pid_t *ret, struct err *err)
{
	char port_text[16];
	int report[2];

	snprintf(port_text, sizeof(port_text), "%d", port);
	if (pipe2(report, O_CLOEXEC) < 0)
		return err_set(err, ERR_IO, "cannot make a pipe: %s", strerror(errno));
	pid_t pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);
		setsid();
		dup2(null, STDIN_FILENO);
		dup2(log_fd, STDOUT_FILENO);
		dup2(log_fd, STDERR_FILENO);
		for (int number = 1; number < 32; number++)
			signal(number, SIG_DFL);
		execlp(program, ENGINE_PROGRAM, "--port", port_text, (char *)NULL);
		int failure = errno;
		if (write(report[1], &failure, sizeof(failure)) < 0)
			_exit(126);
		_exit(127);
	}
	int fork_errno = errno;
	close(report[1]);
	int failure = 0;
	ssize_t n = pid > 0 ? read(report[0], &failure, sizeof(failure)) : 0;
	close(report[0]);
	if (pid < 0)
		return err_set(err, ERR_IO, "cannot start %s: %s", ENGINE_PROGRAM, strerror(fork_errno));
	if (n == (ssize_t)sizeof(failure)) {
		waitpid(pid, NULL, 0);
		if (failure == ENOENT)
			return err_set(err, ERR_NOTFOUND,
				       "%s is neither beside sagetop nor in PATH: build without --without-local, or "
				       "install it",
				       ENGINE_PROGRAM);
		return err_set(err, ERR_IO, "cannot start %s: %s", program, strerror(failure));
	}
	*ret = pid;
	return 0;
}

/* The last line that a dead engine wrote after `from`. */
static char *last_log_line(int64_t from)
{
	AUTO(str) char *path = fs_state_path("local/engine.log");
	AUTO(file) FILE *f = fopen(path, "re");
	char line[400], *last = NULL;

	if (!f || fseek(f, (long)from, SEEK_SET) < 0)
		return xstrdup("");
	while (fgets(line, sizeof(line), f)) {
		const char *text = str_trim(line);
		if (*text)
			str_set(&last, text);
	}
	return last ? last : xstrdup("");
}

/* Wait until the new engine has announced itself and answers. */
static int await_start(pid_t pid, int64_t timeout_ms, int64_t log_from, struct engine_info *ret, struct err *err)
{
	int64_t deadline = clock_mono_ms() + timeout_ms;
	int status;

	for (;;) {
		engine_find(ret);
		if (ret->running && ret->pid == pid)
			return 0;
		if (waitpid(pid, &status, WNOHANG) == pid) {
			AUTO(str) char *last = last_log_line(log_from);
			return err_set(err, ERR_IO, "the local engine ended at once: %s",
				       *last ? last : "see its engine.log");
		}
		if (clock_mono_ms() >= deadline) {
			kill(pid, SIGTERM);
			return err_set(err, ERR_TIMEOUT,
				       "the local engine did not answer within %d s: see its engine.log",
				       (int)(timeout_ms / 1000));
		}
		if (app_pause(POLL_EVERY_MS, err) < 0) {
			kill(pid, SIGTERM);
			return -ERR_CANCELLED;
		}
	}
}

/* One starter at a time; the second finds the first one's engine. */
static int take_start_lock(int64_t deadline, struct err *err)
{
	AUTO(str) char *path = fs_state_path("local/start.lock");
	struct err why = {0};
	int fd, rc;

	while ((rc = fs_lock(path, &fd, &why)) == -ERR_EXISTS) {
		if (clock_mono_ms() >= deadline)
			return err_set(err, ERR_TIMEOUT,
				       "another sagetop has been starting the engine for too long (%s)", path);
		if (app_pause(POLL_EVERY_MS, err) < 0)
			return -ERR_CANCELLED;
		err_clear(&why);
	}
	return rc < 0 ? err_set(err, ERR_IO, "%s", why.msg) : fd;
}

static int start_on(const char *program, int port, int log_fd, int64_t timeout_ms, struct engine_info *ret,
		    struct err *err)
{
	AUTO(str) char *log_path = fs_state_path("local/engine.log");
	int64_t log_from = MAX(fs_size(log_path), 0);
	pid_t pid = 0;
	int rc = spawn_detached(program, port, log_fd, &pid, err);

	return rc == 0 ? await_start(pid, timeout_ms, log_from, ret, err) : rc;
}

int engine_ensure(const struct engine_options *opt, struct engine_info *ret, struct err *err)
{
	int64_t timeout_ms = opt && opt->timeout_ms ? opt->timeout_ms : ENGINE_DEADLINE_MS;
	int port = opt ? opt->port : -1;
	AUTO(fd) int lock = -1;
	AUTO(fd) int log_fd = -1;
	AUTO(str) char *program = find_program();
	struct err failure = {0};

	engine_find(ret);
	if (ret->running)
		return 0;
	lock = take_start_lock(clock_mono_ms() + timeout_ms, err);
	if (lock < 0)
		return lock;
	engine_find(ret);
	if (ret->running)
		return 0;
	log_fd = open_log(err);
	if (log_fd < 0)
		return log_fd;
	/* The default port may belong to another user's engine, or be taken by one
	 * that starts at this moment: then any free one will do. */
	int rc = -ERR_EXISTS;
	if (port >= 0 || !port_answers(ENGINE_DEFAULT_PORT))
		rc = start_on(program, port < 0 ? ENGINE_DEFAULT_PORT : port, log_fd, timeout_ms, ret, &failure);
	if (rc < 0 && port < 0 && port_answers(ENGINE_DEFAULT_PORT)) {
		err_clear(&failure);
		rc = start_on(program, 0, log_fd, timeout_ms, ret, &failure);
	}
	if (rc == 0)
		ret->started_here = true;
	else if (err && err->code == ERR_OK)
		*err = failure;
	return rc;
}

int engine_stop(const struct engine_options *opt, struct engine_info *ret, struct err *err)
{
	int64_t timeout_ms = opt && opt->timeout_ms ? opt->timeout_ms : 150000; /* its jobs may use their 120 s */
	int64_t deadline = clock_mono_ms() + timeout_ms;

	engine_find(ret);
	if (!is_engine_process(ret->pid))
		return 0;
	ret->running = true;
	if (kill(ret->pid, SIGTERM) < 0)
		return err_set(err, ERR_IO, "cannot stop the engine, process %d: %s", (int)ret->pid, strerror(errno));
	while (is_engine_process(ret->pid)) {
		if (clock_mono_ms() >= deadline)
			return err_set(err, ERR_TIMEOUT, "the engine, process %d, has not ended within %d s",
				       (int)ret->pid, (int)(timeout_ms / 1000));
		if (app_pause(POLL_EVERY_MS, err) < 0)
			return -ERR_CANCELLED;
	}
	return 0;
}
