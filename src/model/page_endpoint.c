/* page_endpoint.c - what serves behind an endpoint: a line for each variant with its share of the
 * calls, its instances and what they cost; and what all of it costs. */
#include "base/timefmt.h"
#include "model/endpoint_values.h"
#include "model/page.h"
#include "model/usage.h"
#include "model/variants.h"

#define HOURS_A_MONTH 730

bool page_endpoint_tells(const char *path)
{
	static const char *const names[] = {"].VariantName",
					    "].CurrentWeight",
					    "].DesiredWeight",
					    "].CurrentInstanceCount",
					    "].DesiredInstanceCount",
					    "].VariantStatus[0].Status",
					    "].VariantStatus[0].StartTime",
					    "].VariantStatus[0].StatusMessage"};

	if (str_starts(path, "PendingDeploymentSummary.ProductionVariants["))
		path += strlen("PendingDeploymentSummary.");
	if (str_eq(path, "PendingDeploymentSummary.EndpointConfigName") ||
	    str_eq(path, "PendingDeploymentSummary.StartTime"))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_starts(path, "ProductionVariants[") && str_ends(path, names[i]))
			return true;
	return false;
}

/* What is wanted counts until it is there. */
static const char *now_or_wanted(const struct resource *r, int i, const char *now, const char *wanted)
{
	const char *value = variant_member(r, i, now);

	return value ? value : variant_member(r, i, wanted);
}

static double weight_of(const struct resource *r, int i)
{
	const char *text = now_or_wanted(r, i, "CurrentWeight", "DesiredWeight");
	double weight = 0;

	return text && str_to_f64(text, &weight) ? weight : 0;
}

static void add_weight(struct page *p, const struct resource *r, int i)
{
	const char *wanted = variant_member(r, i, "DesiredWeight"), *now = variant_member(r, i, "CurrentWeight");

	page_partf(p, PAGE_DIM, "  weight %g", weight_of(r, i));
	if (now && wanted && !str_eq(now, wanted))
		page_partf(p, PAGE_WARN, " (%s wanted)", wanted);
}

static void add_instances(struct page *p, const struct resource *r, int i, const char *type)
{
	const char *now = variant_member(r, i, "CurrentInstanceCount"),
		   *wanted = variant_member(r, i, "DesiredInstanceCount");

	if (!now && !wanted)
		return;
	page_partf(p, PAGE_NORMAL, "  %s", now ? now : "0");
	if (wanted && !str_eq(now, wanted))
		page_partf(p, PAGE_WARN, " of %s", wanted);
	page_partf(p, PAGE_NORMAL, " x %s", type ? type : "instance");
}

/* Of the variant's instances that there are; 0 of what is billed by use. */
static int64_t rate_of(const struct usage *u, const struct session *s)
{
	const struct price *price = u->type ? price_find(&s->prices, u->type, s->region, "Hosting") : NULL;

	return price ? price->usd_micro * u->count : USD_UNKNOWN;
}

static const struct usage *usage_of(const struct usages *l, const char *variant)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->items[i].part, variant))
			return &l->items[i];
	return NULL;
}

static void add_total(struct page *p, int64_t rate_micro)
{
	char hour[24], month[24];

	(void)page_line(p, "Costs");
	if (rate_micro == USD_UNKNOWN)
		page_part(p, PAGE_DIM, "not known: no price, or no instance type at hand");
	else
		page_partf(p, PAGE_NORMAL, "%s an hour, %s a month", money_rate_text(hour, rate_micro),
			   money_text(month, rate_micro * HOURS_A_MONTH));
}

/* A figure as lists show it. */
static void add_figure(struct page *p, const struct resource *r, const struct field_context *x, const char *field,
		       const char *fmt)
{
	AUTO(buf) struct buf text = BUF_INIT(64);

	field_text(&(struct field_ref){.field = field_find(r->kind, field, NULL)}, r, x, FIELD_FOR_PEOPLE, &text);
	if (text.len)
		page_partf(p, PAGE_NORMAL, fmt, buf_str(&text));
}

static void add_traffic(struct page *p, const struct resource *r, const struct field_context *x)
{
	const struct traffic *t = x->session ? session_find_traffic(x->session, r) : NULL;

	if (!t || t->asked_ms == TIME_UNKNOWN)
		return;
	(void)page_line(p, "Calls, 15 min");
	add_figure(p, r, x, "calls", "%s a minute");
	page_partf(p, t->failed > 0 ? PAGE_BAD : PAGE_NORMAL, ", %.0f failed", t->failed);
	add_figure(p, r, x, "p50", ", p50 %s ms");
	add_figure(p, r, x, "p95", ", p95 %s ms");
	if (t->past_asked_ms == TIME_UNKNOWN)
		return;
	(void)page_line(p, "Last call");
	if (t->called_ms == TIME_UNKNOWN)
		add_figure(p, r, x, "idle", "none in %s");
	else
		add_figure(p, r, x, "idle", "%s ago at most");
	if (endpoint_is_idle(r, x))
		page_part(p, PAGE_WARN, "  idle, and billed");
}

/* --- how an update stands --- */

