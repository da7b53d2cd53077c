/* sigv4_verify.h - the other side of sigv4.h: read the signature that a request
 * carries (Authorization header or presigned query) and compute it again.
 *
 * Pure, as sigv4.h: the caller looks up the secret by access key and gives the
 * clock. Errors are ERR_AUTH (ERR_EXPIRED for time) with the code that AWS uses
 * in err->aws_code; the server turns it into its service's own form.
 */
#ifndef SAGETOP_AWS_SIGV4_VERIFY_H
#define SAGETOP_AWS_SIGV4_VERIFY_H

#include "aws/sigv4.h"

#define SIGV4_MAX_SKEW_MS ((int64_t)15 * 60 * 1000)
#define SIGV4_MAX_EXPIRES_S ((int64_t)604800)

struct sigv4_auth {
	bool in_query;
	char *access_key, *date8, *region, *service; /* the credential scope */
	char *session_token;			     /* NULL where none */
	char *payload_hash; /* x-amz-content-sha256 as sent, "STREAMING-..." included; NULL where absent */
	int64_t time_ms;
	int64_t expires_s; /* query form */
	struct strlist signed_headers;
	char signature[65];
};
void sigv4_auth_done(struct sigv4_auth *a);
AUTO_EMBEDDED(sigv4_auth, struct sigv4_auth, sigv4_auth_done)

/* Without any signature: MissingAuthenticationToken; malformed: IncompleteSignature. */
int sigv4_auth_parse(const struct sigv4_request *r, struct sigv4_auth *ret, struct err *err) NODISCARD;

/* The time is near enough to now_ms, or the presigned request still valid. */
int sigv4_auth_check_time(const struct sigv4_auth *a, int64_t now_ms, struct err *err) NODISCARD;

/* Compute the signature with `secret` and compare. The payload's hash is the one
 * that the request declares; where it declares none, r->payload_hash or the hash
 * of r->body (UNSIGNED-PAYLOAD for a presigned S3 request). Whether the declared
 * hash is the body's is sigv4_auth_check_body's question, so that a large body
 * can be hashed while it streams in. SignatureDoesNotMatch otherwise. */
int sigv4_auth_check(const struct sigv4_auth *a, const struct sigv4_request *r, const char *secret,
		     struct err *err) NODISCARD;

/* body_hash: lower-case hex of what arrived. XAmzContentSHA256Mismatch. */
int sigv4_auth_check_body(const struct sigv4_auth *a, const char *body_hash, struct err *err) NODISCARD;

#endif
