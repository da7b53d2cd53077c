/* cost_fetch.c - everything that is billed, asked for; and what is billed while it is there
 * noted down. */
#include "app/cost.h"

static bool is_wanted(const struct kind *k)
{
	return k->id == KIND_ENDPOINT_CONFIG || (kind_is_charged(k) && k->class != &job_class);
}

/* The fields that its price is made of, so that they are asked for where a list does not
 * tell them; of endpoints and their configurations any cold one, which brings the whole. */
static void price_fields(const struct kind *k, bool tags, struct field_list *ret)
{
	bool whole = k->id == KIND_ENDPOINT || k->id == KIND_ENDPOINT_CONFIG;

	for (const struct field *f = k->fields; f->name; f++) {
		bool price = f->path && (str_eq(f->path, k->price_type) || str_eq(f->path, k->price_count) ||
					 str_eq(f->path, k->price_volume));

		if (price || (whole && !ret->n && f->flags & FIELD_COLD && !(f->flags & FIELD_KEYED)))
			field_list_add(ret, f, NULL);
		if (tags && str_eq(f->name, "tag."))
			field_list_add(ret, f, "");
	}
}

static int fetch_kind(struct app *a, const struct kind *k, bool tags, struct err *err)
{
	AUTO(field_list) struct field_list fields = {0};
	struct app_reply listed = {0}, filled = {0};

	sync_kind(a->sync, k, NULL, app_reply_done, &listed);
	if (app_wait(a, &listed, err) < 0)
		return -err->code;
	price_fields(k, tags && k->id != KIND_ENDPOINT_CONFIG, &fields);
	if (!fields.n)
		return 0;
	sync_columns(a->sync, k, &fields, app_reply_done, &filled);
	return app_wait(a, &filled, err);
}

/* The configuration of an endpoint, with its members; NULL. */
static const struct resource *config_of(struct app *a, const struct resource *endpoint)
{
	const struct resource *full = sync_resource_full(a->sync, endpoint->kind, endpoint->name);
	const char *name = full ? strmap_get(&resource_record(full)->members, "EndpointConfigName") : NULL;

	return name ? sync_resource_full(a->sync, &kind_table[KIND_ENDPOINT_CONFIG], name) : NULL;
}

static int note_usage(struct app *a, const struct kind *k, struct err *err)
{
	AUTO(usages) struct usages now = {0};
	const struct resources *t = &sync_session(a->sync)->tables[k->id];
	int64_t now_ms = clock_now_ms();

	for (size_t i = 0; i < t->n; i++) {
		const struct resource *config = k->id == KIND_ENDPOINT ? config_of(a, t->items[i]) : NULL;

		usage_of_resource(t->items[i], config, &now);
	}
	return store_usage_note(sync_store(a->sync), k, &now, now_ms, err);
}

int cost_fetch(struct app *a, bool tags, struct strlist *left_out, struct err *err)
{
	struct app_reply reply = {0};

	sync_jobs(a->sync, app_reply_done, &reply);
	if (app_wait(a, &reply, err) < 0)
		return -err->code;
	for (size_t i = 0; i < KIND_COUNT; i++) {
		const struct kind *k = &kind_table[i];
		struct err why = {0};

		if (!is_wanted(k))
			continue;
		if (fetch_kind(a, k, tags, &why) == 0) {
			if (k->price_while && note_usage(a, k, err) < 0)
				return -err->code;
			continue;
		}
		if (why.code == ERR_CANCELLED) {
			*err = why;
			return -err->code;
		}
		strlist_take(left_out, xasprintf("%s: %s", k->title, why.msg));
	}
	return 0;
}
