/* Where credentials come from: the published cases, their recorded traffic replayed. */
#include "unit.h"

#include "aws/cred_job.h"
#include "base/digest.h"
#include "base/proc.h"
#include "base/timefmt.h"
#include "vectors.h"

/* --- a machine that consists of a vector's files ------------------------------------------ */

struct exchange {
	const char *method, *uri;
	const json_t *request_headers;
	char *request_body;
	int status; /* 0: no reply */
	struct http_header headers[16];
	size_t n_headers;
	char *body;
};

struct machine {
	const json_t *env;
	const json_t *files;		   /* path -> text, or NULL */
	const char *then_path, *then_text; /* a file that changes with the first exchange */
	char *root;			   /* or: folder that stands for / */
	struct exchange exchanges[16];
	size_t n_exchanges, next;
	char *written, *mismatch;
	int64_t now_ms;
	const char *mfa_code;
	int mfa_asked;
	bool no_instance; /* the case is about a profile; what the chain asks after it is not recorded */
};

static const char *fake_env(void *user, const char *name)
{
	const struct machine *m = user;

	return json_get_str(m->env, name);
}

static int fake_read(void *user, const char *path, struct buf *out, struct err *err)
{
	const struct machine *m = user;
	const char *text = m->files ? json_get_str(m->files, path) : NULL;
	AUTO(str) char *real = m->root ? xasprintf("%s%s", m->root, path) : NULL;

	if (text)
		return buf_adds(out, text);
	if (real && fs_exists(real))
		return fs_read(real, out, err);
	return err_set(err, ERR_NOTFOUND, "failed to read `%s`: No such file or directory", path);
}

static int fake_write(void *user, const char *path, const void *data, size_t n, struct err *err)
{
	struct machine *m = user;

	free(m->written);
	m->written = xstrndup(data, n);
	return 0;
}

static int64_t fake_now(void *user)
{
	const struct machine *m = user;

	return m->now_ms;
}

static void fake_mfa(void *user, const char *serial, void (*fn)(void *fn_user, const char *code), void *fn_user)
{
	struct machine *m = user;

	m->mfa_asked++;
	fn(fn_user, m->mfa_code);
}

/* We run the words without a shell. Some of the vectors want one, for a pipe
 * to `base64 --decode`: that much of a shell is played here. */
static void fake_run(void *user, const char *const *argv, aws_process_fn *fn, void *fn_user)
{
	AUTO(buf) struct buf out = BUF_INIT(1 << 20);
	const char *head[16];
	int status = 0;
	size_t n = 0;

	while (argv[n] && strcmp(argv[n], "|") != 0 && n < 15) {
		head[n] = argv[n];
		n++;
	}
	head[n] = NULL;
	assert_int_equal(proc_run(head, 10000, &out, &status, NULL), 0);
	if (argv[n]) {
		AUTO(buf) struct buf plain = BUF_INIT(1 << 20);

		assert_string_equal(argv[n + 1], "base64");
		str_trim(out.data);
		out.data[strcspn(out.data, "\n")] = '\0';
		assert_int_equal(base64_decode(out.data, &plain, NULL), 0);
		fn(fn_user, status, buf_str(&plain), plain.len, NULL);
		return;
	}
	fn(fn_user, status, buf_str(&out), out.len, NULL);
}

/* "http://host" is "http://host/"; the order of query parameters is free. */
static bool same_uri(const char *a, const char *b)
{
	AUTO(strlist) struct strlist x = {0};
	AUTO(strlist) struct strlist y = {0};
	size_t an = strcspn(a, "?"), bn = strcspn(b, "?");

	while (an && a[an - 1] == '/' && !a[an])
		an--;
	while (bn && b[bn - 1] == '/' && !b[bn])
		bn--;
	if (an != bn || strncmp(a, b, an) != 0)
		return false;
	strlist_split(&x, a + strcspn(a, "?"), '&');
	strlist_split(&y, b + strcspn(b, "?"), '&');
	for (size_t i = 0; i < x.n; i++)
		if (x.items[i][0] == '?')
			memmove(x.items[i], x.items[i] + 1, strlen(x.items[i]));
	for (size_t i = 0; i < y.n; i++)
		if (y.items[i][0] == '?')
			memmove(y.items[i], y.items[i] + 1, strlen(y.items[i]));
	strlist_sort(&x);
	strlist_sort(&y);
	if (x.n != y.n)
		return false;
	for (size_t i = 0; i < x.n; i++)
		if (strcmp(x.items[i], y.items[i]) != 0)
			return false;
	return true;
}

