/* Open addressing with linear probing; deleted slots are reused. */
#include "base/map.h"

/* A removed entry leaves this key behind, so that probing goes on past it. */
static char tombstone[] = "";

uint64_t hash_bytes(const void *p, size_t n)
{
	const uint8_t *s = p;
	uint64_t h = 14695981039346656037ull;

	for (size_t i = 0; i < n; i++)
		h = (h ^ s[i]) * 1099511628211ull;
	return h;
}

static bool slot_live(const struct map_slot *s)
{
	return s->key && s->key != tombstone;
}

/* The slot of key, or the free one where it belongs. cap must not be 0. */
static struct map_slot *find_slot(const struct map *m, const char *key, uint64_t hash)
{
	struct map_slot *vacant = NULL;

	for (size_t i = hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
		struct map_slot *s = &m->slots[i];
		if (!s->key)
			return vacant ? vacant : s;
		if (s->key == tombstone) {
			if (!vacant)
				vacant = s;
		} else if (s->hash == hash && !strcmp(s->key, key)) {
			return s;
		}
	}
}

static void map_resize(struct map *m)
{
	struct map old = *m;
	size_t cap = 16;

	while (cap < old.n * 2 + 2)
		cap *= 2;
	*m = (struct map){.slots = xcalloc(cap, sizeof(*m->slots)), .cap = cap};
	for (size_t i = 0; i < old.cap; i++) {
		if (slot_live(&old.slots[i])) {
			*find_slot(m, old.slots[i].key, old.slots[i].hash) = old.slots[i];
			m->n++;
			m->used++;
		}
	}
	free(old.slots);
}

void map_clear(struct map *m)
{
	for (size_t i = 0; i < m->cap; i++)
		if (slot_live(&m->slots[i]))
			free(m->slots[i].key);
	free(m->slots);
	*m = (struct map){0};
}

void map_done(struct map *m)
{
	map_clear(m);
}

void *map_get(const struct map *m, const char *key)
{
	if (!m->n)
		return NULL;
	struct map_slot *s = find_slot(m, key, hash_bytes(key, strlen(key)));
	return slot_live(s) ? s->value : NULL;
}

void *map_put(struct map *m, const char *key, void *value)
{
	if ((m->used + 1) * 4 > m->cap * 3)
		map_resize(m);
	uint64_t hash = hash_bytes(key, strlen(key));
	struct map_slot *s = find_slot(m, key, hash);
	if (slot_live(s)) {
		void *old = s->value;
		s->value = value;
		return old;
	}
	m->used += s->key != tombstone;
	m->n++;
	*s = (struct map_slot){xstrdup(key), value, hash};
	return NULL;
}

void *map_remove(struct map *m, const char *key)
{
	if (!m->n)
		return NULL;
	struct map_slot *s = find_slot(m, key, hash_bytes(key, strlen(key)));
	if (!slot_live(s))
		return NULL;
	void *old = s->value;
	free(s->key);
	*s = (struct map_slot){.key = tombstone};
	m->n--;
	return old;
}

bool map_next(const struct map *m, size_t *i, const char **key, void **value)
{
	for (; *i < m->cap; (*i)++) {
		const struct map_slot *s = &m->slots[*i];
		if (slot_live(s)) {
			if (key)
				*key = s->key;
			if (value)
				*value = s->value;
			(*i)++;
			return true;
		}
	}
	return false;
}
