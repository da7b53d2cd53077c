/* Pieces of work spread over threads. */
#include "trainer/read/parallel.h"

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

/* --- a team ------------------------------------------------------------------------- */

#define TEAM_SPINS 2000 /* some ten microseconds */

struct team {
	int size;
	pthread_t *threads; /* size - 1 */
	pthread_mutex_t lock;
	pthread_cond_t wake, done;
	unsigned piece; /* grows with each piece of work */
	int working;	/* members that have not finished it */
	bool ended;
	void (*fn)(void *context, int member);
	void *context;
};

struct team_member {
	struct team *team;
	int number;
};

static void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

/* The piece after `seen`, or 0 pieces more: false at the end of the team. */
static bool await_piece(struct team *t, unsigned seen)
{
	for (int i = 0; i < TEAM_SPINS; i++) {
		if (__atomic_load_n(&t->piece, __ATOMIC_ACQUIRE) != seen)
			break;
		pause_briefly();
	}
	pthread_mutex_lock(&t->lock);
	while (t->piece == seen && !t->ended)
		pthread_cond_wait(&t->wake, &t->lock);
	bool more = t->piece != seen;
	pthread_mutex_unlock(&t->lock);
	return more;
}

static void *team_member_run(void *arg)
{
	struct team_member me = *(struct team_member *)arg;
	struct team *t = me.team;

	free(arg);
	for (unsigned seen = 0; await_piece(t, seen); seen++) {
		t->fn(t->context, me.number);
		pthread_mutex_lock(&t->lock);
		if (!__atomic_sub_fetch(&t->working, 1, __ATOMIC_RELEASE))
			pthread_cond_signal(&t->done);
		pthread_mutex_unlock(&t->lock);
	}
	return NULL;
}

struct team *team_new(int threads)
{
	struct team *t = NEW(struct team);
	int wanted = MIN(MAX(threads, 1), PARALLEL_MAX_THREADS);

	t->threads = xcalloc((size_t)wanted, sizeof(*t->threads));
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->wake, NULL);
	pthread_cond_init(&t->done, NULL);
	for (t->size = 1; t->size < wanted; t->size++) {
		struct team_member *m = NEW(struct team_member);
		*m = (struct team_member){t, t->size};
		if (pthread_create(&t->threads[t->size - 1], NULL, team_member_run, m)) {
			free(m);
			break;
		}
	}
	return t;
}

void team_free(struct team *t)
{
	if (!t)
		return;
	pthread_mutex_lock(&t->lock);
	t->ended = true;
	pthread_cond_broadcast(&t->wake);
	pthread_mutex_unlock(&t->lock);
	for (int i = 0; i + 1 < t->size; i++)
		pthread_join(t->threads[i], NULL);
	pthread_mutex_destroy(&t->lock);
	pthread_cond_destroy(&t->wake);
	pthread_cond_destroy(&t->done);
	free(t->threads);
	free(t);
}

int team_size(const struct team *t)
{
	return t->size;
}

void team_run(struct team *t, void (*fn)(void *context, int member), void *context)
{
	if (t->size > 1) {
		pthread_mutex_lock(&t->lock);
		t->fn = fn;
		t->context = context;
		t->working = t->size - 1;
		__atomic_add_fetch(&t->piece, 1, __ATOMIC_RELEASE);
		pthread_cond_broadcast(&t->wake);
		pthread_mutex_unlock(&t->lock);
	}
	fn(context, 0);
	if (t->size == 1)
		return;
	for (int i = 0; i < TEAM_SPINS && __atomic_load_n(&t->working, __ATOMIC_ACQUIRE); i++)
		pause_briefly();
	pthread_mutex_lock(&t->lock);
	while (__atomic_load_n(&t->working, __ATOMIC_ACQUIRE))
		pthread_cond_wait(&t->done, &t->lock);
	pthread_mutex_unlock(&t->lock);
}

static void team_take(void *context, int member)
{
	(void)parallel_run(context);
}

void team_for(struct team *t, size_t n, void (*fn)(void *context, size_t i), void *context)
{
	struct parallel_work work = {.n = n, .fn = fn, .context = context};

	team_run(t, team_take, &work);
}
