/* Curves over axes: scales, parts, steps, the signs they are drawn with. */
#include "unit.h"

#include <math.h>

#include "tui/chart.h"

static void test_nice_steps(void **state)
{
	assert_true(chart_nice_step(10, 5) == 2);
	assert_true(chart_nice_step(1, 4) == 0.5);
	assert_true(chart_nice_step(99, 2) == 50);
	assert_true(chart_nice_step(0, 2) == 1);
}

static void test_chart_takes_anything(void **state)
{
	static const double odd[] = {0.0 / 0.0, 1.0 / 0.0, -1.0 / 0.0, 0, -1, 1e300, -1e300, 1e-300, 5};
	struct chart_point points[ARRAY_LEN(odd)];
	AUTO(surface) struct surface s = {0};

	for (size_t i = 0; i < ARRAY_LEN(odd); i++)
		points[i] = (struct chart_point){(double)i, odd[i]};
	for (size_t from = 0; from < ARRAY_LEN(odd); from++)
		for (size_t n = 0; n + from <= ARRAY_LEN(odd); n++)
			for (int logs = 0; logs < 4; logs++) {
				struct chart_curve curve = {points + from, n, ST_SERIES_1};
				struct chart c = {&curve,
						  1,
						  .log_y = logs & 1,
						  .log_x = logs & 2,
						  .x_is_time = from % 2,
						  .has_cursor = true,
						  .cursor_x = (double)from};
				surface_resize(&s, 3 + (int)n * 3, 10 + (int)from * 9);
				chart_draw(&c, surface_area(&s));
			}
}

/* A curve without a number says so: an empty chart would look like one that is still being read. */
static void test_chart_without_a_number(void **state)
{
	struct chart_point p[] = {{1, NAN}, {2, INFINITY}};
	struct chart_curve curve = {.points = p, .n = 2, .style = ST_SERIES_1};
	struct chart c = {&curve, 1};
	AUTO(surface) struct surface s = {0};
	AUTO(buf) struct buf text = BUF_INIT(4096);

	surface_resize(&s, 9, 60);
	assert_int_equal(chart_draw(&c, surface_area(&s)).cols, 0);
	surface_text(&s, &text);
	assert_non_null(strstr(buf_str(&text), "no value is a number"));
}

/* A value that is none is a gap, the legend's last value; a newer run counts. */
static void test_chart_last_value(void **state)
{
	struct chart_point p[] = {{1, 5}, {2, 4}, {3, NAN}}, q[] = {{1, 9}, {5, 8}, CHART_BREAK, {1, 7}, {2, 6}};
	struct chart_curve nan_last = {p, 3, ST_SERIES_1}, again = {q, 5, ST_SERIES_1};

	assert_true(isnan(chart_point_at(&nan_last, INFINITY)->y));
	assert_true(chart_point_at(&nan_last, 2)->y == 4);
	assert_true(chart_point_at(&again, INFINITY)->y == 6);
	assert_true(chart_point_at(&again, 1)->y == 7);
	assert_null(chart_point_at(&again, 0));
}

#define MANY 100000

/* One point a step, a spike at its first. */
static struct chart_point *many_points(void)
{
	struct chart_point *points = xcalloc(MANY, sizeof(*points));

	for (size_t i = 0; i < MANY; i++)
		points[i] = (struct chart_point){(double)i, i ? 20 + sin((double)i / 7000) : 1e6};
	return points;
}

/* However many points there are, as many steps as cells lead through them; each ends on the last point of a cell. */
static void test_chart_steps_by_cells(void **state)
{
	struct chart_point *points = many_points();
	struct chart_curve curve = {points, MANY, ST_SERIES_1};
	struct chart c = {.curves = &curve, .n = 1};
	AUTO(surface) struct surface s = {0};

	surface_resize(&s, 12, 60);
	struct chart_plot plot = chart_draw(&c, surface_area(&s));
	assert_in_range(plot.cols, 40, 59);
	int steps = 0;
	double last = INFINITY;
	for (double x; !isnan(x = chart_step(&c, &plot, last, -1)); last = x, steps++)
		assert_true(x < last);
	assert_int_equal(steps, plot.cols);
	for (steps = 1; !isnan(chart_step(&c, &plot, last, 1)); steps++)
		last = chart_step(&c, &plot, last, 1);
	assert_int_equal(steps, plot.cols);
	assert_true(last == MANY - 1);
	assert_true(chart_neighbour(&c, 500, -1) == 499 && chart_neighbour(&c, 500, 1) == 501);
	assert_true(isnan(chart_neighbour(&c, 0, -1)));
	assert_true(isnan(chart_step(&c, &(struct chart_plot){0}, 5, 1)));
	free(points);
}

static void count_signs(const struct surface *s, int *braille, int *blocks)
{
	*braille = *blocks = 0;
	for (int i = 0; i < s->rows * s->cols; i++) {
		*braille += s->cells[i].cp >= 0x2800 && s->cells[i].cp < 0x2900;
		*blocks += s->cells[i].cp >= 0x2580 && s->cells[i].cp < 0x25a0;
	}
}

