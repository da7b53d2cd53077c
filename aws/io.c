/* The real environment and file system behind aws_io. */
#include "aws/io.h"

#include "base/clock.h"
#include "base/fs.h"

const char *http_reply_header(const struct http_reply *r, const char *name)
{
	for (size_t i = 0; i < r->n_headers; i++)
		if (str_ieq(r->headers[i].name, name))
			return r->headers[i].value;
	return NULL;
}

const char *aws_io_env(const struct aws_io *io, const char *name)
{
	const char *value = io->env(io->user, name);

	return value && value[strspn(value, " \t\r\n")] ? value : NULL;
}

bool aws_io_env_true(const struct aws_io *io, const char *name)
{
	return str_ieq(aws_io_env(io, name), "true");
}

static const char *system_env(void *user, const char *name)
{
	return getenv(name);
}

static int system_read_file(void *user, const char *path, struct buf *out, struct err *err)
{
	if (!fs_exists(path))
		return err_set(err, ERR_NOTFOUND, "failed to read `%s`: No such file or directory", path);
	return fs_read(path, out, err);
}

static int system_write_file(void *user, const char *path, const void *data, size_t n, struct err *err)
{
	int rc = fs_mkdir_parent(path, 0700, err);

	return rc ? rc : fs_write_atomic(path, data, n, 0600, err);
}

static int64_t system_now_ms(void *user)
{
	return clock_machine_ms();
}

const struct aws_io aws_io_system = {
	.env = system_env, .read_file = system_read_file, .write_file = system_write_file, .now_ms = system_now_ms};
