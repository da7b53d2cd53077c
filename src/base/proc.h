/* proc.h - child processes without a shell.
 *
 * Descriptors above 2 are closed in the child, signals reset. No call here
 * blocks unless its name says run.
 */
#ifndef SAGETOP_BASE_PROC_H
#define SAGETOP_BASE_PROC_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/str.h"

struct proc_spec {
	const char *const *argv;  /* NULL-terminated; argv[0] is looked up in PATH unless it has a '/' */
	const struct strmap *env; /* added to (or replacing in) the environment; may be NULL */
	bool clear_env;		  /* start from an empty environment */
	const char *cwd;	  /* NULL keeps it */
	int stdin_fd;		  /* -1 is /dev/null */
	int stdout_fd;		  /* -1 keeps ours */
	int stderr_fd;		  /* -1 keeps ours */
	bool new_group;		  /* own process group, so that kill(-pid) reaches its children */
	bool new_session;	  /* own session, so that it has no terminal and cannot be stopped by one */
	bool die_with_parent;	  /* PR_SET_PDEATHSIG(SIGKILL) */
};

/* Start it. Exec failures are reported here, not as an exit code. */
int proc_spawn(const struct proc_spec *spec, pid_t *ret, struct err *err) NODISCARD;

/* Run to the end and collect standard output; standard error is dropped. Kills
 * it after timeout_ms (ERR_TIMEOUT). *ret_status is the exit code, or 128+signal. */
int proc_run(const char *const *argv, int64_t timeout_ms, struct buf *out, int *ret_status, struct err *err) NODISCARD;

/* Split a command line into words as botocore does for credential_process
 * (quotes and backslashes, no expansion of any kind). */
int proc_split_words(const char *line, struct strlist *out, struct err *err) NODISCARD;
/* The words and behind them one more argument, as argv; the array is the caller's, the texts are borrowed. */
const char **proc_argv(const struct strlist *words, const char *last) NODISCARD;

#endif
