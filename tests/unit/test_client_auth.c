/* Credentials as the running client gets them: from a container's agent, a child
 * process and STS; renewed when the service calls them expired; without blocking. */
#include "unit.h"

#include <sys/stat.h>

#include "aws/resource.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/timefmt.h"
#include "httpd.h"

struct world {
	struct httpd httpd;
	struct aws_client *client;
	char *dir, *config;
	/* what the server has seen */
	int n_agent, n_sts, n_sagemaker;
	bool wait_for_ticks; /* the agent answers only when the client's loop has turned meanwhile */
	bool always_expired;
	bool evil; /* a header that only the configuration file can have made */
	char *token, *authorization, *sts_body;
	/* what came */
	int n_done, n_ok;
	struct err err;
	int ticks;
};

static bool serve(void *user, const struct httpd_request *r, struct buf *out)
{
	struct world *w = user;
	char expires[TIMEFMT_LEN];

	timefmt_iso(expires, clock_now_ms() + 3600000);
	w->evil |= strmap_get(&r->headers, "x-evil") != NULL;
	if (!strcmp(r->path, "/agent")) {
		AUTO(str)
		char *body = xasprintf("{\"AccessKeyId\":\"AGENT%d\",\"SecretAccessKey\":\"s\",\"Token\":\"t%d\","
				       "\"Expiration\":\"%s\"}",
				       w->n_agent, w->n_agent, expires);

		w->n_agent++;
		str_set(&w->token, strmap_get(&r->headers, "authorization"));
		for (int64_t end = clock_mono_ms() + 120000;
		     w->wait_for_ticks && clock_mono_ms() < end && __atomic_load_n(&w->ticks, __ATOMIC_SEQ_CST) < 20;)
			usleep(1000);
		httpd_reply(out, 200, "", body);
	} else if (strstr(strmap_get(&r->headers, "content-type"), "x-www-form-urlencoded")) {
		AUTO(str)
		char *body = xasprintf(
			"<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ROLE</AccessKeyId>"
			"<SecretAccessKey>s</SecretAccessKey><SessionToken>rt</SessionToken><Expiration>%s</Expiration>"
			"</Credentials></AssumeRoleResult></AssumeRoleResponse>",
			expires);

		w->n_sts++;
		free(w->sts_body);
		w->sts_body = xstrndup(r->body, r->len);
		httpd_reply(out, 200, "", body);
	} else {
		bool old = strstr(strmap_get(&r->headers, "authorization"), "AGENT0") != NULL;

		w->n_sagemaker++;
		str_set(&w->authorization, strmap_get(&r->headers, "authorization"));
		if (old || w->always_expired)
			httpd_reply(
				out, 400, "",
				"{\"__type\":\"ExpiredTokenException\",\"message\":\"The security token included in "
				"the request is expired\"}");
		else
			httpd_reply(out, 200, "", "{\"Results\":[]}");
	}
	return true;
}

