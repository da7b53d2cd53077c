/* spend.h - what was spent in a period: what everything of an account is billed for there,
 * by groups, with what was wasted and what is not known.
 *
 * A thing makes charges: an amount of money over a span of time (a job from its start to
 * its end, a warm pool behind it, an endpoint between two updates). Of a charge that a
 * period or a midnight cuts, what lies before the cut is floor(amount x share), of what
 * stands there floor(rate x time), both counted from its beginning: so parts add up to the whole to the micro-dollar,
 * whatever the cuts, and a total is the sum of its rows. Pure. */
#ifndef SAGETOP_MODEL_SPEND_H
#define SAGETOP_MODEL_SPEND_H

#include "model/period.h"
#include "model/session.h"
#include "model/usage.h"

/* Why something that was paid for was of no use, or may have been. */
enum spend_waste {
	WASTE_NONE = 0,
	WASTE_FAILED,	   /* what failed */
	WASTE_STOPPED,	   /* what somebody stopped */
	WASTE_IDLE,	   /* warm pools that were kept */
	WASTE_INTERRUPTED, /* what spot took back and began again: not all of it was lost */
	WASTE_COUNT
};
extern const char *const spend_waste_names[WASTE_COUNT];

/* Why an amount is not known. */
enum spend_unknown {
	UNKNOWN_NOT = 0,
	UNKNOWN_PRICE,
	UNKNOWN_TIME,
	UNKNOWN_STORAGE,
	UNKNOWN_BY_USE,
	UNKNOWN_PLAN,
	UNKNOWN_COUNT
};
const char *spend_unknown_words(enum spend_unknown u); /* "no price" */

struct charge {
	const char *component; /* borrowed, as everything here: "Training" */
	const char *type;
	int64_t from_ms, until_ms; /* from < until */
	int64_t instance_s;	   /* seconds x instances; of storage 0 */
	int64_t usd_micro;	   /* of all of it; USD_UNKNOWN */
	int64_t rate_micro;	   /* what rate_ms of it cost, of what stands there: its past must not change while it
				      goes on; 0: usd_micro is spread evenly */
	int64_t rate_ms;	   /* an hour; of storage a month */
	enum spend_waste waste;
	enum spend_unknown unknown;
	bool estimate; /* counted by us, at a neighbouring rate, or still growing */
};
#define CHARGES_MAX 12
struct charges {
	struct charge items[CHARGES_MAX];
	size_t n;
};
/* What a job, or a thing that is billed from its start to its end, costs so far. */
void charges_of_resource(const struct resource *r, const struct session *s, int64_t now_ms, struct charges *ret);
void charges_of_usage(const struct usage *u, const struct session *s, int64_t now_ms, struct charges *ret);
/* The money, and the instance-seconds, that lie in [from, until). */
int64_t charge_money(const struct charge *c, int64_t from_ms, int64_t until_ms);
int64_t charge_seconds(const struct charge *c, int64_t from_ms, int64_t until_ms);

/* --- groups -------------------------------------------------------------------------- */

enum spend_by {
	BY_DAY = 0,
	BY_WEEK,
	BY_MONTH,
	BY_KIND,
	BY_PREFIX,
	BY_TAG,
	BY_TYPE,
	BY_STATUS,
	BY_USER,
	BY_BACKTEST,
	BY_PARENT,
	BY_SWEEP,
	BY_COMPONENT,
	BY_PROFILE,
	BY_REGION,
	BY_SCOPE, /* "PROFILE/REGION" */
	BY_NAME,
	BY_COUNT
};
/* "day", "tag:team". ERR_USAGE suggests the nearest. *ret_tag is borrowed from text; NULL. */
int spend_by_parse(const char *text, enum spend_by *ret, const char **ret_tag, struct err *err) NODISCARD;
const char *spend_by_name(enum spend_by by);

struct spend_row {
	char *key;
	int64_t usd_micro;
	int64_t waste_micro; /* of it: failed, stopped, idle */
	int64_t instance_s;
	size_t things, unknown; /* unknown: those of which something is not counted */
	bool estimate;
	bool lacking;	  /* what a scope that could not be asked would add is not in it */
	const void *last; /* private */
	bool last_unknown;
};

struct spend_options {
	int64_t from_ms, until_ms, now_ms;
	enum spend_by by;
	int numbers;	 /* of BY_PREFIX: see spend_prefix */
	const char *tag; /* of BY_TAG */
	bool local;	 /* days are those of TZ's zone */
	/* Where the groups want it (spend_wants_tuning) the jobs' field of their tuning jobs; NULL. And the session
	 * that has its values, and of which scopes things are grouped by profile and region */
	const struct field *tuning;
	const struct session *session;
};

/* Whether jobs are grouped by what lies in a cold field, that of their tuning jobs. */
bool spend_wants_tuning(enum spend_by by);

struct spend {
	struct spend_options opt;
	struct spend_row *rows;
	size_t n, cap;
	struct spend_row total;
	struct {
		int64_t usd_micro;
		size_t things;
		const void *last;
	} waste[WASTE_COUNT];
	struct {
		size_t things;
		struct strlist names; /* types, of UNKNOWN_TIME some names: a few of each */
		const void *last;
	} unknown[UNKNOWN_COUNT];
	struct map by_key;	    /* private */
	const struct session *part; /* whose things are added, which says the scope of a thing that is gone */
};
void spend_init(struct spend *s, const struct spend_options *opt);
void spend_done(struct spend *s);
AUTO_EMBEDDED(spend, struct spend, spend_done)
/* All that a thing is billed for. r: whose tags, status and parents group it; NULL of what
 * is gone. */
void spend_add(struct spend *s, const struct kind *kind, const char *name, const struct resource *r,
	       const struct charges *c, const void *identity);
/* What this part of opt.session would add is not known: of the groups that are its own and of the total. */
void spend_add_lacking(struct spend *s, const struct session *part);
/* The group of a whole job (not by time or component): of a cluster of several types "(several
 * types)". And all that it is billed for in the row of that key, which is there even where it is
 * billed for nothing. */
char *spend_key(const struct spend_options *opt, const struct resource *r) NODISCARD;
void spend_add_to(struct spend *s, const char *key, const struct resource *r, const struct charges *c);
/* Everything that the session knows of. */
void spend_add_session(struct spend *s, const struct session *session);
/* By time ascending, else the dearest first. newest_first: by time descending. */
void spend_sort(struct spend *s, bool newest_first);

/* Amounts rounded to a unit so that they add up to their rounded sum: the largest
 * remainders are rounded up. ret has as many places. Returns the rounded sum. */
int64_t spend_round(const int64_t *micro, size_t n, int64_t unit, int64_t *ret);

/* The unit of such a table: cents; of small sums ten-thousandths. And money in it: "$12.40",
 * "<$0.01" where it is less than a unit (but nothing is "$0.00"). buf holds 32 bytes. */
int64_t spend_unit(int64_t total_micro);
char *spend_money(char *buf, int64_t micro, int64_t unit);

/* "nba-player" of "nba-player-0042-261121-054806": a name without the parts that number it; with
 * numbers 1 "nba-player-0042". */
char *spend_prefix(const char *name, int numbers) NODISCARD;

#endif
