/* backtest_json.c - a backtest's report for programs: one JSON document, or a table with a
 * row for each column of each group. */
#include <math.h>

#include "app/backtest.h"
#include "app/output.h"
#include "base/csv.h"
#include "model/price.h"

void backtest_put_number(json_t *object, const char *name, double v)
{
	json_object_set_new(object, name, isfinite(v) ? json_real(v) : json_null());
}

static void put_count(json_t *object, const char *name, size_t n)
{
	json_object_set_new(object, name, json_integer((json_int_t)n));
}

static void put_known_count(json_t *object, const char *name, int64_t n)
{
	json_object_set_new(object, name, n < 0 ? json_null() : json_integer(n));
}

static void put_measures(json_t *o, const struct judge_measures *m)
{
	put_count(o, "rows", m->n);
	backtest_put_number(o, "mae", m->mae);
	backtest_put_number(o, "rmse", m->rmse);
	backtest_put_number(o, "bias", m->bias);
	backtest_put_number(o, "mase", m->mase);
	put_count(o, "mase_rows", m->mase_n);
	backtest_put_number(o, "rank", m->rank);
	put_count(o, "rank_slates", m->rank_slates);
}

static json_t *intervals_json(const struct judge_intervals *v)
{
	json_t *o = json_object();

	put_count(o, "rows", v->n);
	backtest_put_number(o, "coverage", v->coverage);
	backtest_put_number(o, "width", v->width);
	backtest_put_number(o, "score", v->score);
	return o;
}

static json_t *test_json(const struct judge_test *t)
{
	json_t *o = json_object();

	put_count(o, "draws", JUDGE_DRAWS);
	put_count(o, "seed", JUDGE_SEED);
	backtest_put_number(o, "low", t->boot_low);
	backtest_put_number(o, "high", t->boot_high);
	return o;
}

static json_t *dm_json(const struct judge_test *t)
{
	json_t *o = json_object();

	backtest_put_number(o, "statistic", t->dm);
	backtest_put_number(o, "p", t->p);
	put_count(o, "lag", t->lag);
	return o;
}

json_t *backtest_skill_json(const struct judge_skill *s, const struct judge_test *t)
{
	json_t *o = json_object();

	put_count(o, "rows", s->n);
	put_count(o, "slates", s->slates);
	backtest_put_number(o, "mae", s->mae);
	backtest_put_number(o, "other_mae", s->other_mae);
	backtest_put_number(o, "skill", s->skill);
	backtest_put_number(o, "se", s->se);
	backtest_put_number(o, "low", s->low);
	backtest_put_number(o, "high", s->high);
	if (!t)
		return o;
	json_object_set_new(o, "bootstrap", test_json(t));
	json_object_set_new(o, "diebold_mariano", dm_json(t));
	put_count(o, "wins", t->wins);
	put_count(o, "losses", t->losses);
	put_count(o, "ties", t->ties);
	return o;
}

static json_t *column_json(const struct backtest_result *r, size_t i)
{
	const struct backtest_column *c = &r->predictions.columns[i];
	AUTO(str) char *words = backtest_column_words(c);
	const struct judge_measures *m = &r->judge.others[i];
	json_t *o = json_object();

	json_put_str(o, "name", c->name);
	json_put_str(o, "words", words);
	put_measures(o, m);
	put_count(o, "rows_missing", judge_whole(&r->judge)->scored - m->n);
	json_object_set_new(o, "skill", backtest_skill_json(&judge_whole(&r->judge)->skills[i], &r->judge.tests[i]));
	return o;
}

static json_t *columns_json(const struct backtest_result *r, enum backtest_column_kind kind)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->predictions.n_columns; i++)
		if (r->predictions.columns[i].kind == kind)
			json_array_append_new(list, column_json(r, i));
	return list;
}

/* The name that tells columns apart in a file: as its header has them. */
static char *column_title(const struct backtest_column *c)
{
	static const char *const prefixes[] = {"model:", "baseline:", ""};

	return xasprintf("%s%s", prefixes[c->kind], c->name);
}

static json_t *group_json(const struct backtest_result *r, enum judge_by by, const struct judge_group *g)
{
	AUTO(str) char *label = backtest_group_label(r, by, g->id);
	json_t *o = json_object(), *skills = json_object();

	json_put_str(o, judge_by_name(by), label);
	put_count(o, "pool", g->pool);
	put_count(o, "predicted", g->predicted);
	put_count(o, "scored", g->scored);
	put_measures(o, &g->measures);
	json_object_set_new(o, "intervals", intervals_json(&g->intervals));
	for (size_t i = 0; i < r->predictions.n_columns; i++) {
		AUTO(str) char *title = column_title(&r->predictions.columns[i]);
		json_object_set_new(skills, title, backtest_skill_json(&g->skills[i], NULL));
	}
	json_object_set_new(o, "skill", skills);
	return o;
}

