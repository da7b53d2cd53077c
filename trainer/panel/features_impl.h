/* features_impl.h - a feature as its word was understood, for those that compute it. */
#ifndef SAGETOP_TRAINER_FEATURES_IMPL_H
#define SAGETOP_TRAINER_FEATURES_IMPL_H

#include "trainer/panel/expression.h"
#include "trainer/panel/features.h"

#define FEATURE_MAX_WINDOW 1000 /* rows */
#define FEATURES_MAX 2000

enum feature_kind {
	FEATURE_LAG,
	FEATURE_MEAN,
	FEATURE_STD,
	FEATURE_MIN,
	FEATURE_MAX,
	FEATURE_EWM,
	FEATURE_RATE,
	FEATURE_ALLOWED,
	FEATURE_ALLOWED_MEAN,
	FEATURE_ALLOWED_RATIO,
	FEATURE_COUNT,
	FEATURE_REST,
	FEATURE_RECENT,
	FEATURE_WEEKDAY,
	FEATURE_MONTH,
	FEATURE_DAY,
	FEATURE_IS,
	FEATURE_EXPRESSION,
};

struct feature {
	enum feature_kind kind;
	char *name;
	size_t column;	/* of the frame: what is averaged, or compared with a word */
	size_t per, by; /* RATE, ALLOWED*: per another column; by the words of a column */
	double arg;	/* rows of the window, half-life, days; 0: the season to date */
	char *word;	/* IS */
	char *text;	/* EXPRESSION, as it was written */
	size_t slot;	/* where its running state lies, of those of its kind */
};

struct features {
	struct feature *items;
	size_t n, cap;
	size_t window; /* longest, in rows or days' worth of them */
};

/* One word, "lag(y, 1..5)", becomes one or several features. */
int feature_words_add(struct features *f, const char *word, const struct backtest_spec *spec, const struct panel *p,
		      struct err *err) NODISCARD;

#endif
