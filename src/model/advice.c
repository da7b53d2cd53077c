/* advice.c - jobs into groups of alike ones, what is measured of them, and the rules' findings
 * in order. */
#include "model/advice_impl.h"

#include <ctype.h>
#include <math.h>

#include "base/doubles.h"
#include "model/objective.h"
#include "model/series.h"

#define MONTH_DAYS 30.0
#define MONTH_HOURS 730.0
#define IDLE_HOURS 24.0

static const struct {
	const char *name;
	void (*find)(struct advices *l, const struct advice_group *g);
} rules[] = {
#define ADVICE(id, name, fn, help) {name, fn},
#include "model/advice.def"
#undef ADVICE
};

const char *advice_name(enum advice_kind k)
{
	return k < ADVICE_ENDPOINT ? rules[k].name : "idle-endpoint";
}

void advices_done(struct advices *a)
{
	for (size_t i = 0; i < a->n; i++) {
		free(a->items[i].subject);
		free(a->items[i].what);
		free(a->items[i].evidence);
		free(a->items[i].command);
		free(a->items[i].caution);
	}
	free(a->items);
	*a = (struct advices){0};
}

struct advice *advice_add(struct advices *l, const struct advice_group *g, enum advice_kind kind, double saving_micro,
			  char *what, char *evidence, char *command)
{
	double month = saving_micro * MONTH_DAYS / g->in->days;

	GROW(l->items, l->cap, l->n + 1);
	l->items[l->n] =
		(struct advice){.kind = kind,
				.subject = xstrdup(g->newest->name),
				.jobs = g->n,
				.saving_micro = isfinite(month) && fabs(month) < (double)USD_MICRO_MAX ? llround(month)
												       : ADVICE_UNKNOWN,
				.what = what,
				.evidence = evidence,
				.command = command};
	return &l->items[l->n++];
}

void advice_warn(struct advice *a, const char *caution)
{
	AUTO(str) char *before = TAKE(a->caution);

	a->caution = before ? xasprintf("%s; %s", before, caution) : xstrdup(caution);
}

/* --- measuring ------------------------------------------------------------------------------ */

struct advice_job advice_job_of(const struct job *j)
{
	return (struct advice_job){.job = j,
				   .image = j->cold->image,
				   .cpu_pct = -1,
				   .memory_pct = -1,
				   .disk_pct = -1,
				   .gpu_pct = -1,
				   .gpu_memory_pct = -1,
				   .best_round = -1,
				   .rounds = -1,
				   .download_s = -1};
}

/* Over all instances; -1 where there is no point. */
static void scan(const struct series_set *set, const char *name, double *ret_mean, double *ret_largest)
{
	double sum = 0, largest = -1;
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++) {
		const struct series *s = &set->items[i];

		for (size_t k = 0; str_eq(s->name, name) && k < s->n; k++) {
			if (!isfinite(s->points[k].value) || s->points[k].value < 0)
				continue;
			sum += s->points[k].value;
			largest = MAX(largest, s->points[k].value);
			n++;
		}
	}
	*ret_mean = n ? sum / (double)n : -1;
	*ret_largest = largest;
}

static void measure_curve(struct advice_job *a, const struct series_set *metrics)
{
	const char *name = job_objective_name(a->job);
	const struct series *curve = NULL;
	double best;

	for (size_t i = 0; name && !curve && i < metrics->n; i++)
		if (str_eq(metrics->items[i].name, name))
			curve = &metrics->items[i];
	enum metric_direction d = name ? metric_direction(name, a->job) : METRIC_EITHER;

	if (!curve || !series_has_steps(curve) || d == METRIC_EITHER || !series_best(curve, d, &best, &a->best_round))
		return;
	for (size_t i = series_segment(curve); i < curve->n; i++)
		a->rounds = MAX(a->rounds, curve->points[i].step + 1);
}

