/* sagetop upload PATH... s3://BUCKET/PREFIX: a few files at a time. */
#include <errno.h>
#include <fts.h>

#include "app/commands.h"
#include "aws/s3.h"

#define AT_A_TIME 4

struct upload_file {
	char *path;
	char *key;
};

struct upload {
	struct aws_client *client;
	char *bucket, *prefix;
	struct upload_file *files;
	size_t n, cap;
	size_t next, in_flight, sent;
	struct err err; /* the first failure; nothing new is begun after it */
};

static void upload_done(struct upload *u)
{
	for (size_t i = 0; i < u->n; i++) {
		free(u->files[i].path);
		free(u->files[i].key);
	}
	free(u->files);
	free(u->bucket);
	free(u->prefix);
}
AUTO_EMBEDDED(upload, struct upload, upload_done)

static void add_file(struct upload *u, const char *path, const char *name)
{
	bool slash = *u->prefix && !str_ends(u->prefix, "/");

	GROW(u->files, u->cap, u->n + 1);
	u->files[u->n++] = (struct upload_file){
		.path = xstrdup(path),
		.key = xasprintf("%s%s%s", u->prefix, slash ? "/" : "", name),
	};
}

/* A folder's files keep their place below it; the folder's own name is left out,
 * as `aws s3 cp --recursive` does. */
static int add_path(struct upload *u, const char *path, struct err *err)
{
	AUTO(str) char *root = xstrdup(path);
	size_t n = strlen(root);

	while (n > 1 && root[n - 1] == '/')
		root[--n] = '\0';
	FTS *fts = fts_open((char *const[]){root, NULL}, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
	if (!fts)
		return err_set(err, ERR_IO, "cannot read %s: %s", path, strerror(errno));
	for (FTSENT *e; (e = fts_read(fts));) {
		if (e->fts_info == FTS_F) {
			const char *base = strrchr(e->fts_path, '/');
			add_file(u, e->fts_path, e->fts_level ? e->fts_path + n + 1 : base ? base + 1 : e->fts_path);
		} else if (e->fts_info == FTS_NS || e->fts_info == FTS_ERR || e->fts_info == FTS_DNR) {
			err_set(err, ERR_IO, "cannot read %s: %s", e->fts_path, strerror(e->fts_errno));
			break;
		}
	}
	fts_close(fts);
	return err && err->code ? -err->code : 0;
}

static void on_file(void *user, const struct err *err)
{
	struct upload *u = user;

	u->in_flight--;
	if (err && u->err.code == ERR_OK)
		u->err = *err;
	else if (!err)
		u->sent++;
}

static int run_upload(struct app *a, struct upload *u, struct err *err)
{
	while (u->in_flight || (u->next < u->n && u->err.code == ERR_OK)) {
		while (u->in_flight < AT_A_TIME && u->next < u->n && u->err.code == ERR_OK) {
			const struct upload_file *f = &u->files[u->next++];
			u->in_flight++;
			s3_put_file(u->client, u->bucket, f->key, f->path, on_file, u);
		}
		if (app_turn(a, 1000, err) < 0) {
			app_disconnect(a); /* ends the transfers: their callbacks use u */
			return -ERR_CANCELLED;
		}
	}
	if (u->err.code != ERR_OK)
		*err = u->err;
	return -u->err.code;
}

/* The local engine's buckets are ours to make; in an account they are not. */
static int make_local_bucket(struct app *a, struct upload *u, struct err *err)
{
	struct app_reply reply = {0};
	struct err failure = {0};

	if (!a->local)
		return 0;
	if (!s3_create_bucket(u->client, u->bucket, app_reply_done, &reply))
		return 0;
	int rc = app_wait(a, &reply, &failure);
	if (rc == 0 || failure.code == ERR_EXISTS)
		return 0;
	*err = failure;
	return rc;
}

int cmd_upload(struct app *a, struct err *err)
{
	AUTO(upload) struct upload u = {0};
	size_t n_paths = a->cli.args.n - 1;

	if (s3_uri_split(a->cli.args.items[n_paths], &u.bucket, &u.prefix, err) < 0)
		return -err->code;
	for (size_t i = 0; i < n_paths; i++)
		if (add_path(&u, a->cli.args.items[i], err) < 0)
			return -err->code;
	if (!u.n)
		return err_set(err, ERR_INVALID, "nothing to upload: %s holds no files", a->cli.args.items[0]);
	if (app_connect(a, err) < 0)
		return -err->code;
	u.client = sync_client(a->sync);
	if (make_local_bucket(a, &u, err) < 0 || run_upload(a, &u, err) < 0)
		return -err->code;
	for (size_t i = 0; i < u.n; i++)
		fprintf(a->out, "s3://%s/%s\n", u.bucket, u.files[i].key);
	return 0;
}
