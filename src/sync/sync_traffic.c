/* sync_traffic.c - how often endpoints are called, and how they answer, from CloudWatch.
 *
 * Every metric that is asked for costs money: only of the endpoints that somebody looks at,
 * many in a request, and again only when what is known has grown old. */
#include "sync/sync_priv.h"

#include <math.h>

#include "aws/cloudwatch.h"
#include "base/clock.h"
#include "model/endpoint_values.h"
#include "model/variants.h"

#define FRESH_MS 300000 /* of the short look; the local engine costs nothing */
#define FRESH_LOCAL_MS 5000
#define PAST_FRESH_MS HOUR_MS	  /* of the long one: it tells hours */
#define AGAIN_MS (10 * MINUTE_MS) /* after a failure */
#define VARIANTS_A_CALL 100	  /* five metrics each: the service's 500 */

enum figure { CALLS = 0, FAILED, FAILED_BY_SERVER, P50, P95, FIGURES };

/* An asynchronous endpoint counts what it took from its queue. */
static const struct {
	const char *metric, *of_queue, *stat;
} figures[FIGURES] = {
	[CALLS] = {"Invocations", "InvocationsProcesssed", "Sum"}, /* so spelt */
	[FAILED] = {"Invocation4XXErrors", "InvocationFailures", "Sum"},
	[FAILED_BY_SERVER] = {"Invocation5XXErrors", "Invocation5XXErrors", "Sum"},
	[P50] = {"ModelLatency", "ModelLatency", "p50"},
	[P95] = {"ModelLatency", "ModelLatency", "p95"},
};

struct variant_asked {
	char *endpoint, *name;
	bool queue;
	struct traffic_period periods[TRAFFIC_PERIODS];
	int64_t called_ms;
};

/* One after the other: the short look at some, the long look at those of them that want one. */
struct looking {
	struct sync *s;
	enum aws_priority priority;
	sync_done_fn *fn;
	void *user;
	struct strlist names; /* still to be looked at */
	size_t next;
	bool past; /* the long look is under way */
	int64_t now_ms, start_ms;
	struct variant_asked variants[VARIANTS_A_CALL];
	size_t n;
	char ids[VARIANTS_A_CALL * FIGURES][16];
	struct cw_query queries[VARIANTS_A_CALL * FIGURES];
	size_t n_queries;
};

static void look_at_some(struct looking *l);

static void drop_variant(struct variant_asked *v)
{
	free(v->endpoint);
	free(v->name);
}

static void drop_variants(struct looking *l)
{
	for (size_t i = 0; i < l->n; i++)
		drop_variant(&l->variants[i]);
	l->n = 0;
}

static void looking_end(struct looking *l, const struct err *err)
{
	l->s->looks--;
	if (err)
		l->s->look_again_ms = clock_mono_ms() + AGAIN_MS;
	l->fn(l->user, err);
	drop_variants(l);
	strlist_done(&l->names);
	free(l);
}

static struct resource *endpoint_of(const struct looking *l, const char *name)
{
	return resources_find(&l->s->session->tables[KIND_ENDPOINT], name);
}

static bool is_fresh(const struct session *s, int64_t asked_ms, int64_t fresh_ms, int64_t now_ms)
{
	int64_t fresh = s->local ? FRESH_LOCAL_MS : fresh_ms;

	return asked_ms != TIME_UNKNOWN && now_ms >= asked_ms && now_ms - asked_ms < fresh;
}

static bool wants_short(const struct session *s, const struct resource *r, int64_t now_ms)
{
	const struct traffic *t = session_find_traffic(s, r);

	return record_value(r, VARIANT_NAMES) && (!t || !is_fresh(s, t->asked_ms, FRESH_MS, now_ms));
}

/* --- the short look ------------------------------------------------------------------------ */

static void take_period(struct variant_asked *v, enum figure figure, size_t period, double value)
{
	struct traffic_period *p = &v->periods[period];

	if (figure == CALLS)
		p->calls += value;
	else if (figure == FAILED || figure == FAILED_BY_SERVER)
		p->failed += value;
	else
		*(figure == P50 ? &p->p50_us : &p->p95_us) = value;
}

