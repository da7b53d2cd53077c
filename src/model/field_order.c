/* field_order.c - things by numbers that have the order of their values. */
#include "model/field_order.h"

#include <assert.h>
#include <math.h>

#include "base/clock.h"
#include "model/resource.h"

#define FEW 64	      /* so many are compared */
#define RANKS_MAX 512 /* distinct values that are told apart */
#define SLOTS (RANKS_MAX * 2)
/* Above the number of any double. */
#define KEY_NAN (UINT64_MAX - 2)
#define KEY_BEHIND (UINT64_MAX - 1)
#define KEY_UNKNOWN UINT64_MAX

#define DIGIT_BITS 11
#define DIGITS 6
#define DIGIT_VALUES (1 << DIGIT_BITS)
#define LOOKED_AT_ONCE 512
#define MERGED_AT_ONCE 256

struct place {
	uint64_t key;
	uint32_t at; /* the thing, as it was added */
};

enum step {
	STEP_BEGIN = 0,
	STEP_PLACES,
	STEP_TIMES,
	STEP_KEYS,
	STEP_TEXTS,
	STEP_COUNT,
	STEP_DIGITS,
	STEP_EQUALS,
	STEP_ROWS,
	STEP_FREE,
	STEP_DONE
};

/* Blocks of places that are in order become larger ones. */
struct merge {
	bool on;
	size_t begin, n;     /* the places */
	size_t width;	     /* of the blocks; 0: blocks of FEW are made first */
	size_t low, a, b, k; /* the pair of blocks, where each of them is read, and where is written */
	bool swapped;	     /* they stand in the spare */
};

struct field_order {
	const struct field *f;
	bool descending;
	const struct resource **items;
	struct field_value *values;
	int64_t *times; /* when they were created: the things lie anywhere in memory */
	size_t n, cap;
	bool texts, other; /* there is a text; a value that is not, or whose text does not say all */
	const char *first; /* of the texts, */
	size_t common;	   /* and how much of it all begin with */

	enum step step;
	size_t next; /* of a pass that is under way */
	struct place *places, *spare;
	const struct resource **rows; /* what comes of it */
	uint32_t counts[DIGITS][DIGIT_VALUES];
	int digit;
	bool by_times;	   /* the numbers being sorted are those of the times */
	bool parts;	   /* equal numbers say nothing: they are of the beginnings of texts */
	bool newest_first; /* equal numbers are in the order of their times */
	size_t begin, end; /* of the equal ones that are put in order: what is in front of them is done */
	struct merge merge;
};

struct field_order *field_order_new(const struct field *f, bool descending)
{
	struct field_order *o = NEW(struct field_order);

	o->f = f;
	o->descending = descending;
	return o;
}

static void free_columns(struct field_order *o)
{
	free(TAKE(o->items));
	free(TAKE(o->values));
	free(TAKE(o->times));
	free(TAKE(o->places));
	free(TAKE(o->spare));
}

void field_order_free(struct field_order *o)
{
	if (!o)
		return;
	free_columns(o);
	free(o->rows);
	free(o);
}

/* --- texts --------------------------------------------------------------------------------- */

/* What all of them begin with, so far; false where not all are texts. */
static bool note_text(struct field_order *o, const struct field_value *v)
{
	size_t k = 0;

	if (!v->known)
		return true;
	if (!v->text || v->behind || isnan(v->number) || o->f->type == FIELD_STATE)
		return false;
	if (!o->first) {
		o->first = v->text;
		o->common = strlen(v->text);
	}
	while (k < o->common && v->text[k] == o->first[k])
		k++;
	o->common = k;
	return true;
}

static uint64_t key_of_text(const struct field_order *o, const struct field_value *v)
{
	const char *p = v->known ? v->text + o->common : "";
	uint64_t key = 0;

	for (int k = 0; k < 8; k++) {
		key = key << 8 | (uint8_t)*p;
		p += *p != '\0';
	}
	key >>= 1; /* below that of what is not known, also in the other direction */
	return !v->known ? KEY_UNKNOWN : o->descending ? (UINT64_MAX >> 1) - key : key;
}

