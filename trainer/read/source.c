/* The files of a channel, mapped, and what happens when one shrinks. */
#include "trainer/read/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/fs.h"

#define SOURCE_SHOWN ((size_t)240) /* bytes of a file's name in messages */

void source_done(struct source *s)
{
	for (size_t i = 0; i < s->n; i++) {
		source_close(&s->files[i]);
		free(s->files[i].path);
		free(s->files[i].name);
	}
	free(s->files);
	strlist_done(&s->notes);
	*s = (struct source){0};
}

/* A link to nowhere or to itself is the data's fault, not the disk's. */
static int source_stat_failed(const char *name, struct err *err)
{
	return err_set(err,
		       errno == ENOENT	? ERR_NOTFOUND
		       : errno == ELOOP ? ERR_INVALID
					: ERR_IO,
		       "%s: %s", name, strerror(errno));
}

/* A path of a thousand bytes would leave no room for what is wrong with the file. */
static char *source_shown(const char *name)
{
	size_t n = strlen(name);

	return n <= SOURCE_SHOWN ? xstrdup(name) : xasprintf("%.60s...%s", name, name + n - (SOURCE_SHOWN - 63));
}

static int source_add(struct source *s, const char *path, const char *name, struct err *err)
{
	struct stat st;

	if (stat(path, &st))
		return source_stat_failed(name, err);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INVALID, "%s: not a regular file", name);
	GROW(s->files, s->cap, s->n + 1);
	s->files[s->n++] =
		(struct source_file){.path = xstrdup(path), .name = source_shown(name), .size = (size_t)st.st_size};
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

