/* duration_impl.h - what the files of the duration model share; private to duration*.c. */
#ifndef SAGETOP_MODEL_DURATION_IMPL_H
#define SAGETOP_MODEL_DURATION_IMPL_H

#include "base/map.h"
#include "model/duration.h"

/* A word is a thing that a job may have: an image, a type, a hyperparameter that is a number.
 * The names of words begin with what they are: "type ml.m5.xlarge". */
struct word {
	char *name;
	bool is_number;
	bool is_processors; /* the one that the prior is about */
};

/* What one job has of a word: 1, or the number. */
struct token {
	uint32_t word;
	double value;
};
#define TOKENS_MAX 64

/* The words that groups are made by; where a case has one that nobody had: WORD_NONE. */
#define WORD_NONE UINT32_MAX
struct case_tokens {
	struct token items[TOKENS_MAX];
	size_t n;
	uint32_t repository, type, pair; /* an image without its tag; a type; both together */
};

struct past {
	int64_t end_ms;
	struct token *tokens;
	size_t n_tokens;
	uint32_t repository, type, pair;
	double log_s[DURATION_PARTS]; /* NaN: not told */
};

struct past_spot {
	int64_t end_ms;
	char *instance_type;
	double training_s, billable_s;
	int interruptions;
};

struct duration_history {
	struct past *items;
	size_t n, cap;
	struct past_spot *spot;
	size_t n_spot, cap_spot;
	struct word *words;
	size_t n_words, cap_words;
	struct map by_name; /* name -> index + 1 */
};

/* --- duration_fit.c: the ridge --------------------------------------------------------- */

/* Learned of the rows before `end`, which are in order of time. */
struct duration_fit {
	size_t n_features;
	uint32_t *feature_of; /* by word: its index + 1; 0: none */
	double *mean, *scale; /* by feature */
	double *weights;
	double intercept;
	double *level; /* by word: what the newest jobs of a repository are beside the ridge */
	double spread; /* of errors on the rows that it learned from */
};
/* rows: indices of those that tell of the part, oldest first. */
struct duration_fit *duration_fit_new(const struct duration_history *h, enum duration_part part, const size_t *rows,
				      size_t n);
void duration_fit_free(struct duration_fit *f);
double duration_fit_apply(const struct duration_fit *f, const struct duration_history *h, enum duration_part part,
			  const struct token *tokens, size_t n, uint32_t repository);
/* Until jobs tell better, twice the processors take 29 % off. */
#define DURATION_PROCESSORS 0.5
/* What is believed of log seconds before any job told: more processors are faster, by less
 * than their number. Relative to one processor; 0 where they are not known, or do not matter. */
double duration_prior(const struct duration_history *h, enum duration_part part, const struct token *tokens, size_t n);
/* A job has ended: what it was beside the prediction moves the level. */
void duration_fit_follow(struct duration_fit *f, const struct duration_history *h, const struct past *p,
			 enum duration_part part);

/* Of qsort, for doubles. */
int duration_compare(const void *a, const void *b);
/* The median of n values, which are reordered; 0 of none. */
double duration_median(double *values, size_t n);

/* The tokens of a case; new words are made where make is set, else left out. */
void duration_tokens(struct duration_history *h, const struct duration_case *c, bool make, struct case_tokens *ret);

#endif
