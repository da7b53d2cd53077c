/* worker.h - file work that would hold up the loop, in a thread of its own.
 *
 * A task is a struct of plain paths: the thread sees nothing else. When it has
 * ended, done runs on the loop. */
#ifndef SAGETOP_LOCAL_WORKER_H
#define SAGETOP_LOCAL_WORKER_H

#include "aws/local/core/loop.h"

struct worker;
typedef void worker_fn(void *task);

int worker_new(struct loop *l, struct worker **ret, struct err *err) NODISCARD;
void worker_free(struct worker *w); /* after the tasks under way and waiting; their done runs */
/* At most WORKER_MAX tasks at a time; more wait. */
void worker_run(struct worker *w, worker_fn *work, worker_fn *done, void *task);

#endif
