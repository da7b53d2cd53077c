/* sagetop upload PATH... s3://BUCKET/PREFIX. */
#include "app/commands.h"
#include "app/upload.h"
#include "aws/s3.h"

int cmd_upload(struct app *a, struct err *err)
{
	AUTO(upload) struct upload u = {0};
	size_t n_paths = a->cli.args.n - 1;

	if (s3_uri_split(a->cli.args.items[n_paths], &u.bucket, &u.prefix, err) < 0)
		return -err->code;
	for (size_t i = 0; i < n_paths; i++)
		if (upload_add_tree(&u, a->cli.args.items[i], "", err) < 0)
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
