/* advice_rules.c - rules about machines: a smaller or larger type, another family, the disk,
 * another region. */
#include "model/advice_impl.h"

#include <math.h>

#define BUSY_LITTLE 40.0 /* per cent of all processors, on average: half of them would do */
#define BUSY_LOT 70.0
#define MEMORY_LITTLE 40.0 /* per cent, at most: fits into half */
#define MEMORY_FULL 92.0
#define MEMORY_ROOM 1.5 /* times what was used */
#define GPU_IDLE 10.0
#define CHEAPER 0.92 /* of the rate: worth a change */
#define ELSEWHERE 0.85
#define DISK_LITTLE 20.0
#define DISK_GB 50
#define TRANSFER_MICRO_A_GB 20000 /* between regions */
#define HOURS_A_MONTH 730.0

static struct advice *add_type(struct advices *l, const struct advice_group *g, enum advice_kind kind, double saving,
			       const char *type, char *evidence)
{
	struct advice *a =
		advice_add(l, g, kind, saving, xasprintf("use %s", type), evidence,
			   xasprintf("sagetop clone %s --set ResourceConfig.InstanceType=%s", g->newest->name, type));

	if (g->is_short)
		advice_warn(a, "all of them ran under 5 minutes, which tells little of their use");
	return a;
}

/* What a change of the rate saves of all that the group was billed for. */
static double saving_of(const struct advice_group *g, int64_t rate_micro)
{
	return (double)g->cost_micro * (1 - (double)rate_micro / (double)g->rate_micro);
}

static bool has_rate(const struct advice_group *g)
{
	return g->cost_micro != USD_UNKNOWN && g->rate_micro != USD_UNKNOWN && g->cost_micro > 0;
}

static bool is_one_machine(const struct advice_group *g, struct instance_spec *ret)
{
	return g->newest->rare->n_groups == 0 && instance_spec_find(g->newest->instance_type, ret) && ret->vcpu > 0;
}

/* The type of the same family with so many processors; NULL where it has no price. */
static const struct price *sibling(const struct advice_group *g, int vcpu)
{
	AUTO(str) char *family = instance_family(g->newest->instance_type);
	const struct price_table *t = g->in->prices;

	for (size_t i = 0; i < t->n; i++) {
		const struct price *p = &t->items[i];
		AUTO(str) char *its = instance_family(p->instance_type);
		struct instance_spec spec;

		if (str_eq(p->region, g->in->region) && str_eq(its, family) &&
		    instance_spec_find(p->instance_type, &spec) && spec.vcpu == vcpu)
			return price_training(t, p->instance_type, g->in->region, false);
	}
	return NULL;
}

void advice_smaller(struct advices *l, const struct advice_group *g)
{
	struct instance_spec spec;

	if (!g->measured || g->cpu_pct > BUSY_LITTLE || g->memory_pct > MEMORY_LITTLE || g->gpu_pct > BUSY_LITTLE ||
	    g->gpu_memory_pct > MEMORY_LITTLE || !has_rate(g) || !is_one_machine(g, &spec))
		return;
	if (spec.gpus > 0 && (g->gpu_pct < 0 || g->gpu_memory_pct < 0))
		return; /* what costs most of it was not measured */
	const struct price *p = sibling(g, spec.vcpu / 2);

	if (p && p->usd_micro < g->rate_micro && saving_of(g, p->usd_micro) >= ADVICE_SAVING_LEAST)
		(void)add_type(
			l, g, ADVICE_SMALLER, saving_of(g, p->usd_micro), p->instance_type,
			xasprintf("%zu of %zu jobs measured: processors %.0f %% busy, memory at most %.0f %% full",
				  g->measured, g->n, g->cpu_pct, g->memory_pct));
}

void advice_larger(struct advices *l, const struct advice_group *g)
{
	struct instance_spec spec;

	if (!g->measured || g->memory_pct < MEMORY_FULL || !has_rate(g) || !is_one_machine(g, &spec))
		return;
	const struct price *p = sibling(g, spec.vcpu * 2);

	if (!p)
		return;
	struct advice *a = add_type(
		l, g, ADVICE_LARGER, saving_of(g, p->usd_micro), p->instance_type,
		xasprintf("%zu of %zu jobs measured: memory up to %.0f %% full", g->measured, g->n, g->memory_pct));

	advice_warn(a, "it costs more: the next job that needs a little more memory fails");
}

/* The cheapest type that has what is used, of another family; without GPUs. */
static const struct price *cheapest_for(const struct advice_group *g, int vcpu, double memory_mib)
{
	AUTO(str) char *family = instance_family(g->newest->instance_type);
	const struct price *best = NULL;

	for (size_t i = 0; i < g->in->prices->n; i++) {
		const struct price *p = &g->in->prices->items[i];
		AUTO(str) char *its = instance_family(p->instance_type);
		struct instance_spec spec;

		if (!str_eq(p->region, g->in->region) || !str_eq(p->component, "Training") || str_eq(its, family) ||
		    its[0] == 't') /* whose processors are lent for a while */
			continue;
		if (instance_spec_find(p->instance_type, &spec) && !spec.gpus && spec.vcpu >= vcpu &&
		    (double)spec.memory_mib >= memory_mib && (!best || p->usd_micro < best->usd_micro))
			best = p;
	}
	return best;
}

