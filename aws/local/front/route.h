/* route.h - from a request to its operation, and from the result to the wire.
 *
 * The server calls, in this order: route_headers once, route_body for each piece
 * of a body, route_request at its end. Protocol and service are found from the
 * target header, the path, the content type and the credential scope.
 */
#ifndef SAGETOP_LOCAL_ROUTE_H
#define SAGETOP_LOCAL_ROUTE_H

#include "aws/local/core/engine.h"
#include "aws/local/wire/exchange.h"

void route_headers(struct engine *e, struct exchange *x);
void route_body(struct engine *e, struct exchange *x, const void *data, size_t n);
void route_request(struct engine *e, struct exchange *x);
void route_abandon(struct exchange *x); /* the client has gone, or is done: drop what it left */

/* Appends the IAM actions ("sagemaker:Search") of all operations but S3's. */
void route_list_actions(struct strlist *out);

#endif
