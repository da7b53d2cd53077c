/* line_set.h - which lines of a log pass a test, found a slice at a time.
 *
 * A set knows the lines from `from` on and before `scanned`, and grows both ways. It goes along
 * with the log: older lines that come before the first, old ones that are given up, late ones near
 * the end cost only what they touch. */
#ifndef SAGETOP_TUI_LINE_SET_H
#define SAGETOP_TUI_LINE_SET_H

#include "model/loglines.h"

struct line_check { /* what the line before that one was, when it was looked at */
	size_t line;
	uint64_t seq;
};

struct line_set {
	uint32_t *lines; /* numbers, ascending */
	size_t n, cap;
	size_t from, scanned;
	/* private: to see what has moved since */
	struct line_check *checks; /* ascending; the last is at scanned */
	size_t n_checks, cap_checks;
	uint64_t from_seq;
	size_t seen_before, seen_dropped;
};

void line_set_done(struct line_set *s);
/* Nothing is known: look from that line on, then before it. log may be NULL where it is 0. */
void line_set_begin(struct line_set *s, const struct loglines *log, size_t line);
/* After every change of the log, before the set is read. False where nothing of what was found can be held:
 * the set is as after line_set_begin at 0. */
bool line_set_follow(struct line_set *s, const struct loglines *log);
bool line_set_is_complete(const struct line_set *s, const struct loglines *log);
/* Where that line stands in it, else the first behind it. */
size_t line_set_place(const struct line_set *s, size_t line);
bool line_set_has(const struct line_set *s, size_t line);
/* Whether lines at that one are known. */
bool line_set_covers(const struct line_set *s, size_t line);
/* What was found from that line on may be wrong; before it likewise. */
void line_set_cut(struct line_set *s, const struct loglines *log, size_t line);
void line_set_cut_front(struct line_set *s, const struct loglines *log, size_t line);

typedef bool line_test_fn(void *user, const struct loglines *log, size_t line);
/* A slice, of the lines from low to before high only. */
void line_set_work(struct line_set *s, const struct loglines *log, size_t low, size_t high, line_test_fn *test,
		   void *user, int64_t until_us);

#endif
