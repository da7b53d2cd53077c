/* The pass over the rows: what each entity, and each word that rows go by, has done so
 * far is kept as sums, and the last rows are reached through the panel's links. */
#include "trainer/panel/features.h"

#include <math.h>
#include <time.h>

#include "trainer/panel/features_impl.h"

#define DAY_SECONDS ((time_t)24 * 3600)

void features_free(struct features *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n; i++) {
		free(f->items[i].name);
		free(f->items[i].word);
		free(f->items[i].text);
	}
	free(f->items);
	free(f);
}

size_t features_count(const struct features *f)
{
	return f->n;
}

const char *features_name(const struct features *f, size_t column)
{
	return f->items[column].name;
}

void features_names(const struct features *f, struct strlist *ret)
{
	for (size_t i = 0; i < features_count(f); i++)
		strlist_add(ret, features_name(f, i));
}

/* Windows that reach back over rows; the season's and half-lives have sums. */
static bool has_window(const struct feature *x)
{
	return x->kind == FEATURE_LAG || (x->kind <= FEATURE_MAX && x->arg > 0) ||
	       (x->kind == FEATURE_RATE && x->arg > 0);
}

/* Those that know what each word of a column has seen. */
static bool has_words(const struct feature *x)
{
	return x->kind == FEATURE_ALLOWED || x->kind == FEATURE_ALLOWED_MEAN || x->kind == FEATURE_ALLOWED_RATIO;
}

int features_new(const struct backtest_spec *spec, const struct panel *p, struct features **ret, struct err *err)
{
	AUTO(features) struct features *f = NEW(struct features);
	size_t sums = 0, words = 0;

	for (size_t i = 0; i < spec->features.n; i++)
		if (feature_words_add(f, spec->features.items[i], spec, p, err))
			return err ? -(int)err->code : -ERR_INVALID;
	for (size_t i = 0; i < f->n; i++) {
		struct feature *x = &f->items[i];

		if (has_window(x))
			f->window = MAX(f->window, (size_t)x->arg);
		else if (has_words(x))
			x->slot = words++;
		else
			x->slot = sums++;
	}
	*ret = TAKE(f);
	return 0;
}

/* --- running sums ---------------------------------------------------------------------------- */

/* Of one entity and feature: mean and squares by Welford, or weighted sums. */
struct sums {
	double n, sum, mean, squares, least, most, per;
};

/* Of one word of a column that rows go by. */
struct word_sums {
	double n, sum;
};

/* Features over the last rows of one column, or of one per another: what is read of a row's
 * history once, for all of them. */
struct window_group {
	size_t column, per;
	size_t *items; /* features, shortest window first */
	size_t n;
};

struct pass {
	const struct features *f;
	const struct panel *p;
	struct window_group *groups;
	size_t n_groups, cap_groups;
	size_t *remembered, n_remembered; /* features that have sums */
	size_t *plain, n_plain;		  /* features that look at no window */
	double *decay;			  /* per feature: of a half-life */
	double *values;			  /* of a window: its known values, newest first */
	struct sums *sums;		  /* entities x features */
	struct word_sums **words;	  /* per feature: the words of its column, and one more for all */
	struct expression **formulas;	  /* per feature */
	size_t *hist;			  /* the last rows of the entity at hand, newest first */
	size_t n_hist;
};

static void add_value(struct sums *s, const struct feature *x, double decay, double v, double per)
{
	if (x->kind == FEATURE_EWM) {
		s->sum *= decay;
		s->n *= decay;
		if (!isnan(v)) {
			s->sum += v;
			s->n += 1;
		}
		return;
	}
	if (isnan(v) || (x->kind == FEATURE_RATE && isnan(per)))
		return;
	double delta = v - s->mean;

	s->least = s->n && s->least < v ? s->least : v;
	s->most = s->n && s->most > v ? s->most : v;
	s->n += 1;
	s->sum += v;
	s->per += per;
	s->mean += delta / s->n;
	s->squares += delta * (v - s->mean);
}

