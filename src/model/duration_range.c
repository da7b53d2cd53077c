/* duration_range.c - the model of durations: its errors as they were, and the ranges that
 * follow from them. */
#include "model/duration_impl.h"

#include <math.h>

#define COVERAGE 0.9
#define ROWS_LEAST 8 /* below, no ridge: the jobs there are, and a wide factor */
#define FIRST 6	     /* rows before the first block that is predicted */
#define BLOCKS 8
#define PAIR_FEW 5	  /* jobs of an image on a type below which it is new there */
#define GROUP_FACTOR 10.0 /* of a repository's spread and that of all, at most; */
#define PAIR_FACTOR 2.0	  /* of a pair's and its repository's */
#define SCALE_ROWS 5	  /* rows that a group's own spread must outweigh */
#define SCALE_LEAST 0.01
#define RESIDUAL_HALF 250.0 /* rows after which an error counts half */
#define CATEGORY_LEAST 40   /* errors that make a category's own quantiles */
#define FEW_MORE 0.15	    /* else the range of all errors and so much more of a logarithm, which is what */
#define NEW_MORE 0.6	    /* a type may differ by from what others tell of it */
#define BEYOND 1.25	    /* of the largest error, where the quantile lies beyond all */
#define ADAPT_STEP 0.01	    /* of the adaptive coverage */
#define ADAPT_WINDOW 200    /* errors that it looks at, and is told by */
#define FACTOR_FEW 3.0	    /* low and high of a few jobs */

/* How well a type is known for an image: what its errors are compared with. */
enum category { CATEGORY_NEW = 0, CATEGORY_FEW, CATEGORY_KNOWN };

struct residual {
	double error; /* of log seconds; later by the group's spread */
	uint32_t repository, pair;
	enum category category;
};

struct part_model {
	size_t *rows; /* that tell of the part, oldest first */
	size_t n_rows;
	struct duration_fit *fit; /* NULL: too few rows */
	struct residual *residuals;
	size_t n_residuals;
	double spread;	 /* of all errors */
	double largest;	 /* of their sizes, which no range goes far beyond */
	double *spreads; /* by word: of a repository's or pair's errors; 0: too few */
	double miss;	 /* share that may lie outside, corrected */
};

struct duration_model {
	struct duration_history *h;
	struct part_model parts[DURATION_PARTS];
	enum duration_part part; /* that is being made, */
	size_t block;		 /* and the next of its blocks */
};

void duration_model_free(struct duration_model *m)
{
	if (!m)
		return;
	for (int p = 0; p < DURATION_PARTS; p++) {
		free(m->parts[p].rows);
		free(m->parts[p].residuals);
		free(m->parts[p].spreads);
		duration_fit_free(m->parts[p].fit);
	}
	free(m);
}

/* --- errors as they were ------------------------------------------------------------------ */

static enum category category_of(size_t jobs)
{
	return jobs == 0 ? CATEGORY_NEW : jobs < PAIR_FEW ? CATEGORY_FEW : CATEGORY_KNOWN;
}

/* The rows of a block as the model of all before it sees them, each known to the next. */
static void predict_block(struct part_model *m, const struct duration_history *h, enum duration_part part, size_t from,
			  size_t to)
{
	struct duration_fit *f = duration_fit_new(h, part, m->rows, from);
	size_t *pairs = xcalloc(h->n_words + 1, sizeof(*pairs)),
	       *repositories = xcalloc(h->n_words + 1, sizeof(*pairs));

	for (size_t i = 0; i < to; i++) {
		const struct past *p = &h->items[m->rows[i]];

		/* Of an image that nobody had run the ridge knows nothing: not its errors. */
		if (i >= from && repositories[p->repository])
			m->residuals[m->n_residuals++] = (struct residual){
				.error = p->log_s[part] -
					 duration_fit_apply(f, h, part, p->tokens, p->n_tokens, p->repository),
				.repository = p->repository,
				.pair = p->pair,
				.category = category_of(pairs[p->pair])};
		if (i >= from)
			duration_fit_follow(f, h, p, part);
		pairs[p->pair]++;
		repositories[p->repository]++;
	}
	free(pairs);
	free(repositories);
	duration_fit_free(f);
}

