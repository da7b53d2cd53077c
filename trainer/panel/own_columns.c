/* A program between two files in memory: the rows in, its columns out. */
#include "trainer/panel/own_columns.h"

#include <ctype.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/proc.h"
#include "trainer/panel/panel.h"

#define OWN_MAX ((size_t)2 << 30)

static int write_rows(const struct frame *t, int fd, struct err *err)
{
	AUTO(buf) struct buf text = BUF_INIT(OWN_MAX);
	size_t done = 0;

	frame_csv(t, &text);
	if (text.overflow)
		return err_set(err, ERR_TOOBIG, "data.program: the rows are larger than %zu MiB", OWN_MAX >> 20);
	while (done < text.len) {
		ssize_t n = write(fd, text.data + done, text.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(err, ERR_IO, "data.program: cannot hand over the rows: %s", strerror(errno));
		done += (size_t)n;
	}
	return lseek(fd, 0, SEEK_SET) < 0 ? err_set(err, ERR_IO, "data.program: %s", strerror(errno)) : 0;
}

static int run(const char *program, int in, int out, struct err *err)
{
	const char *const argv[] = {"/bin/sh", "-c", program, NULL};
	struct proc_spec spec = {
		.argv = argv, .stdin_fd = in, .stdout_fd = out, .stderr_fd = -1, .die_with_parent = true};
	pid_t pid;
	int status, rc = proc_spawn(&spec, &pid, err);

	if (rc)
		return err_prefix(err, "data.program");
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_set(err, ERR_IO, "data.program: %s", strerror(errno));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return err_set(err, ERR_INVALID, "data.program: \"%s\" failed (%s %d)", program,
		       WIFEXITED(status) ? "exit status" : "signal",
		       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

static int read_back(int fd, struct frame **ret, struct err *err)
{
	off_t size = lseek(fd, 0, SEEK_END);

	if (size <= 0)
		return err_set(err, ERR_INVALID, "data.program: it printed nothing");
	void *data = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (data == MAP_FAILED)
		return err_set(err, ERR_IO, "data.program: %s", strerror(errno));
	int rc = frame_load_memory(data, (size_t)size, "data.program", NULL, ret, err);

	munmap(data, (size_t)size);
	return rc;
}

static bool name_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || (c & 0x80);
}

/* Does some word name the column? */
static bool mentioned(const struct strlist *features, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < features->n; i++)
		for (const char *at = features->items[i]; (at = strstr(at, name)); at++)
			if ((at == features->items[i] || !name_byte(at[-1])) && !name_byte(at[n]))
				return true;
	return false;
}

/* from's columns become t's. */
static int join(struct backtest_spec *spec, struct frame *t, struct frame *from, struct err *err)
{
	if (from->n_rows != t->n_rows)
		return err_set(err, ERR_INVALID, "data.program: it printed %zu rows for %zu", from->n_rows, t->n_rows);
	for (size_t i = 0; i < from->n_columns; i++)
		if (frame_find(t, from->columns[i].name) != FRAME_NO_COLUMN)
			return err_set(err, ERR_INVALID,
				       "data.program: the data has a column %s already: print new ones only",
				       from->columns[i].name);
	t->columns = xreallocarray(t->columns, t->n_columns + from->n_columns, sizeof(*t->columns));
	for (size_t i = 0; i < from->n_columns; i++) {
		struct frame_column *c = &t->columns[t->n_columns++];

		*c = from->columns[i];
		if (!strlist_has(&spec->known_before, c->name))
			strlist_add(&spec->known_before, c->name);
		if (!c->text && !mentioned(&spec->features, c->name))
			strlist_add(&spec->features, c->name);
	}
	from->n_columns = 0; /* they are t's now */
	return 0;
}

int own_columns_add(struct backtest_spec *spec, struct frame *t, struct err *err)
{
	AUTO(frame) struct frame *made = NULL;
	AUTO(fd) int in = -1, out = -1;

	if (!*spec->program)
		return 0;
	in = memfd_create("rows", MFD_CLOEXEC);
	out = memfd_create("columns", MFD_CLOEXEC);
	if (in < 0 || out < 0)
		return err_set(err, ERR_IO, "data.program: %s", strerror(errno));
	int rc = write_rows(t, in, err);

	if (rc == 0)
		rc = run(spec->program, in, out, err);
	if (rc == 0)
		rc = read_back(out, &made, err);
	return rc ? rc : join(spec, t, made, err);
}

/* --- files --------------------------------------------------------------------------------- */

static int write_season(const struct frame *t, uint32_t season, const char *path, struct err *err)
{
	AUTO(frame) struct frame *own = frame_copy(t);
	AUTO(buf) struct buf text = BUF_INIT(OWN_MAX);
	size_t *order = xcalloc(t->n_rows + 1, sizeof(*order)), n = 0;

	for (size_t i = 0; i < t->n_rows; i++)
		if (t->origin[i] == season)
			order[n++] = i;
	frame_reorder(own, order, n);
	free(order);
	frame_csv(own, &text);
	if (text.overflow)
		return err_set(err, ERR_TOOBIG, "data.program: the rows are larger than %zu MiB", OWN_MAX >> 20);
	return fs_write_atomic(path, text.data, text.len, 0600, err);
}

int own_columns_write(struct backtest_spec *spec, struct strlist *files, struct strlist *earlier, const char *folder,
		      struct err *err)
{
	AUTO(frame) struct frame *t = NULL;
	size_t seasons = earlier->n + 1;

	if (!*spec->program)
		return 0;
	int rc = panel_read(spec, files, earlier, &t, err);

	if (rc == 0)
		rc = own_columns_add(spec, t, err);
	if (rc == 0)
		rc = fs_mkdirs(folder, 0700, err);
	if (rc)
		return rc;
	strlist_done(files);
	strlist_done(earlier);
	for (size_t i = 0; i < seasons && rc == 0; i++) {
		AUTO(str) char *name = i + 1 < seasons ? xasprintf("earlier-%zu.csv", i) : xstrdup("rows.csv");
		AUTO(str) char *path = fs_join(folder, name);

		strlist_add(i + 1 < seasons ? earlier : files, path);
		rc = write_season(t, (uint32_t)i, path, err);
	}
	str_set(&spec->program, "");
	return rc;
}
