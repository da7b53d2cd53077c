/* sagetop wait NAME...: until every one has ended, or with --any one of them. What cannot succeed any more ends it
 * (refused credentials, a missing permission, a thing that was deleted); what passes (no
 * connection, throttling) is said on standard error. */
#include "app/commands.h"
#include "app/output.h"
#include "base/timefmt.h"
#include "model/cost.h"

#define ASK_EVERY_MS 5000 /* by name, of what no list has told about for so long */
#define ASK_LOCAL_MS 250  /* the engine has no quotas, and what runs there is short */
#define EXIT_FAILED 3
#define EXIT_LIMIT 7

struct waited {
	const struct kind *kind;
	char *name;
	bool reported, asking;
	int64_t asked_ms; /* monotonic */
	struct err err;	  /* of the last question */
};

struct waiting {
	struct app *a;
	struct waited *items;
	size_t n;
	bool jobs; /* there is a training job among them */
	bool any;  /* the first one that has ended is enough */
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

static const struct resource *find(const struct waiting *w, const struct waited *one)
{
	return resources_find(&sync_session(w->a->sync)->tables[one->kind->id], one->name);
}

static bool has_ended(const struct resource *r)
{
	if (r->kind->class == &job_class)
		return job_is_terminal(resource_job(r));
	return r->state != STATE_RUNNING && r->state != STATE_UNKNOWN;
}

/* --- the result -------------------------------------------------------------------------- */

static void print_ended(struct app *a, const struct resource *r)
{
	const struct session *s = sync_session(a->sync);
	int64_t now_ms = clock_now_ms(), elapsed_s = -1;
	AUTO(buf) struct buf reason = BUF_INIT(BUF_MAX_TEXT);
	char took[TIMEFMT_LEN] = "", cost[32] = "";

	if (r->kind->class == &job_class) {
		elapsed_s = job_elapsed_s(resource_job(r), now_ms);
		money_text(cost, cost_of_job(resource_job(r), &s->prices, s->region, now_ms).usd_micro);
	} else if (r->end_ms != TIME_UNKNOWN) {
		elapsed_s = (r->end_ms - (r->start_ms != TIME_UNKNOWN ? r->start_ms : r->created_ms)) / 1000;
	}
	if (elapsed_s >= 0)
		timefmt_duration(took, elapsed_s * 1000);
	field_one_line(str_or(r->failure_reason, ""), &reason);
	fprintf(a->out, "%s\t%s\t%s\t%s\t%s\n", r->name, resource_state_text(r), took, cost, buf_str(&reason));
	fflush(a->out);
}

static json_t *ended_to_json(const struct resource *r)
{
	json_t *o = json_object();

	json_put_str(o, "name", r->name);
	json_put_str(o, "status", r->status_text);
	json_put_str(o, "failure_reason", r->failure_reason);
	if (r->kind->class == &job_class) {
		json_put_str(o, "secondary_status", resource_job(r)->secondary_text);
		json_put_seconds(o, "training_seconds", resource_job(r)->training_s);
		json_put_seconds(o, "billable_seconds", resource_job(r)->billable_s);
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
		const struct resource *r = find(w, &w->items[i]);

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
			json_array_append_new(w->list, ended_to_json(r));
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
	if (!err)
		str_set(&one->name, r->name);
}

static void ask(struct waiting *w, struct waited *one)
{
	one->asking = true;
	sync_resource(w->a->sync, one->kind, one->name, on_answer, one);
}

/* By name where no list has told about it lately. */
static void ask_stale(struct waiting *w)
{
	int64_t every_ms = w->a->local ? ASK_LOCAL_MS : ASK_EVERY_MS;

	for (size_t i = 0; i < w->n; i++) {
		struct waited *one = &w->items[i];
		const struct resource *r = find(w, one);

		if (!one->reported && !one->asking && clock_mono_ms() - one->asked_ms > every_ms &&
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

/* What keeps it from being told; an error where waiting is of no use any more. */
static int check(struct waiting *w, struct err *err)
{
	const struct session *s = sync_session(w->a->sync);

	for (size_t i = 0; i < w->n; i++) {
		const struct waited *one = &w->items[i];

		if (!one->err.code || one->reported)
			continue;
		if (is_final(&one->err)) {
			*err = one->err;
			return -err->code;
		}
		say(w, one->err.msg);
	}
	if (s->notice_generation != w->notices && s->notice.level != NOTICE_INFO)
		say(w, s->notice.text);
	w->notices = s->notice_generation;
	return 0;
}

static int parse_names(struct waiting *w, struct err *err)
{
	const struct strlist *names = &w->a->cli.args;

	w->items = xcalloc(names->n, sizeof(*w->items));
	for (size_t i = 0; i < names->n; i++) {
		struct waited *one = &w->items[i];
		const char *name;

		if (kind_parse_reference(names->items[i], &one->kind, &name, err) < 0)
			return -err->code;
		if (!one->kind->members.status)
			return err_set(err, ERR_USAGE, "%s have no states to wait for", one->kind->title);
		one->name = xstrdup(name);
		w->n++;
		w->jobs |= one->kind->class == &job_class;
	}
	return 0;
}

/* Every name must be there; one pass over the list finds most jobs at once. */
static int find_all(struct waiting *w, struct err *err)
{
	struct app_reply all = {0};

	if (w->jobs) {
		sync_jobs(w->a->sync, app_reply_done, &all);
		if (app_wait(w->a, &all, err) < 0)
			return -err->code;
	}
	for (size_t i = 0; i < w->n; i++) {
		struct waited *one = &w->items[i];

		if (one->kind->class == &job_class && find(w, one))
			continue;
		ask(w, one);
		while (one->asking) {
			if (app_turn(w->a, 1000, err) < 0)
				return -err->code;
		}
		if (one->err.code) {
			*err = one->err;
			return -err->code;
		}
	}
	return 0;
}

/* "1 of 2 jobs, 3 of 3 processing jobs": of each kind that is waited for. */
static void say_what_runs(const struct waiting *w)
{
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
	size_t n[KIND_COUNT] = {0}, running[KIND_COUNT] = {0};

	for (size_t i = 0; i < w->n; i++) {
		n[w->items[i].kind->id]++;
		running[w->items[i].kind->id] += !w->items[i].reported;
	}
	for (size_t k = 0; k < KIND_COUNT; k++)
		if (running[k])
			(void)buf_addf(&text, "%s%zu of %zu %s", text.len ? ", " : "", running[k], n[k],
				       kind_word(&kind_table[k]));
	fprintf(stderr, "sagetop: gave up waiting: %s still run\n", buf_str(&text));
}

static int run(struct waiting *w, size_t *ret_running, struct err *err)
{
	struct app *a = w->a;
	int64_t deadline = app_value(a, OPT_TIMEOUT) ? clock_mono_ms() + a->cli.numbers[OPT_TIMEOUT] : INT64_MAX;

	w->notices = sync_session(a->sync)->notice_generation;
	if (w->jobs)
		sync_start(a->sync);
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

int cmd_wait(struct app *a, struct err *err)
{
	AUTO(waiting) struct waiting w = {.a = a, .any = app_flag(a, OPT_ANY), .list = json_array()};
	size_t running = 0;

	if (w.any && app_flag(a, OPT_ALL))
		return err_set(err, ERR_USAGE, "--any or --all: one of them");
	if (parse_names(&w, err) < 0)
		return -err->code;
	if (app_connect(a, err) < 0 || sync_load(a->sync, err) < 0)
		return -err->code;
	int rc = find_all(&w, err);

	if (rc == 0)
		rc = run(&w, &running, err);
	if (rc == 0 && output_format(a) == OUTPUT_JSON)
		output_json(a, w.list);
	for (size_t i = 0; i < w.n && a->sync; i++) {
		if (w.items[i].asking) /* its answer refers to w */
			app_disconnect(a);
	}
	a->exit_status = w.failed ? EXIT_FAILED : w.limited ? EXIT_LIMIT : running ? 1 : 0;
	return rc;
}
