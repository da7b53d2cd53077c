/* The settings file: each type and its limits, profiles, what is wrong in it, options; and what
 * consoles keep beside it. */
#include "unit.h"

#include <sys/wait.h>

#include "app/config.h"
#include "app/console_kept.h"
#include "base/fs.h"
#include "tui/theme.h"

static char *folder;

static int make_folder(void **state)
{
	char name[] = "/tmp/sagetop-config-XXXXXX";

	assert_non_null(mkdtemp(name));
	folder = xstrdup(name);
	setenv("XDG_CONFIG_HOME", folder, 1);
	setenv("XDG_STATE_HOME", folder, 1);
	AUTO(str) char *own = fs_config_path(NULL);
	assert_int_equal(fs_mkdirs(own, 0700, NULL), 0);
	return 0;
}

static int remove_folder(void **state)
{
	assert_int_equal(fs_remove_tree(folder, NULL), 0);
	free(folder);
	return 0;
}

/* Read text as the file, with the options of argv. */
static void load(struct config *c, const char *text, const char *profile, int argc, const char *const *argv)
{
	AUTO(str) char *path = fs_config_path("config.yaml");
	AUTO(cli) struct cli cli = {0};
	struct err err = {0};

	assert_int_equal(fs_write_atomic(path, text, strlen(text), 0600, &err), 0);
	assert_int_equal(cli_parse(argc, (char *const *)argv, &cli, &err), 0);
	config_load(c, profile, &cli);
}

static void load_plain(struct config *c, const char *text)
{
	const char *const argv[] = {"sagetop", NULL};

	load(c, text, NULL, 1, argv);
}

static void test_defaults(void **state)
{
	AUTO(config) struct config c = {0};
	struct sync_options opt = {0}, local = {.settle_ms = 1500};

	load_plain(&c, "# nothing\n");
	assert_int_equal(c.problems.n, 0);
	assert_true(c.found);
	for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
		assert_string_equal(c.text[id], setting_rows[id].fallback);
		assert_string_equal(c.from[id], "default");
	}
	config_sync_options(&c, &opt);
	config_sync_options(&c, &local);
	assert_int_equal(opt.refresh_ms, 5000);
	assert_int_equal(opt.overlap_ms, 60000);
	assert_int_equal(opt.log_poll_ms, 500);
	assert_int_equal(opt.settle_ms, 30000);
	assert_int_equal(local.settle_ms, 1500);
	assert_false(opt.read_only);
	assert_null(c.set.columns);
}

static void test_values(void **state)
{
	AUTO(config) struct config c = {0};
	struct sync_options opt = {.settle_ms = 1500};

	load_plain(&c, "refresh: 2m\noverlap: 3m\nlog-poll: 250ms\nsettle: 5s\nread-only: true\ncolumns: +hp.eta\n"
		       "sort: -cost\ntime-zone: local\ncolor: never\ntheme: "
		       "contrast\nascii: true\n"
		       "log-memory: 3MiB\nnotice: 2s\nrates: {Search: 0.5, DescribeTrainingJob: 4}\n");
	assert_int_equal(c.problems.n, 0);
	config_sync_options(&c, &opt);
	assert_int_equal(opt.refresh_ms, 120000);
	assert_int_equal(opt.log_bytes, 3 << 20);
	assert_int_equal(c.set.notice_ms, 2000);
	assert_int_equal(opt.overlap_ms, 180000);
	assert_int_equal(opt.log_poll_ms, 250);
	assert_int_equal(opt.settle_ms, 5000);
	assert_true(opt.read_only);
	assert_string_equal(c.set.columns, "+hp.eta");
	assert_string_equal(c.set.sort, "-cost");
	assert_int_equal(c.set.zone, SETTING_ZONE_LOCAL);
	assert_int_equal(c.set.color, SETTING_COLOR_NEVER);
	assert_int_equal(c.set.theme, 2);
	assert_true(c.set.ascii);
	assert_string_equal(strmap_get(&c.set.rates, "Search"), "0.5");
	assert_string_equal(strmap_get(&c.set.rates, "DescribeTrainingJob"), "4");
	AUTO(str) char *from = xasprintf("%s:8", c.path);
	assert_string_equal(c.from[SETTING_zone], from);
}

