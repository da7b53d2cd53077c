/* loglines.c - one log in memory. */
#include "model/loglines.h"

#include "base/utf8.h"

#define CHUNK_SIZE ((size_t)64 << 10)
/* A late line this near to the end is moved into place at once. */
#define NEAR_END 512
/* CloudWatch's own limit of an event is 1 MiB at most. */
#define LINE_MAX_BYTES ((size_t)4 << 20)

struct log_chunk {
	struct log_chunk *next;
	size_t used, size;
	char data[];
};

static void free_chunks(struct log_chunk *c)
{
	while (c) {
		struct log_chunk *next = c->next;

		free(c);
		c = next;
	}
}

/* What was allocated for the lines. */
static struct log_line *base_of(const struct loglines *l)
{
	return l->head ? l->lines - l->head : l->lines;
}

static void free_content(struct loglines *l)
{
	free_chunks(l->chunks);
	free(base_of(l));
	free(l->late);
	free(l->older);
	log_seen_done(&l->seen);
	strlist_done(&l->streams);
}

void loglines_clear(struct loglines *l)
{
	struct loglines none = {.generation = l->generation + 1,
				.last_seq = l->last_seq,
				.n_before = l->n_before,
				.max_bytes = l->max_bytes};

	free_content(l);
	*l = none;
}

void loglines_done(struct loglines *l)
{
	free_content(l);
	*l = (struct loglines){0};
}

