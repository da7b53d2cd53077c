/* app_ask.c - all scopes asked at a time: for what is in them, and which one a thing is in. */
#include "app/app.h"
#include "base/clock.h"

#define TURN_MS 1000
#define SILENCE_MS 30000 /* a request's own time is longer, and it is tried again */

static const char *scope_label(const struct app *a, size_t i)
{
	return session_label(sync_session(a->scopes.items[i]));
}

static bool takes_part(const struct app *a, size_t i)
{
	return !a->parts[i].why.code && (!a->entered || a->scopes.items[i] == a->sync);
}

void app_list_left_out(const struct app *a, struct strlist *ret)
{
	for (size_t i = 0; i < a->scopes.n; i++)
		if (a->parts[i].why.code)
			strlist_take(ret, xasprintf("%s: %s", scope_label(a, i), a->parts[i].why.msg));
}

/* What all scopes are asked at a time. An answer that nobody waits for any more may still come: then it stays until the
 * connections are closed. */
struct app_asking {
	struct app_asking *next;
	struct app_reply replies[SCOPES_MAX];
	size_t n_requests[SCOPES_MAX]; /* that had ended when it was heard of last */
	int64_t silent_ms[SCOPES_MAX];
};

static struct app_asking *asking_new(struct app *a)
{
	struct app_asking *q = NEW(struct app_asking);

	q->next = a->late;
	a->late = q;
	return q;
}

void app_asking_done(struct app *a)
{
	for (struct app_asking *q; (q = a->late);) {
		a->late = q->next;
		free(q);
	}
}

static bool is_awaited(const struct app *a, const struct app_asking *q, size_t i)
{
	return takes_part(a, i) && !q->replies[i].done;
}

/* Where there are several, one of which nothing is heard keeps the others from being told for so long at most. */
static void lose_patience(struct app *a, struct app_asking *q, int64_t turn_ms)
{
	for (size_t i = 0; i < a->scopes.n; i++) {
		size_t n = sync_session(a->scopes.items[i])->n_requests;

		q->silent_ms[i] = n == q->n_requests[i] ? q->silent_ms[i] + turn_ms : 0;
		q->n_requests[i] = n;
		if (a->scopes.n == 1 || !is_awaited(a, q, i) || q->silent_ms[i] < SILENCE_MS)
			continue;
		q->replies[i] = (struct app_reply){.done = true};
		(void)err_set(&q->replies[i].err, ERR_NET, "nothing was heard of it for %d s", SILENCE_MS / 1000);
	}
}

static bool is_waiting(const struct app *a, const struct app_asking *q)
{
	bool waits = false;

	for (size_t i = 0; i < a->scopes.n; i++)
		waits |= is_awaited(a, q, i);
	return waits;
}

/* errs is how it went in each. Only an interrupt is an error. A turn in which somebody is asked for a code is long,
 * which is no silence. */
static int wait_all(struct app *a, struct app_asking *q, struct err errs[SCOPES_MAX], struct err *err)
{
	while (is_waiting(a, q)) {
		int64_t before_ms = clock_mono_ms();

		if (app_turn(a, TURN_MS, err) < 0) {
			app_disconnect(a);
			return -ERR_CANCELLED;
		}
		lose_patience(a, q, MIN(clock_mono_ms() - before_ms, (int64_t)TURN_MS));
	}
	for (size_t i = 0; i < a->scopes.n; i++)
		errs[i] = a->parts[i].why.code ? a->parts[i].why : q->replies[i].err;
	return 0;
}

static void leave_out(struct app *a, size_t i, const struct err *why)
{
	fprintf(stderr, "sagetop: %s is left out: %s\n", scope_label(a, i), why->msg);
	a->parts[i].why = *why;
	a->exit_status = err_exit_status(why->code);
	session_wide_leave(sync_session(a->scopes.items[i])); /* what was known of it is not what there is */
}

int app_ask(struct app *a, app_begin_fn *begin, void *user, struct err errs[SCOPES_MAX], struct err *err)
{
	struct app_asking *q = asking_new(a);

	for (size_t i = 0; i < a->scopes.n; i++)
		if (takes_part(a, i))
			begin(a->scopes.items[i], user, app_reply_done, &q->replies[i]);
	return wait_all(a, q, errs, err);
}

int app_each(struct app *a, app_begin_fn *begin, void *user, struct err *err)
{
	struct err errs[SCOPES_MAX] = {0};
	size_t n_left = 0, first = SCOPES_MAX;

	if (app_ask(a, begin, user, errs, err) < 0)
		return -err->code;
	for (size_t i = 0; i < a->scopes.n; i++) {
		n_left += takes_part(a, i) && !errs[i].code;
		if (takes_part(a, i) && errs[i].code && first == SCOPES_MAX)
			first = i;
	}
	for (size_t i = 0; i < a->scopes.n; i++)
		if (takes_part(a, i) && errs[i].code && (n_left || i != first))
			leave_out(a, i, &errs[i]);
	if (first == SCOPES_MAX || n_left)
		return 0;
	*err = errs[first];
	if (a->scopes.n > 1)
		(void)err_prefix(err, "%s", scope_label(a, first));
	return -err->code;
}

static void ask_jobs(struct sync *s, void *user, sync_done_fn *fn, void *fn_user)
{
	sync_jobs(s, fn, fn_user);
}

int app_each_jobs(struct app *a, struct err *err)
{
	if (app_connect(a, err) < 0 || app_load(a, err) < 0)
		return -err->code;
	return app_each(a, ask_jobs, NULL, err);
}

/* --- where is it --- */

static void on_resource(void *user, struct resource *r, const json_t *raw, const struct err *err)
{
	app_reply_done(user, err);
}

/* Where several have it, or one cannot say, a guess could be wrong. */
static int choose(const struct app *a, const struct err *errs, const char *name, size_t *ret, struct err *err)
{
	const char *where = NULL;
	size_t found = a->scopes.n;

	for (size_t i = 0; i < a->scopes.n; i++) {
		const char *label = scope_label(a, i);

		if (errs[i].code && errs[i].code != ERR_NOTFOUND)
			return err_set(err, errs[i].code, "%s cannot be asked whether it has %s (%s): say %s:%s", label,
				       name, errs[i].msg, where ? where : "PROFILE/REGION", name);
		if (errs[i].code)
			continue;
		if (where)
			return err_set(err, ERR_INVALID, "%s is in %s and in %s: say which, as in %s:%s", name, where,
				       label, where, name);
		where = label;
		found = i;
	}
	if (!where)
		return err_set(err, ERR_NOTFOUND, "none of the %zu scopes has %s", a->scopes.n, name);
	*ret = found;
	return 0;
}

int app_find_scope(struct app *a, const struct kind *k, const char *name, size_t *ret, struct err *err)
{
	struct app_asking *q = asking_new(a);
	struct err errs[SCOPES_MAX] = {0};

	for (size_t i = 0; i < a->scopes.n; i++)
		if (takes_part(a, i))
			sync_resource(a->scopes.items[i], k, name, on_resource, &q->replies[i]);
	if (wait_all(a, q, errs, err) < 0)
		return -ERR_CANCELLED;
	return choose(a, errs, name, ret, err);
}
