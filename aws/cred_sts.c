/* Credentials from STS: a role assumed with other credentials, or with a web identity token. */
#include "aws/cred_job.h"
#include "aws/endpoint.h"
#include "aws/op.h"
#include "aws/retry.h"
#include "aws/sigv4.h"
#include "aws/xml.h"
#include "base/timefmt.h"
#include "base/uri.h"

#define MIN_DURATION_S 900
#define MAX_DURATION_S 43200

static void add(struct buf *form, const char *name, const char *value)
{
	buf_addf(form, "%s%s=", form->len ? "&" : "", name);
	uri_encode(form, value, strlen(value), false);
}

static int sts_url(struct cred_job *job, char **ret_region, char **ret_url, struct err *err)
{
	AUTO(endpoint) struct endpoint e = {0};
	int rc = endpoint_for(job->config, &aws_sts, str_or(job->config->region, "aws-global"), NULL, &e, err);

	if (rc)
		return rc;
	*ret_url = xasprintf("%s/", e.url);
	*ret_region = TAKE(e.signing_region);
	return 0;
}

/* --- the reply, the same for both --------------------------------------------------------- */

static int read_reply(const struct http_reply *reply, const char *action, const char *source,
		      struct aws_credentials **ret, struct err *err)
{
	AUTO(xml) struct xml_node *root = NULL;
	AUTO(str) char *path = xasprintf("%sResult", action);
	const struct xml_node *result, *c;
	const char *access_key, *secret, *expires;
	int rc = xml_parse(reply->body, reply->len, source, &root, err);

	if (rc)
		return rc;
	result = xml_find(root, path);
	c = result ? xml_find(result, "Credentials") : NULL;
	access_key = c ? xml_text(c, "AccessKeyId") : NULL;
	secret = c ? xml_text(c, "SecretAccessKey") : NULL;
	expires = c ? xml_text(c, "Expiration") : NULL;
	if (str_empty(access_key) || str_empty(secret))
		return err_set(err, ERR_PARSE, "%s: STS's reply holds no credentials", source);
	*ret = aws_credentials_new(access_key, secret, xml_text(c, "SessionToken"), source);
	(*ret)->account_id = cred_account_of_arn(xml_text(result, "AssumedRoleUser/Arn"));
	if (expires && !timefmt_parse_iso(expires, &(*ret)->expires_ms)) {
		aws_credentials_free(*ret);
		*ret = NULL;
		return err_set(err, ERR_PARSE, "%s: Expiration is not a time", source);
	}
	return 0;
}

static void finish(struct cred_job *job, const char *action, const struct http_reply *reply, const struct err *err)
{
	AUTO(str) char *source = TAKE(job->name);
	struct aws_credentials *c = NULL;
	struct err bad = {0};

	job->sign = NULL;
	if (err) {
		bad = *err;
		err_prefix(&bad, "%s", source);
	} else if (reply->status != 200) {
		aws_reply_error(reply, AWS_QUERY, action, &bad);
		err_prefix(&bad, "%s", source);
		/* Denied is about these credentials, not about what the user asked for. */
		if (bad.code == ERR_DENIED || bad.code == ERR_INVALID)
			bad.code = ERR_AUTH;
	} else if (read_reply(reply, action, source, &c, &bad)) {
		bad.code = ERR_AUTH;
	} else if (!strcmp(action, "AssumeRole") && !str_empty(ini_get(job->profile, "mfa_serial"))) {
		cred_role_cache_write(job, job->profile, c);
	}
	if (bad.code)
		cred_job_fail(job, &bad);
	else
		cred_job_found(job, c);
}

/* --- AssumeRole ------------------------------------------------------------------------------ */

static void sign_request(struct cred_job *job)
{
	const char *host = strstr(job->request_url, "://") + 3;
	AUTO(str) char *name = xstrndup(host, strcspn(host, "/"));
	struct sigv4_header headers[] = {{"Host", name}, {"Content-Type", "application/x-www-form-urlencoded"}};
	struct sigv4_request r = {.method = "POST",
				  .path = host + strcspn(host, "/"),
				  .headers = headers,
				  .n_headers = ARRAY_LEN(headers),
				  .body = job->request_body,
				  .body_len = strlen(job->request_body)};
	struct sigv4_params p = {.access_key = job->base->access_key,
				 .secret_key = job->base->secret_key,
				 .session_token = job->base->session_token,
				 .region = job->text,
				 .service = "sts",
				 .time_ms = job->io->now_ms(job->io->user) + job->skew_ms,
				 .normalize_path = true,
				 .double_encode = true};

	strmap_done(&job->request_headers);
	job->request_headers = (struct strmap){0};
	cred_header(job, "Host", name);
	cred_header(job, "Content-Type", headers[1].value);
	if (sigv4_sign_headers(&r, &p, &job->request_headers, NULL))
		abort(); /* only a request of megabytes cannot be signed */
}

static void on_assumed(struct cred_job *job, const struct http_reply *reply, const struct err *err)
{
	int64_t skew_ms;
	struct err why = {0};

	/* A wrong clock of ours shows first here. */
	if (!err && reply->status >= 400 && !job->skew_ms &&
	    clock_skew_measure(reply->sent_ms, reply->received_ms, http_reply_header(reply, "date"),
			       http_reply_header(reply, "age"), &skew_ms)) {
		aws_reply_error(reply, AWS_QUERY, "AssumeRole", &why);
		if (skew_ms && clock_skew_is_cause(why.aws_code, true, skew_ms, 0)) {
			AUTO(str) char *url = xstrdup(job->request_url);
			AUTO(str) char *body = xstrdup(job->request_body);

			job->skew_ms = skew_ms;
			cred_send(job, "POST", url, body, on_assumed);
			return;
		}
	}
	finish(job, "AssumeRole", reply, err);
}