static const char *form_value(const char *form, const char *name, size_t *ret_n)
{
	size_t n = strlen(name);

	for (const char *p = form; p && *p;) {
		if (!strncmp(p, name, n) && p[n] == '=') {
			*ret_n = strcspn(p + n + 1, "&");
			return p + n + 1;
		}
		p = strchr(p, '&');
		if (p)
			p++;
	}
	return NULL;
}

/* Headers that carry a secret or a setting, and the form's members that a vector fixes. */
static bool same_request(const struct exchange *e, const struct http_request *r)
{
	static const char *const headers[] = {"x-amz-sso_bearer_token", "x-aws-ec2-metadata-token",
					      "x-aws-ec2-metadata-token-ttl-seconds", "accept"};
	static const char *const members[] = {"Action", "Version", "ExternalId"};

	if (strcmp(e->method, r->method) != 0 || !same_uri(e->uri, r->url))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		const char *want =
			json_string_value(json_array_get(json_object_get(e->request_headers, headers[i]), 0));
		const char *got = NULL;

		for (size_t k = 0; k < r->n_headers; k++)
			if (str_ieq(r->headers[k].name, headers[i]))
				got = r->headers[k].value;
		if (want && !str_eq(want, got))
			return false;
	}
	for (size_t i = 0; e->request_body && *e->request_body && i < ARRAY_LEN(members); i++) {
		size_t want_n = 0, got_n = 0;
		const char *want = form_value(e->request_body, members[i], &want_n);
		const char *got = form_value(r->body, members[i], &got_n);

		if (want && (!got || want_n != got_n || strncmp(want, got, got_n) != 0))
			return false;
	}
	return true;
}

static void fake_send(void *user, const struct http_request *r, http_reply_fn *fn, void *fn_user)
{
	struct machine *m = user;
	struct http_reply reply = {.body = ""};
	struct exchange *e;
	struct err err = {0};

	if (m->no_instance && strstr(r->url, "169.254.169.254")) {
		err_set(&err, ERR_TIMEOUT, "timed out");
		fn(fn_user, &reply, &err);
		return;
	}
	if (m->next == m->n_exchanges || !same_request(&m->exchanges[m->next], r)) {
		free(m->mismatch);
		m->mismatch = xasprintf("%s %s %.*s", r->method, r->url, (int)r->body_len,
					r->body ? (const char *)r->body : "");
		err_set(&err, ERR_NET, "no such request was recorded");
		fn(fn_user, &reply, &err);
		return;
	}
	e = &m->exchanges[m->next++];
	if (m->then_path && m->next == 1)
		json_object_set_new((json_t *)m->files, m->then_path, json_string(m->then_text));
	if (!e->status) {
		err_set(&err, ERR_TIMEOUT, "timed out");
		fn(fn_user, &reply, &err);
		return;
	}
	reply = (struct http_reply){.status = e->status,
				    .body = e->body ? e->body : "",
				    .len = e->body ? strlen(e->body) : 0,
				    .headers = e->headers,
				    .n_headers = e->n_headers,
				    .sent_ms = m->now_ms,
				    .received_ms = m->now_ms};
	fn(fn_user, &reply, NULL);
}

static struct aws_io machine_io(struct machine *m)
{
	return (struct aws_io){.env = fake_env,
			       .read_file = fake_read,
			       .write_file = fake_write,
			       .run = fake_run,
			       .send = fake_send,
			       .now_ms = fake_now,
			       .ask_mfa = fake_mfa,
			       .user = m};
}

static void add_data(char **text, const json_t *data)
{
	AUTO(str) char *old = *text;
	const char *more = json_get_str(data, "Utf8");

	*text = xasprintf("%s%s", old ? old : "", more ? more : "");
}

static void machine_load_traffic(struct machine *m, const json_t *traffic)
{
	size_t i;
	json_t *event;

	json_array_foreach(json_object_get(traffic, "events"), i, event)
	{
		const json_t *action = json_object_get(event, "action");
		const json_t *request = json_path_get(action, "Request.request");
		const json_t *response = json_path_get(action, "Response.response.Ok");
		const json_t *data = json_object_get(action, "Data");
		struct exchange *e = m->n_exchanges ? &m->exchanges[m->n_exchanges - 1] : NULL;

		if (request) {
			assert_true(m->n_exchanges < ARRAY_LEN(m->exchanges));
			m->exchanges[m->n_exchanges++] =
				(struct exchange){.method = json_get_str(request, "method"),
						  .uri = json_get_str(request, "uri"),
						  .request_headers = json_object_get(request, "headers")};
		} else if (response) {
			const char *name;
			json_t *values;

			e->status = (int)json_get_i64(response, "status", 0);
			json_object_foreach(json_object_get(response, "headers"), name,
					    values) if (e->n_headers < ARRAY_LEN(e->headers))
				e->headers[e->n_headers++] =
				(struct http_header){name, json_string_value(json_array_get(values, 0))};
		} else if (data && e) {
			bool reply = str_eq(json_get_str(data, "direction"), "Response");

			add_data(reply ? &e->body : &e->request_body, json_object_get(data, "data"));
		}
	}
}

