/* judge_words.c - the verdict as a sentence. */
#include <math.h>

#include "base/buf.h"
#include "base/str.h"
#include "model/judge.h"

#define DECIMALS_MAX 4

enum judge_outcome judge_outcome(const struct judge_skill *s)
{
	if (isnan(s->low) || isnan(s->high))
		return JUDGE_UNKNOWN;
	return s->low > 0 ? JUDGE_BETTER : s->high < 0 ? JUDGE_WORSE : JUDGE_UNDECIDED;
}

const char *judge_outcome_name(enum judge_outcome o)
{
	static const char *const names[] = {"unknown", "better", "worse", "undecided"};

	return names[o];
}

const char *judge_advice(enum judge_outcome o)
{
	static const char *const advice[] = {"", "", "do not use it", "nothing shows that it is worth its cost"};

	return advice[o];
}

char *judge_baseline_words(const char *name)
{
	const char *number = strrchr(name, '_');
	int64_t n;

	if (str_eq(name, "season_mean"))
		return xstrdup("the season mean");
	if (str_eq(name, "last_1"))
		return xstrdup("the last value");
	if (number && str_to_i64(number + 1, &n) && n > 0) {
		if (str_starts(name, "last_") && number == name + 4)
			return xasprintf("the mean of the last %lld", (long long)n);
		if (str_starts(name, "ewm_") && number == name + 3)
			return xasprintf("the exponentially weighted mean of %lld", (long long)n);
	}
	if (str_starts(name, "column:") && name[7])
		return xasprintf("the regression on %s", name + 7);
	return xstrdup(name);
}

/* One decimal, or as many as keep a figure from being shown as 0. */
static int decimals_for(double a, double b)
{
	int decimals = 1;
	double least = a == 0 ? fabs(b) : b == 0 ? fabs(a) : fmin(fabs(a), fabs(b));

	for (double shown = 20; least > 0 && least * 100 * shown < 1 && decimals < DECIMALS_MAX; shown *= 10)
		decimals++;
	return decimals;
}

static const char *direction(double skill)
{
	return skill < 0 ? "worse" : "better";
}

/* "0.9 to 1.6 % better", "0.3 % worse to 0.5 % better". Owned by the caller. */
static char *interval_words(double low, double high)
{
	int d = decimals_for(low, high);
	double a = fabs(low) * 100, b = fabs(high) * 100;

	if (low < 0 && high > 0)
		return xasprintf("%.*f %% worse to %.*f %% better", d, a, d, b);
	return xasprintf("%.*f to %.*f %% %s", d, fmin(a, b), d, fmax(a, b), direction(low < 0 ? low : high));
}

char *judge_sentence(const struct judge_skill *s, const char *other)
{
	int d = decimals_for(s->skill, s->skill);
	double size = fabs(s->skill) * 100;

	if (s->n == 0)
		return xasprintf("nothing was scored that %s can be compared with", other);
	if (isnan(s->skill))
		return xasprintf("%s made no error: there is nothing to be better than", other);
	if (s->skill == 0 && s->se == 0)
		return xasprintf("no different from %s on any slate", other);
	if (judge_outcome(s) == JUDGE_UNKNOWN)
		return xasprintf("%.*f %% %s than %s, but %s", d, size, direction(s->skill), other,
				 s->slates < 2 ? "on one slate only, which tells nothing"
					       : "all errors of the latter lie in one slate, which tells nothing");
	AUTO(str) char *interval = interval_words(s->low, s->high);
	if (judge_outcome(s) == JUDGE_UNDECIDED)
		return xasprintf("not told apart from %s (95 %%: %s)", other, interval);
	return xasprintf("%.*f %% %s than %s (95 %%: %s)", d, size, direction(s->skill), other, interval);
}
