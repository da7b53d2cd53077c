/* One host of a job as a process: started, its output read, measured, ended. */
#include "aws/local/running/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aws/local/kept/log_store.h"
#include "aws/local/kept/metric_store.h"
#include "aws/local/running/command.h"
#include "aws/local/running/own_ml.h"
#include "aws/local/running/process_table.h"
#include "aws/local/running/supervise.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/proc.h"

#define READ_CHUNK ((size_t)64 << 10)
#define DRAIN_MAX ((size_t)64 << 20)

/* --- output ----------------------------------------------------------------------------------- */

static void on_metric(void *user, const char *name, double value)
{
	struct host *h = user;

	h->on_metric(h, name, value);
}

/* Does the output end in a traceback? A program may exit with 0 behind an exception that
 * it swallowed. */
static void watch_traceback(struct host *h, const char *text)
{
	if (str_starts(text, "Traceback (most recent call last):")) {
		str_set(&h->exception, NULL);
		h->in_traceback = true;
	} else if (h->in_traceback && *text && *text != ' ') {
		str_set(&h->exception, text);
		h->in_traceback = false;
	} else if (!h->in_traceback && *text) {
		str_set(&h->exception, NULL);
	}
}

/* The line as an event, or as several where it is longer than one may be. The
 * service keeps no empty events. */
static void emit_line(struct host *h)
{
	if (h->line.len && h->line.data[h->line.len - 1] == '\r')
		buf_truncate(&h->line, h->line.len - 1);
	for (size_t at = 0; at < h->line.len;) {
		AUTO(buf) struct buf text = BUF_INIT(LOG_MAX_EVENT + 64);

		at += log_clean(&text, h->line.data + at, h->line.len - at);
		log_append(h->e, h->stream_id, engine_now_ms(h->e), buf_str(&text), text.len);
		watch_traceback(h, buf_str(&text));
		if (h->defs)
			metric_defs_apply(h->defs, buf_str(&text), text.len, on_metric, h);
	}
	buf_clear(&h->line);
}

static void take_output(struct host *h, const char *data, size_t n)
{
	while (n) {
		const char *newline = memchr(data, '\n', n);
		size_t part = newline ? (size_t)(newline - data) : n;
		size_t room = LOG_MAX_EVENT - h->line.len;

		/* A longer line becomes several events. */
		if (part > room) {
			buf_add(&h->line, data, room);
			emit_line(h);
			data += room;
			n -= room;
			continue;
		}
		buf_add(&h->line, data, part);
		data += part;
		n -= part;
		if (newline) {
			emit_line(h);
			data++;
			n--;
		}
	}
}

/* One chunk of output. false at its end, or where there is none now. */
static bool read_output(struct host *h)
{
	char chunk[READ_CHUNK];
	ssize_t n = read(h->out_fd, chunk, sizeof(chunk));

	if (n > 0)
		take_output(h, chunk, (size_t)n);
	return n > 0 || (n < 0 && errno == EINTR);
}

static void close_output(struct host *h)
{
	if (h->out_fd < 0)
		return;
	loop_remove(h->e->loop, h->out_fd);
	fd_close(&h->out_fd);
	emit_line(h);
}

static void on_output(void *user, uint32_t events)
{
	struct host *h = user;

	if (!read_output(h) && (events & (EPOLLHUP | EPOLLERR)))
		close_output(h);
}

/* --- life ------------------------------------------------------------------------------------- */

/* Each attempt has a stream of its own, two within one second too. */
static void open_stream(struct host *h)
{
	int64_t epoch = engine_now_ms(h->e) / 1000;

	if (h->one_stream) {
		h->stream_id = log_stream_create(h->e, h->group, h->stream);
		return;
	}
	for (;; epoch++) {
		AUTO(str) char *stream = xasprintf("%s-%lld", h->stream, (long long)epoch);

		if (log_stream_find(h->e, h->group, stream))
			continue;
		h->stream_id = log_stream_create(h->e, h->group, stream);
		return;
	}
}

/* A line of the engine's own in its log. */
static void host_say(struct host *h, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	AUTO(str) char *text = xvasprintf(fmt, ap);
	va_end(ap);
	log_append(h->e, h->stream_id, engine_now_ms(h->e), text, strlen(text));
}

char *host_swallowed(struct host *h)
{
	if (h->exit_code || !h->exception)
		return NULL;
	host_say(h, "sagetop-local: warning: the log ends in a traceback, and yet the program exited with 0; an "
		    "exception that is caught should end it with another status");
	return xasprintf("its log ends in a traceback: %.300s", h->exception);
}

