/* sagetop backtest check SPEC: whether features and predictions see what was not known. */
#include <math.h>
#include <unistd.h>

#include "app/backtest.h"
#include "app/output.h"
#include "trainer/panel/leaks.h"
#ifdef WITH_TRAINER
#include "trainer/forecast/forecast.h"
#endif

#define CHECK_DAYS 6 /* slates that are looked at */

enum { STATUS_LEAKS = 3 };

static const char *way_words(char way)
{
	switch (way) {
	case 'V':
		return "values of the day or later, not known before, became noise";
	case 'T':
		return "rows of later days were deleted";
	case 'S':
		return "half of the day's rows were deleted";
	default:
		return "the day's rows came in the reverse order";
	}
}

/* --- the models of one cycle ------------------------------------------------------------------- */

#ifdef WITH_TRAINER
static int predict_cycle(void *context, const struct backtest_spec *spec, const struct panel *p,
			 const struct features *f, const double *matrix, int32_t day, double **ret, struct err *err)
{
	size_t cycle = panel_cycle_of(spec, day);

	struct forecast_job job = {
		.spec = spec, .panel = p, .matrix = matrix, .first_cycle = cycle, .last_cycle = cycle};
	AUTO(forecast) struct forecast all = {0};
	int rc = forecast_ask(&job, f, &all, err);

	if (rc == 0)
		*ret = TAKE(all.said);
	return rc;
}
#endif

/* --- what is printed ----------------------------------------------------------------------------- */

static void show_progress(void *context, size_t done, size_t all)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%zu of %zu days looked at%s", done, all, done == all ? "\n" : "");
}

/* The ways by which a column was caught, "V S". */
static void ways_of(const struct leak_report *r, const struct leak *l, char ret[8])
{
	size_t n = 0;

	for (const char *way = LEAK_WAYS; *way; way++)
		for (size_t i = 0; i < r->n; i++)
			if (r->items[i].way == *way && r->items[i].predicted == l->predicted &&
			    str_eq(r->items[i].column, l->column)) {
				if (n)
					ret[n++] = ' ';
				ret[n++] = *way;
			}
	ret[n] = 0;
}

static bool first_of_column(const struct leak_report *r, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (r->items[i].predicted == r->items[at].predicted && str_eq(r->items[i].column, r->items[at].column))
			return false;
	return true;
}

static size_t columns_caught(const struct leak_report *r, bool predicted)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->items[i].predicted == predicted && first_of_column(r, i);
	return n;
}

static char *value_text(char buf[32], double v)
{
	if (isnan(v))
		return strcpy(buf, "missing");
	snprintf(buf, 32, "%.6g", v);
	return buf;
}

static void print_leak(const struct app *a, const struct leak_report *r, const struct leak *l)
{
	char day[16], before[32], after[32], ways[8];

	ways_of(r, l, ways);
	fprintf(a->out, "%s%s sees what was not known (%s)\n", l->predicted ? "the prediction of " : "", l->column,
		ways);
	fprintf(a->out, "  first seen for %s on %s: %s, and %s once %s\n", l->entity, day_text(day, l->day),
		value_text(before, l->before), value_text(after, l->after), way_words(l->way));
}

/* unseen: why predictions were not looked at; NULL where they were. */
static void print_text(const struct app *a, const struct leak_report *r, const char *unseen)
{
	size_t features = columns_caught(r, false), predicted = columns_caught(r, true);
	char day[16];

	if (r->n)
		fprintf(a->out, "LEAK: %zu of %zu features%s what is not known before the slate\n", features,
			r->columns, predicted ? ", and the predictions, see" : " see");
	else
		fprintf(a->out, "no leak found in %zu features%s\n", r->columns,
			unseen ? "" : " and the predictions of a cycle");
	fprintf(a->out,
		"%zu days and %zu rows looked at, each with values made noise (V), later rows deleted (T), half\n"
		"the day deleted (S) and the day reversed (O)\n",
		r->days, r->rows);
	if (!unseen)
		fprintf(a->out, "predictions of the cycle that begins on %s\n", day_text(day, r->predicted_day));
	else
		fprintf(a->out, "predictions were not looked at: %s\n", unseen);
	if (r->n)
		fputc('\n', a->out);
	for (size_t i = 0; i < r->n; i++)
		if (first_of_column(r, i))
			print_leak(a, r, &r->items[i]);
}

static void print_json(const struct app *a, const struct leak_report *r)
{
	AUTO(json) json_t *o = json_object();
	json_t *leaks = json_array();
	char day[16];

	for (size_t i = 0; i < r->n; i++) {
		const struct leak *l = &r->items[i];
		char way[2] = {l->way, 0};
		json_t *leak = json_pack("{s:s, s:s, s:b, s:s, s:s, s:I}", "column", l->column, "way", way, "predicted",
					 l->predicted, "day", day_text(day, l->day), "entity", l->entity, "rows",
					 (json_int_t)l->rows);

		backtest_put_number(leak, "before", l->before);
		backtest_put_number(leak, "after", l->after);
		json_array_append_new(leaks, leak);
	}
	json_object_set_new(o, "features", json_integer((json_int_t)r->columns));
	json_object_set_new(o, "days", json_integer((json_int_t)r->days));
	json_object_set_new(o, "rows", json_integer((json_int_t)r->rows));
	json_object_set_new(o, "predicted_day",
			    r->predicted_day == DAY_UNKNOWN ? json_null()
							    : json_string(day_text(day, r->predicted_day)));
	json_object_set_new(o, "leaks", leaks);
	output_json(a, o);
}

/* --- the verb ---------------------------------------------------------------------------------------- */

int backtest_check(struct app *a, struct err *err)
{
	AUTO(backtest_spec) struct backtest_spec *spec = NULL;
	AUTO(frame) struct frame *t = NULL;
	AUTO(leak_report) struct leak_report r = {0};
	const char *unseen = "this build has no trainer";
	int rc = backtest_spec_load(a->cli.args.items[1], &spec, err);

	for (size_t i = 0; rc == 0 && i < spec->files.n; i++)
		if (str_starts(spec->files.items[i], "s3://"))
			rc = err_set(err, ERR_INVALID,
				     "data.files: %s: a check reads files of this machine: copy it here, "
				     "and name the copy",
				     spec->files.items[i]);
	if (rc == 0)
		rc = panel_read(spec, &spec->files, &spec->earlier, &t, err);
	struct leak_check check = {.spec = spec,
				   .frame = t,
				   .days = app_value(a, OPT_LIMIT) ? (size_t)a->cli.numbers[OPT_LIMIT] : CHECK_DAYS,
				   .progress = show_progress};

#ifdef WITH_TRAINER
	unseen = rc == 0 && backtest_spec_is_own(spec) ? "the model is a program of your own" : NULL;
	check.predict = unseen ? NULL : predict_cycle;
#endif
	if (rc == 0)
		rc = leaks_find(&check, &r, err);
	if (rc)
		return rc;
	if (output_format(a) == OUTPUT_JSON)
		print_json(a, &r);
	else
		print_text(a, &r, unseen);
	if (r.n)
		a->exit_status = STATUS_LEAKS;
	return 0;
}
