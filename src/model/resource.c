/* resource.c - the common part of all things, and the table of one kind's. */
#include "model/resource.h"

#include "base/intern.h"
#include "model/kind.h"
#include "model/scope.h"

#include <strings.h>

struct resource *resource_new(const struct kind *kind, const char *name)
{
	return kind->class->make(kind, name);
}

void resource_free(struct resource *r)
{
	if (r)
		r->kind->class->free(r);
}

void *resource_alloc(size_t size, const struct kind *kind, const char *name)
{
	size_t n = strlen(name) + 1;
	struct resource *r = xcalloc(1, size + n);

	r->kind = kind;
	r->name = memcpy((char *)r + size, name, n);
	return r;
}

void resource_done(struct resource *r)
{
	free(r->parent);
	free(r->failure_reason);
	free(r->arn);
	strmap_done(&r->tags);
}

void resource_set_status(struct resource *r, const char *status_text)
{
	r->status_text = intern(status_text);
	r->state = kind_state(r->kind, status_text);
}

const char *resource_meaning(enum resource_state state)
{
	static const char *const names[STATE_COUNT] = {[STATE_UNKNOWN] = "unknown",
						       [STATE_RUNNING] = "running",
						       [STATE_GOOD] = "good",
						       [STATE_BAD] = "bad",
						       [STATE_NEUTRAL] = "neutral"};

	return names[state];
}

const char *resource_state_text(const struct resource *r)
{
	return r->kind->class->state_text ? r->kind->class->state_text(r) : str_or(r->status_text, "");
}

/* --- the table --------------------------------------------------------------- */

static void wide_drop(struct resources *t);

void resources_done(struct resources *t)
{
	if (t->wide)
		wide_drop(t);
	for (size_t i = 0; i < t->n && !t->scopes; i++)
		resource_free(t->items[i]);
	free(t->items);
	free(t->slots);
	free(t->changes);
	/* More of them than are remembered. */
	*t = (struct resources){.generation = t->generation + 1,
				.n_changes = t->n_changes + RESOURCES_CHANGES_MAX + 1,
				.n_gone = t->n_gone + 1,
				.scope = t->scope,
				.wide = t->wide,
				.scopes = t->scopes};
}

/* The slot that has the name, or the free one where it belongs. The names are the things'
 * own: a copy of each would be a tenth of the memory of a large account. */
static size_t slot_of(const struct resources *t, uint8_t scope, const char *name)
{
	size_t i = hash_bytes(name, strlen(name)) & (t->n_slots - 1);

	while (t->slots[i] && (t->slots[i]->scope != scope || strcmp(t->slots[i]->name, name) != 0))
		i = (i + 1) & (t->n_slots - 1);
	return i;
}

static size_t slot_of_item(const struct resources *t, const struct resource *r)
{
	return slot_of(t, r->scope, r->name);
}

static void make_slots(struct resources *t, size_t n)
{
	size_t n_slots = MAX(t->n_slots, (size_t)16);

	while (n_slots * 3 < n * 4) /* three quarters full at most */
		n_slots *= 2;
	if (n_slots == t->n_slots)
		return;
	free(t->slots);
	t->n_slots = n_slots;
	t->slots = xcalloc(n_slots, sizeof(t->slots[0]));
	for (size_t i = 0; i < t->n; i++)
		t->slots[slot_of_item(t, t->items[i])] = t->items[i];
}

/* Those behind it that it kept from their place move up: no mark of it stays. */
static void empty_slot(struct resources *t, size_t at)
{
	size_t mask = t->n_slots - 1, hole = at;

	for (size_t i = (at + 1) & mask; t->slots[i]; i = (i + 1) & mask) {
		size_t home = hash_bytes(t->slots[i]->name, strlen(t->slots[i]->name)) & mask;

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		t->slots[hole] = t->slots[i];
		hole = i;
	}
	t->slots[hole] = NULL;
}

/* In whichever scope: NULL where several have it. */
static struct resource *find_in_one(const struct resources *t, const char *name)
{
	struct resource *found = NULL;

	for (size_t i = 0; i < t->scopes->n; i++) {
		struct resource *r = t->slots[slot_of(t, (uint8_t)i, name)];

		if (r && found)
			return NULL;
		found = r ? r : found;
	}
	return found;
}

struct resource *resources_find(const struct resources *t, const char *name)
{
	size_t scope = t->scope;

	if (!name || !t->n_slots)
		return NULL;
	if (t->scopes) {
		scope = scope_of(t->scopes, name, &name);
		if (scope == t->scopes->n)
			return find_in_one(t, name);
	}
	return t->slots[slot_of(t, (uint8_t)scope, name)];
}

/* Whether the ARN ends with these parts; where text has two and the ARN names a kind
 * between them (".../pipeline/p/execution/5abc"), that is left out. */
