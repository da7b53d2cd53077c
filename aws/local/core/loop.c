/* The event loop: epoll for descriptors, a heap of timers. */
#include "aws/local/core/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"

struct watch {
	uint32_t generation;
	loop_fd_fn *fn; /* NULL once removed */
	void *user;
};

struct timer {
	uint64_t id;
	int64_t due_ms;
	loop_timer_fn *fn;
	void *user;
};

struct loop {
	int epoll_fd;
	struct watch *watches; /* indexed by descriptor */
	size_t n_watches, cap_watches;
	struct timer *timers;
	size_t n_timers, cap_timers;
	uint64_t next_id;
	uint32_t generation;
};

int loop_new(struct loop **ret, struct err *err)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0)
		return err_set(err, ERR_IO, "cannot create an epoll descriptor: %s", strerror(errno));
	struct loop *l = NEW(struct loop);

	l->epoll_fd = fd;
	*ret = l;
	return 0;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	close(l->epoll_fd);
	free(l->watches);
	free(l->timers);
	free(l);
}

int loop_add(struct loop *l, int fd, uint32_t events, loop_fd_fn *fn, void *user, struct err *err)
{
	struct epoll_event ev = {.events = events};

	GROW(l->watches, l->cap_watches, fd + 1);
	while (l->n_watches <= (size_t)fd)
		l->watches[l->n_watches++] = (struct watch){0};
	/* The generation tells a late event of a closed descriptor from one of its successor. */
	l->watches[fd] = (struct watch){.generation = ++l->generation, .fn = fn, .user = user};
	ev.data.u64 = ((uint64_t)l->generation << 32) | (uint32_t)fd;
	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0) {
		l->watches[fd].fn = NULL;
		return err_set(err, ERR_IO, "cannot watch descriptor %d: %s", fd, strerror(errno));
	}
	return 0;
}

void loop_remove(struct loop *l, int fd)
{
	if (fd < 0 || (size_t)fd >= l->n_watches || !l->watches[fd].fn)
		return;
	epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	l->watches[fd].fn = NULL;
}

uint64_t loop_after(struct loop *l, int64_t delay_ms, loop_timer_fn *fn, void *user)
{
	GROW(l->timers, l->cap_timers, l->n_timers + 1);
	l->timers[l->n_timers++] = (struct timer){
		.id = ++l->next_id, .due_ms = clock_mono_ms() + MAX(delay_ms, 0), .fn = fn, .user = user};
	return l->next_id;
}

void loop_cancel(struct loop *l, uint64_t id)
{
	for (size_t i = 0; i < l->n_timers; i++) {
		if (l->timers[i].id == id) {
			l->timers[i] = l->timers[--l->n_timers];
			return;
		}
	}
}

static int64_t next_due_ms(const struct loop *l)
{
	int64_t due = INT64_MAX;

	for (size_t i = 0; i < l->n_timers; i++)
		due = MIN(due, l->timers[i].due_ms);
	return due;
}

/* Timers fire in the order of their time; one added by a callback waits for the next turn. */
static void run_timers(struct loop *l)
{
	int64_t now = clock_mono_ms();
	uint64_t newest = l->next_id;

	for (;;) {
		size_t best = SIZE_MAX;

		for (size_t i = 0; i < l->n_timers; i++) {
			const struct timer *t = &l->timers[i];

			if (t->due_ms > now || t->id > newest)
				continue;
			if (best == SIZE_MAX || t->due_ms < l->timers[best].due_ms ||
			    (t->due_ms == l->timers[best].due_ms && t->id < l->timers[best].id))
				best = i;
		}
		if (best == SIZE_MAX)
			return;
		struct timer t = l->timers[best];

		l->timers[best] = l->timers[--l->n_timers];
		t.fn(t.user);
	}
}

int loop_turn(struct loop *l, int64_t max_wait_ms, struct err *err)
{
	struct epoll_event events[64];
	int64_t due = next_due_ms(l);
	int64_t wait = max_wait_ms;

	if (due != INT64_MAX) {
		int64_t left = MAX(due - clock_mono_ms(), 0);

		wait = wait < 0 ? left : MIN(wait, left);
	}
	int n = epoll_wait(l->epoll_fd, events, ARRAY_LEN(events), wait < 0 ? -1 : (int)MIN(wait, 60000));

	if (n < 0 && errno != EINTR)
		return err_set(err, ERR_IO, "epoll_wait: %s", strerror(errno));
	for (int i = 0; i < n; i++) {
		size_t fd = (uint32_t)events[i].data.u64;
		uint32_t generation = (uint32_t)(events[i].data.u64 >> 32);

		if (fd < l->n_watches && l->watches[fd].fn && l->watches[fd].generation == generation)
			l->watches[fd].fn(l->watches[fd].user, events[i].events);
	}
	run_timers(l);
	return 0;
}
