/* Endpoints: the services' published rules and the configured overrides. */
#include "unit.h"

#include "aws/endpoint.h"
#include "vectors.h"

static const char *const folders[][2] = {{"sagemaker", "SAGEMAKER"},
					 {"logs", "CLOUDWATCH_LOGS"},
					 {"cloudwatch", "CLOUDWATCH"},
					 {"pricing", "PRICING"},
					 {"sts", "STS"},
					 {"iam", "IAM"},
					 {"scheduler", "SCHEDULER"},
					 {"s3", "S3"}};

/* NULL: none of ours. */
static const struct aws_service *service_of(const char *id)
{
	static const struct aws_service *const all[] = {&aws_sagemaker,
							&aws_logs,
							&aws_cloudwatch,
							&aws_sts,
							&aws_s3,
							&aws_pricing,
							&aws_iam,
							&aws_scheduler,
							&aws_ecr,
							&aws_sso,
							&aws_sso_oidc,
							&aws_cost_explorer,
							&aws_events,
							&aws_application_autoscaling,
							&aws_sagemaker_runtime};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (str_ieq(all[i]->id, id))
			return all[i];
	return NULL;
}

static void check_rule(const char *folder, const struct aws_service *s, const json_t *test)
{
	const json_t *params = json_object_get(test, "params"), *expect = json_object_get(test, "expect");
	const char *docs = json_get_str(test, "documentation");
	const char *url = json_get_str(json_object_get(expect, "endpoint"), "url"),
		   *error = json_get_str(expect, "error");
	const json_t *schemes = json_path_get(expect, "endpoint.properties.authSchemes");
	const char *signing = json_get_str(json_array_get(schemes, 0), "signingRegion");
	struct endpoint_params p = {.region = json_get_str(params, "Region"),
				    .fips = json_get_bool(params, "UseFIPS", false),
				    .dual_stack = json_get_bool(params, "UseDualStack", false),
				    .global_sts = json_get_bool(params, "UseGlobalEndpoint", false),
				    .override = json_get_str(params, "Endpoint")};
	AUTO(endpoint) struct endpoint e = {0};
	struct err err = {0};
	int rc = endpoint_resolve(s, &p, &e, &err);

	if (url) {
		if (rc || strcmp(e.url, url) != 0)
			fail_msg("%s: %s: %s, not %s", folder, docs, rc ? err.msg : e.url, url);
		if (signing && strcmp(e.signing_region, signing) != 0)
			fail_msg("%s: %s: signed for %s, not %s", folder, docs, e.signing_region, signing);
	} else if (!rc || !strstr(err.msg, error)) {
		fail_msg("%s: %s: '%s', not '%s'", folder, docs, rc ? err.msg : e.url, error);
	}
}

static void test_rules(void **state)
{
	AUTO(str) char *root = vectors_folder("endpoints");
	size_t n = 0;

	if (!root)
		skip();
	for (size_t f = 0; f < ARRAY_LEN(folders); f++) {
		AUTO(str) char *dir = fs_join(root, folders[f][0]);
		AUTO(json) json_t *file = vector_read_json(dir, "endpoint-tests-1.json");
		size_t i;
		json_t *t;

		json_array_foreach(json_object_get(file, "testCases"), i, t)
		{
			check_rule(folders[f][0], service_of(folders[f][1]), t);
			n++;
		}
	}
	print_message("# %zu endpoint rules\n", n);
	assert_true(n > 0);
}

/* --- overrides ----------------------------------------------------------------------------- */

static const char *env_get(void *user, const char *name)
{
	return json_get_str(user, name);
}

static int no_file(void *user, const char *path, struct buf *out, struct err *err)
{
	return err_set(err, ERR_NOTFOUND, "none");
}

