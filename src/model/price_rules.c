/* price_rules.c - own rates and discounts over the price table. */
#include "model/price_rules.h"

#include <ctype.h>
#include <math.h>

#define RATE_MAX 1e6
#define BASIS_POINTS 10000

/* --- own rates ---------------------------------------------------------------------- */

/* "REGION/TYPE/COMPONENT" apart; region and component may be missing (NULL). */
struct rate_key {
	struct strlist parts;
	const char *region, *type, *component;
};

static bool is_type(const char *word)
{
	return str_starts(word, "ml.") || str_eq(word, PRICE_STORAGE);
}

static bool split_key(const char *text, struct rate_key *ret)
{
	*ret = (struct rate_key){0};
	strlist_split(&ret->parts, text, '/');
	size_t n = ret->parts.n, at = n && !is_type(ret->parts.items[0]) ? 1 : 0;

	if (n <= at || n > at + 2 || !is_type(ret->parts.items[at]))
		return false;
	ret->region = at ? ret->parts.items[0] : NULL;
	ret->type = ret->parts.items[at];
	ret->component = n > at + 1 ? ret->parts.items[at + 1] : NULL;
	return !str_eq(ret->type, PRICE_STORAGE) || ret->component;
}

static bool parse_rate(const char *text, int64_t *ret_micro)
{
	double usd;

	if (!str_to_f64(*text == '$' ? text + 1 : text, &usd) || !(usd > 0) || usd > RATE_MAX)
		return false;
	*ret_micro = llround(usd * 1e6);
	return *ret_micro > 0;
}

int price_rule_check_rate(const char *key, const char *value, struct err *err)
{
	struct rate_key k;
	int64_t micro;
	bool good = split_key(key, &k);

	strlist_done(&k.parts);
	if (!good)
		return err_set(err, ERR_INVALID,
			       "is no instance type: ml.m5.xlarge, ml.m5.xlarge/Processing, us-east-2/ml.m5.xlarge or "
			       "storage/Training Storage is wanted");
	if (!parse_rate(value, &micro))
		return err_set(err, ERR_INVALID, "needs dollars an hour such as 0.23 (a million at most), not \"%s\"",
			       value);
	return 0;
}

static void set_rate(struct price_table *t, const struct rate_key *k, const char *region, const char *component,
		     int64_t micro)
{
	const struct price *known = price_find(t, k->type, region, component);
	const struct price row = {.instance_type = (char *)(uintptr_t)k->type,
				  .region = (char *)(uintptr_t)region,
				  .component = (char *)(uintptr_t)component,
				  .usd_micro = micro,
				  .list_micro = known ? known->usd_micro : 0,
				  .as_of = (char *)(uintptr_t) "own",
				  .grade = PRICE_OWN,
				  .source = (char *)(uintptr_t) "the settings: own-rates",
				  .unit = str_eq(k->type, PRICE_STORAGE) ? PRICE_GB_MONTH : PRICE_HOUR,
				  .spec = known ? known->spec : (struct instance_spec){0}};

	price_table_add(t, &row);
}

/* Without a component it goes for all that the table has of the type, and for training. */
static void apply_rate(struct price_table *t, const struct rate_key *k, const char *region, int64_t micro)
{
	size_t n = t->n;

	if (k->component) {
		set_rate(t, k, region, k->component, micro);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (str_eq(t->items[i].instance_type, k->type) && str_eq(t->items[i].region, region)) {
			AUTO(str) char *component = xstrdup(t->items[i].component);

			set_rate(t, k, region, component, micro);
		}
	set_rate(t, k, region, "Training", micro);
}

/* --- discounts ---------------------------------------------------------------------- */

/* "27", "27%", "12.5%" in basis points; -1 where it is none. */
static int parse_discount(const char *text)
{
	AUTO(str) char *number = xstrdup(text);
	size_t n = strlen(number);
	double percent;

	if (n && number[n - 1] == '%')
		number[n - 1] = '\0';
	if (!str_to_f64(number, &percent) || !(percent >= 0) || percent >= 100)
		return -1;
	return (int)lround(percent * 100);
}

int price_rule_check_discount(const char *key, const char *value, struct err *err)
{
	bool good = islower((unsigned char)*key) != 0;

	for (const char *p = key; *p; p++)
		good = good && (isalnum((unsigned char)*p) || *p == '-') && !isupper((unsigned char)*p);
	if (!good)
		return err_set(err, ERR_INVALID, "is no family: all, m5, g5 ... is wanted");
	if (parse_discount(value) < 0)
		return err_set(err, ERR_INVALID, "needs a percentage from 0 to below 100 such as 27%%, not \"%s\"",
			       value);
	return 0;
}

static bool is_on_demand(const struct price *p)
{
	return p->unit == PRICE_HOUR && !str_eq(p->component, "SpotTraining");
}

static int discount_of(const struct strmap *discounts, const struct price *p)
{
	AUTO(str) char *family = instance_family(p->instance_type);
	const char *own = is_on_demand(p) ? strmap_get(discounts, family) : NULL;
	const char *text = own ? own : strmap_get(discounts, "all");
	int points = text ? parse_discount(text) : 0;

	return MAX(points, 0);
}

static void apply_discount(const struct strmap *discounts, struct price *p)
{
	int points = discount_of(discounts, p);
	__int128 paid = (__int128)p->usd_micro * (BASIS_POINTS - points);

	if (points == 0 || p->grade == PRICE_OWN)
		return;
	p->list_micro = p->usd_micro;
	p->usd_micro = MAX((int64_t)((paid + BASIS_POINTS / 2) / BASIS_POINTS), (int64_t)1);
}

void price_rules_apply(const struct price_rules *r, struct price_table *t, const char *region)
{
	for (size_t i = 0; r->discounts && r->discounts->n && i < t->n; i++)
		apply_discount(r->discounts, &t->items[i]);
	for (size_t i = 0; r->rates && i < r->rates->n; i++) {
		struct rate_key k;
		int64_t micro;

		if (split_key(r->rates->items[i].name, &k) && parse_rate(r->rates->items[i].value, &micro))
			apply_rate(t, &k, str_or(k.region, str_or(region, "?")), micro);
		strlist_done(&k.parts);
	}
}

/* --- another currency ----------------------------------------------------------------- */

int money_currency_parse(const char *text, struct money_currency *ret, struct err *err)
{
	double rate;
	bool code = strlen(text) > 4 && text[3] == ' ';

	for (size_t i = 0; code && i < 3; i++)
		code = isupper((unsigned char)text[i]) != 0;
	if (!code || !str_to_f64(text + 4, &rate) || !(rate >= 1e-6) || rate > 1e6)
		return err_set(err, ERR_INVALID,
			       "needs a code and so many of it for a dollar, such as EUR 0.92, not \"%s\"", text);
	*ret = (struct money_currency){.rate_micro = llround(rate * 1e6)};
	memcpy(ret->code, text, 3);
	return 0;
}

char *money_currency_text(char *buf, const struct money_currency *c, int64_t usd_micro)
{
	__int128 cents = (__int128)MAX(usd_micro, (int64_t)0) * c->rate_micro;

	cents = (cents + 5000000000) / 10000000000;
	if (usd_micro < 0 || cents > INT64_MAX)
		snprintf(buf, 32, "%s ?", c->code);
	else
		snprintf(buf, 32, "%s %lld.%02lld", c->code, (long long)(cents / 100), (long long)(cents % 100));
	return buf;
}
