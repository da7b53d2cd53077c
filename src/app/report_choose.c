/* report_choose.c - what a report is about: things that are named, or the jobs that a filter lets through. */
#include "app/reference.h"
#include "app/report.h"
#include "model/field_order.h"
#include "model/jobs.h"

/* --- what the words are --- */

/* "KIND/NAME", with or without a scope. A filter may hold a slash as well. */
static bool is_reference(struct app *a, const char *text, struct app_thing *ret)
{
	struct err why = {0}; /* what is no reference is a filter */

	return strchr(text, '/') && app_parse(a, text, ret, &why) == 0 && ret->name > text && ret->name[-1] == '/';
}

int report_kind(struct app *a, const struct kind **ret, struct err *err)
{
	const struct strlist *args = &a->cli.args;
	struct app_thing first, thing;

	*ret = TRAINING_KIND;
	if (!is_reference(a, args->items[0], &first))
		return 0;
	for (size_t i = 1; i < args->n; i++) {
		if (app_parse(a, args->items[i], &thing, err) < 0)
			return -err->code;
		if (thing.kind != first.kind)
			return err_set(err, ERR_USAGE, "report takes things of one kind: %s and %s are two",
				       first.kind->name, thing.kind->name);
	}
	if (!first.kind->log_group && !first.kind->metric_namespace && first.kind->id != KIND_TUNING_JOB)
		return err_set(err, ERR_USAGE, "%s have neither logs nor metrics to report", first.kind->title);
	if (first.kind->id != KIND_TUNING_JOB)
		*ret = first.kind;
	return 0;
}

/* --- things --- */

struct chosen {
	struct resource **items;
	size_t n, cap;
};

/* Each once. */
static void take(struct chosen *c, struct resource *r)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->items[i] == r)
			return;
	GROW(c->items, c->cap, c->n + 1);
	c->items[c->n++] = r;
}

/* The training jobs of a tuning job, in the scope that was entered; all training jobs are there. */
static int take_children(struct app *a, const char *tuning, struct chosen *c, struct err *err)
{
	const struct session *s = sync_session(a->sync);
	const struct resources *children = &s->tables[KIND_TUNING_CHILD];
	struct app_reply reply = {0};

	sync_kind(a->sync, &kind_table[KIND_TUNING_CHILD], tuning, app_reply_done, &reply);
	if (app_wait(a, &reply, err) < 0)
		return -err->code;
	for (size_t i = 0; i < children->n; i++) {
		struct resource *job = resources_find(session_jobs(s), children->items[i]->name);

		if (job && str_eq(children->items[i]->parent, tuning))
			take(c, job);
	}
	return 0;
}

static int take_thing(struct app *a, const char *text, struct chosen *c, struct err *err)
{
	struct app_thing t;
	struct resource *r;

	if (app_parse(a, text, &t, err) < 0 || app_enter_parsed(a, &t, err) < 0 ||
	    reference_resolve(a, t.kind, t.name, &r, err) < 0)
		return -err->code;
	if (t.kind->id == KIND_TUNING_JOB)
		return take_children(a, r->name, c, err);
	take(c, r);
	return 0;
}

static int choose_things(struct app *a, const struct field_context *x, struct chosen *c, struct err *err)
{
	const struct field_ref best = {.field = field_find(TRAINING_KIND, "objective", NULL)};
	struct app_thing first;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < a->cli.args.n; i++)
		rc = take_thing(a, a->cli.args.items[i], c, err);
	app_leave(a);
	if (rc == 0 && is_reference(a, a->cli.args.items[0], &first) && first.kind->id == KIND_TUNING_JOB)
		field_order_sort(c->items, c->n, &best, false, x);
	return rc;
}

/* --- training jobs --- */

/* Those that are named, in that order; none where a word is none's name. */
static void choose_named(struct app *a, struct chosen *c)
{
	const struct strlist *args = &a->cli.args;

	for (size_t i = 0; i < args->n; i++) {
		struct resource *r = resources_find(session_jobs(app_session(a)), args->items[i]);

		if (!r) {
			c->n = 0;
			return;
		}
		take(c, r);
	}
}

static int no_match(const struct app *a, const struct listing *l, const struct field_context *x, struct err *err)
{
	const struct resources *jobs = session_jobs(x->session);
	AUTO(str) char *asked = listing_words(&a->cli.args, 0);
	struct query_vain vain = {0};

	while (!query_vain_turn(l->query, jobs, x, &vain, SIZE_MAX))
		continue;
	return err_set(err, ERR_NOTFOUND, "no job of %zu matches \"%s\": sagetop jobs lists them", jobs->n,
		       vain.word ? vain.word : asked);
}

/* By their names where each word is one, else those that the filter lets through, ordered as sagetop jobs does. */
static int choose_jobs(struct app *a, const struct listing *l, const struct field_context *x, struct chosen *c,
		       struct err *err)
{
	choose_named(a, c);
	if (c->n)
		return 0;
	free(c->items);
	c->items = listing_items(a, l, &c->n, err);
	if (!c->items)
		return -err->code;
	field_order_sort(c->items, c->n, &l->sort, l->descending, x);
	return c->n ? 0 : no_match(a, l, x, err);
}

int report_choose(struct app *a, const struct listing *l, struct report *r, struct err *err)
{
	struct app_thing first;
	struct chosen c = {0};
	bool things = is_reference(a, a->cli.args.items[0], &first);
	int rc = r->kind == TRAINING_KIND ? app_each_jobs(a, err) : app_connect(a, err);

	r->x = (struct field_context){.now_ms = clock_now_ms()};
	if (rc == 0) {
		r->x.session = app_session(a);
		rc = things ? choose_things(a, &r->x, &c, err) : choose_jobs(a, l, &r->x, &c, err);
	}
	if (rc == 0 && !c.n)
		rc = err_set(err, ERR_NOTFOUND, "%s has no training job yet", a->cli.args.items[0]);
	r->n_found = c.n;
	r->n = rc == 0 ? MIN(c.n, (size_t)REPORT_JOBS_MAX) : 0;
	r->jobs = xcalloc(r->n + 1, sizeof(*r->jobs));
	for (size_t i = 0; i < r->n; i++) {
		AUTO(buf) struct buf name = BUF_INIT(BUF_MAX_TEXT);

		r->jobs[i].r = c.items[i];
		r->jobs[i].name = xstrdup(session_name_of(r->x.session, c.items[i], &name));
	}
	free(c.items);
	return rc;
}
