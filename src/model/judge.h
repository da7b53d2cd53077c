/* judge.h - what a backtest's predictions are worth, and whether they beat doing nothing.
 *
 * Pure: arrays in, figures out. A row is *judged* where it happened (scored) and has a
 * prediction. error = prediction - actual. Whatever is not known, or cannot be said of so
 * few rows, is NAN. Sums run in the rows' order.
 *
 * Measures over rows: MAE = mean |error|; RMSE; bias = mean error; MASE = mean of
 * |error| / scale over the rows that have a scale; rank = Spearman's correlation of
 * prediction and actual within each slate (Pearson's of the ranks, ties share their mean
 * rank; slates of at least 3 rows where neither side is constant), then the plain mean over
 * slates.
 *
 * Skill against another column q: 1 - sum |error| / sum |error_q| over the judged rows that
 * q knows; a slate counts where it has such a row; S slates.
 * - Jackknife over slates: skill_s is the skill without slate s, m their mean,
 *   se^2 = (S-1)/S sum (skill_s - m)^2, interval skill -+ 1.959963984540054 se. No random
 *   numbers. Needs S >= 2, and some error of q without any one slate.
 * - Bootstrap over slates: JUDGE_DRAWS draws of S slates with replacement, skill of each from
 *   the slates' summed errors, interval of their 2.5 and 97.5 % quantiles. The k-th random
 *   number (k = 1, 2 ... over all draws, begun anew for each column) is splitmix64's:
 *     z = JUDGE_SEED + k 0x9E3779B97F4A7C15; z = (z ^ z>>30) 0xBF58476D1CE4E5B9;
 *     z = (z ^ z>>27) 0x94D049BB133111EB; z = z ^ z>>31      (mod 2^64)
 *   and stands for slate ((z>>32) S) >> 32, slates counted from 0 in order of date.
 * - Diebold-Mariano: d_s is slate s's mean of |error| - |error_q| (below 0: the prediction is
 *   better), L = floor(4 (S/100)^(2/9)), v = g_0 + 2 sum_{k=1..L} (1 - k/(L+1)) g_k with
 *   g_k = 1/S sum (d_t - d)(d_{t-k} - d); statistic d / sqrt(v/S), p two-sided, normal.
 * - Wins: slates where its summed error is smaller; losses; ties.
 *
 * Quantile f of n sorted values: linear between the values at floor and ceiling of
 * f (n-1). Levels are fifths of the judged rows: the four quantiles .2 .4 .6 .8 of the level
 * column are their edges, a value at an edge belongs below it.
 *
 * Intervals (rows with low and high): covered where low <= actual <= high; width
 * high - low; interval score width + 2/a (low - actual, or actual - high, where outside),
 * a = 1 - coverage. */
#ifndef SAGETOP_MODEL_JUDGE_H
#define SAGETOP_MODEL_JUDGE_H

#include "base/mem.h"

#define JUDGE_DRAWS 10000
#define JUDGE_SEED 42u
#define JUDGE_LEVELS 5
#define JUDGE_Z 1.959963984540054

enum judge_by { JUDGE_BY_CYCLE, JUDGE_BY_WEEK, JUDGE_BY_SLATE, JUDGE_BY_ENTITY, JUDGE_BY_LEVEL, JUDGE_BY_COUNT };

/* All borrowed. Rows stand in order of slate; n is at most 2^32 - 2. */
struct judge_input {
	size_t n;
	const uint32_t *of[JUDGE_BY_LEVEL]; /* each row's cycle, week, slate and entity */
	size_t n_of[JUDGE_BY_LEVEL];	    /* how many there are of each; an id is below it */
	const bool *scored;
	const double *actual, *prediction, *low, *high, *scale;
	const double *const *others; /* models, baselines: n_others columns of n */
	size_t n_others;
	const double *level; /* what fifths are made by; NULL: the prediction */
	double coverage;     /* what the intervals promise, 0 to 1 exclusive */
};

struct judge_measures {
	size_t n; /* rows judged */
	double mae, rmse, bias;
	double mase;
	size_t mase_n;
	double rank;
	size_t rank_slates;
};

struct judge_intervals {
	size_t n;
	double coverage, width, score;
};

/* Against one other column, on the rows that both know. */
struct judge_skill {
	uint32_t n, slates;
	double mae, other_mae;
	double skill, se, low, high; /* the jackknife's */
};

/* What is computed over all rows only. */
struct judge_test {
	double boot_low, boot_high;
	double dm, p;
	size_t lag;
	size_t wins, losses, ties;
};

struct judge_group {
	uint32_t id;
	uint32_t pool, predicted, scored; /* rows; with a prediction; that happened */
	struct judge_measures measures;
	struct judge_intervals intervals;
	struct judge_skill *skills; /* n_others of them; owned by the grouping */
};

struct judge_grouping {
	struct judge_group *items; /* those with a row in the pool, by id */
	size_t n;
	struct judge_skill *skills;
};

struct judge {
	struct judge_grouping whole; /* one group: all rows */
	struct judge_grouping by[JUDGE_BY_COUNT];
	struct judge_measures *others; /* each other column by itself, on the scored rows it knows */
	struct judge_test *tests;      /* against each other column */
	size_t n_others;
	double edges[JUDGE_LEVELS - 1];
	size_t without_level; /* rows of the pool that are in no fifth */
};
void judge_done(struct judge *j);
AUTO_EMBEDDED(judge, struct judge, judge_done)

/* All figures; *ret needs judge_done. */
void judge_predictions(const struct judge_input *in, struct judge *ret);

static inline const struct judge_group *judge_whole(const struct judge *j)
{
	return j->whole.items;
}
const char *judge_by_name(enum judge_by by); /* "cycle", "week" ... */
/* Positions in by[JUDGE_BY_ENTITY].items of the entities that have rows known to that
 * column, from where most is lost against it: sum |error| - sum |error_q|. Owned by the
 * caller. */
uint32_t *judge_worst_entities(const struct judge *j, size_t other, size_t *ret_n) NODISCARD;
double judge_lost(const struct judge_skill *s); /* that difference */

/* --- in words ----------------------------------------------------------------- */

enum judge_outcome {
	JUDGE_UNKNOWN,	 /* nothing to compare, or one slate only */
	JUDGE_BETTER,	 /* the interval lies above 0 */
	JUDGE_WORSE,	 /* below */
	JUDGE_UNDECIDED, /* it holds 0 */
};
enum judge_outcome judge_outcome(const struct judge_skill *s);
const char *judge_outcome_name(enum judge_outcome o); /* "better", "worse", "undecided", "unknown" */

/* "season_mean" -> "the season mean", "ewm_5" -> "the exponentially weighted mean of 5";
 * a name that says nothing to us stands as it is. Owned by the caller. */
char *judge_baseline_words(const char *name) NODISCARD;
/* "8.7 % worse than the season mean (95 %: 7.5 to 9.9 % worse)". Owned by the caller. */
char *judge_sentence(const struct judge_skill *s, const char *other) NODISCARD;
/* What follows from it, behind the sentence: "do not use it"; "" where that says all. Static. */
const char *judge_advice(enum judge_outcome o);

#endif
