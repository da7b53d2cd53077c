/* intern.c - one copy of each text: blocks of bytes, and a hash table of where they are. */
#include "base/intern.h"

#include "base/map.h"

#define BLOCK_SIZE 65536
#define UNIT sizeof(uint32_t)
#define BLOCK_UNITS (BLOCK_SIZE / UNIT)

struct text {
	uint32_t n;
	char bytes[];
};

static struct {
	uint32_t *slots;      /* open addressing; 0: free */
	size_t n_slots, used; /* a power of two */
	char **blocks;	      /* a text that is longer than one has a block of its own */
	size_t n_blocks, cap_blocks;
	size_t filled; /* bytes of the newest block */
} pool;

/* A text's number is its place, so that no table of places is needed. */
static const struct text *text_at(uint32_t id)
{
	return (const struct text *)(const void *)(pool.blocks[id / BLOCK_UNITS] + id % BLOCK_UNITS * UNIT);
}

static uint32_t *find_slot(const void *p, size_t n)
{
	for (size_t i = hash_bytes(p, n) & (pool.n_slots - 1);; i = (i + 1) & (pool.n_slots - 1)) {
		const struct text *t = pool.slots[i] ? text_at(pool.slots[i]) : NULL;

		if (!t || (t->n == n && memcmp(t->bytes, p, n) == 0))
			return &pool.slots[i];
	}
}

static void grow_slots(void)
{
	uint32_t *old = pool.slots;
	size_t n_old = pool.n_slots;

	pool.n_slots = MAX(n_old * 2, (size_t)256);
	pool.slots = xcalloc(pool.n_slots, sizeof(*pool.slots));
	for (size_t i = 0; i < n_old; i++)
		if (old[i])
			*find_slot(text_at(old[i])->bytes, text_at(old[i])->n) = old[i];
	free(old);
}

static uint32_t add_text(const void *p, size_t n)
{
	size_t size = (sizeof(struct text) + n + 1 + UNIT - 1) & ~(UNIT - 1);

	if (!pool.n_blocks || pool.filled + size > BLOCK_SIZE) {
		GROW(pool.blocks, pool.cap_blocks, pool.n_blocks + 1);
		pool.filled = pool.n_blocks ? 0 : UNIT; /* 0 is no text's number */
		pool.blocks[pool.n_blocks++] = xmalloc(MAX(pool.filled + size, (size_t)BLOCK_SIZE));
	}
	struct text *t = (struct text *)(void *)(pool.blocks[pool.n_blocks - 1] + pool.filled);
	uint32_t id = (uint32_t)((pool.n_blocks - 1) * BLOCK_UNITS + pool.filled / UNIT);

	pool.filled += size;
	t->n = (uint32_t)n;
	memcpy(t->bytes, p, n);
	t->bytes[n] = '\0';
	return id;
}

uint32_t intern_bytes(const void *p, size_t n)
{
	if (pool.used * 4 >= pool.n_slots * 3)
		grow_slots();
	uint32_t *slot = find_slot(p, n);

	if (!*slot) {
		*slot = add_text(p, n);
		pool.used++;
	}
	return *slot;
}

const char *intern_at(uint32_t id, size_t *ret_n)
{
	const struct text *t = text_at(id);

	if (ret_n)
		*ret_n = t->n;
	return t->bytes;
}

const char *intern(const char *s)
{
	return s ? intern_at(intern_bytes(s, strlen(s)), NULL) : NULL;
}
