/* price_offer.h - an offer file of the price list (index.json or index.csv), read as it
 * streams by: hundreds of megabytes in a few of memory.
 *
 * Pieces of any size go in; what is kept is one small entry for each product that is a
 * price of instances (price_product.h), in the regions that are wanted. A file that ends
 * in the middle, is of another service, or has no price that we can use is an error, and
 * nothing of it may be used then.
 */
#ifndef SAGETOP_AWS_PRICE_OFFER_H
#define SAGETOP_AWS_PRICE_OFFER_H

#include "aws/price_product.h"

struct price_offer;

/* what: the file's name, for messages. regions: those that are wanted, borrowed; none: all. */
struct price_offer *price_offer_new(const char *what, const struct strlist *regions) NODISCARD;
void price_offer_free(struct price_offer *o);
AUTO_POINTER(price_offer, struct price_offer, price_offer_free)

/* Where the next piece may be put, and how much; NULL where the file is none. Then filled
 * says how much was: nothing is copied in between. */
char *price_offer_room(struct price_offer *o, size_t *ret_n) NODISCARD;
int price_offer_filled(struct price_offer *o, size_t n, struct err *err) NODISCARD;
/* The next piece. ERR_PARSE names line or place; ERR_INVALID: another service. */
int price_offer_feed(struct price_offer *o, const void *data, size_t n, struct err *err) NODISCARD;
/* After the last one; ERR_PARSE where the file is cut off, ERR_NOTFOUND without a usable
 * price (the message counts what there was instead). */
int price_offer_end(struct price_offer *o, struct err *err) NODISCARD;

/* Once it has ended: how many entries, from 0 on, by region, type and component. */
size_t price_offer_count(const struct price_offer *o);
/* False where that entry has no price. Texts of *ret are borrowed from o. */
bool price_offer_row(const struct price_offer *o, size_t i, struct price *ret);
/* How many products were left out for that reason. */
size_t price_offer_left_out(const struct price_offer *o, enum price_verdict v);
/* "2026-11-13"; "" before it was seen. Borrowed. */
const char *price_offer_published(const struct price_offer *o);

#endif