static bool arn_ends_with(const char *arn, const char *text)
{
	size_t n = strlen(arn), m = strlen(text);
	const char *slash = strchr(text, '/');

	if (m < n && strcasecmp(arn + n - m, text) == 0)
		return arn[n - m - 1] == '/' || arn[n - m - 1] == ':';
	const char *last = strrchr(arn, '/');

	if (!slash || !last || strcasecmp(last + 1, slash + 1) != 0)
		return false;
	AUTO(str) char *between = xasprintf("/%.*s/", (int)(slash - text), text);

	return strcasestr(arn, between) != NULL;
}

struct resource *resources_lookup(const struct resources *t, const char *text)
{
	struct resource *r = resources_find(t, text);
	size_t scope = 0, n_scopes = t->scopes ? t->scopes->n : 0;

	if (t->scopes)
		scope = scope_of(t->scopes, text, &text);
	for (size_t i = 0; i < t->n && !r; i++) {
		struct resource *one = t->items[i];

		if (scope < n_scopes && one->scope != scope)
			continue;
		if (str_ieq(one->arn, text) || (one->kind->key == KEY_BY_ARN && arn_ends_with(one->name, text)))
			r = one;
	}
	return r;
}

void resources_reserve(struct resources *t, size_t n)
{
	GROW(t->items, t->cap, n);
	make_slots(t, n);
}

static void note_change(struct resources *t, const struct resource *r, bool gone)
{
	if (!t->changes)
		t->changes = xcalloc(RESOURCES_CHANGES_MAX, sizeof(*t->changes));
	t->changes[t->n_changes % RESOURCES_CHANGES_MAX] =
		(struct resource_change){.item = r, .at = t->n_changes, .gone = gone};
	t->n_changes++;
	t->n_gone += gone;
	if (!t->scopes || gone) /* a wide table's grows with those that it has joined (session_wide_refresh) */
		t->generation++;
	if (t->wide && !gone)
		note_change(t->wide, r, false);
}

static void insert(struct resources *t, struct resource *r)
{
	GROW(t->items, t->cap, t->n + 1);
	t->items[t->n++] = r;
	make_slots(t, t->n);
	t->slots[slot_of_item(t, r)] = r;
}

static void take_out(struct resources *t, struct resource *r)
{
	empty_slot(t, slot_of_item(t, r));
	for (size_t i = 0; i < t->n; i++) {
		if (t->items[i] == r) {
			memmove(&t->items[i], &t->items[i + 1], (t->n - i - 1) * sizeof(t->items[0]));
			t->n--;
			break;
		}
	}
	note_change(t, r, true);
}

/* --- of several scopes ------------------------------------------------------------ */

/* What the wide table has of t. */
static void wide_drop(struct resources *t)
{
	struct resources *wide = t->wide;
	size_t n = 0;

	for (size_t i = 0; i < wide->n; i++)
		if (wide->items[i]->scope != t->scope)
			wide->items[n++] = wide->items[i];
	wide->n = n;
	free(TAKE(wide->slots));
	wide->n_slots = 0;
	make_slots(wide, n);
	wide->generation++;
	wide->n_changes += RESOURCES_CHANGES_MAX + 1; /* more than are remembered */
	wide->n_gone++;
}

void resources_join(struct resources *t, struct resources *wide, uint8_t scope)
{
	t->scope = scope;
	for (size_t i = 0; i < t->n; i++)
		t->items[i]->scope = scope;
	free(TAKE(t->slots));
	t->n_slots = 0;
	make_slots(t, t->n);
	t->wide = wide;
	for (size_t i = 0; i < t->n; i++)
		insert(wide, t->items[i]);
	wide->generation++;
	wide->n_changes += RESOURCES_CHANGES_MAX + 1;
}

void resources_leave(struct resources *t)
{
	if (t->wide)
		wide_drop(t);
	t->wide = NULL;
}

bool resources_changes(const struct resources *t, uint64_t since, struct resource_change *ret, size_t *ret_n)
{
	*ret_n = 0;
	if (t->n_changes - since > RESOURCES_CHANGES_MAX)
		return false;
	for (uint64_t i = since; i < t->n_changes; i++)
		ret[(*ret_n)++] = t->changes[i % RESOURCES_CHANGES_MAX];
	return true;
}

struct resource *resources_put(struct resources *t, struct resource *r, bool *ret_changed)
{
	const struct resource_class *class = r->kind->class;
	struct resource *known = resources_find(t, r->name);
	bool changed = true;

	if (known) {
		t->n_running -= resource_is_running(known);
		changed = class->merge(known, r);
	} else {
		if (class->derive)
			class->derive(r);
		r->scope = t->scope;
		insert(t, r);
		if (t->wide)
			insert(t->wide, r);
		known = r;
	}
	t->n_running += resource_is_running(known);
	if (changed)
		note_change(t, known, false);
	if (ret_changed)
		*ret_changed = changed;
	return known;
}

bool resources_remove(struct resources *t, const char *name)
{
	struct resource *r = resources_find(t, name);

	if (!r)
		return false;
	t->n_running -= resource_is_running(r);
	take_out(t, r);
	if (t->wide)
		take_out(t->wide, r);
	resource_free(r);
	return true;
}
