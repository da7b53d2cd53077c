/* sagetop wait NAME...: until every one has ended, or with --any one of them. What cannot succeed any more ends it
 * (refused credentials, a missing permission, a thing that was deleted); what passes (no
 * connection, throttling) is said on standard error. */
#include "app/commands.h"
#include "app/output.h"
#include "base/timefmt.h"
#include "model/cost.h"

#define ASK_EVERY_MS 5000 /* by name, of what no list has told about for so long */
#define ASK_LOCAL_MS 250  /* the engine has no quotas, and what runs there is short */
#define ASK_COMING_MS 1000
#define GRACE_MS 10000 /* what was just made is shown late at times; the engine shows it at once */
#define EXIT_FAILED 3
#define EXIT_LIMIT 7

struct waited {
	struct sync *sync; /* of its scope */
	const struct kind *kind;
	char *name;
	bool reported, asking, known;
	int64_t asked_ms; /* monotonic */
	int64_t since_ms; /* monotonic: it may be there since then */
	const char *told; /* why it is not there yet; NULL: nothing was told */
	struct err err;	  /* of the last question */
};

struct waiting {
	struct app *a;
	struct waited *items;
	size_t n;
	bool any; /* the first one that has ended is enough */
	bool failed, limited;
	json_t *list;
	uint64_t notices; /* said so far */
	char said[512];
};

static void waiting_done(struct waiting *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->items[i].name);
	free(w->items);
	json_decref(w->list);
}
AUTO_EMBEDDED(waiting, struct waiting, waiting_done)

static const struct resource *find(const struct waited *one)
{
	return resources_find(&sync_session(one->sync)->tables[one->kind->id], one->name);
}

static bool has_ended(const struct resource *r)
{
	if (r->kind->class == &job_class)
		return job_is_terminal(resource_job(r));
	return r->state != STATE_RUNNING && r->state != STATE_UNKNOWN;
}

/* --- the result -------------------------------------------------------------------------- */

/* -1: not known. */
static int64_t elapsed_s(const struct resource *r)
{
	if (r->kind->class == &job_class)
		return job_elapsed_s(resource_job(r), clock_now_ms());
	return r->end_ms == TIME_UNKNOWN
		       ? -1
		       : (r->end_ms - (r->start_ms != TIME_UNKNOWN ? r->start_ms : r->created_ms)) / 1000;
}

static int64_t cost_of(const struct app *a, const struct resource *r)
{
	const struct session *s = session_own(app_session(a), r);

	return r->kind->class == &job_class
		       ? cost_of_job(resource_job(r), &s->prices, s->region, clock_now_ms()).usd_micro
		       : USD_UNKNOWN;
}

static void print_ended(struct app *a, const struct resource *r)
{
	AUTO(buf) struct buf reason = BUF_INIT(BUF_MAX_TEXT), name = BUF_INIT(BUF_MAX_TEXT);
	char took[TIMEFMT_LEN] = "", cost[OUTPUT_USD_LEN];
	int64_t s = elapsed_s(r);

	if (s >= 0 && output_format(a) == OUTPUT_TABLE)
		timefmt_duration(took, s * 1000);
	else if (s >= 0)
		snprintf(took, sizeof(took), "%lld", (long long)s);
	field_one_line(str_or(r->failure_reason, ""), &reason);
	fprintf(a->out, "%s\t%s\t%s\t%s\t%s\n", session_name_of(app_session(a), r, &name), resource_state_text(r), took,
		output_usd(a, cost, cost_of(a, r)), buf_str(&reason));
	fflush(a->out);
}

