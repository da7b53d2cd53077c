/* The user's editor. */
#include "app/editor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/proc.h"

static const char *editor(void)
{
	const char *visual = getenv("VISUAL"), *own = getenv("EDITOR");

	return !str_empty(visual) ? visual : !str_empty(own) ? own : "vi";
}

int editor_begin(const char *text, char **ret_path, struct err *err)
{
	const char *dir = getenv("TMPDIR");
	AUTO(str) char *path = xasprintf("%s/sagetop-XXXXXX.json", str_empty(dir) ? "/tmp" : dir);
	AUTO(fd) int fd = mkostemps(path, (int)strlen(".json"), O_CLOEXEC); /* 0600 */

	if (fd < 0)
		return err_set(err, ERR_IO, "%s cannot be made: %s", path, strerror(errno));
	int rc = fs_write_atomic(path, text, strlen(text), 0600, err);

	if (rc < 0)
		unlink(path);
	else
		*ret_path = TAKE(path);
	return rc;
}

/* Its keys are its own: ctrl-C there ends nothing here. */
static int wait_for(pid_t pid)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, interrupt, quit;
	int status = 0;

	sigaction(SIGINT, &ignore, &interrupt);
	sigaction(SIGQUIT, &ignore, &quit);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGQUIT, &quit, NULL);
	return status;
}

int editor_run(const char *path, struct err *err)
{
	AUTO(strlist) struct strlist words = {0};
	int rc = proc_split_words(editor(), &words, err);

	if (rc < 0)
		return rc;
	const char **argv = proc_argv(&words, path);
	struct proc_spec spec = {.argv = argv, .stdin_fd = STDIN_FILENO, .stdout_fd = -1, .stderr_fd = -1};
	pid_t pid;

	rc = proc_spawn(&spec, &pid, err);
	free(argv);
	if (rc < 0) {
		AUTO(str) char *why = xstrdup(err ? err->msg : "");

		err_clear(err);
		return err_set(err, ERR_USAGE, "%s: set EDITOR to the program that you edit with", why);
	}
	if (wait_for(pid))
		return err_set(err, ERR_USAGE, "%s did not end well: nothing was taken from it", editor());
	return 0;
}

void editor_end(char *path)
{
	if (path)
		unlink(path);
	free(path);
}
