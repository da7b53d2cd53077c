/* log_seen.c - identities of log events, in bounded memory. */
#include "model/log_seen.h"

#include "base/map.h"

/* Only repeats within a millisecond are counted, and a stream comes in order of
 * time: what was counted so many contents ago is not met again. */
#define COUNTED_HALF ((size_t)65536)

static void keys_done(struct log_keys *k)
{
	free(k->keys);
	free(k->counts);
	*k = (struct log_keys){0};
}

static void counts_done(struct log_counts *c)
{
	keys_done(&c->young);
	keys_done(&c->old);
}

static void half_done(struct log_half *h)
{
	for (size_t i = 0; i < LOG_SEEN_SHARDS; i++)
		keys_done(&h->shards[i]);
	h->n = 0;
}

void log_seen_done(struct log_seen *s)
{
	half_done(&s->young);
	half_done(&s->old);
	for (size_t i = 0; i < SEEN_WAYS; i++)
		counts_done(&s->counts[i]);
	*s = (struct log_seen){.half = s->half, .horizon_ms = s->horizon_ms};
}

void log_seen_begin(struct log_seen *s)
{
	counts_done(&s->counts[SEEN_READ]);
}

/* The upper half of a product spreads evenly over any number of slots. */
static size_t slot_of(const struct log_keys *k, uint64_t key)
{
	size_t i = (size_t)(((key * 0x9e3779b97f4a7c15ULL) >> 32) * k->cap >> 32);

	while (k->keys[i] && k->keys[i] != key)
		i = i + 1 < k->cap ? i + 1 : 0;
	return i;
}

static bool has(const struct log_keys *k, uint64_t key)
{
	return k->n > 0 && k->keys[slot_of(k, key)] == key;
}

static void grow(struct log_keys *k, bool counted)
{
	struct log_keys old = *k;

	k->cap = old.cap ? old.cap + old.cap / 4 : 256;
	k->keys = xcalloc(k->cap, sizeof(*k->keys));
	k->counts = counted ? xcalloc(k->cap, sizeof(*k->counts)) : NULL;
	for (size_t i = 0; i < old.cap; i++) {
		if (!old.keys[i])
			continue;
		size_t at = slot_of(k, old.keys[i]);

		k->keys[at] = old.keys[i];
		if (counted)
			k->counts[at] = old.counts[i];
	}
	free(old.keys);
	free(old.counts);
}

/* The slot of the key, made where it is absent. */
static size_t put(struct log_keys *k, uint64_t key, bool counted)
{
	if ((k->n + 1) * 5 > k->cap * 4)
		grow(k, counted);
	size_t i = slot_of(k, key);

	k->n += k->keys[i] == 0;
	k->keys[i] = key;
	return i;
}

static struct log_keys *shard_of(struct log_half *h, uint64_t key)
{
	return &h->shards[key % LOG_SEEN_SHARDS];
}

/* 0 marks a free slot: a hash of 0 becomes 1. */
static uint64_t key_of(uint64_t hash)
{
	return hash ? hash : 1;
}

static bool knows(struct log_seen *s, uint64_t key)
{
	return has(shard_of(&s->young, key), key) || has(shard_of(&s->old, key), key);
}

static void note(struct log_seen *s, uint64_t key)
{
	(void)put(shard_of(&s->young, key), key, false);
	s->young.n++;
}

/* How many events of this content came before. */
static uint32_t repeat_of(struct log_counts *c, uint64_t key)
{
	uint32_t before = 0;

	if (has(&c->young, key))
		before = c->young.counts[slot_of(&c->young, key)];
	else if (has(&c->old, key))
		before = c->old.counts[slot_of(&c->old, key)];
	if (c->young.n >= COUNTED_HALF) {
		keys_done(&c->old);
		c->old = c->young;
		c->young = (struct log_keys){0};
	}
	size_t i = put(&c->young, key, true);

	c->young.counts[i] = before + 1;
	return before;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	a ^= b + 0x9e3779b97f4a7c15ULL + (a << 12) + (a >> 4);
	a *= 0xff51afd7ed558ccdULL;
	return a ^ (a >> 33);
}

static void make_room(struct log_seen *s, int64_t time_ms)
{
	size_t half = s->half ? s->half : LOG_SEEN_HALF;
	int64_t horizon = s->horizon_ms ? s->horizon_ms : LOG_SEEN_HORIZON_MS;

	s->newest_ms = MAX(s->newest_ms, time_ms);
	if (s->young.n < half || s->newest_ms - s->young_from_ms < horizon)
		return;
	if (s->old.n > 0) {
		s->forgot = true;
		s->known_from_ms = s->young_from_ms + 1;
	}
	half_done(&s->old);
	s->old = s->young;
	s->young = (struct log_half){0};
	s->young_from_ms = s->newest_ms;
}

bool log_seen_add(struct log_seen *s, enum log_seen_way way, const char *stream, const char *event_id, int64_t time_ms,
		  const char *text, size_t len)
{
	uint64_t of_stream = hash_bytes(stream, strlen(stream));
	uint64_t what = mix(mix(of_stream, (uint64_t)time_ms), hash_bytes(text, len));
	uint32_t repeat = repeat_of(&s->counts[way], key_of(what));
	uint64_t content = key_of(mix(what, (uint64_t)repeat + 1));
	uint64_t id = event_id ? key_of(mix(of_stream, hash_bytes(event_id, strlen(event_id)))) : content;

	if (knows(s, id))
		return false;
	make_room(s, time_ms);
	/* Both identities are noted: the next reading may bring it under either. */
	note(s, id);
	if (id == content)
		return true;
	if (knows(s, content))
		return false;
	note(s, content);
	return true;
}
