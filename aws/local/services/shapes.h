/* shapes.h - the input shapes of every operation served, as tables (shapes_*.c).
 * Limits and patterns are those of the services' public API models. */
#ifndef SAGETOP_LOCAL_SHAPES_H
#define SAGETOP_LOCAL_SHAPES_H

#include "aws/local/wire/validate.h"

extern const struct shape shape_create_training_job, shape_job_name, shape_list_training_jobs,
	shape_update_training_job, shape_search, shape_list_tags, shape_add_tags, shape_delete_tags;
extern const struct shape shape_describe_log_groups, shape_describe_log_streams, shape_get_log_events,
	shape_filter_log_events, shape_start_live_tail, shape_put_log_events, shape_create_log_stream,
	shape_create_log_group;
extern const struct shape shape_get_metric_data, shape_list_metrics, shape_put_metric_data, shape_get_metric_statistics;
extern const struct shape shape_get_caller_identity, shape_assume_role, shape_get_products;

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
