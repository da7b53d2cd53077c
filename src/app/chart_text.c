/* Charts of series as lines of text, for the command line. */
#include "app/chart_text.h"

#include "app/output.h"
#include "tui/chart.h"

#define CHART_ROWS 14
#define CURVES_MAX 6

/* What is drawn together: train:rmse and validation:rmse are both "rmse". */
static const char *group_of(const char *name)
{
	const char *colon = strrchr(name, ':');

	if (strstr(name, "Utilization"))
		return "utilization";
	return colon && colon[1] ? colon + 1 : name;
}

/* By round where the points have one, else by seconds since the first. */
static struct chart_point *points_of(const struct series *s, bool by_time, int64_t first_ms)
{
	struct chart_point *points = xcalloc(s->n + 1, sizeof(*points));

	for (size_t i = 0; i < s->n; i++) {
		const struct point *p = &s->points[i];
		points[i].x = by_time ? (double)(p->time_ms - first_ms) / 1000 : (double)p->step;
		points[i].y = p->value;
	}
	return points;
}

/* "train:rmse 24.6 -> 8.1   validation:rmse 23.9 -> 9.05   by round": the first
 * and last values say which curve is which without colours. */
static void print_heading(struct app *a, const struct series *const *series, size_t n, bool by_time)
{
	for (size_t i = 0; i < n; i++) {
		const struct series *s = series[i];
		fprintf(a->out, "%s %.6g", s->name, s->points[0].value);
		if (s->n > 1)
			fprintf(a->out, " %s %.6g", a->ascii ? "->" : "→", s->points[s->n - 1].value);
		fputs("   ", a->out);
	}
	fprintf(a->out, "by %s\n", by_time ? "time" : "round");
}

static void print_group(struct app *a, const struct series *const *series, size_t n)
{
	struct chart_curve curves[CURVES_MAX] = {0};
	struct chart_point *points[CURVES_MAX] = {0};
	AUTO(surface) struct surface surface = {.ascii = a->ascii};
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
	bool by_time = false;
	int64_t first_ms = INT64_MAX;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < series[i]->n; k++) {
			by_time |= series[i]->points[k].step < 0;
			first_ms = MIN(first_ms, series[i]->points[k].time_ms);
		}
	for (size_t i = 0; i < n; i++) {
		points[i] = points_of(series[i], by_time, first_ms);
		curves[i] = (struct chart_curve){series[i]->name, points[i], series[i]->n, ST_SERIES_1 + i};
	}
	struct chart chart = {.curves = curves, .n = n, .x_is_time = by_time};
	int width = output_width(a);
	surface_resize(&surface, CHART_ROWS, width ? MIN(MAX(width, 20), 160) : 80);
	surface_clear(&surface);
	chart_draw(&chart, surface_area(&surface));
	surface_text(&surface, &text);
	print_heading(a, series, n, by_time);
	fprintf(a->out, "%s\n", buf_str(&text));
	for (size_t i = 0; i < n; i++)
		free(points[i]);
}

void chart_text_print(struct app *a, const struct series *const *series, size_t n)
{
	bool *drawn = xcalloc(n + 1, sizeof(*drawn));

	for (size_t i = 0; i < n; i++) {
		const struct series *group[CURVES_MAX];
		size_t n_group = 0;
		for (size_t k = i; k < n && n_group < CURVES_MAX; k++)
			if (!drawn[k] && series[k]->n &&
			    !strcmp(group_of(series[k]->name), group_of(series[i]->name))) {
				group[n_group++] = series[k];
				drawn[k] = true;
			}
		if (n_group)
			print_group(a, group, n_group);
	}
	free(drawn);
}
