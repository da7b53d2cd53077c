#include "trainer/parallel.h"

#include <pthread.h>

#define PARALLEL_MAX_THREADS 256

struct parallel_work {
	size_t n, next;
	void (*fn)(void *context, size_t i);
	void *context;
};

static void *parallel_run(void *arg)
{
	struct parallel_work *w = arg;
	size_t i;

	while ((i = __atomic_fetch_add(&w->next, 1, __ATOMIC_RELAXED)) < w->n)
		w->fn(w->context, i);
	return NULL;
}

void parallel_for(size_t n, int threads, void (*fn)(void *context, size_t i), void *context)
{
	struct parallel_work work = {.n = n, .fn = fn, .context = context};
	pthread_t started[PARALLEL_MAX_THREADS];
	size_t wanted = threads > 1 ? (size_t)threads - 1 : 0, running = 0;

	wanted = MIN(wanted, n ? n - 1 : 0);
	wanted = MIN(wanted, ARRAY_LEN(started));
	while (running < wanted && !pthread_create(&started[running], NULL, parallel_run, &work))
		running++;
	parallel_run(&work);
	while (running)
		pthread_join(started[--running], NULL);
}