static json_t *ended_to_json(const struct app *a, const struct resource *r)
{
	const struct session *s = session_own(app_session(a), r);
	json_t *o = json_object();

	json_put_str(o, "name", r->name);
	json_put_str(o, "profile", s->profile);
	json_put_str(o, "region", s->region);
	json_put_str(o, "status", r->status_text);
	json_put_str(o, "failure_reason", r->failure_reason);
	json_put_seconds(o, "elapsed_seconds", elapsed_s(r));
	if (r->kind->class == &job_class) {
		json_put_str(o, "secondary_status", resource_job(r)->secondary_text);
		json_put_seconds(o, "training_seconds", resource_job(r)->training_s);
		json_put_seconds(o, "billable_seconds", resource_job(r)->billable_s);
		json_put_usd(o, "cost_usd", cost_of(a, r));
		json_put_prices(o, s);
	} else {
		json_put_str(o, "kind", r->kind->name);
	}
	return o;
}

/* Report those that have ended since the last look; the number that is still to be waited for. */
static size_t look(struct waiting *w)
{
	size_t running = 0;

	for (size_t i = 0; i < w->n; i++) {
		const struct resource *r = find(&w->items[i]);

		if (!r || !has_ended(r)) {
			running++;
			continue;
		}
		if (w->items[i].reported)
			continue;
		w->items[i].reported = true;
		w->failed |= r->state == STATE_BAD;
		w->limited |= r->kind->class == &job_class && job_limit_exceeded(resource_job(r));
		if (output_format(w->a) == OUTPUT_JSON)
			json_array_append_new(w->list, ended_to_json(w->a, r));
		else
			print_ended(w->a, r);
		if (w->any)
			return 0;
	}
	return running;
}

/* --- asking --------------------------------------------------------------------------------- */

static void on_answer(void *user, struct resource *r, const json_t *raw, const struct err *err)
{
	struct waited *one = user;

	one->asking = false;
	one->asked_ms = clock_mono_ms();
	one->err = err ? *err : (struct err){0};
	one->known |= !err;
	if (!err)
		str_set(&one->name, r->name);
}

static void ask(struct waiting *w, struct waited *one)
{
	one->asking = true;
	sync_resource(one->sync, one->kind, one->name, on_answer, one);
}

/* By name where no list has told about it lately. */
static void ask_stale(struct waiting *w)
{
	int64_t every_ms = w->a->local ? ASK_LOCAL_MS : ASK_EVERY_MS;

	for (size_t i = 0; i < w->n; i++) {
		struct waited *one = &w->items[i];
		const struct resource *r = find(one);

		if (!one->reported && !one->asking &&
		    clock_mono_ms() - one->asked_ms > (one->known ? every_ms : MIN(every_ms, ASK_COMING_MS)) &&
		    (!r || clock_now_ms() - r->seen_ms > 2 * every_ms || one->kind->class != &job_class))
			ask(w, one);
	}
}

static bool is_final(const struct err *err)
{
	return err->code == ERR_AUTH || err->code == ERR_EXPIRED || err->code == ERR_DENIED ||
	       err->code == ERR_NOTFOUND || err->code == ERR_USAGE || err->code == ERR_CANCELLED;
}

static void say(struct waiting *w, const char *text)
{
	if (str_eq(w->said, text))
		return;
	str_copy(w->said, sizeof(w->said), text);
	fprintf(stderr, "sagetop: %s: still waiting\n", text);
}

/* Whether a thing that the service does not know may come yet: it waits here to be launched, or was launched just now.
 */
static bool is_coming(const struct waiting *w, struct waited *one)
{
	const char *why = "is not known to the service yet";
	bool queued = false;

	if (one->known || one->err.code != ERR_NOTFOUND)
		return false;
	if (one->kind->class == &job_class && sync_store(one->sync) &&
	    store_launch_waits(sync_store(one->sync), one->name, &queued, NULL) == 0 && queued) {
		one->since_ms = clock_mono_ms();
		why = "waits in the queue of launches (sagetop launches)";
	} else if (w->a->local || clock_mono_ms() - one->since_ms > GRACE_MS) {
		return false;
	}
	if (one->told != why)
		fprintf(stderr, "sagetop: %s %s: still waiting\n", one->name, why);
	one->told = why;
	return true;
}

