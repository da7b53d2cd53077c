/* page_scaling.c - how the number of an endpoint's instances follows its calls: of each variant that is scaled a line
 * with its bounds and policies, and what scaling did last, with the reason. */
#include "base/timefmt.h"
#include "model/page.h"
#include "model/session.h"
#include "model/variants.h"

#define ACTIVITIES 3

/* What it follows, and the value that it keeps to. */
static void add_policy(struct page *p, const struct resource *policy)
{
	static const char metric[] = "metric", value[] = "value";
	struct field_value of = field_get(&(struct field_ref){.field = field_find(policy->kind, metric, NULL)}, policy,
					  &(struct field_context){0});
	struct field_value at = field_get(&(struct field_ref){.field = field_find(policy->kind, value, NULL)}, policy,
					  &(struct field_context){0});

	(void)page_line(p, "");
	page_partf(p, PAGE_NORMAL, "  follows %s", of.known ? of.text : kind_short_name(policy->name));
	if (at.known)
		page_partf(p, PAGE_NORMAL, " at %.6g", at.number);
}

static void add_bounds(struct page *p, const struct resource *target, const char *variant, const char *label)
{
	const char *min = record_value(target, "MinCapacity"), *max = record_value(target, "MaxCapacity");
	struct page_line *l = page_line(p, label);

	l->kind = target->kind;
	l->link = xstrdup(target->name);
	page_part(p, PAGE_STRONG, variant);
	page_partf(p, PAGE_NORMAL, "  %s to %s", str_or(min, "?"), str_or(max, "?"));
	if (str_eq(record_value(target, "SuspendedState.DynamicScalingInSuspended"), "true"))
		page_part(p, PAGE_WARN, "  never fewer: suspended");
	if (str_eq(record_value(target, "SuspendedState.DynamicScalingOutSuspended"), "true"))
		page_part(p, PAGE_WARN, "  never more: suspended");
}

static void add_activity(struct page *p, const struct resource *r, int64_t now_ms)
{
	static const enum page_style styles[STATE_COUNT] = {
		[STATE_RUNNING] = PAGE_NORMAL, [STATE_GOOD] = PAGE_GOOD, [STATE_BAD] = PAGE_BAD};
	const char *what = record_value(r, "Description");
	char text[TIMEFMT_LEN];

	(void)page_line(p, "");
	page_partf(p, styles[r->state], "  %s", resource_state_text(r));
	page_partf(p, PAGE_DIM, "  %s ago", timefmt_age(text, MAX(now_ms - r->created_ms, (int64_t)0)));
	page_partf(p, PAGE_NORMAL, "  %s", str_or(what, ""));
	if (!str_empty(r->failure_reason) && r->state == STATE_BAD) {
		(void)page_line(p, "");
		page_partf(p, PAGE_BAD, "    %s", r->failure_reason);
	}
}

/* The newest of that target that began before; equal times by their names. */
static const struct resource *activity_before(const struct resources *t, const char *target,
					      const struct resource *before)
{
	const struct resource *best = NULL;

	for (size_t i = 0; i < t->n; i++) {
		const struct resource *r = t->items[i];
		bool earlier = !before || r->created_ms < before->created_ms ||
			       (r->created_ms == before->created_ms && strcmp(r->name, before->name) < 0);

		if (str_eq(r->parent, target) && earlier &&
		    (!best || r->created_ms > best->created_ms ||
		     (r->created_ms == best->created_ms && strcmp(r->name, best->name) > 0)))
			best = r;
	}
	return best;
}

char *page_scaling_target(const struct resource *endpoint, int variant)
{
	const char *name = variant_member(endpoint, variant, "VariantName");

	return name ? xasprintf("endpoint/%s/variant/%s", endpoint->name, name) : NULL;
}

void page_add_scaling(struct page *p, const struct resource *r, const struct field_context *x)
{
	const struct session *s = x->session;
	bool first = true;

	for (int i = 0; i < VARIANTS_MAX && variant_member(r, i, "VariantName"); i++) {
		AUTO(str) char *key = page_scaling_target(r, i);
		const struct resource *target = resources_find(&s->tables[KIND_SCALABLE_TARGET], key);
		const struct resources *policies = &s->tables[KIND_SCALING_POLICY];
		const struct resource *activity = NULL;

		if (!target)
			continue;
		add_bounds(p, target, variant_member(r, i, "VariantName"), first ? "Scaling" : "");
		first = false;
		for (size_t k = 0; k < policies->n; k++)
			if (str_eq(policies->items[k]->parent, key))
				add_policy(p, policies->items[k]);
		for (int n = 0; n < ACTIVITIES; n++) {
			activity = activity_before(&s->tables[KIND_SCALING_ACTIVITY], key, activity);
			if (!activity)
				break;
			add_activity(p, activity, x->now_ms);
		}
	}
}
