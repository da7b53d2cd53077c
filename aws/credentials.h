/* credentials.h - the credential chain, its cache and its refresh.
 *
 * Order: keys in the environment, the profile's role, web identity, SSO, keys in
 * the credentials file, credential_process, keys in the config file, container,
 * instance metadata. Everything that needs the network runs through aws_io, so
 * nothing here blocks. Credentials are renewed 15 minutes ahead while the old
 * ones stay in use; all who need them wait for one refresh.
 */
#ifndef SAGETOP_AWS_CREDENTIALS_H
#define SAGETOP_AWS_CREDENTIALS_H

#include "aws/config.h"

struct aws_credentials {
	char *access_key, *secret_key;
	char *session_token; /* NULL where none */
	char *account_id;    /* NULL where not known */
	int64_t expires_ms;  /* TIME_UNKNOWN: never */
	char *source;	     /* "environment", "role arn:... of profile x" ... */
};
void aws_credentials_free(struct aws_credentials *c);
AUTO_POINTER(aws_credentials, struct aws_credentials, aws_credentials_free)
struct aws_credentials *aws_credentials_new(const char *access_key, const char *secret_key, const char *session_token,
					    const char *source) NODISCARD;

/* credentials belong to the callback; NULL beside an err. */
typedef void cred_fn(void *user, struct aws_credentials *credentials, const struct err *err);

/* One pass through the chain, without any cache. fn runs exactly once, at once or
 * later; the job is gone when it returns. Both are borrowed until then. */
struct cred_job;
void cred_resolve(const struct aws_config *config, cred_fn *fn, void *user, struct cred_job **ret);

/* --- the cache ------------------------------------------------------------------------ */

struct cred_cache;
typedef void cred_ready_fn(void *user, const struct err *err);

/* config is borrowed; its files are read again before a refresh. fixed (may be NULL) is used instead of the chain;
 * owned from now on. on_ready runs after every refresh, err NULL where there are credentials. */
struct cred_cache *cred_cache_new(struct aws_config *config, struct aws_credentials *fixed, cred_ready_fn *on_ready,
				  void *user);
void cred_cache_free(struct cred_cache *c);
/* What to sign with now. NULL while a refresh (started here) is under way, and after
 * a failed one, which is not repeated within a few seconds. */
const struct aws_credentials *cred_cache_get(struct cred_cache *c);
const struct err *cred_cache_error(const struct cred_cache *c); /* of the last refresh; NULL where it went well */
/* The service says that they have expired: forget them, unless newer ones are here already. */
void cred_cache_reject(struct cred_cache *c, const char *access_key);
bool cred_cache_is_busy(const struct cred_cache *c);
const char *cred_cache_source(const struct cred_cache *c); /* NULL before the first success */

#endif