static void machine_done(struct machine *m)
{
	for (size_t i = 0; i < m->n_exchanges; i++) {
		free(m->exchanges[i].body);
		free(m->exchanges[i].request_body);
	}
	free(m->root);
	free(m->written);
	free(m->mismatch);
}

struct result {
	bool done;
	struct aws_credentials *credentials;
	struct err err;
};

static void on_result(void *user, struct aws_credentials *c, const struct err *err)
{
	struct result *r = user;

	assert_false(r->done);
	r->done = true;
	r->credentials = c;
	if (err)
		r->err = *err;
}

static void resolve(struct machine *m, const char *profile, struct result *r)
{
	struct aws_io io = machine_io(m);
	AUTO(aws_config) struct aws_config config = {0};
	struct cred_job *job;

	if (aws_config_load(&config, &io, profile, NULL, &r->err)) {
		r->done = true;
		return;
	}
	cred_resolve(&config, on_result, r, &job);
	assert_true(r->done);
}

/* --- whole cases --------------------------------------------------------------------------- */

/* How a message of ours reads for what a vector asks, where its words are those of
 * another program's error types. */
static const char *our_words(const char *want)
{
	static const char *const same[][2] = {
		{"the credential provider was not enabled", NULL},
		{"provider was not enabled", NULL},
		{"No such file or directory (os error 2)", "No such file or directory"},
	};
	static char text[512];
	const char *cut;

	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		if (!strcmp(want, same[i][0]))
			return same[i][1] ? same[i][1] : "";
	cut = strstr(want, " (os error");
	str_copy(text, sizeof(text), want);
	if (cut)
		text[cut - want] = '\0';
	return text;
}

static void check_text(const char *name, const char *what, const char *got, const char *want)
{
	if (want && !str_eq(got, want))
		fail_msg("%s: %s is '%s', not '%s'", name, what, got ? got : "(none)", want);
}

static void check_case(const char *name, const char *dir, bool profile_only)
{
	AUTO(json) json_t *env = vector_read_json(dir, "env.json");
	AUTO(json) json_t *traffic = vector_read_json(dir, "http-traffic.json");
	AUTO(json) json_t *test = vector_read_json(dir, "test-case.json");
	const json_t *ok = json_path_get(test, "result.Ok");
	const char *error = json_get_str(json_object_get(test, "result"), "ErrorContains");
	struct machine m = {
		.env = env, .root = fs_join(dir, "fs"), .now_ms = 1500000000000, .no_instance = profile_only};
	struct result r = {0};

	machine_load_traffic(&m, traffic);
	resolve(&m, NULL, &r);
	if (ok) {
		if (!r.credentials)
			fail_msg("%s: %s (last request without a record: %s)", name, r.err.msg,
				 m.mismatch ? m.mismatch : "none");
		check_text(name, "access key", r.credentials->access_key, json_get_str(ok, "access_key_id"));
		check_text(name, "secret", r.credentials->secret_key, json_get_str(ok, "secret_access_key"));
		check_text(name, "session token", r.credentials->session_token, json_get_str(ok, "session_token"));
		check_text(name, "account", r.credentials->account_id, json_get_str(ok, "account_id"));
		if (json_object_get(ok, "expiry") && r.credentials->expires_ms / 1000 != json_get_i64(ok, "expiry", 0))
			fail_msg("%s: expires at %lld", name, (long long)r.credentials->expires_ms);
	} else {
		if (r.credentials || !strstr(r.err.msg, our_words(error)))
			fail_msg("%s: '%s', not '%s'", name, r.err.msg, error);
	}
	if (m.mismatch)
		fail_msg("%s: a request that was not recorded: %s", name, m.mismatch);
	if (m.next != m.n_exchanges)
		fail_msg("%s: only %zu of %zu requests were made", name, m.next, m.n_exchanges);
	aws_credentials_free(r.credentials);
	machine_done(&m);
}

static void check_folder(const char *sub, bool profile_only)
{
	AUTO(str) char *root = vectors_folder(sub);
	AUTO(strlist) struct strlist cases = {0};

	if (!root)
		skip();
	vector_cases(root, &cases);
	for (size_t i = 0; i < cases.n; i++) {
		AUTO(str) char *dir = fs_join(root, cases.items[i]);

		check_case(cases.items[i], dir, profile_only);
	}
	print_message("# %s: %zu cases\n", sub, cases.n);
	assert_true(cases.n > 0);
}

