#include "aws/local/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aws/local/layout.h"
#include "aws/local/log_store.h"
#include "aws/local/metric_store.h"
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
	job_set_final(h->job, name, value, now);
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

int host_start(struct host *h, const char *const *argv, const struct strmap *env, const char *cwd, struct err *err)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(err, ERR_IO, "cannot make a pipe: %s", strerror(errno));
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	struct proc_spec spec = {.argv = argv,
				 .env = env,
				 .clear_env = true,
				 .cwd = cwd,
				 .stdin_fd = -1,
				 .stdout_fd = fds[1],
				 .stderr_fd = fds[1],
				 .new_group = true,
				 .die_with_parent = true};
	int rc = proc_spawn(&spec, &h->pid, err);

	close(fds[1]);
	if (rc < 0) {
		h->pid = 0;
		close(fds[0]);
		return rc;
	}
	h->out_fd = fds[0];
	h->line = BUF_INIT(LOG_MAX_EVENT + 1);
	h->began_ms = h->sampled_ms = clock_mono_ms();
	h->started = true;
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

void host_ended(struct host *h, int wait_status, const struct rusage *usage)
{
	size_t drained = 0;

	/* Nothing of the job outlives its first process, as in a container. */
	kill(-h->pid, SIGKILL);
	h->pid = 0;
	h->exit_code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
	while (h->out_fd >= 0 && drained < DRAIN_MAX && read_output(h))
		drained += READ_CHUNK;
	close_output(h);
	final_sample(h, usage);
}

void host_signal(const struct host *h, int sig)
{
	if (h->pid > 0)
		kill(-h->pid, sig);
}

void host_done(struct host *h)
{
	close_output(h);
	buf_done(&h->line);
}

/* --- sampling ----------------------------------------------------------------------------------- */

struct process_row {
	pid_t pid, parent, group;
	uint64_t ticks, rss;
	struct host *host;
};

static bool read_stat(pid_t pid, struct process_row *row)
{
	char path[64], text[1024];
	unsigned long long utime, stime;
	long long rss;
	int parent, group;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return false;
	text[n] = 0;
	/* The name may hold anything, parentheses too: fields begin behind the last one. */
	char *fields = strrchr(text, ')');

	if (!fields ||
	    sscanf(fields + 1,
		   " %*c %d %d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %*d %*d %*u %*u %lld", &parent,
		   &group, &utime, &stime, &rss) != 5)
		return false;
	*row = (struct process_row){.pid = pid,
				    .parent = parent,
				    .group = group,
				    .ticks = utime + stime,
				    .rss = rss > 0 ? (uint64_t)rss * (uint64_t)sysconf(_SC_PAGESIZE) : 0};
	return true;
}

static struct process_row *read_processes(size_t *ret_n)
{
	struct process_row *rows = NULL;
	size_t n = 0, cap = 0;
	DIR *d = opendir("/proc");

	for (struct dirent *entry; d && (entry = readdir(d));) {
		int64_t pid;
		struct process_row row;

		if (!str_to_i64(entry->d_name, &pid) || !read_stat((pid_t)pid, &row))
			continue;
		GROW(rows, cap, n + 1);
		rows[n++] = row;
	}
	if (d)
		closedir(d);
	*ret_n = n;
	return rows;
}

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
	struct process_row *rows = read_processes(&n_rows);

	assign(rows, n_rows, hosts, n);
	for (size_t i = 0; i < n; i++)
		hosts[i]->sum_ticks = hosts[i]->sum_rss = 0;
	for (size_t i = 0; i < n_rows; i++) {
		if (rows[i].host) {
			rows[i].host->sum_ticks += rows[i].ticks;
			rows[i].host->sum_rss += rows[i].rss;
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (hosts[i]->pid > 0)
			put_sample(hosts[i], now);
	}
	free(rows);
}

static bool environment_has(pid_t pid, const char *needle)
{
	char path[64];
	AUTO(buf) struct buf text = BUF_INIT((size_t)4 << 20);

	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	if (fs_read(path, &text, NULL) < 0)
		return false;
	/* Up to and with the NUL: a job's name may be the beginning of another's. */
	return memmem(buf_str(&text), text.len, needle, strlen(needle) + 1) != NULL;
}

int processes_kill_under(const char *dir)
{
	AUTO(str) char *needle = xasprintf("SAGETOP_JOB_DIR=%s", dir);
	size_t n;
	int killed = 0;
	struct process_row *rows = read_processes(&n);

	for (size_t i = 0; i < n; i++) {
		if (rows[i].pid != getpid() && environment_has(rows[i].pid, needle) && kill(rows[i].pid, SIGKILL) == 0)
			killed++;
	}
	free(rows);
	return killed;
}
