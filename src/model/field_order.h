/* field_order.h - many things in the order of one field.
 *
 * The order is that of field_compare, among equals the newer thing first, then the name.
 * It is found by numbers that have the values' order (the bits of a double, the rank among
 * few distinct values, the letters behind what all texts begin with), which a radix sort
 * orders in time that grows with the number of things; only those that share a number are
 * compared. Few things are compared at once.
 */
#ifndef SAGETOP_MODEL_FIELD_ORDER_H
#define SAGETOP_MODEL_FIELD_ORDER_H

#include "model/field.h"

/* What a row that is ordered begins with. */
struct field_row {
	const struct resource *item;
	struct field_value value; /* of the field to order by */
};

/* rows: n of so many bytes each (128 at most), moved to their places. */
void field_order(void *rows, size_t n, size_t size, const struct field *f, bool descending);

#endif
