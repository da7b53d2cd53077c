/* csv.h - a CSV record's fields, one by one: quotes resolved, RFC 4180. */
#ifndef SAGETOP_BASE_CSV_H
#define SAGETOP_BASE_CSV_H

#include "base/buf.h"

/* One field of a record, from p up to its comma or the record's end (a newline or
 * `end`, a carriage return before either is dropped), into out, which is emptied
 * first. Returns the comma or the record's end behind it; NULL where a quote is not
 * closed, or something else than a comma follows the closing one. */
const char *csv_field(const char *p, const char *end, struct buf *out) NODISCARD;

/* Append s as one field, in quotes where it needs them. */
void csv_add(struct buf *out, const char *s);

#endif
