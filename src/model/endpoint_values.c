/* endpoint_values.c - what an endpoint's variants are in sum: instances, dollars an hour, calls. */
#include "model/endpoint_values.h"

#include <math.h>

#include "model/field_values.h"
#include "model/session.h"

#define HOURS_A_MONTH 730

/* The sum of the numbers with commas between. */
struct field_value endpoint_get_instances(const struct resource *r, const char *key, const struct field_context *x)
{
	const char *texts = record_value(r, VARIANT_COUNTS);
	AUTO(strlist) struct strlist counts = {0};
	int64_t n = 0, sum = 0;

	strlist_split(&counts, str_or(texts, ""), ',');
	for (size_t i = 0; i < counts.n; i++)
		sum += str_to_i64(counts.items[i], &n) && n >= 0 && n < 1000000 ? n : 0;
	return number_value((double)sum, texts != NULL);
}

/* What one variant costs an hour: its type is the configuration's. */
static int64_t variant_micro(const struct resource *config, const char *name, const char *count,
			     const struct session *s)
{
	AUTO(strlist) struct strlist names = {0};
	AUTO(strlist) struct strlist types = {0};
	int64_t n;

	strlist_split(&names, str_or(record_value(config, VARIANT_NAMES), ""), ',');
	strlist_split(&types, str_or(record_value(config, VARIANT_TYPES), ""), ',');
	for (size_t i = 0; i < names.n && i < types.n; i++) {
		const struct price *p = str_eq(names.items[i], name)
						? price_find(&s->prices, types.items[i], s->region, "Hosting")
						: NULL;

		if (p && str_to_i64(count, &n) && n >= 0 && n < 1000000)
			return p->usd_micro * n;
	}
	return USD_UNKNOWN;
}

/* Dollars an hour of all variants, while they are billed. */
struct field_value endpoint_get_rate(const struct resource *r, const char *key, const struct field_context *x)
{
	const char *config_name = record_value(r, "EndpointConfigName");
	const struct resource *config = config_name && x->session
						? resources_find(&x->session->tables[KIND_ENDPOINT_CONFIG], config_name)
						: NULL;
	AUTO(strlist) struct strlist names = {0};
	AUTO(strlist) struct strlist counts = {0};
	int64_t sum = 0;

	if (!config || !kind_words_have(r->kind->price_while, str_or(r->status_text, "")))
		return number_value(0, false);
	strlist_split(&names, str_or(record_value(r, VARIANT_NAMES), ""), ',');
	strlist_split(&counts, str_or(record_value(r, VARIANT_COUNTS), ""), ',');
	for (size_t i = 0; i < names.n && i < counts.n; i++)
		sum = money_sum(sum, variant_micro(config, names.items[i], counts.items[i], x->session));
	return number_value((double)sum, names.n && names.n == counts.n && sum != USD_UNKNOWN);
}

struct field_value endpoint_get_month(const struct resource *r, const char *key, const struct field_context *x)
{
	struct field_value v = endpoint_get_rate(r, key, x);

	v.number *= HOURS_A_MONTH;
	return v;
}

/* --- what CloudWatch counted of an endpoint --- */

static struct field_value measured_value(double number, bool known)
{
	struct field_value v = number_value(number, known);

	v.missing = !known;
	return v;
}

/* NULL while it was not asked for. */
static const struct traffic *traffic_of(const struct resource *r, const struct field_context *x)
{
	const struct traffic *t = x->session ? session_find_traffic(x->session, r) : NULL;

	return t && t->asked_ms != TIME_UNKNOWN ? t : NULL;
}

struct field_value endpoint_get_calls(const struct resource *r, const char *key, const struct field_context *x)
{
	const struct traffic *t = traffic_of(r, x);

	return measured_value(t ? t->per_minute : 0, t != NULL);
}

struct field_value endpoint_get_errors(const struct resource *r, const char *key, const struct field_context *x)
{
	const struct traffic *t = traffic_of(r, x);

	return measured_value(t ? t->failed : 0, t != NULL);
}

/* Milliseconds; where nothing was called there is none. */
static struct field_value latency_value(const struct traffic *t, double us)
{
	struct field_value v = number_value(us / 1000, t && !isnan(us));

	v.missing = !t;
	v.estimate = v.known && t->blended;
	return v;
}

struct field_value endpoint_get_p50(const struct resource *r, const char *key, const struct field_context *x)
{
	const struct traffic *t = traffic_of(r, x);

	return latency_value(t, t ? t->p50_us : NAN);
}

struct field_value endpoint_get_p95(const struct resource *r, const char *key, const struct field_context *x)
{
	const struct traffic *t = traffic_of(r, x);

	return latency_value(t, t ? t->p95_us : NAN);
}

struct field_value endpoint_get_idle(const struct resource *r, const char *key, const struct field_context *x)
{
	const struct traffic *t = x->session ? session_find_traffic(x->session, r) : NULL;
	int64_t ms = 0;
	bool known = t && traffic_idle_ms(t, x->now_ms, &ms);

	return measured_value((double)ms / 1000, known);
}

bool endpoint_is_idle(const struct resource *r, const struct field_context *x)
{
	const struct traffic *t = x->session ? session_find_traffic(x->session, r) : NULL;

	return t && traffic_is_idle(t, x->now_ms) && kind_words_have(r->kind->price_while, str_or(r->status_text, ""));
}
