/* backtest_html.c - a backtest's report as one page: no script, nothing from elsewhere,
 * light or dark as the reader's screen is. */
#include <math.h>

#include "app/backtest.h"
#include "app/html.h"
#include "app/svg.h"
#include "base/fs.h"
#include "base/utf8.h"
#include "model/price.h"

#define WORST_SHOWN 25
#define COLOR_PREDICTION 0
#define COLOR_HEADLINE 1
#define COLOR_OTHER 2

/* --- tables ------------------------------------------------------------------- */

static void cell_number(struct buf *out, double v, int decimals)
{
	char text[32];

	html_cell(out, backtest_number_text(text, v, decimals));
}

static void cell_count(struct buf *out, size_t n)
{
	char text[32];

	html_cell(out, backtest_count_text(text, n));
}

static void cell_range(struct buf *out, double low, double high)
{
	char text[64];

	html_cell(out, backtest_range_text(text, low, high));
}

static void cells_measures(struct buf *out, const struct judge_measures *m)
{
	cell_count(out, m->n);
	cell_number(out, m->mae, 4);
	cell_number(out, m->rmse, 4);
	cell_number(out, m->bias, 3);
	cell_number(out, m->mase, 3);
	cell_number(out, m->rank, 4);
}

static void cells_skill(struct buf *out, const struct judge_skill *s, const struct judge_test *t)
{
	char p[32], wins[64];

	cell_number(out, s->skill * 100, 1);
	cell_range(out, s->low, s->high);
	cell_range(out, t->boot_low, t->boot_high);
	html_cell(out, backtest_p_text(p, t->p));
	snprintf(wins, sizeof(wins), "%zu of %u", t->wins, s->slates);
	html_cell(out, wins);
}

static void add_measures(struct buf *out, const struct backtest_result *r)
{
	static const char *const titles[] = {"",     "rows",	"MAE",	"RMSE",	     "bias", "MASE",
					     "rank", "skill %", "95 %", "bootstrap", "DM p", "wins"};

	html_table_open(out, "skill: how much better the prediction is than each, on the rows that both know", titles,
			ARRAY_LEN(titles));
	buf_adds(out, "<tr>");
	html_cell(out, "prediction");
	cells_measures(out, &judge_whole(&r->judge)->measures);
	buf_adds(out, "<td></td><td></td><td></td><td></td><td></td></tr>\n");
	for (size_t i = 0; i < r->predictions.n_columns; i++) {
		AUTO(str) char *name = backtest_column_name(&r->predictions.columns[i]);
		buf_adds(out, i == r->headline ? "<tr class=\"headline\">" : "<tr>");
		html_cell(out, name);
		cells_measures(out, &r->judge.others[i]);
		cells_skill(out, &judge_whole(&r->judge)->skills[i], &r->judge.tests[i]);
		buf_adds(out, "</tr>\n");
	}
	html_table_close(out);
}

static void add_worst(struct buf *out, const struct backtest_result *r)
{
	static const char *const titles[] = {"entity", "rows", "MAE", "baseline", "skill %", "lost in all"};
	size_t n;
	uint32_t *worst = judge_worst_entities(&r->judge, r->headline, &n);

	buf_adds(out, "<h2>Where most is lost</h2>\n");
	html_table_open(out, "entities by their summed error beyond the headline baseline's", titles,
			ARRAY_LEN(titles));
	for (size_t i = 0; i < MIN(n, (size_t)WORST_SHOWN); i++) {
		const struct judge_group *g = &r->judge.by[JUDGE_BY_ENTITY].items[worst[i]];
		const struct judge_skill *s = &g->skills[r->headline];
		if (!(judge_lost(s) > 0))
			break;
		buf_adds(out, "<tr>");
		html_cell(out, r->predictions.entities.items[g->id]);
		cell_count(out, s->n);
		cell_number(out, s->mae, 4);
		cell_number(out, s->other_mae, 4);
		cell_number(out, s->skill * 100, 1);
		cell_number(out, judge_lost(s), 1);
		buf_adds(out, "</tr>\n");
	}
	html_table_close(out);
	free(worst);
}

/* --- charts ------------------------------------------------------------------- */

