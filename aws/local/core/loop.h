/* loop.h - the engine's one loop: descriptors and timers, one thread.
 *
 * Callbacks run from loop_turn, never from within the call that registered
 * them, and may add or remove anything. Times are monotonic milliseconds.
 */
#ifndef SAGETOP_LOCAL_LOOP_H
#define SAGETOP_LOCAL_LOOP_H

#include "base/mem.h"

struct loop;
typedef void loop_fd_fn(void *user, uint32_t events); /* epoll's */
typedef void loop_timer_fn(void *user);

int loop_new(struct loop **ret, struct err *err) NODISCARD;
void loop_free(struct loop *l);

/* events as epoll(7). The descriptor stays the caller's: remove, then close. */
int loop_add(struct loop *l, int fd, uint32_t events, loop_fd_fn *fn, void *user, struct err *err) NODISCARD;
void loop_remove(struct loop *l, int fd);

/* Call fn once, delay_ms from now. Returns an id that is never 0. */
uint64_t loop_after(struct loop *l, int64_t delay_ms, loop_timer_fn *fn, void *user);
void loop_cancel(struct loop *l, uint64_t id); /* 0 and ids that have fired are fine */

/* Wait at most max_wait_ms (-1: for ever) for one batch of events, then run what is due. */
int loop_turn(struct loop *l, int64_t max_wait_ms, struct err *err) NODISCARD;

#endif