static void add_sections(struct buf *text, const json_t *suite)
{
	const char *name, *key, *inner_key;
	json_t *section, *value, *inner;

	json_object_foreach(json_object_get(suite, "profiles"), name, section)
	{
		buf_addf(text, "[profile %s]\n", name);
		json_object_foreach(section, key, value) buf_addf(text, "%s = %s\n", key, json_string_value(value));
	}
	json_object_foreach(json_object_get(suite, "services"), name, section)
	{
		buf_addf(text, "[services %s]\n", name);
		json_object_foreach(section, key, value)
		{
			buf_addf(text, "%s =\n", key);
			json_object_foreach(value, inner_key, inner)
				buf_addf(text, "  %s = %s\n", inner_key, json_string_value(inner));
		}
	}
}

/* The vector's other services have no rules here: only what is configured counts. */
static char *resolve(struct aws_config *c, const char *service, const json_t *client)
{
	const char *explicit_url = json_get_str(client, "endpoint_url");
	const struct aws_service *s = service_of(service);
	AUTO(endpoint) struct endpoint e = {0};
	struct err err = {0};

	if (!s)
		return explicit_url ? xstrdup(explicit_url) : endpoint_configured(c, service);
	if (endpoint_for(c, s, c->region, explicit_url, &e, &err))
		fail_msg("%s", err.msg);
	return TAKE(e.url);
}

static void check_override(const json_t *suite, const json_t *t)
{
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
	AUTO(json)
	json_t *env =
		json_deep_copy(json_object_get(json_object_get(suite, "environments"), json_get_str(t, "environment")));
	const json_t *client =
		json_object_get(json_object_get(suite, "client_configs"), json_get_str(t, "client_config"));
	const char *want = json_get_str(json_object_get(t, "output"), "endpointUrl");
	struct aws_io io = {.env = env_get, .read_file = no_file, .user = env};
	AUTO(aws_config) struct aws_config c = {0};
	struct err err = {0};
	AUTO(str) char *service = xstrdup(json_get_str(t, "service"));

	add_sections(&text, suite);
	json_object_set_new(env, "HOME", json_string("/h"));
	/* A setting of the client object is one of the environment here. */
	if (json_get_bool(client, "ignore_configured_endpoint_urls", false))
		json_object_set_new(env, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", json_string("true"));
	assert_int_equal(aws_config_load(&c, &io, NULL, NULL, &err), 0);
	assert_int_equal(ini_parse(&c.ini, buf_str(&text), text.len, INI_CONFIG_FILE, "vector", &err), 0);
	str_set(&c.profile, json_get_str(t, "profile"));
	str_set(&c.region, aws_config_get(&c, "region"));
	for (char *p = service; *p; p++)
		*p = (char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p == '-' || *p == ' ' ? '_' : *p);

	AUTO(str) char *got = resolve(&c, service, client);
	if (!str_eq(got, want))
		fail_msg("%s: %s, not %s", json_get_str(t, "name"), got ? got : "(none)", want);
}

static void test_configured(void **state)
{
	AUTO(str) char *dir = vectors_folder("endpoints/configured_endpoint_urls");
	AUTO(json) json_t *file = dir ? vector_read_json(dir, "profile-tests.json") : NULL;
	size_t i, k, n = 0;
	json_t *suite, *t;

	if (!file)
		skip();
	json_array_foreach(json_object_get(file, "testSuites"), i, suite)
	{
		json_array_foreach(json_object_get(suite, "endpointUrlTests"), k, t)
		{
			check_override(suite, t);
			n++;
		}
	}
	print_message("# %zu configured endpoints\n", n);
	assert_true(n > 0);
}

static void test_sovereign_and_odd(void **state)
{
	static const struct {
		const struct aws_service *s;
		struct endpoint_params p;
		const char *url;
	} rows[] = {
		{&aws_sagemaker, {.region = "eusc-de-east-1"}, "https://api.sagemaker.eusc-de-east-1.amazonaws.eu"},
		{&aws_logs, {.region = "eusc-de-east-1"}, "https://logs.eusc-de-east-1.amazonaws.eu"},
		{&aws_s3, {.region = "eu-west-1"}, "https://s3.eu-west-1.amazonaws.com"},
		{&aws_s3, {.region = "eu-west-1", .dual_stack = true}, "https://s3.dualstack.eu-west-1.amazonaws.com"},
		{&aws_s3, {.region = "us-east-1", .fips = true}, "https://s3-fips.us-east-1.amazonaws.com"},
		{&aws_cost_explorer, {.region = "eu-west-1"}, "https://ce.us-east-1.amazonaws.com"},
		{&aws_ecr, {.region = "us-west-2"}, "https://api.ecr.us-west-2.amazonaws.com"},
		{&aws_ecr, {.region = "us-west-2", .fips = true}, "https://ecr-fips.us-west-2.amazonaws.com"},
		{&aws_sts, {.region = "x", .override = "http://127.0.0.1:99/base/"}, "http://127.0.0.1:99/base"},
	};
	static const struct endpoint_params bad[] = {
		{.region = "eu west"}, {.region = "a/b"}, {.region = "x", .override = "ftp://a"}, {.region = ""}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(endpoint) struct endpoint e = {0};

		assert_int_equal(endpoint_resolve(rows[i].s, &rows[i].p, &e, NULL), 0);
		assert_string_equal(e.url, rows[i].url);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(endpoint) struct endpoint e = {0};

		assert_int_equal(endpoint_resolve(&aws_sts, &bad[i], &e, NULL), -ERR_INVALID);
	}
	assert_string_equal(partition_of("us-gov-west-1"), "aws-us-gov");
	assert_string_equal(partition_of("eu-west-1"), "aws");
	assert_string_equal(partition_of("cn-north-1"), "aws-cn");
}

/* A name and a password in an address go nowhere: no host, no message. */
static void test_userinfo(void **state)
{
	static const char *const urls[][2] = {{"http://user:pw@host:1/", "http://host:1"},
					      {"https://u@host/a@b", "https://host/a@b"},
					      {"http://user:p@w@host", "http://host"},
					      {"http://host/x?y=a:b@c", "http://host/x?y=a:b@c"}};

	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct endpoint_params p = {.region = "eu-west-1", .override = urls[i][0]};
		AUTO(endpoint) struct endpoint e = {0};

		assert_int_equal(endpoint_resolve(&aws_s3, &p, &e, NULL), 0);
		assert_string_equal(e.url, urls[i][1]);
		assert_true(e.custom);
	}

	struct endpoint_params bad = {.region = "eu-west-1", .override = "user:pw@host"};
	AUTO(endpoint) struct endpoint e = {0};
	struct err err = {0};
	assert_true(endpoint_resolve(&aws_s3, &bad, &e, &err) < 0);
	assert_null(strstr(err.msg, "pw"));
	AUTO(str) char *text = str_hide_userinfo("proxy 'http://u:pw@p:1' for ftp://a:pw@b/c@d, x@y");
	assert_string_equal(text, "proxy 'http://p:1' for ftp://b/c@d, x@y");
}

