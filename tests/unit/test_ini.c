/* The shared config and credentials files: the published cross-SDK cases. */
#include "unit.h"

#include "aws/ini.h"
#include "vectors.h"

static void compare_kind(const char *name, const struct ini *ini, enum ini_kind kind, const json_t *want)
{
	size_t found = 0;
	const char *section_name, *key;
	json_t *section, *value;

	for (size_t i = 0; i < ini->n; i++)
		found += ini->sections[i].kind == kind;
	if (found != json_object_size(want))
		fail_msg("%s: %zu sections, not %zu", name, found, json_object_size(want));
	json_object_foreach((json_t *)want, section_name, section)
	{
		const struct ini_section *s = ini_find(ini, kind, section_name);

		if (!s)
			fail_msg("%s: no section %s", name, section_name);
		if (s->values.n != json_object_size(section))
			fail_msg("%s: [%s] has %u values", name, section_name, s->values.n);
		json_object_foreach(section, key, value)
		{
			const char *got = ini_get(s, key);

			if (!got || strcmp(got, json_string_value(value)) != 0)
				fail_msg("%s: [%s] %s is '%s'", name, section_name, key, got ? got : "(none)");
		}
	}
}

static void check_case(const json_t *test)
{
	const char *name = json_get_str(test, "name");
	const json_t *input = json_object_get(test, "input"), *output = json_object_get(test, "output");
	const char *config = json_get_str(input, "configFile"), *credentials = json_get_str(input, "credentialsFile");
	const char *error = json_get_str(output, "errorContaining");
	AUTO(ini) struct ini ini = {0};
	struct err err = {0};
	int rc = 0;

	if (config)
		rc = ini_parse(&ini, config, strlen(config), INI_CONFIG_FILE, "config", &err);
	if (!rc && credentials)
		rc = ini_parse(&ini, credentials, strlen(credentials), INI_CREDENTIALS_FILE, "credentials", &err);
	if (error) {
		if (!rc || !strstr(err.msg, error))
			fail_msg("%s: error '%s'", name, err.msg);
		return;
	}
	if (rc)
		fail_msg("%s: %s", name, err.msg);
	compare_kind(name, &ini, INI_PROFILE, json_path_get(output, "config.profiles"));
	if (json_path_get(output, "config.sso_sessions"))
		compare_kind(name, &ini, INI_SSO_SESSION, json_path_get(output, "config.sso_sessions"));
}

static void test_published_cases(void **state)
{
	AUTO(str) char *dir = vectors_folder("config");
	AUTO(json) json_t *file = dir ? vector_read_json(dir, "profile-parser-tests.json") : NULL;
	size_t i;
	json_t *test;

	if (!file)
		skip();
	json_array_foreach(json_object_get(file, "tests"), i, test) check_case(test);
	print_message("# %zu profile file cases\n", i);
	assert_true(i > 0);
}

static void test_nested_and_sections(void **state)
{
	static const char text[] = "\xef\xbb\xbf[services dev]\ns3 =\n  endpoint_url = http://x\n  Other=1 # kept\n"
				   "cloudwatch_logs=\n  endpoint_url=http://y\n"
				   "[profile \"with space\"]\nregion=eu-west-1\n";
	AUTO(ini) struct ini ini = {0};
	struct err err = {0};

	assert_int_equal(ini_parse(&ini, text, strlen(text), INI_CONFIG_FILE, "config", &err), 0);
	const struct ini_section *s = ini_find(&ini, INI_SERVICES, "dev");
	AUTO(str) char *a = ini_get_nested(s, "s3", "endpoint_url");
	AUTO(str) char *b = ini_get_nested(s, "cloudwatch_logs", "endpoint_url");
	assert_string_equal(a, "http://x");
	assert_string_equal(b, "http://y");
	assert_null(ini_get_nested(s, "sts", "endpoint_url"));
	assert_string_equal(ini_get(ini_find(&ini, INI_PROFILE, "with space"), "region"), "eu-west-1");
}

static void test_line_numbers(void **state)
{
	static const char text[] = "[default]\nregion = x\n\nbroken\n";
	AUTO(ini) struct ini ini = {0};
	struct err err = {0};

	assert_int_equal(ini_parse(&ini, text, strlen(text), INI_CONFIG_FILE, "/home/u/.aws/config", &err), -ERR_PARSE);
	assert_string_equal(err.msg, "/home/u/.aws/config:4: Expected an '=' sign defining a property");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_cases),
		cmocka_unit_test(test_nested_and_sections),
		cmocka_unit_test(test_line_numbers),
	};

	return cmocka_run_group_tests_name("ini", tests, NULL, NULL);
}
