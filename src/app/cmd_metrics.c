/* sagetop metrics NAME...: of one a chart for a person, values for a program; of several, and with --best, a
 * table of the last or the best values. */
#include "app/chart_text.h"
#include "app/commands.h"
#include "app/metrics_table.h"
#include "base/timefmt.h"

#define LABEL_LEN 160

/* By its name, of all instances, or by the name that tells one of them. */
static bool wanted(const struct app *a, const struct series_set *set, const struct series *s)
{
	const struct strlist *l = &a->cli.lists[OPT_METRIC];
	char label[LABEL_LEN];

	return l->n == 0 || strlist_has(l, s->name) || strlist_has(l, series_label(label, sizeof(label), set, s));
}

/* What a metric may be called: with its instance, and without. */
static void collect_names(const struct series_set *set, struct strlist *ret)
{
	char label[LABEL_LEN];

	for (size_t i = 0; i < set->n; i++) {
		series_label(label, sizeof(label), set, &set->items[i]);
		if (!strlist_has(ret, label))
			strlist_add(ret, label);
		if (!strlist_has(ret, set->items[i].name))
			strlist_add(ret, set->items[i].name);
	}
}

/* Every --metric must be one of names; the nearest is suggested. */
static int check_names(const struct app *a, const struct strlist *names, struct err *err)
{
	const struct strlist *l = &a->cli.lists[OPT_METRIC];
	bool one = a->cli.args.n == 1;

	for (size_t i = 0; i < l->n; i++) {
		if (strlist_has(names, l->items[i]))
			continue;
		const char *near = str_nearest(l->items[i], (const char *const *)names->items, names->n);
		AUTO(buf) struct buf all = BUF_INIT(8192);

		for (size_t k = 0; k < names->n; k++)
			buf_addf(&all, "%s%s", k ? ", " : "", names->items[k]);
		return err_set(err, ERR_NOTFOUND, "%s has %s metric \"%s\"%s%s%s",
			       one ? a->cli.args.items[0] : "none of them", one ? "no" : "a", l->items[i],
			       near	  ? ": did you mean "
			       : names->n ? one ? ": it has " : ": they have "
					  : " (nor any other yet)",
			       near ? near : buf_str(&all), near ? "?" : "");
	}
	return 0;
}

static void print_values(struct app *a, const struct series_set *set)
{
	AUTO(table) struct table t = {0};
	char time[TIMEFMT_LEN], step[24], value[METRIC_VALUE_LEN], label[LABEL_LEN];

	table_column(&t, "METRIC", false);
	table_column(&t, "STEP", true);
	table_column(&t, "TIME", false);
	table_column(&t, "VALUE", true);
	for (size_t i = 0; i < set->n; i++) {
		const struct series *s = &set->items[i];

		series_label(label, sizeof(label), set, s);
		for (size_t k = 0; wanted(a, set, s) && k < s->n; k++) {
			const struct point *p = &s->points[k];

			snprintf(step, sizeof(step), "%lld", (long long)p->step);
			table_cell(&t, label);
			table_cell(&t, p->step >= 0 ? step : "");
			table_cell(&t, p->time_ms == TIME_UNKNOWN ? "" : timefmt_iso_ms(time, p->time_ms));
			table_cell(&t, metric_value_text(value, p->value));
		}
	}
	table_print(&t, a);
}

static json_t *json_points(const struct series *s)
{
	json_t *points = json_array();

	for (size_t k = 0; k < s->n; k++) {
		json_t *p = json_object();

		json_put_time(p, "time", s->points[k].time_ms);
		json_put_seconds(p, "step", s->points[k].step);
		json_object_set_new(p, "value", metric_value_json(s->points[k].value));
		json_array_append_new(points, p);
	}
	return points;
}

static void print_json(struct app *a, const struct series *const *picked, const struct metrics_table *t)
{
	AUTO(json) json_t *list = json_array();

	for (size_t i = 0; i < t->n; i++) {
		json_t *o = metric_entry_to_json(&t->entries[i]);

		json_object_set_new(o, "points", json_points(picked[i]));
		json_array_append_new(list, o);
	}
	output_json(a, list);
}

/* The curves of one thing. */
static void print_curves(struct app *a, const struct series_set *set, const struct series *const *picked,
			 const struct metrics_table *t, const struct job *j)
{
	bool people = output_format(a) == OUTPUT_TABLE && !app_flag(a, OPT_VALUES) && !app_value(a, OPT_FORMAT);

	if (output_format(a) == OUTPUT_JSON)
		print_json(a, picked, t);
	else if (set->n && (app_flag(a, OPT_CHART) || people))
		chart_text_print(a, set, picked, t->n, j);
	else if (set->n)
		print_values(a, set);
}

