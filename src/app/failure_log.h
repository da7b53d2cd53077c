/* failure_log.h - what the log of a thing says, whose reason tells nothing but an exit code. */
#ifndef SAGETOP_APP_FAILURE_LOG_H
#define SAGETOP_APP_FAILURE_LOG_H

#include "app/app.h"

/* Read its last lines and note what they say (failure.h). A log that cannot be read, or is empty, leaves the reason as
 * it is; ERR_CANCELLED. */
int failure_log_learn(struct app *a, const struct resource *r, struct err *err) NODISCARD;

#endif
