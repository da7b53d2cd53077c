/* From a request to its operation: tables of services and operations, and the
 * order of checks around a call. */
#include "aws/local/front/route.h"

#include "aws/local/front/deny.h"
#include "aws/local/front/faults.h"
#include "aws/local/services/limits.h"
#include "aws/local/front/record.h"
#include "aws/local/services/s3.h"
#include "aws/local/services/shapes.h"
#include "aws/local/wire/wire.h"

enum service_id { SVC_SAGEMAKER, SVC_LOGS, SVC_CLOUDWATCH, SVC_STS, SVC_PRICING, SVC_S3 };

struct service {
	struct wire_service wire;
	const char *target;  /* the prefix in X-Amz-Target; NULL: none */
	const char *signing; /* the name in the credential scope */
	enum wire json;
};

static const struct service services[] = {
	[SVC_SAGEMAKER] = {{"sagemaker", NULL, "ThrottlingException", "ValidationException"},
			   "SageMaker",
			   "sagemaker",
			   WIRE_JSON_1_1},
	[SVC_LOGS] = {{"logs", NULL, "ThrottlingException", "InvalidParameterException"},
		      "Logs_20140328",
		      "logs",
		      WIRE_JSON_1_1},
	[SVC_CLOUDWATCH] = {{"cloudwatch", "http://monitoring.amazonaws.com/doc/2010-08-01/", "Throttling",
			     "ValidationError"},
			    "GraniteServiceVersion20100801",
			    "monitoring",
			    WIRE_JSON_1_0},
	[SVC_STS] = {{"sts", "https://sts.amazonaws.com/doc/2011-06-15/", "Throttling", "ValidationError"},
		     NULL,
		     "sts",
		     WIRE_QUERY},
	[SVC_PRICING] = {{"pricing", NULL, "ThrottlingException", "InvalidParameterException"},
			 "AWSPriceListService",
			 "pricing",
			 WIRE_JSON_1_1},
	[SVC_S3] = {{"s3", NULL, "SlowDown", "InvalidArgument"}, NULL, "s3", WIRE_S3},
};

static const char *const protocol_names[] = {[WIRE_JSON_1_1] = "json-1.1",
					     [WIRE_JSON_1_0] = "json-1.0",
					     [WIRE_QUERY] = "query",
					     [WIRE_CBOR] = "cbor",
					     [WIRE_S3] = "s3"};

/* One row an operation. */
struct route {
	enum service_id service;
	const char *name;
	const struct shape *shape;
	op_fn *fn;
};

static const struct route routes[] = {
	{SVC_SAGEMAKER, "CreateTrainingJob", &shape_create_training_job, op_create_training_job},
	{SVC_SAGEMAKER, "DescribeTrainingJob", &shape_job_name, op_describe_training_job},
	{SVC_SAGEMAKER, "ListTrainingJobs", &shape_list_training_jobs, op_list_training_jobs},
	{SVC_SAGEMAKER, "StopTrainingJob", &shape_job_name, op_stop_training_job},
	{SVC_SAGEMAKER, "UpdateTrainingJob", &shape_update_training_job, op_update_training_job},
	{SVC_SAGEMAKER, "DeleteTrainingJob", &shape_job_name, op_delete_training_job},
	{SVC_SAGEMAKER, "Search", &shape_search, op_search},
	{SVC_SAGEMAKER, "ListTags", &shape_list_tags, op_list_tags},
	{SVC_SAGEMAKER, "AddTags", &shape_add_tags, op_add_tags},
	{SVC_SAGEMAKER, "DeleteTags", &shape_delete_tags, op_delete_tags},
	{SVC_LOGS, "DescribeLogGroups", &shape_describe_log_groups, op_describe_log_groups},
	{SVC_LOGS, "DescribeLogStreams", &shape_describe_log_streams, op_describe_log_streams},
	{SVC_LOGS, "GetLogEvents", &shape_get_log_events, op_get_log_events},
	{SVC_LOGS, "FilterLogEvents", &shape_filter_log_events, op_filter_log_events},
	{SVC_LOGS, "StartLiveTail", &shape_start_live_tail, op_start_live_tail},
	{SVC_LOGS, "PutLogEvents", &shape_put_log_events, op_put_log_events},
	{SVC_LOGS, "CreateLogStream", &shape_create_log_stream, op_create_log_stream},
	{SVC_LOGS, "CreateLogGroup", &shape_create_log_group, op_create_log_group},
	{SVC_CLOUDWATCH, "GetMetricData", &shape_get_metric_data, op_get_metric_data},
	{SVC_CLOUDWATCH, "GetMetricStatistics", &shape_get_metric_statistics, op_get_metric_statistics},
	{SVC_CLOUDWATCH, "ListMetrics", &shape_list_metrics, op_list_metrics},
	{SVC_CLOUDWATCH, "PutMetricData", &shape_put_metric_data, op_put_metric_data},
	{SVC_STS, "GetCallerIdentity", &shape_get_caller_identity, op_get_caller_identity},
	{SVC_STS, "AssumeRole", &shape_assume_role, op_assume_role},
	{SVC_PRICING, "GetProducts", &shape_get_products, op_get_products},
};
static const struct route s3_route = {SVC_S3, "S3", NULL, NULL};
static const struct route unknown_route = {SVC_SAGEMAKER, "?", NULL, NULL};

