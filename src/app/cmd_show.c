/* cmd_show.c - sagetop show KIND NAME, sagetop job NAME: everything about one thing, on
 * one page; with --json the service's own reply, so that it can be fed to other tools. */
#include "app/commands.h"
#include "app/failure_log.h"
#include "app/output.h"
#include "app/reference.h"
#include "app/resource_json.h"
#include "model/failure.h"
#include "model/page.h"
#include "model/variants.h"

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

/* What only a list tells of has no reply of its own: its fields. Why a job failed stands behind what the service says.
 */
static void print_json(const struct app *a, const struct resource *r, const json_t *raw)
{
	struct field_context x = {.session = sync_session(a->sync), .now_ms = clock_now_ms()};
	AUTO(json) json_t *o = raw ? json_copy((json_t *)(uintptr_t)raw) : resource_to_json(r, &x);
	AUTO(json) json_t *why = diagnosis_to_json(r, &x);

	if (!json_is_null(why))
		json_object_set(o, "diagnosis", why);
	output_json(a, o);
}

/* The instance types of an endpoint stand in its configuration; without it they are not told. */
static int ask_config(struct app *a, const json_t *endpoint, struct err *err)
{
	const char *name = json_get_str(endpoint, "EndpointConfigName");
	struct resource *config;

	if (!name || reference_resolve(a, &kind_table[KIND_ENDPOINT_CONFIG], name, &config, err) == 0 ||
	    err->code == ERR_CANCELLED)
		return -err->code;
	err_clear(err);
	return 0;
}

/* What cannot be asked is not told. */
static int ask_traffic(struct app *a, const char *endpoint, struct err *err)
{
	AUTO(strlist) struct strlist names = {0};
	struct app_reply reply = {0};

	strlist_add(&names, endpoint);
	sync_traffic(a->sync, &names, AWS_USER_ACTION, app_reply_done, &reply);
	if (app_wait(a, &reply, err) == 0 || err->code == ERR_CANCELLED)
		return -err->code;
	fprintf(stderr, "sagetop: how it is called is not known: %s\n", err->msg);
	err_clear(err);
	return 0;
}

struct found {
	struct app_reply reply;
	char *text;
};

static void on_found(void *user, const char *text, const struct err *err)
{
	struct found *f = user;

	f->text = xstrdup(text);
	app_reply_done(&f->reply, err);
}

/* What a check of an endpoint's data found, a line each. */
static int print_findings(struct app *a, const struct kind *k, const char *name, struct err *err)
{
	struct found f = {0};
	AUTO(strlist) struct strlist lines = {0};

	if (!page_findings_job(sync_resource_full(a->sync, k, name)))
		return 0;
	sync_findings(a->sync, k, name, on_found, &f);
	if (app_wait(a, &f.reply, err) < 0)
		return -err->code;
	AUTO(str) char *text = f.text;

	strlist_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++)
		output_field(a, i ? "" : "violations", lines.items[i]);
	return 0;
}

static int ask_list(struct app *a, enum kind_id kind, const char *parent, struct err *err)
{
	struct app_reply reply = {0};

	sync_kind(a->sync, &kind_table[kind], parent, app_reply_done, &reply);
	return app_wait(a, &reply, err);
}

static int ask_scaling(struct app *a, const struct resource *r, struct err *err)
{
	const struct resources *targets = &sync_session(a->sync)->tables[KIND_SCALABLE_TARGET];
	int rc = ask_list(a, KIND_SCALABLE_TARGET, NULL, err);

	for (int i = 0; rc == 0 && i < VARIANTS_MAX && variant_member(r, i, "VariantName"); i++) {
		AUTO(str) char *key = page_scaling_target(r, i);

		if (!key || !resources_find(targets, key))
			continue;
		rc = ask_list(a, KIND_SCALING_POLICY, key, err);
		rc = rc == 0 ? ask_list(a, KIND_SCALING_ACTIVITY, key, err) : rc;
	}
	if (rc == 0 || err->code == ERR_CANCELLED)
		return rc;
	fprintf(stderr, "sagetop: how it scales is not known: %s\n", err->msg);
	err_clear(err);
	return 0;
}

/* How far a transform job has come; what cannot be listed is not told. */
static int ask_files(struct app *a, const struct resource *r, struct err *err)
{
	struct app_reply reply = {0};

	sync_files(a->sync, r->kind, r->name, app_reply_done, &reply);
	if (app_wait(a, &reply, err) == 0 || err->code == ERR_CANCELLED)
		return -err->code;
	fprintf(stderr, "sagetop: its files are not known: %s\n", err->msg);
	err_clear(err);
	return 0;
}

/* What its page tells besides its record. */
static int ask_around(struct app *a, const struct resource *r, const json_t *raw, struct err *err)
{
	if (r->kind->id == KIND_TRANSFORM_JOB)
		return ask_files(a, r, err);
	if (r->kind->id == KIND_ENDPOINT &&
	    (ask_config(a, raw, err) < 0 || ask_traffic(a, r->name, err) < 0 || ask_scaling(a, r, err) < 0))
		return -err->code;
	return 0;
}

/* Of the scope that was entered. */
static int show(struct app *a, const struct kind *k, const char *name, struct err *err)
{
	AUTO(json) json_t *raw = NULL;
	struct resource *r;

	if (reference_describe(a, k, name, &r, &raw, err) < 0)
		return -err->code;
	if (r->kind->id == KIND_TRAINING_JOB && r->state == STATE_BAD && failure_is_bare(r->failure_reason) &&
	    failure_log_learn(a, r, err) < 0)
		return -err->code;
	if (output_format(a) == OUTPUT_JSON) {
		print_json(a, sync_resource_full(a->sync, k, r->name), raw);
		return 0;
	}
	if (ask_around(a, r, raw, err) < 0)
		return -err->code;
	print_page(a, sync_resource_full(a->sync, k, r->name));
	return print_findings(a, k, r->name, err);
}

int cmd_show(struct app *a, struct err *err)
{
	const char *first = a->cli.args.items[0], *name, *parent;
	const struct kind *k;

	if (a->cli.args.n == 1) {
		if (app_enter(a, first, &k, &name, err) < 0)
			return -err->code;
		return show(a, k, name, err);
	}
	if (strchr(first, '/'))
		return err_set(err, ERR_USAGE, "one thing at a time: sagetop show KIND NAME, or KIND/NAME");
	name = a->cli.args.items[1];
	if (kind_parse(first, &k, &parent, err) < 0 || app_enter_name(a, k, &name, err) < 0)
		return -err->code;
	return show(a, k, name, err);
}

int cmd_job(struct app *a, struct err *err)
{
	const char *name = a->cli.args.items[0];

	if (app_enter_name(a, TRAINING_KIND, &name, err) < 0)
		return -err->code;
	return show(a, TRAINING_KIND, name, err);
}
