/* intern.c - one copy of each text: blocks of bytes, and a hash table of their numbers. */
#include "base/intern.h"

#include "base/map.h"

#define BLOCK_SIZE 65536

struct text {
	uint32_t n;
	char bytes[];
};

static struct {
	struct text **texts; /* by number, which counts from 1 */
	size_t n, cap;
	uint32_t *slots; /* open addressing; 0: free */
	size_t n_slots;	 /* a power of two */
	char **blocks;
	size_t n_blocks, cap_blocks;
	size_t used; /* of the newest block */
} pool;

static uint32_t *find_slot(const void *p, size_t n, uint64_t hash)
{
	for (size_t i = hash & (pool.n_slots - 1);; i = (i + 1) & (pool.n_slots - 1)) {
		uint32_t id = pool.slots[i];

		if (!id || (pool.texts[id]->n == n && memcmp(pool.texts[id]->bytes, p, n) == 0))
			return &pool.slots[i];
	}
}

static void grow_slots(void)
{
	free(pool.slots);
	pool.n_slots = MAX(pool.n_slots * 2, (size_t)256);
	pool.slots = xcalloc(pool.n_slots, sizeof(*pool.slots));
	for (size_t id = 1; id < pool.n; id++) {
		const struct text *t = pool.texts[id];

		*find_slot(t->bytes, t->n, hash_bytes(t->bytes, t->n)) = (uint32_t)id;
	}
}

static struct text *add_text(const void *p, size_t n)
{
	size_t size = (sizeof(struct text) + n + 1 + 3) & ~(size_t)3;

	if (!pool.n_blocks || pool.used + size > BLOCK_SIZE) {
		GROW(pool.blocks, pool.cap_blocks, pool.n_blocks + 1);
		pool.blocks[pool.n_blocks++] = xmalloc(MAX(size, (size_t)BLOCK_SIZE));
		pool.used = 0;
	}
	struct text *t = (struct text *)(void *)(pool.blocks[pool.n_blocks - 1] + pool.used);

	pool.used += size;
	t->n = (uint32_t)n;
	memcpy(t->bytes, p, n);
	t->bytes[n] = '\0';
	return t;
}

uint32_t intern_bytes(const void *p, size_t n)
{
	if (pool.n * 2 >= pool.n_slots)
		grow_slots();
	uint32_t *slot = find_slot(p, n, hash_bytes(p, n));

	if (*slot)
		return *slot;
	pool.n = MAX(pool.n, (size_t)1);
	GROW(pool.texts, pool.cap, pool.n + 1);
	pool.texts[pool.n] = add_text(p, n);
	*slot = (uint32_t)pool.n++;
	return *slot;
}

const char *intern_at(uint32_t id, size_t *ret_n)
{
	if (ret_n)
		*ret_n = pool.texts[id]->n;
	return pool.texts[id]->bytes;
}

const char *intern(const char *s)
{
	return s ? intern_at(intern_bytes(s, strlen(s)), NULL) : NULL;
}
