/* Threads for work on large files, and their results back on the loop. */
#include "aws/local/core/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define WORKER_MAX 2

struct task {
	worker_fn *work, *done;
	void *user;
	struct task *next;
};

struct worker {
	struct loop *loop;
	int event_fd;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t threads[WORKER_MAX];
	struct task *waiting, **waiting_tail;
	struct task *finished;
	bool stopping;
};

static void *thread_main(void *user)
{
	struct worker *w = user;
	uint64_t one = 1;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (!w->waiting && !w->stopping)
			pthread_cond_wait(&w->wake, &w->lock);
		if (!w->waiting)
			break; /* stopping, and nothing is left */
		struct task *t = w->waiting;

		w->waiting = t->next;
		if (!w->waiting)
			w->waiting_tail = &w->waiting;
		pthread_mutex_unlock(&w->lock);
		t->work(t->user);
		pthread_mutex_lock(&w->lock);
		t->next = w->finished;
		w->finished = t;
		if (write(w->event_fd, &one, sizeof(one)) < 0) {
			/* Only a full counter fails, and then the loop is awake anyway. */
		}
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void on_event(void *user, uint32_t events)
{
	struct worker *w = user;
	uint64_t count;

	if (read(w->event_fd, &count, sizeof(count)) < 0)
		return;
	pthread_mutex_lock(&w->lock);
	struct task *list = w->finished;

	w->finished = NULL;
	pthread_mutex_unlock(&w->lock);
	while (list) {
		struct task *t = list;

		list = t->next;
		t->done(t->user);
		free(t);
	}
}

int worker_new(struct loop *l, struct worker **ret, struct err *err)
{
	struct worker *w = NEW(struct worker);
	sigset_t all, old;

	w->loop = l;
	w->waiting_tail = &w->waiting;
	w->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (size_t i = 0; i < WORKER_MAX; i++) {
		if (pthread_create(&w->threads[i], NULL, thread_main, w) != 0)
			abort();
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	*ret = w;
	return loop_add(l, w->event_fd, EPOLLIN, on_event, w, err);
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_broadcast(&w->wake);
	pthread_mutex_unlock(&w->lock);
	for (size_t i = 0; i < WORKER_MAX; i++)
		pthread_join(w->threads[i], NULL);
	on_event(w, 0);
	loop_remove(w->loop, w->event_fd);
	close(w->event_fd);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void worker_run(struct worker *w, worker_fn *work, worker_fn *done, void *task)
{
	struct task *t = NEW(struct task);

	*t = (struct task){.work = work, .done = done, .user = task};
	pthread_mutex_lock(&w->lock);
	*w->waiting_tail = t;
	w->waiting_tail = &t->next;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}
