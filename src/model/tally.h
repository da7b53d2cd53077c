/* tally.h - how often each text of a stream occurs, and how many there are, in bounded
 * memory.
 *
 * Up to TALLY_MAX different texts (and TALLY_BYTES of them) are counted exactly. Beyond,
 * those that are known are counted on, and how many there are in all is an estimate
 * (HyperLogLog, standard error TALLY_ERROR).
 */
#ifndef SAGETOP_MODEL_TALLY_H
#define SAGETOP_MODEL_TALLY_H

#include "base/map.h"

#define TALLY_MAX 16384
#define TALLY_BYTES ((size_t)4 << 20)
#define TALLY_ERROR 0.017

struct tally {
	struct map counts; /* text -> its count, in the pointer itself, plus one */
	size_t n;	   /* texts with a count */
	size_t bytes;
	uint8_t *registers; /* NULL: all is exact */
};
void tally_done(struct tally *t);
AUTO_EMBEDDED(tally, struct tally, tally_done)

/* budget: bytes that may still be kept, shared by several tallies; what is kept is taken
 * off. */
void tally_add(struct tally *t, const char *text, size_t *budget);
/* Count this text for sure, whatever comes before it. */
void tally_expect(struct tally *t, const char *text);

bool tally_is_exact(const struct tally *t);
size_t tally_distinct(const struct tally *t);
size_t tally_count(const struct tally *t, const char *text);

/* The texts with their counts, the most frequent first, then in byte order; owned by the
 * caller, the texts borrowed. */
struct tally_row {
	const char *text;
	size_t count;
};
struct tally_row *tally_rows(const struct tally *t, size_t *ret_n) NODISCARD;

#endif
