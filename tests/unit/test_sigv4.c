/* SigV4: published cases (header and query form), and verification of what we sign. */
#include "unit.h"

#include "aws/sigv4_verify.h"
#include "base/timefmt.h"
#include "vectors.h"

/* A request as a text file: request line, headers (folded lines join with a
 * space), empty line, body. */
struct request_file {
	char *text;
	struct sigv4_header headers[32];
	struct sigv4_request request;
	struct strlist owned;
};

static char *line_next(char **p)
{
	char *line = *p, *end = line ? strchr(line, '\n') : NULL;

	if (!line)
		return NULL;
	if (end) {
		*end = '\0';
		*p = end + 1;
		if (end > line && end[-1] == '\r')
			end[-1] = '\0';
	} else {
		*p = NULL;
	}
	return line;
}

static void request_file_parse(struct request_file *f, const char *text)
{
	char *p = f->text = xstrdup(text), *line = line_next(&p), *space, *query;

	f->request = (struct sigv4_request){.headers = f->headers};
	assert_non_null(line);
	space = strchr(line, ' ');
	assert_non_null(space);
	*space = '\0';
	f->request.method = line;
	f->request.path = space + 1;
	space = strrchr(space + 1, ' ');
	assert_non_null(space);
	*space = '\0';
	query = strchr(f->request.path, '?');
	if (query) {
		*query = '\0';
		f->request.query = query + 1;
	}
	while ((line = line_next(&p)) && *line) {
		char *colon = strchr(line, ':');

		if (*line == ' ' || *line == '\t') {
			struct sigv4_header *last = &f->headers[f->request.n_headers - 1];

			assert_true(f->request.n_headers > 0);
			strlist_take(&f->owned, xasprintf("%s %s", last->value, str_trim(line)));
			last->value = f->owned.items[f->owned.n - 1];
			continue;
		}
		assert_non_null(colon);
		*colon = '\0';
		assert_true(f->request.n_headers < ARRAY_LEN(f->headers));
		f->headers[f->request.n_headers++] = (struct sigv4_header){line, colon + 1};
	}
	f->request.body = p ? p : "";
	f->request.body_len = p ? strlen(p) : 0;
}

static void request_file_done(struct request_file *f)
{
	free(f->text);
	strlist_done(&f->owned);
}

static void assert_text(const char *name, const char *what, const char *got, const char *want)
{
	AUTO(str) char *trimmed = xstrdup(want);
	size_t n = strlen(trimmed);

	while (n && (trimmed[n - 1] == '\n' || trimmed[n - 1] == '\r'))
		trimmed[--n] = '\0';
	if (strcmp(got, trimmed) != 0)
		fail_msg("%s: %s\n--- got\n%s\n--- want\n%s", name, what, got, trimmed);
}

/* Header lines and query parameters as sorted lists: their order is free. */
static char *sorted(struct strlist *l)
{
	struct buf b = BUF_INIT(BUF_MAX_TEXT);

	strlist_sort(l);
	for (size_t i = 0; i < l->n; i++)
		buf_addf(&b, "%s\n", l->items[i]);
	return buf_take(&b);
}

static char *sorted_parts(const struct request_file *f, const char *query, const struct strmap *added)
{
	AUTO(strlist) struct strlist parts = {0};

	for (size_t i = 0; i < f->request.n_headers; i++) {
		AUTO(str) char *name = xstrdup(f->request.headers[i].name);

		str_lower(name);
		strlist_take(&parts, xasprintf("%s:%s", name, f->request.headers[i].value));
	}
	for (size_t i = 0; added && i < added->n; i++) {
		AUTO(str) char *name = xstrdup(added->items[i].name);

		str_lower(name);
		strlist_take(&parts, xasprintf("%s:%s", name, added->items[i].value));
	}
	strlist_split(&parts, query ? query : "", '&');
	return sorted(&parts);
}

struct vector {
	const char *name, *dir;
	struct request_file file;
	struct sigv4_params params;
};

