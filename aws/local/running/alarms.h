/* alarms.h - CloudWatch's alarms on metrics: each is evaluated when a period of its metric has ended, by
 * the rules that the service documents for missing data ("Configuring how CloudWatch alarms treat missing
 * data"). An alarm whose metric has no points at all, one on metric math and one on an anomaly band stay
 * as they were set. What a state sets off is for those who look at it: updates of endpoints, step scaling.
 */
#ifndef SAGETOP_LOCAL_ALARMS_H
#define SAGETOP_LOCAL_ALARMS_H

#include "aws/local/kept/documents.h"

#define ALARM_KIND "alarm"

void alarms_put(struct engine *e, const char *name); /* it is new or another: it is evaluated soon */

/* For the runner. */
void alarms_start(struct engine *e);
void alarms_stop(struct engine *e);

#endif
