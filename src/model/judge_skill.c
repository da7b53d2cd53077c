/* judge_skill.c - one column against another: skill with its jackknife and bootstrap over
 * slates, the test of Diebold and Mariano, wins. */
#include "model/judge_impl.h"

static void sum_slates(const struct judge_input *in, struct judge_pick pick, const double *other,
		       struct judge_slates *ret)
{
	const uint32_t *slate = in->of[JUDGE_BY_SLATE];
	uint32_t last = UINT32_MAX;

	ret->n = 0;
	ret->error = ret->other = 0;
	ret->rows = 0;
	for (size_t i = 0; i < pick.n; i++) {
		uint32_t row = pick.rows[i];
		if (!judge_counts(in, in->prediction, row) || isnan(other[row]))
			continue;
		if (slate[row] != last)
			ret->items[ret->n++] = (struct judge_slate){0};
		last = slate[row];
		struct judge_slate *s = &ret->items[ret->n - 1];
		s->error += fabs(in->prediction[row] - in->actual[row]);
		s->other += fabs(other[row] - in->actual[row]);
		s->n++;
	}
	for (size_t i = 0; i < ret->n; i++) {
		ret->error += ret->items[i].error;
		ret->other += ret->items[i].other;
		ret->rows += ret->items[i].n;
	}
}

/* NAN where there is no error to be better than. */
static double skill_of(double error, double other)
{
	return other > 0 ? 1 - error / other : NAN;
}

/* The standard error; NAN where it cannot be had. */
static double jackknife(const struct judge_slates *s)
{
	double sum = 0, squares = 0;

	if (s->n < 2)
		return NAN;
	for (size_t i = 0; i < s->n; i++)
		sum += skill_of(s->error - s->items[i].error, s->other - s->items[i].other);
	double mean = sum / (double)s->n;
	for (size_t i = 0; i < s->n; i++) {
		double d = skill_of(s->error - s->items[i].error, s->other - s->items[i].other) - mean;
		squares += d * d;
	}
	return sqrt((double)(s->n - 1) / (double)s->n * squares);
}

void judge_compare(const struct judge_input *in, struct judge_pick pick, const double *other, struct judge_room *room,
		   struct judge_skill *ret)
{
	struct judge_slates *s = &room->slates;

	sum_slates(in, pick, other, s);
	*ret = (struct judge_skill){.n = s->rows, .slates = (uint32_t)s->n};
	ret->mae = s->rows ? s->error / s->rows : NAN;
	ret->other_mae = s->rows ? s->other / s->rows : NAN;
	ret->skill = skill_of(s->error, s->other);
	ret->se = jackknife(s);
	ret->low = ret->skill - JUDGE_Z * ret->se;
	ret->high = ret->skill + JUDGE_Z * ret->se;
}

/* splitmix64's output of that state. */
static uint64_t mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return z ^ z >> 31;
}

static void bootstrap(const struct judge_slates *s, double *draws, struct judge_test *ret)
{
	uint64_t state = JUDGE_SEED;

	ret->boot_low = ret->boot_high = NAN;
	if (s->n < 2)
		return;
	for (size_t d = 0; d < JUDGE_DRAWS; d++) {
		double error = 0, other = 0;
		for (size_t i = 0; i < s->n; i++) {
			state += 0x9E3779B97F4A7C15u;
			const struct judge_slate *slate = &s->items[(mix(state) >> 32) * s->n >> 32];
			error += slate->error;
			other += slate->other;
		}
		draws[d] = skill_of(error, other);
		if (isnan(draws[d]))
			return; /* slates where the other has no error at all */
	}
	doubles_sort(draws, JUDGE_DRAWS);
	ret->boot_low = judge_quantile(draws, JUDGE_DRAWS, 0.025);
	ret->boot_high = judge_quantile(draws, JUDGE_DRAWS, 0.975);
}

static double difference(const struct judge_slate *s)
{
	return (s->error - s->other) / s->n;
}

static void diebold_mariano(const struct judge_slates *s, struct judge_test *ret)
{
	double n = (double)s->n, mean = 0, variance = 0;

	ret->dm = ret->p = NAN;
	if (s->n < 2)
		return;
	ret->lag = MIN((size_t)floor(4 * pow(n / 100, 2.0 / 9)), s->n - 1);
	for (size_t t = 0; t < s->n; t++)
		mean += difference(&s->items[t]) / n;
	for (size_t k = 0; k <= ret->lag; k++) {
		double g = 0;
		for (size_t t = k; t < s->n; t++)
			g += (difference(&s->items[t]) - mean) * (difference(&s->items[t - k]) - mean) / n;
		variance += k == 0 ? g : 2 * (1 - (double)k / (double)(ret->lag + 1)) * g;
	}
	if (!(variance > 0))
		return;
	ret->dm = mean / sqrt(variance / n);
	ret->p = erfc(fabs(ret->dm) / M_SQRT2);
}

void judge_test_slates(struct judge_room *room, struct judge_test *ret)
{
	const struct judge_slates *s = &room->slates;

	*ret = (struct judge_test){0};
	for (size_t i = 0; i < s->n; i++) {
		ret->wins += s->items[i].error < s->items[i].other;
		ret->losses += s->items[i].error > s->items[i].other;
		ret->ties += s->items[i].error == s->items[i].other;
	}
	bootstrap(s, room->draws, ret);
	diebold_mariano(s, ret);
}
