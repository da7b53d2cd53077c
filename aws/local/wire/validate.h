/* validate.h - an operation's input held against its shape, as the services do.
 *
 * Shapes are data (shapes_*.c): type, limits, pattern, allowed values, members.
 * Violations are collected and worded as the service words them:
 *   2 validation errors detected: Value null at 'roleArn' failed to satisfy
 *   constraint: Member must not be null; Value 'x' at ...
 * A value of the wrong JSON type is a SerializationException. Members that no
 * shape knows are ignored, as the service ignores them.
 */
#ifndef SAGETOP_LOCAL_VALIDATE_H
#define SAGETOP_LOCAL_VALIDATE_H

#include "aws/local/wire/request.h"

enum shape_type {
	SHAPE_STRING,
	SHAPE_INTEGER,
	SHAPE_DOUBLE,
	SHAPE_BOOLEAN,
	SHAPE_TIME, /* epoch seconds, or an ISO text */
	SHAPE_LIST,
	SHAPE_MAP,
	SHAPE_STRUCT,
	SHAPE_ANY, /* accepted unseen, and kept */
};

#define SHAPE_NO_LIMIT INT64_MIN

struct shape {
	enum shape_type type;
	int64_t min, max;		    /* length, entries or value; SHAPE_NO_LIMIT */
	const char *pattern;		    /* the whole string */
	const char *const *values;	    /* NULL-terminated */
	const struct shape_member *members; /* ends with a NULL name */
	const struct shape *element;	    /* of a list; the values of a map */
	const struct shape *key;
};

struct shape_member {
	const char *name;
	bool required;
	const struct shape *shape;
};

int shape_check(const struct shape *shape, const json_t *in, struct fault *f) NODISCARD;

/* "Name.member.1.Sub=value" pairs of a Query request as the JSON of the shape. */
int shape_from_query(const struct shape *shape, const struct strmap *pairs, json_t **ret, struct fault *f) NODISCARD;

#endif