/* What tools leave beside the parts that they write: markers, checksums, journals. */
static bool source_is_marker(const char *name)
{
	static const char *const names[] = {"_SUCCESS",	  "_metadata", "_common_metadata",   "_temporary",
					    "_delta_log", "_logs",     ".ipynb_checkpoints", ".DS_Store",
					    "__MACOSX",	  ".gitkeep",  "_spark_metadata"};
	static const char *const starts[] = {"_started_", "_committed_"};
	static const char *const ends[] = {".crc", "_$folder$"};
	bool is = false;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		is |= str_eq(name, names[i]);
	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		is |= str_starts(name, starts[i]);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		is |= str_ends(name, ends[i]);
	return is;
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

		if (r || !strcmp(entry, ".") || !strcmp(entry, "..") || source_is_marker(entry)) {
			free(entries[i]);
			continue;
		}
		path = fs_join(dir, entry);
		shown = fs_join(name, entry);
		if (entry[0] == '.')
			r = err_set(err, ERR_INVALID, "%s: hidden files are not data: remove it from the channel",
				    shown);
		else if (stat(path, &st))
			r = source_stat_failed(shown, err);
		else if (S_ISDIR(st.st_mode) && depth == SOURCE_MAX_DEPTH)
			r = err_set(err, ERR_INVALID, "%s: folders may be nested %d deep at most", shown,
				    SOURCE_MAX_DEPTH);
		else if (S_ISDIR(st.st_mode))
			r = source_walk(s, path, shown, depth + 1, err);
		else
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

int source_pass_empty(struct source *s, const struct source_file *f, struct err *err)
{
	if (s->n < 2)
		return err_set(err, ERR_INVALID, "%s: the file is empty", f->name);
	strlist_take(&s->notes, xasprintf("%s is empty and passed over", f->name));
	return 0;
}

/* Files of no bytes, unless there are no others. */
static int source_drop_empty(struct source *s, struct err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->files[i].size > 0;
	if (!n)
		return err_set(err, ERR_INVALID, "%s: the file is empty%s", s->files[0].name,
			       s->n > 1 ? ", and so are the others" : "");
	if (n == s->n)
		return 0;
	n = 0;
	for (size_t i = 0; i < s->n; i++) {
		struct source_file *f = &s->files[i];

		if (f->size) {
			s->files[n++] = *f;
			continue;
		}
		int r = source_pass_empty(s, f, err);
		if (r)
			return r;
		free(f->path);
		free(f->name);
	}
	s->n = n;
	return 0;
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
	return source_drop_empty(s, err);
}

/* --- mapping ----------------------------------------------------------------------- */

/* What is mapped, for the signal's handler. Files are opened and closed by one thread
 * while no other reads them, so the list needs no lock. */
struct source_map {
	char *start;
	size_t size; /* whole pages, with one of newlines behind the file's */
	struct source_map *next;
	volatile sig_atomic_t lost;
};
static struct source_map *source_maps;

static size_t source_page(void)
{
	static size_t page;

	if (!page)
		page = (size_t)sysconf(_SC_PAGESIZE);
	return page;
}

/* Newlines for the page that is gone: text ends with its line, and nobody reads on. */
static void source_fault(int number, siginfo_t *info, void *context)
{
	uintptr_t at = (uintptr_t)info->si_addr;
	size_t size = source_page();

	(void)context;
	for (struct source_map *m = source_maps; m; m = m->next) {
		char *page = m->start + (at - (uintptr_t)m->start) / size * size;

		if (at < (uintptr_t)m->start || at >= (uintptr_t)m->start + m->size)
			continue;
		if (mmap(page, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != page)
			break;
		memset(page, '\n', size);
		m->lost = 1;
		return;
	}
	signal(number, SIG_DFL); /* not ours: the access is tried again, and ends the process */
}

static void source_catch_faults(void)
{
	struct sigaction action = {.sa_sigaction = source_fault, .sa_flags = SA_SIGINFO | SA_RESTART};

	sigaction(SIGBUS, &action, NULL);
}

static struct source_map *source_map_new(int fd, size_t size)
{
	size_t page = source_page(), whole = (size + page - 1) / page * page;

	/* an address range only: memory that could be written to counts against limits */
	char *p = mmap(NULL, whole + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct source_map *m;

	if (p == MAP_FAILED)
		return NULL;
	if (mmap(p, size, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) == MAP_FAILED ||
	    mprotect(p + whole, page, PROT_READ | PROT_WRITE)) {
		munmap(p, whole + page);
		return NULL;
	}
	madvise(p, size, MADV_SEQUENTIAL);
	memset(p + whole, '\n', page);
	m = NEW(struct source_map);
	m->start = p;
	m->size = whole + page;
	m->next = source_maps;
	source_maps = m;
	source_catch_faults();
	return m;
}

static void source_map_free(struct source_map *m)
{
	struct source_map **at = &source_maps;

	while (*at != m)
		at = &(*at)->next;
	*at = m->next;
	munmap(m->start, m->size);
	free(m);
}

int source_open(struct source_file *f, struct err *err)
{
	AUTO(fd) int fd = -1;
	struct stat st;

	if (f->data || !f->path)
		return 0;
	fd = open(f->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return err_set(err, ERR_IO, "%s: %s", f->name, strerror(errno));
	f->size = (size_t)st.st_size;
	if (!f->size)
		return err_set(err, ERR_INVALID, "%s: the file is empty", f->name);
	f->map = source_map_new(fd, f->size);
	if (!f->map)
		return err_set(err, ERR_IO, "%s: cannot be mapped: %s", f->name, strerror(errno));
	f->data = f->map->start;
	return 0;
}

/* A cut that stays within the last page shows in the size alone. */
static void source_look(struct source_file *f)
{
	struct stat st;

	if (f->map && (f->map->lost || (!stat(f->path, &st) && (size_t)st.st_size < f->size)))
		f->lost = true;
}

void source_close(struct source_file *f)
{
	source_look(f);
	if (f->map)
		source_map_free(f->map);
	if (f->path)
		f->data = NULL;
	f->map = NULL;
}

int source_check(struct source *s, struct err *err)
{
	for (size_t i = 0; i < s->n; i++) {
		source_look(&s->files[i]);
		if (s->files[i].lost)
			return err_set(err, ERR_IO, "%s: the file was cut short, or cannot be read to its end",
				       s->files[i].name);
	}
	return 0;
}

void source_release(struct source_file *f, size_t offset)
{
	size_t page = source_page(), whole = offset / page * page;

	if (f->map && whole)
		madvise((void *)(uintptr_t)f->data, MIN(whole, f->size), MADV_DONTNEED);
}

/* --- the content's digest ------------------------------------------------------------ */

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
