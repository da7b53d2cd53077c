/* serve_peers.h - the connections of `serve`, and what becomes of the slow ones.
 *
 * The library only ends a connection on which nothing at all happens, so that a client
 * which sends a byte now and then would keep its place for ever. Here a request, from
 * its first byte to the last of its body, and an answer until it has been taken, have
 * so much time each: the patience, and a second more for every PEER_BYTES_A_SECOND
 * bytes that have come through. Between requests only the library's limit holds. Where
 * nearly all places are taken, a tenth of the patience has to do, and who asks nothing
 * goes after half a second.
 */
#ifndef SAGETOP_TRAINER_SERVE_PEERS_H
#define SAGETOP_TRAINER_SERVE_PEERS_H

#include <pthread.h>

#include "base/mem.h"

#define PEER_BYTES_A_SECOND 65536

enum peer_phase { PEER_IDLE, PEER_SENDS, PEER_WAITS, PEER_TAKES };

struct peers {
	pthread_mutex_t lock;
	struct peer *first;
	size_t n, most;
};

struct peer;
struct peer *peers_add(struct peers *p, int fd);
/* Before the socket is closed. */
void peers_remove(struct peers *p, struct peer *peer);

/* Only the thread that has the connection. */
void peer_enter(struct peer *peer, enum peer_phase phase);
/* So many bytes of the body have come so far. */
void peer_received(struct peer *peer, size_t bytes);

/* Every now and then: cut off those whose time is over. */
void peers_watch(struct peers *p, int64_t patience_ms);

#endif
