/* loglines.c - one job's log in memory. */
#include "model/loglines.h"

#include "base/utf8.h"

#include <ctype.h>
#include <strings.h>

#define CHUNK_SIZE ((size_t)64 << 10)
/* A late line this near to the end is moved into place at once. */
#define NEAR_END 512
#define LIVE_COUNTED_MAX 65536
/* CloudWatch's own limit of an event is 1 MiB at most. */
#define LINE_MAX_BYTES ((size_t)4 << 20)

struct log_chunk {
	struct log_chunk *next;
	size_t used, size;
	char data[];
};

static void repeats_clear(struct log_repeats *r)
{
	free(r->keys);
	free(r->counts);
	*r = (struct log_repeats){0};
}

static void free_content(struct loglines *l)
{
	while (l->chunks) {
		struct log_chunk *next = l->chunks->next;

		free(l->chunks);
		l->chunks = next;
	}
	free(l->lines);
	free(l->late);
	free(l->seen);
	repeats_clear(&l->pass);
	repeats_clear(&l->live);
	strlist_done(&l->streams);
}

void loglines_clear(struct loglines *l)
{
	uint64_t generation = l->generation + 1;

	free_content(l);
	*l = (struct loglines){.generation = generation};
}

void loglines_done(struct loglines *l)
{
	free_content(l);
	*l = (struct loglines){0};
}

static char *arena_copy(struct loglines *l, const char *s, size_t n)
{
	struct log_chunk *c = l->chunks;

	if (!c || c->size - c->used < n + 1) {
		size_t size = MAX(CHUNK_SIZE - sizeof(*c), n + 1);

		c = xmalloc(sizeof(*c) + size);
		c->used = 0;
		c->size = size;
		c->next = l->chunks;
		l->chunks = c;
		l->bytes += sizeof(*c) + size;
	}
	char *p = c->data + c->used;

	memcpy(p, s, n);
	p[n] = '\0';
	c->used += n + 1;
	return p;
}

/* The set of identities: 0 marks a free slot, so a hash of 0 becomes 1. */
static size_t set_slot(const uint64_t *set, size_t cap, uint64_t key)
{
	size_t i = (size_t)(key * 0x9e3779b97f4a7c15ULL) & (cap - 1);

	while (set[i] && set[i] != key)
		i = (i + 1) & (cap - 1);
	return i;
}

static bool seen_add(struct loglines *l, uint64_t key)
{
	key = key ? key : 1;
	if ((l->n_seen + 1) * 4 > l->cap_seen * 3) {
		size_t cap = l->cap_seen ? l->cap_seen * 2 : 256;
		uint64_t *set = xcalloc(cap, sizeof(*set));

		for (size_t i = 0; i < l->cap_seen; i++) {
			if (l->seen[i])
				set[set_slot(set, cap, l->seen[i])] = l->seen[i];
		}
		free(l->seen);
		l->seen = set;
		l->cap_seen = cap;
	}
	size_t i = set_slot(l->seen, l->cap_seen, key);

	if (l->seen[i])
		return false;
	l->seen[i] = key;
	l->n_seen++;
	return true;
}

/* How many events of this content came before. */
static uint32_t repeat_of(struct log_repeats *r, uint64_t key)
{
	key = key ? key : 1;
	if ((r->n + 1) * 4 > r->cap * 3) {
		struct log_repeats old = *r;

		r->cap = old.cap ? old.cap * 2 : 256;
		r->keys = xcalloc(r->cap, sizeof(*r->keys));
		r->counts = xcalloc(r->cap, sizeof(*r->counts));
		for (size_t i = 0; i < old.cap; i++) {
			if (!old.keys[i])
				continue;
			size_t at = set_slot(r->keys, r->cap, old.keys[i]);

			r->keys[at] = old.keys[i];
			r->counts[at] = old.counts[i];
		}
		free(old.keys);
		free(old.counts);
	}
	size_t i = set_slot(r->keys, r->cap, key);

	if (!r->keys[i]) {
		r->keys[i] = key;
		r->n++;
	}
	return r->counts[i]++;
}

void loglines_begin_pass(struct loglines *l)
{
	repeats_clear(&l->pass);
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	a ^= b + 0x9e3779b97f4a7c15ULL + (a << 12) + (a >> 4);
	a *= 0xff51afd7ed558ccdULL;
	return a ^ (a >> 33);
}

