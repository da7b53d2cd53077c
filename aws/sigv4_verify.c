/* The other side of Signature Version 4: what a server checks. */
#include "aws/sigv4_verify.h"

#include "base/digest.h"
#include "base/timefmt.h"
#include "base/uri.h"

#define ALGORITHM "AWS4-HMAC-SHA256"

void sigv4_auth_done(struct sigv4_auth *a)
{
	free(a->access_key);
	free(a->date8);
	free(a->region);
	free(a->service);
	free(a->session_token);
	free(a->payload_hash);
	strlist_done(&a->signed_headers);
	*a = (struct sigv4_auth){0};
}

static int auth_error(struct err *err, enum err_code code, const char *aws_code, const char *text)
{
	bool first = err && err->code == ERR_OK;
	int rc = err_set(err, code, "%s", text);

	if (first)
		str_copy(err->aws_code, sizeof(err->aws_code), aws_code);
	return rc;
}

static int incomplete(struct err *err, const char *text)
{
	return auth_error(err, ERR_AUTH, "IncompleteSignature", text);
}

static const char *header_find(const struct sigv4_request *r, const char *name)
{
	for (size_t i = 0; i < r->n_headers; i++)
		if (str_ieq(r->headers[i].name, name))
			return r->headers[i].value;
	return NULL;
}

/* The decoded value of a query parameter; NULL where absent. Owned by the caller. */
static char *query_find(const char *query, const char *name)
{
	size_t name_n = strlen(name);

	for (const char *s = query ? query : ""; *s;) {
		size_t n = strcspn(s, "&");

		if (n > name_n && !strncmp(s, name, name_n) && s[name_n] == '=') {
			struct buf out = BUF_INIT(BUF_MAX_TEXT);

			if (!uri_decode(&out, s + name_n + 1, n - name_n - 1, false))
				return buf_take(&out);
			buf_done(&out);
			return NULL;
		}
		s += n;
		if (*s == '&')
			s++;
	}
	return NULL;
}

static bool digits(const char *s, size_t n, int *ret)
{
	*ret = 0;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		*ret = *ret * 10 + (s[i] - '0');
	}
	return true;
}

/* 20150830T123600Z */
static bool parse_amz_time(const char *s, int64_t *ret_ms)
{
	int y, mo, d, h, mi, sec;
	char iso[32];

	if (strlen(s) != 16 || s[8] != 'T' || s[15] != 'Z' || !digits(s, 4, &y) || !digits(s + 4, 2, &mo) ||
	    !digits(s + 6, 2, &d) || !digits(s + 9, 2, &h) || !digits(s + 11, 2, &mi) || !digits(s + 13, 2, &sec))
		return false;
	snprintf(iso, sizeof(iso), "%04d-%02d-%02dT%02d:%02d:%02dZ", y, mo, d, h, mi, sec);
	return timefmt_parse_iso(iso, ret_ms);
}

/* ACCESS/20150830/us-east-1/service/aws4_request; the key may hold slashes. */
static int parse_credential(struct sigv4_auth *a, const char *text, struct err *err)
{
	AUTO(strlist) struct strlist parts = {0};
	size_t n;

	strlist_split(&parts, text, '/');
	n = parts.n;
	if (n < 5 || strcmp(parts.items[n - 1], "aws4_request") != 0)
		return incomplete(err, "Credential must have the form KEY/DATE/REGION/SERVICE/aws4_request");
	for (size_t i = n - 5; i < n; i++)
		if (!*parts.items[i])
			return incomplete(err, "Credential has an empty part");
	a->service = TAKE(parts.items[n - 2]);
	a->region = TAKE(parts.items[n - 3]);
	a->date8 = TAKE(parts.items[n - 4]);
	a->access_key = xstrndup(text, strlen(text) - strlen("/aws4_request") - strlen(a->service) - strlen(a->region) -
					       strlen(a->date8) - 3);
	return 0;
}

