/* files.c - the files of a thing, and how far a transform job has come with them. */
#include "model/files.h"

#include "base/utf8.h"
#include "model/kind.h"

void files_done(struct files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->items[i].name);
		free(f->items[i].bucket);
		free(f->items[i].key);
		free(f->items[i].out_key);
		free(f->items[i].fault);
	}
	free(f->items);
	free(f->out_bucket);
	*f = (struct files){0};
}

struct file *files_add(struct files *f, const char *bucket, const char *key, const char *name)
{
	GROW(f->items, f->cap, f->n + 1);
	f->items[f->n] = (struct file){.name = utf8_sanitize_dup(name),
				       .bucket = xstrdup(bucket),
				       .key = xstrdup(key),
				       .size = -1,
				       .out_size = -1};
	return &f->items[f->n++];
}

struct file_object files_object(const struct files *f, const struct file *x)
{
	return x->out_key ? (struct file_object){f->out_bucket, x->out_key, x->out_size}
			  : (struct file_object){x->bucket, x->key, x->size};
}

char *files_size_text(char *buf, int64_t size)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	double v = (double)size;
	size_t u = 0;

	for (; v >= 1000 && u + 1 < ARRAY_LEN(units); u++)
		v /= 1000;
	if (size < 0)
		str_copy(buf, FILES_SIZE_LEN, "?");
	else
		snprintf(buf, FILES_SIZE_LEN, u && v < 100 ? "%.1f %s" : "%.0f %s", v, units[u]);
	return buf;
}

void files_progress(const struct files *f, const struct resource *r, int64_t now_ms, struct buf *out)
{
	int64_t until = r->end_ms != TIME_UNKNOWN ? r->end_ms : now_ms, all = 0, read = 0;
	char done_text[FILES_SIZE_LEN], all_text[FILES_SIZE_LEN], rate[FILES_SIZE_LEN];
	const struct file *fault = NULL;
	size_t done = 0;

	if (!f->has_outputs || f->asked_ms == TIME_UNKNOWN)
		return;
	for (size_t i = 0; i < f->n; i++) {
		const struct file *x = &f->items[i];

		done += x->out_key != NULL;
		all += MAX(x->size, (int64_t)0);
		read += x->out_key ? MAX(x->size, (int64_t)0) : 0;
		if (!fault && x->fault)
			fault = x;
	}
	(void)buf_addf(out, "%zu of %zu%s files, %s of %s", done, f->n, f->cut ? "+" : "",
		       files_size_text(done_text, read), files_size_text(all_text, all));
	if (read && r->start_ms != TIME_UNKNOWN && until > r->start_ms)
		(void)buf_addf(out, ", %s/s", files_size_text(rate, read * 1000 / (until - r->start_ms)));
	if (fault)
		(void)buf_addf(out, "\n%s: %s", fault->name, fault->fault);
}

bool files_of_kind(const struct kind *k)
{
	return k->id == KIND_TRAINING_JOB || k->id == KIND_PROCESSING_JOB || k->id == KIND_TRANSFORM_JOB ||
	       k->id == KIND_ENDPOINT;
}

int files_check_kind(const struct kind *k, struct err *err)
{
	return files_of_kind(k) ? 0
				: err_set(err, ERR_USAGE,
					  "files are listed of training-job/NAME, processing-job/NAME, "
					  "transform-job/NAME and endpoint/NAME");
}

void file_download_done(struct file_download *d)
{
	free(d->name);
	free(d->path);
	*d = (struct file_download){0};
}

void file_download_text(const struct file_download *d, int64_t now_ms, struct buf *out)
{
	char got[FILES_SIZE_LEN], all[FILES_SIZE_LEN], rate[FILES_SIZE_LEN];
	int64_t took_ms = now_ms - d->begun_ms;

	(void)buf_addf(out, "%s", files_size_text(got, d->got));
	if (d->all >= 0)
		(void)buf_addf(out, " of %s", files_size_text(all, d->all));
	if (took_ms > 0 && d->got > 0)
		(void)buf_addf(out, ", %s/s", files_size_text(rate, d->got * 1000 / took_ms));
}

const char *files_base_name(const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash ? slash + 1 : name;

	return *base && !str_eq(base, ".") && !str_eq(base, "..") ? base : "download";
}
