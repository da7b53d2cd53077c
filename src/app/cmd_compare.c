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

static void print_json(const struct app *a, const struct compare *c, bool all)
{
	AUTO(json) json_t *o = json_object();
	json_t *rows = json_array();

	for (size_t k = 0; k < c->n; k++)
		if (all || c->rows[k].differs)
			json_array_append_new(rows, row_to_json(&c->rows[k], c->n_things));
	json_object_set_new(o, "names", json_from_strlist(&c->names));
	json_object_set_new(o, "rows", rows);
	output_json(a, o);
}

/* A person sees which one is the best; a program finds the value as it is, and "best" in JSON. */
static void add_value(struct table *t, const struct compare_row *r, size_t i, bool people)
{
	AUTO(str) char *marked = people && r->best == (long)i ? xasprintf("%s ✓", r->values[i]) : NULL;

	table_cell(t, marked ? marked : r->values[i]);
}

static void print_table(const struct app *a, const struct compare *c, bool all)
{
	AUTO(table) struct table t = {0};
	bool people = output_format(a) == OUTPUT_TABLE;

	table_column(&t, "ROW", false);
	for (size_t i = 0; i < c->n_things; i++) {
		table_column_named(&t, c->names.items[i], false);
		table_column_fit(&t, TABLE_ALIKE, 0);
	}
	for (size_t k = 0; k < c->n; k++) {
		if (!all && !c->rows[k].differs)
			continue;
		table_cell(&t, c->rows[k].label);
		for (size_t i = 0; i < c->n_things; i++)
			add_value(&t, &c->rows[k], i, people);
	}
	table_print(&t, a);
}

static int print(struct app *a, const struct resource *const *things, size_t n, struct err *err)
{
	AUTO(compare) struct compare c = {0};
	AUTO(buf) struct buf csv = BUF_INIT(BUF_MAX_TEXT);
	struct field_context x = {.session = app_session(a), .now_ms = clock_now_ms()};
	bool people = output_format(a) == OUTPUT_TABLE, all = app_flag(a, OPT_ALL);

	compare_build(&c, things, n, people ? FIELD_FOR_PEOPLE : FIELD_FOR_PROGRAMS, &x);
	if (app_flag(a, OPT_CSV)) {
		compare_csv(&c, all, &csv);
		if (csv.overflow)
			return err_set(err, ERR_TOOBIG, "the table is larger than %zu MB: compare fewer things",
				       csv.max >> 20);
		fputs(buf_str(&csv), a->out);
	} else if (output_format(a) == OUTPUT_JSON) {
		print_json(a, &c, all);
	} else {
		print_table(a, &c, all);
	}
	return 0;
}

static int parse(struct app *a, struct app_thing *ret, struct err *err)
{
	const struct strlist *args = &a->cli.args;

	for (size_t i = 0; i < args->n; i++) {
		if (app_parse(a, args->items[i], &ret[i], err) < 0)
			return -err->code;
		if (ret[i].kind != ret[0].kind)
			return err_set(err, ERR_USAGE, "compare takes things of one kind: %s and %s are two",
				       ret[0].kind->name, ret[i].kind->name);
	}
	return 0;
}

/* All of them, whole, each from its scope. */
static int find(struct app *a, struct app_thing *wanted, const struct resource **ret, struct err *err)
{
	size_t n = a->cli.args.n;

	for (size_t i = 0; i < n; i++) {
		struct resource *r;

		if (app_enter_parsed(a, &wanted[i], err) < 0 ||
		    reference_resolve(a, wanted[i].kind, wanted[i].name, &r, err) < 0)
			return -err->code;
		ret[i] = r;
	}
	for (size_t i = 0; i < n; i++) /* a later call may have trimmed an earlier one */
		if (ret[i]->trimmed && ret[i]->kind->id == KIND_TRAINING_JOB)
			(void)sync_job_full(app_sync_of(a, ret[i]), ret[i]->name);
	app_leave(a);
	return 0;
}

int cmd_compare(struct app *a, struct err *err)
{
	size_t n = a->cli.args.n;
	struct app_thing *wanted = xcalloc(n, sizeof(*wanted));
	const struct resource **things = xcalloc(n, sizeof(*things));
	int rc = parse(a, wanted, err);

	if (rc == 0)
		rc = find(a, wanted, things, err);
	if (rc == 0)
		rc = print(a, things, n, err);
	free(things);
	free(wanted);
	return rc;
}
