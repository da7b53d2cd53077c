/* cmd_job.c - sagetop job NAME: everything about one job, on one page. */
#include "app/commands.h"
#include "app/output.h"
#include "aws/sagemaker.h"
#include "model/page.h"

/* A value of several parts on one line; of pairs "name=value". */
static void print_line(const struct app *a, const struct page_line *l)
{
	AUTO(buf) struct buf value = BUF_INIT(BUF_MAX_TEXT);

	for (size_t i = 0; i < l->n; i++)
		(void)buf_addf(&value, "%s%s", l->pair && i ? "=" : "", l->parts[i].text);
	output_field(a, l->label, buf_str(&value));
}

static void print_page(const struct app *a, const struct resource *r)
{
	struct field_context x = {.session = sync_session(a->sync), .now_ms = clock_now_ms()};
	AUTO(page) struct page page = {0};

	page_build(&page, r, &x, PAGE_FOR_TEXT);
	for (size_t i = 0; i < page.n; i++)
		print_line(a, &page.lines[i]);
}

/* --json: the service's own reply, so that it can be fed to other tools. */
struct json_reply {
	struct app_reply base;
	struct app *a;
};

static void on_json(void *user, json_t *reply, const struct err *err)
{
	struct json_reply *r = user;

	if (!err)
		output_json(r->a, reply);
	app_reply_done(&r->base, err);
}

int cmd_job(struct app *a, struct err *err)
{
	const char *name = a->cli.args.items[0];
	struct app_reply reply = {0};

	if (app_connect(a, err) < 0 || sync_load(a->sync, err) < 0)
		return -err->code;
	/* Also for --json: it names the nearest job where this one does not exist. */
	sync_job(a->sync, name, app_reply_done, &reply);
	if (app_wait(a, &reply, err) < 0)
		return -err->code;
	if (output_format(a) == OUTPUT_JSON) {
		struct json_reply json = {.a = a};
		if (!sm_describe_job_json(sync_client(a->sync), name, AWS_USER_ACTION, on_json, &json))
			return err_set(err, ERR_INTERNAL, "the request could not be made");
		return app_wait(a, &json.base, err);
	}
	const struct job *j = sync_job_full(a->sync, name);
	if (!j)
		return err_set(err, ERR_NOTFOUND, "no training job \"%s\"", name);
	print_page(a, job_resource(j));
	return 0;
}
