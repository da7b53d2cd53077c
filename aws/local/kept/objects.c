/* The object store: rows for buckets and keys, files for contents. */
#include "aws/local/kept/objects.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/fs.h"

void object_done(struct object *o)
{
	free(o->key);
	free(o->headers);
	o->key = o->headers = NULL;
}

char *objects_blob_path(const struct engine *e, const char *blob)
{
	return xasprintf("%s/objects/%.2s/%s", e->opt.state_dir, blob, blob);
}

char *objects_blob_new(const struct engine *e, char blob[OBJECT_BLOB_LEN])
{
	char uuid[37];
	size_t n = 0;

	uuid4(uuid);
	for (const char *p = uuid; *p && n < OBJECT_BLOB_LEN - 1; p++) {
		if (*p != '-')
			blob[n++] = *p;
	}
	blob[n] = 0;
	char *path = objects_blob_path(e, blob);

	if (fs_mkdir_parent(path, 0700, NULL) < 0) {
		/* The open that follows fails and says why. */
	}
	return path;
}

void objects_blob_remove(const struct engine *e, const char *blob)
{
	AUTO(str) char *path = objects_blob_path(e, blob);

	unlink(path);
}

static bool blob_is_named(struct engine *e, const char *blob)
{
	sqlite3_stmt *st = state_prepare(
		e->db, "SELECT 1 FROM objects WHERE blob = ?1 UNION ALL SELECT 1 FROM parts WHERE blob = ?1 LIMIT 1");

	state_bind_text(st, 1, blob);
	bool found = state_step(e->db, st);

	state_done(st);
	return found;
}

/* What a crash left behind: files whose row was never committed. */
static void sweep_folder(struct engine *e, const char *folder)
{
	DIR *d = opendir(folder);

	for (struct dirent *entry; d && (entry = readdir(d));) {
		if (entry->d_name[0] != '.' && !blob_is_named(e, entry->d_name)) {
			AUTO(str) char *path = fs_join(folder, entry->d_name);

			unlink(path);
		}
	}
	if (d)
		closedir(d);
}

int objects_init(struct engine *e, struct err *err)
{
	AUTO(str) char *root = fs_join(e->opt.state_dir, "objects");
	int rc = fs_mkdirs(root, 0700, err);

	if (rc < 0)
		return rc;
	sqlite3_stmt *index = state_prepare(e->db, "CREATE INDEX IF NOT EXISTS objects_blob ON objects (blob)");

	state_exec(e->db, index);
	for (int i = 0; i < 256; i++) {
		char name[3];

		snprintf(name, sizeof(name), "%02x", i);
		AUTO(str) char *folder = fs_join(root, name);

		sweep_folder(e, folder);
	}
	return 0;
}

/* --- buckets -------------------------------------------------------------------------- */

bool bucket_name_valid(const char *bucket)
{
	size_t n = strlen(bucket);

	if (n < 3 || n > 63 || !strcmp(bucket, "service"))
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = bucket[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

		if (!letter && (i == 0 || i == n - 1 || (c != '-' && c != '.')))
			return false;
		if (c == '.' && bucket[i + 1] == '.')
			return false;
	}
	return true;
}

bool bucket_exists(struct engine *e, const char *bucket)
{
	sqlite3_stmt *st = state_prepare(e->db, "SELECT 1 FROM buckets WHERE name = ?");

	state_bind_text(st, 1, bucket);
	bool found = state_step(e->db, st);

	state_done(st);
	return found;
}

void bucket_create(struct engine *e, const char *bucket)
{
	sqlite3_stmt *st = state_prepare(e->db, "INSERT OR IGNORE INTO buckets VALUES (?, ?)");

	state_bind_text(st, 1, bucket);
	state_bind_i64(st, 2, clock_now_ms());
	state_exec(e->db, st);
}

/* --- objects -------------------------------------------------------------------------- */

