/* From a request to its operation, and the order of the checks around a call. */
#include "aws/local/front/route.h"

#include "aws/local/front/deny.h"
#include "aws/local/front/faults.h"
#include "aws/local/front/operations.h"
#include "aws/local/running/simulate.h"
#include "aws/local/services/limits.h"
#include "aws/local/front/record.h"
#include "aws/local/services/s3.h"

static const char *const protocol_names[] = {
	[WIRE_JSON_1_1] = "json-1.1", [WIRE_JSON_1_0] = "json-1.0", [WIRE_REST_JSON] = "rest-json",
	[WIRE_QUERY] = "query",	      [WIRE_CBOR] = "cbor",	    [WIRE_S3] = "s3"};

static const struct route s3_route = {SVC_S3, "S3", NULL, NULL};
static const struct route unknown_route = {SVC_SAGEMAKER, "?", NULL, NULL};

/* --- which operation, in which protocol ------------------------------------------------- */

static bool is_query(const struct request *rq)
{
	return request_arg(rq, "Action") ||
	       (str_eq(rq->method, "POST") &&
		str_starts(str_or(request_header(rq, "Content-Type"), ""), "application/x-www-form-urlencoded"));
}

static enum wire exchange_wire(const struct exchange *x)
{
	const struct request *rq = &x->rq;

	if (x->route && x->route->service == SVC_S3)
		return WIRE_S3;
	if (str_eq(request_header(rq, "smithy-protocol"), "rpc-v2-cbor"))
		return WIRE_CBOR;
	if (request_header(rq, "X-Amz-Target"))
		return str_ends(str_or(request_header(rq, "Content-Type"), ""), "1.0") ? WIRE_JSON_1_0 : WIRE_JSON_1_1;
	if (x->route && x->route->rest)
		return WIRE_REST_JSON;
	if (operation_is_rest(rq->service, rq->path))
		return WIRE_REST_JSON;
	/* Also of services that are unknown: their clients read nothing but XML. */
	return is_query(rq) ? WIRE_QUERY : WIRE_JSON_1_1;
}

/* /service/<target prefix>/operation/<name> */
static const struct route *by_rpc_path(const char *path)
{
	AUTO(strlist) struct strlist steps = {0};

	strlist_split(&steps, path, '/');
	if (steps.n != 5 || !str_eq(steps.items[1], "service") || !str_eq(steps.items[3], "operation"))
		return NULL;
	AUTO(str) char *target = xasprintf("%s.%s", steps.items[2], steps.items[4]);

	return operation_by_target(target);
}

static const struct route *by_action(const struct request *rq)
{
	AUTO(strmap) struct strmap pairs = {0};
	const char *action = request_arg(rq, "Action");

	if (!action && form_parse(buf_str(&rq->body), rq->body.len, &pairs, NULL) == 0)
		action = strmap_get(&pairs, "Action");
	return action ? operation_by_action(action) : NULL;
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
		x->route = operation_by_target(target);
		if (!x->route)
			not_served(x, target);
	} else if (str_eq(request_header(rq, "smithy-protocol"), "rpc-v2-cbor")) {
		x->route = by_rpc_path(rq->path);
		if (!x->route)
			not_served(x, rq->path);
	} else if (operation_is_rest(rq->service, rq->path)) {
		x->route = operation_by_path(rq->service, rq->method, rq->path);
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
	enum service_id service = x->route->service;

	return fault_set(&x->fault,
			 service == SVC_S3	    ? 503
			 : service == SVC_SCHEDULER ? 429
						    : 400,
			 service_row(service)->wire.throttle_code, "Rate exceeded");
}

/* What makes something may hand a role on and tag: IAM asks for both. */
static int permit_parts(struct engine *e, struct exchange *x, const json_t *in)
{
	static const char *const roles[] = {"RoleArn", "ExecutionRoleArn"};
	const char *service = service_row(x->route->service)->wire.name;
	const struct kind_op *op = x->route->op;

	if (op ? op->verb == VERB_DESCRIBE || op->verb == VERB_DELETE : !str_eq(x->route->name, "CreateTrainingJob"))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
		const char *role = json_get_str(in, roles[i]);

		if (role && deny_check(e, &x->rq, "iam:PassRole", role, &x->fault) < 0)
			return -1;
	}
	AUTO(str)
	char *tag = xasprintf("%s:%s", service, x->route->service == SVC_SAGEMAKER ? "AddTags" : "TagResource");
	const json_t *tags = json_object_get(in, "Tags");

	return json_array_size(tags) || json_object_size(tags) ? deny_check(e, &x->rq, tag, NULL, &x->fault) : 0;
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
		str_copy(x->fault.code, sizeof(x->fault.code), service_row(x->route->service)->wire.validation_code);
}