void advice_family(struct advices *l, const struct advice_group *g)
{
	struct instance_spec spec;

	if (!g->measured || !has_rate(g) || !is_one_machine(g, &spec) || spec.memory_mib <= 0)
		return;
	bool gpu_idle = spec.gpus && g->gpu_pct >= 0 && g->gpu_pct < GPU_IDLE;

	/* What a smaller one of the same family would do is said by that rule. */
	if (spec.gpus ? !gpu_idle : g->cpu_pct < BUSY_LOT)
		return;
	double memory = (double)spec.memory_mib * g->memory_pct / 100 * MEMORY_ROOM;
	const struct price *p = cheapest_for(g, spec.vcpu, memory);

	if (!p || (double)p->usd_micro > CHEAPER * (double)g->rate_micro ||
	    saving_of(g, p->usd_micro) < ADVICE_SAVING_LEAST)
		return;
	struct advice *a = add_type(
		l, g, ADVICE_FAMILY, saving_of(g, p->usd_micro), p->instance_type,
		gpu_idle ? xasprintf("%zu of %zu jobs measured: the GPU is at most %.0f %% busy", g->measured, g->n,
				     g->gpu_pct)
			 : xasprintf("%zu of %zu jobs measured: processors %.0f %% busy, memory at most %.0f %% full",
				     g->measured, g->n, g->cpu_pct, g->memory_pct));

	advice_warn(a, "as fast, processor by processor: see sagetop estimate --compare");
}

void advice_disk(struct advices *l, const struct advice_group *g)
{
	const struct price *p = price_find(g->in->prices, PRICE_STORAGE, g->in->region, "Training Storage");
	int now_gb = g->newest->volume_gb, needed;

	if (!g->measured || g->disk_pct < 0 || g->disk_pct > DISK_LITTLE || now_gb < DISK_GB)
		return;
	needed = MAX((int)ceil(now_gb * g->disk_pct / 100 * 2), 10);
	double gb_months = (double)(now_gb - needed) * g->billed_s / 3600 / HOURS_A_MONTH;
	double saving = p ? gb_months * (double)p->usd_micro : NAN;

	if (p && saving < ADVICE_SAVING_LEAST)
		return;
	struct advice *a = advice_add(
		l, g, ADVICE_DISK, saving, xasprintf("a volume of %d GB", needed),
		xasprintf("%zu of %zu jobs measured: at most %.0f %% of %d GB used", g->measured, g->n, g->disk_pct,
			  now_gb),
		xasprintf("sagetop clone %s --set ResourceConfig.VolumeSizeInGB=%d", g->newest->name, needed));

	if (g->is_short)
		advice_warn(a, "all of them ran under 5 minutes, which tells little of their use");
}

/* --- another region --------------------------------------------------------------------------- */

static const struct price *cheapest_region(const struct advice_group *g)
{
	const struct price *best = NULL;

	for (size_t i = 0; i < g->in->prices->n; i++) {
		const struct price *p = &g->in->prices->items[i];

		if (str_eq(p->instance_type, g->newest->instance_type) && str_eq(p->component, "Training") &&
		    !str_eq(p->region, g->in->region) && (!best || p->usd_micro < best->usd_micro))
			best = p;
	}
	return best;
}

/* Data are at most what the volume holds, and go over once a month. */
void advice_region(struct advices *l, const struct advice_group *g)
{
	const struct price *here = price_find(g->in->prices, g->newest->instance_type, g->in->region, "Training");
	const struct price *there = cheapest_region(g);

	if (!here || !there || !has_rate(g) || g->newest->rare->n_groups ||
	    (double)there->usd_micro > ELSEWHERE * (double)here->usd_micro)
		return;
	double transfer = (double)g->newest->volume_gb * TRANSFER_MICRO_A_GB * g->in->days / 30;
	double saving = saving_of(g, there->usd_micro) - transfer;
	char rate[24], other[24], moved[24];

	if (saving < ADVICE_SAVING_LEAST)
		return;
	struct advice *a = advice_add(
		l, g, ADVICE_REGION, saving, xasprintf("train in %s", there->region),
		xasprintf("%s an hour there, %s here; %s a month for moving at most %d GB are taken off",
			  money_rate_text(rate, there->usd_micro), money_rate_text(other, here->usd_micro),
			  money_text(moved, (int64_t)g->newest->volume_gb * TRANSFER_MICRO_A_GB), g->newest->volume_gb),
		xasprintf("sagetop clone %s --dry-run >spec.json; sagetop launch spec.json --region %s",
			  g->newest->name, there->region));

	advice_warn(a, "image, role and data must be there too, and the law may want them here");
}
