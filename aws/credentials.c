/* Credentials: the chain of providers, the cache in front of it, renewal. */
#include "aws/credentials.h"

#include "aws/cred_job.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/timefmt.h"

#define ADVISORY_MS ((int64_t)15 * 60 * 1000)
#define MANDATORY_MS ((int64_t)10 * 60 * 1000)
#define RETRY_FAILED_MS 3000
#define RETRY_ADVISORY_MS 60000

/* --- credentials ---------------------------------------------------------------------- */

void aws_credentials_free(struct aws_credentials *c)
{
	if (!c)
		return;
	free(c->access_key);
	secret_free(c->secret_key);
	secret_free(c->session_token);
	free(c->account_id);
	free(c->source);
	free(c);
}

struct aws_credentials *aws_credentials_new(const char *access_key, const char *secret_key, const char *session_token,
					    const char *source)
{
	struct aws_credentials *c = NEW(struct aws_credentials);

	c->access_key = xstrdup(access_key);
	c->secret_key = xstrdup(secret_key);
	c->session_token = str_empty(session_token) ? NULL : xstrdup(session_token);
	c->source = xstrdup(source);
	return c;
}

static const char *first_of(const json_t *j, const char *a, const char *b)
{
	const char *s = json_get_str(j, a);

	return s ? s : json_get_str(j, b);
}

int cred_from_json(const json_t *j, const char *source, struct aws_credentials **ret, struct err *err)
{
	const char *access_key = first_of(j, "AccessKeyId", "accessKeyId");
	const char *secret = first_of(j, "SecretAccessKey", "secretAccessKey");
	const char *token = first_of(j, "SessionToken", "sessionToken");
	const char *account = first_of(j, "AccountId", "accountId"), *expires = json_get_str(j, "Expiration");
	struct aws_credentials *c;

	if (str_empty(access_key) || str_empty(secret))
		return err_set(err, ERR_PARSE, "%s: no %s in the reply", source,
			       str_empty(access_key) ? "AccessKeyId" : "SecretAccessKey");
	c = aws_credentials_new(access_key, secret, token ? token : json_get_str(j, "Token"), source);
	c->account_id = xstrdup(account);
	if (expires && !timefmt_parse_iso(expires, &c->expires_ms)) {
		aws_credentials_free(c);
		return err_set(err, ERR_PARSE, "%s: Expiration is not a time", source);
	}
	*ret = c;
	return 0;
}

char *cred_account_of_arn(const char *arn)
{
	for (int i = 0; arn && i < 4; i++) {
		arn = strchr(arn, ':');
		if (arn)
			arn++;
	}
	return arn && *arn && strcspn(arn, ":") ? xstrndup(arn, strcspn(arn, ":")) : NULL;
}

/* --- the chain ---------------------------------------------------------------------------- */

static void chain_next(struct cred_job *job);

static void job_free(struct cred_job *job)
{
	cred_plan_done(&job->plan);
	aws_credentials_free(job->base);
	buf_done(&job->tried);
	free(job->url);
	secret_free(job->text);
	free(job->name);
	free(job->request_url);
	secret_free(job->request_body);
	strmap_done(&job->request_headers);
	free(job);
}

static void job_end(struct cred_job *job, struct aws_credentials *c, const struct err *err)
{
	cred_fn *fn = job->fn;
	void *user = job->user;

	job_free(job);
	fn(user, c, err);
}

void cred_job_found(struct cred_job *job, struct aws_credentials *c)
{
	if (job->next_role < job->plan.n_roles && job->in_plan) {
		aws_credentials_free(job->base);
		job->base = c;
		job->attempts = 0;
		cred_assume_role_start(job, job->plan.roles[job->next_role++]);
		return;
	}
	job_end(job, c, NULL);
}

void cred_job_fail(struct cred_job *job, const struct err *err)
{
	job_end(job, NULL, err);
}

void cred_job_failf(struct cred_job *job, enum err_code code, const char *fmt, ...)
{
	struct err err = {0};
	va_list ap;

	va_start(ap, fmt);
	err_setv(&err, code, fmt, ap);
	va_end(ap);
	cred_job_fail(job, &err);
}

