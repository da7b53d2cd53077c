/* launch.c - launches prepared: what a plan needs is read from a file, or asked of
 * the service. launch_plan.c makes the plan, launch_queue.c sends it. */
#include "sync/sync_priv.h"

#include "model/job_name.h"
#include "sync/spec.h"

/* What a plan depends on beside the specification. */
static struct launch_input input_of(struct sync *s, const struct strlist *sets, const struct grid *grid)
{
	return (struct launch_input){.sets = sets,
				     .grid = grid,
				     .jobs = session_jobs(s->session),
				     .prices = &s->session->prices,
				     .region = s->session->region,
				     .now_ms = clock_now_ms()};
}

int launch_plan_from_file(struct sync *s, const char *path, const struct strlist *sets, const struct grid *grid,
			  struct launch_plan **ret, struct err *err)
{
	AUTO(source_lines) struct source_lines lines = {0};
	AUTO(json) json_t *spec = NULL;
	struct launch_input in = input_of(s, sets, grid);
	int rc = spec_load(path, &spec, &lines, err);

	in.spec = spec;
	in.what = str_eq(path, "-") ? "standard input" : path;
	in.lines = &lines;
	return rc ? rc : launch_plan_make(&in, ret, err);
}

int launch_plan_again(struct sync *s, const json_t *spec, const char *new_name, const struct strlist *sets,
		      const struct grid *grid, struct launch_plan **ret, struct err *err)
{
	AUTO(json) json_t *fresh = json_deep_copy(spec);
	AUTO(launch_plan) struct launch_plan *p = NULL;
	struct launch_input in = input_of(s, sets, grid);
	int rc = spec_set(fresh, "Tags." SWEEP_TAG "=null", err); /* it is none of that sweep's any more */

	if (!str_empty(new_name))
		spec_rename(fresh, new_name);
	in.spec = fresh;
	in.what = "the specification";
	if (rc == 0)
		rc = launch_plan_make(&in, &p, err);
	if (rc)
		return rc;
	p->diff = spec_diff(spec, p->base ? p->base : p->spec);
	*ret = TAKE(p);
	return 0;
}

struct clone {
	struct sync *s;
	char *source, *new_name;
	struct strlist sets;
	const struct grid *grid; /* borrowed; NULL */
	bool part;		 /* of several */
	json_t *reply;
	launch_plan_fn *fn;
	void *user;
};

static void clone_end(struct clone *c, struct launch_plan *plan, const struct err *err)
{
	c->fn(c->user, plan, err);
	free(c->source);
	free(c->new_name);
	strlist_done(&c->sets);
	json_decref(c->reply);
	free(c);
}

static void clone_with_tags(struct clone *c, const struct strmap *tags)
{
	struct launch_input in = input_of(c->s, &c->sets, c->grid);
	struct launch_plan *plan = NULL;
	struct err err = {0};

	in.reply = c->reply;
	in.tags = tags;
	in.new_name = c->new_name;
	in.part = c->part;
	int rc = launch_plan_make(&in, &plan, &err);

	clone_end(c, plan, rc ? &err : NULL);
}

/* Where ListTags is denied, what Search told is as good. */
static void on_clone_tags(void *user, const struct strmap *tags, const struct err *err)
{
	struct clone *c = user;

	if (c->s->closing || (err && err->code != ERR_DENIED)) {
		clone_end(c, NULL, err);
		return;
	}
	const struct job *known = err ? sync_job_full(c->s, c->source) : NULL;

	clone_with_tags(c, !err ? tags : known && known->tags_known ? &known->tags : NULL);
}

static void on_clone_source(void *user, json_t *reply, const struct err *err)
{
	struct clone *c = user;
	struct err copy;

	if (err) {
		copy = *err;
		if (err->code == ERR_NOTFOUND)
			snprintf(copy.msg, sizeof(copy.msg), "there is no training job '%s' in %s", c->source,
				 c->s->session->region);
		clone_end(c, NULL, &copy);
		return;
	}
	const char *arn = json_get_str(reply, "TrainingJobArn");

	c->reply = json_deep_copy(reply);
	if (!arn || !aws_resource_tags(c->s->aws, TRAINING_KIND, arn, AWS_USER_ACTION, on_clone_tags, c))
		clone_with_tags(c, NULL);
}

