/* groups.c - jobs by groups: counted, summed, and what is still to come. */
#include "model/groups.h"

#include "base/clock.h"
#include "model/cost.h"
#include "model/field_order.h"

/* What jobs have a value of their own for. */
static const enum spend_by allowed[] = {BY_PREFIX,   BY_TAG,	BY_TYPE,  BY_STATUS,  BY_USER,
					BY_BACKTEST, BY_PARENT, BY_SWEEP, BY_PROFILE, BY_REGION};

#define LOOKS 64 /* at so many things between two looks at the clock */

/* How long those of a group that completed took, ascending. */
struct times {
	int64_t *ms;
	size_t n;
};

struct to_come {
	bool some_unknown; /* one has run longer than all that completed */
	bool unpriced;
	int64_t until_ms, micro;
};

struct groups_work {
	const struct resource *const *jobs;
	size_t n;
	const struct session *s;
	size_t step, at;
	struct times *times; /* of each group in which something runs */
	int64_t *all_times;
	struct to_come *to_come; /* of each group */
};

static void end_work(struct groups *g)
{
	struct groups_work *w = TAKE(g->work);

	if (!w)
		return;
	free(w->times);
	free(w->all_times);
	free(w->to_come);
	free(w);
}

/* As if nothing was looked at yet. */
static void forget(struct groups *g)
{
	spend_done(&g->spend);
	free(TAKE(g->items));
	free(TAKE(g->of));
	map_done(&g->by_key);
	g->n = g->cap = 0;
}

void groups_done(struct groups *g)
{
	end_work(g);
	forget(g);
	*g = (struct groups){0};
}

int groups_parse(const char *text, enum spend_by *ret, const char **ret_tag, struct err *err)
{
	enum spend_by by = BY_COUNT;

	(void)!spend_by_parse(text, &by, ret_tag, NULL);
	for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
		if (by == allowed[i]) {
			*ret = by;
			return 0;
		}
	return err_set(
		err, ERR_USAGE,
		"group by prefix, tag:KEY, type, status, user, backtest, parent, sweep, profile or region, not \"%s\"",
		text);
}

char *groups_words(char *buf, enum spend_by by, const char *tag)
{
	snprintf(buf, GROUPS_WORDS_LEN, "%s%s", spend_by_name(by), by == BY_TAG ? str_or(tag, "") : "");
	return buf;
}

/* --- what is there ----------------------------------------------------------------------- */

static size_t group_of(struct groups *g, const char *key)
{
	uintptr_t at = (uintptr_t)map_get(&g->by_key, key);

	if (at)
		return at - 1;
	GROW(g->items, g->cap, g->n + 1);
	g->items[g->n++] =
		(struct group){.eta_ms = TIME_UNKNOWN, .eta_least_ms = TIME_UNKNOWN, .newest_ms = TIME_UNKNOWN};
	map_put(&g->by_key, key, (void *)(uintptr_t)g->n);
	return g->n - 1;
}

static void count(struct group *one, const struct resource *r)
{
	one->n++;
	one->ok += r->state == STATE_GOOD;
	one->failed += r->state == STATE_BAD;
	one->stopped += r->state == STATE_NEUTRAL;
	one->running += r->state == STATE_RUNNING;
	if (r->created_ms != TIME_UNKNOWN && (one->newest_ms == TIME_UNKNOWN || r->created_ms > one->newest_ms))
		one->newest_ms = r->created_ms;
}

/* Where all have one prefix, the cycles of one run are told apart. */
static void begin_count(struct groups *g, int numbers)
{
	struct spend_options opt = g->spend.opt;

	opt.numbers = numbers;
	forget(g);
	spend_init(&g->spend, &opt);
	g->of = xreallocarray(NULL, g->work->n + 1, sizeof(*g->of));
}

/* Groups and the rows of their money are made in the same order. */
static void count_job(struct groups *g, size_t i)
{
	const struct groups_work *w = g->work;
	const struct spend_options *opt = &g->spend.opt;
	const struct resource *r = w->jobs[i];
	AUTO(str) char *key = spend_key(opt, r);
	struct charges charges;

	charges_of_resource(r, session_own(w->s, r), opt->now_ms, &charges);
	spend_add_to(&g->spend, key, r, &charges);
	g->of[i] = group_of(g, key);
	count(&g->items[g->of[i]], r);
}

/* The sum, and room for the times of its jobs. */
static void sum_up(struct groups *g, size_t i)
{
	const struct spend_row *row = &g->spend.rows[i];
	struct group *one = &g->items[i];
	struct groups_work *w = g->work;

	one->key = row->key;
	one->spent_micro = row->usd_micro;
	one->unpriced = row->unknown;
	one->estimate = row->estimate;
	if (i == 0) {
		w->times = xcalloc(g->n, sizeof(*w->times));
		w->to_come = xcalloc(g->n, sizeof(*w->to_come));
		w->all_times = xreallocarray(NULL, w->n + 1, sizeof(*w->all_times));
	}
	w->times[i].ms = i ? w->times[i - 1].ms + g->items[i - 1].ok : w->all_times;
}

/* --- what is to come --------------------------------------------------------------------- */

