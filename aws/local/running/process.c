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

#include "aws/local/running/layout.h"
#include "aws/local/kept/log_store.h"
#include "aws/local/kept/metric_store.h"
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
	AUTO(strmap) struct strmap dims = {0};
	int64_t now = engine_now_ms(h->e);

	strmap_set(&dims, "TrainingJobName", h->job->name);
	metric_add(h->e, metric_series(h->e, TRAINING_NAMESPACE, name, &dims, true), now, value);
	training_job_set_final(h->job, name, value, now);
	if (h->e->job_listener)
		h->e->job_listener(h->e, h->job, true);
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
	char name[16];

	layout_host_name(h->index, name);
	for (;; epoch++) {
		AUTO(str) char *stream = xasprintf("%s/%s-%lld", h->job->name, name, (long long)epoch);

		if (log_stream_find(h->e, TRAINING_GROUP, stream))
			continue;
		h->stream_id = log_stream_create(h->e, TRAINING_GROUP, stream);
		return;
	}
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

static void supervised_argv(const char *const *argv, struct strlist *ret)
{
	strlist_add(ret, "/proc/self/exe");
	strlist_add(ret, SUPERVISE_ARGUMENT);
	while (*argv)
		strlist_add(ret, *argv++);
	strlist_take(ret, NULL);
}

int host_start(struct host *h, const char *const *argv, const struct strmap *env, const char *cwd, struct err *err)
{
	AUTO(strlist) struct strlist supervised = {0};
	AUTO(fd) int output = -1;
	AUTO(fd) int report = -1;
	int rc = open_pipe(&h->out_fd, &output, err);

	if (rc == 0 && h->supervised)
		rc = open_pipe(&h->report_fd, &report, err);
	if (rc == 0 && h->supervised)
		supervised_argv(argv, &supervised);
	struct proc_spec spec = {.argv = h->supervised ? (const char *const *)supervised.items : argv,
				 .env = env,
				 .clear_env = true,
				 .cwd = cwd,
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
	open_stream(h);
	return loop_add(h->e->loop, h->out_fd, EPOLLIN, on_output, h, err);
}

static void put_metric(struct host *h, const char *name, double value)
{
	AUTO(strmap) struct strmap dims = {0};
	char host[16];

	layout_host_name(h->index, host);
	AUTO(str) char *dimension = xasprintf("%s/%s", h->job->name, host);

	strmap_set(&dims, "Host", dimension);
	metric_add(h->e, metric_series(h->e, TRAINING_NAMESPACE, name, &dims, true), engine_now_ms(h->e), value);
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
	if (h->supervised && WIFSIGNALED(wait_status)) {
		AUTO(str) char *dir = layout_job_dir(h->e, h->job);

		processes_kill_under(dir);
	}
	take_report(h);
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
	close_output(h);
	fd_close(&h->report_fd);
	free(h->start_error);
	buf_done(&h->line);
}

/* --- sampling ----------------------------------------------------------------------------------- */

/* Whose it is: by its group, or through its parents. */
static void assign(struct process_row *rows, size_t n, struct host **hosts, size_t n_hosts)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n_hosts && !rows[i].host; k++) {
			if (hosts[k]->pid > 0 && rows[i].group == hosts[k]->pid)
				rows[i].host = hosts[k];
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

void hosts_sample(struct host **hosts, size_t n)
{
	size_t n_rows;
	int64_t now = clock_mono_ms();

	if (!n)
		return;
	struct process_row *rows = process_table_read(&n_rows);

	assign(rows, n_rows, hosts, n);
	for (size_t i = 0; i < n; i++)
		hosts[i]->sum_ticks = hosts[i]->sum_rss = 0;
	for (size_t i = 0; i < n_rows; i++) {
		struct host *h = rows[i].host;

		/* The supervisor is the engine's, not the job's. */
		if (h && !(h->supervised && rows[i].pid == h->pid)) {
			h->sum_ticks += rows[i].ticks;
			h->sum_rss += rows[i].rss;
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (hosts[i]->pid > 0)
			put_sample(hosts[i], now);
	}
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