static struct clone *clone_new(struct sync *s, const char *job, const char *new_name, const struct strlist *sets)
{
	struct clone *c = NEW(struct clone);

	c->s = s;
	c->source = xstrdup(job);
	c->new_name = xstrdup(new_name);
	strlist_add_all(&c->sets, sets);
	return c;
}

static void clone_begin(struct clone *c, launch_plan_fn *fn, void *user)
{
	c->fn = fn;
	c->user = user;
	sm_describe_job_json(c->s->aws, c->source, AWS_USER_ACTION, on_clone_source, c);
}

void launch_plan_clone(struct sync *s, const char *job, const char *new_name, const struct strlist *sets,
		       const struct grid *grid, launch_plan_fn *fn, void *user)
{
	struct clone *c = clone_new(s, job, new_name, sets);

	c->grid = grid;
	clone_begin(c, fn, user);
}

/* --- clones of several jobs --- */

#define CLONES_AT_ONCE 8

struct clones {
	struct sync *s;
	struct strlist sources, names, sets;
	char *suffix;
	struct launch_plan **plans; /* of each source; NULL: not yet, or it failed */
	size_t begun, open;
	struct err err; /* the first one: no more are begun */
	launch_plan_fn *fn;
	void *user;
};

/* One of them, while it is asked about. */
struct clones_part {
	struct clones *all;
	size_t i;
};

static void clones_end(struct clones *c)
{
	AUTO(launch_plan) struct launch_plan *plan = NULL;

	if (!c->err.code && !c->s->closing)
		(void)!launch_plan_join(c->plans, &c->sources, c->suffix, session_jobs(c->s->session), &plan, &c->err);
	c->fn(c->user, TAKE(plan), c->err.code ? &c->err : NULL);
	for (size_t i = 0; i < c->sources.n; i++)
		launch_plan_free(c->plans[i]);
	free(c->plans);
	free(c->suffix);
	strlist_done(&c->sources);
	strlist_done(&c->names);
	strlist_done(&c->sets);
	free(c);
}

static void clones_go_on(struct clones *c);

static void on_clones_part(void *user, struct launch_plan *plan, const struct err *err)
{
	struct clones_part *part = user;
	struct clones *c = part->all;

	c->plans[part->i] = plan;
	if (err && !c->err.code) {
		c->err = *err;
		if (!strstr(c->err.msg, c->sources.items[part->i]))
			err_prefix(&c->err, "%s", c->sources.items[part->i]);
	}
	free(part);
	c->open--;
	clones_go_on(c);
}

static void clones_go_on(struct clones *c)
{
	bool more = !c->err.code && !c->s->closing;

	while (more && c->begun < c->sources.n && c->open < CLONES_AT_ONCE) {
		struct clones_part *part = NEW(struct clones_part);
		size_t i = c->begun++;

		*part = (struct clones_part){c, i};
		c->open++;
		struct clone *one = clone_new(c->s, c->sources.items[i], c->names.items[i], &c->sets);

		one->part = true;
		clone_begin(one, on_clones_part, part);
	}
	if (!c->open)
		clones_end(c);
}

void launch_plan_clones(struct sync *s, const struct strlist *jobs, const char *suffix, const struct strlist *sets,
			launch_plan_fn *fn, void *user)
{
	struct clones *c = NEW(struct clones);

	c->s = s;
	c->fn = fn;
	c->user = user;
	strlist_add_all(&c->sources, jobs);
	c->suffix = suffix ? xstrdup(suffix) : job_clone_suffix(session_jobs(s->session), jobs, clock_now_ms());
	job_clone_names(jobs, c->suffix, &c->names);
	strlist_add_all(&c->sets, sets);
	c->plans = xcalloc(jobs->n, sizeof(*c->plans));
	clones_go_on(c);
}
