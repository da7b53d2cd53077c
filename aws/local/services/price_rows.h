/* price_rows.h - the shipped table share/prices.csv, as Pricing and Cost Explorer tell of it. */
#ifndef SAGETOP_LOCAL_PRICE_ROWS_H
#define SAGETOP_LOCAL_PRICE_ROWS_H

#include "aws/local/services/ops.h"

/* The table's columns, in their order; the price is dollars an hour as it is written there. */
enum { PRICE_TYPE, PRICE_REGION, PRICE_COMPONENT, PRICE_USD, PRICE_AS_OF, PRICE_GRADE, PRICE_SOURCE, PRICE_COLUMNS };

struct price_row {
	const char *fields[PRICE_COLUMNS]; /* borrowed from the rows' text */
	/* What the table does not have. usage: what stands before the colon of a usage type; NULL: by the component. */
	const char *family, *usage, *platform, *unit, *currency;
};

struct price_rows {
	struct buf text;
	struct price_row *items;
	size_t n, cap;
};

/* 0, or -1 with the fault set where there is no table. */
int price_rows_load(struct call *c, struct price_rows *ret) NODISCARD;
void price_rows_add(struct price_rows *rows, const struct price_row *row);
void price_rows_done(struct price_rows *rows);
AUTO_EMBEDDED(price_rows, struct price_rows, price_rows_done)

#endif