static int parse_signature(struct sigv4_auth *a, const char *text, struct err *err)
{
	if (!text || strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64)
		return incomplete(err, "Signature must be 64 hexadecimal digits");
	str_copy(a->signature, sizeof(a->signature), text);
	return 0;
}

static int parse_signed_headers(struct sigv4_auth *a, const char *text, struct err *err)
{
	strlist_split(&a->signed_headers, text, ';');
	if (!strlist_has(&a->signed_headers, "host") && !strlist_has(&a->signed_headers, ":authority"))
		return incomplete(err, "'Host' must be a signed header");
	return 0;
}

static int parse_header_form(const struct sigv4_request *r, const char *authorization, struct sigv4_auth *a,
			     struct err *err)
{
	AUTO(strlist) struct strlist fields = {0};
	const char *credential = NULL, *names = NULL, *signature = NULL, *date = header_find(r, "x-amz-date");
	int rc;

	if (!str_starts(authorization, ALGORITHM) || !strchr(" \t", authorization[strlen(ALGORITHM)]))
		return incomplete(err, "Authorization must begin with " ALGORITHM);
	strlist_split(&fields, authorization + strlen(ALGORITHM), ',');
	for (size_t i = 0; i < fields.n; i++) {
		if (str_starts(fields.items[i], "Credential="))
			credential = fields.items[i] + strlen("Credential=");
		else if (str_starts(fields.items[i], "SignedHeaders="))
			names = fields.items[i] + strlen("SignedHeaders=");
		else if (str_starts(fields.items[i], "Signature="))
			signature = fields.items[i] + strlen("Signature=");
	}
	if (!credential || !names || !signature)
		return incomplete(err, "Authorization needs Credential, SignedHeaders and Signature");
	if (!date || !parse_amz_time(date, &a->time_ms))
		return incomplete(err, "X-Amz-Date must have the form YYYYMMDDTHHMMSSZ");
	a->session_token = xstrdup(header_find(r, "x-amz-security-token"));
	rc = parse_credential(a, credential, err);
	if (!rc)
		rc = parse_signed_headers(a, names, err);
	return rc ? rc : parse_signature(a, signature, err);
}

static int parse_query_form(const struct sigv4_request *r, struct sigv4_auth *a, struct err *err)
{
	AUTO(str) char *algorithm = query_find(r->query, "X-Amz-Algorithm");
	AUTO(str) char *credential = query_find(r->query, "X-Amz-Credential");
	AUTO(str) char *date = query_find(r->query, "X-Amz-Date");
	AUTO(str) char *expires = query_find(r->query, "X-Amz-Expires");
	AUTO(str) char *names = query_find(r->query, "X-Amz-SignedHeaders");
	AUTO(str) char *signature = query_find(r->query, "X-Amz-Signature");
	int rc;

	a->in_query = true;
	if (!str_eq(algorithm, ALGORITHM) || !credential || !names || !signature)
		return incomplete(err, "the query needs X-Amz-Algorithm, -Credential, -SignedHeaders and -Signature");
	if (!date || !parse_amz_time(date, &a->time_ms))
		return incomplete(err, "X-Amz-Date must have the form YYYYMMDDTHHMMSSZ");
	if (!expires || !str_to_i64(expires, &a->expires_s) || a->expires_s < 0 || a->expires_s > SIGV4_MAX_EXPIRES_S)
		return incomplete(err, "X-Amz-Expires must be from 0 to 604800 seconds");
	a->session_token = query_find(r->query, "X-Amz-Security-Token");
	rc = parse_credential(a, credential, err);
	if (!rc)
		rc = parse_signed_headers(a, names, err);
	return rc ? rc : parse_signature(a, signature, err);
}

