/* field_order.c - rows by numbers that have the order of their values. */
#include "model/field_order.h"

#include <assert.h>
#include <math.h>

#include "model/resource.h"

#define FEW 64	      /* so many are compared */
#define RANKS_MAX 512 /* distinct values that are told apart */
#define SLOTS (RANKS_MAX * 2)
/* Above the number of any double. */
#define KEY_NAN (UINT64_MAX - 2)
#define KEY_BEHIND (UINT64_MAX - 1)
#define KEY_UNKNOWN UINT64_MAX

#define ROW_MAX 128
#define DIGIT_BITS 11
#define DIGITS 6
#define DIGIT_VALUES (1 << DIGIT_BITS)

struct place {
	uint64_t key;
	uint32_t at; /* the row before it was ordered */
};

struct order {
	const struct field *f;
	bool descending;
	char *rows;
	size_t n, size;
	struct place *places;
	bool parts; /* equal keys say nothing: they are of the beginnings of texts */
};

static const struct field_row *row_of(const struct order *o, size_t i)
{
	return (const struct field_row *)(o->rows + i * o->size);
}

static int compare_rows(const void *pa, const void *pb, void *user)
{
	const struct order *o = user;
	const struct field_row *a = pa, *b = pb;
	int c = field_compare(o->f, &a->value, &b->value, o->descending);

	if (c)
		return c;
	if (a->item->created_ms != b->item->created_ms)
		return a->item->created_ms > b->item->created_ms ? -1 : 1;
	return strcmp(a->item->name, b->item->name);
}

/* --- numbers --------------------------------------------------------------------------- */

static uint64_t key_of_number(const struct field_value *v, bool descending)
{
	double x = (v->larger_first != descending ? -v->number : v->number) + 0.0; /* -0 is 0 */
	uint64_t bits;

	memcpy(&bits, &x, sizeof(bits));
	return bits >> 63 ? ~bits : bits | 1ull << 63;
}

static bool keys_of_numbers(struct order *o)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct field_value *v = &row_of(o, i)->value;

		if (v->known && v->text)
			return false;
		o->places[i].key = !v->known	      ? KEY_UNKNOWN
				   : v->behind	      ? KEY_BEHIND
				   : isnan(v->number) ? KEY_NAN
						      : key_of_number(v, o->descending);
	}
	return true;
}

/* --- few distinct values ----------------------------------------------------------------- */

struct ranks {
	const struct field_value *values[RANKS_MAX];
	uint16_t slots[SLOTS]; /* place in values + 1 */
	uint16_t rank[RANKS_MAX];
	size_t n;
};

static bool is_same(const struct field_value *a, const struct field_value *b)
{
	return a->text == b->text && !memcmp(&a->number, &b->number, sizeof(a->number)) && a->known == b->known &&
	       a->behind == b->behind && a->larger_first == b->larger_first;
}

/* Its place in values; RANKS_MAX where there is no room. */
static size_t rank_place(struct ranks *r, const struct field_value *v)
{
	uint64_t bits;

	memcpy(&bits, &v->number, sizeof(bits));
	size_t at = (size_t)((((uintptr_t)v->text ^ bits) * 0x9e3779b97f4a7c15ull) >> 32) % SLOTS;

	for (; r->slots[at]; at = (at + 1) % SLOTS)
		if (is_same(r->values[r->slots[at] - 1], v))
			return r->slots[at] - 1u;
	if (r->n == RANKS_MAX)
		return RANKS_MAX;
	r->values[r->n] = v;
	r->slots[at] = (uint16_t)++r->n;
	return r->n - 1;
}

static int compare_ranks(const void *pa, const void *pb, void *user)
{
	const struct order *o = ((void **)user)[0];
	const struct ranks *r = ((void **)user)[1];

	return field_compare(o->f, r->values[*(const uint16_t *)pa], r->values[*(const uint16_t *)pb], o->descending);
}

static bool keys_of_ranks(struct order *o)
{
	struct ranks r = {0};
	uint16_t sorted[RANKS_MAX];
	uint16_t rank = 0;

	for (size_t i = 0; i < o->n; i++) {
		o->places[i].key = rank_place(&r, &row_of(o, i)->value);
		if (o->places[i].key == RANKS_MAX)
			return false;
	}
	for (size_t i = 0; i < r.n; i++)
		sorted[i] = (uint16_t)i;
	qsort_r(sorted, r.n, sizeof(*sorted), compare_ranks, (void *[]){o, &r});
	for (size_t i = 0; i < r.n; i++) {
		rank += i && field_compare(o->f, r.values[sorted[i - 1]], r.values[sorted[i]], o->descending) != 0;
		r.rank[sorted[i]] = rank;
	}
	for (size_t i = 0; i < o->n; i++)
		o->places[i].key = r.rank[o->places[i].key];
	return true;
}

/* --- texts --------------------------------------------------------------------------------- */

