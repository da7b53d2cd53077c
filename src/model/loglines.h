/* loglines.h - the log of one job: events from one or more streams, in order of
 * time, in a chunked arena with an index. Text is sanitised on the way in and a
 * level is recognised once, on arrival. Appends are amortised O(1); an event
 * that is late is put where its time belongs: at once where that is near the
 * end, at loglines_settle where it is far back. Events of one millisecond keep
 * the order of their arrival. */
#ifndef SAGETOP_MODEL_LOGLINES_H
#define SAGETOP_MODEL_LOGLINES_H

#include "base/map.h"
#include "base/str.h"

/* Beyond this the oldest quarter is dropped (and counted in n_dropped). */
#define LOGLINES_MAX_BYTES ((size_t)192 << 20)

enum log_line_level { LINE_PLAIN = 0, LINE_DEBUG, LINE_INFO, LINE_WARNING, LINE_ERROR };

struct log_line {
	int64_t time_ms;
	const char *text; /* NUL-terminated, in the arena */
	uint32_t len;
	uint16_t stream; /* index into streams */
	uint8_t level;	 /* enum log_line_level */
};

struct loglines {
	struct log_line *lines;
	size_t n, cap;
	struct strlist streams; /* "job/algo-1-1700000000" */
	uint64_t generation;
	size_t n_errors, n_warnings;
	size_t bytes;
	size_t n_dropped;     /* oldest lines given up for want of memory */
	bool complete;	      /* the job is over and everything was read: immutable */
	struct log_line last; /* the line that was added last */

	/* private */
	struct log_chunk *chunks; /* the arena */
	struct log_line *late;	  /* waiting for loglines_settle */
	size_t n_late, cap_late;
	uint64_t *seen; /* identities of events: an open hash set */
	size_t n_seen, cap_seen;
	struct log_repeats {
		uint64_t *keys; /* an open hash map: content -> how often */
		uint32_t *counts;
		size_t n, cap;
	} pass, live;
};

void loglines_done(struct loglines *l);
AUTO_EMBEDDED(loglines, struct loglines, loglines_done)
void loglines_clear(struct loglines *l);

/* Add one event; false where it is known already. Its identity is stream, time,
 * text and how many of the same came before it in this pass: a program that prints
 * one line twice in a millisecond has two lines, a page that is read twice has them
 * once. An event_id (may be NULL) that was seen before is a repeat too. */
bool loglines_add(struct loglines *l, const char *stream, const char *event_id, int64_t time_ms, const char *text,
		  size_t len);
/* The same for an event that is pushed (a live tail), beside the passes: what the
 * one has brought the other does not add again. */
bool loglines_add_live(struct loglines *l, const char *stream, int64_t time_ms, const char *text, size_t len);
/* A reading that may repeat what an earlier one brought begins. */
void loglines_begin_pass(struct loglines *l);
/* Put the late ones in their places: after every batch, before lines is read. */
void loglines_settle(struct loglines *l);

enum log_line_level log_line_level_of(const char *text, size_t n);

#endif