struct host *host_find(struct engine *e, pid_t pid)
{
	struct host *h = e->hosts;

	while (h && h->pid != pid)
		h = h->next;
	return h;
}

static void forget(struct host *h)
{
	struct host **at = &h->e->hosts;

	while (*at && *at != h)
		at = &(*at)->next;
	if (*at)
		*at = h->next;
}

/* A pipe from the process, whose end is write_end. */
static int open_pipe(int *read_end, int *write_end, struct err *err)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(err, ERR_IO, "cannot make a pipe: %s", strerror(errno));
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	*read_end = fds[0];
	*write_end = fds[1];
	return 0;
}

static void supervised_argv(const struct command *cmd, struct strlist *ret)
{
	strlist_add(ret, "/proc/self/exe");
	strlist_add(ret, SUPERVISE_ARGUMENT);
	if (cmd->ml) {
		strlist_add(ret, OWN_ML_ARGUMENT);
		strlist_add(ret, cmd->ml);
		strlist_add(ret, cmd->cwd);
	}
	for (size_t i = 0; i < cmd->argv.n; i++)
		strlist_add(ret, cmd->argv.items[i]);
	strlist_take(ret, NULL);
}

int host_start(struct host *h, const struct command *cmd, struct err *err)
{
	AUTO(strlist) struct strlist supervised = {0};
	AUTO(fd) int output = -1;
	AUTO(fd) int report = -1;
	int rc;

	h->supervised = !cmd->container;
	h->out_fd = h->report_fd = -1;
	rc = open_pipe(&h->out_fd, &output, err);
	if (rc == 0 && h->supervised)
		rc = open_pipe(&h->report_fd, &report, err);
	if (rc == 0 && h->supervised)
		supervised_argv(cmd, &supervised);
	const struct strlist *argv = h->supervised ? &supervised : &cmd->argv;
	struct proc_spec spec = {.argv = (const char *const *)argv->items,
				 .env = &cmd->env,
				 .clear_env = true,
				 .cwd = cmd->ml ? cmd->ml : cmd->cwd,
				 .stdin_fd = report,
				 .stdout_fd = output,
				 .stderr_fd = output,
				 .new_group = true,
				 .die_with_parent = true};
	if (rc == 0)
		rc = proc_spawn(&spec, &h->pid, err);
	if (rc < 0) {
		h->pid = 0;
		fd_close(&h->out_fd);
		fd_close(&h->report_fd);
		return rc;
	}
	h->line = BUF_INIT(LOG_MAX_EVENT + 1);
	h->began_ms = h->sampled_ms = clock_mono_ms();
	h->next = h->e->hosts;
	h->e->hosts = h;
	open_stream(h);
	return loop_add(h->e->loop, h->out_fd, EPOLLIN, on_output, h, err);
}

static void put_metric(struct host *h, const char *name, double value)
{
	metric_add(h->e, metric_series(h->e, h->ns ? h->ns : h->group, name, &h->dims, true), engine_now_ms(h->e),
		   value);
}

static double memory_percent(uint64_t bytes)
{
	double total = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);

	return total > 0 ? 100.0 * (double)bytes / total : 0;
}

static void put_disk(struct host *h)
{
	struct statvfs fs;

	if (statvfs(h->e->opt.state_dir, &fs) == 0 && fs.f_blocks)
		put_metric(h, "DiskUtilization", 100.0 * (double)(fs.f_blocks - fs.f_bavail) / (double)fs.f_blocks);
}

/* A job that was over before the first sample is not left without a figure: the
 * kernel has counted what it used. */
