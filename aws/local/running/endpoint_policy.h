/* endpoint_policy.h - DeploymentConfig: how the traffic of an endpoint goes from one fleet to another.
 * Pure. variants: as Describe tells them, with DesiredInstanceCount. */
#ifndef SAGETOP_LOCAL_ENDPOINT_POLICY_H
#define SAGETOP_LOCAL_ENDPOINT_POLICY_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

struct deploy_size {
	int64_t instances; /* 0: by the share */
	double share;
};
/* Of so many instances: whole ones, one at least. */
int64_t deploy_batch(const struct deploy_size *size, int64_t instances);

struct deploy_plan {
	bool rolling;		   /* batch by batch; else the whole fleet stands before its traffic comes */
	double first, step;	   /* blue/green: the share of the traffic at first, and by how much it grows */
	struct deploy_size batch;  /* rolling */
	struct deploy_size back;   /* of its rollback */
	int64_t wait_ms;	   /* between two steps, or after a batch */
	int64_t end_ms;		   /* with all traffic on the new fleet, until the old one ends */
	int64_t limit_s, limit_ms; /* for all of it; 0: none */
};
/* minute_ms: how long a minute of its waits lasts. policy NULL: all at once, no waits. */
void deploy_plan_read(const json_t *policy, const json_t *variants, int64_t minute_ms, struct deploy_plan *ret);

/* ERR_INVALID says what is not allowed. */
int deploy_policy_check(const json_t *policy, const json_t *variants, struct err *err) NODISCARD;

#endif