static int give_up(const struct waited *one, struct err *err)
{
	*err = one->err;
	if (one->told && one->err.code == ERR_NOTFOUND) {
		err_clear(err);
		return err_set(err, ERR_NOTFOUND, "%s; it has not come within %d s", one->err.msg, GRACE_MS / 1000);
	}
	return -err->code;
}

/* What keeps it from being told; an error where waiting is of no use any more. */
static int check(struct waiting *w, struct err *err)
{
	const struct session *s = app_session(w->a);

	for (size_t i = 0; i < w->n; i++) {
		struct waited *one = &w->items[i];

		if (!one->err.code || one->reported || is_coming(w, one))
			continue;
		if (is_final(&one->err))
			return give_up(one, err);
		say(w, one->err.msg);
	}
	if (s->notice_generation != w->notices && s->notice.level != NOTICE_INFO)
		say(w, s->notice.text);
	w->notices = s->notice_generation;
	return 0;
}

static int parse_names(struct waiting *w, struct app_thing *wanted, struct err *err)
{
	const struct strlist *names = &w->a->cli.args;

	for (size_t i = 0; i < names->n; i++) {
		if (app_parse(w->a, names->items[i], &wanted[i], err) < 0)
			return -err->code;
		if (!wanted[i].kind->members.status)
			return err_set(err, ERR_USAGE, "%s have no states to wait for", wanted[i].kind->title);
	}
	return 0;
}

/* The scopes whose jobs are to be listed: those that are named, or all where one job does not say. */
struct listed {
	const struct app *a;
	bool scopes[SCOPES_MAX];
};

static void list_jobs(struct sync *s, void *user, sync_done_fn *fn, void *fn_user)
{
	const struct listed *l = user;

	for (size_t i = 0; i < l->a->scopes.n; i++)
		if (l->a->scopes.items[i] == s && l->scopes[i]) {
			sync_jobs(s, fn, fn_user);
			return;
		}
	fn(fn_user, NULL);
}

/* One pass over a list finds most jobs at once. */
static int list(struct waiting *w, const struct app_thing *wanted, struct err *err)
{
	struct listed l = {.a = w->a};

	if (app_connect(w->a, err) < 0 || app_load(w->a, err) < 0)
		return -err->code;
	for (size_t i = 0; i < w->a->cli.args.n; i++)
		for (size_t k = 0; wanted[i].kind->class == &job_class && k < SCOPES_MAX; k++)
			l.scopes[k] |= wanted[i].scope == k || wanted[i].scope == SCOPES_MAX;
	return app_each(w->a, list_jobs, &l, err);
}

/* A name that one scope is known to have by now is that one's; where it does not say which, all are asked. */
static int add(struct waiting *w, struct app_thing *wanted, struct err *err)
{
	const struct resource *known = NULL;

	app_leave(w->a);
	if (wanted->kind->class == &job_class && wanted->scope == SCOPES_MAX && !app_lacks_some(w->a))
		known = resources_find(session_jobs(app_session(w->a)), wanted->name);
	if (known)
		wanted->scope = known->scope;
	if (app_enter_parsed(w->a, wanted, err) < 0)
		return -err->code;
	w->items[w->n++] = (struct waited){.sync = w->a->sync,
					   .kind = wanted->kind,
					   .name = xstrdup(known ? known->name : wanted->name),
					   .since_ms = clock_mono_ms()};
	return 0;
}

static bool is_asking(const struct waiting *w)
{
	bool asking = false;

	for (size_t i = 0; i < w->n; i++)
		asking |= w->items[i].asking;
	return asking;
}