struct metrics_run {
	struct metrics_table table;
	struct strlist names; /* of all metrics, wanted or not */
	struct strlist notes; /* what is not whole, and why: said behind the values */
	bool curves;	      /* not the table, but all values of the one thing */
};

static void metrics_run_done(struct metrics_run *run)
{
	metrics_table_done(&run->table);
	strlist_done(&run->names);
	strlist_done(&run->notes);
}
AUTO_EMBEDDED(metrics_run, struct metrics_run, metrics_run_done)

/* What was asked of the metrics of one thing, once they are here. */
static int take(struct app *a, struct metrics_run *run, const char *reference, const struct series_set *set,
		const struct job *j, struct err *err)
{
	const struct series **picked = xreallocarray(NULL, set->n + 1, sizeof(*picked));
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < set->n; i++)
		if (set->items[i].n && wanted(a, set, &set->items[i]))
			picked[n++] = &set->items[i];
	collect_names(set, &run->names);
	metrics_table_add(&run->table, reference, set, picked, n, j);
	if (run->curves)
		rc = check_names(a, &run->names, err);
	if (rc == 0 && !set->n && output_format(a) != OUTPUT_JSON)
		strlist_take(&run->notes, xasprintf("%s has no metrics yet", reference));
	if (rc == 0 && run->curves)
		print_curves(a, set, picked, &run->table, j);
	free(picked);
	return rc;
}

static int read_one(struct app *a, struct metrics_run *run, const char *reference, struct err *err)
{
	static const struct series_set none;
	struct app_reply metrics = {0};
	const struct kind *kind;
	const char *name;

	if (app_enter(a, reference, &kind, &name, err) < 0)
		return -err->code;
	if (!kind->log_group && !kind->metric_namespace)
		return err_set(err, ERR_USAGE, "%s have no metrics", kind->title);
	sync_metrics(a->sync, kind, name, app_reply_done, &metrics);
	if (app_wait(a, &metrics, err) < 0)
		return -err->code;
	const struct session *session = sync_session(a->sync);
	const struct feed *feed = session_find_feed(session, kind, name);

	if (feed && feed->metrics_note[0] && !strlist_has(&run->notes, feed->metrics_note))
		strlist_add(&run->notes, feed->metrics_note);
	return take(a, run, reference, feed ? &feed->metrics : &none,
		    kind == TRAINING_KIND ? jobs_find(session_jobs(session), name) : NULL, err);
}

static int check_options(const struct app *a, bool curves, struct err *err)
{
	bool chart = app_flag(a, OPT_CHART), values = app_flag(a, OPT_VALUES);

	if (chart && values)
		return err_set(err, ERR_USAGE, "--chart and --values exclude each other: leave one out");
	if (!curves && (chart || values))
		return err_set(err, ERR_USAGE, "--%s is for one job without --best: several are a table",
			       chart ? "chart" : "values");
	if (app_flag(a, OPT_CSV) && output_format(a) == OUTPUT_JSON)
		return err_set(err, ERR_USAGE, "--csv or --json: one of them");
	return 0;
}

static int read_all(struct app *a, struct metrics_run *run, struct err *err)
{
	const struct strlist *names = &a->cli.args;

	for (size_t i = 0; i < names->n; i++)
		if (!strlist_has(&run->table.things, names->items[i]) && read_one(a, run, names->items[i], err) < 0)
			return -err->code;
	return check_names(a, &run->names, err);
}

static void print_table(struct app *a, struct metrics_run *run)
{
	if (output_format(a) == OUTPUT_JSON)
		metrics_table_print_json(&run->table, a);
	else if (app_flag(a, OPT_BEST))
		metrics_table_print_best(&run->table, a);
	else
		metrics_table_print_last(&run->table, a);
}

/* Behind what they are about; of an error they may be the reason. */
static void tell_notes(const struct metrics_run *run, struct err *err)
{
	struct err was = *err;

	for (size_t i = 0; i < run->notes.n && !was.code; i++)
		fprintf(stderr, "sagetop: %s\n", run->notes.items[i]);
	if (!was.code || !run->notes.n)
		return;
	err_clear(err);
	(void)err_set(err, was.code, "%s; %s", was.msg, run->notes.items[0]);
}

int cmd_metrics(struct app *a, struct err *err)
{
	AUTO(metrics_run) struct metrics_run run = {.curves = a->cli.args.n == 1 && !app_flag(a, OPT_BEST)};

	if (check_options(a, run.curves, err) < 0)
		return -err->code;
	int rc = read_all(a, &run, err);

	if (rc == 0 && !run.curves)
		print_table(a, &run);
	fflush(a->out);
	tell_notes(&run, err);
	return rc;
}
