/* backtests.c - a backtest as queue, jobs and state database tell of it. */
#include "sync/sync_priv.h"

int sync_backtest_load(struct sync *s, const char *run, struct backtest_run *ret, struct err *err)
{
	static const typeof(((struct backtest_try *)0)->state) states[] = {[LAUNCH_QUEUED] = TRY_WAITING,
									   [LAUNCH_SENT] = TRY_SENT,
									   [LAUNCH_ACCEPTED] = TRY_ACCEPTED,
									   [LAUNCH_REFUSED] = TRY_REFUSED};
	AUTO(backtest_run) struct backtest_run r = {0};
	struct launch *rows = NULL;
	size_t n = 0;
	int rc = store_backtest_load(s->store, run, &r, err);

	if (rc == 0)
		rc = store_launch_list_run(s->store, run, &rows, &n, err);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		const struct launch *l = &rows[i];
		const struct backtest_try t = {
			.name = l->name,
			.cycle = l->cycle,
			.pack = l->pack,
			.state = states[l->state],
			.ended_ms = l->state == LAUNCH_REFUSED ? l->settled_ms : l->ended_ms,
			.error = l->error,
			.job = l->state == LAUNCH_ACCEPTED ? jobs_find(session_jobs(s->session), l->name) : NULL};

		backtest_run_add(&r, &t, &s->session->prices, s->session->region, clock_now_ms());
	}
	launch_list_free(rows, n);
	if (rc)
		return rc;
	backtest_run_sort(&r);
	*ret = r;
	r = (struct backtest_run){0};
	return 0;
}

/* What is over does not change: its packs are read once. */
static struct backtest_run *find_settled(const struct session *s, const struct backtest_run *r)
{
	for (size_t i = 0; i < s->n_backtests; i++) {
		struct backtest_run *old = &s->backtests[i];

		if (str_eq(old->name, r->name) && old->n_packs && r->state == BACKTEST_DONE && old->state == r->state &&
		    old->changed_ms == r->changed_ms)
			return old;
	}
	return NULL;
}

void sync_backtests(struct sync *s)
{
	struct backtest_run *runs = NULL, *old;
	struct err err = {0};
	size_t n = 0;

	if (store_backtest_list(s->store, &runs, &n, &err)) {
		sync_note_error(s, "backtests", &err);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct backtest_run whole = {0};

		old = find_settled(s->session, &runs[i]);
		if (old) {
			whole = *old;
			*old = (struct backtest_run){0};
		} else if (sync_backtest_load(s, runs[i].name, &whole, &err)) {
			err_clear(&err);
			continue;
		}
		backtest_run_done(&runs[i]);
		runs[i] = whole;
	}
	backtest_run_list_free(s->session->backtests, s->session->n_backtests);
	s->session->backtests = runs;
	s->session->n_backtests = n;
	s->session->backtests_generation++;
}
