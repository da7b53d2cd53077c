/* A job's inputs copied into place and its outputs packed into objects. */
#include "aws/local/running/artefact.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/fs.h"

#define MAX_DEPTH 32

/* --- into the job's folder ------------------------------------------------------------------ */

static int copy_file(const char *source, const char *target, struct err *err)
{
	int rc = fs_mkdir_parent(target, 0755, err);
	AUTO(fd) int in = open(source, O_RDONLY | O_CLOEXEC);
	AUTO(fd) int out = rc < 0 ? -1 : open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	ssize_t n;

	if (rc < 0)
		return rc;
	if (in < 0 || out < 0)
		return err_set(err, ERR_IO, "cannot copy to %s: %s", target, strerror(errno));
	do
		n = sendfile(out, in, NULL, (size_t)16 << 20);
	while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? err_set(err, ERR_IO, "cannot copy to %s: %s", target, strerror(errno)) : 0;
}

/* A warning (a name that this locale does not have, a time that cannot be set) is no failure. */
static int taken(int rc)
{
	return rc == ARCHIVE_WARN ? ARCHIVE_OK : rc;
}

/* A hard link's target is a name of the archive, too. */
static bool move_hardlink(struct archive_entry *entry, const char *folder)
{
	const char *link = archive_entry_hardlink(entry);

	if (!link)
		return true;
	if (*link == '/')
		return false;
	AUTO(str) char *path = fs_join(folder, link);

	archive_entry_set_hardlink(entry, path);
	return true;
}

static int unpack_entry(struct archive *in, struct archive *out, struct archive_entry *entry, const char *folder)
{
	const char *name = archive_entry_pathname(entry);
	AUTO(str) char *path = fs_join(folder, name ? name : "");
	const void *block;
	size_t n;
	la_int64_t offset;
	int rc = ARCHIVE_OK;

	if (!name || *name == '/' || !move_hardlink(entry, folder))
		return ARCHIVE_FATAL;
	archive_entry_set_pathname(entry, path);
	rc = taken(archive_write_header(out, entry));
	while (rc == ARCHIVE_OK && (rc = taken(archive_read_data_block(in, &block, &n, &offset))) == ARCHIVE_OK)
		rc = archive_write_data_block(out, block, n, offset) < 0 ? ARCHIVE_FATAL : ARCHIVE_OK;
	return rc == ARCHIVE_EOF ? ARCHIVE_OK : rc;
}

/* An archive of any common form. Nothing leaves the folder, neither by its name nor by a
 * link. */
static int unpack(const char *source, const char *folder, const char *uri, struct err *err)
{
	struct archive *in = archive_read_new(), *out = archive_write_disk_new();
	struct archive_entry *entry;
	AUTO(str)
	char *real = realpath(folder, NULL); /* the way to it may lead through links, none of the archive's may */
	int rc;

	archive_read_support_filter_all(in);
	archive_read_support_format_all(in);
	archive_write_disk_set_options(out, ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_SECURE_SYMLINKS |
						    ARCHIVE_EXTRACT_SECURE_NODOTDOT);
	rc = archive_read_open_filename(in, source, (size_t)256 << 10);
	while (rc == ARCHIVE_OK && (rc = taken(archive_read_next_header(in, &entry))) == ARCHIVE_OK)
		rc = unpack_entry(in, out, entry, real ? real : folder);
	bool ok = rc == ARCHIVE_EOF;

	if (!ok)
		err_set(err, ERR_PARSE, "%.300s is no archive that can be unpacked (.tar.gz): %s", uri,
			str_or(archive_error_string(in), str_or(archive_error_string(out), "an entry leaves it")));
	archive_read_free(in);
	archive_write_free(out);
	return ok ? 0 : -ERR_PARSE;
}

void copy_task_work(void *task)
{
	struct copy_task *t = task;
	struct err err = {0};

	for (size_t i = 0; i < t->plan.n && !t->cancelled; i++) {
		const struct copy_item *item = &t->plan.items[i];
		int rc = item->unpack ? unpack(item->source, item->target, item->uri, &err)
				      : copy_file(item->source, item->target, &err);

		if (rc < 0) {
			snprintf(t->error, sizeof(t->error), "ClientError: Data download failed: %s", err.msg);
			return;
		}
	}
}

char *copy_task_end(struct copy_task *t)
{
	char *error = xstrdup(t->error);

	copy_plan_done(&t->plan);
	free(t);
	return error;
}

/* --- into the store --------------------------------------------------------------------------- */

static struct stored *add_stored(struct store_task *t, const char *bucket, char *key)
{
	GROW(t->files, t->cap, t->n + 1);
	struct stored *s = &t->files[t->n++];