void cred_job_skip(struct cred_job *job, const char *why)
{
	if (job->in_plan) {
		cred_job_failf(job, ERR_AUTH, "profile %s: its credential source gives nothing: %s",
			       job->plan.profile->name, why);
		return;
	}
	buf_addf(&job->tried, "%s%s", job->tried.len ? "; " : "", why);
	job->provider++;
	chain_next(job);
}

static void profile_start(struct cred_job *job)
{
	struct err err = {0};
	int rc = cred_plan_make(&job->config->ini, job->config->profile, &job->plan, &err);
	const struct cred_plan *p = &job->plan;

	if (rc == -ERR_NOTFOUND) {
		AUTO(str)
		char *why = ini_find(&job->config->ini, INI_PROFILE, job->config->profile)
				    ? xasprintf("profile %s holds none", job->config->profile)
				    : xasprintf("%s and %s have no profile %s", job->config->config_path,
						job->config->credentials_path, job->config->profile);

		cred_job_skip(job, why);
		return;
	}
	if (rc) {
		err.code = ERR_AUTH;
		cred_job_fail(job, &err);
		return;
	}
	job->in_plan = true;
	switch (p->base) {
	case CRED_BASE_KEYS:
		cred_keys_start(job, p->profile);
		break;
	case CRED_BASE_ENVIRONMENT:
		cred_env_start(job);
		break;
	case CRED_BASE_CONTAINER:
		cred_container_start(job);
		break;
	case CRED_BASE_INSTANCE:
		cred_imds_start(job);
		break;
	case CRED_BASE_WEB_IDENTITY:
		cred_web_identity_start(job, ini_get(p->profile, "web_identity_token_file"),
					ini_get(p->profile, "role_arn"), ini_get(p->profile, "role_session_name"));
		break;
	case CRED_BASE_SSO:
		cred_sso_start(job, p->profile, p->sso_session);
		break;
	case CRED_BASE_PROCESS:
		cred_process_start(job, p->profile);
		break;
	}
}

/* A profile that was named by the caller goes before what the environment says. */
static void environment_start(struct cred_job *job)
{
	if (job->config->profile_explicit)
		cred_job_skip(job, "the environment is not asked when a profile is given");
	else
		cred_env_start(job);
}

/* The profile's role comes before a web identity of the environment; that comes
 * before everything else of the profile. */
static bool profile_has_role(struct cred_job *job)
{
	const struct ini_section *s = aws_config_profile(job->config);

	return s && !str_empty(ini_get(s, "role_arn")) && str_empty(ini_get(s, "web_identity_token_file"));
}

static void web_identity_start(struct cred_job *job)
{
	const char *file = aws_io_env(job->io, "AWS_WEB_IDENTITY_TOKEN_FILE"),
		   *role = aws_io_env(job->io, "AWS_ROLE_ARN");

	if (!file || job->config->profile_explicit || profile_has_role(job)) {
		cred_job_skip(job, "AWS_WEB_IDENTITY_TOKEN_FILE is not set");
		return;
	}
	if (!role) {
		cred_job_failf(job, ERR_AUTH, "AWS_WEB_IDENTITY_TOKEN_FILE is set, AWS_ROLE_ARN is not");
		return;
	}
	cred_web_identity_start(job, file, role, aws_io_env(job->io, "AWS_ROLE_SESSION_NAME"));
}

typedef void start_fn(struct cred_job *job);
static start_fn *const chain[] = {environment_start, web_identity_start, profile_start, cred_container_start,
				  cred_imds_start};

static void chain_next(struct cred_job *job)
{
	if (job->provider < ARRAY_LEN(chain)) {
		job->attempts = 0;
		chain[job->provider](job);
		return;
	}
	cred_job_failf(job, ERR_AUTH,
		       "no credentials found. Run `aws configure`, or --local for the local engine. Tried: %s",
		       buf_str(&job->tried));
}

void cred_resolve(const struct aws_config *config, cred_fn *fn, void *user, struct cred_job **ret)
{
	struct cred_job *job = NEW(struct cred_job);

	job->config = config;
	job->io = &config->io;
	job->fn = fn;
	job->user = user;
	buf_init(&job->tried, BUF_MAX_TEXT);
	*ret = job;
	chain_next(job);
}