static void test_chain_cases(void **state)
{
	check_folder("credentials/chain", false);
}

static void test_profile_cases(void **state)
{
	check_folder("credentials/profile", true);
}

/* --- plans: the assume-role cases -------------------------------------------------------------- */

/* The vector's profiles as a config file. */
static char *profiles_text(const json_t *input)
{
	struct buf text = BUF_INIT(BUF_MAX_TEXT);

	static const char *const kinds[][2] = {{"profiles", "profile"}, {"sso_sessions", "sso-session"}};

	for (size_t i = 0; i < 2; i++) {
		const char *name, *key;
		json_t *section, *value;

		json_object_foreach(json_object_get(input, kinds[i][0]), name, section)
		{
			buf_addf(&text, "[%s %s]\n", kinds[i][1], name);
			json_object_foreach(section, key, value)
				buf_addf(&text, "%s = %s\n", key, json_string_value(value));
		}
	}
	return buf_take(&text);
}

static void check_members(const char *docs, const json_t *want, const struct ini_section *profile,
			  const struct ini_section *session)
{
	static const char *const names[][2] = {{"access_key_id", "aws_access_key_id"},
					       {"secret_access_key", "aws_secret_access_key"},
					       {"account_id", "aws_account_id"}};
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)want, key, value)
	{
		const char *property = key, *got;

		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (!strcmp(key, names[i][0]))
				property = names[i][1];
		got = ini_get(profile, property);
		if (!got && session)
			got = ini_get(session, property);
		check_text(docs, key, got, json_string_value(value));
	}
}

static void check_plan(const char *docs, const struct cred_plan *p, const json_t *chain)
{
	static const struct {
		const char *name;
		enum cred_base base;
	} bases[] = {{"AccessKey", CRED_BASE_KEYS},
		     {"WebIdentityToken", CRED_BASE_WEB_IDENTITY},
		     {"Sso", CRED_BASE_SSO},
		     {"CredentialProcess", CRED_BASE_PROCESS}};
	const json_t *first = json_array_get(chain, 0);
	const char *named = json_get_str(first, "NamedSource");
	bool found = false;

	if (json_array_size(chain) != p->n_roles + 1)
		fail_msg("%s: %zu roles", docs, p->n_roles);
	if (named) {
		enum cred_base want = !strcmp(named, "Environment")    ? CRED_BASE_ENVIRONMENT
				      : !strcmp(named, "EcsContainer") ? CRED_BASE_CONTAINER
								       : CRED_BASE_INSTANCE;
		assert_int_equal(p->base, want);
		found = true;
	}
	for (size_t i = 0; i < ARRAY_LEN(bases); i++) {
		const json_t *want = json_object_get(first, bases[i].name);

		if (!want)
			continue;
		found = true;
		if (p->base != bases[i].base)
			fail_msg("%s: base %d, not %s", docs, (int)p->base, bases[i].name);
		check_members(docs, want, p->profile, p->sso_session);
	}
	if (!found)
		fail_msg("%s: a base that this test does not know", docs);
	for (size_t i = 0; i < p->n_roles; i++)
		check_members(docs, json_object_get(json_array_get(chain, i + 1), "AssumeRole"), p->roles[i], NULL);
}

static void test_assume_role_cases(void **state)
{
	AUTO(str) char *dir = vectors_folder("credentials");
	AUTO(json) json_t *tests = dir ? vector_read_json(dir, "assume-role-tests.json") : NULL;
	size_t i;
	json_t *t;

	if (!tests)
		skip();
	json_array_foreach(tests, i, t)
	{
		const char *docs = json_get_str(t, "docs");
		const json_t *input = json_object_get(t, "input"), *output = json_object_get(t, "output");
		const char *error = json_get_str(output, "Error");
		AUTO(str) char *text = profiles_text(input);
		AUTO(ini) struct ini ini = {0};
		struct cred_plan p = {0};
		struct err err = {0};
		int rc;

		assert_int_equal(ini_parse(&ini, text, strlen(text), INI_CONFIG_FILE, "vector", NULL), 0);
		rc = cred_plan_make(&ini, json_get_str(input, "selected_profile"), &p, &err);
		if (error) {
			if (!rc || !strstr(err.msg, error))
				fail_msg("%s: '%s', not '%s'", docs, err.msg, error);
		} else {
			if (rc)
				fail_msg("%s: %s", docs, err.msg);
			check_plan(docs, &p, json_object_get(output, "ProfileChain"));
		}
		cred_plan_done(&p);
	}
	print_message("# %zu assume-role cases\n", i);
	assert_true(i > 0);
}

/* --- endpoints of container and instance, file locations --------------------------------------- */

