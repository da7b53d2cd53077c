/* runtime.h - SageMaker Runtime: a model's answer to a body of bytes. What a model does
 * with a request is its own affair, so a call is sent once.
 */
#ifndef SAGETOP_AWS_RUNTIME_H
#define SAGETOP_AWS_RUNTIME_H

#include "aws/client.h"

#define RUNTIME_MAX_BODY ((size_t)6291456) /* the service's limit of what is sent, and about that of the answer */
#define RUNTIME_MAX_ANSWER ((size_t)32 << 20)
#define RUNTIME_CALLS_AT_ONCE 16 /* more would wait for each other here */

struct runtime_call {
	const char *endpoint;
	const char *content_type;
	const char *accept, *variant, *model; /* NULL: none is named */
	const void *body;		      /* copied */
	size_t len;
	const char *input; /* of an asynchronous endpoint: where its input lies; then there is no body */
};

struct runtime_answer {
	int status;			    /* 0 where none came */
	int64_t took_us;		    /* from the call to its end */
	const char *content_type, *variant; /* as the service says them, NULL */
	const void *body;
	size_t len;
	const char *output, *failure, *inference; /* of an asynchronous call; NULL */
};

/* a is never NULL: beside an err it tells status and time. A model's own failure is an
 * ERR_SERVICE or ERR_INVALID with aws_code "ModelError". All borrowed. */
typedef void runtime_fn(void *user, const struct runtime_answer *a, const struct err *err);

struct aws_request *runtime_invoke(struct aws_client *c, const struct runtime_call *call, runtime_fn *fn, void *user);

#endif
