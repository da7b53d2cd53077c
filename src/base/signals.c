/* Signals: the handler writes a byte, everything else happens in the loop. */
#include "base/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

static int pipe_fds[2] = {-1, -1};
static sigset_t caught;
static volatile sig_atomic_t last;

static void on_signal(int number)
{
	int saved = errno;
	unsigned char byte = (unsigned char)number;

	last = number;
	if (write(pipe_fds[1], &byte, 1) < 0) {
		/* the pipe is full: the loop will wake up anyway */
	}
	errno = saved;
}

int signals_open(const int *numbers, size_t n, bool restart, struct err *err)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = restart ? SA_RESTART : 0};

	signals_close();
	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_set(err, ERR_IO, "pipe: %s", strerror(errno));
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < n; i++) {
		sigaddset(&caught, numbers[i]);
		sigaction(numbers[i], &action, NULL);
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow (ulimit -f) is an error of its writer */
	return 0;
}

void signals_close(void)
{
	if (pipe_fds[0] < 0)
		return;
	for (int i = 1; i < NSIG; i++) {
		if (sigismember(&caught, i) == 1)
			signal(i, SIG_DFL);
	}
	sigemptyset(&caught);
	last = 0;
	fd_close(&pipe_fds[0]);
	fd_close(&pipe_fds[1]);
}

int signals_fd(void)
{
	return pipe_fds[0];
}

int signals_last(void)
{
	return last;
}

size_t signals_take(unsigned char *numbers, size_t n)
{
	ssize_t taken = read(pipe_fds[0], numbers, n);

	return taken > 0 ? (size_t)taken : 0;
}
