/* The ring that libxgboost asks the tracker for. */
#include <sys/socket.h>

#include "base/str.h"
#include "trainer/hosts/tracker_ring.h"

/* --- requests --------------------------------------------------------------------- */

struct cursor {
	const char *at;
	size_t left;
	bool broken;
};

static bool take(struct cursor *c, void *out, size_t n)
{
	if (c->left < n)
		return false;
	memcpy(out, c->at, n);
	c->at += n;
	c->left -= n;
	return true;
}

/* A string is its length and its bytes; longer than ours can hold is nonsense. */
static bool take_string(struct cursor *c, char *out, size_t size)
{
	int32_t n;

	if (!take(c, &n, sizeof(n)))
		return false;
	c->broken = n < 0 || (size_t)n >= size;
	if (c->broken || !take(c, out, (size_t)n))
		return false;
	out[n] = '\0';
	return true;
}

enum ring_command ring_parse(const char *bytes, size_t n, char task[RING_TASK_MAX])
{
	struct cursor c = {.at = bytes, .left = n};
	char command[32];
	int32_t rank, world;

	if (!take(&c, &rank, sizeof(rank)) || !take(&c, &world, sizeof(world)) ||
	    !take_string(&c, task, RING_TASK_MAX) || !take_string(&c, command, sizeof(command)))
		return c.broken ? RING_BROKEN : RING_MORE;
	return str_eq(command, "start") ? RING_START : RING_OTHER;
}

/* --- talking ------------------------------------------------------------------------ */

static bool get_int(int fd, int32_t *ret)
{
	return recv(fd, ret, sizeof(*ret), MSG_WAITALL) == sizeof(*ret);
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
			rc = err_set(err, ERR_NET, "host %s is lost: it broke off while the hosts were being connected",
				     workers[i].name);
	}
	return rc;
}
