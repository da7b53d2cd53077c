/* running.h - what runs now: what it has cost, costs an hour, and will have cost in the end.
 *
 * The end of a job is a range: from what the tenth to what the ninetieth of a hundred
 * finished jobs of its prefix, type and number of instances was billed for, and never less
 * than it has run already; without such jobs up to its own limit. What stands there has no
 * end; it is said what it costs a day. Pure. */
#ifndef SAGETOP_MODEL_RUNNING_H
#define SAGETOP_MODEL_RUNNING_H

#include "model/spend.h"

struct running {
	const struct session *session; /* borrowed: its scope's */
	const struct kind *kind;
	char *name;
	char *what;		       /* "2 x ml.m5.xlarge" */
	int64_t so_far_micro;	       /* USD_UNKNOWN where there is no price */
	int64_t rate_micro;	       /* an hour; USD_UNKNOWN */
	int64_t low_micro, high_micro; /* in the end; USD_UNKNOWN: it has none, or it is not known */
	size_t evidence;	       /* finished jobs behind the range; 0: its own limit */
	bool idle;		       /* it bills and does no work: a warm pool; an app or endpoint that nobody uses */
};
struct runnings {
	struct running *items;
	size_t n, cap;
};
void runnings_done(struct runnings *l);
AUTO_EMBEDDED(runnings, struct runnings, runnings_done)

/* The jobs that run, the pools that are kept, what stands there, beside what ret has; the dearest an hour first.
 * calls: an endpoint's variant (usage_key) -> its calls of the last day as a number; NULL: not known. */
void running_of_session(const struct session *s, const struct usages *usages, const struct strmap *calls,
			int64_t now_ms, struct runnings *ret);

struct running_total {
	int64_t so_far_micro, rate_micro, low_micro, high_micro; /* of what is known */
	int64_t idle_day_micro;					 /* a day, of what does no work */
	size_t unknown;						 /* without a price */
};
void running_sum(const struct runnings *l, struct running_total *ret);

/* What runs under one prefix of its names (spend.h), summed. */
struct running_group {
	char *prefix;
	size_t n;
	struct running_total total;
};
struct running_groups {
	struct running_group *items; /* in the order of their first */
	size_t n, cap;
};
void running_groups_done(struct running_groups *g);
AUTO_EMBEDDED(running_groups, struct running_groups, running_groups_done)
void running_group_sum(const struct runnings *l, struct running_groups *ret);

#endif
