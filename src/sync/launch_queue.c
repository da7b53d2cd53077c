/* launch_queue.c - launches sent, once each.
 *
 * A launch is a row of the state database before it is a request: QUEUED, SENT, then
 * ACCEPTED or REFUSED. Whatever the answer leaves open (a lost reply, a name that is
 * taken, a process that died) is settled by asking for what it creates by its name:
 * there as it was asked for, it is accepted; not there, it is queued again. Names
 * are unique at the service and a row is claimed in a transaction, so however many
 * processes work on the queue nothing is created twice.
 *
 * Rows of a run wait for a quota, a rate or credentials; of one that somebody asked
 * for by hand and waits for, the answer is the answer. */
#include "sync/sync_priv.h"

#include "sync/spec.h"
#include "sync/sweep.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#define ALIVE_MS 600000		/* an open launch of a live process is its own affair so long */
#define CREATED_SLACK_MS 300000 /* between our clock and the service's */
#define STALE_MS 86400000	/* asked for by hand so long ago: nobody expects it any more */
#define LOOK_MS 15000		/* for rows of other processes, and places that become free */
#define ENDS_SHARE 20		/* looking for ends takes one part of so many of the time at most */
#define UNDER_WAY_MAX 4		/* the client's bucket holds the rate; this, the memory */
#define BACKOFF_FIRST_MS 30000
#define BACKOFF_MAX_MS 900000

/* What can be queued. */
static const struct operation {
	const char *name;
	typeof(sm_create_job) *create;
	typeof(sm_describe_job_json) *describe;
} operations[] = {{LAUNCH_TRAINING_JOB, sm_create_job, sm_describe_job_json}};

static const struct operation *operation_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
		if (str_eq(operations[i].name, name))
			return &operations[i];
	}
	return NULL;
}

/* One launch on its way, or one that is being settled. */
struct sending {
	struct sending *next;
	struct sync *s;
	const struct operation *op;
	struct launch row;
	json_t *spec;
	struct err cause; /* why the answer is open */
	bool settling_old;
	sync_done_fn *fn;
	void *user;
};

/* row is taken over. NULL where its request cannot be read. */
static struct sending *sending_new(struct sync *s, struct launch *row, struct err *err)
{
	json_t *spec = NULL;

	if (json_parse(row->spec_json, strlen(row->spec_json), "launch queue", &spec, err)) {
		launch_done(row);
		return NULL;
	}
	struct sending *l = NEW(struct sending);

	l->s = s;
	l->op = operation_find(row->operation);
	l->row = *row;
	*row = (struct launch){0};
	l->spec = spec;
	l->next = s->sendings;
	s->sendings = l;
	return l;
}

static void sending_end(struct sending *l, const struct err *err)
{
	struct sync *s = l->s;

	for (struct sending **p = &s->sendings; *p; p = &(*p)->next) {
		if (*p == l) {
			*p = l->next;
			break;
		}
	}
	if (l->fn)
		l->fn(l->user, err);
	launch_done(&l->row);
	json_decref(l->spec);
	free(l);
	launch_queue_kick(s);
}

/* Somebody waits for its answer: it is not tried again behind his back. */
static bool is_by_hand(const struct sending *l)
{
	return l->fn && !l->row.run;
}

static void record(struct sending *l, enum launch_state state, const char *arn, const char *error)
{
	struct err err = {0};

	if (store_launch_update(l->s->store, l->row.id, state, arn, error, &err))
		sync_note_error(l->s, "launch queue", &err);
	else
		sweep_row_settled(l->s, l->row.run);
}

static void accepted(struct sending *l, const char *arn)
{
	record(l, LAUNCH_ACCEPTED, arn, NULL);
	if (l->settling_old)
		session_notify(l->s->session, NOTICE_INFO,
			       "the launch of %s, which was under way when sagetop ended, succeeded", l->row.name);
	else if (!l->fn && !l->row.run)
		session_notify(l->s->session, NOTICE_INFO, "%s, which waited in the queue, is launched", l->row.name);
	sync_describe(l->s, l->row.name, AWS_USER_ACTION, NULL, NULL);
	sending_end(l, NULL);
}

static void refused(struct sending *l, const struct err *err)
{
	if (!l->fn)
		session_notify(l->s->session, NOTICE_WARNING, "%s was not launched: %s", l->row.name, err->msg);
	record(l, LAUNCH_REFUSED, NULL, err->msg);
	sending_end(l, err);
}

/* Queued again, until the delay of that many attempts has passed. */
static void requeue(struct sending *l, int64_t delay_ms, const struct err *why)
{
	struct err err = {0};

	if (store_launch_requeue(l->s->store, l->row.id, clock_now_ms() + delay_ms, why->msg, &err))
		sync_note_error(l->s, "launch queue", &err);
	sending_end(l, why);
}

