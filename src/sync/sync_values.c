/* sync_values.c - what the members of the newest jobs had, read from the store in slices: what a form offers. */
#include "sync/sync_priv.h"

#include "base/log.h"

#define SLICE 50 /* jobs a turn: some milliseconds */

struct collecting {
	struct sync *s;
	struct member_values *into;
	struct strlist names; /* the newest first */
	size_t next;
	sync_done_fn *fn;
	void *user;
};

static void collect_end(struct collecting *c)
{
	c->fn(c->user, NULL);
	strlist_done(&c->names);
	free(c);
}

static void collect_slice(void *user)
{
	struct collecting *c = user;

	for (size_t end = MIN(c->next + SLICE, c->names.n); c->next < end && !c->s->closing; c->next++) {
		AUTO(job) struct job *j = NULL;
		struct err err = {0};

		if (store_job_load_one(c->s->store, c->names.items[c->next], &j, &err) < 0)
			log_debug("sync: %s", err.msg);
		else
			member_values_add_job(c->into, j);
	}
	if (c->next < c->names.n && !c->s->closing)
		(void)aws_client_after(c->s->aws, 0, collect_slice, c);
	else
		collect_end(c);
}

void sync_member_values(struct sync *s, size_t most, struct member_values *into, sync_done_fn *fn, void *user)
{
	AUTO(resources) struct resources newest = {0};
	struct collecting *c = NEW(struct collecting);
	struct err err = {0};

	*c = (struct collecting){.s = s, .into = into, .fn = fn, .user = user};
	if (store_jobs_load_newest(s->store, most, &newest, &err) < 0)
		log_debug("sync: %s", err.msg);
	for (size_t i = 0; i < newest.n; i++)
		strlist_add(&c->names, newest.items[i]->name);
	(void)aws_client_after(s->aws, 0, collect_slice, c);
}
