/* Threads for large requests. */
#include "trainer/serve/serve_pool.h"

#include <pthread.h>

#include "base/mem.h"

struct serve_pool {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct serve_job *first, **last; /* where the next one goes */
	bool stopping;
	pthread_t *threads;
	int n;
};

static void *pool_main(void *arg)
{
	struct serve_pool *p = arg;

	for (;;) {
		struct serve_job *job;

		pthread_mutex_lock(&p->lock);
		while (!p->first && !p->stopping)
			pthread_cond_wait(&p->more, &p->lock);
		job = p->first;
		if (job) {
			p->first = job->next;
			if (!p->first)
				p->last = &p->first;
		}
		pthread_mutex_unlock(&p->lock);
		if (!job)
			return NULL;
		job->run(job->context);
	}
}

int serve_pool_start(int threads, struct serve_pool **ret, struct err *err)
{
	struct serve_pool *p = NEW(struct serve_pool);

	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->more, NULL);
	p->last = &p->first;
	p->threads = xcalloc((size_t)threads, sizeof(*p->threads));
	while (p->n < threads && !pthread_create(&p->threads[p->n], NULL, pool_main, p))
		p->n++;
	if (!p->n) {
		serve_pool_free(p);
		return err_set(err, ERR_IO, "no thread can be started");
	}
	*ret = p;
	return 0;
}

bool serve_pool_put(struct serve_pool *p, struct serve_job *job)
{
	bool taken;

	job->next = NULL;
	pthread_mutex_lock(&p->lock);
	taken = !p->stopping;
	if (taken) {
		*p->last = job;
		p->last = &job->next;
	}
	pthread_mutex_unlock(&p->lock);
	pthread_cond_signal(&p->more);
	return taken;
}

void serve_pool_stop(struct serve_pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	pthread_mutex_unlock(&p->lock);
	pthread_cond_broadcast(&p->more);
	while (p->n)
		pthread_join(p->threads[--p->n], NULL);
}

void serve_pool_free(struct serve_pool *p)
{
	if (!p)
		return;
	serve_pool_stop(p);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->more);
	free(p->threads);
	free(p);
}
