/* invoke_load.h - an endpoint under load: many calls of one body, several at a time; how long
 * they took, how many failed and why, and what that costs on the endpoint's instances. */
#ifndef SAGETOP_APP_INVOKE_LOAD_H
#define SAGETOP_APP_INVOKE_LOAD_H

#include "app/app.h"
#include "aws/runtime.h"

#define INVOKE_CALLS_MAX 1000000

/* Prints the report. What cannot go well for any call (permissions, no such endpoint) is an
 * error at once; where some failed the exit status is 3. */
int invoke_load(struct app *a, const struct runtime_call *call, size_t calls, size_t parallel,
		struct err *err) NODISCARD;

#endif