void advice_job_measure(struct advice_job *a, const struct series_set *metrics)
{
	struct instance_spec spec;
	double mean, largest;
	bool known = instance_spec_find(a->job->instance_type, &spec) && spec.vcpu > 0;

	/* The service's shares are of one processor, or one GPU: all of them come to 100 times their number. */
	scan(metrics, "CPUUtilization", &mean, &largest);
	a->cpu_pct = mean < 0 || !known ? -1 : mean / spec.vcpu;
	scan(metrics, "MemoryUtilization", &mean, &a->memory_pct);
	scan(metrics, "DiskUtilization", &mean, &a->disk_pct);
	scan(metrics, "GPUUtilization", &mean, &largest);
	a->gpu_pct = largest < 0 || !known || spec.gpus < 1 ? -1 : largest / spec.gpus;
	scan(metrics, "GPUMemoryUtilization", &mean, &largest);
	a->gpu_memory_pct = largest < 0 || !known || spec.gpus < 1 ? -1 : largest / spec.gpus;
	measure_curve(a, metrics);
	for (size_t i = 0; i < a->job->cold->n_transitions; i++) {
		const struct job_transition *t = &a->job->cold->transitions[i];

		if (str_eq(t->status, "Downloading") && t->start_ms != TIME_UNKNOWN && t->end_ms >= t->start_ms)
			a->download_s = MAX(a->download_s, 0.0) + (double)(t->end_ms - t->start_ms) / 1000;
	}
}

/* --- groups --------------------------------------------------------------------------------- */

char *advice_group_key(const struct advice_job *j)
{
	AUTO(buf) struct buf b = BUF_INIT(4096);

	/* "run-c12-p03-261121-060000" is "run-c#-p#-#-#". */
	for (const char *p = j->job->name; *p;) {
		if (isdigit((unsigned char)*p)) {
			(void)buf_addc(&b, '#');
			p += strspn(p, "0123456789");
		} else {
			(void)buf_addc(&b, *p++);
		}
	}
	return xasprintf("%s\n%s\n%d\n%s\n%d", buf_str(&b), str_or(j->job->instance_type, "?"), j->job->instance_count,
			 str_or(j->image, "?"), j->job->spot);
}

struct keyed {
	char *key;
	const struct advice_job *job;
};

static int compare_keyed(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	if (order)
		return order;
	return (x->job->job->created_ms > y->job->job->created_ms) -
	       (x->job->job->created_ms < y->job->job->created_ms);
}

static double billed_of(const struct job *j)
{
	return (double)MAX(j->billable_s, (int64_t)0);
}

static void add_costs(struct advice_group *g)
{
	double *seconds = xcalloc(g->n, sizeof(*seconds));
	const struct price *p = price_training(g->in->prices, g->newest->instance_type, g->in->region, false);

	g->rate_micro = p ? p->usd_micro : USD_UNKNOWN;
	for (size_t i = 0; i < g->n; i++) {
		const struct job *j = g->jobs[i]->job;
		struct cost c = cost_of_job(j, g->in->prices, g->in->region, g->in->now_ms);

		g->cost_micro = g->cost_micro == USD_UNKNOWN ? USD_UNKNOWN : money_sum(g->cost_micro, c.usd_micro);
		g->billed_s += billed_of(j);
		seconds[i] = (double)MAX(j->training_s, (int64_t)0);
		g->longest_s = MAX(g->longest_s, seconds[i]);
	}
	doubles_sort(seconds, g->n);
	g->median_s = seconds[g->n / 2];
	free(seconds);
}