static void check_signed_request(struct vector *v, bool in_query)
{
	AUTO(str) char *want = vector_read(v->dir, in_query ? "query-signed-request.txt" : "header-signed-request.txt");
	AUTO(strmap) struct strmap added = {0};
	AUTO(buf) struct buf query = BUF_INIT(BUF_MAX_TEXT);
	struct request_file signed_file = {0};

	if (in_query)
		assert_int_equal(sigv4_sign_query(&v->file.request, &v->params, &query, NULL), 0);
	else
		assert_int_equal(sigv4_sign_headers(&v->file.request, &v->params, &added, NULL), 0);
	if (!want)
		return;
	request_file_parse(&signed_file, want);

	AUTO(str) char *got_parts = sorted_parts(&v->file, in_query ? buf_str(&query) : v->file.request.query, &added);
	AUTO(str) char *want_parts = sorted_parts(&signed_file, signed_file.request.query, NULL);
	if (strcmp(got_parts, want_parts) != 0)
		fail_msg("%s: signed request\n--- got\n%s--- want\n%s", v->name, got_parts, want_parts);

	/* And what was signed passes our own verification, the wrong secret does not. */
	struct sigv4_auth auth = {0};
	struct err err = {0};

	assert_int_equal(sigv4_auth_parse(&signed_file.request, &auth, &err), 0);
	assert_string_equal(auth.access_key, v->params.access_key);
	if (v->params.normalize_path && !v->params.omit_session_token) {
		if (sigv4_auth_check(&auth, &signed_file.request, v->params.secret_key, &err))
			fail_msg("%s: %s: %s", v->name, in_query ? "query" : "header", err.msg);
		assert_int_equal(sigv4_auth_check(&auth, &signed_file.request, "wrong", &err), -ERR_AUTH);
		assert_string_equal(err.aws_code, "SignatureDoesNotMatch");
	}
	assert_int_equal(sigv4_auth_check_time(&auth, v->params.time_ms + 60000, NULL), 0);
	sigv4_auth_done(&auth);
	request_file_done(&signed_file);
}

static void check_form(struct vector *v, bool in_query)
{
	const char *prefix = in_query ? "query" : "header";
	char name[64], signature[65];
	AUTO(buf) struct buf canonical = BUF_INIT(BUF_MAX_TEXT);
	AUTO(buf) struct buf names = BUF_INIT(BUF_MAX_TEXT);
	AUTO(buf) struct buf to_sign = BUF_INIT(BUF_MAX_TEXT);

	snprintf(name, sizeof(name), "%s-canonical-request.txt", prefix);
	AUTO(str) char *want_canonical = vector_read(v->dir, name);
	snprintf(name, sizeof(name), "%s-string-to-sign.txt", prefix);
	AUTO(str) char *want_to_sign = vector_read(v->dir, name);
	snprintf(name, sizeof(name), "%s-signature.txt", prefix);
	AUTO(str) char *want_signature = vector_read(v->dir, name);

	if (!want_signature && !want_canonical)
		return;
	assert_int_equal(sigv4_canonical_request(&v->file.request, &v->params, in_query, &canonical, &names, NULL), 0);
	if (want_canonical)
		assert_text(v->name, "canonical request", buf_str(&canonical), want_canonical);
	assert_int_equal(sigv4_string_to_sign(&v->params, buf_str(&canonical), &to_sign), 0);
	if (want_to_sign)
		assert_text(v->name, "string to sign", buf_str(&to_sign), want_to_sign);
	sigv4_signature(&v->params, buf_str(&to_sign), signature);
	if (want_signature)
		assert_text(v->name, "signature", signature, want_signature);
	check_signed_request(v, in_query);
}

static void check_case(const char *name, const char *dir)
{
	AUTO(json) json_t *context = vector_read_json(dir, "context.json");
	AUTO(str) char *text = vector_read(dir, "request.txt");
	const json_t *keys = json_object_get(context, "credentials");
	struct vector v = {.name = name, .dir = dir};

	if (!context || !text)
		fail_msg("%s: no context.json or request.txt", dir);
	request_file_parse(&v.file, text);
	v.params = (struct sigv4_params){.access_key = json_get_str(keys, "access_key_id"),
					 .secret_key = json_get_str(keys, "secret_access_key"),
					 .session_token = json_get_str(keys, "token"),
					 .region = json_get_str(context, "region"),
					 .service = json_get_str(context, "service"),
					 .normalize_path = json_get_bool(context, "normalize", true),
					 .double_encode = json_get_bool(context, "normalize", true),
					 .sign_body_header = json_get_bool(context, "sign_body", false),
					 .omit_session_token = json_get_bool(context, "omit_session_token", false),
					 .expires_s = json_get_i64(context, "expiration_in_seconds", 3600)};
	assert_true(timefmt_parse_iso(json_get_str(context, "timestamp"), &v.params.time_ms));
	check_form(&v, false);
	check_form(&v, true);
	request_file_done(&v.file);
}

static void test_published_cases(void **state)
{
	AUTO(str) char *root = vectors_folder("sigv4");
	AUTO(strlist) struct strlist suites = {0};
	size_t n_cases = 0;

	if (!root)
		skip();
	vector_cases(root, &suites);
	for (size_t i = 0; i < suites.n; i++) {
		AUTO(str) char *suite = fs_join(root, suites.items[i]);
		AUTO(strlist) struct strlist cases = {0};

		vector_cases(suite, &cases);
		for (size_t k = 0; k < cases.n; k++) {
			AUTO(str) char *dir = fs_join(suite, cases.items[k]);

			check_case(cases.items[k], dir);
			n_cases++;
		}
	}
	print_message("# %zu signing cases\n", n_cases);
	assert_true(n_cases > 0);
}