void field_order_add(struct field_order *o, const struct resource *item, const struct field_value *value)
{
	assert(o->step == STEP_BEGIN);
	if (o->n == o->cap) {
		o->cap = o->cap ? o->cap * 2 : FEW;
		o->items = xreallocarray(o->items, o->cap, sizeof(*o->items));
		o->values = xreallocarray(o->values, o->cap, sizeof(*o->values));
		o->times = xreallocarray(o->times, o->cap, sizeof(*o->times));
	}
	o->items[o->n] = item;
	o->times[o->n] = item->created_ms;
	o->values[o->n++] = *value;
	o->texts |= value->text != NULL;
	o->other = o->other || !note_text(o, value);
}

size_t field_order_count(const struct field_order *o)
{
	return o->n;
}

bool field_order_has_texts(const struct field_order *o)
{
	return o->texts;
}

int field_order_compare(const struct field *f, bool descending, const struct resource *a, const struct field_value *va,
			const struct resource *b, const struct field_value *vb)
{
	int c = field_compare(f, va, vb, descending);

	if (c)
		return c;
	if (a->created_ms != b->created_ms)
		return a->created_ms > b->created_ms ? -1 : 1;
	return strcmp(a->name, b->name);
}

static bool is_late(int64_t until_us)
{
	return until_us != FIELD_ORDER_AT_ONCE && clock_mono_us() >= until_us;
}

/* One pass over all, or the rest of it; false where its time is over before. A first look at memory
 * may take much longer than the work on it. */
static bool each(struct field_order *o, void (*one)(struct field_order *o, size_t i), int64_t until_us)
{
	for (; o->next < o->n; o->next++) {
		if (o->next % LOOKED_AT_ONCE == LOOKED_AT_ONCE - 1 && is_late(until_us))
			return false;
		one(o, o->next);
	}
	o->next = 0;
	return true;
}

static int compare_places(const void *pa, const void *pb, void *user)
{
	const struct field_order *o = user;
	uint32_t a = ((const struct place *)pa)->at, b = ((const struct place *)pb)->at;

	return field_order_compare(o->f, o->descending, o->items[a], &o->values[a], o->items[b], &o->values[b]);
}

/* --- numbers --------------------------------------------------------------------------- */

static uint64_t key_of_number(const struct field_value *v, bool descending)
{
	double x = (v->larger_first != descending ? -v->number : v->number) + 0.0; /* -0 is 0 */
	uint64_t bits;

	memcpy(&bits, &x, sizeof(bits));
	return bits >> 63 ? ~bits : bits | 1ull << 63;
}

static void take_number(struct field_order *o, size_t i)
{
	const struct field_value *v = &o->values[o->places[i].at];

	o->places[i].key = !v->known	      ? KEY_UNKNOWN
			   : v->behind	      ? KEY_BEHIND
			   : isnan(v->number) ? KEY_NAN
					      : key_of_number(v, o->descending);
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
	const struct field_order *o = ((void **)user)[0];
	const struct ranks *r = ((void **)user)[1];

	return field_compare(o->f, r->values[*(const uint16_t *)pa], r->values[*(const uint16_t *)pb], o->descending);
}

