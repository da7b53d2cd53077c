/* operations.h - every service and operation that is served, as tables.
 *
 * The operations of stored documents come from the table of kinds; the rest are
 * rows of their own (operations.c).
 */
#ifndef SAGETOP_LOCAL_OPERATIONS_H
#define SAGETOP_LOCAL_OPERATIONS_H

#include "aws/local/services/kinds.h"
#include "aws/local/wire/rest.h"
#include "aws/local/wire/wire.h"

struct service {
	struct wire_service wire;
	const char *target;  /* the prefix in X-Amz-Target; NULL: none */
	const char *signing; /* the name in the credential scope */
	enum wire protocol;  /* the first that its SDKs speak; a test holds the rows against it */
};

struct route {
	enum service_id service;
	const char *name;
	const struct shape *shape;
	op_fn *fn;
	const char *input; /* the shape's text, where it is no table of its own */
	const struct document_kind *kind;
	const struct kind_op *op;
	const struct rest *rest; /* of the REST services */
};

const struct service *service_row(enum service_id id);

/* Operation i of all, NULL behind the last. */
const struct route *operation_at(size_t i);
const struct route *operation_find(enum service_id service, const char *name);
const struct route *operation_by_target(const char *target); /* "SageMaker.Search" */
const struct route *operation_by_action(const char *action); /* of the Query services */
/* signing: the service of the credential scope. */
const struct route *operation_by_path(const char *signing, const char *method, const char *path);
bool operation_is_rest(const char *signing, const char *path); /* by service and path, whatever the method */
const struct shape *operation_shape(const struct route *route);

#endif
