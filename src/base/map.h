/* map.h - a hash map from string to pointer (open addressing, owned keys).
 * Iteration order is unspecified. Values are the caller's. */
#ifndef SAGETOP_BASE_MAP_H
#define SAGETOP_BASE_MAP_H

#include "base/mem.h"

struct map {
	struct map_slot {
		char *key;
		void *value;
		uint64_t hash;
	} * slots;
	size_t n, used, cap; /* live entries; live and deleted; slots (a power of two) */
};

void map_done(struct map *m); /* frees the keys, not the values */
AUTO_EMBEDDED(map, struct map, map_done)
void *map_get(const struct map *m, const char *key);	    /* NULL where absent */
void *map_put(struct map *m, const char *key, void *value); /* returns the value replaced, or NULL */
void *map_remove(struct map *m, const char *key);	    /* returns the value removed, or NULL */
void map_clear(struct map *m);

/* for (size_t i = 0; map_next(m, &i, &key, &value);) */
bool map_next(const struct map *m, size_t *i, const char **key, void **value);

uint64_t hash_bytes(const void *p, size_t n); /* FNV-1a, 64 bits */

#endif