/* The service has no published cases of its own at hand; its hosts are those of its rules. */
static void test_runtime(void **state)
{
	static const struct {
		const char *region;
		bool fips, dual;
		const char *url;
	} cases[] = {
		{"us-east-1", false, false, "https://runtime.sagemaker.us-east-1.amazonaws.com"},
		{"us-east-1", true, false, "https://runtime-fips.sagemaker.us-east-1.amazonaws.com"},
		{"us-gov-west-1", true, false, "https://runtime.sagemaker.us-gov-west-1.amazonaws.com"},
		{"cn-north-1", false, false, "https://runtime.sagemaker.cn-north-1.amazonaws.com.cn"},
		{"us-east-1", false, true, "https://runtime.sagemaker.us-east-1.api.aws"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct endpoint_params p = {
			.region = cases[i].region, .fips = cases[i].fips, .dual_stack = cases[i].dual};
		AUTO(endpoint) struct endpoint e = {0};

		assert_int_equal(endpoint_resolve(&aws_sagemaker_runtime, &p, &e, NULL), 0);
		assert_string_equal(e.url, cases[i].url);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runtime),		  cmocka_unit_test(test_rules),
		cmocka_unit_test(test_userinfo),	  cmocka_unit_test(test_configured),
		cmocka_unit_test(test_sovereign_and_odd),
	};

	return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
