/* ops.h - the operations: JSON in (held against its shape already), JSON out.
 *
 * Every operation returns 0 and a new reference in *out, or -1 with c->fault
 * set. Protocols (JSON, Query and XML, CBOR) are the route's business.
 */
#ifndef SAGETOP_LOCAL_OPS_H
#define SAGETOP_LOCAL_OPS_H

#include "aws/local/core/engine.h"
#include "aws/local/core/token.h"
#include "aws/local/wire/exchange.h"

enum service_id {
	SVC_SAGEMAKER,
	SVC_RUNTIME,
	SVC_LOGS,
	SVC_CLOUDWATCH,
	SVC_EVENTS,
	SVC_SCHEDULER,
	SVC_AUTOSCALING,
	SVC_STS,
	SVC_PRICING,
	SVC_COST_EXPLORER,
	SVC_S3
};

struct call {
	struct engine *e;
	const struct request *rq;
	const json_t *in;
	struct fault *fault;
	struct exchange *x; /* for the operations that stream */
	enum service_id service;
	const char *name;		  /* of the operation */
	const struct document_kind *kind; /* of the table of kinds, for their operations */
	const struct kind_op *op;
};
typedef int op_fn(struct call *c, json_t **out);

/* A fault of code ValidationException; returns -1. */
int op_invalid(struct call *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* SageMaker */
op_fn op_create_training_job, op_describe_training_job, op_list_training_jobs, op_stop_training_job,
	op_update_training_job, op_delete_training_job, op_search, op_list_tags, op_add_tags, op_delete_tags;
/* CloudWatch Logs */
op_fn op_describe_log_groups, op_describe_log_streams, op_get_log_events, op_filter_log_events, op_start_live_tail,
	op_put_log_events, op_create_log_stream, op_create_log_group;
/* CloudWatch */
op_fn op_get_metric_data, op_list_metrics, op_put_metric_data, op_get_metric_statistics;
op_fn op_delete_alarms, op_enable_alarm_actions, op_disable_alarm_actions, op_delete_dashboards;
/* Pipelines, tuning jobs */
op_fn op_describe_pipeline_definition, op_list_pipeline_parameters, op_list_tuning_children;
/* EventBridge */
op_fn op_list_targets_by_rule, op_put_targets, op_remove_targets;
/* SageMaker Runtime */
op_fn op_invoke_endpoint, op_invoke_endpoint_async;
/* Answers that the engine does not do it yet, and why. */
op_fn op_not_yet;
/* STS, Pricing, Cost Explorer */
op_fn op_get_caller_identity, op_assume_role, op_get_products, op_get_cost_and_usage;

#endif
