/* backtest_rows.c - a backtest's predictions, read line by line and held against what the
 * file must be. */
#include "model/backtest_rows.h"

#include <math.h>

#include "base/clock.h"
#include "base/csv.h"
#include "base/timefmt.h"
#include "base/utf8.h"

#define NUMBER_MAX 1e100

static const char *const fixed_names[BACKTEST_FIXED_COUNT] = {"actual", "prediction", "low", "high", "scale"};

void backtest_rows_init(struct backtest_rows *p, const char *what)
{
	*p = (struct backtest_rows){.what = what};
	buf_init(&p->cell, 4096);
}

void backtest_rows_done(struct backtest_rows *p)
{
	free(p->slate);
	free(p->week);
	free(p->entity);
	free(p->cycle);
	free(p->scored);
	for (size_t i = 0; i < BACKTEST_FIXED_COUNT; i++)
		free(p->fixed[i]);
	for (size_t i = 0; i < p->n_columns; i++) {
		free(p->columns[i].name);
		free(p->columns[i].values);
	}
	free(p->columns);
	free(p->slate_days);
	free(p->week_days);
	free(p->last_slate);
	strlist_done(&p->entities);
	map_done(&p->index);
	buf_done(&p->cell);
	*p = (struct backtest_rows){0};
}

const struct backtest_column *backtest_rows_baseline(const struct backtest_rows *p, const char *name)
{
	for (size_t i = 0; i < p->n_columns; i++)
		if (p->columns[i].kind == BACKTEST_BASELINE && str_eq(p->columns[i].name, name))
			return &p->columns[i];
	return NULL;
}

char *backtest_rows_day_text(char *buf, int64_t day)
{
	char iso[TIMEFMT_LEN];

	str_copy(buf, 11, timefmt_iso(iso, day * DAY_MS));
	return buf;
}

/* "what:line: reason" */
static int PRINTF_LIKE(3, 4) bad(const struct backtest_rows *p, struct err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	AUTO(str) char *reason = xvasprintf(fmt, ap);
	va_end(ap);
	return err_set(err, ERR_PARSE, "%s:%zu: %s", p->what, p->line, reason);
}

static int PRINTF_LIKE(3, 4) too_big(const struct backtest_rows *p, struct err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	AUTO(str) char *reason = xvasprintf(fmt, ap);
	va_end(ap);
	return err_set(err, ERR_TOOBIG, "%s:%zu: %s", p->what, p->line, reason);
}

/* --- cells -------------------------------------------------------------------- */

struct cursor {
	const char *at, *end; /* at NULL: the record has ended */
};

/* The record's next cell into p->cell. */
static int next_cell(struct backtest_rows *p, struct cursor *c, const char *column, struct err *err)
{
	if (!c->at)
		return bad(p, err, "the line ends before its column %s: it is torn, or of another file", column);
	c->at = csv_field(c->at, c->end, &p->cell);
	if (!c->at)
		return bad(p, err, "the quotes of column %s are not closed", column);
	if (p->cell.overflow)
		return bad(p, err, "column %s is longer than 4 KB", column);
	c->at = c->at < c->end && *c->at == ',' ? c->at + 1 : NULL;
	return 0;
}

/* A cell as a number; NAN where it is empty. */
static int next_number(struct backtest_rows *p, struct cursor *c, const char *column, double *ret, struct err *err)
{
	double v;

	if (next_cell(p, c, column, err) < 0)
		return -ERR_PARSE;
	if (p->cell.len == 0) {
		*ret = NAN;
		return 0;
	}
	if (!str_to_f64(p->cell.data, &v))
		return bad(p, err, "%s is \"%.60s\": a number is wanted, or nothing where it is not known", column,
			   p->cell.data);
	if (fabs(v) > NUMBER_MAX)
		return bad(p, err, "%s is %.60s: numbers beyond 1e100 are not taken", column, p->cell.data);
	*ret = v;
	return 0;
}

/* --- header ------------------------------------------------------------------- */

static const char *const first_names[] = {"date",   "entity",	  "group", "cycle", "scored",
					  "actual", "prediction", "low",   "high",  "scale"};

static int check_column(struct backtest_rows *p, const struct backtest_column *c, struct err *err)
{
	for (size_t i = 0; i < p->n_columns; i++) {
		if (p->columns[i].kind == c->kind && str_eq(p->columns[i].name, c->name))
			return bad(p, err, "the column %.60s is there twice", c->name);
		if (p->columns[i].kind > c->kind)
			return bad(p, err, "model: columns stand first, baseline: ones behind them, never is the last");
	}
	if (p->n_columns == BACKTEST_COLUMNS_MAX)
		return too_big(p, err, "more than %d columns of models and baselines", BACKTEST_COLUMNS_MAX);
	return 0;
}