static json_t *rows_json(const struct backtest_result *r)
{
	const struct judge_group *g = judge_whole(&r->judge);
	json_t *o = json_object();

	put_count(o, "pool", g->pool);
	put_count(o, "predicted", g->predicted);
	put_count(o, "scored", g->scored);
	put_count(o, "judged", g->measures.n);
	put_count(o, "scored_without_prediction", g->scored - g->measures.n);
	put_count(o, "slates", r->predictions.n_slates);
	put_count(o, "cycles", r->judge.by[JUDGE_BY_CYCLE].n);
	put_count(o, "weeks", r->predictions.n_weeks);
	put_count(o, "entities", r->predictions.entities.n);
	return o;
}

static json_t *levels_json(const struct backtest_result *r)
{
	json_t *o = json_object(), *edges = json_array();

	json_put_str(o, "by", r->input.level ? "season_mean" : "prediction");
	for (size_t i = 0; i < JUDGE_LEVELS - 1; i++)
		json_array_append_new(edges, isnan(r->judge.edges[i]) ? json_null() : json_real(r->judge.edges[i]));
	json_object_set_new(o, "edges", edges);
	put_count(o, "rows_without", r->judge.without_level);
	return o;
}

static json_t *cost_json(const struct backtest_result *r)
{
	json_t *o = json_object();

	json_put_usd(o, "usd", r->usd_micro);
	json_put_str(o, "prices_as_of", str_empty(r->prices_as_of) ? NULL : r->prices_as_of);
	put_known_count(o, "jobs", r->jobs);
	put_known_count(o, "billable_seconds", r->billable_seconds);
	backtest_put_number(o, "usd_per_slate", backtest_usd_per_slate(r));
	backtest_put_number(o, "usd_per_point_of_skill", backtest_usd_per_point(r));
	return o;
}

static json_t *worst_json(const struct backtest_result *r)
{
	json_t *list = json_array();
	size_t n;
	uint32_t *worst = judge_worst_entities(&r->judge, r->headline, &n);

	for (size_t i = 0; i < n; i++) {
		const struct judge_group *g = &r->judge.by[JUDGE_BY_ENTITY].items[worst[i]];
		double lost = judge_lost(&g->skills[r->headline]);
		if (!(lost > 0))
			break;
		json_t *o = json_object();
		json_put_str(o, "entity", r->predictions.entities.items[g->id]);
		backtest_put_number(o, "lost", lost);
		json_array_append_new(list, o);
	}
	free(worst);
	return list;
}

/* All but the groups. */
static json_t *summary_json(const struct backtest_result *r)
{
	const struct judge_skill *s = backtest_skill(r);
	AUTO(str) char *verdict = backtest_verdict(s, r->headline_words);
	json_t *o = json_object(), *prediction = json_object(), *intervals;
	AUTO(json) json_t *never = columns_json(r, BACKTEST_NEVER);
	char from[16], to[16];

	json_put_str(o, "verdict", verdict);
	json_put_str(o, "outcome", judge_outcome_name(judge_outcome(s)));
	json_object_set_new(o, "beaten", json_boolean(judge_outcome(s) == JUDGE_BETTER));
	json_put_str(o, "run", r->name);
	json_put_str(o, "headline", r->predictions.columns[r->headline].name);
	json_put_str(o, "from", backtest_rows_day_text(from, r->predictions.slate_days[0]));
	json_put_str(o, "to", backtest_rows_day_text(to, r->predictions.slate_days[r->predictions.n_slates - 1]));
	json_object_set_new(o, "rows", rows_json(r));
	put_measures(prediction, &judge_whole(&r->judge)->measures);
	json_object_set_new(o, "prediction", prediction);
	intervals = intervals_json(&judge_whole(&r->judge)->intervals);
	backtest_put_number(intervals, "promised", r->input.coverage);
	json_object_set_new(o, "intervals", intervals);
	json_object_set_new(o, "models", columns_json(r, BACKTEST_MODEL));
	json_object_set_new(o, "baselines", columns_json(r, BACKTEST_BASELINE));
	json_object_set(o, "never_recalibrated", json_array_size(never) ? json_array_get(never, 0) : json_null());
	json_put_str(o, "recalibrating", r->recalibrating);
	json_object_set_new(o, "levels", levels_json(r));
	json_object_set_new(o, "worst_entities", worst_json(r));
	json_object_set_new(o, "cost", cost_json(r));
	json_object_set(o, "importances", r->importances ? r->importances : json_null());
	return o;
}

