/* Ask for the code of an MFA device on the terminal. */
#include "app/mfa.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/utf8.h"

#define TTY "/dev/tty"
#define LONGEST_CODE 64

bool mfa_can_ask(void)
{
	AUTO(fd) int fd = open(TTY, O_RDWR | O_CLOEXEC | O_NOCTTY);

	return fd >= 0;
}

/* One line, byte by byte so that nothing behind it is swallowed. */
static bool read_line(int fd, int wake_fd, struct buf *line)
{
	struct pollfd wait[2] = {{.fd = fd, .events = POLLIN}, {.fd = wake_fd, .events = POLLIN}};

	for (;;) {
		char c;

		/* The signal may come before we wait: its byte in the pipe does not get lost. */
		if (poll(wait, 2, -1) < 0 || wait[1].revents || read(fd, &c, 1) != 1)
			return false;
		if (c == '\n' || c == '\r')
			return true;
		if (buf_addc(line, c))
			return false;
	}
}

char *mfa_read_code(const char *serial, int wake_fd)
{
	AUTO(fd) int fd = open(TTY, O_RDWR | O_CLOEXEC | O_NOCTTY);
	AUTO(str) char *device = utf8_sanitize_dup(serial);
	AUTO(buf) struct buf line = BUF_INIT(LONGEST_CODE);
	char *code;

	if (fd < 0 || dprintf(fd, "MFA code for %s: ", device) < 0 || !read_line(fd, wake_fd, &line) || !line.data)
		return NULL;
	code = str_trim(line.data);
	return *code ? xstrdup(code) : NULL;
}