static int add_column(struct backtest_rows *p, struct err *err)
{
	static const char *const prefixes[] = {"model:", "baseline:"};
	const char *text = buf_str(&p->cell);
	struct backtest_column c = {.kind = BACKTEST_NEVER};

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (str_starts(text, prefixes[i])) {
			c.kind = (enum backtest_column_kind)i;
			text += strlen(prefixes[i]);
		}
	if (c.kind == BACKTEST_NEVER && !str_eq(text, "never"))
		return bad(p, err,
			   "the column \"%.60s\" is none of a predictions file: model:NAME, baseline:NAME, never",
			   text);
	if (!*text || strlen(text) > BACKTEST_NAME_MAX)
		return bad(p, err, "a model's or baseline's name has 1 to %d bytes", BACKTEST_NAME_MAX);
	c.name = utf8_sanitize_dup(text);
	int rc = check_column(p, &c, err);
	if (rc < 0) {
		free(c.name);
		return rc;
	}
	p->columns = xreallocarray(p->columns, p->n_columns + 1, sizeof(*p->columns));
	p->columns[p->n_columns++] = c;
	return 0;
}

static int add_header(struct backtest_rows *p, struct cursor *c, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(first_names); i++) {
		if (next_cell(p, c, first_names[i], err) < 0)
			return -ERR_PARSE;
		if (!str_eq(buf_str(&p->cell), first_names[i]))
			return bad(p, err, "column %zu is \"%.60s\", \"%s\" is wanted: is this a predictions file?",
				   i + 1, buf_str(&p->cell), first_names[i]);
	}
	int rc = 0;
	while (rc == 0 && c->at) {
		rc = next_cell(p, c, "of a model or baseline", err);
		rc = rc ? rc : add_column(p, err);
	}
	return rc;
}

/* --- rows --------------------------------------------------------------------- */

