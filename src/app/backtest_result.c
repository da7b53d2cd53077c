/* backtest_result.c - a run's folder, or a predictions file alone, read and judged. */
#include "app/backtest.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/timefmt.h"
#include "base/utf8.h"
#include "model/price.h"

#define LINE_MAX_BYTES ((size_t)1 << 20)
#define IMPORTANCES_SHOWN 5
#define BESIDE_MAX ((size_t)64 << 20) /* spec.json and the like */

void backtest_result_done(struct backtest_result *r)
{
	free(r->name);
	free(r->path);
	backtest_rows_done(&r->predictions);
	free(r->others);
	judge_done(&r->judge);
	free(r->headline_words);
	free(r->recalibrating);
	json_decref(r->importances);
	*r = (struct backtest_result){0};
}

/* --- files -------------------------------------------------------------------- */

/* The predictions that `where` names: a file, a folder that has them, a run. */
static int find_predictions(const char *where, char **ret, struct err *err)
{
	AUTO(str) char *runs = fs_state_path("backtests");
	AUTO(str) char *folder = NULL;

	if (fs_is_dir(where))
		folder = xstrdup(where);
	else if (fs_exists(where)) {
		*ret = xstrdup(where);
		return 0;
	} else if (*where && !strchr(where, '/') && !str_eq(where, ".."))
		folder = fs_join(runs, where);
	if (!folder || !fs_is_dir(folder))
		return err_set(err, ERR_NOTFOUND, "%s: there is no such run in %s, and no such file or folder", where,
			       runs);
	AUTO(str) char *path = fs_join(folder, "predictions.csv");
	if (!fs_exists(path))
		return err_set(err, ERR_NOTFOUND, "%s has no predictions.csv yet: the run has not ended", folder);
	*ret = TAKE(path);
	return 0;
}

/* The lines that end in the block; what begins in it goes to rest. */
static int add_block(struct backtest_rows *p, const char *block, size_t n, struct buf *rest, struct err *err)
{
	const char *at = block, *end = block + n, *eol;
	int rc = 0;

	while (rc == 0 && (eol = memchr(at, '\n', (size_t)(end - at)))) {
		size_t length = (size_t)(eol + 1 - at);
		if (rest->len == 0) {
			rc = backtest_rows_add_line(p, at, length, err);
		} else {
			(void)buf_add(rest, at, length);
			rc = rest->overflow ? 0 : backtest_rows_add_line(p, rest->data, rest->len, err);
			rest->len = rest->overflow ? rest->len : 0;
		}
		at = eol + 1;
	}
	(void)buf_add(rest, at, (size_t)(end - at));
	if (rc == 0 && rest->overflow)
		rc = err_set(err, ERR_TOOBIG, "%s:%zu: the line is longer than 1 MB: this is no predictions file",
			     p->what, p->line + 1);
	return rc;
}

static int read_lines(FILE *f, const char *path, struct backtest_rows *p, struct err *err)
{
	AUTO(buf) struct buf rest = BUF_INIT(LINE_MAX_BYTES);
	char block[1 << 16];
	size_t n;
	int rc = 0;

	while (rc == 0 && (n = fread(block, 1, sizeof(block), f)) > 0)
		rc = add_block(p, block, n, &rest, err);
	if (rc == 0 && ferror(f))
		rc = err_set(err, ERR_IO, "cannot read %s: %s", path, strerror(errno));
	if (rc == 0 && rest.len)
		rc = backtest_rows_add_line(p, rest.data, rest.len, err); /* says that it has no end */
	return rc < 0 ? rc : backtest_rows_end(p, err);
}