/* --- the cache ------------------------------------------------------------------------------ */

struct cred_cache {
	struct aws_config *config;
	struct aws_credentials *current;
	bool fixed, busy, rejected;
	struct cred_job *job;
	int64_t next_try_ms; /* wall clock: no refresh before */
	struct err err;
	cred_ready_fn *on_ready;
	void *user;
};

struct cred_cache *cred_cache_new(struct aws_config *config, struct aws_credentials *fixed, cred_ready_fn *on_ready,
				  void *user)
{
	struct cred_cache *c = NEW(struct cred_cache);

	c->config = config;
	c->current = fixed;
	c->fixed = fixed != NULL;
	c->on_ready = on_ready;
	c->user = user;
	return c;
}

void cred_cache_free(struct cred_cache *c)
{
	if (!c)
		return;
	if (c->job) /* its io will not call back any more */
		job_free(c->job);
	aws_credentials_free(c->current);
	free(c);
}

static int64_t now_of(const struct cred_cache *c)
{
	return c->config->io.now_ms(c->config->io.user);
}

static int64_t left_ms(const struct cred_cache *c)
{
	return c->current->expires_ms == TIME_UNKNOWN ? INT64_MAX : c->current->expires_ms - now_of(c);
}

static void on_resolved(void *user, struct aws_credentials *credentials, const struct err *err)
{
	struct cred_cache *c = user;

	c->busy = false;
	c->job = NULL;
	if (err) {
		c->err = *err;
		c->next_try_ms =
			now_of(c) + (c->current && left_ms(c) > MANDATORY_MS ? RETRY_ADVISORY_MS : RETRY_FAILED_MS);
		log_debug("credentials: %s", err->msg);
	} else {
		aws_credentials_free(c->current);
		c->current = credentials;
		c->rejected = false;
		err_clear(&c->err);
		/* Sources that give out old ones again must not be asked without end. */
		c->next_try_ms = now_of(c) + (left_ms(c) <= ADVISORY_MS ? RETRY_ADVISORY_MS : 0);
		log_debug("credentials from %s", c->current->source);
	}
	c->on_ready(c->user, err && c->current && !c->rejected && left_ms(c) > MANDATORY_MS ? NULL : err);
}

static void refresh(struct cred_cache *c)
{
	struct cred_job *job = NULL;
	struct err why = {0};

	if (c->busy || now_of(c) < c->next_try_ms)
		return;
	/* Not at the first time: then they have just been read. */
	if ((c->current || c->err.code) && aws_config_reload(c->config, &why))
		log_debug("credentials: %s", why.msg);
	c->busy = true;
	cred_resolve(c->config, on_resolved, c, &job);
	if (c->busy)
		c->job = job;
}

const struct aws_credentials *cred_cache_get(struct cred_cache *c)
{
	if (c->fixed)
		return c->current;
	if (!c->current || c->rejected) {
		refresh(c);
		return c->current && !c->rejected ? c->current : NULL;
	}
	if (left_ms(c) <= ADVISORY_MS)
		refresh(c);
	if (left_ms(c) <= 0)
		return NULL;
	/* A failed or late refresh is fatal in the last minutes only when a new one is awaited. */
	if (left_ms(c) <= MANDATORY_MS && c->busy)
		return NULL;
	return c->current;
}

const struct err *cred_cache_error(const struct cred_cache *c)
{
	static const struct err expired = {.code = ERR_EXPIRED, .msg = "credentials have expired; sign in again"};

	return c->err.code ? &c->err : &expired;
}

void cred_cache_reject(struct cred_cache *c, const char *access_key)
{
	if (!c->fixed && c->current && str_eq(c->current->access_key, access_key)) {
		c->rejected = true;
		c->next_try_ms = 0;
	}
}

bool cred_cache_is_busy(const struct cred_cache *c)
{
	return c->busy;
}

const char *cred_cache_source(const struct cred_cache *c)
{
	return c->current ? c->current->source : NULL;
}
