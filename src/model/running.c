/* running.c - what runs now, and what it will have cost. */
#include "model/running.h"

#include "model/cost.h"

#define LOW_PERCENT 10
#define HIGH_PERCENT 90

void runnings_done(struct runnings *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].name);
		free(l->items[i].what);
	}
	free(l->items);
	*l = (struct runnings){0};
}

static struct running *add(struct runnings *l, const struct session *s, const struct kind *kind, const char *name,
			   char *what)
{
	GROW(l->items, l->cap, l->n + 1);
	l->items[l->n] = (struct running){.session = s,
					  .kind = kind,
					  .name = xstrdup(name),
					  .what = what ? what : xstrdup("?"),
					  .so_far_micro = USD_UNKNOWN,
					  .rate_micro = USD_UNKNOWN,
					  .low_micro = USD_UNKNOWN,
					  .high_micro = USD_UNKNOWN};
	return &l->items[l->n++];
}

/* --- the end of a job ----------------------------------------------------------------- */

/* Billed seconds of those that finished, by what makes them alike. */
struct history {
	struct map lists; /* key -> struct seconds * */
};
struct seconds {
	int64_t *items;
	size_t n, cap;
};

static char *likeness(const struct job *j)
{
	AUTO(str) char *prefix = spend_prefix(j->name, 0);

	return xasprintf("%s\n%s\n%d\n%d", prefix, str_or(j->instance_type, "?"), j->instance_count, j->spot);
}

static int ascending(const void *pa, const void *pb)
{
	int64_t a = *(const int64_t *)pa, b = *(const int64_t *)pb;

	return a < b ? -1 : a > b;
}

static void history_make(const struct resources *jobs, struct history *ret)
{
	const char *key;
	void *list;

	*ret = (struct history){0};
	for (size_t i = 0; i < jobs->n; i++) {
		const struct job *j = jobs_at(jobs, i);

		if (j->state != STATE_GOOD || j->billable_s < 0)
			continue;
		AUTO(str) char *like = likeness(j);
		struct seconds *l = map_get(&ret->lists, like);

		if (!l) {
			l = NEW(struct seconds);
			map_put(&ret->lists, like, l);
		}
		GROW(l->items, l->cap, l->n + 1);
		l->items[l->n++] = j->billable_s;
	}
	for (size_t i = 0; map_next(&ret->lists, &i, &key, &list);)
		qsort(((struct seconds *)list)->items, ((struct seconds *)list)->n, sizeof(int64_t), ascending);
}

static void history_done(struct history *h)
{
	const char *key;
	void *list;

	for (size_t i = 0; map_next(&h->lists, &i, &key, &list);) {
		free(((struct seconds *)list)->items);
		free(list);
	}
	map_done(&h->lists);
}

static void project(struct running *r, const struct job *j, const struct cost *c, const struct history *h)
{
	AUTO(str) char *like = likeness(j);
	const struct seconds *l = map_get(&h->lists, like);
	int64_t low = c->seconds, high = MAX(j->max_runtime_s, c->seconds);

	r->evidence = l ? l->n : 0;
	if (l) {
		low = MAX(l->items[(l->n - 1) * LOW_PERCENT / 100], c->seconds);
		high = MAX(l->items[((l->n - 1) * HIGH_PERCENT + 99) / 100], low);
	} else if (j->max_runtime_s < 0) {
		high = -1;
	}
	r->low_micro = cost_micro(low, 1, c->rate_micro);
	r->high_micro = cost_micro(high, 1, c->rate_micro);
}

static void add_job(const struct job *j, const struct session *s, const struct history *h, int64_t now_ms,
		    struct runnings *ret)
{
	struct cost c = cost_of_job(j, &s->prices, s->region, now_ms);
	bool kept = job_is_terminal(j) && c.kind == COST_SO_FAR;

	if (!job_is_active(j) && !kept)
		return;
	struct running *r = add(ret, s, TRAINING_KIND, j->name, job_instances_text(j));

	r->idle = kept;
	r->so_far_micro = c.kind == COST_UNKNOWN && j->start_ms == TIME_UNKNOWN ? 0 : c.usd_micro;
	r->rate_micro = kept || job_state_is_billed(j->secondary_text) ? c.rate_micro : 0;
	if (kept)
		r->low_micro = r->high_micro = c.usd_micro;
	else
		project(r, j, &c, h);
}

/* --- everything else --------------------------------------------------------------------- */

