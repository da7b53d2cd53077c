/* sagetop upload PATH... s3://BUCKET/PREFIX. */
#include <errno.h>
#include <fts.h>

#include "app/commands.h"
#include "app/upload.h"
#include "aws/s3.h"

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
			upload_add(u, e->fts_path, e->fts_level ? e->fts_path + n + 1 : base ? base + 1 : e->fts_path);
		} else if (e->fts_info == FTS_NS || e->fts_info == FTS_ERR || e->fts_info == FTS_DNR) {
			if (!e->fts_level) {
				err_set(err, ERR_IO, "cannot read %s: %s", e->fts_path, strerror(e->fts_errno));
				break;
			}
			struct upload_file *f = upload_add(u, e->fts_path, e->fts_path + n + 1);
			err_set(&f->err, ERR_IO, "%s", strerror(e->fts_errno));
			upload_tell(u, f);
		}
	}
	fts_close(fts);
	return err && err->code ? -err->code : 0;
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
	if (upload_make_bucket(a, &u, err) < 0)
		return -err->code;
	int rc = upload_run(a, &u, err);

	for (size_t i = 0; i < u.n; i++)
		if (u.files[i].sent)
			fprintf(a->out, "s3://%s/%s\n", u.bucket, u.files[i].key);
	return rc;
}
