/* backtest_work.h - a backtest to be run: its specification, its data as they lie here, and
 * the plan that was made of them. */
#ifndef SAGETOP_APP_BACKTEST_WORK_H
#define SAGETOP_APP_BACKTEST_WORK_H

#include "app/app.h"
#include "base/json.h"
#include "model/backtest_plan.h"
#include "model/backtest_settle.h"
#include "model/duration.h"
#include "trainer/panel/backtest_spec.h"

#define BACKTEST_ALTERNATIVES 5 /* every 1, 7, 14, 28 days, never */

struct backtest_work {
	char *name; /* the run's */
	struct backtest_spec *spec;
	struct strlist files, earlier; /* the data's, on this machine */
	struct strlist own_files;      /* of a model of one's own, likewise */
	struct backtest_own *own;      /* what its jobs are fed with; NULL until backtest_own_load */
	struct strlist notes;	       /* what is left out of the data, and why */
	struct backtest_cadence asked, alternatives[BACKTEST_ALTERNATIVES];
	size_t entities;

	struct backtest_plan_input input;
	struct backtest_plan *plan;
	bool rate_given, rate_assumed; /* where the dollars come from */
	char price_of[16];	       /* day of the price; "" */
	struct duration_spot spot;     /* what the rate of spot rests on, where it is not given */
	struct strlist learned;	       /* what figures of the plan the account's own jobs told */
};
void backtest_work_done(struct backtest_work *w);
AUTO_EMBEDDED(backtest_work, struct backtest_work, backtest_work_done)

/* How the cycles of a run are settled (model/backtest_settle.h); borrows from the specification. */
static inline struct settle_options backtest_settle_options(const struct backtest_spec *s)
{
	return (struct settle_options){.learned = str_eq(s->blend, "learned"),
				       .shrink_to = s->shrink_to,
				       .coverage = s->coverage,
				       .bins = (size_t)s->interval_bins};
}

/* Read the specification and the data that it names, and plan; connects (nothing is sent
 * but for data that lie in S3). */
int backtest_work_load(struct app *a, const char *spec_path, struct backtest_work *ret, struct err *err) NODISCARD;

/* The files of these places (the specification's `member`): folders are walked, s3:// prefixes
 * fetched into the cache. Paths of this machine become absolute ones in places, so that a run
 * goes on from anywhere. The error names the place. */
int backtest_data_files(struct app *a, const char *member, struct strlist *places, struct strlist *ret,
			struct err *err) NODISCARD;

/* Prices and assumptions into the input, from options and price table. */
int backtest_work_price(struct app *a, struct backtest_work *w, struct err *err) NODISCARD;

/* The plan as text on out, and as JSON (new reference). */
void backtest_plan_print(const struct app *a, const struct backtest_work *w, FILE *out);
json_t *backtest_plan_json(const struct backtest_work *w) NODISCARD;

#endif
