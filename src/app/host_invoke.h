/* host_invoke.h - the dashboard's form of calls to an endpoint: what `sagetop invoke` does, told as a text. */
#ifndef SAGETOP_APP_HOST_INVOKE_H
#define SAGETOP_APP_HOST_INVOKE_H

#include "sync/sync.h"
#include "tui/host.h"

/* done is called once, never from within the call. Answers are sanitised. */
void host_invoke(struct sync *s, const struct host_invoke_request *r, host_text_fn *done, void *done_user);

#endif
