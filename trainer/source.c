#include "trainer/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/fs.h"

void source_done(struct source *s)
{
	for (size_t i = 0; i < s->n; i++) {
		source_close(&s->files[i]);
		free(s->files[i].path);
		free(s->files[i].name);
	}
	free(s->files);
	*s = (struct source){0};
}

static int source_add(struct source *s, const char *path, const char *name, struct err *err)
{
	struct stat st;

	if (stat(path, &st))
		return err_set(err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO, "%s: %s", name, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INVALID, "%s: not a regular file", name);
	GROW(s->files, s->cap, s->n + 1);
	s->files[s->n++] =
		(struct source_file){.path = xstrdup(path), .name = xstrdup(name), .size = (size_t)st.st_size};
	s->bytes += (size_t)st.st_size;
	return 0;
}

int source_add_file(struct source *s, const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');

	return source_add(s, path, slash ? slash + 1 : path, err);
}

void source_add_memory(struct source *s, const void *data, size_t n, const char *what)
{
	GROW(s->files, s->cap, s->n + 1);
	s->files[s->n++] = (struct source_file){.name = xstrdup(what), .data = data, .size = n};
	s->bytes += n;
}

/* Spark leaves an empty _SUCCESS beside its parts. */
static bool source_is_marker(const char *name, const struct stat *st)
{
	return !strcmp(name, "_SUCCESS") && st->st_size == 0;
}

static int source_walk(struct source *s, const char *dir, const char *name, int depth, struct err *err)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, NULL, NULL);
	int r = 0;

	if (n < 0)
		return err_set(err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO, "%s: %s", name, strerror(errno));
	for (int i = 0; i < n; i++) {
		const char *entry = entries[i]->d_name;
		char *path, *shown;
		struct stat st;

		if (r || !strcmp(entry, ".") || !strcmp(entry, "..")) {
			free(entries[i]);
			continue;
		}
		path = fs_join(dir, entry);
		shown = fs_join(name, entry);
		if (entry[0] == '.')
			r = err_set(err, ERR_INVALID, "%s: hidden files are not data: remove it from the channel",
				    shown);
		else if (stat(path, &st))
			r = err_set(err, ERR_IO, "%s: %s", shown, strerror(errno));
		else if (S_ISDIR(st.st_mode) && depth == SOURCE_MAX_DEPTH)
			r = err_set(err, ERR_INVALID, "%s: folders may be nested %d deep at most", shown,
				    SOURCE_MAX_DEPTH);
		else if (S_ISDIR(st.st_mode))
			r = source_walk(s, path, shown, depth + 1, err);
		else if (!source_is_marker(entry, &st))
			r = source_add(s, path, shown, err);
		free(path);
		free(shown);
		free(entries[i]);
	}
	free(entries);
	return r;
}

static int source_compare(const void *a, const void *b)
{
	return strcmp(((const struct source_file *)a)->path, ((const struct source_file *)b)->path);
}

int source_add_dir(struct source *s, const char *dir, struct err *err)
{
	AUTO(str) char *trimmed = xstrdup(dir);
	size_t n = strlen(trimmed), before = s->n;
	const char *slash;
	int r;

	while (n > 1 && trimmed[n - 1] == '/')
		trimmed[--n] = 0;
	slash = strrchr(trimmed, '/');
	r = source_walk(s, trimmed, slash ? slash + 1 : trimmed, 0, err);
	if (r)
		return r;
	if (s->n == before)
		return err_set(err, ERR_INVALID, "%s: the channel has no file", slash ? slash + 1 : trimmed);
	qsort(s->files + before, s->n - before, sizeof(*s->files), source_compare);
	return 0;
}

int source_open(struct source_file *f, struct err *err)
{
	AUTO(fd) int fd = -1;
	struct stat st;
	void *p;

	if (f->data || !f->path)
		return 0;
	fd = open(f->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return err_set(err, ERR_IO, "%s: %s", f->name, strerror(errno));
	f->size = (size_t)st.st_size;
	if (!f->size)
		return err_set(err, ERR_INVALID, "%s: the file is empty", f->name);
	p = mmap(NULL, f->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return err_set(err, ERR_IO, "%s: cannot be mapped: %s", f->name, strerror(errno));
	madvise(p, f->size, MADV_SEQUENTIAL);
	f->data = p;
	f->mapped = true;
	return 0;
}

void source_close(struct source_file *f)
{
	if (f->mapped)
		munmap((void *)(uintptr_t)f->data, f->size);
	if (f->path)
		f->data = NULL;
	f->mapped = false;
}

void source_release(struct source_file *f, size_t offset)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = offset / page * page;

	if (f->mapped && whole)
		madvise((void *)(uintptr_t)f->data, MIN(whole, f->size), MADV_DONTNEED);
}

int source_hash(const struct source *s, char hex[65], struct err *err)
{
	struct sha256_stream *stream = sha256_stream_new();
	AUTO(str) char *block = xmalloc(1 << 16);
	int r = 0;

	for (size_t i = 0; !r && i < s->n; i++) {
		const struct source_file *f = &s->files[i];
		AUTO(fd) int fd = -1;
		ssize_t n = 0;

		if (!f->path) {
			sha256_stream_add(stream, f->data, f->size);
			continue;
		}
		fd = open(f->path, O_RDONLY | O_CLOEXEC);
		while (fd >= 0 && (n = read(fd, block, 1 << 16)) > 0)
			sha256_stream_add(stream, block, (size_t)n);
		if (fd < 0 || n < 0)
			r = err_set(err, ERR_IO, "%s: %s", f->name, strerror(errno));
	}
	sha256_stream_finish_hex(stream, hex);
	return r;
}
