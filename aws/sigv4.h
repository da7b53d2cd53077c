/* sigv4.h - AWS Signature Version 4, as pure functions.
 *
 * No clock, no environment, no network: the caller gives the time and the key,
 * so every published vector can be replayed. Client and local engine both use it.
 * Source: "Create a signed AWS API request" (AWS General Reference) and
 * awslabs/aws-c-auth's test suite.
 */
#ifndef SAGETOP_AWS_SIGV4_H
#define SAGETOP_AWS_SIGV4_H

#include "base/buf.h"
#include "base/str.h"

struct sigv4_header {
	const char *name, *value; /* as sent; repeats allowed */
};

struct sigv4_request {
	const char *method;
	const char *path;  /* as sent on the wire, without the query; "" is "/" */
	const char *query; /* as sent, without '?'; may be NULL */
	const struct sigv4_header *headers;
	size_t n_headers;
	const char *payload_hash; /* lower-case hex, "UNSIGNED-PAYLOAD", or NULL: hash body */
	const void *body;
	size_t body_len;
};

struct sigv4_params {
	const char *access_key, *secret_key;
	const char *session_token; /* NULL where none */
	const char *region, *service;
	int64_t time_ms;
	bool normalize_path;	 /* false for S3 */
	bool double_encode;	 /* false for S3 */
	bool sign_body_header;	 /* add x-amz-content-sha256 (always for S3) */
	bool omit_session_token; /* add the token after signing */
	int64_t expires_s;	 /* query form only */
};

/* The pieces, for tests and for verification. Each appends to out. */
int sigv4_canonical_request(const struct sigv4_request *r, const struct sigv4_params *p, bool in_query, struct buf *out,
			    struct buf *signed_headers, struct err *err) NODISCARD;
/* The same for a request that was received: exactly the headers that its
 * signature lists (ERR_AUTH where one is missing), and nothing added. */
int sigv4_canonical_received(const struct sigv4_request *r, const struct strlist *signed_names, bool in_query,
			     bool normalize_path, bool double_encode, struct buf *out, struct err *err) NODISCARD;
int sigv4_string_to_sign(const struct sigv4_params *p, const char *canonical_request, struct buf *out) NODISCARD;
void sigv4_signing_key(const char *secret, const char *date8, const char *region, const char *service, uint8_t out[32]);
void sigv4_signature(const struct sigv4_params *p, const char *string_to_sign, char out[65]);

/* Headers to add to the request (X-Amz-Date, X-Amz-Security-Token, maybe
 * x-amz-content-sha256, Authorization) as name=value. */
int sigv4_sign_headers(const struct sigv4_request *r, const struct sigv4_params *p, struct strmap *ret,
		       struct err *err) NODISCARD;
/* The whole query string of a presigned request. */
int sigv4_sign_query(const struct sigv4_request *r, const struct sigv4_params *p, struct buf *ret,
		     struct err *err) NODISCARD;

#endif
