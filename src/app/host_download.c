/* host_download.c - a file of a thing on its way to the disk while the screens go on. */
#include "app/dashboard_host_priv.h"

#include "aws/s3.h"
#include "base/utf8.h"

static struct file_download *of_session(const struct dashboard_host *h)
{
	return &sync_session(h->sync)->download;
}

static void on_progress(void *user, int64_t got, int64_t all)
{
	const struct host_call *c = user;

	if (c->host->gone)
		return;
	struct file_download *d = of_session(c->host);

	d->got = got;
	d->all = all;
	d->generation++;
}

static void on_end(void *user, const struct err *err)
{
	struct host_call *c = user;
	struct dashboard_host *h = c->host;

	if (!h->gone) {
		struct session *s = sync_session(h->sync);
		struct file_download *d = &s->download;
		AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);

		h->download = NULL;
		d->under_way = false;
		d->generation++;
		file_download_text(d, clock_now_ms(), &text);
		if (!err)
			session_notify(s, NOTICE_INFO, "downloaded to %s: %s", d->path, buf_str(&text));
		else if (err->code == ERR_CANCELLED)
			session_notify(s, NOTICE_INFO, "%s was not downloaded: nothing is left of it", d->name);
		else
			session_notify(s, NOTICE_ERROR, "%s was not downloaded: %s", d->name, err->msg);
	}
	host_call_end(c);
}

int host_download(void *user, const struct file_object *o, const char *path, bool replace, struct err *err)
{
	static const struct s3_download_options keep = {.progress = on_progress},
						over = {.replace = true, .progress = on_progress};
	struct dashboard_host *h = user;
	struct file_download *d = of_session(h);
	AUTO(str) char *full = fs_expand(path);

	if (d->under_way)
		return err_set(err, ERR_INVALID, "%s is being downloaded: wait for it, or stop it", d->name);
	if (fs_is_dir(full)) {
		AUTO(str) char *folder = full;

		full = fs_join(folder, files_base_name(o->key));
	}
	if (!replace && fs_exists(full))
		return err_set(err, ERR_EXISTS, "'%s' is there already", full);
	free(d->name);
	d->name = utf8_sanitize_dup(files_base_name(o->key));
	str_set(&d->path, full);
	d->got = 0;
	d->all = o->size;
	d->begun_ms = clock_now_ms();
	d->under_way = true;
	d->generation++;
	h->download = s3_download(sync_client(h->sync), o->bucket, o->key, full, replace ? &over : &keep, on_end,
				  host_call_new(h, NULL, NULL));
	return 0;
}

void host_download_stop(void *user)
{
	struct dashboard_host *h = user;

	if (h->download)
		s3_download_stop(h->download);
}
