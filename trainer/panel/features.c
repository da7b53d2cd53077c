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

/* Windows that reach back over rows; the season's and half-lives have sums. */
static bool has_window(const struct feature *x)
{
	return x->kind == FEATURE_LAG || (x->kind <= FEATURE_MAX && x->arg > 0) ||
	       (x->kind == FEATURE_RATE && x->arg > 0);
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
		else if (x->kind == FEATURE_ALLOWED)
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

struct pass {
	const struct features *f;
	const struct panel *p;
	struct sums *sums;	      /* entities x features */
	struct word_sums **words;     /* per feature: the words of its column, and one more for all */
	struct expression **formulas; /* per feature */
	size_t *hist;		      /* the last rows of the entity at hand, newest first */
	size_t n_hist;
};

static void add_value(struct sums *s, const struct feature *x, double v, double per)
{
	double decay;

	if (x->kind == FEATURE_EWM) {
		decay = exp2(-1 / x->arg);
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

static double window_deviation(const double *v, size_t limit, const size_t *rows, double mean, double n)
{
	double squares = 0;

	for (size_t i = 0; i < limit; i++)
		if (!isnan(v[rows[i]]))
			squares += (v[rows[i]] - mean) * (v[rows[i]] - mean);
	return n > 1 ? sqrt(squares / (n - 1)) : NAN;
}

static double window_value(const struct pass *s, const struct feature *x)
{
	const double *v = s->p->frame->columns[x->column].numbers;
	const double *per = x->per == FRAME_NO_COLUMN ? NULL : s->p->frame->columns[x->per].numbers;
	size_t limit = MIN((size_t)x->arg, s->n_hist);
	double n = 0, sum = 0, sum_per = 0, least = NAN, most = NAN;

	if (x->kind == FEATURE_LAG)
		return s->n_hist >= (size_t)x->arg ? v[s->hist[(size_t)x->arg - 1]] : NAN;
	for (size_t i = 0; i < limit; i++) {
		double a = v[s->hist[i]];

		if (isnan(a) || (per && isnan(per[s->hist[i]])))
			continue;
		least = n > 0 && least < a ? least : a;
		most = n > 0 && most > a ? most : a;
		n += 1;
		sum += a;
		sum_per += per ? per[s->hist[i]] : 0;
	}
	switch (x->kind) {
	case FEATURE_MEAN:
		return n > 0 ? sum / n : NAN;
	case FEATURE_STD:
		return n > 0 ? window_deviation(v, limit, s->hist, sum / n, n) : NAN;
	case FEATURE_MIN:
		return least;
	case FEATURE_MAX:
		return most;
	case FEATURE_RATE:
		return sum_per != 0 ? sum / sum_per : NAN;
	default:
		return NAN;
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
	return own->sum / own->n - all->sum / all->n;
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

	if (has_window(x))
		return window_value(s, x);
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

/* A row that happened becomes history. */
static void remember(struct pass *s, size_t row)
{
	const struct frame_column *columns = s->p->frame->columns;

	for (size_t i = 0; i < s->f->n; i++) {
		const struct feature *x = &s->f->items[i];
		double v =
			x->column == FRAME_NO_COLUMN || columns[x->column].text ? NAN : columns[x->column].numbers[row];
		double per = x->per == FRAME_NO_COLUMN ? 0 : columns[x->per].numbers[row];

		if (x->kind == FEATURE_ALLOWED) {
			uint32_t code = columns[x->by].codes[row];
			double weight = x->per == FRAME_NO_COLUMN ? 1 : per;

			if (code == FRAME_NO_WORD || isnan(v) || isnan(weight))
				continue;
			struct word_sums *own = &s->words[i][code], *all = &s->words[i][columns[x->by].words.n];

			own->n += weight;
			own->sum += v;
			all->n += weight;
			all->sum += v;
		} else if (!has_window(x) && x->column != FRAME_NO_COLUMN && x->kind != FEATURE_IS)
			add_value(&s->sums[s->p->entity[row] * s->f->n + x->slot], x, v, per);
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

static void pass_begin(struct pass *s)
{
	const struct features *f = s->f;

	s->sums = xcalloc(s->p->entity_names.n * f->n + 1, sizeof(*s->sums));
	s->words = xcalloc(f->n + 1, sizeof(struct word_sums *));
	s->formulas = xcalloc(f->n + 1, sizeof(struct expression *));
	s->hist = xcalloc(f->window + 1, sizeof(*s->hist));
	for (size_t i = 0; i < f->n; i++) {
		const struct feature *x = &f->items[i];

		if (x->kind == FEATURE_ALLOWED)
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
	free(s->sums);
	free(s->words);
	free(s->formulas);
	free(s->hist);
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
			find_history(&s, to);
			for (size_t k = 0; k < f->n; k++)
				out[to * f->n + k] = feature_value(&s, k, to);
		}
		for (size_t i = from; i < to; i++) /* the day is done: it may be known */
			if (p->counts[i])
				remember(&s, i);
	}
	pass_end(&s);
	return out;
}
