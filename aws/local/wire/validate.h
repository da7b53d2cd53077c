/* validate.h - an operation's input held against its shape, as the services do.
 *
 * Shapes are data (aws/shape.h).
 * Violations are collected and worded as the service words them:
 *   2 validation errors detected: Value null at 'roleArn' failed to satisfy
 *   constraint: Member must not be null; Value 'x' at ...
 * A value of the wrong JSON type is a SerializationException. Members that no
 * shape knows are ignored, as the service ignores them.
 */
#ifndef SAGETOP_LOCAL_VALIDATE_H
#define SAGETOP_LOCAL_VALIDATE_H

#include "aws/local/wire/request.h"
#include "aws/shape.h"

int shape_check(const struct shape *shape, const json_t *in, struct fault *f) NODISCARD;

/* "Name.member.1.Sub=value" pairs of a Query request as the JSON of the shape. */
int shape_from_query(const struct shape *shape, const struct strmap *pairs, json_t **ret, struct fault *f) NODISCARD;

#endif
