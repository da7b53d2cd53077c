/* estimate_spec.h - `sagetop estimate SPEC`, and what the account's own jobs have taught, for
 * whoever estimates. */
#ifndef SAGETOP_APP_ESTIMATE_SPEC_H
#define SAGETOP_APP_ESTIMATE_SPEC_H

#include "app/app.h"
#include "sync/learned.h"

/* Waits for the model of all completed jobs that the cache has; nothing is sent. Connected, and
 * the jobs loaded. The caller owns *ret. */
int app_learn(struct app *a, struct learned **ret, struct err *err) NODISCARD;

int estimate_spec(struct app *a, const char *path, struct err *err) NODISCARD;

#endif