static const struct route *find_route(enum service_id service, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (routes[i].service == service && str_eq(routes[i].name, name))
			return &routes[i];
	}
	return NULL;
}

/* --- which operation, in which protocol ------------------------------------------------- */

static enum wire exchange_wire(const struct exchange *x)
{
	const struct request *rq = &x->rq;

	if (x->route && x->route->service == SVC_S3)
		return WIRE_S3;
	if (str_eq(request_header(rq, "smithy-protocol"), "rpc-v2-cbor"))
		return WIRE_CBOR;
	if (request_header(rq, "X-Amz-Target"))
		return str_ends(str_or(request_header(rq, "Content-Type"), ""), "1.0") ? WIRE_JSON_1_0 : WIRE_JSON_1_1;
	return x->route && x->route->service != SVC_SAGEMAKER ? WIRE_QUERY : WIRE_JSON_1_1;
}

static const struct route *by_target(const char *target)
{
	const char *dot = strrchr(target, '.');

	for (size_t i = 0; dot && i < ARRAY_LEN(services); i++) {
		const char *prefix = services[i].target;

		if (prefix && strlen(prefix) == (size_t)(dot - target) && !strncmp(prefix, target, strlen(prefix)))
			return find_route((enum service_id)i, dot + 1);
	}
	return NULL;
}

/* /service/<target prefix>/operation/<name> */
static const struct route *by_rpc_path(const char *path)
{
	AUTO(strlist) struct strlist steps = {0};

	strlist_split(&steps, path, '/');
	if (steps.n != 5 || !str_eq(steps.items[1], "service") || !str_eq(steps.items[3], "operation"))
		return NULL;
	AUTO(str) char *target = xasprintf("%s.%s", steps.items[2], steps.items[4]);

	return by_target(target);
}

static bool is_query(const struct request *rq)
{
	return request_arg(rq, "Action") ||
	       (str_eq(rq->method, "POST") &&
		str_starts(str_or(request_header(rq, "Content-Type"), ""), "application/x-www-form-urlencoded"));
}

static const struct route *by_action(const struct request *rq)
{
	AUTO(strmap) struct strmap pairs = {0};
	const char *action = request_arg(rq, "Action");

	if (!action && form_parse(buf_str(&rq->body), rq->body.len, &pairs, NULL) == 0)
		action = strmap_get(&pairs, "Action");
	for (size_t i = 0; action && i < ARRAY_LEN(routes); i++) {
		if (services[routes[i].service].wire.xml_ns && str_eq(routes[i].name, action))
			return &routes[i];
	}
	return NULL;
}

