/* spend_charge.c - what a thing is billed for, as amounts over spans of time. */
#include "model/spend.h"

#include "base/clock.h"
#include "model/cost.h"

#define MONTH_HOURS 730 /* of a GB-month */

/* floor(amount x time / span), what lies before t less what lies before the beginning. */
static int64_t part(int64_t amount, int64_t span, int64_t a, int64_t b)
{
	return (int64_t)((__int128)amount * b / span) - (int64_t)((__int128)amount * a / span);
}

/* Both ends counted from the charge's beginning; false where nothing lies between. */
static bool cut(const struct charge *c, int64_t *from, int64_t *until)
{
	int64_t span = c->until_ms - c->from_ms;

	*from = MIN(MAX(*from - c->from_ms, (int64_t)0), span);
	*until = MIN(MAX(*until - c->from_ms, (int64_t)0), span);
	return *from < *until;
}

int64_t charge_money(const struct charge *c, int64_t from_ms, int64_t until_ms)
{
	if (c->usd_micro <= 0 || !cut(c, &from_ms, &until_ms))
		return 0;
	return c->rate_micro ? part(c->rate_micro, c->rate_ms, from_ms, until_ms)
			     : part(c->usd_micro, c->until_ms - c->from_ms, from_ms, until_ms);
}

int64_t charge_seconds(const struct charge *c, int64_t from_ms, int64_t until_ms)
{
	if (c->instance_s <= 0 || !cut(c, &from_ms, &until_ms))
		return 0;
	return part(c->instance_s, c->until_ms - c->from_ms, from_ms, until_ms);
}

static struct charge *add(struct charges *l, const char *component, const char *type, int64_t from_ms, int64_t until_ms)
{
	struct charge *c = &l->items[MIN(l->n, (size_t)CHARGES_MAX - 1)];

	l->n = MIN(l->n + 1, (size_t)CHARGES_MAX);
	*c = (struct charge){.component = component,
			     .type = type,
			     .from_ms = from_ms,
			     .until_ms = MAX(until_ms, from_ms + 1),
			     .usd_micro = USD_UNKNOWN};
	return c;
}

static struct charge *add_unknown(struct charges *l, const char *component, const char *type, int64_t from_ms,
				  int64_t until_ms, enum spend_unknown why)
{
	struct charge *c = add(l, component, type, from_ms, until_ms);

	c->unknown = why;
	return c;
}

/* What became of a job says what its money was for. */
static enum spend_waste waste_of(const struct resource *r)
{
	if (r->state == STATE_BAD)
		return WASTE_FAILED;
	if (r->kind->class != &job_class)
		return r->state == STATE_NEUTRAL ? WASTE_STOPPED : WASTE_NONE;
	const struct job *j = resource_job(r);

	if (r->state == STATE_NEUTRAL && !job_limit_exceeded(j))
		return WASTE_STOPPED;
	return job_interruptions(j) > 0 ? WASTE_INTERRUPTED : WASTE_NONE;
}

/* --- training ----------------------------------------------------------------------- */

/* From when to when it ran, as far as that is known; a clock that jumped gives what was
 * billed, from where it began. */
static bool run_span(const struct job *j, const struct cost *c, int64_t now_ms, int64_t *from, int64_t *until)
{
	int64_t lasted_ms = MAX(c->seconds, (int64_t)1) * 1000;

	*until = job_is_terminal(j) ? j->end_ms : now_ms;
	*from = j->start_ms;
	if (*from == TIME_UNKNOWN && *until != TIME_UNKNOWN)
		*from = *until - lasted_ms;
	if (*from == TIME_UNKNOWN)
		*from = j->created_ms;
	if (*until == TIME_UNKNOWN || *until <= *from)
		*until = *from + lasted_ms;
	return *from != TIME_UNKNOWN;
}

/* The groups of a mixed cluster have a charge each; the last one what is left of the sum. */
static void add_run(const struct job *j, const struct session *s, const struct cost *c, int64_t from, int64_t until,
		    struct charges *ret)
{
	int64_t left = c->usd_micro - c->pool_micro;
	const struct job_group one = {.instance_type = j->instance_type, .count = j->instance_count};
	const struct job_group *groups = j->rare->n_groups ? j->rare->groups : &one;
	size_t n = j->rare->n_groups ? MIN(j->rare->n_groups, (size_t)CHARGES_MAX - 3) : 1;

