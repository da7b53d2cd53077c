/* launch.c - from a specification to a job, once.
 *
 * A launch is a row of the state database before it is a request: QUEUED, SENT,
 * then ACCEPTED or REFUSED. Whatever the answer leaves open (a lost reply, a name
 * that is taken, a crash) is settled by asking for the job by its name. */
#include "sync/sync_priv.h"

#include "base/log.h"
#include "sync/spec.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#define ALIVE_MS 600000		/* an open launch of a live process is its own affair so long */
#define SETTLE_AFTER_MS 90000	/* a request of a process that died may still be on its way */
#define CREATED_SLACK_MS 300000 /* between our clock and the service's */

/* What a plan depends on beside the specification. */
static struct launch_input input_of(struct sync *s, const struct strlist *sets)
{
	return (struct launch_input){.sets = sets,
				     .jobs = session_jobs(s->session),
				     .prices = &s->session->prices,
				     .region = s->session->region,
				     .now_ms = clock_now_ms()};
}

int launch_plan_from_file(struct sync *s, const char *path, const struct strlist *sets, struct launch_plan **ret,
			  struct err *err)
{
	AUTO(source_lines) struct source_lines lines = {0};
	AUTO(json) json_t *spec = NULL;
	struct launch_input in = input_of(s, sets);
	int rc = spec_load(path, &spec, &lines, err);

	in.spec = spec;
	in.what = str_eq(path, "-") ? "standard input" : path;
	in.lines = &lines;
	return rc ? rc : launch_plan_make(&in, ret, err);
}

struct clone {
	struct sync *s;
	char *source, *new_name;
	struct strlist sets;
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
	struct launch_input in = input_of(c->s, &c->sets);
	struct launch_plan *plan = NULL;
	struct err err = {0};

	in.reply = c->reply;
	in.tags = tags;
	in.new_name = c->new_name;
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
	if (arn)
		sm_list_tags(c->s->aws, arn, AWS_USER_ACTION, on_clone_tags, c);
	else
		clone_with_tags(c, NULL);
}

void launch_plan_clone(struct sync *s, const char *job, const char *new_name, const struct strlist *sets,
		       launch_plan_fn *fn, void *user)
{
	struct clone *c = NEW(struct clone);

	c->s = s;
	c->source = xstrdup(job);
	c->new_name = xstrdup(new_name);
	for (size_t i = 0; sets && i < sets->n; i++)
		strlist_add(&c->sets, sets->items[i]);
	c->fn = fn;
	c->user = user;
	sm_describe_job_json(s->aws, job, AWS_USER_ACTION, on_clone_source, c);
}

/* One launch on its way, or one that is being settled. */
struct sending {
	struct sync *s;
	int64_t id, queued_ms;
	char *name;
	json_t *spec;
	struct err cause; /* why the answer is open */
	bool settling_old;
	sync_done_fn *fn;
	void *user;
};

static void sending_end(struct sending *l, const struct err *err)
{
	if (l->fn)
		l->fn(l->user, err);
	free(l->name);
	json_decref(l->spec);
	free(l);
}

static void record(struct sending *l, enum launch_state state, const char *arn, const char *error)
{
	struct err err = {0};

	if (store_launch_update(l->s->store, l->id, state, arn, error, &err))
		sync_note_error(l->s, "launch history", &err);
}

static void accepted(struct sending *l, const char *arn)
{
	record(l, LAUNCH_ACCEPTED, arn, NULL);
	if (l->settling_old)
		session_notify(l->s->session, NOTICE_INFO,
			       "the launch of %s, which was under way when sagetop ended, succeeded", l->name);
	sync_describe(l->s, l->name, AWS_USER_ACTION, NULL, NULL);
	sending_end(l, NULL);
}

static void refused(struct sending *l, const struct err *err)
{
	record(l, LAUNCH_REFUSED, NULL, err->msg);
	if (l->settling_old)
		session_notify(l->s->session, NOTICE_WARNING, "the launch of %s did not reach the service: %s", l->name,
			       err->msg);
	sending_end(l, err);
}

/* Is the job of that name the one that we asked for? */
static bool is_ours(const struct sending *l, const json_t *reply)
{
	int64_t created = json_get_time_ms(reply, "CreationTime");

	return created >= l->queued_ms - CREATED_SLACK_MS && spec_is_of(l->spec, reply);
}

