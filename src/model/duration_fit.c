/* duration_fit.c - the ridge on log seconds: features, weights, and the level that follows
 * the newest jobs. */
#include "model/duration_impl.h"

#include <math.h>

#include "base/cholesky.h"

#define FEATURES_MAX 160
#define PENALTY 1.0
#define HALF_LIFE 400.0 /* rows after which one counts half */
#define ROUNDS 4	/* of reweighing */
#define HUBER 1.5	/* spreads beyond which an error counts by its size only */
#define FOLLOW 0.12	/* share of a new error that moves the level */
#define FOLLOW_ROWS 60	/* newest rows that set the level at first */
#define SPREAD_LEAST 0.02
#define MAD_TO_DEVIATION 1.4826

int duration_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double duration_median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), duration_compare);
	return n == 0 ? 0 : n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

void duration_fit_free(struct duration_fit *f)
{
	if (!f)
		return;
	free(f->feature_of);
	free(f->mean);
	free(f->scale);
	free(f->weights);
	free(f->level);
	free(f);
}

/* --- features --------------------------------------------------------------------------- */

struct seen {
	uint32_t word;
	size_t n;
	double sum, squares;
};

static int compare_seen(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	if (x->n != y->n)
		return (x->n < y->n) - (x->n > y->n);
	return (x->word > y->word) - (x->word < y->word);
}

/* A number that never changes, and what one job alone has or all have, tells nothing. */
static bool tells(const struct duration_history *h, const struct seen *s, size_t rows)
{
	double mean = s->n ? s->sum / (double)s->n : 0;

	if (h->words[s->word].is_number)
		return s->n >= 3 && s->squares / (double)s->n - mean * mean > 1e-9;
	return s->n >= 2 && s->n < rows;
}

static void choose_features(struct duration_fit *f, const struct duration_history *h, const size_t *rows, size_t n)
{
	struct seen *seen = xcalloc(h->n_words + 1, sizeof(*seen));

	for (uint32_t w = 0; w < h->n_words; w++)
		seen[w].word = w;
	for (size_t i = 0; i < n; i++) {
		const struct past *p = &h->items[rows[i]];

		for (size_t k = 0; k < p->n_tokens; k++) {
			struct seen *s = &seen[p->tokens[k].word];

			s->n++;
			s->sum += p->tokens[k].value;
			s->squares += p->tokens[k].value * p->tokens[k].value;
		}
	}
	qsort(seen, h->n_words, sizeof(*seen), compare_seen);
	for (size_t i = 0; i < h->n_words && f->n_features < FEATURES_MAX; i++) {
		const struct seen *s = &seen[i];
		double mean = s->n ? s->sum / (double)s->n : 0;

		if (!tells(h, s, n))
			continue;
		bool number = h->words[s->word].is_number;

		f->mean[f->n_features] = number ? mean : 0;
		f->scale[f->n_features] = number ? sqrt(s->squares / (double)s->n - mean * mean) : 1;
		f->feature_of[s->word] = (uint32_t)++f->n_features;
	}
	free(seen);
}

/* --- weights ---------------------------------------------------------------------------- */

/* Features of a row that are not 0. */
static size_t features_of(const struct duration_fit *f, const struct token *tokens, size_t n, uint32_t at[TOKENS_MAX],
			  double x[TOKENS_MAX])
{
	size_t count = 0;

	for (size_t k = 0; k < n; k++) {
		uint32_t feature = f->feature_of[tokens[k].word];

		if (!feature)
			continue;
		at[count] = feature - 1;
		x[count++] = (tokens[k].value - f->mean[feature - 1]) / f->scale[feature - 1];
	}
	return count;
}

double duration_prior(const struct duration_history *h, enum duration_part part, const struct token *tokens, size_t n)
{
	for (size_t k = 0; k < n && part >= DURATION_TRAINING; k++)
		if (h->words[tokens[k].word].is_processors)
			return -DURATION_PROCESSORS * tokens[k].value;
	return 0;
}

/* Without the prior. */
static double ridge_of(const struct duration_fit *f, const struct token *tokens, size_t n)
{
	uint32_t at[TOKENS_MAX];
	double x[TOKENS_MAX], sum = f->intercept;
	size_t count = features_of(f, tokens, n, at, x);

	for (size_t k = 0; k < count; k++)
		sum += f->weights[at[k]] * x[k];
	return sum;
}

