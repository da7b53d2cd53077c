/* sagetop monitor baseline|check: what data look like, and where other data differ from it. */
#include "app/commands.h"
#include "app/monitor.h"
#include "app/output.h"
#include "app/verbs.h"

#define NOTES_MAX 5 /* of a sort; the others are counted */

int cmd_monitor(struct app *a, struct err *err)
{
	return verbs_run(a, CMD_MONITOR, err);
}

/* --- reading ----------------------------------------------------------------------------- */

static int read_header(const struct app *a, enum monitor_header *ret, struct err *err)
{
	const char *word = app_value(a, OPT_HEADER);

	*ret = HEADER_LOOK;
	if (!word)
		return 0;
	if (!str_eq(word, "yes") && !str_eq(word, "no"))
		return err_set(err, ERR_USAGE, "--header is yes or no, not \"%s\"", word);
	*ret = str_eq(word, "yes") ? HEADER_YES : HEADER_NO;
	return 0;
}

/* All files, behind the verb, into p. */
static int read_files(struct app *a, const struct constraints *baseline, struct profile *p, struct err *err)
{
	AUTO(monitor_reader) struct monitor_reader r;

	monitor_reader_init(&r, p);
	r.baseline = baseline;
	if (read_header(a, &r.header, err) < 0 || (baseline && constraints_prepare(baseline, p, err) < 0))
		return -err->code;
	for (size_t i = 1; i < a->cli.args.n; i++)
		if (monitor_read(&r, a->cli.args.items[i], err) < 0)
			return -err->code;
	return monitor_end_reading(&r, a->cli.args.items[1], err);
}

/* --- baseline ---------------------------------------------------------------------------- */

static void number_cell(struct table *t, const struct app *a, bool known, double v)
{
	char text[40] = "";

	if (known)
		snprintf(text, sizeof(text), output_format(a) == OUTPUT_TABLE ? "%.4g" : "%.17g", v);
	table_cell(t, text);
}

static void count_cell(struct table *t, bool known, size_t n)
{
	char text[24] = "";

	if (known)
		snprintf(text, sizeof(text), "%zu", n);
	table_cell(t, text);
}

static void print_profile(struct app *a, const struct profile *p)
{
	static const char *const titles[] = {"VALUES", "MISSING", "DISTINCT", "MEAN", "STD", "MIN", "MAX"};
	AUTO(table) struct table t = {0};

	table_column(&t, "FEATURE", false);
	table_column(&t, "TYPE", false);
	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		table_column(&t, titles[i], true);
	for (size_t i = 0; i < p->n; i++) {
		const struct profile_column *c = &p->columns[i];
		enum column_type type = profile_type(c);
		bool number = type == COLUMN_INTEGRAL || type == COLUMN_FRACTIONAL;

		table_cell(&t, c->name);
		table_cell(&t, column_type_names[type]);
		count_cell(&t, true, profile_present(c));
		count_cell(&t, true, profile_missing(p, c));
		count_cell(&t, !number || tally_is_exact(&c->tally), tally_distinct(&c->tally));
		number_cell(&t, a, number, c->moments.mean);
		number_cell(&t, a, number, moments_deviation(&c->moments));
		number_cell(&t, a, number, c->moments.least);
		number_cell(&t, a, number, c->moments.greatest);
	}
	table_print(&t, a);
}

/* What a reader of the tables would not see: a text among numbers, a count that is none. */
static void tell_notes(const struct profile *p)
{
	size_t texts = 0, estimates = 0;

	for (size_t i = 0; i < p->n; i++) {
		const struct profile_column *c = &p->columns[i];

		estimates += c->cells[CELL_TEXT] && !tally_is_exact(&c->tally);
		if (!c->cells[CELL_TEXT] || !c->moments.count || ++texts > NOTES_MAX)
			continue;
		fprintf(stderr,
			"sagetop: %s is String: %zu of its %zu values are no numbers, the first \"%.40s\" in row %zu\n",
			c->name, c->cells[CELL_TEXT], profile_present(c), c->first_text, c->first_text_row);
	}
	if (texts > NOTES_MAX)
		fprintf(stderr, "sagetop: ... and so are %zu other columns\n", texts - NOTES_MAX);
	if (estimates)
		fprintf(stderr, "sagetop: of %zu column%s distinct values are an estimate (%.1f %%): more than %d\n",
			estimates, estimates == 1 ? "" : "s", TALLY_ERROR * 100, TALLY_MAX);
}

