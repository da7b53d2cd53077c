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
