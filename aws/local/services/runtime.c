/* SageMaker Runtime: InvokeEndpoint, InvokeEndpointAsync. */
#include "aws/local/services/ops.h"

#include "aws/local/running/endpoint.h"

#define ROUTED "X-Amzn-SageMaker-"
#define TARGET_MODEL_MAX 1024

/* A call under way; the exchange may be gone before the answer. */
struct invoke {
	struct exchange *x;
};

static void on_gone(void *user)
{
	struct invoke *v = user;

	v->x = NULL;
}

/* The model has not seen it. */
static void validation_error(struct invoke *v, const char *said)
{
	struct reply *r = &v->x->reply;
	AUTO(json) json_t *body = json_pack("{s:s*}", "Message", said);
	AUTO(str) char *json = json_text(body);

	r->status = 400;
	r->content_type = "application/json";
	strmap_set(&r->headers, "x-amzn-ErrorType", "ValidationError");
	buf_adds(&r->body, json);
}

/* 424 with what the container said. */
static void model_error(struct invoke *v, const struct endpoint_answer *a)
{
	struct reply *r = &v->x->reply;
	AUTO(str)
	char *text = xstrndup(buf_str(&a->http->body), MIN(a->http->body.len, (size_t)1024));
	const char *said = a->http->status ? text : a->http->error;
	int status = a->http->status ? a->http->status : 500;
	AUTO(str)
	char *message = xasprintf("Received server error (%d) from %s with message \"%s\".", status, a->variant, said);
	AUTO(json)
	json_t *body = json_pack("{s:s*, s:s*, s:i, s:s}", "Message", message, "OriginalMessage", said,
				 "OriginalStatusCode", status, "LogStreamArn", a->log_stream);
	AUTO(str) char *json = json_text(body);

	r->status = 424;
	r->content_type = "application/json";
	strmap_set(&r->headers, "x-amzn-ErrorType", "ModelError");
	buf_adds(&r->body, json);
}

static void copy_answer(struct invoke *v, const struct endpoint_answer *a)
{
	static const char *const kept[][2] = {
		{"content-type", "Content-Type"},
		{"x-amzn-sagemaker-custom-attributes", "X-Amzn-SageMaker-Custom-Attributes"},
		{"x-amzn-sagemaker-new-session-id", "X-Amzn-SageMaker-New-Session-Id"},
		{"x-amzn-sagemaker-closed-session-id", "X-Amzn-SageMaker-Closed-Session-Id"}};
	struct reply *r = &v->x->reply;

	r->status = 200;
	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		const char *value = strmap_get(&a->http->headers, kept[i][0]);

		if (value)
			strmap_set(&r->headers, kept[i][1], value);
	}
	buf_add(&r->body, buf_str(&a->http->body), a->http->body.len);
}

static void on_answer(void *user, struct endpoint_answer *a)
{
	struct invoke *v = user;
	struct exchange *x = v->x;

	if (x) {
		strmap_set(&x->reply.headers, "x-Amzn-Invoked-Production-Variant", a->variant);
		if (a->refused)
			validation_error(v, a->refused);
		else if (a->http->status >= 200 && a->http->status < 300)
			copy_answer(v, a);
		else
			model_error(v, a);
		x->gone = NULL;
		exchange_answered(x);
	}
	free(v);
}

/* The container sees these of the request's headers. */
static void forward_headers(const struct request *rq, struct strmap *out)
{
	for (size_t i = 0; i < rq->n_headers; i++) {
		const char *name = rq->headers[i].name;

		if (str_ieq(name, "Content-Type") || str_ieq(name, "Accept") ||
		    !strncasecmp(name, ROUTED, strlen(ROUTED)))
			strmap_set(out, name, rq->headers[i].value);
	}
}

static int refuse(struct call *c, const struct err *err)
{
	if (err->code == ERR_THROTTLED)
		return fault_set(c->fault, 400, "ThrottlingException", "%s", err->msg);
	if (err->code == ERR_LIMIT)
		return fault_set(c->fault, 503, "ServiceUnavailable", "%s", err->msg);
	return fault_set(c->fault, 400, "ValidationError", "%s", err->msg);
}

