/* Arrays in a file mapping, for data beyond memory. */
#include "trainer/read/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/str.h"

#define SPILL_ARRAYS 4

struct spill {
	struct spill_array {
		void *p;
		size_t bytes;
		int fd;
	} arrays[SPILL_ARRAYS];
};

static struct spill_array *spill_find(const struct spill *s, const void *p)
{
	for (size_t i = 0; s && i < SPILL_ARRAYS; i++)
		if (s->arrays[i].p == p)
			return (struct spill_array *)(uintptr_t)&s->arrays[i];
	return NULL;
}

bool spill_owns(const struct spill *s, const void *p)
{
	return p && spill_find(s, p);
}

/* A file without a name in dir, unless dir lies in memory itself. */
static int spill_open_in(const char *dir)
{
	AUTO(str) char *path = NULL;
	struct statfs fs;
	int fd;

	if (!dir || !*dir || statfs(dir, &fs) || fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC)
		return -1;
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	path = fs_join(dir, "sagetop-spill-XXXXXX");
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static int spill_open(struct err *err)
{
	const char *root = str_or(getenv("SAGETOP_ML_ROOT"), "/opt/ml");
	AUTO(str) char *output = fs_join(root, "output");

	const char *const folders[] = {getenv("SAGETOP_SPILL_DIR"), getenv("TMPDIR"), "/tmp", output, "/var/tmp"};

	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		int fd = spill_open_in(folders[i]);

		if (fd >= 0)
			return fd;
	}
	err_set(err, ERR_IO, "the data exceeds memory and no folder on a disk can be written: set SAGETOP_SPILL_DIR");
	return -1;
}

static void *spill_fail(struct err *err, size_t bytes, int error)
{
	err_set(err, ERR_IO, "no room on the disk for %zu MB of data beyond memory: %s", bytes >> 20, strerror(error));
	return NULL;
}

/* A new array; takes over old_bytes of p. */
static void *spill_new(struct spill *s, void *p, size_t old_bytes, size_t bytes, struct err *err)
{
	struct spill_array *a = spill_find(s, NULL);
	AUTO(fd) int fd = a ? spill_open(err) : -1;
	int error;
	void *q;

	if (fd < 0) {
		err_set(err, ERR_INTERNAL, "too many arrays beyond memory");
		return NULL;
	}
	error = posix_fallocate(fd, 0, (off_t)bytes);
	if (error)
		return spill_fail(err, bytes, error);
	q = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (q == MAP_FAILED)
		return spill_fail(err, bytes, errno);
	if (p)
		memcpy(q, p, MIN(old_bytes, bytes));
	free(p);
	*a = (struct spill_array){q, bytes, fd_take(&fd)};
	return q;
}

void *spill_realloc(struct spill **s, void *p, size_t old_bytes, size_t bytes, struct err *err)
{
	struct spill_array *a;
	int error;
	void *q;

	if (!*s)
		*s = NEW(struct spill);
	a = p ? spill_find(*s, p) : NULL;
	if (!a)
		return spill_new(*s, p, old_bytes, bytes, err);
	if (bytes > a->bytes) {
		error = posix_fallocate(a->fd, 0, (off_t)bytes);
		if (error)
			return spill_fail(err, bytes, error);
	}
	q = mremap(a->p, a->bytes, bytes, MREMAP_MAYMOVE);
	if (q == MAP_FAILED)
		return spill_fail(err, bytes, errno);
	if (bytes < a->bytes && ftruncate(a->fd, (off_t)bytes))
		return spill_fail(err, bytes, errno);
	a->p = q;
	a->bytes = bytes;
	return q;
}

void spill_release(struct spill *s, void *p)
{
	struct spill_array *a = p ? spill_find(s, p) : NULL;

	if (!a) {
		free(p);
		return;
	}
	munmap(a->p, a->bytes);
	close(a->fd);
	*a = (struct spill_array){0};
}

void spill_free(struct spill *s)
{
	for (size_t i = 0; s && i < SPILL_ARRAYS; i++)
		if (s->arrays[i].p)
			spill_release(s, s->arrays[i].p);
	free(s);
}

/* --- how much memory there is ------------------------------------------------------- */

/* The number behind `name` in a file, or the file's only one; false where it has none
 * ("max"). */
static bool spill_file_number(const char *path, const char *name, uint64_t *ret)
{
	AUTO(file) FILE *f = fopen(path, "r");
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, name, strlen(name)))
			continue;
		return sscanf(line + strlen(name), "%lu", ret) == 1;
	}
	return false;
}

size_t spill_memory_available(void)
{
	static const char *const limits[][2] = {
		{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"},
		{"/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"},
	};
	uint64_t available = 0, limit, used;

	if (spill_file_number("/proc/meminfo", "MemAvailable:", &available))
		available *= 1024;
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		if (!spill_file_number(limits[i][0], "", &limit) || !spill_file_number(limits[i][1], "", &used))
			continue;
		limit = limit > used ? limit - used : 0;
		available = available ? MIN(available, limit) : limit;
	}
	return (size_t)available;
}
