/* invoke_load.h - sagetop invoke --repeat: an endpoint under load (invoke_run.h), told on standard output. */
#ifndef SAGETOP_APP_INVOKE_LOAD_H
#define SAGETOP_APP_INVOKE_LOAD_H

#include "app/app.h"
#include "app/invoke_run.h"

/* Prints the report. What cannot go well for any call (permissions, no such endpoint) is an
 * error at once; where some failed the exit status is 3. */
int invoke_load(struct app *a, const struct runtime_call *call, size_t calls, size_t parallel,
		struct err *err) NODISCARD;

#endif
