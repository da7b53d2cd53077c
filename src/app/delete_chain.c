/* delete_chain.c - sagetop delete endpoint/NAME --all: what goes with it. */
#include "app/delete_chain.h"

#include "app/reference.h"

#define VARIANTS_MAX 10

static const char *const variant_lists[] = {"ProductionVariants", "ShadowProductionVariants"};

void delete_chain_done(struct delete_chain *c)
{
	strlist_done(&c->go);
	strlist_done(&c->kept);
}

/* *ret is NULL where it is gone. */
static int describe(struct app *a, enum kind_id id, const char *name, json_t **ret, struct err *err)
{
	struct resource *r;

	*ret = NULL;
	if (reference_describe(a, &kind_table[id], name, &r, ret, err) == 0 || err->code != ERR_NOTFOUND)
		return -err->code;
	err_clear(err);
	return 0;
}

/* The whole records of a kind, which the list alone does not give. */
static int fetch_whole(struct app *a, const struct kind *k, const char *field, struct err *err)
{
	AUTO(field_list) struct field_list fields = {0};
	struct app_reply listed = {0}, filled = {0};

	sync_kind(a->sync, k, NULL, app_reply_done, &listed);
	if (app_wait(a, &listed, err) < 0)
		return -err->code;
	for (const struct field *f = k->fields; f->name; f++)
		if (str_eq(f->name, field))
			field_list_add(&fields, f, NULL);
	sync_columns(a->sync, k, &fields, app_reply_done, &filled);
	return app_wait(a, &filled, err);
}

/* --- who else has it ---------------------------------------------------------------------- */

static bool config_has_model(const struct resource *config, const char *model)
{
	char path[128];

	for (size_t l = 0; l < ARRAY_LEN(variant_lists); l++) {
		for (int i = 0; i < VARIANTS_MAX; i++) {
			snprintf(path, sizeof(path), "%s[%d].ModelName", variant_lists[l], i);
			if (str_eq(strmap_get(&resource_record(config)->members, path), model))
				return true;
		}
	}
	return false;
}

static bool endpoint_has_config(const struct resource *endpoint, const char *config)
{
	return str_eq(strmap_get(&resource_record(endpoint)->members, "EndpointConfigName"), config);
}

/* The first other thing of that kind that has it; NULL. Borrowed. */
static const char *other_owner(struct app *a, enum kind_id id, const char *self,
			       bool (*has)(const struct resource *r, const char *what), const char *what)
{
	const struct resources *t = &sync_session(a->sync)->tables[id];

	for (size_t i = 0; i < t->n; i++) {
		const char *name = t->items[i]->name;
		const struct resource *full =
			str_eq(name, self) ? NULL : sync_resource_full(a->sync, &kind_table[id], name);

		if (full && has(full, what))
			return full->name;
	}
	return NULL;
}

static void take_or_keep(struct delete_chain *c, const char *kind, const char *name, const char *owner_kind,
			 const char *owner)
{
	if (owner)
		strlist_take(&c->kept, xasprintf("%s/%s\tkept: %s/%s has it too", kind, name, owner_kind, owner));
	else
		strlist_take(&c->go, xasprintf("%s/%s", kind, name));
}

/* --- the chain ---------------------------------------------------------------------------------- */

static void models_of(const json_t *config, struct strlist *ret)
{
	size_t i;
	json_t *variant;

	for (size_t l = 0; l < ARRAY_LEN(variant_lists); l++) {
		json_array_foreach(json_object_get(config, variant_lists[l]), i, variant)
		{
			const char *model = json_get_str(variant, "ModelName");

			if (model && !strlist_has(ret, model))
				strlist_add(ret, model);
		}
	}
}

static int add_models(struct app *a, const char *config_name, struct delete_chain *ret, struct err *err)
{
	AUTO(json) json_t *config = NULL;
	AUTO(strlist) struct strlist models = {0};

	if (describe(a, KIND_ENDPOINT_CONFIG, config_name, &config, err) < 0)
		return -err->code;
	models_of(config, &models);
	if (models.n && fetch_whole(a, &kind_table[KIND_ENDPOINT_CONFIG], "model", err) < 0)
		return -err->code;
	for (size_t i = 0; i < models.n; i++) {
		AUTO(json) json_t *there = NULL;
		const char *owner =
			other_owner(a, KIND_ENDPOINT_CONFIG, config_name, config_has_model, models.items[i]);

		if (describe(a, KIND_MODEL, models.items[i], &there, err) < 0)
			return -err->code;
		if (there)
			take_or_keep(ret, "model", models.items[i], "endpoint-config", owner);
	}
	return 0;
}

/* The configuration that an endpoint has; where another endpoint has it too, its models stay with it. */
static int add_config(struct app *a, const char *endpoint, struct delete_chain *ret, struct err *err)
{
	AUTO(json) json_t *now = NULL, *config = NULL;

	if (describe(a, KIND_ENDPOINT, endpoint, &now, err) < 0)
		return -err->code;
	const char *name = json_get_str(now, "EndpointConfigName");

	if (!name || describe(a, KIND_ENDPOINT_CONFIG, name, &config, err) < 0)
		return err->code ? -err->code : 0;
	if (!config)
		return 0;
	if (fetch_whole(a, &kind_table[KIND_ENDPOINT], "config", err) < 0)
		return -err->code;
	const char *owner = other_owner(a, KIND_ENDPOINT, endpoint, endpoint_has_config, name);

	take_or_keep(ret, "endpoint-config", name, "endpoint", owner);
	return owner ? 0 : add_models(a, name, ret, err);
}

int delete_chain_find(struct app *a, const struct kind *k, const char *name, struct delete_chain *ret, struct err *err)
{
	if (k->id != KIND_ENDPOINT && k->id != KIND_ENDPOINT_CONFIG)
		return err_set(err, ERR_USAGE, "--all goes with endpoints and endpoint configurations, not with %s",
			       k->title);
	strlist_take(&ret->go, xasprintf("%s/%s", k->name, name));
	return k->id == KIND_ENDPOINT ? add_config(a, name, ret, err) : add_models(a, name, ret, err);
}
