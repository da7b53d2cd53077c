/* sync_columns.c - cold fields as columns: read once from the store, in slices; of the
 * kinds that are no jobs, asked for (sync_whole.c). */
#include "sync/sync_priv.h"

#include "base/log.h"

#define SLICE 200 /* records a turn: some milliseconds */

struct filling {
	struct sync *s;
	const struct kind *kind;
	struct field_list fields; /* those that are cold and not filled yet */
	struct strlist names;	  /* of the things whose cold part is not in memory */
	size_t next;
	sync_done_fn *fn;
	void *user;
};

/* The job as the store has it whole; NULL where it has none. */
static struct resource *load_job(struct sync *s, const char *name)
{
	struct job *j = NULL;
	struct err err = {0};

	if (store_job_load_one(s->store, name, &j, &err) < 0) {
		log_debug("sync: %s", err.msg);
		return NULL;
	}
	return job_resource(j);
}

static void filling_end(struct filling *f)
{
	struct sync *s = f->s;

	for (size_t i = 0; i < f->fields.n && !s->closing; i++) {
		struct cold_column *c = session_cold_add(s->session, f->kind, &f->fields.items[i]);

		c->complete = c->busy; /* not one that another account's has taken the place of */
		c->busy = false;
	}
	if (!s->closing)
		s->session->tables[f->kind->id].generation++;
	f->fn(f->user, NULL);
	field_list_done(&f->fields);
	strlist_done(&f->names);
	free(f);
}

static void fill_slice(void *user)
{
	struct filling *f = user;
	struct session *session = f->s->session;

	for (size_t end = MIN(f->next + SLICE, f->names.n); f->next < end && !f->s->closing; f->next++) {
		const char *name = f->names.items[f->next];
		AUTO(resource) struct resource *whole = load_job(f->s, name);

		if (whole)
			session_cold_update(session, whole, clock_now_ms());
	}
	if (f->next < f->names.n && !f->s->closing)
		(void)aws_client_after(f->s->aws, 0, fill_slice, f);
	else
		filling_end(f);
}

/* All things are in the session. */
static void fill_begin(void *user, const struct err *err)
{
	struct filling *f = user;
	const struct resources *t = &f->s->session->tables[f->kind->id];

	for (size_t i = 0; f->fields.n && i < t->n; i++) {
		if (t->items[i]->trimmed)
			strlist_add(&f->names, t->items[i]->name);
		else
			session_cold_update(f->s->session, t->items[i], clock_now_ms());
	}
	fill_slice(f);
}

/* Records keep the values of all their fields: what they lack, only the service knows. */
static void fill_records(struct sync *s, const struct kind *k, const struct field_list *fields, sync_done_fn *fn,
			 void *user)
{
	struct fill_wish wish = {0};
	bool any = false;

	for (size_t i = 0; i < fields->n; i++) {
		const struct field *f = fields->items[i].field;

		wish.tags |= str_eq(f->name, "tag.");
		wish.linked |= (f->flags & FIELD_LINKED) != 0;
		wish.measured |= (f->flags & FIELD_MEASURED) != 0;
		any |= (f->flags & FIELD_COLD) != 0;
	}
	if (any)
		sync_fill_whole(s, k, wish, fn, user);
	else
		sync_later(s, fn, user, NULL);
}

void sync_columns(struct sync *s, const struct kind *k, const struct field_list *fields, sync_done_fn *fn, void *user)
{
	if (k->class->keeps_fields) {
		fill_records(s, k, fields, fn, user);
		return;
	}
	struct filling *f = NEW(struct filling);

	*f = (struct filling){.s = s, .kind = k, .fn = fn, .user = user};
	for (size_t i = 0; i < fields->n; i++) {
		const struct field_ref *ref = &fields->items[i];

		if (!(ref->field->flags & FIELD_COLD))
			continue;
		struct cold_column *c = session_cold_add(s->session, k, ref);

		if (c->busy || c->complete)
			continue;
		c->busy = true;
		field_list_add(&f->fields, ref->field, ref->key);
	}
	sync_load_done(s, fill_begin, f);
}
