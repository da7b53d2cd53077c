/* variants.h - weights and instances of an endpoint's variants, as they are and as they are
 * wished for, in words: "AllTraffic=9x2 Candidate=1" (weight 9 on two instances, weight 1 on as
 * many as there are). Pure. */
#ifndef SAGETOP_MODEL_VARIANTS_H
#define SAGETOP_MODEL_VARIANTS_H

#include "model/session.h"

#define VARIANTS_MAX 10 /* the service's limit */

struct variant_wish {
	char *name;
	double weight;
	int64_t instances; /* 0: as many as there are */
};
struct variant_wishes {
	struct variant_wish items[VARIANTS_MAX];
	size_t n;
};
void variant_wishes_done(struct variant_wishes *w);
AUTO_EMBEDDED(variant_wishes, struct variant_wishes, variant_wishes_done)

/* What variant i of an endpoint or a configuration has as that member; NULL. Borrowed. */
const char *variant_member(const struct resource *r, int i, const char *name);
/* The words for what is wanted of it now. */
void variants_text(const struct resource *endpoint, struct buf *out);
/* ERR_USAGE names the word that is not right, or the variants that there are; ERR_INVALID of an
 * endpoint that takes no change now. */
int variants_parse(const struct resource *endpoint, const char *text, struct variant_wishes *ret,
		   struct err *err) NODISCARD;
/* Dollars an hour of its instances, with those that are wished for (NULL: as it is); USD_UNKNOWN.
 * The types are the configuration's that the session has. */
int64_t variants_rate_micro(const struct resource *endpoint, const struct session *s,
			    const struct variant_wishes *wishes);

#endif
