/* The dashboard's keys, screens and commands as a section of the manual. */
#include "app/dashboard_docs.h"

#include "base/mdoc.h"
#include "tui/keymap.h"
#include "tui/view.h"

/* "k Up" becomes one argument for each key: punctuation would else be taken for
 * the end of the line. */
static void man_keys(FILE *out, const char *keys)
{
	fputs(".It Ic", out);
	while (*keys) {
		size_t n = strcspn(keys, " ");
		char name[KEY_NAME_LEN * 2];
		str_copy(name, MIN(sizeof(name), n + 1), keys);
		fputs(" \\&", out);
		mdoc_text(out, name);
		keys += n;
		keys += strspn(keys, " ");
	}
	fputc('\n', out);
}

/* Fields of the jobs that have a key of their own to sort by. */
static void man_sort_keys(FILE *out)
{
	for (const struct field *f = kind_table[KIND_TRAINING_JOB].fields; f->name; f++)
		if (f->key) {
			man_keys(out, f->key);
			fprintf(out, "Sort by %s\n", f->name);
		}
}

static void man_context(FILE *out, enum key_context context)
{
	char name[KEYMAP_NAME_LEN];
	bool any = false;

	for (size_t i = 0; i < n_key_bindings; i++) {
		const struct key_binding *b = &key_bindings[i];
		if (b->context != context)
			continue;
		if (!any)
			fprintf(out, ".Ss %s\n.Bl -tag -width \"shift-Tab [\" -compact\n",
				keymap_context_title(context));
		any = true;
		man_keys(out, b->keys);
		mdoc_text(out, b->help);
		fprintf(out, "\n.Pq Cm %s\n", keymap_name(name, b));
		if (context == CTX_JOBS && b->action == ACT_SORT_REVERSE)
			man_sort_keys(out);
	}
	if (any)
		fputs(".El\n", out);
}

static void man_command(FILE *out, const char *name, const char *argument, const char *help)
{
	fprintf(out, ".It Ic :%s", name);
	if (argument[0]) {
		fputs(" Ar ", out);
		mdoc_text(out, argument);
	}
	fputc('\n', out);
	mdoc_text(out, help);
	fputc('\n', out);
}

void dashboard_docs_man(FILE *out)
{
	static const enum key_context order[] = {CTX_JOBS,	CTX_JOB,       CTX_FAILURES, CTX_COMPARE, CTX_COST,
						 CTX_BACKTESTS, CTX_LAUNCHES,  CTX_KINDS,    CTX_THINGS,  CTX_PAGE,
						 CTX_TUNING,	CTX_FILES,     CTX_LOGS,     CTX_CHART,	  CTX_CHOOSER,
						 CTX_FILTERS,	CTX_HISTOGRAM, CTX_REQUESTS, CTX_PARTS,	  CTX_RAW,
						 CTX_HELP,	CTX_LIST,      CTX_TEXT,     CTX_GLOBAL};

	_Static_assert(ARRAY_LEN(order) == CTX_COUNT - 1, "the keys of every screen are in the manual");

	fputs(".Sh KEYS OF THE DASHBOARD\n", out);
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		man_context(out, order[i]);
	fputs(".Ss Command line\n.Bl -tag -width \":requests\" -compact\n", out);
	for (size_t i = 0; i < n_view_table; i++)
		man_command(out, view_table[i]->name, view_table[i]->argument, view_table[i]->help);
	for (size_t i = 0; i < n_ui_commands; i++)
		man_command(out, ui_commands[i].name, ui_commands[i].argument, ui_commands[i].help);
	for (size_t i = 0; i < KIND_COUNT; i++)
		man_command(out, kind_table[i].plural, "[EXPR]", kind_table[i].help);
	fputs(".El\n", out);
}
