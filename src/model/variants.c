/* variants.c - weights and instances of an endpoint's variants. */
#include "model/variants.h"

#include "model/usage.h"

#define INSTANCES_MAX 10000

void variant_wishes_done(struct variant_wishes *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->items[i].name);
	*w = (struct variant_wishes){0};
}

const char *variant_member(const struct resource *r, int i, const char *name)
{
	char path[128];

	if (!r)
		return NULL;
	snprintf(path, sizeof(path), "ProductionVariants[%d].%s", i, name);
	return strmap_get(&resource_record(r)->members, path);
}

static const char *wanted(const struct resource *r, int i, const char *what)
{
	AUTO(str) char *desired = xasprintf("Desired%s", what), *current = xasprintf("Current%s", what);
	const char *value = variant_member(r, i, desired);

	return value ? value : variant_member(r, i, current);
}

void variants_text(const struct resource *endpoint, struct buf *out)
{
	const char *name;

	for (int i = 0; i < VARIANTS_MAX && (name = variant_member(endpoint, i, "VariantName")); i++) {
		const char *weight = wanted(endpoint, i, "Weight"), *count = wanted(endpoint, i, "InstanceCount");
		double number = 1;

		(void)(weight && str_to_f64(weight, &number));
		(void)buf_addf(out, "%s%s=%g", i ? " " : "", name, number);
		if (count)
			(void)buf_addf(out, "x%s", count);
	}
}

/* The error names those that there are. */
static int check_name(const struct resource *endpoint, const char *name, struct err *err)
{
	AUTO(buf) struct buf names = BUF_INIT(4096);
	const char *one;

	for (int i = 0; i < VARIANTS_MAX && (one = variant_member(endpoint, i, "VariantName")); i++) {
		if (str_eq(one, name))
			return 0;
		(void)buf_addf(&names, "%s%s", i ? ", " : "", one);
	}
	return err_set(err, ERR_USAGE, "there is no variant %s: %s", name, buf_str(&names));
}

/* "NAME=WEIGHT" or "NAME=WEIGHTxINSTANCES". */
static int parse_word(const char *word, struct variant_wish *ret, struct err *err)
{
	const char *equals = strchr(word, '='), *times = equals ? strchr(equals, 'x') : NULL;
	AUTO(str)
	char *weight = equals ? xstrndup(equals + 1, times ? (size_t)(times - equals - 1) : strlen(equals + 1)) : NULL;

	if (!weight || !str_to_f64(weight, &ret->weight) || ret->weight < 0)
		return err_set(err, ERR_USAGE, "%s: say VARIANT=WEIGHT or VARIANT=WEIGHTxINSTANCES", word);
	if (times && (!str_to_i64(times + 1, &ret->instances) || ret->instances < 1 || ret->instances > INSTANCES_MAX))
		return err_set(err, ERR_USAGE, "%s: a variant has 1 to %d instances", word, INSTANCES_MAX);
	ret->name = xstrndup(word, (size_t)(equals - word));
	return 0;
}

int variants_parse(const struct resource *endpoint, const char *text, struct variant_wishes *ret, struct err *err)
{
	AUTO(variant_wishes) struct variant_wishes wishes = {0};
	AUTO(strlist) struct strlist words = {0};

	if (!str_eq(endpoint->status_text, "InService"))
		return err_set(err, ERR_INVALID, "%s is %s: it can be changed when it is InService", endpoint->name,
			       str_or(endpoint->status_text, "not known"));
	strlist_split(&words, text, ' ');
	for (size_t i = 0; i < words.n && wishes.n < VARIANTS_MAX; i++) {
		if (!*words.items[i])
			continue;
		int rc = parse_word(words.items[i], &wishes.items[wishes.n], err);

		if (rc < 0 || (rc = check_name(endpoint, wishes.items[wishes.n++].name, err)) < 0)
			return rc;
	}
	if (!wishes.n)
		return err_set(err, ERR_USAGE, "say VARIANT=WEIGHT or VARIANT=WEIGHTxINSTANCES");
	*ret = wishes;
	memset(&wishes, 0, sizeof(wishes)); /* they are the caller's now */
	return 0;
}

static int64_t count_of(const struct usage *u, const struct variant_wishes *wishes)
{
	for (size_t i = 0; wishes && i < wishes->n; i++)
		if (str_eq(wishes->items[i].name, u->part) && wishes->items[i].instances)
			return wishes->items[i].instances;
	return u->count;
}

int64_t variants_rate_micro(const struct resource *endpoint, const struct session *s,
			    const struct variant_wishes *wishes)
{
	const char *name = strmap_get(&resource_record(endpoint)->members, "EndpointConfigName");
	const struct resource *config = name ? resources_find(&s->tables[KIND_ENDPOINT_CONFIG], name) : NULL;
	AUTO(usages) struct usages usages = {0};
	int64_t sum = 0;

	usage_of_resource(endpoint, config, &usages);
	for (size_t i = 0; i < usages.n; i++) {
		const struct usage *u = &usages.items[i];
		const struct price *price = u->type ? price_find(&s->prices, u->type, s->region, "Hosting") : NULL;

		sum = money_sum(sum, price ? price->usd_micro * count_of(u, wishes) : USD_UNKNOWN);
	}
	return usages.n ? sum : USD_UNKNOWN;
}
