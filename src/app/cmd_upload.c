/* sagetop upload PATH... s3://BUCKET/PREFIX: a few files at a time. A file that fails does
 * not keep the others: each failure is told with its file, and at the end which they were. */
#include <assert.h>
#include <errno.h>
#include <fts.h>

#include "app/commands.h"
#include "aws/s3.h"

#define AT_A_TIME 4
#define IN_A_ROW_MAX 4 /* failures of the network after which nothing new is begun */
#define NAMED_MAX 10   /* files in the line at the end */

struct upload;

struct upload_file {
	struct upload *upload;
	char *path, *key;
	bool sent;
	struct err err; /* unset: not tried */
};

struct upload {
	struct aws_client *client;
	char *bucket, *prefix;
	struct upload_file *files;
	size_t n, cap;
	size_t next, in_flight, in_a_row;
	bool hopeless; /* nothing new is begun */
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

static struct upload_file *add_file(struct upload *u, const char *path, const char *name)
{
	bool slash = *u->prefix && !str_ends(u->prefix, "/");

	GROW(u->files, u->cap, u->n + 1);
	u->files[u->n++] = (struct upload_file){
		.path = xstrdup(path),
		.key = xasprintf("%s%s%s", u->prefix, slash ? "/" : "", name),
	};
	return &u->files[u->n - 1];
}

/* At once, where there are others; a single file's failure is the command's own. */
static void tell(const struct upload *u, const struct upload_file *f)
{
	if (u->n < 2)
		return;
	/* What is about the file itself names it already. */
	fprintf(stderr, "sagetop: %s%s%s\n", str_starts(f->err.msg, f->path) ? "" : f->path,
		str_starts(f->err.msg, f->path) ? "" : ": ", f->err.msg);
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
			if (!e->fts_level) {
				err_set(err, ERR_IO, "cannot read %s: %s", e->fts_path, strerror(e->fts_errno));
				break;
			}
			struct upload_file *f = add_file(u, e->fts_path, e->fts_path + n + 1);
			err_set(&f->err, ERR_IO, "%s", strerror(e->fts_errno));
			tell(u, f);
		}
	}
	fts_close(fts);
	return err && err->code ? -err->code : 0;
}

/* The next file would meet the same. */
static bool is_hopeless(const struct err *err)
{
	return err->code == ERR_AUTH || err->code == ERR_EXPIRED || str_eq(err->aws_code, "NoSuchBucket");
}

static void on_file(void *user, const struct err *err)
{
	struct upload_file *f = user;
	struct upload *u = f->upload;

	u->in_flight--;
	f->sent = !err;
	if (!err) {
		u->in_a_row = 0;
		return;
	}
	f->err = *err;
	if (err->code == ERR_CANCELLED)
		return;
	tell(u, f);
	u->in_a_row = err->code == ERR_NET || err->code == ERR_TIMEOUT ? u->in_a_row + 1 : 0;
	u->hopeless |= is_hopeless(err) || u->in_a_row >= IN_A_ROW_MAX;
}

/* The next file that can be read; NULL where there is none, or no sense in it. */
static struct upload_file *next_file(struct upload *u)
{
	while (!u->hopeless && u->next < u->n) {
		struct upload_file *f = &u->files[u->next++];

		if (!f->err.code)
			return f;
	}
	return NULL;
}

/* "2 of 5 files are not uploaded: a.csv, b.csv", with the code of the first. */
static int sum_up(const struct upload *u, struct err *err)
{
	AUTO(buf) struct buf names = BUF_INIT(BUF_MAX_TEXT);
	const struct upload_file *first = NULL;
	size_t missing = 0;

	for (size_t i = 0; i < u->n; i++) {
		const struct upload_file *f = &u->files[i];

		if (f->sent)
			continue;
		if (!first && f->err.code)
			first = f;
		if (missing++ < NAMED_MAX)
			buf_addf(&names, "%s%s", names.len ? ", " : ": ", f->path);
	}
	if (!missing)
		return 0;
	assert(first); /* what is not sent has an error, or one before it was hopeless for all */
	if (u->n == 1) {
		if (err)
			*err = first->err;
		if (!str_starts(first->err.msg, first->path))
			err_prefix(err, "%s", first->path);
		return -(int)first->err.code;
	}
	if (missing > NAMED_MAX)
		buf_addf(&names, " and %zu more", missing - NAMED_MAX);
	return err_set(err, first->err.code, "%zu of %zu files are not uploaded%s", missing, u->n, buf_str(&names));
}

static void begin_file(struct upload *u, struct upload_file *f)
{
	u->in_flight++;
	f->upload = u;
	s3_put_file(u->client, u->bucket, f->key, f->path, on_file, f);
}

static int run_upload(struct app *a, struct upload *u, struct err *err)
{
	for (;;) {
		struct upload_file *f = NULL;

		while (u->in_flight < AT_A_TIME && (f = next_file(u)))
			begin_file(u, f);
		if (!u->in_flight)
			break;
		if (app_turn(a, 1000, err) < 0) {
			app_disconnect(a); /* ends the transfers: their callbacks use u */
			return -ERR_CANCELLED;
		}
	}
	for (size_t i = 0; i < u->n; i++)
		if (u->files[i].sent)
			fprintf(a->out, "s3://%s/%s\n", u->bucket, u->files[i].key);
	return sum_up(u, err);
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
	return 0;
}
