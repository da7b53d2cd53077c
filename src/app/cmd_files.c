/* sagetop files KIND/NAME [FILE]: what a training or processing job stored, the files of a transform job with what it
 * made of each, the calls that an endpoint captured; or what one of them holds; with --out it is downloaded. */
#include <assert.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/output.h"
#include "app/peek.h"
#include "app/reference.h"
#include "aws/s3.h"
#include "base/fs.h"
#include "base/timefmt.h"
#include "base/utf8.h"

struct looking {
	struct app_reply base;
	struct app *a;
};

static void on_text(void *user, const char *text, const struct err *err)
{
	struct looking *l = user;

	/* A program has a tab between what was asked and what was answered. */
	for (const char *p = err ? "" : text; *p; p++)
		fputc(*p == FILES_BESIDE ? '\t' : *p, l->a->out);
	app_reply_done(&l->base, err);
}

static int show(struct app *a, const struct file_object *o, struct err *err)
{
	struct looking l = {.a = a};

	peek(a->sync, o->bucket, o->key, o->size, on_text, &l);
	return app_wait(a, &l.base, err);
}

/* --- to the disk --------------------------------------------------------------------------------- */

struct fetching {
	struct app_reply base;
	struct file_download d;
	bool tty;
	int64_t shown_ms;
};

#define SHOW_MS 200 /* a line of progress at most so often */

static void on_progress(void *user, int64_t got, int64_t all)
{
	struct fetching *f = user;

	f->d.got = got;
	f->d.all = all;
}

static void show_progress(struct fetching *f)
{
	int64_t now = clock_now_ms();
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);

	if (!f->tty || now - f->shown_ms < SHOW_MS)
		return;
	f->shown_ms = now;
	file_download_text(&f->d, now, &text);
	fprintf(stderr, "\r\033[K%s: %s", f->d.name, buf_str(&text));
	fflush(stderr);
}

/* app_wait, which tells nothing meanwhile. */
static int wait_watched(struct app *a, struct fetching *f, struct err *err)
{
	int rc = 0;

	while (!f->base.done && rc == 0) {
		rc = app_turn(a, SHOW_MS, err);
		show_progress(f);
	}
	if (f->shown_ms)
		fputs("\r\033[K", stderr);
	if (rc < 0)
		app_disconnect(a); /* ends the transfer, whose callbacks use f */
	return rc < 0 ? -ERR_CANCELLED : app_wait(a, &f->base, err);
}

/* Whether what is there may go: somebody says yes. */
static int ask_replace(struct app *a, const char *path, bool *ret, struct err *err)
{
	*ret = app_flag(a, OPT_YES);
	if (*ret || !fs_exists(path))
		return 0;
	AUTO(str) char *question = xasprintf("%s is there already. Replace it?", path);

	if (!a->in_tty)
		return err_set(err, ERR_EXISTS, "'%s' is there already: --yes replaces it", path);
	*ret = app_confirm(a, question);
	return *ret ? 0 : err_set(err, ERR_EXISTS, "'%s' was left as it is", path);
}

static int fetch(struct app *a, const struct file_object *o, const char *to, struct err *err)
{
	AUTO(str) char *path = fs_is_dir(to) ? fs_join(to, files_base_name(o->key)) : xstrdup(to);
	AUTO(str) char *name = utf8_sanitize_dup(path);
	struct fetching f = {.d = {.name = name, .begun_ms = clock_now_ms()}, .tty = isatty(STDERR_FILENO)};
	struct s3_download_options how = {.progress = on_progress};

	if (ask_replace(a, path, &how.replace, err) < 0)
		return -err->code;
	(void)s3_download(sync_client(a->sync), o->bucket, o->key, path, &how, app_reply_done, &f);
	int rc = wait_watched(a, &f, err);

	if (rc == 0)
		fprintf(a->out, "%s\n", name);
	return rc;
}

/* --- which of them ---------------------------------------------------------------------------------- */

/* By its name, or by the end of its name where one file has it. */
static int find_file(const struct app *a, const struct files *f, const char *name, const struct file **ret,
		     struct err *err)
{
	AUTO(strlist) struct strlist names = {0};
	const struct file *by_end = NULL, *other = NULL;

	for (size_t i = 0; i < f->n; i++) {
		const struct file *x = &f->items[i];

		strlist_add(&names, x->name);
		if (str_eq(x->name, name)) {
			*ret = x;
			return 0;
		}
		if (str_eq(files_base_name(x->name), name)) {
			other = by_end;
			by_end = x;
		}
	}
	if (other)
		return err_set(err, ERR_USAGE, "which one? %s or %s", other->name, by_end->name);
	*ret = by_end;
	if (by_end)
		return 0;
	const char *near = str_nearest(name, (const char *const *)names.items, names.n);