static void wait_for_better_times(struct sending *l, const struct err *why)
{
	int64_t delay = BACKOFF_FIRST_MS;

	for (int i = 1; i < l->row.attempts && delay < BACKOFF_MAX_MS; i++)
		delay *= 2;
	delay = MIN(delay, (int64_t)BACKOFF_MAX_MS);
	session_notify(l->s->session, NOTICE_INFO, "%s waits %lld s: %s", l->row.name, (long long)delay / 1000,
		       why->msg);
	requeue(l, delay, why);
}

/* The program ends: what is open stays so for the next start. What somebody waited
 * for and went away from is then settled, but not sent. */
static void abandon(struct sending *l, const struct err *err)
{
	struct err ignored = {0};

	if (is_by_hand(l))
		(void)!store_launch_give_up(l->s->store, l->row.id, &ignored);
	sending_end(l, err);
}

/* --- the answer ------------------------------------------------------------------- */

/* Is the job of that name the one that we asked for? */
static bool is_ours(const struct sending *l, const json_t *reply)
{
	int64_t created = json_get_time_ms(reply, "CreationTime");

	return created >= l->row.queued_ms - CREATED_SLACK_MS && spec_is_of(l->spec, reply);
}

static bool lives(int64_t pid)
{
	return pid > 0 && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

/* A sweep is asked for by hand too, but its rows may wait for days while somebody waits for them. */
static bool is_wanted(const struct launch *row, int64_t now_ms)
{
	bool fresh = now_ms - row->queued_ms < STALE_MS, sweep = row->run && str_starts(row->run, LAUNCH_SWEEP);

	return !row->given_up && (fresh || (sweep ? lives(row->pid) : row->run != NULL));
}

static void not_there(struct sending *l)
{
	if (l->settling_old && is_wanted(&l->row, clock_now_ms()))
		requeue(l, 0, &l->cause);
	else if (l->settling_old || is_by_hand(l))
		refused(l, &l->cause);
	else
		wait_for_better_times(l, &l->cause);
}

static void on_settled(void *user, json_t *reply, const struct err *err)
{
	struct sending *l = user;
	struct err say = {0};

	if (l->s->closing) {
		abandon(l, err);
	} else if (!err && is_ours(l, reply)) {
		accepted(l, json_get_str(reply, "TrainingJobArn"));
	} else if (!err) {
		(void)err_set(&say, ERR_EXISTS, "there is a training job named %s already: choose another name",
			      l->row.name);
		refused(l, &say);
	} else if (err->code == ERR_NOTFOUND) {
		not_there(l);
	} else { /* SENT still: it is settled when its time comes again */
		(void)err_set(
			&say, l->cause.code,
			"whether %s was created is not known yet (%s): sagetop looks again, now and then, and tells",
			l->row.name, l->cause.msg);
		sending_end(l, &say);
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
	l->op->create(l->s->aws, l->spec, on_created, l);
	return true;
}

/* Whether it was created, the answer does not say. */
static bool leaves_open(const struct err *err)
{
	switch (err->code) {
	case ERR_EXISTS: /* our own, where the first reply was lost and the call repeated */
	case ERR_NET:
	case ERR_TIMEOUT:
	case ERR_SERVICE:
	case ERR_PARSE:
	case ERR_TOOBIG:
		return !err->unsent;
	default:
		return false;
	}
}

/* It was not, and the same request may be taken later. */
static bool is_for_later(const struct err *err)
{
	switch (err->code) {
	case ERR_NET:
	case ERR_TIMEOUT:
	case ERR_LIMIT:
	case ERR_THROTTLED:
	case ERR_AUTH:
	case ERR_EXPIRED:
		return true;
	default:
		return false;
	}
}

static void on_created(void *user, json_t *reply, const struct err *err)
{
	struct sending *l = user;

	if (!err) {
		accepted(l, json_get_str(reply, "TrainingJobArn"));
		return;
	}
	if (l->s->closing) {
		abandon(l, err);
		return;
	}
	if (send_without_metrics(l, err))
		return;
	l->cause = *err;
	if (leaves_open(err)) {
		l->op->describe(l->s->aws, l->row.name, AWS_USER_ACTION, on_settled, l);
		return;
	}
	if (err->unsent)
		(void)err_prefix(&l->cause, "not launched");
	if (is_for_later(err) && !is_by_hand(l))
		wait_for_better_times(l, &l->cause);
	else
		refused(l, &l->cause);
}

/* --- in ---------------------------------------------------------------------------- */

static int check_rows(struct sync *s, const struct launch *rows, size_t n, struct err *err)
{
	if (s->opt.read_only)
		return err_set(err, ERR_DENIED, "not launched: sagetop runs read-only");
	for (size_t i = 0; i < n; i++) {
		if (!operation_find(str_or(rows[i].operation, LAUNCH_TRAINING_JOB)))
			return err_set(err, ERR_INVALID, "%s: %s cannot be queued", rows[i].name, rows[i].operation);
	}
	return 0;
}

int launch_enqueue(struct sync *s, const struct launch *rows, size_t n, struct err *err)
{
	int rc = check_rows(s, rows, n, err);

	if (rc == 0)
		rc = store_launch_put(s->store, rows, n, err);
	if (rc == 0)
		launch_queue_kick(s);
	return rc;
}

void launch_send(struct sync *s, const struct launch_plan *p, sync_done_fn *fn, void *user)
{
	struct launch row = {.name = p->name, .queued_ms = clock_now_ms()};
	struct err err = {0};
	AUTO(str) char *text = json_text(p->spec);
	bool claimed = false;

	if (check_rows(s, &row, 1, &err)) {
		sync_later(s, fn, user, &err);
		return;
	}
	if (store_launch_add(s->store, p->name, text, &row.id, &err) ||
	    store_launch_claim(s->store, row.id, clock_now_ms(), &claimed, &err) || !claimed) {
		if (!err.code)
			(void)err_set(&err, ERR_INTERNAL, "another sagetop sends it");
		(void)err_prefix(&err, "not launched, since it cannot be recorded");
		sync_later(s, fn, user, &err);
		return;
	}
	row.name = xstrdup(p->name);
	row.operation = xstrdup(LAUNCH_TRAINING_JOB);
	row.spec_json = xstrdup(text);
	row.attempts = 1;
	struct sending *l = sending_new(s, &row, &err);

	if (!l) {
		sync_later(s, fn, user, &err);
		return;
	}
	l->fn = fn;
	l->user = user;
	l->op->create(s->aws, l->spec, on_created, l);
}

/* --- the worker ---------------------------------------------------------------------- */

static bool is_under_way(const struct sync *s, int64_t id, size_t *ret_n)
{
	bool found = false;

	*ret_n = 0;
	for (const struct sending *l = s->sendings; l; l = l->next, (*ret_n)++)
		found |= l->row.id == id;
	return found;
}

/* Another process that lives: what it has open is its own affair for a while. */
static bool is_of_another(const struct launch *row, int64_t age_ms)
{
	return row->pid != (int64_t)getpid() && age_ms < ALIVE_MS && lives(row->pid);
}

static void refuse_row(struct sync *s, const struct launch *row, const char *why)
{
	struct err err = {0};

	if (store_launch_update(s->store, row->id, LAUNCH_REFUSED, NULL, why, &err))
		sync_note_error(s, "launch queue", &err);
	else
		session_notify(s->session, NOTICE_WARNING, "%s was not launched: %s", row->name, why);
	sweep_row_settled(s, row->run);
}

static void settle_row(struct sync *s, struct launch *row)
{
	struct err err = {0};
	struct launch copy = {.id = row->id, .name = xstrdup(row->name), .run = xstrdup(row->run)};
	struct sending *l = sending_new(s, row, &err);

	if (!l) {
		refuse_row(s, &copy, err.msg);
	} else {
		l->settling_old = true;
		(void)err_set(&l->cause, ERR_CANCELLED,
			      "sagetop ended before it was sent; launch it again if it is still wanted");
		l->op->describe(s->aws, l->row.name, AWS_POLLING, on_settled, l);
	}
	launch_done(&copy);
}

static void send_row(struct sync *s, struct launch *row)
{
	struct err err = {0};
	struct launch copy = {.id = row->id, .name = xstrdup(row->name), .run = xstrdup(row->run)};

	row->attempts++;
	struct sending *l = sending_new(s, row, &err);

	if (l)
		l->op->create(s->aws, l->spec, on_created, l);
	else
		refuse_row(s, &copy, err.msg);
	launch_done(&copy);
}

/* What was sent by a process that is gone, or left open by us. */
static void look_at_sent(struct sync *s, struct launch *row, int64_t now_ms)
{
	int64_t age = now_ms - MAX(row->queued_ms, row->sent_ms);
	struct err err = {0};
	bool taken = false;

	if (age < s->opt.lost_ms || is_of_another(row, age))
		return;
	if (store_launch_take(s->store, row, now_ms, &taken, &err))
		sync_note_error(s, "launch queue", &err);
	else if (taken)
		settle_row(s, row);
}

static void look_at_queued(struct sync *s, struct launch *row, int64_t now_ms)
{
	struct err err = {0};
	bool claimed = false;

	if (s->opt.read_only || (!row->run && is_of_another(row, now_ms - row->queued_ms)))
		return;
	if (!is_wanted(row, now_ms)) {
		refuse_row(s, row, "sagetop ended before it was sent; launch it again if it is still wanted");
		return;
	}
	if (row->due_ms > now_ms)
		return;
	if (store_launch_claim(s->store, row->id, now_ms, &claimed, &err))
		sync_note_error(s, "launch queue", &err);
	else if (claimed)
		send_row(s, row);
}

struct end_check {
	struct sync *s;
	int64_t id;
};

static void on_end_checked(void *user, const struct err *err)
{
	struct end_check *c = user;
	struct err ignored = {0};

	if (err && err->code == ERR_NOTFOUND && !c->s->closing) {
		(void)!store_launch_ended(c->s->store, c->id, clock_now_ms(), &ignored);
		launch_queue_kick(c->s);
	}
	free(c);
}

/* A place in its run becomes free when what it created has ended, or is gone. */
static void look_at_accepted(struct sync *s, const struct launch *row, int64_t now_ms)
{
	const struct job *j = jobs_find(session_jobs(s->session), row->name);
	struct err err = {0};

	if (j && job_is_terminal(j)) {
		if (store_launch_ended(s->store, row->id, j->end_ms != TIME_UNKNOWN ? j->end_ms : now_ms, &err))
			sync_note_error(s, "launch queue", &err);
		return;
	}
	if (!j && now_ms - row->settled_ms > LOOK_MS) {
		struct end_check *c = NEW(struct end_check);

		*c = (struct end_check){s, row->id};
		sync_describe(s, row->name, AWS_POLLING, on_end_checked, c);
	}
}

/* Milliseconds until the queue has to be looked at again because of this row. */
static int64_t next_look(const struct sync *s, const struct launch *row, int64_t now_ms)
{
	int64_t at = row->state == LAUNCH_QUEUED ? row->due_ms : row->sent_ms + s->opt.lost_ms;

	return row->state <= LAUNCH_SENT && at > now_ms ? at - now_ms : LOOK_MS;
}

/* What ended makes room for what waits. Where thousands run, looking at them all takes a
 * while: it is not done at every launch. Returns milliseconds until it is to be done again. */
static int64_t look_at_ends(struct sync *s, int64_t now_ms)
{
	int64_t begun = clock_mono_ms();
	struct launch *rows = NULL;
	size_t n = 0;
	struct err err = {0};

	if (begun < s->ends_due_ms)
		return s->ends_due_ms - begun;
	if (store_launch_list(s->store, LAUNCHES_RUNNING, &rows, &n, &err))
		sync_note_error(s, "launch queue", &err);
	for (size_t i = 0; i < n; i++)
		look_at_accepted(s, &rows[i], now_ms);
	launch_list_free(rows, n);
	s->ends_due_ms = begun + ENDS_SHARE * (clock_mono_ms() - begun);
	return LOOK_MS;
}

static void work(struct sync *s)
{
	struct launch *rows = NULL;
	size_t n = 0, under_way;
	struct err err = {0};
	int64_t now = clock_now_ms(), again = look_at_ends(s, now);

	if (store_launch_list(s->store, LAUNCHES_TO_WORK_ON, &rows, &n, &err))
		sync_note_error(s, "launch queue", &err);
	for (size_t i = 0; i < n; i++) {
		if (is_under_way(s, rows[i].id, &under_way) || under_way >= UNDER_WAY_MAX ||
		    !operation_find(rows[i].operation)) /* a later sagetop's */
			continue;
		again = MIN(again, next_look(s, &rows[i], now));
		if (rows[i].state == LAUNCH_SENT)
			look_at_sent(s, &rows[i], now);
		else if (rows[i].state == LAUNCH_QUEUED)
			look_at_queued(s, &rows[i], now);
	}
	launch_list_free(rows, n);
	s->queue_timer = aws_client_after(s->aws, again, launch_queue_look, s);
}

/* Only once it is known whose the rows are: a profile may lead to another account than the last time. What cannot be
 * known now, or is refused, is asked again: credentials are renewed while sagetop runs. */
static void on_identified(void *user, const struct err *err)
{
	struct sync *s = user;
	bool known = !err && (!s->alias || (s->identity_known && s->identity_again_ms == 0));

	if (s->closing)
		return;
	if (known)
		work(s);
	else
		s->queue_timer = aws_client_after(s->aws, LOOK_MS, launch_queue_look, s);
}

void launch_queue_look(void *user)
{
	struct sync *s = user;

	s->queue_timer = 0;
	if (!s->closing)
		sync_identify(s, on_identified, s);
}

void launch_queue_kick(struct sync *s)
{
	if (!s->started || s->closing || s->queue_timer == 0) /* it does not run, or is about to */
		return;
	aws_client_cancel_timer(s->aws, s->queue_timer);
	s->queue_timer = aws_client_after(s->aws, 0, launch_queue_look, s);
}
