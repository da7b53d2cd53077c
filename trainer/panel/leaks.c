/* The four perturbations, and the comparison behind them. */
#include "trainer/panel/leaks.h"

#include <assert.h>
#include <math.h>

#include "base/map.h"
#include "trainer/panel/expression.h"
#include "trainer/panel/own_columns.h"

void leak_report_done(struct leak_report *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->items[i].column);
		free(r->items[i].entity);
	}
	free(r->items);
	*r = (struct leak_report){0};
}

/* --- one way to compute it all --------------------------------------------------------------- */

/* Everything that comes of a frame. */
struct outcome {
	struct backtest_spec *spec; /* a copy: a program adds to it */
	struct panel *panel;
	struct features *features;
	double *matrix;
	double *said; /* NULL where no model was asked */
};

static void outcome_done(struct outcome *o)
{
	backtest_spec_free(o->spec);
	panel_free(o->panel);
	features_free(o->features);
	free(o->matrix);
	free(o->said);
	*o = (struct outcome){0};
}

static int spec_copy(const struct backtest_spec *spec, struct backtest_spec **ret, struct err *err)
{
	AUTO(json) json_t *doc = backtest_spec_json(spec);

	return backtest_spec_parse(doc, "specification", NULL, ret, err);
}

/* t is the outcome's from then on. day: that models are asked about; DAY_UNKNOWN: none. */
static int compute(const struct leak_check *check, struct frame *t, int32_t day, struct outcome *ret, struct err *err)
{
	int rc = spec_copy(check->spec, &ret->spec, err);

	if (rc == 0)
		rc = own_columns_add(ret->spec, t, err);
	if (rc) {
		frame_free(t);
		return rc;
	}
	rc = panel_new(t, ret->spec, &ret->panel, err);
	if (rc == 0)
		rc = features_new(ret->spec, ret->panel, &ret->features, err);
	if (rc)
		return rc;
	ret->matrix = features_build(ret->features, ret->panel);
	if (check->predict && day != DAY_UNKNOWN)
		rc = check->predict(check->context, ret->spec, ret->panel, ret->features, ret->matrix, day, &ret->said,
				    err);
	return rc;
}

/* --- perturbations ------------------------------------------------------------------------------ */

static uint64_t mix(uint64_t z)
{
	z += 0x9E3779B97F4A7C15;
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
	return z ^ (z >> 31);
}

/* What V may not touch: what is known, what makes a row what it is, what makes it count. */
static bool *fixed_columns(const struct backtest_spec *spec, const struct frame *t)
{
	bool *fixed = xcalloc(t->n_columns + 1, sizeof(*fixed));
	AUTO(expression) struct expression *counts = NULL;

	if (*spec->count_if && expression_new(spec->count_if, t, &counts, NULL))
		counts = NULL; /* the panel has said so before */
	for (size_t i = 0; i < t->n_columns; i++) {
		const char *name = t->columns[i].name;

		fixed[i] = strlist_has(&spec->known_before, name) || str_eq(name, spec->entity) ||
			   str_eq(name, spec->date) || str_eq(name, spec->group) ||
			   (counts && expression_reads(counts, i));
	}
	return fixed;
}

/* Another value of the column with some noise, so that it is surely another one. */
static void make_noise(const struct frame *t, struct frame_column *c, size_t row, size_t column)
{
	uint64_t z = mix(row * 1000003 + column);

	assert(row < t->n_rows);
	if (c->text) {
		if (c->words.n)
			c->codes[row] = (uint32_t)(z % c->words.n);
		return;
	}
	double other = c->numbers[z % t->n_rows];

	c->numbers[row] = (isnan(other) ? 0 : other) + 1 + (double)(mix(z) >> 11) * 0x1p-53;
}

/* What perturbations need to know of the rows, in the frame's own order. */
struct rows_of {
	const int32_t *days; /* of each row of the frame */
	const uint8_t *half; /* of each: goes with S */
};