static void take_short(struct looking *l, const struct cw_series *x, size_t query)
{
	struct variant_asked *v = &l->variants[query / FIGURES];

	for (size_t i = 0; i < x->n; i++) {
		int64_t period = (x->times_ms[i] - l->start_ms) / TRAFFIC_PERIOD_MS;

		if (x->times_ms[i] >= l->start_ms && period < TRAFFIC_PERIODS)
			take_period(v, (enum figure)(query % FIGURES), (size_t)period, x->values[i]);
	}
}

static void take_long(struct looking *l, const struct cw_series *x, size_t query)
{
	struct variant_asked *v = &l->variants[query];

	for (size_t i = 0; i < x->n; i++)
		if (x->values[i] > 0)
			v->called_ms = MAX(v->called_ms, x->times_ms[i]);
}

static void on_series(void *user, const struct cw_series *series, size_t n)
{
	struct looking *l = user;
	int64_t query;

	for (size_t i = 0; i < n; i++) {
		if (!series[i].id || !str_to_i64(series[i].id + 1, &query) || query < 0 ||
		    (size_t)query >= l->n_queries)
			continue;
		if (l->past)
			take_long(l, &series[i], (size_t)query);
		else
			take_short(l, &series[i], (size_t)query);
	}
}

/* All variants of an endpoint stand behind each other. */
static size_t variants_of_one(const struct looking *l, size_t from)
{
	size_t n = 1;

	while (from + n < l->n && str_eq(l->variants[from + n].endpoint, l->variants[from].endpoint))
		n++;
	return n;
}

static void keep_short(struct looking *l, struct traffic *t, size_t from, size_t n)
{
	struct traffic_period periods[VARIANTS_A_CALL * TRAFFIC_PERIODS];
	int64_t start = MAX(l->start_ms, t->of_ms);

	for (size_t i = 0; i < n * TRAFFIC_PERIODS; i++) {
		size_t period = i % TRAFFIC_PERIODS;

		periods[i] = l->variants[from + i / TRAFFIC_PERIODS].periods[period];
		periods[i].from_ms = MAX(l->start_ms + (int64_t)period * TRAFFIC_PERIOD_MS, t->of_ms);
	}
	traffic_take(t, periods, n * TRAFFIC_PERIODS, (double)MAX(l->now_ms - start, (int64_t)60000) / 60000,
		     l->now_ms);
}

static void keep_long(const struct looking *l, struct traffic *t, size_t from, size_t n)
{
	t->past_asked_ms = l->now_ms;
	t->since_ms = MAX(l->start_ms, t->of_ms);
	for (size_t i = 0; i < n; i++)
		if (l->variants[from + i].called_ms != TIME_UNKNOWN)
			t->called_ms = MAX(t->called_ms, MAX(l->variants[from + i].called_ms, t->of_ms));
}

static void keep_all(struct looking *l)
{
	for (size_t i = 0, n; i < l->n; i += n) {
		struct resource *r = endpoint_of(l, l->variants[i].endpoint);

		n = variants_of_one(l, i);
		if (r && l->past)
			keep_long(l, session_traffic(l->s->session, r), i, n);
		else if (r)
			keep_short(l, session_traffic(l->s->session, r), i, n);
	}
	l->s->session->tables[KIND_ENDPOINT].generation++;
}

/* --- asking ---------------------------------------------------------------------------------- */

static void add_query(struct looking *l, const struct variant_asked *v, enum figure figure, int64_t period_ms)
{
	size_t i = l->n_queries++;

	snprintf(l->ids[i], sizeof(l->ids[i]), "q%zu", i);
	l->queries[i] = (struct cw_query){.id = l->ids[i],
					  .name_space = "AWS/SageMaker",
					  .metric = v->queue ? figures[figure].of_queue : figures[figure].metric,
					  .stat = figures[figure].stat,
					  .period_s = (int)(period_ms / 1000),
					  .dimension = "EndpointName",
					  .dimension_value = v->endpoint,
					  .dimension2 = "VariantName",
					  .dimension2_value = v->name};
}

