/* The container registry: a repository and the password to push to it. */
#include "aws/ecr.h"

#include "aws/op.h"

struct call {
	ecr_token_fn *token;
	ecr_done_fn *done;
	void *user;
};

static void on_token(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct call *k = ctx;
	const json_t *data = err ? NULL : json_array_get(json_object_get(reply->json, "authorizationData"), 0);
	const char *token = json_get_str(data, "authorizationToken");
	const char *url = json_get_str(data, "proxyEndpoint");
	struct err broken = {0};

	if (!err && (!token || !url)) {
		err_set(&broken, ERR_PARSE, "GetAuthorizationToken: the reply holds no token: try again");
		err = &broken;
	}
	k->token(k->user, url, token, json_get_time_ms(data, "expiresAt"), err);
	free(k);
}

struct aws_request *ecr_get_token(struct aws_client *c, ecr_token_fn *fn, void *user)
{
	struct call *k = NEW(struct call);

	k->token = fn;
	k->user = user;
	return aws_call_named(c, AWS_OP_ROW(ecr, GetAuthorizationToken), AWS_USER_ACTION, json_object(), on_token, k);
}

static void on_done(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct call *k = ctx;

	k->done(k->user, err);
	free(k);
}

static struct aws_request *call_done(struct aws_client *c, const struct aws_op *op, json_t *body, ecr_done_fn *fn,
				     void *user)
{
	struct call *k = NEW(struct call);

	k->done = fn;
	k->user = user;
	return aws_call_named(c, op, AWS_USER_ACTION, body, on_done, k);
}

struct aws_request *ecr_describe_repository(struct aws_client *c, const char *name, ecr_done_fn *fn, void *user)
{
	return call_done(c, AWS_OP_ROW(ecr, DescribeRepositories), json_pack("{s:[s]}", "repositoryNames", name), fn,
			 user);
}

struct aws_request *ecr_create_repository(struct aws_client *c, const char *name, ecr_done_fn *fn, void *user)
{
	return call_done(c, AWS_OP_ROW(ecr, CreateRepository), json_pack("{s:s}", "repositoryName", name), fn, user);
}
