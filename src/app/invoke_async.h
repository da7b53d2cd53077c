/* invoke_async.h - a call of an asynchronous endpoint: its input lies in S3, its answer will. */
#ifndef SAGETOP_APP_INVOKE_ASYNC_H
#define SAGETOP_APP_INVOKE_ASYNC_H

#include "app/app.h"
#include "aws/runtime.h"

/* The body of call, or what lies at uri (NULL: the body), is sent by the queue; the answer is printed when
 * it is there, within --timeout. Where the endpoint stored a failure the exit status is 3. */
int invoke_async(struct app *a, const struct runtime_call *call, const char *uri, struct err *err) NODISCARD;

#endif
