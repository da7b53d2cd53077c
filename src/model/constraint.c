/* constraint.c - constraints kept, and proposed from data: see constraint.h. */
#include "model/constraint.h"

#define ONCE_SHARE 0.1 /* a domain is closed where at most so many of its texts occur once */

void constraints_done(struct constraints *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct constraint *c = &l->items[i];

		for (size_t k = 0; k < c->n_categories; k++)
			free(c->categories[k].text);
		free(c->categories);
		free(c->name);
		strlist_done(&c->domain);
		sketch_points_done(&c->points);
	}
	free(l->items);
	*l = (struct constraints){0};
}

struct constraint *constraints_add(struct constraints *l, const char *name)
{
	GROW(l->items, l->cap, l->n + 1);
	l->items[l->n] =
		(struct constraint){.name = xstrdup(name), .completeness = NAN, .settings = CONSTRAINT_SETTINGS_USUAL};
	return &l->items[l->n++];
}

struct constraint *constraints_find(const struct constraints *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->items[i].name, name))
			return &l->items[i];
	return NULL;
}

/* Texts that are an enumeration, not names or remarks. */
static void suggest_domain(const struct profile_column *column, struct constraint *c)
{
	size_t n, once = 0;

	if (!tally_is_exact(&column->tally) || tally_distinct(&column->tally) > PROFILE_CATEGORIES_MAX)
		return;
	struct tally_row *rows = tally_rows(&column->tally, &n);

	for (size_t i = 0; i < n; i++)
		once += rows[i].count == 1;
	for (size_t i = 0; i < n && (double)once <= ONCE_SHARE * (double)n; i++)
		strlist_add(&c->domain, rows[i].text);
	free(rows);
}

void constraints_suggest(const struct profile *p, struct constraints *ret)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct profile_column *column = &p->columns[i];
		struct constraint *c = constraints_add(ret, column->name);

		c->type = profile_type(column);
		c->completeness = (double)profile_present(column) / (double)p->rows;
		if (c->type == COLUMN_STRING)
			suggest_domain(column, c);
		else if (c->type != COLUMN_UNKNOWN)
			c->non_negative = column->negative == 0;
	}
}

int constraints_prepare(const struct constraints *l, struct profile *p, struct err *err)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct constraint *c = &l->items[i];
		size_t column;

		if (profile_column(p, c->name, &column, err) < 0)
			return -err->code;
		for (size_t k = 0; k < c->domain.n; k++)
			tally_expect(&p->columns[column].tally, c->domain.items[k]);
		for (size_t k = 0; k < c->n_categories; k++)
			tally_expect(&p->columns[column].tally, c->categories[k].text);
	}
	return 0;
}
