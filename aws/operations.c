/* The table of operations, and what is asked of its rows. */
#include "aws/logs.h"
#include "aws/op.h"

#define SAGEMAKER(type) "sagemaker:%R:%A:" type
#define GROUP(name) "logs:%R:%A:log-group:/aws/sagemaker/" name
#define JOB_LOGS              \
	GROUP("TrainingJobs") \
	" " GROUP("TrainingJobs:*") " " GROUP("ProcessingJobs*") " " GROUP("TransformJobs*") " " GROUP("Endpoints/*")

const struct aws_op aws_ops[AWS_OP_COUNT] = {
#define AWS_OP(service_name, op_name, op_access, op_rate, op_burst, op_reply, op_resource, op_need, ...) \
	[AWS_OP_##service_name##_##op_name] = {.service = &aws_##service_name,                           \
					       .name = #op_name,                                         \
					       .access = op_access,                                      \
					       .rate = op_rate,                                          \
					       .burst = op_burst,                                        \
					       .reply = op_reply,                                        \
					       .resource = op_resource,                                  \
					       .need = op_need,                                          \
					       ##__VA_ARGS__},
#include "aws/operations.def"
#undef AWS_OP
};

const struct aws_op *aws_op_find(const char *service, const char *name)
{
	for (size_t i = 0; i < AWS_OP_COUNT; i++)
		if (!strcmp(aws_ops[i].service->iam, service) && !strcmp(aws_ops[i].name, name))
			return &aws_ops[i];
	return NULL;
}

char *aws_op_action(const struct aws_op *op)
{
	return op->action ? xstrdup(op->action) : xasprintf("%s:%s", op->service->iam, op->name);
}

static bool holds(const char *one, const json_t *json, const struct http_reply *http)
{
	const char *header = str_starts(one, "header:") ? one + strlen("header:") : NULL;

	if (header)
		return !str_empty(http_reply_header(http, header));
	return json && json_object_get(json, one) && !json_is_null(json_object_get(json, one));
}

char *aws_op_lacks(const struct aws_op *op, const json_t *json, const struct http_reply *http)
{
	AUTO(strlist) struct strlist wanted = {0};

	if (*op->reply)
		strlist_split(&wanted, op->reply, ' ');
	for (size_t i = 0; i < wanted.n; i++) {
		AUTO(strlist) struct strlist any = {0};
		bool found = false;

		strlist_split(&any, wanted.items[i], '|');
		for (size_t k = 0; k < any.n && !found; k++)
			found = holds(any.items[k], json, http);
		if (!found)
			return xstrdup(any.items[0]);
	}
	return NULL;
}
