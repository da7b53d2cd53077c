/* Credentials of a container's task role: the agent of ECS, EKS Pod Identity and others. */
#include "aws/cred_job.h"
#include "aws/reply_json.h"

#define ECS_HOST "http://169.254.170.2"
#define TIMEOUT_MS 2000

/* Over plain HTTP a token may go to this machine and to the agents' link-local addresses only. */
static bool is_trusted_host(const char *host, size_t n)
{
	static const char *const hosts[] = {"localhost", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
	unsigned a, b, c, d;
	char text[64], rest;

	for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
		if (strlen(hosts[i]) == n && !strncmp(host, hosts[i], n))
			return true;
	if (n >= sizeof(text))
		return false;
	memcpy(text, host, n);
	text[n] = '\0';
	return sscanf(text, "%3u.%3u.%3u.%3u%c", &a, &b, &c, &d, &rest) == 4 && a == 127;
}

int cred_container_url(const struct aws_io *io, char **ret, struct err *err)
{
	const char *relative = aws_io_env(io, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
		   *full = aws_io_env(io, "AWS_CONTAINER_CREDENTIALS_FULL_URI"), *host;
	size_t n;

	if (relative) {
		*ret = xasprintf(ECS_HOST "%s%s", *relative == '/' ? "" : "/", relative);
		return 0;
	}
	if (!full)
		return err_set(err, ERR_NOTFOUND, "No environment variables were set to configure ECS provider");
	if (!str_starts(full, "http://") && !str_starts(full, "https://"))
		return err_set(err, ERR_INVALID, "AWS_CONTAINER_CREDENTIALS_FULL_URI: URI did not specify a host");
	host = strstr(full, "://") + 3;
	n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
	if (!n || strchr(full, '@'))
		return err_set(err, ERR_INVALID, "AWS_CONTAINER_CREDENTIALS_FULL_URI: URI did not specify a host");
	if (str_starts(full, "http://") && !is_trusted_host(host, n))
		return err_set(err, ERR_INVALID,
			       "AWS_CONTAINER_CREDENTIALS_FULL_URI: plain http is allowed to loopback and the "
			       "container agents only, not to %.*s",
			       (int)n, host);
	*ret = xstrdup(full);
	return 0;
}

static void on_credentials(struct cred_job *job, const struct http_reply *reply, const struct err *err)
{
	AUTO(json) json_t *j = NULL;
	struct aws_credentials *c = NULL;
	struct err bad = {0};

	if (err) {
		cred_job_failf(job, err->code, "container credentials: %s", err->msg);
		return;
	}
	if (reply->status != 200) {
		cred_job_failf(job, ERR_AUTH, "container credentials: %s answers HTTP %d", job->request_url,
			       reply->status);
		return;
	}
	if (reply_json_parse(reply->body, reply->len, "container credentials", &j, &bad) ||
	    cred_from_json(j, "container", &c, &bad)) {
		bad.code = ERR_AUTH;
		cred_job_fail(job, &bad);
		return;
	}
	cred_job_found(job, c);
}

static int read_token(struct cred_job *job, char **ret, struct err *err)
{
	const char *file = aws_io_env(job->io, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
		   *token = aws_io_env(job->io, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
	AUTO(buf) struct buf text = BUF_INIT((size_t)64 << 10);
	int rc;

	if (file) {
		rc = job->io->read_file(job->io->user, file, &text, err);
		if (rc)
			return rc;
		token = buf_str(&text);
	}
	if (token && strpbrk(token, "\r\n"))
		return err_set(err, ERR_INVALID, "the container's authorization token holds a line break");
	*ret = xstrdup(token);
	return 0;
}

void cred_container_start(struct cred_job *job)
{
	AUTO(str) char *url = NULL;
	AUTO(str) char *token = NULL;
	struct err err = {0};
	int rc = cred_container_url(job->io, &url, &err);

	if (rc == -ERR_NOTFOUND) {
		cred_job_skip(job, "no container");
		return;
	}
	if (!rc)
		rc = read_token(job, &token, &err);
	if (rc) {
		err.code = ERR_AUTH;
		cred_job_fail(job, &err);
		return;
	}
	job->request = (struct http_request){
		.connect_timeout_ms = TIMEOUT_MS, .total_timeout_ms = TIMEOUT_MS, .no_proxy = true};
	job->max_attempts = 3;
	job->retry_connect = true;
	cred_header(job, "Accept", "application/json");
	if (token)
		cred_header(job, "Authorization", token);
	cred_send(job, "GET", url, NULL, on_credentials);
}
