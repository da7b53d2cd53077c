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
			.queued_ms = l->queued_ms,
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