/* The block'th of the blocks of what came later than the first rows. */
static void predict_past(struct part_model *m, const struct duration_history *h, enum duration_part part, size_t block)
{
	size_t first = MAX((size_t)FIRST, m->n_rows / (BLOCKS + 1)), left = m->n_rows - first;
	size_t from = first + left * block / BLOCKS, to = first + left * (block + 1) / BLOCKS;

	if (to > from)
		predict_block(m, h, part, from, to);
}

/* --- spreads ------------------------------------------------------------------------------ */

struct group_error {
	uint32_t group;
	double size;
	double around; /* the spread of what the group is part of */
};

static int compare_groups(const void *a, const void *b)
{
	const struct group_error *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return (x->size > y->size) - (x->size < y->size);
}

/* Each group's own, drawn towards that of what it is part of while its errors are few, and never
 * far from it: a few outliers do not make a group. */
static void group_spreads(struct part_model *m, bool by_pair)
{
	struct group_error *all = xcalloc(m->n_residuals + 1, sizeof(*all));

	for (size_t i = 0; i < m->n_residuals; i++) {
		const struct residual *r = &m->residuals[i];

		all[i] = (struct group_error){by_pair ? r->pair : r->repository, fabs(r->error),
					      by_pair ? m->spreads[r->repository] : m->spread};
	}
	qsort(all, m->n_residuals, sizeof(*all), compare_groups);
	for (size_t i = 0, end; i < m->n_residuals; i = end) {
		for (end = i; end < m->n_residuals && all[end].group == all[i].group;)
			end++;
		double n = (double)(end - i), around = all[i].around, factor = by_pair ? PAIR_FACTOR : GROUP_FACTOR;
		double own = MIN(MAX(all[i + (end - i) / 2].size, around / factor), around * factor);

		m->spreads[all[i].group] = MAX((n * own + SCALE_ROWS * around) / (n + SCALE_ROWS), SCALE_LEAST);
	}
	free(all);
}

static double spread_of(const struct part_model *m, uint32_t repository, uint32_t pair)
{
	if (pair != WORD_NONE && m->spreads[pair] > 0)
		return m->spreads[pair];
	return repository != WORD_NONE && m->spreads[repository] > 0 ? m->spreads[repository] : m->spread;
}

static void measure_spreads(struct part_model *m, size_t n_words)
{
	double *sizes = xcalloc(m->n_residuals + 1, sizeof(*sizes));

	for (size_t i = 0; i < m->n_residuals; i++)
		sizes[i] = fabs(m->residuals[i].error);
	m->spread = MAX(duration_median(sizes, m->n_residuals), SCALE_LEAST);
	m->spreads = xcalloc(n_words + 1, sizeof(*m->spreads));
	group_spreads(m, false);
	group_spreads(m, true);
	for (size_t i = 0; i < m->n_residuals; i++) {
		m->largest = MAX(m->largest, fabs(m->residuals[i].error));
		m->residuals[i].error /= spread_of(m, m->residuals[i].repository, m->residuals[i].pair);
	}
	free(sizes);
}

/* --- quantiles ---------------------------------------------------------------------------- */

struct weighted {
	double value, weight;
};

static int compare_weighted(const void *a, const void *b)
{
	const struct weighted *x = a, *y = b;

	return (x->value > y->value) - (x->value < y->value);
}

/* Of the errors [from, to) of these categories, by age; the next one counts as if it lay beyond all. */
static bool error_range(const struct part_model *m, size_t from, size_t to, unsigned categories, double miss,
			double *ret_low, double *ret_high)
{
	struct weighted *w = xcalloc(to - from + 1, sizeof(*w));
	double total = 1, below = 0;
	size_t n = 0;

	for (size_t i = from; i < to; i++) {
		if (!(categories & 1u << m->residuals[i].category))
			continue;
		w[n].value = m->residuals[i].error;
		w[n].weight = exp2(-(double)(to - 1 - i) / RESIDUAL_HALF);
		total += w[n++].weight;
	}
	qsort(w, n, sizeof(*w), compare_weighted);
	if (n) {
		*ret_low = w[0].value - (BEYOND - 1) * fabs(w[0].value);
		*ret_high = w[n - 1].value + (BEYOND - 1) * fabs(w[n - 1].value);
	}
	for (size_t i = 0; i < n; i++) {
		if (below + w[i].weight <= total * miss / 2)
			*ret_low = w[i].value;
		below += w[i].weight;
	}
	below = 0;
	for (size_t i = n; i-- > 0;) {
		if (below + w[i].weight <= total * miss / 2)
			*ret_high = w[i].value;
		below += w[i].weight;
	}
	free(w);
	return n > 0;
}

