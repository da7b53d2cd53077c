/* constraint_check.c - where data violate a baseline's constraints. */
#include "model/constraint.h"

#define SHOWN_MAX 40 /* characters of a text that is quoted */

const char *const violation_check_names[] = {
	[CHECK_MISSING_COLUMN] = "missing_column_check", [CHECK_EXTRA_COLUMN] = "extra_column_check",
	[CHECK_DATA_TYPE] = "data_type_check",		 [CHECK_COMPLETENESS] = "completeness_check",
	[CHECK_NON_NEGATIVE] = "non_negative_check",	 [CHECK_CATEGORIES] = "categorical_values_check",
	[CHECK_DRIFT] = "baseline_drift_check",
};

void violations_done(struct violations *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].feature);
		free(l->items[i].description);
	}
	free(l->items);
	strlist_done(&l->not_compared);
	*l = (struct violations){0};
}

static void PRINTF_LIKE(4, 5)
	add(struct violations *l, const char *feature, enum violation_check check, const char *fmt, ...)
{
	va_list ap;

	GROW(l->items, l->cap, l->n + 1);
	va_start(ap, fmt);
	l->items[l->n++] = (struct violation){xstrdup(feature), check, xvasprintf(fmt, ap)};
	va_end(ap);
}

/* An integer is a fraction too, and anything is a text. */
static size_t cells_of_type(const struct profile_column *column, enum column_type type)
{
	switch (type) {
	case COLUMN_INTEGRAL:
		return column->cells[CELL_INTEGRAL];
	case COLUMN_FRACTIONAL:
		return column->cells[CELL_INTEGRAL] + column->cells[CELL_FRACTIONAL];
	case COLUMN_STRING:
	case COLUMN_UNKNOWN:
		break;
	}
	return profile_present(column);
}

static void check_type(const struct constraint *c, const struct profile_column *column, struct violations *ret)
{
	size_t present = profile_present(column), match = cells_of_type(column, c->type);
	double share = present ? (double)match / (double)present : 1;

	if (share >= c->settings.type_share)
		return;
	AUTO(str)
	char *first = column->first_text_row ? xasprintf("; \"%.*s\" in row %zu is the first text", SHOWN_MAX,
							 column->first_text, column->first_text_row)
					     : xstrdup("");

	add(ret, c->name, CHECK_DATA_TYPE,
	    "Data type match requirement is not met. Expected data type: %s, expected "
	    "match: %.6g%%. Observed: only %.6g%% of data is %s (%zu of %zu)%s.",
	    column_type_names[c->type], c->settings.type_share * 100, share * 100, column_type_names[c->type], match,
	    present, first);
}

static void check_completeness(const struct constraint *c, const struct profile *p, const struct profile_column *column,
			       struct violations *ret)
{
	double share = (double)profile_present(column) / (double)p->rows;

	/* It was written with 15 digits. */
	if (!isnan(c->completeness) && share < c->completeness - 1e-12)
		add(ret, c->name, CHECK_COMPLETENESS, "%zu of %zu values are missing: completeness %.6g is below %.6g.",
		    profile_missing(p, column), p->rows, share, c->completeness);
}

static void check_values(const struct constraint *c, const struct profile_column *column, struct violations *ret)
{
	size_t present = profile_present(column), known = 0;

	if (c->non_negative && column->negative)
		add(ret, c->name, CHECK_NON_NEGATIVE,
		    "%zu of %zu numbers are negative, the least is %.6g; the baseline has none.", column->negative,
		    column->moments.count, column->moments.least);
	if (!c->domain.n || !present)
		return;
	for (size_t i = 0; i < c->domain.n; i++)
		known += tally_count(&column->tally, c->domain.items[i]);
	if ((double)known / (double)present < c->settings.domain_share)
		add(ret, c->name, CHECK_CATEGORIES,
		    "%zu of %zu values are none of the %zu of the baseline: %.6g%% "
		    "are, %.6g%% is required.",
		    present - known, present, c->domain.n, 100 * (double)known / (double)present,
		    c->settings.domain_share * 100);
}

/* --- distributions ---------------------------------------------------------------------- */

/* What chance alone may make of it where there are few rows is no drift: Robust takes off the
 * distance that two samples of one distribution exceed once in 333 times (the critical value
 * of Kolmogorov and Smirnov's test). */
