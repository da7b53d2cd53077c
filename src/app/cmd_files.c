/* sagetop files KIND/NAME [FILE]: the files of a transform job with what it made of each, the calls that an endpoint
 * captured; or the first lines of one of them. */
#include <assert.h>

#include "app/commands.h"
#include "app/output.h"
#include "app/peek.h"
#include "app/reference.h"
#include "base/timefmt.h"

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

static int show(struct app *a, const struct files *f, const char *name, struct err *err)
{
	struct looking l = {.a = a};
	AUTO(strlist) struct strlist names = {0};

	for (size_t i = 0; i < f->n; i++) {
		const struct file *x = &f->items[i];

		strlist_add(&names, x->name);
		if (!str_eq(x->name, name))
			continue;
		peek(a->sync, x->out_key ? f->out_bucket : x->bucket, x->out_key ? x->out_key : x->key,
		     x->out_key ? x->out_size : x->size, on_text, &l);
		return app_wait(a, &l.base, err);
	}
	const char *near = str_nearest(name, (const char *const *)names.items, names.n);

	return err_set(err, ERR_NOTFOUND, "%s has no file %s%s%s%s", a->cli.args.items[0], name,
		       near ? ": did you mean " : "", str_or(near, ""), near ? "?" : "");
}

static void cell_size(struct app *a, struct table *t, int64_t size)
{
	char text[FILES_SIZE_LEN];
	AUTO(str) char *plain = xasprintf("%lld", (long long)size);

	table_cell(t, size < 0 ? "" : output_format(a) == OUTPUT_TABLE ? files_size_text(text, size) : plain);
}

static void print_table(struct app *a, const struct files *f)
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
	table_print(&t, a);
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
	if (!files_of_kind(k))
		return err_set(err, ERR_USAGE, "of transform-job/NAME and endpoint/NAME files are listed");
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
		return show(a, f, a->cli.args.items[1], err);
	if (output_format(a) == OUTPUT_JSON)
		print_json(a, f);
	else
		print_table(a, f);
	return 0;
}
