/* loglines.h - the log of one thing: events from one or more streams, in order of
 * time, in a chunked arena with an index. Text is interpreted and sanitised on the way
 * in (log_text.h; an event may have several lines, and tabs) and a level is recognised
 * once, on arrival. Appends are amortised O(1); an event that is late is put where its
 * time belongs: at once where that is near the end, at loglines_settle where it is far
 * back. Events of one millisecond keep the order of their arrival.
 *
 * A log that is read backwards grows at its front: what a page of older events brings is
 * added by loglines_add_older and put in its place by loglines_settle_older, before lines
 * of the same time.
 *
 * Lines move (late ones come before them, the oldest are dropped): who remembers one
 * keeps its sequence number. */
#ifndef SAGETOP_MODEL_LOGLINES_H
#define SAGETOP_MODEL_LOGLINES_H

#include "base/str.h"
#include "model/log_seen.h"
#include "model/log_text.h"

/* Beyond this the oldest quarter is dropped (and counted in n_dropped). */
#define LOGLINES_MAX_BYTES ((size_t)192 << 20)

/* Of a text that is longer the rest is cut; times stay within some thousand years. */
#define LOG_LINE_MAX_LEN ((size_t)(1 << 24) - 1)
#define LOG_LINE_MAX_MS (((int64_t)1 << 47) - 1)

/* 24 bytes: there are millions of them. */
struct log_line {
	const char *text; /* NUL-terminated, in the arena */
	int64_t time_ms : 48;
	uint64_t stream : 16; /* index into streams */
	uint64_t seq : 37;    /* from 1 in order of arrival; never given again, not even after a clear */
	uint64_t len : 24;
	uint64_t level : 3; /* enum log_line_level */
};

struct loglines {
	struct log_line *lines;
	size_t n, cap;
	struct strlist streams; /* "job/algo-1-1700000000" */
	uint64_t generation;
	size_t n_errors, n_warnings;
	size_t n_replaced; /* characters that could not be read: U+FFFD */
	size_t bytes;
	size_t max_bytes;  /* 0: LOGLINES_MAX_BYTES */
	size_t n_dropped;  /* oldest lines given up for want of memory */
	size_t n_before;   /* lines that were put before the first one, all together */
	bool complete;	   /* the job is over and everything was read: immutable */
	uint64_t last_seq; /* of the line that was added last; 0 none yet */
	struct log_seen seen;

	/* private */
	struct log_chunk *chunks; /* the arena */
	size_t head;		  /* room before the lines */
	struct log_line *late;	  /* waiting for loglines_settle */
	size_t n_late, cap_late;
	struct log_line *older; /* waiting for loglines_settle_older: what was held back, then the new */
	size_t n_older, cap_older, n_held;
};

void loglines_done(struct loglines *l);
AUTO_EMBEDDED(loglines, struct loglines, loglines_done)
void loglines_clear(struct loglines *l);
size_t loglines_limit(const struct loglines *l); /* of bytes */

/* Add one event; false where it is known already (log_seen.h). event_id may be NULL. */
bool loglines_add(struct loglines *l, const char *stream, const char *event_id, int64_t time_ms, const char *text,
		  size_t len);
/* The same for an event that is pushed (a live tail), beside the passes. */
bool loglines_add_live(struct loglines *l, const char *stream, int64_t time_ms, const char *text, size_t len);
/* A reading that may repeat what an earlier one brought begins. */
void loglines_begin_pass(struct loglines *l);
/* Put the late ones in their places: after every batch, before lines is read. */
void loglines_settle(struct loglines *l);
/* The same for one of a page of older events, whose pages come backwards and whose events
 * come forwards. clean: the text was interpreted when it was first added, and it cannot
 * come again. */
bool loglines_add_older(struct loglines *l, const char *stream, int64_t time_ms, const char *text, size_t len,
			bool clean);
/* The page is whole. What is earlier than from_ms is held back: another stream may still
 * have lines that belong among them. INT64_MIN: nothing is. */
void loglines_settle_older(struct loglines *l, int64_t from_ms);
/* Complete: what is only needed to add more is let go of. */
void loglines_finish(struct loglines *l);
/* Let go of the lines, not of what is known: they were handed on and are not kept. */
void loglines_forget(struct loglines *l);

/* Keep the lines that are wanted, and of those the last n. */
void loglines_select(struct loglines *l, size_t n, bool (*wanted)(void *user, const struct log_line *line), void *user);

/* The line with that number, NULL where it is gone; quick where it is near the end. */
const struct log_line *loglines_by_seq(const struct loglines *l, uint64_t seq);

#endif