static void test_container_cases(void **state)
{
	AUTO(str) char *dir = vectors_folder("credentials");
	AUTO(json) json_t *file = dir ? vector_read_json(dir, "ecs-tests.json") : NULL;
	size_t i;
	json_t *t;

	if (!file)
		skip();
	json_array_foreach(json_object_get(file, "tests"), i, t)
	{
		struct machine m = {.env = json_object_get(t, "env")};
		struct aws_io io = machine_io(&m);
		const json_t *result = json_object_get(t, "result");
		AUTO(str) char *url = NULL;
		struct err err = {0};
		int rc = cred_container_url(&io, &url, &err);

		if (json_get_str(result, "Ok"))
			check_text(json_get_str(t, "docs"), "url", url, json_get_str(result, "Ok"));
		else if (!rc || !strstr(err.msg, json_get_str(result, "ErrorContains")))
			fail_msg("%s: '%s'", json_get_str(t, "docs"), err.msg);
	}
	assert_true(i > 0);
}

static void test_container_refuses_other_hosts(void **state)
{
	static const char *const bad[] = {"http://example.com/c",
					  "http://169.254.170.3/c",
					  "http://127.0.0.1.example.com/c",
					  "http://localhost@example.com/c",
					  "http://",
					  "http:///c",
					  "http://[fd00:ec2::24]/c",
					  "ftp://127.0.0.1/"};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(json) json_t *env = json_pack("{s:s}", "AWS_CONTAINER_CREDENTIALS_FULL_URI", bad[i]);
		struct machine m = {.env = env};
		struct aws_io io = machine_io(&m);
		AUTO(str) char *url = NULL;

		assert_int_equal(cred_container_url(&io, &url, NULL), -ERR_INVALID);
	}
}

static void test_instance_cases(void **state)
{
	AUTO(str) char *dir = vectors_folder("credentials/imds-config");
	AUTO(json) json_t *file = dir ? vector_read_json(dir, "imds-endpoint-tests.json") : NULL;
	size_t i;
	json_t *t;

	if (!file)
		skip();
	json_array_foreach(json_object_get(file, "tests"), i, t)
	{
		struct machine m = {.env = json_object_get(t, "env"), .files = json_object_get(t, "fs")};
		struct aws_io io = machine_io(&m);
		const json_t *result = json_object_get(t, "result");
		AUTO(aws_config) struct aws_config config = {0};
		AUTO(str) char *url = NULL;
		struct err err = {0};
		int rc;

		assert_int_equal(aws_config_load(&config, &io, NULL, NULL, &err), 0);
		rc = cred_imds_url(&config, json_get_str(t, "endpoint_override"), json_get_str(t, "mode_override"),
				   &url, &err);
		if (json_get_str(result, "Ok")) {
			AUTO(str) char *token_url = xasprintf("%s/latest/api/token", url ? url : "");

			check_text(json_get_str(t, "docs"), "url", token_url, json_get_str(result, "Ok"));
		} else if (!rc || !strstr(err.msg, json_get_str(result, "Err"))) {
			fail_msg("%s: '%s'", json_get_str(t, "docs"), err.msg);
		}
	}
	assert_true(i > 0);
}

static void test_file_locations(void **state)
{
	AUTO(str) char *dir = vectors_folder("config");
	AUTO(json) json_t *file = dir ? vector_read_json(dir, "file-location-tests.json") : NULL;
	size_t i, n = 0;
	json_t *t;

	if (!file)
		skip();
	json_array_foreach(json_object_get(file, "tests"), i, t)
	{
		struct machine m = {.env = json_object_get(t, "environment")};
		struct aws_io io = machine_io(&m);
		AUTO(str) char *config = aws_config_path(&io, INI_CONFIG_FILE);
		AUTO(str) char *credentials = aws_config_path(&io, INI_CREDENTIALS_FILE);

		if (!str_eq(json_get_str(t, "platform"), "linux"))
			continue;
		check_text(json_get_str(t, "name"), "config", config, json_get_str(t, "configLocation"));
		check_text(json_get_str(t, "name"), "credentials", credentials, json_get_str(t, "credentialsLocation"));
		n++;
	}
	assert_true(n > 0);
}

/* --- what the vectors leave open ------------------------------------------------------------------ */

static const char sso_config[] = "[profile p]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n"
				 "[sso-session s]\nsso_region = eu-west-1\nsso_start_url = https://x\n";

