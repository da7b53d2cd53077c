#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "trainer/tracker_ring.h"

static bool get_bytes(int fd, void *out, size_t n)
{
	for (size_t got = 0; got < n;) {
		ssize_t k = recv(fd, (char *)out + got, n - got, 0);
		if (k <= 0)
			return false;
		got += (size_t)k;
	}
	return true;
}

static bool get_int(int fd, int32_t *ret)
{
	return get_bytes(fd, ret, sizeof(*ret));
}

/* A string is its length and its bytes; longer than ours can hold is nonsense. */
static bool get_string(int fd, char *out, size_t size)
{
	int32_t n;
	if (!get_int(fd, &n) || n < 0 || (size_t)n >= size || !get_bytes(fd, out, (size_t)n))
		return false;
	out[n] = '\0';
	return true;
}

static bool put_int(int fd, int32_t value)
{
	return send(fd, &value, sizeof(value), MSG_NOSIGNAL) == sizeof(value);
}

static bool put_string(int fd, const char *s)
{
	size_t n = strlen(s);
	return put_int(fd, (int32_t)n) && send(fd, s, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* --- requests --------------------------------------------------------------------- */

static char *peer_address(int fd)
{
	struct sockaddr_storage a;
	socklen_t n = sizeof(a);
	char host[NI_MAXHOST];
	if (getpeername(fd, (struct sockaddr *)&a, &n) ||
	    getnameinfo((struct sockaddr *)&a, n, host, sizeof(host), NULL, 0, NI_NUMERICHOST))
		return xstrdup("127.0.0.1");
	/* An IPv4 peer on an IPv6 socket: workers connect by IPv4. */
	return xstrdup(str_starts(host, "::ffff:") ? host + 7 : host);
}

enum ring_command ring_request(int fd, struct ring_worker *ret)
{
	char command[32], text[4096];
	int32_t rank, world;
	*ret = (struct ring_worker){.fd = fd, .rank = -1};
	if (!put_int(fd, RING_MAGIC) || !get_int(fd, &rank) || !get_int(fd, &world) ||
	    !get_string(fd, ret->task, sizeof(ret->task)) || !get_string(fd, command, sizeof(command))) {
		close(fd);
		return RING_BROKEN;
	}
	if (str_eq(command, "start")) {
		ret->host = peer_address(fd);
		return RING_START;
	}
	bool print = str_eq(command, "print"), shutdown_ = str_eq(command, "shutdown");
	if (print && get_string(fd, text, sizeof(text)))
		printf("%s\n", str_trim(text));
	close(fd);
	return print ? RING_PRINT : shutdown_ ? RING_SHUTDOWN : RING_BROKEN;
}

/* --- neighbours --------------------------------------------------------------------- */

/* The tree is a heap over the ranks, the ring runs through them in order. */
static int tree_neighbours(int rank, int n, int out[3])
{
	int count = 0;
	if (rank > 0)
		out[count++] = (rank + 1) / 2 - 1;
	for (int child = 2 * rank + 1; child <= 2 * rank + 2; child++)
		if (child < n)
			out[count++] = child;
	return count;
}

static bool contains(const int *list, int n, int value)
{
	for (int i = 0; i < n; i++)
		if (list[i] == value)
			return true;
	return false;
}

static bool send_place(const struct ring_worker *w, int n, int links[5], int *n_links)
{
	int tree[3], count = tree_neighbours(w->rank, n, tree);
	int before = (w->rank + n - 1) % n, after = (w->rank + 1) % n;
	bool good = put_int(w->fd, w->rank) && put_int(w->fd, w->rank ? (w->rank + 1) / 2 - 1 : -1) &&
		    put_int(w->fd, n) && put_int(w->fd, count);
	*n_links = 0;
	for (int i = 0; i < count; i++) {
		good = good && put_int(w->fd, tree[i]);
		links[(*n_links)++] = tree[i];
	}
	int ring[2] = {before, after};
	for (int i = 0; i < 2; i++) {
		good = good && put_int(w->fd, ring[i] == w->rank ? -1 : ring[i]);
		if (ring[i] != w->rank && !contains(links, *n_links, ring[i]))
			links[(*n_links)++] = ring[i];
	}
	return good;
}

/* Tell w which of its links are listening already, until it has them all. Those
 * that come later will connect to w. */
static bool connect_links(struct ring_worker *workers, struct ring_worker *w, const int *links, int n_links)
{
	for (int attempt = 0; attempt < 64; attempt++) {
		int32_t n_good, rank, errors, port;
		int have[RING_WORKERS_MAX], n_have = 0, ready[5], n_ready = 0, missing = 0;
		if (!get_int(w->fd, &n_good) || n_good < 0 || n_good > 5)
			return false;
		for (int i = 0; i < n_good; i++) {
			if (!get_int(w->fd, &rank))
				return false;
			have[n_have++] = rank;
		}
		for (int i = 0; i < n_links; i++) {
			if (contains(have, n_have, links[i]))
				continue;
			missing++;
			if (workers[links[i]].waits > 0)
				ready[n_ready++] = links[i];
		}
		if (!put_int(w->fd, n_ready) || !put_int(w->fd, missing - n_ready))
			return false;
		for (int i = 0; i < n_ready; i++)
			if (!put_string(w->fd, workers[ready[i]].host) || !put_int(w->fd, workers[ready[i]].port) ||
			    !put_int(w->fd, ready[i]))
				return false;
		if (!get_int(w->fd, &errors))
			return false;
		if (errors)
			continue;
		if (!get_int(w->fd, &port))
			return false;
		w->port = port;
		for (int i = 0; i < n_ready; i++)
			workers[ready[i]].waits--;
		w->waits = missing - n_ready;
		return true;
	}
	return false;
}

static int compare_tasks(const void *a, const void *b)
{
	return strcmp(((const struct ring_worker *)a)->task, ((const struct ring_worker *)b)->task);
}

int ring_assign(struct ring_worker *workers, int n, struct err *err)
{
	int rc = 0;
	qsort(workers, (size_t)n, sizeof(*workers), compare_tasks);
	for (int i = 0; i < n; i++) {
		workers[i].rank = i;
		workers[i].waits = 0;
	}
	for (int i = 0; i < n && !rc; i++) {
		int links[5], n_links = 0;
		if (!send_place(&workers[i], n, links, &n_links) ||
		    !connect_links(workers, &workers[i], links, n_links))
			rc = err_set(err, ERR_NET, "host %s broke off while the hosts were being connected",
				     workers[i].host);
	}
	for (int i = 0; i < n; i++)
		fd_close(&workers[i].fd);
	return rc;
}
