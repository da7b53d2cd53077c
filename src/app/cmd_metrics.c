/* sagetop metrics NAME: a chart for a person, values for a program. */
#include "app/chart_text.h"
#include "app/commands.h"
#include "app/output.h"
#include "base/timefmt.h"

static bool wanted(const struct app *a, const char *name)
{
	const struct strlist *l = &a->cli.lists[OPT_METRIC];

	return l->n == 0 || strlist_has(l, name);
}

/* Every --metric must exist; the nearest is suggested. */
static int check_names(const struct app *a, const struct series_set *set, struct err *err)
{
	const struct strlist *l = &a->cli.lists[OPT_METRIC];
	AUTO(strlist) struct strlist names = {0};

	for (size_t i = 0; i < set->n; i++)
		strlist_add(&names, set->items[i].name);
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

static void print_values(struct app *a, const struct series_set *set)
{
	AUTO(table) struct table t = {0};
	char time[TIMEFMT_LEN], step[24], value[40];

	table_column(&t, "METRIC", false);
	table_column(&t, "STEP", true);
	table_column(&t, "TIME", false);
	table_column(&t, "VALUE", true);
	for (size_t i = 0; i < set->n; i++)
		for (size_t k = 0; wanted(a, set->items[i].name) && k < set->items[i].n; k++) {
			const struct point *p = &set->items[i].points[k];
			snprintf(step, sizeof(step), "%lld", (long long)p->step);
			snprintf(value, sizeof(value), "%.9g", p->value);
			table_cell(&t, set->items[i].name);
			table_cell(&t, p->step >= 0 ? step : "");
			table_cell(&t, timefmt_iso_ms(time, p->time_ms));
			table_cell(&t, value);
		}
	table_print(&t, a);
}

static void print_json(struct app *a, const struct series_set *set)
{
	AUTO(json) json_t *list = json_array();

	for (size_t i = 0; i < set->n; i++) {
		const struct series *s = &set->items[i];
		if (!wanted(a, s->name))
			continue;
		json_t *o = json_object(), *points = json_array();
		for (size_t k = 0; k < s->n; k++) {
			json_t *p = json_object();
			json_put_time(p, "time", s->points[k].time_ms);
			json_put_seconds(p, "step", s->points[k].step);
			json_object_set_new(p, "value", json_real(s->points[k].value));
			json_array_append_new(points, p);
		}
		json_put_str(o, "name", s->name);
		json_put_str(o, "unit", s->unit);
		json_object_set_new(o, "points", points);
		json_array_append_new(list, o);
	}
	output_json(a, list);
}

static void print_charts(struct app *a, const struct series_set *set)
{
	const struct series **picked = xreallocarray(NULL, set->n + 1, sizeof(*picked));
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++)
		if (wanted(a, set->items[i].name))
			picked[n++] = &set->items[i];
	chart_text_print(a, picked, n);
	free(picked);
}

int cmd_metrics(struct app *a, struct err *err)
{
	const char *name = a->cli.args.items[0];
	struct app_reply job = {0}, metrics = {0};

	if (app_flag(a, OPT_CHART) && app_flag(a, OPT_VALUES))
		return err_set(err, ERR_USAGE, "--chart and --values exclude each other: leave one out");
	if (app_connect(a, err) < 0 || sync_load(a->sync, err) < 0)
		return -err->code;
	sync_job(a->sync, name, app_reply_done, &job);
	if (app_wait(a, &job, err) < 0)
		return -err->code;
	sync_metrics(a->sync, TRAINING_KIND, name, app_reply_done, &metrics);
	if (app_wait(a, &metrics, err) < 0)
		return -err->code;

	const struct feed *feed = session_find_feed(sync_session(a->sync), TRAINING_KIND, name);
	static const struct series_set none;
	const struct series_set *set = feed ? &feed->metrics : &none;
	if (check_names(a, set, err) < 0)
		return -err->code;
	bool chart = app_flag(a, OPT_CHART) ||
		     (output_format(a) == OUTPUT_TABLE && !app_flag(a, OPT_VALUES) && !app_value(a, OPT_FORMAT));
	if (output_format(a) == OUTPUT_JSON)
		print_json(a, set);
	else if (!set->n)
		fprintf(stderr, "sagetop: %s has no metrics yet\n", name);
	else if (chart)
		print_charts(a, set);
	else
		print_values(a, set);
	return 0;
}
