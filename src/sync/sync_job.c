/* sync_job.c - one job: asked for by its name, with its tags; stopped. */
#include "sync/sync_priv.h"

#include "base/log.h"

struct describe {
	struct sync *s;
	char *name;
	sync_done_fn *fn;
	void *user;
};

static void describe_end(struct describe *d, const struct err *err)
{
	if (d->fn)
		d->fn(d->user, err);
	free(d->name);
	free(d);
}

static void on_described(void *user, struct job *job, const struct err *err)
{
	struct describe *d = user;
	struct sync *s = d->s;

	s->describes--;
	if (!err)
		sync_put_job(s, job);
	if (err && err->code == ERR_NOTFOUND && !s->closing && jobs_find(session_jobs(s->session), d->name) &&
	    !sync_is_watched(s, TRAINING_KIND, d->name)) {
		resources_remove(session_jobs(s->session), d->name);
		if (store_jobs_delete(s->store, d->name, NULL))
			log_info("sync: %s stays in the cache until the next full pass", d->name);
	}
	describe_end(d, err);
}

void sync_describe(struct sync *s, const char *name, enum aws_priority p, sync_done_fn *fn, void *user)
{
	struct describe *d = NEW(struct describe);

	d->s = s;
	d->name = xstrdup(name);
	d->fn = fn;
	d->user = user;
	s->describes++;
	sm_describe_job(s->aws, name, p, on_described, d);
}

static void on_tags(void *user, const struct strmap *tags, const struct err *err)
{
	struct describe *d = user;
	struct sync *s = d->s;
	struct job *j = err ? NULL : sync_job_full(s, d->name);

	if (j && !j->trimmed) {
		strmap_copy(&j->tags, tags);
		j->tags_known = true;
		j->unsaved = true;
		job_derive(j);
		session_jobs(s->session)->generation++;
		sync_save_unsaved(s);
	}
	/* Tags that may not be read are no reason to fail: the job itself is there. */
	describe_end(d, err && err->code != ERR_DENIED ? err : NULL);
}

/* "there is no job 'x': did you mean 'y'?" */
static void not_found(struct sync *s, const char *name, struct err *err)
{
	const struct resources *t = session_jobs(s->session);
	const char **names = xcalloc(t->n + 1, sizeof(*names));

	for (size_t i = 0; i < t->n; i++)
		names[i] = t->items[i]->name;
	const char *near = str_nearest(name, names, t->n);

	if (near)
		snprintf(err->msg, sizeof(err->msg), "there is no training job '%s' in %s: did you mean '%s'?", name,
			 s->session->region, near);
	else
		snprintf(err->msg, sizeof(err->msg), "there is no training job '%s' in %s", name, s->session->region);
	free(names);
}

static void on_user_described(void *user, const struct err *err)
{
	struct describe *d = user;
	struct sync *s = d->s;

	if (err) {
		struct err copy = *err;

		if (copy.code == ERR_NOTFOUND)
			not_found(s, d->name, &copy);
		describe_end(d, &copy);
		return;
	}
	const struct job *j = sync_job_full(s, d->name);

	if (j && !j->tags_known && !str_empty(j->arn))
		sm_list_tags(s->aws, j->arn, AWS_USER_ACTION, on_tags, d);
	else
		describe_end(d, NULL);
}

void sync_job(struct sync *s, const char *name, sync_done_fn *fn, void *user)
{
	struct describe *d = NEW(struct describe);

	d->s = s;
	d->name = xstrdup(name);
	d->fn = fn;
	d->user = user;
	sync_describe(s, name, AWS_USER_ACTION, on_user_described, d);
}

struct job *sync_job_full(struct sync *s, const char *name)
{
	struct job *j = jobs_find(session_jobs(s->session), name), *cold = NULL;

	if (!j || !j->trimmed)
		return j;
	if (store_job_load_one(s->store, name, &cold, NULL) == 0 && !cold->trimmed)
		job_untrim(j, cold);
	else
		job_free(cold);
	return j;
}

struct stop {
	struct sync *s;
	char *name;
	sync_done_fn *fn;
	void *user;
};

static void on_stopped(void *user, const struct err *err)
{
	struct stop *st = user;
	struct err copy = err ? *err : (struct err){0};

	if (err && err->code == ERR_NOTFOUND)
		not_found(st->s, st->name, &copy);
	if (!err && !st->s->closing)
		sync_describe(st->s, st->name, AWS_USER_ACTION, NULL, NULL); /* shows "Stopping" at once */
	if (st->fn)
		st->fn(st->user, err ? &copy : NULL);
	free(st->name);
	free(st);
}

void sync_stop_job(struct sync *s, const char *name, sync_done_fn *fn, void *user)
{
	if (s->opt.read_only) {
		struct err err = {0};

		(void)err_set(&err, ERR_DENIED, "not stopped: sagetop runs read-only");
		sync_later(s, fn, user, &err);
		return;
	}
	struct stop *st = NEW(struct stop);

	st->s = s;
	st->name = xstrdup(name);
	st->fn = fn;
	st->user = user;
	sm_stop_job(s->aws, name, on_stopped, st);
}