static void add_record(const struct resource *record, const struct session *s, int64_t now_ms, struct runnings *ret)
{
	struct charges l;

	charges_of_resource(record, s, now_ms, &l);
	if (!resource_is_running(record) || !l.n)
		return;
	const struct charge *c = &l.items[0];
	struct running *r = add(ret, s, record->kind, record->name, xstrdup(c->type));
	int64_t span_s = MAX((c->until_ms - c->from_ms) / 1000, (int64_t)1);

	if (c->unknown != UNKNOWN_NOT)
		return;
	r->so_far_micro = c->usd_micro;
	r->rate_micro = (int64_t)((__int128)c->usd_micro * 3600 / span_s);
}

static void add_standing(const struct usage *u, const struct session *s, const struct strmap *calls, int64_t now_ms,
			 struct runnings *ret)
{
	struct charges l;

	charges_of_usage(u, s, now_ms, &l);
	if (u->until_ms != TIME_UNKNOWN || !l.n || l.items[0].unknown == UNKNOWN_STORAGE)
		return;
	char *what = usage_is_volume(u) ? xasprintf("volume of %d GB", u->count)
		     : u->type		? xasprintf("%d x %s", u->count, u->type)
					: NULL;
	struct running *r = add(ret, s, u->kind, u->name, what);
	AUTO(str) char *key = usage_key(u);
	const char *n = calls && u->kind->id == KIND_ENDPOINT ? strmap_get(calls, key) : NULL;
	double called = 0;

	r->idle = n && str_to_f64(n, &called) && called <= 0;
	if (l.items[0].unknown != UNKNOWN_NOT)
		return;
	r->so_far_micro = l.items[0].usd_micro;
	r->rate_micro = (int64_t)((__int128)l.items[0].rate_micro * 3600000 / l.items[0].rate_ms);
}

static int by_rate(const void *pa, const void *pb)
{
	const struct running *a = pa, *b = pb;

	if (a->rate_micro != b->rate_micro)
		return a->rate_micro < b->rate_micro ? 1 : -1;
	return strcmp(a->name, b->name);
}

void running_of_session(const struct session *s, const struct usages *usages, const struct strmap *calls,
			int64_t now_ms, struct runnings *ret)
{
	const struct resources *jobs = session_jobs(s);
	struct history history;

	history_make(jobs, &history);
	for (size_t i = 0; i < jobs->n; i++)
		add_job(jobs_at(jobs, i), s, &history, now_ms, ret);
	history_done(&history);
	for (size_t k = 0; k < KIND_COUNT; k++)
		for (size_t i = 0; kind_table[k].class != &job_class && i < s->tables[k].n; i++)
			add_record(s->tables[k].items[i], s, now_ms, ret);
	for (size_t i = 0; i < usages->n; i++)
		add_standing(&usages->items[i], s, calls, now_ms, ret);
	if (ret->n)
		qsort(ret->items, ret->n, sizeof(*ret->items), by_rate);
}

static void add_known(int64_t *sum, int64_t micro)
{
	int64_t total = micro == USD_UNKNOWN ? *sum : money_sum(*sum, micro);

	*sum = total == USD_UNKNOWN ? USD_MICRO_MAX : total;
}

static void add_running(const struct running *r, struct running_total *t)
{
	t->unknown += r->so_far_micro == USD_UNKNOWN || r->rate_micro == USD_UNKNOWN;
	add_known(&t->so_far_micro, r->so_far_micro);
	add_known(&t->rate_micro, r->rate_micro);
	add_known(&t->low_micro, r->low_micro);
	add_known(&t->high_micro, r->high_micro);
	if (r->idle && r->rate_micro != USD_UNKNOWN)
		add_known(&t->idle_day_micro, cost_micro(86400, 1, r->rate_micro));
}

void running_sum(const struct runnings *l, struct running_total *ret)
{
	*ret = (struct running_total){0};
	for (size_t i = 0; i < l->n; i++)
		add_running(&l->items[i], ret);
}

/* --- by prefix ------------------------------------------------------------------------- */

void running_groups_done(struct running_groups *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->items[i].prefix);
	free(g->items);
	*g = (struct running_groups){0};
}

void running_group_sum(const struct runnings *l, struct running_groups *ret)
{
	struct map places = {0};

	for (size_t i = 0; i < l->n; i++) {
		AUTO(str) char *prefix = spend_prefix(l->items[i].name, 0);
		size_t at = (size_t)(uintptr_t)map_get(&places, prefix);

		if (!at) {
			GROW(ret->items, ret->cap, ret->n + 1);
			ret->items[ret->n++] = (struct running_group){.prefix = xstrdup(prefix)};
			at = ret->n;
			map_put(&places, prefix, (void *)(uintptr_t)at);
		}
		ret->items[at - 1].n++;
		add_running(&l->items[i], &ret->items[at - 1].total);
	}
	map_done(&places);
}