/* The labels of a grouping's groups. */
static void labels_of(const struct backtest_result *r, enum judge_by by, struct strlist *ret)
{
	const struct judge_grouping *g = &r->judge.by[by];

	for (size_t i = 0; i < g->n; i++)
		strlist_take(ret, by == JUDGE_BY_LEVEL ? backtest_level_bounds(&r->judge, g->items[i].id)
						       : backtest_group_label(r, by, g->items[i].id));
}

static struct svg_chart chart_of(const struct strlist *labels, const char *title, const char *unit)
{
	return (struct svg_chart){.title = title, .n = labels->n, .labels = labels->items, .unit = unit, .mark = NAN};
}

/* Baselines below, the headline above them, the prediction on top. */
static void add_weeks(struct buf *out, const struct backtest_result *r)
{
	const struct judge_grouping *g = &r->judge.by[JUDGE_BY_WEEK];
	const struct backtest_rows *p = &r->predictions;
	AUTO(strlist) struct strlist labels = {0}, names = {0};
	double *values = xreallocarray(NULL, g->n * (p->n_columns + 2), sizeof(*values)), *at = values;
	struct svg_series *series = xcalloc(p->n_columns + 2, sizeof(*series));
	size_t n = 0;

	labels_of(r, JUDGE_BY_WEEK, &labels);
	for (size_t k = 0; k <= p->n_columns; k++) {
		size_t column = k == p->n_columns ? r->headline : k;
		bool last = k == p->n_columns;
		if (!last && (k == r->headline || p->columns[k].kind != BACKTEST_BASELINE))
			continue;
		for (size_t i = 0; i < g->n; i++)
			at[i] = g->items[i].skills[column].other_mae;
		strlist_take(&names, backtest_column_words(&p->columns[column]));
		series[n++] = (struct svg_series){names.items[names.n - 1], at, last ? COLOR_HEADLINE : COLOR_OTHER};
		at += g->n;
	}
	for (size_t i = 0; i < g->n; i++)
		at[i] = g->items[i].measures.mae;
	series[n++] = (struct svg_series){"prediction", at, COLOR_PREDICTION};
	struct svg_chart c = chart_of(&labels, "Mean absolute error by week", "");
	buf_adds(out, "<h2>Error by week, against the baselines</h2>\n");
	svg_lines(out, &c, series, n);
	free(series);
	free(values);
}

enum figure { FIGURE_SKILL, FIGURE_LOW, FIGURE_HIGH, FIGURE_BIAS, FIGURE_COVERAGE };

/* One figure of each group, in percent where it is a share. Owned by the caller. */
static double *figures_of(const struct backtest_result *r, enum judge_by by, enum figure figure)
{
	const struct judge_grouping *g = &r->judge.by[by];
	double *ret = xreallocarray(NULL, g->n + 1, sizeof(*ret));

	for (size_t i = 0; i < g->n; i++) {
		const struct judge_skill *s = &g->items[i].skills[r->headline];
		ret[i] = figure == FIGURE_BIAS	     ? g->items[i].measures.bias
			 : figure == FIGURE_COVERAGE ? 100 * g->items[i].intervals.coverage
			 : figure == FIGURE_LOW	     ? 100 * s->low
			 : figure == FIGURE_HIGH     ? 100 * s->high
						     : 100 * s->skill;
	}
	return ret;
}

static void add_bars(struct buf *out, const struct backtest_result *r, enum judge_by by, enum figure figure,
		     const char *title, const char *unit, double mark)
{
	AUTO(strlist) struct strlist labels = {0};
	double *values = figures_of(r, by, figure);
	bool whiskers = figure == FIGURE_SKILL && by != JUDGE_BY_SLATE;
	double *low = whiskers ? figures_of(r, by, FIGURE_LOW) : NULL;
	double *high = whiskers ? figures_of(r, by, FIGURE_HIGH) : NULL;

	labels_of(r, by, &labels);
	struct svg_chart c = chart_of(&labels, title, unit);
	c.mark = mark;
	c.from_zero = true;
	html_element(out, "h2", title);
	svg_bars(out, &c, values, low, high);
	free(values);
	free(low);
	free(high);
}

static void add_levels(struct buf *out, const struct backtest_result *r)
{
	const struct judge_intervals *v = &judge_whole(&r->judge)->intervals;

	add_bars(out, r, JUDGE_BY_LEVEL, FIGURE_SKILL, "Skill by level (fifths of the rows)", "%", NAN);
	add_bars(out, r, JUDGE_BY_LEVEL, FIGURE_BIAS, "Calibration by level: mean of prediction less actual", "", NAN);
	if (v->n)
		add_bars(out, r, JUDGE_BY_LEVEL, FIGURE_COVERAGE, "Calibration by level: rows within the interval", "%",
			 100 * r->input.coverage);
}

