/* limits.h - --strict: the service's request rates and account quotas.
 *
 * Rates are token buckets per operation, in real time, for the whole account.
 * Quotas count instances of a type over all jobs that are not over, spot ones by
 * themselves; what --quotas does not name has the quota of a new account.
 */
#ifndef SAGETOP_LOCAL_LIMITS_H
#define SAGETOP_LOCAL_LIMITS_H

#include "aws/local/services/ops.h"

/* Reads e->opt.rates and e->opt.quotas: ERR_USAGE names the term. */
int limits_init(struct engine *e, struct err *err) NODISCARD;
void limits_free(struct engine *e);
/* One request of the operation now: false where its rate is used up. */
bool limits_take(struct engine *e, const char *operation);
/* CreateTrainingJob: the instances it asks for are within the account's quota
 * (else ResourceLimitExceeded). */
int limits_check_quota(struct call *c) NODISCARD;

#endif
