/* sts.h - who am I (STS GetCallerIdentity; Query in, XML out). */
#ifndef SAGETOP_AWS_STS_H
#define SAGETOP_AWS_STS_H

#include "aws/client.h"

struct sts_identity {
	const char *account, *arn;
};
typedef void sts_identity_fn(void *user, const struct sts_identity *id, const struct err *err);
struct aws_request *sts_get_caller_identity(struct aws_client *c, enum aws_priority p, sts_identity_fn *fn, void *user);

/* Pure: the reply. ret borrows from *ret_tree, which the caller frees (xml.h), also on failure. */
struct xml_node;
int sts_parse_identity(const char *text, size_t n, struct xml_node **ret_tree, struct sts_identity *ret,
		       struct err *err) NODISCARD;

#endif
