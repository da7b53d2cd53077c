/* A frame's rows put in panel order, with what each needs to know of the rows before. */
#include "trainer/panel/panel.h"

#include <math.h>

#include "trainer/panel/expression.h"

void panel_free(struct panel *p)
{
	if (!p)
		return;
	frame_free(p->frame);
	free(p->day);
	free(p->entity);
	free(p->season);
	free(p->season_start);
	free(p->earlier);
	free(p->counts);
	free(p->eligible);
	free(p->target);
	free(p->previous);
	strlist_done(&p->entity_names);
	strlist_done(&p->notes);
	free(p);
}

/* --- the columns that the specification names -------------------------------------------- */

static int find_column(const struct frame *t, const char *what, const char *name, size_t *ret, struct err *err)
{
	const char **names = xcalloc(t->n_columns + 1, sizeof(*names));

	*ret = frame_find(t, name);
	for (size_t i = 0; i < t->n_columns; i++)
		names[i] = t->columns[i].name;
	const char *near = *ret == FRAME_NO_COLUMN ? str_nearest(name, names, t->n_columns) : NULL;

	free(names);
	if (*ret != FRAME_NO_COLUMN)
		return 0;
	return err_set(err, ERR_INVALID, "%s: the data has no column %s%s%s%s", what, name,
		       near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

/* 20180101, or a number of days. */
static int32_t number_day(double v)
{
	char text[32];

	if (isnan(v) || v < 0 || v > 99999999)
		return DAY_UNKNOWN;
	if (v <= DAY_NUMBER_MAX)
		return v == floor(v) ? (int32_t)v : DAY_UNKNOWN;
	snprintf(text, sizeof(text), "%.0f", v);
	return day_parse(text);
}

int panel_days(const struct frame *t, const char *name, int32_t **ret, struct err *err)
{
	size_t column, bad = t->n_rows;

	if (find_column(t, "columns.date", name, &column, err))
		return -ERR_INVALID;
	const struct frame_column *c = &t->columns[column];
	int32_t *days = xcalloc(t->n_rows + 1, sizeof(*days)), *of_word = xcalloc(c->words.n + 1, sizeof(*of_word));
	double last = NAN;
	int32_t day = DAY_UNKNOWN;

	for (size_t i = 0; i < c->words.n; i++)
		of_word[i] = day_parse(c->words.items[i]);
	for (size_t i = 0; i < t->n_rows && bad == t->n_rows; i++) {
		if (c->text)
			day = c->codes[i] == FRAME_NO_WORD ? DAY_UNKNOWN : of_word[c->codes[i]];
		else if (c->numbers[i] != last) {
			last = c->numbers[i];
			day = number_day(last);
		}
		days[i] = day;
		if (day == DAY_UNKNOWN)
			bad = i;
	}
	free(of_word);
	if (bad == t->n_rows) {
		*ret = days;
		return 0;
	}
	const char *cell = c->text && c->codes[bad] != FRAME_NO_WORD ? c->words.items[c->codes[bad]] : NULL;

	free(days);
	return err_set(
		err, ERR_INVALID,
		"columns.date: row %zu: %s is \"%s\", not a day such as 2018-01-01, 20180101 or a number of days",
		bad + 1, c->name, cell ? cell : "");
}

static int read_target(struct panel *p, const struct frame_column *c, struct err *err)
{
	if (c->text)
		return err_set(err, ERR_INVALID, "columns.target: %s has cells that are not numbers (\"%.40s\")",
			       c->name, c->words.n ? c->words.items[0] : "");
	memcpy(p->target, c->numbers, p->n * sizeof(*p->target));
	return 0;
}

/* --- order --------------------------------------------------------------------------------- */

struct order_key {
	int32_t day;
	uint32_t group, entity; /* ranks of their words */
	size_t row;
};

static int compare_keys(const void *a, const void *b)
{
	const struct order_key *x = a, *y = b;

	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->entity != y->entity)
		return x->entity < y->entity ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

struct word_place {
	const char *word;
	uint32_t code;
};

static int compare_words(const void *a, const void *b)
{
	return strcmp(((const struct word_place *)a)->word, ((const struct word_place *)b)->word);
}

/* The place of each word in byte order; the caller's. */
static uint32_t *word_ranks(const struct strlist *words)
{
	struct word_place *places = xcalloc(words->n + 1, sizeof(*places));
	uint32_t *ranks = xcalloc(words->n + 1, sizeof(*ranks));

	for (size_t i = 0; i < words->n; i++)
		places[i] = (struct word_place){words->items[i], (uint32_t)i};
	if (words->n)
		qsort(places, words->n, sizeof(*places), compare_words);
	for (size_t i = 0; i < words->n; i++)
		ranks[places[i].code] = (uint32_t)i;
	free(places);
	return ranks;
}

static int sort_rows(struct panel *p, const struct frame_column *entity, const struct frame_column *group,
		     struct err *err)
{
	struct order_key *keys = xcalloc(p->n + 1, sizeof(*keys));
	uint32_t *entity_rank = word_ranks(&entity->words), *group_rank = group ? word_ranks(&group->words) : NULL;
	size_t *order = xcalloc(p->n + 1, sizeof(*order)), bad = p->n;

	for (size_t i = 0; i < p->n; i++) {
		if (entity->codes[i] == FRAME_NO_WORD && bad == p->n)
			bad = i;
		keys[i] = (struct order_key){p->day[i], 0, bad == p->n ? entity_rank[entity->codes[i]] : 0, i};
		if (group && group->codes[i] != FRAME_NO_WORD)
			keys[i].group = group_rank[group->codes[i]] + 1;
	}
	if (bad == p->n && p->n)
		qsort(keys, p->n, sizeof(*keys), compare_keys);
	for (size_t i = 0; i < p->n; i++) {
		order[i] = keys[i].row;
		p->day[i] = keys[i].day;
	}
	free(keys);
	free(entity_rank);
	free(group_rank);
	if (bad == p->n)
		frame_reorder(p->frame, order, p->n);
	free(order);
	if (bad == p->n)
		return 0;
	return err_set(err, ERR_INVALID, "columns.entity: row %zu has no %s", bad + 1, entity->name);
}

/* --- what each row knows of the rows before ------------------------------------------------- */

static int mark_counts(struct panel *p, const struct backtest_spec *spec, struct err *err)
{
	AUTO(expression) struct expression *e = NULL;
	size_t before = 0, without = 0;
	int rc = *spec->count_if ? expression_new(spec->count_if, p->frame, &e, err) : 0;

	if (rc)
		return err_prefix(err, "data.count");
	for (size_t i = 0; i < p->n; i++) {
		p->counts[i] = !e || expression_holds(e, i);
		bool past = p->season[i] + 1 < p->n_seasons;

		before += !past && p->counts[i] && p->day[i] < spec->train_start;
		without += p->counts[i] && isnan(p->target[i]);
		p->counts[i] = p->counts[i] && (past || p->day[i] >= spec->train_start) && !isnan(p->target[i]);
	}
	if (before)
		strlist_take(&p->notes, xasprintf("%zu rows before windows.train_start are left out", before));
	if (without)
		strlist_take(&p->notes,
			     xasprintf("%zu rows without %s are predicted, not learnt from", without, spec->target));
	return 0;
}

static int two_rows(const struct panel *p, size_t i, struct err *err)
{
	char day[16];

	return err_set(
		err, ERR_INVALID,
		"%s has two rows on %s: a slate has one row of an entity (are columns.entity and columns.date right?)",
		p->entity_names.items[p->entity[i]], day_text(day, p->day[i]));
}

static int link_rows(struct panel *p, struct err *err)
{
	size_t entities = p->entity_names.n;
	int64_t *last = xcalloc(entities + 1, sizeof(*last)), *last_any = xcalloc(entities + 1, sizeof(*last_any));
	uint32_t *seen = xcalloc(entities + 1, sizeof(*seen));
	size_t bad = p->n;

	for (size_t i = 0; i < entities; i++)
		last[i] = last_any[i] = -1;
	for (size_t i = 0; i < p->n; i++) {
		uint32_t e = p->entity[i];

		if (last_any[e] >= 0 && p->day[last_any[e]] == p->day[i] && bad == p->n)
			bad = i;
		last_any[e] = (int64_t)i;
		p->previous[i] = last[e];
		p->earlier[i] = seen[e];
		if (!p->counts[i])
			continue;
		last[e] = (int64_t)i;
		seen[e]++;
	}
	free(last);
	free(last_any);
	free(seen);
	return bad == p->n ? 0 : two_rows(p, bad, err);
}

static int known_only(const struct panel *p, const struct backtest_spec *spec, const struct expression *e,
		      struct err *err)
{
	for (size_t i = 0; i < p->frame->n_columns; i++) {
		const char *name = p->frame->columns[i].name;

		if (!expression_reads(e, i) || strlist_has(&spec->known_before, name) || str_eq(name, spec->entity) ||
		    str_eq(name, spec->date))
			continue;
		return err_set(
			err, ERR_INVALID,
			"eligible.when: %s is not known before the slate (columns.known_before does not name it)",
			name);
	}
	return 0;
}

static int mark_eligible(struct panel *p, const struct backtest_spec *spec, struct err *err)
{
	AUTO(expression) struct expression *e = NULL;
	size_t few = 0, rows = 0;
	int rc = *spec->eligible_if ? expression_new(spec->eligible_if, p->frame, &e, err) : 0;

	if (rc)
		return err_prefix(err, "eligible.when");
	if (e && known_only(p, spec, e, err))
		return -ERR_INVALID;
	for (size_t i = 0; i < p->n; i++) {
		bool inside = p->day[i] >= spec->test_start && p->day[i] <= spec->test_end;
		bool enough = p->earlier[i] >= (uint64_t)spec->min_rows;

		few += inside && !enough;
		p->eligible[i] = inside && enough && (!e || expression_holds(e, i));
		rows += p->eligible[i];
	}
	if (few)
		strlist_take(&p->notes, xasprintf("%zu rows of the test window are not predicted: fewer than %lld "
						  "earlier rows of their entity",
						  few, (long long)spec->min_rows));
	if (!rows)
		return err_set(err, ERR_INVALID,
			       "no row of the data can be predicted: is there any from windows.test_start to "
			       "windows.test_end whose entity has %lld earlier rows?",
			       (long long)spec->min_rows);
	return 0;
}

/* An earlier season is over when the one that is tested begins. */
static int number_seasons(struct panel *p, const struct backtest_spec *spec, struct err *err)
{
	char day[16];

	for (size_t i = 0; i < p->n; i++) {
		p->season[i] = p->frame->origin[i];
		p->n_seasons = MAX(p->n_seasons, (size_t)p->season[i] + 1);
	}
	p->season_start = xcalloc(p->n_seasons + 1, sizeof(*p->season_start));
	for (size_t i = 0; i < p->n_seasons; i++)
		p->season_start[i] = DAY_UNKNOWN;
	for (size_t i = 0; i < p->n; i++) { /* in order of days */
		int32_t *start = &p->season_start[p->season[i]];

		if (p->season[i] + 1 < p->n_seasons && p->day[i] >= spec->train_start)
			return err_set(err, ERR_INVALID,
				       "data.earlier: has a row of %s, which is not before windows.train_start",
				       day_text(day, p->day[i]));
		if (*start == DAY_UNKNOWN)
			*start = p->day[i];
	}
	if (p->n_seasons)
		p->season_start[p->n_seasons - 1] = spec->train_start;
	return 0;
}

/* The entities of each season in order of their first row. */
static void number_entities(struct panel *p, const struct frame_column *c)
{
	uint32_t *number = xcalloc((c->words.n + 1) * (p->n_seasons + 1), sizeof(*number));

	for (size_t i = 0; i < p->n; i++) {
		uint32_t *own = &number[p->season[i] * c->words.n + c->codes[i]];

		if (!*own) {
			strlist_add(&p->entity_names, c->words.items[c->codes[i]]);
			*own = (uint32_t)p->entity_names.n;
		}
		p->entity[i] = *own - 1;
	}
	free(number);
}

static int check_columns(const struct panel *p, const struct backtest_spec *spec, struct err *err)
{
	size_t column;

	for (size_t i = 0; i < spec->known_before.n; i++)
		if (find_column(p->frame, "columns.known_before", spec->known_before.items[i], &column, err))
			return -ERR_INVALID;
	return 0;
}

int panel_new(struct frame *t, const struct backtest_spec *spec, struct panel **ret, struct err *err)
{
	AUTO(panel) struct panel *p = NEW(struct panel);
	size_t entity, target, group = FRAME_NO_COLUMN;

	p->frame = t;
	p->n = t->n_rows;
	int rc = find_column(t, "columns.entity", spec->entity, &entity, err);

	if (rc == 0)
		rc = find_column(t, "columns.target", spec->target, &target, err);
	if (rc == 0 && *spec->group)
		rc = find_column(t, "columns.group", spec->group, &group, err);
	if (rc == 0)
		rc = panel_days(t, spec->date, &p->day, err);
	if (rc)
		return rc;
	p->entity = xcalloc(p->n + 1, sizeof(*p->entity));
	p->season = xcalloc(p->n + 1, sizeof(*p->season));
	p->earlier = xcalloc(p->n + 1, sizeof(*p->earlier));
	p->counts = xcalloc(p->n + 1, 1);
	p->eligible = xcalloc(p->n + 1, 1);
	p->target = xcalloc(p->n + 1, sizeof(*p->target));
	p->previous = xcalloc(p->n + 1, sizeof(*p->previous));
	rc = sort_rows(p, &t->columns[entity], group == FRAME_NO_COLUMN ? NULL : &t->columns[group], err);
	if (rc == 0)
		rc = read_target(p, &t->columns[target], err);
	if (rc == 0)
		rc = check_columns(p, spec, err);
	if (rc == 0)
		rc = number_seasons(p, spec, err);
	if (rc)
		return rc;
	number_entities(p, &t->columns[entity]);
	rc = mark_counts(p, spec, err);
	if (rc == 0)
		rc = link_rows(p, err);
	if (rc == 0)
		rc = mark_eligible(p, spec, err);
	if (rc == 0)
		*ret = TAKE(p);
	return rc;
}

int panel_read(const struct backtest_spec *spec, const struct strlist *files, const struct strlist *earlier,
	       struct frame **ret, struct err *err)
{
	AUTO(strlist) struct strlist text = {0}, all = {0};

	for (size_t i = 0; i < earlier->n; i++)
		strlist_add(&all, earlier->items[i]);
	for (size_t i = 0; i < files->n; i++)
		strlist_add(&all, files->items[i]);
	strlist_add(&text, spec->entity);
	if (*spec->group)
		strlist_add(&text, spec->group);
	for (size_t i = 0; i < spec->categorical.n; i++)
		strlist_add(&text, spec->categorical.items[i]);
	int rc = frame_load(&all, &text, ret, err);

	for (size_t i = 0; rc == 0 && i < (*ret)->n_rows; i++)
		(*ret)->origin[i] = MIN((*ret)->origin[i], (uint32_t)earlier->n);
	return rc;
}

int panel_load(const struct backtest_spec *spec, const struct strlist *files, const struct strlist *earlier,
	       struct panel **ret, struct err *err)
{
	struct frame *t = NULL;
	int rc = panel_read(spec, files, earlier, &t, err);

	return rc ? rc : panel_new(t, spec, ret, err);
}

/* --- cycles ----------------------------------------------------------------------------------- */

size_t panel_cycle_of(const struct backtest_spec *spec, int32_t day)
{
	return (size_t)((day - spec->test_start) / spec->recalibrate_days);
}

bool panel_learns(const struct panel *p, const struct backtest_spec *spec, size_t row, int32_t cutoff)
{
	if (!p->counts[row] || p->day[row] >= cutoff - spec->embargo_days)
		return false;
	return !spec->rolling_days || p->day[row] >= cutoff - spec->rolling_days;
}

size_t panel_cycles(const struct panel *p, const struct backtest_spec *spec, struct cycle **ret)
{
	size_t n = panel_cycle_of(spec, spec->test_end) + 1;
	struct cycle *cycles = xcalloc(n, sizeof(*cycles));
	uint32_t *seen = xcalloc(p->entity_names.n + 1, sizeof(*seen)); /* cycle + 1 of the last row */
	int32_t slate = DAY_UNKNOWN;

	for (size_t k = 0; k < n; k++) {
		cycles[k].cutoff = panel_cutoff(spec, k);
		cycles[k].last_day = MIN(cycles[k].cutoff + (int32_t)spec->recalibrate_days - 1, spec->test_end);
	}
	for (size_t i = 0; i < p->n; i++) {
		if (p->eligible[i]) {
			struct cycle *c = &cycles[panel_cycle_of(spec, p->day[i])];
			uint32_t mark = (uint32_t)(c - cycles) + 1;

			c->slates += p->day[i] != slate;
			slate = p->day[i];
			c->rows++;
			c->scored += p->counts[i];
			c->entities += seen[p->entity[i]] != mark;
			seen[p->entity[i]] = mark;
		}
		for (size_t k = 0; k < n; k++)
			cycles[k].learnt += panel_learns(p, spec, i, cycles[k].cutoff);
	}
	free(seen);
	*ret = cycles;
	return n;
}
