/* shape.h - what a request may hold, as data: type, limits, pattern, allowed values,
 * members. Pure. One table of an operation serves whoever needs it: the check of a
 * specification before it is sent (src/sync), the engine's own validation.
 *
 * Limits and patterns are those of the services' public API models, which judge the
 * tables in a test. */
#ifndef SAGETOP_AWS_SHAPE_H
#define SAGETOP_AWS_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	const char *pattern;		    /* the whole string; beside values, what a later one would look like */
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

/* CreateTrainingJob, and what other operations share with it (shapes_training_job.c). */
extern const struct shape shape_create_training_job, shape_training_job_name, shape_tags, shape_tag_key,
	shape_keep_alive, shape_training_plan_arn, shape_remote_debug;

/* NULL where the structure has no such member. */
const struct shape_member *shape_member_of(const struct shape *shape, const char *name);

/* For the tables themselves. */
#define NOLIM SHAPE_NO_LIMIT
#define STRING(lo, hi, re)                                                      \
	{                                                                       \
		.type = SHAPE_STRING, .min = (lo), .max = (hi), .pattern = (re) \
	}
#define ENUM(list)                                                                 \
	{                                                                          \
		.type = SHAPE_STRING, .min = NOLIM, .max = NOLIM, .values = (list) \
	}
#define INTEGER(lo, hi)                                         \
	{                                                       \
		.type = SHAPE_INTEGER, .min = (lo), .max = (hi) \
	}
#define LIST(lo, hi, of)                                                      \
	{                                                                     \
		.type = SHAPE_LIST, .min = (lo), .max = (hi), .element = (of) \
	}
#define MAP(lo, hi, k, v)                                                               \
	{                                                                               \
		.type = SHAPE_MAP, .min = (lo), .max = (hi), .key = (k), .element = (v) \
	}
#define STRUCT(table)                                    \
	{                                                \
		.type = SHAPE_STRUCT, .members = (table) \
	}
#define MEMBERS(name) static const struct shape_member name[]

#endif