static bool keys_of_ranks(struct field_order *o)
{
	struct ranks r = {0};
	uint16_t sorted[RANKS_MAX];
	uint16_t rank = 0;

	for (size_t i = 0; i < o->n; i++) {
		o->places[i].key = rank_place(&r, &o->values[o->places[i].at]);
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

/* --- by the digits of a number ---------------------------------------------------------------- */

static size_t digit_of(const struct place *p, int digit)
{
	return p->key >> digit * DIGIT_BITS & (DIGIT_VALUES - 1);
}

static void count_digits(struct field_order *o, size_t i)
{
	for (int d = 0; d < DIGITS; d++)
		o->counts[d][digit_of(&o->places[i], d)]++;
}

/* How many have a lesser digit, for each: the first place of its own. */
static void add_up(uint32_t *counts)
{
	uint32_t next = 0;

	for (size_t k = 0; k < DIGIT_VALUES; k++) {
		uint32_t n = counts[k];

		counts[k] = next;
		next += n;
	}
}

static void move_by_digit(struct field_order *o, size_t i)
{
	o->spare[o->counts[o->digit][digit_of(&o->places[i], o->digit)]++] = o->places[i];
}

/* By the digit, keeping the order of equals; one that all share is passed over. */
static bool sort_by_digit(struct field_order *o, int64_t until_us)
{
	if (o->next == 0) {
		if (o->counts[o->digit][digit_of(&o->places[0], o->digit)] == o->n)
			return true;
		add_up(o->counts[o->digit]);
	}
	if (!each(o, move_by_digit, until_us))
		return false;
	struct place *sorted = o->spare;

	o->spare = o->places;
	o->places = sorted;
	return true;
}

/* --- equals ------------------------------------------------------------------------------------- */

/* Blocks of FEW, each in order. */
static bool make_blocks(struct field_order *o, int64_t until_us)
{
	struct merge *m = &o->merge;

	for (; m->low < m->n; m->low += FEW) {
		if (m->low % MERGED_AT_ONCE == 0 && is_late(until_us))
			return false;
		qsort_r(o->places + m->begin + m->low, MIN(m->n - m->low, (size_t)FEW), sizeof(*o->places),
			compare_places, o);
	}
	m->width = FEW;
	m->low = m->a = m->k = 0;
	m->b = FEW;
	return true;
}

/* Two blocks after the other become one of twice the width. */
static bool merge_blocks(struct field_order *o, int64_t until_us)
{
	struct merge *m = &o->merge;
	struct place *from = (m->swapped ? o->spare : o->places) + m->begin;
	struct place *to = (m->swapped ? o->places : o->spare) + m->begin;

	while (m->low < m->n) {
		size_t middle = MIN(m->low + m->width, m->n), high = MIN(m->low + 2 * m->width, m->n);

		for (; m->k < high; m->k++) {
			if (m->k % MERGED_AT_ONCE == 0 && is_late(until_us))
				return false;
			bool second =
				m->a >= middle || (m->b < high && compare_places(&from[m->b], &from[m->a], o) < 0);

			to[m->k] = second ? from[m->b++] : from[m->a++];
		}
		m->low = m->a = high;
		m->b = MIN(high + m->width, m->n);
	}
	m->swapped = !m->swapped;
	m->width *= 2;
	m->low = m->a = m->k = 0;
	m->b = MIN(m->width, m->n);
	return true;
}

static bool merge_turn(struct field_order *o, int64_t until_us)
{
	struct merge *m = &o->merge;

	if (!m->width && !make_blocks(o, until_us))
		return false;
	while (m->width < m->n)
		if (!merge_blocks(o, until_us))
			return false;
	if (m->swapped)
		memcpy(o->places + m->begin, o->spare + m->begin, m->n * sizeof(*o->places));
	m->on = false;
	return true;
}

static int64_t created_ms(const struct field_order *o, size_t place)
{
	return o->times[o->places[place].at];
}

/* Whether those of one number are in order but for those of one time. */
static bool only_times_are_equal(const struct field_order *o, uint64_t key)
{
	return o->newest_first && key != KEY_BEHIND && (!o->parts || key == KEY_UNKNOWN);
}

/* Those of one number, and of one time where that is in order, begin at o->begin. */
static void find_equals(struct field_order *o)
{
	uint64_t key = o->places[o->begin].key;
	bool times = only_times_are_equal(o, key);

	for (o->end = o->begin + 1; o->end < o->n && o->places[o->end].key == key; o->end++)
		if (times && created_ms(o, o->end) != created_ms(o, o->begin))
			break;
}

static bool settle_equals(struct field_order *o, int64_t until_us)
{
	for (size_t runs = 0; o->begin < o->n; o->begin = o->end, runs++) {
		if (!o->merge.on) {
			if (runs % MERGED_AT_ONCE == MERGED_AT_ONCE - 1 && is_late(until_us))
				return false;
			find_equals(o);
			o->merge =
				(struct merge){.on = o->end - o->begin > 1, .begin = o->begin, .n = o->end - o->begin};
		}
		if (o->merge.on && !merge_turn(o, until_us))
			return false;
	}
	return true;
}

/* --- order ------------------------------------------------------------------------------------ */

static void begin(struct field_order *o)
{
	o->places = xreallocarray(NULL, o->n + 1, sizeof(*o->places));
	o->spare = xreallocarray(NULL, o->n + 1, sizeof(*o->spare));
	o->rows = xreallocarray(NULL, o->n + 1, sizeof(*o->rows));
}

static void take_place(struct field_order *o, size_t i)
{
	o->places[i] = (struct place){.at = (uint32_t)i};
}

static void take_time(struct field_order *o, size_t i)
{
	o->places[i].key = ~((uint64_t)o->times[i] ^ 1ull << 63);
}

static void take_text(struct field_order *o, size_t i)
{
	o->places[i].key = key_of_text(o, &o->values[o->places[i].at]);
}

static void take_row(struct field_order *o, size_t i)
{
	o->rows[i] = o->items[o->places[i].at];
}

/* Times are hardly ever equal: what is sorted by one needs no order of the equals. */
static enum step first_step(struct field_order *o)
{
	if (o->n <= FEW)
		return STEP_EQUALS;
	o->newest_first = o->by_times = o->f->type != FIELD_TIME && o->f->type != FIELD_AGE;
	return o->newest_first ? STEP_TIMES : STEP_KEYS;
}

/* What equals are to be known by. */
static enum step key_step(struct field_order *o)
{
	if (keys_of_ranks(o))
		return STEP_COUNT;
	o->parts = true;
	if (!o->other)
		return STEP_TEXTS;
	for (size_t i = 0; i < o->n; i++)
		o->places[i].key = 0;
	return STEP_EQUALS;
}

static enum step next_digit(struct field_order *o)
{
	if (++o->digit < DIGITS)
		return STEP_DIGITS;
	o->digit = 0;
	memset(o->counts, 0, sizeof(o->counts));
	bool times = o->by_times;

	o->by_times = false;
	return times ? STEP_KEYS : STEP_EQUALS;
}

/* The step behind this one; itself where its time is over before it is done. */
static enum step go_on(struct field_order *o, int64_t until_us)
{
	switch (o->step) {
	case STEP_BEGIN:
		begin(o);
		return STEP_PLACES;
	case STEP_PLACES:
		return each(o, take_place, until_us) ? first_step(o) : o->step;
	case STEP_TIMES:
		return each(o, take_time, until_us) ? STEP_COUNT : o->step;
	case STEP_KEYS:
		if (o->texts)
			return key_step(o);
		return each(o, take_number, until_us) ? STEP_COUNT : o->step;
	case STEP_TEXTS:
		return each(o, take_text, until_us) ? STEP_COUNT : o->step;
	case STEP_COUNT:
		return each(o, count_digits, until_us) ? STEP_DIGITS : o->step;
	case STEP_DIGITS:
		return sort_by_digit(o, until_us) ? next_digit(o) : o->step;
	case STEP_EQUALS:
		return settle_equals(o, until_us) ? STEP_ROWS : o->step;
	case STEP_ROWS:
		return each(o, take_row, until_us) ? STEP_FREE : o->step;
	case STEP_FREE:
		free_columns(o);
		break;
	case STEP_DONE:
		break;
	}
	return STEP_DONE;
}

bool field_order_turn(struct field_order *o, int64_t until_us)
{
	while (o->step != STEP_DONE) {
		o->step = go_on(o, until_us);
		if (o->step != STEP_DONE && is_late(until_us))
			return false;
	}
	return true;
}

const struct resource **field_order_take(struct field_order *o, size_t *ret_n)
{
	assert(o->step == STEP_DONE);
	*ret_n = o->n;
	return TAKE(o->rows);
}

void field_order_sort(struct resource **items, size_t n, const struct field_ref *by, bool descending,
		      const struct field_context *x)
{
	AUTO(field_order) struct field_order *o = field_order_new(by->field, descending);

	for (size_t i = 0; i < n; i++) {
		struct field_value value = field_get(by, items[i], x);

		field_order_add(o, items[i], &value);
	}
	(void)field_order_turn(o, FIELD_ORDER_AT_ONCE);
	const struct resource **rows = field_order_take(o, &n);

	if (n)
		memcpy(items, rows, n * sizeof(*items));
	free(rows);
}
