/* SigV4 input: a request of any bytes, with any Authorization header or query, is
 * refused without harm; one that we sign ourselves is always accepted. */
#include "aws/sigv4_verify.h"
#include "fuzz.h"

#define MAX_HEADERS 12

/* Lines: method, path, query, then headers as name:value, an empty line, the body. */
struct request {
	char *text;
	struct sigv4_header headers[MAX_HEADERS + 5];
	struct sigv4_request r;
};

static char *take_line(char **p)
{
	char *line = *p, *end = strchr(line, '\n');

	if (end) {
		*end = '\0';
		*p = end + 1;
	} else {
		*p = line + strlen(line);
	}
	return line;
}

static void split(struct request *q)
{
	char *p = q->text, *line;

	q->r = (struct sigv4_request){.headers = q->headers};
	q->r.method = take_line(&p);
	q->r.path = take_line(&p);
	q->r.query = take_line(&p);
	while (*p && *(line = take_line(&p)) && q->r.n_headers < MAX_HEADERS) {
		char *colon = strchr(line, ':');

		if (!colon)
			break;
		*colon = '\0';
		q->headers[q->r.n_headers++] = (struct sigv4_header){line, colon + 1};
	}
	q->r.body = p;
	q->r.body_len = strlen(p);
}

static void verify_as_received(const struct request *q)
{
	struct sigv4_auth a = {0};
	struct err err = {0};

	if (!sigv4_auth_parse(&q->r, &a, &err)) {
		(void)!sigv4_auth_check_time(&a, 1790000000000, NULL);
		/* Nobody knows this secret. */
		FUZZ_CHECK(sigv4_auth_check(&a, &q->r, "\x01\x7fnot to be guessed", NULL) != 0);
	} else {
		FUZZ_CHECK(*err.aws_code);
	}
	sigv4_auth_done(&a);
}

static bool is_auth_header(const char *name)
{
	return str_ieq(name, "authorization") || str_ieq(name, "x-amz-date") || str_ieq(name, "host") ||
	       str_ieq(name, "x-amz-security-token") || str_ieq(name, "x-amz-content-sha256");
}

/* Headers that a request can have: not ours, and names as HTTP allows them. */
static bool is_sane(const struct request *q)
{
	static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

	for (size_t i = 0; i < q->r.n_headers; i++)
		if (is_auth_header(q->headers[i].name) || !*q->headers[i].name ||
		    q->headers[i].name[strspn(q->headers[i].name, token)])
			return false;
	return !strstr(q->r.query, "X-Amz-");
}

static void sign_and_verify(struct request *q, bool s3)
{
	struct sigv4_params p = {.access_key = "AKID",
				 .secret_key = "secret",
				 .session_token = "token",
				 .region = "eu-west-1",
				 .service = s3 ? "s3" : "sagemaker",
				 .time_ms = 1790000000000,
				 .expires_s = 900,
				 .normalize_path = !s3,
				 .double_encode = !s3,
				 .sign_body_header = s3};
	struct strmap added = {0};
	struct buf query = BUF_INIT(BUF_MAX_TEXT);
	struct sigv4_auth a = {0}, b = {0};
	struct sigv4_request r = q->r;
	size_t n = r.n_headers;

	q->headers[n++] = (struct sigv4_header){"Host", "example.com"};
	r.n_headers = n;
	FUZZ_CHECK(!sigv4_sign_headers(&r, &p, &added, NULL));
	for (size_t i = 0; i < added.n; i++)
		q->headers[n++] = (struct sigv4_header){added.items[i].name, added.items[i].value};
	r.n_headers = n;
	FUZZ_CHECK(!sigv4_auth_parse(&r, &a, NULL));
	FUZZ_CHECK(!sigv4_auth_check(&a, &r, "secret", NULL));
	FUZZ_CHECK(sigv4_auth_check(&a, &r, "Secret", NULL));

	r.n_headers = q->r.n_headers + 1;
	r.payload_hash = s3 ? "UNSIGNED-PAYLOAD" : NULL;
	FUZZ_CHECK(!sigv4_sign_query(&r, &p, &query, NULL));
	r.query = buf_str(&query);
	FUZZ_CHECK(!sigv4_auth_parse(&r, &b, NULL));
	FUZZ_CHECK(!sigv4_auth_check(&b, &r, "secret", NULL));
	sigv4_auth_done(&a);
	sigv4_auth_done(&b);
	strmap_done(&added);
	buf_done(&query);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request q = {.text = malloc(size + 1)};

	if (!q.text)
		abort();
	memcpy(q.text, data, size);
	q.text[size] = '\0';
	split(&q);
	verify_as_received(&q);
	if (is_sane(&q)) {
		sign_and_verify(&q, false);
		sign_and_verify(&q, true);
	}
	free(q.text);
	return 0;
}
