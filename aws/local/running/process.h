/* process.h - one host of a job, or one server of an endpoint: its process, its output
 * as log events, its share of processor and memory as metrics.
 *
 * Whoever starts it fills in what stands first; the table of what runs (e->hosts) is
 * kept here, by which the runner finds whose process has ended. */
#ifndef SAGETOP_LOCAL_PROCESS_H
#define SAGETOP_LOCAL_PROCESS_H

#include <sys/types.h>

#include "aws/local/running/metric_defs.h"
#include "aws/local/core/engine.h"

struct host {
	struct engine *e;
	const char *group;		/* its log group, and the namespace of its metrics ... */
	const char *ns;			/* ... unless this is another one; NULL */
	char *stream;			/* "<job>/algo-1": each start has a stream "<stream>-<epoch>" ... */
	bool one_stream;		/* ... or all write to this one */
	struct strmap dims;		/* of its metrics */
	char *dir;			/* the job's folder, which its processes name in SAGETOP_JOB_DIR */
	const struct metric_defs *defs; /* NULL: none */
	void (*on_metric)(struct host *h, const char *name, double value); /* one of defs was found */
	void (*on_end)(struct host *h);					   /* after host_ended */
	void *user;
	struct host *next; /* in e->hosts */
	pid_t pid;	   /* 0: ended, or never started */
	int exit_code;	   /* of an ended one; 128 + signal */
	bool supervised;   /* by a process of ours (supervise.h), which is pid then */
	bool ended_first;  /* it failed before any other was stopped because of that */
	char *start_error; /* of an ended one: why it did not start, else NULL */
	int out_fd, report_fd;
	int64_t stream_id;
	struct buf line;
	bool in_traceback;  /* the last lines are a traceback's ... */
	char *exception;    /* ... and this is its last one; NULL where the log went on */
	int64_t began_ms;   /* monotonic */
	uint64_t cpu_ticks; /* of the tree at the last sample */
	int64_t sampled_ms;
	bool sampled_once;
	/* Running sums over the tree during a sample. */
	uint64_t sum_ticks, sum_rss;
};

/* Start it; output goes to the log stream. argv[0] is a program's path. A supervised one
 * that cannot be executed ends with 127 and its start_error. */
struct command;
int host_start(struct host *h, const struct command *cmd, struct err *err) NODISCARD;
/* The process has ended (wait4's results): take the rest of its output, close. */
struct rusage;
void host_ended(struct host *h, int wait_status, const struct rusage *usage);
void host_signal(const struct host *h, int sig); /* SIGTERM to its whole group; SIGKILL to all it has started */
void host_done(struct host *h);			 /* closes what is open; the process must have ended */

/* Sample all hosts in one pass over /proc. */
void hosts_sample(struct engine *e);
struct host *host_find(struct engine *e, pid_t pid); /* NULL: none of ours */
/* Of a host that ended with 0 although its log ends in a traceback: the exception, which
 * is said in the log as well. NULL: all is well. Owned by the caller. */
char *host_swallowed(struct host *h) NODISCARD;
/* SIGKILL every process whose environment names the job's folder: what a killed
 * engine left running, or what lives in a container. Returns how many. */
int processes_kill_under(const char *dir);

#endif
