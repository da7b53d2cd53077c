/* sync_load.c - the jobs that the store has, into the session: all at once for a command,
 * the newest at once and the rest in slices behind the first paint for a screen. */
#include "sync/sync_priv.h"

#define SLICE_JOBS 500 /* a turn: some milliseconds */

static void load_slice(void *user);

static bool is_loading(const struct sync *s)
{
	return session_jobs(s->session)->partial;
}

static void load_cancel(struct sync *s)
{
	if (s->load_timer)
		aws_client_cancel_timer(s->aws, s->load_timer);
	s->load_timer = 0;
	free(TAKE(s->load_after));
}

/* All is there, or the rest cannot be had: who waited for it goes on. */
static void load_end(struct sync *s)
{
	struct resources *t = session_jobs(s->session);

	load_cancel(s);
	t->partial = false;
	t->complete = sync_pass_was_complete(s, TRAINING_KIND);
	t->generation++;
	waiters_run(&s->load_waiters, NULL);
}

static void load_later(struct sync *s)
{
	s->load_timer = aws_client_after(s->aws, 0, load_slice, s);
}

static void load_slice(void *user)
{
	struct sync *s = user;
	struct resources *t = session_jobs(s->session);
	uint64_t generation = t->generation;
	struct err err = {0};
	bool more = false;

	s->load_timer = 0;
	if (s->closing)
		return;
	if (store_jobs_load_next(s->store, &s->load_after, SLICE_JOBS, t, &more, &err))
		sync_note_error(s, "cache", &err);
	/* No new generation: the rows on the screen stay the newest, and a list that is built
	 * again with every slice would take longer than the slices. */
	t->generation = generation;
	if (more)
		load_later(s);
	else
		load_end(s);
}

static void note_store(struct sync *s)
{
	if (store_notice(s->store))
		session_notify(s->session, NOTICE_WARNING, "%s", store_notice(s->store));
}

int sync_load(struct sync *s, struct err *err)
{
	int rc = store_jobs_load(s->store, session_jobs(s->session), err);

	load_end(s);
	note_store(s);
	return rc;
}

int sync_load_newest(struct sync *s, size_t n, struct err *err)
{
	struct resources *t = session_jobs(s->session);
	int rc = store_jobs_load_newest(s->store, n, t, err);

	load_cancel(s);
	s->load_first = n;
	t->partial = rc == 0 && t->n >= n;
	if (t->partial)
		load_later(s);
	else
		load_end(s);
	t->generation++;
	note_store(s);
	return rc;
}

int sync_load_again(struct sync *s, struct err *err)
{
	return s->load_first ? sync_load_newest(s, s->load_first, err) : sync_load(s, err);
}

void sync_load_done(struct sync *s, sync_done_fn *fn, void *user)
{
	if (is_loading(s))
		waiters_add(&s->load_waiters, fn, user);
	else
		sync_later(s, fn, user, NULL);
}

void sync_load_rest(struct sync *s)
{
	struct err err = {0};

	if (is_loading(s) && sync_load(s, &err))
		sync_note_error(s, "cache", &err);
}

void sync_load_job(struct sync *s, const char *name)
{
	struct resources *t = session_jobs(s->session);
	struct job *j = NULL;

	if (!is_loading(s) || jobs_find(t, name) || store_job_load_one(s->store, name, &j, NULL))
		return;
	job_class.trim(job_resource(j));
	jobs_put(t, j, NULL);
}

void sync_load_free(struct sync *s, const struct err *cancelled)
{
	load_cancel(s);
	waiters_run(&s->load_waiters, cancelled);
}
