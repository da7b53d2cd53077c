/* Training jobs: the requests, and what their replies become. */
#include "aws/sagemaker.h"

#include "aws/op.h"

struct call {
	sm_json_fn *fn;
	void *user;
};

static void on_json(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct call *k = ctx;

	k->fn(k->user, err ? NULL : (json_t *)reply->json, err);
	free(k);
}

static struct aws_request *send(struct aws_client *c, const struct aws_op *op, enum aws_priority p, json_t *body,
				sm_json_fn *fn, void *user)
{
	struct call *k = NEW(struct call);

	*k = (struct call){.fn = fn, .user = user};
	return aws_call_named(c, op, p, body, on_json, k);
}

struct aws_request *sm_describe_job_json(struct aws_client *c, const char *name, enum aws_priority p, sm_json_fn *fn,
					 void *user)
{
	return send(c, AWS_OP_ROW(sagemaker, DescribeTrainingJob), p, json_pack("{s:s}", "TrainingJobName", name), fn,
		    user);
}

struct aws_request *sm_create_job(struct aws_client *c, const json_t *spec, sm_json_fn *fn, void *user)
{
	return send(c, AWS_OP_ROW(sagemaker, CreateTrainingJob), AWS_USER_ACTION, json_incref((json_t *)spec), fn,
		    user);
}