static int run_operation(struct engine *e, struct exchange *x, enum wire wire, const char *action, json_t **ret_in,
			 json_t **out)
{
	const struct route *route = x->route;
	struct call c = {.e = e,
			 .rq = &x->rq,
			 .fault = &x->fault,
			 .x = x,
			 .service = route->service,
			 .name = route->name,
			 .kind = route->kind,
			 .op = route->op};
	const struct shape *shape = operation_shape(route);
	json_t *in = NULL;

	if (auth_verify(e, &x->rq, wire, NULL, &x->fault) < 0 || fail_on_purpose(x, wire) < 0)
		return -1;
	if (!limits_take(e, x->route->name))
		return throttle(x);
	if (deny_check(e, &x->rq, action, NULL, &x->fault) < 0 ||
	    (wire == WIRE_REST_JSON ? rest_input(route->rest, &x->rq, shape, ret_in, &x->fault)
				    : wire_parse_input(&x->rq, wire, shape, ret_in, &x->fault)) < 0)
		return -1;
	in = *ret_in;
	if (shape_check(shape, in, &x->fault) < 0) {
		rename_validation(x);
		return -1;
	}
	if (permit_parts(e, x, in) < 0)
		return -1;
	if (e->faults && faults_empty_page(&x->plan, action, route->kind, in, out))
		return 0;
	if (route->service == SVC_LOGS || route->service == SVC_CLOUDWATCH)
		simulation_bring_traces(e, in);
	c.in = in;
	return route->fn(&c, out);
}

/* The end of run_api for an operation that answers later: it made the reply, or a fault. */
static void answered(struct exchange *x)
{
	enum wire wire = exchange_wire(x);
	const struct wire_service *service = &service_row(x->route->service)->wire;
	AUTO(str) char *action = xasprintf("%s:%s", service->name, x->route->name);

	if (x->fault.code[0])
		wire_fault(&x->rq, wire, service, &x->fault, &x->reply);
	else
		strmap_set(&x->reply.headers, "x-amzn-RequestId", x->rq.id);
	spoil_reply(x);
	record_request(x->engine, x, action, protocol_names[wire], x->input);
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
	const struct wire_service *service = &service_row(x->route->service)->wire;
	AUTO(str) char *action = xasprintf("%s:%s", service->name, x->route->name);

	if (!x->fault.code[0]) {
		plan_faults(e, x, action);
		(void)run_operation(e, x, wire, action, &in, &out);
	}
	if (x->pending && !x->fault.code[0]) {
		x->engine = e;
		x->answered = answered;
		x->input = TAKE(in);
		return;
	}
	if (x->fault.code[0])
		wire_fault(&x->rq, wire, x->route == &unknown_route ? NULL : service, &x->fault, &x->reply);
	else if (!x->stream)
		wire_result(&x->rq, wire, service, x->route->name, out, &x->reply);
	if (!x->fault.code[0] && x->route->rest && x->route->rest->status)
		x->reply.status = x->route->rest->status;
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
	if (!x->fault.code[0] && deny_check(e, &x->rq, deny_s3_action(operation, action), NULL, &x->fault) == 0)
		s3_finish(e, x);
	if (x->fault.code[0])
		wire_fault(&x->rq, WIRE_S3, &service_row(SVC_S3)->wire, &x->fault, &x->reply);
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

void route_abandon(struct exchange *x)
{
	upload_free(TAKE(x->upload), false);
}

void route_list_actions(struct strlist *out)
{
	const struct route *r;

	for (size_t i = 0; (r = operation_at(i)); i++)
		strlist_take(out, xasprintf("%s:%s", service_row(r->service)->wire.name, r->name));
}