int backtest_rows_load(const char *where, struct backtest_rows *ret, char **ret_path, struct err *err)
{
	AUTO(str) char *path = NULL;
	struct stat st;

	backtest_rows_init(ret, NULL);
	int rc = find_predictions(where, &path, err);
	if (rc < 0)
		return rc;
	AUTO(file) FILE *f = fopen(path, "re");
	if (!f || fstat(fileno(f), &st) < 0)
		return err_set(err, ERR_IO, "cannot read %s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return err_set(err, ERR_IO, "%s is a folder: a predictions file is wanted", path);
	ret->what = path;
	rc = read_lines(f, path, ret, err);
	ret->what = NULL;
	if (ret_path)
		*ret_path = rc == 0 ? TAKE(path) : NULL;
	return rc;
}

/* A JSON file beside the predictions; NULL where there is none. */
static int read_beside(const char *predictions, const char *name, json_t **ret, struct err *err)
{
	const char *slash = strrchr(predictions, '/');
	AUTO(str) char *folder = slash ? xstrndup(predictions, (size_t)(slash - predictions)) : xstrdup(".");
	AUTO(str) char *path = slash == predictions ? xasprintf("/%s", name) : fs_join(folder, name);

	*ret = NULL;
	if (!fs_exists(path))
		return 0;
	if (json_parse_file(path, BESIDE_MAX, ret, err) < 0)
		return -err->code;
	return json_is_object(*ret) ? 0 : err_set(err, ERR_PARSE, "%s: an object is wanted", path);
}

static int64_t known_or_unknown(const json_t *j, const char *name)
{
	int64_t v = json_get_i64(j, name, -1);

	return v < 0 ? -1 : v;
}

static int read_cost(struct backtest_result *r, struct err *err)
{
	AUTO(json) json_t *cost = NULL;

	if (read_beside(r->path, "cost.json", &cost, err) < 0)
		return -err->code;
	int64_t usd = known_or_unknown(cost, "usd_micro");
	r->usd_micro = usd < 0 || usd > USD_MICRO_MAX ? USD_UNKNOWN : usd;
	AUTO(str) char *as_of = utf8_sanitize_dup(str_or(json_get_str(cost, "prices_as_of"), ""));

	str_copy(r->prices_as_of, sizeof(r->prices_as_of), as_of);
	r->jobs = known_or_unknown(cost, "jobs");
	r->billable_seconds = known_or_unknown(cost, "billable_seconds");
	return 0;
}

/* Of the plan that the run was begun with: as it was asked for, and never recalibrated. */
static int read_plan(struct backtest_result *r, struct err *err)
{
	AUTO(json) json_t *plan = NULL;
	AUTO(buf) struct buf out = BUF_INIT(BUF_MAX_TEXT);
	const json_t *planned, *o, *never = NULL;
	char more[TIMEFMT_LEN];
	size_t i;

	if (read_beside(r->path, "plan.json", &plan, err) < 0)
		return -err->code;
	json_array_foreach(json_object_get(plan, "recalibrated"), i, o) if (json_is_null(json_object_get(o, "days")))
		never = o;
	planned = json_object_get(plan, "planned");
	if (!never || !planned)
		return 0;
	double seconds = json_get_f64(planned, "billed_seconds", 0) - json_get_f64(never, "billed_seconds", 0);
	double usd = json_get_f64(planned, "spot_usd", NAN) - json_get_f64(never, "spot_usd", NAN);

	(void)buf_addf(&out, "%" PRId64 " trainings instead of 1, planned at %s more billed",
		       json_get_i64(plan, "cycles_with_rows", 0),
		       timefmt_duration(more, (int64_t)(MAX(seconds, 0.0) * 1000)));
	if (isfinite(usd))
		(void)buf_addf(&out, " and $%.2f more on spot", MAX(usd, 0.0));
	r->recalibrating = buf_take(&out);
	return 0;
}

/* --- headline ----------------------------------------------------------------- */

static int unknown_headline(const struct backtest_result *r, const char *name, struct err *err)
{
	const char *names[BACKTEST_COLUMNS_MAX];
	size_t n = 0;
	AUTO(buf) struct buf all = BUF_INIT(BUF_MAX_TEXT);

	for (size_t i = 0; i < r->predictions.n_columns; i++)
		if (r->predictions.columns[i].kind == BACKTEST_BASELINE) {
			buf_addf(&all, "%s%s", n ? ", " : "", r->predictions.columns[i].name);
			names[n++] = r->predictions.columns[i].name;
		}
	if (n == 0)
		return err_set(err, ERR_INVALID, "%s has no baseline: a column baseline:%s is wanted", r->path, name);
	const char *near = str_nearest(name, names, n);
	return err_set(err, ERR_INVALID, "%s has no baseline %s: %s%s%s", r->path, name,
		       near ? "did you mean " : "it has ", near ? near : buf_str(&all), near ? "?" : "");
}

static int find_headline(struct backtest_result *r, const char *name, struct err *err)
{
	const struct backtest_column *c = backtest_rows_baseline(&r->predictions, name);

	if (!c)
		return unknown_headline(r, name, err);
	r->headline = (size_t)(c - r->predictions.columns);
	r->headline_words = judge_baseline_words(c->name);
	return 0;
}

/* The headline baseline and the intervals' coverage: the specification's, which names them
 * beforehand, else what was asked for. */
static int read_spec(struct backtest_result *r, const char *baseline, double *ret_coverage, struct err *err)
{
	AUTO(json) json_t *spec = NULL;

	if (read_beside(r->path, "spec.json", &spec, err) < 0)
		return -err->code;
	AUTO(str) char *headline = utf8_sanitize_dup(json_get_str(spec, "headline"));
	if (headline && baseline && !str_eq(headline, baseline))
		return err_set(err, ERR_INVALID,
			       "the specification named %s as the headline baseline beforehand: leave out --baseline",
			       headline);
	const json_t *coverage = json_path_get(spec, "intervals.coverage");
	*ret_coverage = coverage ? json_number_value(coverage) : BACKTEST_COVERAGE;
	if (!(*ret_coverage > 0 && *ret_coverage < 1))
		return err_set(err, ERR_INVALID, "spec.json beside %s: intervals.coverage is above 0 and below 1",
			       r->path);
	return find_headline(r, headline ? headline : str_or(baseline, BACKTEST_HEADLINE), err);
}

/* --- judging ------------------------------------------------------------------ */

void backtest_result_input(struct backtest_result *r, double coverage)
{
	const struct backtest_rows *p = &r->predictions;
	const struct backtest_column *level = backtest_rows_baseline(p, "season_mean");

	r->others = xcalloc(p->n_columns + 1, sizeof(*r->others));
	for (size_t i = 0; i < p->n_columns; i++)
		r->others[i] = p->columns[i].values;
	r->input = (struct judge_input){
		.n = p->n,
		.of = {p->cycle, p->week, p->slate, p->entity},
		.n_of = {p->n_cycles, p->n_weeks, p->n_slates, p->entities.n},
		.scored = p->scored,
		.actual = p->fixed[BACKTEST_ACTUAL],
		.prediction = p->fixed[BACKTEST_PREDICTION],
		.low = p->fixed[BACKTEST_LOW],
		.high = p->fixed[BACKTEST_HIGH],
		.scale = p->fixed[BACKTEST_SCALE],
		.others = r->others,
		.n_others = p->n_columns,
		.level = level ? level->values : NULL,
		.coverage = coverage,
	};
}

/* A run is called by its folder. */
static char *result_name(const char *where, const char *path)
{
	AUTO(str) char *clean = utf8_sanitize_dup(where);

	if (fs_is_dir(where)) {
		while (strlen(clean) > 1 && str_ends(clean, "/"))
			clean[strlen(clean) - 1] = '\0';
		const char *slash = strrchr(clean, '/');
		return xstrdup(slash && slash[1] ? slash + 1 : clean);
	}
	return str_eq(where, path) ? xstrdup(clean) : TAKE(clean);
}

int backtest_result_load(const char *where, const char *baseline, struct backtest_result *ret, struct err *err)
{
	double coverage = BACKTEST_COVERAGE;

	*ret = (struct backtest_result){.usd_micro = USD_UNKNOWN, .jobs = -1, .billable_seconds = -1};
	int rc = backtest_rows_load(where, &ret->predictions, &ret->path, err);
	rc = rc ? rc : read_spec(ret, baseline, &coverage, err);
	rc = rc ? rc : read_cost(ret, err);
	rc = rc ? rc : read_plan(ret, err);
	rc = rc ? rc : read_beside(ret->path, "importances.json", &ret->importances, err);
	if (rc < 0)
		return rc;
	ret->name = result_name(where, ret->path);
	backtest_result_input(ret, coverage);
	judge_predictions(&ret->input, &ret->judge);
	return 0;
}

/* --- words -------------------------------------------------------------------- */

char *backtest_verdict(const struct judge_skill *s, const char *other)
{
	AUTO(str) char *sentence = judge_sentence(s, other);
	const char *advice = judge_advice(judge_outcome(s));

	return xasprintf("%s%s%s", sentence, *advice ? ": " : "", advice);
}

char *backtest_column_name(const struct backtest_column *c)
{
	if (c->kind == BACKTEST_MODEL)
		return xasprintf("model %s", c->name);
	return xstrdup(c->kind == BACKTEST_NEVER ? "never recalibrated" : c->name);
}

char *backtest_column_words(const struct backtest_column *c)
{
	return c->kind == BACKTEST_BASELINE ? judge_baseline_words(c->name) : backtest_column_name(c);
}

char *backtest_group_label(const struct backtest_result *r, enum judge_by by, uint32_t id)
{
	const struct backtest_rows *p = &r->predictions;
	char day[16];

	switch (by) {
	case JUDGE_BY_WEEK:
		return xstrdup(backtest_rows_day_text(day, p->week_days[id]));
	case JUDGE_BY_SLATE:
		return xstrdup(backtest_rows_day_text(day, p->slate_days[id]));
	case JUDGE_BY_ENTITY:
		return xstrdup(p->entities.items[id]);
	case JUDGE_BY_LEVEL:
		return xasprintf("%u", id + 1);
	default:
		return xasprintf("%u", id);
	}
}

char *backtest_recalibration_words(const struct backtest_result *r)
{
	for (size_t i = 0; i < r->predictions.n_columns; i++) {
		if (r->predictions.columns[i].kind != BACKTEST_NEVER)
			continue;
		AUTO(str) char *sentence = judge_sentence(&judge_whole(&r->judge)->skills[i], "never");

		return xasprintf("%s%s%s", sentence, r->recalibrating ? "; " : "", str_or(r->recalibrating, ""));
	}
	return NULL;
}

char *backtest_level_bounds(const struct judge *j, uint32_t level)
{
	if (level == 0)
		return xasprintf("to %.4g", j->edges[0]);
	if (level == JUDGE_LEVELS - 1)
		return xasprintf("above %.4g", j->edges[level - 1]);
	return xasprintf("%.4g to %.4g", j->edges[level - 1], j->edges[level]);
}

struct importance {
	const char *column;
	double gain;
};

static int compare_importances(const void *pa, const void *pb)
{
	const struct importance *a = pa, *b = pb;

	return a->gain != b->gain ? (a->gain < b->gain) - (a->gain > b->gain) : strcmp(a->column, b->column);
}

char *backtest_importance_words(const json_t *model)
{
	struct importance *all = xreallocarray(NULL, json_object_size(model) + 1, sizeof(*all));
	AUTO(buf) struct buf out = BUF_INIT(BUF_MAX_TEXT);
	double total = 0;
	size_t n = 0;
	const char *column;
	json_t *gain;

	json_object_foreach((json_t *)model, column, gain)
	{
		if (!(json_number_value(gain) > 0))
			continue;
		all[n++] = (struct importance){column, json_number_value(gain)};
		total += json_number_value(gain);
	}
	qsort(all, n, sizeof(*all), compare_importances);
	for (size_t i = 0; i < MIN(n, (size_t)IMPORTANCES_SHOWN); i++) {
		AUTO(str) char *name = utf8_sanitize_dup(all[i].column);
		buf_addf(&out, "%s%s %.0f %%", i ? ", " : "", name, 100 * all[i].gain / total);
	}
	free(all);
	return buf_take(&out);
}

double backtest_usd_per_slate(const struct backtest_result *r)
{
	return r->usd_micro == USD_UNKNOWN ? NAN : (double)r->usd_micro / 1e6 / (double)r->predictions.n_slates;
}

double backtest_usd_per_point(const struct backtest_result *r)
{
	double points = backtest_skill(r)->skill * 100;

	return r->usd_micro == USD_UNKNOWN || !(points > 0) ? NAN : (double)r->usd_micro / 1e6 / points;
}

char *backtest_count_text(char *buf, size_t n)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%zu", n), at = 0;

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			buf[at++] = ',';
		buf[at++] = digits[i];
	}
	buf[at] = '\0';
	return buf;
}

char *backtest_number_text(char *buf, double v, int decimals)
{
	if (fabs(v) < 0.5 * pow(10, -decimals))
		v = 0; /* no minus before a figure that shows as 0 */
	if (!isfinite(v))
		snprintf(buf, 32, "-");
	else if (fabs(v) >= 1e7)
		snprintf(buf, 32, "%.3g", v);
	else
		snprintf(buf, 32, "%.*f", decimals, v);
	return buf;
}

char *backtest_range_text(char *buf, double low, double high)
{
	char a[32], b[32];

	if (!isfinite(low) || !isfinite(high))
		snprintf(buf, 64, "-");
	else
		snprintf(buf, 64, "%s to %s", backtest_number_text(a, low * 100, 1),
			 backtest_number_text(b, high * 100, 1));
	return buf;
}

char *backtest_p_text(char *buf, double p)
{
	return p < 0.001 ? strcpy(buf, "<0.001") : backtest_number_text(buf, p, 3);
}