static void on_end(void *user, const struct err *err);

static void ask(struct looking *l, int64_t period_ms, int64_t span_ms, int n_figures)
{
	l->now_ms = clock_now_ms();
	l->start_ms = l->now_ms / period_ms * period_ms - span_ms;
	l->n_queries = 0;
	for (size_t i = 0; i < l->n; i++)
		for (int f = 0; f < n_figures; f++)
			add_query(l, &l->variants[i], (enum figure)f, period_ms);
	cw_read(l->s->aws, &(struct cw_reading){.queries = l->queries,
						.n = l->n_queries,
						.start_ms = l->start_ms,
						.end_ms = l->now_ms,
						.priority = l->priority,
						.take = on_series,
						.end = on_end,
						.user = l});
}

/* Of those that were looked at, the ones whose past is not known any more. */
static bool ask_past(struct looking *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct resource *r = endpoint_of(l, l->variants[i].endpoint);
		const struct traffic *t = r ? session_find_traffic(l->s->session, r) : NULL;

		if (t && !is_fresh(l->s->session, t->past_asked_ms, PAST_FRESH_MS, clock_now_ms()))
			l->variants[kept++] = l->variants[i];
		else
			drop_variant(&l->variants[i]);
	}
	l->n = kept;
	l->past = kept > 0;
	if (kept)
		ask(l, TRAFFIC_PAST_PERIOD_MS, TRAFFIC_PAST_MS, 1);
	return kept > 0;
}

static void on_end(void *user, const struct err *err)
{
	struct looking *l = user;

	if (err || l->s->closing) {
		looking_end(l, err);
		return;
	}
	keep_all(l);
	if (!l->past && ask_past(l))
		return;
	look_at_some(l);
}

static void add_variants(struct looking *l, const struct resource *r)
{
	AUTO(strlist) struct strlist names = {0};

	strlist_split(&names, str_or(record_value(r, VARIANT_NAMES), ""), ',');
	for (size_t i = 0; i < names.n && l->n < VARIANTS_A_CALL; i++) {
		struct variant_asked *v = &l->variants[l->n++];

		*v = (struct variant_asked){.endpoint = xstrdup(r->name),
					    .name = xstrdup(names.items[i]),
					    .queue = record_value(r, ASYNC_OUTPUT) != NULL};
		for (size_t p = 0; p < TRAFFIC_PERIODS; p++)
			v->periods[p].p50_us = v->periods[p].p95_us = NAN;
	}
}

static void look_at_some(struct looking *l)
{
	drop_variants(l);
	l->past = false;
	while (l->next < l->names.n && l->n + VARIANTS_MAX <= VARIANTS_A_CALL) {
		const struct resource *r = endpoint_of(l, l->names.items[l->next++]);

		if (r && wants_short(l->s->session, r, clock_now_ms()))
			add_variants(l, r);
	}
	if (l->n)
		ask(l, TRAFFIC_PERIOD_MS, (TRAFFIC_PERIODS - 1) * (int64_t)TRAFFIC_PERIOD_MS, FIGURES);
	else
		looking_end(l, NULL);
}

static void begin(void *user, const struct err *err)
{
	struct looking *l = user;

	if (err || l->s->closing)
		looking_end(l, err);
	else
		look_at_some(l);
}

void sync_traffic(struct sync *s, const struct strlist *names, enum aws_priority priority, sync_done_fn *fn, void *user)
{
	const struct resources *t = &s->session->tables[KIND_ENDPOINT];

	if (priority == AWS_POLLING && (s->looks || clock_mono_ms() < s->look_again_ms)) {
		sync_later(s, fn, user, NULL);
		return;
	}
	struct looking *l = NEW(struct looking);

	s->looks++;
	l->s = s;
	l->priority = priority;
	l->fn = fn;
	l->user = user;
	strlist_add_all(&l->names, names);
	for (size_t i = 0; !names && i < t->n; i++)
		strlist_add(&l->names, t->items[i]->name);
	sync_later(s, begin, l, NULL);
}
