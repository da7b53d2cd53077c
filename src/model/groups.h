/* groups.h - jobs by groups: how many of each ended how, what they cost, and what is still to
 * come. What the jobs' list folds and `sagetop jobs --group` prints.
 *
 * What was spent is what spend.h makes of the same jobs, to the micro-dollar. What is to come is
 * told by the group's own completed jobs: one that runs will take as long as the middle one of
 * those that took longer than it has so far. Where there is none, what the others will take is the
 * least that is to come; of which nobody tells, nothing is said. Pure. */
#ifndef SAGETOP_MODEL_GROUPS_H
#define SAGETOP_MODEL_GROUPS_H

#include "model/spend.h"

struct group {
	const char *key; /* borrowed from the groups */
	size_t n;	 /* jobs, which are the following; the rest has a status that is not known */
	size_t ok, failed, stopped, running;
	size_t unpriced;	 /* those of which something is not counted */
	int64_t spent_micro;	 /* of what is counted */
	int64_t projected_micro; /* once all have ended; USD_UNKNOWN */
	int64_t eta_ms;		 /* when the last of them will have ended; TIME_UNKNOWN */
	/* Of both the least there will be, where only of some that run the rest is known; else the same. */
	int64_t projected_least_micro, eta_least_ms;
	int64_t newest_ms; /* when the newest was made */
	bool estimate;	   /* what was spent is one in part */
};

struct groups {
	struct spend spend; /* the same jobs' money; its options say what they are grouped by */
	struct group *items;
	size_t n, cap;
	uint32_t *of;		  /* the group of each job, in the order in which they came; may be freed earlier */
	struct map by_key;	  /* private */
	struct groups_work *work; /* private: what is still to be done; NULL */
};
void groups_done(struct groups *g);
AUTO_EMBEDDED(groups, struct groups, groups_done)

/* "prefix", "tag:team": what jobs can be grouped by. *ret_tag is borrowed from text; NULL. */
int groups_parse(const char *text, enum spend_by *ret, const char **ret_tag, struct err *err) NODISCARD;
/* By words: "prefix", "tag:team"; buf holds GROUPS_WORDS_LEN bytes. */
#define GROUPS_WORDS_LEN 160
char *groups_words(char *buf, enum spend_by by, const char *tag);

/* Jobs, in their order, at once; *g is replaced. opt: by and tag, and where they want it (spend_wants_tuning) the
 * column of tuning jobs; the period is all times. Where all jobs have one prefix, they are grouped by their first
 * number as well (the cycles of a run). Groups come in the order of their first jobs. */
void groups_build(struct groups *g, const struct spend_options *opt, const struct resource *const *jobs, size_t n,
		  const struct session *s);
/* The same in turns, for which jobs, the session and what opt borrows must stay: each goes on
 * until clock_mono_us() says so (or FIELD_ORDER_AT_ONCE); true once all is done. */
void groups_begin(struct groups *g, const struct spend_options *opt, const struct resource *const *jobs, size_t n,
		  const struct session *s);
bool groups_turn(struct groups *g, int64_t until_us);

#endif
