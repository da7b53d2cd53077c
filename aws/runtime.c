/* SageMaker Runtime: InvokeEndpoint, whose body and answer are bytes, and InvokeEndpointAsync, whose
 * both lie in S3. */
#include "aws/runtime.h"

#include "aws/op.h"
#include "base/clock.h"
#include "base/uri.h"
#include "base/utf8.h"

struct invocation {
	struct buf answer;
	int64_t began_us;
	runtime_fn *fn;
	void *user;
};

static int on_data(void *ctx, const void *data, size_t n)
{
	struct invocation *v = ctx;

	return buf_add(&v->answer, data, n) < 0 ? -ERR_TOOBIG : 0;
}

static void on_reply(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct invocation *v = ctx;
	struct runtime_answer a = {.took_us = clock_mono_us() - v->began_us,
				   .status = reply ? reply->status : err->http_status};

	AUTO(str) char *type = NULL, *variant = NULL, *output = NULL, *failure = NULL, *inference = NULL;

	if (reply && reply->json) {
		output = utf8_sanitize_dup(http_reply_header(reply->http, "x-amzn-sagemaker-outputlocation"));
		failure = utf8_sanitize_dup(http_reply_header(reply->http, "x-amzn-sagemaker-failurelocation"));
		inference = utf8_sanitize_dup(json_get_str(reply->json, "InferenceId"));
		a.output = output;
		a.failure = failure;
		a.inference = inference;
	} else if (reply) {
		type = utf8_sanitize_dup(http_reply_header(reply->http, "content-type"));
		variant = utf8_sanitize_dup(http_reply_header(reply->http, "x-amzn-invoked-production-variant"));
		a.content_type = type;
		a.variant = variant;
		a.body = buf_str(&v->answer);
		a.len = v->answer.len;
	}
	v->fn(v->user, &a, err);
	buf_done(&v->answer);
	free(v);
}

static void add_header(struct strmap *headers, const char *name, const char *value)
{
	if (value)
		strmap_set(headers, name, value);
}

struct aws_request *runtime_invoke(struct aws_client *c, const struct runtime_call *call, runtime_fn *fn, void *user)
{
	struct invocation *v = NEW(struct invocation);
	AUTO(strmap) struct strmap headers = {0};
	AUTO(buf) struct buf path = BUF_INIT(BUF_MAX_TEXT);

	*v = (struct invocation){
		.answer = BUF_INIT(RUNTIME_MAX_ANSWER), .began_us = clock_mono_us(), .fn = fn, .user = user};
	(void)buf_adds(&path, "/endpoints/");
	uri_encode(&path, call->endpoint, strlen(call->endpoint), false);
	(void)buf_adds(&path, call->input ? "/async-invocations" : "/invocations");
	add_header(&headers, call->input ? "X-Amzn-SageMaker-Content-Type" : "Content-Type", call->content_type);
	add_header(&headers, call->input ? "X-Amzn-SageMaker-Accept" : "Accept", call->accept);
	add_header(&headers, "X-Amzn-SageMaker-InputLocation", call->input);
	add_header(&headers, "X-Amzn-SageMaker-Target-Variant", call->variant);
	add_header(&headers, "X-Amzn-SageMaker-Target-Model", call->model);
	struct aws_call made = {.op = call->input ? AWS_OP_ROW(sagemaker_runtime, InvokeEndpointAsync)
						  : AWS_OP_ROW(sagemaker_runtime, InvokeEndpoint),
				.priority = AWS_USER_ACTION,
				.path = buf_str(&path),
				.headers = &headers,
				.body = call->body,
				.body_len = call->len,
				.on_data = call->input ? NULL : on_data,
				.fn = on_reply,
				.ctx = v};

	return aws_call(c, &made);
}
