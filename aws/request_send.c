/* One attempt of a request: where it goes, its headers, its signature. */
#include "aws/client_impl.h"
#include "aws/sigv4.h"
#include "base/clock.h"
#include "base/digest.h"

static bool is_ip_or_localhost(const char *host, size_t n)
{
	bool digits = n > 0;

	for (size_t i = 0; i < n; i++)
		digits &= (host[i] >= '0' && host[i] <= '9') || host[i] == '.';
	return digits || *host == '[' || (n == 9 && !strncmp(host, "localhost", 9));
}

/* A bucket's name can stand before the host when it is a DNS label, and over TLS
 * only without dots, which a certificate's wildcard does not cover. */
static bool bucket_fits_host(const char *bucket, const char *url, const char *host, size_t host_n)
{
	size_t n = strlen(bucket);

	if (n < 3 || n > 63 || strspn(bucket, "abcdefghijklmnopqrstuvwxyz0123456789.-") != n || bucket[0] == '.' ||
	    bucket[0] == '-' || bucket[n - 1] == '.' || bucket[n - 1] == '-' || strstr(bucket, ".."))
		return false;
	if (strchr(bucket, '.') && str_starts(url, "https:"))
		return false;
	return !is_ip_or_localhost(host, host_n);
}

/* As botocore does it: before the host at AWS, in the path at an endpoint of one's own,
 * where nobody has a name for every bucket; addressing_style says otherwise. */
static bool bucket_goes_before_host(const struct aws_request *r, const struct endpoint *e, const char *host,
				    size_t host_n)
{
	AUTO(str) char *style = ini_get_nested(aws_config_profile(&r->client->config), "s3", "addressing_style");
	bool wanted = e->custom ? str_ieq(style, "virtual") : !str_ieq(style, "path");

	return r->bucket && wanted && bucket_fits_host(r->bucket, e->url, host, host_n);
}

/* The parts of the URL: "https://host:port", and the path that is signed. */
struct target {
	char *origin, *host, *path, *signing_region;
};

static void target_done(struct target *t)
{
	free(t->origin);
	free(t->host);
	free(t->path);
	free(t->signing_region);
}
AUTO_EMBEDDED(target, struct target, target_done)

static int target_find(struct aws_request *r, struct target *ret, struct err *err)
{
	struct aws_client *c = r->client;
	AUTO(endpoint) struct endpoint e = {0};
	const char *known = r->bucket ? strmap_get(&c->bucket_regions, r->bucket) : NULL;
	const char *region = r->region ? r->region : known ? known : c->config.region;
	int rc = endpoint_for(&c->config, r->op->service, region, c->endpoint_url, &e, err);
	const char *host, *base;
	size_t host_n;
	bool before_host;

	if (rc)
		return rc;
	host = strstr(e.url, "://") + 3;
	base = host + strcspn(host, "/?#");
	host_n = strcspn(host, ":/?#");
	before_host = bucket_goes_before_host(r, &e, host, host_n);
	if (r->host_prefix && !is_ip_or_localhost(host, host_n) &&
	    !aws_config_bool(&c->config, "AWS_DISABLE_HOST_PREFIX_INJECTION", "disable_host_prefix_injection", false))
		ret->host = xasprintf("%s%.*s", r->host_prefix, (int)(base - host), host);
	else if (before_host)
		ret->host = xasprintf("%s.%.*s", r->bucket, (int)(base - host), host);
	else
		ret->host = xstrndup(host, (size_t)(base - host));
	ret->origin = xasprintf("%.*s%s", (int)(host - e.url), e.url, ret->host);
	if (r->bucket && !before_host)
		ret->path = xasprintf("%s/%s%s", base, r->bucket, strcmp(r->path, "/") ? r->path : "");
	else
		ret->path = xasprintf("%s%s", base, r->path);
	ret->signing_region = TAKE(e.signing_region);
	return 0;
}

static const char *hash_of(struct aws_request *r, char hex[SHA256_HEX_LEN])
{
	if (r->body_path)
		return r->body_hash;
	sha256_hex(r->body ? r->body : "", r->body_len, hex);
	return hex;
}

#define MAX_HEADERS 40
struct header_set {
	struct sigv4_header items[MAX_HEADERS];
	size_t n;
};

static void header_add(struct header_set *h, const char *name, const char *value)
{
	if (h->n < MAX_HEADERS && value)
		h->items[h->n++] = (struct sigv4_header){name, value};
}

