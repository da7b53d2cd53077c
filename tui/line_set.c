/* Lines that pass a test, a slice of the log at a time. */
#include "tui/line_set.h"

#include "base/clock.h"

#define SLICE_BYTES ((size_t)256 << 10) /* between two looks at the clock */
#define CHECK_EVERY 256			/* lines: so many are looked at again for one that came late */

void line_set_done(struct line_set *s)
{
	free(s->lines);
	free(s->checks);
	*s = (struct line_set){0};
}

/* What was looked at last is as it was where this one is. */
static void add_check(struct line_set *s, const struct loglines *log)
{
	size_t n = s->n_checks;

	if (n > 0 && s->checks[n - 1].line == s->scanned)
		return;
	if (n > 1 && s->scanned - s->checks[n - 2].line < CHECK_EVERY)
		s->n_checks--;
	if (s->scanned == 0)
		return;
	GROW(s->checks, s->cap_checks, s->n_checks + 1);
	s->checks[s->n_checks++] = (struct line_check){s->scanned, log->lines[s->scanned - 1].seq};
}

void line_set_begin(struct line_set *s, const struct loglines *log, size_t line)
{
	s->n = s->n_checks = 0;
	s->from = s->scanned = line;
	s->from_seq = 0;
	s->seen_before = log ? log->n_before : 0;
	s->seen_dropped = log ? log->n_dropped : 0;
	if (line)
		add_check(s, log);
}

bool line_set_is_complete(const struct line_set *s, const struct loglines *log)
{
	return s->from == 0 && s->scanned >= log->n;
}

size_t line_set_place(const struct line_set *s, size_t line)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (s->lines[mid] < line)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool line_set_has(const struct line_set *s, size_t line)
{
	size_t at = line_set_place(s, line);

	return at < s->n && s->lines[at] == line;
}

bool line_set_covers(const struct line_set *s, size_t line)
{
	return s->from <= line && line <= s->scanned;
}

void line_set_cut(struct line_set *s, const struct loglines *log, size_t line)
{
	if (line >= s->scanned)
		return;
	if (line <= s->from) {
		line_set_begin(s, log, MIN(line, log->n));
		return;
	}
	s->n = line_set_place(s, line);
	s->scanned = line;
	while (s->n_checks && s->checks[s->n_checks - 1].line > line)
		s->n_checks--;
	add_check(s, log);
}

void line_set_cut_front(struct line_set *s, const struct loglines *log, size_t line)
{
	size_t n = line_set_place(s, line);

	if (line <= s->from)
		return;
	if (line >= s->scanned) {
		line_set_begin(s, log, MIN(line, log->n));
		return;
	}
	memmove(s->lines, s->lines + n, (s->n - n) * sizeof(*s->lines));
	s->n -= n;
	s->from = line;
	s->from_seq = log->lines[line].seq;
}

/* Older lines have come before the first one: what was found is further down. */
static void make_way(struct line_set *s, size_t by)
{
	for (size_t i = 0; i < s->n; i++)
		s->lines[i] += (uint32_t)by;
	for (size_t i = 0; i < s->n_checks; i++)
		s->checks[i].line += by;
	s->from += by;
	s->scanned += by;
}

/* The first lines are gone. */
static void close_up(struct line_set *s, const struct loglines *log, size_t by)
{
	size_t gone = line_set_place(s, by), n = 0;

	for (size_t i = gone; i < s->n; i++)
		s->lines[i - gone] = s->lines[i] - (uint32_t)by;
	s->n -= gone;
	for (size_t i = 0; i < s->n_checks; i++)
		if (s->checks[i].line > by)
			s->checks[n++] = (struct line_check){s->checks[i].line - by, s->checks[i].seq};
	s->n_checks = n;
	if (s->from <= by)
		s->from_seq = log->n ? log->lines[0].seq : 0;
	s->from -= MIN(s->from, by);
	s->scanned -= MIN(s->scanned, by);
}

static bool holds(const struct loglines *log, const struct line_check *c)
{
	return c->line <= log->n && log->lines[c->line - 1].seq == c->seq;
}

bool line_set_follow(struct line_set *s, const struct loglines *log)
{
	size_t before = log->n_before - s->seen_before, dropped = log->n_dropped - s->seen_dropped;

	if (before > 0 && dropped > 0) { /* which was first is not known */
		line_set_begin(s, log, 0);
		return false;
	}
	s->seen_before = log->n_before;
	s->seen_dropped = log->n_dropped;
	if (before > 0)
		make_way(s, before);
	if (dropped > 0)
		close_up(s, log, dropped);
	if (s->scanned == 0)
		return true;
	bool front_holds = s->from == s->scanned || (s->from < log->n && log->lines[s->from].seq == s->from_seq);
	size_t lo = 0, hi = front_holds ? s->n_checks : 0;

	while (lo < hi) { /* a late line moves all that follows it */
		size_t mid = (lo + hi) / 2;
		if (holds(log, &s->checks[mid]))
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0) {
		line_set_begin(s, log, 0);
		return false;
	}
	line_set_cut(s, log, s->checks[lo - 1].line);
	return true;
}

static void add(struct line_set *s, size_t line)
{
	GROW(s->lines, s->cap, s->n + 1);
	s->lines[s->n++] = (uint32_t)line;
}

/* Of the lines behind those that were looked at. */
static void work_on(struct line_set *s, const struct loglines *log, size_t high, line_test_fn *test, void *user,
		    int64_t until_us)
{
	size_t bytes = 0, next = s->scanned + CHECK_EVERY;

	while (s->scanned < high) {
		if (test(user, log, s->scanned))
			add(s, s->scanned);
		bytes += log->lines[s->scanned++].len + 64;
		if (s->scanned >= next) {
			add_check(s, log);
			next += CHECK_EVERY;
		}
		if (bytes > SLICE_BYTES) {
			if (clock_mono_us() >= until_us)
				break;
			bytes = 0;
		}
	}
}

/* The new lines were put behind the others: turn them to the front. */
static void turn(struct line_set *s, size_t n_old)
{
	size_t n_new = s->n - n_old;

	if (!n_new)
		return;
	uint32_t *fresh = xmemdup(s->lines + n_old, n_new * sizeof(*fresh));

	memmove(s->lines + n_new, s->lines, n_old * sizeof(*fresh));
	memcpy(s->lines, fresh, n_new * sizeof(*fresh));
	free(fresh);
}

/* Of those before them; some in any case, however late it is: who finds no more looked at takes it for all. */
static void work_back(struct line_set *s, const struct loglines *log, size_t low, line_test_fn *test, void *user,
		      int64_t until_us)
{
	while (s->from > low) {
		size_t to = s->from, n_old = s->n;

		for (size_t bytes = 0; s->from > low && bytes < SLICE_BYTES; s->from--)
			bytes += log->lines[s->from - 1].len + 64;
		for (size_t i = s->from; i < to; i++)
			if (test(user, log, i))
				add(s, i);
		turn(s, n_old);
		if (clock_mono_us() >= until_us)
			break;
	}
}

void line_set_work(struct line_set *s, const struct loglines *log, size_t low, size_t high, line_test_fn *test,
		   void *user, int64_t until_us)
{
	work_on(s, log, MIN(high, log->n), test, user, until_us);
	work_back(s, log, low, test, user, until_us);
	if (s->scanned) {
		s->from_seq = s->from < log->n ? log->lines[s->from].seq : 0;
		add_check(s, log);
	}
}