static void final_sample(struct host *h, const struct rusage *usage)
{
	int64_t wall_ms = MAX(clock_mono_ms() - h->began_ms, 1);
	int64_t cpu_ms = (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000 +
			 (usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1000;

	if (h->sampled_once)
		return;
	put_metric(h, "CPUUtilization", 100.0 * (double)cpu_ms / (double)wall_ms);
	put_metric(h, "MemoryUtilization", memory_percent((uint64_t)usage->ru_maxrss * 1024));
	put_disk(h);
}

/* Why its supervisor could not start it. */
static void take_report(struct host *h)
{
	char text[1024];
	ssize_t n = h->report_fd < 0 ? 0 : read(h->report_fd, text, sizeof(text));

	if (n > 0)
		h->start_error = xstrndup(text, (size_t)n);
	fd_close(&h->report_fd);
}

void host_ended(struct host *h, int wait_status, const struct rusage *usage)
{
	size_t drained = 0;

	/* Nothing of the job outlives its first process, as in a container. A supervisor
	 * has seen to that, unless somebody killed it. */
	kill(-h->pid, SIGKILL);
	if (h->supervised && WIFSIGNALED(wait_status))
		processes_kill_under(h->dir);
	take_report(h);
	forget(h);
	h->pid = 0;
	h->exit_code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
	while (h->out_fd >= 0 && drained < DRAIN_MAX && read_output(h))
		drained += READ_CHUNK;
	close_output(h);
	final_sample(h, usage);
}

void host_signal(const struct host *h, int sig)
{
	if (h->pid <= 0)
		return;
	if (h->supervised)
		kill(h->pid, sig == SIGKILL ? SUPERVISE_KILL : sig);
	else
		kill(-h->pid, sig);
}

void host_done(struct host *h)
{
	if (!h->e)
		return; /* never begun */
	forget(h);
	close_output(h);
	fd_close(&h->report_fd);
	free(h->start_error);
	free(h->exception);
	free(h->stream);
	free(h->dir);
	strmap_done(&h->dims);
	buf_done(&h->line);
}

/* --- sampling ----------------------------------------------------------------------------------- */

/* Whose it is: by its group, or through its parents. */
static void assign(struct process_row *rows, size_t n, struct host *hosts)
{
	for (size_t i = 0; i < n; i++) {
		for (struct host *h = hosts; h && !rows[i].host; h = h->next) {
			if (h->pid > 0 && rows[i].group == h->pid)
				rows[i].host = h;
		}
	}
	for (bool changed = true; changed;) {
		changed = false;
		for (size_t i = 0; i < n; i++) {
			for (size_t k = 0; k < n && !rows[i].host; k++) {
				if (rows[k].pid == rows[i].parent && rows[k].host) {
					rows[i].host = rows[k].host;
					changed = true;
				}
			}
		}
	}
}

static void put_sample(struct host *h, int64_t now)
{
	int64_t passed = now - h->sampled_ms;
	uint64_t ticks = h->sum_ticks > h->cpu_ticks ? h->sum_ticks - h->cpu_ticks : 0;

	/* Children that ended took their ticks with them; a shorter time says nothing. */
	if (passed < 500)
		return;
	put_metric(h, "CPUUtilization", 100.0 * (double)ticks * 1000.0 / (double)sysconf(_SC_CLK_TCK) / (double)passed);
	put_metric(h, "MemoryUtilization", memory_percent(h->sum_rss));
	put_disk(h);
	h->cpu_ticks = h->sum_ticks;
	h->sampled_ms = now;
	h->sampled_once = true;
}

void hosts_sample(struct engine *e)
{
	size_t n_rows;
	int64_t now = clock_mono_ms();

	if (!e->hosts)
		return;
	struct process_row *rows = process_table_read(&n_rows);

	assign(rows, n_rows, e->hosts);
	for (struct host *h = e->hosts; h; h = h->next)
		h->sum_ticks = h->sum_rss = 0;
	for (size_t i = 0; i < n_rows; i++) {
		struct host *h = rows[i].host;

		/* The supervisor is the engine's, not the job's. */
		if (h && !(h->supervised && rows[i].pid == h->pid)) {
			h->sum_ticks += rows[i].ticks;
			h->sum_rss += rows[i].rss;
		}
	}
	for (struct host *h = e->hosts; h; h = h->next)
		put_sample(h, now);
	free(rows);
}

/* file: of /proc/PID. With its NUL: a job's name may be the beginning of another's. */
static bool process_has(pid_t pid, const char *file, const char *needle)
{
	char path[64];
	AUTO(buf) struct buf text = BUF_INIT((size_t)4 << 20);

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	if (fs_read(path, &text, NULL) < 0)
		return false;
	return memmem(buf_str(&text), text.len, needle, strlen(needle) + 1) != NULL;
}

/* A supervisor is told to, so that it takes all it has along. */
static bool kill_one(pid_t pid)
{
	return kill(pid, process_has(pid, "cmdline", SUPERVISE_ARGUMENT) ? SUPERVISE_KILL : SIGKILL) == 0;
}

int processes_kill_under(const char *dir)
{
	AUTO(str) char *needle = xasprintf("SAGETOP_JOB_DIR=%s", dir);
	size_t n;
	int killed = 0;
	struct process_row *rows = process_table_read(&n);

	for (size_t i = 0; i < n; i++) {
		if (rows[i].pid != getpid() && process_has(rows[i].pid, "environ", needle) && kill_one(rows[i].pid))
			killed++;
	}
	free(rows);
	return killed;
}