static double season_value(const struct sums *s, const struct feature *x)
{
	switch (x->kind) {
	case FEATURE_MEAN:
	case FEATURE_EWM:
		return s->n > 0 ? s->sum / s->n : NAN;
	case FEATURE_STD:
		return s->n > 1 ? sqrt(s->squares / (s->n - 1)) : NAN;
	case FEATURE_MIN:
		return s->n > 0 ? s->least : NAN;
	case FEATURE_MAX:
		return s->n > 0 ? s->most : NAN;
	case FEATURE_RATE:
		return s->per != 0 ? s->sum / s->per : NAN;
	default:
		return NAN;
	}
}

/* --- windows over the last rows ----------------------------------------------------------------- */

/* What the window's known values so far come to. */
struct window {
	size_t n;
	double sum, sum_per, least, most;
};

static double window_deviation(const double *values, const struct window *w)
{
	double mean = w->sum / (double)w->n, squares = 0;

	for (size_t i = 0; i < w->n; i++)
		squares += (values[i] - mean) * (values[i] - mean);
	return w->n > 1 ? sqrt(squares / (double)(w->n - 1)) : NAN;
}

static double window_value(const struct pass *s, const struct feature *x, const struct window *w)
{
	switch (x->kind) {
	case FEATURE_MEAN:
		return w->n > 0 ? w->sum / (double)w->n : NAN;
	case FEATURE_STD:
		return window_deviation(s->values, w);
	case FEATURE_MIN:
		return w->least;
	case FEATURE_MAX:
		return w->most;
	case FEATURE_RATE:
		return w->sum_per != 0 ? w->sum / w->sum_per : NAN;
	default:
		return NAN;
	}
}

static void window_add(const struct pass *s, struct window *w, double v, double per)
{
	w->least = w->n > 0 && w->least < v ? w->least : v;
	w->most = w->n > 0 && w->most > v ? w->most : v;
	s->values[w->n++] = v;
	w->sum += v;
	w->sum_per += per;
}

/* All features of a group for the row whose history is at hand. */
static void fill_windows(const struct pass *s, const struct window_group *g, double *out)
{
	const double *v = s->p->frame->columns[g->column].numbers;
	const double *per = g->per == FRAME_NO_COLUMN ? NULL : s->p->frame->columns[g->per].numbers;
	struct window w = {.least = NAN, .most = NAN};
	size_t at = 0;

	for (size_t k = 0; k < g->n; k++) {
		const struct feature *x = &s->f->items[g->items[k]];
		size_t arg = (size_t)x->arg;

		if (x->kind == FEATURE_LAG) {
			out[g->items[k]] = s->n_hist >= arg ? v[s->hist[arg - 1]] : NAN;
			continue;
		}
		for (; at < MIN(arg, s->n_hist); at++) {
			double a = v[s->hist[at]], b = per ? per[s->hist[at]] : 0;

			if (!isnan(a) && !isnan(b))
				window_add(s, &w, a, b);
		}
		out[g->items[k]] = window_value(s, x, &w);
	}
}

/* --- what needs no sums ---------------------------------------------------------------------------- */

static double recent_rows(const struct panel *p, size_t row, double days)
{
	double n = 0;

	for (int64_t i = p->previous[row]; i >= 0 && p->day[i] >= p->day[row] - days; i = p->previous[i])
		n++;
	return n;
}

static double calendar_month(int32_t day)
{
	time_t at = (time_t)day * DAY_SECONDS;
	struct tm tm;

	return gmtime_r(&at, &tm) ? tm.tm_mon + 1 : NAN;
}

static double allowed_value(const struct pass *s, size_t column, const struct feature *x, size_t row)
{
	const struct frame_column *by = &s->p->frame->columns[x->by];
	const struct word_sums *all = &s->words[column][by->words.n], *own;

	if (by->codes[row] == FRAME_NO_WORD)
		return NAN;
	own = &s->words[column][by->codes[row]];
	if (own->n == 0 || all->n == 0)
		return NAN;
	double mean = own->sum / own->n, of_all = all->sum / all->n;

	switch (x->kind) {
	case FEATURE_ALLOWED_MEAN:
		return mean;
	case FEATURE_ALLOWED_RATIO:
		return of_all != 0 ? mean / of_all : NAN;
	default:
		return mean - of_all;
	}
}

