/* sagetop metrics NAME: a chart for a person, values for a program. */
#include "app/chart_text.h"
#include "app/commands.h"
#include "app/output.h"
#include "base/timefmt.h"
#include "model/objective.h"

#include <math.h>

#define LABEL_LEN 160

/* By its name, of all instances, or by the name that tells one of them. */
static bool wanted(const struct app *a, const struct series_set *set, const struct series *s)
{
	const struct strlist *l = &a->cli.lists[OPT_METRIC];
	char label[LABEL_LEN];

	return l->n == 0 || strlist_has(l, s->name) || strlist_has(l, series_label(label, sizeof(label), set, s));
}

/* Every --metric must exist; the nearest is suggested. */
static int check_names(const struct app *a, const struct series_set *set, struct err *err)
{
	const struct strlist *l = &a->cli.lists[OPT_METRIC];
	AUTO(strlist) struct strlist names = {0};
	char label[LABEL_LEN];

	for (size_t i = 0; i < set->n; i++) {
		strlist_add(&names, series_label(label, sizeof(label), set, &set->items[i]));
		if (!strlist_has(&names, set->items[i].name))
			strlist_add(&names, set->items[i].name);
	}
	for (size_t i = 0; i < l->n; i++) {
		if (strlist_has(&names, l->items[i]))
			continue;
		const char *near = str_nearest(l->items[i], (const char *const *)names.items, names.n);
		AUTO(buf) struct buf all = BUF_INIT(8192);

		for (size_t k = 0; k < names.n; k++)
			buf_addf(&all, "%s%s", k ? ", " : "", names.items[k]);
		return err_set(err, ERR_NOTFOUND, "%s has no metric \"%s\"%s%s%s", a->cli.args.items[0], l->items[i],
			       near	 ? ": did you mean "
			       : names.n ? ": it has "
					 : " (nor any other yet)",
			       near ? near : buf_str(&all), near ? "?" : "");
	}
	return 0;
}

/* printf writes the sign of a nan, which means nothing. */
static char *value_text(char buf[40], double v)
{
	snprintf(buf, 40, isnan(v) ? "nan" : "%.9g", v);
	return buf;
}

static void print_values(struct app *a, const struct series_set *set)
{
	AUTO(table) struct table t = {0};
	char time[TIMEFMT_LEN], step[24], value[40], label[LABEL_LEN];

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
			table_cell(&t, value_text(value, p->value));
		}
	}
	table_print(&t, a);
}

/* JSON has no number for nan and the infinities: as AWS spells them. */
static json_t *json_value(double v)
{
	if (isfinite(v))
		return json_real(v);
	return json_string(isnan(v) ? "NaN" : v > 0 ? "Infinity" : "-Infinity");
}

static json_t *json_points(const struct series *s)
{
	json_t *points = json_array();

	for (size_t k = 0; k < s->n; k++) {
		json_t *p = json_object();

		json_put_time(p, "time", s->points[k].time_ms);
		json_put_seconds(p, "step", s->points[k].step);
		json_object_set_new(p, "value", json_value(s->points[k].value));
		json_array_append_new(points, p);
	}
	return points;
}

/* The best value and its step; null where no direction is known. */
static void put_best(json_t *o, const struct series *s, const struct job *j)
{
	enum metric_direction d = metric_direction(s->name, j);
	double best;
	int64_t step;
	bool known = d != METRIC_EITHER && series_best(s, d, &best, &step);

	json_object_set_new(o, "best", known ? json_real(best) : json_null());
	json_put_seconds(o, "best_step", known ? step : -1);
	json_object_set_new(o, "last", s->n ? json_value(s->points[s->n - 1].value) : json_null());
}

static void print_json(struct app *a, const struct series_set *set, const struct job *j)
{
	AUTO(json) json_t *list = json_array();
	char label[LABEL_LEN];

	for (size_t i = 0; i < set->n; i++) {
		const struct series *s = &set->items[i];

		if (!wanted(a, set, s))
			continue;
		json_t *o = json_object();

		json_put_str(o, "name", series_label(label, sizeof(label), set, s));
		json_put_str(o, "instance", s->source);
		json_put_str(o, "unit", s->unit);
		put_best(o, s, j);
		json_object_set_new(o, "points", json_points(s));
		json_array_append_new(list, o);
	}
	output_json(a, list);
}

/* What is asked of the metrics, once they are here. */
static void print_metrics(struct app *a, const struct series_set *set, const struct job *j)
{
	bool people = output_format(a) == OUTPUT_TABLE && !app_flag(a, OPT_VALUES) && !app_value(a, OPT_FORMAT);
	const struct series **picked = xreallocarray(NULL, set->n + 1, sizeof(*picked));
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++) {
		if (wanted(a, set, &set->items[i]))
			picked[n++] = &set->items[i];
	}
	if (output_format(a) == OUTPUT_JSON)
		print_json(a, set, j);
	else if (!set->n)
		fprintf(stderr, "sagetop: %s has no metrics yet\n", a->cli.args.items[0]);
	else if (app_flag(a, OPT_CHART) || people)
		chart_text_print(a, set, picked, n, j);
	else
		print_values(a, set);
	free(picked);
}

int cmd_metrics(struct app *a, struct err *err)
{
	const struct kind *kind;
	const char *name;
	struct app_reply metrics = {0};

	if (app_flag(a, OPT_CHART) && app_flag(a, OPT_VALUES))
		return err_set(err, ERR_USAGE, "--chart and --values exclude each other: leave one out");
	if (app_enter(a, a->cli.args.items[0], &kind, &name, err) < 0)
		return -err->code;
	if (!kind->log_group && !kind->metric_namespace)
		return err_set(err, ERR_USAGE, "%s have no metrics", kind->title);
	sync_metrics(a->sync, kind, name, app_reply_done, &metrics);
	if (app_wait(a, &metrics, err) < 0)
		return -err->code;
	const struct session *session = sync_session(a->sync);
	const struct feed *feed = session_find_feed(session, kind, name);
	static const struct series_set none;
	const struct series_set *set = feed ? &feed->metrics : &none;

	if (check_names(a, set, err) < 0)
		return -err->code;
	if (feed && feed->metrics_note[0])
		fprintf(stderr, "sagetop: %s\n", feed->metrics_note);
	print_metrics(a, set, kind == TRAINING_KIND ? jobs_find(session_jobs(session), name) : NULL);
	return 0;
}
