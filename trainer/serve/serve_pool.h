/* serve_pool.h - threads for the requests that take long, so that those which
 * answer the network never wait for a prediction.
 */
#ifndef SAGETOP_TRAINER_SERVE_POOL_H
#define SAGETOP_TRAINER_SERVE_POOL_H

#include <stdbool.h>

#include "base/err.h"

/* Part of what is worked on; the pool owns nothing. */
struct serve_job {
	struct serve_job *next;
	void (*run)(void *context);
	void *context;
};

struct serve_pool;
int serve_pool_start(int threads, struct serve_pool **ret, struct err *err) NODISCARD;
/* In order of arrival; false once the pool is being stopped. When run has been called the
 * pool does not look at the job again. */
bool serve_pool_put(struct serve_pool *p, struct serve_job *job) NODISCARD;
/* Take no more; ends when everything that was put has been run. */
void serve_pool_stop(struct serve_pool *p);
void serve_pool_free(struct serve_pool *p); /* stops it too; NULL is fine */

#endif