static void test_sso_token_is_renewed(void **state)
{
	char hex[41];
	AUTO(str) char *path = NULL;
	struct result r = {0};
	struct machine m = {.now_ms = 1790000000000};

	sha1_hex("s", 1, hex);
	path = xasprintf("/h/.aws/sso/cache/%s.json", hex);
	AUTO(json) json_t *env = json_pack("{s:s, s:s}", "HOME", "/h", "AWS_PROFILE", "p");
	AUTO(json)
	json_t *files = json_pack(
		"{s:s, s:s}", "/h/.aws/config", sso_config, path,
		"{\"accessToken\":\"old\",\"expiresAt\":\"2026-09-21T14:20:00Z\",\"refreshToken\":\"r1\","
		"\"clientId\":\"c\",\"clientSecret\":\"cs\",\"registrationExpiresAt\":\"2027-01-01T00:00:00Z\"}");

	m.env = env;
	m.files = files;
	m.exchanges[0] = (struct exchange){
		.method = "POST",
		.uri = "https://oidc.eu-west-1.amazonaws.com/token",
		.status = 200,
		.body = xstrdup("{\"accessToken\":\"new\",\"expiresIn\":28800,\"refreshToken\":\"r2\"}")};
	m.exchanges[1] = (struct exchange){
		.method = "GET",
		.uri = "https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?role_name=r&account_id=1",
		.status = 200,
		.body = xstrdup("{\"roleCredentials\":{\"accessKeyId\":\"A\",\"secretAccessKey\":\"S\","
				"\"sessionToken\":\"T\",\"expiration\":1790003600000}}")};
	m.n_exchanges = 2;
	resolve(&m, NULL, &r);
	if (!r.credentials)
		fail_msg("%s (%s)", r.err.msg, m.mismatch ? m.mismatch : "");
	assert_non_null(strstr(m.written, "\"accessToken\": \"new\""));
	assert_non_null(strstr(m.written, "\"refreshToken\": \"r2\""));
	assert_non_null(strstr(m.written, "2026-09-21T"));
	assert_int_equal(r.credentials->expires_ms, 1790003600000);
	aws_credentials_free(r.credentials);
	machine_done(&m);
}

/* Another tool renewed it between our reading and our asking: its renewal used ours up. */
static void test_sso_token_of_another_tool(void **state)
{
	static const char old[] =
		"{\"accessToken\":\"old\",\"expiresAt\":\"2026-09-21T14:20:00Z\",\"refreshToken\":\"r1\","
		"\"clientId\":\"c\",\"clientSecret\":\"cs\"}";
	char hex[41];
	struct result r = {0};
	struct machine m = {.now_ms = 1790005200000}; /* the old one has expired */

	sha1_hex("s", 1, hex);
	AUTO(str) char *path = xasprintf("/h/.aws/sso/cache/%s.json", hex);
	AUTO(json) json_t *env = json_pack("{s:s, s:s}", "HOME", "/h", "AWS_PROFILE", "p");
	AUTO(json) json_t *files = json_pack("{s:s, s:s}", "/h/.aws/config", sso_config, path, old);

	m.env = env;
	m.files = files;
	m.then_path = path;
	m.then_text = "{\"accessToken\":\"theirs\",\"expiresAt\":\"2026-09-21T23:00:00UTC\"}";
	m.exchanges[0] = (struct exchange){.method = "POST",
					   .uri = "https://oidc.eu-west-1.amazonaws.com/token",
					   .status = 400,
					   .body = xstrdup("{\"error\":\"invalid_grant\"}")};
	m.exchanges[1] = (struct exchange){
		.method = "GET",
		.uri = "https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?role_name=r&account_id=1",
		.status = 200,
		.body = xstrdup("{\"roleCredentials\":{\"accessKeyId\":\"A\",\"secretAccessKey\":\"S\","
				"\"sessionToken\":\"T\",\"expiration\":1790013600000}}")};
	m.n_exchanges = 2;
	resolve(&m, NULL, &r);
	if (!r.credentials)
		fail_msg("%s (%s)", r.err.msg, m.mismatch ? m.mismatch : "");
	assert_null(m.written);
	aws_credentials_free(r.credentials);
	machine_done(&m);
}

static void test_sso_expired_says_what_to_do(void **state)
{
	char hex[41];
	struct result r = {0};
	struct machine m = {.now_ms = 1790000000000};

	sha1_hex("s", 1, hex);
	AUTO(str) char *path = xasprintf("/h/.aws/sso/cache/%s.json", hex);
	AUTO(json) json_t *env = json_pack("{s:s, s:s}", "HOME", "/h", "AWS_PROFILE", "p");
	AUTO(json)
	json_t *files = json_pack("{s:s, s:s}", "/h/.aws/config", sso_config, path,
				  "{\"accessToken\":\"old\",\"expiresAt\":\"2020-06-17T10:02:08UTC\"}");

	m.env = env;
	m.files = files;
	resolve(&m, NULL, &r);
	assert_int_equal(r.err.code, ERR_EXPIRED);
	assert_non_null(strstr(r.err.msg, "run: aws sso login --profile p"));
	machine_done(&m);
}