	*s = (struct stored){.bucket = xstrdup(bucket), .key = key};
	return s;
}

int stored_seal(struct stored *s, const char *path, struct err *err)
{
	AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);

	EVP_MD_CTX *md5 = EVP_MD_CTX_new();
	uint8_t digest[EVP_MAX_MD_SIZE];
	AUTO(str) char *chunk = xmalloc(256 << 10);
	ssize_t n = -1;

	if (fd >= 0 && EVP_DigestInit_ex(md5, EVP_md5(), NULL) == 1) {
		while ((n = read(fd, chunk, 256 << 10)) > 0) {
			EVP_DigestUpdate(md5, chunk, (size_t)n);
			s->size += n;
		}
		EVP_DigestFinal_ex(md5, digest, NULL);
		hex_encode(digest, 16, s->md5);
	}
	EVP_MD_CTX_free(md5);
	return n < 0 ? err_set(err, ERR_IO, "cannot read %s: %s", path, strerror(errno)) : 0;
}

static int store_file(struct store_task *t, const char *source, const char *bucket, char *key, struct err *err)
{
	struct stored *s = add_stored(t, bucket, key);
	AUTO(str) char *path = objects_blob_new(t->e, s->blob);
	int rc = copy_file(source, path, err);

	return rc < 0 ? rc : stored_seal(s, path, err);
}

/* A walk over the regular files below root; others (links, devices) are left out:
 * what they lead to is not the job's. */
typedef int walk_fn(void *user, const char *path, const char *relative, const struct stat *st, struct err *err);

static int walk(const char *root, const char *relative, int depth, walk_fn *fn, void *user, struct err *err)
{
	AUTO(str) char *dir = *relative ? fs_join(root, relative) : xstrdup(root);

	/* The folder itself may have been exchanged for a link, too. */
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	int rc = 0;

	if (!d)
		return errno == ENOENT ? 0 : err_set(err, ERR_IO, "cannot read %s: %s", dir, strerror(errno));
	for (struct dirent *entry; rc == 0 && (entry = readdir(d));) {
		struct stat st;

		if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
			continue;
		AUTO(str) char *path = fs_join(dir, entry->d_name);
		AUTO(str) char *name = *relative ? fs_join(relative, entry->d_name) : xstrdup(entry->d_name);

		if (lstat(path, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode) && depth < MAX_DEPTH)
			rc = walk(root, name, depth + 1, fn, user, err);
		else if (S_ISREG(st.st_mode))
			rc = fn(user, path, name, &st, err);
	}
	closedir(d);
	return rc;
}

/* --- archives ----------------------------------------------------------------------------------- */

struct tar {
	struct archive *a;
	struct map seen; /* the first host's file of a name is the one */
	size_t files;
};

static int tar_add(void *user, const char *path, const char *relative, const struct stat *st, struct err *err)
{
	struct tar *tar = user;
	AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct archive_entry *entry = archive_entry_new();
	AUTO(str) char *chunk = xmalloc(256 << 10);
	int64_t left = st->st_size;
	int rc = 0;

	if (fd < 0 || map_put(&tar->seen, relative, tar)) {
		archive_entry_free(entry);
		return 0;
	}
	archive_entry_copy_stat(entry, st);
	archive_entry_set_pathname(entry, relative);
	archive_entry_set_uid(entry, 0);
	archive_entry_set_gid(entry, 0);
	if (archive_write_header(tar->a, entry) != ARCHIVE_OK)
		rc = err_set(err, ERR_IO, "cannot write the archive: %s", archive_error_string(tar->a));
	while (rc == 0 && left > 0) {
		ssize_t n = read(fd, chunk, (size_t)MIN(left, (int64_t)256 << 10));

		if (n <= 0)
			break;
		if (archive_write_data(tar->a, chunk, (size_t)n) < 0)
			rc = err_set(err, ERR_IO, "cannot write the archive: %s", archive_error_string(tar->a));
		left -= n;
	}
	tar->files++;
	archive_entry_free(entry);
	return rc;
}

static int write_tar(struct store_task *t, const char *folder, const char *path, size_t *ret_files, struct err *err)
{
	struct tar tar = {.a = archive_write_new()};
	int rc = 0;

	archive_write_add_filter_gzip(tar.a);
	archive_write_set_format_pax_restricted(tar.a);
	if (archive_write_open_filename(tar.a, path) != ARCHIVE_OK)
		rc = err_set(err, ERR_IO, "cannot write the archive: %s", archive_error_string(tar.a));
	for (size_t i = 0; i < t->roots.n && rc == 0; i++) {
		AUTO(str) char *root = fs_join(t->roots.items[i], folder);

		rc = walk(root, "", 0, tar_add, &tar, err);
	}
	if (archive_write_close(tar.a) != ARCHIVE_OK && rc == 0)
		rc = err_set(err, ERR_IO, "cannot write the archive: %s", archive_error_string(tar.a));
	archive_write_free(tar.a);
	map_done(&tar.seen);
	*ret_files = tar.files;
	return rc;
}

