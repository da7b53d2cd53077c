/* scaling.h - Application Auto Scaling of endpoint variants: once a minute the policies of each
 * scalable target look at its calls, and scheduled actions set its bounds. What is done is an
 * activity, a document like the others.
 *
 * Target tracking: three minutes above the target add instances, fifteen below nine tenths of it
 * take some away, each after its cool-down. Of several policies the largest capacity wins, and all
 * must agree before any is taken away.
 */
#ifndef SAGETOP_LOCAL_SCALING_H
#define SAGETOP_LOCAL_SCALING_H

#include "aws/local/kept/documents.h"

#define SCALING_TARGET "scalable-target"
#define SCALING_POLICY "scaling-policy"
#define SCALING_ACTION "scheduled-action"
#define SCALING_ACTIVITY "scaling-activity"
#define SCALING_STATE "LocalState" /* of a scheduled action: when it ran last, not told */

/* "at(2026-11-30T12:00:00)" or "rate(5 minutes)", UTC: the first time after after_ms; begin_ms: since when
 * the rate counts. TIME_UNKNOWN: there is none; ERR_INVALID: it is no such expression. */
int scaling_next(const char *expression, int64_t begin_ms, int64_t after_ms, int64_t *ret_ms,
		 struct err *err) NODISCARD;

void scaling_count_call(struct engine *e, const char *endpoint, const char *variant); /* one was answered */
void scaling_wake(struct engine *e);						      /* a target was registered */

/* For the runner. */
void scaling_start(struct engine *e);
void scaling_stop(struct engine *e);

#endif
