/* profile.c - what columns look like: see profile.h. */
#include "model/profile.h"

#include <ctype.h>
#include <strings.h>

#define TALLY_BUDGET ((size_t)128 << 20)

const char *const column_type_names[] = {
	[COLUMN_UNKNOWN] = "Unknown",
	[COLUMN_INTEGRAL] = "Integral",
	[COLUMN_FRACTIONAL] = "Fractional",
	[COLUMN_STRING] = "String",
};

void profile_init(struct profile *p)
{
	*p = (struct profile){.tally_budget = TALLY_BUDGET};
}

void profile_done(struct profile *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->columns[i].name);
		free(p->columns[i].first_text);
		sketch_done(&p->columns[i].sketch);
		tally_done(&p->columns[i].tally);
	}
	free(p->columns);
	map_done(&p->by_name);
	*p = (struct profile){0};
}

size_t profile_find(const struct profile *p, const char *name)
{
	uintptr_t place = (uintptr_t)map_get(&p->by_name, name);

	return place ? place - 1 : PROFILE_NONE;
}

int profile_column(struct profile *p, const char *name, size_t *ret, struct err *err)
{
	*ret = profile_find(p, name);
	if (*ret != PROFILE_NONE)
		return 0;
	if (p->n == PROFILE_COLUMNS_MAX)
		return err_set(err, ERR_TOOBIG, "more than %d columns: leave out what is not to be watched",
			       PROFILE_COLUMNS_MAX);
	GROW(p->columns, p->cap, p->n + 1);
	p->columns[p->n] = (struct profile_column){.name = xstrdup(name)};
	*ret = p->n++;
	map_put(&p->by_name, name, (void *)(uintptr_t)p->n);
	return 0;
}

/* --- cells --------------------------------------------------------------------------- */

static const char *skip_digits(const char *p)
{
	while (isdigit((unsigned char)*p))
		p++;
	return p;
}

/* Digits with a point or an exponent, or without; nothing of strtod's hexadecimal and words. */
static enum cell_type number_form(const char *p, const char *end)
{
	bool sign = *p == '-' || *p == '+';
	const char *digits = p + sign, *q = skip_digits(digits);
	size_t n = (size_t)(q - digits);
	enum cell_type type = CELL_INTEGRAL;

	if (*q == '.') {
		const char *fraction = q + 1;

		q = skip_digits(fraction);
		n += (size_t)(q - fraction);
		type = CELL_FRACTIONAL;
	}
	if (!n)
		return CELL_TEXT;
	if (*q == 'e' || *q == 'E') {
		const char *exponent = q + 1 + (q[1] == '-' || q[1] == '+');

		q = skip_digits(exponent);
		if (q == exponent)
			return CELL_TEXT;
		type = CELL_FRACTIONAL;
	}
	return q == end ? type : CELL_TEXT;
}

enum cell_type cell_parse(const char *text, double *ret)
{
	const char *p = text + strspn(text, " \t"), *end = p + strlen(p);
	enum cell_type type;

	while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (p == end || (end - p == 3 && !strncasecmp(p, "nan", 3)))
		return CELL_MISSING;
	type = number_form(p, end);
	if (type == CELL_TEXT)
		return type;
	*ret = strtod(p, NULL);
	return isfinite(*ret) ? type : CELL_TEXT;
}

void profile_begin_row(struct profile *p)
{
	p->rows++;
}

/* Neumaier's: what the sum loses is kept beside it. */
static void add_to_sum(struct profile_column *c, double v)
{
	double sum = c->sum + v;

	c->sum_error += fabs(c->sum) >= fabs(v) ? c->sum - sum + v : v - sum + c->sum;
	c->sum = sum;
}

void profile_add(struct profile *p, size_t column, enum cell_type type, double number, const char *text)
{
	struct profile_column *c = &p->columns[column];

	if (c->last_row == p->rows)
		return;
	c->last_row = p->rows;
	if (type == CELL_MISSING)
		return;
	c->cells[type]++;
	tally_add(&c->tally, text, &p->tally_budget);
	if (type == CELL_TEXT) {
		if (!c->first_text_row) {
			c->first_text_row = p->rows;
			c->first_text = xstrdup(text);
		}
		return;
	}
	moments_add(&c->moments, number);
	add_to_sum(c, number);
	c->negative += number < 0;
	sketch_add(&c->sketch, number);
}

/* --- what they tell -------------------------------------------------------------------- */

size_t profile_present(const struct profile_column *c)
{
	return c->cells[CELL_INTEGRAL] + c->cells[CELL_FRACTIONAL] + c->cells[CELL_TEXT];
}

size_t profile_missing(const struct profile *p, const struct profile_column *c)
{
	return p->rows - profile_present(c);
}

enum column_type profile_type(const struct profile_column *c)
{
	if (c->cells[CELL_TEXT])
		return COLUMN_STRING;
	if (c->cells[CELL_FRACTIONAL])
		return COLUMN_FRACTIONAL;
	return c->cells[CELL_INTEGRAL] ? COLUMN_INTEGRAL : COLUMN_UNKNOWN;
}

double profile_sum(const struct profile_column *c)
{
	return c->sum + c->sum_error;
}

double profile_bound(const struct profile_column *c, size_t i, size_t n)
{
	double least = c->moments.least, greatest = c->moments.greatest, share = (double)i / (double)n;

	return i == n ? greatest : least * (1 - share) + greatest * share;
}

void profile_buckets(const struct profile_column *c, size_t n, double *counts)
{
	AUTO(sketch_points) struct sketch_points points = {0};
	double before = 0;

	sketch_points(&c->sketch, &points);
	for (size_t i = 0; i < n; i++) {
		double until = i + 1 == n ? sketch_points_total(&points)
					  : sketch_points_rank(&points, profile_bound(c, i + 1, n), false);

		counts[i] = until - before;
		before = until;
	}
}
