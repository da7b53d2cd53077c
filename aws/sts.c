/* STS: whose credentials these are. */
#include "aws/sts.h"

#include "aws/op.h"
#include "aws/xml.h"

struct call {
	sts_identity_fn *fn;
	void *user;
};

int sts_parse_identity(const char *text, size_t n, struct xml_node **ret_tree, struct sts_identity *ret,
		       struct err *err)
{
	const struct xml_node *result;
	int rc = xml_parse(text, n, "GetCallerIdentity reply", ret_tree, err);

	if (rc)
		return rc;
	result = xml_find(*ret_tree, "GetCallerIdentityResult");
	if (result)
		*ret = (struct sts_identity){.account = xml_text(result, "Account"), .arn = xml_text(result, "Arn")};
	if (!result || !ret->account || !ret->arn)
		return err_set(err, ERR_PARSE, "GetCallerIdentity reply: no Account or Arn");
	return 0;
}

static void on_identity(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct call *k = ctx;
	AUTO(xml) struct xml_node *tree = NULL;
	struct sts_identity id = {0};
	struct err bad = {0};

	if (!err && sts_parse_identity(reply->body, reply->len, &tree, &id, &bad))
		err = &bad;
	k->fn(k->user, err ? NULL : &id, err);
	free(k);
}

struct aws_request *sts_get_caller_identity(struct aws_client *c, enum aws_priority p, sts_identity_fn *fn, void *user)
{
	static const char body[] = "Action=GetCallerIdentity&Version=2011-06-15";
	struct call *k = NEW(struct call);
	struct aws_call call = {.op = AWS_OP_ROW(sts, GetCallerIdentity),
				.priority = p,
				.body = body,
				.body_len = sizeof(body) - 1,
				.fn = on_identity,
				.ctx = k};

	k->fn = fn;
	k->user = user;
	return aws_call(c, &call);
}
