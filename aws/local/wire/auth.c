/* Signatures verified: whose key, which session, which payload. */
#include "aws/local/wire/auth.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/timefmt.h"

/* The engine's clock, as this request meets it. */
static int64_t now_ms(const struct request *rq)
{
	return clock_now_ms() + rq->clock_skew_ms;
}

/* The same failure has another name in each family of services. */
struct auth_failure {
	const char *aws_code; /* as sigv4_verify says it */
	const char *json, *query, *s3;
	int json_status, query_status, s3_status;
};

static const struct auth_failure failures[] = {
	{"MissingAuthenticationToken", "MissingAuthenticationTokenException", "MissingAuthenticationToken",
	 "AccessDenied", 400, 403, 403},
	{"IncompleteSignature", "IncompleteSignatureException", "IncompleteSignature", "AuthorizationHeaderMalformed",
	 400, 400, 400},
	{"SignatureDoesNotMatch", "InvalidSignatureException", "SignatureDoesNotMatch", "SignatureDoesNotMatch", 400,
	 403, 403},
	{"RequestTimeTooSkewed", "InvalidSignatureException", "SignatureDoesNotMatch", "RequestTimeTooSkewed", 400, 403,
	 403},
	{"InvalidClientTokenId", "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId", 400, 403,
	 403},
	{"ExpiredToken", "ExpiredTokenException", "ExpiredToken", "ExpiredToken", 400, 403, 400},
	{"InvalidToken", "UnrecognizedClientException", "InvalidClientTokenId", "InvalidToken", 400, 403, 400},
	{"XAmzContentSHA256Mismatch", "InvalidSignatureException", "SignatureDoesNotMatch", "XAmzContentSHA256Mismatch",
	 400, 403, 400},
	{"AccessDenied", "AccessDeniedException", "AccessDenied", "AccessDenied", 400, 403, 403},
};

static int auth_fault(struct fault *f, enum wire wire, const char *aws_code, const char *message)
{
	const struct auth_failure *row = &failures[1];

	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		if (str_eq(failures[i].aws_code, aws_code))
			row = &failures[i];
	}
	if (wire == WIRE_S3)
		return fault_set(f, row->s3_status, row->s3, "%s", message);
	if (wire == WIRE_QUERY)
		return fault_set(f, row->query_status, row->query, "%s", message);
	return fault_set(f, row->json_status, row->json, "%s", message);
}

static struct sigv4_request as_sigv4(const struct request *rq)
{
	return (struct sigv4_request){.method = rq->method,
				      .path = rq->path,
				      .query = rq->query,
				      .headers = rq->headers,
				      .n_headers = rq->n_headers,
				      .body = buf_str(&rq->body),
				      .body_len = rq->body.len};
}

void auth_peek(struct request *rq)
{
	AUTO(sigv4_auth) struct sigv4_auth a = {0};
	struct sigv4_request r = as_sigv4(rq);

	if (sigv4_auth_parse(&r, &a, NULL) < 0)
		return;
	str_copy(rq->region, sizeof(rq->region), a.region);
	str_copy(rq->service, sizeof(rq->service), a.service);
}

/* The secret of an access key, and whose it is. */
static int find_secret(struct engine *e, struct request *rq, const struct sigv4_auth *a, char secret[128],
		       enum wire wire, struct fault *f)
{
	struct principal *who = &rq->who;

	str_copy(who->access_key, sizeof(who->access_key), a->access_key);
	if (str_eq(a->access_key, LOCAL_ACCESS_KEY)) {
		str_copy(secret, 128, e->secret);
		str_copy(who->arn, sizeof(who->arn), "arn:aws:iam::" ACCOUNT_ID ":user/local");
		str_copy(who->user_id, sizeof(who->user_id), "AIDALOCALLOCALLOCAL0");
		return 0;
	}
	sqlite3_stmt *st = state_prepare(e->db, "SELECT secret, token, expires, arn, user_id FROM sessions"
						" WHERE access_key = ?");
	const char *problem = "InvalidClientTokenId", *text = "The security token included in the request is invalid.";

