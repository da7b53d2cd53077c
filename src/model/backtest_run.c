/* What became of a backtest's packs. */
#include "model/backtest_run.h"

#include <ctype.h>

void backtest_run_done(struct backtest_run *r)
{
	for (size_t i = 0; i < r->n_packs; i++) {
		free(r->packs[i].name);
		free(r->packs[i].why);
	}
	free(r->packs);
	free(r->name);
	free(r->reason);
	backtest_standing_done(&r->standing);
	*r = (struct backtest_run){0};
}

void backtest_run_list_free(struct backtest_run *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		backtest_run_done(&r[i]);
	free(r);
}

const char *backtest_state_name(enum backtest_state s)
{
	static const char *const names[] = {"running", "paused", "stopped", "done", "failed"};

	return (size_t)s < ARRAY_LEN(names) ? names[s] : "?";
}

const char *backtest_cause_name(enum backtest_cause c)
{
	static const char *const names[CAUSE_COUNT] = {
		[CAUSE_NONE] = "none",	    [CAUSE_SERVICE] = "service", [CAUSE_CAPACITY] = "capacity",
		[CAUSE_CRASH] = "crash",    [CAUSE_OUTPUT] = "output",	 [CAUSE_LOST] = "lost",
		[CAUSE_DATA] = "data",	    [CAUSE_TIME] = "time",	 [CAUSE_STOPPED] = "stopped",
		[CAUSE_REFUSED] = "refused"};

	return (size_t)c < CAUSE_COUNT ? names[c] : "?";
}

char *backtest_try_name(const char *name, int number)
{
	return number ? xasprintf("%s-r%d", name, number) : xstrdup(name);
}

/* --- why a job failed ------------------------------------------------------------------ */

/* "..., exit code: 137": killed from outside, which the next try may not be. -1: none told. */
static int exit_code(const char *reason)
{
	const char *at = strstr(reason, "exit code: ");

	return at ? atoi(at + strlen("exit code: ")) : -1;
}

enum backtest_cause backtest_cause_of(const struct job *j)
{
	const char *reason = str_or(j->failure_reason, "");

	if (j->status == JOB_COMPLETED)
		return CAUSE_NONE;
	if (str_eq(j->secondary_text, "MaxRuntimeExceeded"))
		return CAUSE_TIME;
	if (str_eq(j->secondary_text, "MaxWaitTimeExceeded") || str_starts(reason, "CapacityError"))
		return CAUSE_CAPACITY;
	if (j->status == JOB_STOPPED)
		return CAUSE_STOPPED;
	if (str_starts(reason, "InternalServerError") || !*reason)
		return CAUSE_SERVICE;
	return exit_code(reason) > 128 ? CAUSE_CRASH : CAUSE_DATA;
}

bool backtest_pack_retries(const struct backtest_pack *p, int64_t retries)
{
	bool may_help = p->cause == CAUSE_SERVICE || p->cause == CAUSE_CAPACITY || p->cause == CAUSE_CRASH ||
			p->cause == CAUSE_OUTPUT || p->cause == CAUSE_LOST;

	return p->state == PACK_FAILED && may_help && p->tries <= retries;
}

/* --- tries ------------------------------------------------------------------------------- */

static struct backtest_pack *find_pack(struct backtest_run *r, int64_t cycle, int64_t part)
{
	/* Tries of a cycle come together: from the end it is near. */
	for (size_t i = r->n_packs; i-- > 0 && r->packs[i].cycle == cycle;)
		if (r->packs[i].part == part)
			return &r->packs[i];
	GROW(r->packs, r->cap_packs, r->n_packs + 1);
	r->packs[r->n_packs] = (struct backtest_pack){.cycle = cycle, .part = part};
	return &r->packs[r->n_packs++];
}

static void set_failed(struct backtest_pack *p, enum backtest_cause cause, const char *why)
{
	p->state = PACK_FAILED;
	p->cause = cause;
	str_set(&p->why, why);
}

static void judge_try(struct backtest_pack *p, const struct backtest_try *t)
{
	p->state = PACK_RUNNING;
	p->cause = CAUSE_NONE;
	p->ended_ms = t->ended_ms;
	if (t->state == TRY_WAITING) {
		p->state = PACK_WAITING;
	} else if (t->state == TRY_REFUSED) {
		set_failed(p, CAUSE_REFUSED, str_or(t->error, "the service refused it"));
	} else if (!t->job) {
		if (t->state == TRY_ACCEPTED && t->ended_ms != TIME_UNKNOWN)
			set_failed(p, CAUSE_LOST, "the job is not there any more");
	} else if (t->job->status == JOB_COMPLETED) {
		p->state = PACK_COMPLETED;
	} else if (job_is_terminal(t->job)) {
		set_failed(p, backtest_cause_of(t->job), str_or(t->job->failure_reason, job_state_text(t->job)));
	}
	if (t->job && job_is_terminal(t->job))
		p->ended_ms = t->job->end_ms != TIME_UNKNOWN ? t->job->end_ms : t->ended_ms;
}

