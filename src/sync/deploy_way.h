/* deploy_way.h - how an update goes: UpdateEndpoint's DeploymentConfig, and what its waits cost. Pure. */
#ifndef SAGETOP_SYNC_DEPLOY_WAY_H
#define SAGETOP_SYNC_DEPLOY_WAY_H

#include "base/json.h"

#define DEPLOY_BAKE_MS 300000 /* where nobody says it */

/* Per cent of the instances; 0: not this way. Of all three 0 means all at once. */
struct deploy_way {
	int64_t canary, linear, rolling;
	int64_t bake_ms; /* the wait behind each step; 0: none */
	const struct strlist *alarms;
};

/* ERR_USAGE says what the service does not take. */
int deploy_way_check(const struct deploy_way *w, struct err *err) NODISCARD;
/* Nobody has said anything: the update is the service's usual one. */
bool deploy_way_is_usual(const struct deploy_way *w);
/* A new reference; NULL where it is the usual one. */
json_t *deploy_way_config(const struct deploy_way *w) NODISCARD;
/* Its waits in all. */
int64_t deploy_way_waits_ms(const struct deploy_way *w);
/* What the instances that stand longer cost at most, at old_micro dollars an hour of those that
 * serve now: both fleets together, or of a rolling update one batch. USD_UNKNOWN where the rate is. */
int64_t deploy_way_cost_micro(const struct deploy_way *w, int64_t old_micro);
/* "10% of the traffic for 5m 00s, then all; 5m 00s later the old instances end" */
char *deploy_way_text(const struct deploy_way *w) NODISCARD;

#endif
