/* record.h - --record FILE: every request as one line of JSON, to see (and to
 * check) what a client sends. Members whose names speak of a secret, a password
 * or a session token are replaced by "***"; signatures and keys are not written.
 *
 *   {"time", "id", "action", "protocol", "region", "input", "status", "code"}
 */
#ifndef SAGETOP_LOCAL_RECORD_H
#define SAGETOP_LOCAL_RECORD_H

#include "aws/local/core/engine.h"
#include "aws/local/wire/exchange.h"

int record_open(struct engine *e, struct err *err) NODISCARD;
void record_close(struct engine *e);

/* After the reply is made. input may be NULL (S3: path and query are written). */
void record_request(struct engine *e, const struct exchange *x, const char *action, const char *protocol,
		    const json_t *input);

#endif
