/* The services, the partitions, and the rules for a service's host. */
#include "aws/endpoint.h"

#define JSON_1_0 "application/x-amz-json-1.0"
#define JSON_1_1 "application/x-amz-json-1.1"
#define PLAIN_JSON "application/json"
#define FORM "application/x-www-form-urlencoded; charset=utf-8"

/* id, host, signing name, IAM's name, protocol, content type, target prefix, only region */
const struct aws_service aws_sagemaker = {"SAGEMAKER", "api.sagemaker", "sagemaker", "sagemaker",
					  AWS_JSON,    JSON_1_1,	"SageMaker."};
/* What is sent and answered there is the model's own: the caller says its content type. */
const struct aws_service aws_sagemaker_runtime = {"SAGEMAKER_RUNTIME", "runtime.sagemaker", "sagemaker", "sagemaker",
						  AWS_REST_JSON};
const struct aws_service aws_logs = {"CLOUDWATCH_LOGS", "logs", "logs", "logs", AWS_JSON, JSON_1_1, "Logs_20140328."};
const struct aws_service aws_cloudwatch = {
	"CLOUDWATCH", "monitoring", "monitoring", "cloudwatch", AWS_JSON, JSON_1_0, "GraniteServiceVersion20100801."};
const struct aws_service aws_sts = {"STS", "sts", "sts", "sts", AWS_QUERY, FORM, "2011-06-15"};
const struct aws_service aws_s3 = {"S3", "s3", "s3", "s3", AWS_REST_XML};
const struct aws_service aws_pricing = {"PRICING", "api.pricing",	  "pricing", "pricing", AWS_JSON,
					JSON_1_1,  "AWSPriceListService."};
const struct aws_service aws_iam = {"IAM", "iam", "iam", "iam", AWS_QUERY, FORM, "2010-05-08"};
const struct aws_service aws_scheduler = {"SCHEDULER", "scheduler",   "scheduler",
					  "scheduler", AWS_REST_JSON, PLAIN_JSON};
const struct aws_service aws_ecr = {
	"ECR", "api.ecr", "ecr", "ecr", AWS_JSON, JSON_1_1, "AmazonEC2ContainerRegistry_V20150921."};
const struct aws_service aws_sso = {"SSO", "portal.sso", "awsssoportal", "sso", AWS_REST_JSON, PLAIN_JSON};
const struct aws_service aws_sso_oidc = {"SSO_OIDC", "oidc", "sso-oauth", "sso-oauth", AWS_REST_JSON, PLAIN_JSON};
const struct aws_service aws_cost_explorer = {
	"COST_EXPLORER", "ce", "ce", "ce", AWS_JSON, JSON_1_1, "AWSInsightsIndexService.", "us-east-1"};
const struct aws_service aws_events = {"EVENTBRIDGE", "events", "events", "events", AWS_JSON, JSON_1_1, "AWSEvents."};
const struct aws_service aws_application_autoscaling = {"APPLICATION_AUTO_SCALING",
							"application-autoscaling",
							"application-autoscaling",
							"application-autoscaling",
							AWS_JSON,
							JSON_1_1,
							"AnyScaleFrontendService."};

/* --- partitions ---------------------------------------------------------------------- */

struct partition {
	const char *region_prefix, *name, *suffix, *dual_suffix;
	/* IAM answers once for a partition. */
	const char *iam, *iam_fips, *iam_dual, *iam_fips_dual, *iam_region;
};

