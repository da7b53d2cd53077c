/* field_order.h - many things in the order of one field, in as many turns as it takes.
 *
 * The order is that of field_compare, among equals the newer thing first, then the name.
 * It is found by numbers that have the values' order (the bits of a double, the rank among
 * few distinct values, the letters behind what all texts begin with), which a radix sort
 * orders in time that grows with the number of things; those that share a number are
 * compared. A turn ends when its time is over, and the next one goes on from there.
 */
#ifndef SAGETOP_MODEL_FIELD_ORDER_H
#define SAGETOP_MODEL_FIELD_ORDER_H

#include "model/field.h"

#define FIELD_ORDER_AT_ONCE INT64_MAX

struct field_order;

struct field_order *field_order_new(const struct field *f, bool descending) NODISCARD;
void field_order_free(struct field_order *o);
AUTO_POINTER(field_order, struct field_order, field_order_free)
/* Before the first turn. A text in the value must stay until the last one. */
void field_order_add(struct field_order *o, const struct resource *item, const struct field_value *value);
size_t field_order_count(const struct field_order *o);
bool field_order_has_texts(const struct field_order *o); /* borrowed from the things */
/* Goes on until clock_mono_us() says so; true once all are in order. */
bool field_order_turn(struct field_order *o, int64_t until_us);
/* The things in order; the caller's. */
const struct resource **field_order_take(struct field_order *o, size_t *ret_n) NODISCARD;

/* All of it at once, in place. A cold field must be filled before. */
void field_order_sort(struct resource **items, size_t n, const struct field_ref *by, bool descending,
		      const struct field_context *x);

/* Which of two things stands first, by their values. */
int field_order_compare(const struct field *f, bool descending, const struct resource *a, const struct field_value *va,
			const struct resource *b, const struct field_value *vb);

#endif
