/* sagetop config [KEY]: the settings in force, and where each comes from. */
#include "app/commands.h"
#include "app/output.h"

static void print_table(struct app *a)
{
	AUTO(table) struct table t = {0};

	table_column(&t, "SETTING", false);
	table_column(&t, "VALUE", false);
	table_column(&t, "FROM", false);
	for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
		table_cell(&t, setting_rows[id].name);
		table_cell(&t, a->config.text[id]);
		table_cell(&t, a->config.from[id]);
	}
	table_print(&t, a);
	if (output_format(a) == OUTPUT_TABLE)
		fprintf(a->out, "\nFile: %s%s; sagetop-config(5) says what each does.\n", a->config.path,
			a->config.found ? "" : " (there is none)");
}

static json_t *setting_json(const struct app *a, enum setting_id id)
{
	const struct setting_row *r = &setting_rows[id];
	json_t *o = json_object();

	json_put_str(o, "setting", r->name);
	json_put_str(o, "value", *a->config.text[id] ? a->config.text[id] : NULL);
	json_put_str(o, "from", a->config.from[id]);
	json_put_str(o, "default", *r->fallback ? r->fallback : NULL);
	json_put_str(o, "help", r->help);
	return o;
}

static void print_json(struct app *a)
{
	AUTO(json) json_t *o = json_object();
	json_t *list = json_array();

	for (enum setting_id id = 0; id < SETTING_COUNT; id++)
		json_array_append_new(list, setting_json(a, id));
	json_put_str(o, "file", a->config.path);
	json_object_set_new(o, "found", json_boolean(a->config.found));
	json_object_set_new(o, "settings", list);
	json_object_set_new(o, "problems", json_from_strlist(&a->config.problems));
	output_json(a, o);
}

int cmd_config(struct app *a, struct err *err)
{
	const char *key = a->cli.args.n ? a->cli.args.items[0] : NULL;
	bool json = output_format(a) == OUTPUT_JSON;
	struct err why = {0};
	enum setting_id id = 0;

	/* A script that checks a file before it is used hears of what is wrong in it. */
	if (a->config.problems.n)
		a->exit_status = err_exit_status(ERR_INVALID);
	if (key && setting_find(key, &id, &why) < 0)
		return err_set(err, ERR_NOTFOUND, "%s: %s", key, why.msg);
	if (key && json) {
		AUTO(json) json_t *o = setting_json(a, id);
		output_json(a, o);
	} else if (key) {
		fprintf(a->out, "%s\n", a->config.text[id]);
	} else if (json) {
		print_json(a);
	} else {
		print_table(a);
	}
	return 0;
}
