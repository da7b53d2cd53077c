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

static void free_content(struct loglines *l)
{
	free_chunks(l->chunks);
	free(l->lines);
	free(l->late);
	log_seen_done(&l->seen);
	strlist_done(&l->streams);
}

void loglines_clear(struct loglines *l)
{
	uint64_t generation = l->generation + 1, last_seq = l->last_seq;

	free_content(l);
	*l = (struct loglines){.generation = generation, .last_seq = last_seq};
}

void loglines_done(struct loglines *l)
{
	free_content(l);
	*l = (struct loglines){0};
}

void loglines_forget(struct loglines *l)
{
	free_chunks(TAKE(l->chunks));
	l->n = l->n_late = 0;
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

/* Copy what is left into a new arena. */
static void compact(struct loglines *l)
{
	struct log_chunk *old = TAKE(l->chunks);

	l->bytes = l->cap * sizeof(l->lines[0]);
	for (size_t i = 0; i < l->n; i++)
		l->lines[i].text = arena_copy(l, l->lines[i].text, l->lines[i].len);
	free_chunks(old);
}

static void drop_first(struct loglines *l, size_t n)
{
	for (size_t i = 0; i < n; i++)
		count_line(l, &l->lines[i], -1);
	memmove(l->lines, l->lines + n, (l->n - n) * sizeof(l->lines[0]));
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

static void add_line(struct loglines *l, const char *stream, int64_t time_ms, const char *text, size_t len)
{
	AUTO(buf) struct buf clean = BUF_INIT(LINE_MAX_BYTES * 4);

	if (l->bytes > (l->max_bytes ? l->max_bytes : LOGLINES_MAX_BYTES) && l->n > 4)
		drop_oldest(l);
	(void)log_text_clean(&clean, text, len);
	struct log_line line = {
		.time_ms = time_ms,
		.seq = ++l->last_seq,
		.text = arena_copy(l, buf_str(&clean), clean.len),
		.len = (uint32_t)clean.len,
		.stream = stream_index(l, stream),
		.level = (uint8_t)log_line_level_of(buf_str(&clean), clean.len),
	};

	l->bytes += sizeof(line) + sizeof(uint64_t) * 4;
	place(l, line);
	count_line(l, &line, 1);
	l->generation++;
}

static bool add(struct loglines *l, bool pushed, const char *stream, const char *event_id, int64_t time_ms,
		const char *text, size_t len)
{
	len = MIN(len, LINE_MAX_BYTES);
	if (!log_seen_add(&l->seen, pushed, stream, event_id, time_ms, text, len))
		return false;
	add_line(l, stream, time_ms, text, len);
	return true;
}

bool loglines_add(struct loglines *l, const char *stream, const char *event_id, int64_t time_ms, const char *text,
		  size_t len)
{
	return add(l, false, stream, event_id, time_ms, text, len);
}

bool loglines_add_live(struct loglines *l, const char *stream, int64_t time_ms, const char *text, size_t len)
{
	return add(l, true, stream, NULL, time_ms, text, len);
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
