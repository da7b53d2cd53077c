/* --deny: which IAM action an operation needs, and its refusal. */
#include "aws/local/front/deny.h"

#include <fnmatch.h>

#include "aws/local/front/route.h"
#include "aws/op_row.h"

/* What the program itself calls, by the rows it goes by. */
static const struct aws_op s3_ops[] = {
#define AWS_OP(service_name, op_name, op_access, op_rate, op_burst, op_reply, op_resource, op_need, ...) \
	{.name = #op_name, ##__VA_ARGS__},
#include "aws/operations_s3.def"
#undef AWS_OP
};

/* What only others call. NULL: the operation's own name. */
static const struct s3_action {
	const char *operation, *action;
} more_s3_actions[] = {
	{"ListBuckets", "s3:ListAllMyBuckets"},
	{"ListObjects", "s3:ListBucket"},
	{"HeadBucket", "s3:ListBucket"},
	{"GetBucketLocation", NULL},
	{"ListMultipartUploads", "s3:ListBucketMultipartUploads"},
	{"DeleteBucket", NULL},
	{"CopyObject", "s3:PutObject"},
	{"ListParts", "s3:ListMultipartUploadParts"},
	{"DeleteObject", NULL},
	{"DeleteObjects", "s3:DeleteObject"},
};

const char *deny_s3_action(const char *operation, const char *usual)
{
	for (size_t i = 0; i < ARRAY_LEN(s3_ops); i++) {
		if (str_eq(s3_ops[i].name, operation))
			return str_or(s3_ops[i].action, usual);
	}
	for (size_t i = 0; i < ARRAY_LEN(more_s3_actions); i++) {
		if (str_eq(more_s3_actions[i].operation, operation))
			return str_or(more_s3_actions[i].action, usual);
	}
	return "s3:Unknown";
}

static void add_s3_action(struct strlist *out, const char *operation)
{
	AUTO(str) char *usual = xasprintf("s3:%s", operation);

	strlist_add(out, deny_s3_action(operation, usual));
}

static void list_actions(struct strlist *out)
{
	route_list_actions(out);
	for (size_t i = 0; i < ARRAY_LEN(s3_ops); i++)
		add_s3_action(out, s3_ops[i].name);
	for (size_t i = 0; i < ARRAY_LEN(more_s3_actions); i++)
		add_s3_action(out, more_s3_actions[i].operation);
	strlist_add(out, "iam:PassRole");
}

static bool matches_any(const char *pattern, const struct strlist *actions)
{
	for (size_t i = 0; i < actions->n; i++) {
		if (fnmatch(pattern, actions->items[i], FNM_CASEFOLD) == 0)
			return true;
	}
	return false;
}

int deny_init(struct engine *e, struct err *err)
{
	AUTO(strlist) struct strlist actions = {0};
	AUTO(strlist) struct strlist patterns = {0};

	if (str_empty(e->opt.deny))
		return 0;
	list_actions(&actions);
	strlist_split(&patterns, e->opt.deny, ',');
	for (size_t i = 0; i < patterns.n; i++) {
		if (matches_any(patterns.items[i], &actions))
			continue;
		const char *near = str_nearest(patterns.items[i], (const char *const *)actions.items, actions.n);

		return err_set(err, ERR_USAGE, "--deny: '%.100s' matches no action that is served%s%s%s",
			       patterns.items[i], near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	}
	return 0;
}

/* GetCallerIdentity needs no permission; no policy can take it away. */
static bool is_denied(const struct engine *e, const char *action)
{
	AUTO(strlist) struct strlist patterns = {0};

	if (str_empty(e->opt.deny) || str_eq(action, "sts:GetCallerIdentity"))
		return false;
	strlist_split(&patterns, e->opt.deny, ',');
	for (size_t i = 0; i < patterns.n; i++) {
		if (fnmatch(patterns.items[i], action, FNM_CASEFOLD) == 0)
			return true;
	}
	return false;
}

int deny_check(struct engine *e, const struct request *rq, const char *action, const char *resource, struct fault *f)
{
	if (!is_denied(e, action))
		return 0;
	bool s3 = str_eq(rq->service, "s3"), query = str_starts(action, "sts:") || str_starts(action, "cloudwatch:");

	return fault_set(f, s3 || query ? 403 : 400, s3 || query ? "AccessDenied" : "AccessDeniedException",
			 "User: %s is not authorized to perform: %s%s%.300s because no identity-based policy allows "
			 "the %s action",
			 rq->who.arn, action, resource ? " on resource: " : "", resource ? resource : "", action);
}
