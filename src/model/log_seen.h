/* log_seen.h - which events of a log are known already.
 *
 * An event's identity is its stream, time, text and how many of the same came before
 * it in the same reading: a program that prints one line twice in a millisecond has
 * two lines, a page that is read twice has them once. An event id that was seen
 * before is a repeat too. Whichever way an event came (read, pushed, or read backwards), the
 * other ways do not bring it again.
 *
 * A log of any length is followed in bounded memory: identities are kept in two
 * halves, and the older half goes when the younger one is full and spans `horizon_ms`.
 * From then on (`forgot`) a reading may begin at most that far before the newest
 * event; one that comes in order of time, at `known_from_ms`. */
#ifndef SAGETOP_MODEL_LOG_SEEN_H
#define SAGETOP_MODEL_LOG_SEEN_H

#include "base/mem.h"

#define LOG_SEEN_HALF ((size_t)600000) /* identities; an event has two at most */
#define LOG_SEEN_SHARDS 16
#define LOG_SEEN_HORIZON_MS ((int64_t)900000) /* 15 minutes */

/* Ways that go on beside each other: each counts its own repeats. */
enum log_seen_way {
	SEEN_READ = 0, /* by readings, each from some time on */
	SEEN_PUSHED,   /* by a live tail */
	SEEN_BACK,     /* by one reading that goes backwards: what came is not brought again */
};
#define SEEN_WAYS 3

struct log_seen {
	size_t half;	    /* 0: LOG_SEEN_HALF */
	int64_t horizon_ms; /* 0: LOG_SEEN_HORIZON_MS */
	bool forgot;
	int64_t known_from_ms; /* every event of a later time that was added is remembered */

	/* private */
	struct log_half {
		struct log_keys {
			uint64_t *keys;	  /* an open hash set; 0 marks a free slot */
			uint32_t *counts; /* NULL where nothing is counted */
			size_t n, cap;
		} shards[LOG_SEEN_SHARDS]; /* one grows at a time, so that growing needs little room */
		size_t n;
	} young, old;
	struct log_counts { /* how often a content came this way */
		struct log_keys young, old;
	} counts[SEEN_WAYS];
	int64_t newest_ms, young_from_ms;
};

void log_seen_done(struct log_seen *s);
AUTO_EMBEDDED(log_seen, struct log_seen, log_seen_done)
/* A reading that may repeat what an earlier one brought begins. */
void log_seen_begin(struct log_seen *s);
/* Note an event; false where it is known. event_id may be NULL. */
bool log_seen_add(struct log_seen *s, enum log_seen_way way, const char *stream, const char *event_id, int64_t time_ms,
		  const char *text, size_t len);

#endif