static void on_settled(void *user, json_t *reply, const struct err *err)
{
	struct sending *l = user;
	struct err copy = l->cause;

	if (l->s->closing) { /* open still: the next start settles it */
		sending_end(l, err);
		return;
	}
	if (!err && is_ours(l, reply)) {
		accepted(l, json_get_str(reply, "TrainingJobArn"));
	} else if (!err) {
		copy = (struct err){0};
		(void)err_set(&copy, ERR_EXISTS, "there is a training job named %s already: choose another name",
			      l->name);
		refused(l, &copy);
	} else if (err->code == ERR_NOTFOUND) {
		refused(l, &copy);
	} else {
		struct err open = {0};

		(void)err_set(&open, l->cause.code,
			      "whether %s was created is not known yet (%s): sagetop finds out at its next start",
			      l->name, l->cause.msg);
		sending_end(l, &open);
	}
}

static void on_created(void *user, json_t *reply, const struct err *err);

/* A job of one of Amazon's own algorithms tells its metric definitions, but a
 * request that holds them is refused: a clone is sent again without them. */
static bool send_without_metrics(struct sending *l, const struct err *err)
{
	json_t *a = json_object_get(l->spec, "AlgorithmSpecification");

	if (err->code != ERR_INVALID || !strcasestr(err->msg, "override the metric definitions") ||
	    json_object_del(a, "MetricDefinitions"))
		return false;
	sm_create_job(l->s->aws, l->spec, on_created, l);
	return true;
}

static void on_created(void *user, json_t *reply, const struct err *err)
{
	struct sending *l = user;

	if (!err) {
		accepted(l, json_get_str(reply, "TrainingJobArn"));
		return;
	}
	if (l->s->closing) {
		sending_end(l, err);
		return;
	}
	if (send_without_metrics(l, err))
		return;
	l->cause = *err;
	switch (err->code) {
	case ERR_EXISTS: /* our own, where the first reply was lost and the call repeated */
	case ERR_NET:
	case ERR_TIMEOUT:
	case ERR_SERVICE:
	case ERR_PARSE:
	case ERR_TOOBIG:
		sm_describe_job_json(l->s->aws, l->name, AWS_USER_ACTION, on_settled, l);
		break;
	default:
		refused(l, &l->cause);
	}
}

void launch_send(struct sync *s, const struct launch_plan *p, sync_done_fn *fn, void *user)
{
	struct err err = {0};
	AUTO(str) char *text = json_text(p->spec);
	int64_t id = 0;

	if (s->opt.read_only) {
		(void)err_set(&err, ERR_DENIED, "not launched: sagetop runs read-only");
		sync_later(s, fn, user, &err);
		return;
	}
	if (store_launch_add(s->store, p->name, text, &id, &err) ||
	    store_launch_update(s->store, id, LAUNCH_SENT, NULL, NULL, &err)) {
		(void)err_prefix(&err, "not launched, since it cannot be recorded");
		sync_later(s, fn, user, &err);
		return;
	}
	struct sending *l = NEW(struct sending);

	l->s = s;
	l->id = id;
	l->queued_ms = clock_now_ms();
	l->name = xstrdup(p->name);
	l->spec = json_deep_copy(p->spec);
	l->fn = fn;
	l->user = user;
	sm_create_job(s->aws, l->spec, on_created, l);
}

static bool is_alive(int64_t pid)
{
	return pid > 0 && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

static void settle_one(struct sync *s, struct launch *old)
{
	struct sending *l = NEW(struct sending);
	struct err err = {0};

	l->s = s;
	l->id = old->id;
	l->queued_ms = old->queued_ms;
	l->name = xstrdup(old->name);
	l->settling_old = true;
	(void)err_set(&l->cause, ERR_CANCELLED,
		      "sagetop ended before it was sent; launch it again if it is still wanted");
	if (json_parse(old->spec_json, strlen(old->spec_json), "launch history", &l->spec, &err)) {
		refused(l, &err);
		return;
	}
	if (old->state == LAUNCH_QUEUED)
		refused(l, &l->cause);
	else
		sm_describe_job_json(s->aws, l->name, AWS_POLLING, on_settled, l);
}

static void settle_later(void *user)
{
	sync_settle_launches(user);
}

void sync_settle_launches(struct sync *s)
{
	struct launch *list = NULL;
	size_t n = 0;
	struct err err = {0};
	int64_t now = clock_now_ms();
	bool later = false;

	if (store_launch_list(s->store, true, &list, &n, &err)) {
		sync_note_error(s, "launch history", &err);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		int64_t age = now - MAX(list[i].queued_ms, list[i].sent_ms);

		if (list[i].pid == (int64_t)getpid())
			continue; /* on its way */
		if ((is_alive(list[i].pid) && age < ALIVE_MS) ||
		    (list[i].state == LAUNCH_SENT && age < SETTLE_AFTER_MS))
			later = true;
		else
			settle_one(s, &list[i]);
	}
	launch_list_free(list, n);
	if (later && !s->closing)
		aws_client_after(s->aws, SETTLE_AFTER_MS, settle_later, s);
}
