/* doubles.h - arrays of numbers. */
#ifndef SAGETOP_BASE_DOUBLES_H
#define SAGETOP_BASE_DOUBLES_H

#include <stddef.h>

/* Ascending; none of them is NaN. */
void doubles_sort(double *values, size_t n);

#endif