static void note_time(struct groups *g, size_t i)
{
	const struct resource *r = g->work->jobs[i];
	struct times *t = &g->work->times[g->of[i]];

	if (g->items[g->of[i]].running && r->state == STATE_GOOD && r->start_ms != TIME_UNKNOWN &&
	    r->end_ms != TIME_UNKNOWN)
		t->ms[t->n++] = r->end_ms - r->start_ms;
}

static int by_time(const void *pa, const void *pb)
{
	int64_t a = *(const int64_t *)pa, b = *(const int64_t *)pb;

	return a < b ? -1 : a > b;
}

static void sort_times(struct groups *g, size_t i)
{
	struct times *t = &g->work->times[i];

	if (t->n)
		qsort(t->ms, t->n, sizeof(*t->ms), by_time);
}

/* The middle of those beyond what has passed; -1 where there is none. */
static int64_t expected_ms(const struct times *t, int64_t passed_ms)
{
	size_t low = 0, high = t->n;

	while (low < high) { /* the first that took longer */
		size_t mid = low + (high - low) / 2;

		if (t->ms[mid] <= passed_ms)
			low = mid + 1;
		else
			high = mid;
	}
	return low < t->n ? t->ms[low + (t->n - low - 1) / 2] : -1;
}

static void add_running(struct groups *g, size_t i)
{
	const struct groups_work *w = g->work;
	const struct resource *r = w->jobs[i];
	const struct session *s = session_own(w->s, r);
	struct to_come *c = &w->to_come[g->of[i]];
	int64_t now_ms = g->spend.opt.now_ms;

	if (!resource_is_running(r))
		return;
	int64_t passed = r->start_ms == TIME_UNKNOWN ? 0 : MAX(now_ms - r->start_ms, 0);
	int64_t expected = expected_ms(&w->times[g->of[i]], passed), rest = expected - passed;

	if (expected < 0) {
		c->some_unknown = true;
		return;
	}
	struct cost cost = cost_of_job(resource_job(r), &s->prices, str_or(s->region, ""), now_ms);
	int64_t more = cost.rate_micro == USD_UNKNOWN ? USD_UNKNOWN : cost_micro(rest / 1000, 1, cost.rate_micro);

	c->until_ms = MAX(c->until_ms, now_ms + rest);
	if (more == USD_UNKNOWN || money_sum(c->micro, more) == USD_UNKNOWN)
		c->unpriced = true;
	else
		c->micro = money_sum(c->micro, more);
}

static void project(struct groups *g, size_t i)
{
	struct group *one = &g->items[i];
	const struct to_come *c = &g->work->to_come[i];

	bool told = one->running && c->until_ms; /* of one at least */
	bool priced = !c->unpriced && !one->unpriced && (told || !c->some_unknown);

	one->eta_least_ms = told ? c->until_ms : TIME_UNKNOWN;
	one->projected_least_micro = priced ? money_sum(one->spent_micro, c->micro) : USD_UNKNOWN;
	one->eta_ms = c->some_unknown ? TIME_UNKNOWN : one->eta_least_ms;
	one->projected_micro = c->some_unknown ? USD_UNKNOWN : one->projected_least_micro;
}

/* --- in turns ---------------------------------------------------------------------------- */

enum what { OF_JOBS, OF_GROUPS };

static const struct step {
	void (*fn)(struct groups *g, size_t i);
	enum what of;
} steps[] = {
	{count_job, OF_JOBS},	 {sum_up, OF_GROUPS},	 {note_time, OF_JOBS},
	{sort_times, OF_GROUPS}, {add_running, OF_JOBS}, {project, OF_GROUPS},
};

/* Of all jobs, or all groups; false where the time is over before. */
static bool step_on(struct groups *g, const struct step *step, int64_t until_us)
{
	struct groups_work *w = g->work;
	size_t n = step->of == OF_JOBS ? w->n : g->n;

	while (w->at < n) {
		if (until_us != FIELD_ORDER_AT_ONCE && clock_mono_us() >= until_us)
			return false;
		for (size_t end = MIN(w->at + LOOKS, n); w->at < end; w->at++)
			step->fn(g, w->at);
	}
	w->at = 0;
	return true;
}

void groups_begin(struct groups *g, const struct spend_options *opt, const struct resource *const *jobs, size_t n,
		  const struct session *s)
{
	groups_done(g);
	g->spend.opt = *opt;
	g->spend.opt.from_ms = INT64_MIN;
	g->spend.opt.until_ms = INT64_MAX;
	g->work = NEW(struct groups_work);
	*g->work = (struct groups_work){.jobs = jobs, .n = n, .s = s};
	begin_count(g, 0);
}

bool groups_turn(struct groups *g, int64_t until_us)
{
	struct groups_work *w = g->work;

	while (w->step < ARRAY_LEN(steps)) {
		if (!step_on(g, &steps[w->step], until_us))
			return false;
		if (w->step == 0 && g->spend.opt.by == BY_PREFIX && !g->spend.opt.numbers && g->n == 1 && w->n > 1)
			begin_count(g, 1);
		else
			w->step++;
	}
	end_work(g);
	return true;
}

void groups_build(struct groups *g, const struct spend_options *opt, const struct resource *const *jobs, size_t n,
		  const struct session *s)
{
	groups_begin(g, opt, jobs, n, s);
	(void)groups_turn(g, FIELD_ORDER_AT_ONCE);
}
