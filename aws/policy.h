/* policy.h - IAM policy documents made from the table of operations: the two files in
 * share/ and the one with which doctor answers. Pure.
 */
#ifndef SAGETOP_AWS_POLICY_H
#define SAGETOP_AWS_POLICY_H

#include "base/json.h"

struct aws_policy_scope {
	const char *partition, *region, *account; /* "aws", "*", "*": the widest */
};

/* Allows the operations whose actions are listed; where actions is NULL all that read
 * and, with writes, the others behind them. One statement a service and access, on the
 * resources of just those operations. */
json_t *aws_policy_new(const struct strlist *actions, bool writes, const struct aws_policy_scope *scope) NODISCARD;

#endif