/* "model" or "output/data" of all hosts as one archive. */
static int store_archive(struct store_task *t, const char *folder, const char *name, bool even_empty, struct err *err)
{
	char blob[OBJECT_BLOB_LEN];
	size_t files = 0;
	AUTO(str) char *path = objects_blob_new(t->e, blob);
	int rc = write_tar(t, folder, path, &files, err);

	if (rc < 0 || (!files && !even_empty)) {
		unlink(path);
		return rc;
	}
	struct stored *s = add_stored(t, t->bucket, xasprintf("%s%s", t->prefix, name));

	str_copy(s->blob, sizeof(s->blob), blob);
	return stored_seal(s, path, err);
}

struct raw_walk {
	struct store_task *t;
	const char *bucket, *prefix;
	bool checkpoints;
};

/* What tells whether a file was written since. */
static char *state_of(const struct stat *st)
{
	return xasprintf("%lld.%09ld %lld", (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec, (long long)st->st_size);
}

static int raw_add(void *user, const char *path, const char *relative, const struct stat *st, struct err *err)
{
	struct raw_walk *w = user;

	/* A checkpoint in the making: it is renamed when complete. */
	if (w->checkpoints && (str_ends(relative, ".tmp") || str_ends(relative, ".sagemaker-uploading")))
		return 0;
	AUTO(str) char *state = w->t->known ? state_of(st) : NULL;

	if (state && str_eq(strmap_get(w->t->known, path), state))
		return 0;
	int rc = store_file(w->t, path, w->bucket, xasprintf("%s%s", w->prefix, relative), err);

	if (rc == 0 && state)
		strmap_set(w->t->known, path, state);
	return rc;
}

static int store_raw(struct store_task *t, const char *folder, const char *name, struct err *err)
{
	AUTO(str) char *prefix = xasprintf("%s%s/", t->prefix, name);
	struct raw_walk w = {.t = t, .bucket = t->bucket, .prefix = prefix, .checkpoints = true};
	int rc = 0;

	for (size_t i = 0; i < t->roots.n && rc == 0; i++) {
		AUTO(str) char *root = fs_join(t->roots.items[i], folder);

		rc = walk(root, "", 0, raw_add, &w, err);
	}
	return rc;
}

void store_task_work(void *task)
{
	struct store_task *t = task;
	struct err err = {0};
	int rc = 0;

	if (t->model)
		rc = t->raw ? store_raw(t, "model", "model", &err)
			    : store_archive(t, "model", "model.tar.gz", true, &err);
	if (t->output && rc == 0)
		rc = t->raw ? store_raw(t, "output/data", "output", &err)
			    : store_archive(t, "output/data", "output.tar.gz", false, &err);
	for (size_t i = 0; i < t->n_trees && rc == 0; i++) {
		const struct store_tree *tree = &t->trees[i];
		struct raw_walk w = {t, tree->bucket, tree->prefix, tree->checkpoints};

		rc = walk(tree->dir, "", 0, raw_add, &w, &err);
	}
	if (rc < 0)
		str_copy(t->error, sizeof(t->error), err.msg);
}

void store_task_tree(struct store_task *t, const char *dir, char *bucket, char *prefix, bool checkpoints)
{
	GROW(t->trees, t->cap_trees, t->n_trees + 1);
	t->trees[t->n_trees++] = (struct store_tree){xstrdup(dir), bucket, prefix, checkpoints};
}

void stored_register(struct engine *e, const struct stored *s)
{
	objects_put(e, s->bucket, s->key, s->blob, s->size, s->md5, "{\"Content-Type\":\"binary/octet-stream\"}");
}

void store_task_register(struct engine *e, const struct store_task *t)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->files[i].md5[0])
			stored_register(e, &t->files[i]);
	}
}

void store_task_free(struct store_task *t)
{
	strlist_done(&t->roots);
	free(t->bucket);
	free(t->prefix);
	for (size_t i = 0; i < t->n_trees; i++) {
		free(t->trees[i].dir);
		free(t->trees[i].bucket);
		free(t->trees[i].prefix);
	}
	free(t->trees);
	for (size_t i = 0; i < t->n; i++) {
		free(t->files[i].bucket);
		free(t->files[i].key);
	}
	free(t->files);
	free(t);
}