	state_bind_text(st, 1, a->access_key);
	if (state_step(e->db, st)) {
		problem = NULL;
		str_copy(secret, 128, state_text(st, 0));
		str_copy(who->arn, sizeof(who->arn), state_text(st, 3));
		str_copy(who->user_id, sizeof(who->user_id), state_text(st, 4));
		if (!str_eq(a->session_token, state_text(st, 1))) {
			problem = "InvalidToken";
		} else if (sqlite3_column_int64(st, 2) <= now_ms(rq)) {
			problem = "ExpiredToken";
			text = "The security token included in the request is expired";
		}
	}
	state_done(st);
	return problem ? auth_fault(f, wire, problem, text) : 0;
}

static int time_fault(const struct request *rq, const struct sigv4_auth *a, enum wire wire, const struct err *err,
		      struct fault *f)
{
	char signed_at[TIMEFMT_LEN], now[TIMEFMT_LEN], message[256];

	if (wire == WIRE_S3 || a->in_query)
		return auth_fault(f, wire, err->aws_code, err->msg);
	timefmt_amz(signed_at, a->time_ms);
	timefmt_amz(now, now_ms(rq));
	if (a->time_ms < now_ms(rq))
		snprintf(message, sizeof(message), "Signature expired: %s is now earlier than %s (- 15 min.)",
			 signed_at, now);
	else
		snprintf(message, sizeof(message), "Signature not yet current: %s is still later than %s (+ 15 min.)",
			 signed_at, now);
	return auth_fault(f, wire, err->aws_code, message);
}

static void fill_seed(struct chunk_seed *seed, const struct sigv4_auth *a, const char *secret)
{
	sigv4_signing_key(secret, a->date8, a->region, a->service, seed->key);
	snprintf(seed->scope, sizeof(seed->scope), "%.8s/%.64s/%.64s/aws4_request", a->date8, a->region, a->service);
	timefmt_amz(seed->amz_date, a->time_ms);
	str_copy(seed->signature, sizeof(seed->signature), a->signature);
}

int auth_verify(struct engine *e, struct request *rq, enum wire wire, struct chunk_seed *seed, struct fault *f)
{
	AUTO(sigv4_auth) struct sigv4_auth a = {0};
	struct sigv4_request r = as_sigv4(rq);
	struct err err = {0};
	char secret[128] = "", hash[SHA256_HEX_LEN];

	if (sigv4_auth_parse(&r, &a, &err) < 0)
		return auth_fault(f, wire, err.aws_code, err.msg);
	if (wire == WIRE_S3 && !a.in_query && !a.payload_hash)
		return fault_set(f, 400, "InvalidRequest",
				 "Missing required header for this request: x-amz-content-sha256");
	if (find_secret(e, rq, &a, secret, wire, f) < 0)
		return -1;
	if (sigv4_auth_check(&a, &r, secret, &err) < 0)
		return auth_fault(f, wire, err.aws_code, err.msg);
	if (sigv4_auth_check_time(&a, now_ms(rq), &err) < 0)
		return time_fault(rq, &a, wire, &err, f);
	if (wire != WIRE_S3 && a.payload_hash) {
		sha256_hex(buf_str(&rq->body), rq->body.len, hash);
		if (sigv4_auth_check_body(&a, hash, &err) < 0)
			return auth_fault(f, wire, err.aws_code, err.msg);
	}
	if (seed)
		fill_seed(seed, &a, secret);
	secret_wipe(secret, sizeof(secret));
	str_copy(rq->region, sizeof(rq->region), a.region);
	str_copy(rq->service, sizeof(rq->service), a.service);
	return 0;
}

int auth_expired(enum wire wire, struct fault *f)
{
	return auth_fault(f, wire, "ExpiredToken", "The security token included in the request is expired");
}