static int not_served(struct exchange *x, const char *what)
{
	x->route = &unknown_route;
	return fault_set(&x->fault, 400, "UnknownOperationException", "The local engine does not serve %.200s.", what);
}

static bool is_s3(const struct request *rq)
{
	if (rq->service[0])
		return str_eq(rq->service, "s3") || str_eq(rq->service, "s3express");
	/* Unsigned: only S3 uses other paths and methods. */
	return !str_eq(rq->path, "/") || !str_eq(rq->method, "POST");
}

static void plan_faults(struct engine *e, struct exchange *x, const char *action)
{
	faults_plan(e, action, &x->plan);
	x->rq.clock_skew_ms = x->plan.skew_ms;
	x->slow_ms = x->plan.slow_ms;
}

void route_headers(struct engine *e, struct exchange *x)
{
	struct request *rq = &x->rq;
	const char *target = request_header(rq, "X-Amz-Target");

	auth_peek(rq);
	if (target) {
		x->route = by_target(target);
		if (!x->route)
			not_served(x, target);
	} else if (str_eq(request_header(rq, "smithy-protocol"), "rpc-v2-cbor")) {
		x->route = by_rpc_path(rq->path);
		if (!x->route)
			not_served(x, rq->path);
	} else if (is_s3(rq) && !is_query(rq)) {
		AUTO(str) char *action = xasprintf("s3:%s", s3_operation(x));

		x->route = &s3_route;
		plan_faults(e, x, action);
		s3_begin(e, x);
	}
	/* A Query request's operation stands in its body. */
}

void route_body(struct engine *e, struct exchange *x, const void *data, size_t n)
{
	if (x->upload) {
		if (upload_feed(x->upload, data, n, &x->fault) < 0)
			return;
	} else if (buf_add(&x->rq.body, data, n) < 0) {
		fault_set(&x->fault, 413, "RequestEntityTooLarge", "The request body is larger than %zu bytes.",
			  x->rq.body.max);
	}
}

/* --- running it ---------------------------------------------------------------------------- */

static int throttle(struct exchange *x)
{
	const struct wire_service *w = &services[x->route->service].wire;

	return fault_set(&x->fault, x->route->service == SVC_S3 ? 503 : 400, w->throttle_code, "Rate exceeded");
}

/* CreateTrainingJob hands a role on and may tag: IAM asks for both. */
static int permit_parts(struct engine *e, struct exchange *x, const json_t *in)
{
	if (!str_eq(x->route->name, "CreateTrainingJob"))
		return 0;
	if (deny_check(e, &x->rq, "iam:PassRole", json_get_str(in, "RoleArn"), &x->fault) < 0)
		return -1;
	return json_array_size(json_object_get(in, "Tags"))
		       ? deny_check(e, &x->rq, "sagemaker:AddTags", NULL, &x->fault)
		       : 0;
}

/* --- faults ------------------------------------------------------------------------------------ */

/* What keeps the operation from being carried out. */
static int fail_on_purpose(struct exchange *x, enum wire wire)
{
	const struct fault_plan *p = &x->plan;
	bool s3 = wire == WIRE_S3;

	if (p->reset_before) {
		x->reset = true;
		return fault_set(&x->fault, 500, "ConnectionReset", "The connection was reset on purpose.");
	}
	if (p->throttle)
		return throttle(x);
	if (p->expired)
		return auth_expired(wire, &x->fault);
	if (p->error_500)
		return fault_set(&x->fault, 500, s3 ? "InternalError" : "InternalFailure",
				 "We encountered an internal error. Please try again.");
	if (p->error_503)
		return fault_set(&x->fault, 503, s3 ? "ServiceUnavailable" : "ServiceUnavailableException",
				 "The service is temporarily unavailable. Please try again.");
	return 0;
}

