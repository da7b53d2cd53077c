/* process.h - one host of a job: its process, its output as log events, its share
 * of processor and memory as metrics. */
#ifndef SAGETOP_LOCAL_PROCESS_H
#define SAGETOP_LOCAL_PROCESS_H

#include <sys/types.h>

#include "aws/local/running/metric_defs.h"
#include "aws/local/kept/training_job.h"

struct host {
	struct engine *e;
	struct training_job *job;
	const struct metric_defs *defs;
	int index;
	pid_t pid;	   /* 0: ended, or never started */
	int exit_code;	   /* of an ended one; 128 + signal */
	bool supervised;   /* by a process of ours (supervise.h), which is pid then */
	bool ended_first;  /* it failed before any other was stopped because of that */
	char *start_error; /* of an ended one: why it did not start, else NULL */
	int out_fd, report_fd;
	int64_t stream_id;
	struct buf line;
	int64_t began_ms;   /* monotonic */
	uint64_t cpu_ticks; /* of the tree at the last sample */
	int64_t sampled_ms;
	bool sampled_once;
	/* Running sums over the tree during a sample. */
	uint64_t sum_ticks, sum_rss;
};

/* Start it; output goes to the log stream. argv[0] is a program's path. A supervised one
 * that cannot be executed ends with 127 and its start_error. */
int host_start(struct host *h, const char *const *argv, const struct strmap *env, const char *cwd,
	       struct err *err) NODISCARD;
/* The process has ended (wait4's results): take the rest of its output, close. */
struct rusage;
void host_ended(struct host *h, int wait_status, const struct rusage *usage);
void host_signal(const struct host *h, int sig); /* SIGTERM to its whole group; SIGKILL to all it has started */
void host_done(struct host *h);			 /* closes what is open; the process must have ended */

/* Sample all hosts in one pass over /proc. */
void hosts_sample(struct host **hosts, size_t n);
/* SIGKILL every process whose environment names the job's folder: what a killed
 * engine left running, or what lives in a container. Returns how many. */
int processes_kill_under(const char *dir);

#endif
