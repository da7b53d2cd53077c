/* field_docs.c - fields, kinds and the causes of failures in the manual's language. */
#include "app/field_docs.h"

#include "base/mdoc.h"
#include "model/diagnosis.h"
#include "model/kind.h"

/* "seconds; also duration; sorts with T" */
static void print_notes(FILE *out, const struct field *f)
{
	static const char *const types[FIELD_TYPE_COUNT] = {
		[FIELD_TEXT] = "text",	      [FIELD_STATE] = "text",	 [FIELD_MACHINE] = "text",
		[FIELD_LINK] = "text",	      [FIELD_FLAG] = "yes, no",	 [FIELD_COUNT] = "number",
		[FIELD_TIME] = "time",	      [FIELD_AGE] = "duration",	 [FIELD_MONEY] = "dollars",
		[FIELD_PERCENT] = "percent",  [FIELD_VALUE] = "number",	 [FIELD_SPARK] = "number",
		[FIELD_SECONDS] = "duration", [FIELD_FIGURE] = "number", [FIELD_RATE] = "dollars an hour",
	};

	fprintf(out, " (%s", types[f->type]);
	if (f->aliases)
		fprintf(out, "; also %s", f->aliases);
	if (f->key)
		fprintf(out, "; key %s", f->key);
	if (f->json)
		fprintf(out, "; JSON %s", f->json);
	fputs(")\n", out);
}

static void print_fields(FILE *out, const struct kind *k)
{
	fputs(".Bl -tag -width \"interruptions\" -compact\n", out);
	for (const struct field *f = k->fields; f->name; f++) {
		fprintf(out, ".It Cm %s%s\n", f->name, f->flags & FIELD_KEYED ? " Ns Ar NAME" : "");
		mdoc_text(out, f->help);
		print_notes(out, f);
	}
	fputs(".El\n", out);
}

/* The columns that a list has where none are chosen. */
static void print_usual(FILE *out, const struct kind *k)
{
	bool first = true;

	for (const struct field *f = k->fields; f->name; f++) {
		if (!(f->flags & FIELD_USUAL))
			continue;
		fprintf(out, "%s%s", first ? "" : ", ", f->name);
		first = false;
	}
	fputc('\n', out);
}

static void print_causes(FILE *out)
{
	fputs(".Sh WHY JOBS FAIL\n"
	      "What a failed job, or one that a limit of its own has stopped, says of itself is told in words, with "
	      "what to "
	      "try:\n"
	      "on its page, by\n.Ic job\n(with\n.Fl Fl json\nas its member\n.Ql diagnosis :\n"
	      ".Ql cause ,\n.Ql words ,\n.Ql try\nand\n.Ql remedy ,\n"
	      "a command or a statement of a policy that is ready to be used, or null), and by\n.Ic failures .\n"
	      "Of a reason that is only an exit code the last lines of the log are read.\n"
	      "Types, prices, limits and curves of the job are named where they are known.\n"
	      "The causes, of which the first that applies is told:\n"
	      ".Bl -tag -width \"spot-interrupted\" -compact\n",
	      out);
	for (int i = 0; i < DIAGNOSIS_COUNT; i++) {
		fprintf(out, ".It Cm %s\n", diagnosis_name((enum diagnosis_id)i));
		mdoc_text(out, diagnosis_words((enum diagnosis_id)i));
		fputc('\n', out);
	}
	fputs(".El\n", out);
}

void field_docs_man(FILE *out)
{
	fputs(".Sh COLUMNS AND FILTER WORDS\n"
	      "What\n.Fl Fl columns ,\n.Fl Fl sort\nand the words of a filter take of a training job, with what it is "
	      "and its member of\n"
	      ".Fl Fl json :\n",
	      out);
	print_fields(out, &kind_table[KIND_TRAINING_JOB]);
	fputs(".Sh KINDS\n"
	      "What\n.Nm Cm list ,\n.Nm Cm show\nand\n.Ar KIND Ns / Ns Ar NAME\ntake, with the columns of its list.\n"
	      ".Bl -tag -width Ds -compact\n",
	      out);
	for (size_t i = 0; i < KIND_COUNT; i++) {
		fprintf(out, ".It Cm %s\n", kind_table[i].name);
		mdoc_text(out, kind_table[i].help);
		fputs(":\n", out);
		print_usual(out, &kind_table[i]);
	}
	fputs(".El\n", out);
	print_causes(out);
}
