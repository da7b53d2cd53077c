/* sagetop compare NAME NAME...: jobs, or things of another kind, beside each other. */
#include "app/commands.h"
#include "app/output.h"
#include "app/reference.h"
#include "model/compare.h"

static json_t *row_to_json(const struct compare_row *r, size_t n)
{
	json_t *o = json_object(), *values = json_array();

	json_put_str(o, "row", r->label);
	json_object_set_new(o, "differs", json_boolean(r->differs));
	for (size_t i = 0; i < n; i++)
		json_array_append_new(values, r->values[i] ? json_string(r->values[i]) : json_null());
	json_object_set_new(o, "values", values);
	json_object_set_new(o, "best", r->best < 0 ? json_null() : json_integer(r->best));
	return o;
}

static void print_json(const struct app *a, const struct compare *c, const struct resource *const *things, bool all)
{
	AUTO(json) json_t *o = json_object();
	json_t *names = json_array(), *rows = json_array();

	for (size_t i = 0; i < c->n_things; i++)
		json_array_append_new(names, json_string(things[i]->name));
	for (size_t k = 0; k < c->n; k++)
		if (all || c->rows[k].differs)
			json_array_append_new(rows, row_to_json(&c->rows[k], c->n_things));
	json_object_set_new(o, "names", names);
	json_object_set_new(o, "rows", rows);
	output_json(a, o);
}

static void print_table(const struct app *a, const struct compare *c, const struct resource *const *things, bool all)
{
	AUTO(table) struct table t = {0};

	table_column(&t, "ROW", false);
	for (size_t i = 0; i < c->n_things; i++)
		table_column(&t, things[i]->name, false);
	for (size_t k = 0; k < c->n; k++) {
		if (!all && !c->rows[k].differs)
			continue;
		table_cell(&t, c->rows[k].label);
		for (size_t i = 0; i < c->n_things; i++)
			table_cell(&t, c->rows[k].values[i]);
	}
	table_print(&t, a);
}

static int print(struct app *a, const struct resource *const *things, size_t n, struct err *err)
{
	AUTO(compare) struct compare c = {0};
	AUTO(buf) struct buf csv = BUF_INIT(BUF_MAX_TEXT);
	struct field_context x = {.session = sync_session(a->sync), .now_ms = clock_now_ms()};
	bool people = output_format(a) == OUTPUT_TABLE, all = app_flag(a, OPT_ALL);

	compare_build(&c, things, n, people ? FIELD_FOR_PEOPLE : FIELD_FOR_PROGRAMS, &x);
	if (app_flag(a, OPT_CSV)) {
		compare_csv(&c, things, all, &csv);
		if (csv.overflow)
			return err_set(err, ERR_TOOBIG, "the table is larger than %zu MB: compare fewer things",
				       csv.max >> 20);
		fputs(buf_str(&csv), a->out);
	} else if (output_format(a) == OUTPUT_JSON) {
		print_json(a, &c, things, all);
	} else {
		print_table(a, &c, things, all);
	}
	return 0;
}

int cmd_compare(struct app *a, struct err *err)
{
	const struct strlist *args = &a->cli.args;
	AUTO(strlist) struct strlist names = {0};
	const struct kind *kind = NULL;

	for (size_t i = 0; i < args->n; i++) {
		const struct kind *k;
		const char *name;
		if (kind_parse_reference(args->items[i], &k, &name, err) < 0)
			return -err->code;
		strlist_add(&names, name);
		if (kind && k != kind)
			return err_set(err, ERR_USAGE, "compare takes things of one kind: %s and %s are two",
				       kind->name, k->name);
		kind = k;
	}
	if (app_connect(a, err) < 0 || sync_load(a->sync, err) < 0)
		return -err->code;
	const struct resource **things = xcalloc(args->n, sizeof(*things));
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		struct resource *r = NULL;
		rc = reference_resolve(a, kind, names.items[i], &r, err);
		things[i] = r;
	}
	for (size_t i = 0; rc == 0 && i < names.n; i++) /* a later call may have trimmed an earlier one */
		if (things[i]->trimmed && things[i]->kind->id == KIND_TRAINING_JOB)
			(void)sync_job_full(a->sync, things[i]->name);
	if (rc == 0)
		rc = print(a, things, args->n, err);
	free(things);
	return rc;
}
