/* intern.h - texts that many things have in common, kept once for the whole run.
 *
 * For what has few values among very many things (statuses, instance types, names of
 * metrics, hyperparameters): a job then has a pointer in place of a copy. Nothing is let
 * go of before the program ends, so it is not for what differs from thing to thing, as
 * names and reasons do. One thread only. */
#ifndef SAGETOP_BASE_INTERN_H
#define SAGETOP_BASE_INTERN_H

#include "base/mem.h"

const char *intern(const char *s); /* the one copy; NULL gives NULL; never freed */

/* The same for any bytes, by a number that is smaller than a pointer. What intern_at
 * gives is aligned for uint32_t, and a NUL that does not count stands behind it. */
uint32_t intern_bytes(const void *p, size_t n);
const char *intern_at(uint32_t id, size_t *ret_n); /* ret_n may be NULL */

#endif