/* Every name must be there, or come. */
static int find_all(struct waiting *w, struct app_thing *wanted, struct err *err)
{
	size_t n = w->a->cli.args.n;

	if (list(w, wanted, err) < 0)
		return -err->code;
	w->items = xcalloc(n, sizeof(*w->items));
	for (size_t i = 0; i < n; i++)
		if (add(w, &wanted[i], err) < 0)
			return -err->code;
	app_leave(w->a);
	for (size_t i = 0; i < n; i++) {
		w->items[i].known = find(&w->items[i]) != NULL;
		if (w->items[i].kind->class != &job_class || !w->items[i].known)
			ask(w, &w->items[i]);
	}
	while (is_asking(w))
		if (app_turn(w->a, 1000, err) < 0)
			return -err->code;
	for (size_t i = 0; i < n; i++) {
		if (w->items[i].err.code && !is_coming(w, &w->items[i]))
			return give_up(&w->items[i], err);
	}
	return 0;
}

/* "the job", "1 of 2 jobs, 3 of 3 processing jobs": of each kind that is waited for. */
static void say_what_runs(const struct waiting *w)
{
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
	size_t n[KIND_COUNT] = {0}, running[KIND_COUNT] = {0}, all = 0;

	for (size_t i = 0; i < w->n; i++) {
		n[w->items[i].kind->id]++;
		running[w->items[i].kind->id] += !w->items[i].reported;
		all += !w->items[i].reported;
	}
	for (size_t k = 0; k < KIND_COUNT; k++) {
		if (!running[k])
			continue;
		if (n[k] == 1)
			(void)buf_addf(&text, "%sthe %s", text.len ? ", " : "",
				       kind_table[k].class == &job_class ? "job" : kind_table[k].name);
		else
			(void)buf_addf(&text, "%s%zu of %zu %s", text.len ? ", " : "", running[k], n[k],
				       kind_word(&kind_table[k]));
	}
	fprintf(stderr, "sagetop: gave up waiting: %s still %s\n", buf_str(&text), all == 1 ? "runs" : "run");
}

/* Lists tell of the jobs, in each scope that has one of them; starting twice is once. */
static void start(struct waiting *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->items[i].kind->class == &job_class)
			sync_start(w->items[i].sync);
}

static int run(struct waiting *w, size_t *ret_running, struct err *err)
{
	struct app *a = w->a;
	int64_t deadline = app_value(a, OPT_TIMEOUT) ? clock_mono_ms() + a->cli.numbers[OPT_TIMEOUT] : INT64_MAX;

	w->notices = app_session(a)->notice_generation;
	start(w);
	while ((*ret_running = look(w)) > 0) {
		int64_t left = deadline - clock_mono_ms();

		if (left <= 0) {
			say_what_runs(w);
			return 0;
		}
		ask_stale(w);
		if (app_turn(a, (int)MIN(left, a->local ? ASK_LOCAL_MS : 1000), err) < 0 || check(w, err) < 0)
			return -err->code;
	}
	return 0;
}

/* The exit status, once it is told what has ended. */
static void conclude(struct waiting *w, size_t running)
{
	if (output_format(w->a) == OUTPUT_JSON)
		output_json(w->a, w->list);
	w->a->exit_status = w->failed ? EXIT_FAILED : w->limited ? EXIT_LIMIT : running ? 1 : 0;
}

int cmd_wait(struct app *a, struct err *err)
{
	AUTO(waiting) struct waiting w = {.a = a, .any = app_flag(a, OPT_ANY), .list = json_array()};
	size_t running = 0;

	if (w.any && app_flag(a, OPT_ALL))
		return err_set(err, ERR_USAGE, "--any or --all: one of them");
	struct app_thing *wanted = xcalloc(a->cli.args.n, sizeof(*wanted));
	int rc = parse_names(&w, wanted, err);

	if (rc == 0)
		rc = find_all(&w, wanted, err);
	if (rc == 0)
		rc = run(&w, &running, err);
	if (rc == 0)
		conclude(&w, running);
	if (a->sync && is_asking(&w)) /* its answer refers to w */
		app_disconnect(a);
	free(wanted);
	return rc;
}
