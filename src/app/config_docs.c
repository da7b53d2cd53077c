/* The settings as a section of sagetop-config(5). */
#include "app/config.h"
#include "base/mdoc.h"

static void print_limits(FILE *out, const struct setting_row *r)
{
	AUTO(strlist) struct strlist words = {0};

	strlist_split(&words, r->limits, ' ');
	if (r->type == SETTING_FLAG)
		fputs("Takes true or false.\n", out);
	else if (r->type == SETTING_CHOICE) {
		fputs("Takes ", out);
		for (size_t i = 0; i < words.n; i++)
			fprintf(out, "%s%s", i == 0 ? "" : i + 1 < words.n ? ", " : " or ", words.items[i]);
		fputs(".\n", out);
	} else if (*r->limits) {
		fprintf(out, "Takes %s from %s to %s.\n",
			r->type == SETTING_RATES  ? "numbers"
			: r->type == SETTING_SIZE ? "a size"
						  : "a time",
			words.items[0], words.items[1]);
	}
}

void config_docs_man(FILE *out)
{
	fputs(".Bl -tag -width Ds\n", out);
	for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
		const struct setting_row *r = &setting_rows[id];
		fprintf(out, ".It Li %s\n", r->name);
		mdoc_text(out, r->help);
		fputs(".\n", out);
		print_limits(out, r);
		if (*r->fallback)
			fprintf(out, "Default: %s.\n", r->fallback);
		if (r->option)
			fprintf(out, "Option:\n.Fl Fl %s .\n", r->option);
	}
	fputs(".El\n", out);
}
