/* tally.c - counts of texts: see tally.h. */
#include "model/tally.h"

#include <math.h>

#define REGISTER_BITS 12
#define REGISTERS ((size_t)1 << REGISTER_BITS)
#define TEXT_OVERHEAD 48 /* bytes of the map's, about */

void tally_done(struct tally *t)
{
	map_done(&t->counts);
	free(t->registers);
	*t = (struct tally){0};
}

static size_t count_of(const void *value)
{
	return value ? (size_t)(uintptr_t)value - 1 : 0;
}

static void set_count(struct tally *t, const char *text, size_t count)
{
	map_put(&t->counts, text, (void *)(uintptr_t)(count + 1));
}

/* --- how many, about ------------------------------------------------------------------- */

/* FNV's high bits depend little on the last bytes: mixed. */
static uint64_t mix(uint64_t h)
{
	h ^= h >> 33;
	h *= 0xFF51AFD7ED558CCDU;
	h ^= h >> 33;
	h *= 0xC4CEB9FE1A85EC53U;
	return h ^ h >> 33;
}

static void see(struct tally *t, const char *text)
{
	uint64_t h = mix(hash_bytes(text, strlen(text)));
	size_t place = (size_t)(h >> (64 - REGISTER_BITS));
	uint64_t rest = h << REGISTER_BITS;
	uint8_t run = (uint8_t)(rest ? __builtin_clzll(rest) + 1 : 64 - REGISTER_BITS + 1);

	t->registers[place] = MAX(t->registers[place], run);
}

static size_t estimate(const struct tally *t)
{
	double m = (double)REGISTERS, sum = 0, value;
	size_t empty = 0;

	for (size_t i = 0; i < REGISTERS; i++) {
		sum += ldexp(1, -t->registers[i]);
		empty += t->registers[i] == 0;
	}
	value = 0.7213 / (1 + 1.079 / m) * m * m / sum;
	if (value <= 2.5 * m && empty) /* few: by the empty ones */
		value = m * log(m / (double)empty);
	return (size_t)(value + 0.5);
}

static void overflow(struct tally *t)
{
	const char *text;
	void *value;

	t->registers = xcalloc(REGISTERS, 1);
	for (size_t i = 0; map_next(&t->counts, &i, &text, &value);)
		if (count_of(value))
			see(t, text);
}

/* --- counts ---------------------------------------------------------------------------- */

void tally_add(struct tally *t, const char *text, size_t *budget)
{
	void *known = map_get(&t->counts, text);

	if (t->registers)
		see(t, text);
	if (known) {
		t->n += count_of(known) == 0;
		set_count(t, text, count_of(known) + 1);
		return;
	}
	size_t bytes = strlen(text) + TEXT_OVERHEAD;

	if (!t->registers && (t->n == TALLY_MAX || t->bytes + bytes > TALLY_BYTES || bytes > *budget)) {
		overflow(t);
		see(t, text);
	}
	if (t->registers)
		return;
	t->bytes += bytes;
	*budget -= bytes;
	t->n++;
	set_count(t, text, 1);
}

void tally_expect(struct tally *t, const char *text)
{
	if (!map_get(&t->counts, text))
		set_count(t, text, 0);
}

bool tally_is_exact(const struct tally *t)
{
	return !t->registers;
}

size_t tally_distinct(const struct tally *t)
{
	return t->registers ? MAX(estimate(t), t->n) : t->n;
}

size_t tally_count(const struct tally *t, const char *text)
{
	return count_of(map_get(&t->counts, text));
}

static int compare_rows(const void *pa, const void *pb)
{
	const struct tally_row *a = pa, *b = pb;

	return a->count != b->count ? (a->count < b->count ? 1 : -1) : strcmp(a->text, b->text);
}

struct tally_row *tally_rows(const struct tally *t, size_t *ret_n)
{
	struct tally_row *rows = xreallocarray(NULL, t->n + 1, sizeof(*rows));
	const char *text;
	void *value;

	*ret_n = 0;
	for (size_t i = 0; map_next(&t->counts, &i, &text, &value);)
		if (count_of(value))
			rows[(*ret_n)++] = (struct tally_row){text, count_of(value)};
	qsort(rows, *ret_n, sizeof(*rows), compare_rows);
	return rows;
}
