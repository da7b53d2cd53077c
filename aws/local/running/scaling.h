/* scaling.h - Application Auto Scaling of endpoint variants: once a minute the policies of each
 * scalable target look at its calls, and scheduled actions set its bounds. What is done is an
 * activity, a document like the others.
 *
 * Target tracking: three minutes above the target add instances, fifteen below nine tenths of it
 * take some away, each after its cool-down. A step policy asks while an alarm that names it is in state
 * ALARM (scaling_steps.c). Of several policies the largest capacity wins, and all must agree before any
 * is taken away.
 */
#ifndef SAGETOP_LOCAL_SCALING_H
#define SAGETOP_LOCAL_SCALING_H

#include "aws/local/kept/documents.h"

#define SCALING_TARGET "scalable-target"
#define SCALING_POLICY "scaling-policy"
#define SCALING_ACTION "scheduled-action"
#define SCALING_ACTIVITY "scaling-activity"
#define SCALING_STATE "LocalState" /* not told: of a scheduled action when it ran last, of a target its cool-downs */

/* The metric that Namespace, MetricName, Dimensions and Statistic of spec name, of the last ms; NAN: no value. */
double scaling_metric(struct engine *e, const json_t *spec, int64_t ms);
/* The alarm that sets a step policy off; NULL: none does. */
const struct document *scaling_alarm_of(struct engine *e, const struct document *policy);
/* How many instances it asks for then. */
int64_t scaling_steps(struct engine *e, const struct document *policy, const struct document *alarm, int64_t now_count);

void scaling_count_call(struct engine *e, const char *endpoint, const char *variant); /* one was answered */
void scaling_wake(struct engine *e);						      /* a target was registered */

/* For the runner. */
void scaling_start(struct engine *e);
void scaling_stop(struct engine *e);

#endif