static const struct partition partitions[] = {
	{"cn-", "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "iam.cn-north-1.amazonaws.com.cn",
	 "iam-fips.amazonaws.com.cn", "iam.global.api.amazonwebservices.com.cn",
	 "iam-fips.api.amazonwebservices.com.cn", "cn-north-1"},
	{"us-gov-", "aws-us-gov", "amazonaws.com", "api.aws", "iam.us-gov.amazonaws.com", "iam.us-gov.amazonaws.com",
	 "iam.us-gov.api.aws", "iam.us-gov.api.aws", "us-gov-west-1"},
	{"us-iso-", "aws-iso", "c2s.ic.gov", NULL, "iam.us-iso-east-1.c2s.ic.gov", "iam-fips.us-iso-east-1.c2s.ic.gov",
	 NULL, NULL, "us-iso-east-1"},
	{"us-isob-", "aws-iso-b", "sc2s.sgov.gov", NULL, "iam.us-isob-east-1.sc2s.sgov.gov",
	 "iam-fips.us-isob-east-1.sc2s.sgov.gov", NULL, NULL, "us-isob-east-1"},
	{"eu-isoe-", "aws-iso-e", "cloud.adc-e.uk", NULL, "iam.eu-isoe-west-1.cloud.adc-e.uk",
	 "iam-fips.cloud.adc-e.uk", NULL, NULL, "eu-isoe-west-1"},
	{"us-isof-", "aws-iso-f", "csp.hci.ic.gov", NULL, "iam.us-isof-south-1.csp.hci.ic.gov",
	 "iam-fips.csp.hci.ic.gov", NULL, NULL, "us-isof-south-1"},
	{"eusc-", "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu", "iam.eusc-de-east-1.amazonaws.eu",
	 "iam-fips.amazonaws.eu", "iam.global.api.amazonwebservices.eu", "iam-fips.global.api.amazonwebservices.eu",
	 "eusc-de-east-1"},
	{"", "aws", "amazonaws.com", "api.aws", "iam.amazonaws.com", "iam-fips.amazonaws.com", "iam.global.api.aws",
	 "iam-fips.global.api.aws", "us-east-1"},
};

static const struct partition *partition_find(const char *region)
{
	size_t i = 0;

	while (!str_starts(region, partitions[i].region_prefix))
		i++;
	return &partitions[i];
}

const char *partition_of(const char *region)
{
	return partition_find(region)->name;
}

/* --- rules ----------------------------------------------------------------------------- */

void endpoint_done(struct endpoint *e)
{
	free(e->url);
	free(e->signing_region);
	*e = (struct endpoint){0};
}

static bool is_host_label(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n <= 63 && s[0] != '-' &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == n;
}

/* The regions in which STS once answered at its global endpoint by default. */
static bool is_legacy_sts_region(const char *region)
{
	static const char *const names[] = {"ap-northeast-1", "ap-south-1",   "ap-southeast-1", "ap-southeast-2",
					    "aws-global",     "ca-central-1", "eu-central-1",	"eu-north-1",
					    "eu-west-1",      "eu-west-2",    "eu-west-3",	"sa-east-1",
					    "us-east-1",      "us-east-2",    "us-west-1",	"us-west-2"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strcmp(region, names[i]))
			return true;
	return false;
}

/* The host's first labels with FIPS, which services spell differently. */
static char *fips_prefix(const struct aws_service *s, const struct partition *p, bool dual)
{
	bool gov = !strcmp(p->name, "aws-us-gov"), aws = !strcmp(p->name, "aws");

	if (s == &aws_sagemaker && (aws || gov) && !dual)
		return xstrdup("api-fips.sagemaker");
	if (s == &aws_sagemaker_runtime && (aws || gov) && !dual)
		return xstrdup(gov ? s->prefix : "runtime-fips.sagemaker");
	if (gov && (s == &aws_cloudwatch || ((s == &aws_logs || s == &aws_sts) && !dual)))
		return xstrdup(s->prefix);
	if (s == &aws_ecr)
		return xstrdup("ecr-fips");
	return xasprintf("%s-fips", s->prefix);
}

static char *host_of(const struct aws_service *s, const struct partition *p, const struct endpoint_params *params,
		     const char *region)
{
	bool dual = params->dual_stack;
	AUTO(str) char *prefix = params->fips ? fips_prefix(s, p, dual) : xstrdup(s->prefix);

	if (s == &aws_iam)
		return xstrdup(params->fips ? (dual ? p->iam_fips_dual : p->iam_fips) : (dual ? p->iam_dual : p->iam));
	if (s == &aws_s3 && dual)
		return xasprintf("%s.dualstack.%s.%s", prefix, region, p->suffix);
	return xasprintf("%s.%s.%s", prefix, region, dual ? p->dual_suffix : p->suffix);
}

