/* ecr.h - Elastic Container Registry: sign in, and make a repository (JSON 1.1,
 * "AmazonEC2ContainerRegistry_V20150921."). The push itself is another program's
 * (skopeo, buildah): it speaks the registry protocol with what this hands out. */
#ifndef SAGETOP_AWS_ECR_H
#define SAGETOP_AWS_ECR_H

#include "aws/client.h"

/* registry_url is "https://ACCOUNT.dkr.ecr.REGION.amazonaws.com"; token is the
 * base64 of "AWS:password", as an authorisation file wants it: a secret for twelve
 * hours. Borrowed. */
typedef void ecr_token_fn(void *user, const char *registry_url, const char *token, int64_t expires_ms,
			  const struct err *err);
typedef void ecr_done_fn(void *user, const struct err *err);

struct aws_request *ecr_get_token(struct aws_client *c, ecr_token_fn *fn, void *user);
/* ERR_NOTFOUND where it does not exist. */
struct aws_request *ecr_describe_repository(struct aws_client *c, const char *name, ecr_done_fn *fn, void *user);
/* ERR_EXISTS where somebody was faster. */
struct aws_request *ecr_create_repository(struct aws_client *c, const char *name, ecr_done_fn *fn, void *user);

#endif
