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

/* The configuration of an endpoint, with its members; NULL. */
static const struct resource *config_of(struct sync *s, const struct resource *endpoint)
{
	const struct resource *full = sync_resource_full(s, endpoint->kind, endpoint->name);
	const char *name = full ? strmap_get(&resource_record(full)->members, "EndpointConfigName") : NULL;

	return name ? sync_resource_full(s, &kind_table[KIND_ENDPOINT_CONFIG], name) : NULL;
}

static int note_usage(struct sync *s, const struct kind *k, struct err *err)
{
	AUTO(usages) struct usages now = {0};
	const struct resources *t = &sync_session(s)->tables[k->id];
	int64_t now_ms = clock_now_ms();

	for (size_t i = 0; i < t->n; i++) {
		const struct resource *config = k->id == KIND_ENDPOINT ? config_of(s, t->items[i]) : NULL;

		usage_of_resource(t->items[i], config, &now);
	}
	return store_usage_note(sync_store(s), k, &now, now_ms, err);
}

struct fetching {
	const struct kind *kind;
	struct field_list fields;
};

static void list_kind(struct sync *s, void *user, sync_done_fn *fn, void *fn_user)
{
	const struct fetching *f = user;

	sync_kind(s, f->kind, NULL, fn, fn_user);
}

/* Where it could not be listed there is nothing to be filled. */
static void fill_kind(struct sync *s, void *user, sync_done_fn *fn, void *fn_user)
{
	const struct fetching *f = user;

	if (sync_session(s)->tables[f->kind->id].failed)
		fn(fn_user, NULL);
	else
		sync_columns(s, f->kind, &f->fields, fn, fn_user);
}

static int fetch_kind(struct app *a, const struct kind *k, bool tags, struct strlist *left_out, struct err *err)
{
	struct fetching f = {.kind = k};
	struct err listed[SCOPES_MAX] = {0}, filled[SCOPES_MAX] = {0};
	int rc = app_ask(a, list_kind, &f, listed, err);

	price_fields(k, tags && k->id != KIND_ENDPOINT_CONFIG, &f.fields);
	if (rc == 0 && f.fields.n)
		rc = app_ask(a, fill_kind, &f, filled, err);
	field_list_done(&f.fields);
	for (size_t i = 0; rc == 0 && i < a->scopes.n; i++) {
		const struct err *why = listed[i].code ? &listed[i] : &filled[i];

		if (!app_enter_part(a, i))
			continue;
		AUTO(str) char *title = app_scoped(a, k->title);

		if (why->code)
			strlist_take(left_out, xasprintf("%s: %s", title, why->msg));
		else if (k->price_while)
			rc = note_usage(a->sync, k, err);
	}
	app_leave(a);
	return rc;
}

int cost_fetch(struct app *a, bool tags, struct strlist *left_out, struct err *err)
{
	if (app_each_jobs(a, err) < 0)
		return -err->code;
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (is_wanted(&kind_table[i]) && fetch_kind(a, &kind_table[i], tags, left_out, err) < 0)
			return -err->code;
	app_list_left_out(a, left_out);
	return 0;
}