/* The y axis is that of the part that is seen, and lines come in at its sides. */
static void test_chart_part(void **state)
{
	struct chart_point *points = many_points();
	struct chart_curve curve = {points, MANY, ST_SERIES_1};
	struct chart c = {.curves = &curve, .n = 1, .from = 40000, .to = 50000};
	AUTO(buf) struct buf text = BUF_INIT(1 << 20);
	AUTO(surface) struct surface s = {0};

	surface_resize(&s, 12, 60);
	surface_clear(&s);
	struct chart_plot plot = chart_draw(&c, surface_area(&s));
	surface_text(&s, &text);
	assert_true(plot.x0 == 40000 && plot.x1 == 50000);
	assert_non_null(strstr(buf_str(&text), "◂"));
	assert_non_null(strstr(buf_str(&text), "▸"));
	assert_null(strstr(buf_str(&text), "00000 ┤")); /* the spike */
	assert_true(chart_step(&c, &plot, INFINITY, -1) == 50000);
	c.from = 40000.25; /* between two points */
	c.to = 40000.75;
	surface_clear(&s);
	chart_draw(&c, surface_area(&s));
	int braille, blocks;
	count_signs(&s, &braille, &blocks);
	assert_true(braille >= 40);
	free(points);
}

/* What swings within a column of dots fills it, however many points that are. */
static void test_chart_loses_no_dot(void **state)
{
	struct chart_point *points = xcalloc(MANY, sizeof(*points));
	struct chart_curve curve = {points, MANY, ST_SERIES_1};
	struct chart c = {.curves = &curve, .n = 1};
	AUTO(surface) struct surface s = {0};
	int full;

	for (size_t i = 0; i < MANY; i++)
		points[i] = (struct chart_point){(double)i, i % 3 ? 2 : 1};
	surface_resize(&s, 12, 60);
	for (int log_y = 0; log_y < 2; log_y++) {
		c.log_y = log_y;
		surface_clear(&s);
		struct chart_plot plot = chart_draw(&c, surface_area(&s));
		full = 0;
		for (int i = 0; i < s.rows * s.cols; i++)
			full += s.cells[i].cp == 0x28ff; /* all eight dots */
		assert_int_equal(full, plot.cols * 10);	 /* two rows are the axis */
	}
	free(points);
}

/* Equal ratios of 1 + x are equally far apart; steps by cells lead through all of it. */
static void test_chart_log_x(void **state)
{
	static const struct chart_point points[] = {{0, 1}, {9, 1}, {99, 1}, {999, 1}};
	struct chart_curve curves[ARRAY_LEN(points)];
	struct chart c = {.curves = curves, .n = ARRAY_LEN(points), .log_x = true};
	int cols[ARRAY_LEN(points)], n = 0;
	AUTO(surface) struct surface s = {0};
	AUTO(buf) struct buf text = BUF_INIT(1 << 20);

	for (size_t i = 0; i < ARRAY_LEN(points); i++)
		curves[i] = (struct chart_curve){&points[i], 1, ST_SERIES_1, .best = &points[i]};
	surface_resize(&s, 12, 80);
	surface_clear(&s);
	struct chart_plot plot = chart_draw(&c, surface_area(&s));
	for (int i = 0; i < s.rows * s.cols && n < (int)ARRAY_LEN(points); i++) {
		if (s.cells[i].cp == 0x25c6) /* CHART_BEST */
			cols[n++] = i % s.cols;
	}
	assert_int_equal(n, ARRAY_LEN(points));
	for (int i = 1; i < n; i++)
		assert_in_range((uintmax_t)(cols[i] - cols[i - 1]), (uintmax_t)(plot.cols - 1) / 3 - 1,
				(uintmax_t)(plot.cols - 1) / 3 + 1);
	surface_text(&s, &text);
	assert_non_null(strstr(buf_str(&text), " 200 "));
	assert_non_null(strstr(buf_str(&text), " 20 "));
	double x = INFINITY;
	for (size_t i = ARRAY_LEN(points); i-- > 0;) {
		x = chart_step(&c, &plot, x, -1);
		assert_true(x == points[i].x);
	}
}

static void test_chart_signs(void **state)
{
	static const struct chart_point points[] = {{0, 1}, {1, 3}, {2, 2}, {3, 5}};
	struct chart_curve curves[] = {{points, 4, ST_SERIES_1, .best = &points[3]},
				       {points, 4, ST_DIM, .mark = CHART_MARK_BEHIND}};
	struct chart c = {.curves = curves, .n = 2};
	int braille, blocks;

	for (int i = 0; i < 4; i++) {
		AUTO(surface) struct surface s = {.marks = i & 1 ? MARKS_BLOCKS : MARKS_BRAILLE, .ascii = i & 2};
		surface_resize(&s, 12, 60);
		surface_clear(&s);
		chart_draw(&c, surface_area(&s));
		count_signs(&s, &braille, &blocks);
		assert_int_equal(braille > 0, i == 0);
		assert_int_equal(blocks > 0, i == 1);
		AUTO(buf) struct buf text = BUF_INIT(1 << 20);
		surface_text(&s, &text);
		assert_non_null(strstr(buf_str(&text), s.ascii ? "!" : CHART_BEST));
		assert_string_equal(chart_mark(&s, &curves[1]), s.ascii ? "." : "──");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nice_steps),	     cmocka_unit_test(test_chart_takes_anything),
		cmocka_unit_test(test_chart_last_value),     cmocka_unit_test(test_chart_without_a_number),
		cmocka_unit_test(test_chart_steps_by_cells), cmocka_unit_test(test_chart_part),
		cmocka_unit_test(test_chart_signs),	     cmocka_unit_test(test_chart_loses_no_dot),
		cmocka_unit_test(test_chart_log_x),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