/* The mean of what is busy, the largest of what must fit. */
static void add_use(struct advice_group *g)
{
	double cpu = 0;

	g->is_short = g->longest_s < ADVICE_SHORT_S;
	g->memory_pct = g->disk_pct = g->gpu_pct = g->gpu_memory_pct = -1;
	for (size_t i = 0; i < g->n; i++) {
		const struct advice_job *j = g->jobs[i];

		if (j->cpu_pct < 0 || j->memory_pct < 0 || (!g->is_short && j->job->training_s < ADVICE_SHORT_S))
			continue;
		cpu += j->cpu_pct;
		g->memory_pct = MAX(g->memory_pct, j->memory_pct);
		g->disk_pct = MAX(g->disk_pct, j->disk_pct);
		g->gpu_pct = MAX(g->gpu_pct, j->gpu_pct);
		g->gpu_memory_pct = MAX(g->gpu_memory_pct, j->gpu_memory_pct);
		g->measured++;
	}
	g->cpu_pct = g->measured ? cpu / (double)g->measured : -1;
}

static void look_at(struct advices *l, struct advice_group *g)
{
	if (!g->n)
		return;
	g->newest = g->jobs[g->n - 1]->job;
	add_costs(g);
	add_use(g);
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		rules[i].find(l, g);
}

static void look_at_jobs(const struct advice_input *in, struct advices *ret)
{
	struct keyed *all = xcalloc(in->n_jobs + 1, sizeof(*all));
	const struct advice_job **jobs = xcalloc(in->n_jobs + 1, sizeof(*jobs));
	const struct advice_job **others = xcalloc(in->n_jobs + 1, sizeof(*others));

	for (size_t i = 0; i < in->n_jobs; i++)
		all[i] = (struct keyed){advice_group_key(&in->jobs[i]), &in->jobs[i]};
	qsort(all, in->n_jobs, sizeof(*all), compare_keyed);
	for (size_t i = 0, end; i < in->n_jobs; i = end) {
		struct advice_group g = {.in = in, .jobs = jobs, .others = others};

		for (end = i; end < in->n_jobs && !strcmp(all[end].key, all[i].key); end++) {
			const struct advice_job *j = all[end].job;

			if (j->job->status == JOB_COMPLETED)
				jobs[g.n++] = j;
			else if (job_is_terminal(j->job))
				others[g.n_others++] = j;
		}
		look_at(ret, &g);
	}
	for (size_t i = 0; i < in->n_jobs; i++)
		free(all[i].key);
	free(all);
	free(jobs);
	free(others);
}

/* --- endpoints ------------------------------------------------------------------------------ */

static void look_at_endpoint(const struct advice_input *in, const struct advice_endpoint *e, struct advices *ret)
{
	const struct price *p =
		e->instance_type ? price_find(in->prices, e->instance_type, in->region, "Hosting") : NULL;
	int64_t month = p ? cost_micro((int64_t)(MONTH_HOURS * 3600), e->instances, p->usd_micro) : USD_UNKNOWN;

	if (e->invocations != 0 || e->hours < IDLE_HOURS)
		return;
	GROW(ret->items, ret->cap, ret->n + 1);
	ret->items[ret->n++] = (struct advice){
		.kind = ADVICE_ENDPOINT,
		.subject = xstrdup(e->name),
		.saving_micro = month == USD_UNKNOWN ? ADVICE_UNKNOWN : month,
		.what = xasprintf("delete the endpoint, or make it serverless"),
		.evidence = xasprintf("no call in %.0f hours, %lld x %s", e->hours, (long long)e->instances,
				      str_or(e->instance_type, "a type that is not known")),
		.command = xasprintf("sagetop delete endpoint/%s", e->name)};
}

static int compare_advice(const void *a, const void *b)
{
	const struct advice *x = a, *y = b;

	if (x->saving_micro != y->saving_micro)
		return x->saving_micro < y->saving_micro ? 1 : -1;
	int order = strcmp(x->subject, y->subject);

	return order ? order : (int)x->kind - (int)y->kind;
}

void advice_find(const struct advice_input *in, struct advices *ret)
{
	look_at_jobs(in, ret);
	for (size_t i = 0; i < in->n_endpoints; i++)
		look_at_endpoint(in, &in->endpoints[i], ret);
	if (ret->n)
		qsort(ret->items, ret->n, sizeof(*ret->items), compare_advice);
}
