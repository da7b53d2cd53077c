/* backtest_pair.c - two runs on the rows that both have. */
#include <math.h>

#include "app/backtest.h"
#include "base/utf8.h"

#define NONE UINT32_MAX

void backtest_pair_done(struct backtest_pair *p)
{
	free(p->name_a);
	free(p->name_b);
	backtest_result_done(&p->joined);
}

/* B's number of each entity of A; NONE where it has none. */
static uint32_t *map_entities(const struct backtest_rows *a, const struct backtest_rows *b)
{
	uint32_t *ret = xreallocarray(NULL, a->entities.n + 1, sizeof(*ret));
	const char *key;
	void *value;

	for (size_t i = 0; map_next(&a->index, &i, &key, &value);) {
		uintptr_t at = (uintptr_t)map_get(&b->index, key);
		ret[(uintptr_t)value - 1] = at ? (uint32_t)(at - 1) : NONE;
	}
	return ret;
}

/* B's row of each row of A; NONE where it has none. Both are in order of date. */
static uint32_t *match_rows(const struct backtest_rows *a, const struct backtest_rows *b)
{
	uint32_t *ret = xreallocarray(NULL, a->n + 1, sizeof(*ret)), *entity = map_entities(a, b);
	uint32_t *row_of = xreallocarray(NULL, b->entities.n + 1, sizeof(*row_of)); /* on the current date */
	size_t at = 0;

	for (size_t i = 0; i < b->entities.n; i++)
		row_of[i] = NONE;
	for (size_t i = 0; i < a->n; i++) {
		int64_t day = a->slate_days[a->slate[i]];
		for (; at < b->n && b->slate_days[b->slate[at]] <= day; at++)
			row_of[b->entity[at]] = (uint32_t)at;
		uint32_t row = entity[a->entity[i]] == NONE ? NONE : row_of[entity[a->entity[i]]];
		bool same_day = row != NONE && b->slate_days[b->slate[row]] == day;
		ret[i] = same_day ? row : NONE;
	}
	free(row_of);
	free(entity);
	return ret;
}

static int check_agreement(const struct backtest_rows *a, size_t i, const struct backtest_rows *b, size_t k,
			   struct err *err)
{
	double x = a->fixed[BACKTEST_ACTUAL][i], y = b->fixed[BACKTEST_ACTUAL][k];
	const char *entity = a->entities.items[a->entity[i]];
	char day[16];

	backtest_rows_day_text(day, a->slate_days[a->slate[i]]);
	if (a->scored[i] != b->scored[k])
		return err_set(err, ERR_INVALID, "%s on %s happened in one of them only: they are not of the same data",
			       entity, day);
	if (a->scored[i] && x != y)
		return err_set(err, ERR_INVALID,
			       "%s on %s is %.10g in one and %.10g in the other: they are not of the "
			       "same data",
			       entity, day, x, y);
	return 0;
}

/* Row i of A becomes its row `to`. */
static void move_row(struct backtest_rows *p, size_t to, size_t i)
{
	p->slate[to] = p->slate[i];
	p->week[to] = p->week[i];
	p->entity[to] = p->entity[i];
	p->cycle[to] = p->cycle[i];
	p->scored[to] = p->scored[i];
	for (size_t k = 0; k < BACKTEST_FIXED_COUNT; k++)
		p->fixed[k][to] = p->fixed[k][i];
	for (size_t k = 0; k < p->n_columns; k++)
		p->columns[k].values[to] = p->columns[k].values[i];
}

/* B's predictions stand before A's columns, those but the season mean (which makes the
 * levels) have served. */
static void put_column(struct backtest_rows *a, const char *name, double *values)
{
	struct backtest_column *columns = xcalloc(2, sizeof(*columns));
	size_t n = 1;

	columns[0] = (struct backtest_column){BACKTEST_MODEL, xstrdup(name), values};
	for (size_t k = 0; k < a->n_columns; k++) {
		struct backtest_column *c = &a->columns[k];
		if (c == backtest_rows_baseline(a, "season_mean")) {
			columns[n++] = *c;
			continue;
		}
		free(c->name);
		free(c->values);
	}
	free(a->columns);
	a->columns = columns;
	a->n_columns = n;
}

static int join(struct backtest_rows *a, const struct backtest_rows *b, struct backtest_pair *ret, struct err *err)
{
	uint32_t *match = match_rows(a, b);
	double *values = xreallocarray(NULL, a->n + 1, sizeof(*values));
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < a->n && rc == 0; i++) {
		if (match[i] == NONE)
			continue;
		rc = check_agreement(a, i, b, match[i], err);
		values[n] = b->fixed[BACKTEST_PREDICTION][match[i]];
		move_row(a, n++, i);
	}
	free(match);
	if (rc == 0 && n == 0)
		rc = err_set(err, ERR_INVALID, "%s and %s have no row (date and entity) in common", ret->name_a,
			     ret->name_b);
	ret->both = n;
	ret->only_a = a->n - n;
	ret->only_b = b->n - n;
	a->n = n;
	put_column(a, ret->name_b, values);
	return rc;
}

int backtest_pair_load(const char *a, const char *b, struct backtest_pair *ret, struct err *err)
{
	struct backtest_result *r = &ret->joined;
	AUTO(backtest_rows) struct backtest_rows other = {0};

	*ret = (struct backtest_pair){.name_a = utf8_sanitize_dup(a), .name_b = utf8_sanitize_dup(b)};
	int rc = backtest_rows_load(a, &r->predictions, NULL, err);
	rc = rc ? rc : backtest_rows_load(b, &other, NULL, err);
	rc = rc ? rc : join(&r->predictions, &other, ret, err);
	if (rc < 0)
		return rc;
	r->headline_words = xstrdup(ret->name_b);
	backtest_result_input(r, BACKTEST_COVERAGE);
	judge_predictions(&r->input, &r->judge);
	return 0;
}