	for (size_t i = 0; i < n; i++) {
		struct charge *charge =
			add(ret, j->spot ? "SpotTraining" : "Training", groups[i].instance_type, from, until);
		const struct price *p = price_training(&s->prices, groups[i].instance_type, s->region, j->spot);
		int64_t part = i + 1 < n && p ? cost_micro(c->seconds, groups[i].count, p->usd_micro) : left;

		charge->usd_micro = MIN(MAX(part, (int64_t)0), left);
		left -= charge->usd_micro;
		charge->instance_s = c->seconds * groups[i].count;
		charge->estimate = c->estimate;
		charge->waste = waste_of(job_resource(j));
	}
}

/* Volumes of a job are billed while it runs, by the GB-month. */
static void add_volume(const struct resource *r, const struct session *s, const char *component, __int128 gb_s,
		       int64_t from, int64_t until, struct charges *ret)
{
	const struct price *p = price_find(&s->prices, PRICE_STORAGE, s->region, component);

	if (gb_s <= 0)
		return;
	if (!p) {
		add_unknown(ret, component, PRICE_STORAGE, from, until, UNKNOWN_STORAGE);
		return;
	}
	struct charge *charge = add(ret, component, PRICE_STORAGE, from, until);
	__int128 micro = (gb_s * p->usd_micro + MONTH_HOURS * 1800) / (MONTH_HOURS * 3600);

	charge->usd_micro = micro <= USD_MICRO_MAX ? (int64_t)micro : USD_UNKNOWN;
	charge->estimate = true; /* how long a volume lives, no call tells */
	charge->waste = waste_of(r);
}

static void charges_of_job(const struct job *j, const struct session *s, int64_t now_ms, struct charges *ret)
{
	struct cost c = cost_of_job(j, &s->prices, s->region, now_ms);
	int64_t from, until;

	if (c.kind == COST_BILLED && c.billed_s == 0)
		return;
	if (!job_is_terminal(j) && j->detail >= DETAIL_SEARCHED && j->start_ms == TIME_UNKNOWN)
		return; /* it waits: nothing is billed */
	bool timed = run_span(j, &c, now_ms, &from, &until);

	if (c.usd_micro == USD_UNKNOWN || !timed) {
		const char *what = !timed ? NULL : c.plan ? c.plan : c.unpriced;

		add_unknown(ret, "Training", what ? what : j->name, from, until,
			    !what    ? UNKNOWN_TIME
			    : c.plan ? UNKNOWN_PLAN
				     : UNKNOWN_PRICE);
		return;
	}
	if (c.seconds > 0)
		add_run(j, s, &c, from, until, ret);
	add_volume(job_resource(j), s, "Training Storage",
		   (__int128)MAX(j->volume_gb, 0) * MAX(j->instance_count, 1) * MAX(c.seconds, (int64_t)0), from, until,
		   ret);
	if (c.retained_s > 0) {
		struct charge *pool =
			add(ret, "Training Warm Pool", j->instance_type, until, until + c.retained_s * 1000);

		pool->usd_micro = c.pool_micro;
		pool->instance_s = c.retained_s * MAX(j->instance_count, 1);
		pool->estimate = c.estimate;
		pool->waste = WASTE_IDLE;
	}
}

/* --- everything else -------------------------------------------------------------------- */

/* So many instances of a type, from then until then. */
static void add_instances(struct charges *ret, const struct session *s, const char *component, const char *type,
			  int64_t count, int64_t from, int64_t until, bool estimate, enum spend_waste waste)
{
	const struct price *p = price_find(&s->prices, type, s->region, component);
	struct charge *c = add(ret, component, type, from, until);

	c->waste = waste;
	c->instance_s = MAX((until - from) / 1000, (int64_t)0) * count;
	c->usd_micro = p ? cost_micro(MAX((until - from) / 1000, (int64_t)0), count, p->usd_micro) : USD_UNKNOWN;
	c->estimate = estimate;
	c->unknown = c->usd_micro == USD_UNKNOWN ? UNKNOWN_PRICE : UNKNOWN_NOT;
}