static const char sts_reply[] =
	"<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><Arn>arn:aws:sts::42:assumed-role/r/s</Arn>"
	"</AssumedRoleUser><Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>S</SecretAccessKey>"
	"<SessionToken>T</SessionToken><Expiration>2026-09-21T15:00:00Z</Expiration></Credentials>"
	"</AssumeRoleResult></AssumeRoleResponse>";

static void mfa_machine(struct machine *m, json_t **env, json_t **files)
{
	*env = json_pack("{s:s, s:s}", "HOME", "/h", "AWS_REGION", "us-east-1");
	*files = json_pack("{s:s}", "/h/.aws/config",
			   "[profile p]\nrole_arn=arn:aws:iam::42:role/r\nsource_profile=b\nmfa_serial=arn:mfa\n"
			   "duration_seconds=3600\nexternal_id=e/1\n[profile b]\naws_access_key_id=AK\n"
			   "aws_secret_access_key=SK\n");
	m->env = *env;
	m->files = *files;
	m->now_ms = 1790000000000;
	m->exchanges[0] = (struct exchange){.method = "POST",
					    .uri = "https://sts.us-east-1.amazonaws.com/",
					    .request_body = xstrdup("Action=AssumeRole&ExternalId=e%2F1"),
					    .status = 200,
					    .body = xstrdup(sts_reply)};
	m->n_exchanges = 1;
}

static void test_mfa(void **state)
{
	AUTO(json) json_t *env = NULL;
	AUTO(json) json_t *files = NULL;
	struct machine m = {.mfa_code = "123456"};
	struct result r = {0}, refused = {0};

	mfa_machine(&m, &env, &files);
	resolve(&m, "p", &r);
	if (!r.credentials)
		fail_msg("%s", r.err.msg);
	assert_int_equal(m.mfa_asked, 1);
	assert_string_equal(r.credentials->account_id, "42");
	assert_non_null(strstr(r.credentials->source, "role arn:aws:iam::42:role/r of profile p"));
	aws_credentials_free(r.credentials);
	m.mfa_code = NULL;
	m.next = 0;
	resolve(&m, "p", &refused);
	assert_int_equal(refused.err.code, ERR_AUTH);
	assert_non_null(strstr(refused.err.msg, "no MFA code"));
	machine_done(&m);
}

/* Credentials that the AWS CLI got for an MFA code serve us, and the other way round. */
static void test_mfa_cache_of_the_cli(void **state)
{
	/* sha1 of {"DurationSeconds": 3600, "ExternalId": "e/1", "RoleArn": "arn:aws:iam::42:role/r",
	 * "SerialNumber": "arn:mfa"} as botocore computes it */
	static const char path[] = "/h/.aws/cli/cache/123b2ee03a3f36643eaab1468ce602e92584527d.json";
	static const char text[] =
		"{\"Credentials\": {\"AccessKeyId\": \"CLI\", \"SecretAccessKey\": \"S\", \"SessionToken\": \"T\", "
		"\"Expiration\": \"2026-09-21T15:00:00+00:00\"}, \"AssumedRoleUser\": {\"Arn\": "
		"\"arn:aws:sts::42:assumed-role/r/s\"}}";
	AUTO(json) json_t *env = NULL;
	AUTO(json) json_t *files = NULL;
	struct machine m = {.mfa_code = "1"};
	struct result a = {0}, b = {0};

	mfa_machine(&m, &env, &files);
	json_object_set_new(files, path, json_string(text));
	resolve(&m, "p", &a);
	assert_non_null(a.credentials);
	assert_string_equal(a.credentials->access_key, "CLI");
	assert_string_equal(a.credentials->account_id, "42");
	assert_int_equal(m.mfa_asked, 0);
	/* Too old: asked for, and written for the next time. */
	m.now_ms += 3 * 3600 * 1000;
	resolve(&m, "p", &b);
	assert_int_equal(m.mfa_asked, 1);
	assert_non_null(strstr(m.written, "\"AccessKeyId\":\"A\""));
	assert_non_null(strstr(m.written, "\"Expiration\":\"2026-09-21T15:00:00Z\""));
	aws_credentials_free(a.credentials);
	aws_credentials_free(b.credentials);
	machine_done(&m);
}