/* --- the page ----------------------------------------------------------------- */

static void add_rows(struct buf *out, const struct backtest_result *r)
{
	const struct judge_group *g = judge_whole(&r->judge);
	const struct backtest_rows *p = &r->predictions;
	char from[16], to[16], n1[32], n2[32], n3[32], n4[32], n5[32];

	buf_adds(out, "<p class=\"dim\">");
	html_text(out, r->name);
	buf_addf(out,
		 ": %s to %s, %s slates, %s entities. %s rows in the pool, %s predicted; %s happened, %s are "
		 "judged.</p>\n",
		 backtest_rows_day_text(from, p->slate_days[0]),
		 backtest_rows_day_text(to, p->slate_days[p->n_slates - 1]), backtest_count_text(n1, p->n_slates),
		 backtest_count_text(n2, p->entities.n), backtest_count_text(n3, g->pool),
		 backtest_count_text(n4, g->predicted), backtest_count_text(n5, g->scored),
		 backtest_count_text((char[32]){0}, g->measures.n));
}

static void add_cost(struct buf *out, const struct backtest_result *r)
{
	char total[24], point[32];

	if (r->usd_micro == USD_UNKNOWN)
		return;
	buf_addf(out, "<p>Cost %s (prices of ", money_text(total, r->usd_micro));
	html_text(out, str_or(r->prices_as_of, "an unknown day"));
	buf_addf(out, "): $%.4f a slate", backtest_usd_per_slate(r));
	if (isnan(backtest_usd_per_point(r)))
		buf_adds(out, ", and no skill was bought for it.</p>\n");
	else
		buf_addf(out, ", $%s a point of skill.</p>\n",
			 backtest_number_text(point, backtest_usd_per_point(r), 2));
}

/* What recalibrating was worth, and what the models lean on. */
static void add_models(struct buf *out, const struct backtest_result *r)
{
	const char *model;
	json_t *gains;

	AUTO(str) char *worth = backtest_recalibration_words(r);

	if (worth) {
		AUTO(str) char *text = xasprintf("Recalibrating: %s.", worth);
		html_element(out, "p", text);
	}
	json_object_foreach(r->importances, model, gains)
	{
		AUTO(str) char *name = utf8_sanitize_dup(model);
		AUTO(str) char *words = backtest_importance_words(gains);
		AUTO(str) char *text = xasprintf("%s leans on %s.", name, words);
		if (*words)
			html_element(out, "p", text);
	}
}

static void add_page(struct buf *out, const struct backtest_result *r)
{
	AUTO(str) char *verdict = backtest_verdict(backtest_skill(r), r->headline_words);
	const struct judge_intervals *v = &judge_whole(&r->judge)->intervals;
	char width[32], score[32];

	html_open(out, r->name);
	html_element(out, "h1", verdict);
	add_rows(out, r);
	add_cost(out, r);
	add_weeks(out, r);
	add_bars(out, r, JUDGE_BY_SLATE, FIGURE_SKILL, "Skill by slate, against the headline baseline", "%", NAN);
	add_levels(out, r);
	if (v->n)
		buf_addf(out, "<p>%.4g %% intervals cover %.1f %%; mean width %s, interval score %s.</p>\n",
			 r->input.coverage * 100, v->coverage * 100, backtest_number_text(width, v->width, 2),
			 backtest_number_text(score, v->score, 2));
	buf_adds(out, "<h2>Measures</h2>\n");
	add_measures(out, r);
	add_models(out, r);
	add_worst(out, r);
	html_close(out);
}

int backtest_write_html(const struct backtest_result *r, const char *path, struct err *err)
{
	AUTO(buf) struct buf out = BUF_INIT(BACKTEST_PAGE_MAX);

	add_page(&out, r);
	if (out.overflow)
		return err_set(err, ERR_TOOBIG, "%s: the page would be larger than %zu MB: use --csv", path,
			       BACKTEST_PAGE_MAX >> 20);
	return fs_write_atomic(path, out.data, out.len, 0644, err);
}
