/* What the operations share. */
#include "aws/local/services/ops.h"

int op_invalid(struct call *c, const char *fmt, ...)
{
	char text[1500];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return fault_set(c->fault, 400, "ValidationException", "%s", text);
}

/* What an operation would need that the engine does not have. */
static const struct lack {
	const char *operation, *lack;
} lacks[] = {
	{"InvokeEndpoint", "no server stands behind a document that was only stored"},
	{"InvokeEndpointWithResponseStream", "it does not pass streams on"},
	{"RetryPipelineExecution", "it runs no pipelines"},
	{"CreatePresignedMlflow", "it has no MLflow server"},
};

int op_not_yet(struct call *c, json_t **out)
{
	const char *lack = "it has nothing that would do it";

	for (size_t i = 0; i < ARRAY_LEN(lacks); i++) {
		if (str_starts(c->name, lacks[i].operation))
			lack = lacks[i].lack;
	}
	*out = NULL;
	return fault_set(c->fault, 400, "UnknownOperationException", "The local engine does not serve %s yet: %s.",
			 c->name, lack);
}