void loglines_forget(struct loglines *l)
{
	free_chunks(TAKE(l->chunks));
	l->n = l->n_late = l->n_older = l->n_held = 0;
	l->bytes = 0;
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

size_t loglines_limit(const struct loglines *l)
{
	return l->max_bytes ? l->max_bytes : LOGLINES_MAX_BYTES;
}

void loglines_begin_pass(struct loglines *l)
{
	log_seen_begin(&l->seen);
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

static void count_line(struct loglines *l, const struct log_line *line, int by)
{
	if (line->level == LINE_ERROR)
		l->n_errors += (size_t)by;
	else if (line->level == LINE_WARNING)
		l->n_warnings += (size_t)by;
	l->n_replaced += utf8_replaced(line->text, line->len) * (size_t)by;
}

/* Room for so many more before and behind the lines. Room at the front is untouched memory:
 * it takes none, and much of it saves copies that a key would wait for. */
static void make_room(struct loglines *l, size_t before, size_t behind)
{
	if (before <= l->head && l->head + l->n + behind <= l->cap)
		return;
	if (before == 0 && l->head == 0) {
		GROW(l->lines, l->cap, l->n + behind);
		return;
	}
	size_t head = before <= l->head ? l->head : before + l->n * 4;
	size_t cap = head + l->n + behind + (behind ? l->n / 2 : 0);
	struct log_line *lines = xreallocarray(NULL, cap, sizeof(*lines));

	if (l->n > 0)
		memcpy(lines + head, l->lines, l->n * sizeof(*lines));
	free(base_of(l));
	l->lines = lines + head;
	l->head = head;
	l->cap = cap;
}

static void place(struct loglines *l, struct log_line line)
{
	if (l->n > NEAR_END && line.time_ms < l->lines[l->n - NEAR_END].time_ms) {
		GROW(l->late, l->cap_late, l->n_late + 1);
		l->late[l->n_late++] = line;
		return;
	}
	make_room(l, 0, 1);
	size_t i = l->n++;

	while (i > 0 && l->lines[i - 1].time_ms > line.time_ms) {
		l->lines[i] = l->lines[i - 1];
		i--;
	}
	l->lines[i] = line;
}

/* Copy what is left into a new arena. */
static void compact(struct loglines *l)
{
	struct log_chunk *old = TAKE(l->chunks);

	l->bytes = l->n * (sizeof(l->lines[0]) + sizeof(uint64_t) * 4);
	for (size_t i = 0; i < l->n; i++)
		l->lines[i].text = arena_copy(l, l->lines[i].text, l->lines[i].len);
	free_chunks(old);
}

static void drop_first(struct loglines *l, size_t n)
{
	for (size_t i = 0; i < n; i++)
		count_line(l, &l->lines[i], -1);
	l->lines += n;
	l->head += n;
	l->n -= n;
}

/* Give up the oldest quarter. */
static void drop_oldest(struct loglines *l)
{
	loglines_settle(l);
	size_t n = l->n / 4;

	drop_first(l, n);
	l->n_dropped += n;
	compact(l);
}

void loglines_select(struct loglines *l, size_t n, bool (*wanted)(void *user, const struct log_line *line), void *user)
{
	size_t before = l->n, kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (wanted(user, &l->lines[i]))
			l->lines[kept++] = l->lines[i];
		else
			count_line(l, &l->lines[i], -1);
	}
	l->n = kept;
	if (l->n > n)
		drop_first(l, l->n - n);
	if (before > 0 && l->n <= before / 2)
		compact(l);
}

/* A line of clean text, in the arena but in no place yet. */
static struct log_line make_line(struct loglines *l, const char *stream, int64_t time_ms, const char *text, size_t len)
{
	len = MIN(len, LOG_LINE_MAX_LEN);
	struct log_line line = {
		.time_ms = MAX(-LOG_LINE_MAX_MS, MIN(time_ms, LOG_LINE_MAX_MS)),
		.text = arena_copy(l, text, len),
		.len = len,
		.stream = stream_index(l, stream),
		.level = log_line_level_of(text, len),
	};

	l->bytes += sizeof(line) + sizeof(uint64_t) * 4;
	return line;
}

static void add_line(struct loglines *l, const char *stream, int64_t time_ms, const char *text, size_t len)
{
	AUTO(buf) struct buf clean = BUF_INIT(LINE_MAX_BYTES * 4);

	if (l->bytes > loglines_limit(l) && l->n > 4)
		drop_oldest(l);
	(void)log_text_clean(&clean, text, len);
	struct log_line line = make_line(l, stream, time_ms, buf_str(&clean), clean.len);

	line.seq = ++l->last_seq;
	place(l, line);
	count_line(l, &line, 1);
	l->generation++;
}

static bool add(struct loglines *l, enum log_seen_way way, const char *stream, const char *event_id, int64_t time_ms,
		const char *text, size_t len)
{
	len = MIN(len, LINE_MAX_BYTES);
	if (!log_seen_add(&l->seen, way, stream, event_id, time_ms, text, len))
		return false;
	add_line(l, stream, time_ms, text, len);
	return true;
}

bool loglines_add(struct loglines *l, const char *stream, const char *event_id, int64_t time_ms, const char *text,
		  size_t len)
{
	return add(l, SEEN_READ, stream, event_id, time_ms, text, len);
}

bool loglines_add_live(struct loglines *l, const char *stream, int64_t time_ms, const char *text, size_t len)
{
	return add(l, SEEN_PUSHED, stream, NULL, time_ms, text, len);
}

const struct log_line *loglines_by_seq(const struct loglines *l, uint64_t seq)
{
	for (size_t i = seq ? l->n : 0; i-- > 0;) {
		if (l->lines[i].seq == seq)
			return &l->lines[i];
	}
	return NULL;
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
	make_room(l, 0, l->n_late);
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

/* --- growing at the front ------------------------------------------------------- */

bool loglines_add_older(struct loglines *l, const char *stream, int64_t time_ms, const char *text, size_t len,
			bool clean)
{
	AUTO(buf) struct buf interpreted = BUF_INIT(LINE_MAX_BYTES * 4);

	len = MIN(len, LINE_MAX_BYTES);
	if (!clean) {
		if (!log_seen_add(&l->seen, SEEN_BACK, stream, NULL, time_ms, text, len))
			return false;
		(void)log_text_clean(&interpreted, text, len);
		text = buf_str(&interpreted);
		len = interpreted.len;
	}
	GROW(l->older, l->cap_older, l->n_older + 1);
	l->older[l->n_older++] = make_line(l, stream, time_ms, text, len);
	return true;
}

/* The new ones go before what was held back of the same time: they are from before it. */
static void sort_older(struct loglines *l)
{
	size_t fresh = l->n_older - l->n_held;
	struct log_line *sorted = xreallocarray(NULL, l->n_older + 1, sizeof(*sorted));

	memcpy(sorted, l->older + l->n_held, fresh * sizeof(*sorted));
	memcpy(sorted + fresh, l->older, l->n_held * sizeof(*sorted));
	struct log_line *tmp = xreallocarray(NULL, l->n_older + 1, sizeof(*tmp));

	sort_late(sorted, tmp, l->n_older);
	free(tmp);
	free(l->older);
	l->older = sorted;
	l->cap_older = l->n_older + 1;
}

/* Merge n sorted lines from the front: of equal times they go first. */
static void merge_older(struct loglines *l, const struct log_line *from, size_t n)
{
	size_t pure = 0, i = 0, j = 0, k = 0;

	if (n == 0)
		return;
	while (pure < n && (l->n == 0 || from[pure].time_ms <= l->lines[0].time_ms))
		pure++;
	make_room(l, n, 0);
	struct log_line *out = l->lines - n, *in = l->lines;

	for (; j < n; k++) {
		bool ours = i < l->n && in[i].time_ms < from[j].time_ms;

		out[k] = ours ? in[i++] : from[j++];
		if (!ours) {
			out[k].seq = ++l->last_seq;
			count_line(l, &out[k], 1);
		}
	}
	l->lines = out;
	l->head -= n;
	l->n += n;
	l->n_before += pure;
}

void loglines_settle_older(struct loglines *l, int64_t from_ms)
{
	size_t held = 0;

	if (l->n_older == 0)
		return;
	sort_older(l);
	while (held < l->n_older && l->older[held].time_ms < from_ms)
		held++;
	merge_older(l, l->older + held, l->n_older - held);
	l->n_older = l->n_held = held;
	l->generation++;
}

void loglines_finish(struct loglines *l)
{
	free(TAKE(l->older));
	free(TAKE(l->late));
	l->n_older = l->n_held = l->cap_older = l->n_late = l->cap_late = 0;
	log_seen_done(&l->seen);
}
