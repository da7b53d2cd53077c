/* usage.c - what instances a thing holds, read from its record. */
#include "model/usage.h"

#include "base/clock.h"
#include "model/price.h"

#define PARTS_MAX 10	  /* variants of an endpoint */
#define MAKING_MS HOUR_MS /* a change so soon after the making belongs to it */

void usage_done(struct usage *u)
{
	free(u->name);
	free(u->part);
	free(u->type);
	*u = (struct usage){0};
}

char *usage_key(const struct usage *u)
{
	return xasprintf("%s/%s", u->name, u->part);
}

bool usage_is_volume(const struct usage *u)
{
	return u->kind->price_volume && str_eq(u->type, PRICE_STORAGE);
}

void usages_done(struct usages *l)
{
	for (size_t i = 0; i < l->n; i++)
		usage_done(&l->items[i]);
	free(l->items);
	*l = (struct usages){0};
}

void usages_take(struct usages *l, struct usage *u)
{
	GROW(l->items, l->cap, l->n + 1);
	l->items[l->n++] = *u;
	*u = (struct usage){0};
}

/* Its times: what changed after it was made was something else before. */
static struct usage begin(const struct resource *r, const char *part)
{
	bool since_change = r->kind->id == KIND_NOTEBOOK || r->kind->id == KIND_MLFLOW_SERVER;
	int64_t from = since_change && r->modified_ms != TIME_UNKNOWN ? r->modified_ms : r->created_ms;

	return (struct usage){.kind = r->kind,
			      .name = xstrdup(r->name),
			      .part = xstrdup(part),
			      .count = 1,
			      .from_ms = from,
			      .changed_ms = r->modified_ms != TIME_UNKNOWN ? r->modified_ms : r->created_ms};
}

static const char *member(const struct resource *r, const char *list, int i, const char *name)
{
	char path[128];

	if (!r)
		return NULL;
	snprintf(path, sizeof(path), "%s[%d].%s", list, i, name);
	return strmap_get(&resource_record(r)->members, path);
}

/* The variant's place in the configuration; -1. */
static int find_variant(const struct resource *config, const char *name)
{
	for (int i = 0; i < PARTS_MAX; i++)
		if (str_eq(member(config, "ProductionVariants", i, "VariantName"), name))
			return i;
	return -1;
}

static int count_of(const char *text, int fallback)
{
	int64_t n;

	return text && str_to_i64(text, &n) && n >= 0 && n <= 1000000 ? (int)n : fallback;
}

/* Each instance has its volume, while there are any. Where the configuration does not say how large
 * they are the service chooses, and no call tells. */
static void add_variant_volume(const struct resource *r, const struct usage *variant, const char *gigabytes,
			       struct usages *ret)
{
	int64_t gb = (int64_t)count_of(gigabytes, 0) * variant->count;
	AUTO(str) char *part = xasprintf("%s/volume", variant->part);

	if (gb == 0)
		return;
	struct usage u = begin(r, part);

	u.type = xstrdup(PRICE_STORAGE);
	u.count = (int)MIN(gb, (int64_t)INT32_MAX);
	u.guessed = variant->guessed;
	usages_take(ret, &u);
}

static void add_variants(const struct resource *r, const struct resource *config, struct usages *ret)
{
	for (int i = 0; i < PARTS_MAX; i++) {
		const char *name = member(r, "ProductionVariants", i, "VariantName");
		int at = name ? find_variant(config, name) : -1;

		if (!name)
			break;
		struct usage u = begin(r, name);
		const char *type = at < 0 ? NULL : member(config, "ProductionVariants", at, "InstanceType");
		int initial =
			at < 0 ? 1 : count_of(member(config, "ProductionVariants", at, "InitialInstanceCount"), 1);

		u.type = xstrdup(type);
		u.count = count_of(member(r, "ProductionVariants", i, "CurrentInstanceCount"), initial);
		u.guessed = r->modified_ms != TIME_UNKNOWN && r->modified_ms > r->created_ms + MAKING_MS;
		if (at >= 0)
			add_variant_volume(r, &u, member(config, "ProductionVariants", at, r->kind->price_volume), ret);
		usages_take(ret, &u);
	}
}

/* A volume is there from the making of its thing to its end, whatever its thing does. */
static void add_volume(const struct resource *r, struct usages *ret)
{
	int gb = count_of(record_value(r, r->kind->price_volume), 0);

	if (gb == 0 || r->state == STATE_BAD)
		return;
	struct usage u = begin(r, "volume");

	u.type = xstrdup(PRICE_STORAGE);
	u.count = gb;
	u.guessed = u.from_ms != r->created_ms; /* it may have been smaller */
	u.from_ms = r->created_ms;
	usages_take(ret, &u);
}

void usage_of_resource(const struct resource *r, const struct resource *config, struct usages *ret)
{
	const struct kind *k = r->kind;

	if (k->price_while && k->price_volume)
		add_volume(r, ret);
	if (!k->price_while || !kind_words_have(k->price_while, str_or(r->status_text, "")))
		return;
	if (k->id == KIND_ENDPOINT) {
		add_variants(r, config, ret);
		return;
	}
	struct usage u = begin(r, "");
	const char *type = record_value(r, k->price_type);

	u.type = type && k->id == KIND_MLFLOW_SERVER ? xasprintf("ml.mlflow.%s", type) : xstrdup(type);
	/* The built-in app of a domain is free of charge. */
	if (str_eq(u.type, "system"))
		usage_done(&u);
	else
		usages_take(ret, &u);
}
