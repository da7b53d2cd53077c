/* badge.h - what calls for a look at a job that runs: pure.
 *
 * A row of badge.def is a word and a rule. A list shows the words (field `badges`), the job's
 * page the reasons. Rules about processors, GPUs, logs and curves need them to be at hand
 * (a feed of the session): without, they say nothing. A job that is over has no badges. */
#ifndef SAGETOP_MODEL_BADGE_H
#define SAGETOP_MODEL_BADGE_H

#include "base/clock.h"
#include "model/job.h"
#include "model/session.h"

enum badge_id {
#define BADGE(id, word, fn, help) BADGE_##id,
#include "model/badge.def"
#undef BADGE
	BADGE_COUNT
};

#define BADGE_IDLE_MS (15 * MINUTE_MS)
#define BADGE_SILENT_MS (20 * MINUTE_MS)
#define BADGE_PENDING_MS (15 * MINUTE_MS)
#define BADGE_IDLE_PCT 5.0    /* of all processors, or of all GPUs */
#define BADGE_LIMIT_SHARE 0.9 /* of MaxRuntime */
#define BADGE_INTERRUPTIONS 3
#define BADGE_FLAT_ROUNDS 20 /* at least so many, and as many as led to the best one */

struct badge_look {
	const struct job *job;
	const struct feed *feed; /* NULL: nothing was read */
	int64_t now_ms;
};

const char *badge_word(enum badge_id b);
/* Whether it has that badge; why, in words, owned by the caller (ret may be NULL). */
bool badge_of(enum badge_id b, const struct badge_look *look, char **ret_why);
/* "limit spot": all its badges, "" where it has none. Static. */
const char *badge_words(const struct badge_look *look);

#endif
