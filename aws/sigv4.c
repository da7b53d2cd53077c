/* Signature Version 4: canonical request, string to sign, signature. */
#include "aws/sigv4.h"

#include <strings.h>

#include "base/digest.h"
#include "base/timefmt.h"
#include "base/uri.h"

#define ALGORITHM "AWS4-HMAC-SHA256"

/* --- the canonical request ------------------------------------------------------ */

/* Dot segments resolved and empty ones dropped; a slash at the end stays. */
static void add_normalized_path(struct buf *out, const char *path)
{
	size_t start = out->len;

	for (const char *p = path; *p;) {
		size_t n = strcspn(p, "/");

		if (n == 2 && p[0] == '.' && p[1] == '.') {
			while (out->len > start && out->data[out->len - 1] != '/')
				buf_truncate(out, out->len - 1);
			if (out->len > start)
				buf_truncate(out, out->len - 1);
		} else if (n && !(n == 1 && p[0] == '.')) {
			buf_addc(out, '/');
			buf_add(out, p, n);
		}
		p += n;
		if (*p == '/')
			p++;
	}
	if (out->len == start || str_ends(path, "/"))
		buf_addc(out, '/');
}

/* Most services encode the path once more, as it was sent. S3 takes the name that
 * it stands for and encodes that, so that every spelling has one canonical form. */
static int add_canonical_path(struct buf *out, const char *path, bool normalize, bool encode_again)
{
	AUTO(buf) struct buf normal = BUF_INIT(out->max);
	AUTO(buf) struct buf plain = BUF_INIT(out->max);

	if (normalize) {
		add_normalized_path(&normal, path);
	} else {
		if (*path != '/')
			buf_addc(&normal, '/');
		buf_adds(&normal, path);
	}
	if (normal.overflow)
		return -ERR_TOOBIG;
	if (encode_again)
		return uri_encode(out, buf_str(&normal), normal.len, true);
	if (uri_decode(&plain, buf_str(&normal), normal.len, false))
		return -ERR_TOOBIG;
	return uri_encode(out, buf_str(&plain), plain.len, true);
}

struct param {
	char *name, *value; /* both encoded */
};
struct params {
	struct param *items;
	size_t n, cap;
};

static void params_done(struct params *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->items[i].name);
		free(p->items[i].value);
	}
	free(p->items);
}
AUTO_EMBEDDED(params, struct params, params_done)

static char *encode_dup(const char *s, size_t n, bool decode_first)
{
	struct buf plain = BUF_INIT(BUF_MAX_TEXT), coded = BUF_INIT(BUF_MAX_TEXT);
	char *ret = NULL;

	if (decode_first) {
		if (!uri_decode(&plain, s, n, false) && !uri_encode(&coded, buf_str(&plain), plain.len, false))
			ret = buf_take(&coded);
	} else if (!uri_encode(&coded, s, n, false)) {
		ret = buf_take(&coded);
	}
	buf_done(&plain);
	buf_done(&coded);
	return ret ? ret : xstrdup("");
}

static void params_add(struct params *p, const char *name, const char *value)
{
	GROW(p->items, p->cap, p->n + 1);
	p->items[p->n].name = encode_dup(name, strlen(name), false);
	p->items[p->n++].value = encode_dup(value, strlen(value), false);
}

/* The query as sent may be encoded in any fashion; decoding and encoding again
 * gives the one canonical form. A bare `key` means `key=`. */
static void params_parse(struct params *p, const char *query, const char *except)
{
	for (const char *s = query ? query : ""; *s;) {
		size_t n = strcspn(s, "&"), name_n = strcspn(s, "&=");
		const char *value = name_n < n ? s + name_n + 1 : s + n;

		if (n && !(except && name_n == strlen(except) && !strncmp(s, except, name_n))) {
			GROW(p->items, p->cap, p->n + 1);
			p->items[p->n].name = encode_dup(s, name_n, true);
			p->items[p->n++].value = encode_dup(value, (size_t)(s + n - value), true);
		}
		s += n;
		if (*s == '&')
			s++;
	}
}

static int param_compare(const void *a, const void *b)
{
	const struct param *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : strcmp(x->value, y->value);
}