/* The setting's words are the themes, in their order. */
static void test_themes(void **state)
{
	for (int i = 0; i < THEME_COUNT; i++) {
		AUTO(config) struct config c = {0};
		AUTO(str) char *text = xasprintf("theme: %s\n", theme_name((enum theme)i));

		load_plain(&c, text);
		assert_int_equal(c.problems.n, 0);
		assert_int_equal(c.set.theme, i);
	}
}

/* What is wrong, where, and that what stands around it works. */
static void test_problems(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{"refesh: 5s", "refesh: there is no such setting; did you mean refresh?"},
		{"zzz: 5s", "zzz: there is no such setting"},
		{"refresh: soon", "refresh: needs a time such as 500ms, 5s or 2m, not \"soon\""},
		{"refresh: 5", "refresh: needs a time"},
		{"refresh: 100ms", "refresh: \"100ms\" is not between 1s and 1h"},
		{"refresh: 2h", "refresh: \"2h\" is not between 1s and 1h"},
		{"refresh: -5ms", "refresh: needs a time"},
		{"refresh: [5s]", "refresh: needs one value"},
		{"refresh:", "refresh: needs one value"},
		{"read-only: 1", "read-only: needs true or false, not \"1\""},
		{"color: sometimes", "color: needs one of: auto always never, not \"sometimes\""},
		{"theme: contrat", "did you mean contrast?"},
		{"columns: nmae", "columns: unknown column \"nmae\""},
		{"sort: -csot", "sort: unknown column"},
		{"rates: 5", "rates: needs a mapping"},
		{"rates: {Serch: 2}", "2: rates: Serch: sagetop calls no such operation; did you mean Search?"},
		{"rates: {Zzzzzzzzzz: 2}", "sagetop calls no such operation"},
		{"log-memory: 64", "needs a size such as 64MiB"},
		{"log-memory: 64MB", "needs a size such as 64MiB"},
		{"log-memory: -1MiB", "needs a size such as 64MiB"},
		{"log-memory: 512KiB", "\"512KiB\" is not between 1MiB and 16GiB"},
		{"log-memory: 9999999999GiB", "needs a size such as 64MiB"},
		{"rates: {Search: fast}", "rates: Search: needs a number"},
		{"rates: {Search: 0}", "rates: Search: 0 is not between 0.01 and 1000"},
		{"profiles: x", "profiles: needs a mapping"},
		{"profiles: {dev: 5}", "dev: needs a mapping of settings"},
		{"profiles: {other: {refesh: 5s}}", "refesh: there is no such setting"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(config) struct config c = {0};
		AUTO(str) char *text = xasprintf("overlap: 2m\n%s\nascii: true\n", cases[i].line);
		load_plain(&c, text);
		AUTO(str) char *place = xasprintf("%s:2: ", c.path);
		assert_int_equal(c.problems.n, 1);
		if (!strstr(c.problems.items[0], cases[i].says) || !str_starts(c.problems.items[0], place))
			fail_msg("\"%s\" gives \"%s\"", cases[i].line, c.problems.items[0]);
		assert_int_equal(c.set.overlap_ms, 120000);
		assert_int_equal(c.set.refresh_ms, 5000);
		assert_true(c.set.ascii);
	}
}

static void test_not_yaml(void **state)
{
	static const char *const texts[] = {"refresh: [", "- refresh", "refresh: 5s\nrefresh: 6s\n"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO(config) struct config c = {0};
		load_plain(&c, texts[i]);
		assert_int_equal(c.problems.n, 1);
		assert_true(str_starts(c.problems.items[0], c.path));
		assert_int_equal(c.set.refresh_ms, 5000);
	}
}

