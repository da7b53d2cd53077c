/* Keys that stand somewhere in plain sight: the environment, a profile. */
#include "aws/cred_job.h"
#include "base/timefmt.h"

void cred_env_start(struct cred_job *job)
{
	const struct aws_io *io = job->io;
	const char *access_key = aws_io_env(io, "AWS_ACCESS_KEY_ID"), *secret = aws_io_env(io, "AWS_SECRET_ACCESS_KEY"),
		   *token = aws_io_env(io, "AWS_SESSION_TOKEN"), *account = aws_io_env(io, "AWS_ACCOUNT_ID"),
		   *expires = aws_io_env(io, "AWS_CREDENTIAL_EXPIRATION");
	struct aws_credentials *c;

	if (!access_key) {
		cred_job_skip(job, "AWS_ACCESS_KEY_ID is not set");
		return;
	}
	if (!secret) {
		cred_job_failf(job, ERR_AUTH, "AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not");
		return;
	}
	if (!token)
		token = aws_io_env(io, "AWS_SECURITY_TOKEN");
	c = aws_credentials_new(access_key, secret, token, "environment");
	c->account_id = xstrdup(account);
	if (expires && !timefmt_parse_iso(expires, &c->expires_ms)) {
		aws_credentials_free(c);
		cred_job_failf(job, ERR_AUTH, "AWS_CREDENTIAL_EXPIRATION is not a time: '%s'", expires);
		return;
	}
	cred_job_found(job, c);
}

void cred_keys_start(struct cred_job *job, const struct ini_section *profile)
{
	bool from_credentials = ini_is_from_credentials(profile, "aws_access_key_id");
	AUTO(str)
	char *source = xasprintf("profile %s in %s", profile->name,
				 from_credentials ? job->config->credentials_path : job->config->config_path);
	const char *token = ini_get(profile, "aws_session_token");
	struct aws_credentials *c;

	if (str_empty(token))
		token = ini_get(profile, "aws_security_token");
	c = aws_credentials_new(ini_get(profile, "aws_access_key_id"), ini_get(profile, "aws_secret_access_key"), token,
				source);
	c->account_id = xstrdup(ini_get(profile, "aws_account_id"));
	cred_job_found(job, c);
}
