/* usage.h - what is billed while it is there: endpoints, notebooks and their volumes, apps,
 * tracking servers.
 *
 * The service tells what they are now and not what they were. So each look notes down
 * which instances a thing has and since when (struct usage), and what was noted makes the
 * spans of the past: from one update to the next, to when it was seen last. Kept by the
 * store (store_usage_*). */
#ifndef SAGETOP_MODEL_USAGE_H
#define SAGETOP_MODEL_USAGE_H

#include "model/kind.h"

struct usage {
	const struct kind *kind;
	char *name;
	char *part; /* of an endpoint the variant; "volume" of a volume, "variant/volume"; "" */
	char *type; /* "ml.m5.large", PRICE_STORAGE; NULL: by use, or not known */
	int count;  /* of instances; of a volume its GB */
	int64_t from_ms;
	int64_t until_ms;   /* TIME_UNKNOWN: it goes on */
	int64_t changed_ms; /* of what a thing holds now: its last change */
	bool guessed;	    /* it was changed before it was first seen: how it was then is not known */
};
void usage_done(struct usage *u);
char *usage_key(const struct usage *u) NODISCARD; /* "name/part" */
bool usage_is_volume(const struct usage *u);

struct usages {
	struct usage *items;
	size_t n, cap;
};
void usages_done(struct usages *l);
AUTO_EMBEDDED(usages, struct usages, usages_done)
/* Moves *u in. */
void usages_take(struct usages *l, struct usage *u);

/* What a thing holds now, a row for each part; nothing where it is not billed. config: of
 * an endpoint its configuration with its members, NULL where it is not known. */
void usage_of_resource(const struct resource *r, const struct resource *config, struct usages *ret);

#endif
