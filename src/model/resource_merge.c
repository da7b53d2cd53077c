/* resource_merge.c - two records of one thing become one: what all kinds have. */
#include "model/resource_merge.h"

/* A name can be used again once its thing was deleted. Calls differ in how many
 * decimals of the creation time they give, so a second or two is the same thing. */
#define SAME_CREATION_MS 2000

bool merge_text(char **into, char **from, bool older)
{
	if (!*from || (older && *into) || str_eq(*into, *from))
		return false;
	free(*into);
	*into = TAKE(*from);
	return true;
}

bool merge_interned(const char **into, const char *from, bool older)
{
	if (!from || (older && *into) || str_eq(*into, from))
		return false;
	*into = from;
	return true;
}

bool merge_i64(int64_t *into, int64_t from, int64_t unknown, bool older)
{
	if (from == unknown || *into == from || (older && *into != unknown))
		return false;
	*into = from;
	return true;
}

bool strmap_differs(const struct strmap *a, const struct strmap *b)
{
	if (a->n != b->n)
		return true;
	for (size_t i = 0; i < a->n; i++) {
		if (!str_eq(strmap_get(b, a->items[i].name), a->items[i].value))
			return true;
	}
	return false;
}

bool resource_merge_common(struct resource *into, struct resource *from, bool older)
{
	bool changed = merge_interned(&into->status_text, from->status_text, older);

	if (changed)
		into->state = from->state;
	/* An ARN is in small letters: the name, once known, stays. */
	if (!into->parent || !from->parent || !str_starts(from->parent, "arn:"))
		changed |= merge_text(&into->parent, &from->parent, older);
	changed |= merge_text(&into->failure_reason, &from->failure_reason, older);
	changed |= merge_i64(&into->created_ms, from->created_ms, TIME_UNKNOWN, older);
	changed |= merge_i64(&into->modified_ms, from->modified_ms, TIME_UNKNOWN, older);
	changed |= merge_i64(&into->start_ms, from->start_ms, TIME_UNKNOWN, older);
	changed |= merge_i64(&into->end_ms, from->end_ms, TIME_UNKNOWN, older);
	return changed;
}

bool resource_is_another(const struct resource *a, const struct resource *b)
{
	return a->created_ms != TIME_UNKNOWN && b->created_ms != TIME_UNKNOWN &&
	       llabs((long long)(a->created_ms - b->created_ms)) > SAME_CREATION_MS;
}
