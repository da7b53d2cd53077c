/* sync_jobs.c - the training jobs: refreshed by themselves, active ones asked for
 * where Search says nothing. The passes are those of sync_pass.c. */
#include "sync/sync_priv.h"

#include <assert.h>

#define ACTIVE_STALE_MS 30000 /* an active job is described where Search said nothing */
#define DESCRIBES_PER_TICK 8
#define BACKOFF_MAX_MS 60000

void sync_jobs(struct sync *s, sync_done_fn *fn, void *user)
{
	sync_request_pass(s, &kind_table[KIND_TRAINING_JOB], NULL, PASS_WHOLE, true, fn, user);
}

/* Search tells what changed; an active job of which it says nothing for a while is
 * asked for by name, the one unseen longest first. */
static void describe_stale(struct sync *s)
{
	const struct resources *t = session_jobs(s->session);
	int64_t now = clock_now_ms();

	if (s->describes > 0 || t->n_running == 0)
		return;
	for (int k = 0; k < DESCRIBES_PER_TICK; k++) {
		struct job *oldest = NULL;

		for (size_t i = 0; i < t->n; i++) {
			struct job *j = jobs_at(t, i);

			if (job_is_active(j) && now - j->seen_ms > ACTIVE_STALE_MS &&
			    (!oldest || j->seen_ms < oldest->seen_ms))
				oldest = j;
		}
		if (!oldest)
			return;
		oldest->seen_ms = now; /* asked for: its turn comes again after the others */
		sync_describe(s, oldest->name, AWS_POLLING, NULL, NULL);
	}
}

/* Jobs that ended make room for launches that wait. */
static void look_at_ends(struct sync *s)
{
	uint64_t generation = session_jobs(s->session)->generation;

	if (generation != s->queue_seen)
		launch_queue_kick(s);
	s->queue_seen = generation;
}

static void tick(void *user);

static void schedule(struct sync *s)
{
	int64_t delay = s->opt.refresh_ms;

	for (int i = 0; i < s->kinds[KIND_TRAINING_JOB].failures && delay < BACKOFF_MAX_MS; i++)
		delay *= 2;
	s->refresh_timer = aws_client_after(s->aws, MIN(delay, (int64_t)BACKOFF_MAX_MS), tick, s);
}

static void tick_done(void *user, const struct err *err)
{
	struct sync *s = user;

	if (s->closing)
		return;
	if (!err) {
		describe_stale(s);
		look_at_ends(s);
	}
	schedule(s);
}

static void tick(void *user)
{
	struct sync *s = user;

	s->refresh_timer = 0;
	if (s->kinds[KIND_TRAINING_JOB].pass || s->kinds[KIND_TRAINING_JOB].starting) {
		schedule(s); /* a long first pass: wait for it */
		return;
	}
	sync_request_pass(s, &kind_table[KIND_TRAINING_JOB], NULL, PASS_WHOLE, false, tick_done, s);
}

void sync_start(struct sync *s)
{
	if (s->started)
		return;
	assert(s->opt.refresh_ms > 0);
	s->started = true;
	s->started_ms = clock_now_ms();
	launch_queue_look(s);
	s->refresh_timer = aws_client_after(s->aws, 0, tick, s);
}

void sync_on_transition(struct sync *s, sync_transition_fn *fn, void *user)
{
	s->on_transition = fn;
	s->transition_user = user;
}

void sync_refresh_now(struct sync *s)
{
	if (!s->started || s->refresh_timer == 0)
		return; /* one is under way */
	aws_client_cancel_timer(s->aws, s->refresh_timer);
	s->refresh_timer = aws_client_after(s->aws, 0, tick, s);
}