static struct frame *perturb(const struct leak_check *check, const struct rows_of *rows, char way, int32_t day)
{
	struct frame *t = frame_copy(check->frame);
	size_t *order = xcalloc(t->n_rows + 1, sizeof(*order)), n = 0, first = SIZE_MAX, last = 0;

	if (way == 'V') {
		bool *fixed = fixed_columns(check->spec, t);

		for (size_t i = 0; i < t->n_columns; i++)
			for (size_t row = 0; row < t->n_rows && !fixed[i]; row++)
				if (rows->days[row] >= day)
					make_noise(check->frame, &t->columns[i], row, i);
		free(fixed);
	}
	for (size_t row = 0; row < t->n_rows; row++) {
		if (way == 'T' && rows->days[row] > day)
			continue;
		if (way == 'S' && rows->days[row] == day && rows->half[row])
			continue;
		if (rows->days[row] == day) {
			first = MIN(first, n);
			last = n;
		}
		order[n++] = row;
	}
	for (size_t i = first; way == 'O' && first != SIZE_MAX && i < last; i++, last--) {
		size_t swap = order[i];

		order[i] = order[last];
		order[last] = swap;
	}
	frame_reorder(t, order, n);
	free(order);
	return t;
}

/* --- comparison ------------------------------------------------------------------------------------ */

static bool differs(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) != isnan(b);
	return fabs(a - b) > LEAK_TOLERANCE * MAX(1.0, MAX(fabs(a), fabs(b)));
}

static struct leak *find_leak(struct leak_report *r, char way, const char *column, bool predicted)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->items[i].way == way && r->items[i].predicted == predicted && str_eq(r->items[i].column, column))
			return &r->items[i];
	GROW(r->items, r->cap, r->n + 1);
	r->items[r->n] =
		(struct leak){.way = way, .column = xstrdup(column), .predicted = predicted, .day = DAY_UNKNOWN};
	return &r->items[r->n++];
}

static void note_leak(struct leak_report *r, char way, const char *column, bool predicted, const struct panel *p,
		      size_t row, double before, double after)
{
	struct leak *l = find_leak(r, way, column, predicted);

	l->rows++;
	if (l->day != DAY_UNKNOWN)
		return;
	l->day = p->day[row];
	l->entity = xstrdup(p->entity_names.items[p->entity[row]]);
	l->before = before;
	l->after = after;
}

static void compare_row(struct leak_report *r, char way, const struct outcome *a, size_t row_a, const struct outcome *b,
			size_t row_b)
{
	size_t n = features_count(a->features), models = a->spec->n_models;

	for (size_t k = 0; k < n; k++) {
		double before = a->matrix[row_a * n + k], after = b->matrix[row_b * n + k];

		if (differs(before, after))
			note_leak(r, way, features_name(a->features, k), false, a->panel, row_a, before, after);
	}
	for (size_t m = 0; a->said && b->said && m < models; m++) {
		double before = a->said[row_a * models + m], after = b->said[row_b * models + m];

		if (differs(before, after))
			note_leak(r, way, a->spec->models[m].name, true, a->panel, row_a, before, after);
	}
}

/* Rows of the day are known by their entity. */
static size_t compare_day(struct leak_report *r, char way, int32_t day, const struct outcome *a,
			  const struct outcome *b)
{
	AUTO(map) struct map rows = {0};
	size_t looked = 0;

	for (size_t i = 0; i < b->panel->n; i++)
		if (b->panel->day[i] == day)
			map_put(&rows, b->panel->entity_names.items[b->panel->entity[i]], (void *)(uintptr_t)(i + 1));
	for (size_t i = 0; i < a->panel->n; i++) {
		if (a->panel->day[i] != day)
			continue;
		uintptr_t at = (uintptr_t)map_get(&rows, a->panel->entity_names.items[a->panel->entity[i]]);

		if (!at)
			continue;
		looked++;
		compare_row(r, way, a, i, b, at - 1);
	}
	return looked;
}