/* A key below the prefix of the models: it does not lead out of there. */
static int check_target_model(struct call *c, const char *model)
{
	AUTO(strlist) struct strlist parts = {0};
	bool good = model && *model && strlen(model) <= TARGET_MODEL_MAX;

	if (!model)
		return 0;
	strlist_split(&parts, model, '/');
	for (size_t i = 0; good && i < parts.n; i++)
		good = *parts.items[i] && !str_eq(parts.items[i], ".") && !str_eq(parts.items[i], "..");
	return good ? 0
		    : fault_set(
			      c->fault, 400, "ValidationError",
			      "TargetModel \"%.200s\" is not a key of a model below the ModelDataUrl of the endpoint.",
			      model);
}

int op_invoke_endpoint(struct call *c, json_t **out)
{
	const char *name = json_get_str(c->in, "EndpointName");
	struct document *doc = document_find(c->e, ENDPOINT_KIND, name);
	AUTO(strmap) struct strmap headers = {0};
	struct err err = {0};

	size_t most = doc && json_path_get(doc->doc, "ProductionVariants.0.CurrentServerlessConfig")
			      ? SERVERLESS_MAX_BODY
			      : ENDPOINT_MAX_BODY;

	if (c->rq->body.len > most)
		return fault_set(c->fault, 413, "RequestEntityTooLargeException",
				 "HTTP content length exceeded %zu bytes.", most);
	if (!doc)
		return fault_set(c->fault, 400, "ValidationError",
				 "Endpoint %.63s of account " ACCOUNT_ID " not found.", name);
	if (!endpoint_has_servers(c->e, doc))
		return op_not_yet(c, out);
	if (endpoint_is_async(c->e, doc))
		return fault_set(c->fault, 400, "ValidationError",
				 "Endpoint %.63s is asynchronous: it takes InvokeEndpointAsync only.", name);
	const char *model = json_get_str(c->in, "TargetModel");

	/* A key may be written as a path from the prefix. */
	model = model && *model == '/' ? model + 1 : model;
	if (check_target_model(c, model) < 0)
		return -1;
	const struct endpoint_target to = {.variant = json_get_str(c->in, "TargetVariant"), .model = model};
	struct invoke *v = NEW(struct invoke);

	v->x = c->x;
	forward_headers(c->rq, &headers);
	if (endpoint_invoke(c->e, doc, &to, &headers, buf_str(&c->rq->body), c->rq->body.len, on_answer, v, &err) < 0) {
		free(v);
		return refuse(c, &err);
	}
	c->x->pending = true;
	c->x->gone = on_gone;
	c->x->stream_user = v;
	*out = json_null();
	return 0;
}

int op_invoke_endpoint_async(struct call *c, json_t **out)
{
	const char *name = json_get_str(c->in, "EndpointName"), *input = json_get_str(c->in, "InputLocation");
	struct document *doc = document_find(c->e, ENDPOINT_KIND, name);
	const struct buf *body = &c->rq->body;

	if (!doc)
		return fault_set(c->fault, 400, "ValidationError",
				 "Endpoint %.63s of account " ACCOUNT_ID " not found.", name);
	if (!endpoint_has_servers(c->e, doc))
		return op_not_yet(c, out);
	if (!endpoint_is_async(c->e, doc))
		return fault_set(c->fault, 400, "ValidationError",
				 "Endpoint %.63s is not asynchronous: it takes InvokeEndpoint only.", name);
	if (input ? body->len > 0 : !body->len)
		return fault_set(c->fault, 400, "ValidationError", "Say either InputLocation or Body.");
	if (body->len > ASYNC_MAX_BODY)
		return fault_set(c->fault, 413, "RequestEntityTooLargeException",
				 "HTTP content length exceeded %d bytes.", ASYNC_MAX_BODY);
	AUTO(json) json_t *one = endpoint_async_put(c->e, doc, c->in, buf_str(body), body->len);
	const char *failure = json_get_str(one, "Failure");

	strmap_set(&c->x->reply.headers, "X-Amzn-SageMaker-OutputLocation", json_get_str(one, "Output"));
	if (failure)
		strmap_set(&c->x->reply.headers, "X-Amzn-SageMaker-FailureLocation", failure);
	*out = json_pack("{s:O}", "InferenceId", json_object_get(one, "InferenceId"));
	return 0;
}
