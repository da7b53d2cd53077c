/* Ranges and their scaling. */
#include "tuner/space.h"

#include <math.h>

/* What a continuous value is rounded to, so that its text is short and its own. */
#define DIGITS 9

void tuner_space_done(struct tuner_space *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->ranges[i].name);
		strlist_done(&s->ranges[i].words);
	}
	free(s->ranges);
	*s = (struct tuner_space){0};
}

struct tuner_range *tuner_space_add(struct tuner_space *s, const char *name, enum tuner_type type)
{
	GROW(s->ranges, s->cap, s->n + 1);
	s->ranges[s->n] = (struct tuner_range){.name = xstrdup(name), .type = type};
	return &s->ranges[s->n++];
}

int tuner_range_set_scale(struct tuner_range *r, const char *name, struct err *err)
{
	static const char *const names[] = {"Linear", "Logarithmic", "ReverseLogarithmic"};
	size_t i = 0;

	if (!name || str_eq(name, "Auto")) {
		r->scale = r->low > 0 && r->high / r->low >= 100 ? TUNER_LOG : TUNER_LINEAR;
		return 0;
	}
	while (i < ARRAY_LEN(names) && !str_eq(names[i], name))
		i++;
	if (i == ARRAY_LEN(names))
		return err_set(err, ERR_INVALID, "%s: no scaling is called %.40s", r->name, name);
	r->scale = (enum tuner_scale)i;
	if (r->scale == TUNER_LOG && r->low <= 0)
		return err_set(err, ERR_INVALID, "%s: a logarithmic range begins above 0, not at %g", r->name, r->low);
	if (r->scale == TUNER_REVERSE_LOG && r->type != TUNER_CONTINUOUS)
		return err_set(err, ERR_INVALID, "%s: only a continuous range can be reverse logarithmic", r->name);
	if (r->scale == TUNER_REVERSE_LOG && (r->low < 0 || r->high >= 1))
		return err_set(err, ERR_INVALID, "%s: a reverse logarithmic range lies within 0 <= x < 1", r->name);
	return 0;
}

static double scaled(const struct tuner_range *r, double value)
{
	switch (r->scale) {
	case TUNER_LOG:
		return log(value);
	case TUNER_REVERSE_LOG:
		return -log1p(-value);
	case TUNER_LINEAR:
		break;
	}
	return value;
}

static double unscaled(const struct tuner_range *r, double t)
{
	switch (r->scale) {
	case TUNER_LOG:
		return exp(t);
	case TUNER_REVERSE_LOG:
		return -expm1(-t);
	case TUNER_LINEAR:
		break;
	}
	return t;
}

/* The ends of the scaled range; an integer owns half a step on both sides. */
static void ends(const struct tuner_range *r, double *low, double *high)
{
	double margin = r->type == TUNER_INTEGER ? 0.5 : 0;

	*low = scaled(r, r->low - margin);
	*high = scaled(r, r->high + margin);
}

double tuner_range_code(const struct tuner_range *r, double value)
{
	double low, high;

	if (r->type == TUNER_CATEGORICAL)
		return (value + 0.5) / (double)r->words.n;
	ends(r, &low, &high);
	return high > low ? MIN(MAX((scaled(r, value) - low) / (high - low), 0), 1) : 0.5;
}

double tuner_range_value(const struct tuner_range *r, double code)
{
	double low, high;
	char text[40];

	if (r->type == TUNER_CATEGORICAL)
		return MIN(floor(code * (double)r->words.n), (double)r->words.n - 1);
	ends(r, &low, &high);
	double value = unscaled(r, low + code * (high - low));

	if (r->type == TUNER_INTEGER) {
		value = round(value);
	} else {
		snprintf(text, sizeof(text), "%.*g", DIGITS, value);
		value = strtod(text, NULL);
	}
	return MIN(MAX(value, r->low), r->high);
}

char *tuner_range_text(const struct tuner_range *r, double value)
{
	if (r->type == TUNER_CATEGORICAL)
		return xstrdup(r->words.items[(size_t)value]);
	if (r->type == TUNER_INTEGER)
		return xasprintf("%.0f", value);
	/* The bounds may have more digits than our own values. */
	for (int digits = DIGITS;; digits++) {
		char text[40];

		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (digits == 17 || strtod(text, NULL) == value)
			return xstrdup(text);
	}
}

bool tuner_range_parse(const struct tuner_range *r, const char *text, double *ret)
{
	for (size_t i = 0; i < r->words.n; i++) {
		if (str_eq(r->words.items[i], text)) {
			*ret = (double)i;
			return true;
		}
	}
	return r->type != TUNER_CATEGORICAL && text && str_to_f64(text, ret) && *ret >= r->low && *ret <= r->high &&
	       (r->type != TUNER_INTEGER || *ret == round(*ret));
}

static double range_size(const struct tuner_range *r)
{
	if (r->type == TUNER_CATEGORICAL)
		return (double)r->words.n;
	if (r->low == r->high)
		return 1;
	return r->type == TUNER_INTEGER ? r->high - r->low + 1 : INFINITY;
}

double tuner_space_size(const struct tuner_space *s)
{
	double size = 1;

	for (size_t i = 0; i < s->n; i++)
		size *= range_size(&s->ranges[i]);
	return size;
}

void tuner_space_point(const struct tuner_space *s, uint64_t index, double *values)
{
	for (size_t i = s->n; i-- > 0;) {
		const struct tuner_range *r = &s->ranges[i];
		uint64_t size = (uint64_t)range_size(r);

		values[i] = r->low + (double)(index % size);
		index /= size;
	}
}

bool tuner_space_same(const struct tuner_space *s, const double *a, const double *b)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct tuner_range *r = &s->ranges[i];

		if (r->type == TUNER_CONTINUOUS ? fabs(tuner_range_code(r, a[i]) - tuner_range_code(r, b[i])) > 1e-9
						: a[i] != b[i])
			return false;
	}
	return true;
}
