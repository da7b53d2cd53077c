/* backtest_text.c - a backtest's report for a person at a terminal of 80 columns. */
#include <math.h>

#include "app/backtest.h"
#include "app/output.h"
#include "base/timefmt.h"
#include "base/utf8.h"
#include "model/price.h"

#define NAME_CELLS 22
#define LINE_CELLS 80
#define WORST_SHOWN 10
#define ENOUGH_ROWS 20 /* of an entity, to be counted as worse or not */

static void cell_cut(struct table *t, const char *text)
{
	AUTO(buf) struct buf cut = BUF_INIT(BUF_MAX_TEXT);

	utf8_add_cut(&cut, text, NAME_CELLS);
	table_cell(t, buf_str(&cut));
}

static void cell_number(struct table *t, double v, int decimals)
{
	char text[32];

	table_cell(t, backtest_number_text(text, v, decimals));
}

static void cell_percent(struct table *t, double fraction)
{
	cell_number(t, fraction * 100, 1);
}

static void cell_count(struct table *t, size_t n)
{
	char text[32];

	table_cell(t, backtest_count_text(text, n));
}

static void cell_range(struct table *t, double low, double high)
{
	char text[64];

	table_cell(t, backtest_range_text(text, low, high));
}

static void columns(struct table *t, const char *const *titles, size_t n)
{
	for (size_t i = 0; i < n; i++)
		table_column(t, titles[i], i > 0);
}

static void print_table(const struct app *a, struct table *t)
{
	fputc('\n', a->out);
	table_print_aligned(t, a);
}

static void cell_column(struct table *t, const struct backtest_result *r, size_t i)
{
	AUTO(str) char *name = backtest_column_name(&r->predictions.columns[i]);

	cell_cut(t, name);
}

static void print_rows(const struct app *a, const struct backtest_result *r)
{
	const struct judge_group *g = judge_whole(&r->judge);
	const struct backtest_rows *p = &r->predictions;
	size_t without = g->scored - g->measures.n, cycles = r->judge.by[JUDGE_BY_CYCLE].n;
	char from[16], to[16], n1[32], n2[32], n3[32], n4[32];

	fprintf(a->out, "\n%s: %s to %s\n", r->name, backtest_rows_day_text(from, p->slate_days[0]),
		backtest_rows_day_text(to, p->slate_days[p->n_slates - 1]));
	fprintf(a->out, "%s slate%s, %zu cycle%s, %s entit%s\n", backtest_count_text(n1, p->n_slates),
		p->n_slates == 1 ? "" : "s", cycles, cycles == 1 ? "" : "s", backtest_count_text(n2, p->entities.n),
		p->entities.n == 1 ? "y" : "ies");
	fprintf(a->out, "%s rows in the pool, %s predicted; %s happened, %s are judged\n",
		backtest_count_text(n1, g->pool), backtest_count_text(n2, g->predicted),
		backtest_count_text(n3, g->scored), backtest_count_text(n4, g->measures.n));
	if (without)
		fprintf(a->out, "%s of the rows that happened %s no prediction, and %s judged nowhere\n",
			backtest_count_text(n1, without), without == 1 ? "has" : "have", without == 1 ? "is" : "are");
	for (size_t i = 0; i < p->n_columns; i++)
		if (r->judge.others[i].n < g->scored)
			fprintf(a->out, "%s knows %s of the %s rows that happened; it is compared on those\n",
				p->columns[i].name, backtest_count_text(n1, r->judge.others[i].n),
				backtest_count_text(n2, g->scored));
}

static void add_measures(struct table *t, const struct judge_measures *m)
{
	cell_count(t, m->n);
	cell_number(t, m->mae, 4);
	cell_number(t, m->rmse, 4);
	cell_number(t, m->bias, 3);
	cell_number(t, m->mase, 3);
	cell_number(t, m->rank, 4);
}

static void print_measures(const struct app *a, const struct backtest_result *r)
{
	static const char *const titles[] = {"", "ROWS", "MAE", "RMSE", "BIAS", "MASE", "RANK"};
	AUTO(table) struct table t = {0};

	columns(&t, titles, ARRAY_LEN(titles));
	cell_cut(&t, "prediction");
	add_measures(&t, &judge_whole(&r->judge)->measures);
	for (size_t i = 0; i < r->predictions.n_columns; i++) {
		cell_column(&t, r, i);
		add_measures(&t, &r->judge.others[i]);
	}
	print_table(a, &t);
}

