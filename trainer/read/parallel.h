/* parallel.h - work on several threads: a loop whose steps are taken in order, and
 * a team of threads that lasts for many short pieces of work. */
#ifndef SAGETOP_TRAINER_PARALLEL_H
#define SAGETOP_TRAINER_PARALLEL_H

#include "base/mem.h"

/* Calls fn(context, i) once for each i < n on up to `threads` threads, the
 * calling one among them, and returns when all are done. Where a thread cannot
 * be started the others do its share. */
void parallel_for(size_t n, int threads, void (*fn)(void *context, size_t i), void *context);

/* The calling thread and threads - 1 others, which wait between the pieces: first
 * for some microseconds awake, then asleep. A team of one costs nothing. */
struct team;
struct team *team_new(int threads);
void team_free(struct team *t);
AUTO_POINTER(team, struct team, team_free)
int team_size(const struct team *t); /* fewer than asked for where threads could not be started */

/* fn(context, member) on every member, 0 .. size - 1, at once; returns when all are done. */
void team_run(struct team *t, void (*fn)(void *context, int member), void *context);
/* As parallel_for, on the team. */
void team_for(struct team *t, size_t n, void (*fn)(void *context, size_t i), void *context);

#endif
