/* The table for people: a listing on the terminal and the manual's section. */
#include "trainer/settings/hyperparameters_impl.h"
#include "trainer/settings/objective.h"

static const char *const type_names[] = {"integer", "number", "choice", "text", "list", "tuple", "lists"};

static void range_text(int id, struct buf *out)
{
	const struct hyper_row *row = &hyper_rows[id];

	if (id == HP_objective)
		for (size_t i = 0; i < objective_count(); i++)
			(void)buf_addf(out, "%s%s", i ? "|" : "", objective_name(i));
	else
		(void)buf_adds(out, row->range ? row->range : type_names[row->type]);
}

static void wrap(FILE *out, const char *text, int indent, int width)
{
	AUTO(strlist) struct strlist words = {0};
	int column = 0;

	strlist_split(&words, text, ' ');
	for (size_t i = 0; i < words.n; i++) {
		int len = (int)strlen(words.items[i]);
		if (column && column + 1 + len > width) {
			fputc('\n', out);
			column = 0;
		}
		column += fprintf(out, "%*s%s", column ? 1 : indent, column ? " " : "", words.items[i]);
	}
	fputc('\n', out);
}

static void hyper_list(FILE *out)
{
	for (int i = 0; i < HYPER_COUNT; i++) {
		const struct hyper_row *row = &hyper_rows[i];
		AUTO(buf) struct buf range = BUF_INIT(BUF_MAX_TEXT);
		range_text(i, &range);
		fprintf(out, "%s%s%s%s  %s", row->name, row->alias ? " (or " : "", row->alias ? row->alias : "",
			row->alias ? ")" : "", i == HP_objective ? "choice" : buf_str(&range));
		if (row->fallback)
			fprintf(out, "  default %s", row->fallback);
		if (row->needs)
			fprintf(out, "  with %s", row->needs);
		fputc('\n', out);
		wrap(out, row->help, 8, 100);
		if (i == HP_objective) {
			AUTO(buf) struct buf names = BUF_INIT(BUF_MAX_TEXT);
			for (size_t k = 0; k < objective_count(); k++)
				(void)buf_addf(&names, "%s%s", k ? ", " : "One of ", objective_name(k));
			wrap(out, buf_str(&names), 8, 100);
		}
	}
}

/* mdoc reads words such as "Em" at the start of a macro line as macros, and a
 * leading dot or quote starts a macro: \& makes both plain. A sentence begins on
 * a line of its own, so that the formatter spaces it. */
static void mdoc_text(FILE *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		if ((*p == '.' || *p == '\'') && p == text)
			fputs("\\&", out);
		if (*p == '\\')
			fputs("\\e", out);
		else if (*p == '-')
			fputs("\\-", out);
		else if (*p == ' ' && p > text && p[-1] == '.')
			fputc('\n', out);
		else
			fputc(*p, out);
	}
}

static void hyper_list_mdoc(FILE *out)
{
	fputs(".Bl -tag -width Ds\n", out);
	for (int i = 0; i < HYPER_COUNT; i++) {
		const struct hyper_row *row = &hyper_rows[i];
		AUTO(buf) struct buf range = BUF_INIT(BUF_MAX_TEXT);
		range_text(i, &range);
		for (char *p = range.data; p && *p; p++)
			if (*p == '|')
				*p = ' ';
		fprintf(out, ".It Cm %s\n", row->name);
		mdoc_text(out, row->help);
		fputc('\n', out);
		fputs("Takes: ", out);
		mdoc_text(out, buf_str(&range));
		fputs(".\n", out);
		if (row->alias)
			fprintf(out, "Other name: %s.\n", row->alias);
		if (row->fallback)
			fprintf(out, "Default: %s.\n", row->fallback);
		if (row->needs)
			fprintf(out, "Only with %s.\n", row->needs);
	}
	fputs(".El\n", out);
}

int command_hyperparameters(int argc, char **argv)
{
	if (argc == 2 && str_eq(argv[1], "--mdoc")) {
		hyper_list_mdoc(stdout);
		return 0;
	}
	if (argc > 1) {
		fprintf(stderr, "sagetop-trainer: unexpected argument '%s': usage: sagetop-trainer hyperparameters\n",
			argv[1]);
		return err_exit_status(ERR_USAGE);
	}
	hyper_list(stdout);
	return 0;
}