/* Adaptive conformal inference (Gibbs and Candès): the share that may lie outside follows the
 * share that did. */
static void adapt_coverage(struct part_model *m)
{
	size_t from = m->n_residuals > ADAPT_WINDOW ? m->n_residuals - ADAPT_WINDOW : 0;

	m->miss = 1 - COVERAGE;
	for (size_t i = MAX(from, (size_t)CATEGORY_LEAST); i < m->n_residuals; i++) {
		size_t begin = i > ADAPT_WINDOW ? i - ADAPT_WINDOW : 0;
		double low, high, error = m->residuals[i].error;

		if (m->residuals[i].category != CATEGORY_KNOWN || !error_range(m, begin, i, ~0u, m->miss, &low, &high))
			continue;
		m->miss += ADAPT_STEP * ((1 - COVERAGE) - (error < low || error > high));
		m->miss = MAX(MIN(m->miss, 0.3), 0.01);
	}
}

/* --- the whole ---------------------------------------------------------------------------- */

static int compare_past(const void *a, const void *b)
{
	const struct past *x = a, *y = b;

	return (x->end_ms > y->end_ms) - (x->end_ms < y->end_ms);
}

/* False where there are too few rows for a ridge. */
static bool begin_part(struct part_model *m, const struct duration_history *h, enum duration_part part)
{
	m->rows = xcalloc(h->n + 1, sizeof(*m->rows));
	for (size_t i = 0; i < h->n; i++)
		if (!isnan(h->items[i].log_s[part]))
			m->rows[m->n_rows++] = i;
	m->residuals = xcalloc(m->n_rows + 1, sizeof(*m->residuals));
	return m->n_rows >= ROWS_LEAST;
}

static void end_part(struct part_model *m, const struct duration_history *h, enum duration_part part)
{
	measure_spreads(m, h->n_words);
	adapt_coverage(m);
	m->fit = duration_fit_new(h, part, m->rows, m->n_rows);
}

struct duration_model *duration_model_begin(struct duration_history *h)
{
	struct duration_model *m = NEW(struct duration_model);

	m->h = h;
	if (h->n)
		qsort(h->items, h->n, sizeof(*h->items), compare_past);
	return m;
}

bool duration_model_more(struct duration_model *m)
{
	bool has_rows = true;

	if (m->part == DURATION_PARTS)
		return false;
	struct part_model *part = &m->parts[m->part];

	if (m->block == 0)
		has_rows = begin_part(part, m->h, m->part);
	if (has_rows && m->block < BLOCKS)
		predict_past(part, m->h, m->part, m->block);
	else if (has_rows)
		end_part(part, m->h, m->part);
	if (!has_rows || ++m->block > BLOCKS) {
		m->part++;
		m->block = 0;
	}
	return m->part < DURATION_PARTS;
}

struct duration_model *duration_model_new(struct duration_history *h)
{
	struct duration_model *m = duration_model_begin(h);

	while (duration_model_more(m))
		continue;
	return m;
}

/* --- a prediction ------------------------------------------------------------------------- */

/* What is usually reckoned with, on the four processors that it usually is. */
static void predict_default(const struct duration_history *h, const struct case_tokens *c, enum duration_part part,
			    struct duration_range *ret)
{
	static const double usual[DURATION_PARTS] = {141, 30, 240, 300};
	double prior = duration_prior(h, part, c->items, c->n);

	*ret = (struct duration_range){.basis = DURATION_DEFAULT,
				       .low_s = -1,
				       .mid_s = usual[part] * (prior ? exp(prior) * pow(4, DURATION_PROCESSORS) : 1),
				       .high_s = -1};
	str_copy(ret->why, sizeof(ret->why), "assumed: no finished job of this account is known");
}

/* What all jobs took, of this image where there are some; as they would have on its processors. */
static size_t plain_values(const struct duration_history *h, const struct part_model *m, enum duration_part part,
			   const struct case_tokens *c, bool own, double *ret)
{
	double prior = duration_prior(h, part, c->items, c->n);
	size_t n = 0;

	for (size_t i = 0; i < m->n_rows; i++) {
		const struct past *p = &h->items[m->rows[i]];
		double its = duration_prior(h, part, p->tokens, p->n_tokens);

		if (!own || p->repository == c->repository)
			ret[n++] = p->log_s[part] + (prior && its ? prior - its : 0);
	}
	return n;
}

