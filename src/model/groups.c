/* groups.c - jobs by groups: counted, summed, and what is still to come. */
#include "model/groups.h"

#include "model/cost.h"

/* What jobs have a value of their own for. */
static const enum spend_by allowed[] = {BY_PREFIX, BY_TAG, BY_TYPE, BY_STATUS, BY_USER, BY_BACKTEST, BY_PARENT};

void groups_done(struct groups *g)
{
	spend_done(&g->spend);
	free(g->items);
	free(g->of);
	map_done(&g->by_key);
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
	return err_set(err, ERR_USAGE, "group by prefix, tag:KEY, type, status, user, backtest or parent, not \"%s\"",
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
	g->items[g->n++] = (struct group){.eta_ms = TIME_UNKNOWN, .newest_ms = TIME_UNKNOWN};
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

/* --- what is to come --------------------------------------------------------------------- */

/* How long those that completed took, ascending within each group. */
struct taken {
	size_t group;
	int64_t ms;
};

static int by_group_and_time(const void *pa, const void *pb)
{
	const struct taken *a = pa, *b = pb;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	return a->ms < b->ms ? -1 : a->ms > b->ms;
}

/* The middle of those beyond what has passed; -1 where there is none. */
static int64_t expected_ms(const struct taken *t, size_t n, size_t group, int64_t passed_ms)
{
	size_t low = 0, high = n, from;

	while (low < high) { /* the first of the group that took longer */
		size_t mid = low + (high - low) / 2;

		if (t[mid].group < group || (t[mid].group == group && t[mid].ms <= passed_ms))
			low = mid + 1;
		else
			high = mid;
	}
	from = low;
	for (high = n; low < high;) { /* the first of the next group */
		size_t mid = low + (high - low) / 2;

		if (t[mid].group <= group)
			low = mid + 1;
		else
			high = mid;
	}
	return from < low ? t[from + (low - from - 1) / 2].ms : -1;
}

struct to_come {
	bool unknown_time, unknown_money;
	int64_t until_ms, micro;
};

static void add_running(struct to_come *c, const struct job *j, const struct session *s, int64_t expected,
			int64_t now_ms)
{
	struct cost cost = cost_of_job(j, &s->prices, str_or(s->region, ""), now_ms);
	int64_t passed = j->start_ms == TIME_UNKNOWN ? 0 : MAX(now_ms - j->start_ms, 0), rest = expected - passed;

	if (expected < 0) {
		c->unknown_time = c->unknown_money = true;
		return;
	}
	c->until_ms = MAX(c->until_ms, now_ms + rest);
	int64_t more = cost.rate_micro == USD_UNKNOWN ? USD_UNKNOWN : cost_micro(rest / 1000, 1, cost.rate_micro);

	if (more == USD_UNKNOWN || money_sum(c->micro, more) == USD_UNKNOWN)
		c->unknown_money = true;
	else
		c->micro = money_sum(c->micro, more);
}

static void project(struct groups *g, const struct resource *const *jobs, size_t n, const struct session *s)
{
	struct taken *taken = xreallocarray(NULL, n + 1, sizeof(*taken));
	struct to_come *c = xcalloc(g->n + 1, sizeof(*c));
	int64_t now_ms = g->spend.opt.now_ms;
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (jobs[i]->state == STATE_GOOD && jobs[i]->start_ms != TIME_UNKNOWN &&
		    jobs[i]->end_ms != TIME_UNKNOWN)
			taken[k++] = (struct taken){g->of[i], jobs[i]->end_ms - jobs[i]->start_ms};
	qsort(taken, k, sizeof(*taken), by_group_and_time);
	for (size_t i = 0; i < n; i++)
		if (resource_is_running(jobs[i])) {
			int64_t start = jobs[i]->start_ms, passed = start == TIME_UNKNOWN ? 0 : MAX(now_ms - start, 0);

			add_running(&c[g->of[i]], resource_job(jobs[i]), s, expected_ms(taken, k, g->of[i], passed),
				    now_ms);
		}
	for (size_t i = 0; i < g->n; i++) {
		struct group *one = &g->items[i];

		if (one->running && !c[i].unknown_time)
			one->eta_ms = c[i].until_ms;
		one->projected_micro =
			c[i].unknown_money || one->unpriced ? USD_UNKNOWN : money_sum(one->spent_micro, c[i].micro);
	}
	free(taken);
	free(c);
}

/* Groups and the rows of their money are made in the same order. */
static void fill(struct groups *g, const struct spend_options *opt, const struct resource *const *jobs, size_t n,
		 const struct session *s)
{
	struct charges charges;

	groups_done(g);
	spend_init(&g->spend, opt);
	g->of = xreallocarray(NULL, n + 1, sizeof(*g->of));
	for (size_t i = 0; i < n; i++) {
		AUTO(str) char *key = spend_key(opt, jobs[i]);

		charges_of_resource(jobs[i], s, opt->now_ms, &charges);
		spend_add_to(&g->spend, key, jobs[i], &charges);
		g->of[i] = group_of(g, key);
		count(&g->items[g->of[i]], jobs[i]);
	}
}

void groups_build(struct groups *g, const struct spend_options *opt, const struct resource *const *jobs, size_t n,
		  const struct session *s)
{
	struct spend_options all = *opt;

	all.from_ms = INT64_MIN;
	all.until_ms = INT64_MAX;
	fill(g, &all, jobs, n, s);
	if (all.by == BY_PREFIX && g->n == 1 && n > 1) { /* the cycles of one run */
		all.numbers = 1;
		fill(g, &all, jobs, n, s);
	}
	for (size_t i = 0; i < g->n; i++) {
		const struct spend_row *row = &g->spend.rows[i];

		g->items[i].key = row->key;
		g->items[i].spent_micro = row->usd_micro;
		g->items[i].unpriced = row->unknown;
		g->items[i].estimate = row->estimate;
	}
	project(g, jobs, n, s);
}
