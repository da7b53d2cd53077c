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
#define SCALING_STATE "LocalState" /* not told: of a scheduled action when it ran last, of a target its cool-downs */

void scaling_count_call(struct engine *e, const char *endpoint, const char *variant); /* one was answered */
void scaling_wake(struct engine *e);						      /* a target was registered */

/* For the runner. */
void scaling_start(struct engine *e);
void scaling_stop(struct engine *e);

#endif
