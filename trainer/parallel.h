/* parallel.h - the same function over 0..n-1 on several threads, taken in order. */
#ifndef SAGETOP_TRAINER_PARALLEL_H
#define SAGETOP_TRAINER_PARALLEL_H

#include "base/mem.h"

/* Calls fn(context, i) once for each i < n on up to `threads` threads, the
 * calling one among them, and returns when all are done. Where a thread cannot
 * be started the others do its share. */
void parallel_for(size_t n, int threads, void (*fn)(void *context, size_t i), void *context);

#endif