static int sign(struct aws_request *r, const struct aws_credentials *cred, const struct target *t,
		struct header_set *headers, struct strmap *added, struct err *err)
{
	struct aws_client *c = r->client;
	bool s3 = r->op->service->protocol == AWS_REST_XML;
	char hex[SHA256_HEX_LEN];
	struct sigv4_request request = {.method = r->method,
					.path = t->path,
					.query = r->query,
					.headers = headers->items,
					.n_headers = headers->n,
					.payload_hash = hash_of(r, hex)};
	struct sigv4_params p = {.access_key = cred->access_key,
				 .secret_key = cred->secret_key,
				 .session_token = cred->session_token,
				 .region = t->signing_region,
				 .service = r->op->service->signing_name,
				 .normalize_path = !s3,
				 .double_encode = !s3,
				 .sign_body_header = s3};
	int rc;

	r->skew_used_ms = c->skew_ms;
	p.time_ms = clock_machine_ms() + c->skew_ms;
	str_set(&r->signed_with, cred->access_key);
	rc = sigv4_sign_headers(&request, &p, added, err);
	for (size_t i = 0; !rc && i < added->n; i++)
		header_add(headers, added->items[i].name, added->items[i].value);
	return rc;
}

char *aws_trace_id(const struct aws_io *io, const char *already)
{
	static const char hex[] = "0123456789ABCDEF";
	const char *value = aws_io_env(io, "_X_AMZN_TRACE_ID");
	struct buf out = BUF_INIT(BUF_MAX_TEXT);

	if (already || !value || !aws_io_env(io, "AWS_LAMBDA_FUNCTION_NAME"))
		return NULL;
	for (const char *p = value; *p; p++) {
		unsigned char b = (unsigned char)*p;

		if (b > ' ' && b < 0x7f && b != '%')
			buf_addc(&out, *p);
		else
			buf_addf(&out, "%%%c%c", hex[b >> 4], hex[b & 15]);
	}
	return buf_take(&out);
}

static int on_start(void *user, const struct http_reply *reply)
{
	struct aws_request *r = user;

	return r->on_start(r->ctx, reply);
}

static int on_piece(void *user, const void *data, size_t n)
{
	struct aws_request *r = user;

	r->got_data = true;
	return r->on_data(r->ctx, data, n);
}

int request_send(struct aws_request *r, const struct aws_credentials *cred, struct err *err)
{
	struct aws_client *c = r->client;
	const struct aws_service *s = r->op->service;
	AUTO(target) struct target t = {0};
	AUTO(strmap) struct strmap added = {0};
	AUTO(str) char *amz_target = NULL;
	AUTO(str) char *trace_id = NULL;
	struct header_set headers = {0};
	int rc = target_find(r, &t, err);

	if (rc)
		return rc;
	header_add(&headers, "Host", t.host);
	if (s->content_type)
		header_add(&headers, "Content-Type", s->content_type);
	if (s->protocol == AWS_JSON) {
		amz_target = xasprintf("%s%s", s->target_prefix, r->op->name);
		header_add(&headers, "X-Amz-Target", amz_target);
	}
	for (size_t i = 0; i < r->headers.n; i++)
		header_add(&headers, r->headers.items[i].name, r->headers.items[i].value);
	trace_id = aws_trace_id(&c->io, strmap_get(&r->headers, "X-Amzn-Trace-Id"));
	if (trace_id)
		header_add(&headers, "X-Amzn-Trace-Id", trace_id);
	rc = sign(r, cred, &t, &headers, &added, err);
	if (rc)
		return rc;

	AUTO(str)
	char *url = xasprintf("%s%s%s%s", t.origin, t.path, str_empty(r->query) ? "" : "?", r->query ? r->query : "");
	struct http_header out[MAX_HEADERS];
	for (size_t i = 0; i < headers.n; i++)
		out[i] = (struct http_header){headers.items[i].name, headers.items[i].value};
	struct http_request request = {.method = r->method,
				       .url = url,
				       .headers = out,
				       .n_headers = headers.n,
				       .body = r->body,
				       .body_len = r->body_len,
				       .body_path = r->body_path,
				       .body_offset = r->body_offset,
				       .total_timeout_ms = r->op->timeout == AWS_TIMEOUT_NONE ? -1 : 0,
				       .max_body = r->max_reply,
				       .on_start = r->on_start ? on_start : NULL,
				       .on_data = r->on_data ? on_piece : NULL,
				       .data_user = r};
	r->attempts++;
	r->state = REQUEST_SENT;
	c->n_sent++;
	r->transfer = http_send(c->http, &request, request_on_reply, r);
	return 0;
}
