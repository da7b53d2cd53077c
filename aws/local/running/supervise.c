/* The reaper above a job: nothing that a job starts outlives it. */
#include "aws/local/running/supervise.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "aws/local/running/own_ml.h"
#include "aws/local/running/process_table.h"
#include "base/clock.h"
#include "base/proc.h"

#define KILL_MS 10000 /* what has not ended by then never will */

struct trainer {
	pid_t pid;
	bool ended;
	int status; /* exit code, or 128 + signal */
};

static void reap(struct trainer *t)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != t->pid)
			continue;
		t->ended = true;
		t->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
}

static size_t kill_children(void)
{
	size_t n, killed = 0;
	struct process_row *rows = process_table_read(&n);

	for (size_t i = 0; i < n; i++) {
		if (rows[i].parent == getpid() && kill(rows[i].pid, SIGKILL) == 0)
			killed++;
	}
	free(rows);
	return killed;
}

/* Whoever loses its parent becomes a child of ours, so with each turn the next
 * generation is killed, until there is none. */
static void kill_all(struct trainer *t)
{
	int64_t deadline = clock_mono_ms() + KILL_MS;
	struct timespec moment = {.tv_nsec = 20 * 1000000};
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	while (kill_children() > 0 && clock_mono_ms() < deadline) {
		sigtimedwait(&child, NULL, &moment);
		reap(t);
	}
}

/* "--ml FOLDER CWD" before the program. */
static int mount_ml(const char *const **argv, struct err *err)
{
	const char *const *words = *argv;

	if (!str_eq(words[0], OWN_ML_ARGUMENT) || !words[1] || !words[2])
		return 0;
	int rc = own_ml_mount(words[1], err);

	if (rc == 0 && chdir(words[2]) < 0)
		rc = err_set(err, ERR_IO, "cannot go to %s", words[2]);
	*argv = words + 3;
	return rc;
}

static int start(struct trainer *t, const char *const *argv)
{
	struct err err = {0};
	int rc = mount_ml(&argv, &err);

	struct proc_spec spec = {.argv = argv,
				 .stdin_fd = -1,
				 .stdout_fd = -1,
				 .stderr_fd = -1,
				 .new_group = true,
				 .die_with_parent = true};
	if (rc == 0)
		rc = proc_spawn(&spec, &t->pid, &err);
	ssize_t ignored = rc < 0 ? write(STDIN_FILENO, err.msg, strlen(err.msg)) : 0;

	(void)ignored;
	close(STDIN_FILENO);
	open("/dev/null", O_RDONLY);
	return rc;
}

int supervise(const char *const *argv)
{
	static const int signals[] = {SIGCHLD, SIGTERM, SUPERVISE_KILL};
	struct trainer t = {0};
	pid_t engine = getppid();
	sigset_t set;
	int sig = 0;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	prctl(PR_SET_NAME, "sagetop-local"); /* not "exe" */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_PDEATHSIG, SUPERVISE_KILL);
	if (getppid() != engine || start(&t, argv) < 0)
		return 127;
	while (!t.ended && sig != SUPERVISE_KILL) {
		if (sigwait(&set, &sig))
			continue;
		if (sig == SIGTERM)
			kill(-t.pid, SIGTERM);
		if (sig == SIGCHLD)
			reap(&t);
	}
	kill_all(&t);
	return t.ended ? t.status : 128 + SIGKILL;
}