static void predict_plainly(const struct duration_history *h, const struct part_model *m, enum duration_part part,
			    const struct case_tokens *c, struct duration_range *ret)
{
	double *values = xcalloc(m->n_rows + 1, sizeof(*values));
	size_t n = plain_values(h, m, part, c, true, values);
	bool own = n > 0;

	n = own ? n : plain_values(h, m, part, c, false, values);
	double mid = duration_median(values, n), factor = n < ROWS_LEAST ? log(FACTOR_FEW) : 0;

	*ret = (struct duration_range){.basis = own ? DURATION_LEARNED : DURATION_ALL,
				       .low_s = exp(values[(size_t)(0.05 * (double)(n - 1))] - factor),
				       .mid_s = exp(mid),
				       .high_s = exp(values[(size_t)ceil(0.95 * (double)(n - 1))] + factor),
				       .jobs = n};
	snprintf(ret->why, sizeof(ret->why), own ? "the %zu %s of this image" : "no job of this image: all %zu %s", n,
		 n == 1 ? "job" : "jobs");
	free(values);
}

struct counts {
	size_t repository, pair, type;
};

static struct counts count_rows(const struct duration_history *h, const struct part_model *m,
				const struct case_tokens *c)
{
	struct counts n = {0};

	for (size_t i = 0; i < m->n_rows; i++) {
		const struct past *p = &h->items[m->rows[i]];

		n.repository += p->repository == c->repository;
		n.pair += p->pair == c->pair;
		n.type += p->type == c->type;
	}
	return n;
}

static void say_why(const struct counts *n, const char *type, struct duration_range *ret)
{
	ret->jobs = n->repository;
	ret->basis = n->pair ? DURATION_LEARNED : DURATION_OTHER_TYPE;
	if (n->pair)
		snprintf(ret->why, sizeof(ret->why), "%zu %s of this image, %zu of them on %s", n->repository,
			 n->repository == 1 ? "job" : "jobs", n->pair, type);
	else if (n->type)
		snprintf(ret->why, sizeof(ret->why), "a guess: none of %zu jobs of this image was on %s, %zu of others",
			 n->repository, type, n->type);
	else
		snprintf(ret->why, sizeof(ret->why), "a guess: none of %zu jobs of this image was on %s", n->repository,
			 type);
}

static void predict_learned(const struct duration_model *model, enum duration_part part, const struct case_tokens *c,
			    const struct counts *n, struct duration_range *ret)
{
	const struct part_model *m = &model->parts[part];
	enum category category = category_of(n->pair);
	double mid = duration_fit_apply(m->fit, model->h, part, c->items, c->n, c->repository);
	double spread = spread_of(m, c->repository, c->pair), low = -1, high = 1, more = 0;
	size_t of_category = 0;

	for (size_t i = 0; i < m->n_residuals; i++)
		of_category += m->residuals[i].category == category;
	if (category != CATEGORY_KNOWN && of_category < CATEGORY_LEAST)
		more = category == CATEGORY_NEW ? NEW_MORE : FEW_MORE;
	(void)error_range(m, 0, m->n_residuals, of_category < CATEGORY_LEAST ? ~0u : 1u << category, m->miss, &low,
			  &high);
	ret->mid_s = exp(mid);
	ret->low_s = exp(mid - hypot(MAX(MIN(low, 0.0) * spread, -BEYOND * m->largest), more));
	ret->high_s = exp(mid + hypot(MIN(MAX(high, 0.0) * spread, BEYOND * m->largest), more));
}

void duration_predict(const struct duration_model *model, const struct duration_case *c, enum duration_part part,
		      struct duration_range *ret)
{
	const struct part_model *m = &model->parts[part];
	struct case_tokens tokens;

	*ret = (struct duration_range){0};
	duration_tokens(model->h, c, false, &tokens);
	if (!m->n_rows) {
		predict_default(model->h, &tokens, part, ret);
		return;
	}
	const struct counts n = count_rows(model->h, m, &tokens);

	if (!m->fit || !n.repository || !m->n_residuals) {
		predict_plainly(model->h, m, part, &tokens, ret);
		return;
	}
	say_why(&n, str_or(c->instance_type, "?"), ret);
	predict_learned(model, part, &tokens, &n, ret);
}
