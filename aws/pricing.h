/* pricing.h - the Price List API's GetProducts for SageMaker (JSON 1.1), as rows
 * of the price table.
 *
 * The API answers in three regions only, for all others; a row is a price per
 * instance-hour, or per GB-month of a volume, in US dollars of one component. What is free, in another unit or
 * another currency is left out: unknown is unknown.
 */
#ifndef SAGETOP_AWS_PRICING_H
#define SAGETOP_AWS_PRICING_H

#include "aws/client.h"
#include "aws/price_product.h"

/* rows are borrowed; next_token is NULL at the end. A page may be empty. */
typedef void pricing_fn(void *user, const struct price *rows, size_t n, const char *next_token, const struct err *err);

/* region: whose prices. instance_type and component may be NULL: all. */
struct aws_request *pricing_get_products(struct aws_client *c, const char *region, const char *instance_type,
					 const char *component, const char *next_token, pricing_fn *fn, void *user);

/* Pure: one string of PriceList. 1 where it is a row, 0 where it is not about an
 * instance-hour, ERR_PARSE where it is malformed. *ret is freed by price_row_done. */
int pricing_parse_product(const char *text, size_t n, struct price *ret, struct err *err) NODISCARD;

#endif
