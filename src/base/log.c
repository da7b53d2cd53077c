/* Diagnostics into a file of the user. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/timefmt.h"

static FILE *sink;

int log_open(const char *path, struct err *err)
{
	log_close();
	/* Names, tags and endpoints are nobody else's business. */
	int fd = strcmp(path, "-") ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
	sink = strcmp(path, "-") ? (fd < 0 ? NULL : fdopen(fd, "a")) : stderr;
	if (!sink)
		return err_set(err, ERR_IO, "cannot open the log file '%s': %s", path, strerror(errno));
	setvbuf(sink, NULL, _IOLBF, 0);
	return 0;
}

void log_close(void)
{
	if (sink && sink != stderr)
		fclose(sink);
	sink = NULL;
}

int log_enabled(void)
{
	return sink != NULL;
}

void log_write(enum log_level level, const char *fmt, ...)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};

	if (!sink)
		return;
	char when[TIMEFMT_LEN], line[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	fprintf(sink, "%s %-5s %s\n", timefmt_iso_ms(when, clock_now_ms()), names[level], line);
}