static void clear_environment(void)
{
	static const char *const names[] = {"AWS_PROFILE",
					    "AWS_ACCESS_KEY_ID",
					    "AWS_SECRET_ACCESS_KEY",
					    "AWS_SESSION_TOKEN",
					    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
					    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
					    "AWS_ENDPOINT_URL",
					    "AWS_CONFIG_FILE",
					    "AWS_SHARED_CREDENTIALS_FILE",
					    "http_proxy"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		unsetenv(names[i]);
	setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
	setenv("AWS_REGION", "eu-west-1", 1);
}

static int setup(void **state)
{
	struct world *w = NEW(struct world);

	clear_environment();
	httpd_start(&w->httpd, serve, w);
	w->dir = unit_temp_dir();
	w->config = fs_join(w->dir, "config");
	setenv("HOME", w->dir, 1); /* roles with MFA have a cache there */
	setenv("AWS_CONFIG_FILE", w->config, 1);
	setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials", 1);
	setenv("AWS_ENDPOINT_URL", w->httpd.url, 1);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	aws_client_free(w->client);
	httpd_stop(&w->httpd);
	if (fs_remove_tree(w->dir, NULL))
		return -1;
	free(w->dir);
	free(w->config);
	free(w->token);
	free(w->authorization);
	free(w->sts_body);
	free(w);
	clear_environment();
	return 0;
}

static void open_client(struct world *w, const char *config)
{
	struct aws_options opt = {0};
	struct err err = {0};

	if (config)
		assert_int_equal(fs_write_atomic(w->config, config, strlen(config), 0600, NULL), 0);
	if (aws_client_new(&opt, &w->client, &err))
		fail_msg("%s", err.msg);
}

static void on_jobs(void *user, const struct resource_page *page, const struct err *err)
{
	struct world *w = user;

	w->n_done++;
	if (err)
		w->err = *err;
	else
		w->n_ok++;
}

static void ask(struct world *w, int n)
{
	struct resource_query q = {.created_after_ms = TIME_UNKNOWN, .modified_after_ms = TIME_UNKNOWN};
	int64_t deadline = clock_mono_ms() + 180000;
	int target = w->n_done + n;

	for (int i = 0; i < n; i++)
		aws_resource_search(w->client, TRAINING_KIND, &q, AWS_POLLING, on_jobs, w);
	while (w->n_done < target && clock_mono_ms() < deadline)
		aws_client_poll(w->client, NULL, 0, 1000);
	assert_int_equal(w->n_done, target);
}

static void use_agent(struct world *w)
{
	AUTO(str) char *url = xasprintf("%s/agent", w->httpd.url);

	setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
	setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Bearer x", 1);
}

/* Three requests wait for one look at the agent; the service calls those keys
 * expired; one renewal serves all. */
static void test_container_and_renewal(void **state)
{
	struct world *w = *state;

	use_agent(w);
	open_client(w, NULL);
	ask(w, 3);
	if (w->n_ok != 3)
		fail_msg("%s", w->err.msg);
	assert_int_equal(w->n_agent, 2);
	assert_string_equal(w->token, "Bearer x");
	assert_non_null(strstr(w->authorization, "Credential=AGENT1/"));
	assert_non_null(strstr(w->authorization, "x-amz-security-token"));
	assert_string_equal(aws_client_credential_source(w->client), "container");
}

static void test_expired_for_good(void **state)
{
	struct world *w = *state;

	use_agent(w);
	w->always_expired = true;
	open_client(w, NULL);
	ask(w, 1);
	assert_int_equal(w->err.code, ERR_EXPIRED);
	assert_int_equal(w->n_sagemaker, 2); /* tried again once */
}

static void on_tick(void *user)
{
	struct world *w = user;

	__atomic_fetch_add(&w->ticks, 1, __ATOMIC_SEQ_CST);
	aws_client_after(w->client, 1, on_tick, w);
}

/* While the agent lets us wait, the loop turns: the agent waits for just that. */
static void test_nothing_blocks(void **state)
{
	struct world *w = *state;

	use_agent(w);
	w->wait_for_ticks = true;
	w->n_agent = 1;
	open_client(w, NULL);
	aws_client_after(w->client, 10, on_tick, w);
	ask(w, 1);
	assert_int_equal(w->n_ok, 1);
	assert_true(w->ticks >= 20);
}

static void test_process_and_role(void **state)
{
	struct world *w = *state;
	AUTO(str) char *script = fs_join(w->dir, "print keys");
	AUTO(str)
	char *config = xasprintf("[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\n"
				 "role_session_name = me\n"
				 "[profile base]\ncredential_process = '%s' \"two words\"\n",
				 script);
	static const char text[] = "#!/bin/sh\n[ \"$1\" = 'two words' ] || exit 9\n"
				   "echo '{\"Version\":1,\"AccessKeyId\":\"PROC\",\"SecretAccessKey\":\"s\"}'\n";

	assert_int_equal(fs_write_atomic(script, text, sizeof(text) - 1, 0700, NULL), 0);
	open_client(w, config);
	ask(w, 2);
	if (w->n_ok != 2)
		fail_msg("%s", w->err.msg);
	assert_int_equal(w->n_sts, 1);
	assert_non_null(strstr(w->sts_body, "RoleSessionName=me"));
	assert_non_null(strstr(w->authorization, "Credential=ROLE/"));
	assert_string_equal(aws_client_credential_source(w->client), "role arn:aws:iam::1:role/r of profile default");
}

/* Another program has put new keys into the file: found without a restart. */
static void test_file_is_read_again(void **state)
{
	struct world *w = *state;
	static const char fresh[] = "[default]\naws_access_key_id = FRESH\naws_secret_access_key = s\n";

	open_client(w, "[default]\naws_access_key_id = AGENT0\naws_secret_access_key = s\n");
	assert_int_equal(fs_write_atomic(w->config, fresh, sizeof(fresh) - 1, 0600, NULL), 0);
	ask(w, 2);
	if (w->n_ok != 2)
		fail_msg("%s", w->err.msg);
	assert_non_null(strstr(w->authorization, "Credential=FRESH/"));
}

static void test_process_fails(void **state)
{
	struct world *w = *state;

	open_client(w, "[default]\ncredential_process = /nonexistent/program x\n");
	ask(w, 1);
	assert_int_equal(w->err.code, ERR_AUTH);
	assert_non_null(strstr(w->err.msg, "credential_process of profile default"));
	assert_int_equal(w->n_sagemaker, 0);
}

/* Without a terminal it has a session of its own: what it said last is told. */
static void test_process_says_why(void **state)
{
	struct world *w = *state;

	open_client(w, "[default]\ncredential_process = sh -c 'echo talk >&2; printf \"last \\033[31mwords\\n\" >&2; "
		       "read x < /dev/tty && exit 4; exit 3'\n");
	assert_true(aws_client_runs_program(w->client));
	ask(w, 1);
	assert_int_equal(w->err.code, ERR_AUTH);
	if (!strstr(w->err.msg, "status 3") || strstr(w->err.msg, "talk") || strchr(w->err.msg, '\033'))
		fail_msg("%s", w->err.msg);
}

/* A broken file is named with its line, and the other one's profiles are there. */
static void test_broken_file(void **state)
{
	struct world *w = *state;
	AUTO(str) char *other = fs_join(w->dir, "credentials");
	static const char keys[] = "[default]\naws_access_key_id = OTHER\naws_secret_access_key = s\n";

	assert_int_equal(fs_write_atomic(other, keys, sizeof(keys) - 1, 0600, NULL), 0);
	setenv("AWS_SHARED_CREDENTIALS_FILE", other, 1);
	open_client(w, "[profile x]\nregion = eu-west-1\n[profile y\n");
	assert_non_null(strstr(aws_client_config_problem(w->client), "config:3: Profile definition must end with"));
	ask(w, 1);
	if (w->n_ok != 1)
		fail_msg("%s", w->err.msg);
	assert_non_null(strstr(w->authorization, "Credential=OTHER/"));
	unsetenv("AWS_SHARED_CREDENTIALS_FILE");
}

/* A value that goes on in the next line is no header of its own. */
static void test_no_header_from_a_file(void **state)
{
	struct world *w = *state;

	open_client(w, "[default]\naws_access_key_id = KEY\n  X-Evil: 1\naws_secret_access_key = s\n");
	ask(w, 1);
	assert_false(w->evil);
}

static char *mfa_serial;

static void on_mfa(void *user, const char *serial)
{
	struct world *w = user;

	str_set(&mfa_serial, serial);
	w->ticks++;
}

/* The code is asked for once; the answer comes later, as from a dialog. */
static void test_mfa_answer_comes_later(void **state)
{
	struct world *w = *state;
	struct resource_query q = {.created_after_ms = TIME_UNKNOWN, .modified_after_ms = TIME_UNKNOWN};
	int64_t deadline = clock_mono_ms() + 180000;

	open_client(w, "[default]\nrole_arn = r\nsource_profile = default\nmfa_serial = arn:mfa/me\n"
		       "aws_access_key_id = A\naws_secret_access_key = S\n");
	aws_client_on_mfa(w->client, on_mfa, w);
	aws_resource_search(w->client, TRAINING_KIND, &q, AWS_POLLING, on_jobs, w);
	aws_resource_search(w->client, TRAINING_KIND, &q, AWS_POLLING, on_jobs, w);
	while (!w->ticks && clock_mono_ms() < deadline)
		aws_client_poll(w->client, NULL, 0, 5);
	for (int i = 0; i < 5; i++)
		aws_client_poll(w->client, NULL, 0, 5);
	assert_int_equal(w->ticks, 1);
	assert_string_equal(mfa_serial, "arn:mfa/me");
	assert_int_equal(w->n_done, 0);
	aws_client_answer_mfa(w->client, "123456");
	while (w->n_done < 2 && clock_mono_ms() < deadline)
		aws_client_poll(w->client, NULL, 0, 1000);
	assert_int_equal(w->n_ok, 2);
	assert_non_null(strstr(w->sts_body, "TokenCode=123456"));
	str_set(&mfa_serial, NULL);
}

/* Nothing secret gets into the debug log. */
static void test_log_is_free_of_secrets(void **state)
{
	struct world *w = *state;
	AUTO(str) char *path = fs_join(w->dir, "log");
	AUTO(buf) struct buf text = BUF_INIT(1 << 20);

	assert_int_equal(log_open(path, NULL), 0);
	setenv("AWS_ACCESS_KEY_ID", "AKVISIBLE", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "SECRETVALUE", 1);
	setenv("AWS_SESSION_TOKEN", "TOKENVALUE", 1);
	open_client(w, NULL);
	ask(w, 1);
	log_close();
	assert_int_equal(fs_read(path, &text, NULL), 0);
	assert_non_null(strstr(text.data, "Search"));
	assert_null(strstr(text.data, "SECRETVALUE"));
	assert_null(strstr(text.data, "TOKENVALUE"));
	assert_null(strstr(text.data, "Signature="));
}

/* A proxy of the environment is not asked for this machine. */
static void test_loopback_needs_no_proxy(void **state)
{
	struct world *w = *state;

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	use_agent(w);
	w->n_agent = 1;
	open_client(w, NULL);
	ask(w, 1);
	assert_int_equal(w->n_ok, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_container_and_renewal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_expired_for_good, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_blocks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_process_and_role, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_is_read_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_process_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_process_says_why, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broken_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_header_from_a_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mfa_answer_comes_later, setup, teardown),
		cmocka_unit_test_setup_teardown(test_log_is_free_of_secrets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_loopback_needs_no_proxy, setup, teardown),
	};

	return cmocka_run_group_tests_name("client_auth", tests, NULL, NULL);
}
