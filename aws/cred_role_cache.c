/* Credentials of a role that asks for an MFA code, kept in the AWS CLI's own cache
 * (~/.aws/cli/cache): a code that was typed for either program serves both until
 * the credentials expire. */
#include "aws/cred_job.h"
#include "aws/reply_json.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/timefmt.h"

/* Left of the lifetime that makes them worth using. */
#define USABLE_MS ((int64_t)15 * 60 * 1000)

static void add_member(struct buf *out, const char *name, const char *value)
{
	if (str_empty(value))
		return;
	buf_adds(out, out->len > 1 ? ", " : "");
	json_add_quoted(out, name);
	buf_adds(out, ": ");
	json_add_quoted(out, value);
}

/* The file's name is the SHA-1 of the call's arguments as Python writes them, sorted. */
static char *cache_path(const struct cred_job *job, const struct ini_section *s)
{
	AUTO(buf) struct buf args = BUF_INIT(BUF_MAX_TEXT);
	AUTO(str) char *home = aws_config_home(job->io);
	const char *duration = ini_get(s, "duration_seconds");
	char hex[41];

	buf_addc(&args, '{');
	if (!str_empty(duration))
		buf_addf(&args, "\"DurationSeconds\": %s", duration);
	add_member(&args, "ExternalId", ini_get(s, "external_id"));
	add_member(&args, "RoleArn", ini_get(s, "role_arn"));
	add_member(&args, "RoleSessionName", ini_get(s, "role_session_name"));
	add_member(&args, "SerialNumber", ini_get(s, "mfa_serial"));
	buf_addc(&args, '}');
	sha1_hex(buf_str(&args), args.len, hex);
	return xasprintf("%s/.aws/cli/cache/%s.json", home, hex);
}

struct aws_credentials *cred_role_cache_read(const struct cred_job *job, const struct ini_section *s,
					     const char *source)
{
	AUTO(str) char *path = cache_path(job, s);
	AUTO(buf) struct buf text = BUF_INIT((size_t)1 << 20);
	AUTO(json) json_t *j = NULL;
	struct aws_credentials *c = NULL;

	if (job->io->read_file(job->io->user, path, &text, NULL) ||
	    reply_json_parse(buf_str(&text), text.len, path, &j, NULL) ||
	    cred_from_json(json_object_get(j, "Credentials"), source, &c, NULL))
		return NULL;
	if (c->expires_ms == TIME_UNKNOWN || c->expires_ms - job->io->now_ms(job->io->user) < USABLE_MS) {
		aws_credentials_free(c);
		return NULL;
	}
	c->account_id = c->account_id ? c->account_id
				      : cred_account_of_arn(json_get_str(json_object_get(j, "AssumedRoleUser"), "Arn"));
	return c;
}

void cred_role_cache_write(const struct cred_job *job, const struct ini_section *s, const struct aws_credentials *c)
{
	AUTO(str) char *path = cache_path(job, s);
	char time[TIMEFMT_LEN];
	AUTO(json)
	json_t *j = json_pack("{s:{s:s, s:s, s:s?, s:s}}", "Credentials", "AccessKeyId", c->access_key,
			      "SecretAccessKey", c->secret_key, "SessionToken", c->session_token, "Expiration",
			      timefmt_iso(time, c->expires_ms));
	char *text = json_text(j);

	/* Without it the next start asks for a code again: no more than that. */
	(void)!job->io->write_file(job->io->user, path, text, strlen(text), NULL);
	secret_free(text);
}