/* What all of them begin with; SIZE_MAX where not all are texts. */
static size_t common_length(const struct order *o)
{
	const char *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < o->n; i++) {
		const struct field_value *v = &row_of(o, i)->value;
		size_t k = 0;

		if (!v->known)
			continue;
		if (!v->text || v->behind || isnan(v->number) || o->f->type == FIELD_STATE)
			return SIZE_MAX;
		if (!first) {
			first = v->text;
			n = strlen(first);
		}
		while (k < n && v->text[k] == first[k])
			k++;
		n = k;
	}
	return n;
}

static bool keys_of_texts(struct order *o)
{
	size_t common = common_length(o);

	if (common == SIZE_MAX)
		return false;
	o->parts = true;
	for (size_t i = 0; i < o->n; i++) {
		const struct field_value *v = &row_of(o, i)->value;
		uint64_t key = 0;
		const char *p = v->known ? v->text + common : "";

		for (int k = 0; k < 8; k++) {
			key = key << 8 | (uint8_t)*p;
			p += *p != '\0';
		}
		o->places[i].key = !v->known ? KEY_UNKNOWN : o->descending ? ~key : key;
	}
	return true;
}

/* --- order ------------------------------------------------------------------------------------ */

static size_t digit_of(const struct place *p, int digit)
{
	return p->key >> digit * DIGIT_BITS & (DIGIT_VALUES - 1);
}

/* By the least digit first, each time keeping the order of equals; a digit that all share
 * is passed over. */
static void radix_sort(struct order *o)
{
	uint32_t counts[DIGITS][DIGIT_VALUES] = {0};
	struct place *from = o->places, *to = xreallocarray(NULL, o->n, sizeof(*to));

	for (size_t i = 0; i < o->n; i++)
		for (int d = 0; d < DIGITS; d++)
			counts[d][digit_of(&from[i], d)]++;
	for (int d = 0; d < DIGITS; d++) {
		uint32_t next = 0;

		if (counts[d][digit_of(&from[0], d)] == o->n)
			continue;
		for (size_t k = 0; k < DIGIT_VALUES; k++) {
			uint32_t n = counts[d][k];

			counts[d][k] = next;
			next += n;
		}
		for (size_t i = 0; i < o->n; i++)
			to[counts[d][digit_of(&from[i], d)]++] = from[i];
		struct place *sorted = to;

		to = from;
		from = sorted;
	}
	o->places = from;
	free(to);
}

/* Each row to its place, in circles: a second array of them would cost more than the moves. */
static void move_rows(struct order *o)
{
	char held[ROW_MAX];

	for (size_t i = 0; i < o->n; i++) {
		size_t to = i, from = o->places[i].at;

		if (from == i)
			continue;
		memcpy(held, o->rows + i * o->size, o->size);
		for (; from != i; to = from, from = o->places[to].at) {
			memcpy(o->rows + to * o->size, o->rows + from * o->size, o->size);
			o->places[to].at = (uint32_t)to;
		}
		memcpy(o->rows + to * o->size, held, o->size);
		o->places[to].at = (uint32_t)to;
	}
}

static void compare_all(struct order *o)
{
	if (o->n > 1)
		qsort_r(o->rows, o->n, o->size, compare_rows, o);
}

static void order_by_keys(struct order *o, void (*settle)(struct order *run, uint64_t key))
{
	for (size_t i = 0; i < o->n; i++)
		o->places[i].at = (uint32_t)i;
	radix_sort(o);
	move_rows(o);
	for (size_t begin = 0, end; begin < o->n; begin = end) {
		struct order run = *o;

		for (end = begin + 1; end < o->n && o->places[end].key == o->places[begin].key;)
			end++;
		run.rows += begin * o->size;
		run.n = end - begin;
		run.places = NULL;
		settle(&run, o->places[begin].key);
	}
}

static void settle_same_time(struct order *run, uint64_t key)
{
	(void)key;
	compare_all(run);
}

/* Equal values: the newer first. */
static void settle_equals(struct order *run, uint64_t key)
{
	if (run->n <= FEW || run->parts || key == KEY_BEHIND) {
		compare_all(run);
		return;
	}
	run->places = xreallocarray(NULL, run->n, sizeof(*run->places));
	for (size_t i = 0; i < run->n; i++)
		run->places[i].key = ~((uint64_t)row_of(run, i)->item->created_ms ^ 1ull << 63);
	order_by_keys(run, settle_same_time);
	free(run->places);
}

void field_order(void *rows, size_t n, size_t size, const struct field *f, bool descending)
{
	struct order o = {.f = f, .descending = descending, .rows = rows, .n = n, .size = size};

	assert(size >= sizeof(struct field_row) && size <= ROW_MAX);
	if (n > FEW)
		o.places = xreallocarray(NULL, n, sizeof(*o.places));
	if (n > FEW && (keys_of_numbers(&o) || keys_of_ranks(&o) || keys_of_texts(&o)))
		order_by_keys(&o, settle_equals);
	else
		compare_all(&o);
	free(o.places);
}
