/* cred_job.h - one pass through the credential chain, and what its providers share.
 *
 * A provider is a row of the chain: it starts, and ends by exactly one of
 * cred_job_found, cred_job_skip (not configured: the next one) or cred_job_fail
 * (configured, but it does not work: the chain ends). Private to the cred_*.c files.
 */
#ifndef SAGETOP_AWS_CRED_JOB_H
#define SAGETOP_AWS_CRED_JOB_H

#include "aws/cred_plan.h"
#include "aws/credentials.h"
#include "base/json.h"

struct cred_job {
	const struct aws_config *config;
	const struct aws_io *io;
	cred_fn *fn;
	void *user;
	size_t provider;	      /* row of the chain */
	struct cred_plan plan;	      /* of the profile, once it is needed */
	struct aws_credentials *base; /* with which the next role is assumed */
	size_t next_role;
	struct buf tried; /* "environment (not set), profile ..." */
	bool in_plan;	  /* a provider runs as the source of a role */

	/* what the provider under way remembers */
	char *url, *text, *name;
	int attempts;
	int64_t skew_ms;
	const struct ini_section *profile, *session;
	struct http_request request; /* under way; what it points to is owned by the members below */
	char *request_url, *request_body;
	struct strmap request_headers;
	struct http_header header_list[8];
	void (*on_reply)(struct cred_job *job, const struct http_reply *reply, const struct err *err);
	void (*sign)(struct cred_job *job); /* before every attempt; may be NULL */
	int max_attempts;
	bool retry_connect; /* also where there was no reply at all */
};

/* Send: set the members above first, headers by cred_header. The reply of the last attempt
 * arrives in on_reply; what is transient is tried again at once. */
void cred_header(struct cred_job *job, const char *name, const char *value);
void cred_send(struct cred_job *job, const char *method, const char *url, const char *body,
	       void (*on_reply)(struct cred_job *job, const struct http_reply *reply, const struct err *err));

void cred_job_found(struct cred_job *job, struct aws_credentials *c); /* owned from now on */
void cred_job_skip(struct cred_job *job, const char *why);
void cred_job_fail(struct cred_job *job, const struct err *err);
void cred_job_failf(struct cred_job *job, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Providers. Those with a profile work for any, the base of a role included. */
void cred_env_start(struct cred_job *job);
void cred_container_start(struct cred_job *job);
void cred_imds_start(struct cred_job *job);
void cred_keys_start(struct cred_job *job, const struct ini_section *profile);
void cred_process_start(struct cred_job *job, const struct ini_section *profile);
void cred_sso_start(struct cred_job *job, const struct ini_section *profile, const struct ini_section *session);
void cred_web_identity_start(struct cred_job *job, const char *token_file, const char *role_arn,
			     const char *session_name);
void cred_assume_role_start(struct cred_job *job, const struct ini_section *profile);

/* Where the container's and the instance's endpoints are; the errors are ERR_NOTFOUND where
 * they are not configured, or ERR_INVALID. explicit_* may be NULL. Owned by the caller. */
int cred_container_url(const struct aws_io *io, char **ret, struct err *err) NODISCARD;
int cred_imds_url(const struct aws_config *config, const char *explicit_url, const char *explicit_mode, char **ret,
		  struct err *err) NODISCARD;

/* The AWS CLI's cache of assumed roles; read gives NULL where there is nothing usable. */
struct aws_credentials *cred_role_cache_read(const struct cred_job *job, const struct ini_section *profile,
					     const char *source) NODISCARD;
void cred_role_cache_write(const struct cred_job *job, const struct ini_section *profile,
			   const struct aws_credentials *c);

/* {"AccessKeyId":..,"SecretAccessKey":..,"SessionToken" or "Token":..,"Expiration":..,"AccountId":..}:
 * ERR_PARSE where a key is missing. */
int cred_from_json(const json_t *j, const char *source, struct aws_credentials **ret, struct err *err) NODISCARD;
/* The account number within an ARN; NULL where there is none. Owned by the caller. */
char *cred_account_of_arn(const char *arn) NODISCARD;

#endif
