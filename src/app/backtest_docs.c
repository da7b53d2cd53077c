/* A backtest's specification and the words of its features as sections of
 * sagetop-backtest(5). */
#include "app/backtest.h"
#include "base/mdoc.h"
#include "trainer/panel/backtest_docs.h"
#include "trainer/panel/features.h"

static void print_member(FILE *out, const struct backtest_member *m)
{
	fprintf(out, ".It Li %s\n", m->path);
	mdoc_text(out, m->help);
	fputs(".\n", out);
	if (*m->takes) {
		mdoc_text(out, m->takes);
		fputs(".\n", out);
	}
	if (m->required)
		fputs("It must be given.\n", out);
	else if (*m->fallback) {
		fputs("Default: ", out);
		mdoc_text(out, m->fallback);
		fputs(".\n", out);
	}
}

void backtest_docs_man(FILE *out)
{
	struct backtest_member m;
	const char *word, *arguments, *help;

	fputs(".Sh SPECIFICATION\nYAML or JSON, by sections.\n.Bl -tag -width Ds\n", out);
	for (size_t i = 0; backtest_member_docs(i, &m); i++)
		print_member(out, &m);
	fputs(".El\n.Sh FEATURES\n"
	      "Each word is one or several columns of the matrix: where a number may stand, several may, as in\n"
	      ".Li mean(y, 3 5 10)\nor\n.Li lag(y, 1..5) .\n"
	      "All see rows of earlier days only.\n"
	      "What is no word is an expression over columns that are known before, as in\n"
	      ".Li dk_salary / 1000 .\n.Bl -tag -width Ds\n",
	      out);
	for (size_t i = 0; (word = feature_word_help(i, &arguments, &help)); i++) {
		fprintf(out, ".It Li %s(%s)\n", word, arguments);
		mdoc_text(out, help);
		fputs(".\n", out);
	}
	fputs(".El\n", out);
}
