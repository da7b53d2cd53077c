/* sync_job.c - one training job: asked for by its name, with its tags; whole again. */
#include "sync/sync_priv.h"

struct asked {
	sync_done_fn *fn;
	void *user;
};

static void on_job(void *user, struct resource *r, const json_t *raw, const struct err *err)
{
	struct asked a = *(struct asked *)user;

	free(user);
	if (a.fn)
		a.fn(a.user, err);
}

void sync_job(struct sync *s, const char *name, sync_done_fn *fn, void *user)
{
	struct asked *a = NEW(struct asked);

	*a = (struct asked){fn, user};
	sync_resource(s, &kind_table[KIND_TRAINING_JOB], name, on_job, a);
}

struct job *sync_job_full(struct sync *s, const char *name)
{
	struct job *cold = NULL;

	sync_load_job(s, name);
	struct job *j = jobs_find(session_jobs(s->session), name);

	if (!j || !j->trimmed)
		return j;
	if (store_job_load_one(s->store, name, &cold, NULL) == 0 && !cold->trimmed)
		job_untrim(j, cold);
	else
		job_free(cold);
	return j;
}