static void charges_of_record(const struct resource *r, const struct session *s, int64_t now_ms, struct charges *ret)
{
	const struct kind *k = r->kind;
	const char *type = record_value(r, k->price_type), *text = record_value(r, k->price_count);
	int64_t count = 1, gb, until = r->end_ms != TIME_UNKNOWN ? r->end_ms : now_ms;
	bool running = resource_is_running(r);

	if (r->start_ms == TIME_UNKNOWN && (running || r->end_ms == TIME_UNKNOWN))
		return; /* it never had instances */
	if (!type || r->start_ms == TIME_UNKNOWN || (r->end_ms == TIME_UNKNOWN && !running) || until < r->start_ms ||
	    (k->price_count && (!text || !str_to_i64(text, &count) || count < 1))) {
		int64_t from = r->start_ms != TIME_UNKNOWN ? r->start_ms : r->created_ms;

		add_unknown(ret, k->price_component, r->name, from, MAX(until, from), UNKNOWN_TIME);
		return;
	}
	if (until - r->start_ms < 1000)
		return;
	add_instances(ret, s, k->price_component, type, count, r->start_ms, until, running, waste_of(r));
	text = record_value(r, k->price_volume);
	if (text && str_to_i64(text, &gb) && gb > 0)
		add_volume(r, s, k->price_storage, (__int128)gb * count * ((until - r->start_ms) / 1000), r->start_ms,
			   until, ret);
}

void charges_of_resource(const struct resource *r, const struct session *s, int64_t now_ms, struct charges *ret)
{
	ret->n = 0;
	if (r->kind->class == &job_class)
		charges_of_job(resource_job(r), s, now_ms, ret);
	else if (kind_is_charged(r->kind) && !r->kind->price_while)
		charges_of_record(r, s, now_ms, ret);
}

/* Components of Studio's apps by what they are: the price list has a name for each. */
static const char *component_of(const struct usage *u)
{
	static const struct {
		const char *word, *component;
	} apps[] = {{"/JupyterLab/", "Studio-JupyterLab"},
		    {"/CodeEditor/", "Studio-CodeEditor"},
		    {"/KernelGateway/", "Studio-Notebook"}};

	for (size_t i = 0; u->kind->id == KIND_APP && i < ARRAY_LEN(apps); i++)
		if (strstr(u->name, apps[i].word))
			return apps[i].component;
	return usage_is_volume(u) ? u->kind->price_storage : u->kind->price_component;
}

/* Of what stands there, to the millisecond: the rate makes the amount. */
static void add_standing(struct charges *ret, const struct session *s, const char *component, const struct usage *u,
			 int64_t until)
{
	const struct price *p = price_find(&s->prices, u->type, s->region, component);
	bool volume = usage_is_volume(u);
	struct charge *c = add(ret, component, u->type, u->from_ms, until);

	c->instance_s = volume ? 0 : (until - u->from_ms) / 1000 * u->count;
	c->estimate = u->guessed || u->until_ms == TIME_UNKNOWN;
	c->unknown = volume ? UNKNOWN_STORAGE : UNKNOWN_PRICE;
	if (!p || __builtin_mul_overflow(p->usd_micro, (int64_t)u->count, &c->rate_micro) ||
	    c->rate_micro > USD_MICRO_MAX) {
		c->rate_micro = 0;
		return;
	}
	c->unknown = UNKNOWN_NOT;
	c->rate_ms = volume ? MONTH_HOURS * HOUR_MS : HOUR_MS;
	c->usd_micro = part(c->rate_micro, c->rate_ms, 0, until - u->from_ms);
}

void charges_of_usage(const struct usage *u, const struct session *s, int64_t now_ms, struct charges *ret)
{
	int64_t until = u->until_ms != TIME_UNKNOWN ? u->until_ms : now_ms;
	const char *component = component_of(u);

	ret->n = 0;
	if (u->from_ms == TIME_UNKNOWN)
		add_unknown(ret, component, u->name, now_ms, now_ms, UNKNOWN_TIME);
	else if (!u->type)
		add_unknown(ret, component, u->name, u->from_ms, until, UNKNOWN_BY_USE);
	else if (until > u->from_ms && u->count > 0)
		add_standing(ret, s, component, u, until);
}
