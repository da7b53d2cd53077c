/* Whole files, atomic writes, folders, and where things of ours lie. */
#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

#define LOOKED_AT_MAX 20000 /* entries of one folder */

int fs_read(const char *path, struct buf *out, struct err *err)
{
	AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO, "cannot open '%s': %s", path,
			       strerror(errno));
	char chunk[65536];
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, ERR_IO, "cannot read '%s': %s", path, strerror(errno));
		if (n == 0)
			return 0;
		if (buf_add(out, chunk, (size_t)n) < 0)
			return err_set(err, ERR_TOOBIG, "'%s' is larger than %zu bytes", path, out->max);
	}
}

static int write_all(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n) {
		ssize_t w = write(fd, p, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -1;
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

static void sync_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	AUTO(str) char *dir = slash ? xstrndup(path, (size_t)MAX(slash - path, 1)) : xstrdup(".");
	AUTO(fd) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		fsync(fd);
}

#define DRAFT_ENDING ".part" /* so that one that a crash left is known for what it is */

struct fs_draft {
	char *path, *tmp;
	int fd;
	bool replace;
};

static int not_written(const struct fs_draft *d, int why, struct err *err)
{
	return err_set(err, ERR_IO, "cannot write '%s': %s", d->path, strerror(why));
}

/* A name would be taken from a device or a folder as well: what is no file is left alone. */
static int is_taken(const struct fs_draft *d, struct err *err)
{
	struct stat st;

	if (lstat(d->path, &st) < 0)
		return 0;
	if (!d->replace)
		return err_set(err, ERR_EXISTS, "'%s' is there already", d->path);
	if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return err_set(err, ERR_IO, "cannot write '%s': it is no file", d->path);
	return 0;
}

static void draft_free(struct fs_draft *d)
{
	fd_close(&d->fd);
	free(d->path);
	free(d->tmp);
	free(d);
}

int fs_draft_begin(const char *path, bool replace, mode_t mode, struct fs_draft **ret, struct err *err)
{
	struct fs_draft *d = NEW(struct fs_draft);
	int rc;

	*d = (struct fs_draft){xstrdup(path), xasprintf("%s.XXXXXX" DRAFT_ENDING, path), -1, replace};
	rc = is_taken(d, err);
	if (rc == 0) {
		d->fd = mkostemps(d->tmp, (int)strlen(DRAFT_ENDING), O_CLOEXEC);
		rc = d->fd < 0 ? not_written(d, errno, err) : 0;
	}
	if (rc == 0 && fchmod(d->fd, mode) < 0) {
		rc = not_written(d, errno, err);
		unlink(d->tmp);
	}
	if (rc < 0)
		draft_free(d);
	else
		*ret = d;
	return rc;
}

int fs_draft_add(struct fs_draft *d, const void *data, size_t n, struct err *err)
{
	return write_all(d->fd, data, n) < 0 ? not_written(d, errno, err) : 0;
}

int fs_draft_keep(struct fs_draft *d, bool durable, struct err *err)
{
	int rc = durable && fsync(d->fd) < 0 ? not_written(d, errno, err) : is_taken(d, err);

	if (rc == 0 && rename(d->tmp, d->path) < 0)
		rc = not_written(d, errno, err);
	if (rc < 0) {
		fs_draft_drop(d);
		return rc;
	}
	if (durable)
		sync_folder_of(d->path);
	draft_free(d);
	return 0;
}

void fs_draft_drop(struct fs_draft *d)
{
	if (!d)
		return;
	unlink(d->tmp);
	draft_free(d);
}

int fs_write_atomic(const char *path, const void *data, size_t n, mode_t mode, struct err *err)
{
	struct fs_draft *d;
	int rc = fs_draft_begin(path, true, mode, &d, err);

	if (rc < 0)
		return rc;
	rc = fs_draft_add(d, data, n, err);
	if (rc < 0) {
		fs_draft_drop(d);
		return rc;
	}
	return fs_draft_keep(d, true, err);
}

int fs_mkdirs(const char *path, mode_t mode, struct err *err)
{
	AUTO(str) char *p = xstrdup(path);

	for (char *s = p + 1; *p; s++) {
		if (*s && *s != '/')
			continue;
		char c = *s;
		*s = '\0';
		if (mkdir(p, mode) < 0 && errno != EEXIST)
			return err_set(err, ERR_IO, "cannot make the folder '%s': %s", p, strerror(errno));
		*s = c;
		if (!c)
			break;
	}
	if (!fs_is_dir(path))
		return err_set(err, ERR_IO, "'%s' is not a folder", path);
	return 0;
}

int fs_mkdir_parent(const char *path, mode_t mode, struct err *err)
{
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return 0;
	AUTO(str) char *dir = xstrndup(path, (size_t)(slash - path));
	return fs_mkdirs(dir, mode, err);
}

bool fs_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

bool fs_is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int64_t fs_size(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

static bool may_complete(const char *name, const char *part)
{
	bool hidden = name[0] == '.' && part[0] != '.', link = str_eq(name, ".") || str_eq(name, "..");

	return str_starts(name, part) && !hidden && !link;
}

void fs_complete(const char *text, size_t most, struct strlist *ret)
{
	const char *slash = strrchr(text, '/'), *part = slash ? slash + 1 : text;
	AUTO(str) char *folder = xstrndup(text, (size_t)(part - text));
	AUTO(strlist) struct strlist found = {0};
	AUTO(str) char *place = fs_expand(*folder ? folder : ".");
	DIR *d = opendir(place);
	struct dirent *e;

	for (size_t i = 0; d && i < LOOKED_AT_MAX && (e = readdir(d)); i++) {
		AUTO(str) char *path = may_complete(e->d_name, part) ? fs_join(place, e->d_name) : NULL;

		if (path)
			strlist_take(&found, xasprintf("%s%s%s", folder, e->d_name, fs_is_dir(path) ? "/" : ""));
	}
	if (d)
		closedir(d);
	strlist_sort(&found);
	for (size_t i = 0; i < MIN(found.n, most); i++)
		strlist_add(ret, found.items[i]);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

int fs_list_tree(const char *path, struct strlist *ret, struct err *err)
{
	char *const roots[] = {(char *)path, NULL};
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
	int rc = 0;

	if (!fts)
		return err_set(err, ERR_IO, "cannot read %s: %s", path, strerror(errno));
	for (FTSENT *e; rc == 0 && (e = fts_read(fts));) {
		if (e->fts_level && *e->fts_name == '.')
			fts_set(fts, e, FTS_SKIP);
		else if (e->fts_info == FTS_F)
			strlist_add(ret, e->fts_path);
		else if (e->fts_info == FTS_NS || e->fts_info == FTS_ERR || e->fts_info == FTS_DNR)
			rc = err_set(err, ERR_IO, "cannot read %s: %s", e->fts_path, strerror(e->fts_errno));
	}
	fts_close(fts);
	return rc;
}

int fs_remove_tree(const char *path, struct err *err)
{
	char *const roots[] = {(char *)path, NULL};
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);

	if (!fts)
		return err_set(err, ERR_IO, "cannot remove '%s': %s", path, strerror(errno));
	int failed = 0;
	for (FTSENT *e; (e = fts_read(fts));) {
		if (e->fts_info == FTS_D || (e->fts_info == FTS_NS && e->fts_errno == ENOENT))
			continue;
		if (remove(e->fts_accpath) < 0 && errno != ENOENT && !failed)
			failed = errno;
	}
	fts_close(fts);
	return failed ? err_set(err, ERR_IO, "cannot remove '%s': %s", path, strerror(failed)) : 0;
}

int fs_lock(const char *path, int *ret_fd, struct err *err)
{
	if (fs_mkdir_parent(path, 0700, err) < 0)
		return -err->code;
	AUTO(fd) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(err, ERR_IO, "cannot write %s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_set(err, ERR_EXISTS, "another process holds %s", path);
	*ret_fd = fd_take(&fd);
	return 0;
}

char *fs_join(const char *dir, const char *name)
{
	return xasprintf("%s%s%s", dir, str_ends(dir, "/") ? "" : "/", name);
}

bool fs_is_rooted(const char *path)
{
	return *path == '/' || str_starts(path, "~/");
}

char *fs_expand(const char *path)
{
	AUTO(str) char *home = fs_home();

	if (!path || path[0] != '~' || (path[1] && path[1] != '/'))
		return xstrdup(path);
	return path[1] ? fs_join(home, path + 2) : TAKE(home);
}

char *fs_home(void)
{
	const char *home = getenv("HOME");

	if (!str_empty(home))
		return xstrdup(home);
	const struct passwd *pw = getpwuid(getuid());
	return xstrdup(pw && pw->pw_dir ? pw->pw_dir : "/");
}

/* XDG says that a relative value is invalid and is to be ignored. */
static char *xdg_path(const char *variable, const char *below_home, const char *name)
{
	const char *base = getenv(variable);
	AUTO(str) char *home = fs_home();
	AUTO(str) char *root = base && *base == '/' ? xstrdup(base) : fs_join(home, below_home);
	AUTO(str) char *dir = fs_join(root, "sagetop");

	return name ? fs_join(dir, name) : TAKE(dir);
}

char *fs_cache_path(const char *name)
{
	return xdg_path("XDG_CACHE_HOME", ".cache", name);
}

char *fs_state_path(const char *name)
{
	return xdg_path("XDG_STATE_HOME", ".local/state", name);
}

char *fs_config_path(const char *name)
{
	return xdg_path("XDG_CONFIG_HOME", ".config", name);
}

char *fs_program_dir(void)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n <= 0)
		return NULL;
	exe[n] = '\0';
	char *slash = strrchr(exe, '/');
	return slash ? xstrndup(exe, slash - exe) : NULL;
}

/* Where a program's share folder lies, told from the program's own. configure links
 * the source tree's to "share" in the build folder, which its own config.status tells
 * from other folders: programs lie at its top, those of the tests two floors below.
 * What was just built goes before an older installation. */
static const struct {
	const char *share, *mark;
} share_places[] = {
	{"share", "config.status"},
	{"../../share", "../../config.status"},
	{"../share/sagetop", NULL},
};

static char *share_beside(const char *dir, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(share_places); i++) {
		AUTO(str) char *mark = share_places[i].mark ? fs_join(dir, share_places[i].mark) : NULL;
		if (mark && !fs_exists(mark))
			continue;
		char *path = xasprintf("%s/%s/%s", dir, share_places[i].share, name);
		if (fs_exists(path))
			return path;
		free(path);
	}
	return NULL;
}

char *fs_share_path(const char *name)
{
	const char *dir = getenv("SAGETOP_SHARE");
	AUTO(str) char *program = fs_program_dir();
	char *path = str_empty(dir) ? NULL : fs_join(dir, name);

	if (path && fs_exists(path))
		return path;
	free(path);
	path = program ? share_beside(program, name) : NULL;
	if (path)
		return path;
	path = fs_join(SAGETOP_DATADIR, name);
	if (fs_exists(path))
		return path;
	free(path);
	return NULL;
}
