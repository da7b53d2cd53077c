/* sagetop list [KIND[/PARENT] [WORD]...]: the things of a kind; without one, how many
 * there are of each. */
#include "app/commands.h"
#include "app/listing.h"
#include "app/output.h"
#include "app/reference.h"

/* --- one kind ------------------------------------------------------------------------- */

static void ask_kind(struct sync *s, void *user, sync_done_fn *fn, void *fn_user)
{
	const struct listing *l = user;

	sync_kind(s, l->kind, l->parent, fn, fn_user);
}

static int list_kind(struct app *a, struct err *err)
{
	AUTO(listing) struct listing listing = {0};
	AUTO(str) char *parent = NULL;
	const struct kind *kind;
	const char *of;

	if (kind_parse(a->cli.args.items[0], &kind, &of, err) < 0 || listing_parse(a, kind, 1, &listing, err) < 0)
		return -err->code;
	if (app_connect(a, err) < 0 || app_load(a, err) < 0)
		return -err->code;
	if (of) { /* it must be there: a name, or whatever else it is called */
		struct resource *r;

		if (app_enter_thing(a, kind_find(kind->parent_kind), of, err) < 0)
			return -err->code;

		if (reference_resolve(a, kind_find(kind->parent_kind), of, &r, err) < 0)
			return -err->code;
		parent = xstrdup(r->name);
		listing.parent = parent;
	}
	if (app_each(a, ask_kind, &listing, err) < 0)
		return -err->code;
	return listing_print(a, &listing, err);
}

/* --- how many of each ---------------------------------------------------------------------- */

static void count_states(const struct resources *t, size_t *ret)
{
	for (size_t i = 0; i < t->n; i++)
		ret[t->items[i]->state]++;
}

static json_t *counts_to_json(const struct kind *k, const struct resources *t, bool counted)
{
	json_t *o = json_object(), *states = json_object();
	size_t by_state[STATE_COUNT] = {0};

	count_states(t, by_state);
	json_put_str(o, "kind", k->name);
	json_object_set_new(o, "count", counted ? json_integer((json_int_t)t->n) : json_null());
	json_object_set_new(o, "complete", json_boolean(counted && t->complete));
	for (size_t i = 0; i < STATE_COUNT && k->members.status; i++)
		json_object_set_new(states, resource_meaning((enum resource_state)i),
				    json_integer((json_int_t)by_state[i]));
	json_object_set_new(o, "states", states);
	json_put_str(o, "error", t->failed ? err_code_name(t->failed) : NULL);
	return o;
}

/* A number where there is something to count; more than one page is "100+". */
static void count_cell(struct table *table, size_t n, bool shown, bool more)
{
	AUTO(str) char *text = shown ? xasprintf("%zu%s", n, more ? "+" : "") : NULL;

	table_cell(table, text);
}

static void counts_to_row(struct table *table, const struct kind *k, const struct resources *t, bool counted)
{
	static const enum resource_state order[] = {STATE_RUNNING, STATE_GOOD, STATE_BAD, STATE_NEUTRAL};
	size_t by_state[STATE_COUNT] = {0};
	AUTO(str) char *need = xasprintf("of one %s: list %s/NAME", str_or(k->parent_kind, ""), k->plural);

	count_states(t, by_state);
	table_cell(table, k->plural);
	count_cell(table, t->n, counted, !t->complete);
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		count_cell(table, by_state[order[i]], counted && k->members.status, false);
	table_cell(table, t->failed ? err_code_name(t->failed) : counted ? "" : need);
}

static void print_counts(struct app *a)
{
	static const char *const titles[] = {"KIND", "COUNT", "RUNNING", "GOOD", "BAD", "NEUTRAL", "NOTE"};
	const struct session *s = app_session(a);
	AUTO(table) struct table table = {0};
	AUTO(json) json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		table_column(&table, titles[i], i > 0 && i + 1 < ARRAY_LEN(titles));
	for (size_t i = 0; i < KIND_COUNT; i++) {
		const struct resources *t = &s->tables[i];
		bool counted = t->synced_ms != TIME_UNKNOWN;

		if (output_format(a) == OUTPUT_JSON)
			json_array_append_new(list, counts_to_json(&kind_table[i], t, counted));
		else
			counts_to_row(&table, &kind_table[i], t, counted);
	}
	if (output_format(a) == OUTPUT_JSON)
		output_json(a, list);
	else
		table_print(&table, a);
}

static void count_kinds(struct sync *s, void *user, sync_done_fn *fn, void *fn_user)
{
	sync_counts(s, fn, fn_user);
}

int cmd_list(struct app *a, struct err *err)
{
	if (a->cli.args.n)
		return list_kind(a, err);
	if (app_connect(a, err) < 0 || app_load(a, err) < 0 || app_each(a, count_kinds, NULL, err) < 0)
		return -err->code;
	print_counts(a);
	return 0;
}