/* Of hundreds of thousands of groups none is kept: each is a line of its own. */
static void print_groups(const struct app *a, const struct backtest_result *r, enum judge_by by)
{
	const struct judge_grouping *g = &r->judge.by[by];

	fprintf(a->out, "    \"%s\": [", judge_by_name(by));
	for (size_t i = 0; i < g->n; i++) {
		AUTO(json) json_t *group = group_json(r, by, &g->items[i]);
		AUTO(str) char *text = json_text(group);
		fprintf(a->out, "%s\n      %s", i ? "," : "", text);
	}
	fprintf(a->out, "\n    ]%s\n", by + 1 < JUDGE_BY_COUNT ? "," : "");
}

void backtest_print_json(const struct app *a, const struct backtest_result *r)
{
	AUTO(json) json_t *summary = summary_json(r);
	AUTO(str) char *text = json_text_pretty(summary);

	/* all but its closing brace, and the newline before it */
	fprintf(a->out, "%.*s,\n  \"by\": {\n", (int)strlen(text) - 2, text);
	for (enum judge_by by = 0; by < JUDGE_BY_COUNT; by++)
		print_groups(a, r, by);
	fputs("  }\n}\n", a->out);
}

/* --- the table ---------------------------------------------------------------- */

static const char *const titles[] = {
	"by",	       "group",	    "column", "pool",	  "predicted", "scored",    "rows",	      "mae",
	"rmse",	       "bias",	    "mase",   "rank",	  "covered",   "width",	    "interval_score", "rows_of_both",
	"mae_on_both", "other_mae", "skill",  "skill_se", "skill_low", "skill_high"};

struct row {
	struct buf *out;
	char separator;
};

static void row_text(const struct row *w, const char *text)
{
	if (w->separator == '\t')
		buf_adds(w->out, text);
	else
		csv_add(w->out, text);
	buf_addc(w->out, w->separator);
}

static void row_count(const struct row *w, size_t n)
{
	buf_addf(w->out, "%zu%c", n, w->separator);
}

/* Nothing where it is not known. */
static void row_numbers(const struct row *w, const double *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (isfinite(v[i]))
			buf_addf(w->out, "%.17g", v[i]);
		buf_addc(w->out, w->separator);
	}
}

static void row_end(const struct row *w)
{
	w->out->data[w->out->len - 1] = '\n'; /* for the last separator */
}

static void row_blanks(const struct row *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_addc(w->out, w->separator);
}

static void row_skill(const struct row *w, const struct judge_skill *s)
{
	double v[] = {s->mae, s->other_mae, s->skill, s->se, s->low, s->high};

	row_count(w, s->n);
	row_numbers(w, v, ARRAY_LEN(v));
}

/* The prediction's row, then one for each column it is compared with. */
static void group_rows(const struct row *w, const struct backtest_result *r, const char *by, const char *label,
		       const struct judge_group *g)
{
	const struct judge_measures *m = &g->measures;
	const struct judge_intervals *v = &g->intervals;
	double measures[] = {m->mae, m->rmse, m->bias, m->mase, m->rank, v->coverage, v->width, v->score};

	row_text(w, by);
	row_text(w, label);
	row_text(w, "prediction");
	row_count(w, g->pool);
	row_count(w, g->predicted);
	row_count(w, g->scored);
	row_count(w, m->n);
	row_numbers(w, measures, ARRAY_LEN(measures));
	row_blanks(w, 7);
	row_end(w);
	for (size_t i = 0; i < r->predictions.n_columns; i++) {
		AUTO(str) char *title = column_title(&r->predictions.columns[i]);
		row_text(w, by);
		row_text(w, label);
		row_text(w, title);
		row_blanks(w, 12);
		row_skill(w, &g->skills[i]);
		row_end(w);
	}
}

static void flush(const struct app *a, struct buf *out)
{
	fwrite(buf_str(out), 1, out->len, a->out);
	buf_clear(out);
}

void backtest_print_rows(const struct app *a, const struct backtest_result *r, char separator)
{
	AUTO(buf) struct buf out = BUF_INIT(BUF_MAX_TEXT);
	struct row w = {&out, separator};

	for (size_t i = 0; i < ARRAY_LEN(titles) && !app_flag(a, OPT_NO_HEADER); i++)
		buf_addf(&out, "%s%c", titles[i], i + 1 < ARRAY_LEN(titles) ? separator : '\n');
	group_rows(&w, r, "all", "", judge_whole(&r->judge));
	for (enum judge_by by = 0; by < JUDGE_BY_COUNT; by++)
		for (size_t i = 0; i < r->judge.by[by].n; i++) {
			const struct judge_group *g = &r->judge.by[by].items[i];
			AUTO(str) char *label = backtest_group_label(r, by, g->id);
			group_rows(&w, r, judge_by_name(by), label, g);
			flush(a, &out);
		}
	flush(a, &out);
}
