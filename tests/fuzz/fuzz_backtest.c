/* A predictions file: any bytes, read line by line; and what is judged of what was read
 * must add up, whatever the numbers are. */
#include <math.h>

#include "app/backtest.h"
#include "fuzz.h"

static void check_judgement(struct backtest_result *r)
{
	struct judge *j = &r->judge;

	backtest_result_input(r, BACKTEST_COVERAGE);
	judge_predictions(&r->input, j);
	const struct judge_group *all = judge_whole(j);
	FUZZ_CHECK(all->pool == r->predictions.n && all->scored <= all->pool);
	FUZZ_CHECK(all->measures.n <= all->scored && all->measures.n <= all->predicted);
	FUZZ_CHECK(all->measures.n == 0 || isfinite(all->measures.rmse));
	FUZZ_CHECK(isnan(all->measures.rank) || fabs(all->measures.rank) <= 1 + 1e-9);
	for (enum judge_by by = 0; by < JUDGE_BY_COUNT; by++) {
		size_t pool = by == JUDGE_BY_LEVEL ? j->without_level : 0;
		for (size_t i = 0; i < j->by[by].n; i++)
			pool += j->by[by].items[i].pool;
		FUZZ_CHECK(pool == all->pool);
	}
	for (size_t k = 0; k < j->n_others; k++) {
		const struct judge_skill *s = &all->skills[k];
		FUZZ_CHECK(s->n <= all->measures.n && s->slates <= r->predictions.n_slates);
		FUZZ_CHECK(j->tests[k].wins + j->tests[k].losses + j->tests[k].ties == s->slates);
		AUTO(str) char *verdict = backtest_verdict(s, r->predictions.columns[k].name);
		FUZZ_CHECK(*verdict);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(backtest_result) struct backtest_result r = {0};
	const char *at = (const char *)data, *end = at + size;
	int rc = 0;

	backtest_rows_init(&r.predictions, "fuzz");
	while (rc == 0 && at < end) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));
		size_t n = eol ? (size_t)(eol + 1 - at) : (size_t)(end - at);
		rc = backtest_rows_add_line(&r.predictions, at, n, NULL);
		at += n;
	}
	if (rc == 0 && !backtest_rows_end(&r.predictions, NULL) && r.predictions.n_columns <= 8)
		check_judgement(&r);
	return 0;
}