int sigv4_auth_parse(const struct sigv4_request *r, struct sigv4_auth *ret, struct err *err)
{
	AUTO(sigv4_auth) struct sigv4_auth a = {0};
	const char *authorization = header_find(r, "authorization");
	int rc;

	if (authorization) {
		rc = parse_header_form(r, authorization, &a, err);
	} else {
		AUTO(str) char *algorithm = query_find(r->query, "X-Amz-Algorithm");

		if (!algorithm)
			return auth_error(err, ERR_AUTH, "MissingAuthenticationToken", "the request is not signed");
		rc = parse_query_form(r, &a, err);
	}
	if (rc)
		return rc;
	a.payload_hash = xstrdup(header_find(r, "x-amz-content-sha256"));
	*ret = a;
	a = (struct sigv4_auth){0};
	return 0;
}

int sigv4_auth_check_time(const struct sigv4_auth *a, int64_t now_ms, struct err *err)
{
	int64_t skew = now_ms - a->time_ms;

	if (a->in_query) {
		if (skew > a->expires_s * 1000)
			return auth_error(err, ERR_EXPIRED, "AccessDenied", "Request has expired");
		if (skew < -SIGV4_MAX_SKEW_MS)
			return auth_error(err, ERR_EXPIRED, "AccessDenied", "Request is not yet valid");
		return 0;
	}
	if (skew > SIGV4_MAX_SKEW_MS || skew < -SIGV4_MAX_SKEW_MS)
		return auth_error(err, ERR_EXPIRED, "RequestTimeTooSkewed",
				  "The difference between the request time and the current time is too large.");
	return 0;
}

static bool equal_constant_time(const char *a, const char *b, size_t n)
{
	unsigned char different = 0;

	for (size_t i = 0; i < n; i++)
		different |= (unsigned char)(a[i] ^ b[i]);
	return !different;
}

int sigv4_auth_check(const struct sigv4_auth *a, const struct sigv4_request *r, const char *secret, struct err *err)
{
	AUTO(buf) struct buf canonical = BUF_INIT(BUF_MAX_TEXT);
	AUTO(buf) struct buf to_sign = BUF_INIT(BUF_MAX_TEXT);
	struct sigv4_request request = *r;
	bool s3 = !strcmp(a->service, "s3") || !strcmp(a->service, "s3express");
	struct sigv4_params p = {.access_key = a->access_key,
				 .secret_key = secret,
				 .region = a->region,
				 .service = a->service,
				 .time_ms = a->time_ms};
	char signature[65], date[TIMEFMT_LEN];
	int rc;

	if (a->payload_hash)
		request.payload_hash = a->payload_hash;
	else if (s3 && a->in_query)
		request.payload_hash = "UNSIGNED-PAYLOAD";
	timefmt_amz(date, a->time_ms);
	if (strncmp(date, a->date8, 8) != 0 || strlen(a->date8) != 8)
		return auth_error(err, ERR_AUTH, "SignatureDoesNotMatch",
				  "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date");
	rc = sigv4_canonical_received(&request, &a->signed_headers, a->in_query, !s3, !s3, &canonical, err);
	if (rc)
		return rc;
	rc = sigv4_string_to_sign(&p, buf_str(&canonical), &to_sign);
	if (rc)
		return err_set(err, ERR_TOOBIG, "request too large to verify");
	sigv4_signature(&p, buf_str(&to_sign), signature);
	if (!equal_constant_time(signature, a->signature, 64))
		return auth_error(err, ERR_AUTH, "SignatureDoesNotMatch",
				  "The request signature we calculated does not match the signature you provided. "
				  "Check your AWS Secret Access Key and signing method.");
	return 0;
}

int sigv4_auth_check_body(const struct sigv4_auth *a, const char *body_hash, struct err *err)
{
	const char *said = a->payload_hash;

	if (!said || !strcmp(said, "UNSIGNED-PAYLOAD") || str_starts(said, "STREAMING-") || str_ieq(said, body_hash))
		return 0;
	return auth_error(err, ERR_AUTH, "XAmzContentSHA256Mismatch",
			  "The provided 'x-amz-content-sha256' header does not match what was computed.");
}
