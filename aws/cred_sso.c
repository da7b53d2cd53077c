/* Credentials from IAM Identity Center (SSO): the token that `aws sso login` left in
 * the cache, renewed where it can be, exchanged for a role's credentials. */
#include "aws/cred_job.h"
#include "aws/endpoint.h"
#include "aws/reply_json.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/timefmt.h"
#include "base/uri.h"

#define RENEW_MS ((int64_t)15 * 60 * 1000)

static void login_again(struct cred_job *job, const char *why)
{
	cred_job_failf(job, ERR_EXPIRED, "profile %s: %s; run: aws sso login --profile %s", job->profile->name, why,
		       job->profile->name);
}

static const char *setting(const struct cred_job *job, const char *name)
{
	return ini_get(job->session ? job->session : job->profile, name);
}

static char *cache_path(const struct cred_job *job)
{
	const char *key = job->session ? job->session->name : setting(job, "sso_start_url");
	AUTO(str) char *home = aws_config_home(job->io);
	char hex[41];

	sha1_hex(key, strlen(key), hex);
	return xasprintf("%s/.aws/sso/cache/%s.json", home, hex);
}

static int service_url(struct cred_job *job, const struct aws_service *s, char **ret, struct err *err)
{
	AUTO(endpoint) struct endpoint e = {0};
	int rc = endpoint_for(job->config, s, setting(job, "sso_region"), NULL, &e, err);

	if (!rc)
		*ret = TAKE(e.url);
	return rc;
}

/* --- role credentials -------------------------------------------------------------------- */

static void on_credentials(struct cred_job *job, const struct http_reply *reply, const struct err *err)
{
	AUTO(json) json_t *j = NULL;
	AUTO(str) char *source = xasprintf("SSO profile %s", job->profile->name);
	struct aws_credentials *c = NULL;
	struct err bad = {0};

	if (err) {
		cred_job_failf(job, err->code, "%s: %s", source, err->msg);
		return;
	}
	if (reply->status == 401) {
		login_again(job, "the SSO session has expired");
		return;
	}
	if (reply->status != 200) {
		cred_job_failf(job, ERR_AUTH, "%s: role %s in account %s: HTTP %d", source,
			       ini_get(job->profile, "sso_role_name"), ini_get(job->profile, "sso_account_id"),
			       reply->status);
		return;
	}
	if (reply_json_parse(reply->body, reply->len, source, &j, &bad) ||
	    cred_from_json(json_object_get(j, "roleCredentials"), source, &c, &bad)) {
		bad.code = ERR_AUTH;
		cred_job_fail(job, &bad);
		return;
	}
	c->expires_ms = json_get_i64(json_object_get(j, "roleCredentials"), "expiration", TIME_UNKNOWN);
	if (!c->account_id)
		c->account_id = xstrdup(ini_get(job->profile, "sso_account_id"));
	cred_job_found(job, c);
}

static void ask_credentials(struct cred_job *job, const char *token)
{
	AUTO(buf) struct buf url = BUF_INIT(BUF_MAX_TEXT);
	AUTO(str) char *base = NULL;
	const char *role = ini_get(job->profile, "sso_role_name"), *account = ini_get(job->profile, "sso_account_id");
	struct err err = {0};

	if (service_url(job, &aws_sso, &base, &err)) {
		err.code = ERR_AUTH;
		cred_job_fail(job, &err);
		return;
	}
	buf_addf(&url, "%s/federation/credentials?role_name=", base);
	uri_encode(&url, role, strlen(role), false);
	buf_adds(&url, "&account_id=");
	uri_encode(&url, account, strlen(account), false);
	strmap_done(&job->request_headers);
	job->request_headers = (struct strmap){0};
	cred_header(job, "x-amz-sso_bearer_token", token);
	cred_send(job, "GET", buf_str(&url), NULL, on_credentials);
}

/* --- the token ------------------------------------------------------------------------------ */

/* Old versions of the AWS CLI wrote "2020-06-17T10:02:08UTC". */
static bool parse_expiry(const json_t *cached, int64_t *ret_ms)
{
	AUTO(str) char *iso = xstrdup(json_get_str(cached, "expiresAt"));

	if (iso && str_ends(iso, "UTC"))
		str_copy(iso + strlen(iso) - 3, 4, "Z");
	return iso && timefmt_parse_iso(iso, ret_ms);
}

/* The token that stands in the file now, where it is another than known and still good;
 * NULL otherwise. Owned by the caller. */
static char *token_of_others(struct cred_job *job, const json_t *known, int64_t now_ms)
{
	AUTO(buf) struct buf text = BUF_INIT((size_t)1 << 20);
	AUTO(json) json_t *cached = NULL;
	AUTO(str) char *path = cache_path(job);
	int64_t expires_ms;

	if (job->io->read_file(job->io->user, path, &text, NULL) ||
	    reply_json_parse(buf_str(&text), text.len, path, &cached, NULL) || !json_is_object(cached))
		return NULL;
	if (!parse_expiry(cached, &expires_ms) || expires_ms <= now_ms ||
	    str_eq(json_get_str(cached, "accessToken"), str_or(json_get_str(known, "accessToken"), "")))
		return NULL;
	return xstrdup(json_get_str(cached, "accessToken"));
}

