/* metrics_table.c - the last and the best values of metrics, beside each other. */
#include "app/metrics_table.h"

#include <math.h>

void metrics_table_done(struct metrics_table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->entries[i].thing);
		free(t->entries[i].name);
		free(t->entries[i].instance);
		free(t->entries[i].unit);
	}
	free(t->entries);
	strlist_done(&t->things);
	strlist_done(&t->metrics);
	*t = (struct metrics_table){0};
}

void metrics_table_add(struct metrics_table *t, const char *thing, const struct series_set *set,
		       const struct series *const *series, size_t n, const struct job *j)
{
	char label[160];

	strlist_add(&t->things, thing);
	for (size_t i = 0; i < n; i++) {
		const struct series *s = series[i];
		struct metric_entry e = {.thing = xstrdup(thing),
					 .name = xstrdup(series_label(label, sizeof(label), set, s)),
					 .instance = xstrdup(s->source),
					 .unit = xstrdup(s->unit),
					 .last = s->points[s->n - 1].value,
					 .direction = metric_direction(s->name, j),
					 .best_step = -1};

		e.has_best = e.direction != METRIC_EITHER && series_best(s, e.direction, &e.best, &e.best_step);
		if (!strlist_has(&t->metrics, e.name))
			strlist_add(&t->metrics, e.name);
		GROW(t->entries, t->cap, t->n + 1);
		t->entries[t->n++] = e;
	}
}

static struct metric_entry *find(const struct metrics_table *t, const char *thing, const char *metric)
{
	for (size_t i = 0; i < t->n; i++)
		if (str_eq(t->entries[i].thing, thing) && str_eq(t->entries[i].name, metric))
			return &t->entries[i];
	return NULL;
}

static bool is_better(const struct metric_entry *e, const struct metric_entry *than)
{
	return e->direction == METRIC_SMALLER ? e->best < than->best : e->best > than->best;
}

/* Where jobs do not agree which way is better, none is best. */
static void mark_top(struct metrics_table *t, const char *metric)
{
	const struct metric_entry *top = NULL;
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct metric_entry *e = &t->entries[i];

		if (!e->has_best || !str_eq(e->name, metric))
			continue;
		if (top && top->direction != e->direction)
			return;
		n++;
		if (!top || is_better(e, top))
			top = e;
	}
	for (size_t i = 0; i < t->n && n > 1; i++) {
		struct metric_entry *e = &t->entries[i];

		if (e->has_best && str_eq(e->name, metric))
			e->is_top = !is_better(top, e);
	}
}

static void mark_tops(struct metrics_table *t)
{
	for (size_t i = 0; i < t->metrics.n; i++)
		mark_top(t, t->metrics.items[i]);
}

/* --- values --- */

/* printf writes the sign of a nan, which means nothing. */
char *metric_value_text(char buf[METRIC_VALUE_LEN], double v)
{
	snprintf(buf, METRIC_VALUE_LEN, isnan(v) ? "nan" : "%.9g", v);
	return buf;
}

json_t *metric_value_json(double v)
{
	if (isfinite(v))
		return json_real(v);
	return json_string(isnan(v) ? "NaN" : v > 0 ? "Infinity" : "-Infinity");
}

static void value_cell(struct table *table, const struct app *a, bool known, double v)
{
	char text[MAX(METRIC_VALUE_LEN, FIELD_VALUE_LEN)];

	if (!known)
		table_cell(table, NULL);
	else if (output_format(a) == OUTPUT_TABLE)
		table_cell(table, field_value_text(text, v));
	else
		table_cell(table, metric_value_text(text, v));
}

/* --- printing --- */

void metrics_table_print_last(struct metrics_table *t, const struct app *a)
{
	AUTO(table) struct table table = {0};

	table_column(&table, "NAME", false);
	for (size_t k = 0; k < t->metrics.n; k++)
		table_column_named(&table, t->metrics.items[k], true);
	for (size_t i = 0; i < t->things.n; i++) {
		table_cell(&table, t->things.items[i]);
		for (size_t k = 0; k < t->metrics.n; k++) {
			const struct metric_entry *e = find(t, t->things.items[i], t->metrics.items[k]);

			value_cell(&table, a, e, e ? e->last : 0);
		}
	}
	table_print(&table, a);
}

static void add_best(struct table *table, const struct app *a, const struct metric_entry *e)
{
	char step[24] = "";

	if (e->best_step >= 0)
		snprintf(step, sizeof(step), "%lld", (long long)e->best_step);
	table_cell(table, e->name);
	table_cell(table, e->thing);
	value_cell(table, a, e->has_best, e->best);
	table_cell(table, step);
	value_cell(table, a, true, e->last);
	table_cell(table, e->is_top ? "*" : "");
}

void metrics_table_print_best(struct metrics_table *t, const struct app *a)
{
	static const char *const titles[] = {"METRIC", "NAME", "BEST", "STEP", "LAST", "TOP"};
	AUTO(table) struct table table = {0};

	mark_tops(t);
	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		table_column(&table, titles[i], i >= 2 && i <= 4);
	for (size_t k = 0; k < t->metrics.n; k++)
		for (size_t i = 0; i < t->things.n; i++) {
			const struct metric_entry *e = find(t, t->things.items[i], t->metrics.items[k]);

			if (e)
				add_best(&table, a, e);
		}
	table_print(&table, a);
}

json_t *metric_entry_to_json(const struct metric_entry *e)
{
	json_t *o = json_object();

	json_put_str(o, "name", e->name);
	json_put_str(o, "instance", e->instance);
	json_put_str(o, "unit", e->unit);
	json_object_set_new(o, "best", e->has_best ? json_real(e->best) : json_null());
	json_put_seconds(o, "best_step", e->has_best ? e->best_step : -1);
	json_object_set_new(o, "last", metric_value_json(e->last));
	return o;
}

void metrics_table_print_json(struct metrics_table *t, const struct app *a)
{
	AUTO(json) json_t *list = json_array();

	mark_tops(t);
	for (size_t i = 0; i < t->n; i++) {
		json_t *o = metric_entry_to_json(&t->entries[i]);

		json_put_str(o, "thing", t->entries[i].thing);
		json_object_set_new(o, "top", json_boolean(t->entries[i].is_top));
		json_array_append_new(list, o);
	}
	output_json(a, list);
}
