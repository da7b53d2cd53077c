/* Providers that are still to come say so. */
#include "aws/cred_job.h"

void cred_container_start(struct cred_job *job)
{
	cred_job_skip(job, "container credentials are not read yet");
}

void cred_imds_start(struct cred_job *job)
{
	cred_job_skip(job, "instance metadata is not read yet");
}

void cred_process_start(struct cred_job *job, const struct ini_section *profile)
{
	cred_job_failf(job, ERR_AUTH, "profile %s: credential_process is not supported yet", profile->name);
}

void cred_sso_start(struct cred_job *job, const struct ini_section *profile, const struct ini_section *session)
{
	cred_job_failf(job, ERR_AUTH, "profile %s: SSO is not supported yet", profile->name);
}

void cred_web_identity_start(struct cred_job *job, const char *token_file, const char *role_arn,
			     const char *session_name)
{
	cred_job_failf(job, ERR_AUTH, "web identity is not supported yet (%s)", role_arn);
}

void cred_assume_role_start(struct cred_job *job, const struct ini_section *profile)
{
	cred_job_failf(job, ERR_AUTH, "profile %s: role_arn is not supported yet", profile->name);
}