/* A profile that is asked for goes before keys in the environment; AWS_PROFILE does not. */
static void test_explicit_profile_beats_environment(void **state)
{
	AUTO(json)
	json_t *env = json_pack("{s:s, s:s, s:s, s:s}", "HOME", "/h", "AWS_ACCESS_KEY_ID", "env",
				"AWS_SECRET_ACCESS_KEY", "s", "AWS_PROFILE", "p");
	AUTO(json)
	json_t *files =
		json_pack("{s:s}", "/h/.aws/credentials", "[p]\naws_access_key_id=file\naws_secret_access_key=s\n");
	struct machine m = {.env = env, .files = files};
	struct result a = {0}, b = {0};

	resolve(&m, NULL, &a);
	assert_string_equal(a.credentials->access_key, "env");
	resolve(&m, "p", &b);
	assert_string_equal(b.credentials->access_key, "file");
	aws_credentials_free(a.credentials);
	aws_credentials_free(b.credentials);
	machine_done(&m);
}

static void test_process_failures(void **state)
{
	static const char *const rows[][2] = {
		{"false", "ended with status 1"},
		{"echo '{\"Version\":2}'", "\"Version\": 1"},
		{"echo '{\"Version\":1}'", "no AccessKeyId"},
		{"echo 'a", "credential_process of profile default:"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(str) char *config = xasprintf("[default]\ncredential_process = %s\n", rows[i][0]);
		AUTO(json) json_t *env = json_pack("{s:s}", "HOME", "/h");
		AUTO(json) json_t *files = json_pack("{s:s}", "/h/.aws/config", config);
		struct machine m = {.env = env, .files = files};
		struct result r = {0};

		resolve(&m, NULL, &r);
		if (r.credentials || !strstr(r.err.msg, rows[i][1]))
			fail_msg("%s: %s", rows[i][0], r.err.msg);
		machine_done(&m);
	}
}

/* --- the cache -------------------------------------------------------------------------------- */

struct waiter {
	int ready, failed;
};

static void on_ready(void *user, const struct err *err)
{
	struct waiter *w = user;

	if (err)
		w->failed++;
	else
		w->ready++;
}

static void test_cache_refreshes_ahead(void **state)
{
	AUTO(json) json_t *env = NULL;
	AUTO(json) json_t *files = NULL;
	struct machine m = {.mfa_code = "1"};
	struct aws_io io = machine_io(&m);
	AUTO(aws_config) struct aws_config config = {0};
	struct waiter w = {0};
	struct cred_cache *c;
	const struct aws_credentials *cred;

	mfa_machine(&m, &env, &files); /* expires at 15:00 */
	assert_int_equal(aws_config_load(&config, &io, "p", NULL, NULL), 0);
	c = cred_cache_new(&config, NULL, on_ready, &w);
	assert_null(cred_cache_source(c));
	cred = cred_cache_get(c);
	assert_non_null(cred);
	assert_int_equal(w.ready, 1);
	assert_ptr_equal(cred_cache_get(c), cred); /* one refresh for all */
	assert_int_equal(m.next, 1);

	/* 14 minutes before the end: renewed ahead, the failure is tolerated. */
	m.now_ms = cred->expires_ms - 14 * 60000;
	assert_ptr_equal(cred_cache_get(c), cred);
	assert_int_equal(w.failed, 0);
	assert_int_equal(m.mfa_asked, 2);
	/* ... and not asked for again at once. */
	assert_ptr_equal(cred_cache_get(c), cred);
	assert_int_equal(m.mfa_asked, 2);
	/* After the end there is nothing, and the error says why. */
	m.now_ms = cred->expires_ms + 1;
	assert_null(cred_cache_get(c));
	assert_int_equal(w.failed, 1);
	assert_true(cred_cache_error(c)->code != ERR_OK);
	/* The service rejects a key: forgotten, renewed. */
	m.next = 0;
	m.now_ms = 1790000000000;
	cred_cache_reject(c, "A");
	cred = cred_cache_get(c);
	assert_non_null(cred);
	cred_cache_free(c);
	machine_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chain_cases),
		cmocka_unit_test(test_profile_cases),
		cmocka_unit_test(test_assume_role_cases),
		cmocka_unit_test(test_container_cases),
		cmocka_unit_test(test_container_refuses_other_hosts),
		cmocka_unit_test(test_instance_cases),
		cmocka_unit_test(test_file_locations),
		cmocka_unit_test(test_sso_token_is_renewed),
		cmocka_unit_test(test_sso_token_of_another_tool),
		cmocka_unit_test(test_sso_expired_says_what_to_do),
		cmocka_unit_test(test_mfa),
		cmocka_unit_test(test_mfa_cache_of_the_cli),
		cmocka_unit_test(test_explicit_profile_beats_environment),
		cmocka_unit_test(test_process_failures),
		cmocka_unit_test(test_cache_refreshes_ahead),
	};

	return cmocka_run_group_tests_name("credentials", tests, NULL, NULL);
}