/* job->text holds the cached token's JSON while a renewal is under way. */
static void on_renewed(struct cred_job *job, const struct http_reply *reply, const struct err *err)
{
	AUTO(json) json_t *cached = NULL;
	AUTO(json) json_t *fresh = NULL;
	const char *token = NULL;
	char time[TIMEFMT_LEN];
	int64_t now_ms = job->io->now_ms(job->io->user), expires_ms = TIME_UNKNOWN;

	if (reply_json_parse(job->text, strlen(job->text), "token", &cached, NULL))
		abort(); /* it was parsed before */
	(void)!timefmt_parse_iso(str_or(json_get_str(cached, "expiresAt"), ""), &expires_ms);
	if (!err && reply->status == 200 && !reply_json_parse(reply->body, reply->len, "token", &fresh, NULL))
		token = json_get_str(fresh, "accessToken");
	if (!token) {
		/* Another tool may have been quicker, and its renewal has used ours up; else the
		 * old one serves as long as it lasts. */
		AUTO(str) char *theirs = token_of_others(job, cached, now_ms);

		if (theirs)
			ask_credentials(job, theirs);
		else if (expires_ms > now_ms)
			ask_credentials(job, json_get_str(cached, "accessToken"));
		else
			login_again(job, "the SSO session has expired and cannot be renewed");
		return;
	}
	json_object_set_new(cached, "accessToken", json_string(token));
	if (json_get_str(fresh, "refreshToken"))
		json_object_set_new(cached, "refreshToken", json_string(json_get_str(fresh, "refreshToken")));
	timefmt_iso(time, now_ms + json_get_i64(fresh, "expiresIn", 0) * 1000);
	json_object_set_new(cached, "expiresAt", json_string(time));

	AUTO(str) char *path = cache_path(job);
	char *text = json_text_pretty(cached);
	/* Without the new refresh token the next renewal fails: worth the attempt, no more. */
	(void)!job->io->write_file(job->io->user, path, text, strlen(text), NULL);
	secret_free(text);
	ask_credentials(job, json_get_str(cached, "accessToken"));
}

static void renew(struct cred_job *job, const json_t *cached)
{
	AUTO(str) char *base = NULL;
	AUTO(json)
	json_t *body = json_pack("{s:s, s:s, s:s, s:s}", "grantType", "refresh_token", "clientId",
				 json_get_str(cached, "clientId"), "clientSecret", json_get_str(cached, "clientSecret"),
				 "refreshToken", json_get_str(cached, "refreshToken"));
	char *text = json_text(body);
	struct err err = {0};

	secret_free(job->text);
	job->text = json_text(cached);
	if (service_url(job, &aws_sso_oidc, &base, &err)) {
		secret_free(text);
		err.code = ERR_AUTH;
		cred_job_fail(job, &err);
		return;
	}
	AUTO(str) char *url = xasprintf("%s/token", base);
	cred_header(job, "Content-Type", "application/json");
	cred_send(job, "POST", url, text, on_renewed);
	secret_free(text);
}

static bool can_renew(const struct cred_job *job, const json_t *cached, int64_t now_ms)
{
	int64_t until_ms = INT64_MAX;
	const char *until = json_get_str(cached, "registrationExpiresAt");

	if (!job->session || !json_get_str(cached, "refreshToken") || !json_get_str(cached, "clientId") ||
	    !json_get_str(cached, "clientSecret"))
		return false;
	return !until || !timefmt_parse_iso(until, &until_ms) || until_ms > now_ms;
}

static void use_token(struct cred_job *job, const json_t *cached)
{
	const char *token = json_get_str(cached, "accessToken");
	int64_t now_ms = job->io->now_ms(job->io->user), expires_ms = TIME_UNKNOWN;

	if (!token || !parse_expiry(cached, &expires_ms)) {
		login_again(job, "the cached SSO token is not readable");
		return;
	}
	if (expires_ms - now_ms <= RENEW_MS && can_renew(job, cached, now_ms))
		renew(job, cached);
	else if (expires_ms <= now_ms)
		login_again(job, "the SSO session has expired");
	else
		ask_credentials(job, token);
}

void cred_sso_start(struct cred_job *job, const struct ini_section *profile, const struct ini_section *session)
{
	AUTO(buf) struct buf text = BUF_INIT((size_t)1 << 20);
	AUTO(json) json_t *cached = NULL;
	struct err err = {0};

	job->profile = profile;
	job->session = session;
	if (str_empty(ini_get(profile, "sso_account_id"))) {
		cred_job_failf(job, ERR_AUTH,
			       "selected profile will resolve an access token instead of credentials: set "
			       "sso_account_id and sso_role_name in profile %s",
			       profile->name);
		return;
	}
	job->request = (struct http_request){0};
	job->max_attempts = 3;
	job->retry_connect = true;
	AUTO(str) char *path = cache_path(job);
	if (job->io->read_file(job->io->user, path, &text, &err)) {
		login_again(job, err.msg);
		return;
	}
	if (reply_json_parse(buf_str(&text), text.len, path, &cached, NULL) || !json_is_object(cached)) {
		login_again(job, "the cached SSO token is not readable");
		return;
	}
	use_token(job, cached);
}