int monitor_baseline(struct app *a, struct err *err)
{
	AUTO(profile) struct profile p;
	AUTO(constraints) struct constraints suggested = {0};
	const char *dir = app_value(a, OPT_OUT);

	profile_init(&p);
	if (!dir)
		return err_set(err, ERR_USAGE, "say where the baseline goes: -o DIR");
	if (app_value(a, OPT_BASELINE))
		return err_set(err, ERR_USAGE, "--baseline goes with monitor check");
	if (read_files(a, NULL, &p, err) < 0)
		return -err->code;
	constraints_suggest(&p, &suggested);
	AUTO(json) json_t *statistics = monitor_statistics(&p);
	AUTO(json) json_t *constraints = monitor_constraints(&suggested);

	if (monitor_write(dir, MONITOR_STATISTICS, statistics, 17, err) < 0 ||
	    monitor_write(dir, MONITOR_CONSTRAINTS, constraints, 15, err) < 0)
		return -err->code;
	if (output_format(a) == OUTPUT_JSON)
		output_json(a, statistics);
	else
		print_profile(a, &p);
	tell_notes(&p);
	return 0;
}

/* --- check --------------------------------------------------------------------------------- */

static void print_rows(struct app *a, const struct violations *l)
{
	AUTO(table) struct table t = {0};

	table_column(&t, "FEATURE", false);
	table_column(&t, "CHECK", false);
	table_column(&t, "VIOLATION", false);
	for (size_t i = 0; i < l->n; i++) {
		table_cell(&t, l->items[i].feature);
		table_cell(&t, violation_check_names[l->items[i].check]);
		table_cell(&t, l->items[i].description);
	}
	if (l->n)
		table_print(&t, a);
}

/* People get each whole, which a table would cut. */
static void print_violations(struct app *a, const struct violations *l, const json_t *j)
{
	if (output_format(a) == OUTPUT_JSON)
		output_json(a, j);
	else if (output_format(a) == OUTPUT_TSV)
		print_rows(a, l);
	else
		for (size_t i = 0; i < l->n; i++)
			fprintf(a->out, "%s: %s: %s\n", l->items[i].feature, violation_check_names[l->items[i].check],
				l->items[i].description);
}

static int write_check(const char *dir, const struct profile *p, const json_t *violations, struct err *err)
{
	AUTO(json) json_t *statistics = monitor_statistics(p);

	if (monitor_write(dir, MONITOR_STATISTICS, statistics, 17, err) < 0)
		return -err->code;
	return monitor_write(dir, MONITOR_VIOLATIONS, violations, 15, err);
}

int monitor_check(struct app *a, struct err *err)
{
	AUTO(profile) struct profile p;
	AUTO(constraints) struct constraints baseline = {0};
	AUTO(violations) struct violations found = {0};
	const char *from = app_value(a, OPT_BASELINE), *dir = app_value(a, OPT_OUT);

	profile_init(&p);
	if (!from)
		return err_set(err, ERR_USAGE, "say what the data are held against: --baseline DIR");
	if (monitor_load_baseline(from, &baseline, err) < 0 || read_files(a, &baseline, &p, err) < 0)
		return -err->code;
	constraints_check(&baseline, &p, &found);
	AUTO(json) json_t *violations = monitor_violations(&found);

	if (dir && write_check(dir, &p, violations, err) < 0)
		return -err->code;
	print_violations(a, &found, violations);
	for (size_t i = 0; i < MIN(found.not_compared.n, (size_t)NOTES_MAX); i++)
		fprintf(stderr, "sagetop: not compared: %s\n", found.not_compared.items[i]);
	if (found.not_compared.n > NOTES_MAX)
		fprintf(stderr, "sagetop: ... and %zu others\n", found.not_compared.n - NOTES_MAX);
	fprintf(stderr, "sagetop: %zu violation%s in %zu rows\n", found.n, found.n == 1 ? "" : "s", p.rows);
	a->exit_status = found.n ? 3 : 0;
	return 0;
}