static void read_object(sqlite3_stmt *st, struct object *o)
{
	o->key = xstrdup(state_text(st, 0));
	str_copy(o->blob, sizeof(o->blob), state_text(st, 1));
	o->size = sqlite3_column_int64(st, 2);
	str_copy(o->etag, sizeof(o->etag), state_text(st, 3));
	o->modified_ms = sqlite3_column_int64(st, 4);
	o->headers = xstrdup(state_text(st, 5));
}

bool objects_find(struct engine *e, const char *bucket, const char *key, struct object *ret)
{
	sqlite3_stmt *st = state_prepare(e->db, "SELECT key, blob, size, etag, modified, headers FROM objects"
						" WHERE bucket = ? AND key = ?");

	*ret = (struct object){0};
	state_bind_text(st, 1, bucket);
	state_bind_text(st, 2, key);
	bool found = state_step(e->db, st);

	if (found)
		read_object(st, ret);
	state_done(st);
	return found;
}

bool objects_delete(struct engine *e, const char *bucket, const char *key)
{
	AUTO(object) struct object o = {0};

	if (!objects_find(e, bucket, key, &o))
		return false;
	sqlite3_stmt *st = state_prepare(e->db, "DELETE FROM objects WHERE bucket = ? AND key = ?");

	state_bind_text(st, 1, bucket);
	state_bind_text(st, 2, key);
	state_exec(e->db, st);
	objects_blob_remove(e, o.blob);
	return true;
}

void objects_put(struct engine *e, const char *bucket, const char *key, const char *blob, int64_t size,
		 const char *etag, const char *headers)
{
	AUTO(object) struct object old = {0};
	bool replaces = objects_find(e, bucket, key, &old);
	sqlite3_stmt *st = state_prepare(e->db, "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?)");

	state_bind_text(st, 1, bucket);
	state_bind_text(st, 2, key);
	state_bind_text(st, 3, blob);
	state_bind_i64(st, 4, size);
	state_bind_text(st, 5, etag);
	state_bind_i64(st, 6, clock_now_ms());
	state_bind_text(st, 7, headers);
	state_exec(e->db, st);
	if (replaces && !str_eq(old.blob, blob)) {
		state_commit(e->db); /* the new row first, then the old file */
		objects_blob_remove(e, old.blob);
	}
}

void objects_list(struct engine *e, const char *bucket, const char *prefix, const char *after, size_t max,
		  struct object **ret, size_t *ret_n)
{
	sqlite3_stmt *st = state_prepare(e->db, "SELECT key, blob, size, etag, modified, headers FROM objects"
						" WHERE bucket = ?1 AND key >= ?2 AND key > ?3 ORDER BY key LIMIT ?4");
	struct object *list = NULL;
	size_t n = 0, cap = 0;

	state_bind_text(st, 1, bucket);
	state_bind_text(st, 2, prefix);
	state_bind_text(st, 3, after);
	state_bind_i64(st, 4, (int64_t)MIN(max, (size_t)INT32_MAX));
	while (state_step(e->db, st) && str_starts(state_text(st, 0), prefix)) {
		GROW(list, cap, n + 1);
		list[n] = (struct object){0};
		read_object(st, &list[n++]);
	}
	state_done(st);
	*ret = list;
	*ret_n = n;
}

void objects_list_free(struct object *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		object_done(&list[i]);
	free(list);
}

bool s3_uri_parse(const char *uri, char **ret_bucket, char **ret_key)
{
	if (!uri || !str_starts(uri, "s3://"))
		return false;
	const char *bucket = uri + 5;
	const char *slash = strchr(bucket, '/');

	if (slash == bucket || !*bucket)
		return false;
	*ret_bucket = slash ? xstrndup(bucket, (size_t)(slash - bucket)) : xstrdup(bucket);
	*ret_key = xstrdup(slash ? slash + 1 : "");
	return true;
}

char *s3_folder_key(const char *key)
{
	return *key && !str_ends(key, "/") ? xasprintf("%s/", key) : xstrdup(key);
}