static void add_canonical_query(struct buf *out, struct params *p)
{
	if (p->n > 1)
		qsort(p->items, p->n, sizeof(*p->items), param_compare);
	for (size_t i = 0; i < p->n; i++) {
		if (i)
			buf_addc(out, '&');
		buf_adds(out, p->items[i].name);
		buf_addc(out, '=');
		buf_adds(out, p->items[i].value);
	}
}

struct canonical_header {
	char *name; /* lower case */
	const char *value;
	size_t order; /* as sent: values of one name are joined in this order */
};
struct headers {
	struct canonical_header *items;
	size_t n, cap;
};

static void headers_done(struct headers *h)
{
	for (size_t i = 0; i < h->n; i++)
		free(h->items[i].name);
	free(h->items);
}
AUTO_EMBEDDED(headers, struct headers, headers_done)

static void headers_add(struct headers *h, const char *name, const char *value)
{
	GROW(h->items, h->cap, h->n + 1);
	h->items[h->n].name = xstrdup(name);
	str_lower(h->items[h->n].name);
	h->items[h->n].value = value ? value : "";
	h->items[h->n].order = h->n;
	h->n++;
}

static int header_compare(const void *a, const void *b)
{
	const struct canonical_header *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : (x->order > y->order) - (x->order < y->order);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Blanks at both ends go, runs of them inside become one space. */
static void add_trimmed(struct buf *out, const char *s)
{
	size_t n = strlen(s);

	while (n && is_blank(s[n - 1]))
		n--;
	while (n && is_blank(*s)) {
		s++;
		n--;
	}
	for (size_t i = 0; i < n; i++) {
		if (!is_blank(s[i]))
			buf_addc(out, s[i]);
		else if (!is_blank(s[i - 1]))
			buf_addc(out, ' ');
	}
}

static void add_canonical_headers(struct buf *out, struct buf *signed_headers, struct headers *h)
{
	if (h->n > 1)
		qsort(h->items, h->n, sizeof(*h->items), header_compare);
	for (size_t i = 0; i < h->n; i++) {
		bool again = i && !strcmp(h->items[i].name, h->items[i - 1].name);

		if (!again) {
			buf_adds(out, h->items[i].name);
			if (i)
				buf_addc(signed_headers, ';');
			buf_adds(signed_headers, h->items[i].name);
		}
		buf_addc(out, again ? ',' : ':');
		add_trimmed(out, h->items[i].value);
		if (i + 1 == h->n || strcmp(h->items[i].name, h->items[i + 1].name))
			buf_addc(out, '\n');
	}
	buf_addc(out, '\n');
}

static int assemble(const struct sigv4_request *r, bool normalize, bool double_encode, struct params *query,
		    struct headers *headers, const char *payload_hash, struct buf *out, struct buf *signed_headers,
		    struct err *err)
{
	buf_adds(out, r->method);
	buf_addc(out, '\n');
	add_canonical_path(out, str_or(r->path, "/"), normalize, double_encode);
	buf_addc(out, '\n');
	add_canonical_query(out, query);
	buf_addc(out, '\n');
	buf_clear(signed_headers);
	add_canonical_headers(out, signed_headers, headers);
	buf_addf(out, "%s\n%s", buf_str(signed_headers), payload_hash);
	if (out->overflow || signed_headers->overflow)
		return err_set(err, ERR_TOOBIG, "request too large to sign");
	return 0;
}

static const char *payload_hash_of(const struct sigv4_request *r, char hex[SHA256_HEX_LEN])
{
	if (r->payload_hash)
		return r->payload_hash;
	sha256_hex(r->body ? r->body : "", r->body_len, hex);
	return hex;
}

/* Hop-by-hop headers and those that proxies rewrite; Authorization carries the result. */
static bool is_never_signed(const char *name)
{
	static const char *const names[] = {"authorization",	 "connection", "expect",     "keep-alive",     "te",
					    "transfer-encoding", "upgrade",    "user-agent", "x-amzn-trace-id"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_ieq(name, names[i]))
			return true;
	return false;
}

static char *scope_text(const struct sigv4_params *p)
{
	char date[TIMEFMT_LEN];

	timefmt_amz(date, p->time_ms);
	return xasprintf("%.8s/%s/%s/aws4_request", date, p->region, p->service);
}

/* The parameters of the query form, in the order in which AWS writes them; the
 * session token last but for the signature. */
static void params_add_auth(struct params *query, const struct sigv4_params *p, const char *signed_headers,
			    bool with_token)
{
	AUTO(str) char *scope = scope_text(p);
	AUTO(str) char *credential = xasprintf("%s/%s", p->access_key, scope);
	char date[TIMEFMT_LEN], expires[24];

	snprintf(expires, sizeof(expires), "%lld", (long long)p->expires_s);
	params_add(query, "X-Amz-Algorithm", ALGORITHM);
	params_add(query, "X-Amz-Credential", credential);
	params_add(query, "X-Amz-Date", timefmt_amz(date, p->time_ms));
	params_add(query, "X-Amz-SignedHeaders", signed_headers);
	params_add(query, "X-Amz-Expires", expires);
	if (with_token)
		params_add(query, "X-Amz-Security-Token", p->session_token);
}

static void signed_header_names(struct headers *h, struct buf *out)
{
	AUTO(buf) struct buf scratch = BUF_INIT(BUF_MAX_TEXT);

	add_canonical_headers(&scratch, out, h);
}

int sigv4_canonical_request(const struct sigv4_request *r, const struct sigv4_params *p, bool in_query, struct buf *out,
			    struct buf *signed_headers, struct err *err)
{
	AUTO(headers) struct headers headers = {0};
	AUTO(params) struct params query = {0};
	char hex[SHA256_HEX_LEN], date[TIMEFMT_LEN];
	const char *payload_hash = payload_hash_of(r, hex);
	bool with_token = !str_empty(p->session_token) && !p->omit_session_token;

	params_parse(&query, r->query, NULL);
	for (size_t i = 0; i < r->n_headers; i++)
		if (!is_never_signed(r->headers[i].name))
			headers_add(&headers, r->headers[i].name, r->headers[i].value);
	if (in_query) {
		AUTO(buf) struct buf names = BUF_INIT(BUF_MAX_TEXT);

		signed_header_names(&headers, &names);
		params_add_auth(&query, p, buf_str(&names), with_token);
	} else {
		headers_add(&headers, "x-amz-date", timefmt_amz(date, p->time_ms));
		if (with_token)
			headers_add(&headers, "x-amz-security-token", p->session_token);
		if (p->sign_body_header)
			headers_add(&headers, "x-amz-content-sha256", payload_hash);
	}
	return assemble(r, p->normalize_path, p->double_encode, &query, &headers, payload_hash, out, signed_headers,
			err);
}

int sigv4_canonical_received(const struct sigv4_request *r, const struct strlist *signed_names, bool in_query,
			     bool normalize_path, bool double_encode, struct buf *out, struct err *err)
{
	AUTO(headers) struct headers headers = {0};
	AUTO(params) struct params query = {0};
	AUTO(buf) struct buf names = BUF_INIT(BUF_MAX_TEXT);
	char hex[SHA256_HEX_LEN];

	params_parse(&query, r->query, in_query ? "X-Amz-Signature" : NULL);
	for (size_t k = 0; k < signed_names->n; k++) {
		bool found = false;

		for (size_t i = 0; i < r->n_headers; i++)
			if (str_ieq(r->headers[i].name, signed_names->items[k])) {
				headers_add(&headers, r->headers[i].name, r->headers[i].value);
				found = true;
			}
		if (!found)
			return err_set(err, ERR_AUTH, "signed header %s is not in the request", signed_names->items[k]);
	}
	return assemble(r, normalize_path, double_encode, &query, &headers, payload_hash_of(r, hex), out, &names, err);
}

/* --- signing ------------------------------------------------------------------------- */

int sigv4_string_to_sign(const struct sigv4_params *p, const char *canonical_request, struct buf *out)
{
	AUTO(str) char *scope = scope_text(p);
	char date[TIMEFMT_LEN], hex[SHA256_HEX_LEN];

	sha256_hex(canonical_request, strlen(canonical_request), hex);
	return buf_addf(out, ALGORITHM "\n%s\n%s\n%s", timefmt_amz(date, p->time_ms), scope, hex);
}

void sigv4_signing_key(const char *secret, const char *date8, const char *region, const char *service, uint8_t out[32])
{
	char *seed = xasprintf("AWS4%s", secret);

	hmac_sha256(seed, strlen(seed), date8, strlen(date8), out);
	hmac_sha256(out, 32, region, strlen(region), out);
	hmac_sha256(out, 32, service, strlen(service), out);
	hmac_sha256(out, 32, "aws4_request", strlen("aws4_request"), out);
	secret_free(seed);
}

void sigv4_signature(const struct sigv4_params *p, const char *string_to_sign, char out[65])
{
	char date[TIMEFMT_LEN];
	uint8_t key[32], mac[32];

	timefmt_amz(date, p->time_ms);
	date[8] = '\0';
	sigv4_signing_key(p->secret_key, date, p->region, p->service, key);
	hmac_sha256(key, sizeof(key), string_to_sign, strlen(string_to_sign), mac);
	secret_wipe(key, sizeof(key));
	hex_encode(mac, sizeof(mac), out);
}

static int sign(const struct sigv4_request *r, const struct sigv4_params *p, bool in_query, struct buf *signed_headers,
		char signature[65], struct err *err)
{
	AUTO(buf) struct buf canonical = BUF_INIT(BUF_MAX_TEXT);
	AUTO(buf) struct buf to_sign = BUF_INIT(BUF_MAX_TEXT);
	int rc = sigv4_canonical_request(r, p, in_query, &canonical, signed_headers, err);

	if (rc)
		return rc;
	rc = sigv4_string_to_sign(p, buf_str(&canonical), &to_sign);
	if (rc)
		return err_set(err, ERR_TOOBIG, "request too large to sign");
	sigv4_signature(p, buf_str(&to_sign), signature);
	return 0;
}

int sigv4_sign_headers(const struct sigv4_request *r, const struct sigv4_params *p, struct strmap *ret, struct err *err)
{
	AUTO(buf) struct buf signed_headers = BUF_INIT(BUF_MAX_TEXT);
	char date[TIMEFMT_LEN], hex[SHA256_HEX_LEN], signature[65];
	struct sigv4_request hashed = *r;
	int rc;

	hashed.payload_hash = payload_hash_of(r, hex);
	rc = sign(&hashed, p, false, &signed_headers, signature, err);
	if (rc)
		return rc;
	if (!str_empty(p->session_token))
		strmap_set(ret, "X-Amz-Security-Token", p->session_token);
	strmap_set(ret, "X-Amz-Date", timefmt_amz(date, p->time_ms));
	if (p->sign_body_header)
		strmap_set(ret, "x-amz-content-sha256", hashed.payload_hash);

	AUTO(str) char *scope = scope_text(p);
	AUTO(str)
	char *value = xasprintf(ALGORITHM " Credential=%s/%s, SignedHeaders=%s, Signature=%s", p->access_key, scope,
				buf_str(&signed_headers), signature);
	strmap_set(ret, "Authorization", value);
	return 0;
}

int sigv4_sign_query(const struct sigv4_request *r, const struct sigv4_params *p, struct buf *ret, struct err *err)
{
	AUTO(buf) struct buf signed_headers = BUF_INIT(BUF_MAX_TEXT);
	AUTO(params) struct params query = {0};
	char signature[65];
	int rc = sign(r, p, true, &signed_headers, signature, err);

	if (rc)
		return rc;
	params_parse(&query, r->query, NULL);
	params_add_auth(&query, p, buf_str(&signed_headers), !str_empty(p->session_token));
	params_add(&query, "X-Amz-Signature", signature);
	for (size_t i = 0; i < query.n; i++)
		buf_addf(ret, "%s%s=%s", i ? "&" : "", query.items[i].name, query.items[i].value);
	return ret->overflow ? err_set(err, ERR_TOOBIG, "request too large to sign") : 0;
}
