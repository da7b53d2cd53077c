/* Files to S3: what is sent, in which order, and what is said of failures. */
#include "app/upload.h"

#include <assert.h>
#include <errno.h>
#include <fts.h>

#include "aws/s3.h"
#include "base/digest.h"
#include "base/fs.h"

#define LOCAL_TO "s3://sagemaker-us-east-1-000000000000"
#define AT_A_TIME 4
#define IN_A_ROW_MAX 4 /* failures of the network after which nothing new is begun */
#define NAMED_MAX 10   /* files in the line at the end */

void upload_done(struct upload *u)
{
	for (size_t i = 0; i < u->n; i++) {
		free(u->files[i].path);
		free(u->files[i].key);
	}
	free(u->files);
	free(u->bucket);
	free(u->prefix);
}

struct upload_file *upload_add(struct upload *u, const char *path, const char *name)
{
	bool slash = *u->prefix && !str_ends(u->prefix, "/");

	GROW(u->files, u->cap, u->n + 1);
	u->files[u->n++] = (struct upload_file){
		.path = xstrdup(path),
		.key = xasprintf("%s%s%s", u->prefix, slash ? "/" : "", name),
	};
	return &u->files[u->n - 1];
}

/* Of a file that failed, where there are others: a single file's failure is the command's. */
static void tell(const struct upload *u, const struct upload_file *f)
{
	if (u->n < 2)
		return;
	/* What is about the file itself names it already. */
	fprintf(stderr, "sagetop: %s%s%s\n", str_starts(f->err.msg, f->path) ? "" : f->path,
		str_starts(f->err.msg, f->path) ? "" : ": ", f->err.msg);
}

int upload_add_tree(struct upload *u, const char *path, const char *below, struct err *err)
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
			AUTO(str)
			char *name = xasprintf("%s%s", below,
					       e->fts_level ? e->fts_path + n + 1
					       : base	    ? base + 1
							    : e->fts_path);

			upload_add(u, e->fts_path, name);
		} else if (e->fts_info == FTS_NS || e->fts_info == FTS_ERR || e->fts_info == FTS_DNR) {
			if (!e->fts_level) {
				err_set(err, ERR_IO, "cannot read %s: %s", e->fts_path, strerror(e->fts_errno));
				break;
			}
			AUTO(str) char *name = xasprintf("%s%s", below, e->fts_path + n + 1);
			struct upload_file *f = upload_add(u, e->fts_path, name);
			err_set(&f->err, ERR_IO, "%s", strerror(e->fts_errno));
			tell(u, f);
		}
	}
	fts_close(fts);
	return err && err->code ? -err->code : 0;
}

char *upload_place(const struct app *a, const char *name)
{
	const char *to = str_or(app_value(a, OPT_TO), a->local ? LOCAL_TO : NULL);
	size_t n = to ? strlen(to) : 0;

	while (n && to[n - 1] == '/')
		n--;
	return to ? xasprintf("%.*s/%s", (int)n, to, name) : NULL;
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

/* --- what lies there already ------------------------------------------------------------ */

/* The ETag that these bytes have where they were sent by s3_put_file: MD5, of a file in
 * parts that of its parts' with their number. False where the file cannot be read. */
static bool expected_etag(const char *path, char ret[48])
{
	int64_t size = fs_size(path);
	AUTO(file) FILE *f = fopen(path, "re");
	AUTO(str) char *part = xmalloc((size_t)S3_PART_SIZE);
	AUTO(buf) struct buf sums = BUF_INIT(BUF_MAX_TEXT);
	char hex[33] = "";
	size_t n, parts = 0;

	if (!f)
		return false;
	do {
		n = fread(part, 1, (size_t)S3_PART_SIZE, f);
		md5_hex(part, n, hex);
		for (size_t i = 0; i < 16; i++) {
			unsigned byte = 0;

			sscanf(hex + 2 * i, "%2x", &byte);
			buf_addc(&sums, (char)byte);
		}
		parts++;
	} while (n == (size_t)S3_PART_SIZE && (int64_t)parts * S3_PART_SIZE < size);
	if (ferror(f) || sums.overflow)
		return false;
	if (size <= S3_MULTIPART_THRESHOLD)
		snprintf(ret, 48, "%s", hex);
	else {
		md5_hex(sums.data, sums.len, hex);
		snprintf(ret, 48, "%s-%zu", hex, parts);
	}
	return true;
}

/* ETags come in quotes. */
static bool etag_is(const char *etag, const char *expected)
{
	size_t n = strlen(expected);

	return etag &&
	       (!strncmp(etag, expected, n) || (*etag == '"' && !strncmp(etag + 1, expected, n) && etag[n + 1] == '"'));
}

static void send_file(struct upload_file *f)
{
	struct upload *u = f->upload;

	s3_put_file(u->client, u->bucket, f->key, f->path, on_file, f);
}

/* Whatever keeps us from knowing, it is sent: its own failure says more. */
static void on_head(void *user, const struct s3_object *o, const struct err *err)
{
	struct upload_file *f = user;
	char expected[48];

	if (err && err->code == ERR_CANCELLED) {
		on_file(f, err);
		return;
	}
	f->same = !err && o->size == fs_size(f->path) && expected_etag(f->path, expected) && etag_is(o->etag, expected);
	if (f->same)
		on_file(f, NULL);
	else
		send_file(f);
}

static void begin_file(struct upload *u, struct upload_file *f)
{
	u->in_flight++;
	f->upload = u;
	if (u->skip_same)
		s3_head(u->client, u->bucket, f->key, on_head, f);
	else
		send_file(f);
}

int upload_run(struct app *a, struct upload *u, struct err *err)
{
	u->client = sync_client(a->sync);
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
	return sum_up(u, err);
}

int upload_make_bucket(struct app *a, struct upload *u, struct err *err)
{
	struct app_reply reply = {0};
	struct err failure = {0};

	if (!a->local)
		return 0;
	if (!s3_create_bucket(sync_client(a->sync), u->bucket, app_reply_done, &reply))
		return 0;
	int rc = app_wait(a, &reply, &failure);
	if (rc == 0 || failure.code == ERR_EXISTS)
		return 0;
	*err = failure;
	return rc;
}