static void add_slate(struct backtest_rows *p, int64_t day)
{
	int64_t monday = day - ((day + 3) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */

	GROW(p->slate_days, p->cap_slates, p->n_slates + 1);
	p->slate_days[p->n_slates++] = day;
	if (p->n_weeks == 0 || p->week_days[p->n_weeks - 1] != monday) {
		GROW(p->week_days, p->cap_weeks, p->n_weeks + 1);
		p->week_days[p->n_weeks++] = monday;
	}
}

static int next_date(struct backtest_rows *p, struct cursor *c, struct err *err)
{
	int64_t ms;

	if (next_cell(p, c, "date", err) < 0)
		return -ERR_PARSE;
	if (p->n_slates && str_eq(buf_str(&p->cell), p->date))
		return 0;
	if (p->cell.len != 10 || !timefmt_parse_iso(p->cell.data, &ms) || ms % DAY_MS)
		return bad(p, err, "date is \"%.60s\": one such as 2018-01-31 is wanted", buf_str(&p->cell));
	if (p->n_slates && ms / DAY_MS <= p->slate_days[p->n_slates - 1])
		return bad(p, err, "%s stands behind %s: rows are in order of date", p->cell.data, p->date);
	if (p->n_slates == BACKTEST_SLATES_MAX)
		return too_big(p, err, "more than %d dates", BACKTEST_SLATES_MAX);
	str_copy(p->date, sizeof(p->date), p->cell.data);
	add_slate(p, ms / DAY_MS);
	return 0;
}

static int next_entity(struct backtest_rows *p, struct cursor *c, uint32_t *ret, struct err *err)
{
	if (next_cell(p, c, "entity", err) < 0)
		return -ERR_PARSE;
	if (p->cell.len == 0 || p->cell.len > BACKTEST_NAME_MAX)
		return bad(p, err, "an entity has 1 to %d bytes", BACKTEST_NAME_MAX);
	uintptr_t at = (uintptr_t)map_get(&p->index, p->cell.data);
	if (at == 0) {
		if (p->entities.n == BACKTEST_ENTITIES_MAX)
			return too_big(p, err, "more than %d entities", BACKTEST_ENTITIES_MAX);
		strlist_take(&p->entities, utf8_sanitize_dup(p->cell.data));
		at = p->entities.n;
		map_put(&p->index, p->cell.data, (void *)at);
		GROW(p->last_slate, p->cap_last_slate, at);
		p->last_slate[at - 1] = 0;
	}
	*ret = (uint32_t)(at - 1);
	if (p->last_slate[*ret] == p->n_slates)
		return bad(p, err, "%.100s has a second row on %s: an entity has one a date", p->entities.items[*ret],
			   p->date);
	p->last_slate[*ret] = (uint32_t)p->n_slates;
	return 0;
}

static int next_cycle(struct backtest_rows *p, struct cursor *c, uint32_t *ret, struct err *err)
{
	int64_t cycle;

	if (next_cell(p, c, "cycle", err) < 0)
		return -ERR_PARSE;
	if (!str_to_i64(buf_str(&p->cell), &cycle) || cycle < 0 || cycle >= BACKTEST_CYCLES_MAX)
		return bad(p, err, "cycle is \"%.60s\": 0 to %d is wanted", buf_str(&p->cell), BACKTEST_CYCLES_MAX - 1);
	p->n_cycles = MAX(p->n_cycles, (size_t)cycle + 1);
	*ret = (uint32_t)cycle;
	return 0;
}

static int next_scored(struct backtest_rows *p, struct cursor *c, bool *ret, struct err *err)
{
	if (next_cell(p, c, "scored", err) < 0)
		return -ERR_PARSE;
	*ret = str_eq(buf_str(&p->cell), "1");
	if (!*ret && !str_eq(buf_str(&p->cell), "0"))
		return bad(p, err, "scored is \"%.60s\": 1 or 0 is wanted", buf_str(&p->cell));
	return 0;
}

/* What a row's own numbers must be to each other. */
static int check_row(struct backtest_rows *p, size_t i, struct err *err)
{
	double low = p->fixed[BACKTEST_LOW][i], high = p->fixed[BACKTEST_HIGH][i];

	if (p->scored[i] == isnan(p->fixed[BACKTEST_ACTUAL][i]))
		return bad(p, err,
			   p->scored[i] ? "a scored row has an actual; here it is empty"
					: "a row that is not scored has no actual; here is one");
	if (isnan(low) != isnan(high))
		return bad(p, err, "low and high come together; here is one of them");
	if (low > high)
		return bad(p, err, "low is above high");
	if (p->fixed[BACKTEST_SCALE][i] <= 0)
		return bad(p, err, "scale is above 0, or empty where it is not known");
	return 0;
}

static void grow_rows(struct backtest_rows *p)
{
	size_t cap = p->cap ? p->cap * 2 : 1024;

	if (p->n < p->cap)
		return;
	p->slate = xreallocarray(p->slate, cap, sizeof(*p->slate));
	p->week = xreallocarray(p->week, cap, sizeof(*p->week));
	p->entity = xreallocarray(p->entity, cap, sizeof(*p->entity));
	p->cycle = xreallocarray(p->cycle, cap, sizeof(*p->cycle));
	p->scored = xreallocarray(p->scored, cap, sizeof(*p->scored));
	for (size_t k = 0; k < BACKTEST_FIXED_COUNT; k++)
		p->fixed[k] = xreallocarray(p->fixed[k], cap, sizeof(double));
	for (size_t k = 0; k < p->n_columns; k++)
		p->columns[k].values = xreallocarray(p->columns[k].values, cap, sizeof(double));
	p->cap = cap;
}

static int next_numbers(struct backtest_rows *p, struct cursor *c, size_t i, struct err *err)
{
	for (size_t k = 0; k < BACKTEST_FIXED_COUNT; k++)
		if (next_number(p, c, fixed_names[k], &p->fixed[k][i], err) < 0)
			return -ERR_PARSE;
	for (size_t k = 0; k < p->n_columns; k++)
		if (next_number(p, c, p->columns[k].name, &p->columns[k].values[i], err) < 0)
			return -ERR_PARSE;
	return 0;
}

static int add_row(struct backtest_rows *p, struct cursor *c, struct err *err)
{
	size_t i = p->n;

	if (i == BACKTEST_ROWS_MAX || (i + 1) * (BACKTEST_FIXED_COUNT + p->n_columns) > BACKTEST_NUMBERS_MAX)
		return too_big(p, err, "the file has more rows than are held in memory: judge a part of it");
	grow_rows(p);
	int rc = next_date(p, c, err);
	rc = rc ? rc : next_entity(p, c, &p->entity[i], err);
	rc = rc ? rc : next_cell(p, c, "group", err);
	rc = rc ? rc : next_cycle(p, c, &p->cycle[i], err);
	rc = rc ? rc : next_scored(p, c, &p->scored[i], err);
	rc = rc ? rc : next_numbers(p, c, i, err);
	rc = rc ? rc : check_row(p, i, err);
	if (rc < 0)
		return rc;
	if (c->at)
		return bad(p, err, "the line has more cells than the header");
	p->slate[i] = (uint32_t)p->n_slates - 1;
	p->week[i] = (uint32_t)p->n_weeks - 1;
	p->n++;
	return 0;
}

int backtest_rows_add_line(struct backtest_rows *p, const char *line, size_t n, struct err *err)
{
	struct cursor c = {.at = line, .end = line + n};

	p->line++;
	if (memchr(line, '\0', n))
		return bad(p, err, "a zero byte: this is no text file");
	if (n == 0 || line[n - 1] != '\n')
		return bad(p, err, "the last line has no end: the file is torn, write it again");
	return p->line == 1 ? add_header(p, &c, err) : add_row(p, &c, err);
}

int backtest_rows_end(struct backtest_rows *p, struct err *err)
{
	if (p->n == 0)
		return err_set(err, ERR_PARSE, "%s has no %s: there is nothing to judge", p->what,
			       p->line ? "row" : "line");
	return 0;
}