static uint64_t content(const char *stream, int64_t time_ms, const char *text, size_t len)
{
	return mix(mix(hash_bytes(stream, strlen(stream)), (uint64_t)time_ms), hash_bytes(text, len));
}

/* Both identities are noted: the next pass may bring the event under either. */
static bool is_new(struct loglines *l, const char *stream, const char *event_id, uint64_t what, uint32_t repeat)
{
	if (event_id) {
		uint64_t id = mix(hash_bytes(stream, strlen(stream)), hash_bytes(event_id, strlen(event_id)));

		if (!seen_add(l, id))
			return false;
	}
	return seen_add(l, mix(what, (uint64_t)repeat + 1));
}

static uint16_t stream_index(struct loglines *l, const char *stream)
{
	/* The newest stream is the likeliest one. */
	for (size_t i = l->streams.n; i-- > 0;) {
		if (strcmp(l->streams.items[i], stream) == 0)
			return (uint16_t)i;
	}
	if (l->streams.n >= UINT16_MAX)
		return UINT16_MAX - 1;
	strlist_add(&l->streams, stream);
	return (uint16_t)(l->streams.n - 1);
}

static void count_level(struct loglines *l, const struct log_line *line, int by)
{
	if (line->level == LINE_ERROR)
		l->n_errors += (size_t)by;
	else if (line->level == LINE_WARNING)
		l->n_warnings += (size_t)by;
}

static void place(struct loglines *l, struct log_line line)
{
	if (l->n > NEAR_END && line.time_ms < l->lines[l->n - NEAR_END].time_ms) {
		GROW(l->late, l->cap_late, l->n_late + 1);
		l->late[l->n_late++] = line;
		return;
	}
	GROW(l->lines, l->cap, l->n + 1);
	size_t i = l->n++;

	while (i > 0 && l->lines[i - 1].time_ms > line.time_ms) {
		l->lines[i] = l->lines[i - 1];
		i--;
	}
	l->lines[i] = line;
}

/* Give up the oldest quarter and copy the rest into a new arena. */
static void drop_oldest(struct loglines *l)
{
	loglines_settle(l);
	size_t drop = l->n / 4;
	struct log_chunk *old = TAKE(l->chunks);

	for (size_t i = 0; i < drop; i++)
		count_level(l, &l->lines[i], -1);
	memmove(l->lines, l->lines + drop, (l->n - drop) * sizeof(l->lines[0]));
	l->n -= drop;
	l->n_dropped += drop;
	l->bytes = l->cap * sizeof(l->lines[0]);
	for (size_t i = 0; i < l->n; i++)
		l->lines[i].text = arena_copy(l, l->lines[i].text, l->lines[i].len);
	while (old) {
		struct log_chunk *next = old->next;

		free(old);
		old = next;
	}
}

static void add_line(struct loglines *l, const char *stream, int64_t time_ms, const char *text, size_t len)
{
	AUTO(buf) struct buf clean = BUF_INIT(LINE_MAX_BYTES * 4);

	if (l->bytes > LOGLINES_MAX_BYTES && l->n > 4)
		drop_oldest(l);
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	(void)utf8_sanitize(&clean, text, len, false);
	struct log_line line = {
		.time_ms = time_ms,
		.text = arena_copy(l, buf_str(&clean), clean.len),
		.len = (uint32_t)clean.len,
		.stream = stream_index(l, stream),
		.level = (uint8_t)log_line_level_of(buf_str(&clean), clean.len),
	};

	l->bytes += sizeof(line) + sizeof(uint64_t) * 4;
	place(l, line);
	count_level(l, &line, 1);
	l->last = line;
	l->generation++;
}

bool loglines_add(struct loglines *l, const char *stream, const char *event_id, int64_t time_ms, const char *text,
		  size_t len)
{
	len = MIN(len, LINE_MAX_BYTES);
	uint64_t what = content(stream, time_ms, text, len);

	if (!is_new(l, stream, event_id, what, repeat_of(&l->pass, what)))
		return false;
	add_line(l, stream, time_ms, text, len);
	return true;
}