/* What happens to a reply that was made. */
static void spoil_reply(struct exchange *x)
{
	struct reply *r = &x->reply;
	int64_t length = r->fd >= 0 ? r->length : (int64_t)r->body.len;

	if (x->plan.reset_after)
		x->reset = true;
	if (x->plan.truncate && !x->stream && !str_eq(x->rq.method, "HEAD"))
		x->truncate_at = (int64_t)(x->plan.truncate_at * (double)length);
}

/* The services word a bad member alike, but name it each in their way. */
static void rename_validation(struct exchange *x)
{
	if (str_eq(x->fault.code, "ValidationException"))
		str_copy(x->fault.code, sizeof(x->fault.code), services[x->route->service].wire.validation_code);
}

static int run_operation(struct engine *e, struct exchange *x, enum wire wire, const char *action, json_t **ret_in,
			 json_t **out)
{
	struct call c = {.e = e, .rq = &x->rq, .fault = &x->fault, .x = x};
	json_t *in = NULL;

	if (auth_verify(e, &x->rq, wire, NULL, &x->fault) < 0 || fail_on_purpose(x, wire) < 0)
		return -1;
	if (!limits_take(e, x->route->name))
		return throttle(x);
	if (deny_check(e, &x->rq, action, NULL, &x->fault) < 0 ||
	    wire_parse_input(&x->rq, wire, x->route->shape, ret_in, &x->fault) < 0)
		return -1;
	in = *ret_in;
	if (shape_check(x->route->shape, in, &x->fault) < 0) {
		rename_validation(x);
		return -1;
	}
	if (permit_parts(e, x, in) < 0)
		return -1;
	if (e->faults && faults_empty_page(&x->plan, action, in, out))
		return 0;
	c.in = in;
	return x->route->fn(&c, out);
}

static void run_api(struct engine *e, struct exchange *x)
{
	AUTO(json) json_t *in = NULL;
	AUTO(json) json_t *out = NULL;

	if (!x->route) {
		x->route = by_action(&x->rq);
		if (!x->route)
			not_served(x, "this request: it names no known operation");
	}
	enum wire wire = exchange_wire(x);
	const struct wire_service *service = &services[x->route->service].wire;
	AUTO(str) char *action = xasprintf("%s:%s", service->name, x->route->name);

	if (!x->fault.code[0]) {
		plan_faults(e, x, action);
		(void)run_operation(e, x, wire, action, &in, &out);
	}
	if (x->fault.code[0])
		wire_fault(&x->rq, wire, x->route == &unknown_route ? NULL : service, &x->fault, &x->reply);
	else if (!x->stream)
		wire_result(&x->rq, wire, service, x->route->name, out, &x->reply);
	spoil_reply(x);
	record_request(e, x, action, protocol_names[wire], in);
}

static void run_s3(struct engine *e, struct exchange *x)
{
	const char *operation = s3_operation(x);
	AUTO(str) char *action = xasprintf("s3:%s", operation);

	if (!x->fault.code[0])
		(void)fail_on_purpose(x, WIRE_S3);
	if (!x->fault.code[0] && !limits_take(e, operation))
		throttle(x);
	if (!x->fault.code[0] && deny_check(e, &x->rq, deny_s3_action(operation), NULL, &x->fault) == 0)
		s3_finish(e, x);
	if (x->fault.code[0])
		wire_fault(&x->rq, WIRE_S3, &services[SVC_S3].wire, &x->fault, &x->reply);
	spoil_reply(x);
	record_request(e, x, action, protocol_names[WIRE_S3], NULL);
}

void route_request(struct engine *e, struct exchange *x)
{
	/* What an operation reads must be what a crash would keep, and so must what it wrote. */
	state_commit(e->db);
	if (x->route == &s3_route)
		run_s3(e, x);
	else
		run_api(e, x);
	state_commit(e->db);
}

void route_abandon(struct engine *e, struct exchange *x)
{
	upload_free(TAKE(x->upload), false);
}

void route_list_actions(struct strlist *out)
{
	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		strlist_take(out, xasprintf("%s:%s", services[routes[i].service].wire.name, routes[i].name));
}
