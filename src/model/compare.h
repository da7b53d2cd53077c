/* compare.h - things of one kind beside each other: a row for each field and each key of
 * a keyed one (hyperparameters, tags, channels, final metrics), a text for each thing.
 *
 * A row differs where two of the texts differ, once a thing's own name in them is put
 * aside: an output path that ends with it is the same path. Where one value of a metric
 * is the best of the row it is marked. Cold fields must be at hand (an untrimmed thing,
 * or the session's columns). */
#ifndef SAGETOP_MODEL_COMPARE_H
#define SAGETOP_MODEL_COMPARE_H

#include "model/field.h"

struct compare_row {
	char *label;   /* "hp.eta" */
	char **values; /* one for each thing; NULL where it has none */
	bool differs;
	long best; /* index of the best value; -1 where none is better than the others */
};

struct compare {
	struct compare_row *rows;
	size_t n, cap;
	size_t n_things, n_differ;
	struct strlist names; /* what the things are known by, of several scopes PROFILE/REGION:NAME */
};
void compare_done(struct compare *c);
AUTO_EMBEDDED(compare, struct compare, compare_done)

/* things[0] to things[n - 1], all of one kind; *c is replaced. Texts are for people or for
 * programs (field.h). */
void compare_build(struct compare *c, const struct resource *const *things, size_t n, enum field_style style,
		   const struct field_context *x);
/* "row,NAME,NAME..." and a line a row; all: those too that do not differ. */
void compare_csv(const struct compare *c, bool all, struct buf *out);

#endif