static double word_value(const struct panel *p, const struct feature *x, size_t row)
{
	const struct frame_column *c = &p->frame->columns[x->column];

	if (c->codes[row] == FRAME_NO_WORD)
		return NAN;
	return str_eq(c->words.items[c->codes[row]], x->word);
}

static double feature_value(const struct pass *s, size_t column, size_t row)
{
	const struct feature *x = &s->f->items[column];
	const struct panel *p = s->p;

	switch (x->kind) {
	case FEATURE_COUNT:
		return p->earlier[row];
	case FEATURE_REST:
		return p->previous[row] < 0 ? NAN : p->day[row] - p->day[p->previous[row]];
	case FEATURE_RECENT:
		return recent_rows(p, row, x->arg);
	case FEATURE_WEEKDAY:
		return ((p->day[row] + 3) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
	case FEATURE_MONTH:
		return calendar_month(p->day[row]);
	case FEATURE_DAY:
		return p->day[row] - p->season_start[p->season[row]];
	case FEATURE_IS:
		return word_value(p, x, row);
	case FEATURE_EXPRESSION:
		return expression_value(s->formulas[column], row);
	case FEATURE_ALLOWED:
	case FEATURE_ALLOWED_MEAN:
	case FEATURE_ALLOWED_RATIO:
		return allowed_value(s, column, x, row);
	default:
		return season_value(&s->sums[p->entity[row] * s->f->n + x->slot], x);
	}
}

static void find_history(struct pass *s, size_t row)
{
	int64_t at = s->p->previous[row];

	for (s->n_hist = 0; at >= 0 && s->n_hist < s->f->window; at = s->p->previous[at])
		s->hist[s->n_hist++] = (size_t)at;
}

/* The words that go with the row, and all words together. */
static void remember_words(const struct pass *s, size_t at, size_t row, double v, double per)
{
	const struct feature *x = &s->f->items[at];
	const struct frame_column *by = &s->p->frame->columns[x->by];
	double weight = x->per == FRAME_NO_COLUMN ? 1 : per;
	uint32_t code = by->codes[row];

	if (code == FRAME_NO_WORD || isnan(v) || isnan(weight))
		return;
	struct word_sums *own = &s->words[at][code], *all = &s->words[at][by->words.n];

	own->n += weight;
	own->sum += v;
	all->n += weight;
	all->sum += v;
}

/* A row that happened becomes history. */
static void remember(const struct pass *s, size_t row)
{
	const struct frame_column *columns = s->p->frame->columns;
	struct sums *sums = s->sums + s->p->entity[row] * s->f->n;

	for (size_t k = 0; k < s->n_remembered; k++) {
		size_t i = s->remembered[k];
		const struct feature *x = &s->f->items[i];
		double v = columns[x->column].text ? NAN : columns[x->column].numbers[row];
		double per = x->per == FRAME_NO_COLUMN ? 0 : columns[x->per].numbers[row];

		if (has_words(x))
			remember_words(s, i, row, v, per);
		else
			add_value(&sums[x->slot], x, s->decay[i], v, per);
	}
}

/* What a season's opponents allowed is not the next one's. */
static void forget_words(struct pass *s)
{
	for (size_t i = 0; i < s->f->n; i++)
		if (s->words[i])
			memset(s->words[i], 0,
			       (s->p->frame->columns[s->f->items[i].by].words.n + 1) * sizeof(*s->words[i]));
}

static struct window_group *group_of(struct pass *s, const struct feature *x)
{
	for (size_t i = 0; i < s->n_groups; i++)
		if (s->groups[i].column == x->column && s->groups[i].per == x->per)
			return &s->groups[i];
	GROW(s->groups, s->cap_groups, s->n_groups + 1);
	s->groups[s->n_groups] =
		(struct window_group){.column = x->column, .per = x->per, .items = xcalloc(s->f->n, sizeof(size_t))};
	return &s->groups[s->n_groups++];
}

/* Shortest window first; of equal ones as they came. */
static void group_add(struct pass *s, size_t at)
{
	const struct feature *x = &s->f->items[at];
	struct window_group *g = group_of(s, x);
	size_t to = g->n++;

	for (; to && s->f->items[g->items[to - 1]].arg > x->arg; to--)
		g->items[to] = g->items[to - 1];
	g->items[to] = at;
}

/* Which features are filled how, and which have sums to keep. */
static void plan_features(struct pass *s)
{
	const struct features *f = s->f;

	s->remembered = xcalloc(f->n + 1, sizeof(*s->remembered));
	s->plain = xcalloc(f->n + 1, sizeof(*s->plain));
	s->decay = xcalloc(f->n + 1, sizeof(*s->decay));
	for (size_t i = 0; i < f->n; i++) {
		const struct feature *x = &f->items[i];

		if (x->kind == FEATURE_EWM)
			s->decay[i] = exp2(-1 / x->arg);
		if (has_window(x)) {
			group_add(s, i);
			continue;
		}
		s->plain[s->n_plain++] = i;
		if (x->column != FRAME_NO_COLUMN && x->kind != FEATURE_IS)
			s->remembered[s->n_remembered++] = i;
	}
}

static void pass_begin(struct pass *s)
{
	const struct features *f = s->f;

	s->sums = xcalloc(s->p->entity_names.n * f->n + 1, sizeof(*s->sums));
	s->words = xcalloc(f->n + 1, sizeof(struct word_sums *));
	s->formulas = xcalloc(f->n + 1, sizeof(struct expression *));
	s->hist = xcalloc(f->window + 1, sizeof(*s->hist));
	s->values = xcalloc(f->window + 1, sizeof(*s->values));
	plan_features(s);
	for (size_t i = 0; i < f->n; i++) {
		const struct feature *x = &f->items[i];

		if (has_words(x))
			s->words[i] = xcalloc(s->p->frame->columns[x->by].words.n + 1, sizeof(*s->words[i]));
		if (x->kind == FEATURE_EXPRESSION && expression_new(x->text, s->p->frame, &s->formulas[i], NULL))
			abort(); /* it was read before */
	}
}

static void pass_end(struct pass *s)
{
	for (size_t i = 0; i < s->f->n; i++) {
		free(s->words[i]);
		expression_free(s->formulas[i]);
	}
	for (size_t i = 0; i < s->n_groups; i++)
		free(s->groups[i].items);
	free(s->groups);
	free(s->remembered);
	free(s->plain);
	free(s->decay);
	free(s->values);
	free(s->sums);
	free(s->words);
	free(s->formulas);
	free(s->hist);
}

static void fill_row(struct pass *s, size_t row, double *out)
{
	find_history(s, row);
	for (size_t i = 0; i < s->n_groups; i++)
		fill_windows(s, &s->groups[i], out);
	for (size_t i = 0; i < s->n_plain; i++)
		out[s->plain[i]] = feature_value(s, s->plain[i], row);
}

double *features_build(const struct features *f, const struct panel *p)
{
	struct pass s = {.f = f, .p = p};
	double *out = xcalloc(p->n * f->n + 1, sizeof(*out));

	pass_begin(&s);
	for (size_t from = 0, to; from < p->n; from = to) {
		if (from && p->season[from] != p->season[from - 1])
			forget_words(&s);
		for (to = from; to < p->n && p->day[to] == p->day[from]; to++) {
			fill_row(&s, to, out + to * f->n);
		}
		for (size_t i = from; i < to; i++) /* the day is done: it may be known */
			if (p->counts[i])
				remember(&s, i);
	}
	pass_end(&s);
	return out;
}