/* --- the check ---------------------------------------------------------------------------------------- */

/* Slates of the test window, evenly spread; the caller's. */
static size_t choose_days(const struct panel *p, size_t wanted, int32_t **ret)
{
	int32_t *days = xcalloc(p->n + 1, sizeof(*days));
	size_t n = 0, chosen = 0;

	for (size_t i = 0; i < p->n; i++)
		if (p->eligible[i] && (!n || days[n - 1] != p->day[i]))
			days[n++] = p->day[i];
	wanted = MIN(MAX(wanted, (size_t)1), n);
	for (size_t i = 0; i < wanted; i++)
		days[chosen++] = days[i * n / wanted];
	*ret = days;
	return chosen;
}

/* The first slate of the cycle in the middle of the window. */
static int32_t choose_cycle(const struct panel *p, const struct backtest_spec *spec)
{
	size_t middle = panel_cycle_of(spec, spec->test_end) / 2;

	for (size_t i = 0; i < p->n; i++)
		if (p->eligible[i] && panel_cycle_of(spec, p->day[i]) >= middle)
			return p->day[i];
	return DAY_UNKNOWN;
}

static int look_at(const struct leak_check *check, const struct rows_of *rows, const struct outcome *whole, int32_t day,
		   struct leak_report *ret, struct err *err)
{
	int32_t asked = ret->predicted_day == day ? day : DAY_UNKNOWN;

	for (const char *way = LEAK_WAYS; *way; way++) {
		struct outcome changed = {0};
		int rc = compute(check, perturb(check, rows, *way, day), asked, &changed, err);
		size_t looked = rc ? 0 : compare_day(ret, *way, day, whole, &changed);

		if (*way == 'V')
			ret->rows += looked;
		outcome_done(&changed);
		if (rc)
			return err_prefix(err, "with the data changed (%c)", *way);
	}
	return 0;
}

static int look_at_all(const struct leak_check *check, const struct outcome *whole, struct leak_report *ret,
		       struct err *err)
{
	int32_t *days = NULL, *row_days = NULL;
	uint8_t *half = xcalloc(check->frame->n_rows + 1, 1);
	size_t n = choose_days(whole->panel, check->days, &days);
	int rc = panel_days(check->frame, check->spec->date, &row_days, err);
	struct rows_of rows = {row_days, half};

	for (size_t i = 0; i < check->frame->n_rows; i++)
		half[i] = mix(i + 7) & 1;
	if (ret->predicted_day != DAY_UNKNOWN) { /* one of them */
		for (size_t i = 0; i < n; i++)
			if (days[i] == ret->predicted_day)
				days[i] = days[--n];
		days[n++] = ret->predicted_day;
	}
	ret->days = n;
	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = look_at(check, &rows, whole, days[i], ret, err);
		if (rc == 0 && check->progress)
			check->progress(check->context, i + 1, n);
	}
	free(days);
	free(row_days);
	free(half);
	return rc;
}

int leaks_find(const struct leak_check *check, struct leak_report *ret, struct err *err)
{
	struct outcome whole = {0};
	int rc = compute(check, frame_copy(check->frame), DAY_UNKNOWN, &whole, err);

	*ret = (struct leak_report){.predicted_day = DAY_UNKNOWN};
	if (rc == 0) {
		ret->columns = features_count(whole.features);
		if (check->predict) {
			ret->predicted_day = choose_cycle(whole.panel, whole.spec);
			rc = check->predict(check->context, whole.spec, whole.panel, whole.features, whole.matrix,
					    ret->predicted_day, &whole.said, err);
		}
	}
	if (rc == 0)
		rc = look_at_all(check, &whole, ret, err);
	outcome_done(&whole);
	if (rc)
		leak_report_done(ret);
	return rc;
}