/* "Signature Calculations for the Authorization Header", Amazon S3 API Reference:
 * GET Object and PUT Object examples. */
static void test_s3_documented_examples(void **state)
{
	struct sigv4_header get_headers[] = {{"Host", "examplebucket.s3.amazonaws.com"}, {"Range", "bytes=0-9"}};
	struct sigv4_request get = {.method = "GET", .path = "/test.txt", .headers = get_headers, .n_headers = 2};
	struct sigv4_header put_headers[] = {{"Host", "examplebucket.s3.amazonaws.com"},
					     {"Date", "Fri, 24 May 2013 00:00:00 GMT"},
					     {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
	struct sigv4_request put = {.method = "PUT",
				    .path = "/test%24file.text",
				    .headers = put_headers,
				    .n_headers = 3,
				    .body = "Welcome to Amazon S3.",
				    .body_len = 21};
	struct sigv4_params p = {.access_key = "AKIAIOSFODNN7EXAMPLE",
				 .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
				 .region = "us-east-1",
				 .service = "s3",
				 .time_ms = 1369353600000,
				 .sign_body_header = true};
	AUTO(strmap) struct strmap a = {0};
	AUTO(strmap) struct strmap b = {0};

	assert_int_equal(sigv4_sign_headers(&get, &p, &a, NULL), 0);
	assert_non_null(strstr(strmap_get(&a, "Authorization"),
			       "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"));
	assert_int_equal(sigv4_sign_headers(&put, &p, &b, NULL), 0);
	assert_non_null(strstr(strmap_get(&b, "Authorization"),
			       "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
}

/* S3's canonical path does not depend on how the client spells it; dots and double
 * slashes are part of a key. */
static void test_s3_path_spellings(void **state)
{
	static const char *const paths[][2] = {
		{"/a b/c", "/a%20b/c"},	      {"/a%20b/c", "/a%20b/c"},		{"/%7ea", "/~a"},
		{"/a//b/../c", "/a//b/../c"}, {"/(x)!*'", "/%28x%29%21%2A%27"}, {"/%zz", "/%25zz"}};
	struct sigv4_params p = {.access_key = "A", .secret_key = "s", .region = "r", .service = "s3"};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct sigv4_request r = {.method = "GET", .path = paths[i][0]};
		AUTO(buf) struct buf canonical = BUF_INIT(BUF_MAX_TEXT);
		AUTO(buf) struct buf names = BUF_INIT(BUF_MAX_TEXT);
		AUTO(str) char *want = xasprintf("GET\n%s\n", paths[i][1]);

		assert_int_equal(sigv4_canonical_request(&r, &p, false, &canonical, &names, NULL), 0);
		assert_true(str_starts(buf_str(&canonical), want));
	}
}

/* Sign, verify, then change one thing at a time: every change is noticed. */
static void test_verification_notices_changes(void **state)
{
	struct sigv4_header base[] = {{"Host", "api.sagemaker.eu-west-1.amazonaws.com"},
				      {"X-Amz-Target", "SageMaker.Search"},
				      {"", ""},
				      {"", ""},
				      {"", ""}};
	struct sigv4_request r = {.method = "POST",
				  .path = "/a%20b/c",
				  .query = "b=2&a=1",
				  .headers = base,
				  .n_headers = 2,
				  .body = "{}",
				  .body_len = 2};
	struct sigv4_params p = {.access_key = "AK/ID",
				 .secret_key = "secret",
				 .session_token = "token+/=",
				 .region = "eu-west-1",
				 .service = "sagemaker",
				 .time_ms = 1440938160000,
				 .normalize_path = true,
				 .double_encode = true};
	AUTO(strmap) struct strmap added = {0};
	AUTO(sigv4_auth) struct sigv4_auth a = {0};
	struct err err = {0};

	assert_int_equal(sigv4_sign_headers(&r, &p, &added, NULL), 0);
	for (size_t i = 0; i < added.n; i++)
		base[r.n_headers++] = (struct sigv4_header){added.items[i].name, added.items[i].value};
	assert_int_equal(sigv4_auth_parse(&r, &a, &err), 0);
	assert_string_equal(a.access_key, "AK/ID");
	assert_string_equal(a.region, "eu-west-1");
	assert_string_equal(a.session_token, "token+/=");
	assert_int_equal(sigv4_auth_check(&a, &r, "secret", &err), 0);
	r.query = "a=1&b=2"; /* order is free */
	assert_int_equal(sigv4_auth_check(&a, &r, "secret", &err), 0);
	r.query = "a=1&b=3";
	assert_int_equal(sigv4_auth_check(&a, &r, "secret", &err), -ERR_AUTH);
	r.query = "a=1&b=2";
	r.body = "[]";
	assert_int_equal(sigv4_auth_check(&a, &r, "secret", NULL), -ERR_AUTH);
	r.body = "{}";
	r.method = "GET";
	assert_int_equal(sigv4_auth_check(&a, &r, "secret", NULL), -ERR_AUTH);
	r.method = "POST";
	base[1].value = "SageMaker.CreateTrainingJob";
	assert_int_equal(sigv4_auth_check(&a, &r, "secret", NULL), -ERR_AUTH);

	err_clear(&err);
	assert_int_equal(sigv4_auth_check_time(&a, p.time_ms + SIGV4_MAX_SKEW_MS + 1, &err), -ERR_EXPIRED);
	assert_string_equal(err.aws_code, "RequestTimeTooSkewed");
}

static void test_malformed_signatures(void **state)
{
	static const struct {
		const char *authorization, *date, *code;
	} rows[] = {
		{NULL, NULL, "MissingAuthenticationToken"},
		{"", NULL, "IncompleteSignature"},
		{"AWS4-HMAC-SHA256", NULL, "IncompleteSignature"},
		{"AWS4-HMAC-SHA256X Credential=a", NULL, "IncompleteSignature"},
		{"AWS4-HMAC-SHA256 Credential=AK/20150830/r/s/aws4_request, SignedHeaders=host", "20150830T123600Z",
		 "IncompleteSignature"},
		{"AWS4-HMAC-SHA256 Credential=AK/r/s/aws4_request, SignedHeaders=host, Signature=00",
		 "20150830T123600Z", "IncompleteSignature"},
		{"AWS4-HMAC-SHA256 Credential=AK/20150830/r/s/aws4_request, SignedHeaders=host, Signature=00",
		 "20150830T123600Z", "IncompleteSignature"},
		{"AWS4-HMAC-SHA256 Credential=AK/20150830/r/s/aws4_request, SignedHeaders=host, Signature=00",
		 "yesterday", "IncompleteSignature"},
		{"AWS4-HMAC-SHA256 Credential=AK/20150830/r/s/aws4_request, SignedHeaders=date, "
		 "Signature=0000000000000000000000000000000000000000000000000000000000000000",
		 "20150830T123600Z", "IncompleteSignature"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sigv4_header h[] = {{"Host", "x"},
					   {"X-Amz-Date", str_or(rows[i].date, "")},
					   {"Authorization", rows[i].authorization}};
		struct sigv4_request r = {
			.method = "POST", .path = "/", .headers = h, .n_headers = rows[i].authorization ? 3 : 2};
		AUTO(sigv4_auth) struct sigv4_auth a = {0};
		struct err err = {0};

		assert_int_equal(sigv4_auth_parse(&r, &a, &err), -ERR_AUTH);
		assert_string_equal(err.aws_code, rows[i].code);
	}
}

static void test_presigned_expires(void **state)
{
	struct sigv4_header h[] = {{"Host", "b.s3.amazonaws.com"}};
	struct sigv4_request r = {
		.method = "GET", .path = "/a%2Fb", .headers = h, .n_headers = 1, .payload_hash = "UNSIGNED-PAYLOAD"};
	struct sigv4_params p = {.access_key = "A",
				 .secret_key = "s",
				 .region = "r",
				 .service = "s3",
				 .time_ms = 1440938160000,
				 .expires_s = 60};
	AUTO(buf) struct buf query = BUF_INIT(BUF_MAX_TEXT);
	AUTO(sigv4_auth) struct sigv4_auth a = {0};
	struct err err = {0};

	assert_int_equal(sigv4_sign_query(&r, &p, &query, NULL), 0);
	r.query = buf_str(&query);
	r.payload_hash = NULL;
	assert_int_equal(sigv4_auth_parse(&r, &a, &err), 0);
	assert_true(a.in_query);
	assert_int_equal(sigv4_auth_check(&a, &r, "s", &err), 0);
	assert_int_equal(sigv4_auth_check_time(&a, p.time_ms + 59999, &err), 0);
	assert_int_equal(sigv4_auth_check_time(&a, p.time_ms + 60001, &err), -ERR_EXPIRED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_cases),	     cmocka_unit_test(test_s3_documented_examples),
		cmocka_unit_test(test_s3_path_spellings),    cmocka_unit_test(test_verification_notices_changes),
		cmocka_unit_test(test_malformed_signatures), cmocka_unit_test(test_presigned_expires),
	};

	return cmocka_run_group_tests_name("sigv4", tests, NULL, NULL);
}