/* What the ridge is to say of a row: what the prior does not. */
static double target_of(const struct duration_history *h, const struct past *p, enum duration_part part)
{
	return p->log_s[part] - duration_prior(h, part, p->tokens, p->n_tokens);
}

/* One weighted ridge; the intercept is the system's last unknown, without a penalty. */
static void solve(struct duration_fit *f, const struct duration_history *h, enum duration_part part, const size_t *rows,
		  const double *w, size_t n)
{
	size_t p = f->n_features + 1;
	double *gram = xcalloc(p * p, sizeof(*gram)), *right = xcalloc(p, sizeof(*right));

	for (size_t i = 0; i < n; i++) {
		const struct past *row = &h->items[rows[i]];
		uint32_t at[TOKENS_MAX + 1];
		double x[TOKENS_MAX + 1];
		double y = target_of(h, row, part);
		size_t count = features_of(f, row->tokens, row->n_tokens, at, x);

		at[count] = (uint32_t)f->n_features;
		x[count++] = 1;
		for (size_t a = 0; a < count; a++) {
			right[at[a]] += w[i] * x[a] * y;
			for (size_t b = 0; b < count; b++)
				if (at[b] >= at[a])
					gram[at[a] * p + at[b]] += w[i] * x[a] * x[b];
		}
	}
	for (size_t k = 0; k + 1 < p; k++)
		gram[k * p + k] += PENALTY;
	cholesky_decompose(gram, p, 1e-9);
	cholesky_solve(gram, p, right);
	memcpy(f->weights, right, f->n_features * sizeof(*right));
	f->intercept = right[p - 1];
	free(gram);
	free(right);
}

/* Errors of all rows into weights of the next round. */
static void reweigh(struct duration_fit *f, const struct duration_history *h, enum duration_part part,
		    const size_t *rows, double *w, size_t n)
{
	double *error = xcalloc(n, sizeof(*error)), *size = xcalloc(n, sizeof(*size));

	for (size_t i = 0; i < n; i++) {
		const struct past *p = &h->items[rows[i]];

		error[i] = target_of(h, p, part) - ridge_of(f, p->tokens, p->n_tokens);
		size[i] = fabs(error[i]);
	}
	f->spread = MAX(duration_median(size, n) * MAD_TO_DEVIATION, SPREAD_LEAST);
	for (size_t i = 0; i < n; i++) {
		double beyond = fabs(error[i]) / (HUBER * f->spread);

		w[i] = exp2(-(double)(n - 1 - i) / HALF_LIFE) / MAX(beyond, 1.0);
	}
	free(error);
	free(size);
}

/* --- level ------------------------------------------------------------------------------ */

void duration_fit_follow(struct duration_fit *f, const struct duration_history *h, const struct past *p,
			 enum duration_part part)
{
	double *level = &f->level[p->repository];
	double error = target_of(h, p, part) - ridge_of(f, p->tokens, p->n_tokens) - *level;

	*level += FOLLOW * MAX(MIN(error, 2 * f->spread), -2 * f->spread);
}

double duration_fit_apply(const struct duration_fit *f, const struct duration_history *h, enum duration_part part,
			  const struct token *tokens, size_t n, uint32_t repository)
{
	return duration_prior(h, part, tokens, n) + ridge_of(f, tokens, n) +
	       (repository == WORD_NONE ? 0 : f->level[repository]);
}

struct duration_fit *duration_fit_new(const struct duration_history *h, enum duration_part part, const size_t *rows,
				      size_t n)
{
	struct duration_fit *f = NEW(struct duration_fit);
	double *w = xcalloc(n + 1, sizeof(*w));

	f->feature_of = xcalloc(h->n_words + 1, sizeof(*f->feature_of));
	f->level = xcalloc(h->n_words + 1, sizeof(*f->level));
	f->mean = xcalloc(FEATURES_MAX, sizeof(double));
	f->scale = xcalloc(FEATURES_MAX, sizeof(double));
	f->weights = xcalloc(FEATURES_MAX + 1, sizeof(double));
	choose_features(f, h, rows, n);
	for (size_t i = 0; i < n; i++)
		w[i] = exp2(-(double)(n - 1 - i) / HALF_LIFE);
	for (int round = 0; round < ROUNDS; round++) {
		solve(f, h, part, rows, w, n);
		reweigh(f, h, part, rows, w, n);
	}
	free(w);
	for (size_t i = n > FOLLOW_ROWS ? n - FOLLOW_ROWS : 0; i < n; i++)
		duration_fit_follow(f, h, &h->items[rows[i]], part);
	return f;
}