/* A time as the record has it: seconds, or ISO 8601; TIME_UNKNOWN. */
static int64_t time_of(const struct strmap *members, const char *path)
{
	const char *text = strmap_get(members, path);
	int64_t ms = TIME_UNKNOWN;
	double seconds;

	if (text && str_to_f64(text, &seconds))
		return (int64_t)(seconds * 1000);
	return text && timefmt_parse_iso(text, &ms) ? ms : TIME_UNKNOWN;
}

static void add_since(struct page *p, int64_t since_ms, int64_t now_ms)
{
	char text[TIMEFMT_LEN];

	if (since_ms != TIME_UNKNOWN)
		page_partf(p, PAGE_DIM, ", for %s", timefmt_duration(text, MAX(now_ms - since_ms, (int64_t)0)));
}

/* A variant's state of list.ProductionVariants[i]: "Baking, for 12s, 48s left". */
static void add_variant_status(struct page *p, const struct strmap *m, const char *list, int i, int64_t now_ms)
{
	AUTO(str) char *at = xasprintf("%s[%d].VariantStatus[0].", list, i);
	AUTO(str) char *status_path = xasprintf("%sStatus", at), *since_path = xasprintf("%sStartTime", at);
	AUTO(str) char *message_path = xasprintf("%sStatusMessage", at);
	const char *status = strmap_get(m, status_path), *message = strmap_get(m, message_path);
	const char *wait = strmap_get(m, "LastDeploymentConfig.BlueGreenUpdatePolicy.TerminationWaitInSeconds");
	int64_t since = time_of(m, since_path), wait_s = 0;
	char text[TIMEFMT_LEN];

	if (!status)
		return;
	page_partf(p, PAGE_WARN, "  %s", status);
	add_since(p, since, now_ms);
	if (str_eq(status, "Baking") && since != TIME_UNKNOWN && wait && str_to_i64(wait, &wait_s))
		page_partf(p, PAGE_NORMAL, ", %s left",
			   timefmt_duration(text, MAX(since + wait_s * 1000 - now_ms, (int64_t)0)));
	if (message)
		page_partf(p, PAGE_DIM, "  %s", message);
}

/* What an update brings, until it serves. */
static void add_pending(struct page *p, const struct resource *r, int64_t now_ms)
{
	static const char list[] = "PendingDeploymentSummary.ProductionVariants";
	const struct strmap *m = &resource_record(r)->members;
	const char *config = strmap_get(m, "PendingDeploymentSummary.EndpointConfigName");

	if (!config)
		return;
	(void)page_line(p, "Update");
	page_partf(p, PAGE_NORMAL, "to %s", config);
	add_since(p, time_of(m, "PendingDeploymentSummary.StartTime"), now_ms);
	for (int i = 0; i < VARIANTS_MAX; i++) {
		AUTO(str) char *name_path = xasprintf("%s[%d].VariantName", list, i);
		AUTO(str) char *now_path = xasprintf("%s[%d].CurrentInstanceCount", list, i);
		AUTO(str) char *wanted_path = xasprintf("%s[%d].DesiredInstanceCount", list, i);
		const char *name = strmap_get(m, name_path), *wanted = strmap_get(m, wanted_path);

		if (!name)
			break;
		(void)page_line(p, "");
		page_part(p, PAGE_STRONG, name);
		if (wanted)
			page_partf(p, PAGE_NORMAL, "  %s of %s instances", str_or(strmap_get(m, now_path), "0"),
				   wanted);
		add_variant_status(p, m, list, i, now_ms);
	}
}

void page_add_endpoint(struct page *p, const struct resource *r, const struct field_context *x)
{
	const char *name = strmap_get(&resource_record(r)->members, "EndpointConfigName");
	const struct resource *config =
		name && x->session ? resources_find(&x->session->tables[KIND_ENDPOINT_CONFIG], name) : NULL;
	AUTO(usages) struct usages usages = {0};
	double sum = 0;
	char rate[24];

	usage_of_resource(r, config, &usages);
	for (int i = 0; i < VARIANTS_MAX && variant_member(r, i, "VariantName"); i++)
		sum += weight_of(r, i);
	for (int i = 0; i < VARIANTS_MAX && variant_member(r, i, "VariantName"); i++) {
		const struct usage *u = usage_of(&usages, variant_member(r, i, "VariantName"));
		int64_t rate_micro = u && x->session ? rate_of(u, x->session) : USD_UNKNOWN;

		(void)page_line(p, i ? "" : "Variants");
		page_part(p, PAGE_STRONG, variant_member(r, i, "VariantName"));
		if (sum > 0)
			page_partf(p, PAGE_NORMAL, "  %.0f %%", 100 * weight_of(r, i) / sum);
		add_instances(p, r, i, u ? u->type : NULL);
		if (rate_micro != USD_UNKNOWN)
			page_partf(p, PAGE_NORMAL, "  %s/h", money_rate_text(rate, rate_micro));
		add_weight(p, r, i);
		add_variant_status(p, &resource_record(r)->members, "ProductionVariants", i, x->now_ms);
	}
	if (usages.n && x->session)
		add_total(p, variants_rate_micro(r, x->session, NULL));
	add_pending(p, r, x->now_ms);
	add_traffic(p, r, x);
	if (x->session)
		page_add_scaling(p, r, x);
}
