/* resources.h - stored documents of every kind but training jobs: what a Describe
 * answers, a key, an ARN and tags.
 *
 * A kind is a word of the table of kinds (services/kinds.h), which says what the
 * members mean; here they mean nothing. All are in memory, by order of creation;
 * resource_save writes one, and the caller commits before it tells anybody.
 */
#ifndef SAGETOP_LOCAL_RESOURCES_H
#define SAGETOP_LOCAL_RESOURCES_H

#include "aws/local/core/engine.h"

struct resource {
	char *kind, *key, *arn; /* arn: "" where the kind has none */
	int64_t seq;		/* order of creation over all kinds */
	json_t *doc;
	struct strmap tags;
};

struct resource_list {
	struct resource **items; /* by seq */
	size_t n, cap;
};

int resources_load(struct engine *e, struct err *err) NODISCARD; /* fills e->resources */
void resources_free(struct engine *e);

/* Never NULL; valid until the next change of this kind. */
const struct resource_list *resources_of(const struct engine *e, const char *kind);
struct resource *resource_find(const struct engine *e, const char *kind, const char *key);
struct resource *resource_by_arn(const struct engine *e, const char *arn); /* in any case */

/* Takes doc. Not saved, not yet in the table: resource_add or resource_free. */
struct resource *resource_new(const char *kind, const char *key, const char *arn, json_t *doc);
void resource_free(struct resource *r);
void resource_add(struct engine *e, struct resource *r); /* takes r, gives it its seq */
void resource_save(struct engine *e, const struct resource *r);
void resource_remove(struct engine *e, struct resource *r); /* from the database too; frees */

#endif
