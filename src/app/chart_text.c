/* Charts of series as lines of text, for the command line. */
#include "app/chart_text.h"

#include <math.h>

#include "app/output.h"
#include "tui/chart.h"

#define CHART_ROWS 14
#define CURVES_MAX 6

/* By round where the points have one, else by seconds since the first. Where the steps
 * begin again, the curve does too. */
static struct chart_point *points_of(const struct series *s, bool by_time, int64_t first_ms, size_t *ret_n)
{
	struct chart_point *points = xcalloc(2 * s->n + 1, sizeof(*points));
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct point *p = &s->points[i];

		if (!by_time && i > 0 && series_breaks_at(s, i))
			points[n++] = CHART_BREAK;
		points[n].x = by_time ? (double)(p->time_ms - first_ms) / 1000 : (double)p->step;
		points[n++].y = p->value;
	}
	*ret_n = n;
	return points;
}

static void print_value(struct app *a, double v)
{
	fprintf(a->out, isnan(v) ? "nan" : "%.6g", v);
}

/* "train:rmse 24.6 -> 8.1   validation:rmse 23.9 -> 9.05, best 8.9 at 61   by round":
 * the first and last values say which curve is which without colours. */
static void print_heading(struct app *a, const struct series_set *set, const struct series *const *series, size_t n,
			  bool by_time, const struct job *j)
{
	char label[160];

	for (size_t i = 0; i < n; i++) {
		const struct series *s = series[i];
		enum metric_direction d = metric_direction(s->name, j);
		double last = s->points[s->n - 1].value, best;
		int64_t step;

		fprintf(a->out, "%s ", series_label(label, sizeof(label), set, s));
		print_value(a, s->points[series_segment(s)].value);
		if (s->n > 1) {
			output_text(a, " → ");
			print_value(a, last);
		}
		if (d != METRIC_EITHER && series_best(s, d, &best, &step) && best != last) {
			fputs(", best ", a->out);
			print_value(a, best);
			if (step >= 0)
				fprintf(a->out, " at %lld", (long long)step);
		}
		fputs("   ", a->out);
	}
	fprintf(a->out, "by %s\n", by_time ? "time" : "round");
}

/* By time as soon as a point knows no round. */
static bool is_by_time(const struct series *const *series, size_t n, int64_t *ret_first_ms)
{
	bool by_time = false;

	*ret_first_ms = INT64_MAX;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < series[i]->n; k++) {
			by_time |= series[i]->points[k].step < 0;
			*ret_first_ms = MIN(*ret_first_ms, series[i]->points[k].time_ms);
		}
	}
	return by_time;
}

static void print_group(struct app *a, const struct series_set *set, const struct series *const *series, size_t n,
			const struct job *j)
{
	struct chart_curve curves[CURVES_MAX] = {0};
	struct chart_point *points[CURVES_MAX] = {0};
	AUTO(surface) struct surface surface = {.ascii = a->ascii, .marks = (enum chart_marks)a->config.set.curves};
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
	int64_t first_ms;
	bool by_time = is_by_time(series, n, &first_ms);

	for (size_t i = 0; i < n; i++) {
		size_t n_points;

		points[i] = points_of(series[i], by_time, first_ms, &n_points);
		curves[i] = (struct chart_curve){points[i], n_points, ST_SERIES_1 + i, .mark = i};
	}
	struct chart chart = {.curves = curves, .n = n, .x_is_time = by_time};
	int width = output_width(a);

	surface_resize(&surface, CHART_ROWS, width ? MIN(MAX(width, 20), 160) : 80);
	surface_clear(&surface);
	chart_draw(&chart, surface_area(&surface));
	surface_text(&surface, &text);
	print_heading(a, set, series, n, by_time, j);
	fprintf(a->out, "%s\n", buf_str(&text));
	for (size_t i = 0; i < n; i++)
		free(points[i]);
}

void chart_text_print(struct app *a, const struct series_set *set, const struct series *const *series, size_t n,
		      const struct job *j)
{
	bool *drawn = xcalloc(n + 1, sizeof(*drawn));

	for (size_t i = 0; i < n; i++) {
		const struct series *group[CURVES_MAX];
		size_t n_group = 0;
		for (size_t k = i; k < n && n_group < CURVES_MAX; k++)
			if (!drawn[k] && series[k]->n &&
			    !strcmp(series_group(series[k]->name), series_group(series[i]->name))) {
				group[n_group++] = series[k];
				drawn[k] = true;
			}
		if (n_group)
			print_group(a, set, group, n_group, j);
	}
	free(drawn);
}