static void print_skills(const struct app *a, const struct backtest_result *r)
{
	static const char *const titles[] = {"BETTER THAN, %", "SKILL", "95 %", "BOOTSTRAP", "DM p", "WINS"};
	AUTO(table) struct table t = {0};

	columns(&t, titles, ARRAY_LEN(titles));
	for (size_t i = 0; i < r->predictions.n_columns; i++) {
		const struct judge_skill *s = &judge_whole(&r->judge)->skills[i];
		const struct judge_test *test = &r->judge.tests[i];
		char p[32], wins[64];
		cell_column(&t, r, i);
		cell_percent(&t, s->skill);
		cell_range(&t, s->low, s->high);
		cell_range(&t, test->boot_low, test->boot_high);
		table_cell(&t, backtest_p_text(p, test->p));
		snprintf(wins, sizeof(wins), "%zu of %u", test->wins, s->slates);
		table_cell(&t, wins);
	}
	if (r->predictions.n_columns)
		print_table(a, &t);
}

static void print_intervals(const struct app *a, const struct backtest_result *r)
{
	const struct judge_intervals *v = &judge_whole(&r->judge)->intervals;
	char n[32], width[32], score[32];

	if (v->n == 0)
		return;
	fprintf(a->out, "\n%.4g %% intervals: %.1f %% of %s rows covered, mean width %s, score %s\n",
		r->input.coverage * 100, v->coverage * 100, backtest_count_text(n, v->n),
		backtest_number_text(width, v->width, 2), backtest_number_text(score, v->score, 2));
}

/* Cycles, weeks and levels: the same columns. */
static void print_groups(const struct app *a, const struct backtest_result *r, enum judge_by by, const char *title,
			 const char *other)
{
	const char *titles[] = {title, "ROWS", "MAE", other, "SKILL", "95 %", "COVERED", "WIDTH"};
	const struct judge_grouping *groups = &r->judge.by[by];
	AUTO(table) struct table t = {0};

	columns(&t, titles, ARRAY_LEN(titles));
	for (size_t i = 0; i < groups->n; i++) {
		const struct judge_group *g = &groups->items[i];
		const struct judge_skill *s = &g->skills[r->headline];
		AUTO(str)
		char *label = by == JUDGE_BY_LEVEL ? backtest_level_bounds(&r->judge, g->id)
						   : backtest_group_label(r, by, g->id);
		table_cell(&t, label);
		cell_count(&t, g->measures.n);
		cell_number(&t, g->measures.mae, 4);
		cell_number(&t, s->other_mae, 4);
		cell_percent(&t, s->skill);
		cell_range(&t, s->low, s->high);
		cell_percent(&t, g->intervals.coverage);
		cell_number(&t, g->intervals.width, 1);
	}
	print_table(a, &t);
}

/* The baseline with the smallest error, where that is not the headline one. */
static void print_strongest(const struct app *a, const struct backtest_result *r)
{
	size_t best = r->headline;

	for (size_t i = 0; i < r->predictions.n_columns; i++)
		if (r->predictions.columns[i].kind == BACKTEST_BASELINE &&
		    judge_whole(&r->judge)->skills[i].skill < judge_whole(&r->judge)->skills[best].skill)
			best = i;
	if (best == r->headline)
		return;
	AUTO(str)
	char *sentence = judge_sentence(&judge_whole(&r->judge)->skills[best], r->predictions.columns[best].name);
	fprintf(a->out, "strongest baseline: %s\n", sentence);
}

/* How many of the entities with enough rows do worse than the headline. */
static void print_entity_count(const struct app *a, const struct backtest_result *r)
{
	const struct judge_grouping *g = &r->judge.by[JUDGE_BY_ENTITY];
	size_t worse = 0, n = 0;
	char n1[32], n2[32];

	for (size_t i = 0; i < g->n; i++) {
		const struct judge_skill *s = &g->items[i].skills[r->headline];
		if (s->n < ENOUGH_ROWS)
			continue;
		n++;
		worse += s->mae > s->other_mae;
	}
	if (n)
		fprintf(a->out, "\nworse than %s for %s of %s entities with at least %d rows\n", r->headline_words,
			backtest_count_text(n1, worse), backtest_count_text(n2, n), ENOUGH_ROWS);
}

