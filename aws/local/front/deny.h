/* deny.h - --deny: operations refused as IAM refuses them, to see what a program
 * does without a permission.
 *
 * The list names IAM actions ("sagemaker:Search,logs:Get*,s3:PutObject"), which
 * for S3 are not the operations' own names: HeadObject needs s3:GetObject, each
 * step of an upload s3:PutObject. Refused separately, as on AWS: iam:PassRole and
 * sagemaker:AddTags, both of which CreateTrainingJob may need besides its own.
 */
#ifndef SAGETOP_LOCAL_DENY_H
#define SAGETOP_LOCAL_DENY_H

#include "aws/local/core/engine.h"
#include "aws/local/wire/request.h"

/* Checks e->opt.deny: ERR_USAGE for a pattern that no action matches. */
int deny_init(struct engine *e, struct err *err) NODISCARD;

/* The IAM action that an operation of S3 needs: usual ("s3:" and its name), where it is
 * no other's. Static, or usual. */
const char *deny_s3_action(const char *operation, const char *usual);

/* 0, or -1 and the fault in the service's words. resource may be NULL. */
int deny_check(struct engine *e, const struct request *rq, const char *action, const char *resource,
	       struct fault *f) NODISCARD;

#endif
