/* shapes.h - the input shapes of every operation served, as tables (shapes_*.c).
 * Limits and patterns are those of the services' public API models. */
#ifndef SAGETOP_LOCAL_SHAPES_H
#define SAGETOP_LOCAL_SHAPES_H

#include "aws/local/wire/validate.h"

extern const struct shape shape_job_name, shape_list_training_jobs, shape_update_training_job, shape_search,
	shape_list_tags, shape_add_tags, shape_delete_tags;
extern const struct shape shape_describe_log_groups, shape_describe_log_streams, shape_get_log_events,
	shape_filter_log_events, shape_start_live_tail, shape_put_log_events, shape_create_log_stream,
	shape_create_log_group;
extern const struct shape shape_get_metric_data, shape_list_metrics, shape_put_metric_data, shape_get_metric_statistics;
extern const struct shape shape_get_caller_identity, shape_assume_role, shape_get_products;

#endif
