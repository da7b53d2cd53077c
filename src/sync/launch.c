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

void launch_plan_free(struct launch_plan *p)
{
	if (!p)
		return;
	free(p->name);
	json_decref(p->spec);
	free(p->diff);
	free(p->warning);
	free(p);
}

static void add_warning(struct launch_plan *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void add_warning(struct launch_plan *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	AUTO(str) char *text = xvasprintf(fmt, ap);

	va_end(ap);
	AUTO(str) char *before = TAKE(p->warning);

	p->warning = before ? xasprintf("%s; %s", before, text) : xstrdup(text);
}

static void price_plan(struct sync *s, struct launch_plan *p)
{
	const json_t *r = json_object_get(p->spec, "ResourceConfig");
	const char *type = json_get_str(r, "InstanceType");
	int64_t runtime = json_get_i64(json_object_get(p->spec, "StoppingCondition"), "MaxRuntimeInSeconds", 86400);
	bool spot = json_get_bool(p->spec, "EnableManagedSpotTraining", false);

	p->ceiling_micro = cost_ceiling_micro(type, (int)json_get_i64(r, "InstanceCount", 0), runtime, spot,
					      &s->session->prices, s->session->region);
	if (p->ceiling_micro == USD_UNKNOWN)
		add_warning(p, "the price of %s in %s is not known", str_or(type, "these instances"),
			    s->session->region);
	if (spot && !json_object_get(p->spec, "CheckpointConfig"))
		add_warning(p, "spot without CheckpointConfig begins from zero after an interruption");
	if (jobs_find(session_jobs(s->session), p->name))
		add_warning(p, "there is a job named %s already: the service will refuse it", p->name);
}

/* Takes spec over. */
static int make_plan(struct sync *s, json_t *spec, const char *what, const struct source_lines *lines,
		     struct launch_plan **ret, struct err *err)
{
	AUTO(launch_plan) struct launch_plan *p = NEW(struct launch_plan);

	p->spec = spec;
	int rc = spec_check(spec, what, lines, err);

	if (rc)
		return rc;
	p->name = xstrdup(json_get_str(spec, "TrainingJobName"));
	price_plan(s, p);
	*ret = TAKE(p);
	return 0;
}

static int apply_sets(json_t *spec, const struct strlist *sets, struct err *err)
{
	for (size_t i = 0; sets && i < sets->n; i++) {
		int rc = spec_set(spec, sets->items[i], err);

		if (rc)
			return rc;
	}
	return 0;
}

int launch_plan_from_file(struct sync *s, const char *path, const struct strlist *sets, struct launch_plan **ret,
			  struct err *err)
{
	AUTO(source_lines) struct source_lines lines = {0};
	AUTO(json) json_t *spec = NULL;
	int rc = spec_load(path, &spec, &lines, err);

	if (rc == 0 && json_is_object(spec))
		rc = apply_sets(spec, sets, err);
	return rc ? rc : make_plan(s, TAKE(spec), str_eq(path, "-") ? "standard input" : path, &lines, ret, err);
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

/* A name that no known job has: a second later each time. */
static char *fresh_name(struct sync *s, const char *source)
{
	for (int64_t now = clock_now_ms();; now += 1000) {
		char *name = spec_clone_name(source, now);

		if (!jobs_find(session_jobs(s->session), name))
			return name;
		free(name);
	}
}

static void clone_with_tags(struct clone *c, const struct strmap *tags)
{
	struct sync *s = c->s;
	struct launch_plan *plan = NULL;
	struct err err = {0};
	AUTO(json) json_t *before = spec_from_describe(c->reply, tags);
	AUTO(json) json_t *spec = json_deep_copy(before);
	AUTO(str) char *name = c->new_name ? xstrdup(c->new_name) : fresh_name(s, c->source);

	json_object_set_new(spec, "TrainingJobName", json_string(name));
	int rc = apply_sets(spec, &c->sets, &err);

	if (rc == 0)
		rc = make_plan(s, TAKE(spec), NULL, NULL, &plan, &err);
	if (rc) {
		clone_end(c, NULL, &err);
		return;
	}
	plan->diff = spec_diff(before, plan->spec);
	const char *checkpoints = json_get_str(json_object_get(plan->spec, "CheckpointConfig"), "S3Uri");

	if (checkpoints && str_eq(checkpoints, json_get_str(json_object_get(before, "CheckpointConfig"), "S3Uri")))
		add_warning(plan, "it shares its checkpoints with %s and would resume from them", c->source);
	clone_end(c, plan, NULL);
}

static void on_clone_tags(void *user, const struct strmap *tags, const struct err *err)
{
	struct clone *c = user;

	if (c->s->closing || (err && err->code != ERR_DENIED))
		clone_end(c, NULL, err);
	else
		clone_with_tags(c, err ? NULL : tags);
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
