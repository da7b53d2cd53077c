/* limits.h - --strict: the service's request rates and account quotas. */
#ifndef SAGETOP_LOCAL_LIMITS_H
#define SAGETOP_LOCAL_LIMITS_H

#include "aws/local/ops.h"

void limits_init(struct engine *e);
void limits_free(struct engine *e);
/* One request of the operation now: false where its rate is used up. */
bool limits_take(struct engine *e, const char *operation);
/* CreateTrainingJob: instances of the type within the account's quota
 * (ResourceLimitExceeded). */
int limits_check_quota(struct call *c) NODISCARD;

#endif