static int role_form(const struct cred_job *job, const char *code, struct buf *form, struct err *err)
{
	const struct ini_section *s = job->profile;
	const char *session = ini_get(s, "role_session_name"), *external = ini_get(s, "external_id"),
		   *duration = ini_get(s, "duration_seconds");
	AUTO(str) char *own = xasprintf("sagetop-%lld", (long long)(job->io->now_ms(job->io->user) / 1000));
	int64_t seconds;

	add(form, "Action", "AssumeRole");
	add(form, "Version", aws_sts.target_prefix);
	add(form, "RoleArn", ini_get(s, "role_arn"));
	add(form, "RoleSessionName", str_empty(session) ? own : session);
	if (!str_empty(external))
		add(form, "ExternalId", external);
	if (!str_empty(duration)) {
		if (!str_to_i64(duration, &seconds) || seconds < MIN_DURATION_S || seconds > MAX_DURATION_S)
			return err_set(err, ERR_AUTH, "profile %s: duration_seconds must be from %d to %d", s->name,
				       MIN_DURATION_S, MAX_DURATION_S);
		add(form, "DurationSeconds", duration);
	}
	if (code) {
		add(form, "SerialNumber", ini_get(s, "mfa_serial"));
		add(form, "TokenCode", code);
	}
	return 0;
}

static char *role_source(const struct ini_section *profile)
{
	return xasprintf("role %s of profile %s", ini_get(profile, "role_arn"), profile->name);
}

static void assume(struct cred_job *job, const char *code)
{
	AUTO(buf) struct buf form = BUF_INIT(BUF_MAX_TEXT);
	AUTO(str) char *url = NULL;
	struct err err = {0};

	free(job->text);
	job->text = NULL; /* the region to sign for */
	if (role_form(job, code, &form, &err) || sts_url(job, &job->text, &url, &err)) {
		cred_job_fail(job, &err);
		return;
	}
	free(job->name);
	job->name = role_source(job->profile);
	job->request = (struct http_request){0};
	job->max_attempts = 3;
	job->retry_connect = true;
	job->sign = sign_request;
	cred_send(job, "POST", url, buf_str(&form), on_assumed);
}

static void on_code(void *user, const char *code)
{
	struct cred_job *job = user;

	if (str_empty(code))
		cred_job_failf(job, ERR_AUTH, "profile %s: no MFA code was given", job->profile->name);
	else
		assume(job, code);
}

void cred_assume_role_start(struct cred_job *job, const struct ini_section *profile)
{
	const char *serial = ini_get(profile, "mfa_serial");
	struct aws_credentials *cached;

	job->profile = profile;
	if (str_empty(serial)) {
		assume(job, NULL);
		return;
	}
	AUTO(str) char *source = role_source(profile);
	cached = cred_role_cache_read(job, profile, source);
	if (cached) {
		cred_job_found(job, cached);
		return;
	}
	if (!job->io->ask_mfa) {
		cred_job_failf(job, ERR_AUTH, "profile %s: role needs a code of MFA device %s; run on a terminal",
			       profile->name, serial);
		return;
	}
	job->io->ask_mfa(job->io->user, serial, on_code, job);
}

/* --- AssumeRoleWithWebIdentity ------------------------------------------------------------------- */

static void on_web_identity(struct cred_job *job, const struct http_reply *reply, const struct err *err)
{
	finish(job, "AssumeRoleWithWebIdentity", reply, err);
}

void cred_web_identity_start(struct cred_job *job, const char *token_file, const char *role_arn,
			     const char *session_name)
{
	AUTO(buf) struct buf form = BUF_INIT(BUF_MAX_TEXT);
	AUTO(buf) struct buf token = BUF_INIT((size_t)64 << 10);
	AUTO(str) char *path = aws_config_expand(job->io, token_file);
	AUTO(str) char *url = NULL;
	AUTO(str) char *region = NULL;
	AUTO(str) char *own = xasprintf("sagetop-%lld", (long long)(job->io->now_ms(job->io->user) / 1000));
	struct err err = {0};

	if (job->io->read_file(job->io->user, path, &token, &err) || sts_url(job, &region, &url, &err)) {
		err.code = ERR_AUTH;
		cred_job_fail(job, &err);
		return;
	}
	add(&form, "Action", "AssumeRoleWithWebIdentity");
	add(&form, "Version", aws_sts.target_prefix);
	add(&form, "RoleArn", role_arn);
	add(&form, "RoleSessionName", str_empty(session_name) ? own : session_name);
	add(&form, "WebIdentityToken", str_trim(token.data ? token.data : own));
	free(job->name);
	job->name = xasprintf("web identity role %s", role_arn);
	job->request = (struct http_request){0};
	job->max_attempts = 3;
	job->retry_connect = true;
	cred_header(job, "Content-Type", "application/x-www-form-urlencoded");
	cred_send(job, "POST", url, buf_str(&form), on_web_identity);
}