static int resolve_override(const struct endpoint_params *params, struct endpoint *ret, struct err *err)
{
	/* A password could not be sent, the signature has its place, and must not be shown. */
	AUTO(str) char *url = str_hide_userinfo(params->override);
	size_t n = strlen(url);

	if (params->fips)
		return err_set(err, ERR_INVALID, "Invalid Configuration: FIPS and custom endpoint are not supported");
	if (params->dual_stack)
		return err_set(err, ERR_INVALID,
			       "Invalid Configuration: Dualstack and custom endpoint are not supported");
	if (!str_starts(url, "http://") && !str_starts(url, "https://"))
		return err_set(err, ERR_INVALID, "endpoint '%s' must begin with http:// or https://", url);
	while (n && url[n - 1] == '/')
		n--;
	ret->url = xstrndup(url, n);
	ret->custom = true;
	ret->signing_region = xstrdup(str_or(params->region, "us-east-1"));
	return 0;
}

int endpoint_resolve(const struct aws_service *s, const struct endpoint_params *params, struct endpoint *ret,
		     struct err *err)
{
	const struct partition *p;
	const char *region = params->region;

	if (params->override)
		return resolve_override(params, ret, err);
	if (str_empty(region))
		return err_set(err, ERR_INVALID,
			       "Invalid Configuration: Missing Region; set AWS_REGION or use --region");
	if (!is_host_label(region))
		return err_set(err, ERR_INVALID, "'%s' is not a region", region);
	p = partition_find(region);
	if (s->fixed_region && !strcmp(p->name, "aws"))
		region = s->fixed_region;
	if (params->dual_stack && !p->dual_suffix)
		return err_set(err, ERR_INVALID, "DualStack is enabled but this partition does not support DualStack");
	if (s == &aws_sts && !params->fips && !params->dual_stack &&
	    (!strcmp(region, "aws-global") || (params->global_sts && is_legacy_sts_region(region)))) {
		ret->url = xstrdup("https://sts.amazonaws.com");
		ret->signing_region = xstrdup("us-east-1");
		return 0;
	}

	AUTO(str) char *host = host_of(s, p, params, region);
	ret->url = xasprintf("https://%s", host);
	ret->signing_region = xstrdup(s == &aws_iam ? p->iam_region : region);
	return 0;
}

/* --- configuration --------------------------------------------------------------------- */

char *endpoint_configured(const struct aws_config *c, const char *service_id)
{
	AUTO(str) char *variable = xasprintf("AWS_ENDPOINT_URL_%s", service_id);
	AUTO(str) char *property = xstrdup(service_id);
	const char *url, *services;

	if (aws_config_bool(c, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls", false))
		return NULL;
	url = aws_io_env(&c->io, variable);
	if (!url)
		url = aws_io_env(&c->io, "AWS_ENDPOINT_URL");
	if (url)
		return xstrdup(url);
	str_lower(property);
	services = aws_config_get(c, "services");
	if (services) {
		char *nested = ini_get_nested(ini_find(&c->ini, INI_SERVICES, services), property, "endpoint_url");

		if (!str_empty(nested))
			return nested;
		free(nested);
	}
	return xstrdup(aws_config_get(c, "endpoint_url"));
}

int endpoint_for(const struct aws_config *c, const struct aws_service *s, const char *region, const char *explicit_url,
		 struct endpoint *ret, struct err *err)
{
	AUTO(str) char *configured = explicit_url ? xstrdup(explicit_url) : endpoint_configured(c, s->id);
	const char *sts = aws_config_value(c, "AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints");
	struct endpoint_params p = {
		.region = region,
		.fips = aws_config_bool(c, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint", false),
		.dual_stack = aws_config_bool(c, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint", false),
		.global_sts = str_ieq(sts, "legacy"),
		.override = configured};

	return endpoint_resolve(s, &p, ret, err);
}
