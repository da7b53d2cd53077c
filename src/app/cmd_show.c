/* sagetop show KIND NAME: everything about one thing, on one page. */
#include "app/commands.h"
#include "app/output.h"
#include "app/reference.h"
#include "app/resource_json.h"

/* Fields that the row names, then the rest of the service's record. */
static void print_record(struct app *a, const struct resource *r)
{
	const struct record *record = resource_record(r);
	struct field_context x = {.session = sync_session(a->sync), .now_ms = clock_now_ms()};
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);

	for (const struct field *f = r->kind->fields; f->name; f++) {
		struct field_ref ref = {f, NULL};

		if (f->flags & (FIELD_KEYED | FIELD_NO_COLUMN))
			continue;
		buf_clear(&text);
		field_text(&ref, r, &x, output_format(a) == OUTPUT_TABLE ? FIELD_FOR_PEOPLE : FIELD_FOR_PROGRAMS,
			   &text);
		output_field(a, f->name, buf_str(&text));
	}
	for (size_t i = 0; i < r->tags.n; i++) {
		AUTO(str) char *name = xasprintf("tag.%s", r->tags.items[i].name);

		output_field(a, name, r->tags.items[i].value);
	}
	for (size_t i = 0; i < record->members.n; i++)
		output_field(a, record->members.items[i].name, record->members.items[i].value);
}

static int parse(struct app *a, const struct kind **ret_kind, const char **ret_name, struct err *err)
{
	const char *parent;

	if (a->cli.args.n == 1)
		return kind_parse_reference(a->cli.args.items[0], ret_kind, ret_name, err);
	*ret_name = a->cli.args.items[1];
	if (strchr(a->cli.args.items[0], '/'))
		return err_set(err, ERR_USAGE, "one thing at a time: sagetop show KIND NAME, or KIND/NAME");
	return kind_parse(a->cli.args.items[0], ret_kind, &parent, err);
}

int cmd_show(struct app *a, struct err *err)
{
	AUTO(json) json_t *raw = NULL;
	const struct kind *k;
	const char *name;
	struct resource *r;

	if (parse(a, &k, &name, err) < 0)
		return -err->code;
	if (k->id == KIND_TRAINING_JOB) {
		AUTO(str) char *copy = xstrdup(name);

		str_set(&a->cli.args.items[0], copy);
		return cmd_job(a, err);
	}
	if (app_connect(a, err) < 0 || sync_load(a->sync, err) < 0 || reference_describe(a, k, name, &r, &raw, err) < 0)
		return -err->code;
	if (output_format(a) != OUTPUT_JSON) {
		print_record(a, r);
		return 0;
	}
	struct field_context x = {.session = sync_session(a->sync), .now_ms = clock_now_ms()};
	AUTO(json) json_t *fields = raw ? NULL : resource_to_json(r, &x);

	output_json(a, raw ? raw : fields);
	return 0;
}
