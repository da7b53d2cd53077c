/* late.h - a library that is opened when it is first needed, so that a run that does
 * not need it spends neither time nor memory on it and on what it brings along.
 *
 * Its calls are one table, NAME.def, a row LATE_CALL(function) each; NAME.h makes a
 * struct of pointers of it, NAME.c fills that struct.
 */
#ifndef SAGETOP_BASE_LATE_H
#define SAGETOP_BASE_LATE_H

#include <stddef.h>

#include "base/err.h"

/* Opens soname and stores its functions, in the order of their names. ERR_IO where
 * it cannot; calls may be filled in part then. */
int late_open(const char *soname, const char *const *names, size_t n, void *calls, struct err *err) NODISCARD;
/* ... where nothing goes on without it: ends the program with a line of cause, as the
 * dynamic linker would. */
void late_require(const char *soname, const char *const *names, size_t n, void *calls);

#endif