static void add_cost(struct backtest_run *r, const struct backtest_try *t, const struct price_table *prices,
		     const char *region, int64_t now_ms)
{
	if (!t->job)
		return;
	struct cost c = cost_of_job(t->job, prices, region, now_ms);

	/* One that has not begun costs nothing yet. */
	if (t->job->start_ms != TIME_UNKNOWN)
		r->usd_micro = money_sum(r->usd_micro, c.usd_micro);
	if (t->job->billable_s > 0)
		r->billed_s += t->job->billable_s * MAX(t->job->instance_count, 1);
	if (t->job->status == JOB_COMPLETED && t->job->end_ms > t->job->created_ms) {
		r->ended++;
		r->ended_s += (t->job->end_ms - t->job->created_ms) / 1000;
	}
}

void backtest_run_add(struct backtest_run *r, const struct backtest_try *t, const struct price_table *prices,
		      const char *region, int64_t now_ms)
{
	struct backtest_pack *p = find_pack(r, t->cycle, t->pack % BACKTEST_TRY_STEP);
	int number = (int)(t->pack / BACKTEST_TRY_STEP);

	r->tries++;
	add_cost(r, t, prices, region, now_ms);
	if (number + 1 < p->tries)
		return;
	p->tries = number + 1;
	str_set(&p->name, t->name);
	judge_try(p, t);
}

static int compare_packs(const void *a, const void *b)
{
	const struct backtest_pack *x = a, *y = b;

	if (x->cycle != y->cycle)
		return x->cycle < y->cycle ? -1 : 1;
	return x->part < y->part ? -1 : x->part > y->part;
}

void backtest_run_sort(struct backtest_run *r)
{
	if (r->n_packs)
		qsort(r->packs, r->n_packs, sizeof(*r->packs), compare_packs);
}

struct backtest_pack *backtest_run_pack(const struct backtest_run *r, int64_t cycle, int64_t part)
{
	const struct backtest_pack key = {.cycle = cycle, .part = part};

	return r->n_packs ? bsearch(&key, r->packs, r->n_packs, sizeof(key), compare_packs) : NULL;
}

/* --- the whole ------------------------------------------------------------------------------ */

struct backtest_counts backtest_run_count(const struct backtest_run *r)
{
	struct backtest_counts c = {0};

	for (size_t i = 0; i < r->n_packs; i++) {
		const struct backtest_pack *p = &r->packs[i];

		c.retried += p->tries > 1;
		c.waiting += p->state == PACK_WAITING || backtest_pack_retries(p, r->retries);
		c.running += p->state == PACK_RUNNING;
		c.completed += p->state == PACK_COMPLETED;
		if (p->state != PACK_FAILED || backtest_pack_retries(p, r->retries))
			continue;
		c.failed++;
		c.causes[p->cause]++;
		c.why = p->why;
	}
	return c;
}

int64_t backtest_run_eta_ms(const struct backtest_run *r)
{
	struct backtest_counts c = backtest_run_count(r);
	size_t left = c.waiting + c.running;

	if (!left)
		return 0;
	if (!r->ended)
		return -1;
	size_t at_once = (size_t)MAX(r->concurrency, 1), rounds = (left + at_once - 1) / at_once;

	return (int64_t)(rounds * 1000) * r->ended_s / (int64_t)r->ended;
}

int64_t backtest_run_projected_micro(const struct backtest_run *r)
{
	struct backtest_counts c = backtest_run_count(r);
	double all = (double)c.completed + (double)c.waiting + (double)c.running;

	if (r->usd_micro == USD_UNKNOWN || !(c.waiting || c.running))
		return r->usd_micro;
	/* What runs has cost a part of it already: it counts with those that wait. */
	return c.completed ? (int64_t)((double)r->usd_micro * all / (double)c.completed) : USD_UNKNOWN;
}

/* --- the breaker ----------------------------------------------------------------------------- */

/* The same but for its numbers and names: "line 17" is "line 9". */
static bool same_words(const char *a, const char *b)
{
	for (;;) {
		while (isdigit((unsigned char)*a))
			a++;
		while (isdigit((unsigned char)*b))
			b++;
		if (*a != *b)
			return false;
		if (!*a)
			return true;
		a++;
		b++;
	}
}

static int by_end(const void *a, const void *b)
{
	const struct backtest_pack *x = *(const struct backtest_pack *const *)a,
				   *y = *(const struct backtest_pack *const *)b;

	return x->ended_ms > y->ended_ms ? -1 : x->ended_ms < y->ended_ms;
}

char *backtest_run_breaker(const struct backtest_run *r)
{
	const struct backtest_pack **over = xcalloc(MAX(r->n_packs, 1), sizeof(*over));
	size_t n = 0, equal = 0;

	for (size_t i = 0; i < r->n_packs; i++)
		if (r->packs[i].state >= PACK_COMPLETED && r->packs[i].ended_ms >= r->changed_ms)
			over[n++] = &r->packs[i];
	qsort(over, n, sizeof(const struct backtest_pack *), by_end);
	while (equal < n && over[equal]->state == PACK_FAILED && over[equal]->cause != CAUSE_STOPPED &&
	       over[equal]->cause == over[0]->cause &&
	       same_words(str_or(over[equal]->why, ""), str_or(over[0]->why, "")))
		equal++;
	char *why = equal < BACKTEST_BREAKER ? NULL
					     : xasprintf("%zu jobs in a row failed alike: %.300s", equal,
							 str_or(over[0]->why, backtest_cause_name(over[0]->cause)));

	free(over);
	return why;
}