	return err_set(err, ERR_NOTFOUND, "%s has no file %s%s%s%s", a->cli.args.items[0], name,
		       near ? ": did you mean " : "", str_or(near, ""), near ? "?" : "");
}

static int with_file(struct app *a, const struct files *f, const char *name, struct err *err)
{
	const char *to = app_value(a, OPT_OUT);
	const struct file *x;

	if (find_file(a, f, name, &x, err) < 0)
		return -err->code;
	const struct file_object o = files_object(f, x);

	return to ? fetch(a, &o, to, err) : show(a, &o, err);
}

static void cell_size(struct app *a, struct table *t, int64_t size)
{
	char text[FILES_SIZE_LEN];
	AUTO(str) char *plain = xasprintf("%lld", (long long)size);

	table_cell(t, size < 0 ? "" : output_format(a) == OUTPUT_TABLE ? files_size_text(text, size) : plain);
}

static int print_table(struct app *a, const struct files *f, struct err *err)
{
	AUTO(table) struct table t = {0};
	char time[TIMEFMT_LEN];

	table_column(&t, "FILE", false);
	table_column(&t, "SIZE", true);
	table_column(&t, "CHANGED", false);
	if (f->has_outputs) {
		table_column(&t, "OUTPUT", true);
		table_column(&t, "NOTE", false);
	}
	for (size_t i = 0; i < f->n; i++) {
		const struct file *x = &f->items[i];

		table_cell(&t, x->name);
		cell_size(a, &t, x->size);
		table_cell(&t, x->modified_ms == TIME_UNKNOWN ? "" : timefmt_show(time, x->modified_ms));
		if (f->has_outputs) {
			cell_size(a, &t, x->out_key ? x->out_size : -1);
			table_cell(&t, str_or(x->fault, ""));
		}
	}
	if (table_choose(&t, app_value(a, OPT_COLUMNS), err) < 0)
		return -err->code;
	table_print(&t, a);
	return 0;
}

static void print_json(struct app *a, const struct files *f)
{
	AUTO(json) json_t *list = json_array();

	for (size_t i = 0; i < f->n; i++) {
		const struct file *x = &f->items[i];
		json_t *o = json_object();
		AUTO(str) char *uri = xasprintf("s3://%s/%s", x->bucket, x->key);
		AUTO(str) char *out = x->out_key ? xasprintf("s3://%s/%s", f->out_bucket, x->out_key) : NULL;

		json_put_str(o, "name", x->name);
		json_put_str(o, "uri", uri);
		json_object_set_new(o, "bytes", x->size < 0 ? json_null() : json_integer((json_int_t)x->size));
		json_put_time(o, "modified", x->modified_ms);
		json_put_str(o, "output", out);
		json_object_set_new(o, "output_bytes", out ? json_integer((json_int_t)x->out_size) : json_null());
		json_put_str(o, "error", x->fault);
		json_array_append_new(list, o);
	}
	output_json(a, list);
}

int cmd_files(struct app *a, struct err *err)
{
	struct app_reply reply = {0};
	const struct kind *k;
	const char *name;
	struct resource *r;

	if (app_enter(a, a->cli.args.items[0], &k, &name, err) < 0)
		return -err->code;
	if (files_check_kind(k, err) < 0)
		return -err->code;
	AUTO(json) json_t *raw = NULL;

	if (reference_describe(a, k, name, &r, &raw, err) < 0)
		return -err->code;
	AUTO(str) char *whole = xstrdup(r->name);

	sync_files(a->sync, k, whole, app_reply_done, &reply);
	if (app_wait(a, &reply, err) < 0)
		return -err->code;
	const struct files *f = session_find_files(sync_session(a->sync), k, whole);

	assert(f); /* it was filled */
	if (f->cut)
		fprintf(stderr, "sagetop: only the first %d files\n", FILES_MAX);
	if (a->cli.args.n > 1)
		return with_file(a, f, a->cli.args.items[1], err);
	if (app_value(a, OPT_OUT))
		return err_set(err, ERR_USAGE, "which file? sagetop files %s FILE --out %s", a->cli.args.items[0],
			       app_value(a, OPT_OUT));
	if (output_format(a) != OUTPUT_JSON)
		return print_table(a, f, err);
	print_json(a, f);
	return 0;
}
