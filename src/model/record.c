/* record.c - things of the kinds that have no struct of their own. */
#include "model/kind.h"
#include "model/resource_merge.h"

static size_t n_fields(const struct kind *k)
{
	size_t n = 0;

	while (k->fields[n].name)
		n++;
	return n;
}

static struct resource *make_record(const struct kind *kind, const char *name)
{
	struct record *r = resource_alloc(sizeof(*r), kind, name);

	r->values = xcalloc(n_fields(kind) + 1, sizeof(*r->values));
	return (struct resource *)r;
}

static void free_record(struct resource *resource)
{
	struct record *r = resource_record(resource);

	for (size_t i = 0; i < n_fields(r->kind); i++)
		free(r->values[i]);
	free(r->values);
	strmap_done(&r->keyed);
	strmap_done(&r->members);
	resource_done(resource);
	free(r);
}

void record_set_value(struct record *r, size_t field, const char *text)
{
	str_set(&r->values[field], text);
}

const char *record_value(const struct resource *r, const char *path)
{
	for (size_t i = 0; path && r->kind->fields[i].name; i++)
		if (str_eq(r->kind->fields[i].path, path))
			return resource_record(r)->values[i];
	return NULL;
}

static void trim_record(struct resource *resource)
{
	struct record *r = resource_record(resource);

	if (r->trimmed || r->detail < DETAIL_SEARCHED)
		return;
	strmap_done(&r->members);
	r->members = (struct strmap){0};
	r->trimmed = true;
}

/* The whole record of `from` becomes ours; it gives no tags where it was described. */
static bool merge_cold(struct record *into, struct record *from, bool older)
{
	bool changed = merge_text(&into->arn, &from->arn, older);

	if (from->tags_known) {
		changed |= !into->tags_known || strmap_differs(&into->tags, &from->tags);
		SWAP(into->tags, from->tags);
		into->tags_known = true;
	}
	if (from->detail < DETAIL_SEARCHED || from->trimmed || (older && into->detail >= DETAIL_SEARCHED))
		return changed;
	changed |= into->trimmed || strmap_differs(&into->members, &from->members);
	SWAP(into->members, from->members);
	into->whole_ms = from->whole_ms;
	into->trimmed = into->lost = false;
	return changed;
}

static bool merge_record(struct resource *a, struct resource *b)
{
	struct record *into = resource_record(a), *from = resource_record(b);
	bool older =
		b->modified_ms != TIME_UNKNOWN && a->modified_ms != TIME_UNKNOWN && b->modified_ms < a->modified_ms;
	bool changed;

	if (resource_is_another(a, b)) {
		changed = b->created_ms > a->created_ms;
		if (changed)
			SWAP(*into, *from);
		free_record(b);
		return changed;
	}
	changed = resource_merge_common(a, b, older);
	for (size_t i = 0; i < n_fields(a->kind); i++)
		changed |= merge_text(&into->values[i], &from->values[i], older);
	if (from->keyed.n && strmap_differs(&into->keyed, &from->keyed)) {
		SWAP(into->keyed, from->keyed);
		changed = true;
	}
	changed |= merge_cold(into, from, older);
	a->detail = MAX(a->detail, b->detail);
	a->seen_ms = MAX(a->seen_ms, b->seen_ms);
	free_record(b);
	return changed;
}

const struct resource_class record_class = {
	.make = make_record, .free = free_record, .merge = merge_record, .trim = trim_record, .keeps_fields = true};