static void test_profiles(void **state)
{
	const char *text =
		"refresh: 10s\nread-only: false\nprofiles:\n  prod.eu:\n    refresh: 1m\n    read-only: true\n"
		"    rates: {Search: 1}\n  dev:\n";
	const char *const argv[] = {"sagetop", NULL};
	AUTO(config) struct config prod = {0};
	AUTO(config) struct config dev = {0};

	load(&prod, text, "prod.eu", 1, argv);
	load(&dev, text, "dev", 1, argv);
	assert_int_equal(prod.problems.n, 0);
	assert_int_equal(prod.set.refresh_ms, 60000);
	assert_true(prod.set.read_only);
	assert_string_equal(prod.text[SETTING_rates], "Search=1");
	AUTO(str) char *from = xasprintf("%s:5", prod.path);
	assert_string_equal(prod.from[SETTING_refresh_ms], from);
	assert_int_equal(dev.set.refresh_ms, 10000);
	assert_false(dev.set.read_only);
}

static void test_options_win(void **state)
{
	const char *const argv[] = {"sagetop", "jobs", "--no-color", "--columns", "name", "--sort=cost", NULL};
	AUTO(config) struct config c = {0};

	load(&c, "color: always\ncolumns: status\nsort: name\nascii: true\n", NULL, 6, argv);
	assert_int_equal(c.set.color, SETTING_COLOR_NEVER);
	assert_string_equal(c.from[SETTING_color], "--no-color");
	assert_string_equal(c.set.columns, "name");
	assert_string_equal(c.from[SETTING_columns], "--columns");
	assert_string_equal(c.set.sort, "cost");
	assert_true(c.set.ascii);
}

/* A default must be what its own row takes. */
static void test_rows(void **state)
{
	for (enum setting_id id = 0; id < SETTING_COUNT; id++) {
		AUTO(config) struct config c = {0};
		const struct setting_row *r = &setting_rows[id];
		AUTO(str) char *text = xasprintf("%s: %s\n", r->name, *r->fallback ? r->fallback : "\"\"");
		if (r->type == SETTING_RATES || r->type == SETTING_MAP)
			continue;
		load_plain(&c, text);
		assert_int_equal(c.problems.n, 0);
		assert_string_equal(c.text[id], r->fallback);
		assert_true(c.given[id]);
	}
}

#define CONSOLES 3
#define TEXTS 40

/* One of several consoles that keep texts of their own at the same time. */
static void keep_many(int console)
{
	AUTO(console_kept) struct console_kept *k = console_kept_open(NULL);
	char name[32];

	for (int i = 0; i < TEXTS; i++) {
		snprintf(name, sizeof(name), "%d/%d", console, i);
		if (console_kept_set(k, name, "here", NULL) < 0)
			_exit(1);
	}
}

static void test_consoles_keep_what_others_kept(void **state)
{
	AUTO(console_kept) struct console_kept *a = console_kept_open(NULL);
	AUTO(console_kept) struct console_kept *b = console_kept_open(NULL);
	pid_t pids[CONSOLES];
	size_t there = 0;
	char name[32];

	assert_int_equal(console_kept_set(a, "views", "of a", NULL), 0);
	assert_int_equal(console_kept_set(b, "theme", "dark", NULL), 0);
	assert_string_equal(console_kept_get(b, "views"), "of a");
	assert_string_equal(console_kept_get(a, "theme"), "dark"); /* without keeping anything itself */
	assert_int_equal(console_kept_set(b, "views", NULL, NULL), 0);
	assert_null(console_kept_get(a, "views"));
	for (int i = 0; i < CONSOLES; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			keep_many(i);
			_exit(0);
		}
	}
	for (int i = 0; i < CONSOLES; i++) {
		int status = -1;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	for (int i = 0; i < CONSOLES; i++)
		for (int k = 0; k < TEXTS; k++) {
			snprintf(name, sizeof(name), "%d/%d", i, k);
			there += str_eq(console_kept_get(a, name), "here");
		}
	assert_int_equal(there, CONSOLES * TEXTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_not_yaml),
		cmocka_unit_test(test_profiles),
		cmocka_unit_test(test_options_win),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_themes),
		cmocka_unit_test(test_consoles_keep_what_others_kept),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
