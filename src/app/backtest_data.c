/* A backtest's data, as files on this machine: what lies in S3 is fetched once into the cache,
 * by its ETag, so that plan, checksums and jobs are about the same bytes. */
#include "app/backtest_work.h"

#include <errno.h>
#include <limits.h>

#include "aws/s3.h"
#include "base/digest.h"
#include "base/fs.h"

#define OBJECTS_MAX 10000

/* --- folders ---------------------------------------------------------------------------- */

static int add_folder(const char *path, struct strlist *ret, struct err *err)
{
	size_t before = ret->n;
	int rc = fs_list_tree(path, ret, err);

	if (rc == 0 && ret->n == before)
		return err_set(err, ERR_NOTFOUND, "the folder %s has no files", path);
	return rc;
}

/* --- S3 ------------------------------------------------------------------------------------ */

struct listing {
	struct app_reply reply;
	struct strlist keys, etags;
	char *token;
};

static void listing_done(struct listing *l)
{
	strlist_done(&l->keys);
	strlist_done(&l->etags);
	free(l->token);
}
AUTO_EMBEDDED(listing, struct listing, listing_done)

static void on_page(void *user, const struct s3_object *objects, size_t n, const char *next_token,
		    const struct err *err)
{
	struct listing *l = user;

	for (size_t i = 0; !err && i < n; i++) {
		if (!*objects[i].key || str_ends(objects[i].key, "/"))
			continue; /* what stands for a folder */
		strlist_add(&l->keys, objects[i].key);
		strlist_add(&l->etags, str_or(objects[i].etag, ""));
	}
	str_set(&l->token, err ? NULL : next_token);
	app_reply_done(&l->reply, err);
}

static int list_objects(struct app *a, const char *bucket, const char *prefix, struct listing *l, struct err *err)
{
	do {
		AUTO(str) char *token = TAKE(l->token);

		l->reply = (struct app_reply){0};
		s3_list(sync_client(a->sync), bucket, prefix, token, on_page, l);
		if (app_wait(a, &l->reply, err) < 0)
			return -err->code;
		if (l->keys.n > OBJECTS_MAX)
			return err_set(err, ERR_TOOBIG, "it has more than %d objects: name a longer prefix",
				       OBJECTS_MAX);
	} while (l->token);
	return l->keys.n ? 0 : err_set(err, ERR_NOTFOUND, "there is no object below it");
}

/* Where an object is kept: its bytes by their ETag, its name for the reader of gzip and CSV. */
static char *cached_path(const char *bucket, const char *key, const char *etag)
{
	AUTO(str) char *what = xasprintf("%s\n%s\n%s", bucket, key, etag);
	const char *slash = strrchr(key, '/');
	char hex[SHA256_HEX_LEN];

	sha256_hex(what, strlen(what), hex);
	AUTO(str) char *below = xasprintf("backtest-data/%.24s/%s", hex, slash ? slash + 1 : key);

	return fs_cache_path(below);
}

static int fetch_object(struct app *a, const char *bucket, const char *key, const char *path, struct err *err)
{
	struct app_reply reply = {0};

	if (fs_exists(path))
		return 0;
	if (fs_mkdir_parent(path, 0700, err) < 0)
		return -err->code;
	s3_get_file(sync_client(a->sync), bucket, key, path, app_reply_done, &reply);
	return app_wait(a, &reply, err) < 0 ? err_prefix(err, "s3://%s/%s", bucket, key) : 0;
}

static int add_prefix(struct app *a, const char *uri, struct strlist *ret, struct err *err)
{
	AUTO(listing) struct listing l = {0};
	AUTO(str) char *bucket = NULL;
	AUTO(str) char *prefix = NULL;

	if (s3_uri_split(uri, &bucket, &prefix, err) < 0 || app_connect(a, err) < 0)
		return -err->code;
	if (list_objects(a, bucket, prefix, &l, err) < 0)
		return err_prefix(err, "%s", uri);
	for (size_t i = 0; i < l.keys.n; i++) {
		char *path = cached_path(bucket, l.keys.items[i], l.etags.items[i]);

		strlist_take(ret, path);
		if (fetch_object(a, bucket, l.keys.items[i], path, err) < 0)
			return -err->code;
	}
	return 0;
}

/* --- both -------------------------------------------------------------------------------------- */

int backtest_data_files(struct app *a, const char *member, struct strlist *places, struct strlist *ret, struct err *err)
{
	for (size_t i = 0; i < places->n; i++) {
		char path[PATH_MAX];

		if (str_starts(places->items[i], "s3://")) {
			if (add_prefix(a, places->items[i], ret, err) < 0)
				return err_prefix(err, "%s", member);
			continue;
		}
		if (!realpath(places->items[i], path))
			return err_set(
				err, ERR_NOTFOUND,
				"%s: cannot read %s: %s; name files of yours there, or let sagetop backtest init "
				"DATA write a specification for them",
				member, places->items[i], strerror(errno));
		str_set(&places->items[i], path);
		if (!fs_is_dir(path))
			strlist_add(ret, path);
		else if (add_folder(path, ret, err) < 0)
			return err_prefix(err, "%s", member);
	}
	return 0;
}
