/* launches.h - what was launched from here: a row for each job that somebody asked for, and one for each sweep. */
#ifndef SAGETOP_MODEL_LAUNCHES_H
#define SAGETOP_MODEL_LAUNCHES_H

#include "base/mem.h"

struct launch_summary {
	char *name; /* of the job, or of the sweep */
	bool is_sweep;
	size_t queued, sent, accepted, refused; /* jobs */
	int64_t asked_ms;
	char *error; /* the last one; NULL */
};
struct launch_summaries {
	struct launch_summary *items; /* the newest first */
	size_t n, cap;
};
void launch_summaries_done(struct launch_summaries *l);
AUTO_EMBEDDED(launch_summaries, struct launch_summaries, launch_summaries_done)

static inline size_t launch_summary_jobs(const struct launch_summary *l)
{
	return l->queued + l->sent + l->accepted + l->refused;
}
/* What was taken back: so many jobs were not sent, and so many were being sent, of which nobody knows yet. */
struct launch_discarded {
	size_t queued, sent;
};

/* In a word or two: "launched", "3 of 5 queued", "2 of 5 refused". buf holds LAUNCH_STATE_LEN bytes. */
#define LAUNCH_STATE_LEN 48
char *launch_summary_state(const struct launch_summary *l, char *buf);

#endif
