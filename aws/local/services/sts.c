/* STS: who calls, and sessions by AssumeRole. */
#include "aws/local/services/ops.h"
#include "aws/local/kept/training_job.h"
#include "base/clock.h"
#include "base/digest.h"

int op_get_caller_identity(struct call *c, json_t **out)
{
	*out = json_pack("{s:s, s:s, s:s}", "Arn", c->rq->who.arn, "UserId", c->rq->who.user_id, "Account", ACCOUNT_ID);
	return 0;
}

/* 20 characters of an access key id from random bits. */
static void random_key(const char *prefix, char out[21])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	char uuid[37], hash[SHA256_HEX_LEN];

	uuid4(uuid);
	sha256_hex(uuid, strlen(uuid), hash);
	str_copy(out, 21, prefix);
	for (size_t i = strlen(prefix); i < 20; i++) {
		unsigned byte;

		sscanf(hash + 2 * (i - strlen(prefix)), "%2x", &byte);
		out[i] = letters[byte & 31];
	}
	out[20] = 0;
}

static void save_session(struct call *c, const char *key, const char *secret, const char *token, int64_t expires_ms,
			 const char *arn, const char *user_id)
{
	sqlite3_stmt *st = state_prepare(c->e->db, "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)");

	state_bind_text(st, 1, key);
	state_bind_text(st, 2, secret);
	state_bind_text(st, 3, token);
	state_bind_i64(st, 4, expires_ms);
	state_bind_text(st, 5, arn);
	state_bind_text(st, 6, user_id);
	state_exec(c->e->db, st);
}

int op_assume_role(struct call *c, json_t **out)
{
	const char *role = json_get_str(c->in, "RoleArn"), *session = json_get_str(c->in, "RoleSessionName");
	const char *name = strrchr(role, '/');
	int64_t expires_ms = clock_now_ms() + json_get_i64(c->in, "DurationSeconds", 3600) * 1000;
	char key[21], id[21], secret_hex[SHA256_HEX_LEN], token_hex[SHA256_HEX_LEN], uuid[37];

	if (!str_starts(role, "arn:") || !strstr(role, ":role/") || !name)
		return fault_set(c->fault, 400, "ValidationError", "%.200s is invalid", role);
	random_key("ASIA", key);
	random_key("AROA", id);
	uuid4(uuid);
	sha256_hex(uuid, strlen(uuid), secret_hex);
	secret_hex[40] = 0;
	uuid4(uuid);
	sha256_hex(uuid, strlen(uuid), token_hex);
	AUTO(str) char *arn = xasprintf("arn:aws:sts::" ACCOUNT_ID ":assumed-role/%s/%s", name + 1, session);
	AUTO(str) char *user_id = xasprintf("%s:%s", id, session);

	save_session(c, key, secret_hex, token_hex, expires_ms, arn, user_id);
	*out = json_pack("{s:{s:s, s:s, s:s, s:o}, s:{s:s, s:s}}", "Credentials", "AccessKeyId", key, "SecretAccessKey",
			 secret_hex, "SessionToken", token_hex, "Expiration", json_epoch(expires_ms), "AssumedRoleUser",
			 "AssumedRoleId", user_id, "Arn", arn);
	return 0;
}