static void print_worst(const struct app *a, const struct backtest_result *r)
{
	static const char *const titles[] = {"WHERE MOST IS LOST", "ROWS", "MAE", "BASELINE", "SKILL", "LOST"};
	AUTO(table) struct table t = {0};
	size_t n, shown = 0;
	uint32_t *worst = judge_worst_entities(&r->judge, r->headline, &n);

	columns(&t, titles, ARRAY_LEN(titles));
	for (; shown < MIN(n, (size_t)WORST_SHOWN); shown++) {
		const struct judge_group *g = &r->judge.by[JUDGE_BY_ENTITY].items[worst[shown]];
		const struct judge_skill *s = &g->skills[r->headline];
		if (!(judge_lost(s) > 0))
			break;
		cell_cut(&t, r->predictions.entities.items[g->id]);
		cell_count(&t, s->n);
		cell_number(&t, s->mae, 4);
		cell_number(&t, s->other_mae, 4);
		cell_percent(&t, s->skill);
		cell_number(&t, judge_lost(s), 1);
	}
	free(worst);
	if (shown)
		print_table(a, &t);
}

static void print_recalibration(const struct app *a, const struct backtest_result *r)
{
	AUTO(str) char *words = backtest_recalibration_words(r);

	if (words)
		fprintf(a->out, "\nrecalibrating: %s\n", words);
}

/* At the margin, as long as it fits. */
static void print_importances(const struct app *a, const struct backtest_result *r)
{
	const char *model;
	json_t *gains;
	bool first = true;

	json_object_foreach(r->importances, model, gains)
	{
		AUTO(str) char *name = utf8_sanitize_dup(model);
		AUTO(str) char *words = backtest_importance_words(gains);
		AUTO(str) char *line = xasprintf("%s leans on %s", name, words);
		AUTO(buf) struct buf cut = BUF_INIT(BUF_MAX_TEXT);
		if (!*words)
			continue;
		utf8_add_cut(&cut, line, LINE_CELLS);
		fprintf(a->out, "%s%s\n", first ? "\n" : "", buf_str(&cut));
		first = false;
	}
}

static void print_cost(const struct app *a, const struct backtest_result *r)
{
	char total[24], n[32], billed[TIMEFMT_LEN];
	double point = backtest_usd_per_point(r);

	if (r->usd_micro != USD_UNKNOWN) {
		fprintf(a->out, "\ncost %s: $%.4f a slate, ", money_text(total, r->usd_micro),
			backtest_usd_per_slate(r));
		if (isnan(point))
			fputs("and no skill was bought for it\n", a->out);
		else
			fprintf(a->out, "$%.2f a point (1 %%) of skill\n", point);
	}
	if (r->jobs >= 0)
		fprintf(a->out, "%s job%s, ", backtest_count_text(n, (size_t)r->jobs), r->jobs == 1 ? "" : "s");
	if (r->jobs >= 0)
		fprintf(a->out, "%s billed; ",
			r->billable_seconds < 0
				? "an unknown time"
				: timefmt_duration(billed, MIN(r->billable_seconds, INT64_MAX / 1000) * 1000));
	if (r->usd_micro != USD_UNKNOWN || r->jobs >= 0)
		fprintf(a->out, "prices of %s\n", str_or(r->prices_as_of, "an unknown day"));
}

/* Whether each cycle is a week: then one table says all. */
static bool cycles_are_weeks(const struct backtest_result *r)
{
	const struct judge_grouping *c = &r->judge.by[JUDGE_BY_CYCLE], *w = &r->judge.by[JUDGE_BY_WEEK];
	const struct backtest_rows *p = &r->predictions;
	bool same = c->n == w->n;

	for (size_t i = 0; i < p->n && same; i++)
		same = i == 0 || (p->cycle[i] == p->cycle[i - 1]) == (p->week[i] == p->week[i - 1]);
	return same;
}

void backtest_print_group_tables(const struct app *a, const struct backtest_result *r, const char *other)
{
	if (!cycles_are_weeks(r))
		print_groups(a, r, JUDGE_BY_CYCLE, "CYCLE", other);
	print_groups(a, r, JUDGE_BY_WEEK, "WEEK OF", other);
	print_groups(a, r, JUDGE_BY_LEVEL, r->input.level ? "SEASON MEAN" : "PREDICTION", other);
}

void backtest_print_text(const struct app *a, const struct backtest_result *r, bool verdict_only)
{
	AUTO(str) char *verdict = backtest_verdict(backtest_skill(r), r->headline_words);

	fprintf(a->out, "%s\n", verdict);
	if (verdict_only)
		return;
	print_strongest(a, r);
	print_rows(a, r);
	print_measures(a, r);
	print_skills(a, r);
	print_recalibration(a, r);
	print_intervals(a, r);
	backtest_print_group_tables(a, r, "BASELINE");
	print_entity_count(a, r);
	print_worst(a, r);
	print_importances(a, r);
	print_cost(a, r);
}
