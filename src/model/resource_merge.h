/* resource_merge.h - what the classes share to make one of two records of a thing.
 *
 * A record that is older than ours only fills gaps. Every function returns true
 * where something visible changed. */
#ifndef SAGETOP_MODEL_RESOURCE_MERGE_H
#define SAGETOP_MODEL_RESOURCE_MERGE_H

#include "model/resource.h"

#define SWAP(a, b)                           \
	do {                                 \
		__auto_type swap_tmp_ = (a); \
		(a) = (b);                   \
		(b) = swap_tmp_;             \
	} while (0)

/* A string of `from` moves into `into`: where it says something, and where it is
 * the newer or ours is missing. */
bool merge_text(char **into, char **from, bool older);
bool merge_interned(const char **into, const char *from, bool older);
bool merge_i64(int64_t *into, int64_t from, int64_t unknown, bool older);
bool strmap_differs(const struct strmap *a, const struct strmap *b);

/* The hot members that all kinds have: status, times, reason, parent. */
bool resource_merge_common(struct resource *into, struct resource *from, bool older);
/* Whether the two are different things of one name: created at another time. */
bool resource_is_another(const struct resource *a, const struct resource *b);

#endif