static double robust(const struct constraint *c, double distance, double n, double m)
{
	if (c->settings.method == DRIFT_SIMPLE)
		return distance;
	return MAX(0, distance - 1.8 * sqrt((n + m) / (n * m)));
}

/* Of a baseline that is known by buckets alone: their bounds are compared. */
static double bucket_distance(const struct sketch_points *bounds, const struct sketch_points *data)
{
	double total = sketch_points_total(bounds), rows = sketch_points_total(data), most = 0;

	for (size_t i = 0; i < bounds->n; i++) {
		double share = sketch_points_rank(data, bounds->items[i].value, i + 1 == bounds->n) / rows;

		most = MAX(most, fabs(bounds->items[i].below / total - share));
	}
	return most;
}

/* The largest difference of a text's share; what is new counts as well. */
static double categorical_distance(const struct constraint *c, const struct profile_column *column, double total)
{
	double rows = (double)profile_present(column), most = 0;
	AUTO(map) struct map known = {0};
	size_t n;
	struct tally_row *seen = tally_rows(&column->tally, &n);

	for (size_t i = 0; i < c->n_categories; i++) {
		double share = (double)tally_count(&column->tally, c->categories[i].text) / rows;

		most = MAX(most, fabs(share - c->categories[i].count / total));
		map_put(&known, c->categories[i].text, column->name);
	}
	for (size_t i = 0; i < n; i++)
		if (!map_get(&known, seen[i].text))
			most = MAX(most, (double)seen[i].count / rows);
	free(seen);
	return most;
}

static void tell_drift(const struct constraint *c, double distance, double threshold, struct violations *ret)
{
	if (distance > threshold)
		add(ret, c->name, CHECK_DRIFT, "Baseline drift distance: %.6g exceeds threshold: %.6g", distance,
		    threshold);
}

static void check_numbers(const struct constraint *c, const struct profile_column *column, struct violations *ret)
{
	AUTO(sketch_points) struct sketch_points data = {0};
	double n = sketch_points_total(&c->points), m = (double)column->moments.count, distance;

	if (n <= 0) {
		strlist_take(&ret->not_compared, xasprintf("%s: the baseline has no distribution of it", c->name));
		return;
	}
	if (m <= 0)
		return;
	sketch_points(&column->sketch, &data);
	distance =
		c->points_are_bounds ? bucket_distance(&c->points, &data) : sketch_points_distance(&c->points, &data);
	tell_drift(c, robust(c, distance, n, m), c->settings.drift, ret);
}

static void check_texts(const struct constraint *c, const struct profile_column *column, struct violations *ret)
{
	double total = 0, m = (double)profile_present(column);

	for (size_t i = 0; i < c->n_categories; i++)
		total += c->categories[i].count;
	if (total <= 0) {
		strlist_take(&ret->not_compared, xasprintf("%s: the baseline has no counts of its texts", c->name));
		return;
	}
	if (m > 0)
		tell_drift(c, robust(c, categorical_distance(c, column, total), total, m), c->settings.categorical,
			   ret);
}

static void check_feature(const struct constraint *c, const struct profile *p, const struct profile_column *column,
			  struct violations *ret)
{
	if (!c->settings.evaluate)
		return;
	if (!column || !column->last_row) {
		add(ret, c->name, CHECK_MISSING_COLUMN, "The baseline has this column, the data do not.");
		return;
	}
	check_type(c, column, ret);
	check_completeness(c, p, column, ret);
	check_values(c, column, ret);
	if (!c->settings.compare || c->type == COLUMN_UNKNOWN)
		return;
	if (c->type == COLUMN_STRING)
		check_texts(c, column, ret);
	else
		check_numbers(c, column, ret);
}

void constraints_check(const struct constraints *l, const struct profile *p, struct violations *ret)
{
	bool evaluate = !l->n; /* nothing said: all */
	AUTO(map) struct map known = {0};

	for (size_t i = 0; i < l->n; i++) {
		size_t column = profile_find(p, l->items[i].name);

		evaluate |= l->items[i].settings.evaluate;
		map_put(&known, l->items[i].name, ret);
		check_feature(&l->items[i], p, column == PROFILE_NONE ? NULL : &p->columns[column], ret);
	}
	for (size_t i = 0; i < p->n && evaluate; i++)
		if (!map_get(&known, p->columns[i].name))
			add(ret, p->columns[i].name, CHECK_EXTRA_COLUMN,
			    "The data have this column, the baseline does not.");
}