bool loglines_add_live(struct loglines *l, const char *stream, int64_t time_ms, const char *text, size_t len)
{
	len = MIN(len, LINE_MAX_BYTES);
	uint64_t what = content(stream, time_ms, text, len);

	/* Only repeats within a millisecond count: what was counted long ago goes. */
	if (l->live.n > LIVE_COUNTED_MAX)
		repeats_clear(&l->live);
	if (!is_new(l, stream, NULL, what, repeat_of(&l->live, what)))
		return false;
	add_line(l, stream, time_ms, text, len);
	return true;
}

/* A stable merge sort of the side buffer: qsort(3) need not be stable. */
static void sort_late(struct log_line *a, struct log_line *tmp, size_t n)
{
	if (n < 2)
		return;
	size_t half = n / 2;

	sort_late(a, tmp, half);
	sort_late(a + half, tmp, n - half);
	memcpy(tmp, a, half * sizeof(*a));
	for (size_t i = 0, j = half, k = 0; i < half;) {
		if (j < n && a[j].time_ms < tmp[i].time_ms)
			a[k++] = a[j++];
		else
			a[k++] = tmp[i++];
	}
}

void loglines_settle(struct loglines *l)
{
	if (l->n_late == 0)
		return;
	struct log_line *tmp = xreallocarray(NULL, l->n_late, sizeof(*tmp));

	sort_late(l->late, tmp, l->n_late);
	free(tmp);
	GROW(l->lines, l->cap, l->n + l->n_late);
	/* From the back: of equal times the late one goes behind, as it came later. */
	size_t i = l->n, j = l->n_late, k = l->n + l->n_late;

	while (j > 0) {
		if (i > 0 && l->lines[i - 1].time_ms > l->late[j - 1].time_ms)
			l->lines[--k] = l->lines[--i];
		else
			l->lines[--k] = l->late[--j];
	}
	l->n += l->n_late;
	l->n_late = 0;
	if (l->cap_late > 4096) {
		free(l->late);
		l->late = NULL;
		l->cap_late = 0;
	}
	l->generation++;
}

struct level_word {
	const char *word;
	enum log_line_level level;
};

static const struct level_word level_words[] = {
	{"ERROR", LINE_ERROR},	   {"FATAL", LINE_ERROR},	   {"CRITICAL", LINE_ERROR},
	{"Traceback", LINE_ERROR}, {"AlgorithmError", LINE_ERROR}, {"ClientError", LINE_ERROR},
	{"Exception", LINE_ERROR}, {"WARNING", LINE_WARNING},	   {"WARN", LINE_WARNING},
	{"INFO", LINE_INFO},	   {"DEBUG", LINE_DEBUG},	   {"TRACE", LINE_DEBUG}};

/* A word such as ValueError or InternalServerError: a capital first, Error last. */
static bool is_error_name(const char *w, size_t n)
{
	return n > 5 && isupper((unsigned char)w[0]) && memcmp(w + n - 5, "Error", 5) == 0;
}

static enum log_line_level word_level(const char *w, size_t n, char before)
{
	for (size_t i = 0; i < ARRAY_LEN(level_words); i++) {
		size_t len = strlen(level_words[i].word);

		if (len == n && memcmp(level_words[i].word, w, n) == 0)
			return level_words[i].level;
		/* "error: ..." as compilers and many programs write it; but a metric
		 * named train-error:0.25 is none. */
		if (level_words[i].level >= LINE_WARNING && len == n && strncasecmp(level_words[i].word, w, n) == 0 &&
		    before == ' ' && w[n] == ':' && (w[n + 1] == ' ' || w[n + 1] == '\0'))
			return level_words[i].level;
	}
	return is_error_name(w, n) && (w[n] == ':' || w[n] == '\0') ? LINE_ERROR : LINE_PLAIN;
}

enum log_line_level log_line_level_of(const char *text, size_t n)
{
	/* A level stands near the front; a long line is not searched for one. */
	const char *end = text + MIN(n, (size_t)160);

	for (const char *p = text; p < end;) {
		if (!isalpha((unsigned char)*p)) {
			p++;
			continue;
		}
		const char *w = p;

		while (p < end && (isalnum((unsigned char)*p) || *p == '_'))
			p++;
		enum log_line_level level = word_level(w, (size_t)(p - w), w == text ? ' ' : w[-1]);

		if (level != LINE_PLAIN)
			return level;
	}
	return LINE_PLAIN;
}
