/* endpoint.h - where a service answers, and under which name and region its
 * requests are signed. Pure rules, after the services' published endpoint rules:
 * partitions, FIPS, dual-stack, and the configured overrides.
 */
#ifndef SAGETOP_AWS_ENDPOINT_H
#define SAGETOP_AWS_ENDPOINT_H

#include "aws/config.h"

enum aws_protocol { AWS_JSON, AWS_QUERY, AWS_REST_XML, AWS_REST_JSON };

/* A service, one row each in endpoint.c. */
struct aws_service {
	const char *id;	    /* AWS_ENDPOINT_URL_<id>; lower case in the config file */
	const char *prefix; /* host name before the region */
	const char *signing_name;
	const char *iam; /* before the colon in actions, and in ARNs */
	enum aws_protocol protocol;
	const char *content_type;  /* of requests */
	const char *target_prefix; /* JSON: before the operation; Query: the API version */
	const char *fixed_region;  /* where there is only one in the aws partition; NULL */
};
extern const struct aws_service aws_sagemaker, aws_sagemaker_runtime, aws_logs, aws_cloudwatch, aws_sts, aws_s3,
	aws_pricing, aws_iam, aws_scheduler, aws_ecr, aws_sso, aws_sso_oidc, aws_cost_explorer, aws_events,
	aws_application_autoscaling;

struct endpoint_params {
	const char *region; /* NULL where unknown */
	bool fips, dual_stack;
	bool global_sts;      /* sts_regional_endpoints = legacy */
	const char *override; /* a configured URL; NULL for AWS's own */
};
struct endpoint {
	char *url; /* without a slash at the end, without a user's name and password */
	char *signing_region;
	bool custom; /* an override, not AWS's own */
};
void endpoint_done(struct endpoint *e);
AUTO_EMBEDDED(endpoint, struct endpoint, endpoint_done)

int endpoint_resolve(const struct aws_service *s, const struct endpoint_params *p, struct endpoint *ret,
		     struct err *err) NODISCARD;

/* The URL that environment or profile configure for the service with this id
 * ("S3"), NULL for none. Owned by the caller. */
char *endpoint_configured(const struct aws_config *c, const char *service_id) NODISCARD;
/* endpoint_resolve with everything from the configuration. explicit_url goes before it. */
int endpoint_for(const struct aws_config *c, const struct aws_service *s, const char *region, const char *explicit_url,
		 struct endpoint *ret, struct err *err) NODISCARD;

/* "aws", "aws-cn" ... of a region. */
const char *partition_of(const char *region);

#endif
