/* price_product.h - one product of the price list with one of its prices, as texts, and
 * what becomes of it: a row of the price table, or a reason why not.
 *
 * GetProducts, the JSON offer file and the CSV one all fill this struct, so that what is
 * no price of an instance-hour is left out everywhere by the same words: what is free
 * (TrainDebugFreeTier), serverless, a training plan's fee, in another unit, currency or
 * of another service. Descriptions are never read. Pure.
 */
#ifndef SAGETOP_AWS_PRICE_PRODUCT_H
#define SAGETOP_AWS_PRICE_PRODUCT_H

#include "model/price.h"

enum price_verdict {
	PRICE_TAKEN = 0,
	PRICE_OF_OTHER_SERVICE,
	PRICE_NOT_ON_DEMAND,
	PRICE_NOT_OF_INSTANCES, /* neither an instance-hour nor a volume's GB-month */
	PRICE_FREE,
	PRICE_IN_OTHER_UNIT,
	PRICE_IN_OTHER_CURRENCY,
	PRICE_VERDICT_COUNT
};
/* "in another currency" */
const char *price_verdict_words(enum price_verdict v);

/* Borrowed texts; NULL or "" where the product does not say. */
struct price_product {
	const char *service, *family, *name, *region, *component, *platform, *usage, *vcpu, *memory, *gpu;
};
struct price_rate {
	const char *unit;
	const char *usd; /* NULL: in another currency only */
};

/* What the product alone says. */
enum price_verdict price_product_judge(const struct price_product *p);
/* Whether it is priced by the GB-month: of a volume. */
bool price_product_is_volume(const struct price_product *p);
/* The price, in micro-dollars, of an hour or of a GB-month. */
enum price_verdict price_rate_judge(const struct price_rate *r, bool volume, int64_t *ret_micro);
/* Type and component as the table has them: buf holds 64 bytes. */
const char *price_product_type(const struct price_product *p);
char *price_product_component(const struct price_product *p, char *buf);
struct instance_spec price_product_spec(const struct price_product *p);

/* "1.4080000000" -> 1408000 micro-dollars, rounded; false for anything else. */
bool pricing_parse_usd(const char *text, int64_t *ret_micro);

#endif
