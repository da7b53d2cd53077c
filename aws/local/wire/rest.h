/* rest.h - REST-JSON: an operation is a method and a path, its input stands in the
 * path, the query, headers and the body.
 *
 *   {"GET", "/schedules/{Name}", "groupName=GroupName", NULL}
 *
 * query and headers are words "wire-name=Member". A label takes one step of the
 * path (percent-decoded, so that an ARN may be one).
 */
#ifndef SAGETOP_LOCAL_REST_H
#define SAGETOP_LOCAL_REST_H

#include "aws/local/wire/validate.h"

struct rest {
	const char *method, *path;
	const char *query, *headers; /* NULL: none */
	int status;		     /* of a success; 0: 200 */
};

bool rest_matches(const struct rest *rest, const char *method, const char *path);

/* The input as one object. A body that is no JSON object is a SerializationException. */
int rest_input(const struct rest *rest, const struct request *rq, const struct shape *shape, json_t **ret,
	       struct fault *f) NODISCARD;

#endif
