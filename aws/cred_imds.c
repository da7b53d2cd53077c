/* Credentials of an EC2 instance's role: the instance metadata service, version 2.
 * One second and one attempt where nothing answers: most machines are no instance. */
#include "aws/cred_job.h"
#include "aws/reply_json.h"

#define TIMEOUT_MS 1000
#define TOKEN_TTL_S "21600"
#define ROLE_PATH "/latest/meta-data/iam/security-credentials/"

int cred_imds_url(const struct aws_config *config, const char *explicit_url, const char *explicit_mode, char **ret,
		  struct err *err)
{
	const char *url = explicit_url, *mode = explicit_mode;
	size_t n;

	if (!url)
		url = aws_config_value(config, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");
	if (!mode)
		mode = aws_config_value(config, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
					"ec2_metadata_service_endpoint_mode");
	if (url) {
		if ((!str_starts(url, "http://") && !str_starts(url, "https://")) || strpbrk(url, " \t\r\n\"<>"))
			return err_set(err, ERR_INVALID,
				       "AWS_EC2_METADATA_SERVICE_ENDPOINT '%s': invalid uri character, or no http://",
				       url);
		n = strlen(url);
		while (n && url[n - 1] == '/')
			n--;
		*ret = xstrndup(url, n);
		return 0;
	}
	if (mode && str_ieq(mode, "IPv6"))
		*ret = xstrdup("http://[fd00:ec2::254]");
	else if (!mode || str_ieq(mode, "IPv4"))
		*ret = xstrdup("http://169.254.169.254");
	else
		return err_set(err, ERR_INVALID, "`%s` is not a valid endpoint mode", mode);
	return 0;
}

/* In the chain the absence of a role is no failure. */
static void nothing(struct cred_job *job, const char *why)
{
	cred_job_skip(job, why);
}

static void ask_role(struct cred_job *job);

static void on_credentials(struct cred_job *job, const struct http_reply *reply, const struct err *err)
{
	AUTO(json) json_t *j = NULL;
	struct aws_credentials *c = NULL;
	struct err bad = {0};
	const char *code;

	if (err || reply->status != 200) {
		cred_job_failf(job, err ? err->code : ERR_AUTH, "instance metadata: credentials of role %s: %s",
			       job->name, err ? err->msg : "refused");
		return;
	}
	if (reply_json_parse(reply->body, reply->len, "instance metadata", &j, &bad)) {
		bad.code = ERR_AUTH;
		cred_job_fail(job, &bad);
		return;
	}
	code = json_get_str(j, "Code");
	if (code && strcmp(code, "Success") != 0) {
		cred_job_failf(job, ERR_AUTH, "instance metadata: role %s: %s", job->name, code);
		return;
	}
	AUTO(str) char *source = xasprintf("instance role %s", job->name);
	if (cred_from_json(j, source, &c, &bad)) {
		bad.code = ERR_AUTH;
		cred_job_fail(job, &bad);
		return;
	}
	cred_job_found(job, c);
}

static void on_role(struct cred_job *job, const struct http_reply *reply, const struct err *err)
{
	size_t n = err ? 0 : strcspn(reply->body, "\r\n");

	if (err) {
		nothing(job, err->msg);
		return;
	}
	if (reply->status != 200 || !n || n > 256) {
		nothing(job, "the instance has no role");
		return;
	}
	free(job->name);
	job->name = xstrndup(reply->body, n);
	AUTO(str) char *url = xasprintf("%s" ROLE_PATH "%s", job->url, job->name);
	cred_send(job, "GET", url, NULL, on_credentials);
}

static void ask_role(struct cred_job *job)
{
	AUTO(str) char *url = xasprintf("%s" ROLE_PATH, job->url);

	cred_send(job, "GET", url, NULL, on_role);
}

static void on_token(struct cred_job *job, const struct http_reply *reply, const struct err *err)
{
	bool v1 = !aws_config_bool(job->config, "AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled", false);

	if (err) {
		nothing(job, "no instance metadata");
		return;
	}
	strmap_done(&job->request_headers);
	job->request_headers = (struct strmap){0};
	if (reply->status == 200 && reply->len && !strpbrk(reply->body, "\r\n")) {
		cred_header(job, "x-aws-ec2-metadata-token", reply->body);
	} else if (!v1 || (reply->status != 403 && reply->status != 404 && reply->status != 405)) {
		nothing(job, "instance metadata gives no token");
		return;
	}
	ask_role(job);
}

void cred_imds_start(struct cred_job *job)
{
	struct err err = {0};

	if (aws_io_env_true(job->io, "AWS_EC2_METADATA_DISABLED")) {
		cred_job_skip(job, "instance metadata is disabled (AWS_EC2_METADATA_DISABLED)");
		return;
	}
	free(job->url);
	job->url = NULL;
	if (cred_imds_url(job->config, NULL, NULL, &job->url, &err)) {
		err.code = ERR_AUTH;
		cred_job_fail(job, &err);
		return;
	}
	job->request = (struct http_request){
		.connect_timeout_ms = TIMEOUT_MS, .total_timeout_ms = TIMEOUT_MS, .no_proxy = true};
	job->max_attempts = 3; /* of what answers 5xx */
	job->retry_connect = false;
	cred_header(job, "x-aws-ec2-metadata-token-ttl-seconds", TOKEN_TTL_S);
	AUTO(str) char *url = xasprintf("%s/latest/api/token", job->url);
	cred_send(job, "PUT", url, NULL, on_token);
}
