/* loglines.h - the log of one job: events from one or more streams, in order of
 * time, in a chunked arena with an index. Text is sanitised on the way in and a
 * level is recognised once, on arrival. Appends are amortised O(1); an event
 * that is late is put where its time belongs. */
#ifndef SAGETOP_MODEL_LOGLINES_H
#define SAGETOP_MODEL_LOGLINES_H

#include "base/map.h"
#include "base/str.h"

enum log_line_level { LINE_PLAIN = 0, LINE_DEBUG, LINE_INFO, LINE_WARNING, LINE_ERROR };

struct log_line {
	int64_t time_ms;
	const char *text; /* NUL-terminated, in the arena */
	uint32_t len;
	uint16_t stream;  /* index into streams */
	uint8_t level;    /* enum log_line_level */
};

struct loglines {
	struct log_line *lines;
	size_t n, cap;
	struct log_chunk *chunks; /* private: the arena */
	struct strlist streams;   /* "job/algo-1-1700000000" */
	struct map seen;          /* private: event identities for deduplication */
	uint64_t generation;
	size_t n_errors, n_warnings;
	size_t bytes;
	bool complete; /* the job is over and everything was read: immutable */
};

void loglines_done(struct loglines *l);
AUTO_EMBEDDED(loglines, struct loglines, loglines_done)
void loglines_clear(struct loglines *l);

/* Add one event; false where event_id (may be NULL: then stream, time and text
 * identify it only against an exact repeat from another page, see .c) is known. */
bool loglines_add(struct loglines *l, const char *stream, const char *event_id, int64_t time_ms, const char *text,
		  size_t len);
enum log_line_level log_line_level_of(const char *text, size_t n);

#endif
