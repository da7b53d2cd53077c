/* io.h - everything that configuration and credentials take from outside, in one
 * table: environment, files, child processes, HTTP, the clock. aws_io_system is
 * the real one; tests put recorded answers in its place.
 */
#ifndef SAGETOP_AWS_IO_H
#define SAGETOP_AWS_IO_H

#include "aws/http_types.h"
#include "base/buf.h"
#include "base/str.h"

typedef void aws_process_fn(void *user, int status, const char *output, size_t n, const struct err *err);

struct aws_io {
	/* NULL where unset. */
	const char *(*env)(void *user, const char *name);
	/* ERR_NOTFOUND where there is no such file; out's maximum is the cap. */
	int (*read_file)(void *user, const char *path, struct buf *out, struct err *err);
	/* Mode 0600, atomically. */
	int (*write_file)(void *user, const char *path, const void *data, size_t n, struct err *err);
	/* Start argv (NULL-terminated, no shell) and report its standard output when it has
	 * ended, later and exactly once. */
	void (*run)(void *user, const char *const *argv, aws_process_fn *fn, void *fn_user);
	/* One HTTP exchange without retries; fn runs later and exactly once. */
	void (*send)(void *user, const struct http_request *r, http_reply_fn *fn, void *fn_user);
	int64_t (*now_ms)(void *user);
	/* Ask the user for the code of an MFA device; code is NULL where there is none to be
	 * had. May be NULL: nobody can be asked. fn runs exactly once, at once or later. */
	void (*ask_mfa)(void *user, const char *serial, void (*fn)(void *fn_user, const char *code), void *fn_user);
	void *user;
};

/* env, or NULL where it is unset or blank. */
const char *aws_io_env(const struct aws_io *io, const char *name);
bool aws_io_env_true(const struct aws_io *io, const char *name);

/* The process's own environment, files and clock; send and run stay NULL. */
extern const struct aws_io aws_io_system;

#endif
