/* Clients that take too long. */
#include "trainer/serve/serve_peers.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/clock.h"

#define PEER_CROWDED_IDLE_MS 500

/* The connection's thread writes the first part and the watch reads it: relaxed atomics,
 * as a glance that is a moment old does no harm. */
struct peer {
	int phase;
	int64_t since_ms;
	size_t bytes, requests;
	/* under the lock of the list */
	struct peer *next, **place;
	int fd;
	size_t seen_requests;
	int seen_phase;
	uint64_t seen_in, seen_out;
	int64_t head_since_ms; /* when a request's head was seen to arrive; 0: not */
};

struct peer *peers_add(struct peers *p, int fd)
{
	struct peer *peer = NEW(struct peer);

	peer->fd = fd;
	peer->since_ms = clock_mono_ms();
	peer->seen_requests = SIZE_MAX;
	pthread_mutex_lock(&p->lock);
	peer->next = p->first;
	peer->place = &p->first;
	if (peer->next)
		peer->next->place = &peer->next;
	p->first = peer;
	p->n++;
	pthread_mutex_unlock(&p->lock);
	return peer;
}

void peers_remove(struct peers *p, struct peer *peer)
{
	if (!peer)
		return;
	pthread_mutex_lock(&p->lock);
	*peer->place = peer->next;
	if (peer->next)
		peer->next->place = peer->place;
	p->n--;
	pthread_mutex_unlock(&p->lock);
	free(peer);
}

void peer_enter(struct peer *peer, enum peer_phase phase)
{
	if (!peer)
		return;
	if (phase == PEER_SENDS)
		__atomic_store_n(&peer->requests, peer->requests + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&peer->bytes, (size_t)0, __ATOMIC_RELAXED);
	__atomic_store_n(&peer->since_ms, clock_mono_ms(), __ATOMIC_RELAXED);
	__atomic_store_n(&peer->phase, (int)phase, __ATOMIC_RELEASE);
}

void peer_received(struct peer *peer, size_t bytes)
{
	if (peer)
		__atomic_store_n(&peer->bytes, bytes, __ATOMIC_RELAXED);
}

/* What the client has sent and taken since it connected, in bytes; 0 where the system does
 * not say. */
static void peer_progress(int fd, uint64_t *in, uint64_t *out)
{
	struct tcp_info info = {0};
	socklen_t n = sizeof(info);

	(void)getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n);
	*in = info.tcpi_bytes_received;
	*out = info.tcpi_bytes_acked;
}

static bool peer_late(struct peer *p, int64_t now_ms, int64_t patience_ms, bool crowded)
{
	int phase = __atomic_load_n(&p->phase, __ATOMIC_ACQUIRE);
	size_t requests = __atomic_load_n(&p->requests, __ATOMIC_RELAXED);
	int64_t for_ms = now_ms - __atomic_load_n(&p->since_ms, __ATOMIC_RELAXED);
	uint64_t in, out, bytes;

	if (phase == PEER_WAITS)
		return false; /* for us */
	peer_progress(p->fd, &in, &out);
	if (p->seen_requests != requests || p->seen_phase != phase) {
		p->seen_requests = requests;
		p->seen_phase = phase;
		p->seen_in = in;
		p->seen_out = out;
		p->head_since_ms = 0;
	}
	if (phase == PEER_IDLE) {
		if (in > p->seen_in && !p->head_since_ms)
			p->head_since_ms = now_ms;
		return (p->head_since_ms && now_ms - p->head_since_ms > patience_ms) ||
		       (crowded && for_ms > PEER_CROWDED_IDLE_MS);
	}
	bytes = phase == PEER_TAKES ? out - p->seen_out : __atomic_load_n(&p->bytes, __ATOMIC_RELAXED);
	return for_ms > patience_ms + (int64_t)(bytes * 1000 / PEER_BYTES_A_SECOND);
}

void peers_watch(struct peers *p, int64_t patience_ms)
{
	int64_t now_ms = clock_mono_ms();
	bool crowded;

	pthread_mutex_lock(&p->lock);
	crowded = p->n >= p->most - p->most / 8;
	if (crowded)
		patience_ms /= 10;
	for (struct peer *peer = p->first; peer; peer = peer->next)
		if (peer_late(peer, now_ms, patience_ms, crowded))
			shutdown(peer->fd, SHUT_RDWR); /* its thread sees the end and closes it */
	pthread_mutex_unlock(&p->lock);
}
